//! `drawbridge diff OLD NEW`: what changed, by meaning.

use std::path::PathBuf;

use super::{FINDINGS, FINE, Format, Inputs, Rules, answer, exit_code, load_inputs, tell};
use crate::analysis::changes::changes;
use crate::report::diff;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A file or folder, as it was
    old: PathBuf,
    /// A file or folder, as it is
    new: PathBuf,
    #[command(flatten)]
    rules: Rules,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
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
    let mut diagnostics = old.diagnostics;
    diagnostics.extend(new.diagnostics);
    tell(&diagnostics);
    let found = changes(&old.snapshot, &new.snapshot);
    let text = match args.output {
        Format::Txt => diff::text(&found, assumptions),
        Format::Json => diff::json(&found, assumptions, &diagnostics),
    };
    let code = if found.is_empty() { FINE } else { FINDINGS };
    answer(&text, exit_code(&diagnostics, code))
}
