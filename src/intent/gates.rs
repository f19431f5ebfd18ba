//! The intent: what every gate should allow, as policies. Computed from the document and its imported
//! policies alone, never from planned or generated ones, so that the proof is independent of them.
//!
//! Default denies isolate the pods of managed namespaces, `isolate` those of single workloads and groups there,
//! imported policies those that they select. Each drawn flow and each permitted DNS connection is allowed
//! at both of its gates (a flow with `half` at that one), for every pod of its ends. Only a listed
//! [`Loss`] is subtracted, and only the wider form of a flow that the user accepts is added.

mod policies;
mod wider;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::future_pods::own_selector;
use super::snapshot::DocumentSnapshot;
use crate::cluster::{Assumptions, ContainerPort, HostNetwork, PodAddresses, Snapshot};
use crate::diag::Severity;
use crate::model::dns::Resolver;
use crate::model::{
    Base, Document, End, Flow, FlowId, FlowPort, Group, NamespaceId, Network, Workload, WorkloadId,
};
use crate::policy::{
    Accounts, Action, Combine, Direction, Entity, FlowKey, Loss, Part, Peer, Policy, Tier,
    WorkloadKey,
};
use crate::sets::{DomainPattern, IpSet, Selector};
pub(crate) use wider::{approximations, forms, without_wider_forms};

use policies::{allowance, closed_side, decision, denied_side, empty, isolation_of};

/// One intended policy, and why it is intended.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) policy: Arc<Policy>,
    pub(crate) reason: Reason,
}

/// Why something is intended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Isolation, by a default deny, by the workload itself or by an imported policy.
    Closed,
    /// A drawn flow.
    Flow(FlowId),
    /// DNS that is permitted and needs a policy, because the document isolates that gate.
    Dns,
    /// DNS that is permitted where the document does not isolate the gate: allowed, but no policy is needed.
    DnsPermitted,
}

/// Bounds of the intent: known pods of a workload must be allowed; future pods that match its selector, and
/// DNS that needs no policy, may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// What must be allowed.
    Lower,
    /// What may be allowed.
    Upper,
    /// What may be allowed, with what the dialect cannot express of flows that allow: imported policies may allow it.
    Drawn,
}

impl DocumentSnapshot {
    /// The cluster with these intents in force, in one tier.
    pub(crate) fn intended(&self, intents: &[Intent]) -> Snapshot {
        let mut snapshot = self.snapshot.clone();
        snapshot.tiers = vec![Tier {
            name: "Intent".to_owned(),
            combine: Combine::DenyOverAccept,
        }];
        snapshot.policies = intents.iter().map(|i| Arc::clone(&i.policy)).collect();
        snapshot
    }
}

/// Everything that is intended, without what is listed in `losses`.
pub(crate) fn intents(
    document: &Document,
    imported: &[&Policy],
    losses: &[Loss],
    bound: Bound,
) -> Vec<Intent> {
    Intents::default().of(document, imported, losses, bound)
}

/// The last intents of a document, for reuse. What is computed anew and is the same shares its policies, so
/// that a comparison of the two is cheap.
#[derive(Debug, Default)]
pub(crate) struct Intents {
    /// For each bound.
    last: [Last; 3],
}

#[derive(Debug, Default)]
struct Last {
    document: Document,
    without_flows: Vec<Intent>,
    flows: BTreeMap<FlowId, OfFlow>,
}

/// What one flow intends, and what that was computed from.
#[derive(Debug)]
struct OfFlow {
    flow: Arc<Flow>,
    exceptions: Vec<Part>,
    intents: Vec<Intent>,
}

impl Intents {
    /// Everything that is intended, without what is listed in `losses`.
    pub(crate) fn of(
        &mut self,
        document: &Document,
        imported: &[&Policy],
        losses: &[Loss],
        bound: Bound,
    ) -> Vec<Intent> {
        let intended = Intended { document, bound };
        let last = &mut self.last[bound as usize];
        // The workloads that changed, if nothing else did that intents of flows are computed from.
        let changed = last.document.changed_workloads(document);
        last.document = document.clone();
        if changed
            .as_ref()
            .is_none_or(|workloads| !workloads.is_empty())
        {
            let known = std::mem::take(&mut last.without_flows);
            last.without_flows = shared(intended.without_flows(imported), known);
        }
        let mut exceptions: BTreeMap<FlowKey, Vec<&Part>> = BTreeMap::new();
        for loss in losses.iter().filter(|loss| intended.is_exception(loss)) {
            exceptions.entry(loss.flow).or_default().push(&loss.part);
        }
        let mut intents = last.without_flows.clone();
        let mut known = std::mem::take(&mut last.flows);
        for (id, flow) in document.flows.iter_shared().filter(|(_, flow)| !flow.muted) {
            let exceptions = exceptions.get(&id.into()).map_or(&[][..], Vec::as_slice);
            let of_flow = match known.remove(&id) {
                Some(known) if known.is_of(flow, exceptions, changed.as_ref()) => known,
                known => OfFlow {
                    flow: Arc::clone(flow),
                    exceptions: exceptions.iter().copied().cloned().collect(),
                    intents: shared(
                        intended.flow(id, flow, exceptions),
                        known.map_or(Vec::new(), |known| known.intents),
                    ),
                },
            };
            intents.extend_from_slice(&of_flow.intents);
            last.flows.insert(id, of_flow);
        }
        intents
    }
}

/// Whether what is lost is drawn as allowed, and only the dialect cannot express it.
pub(crate) fn is_inexpressible(document: &Document, loss: &Loss) -> bool {
    let flow = document.flows.get(loss.flow.into());
    loss.severity != Severity::Error && flow.is_some_and(|flow| !flow.denies)
}

/// What flows deny, where a part of it is left out of the policies: all of it but what is invalid.
pub(crate) fn denials_left_out(document: &Document, losses: &[Loss]) -> Vec<Intent> {
    let bound = Bound::Upper;
    let intended = Intended { document, bound };
    let flows = document.flows.iter();
    let denials = flows.filter(|(_, flow)| flow.denies && !flow.muted);
    let one = |(id, flow): (FlowId, &Flow)| {
        let of_flow = losses.iter().filter(move |loss| loss.flow == id.into());
        let (invalid, lost): (Vec<&Loss>, Vec<&Loss>) =
            of_flow.partition(|loss| loss.severity == Severity::Error);
        let invalid: Vec<&Part> = invalid.iter().map(|loss| &loss.part).collect();
        match lost.is_empty() {
            true => Vec::new(),
            false => intended.flow(id, flow, &invalid),
        }
    };
    denials.flat_map(one).collect()
}

impl OfFlow {
    /// Whether it is of this flow, as nothing but these workloads has changed since.
    fn is_of(
        &self,
        flow: &Arc<Flow>,
        exceptions: &[&Part],
        changed: Option<&BTreeSet<WorkloadId>>,
    ) -> bool {
        let ends = [&flow.from, &flow.to]
            .into_iter()
            .filter_map(|end| match end {
                End::Workload(id) => Some(*id),
                _ => None,
            });
        let left_out = exceptions.iter().filter_map(|part| match part {
            Part::Subject(_, key, _) => Some(WorkloadId::from(*key)),
            _ => None,
        });
        Arc::ptr_eq(&self.flow, flow)
            && self.exceptions.iter().eq(exceptions.iter().copied())
            && changed.is_some_and(|changed| {
                ends.chain(left_out)
                    .all(|workload| !changed.contains(&workload))
            })
    }
}

/// The new intents, with the known policies where they are equal.
fn shared(mut new: Vec<Intent>, known: Vec<Intent>) -> Vec<Intent> {
    for (new, known) in new.iter_mut().zip(known) {
        if new.policy == known.policy {
            new.policy = known.policy;
        }
    }
    new
}

struct Intended<'a> {
    document: &'a Document,
    bound: Bound,
}

impl Intended<'_> {
    /// Default denies, DNS, and what imported policies isolate.
    fn without_flows(&self, imported: &[&Policy]) -> Vec<Intent> {
        let mut intents = Vec::new();
        for namespace in self.document.namespaces.ids() {
            intents.extend(self.base(namespace));
            intents.extend(self.dns(namespace));
        }
        for (id, workload) in self.document.workloads.iter() {
            intents.extend(self.workload_alone(id, workload));
        }
        for (_, group) in self.document.groups.iter() {
            intents.extend(self.group_alone(group));
        }
        intents.extend(imported.iter().map(|policy| Intent {
            policy: isolation_of(policy).into(),
            reason: Reason::Closed,
        }));
        if self.bound == Bound::Lower {
            intents.retain(|intent| intent.reason != Reason::DnsPermitted);
            intents.extend(self.isolated_alike(imported));
        }
        intents
    }

    /// Which of the future pods of a workload are isolated, where it is, and what is allowed to them, is open:
    /// nothing has to be.
    fn isolated_alike(&self, imported: &[&Policy]) -> Vec<Intent> {
        let document = self.document;
        let by_group = |workload: &Workload, direction| {
            let labels = document.namespace_labels(workload.namespace);
            let mut groups = document.groups.iter().map(|(_, group)| group);
            groups.any(|group| {
                group.isolate.has(direction)
                    && group.namespaces.matches(&labels)
                    && group.has_pods_of(workload)
            })
        };
        let by_import = |workload: &Workload, direction| {
            let home = document.namespaces.get(workload.namespace);
            imported.iter().any(|policy| {
                policy.side(direction).is_some_and(|side| side.isolates)
                    && policy.selected_pods().is_some_and(|(name, pods)| {
                        home.is_some_and(|n| n.name == name) && pods.matches(&workload.labels)
                    })
            })
        };
        let isolated = |workload: &Workload, direction| {
            let managed = document
                .namespaces
                .get(workload.namespace)
                .is_some_and(|n| n.managed);
            managed && (workload.isolate.has(direction) || by_group(workload, direction))
                || by_import(workload, direction)
        };
        let mut found = Vec::new();
        for (_, workload) in document.workloads.iter() {
            let here = |d| !self.default_denies(workload.namespace, d) && isolated(workload, d);
            let [ingress, egress] = Direction::BOTH.map(here);
            if let Some(alike) = self.alike(workload).filter(|_| ingress || egress) {
                found.push(Intent {
                    policy: Arc::new(Policy {
                        ingress: ingress.then(denied_side),
                        egress: egress.then(denied_side),
                        ..empty(self.pods(alike))
                    }),
                    reason: Reason::Closed,
                });
            }
        }
        found
    }

    /// Whether the namespace's default deny isolates its pods in a direction.
    fn default_denies(&self, id: NamespaceId, direction: Direction) -> bool {
        let managed = self.document.namespaces.get(id).is_some_and(|n| n.managed);
        managed
            && match self.document.base_of(id) {
                Base::DenyAll => true,
                Base::DenyIngress => direction == Direction::Ingress,
                Base::DenyEgress => direction == Direction::Egress,
                Base::None => false,
            }
    }

    fn base(&self, namespace: NamespaceId) -> Option<Intent> {
        let closes = |d| self.default_denies(namespace, d).then(closed_side);
        let (ingress, egress) = (closes(Direction::Ingress), closes(Direction::Egress));
        (ingress.is_some() || egress.is_some()).then(|| Intent {
            policy: Arc::new(Policy {
                ingress,
                egress,
                ..empty(self.pods(self.in_namespace(namespace)))
            }),
            reason: Reason::Closed,
        })
    }

    /// Isolation of a workload by itself, and the DNS that needs a policy because of it.
    fn workload_alone(&self, id: WorkloadId, workload: &Workload) -> Vec<Intent> {
        let home = workload.namespace;
        let managed = (self.document.namespaces.get(home)).is_some_and(|n| n.managed);
        let isolates = |d| managed && workload.isolate.has(d) && !self.default_denies(home, d);
        let [ingress, egress] = Direction::BOTH.map(isolates);
        if !ingress && !egress {
            return Vec::new();
        }
        let mut intents = vec![Intent {
            policy: Arc::new(Policy {
                ingress: ingress.then(closed_side),
                egress: egress.then(closed_side),
                ..empty(self.pods(self.known(id)))
            }),
            reason: Reason::Closed,
        }];
        let resolver = Resolver::of(&self.document.settings.dns.profile);
        let mut dns = |direction, peer| {
            let subject = self.pods(self.known(id));
            intents.push(Intent {
                policy: allowance(direction, subject, peer, &resolver.ports).into(),
                reason: Reason::Dns,
            });
        };
        if egress && self.document.dns_of(home) {
            dns(Direction::Egress, self.dns_servers(&resolver));
        }
        let labels = self.document.namespace_labels(home);
        let serves =
            resolver.namespaces.matches(&labels) && resolver.pods.matches(&workload.labels);
        if ingress && serves {
            dns(Direction::Ingress, self.dns_clients());
        }
        intents
    }

    /// Isolation of a group: of the pods that match it in the managed namespaces, future pods included. And the DNS
    /// that needs a policy because of it.
    fn group_alone(&self, group: &Group) -> Vec<Intent> {
        let document = self.document;
        let isolates = |d| group.isolate.has(d).then(closed_side);
        let (ingress, egress) = (isolates(Direction::Ingress), isolates(Direction::Egress));
        let managed = document.namespaces.iter().filter(|(id, namespace)| {
            namespace.managed && group.namespaces.matches(&document.namespace_labels(*id))
        });
        let subject = Peer::All(vec![
            Peer::AnyOf(managed.map(|(id, _)| self.in_namespace(id)).collect()),
            within_namespaces(&group.pods, &group.accounts),
        ]);
        if ingress.is_none() && egress.is_none() {
            return Vec::new();
        }
        let resolving = document.namespaces.iter().filter(|(id, namespace)| {
            egress.is_some()
                && namespace.managed
                && group.namespaces.matches(&document.namespace_labels(*id))
                && !self.default_denies(*id, Direction::Egress)
                && document.dns_of(*id)
        });
        let resolving: Vec<Peer> = resolving.map(|(id, _)| self.in_namespace(id)).collect();
        let mut intents = Vec::new();
        if !resolving.is_empty() {
            let resolver = Resolver::of(&document.settings.dns.profile);
            let clients = vec![
                Peer::AnyOf(resolving),
                within_namespaces(&group.pods, &group.accounts),
            ];
            let (clients, servers) = (self.pods(Peer::All(clients)), self.dns_servers(&resolver));
            intents.push(Intent {
                policy: allowance(Direction::Egress, clients, servers, &resolver.ports).into(),
                reason: Reason::Dns,
            });
        }
        intents.push(Intent {
            policy: Arc::new(Policy {
                ingress,
                egress,
                ..empty(self.pods(subject))
            }),
            reason: Reason::Closed,
        });
        intents
    }

    /// The pods and addresses that resolve names.
    fn dns_servers(&self, resolver: &Resolver) -> Peer {
        Peer::AnyOf(vec![
            self.labelled(&resolver.namespaces, &resolver.pods),
            self.addresses(resolver.networks.iter()),
        ])
    }

    /// The pods of all namespaces that permit DNS.
    fn dns_clients(&self) -> Peer {
        let document = self.document;
        let clients = document.namespaces.ids().filter(|id| document.dns_of(*id));
        self.pods(Peer::AnyOf(
            clients.map(|id| self.in_namespace(id)).collect(),
        ))
    }

    /// Both gates of the DNS that a namespace permits.
    fn dns(&self, namespace: NamespaceId) -> Vec<Intent> {
        let document = self.document;
        let resolver = Resolver::of(&document.settings.dns.profile);
        let reason = |direction| match self.default_denies(namespace, direction) {
            true => Reason::Dns,
            false => Reason::DnsPermitted,
        };
        let mut intents = Vec::new();
        if document.dns_of(namespace) {
            let servers = self.dns_servers(&resolver);
            let subject = self.pods(self.in_namespace(namespace));
            intents.push(Intent {
                policy: allowance(Direction::Egress, subject, servers, &resolver.ports).into(),
                reason: reason(Direction::Egress),
            });
        }
        let labels = document.namespace_labels(namespace);
        if resolver.namespaces.matches(&labels) {
            let servers = self.pods(Peer::All(vec![
                self.in_namespace(namespace),
                Peer::PodLabels(resolver.pods.clone()),
            ]));
            let clients = self.dns_clients();
            intents.push(Intent {
                policy: allowance(Direction::Ingress, servers, clients, &resolver.ports).into(),
                reason: reason(Direction::Ingress),
            });
        }
        intents
    }

    /// Whether the bound is without what is lost.
    fn is_exception(&self, loss: &Loss) -> bool {
        self.bound != Bound::Drawn || !is_inexpressible(self.document, loss)
    }

    /// Both gates of a flow, or its only one, at every pod of its ends. An external and a node have no gate, even where a
    /// pod has one of their addresses.
    fn flow(&self, id: FlowId, flow: &Flow, exceptions: &[&Part]) -> Vec<Intent> {
        // What may be denied need not be allowed, and what must be denied must not be. What is left out of a denial
        // need not be denied, but may be: at another gate it may well be written.
        let exceptions = match (flow.denies, self.bound) {
            (true, Bound::Lower) => &[],
            _ => exceptions,
        };
        if exceptions.contains(&&Part::Flow) {
            return Vec::new();
        }
        let bound = match (flow.denies, self.bound) {
            (false, bound) => bound,
            (true, Bound::Lower) => Bound::Upper,
            (true, Bound::Upper | Bound::Drawn) => Bound::Lower,
        };
        let action = match flow.denies {
            true => Action::Deny,
            false => Action::Accept,
        };
        let bounded = Self { bound, ..*self };
        // Nothing can be denied at the gates of nodes and of namespaces that are not in the document.
        let within = |subject| match flow.denies {
            true => {
                let own = self.document.namespaces.ids();
                let own = own.map(|id| self.in_namespace(id)).collect();
                self.pods(Peer::All(vec![subject, Peer::AnyOf(own)]))
            }
            false => subject,
        };
        let (Some(from), Some(to)) = (
            bounded.end(&flow.from, exceptions),
            bounded.destination(flow, exceptions),
        ) else {
            return Vec::new();
        };
        let left_out = |port: &&FlowPort| exceptions.contains(&&Part::Port(port.to_string()));
        let ports = flow.ports.iter().filter(|p| !left_out(p));
        let ports: Vec<FlowPort> = ports.flat_map(|p| self.ports_at(&flow.to, p)).collect();
        let at_nodes = self.ports_at_nodes(&flow.to, &ports);
        let nodes = Peer::All(vec![to.clone(), Peer::HostNetwork]);
        let gates = [
            (
                Direction::Egress,
                &flow.from,
                from.clone(),
                to.clone(),
                &ports,
            ),
            (
                Direction::Egress,
                &flow.from,
                from.clone(),
                nodes,
                &at_nodes,
            ),
            (Direction::Ingress, &flow.to, to, from, &ports),
        ];
        gates
            .into_iter()
            .filter(|(.., ports)| !ports.is_empty())
            .filter(|(direction, ..)| flow.half.is_none_or(|only| only == *direction))
            .filter(|(direction, ..)| !exceptions.contains(&&Part::Gate(*direction)))
            .filter(|(_, end, ..)| end.has_gate())
            .map(|(direction, _, subject, peer, ports)| Intent {
                policy: decision(
                    action,
                    direction,
                    self.without(within(subject), direction, exceptions),
                    peer,
                    ports,
                )
                .into(),
                reason: Reason::Flow(id),
            })
            .collect()
    }

    /// What a port of a flow means at its destination. Policies find no names at pods that count as nodes; a flow means
    /// the ports that they declare.
    fn ports_at(&self, to: &End, port: &FlowPort) -> Vec<FlowPort> {
        let workload = match to {
            End::Workload(id) => self.document.workloads.get(*id),
            _ => None,
        };
        let node = workload.filter(|workload| self.document.counts_as_node(workload));
        let (Some(node), FlowPort::Named(protocol, name)) = (node, port) else {
            return vec![port.clone()];
        };
        let named = node.ports.iter().filter(|declared| {
            declared.protocol == *protocol && declared.name.as_ref() == Some(name)
        });
        named
            .map(|declared| FlowPort::Range(*protocol, declared.port, declared.port))
            .collect()
    }

    /// What port names of a flow mean at those pods of its destination that count as nodes, where others do not.
    fn ports_at_nodes(&self, to: &End, ports: &[FlowPort]) -> Vec<FlowPort> {
        let workload = match to {
            End::Workload(id) => self.document.workloads.get(*id),
            _ => None,
        };
        let Some(workload) = workload.filter(|w| self.document.counts_as_node_in_part(w)) else {
            return Vec::new();
        };
        let pods = workload.pods.iter();
        let nodes = pods.filter(|pod| pod.host_network.unwrap_or(workload.host_network));
        let declared = nodes.flat_map(|pod| pod.ports.as_ref().unwrap_or(&workload.ports));
        let named = |port: &ContainerPort| {
            let name = port.name.clone()?;
            let is_named = ports.contains(&FlowPort::Named(port.protocol, name));
            is_named.then_some(FlowPort::Range(port.protocol, port.port, port.port))
        };
        declared.filter_map(named).collect()
    }

    /// A subject without the workloads whose gate is a loss.
    fn without(&self, subject: Peer, direction: Direction, exceptions: &[&Part]) -> Peer {
        let left_out = exceptions.iter().filter_map(|part| match part {
            Part::Subject(of, WorkloadKey(key), _) if *of == direction => {
                Some(Peer::Not(Box::new(self.known(WorkloadId(*key)))))
            }
            Part::Accounts(of, namespace, labels, accounts) if *of == direction => {
                let pods = within_namespaces(labels, accounts);
                let pods = vec![Peer::Namespace(namespace.clone()), pods];
                Some(Peer::Not(Box::new(Peer::All(pods))))
            }
            _ => None,
        });
        let mut all = vec![subject];
        all.extend(left_out);
        match all.len() {
            1 => all.swap_remove(0),
            _ => Peer::All(all),
        }
    }

    /// An end as a peer; none if it does not exist.
    fn end(&self, end: &End, exceptions: &[&Part]) -> Option<Peer> {
        let document = self.document;
        Some(match end {
            End::AnyPod => self.pods(Peer::Pods),
            End::AnyPodOf(id) => self.pods(self.in_namespace(*id)),
            End::Group(id) => {
                let group = document.groups.get(*id)?;
                self.pods(Peer::All(vec![
                    Peer::NamespaceLabels(group.namespaces.clone()),
                    within_namespaces(&group.pods, &group.accounts),
                ]))
            }
            End::Workload(id) => {
                let workload = self.workload(*id)?;
                let key = WorkloadKey::from(*id);
                let is_lost = |part: &&Part| matches!(part, Part::HostNetwork(of, _) if *of == key);
                match exceptions.iter().any(is_lost) {
                    true => self.pods(workload),
                    false => workload,
                }
            }
            End::External(id) => {
                let external = document.externals.get(*id)?;
                let networks = external.networks.iter();
                let networks = networks.filter(|network| {
                    !exceptions.contains(&&Part::Network(Network::clone(network)))
                });
                let mut peers = vec![self.addresses(networks)];
                let names = external.domain_names.iter();
                peers.extend(
                    names
                        .filter(|name| !exceptions.contains(&&Part::Domain((*name).clone())))
                        .map(|name| Peer::Domain(DomainPattern::subdomains(name))),
                );
                let entity = external.entity.iter();
                let entity = entity.filter(|e| !exceptions.contains(&&Part::Entity(**e)));
                peers.extend(entity.map(|entity| self.entity(*entity)));
                Peer::AnyOf(peers)
            }
            End::Node(id) => {
                let row = document.nodes.get(*id)?;
                self.assumptions().block(row.node.address_set())
            }
            End::Missing(_) => return None,
        })
    }

    /// The members of an entity (semantics 4.4).
    fn entity(&self, entity: Entity) -> Peer {
        let nodes = Peer::Nodes(Selector::everything());
        match entity {
            Entity::World => Peer::Addresses(IpSet::all()),
            Entity::RemoteNode => Peer::remote_nodes(),
            Entity::Cluster => {
                let opaque = Entity::OPAQUE.map(Peer::Entity);
                Peer::AnyOf([Peer::Pods, nodes].into_iter().chain(opaque).collect())
            }
            Entity::KubeApiserver | Entity::Host | Entity::Ingress => Peer::Entity(entity),
        }
    }

    /// The known pods of a workload; as upper bound also future ones that match its selector. Pods that count
    /// as nodes are peers by their addresses.
    fn workload(&self, id: WorkloadId) -> Option<Peer> {
        let workload = self.document.workloads.get(id)?;
        let known = self.known(id);
        if self.document.counts_as_node(workload) {
            let addresses = workload.addresses.iter().copied().map(IpSet::single);
            let mut peers = vec![known];
            peers.extend(addresses.map(|set| self.assumptions().block(set)));
            return Some(Peer::AnyOf(peers));
        }
        Some(match (self.bound, self.alike(workload)) {
            (Bound::Upper | Bound::Drawn, Some(alike)) => Peer::AnyOf(vec![known, alike]),
            _ => known,
        })
    }

    /// The future pods that match a workload's selector.
    fn alike(&self, workload: &Workload) -> Option<Peer> {
        Some(Peer::All(vec![
            Peer::AnyOf(vec![Peer::NewPods, Peer::PodsOf(WorkloadKey::UNKNOWN)]),
            self.in_namespace(workload.namespace),
            Peer::PodLabels(own_selector(workload)?),
        ]))
    }

    fn known(&self, id: WorkloadId) -> Peer {
        match self.document.workloads.contains(id) {
            true => Peer::PodsOf(id.into()),
            false => Peer::Nothing,
        }
    }

    fn in_namespace(&self, id: NamespaceId) -> Peer {
        let namespace = self.document.namespaces.get(id);
        namespace.map_or(Peer::Nothing, |n| Peer::Namespace(n.name.clone()))
    }

    fn labelled(&self, namespaces: &Selector, pods: &Selector) -> Peer {
        self.pods(Peer::All(vec![
            Peer::NamespaceLabels(namespaces.clone()),
            Peer::PodLabels(pods.clone()),
        ]))
    }

    /// Pods, without those that count as nodes.
    fn pods(&self, peer: Peer) -> Peer {
        match self.assumptions().host_network {
            HostNetwork::Pods => peer,
            HostNetwork::Nodes => Peer::All(vec![peer, Peer::Not(Box::new(Peer::HostNetwork))]),
        }
    }

    /// Addresses outside, and those of pods where the assumption includes them. All addresses of a family are what is
    /// outside, as the entity `world` is: nobody means every pod by them, though policies may match these (G22, K32).
    fn addresses<'n>(&self, networks: impl Iterator<Item = &'n Network>) -> Peer {
        let block = |network: &Network| {
            let mut assumptions = self.assumptions();
            if network.is_whole_family() {
                assumptions.pod_addresses = PodAddresses::Outside;
            }
            assumptions.block(IpSet::block(network.cidr, &network.except))
        };
        Peer::AnyOf(networks.map(block).collect())
    }

    fn assumptions(&self) -> Assumptions {
        self.document.settings.judged()
    }
}

/// The pods of a group in its namespaces: by their labels and their service accounts.
fn within_namespaces(labels: &Selector, accounts: &Accounts) -> Peer {
    let labels = Peer::PodLabels(labels.clone());
    if accounts.is_any() {
        return labels;
    }
    let names = accounts.names();
    let names = names.map(|name| Peer::ServiceAccount(name.to_owned()));
    Peer::All(vec![labels, Peer::AnyOf(names.collect())])
}
