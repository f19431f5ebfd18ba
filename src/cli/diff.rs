//! `drawbridge diff OLD NEW`: what two clusters allow, compared.

use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::ValueEnum;

use super::{
    FINDINGS, FINE, Inputs, Rules, WRONG, exit_code, load_inputs, print_diagnostics, stdin_twice,
};
use crate::analysis::changes::{Relation, changes, policy_relation};
use crate::load::Loaded;
use crate::report::diff;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The old file, folder or project
    old: PathBuf,
    /// The new file, folder or project
    new: PathBuf,
    #[command(flatten)]
    rules: Rules,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

/// Output formats.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text in columns
    Txt,
    /// JSON
    Json,
    /// A Markdown table, for a review comment
    Md,
}

pub(super) fn run(args: &Args) -> u8 {
    if stdin_twice([&args.old, &args.new]) {
        return WRONG;
    }
    let Some((old, new)) = read(args) else {
        return WRONG;
    };
    let mut diagnostics = old.diagnostics.clone();
    diagnostics.extend_from_slice(&new.diagnostics);
    print_diagnostics(&diagnostics);
    let (changes, policies) = rayon::join(
        || changes(&old.snapshot, &new.snapshot),
        || policy_relation(&old.snapshot, &new.snapshot),
    );
    let mut left_out = old.snapshot.left_out.clone();
    left_out.extend_from_slice(&new.snapshot.left_out);
    let found = diff::Compared {
        changes: &changes,
        policies,
        assumptions: new.snapshot.assumptions,
        left_out: &left_out,
    };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = match args.output {
        Format::Txt => diff::text(&mut out, found),
        Format::Md => out.write_all(diff::markdown(found).as_bytes()),
        Format::Json => diff::json(&mut out, found, &diagnostics),
    };
    let same = changes.is_empty() && policies == Relation::Equal;
    let code = if same { FINE } else { FINDINGS };
    let written = written.and_then(|()| out.flush());
    super::written(written, exit_code(&diagnostics, code))
}

/// Reads both sides under the same assumptions: those of the command line, else of the new project, else of the old one.
fn read(args: &Args) -> Option<(ManuallyDrop<Loaded>, ManuallyDrop<Loaded>)> {
    let side = |path: &PathBuf, rules: Rules| {
        load_inputs(&Inputs {
            paths: vec![path.clone()],
            rules,
        })
    };
    let mut old = side(&args.old, args.rules.clone())?;
    let mut new = side(&args.new, args.rules.clone())?;
    let (before, after) = (old.snapshot.assumptions, new.snapshot.assumptions);
    if before != after && new.project.is_some() {
        old = side(&args.old, args.rules.assuming(after))?;
    } else if before != after {
        new = side(&args.new, args.rules.assuming(before))?;
    }
    Some((old, new))
}
