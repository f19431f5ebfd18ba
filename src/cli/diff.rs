//! `drawbridge diff OLD NEW`: what changed, by meaning.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{FINDINGS, FINE, Inputs, Rules, answer, exit_code, load_inputs, tell};
use crate::analysis::changes::{Relation, changes, policy_relation};
use crate::report::diff;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A file, a folder or a project, as it was
    old: PathBuf,
    /// A file, a folder or a project, as it is
    new: PathBuf,
    #[command(flatten)]
    rules: Rules,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

/// How changes are printed.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text in columns
    Txt,
    /// JSON
    Json,
    /// A Markdown table, for a review comment
    Md,
}

pub(super) fn run(args: Args) -> u8 {
    let assumptions = args.rules.assumptions();
    let read = |path, rules| {
        load_inputs(&Inputs {
            paths: vec![path],
            rules,
        })
    };
    let old = read(args.old, args.rules.clone());
    let new = read(args.new, args.rules);
    let mut diagnostics = old.diagnostics.clone();
    diagnostics.extend_from_slice(&new.diagnostics);
    tell(&diagnostics);
    let (changes, policies) = rayon::join(
        || changes(&old.snapshot, &new.snapshot),
        || policy_relation(&old.snapshot, &new.snapshot),
    );
    let found = diff::Compared {
        changes: &changes,
        policies,
        assumptions,
    };
    let text = match args.output {
        Format::Txt => diff::text(found),
        Format::Md => diff::markdown(found),
        Format::Json => diff::json(found, &diagnostics),
    };
    let same = changes.is_empty() && policies == Relation::Equal;
    let code = if same { FINE } else { FINDINGS };
    answer(&text, exit_code(&diagnostics, code))
}
