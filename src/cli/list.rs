//! `drawbridge list PATH...`: the allowed connections.

use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::path::Path;

use clap::ValueEnum;

use super::enforcers;
use super::{
    EnforcerName, FINE, Inputs, answer, exit_code, load_inputs, no_answer, no_answer_without,
    print_diagnostics, refused, wrong_question,
};
use crate::analysis::{self, Filter, Matrix};
use crate::diag::{Diagnostic, Span};
use crate::load::Loaded;
use crate::model::FlowPort;
use crate::model::validate::Refusal;
use crate::picture::Picture;
use crate::query::explain;
use crate::query::graph;
use crate::report::list::{self, Listing, by_namespace};
use crate::scene::{ApproxMeasure, Request, layout};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// Only connections from: namespace/workload, namespace/*, *, service/namespace/name, an address or a
    /// network; in a project also external/name or group/name
    #[arg(long, value_name = "END")]
    from: Option<String>,
    /// Only connections to, in the same notation
    #[arg(long, value_name = "END")]
    to: Option<String>,
    /// Only on these ports: TCP/80 or 80, UDP/4000-4010, TCP/http, TCP or any
    #[arg(long)]
    port: Option<String>,
    /// Only the connections that depend on the enforcer, and why, for these: kubernetes,cilium,calico (txt, json)
    #[arg(long, value_enum, value_delimiter = ',', value_name = "ENFORCERS")]
    compare_enforcers: Vec<EnforcerName>,
    /// Sum the connections up: one line for each pair of namespaces (txt, json, csv, md)
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

/// What connections are summed up by.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// The namespaces of both ends
    Namespace,
}

/// Output formats.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text in columns
    Txt,
    /// JSON
    Json,
    /// A table: src,dst,ports
    Csv,
    /// A Markdown table
    Md,
    /// A graph for Graphviz
    Dot,
    /// An SVG image
    Svg,
}

pub(super) fn run(args: &Args) -> u8 {
    if !args.compare_enforcers.is_empty() {
        return compare(args);
    }
    let json = match (args.output, args.by) {
        (Format::Json, None) => Some("drawbridge/list/1"),
        (Format::Json, Some(By::Namespace)) => Some("drawbridge/list-by-namespace/1"),
        _ => None,
    };
    let loaded = match load_inputs(&args.inputs) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return no_answer(json, &diagnostics),
    };
    let snapshot = &loaded.snapshot;
    // Freed with the process, like the inputs.
    let matrix = &*ManuallyDrop::new(Matrix::new(snapshot));
    let mut diagnostics = loaded.diagnostics.clone();
    diagnostics.extend(analysis::notes(snapshot, matrix));
    if loaded.snapshot.workloads.is_empty() {
        diagnostics.extend(args.inputs.paths.first().map(|path| no_workloads(path)));
    }
    let (filter, notes) = match filter(args, &loaded) {
        Ok(found) => found,
        Err(refusal) => {
            diagnostics.push(wrong_question(refusal));
            return no_answer_without(json, &diagnostics, &loaded.snapshot.left_out);
        }
    };
    diagnostics.extend(notes);
    print_diagnostics(&diagnostics);
    let code = exit_code(&diagnostics, FINE);
    let mut out = io::stdout().lock();
    let filter = &filter;
    let listing = Listing {
        snapshot,
        matrix,
        filter,
    };
    let written = match (args.output, args.by) {
        (Format::Txt, None) => list::text(&mut out, listing),
        (Format::Txt, Some(By::Namespace)) => by_namespace::text(&mut out, listing),
        (Format::Json, None) => list::json(&mut out, listing, &diagnostics),
        (Format::Json, Some(By::Namespace)) => by_namespace::json(&mut out, listing, &diagnostics),
        (Format::Csv, None) => list::csv(&mut out, listing),
        (Format::Csv, Some(By::Namespace)) => by_namespace::csv(&mut out, listing),
        (Format::Md, None) => list::markdown(&mut out, listing),
        (Format::Md, Some(By::Namespace)) => by_namespace::markdown(&mut out, listing),
        (Format::Dot | Format::Svg, Some(By::Namespace)) => {
            let refusal = Refusal::new("a graph is not summed up by namespace");
            return refused(refusal.help("choose txt, json, csv or md"));
        }
        (Format::Dot, None) => list::dot(&mut out, listing),
        (Format::Svg, None) => {
            drop(out);
            return match image(&loaded, matrix, filter) {
                Ok(text) => answer(&text, code),
                Err(refusal) => refused(refusal),
            };
        }
    };
    super::written(written.and_then(|()| out.flush()), code)
}

/// The connections that depend on the enforcer.
fn compare(args: &Args) -> u8 {
    if args.from.is_some() || args.to.is_some() || args.port.is_some() || args.by.is_some() {
        let refusal = Refusal::new("--compare-enforcers is for all connections");
        return refused(refusal.help("leave out `--from`, `--to`, `--port` and `--by`"));
    }
    let json = match args.output {
        Format::Txt => false,
        Format::Json => true,
        _ => {
            let refusal = Refusal::new("enforcers are compared as txt or json only");
            return refused(refusal.help("choose `-o txt` or `-o json`"));
        }
    };
    enforcers::run(&args.inputs, &args.compare_enforcers, json)
}

fn no_workloads(path: &Path) -> Diagnostic {
    let message = "the input declares no workloads, so there are no connections";
    Diagnostic::info("no-workloads", message)
        .at(Span::new(path.to_string_lossy().into(), 1, 1))
        .help("add the manifests of workloads, such as Deployments and Pods")
}

fn filter(args: &Args, loaded: &Loaded) -> Result<(Filter, Vec<Diagnostic>), Refusal> {
    let snapshot = &loaded.snapshot;
    let port = args.port.as_deref().map(explain::ports).transpose()?;
    let port = port.unwrap_or(FlowPort::Any);
    let from = args.from.as_deref().map(|word| loaded.meaning(word));
    let to = args.to.as_deref();
    let to = to.map(|word| loaded.destination(word, &port));
    let (from, to) = (from.transpose()?, to.transpose()?);
    let (wanted, notes) = explain::at_destination(snapshot, from.as_ref(), to.as_ref(), &port)?;
    let filter = Filter {
        from: from.map(|meaning| meaning.places(snapshot)),
        to: to.map(|meaning| meaning.places(snapshot)),
        ports: wanted.filter(snapshot),
    };
    Ok((filter, notes))
}

/// The connections as an SVG image in the light theme.
fn image(loaded: &Loaded, matrix: &Matrix, filter: &Filter) -> Result<String, Refusal> {
    let graph = graph::of(loaded, matrix, filter)?;
    let mut scene = layout::arrange(&Request::of(&graph.document, &ApproxMeasure));
    for space in &mut scene.namespaces {
        if let Some(words) = graph.isolation.get(&space.id) {
            space.base = words;
        }
    }
    Ok(Picture::default().svg(&scene))
}
