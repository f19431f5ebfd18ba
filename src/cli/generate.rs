//! `drawbridge generate PROJECT [-o DIR]`: write the policies of a project.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::export;
use super::{
    DialectName, FINDINGS, FINE, WRONG, answer, approximated, exit_code, folder, omitted,
    open_project, places, print_diagnostics,
};
use crate::diag::{Diagnostic, Severity};
use crate::load::{self, imported::NO_POLICY};
use crate::manifest::Source;
use crate::model;
use crate::policy::{Imported, Target};
use crate::project::files::{ExportFile, ExportOptions, name_of};
use crate::project::format;
use crate::proof::Generated;
use crate::proof::Written;
use crate::report::verify::Places;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: PathBuf,
    /// The folder to write one file per policy to, NAMESPACE/NAME.yaml; for a project in several dialects
    /// DIALECT/NAMESPACE/NAME.yaml (default: standard output)
    #[arg(short, long, value_name = "DIR", value_parser = PathBufValueParser::new().try_map(folder))]
    output: Option<PathBuf>,
    /// The dialect to write (default: those of the project)
    #[arg(long, value_enum)]
    dialect: Option<DialectName>,
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
    let Ok(opened) = open_project(&args.project) else {
        return WRONG;
    };
    let (mut document, of_project) = (opened.document, opened.diagnostics);
    match args.style {
        Some(Style::PerFlow) => document.settings.style = model::Style::PerFlow,
        Some(Style::PerWorkload) => document.settings.style = model::Style::PerWorkload,
        None => {}
    }
    if let Some(dialect) = args.dialect {
        document.settings.dialects = vec![dialect.into()];
    }
    let dialects = document.settings.dialects.clone();
    if dialects.len() > 1 && args.output.is_none() {
        let names: Vec<&str> = dialects.iter().map(|target| target.name()).collect();
        let message = format!(
            "the project is written in {}, which are alternatives",
            names.join(" and ")
        );
        let help = format!(
            "choose one with `--dialect {}`, or write folders with `-o DIR`",
            names[0]
        );
        print_diagnostics(&[Diagnostic::error("question", message).help(help)]);
        return WRONG;
    }
    let one = |target: &Target| {
        let mut document = document.clone();
        document.settings.dialects = vec![*target];
        let below = (dialects.len() > 1).then(|| target.name());
        let mut generated = crate::proof::generate(&document);
        if !document.policies.is_empty() {
            // What is found in imported policies has places in the project's file; what is written is their own text.
            let file = args.project.to_string_lossy();
            let placed = format::in_place(&document, &file, &opened.file.text);
            generated.diagnostics = crate::proof::generate(&placed).diagnostics;
        }
        (document, below, generated)
    };
    let written: Vec<_> = dialects.iter().map(one).collect();
    let places = places(&args.project.to_string_lossy(), &opened.file.text);
    let by_hand = written.iter().flat_map(|(.., g)| &g.by_hand);
    let by_hand: BTreeSet<String> = by_hand.map(Written::key).collect();
    print_diagnostics(not_written(&document, &by_hand).as_slice());
    let (mut texts, mut worst) = (String::new(), FINE);
    for (document, below, generated) in &written {
        let (text, code) = in_one_dialect(args, (document, generated), *below, &places);
        texts += &text;
        worst = worst.max(code);
    }
    answer(&texts, exit_code(&of_project, worst))
}

/// Writes the policies in the dialect of a document, in a folder below the given one if it has a name; returns what
/// is told, and the exit code.
fn in_one_dialect(
    args: &Args,
    (document, generated): (&model::Document, &Generated),
    below: Option<&str>,
    places: &Places,
) -> (String, u8) {
    let told = |diagnostics: &[Diagnostic]| {
        print_diagnostics(diagnostics);
        (String::new(), WRONG)
    };
    if let Some(clash) = clash(args, generated) {
        return told(&[clash]);
    }
    let below = |folder: &PathBuf| below.map_or_else(|| folder.clone(), |name| folder.join(name));
    let folder = args.output.as_ref().map(below);
    let options = options(args, document);
    if generated.to_export().is_empty() {
        let message = "the project has no default deny and no flows that need policies, so there is nothing to generate";
        let emptied = folder
            .as_ref()
            .filter(|folder| export::has_policies_of(folder, &options));
        let Some(folder) = emptied else {
            let help = "draw flows, or add a default deny";
            return told(&[Diagnostic::error("no-flows", message).help(help)]);
        };
        let shown = folder.display();
        let message = format!("{message}: what an earlier export wrote to `{shown}` is deleted");
        print_diagnostics(&[Diagnostic::info("no-flows", message)]);
    }
    let mut notes = generated.diagnostics.clone();
    notes.extend(omitted(document, &generated.losses));
    notes.extend(approximated(document, &generated.approximations));
    places.locate(&mut notes);
    print_diagnostics(&notes);
    let refused = refused(document, generated);
    print_diagnostics(&refused);
    let code = match generated.losses.is_empty() && generated.approximations.is_empty() {
        true => FINE,
        false => FINDINGS,
    };
    let code = exit_code(&[notes, refused].concat(), code);
    let Some(folder) = folder else {
        return (joined(generated, args.without_namespaces), code);
    };
    match write(args, folder, &options, generated) {
        Ok(done) => (done, code),
        Err(diagnostics) => told(&diagnostics),
    }
}

/// Why one stream or kustomization cannot hold policies without namespaces: they would all be applied to one.
fn clash(args: &Args, generated: &Generated) -> Option<Diagnostic> {
    let policies = generated.to_export().into_iter();
    let namespaces: BTreeSet<&str> = policies.map(|w| w.namespace.as_str()).collect();
    let (what, help) = match args.output {
        _ if !args.without_namespaces || namespaces.len() < 2 => return None,
        None => (
            "output",
            "leave out `--without-namespaces`, or write a folder for each namespace with `-o DIR`",
        ),
        Some(_) if args.kustomization => (
            "kustomization",
            "leave out `--without-namespaces`, or `--kustomization`",
        ),
        Some(_) => return None,
    };
    let message = format!(
        "the policies are for {} namespaces, and one {what} without namespaces would put all into one",
        namespaces.len()
    );
    Some(Diagnostic::error("question", message).help(help))
}

/// A note that imported policies which replace no generated one are not written: their own files have them. `by_hand`
/// are the names of those that are replaced.
fn not_written(document: &model::Document, by_hand: &BTreeSet<String>) -> Option<Diagnostic> {
    let has_policy = |read: &Imported| !read.diagnostics.iter().any(|d| d.code == NO_POLICY);
    let imported = document.policies.iter().map(|(_, policy)| policy);
    let kept: Vec<_> = imported
        .zip(load::imported::imported(document))
        .filter(|(policy, read)| {
            let replaces = policy.replaces.as_ref();
            has_policy(read) && !replaces.is_some_and(|name| by_hand.contains(name))
        })
        .map(|(policy, _)| policy)
        .collect();
    let message = match kept.len() {
        0 => return None,
        1 => "1 imported policy of the project is not among the generated policies".to_owned(),
        n => format!("{n} imported policies of the project are not among the generated policies"),
    };
    let files: BTreeSet<&str> = kept.iter().map(|policy| policy.file.as_str()).collect();
    let files: Vec<String> = files
        .iter()
        .filter(|f| !f.is_empty())
        .map(|f| format!("`{f}`"))
        .collect();
    let help = match files.is_empty() {
        true => "apply it as well: the proof counts on it".to_owned(),
        false => format!("apply {} as well: the proof counts on it", files.join(", ")),
    };
    Some(Diagnostic::info("not-written", message).help(help))
}

/// What the API server would refuse in the policies, such as an invalid label of the project's settings.
fn refused(document: &model::Document, generated: &Generated) -> Vec<Diagnostic> {
    let source =
        |w: &Written| Source::new(format!("{}/{}.yaml", w.namespace, w.name), w.text.as_str());
    let texts: Vec<Source> = generated.policies.iter().map(|w| source(w)).collect();
    let mut found = load::load(&texts, &load::Settings::of(&document.settings)).diagnostics;
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
    options: &ExportOptions,
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
    export::write(folder, &files, options, args.force)
}

fn options(args: &Args, document: &model::Document) -> ExportOptions {
    ExportOptions {
        project: name_of(document, Some(&args.project)),
        files: (args.project.as_os_str() != "-")
            .then(|| args.project.clone())
            .into_iter()
            .collect(),
        kustomization: args.kustomization,
        verdict: None,
    }
}
