//! `drawbridge suggest PATH...`: flows that the manifests imply, and what isolated pods also need.

use super::{FINE, Format, Inputs, WRONG, answer, exit_code, print_diagnostics, read_by};
use crate::load;
use crate::report;
use crate::suggest::{catalogue, suggest};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

pub(super) fn run(args: &Args) -> u8 {
    let settings = load::Settings::default();
    let (loaded, _) = read_by(load::load_with_mentions, &args.inputs, settings);
    let diagnostics = &loaded.diagnostics;
    print_diagnostics(diagnostics);
    let is_unreadable = diagnostics.iter().any(|d| d.code == "project-format");
    if is_unreadable && loaded.project.is_none() {
        return WRONG;
    }
    let found = suggest(&loaded.snapshot, &loaded.mentions);
    let mut needed = catalogue::dependencies(&loaded.snapshot, &loaded.facts);
    if let Some(document) = &loaded.project {
        catalogue::draw::with_names_of(document, &mut needed);
    }
    let text = match args.output {
        Format::Txt => report::suggest::text(&found, &needed),
        Format::Json => report::suggest::json(&found, &needed, diagnostics),
    };
    answer(&text, exit_code(diagnostics, FINE))
}
