//! A project beside manifests: what it declares of the cluster is read with them.

use std::path::PathBuf;

use super::Inputs;
use crate::cluster::Enforcer;
use crate::diag::{Diagnostic, Severity, Span};
use crate::dialect;
use crate::load;
use crate::manifest::{self, Source};
use crate::model::Document;
use crate::project::format;
use crate::proof::inventory::inventory;

/// The texts to read, where a project is among the inputs.
pub(super) struct Beside {
    /// Those of the manifests, and of what the project declares.
    pub sources: Vec<Source>,
    /// Those of the project.
    pub settings: load::Settings,
    /// About the project.
    pub diagnostics: Vec<Diagnostic>,
}

/// The manifests with what the project among the inputs declares; none if the inputs are one path, or manifests
/// alone. A project inside a folder is not meant.
///
/// # Errors
/// A project that cannot be read, or two.
pub(super) fn beside(
    inputs: &Inputs,
    sources: &[Source],
) -> Option<Result<Beside, Vec<Diagnostic>>> {
    if inputs.paths.len() < 2 {
        return None;
    }
    let is_named = |s: &&Source| is_path(&inputs.paths, &s.name) && format::is_project(&s.text);
    let mut projects = sources.iter().filter(is_named);
    let project = projects.next()?;
    if let Some(second) = projects.next() {
        let message = "two Drawbridge projects are not read together";
        let help = "compare them with `drawbridge diff`, or read one of them beside manifests";
        return Some(Err(vec![
            Diagnostic::error("project-file", message)
                .at(Span::new(second.name.clone(), 1, 1))
                .help(help),
        ]));
    }
    let (document, mut diagnostics) = match format::read(&project.text, &project.name) {
        Ok(read) => read,
        Err(diagnostics) => return Some(Err(diagnostics)),
    };
    let manifests = sources.iter().filter(|s| s.name != project.name);
    let mut manifests: Vec<Source> = manifests.cloned().collect();
    let kinds = dialect::kinds(Enforcer::Kubernetes);
    let found = manifest::find(&manifests, &kinds);
    let namespace = inputs.rules.namespace.as_deref();
    let known = manifest::assemble(found, &kinds, namespace).snapshot;
    let name = format!("{} (workloads)", project.name);
    manifests.push(Source::new(name, inventory(&document, &known)));
    diagnostics.push(note(&document).at(Span::new(project.name.clone(), 1, 1)));
    let mut settings = load::Settings::of(&document.settings);
    // The default of a project leaves the choice to the policies in the input.
    settings.enforcer = settings.enforcer.filter(|e| *e != Enforcer::Kubernetes);
    Some(Ok(Beside {
        sources: manifests,
        settings,
        diagnostics,
    }))
}

/// Whether a text is one of the inputs itself, not one of the files in a folder.
fn is_path(paths: &[PathBuf], name: &str) -> bool {
    paths.iter().any(|path| path.to_string_lossy() == name)
}

/// What of a project is judged, and what is not.
fn note(document: &Document) -> Diagnostic {
    let counted = |n: usize, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    let flows = document.flows.len();
    let policies = document.policies.len();
    let mut left: Vec<String> = Vec::new();
    if flows > 0 {
        left.push(counted(flows, "flow", "flows"));
    }
    if policies > 0 {
        left.push(counted(policies, "imported policy", "imported policies"));
    }
    let workloads = counted(document.workloads.len(), "workload", "workloads");
    let read = format!("of the project only what it declares is read here: {workloads}");
    let (severity, message) = match left.is_empty() {
        true => (Severity::Info, format!("{read}, nodes and Services")),
        false => (
            Severity::Warning,
            format!(
                "{read}, nodes and Services, but not its {}",
                left.join(" and ")
            ),
        ),
    };
    let mut found = Diagnostic::info("project-inventory", message);
    found.severity = severity;
    found.help(
        "to judge its policies, too, write them with `drawbridge generate` and read that folder, or use `drawbridge verify PROJECT --against PATH`",
    )
}
