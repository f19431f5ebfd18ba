//! Findings as SARIF 2.1.0, for code scanning. What lint could not read is a result as well.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Linted, name_of};
use crate::diag::{Diagnostic, Severity};
use crate::report::verify::{SCHEMA, sentence, uri};

/// A log of one run, with a rule for each code that is found.
pub fn sarif(linted: Linted) -> String {
    let found = &linted.report.found;
    let mut codes: BTreeMap<&str, usize> = found.iter().map(|d| (d.code, 0)).collect();
    for (at, index) in codes.values_mut().enumerate() {
        *index = at;
    }
    let rules: Vec<Value> = codes
        .keys()
        .map(|code| json!({"id": code, "name": name_of(code)}))
        .collect();
    let results: Vec<Value> = found.iter().map(|d| result(d, codes.get(d.code))).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Drawbridge",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn result(d: &Diagnostic, index: Option<&usize>) -> Value {
    let level = match d.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut message = sentence(&d.message);
    if let Some(help) = &d.help {
        message.push_str(&format!(" {}", sentence(help)));
    }
    let mut place = json!({});
    if let Some(span) = &d.span {
        place["physicalLocation"] = json!({
            "artifactLocation": {"uri": uri(&span.file)},
            "region": {"startLine": span.line.max(1), "startColumn": span.column.max(1)},
        });
    }
    if let Some(resource) = &d.resource {
        place["logicalLocations"] = json!([{"fullyQualifiedName": resource, "kind": "resource"}]);
    }
    json!({
        "ruleId": d.code,
        "ruleIndex": index,
        "level": level,
        "message": {"text": message},
        "locations": [place],
        "partialFingerprints": {"drawbridge/1": fingerprint(d)},
    })
}

/// What stays the same while lines move.
pub(super) fn fingerprint(d: &Diagnostic) -> String {
    let key = [d.resource.as_deref(), d.path.as_deref(), Some(&d.message)];
    let key: Vec<&str> = key.into_iter().flatten().collect();
    format!("{}:{}", d.code, key.join(":"))
}
