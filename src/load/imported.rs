//! Imported policies of a project: their texts, lowered.

use rayon::prelude::*;

use crate::cluster::Assumptions;
use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::manifest::{self, Source};
use crate::model::Document;
use crate::policy::Imported;

/// Lowers the imported policies of a document, in their order.
pub fn imported(document: &Document) -> Vec<Imported> {
    let texts = document.policies.iter();
    let texts = texts.map(|(_, imported)| (imported.file.clone(), imported.text.as_str()));
    lower_each(texts, document.settings.assumptions)
}

/// What is wrong with the text of an imported policy, in the order of its lines.
pub fn faults(document: &Document, file: &str, text: &str) -> Vec<Diagnostic> {
    let mut read = lower(file, text, document.settings.assumptions);
    read.diagnostics.retain(|d| d.severity != Severity::Info);
    if read.policies.is_empty() && read.diagnostics.is_empty() {
        let message = "there is no policy in this text, so it allows nothing";
        read.diagnostics
            .push(Diagnostic::warning("no-policy", message));
    }
    read.diagnostics
        .sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
    read.diagnostics
}

/// Lowers the policies of one text.
pub fn lower(file: &str, text: &str, assumptions: Assumptions) -> Imported {
    let mut read = manifest::read(&[Source::new(file, text)], &dialect::kinds());
    read.policies.sort_by_key(dialect::place);
    let context = dialect::Context { assumptions };
    let mut found = Imported {
        policies: Vec::new(),
        diagnostics: read.diagnostics,
    };
    for object in &read.policies {
        let parsed = dialect::read(object);
        found.policies.extend(parsed.lower(object, &context));
        found.diagnostics.extend(parsed.diagnostics);
    }
    found
}

/// Lowers the policies of several texts, in their order.
pub fn lower_each<'a>(
    texts: impl Iterator<Item = (String, &'a str)>,
    assumptions: Assumptions,
) -> Vec<Imported> {
    let texts: Vec<(String, &str)> = texts.collect();
    texts
        .par_iter()
        .with_min_len(16)
        .map(|(file, text)| lower(file, text, assumptions))
        .collect()
}
