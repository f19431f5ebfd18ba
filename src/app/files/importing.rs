//! What an import comes to: a Document, what could not be read, and what is offered.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Severity};
use crate::manifest::Source;
use crate::model::{Document, Edit};

/// Something that is offered in one click.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What it would draw.
    pub text: String,
    /// The change.
    pub edit: Edit,
}

/// What came of an import.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One line: what is there.
    pub summary: String,
    /// What was found while reading.
    pub diagnostics: Vec<Diagnostic>,
    /// What is offered.
    pub offers: Vec<Offer>,
    /// The offers that were taken, by their places.
    pub accepted: BTreeSet<usize>,
}

impl Report {
    /// Whether there is anything in it that a user should see at once.
    pub fn matters(&self) -> bool {
        let told = self
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity != Severity::Info);
        told || !self.offers.is_empty()
    }
}

/// An import as it comes from a worker.
pub struct Imported {
    /// What was read.
    pub document: Document,
    /// What to say about it.
    pub report: Report,
}

/// Reads manifests into a Document.
pub fn import(sources: &[Source], mut diagnostics: Vec<Diagnostic>) -> Imported {
    let loaded = crate::engine::load::load(sources, Default::default());
    let imported = crate::engine::import(&loaded);
    diagnostics.extend(loaded.diagnostics);
    diagnostics.extend(imported.diagnostics);
    let document = imported.document;
    let offers = imported.offers.into_iter().map(|offer| Offer {
        text: format!("{}: {}", offer.title, offer.detail),
        edit: offer.edit,
    });
    let offers: Vec<Offer> = offers.collect();
    let count = |count: usize, one: &str, many: &str| {
        format!("{count} {}", if count == 1 { one } else { many })
    };
    let summary = format!(
        "{} in {}, {}, read from {}",
        count(document.workloads.len(), "workload", "workloads"),
        count(document.namespaces.len(), "namespace", "namespaces"),
        count(document.policies.len(), "policy", "policies"),
        count(sources.len(), "file", "files"),
    );
    let report = Report {
        summary,
        diagnostics,
        offers,
        accepted: BTreeSet::new(),
    };
    Imported { document, report }
}
