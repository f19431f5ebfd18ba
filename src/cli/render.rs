//! `drawbridge render PROJECT -o FILE`: the diagram of a project as an SVG or PNG picture.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    FINE, WRONG, about_flows, exit_code, open_project, places, print_diagnostics, refused, spinner,
};
use crate::diag::Diagnostic;
use crate::model::time;
use crate::model::validate::Refusal;
use crate::model::{Document, End, NamespaceId, NodeRef};
use crate::picture::{self, Caption, Judged, Picture, day_of};
use crate::project::files;
use crate::query::exposure;
use crate::query::results::{Results, check};
use crate::query::undrawn::beyond_drawn;
use crate::scene::tokens::Theme;
use crate::scene::{ApproxMeasure, ExtraKind, Part, Request, Visible, bundle, extra, layout};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The project, or - for standard input
    #[arg(value_name = "PROJECT")]
    project: PathBuf,
    /// The picture to write: FILE.svg or FILE.png
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Only this part, with its flows and their other ends: NAMESPACE, NAMESPACE/WORKLOAD, external/NAME,
    /// group/NAME or node/NAME; may be repeated
    #[arg(long, value_name = "PART")]
    select: Vec<String>,
    /// Light on dark
    #[arg(long)]
    dark: bool,
    /// Pixels for each point, 0.25 to 8 (PNG; default: 2)
    #[arg(long, value_name = "N", value_parser = scale)]
    scale: Option<f32>,
    /// The date in the picture (default: today, in UTC)
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
    date: Option<String>,
    /// Replace FILE although it is no picture that Drawbridge drew
    #[arg(long)]
    force: bool,
}

fn scale(text: &str) -> Result<f32, String> {
    let scale = text.parse::<f32>().ok();
    let scale = scale.filter(|scale| (0.25..=8.0).contains(scale));
    scale.ok_or_else(|| "expected a number from 0.25 to 8".to_owned())
}

fn date(text: &str) -> Result<String, String> {
    let is_digit = |(at, c): (usize, char)| match at {
        4 | 7 => c == '-',
        _ => c.is_ascii_digit(),
    };
    let is_written = text.len() == 10 && text.chars().enumerate().all(is_digit);
    match is_written && time::parse(&format!("{text}T00:00:00Z")).is_some() {
        true => Ok(text.to_owned()),
        false => Err("expected a date such as 2026-11-30".to_owned()),
    }
}

pub(super) fn run(args: &Args) -> u8 {
    let format = match format(args).and_then(|format| is_free(args).map(|()| format)) {
        Ok(format) => format,
        Err(diagnostic) => return failed(&diagnostic),
    };
    let Ok(opened) = open_project(&args.project) else {
        return WRONG;
    };
    let document = &opened.document;
    let selected: Result<Vec<NodeRef>, Refusal> = args
        .select
        .iter()
        .map(|words| node(document, words))
        .collect();
    let selected = match selected {
        Ok(selected) => selected,
        Err(refusal) => return refused(refusal),
    };
    let spinner = spinner("drawing");
    let results = check(document);
    let svg = svg(args, document, &results, &selected);
    let written = match format {
        Format::Svg => Ok(svg.into_bytes()),
        Format::Png => picture::png(&svg, args.scale.unwrap_or(2.0)),
    };
    let written =
        written.and_then(|bytes| files::write_bytes(&args.output, &bytes).map_err(Box::new));
    spinner.finish_and_clear();
    let places = places(&args.project.to_string_lossy(), &opened.file.text);
    let about_flows = about_flows(document, &results.generated, &places);
    print_diagnostics(&about_flows);
    match written {
        Ok(()) => exit_code(&[opened.diagnostics, about_flows].concat(), FINE),
        Err(diagnostic) => failed(&diagnostic),
    }
}

fn failed(diagnostic: &Diagnostic) -> u8 {
    print_diagnostics(std::slice::from_ref(diagnostic));
    WRONG
}

enum Format {
    Svg,
    Png,
}

/// The format of the output, or why it cannot be written.
fn format(args: &Args) -> Result<Format, Box<Diagnostic>> {
    let output = &args.output;
    let is_input = |path: &Path| {
        let both = (path.canonicalize(), output.canonicalize());
        matches!(both, (Ok(input), Ok(output)) if input == output)
    };
    if is_input(&args.project) {
        let message = format!("`{}` is the input and the output", output.display());
        return Err(Box::new(
            Diagnostic::error("file", message).help("write the picture to another file"),
        ));
    }
    let extension = output.extension().map(|e| e.to_ascii_lowercase());
    let format = match extension.as_ref().and_then(|e| e.to_str()) {
        Some("svg") => Format::Svg,
        Some("png") => Format::Png,
        _ => {
            let message = format!("`{}` is no name of a picture", output.display());
            return Err(Box::new(
                Diagnostic::error("file", message).help("choose FILE.svg or FILE.png"),
            ));
        }
    };
    if matches!(format, Format::Svg) && args.scale.is_some() {
        let message = "an SVG picture has no pixels, so `--scale` has no effect on it";
        let help = "leave out `--scale`, or write FILE.png";
        return Err(Box::new(Diagnostic::error("question", message).help(help)));
    }
    Ok(format)
}

/// An error if the output is there and is no picture that Drawbridge drew.
fn is_free(args: &Args) -> Result<(), Box<Diagnostic>> {
    let output = &args.output;
    let Ok(there) = output.symlink_metadata() else {
        return Ok(());
    };
    let is_ours = || fs::read(output).is_ok_and(|bytes| picture::is_ours(&bytes));
    if args.force || there.is_file() && is_ours() {
        return Ok(());
    }
    let message = format!(
        "`{}` was not drawn by Drawbridge: it is not replaced",
        output.display()
    );
    let help = "choose another name, or pass --force";
    Err(Box::new(Diagnostic::error("file", message).help(help)))
}

/// The node that a value of `--select` means.
fn node(document: &Document, words: &str) -> Result<NodeRef, Refusal> {
    let words = match words.contains('/') || words == "*" {
        true => words.to_owned(),
        false => format!("{words}/*"),
    };
    let found = document.end_from_words(&words);
    let found = found.map(|end: End| end.node().unwrap_or(NodeRef::AnyPod));
    found.map_err(|refusal| {
        let near = refusal
            .help
            .as_ref()
            .filter(|help| help.starts_with("did you mean"));
        let help = match near {
            Some(near) => near.clone(),
            None => "choose NAMESPACE, NAMESPACE/WORKLOAD, external/NAME, group/NAME or node/NAME"
                .to_owned(),
        };
        Refusal::new(refusal.message).help(help)
    })
}

/// The picture of the document, or of a part of it.
fn svg(args: &Args, document: &Document, results: &Results, selected: &[NodeRef]) -> String {
    let gates = exposure::gates(document, &results.in_force);
    let collapsed = collapsed(document, selected);
    let part = Part {
        nodes: selected.iter().copied().collect(),
        ..Part::default()
    };
    let imported = beyond_drawn(document, &results.in_force, &|| false);
    let imported = imported.iter();
    let imported = imported.map(|a| picture::extra(ExtraKind::Imported, &a.joined));
    let imported = extra::lifted(document, &collapsed, imported.collect());
    let visible = Visible::collapsed(collapsed);
    let request = Request::visible(document, &visible, &ApproxMeasure);
    let request = request.with_extras(&imported, &ApproxMeasure).part(&part);
    let scene = layout::arrange(&request);
    let name = files::name_of(document, Some(&args.project));
    let part = (!args.select.is_empty()).then(|| args.select.join(", "));
    let date = args.date.clone().unwrap_or_else(today);
    let verdict = results.with_invariants(results.proof.summary());
    let picture = Picture {
        theme: if args.dark { Theme::Dark } else { Theme::Light },
        judged: Arc::new(Judged::of(
            results,
            &gates,
            document,
            (&visible, &BTreeSet::new()),
        )),
        caption: Some(Caption::of(name, part.as_deref(), date, verdict)),
        legend: true,
        notes: Vec::new(),
    };
    picture.svg(&scene)
}

/// As the window opens the project; what is selected is expanded.
fn collapsed(document: &Document, selected: &[NodeRef]) -> BTreeSet<NamespaceId> {
    let mut collapsed = match &document.collapsed {
        Some(collapsed) => (**collapsed).clone(),
        None => bundle::collapsed_at_first(document),
    };
    for node in selected {
        match node {
            NodeRef::Namespace(id) => collapsed.remove(id),
            NodeRef::Workload(id) => {
                let home = document.workloads.get(*id).map(|w| w.namespace);
                home.is_some_and(|home| collapsed.remove(&home))
            }
            NodeRef::External(_) | NodeRef::Group(_) | NodeRef::Node(_) | NodeRef::AnyPod => false,
        };
    }
    collapsed
}

fn today() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    day_of(since.map_or(0, |since| since.as_secs()))
}
