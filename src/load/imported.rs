//! Imported policies of a project: their texts, lowered.

use std::sync::Arc;

use rayon::prelude::*;

use crate::cluster::{Assumptions, Enforcer, Namespace, Service};
use crate::diag::{Diagnostic, Severity, Span};
use crate::dialect::{self, Context, Resources, Tiers};
use crate::manifest::{self, Source};
use crate::model::{self, Document, ImportedPolicy};
use crate::policy::{Imported, Policy};
use crate::sets::hash::HashMap;

/// The code of an imported text that contains no policy.
pub const NO_POLICY: &str = "no-policy";

/// Lowers the imported policies of a document, in their order.
pub fn imported(document: &Document) -> Vec<Imported> {
    Lowered::default().imported(document)
}

/// The errors and warnings in the text of an imported policy, sorted by location.
pub fn faults(document: &Document, file: &str, text: &str) -> Vec<Diagnostic> {
    let mut read = lower(file, text, &Surroundings::of(document));
    read.diagnostics.retain(|d| d.severity != Severity::Info);
    read.diagnostics
        .sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
    read.diagnostics
}

/// What the policies of a document are lowered with, besides their texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    assumptions: Assumptions,
    namespaces: Vec<Namespace>,
    services: Vec<Service>,
    resources: Resources,
    /// The tiers of the cluster.
    pub tiers: Tiers,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            assumptions: Assumptions::default(),
            namespaces: Vec::new(),
            services: Vec::new(),
            resources: Resources::default(),
            tiers: Tiers::kubernetes(),
        }
    }
}

impl Surroundings {
    /// Those of a document. The policies of the Kubernetes APIs name no other objects.
    pub fn of(document: &Document) -> Self {
        let assumptions = document.settings.judged();
        let mut found = Self {
            assumptions,
            ..Self::default()
        };
        if assumptions.enforcer == Enforcer::Kubernetes {
            return found;
        }
        found.namespaces = model::cluster::namespaces(document);
        found.services = model::cluster::services(document);
        let texts = document.policies.iter();
        let texts = texts.map(|(_, kept)| Source::new(kept.file.as_str(), kept.text.as_str()));
        let kinds = dialect::kinds(assumptions.enforcer);
        let read = manifest::read(&texts.collect::<Vec<_>>(), &kinds);
        let (named, policies): (Vec<_>, Vec<_>) =
            read.policies.into_iter().partition(dialect::is_resource);
        for object in &named {
            dialect::resource(object, &mut found.resources);
        }
        found.resources.add_accounts(accounts(document));
        found.tiers = dialect::tiers(assumptions.enforcer, &found.resources, &policies);
        found
    }

    fn context(&self) -> Context<'_> {
        Context {
            assumptions: self.assumptions,
            namespaces: &self.namespaces,
            services: &self.services,
            resources: &self.resources,
            tiers: &self.tiers,
        }
    }
}

/// Namespace and name of the service accounts that workloads run as.
pub(super) fn accounts(document: &Document) -> impl Iterator<Item = (String, String)> {
    document.workloads.iter().filter_map(|(_, workload)| {
        let namespace = document.namespaces.get(workload.namespace)?;
        let account = workload.account();
        Some((namespace.name.clone(), account.to_owned()))
    })
}

/// Lowers the policies of one text.
pub fn lower(file: &str, text: &str, surroundings: &Surroundings) -> Imported {
    let kinds = dialect::kinds(surroundings.assumptions.enforcer);
    let mut read = manifest::read(&[Source::new(file, text)], &kinds);
    read.policies.sort_by_key(dialect::place);
    let context = surroundings.context();
    let mut found = Imported {
        policies: Vec::new(),
        learning: Vec::new(),
        diagnostics: read.diagnostics,
    };
    for object in &read.policies {
        if dialect::is_resource(object) {
            let read = dialect::resource(object, &mut Resources::default());
            found.diagnostics.extend(read);
            continue;
        }
        let parsed = dialect::read(object);
        let lowered = parsed.lower(object, &context).into_iter();
        let lowered: Vec<Arc<Policy>> = lowered.map(Arc::new).collect();
        let learns = dialect::learns_names(object).unwrap_or_default();
        let learning = lowered.iter().zip(learns).filter(|(_, learns)| *learns);
        found
            .learning
            .extend(learning.map(|(policy, _)| Arc::clone(policy)));
        found.policies.extend(lowered);
        found.diagnostics.extend(parsed.diagnostics);
    }
    let is_fault = |d: &Diagnostic| d.severity != Severity::Info;
    if read.policies.is_empty() && !found.diagnostics.iter().any(is_fault) {
        found.diagnostics.push(no_policy(file));
    }
    found
}

fn no_policy(file: &str) -> Diagnostic {
    let message = "the text contains no policy, so it allows and isolates nothing";
    let help = "write the policy as its text, or remove it from `policies`";
    let found = Diagnostic::warning(NO_POLICY, message).help(help);
    match file.is_empty() {
        true => found,
        false => found.at(Span::new(file.into(), 1, 1)),
    }
}

/// The texts lowered last, so that unchanged ones are not read again.
#[derive(Debug, Default)]
pub struct Lowered {
    /// Those of the last document.
    pub(crate) surroundings: Surroundings,
    /// Each with what it means.
    known: Vec<(Arc<ImportedPolicy>, Imported)>,
    /// How many texts were read for the last answer.
    pub(crate) read: usize,
}

impl Lowered {
    /// The imported policies of a document, in their order.
    pub fn imported(&mut self, document: &Document) -> Vec<Imported> {
        let surroundings = Surroundings::of(document);
        let mut last = std::mem::take(&mut self.known);
        if self.surroundings != surroundings {
            last.clear();
            self.surroundings = surroundings;
        }
        let known: HashMap<*const ImportedPolicy, &Imported> = (last.iter())
            .map(|(policy, lowered)| (Arc::as_ptr(policy), lowered))
            .collect();
        let policies = document.policies.iter_shared();
        let policies: Vec<_> = policies
            .map(|(_, policy)| (policy, known.get(&Arc::as_ptr(policy)).copied()))
            .collect();
        self.read = policies.iter().filter(|(_, known)| known.is_none()).count();
        let lowered = policies
            .par_iter()
            .with_min_len(16)
            .map(|(policy, known)| match known {
                Some(lowered) => Imported::clone(lowered),
                None => lower(&policy.file, &policy.text, &self.surroundings),
            });
        let lowered: Vec<Imported> = lowered.collect();
        let policies = policies.into_iter().map(|(policy, _)| Arc::clone(policy));
        self.known = policies.zip(lowered.iter().cloned()).collect();
        lowered
    }
}
