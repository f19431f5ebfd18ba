//! As a JUnit XML report: a test case for each flow and each invariant, and one for what no flow draws.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Rule, Verified, is_input_error, outcome, verdict_word};
use crate::diag::{Diagnostic, is_unprintable};
use crate::model::validate::flow_ports_text;
use crate::model::{FlowId, Words};
use crate::proof::{Finding, Verdict};
use crate::query::Outcome;

type Xml = Writer<Vec<u8>>;

struct Suite {
    name: &'static str,
    cases: Vec<Case>,
}

struct Case {
    name: String,
    file: String,
    line: Option<u32>,
    result: CaseResult,
}

enum CaseResult {
    Passed,
    Skipped(String),
    Failed(Problem),
    /// The input is wrong, so the verdicts may be, too.
    Error(Problem),
}

struct Problem {
    kind: &'static str,
    message: String,
    /// Several lines.
    text: String,
}

/// The report. Readers show one failure of a test case, so that each has at most one.
pub fn junit(verified: Verified) -> String {
    let suites = [
        Suite {
            name: "flows",
            cases: flows(verified),
        },
        Suite {
            name: "policies",
            cases: policies(verified),
        },
        Suite {
            name: "invariants",
            cases: invariants(verified),
        },
    ];
    let project = match verified.document.name.as_str() {
        "" => verified.places.file.as_str(),
        name => name,
    };
    text(project, &suites)
}

/// The report of a project that cannot be read: an error for each of its own.
pub(super) fn unread(project: &str, diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|d| is_input_error(d));
    let suite = Suite {
        name: "project",
        cases: errors.map(input_error).collect(),
    };
    text(project, &[suite])
}

fn text(project: &str, suites: &[Suite]) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory does not fail.
    let _ = report(&mut xml, project, suites);
    let mut text = String::from_utf8(xml.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

fn flows(verified: Verified) -> Vec<Case> {
    let document = verified.document;
    let words = Words::new(document);
    let case = |(id, verdict): (&FlowId, &Verdict)| {
        let flow = document.flows.get(*id)?;
        let (from, to) = (words.of(&flow.from), words.of(&flow.to));
        let ports = flow_ports_text(&flow.ports);
        let denied = if flow.denies { "deny " } else { "" };
        let place = verified.places.flows.get(id);
        let result = match verdict {
            Verdict::Exact => CaseResult::Passed,
            Verdict::Muted => CaseResult::Skipped("the flow is muted".to_owned()),
            other => {
                let about = |(_, finding): &(usize, &Finding)| finding.flows.contains(id);
                let found = verified.proof.findings.iter().enumerate();
                let found: Vec<_> = found.filter(about).collect();
                CaseResult::Failed(problem(verified, &found, verdict_word(*other)))
            }
        };
        Some(Case {
            name: format!("{denied}{from} to {to} on {ports}"),
            file: verified.places.file.clone(),
            line: place.map(|span| span.line),
            result,
        })
    };
    verified.proof.verdicts.iter().filter_map(case).collect()
}

/// What is wrong with no flow: connections that none draws, policies that are not judged, and errors of the input.
fn policies(verified: Verified) -> Vec<Case> {
    let verdict = |id| verified.proof.verdicts.get(id);
    let fails = |id| verdict(id).is_some_and(|v| !matches!(v, Verdict::Exact | Verdict::Muted));
    let found = verified.proof.findings.iter().enumerate();
    let rest: Vec<_> = found.filter(|(_, f)| !f.flows.iter().any(fails)).collect();
    let mut cases = Vec::new();
    if !verified.proof.verdicts.is_empty() || !rest.is_empty() {
        cases.push(Case {
            name: "nothing else is allowed".to_owned(),
            file: verified.places.file.clone(),
            line: None,
            result: match rest.is_empty() {
                true => CaseResult::Passed,
                false => CaseResult::Failed(problem(verified, &rest, Rule::TooWide.id())),
            },
        });
    }
    let left_out = verified.left_out.iter().map(|policy| Case {
        name: policy.title(),
        file: policy.span.file.to_string(),
        line: Some(policy.span.line),
        result: CaseResult::Skipped("not judged; the verdicts do not count on it".to_owned()),
    });
    cases.extend(left_out);
    let diagnostics = verified.diagnostics.iter();
    let errors = diagnostics.filter(|d| is_input_error(d));
    cases.extend(errors.map(input_error));
    cases
}

fn input_error(d: &Diagnostic) -> Case {
    Case {
        name: d.message.clone(),
        file: (d.span.as_ref()).map_or(String::new(), |span| span.file.to_string()),
        line: d.span.as_ref().map(|span| span.line),
        result: CaseResult::Error(Problem {
            kind: d.code,
            message: d.message.clone(),
            text: d.to_string(),
        }),
    }
}

fn invariants(verified: Verified) -> Vec<Case> {
    let words = Words::new(verified.document);
    let cases = verified.judged().map(|(invariant, judged)| {
        let kind = match judged.outcome {
            Outcome::Kept => None,
            Outcome::Broken(_) => Some(Rule::Broken.id()),
            Outcome::CannotBeJudged(_) => Some(Rule::NotJudged.id()),
        };
        let (_, why, help) = outcome(&judged.outcome);
        let failed = |kind| {
            let mut text = format!("required: {}\nfound: {why}", words.demand(invariant));
            if let Some(help) = help {
                text.push_str(&format!("\nhelp: {help}"));
            }
            CaseResult::Failed(Problem {
                kind,
                message: why.to_owned(),
                text,
            })
        };
        Case {
            name: invariant.name.clone(),
            file: verified.places.file.clone(),
            line: verified.places.invariants.get(&judged.id).copied(),
            result: kind.map_or(CaseResult::Passed, failed),
        }
    });
    cases.collect()
}

/// Findings as one failure; `kind` counts where there is none, or no single kind.
fn problem(verified: Verified, found: &[(usize, &Finding)], kind: &'static str) -> Problem {
    let message = match found {
        [] => format!("the verdict is {kind}"),
        [(_, only)] => only.message.clone(),
        [(_, first), rest @ ..] => format!("{}; and {} more", first.message, rest.len()),
    };
    let mut text = String::new();
    for (at, finding) in found {
        super::finding_text(&mut text, verified, finding, verified.fixes_of(*at));
    }
    Problem {
        kind: found.first().map_or(kind, |(_, f)| Rule::of(f.kind).id()),
        message,
        text: text.trim_end().to_owned(),
    }
}

fn report(xml: &mut Xml, project: &str, suites: &[Suite]) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Case> = suites.iter().flat_map(|suite| &suite.cases).collect();
    let root = xml.create_element("testsuites");
    let root = root.with_attribute(("name", legal(project).as_str()));
    root.with_attributes(counts(&all).iter().map(|(k, v)| (*k, v.as_str())))
        .write_inner_content(|xml| {
            let filled = suites.iter().filter(|suite| !suite.cases.is_empty());
            filled
                .into_iter()
                .try_for_each(|one| suite(xml, project, one))
        })?;
    Ok(())
}

fn suite(xml: &mut Xml, project: &str, suite: &Suite) -> io::Result<()> {
    let class = legal(&format!("{project}.{}", suite.name));
    let element = xml.create_element("testsuite");
    let element = element.with_attribute(("name", suite.name));
    let all: Vec<&Case> = suite.cases.iter().collect();
    element
        .with_attributes(counts(&all).iter().map(|(k, v)| (*k, v.as_str())))
        .write_inner_content(|xml| all.iter().try_for_each(|one| case(xml, &class, one)))?;
    Ok(())
}

fn case(xml: &mut Xml, class: &str, case: &Case) -> io::Result<()> {
    let name = legal(&case.name);
    let mut element = xml
        .create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", class)]);
    if !case.file.is_empty() {
        element = element.with_attribute(("file", legal(&case.file).as_str()));
    }
    if let Some(line) = case.line {
        element = element.with_attribute(("line", line.to_string().as_str()));
    }
    match &case.result {
        CaseResult::Passed => element.write_empty()?,
        CaseResult::Skipped(why) => element.write_inner_content(|xml| {
            let skipped = xml.create_element("skipped");
            skipped
                .with_attribute(("message", why.as_str()))
                .write_empty()?;
            Ok(())
        })?,
        CaseResult::Failed(found) => {
            element.write_inner_content(|xml| problem_element(xml, "failure", found))?
        }
        CaseResult::Error(found) => {
            element.write_inner_content(|xml| problem_element(xml, "error", found))?
        }
    };
    Ok(())
}

fn problem_element(xml: &mut Xml, name: &'static str, found: &Problem) -> io::Result<()> {
    let message = legal(&found.message);
    xml.create_element(name)
        .with_attributes([("type", found.kind), ("message", message.as_str())])
        .write_text_content(BytesText::new(&legal(&found.text)))?;
    Ok(())
}

fn counts(cases: &[&Case]) -> [(&'static str, String); 4] {
    let count = |is: fn(&CaseResult) -> bool| {
        let some = cases.iter().filter(|case| is(&case.result));
        some.count().to_string()
    };
    [
        ("tests", cases.len().to_string()),
        ("failures", count(|r| matches!(r, CaseResult::Failed(_)))),
        ("errors", count(|r| matches!(r, CaseResult::Error(_)))),
        ("skipped", count(|r| matches!(r, CaseResult::Skipped(_)))),
    ]
}

/// The text without what XML 1.0 cannot contain, even escaped, and what a terminal acts on.
fn legal(text: &str) -> String {
    let one = |c: char| match c {
        '\n' => c,
        '\u{fffe}' | '\u{ffff}' => ' ',
        c if is_unprintable(c) => ' ',
        c => c,
    };
    text.chars().map(one).collect()
}
