//! Queries on a Document.

use std::collections::{BTreeMap, BTreeSet};

use super::validate::flow_ports_words;
use super::{
    Base, Document, End, ExternalId, FlowId, FlowPort, GroupId, ImportedPolicy, InvariantId,
    Isolate, Item, NamespaceId, NodeId, NodeRef, PolicyId, ServiceId, Thing, Workload, WorkloadId,
};
use crate::cluster::{HostNetwork, NAMESPACE_NAME_LABEL, TargetPort};
use crate::policy::{Entity, current_group};
use crate::sets::{Labels, Selector};
use crate::yaml::{self, Node};

/// Whether a namespace belongs to the platform, so that import adds no default deny to it.
pub fn is_system_namespace(name: &str) -> bool {
    ["kube-system", "kube-public", "kube-node-lease", "openshift"].contains(&name)
        || name.starts_with("openshift-")
}

/// A port that a destination offers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortChoice {
    /// What a flow stores: the pod's own port.
    pub port: FlowPort,
    /// For people: `TCP 8080 http`, `TCP 8080 (port 80 of Service web)`.
    pub label: String,
    /// The Service that it was declared by; none: the container.
    pub service: Option<ServiceId>,
}

impl Document {
    /// The namespace of that name.
    pub fn namespace_named(&self, name: &str) -> Option<NamespaceId> {
        find(self.namespaces.iter(), |namespace| namespace.name == name)
    }

    /// Whether the pods of a workload count as their nodes, which policies do not select: those on the host network,
    /// by assumption.
    pub fn counts_as_node(&self, workload: &Workload) -> bool {
        workload.is_on_host_network() && self.settings.judged().host_network == HostNetwork::Nodes
    }

    /// Whether some of its pods count as their nodes, and the others do not.
    pub fn counts_as_node_in_part(&self, workload: &Workload) -> bool {
        workload.has_host_network()
            && !workload.is_on_host_network()
            && self.settings.judged().host_network == HostNetwork::Nodes
    }

    /// The workload of that namespace, name and kind.
    pub fn workload_named(&self, of: NamespaceId, name: &str, kind: &str) -> Option<WorkloadId> {
        find(self.workloads.iter(), |w| {
            w.namespace == of && w.name == name && w.kind == kind
        })
    }

    /// The Service of that namespace and name.
    pub fn service_named(&self, of: NamespaceId, name: &str) -> Option<ServiceId> {
        find(self.services.iter(), |s| {
            s.namespace == of && s.name == name
        })
    }

    /// The external of that name.
    pub fn external_named(&self, name: &str) -> Option<ExternalId> {
        find(self.externals.iter(), |external| external.name == name)
    }

    /// The node of that name.
    pub fn node_named(&self, name: &str) -> Option<NodeId> {
        find(self.nodes.iter(), |row| row.node.name == name)
    }

    /// The group of that name.
    pub fn group_named(&self, name: &str) -> Option<GroupId> {
        find(self.groups.iter(), |group| group.name == name)
    }

    /// The invariant of that name.
    pub fn invariant_named(&self, name: &str) -> Option<InvariantId> {
        find(self.invariants.iter(), |invariant| invariant.name == name)
    }

    /// The default deny in force in a namespace: its own, or the project's.
    pub fn base_of(&self, id: NamespaceId) -> Base {
        let own = self.namespaces.get(id).and_then(|namespace| namespace.base);
        own.unwrap_or(self.settings.base)
    }

    /// Whether it isolates anything itself: a managed namespace by its default deny, a workload there, or a group.
    pub fn isolates(&self) -> bool {
        let managed = |id: NamespaceId| self.namespaces.get(id).is_some_and(|n| n.managed);
        let mut namespaces = self.namespaces.ids();
        let mut workloads = self.workloads.iter();
        let mut groups = self.groups.iter();
        namespaces.any(|id| managed(id) && self.base_of(id) != Base::None)
            || workloads.any(|(_, w)| w.isolate != Isolate::None && managed(w.namespace))
            || groups.any(|(_, g)| g.isolate != Isolate::None)
    }

    /// Whether a namespace's isolated pods may resolve names: its own choice, or the project's.
    pub fn dns_of(&self, id: NamespaceId) -> bool {
        let own = self.namespaces.get(id).and_then(|namespace| namespace.dns);
        own.unwrap_or(self.settings.dns.allow)
    }

    /// A namespace's labels with the one that the control plane sets.
    pub fn namespace_labels(&self, id: NamespaceId) -> Labels {
        let mut labels = Labels::new();
        if let Some(namespace) = self.namespaces.get(id) {
            labels.clone_from(&namespace.labels);
            labels.insert(NAMESPACE_NAME_LABEL.into(), namespace.name.clone());
        }
        labels
    }

    /// The workloads of a namespace, in id order.
    pub fn workloads_of(&self, id: NamespaceId) -> Vec<WorkloadId> {
        let rows = self.workloads.iter();
        rows.filter(|(_, w)| w.namespace == id)
            .map(|(id, _)| id)
            .collect()
    }

    /// The name of a node where its surroundings are known: `web`, `shop`, `office`, `any pod`.
    pub fn node_name(&self, node: NodeRef) -> &str {
        match node {
            NodeRef::Namespace(id) => self.namespaces.get(id).map_or("", |n| &n.name),
            NodeRef::Workload(id) => self.workloads.get(id).map_or("", |w| &w.name),
            NodeRef::External(id) => self.externals.get(id).map_or("", |e| &e.name),
            NodeRef::Group(id) => self.groups.get(id).map_or("", |g| &g.name),
            NodeRef::Node(id) => self.nodes.get(id).map_or("", |n| &n.node.name),
            NodeRef::AnyPod => "any pod",
        }
    }

    /// The name of an end in a sentence: `web`, `any pod of shop`, `office`.
    pub fn end_name(&self, end: &End) -> String {
        match end {
            End::AnyPodOf(id) => format!("any pod of {}", self.node_name(NodeRef::Namespace(*id))),
            End::Missing(words) => words.clone(),
            other => other
                .node()
                .map_or("", |node| self.node_name(node))
                .to_owned(),
        }
    }

    /// The generated policies that imported ones replace, as `NAMESPACE/NAME`.
    pub fn replaced_policies(&self) -> BTreeSet<&str> {
        let imported = self.policies.iter();
        imported
            .filter_map(|(_, p)| p.replaces.as_deref())
            .collect()
    }

    /// The name of any object: `web`, `web to checkout`.
    pub fn item_name(&self, item: Item) -> String {
        match item {
            Item::Namespace(id) => self.node_name(NodeRef::Namespace(id)).to_owned(),
            Item::Workload(id) => self.node_name(NodeRef::Workload(id)).to_owned(),
            Item::Service(id) => self
                .services
                .get(id)
                .map_or(String::new(), |s| s.name.clone()),
            Item::External(id) => self.node_name(NodeRef::External(id)).to_owned(),
            Item::Group(id) => self.node_name(NodeRef::Group(id)).to_owned(),
            Item::Node(id) => self.node_name(NodeRef::Node(id)).to_owned(),
            Item::Flow(id) => self.flow_name(id),
            Item::Policy(id) => self.policy_name(id),
            Item::Invariant(id) => {
                let invariant = self.invariants.get(id);
                invariant.map_or(String::new(), |i| i.name.clone())
            }
        }
    }

    /// `web to checkout`.
    pub fn flow_name(&self, id: FlowId) -> String {
        self.flows.get(id).map_or(String::new(), |flow| {
            format!(
                "{} to {}",
                self.end_name(&flow.from),
                self.end_name(&flow.to)
            )
        })
    }

    /// An imported policy's name in its text, else its file.
    pub fn policy_name(&self, id: PolicyId) -> String {
        let Some(policy) = self.policies.get(id) else {
            return String::new();
        };
        policy
            .identity()
            .map_or_else(|| policy.file.clone(), |identity| identity.name)
    }

    /// An object with all its fields.
    pub fn thing(&self, item: Item) -> Option<Thing> {
        match item {
            Item::Namespace(id) => self.namespaces.get(id).cloned().map(Thing::Namespace),
            Item::Workload(id) => self.workloads.get(id).cloned().map(Thing::Workload),
            Item::Service(id) => self.services.get(id).cloned().map(Thing::Service),
            Item::External(id) => self.externals.get(id).cloned().map(Thing::External),
            Item::Group(id) => self.groups.get(id).cloned().map(Thing::Group),
            Item::Node(id) => self.nodes.get(id).cloned().map(Thing::Node),
            Item::Flow(id) => self.flows.get(id).cloned().map(Thing::Flow),
            Item::Policy(id) => self.policies.get(id).cloned().map(Thing::Policy),
            Item::Invariant(id) => self.invariants.get(id).cloned().map(Thing::Invariant),
        }
    }

    /// Whether the node exists.
    pub fn has_node(&self, node: NodeRef) -> bool {
        match node {
            NodeRef::Namespace(id) => self.namespaces.contains(id),
            NodeRef::Workload(id) => self.workloads.contains(id),
            NodeRef::External(id) => self.externals.contains(id),
            NodeRef::Group(id) => self.groups.contains(id),
            NodeRef::Node(id) => self.nodes.contains(id),
            NodeRef::AnyPod => true,
        }
    }

    /// Whether a flow may have the end: objects it names by id exist.
    pub fn has_end(&self, end: &End) -> bool {
        end.node().is_none_or(|node| self.has_node(node))
    }

    /// `name`, or `name-2`, `name-3`, ...: the first that is not `taken`.
    pub fn fresh(name: &str, taken: impl Fn(&str) -> bool) -> String {
        if !taken(name) {
            return name.to_owned();
        }
        // `web-2` is followed by `web-3`, not by `web-2-2`.
        let (stem, mut number) = match name.rsplit_once('-') {
            Some((stem, digits)) if !stem.is_empty() && digits.len() < 6 => digits
                .parse()
                .map_or((name, 1), |number: u32| (stem, number)),
            _ => (name, 1),
        };
        loop {
            number += 1;
            let tail = format!("-{number}");
            let mut head = stem;
            while head.len() + tail.len() > 63 {
                let mut chars = head.chars();
                chars.next_back();
                head = chars.as_str();
            }
            let candidate = format!("{head}{tail}");
            if !taken(&candidate) {
                return candidate;
            }
        }
    }

    /// An unused namespace name.
    pub fn fresh_namespace_name(&self, name: &str) -> String {
        Self::fresh(name, |name| self.namespace_named(name).is_some())
    }

    /// A workload name that is unused in a namespace, whatever the kind.
    pub fn fresh_workload_name(&self, of: NamespaceId, name: &str) -> String {
        let taken: BTreeSet<&str> = self
            .workloads
            .iter()
            .filter(|(_, w)| w.namespace == of)
            .map(|(_, w)| w.name.as_str())
            .collect();
        Self::fresh(name, |name| taken.contains(name))
    }

    /// An unused Service name of a namespace.
    pub fn fresh_service_name(&self, of: NamespaceId, name: &str) -> String {
        Self::fresh(name, |name| self.service_named(of, name).is_some())
    }

    /// An unused name of an external.
    pub fn fresh_external_name(&self, name: &str) -> String {
        Self::fresh(name, |name| self.external_named(name).is_some())
    }

    /// An unused name of a group.
    pub fn fresh_group_name(&self, name: &str) -> String {
        Self::fresh(name, |name| self.group_named(name).is_some())
    }

    /// An unused name of an invariant.
    pub fn fresh_invariant_name(&self, name: &str) -> String {
        Self::fresh(name, |name| self.invariant_named(name).is_some())
    }

    /// The flows that start or end at a node, in id order.
    pub fn flows_of(&self, node: NodeRef) -> Vec<FlowId> {
        let at = |end: &End| end.node() == Some(node);
        let rows = self.flows.iter();
        rows.filter(|(_, flow)| at(&flow.from) || at(&flow.to))
            .map(|(id, _)| id)
            .collect()
    }

    /// The Services whose selector matches a workload's pods.
    pub fn services_of(&self, id: WorkloadId) -> Vec<ServiceId> {
        let Some(workload) = self.workloads.get(id) else {
            return Vec::new();
        };
        let rows = self.services.iter();
        rows.filter(|(_, service)| {
            service.namespace == workload.namespace
                && !service.selector.is_empty()
                && service
                    .selector
                    .iter()
                    .all(|(key, value)| workload.labels.get(key) == Some(value))
        })
        .map(|(id, _)| id)
        .collect()
    }

    /// The workloads whose pods match both selectors, in id order.
    pub fn matching(&self, namespaces: &Selector, pods: &Selector) -> Vec<WorkloadId> {
        let within: BTreeSet<NamespaceId> = self
            .namespaces
            .ids()
            .filter(|id| namespaces.matches(&self.namespace_labels(*id)))
            .collect();
        let rows = self.workloads.iter();
        rows.filter(|(_, w)| within.contains(&w.namespace) && pods.matches(&w.labels))
            .map(|(id, _)| id)
            .collect()
    }

    /// The workloads of one namespace whose pods match a selector, in id order.
    pub fn matching_in(&self, namespace: NamespaceId, pods: &Selector) -> Vec<WorkloadId> {
        let rows = self.workloads.iter();
        rows.filter(|(_, w)| w.namespace == namespace && pods.matches(&w.labels))
            .map(|(id, _)| id)
            .collect()
    }

    /// The workloads that an end covers.
    pub fn workloads_at(&self, end: &End) -> Vec<WorkloadId> {
        match end {
            End::Workload(id) => vec![*id],
            End::AnyPodOf(id) => self.workloads_of(*id),
            End::AnyPod => self.workloads.ids().collect(),
            End::Group(id) => self.groups.get(*id).map_or(Vec::new(), |group| {
                let matching = self.matching(&group.namespaces, &group.pods).into_iter();
                let own = |id: &WorkloadId| {
                    let workload = self.workloads.get(*id);
                    workload.is_some_and(|workload| group.has_pods_of(workload))
                };
                matching.filter(own).collect()
            }),
            End::External(id) => match self.externals.get(*id).and_then(|e| e.entity) {
                Some(Entity::Cluster) => self.workloads.ids().collect(),
                Some(Entity::RemoteNode) => {
                    let all = self.workloads.iter();
                    let on_nodes = all.filter(|(_, workload)| workload.host_network);
                    on_nodes.map(|(id, _)| id).collect()
                }
                _ => Vec::new(),
            },
            End::Node(_) | End::Missing(_) => Vec::new(),
        }
    }

    /// The port of an end that declares only one; a Service that sends to it counts as the same port.
    pub fn only_port(&self, end: &End) -> Option<FlowPort> {
        let mut declared = BTreeSet::new();
        let mut names = BTreeSet::new();
        for id in self.workloads_at(end) {
            for port in &self.workloads.get(id)?.ports {
                declared.insert(FlowPort::Range(port.protocol, port.port, port.port));
                let name = port.name.clone();
                names.extend(name.map(|name| FlowPort::Named(port.protocol, name)));
            }
        }
        for choice in self.port_choices(end) {
            if !names.contains(&choice.port) {
                declared.insert(choice.port);
            }
        }
        let only = declared.pop_first();
        only.filter(|_| declared.is_empty())
    }

    /// What a destination declares: container ports by number (their names in the label) and by name,
    /// and Service ports as their target ports. Sorted, without repeats.
    pub fn port_choices(&self, end: &End) -> Vec<PortChoice> {
        let words = |port: &FlowPort| flow_ports_words(std::slice::from_ref(port));
        let mut choices = BTreeSet::new();
        for id in self.workloads_at(end) {
            let Some(workload) = self.workloads.get(id) else {
                continue;
            };
            for port in &workload.ports {
                let number = FlowPort::Range(port.protocol, port.port, port.port);
                let name = port.name.as_deref().unwrap_or_default();
                choices.insert(PortChoice {
                    label: format!("{} {name}", words(&number)).trim_end().to_owned(),
                    port: number,
                    service: None,
                });
            }
            for service_id in self.services_of(id) {
                let Some(service) = self.services.get(service_id) else {
                    continue;
                };
                for port in &service.ports {
                    let target = match &port.target {
                        TargetPort::Number(number) => {
                            FlowPort::Range(port.protocol, *number, *number)
                        }
                        TargetPort::Name(name) => FlowPort::Named(port.protocol, name.clone()),
                    };
                    choices.insert(PortChoice {
                        label: format!(
                            "{} (port {} of Service {})",
                            words(&target),
                            port.port,
                            service.name
                        ),
                        port: target,
                        service: Some(service_id),
                    });
                }
            }
        }
        choices.into_iter().collect()
    }
}

/// What the text of an imported policy declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyIdentity {
    /// API group, whatever its version.
    pub group: String,
    /// API kind.
    pub kind: String,
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

/// Identities of imported policies by their texts, so that each text is parsed once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyIdentities(BTreeMap<String, Option<PolicyIdentity>>);

impl PolicyIdentities {
    /// Parses the policies of these documents.
    pub fn read<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let documents = documents.into_iter();
        let policies = documents.flat_map(|document| document.policies.iter());
        Self(
            policies
                .map(|(_, policy)| (policy.text.clone(), policy.identity()))
                .collect(),
        )
    }

    /// The identity of a policy; a text that was not read is parsed now.
    pub fn of(&self, policy: &ImportedPolicy) -> Option<PolicyIdentity> {
        let known = self.0.get(&policy.text).cloned();
        known.unwrap_or_else(|| policy.identity())
    }
}

impl ImportedPolicy {
    /// Group, kind, namespace and name in its text; none if it is unreadable or has no name.
    pub fn identity(&self) -> Option<PolicyIdentity> {
        let parsed = yaml::parse(&self.text);
        let [document] = &parsed.documents[..] else {
            return None;
        };
        let metadata = document.node.get("metadata")?;
        let text = |node: Option<&Node>| node?.as_str().map(str::to_owned);
        let kind = text(document.node.get("kind"))?;
        let version = text(document.node.get("apiVersion")).unwrap_or_default();
        let group = current_group(yaml::group_of(&version), &kind).to_owned();
        Some(PolicyIdentity {
            group,
            kind,
            namespace: text(metadata.get("namespace")),
            name: text(metadata.get("name"))?,
        })
    }
}

fn find<'a, K: Copy, V: 'a>(
    mut rows: impl Iterator<Item = (K, &'a V)>,
    test: impl Fn(&V) -> bool,
) -> Option<K> {
    rows.find(|(_, row)| test(row)).map(|(id, _)| id)
}
