//! `drawbridge verify PROJECT [--against PATH...]`: the policies against the drawing.

use std::path::PathBuf;

use super::{FINDINGS, FINE, Format, WRONG, answer, exit_code, open_project, tell};
use crate::diag::Diagnostic;
use crate::engine::{self, Proof, State, load};
use crate::model::Document;
use crate::project::sources;
use crate::report::verify;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: PathBuf,
    /// Judge these policies in place of those that the project generates and keeps
    #[arg(long, value_name = "PATH", num_args = 1..)]
    against: Vec<PathBuf>,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(document) = open_project(&args.project) else {
        return WRONG;
    };
    let (proof, diagnostics) = judge(args, &document);
    tell(&diagnostics);
    let text = match args.output {
        Format::Txt => verify::text(&document, &proof),
        Format::Json => verify::json(&document, &proof, &diagnostics),
    };
    let code = match proof.state {
        State::NothingToProve => WRONG,
        State::Exact => FINE,
        State::CannotBeSaid | State::TooWide | State::Blocked => FINDINGS,
    };
    answer(&text, exit_code(&diagnostics, code))
}

fn judge(args: &Args, document: &Document) -> (Proof, Vec<Diagnostic>) {
    if args.against.is_empty() {
        let results = engine::check(document);
        let mut diagnostics = results.generated.diagnostics;
        diagnostics.extend(results.proof.diagnostics.clone());
        return (results.proof, diagnostics);
    }
    let (texts, mut diagnostics) = sources::collect(&args.against);
    let loaded = load::load(&texts, document.settings.assumptions);
    diagnostics.extend(loaded.diagnostics);
    let proof = engine::prove_against(document, loaded.snapshot.policies);
    (proof, diagnostics)
}
