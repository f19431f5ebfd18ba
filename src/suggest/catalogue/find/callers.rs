//! What connects to pods: the API server, monitoring, ingress controllers, and these to solvers of cert-manager.

use std::collections::BTreeSet;

use super::mesh::has_sidecar;
use super::{Facts, Finding, Own, tcp};
use crate::analysis::routes::{backend_ports, servers};
use crate::cluster::{Caller, Route};
use crate::manifest::{About, Fact};
use crate::policy::{Direction, Entity};
use crate::sets::{LabelOp, PortSet, Requirement, Selector};
use crate::suggest::Evidence;
use crate::suggest::catalogue::entries::{HTTP_ISSUER, INGRESS, METRICS, Need, WEBHOOK};
use crate::suggest::catalogue::place::Place;
use crate::suggest::clients::{annotated, scrapers, targets_of};
use crate::suggest::cluster::Cluster;
use crate::suggest::routes::{backend, backends};

/// The label of the pods that solve HTTP-01 challenges, and their port.
const SOLVER: (&str, u16) = ("acme.cert-manager.io/http01-solver", 8089);

pub(super) fn findings(cluster: &Cluster, facts: &Facts) -> Vec<Finding> {
    let monitoring = monitoring(cluster, facts);
    let api_server = super::programs::api_server(cluster).0;
    let mut found = Vec::new();
    for client in &cluster.snapshot.clients {
        let evidence = vec![Evidence::new(&client.span, client.title.clone())];
        for (at, ports) in targets_of(cluster, client) {
            let own = (at, Direction::Ingress);
            let evidence = evidence.clone();
            match client.caller {
                Caller::ApiServer => {
                    let place = api_server.clone();
                    found.push(Finding::new(&WEBHOOK, own, place, ports, evidence));
                }
                Caller::Monitoring => found.extend(scraped(&monitoring, at, &ports, &evidence)),
            }
        }
    }
    for (at, own, span, text) in annotated(cluster) {
        let ports = merged(cluster, at).unwrap_or(own);
        let evidence: Vec<_> = span.map(|s| Evidence::new(s, text)).into_iter().collect();
        found.extend(scraped(&monitoring, at, &ports, &evidence));
    }
    found.extend(of_routes(cluster));
    found
}

/// Who scrapes: workloads of the input, else the pods that the Prometheus operator makes.
fn monitoring(cluster: &Cluster, facts: &Facts) -> Vec<Place> {
    let known = scrapers(cluster);
    if known.is_empty() {
        let mut made = facts.all.iter().filter(|f| f.about == About::Prometheus);
        let namespace = made.next().map_or("monitoring", |fact| &fact.namespace);
        let key = "app.kubernetes.io/name";
        return vec![Place::pods("prometheus", namespace, key, "prometheus")];
    }
    known.into_iter().map(Place::Known).collect()
}

/// The port on which the sidecar of Istio has the metrics of the pod, too: it changes the pod's annotations (dep 3.5, 3.8).
fn merged(cluster: &Cluster, at: usize) -> Option<PortSet> {
    let workload = cluster.snapshot.workloads.get(at)?;
    let has = |key: &str, value: &str| workload.annotations.get(key).is_some_and(|v| v == value);
    let merges =
        has("prometheus.io/scrape", "true") && !has("prometheus.istio.io/merge-metrics", "false");
    (merges && has_sidecar(cluster, at).is_some()).then(|| tcp(&[15020]))
}

fn scraped(by: &[Place], at: usize, ports: &PortSet, evidence: &[Evidence]) -> Vec<Finding> {
    let own = (at, Direction::Ingress);
    let one = |place: &Place| {
        let (place, evidence) = (place.clone(), evidence.to_vec());
        Finding::new(&METRICS, own, place, ports.clone(), evidence).with(Need::Likely)
    };
    by.iter().map(one).collect()
}

fn of_routes(cluster: &Cluster) -> Vec<Finding> {
    let snapshot = cluster.snapshot;
    let mut found = Vec::new();
    for (route, servers) in snapshot.routes.iter().zip(servers(snapshot)) {
        let Some(service) = cluster.service(&route.service_namespace, &route.service) else {
            continue;
        };
        let places = controllers(cluster, route, &servers);
        let evidence = route.span.as_ref();
        let evidence = evidence.map(|span| Evidence::new(span, backend(route)));
        let evidence: Vec<Evidence> = evidence.into_iter().collect();
        for (at, ports) in backends(cluster, service, &backend_ports(route, service)) {
            found.extend(places.iter().map(|place| {
                let own = (at, Direction::Ingress);
                Finding::new(
                    &INGRESS,
                    own,
                    place.clone(),
                    ports.clone(),
                    evidence.clone(),
                )
            }));
        }
    }
    found
}

/// Controllers whose pods are known by their labels: a part of the name of the class or its controller, the group's
/// name, the namespace, key and value of the label.
const CONTROLLERS: [[&str; 5]; 7] = [
    [
        "nginx.org",
        "nginx-ingress",
        "",
        "app.kubernetes.io/name",
        "nginx-ingress",
    ],
    [
        "nginx",
        "ingress-nginx",
        "ingress-nginx",
        "app.kubernetes.io/name",
        "ingress-nginx",
    ],
    [
        "traefik",
        "traefik",
        "",
        "app.kubernetes.io/name",
        "traefik",
    ],
    ["istio", "istio-ingress", "", "istio", "ingressgateway"],
    [
        "haproxy",
        "haproxy-ingress",
        "",
        "app.kubernetes.io/name",
        "haproxy-ingress",
    ],
    ["kong", "kong", "", "app.kubernetes.io/name", "kong"],
    ["contour", "contour", "", "app", "envoy"],
];

/// What is assumed of an Ingress without a class.
const DEFAULT_CLASS: &str = "nginx";

/// What serves a route: workloads of the input, else what is known by the route's class.
fn controllers(cluster: &Cluster, route: &Route, known: &[usize]) -> Vec<Place> {
    if !known.is_empty() {
        let words = known.iter().map(|at| cluster.words(*at));
        return words.map(Place::Known).collect();
    }
    let class = route.served_by.controller.as_deref();
    by_class(route.kind, class.unwrap_or(DEFAULT_CLASS))
}

/// What serves routes of a kind and class, where it is not in the input; none if the class is not known.
fn by_class(kind: &str, class: &str) -> Vec<Place> {
    let place = match kind {
        "Route" => Place::group(
            "openshift-ingress",
            Selector::label("policy-group.network.openshift.io/ingress", ""),
            Selector::everything(),
        ),
        _ if class.contains("cilium") => Place::entity("ingress", Entity::Ingress, &[]),
        "Ingress" => {
            let known = CONTROLLERS.iter().find(|[part, ..]| class.contains(part));
            let Some([_, name, namespace, key, value]) = known else {
                return Vec::new();
            };
            Place::pods(name, namespace, key, value)
        }
        _ => {
            let key = "gateway.networking.k8s.io/gateway-name";
            let named = Requirement::new(key, LabelOp::Exists);
            let pods = Selector {
                requirements: vec![named],
            };
            Place::group("gateways", Selector::everything(), pods)
        }
    };
    vec![place]
}

/// Solver pods come and go in the namespace of a Certificate: the ingress controller connects to them.
pub(super) fn of_issuers<'f>(cluster: &Cluster, facts: &Facts<'f>) -> Vec<Finding> {
    // A ClusterIssuer is in no namespace.
    let key = |kind: &'f str, namespace: &'f str, name: &'f str| match kind {
        "ClusterIssuer" => (kind, "", name),
        _ => (kind, namespace, name),
    };
    let issuers = facts.all.iter().filter_map(|fact| match &fact.about {
        About::HttpIssuer(kind) => Some(key(kind, &fact.namespace, &fact.name)),
        _ => None,
    });
    let issuers: BTreeSet<_> = issuers.collect();
    let by_http = facts.all.iter().filter(|fact| match &fact.about {
        About::Certificate(kind) => issuers.contains(&key(kind, &fact.namespace, &fact.value)),
        _ => false,
    });
    let of_certificate = |fact: &Fact| {
        let text = format!("issuer {} proves domain names over HTTP", fact.value);
        let routes = cluster
            .snapshot
            .routes
            .iter()
            .zip(servers(cluster.snapshot));
        let mut routes = routes.filter(|(route, _)| route.namespace == fact.namespace);
        let places = match routes.next() {
            Some((route, servers)) => controllers(cluster, route, &servers),
            None => by_class("Ingress", DEFAULT_CLASS),
        };
        let solver = Place::pods("http01-solvers", &fact.namespace, SOLVER.0, "true");
        let evidence = Evidence::new(&fact.span, text);
        let finding = move |controller: Place| Finding {
            entry: &HTTP_ISSUER,
            need: Need::Needed,
            own: Own::Future(fact.namespace.clone(), solver.clone()),
            direction: Direction::Ingress,
            other: controller,
            ports: tcp(&[SOLVER.1]),
            one_port_suffices: false,
            one_of: None,
            other_ports: &[],
            evidence: vec![evidence.clone()],
        };
        places.into_iter().map(finding).collect::<Vec<_>>()
    };
    by_http.flat_map(of_certificate).collect()
}
