//! What is drawn, pair by pair: which flows (and the DNS that namespaces permit) cover a connection,
//! and which gates the drawing closes. Nothing here looks at what was written.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analysis::{self, Isolation};
use crate::cluster::{HostNetwork, Snapshot};
use crate::intent::snapshot::DocumentSnapshot;
use crate::model::dns::Resolver;
use crate::model::{Base, Document, End, External, FlowId, FlowPort, Network};
use crate::proof::Generated;
use crate::proof::in_force::{InForce, Origin};
use crate::sets::{IpSet, PortSet};

/// One end, as far as a drawing can name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairEnd<'a> {
    /// The workload at this index of the snapshot.
    Workload(usize),
    /// An address outside.
    Address(IpAddr),
    /// What a domain name stands for.
    Domain(&'a str),
}

/// The drawn connections of a Document, over the workloads of its policies in force.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    lines: Vec<Line>,
    closed: Vec<Isolation>,
    flows: bool,
}

/// A flow in force, or permitted DNS.
#[derive(Clone, Debug)]
struct Line {
    flow: Option<FlowId>,
    from: Ends,
    to: Ends,
    ports: Vec<FlowPort>,
    /// Some of it cannot be expressed.
    inexpressible: bool,
}

#[derive(Clone, Debug, Default)]
struct Ends {
    workloads: BTreeSet<usize>,
    addresses: IpSet,
    domains: BTreeSet<String>,
}

impl Drawn {
    /// What is drawn.
    pub fn new(document: &Document, generated: &Generated, in_force: &InForce) -> Self {
        let cluster = &in_force.cluster;
        let inexpressible: BTreeSet<FlowId> = generated
            .losses
            .iter()
            .map(|loss| loss.flow.into())
            .collect();
        let in_effect = document.flows.iter().filter(|(_, flow)| !flow.muted);
        let mut lines: Vec<Line> = in_effect
            .map(|(id, flow)| Line {
                flow: Some(id),
                from: ends(document, cluster, &flow.from),
                to: ends(document, cluster, &flow.to),
                ports: flow.ports.clone(),
                inexpressible: inexpressible.contains(&id),
            })
            .collect();
        lines.extend(dns(document, cluster));
        Self {
            lines,
            closed: closed(document, in_force),
            flows: !document.flows.is_empty(),
        }
    }

    /// Whether any flow is drawn at all.
    pub fn any(&self) -> bool {
        self.flows
    }

    /// The ports that are drawn from one end to another.
    pub fn ports(&self, snapshot: &Snapshot, from: PairEnd, to: PairEnd) -> PortSet {
        self.between(from, to)
            .flat_map(|line| line.ports.iter())
            .map(|port| resolved(snapshot, port, to))
            .collect()
    }

    /// Those of the drawn ports that cannot be expressed, at least for some pods.
    pub fn inexpressible(&self, snapshot: &Snapshot, from: PairEnd, to: PairEnd) -> PortSet {
        self.between(from, to)
            .filter(|line| line.inexpressible)
            .flat_map(|line| line.ports.iter())
            .map(|port| resolved(snapshot, port, to))
            .collect()
    }

    /// The flows that are drawn from one end to another, at these ports.
    pub fn flows(
        &self,
        snapshot: &Snapshot,
        from: PairEnd,
        to: PairEnd,
        at: &PortSet,
    ) -> Vec<FlowId> {
        self.between(from, to)
            .filter(|line| {
                let mut ports = line.ports.iter();
                ports.any(|port| resolved(snapshot, port, to).intersects(at))
            })
            .filter_map(|line| line.flow)
            .collect()
    }

    /// Whether the drawing, or an imported policy, closes one of the two gates, so that nothing but what
    /// is drawn should pass.
    pub fn closes(&self, from: PairEnd, to: PairEnd) -> bool {
        let at = |spot| match spot {
            PairEnd::Workload(at) => self.closed.get(at).copied().unwrap_or_default(),
            PairEnd::Address(_) | PairEnd::Domain(_) => Isolation::default(),
        };
        self.flows && (at(from).egress || at(to).ingress)
    }

    /// What a workload is drawn to reach, by workload.
    pub fn row(&self, snapshot: &Snapshot, from: usize) -> BTreeMap<usize, PortSet> {
        let mut found: BTreeMap<usize, PortSet> = BTreeMap::new();
        let lines = self.lines.iter();
        for line in lines.filter(|line| line.from.workloads.contains(&from)) {
            for &to in &line.to.workloads {
                let ports = (line.ports.iter())
                    .map(|port| resolved(snapshot, port, PairEnd::Workload(to)))
                    .collect();
                let all = found.entry(to).or_default();
                *all = all.union(&ports);
            }
        }
        found
    }

    /// What is drawn to reach a workload, by workload.
    pub fn column(&self, snapshot: &Snapshot, to: usize) -> BTreeMap<usize, PortSet> {
        let mut found: BTreeMap<usize, PortSet> = BTreeMap::new();
        let lines = self.lines.iter();
        for line in lines.filter(|line| line.to.workloads.contains(&to)) {
            let ports: PortSet = (line.ports.iter())
                .map(|port| resolved(snapshot, port, PairEnd::Workload(to)))
                .collect();
            for &from in &line.from.workloads {
                let all = found.entry(from).or_default();
                *all = all.union(&ports);
            }
        }
        found
    }

    fn between<'a>(&'a self, from: PairEnd<'a>, to: PairEnd<'a>) -> impl Iterator<Item = &'a Line> {
        let lines = self.lines.iter();
        lines.filter(move |line| line.from.has(from) && line.to.has(to))
    }
}

impl Ends {
    fn has(&self, spot: PairEnd) -> bool {
        match spot {
            PairEnd::Workload(at) => self.workloads.contains(&at),
            PairEnd::Address(address) => self.addresses.contains(address),
            PairEnd::Domain(name) => self.domains.contains(name),
        }
    }
}

/// The addresses of an external.
pub fn addresses(external: &External) -> IpSet {
    union(&external.networks)
}

fn union(networks: &[Network]) -> IpSet {
    let blocks = networks.iter().map(|n| IpSet::block(n.cidr, &n.except));
    blocks.fold(IpSet::empty(), |all, one| all.union(&one))
}

fn ends(document: &Document, cluster: &DocumentSnapshot, end: &End) -> Ends {
    let workloads = document.workloads_at(end).into_iter();
    let mut found = Ends {
        workloads: workloads
            .filter_map(|id| cluster.index.get(&id).copied())
            .collect(),
        ..Ends::default()
    };
    if let End::External(id) = end
        && let Some(external) = document.externals.get(*id)
    {
        found.addresses = addresses(external);
        found.domains = external.domain_names.iter().cloned().collect();
    }
    found
}

/// The DNS that namespaces permit.
fn dns(document: &Document, cluster: &DocumentSnapshot) -> Option<Line> {
    let resolver = Resolver::of(&document.settings.dns.profile);
    let index = |id| cluster.index.get(&id).copied();
    let clients = document.namespaces.ids().filter(|id| document.dns_of(*id));
    let clients = clients.flat_map(|id| document.workloads_of(id));
    let servers = document.matching(&resolver.namespaces, &resolver.pods);
    let line = Line {
        flow: None,
        from: Ends {
            workloads: clients.filter_map(index).collect(),
            ..Ends::default()
        },
        to: Ends {
            workloads: servers.into_iter().filter_map(index).collect(),
            addresses: union(&resolver.networks),
            ..Ends::default()
        },
        ports: resolver.ports,
        inexpressible: false,
    };
    let empty = line.to.workloads.is_empty() && line.to.addresses.is_empty();
    (!empty).then_some(line)
}

/// Which gates the bases and the imported policies close.
fn closed(document: &Document, in_force: &InForce) -> Vec<Isolation> {
    let cluster = &in_force.cluster;
    let kept = in_force.policies().iter().zip(&in_force.origins);
    let kept = kept.filter(|(_, origin)| matches!(origin, Origin::Imported(_)));
    let kept: Vec<_> = kept.map(|(policy, _)| policy.clone()).collect();
    let mut closed = if kept.is_empty() {
        vec![Isolation::default(); cluster.snapshot.workloads.len()]
    } else {
        let mut snapshot = cluster.snapshot.clone();
        snapshot.policies = kept;
        analysis::isolation(&snapshot)
    };
    let nodes = document.settings.assumptions.host_network == HostNetwork::Nodes;
    for (isolation, id) in closed.iter_mut().zip(&cluster.drawn) {
        let workload = id.and_then(|id| document.workloads.get(id));
        let Some(workload) = workload.filter(|w| !(w.host_network && nodes)) else {
            continue;
        };
        let managed = document.namespaces.get(workload.namespace);
        if managed.is_some_and(|n| n.managed) {
            let base = document.base_of(workload.namespace);
            isolation.ingress |= base != Base::None;
            isolation.egress |= base == Base::DenyAll;
        }
    }
    closed
}

/// The ports that a port item means at a destination; names mean what its pods declare.
pub(crate) fn resolved(snapshot: &Snapshot, port: &FlowPort, to: PairEnd) -> PortSet {
    let FlowPort::Named(protocol, name) = port else {
        return port.numbers().unwrap_or_default();
    };
    let PairEnd::Workload(at) = to else {
        return PortSet::empty();
    };
    let workload = snapshot.workloads.get(at);
    let pods = workload.and_then(|w| snapshot.pods.get(w.pods.clone()));
    let pods = pods.unwrap_or_default().iter();
    pods.map(|pod| snapshot.ports_named(pod, Some(*protocol), name))
        .collect()
}
