//! Edits preserve the invariants, and undo restores the previous Document.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::arbitrary;
use crate::model::fixture::Fixture;
use crate::model::validate::invariants;
use crate::model::{End, History, Isolate};
use crate::policy::Direction;
use crate::project::format::read;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_edit_preserves_the_invariants_and_can_be_undone(edits in vec(arbitrary::edit(), 1..40)) {
        let mut history = History::new(Document::default());
        let mut states = vec![Document::default()];
        for edit in &edits {
            let before = history.document().clone();
            match history.edit(edit) {
                Ok(_) if history.document() != &before => states.push(history.document().clone()),
                _ => prop_assert_eq!(history.document(), &before),
            }
            let found = invariants(history.document());
            prop_assert!(found.is_empty(), "{:?} broke {:#?}", edit, found);
        }
        for state in states.iter().rev().skip(1) {
            prop_assert!(history.is_dirty());
            prop_assert!(history.undo().is_some());
            prop_assert_eq!(history.document(), state);
        }
        prop_assert!(history.undo().is_none() && !history.is_dirty());
        for state in states.iter().skip(1) {
            prop_assert!(history.redo().is_some());
            prop_assert_eq!(history.document(), state);
        }
    }
}

/// Namespace shop with web, checkout and a flow on 5050; namespace data with db; external office.
fn shop() -> Document {
    let text = "format: drawbridge/1
namespaces: [{name: shop}, {name: data}]
workloads:
- {name: web, namespace: shop, labels: {app: web, tier: front}, selector: {app: web}}
- {name: checkout, namespace: shop, labels: {app: checkout}, ports: [{name: grpc, port: 5050}]}
- {name: db, namespace: data, labels: {app: db}}
services:
- {name: pay, namespace: shop, selector: {app: checkout}, ports: [{port: 80, targetPort: grpc}]}
externals: [{name: office, networks: [{cidr: 198.51.100.0/24}]}, {name: partner}]
flows:
- {from: shop/web, to: shop/checkout, ports: [TCP/5050]}
- {from: shop/checkout, to: data/db, ports: [TCP/5432]}
";
    read(text, "shop").expect("a project").0
}

fn flow(document: &Document, from: &str, to: &str, port: &str) -> Flow {
    Flow {
        from: document.end_from_words(from).expect("an end"),
        to: document.end_from_words(to).expect("an end"),
        ports: crate::model::validate::flow_ports(port).expect("a port"),
        http: Vec::new(),
        denies: false,
        approximate: false,
        note: String::new(),
        half: None,
        muted: false,
        observed: None,
        unknown: Default::default(),
    }
}

fn workload(document: &Document, words: &str) -> WorkloadId {
    match document.end_from_words(words) {
        Ok(End::Workload(id)) => id,
        other => panic!("{words}: {other:?}"),
    }
}

#[test]
fn adding_a_flow_between_the_same_ends_merges_the_ports_and_notes_it() {
    let mut document = shop();
    let edit = Edit::Add(Thing::Flow(flow(
        &document,
        "shop/web",
        "shop/checkout",
        "9090",
    )));
    assert_eq!(edit.name(&document), "Add flow web to checkout");
    let applied = edit.apply(&mut document).expect("the edit applies");
    assert_eq!(applied.items, [Item::Flow(FlowId(0))]);
    assert_eq!(
        applied.notes,
        ["merged with the existing flow web to checkout"]
    );
    assert_eq!(document.flows.len(), 2);
    let ports = &document.flows.get(FlowId(0)).expect("it exists").ports;
    assert_eq!(
        crate::model::validate::flow_ports_text(ports),
        "TCP/5050, TCP/9090"
    );
}

#[test]
fn adding_a_flow_does_not_unmute_an_equal_one() {
    let mut document = shop();
    Edit::Mute(vec![FlowId(0)], true)
        .apply(&mut document)
        .expect("the edit applies");
    let again = Edit::Add(Thing::Flow(flow(
        &document,
        "shop/web",
        "shop/checkout",
        "9090",
    )));
    again.apply(&mut document).expect("the edit applies");
    assert_eq!(document.flows.len(), 3);
    assert!(document.flows.get(FlowId(0)).is_some_and(|flow| flow.muted));
}

#[test]
fn a_flow_with_one_gate_is_another_flow_and_keeps_its_pods_when_reversed() {
    let mut document = shop();
    let mut half = flow(&document, "shop/web", "shop/checkout", "9090");
    half.half = Some(Direction::Ingress);
    let before = document.flows.len();
    let add = Edit::Add(Thing::Flow(half.clone()));
    let applied = add.apply(&mut document).expect("the edit applies");
    assert_eq!(document.flows.len(), before + 1);
    let [Item::Flow(id)] = applied.items[..] else {
        panic!("{applied:?}")
    };
    Edit::Reverse(vec![id])
        .apply(&mut document)
        .expect("the edit applies");
    let reversed = document.flows.get(id).expect("it is there");
    assert_eq!(
        (&reversed.from, reversed.half),
        (&half.to, Some(Direction::Egress))
    );
}

fn merge(other: Document) -> Edit {
    Edit::Merge {
        other: Arc::new(other),
        identities: Arc::default(),
    }
}

#[test]
fn importing_with_known_identities_parses_nothing() {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    let policy = |labels: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: web, namespace: shop}}\n\
             spec: {{podSelector: {{matchLabels: {{{labels}}}}}}}\n"
        )
    };
    let mut other = fixture.document.clone();
    fixture.import(&policy("app: web"), None);
    let mut newer = Fixture::new();
    newer.import(&policy("tier: front"), None);
    other.policies = newer.document.policies;
    let with = |identities| Edit::Merge {
        other: Arc::new(other.clone()),
        identities: Arc::new(identities),
    };
    let known = PolicyIdentities::read([&fixture.document, &other]);
    let mut expected = fixture.document.clone();
    let unread = with(PolicyIdentities::default()).apply(&mut expected);
    assert!(unread.is_ok());
    let before = crate::yaml::read::texts_read();
    let applied = with(known).apply(&mut fixture.document);
    assert!(applied.is_ok());
    assert_eq!(crate::yaml::read::texts_read(), before);
    assert_eq!(fixture.document, expected);
    let texts: Vec<_> = expected.policies.iter().map(|(_, p)| &p.text).collect();
    assert_eq!(texts, [&policy("tier: front")], "it is updated");
}

#[test]
fn importing_again_keeps_the_isolation_of_workloads() {
    let mut document = shop();
    let other = document.clone();
    let web = workload(&document, "shop/web");
    document.workloads.get_mut(web).expect("web").isolate = Isolate::Both;
    let merge = merge(other);
    merge.apply(&mut document).expect("the edit applies");
    assert_eq!(
        document.workloads.get(web).expect("web").isolate,
        Isolate::Both
    );
}

#[test]
fn invalid_edits_are_rejected_with_a_reason() {
    let document = shop();
    let refusal = |edit: Edit| {
        let mut changed = document.clone();
        let refusal = edit.apply(&mut changed).expect_err("it is refused");
        assert_eq!(changed, document);
        refusal.to_string()
    };
    let mut between = flow(&document, "external/office", "shop/web", "80");
    between.to = End::External(ExternalId(1));
    insta::assert_snapshot!(refusal(Edit::Add(Thing::Flow(between))), @"policies cannot control traffic between two externals; start or end the flow at a workload, a namespace or a group");
    insta::assert_snapshot!(refusal(Edit::Rename(Item::Namespace(NamespaceId(0)), "data".into())), @"the name `data` is already used; choose another name");
    insta::assert_snapshot!(refusal(Edit::Rename(Item::Workload(WorkloadId(0)), "Web".into())), @"`Web` contains `W`; use lowercase letters, digits, `-` and `.`");
    let rest = Edit::Rename(Item::Workload(WorkloadId(9)), "x".into());
    let batch = vec![Edit::Remove(vec![Item::Namespace(NamespaceId(1))]), rest];
    insta::assert_snapshot!(refusal(Edit::Batch("both".into(), batch)), @"it no longer exists");
}

#[test]
fn flows_and_pods_follow_a_node_that_is_renamed_and_a_node_takes_its_flows_with_it() {
    let text = "format: drawbridge/1
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}, pods: [{name: a, node: n1}, {name: b, node: n2}]}
nodes: [{name: n1, addresses: [10.0.0.1]}, {name: n2, addresses: [10.0.0.2]}]
externals: [{name: office, networks: [{cidr: 198.51.100.0/24}]}]
flows:
- {from: node/n1, to: shop/web, ports: [TCP/80]}
- {from: shop/web, to: node/n3, ports: [TCP/80]}
layout: {node/n1: [1, 2]}
";
    let (mut document, _) = read(text, "shop").expect("a project");
    let [n1, n2] = [NodeId(0), NodeId(1)];
    let flow = |document: &Document, at: u32| document.flows.get(FlowId(at)).unwrap().clone();
    assert_eq!(flow(&document, 0).from, End::Node(n1));
    assert_eq!(flow(&document, 1).to, End::Missing("node/n3".into()));
    // Both at once: the flow to the name that did not exist finds it.
    let renamed = Edit::Rename(Item::Node(n1), "n3".into());
    renamed.apply(&mut document).expect("the edit applies");
    assert_eq!(document.end_words(&flow(&document, 0).from), "node/n3");
    assert_eq!(flow(&document, 1).to, End::Node(n1));
    let pods = &document.workloads.get(WorkloadId(0)).unwrap().pods;
    let nodes: Vec<_> = pods.iter().map(|pod| pod.node.as_deref()).collect();
    assert_eq!(nodes, [Some("n3"), Some("n2")]);

    let refusal = |from: End, to: End| {
        let flow = Flow::new(from, to, vec![FlowPort::Any]);
        let refused = Edit::Add(Thing::Flow(flow)).apply(&mut document.clone());
        refused.expect_err("it is refused").message
    };
    let office = End::External(ExternalId(0));
    assert!(refusal(End::Node(n1), End::Node(n2)).ends_with("between two nodes"));
    assert!(refusal(office, End::Node(n2)).ends_with("between an external and a node"));
    let twice = Edit::Rename(Item::Node(n2), "n3".into());
    assert!(twice.apply(&mut document).is_err());

    let removed = Edit::Remove(vec![Item::Node(n1)]);
    removed.apply(&mut document).expect("the edit applies");
    assert!(document.flows.is_empty() && document.layout.is_empty());
    assert_eq!(invariants(&document), []);
}

#[test]
fn a_node_that_is_merged_or_pasted_is_the_one_of_the_same_name() {
    let text = "format: drawbridge/1
namespaces: [{name: shop}]
workloads: [{name: web, namespace: shop, labels: {app: web}}]
nodes: [{name: n1, addresses: [10.0.0.1]}]
flows: [{from: node/n1, to: shop/web, ports: [TCP/80]}]
";
    let (mut document, _) = read(text, "shop").expect("a project");
    let (other, _) = read(&text.replace("10.0.0.1", "10.0.0.9"), "shop").expect("a project");
    let fragment = Arc::new(extract(&document, &[Item::Node(NodeId(0))]));
    let merge = Edit::Merge {
        other: Arc::new(other),
        identities: Arc::default(),
    };
    merge.apply(&mut document).expect("the edit applies");
    let paste = Edit::Paste {
        fragment,
        into: None,
        offset: [0.0, 0.0],
    };
    paste.apply(&mut document).expect("the edit applies");
    assert_eq!((document.nodes.len(), document.flows.len()), (1, 1));
    let addresses = &document.nodes.get(NodeId(0)).unwrap().node.addresses;
    assert_eq!(
        addresses[..],
        ["10.0.0.9".parse::<std::net::IpAddr>().unwrap()]
    );
}

#[test]
fn removing_an_object_removes_its_contents() {
    let mut document = shop();
    Edit::Remove(vec![Item::Workload(WorkloadId(0))])
        .apply(&mut document)
        .expect("the edit applies");
    assert_eq!(document.flows.len(), 1);
    Edit::Remove(vec![Item::Namespace(NamespaceId(0))])
        .apply(&mut document)
        .expect("the edit applies");
    assert_eq!(
        (
            document.workloads.len(),
            document.services.len(),
            document.flows.len()
        ),
        (1, 0, 0)
    );
}

#[test]
fn a_copy_has_its_own_name_and_labels() {
    let mut document = shop();
    let items = vec![Item::Workload(WorkloadId(0)), Item::Workload(WorkloadId(1))];
    Edit::Duplicate(items)
        .apply(&mut document)
        .expect("the edit applies");
    let copy = document
        .workloads
        .get(workload(&document, "shop/web-2"))
        .expect("it exists");
    assert_eq!(
        crate::model::validate::labels_text(&copy.labels),
        "app=web-2, tier=front"
    );
    let selector = copy
        .selector
        .as_ref()
        .map(crate::model::validate::selector_text);
    assert_eq!(selector.as_deref(), Some("app=web-2"));
    let flows: Vec<String> = document
        .flows
        .ids()
        .map(|id| document.flow_name(id))
        .collect();
    assert_eq!(
        flows,
        ["web to checkout", "checkout to db", "web-2 to checkout-2"]
    );
}

#[test]
fn a_namespace_copied_as_text_is_pasted_whole_and_under_a_new_name() {
    let mut document = shop();
    let copied = extract(&document, &[Item::Namespace(NamespaceId(0))]);
    let text = crate::project::format::write(&copied);
    let (fragment, _) = read(&text, "clipboard").expect("a project");
    let paste = Edit::Paste {
        fragment: Arc::new(fragment),
        into: None,
        offset: [0.0, 0.0],
    };
    paste.apply(&mut document).expect("the edit applies");
    assert!(document.end_from_words("shop-2/checkout").is_ok());
    assert_eq!(document.flows.len(), 3);
    assert_eq!(document.services.len(), 2);
}

#[test]
fn a_workload_pasted_elsewhere_goes_into_the_namespace_chosen() {
    let mut document = shop();
    let fragment = Arc::new(extract(&document, &[Item::Workload(WorkloadId(0))]));
    let paste = Edit::Paste {
        fragment,
        into: Some(NamespaceId(1)),
        offset: [0.0, 0.0],
    };
    paste.apply(&mut document).expect("the edit applies");
    assert!(document.end_from_words("data/web").is_ok());
    assert_eq!(document.namespaces.len(), 2);
}

#[test]
fn importing_again_changes_nothing_and_adds_new_objects() {
    let mut document = shop();
    let again = merge(shop());
    again.apply(&mut document).expect("the edit applies");
    assert_eq!(document, shop());
    let mut other = shop();
    let id = workload(&other, "shop/web");
    if let Some(web) = other.workloads.get_mut(id) {
        web.labels.insert("version".into(), "2".into());
    }
    let applied = merge(other).apply(&mut document).expect("the edit applies");
    assert_eq!(applied.notes, ["0 workloads added, 1 updated"]);
    assert_eq!(document.workloads.len(), 3);
    assert!(
        document
            .workloads
            .get(id)
            .is_some_and(|web| web.labels.contains_key("version"))
    );
}

#[test]
fn a_missing_end_resolves_when_its_object_exists() {
    let text = "format: drawbridge/1\nnamespaces: [{name: a}]\nworkloads: [{name: x, namespace: a}]
flows: [{from: a/x, to: a/y, ports: [any]}]\n";
    let mut document = read(text, "p").expect("a project").0;
    let mut other = document
        .workloads
        .get(WorkloadId(0))
        .expect("it exists")
        .clone();
    other.name = "y".into();
    Edit::Add(Thing::Workload(other))
        .apply(&mut document)
        .expect("the edit applies");
    let flow = document.flows.get(FlowId(0)).expect("it exists");
    assert_eq!(flow.to, End::Workload(WorkloadId(1)));
}

#[test]
fn a_service_port_is_offered_as_its_target_port() {
    let document = shop();
    let choices = document.port_choices(&End::Workload(WorkloadId(1)));
    let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
    assert_eq!(
        labels,
        ["TCP 5050 grpc", "TCP grpc (port 80 of Service pay)"]
    );
}

#[test]
fn a_gesture_is_one_step_and_the_saved_state_survives_undo() {
    let mut history = History::new(shop());
    let place = |x: f32| Edit::Place([(NodeRef::Workload(WorkloadId(0)), [x, 0.0])].into());
    for x in [1.0, 2.0, 3.0] {
        history
            .edit_in_gesture(&place(x), 7)
            .expect("the edit applies");
    }
    assert_eq!(history.undo_name(), Some("Move web"));
    assert_eq!(history.saved(), Some((0, &shop())));
    history.mark_saved(history.state(), history.document().clone());
    let saved = (history.state(), history.document().clone());
    history
        .edit(&Edit::SetName("x".into()))
        .expect("the edit applies");
    assert!(history.is_dirty());
    history.undo();
    assert!(!history.is_dirty());
    assert_eq!(history.undo().as_deref(), Some("Move web"));
    assert!(history.is_dirty() && history.undo().is_none());
    assert_eq!(history.document(), &shop());
    history.redo();
    assert!(!history.is_dirty());
    for number in 0..300 {
        history
            .edit(&Edit::SetName(number.to_string()))
            .expect("the edit applies");
    }
    assert_eq!(
        history.saved(),
        Some((saved.0, &saved.1)),
        "whatever was done since"
    );
    let steps = std::iter::from_fn(|| history.undo()).count();
    assert_eq!(steps, 200);
}

#[test]
fn an_invariant_follows_renames_and_survives_the_removal_of_its_ends() {
    let mut history = History::new(shop());
    let web = Item::Workload(workload(history.document(), "shop/web"));
    let invariant = Invariant {
        name: "nobody reaches web".into(),
        claim: crate::model::Claim::Deny,
        from: None,
        except: Vec::new(),
        to: Some(End::Workload(workload(history.document(), "shop/web"))),
        ports: Vec::new(),
        unknown: Default::default(),
    };
    let add = Edit::Add(Thing::Invariant(invariant.clone()));
    let added = history.edit(&add).expect("the edit applies").items;
    assert_eq!(
        add.name(history.document()),
        "Add invariant nobody reaches web"
    );
    assert!(history.edit(&add).is_err(), "the name is taken");

    let to = |history: &History| {
        let document = history.document();
        let row = document.invariants.iter().next().expect("it exists").1;
        row.to.as_ref().map(|end| document.end_words(end))
    };
    history
        .edit(&Edit::Rename(web, "front".into()))
        .expect("the edit applies");
    assert_eq!(to(&history).as_deref(), Some("shop/front"));
    let row = history.document().thing(web);
    history
        .edit(&Edit::Remove(vec![web]))
        .expect("the edit applies");
    assert_eq!(to(&history).as_deref(), Some("shop/front"));
    assert!(
        !history
            .document()
            .invariants
            .iter()
            .any(|(_, i)| i.to == invariant.to)
    );
    history
        .edit(&Edit::Add(row.expect("it existed")))
        .expect("the edit applies");
    let resolved = history
        .document()
        .invariants
        .iter()
        .next()
        .expect("it exists")
        .1;
    assert!(matches!(resolved.to, Some(End::Workload(_))));

    history
        .edit(&Edit::Duplicate(added.clone()))
        .expect("the edit applies");
    assert_eq!(history.document().invariants.len(), 2);
    history
        .edit(&Edit::Remove(added))
        .expect("the edit applies");
    assert_eq!(history.document().invariants.len(), 1);
}

#[test]
fn naming_an_edit_reads_no_text() {
    let mut fixture = Fixture::new();
    fixture.import("metadata: {name: deny}", None);
    let document = fixture.document;
    let policy = Item::Policy(document.policies.ids().next().expect("a policy"));
    let thing = document.thing(policy).expect("it exists");
    let edits = [
        Edit::Remove(vec![policy]),
        Edit::Add(thing.clone()),
        Edit::Change(policy, thing),
    ];
    let before = crate::yaml::read::texts_read();
    let names = edits.map(|edit| edit.name(&document));
    assert_eq!(crate::yaml::read::texts_read(), before);
    assert_eq!(names[0].replacen("Delete", "Change", 1), names[2]);
}

#[test]
fn collapsed_namespaces_are_forgotten_with_the_namespace() {
    let mut document = Document::default();
    for name in ["shop", "data"] {
        let namespace = Thing::Namespace(Namespace::new(name));
        Edit::Add(namespace).apply(&mut document).expect("added");
    }
    let both = Edit::Collapse(document.namespaces.ids().collect());
    both.apply(&mut document).expect("they exist");
    Edit::Remove(vec![Item::Namespace(NamespaceId(0))])
        .apply(&mut document)
        .expect("it exists");
    assert_eq!(
        document.collapsed.as_deref(),
        Some(&[NamespaceId(1)].into())
    );
    assert!(both.apply(&mut document).is_err(), "one is gone");
}

/// A flow whose wider form is accepted is another one: what one accepts does not hold for the ports of the other.
#[test]
fn a_flow_that_accepts_a_wider_form_is_not_merged_with_one_that_does_not() {
    let mut document = shop();
    let (id, flow) = document.flows.iter().next().expect("a flow");
    let wider = Flow {
        approximate: true,
        ..flow.clone()
    };
    let before = document.flows.len();
    Edit::Add(Thing::Flow(wider.clone()))
        .apply(&mut document)
        .expect("it is added");
    assert_eq!(document.flows.len(), before + 1);
    Edit::Change(Item::Flow(id), Thing::Flow(wider))
        .apply(&mut document)
        .expect("it is changed");
    assert_eq!(document.flows.len(), before, "both accept it");
}
