//! The drawn connections, pair by pair: the flows (and the DNS that namespaces permit) that cover a
//! connection, and whether it is intended, as in the proof.

use crate::policy::{Approximation, Entity, Loss, Network, Wider};
use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::oracle::{Probe, probe};
use crate::analysis::{self, Endpoint, Isolation, NewPod};
use crate::cluster::{NAMESPACE_NAME_LABEL, PodAddresses, Snapshot};
use crate::diag::Severity;
use crate::intent::gates::{self, Bound};
use crate::intent::snapshot::DocumentSnapshot;
use crate::model::dns::Resolver;
use crate::model::validate::addresses_of;
use crate::model::{Base, Document, End, Flow, FlowId, FlowPort, Group, WorkloadId};
use crate::policy::Direction;
use crate::proof::Generated;
use crate::proof::in_force::InForce;
use crate::sets::{DomainPattern, IpSet, PortSet};

#[cfg(test)]
mod tests;

/// The drawn connections of a document, over the workloads of its snapshot.
#[derive(Clone, Debug, Default)]
pub struct DrawnConnections {
    lines: Vec<Line>,
    /// What flows allow in a wider form.
    wider: Vec<Line>,
    /// The flows that deny.
    denied: Vec<Line>,
    /// The snapshot with the intents in place of the policies in force.
    intended: Snapshot,
    flows: bool,
}

/// A flow in force, or permitted DNS.
#[derive(Clone, Debug)]
struct Line {
    flow: Option<FlowId>,
    from: Ends,
    to: Ends,
    ports: Vec<FlowPort>,
    expressed: Expressed,
}

/// How much of a line the dialect expresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expressed {
    Whole,
    /// Some of it cannot be expressed.
    InPart,
    /// It is allowed in a wider form.
    Wider,
}

#[derive(Clone, Debug, Default)]
struct Ends {
    workloads: BTreeSet<usize>,
    addresses: IpSet,
    /// Those of them that are written as networks, which nodes are in as well.
    networks: IpSet,
    domains: BTreeSet<String>,
    entities: BTreeSet<Entity>,
    future: Option<FuturePods>,
}

/// Pods that the document does not have and an end of a flow selects.
#[derive(Clone, Debug)]
enum FuturePods {
    All,
    /// Those of a namespace.
    Namespace(String),
    Group(Box<Group>),
}

impl DrawnConnections {
    /// Collects the drawn connections.
    pub fn new(document: &Document, generated: &Generated, in_force: &InForce) -> Self {
        let cluster = &in_force.cluster;
        let lost = generated.losses.iter().map(|loss| loss.flow);
        let lost: BTreeSet<FlowId> = lost.map(FlowId::from).collect();
        let approximated = generated.approximations.iter().map(|one| one.flow);
        let approximated: BTreeSet<FlowId> = approximated.map(FlowId::from).collect();
        let in_effect = document.flows.iter().filter(|(_, flow)| !flow.muted);
        let (denying, allowing): (Vec<_>, Vec<_>) = in_effect.partition(|(_, flow)| flow.denies);
        let line = |(id, flow): (FlowId, &Flow)| Line {
            flow: Some(id),
            from: ends(document, cluster, &flow.from),
            to: ends(document, cluster, &flow.to),
            ports: flow.ports.clone(),
            expressed: match () {
                () if lost.contains(&id) => Expressed::InPart,
                () if approximated.contains(&id) => Expressed::Wider,
                () => Expressed::Whole,
            },
        };
        let mut lines: Vec<Line> = allowing.into_iter().map(line).collect();
        let wider = wider(document, generated, cluster, &lines);
        // What the dialect cannot deny is denied all the same: only what is invalid is not.
        let denies = |flow: FlowId| document.flows.get(flow).is_some_and(|flow| flow.denies);
        let losses = generated.losses.iter();
        let losses: Vec<Loss> = losses
            .filter(|loss| loss.severity == Severity::Error && denies(loss.flow.into()))
            .cloned()
            .collect();
        let is_valid = |id: &FlowId| !losses.iter().any(|loss| loss.flow == (*id).into());
        let denied = denying.into_iter().filter(|(id, _)| is_valid(id));
        let denied = denied.map(line).collect();
        let imported = in_force.imported();
        let mut intents = gates::intents(document, &imported, &losses, Bound::Upper);
        intents.extend(gates::without_wider_forms(document));
        let intended = cluster.intended(&intents);
        lines.extend(dns(document, cluster, &analysis::isolation(&intended)));
        Self {
            lines,
            wider,
            denied,
            intended,
            flows: !document.flows.is_empty(),
        }
    }

    /// Whether any flow is drawn at all.
    pub fn any(&self) -> bool {
        self.flows
    }

    /// The ports that are drawn from one end to another.
    pub fn ports(&self, snapshot: &Snapshot, from: &Endpoint, to: &Endpoint) -> PortSet {
        let workload = workload_of(snapshot, to);
        let drawn: PortSet = between(&self.lines, snapshot, from, to)
            .flat_map(|line| line.ports.iter())
            .map(|port| resolved(snapshot, port, workload))
            .collect();
        drawn.difference(&self.denied(snapshot, from, to))
    }

    /// The ports that are denied by drawn flows from one end to another.
    pub fn denied(&self, snapshot: &Snapshot, from: &Endpoint, to: &Endpoint) -> PortSet {
        let workload = workload_of(snapshot, to);
        between(&self.denied, snapshot, from, to)
            .flat_map(|line| line.ports.iter())
            .map(|port| resolved(snapshot, port, workload))
            .collect()
    }

    /// Those of the drawn ports that cannot be expressed, at least for some pods.
    pub fn inexpressible(&self, snapshot: &Snapshot, from: &Endpoint, to: &Endpoint) -> PortSet {
        let workload = workload_of(snapshot, to);
        between(&self.lines, snapshot, from, to)
            .filter(|line| line.expressed == Expressed::InPart)
            .flat_map(|line| line.ports.iter())
            .map(|port| resolved(snapshot, port, workload))
            .collect()
    }

    /// Those of the allowed ports that are allowed in a wider form and by no flow that is expressed in full. Of a domain
    /// name all: addresses are allowed in its place.
    pub fn approximated(
        &self,
        snapshot: &Snapshot,
        from: &Endpoint,
        to: &Endpoint,
        allowed: &PortSet,
    ) -> PortSet {
        let workload = workload_of(snapshot, to);
        let ports = |line: &Line| -> PortSet {
            let ports = line.ports.iter();
            ports
                .map(|port| resolved(snapshot, port, workload))
                .collect()
        };
        let united = |all: PortSet, line: &Line| all.union(&ports(line));
        let wider = between(&self.wider, snapshot, from, to).fold(PortSet::empty(), united);
        if wider.is_empty() {
            return wider;
        }
        let whole = between(&self.lines, snapshot, from, to);
        let whole = whole.filter(|line| line.expressed == Expressed::Whole);
        let wider = wider.difference(&whole.fold(PortSet::empty(), united));
        match to {
            Endpoint::Domain(_) => wider,
            _ => wider.intersection(allowed),
        }
    }

    /// The flows that are drawn from one end to another, or allow it in a wider form, at these ports.
    pub fn flows(
        &self,
        snapshot: &Snapshot,
        from: &Endpoint,
        to: &Endpoint,
        at: &PortSet,
    ) -> Vec<FlowId> {
        let workload = workload_of(snapshot, to);
        let drawn = between(&self.lines, snapshot, from, to);
        let flows = drawn
            .chain(between(&self.wider, snapshot, from, to))
            .filter(|line| {
                let mut ports = line.ports.iter();
                ports.any(|port| resolved(snapshot, port, workload).intersects(at))
            })
            .filter_map(|line| line.flow);
        let mut found: Vec<FlowId> = Vec::new();
        for flow in flows {
            if !found.contains(&flow) {
                found.push(flow);
            }
        }
        found
    }

    /// The snapshot with the intents in force; none without any flow.
    pub fn intended(&self) -> Option<&Snapshot> {
        self.flows.then_some(&self.intended)
    }

    /// Whether the document intends a connection: both gates are open, or a flow or DNS allows it.
    pub fn expects(&self, from: &Endpoint, to: &Endpoint, port: Probe) -> bool {
        probe(&self.intended, from, to, port).allowed
    }

    /// What a workload is drawn to reach, by workload.
    pub fn row(&self, snapshot: &Snapshot, from: usize) -> BTreeMap<usize, PortSet> {
        let of = |lines: &[Line]| {
            let lines = lines.iter();
            let lines = lines.filter(|line| line.from.workloads.contains(&from));
            by_workload(lines.flat_map(|line| {
                let all = line.to.workloads.iter();
                all.map(|&to| (to, line.ports_at(snapshot, to)))
            }))
        };
        without(of(&self.lines), &of(&self.denied))
    }

    /// What is drawn to reach a workload, by workload.
    pub fn column(&self, snapshot: &Snapshot, to: usize) -> BTreeMap<usize, PortSet> {
        let of = |lines: &[Line]| {
            let lines = lines.iter();
            let lines = lines.filter(|line| line.to.workloads.contains(&to));
            by_workload(lines.flat_map(|line| {
                let ports = line.ports_at(snapshot, to);
                let all = line.from.workloads.iter();
                all.map(move |&from| (from, ports.clone()))
            }))
        };
        without(of(&self.lines), &of(&self.denied))
    }
}

impl Line {
    /// Its ports at a workload.
    fn ports_at(&self, snapshot: &Snapshot, to: usize) -> PortSet {
        let ports = self.ports.iter();
        ports
            .map(|port| resolved(snapshot, port, Some(to)))
            .collect()
    }
}

/// The lines from one end to another.
fn between<'a>(
    lines: &'a [Line],
    snapshot: &'a Snapshot,
    from: &'a Endpoint,
    to: &'a Endpoint,
) -> impl Iterator<Item = &'a Line> {
    let lines = lines.iter();
    lines.filter(move |line| line.from.has(snapshot, from) && line.to.has(snapshot, to))
}

/// The ports of each workload, united.
fn by_workload(all: impl Iterator<Item = (usize, PortSet)>) -> BTreeMap<usize, PortSet> {
    let mut found: BTreeMap<usize, PortSet> = BTreeMap::new();
    for (workload, ports) in all {
        let known = found.entry(workload).or_default();
        *known = known.union(&ports);
    }
    found
}

/// Some ports without others; workloads without ports are left out only where something was denied.
fn without(
    mut found: BTreeMap<usize, PortSet>,
    denied: &BTreeMap<usize, PortSet>,
) -> BTreeMap<usize, PortSet> {
    for (workload, ports) in denied {
        if let Some(all) = found.get_mut(workload) {
            *all = all.difference(ports);
        }
    }
    found.retain(|workload, ports| !ports.is_empty() || !denied.contains_key(workload));
    found
}

impl Ends {
    fn has(&self, snapshot: &Snapshot, end: &Endpoint) -> bool {
        match end {
            Endpoint::Pod(_) => {
                let workload = workload_of(snapshot, end);
                workload.is_some_and(|at| self.workloads.contains(&at))
            }
            Endpoint::Address(address) => self.addresses.contains(*address),
            Endpoint::Domain(name) => {
                let is = |pattern: &String| match pattern.contains('*') {
                    true => pattern == name || DomainPattern::subdomains(pattern).matches(name),
                    false => pattern == name,
                };
                self.domains.iter().any(is)
            }
            Endpoint::Entity(entity) => self.entities.contains(entity),
            Endpoint::NewPod(pod) => {
                let future = self.future.as_ref();
                future.is_some_and(|future| future.have(snapshot, pod))
            }
            Endpoint::Node(_) => self.entities.contains(&Entity::RemoteNode),
            Endpoint::NodeAddress(_, address) => {
                self.entities.contains(&Entity::RemoteNode) || self.networks.contains(*address)
            }
        }
    }
}

impl FuturePods {
    fn of(document: &Document, end: &End) -> Option<Self> {
        match end {
            End::AnyPod => Some(Self::All),
            End::AnyPodOf(id) => {
                let namespace = document.namespaces.get(*id)?;
                Some(Self::Namespace(namespace.name.clone()))
            }
            End::Group(id) => Some(Self::Group(Box::new(document.groups.get(*id)?.clone()))),
            End::Workload(_) | End::External(_) | End::Node(_) | End::Missing(_) => None,
        }
    }

    fn have(&self, snapshot: &Snapshot, pod: &NewPod) -> bool {
        let declared = pod.namespace.and_then(|at| snapshot.namespaces.get(at));
        match self {
            Self::All => true,
            Self::Namespace(name) => match declared {
                Some(declared) => declared.name == *name,
                None => pod.namespace_labels.get(NAMESPACE_NAME_LABEL) == Some(name),
            },
            Self::Group(group) => {
                group.namespaces.matches(&pod.namespace_labels)
                    && group.pods.matches(&pod.labels)
                    && (group.accounts).has(pod.service_account.as_deref().unwrap_or("default"))
            }
        }
    }
}

fn ends(document: &Document, cluster: &DocumentSnapshot, end: &End) -> Ends {
    let index = |id: &WorkloadId| cluster.index.get(id).copied();
    let mut found = Ends::default();
    let external = match end {
        End::External(id) => match document.externals.get(*id) {
            Some(external) => external,
            None => return found,
        },
        End::Workload(id) => {
            found.workloads.extend(index(id));
            return found;
        }
        End::Node(_) => {
            found.addresses = document.addresses_at(end);
            found.networks = found.addresses.clone();
            found.workloads = with_addresses(document, cluster, &found.addresses);
            return found;
        }
        _ => {
            let workloads = document.workloads_at(end).into_iter();
            let workloads = workloads.filter(|id| !is_node(document, *id));
            found.workloads = workloads.filter_map(|id| index(&id)).collect();
            found.future = FuturePods::of(document, end);
            return found;
        }
    };
    found.addresses = external.addresses();
    found.domains = external.domain_names.iter().cloned().collect();
    found.entities = external.opaque_entities().into_iter().collect();
    if matches!(external.entity, Some(Entity::RemoteNode | Entity::Cluster)) {
        found.entities.insert(Entity::RemoteNode);
    }
    found.networks = addresses_of(&external.networks);
    // All addresses of a family are what is outside.
    let narrower = external.networks.iter().filter(|n| !n.is_whole_family());
    let narrower = addresses_of(narrower);
    found.workloads = with_addresses(document, cluster, &narrower);
    let members = document.workloads_at(end);
    found.workloads.extend(members.iter().filter_map(index));
    found
}

/// What flows allow in the wider forms that are written: from the sources of their lines to the same ends, or to the domain
/// names and all addresses in their place.
fn wider(
    document: &Document,
    generated: &Generated,
    cluster: &DocumentSnapshot,
    lines: &[Line],
) -> Vec<Line> {
    let outside = || {
        let networks = addresses_of(&Network::outside());
        Ends {
            workloads: with_addresses(document, cluster, &networks),
            addresses: networks.clone(),
            networks,
            ..Ends::default()
        }
    };
    let form = |one: &Approximation| {
        let of_flow = |line: &&Line| line.flow == Some(one.flow.into());
        let mut line = lines.iter().find(of_flow)?.clone();
        if one.form.wider == Wider::AnyAddress {
            line.to = Ends {
                domains: line.to.domains,
                ..outside()
            };
        }
        Some(line)
    };
    generated.approximations.iter().filter_map(form).collect()
}

/// Whether its pods count as nodes, which no selector matches.
fn is_node(document: &Document, id: WorkloadId) -> bool {
    let workload = document.workloads.get(id);
    workload.is_some_and(|workload| document.counts_as_node(workload))
}

/// The workloads whose addresses count, and are among these.
fn with_addresses(document: &Document, cluster: &DocumentSnapshot, set: &IpSet) -> BTreeSet<usize> {
    if document.settings.judged().pod_addresses != PodAddresses::Known {
        return BTreeSet::new();
    }
    let workloads = document.workloads.iter();
    let among = workloads.filter(|(id, w)| {
        !is_node(document, *id) && w.addresses.iter().any(|address| set.contains(*address))
    });
    let among = among.filter_map(|(id, _)| cluster.index.get(&id).copied());
    among.collect()
}

/// The DNS that namespaces permit, at gates that the document isolates or that nothing isolates.
fn dns(document: &Document, cluster: &DocumentSnapshot, isolation: &[Isolation]) -> Option<Line> {
    let resolver = Resolver::of(&document.settings.dns.profile);
    // In which directions the document isolates a workload.
    let own = |id: WorkloadId| {
        let workload = document.workloads.get(id)?;
        let namespace = document.namespaces.get(workload.namespace)?;
        let base = document.base_of(workload.namespace);
        let ingress = matches!(base, Base::DenyAll | Base::DenyIngress);
        let egress = matches!(base, Base::DenyAll | Base::DenyEgress);
        Some(Isolation {
            ingress: namespace.managed && (ingress || workload.isolate.has(Direction::Ingress)),
            egress: namespace.managed && (egress || workload.isolate.has(Direction::Egress)),
        })
    };
    let isolated = |at: usize| isolation.get(at).copied().unwrap_or_default();
    let index = |id: WorkloadId| Some((cluster.index.get(&id).copied()?, own(id)?));
    let clients = document.namespaces.ids().filter(|id| document.dns_of(*id));
    let clients = clients.flat_map(|id| document.workloads_of(id));
    let clients = clients
        .filter(|id| !is_node(document, *id))
        .filter_map(index);
    let clients = clients.filter(|(at, own)| own.egress || !isolated(*at).egress);
    let servers = document
        .matching(&resolver.namespaces, &resolver.pods)
        .into_iter();
    let servers = servers
        .filter(|id| !is_node(document, *id))
        .filter_map(index);
    let servers = servers.filter(|(at, own)| own.ingress || !isolated(*at).ingress);
    let line = Line {
        flow: None,
        from: Ends {
            workloads: clients.map(|(at, _)| at).collect(),
            ..Ends::default()
        },
        to: Ends {
            workloads: servers.map(|(at, _)| at).collect(),
            addresses: addresses_of(&resolver.networks),
            ..Ends::default()
        },
        ports: resolver.ports,
        expressed: Expressed::Whole,
    };
    let empty = line.to.workloads.is_empty() && line.to.addresses.is_empty();
    (!empty).then_some(line)
}

/// The workload of an end that is a pod.
fn workload_of(snapshot: &Snapshot, end: &Endpoint) -> Option<usize> {
    match end {
        Endpoint::Pod(at) => snapshot.pods.get(*at).map(|pod| pod.workload),
        _ => None,
    }
}

/// The ports that a port item means at a workload, or at another destination; names mean what its pods
/// declare.
fn resolved(snapshot: &Snapshot, port: &FlowPort, to: Option<usize>) -> PortSet {
    let FlowPort::Named(protocol, name) = port else {
        return port.numbers().unwrap_or_default();
    };
    let workload = to.and_then(|at| snapshot.workloads.get(at));
    let pods = workload.and_then(|w| snapshot.pods.get(w.pods.clone()));
    let pods = pods.unwrap_or_default().iter();
    pods.map(|pod| snapshot.ports_named(pod, Some(*protocol), name))
        .collect()
}
