//! Whether one peer, port list or rule takes in another by what is written alone, whatever pods there are. Where
//! it cannot be seen that easily the answer is no.

use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::policy::{Match, Peer, PeerItem, PortItem, PortMatch, Rule};
use crate::sets::{IpSet, LabelSet, PortSet, Protocol, Requirement, Selector};

/// Whether everything that `inner` matches is matched by `outer`.
pub fn covers(outer: &Peer, inner: &Peer) -> bool {
    if outer == inner {
        return true;
    }
    match (outer, inner) {
        (Peer::Everything, _) | (_, Peer::Nothing) => true,
        (_, Peer::AnyOf(parts)) => parts.iter().all(|part| covers(outer, part)),
        (Peer::AnyOf(parts), _) => parts.iter().any(|part| covers(part, inner)),
        (Peer::All(parts), _) => parts.iter().all(|part| covers(part, inner)),
        (_, Peer::All(parts)) => {
            parts.iter().any(|part| covers(outer, part)) || covers_joined(outer, parts)
        }
        (Peer::Not(outer), Peer::Not(inner)) => covers(inner, outer),
        _ => leaf_covers(outer, inner),
    }
}

/// Whether the requirements on labels that a conjunction spreads over several parts are together narrower.
fn covers_joined(outer: &Peer, parts: &[Peer]) -> bool {
    let (mut pods, mut namespaces) = (Selector::everything(), Selector::everything());
    for part in parts {
        match part {
            Peer::PodLabels(labels) => pods.requirements.extend(labels.requirements.clone()),
            Peer::NamespaceLabels(labels) => {
                namespaces.requirements.extend(labels.requirements.clone());
            }
            Peer::Namespace(name) => namespaces.requirements.push(named(name)),
            _ => {}
        }
    }
    match outer {
        Peer::PodLabels(outer) => !pods.is_everything() && selects_all(outer, &pods),
        Peer::NamespaceLabels(outer) => {
            !namespaces.is_everything() && selects_all(outer, &namespaces)
        }
        _ => false,
    }
}

fn leaf_covers(outer: &Peer, inner: &Peer) -> bool {
    match (outer, inner) {
        (Peer::PodLabels(outer), Peer::PodLabels(inner))
        | (Peer::NamespaceLabels(outer), Peer::NamespaceLabels(inner))
        | (Peer::Nodes(outer), Peer::Nodes(inner))
        | (Peer::HostsOn(outer), Peer::HostsOn(inner)) => selects_all(outer, inner),
        (Peer::NamespaceLabels(outer), Peer::Namespace(name)) => {
            let name = Selector::label(NAMESPACE_NAME_LABEL, name);
            selects_all(outer, &name)
        }
        (Peer::Namespace(name), Peer::NamespaceLabels(inner)) => {
            let name = Selector::label(NAMESPACE_NAME_LABEL, name);
            selects_all(&name, inner)
        }
        (Peer::PodLabels(all) | Peer::NamespaceLabels(all), inner) => {
            all.is_everything() && is_of_pods(inner)
        }
        (Peer::Pods, inner) => is_of_pods(inner),
        (Peer::Addresses(outer), Peer::Addresses(inner))
        | (Peer::PodAddresses(outer), Peer::PodAddresses(inner))
        | (Peer::HostAddresses(outer), Peer::HostAddresses(inner)) => inner.is_subset(outer),
        _ => false,
    }
}

fn named(namespace: &str) -> Requirement {
    Requirement::equals(NAMESPACE_NAME_LABEL, namespace)
}

/// Whether `outer` selects all that `inner` does.
fn selects_all(outer: &Selector, inner: &Selector) -> bool {
    if outer.is_everything() {
        return true;
    }
    let (outer, inner) = (LabelSet::from(outer), LabelSet::from(inner));
    !outer.is_undecided() && !inner.is_undecided() && inner.is_subset(&outer)
}

/// Whether a leaf matches pods only.
fn is_of_pods(leaf: &Peer) -> bool {
    matches!(
        leaf,
        Peer::Pods
            | Peer::PodLabels(_)
            | Peer::Namespace(_)
            | Peer::NamespaceLabels(_)
            | Peer::HostNetwork
            | Peer::ServiceAccount(_)
            | Peer::PodsOf(_)
            | Peer::PodAddresses(_)
            | Peer::HostAddresses(_)
            | Peer::PodsIpv4
            | Peer::PodsIpv6
    )
}

/// Whether a peer includes all addresses of a range, but those of nodes.
pub fn covers_range(peer: &Peer, range: &IpSet) -> bool {
    match peer {
        Peer::Everything => true,
        Peer::Addresses(set) => range.is_subset(set),
        Peer::All(parts) => parts.iter().all(|part| covers_range(part, range)),
        Peer::AnyOf(parts) => parts.iter().any(|part| covers_range(part, range)),
        Peer::Not(inner) => !may_include(inner, range),
        _ => false,
    }
}

/// Whether a peer may include some addresses of a range that are not of nodes.
fn may_include(peer: &Peer, range: &IpSet) -> bool {
    match peer {
        Peer::Addresses(set) => !set.intersection(range).is_empty(),
        Peer::All(parts) => parts.iter().all(|part| may_include(part, range)),
        Peer::AnyOf(parts) => parts.iter().any(|part| may_include(part, range)),
        Peer::Everything | Peer::Not(_) | Peer::Domain(_) | Peer::Entity(_) => true,
        _ => false,
    }
}

/// Whether one of the peers covers a peer.
pub fn one_covers(outer: &Match<PeerItem>, inner: &Peer) -> bool {
    match outer {
        Match::Any => true,
        Match::Only(items) => items.iter().any(|item| covers(&item.peer, inner)),
    }
}

/// Whether the peers of one rule cover those of another.
pub fn peers_cover(outer: &Match<PeerItem>, inner: &Match<PeerItem>) -> bool {
    match inner {
        Match::Any => one_covers(outer, &Peer::Everything),
        Match::Only(items) => items.iter().all(|item| one_covers(outer, &item.peer)),
    }
}

/// The ports of some items, to ask whether they cover others.
#[derive(Default)]
pub struct Ports<'a> {
    any: bool,
    numbers: PortSet,
    names: Vec<&'a PortMatch>,
}

impl<'a> Ports<'a> {
    /// Those of a rule.
    pub fn of(ports: &'a Match<PortItem>) -> Self {
        let mut found = Self::default();
        found.add(ports);
        found
    }

    /// Adds those of a rule.
    pub fn add(&mut self, ports: &'a Match<PortItem>) {
        match ports {
            Match::Any => self.any = true,
            Match::Only(items) => items.iter().for_each(|item| self.add_item(&item.port)),
        }
    }

    /// Adds those of an item.
    pub fn add_item(&mut self, port: &'a PortMatch) {
        match numbers(port) {
            Some(ports) => self.numbers = self.numbers.union(&ports),
            None => self.names.push(port),
        }
    }

    /// Whether they cover a port item.
    pub fn cover_item(&self, port: &PortMatch) -> bool {
        let all_of = |protocol| self.numbers.has_all_of(protocol);
        self.any
            || self.names.contains(&port)
            || match port {
                PortMatch::Named { protocol, .. } => match protocol {
                    Some(protocol) => all_of(*protocol),
                    None => Protocol::ALL.into_iter().all(all_of),
                },
                PortMatch::FromNamed { protocol, .. } => all_of(*protocol),
                port => numbers(port).is_some_and(|ports| ports.is_subset(&self.numbers)),
            }
    }

    /// Whether they cover the ports of a rule.
    pub fn cover(&self, ports: &Match<PortItem>) -> bool {
        match ports {
            Match::Any => self.any,
            Match::Only(items) => items.iter().all(|item| self.cover_item(&item.port)),
        }
    }
}

/// The ports of an item that names numbers.
pub fn numbers(port: &PortMatch) -> Option<PortSet> {
    match port {
        PortMatch::Range {
            protocol,
            first,
            last,
        } => Some(PortSet::range(*protocol, *first, *last)),
        PortMatch::AllPorts(protocol) => Some(PortSet::all_of(*protocol)),
        PortMatch::Named { .. } | PortMatch::FromNamed { .. } => None,
    }
}

/// Whether a rule may stand for another: it leaves out no ports and narrows the subject no further.
pub fn is_plain_beside(outer: &Rule, inner: &Rule) -> bool {
    outer.except.is_empty() && (outer.subject.is_none() || outer.subject == inner.subject)
}

/// Whether all that a rule matches is matched by another one of the same side.
pub fn rule_covers(outer: &Rule, inner: &Rule) -> bool {
    is_plain_beside(outer, inner)
        && Ports::of(&outer.ports).cover(&inner.ports)
        && peers_cover(&outer.peers, &inner.peers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(key: &str, value: &str) -> Peer {
        Peer::PodLabels(Selector::label(key, value))
    }

    fn namespace(name: &str) -> Peer {
        Peer::Namespace(name.to_owned())
    }

    #[test]
    fn ranges_of_addresses() {
        let block = |text: &str| Peer::Addresses(IpSet::net(text.parse().unwrap()));
        let not = |peer: Peer| Peer::Not(Box::new(peer));
        let all = || block("0.0.0.0/0");
        let nodes = Peer::Nodes(Selector::everything());
        for (peer, wanted) in [
            (all(), true),
            (block("10.1.0.0/16"), false),
            (Peer::All(vec![all(), not(nodes)]), true),
            (Peer::All(vec![all(), not(block("10.0.0.0/8"))]), false),
            (Peer::All(vec![all(), not(block("192.0.2.0/24"))]), true),
            (Peer::AnyOf(vec![Peer::Pods, block("10.0.0.0/7")]), true),
            (Peer::Pods, false),
        ] {
            let range = IpSet::net("10.0.0.0/8".parse().unwrap());
            assert_eq!(covers_range(&peer, &range), wanted, "{peer:?}");
        }
    }

    #[test]
    fn peers_by_their_expressions() {
        let block = |text: &str| Peer::Addresses(IpSet::net(text.parse().unwrap()));
        let shop = namespace("shop");
        let labelled = |labels: Selector| Peer::NamespaceLabels(labels);
        let by_name = labelled(Selector::label(NAMESPACE_NAME_LABEL, "shop"));
        let everywhere = labelled(Selector::everything());
        let web = Peer::All(vec![shop.clone(), pods("app", "web")]);
        let front = Peer::All(vec![shop.clone(), pods("app", "web"), pods("tier", "a")]);
        for (outer, inner, wanted) in [
            (&shop, &web, true),
            (&web, &shop, false),
            (&web, &front, true),
            (&front, &web, false),
            (&by_name, &web, true),
            (&everywhere, &front, true),
            (&everywhere, &block("10.0.0.0/8"), false),
            (&block("10.0.0.0/8"), &block("10.1.0.0/16"), true),
            (&block("10.1.0.0/16"), &block("10.0.0.0/8"), false),
            (&Peer::Everything, &block("10.1.0.0/16"), true),
            (&pods("app", "web"), &namespace("shop"), false),
        ] {
            assert_eq!(covers(outer, inner), wanted, "{outer:?} {inner:?}");
        }
    }
}
