//! `drawbridge list PATH...`: who may reach whom.

use std::io;

use super::{FINE, Format, Inputs, WRONG, exit_code, load_inputs, tell};
use crate::analysis;
use crate::report::list;

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
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(analysis::notes(&loaded.snapshot));
    tell(&diagnostics);
    let mut out = io::stdout().lock();
    let written = match args.output {
        Format::Txt => list::text(&mut out, &loaded.snapshot),
        Format::Json => list::json(&mut out, &loaded.snapshot, &diagnostics),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => WRONG,
        _ => exit_code(&diagnostics, FINE),
    }
}
