//! The document as a cluster snapshot, the input of the analysis.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::future_pods::{FuturePod, FuturePods, own_selector};
use crate::cluster::{
    ContainerPort, NAMESPACE_NAME_LABEL, Namespace, Pod, Snapshot, Workload, WorkloadObject,
    mark_ambiguous_ports, pod_name,
};
use crate::model::dns::Resolver;
use crate::model::{self, Document, FlowPort, NamespaceId, WorkloadId};
use crate::policy::{Accounts, Policy, Tier, WorkloadKey};
use crate::sets::{LabelSet, Labels};

/// A document as a cluster snapshot, with the workload ids on both sides.
#[derive(Clone, Debug, Default)]
pub struct DocumentSnapshot {
    /// The cluster, without tiers and policies unless they were put there.
    pub snapshot: Snapshot,
    /// For each workload of the snapshot its id in the document; none for stand-ins.
    pub drawn: Vec<Option<WorkloadId>>,
    /// The reverse: for each workload id its index in the snapshot.
    pub index: BTreeMap<WorkloadId, usize>,
}

impl DocumentSnapshot {
    /// The same with these policies in force, in these tiers.
    pub(crate) fn with(mut self, tiers: Vec<Tier>, policies: Vec<Arc<Policy>>) -> Self {
        self.snapshot.tiers = tiers;
        self.snapshot.policies = policies;
        self
    }

    /// The same where these workloads have changed; none if some are new or no more, or have another place.
    fn patched(&self, document: &Document, changed: &BTreeSet<WorkloadId>) -> Option<Self> {
        let mut patched = self.clone();
        let snapshot = &mut patched.snapshot;
        for id in changed {
            let at = *self.index.get(id)?;
            let known = snapshot.workloads.get(at)?;
            let range = known.pods.clone();
            let namespace = snapshot.pods.get(range.start)?.namespace;
            let entry = drawn(document, *id, document.workloads.get(*id)?, |_| namespace)?;
            if known.object.place() != entry.object.place() || entry.pods.len() != range.len() {
                return None;
            }
            (Arc::make_mut(&mut snapshot.workloads).get_mut(at)?).object = entry.object;
            let pods = Arc::make_mut(&mut snapshot.pods).get_mut(range)?;
            for (pod, now) in pods.iter_mut().zip(entry.pods.iter()) {
                *pod = Pod {
                    workload: at,
                    ..now.clone()
                };
            }
        }
        Some(patched)
    }

    /// The same where some of these workloads are new, are no more or have another place.
    fn rebuilt(&self, document: &Document, changed: &BTreeSet<WorkloadId>) -> Self {
        let snapshot = &self.snapshot;
        let at = places(&snapshot.namespaces);
        let stays = |entry: &Entry| entry.id.is_none_or(|id| !changed.contains(&id));
        let now = changed
            .iter()
            .filter_map(|id| Some((*id, document.workloads.get(*id)?)));
        let new = now.filter_map(|(id, workload)| drawn(document, id, workload, &at));
        let mut rebuilt = assemble(self.entries().filter(stays), new.collect());
        rebuilt.snapshot = Snapshot {
            workloads: rebuilt.snapshot.workloads,
            pods: rebuilt.snapshot.pods,
            ..snapshot.clone()
        };
        rebuilt
    }

    /// Its workloads with their pods, in order.
    fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let workloads = self.snapshot.workloads.iter().zip(&self.drawn);
        workloads.map(|(workload, id)| Entry {
            id: *id,
            object: Arc::clone(&workload.object),
            pods: (self.snapshot.pods.get(workload.pods.clone()))
                .unwrap_or_default()
                .into(),
        })
    }
}

/// Finds namespaces by name.
fn places(namespaces: &[Namespace]) -> impl Fn(&str) -> usize {
    let all = namespaces.iter().enumerate();
    let places: BTreeMap<&str, usize> = all.map(|(at, n)| (n.name.as_str(), at)).collect();
    move |name| places.get(name).copied().unwrap_or_default()
}

/// The document with these policies in force, in these tiers: what `list PROJECT` shows. Without
/// stand-ins.
pub fn snapshot(
    document: &Document,
    tiers: Vec<Tier>,
    policies: Vec<Arc<Policy>>,
) -> DocumentSnapshot {
    known(document).with(tiers, policies)
}

/// The document without stand-ins. Its nodes and address pools are no part of the proof: flows name nodes by their addresses.
fn known(document: &Document) -> DocumentSnapshot {
    let mut cluster = build(document, None, Vec::new());
    cluster.snapshot.nodes = model::cluster::nodes(document);
    cluster.snapshot.address_pools = model::cluster::address_pools(document);
    cluster
}

/// The last snapshots of a document, for reuse while only flows change, and what workloads are made of.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    document: Document,
    drawn: Option<DocumentSnapshot>,
    with_stand_ins: Option<(FuturePods, Arc<DocumentSnapshot>)>,
}

impl Snapshots {
    fn keep_for(&mut self, document: &Document) {
        let changed = self.document.changed_workloads(document);
        self.document = document.clone();
        if changed.as_ref().is_some_and(BTreeSet::is_empty) {
            return;
        }
        let patched = |known: &DocumentSnapshot| {
            let changed = changed.as_ref()?;
            let in_place = known.patched(document, changed);
            Some(in_place.unwrap_or_else(|| known.rebuilt(document, changed)))
        };
        self.drawn = self.drawn.take().and_then(|known| patched(&known));
        let has_dns = dns_pod(document).is_none();
        let same_stand_ins = |(_, known): &(_, Arc<DocumentSnapshot>)| {
            let mut workloads = known.snapshot.workloads.iter();
            has_dns != workloads.any(|workload| workload.name == DNS_POD)
        };
        let with_stand_ins = self.with_stand_ins.take().filter(same_stand_ins);
        self.with_stand_ins =
            with_stand_ins.and_then(|(pods, known)| Some((pods, patched(&known)?.into())));
    }

    /// [`snapshot`] without policies.
    pub(crate) fn drawn(&mut self, document: &Document) -> DocumentSnapshot {
        self.keep_for(document);
        self.drawn.get_or_insert_with(|| known(document)).clone()
    }

    /// [`with_future_pods`]; `drawn`: the document without them.
    pub(crate) fn with_future_pods(
        &mut self,
        document: &Document,
        drawn: &DocumentSnapshot,
        pods: FuturePods,
    ) -> Arc<DocumentSnapshot> {
        self.keep_for(document);
        let last = self.with_stand_ins.take().filter(|(last, _)| *last == pods);
        let last = last.unwrap_or_else(|| {
            let with = stand_for(document, Some(drawn), pods.clone());
            (pods, with.into())
        });
        let (_, cluster) = self.with_stand_ins.insert(last);
        Arc::clone(cluster)
    }
}

/// The document with stand-ins, for the proof: in each managed namespace a pod without labels, and a
/// DNS pod if none is drawn.
pub(crate) fn with_stand_ins(document: &Document) -> DocumentSnapshot {
    with_future_pods(document, FuturePods::default())
}

/// The same with further pods that are not in the document, by namespace.
pub(crate) fn with_future_pods(document: &Document, future: FuturePods) -> DocumentSnapshot {
    stand_for(document, None, future)
}

/// The same; `known`: the document without stand-ins, if that is known already.
fn stand_for(
    document: &Document,
    known: Option<&DocumentSnapshot>,
    future: FuturePods,
) -> DocumentSnapshot {
    let managed = document.namespaces.iter().filter(|(_, n)| n.managed);
    let bare = managed.map(|(id, _)| (id, FuturePod::default()));
    let stand_in = |(id, pod): (NamespaceId, FuturePod)| {
        let namespace = document.namespaces.get(id)?;
        Some(StandIn {
            namespace: namespace.name.clone(),
            namespace_labels: document.namespace_labels(id),
            name: OTHER_POD,
            labels: pod.labels,
            account: pod.account,
            ports: future.ports.clone(),
        })
    };
    let mut extra: Vec<StandIn> = bare.chain(future.pods).filter_map(stand_in).collect();
    extra.extend(dns_pod(document));
    build(document, known, extra)
}

/// The name of the pod without labels.
pub(crate) const OTHER_POD: &str = "any other pod";
/// The name of the DNS pod that stands in where the document has none.
pub(crate) const DNS_POD: &str = "the DNS pods";

struct StandIn {
    namespace: String,
    namespace_labels: Labels,
    name: &'static str,
    labels: Labels,
    account: String,
    ports: Vec<ContainerPort>,
}

fn dns_pod(document: &Document) -> Option<StandIn> {
    let resolver = Resolver::of(&document.settings.dns.profile);
    if !document
        .matching(&resolver.namespaces, &resolver.pods)
        .is_empty()
    {
        return None;
    }
    let known = document
        .namespaces
        .iter()
        .map(|(id, n)| (n.name.clone(), document.namespace_labels(id)))
        .filter(|(_, labels)| resolver.namespaces.matches(labels))
        .min();
    let (namespace, namespace_labels) = match known {
        Some(known) => known,
        None => {
            let labels = LabelSet::from(&resolver.namespaces).example()?;
            let name = labels.get(NAMESPACE_NAME_LABEL).cloned();
            let name = name.unwrap_or_else(|| document.fresh_namespace_name("dns"));
            (name, labels)
        }
    };
    let named = |port: &FlowPort| match port {
        FlowPort::Named(protocol, name) => Some(ContainerPort {
            name: Some(name.clone()),
            port: 53,
            protocol: *protocol,
        }),
        _ => None,
    };
    Some(StandIn {
        namespace,
        namespace_labels,
        name: DNS_POD,
        labels: LabelSet::from(&resolver.pods).example()?,
        account: Accounts::DEFAULT.to_owned(),
        ports: resolver.ports.iter().filter_map(named).collect(),
    })
}

/// A workload with its pods, before it has an index.
struct Entry<'a> {
    id: Option<WorkloadId>,
    object: Arc<WorkloadObject>,
    pods: Cow<'a, [Pod]>,
}

impl Entry<'_> {
    /// By namespace, name and kind; stand-ins come last.
    fn order(&self) -> impl Ord + '_ {
        (self.object.place(), self.id.is_none(), self.id)
    }
}

fn build(
    document: &Document,
    known: Option<&DocumentSnapshot>,
    stand_ins: Vec<StandIn>,
) -> DocumentSnapshot {
    let namespaces = Arc::new(namespaces(document, &stand_ins));
    let at = places(&namespaces);
    let stand_ins = stand_ins.into_iter().map(|one| stand_in(one, &at));
    let mut cluster = match known.filter(|k| k.snapshot.namespaces == namespaces) {
        Some(known) => assemble(known.entries(), stand_ins.collect()),
        None => {
            let workloads = document.workloads.iter();
            let drawn = workloads.filter_map(|(id, workload)| drawn(document, id, workload, &at));
            assemble(std::iter::empty(), drawn.chain(stand_ins).collect())
        }
    };
    cluster.snapshot.services = model::cluster::services(document).into();
    cluster.snapshot.routes = model::cluster::routes(document);
    cluster.snapshot.namespaces = Arc::clone(&namespaces);
    cluster.snapshot.assumptions = document.settings.judged();
    cluster
}

/// The workloads and pods of a cluster: known ones, which are in order, and new ones.
fn assemble<'a>(known: impl Iterator<Item = Entry<'a>>, mut new: Vec<Entry>) -> DocumentSnapshot {
    new.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut new = new.into_iter().peekable();
    let mut cluster = Assembled::default();
    for entry in known {
        while let Some(before) = new.next_if(|new| new.order() < entry.order()) {
            cluster.add(before);
        }
        cluster.add(entry);
    }
    new.for_each(|entry| cluster.add(entry));
    DocumentSnapshot {
        snapshot: Snapshot {
            workloads: cluster.workloads.into(),
            pods: cluster.pods.into(),
            ..Snapshot::default()
        },
        drawn: cluster.drawn,
        index: cluster.index,
    }
}

#[derive(Default)]
struct Assembled {
    workloads: Vec<Workload>,
    pods: Vec<Pod>,
    drawn: Vec<Option<WorkloadId>>,
    index: BTreeMap<WorkloadId, usize>,
}

impl Assembled {
    fn add(&mut self, entry: Entry) {
        let (at, first) = (self.workloads.len(), self.pods.len());
        let pods = entry.pods.iter().cloned();
        self.pods.extend(pods.map(|pod| Pod {
            workload: at,
            ..pod
        }));
        self.workloads.push(Workload {
            object: entry.object,
            pods: first..self.pods.len(),
        });
        self.drawn.push(entry.id);
        if let Some(id) = entry.id {
            self.index.insert(id, at);
        }
    }
}

fn namespaces(document: &Document, stand_ins: &[StandIn]) -> Vec<Namespace> {
    let own = document
        .namespaces
        .iter()
        .map(|(id, n)| (n.name.clone(), document.namespace_labels(id)));
    let others = stand_ins
        .iter()
        .map(|s| (s.namespace.clone(), s.namespace_labels.clone()));
    let mut labels: BTreeMap<String, Labels> = others.collect();
    labels.extend(own);
    labels
        .into_iter()
        .map(|(name, mut labels)| {
            labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name.clone());
            Namespace {
                name,
                labels,
                declared: true,
                span: None,
            }
        })
        .collect()
}

/// A workload of the document. `at`: the index of a namespace.
fn drawn(
    document: &Document,
    id: WorkloadId,
    w: &crate::model::Workload,
    at: impl Fn(&str) -> usize,
) -> Option<Entry<'static>> {
    let namespace = document.namespaces.get(w.namespace)?;
    let labels = Arc::new(w.labels.clone());
    let ports: Arc<[ContainerPort]> = w.ports.clone().into();
    let account: Arc<str> = w.account().into();
    let alone = w.kind == "Pod" || w.replicas.is_some_and(|count| count < 2);
    let pod = |name: String| Pod {
        name,
        namespace: at(&namespace.name),
        workload: 0,
        key: id.into(),
        labels: Arc::clone(&labels),
        ports: Arc::clone(&ports),
        sidecar_ports: 0,
        init_ports: Arc::default(),
        ambiguous_ports: Arc::default(),
        host_network: w.host_network,
        service_account: Arc::clone(&account),
        addresses: w.addresses.clone(),
        node: None,
    };
    let own = |one: &model::Pod| {
        let pod = pod(one.name.clone());
        Pod {
            labels: (one.labels.clone()).map_or(pod.labels, Arc::new),
            ports: (one.ports.clone()).map_or(pod.ports, Arc::from),
            host_network: one.host_network.unwrap_or(pod.host_network),
            service_account: (one.service_account.as_deref())
                .map_or(pod.service_account, Arc::from),
            addresses: one.addresses.clone().unwrap_or(pod.addresses),
            node: one.node.as_deref().map(Arc::from),
            ..pod
        }
    };
    let pods: Vec<Pod> = match alone {
        _ if !w.pods.is_empty() => w.pods.iter().map(own).collect(),
        true => vec![pod(w.name.clone())],
        false => [0, 1].map(|n| pod(pod_name(&w.kind, &w.name, n))).to_vec(),
    };
    // Workloads of one identity are told apart by no selector.
    let mut pods = Arc::new(pods);
    mark_ambiguous_ports(&mut pods);
    Some(Entry {
        id: Some(id),
        object: Arc::new(WorkloadObject {
            namespace: namespace.name.clone(),
            name: w.name.clone(),
            kind: w.kind.clone(),
            selector: own_selector(w),
            labels: w.labels.clone(),
            own_labels: Labels::new(),
            annotations: Labels::new(),
            cluster_dns: w.cluster_dns.unwrap_or(!w.host_network),
            host_ports: Vec::new(),
            replicas: w.replicas,
            span: None,
        }),
        pods: Arc::unwrap_or_clone(pods).into(),
    })
}

fn stand_in(one: StandIn, at: impl Fn(&str) -> usize) -> Entry<'static> {
    let ports: Arc<[ContainerPort]> = one.ports.into();
    let pod = Pod {
        name: one.name.to_owned(),
        namespace: at(&one.namespace),
        workload: 0,
        key: WorkloadKey::UNKNOWN,
        labels: Arc::new(one.labels.clone()),
        ports,
        sidecar_ports: 0,
        init_ports: Arc::default(),
        ambiguous_ports: Arc::default(),
        host_network: false,
        service_account: one.account.into(),
        addresses: Vec::new(),
        node: None,
    };
    Entry {
        id: None,
        object: Arc::new(WorkloadObject {
            namespace: one.namespace,
            name: one.name.to_owned(),
            kind: "Pod".to_owned(),
            selector: None,
            labels: one.labels,
            own_labels: Labels::new(),
            annotations: Labels::new(),
            cluster_dns: true,
            host_ports: Vec::new(),
            replicas: None,
            span: None,
        }),
        pods: vec![pod].into(),
    }
}
