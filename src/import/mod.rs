//! Imports manifests into a document: workloads, Services and policies, and flows that are offered.

mod offers;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::NetworkPolicy;

use crate::cluster::{self, NAMESPACE_NAME_LABEL, Snapshot};
use crate::diag::Diagnostic;
use crate::load::Loaded;
use crate::model::naming::is_stable;
use crate::model::{
    Base, Document, Edit, ImportedPolicy, Namespace, NamespaceId, Service, Unknown, Workload,
    is_system_namespace,
};
use crate::plan::MANAGED_BY;
use crate::proof::generate;
use crate::sets::{Labels, Selector};
use crate::yaml;
use crate::yaml::plain::typed;

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

/// Imports manifests. A namespace that has imported policies, or that runs cluster components, gets no
/// default deny, so that importing isolates nothing.
pub fn import(loaded: &Loaded) -> Imported {
    import_beside(loaded, &Document::default())
}

/// The same for manifests that are merged into a project: policies that it generates are not imported.
pub fn import_beside(loaded: &Loaded, project: &Document) -> Imported {
    let snapshot = &loaded.snapshot;
    let mut imported = Imported::default();
    let document = &mut imported.document;
    document.settings.assumptions = snapshot.assumptions;
    let ids = namespaces(document, snapshot);
    workloads(document, snapshot, &ids);
    services(document, snapshot, &ids);
    imported.diagnostics = policies(document, loaded, project, &ids);
    imported.offers = offers::offers(snapshot);
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
            base: is_system_namespace(&namespace.name).then_some(Base::None),
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
            host_network: first.is_some_and(|p| p.host_network),
            replicas: workload.replicas,
            addresses: addresses.into_iter().collect(),
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
        document.services.add(Service {
            namespace: *namespace,
            name: service.name.clone(),
            selector: service.selector.clone(),
            ports: service.ports.clone(),
            unknown: Unknown::new(),
        });
    }
}

/// Imports the policies that Drawbridge would not generate itself, namespace by namespace.
fn policies(
    document: &mut Document,
    loaded: &Loaded,
    project: &Document,
    ids: &Ids,
) -> Vec<Diagnostic> {
    let mut own: BTreeMap<(String, String), NetworkPolicy> = BTreeMap::new();
    for from in [&*document, project] {
        for written in generate(from).policies {
            let parsed = yaml::parse(&written.text);
            if let Some(policy) = parsed.documents.first().and_then(|d| typed(&d.node)) {
                own.insert((written.namespace.clone(), written.name.clone()), policy);
            }
        }
    }
    let is_own = |object: &crate::yaml::Object| {
        let key = (
            object.namespace_or_default().to_owned(),
            object.name.clone(),
        );
        let read: Option<NetworkPolicy> = typed(&object.node);
        let managed = |labels: &Labels| labels.get(MANAGED_BY.0).is_some_and(|v| v == MANAGED_BY.1);
        read.is_some_and(|policy| {
            policy.metadata.labels.as_ref().is_some_and(managed) && own.get(&key) == Some(&policy)
        })
    };
    // Where only some are generated, the others may depend on them: then all are imported.
    let foreign: BTreeSet<&str> = loaded
        .policies
        .iter()
        .filter(|policy| !is_own(&policy.object))
        .map(|policy| policy.object.namespace_or_default())
        .collect();
    let in_project: BTreeSet<(String, String)> = generate(project)
        .policies
        .into_iter()
        .map(|w| (w.namespace.clone(), w.name.clone()))
        .collect();
    for policy in &loaded.policies {
        let object = &policy.object;
        let namespace = object.namespace_or_default();
        let key = (namespace.to_owned(), object.name.clone());
        if is_own(object) && (in_project.contains(&key) || !foreign.contains(namespace)) {
            continue;
        }
        document.policies.add(ImportedPolicy {
            file: object.file.to_string(),
            text: object.text.clone(),
            replaces: None,
            unknown: Unknown::new(),
        });
    }
    let mut opened = Vec::new();
    for name in foreign {
        let namespace = ids
            .get(name)
            .and_then(|id| document.namespaces.get_mut(*id));
        if let Some(namespace) = namespace {
            namespace.base = Some(Base::None);
            opened.push(format!("`{name}`"));
        }
    }
    let message = match &opened[..] {
        [] => return Vec::new(),
        [one] => format!("imported policies found in {one}, so no default deny was added"),
        many => {
            let shown = many.get(..3).unwrap_or(many);
            let more = match many.len() - shown.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let shown = shown.join(", ");
            format!("imported policies found in {shown}{more}, so no default deny was added")
        }
    };
    let help = "add a default deny when all flows are drawn";
    vec![Diagnostic::info("base-none", message).help(help)]
}
