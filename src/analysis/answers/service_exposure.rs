//! The traffic that Services and routes send to workloads, and whether policies allow it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::exposure::{Exposure, Gate};
use super::routes;
use super::service_backends::{ServiceBackends, ports_behind};
use crate::analysis::{Analysis, Direction};
use crate::cluster::Service;
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::{Bits, PortSet};

/// The traffic that a Service, or one backend of a route, sends to one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceTraffic {
    /// The Service or route.
    pub by: By,
    /// The sources that are meant.
    pub source: TrafficSource,
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// The target ports of the pods; never empty.
    pub wanted: PortSet,
    /// The target ports allowed for every source.
    pub every: PortSet,
    /// The target ports allowed for some source.
    pub some: PortSet,
    /// The workloads of the ingress controller or Gateway of a route; none: they are not in the input.
    pub controllers: Vec<usize>,
    /// What is allowed that could be that controller, in words.
    pub admitted_by: Vec<String>,
}

/// A Service or a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Index into `Snapshot::services`.
    Service(usize),
    /// Index into `Snapshot::routes`.
    Route(usize),
}

/// The sources of traffic through a Service or a route: every source of that kind, future ones included, where a
/// [`Party`](crate::analysis::Party) is one group of known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrafficSource {
    /// Pods of the cluster, future ones included.
    Cluster,
    /// Addresses outside the cluster. Where a node or a load balancer replaces the source address with its
    /// own, the new address counts.
    Outside,
    /// The ingress controller or a Gateway, whose labels and address are unknown.
    Controller,
}

/// The ports allowed for every source, and for some source.
#[derive(Clone, Default)]
struct LetIn {
    every: PortSet,
    some: PortSet,
}

impl Analysis<'_> {
    /// The traffic of every Service and route, Services first, in their order. ExternalName Services have
    /// no pods and are omitted.
    pub fn service_exposure(&self, exposure: &Exposure) -> Vec<ServiceTraffic> {
        let snapshot = self.snapshot();
        let backends = ServiceBackends::new(snapshot);
        let lines = exposure.lines.iter();
        let lines = lines.filter(|line| line.direction == Direction::Ingress);
        let gates: BTreeMap<usize, usize> = lines.map(|l| (l.workload, l.gate)).collect();
        let mut let_in = LetInCache {
            analysis: self,
            exposure,
            gates,
            known: HashMap::new(),
        };
        let services = snapshot.services.iter().enumerate();
        let services = services.filter(|(_, s)| s.kind != "ExternalName");
        let mut found = Vec::new();
        for (at, service) in services {
            let pods = backends.pods(service);
            let sources = [TrafficSource::Cluster, TrafficSource::Outside].into_iter();
            for source in sources.take(1 + usize::from(service.takes_outside())) {
                let by_workload = let_in.by_workload(service, &pods, source);
                found.extend(
                    by_workload
                        .into_iter()
                        .map(|(workload, sent)| ServiceTraffic {
                            by: By::Service(at),
                            source,
                            workload,
                            wanted: sent.wanted,
                            every: sent.open.every,
                            some: sent.open.some,
                            controllers: Vec::new(),
                            admitted_by: Vec::new(),
                        }),
                );
            }
        }
        found.extend(
            routes::reaches(snapshot)
                .into_iter()
                .map(|reach| ServiceTraffic {
                    by: By::Route(reach.route),
                    source: TrafficSource::Controller,
                    workload: reach.workload,
                    wanted: reach.wanted,
                    every: match reach.admitted_by.is_empty() {
                        true => reach.admitted.clone(),
                        false => reach.open,
                    },
                    some: reach.admitted,
                    controllers: reach.controllers,
                    admitted_by: reach.admitted_by,
                }),
        );
        found
    }
}

/// The target ports of a Service at one workload, and those that are allowed.
#[derive(Default)]
struct Sent {
    wanted: PortSet,
    open: LetIn,
}

/// Computes the allowed ports of classes of pods, each once.
struct LetInCache<'a, 'b> {
    analysis: &'a Analysis<'b>,
    exposure: &'a Exposure<'a>,
    /// The ingress gate of each workload.
    gates: BTreeMap<usize, usize>,
    /// By class and gate, source, and families of addresses.
    known: HashMap<(usize, usize, TrafficSource, bool, bool), LetIn>,
}

impl LetInCache<'_, '_> {
    /// The traffic of a Service to the workloads of these pods.
    fn by_workload(
        &mut self,
        service: &Service,
        pods: &[usize],
        source: TrafficSource,
    ) -> BTreeMap<usize, Sent> {
        let snapshot = self.analysis.snapshot();
        let mut found: BTreeMap<usize, Sent> = BTreeMap::new();
        for &pod in pods {
            let own = &snapshot.pods[pod];
            let ports = service.ports.iter();
            let wanted: PortSet = ports
                .map(|p| ports_behind(service, p, own, false))
                .collect();
            let Some(&gate) = self.gates.get(&own.workload) else {
                continue;
            };
            let open = self.let_in(pod, gate, source, service);
            let sent = found.entry(own.workload).or_default();
            sent.wanted = sent.wanted.union(&wanted);
            sent.open.every = sent.open.every.union(&open.every.intersection(&wanted));
            sent.open.some = sent.open.some.union(&open.some.intersection(&wanted));
        }
        found.retain(|_, sent| !sent.wanted.is_empty());
        found
    }

    fn let_in(
        &mut self,
        pod: usize,
        gate: usize,
        source: TrafficSource,
        service: &Service,
    ) -> LetIn {
        let universe = self.analysis.universe();
        let class = universe.class_of[pod] as usize;
        let families = service.families;
        let key = (class, gate, source, families.v4, families.v6);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = match source {
            TrafficSource::Outside => {
                let (v4, v6) = universe.family_points();
                let mut points = Bits::empty();
                for range in [families.v4.then_some(v4), families.v6.then_some(v6)] {
                    let Range { start, end } = range.unwrap_or_default();
                    points.insert_range(start, end);
                }
                self.towards(class, &points)
            }
            TrafficSource::Cluster | TrafficSource::Controller => {
                let known = self.towards(class, &Bits::full(universe.classes.len()));
                let none = Gate::default();
                let gate = self.exposure.gates.get(gate).unwrap_or(&none);
                let ports = |list: &[super::exposure::Exposed]| -> Vec<PortSet> {
                    let each = list.iter().map(|e| self.exposure.ports(e.ports).clone());
                    each.collect()
                };
                let usual = &gate.everyone.numbers;
                let less = ports(&gate.except).into_iter();
                let every = less.fold(usual.clone(), |all, left| all.intersection(&left));
                let more = ports(&gate.some).into_iter();
                let some = more.fold(usual.clone(), |all, more| all.union(&more));
                LetIn {
                    every: known.every.intersection(&every),
                    some: known.some.union(&some),
                }
            }
        };
        self.known.insert(key, found.clone());
        found
    }

    /// The ports that a class allows for all of these points, and for some of them.
    fn towards(&self, class: usize, points: &Bits) -> LetIn {
        let cells = &self.analysis.ingress(class).cells;
        let of = |counts: &dyn Fn(&Bits) -> bool| -> PortSet {
            let open = cells.iter().filter(|(_, peers)| counts(peers));
            open.map(|(ports, _)| ports.clone()).collect()
        };
        LetIn {
            every: of(&|peers| points.is_subset(peers)),
            some: of(&|peers| points.intersects(peers)),
        }
    }
}
