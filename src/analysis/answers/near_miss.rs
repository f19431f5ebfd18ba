//! The conditions of a rule that a connection fails, as sentences.

use crate::analysis::Endpoint;
use crate::analysis::oracle::{Probe, any_port_matches, peer_matches_at, rule_matches_port};
use crate::cluster::{Pod, PodAddresses, Snapshot};
use crate::policy::{Direction, Entity, Match, Peer, PeerItem, PortMatch, Rule};
use crate::sets::{LabelOp, Labels, Protocol, Selector};

/// For each peer, the conditions that `end` fails at the gate of `own` in a direction; fewest first. Empty if `end`
/// matches one of the peers.
pub fn peer_misses(
    snapshot: &Snapshot,
    (direction, own): (Direction, &Endpoint),
    peers: &Match<PeerItem>,
    end: &Endpoint,
) -> Vec<String> {
    let Match::Only(items) = peers else {
        return Vec::new();
    };
    let question = Question {
        snapshot,
        direction,
        own,
        end,
    };
    let each = items.iter().map(|item| question.peer_miss(&item.peer));
    let mut all: Vec<Vec<String>> = each.collect();
    if all.iter().any(Vec::is_empty) {
        return Vec::new();
    }
    all.sort_by_key(Vec::len);
    all.into_iter()
        .map(|reasons| reasons.join(" and "))
        .collect()
}

/// The port names of a rule that mean nothing in egress rules at this destination.
fn ambiguous_names(snapshot: &Snapshot, rule: &Rule, to: &Endpoint) -> Vec<String> {
    let pod = match to {
        Endpoint::Pod(at) => snapshot.pods.get(*at),
        _ => None,
    };
    let mut found = Vec::new();
    for item in rule.ports.listed() {
        let (PortMatch::Named { name, .. } | PortMatch::FromNamed { name, .. }) = &item.port else {
            continue;
        };
        let ambiguous = |pod: &Pod| {
            let mut protocols = Protocol::ALL.into_iter();
            protocols.any(|of| snapshot.assumptions.is_ambiguous(pod, name, of))
        };
        let name = format!("`{name}`");
        if pod.is_some_and(ambiguous) && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Why none of the ports of a rule of a direction matches; `None` if one does.
pub fn port_miss(
    snapshot: &Snapshot,
    direction: Direction,
    rule: &Rule,
    to: &Endpoint,
    probe: Probe,
) -> Option<String> {
    if rule_matches_port(snapshot, direction, rule, to, probe) {
        return None;
    }
    if direction == Direction::Egress
        && rule_matches_port(snapshot, Direction::Ingress, rule, to, probe)
    {
        let names = ambiguous_names(snapshot, rule, to);
        return Some(format!(
            "pods with the same labels declare {} with different numbers, so the name matches none of them (C40)",
            names.join(", ")
        ));
    }
    let items = match &rule.ports {
        Match::Only(items) if !any_port_matches(snapshot, &rule.ports, to, probe) => items,
        _ => {
            let except: Vec<String> = rule.except.iter().map(|i| port_words(&i.port)).collect();
            return Some(format!("the rule leaves out {}", except.join(", ")));
        }
    };
    let names: Vec<String> = items.iter().map(|i| port_words(&i.port)).collect();
    Some(match names.as_slice() {
        [] => "the rule lists no ports, so it matches nothing".into(),
        names => format!("the rule lists only {}", names.join(", ")),
    })
}

/// A port item as text: `TCP 80-90`, ``TCP `http` ``.
pub fn port_words(port: &PortMatch) -> String {
    match port {
        PortMatch::AllPorts(protocol) => format!("all {protocol} ports"),
        PortMatch::Range {
            protocol,
            first,
            last,
        } if first == last => format!("{protocol} {first}"),
        PortMatch::Range {
            protocol,
            first,
            last,
        } => format!("{protocol} {first}-{last}"),
        PortMatch::Named { protocol, name } => match protocol {
            Some(protocol) => format!("{protocol} `{name}`"),
            None => format!("`{name}`"),
        },
        PortMatch::FromNamed {
            protocol,
            name,
            last,
        } => format!("{protocol} `{name}`-{last}"),
    }
}

/// Whether an end is a peer at a gate.
struct Question<'a> {
    snapshot: &'a Snapshot,
    direction: Direction,
    /// The pod whose gate that is.
    own: &'a Endpoint,
    end: &'a Endpoint,
}

impl Question<'_> {
    /// Every condition that fails; empty if none does.
    fn peer_miss(&self, peer: &Peer) -> Vec<String> {
        let source = (self.direction == Direction::Egress).then_some(self.own);
        if peer_matches_at(self.snapshot, source, peer, self.end) {
            return Vec::new();
        }
        match peer {
            Peer::All(all) => {
                if !is_pod(self.end) && all.iter().any(is_pod_condition) {
                    return vec!["it is not a pod".into()];
                }
                all.iter().flat_map(|p| self.peer_miss(p)).collect()
            }
            Peer::AnyOf(any) => {
                let misses = any.iter().map(|p| self.peer_miss(p));
                misses
                    .min_by_key(Vec::len)
                    .unwrap_or_else(|| vec!["the peer is empty".into()])
            }
            Peer::Entity(Entity::Host) if self.may_be_own_node() => {
                vec!["it may be the node of the pod, which is not known (`spec.nodeName`)".into()]
            }
            leaf => vec![leaf_miss(self.snapshot, leaf, self.end)],
        }
    }

    /// Whether the end is a node, and that of the pod is not known.
    fn may_be_own_node(&self) -> bool {
        let known = |end: &Endpoint| match end {
            Endpoint::Pod(at) => self.snapshot.pods.get(*at),
            _ => None,
        };
        let runs_somewhere = |pod: &Pod| pod.node.is_none();
        let own = known(self.own).is_none_or(runs_somewhere);
        match self.end {
            Endpoint::Node(_) | Endpoint::NodeAddress(..) => own,
            end => known(end).is_some_and(|pod| pod.host_network && (own || runs_somewhere(pod))),
        }
    }
}

fn is_pod(end: &Endpoint) -> bool {
    matches!(end, Endpoint::Pod(_) | Endpoint::NewPod(_))
}

fn is_pod_condition(peer: &Peer) -> bool {
    matches!(
        peer,
        Peer::Pods | Peer::PodLabels(_) | Peer::Namespace(_) | Peer::NamespaceLabels(_)
    )
}

fn leaf_miss(snapshot: &Snapshot, leaf: &Peer, end: &Endpoint) -> String {
    let (labels, namespace) = labels_and_namespace(snapshot, end);
    match leaf {
        Peer::PodLabels(_) | Peer::Namespace(_) | Peer::NamespaceLabels(_) | Peer::Pods
            if !is_pod(end) =>
        {
            "it is not a pod".into()
        }
        Peer::PodLabels(selector) => label_miss("it", selector, labels.as_ref()),
        Peer::NamespaceLabels(selector) => {
            let own = namespace.as_ref().map(|n| &n.1);
            label_miss("its namespace", selector, own)
        }
        Peer::Namespace(name) => match &namespace {
            Some((own, _)) => format!("it is in namespace `{own}`, not `{name}`"),
            None => format!("it is not in namespace `{name}`"),
        },
        Peer::Addresses(set) => {
            let nets: Vec<String> = set.cidrs().iter().map(ToString::to_string).collect();
            let nets = nets.join(", ");
            match end {
                Endpoint::Pod(at) => {
                    let pod = snapshot.pods.get(*at);
                    let is_unknown = snapshot.assumptions.pod_addresses == PodAddresses::Known
                        && pod.is_some_and(|pod| !pod.host_network && pod.addresses.is_empty());
                    if is_unknown {
                        return format!(
                            "its address is not known, so {nets} is judged not to match it"
                        );
                    }
                    let mut addresses = pod.into_iter().flat_map(|pod| &pod.addresses);
                    let would = match addresses.find(|address| set.contains(**address)) {
                        Some(address) => {
                            format!("; it would match under `pod-addresses=known`, at {address}")
                        }
                        None => String::new(),
                    };
                    format!("address blocks such as {nets} match no pods here{would}")
                }
                Endpoint::NewPod(_) => format!("address blocks such as {nets} match no pods here"),
                _ => format!("it is outside {nets}"),
            }
        }
        Peer::PodAddresses(_) => "its address is not in the block".into(),
        Peer::HostAddresses(_) | Peer::HostsOn(_) => "it is not on one of the listed nodes".into(),
        Peer::Not(inner) if **inner == Peer::HostNetwork => "it is a host-network pod".into(),
        Peer::ServiceAccount(name) => format!("it does not run as `{name}`"),
        Peer::Nodes(selector) => format!("it is not a node with {selector}"),
        Peer::Domain(pattern) => format!("it does not match the domain name `{pattern}`"),
        Peer::Entity(entity) => format!("it is not {}", entity.description()),
        Peer::Not(inner) if **inner == Peer::Entity(Entity::Host) => {
            "it is the node of the pod".into()
        }
        _ => "it does not match the peer".into(),
    }
}

type Facts = (Option<Labels>, Option<(String, Labels)>);

/// The labels of a pod, and the name and labels of its namespace.
fn labels_and_namespace(snapshot: &Snapshot, end: &Endpoint) -> Facts {
    let known = |at: usize| {
        let namespace = snapshot.namespaces.get(at);
        namespace.map(|n| (n.name.clone(), n.labels.clone()))
    };
    match end {
        Endpoint::Pod(at) => match snapshot.pods.get(*at) {
            Some(pod) => (Some(Labels::clone(&pod.labels)), known(pod.namespace)),
            None => (None, None),
        },
        Endpoint::NewPod(pod) => (Some(pod.labels.clone()), pod.namespace.and_then(known)),
        _ => (None, None),
    }
}

fn label_miss(who: &str, selector: &Selector, labels: Option<&Labels>) -> String {
    let none = Labels::new();
    let labels = labels.unwrap_or(&none);
    let failing = selector.requirements.iter().filter(|r| !r.matches(labels));
    let words = failing.map(|r| match (labels.get(&r.key), &r.op) {
        (None, _) => format!("no label `{}` (needs {r})", r.key),
        (Some(value), LabelOp::DoesNotExist) => {
            format!("a label `{}={value}` (must not exist)", r.key)
        }
        (Some(value), _) => format!("`{}={value}` (needs {r})", r.key),
    });
    let words: Vec<String> = words.collect();
    format!("{who} has {}", words.join(", "))
}
