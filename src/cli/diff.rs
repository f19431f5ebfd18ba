//! `drawbridge diff OLD NEW`: what two clusters allow, compared; and `drawbridge diff PATH --promote-staged`.

use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::ValueEnum;

use super::{
    EnforcerName, FINDINGS, FINE, Inputs, Rules, Texts, WRONG, exit_code, load_inputs,
    load_texts_by, no_answer, print_diagnostics, stdin_twice,
};
use crate::analysis::changes::{all_changes, policy_relation};
use crate::analysis::conditions::condition_changes;
use crate::cluster::{Assumptions, Enforcer};
use crate::diag::{self, Diagnostic};
use crate::load::{self, Loaded};
use crate::report::diff;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The old file, folder or project
    old: PathBuf,
    /// The new file, folder or project
    #[arg(required_unless_present = "promote_staged")]
    new: Option<PathBuf>,
    /// Compare OLD with itself as if its staged policies were promoted
    #[arg(long, conflicts_with_all = ["new", "enforcer_old", "enforcer_new"])]
    promote_staged: bool,
    #[command(flatten)]
    rules: Rules,
    /// The enforcer of the old side (default: --enforcer, else as for one input)
    #[arg(long, value_enum, value_name = "ENFORCER")]
    enforcer_old: Option<EnforcerName>,
    /// The enforcer of the new side
    #[arg(long, value_enum, value_name = "ENFORCER")]
    enforcer_new: Option<EnforcerName>,
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

/// The heading of a review comment.
const HEADING: &str = "Changes of the allowed connections";

pub(super) fn run(args: &Args) -> u8 {
    if stdin_twice(std::iter::once(&args.old).chain(&args.new)) {
        return WRONG;
    }
    let read = match &args.new {
        Some(new) => read(args, new),
        None => promoted(args),
    };
    let (old, new) = match read {
        Ok(sides) => sides,
        Err(diagnostics) => {
            let json = matches!(args.output, Format::Json).then_some("drawbridge/diff/1");
            return no_answer(json, &diagnostics);
        }
    };
    // With one input the diagnostics of the new side are about all of it.
    let mut diagnostics = match &args.new {
        Some(_) => old.diagnostics.clone(),
        None => Vec::new(),
    };
    diagnostics.extend_from_slice(&new.diagnostics);
    print_diagnostics(&diagnostics);
    let ((changes, named), policies) = rayon::join(
        || all_changes(&old.snapshot, &new.snapshot),
        || policy_relation(&old.snapshot, &new.snapshot),
    );
    let conditions = condition_changes(&old.snapshot, &new.snapshot);
    let mut left_out = old.snapshot.left_out.clone();
    left_out.extend_from_slice(&new.snapshot.left_out);
    let found = diff::Compared {
        changes: &changes,
        named: &named,
        conditions: &conditions,
        policies,
        assumptions: [old.snapshot.assumptions, new.snapshot.assumptions],
        left_out: &left_out,
        unread: &diag::unread(&diagnostics),
    };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = match args.output {
        Format::Txt => diff::text(&mut out, found),
        Format::Md => out.write_all(diff::markdown(found, HEADING).as_bytes()),
        Format::Json => diff::json(&mut out, found, &diagnostics),
    };
    let code = if found.is_equal() { FINE } else { FINDINGS };
    let written = written.and_then(|()| out.flush());
    super::written(written, exit_code(&diagnostics, code))
}

/// The old and the new side.
type Sides = (ManuallyDrop<Loaded>, ManuallyDrop<Loaded>);

/// Reads the one input as it is, and with its staged policies promoted.
fn promoted(args: &Args) -> Result<Sides, Vec<Diagnostic>> {
    let inputs = Inputs {
        paths: vec![args.old.clone()],
        rules: args.rules.clone(),
    };
    let texts = Texts::of(&inputs);
    let old = load_texts_by(load::load_in, &inputs, &texts)?;
    if old.project.is_some() {
        let message = "a project has no staged policies to promote";
        let help = "give the manifests with the staged policies";
        return Err(vec![Diagnostic::error("question", message).help(help)]);
    }
    let new = load_texts_by(load::load_promoted, &inputs, &texts)?;
    Ok((old, new))
}

/// Reads each side under its own enforcer, and both under the same assumptions: those of the command line, else of
/// the new project, else of the old one.
fn read(args: &Args, new: &PathBuf) -> Result<Sides, Vec<Diagnostic>> {
    let side = |path: &PathBuf, rules: Rules| {
        load_inputs(&Inputs {
            paths: vec![path.clone()],
            rules,
        })
    };
    let under = |enforcer: Option<EnforcerName>| {
        let mut rules = args.rules.clone();
        rules.enforcer = enforcer.or(rules.enforcer);
        rules
    };
    let (first, second) = (under(args.enforcer_old), under(args.enforcer_new));
    let mut old = side(&args.old, first.clone())?;
    let mut new_side = side(new, second.clone())?;
    let (before, after) = (old.snapshot.assumptions, new_side.snapshot.assumptions);
    // An enforcer of its own settles its assumptions.
    let free = |side: Assumptions| side.enforcer == Enforcer::Kubernetes;
    if before == after || !free(before) || !free(after) {
        return Ok((old, new_side));
    }
    match new_side.project.is_some() {
        true => old = side(&args.old, first.assuming(after))?,
        false => new_side = side(new, second.assuming(before))?,
    }
    Ok((old, new_side))
}
