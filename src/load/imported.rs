//! Kept policies: read, and asked whom they isolate.

use rayon::prelude::*;

use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::manifest::{self, Source};
use crate::model::{Document, Workload};
use crate::policy::{Direction, Peer, Policy, Side};

/// A kept policy.
pub(crate) struct Kept {
    /// What it means; a text may hold no policy, or several.
    pub(crate) policies: Vec<Policy>,
    /// What is wrong with its text.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads all kept policies of a document.
pub(crate) fn read(document: &Document) -> Vec<Kept> {
    let each = document.policies.iter().map(|(_, kept)| {
        let (policies, diagnostics) = lower(&kept.file, &kept.text, document);
        Kept {
            policies,
            diagnostics,
        }
    });
    each.collect()
}

/// What is wrong with the text of a kept policy, in the order of its lines.
pub fn faults(document: &Document, file: &str, text: &str) -> Vec<Diagnostic> {
    let (policies, mut told) = lower(file, text, document);
    told.retain(|d| d.severity != Severity::Info);
    if policies.is_empty() && told.is_empty() {
        let message = "there is no policy in this text, so it allows nothing";
        told.push(Diagnostic::warning("no-policy", message));
    }
    told.sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
    told
}

/// Reads the policies of a text.
fn lower(file: &str, text: &str, document: &Document) -> (Vec<Policy>, Vec<Diagnostic>) {
    let mut read = manifest::read(&[Source::new(file, text)], &dialect::kinds());
    read.policies.sort_by_key(dialect::place);
    let context = dialect::Context {
        assumptions: document.settings.assumptions,
    };
    let mut diagnostics = read.diagnostics;
    let mut policies = Vec::new();
    for object in &read.policies {
        let parsed = dialect::read(object);
        policies.extend(parsed.lower(object, &context));
        diagnostics.extend(parsed.diagnostics);
    }
    (policies, diagnostics)
}

/// Reads the policies of several texts, each with its place.
pub(crate) fn lower_each<'a>(
    texts: impl Iterator<Item = (String, &'a str)>,
    document: &Document,
) -> Vec<(usize, Vec<Policy>, Vec<Diagnostic>)> {
    let texts: Vec<(String, &str)> = texts.collect();
    texts
        .par_iter()
        .with_min_len(16)
        .enumerate()
        .map(|(at, (file, text))| {
            let (policies, diagnostics) = lower(file, text, document);
            (at, policies, diagnostics)
        })
        .collect()
}

impl Kept {
    /// Whether it isolates every pod of the namespace, whatever its labels.
    pub(crate) fn isolates_all(&self, namespace: &str, direction: Direction) -> bool {
        self.isolating(direction)
            .any(|p| p.namespace.as_deref() == Some(namespace) && is_all(&p.subject))
    }

    /// Whether it isolates the pods of a workload.
    pub(crate) fn isolates(
        &self,
        document: &Document,
        workload: &Workload,
        direction: Direction,
    ) -> bool {
        self.isolating(direction)
            .any(|p| selects(&p.subject, document, workload))
    }

    fn isolating(&self, direction: Direction) -> impl Iterator<Item = &Policy> {
        self.policies
            .iter()
            .filter(move |p| side(p, direction).is_some_and(|s| s.isolates))
    }
}

/// What a policy says about a direction.
pub(crate) fn side(policy: &Policy, direction: Direction) -> Option<&Side> {
    match direction {
        Direction::Ingress => policy.ingress.as_ref(),
        Direction::Egress => policy.egress.as_ref(),
    }
}

/// Whether a subject leaves out no pod of its namespace but those on the host network.
fn is_all(subject: &Peer) -> bool {
    match subject {
        Peer::Everything | Peer::Pods | Peer::Namespace(_) => true,
        Peer::PodLabels(selector) => selector.is_everything(),
        Peer::All(parts) => parts.iter().all(is_all),
        Peer::AnyOf(parts) => parts.iter().any(is_all),
        Peer::Not(inner) => **inner == Peer::HostNetwork,
        _ => false,
    }
}

fn selects(subject: &Peer, document: &Document, workload: &Workload) -> bool {
    let selects = |part: &Peer| selects(part, document, workload);
    let namespace = document.namespaces.get(workload.namespace);
    match subject {
        Peer::Everything | Peer::Pods => true,
        Peer::PodLabels(selector) => selector.matches(&workload.labels),
        Peer::Namespace(name) => namespace.is_some_and(|n| n.name == *name),
        Peer::NamespaceLabels(selector) => {
            selector.matches(&document.namespace_labels(workload.namespace))
        }
        Peer::HostNetwork => workload.host_network,
        Peer::ServiceAccount(name) => {
            workload.service_account.as_deref().unwrap_or("default") == name
        }
        Peer::All(parts) => parts.iter().all(selects),
        Peer::AnyOf(parts) => parts.iter().any(selects),
        Peer::Not(inner) => !selects(inner),
        _ => false,
    }
}
