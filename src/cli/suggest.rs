//! `drawbridge suggest PATH...`: flows that the manifests imply or recordings show, and what isolated pods also need.

use std::path::PathBuf;

use super::flows::{compared, read};
use super::{
    FINE, Format, Inputs, WRONG, answer, exit_code, json_of, no_answer, print_diagnostics, read_by,
    stdin_twice,
};
use crate::diag::Diagnostic;
use crate::import;
use crate::load::{self, Loaded};
use crate::observe::propose::{Proposals, propose};
use crate::observe::warnings;
use crate::report;
use crate::suggest::{self, catalogue, with_recorded};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Files of recorded flows that show more flows, gzipped or not, or - for standard input
    #[arg(long, value_name = "FILE", num_args = 1..)]
    flows: Vec<PathBuf>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

pub(super) fn run(args: &Args) -> u8 {
    if stdin_twice(args.inputs.paths.iter().chain(&args.flows)) {
        return WRONG;
    }
    let settings = load::Settings::default();
    let (loaded, _) = read_by(load::load_with_mentions, &args.inputs, settings);
    let (recorded, about_flows) = recorded(&args.flows, &loaded);
    let mut diagnostics = loaded.diagnostics.clone();
    diagnostics.extend(about_flows);
    let is_unreadable = diagnostics.iter().any(|d| d.code == "project-format");
    if is_unreadable && loaded.project.is_none() {
        return no_answer(json_of(args.output, "drawbridge/suggest/1"), &diagnostics);
    }
    print_diagnostics(&diagnostics);
    let found = suggest::suggest(&loaded.snapshot, &loaded.mentions);
    let unknown = suggest::unknown(&loaded.snapshot, &loaded.mentions);
    let shown = recorded.proposals.iter();
    let found = with_recorded(found, shown.map(|one| one.suggestion()).collect());
    let mut needed = catalogue::dependencies(&loaded.snapshot, &loaded.facts);
    if let Some(document) = &loaded.project {
        catalogue::draw::with_names_of(document, &mut needed);
    }
    let left_out = &recorded.left_out;
    let text = match args.output {
        Format::Txt => report::suggest::text(&found, &unknown, left_out, &needed),
        Format::Json => report::suggest::json(
            (&found, &unknown, left_out, &needed),
            &loaded.snapshot,
            &diagnostics,
        ),
    };
    answer(&text, exit_code(&diagnostics, FINE))
}

/// What recordings show beyond the project, or beyond the workloads of the manifests.
fn recorded(files: &[PathBuf], loaded: &Loaded) -> (Proposals, Vec<Diagnostic>) {
    if files.is_empty() {
        return (Proposals::default(), Vec::new());
    }
    let snapshot = &loaded.snapshot;
    let wanted: Vec<_> = files.iter().map(|file| (file.clone(), None)).collect();
    let (observed, mut diagnostics) = read(&wanted, None, Some(snapshot));
    diagnostics.extend(warnings(&observed, Some(snapshot)));
    let project = loaded.project.as_ref();
    let found = compared(snapshot, project, &observed).map(|comparison| match project {
        Some(document) => propose(document, &observed, &comparison),
        None => propose(&import::bare(snapshot), &observed, &comparison),
    });
    (found.unwrap_or_default(), diagnostics)
}
