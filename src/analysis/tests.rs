//! Tests of dialect-neutral policies built by hand: more than Kubernetes needs, so that other dialects need
//! only a parser and a lowering.

use std::sync::Arc;

use super::exposure::exposure;
use super::{Analysis, Endpoint, oracle::probe};
use crate::cluster::{
    NAMESPACE_NAME_LABEL, Namespace, Node, Pod, Snapshot, Workload, WorkloadObject,
};
use crate::diag::Span;
use crate::policy::{
    Action, Combine, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule, Side, Tier,
    WorkloadKey,
};
use crate::sets::{LabelOp, Labels, PortSet, Protocol, Requirement, Selector};
use Action::{Accept, Deny, Pass};
use Combine::{DenyOverAccept, FirstMatch};

fn span() -> Span {
    Span::new("by-hand.yaml".into(), 1, 1)
}

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(k, v)| (k.into(), v.into())).collect()
}

/// One pod for each text `NAMESPACE KEY=VALUE,...`; namespaces in their order.
fn cluster(pods: &[&str], tiers: &[Combine]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (number, combine) in tiers.iter().enumerate() {
        let name = format!("tier-{number}");
        let combine = *combine;
        snapshot.tiers.push(Tier { name, combine });
    }
    for (at, text) in pods.iter().enumerate() {
        let (namespace, own) = text.split_once(' ').unwrap_or((text, ""));
        if snapshot.namespaces.last().map(|n| n.name.as_str()) != Some(namespace) {
            Arc::make_mut(&mut snapshot.namespaces).push(Namespace {
                name: namespace.into(),
                labels: [(NAMESPACE_NAME_LABEL.into(), namespace.into())].into(),
                declared: true,
                span: None,
            });
        }
        Arc::make_mut(&mut snapshot.pods).push(Pod {
            name: format!("pod-{at}"),
            namespace: snapshot.namespaces.len() - 1,
            workload: at,
            key: WorkloadKey::at(at),
            labels: Arc::new(labels(own)),
            ports: [].into(),
            init_ports: Arc::default(),
            ambiguous_ports: Arc::default(),
            sidecar_ports: 0,
            host_network: own.contains("host="),
            service_account: if own.contains("robot=") {
                "robot"
            } else {
                "default"
            }
            .into(),
            addresses: Vec::new(),
            node: None,
        });
        Arc::make_mut(&mut snapshot.workloads).push(Workload {
            pods: at..at + 1,
            object: Arc::new(WorkloadObject {
                namespace: namespace.into(),
                name: format!("pod-{at}"),
                kind: "Pod".into(),
                selector: None,
                labels: labels(own),
                own_labels: Labels::new(),
                annotations: Labels::new(),
                cluster_dns: true,
                host_ports: Vec::new(),
                replicas: Some(1),
                span: None,
            }),
        });
    }
    snapshot
}

fn app(name: &str) -> Peer {
    Peer::PodLabels(Selector::label("app", name))
}

fn rule(action: Action, peer: Peer, ports: (u16, u16)) -> Rule {
    let port = PortMatch::Range {
        protocol: Protocol::Tcp,
        first: ports.0,
        last: ports.1,
    };
    Rule {
        name: None,
        action,
        subject: None,
        peers: Match::Only(vec![PeerItem { peer, span: span() }]),
        ports: Match::Only(vec![PortItem { port, span: span() }]),
        conditions: Vec::new(),
        met_by: Vec::new(),
        index: 0,
        except: Vec::new(),
        span: span(),
    }
}

fn any(action: Action) -> Rule {
    Rule {
        peers: Match::Any,
        ports: Match::Any,
        ..rule(action, Peer::Everything, (1, 1))
    }
}

/// A policy on ingress of all pods.
fn policy(
    (tier, order, name): (usize, i64, &str),
    isolates: bool,
    rules: Vec<Rule>,
) -> Arc<Policy> {
    Arc::new(Policy {
        kind: "Policy",
        name: name.into(),
        namespace: None,
        tier,
        order,
        tie: name.into(),
        subject: Peer::Pods,
        ingress: Some(Side { isolates, rules }),
        egress: None,
        span: span(),
    })
}

/// The ports at which one pod may connect to another, by the fast analysis; asserts that the plain evaluator agrees.
fn open(snapshot: &Snapshot, from: usize, to: usize) -> String {
    let found = Analysis::new(snapshot).allowed(from, to);
    for port in 1..200 {
        let asked = Some((Protocol::Tcp, port));
        let plain = probe(snapshot, &Endpoint::Pod(from), &Endpoint::Pod(to), asked);
        assert_eq!(plain.allowed, found.contains(Protocol::Tcp, port), "{port}");
    }
    let plain = probe(snapshot, &Endpoint::Pod(from), &Endpoint::Pod(to), None);
    assert_eq!(plain.allowed, found.has_other());
    match found {
        found if found.is_empty() => "nothing".into(),
        found => found.to_string(),
    }
}

const THREE: [&str; 3] = ["a app=web", "a app=api", "b app=db"];

#[test]
fn first_matching_rule_decides() {
    let mut snapshot = cluster(&THREE, &[FirstMatch]);
    let rules = vec![
        rule(Deny, app("web"), (80, 90)),
        rule(Accept, Peer::Pods, (70, 100)),
    ];
    snapshot.policies = vec![
        policy((0, 9, "last"), false, vec![any(Deny)]),
        policy((0, 5, "first"), false, rules),
    ];
    assert_eq!(open(&snapshot, 0, 2), "TCP 70-79,91-100");
    assert_eq!(open(&snapshot, 1, 2), "TCP 70-100");
    Arc::make_mut(&mut snapshot.policies[0]).order = 5;
    assert_eq!(
        open(&snapshot, 1, 2),
        "TCP 70-100",
        "the tie decides between equal orders"
    );
    Arc::make_mut(&mut snapshot.policies[0]).tie = "before".into();
    assert_eq!(open(&snapshot, 1, 2), "nothing");
}

#[test]
fn deny_beats_accept_in_any_order() {
    let mut snapshot = cluster(&THREE, &[DenyOverAccept]);
    let accept = || rule(Accept, Peer::Pods, (70, 100));
    let deny = || rule(Deny, app("web"), (80, 90));
    for rules in [vec![accept(), deny()], vec![deny(), accept()]] {
        snapshot.policies = vec![policy((0, 0, "p"), true, rules)];
        assert_eq!(open(&snapshot, 0, 2), "TCP 70-79,91-100");
        assert_eq!(open(&snapshot, 1, 2), "TCP 70-100");
    }
    snapshot.policies = vec![
        policy((0, 1, "a"), false, vec![accept()]),
        policy((0, 9, "b"), false, vec![deny()]),
    ];
    assert_eq!(open(&snapshot, 1, 2), "any", "nothing isolates");
    assert!(
        !Analysis::new(&snapshot)
            .allowed(0, 2)
            .contains(Protocol::Tcp, 85)
    );
}

#[test]
fn tiers_run_in_order() {
    let kinds = [
        FirstMatch,
        FirstMatch,
        DenyOverAccept,
        FirstMatch,
        DenyOverAccept,
    ];
    let mut snapshot = cluster(&THREE, &kinds);
    snapshot.policies = vec![
        policy(
            (4, 0, "end"),
            true,
            vec![rule(Accept, Peer::Pods, (40, 49))],
        ),
        policy(
            (3, 0, "third"),
            false,
            vec![rule(Deny, Peer::Pods, (30, 45))],
        ),
        policy(
            (0, 0, "first"),
            false,
            vec![rule(Pass, Peer::Pods, (10, 19))],
        ),
        policy(
            (1, 0, "second"),
            false,
            vec![rule(Accept, app("web"), (1, 35))],
        ),
    ];
    assert_eq!(open(&snapshot, 0, 2), "TCP 1-35,46-49");
    assert_eq!(open(&snapshot, 1, 2), "TCP 46-49");
    let stop = policy((2, 0, "stop"), true, vec![rule(Pass, Peer::Pods, (47, 60))]);
    snapshot.policies.push(stop);
    assert_eq!(
        open(&snapshot, 0, 2),
        "TCP 1-35,47-49",
        "the next tier sees only what was passed"
    );
}

#[test]
fn rules_narrow_their_subject() {
    let mut snapshot = cluster(&THREE, &[DenyOverAccept]);
    let narrowed = Rule {
        subject: Some(app("db")),
        ..rule(Accept, Peer::Pods, (10, 20))
    };
    let rules = vec![narrowed, rule(Accept, Peer::Pods, (15, 30))];
    snapshot.policies = vec![policy((0, 0, "p"), true, rules)];
    assert_eq!(open(&snapshot, 0, 2), "TCP 10-30");
    assert_eq!(open(&snapshot, 0, 1), "TCP 15-30");
}

#[test]
fn peers_are_boolean_expressions() {
    let pods = [
        "a app=web",
        "a app=api",
        "a app=web,host=yes",
        "b app=web",
        "b app=db",
    ];
    let mut snapshot = cluster(&pods, &[DenyOverAccept]);
    snapshot.nodes.push(Node {
        name: "node-0".into(),
        labels: Labels::new(),
        addresses: Vec::new(),
        pod_cidrs: Vec::new(),
    });
    let not = |peer| Peer::Not(Box::new(peer));
    let in_a = || Peer::Namespace("a".into());
    let mut reach = |peer: Peer| {
        snapshot.policies = vec![policy((0, 0, "p"), true, vec![rule(Accept, peer, (1, 1))])];
        let open = |from: &usize| open(&snapshot, *from, 4) == "TCP 1";
        let pods: Vec<usize> = (0..4).filter(open).collect();
        let asked = Some((Protocol::Tcp, 1));
        let outside = [
            "192.0.2.1".parse().map(Endpoint::Address),
            Ok(Endpoint::Node(0)),
        ];
        let outside = outside.into_iter().flatten();
        let may = |end: &Endpoint| probe(&snapshot, end, &Endpoint::Pod(4), asked).allowed;
        (pods, outside.filter(|end| may(end)).count())
    };
    assert_eq!(
        reach(Peer::AnyOf(vec![app("api"), Peer::HostNetwork])),
        (vec![1, 2], 0)
    );
    assert_eq!(reach(Peer::All(vec![in_a(), app("web")])), (vec![0, 2], 0));
    let own = Peer::All(vec![app("web"), not(Peer::AnyOf(vec![in_a(), app("api")]))]);
    assert_eq!(reach(own), (vec![3], 0));
    assert_eq!(
        reach(Peer::All(vec![app("web"), not(Peer::HostNetwork), in_a()])),
        (vec![0], 0)
    );
    assert_eq!(
        reach(not(app("web"))),
        (vec![1], 2),
        "only pods have labels"
    );
    assert_eq!(reach(not(Peer::Pods)), (vec![], 2));
    assert_eq!(reach(Peer::All(vec![])), (vec![0, 1, 2, 3], 2));
    assert_eq!(reach(Peer::AnyOf(vec![])), (vec![], 0));
    assert_eq!(reach(Peer::ServiceAccount("robot".into())), (vec![], 0));
}

#[test]
fn predicates_on_labels_beyond_in_and_exists() {
    let pods = [
        "a app=web-1",
        "a app=api-1",
        "a tier=web-1",
        "a app=",
        "a app=db",
    ];
    let reach = |op: LabelOp| {
        let mut snapshot = cluster(&pods, &[DenyOverAccept]);
        let requirements = vec![Requirement::new("app", op)];
        let peer = Peer::PodLabels(Selector { requirements });
        snapshot.policies = vec![policy((0, 0, "p"), true, vec![rule(Accept, peer, (1, 1))])];
        let open = |from: &usize| open(&snapshot, *from, 4) == "TCP 1";
        let reach: Vec<usize> = (0..4).filter(open).collect();
        let found = exposure(&snapshot);
        let gate = &found.gates[found.lines[0].gate];
        assert!(gate.everyone.is_empty() && gate.except.is_empty());
        let some: Vec<String> = gate
            .some
            .iter()
            .map(|e| found.kind(e.kind).pods.join(" and "))
            .collect();
        assert!(
            gate.some
                .iter()
                .all(|e| *found.ports(e.ports) == PortSet::single(Protocol::Tcp, 1))
        );
        (reach, some.join(" or "))
    };
    let some = |text: &str| text.to_owned();
    assert_eq!(
        reach(LabelOp::StartsWith("web".into())),
        (vec![0], some("starts app web and app"))
    );
    assert_eq!(
        reach(LabelOp::EndsWith("-1".into())),
        (vec![0, 1], some("ends app -1 and app"))
    );
    assert_eq!(
        reach(LabelOp::Contains("b-".into())),
        (vec![0], some("contains app b- and app"))
    );
    assert_eq!(reach(LabelOp::DoesNotExist), (vec![2], some("!app")));
    let no_web = LabelOp::NotIn(["web-1".into()].into());
    assert_eq!(reach(no_web), (vec![1, 2, 3], some("app!=web-1")));
    assert_eq!(
        reach(LabelOp::In(["".into()].into())),
        (vec![3], some("app="))
    );
}
