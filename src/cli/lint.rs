//! `drawbridge lint PATH...`: what the API server would refuse, and other findings.

mod fix;

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::ValueEnum;

use super::{FINDINGS, FINE, Inputs, Rules, WRONG, answer, print_diagnostics, read_by, verbose};
use crate::diag::{Diagnostic, NOT_BUILT, Severity};
use crate::fix::Fixes;
use crate::lint::{self, IgnoredHere, Report, score};
use crate::load::{self, Loaded};
use crate::manifest::Source;
use crate::project::format;
use crate::report::findings::{self, Linted};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Files, folders (searched for .yaml, .yml and .json), a project, or - for standard input
    #[arg(required_unless_present = "explain", value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    rules: Rules,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
    /// Correct in the files what is certain, and report the rest
    ///
    /// Each correction is proven by reading the corrected files again: the finding is gone, and there is no new
    /// error. Everything else in a file stays as it is. A file that changed meanwhile is not written.
    #[arg(long, conflicts_with_all = ["explain", "kustomize"])]
    fix: bool,
    /// Print what `--fix` would change, as a unified diff, and write nothing
    #[arg(long, requires = "fix", conflicts_with = "output")]
    dry_run: bool,
    /// Print the manual page of a rule, by its code or name, for example `--explain V9`
    #[arg(long, value_name = "CODE", conflicts_with = "paths")]
    explain: Option<String>,
}

/// Output formats.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text
    Txt,
    /// JSON
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Markdown, for a review comment
    Md,
    /// Code Climate issues, for GitLab's code quality report
    Codequality,
}

/// Every diagnostic is a finding and goes to standard output; as text, notes of one kind are summed up. Findings are
/// exit code 1; what could not be read, what is invalid in a project, and an unsupported enforcer, is 2.
pub(super) fn run(args: &Args) -> u8 {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let found = read(args);
    if args.dry_run {
        return answer(&fix::diff(&found.fixes.files), found.code);
    }
    if !args.fix || found.fixes.files.is_empty() {
        return show(args, &found);
    }
    let refused = fix::write(&found.fixes.files);
    if !refused.is_empty() {
        print_diagnostics(&refused);
        show(args, &found);
        return WRONG;
    }
    print_diagnostics(&fix::corrected(&found.report.found, &found.fixes));
    show(args, &read(args))
}

/// What was found in the inputs.
struct Found {
    report: Report,
    fixes: Fixes,
    loaded: ManuallyDrop<Loaded>,
    code: u8,
}

fn read(args: &Args) -> Found {
    let inputs = Inputs {
        paths: args.paths.clone(),
        rules: args.rules.clone(),
    };
    let (loaded, texts) = read_by(load::load_in, &inputs, load::Settings::default());
    let report = lint::report(&loaded, &texts, &ignored(&loaded, &texts));
    // The policies of a project are corrected in the project, and those of a build in what it is built from.
    let fixes = match loaded.project.is_some() || args.rules.kustomize {
        true => Fixes::default(),
        false => {
            let settings = args.rules.over(load::Settings::default());
            let namespace = args.rules.namespace.as_deref();
            let input = crate::fix::Input {
                sources: &texts,
                read: &|sources| load::load_in(sources, &settings, namespace),
                ignored: &[],
                stop: &|| false,
            };
            crate::fix::fixes(input, &report.found)
        }
    };
    let project = loaded.project.as_ref().and(texts.first());
    let code = exit_code(&report.found, project.map(|source| &*source.name));
    Found {
        report,
        fixes,
        loaded,
        code,
    }
}

/// What the project ignores, with its places.
fn ignored(loaded: &Loaded, texts: &[Source]) -> Vec<IgnoredHere> {
    let (Some(project), Some(source)) = (&loaded.project, texts.first()) else {
        return Vec::new();
    };
    let places = format::places(&source.text).ignore;
    let entries = project.ignore.iter().enumerate();
    let entries = entries.map(|(at, entry)| IgnoredHere {
        rule: entry.rule.clone(),
        place: entry.place.clone(),
        span: places.get(at).map(|mark| mark.span(source.name.clone())),
    });
    entries.collect()
}

fn show(args: &Args, found: &Found) -> u8 {
    let linted = Linted {
        report: &found.report,
        fixable: &found.fixes.fixable,
        scores: &score::scores(&found.loaded, &found.report.found),
        left_out: &found.loaded.snapshot.left_out,
    };
    let text = match args.output {
        Format::Txt => findings::text(linted, verbose()),
        Format::Json => findings::json(linted),
        Format::Sarif => findings::sarif(linted),
        Format::Md => findings::markdown(linted),
        Format::Codequality => findings::codequality(linted),
    };
    answer(&text, found.code)
}

/// The exit code; `project`: the project's file, if it is one that is linted.
fn exit_code(found: &[Diagnostic], project: Option<&str>) -> u8 {
    let not_read = [
        "file",
        "enforcer",
        "syntax",
        "template",
        "project-format",
        "project-file",
        "no-objects",
        NOT_BUILT,
    ];
    // What is skipped on purpose is a note.
    let is_note = |d: &Diagnostic| d.severity == Severity::Info;
    // An error in a project's own file, such as an invalid flow, is no finding about policies.
    let in_project = |d: &Diagnostic| {
        let file = d.span.as_ref().map(|span| &*span.file);
        d.severity == Severity::Error && file.is_some() && file == project
    };
    if found
        .iter()
        .any(|d| not_read.contains(&d.code) && !is_note(d) || in_project(d))
    {
        WRONG
    } else if found.iter().any(|d| !is_note(d)) {
        FINDINGS
    } else {
        FINE
    }
}

fn explain(code: &str) -> u8 {
    if let Some(page) = lint::page(code) {
        return answer(&format!("{page}\n"), FINE);
    }
    let message = format!("unknown code `{code}`");
    let help = format!("known codes: {}", lint::codes().join(", "));
    print_diagnostics(&[Diagnostic::error("question", message).help(help)]);
    WRONG
}
