//! `drawbridge convert PATH... --to DIALECT [-o DIR]`: policies in another dialect, compared before and after.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::export;
use super::{
    DialectName, FINDINGS, FINE, Inputs, WRONG, exit_code, folder, load_inputs, no_answer,
    print_diagnostics, stdin_twice,
};
use crate::convert::{Conversion, Reading, convert};
use crate::diag::Diagnostic;
use crate::load::{Loaded, Settings};
use crate::policy::Target;
use crate::project::files::{ExportFile, ExportOptions};
use crate::report;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    inputs: Inputs,
    /// The dialect to write
    #[arg(long, value_enum, value_name = "DIALECT")]
    to: DialectName,
    /// The folder to write one file per policy to, NAMESPACE/NAME.yaml (default: standard output, with the report on
    /// standard error)
    #[arg(short, long, value_name = "DIR", value_parser = PathBufValueParser::new().try_map(folder))]
    output: Option<PathBuf>,
    /// Format of the report; json without --output prints no policies
    #[arg(long, value_enum, default_value_t = Format::Txt)]
    report: Format,
    /// Overwrite or delete files that were edited since the last conversion, or that no conversion of this input wrote
    #[arg(long, requires = "output")]
    force: bool,
}

/// Formats of the report.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text
    Txt,
    /// JSON
    Json,
    /// Markdown tables, for a review comment
    Md,
}

pub(super) fn run(args: &Args) -> u8 {
    if stdin_twice(&args.inputs.paths) {
        return WRONG;
    }
    let json = (args.report == Format::Json).then_some("drawbridge/convert/1");
    let loaded = match load_inputs(&args.inputs) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return no_answer(json, &diagnostics),
    };
    let mut diagnostics = loaded.diagnostics.clone();
    if loaded.policies.is_empty() {
        let message = "the input has no policy that can be converted";
        diagnostics.push(Diagnostic::error("no-policy", message));
    }
    print_diagnostics(&diagnostics);
    let rules = &args.inputs.rules;
    let reading = Reading {
        assumptions: rules.over(assumed(&loaded)).assumptions,
        namespace: rules.namespace.as_deref(),
    };
    let found = convert(&loaded, args.to.into(), reading);
    let code = match found.is_exact() {
        true => FINE,
        false => FINDINGS,
    };
    let code = exit_code(&diagnostics, code);
    if let Some(folder) = &args.output
        && let Err(refused) = write(args, folder, &found)
    {
        diagnostics.extend_from_slice(&refused);
        print_diagnostics(&refused);
        return match json {
            Some(format) => super::answer(
                &report::no_answer(format, &diagnostics, &loaded.snapshot.left_out),
                WRONG,
            ),
            None => WRONG,
        };
    }
    let done = print(args, &loaded, &found, &diagnostics);
    super::written(done, code)
}

/// The assumptions of a project, else the default ones.
fn assumed(loaded: &Loaded) -> Settings {
    let project = loaded.project.as_ref();
    project.map_or_else(Settings::default, |document| {
        Settings::of(&document.settings)
    })
}

/// Prints the report, and the policies where they are not in files.
fn print(
    args: &Args,
    loaded: &Loaded,
    found: &Conversion,
    diagnostics: &[Diagnostic],
) -> io::Result<()> {
    let mut report = Vec::new();
    let before = &loaded.snapshot;
    match args.report {
        Format::Txt => report::convert::text(&mut report, before, found)?,
        Format::Md => report.extend(report::convert::markdown(before, found).into_bytes()),
        Format::Json => report::convert::json(&mut report, before, found, diagnostics)?,
    }
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    if args.output.is_some() || args.report == Format::Json {
        out.write_all(&report)?;
    } else {
        let texts: Vec<&str> = found.written().map(|one| one.text.as_str()).collect();
        out.write_all(texts.join("---\n").as_bytes())?;
        // In one write, as diagnostics.
        let _ = io::stderr().write_all(&report);
    }
    out.flush()
}

/// Writes the files, and reports which on standard error.
fn write(args: &Args, folder: &Path, found: &Conversion) -> Result<(), Vec<Diagnostic>> {
    let file = |one: &crate::convert::Written| ExportFile {
        namespace: one.namespace.clone(),
        name: one.name.clone(),
        text: one.text.clone(),
    };
    let files: Vec<ExportFile> = found.written().map(file).collect();
    let target = Target::from(args.to);
    // What is read from standard input has no name: it counts as the same input each time.
    let (stdin, inputs): (Vec<PathBuf>, Vec<PathBuf>) =
        (args.inputs.paths.iter().cloned()).partition(|path| path.as_os_str() == "-");
    let from = if stdin.is_empty() { "" } else { " of -" };
    let options = ExportOptions {
        project: format!("conversion{from} to {}", target.name()),
        files: inputs,
        ..ExportOptions::default()
    };
    let done = export::write(folder.to_owned(), &files, &options, args.force)?;
    let _ = io::stderr().write_all(done.as_bytes());
    Ok(())
}
