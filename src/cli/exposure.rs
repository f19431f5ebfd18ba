//! `drawbridge exposure PATH...`: what workloads are open to that does not exist yet.

use super::{FINE, Format, Inputs, answer, exit_code, load_inputs, tell};
use crate::analysis;
use crate::report::exposure;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

pub(super) fn run(args: &Args) -> u8 {
    let loaded = load_inputs(&args.inputs);
    tell(&loaded.diagnostics);
    let found = analysis::exposure::exposure(&loaded.snapshot);
    let text = match args.output {
        Format::Txt => exposure::text(&loaded.snapshot, &found),
        Format::Json => exposure::json(&loaded.snapshot, &found, &loaded.diagnostics),
    };
    answer(&text, exit_code(&loaded.diagnostics, FINE))
}
