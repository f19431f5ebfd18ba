//! Which policies have to exist, in no dialect: what `plan` computes and a dialect writes.

use super::{
    Accounts, Approximate, Direction, Entity, FlowKey, HttpRule, Match, Network, PortMatch,
    WorkloadKey,
};
use crate::sets::{Labels, Selector};

/// One policy: it selects pods of one namespace, or of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPolicy {
    /// `metadata.namespace`; empty if it is `across` several.
    pub namespace: String,
    /// The namespaces of its pods, if it is a policy of the whole cluster; none of its peers is in its own namespace then.
    pub across: Option<Selector>,
    /// `metadata.name`.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `metadata.annotations`.
    pub annotations: Labels,
    /// What it does, in one sentence without a full stop.
    pub comment: String,
    /// The pods that it selects.
    pub subject: Selector,
    /// The service accounts of these pods.
    pub accounts: Accounts,
    /// The known workloads among them.
    pub workloads: Vec<WorkloadKey>,
    /// The directions that it isolates, ingress first.
    pub directions: Vec<Direction>,
    /// Whether it is needed even without rules, because nothing else isolates these pods.
    pub isolates: bool,
    /// Whether something else isolates all its pods in its directions.
    pub isolated: bool,
    /// What it allows, or denies if its role is [`Role::Deny`]; never empty unless it `isolates`.
    pub rules: Vec<PlanRule>,
    /// The policies of the dialect beside it whose place decides what holds first.
    pub beside: Beside,
}

/// Policies of the dialect of a planned one that are in force already. They keep their places, and the planned one gets the place that a
/// NetworkPolicy has among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Whether there are any.
    pub any: bool,
    /// The last priority of those that hold before all NetworkPolicies (A3).
    pub last: Option<i32>,
    /// The first priority of those that hold behind them.
    pub first_baseline: Option<i32>,
}

impl PlanPolicy {
    /// By namespace, base first, then DNS, then by name.
    pub fn order(&self) -> (&str, Role, &str) {
        (&self.namespace, self.role.min(Role::Flow), &self.name)
    }

    /// `NAMESPACE/NAME`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Whether one of its rules names a domain as a destination.
    pub fn names_domains(&self) -> bool {
        let to_domain = |rule: &PlanRule| {
            let domain = |peer: &PlanPeer| matches!(peer, PlanPeer::Domain(_));
            rule.direction == Direction::Egress && rule.peers.listed().iter().any(domain)
        };
        self.rules.iter().any(to_domain)
    }
}

/// What the addresses that pods look up by name are needed for, and whether a dialect that has to learn them can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// For the pods alone.
    #[default]
    Plain,
    /// For rules of these pods that name a domain, too.
    DomainNames,
    /// The same, but no policy lets these pods resolve names.
    Unlearnt,
}

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Isolates every pod of its namespace.
    Base,
    /// Lets every pod of its namespace, or a workload, resolve names, or the DNS pods answer.
    Dns,
    /// Denies one direction of the flows between two ends, whatever else allows them, and isolates nothing.
    Deny,
    /// One direction of the flows between two ends.
    Flow,
    /// Everything of one subject.
    Workload,
    /// Isolates one workload.
    Isolation,
}

impl Role {
    /// Whether it isolates pods and allows nothing.
    pub fn only_isolates(self) -> bool {
        matches!(self, Self::Base | Self::Isolation)
    }
}

/// One rule: connections in one direction with any of the peers, at any of the ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRule {
    /// Whether the peers are sources or destinations.
    pub direction: Direction,
    /// The flows that it is written for; none for DNS.
    pub flows: Vec<FlowKey>,
    /// Notes of the flows, where they belong to the rule.
    pub comments: Vec<String>,
    /// The name of the peers in messages.
    pub other: String,
    /// The other ends; never an empty list.
    pub peers: Match<PlanPeer>,
    /// The destination ports, in the order in which they are written; never an empty list.
    pub ports: Match<PortMatch>,
    /// The only requests that are allowed: those that match one of these; empty: everything.
    pub http: Vec<HttpRule>,
    /// Whether requests are filtered at this gate, rather than at the other one.
    pub filters: bool,
    /// Whether a dialect that cannot express it may write a wider rule.
    pub approximate: Approximate,
}

/// A peer as it is drawn, under no assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanPeer {
    /// Pods that match a selector, everywhere in these namespaces.
    Pods(PlanNamespaces, Selector),
    /// The same that run as one of some service accounts, of which one is named at least.
    Accounts(PlanNamespaces, Selector, Accounts),
    /// An address block without its exceptions.
    Block(Network),
    /// An address of a node, for the node itself or for pods on its network.
    Node(Network),
    /// A domain name, or a pattern of them.
    Domain(String),
    /// What is named by its role.
    Entity(Entity),
}

impl PlanPeer {
    /// Pods that match a selector and run as one of some service accounts, if any are named.
    pub fn pods(namespaces: PlanNamespaces, pods: Selector, accounts: Accounts) -> Self {
        match accounts.is_any() {
            true => Self::Pods(namespaces, pods),
            false => Self::Accounts(namespaces, pods, accounts),
        }
    }

    /// Whether it is every pod of every namespace.
    pub fn is_all_pods(&self) -> bool {
        match self {
            Self::Pods(PlanNamespaces::Labelled(namespaces), pods) => {
                namespaces.is_everything() && pods.is_everything()
            }
            _ => false,
        }
    }
}

/// Namespaces of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanNamespaces {
    /// The policy's own.
    Own,
    /// The one of this name.
    Named(String),
    /// Those whose labels match.
    Labelled(Selector),
}
