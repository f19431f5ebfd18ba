//! `drawbridge flows FILE...`: connections in recorded traffic, and which of them policies would deny.

use std::io;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::path::PathBuf;

use clap::ValueEnum;

use super::{
    FINDINGS, FINE, Inputs, Rules, WRONG, exit_code, load_inputs, no_answer, print_diagnostics,
    spinner, stdin_twice,
};
use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Severity, Span};
use crate::load::Loaded;
use crate::model::Document;
use crate::observe::classes::{Comparison, Drawing, compare};
use crate::observe::time::{self, Time};
use crate::observe::{Observed, Reader, warnings, workloads_of};
use crate::project::format::EXTENSION;
use crate::project::recordings::{self, Hashed};
use crate::project::{files, sources};
use crate::proof::{InForce, generate};
use crate::query::drawn::DrawnConnections;
use crate::report::flows::{self, Flows, would_change};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Files of recorded flows, gzipped or not, or - for standard input; or a project, for its recordings
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Ask whether these policies would allow the connections: files, folders or a project, with the workloads
    #[arg(long, value_name = "PATH", num_args = 1..)]
    against: Vec<PathBuf>,
    /// Count only connections that began at this time or later, for example 2026-11-03T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Time>,
    /// Count only connections that began before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Time>,
    #[command(flatten)]
    rules: Rules,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

fn time(text: &str) -> Result<Time, String> {
    let expected = || "expected a time such as 2026-11-03T09:00:00Z".to_owned();
    time::parse(text).ok_or_else(expected)
}

impl Args {
    /// When the connections that count began; none: whenever.
    fn window(&self) -> Option<Range<Time>> {
        let is_narrow = self.since.is_some() || self.until.is_some();
        is_narrow.then(|| self.since.unwrap_or(Time::MIN)..self.until.unwrap_or(Time::MAX))
    }
}

/// Output formats.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text
    Txt,
    /// JSON
    Json,
    /// A table: source,destination,protocol,port,count,first,last,verdict
    Csv,
    /// A Markdown table
    Md,
}

/// A recording, and the digest that a project has of it.
type Wanted = (PathBuf, Option<String>);

/// The recordings to read, and what to judge them against: a project among the files stands for its recordings, and is
/// what they are judged against unless something else is.
fn inputs(args: &Args) -> Result<(Vec<Wanted>, Vec<PathBuf>), Vec<Diagnostic>> {
    let mut against = args.against.clone();
    let mut wanted = Vec::new();
    for file in &args.files {
        if !file.to_string_lossy().ends_with(EXTENSION) {
            wanted.push((file.clone(), None));
            continue;
        }
        let recordings = files::open(file)?.document.recordings;
        if recordings.is_empty() {
            let message = "the project refers to no recordings";
            let help =
                "add one in the window, or name its file here and the project with --against";
            let at = Span::new(file.to_string_lossy().into(), 1, 1);
            return Err(vec![Diagnostic::error("flows", message).at(at).help(help)]);
        }
        let recordings = recordings.iter();
        wanted.extend(recordings.map(|one| {
            let path = recordings::path_of(Some(file), &one.file);
            (path, Some(one.sha256.clone()))
        }));
        if args.against.is_empty() {
            against.push(file.clone());
        }
    }
    Ok((wanted, against))
}

pub(super) fn run(args: &Args) -> u8 {
    if stdin_twice(args.files.iter().chain(&args.against)) {
        return WRONG;
    }
    let json = matches!(args.output, Format::Json).then_some("drawbridge/flows/1");
    let (wanted, against) = match inputs(args) {
        Ok(inputs) => inputs,
        Err(diagnostics) => return no_answer(json, &diagnostics),
    };
    let loaded = match against.is_empty() {
        true => None,
        false => {
            let inputs = Inputs {
                paths: against,
                rules: args.rules.clone(),
            };
            match load_inputs(&inputs) {
                Ok(loaded) => Some(loaded),
                Err(diagnostics) => return no_answer(json, &diagnostics),
            }
        }
    };
    let loaded: Option<&Loaded> = loaded.as_deref();
    let snapshot = loaded.map(|loaded| &loaded.snapshot);
    let (observed, mut diagnostics) = read(&wanted, args.window(), snapshot);
    diagnostics.extend(warnings(&observed, snapshot));
    let document = loaded.and_then(|loaded| loaded.project.as_ref());
    let comparison = snapshot.and_then(|snapshot| compared(snapshot, document, &observed));
    diagnostics.extend(
        loaded
            .into_iter()
            .flat_map(|loaded| loaded.diagnostics.iter().cloned()),
    );
    print_diagnostics(&diagnostics);
    let found = Flows {
        observed: &observed,
        comparison: comparison.as_ref(),
        document,
    };
    let code = if would_change(found) { FINDINGS } else { FINE };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = match args.output {
        Format::Txt => flows::text(&mut out, found),
        Format::Json => flows::json(&mut out, found, snapshot, &diagnostics),
        Format::Csv => flows::csv(&mut out, found),
        Format::Md => flows::markdown(&mut out, found),
    };
    // What is not judged makes replays uncertain, which is a finding.
    let errors: Vec<Diagnostic> = diagnostics
        .into_iter()
        .filter(|d| d.severity == Severity::Error)
        .collect();
    super::written(written, exit_code(&errors, code))
}

/// The connections beside the policies, and beside the drawing of a project.
pub(super) fn compared(
    snapshot: &Snapshot,
    document: Option<&Document>,
    observed: &Observed,
) -> Option<Comparison> {
    let drawn = document.map(|document| {
        let generated = generate(document);
        let in_force = InForce::read(document, &generated);
        DrawnConnections::new(document, &generated, &in_force)
    });
    let drawing = document.zip(drawn.as_ref());
    let drawing = drawing.map(|(document, drawn)| Drawing { document, drawn });
    compare(snapshot, drawing, observed, &|| false)
}

/// The connections of all files. Not dropped: the process ends soon.
pub(super) fn read(
    files: &[Wanted],
    window: Option<Range<Time>>,
    snapshot: Option<&Snapshot>,
) -> (ManuallyDrop<Observed>, Vec<Diagnostic>) {
    let spinner = spinner("reading flows");
    let mut reader = window.map_or_else(Reader::default, Reader::between);
    let mut diagnostics = Vec::new();
    for (file, expected) in files {
        match (sources::stream(file), expected) {
            (Ok(mut input), None) => {
                diagnostics.extend(reader.read(&file.to_string_lossy(), &mut input));
            }
            (Ok(input), Some(expected)) => {
                let mut input = Hashed::new(input);
                diagnostics.extend(reader.read(&file.to_string_lossy(), &mut input));
                // What stands behind compressed data counts, too. An error was reported above.
                let _ = io::copy(&mut input, &mut io::sink());
                diagnostics.extend(recordings::changed(file, expected, &input.digest()));
            }
            (Err(diagnostic), None) => diagnostics.push(*diagnostic),
            (Err(diagnostic), Some(_)) => diagnostics.push(recordings::unreadable(*diagnostic)),
        }
    }
    let manifests = snapshot.map(workloads_of);
    let observed =
        reader.finish(&|namespace, pod, labels| manifests.as_ref()?(namespace, pod, labels));
    spinner.finish_and_clear();
    let has_records = observed
        .capture
        .sources
        .iter()
        .any(|source| source.format.is_some());
    if !has_records {
        let message = "no recorded flow was found";
        let help = "flows are read from Hubble, Retina, Goldmane, Whisker, and CSV with the header \
            source,destination,protocol,port";
        diagnostics.push(Diagnostic::error("flows", message).help(help));
    }
    (ManuallyDrop::new(observed), diagnostics)
}
