//! Imports manifests into a document: workloads, Services and policies, and flows that are offered.

mod dns;
mod not_imported;
mod offers;
mod pods;
mod refused;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::networking::v1::NetworkPolicy;

use crate::cluster::{self, NAMESPACE_NAME_LABEL, Snapshot};
use crate::diag::Diagnostic;
use crate::load::{Loaded, named_and_needed};
use crate::model::naming::is_stable;
use crate::model::{
    AddressPool, Base, Document, Edit, ImportedPolicy, Isolate, Namespace, NamespaceId, Node,
    Route, Service, Unknown, Workload, is_system_namespace,
};
use crate::plan::MANAGED_BY;
use crate::proof::generate;
use crate::sets::{Labels, Selector};
use crate::yaml::plain::typed;
use crate::yaml::{self, Object};
use not_imported::not_imported;

/// The result of an import.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The document, without flows.
    pub document: Document,
    /// Flows that are offered.
    pub offers: Vec<Offer>,
    /// Notes on what was decided.
    pub diagnostics: Vec<Diagnostic>,
}

/// Flows that the manifests show to be needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// What it would draw, in one sentence.
    pub title: String,
    /// Which flows.
    pub detail: String,
    /// The change. Its ends are words, so that it applies to any document that the import is merged into.
    pub edit: Edit,
}

/// Imports manifests. The project allows what the manifests allow: no default deny is added, except in namespaces whose
/// policies are just those that Drawbridge generates without flows.
pub fn import(loaded: &Loaded) -> Imported {
    let mut imported = import_beside(loaded, &Document::default());
    let policies = loaded.policies.iter();
    let with_policies: BTreeSet<&str> = policies
        .map(|policy| policy.object.namespace_or_default())
        .collect();
    let document = &mut imported.document;
    for id in document.namespaces.ids().collect::<Vec<_>>() {
        let Some(namespace) = document.namespaces.get_mut(id) else {
            continue;
        };
        // The project's own default says the same; with policies or cluster components it must not change with that.
        let stays =
            with_policies.contains(&*namespace.name) || is_system_namespace(&namespace.name);
        namespace.base = namespace.base.filter(|base| *base != Base::None || stays);
    }
    imported
}

/// The same for manifests that are merged into a project: policies that it generates are not imported.
pub fn import_beside(loaded: &Loaded, project: &Document) -> Imported {
    let snapshot = &loaded.snapshot;
    let mut imported = Imported::default();
    let document = &mut imported.document;
    document.settings.assumptions = snapshot.assumptions;
    document.settings.base = Base::None;
    document.settings.dns.profile = dns::profile(loaded);
    let ids = namespaces(document, snapshot);
    workloads(document, snapshot, &ids);
    pods::keep_different(document, loaded, &ids);
    services(document, snapshot, &ids);
    document.routes = Arc::new(routes(snapshot));
    for row in snapshot.nodes.iter().map(node) {
        document.nodes.add(row);
    }
    document.address_pools = Arc::new(snapshot.address_pools.iter().map(pool).collect());
    let mut diagnostics = policies(document, loaded, project, &ids);
    diagnostics.extend(not_imported(loaded));
    diagnostics.extend(refused::refused(snapshot));
    imported.diagnostics = diagnostics;
    imported.offers = offers::offers(snapshot, document, project);
    imported
}

/// Only the namespaces and workloads of a cluster.
pub(crate) fn bare(snapshot: &Snapshot) -> Document {
    let mut document = Document::default();
    let ids = namespaces(&mut document, snapshot);
    workloads(&mut document, snapshot, &ids);
    document
}

type Ids = BTreeMap<String, NamespaceId>;

fn namespaces(document: &mut Document, snapshot: &Snapshot) -> Ids {
    let one = |namespace: &cluster::Namespace| {
        let mut labels = namespace.labels.clone();
        labels.remove(NAMESPACE_NAME_LABEL);
        let id = document.namespaces.add(Namespace {
            name: namespace.name.clone(),
            labels,
            base: Some(Base::None),
            dns: None,
            managed: true,
            unknown: Unknown::new(),
        });
        (namespace.name.clone(), id)
    };
    snapshot.namespaces.iter().map(one).collect()
}

fn workloads(document: &mut Document, snapshot: &Snapshot, ids: &Ids) {
    for workload in snapshot.workloads.iter() {
        let Some(namespace) = ids.get(&workload.namespace) else {
            continue;
        };
        let pods = snapshot.pods.get(workload.pods.clone()).unwrap_or(&[]);
        let first = pods.first();
        let addresses: BTreeSet<_> = pods.iter().flat_map(|p| p.addresses.clone()).collect();
        let host_network = first.is_some_and(|p| p.host_network);
        let account = first.map(|p| p.service_account.to_string());
        document.workloads.add(Workload {
            namespace: *namespace,
            name: workload.name.clone(),
            kind: workload.kind.clone(),
            labels: workload.labels.clone(),
            selector: workload
                .selector
                .as_ref()
                .and_then(|s| steady(s, workload, snapshot)),
            ports: first.map_or(Vec::new(), |p| p.ports.to_vec()),
            service_account: account.filter(|name| name != "default"),
            host_network,
            cluster_dns: (workload.cluster_dns == host_network).then_some(workload.cluster_dns),
            isolate: Isolate::None,
            replicas: workload.replicas,
            addresses: addresses.into_iter().collect(),
            pods: Vec::new(),
            unknown: Unknown::new(),
        });
    }
}

/// A selector without labels that change from release to release, unless they alone distinguish the
/// workload from another; none if nothing is left.
fn steady(selector: &Selector, of: &cluster::Workload, snapshot: &Snapshot) -> Option<Selector> {
    let mut stable = selector.clone();
    stable.requirements.retain(|r| is_stable(&r.key));
    let other = |w: &&cluster::Workload| {
        w.namespace == of.namespace && (&w.name, &w.kind) != (&of.name, &of.kind)
    };
    let mut others = snapshot.workloads.iter().filter(other);
    let mixed_up = others.any(|w| stable.matches(&w.labels) && !selector.matches(&w.labels));
    let chosen = if mixed_up { selector.clone() } else { stable };
    (!chosen.is_everything()).then_some(chosen)
}

fn services(document: &mut Document, snapshot: &Snapshot, ids: &Ids) {
    for service in snapshot.services.iter() {
        let Some(namespace) = ids.get(&service.namespace) else {
            continue;
        };
        let ports = service.ports.iter();
        let ports = ports.filter(|port| refused::holds_service_port(port));
        document.services.add(Service {
            labels: service.labels.clone(),
            kind: service.kind.clone(),
            headless: service.headless,
            external_name: service.external_name.clone(),
            keeps_client_address: service.keeps_client_address,
            selector: service.selector.clone(),
            ports: ports.cloned().collect(),
            ..Service::new(*namespace, &service.name)
        });
    }
}

fn routes(snapshot: &Snapshot) -> Vec<Route> {
    let held = snapshot
        .routes
        .iter()
        .filter(|route| refused::holds_route(route));
    held.map(route).collect()
}

fn route(route: &cluster::Route) -> Route {
    Route {
        backend: cluster::Route {
            span: None,
            ..route.clone()
        },
        unknown: Unknown::new(),
    }
}

fn node(node: &cluster::Node) -> Node {
    Node {
        node: node.clone(),
        unknown: Unknown::new(),
    }
}

fn pool(pool: &cluster::AddressPool) -> AddressPool {
    AddressPool {
        pool: pool.clone(),
        unknown: Unknown::new(),
    }
}

/// Policies by namespace and name, as they are generated.
type Written = BTreeMap<(String, String), NetworkPolicy>;

fn written(document: &Document) -> Written {
    let mut found = Written::new();
    for written in generate(document).policies {
        let parsed = yaml::parse(&written.text);
        if let Some(policy) = parsed.documents.first().and_then(|d| typed(&d.node)) {
            found.insert((written.namespace.clone(), written.name.clone()), policy);
        }
    }
    found
}

/// What is generated for the document without flows, with a default deny everywhere but where cluster components run.
fn default_denies(document: &Document, dns: bool) -> Written {
    let mut closed = document.clone();
    closed.settings.base = Base::DenyAll;
    closed.settings.dns.allow = dns;
    for id in document.namespaces.ids() {
        if let Some(namespace) = closed.namespaces.get_mut(id) {
            namespace.base = is_system_namespace(&namespace.name).then_some(Base::None);
        }
    }
    written(&closed)
}

/// Whether an object is one of these policies, with the mark of a generated one.
fn is_among(object: &Object, written: &Written) -> bool {
    let key = (
        object.namespace_or_default().to_owned(),
        object.name.clone(),
    );
    let read: Option<NetworkPolicy> = typed(&object.node);
    let managed = |labels: &Labels| labels.get(MANAGED_BY.0).is_some_and(|v| v == MANAGED_BY.1);
    read.is_some_and(|policy| {
        policy.metadata.labels.as_ref().is_some_and(managed) && written.get(&key) == Some(&policy)
    })
}

/// Imports the policies that neither the project nor a default deny generates. A namespace whose policies are all that a
/// default deny generates gets that; every other one stays open.
fn policies(
    document: &mut Document,
    loaded: &Loaded,
    project: &Document,
    ids: &Ids,
) -> Vec<Diagnostic> {
    let in_project = written(project);
    let all = loaded.policies.iter().map(|policy| &policy.object);
    let foreign: Vec<&Object> = all
        .filter(|object| !is_among(object, &in_project))
        .collect();
    let mut in_namespace: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for object in &foreign {
        in_namespace
            .entry(object.namespace_or_default())
            .or_default()
            .push(object);
    }
    let mut denied: BTreeMap<&str, bool> = BTreeMap::new();
    for dns in [false, true] {
        let written = default_denies(document, dns);
        let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
        for (namespace, _) in written.keys() {
            *wanted.entry(namespace).or_default() += 1;
        }
        for (name, own) in &in_namespace {
            let all = wanted.get(name) == Some(&own.len());
            if all && own.iter().all(|object| is_among(object, &written)) {
                denied.insert(name, dns);
            }
        }
    }
    let stay = foreign.into_iter();
    let stay = stay.filter(|object| !denied.contains_key(object.namespace_or_default()));
    for object in stay.chain(named_and_needed(loaded)) {
        document.policies.add(ImportedPolicy {
            file: object.file.to_string(),
            text: object.text.clone(),
            replaces: None,
            unknown: Unknown::new(),
        });
    }
    for (name, id) in ids {
        let namespace = document.namespaces.get_mut(*id);
        if let (Some(dns), Some(namespace)) = (denied.get(name.as_str()), namespace) {
            namespace.base = Some(Base::DenyAll);
            namespace.dns = (!dns).then_some(false);
        }
    }
    let names = ids.keys().map(String::as_str);
    stays_open(names.filter(|name| !denied.contains_key(name)))
}

/// A note that names the first namespaces without a default deny; none if there are none.
fn stays_open<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Diagnostic> {
    const SHOWN: usize = 3;
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let more = match names.len() - shown.len() {
        _ if names.is_empty() => return Vec::new(),
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = shown.join(", ");
    let message =
        format!("no default deny was added to {shown}{more}: what is allowed stays allowed");
    let help = "add a default deny when all flows are drawn";
    vec![Diagnostic::info("base-none", message).help(help)]
}
