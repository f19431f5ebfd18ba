//! Traffic forwarded by Services and routes, compared with the plain evaluator.

use std::sync::Arc;

use drawbridge::analysis::routes::{controller, reaches};
use drawbridge::analysis::service_exposure::{By, ServiceTraffic, TrafficSource};
use drawbridge::analysis::{Analysis, Direction, Endpoint};
use drawbridge::cluster::{Families, Route, ServedBy, Service, ServicePort, Snapshot, TargetPort};
use drawbridge::sets::{PortSet, Protocol};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::analysis::{addresses, gate_allows, has, new_pods, probes, settle, with};
use super::random::{Leaves, PORTS, cluster, policies, twinned};

fn port() -> impl Strategy<Value = ServicePort> {
    let target = prop_oneof![
        select(&PORTS[..]).prop_map(TargetPort::Number),
        select(&["http", "dns"][..]).prop_map(|name| TargetPort::Name(name.into())),
    ];
    target.prop_map(|target| ServicePort {
        name: None,
        port: 80,
        protocol: Protocol::Tcp,
        target,
    })
}

/// A pod whose labels it selects, its ports, its families.
type Drawn = (usize, Vec<ServicePort>, (bool, bool));

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let families = (any::<bool>(), any::<bool>());
    vec((0..8usize, vec(port(), 1..3), families), 1..4)
}

/// A Service for some labels of one pod.
fn service(snapshot: &Snapshot, (pod, ports, (v4, v6)): Drawn) -> Service {
    let pod = &snapshot.pods[pod % snapshot.pods.len()];
    let labels = pod.labels.iter().take(1 + pod.workload % 2);
    Service {
        selector: labels.map(|(k, v)| (k.clone(), v.clone())).collect(),
        ports,
        kind: "NodePort".into(),
        families: Families { v4: v4 || !v6, v6 },
        ..Service::new(&snapshot.namespaces[pod.namespace].name, "s")
    }
}

/// The pods that a Service selects, of one workload, with the ports that it sends to.
fn sent(snapshot: &Snapshot, service: &Service, workload: usize) -> Vec<(usize, PortSet)> {
    let found = &snapshot.workloads[workload];
    let here = found.namespace == service.namespace && !service.selector.is_empty();
    let pods = found.pods.clone().filter(|_| here);
    let selected = pods.filter(|&at| {
        let labels = &snapshot.pods[at].labels;
        service
            .selector
            .iter()
            .all(|(k, v)| labels.get(k) == Some(v))
    });
    let ports = |at: usize| -> PortSet {
        let to = service.ports.iter().map(|port| match &port.target {
            TargetPort::Number(number) => PortSet::single(port.protocol, *number),
            TargetPort::Name(name) => {
                let declared = snapshot.pods[at].ports.iter();
                let named = declared
                    .filter(|p| p.name.as_ref() == Some(name) && p.protocol == port.protocol);
                named.map(|p| PortSet::single(p.protocol, p.port)).collect()
            }
        });
        to.collect()
    };
    selected.map(|at| (at, ports(at))).collect()
}

/// A route to all ports of a Service.
fn route_to(service: &Service) -> Route {
    Route {
        kind: "HTTPRoute",
        namespace: service.namespace.clone(),
        name: "r".into(),
        service_namespace: service.namespace.clone(),
        service: service.name.clone(),
        port: None,
        protocol: None,
        served_by: ServedBy::default(),
        span: None,
    }
}

/// An address and those beside it, which are in the same blocks where it is a node's or a pod's.
fn with_neighbours(address: std::net::IpAddr) -> Vec<std::net::IpAddr> {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    let beside = |by: i8| match address {
        IpAddr::V4(v4) => {
            let at = u32::from(v4).checked_add_signed(by.into())?;
            Some(IpAddr::V4(Ipv4Addr::from(at)))
        }
        IpAddr::V6(v6) => {
            let at = u128::from(v6).checked_add_signed(by.into())?;
            Some(IpAddr::V6(Ipv6Addr::from(at)))
        }
    };
    [-1, 0, 1].into_iter().filter_map(beside).collect()
}

proptest! {
    #[test]
    fn services_forward_what_the_evaluator_allows(
        cluster in cluster(),
        policies in policies(Leaves::Exact),
        drawn in drawn(),
        extra in new_pods(),
    ) {
        let mut snapshot = with(&cluster, policies);
        prop_assume!(!snapshot.pods.is_empty());
        let services = drawn.into_iter().map(|one| service(&snapshot, one));
        snapshot.services = Arc::new(services.collect());
        let analysis = Analysis::new(&snapshot);
        let traffic = analysis.service_exposure(&analysis.exposure());
        let settled = extra.iter().filter_map(|p| settle(&snapshot, p));
        let settled: Vec<Endpoint> = settled.map(Endpoint::NewPod).collect();
        for (at, service) in snapshot.services.iter().enumerate() {
            for workload in 0..snapshot.workloads.len() {
                let sent = sent(&snapshot, service, workload);
                let wanted: PortSet = sent.iter().map(|(_, ports)| ports.clone()).collect();
                for source in [TrafficSource::Cluster, TrafficSource::Outside] {
                    let is = |o: &&ServiceTraffic| {
                        o.by == By::Service(at) && o.workload == workload && o.source == source
                    };
                    let found = traffic.iter().find(is);
                    prop_assert_eq!(found.map(|o| o.wanted.clone()).unwrap_or_default(), wanted.clone());
                    let Some(found) = found else { continue };
                    let sources: Vec<Endpoint> = match source {
                        TrafficSource::Outside => addresses()
                            .into_iter()
                            .flat_map(with_neighbours)
                            .filter(|a| if a.is_ipv4() { service.families.v4 } else { service.families.v6 })
                            .map(Endpoint::Address)
                            .collect(),
                        _ => (0..snapshot.pods.len()).map(Endpoint::Pod).chain(settled.clone()).collect(),
                    };
                    for p in probes() {
                        let lets = |pod: usize, from: &&Endpoint| {
                            gate_allows(&snapshot, Direction::Ingress, pod, from, p)
                        };
                        let pods = || sent.iter().filter(|(_, ports)| has(ports, p)).map(|(pod, _)| *pod);
                        let others = |pod: usize| sources.iter().filter(move |from| **from != Endpoint::Pod(pod));
                        let all = pods().any(|pod| others(pod).all(|from| lets(pod, &from)));
                        let one = pods().any(|pod| others(pod).any(|from| lets(pod, &from)));
                        prop_assert!(!has(&found.every, p) || all, "{:?} {:?}", found, p);
                        prop_assert!(has(&found.some, p) || !one, "{:?} {:?}", found, p);
                        // There is an address of each kind here.
                        if source == TrafficSource::Outside {
                            prop_assert_eq!((has(&found.every, p), has(&found.some, p)), (all, one));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn routes_forward_what_the_evaluator_allows(
        cluster in prop_oneof![cluster(), cluster().prop_map(|cluster| twinned(&cluster))],
        policies in policies(Leaves::Exact),
        drawn in drawn(),
    ) {
        let mut snapshot = with(&cluster, policies);
        prop_assume!(!snapshot.pods.is_empty());
        let services = drawn.into_iter().enumerate().map(|(at, one)| Service {
            name: format!("s-{at}"),
            ..service(&snapshot, one)
        });
        snapshot.services = Arc::new(services.collect());
        snapshot.routes = snapshot.services.iter().map(route_to).collect();
        let found = reaches(&snapshot);
        for (at, service) in snapshot.services.iter().enumerate() {
            for workload in 0..snapshot.workloads.len() {
                let sent = sent(&snapshot, service, workload).into_iter();
                // A route forwards to declared ports only.
                let sent: Vec<(usize, PortSet)> = sent.map(|(pod, ports)| {
                    let declared = snapshot.pods[pod].ports.iter();
                    let declared = declared.map(|p| PortSet::single(p.protocol, p.port));
                    (pod, ports.intersection(&declared.collect()))
                }).collect();
                let reach = found.iter().find(|r| (r.route, r.workload) == (at, workload));
                let wanted: PortSet = sent.iter().map(|(_, ports)| ports.clone()).collect();
                prop_assert_eq!(reach.map(|r| r.wanted.clone()).unwrap_or_default(), wanted);
                let open = reach.map(|r| r.open.clone()).unwrap_or_default();
                for p in probes() {
                    let is_open = sent.iter().any(|(pod, ports)| {
                        has(ports, p)
                            && gate_allows(&snapshot, Direction::Ingress, *pod, &controller(), p)
                    });
                    prop_assert_eq!(has(&open, p), is_open, "{:?} {:?}", reach, p);
                }
            }
        }
    }
}
