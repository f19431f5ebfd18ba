//! `drawbridge exposure PATH...`: what workloads are open to that does not exist yet.

use std::io::{self, BufWriter};

use super::{FINE, Format, Inputs, WRONG, exit_code, load_inputs, tell};
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
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = match args.output {
        Format::Txt => exposure::text(&mut out, &loaded.snapshot, &found),
        Format::Json => exposure::json(&mut out, &loaded.snapshot, &found, &loaded.diagnostics),
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => WRONG,
        _ => exit_code(&loaded.diagnostics, FINE),
    }
}
