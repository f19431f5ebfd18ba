//! `drawbridge explain PATH... --from END --to END --port PORT`: why a connection is allowed or denied.

use super::{
    FINDINGS, FINE, Format, Inputs, answer, exit_code, json_of, load_inputs, no_answer,
    no_answer_without, print_diagnostics, wrong_question,
};
use crate::diag::Diagnostic;
use crate::load::Loaded;
use crate::model::validate::Refusal;
use crate::query::explain::{Answer, Verdict, ask_between, at_destination, ports};
use crate::report::explain::{self, Asked};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// The source: namespace/workload, namespace/pod, namespace/*, *, service/namespace/name,
    /// node/name, an address or a network; in a project also external/name or group/name
    #[arg(long, value_name = "END")]
    from: String,
    /// The destination, in the same notation
    #[arg(long, value_name = "END")]
    to: String,
    /// The port: TCP/80 or 80, UDP/4000-4010, TCP/http, TCP or any
    #[arg(long)]
    port: String,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

pub(super) fn run(args: &Args) -> u8 {
    let json = json_of(args.output, "drawbridge/explain/1");
    let loaded = match load_inputs(&args.inputs) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return no_answer(json, &diagnostics),
    };
    let (found, notes) = match question(args, &loaded) {
        Ok(found) => found,
        Err(refusal) => {
            let mut diagnostics = loaded.diagnostics.clone();
            diagnostics.push(wrong_question(refusal));
            return no_answer_without(json, &diagnostics, &loaded.snapshot.left_out);
        }
    };
    let mut diagnostics = loaded.diagnostics.clone();
    diagnostics.extend(notes);
    print_diagnostics(&diagnostics);
    let asked = Asked {
        from: &args.from,
        to: &args.to,
        port: &args.port,
    };
    let text = match args.output {
        Format::Txt => explain::text(&loaded.snapshot, asked, &found),
        Format::Json => explain::json(&loaded.snapshot, asked, &found, &diagnostics),
    };
    let code = if found.verdict == Verdict::All {
        FINE
    } else {
        FINDINGS
    };
    answer(&text, exit_code(&diagnostics, code))
}

fn question(args: &Args, loaded: &Loaded) -> Result<(Answer, Vec<Diagnostic>), Refusal> {
    let snapshot = &loaded.snapshot;
    let from = loaded.meaning(&args.from)?;
    let port = ports(&args.port)?;
    let to = loaded.destination(&args.to, &port)?;
    let (wanted, notes) = at_destination(snapshot, Some(&from), Some(&to), &port)?;
    Ok((ask_between(snapshot, &from, &to, &wanted), notes))
}
