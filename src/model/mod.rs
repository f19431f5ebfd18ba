//! What the user edits: the [`Document`]. Its tables are shared and copied on write, so that undo can
//! store whole Documents. Objects have ids, which a rename does not change; the project file uses names
//! (`project::format`). The only way to change a Document is an [`edit::Edit`].

pub mod cluster;
pub mod dns;
pub mod edit;
mod evidence;
#[cfg(test)]
pub(crate) mod fixture;
mod flow_port;
pub mod history;
pub mod ids;
mod invariant;
pub mod naming;
mod new;
pub mod query;
pub mod table;
pub mod time;
mod traffic;
pub mod validate;
pub mod words;

#[cfg(test)]
pub(crate) mod arbitrary;

use std::collections::{BTreeMap, BTreeSet};

pub use crate::policy::{Accounts, Direction, Network};
pub use edit::{Applied, Edit, Item, Thing};
pub use evidence::FlowEvidence;
pub use history::History;
pub use ids::*;
pub use invariant::{Claim, Invariant};
pub use query::{PolicyIdentities, PortChoice, is_system_namespace};
pub use table::Table;
pub use traffic::TrafficClass;
pub use validate::Refusal;
pub use words::Words;

use crate::cluster::{Assumptions, ContainerPort, Enforcer, HostNetwork, ServicePort};
use crate::policy::{Entity, HttpRule, Target};
use crate::sets::{Labels, Protocol, Selector};

/// Fields that this version does not know; they survive a round trip.
pub type Unknown = BTreeMap<String, crate::yaml::plain::Value>;

/// A project. Cloning is cheap: every table is shared until it is changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Project name.
    pub name: String,
    /// How policies are written.
    pub settings: Settings,
    /// Namespaces.
    pub namespaces: Table<NamespaceId, Namespace>,
    /// Workloads.
    pub workloads: Table<WorkloadId, Workload>,
    /// Services.
    pub services: Table<ServiceId, Service>,
    /// What Ingress, Route and Gateway objects send to Services.
    pub routes: std::sync::Arc<Vec<Route>>,
    /// Nodes.
    pub nodes: Table<NodeId, Node>,
    /// Where network plugins declare the addresses of pods.
    pub address_pools: std::sync::Arc<Vec<AddressPool>>,
    /// Things outside the cluster.
    pub externals: Table<ExternalId, External>,
    /// Pods by selector.
    pub groups: Table<GroupId, Group>,
    /// The traffic that should exist.
    pub flows: Table<FlowId, Flow>,
    /// Imported policies, verbatim.
    pub policies: Table<PolicyId, ImportedPolicy>,
    /// Requirements on the policies in force.
    pub invariants: Table<InvariantId, Invariant>,
    /// Where the user placed nodes (top left corner, in points); all others are laid out.
    pub layout: std::sync::Arc<BTreeMap<NodeRef, [f32; 2]>>,
    /// The namespaces that are shown as one card; none: nobody chose, so a large project opens collapsed.
    pub collapsed: Option<std::sync::Arc<BTreeSet<NamespaceId>>>,
    /// Findings that `lint` does not report.
    pub ignore: std::sync::Arc<Vec<IgnoredRule>>,
    /// Files of recorded traffic that the project is compared with. They are referred to, never copied in.
    pub recordings: std::sync::Arc<Vec<RecordedFile>>,
    /// Unknown top-level fields.
    pub unknown: std::sync::Arc<Unknown>,
}

impl Document {
    /// The workloads that are not the very same in both, if both are known to have the same settings, and the
    /// very same tables of everything but workloads, flows and invariants; else none. What was computed from
    /// these and from other workloads alone is still true. Cheap.
    pub fn changed_workloads(&self, other: &Self) -> Option<BTreeSet<WorkloadId>> {
        let alike = self.namespaces.same(&other.namespaces)
            && self.services.same(&other.services)
            && self.routes == other.routes
            && self.nodes.same(&other.nodes)
            && self.address_pools == other.address_pools
            && self.externals.same(&other.externals)
            && self.groups.same(&other.groups)
            && self.policies.same(&other.policies)
            && self.settings == other.settings;
        alike.then(|| self.workloads.changed(&other.workloads))
    }
}

/// How policies are written and judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The dialects that policies are written in, at least one. They are alternatives; the first is shown and judged.
    pub dialects: Vec<Target>,
    /// One policy for each flow, or one for each workload.
    pub style: Style,
    /// Default deny of namespaces without their own.
    pub base: Base,
    /// DNS of namespaces without their own choice.
    pub dns: Dns,
    /// The enforcer and what is assumed about the cluster, as given; see [`Settings::judged`].
    pub assumptions: Assumptions,
    /// Labels added to every written policy, beside `app.kubernetes.io/managed-by: drawbridge`.
    pub labels: Labels,
    /// Annotations added to every written policy.
    pub annotations: Labels,
    /// Unknown settings.
    pub unknown: Unknown,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dialects: vec![Target::default()],
            style: Style::PerFlow,
            base: Base::DenyAll,
            dns: Dns::default(),
            assumptions: Assumptions::default(),
            labels: Labels::new(),
            annotations: Labels::new(),
            unknown: Unknown::new(),
        }
    }
}

impl Settings {
    /// The dialect that is shown and judged.
    pub fn target(&self) -> Target {
        self.dialects.first().copied().unwrap_or_default()
    }

    /// Makes a dialect the one that is shown: it moves to the front, or takes the place of a single other one.
    pub fn show(&mut self, target: Target) {
        let several = self.dialects.len() > 1;
        self.dialects.retain(|known| *known != target && several);
        self.dialects.insert(0, target);
    }

    /// What policies are judged under: the assumptions, settled under their enforcer; under another one where that does
    /// not implement the dialect. Host-network pods count as nodes where the dialect never selects them (A5).
    pub fn judged(&self) -> Assumptions {
        let target = self.target();
        let mut assumptions = self.assumptions;
        assumptions.enforcer = enforcer_of(target, assumptions.enforcer);
        if target.is_cluster_wide() {
            assumptions.host_network = HostNetwork::Nodes;
        }
        assumptions.settled()
    }
}

/// The enforcers that implement a dialect.
pub fn enforcers_of(target: Target) -> &'static [Enforcer] {
    match target {
        Target::Kubernetes => &[Enforcer::Kubernetes, Enforcer::Cilium, Enforcer::Calico],
        Target::Cilium => &[Enforcer::Cilium],
        Target::Calico => &[Enforcer::Calico],
        // Cilium has ClusterNetworkPolicy behind a flag, off by default.
        Target::AdminNetworkPolicy | Target::ClusterNetworkPolicy => {
            &[Enforcer::Kubernetes, Enforcer::Calico]
        }
    }
}

/// The enforcer of a dialect: the wanted one, or the first if that does not implement it.
pub fn enforcer_of(target: Target, wanted: Enforcer) -> Enforcer {
    let all = enforcers_of(target);
    match all.first() {
        Some(first) if !all.contains(&wanted) => *first,
        _ => wanted,
    }
}

/// How policies are split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// An egress and an ingress policy for each pair of ends.
    #[default]
    PerFlow,
    /// One policy for each workload.
    PerWorkload,
}

/// What a namespace's default deny isolates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Base {
    /// Both directions.
    #[default]
    DenyAll,
    /// Ingress only.
    DenyIngress,
    /// Egress only.
    DenyEgress,
    /// Nothing: no default deny.
    None,
}

/// The directions in which a workload or a group is isolated, in addition to the default deny of its namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolate {
    /// None.
    #[default]
    None,
    /// Ingress only.
    Ingress,
    /// Egress only.
    Egress,
    /// Both directions.
    Both,
}

impl Isolate {
    /// The value for these directions.
    pub fn of(ingress: bool, egress: bool) -> Self {
        match (ingress, egress) {
            (false, false) => Self::None,
            (true, false) => Self::Ingress,
            (false, true) => Self::Egress,
            (true, true) => Self::Both,
        }
    }

    /// Whether a direction is among them.
    pub fn has(self, direction: Direction) -> bool {
        match direction {
            Direction::Ingress => matches!(self, Self::Ingress | Self::Both),
            Direction::Egress => matches!(self, Self::Egress | Self::Both),
        }
    }
}

/// Whether and where pods may resolve names.
#[derive(Clone, Debug, PartialEq)]
pub struct Dns {
    /// Whether namespaces with default deny get a DNS policy.
    pub allow: bool,
    /// Where the DNS pods are.
    pub profile: DnsProfile,
}

impl Default for Dns {
    fn default() -> Self {
        Self {
            allow: true,
            profile: DnsProfile::Kubernetes,
        }
    }
}

/// Where the DNS pods are.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum DnsProfile {
    /// kube-system, `k8s-app: kube-dns`, UDP and TCP 53.
    #[default]
    Kubernetes,
    /// openshift-dns, UDP and TCP 5353.
    OpenShift,
    /// As `Kubernetes`, and the node-local cache at 169.254.20.10.
    NodeLocal,
    /// Entered by the user.
    Custom {
        /// Namespaces of the DNS pods.
        namespaces: Selector,
        /// The DNS pods.
        pods: Selector,
        /// Their ports.
        ports: Vec<FlowPort>,
    },
}

/// A namespace.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels, without the one that the control plane sets.
    pub labels: Labels,
    /// Its own default deny; none: the project's.
    pub base: Option<Base>,
    /// Its own choice of DNS; none: the project's.
    pub dns: Option<bool>,
    /// Whether policies are written for it.
    pub managed: bool,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// A workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: String,
    /// API kind; `Deployment` by default.
    pub kind: String,
    /// Labels of its pods.
    pub labels: Labels,
    /// Its own selector; none: chosen from the labels.
    pub selector: Option<Selector>,
    /// Declared container ports.
    pub ports: Vec<ContainerPort>,
    /// Service account name.
    pub service_account: Option<String>,
    /// `hostNetwork: true`.
    pub host_network: bool,
    /// Whether its pods look names up in the cluster's DNS; none: as they do without a `dnsPolicy` (D5).
    pub cluster_dns: Option<bool>,
    /// Its own isolation.
    pub isolate: Isolate,
    /// Replicas, where known.
    pub replicas: Option<u32>,
    /// Known pod addresses.
    pub addresses: Vec<std::net::IpAddr>,
    /// Its pods, where they differ; none: they are alike.
    pub pods: Vec<Pod>,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// One pod of a workload whose pods differ. What it does not have is the workload's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// All of its labels.
    pub labels: Option<Labels>,
    /// Declared container ports.
    pub ports: Option<Vec<ContainerPort>>,
    /// Service account name.
    pub service_account: Option<String>,
    /// `hostNetwork: true`.
    pub host_network: Option<bool>,
    /// Its addresses.
    pub addresses: Option<Vec<std::net::IpAddr>>,
    /// The node that it runs on.
    pub node: Option<String>,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// A Service.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its namespace.
    pub namespace: NamespaceId,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// `spec.type`; `ClusterIP` by default.
    pub kind: String,
    /// `spec.clusterIP: None`.
    pub headless: bool,
    /// The domain name that an ExternalName Service stands for.
    pub external_name: Option<String>,
    /// `spec.externalTrafficPolicy: Local`.
    pub keeps_client_address: bool,
    /// Labels of the pods that it selects; empty selects nothing.
    pub selector: Labels,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// A backend of an Ingress, a Route or a route of the Gateway API. It names its Service by words, as manifests do.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The backend.
    pub backend: crate::cluster::Route,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The node.
    pub node: crate::cluster::Node,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// An address pool of a network plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct AddressPool {
    /// The pool.
    pub pool: crate::cluster::AddressPool,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// Something outside the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// Its name.
    pub name: String,
    /// Its address blocks.
    pub networks: Vec<Network>,
    /// Its domain names, which NetworkPolicy cannot express.
    pub domain_names: Vec<String>,
    /// What it is, where policies can name it by its role.
    pub entity: Option<Entity>,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// Pods by selector, in namespaces by selector.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Which namespaces.
    pub namespaces: Selector,
    /// Which pods in them.
    pub pods: Selector,
    /// The service accounts that these pods run as.
    pub accounts: Accounts,
    /// Isolation of these pods in managed namespaces, future pods included. It allows no DNS: that is drawn.
    pub isolate: Isolate,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// Intended traffic: `from` may open connections to `to` on these ports.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Source.
    pub from: End,
    /// Destination.
    pub to: End,
    /// Destination ports (the pods' own); united.
    pub ports: Vec<FlowPort>,
    /// The only requests that it allows; empty: all of them.
    pub http: Vec<HttpRule>,
    /// Whether it denies, whatever other flows allow.
    pub denies: bool,
    /// Whether dialects that cannot express it exactly may allow its nearest wider form. What denies has none.
    pub approximate: bool,
    /// A note.
    pub note: String,
    /// The only gate that it opens; none: the source's egress and the destination's ingress.
    pub half: Option<Direction>,
    /// Drawn, but not in force.
    pub muted: bool,
    /// What a recording showed of it, if anything.
    pub observed: Option<FlowEvidence>,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// A rule whose findings are not reported.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IgnoredRule {
    /// Its code or name: `L17`.
    pub rule: String,
    /// `NAMESPACE/NAME` of an object or a workload, or a namespace; none: everywhere.
    pub place: Option<String>,
    /// Why.
    pub reason: String,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// A file of recorded traffic, and its content as it was when the project referred to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedFile {
    /// Its path, relative to the project file; absolute in a project that has no file yet.
    pub file: String,
    /// The SHA-256 of its bytes, in hexadecimal; empty: any content.
    pub sha256: String,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// One end of a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// A workload.
    Workload(WorkloadId),
    /// Any pod of a namespace.
    AnyPodOf(NamespaceId),
    /// Any pod of the cluster.
    AnyPod,
    /// Something outside.
    External(ExternalId),
    /// Pods by selector.
    Group(GroupId),
    /// A node, by its addresses.
    Node(NodeId),
    /// The words of an end that does not exist; stored so that nothing is lost.
    Missing(String),
}

/// An object with a position of its own on the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeRef {
    /// A namespace container (also the end `NAMESPACE/*`).
    Namespace(NamespaceId),
    /// A workload.
    Workload(WorkloadId),
    /// An external.
    External(ExternalId),
    /// A group.
    Group(GroupId),
    /// A node of the cluster; shown while a flow uses it.
    Node(NodeId),
    /// Any pod of the cluster; shown while a flow uses it.
    AnyPod,
}

/// Destination ports of a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowPort {
    /// Everything, whatever the protocol: `any`.
    Any,
    /// All ports of a protocol: `TCP`.
    All(Protocol),
    /// `TCP/80`, or `UDP/4000-4010` with both bounds included.
    Range(Protocol, u16, u16),
    /// A container port's name: `TCP/http`.
    Named(Protocol, String),
}

/// A policy stored verbatim.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedPolicy {
    /// The file it came from.
    pub file: String,
    /// Its text, one YAML document.
    pub text: String,
    /// The generated policy that it replaces, as `NAMESPACE/NAME`.
    pub replaces: Option<String>,
    /// Unknown fields.
    pub unknown: Unknown,
}
