//! `drawbridge paths PATH... --from END [--to END]`: what is reachable in any number of hops.

use super::{
    FINDINGS, FINE, Format, Inputs, answer, exit_code, json_of, load_inputs, no_answer,
    no_answer_without, print_diagnostics, wrong_question,
};
use crate::analysis::{Places, reach};
use crate::diag::Diagnostic;
use crate::load::Loaded;
use crate::model::FlowPort;
use crate::model::validate::Refusal;
use crate::query::explain::{Meaning, at_destination};
use crate::query::paths::unknown_controllers;
use crate::report::paths::{self, Asked};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// The start of the paths: namespace/workload, namespace/*, *, service/namespace/name, an address or a
    /// network; in a project also external/name or group/name
    #[arg(long, value_name = "END")]
    from: String,
    /// The end of the paths, in the same notation
    #[arg(long, value_name = "END")]
    to: Option<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

pub(super) fn run(args: &Args) -> u8 {
    let json = json_of(args.output, "drawbridge/paths/1");
    let loaded = match load_inputs(&args.inputs) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return no_answer(json, &diagnostics),
    };
    let mut diagnostics = loaded.diagnostics.clone();
    let asked = question(args, &loaded, &mut diagnostics);
    let (mut from, to) = match asked {
        Ok(found) => found,
        Err(refusal) => {
            diagnostics.push(wrong_question(refusal));
            return no_answer_without(json, &diagnostics, &loaded.snapshot.left_out);
        }
    };
    print_diagnostics(&diagnostics);
    if let Some(to) = &to {
        // Destinations are not sources too, unless no other source remains.
        let elsewhere = |w: &usize| !to.workloads.contains(w);
        if !from.outside.is_empty() || from.workloads.iter().any(elsewhere) {
            from.workloads.retain(elsewhere);
        }
    }
    let found = reach(&loaded.snapshot, &from);
    let notes = unknown_controllers(&loaded.snapshot, &from, &found);
    let asked = Asked {
        from: &args.from,
        to: args.to.as_deref().zip(to.as_ref()),
        notes: &notes,
    };
    let found_paths = paths::paths(&found, to.as_ref());
    let text = match args.output {
        Format::Txt => paths::text(&loaded.snapshot, asked, &found, &found_paths),
        Format::Json => paths::json(&loaded.snapshot, asked, &found, &found_paths, &diagnostics),
    };
    let code = match to.is_some() && found_paths.iter().all(|path| path.hops.is_none()) {
        true => FINDINGS,
        false => FINE,
    };
    answer(&text, exit_code(&diagnostics, code))
}

fn question(
    args: &Args,
    loaded: &Loaded,
    notes: &mut Vec<Diagnostic>,
) -> Result<(Places, Option<Places>), Refusal> {
    let snapshot = &loaded.snapshot;
    let from = loaded.meaning(&args.from)?;
    let to = args.to.as_deref().map(|word| loaded.meaning(word));
    let to = to.transpose()?;
    let (_, found) = at_destination(snapshot, Some(&from), to.as_ref(), &FlowPort::Any)?;
    notes.extend(found);
    let places = |word: &str, meaning: &Meaning| {
        let places = meaning.places(snapshot);
        match places.workloads.is_empty() && places.outside.is_empty() {
            true => Err(Refusal::new(format!("`{word}` has no known address"))),
            false => Ok(places),
        }
    };
    let from = places(&args.from, &from)?;
    let to = args.to.as_deref().zip(to.as_ref());
    let to = to
        .map(|(word, meaning)| places(word, meaning))
        .transpose()?;
    let outside = |p: &Places| p.workloads.is_empty();
    if outside(&from) && to.as_ref().is_some_and(outside) {
        let message = "both ends are outside the cluster, where no policy applies";
        return Err(Refusal::new(message).help("one of them must be a workload"));
    }
    Ok((from, to))
}
