//! Reads a document plainly: one connection at one gate, flow by flow. It shares only the Document's
//! fields, the default denies and the DNS profiles with what it is compared with.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analysis::Endpoint;
use crate::analysis::oracle::{Probe, peer_matches};
use crate::cluster::{HostNetwork, Pod, PodAddresses, Snapshot};
use crate::model::dns::Resolver;
use crate::model::{Base, Document, End, Flow, FlowPort, Group, Isolate, Network, WorkloadId};
use crate::policy::{Direction, Entity, Policy, Target};
use crate::proof::in_force::{InForce, Origin};
use crate::sets::{Protocol, Selector};

pub(super) struct Plain<'a> {
    pub(super) document: &'a Document,
    pub(super) snapshot: &'a Snapshot,
    drawn: &'a [Option<WorkloadId>],
    imported: Vec<&'a Policy>,
    resolver: Resolver,
    /// Inside and outside of each network of the document.
    pub(super) addresses: BTreeSet<IpAddr>,
    /// Whether domain names stand for IPv4 addresses now, or for IPv6 addresses.
    names_are_v4: Cell<bool>,
}

impl<'a> Plain<'a> {
    pub(super) fn new(document: &'a Document, in_force: &'a InForce) -> Self {
        let policies = in_force.policies().iter().zip(&in_force.origins);
        let imported = policies.filter(|(_, origin)| matches!(origin, Origin::Imported(_)));
        Self {
            document,
            snapshot: &in_force.cluster.snapshot,
            drawn: &in_force.cluster.drawn,
            imported: imported.map(|(policy, _)| &**policy).collect(),
            resolver: Resolver::of(&document.settings.dns.profile),
            addresses: addresses(document),
            names_are_v4: Cell::new(true),
        }
    }

    /// Whether connections are allowed to an end: to a domain name also where they are to every address of a family.
    pub(super) fn is_open(&self, to: &Endpoint, allows: impl Fn(&Endpoint) -> bool) -> bool {
        if !matches!(to, Endpoint::Domain(_)) {
            return allows(to);
        }
        [true, false].into_iter().any(|v4| {
            self.names_are_v4.set(v4);
            let family = self.addresses.iter().filter(|one| one.is_ipv4() == v4);
            let mut family = family.copied().map(Endpoint::Address).peekable();
            allows(to) || family.peek().is_some() && family.all(|to| allows(&to))
        })
    }

    /// Whether a connection should be allowed: both gates allow it. None: it may be, where DNS is
    /// allowed but the document does not isolate the gate.
    pub(super) fn expects(&self, from: &Endpoint, to: &Endpoint, probe: Probe) -> Option<bool> {
        let [least, most] =
            [false, true].map(|dns| self.is_open(to, |to| self.allows(from, to, probe, dns)));
        (least == most).then_some(least)
    }

    fn allows(&self, from: &Endpoint, to: &Endpoint, probe: Probe, dns: bool) -> bool {
        Direction::BOTH.into_iter().all(|direction| {
            let own = match direction {
                Direction::Egress => from,
                Direction::Ingress => to,
            };
            let Endpoint::Pod(pod) = own else { return true };
            let by_document =
                self.base_closes(direction, *pod) || self.workload_closes(direction, *pod);
            let mut flows = self.document.flows.iter();
            let mut opened = || {
                flows
                    .any(|(_, flow)| !flow.denies && self.decides(flow, direction, from, to, probe))
            };
            !self.denied(direction, from, to, probe)
                && (!self.isolated(direction, *pod)
                    || (dns || by_document) && self.resolves(direction, from, to, probe)
                    || opened())
        })
    }

    /// Whether a flow denies a connection at the gate of a direction.
    pub(super) fn denied(
        &self,
        direction: Direction,
        from: &Endpoint,
        to: &Endpoint,
        probe: Probe,
    ) -> bool {
        let mut flows = self.document.flows.iter();
        flows.any(|(_, flow)| flow.denies && self.decides(flow, direction, from, to, probe))
    }

    /// Whether a pod that is no node is in a namespace of the document.
    fn is_in_document(&self, end: &Endpoint) -> bool {
        let pod = self.pod(end).filter(|pod| !self.is_node(pod));
        let namespace = pod.map(|pod| &self.snapshot.namespaces[pod.namespace]);
        namespace.is_some_and(|n| self.document.namespace_named(&n.name).is_some())
    }

    /// Whether a flow opens the gate of a direction for a connection, or closes it.
    pub(super) fn decides(
        &self,
        flow: &Flow,
        direction: Direction,
        from: &Endpoint,
        to: &Endpoint,
        probe: Probe,
    ) -> bool {
        let (own, at) = match direction {
            Direction::Egress => (&flow.from, from),
            Direction::Ingress => (&flow.to, to),
        };
        !flow.muted
            && (!flow.denies || self.is_in_document(at))
            && flow.half.is_none_or(|only| only == direction)
            && !matches!(own, End::External(_) | End::Node(_))
            && matches!(at, Endpoint::Pod(_))
            && self.is_at(&flow.from, from)
            && self.is_destination(flow, to)
            && (flow.ports.iter()).any(|port| self.is_port(port, to, probe))
    }

    /// Whether a flow leads there: to its destination, or to an address outside where that has a name which the dialect
    /// does not have, and the user accepts that.
    fn is_destination(&self, flow: &Flow, to: &Endpoint) -> bool {
        match to {
            _ if !self.is_widened(flow) => self.is_at(&flow.to, to),
            Endpoint::Domain(_) => false,
            Endpoint::Address(address) => self.is_at(&flow.to, to) || is_outside(*address),
            Endpoint::Pod(_) => {
                let known = self.snapshot.assumptions.pod_addresses == PodAddresses::Known;
                let pod = self.pod(to).filter(|_| known);
                let mut addresses = pod.into_iter().flat_map(|pod| &pod.addresses);
                self.is_at(&flow.to, to) || addresses.any(|address| is_outside(*address))
            }
            _ => self.is_at(&flow.to, to),
        }
    }

    /// Whether all addresses outside are in place of the domain names of a flow.
    fn is_widened(&self, flow: &Flow) -> bool {
        let names = match flow.to {
            End::External(id) => self.document.externals.get(id).map(|e| &e.domain_names),
            _ => None,
        };
        let has_no_names = matches!(
            self.document.settings.target(),
            Target::Kubernetes | Target::Calico
        );
        flow.approximate
            && !flow.denies
            && has_no_names
            && names.is_some_and(|names| !names.is_empty())
    }

    /// Whether a flow in force allows more than is drawn because the user accepts it, at a gate of a pod that is isolated: all
    /// requests, or addresses in place of names.
    pub(super) fn allows_more(&self, flow: &Flow) -> bool {
        let filters = self.document.settings.target() == Target::Cilium;
        let opens = |direction, end: &End| {
            let is_isolated =
                |at: usize| self.is_at(end, &Endpoint::Pod(at)) && self.isolated(direction, at);
            flow.half.is_none_or(|only| only == direction)
                && !matches!(end, End::External(_))
                && (0..self.snapshot.pods.len()).any(is_isolated)
        };
        let leaves = opens(Direction::Egress, &flow.from);
        let enters = opens(Direction::Ingress, &flow.to);
        let requests = !flow.http.is_empty() && !filters;
        let accepted = flow.approximate && flow.allows() && !flow.ports.is_empty();
        accepted && (requests && (leaves || enters) || self.is_widened(flow) && leaves)
    }

    /// Whether permitted DNS opens a gate.
    fn resolves(
        &self,
        direction: Direction,
        client: &Endpoint,
        server: &Endpoint,
        probe: Probe,
    ) -> bool {
        let (namespaces, pods) = (&self.resolver.namespaces, &self.resolver.pods);
        let is_server = match direction {
            Direction::Egress => {
                self.matches(server, namespaces, pods)
                    || self.within(server, &self.resolver.networks)
            }
            Direction::Ingress => self.matches(server, namespaces, pods),
        };
        let Some(client) = self.pod(client).filter(|pod| !self.is_node(pod)) else {
            return false;
        };
        let namespace = self.snapshot.namespaces.get(client.namespace);
        let namespace = namespace.and_then(|n| self.document.namespace_named(&n.name));
        namespace.is_some_and(|id| self.document.dns_of(id))
            && is_server
            && (self.resolver.ports.iter()).any(|port| self.is_port(port, server, probe))
    }

    fn isolated(&self, direction: Direction, at: usize) -> bool {
        let pod = &self.snapshot.pods[at];
        if self.is_node(pod) {
            return false;
        }
        self.base_closes(direction, at)
            || self.workload_closes(direction, at)
            || self.group_closes(direction, at)
            || self.imported.iter().any(|policy| {
                policy.side(direction).is_some_and(|side| side.isolates)
                    && peer_matches(self.snapshot, &policy.subject, &Endpoint::Pod(at))
            })
    }

    fn base_closes(&self, direction: Direction, at: usize) -> bool {
        let name = &self.snapshot.namespaces[self.snapshot.pods[at].namespace].name;
        self.document.namespace_named(name).is_some_and(|id| {
            self.document.namespaces.get(id).is_some_and(|n| n.managed)
                && match self.document.base_of(id) {
                    Base::DenyAll => true,
                    Base::DenyIngress => direction == Direction::Ingress,
                    Base::DenyEgress => direction == Direction::Egress,
                    Base::None => false,
                }
        })
    }

    fn workload_closes(&self, direction: Direction, at: usize) -> bool {
        let id = self.drawn[self.snapshot.pods[at].workload];
        let Some(workload) = id.and_then(|id| self.document.workloads.get(id)) else {
            return false;
        };
        let namespace = self.document.namespaces.get(workload.namespace);
        namespace.is_some_and(|n| n.managed)
            && match workload.isolate {
                Isolate::Both => true,
                Isolate::Ingress => direction == Direction::Ingress,
                Isolate::Egress => direction == Direction::Egress,
                Isolate::None => false,
            }
    }

    fn group_closes(&self, direction: Direction, at: usize) -> bool {
        let pod = &self.snapshot.pods[at];
        let name = &self.snapshot.namespaces[pod.namespace].name;
        let namespace = self.document.namespace_named(name);
        let managed = namespace.and_then(|id| self.document.namespaces.get(id));
        managed.is_some_and(|n| n.managed)
            && self.document.groups.iter().any(|(_, group)| {
                group.isolate.has(direction) && self.is_of(&Endpoint::Pod(at), group)
            })
    }

    /// Host-network pods that count as nodes.
    pub(super) fn is_node(&self, pod: &Pod) -> bool {
        pod.host_network && self.snapshot.assumptions.host_network == HostNetwork::Nodes
    }

    fn pod(&self, end: &Endpoint) -> Option<&Pod> {
        match end {
            Endpoint::Pod(at) => self.snapshot.pods.get(*at),
            _ => None,
        }
    }

    fn is_at(&self, end: &End, other: &Endpoint) -> bool {
        let document = self.document;
        match end {
            End::Workload(id) => self
                .pod(other)
                .is_some_and(|pod| self.drawn[pod.workload] == Some(*id)),
            End::AnyPod => self.pod(other).is_some_and(|pod| !self.is_node(pod)),
            End::AnyPodOf(id) => self.pod(other).is_some_and(|pod| {
                let namespace = document.namespaces.get(*id);
                let name = &self.snapshot.namespaces[pod.namespace].name;
                !self.is_node(pod) && namespace.is_some_and(|n| n.name == *name)
            }),
            End::Group(id) => {
                (document.groups.get(*id)).is_some_and(|group| self.is_of(other, group))
            }
            End::External(id) => document.externals.get(*id).is_some_and(|external| {
                let named = matches!(other, Endpoint::Domain(name)
                    if external.domain_names.contains(name));
                let entity = match external.entity {
                    Some(Entity::World) => {
                        matches!(other, Endpoint::Address(_) | Endpoint::Domain(_))
                    }
                    Some(Entity::Cluster) => {
                        self.pod(other).is_some() || matches!(other, Endpoint::Entity(_))
                    }
                    Some(Entity::RemoteNode) => self.pod(other).is_some_and(|p| p.host_network),
                    Some(one) => *other == Endpoint::Entity(one),
                    None => false,
                };
                named || entity || self.within(other, &external.networks)
            }),
            End::Node(id) => document.nodes.get(*id).is_some_and(|row| {
                let own = row.node.addresses.iter();
                let own = own.map(|address| Network {
                    cidr: (*address).into(),
                    except: Vec::new(),
                });
                self.within(other, &own.collect::<Vec<_>>())
            }),
            End::Missing(_) => false,
        }
    }

    fn is_of(&self, end: &Endpoint, group: &Group) -> bool {
        let names: Vec<&str> = group.accounts.names().collect();
        self.matches(end, &group.namespaces, &group.pods)
            && self
                .pod(end)
                .is_some_and(|pod| names.is_empty() || names.contains(&&*pod.service_account))
    }

    fn matches(&self, end: &Endpoint, namespaces: &Selector, pods: &Selector) -> bool {
        self.pod(end).is_some_and(|pod| {
            let labels = &self.snapshot.namespaces[pod.namespace].labels;
            !self.is_node(pod) && namespaces.matches(labels) && pods.matches(&pod.labels)
        })
    }

    /// Whether an address, or a pod whose addresses count, is in one of the blocks. No pod is in one of a whole family.
    fn within(&self, end: &Endpoint, networks: &[Network]) -> bool {
        let is_pod = matches!(end, Endpoint::Pod(_));
        let inside = |address: IpAddr| {
            let mut networks = networks.iter();
            networks.any(|network| {
                let is_whole = network.cidr.prefix_len() == 0 && network.except.is_empty();
                !(is_pod && is_whole)
                    && network.cidr.contains(&address)
                    && !network
                        .except
                        .iter()
                        .any(|except| except.contains(&address))
            })
        };
        match end {
            Endpoint::Address(address) => inside(*address),
            // Whatever address a name has, it is in a block of all of them.
            Endpoint::Domain(_) => networks.iter().any(|network| {
                let cidr = network.cidr;
                let is_v4 = cidr.addr().is_ipv4();
                cidr.prefix_len() == 0
                    && is_v4 == self.names_are_v4.get()
                    && network.except.is_empty()
            }),
            Endpoint::Pod(_) => self.pod(end).is_some_and(|pod| {
                self.snapshot.assumptions.pod_addresses == PodAddresses::Known
                    && pod.addresses.iter().any(|address| inside(*address))
            }),
            _ => false,
        }
    }

    fn is_port(&self, port: &FlowPort, destination: &Endpoint, probe: Probe) -> bool {
        match (port, probe) {
            (FlowPort::Any, _) => true,
            (FlowPort::All(of), Some((protocol, _))) => *of == protocol,
            (FlowPort::Range(of, first, last), Some((protocol, number))) => {
                *of == protocol && (*first..=*last).contains(&number)
            }
            (FlowPort::Named(of, name), Some((protocol, number))) => {
                *of == protocol && self.declares(destination, protocol, name, number)
            }
            (_, None) => false,
        }
    }

    fn declares(&self, end: &Endpoint, protocol: Protocol, name: &str, number: u16) -> bool {
        self.pod(end).is_some_and(|pod| {
            (pod.ports.iter()).any(|port| {
                port.name.as_deref() == Some(name)
                    && port.protocol == protocol
                    && port.port == number
            })
        })
    }
}

fn addresses(document: &Document) -> BTreeSet<IpAddr> {
    let fixed = ["192.0.2.9", "169.254.20.10", "2001:db8::1"];
    let mut found: BTreeSet<IpAddr> = fixed.map(|text| text.parse().unwrap()).into();
    for (_, external) in document.externals.iter() {
        for network in &external.networks {
            found.insert(network.cidr.addr());
            found.extend(network.except.iter().map(|except| except.addr()));
        }
    }
    found
}

/// Whether an address is neither private, unique-local nor link-local.
fn is_outside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_private() && !address.is_link_local(),
        IpAddr::V6(address) => !address.is_unique_local() && !address.is_unicast_link_local(),
    }
}
