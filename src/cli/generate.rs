//! `drawbridge generate PROJECT [-o DIR]`: write the policies of a project.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{FINDINGS, FINE, WRONG, answer, exit_code, open_project, print_diagnostics};
use crate::diag::{Diagnostic, Severity};
use crate::load;
use crate::manifest::Source;
use crate::model;
use crate::project::files::{
    ChangeKind, ExportFile, ExportOptions, ExportPlan, ExportTarget, name_of, plan_export,
};
use crate::proof::Generated;
use crate::proof::Written;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: PathBuf,
    /// The folder to write one file per policy to, NAMESPACE/NAME.yaml (default: standard output)
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// One policy per flow and direction, or one per workload (default: the project's style)
    #[arg(long, value_enum)]
    style: Option<Style>,
    /// Also write a kustomization.yaml
    #[arg(long, requires = "output")]
    kustomization: bool,
    /// Omit metadata.namespace
    #[arg(long)]
    without_namespaces: bool,
    /// Overwrite or delete files that were edited since the last export, or that this project did not write
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Style {
    PerFlow,
    PerWorkload,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(opened) = open_project(&args.project) else {
        return WRONG;
    };
    let (mut document, of_project) = (opened.document, opened.diagnostics);
    match args.style {
        Some(Style::PerFlow) => document.settings.style = model::Style::PerFlow,
        Some(Style::PerWorkload) => document.settings.style = model::Style::PerWorkload,
        None => {}
    }
    let generated = crate::proof::generate(&document);
    if generated.to_export().is_empty() {
        let message = "the project has no default deny and no flows that need policies, so there is nothing to generate";
        print_diagnostics(&[
            Diagnostic::error("no-flows", message).help("draw flows, or add a default deny")
        ]);
        return WRONG;
    }
    print_diagnostics(&generated.diagnostics);
    print_diagnostics(&omitted(&document, &generated));
    let refused = refused(&generated);
    print_diagnostics(&refused);
    let at_fault = generated
        .losses
        .iter()
        .any(|loss| loss.severity == Severity::Error);
    let code = if at_fault { FINDINGS } else { FINE };
    let found = [of_project, generated.diagnostics.clone(), refused].concat();
    let code = exit_code(&found, code);
    match &args.output {
        None => answer(&joined(&generated, args.without_namespaces), code),
        Some(folder) => match write(args, folder.clone(), &document, &generated) {
            Ok(done) => answer(&done, code),
            Err(diagnostics) => {
                print_diagnostics(&diagnostics);
                WRONG
            }
        },
    }
}

/// The parts of flows omitted from the policies, as diagnostics.
fn omitted(document: &model::Document, generated: &Generated) -> Vec<Diagnostic> {
    let one = |loss: &crate::policy::Loss| {
        let message = format!("{} is omitted: {}", loss.part, loss.why);
        let mut found = Diagnostic::new(loss.severity, "left-out", message);
        found.help.clone_from(&loss.help);
        found.on(format!("flow {}", document.flow_name(loss.flow.into())))
    };
    generated.losses.iter().map(one).collect()
}

/// What the API server would refuse in the policies, such as an invalid label of the project's settings.
fn refused(generated: &Generated) -> Vec<Diagnostic> {
    let source =
        |w: &Written| Source::new(format!("{}/{}.yaml", w.namespace, w.name), w.text.as_str());
    let texts: Vec<Source> = generated.policies.iter().map(|w| source(w)).collect();
    let mut found = load::load(&texts, &load::Settings::default()).diagnostics;
    found.retain(|d| d.severity == Severity::Error);
    found
}

fn text(written: &Written, without_namespaces: bool) -> String {
    match without_namespaces {
        true => written.text_without_namespace(),
        false => written.text.clone(),
    }
}

fn joined(generated: &Generated, without_namespaces: bool) -> String {
    let texts: Vec<String> = generated
        .to_export()
        .into_iter()
        .map(|w| text(w, without_namespaces))
        .collect();
    texts.join("---\n")
}

/// Writes the files and returns what was done. Allow policies are written before the default-deny policies, so
/// that applying them in order denies no drawn flow.
fn write(
    args: &Args,
    folder: PathBuf,
    document: &model::Document,
    generated: &Generated,
) -> Result<String, Vec<Diagnostic>> {
    let mut policies = generated.to_export();
    policies.sort_by_key(|written| written.role.only_isolates());
    let files: Vec<ExportFile> = policies
        .into_iter()
        .map(|written| ExportFile {
            namespace: written.namespace.clone(),
            name: written.name.clone(),
            text: text(written, args.without_namespaces),
        })
        .collect();
    let options = ExportOptions {
        project: name_of(document, Some(&args.project)),
        kustomization: args.kustomization,
        verdict: None,
    };
    let plan = plan_export(&ExportTarget::Folder(folder), &files, &options).map_err(|d| vec![d])?;
    let conflicts: Vec<Diagnostic> = plan
        .conflicts()
        .map(|(change, why)| {
            let message = format!("`{}` {why}", change.path.display());
            Diagnostic::error("file", message).help("move it away, or pass --force")
        })
        .collect();
    if !conflicts.is_empty() && !args.force {
        return Err(conflicts);
    }
    print_diagnostics(&left(&plan));
    plan.apply().map_err(|d| vec![d])?;
    Ok(summary(&plan))
}

/// The files that look like policies of an export, but are in no record.
fn left(plan: &ExportPlan) -> Vec<Diagnostic> {
    let one = |name: &String| {
        let message =
            format!("`{name}` looks like a file of an export, but is not in its record: it stays");
        Diagnostic::warning("file", message).help("delete it if it is no longer needed")
    };
    plan.leftovers.iter().map(one).collect()
}

/// A line for each file that changed, and the numbers.
fn summary(plan: &ExportPlan) -> String {
    const KINDS: [(ChangeKind, &str); 4] = [
        (ChangeKind::Created, "created"),
        (ChangeKind::Changed, "changed"),
        (ChangeKind::Deleted, "deleted"),
        (ChangeKind::Unchanged, "unchanged"),
    ];
    let of = |kind| {
        plan.changes
            .iter()
            .filter(move |change| change.kind == kind)
    };
    let mut text = String::new();
    for (kind, word) in KINDS
        .into_iter()
        .filter(|(kind, _)| *kind != ChangeKind::Unchanged)
    {
        for change in of(kind) {
            text += &format!("{word} {}\n", change.path.display());
        }
    }
    let counts = KINDS.map(|(kind, word)| format!("{} {word}", of(kind).count()));
    text + &counts.join(", ") + "\n"
}
