//! What an import comes to: a Document, what could not be read, and what is offered.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::diag::{Diagnostic, NOT_BUILT, Severity};
use crate::import::Offer;
use crate::lint;
use crate::load;
use crate::manifest::Source;
use crate::model::{Document, PolicyIdentities};
use crate::project::sources::kustomize;
use crate::suggest::{Suggestion, suggest};

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
    /// How many flows the manifests imply.
    pub suggested: usize,
    /// What was read and can be built by a program that is here: the paths, and the command of the first folder.
    pub buildable: Option<Buildable>,
}

/// Kustomize folders that were read without what changes their resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buildable {
    /// All that was read.
    pub paths: Vec<PathBuf>,
    /// The command that builds the first of the folders.
    pub command: String,
}

impl Buildable {
    /// What of these paths can be built; none if nothing was left unbuilt, or no program is here.
    pub fn of(paths: &[PathBuf], diagnostics: &[Diagnostic], programs: &OsStr) -> Option<Self> {
        let unbuilt = |d: &Diagnostic| d.code == NOT_BUILT && d.severity == Severity::Warning;
        let folder = paths.iter().find(|path| kustomize::is_folder(path))?;
        if !diagnostics.iter().any(unbuilt) {
            return None;
        }
        let (tool, _) = kustomize::found_on(programs)?;
        Some(Self {
            paths: paths.to_vec(),
            command: tool.command(folder),
        })
    }
}

impl Report {
    /// Whether there is anything in it that a user should see at once.
    pub fn matters(&self) -> bool {
        let important = self
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity != Severity::Info);
        important || !self.offers.is_empty() || self.suggested > 0
    }
}

/// An import as it comes from a worker.
pub struct Imported {
    /// What was read.
    pub document: Document,
    /// The identities of its policies, and of those of the project that it goes into.
    pub identities: PolicyIdentities,
    /// Its diagnostics.
    pub report: Report,
    /// The flows that the manifests imply.
    pub suggestions: Vec<Suggestion>,
}

/// Reads manifests into a Document; `into` is the project that they go into, if they do.
pub fn import(
    sources: &[Source],
    mut diagnostics: Vec<Diagnostic>,
    into: Option<&Document>,
) -> Imported {
    let settings = into.map(|project| load::Settings::of(&project.settings));
    let settings = settings.unwrap_or_default();
    let mut loaded = load::load_with_mentions(sources, &settings, None);
    let suggestions = suggest(&loaded.snapshot, &loaded.mentions);
    lint::qualify(&mut loaded);
    let imported = match into {
        Some(project) => crate::import::import_beside(&loaded, project),
        None => crate::import::import(&loaded),
    };
    diagnostics.extend(loaded.diagnostics);
    diagnostics.extend(imported.diagnostics);
    let (document, offers) = (imported.document, imported.offers);
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
        suggested: suggestions.len(),
        buildable: None,
    };
    let identities = PolicyIdentities::read(into.into_iter().chain([&document]));
    Imported {
        document,
        identities,
        report,
        suggestions,
    }
}
