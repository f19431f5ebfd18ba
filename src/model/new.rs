//! New objects with default fields.

use super::{
    End, External, Flow, FlowPort, Group, Isolate, Namespace, NamespaceId, Network, Service,
    Unknown, Workload,
};
use crate::policy::Accounts;
use crate::sets::{Labels, Selector};

impl Namespace {
    /// A managed namespace with the project's base and DNS.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            labels: Labels::new(),
            base: None,
            dns: None,
            managed: true,
            unknown: Unknown::new(),
        }
    }
}

impl Group {
    /// Pods by selector that run as any service account, and that it does not isolate.
    pub fn new(name: impl Into<String>, namespaces: Selector, pods: Selector) -> Self {
        Self {
            name: name.into(),
            namespaces,
            pods,
            accounts: Accounts::default(),
            isolate: Isolate::None,
            unknown: Unknown::new(),
        }
    }

    /// Whether the pods of a workload are among its pods, if its namespace is one of its namespaces.
    pub fn has_pods_of(&self, workload: &Workload) -> bool {
        self.pods.matches(&workload.labels) && self.accounts.has(workload.account())
    }

    /// Whether it has every pod of its namespaces.
    pub fn has_every_pod(&self) -> bool {
        self.pods.is_everything() && self.accounts.is_any()
    }
}

impl Workload {
    /// The service account of its pods.
    pub fn account(&self) -> &str {
        let own = self.service_account.as_deref();
        own.unwrap_or(Accounts::DEFAULT)
    }

    /// The labels of its pods: of each one where they differ, else those that all have.
    pub fn labels_of_pods(&self) -> Vec<&Labels> {
        if self.pods.iter().all(|pod| pod.labels.is_none()) {
            return vec![&self.labels];
        }
        let labels = self.pods.iter();
        labels
            .map(|pod| pod.labels.as_ref().unwrap_or(&self.labels))
            .collect()
    }

    /// Whether its pods are on the host network: one value where they are alike, else one for each.
    fn hosts(&self) -> impl Iterator<Item = bool> {
        let pods = self.pods.iter();
        let own = pods.map(|pod| pod.host_network.unwrap_or(self.host_network));
        own.chain(self.pods.is_empty().then_some(self.host_network))
    }

    /// Whether all of its pods are on the host network.
    pub fn is_on_host_network(&self) -> bool {
        self.hosts().all(|host| host)
    }

    /// Whether any of its pods is on the host network.
    pub fn has_host_network(&self) -> bool {
        self.hosts().any(|host| host)
    }

    /// The labels that all of its pods have.
    pub fn shared_labels(&self) -> Labels {
        let all = self.labels_of_pods();
        let shared = |(key, value): &(&String, &String)| {
            all.iter().all(|labels| labels.get(*key) == Some(*value))
        };
        let first = all.first().copied().unwrap_or(&self.labels).iter();
        first
            .filter(shared)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// A workload with these labels on its pods. `kind` is an API kind: `Deployment`, `Pod`, ...
    pub fn new(
        namespace: NamespaceId,
        kind: impl Into<String>,
        name: impl Into<String>,
        labels: Labels,
    ) -> Self {
        Self {
            namespace,
            name: name.into(),
            kind: kind.into(),
            labels,
            selector: None,
            ports: Vec::new(),
            service_account: None,
            host_network: false,
            cluster_dns: None,
            isolate: Isolate::None,
            replicas: None,
            addresses: Vec::new(),
            pods: Vec::new(),
            unknown: Unknown::new(),
        }
    }
}

impl Service {
    /// A Service inside the cluster that selects nothing and has no ports yet.
    pub fn new(namespace: NamespaceId, name: impl Into<String>) -> Self {
        Self {
            namespace,
            name: name.into(),
            labels: Labels::new(),
            kind: "ClusterIP".to_owned(),
            headless: false,
            external_name: None,
            keeps_client_address: false,
            selector: Labels::new(),
            ports: Vec::new(),
            unknown: Unknown::new(),
        }
    }
}

impl External {
    /// Something outside with these address blocks.
    pub fn new(name: impl Into<String>, networks: Vec<Network>) -> Self {
        Self {
            name: name.into(),
            networks,
            domain_names: Vec::new(),
            entity: None,
            unknown: Unknown::new(),
        }
    }
}

impl Flow {
    /// Whether it allows its connections, and in force.
    pub fn allows(&self) -> bool {
        !self.muted && !self.denies
    }

    /// Whether it allows its connections at both gates, whatever passes in them.
    pub fn allows_all(&self) -> bool {
        self.allows() && self.half.is_none() && self.http.is_empty()
    }

    /// A flow in force, without a note. `ports` are those of the destination's pods.
    pub fn new(from: End, to: End, ports: Vec<FlowPort>) -> Self {
        Self {
            from,
            to,
            ports,
            http: Vec::new(),
            denies: false,
            approximate: false,
            note: String::new(),
            half: None,
            muted: false,
            observed: None,
            unknown: Unknown::new(),
        }
    }
}
