//! Calico's policies and the objects that they name, as written.

use ipnet::IpNet;

use super::selector::Expression;
use crate::sets::{Labels, Protocol};
use crate::yaml::Mark;

/// The kinds of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    NetworkPolicy,
    GlobalNetworkPolicy,
}

/// A policy.
#[derive(Clone, Debug)]
pub struct CalicoPolicy {
    pub kind: Kind,
    /// `spec.tier`; `default` if absent.
    pub tier: String,
    /// `spec.order`; none: behind all that have one.
    pub order: Option<f64>,
    /// `spec.selector`; none: every pod.
    pub selector: Option<Expression>,
    /// `spec.namespaceSelector` of a GlobalNetworkPolicy.
    pub namespace_selector: Option<Expression>,
    /// `spec.serviceAccountSelector`.
    pub service_account_selector: Option<Expression>,
    /// Whether it applies to ingress and to egress (G12, resolved).
    pub types: [bool; 2],
    /// `spec.ingress` and `spec.egress`, in order.
    pub rules: [Vec<Rule>; 2],
    /// `applyOnForward`, `preDNAT` or `doNotTrack`: it is for traffic of hosts (G14).
    pub host: bool,
}

/// One rule: all criteria must match.
#[derive(Clone, Debug)]
pub struct Rule {
    pub action: Action,
    /// `protocol`.
    pub protocol: Option<Ip>,
    /// `notProtocol`.
    pub not_protocol: Option<Ip>,
    /// `ipVersion`: 4 or 6.
    pub version: Option<u8>,
    /// The one type of ICMP that `icmp` names.
    pub icmp: Option<u16>,
    /// The one type of ICMP that `notICMP` leaves out.
    pub not_icmp: Option<u16>,
    /// Whether a code of ICMP restricts it, or what it leaves out.
    pub icmp_code: bool,
    /// Whether `http` restricts it.
    pub http: bool,
    /// A key of what is written of ICMP, HTTP and source ports; none: nothing is.
    pub met_by: Option<String>,
    pub source: Entity,
    pub destination: Entity,
    pub mark: Mark,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Allow,
    Deny,
    Pass,
    Log,
}

/// A protocol of IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ip {
    /// One with ports, or types, by name or by number.
    Ports(Protocol),
    /// Another one, by its number.
    Other(u8),
}

/// `source` or `destination`; without criteria it is everything (G24).
#[derive(Clone, Debug, Default)]
pub struct Entity {
    pub nets: Vec<IpNet>,
    pub not_nets: Vec<IpNet>,
    pub selector: Option<Expression>,
    pub not_selector: Option<Expression>,
    pub namespace_selector: Option<Expression>,
    pub service_accounts: Option<ServiceAccounts>,
    /// Namespace and name of `services`.
    pub service: Option<(String, String)>,
    /// An empty list is as if it were missing.
    pub ports: Vec<Port>,
    pub not_ports: Vec<Port>,
    /// Where it is written; none: it is missing.
    pub mark: Option<Mark>,
}

/// `serviceAccounts`: both must match; without either it is no criterion (G23).
#[derive(Clone, Debug, Default)]
pub struct ServiceAccounts {
    /// One of these names; empty: any.
    pub names: Vec<String>,
    pub selector: Option<Expression>,
}

/// An item of `ports` or `notPorts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    pub number: Number,
    pub mark: Mark,
}

/// The port of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// First and last.
    Range(u16, u16),
    Named(String),
}

/// Addresses with labels: NetworkSet, GlobalNetworkSet and HostEndpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressSet {
    /// Of a NetworkSet.
    pub namespace: Option<String>,
    pub name: String,
    pub labels: Labels,
    pub nets: Vec<IpNet>,
}
