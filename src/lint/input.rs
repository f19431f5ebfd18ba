//! The input of the rules, and what several of them ask about it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::clients::{Port, targets};
use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::cluster::{Caller, NAMESPACE_NAME_LABEL, Pod, Service, Snapshot, UnknownPods, Workload};
use crate::diag::Span;
use crate::dialect::{self, AddressSet};
use crate::load::{Loaded, LoadedPolicy};
use crate::policy::{self, Match, Peer};
use crate::sets::hash::HashMap;
use crate::sets::{Requirement, Selector};

/// The input of a rule.
pub struct Input<'a> {
    /// The cluster with its policies.
    pub snapshot: &'a Snapshot,
    /// The objects of policies as they are written; none where only a cluster is known.
    pub objects: &'a [LoadedPolicy],
    /// The sets of addresses that some policies select by labels.
    pub sets: &'a [AddressSet],
    /// Whether the input has routes of kinds that are not read, which may publish any port.
    pub has_unread_routes: bool,
    /// For each policy the pods that it selects, once they were asked for.
    subjects: Vec<OnceLock<Vec<usize>>>,
    /// For each pod the policies that select it.
    selecting: OnceLock<Vec<Vec<usize>>>,
    /// The pods of each namespace, by its name.
    by_namespace: OnceLock<HashMap<String, Vec<usize>>>,
    /// The pods with each label, by its key and value.
    by_label: OnceLock<HashMap<String, HashMap<String, Vec<usize>>>>,
    /// The pods of the peers that were asked for.
    peers: Mutex<HashMap<Peer, Arc<[usize]>>>,
    /// For each pod the Services that select it.
    services: OnceLock<Vec<Vec<usize>>>,
    /// The pods that webhook configurations lead to, with their ports.
    called: OnceLock<Vec<(usize, Port)>>,
}

impl<'a> Input<'a> {
    /// A cluster without the texts of its policies.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            objects: &[],
            sets: &[],
            has_unread_routes: false,
            subjects: vec![OnceLock::new(); snapshot.policies.len()],
            selecting: OnceLock::new(),
            by_namespace: OnceLock::new(),
            by_label: OnceLock::new(),
            peers: Mutex::default(),
            services: OnceLock::new(),
            called: OnceLock::new(),
        }
    }

    /// What was read from manifests.
    pub fn of(loaded: &'a Loaded) -> Self {
        Self {
            objects: &loaded.policies,
            sets: &loaded.resources.address_sets,
            has_unread_routes: loaded
                .diagnostics
                .iter()
                .any(|d| d.code == "unknown-routes"),
            ..Self::new(&loaded.snapshot)
        }
    }

    /// The pods that a policy selects, by their places in the snapshot.
    pub fn subjects(&self, policy: usize) -> &[usize] {
        let found = self.subjects.get(policy).map(|subjects| {
            let policy = self.snapshot.policies.get(policy);
            let pods = || policy.map(|policy| self.pods_of(&policy.subject));
            subjects.get_or_init(|| pods().unwrap_or_default())
        });
        found.map_or(&[], Vec::as_slice)
    }

    /// The policies that select a pod, by their places in the snapshot.
    pub fn selecting(&self, pod: usize) -> &[usize] {
        let of_pods = self.selecting.get_or_init(|| {
            let mut found = vec![Vec::new(); self.snapshot.pods.len()];
            for policy in 0..self.snapshot.policies.len() {
                for pod in self.subjects(policy) {
                    if let Some(selecting) = found.get_mut(*pod) {
                        selecting.push(policy);
                    }
                }
            }
            found
        });
        of_pods.get(pod).map_or(&[], Vec::as_slice)
    }

    /// The pods that a peer matches, by their places in the snapshot.
    pub fn pods_of(&self, peer: &Peer) -> Vec<usize> {
        let matches = |pod: &usize| peer_matches(self.snapshot, peer, &Endpoint::Pod(*pod));
        match self.candidates(peer) {
            Some(mut pods) => {
                pods.to_mut().retain(matches);
                pods.into_owned()
            }
            None => (0..self.snapshot.pods.len()).filter(matches).collect(),
        }
    }

    /// The pods among which all are that a peer matches, in order; none: any.
    fn candidates(&self, peer: &Peer) -> Option<Cow<'_, [usize]>> {
        match peer {
            Peer::Nothing => Some(Cow::Borrowed(&[])),
            Peer::Namespace(name) => Some(self.in_namespace(name).into()),
            Peer::NamespaceLabels(selector) => {
                if let Some(name) = only_namespace(selector) {
                    return Some(self.in_namespace(name).into());
                }
                let namespaces = self.snapshot.namespaces.iter();
                let selected = namespaces.filter(|namespace| selector.matches(&namespace.labels));
                let pods = selected.flat_map(|namespace| self.in_namespace(&namespace.name));
                let mut pods: Vec<usize> = pods.copied().collect();
                pods.sort_unstable();
                Some(pods.into())
            }
            Peer::PodLabels(selector) => {
                let required = selector.requirements.iter().filter_map(Requirement::label);
                let pods = required.map(|(key, value)| self.labelled(key, value));
                pods.min_by_key(|pods| pods.len()).map(Cow::Borrowed)
            }
            Peer::All(parts) => {
                // Those of several namespaces are put together, so they are the last resort.
                let is_of_several = |part: &&Peer| matches!(part, Peer::NamespaceLabels(selector) if only_namespace(selector).is_none());
                let (of_several, others): (Vec<&Peer>, Vec<&Peer>) =
                    parts.iter().partition(is_of_several);
                let smallest = |parts: Vec<&Peer>| {
                    let pods = parts.into_iter().filter_map(|part| self.candidates(part));
                    pods.min_by_key(|pods| pods.len())
                };
                smallest(others).or_else(|| smallest(of_several))
            }
            _ => None,
        }
    }

    /// The pods of a namespace, by their places in the snapshot.
    pub fn in_namespace(&self, name: &str) -> &[usize] {
        self.by_namespace().get(name).map_or(&[], Vec::as_slice)
    }

    fn by_namespace(&self) -> &HashMap<String, Vec<usize>> {
        self.by_namespace.get_or_init(|| {
            let mut found: HashMap<String, Vec<usize>> = HashMap::default();
            for (at, pod) in self.snapshot.pods.iter().enumerate() {
                if let Some(namespace) = self.snapshot.namespaces.get(pod.namespace) {
                    found.entry(namespace.name.clone()).or_default().push(at);
                }
            }
            found
        })
    }

    /// The pods that have a label.
    fn labelled(&self, key: &str, value: &str) -> &[usize] {
        let by_label = self.by_label.get_or_init(|| {
            let mut found: HashMap<String, HashMap<String, Vec<usize>>> = HashMap::default();
            for (at, pod) in self.snapshot.pods.iter().enumerate() {
                for (key, value) in pod.labels.iter() {
                    let values = found.entry(key.clone()).or_default();
                    values.entry(value.clone()).or_default().push(at);
                }
            }
            found
        });
        let pods = by_label.get(key).and_then(|values| values.get(value));
        pods.map_or(&[], Vec::as_slice)
    }

    /// The same, computed once for equal peers.
    pub fn pods(&self, peer: &Peer) -> Arc<[usize]> {
        if let Some(known) = self.peers().get(peer) {
            return Arc::clone(known);
        }
        let found: Arc<[usize]> = self.pods_of(peer).into();
        self.peers().insert(peer.clone(), Arc::clone(&found));
        found
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<Peer, Arc<[usize]>>> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pods that the peers of a rule match, in order.
    pub fn peers_of(&self, rule: &policy::Rule) -> Vec<usize> {
        match &rule.peers {
            Match::Any => (0..self.snapshot.pods.len()).collect(),
            Match::Only(items) => {
                let pods = items.iter().map(|item| self.pods(&item.peer));
                let all: BTreeSet<usize> = pods.flat_map(|pods| pods.to_vec()).collect();
                all.into_iter().collect()
            }
        }
    }

    /// A pod by its place.
    pub fn pod(&self, at: usize) -> Option<&'a Pod> {
        self.snapshot.pods.get(at)
    }

    /// The workload of a pod.
    pub fn workload_of(&self, pod: usize) -> Option<&'a Workload> {
        self.snapshot.workloads.get(self.pod(pod)?.workload)
    }

    /// `NAMESPACE/NAME` of a pod's workload, in backticks.
    pub fn name_of(&self, pod: usize) -> String {
        let found = self.workload_of(pod);
        found.map_or_else(String::new, |w| format!("`{}/{}`", w.namespace, w.name))
    }

    /// The first pod of each workload among some pods.
    pub fn one_of_each(&self, pods: &[usize]) -> Vec<usize> {
        let mut found: Vec<usize> = pods.to_vec();
        found.dedup_by_key(|pod| self.pod(*pod).map(|p| p.workload));
        found
    }

    /// The sets of addresses that selectors of a policy's peers may match.
    pub fn sets_of(&self, policy: usize) -> &'a [AddressSet] {
        let mut written = self.objects.iter();
        let written = written.find(|object| object.index == Some(policy));
        match written.is_some_and(|written| dialect::selects_sets(&written.object)) {
            true => self.sets,
            false => &[],
        }
    }

    /// Whether the input has workloads of a namespace.
    pub fn has_workloads(&self, namespace: &str) -> bool {
        let by_namespace = |w: &Workload| w.namespace.as_str().cmp(namespace);
        self.snapshot
            .workloads
            .binary_search_by(by_namespace)
            .is_ok()
    }

    /// The pods of a namespace that operators make and nobody declares.
    pub fn unknown_pods(&self, namespace: &str) -> impl Iterator<Item = &'a UnknownPods> {
        let all = self.snapshot.unknown_pods.iter();
        all.filter(move |pods| pods.namespace == namespace)
    }

    /// The pods that webhook configurations make the API server call, with their ports.
    pub fn called_by_api_server(&self) -> &[(usize, Port)] {
        self.called.get_or_init(|| {
            let clients = self.snapshot.clients.iter();
            let webhooks = clients.filter(|client| client.caller == Caller::ApiServer);
            let called = webhooks.flat_map(|client| targets(self.snapshot, client));
            called.collect()
        })
    }

    /// The Services that select a pod.
    pub fn services_of(&self, pod: usize) -> impl Iterator<Item = &'a Service> {
        let of_pods = self.services.get_or_init(|| self.services_by_pod());
        let own = of_pods.get(pod).map_or(&[][..], Vec::as_slice);
        own.iter().filter_map(|at| self.snapshot.services.get(*at))
    }

    fn services_by_pod(&self) -> Vec<Vec<usize>> {
        let mut found = vec![Vec::new(); self.snapshot.pods.len()];
        let mut in_namespace: HashMap<&str, Vec<usize>> = HashMap::default();
        for (at, service) in self.snapshot.services.iter().enumerate() {
            if !service.selector.is_empty() {
                let same = in_namespace.entry(&service.namespace).or_default();
                same.push(at);
            }
        }
        for (pod, into) in self.snapshot.pods.iter().zip(&mut found) {
            let Some(namespace) = self.snapshot.namespaces.get(pod.namespace) else {
                continue;
            };
            let same = in_namespace.get(namespace.name.as_str());
            for at in same.into_iter().flatten() {
                let selector = self.snapshot.services.get(*at).map(|s| &s.selector);
                let bears = |(key, value)| pod.labels.get(key) == Some(value);
                if selector.is_some_and(|wanted| wanted.iter().all(bears)) {
                    into.push(*at);
                }
            }
        }
        found
    }

    /// Where a policy says which pods it selects, else where it begins.
    pub fn subject_span(&self, policy: usize) -> Option<Span> {
        let written = self.objects.iter().find(|o| o.index == Some(policy));
        let key = written.and_then(|written| {
            let keys = [
                "podSelector",
                "subject",
                "endpointSelector",
                "selector",
                "namespaceSelector",
            ];
            let spec = written.object.node.get("spec");
            let found = keys
                .iter()
                .find_map(|key| super::written::entry(spec?, key));
            Some(written.object.span(found?.mark))
        });
        let head = || Some(self.snapshot.policies.get(policy)?.span.clone());
        key.or_else(head)
    }
}

/// The namespace that a selector names, the only one that it may select.
fn only_namespace(selector: &Selector) -> Option<&str> {
    let labels = selector.requirements.iter().filter_map(Requirement::label);
    let mut names = labels.filter(|(key, _)| *key == NAMESPACE_NAME_LABEL);
    names.next().map(|(_, name)| name)
}
