//! Imported policies of a project: their texts, lowered.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::cluster::{Assumptions, Enforcer};
use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::manifest::{self, Source};
use crate::model::{Document, ImportedPolicy};
use crate::policy::Imported;

/// Lowers the imported policies of a document, in their order.
pub fn imported(document: &Document) -> Vec<Imported> {
    Lowered::default().imported(document)
}

/// The errors and warnings in the text of an imported policy, sorted by location.
pub fn faults(document: &Document, file: &str, text: &str) -> Vec<Diagnostic> {
    let mut read = lower(file, text, document.settings.assumptions);
    read.diagnostics.retain(|d| d.severity != Severity::Info);
    if read.policies.is_empty() && read.diagnostics.is_empty() {
        let message = "the text contains no policy, so it allows nothing";
        read.diagnostics
            .push(Diagnostic::warning("no-policy", message));
    }
    read.diagnostics
        .sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
    read.diagnostics
}

/// Lowers the policies of one text.
pub fn lower(file: &str, text: &str, assumptions: Assumptions) -> Imported {
    let kinds = dialect::kinds(Enforcer::Kubernetes);
    let mut read = manifest::read(&[Source::new(file, text)], &kinds);
    read.policies.sort_by_key(dialect::place);
    let context = dialect::Context::kubernetes(assumptions);
    let mut found = Imported {
        policies: Vec::new(),
        diagnostics: read.diagnostics,
    };
    for object in &read.policies {
        let parsed = dialect::read(object);
        found
            .policies
            .extend(parsed.lower(object, &context).into_iter().map(Arc::new));
        found.diagnostics.extend(parsed.diagnostics);
    }
    found
}

/// The texts lowered last, so that unchanged ones are not read again.
#[derive(Debug, Default)]
pub struct Lowered {
    assumptions: Assumptions,
    /// The file of each, its text and what it means.
    texts: BTreeMap<String, (String, Imported)>,
    /// How many texts were read for the last answer.
    pub(crate) read: usize,
}

impl Lowered {
    /// The imported policies of a document, in their order.
    pub fn imported(&mut self, document: &Document) -> Vec<Imported> {
        let assumptions = document.settings.assumptions;
        if self.assumptions != assumptions {
            self.texts.clear();
            self.assumptions = assumptions;
        }
        let texts: Vec<_> = document.policies.iter().map(|(_, policy)| policy).collect();
        let lowered: Vec<(bool, Imported)> = texts
            .par_iter()
            .with_min_len(16)
            .map(|policy| match self.texts.get(&policy.file) {
                Some((text, lowered)) if *text == policy.text => (false, lowered.clone()),
                _ => (true, lower(&policy.file, &policy.text, assumptions)),
            })
            .collect();
        self.read = lowered.iter().filter(|(read, _)| *read).count();
        if self.read > 0 || texts.len() != self.texts.len() {
            let entries = texts.iter().zip(&lowered);
            let entry = |(policy, (_, lowered)): (&&ImportedPolicy, &(bool, Imported))| {
                (policy.file.clone(), (policy.text.clone(), lowered.clone()))
            };
            self.texts = entries.map(entry).collect();
        }
        lowered.into_iter().map(|(_, lowered)| lowered).collect()
    }
}
