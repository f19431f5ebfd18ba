//! What a screen reader is told: everything on the canvas by name, with verdicts and counts in words.

use std::collections::{BTreeMap, BTreeSet};

use drawbridge::app::Command;
use drawbridge::model::{Document, Edit, Item, NodeRef};
use drawbridge::proof::{Kind, Verdict};
use egui::accesskit::Toggled;
use egui_kittest::kittest::{NodeT, Queryable};

use super::bench::{Bench, shop};

/// Everything in the accessibility tree that has a name.
fn names(bench: &Bench) -> Vec<String> {
    let all = bench.harness().query_all_by_label_contains("");
    all.filter_map(|node| node.accesskit_node().label())
        .collect()
}

fn home(document: &Document, node: NodeRef) -> String {
    match node {
        NodeRef::Workload(id) => {
            let workload = document.workloads.get(id).expect("the workload");
            let home = document.namespaces.get(workload.namespace);
            home.expect("its namespace").name.clone()
        }
        node => document.node_name(node).to_owned(),
    }
}

fn verdict_in_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approximated => "approximated: more is allowed, as the flow accepts",
        Verdict::Exact => "allowed on exactly these ports",
        Verdict::TooWide => "too wide",
        Verdict::Blocked => "blocked",
        Verdict::Invalid => "invalid",
        Verdict::CannotExpress => "cannot be expressed",
        Verdict::Muted => "muted",
    }
}

#[test]
fn every_object_and_flow_has_a_name_with_its_verdict() {
    let mut bench = Bench::new(shop());
    let first = bench.document().flows.ids().next().expect("a flow");
    bench.ask(Command::Edit(Edit::Mute(vec![first], true)));
    let (document, names) = (bench.document(), names(&bench));
    let is_named = |name: &str| names.iter().filter(|known| *known == name).count() == 1;
    for (id, workload) in document.workloads.iter() {
        let home = home(&document, NodeRef::Workload(id));
        let name = format!("workload {} in {home}", workload.name);
        assert!(is_named(&name), "{name}: {names:#?}");
    }
    for (_, namespace) in document.namespaces.iter() {
        assert!(is_named(&format!("namespace {}", namespace.name)));
    }
    for (_, external) in document.externals.iter() {
        assert!(is_named(&format!("external {}", external.name)));
    }
    let verdicts = &bench.harness().state().results.proof.verdicts;
    let mut kinds = Vec::new();
    for id in document.flows.ids() {
        let start = format!("flow {} on ", document.flow_name(id));
        let found: Vec<_> = names.iter().filter(|n| n.starts_with(&start)).collect();
        let verdict = verdicts.get(&id).copied().expect("it is judged");
        let words = verdict_in_words(verdict);
        assert!(
            found.iter().any(|name| name.contains(words)),
            "{start}: {words}: {found:?}"
        );
        kinds.push(words);
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert!(kinds.len() > 1, "one verdict proves little: {kinds:?}");
}

#[test]
fn collapsed_namespaces_and_their_arrows_say_how_many() {
    let mut bench = Bench::new(shop());
    bench.ask(Command::CollapseAll);
    let (document, names) = (bench.document(), names(&bench));
    for (id, namespace) in document.namespaces.iter() {
        let count = document.workloads_of(id).len();
        let plural = if count == 1 { "" } else { "s" };
        let start = format!(
            "namespace {}, collapsed, {count} workload{plural}, ",
            namespace.name
        );
        let found: Vec<_> = names.iter().filter(|n| n.starts_with(&start)).collect();
        assert!(
            matches!(found.as_slice(), [name] if name.contains("isolated")),
            "{start} {names:#?}"
        );
    }
    let mut flows = BTreeMap::<(String, String), usize>::new();
    for (_, flow) in document.flows.iter() {
        let end = |node: Option<NodeRef>| home(&document, node.expect("it is drawn"));
        let (from, to) = (end(flow.from.node()), end(flow.to.node()));
        if from != to {
            *flows.entry((from, to)).or_default() += 1;
        }
    }
    assert!(flows.values().any(|count| *count > 1));
    for ((from, to), count) in flows.iter().filter(|(_, count)| **count > 1) {
        let name = format!("{from} to {to}, {count} flows");
        assert!(
            names.iter().any(|n| n.starts_with(&name)),
            "{name}: {names:#?}"
        );
    }
}

#[test]
fn what_is_named_can_be_activated_and_says_that_it_is_selected() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web").item().expect("a workload");
    let node = bench.harness().get_by_label("workload web in shop");
    assert_eq!(node.accesskit_node().toggled(), Some(Toggled::False));
    node.click_accesskit();
    bench.ask(Command::Say(String::new()));
    assert_eq!(bench.selection(), [web]);
    let node = bench.harness().get_by_label("workload web in shop");
    assert_eq!(node.accesskit_node().toggled(), Some(Toggled::True));
    let flow = Item::Flow(bench.document().flows.ids().next().expect("a flow"));
    let name = format!("flow {} on ", bench.document().item_name(flow));
    let all = bench.harness().query_all_by_label_contains(&name);
    let control = all.last().expect("it is named");
    control.click_accesskit();
    bench.ask(Command::Say(String::new()));
    assert_eq!(bench.selection(), [flow]);
}

#[test]
fn a_collapsed_namespace_counts_what_is_too_wide_without_a_flow() {
    let mut bench = Bench::new(shop());
    bench.ask(Command::CollapseAll);
    bench.ask(Command::WriteClusterNetworkPolicy);
    let document = bench.document();
    let findings = &bench.harness().state().results.proof.findings;
    let alone = findings
        .iter()
        .filter(|f| f.kind == Kind::TooWide && f.flows.is_empty());
    let homes: BTreeSet<String> = alone
        .flat_map(|finding| &finding.workloads)
        .map(|id| home(&document, NodeRef::Workload(*id)))
        .collect();
    assert!(!homes.is_empty(), "{findings:?}");
    let names = names(&bench);
    for home in homes {
        let start = format!("namespace {home}, collapsed");
        let found = names.iter().find(|name| name.starts_with(&start));
        let found = found.expect("it is named");
        assert!(found.contains(" problem"), "{found}");
    }
}
