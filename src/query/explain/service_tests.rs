//! Services as ends.

use super::*;
use crate::load::{Settings, load};
use crate::manifest::Source;
use crate::sets::IpSet;

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
    through_in(SERVICES, to, port)
}

/// The same for other manifests.
fn through_in(manifests: &str, to: &str, port: &str) -> Result<(Verdict, Vec<String>), String> {
    let snapshot = load(&[Source::new("a.yaml", manifests)], &Settings::default()).snapshot;
    let answer = || {
        let port = ports(port)?;
        let from = meaning(&snapshot, "shop/client", None)?;
        let to = meaning(&snapshot, to, Some(&port))?;
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
    let by_address = said(&format!("10.96.0.7 is its cluster address; {http}"));
    assert_eq!(
        through("10.96.0.7", "TCP/http"),
        Ok((Verdict::All, by_address.clone()))
    );
    assert_eq!(
        through("10.96.0.7/32", "TCP/80"),
        Ok((Verdict::All, by_address))
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
    let db = "10.96.0.8 is its cluster address; its TCP 5432 leads to TCP 15432 of 192.0.2.9; the answer is about that";
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
    let found = meaning(&snapshot, "10.96.0.6/31", None).expect("an end");
    let rest = IpSet::single("10.96.0.6".parse().expect("an address"));
    assert_eq!(found.addresses, rest);
}

const EXTERNAL: &str = "
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, ports: [{containerPort: 8080}]}]}
status: {podIPs: [{ip: 10.0.0.5}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.7
  externalIPs: [203.0.113.7, 192.0.2.1]
  loadBalancerIP: 203.0.113.8
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.9}, {hostname: lb.example}]}}
---
apiVersion: v1
kind: Service
metadata: {name: admin, namespace: shop}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.8
  selector: {app: web}
  ports: [{port: 81, targetPort: 9090}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}}
---
apiVersion: v1
kind: Service
metadata: {name: former, namespace: shop}
spec: {clusterIP: 10.96.0.9, loadBalancerIP: 203.0.113.10, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: by-hand, namespace: shop}
spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80, targetPort: 1}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: by-hand-1, namespace: shop, labels: {kubernetes.io/service-name: by-hand}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.5]}, {addresses: [198.51.100.4]}]
ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: default}
spec: {type: ExternalName, externalName: web.shop.svc.cluster.local.}
---
apiVersion: v1
kind: Service
metadata: {name: lost, namespace: default}
spec: {type: ExternalName, externalName: gone.shop.svc}
---
apiVersion: v1
kind: Service
metadata: {name: loop, namespace: default}
spec: {type: ExternalName, externalName: loop.default.svc}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: client, namespace: shop}
spec:
  podSelector: {matchLabels: {app: client}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}]}]
";

#[test]
fn an_external_address_leads_to_the_pods_of_its_service() {
    for address in ["203.0.113.7", "203.0.113.8", "203.0.113.9"] {
        let http = format!(
            "{address} is its external address; its TCP 80 leads to TCP 8080 of `shop/web`; the answer is about that"
        );
        let found = through_in(EXTERNAL, address, "TCP/80");
        assert_eq!(found, Ok((Verdict::All, vec![http])));
    }
    let (_, former) = through_in(EXTERNAL, "203.0.113.10", "TCP/80").expect("an answer");
    assert!(former.is_empty(), "it is no load balancer: {former:?}");
}

#[test]
fn services_that_share_an_address_are_told_apart_by_the_port() {
    let (verdict, notes) = through_in(EXTERNAL, "203.0.113.9", "TCP/81").expect("an answer");
    assert_eq!(verdict, Verdict::None);
    assert!(
        notes[0].contains("its TCP 81 leads to TCP 9090"),
        "{notes:?}"
    );
}

#[test]
fn an_address_of_a_node_and_of_a_service_is_told_apart_by_the_port() {
    let (verdict, notes) = through_in(EXTERNAL, "192.0.2.1", "TCP/80").expect("an answer");
    assert_eq!(verdict, Verdict::All);
    assert!(
        notes[0].contains("leads to TCP 8080 of `shop/web`"),
        "{notes:?}"
    );
    for port in ["TCP/10250", "any"] {
        let (verdict, notes) = through_in(EXTERNAL, "192.0.2.1", port).expect("an answer");
        assert_eq!(verdict, Verdict::None);
        assert_eq!(
            notes,
            ["192.0.2.1 is its address, too; the answer is about 192.0.2.1 (node `n1`)"]
        );
    }
}

#[test]
fn endpoints_made_by_hand_give_the_ports_of_pods_and_addresses() {
    let (verdict, notes) =
        through_in(EXTERNAL, "service/shop/by-hand", "TCP/80").expect("an answer");
    assert_eq!(verdict, Verdict::Some);
    assert_eq!(
        notes,
        ["its TCP 80 leads to TCP 8080 of `shop/web`, 198.51.100.4; the answer is about that"]
    );
}

#[test]
fn another_name_of_a_service_is_that_service() {
    let (verdict, notes) =
        through_in(EXTERNAL, "service/default/alias", "TCP/80").expect("an answer");
    assert_eq!(verdict, Verdict::All);
    assert_eq!(notes[0], "it is another name of Service `shop/web`");
    assert!(
        notes[1].contains("leads to TCP 8080 of `shop/web`"),
        "{notes:?}"
    );
    let lost = through_in(EXTERNAL, "service/default/lost", "TCP/80");
    assert_eq!(lost, Err("Service `shop/gone` is not in the input".into()));
    let circular = through_in(EXTERNAL, "service/default/loop", "TCP/80");
    assert!(circular.is_err_and(|why| why.contains("stands for another name")));
}

#[test]
fn exposure_follows_endpoints_made_by_hand() {
    use crate::analysis::exposure::exposure;
    use crate::analysis::service_exposure::By;
    let snapshot = load(&[Source::new("a.yaml", EXTERNAL)], &Settings::default()).snapshot;
    let analysis = Analysis::new(&snapshot);
    let traffic = analysis.service_exposure(&exposure(&snapshot));
    let by_hand = snapshot.services.iter().position(|s| s.name == "by-hand");
    let sent: Vec<_> = traffic
        .iter()
        .filter(|sent| Some(sent.by) == by_hand.map(By::Service))
        .map(|sent| {
            (
                &*snapshot.workloads[sent.workload].name,
                sent.wanted.to_string(),
            )
        })
        .collect();
    assert_eq!(sent, [("web", "TCP 8080".to_owned())]);
}

#[test]
fn each_address_behind_a_service_has_its_own_ports() {
    let text = "
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {ports: [{name: sql, port: 5432}, {name: web, port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: db, namespace: shop}
subsets:
- {addresses: [{ip: 203.0.113.6}], ports: [{name: sql, port: 5432}]}
- {addresses: [{ip: 203.0.113.7}], ports: [{name: web, port: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: e, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 203.0.113.6/31}}], ports: [{port: 5432}]}]}
";
    let loaded = load(&[Source::new("a.yaml", text)], &Settings::default());
    let verdict = |port: &str| {
        let port = ports(port).unwrap();
        let from = loaded.meaning("shop/client").unwrap();
        let to = loaded.destination("service/shop/db", &port).unwrap();
        let (wanted, _) = at_destination(&loaded.snapshot, Some(&from), Some(&to), &port).unwrap();
        ask_between(&loaded.snapshot, &from, &to, &wanted).verdict
    };
    assert_eq!(verdict("TCP/5432"), Verdict::All);
    assert_eq!(verdict("TCP/80"), Verdict::None);
}
