//! Lowers these policies (C1-C46).

use super::peers::{Peers, Written};
use super::ports::{Number, Port, Restriction};
use super::read::{CiliumPolicy, Entry, Spec};
use super::selector::{self, Scope};
use crate::cluster::Service;
use crate::dialect::{Context, cidr};
use crate::policy::{
    Action, Condition, Direction, Entity, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule,
    Side,
};
use crate::sets::{IpSet, Selector};
use crate::yaml::{Mark, Object};

/// Lowers a policy that the agent accepts: one for each of its rules. Those for nodes are not judged.
pub fn lower(object: &Object, policy: &CiliumPolicy, context: &Context) -> Vec<Policy> {
    let rules = policy.rules.iter().filter(|spec| !spec.host);
    let one = |spec: &Spec| {
        let lowering = Lowering {
            object,
            context,
            namespace: (!policy.clusterwide).then(|| object.namespace_or_default()),
        };
        lowering.policy(spec)
    };
    rules.map(one).collect()
}

struct Lowering<'a> {
    object: &'a Object,
    context: &'a Context<'a>,
    namespace: Option<&'a str>,
}

impl Lowering<'_> {
    fn scope(&self) -> Scope<'_> {
        self.namespace.map_or(Scope::Cluster, Scope::Namespace)
    }

    fn policy(&self, spec: &Spec) -> Policy {
        let side = |direction: Direction| {
            let at = direction as usize;
            let rules = |entries: &[Entry], action| -> Vec<Rule> {
                let entries = entries.iter();
                entries
                    .flat_map(|entry| self.rules(entry, direction, action))
                    .collect()
            };
            let mut all = rules(&spec.deny[at], Action::Deny);
            all.extend(rules(&spec.allow[at], Action::Accept));
            let isolates = spec.isolates(direction);
            (isolates || !all.is_empty()).then_some(Side {
                isolates,
                rules: all,
            })
        };
        Policy {
            kind: match self.namespace {
                Some(_) => "CiliumNetworkPolicy",
                None => "CiliumClusterwideNetworkPolicy",
            },
            name: self.object.name.clone(),
            namespace: self.namespace.map(str::to_owned),
            tier: 0,
            order: 0,
            tie: String::new(),
            subject: selector::subject(&spec.subject, self.scope()),
            ingress: side(Direction::Ingress),
            egress: side(Direction::Egress),
            span: self.object.whole(),
        }
    }

    fn rules(&self, entry: &Entry, direction: Direction, action: Action) -> Vec<Rule> {
        if entry.is_empty() {
            return Vec::new();
        }
        let restricted = entry.ports.is_some() || entry.icmps.is_some();
        let peers = match &entry.peers {
            // Without an L3 part a rule without ports allows nothing.
            Peers::Missing | Peers::Unguarded if restricted => Match::Any,
            Peers::Missing | Peers::Unguarded | Peers::Nobody => return Vec::new(),
            Peers::Of(_) => self.peers(entry, direction, restricted),
        };
        let ports = self.ports(entry, direction).into_iter();
        ports
            .map(|(restriction, ports)| Rule {
                name: None,
                action,
                subject: None,
                peers: peers.clone(),
                ports,
                except: Vec::new(),
                conditions: restriction.conditions,
                met_by: restriction.met_by,
                index: 0,
                span: self.object.span(entry.mark),
            })
            .collect()
    }

    /// The ports of an entry, by the conditions that they have.
    fn ports(&self, entry: &Entry, direction: Direction) -> Vec<(Restriction, Match<PortItem>)> {
        let with_own = |restriction: Restriction| match &entry.authentication {
            Some(written) => restriction.and(Condition::Authentication, written),
            None => restriction,
        };
        let Some(rules) = &entry.ports else {
            let item = |(port, mark): &(PortMatch, Mark)| PortItem {
                port: port.clone(),
                span: self.object.span(*mark),
            };
            let ports = match &entry.icmps {
                Some(types) => Match::Only(types.iter().map(item).collect()),
                None => Match::Any,
            };
            return vec![(with_own(Restriction::default()), ports)];
        };
        let mut found: Vec<(Restriction, Vec<PortItem>)> = Vec::new();
        for rule in rules {
            let restriction = with_own(rule.restriction.clone());
            let ports = rule
                .ports
                .iter()
                .flat_map(|port| self.port(port, direction));
            match found.iter_mut().find(|(known, _)| *known == restriction) {
                Some((_, all)) => all.extend(ports),
                None => found.push((restriction, ports.collect())),
            }
        }
        let found = found.into_iter();
        found
            .map(|(restriction, ports)| (restriction, Match::Only(ports)))
            .collect()
    }

    fn peers(&self, entry: &Entry, direction: Direction, restricted: bool) -> Match<PeerItem> {
        let items: Vec<PeerItem> = (entry.written().iter())
            .filter_map(|(written, mark)| {
                Some(PeerItem {
                    peer: self.peer(written, direction)?,
                    span: self.object.span(*mark),
                })
            })
            .collect();
        // Services that are not there leave no L3 part at all (C13).
        match items.is_empty()
            && restricted
            && entry.written().iter().all(|(w, _)| w.is_of_services())
        {
            true => Match::Any,
            false => Match::Only(items),
        }
    }

    /// The endpoints of a peer; none if a Service is not there.
    fn peer(&self, written: &Written, direction: Direction) -> Option<Peer> {
        Some(match written {
            Written::Endpoints(labels) => selector::peer(labels, self.scope()),
            Written::Nodes | Written::Cloud => Peer::Nothing,
            Written::Entity(name) => entity(name),
            Written::Block { cidr, except } => selector::outside(block(cidr, except)),
            Written::Group { name, except } => {
                let groups = self.context.resources.cidr_groups.iter();
                let of_name = groups.filter(|group| group.name == *name);
                outside_all(of_name.map(|group| &group.addresses), except)
            }
            Written::Groups { selector, except } => {
                let wanted = crate::dialect::selector::lower(selector);
                let groups = self.context.resources.cidr_groups.iter();
                let labelled = groups.filter(|group| wanted.matches(&group.labels));
                outside_all(labelled.map(|group| &group.addresses), except)
            }
            Written::Domain(pattern) if direction == Direction::Egress => {
                Peer::Domain(pattern.clone())
            }
            Written::Domain(_) => Peer::Nothing,
            Written::Service { .. } | Written::Services { .. } => {
                let services = services(written, self.context.services);
                let mut found: Vec<Peer> = services.into_iter().map(of_service).collect();
                match found.len() {
                    0 | 1 => found.pop()?,
                    _ => Peer::AnyOf(found),
                }
            }
        })
    }

    fn port(&self, port: &Port, direction: Direction) -> Vec<PortItem> {
        let one = |protocol| match &port.number {
            Number::All => PortMatch::AllPorts(protocol),
            Number::Range(first, last) => PortMatch::Range {
                protocol,
                first: *first,
                last: *last,
            },
            // At the gate of the source the agent looks at the named port alone.
            Number::Named(name, last) if *last > 0 && direction == Direction::Ingress => {
                PortMatch::FromNamed {
                    protocol,
                    name: name.clone(),
                    last: *last,
                }
            }
            Number::Named(name, _) => PortMatch::Named {
                protocol: Some(protocol),
                name: name.clone(),
            },
        };
        let item = |protocol| PortItem {
            port: one(protocol),
            span: self.object.span(port.mark),
        };
        port.protocols.iter().copied().map(item).collect()
    }
}

/// The members of an entity (4.4).
fn entity(name: &str) -> Peer {
    match name {
        "all" => Peer::Everything,
        "world" => selector::outside(IpSet::all()),
        "cluster" => selector::cluster(),
        "host" => Peer::Entity(Entity::Host),
        "kube-apiserver" => Peer::Entity(Entity::KubeApiserver),
        "ingress" => Peer::Entity(Entity::Ingress),
        "cluster-mesh" => selector::endpoints(Vec::new()),
        "remote-node" => Peer::remote_nodes(),
        _ => Peer::Nothing,
    }
}

fn block(whole: &str, except: &[String]) -> IpSet {
    match cidr::parse(whole) {
        Ok(whole) => IpSet::net(whole.net).difference(&blocks(except)),
        Err(_) => IpSet::empty(),
    }
}

fn blocks(texts: &[String]) -> IpSet {
    let parsed = texts.iter().filter_map(|text| cidr::parse(text).ok());
    parsed.map(|block| block.net).collect()
}

fn outside_all<'a>(sets: impl Iterator<Item = &'a IpSet>, except: &[String]) -> Peer {
    let all = sets.fold(IpSet::empty(), |all, set| all.union(set));
    let all = all.difference(&blocks(except));
    match all.is_empty() {
        true => Peer::Nothing,
        false => selector::outside(all),
    }
}

/// The Services that `toServices` names: those of a namespace, or of all where none is named, the policy's own among
/// them (`serviceRefMatches` of the agent).
pub fn services<'a>(written: &Written, all: &'a [Service]) -> Vec<&'a Service> {
    let found = |namespace: &Option<String>, wanted: &dyn Fn(&Service) -> bool| {
        let here = |service: &&Service| namespace.as_ref().is_none_or(|n| *n == service.namespace);
        let services = all.iter().filter(here);
        services.filter(|service| wanted(service)).collect()
    };
    match written {
        Written::Service { name, namespace } => found(namespace, &|service| service.name == *name),
        Written::Services {
            selector,
            namespace,
        } => {
            let wanted = crate::dialect::selector::lower(selector);
            found(namespace, &|service| wanted.matches(&service.labels))
        }
        _ => Vec::new(),
    }
}

/// The pods that a Service selects, or without a selector the addresses behind it that are outside (C33).
fn of_service(service: &Service) -> Peer {
    if service.selector.is_empty() {
        let all = service.endpoints.iter().map(|e| IpSet::single(e.address));
        let all: Vec<IpSet> = all.collect();
        return outside_all(all.iter(), &[]);
    }
    selector::endpoints(vec![
        Peer::Namespace(service.namespace.clone()),
        Peer::PodLabels(Selector::match_labels(&service.selector)),
    ])
}
