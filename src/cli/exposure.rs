//! `drawbridge exposure PATH...`: exposure of workloads to future pods, Services and
//! routes.

use std::io::{self, BufWriter, Write};

use super::{FINE, Format, Inputs, exit_code, json_of, load_inputs, no_answer, print_diagnostics};
use crate::analysis::Analysis;
use crate::report::exposure::{self, Answer};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

pub(super) fn run(args: &Args) -> u8 {
    let json = json_of(args.output, "drawbridge/exposure/1");
    let loaded = match load_inputs(&args.inputs) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return no_answer(json, &diagnostics),
    };
    let analysis = Analysis::new(&loaded.snapshot);
    let found = analysis.exposure();
    let undecided = exposure::undecided(&loaded.snapshot, &found);
    let diagnostics = [loaded.diagnostics.clone(), undecided].concat();
    print_diagnostics(&diagnostics);
    let answer = Answer {
        snapshot: &loaded.snapshot,
        found: &found,
        domains: &analysis.to_domains(),
        published: &analysis.service_exposure(&found),
    };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let written = match args.output {
        Format::Txt => exposure::text(&mut out, answer),
        Format::Json => exposure::json(&mut out, answer, &diagnostics),
    };
    let written = written.and_then(|()| out.flush());
    super::written(written, exit_code(&diagnostics, FINE))
}
