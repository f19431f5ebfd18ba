//! Small Documents for tests, built from strings.

use crate::cluster::{self, ContainerPort};
use crate::model::validate::{flow_ports, labels, network};
use crate::model::{
    Document, End, External, Flow, FlowId, Group, ImportedPolicy, Namespace, NamespaceId, Node,
    Unknown, Words, Workload, WorkloadId,
};
use crate::sets::{Labels, Protocol, Selector};

/// A builder of Documents. Panics at invalid strings: it is for tests.
#[derive(Default)]
pub(crate) struct Fixture {
    pub(crate) document: Document,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn namespace(&mut self, name: &str) -> NamespaceId {
        if let Some(id) = self.document.namespace_named(name) {
            return id;
        }
        self.document.namespaces.add(Namespace::new(name))
    }

    /// `shop/web`, with labels such as `app=web, tier=front`.
    pub(crate) fn workload(&mut self, words: &str, text: &str) -> WorkloadId {
        let (namespace, name) = words.split_once('/').unwrap();
        let namespace = self.namespace(namespace);
        let labels = labels(text).unwrap();
        let workload = Workload::new(namespace, "Deployment", name, labels);
        self.document.workloads.add(workload)
    }

    /// A container port of a workload.
    pub(crate) fn port(&mut self, of: WorkloadId, name: &str, port: u16) {
        self.document
            .workloads
            .get_mut(of)
            .unwrap()
            .ports
            .push(ContainerPort {
                name: Some(name.to_owned()),
                port,
                protocol: Protocol::Tcp,
            });
    }

    /// An external with networks such as `10.0.0.0/8 except 10.1.0.0/16`.
    pub(crate) fn external(&mut self, name: &str, networks: &[&str], domain_names: &[&str]) {
        self.document.externals.add(External {
            name: name.to_owned(),
            networks: networks.iter().map(|n| network(n).unwrap()).collect(),
            domain_names: domain_names.iter().map(|n| (*n).to_owned()).collect(),
            entity: None,
            unknown: Unknown::new(),
        });
    }

    pub(crate) fn node(&mut self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|one| one.parse().unwrap());
        self.document.nodes.add(Node {
            node: cluster::Node {
                name: name.to_owned(),
                labels: Labels::new(),
                addresses: addresses.collect(),
                pod_cidrs: Vec::new(),
            },
            unknown: Unknown::new(),
        });
    }

    pub(crate) fn group(&mut self, name: &str, namespaces: Selector, pods: Selector) {
        let group = Group::new(name, namespaces, pods);
        self.document.groups.add(group);
    }

    pub(crate) fn end(&self, words: &str) -> End {
        Words::new(&self.document).end(words).unwrap()
    }

    /// `shop/web`, `shop/checkout`, `TCP/5050`.
    pub(crate) fn flow(&mut self, from: &str, to: &str, ports: &str) -> FlowId {
        self.document.flows.add(Flow {
            from: self.end(from),
            to: self.end(to),
            ports: flow_ports(ports).unwrap(),
            http: Vec::new(),
            denies: false,
            approximate: false,
            note: String::new(),
            half: None,
            muted: false,
            observed: None,
            unknown: Unknown::new(),
        })
    }

    pub(crate) fn import(&mut self, text: &str, replaces: Option<&str>) {
        self.document.policies.add(ImportedPolicy {
            file: "kept.yaml".to_owned(),
            text: text.to_owned(),
            replaces: replaces.map(str::to_owned),
            unknown: Unknown::new(),
        });
    }
}
