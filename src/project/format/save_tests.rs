//! Saving preserves the bytes of what did not change.

use proptest::prelude::*;

use super::tests::renumbered;
use super::{read, save, write};
use crate::model::{
    Document, Edit, End, Flow, FlowEvidence, IgnoredRule, Item, NamespaceId, RecordedFile, Thing,
    Words, arbitrary, time,
};
use crate::project::files::{DiffLine, diff};

/// A project as people write one: comments, blank lines, defaults, orders and styles of their own.
const HAND: &str = r#"# Our shop. Ask #platform before you change flows to payments.
format: drawbridge/1
name: 'shop'   # shown in reports

settings:
    # strict
    base: deny-all
    style: per-flow
    dns: {allow: true}   # cluster DNS

namespaces:
  # the shop itself
  - name: shop
    labels: {team: web}   # owners

  - {name: payments}

workloads:
  # front
  - namespace: shop
    name: web
    kind: Deployment
    labels:
        app: web   # selected by this
        tier: "front"
    ports:
      - {name: http, port: 8080, protocol: TCP}
      # metrics
      - port: 9090
  - {namespace: payments, name: ledger, labels: {app: ledger}}   # books
  - {name: batch, namespace: payments, labels: {app: batch}, selector: {matchLabels: {app: batch}}}

flows:
  # customers pay
  - from: shop/web
    to: payments/ledger
    ports: [TCP/5432]   # postgres
    muted: false

  - {from: payments/batch, to: payments/ledger, ports: ["TCP/5432"]}   # nightly

policies:
  - file: old.yaml
    text: |
      # by hand
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: {name: old, namespace: shop}

layout:
  shop/web: [120, 40]   # left
  payments/ledger: [400, 40]
  payments/batch: [400, 200.5]
ignore:
- {rule: L17, in: shop/web, reason: public}   # as agreed
future: {a: 1}   # kept
"#;

fn document(text: &str) -> Document {
    read(text, "p").expect("it is a project").0
}

fn item(document: &Document, words: &str) -> Item {
    let end: End = Words::new(document).end(words).expect("it exists");
    end.node().and_then(|node| node.item()).expect("an item")
}

/// The lines that an edit removes from a text, and those it adds.
fn lines(text: &str, edit: impl Fn(&Document) -> Edit) -> String {
    let mut document = document(text);
    edit(&document)
        .apply(&mut document)
        .expect("the edit applies");
    let saved = save(text, &document);
    assert_eq!(self::document(&saved), renumbered(&document), "{saved}");
    let lines = diff(text, &saved);
    let lines = lines.into_iter().filter_map(|line| match line {
        DiffLine::Same(_) => None,
        DiffLine::Removed(line) => Some(format!("-{line}\n")),
        DiffLine::Added(line) => Some(format!("+{line}\n")),
    });
    lines.collect()
}

#[test]
fn moving_a_node_changes_only_the_line_of_its_position() {
    let place = |document: &Document| {
        let web = Words::new(document)
            .end("shop/web")
            .unwrap()
            .node()
            .unwrap();
        Edit::Place([(web, [121.0, 40.0])].into())
    };
    insta::assert_snapshot!(lines(HAND, place), @r"
    -  shop/web: [120, 40]   # left
    +  shop/web: [121, 40]   # left
    ");
}

#[test]
fn an_edit_changes_only_its_lines() {
    let rename =
        |document: &Document| Edit::Rename(item(document, "payments/ledger"), "books".into());
    insta::assert_snapshot!(lines(HAND, rename), @r#"
    -  - {namespace: payments, name: ledger, labels: {app: ledger}}   # books
    +  - {namespace: payments, name: books, labels: {app: ledger}}   # books
    -    to: payments/ledger
    +    to: payments/books
    -  - {from: payments/batch, to: payments/ledger, ports: ["TCP/5432"]}   # nightly
    +  - {from: payments/batch, to: payments/books, ports: ["TCP/5432"]}   # nightly
    -  payments/ledger: [400, 40]
    +  payments/books: [400, 40]
    "#);
    let remove = |document: &Document| Edit::Remove(vec![item(document, "payments/batch")]);
    insta::assert_snapshot!(lines(HAND, remove), @r#"
    -  - {name: batch, namespace: payments, labels: {app: batch}, selector: {matchLabels: {app: batch}}}
    -  - {from: payments/batch, to: payments/ledger, ports: ["TCP/5432"]}   # nightly
    -  payments/batch: [400, 200.5]
    "#);
    let mute = |document: &Document| Edit::Mute(vec![document.flows.ids().next().unwrap()], true);
    insta::assert_snapshot!(lines(HAND, mute), @r"
    -    muted: false
    +    muted: true
    ");
    let ports = |document: &Document| {
        let first = document.flows.ids().next().unwrap();
        let ports = ["TCP/5432", "TCP/5433"];
        let ports = ports.map(|port| crate::model::validate::flow_port(port).unwrap());
        Edit::SetPorts(vec![first], ports.to_vec())
    };
    insta::assert_snapshot!(lines(HAND, ports), @r"
    -    ports: [TCP/5432]   # postgres
    +    ports: [TCP/5432, TCP/5433]   # postgres
    ");
    let add = |document: &Document| {
        let (_, web) = document.workloads.iter().next().unwrap();
        let mut api = web.clone();
        api.name = "api".into();
        Edit::Add(Thing::Workload(api))
    };
    insta::assert_snapshot!(lines(HAND, add), @r"
    +  - name: api
    +    namespace: shop
    +    labels: {app: web, tier: front}
    +    ports: [{name: http, port: 8080}, {port: 9090}]
    ");
    let settings = |document: &Document| {
        let mut settings = document.settings.clone();
        settings.base = crate::model::Base::DenyIngress;
        settings.labels.insert("team".into(), "web".into());
        Edit::SetSettings(settings)
    };
    insta::assert_snapshot!(lines(HAND, settings), @r"
    -    base: deny-all
    +    base: deny-ingress
    +    labels: {team: web}
    ");
    // Back to the default: what else is written in the settings stays.
    let text = HAND.replace("base: deny-all", "base: none");
    let default = |_: &Document| Edit::SetSettings(crate::model::Settings::default());
    insta::assert_snapshot!(lines(&text, default), @r"
    -    base: none
    ");
}

#[test]
fn a_text_that_is_no_project_is_written_anew() {
    let document = document(HAND);
    for text in ["", "a: 1\n", "format: drawbridge/1\nname: [\n"] {
        assert_eq!(save(text, &document), write(&document));
    }
}

#[test]
fn handwritten_projects_are_preserved() {
    let crlf = HAND.replace('\n', "\r\n");
    for text in [
        HAND,
        &crlf,
        include_str!("../../../assets/examples/online-shop.drawbridge.yaml"),
        include_str!("../../../assets/examples/platform.drawbridge.yaml"),
    ] {
        assert_eq!(save(text, &document(text)), text);
    }
}

/// A text with a comment above each of its outer lines and behind some of them.
fn commented(text: &str) -> String {
    let line = |(at, line): (usize, &str)| match line.is_empty() || line.starts_with(' ') {
        true => format!("{line}\n"),
        false if at % 3 == 0 && !line.ends_with(['|', '-']) => format!("# {at}\n{line} # behind\n"),
        false => format!("# {at}\n{line}\n"),
    };
    text.lines().enumerate().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_saved_document_round_trips_and_an_unchanged_one_keeps_its_text(
        start in prop_oneof![
            Just(HAND.to_owned()),
            arbitrary::document().prop_map(|document| commented(&write(&document))),
            arbitrary::document().prop_map(|document| write(&document).replace('\n', "\r\n")),
        ],
        edits in prop::collection::vec(arbitrary::edit(), 0..5),
        other in prop::option::weighted(0.1, arbitrary::document()),
    ) {
        let mut document = document(&start);
        prop_assert_eq!(&save(&start, &document), &start);
        for edit in edits {
            let _ = edit.apply(&mut document);
        }
        let document = other.unwrap_or(document);
        let saved = save(&start, &document);
        let read = read(&saved, "p");
        prop_assert!(read.is_ok(), "{:#?}\n{}", read, saved);
        prop_assert_eq!(&read.unwrap().0, &renumbered(&document), "{}", saved);
    }
}

#[test]
fn a_placed_namespace_with_a_slash_in_its_name_stays_placed() {
    for name in ["a/b", "external/b", "group"] {
        let text = format!("format: drawbridge/1\nname: p\nnamespaces:\n- {{name: {name}}}\n");
        let mut document = document(&text);
        let id = document.namespaces.ids().next().unwrap();
        std::sync::Arc::make_mut(&mut document.layout)
            .insert(crate::model::NodeRef::Namespace(id), [4.0, 8.0]);
        let saved = save(&text, &document);
        assert_eq!(
            read(&saved, "p").unwrap().0.layout,
            document.layout,
            "{saved}"
        );
    }
}

#[test]
fn ignored_rules_are_saved_one_by_one() {
    let mut changed = document(HAND);
    assert_eq!(save(HAND, &changed), HAND);
    let rows = std::sync::Arc::make_mut(&mut changed.ignore);
    rows.push(IgnoredRule {
        rule: "L14".to_owned(),
        ..IgnoredRule::default()
    });
    let saved = save(HAND, &changed);
    let added = "# as agreed\n- {rule: L14}\nfuture: {a: 1}   # kept\n";
    assert!(saved.ends_with(added), "{saved}");
    assert_eq!(document(&saved), changed);
}

#[test]
fn recordings_are_saved_one_by_one() {
    let text = format!("{HAND}recordings:\n- {{file: a.csv}}   # Monday\n");
    let mut changed = document(&text);
    assert_eq!(save(&text, &changed), text);
    let mut files = changed.recordings.to_vec();
    files.push(RecordedFile {
        file: "../b.jsonl".to_owned(),
        sha256: "9f86".to_owned(),
        ..RecordedFile::default()
    });
    let edit = Edit::SetRecordings(files);
    edit.apply(&mut changed).expect("it is an edit");
    let saved = save(&text, &changed);
    assert_eq!(
        saved,
        format!("{text}- {{file: \"../b.jsonl\", sha256: \"9f86\"}}\n")
    );
    assert_eq!(document(&saved), changed);
    let edit = Edit::SetRecordings(Vec::new());
    edit.apply(&mut changed).expect("it is an edit");
    assert_eq!(save(&saved, &changed), HAND);
}

#[test]
fn evidence_of_flows_is_read_and_saved_key_by_key() {
    let text = HAND.replace(
        "ports: [\"TCP/5432\"]}   # nightly",
        "ports: [\"TCP/5432\"], observed: {first: 2026-05-03T12:00:00+02:00, count: 1204, by: hand}}   # nightly",
    );
    let before = document(&text);
    let (id, flow) = before.flows.iter().last().expect("a flow");
    let observed = flow.observed.clone().expect("its evidence");
    assert_eq!(observed.count, 1204);
    assert_eq!(observed.first, time::parse("2026-05-03T10:00:00Z"));
    assert_eq!(observed.last, None);
    assert!(observed.unknown.contains_key("by"));
    assert_eq!(save(&text, &before), text);
    let seen_again = |document: &Document| {
        let flow = Flow {
            observed: Some(FlowEvidence {
                count: 1300,
                last: time::parse("2026-05-09T10:00:00Z"),
                ..observed.clone()
            }),
            ..document.flows.get(id).expect("the flow").clone()
        };
        Edit::Change(Item::Flow(id), Thing::Flow(flow))
    };
    insta::assert_snapshot!(lines(&text, seen_again), @r#"
    -  - {from: payments/batch, to: payments/ledger, ports: ["TCP/5432"], observed: {first: 2026-05-03T12:00:00+02:00, count: 1204, by: hand}}   # nightly
    +  - {from: payments/batch, to: payments/ledger, ports: ["TCP/5432"], observed: {first: 2026-05-03T12:00:00+02:00, last: "2026-05-09T10:00:00Z", count: 1300, by: hand}}   # nightly
    "#);
}

#[test]
fn evidence_that_is_none_is_refused_or_reported() {
    let found = |observed: &str| {
        let text = HAND.replace("future: {a: 1}   # kept\n", "").replace(
            "[TCP/5432]",
            &format!("[TCP/5432]\n    observed: {observed}"),
        );
        let found = match read(&text, "p") {
            Ok((document, found)) => {
                assert_eq!(save(&text, &document), text);
                found
            }
            Err(found) => found,
        };
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        found.join("\n")
    };
    insta::assert_snapshot!(found("{count: many}"), @r"
    p:38:23: error: `many` is not a whole number from 0 (project-format)
        help: write a whole number from 0
    ");
    insta::assert_snapshot!(found("{first: 2026-05-03T10:00:00Z}"), @r"
    p:38:15: error: `count` is missing (project-format)
        help: add `count: ...`
    ");
    insta::assert_snapshot!(found("{count: 1, first: yesterday}"), @r"
    p:38:33: error: `yesterday` is not a time (project-format)
        help: write `2026-11-03T09:00:00Z`
    ");
    insta::assert_snapshot!(found("{count: 1, first: 2026-05-09T10:00:00Z, last: 2026-05-03T10:00:00Z}"), @r"
    p:35:5: error: `observed` ends before it begins (invalid-value)
        help: swap `first` and `last`
    ");
}

#[test]
fn collapsed_namespaces_are_saved_by_name() {
    let mut changed = document(HAND);
    assert_eq!(changed.collapsed, None);
    let ids: Vec<_> = changed.namespaces.ids().collect();
    let collapse = |ids: &[NamespaceId]| Edit::Collapse(ids.iter().copied().collect());
    collapse(&ids[..2]).apply(&mut changed).expect("they exist");
    let saved = save(HAND, &changed);
    let names = ids[..2]
        .iter()
        .map(|id| &changed.namespaces.get(*id).unwrap().name);
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    let line = format!("collapsed: [{}]\n", names.join(", "));
    assert!(saved.contains(&line), "{saved}");
    assert_eq!(saved.replace(&line, ""), HAND, "nothing else changes");
    assert_eq!(document(&saved), changed);
    // Nothing collapsed is a choice, too: a large project would open collapsed without it.
    collapse(&[]).apply(&mut changed).expect("it is an edit");
    let saved = save(&saved, &changed);
    assert!(saved.contains("collapsed: []\n"), "{saved}");
    assert_eq!(document(&saved), changed);
}

#[test]
fn a_collapsed_namespace_that_does_not_exist_is_reported() {
    let text = "format: drawbridge/1\nnamespaces: [{name: shop}]\ncollapsed: [shop, gone]\n";
    let (document, found) = read(text, "p").expect("it is a project");
    assert_eq!(document.collapsed.map(|ids| ids.len()), Some(1));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("p:3:19: warning: no namespace has the name `gone`"),
        "{found:?}"
    );
}
