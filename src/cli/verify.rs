//! `drawbridge verify PROJECT [--against PATH...]`: policies against the drawn flows and the invariants.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{
    FINDINGS, FINE, Inputs, Rules, WRONG, answer, exit_code, open_project, print_diagnostics,
    read_under, stdin_twice,
};
use crate::cluster::LeftOut;
use crate::diag::Diagnostic;
use crate::lint;
use crate::load;
use crate::manifest::Source;
use crate::model::Document;
use crate::project::format;
use crate::proof::Proof;
use crate::query::Judged;
use crate::report::verify::{self, Places, Verified};

/// The most findings to search fixes for: each fix is proven, which takes time.
const FIXED: usize = 20;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: PathBuf,
    /// Check these policies instead of the project's generated and imported ones
    #[arg(long, value_name = "PATH", num_args = 1..)]
    against: Vec<PathBuf>,
    /// Accept that policies of this kind are not judged (may be given several times)
    #[arg(long, value_name = "KIND")]
    leave_out: Vec<String>,
    /// Output format
    #[arg(short, long, value_enum, default_value_t = Format::Txt)]
    output: Format,
}

/// Output formats.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Text
    Txt,
    /// JSON
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Markdown, for a review comment
    Md,
}

/// The results of verifying.
struct Found {
    proof: Proof,
    invariants: Vec<Judged>,
    fixes: Vec<Vec<String>>,
    diagnostics: Vec<Diagnostic>,
    left_out: Vec<LeftOut>,
}

pub(super) fn run(args: &Args) -> u8 {
    if stdin_twice(args.against.iter().chain([&args.project])) {
        return WRONG;
    }
    let Some(opened) = open_project(&args.project) else {
        return WRONG;
    };
    let (document, of_project) = (opened.document, opened.diagnostics);
    let mut found = match args.against.is_empty() {
        true => own(&document),
        false => against(args, &document),
    };
    let notes = crate::query::invariants::without_routes(&document);
    found.diagnostics.extend(notes);
    let rules = Rules {
        leave_out: args.leave_out.clone(),
        ..Rules::default()
    };
    rules.accept(&mut found.diagnostics);
    print_diagnostics(&found.diagnostics);
    let verified = Verified {
        document: &document,
        proof: &found.proof,
        invariants: &found.invariants,
        fixes: &found.fixes,
        diagnostics: &found.diagnostics,
        left_out: &found.left_out,
        places: &places(args, &opened.file.text),
    };
    let text = match args.output {
        Format::Txt => verify::text(verified),
        Format::Json => verify::json(verified),
        Format::Sarif => verify::sarif(verified),
        Format::Md => verify::markdown(verified),
    };
    let code = match verified.is_fine() {
        Some(true) => FINE,
        Some(false) => FINDINGS,
        None => WRONG,
    };
    let code = exit_code(&of_project, code);
    answer(&text, exit_code(&found.diagnostics, code))
}

fn own(document: &Document) -> Found {
    let results = crate::query::check(document);
    let titles = |finding| {
        let fixes = crate::proof::fixes(
            &results.document,
            &results.generated,
            &results.proof,
            finding,
        )
        .into_iter();
        fixes.map(|fix| fix.title).collect()
    };
    let findings = results.proof.findings.iter().take(FIXED);
    let fixes = findings.map(titles).collect();
    let mut diagnostics = results.generated.diagnostics;
    diagnostics.extend(results.proof.diagnostics.clone());
    diagnostics.extend(results.findings);
    diagnostics.extend(results.half_open.into_iter().map(|found| found.diagnostic));
    Found {
        proof: results.proof,
        invariants: results.invariants,
        fixes,
        diagnostics,
        left_out: imported_left_out(document),
    }
}

/// The imported policies that are not judged.
fn imported_left_out(document: &Document) -> Vec<LeftOut> {
    let imported = document.policies.iter();
    let texts: Vec<_> = imported
        .map(|(_, policy)| Source::new(policy.file.as_str(), policy.text.as_str()))
        .collect();
    let read = load::load(&texts, &load::Settings::of(&document.settings));
    read.snapshot.left_out
}

fn against(args: &Args, document: &Document) -> Found {
    let inputs = Inputs {
        paths: args.against.clone(),
        rules: Rules::default(),
    };
    let mut loaded = read_under(&inputs, load::Settings::of(&document.settings));
    lint::qualify(&mut loaded);
    let diagnostics = loaded.diagnostics.clone();
    let left_out = loaded.snapshot.left_out.clone();
    let policies = loaded.snapshot.policies.clone();
    let (proof, invariants) = crate::query::check_against(document, policies);
    Found {
        proof,
        invariants,
        fixes: Vec::new(),
        diagnostics,
        left_out,
    }
}

/// The lines of the project's flows, policies and invariants in its file.
fn places(args: &Args, text: &str) -> Places {
    let found = format::places(text);
    fn by_id<K: From<u32> + Ord>(lines: Vec<u32>) -> std::collections::BTreeMap<K, u32> {
        (0..).map(K::from).zip(lines).collect()
    }
    Places {
        file: args.project.to_string_lossy().into_owned(),
        flows: by_id(found.flows),
        policies: by_id(found.policies),
        invariants: by_id(found.invariants),
    }
}
