//! The formats of findings.

use std::collections::BTreeSet;

use super::{Linted, codequality, json, markdown, sarif, text};
use crate::diag::{Diagnostic, Span};
use crate::lint::Report;
use crate::lint::score::Score;

fn with(found: Vec<Diagnostic>, scores: &[Score], show: impl Fn(Linted) -> String) -> String {
    let report = Report { found, ignored: 2 };
    show(Linted {
        report: &report,
        fixable: &BTreeSet::from([0]),
        scores,
        left_out: &[],
    })
}

fn found() -> Vec<Diagnostic> {
    let at = Span::new("a.yaml".into(), 3, 5);
    vec![
        Diagnostic::warning("L08", "no pod has the port `web`")
            .at(at)
            .on("NetworkPolicy shop/p")
            .help("write a name that exists"),
    ]
}

fn scores() -> Vec<Score> {
    vec![Score {
        namespace: "shop".to_owned(),
        workloads: 1,
        open: vec![("web".to_owned(), crate::policy::Direction::Egress)],
        warnings: 1,
        policies: 1,
        ..Score::default()
    }]
}

#[test]
fn json_has_the_documented_keys() {
    let text = with(found(), &scores(), json);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (value["ignored"].as_u64(), value["score"].as_u64()),
        (Some(2), Some(68))
    );
    let finding = &value["findings"][0];
    let keys = [
        "code", "name", "severity", "file", "line", "column", "resource", "path", "message",
        "help", "fixable",
    ];
    let own = finding.as_object().unwrap();
    assert_eq!(own.len(), keys.len());
    assert!(keys.iter().all(|key| own.contains_key(*key)), "{finding}");
    assert_eq!(finding["name"], "unmatched-named-port");
    assert_eq!(finding["fixable"], true);
    let raise = &value["scores"][0]["raise"][0];
    assert_eq!(raise["points"], 25.0);
    assert_eq!(raise["action"], "isolate egress of `web`");
}

#[test]
fn text_ends_with_the_score() {
    insta::assert_snapshot!(with(found(), &scores(), |linted| text(linted, false)), @"
    a.yaml:3:5: warning: NetworkPolicy shop/p: no pod has the port `web` (L08)
        help: write a name that exists
    0 errors, 1 warning, 0 notes; 2 ignored; `--fix` corrects 1
    score 68 of 100; raised most in shop: isolate egress of `web`
    ");
    let none = with(Vec::new(), &[], |linted| text(linted, false));
    assert!(!none.contains("score"), "{none}");
}

#[test]
fn code_quality_issues_have_distinct_fingerprints() {
    let twice = [found(), found()].concat();
    let text = with(twice, &scores(), codequality);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first = serde_json::json!({
        "description": "NetworkPolicy shop/p: no pod has the port `web`; write a name that exists",
        "check_name": "L08",
        "fingerprint": "L08:NetworkPolicy shop/p:no pod has the port `web`",
        "severity": "major",
        "location": {"path": "a.yaml", "lines": {"begin": 3}},
    });
    assert_eq!(value[0], first);
    assert_ne!(value[0]["fingerprint"], value[1]["fingerprint"]);
    assert_eq!(with(Vec::new(), &[], codequality), "[]\n");
}

#[test]
fn markdown_has_the_score_and_a_table() {
    let text = with(found(), &scores(), markdown);
    assert!(
        text.starts_with("<!-- drawbridge: lint -->\n### Findings in network policies\n\n⚠️ **0 errors, 1 warning"),
        "{text}"
    );
    assert!(text.contains("score 68 of 100"), "{text}");
    assert!(
        text.contains("| warning | L08 unmatched-named-port | NetworkPolicy shop/p | a.yaml:3 |"),
        "{text}"
    );
}

#[test]
fn sarif_has_names_and_places() {
    let text = with(found(), &scores(), sarif);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let run = &value["runs"][0];
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(
        (rule["id"].as_str(), rule["name"].as_str()),
        (Some("L08"), Some("unmatched-named-port"))
    );
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a.yaml");
    assert_eq!(place["region"]["startLine"], 3);
}
