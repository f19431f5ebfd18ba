//! `drawbridge lint PATH...`: what the API server would refuse, and other findings.

use std::path::PathBuf;

use super::{
    FINDINGS, FINE, Format, Inputs, Rules, WRONG, answer, print_diagnostics, read_inputs, verbose,
};
use crate::diag::{Diagnostic, NOT_BUILT, Severity};
use crate::lint;
use crate::report::findings;

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
    /// Print the manual page of a code, for example `--explain V9`
    #[arg(long, value_name = "CODE", conflicts_with = "paths")]
    explain: Option<String>,
}

/// Every diagnostic is a finding and goes to standard output; as text, notes of one kind are summed up. Findings are
/// exit code 1; what could not be read,
/// and an unsupported enforcer, is 2.
pub(super) fn run(args: &Args) -> u8 {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let loaded = read_inputs(&Inputs {
        paths: args.paths.clone(),
        rules: args.rules.clone(),
    });
    let found = lint::lint(&loaded);
    let text = match args.output {
        Format::Txt => findings::text(&found, verbose()),
        Format::Json => findings::json(&found, &loaded.snapshot.left_out),
    };
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
    let code = if (found.iter()).any(|d| not_read.contains(&d.code) && !is_note(d)) {
        WRONG
    } else if found.iter().any(|d| d.severity != Severity::Info) {
        FINDINGS
    } else {
        FINE
    };
    answer(&text, code)
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
