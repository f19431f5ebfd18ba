//! Words as ends, and verdicts about sets.

use super::*;
use crate::cluster::{Assumptions, PodAddresses};
use crate::load::{Settings, load};
use crate::manifest::Source;
use crate::sets::IpSet;

const CLUSTER: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: other}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
spec: {template: {metadata: {labels: {app: web}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]
";

fn snapshot() -> Snapshot {
    load(&[Source::new("a.yaml", CLUSTER)], &Settings::default()).snapshot
}

fn asked(snapshot: &Snapshot, from: &str, to: &str, port: &str) -> Answer {
    let ends = |word| ends(snapshot, word).expect("an end");
    ask(
        snapshot,
        &ends(from),
        &ends(to),
        &Wanted::Same(ports(port).expect("a port")),
    )
}

#[test]
fn words_resolve_to_ends() {
    let snapshot = snapshot();
    let count = |word| {
        ends(&snapshot, word)
            .map(|e| e.len())
            .map_err(|r| r.message)
    };
    assert_eq!(count("shop/web"), Ok(2));
    assert_eq!(count("shop/web-1"), Ok(1));
    assert_eq!(count("shop/web[Deployment]"), Ok(2));
    assert_eq!(count("ns:shop/db"), Ok(1));
    assert_eq!(count("shop/*"), Ok(3));
    assert_eq!(count("*"), Ok(7));
    assert_eq!(count("192.0.2.7"), Ok(1));
    assert_eq!(count("0.0.0.0/0"), Ok(3));
    assert_eq!(
        count("other/web"),
        Err("`other/web` is ambiguous: `other/web[Deployment]` or `other/web[StatefulSet]`".into())
    );
    assert_eq!(count("other/web[Deployment]"), Ok(2));
    for wrong in ["shop/none", "none", "shop", "", "10.0.0.0/64", "shop/"] {
        assert_eq!(count(wrong), Err(format!("nothing is named `{wrong}`")));
    }
}

#[test]
fn a_network_names_all_ends_with_an_address_in_it() {
    let text = "
{apiVersion: v1, kind: Node, metadata: {name: n}, status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}, spec: {nodeName: n}, status: {podIP: 10.0.0.1}}
---
{apiVersion: v1, kind: Pod, metadata: {name: q, namespace: a}, spec: {nodeName: n}, status: {podIP: 10.0.0.2}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: none, namespace: a}
spec: {podSelector: {}}
";
    let sources = [Source::new("a.yaml", text)];
    let mut assumptions = Assumptions::default();
    let snapshot = load(&sources, &Settings::kubernetes(assumptions)).snapshot;
    let outside = |word: &str| {
        let found = meaning(&snapshot, word, None).expect("an end");
        (
            found.pods.len(),
            found.nodes.len(),
            found.addresses.is_empty(),
        )
    };
    assert_eq!(outside("10.0.0.1"), (1, 0, true));
    assert_eq!(outside("10.0.0.3"), (0, 0, false));
    assert_eq!(outside("192.0.2.1"), (0, 1, true));
    assert_eq!(outside("192.0.2.1/32"), (0, 1, true));
    assert_eq!(outside("192.0.2.0/31"), (0, 1, false));
    assert_eq!(
        asked(&snapshot, "192.0.2.1/32", "a/p", "any").verdict,
        Verdict::All
    );
    assert_eq!(
        asked(&snapshot, "192.0.2.0/24", "a/p", "any").verdict,
        Verdict::Some
    );

    assumptions.pod_addresses = PodAddresses::Known;
    let snapshot = load(&sources, &Settings::kubernetes(assumptions)).snapshot;
    let found = meaning(&snapshot, "10.0.0.0/31", None).expect("an end");
    assert_eq!(found.pods, [0]);
    assert_eq!(
        found.addresses,
        IpSet::single("10.0.0.0".parse().expect("an address"))
    );
    let places = found.places(&snapshot);
    assert_eq!(places.outside, found.network, "one range");
    let node = meaning(&snapshot, "node/n", None)
        .expect("an end")
        .places(&snapshot);
    assert_eq!(node.hosted.keys().collect::<Vec<_>>(), [&0, &1]);
}

#[test]
fn sets_are_all_some_or_none() {
    let snapshot = snapshot();
    let verdict = |from, to, port| asked(&snapshot, from, to, port).verdict;
    assert_eq!(verdict("shop/web", "shop/db", "TCP/5432"), Verdict::All);
    assert_eq!(
        verdict("shop/web", "shop/db", "TCP/5000-6000"),
        Verdict::Some
    );
    assert_eq!(verdict("shop/web", "shop/db", "UDP"), Verdict::None);
    assert_eq!(verdict("*", "shop/db", "TCP/5432"), Verdict::Some);
    assert_eq!(verdict("10.0.0.0/8", "shop/db", "any"), Verdict::All);
    assert_eq!(verdict("0.0.0.0/0", "shop/db", "TCP/80"), Verdict::Some);
    assert_eq!(verdict("shop/db", "shop/db", "TCP/80"), Verdict::All);
    assert_eq!(verdict("shop/db", "shop/web", "TCP/http"), Verdict::All);
    assert_eq!(verdict("shop/web", "shop/db", "TCP/http"), Verdict::None);
}

#[test]
fn a_port_without_a_protocol_is_tcp() {
    for (typed, meant) in [("5432", "TCP/5432"), ("4000-4010", "TCP/4000-4010")] {
        assert_eq!(ports::ports(typed), ports::ports(meant), "{typed}");
    }
    assert!(ports::ports("UDP/53").is_ok());
    for wrong in ["http", "70000", "54x", "5/6"] {
        assert!(ports::ports(wrong).is_err(), "{wrong}");
    }
}
