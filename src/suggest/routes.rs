//! From ingress controllers to the backends of Ingress, Route and Gateway API objects, and from the Internet to Services
//! that take connections from outside.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::cluster::Cluster;
use super::{Evidence, INGRESS_CONTROLLER, INTERNET, PRIVATE, Piece, Strength};
use crate::analysis::routes::{backend_ports, servers};
use crate::analysis::service_backends::targets;
use crate::cluster::{Route, Service, ServicePort, TargetPort};
use crate::sets::PortSet;

pub(super) fn pieces(cluster: &Cluster) -> Vec<Piece> {
    let snapshot = cluster.snapshot;
    let mut found = Vec::new();
    for (route, servers) in snapshot.routes.iter().zip(servers(snapshot)) {
        let Some(service) = cluster.service(&route.service_namespace, &route.service) else {
            continue;
        };
        let mut from: Vec<String> = servers.into_iter().map(|at| cluster.words(at)).collect();
        if from.is_empty() {
            from.push(INGRESS_CONTROLLER.to_owned());
        }
        let strength = match (&route.port, service.ports.len()) {
            (Some(_), _) => Strength::Strong,
            (None, 1) => Strength::Medium,
            (None, _) => Strength::Weak,
        };
        let evidence = route
            .span
            .as_ref()
            .map(|s| Evidence::new(s, backend(route)));
        let evidence: Vec<Evidence> = evidence.into_iter().collect();
        for (to, ports) in backends(cluster, service, &backend_ports(route, service)) {
            let piece = |from: &String| Piece {
                from: from.clone(),
                to: cluster.words(to),
                ports: ports.clone(),
                guessed: strength == Strength::Weak,
                strength,
                evidence: evidence.clone(),
            };
            found.extend(from.iter().map(piece));
        }
    }
    let published = snapshot.services.iter().filter(|s| s.takes_outside());
    found.extend(published.flat_map(|service| from_outside(cluster, service)));
    found
}

fn from_outside(cluster: &Cluster, service: &Service) -> Vec<Piece> {
    let kind = match service.takes_outside() && !service.kind.is_empty() {
        true => service.kind.as_str(),
        false => "external addresses",
    };
    let (clients, strength) = clients(service);
    let internal = if service.is_internal() {
        ", internal"
    } else {
        ""
    };
    // Semantics 6.5.
    let masked = match service.keeps_client_address || kind == "external addresses" {
        true => "",
        false => "; without externalTrafficPolicy: Local, its pods may see addresses of nodes",
    };
    let (namespace, name) = (&service.namespace, &service.name);
    let text = format!("Service {namespace}/{name}: {kind}{internal}{masked}");
    let evidence = service.span.as_ref().map(|s| Evidence::new(s, text));
    let ports: Vec<&ServicePort> = service.ports.iter().collect();
    let Some(service) = cluster.service(&service.namespace, &service.name) else {
        return Vec::new();
    };
    let piece = |from: &String, to: usize, ports: &PortSet| Piece {
        from: from.clone(),
        to: cluster.words(to),
        ports: ports.clone(),
        guessed: false,
        strength,
        evidence: evidence.clone().into_iter().collect(),
    };
    let backends = backends(cluster, service, &ports);
    let each = backends.iter();
    each.flat_map(|(to, ports)| clients.iter().map(move |from| piece(from, *to, ports)))
        .collect()
}

/// Who may connect to a Service from outside, and how certain that is.
fn clients(service: &Service) -> (Vec<String>, Strength) {
    let ranges = match service.kind.as_str() {
        "LoadBalancer" => service.source_ranges.as_slice(),
        _ => &[],
    };
    let is_all = ranges.iter().any(|range| range.prefix_len() == 0);
    match () {
        () if !ranges.is_empty() && !is_all => {
            let end = |range: &IpNet| format!("external/{range}");
            (ranges.iter().map(end).collect(), Strength::Strong)
        }
        () if service.is_internal() => (vec![PRIVATE.to_owned()], Strength::Weak),
        () => (vec![INTERNET.to_owned()], Strength::Strong),
    }
}

/// The workloads behind a Service, with their own ports.
pub(super) fn backends<'a>(
    cluster: &Cluster<'a>,
    service: &'a Service,
    ports: &[&ServicePort],
) -> BTreeMap<usize, PortSet> {
    let mut found: BTreeMap<usize, PortSet> = BTreeMap::new();
    for (_, pod) in cluster.pods_of(service) {
        let own: PortSet = ports.iter().map(|p| targets(p, pod, false)).collect();
        if !own.is_empty() {
            let entry = found.entry(pod.workload).or_insert_with(PortSet::empty);
            *entry = entry.union(&own);
        }
    }
    found
}

/// `Ingress shop/web: backend web:80`.
pub(super) fn backend(route: &Route) -> String {
    let port = match &route.port {
        Some(TargetPort::Number(number)) => format!(":{number}"),
        Some(TargetPort::Name(name)) => format!(":{name}"),
        None => String::new(),
    };
    let Route {
        kind,
        namespace,
        name,
        service,
        ..
    } = route;
    let elsewhere = match route.service_namespace == *namespace {
        true => String::new(),
        false => format!("{}/", route.service_namespace),
    };
    format!("{kind} {namespace}/{name}: backend {elsewhere}{service}{port}")
}
