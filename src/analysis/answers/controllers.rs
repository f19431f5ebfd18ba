//! Who serves a route: the pods of its ingress controller or Gateway where the input has them, else whatever
//! could be it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::analysis::oracle::peer_matches;
use crate::analysis::{Endpoint, NewPod};
use crate::cluster::{NAMESPACE_NAME_LABEL, Namespace, Pod, Route, Snapshot, Workload};
use crate::policy::{Action, Entity, Match, Peer};
use crate::sets::{IpSet, LabelOp, Labels, Requirement, Selector};

/// The name of a namespace that is not in the input, which no manifest can have.
pub(super) const UNKNOWN_NAMESPACE: &str = "\u{1}ingress-controller";

/// A family of controllers, as the name of a class or controller contains it, with the values of the labels
/// that its pods bear.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "nginx",
        &[
            "ingress-nginx",
            "nginx-ingress",
            "nginx-ingress-controller",
            "rke2-ingress-nginx",
            "ingress-nginx-controller",
        ],
    ),
    (
        "traefik",
        &["traefik", "traefik-ingress", "traefik-ingress-lb"],
    ),
    (
        "haproxy",
        &[
            "haproxy-ingress",
            "kubernetes-ingress",
            "haproxy-kubernetes-ingress",
        ],
    ),
    ("kong", &["kong", "ingress-kong", "kong-gateway"]),
    ("contour", &["contour", "envoy"]),
    (
        "istio",
        &["istio-ingressgateway", "istio-ingress", "ingressgateway"],
    ),
    ("envoy", &["envoy", "envoy-gateway"]),
    ("ambassador", &["ambassador", "emissary-ingress"]),
    ("apisix", &["apisix", "apisix-ingress-controller"]),
    ("voyager", &["voyager"]),
    ("openshift", &["router", "openshift-ingress"]),
];

/// Classes of controllers that run outside the cluster, or whose pods bear none of these labels.
const OTHER_CLASSES: [&str; 6] = [
    "alb",
    "azure-application-gateway",
    "cloudflare-tunnel",
    "gce",
    "ngrok",
    "tailscale",
];

/// The namespace in which distributions of Kubernetes run their own controllers, beside other pods.
const SYSTEM: &str = "kube-system";

/// The namespace without pods by whose label policies of OpenShift name what comes from the network of nodes.
const HOST_NETWORK: (&str, &str) = (
    "openshift-host-network",
    "policy-group.network.openshift.io/host-network",
);

/// Labels that only pods of a controller bear, with its family.
const OWN_LABELS: [(&str, &str); 3] = [
    (
        "ingresscontroller.operator.openshift.io/deployment-ingresscontroller",
        "openshift",
    ),
    ("gateway.networking.k8s.io/gateway-name", "gateway"),
    ("gateway.envoyproxy.io/owning-gateway-name", "envoy"),
];

/// Labels whose values name the program of a pod.
const NAME_LABELS: [&str; 5] = ["app.kubernetes.io/name", "app", "k8s-app", "name", "istio"];

/// Parts of a controller's installation that forward nothing.
const HELPERS: [&str; 5] = [
    "admission-webhook",
    "default-backend",
    "defaultbackend",
    "webhook",
    "operator",
];

/// Namespaces and pods that are never an ingress controller.
const OTHERS: [&str; 3] = ["prometheus", "monitoring", "grafana"];

const UNKNOWN: &str = "whose pods are not known";

/// Addresses that nodes have.
const NODES: [&str; 5] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
];

/// Addresses of the proxies of a cloud's load balancer, which are outside the cluster.
const CLOUD: [&str; 2] = ["130.211.0.0/22", "35.191.0.0/16"];

/// The controllers among the workloads of a snapshot.
pub(super) struct Controllers<'a> {
    snapshot: &'a Snapshot,
    /// With their families, ascending.
    known: Vec<(usize, &'static str)>,
    /// The namespaces with known pods.
    inventoried: BTreeSet<&'a str>,
}

impl<'a> Controllers<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let all = snapshot.workloads.iter().enumerate();
        let known = all.filter_map(|(at, workload)| Some((at, family(workload)?)));
        Self {
            snapshot,
            known: known.collect(),
            inventoried: snapshot
                .workloads
                .iter()
                .map(|w| w.namespace.as_str())
                .collect(),
        }
    }

    /// The workloads that serve a route; none: they are not in the input.
    pub fn of(&self, route: &Route) -> Vec<usize> {
        let workloads = || self.snapshot.workloads.iter().enumerate();
        let served = &route.served_by;
        let by_gateway = workloads().filter(|(_, workload)| {
            let label = |key| workload.labels.get(key);
            served.gateways.iter().any(|(namespace, name)| {
                let own = label("gateway.networking.k8s.io/gateway-name") == Some(name);
                own && workload.namespace == *namespace
                    || label("gateway.envoyproxy.io/owning-gateway-name") == Some(name)
            })
        });
        let found: Vec<usize> = by_gateway.map(|(at, _)| at).collect();
        if !found.is_empty() {
            return found;
        }
        let by_class = workloads().filter(|(_, workload)| {
            let mut labels = served.labels.iter();
            !served.labels.is_empty()
                && labels.all(|(key, value)| workload.labels.get(key) == Some(value))
                && !is_helper(workload)
        });
        let found: Vec<usize> = by_class.map(|(at, _)| at).collect();
        if !found.is_empty() {
            return found;
        }
        let class = served.controller.as_deref().unwrap_or_default();
        let wanted = match route.kind {
            "Route" => vec!["openshift"],
            _ => families_in(class),
        };
        // The name of a controller has a slash. That of a class may mean any controller.
        let is_other = class.contains('/') || OTHER_CLASSES.contains(&class);
        let any = wanted.is_empty() && route.kind == "Ingress" && !is_other;
        let known = self.known.iter();
        let known = known.filter(|(_, family)| any || wanted.contains(family));
        known.map(|(at, _)| *at).collect()
    }

    /// The ends that the pods of a controller have: themselves, and their nodes where they use the network of these.
    pub fn ends(&self, at: usize) -> Vec<Endpoint> {
        let Some(workload) = self.snapshot.workloads.get(at) else {
            return Vec::new();
        };
        let is_router = self.known.contains(&(at, "openshift"));
        let mut found: Vec<Endpoint> = workload.pods.clone().map(Endpoint::Pod).collect();
        let pods = self.snapshot.pods.get(workload.pods.clone());
        for pod in pods
            .unwrap_or_default()
            .iter()
            .filter(|pod| pod.host_network)
        {
            for (at, node) in self.snapshot.nodes.iter().enumerate() {
                if pod.node.as_deref().is_none_or(|name| name == node.name) {
                    let addresses = node.addresses.iter();
                    found.extend(addresses.map(|a| Endpoint::NodeAddress(at, *a)));
                }
            }
        }
        found.dedup();
        let mut pods = pods.unwrap_or_default().iter();
        if is_router && pods.any(|pod| pod.host_network) {
            found.push(self.host_network());
        }
        found
    }

    /// What comes from the network of nodes, as policies of OpenShift name it.
    fn host_network(&self) -> Endpoint {
        let (name, label) = HOST_NETWORK;
        let namespaces = &self.snapshot.namespaces;
        let at = namespaces.binary_search_by(|n| n.name.as_str().cmp(name));
        let known = at.ok().and_then(|at| namespaces.get(at));
        let mut labels = known.map(|n| n.labels.clone()).unwrap_or_default();
        labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name.to_owned());
        labels.insert(label.to_owned(), String::new());
        Endpoint::NewPod(NewPod {
            namespace: at.ok(),
            namespace_labels: labels,
            labels: Labels::new(),
            service_account: None,
        })
    }

    /// Whether the pods of a controller use the network of nodes that are not in the input.
    pub fn is_on_unknown_nodes(&self, workload: usize) -> bool {
        let workload = self.snapshot.workloads.get(workload);
        let pods = workload.and_then(|w| self.snapshot.pods.get(w.pods.clone()));
        let mut pods = pods.unwrap_or_default().iter();
        !self.has_nodes() && pods.any(|pod| pod.host_network)
    }

    fn has_nodes(&self) -> bool {
        self.snapshot.nodes.iter().any(|n| !n.addresses.is_empty())
    }

    /// Ends that could be a controller whose pods are not in the input, one or more for each peer of a rule that
    /// some policy has for the pod, in words. Gateways may have their pods in their own namespaces.
    pub fn possible(
        &self,
        pod: &Pod,
        gateways: &[(String, String)],
        policies: &[usize],
    ) -> Vec<(String, Endpoint)> {
        let end = |at: &usize| self.snapshot.policies.get(*at);
        let sides = policies
            .iter()
            .filter_map(end)
            .filter_map(|policy| policy.ingress.as_ref());
        let rules = sides.flat_map(|side| &side.rules);
        let mut found = Vec::new();
        for rule in rules.filter(|rule| rule.action == Action::Accept) {
            if let Match::Only(items) = &rule.peers {
                for item in items {
                    for all in conjunctions(&item.peer) {
                        self.of_peer((pod, gateways), &all, &mut found);
                    }
                }
            }
        }
        found
    }

    fn of_peer(&self, to: Backend, all: &[&Peer], found: &mut Vec<(String, Endpoint)>) {
        let addresses = all.iter().find_map(|peer| match peer {
            Peer::Addresses(set) => Some(set),
            _ => None,
        });
        if let Some(set) = addresses {
            let nodes = Peer::Not(Box::new(Peer::Nodes(Selector::everything())));
            return match all.contains(&&nodes) {
                true => of_cloud(set, found),
                false => self.of_addresses(set, found),
            };
        }
        if all.contains(&&Peer::Entity(Entity::Ingress)) {
            let words = Entity::Ingress.description().to_owned();
            found.push((words, Endpoint::Entity(Entity::Ingress)));
            return;
        }
        let wanted = Wanted::of(all);
        if wanted.is_other() {
            return;
        }
        let ends = match wanted.names.is_empty() {
            false => self.by_name(to, &wanted),
            true => self.by_labels(to, &wanted),
        };
        for (words, namespace, namespace_labels) in ends {
            let end = Endpoint::NewPod(NewPod {
                namespace,
                namespace_labels,
                labels: wanted.labels.clone(),
                service_account: wanted.account.map(str::to_owned),
            });
            let matches = |peer: &&Peer| peer_matches(self.snapshot, peer, &end);
            if all.iter().all(matches) {
                found.push((words, end));
            }
        }
    }

    /// The namespaces that the peer names, if an ingress controller may be in them.
    fn by_name(&self, to: Backend, wanted: &Wanted) -> Vec<Home> {
        let mut found = Vec::new();
        for &name in &wanted.names {
            let by_name = |n: &Namespace| n.name.as_str().cmp(name);
            let at = self.snapshot.namespaces.binary_search_by(by_name).ok();
            let known = at.and_then(|at| self.snapshot.namespaces.get(at));
            if wanted.is_recognised() || self.is_home(name, at, to) {
                let labels = known.map(|namespace| namespace.labels.clone());
                let labels = labels.unwrap_or_else(|| wanted.namespace_labels(name));
                found.push((format!("namespace `{name}`, {UNKNOWN}"), at, labels));
            }
        }
        found
    }

    /// Namespaces with the labels that the peer requires: those of the input in which an ingress controller may be, or
    /// one that is not in it.
    fn by_labels(&self, to: Backend, wanted: &Wanted) -> Vec<Home> {
        let has = |namespace: &Namespace| {
            let mut labels = wanted.spaces.iter();
            namespace.declared
                && labels.all(|(key, value)| namespace.labels.get(key) == Some(value))
        };
        let all = self.snapshot.namespaces.iter().enumerate();
        let declared: Vec<_> = all.filter(|(_, namespace)| has(namespace)).collect();
        let mut found = Vec::new();
        if wanted.anywhere || declared.is_empty() || wanted.is_recognised() {
            let words = match wanted.spaces.iter().next() {
                Some((key, value)) => format!("namespaces with label `{key}: {value}`, {UNKNOWN}"),
                None => format!("any namespace, {UNKNOWN}"),
            };
            found.push((words, None, wanted.namespace_labels(UNKNOWN_NAMESPACE)));
        }
        for (at, namespace) in declared.into_iter().filter(|_| !wanted.anywhere) {
            if self.is_home(&namespace.name, Some(at), to) {
                let words = format!("namespace `{}`, {UNKNOWN}", namespace.name);
                found.push((words, Some(at), namespace.labels.clone()));
            }
        }
        found
    }

    /// Whether a controller whose pods are not in the input may be in a namespace.
    fn is_home(&self, name: &str, at: Option<usize>, (pod, gateways): Backend) -> bool {
        let has_gateway = gateways.iter().any(|(namespace, _)| namespace == name);
        let is_likely = name == SYSTEM || !families_of(name).is_empty() || has_gateway;
        is_likely || !self.is_inventoried(at, pod)
    }

    /// Whether the pods of a namespace are in the input: it has some, or is the pod's own.
    fn is_inventoried(&self, namespace: Option<usize>, pod: &Pod) -> bool {
        let Some(at) = namespace else {
            return false;
        };
        let namespace = self.snapshot.namespaces.get(at);
        let known = namespace.is_some_and(|n| self.inventoried.contains(n.name.as_str()));
        at == pod.namespace || known
    }

    /// The nodes with one of these addresses, or an address that a node or a cloud's proxy may have.
    pub fn of_addresses(&self, set: &IpSet, found: &mut Vec<(String, Endpoint)>) {
        let nodes = self.snapshot.nodes.iter().enumerate();
        for (at, node) in nodes {
            let inside = node.addresses.iter().filter(|a| set.contains(**a));
            found.extend(inside.map(|a| {
                (
                    format!("node `{}`", node.name),
                    Endpoint::NodeAddress(at, *a),
                )
            }));
        }
        let unknown = match self.has_nodes() {
            true => None,
            false => example(&NODES, set).map(|a| (format!("node addresses such as {a}"), a)),
        };
        match unknown {
            Some((words, address)) => found.push((words, Endpoint::Address(address))),
            None => of_cloud(set, found),
        }
    }
}

/// An address that a cloud's proxy may have.
fn of_cloud(set: &IpSet, found: &mut Vec<(String, Endpoint)>) {
    let address = example(&CLOUD, set);
    found.extend(address.map(|address| {
        let words = format!("addresses of a cloud's load balancer such as {address}");
        (words, Endpoint::Address(address))
    }));
}

/// An address in one of these networks that is in a set.
fn example(networks: &[&str], set: &IpSet) -> Option<IpAddr> {
    let networks = networks.iter().filter_map(|net| net.parse().ok());
    let both = networks.map(|net| IpSet::net(net).intersection(set));
    both.into_iter()
        .find_map(|both| both.ranges().next().map(|(first, _)| first))
}

/// A pod that a route leads to, and namespace and name of the Gateways of the route.
type Backend<'a> = (&'a Pod, &'a [(String, String)]);

/// A namespace in which a controller may be: in words, its index if it is in the input, and its labels.
type Home = (String, Option<usize>, Labels);

/// What a peer requires of a pod and of its namespace.
struct Wanted<'p> {
    /// The names of namespaces that it lists.
    names: Vec<&'p str>,
    /// Labels of the namespace.
    spaces: Labels,
    /// Labels of the pod.
    labels: Labels,
    /// The service account; none: any.
    account: Option<&'p str>,
    /// The namespace may be any.
    anywhere: bool,
}

impl<'p> Wanted<'p> {
    fn of(all: &[&'p Peer]) -> Self {
        let mut wanted = Self {
            names: Vec::new(),
            spaces: Labels::new(),
            labels: Labels::new(),
            account: None,
            anywhere: true,
        };
        for peer in all {
            match peer {
                Peer::Namespace(name) => wanted.names.push(name),
                Peer::NamespaceLabels(selector) => {
                    wanted.anywhere &= selector.is_everything();
                    satisfy(selector, &mut wanted.spaces);
                    let requirements = selector.requirements.iter();
                    let by_name = requirements.filter(|r| r.key == NAMESPACE_NAME_LABEL);
                    wanted.names.extend(by_name.flat_map(values));
                }
                Peer::PodLabels(selector) => satisfy(selector, &mut wanted.labels),
                Peer::ServiceAccount(name) => wanted.account = Some(name),
                _ => {}
            }
        }
        wanted
    }

    /// Whether a name or a label says that it is no ingress controller.
    fn is_other(&self) -> bool {
        let labels = self.labels.values().chain(self.spaces.values());
        let names = self.names.iter().copied().chain(self.account);
        let mut all = labels.map(String::as_str).chain(names);
        all.any(has_other)
    }

    /// Whether a label of the pod or its service account is one of a known controller.
    fn is_recognised(&self) -> bool {
        let values = self.labels.values().map(String::as_str);
        let mut values = values.chain(self.account);
        values.any(|value| !families_of(value).is_empty())
    }

    /// The labels of a namespace of this name that is not in the input.
    fn namespace_labels(&self, name: &str) -> Labels {
        let mut labels = self.spaces.clone();
        labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name.to_owned());
        labels
    }
}

/// The family of a workload that is an ingress controller or a Gateway, by its labels.
fn family(workload: &Workload) -> Option<&'static str> {
    if is_helper(workload) {
        return None;
    }
    let labels = &workload.labels;
    let own = OWN_LABELS.iter().find(|(key, _)| labels.contains_key(*key));
    own.map(|(_, family)| *family).or_else(|| {
        let mut names = NAME_LABELS.iter().filter_map(|key| labels.get(*key));
        names.find_map(|name| families_of(name).first().copied())
    })
}

fn is_helper(workload: &Workload) -> bool {
    let keys = ["app.kubernetes.io/component", "component"];
    let mut parts = keys.iter().filter_map(|key| workload.labels.get(*key));
    matches!(workload.kind.as_str(), "Job" | "CronJob")
        || parts.any(|part| HELPERS.contains(&part.as_str()))
}

/// The families that bear a label of this value.
fn families_of(value: &str) -> Vec<&'static str> {
    let all = FAMILIES
        .iter()
        .filter(|(_, values)| values.contains(&value));
    all.map(|(family, _)| *family).collect()
}

/// The families that a class or controller is named after.
fn families_in(name: &str) -> Vec<&'static str> {
    let all = FAMILIES.iter().map(|(family, _)| *family);
    all.filter(|family| name.contains(family)).collect()
}

fn has_other(value: &str) -> bool {
    OTHERS.iter().any(|other| value.contains(other))
}

/// The conjunctions of which a peer expression is the union; negations stay as they are.
fn conjunctions(peer: &Peer) -> Vec<Vec<&Peer>> {
    match peer {
        Peer::AnyOf(any) => any.iter().flat_map(conjunctions).collect(),
        Peer::All(all) => {
            let mut found = vec![Vec::new()];
            for part in all {
                let parts = conjunctions(part);
                // Alternatives within alternatives occur in no manifest; the first ones stand for all.
                found = found
                    .iter()
                    .flat_map(|left: &Vec<&Peer>| {
                        parts
                            .iter()
                            .map(move |right| [&left[..], &right[..]].concat())
                    })
                    .take(64)
                    .collect();
            }
            found
        }
        leaf => vec![vec![leaf]],
    }
}

/// Adds labels that a selector requires.
fn satisfy(selector: &Selector, labels: &mut Labels) {
    for Requirement { key, op } in &selector.requirements {
        let value = match op {
            LabelOp::In(values) => values.first().cloned(),
            LabelOp::Exists => Some(String::new()),
            LabelOp::StartsWith(text) | LabelOp::EndsWith(text) | LabelOp::Contains(text) => {
                Some(text.clone())
            }
            LabelOp::NotIn(_) | LabelOp::DoesNotExist => None,
        };
        if let Some(value) = value {
            labels.insert(key.clone(), value);
        }
    }
}

fn values(requirement: &Requirement) -> Vec<&str> {
    match &requirement.op {
        LabelOp::In(values) => values.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}
