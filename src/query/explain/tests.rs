//! Words as ends, verdicts about sets, and Services as ends.

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
        let found = meaning(&snapshot, word).expect("an end");
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
    let found = meaning(&snapshot, "10.0.0.0/31").expect("an end");
    assert_eq!(found.pods, [0]);
    assert_eq!(
        found.addresses,
        IpSet::single("10.0.0.0".parse().expect("an address"))
    );
    let places = found.places(&snapshot);
    assert_eq!(places.outside, found.network, "one range");
    let node = meaning(&snapshot, "node/n")
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

const SERVICES: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}, {name: metrics, containerPort: 9090}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.7
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}, {name: metrics, port: 90, targetPort: 9090}]
---
apiVersion: v1
kind: Service
metadata: {name: web-pods, namespace: shop}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: bank, namespace: shop}
spec: {type: ExternalName, externalName: bank.example}
---
apiVersion: v1
kind: Service
metadata: {name: old-db, namespace: shop}
spec: {clusterIP: 10.96.0.8, ports: [{port: 5432, targetPort: 5432}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: old-db, namespace: shop}
subsets: [{addresses: [{ip: 192.0.2.9}], ports: [{port: 15432}]}]
---
apiVersion: v1
kind: Service
metadata: {name: empty, namespace: shop}
spec: {clusterIP: 10.96.0.9, selector: {app: none}, ports: [{port: 1}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kubernetes, namespace: default, labels: {kubernetes.io/service-name: kubernetes}}
addressType: IPv4
endpoints: [{addresses: [192.0.2.10]}]
ports: [{name: https, port: 6443, protocol: TCP}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: client, namespace: shop}
spec:
  podSelector: {matchLabels: {app: client}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 8080}]
  - to: [{ipBlock: {cidr: 192.0.2.9/32}}]
    ports: [{port: 15432}]
  - ports: [{port: 443}]
";

/// The verdict on a connection from `shop/client`, and the notes; or why there is none.
fn through(to: &str, port: &str) -> Result<(Verdict, Vec<String>), String> {
    let snapshot = load(&[Source::new("a.yaml", SERVICES)], &Settings::default()).snapshot;
    let answer = || {
        let (from, to) = (meaning(&snapshot, "shop/client")?, meaning(&snapshot, to)?);
        let port = ports(port)?;
        let (wanted, notes) = at_destination(&snapshot, Some(&from), Some(&to), &port)?;
        let found = ask(
            &snapshot,
            &from.ends(&snapshot),
            &to.ends(&snapshot),
            &wanted,
        );
        let notes = notes.into_iter().map(|note| note.message);
        Ok((found.verdict, notes.collect()))
    };
    answer().map_err(|refusal: crate::model::Refusal| refusal.message)
}

#[test]
fn a_service_is_answered_for_the_pods_and_ports_behind_it() {
    let said = |text: &str| vec![text.to_owned()];
    let http = "its TCP 80 leads to TCP 8080 of `shop/web`; the answer is about that";
    assert_eq!(
        through("service/shop/web", "TCP/80"),
        Ok((Verdict::All, said(http)))
    );
    assert_eq!(
        through("10.96.0.7", "TCP/http"),
        Ok((Verdict::All, said(http)))
    );
    assert_eq!(
        through("10.96.0.7/32", "TCP/80"),
        Ok((Verdict::All, said(http)))
    );
    let both = "its TCP 80,90 leads to TCP 8080,9090 of `shop/web`; the answer is about that";
    assert_eq!(
        through("service/shop/web", "any"),
        Ok((Verdict::Some, said(both)))
    );
    assert_eq!(
        through("service/shop/web", "TCP/8080"),
        Err("Service `shop/web` has no port TCP/8080".into())
    );
    assert_eq!(
        through("service/shop/none", "TCP/80"),
        Err("Service `shop/none` is not in the input".into())
    );
    assert_eq!(
        through("10.96.0.9", "TCP/1"),
        Err("Service `shop/empty` selects no known pods".into())
    );
}

#[test]
fn ports_of_a_service_that_lead_nowhere_are_named() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}\n---\n\
        apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{name: a, port: 80, targetPort: http}, {name: b, port: 81, targetPort: gone}]}\n";
    let source = crate::manifest::Source::new("a.yaml", text);
    let loaded = crate::load::load(&[source], &crate::load::Settings::default());
    let to = loaded.meaning("service/shop/web").unwrap();
    let (_, notes) = at_destination(
        &loaded.snapshot,
        None,
        Some(&to),
        &crate::model::FlowPort::Any,
    )
    .unwrap();
    assert_eq!(
        notes[0].message,
        "its TCP 80 leads to TCP 8080 of `shop/web`; the answer is about that; its TCP 81 leads to a port name that `shop/web` does not declare"
    );
}

#[test]
fn a_service_without_selector_is_answered_for_its_endpoints() {
    let said = |text: &str| vec![text.to_owned()];
    let db = "its TCP 5432 leads to TCP 15432 of 192.0.2.9; the answer is about that";
    assert_eq!(
        through("10.96.0.8", "TCP/5432"),
        Ok((Verdict::All, said(db)))
    );
    let api = "its TCP 443 leads to TCP 6443 of 192.0.2.10; the answer is about that";
    assert_eq!(
        through("service/default/kubernetes", "TCP/443"),
        Ok((Verdict::None, said(api)))
    );
}

#[test]
fn ports_of_headless_and_external_name_services_stay() {
    let (verdict, notes) = through("service/shop/web-pods", "TCP/8080").expect("an answer");
    assert_eq!(verdict, Verdict::All);
    assert!(notes[0].contains("headless"), "{notes:?}");
    let (verdict, notes) = through("service/shop/bank", "TCP/443").expect("an answer");
    assert_eq!(verdict, Verdict::All);
    assert!(notes[0].contains("`bank.example`"), "{notes:?}");
}

#[test]
fn the_port_of_a_service_asked_of_its_pods_gets_a_note() {
    let (verdict, notes) = through("shop/web", "TCP/80").expect("an answer");
    assert_eq!(verdict, Verdict::None);
    assert_eq!(
        notes,
        ["TCP/80 is the Service's port; it leads to TCP 8080 of its pods"]
    );
    assert_eq!(through("shop/web", "TCP/8080"), Ok((Verdict::All, vec![])));
    assert_eq!(through("shop/web", "TCP/81"), Ok((Verdict::None, vec![])));
}

#[test]
fn addresses_of_services_are_in_no_network() {
    let snapshot = load(&[Source::new("a.yaml", SERVICES)], &Settings::default()).snapshot;
    let found = meaning(&snapshot, "10.96.0.6/31").expect("an end");
    let rest = IpSet::single("10.96.0.6".parse().expect("an address"));
    assert_eq!(found.addresses, rest);
}
