//! What the analysis looks at: one immutable [`Snapshot`] of namespaces, workloads, pods, services
//! and policies. `manifest` makes one from YAML, `intent` makes one from a Document.

mod clients;
mod identity;

pub use clients::{Caller, Client, ClientPort, ClientTarget, SCRAPERS, scrapes};
pub use identity::{AmbiguousPort, CONTROLLER_LABELS, is_identity_label, mark_ambiguous_ports};

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::ops::{Deref, Range};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use crate::diag::Span;
use crate::policy::{Condition, Direction, Peer, Policy, Rule, Tier, WorkloadKey};
use crate::sets::{IpSet, Labels, PortSet, Protocol, Selector};

/// In place of the value of a label that a controller gives to pods, where it is not known: no legal value, so that no
/// selector can ask for it.
pub const UNKNOWN_VALUE: &str = "?";

/// The name of one of the pods that represent a workload, counted from 0; the real ones of a StatefulSet have such names.
pub fn pod_name(kind: &str, workload: &str, number: usize) -> String {
    let first = usize::from(kind.split('.').next() != Some("StatefulSet"));
    format!("{workload}-{}", number + first)
}

/// The one label that the control plane puts on every namespace.
pub const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The namespaces that the DNS pods of a cluster are in, and their Service.
pub const DNS_NAMESPACES: [&str; 2] = ["kube-system", "openshift-dns"];

/// The address of the DNS Service of most clusters, where it is not known.
pub const USUAL_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 10));

/// The address of NodeLocal DNSCache.
pub const NODE_LOCAL_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 20, 10));

/// A cluster as far as it is known. Tables are sorted as documented, so that every result is
/// deterministic.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// By name.
    pub namespaces: Arc<Vec<Namespace>>,
    /// By namespace, name, kind.
    pub workloads: Arc<Vec<Workload>>,
    /// Grouped by workload, in the workloads' order.
    pub pods: Arc<Vec<Pod>>,
    /// By name.
    pub nodes: Vec<Node>,
    /// Where network plugins declare the addresses of pods, by kind and name.
    pub address_pools: Vec<AddressPool>,
    /// The blocks of ServiceCIDRs: cluster addresses of Services.
    pub service_cidrs: Vec<IpNet>,
    /// By namespace, name.
    pub services: Arc<Vec<Service>>,
    /// What Ingress, Route and Gateway objects send to pods.
    pub routes: Vec<Route>,
    /// Monitors and webhooks, in the order of the input.
    pub clients: Vec<Client>,
    /// In the order in which they are evaluated.
    pub tiers: Vec<Tier>,
    /// All policies, lowered.
    pub policies: Vec<Arc<Policy>>,
    /// Policies that are not judged, in the order of the input.
    pub left_out: Vec<LeftOut>,
    /// The addresses in the network sets of Calico, by `NAMESPACE/NAME`, or by the name of one without a namespace.
    pub network_sets: BTreeMap<String, IpSet>,
    /// The files that are not read in full, by name: what they hold is missing here.
    pub unread: Vec<Arc<str>>,
    /// Pods that operators make and nobody declares, in the order of the input.
    pub unknown_pods: Vec<UnknownPods>,
    /// What the answers take for granted.
    pub assumptions: Assumptions,
}

/// Pods that an operator makes from a custom resource. The answers leave them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPods {
    /// The namespace of the resource.
    pub namespace: String,
    /// Labels that the resource shows of its pods, for each part that shows some; they may have more.
    pub labels: Vec<Labels>,
}

/// A policy that the answers leave out: of a kind that nothing here judges, misspelt, or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// `kind`, as written.
    pub kind: String,
    /// Its API group; empty for the core group.
    pub group: String,
    /// The namespace of the pods that it may select; none: any.
    pub namespace: Option<String>,
    /// Whether it is for nodes alone, so that it selects no pods.
    pub of_nodes: bool,
    /// `metadata.name`.
    pub name: String,
    /// Where it is.
    pub span: Span,
}

impl LeftOut {
    /// Whether it may select pods of a namespace.
    pub fn may_select(&self, namespace: &str) -> bool {
        let here = self.namespace.as_ref().is_none_or(|own| own == namespace);
        here && !self.of_nodes
    }

    /// `CiliumNetworkPolicy shop/web and 2 more are left out`.
    pub fn and_more_left_out(&self, more: usize) -> String {
        match more {
            0 => format!("{} is left out", self.title()),
            more => format!("{} and {more} more are left out", self.title()),
        }
    }

    /// `CiliumNetworkPolicy shop/web`.
    pub fn title(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{}", self.kind, self.name),
            None => format!("{} {}", self.kind, self.name),
        }
    }
}

/// What is taken for granted; shown in every report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Assumptions {
    /// Whose reading of the policies decides.
    pub enforcer: Enforcer,
    /// Whether address blocks match pods.
    pub pod_addresses: PodAddresses,
    /// What a host-network pod is.
    pub host_network: HostNetwork,
    /// Which ports of a pod the port names in policies refer to.
    pub port_names: PortNames,
}

impl Assumptions {
    /// These under their enforcer, which settles some of them: Cilium knows pods by their identities (C31), Calico
    /// matches whatever has an address (G22), and both take host-network pods for their nodes.
    pub fn settled(self) -> Self {
        let (pod_addresses, port_names) = match self.enforcer {
            Enforcer::Kubernetes => return self,
            Enforcer::Cilium => (PodAddresses::Outside, PortNames::LastOfContainers),
            Enforcer::Calico => (PodAddresses::Known, PortNames::AllContainers),
        };
        Self {
            enforcer: self.enforcer,
            pod_addresses,
            host_network: HostNetwork::Nodes,
            port_names,
        }
    }

    /// What a block of addresses matches: what is outside; host-network pods, where these are nodes; pods,
    /// where their addresses count (K32). For Cilium neither pods nor nodes (C31).
    pub fn block(self, set: IpSet) -> Peer {
        if set.is_empty() {
            return Peer::Nothing;
        }
        if self.enforcer == Enforcer::Cilium {
            let nodes = Peer::Nodes(Selector::everything());
            return Peer::All(vec![Peer::Addresses(set), Peer::Not(Box::new(nodes))]);
        }
        let mut any = vec![Peer::Addresses(set.clone())];
        // Whatever its address is, it is in a block of all of them; a pod counts as one with IPv4.
        if self.enforcer == Enforcer::Calico
            && self.pod_addresses == PodAddresses::Known
            && IpSet::net(Ipv4Net::default().into()).is_subset(&set)
        {
            any.push(Peer::PodsOfFamilies {
                v4: false,
                v6: false,
            });
        }
        if self.host_network == HostNetwork::Nodes {
            any.push(Peer::HostAddresses(set.clone()));
        }
        if self.pod_addresses == PodAddresses::Known {
            any.push(Peer::PodAddresses(set));
        }
        match any.len() {
            1 => any.swap_remove(0),
            _ => Peer::AnyOf(any),
        }
    }

    /// Whether blocks of all addresses match nothing but what is outside the cluster.
    pub fn blocks_are_outside(self) -> bool {
        self.enforcer == Enforcer::Cilium || matches!(self.block(IpSet::all()), Peer::Addresses(_))
    }

    /// The names of a pod's ports that policies may use.
    pub fn port_names(self, pod: &Pod) -> BTreeSet<String> {
        let name = |port: &ContainerPort| match self.port_names {
            PortNames::LastOfContainers => port.name.as_ref().map(|name| name.to_ascii_lowercase()),
            _ => port.name.clone(),
        };
        let all = pod.ports.iter().chain(pod.init_ports.iter());
        all.filter_map(name).collect()
    }

    /// Whether policies may name a pod's ports: a node declares none, nor does a pod that counts as one.
    pub fn bears_names(self, pod: &Pod) -> bool {
        !(pod.host_network && self.host_network == HostNetwork::Nodes)
    }

    /// The declared ports of a pod that a port name in a policy refers to, of `protocol` if one is
    /// given (K13).
    pub fn ports_named(self, pod: &Pod, protocol: Option<Protocol>, name: &str) -> PortSet {
        if !self.bears_names(pod) {
            return PortSet::empty();
        }
        let of_protocol =
            |port: &&ContainerPort| protocol.is_none_or(|wanted| wanted == port.protocol);
        let named = self.ports_with_name(pod, name).into_iter();
        let single = |port: &ContainerPort| PortSet::single(port.protocol, port.port);
        named.filter(of_protocol).map(single).collect()
    }

    /// The ports of a pod that a name refers to.
    pub fn ports_with_name<'p>(self, pod: &'p Pod, name: &str) -> Vec<&'p ContainerPort> {
        let named = |port: &&ContainerPort| port.name.as_deref() == Some(name);
        let in_any_case = |port: &&ContainerPort| {
            (port.name.as_ref()).is_some_and(|own| own.eq_ignore_ascii_case(name))
        };
        match self.port_names {
            PortNames::Running => pod.ports.iter().filter(named).collect(),
            PortNames::AllContainers => pod
                .ports
                .iter()
                .chain(pod.init_ports.iter())
                .filter(named)
                .collect(),
            PortNames::LastOfContainers => pod
                .container_ports()
                .iter()
                .rfind(in_any_case)
                .into_iter()
                .collect(),
        }
    }

    /// Whether egress rules by the name of a pod's port match it nowhere, because other pods of its identity declare
    /// that name with another number (C40).
    pub fn is_ambiguous(self, pod: &Pod, name: &str, protocol: Protocol) -> bool {
        let mut ambiguous = pod.ambiguous_ports.iter();
        self.port_names == PortNames::LastOfContainers
            && ambiguous.any(|(of, own)| *of == protocol && own.eq_ignore_ascii_case(name))
    }

    /// What nodes by their labels match: nodes, and host-network pods, where these are nodes (A7).
    pub fn nodes(self, selector: Selector) -> Peer {
        match self.host_network {
            HostNetwork::Pods => Peer::Nodes(selector),
            HostNetwork::Nodes => {
                Peer::AnyOf(vec![Peer::Nodes(selector.clone()), Peer::HostsOn(selector)])
            }
        }
    }
}

/// Whose reading of the policies decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Enforcer {
    /// The text of the Kubernetes APIs.
    #[default]
    Kubernetes,
    /// Cilium.
    Cilium,
    /// Calico.
    Calico,
}

impl Enforcer {
    /// Its name in a project and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Cilium => "cilium",
            Self::Calico => "calico",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Kubernetes => "Kubernetes",
            Self::Cilium => "Cilium",
            Self::Calico => "Calico",
        }
    }
}

/// Whether `ipBlock` and `networks` match pods (K32, A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PodAddresses {
    /// No block matches a pod, but a v1alpha2 network of length /0 matches every pod of its family.
    #[default]
    Unknown,
    /// No block ever matches a pod.
    Outside,
    /// Blocks match pods by `status.podIPs`.
    Known,
}

/// What a host-network pod is to NetworkPolicy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HostNetwork {
    /// Like other pods.
    #[default]
    Pods,
    /// As its node: selected by nothing, and matched by what matches the node.
    Nodes,
}

/// Which ports of a pod a port name refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PortNames {
    /// Those of containers and sidecars that have the name (K13).
    #[default]
    Running,
    /// Those of all init containers, too (G22).
    AllContainers,
    /// The last of the containers' ports that has the name, in any case (C40).
    LastOfContainers,
}

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels, [`NAMESPACE_NAME_LABEL`] always among them.
    pub labels: Labels,
    /// Whether a manifest declares it; otherwise its labels are unknown (W4).
    pub declared: bool,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A workload and its pods. Copies share the object, so that a snapshot of thousands is copied in no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// What is declared.
    pub object: Arc<WorkloadObject>,
    /// Its pods in `Snapshot::pods`: two represent two or more replicas (W11).
    pub pods: Range<usize>,
}

impl Deref for Workload {
    type Target = WorkloadObject;

    fn deref(&self) -> &WorkloadObject {
        &self.object
    }
}

/// What is declared of a workload: of an owner of pods, or of a bare Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadObject {
    /// Namespace name.
    pub namespace: String,
    /// `metadata.name`, or the owner's name.
    pub name: String,
    /// API kind: `Deployment`, `Pod`, ...
    pub kind: String,
    /// `spec.selector`, if it has one.
    pub selector: Option<Selector>,
    /// Labels of its pods (of the first, where replicas differ).
    pub labels: Labels,
    /// Labels of the object itself, and of the jobs of a CronJob, which do not reach its pods (W10).
    pub own_labels: Labels,
    /// Annotations of its pods.
    pub annotations: Labels,
    /// Whether its pods look names up in the cluster's DNS: by `dnsPolicy`, or by `dnsConfig` (D5).
    pub cluster_dns: bool,
    /// The container ports of its pods that are also ports of their node: those with a `hostPort`.
    pub host_ports: Vec<(Protocol, u16)>,
    /// Declared replicas, where known. 0: inactive.
    pub replicas: Option<u32>,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Pod name; synthesised (`web-1`) where a workload represents it.
    pub name: String,
    /// Index into `Snapshot::namespaces`.
    pub namespace: usize,
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// What [`Peer::PodsOf`] names its workload by; unlike the index it stays when other workloads come and go.
    pub key: WorkloadKey,
    /// Its labels.
    pub labels: Arc<Labels>,
    /// Its container ports; those of sidecars come last.
    pub ports: Arc<[ContainerPort]>,
    /// How many of them are of sidecars, which are init containers that go on running.
    pub sidecar_ports: usize,
    /// The ports of its other init containers.
    pub init_ports: Arc<[ContainerPort]>,
    /// The names in lower case of its ports that pods of its identity declare with other numbers
    /// ([`mark_ambiguous_ports`]).
    pub ambiguous_ports: Arc<[AmbiguousPort]>,
    /// `spec.hostNetwork`.
    pub host_network: bool,
    /// `spec.serviceAccountName`, `default` if absent.
    pub service_account: Arc<str>,
    /// `status.podIPs`, empty if unknown.
    pub addresses: Vec<IpAddr>,
    /// `spec.nodeName`.
    pub node: Option<Arc<str>>,
}

impl Pod {
    /// Its ports without those of sidecars.
    pub fn container_ports(&self) -> &[ContainerPort] {
        let own = self.ports.len().saturating_sub(self.sidecar_ports);
        self.ports.get(..own).unwrap_or_default()
    }
}

impl WorkloadObject {
    /// Namespace, name and kind, which it is sorted by.
    pub fn place(&self) -> (&str, &str, &str) {
        (&self.namespace, &self.name, &self.kind)
    }
}

impl Snapshot {
    /// The policies left out that may select pods of a namespace.
    pub fn left_out_in(&self, namespace: &str) -> impl Iterator<Item = &LeftOut> {
        let may = move |policy: &&LeftOut| policy.may_select(namespace);
        self.left_out.iter().filter(may)
    }

    /// Whether a policy allows connections under conditions that the analysis does not model.
    pub fn has_conditions(&self) -> bool {
        let conditional = |policy: &Arc<Policy>| policy.allows_if(|_| true);
        self.policies.iter().any(conditional)
    }

    /// The same without what policies allow under some of the conditions that the analysis does not model.
    pub fn without_conditional(&self, which: impl Fn(Condition) -> bool + Copy) -> Self {
        self.without_rules(|rule| rule.allows_if(which))
    }

    /// The same without some rules of its policies.
    pub fn without_rules(&self, which: impl Fn(&Rule) -> bool) -> Self {
        let mut found = self.clone();
        for policy in &mut found.policies {
            let mut rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
            if !rules.any(&which) {
                continue;
            }
            let policy = Arc::make_mut(policy);
            for side in [&mut policy.ingress, &mut policy.egress]
                .into_iter()
                .flatten()
            {
                side.rules.retain(|rule| !which(rule));
            }
        }
        found
    }

    /// The node that a pod runs on, if it is known.
    pub fn node_of(&self, pod: &Pod) -> Option<&Node> {
        let name = pod.node.as_deref()?;
        let found = self.nodes.binary_search_by(|n| n.name.as_str().cmp(name));
        self.nodes.get(found.ok()?)
    }

    /// The pod CIDRs of nodes and address pools.
    pub fn all_pod_cidrs(&self) -> impl Iterator<Item = IpNet> {
        let nodes = self.nodes.iter().flat_map(|node| &node.pod_cidrs);
        let pools = self.address_pools.iter().flat_map(|pool| &pool.cidrs);
        nodes.chain(pools).copied()
    }

    /// The pod CIDRs of nodes and address pools that have some of these addresses, one of each, with a name of what
    /// declares it: ``node `n1` ``.
    pub fn pod_cidrs_in(&self, addresses: &IpSet) -> impl Iterator<Item = (String, IpNet)> {
        let inside = |cidr: &&IpNet| !addresses.intersection(&IpSet::net(**cidr)).is_empty();
        let nodes = self.nodes.iter().filter_map(move |node| {
            let cidr = node.pod_cidrs.iter().find(inside)?;
            Some((format!("node `{}`", node.name), *cidr))
        });
        let pools = self.address_pools.iter().filter_map(move |pool| {
            let cidr = pool.cidrs.iter().find(inside)?;
            Some((format!("{} `{}`", pool.kind, pool.name), *cidr))
        });
        nodes.chain(pools)
    }

    /// Whether the cluster's DNS answers at an address: its Service, or a node-local cache.
    pub fn is_dns_address(&self, address: IpAddr) -> bool {
        let is_dns = |service: &&Service| {
            DNS_NAMESPACES.contains(&service.namespace.as_str())
                && service.ports.iter().any(|port| port.port == 53)
        };
        let mut known = (self.services.iter().filter(is_dns))
            .flat_map(Service::all_addresses)
            .peekable();
        match known.peek() {
            _ if address == NODE_LOCAL_DNS => true,
            None => address == USUAL_DNS,
            Some(_) => known.any(|own| own == address),
        }
    }

    /// The declared ports of a pod that a port name in a policy refers to, of `protocol` if one is
    /// given (K13).
    pub fn ports_named(&self, pod: &Pod, protocol: Option<Protocol>, name: &str) -> PortSet {
        self.assumptions.ports_named(pod, protocol, name)
    }
}

/// A declared container port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerPort {
    /// Its name, if any.
    pub name: Option<String>,
    /// The number, 1..=65535.
    pub port: u16,
    /// The protocol; TCP if absent.
    pub protocol: Protocol,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// `status.addresses` that are addresses.
    pub addresses: Vec<IpAddr>,
    /// `spec.podCIDRs`: the addresses that its pods get.
    pub pod_cidrs: Vec<IpNet>,
}

impl Node {
    /// A node of which nothing is known. No pod runs on it: its name is not a valid one.
    pub fn unknown() -> Self {
        Self {
            name: "any node".to_owned(),
            labels: Labels::new(),
            addresses: Vec::new(),
            pod_cidrs: Vec::new(),
        }
    }

    /// Its addresses as a set.
    pub fn address_set(&self) -> IpSet {
        self.addresses.iter().map(|one| IpNet::from(*one)).collect()
    }
}

/// An object of a network plugin that declares which addresses pods get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPool {
    /// `IPPool`, `CiliumPodIPPool`, `CiliumNode`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The addresses.
    pub cidrs: Vec<IpNet>,
}

/// A Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Namespace name.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// `spec.selector`; none or empty selects nothing (W20).
    pub selector: Labels,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// `spec.type`.
    pub kind: String,
    /// `spec.clusterIP: None` (W21).
    pub headless: bool,
    /// Its cluster addresses.
    pub addresses: Vec<IpAddr>,
    /// The addresses behind it, as EndpointSlices and Endpoints list them.
    pub endpoints: Vec<ServiceEndpoint>,
    /// What EndpointSlices list behind it in place of addresses: domain names, to which nothing is sent.
    pub endpoint_names: Vec<String>,
    /// The domain name that an ExternalName Service stands for.
    pub external_name: Option<String>,
    /// Addresses outside the cluster that lead to it: `externalIPs`, and those of its load balancer.
    pub external_addresses: Vec<IpAddr>,
    /// Host names of its load balancer, which may have no known address.
    pub balancer_names: Vec<String>,
    /// The clients outside that its load balancer lets in; empty: all.
    pub source_ranges: Vec<IpNet>,
    /// Whether pods see the addresses of clients outside: `externalTrafficPolicy: Local`.
    pub keeps_client_address: bool,
    /// `spec.ipFamilies`; IPv4 by default.
    pub families: Families,
    /// Its annotations.
    pub annotations: Labels,
    /// Where it is declared.
    pub span: Option<Span>,
}

impl Service {
    /// A Service inside the cluster that selects nothing and has no ports yet, declared nowhere.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            labels: Labels::new(),
            selector: Labels::new(),
            ports: Vec::new(),
            kind: "ClusterIP".to_owned(),
            headless: false,
            addresses: Vec::new(),
            endpoints: Vec::new(),
            endpoint_names: Vec::new(),
            external_name: None,
            external_addresses: Vec::new(),
            balancer_names: Vec::new(),
            source_ranges: Vec::new(),
            keeps_client_address: false,
            families: Families::V4,
            annotations: Labels::new(),
            span: None,
        }
    }

    /// Whether its load balancer has an address inside the network of the cluster alone, as annotations of clouds ask.
    pub fn is_internal(&self) -> bool {
        const KEYS: [(&str, &str); 7] = [
            (
                "service.beta.kubernetes.io/aws-load-balancer-internal",
                "true",
            ),
            (
                "service.beta.kubernetes.io/aws-load-balancer-scheme",
                "internal",
            ),
            ("networking.gke.io/load-balancer-type", "internal"),
            ("cloud.google.com/load-balancer-type", "internal"),
            (
                "service.beta.kubernetes.io/azure-load-balancer-internal",
                "true",
            ),
            (
                "service.beta.kubernetes.io/openstack-internal-load-balancer",
                "true",
            ),
            (
                "service.beta.kubernetes.io/oci-load-balancer-internal",
                "true",
            ),
        ];
        let asks = |(key, value): &(&str, &str)| {
            let own = self.annotations.get(*key);
            own.is_some_and(|own| own.eq_ignore_ascii_case(value))
        };
        self.kind == "LoadBalancer" && KEYS.iter().any(asks)
    }

    /// Every address that leads to it.
    pub fn all_addresses(&self) -> impl Iterator<Item = IpAddr> {
        let external = self.external_addresses.iter();
        self.addresses.iter().chain(external).copied()
    }

    /// Whether addresses outside the cluster can connect to it, as far as the Service itself is
    /// concerned: it is a NodePort or a LoadBalancer, or has external addresses.
    pub fn takes_outside(&self) -> bool {
        let published = matches!(self.kind.as_str(), "NodePort" | "LoadBalancer");
        published || !self.external_addresses.is_empty()
    }
}

/// An address behind a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceEndpoint {
    /// The address.
    pub address: IpAddr,
    /// Namespace and name of the pod that has it, if the input says so.
    pub pod: Option<(String, String)>,
    /// Its ports, under the names of the Service's ports.
    pub ports: Vec<ContainerPort>,
}

/// Families of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Families {
    /// IPv4 alone.
    pub const V4: Self = Self {
        v4: true,
        v6: false,
    };
}

/// A port of a Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServicePort {
    /// Its name, if any.
    pub name: Option<String>,
    /// The Service's own port.
    pub port: u16,
    /// The protocol; TCP if absent.
    pub protocol: Protocol,
    /// The pod's port.
    pub target: TargetPort,
}

/// The target of a Service port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetPort {
    /// A number.
    Number(u16),
    /// A container port's name, resolved on each pod.
    Name(String),
}

/// One backend of an Ingress, a Route or a route of the Gateway API: traffic from the ingress
/// controller (or a Gateway) to a Service port (W22, W23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// API kind of the object: `Ingress`, `Route`, `HTTPRoute`, ...
    pub kind: &'static str,
    /// Namespace name of the object.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// Namespace name of the Service.
    pub service_namespace: String,
    /// Name of the Service.
    pub service: String,
    /// The Service port, by number or by name; none: every port of the Service.
    pub port: Option<TargetPort>,
    /// Only ports of this protocol; none: of any.
    pub protocol: Option<Protocol>,
    /// Who serves it.
    pub served_by: ServedBy,
    /// Where the backend is named, or the object that names it.
    pub span: Option<Span>,
}

/// What the input says about the ingress controller or Gateway of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServedBy {
    /// The controller that its IngressClass or GatewayClass names, else the name of the class.
    pub controller: Option<String>,
    /// The labels by which a chart's class and pods belong together.
    pub labels: Labels,
    /// Namespace and name of its Gateways.
    pub gateways: Vec<(String, String)>,
}
