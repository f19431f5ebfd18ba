//! As SARIF 2.1.0, for code scanning. Every result has a location: the rule that causes it, if it is in a file,
//! else the line of the flow, imported policy or invariant in the project file.

use serde_json::{Value, json};

use super::{Rule, Verified, is_input_error, outcome};
use crate::diag::{Diagnostic, Severity, Span};
use crate::model::{PolicyId, Words};
use crate::proof::Finding;
use crate::proof::Origin;
use crate::query::Outcome;

/// The published schema that the output conforms to.
pub(in crate::report) const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A log of one run, with a rule for each kind of finding.
pub fn sarif(verified: Verified) -> String {
    let mut results: Vec<Value> = (verified.proof.findings.iter().enumerate())
        .map(|(at, finding)| of_finding(verified, finding, verified.fixes_of(at)))
        .collect();
    results.extend(of_invariants(verified));
    results.extend(left_out(verified));
    log(&results, verified.diagnostics)
}

/// A log of one run.
pub(super) fn log(results: &[Value], diagnostics: &[Diagnostic]) -> String {
    let notifications: Vec<Value> = diagnostics.iter().map(notification).collect();
    let wrong = diagnostics.iter().any(is_input_error);
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Drawbridge",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Rule::ALL.map(rule),
            }},
            "invocations": [{
                "executionSuccessful": !wrong,
                "toolExecutionNotifications": notifications,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn rule(rule: Rule) -> Value {
    json!({
        "id": rule.id(),
        "name": name(rule),
        "shortDescription": {"text": rule.means()},
        "defaultConfiguration": {"level": level(rule)},
    })
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Blocked => "Blocked",
        Rule::TooWide => "TooWide",
        Rule::Invalid => "InvalidFlow",
        Rule::CannotExpress => "CannotExpress",
        Rule::Approximated => "Approximated",
        Rule::Broken => "InvariantBroken",
        Rule::NotJudged => "InvariantNotJudged",
        Rule::LeftOut => "PolicyNotJudged",
    }
}

fn level(rule: Rule) -> &'static str {
    match rule {
        Rule::Blocked | Rule::TooWide | Rule::Invalid | Rule::Broken => "error",
        Rule::CannotExpress | Rule::Approximated | Rule::NotJudged | Rule::LeftOut => "warning",
    }
}

fn result(rule: Rule, message: String, locations: Vec<Value>, key: &str) -> Value {
    let index = Rule::ALL.iter().position(|one| *one == rule);
    json!({
        "ruleId": rule.id(),
        "ruleIndex": index,
        "level": level(rule),
        "message": {"text": message},
        "locations": locations,
        "partialFingerprints": {"drawbridge/1": format!("{}:{key}", rule.id())},
    })
}

fn of_finding(verified: Verified, finding: &Finding, fixes: &[String]) -> Value {
    let mut message = sentence(&finding.message);
    if let Some(help) = &finding.help {
        message.push_str(&format!(" {}", sentence(help)));
    }
    if !fixes.is_empty() {
        message.push_str(&format!(" Fix: {}.", fixes.join(", or: ")));
    }
    let key = format!("{} to {} on {}", finding.from, finding.to, finding.ports);
    result(
        Rule::of(finding.kind),
        message,
        locations(verified, finding),
        &key,
    )
}

fn of_invariants(verified: Verified) -> Vec<Value> {
    let words = Words::new(verified.document);
    let one = |(invariant, judged): (&crate::model::Invariant, &crate::query::Judged)| {
        let rule = match judged.outcome {
            Outcome::Kept => return None,
            Outcome::Broken(_) => Rule::Broken,
            Outcome::CannotBeJudged(_) => Rule::NotJudged,
        };
        let (_, why, help) = outcome(&judged.outcome);
        let mut message = format!("{}: {}.", invariant.name, words.demand(invariant));
        for part in [Some(why), help].into_iter().flatten() {
            message.push_str(&format!(" {}", sentence(part)));
        }
        let line = verified.places.invariants.get(&judged.id);
        let mut place = in_project(verified, line.copied());
        place["logicalLocations"] = json!([{"name": invariant.name, "kind": "invariant"}]);
        Some(result(rule, message, vec![place], &invariant.name))
    };
    verified.judged().filter_map(one).collect()
}

/// The policies that are not judged, each at its own line; that of an imported one in the project file.
fn left_out(verified: Verified) -> impl Iterator<Item = Value> {
    verified
        .left_out
        .iter()
        .enumerate()
        .map(move |(at, policy)| {
            let span = &policy.span;
            let place = match verified.left_out_of.get(at) {
                Some(id) => imported(verified, *id, span),
                None => physical(&span.file, Some(span.line)),
            };
            let title = policy.title();
            let message = format!("{title} is not judged; the verdicts do not count on it.");
            result(Rule::LeftOut, message, vec![place], &title)
        })
}

/// The locations of the rules that cause the finding; else that of the flow; else the project file.
fn locations(verified: Verified, finding: &Finding) -> Vec<Value> {
    let places = verified.places;
    let blamed = finding.culprits.iter().filter_map(|culprit| {
        let span = &culprit.span;
        match culprit.origin {
            Origin::Given => Some(physical(&span.file, Some(span.line))),
            Origin::Imported(id) => Some(imported(verified, id, span)),
            Origin::Generated(_) => None,
        }
    });
    let mut found: Vec<Value> = blamed.collect();
    found.dedup();
    if found.is_empty() {
        let flow = finding.flow.and_then(|id| places.flows.get(&id));
        found.push(in_project(verified, flow.map(|span| span.line)));
    }
    let logical: Vec<Value> = (finding.policies.iter())
        .map(|name| json!({"fullyQualifiedName": name, "kind": "networkPolicy"}))
        .collect();
    if let (Some(first), false) = (found.first_mut(), logical.is_empty()) {
        first["logicalLocations"] = Value::from(logical);
    }
    found
}

/// A place in an imported policy: its line in the project file, else where its text begins there.
fn imported(verified: Verified, id: PolicyId, span: &Span) -> Value {
    let places = verified.places;
    let line = match *span.file == *places.file {
        true => Some(span.line),
        false => places.policies.get(&id).copied(),
    };
    in_project(verified, line)
}

fn in_project(verified: Verified, line: Option<u32>) -> Value {
    physical(&verified.places.file, line.or(Some(1)))
}

fn physical(file: &str, line: Option<u32>) -> Value {
    let mut place = json!({"artifactLocation": {"uri": uri(file)}});
    if let Some(line) = line {
        place["region"] = json!({"startLine": line.max(1)});
    }
    json!({"physicalLocation": place})
}

fn notification(diagnostic: &Diagnostic) -> Value {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut message = sentence(&diagnostic.message);
    if let Some(resource) = &diagnostic.resource {
        message = format!("{resource}: {message}");
    }
    if let Some(help) = &diagnostic.help {
        message.push_str(&format!(" {}", sentence(help)));
    }
    let mut out = json!({
        "level": level,
        "message": {"text": message},
        "descriptor": {"id": diagnostic.code},
    });
    if let Some(Span { file, line, .. }) = &diagnostic.span {
        out["locations"] = json!([physical(file, Some(*line))]);
    }
    out
}

/// Capitalized, unless it begins with the name of an object, and with a full stop.
pub(in crate::report) fn sentence(text: &str) -> String {
    let word = text.split(' ').next().unwrap_or_default();
    if word.contains(['/', '.', ':']) {
        return format!("{text}.");
    }
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

/// A relative reference, or a `file` URI of an absolute path; other characters are percent-encoded.
pub(in crate::report) fn uri(file: &str) -> String {
    let file = file.replace('\\', "/");
    let file = file.strip_prefix("./").unwrap_or(&file);
    let drive = file.get(1..3) == Some(":/");
    let mut out = match (file.starts_with('/'), drive) {
        (true, _) => "file://".to_owned(),
        (false, true) => "file:///".to_owned(),
        (false, false) => String::new(),
    };
    for (at, byte) in file.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        match plain || drive && at == 1 {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
