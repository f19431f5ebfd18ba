//! The drawing as policies: what the gates should be, made straight from the Document.
//!
//! Isolation comes from the bases and from what kept policies isolate; allowances from the drawn
//! flows and from DNS. Nothing here looks at what was written.

use crate::cluster::HostNetwork;
use crate::diag::Span;
use crate::dialect;
use crate::intent::snapshot::Stage;
use crate::model::dns::Resolver;
use crate::model::{End, FlowId, FlowPort, NamespaceId, Network, WorkloadId};
use crate::plan::context::{Context, Unit, UnitPods};
use crate::plan::expressibility;
use crate::policy::{
    Action, Direction, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule, Side,
};
use crate::sets::{IpSet, Selector};

/// One intended policy, and what it is there for.
pub(crate) struct Intent {
    pub(crate) policy: Policy,
    pub(crate) reason: Reason,
}

/// Why something is intended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Isolation, by a base or a kept policy.
    Closed,
    /// A drawn flow.
    Flow(FlowId),
    /// Names may be resolved there, and a policy is written for it.
    Dns,
    /// Names may be resolved there, but nobody has to write it.
    DnsPermitted,
}

/// Everything that is intended.
pub(crate) fn intents(context: &Context, stage: &Stage) -> Vec<Intent> {
    let writer = Writer { context, stage };
    let mut intents = Vec::new();
    for namespace in context.document.namespaces.ids() {
        intents.extend(writer.base(namespace));
        intents.extend(writer.dns(namespace));
    }
    for policy in context.kept.iter().flat_map(|k| &k.policies) {
        intents.push(Intent {
            policy: isolation_of(policy),
            reason: Reason::Closed,
        });
    }
    for (id, flow) in context.document.flows.iter() {
        let said = expressibility::say(context, id, flow);
        let sides = [
            (Direction::Egress, &said.sources, &flow.to),
            (Direction::Ingress, &said.destinations, &flow.from),
        ];
        for (direction, units, other) in sides {
            let Some(peer) = writer.end(other) else {
                continue;
            };
            for unit in units {
                let subject = writer.unit(*unit);
                let policy = writer.allowance(direction, subject, peer.clone(), &said.ports);
                intents.push(Intent {
                    policy,
                    reason: Reason::Flow(id),
                });
            }
        }
    }
    intents
}

struct Writer<'a> {
    context: &'a Context<'a>,
    stage: &'a Stage,
}

impl Writer<'_> {
    fn base(&self, namespace: NamespaceId) -> Option<Intent> {
        let closes = |d| self.context.base_closes(namespace, d).then(closed);
        let (ingress, egress) = (closes(Direction::Ingress), closes(Direction::Egress));
        (ingress.is_some() || egress.is_some()).then(|| Intent {
            policy: Policy {
                ingress,
                egress,
                ..empty(self.pods(self.in_namespace(namespace)))
            },
            reason: Reason::Closed,
        })
    }

    fn dns(&self, namespace: NamespaceId) -> Vec<Intent> {
        let document = self.context.document;
        let resolver = Resolver::of(&document.settings.dns.profile);
        let mut intents = Vec::new();
        if document.dns_of(namespace) {
            let mut peers = vec![self.labelled(&resolver.namespaces, &resolver.pods)];
            let written = self.context.writes_dns(namespace);
            // What nobody has to write is not asked of pods by their unknown addresses either.
            match (resolver.networks.is_empty(), written) {
                (true, _) => {}
                (false, true) => peers.push(self.addresses(&resolver.networks)),
                (false, false) => peers.extend(
                    (resolver.networks.iter())
                        .map(|n| Peer::Addresses(IpSet::block(n.cidr, &n.except))),
                ),
            }
            let subject = self.pods(self.in_namespace(namespace));
            let peer = Peer::AnyOf(peers);
            intents.push(Intent {
                policy: self.allowance(Direction::Egress, subject, peer, &resolver.ports),
                reason: if written {
                    Reason::Dns
                } else {
                    Reason::DnsPermitted
                },
            });
        }
        let clients = self.context.dns_clients(namespace, &resolver);
        if !clients.is_empty() {
            let own = vec![
                self.in_namespace(namespace),
                Peer::PodLabels(resolver.pods.clone()),
            ];
            let clients = clients.into_iter().map(|c| self.in_namespace(c)).collect();
            let peer = self.pods(Peer::AnyOf(clients));
            let subject = self.pods(Peer::All(own));
            intents.push(Intent {
                policy: self.allowance(Direction::Ingress, subject, peer, &resolver.ports),
                reason: Reason::Dns,
            });
        }
        intents
    }

    /// A policy that allows, and isolates nobody.
    fn allowance(
        &self,
        direction: Direction,
        subject: Peer,
        peer: Peer,
        ports: &[FlowPort],
    ) -> Policy {
        let side = Some(Side {
            isolates: false,
            rules: vec![Rule {
                name: None,
                action: Action::Accept,
                subject: None,
                peers: Match::Only(vec![PeerItem {
                    peer,
                    span: nowhere(),
                }]),
                ports: port_match(ports),
                span: nowhere(),
            }],
        });
        match direction {
            Direction::Ingress => Policy {
                ingress: side,
                ..empty(subject)
            },
            Direction::Egress => Policy {
                egress: side,
                ..empty(subject)
            },
        }
    }

    fn unit(&self, unit: Unit) -> Peer {
        let namespace = self.in_namespace(unit.namespace);
        match unit.pods {
            UnitPods::All => self.pods(namespace),
            UnitPods::Workload(id) => self.workload(id),
            UnitPods::Group(id) => {
                let group = self.context.document.groups.get(id);
                let labels = group.map_or(Peer::Nothing, |g| Peer::PodLabels(g.pods.clone()));
                self.pods(Peer::All(vec![namespace, labels]))
            }
        }
    }

    /// An end as a peer; none if it cannot be one.
    fn end(&self, end: &End) -> Option<Peer> {
        let document = self.context.document;
        Some(match end {
            End::AnyPod => self.pods(Peer::Pods),
            End::AnyPodOf(id) => self.pods(self.in_namespace(*id)),
            End::Group(id) => {
                let group = document.groups.get(*id)?;
                self.labelled(&group.namespaces, &group.pods)
            }
            End::Workload(id) => {
                let workload = document.workloads.get(*id)?;
                match workload.host_network {
                    true => {
                        let each = workload.addresses.iter().copied();
                        Peer::AnyOf(each.map(|a| self.block(IpSet::single(a))).collect())
                    }
                    false => self.workload(*id),
                }
            }
            End::External(id) => self.addresses(&document.externals.get(*id)?.networks),
            End::Missing(_) => return None,
        })
    }

    /// The known pods of a workload whatever their labels, and new ones that look like them.
    fn workload(&self, id: WorkloadId) -> Peer {
        let known = self
            .stage
            .index
            .get(&id)
            .map_or(Peer::Nothing, |at| Peer::PodsOf(*at));
        let (Ok(selector), Some(workload)) = (
            self.context.identity(id),
            self.context.document.workloads.get(id),
        ) else {
            return known;
        };
        let mut unknown = vec![Peer::NewPods];
        unknown.extend(self.stage.stand_ins().map(Peer::PodsOf));
        let alike = Peer::All(vec![
            Peer::AnyOf(unknown),
            self.in_namespace(workload.namespace),
            Peer::PodLabels(selector.clone()),
        ]);
        Peer::AnyOf(vec![known, alike])
    }

    fn in_namespace(&self, id: NamespaceId) -> Peer {
        Peer::Namespace(self.context.namespace_name(id).to_owned())
    }

    fn labelled(&self, namespaces: &Selector, pods: &Selector) -> Peer {
        self.pods(Peer::All(vec![
            Peer::NamespaceLabels(namespaces.clone()),
            Peer::PodLabels(pods.clone()),
        ]))
    }

    /// Pods, without those that count as nodes.
    fn pods(&self, peer: Peer) -> Peer {
        match self.context.document.settings.assumptions.host_network {
            HostNetwork::Pods => peer,
            HostNetwork::Nodes => Peer::All(vec![peer, Peer::Not(Box::new(Peer::HostNetwork))]),
        }
    }

    fn addresses(&self, networks: &[Network]) -> Peer {
        let clean = networks
            .iter()
            .filter_map(|n| expressibility::clean(n).ok());
        Peer::AnyOf(
            clean
                .map(|n| self.block(IpSet::block(n.cidr, &n.except)))
                .collect(),
        )
    }

    /// Addresses outside, and those of pods where they count. Block by block: the comparison takes
    /// the addresses of pods that do not exist yet for opaque.
    fn block(&self, set: IpSet) -> Peer {
        self.context.document.settings.assumptions.block(set)
    }
}

fn port_match(ports: &[FlowPort]) -> Match<PortItem> {
    let mut items = Vec::new();
    for port in ports {
        let port = match port {
            FlowPort::Any => return Match::Any,
            FlowPort::All(protocol) => PortMatch::AllPorts(*protocol),
            FlowPort::Range(protocol, first, last) => PortMatch::Range {
                protocol: *protocol,
                first: *first,
                last: *last,
            },
            FlowPort::Named(protocol, name) => PortMatch::Named {
                protocol: Some(*protocol),
                name: name.clone(),
            },
        };
        items.push(PortItem {
            port,
            span: nowhere(),
        });
    }
    Match::Only(items)
}

fn closed() -> Side {
    Side {
        isolates: true,
        rules: Vec::new(),
    }
}

/// What a kept policy isolates, without what it allows.
fn isolation_of(policy: &Policy) -> Policy {
    let closed = |side: &Option<Side>| side.as_ref().filter(|s| s.isolates).map(|_| closed());
    Policy {
        ingress: closed(&policy.ingress),
        egress: closed(&policy.egress),
        ..policy.clone()
    }
}

fn empty(subject: Peer) -> Policy {
    Policy {
        kind: "NetworkPolicy",
        name: "intent".to_owned(),
        namespace: None,
        tier: dialect::NETWORK_POLICY,
        order: 0,
        subject,
        ingress: None,
        egress: None,
        span: nowhere(),
    }
}

fn nowhere() -> Span {
    Span::new("drawing".into(), 1, 1)
}
