//! `drawbridge lint PATH...`: what the API server would refuse, and more.

use super::{FINDINGS, FINE, Format, Inputs, WRONG, answer, load_inputs};
use crate::diag::Severity;
use crate::lint;
use crate::report::findings;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Format of the answer
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

/// Everything told is a finding here, so all of it is the answer. What stands in the texts is 1;
/// a file that cannot be read at all is 2.
pub(super) fn run(args: &Args) -> u8 {
    let loaded = load_inputs(&args.inputs);
    let found = lint::lint(&lint::Input {
        snapshot: &loaded.snapshot,
        told: &loaded.diagnostics,
    });
    let text = match args.output {
        Format::Txt => findings::text(&found),
        Format::Json => findings::json(&found),
    };
    let code = if found.iter().any(|d| d.code == "file") {
        WRONG
    } else if found.iter().any(|d| d.severity != Severity::Info) {
        FINDINGS
    } else {
        FINE
    };
    answer(&text, code)
}
