//! `drawbridge verify PROJECT [--against PATH...]`: policies against the drawn flows and the invariants.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{
    DialectName, FINDINGS, FINE, Inputs, Rules, WRONG, answer, exit_code, namespace, open_project,
    places, print_diagnostics, read_under, stdin_twice,
};
use crate::cluster::LeftOut;
use crate::diag::Diagnostic;
use crate::lint;
use crate::load;
use crate::manifest::Source;
use crate::model::{Document, ImportedPolicy, PolicyId};
use crate::project::format;
use crate::proof::{Kind, Proof};
use crate::query::Judged;
use crate::report::{
    self,
    verify::{self, Verified},
};

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
    /// Judge the policies in this dialect (default: the project's first)
    #[arg(long, value_enum)]
    dialect: Option<DialectName>,
    /// Accept that policies of this kind are not judged (may be given several times)
    #[arg(long, value_name = "KIND")]
    leave_out: Vec<String>,
    /// The namespace of objects of --against that name none, as for `kubectl apply --namespace` (default: default)
    #[arg(long, value_name = "NAME", value_parser = namespace, requires = "against")]
    namespace: Option<String>,
    /// Build the folders of --against that have a kustomization.yaml, with `kustomize` or `kubectl` from the PATH, and
    /// read the result
    #[arg(long, requires = "against")]
    kustomize: bool,
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
    /// JUnit XML: a test case for each flow and invariant
    Junit,
}

/// The results of verifying.
struct Found {
    proof: Proof,
    invariants: Vec<Judged>,
    fixes: Vec<Vec<String>>,
    diagnostics: Vec<Diagnostic>,
    left_out: Vec<LeftOut>,
    left_out_of: Vec<PolicyId>,
}

pub(super) fn run(args: &Args) -> u8 {
    if stdin_twice(args.against.iter().chain([&args.project])) {
        return WRONG;
    }
    let opened = match open_project(&args.project) {
        Ok(opened) => opened,
        Err(diagnostics) => return answer(&unread(args, &diagnostics), WRONG),
    };
    let (mut document, of_project) = (opened.document, opened.diagnostics);
    if let Some(dialect) = args.dialect {
        document.settings.dialects = vec![dialect.into()];
    }
    let mut found = match args.against.is_empty() {
        true => {
            let file = args.project.to_string_lossy();
            own(&format::in_place(&document, &file, &opened.file.text))
        }
        false => against(args, &document),
    };
    let notes = crate::query::invariants::without_routes(&document);
    found.diagnostics.extend(notes);
    let rules = Rules {
        leave_out: args.leave_out.clone(),
        ..Rules::default()
    };
    rules.accept(&mut found.diagnostics);
    let places = places(&args.project.to_string_lossy(), &opened.file.text);
    places.locate(&mut found.diagnostics);
    print_diagnostics(&found.diagnostics);
    // Those of the project are printed already.
    found.diagnostics.splice(0..0, of_project);
    let verified = Verified {
        document: &document,
        proof: &found.proof,
        invariants: &found.invariants,
        fixes: &found.fixes,
        diagnostics: &found.diagnostics,
        left_out: &found.left_out,
        left_out_of: &found.left_out_of,
        places: &places,
    };
    let text = match args.output {
        Format::Txt => verify::text(verified),
        Format::Json => verify::json(verified),
        Format::Sarif => verify::sarif(verified),
        Format::Md => verify::markdown(verified),
        Format::Junit => verify::junit(verified),
    };
    // An invalid flow is an error of the project, whatever else is found.
    let mut findings = found.proof.findings.iter();
    let code = match verified.is_fine() {
        _ if findings.any(|finding| finding.kind == Kind::Invalid) => WRONG,
        Some(true) => FINE,
        Some(false) => FINDINGS,
        None => {
            let message =
                "the project draws no flows and isolates nothing, so there is nothing to verify";
            let help = "draw flows, choose a default deny (`base`), or write invariants";
            print_diagnostics(&[Diagnostic::error("no-flows", message).help(help)]);
            WRONG
        }
    };
    answer(&text, exit_code(&found.diagnostics, code))
}

/// What is in place of the answer where the project cannot be read.
fn unread(args: &Args, diagnostics: &[Diagnostic]) -> String {
    let project = args.project.to_string_lossy();
    match args.output {
        Format::Txt => String::new(),
        Format::Json => report::no_answer("drawbridge/verify/1", diagnostics, &[]),
        Format::Sarif => verify::unread::sarif(diagnostics),
        Format::Md => verify::unread::markdown(&project, diagnostics),
        Format::Junit => verify::unread::junit(&project, diagnostics),
    }
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
    diagnostics.extend(results.denied);
    let (left_out, left_out_of) = imported_left_out(document).into_iter().unzip();
    Found {
        proof: results.proof,
        invariants: results.invariants,
        fixes,
        diagnostics,
        left_out,
        left_out_of,
    }
}

/// The imported policies that are not judged, by place.
fn imported_left_out(document: &Document) -> Vec<(LeftOut, PolicyId)> {
    let settings = load::Settings::of(&document.settings);
    let of = |(id, policy): (PolicyId, &ImportedPolicy)| {
        let text = Source::new(policy.file.as_str(), policy.text.as_str());
        let read = load::load(&[text], &settings).snapshot.left_out;
        read.into_iter().map(move |policy| (policy, id))
    };
    let mut found: Vec<_> = document.policies.iter().flat_map(of).collect();
    found.sort_by(|(a, _), (b, _)| a.span.cmp(&b.span));
    found
}

fn against(args: &Args, document: &Document) -> Found {
    let inputs = Inputs {
        paths: args.against.clone(),
        rules: Rules {
            namespace: args.namespace.clone(),
            kustomize: args.kustomize,
            ..Rules::default()
        },
    };
    let mut loaded = read_under(&inputs, load::Settings::of(&document.settings));
    lint::qualify(&mut loaded);
    let diagnostics = loaded.diagnostics.clone();
    let left_out = loaded.snapshot.left_out.clone();
    let (proof, invariants) = crate::query::check_against(document, &loaded.snapshot);
    Found {
        proof,
        invariants,
        fixes: Vec::new(),
        diagnostics,
        left_out,
        left_out_of: Vec::new(),
    }
}
