//! Queries over many ends compared with queries over each.

use drawbridge::analysis::oracle::probe;
use drawbridge::analysis::{Analysis, Endpoint};
use drawbridge::cluster::Snapshot;
use drawbridge::model::FlowPort;
use drawbridge::policy::Combine;
use drawbridge::query::explain::{Verdict, ask};
use drawbridge::query::sentences::sentence;
use drawbridge::sets::Protocol;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::analysis::{addresses, has, probes, with};
use super::random::{Leaves, PORTS, cluster, policies};

/// Pods, addresses and nodes.
fn ends(snapshot: &Snapshot) -> Vec<Endpoint> {
    let pods = (0..snapshot.pods.len()).map(Endpoint::Pod);
    let nodes = snapshot.nodes.iter().enumerate();
    let nodes = nodes.flat_map(|(at, node)| {
        let by_address = node
            .addresses
            .iter()
            .map(move |a| Endpoint::NodeAddress(at, *a));
        by_address.chain([Endpoint::Node(at)])
    });
    pods.chain(nodes)
        .chain(addresses().into_iter().map(Endpoint::Address))
        .collect()
}

fn some(all: &[Endpoint], chosen: &[bool]) -> Vec<Endpoint> {
    let chosen = all.iter().zip(chosen.iter().cycle()).filter(|(_, c)| **c);
    chosen.map(|(end, _)| end.clone()).collect()
}

fn port() -> impl Strategy<Value = FlowPort> {
    let number = select(&PORTS[..]).prop_map(|p| FlowPort::Range(Protocol::Tcp, p, p));
    let name = select(&["http", "dns"][..]).prop_map(|n| FlowPort::Named(Protocol::Tcp, n.into()));
    prop_oneof![Just(FlowPort::Any), number, name]
}

proptest! {
    #[test]
    fn open_connections_agree_with_the_evaluator(
        cluster in cluster(),
        policies in policies(Leaves::All),
    ) {
        let snapshot = with(&cluster, policies);
        let analysis = Analysis::new(&snapshot);
        let all = ends(&snapshot);
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            let Some(open) = analysis.open(a, b) else {
                let node = |end: &Endpoint| matches!(end, Endpoint::Node(_) | Endpoint::NodeAddress(..));
                prop_assert!(node(a) || node(b));
                continue;
            };
            for p in probes() {
                prop_assert_eq!(has(&open, p), probe(&snapshot, a, b, p).allowed, "{:?} {:?}", a, b);
            }
        }
    }

    #[test]
    fn queries_over_sets_agree_with_queries_over_each_end(
        cluster in cluster(),
        policies in policies(Leaves::All),
        from in vec(any::<bool>(), 1..9),
        to in vec(any::<bool>(), 1..9),
        port in port(),
    ) {
        let snapshot = with(&cluster, policies);
        let all = ends(&snapshot);
        let (from, to) = (some(&all, &from), some(&all, &to));
        let wanted = |to: &Endpoint| match (&port, to) {
            (FlowPort::Named(protocol, name), Endpoint::Pod(at)) => {
                snapshot.ports_named(&snapshot.pods[*at], Some(*protocol), name)
            }
            (port, _) => port.numbers().unwrap_or_default(),
        };
        let pairs = || from.iter().flat_map(|a| to.iter().map(move |b| (a, b)));
        let others = pairs().any(|(a, b)| a != b);
        let (mut open, mut closed) = (false, false);
        for (a, b) in pairs().filter(|(a, b)| !others || a != b) {
            for p in probes().into_iter().filter(|p| has(&wanted(b), *p)) {
                let allowed = probe(&snapshot, a, b, p).allowed;
                open |= allowed;
                closed |= !allowed;
            }
        }
        let answer = ask(&snapshot, &from, &to, &port.clone().into());
        let want = match (open, closed) {
            (true, false) => Verdict::All,
            (true, true) => Verdict::Some,
            (false, _) => Verdict::None,
        };
        prop_assert_eq!(answer.verdict, want);
        for shown in &answer.shown {
            let found = probe(&snapshot, &shown.from, &shown.to, shown.port);
            prop_assert_eq!(&found, &shown.trace);
            prop_assert!(has(&wanted(&shown.to), shown.port));
            prop_assert!(from.contains(&shown.from) && to.contains(&shown.to));
        }
    }
}

proptest! {
    #[test]
    fn every_policy_has_a_sentence(policies in policies(Leaves::All)) {
        for policy in policies {
            for combine in [Combine::FirstMatch, Combine::DenyOverAccept] {
                let text = sentence(&policy, combine);
                prop_assert!(text.ends_with('.') && text.len() > 10, "{text}");
                let broken = ["  ", " .", " ,", "()", "from .", "to .", "with .", "``"];
                prop_assert!(!broken.iter().any(|part| text.contains(part)), "{text}");
            }
        }
    }
}
