//! Dialect-neutral policies: what every dialect is lowered to, and all that the analysis reads.
//!
//! A policy has a subject and up to two sides. Tiers run in order; inside a tier the rules of all
//! policies that select the subject combine in one of two ways ([`Combine`]). What is still
//! undecided at the end of a tier is denied if one of the sides that apply there `isolates`, and
//! goes on to the next tier otherwise; after the last tier it is allowed. This covers NetworkPolicy,
//! the Admin and Baseline tiers, Cilium and Calico.

mod accounts;
mod approximation;
mod entity;
mod http;
mod imported;
mod loss;
pub mod names;
mod network;
mod ordered;
mod plan;
mod raised;
mod target;

pub use accounts::Accounts;
pub use approximation::{Approximate, Approximation, Form, Wider};
pub use entity::Entity;
pub use http::HttpRule;
pub use imported::Imported;
pub use loss::{ADD_ADDRESSES, ADD_NETWORKS, FlowKey, Loss, Part, WorkloadKey, distinct};
pub use network::Network;
pub use ordered::{OrderedPolicy, OrderedRule, Place, RaisedOrdered};
pub use plan::{Beside, PlanNamespaces, PlanPeer, PlanPolicy, PlanRule, Resolution, Role};
pub use raised::{RaisedPolicy, RaisedRule, Unraised, merged};
pub use target::Target;

use std::borrow::Cow;

use crate::diag::Span;
use crate::sets::{DomainPattern, IpSet, Protocol, Selector};

/// The direction of a connection, seen from the pod that a policy selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the pod.
    Ingress,
    /// From the pod.
    Egress,
}

impl Direction {
    /// Both, in the order in which they are always printed.
    pub const BOTH: [Self; 2] = [Self::Ingress, Self::Egress];

    /// `Ingress` or `Egress`, as `policyTypes` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// `ingress` or `egress`, the field with the rules of the direction.
    pub fn field(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    /// The direction at the other end of the connection.
    pub fn other(self) -> Self {
        match self {
            Self::Ingress => Self::Egress,
            Self::Egress => Self::Ingress,
        }
    }
}

/// How the rules of one tier combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Combine {
    /// Policies by order, rules as written; the first that matches decides.
    FirstMatch,
    /// A matching Deny beats a matching Accept; order means nothing.
    DenyOverAccept,
}

/// One tier; its place in `Snapshot::tiers` is its order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tier {
    /// Name for explanations: `Admin`, `NetworkPolicy`, `Baseline`.
    pub name: String,
    /// How its rules combine.
    pub combine: Combine,
}

/// The place of a policy in its tier by a number as its dialect writes it, in the same order; none: behind
/// all that have one.
pub fn order(written: Option<f64>) -> i64 {
    // There are two zeros.
    written.map_or(i64::MAX, |number| {
        ordered(i64::from_ne_bytes((number + 0.0).to_ne_bytes()))
    })
}

/// The number of a place, as its dialect writes it.
pub fn written_order(order: i64) -> f64 {
    f64::from_ne_bytes(ordered(order).to_ne_bytes())
}

/// The bits of a number as an integer that is in the same order, and back: those of negative ones count down.
fn ordered(bits: i64) -> i64 {
    match bits < 0 {
        true => bits ^ i64::MAX,
        false => bits,
    }
}

/// What a rule does with a connection that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Allow, finally.
    Accept,
    /// Drop, finally.
    Deny,
    /// Leave this tier for the next.
    Pass,
}

/// A kind of policy objects, of any dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// API group: `networking.k8s.io`.
    pub group: &'static str,
    /// `kind`: `NetworkPolicy`.
    pub name: &'static str,
    /// Whether its objects have a namespace.
    pub namespaced: bool,
    /// The version that is served: `v1`.
    pub version: &'static str,
    /// What becomes of its objects.
    pub reading: Reading,
}

impl Kind {
    /// `networking.k8s.io/v1`.
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }
}

/// The API group that an object belongs to today. The kinds of `extensions` moved to other groups, and Calico stores the
/// objects of its API in a group of their own.
pub fn current_group<'a>(group: &'a str, kind: &str) -> &'a str {
    match (group, kind) {
        ("extensions", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet") => "apps",
        ("extensions", "PodSecurityPolicy") => "policy",
        ("extensions", "Ingress" | "IngressClass" | "NetworkPolicy") => "networking.k8s.io",
        ("crd.projectcalico.org", _) => "projectcalico.org",
        _ => group,
    }
}

/// What becomes of policies of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A dialect reads them.
    Judged,
    /// They are in force, but no dialect reads them: answers leave them out, and report it.
    LeftOut(Selects),
    /// The same, but only those whose spec has one of these fields restrict pods.
    LeftOutWith(&'static [&'static str]),
    /// They are not in force, such as staged policies.
    NotEnforced,
    /// They are no policies, but policies name them.
    Resource,
    /// The same, but the enforcer does not implement these policies.
    ResourceOfOthers,
}

/// Which pods a policy that no dialect reads may select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selects {
    /// Those of its namespace; all, if its kind has none.
    OwnNamespace,
    /// The same, but those in this namespace are for all pods.
    AllFrom(&'static str),
    /// All pods, whichever namespace it is in.
    All,
}

/// A policy of any dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The API kind it was written in.
    pub kind: &'static str,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`; none for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// Index into `Snapshot::tiers`.
    pub tier: usize,
    /// Place within a first-match tier, lower first.
    pub order: i64,
    /// What decides between policies of one place, in the order of text (A3).
    pub tie: String,
    /// Which pods it applies to.
    pub subject: Peer,
    /// Its rules for connections to its subjects; none: it does not affect them (K3).
    pub ingress: Option<Side>,
    /// Its rules for connections from its subjects.
    pub egress: Option<Side>,
    /// Where it was written.
    pub span: Span,
}

impl Policy {
    /// Its rules for a direction.
    pub fn side(&self, direction: Direction) -> Option<&Side> {
        match direction {
            Direction::Ingress => self.ingress.as_ref(),
            Direction::Egress => self.egress.as_ref(),
        }
    }

    /// Namespace and pod selector, if these two determine which pods it selects; those on the host
    /// network may be excluded.
    pub fn selected_pods(&self) -> Option<(&str, Cow<'_, Selector>)> {
        let (mut namespace, mut labels) = (None, Vec::new());
        find_selected(
            std::slice::from_ref(&self.subject),
            &mut namespace,
            &mut labels,
        )?;
        let selector = match labels.as_slice() {
            [one] => Cow::Borrowed(*one),
            [] => Cow::Owned(Selector::everything()),
            several => {
                let all = several.iter().flat_map(|s| s.requirements.iter().cloned());
                Cow::Owned(Selector {
                    requirements: all.collect(),
                })
            }
        };
        namespace.map(|namespace| (namespace, selector))
    }

    /// Its rules of a direction.
    pub fn rules(&self, direction: Direction) -> &[Rule] {
        self.side(direction).map_or(&[], |side| &side.rules)
    }

    /// Calls `see` with every leaf of what it selects and of the peers of its rules.
    pub fn leaves(&self, see: &mut dyn FnMut(&Peer)) {
        self.subject.leaves(see);
        let rules = Direction::BOTH.iter().flat_map(|d| self.rules(*d));
        let peers = rules.flat_map(|rule| rule.peers.listed());
        peers.for_each(|item| item.peer.leaves(see));
    }

    /// Whether one of its rules allows connections under one of these conditions.
    pub fn allows_if(&self, which: impl Fn(Condition) -> bool + Copy) -> bool {
        let mut rules = Direction::BOTH.into_iter().flat_map(|d| self.rules(d));
        rules.any(|rule| rule.allows_if(which))
    }

    /// `NAMESPACE/NAME`, or `NAME` of a cluster-wide one.
    pub fn full_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// `KIND NAMESPACE/NAME`.
    pub fn title(&self) -> String {
        format!("{} {}", self.kind, self.full_name())
    }
}

/// Collects the namespace and the labels that a subject consists of; none if it has other parts.
fn find_selected<'a>(
    parts: &'a [Peer],
    namespace: &mut Option<&'a str>,
    labels: &mut Vec<&'a Selector>,
) -> Option<()> {
    for part in parts {
        match part {
            Peer::All(parts) => find_selected(parts, namespace, labels)?,
            Peer::Namespace(name) if namespace.is_none() => *namespace = Some(name),
            Peer::PodLabels(selector) => labels.push(selector),
            Peer::Pods => {}
            Peer::Not(inner) if **inner == Peer::HostNetwork => {}
            _ => return None,
        }
    }
    Some(())
}

/// One direction of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Undecided connections of a subject are denied at the end of the tier.
    pub isolates: bool,
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

impl Side {
    /// Whether connections of its subjects are denied unless a rule allows them: at the end of the tier, or because a
    /// rule denies those with all pods.
    pub fn denies_by_default(&self) -> bool {
        let denies_all = |rule: &Rule| {
            rule.action == Action::Deny
                && rule.ports == Match::Any
                && rule.subject.is_none()
                && match &rule.peers {
                    Match::Any => true,
                    Match::Only(items) => items.iter().any(|item| item.peer.has_all_pods()),
                }
        };
        self.isolates || self.rules.iter().any(denies_all)
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its own name, where the dialect has one.
    pub name: Option<String>,
    /// What happens to what it matches.
    pub action: Action,
    /// Narrows the policy's subject, for dialects whose rules do.
    pub subject: Option<Peer>,
    /// The other end: any of these.
    pub peers: Match<PeerItem>,
    /// The destination port: any of these.
    pub ports: Match<PortItem>,
    /// What the analysis does not model: it can make an Accept allow less than the answers say.
    pub conditions: Vec<Condition>,
    /// What meets the conditions as it is written, any of these: an HTTP rule as [`HttpRule`] shows it, else a key that is
    /// the same where the same is written. Only for comparing what is written.
    pub met_by: Vec<String>,
    /// Destination ports that it does not match although they are among `ports`.
    pub except: Vec<PortItem>,
    /// Its place in the list that it was written in, as messages number it; several rules may be of one place.
    pub index: usize,
    /// Where it was written.
    pub span: Span,
}

impl Rule {
    /// Whether one of its peers depends on the node that the pod of the gate runs on.
    pub fn names_own_node(&self) -> bool {
        let peers = self.peers.listed().iter();
        peers.map(|item| &item.peer).any(Peer::names_own_node)
    }

    /// Whether it allows connections under one of these conditions.
    pub fn allows_if(&self, which: impl Fn(Condition) -> bool) -> bool {
        self.action == Action::Accept && self.conditions.iter().any(|c| which(*c))
    }
}

/// A condition beyond addresses and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Requests must match an HTTP rule.
    Http,
    /// Queries must match a DNS rule.
    Dns,
    /// The TLS server name must be one of a list.
    TlsServerName,
    /// A proxy terminates or starts TLS.
    Tls,
    /// A listener of a proxy takes the connection.
    Listener,
    /// Both ends must authenticate each other.
    Authentication,
    /// Only some source ports match.
    SourcePorts,
    /// Only some types of ICMP match.
    Icmp,
}

impl Condition {
    /// `an HTTP rule`, as it follows `with`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Http => "an HTTP rule",
            Self::Dns => "a DNS rule",
            Self::TlsServerName => "a TLS server name",
            Self::Tls => "TLS",
            Self::Listener => "a proxy listener",
            Self::Authentication => "mutual authentication",
            Self::SourcePorts => "source ports",
            Self::Icmp => "ICMP types",
        }
    }

    /// `HTTP rules`, as the subject of a sentence.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Http => "HTTP rules",
            Self::Dns => "DNS rules",
            Self::TlsServerName => "TLS server names",
            Self::Tls => "TLS settings",
            Self::Listener => "proxy listeners",
            Self::Authentication => "authentication modes",
            Self::SourcePorts => "source ports",
            Self::Icmp => "ICMP types and codes",
        }
    }
}

/// "Empty means all" is resolved where YAML is parsed; here it is explicit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match<T> {
    /// Everything.
    Any,
    /// One of these; an empty list matches nothing.
    Only(Vec<T>),
}

impl<T> Match<T> {
    /// What is listed; nothing where everything matches.
    pub fn listed(&self) -> &[T] {
        match self {
            Self::Any => &[],
            Self::Only(items) => items,
        }
    }
}

/// A peer as written, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerItem {
    /// Which endpoints.
    pub peer: Peer,
    /// Where it was written.
    pub span: Span,
}

/// A port item as written, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortItem {
    /// Which ports.
    pub port: PortMatch,
    /// Where it was written.
    pub span: Span,
}

/// A Boolean expression over endpoints: pods, pods that do not exist yet, addresses outside, nodes.
/// Every leaf is a set of endpoints; what a leaf does not speak of is not in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// Every endpoint.
    Everything,
    /// None.
    Nothing,
    /// Every pod.
    Pods,
    /// Pods whose labels match.
    PodLabels(Selector),
    /// Pods of the namespace of this name.
    Namespace(String),
    /// Pods of namespaces whose labels match.
    NamespaceLabels(Selector),
    /// Pods with `hostNetwork: true`.
    HostNetwork,
    /// Pods running as a service account of this name.
    ServiceAccount(String),
    /// The known pods with this `Pod::key`, whatever their labels.
    PodsOf(WorkloadKey),
    /// Pods that do not exist yet (none of the known ones).
    NewPods,
    /// Addresses that belong to no pod.
    Addresses(IpSet),
    /// Pods one of whose known addresses is in the set.
    PodAddresses(IpSet),
    /// Host-network pods that are taken for their nodes, if one of the node's addresses is in the set. One
    /// whose node has no known address has some IPv4 address.
    HostAddresses(IpSet),
    /// Host-network pods that are taken for their nodes, if the node's labels match.
    HostsOn(Selector),
    /// Pods that have an IPv4 address, or no known address at all.
    PodsIpv4,
    /// Pods that have an IPv6 address.
    PodsIpv6,
    /// Pods whose known addresses are of exactly these families; of none: pods without known addresses.
    PodsOfFamilies {
        /// IPv4.
        v4: bool,
        /// IPv6.
        v6: bool,
    },
    /// Nodes whose labels match.
    Nodes(Selector),
    /// The destinations of the domain names that a pattern matches (opaque: they overlap no address).
    Domain(DomainPattern),
    /// One of [`Entity::OPAQUE`]: an endpoint that is no pod, no node and no address. At the gate of the source
    /// [`Entity::Host`] is also the node that the pod runs on, if that is known, with the pods on its network; at that
    /// of the destination nothing asks, because a node always reaches its own pods.
    Entity(Entity),
    /// All of these.
    All(Vec<Peer>),
    /// At least one of these.
    AnyOf(Vec<Peer>),
    /// Every endpoint that is not in it.
    Not(Box<Peer>),
}

impl Peer {
    /// The same with its parts and requirements in an order of its own, each once: equal for peers that differ in the
    /// order in which they are written.
    pub fn canonical(&self) -> Self {
        let selector = |selector: &Selector| {
            let mut requirements = selector.requirements.clone();
            requirements.sort();
            requirements.dedup();
            Selector { requirements }
        };
        let parts = |parts: &[Self]| {
            let mut parts: Vec<Self> = parts.iter().map(Self::canonical).collect();
            parts.sort();
            parts.dedup();
            parts
        };
        match self {
            Self::PodLabels(labels) => Self::PodLabels(selector(labels)),
            Self::NamespaceLabels(labels) => Self::NamespaceLabels(selector(labels)),
            Self::HostsOn(labels) => Self::HostsOn(selector(labels)),
            Self::Nodes(labels) => Self::Nodes(selector(labels)),
            Self::All(all) => Self::All(parts(all)),
            Self::AnyOf(any) => Self::AnyOf(parts(any)),
            Self::Not(inner) => Self::Not(Box::new(inner.canonical())),
            other => other.clone(),
        }
    }

    /// Whether it is written without leaving out a pod but those on the host network.
    pub fn has_all_pods(&self) -> bool {
        match self {
            Self::Everything | Self::Pods => true,
            Self::PodLabels(labels) | Self::NamespaceLabels(labels) => labels.is_everything(),
            Self::All(parts) => parts.iter().all(Self::has_all_pods),
            Self::AnyOf(parts) => parts.iter().any(Self::has_all_pods),
            Self::Not(inner) => **inner == Self::HostNetwork,
            _ => false,
        }
    }

    /// All nodes but that of the pod ([`Entity::RemoteNode`]), with the pods on their network.
    pub fn remote_nodes() -> Self {
        let nodes = vec![Self::HostNetwork, Self::Nodes(Selector::everything())];
        Self::All(vec![
            Self::AnyOf(nodes),
            Self::Not(Box::new(Self::Entity(Entity::Host))),
        ])
    }

    /// Whether it depends on the node that the pod of the gate runs on. Beside all pods and all nodes, its own node makes
    /// no difference.
    pub fn names_own_node(&self) -> bool {
        match self {
            Self::Entity(entity) => *entity == Entity::Host,
            Self::AnyOf(any) => {
                let nodes = Self::Nodes(Selector::everything());
                let has_all = any.contains(&Self::Pods) && any.contains(&nodes);
                !has_all && any.iter().any(Self::names_own_node)
            }
            Self::All(all) => all.iter().any(Self::names_own_node),
            Self::Not(inner) => inner.names_own_node(),
            _ => false,
        }
    }

    /// The namespace that it names, where it matches no pods of others.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Namespace(name) => Some(name),
            Self::All(parts) => parts.iter().find_map(Self::namespace),
            _ => None,
        }
    }

    /// Calls `see` with every leaf of the expression.
    pub fn leaves<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        match self {
            Self::All(all) | Self::AnyOf(all) => all.iter().for_each(|p| p.leaves(see)),
            Self::Not(inner) => inner.leaves(see),
            leaf => see(leaf),
        }
    }

    /// Whether one of the leaves of the expression is such a one.
    pub fn has_leaf(&self, mut is: impl FnMut(&Self) -> bool) -> bool {
        let mut found = false;
        self.leaves(&mut |leaf| found = found || is(leaf));
        found
    }
}

/// Which destination ports a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortMatch {
    /// Ports `first..=last` of one protocol.
    Range {
        /// The protocol.
        protocol: Protocol,
        /// First port, from 1.
        first: u16,
        /// Last port, inclusive.
        last: u16,
    },
    /// A named port, resolved on the destination pod; protocol none: as the pod declares (A10).
    Named {
        /// The protocol that the container port must have.
        protocol: Option<Protocol>,
        /// The container port's name.
        name: String,
    },
    /// From the number of a named port to a last number; the named port alone if that is lower.
    FromNamed {
        /// The protocol.
        protocol: Protocol,
        /// The container port's name.
        name: String,
        /// Last port, inclusive.
        last: u16,
    },
    /// All ports of one protocol (K11).
    AllPorts(Protocol),
}

impl PortMatch {
    /// Its protocol; none: each that a pod declares the name for.
    pub fn protocol(&self) -> Option<Protocol> {
        match self {
            Self::AllPorts(protocol)
            | Self::Range { protocol, .. }
            | Self::FromNamed { protocol, .. } => Some(*protocol),
            Self::Named { protocol, .. } => *protocol,
        }
    }

    /// Whether it is types of ICMP.
    pub fn has_types(&self) -> bool {
        self.protocol().is_some_and(Protocol::has_types)
    }
}
