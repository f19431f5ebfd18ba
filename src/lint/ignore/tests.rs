//! Which findings are ignored.

use super::{IgnoredHere, report};
use crate::diag::Span;
use crate::load::{Settings, load};
use crate::manifest::Source;

const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: s}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  egress: [{ports: [{port: 443}]}]
";

/// The codes of what is reported about a text, of those that are about ignoring too; and how many are ignored.
fn of(text: &str) -> (Vec<(&'static str, u32)>, usize) {
    let sources = [Source::new("a.yaml", text)];
    let loaded = load(&sources, &Settings::default());
    let report = report(&loaded, &sources, &[]);
    let found = report
        .found
        .iter()
        .filter(|d| d.code == "L15" || d.code.ends_with("-ignore") || d.code == "V8");
    let found = found.map(|d| (d.code, d.span.as_ref().map_or(0, |span| span.line)));
    (found.collect(), report.ignored)
}

fn with(line: usize, comment: &str) -> String {
    let mut lines: Vec<String> = POLICY.lines().map(str::to_owned).collect();
    lines.insert(line, comment.to_owned());
    lines.join("\n") + "\n"
}

#[test]
fn comments_ignore_the_line_and_the_object() {
    assert_eq!(of(POLICY), (vec![("L15", 7)], 0));
    let none: Vec<(&str, u32)> = Vec::new();
    for comment in [
        "# drawbridge: ignore L15 as agreed",
        "  #drawbridge: ignore l15",
        "# drawbridge: ignore ignored-rules",
    ] {
        assert_eq!(of(&with(6, comment)), (none.clone(), 1), "{comment}");
        assert_eq!(of(&with(0, comment)), (none.clone(), 1), "{comment}");
    }
    let inline = POLICY.replace("443}]}]", "443}]}] # drawbridge: ignore L15");
    assert_eq!(of(&inline), (none.clone(), 1));
    let above = format!("# drawbridge: ignore L15\n# and why\n\n---\n{POLICY}");
    assert_eq!(of(&above), (none, 1));
}

#[test]
fn comments_elsewhere_ignore_nothing() {
    let comment = "  # drawbridge: ignore L15";
    assert_eq!(
        of(&with(4, comment)),
        (vec![("unused-ignore", 5), ("L15", 8)], 0)
    );
    let behind = format!("{POLICY}{comment}\n---\n{POLICY}").replace("name: p, namespace: s}\nspec:\n  podSelector: {}\n  policyTypes: [Ingress]\n  egress: [{ports: [{port: 443}]}]\n  #", "name: o, namespace: s}\nspec:\n  podSelector: {}\n  #");
    assert_eq!(
        of(&behind),
        (vec![("unused-ignore", 6), ("L15", 14)], 0),
        "{behind}"
    );
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a: |\n    # drawbridge: ignore L15\n---\n{POLICY}"
    );
    assert_eq!(of(&text), (vec![("L15", 14)], 0));
}

#[test]
fn objects_of_lists_are_ignored_one_by_one() {
    let item = |name: &str| {
        let text = POLICY.replace("name: p", &format!("name: {name}"));
        let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
        lines.join("\n").replacen("  ", "- ", 1)
    };
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n# drawbridge: ignore L15\n{}\n{}\n",
        item("a"),
        item("b")
    );
    assert_eq!(of(&text), (vec![("L15", 18)], 1), "{text}");
}

#[test]
fn several_codes_and_unknown_ones() {
    let two = with(6, "# drawbridge: ignore L15, L17 reason, with a comma");
    assert_eq!(of(&two), (vec![("unused-ignore", 7)], 1));
    let unknown = with(6, "# drawbridge: ignore L999");
    assert_eq!(of(&unknown), (vec![("unknown-ignore", 7), ("L15", 8)], 0));
    let nothing = with(6, "# drawbridge: ignore");
    assert_eq!(of(&nothing), (vec![("unknown-ignore", 7), ("L15", 8)], 0));
}

#[test]
fn refusals_of_the_server_cannot_be_ignored() {
    let text =
        with(6, "# drawbridge: ignore V8").replace("{port: 443}", "{port: 443, protocol: tcp}");
    assert_eq!(of(&text).0, [("unknown-ignore", 7), ("V8", 8)]);
}

#[test]
fn projects_ignore_by_rule_and_place() {
    let workload = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: s, labels: {app: web}}\nspec: {containers: []}\n";
    let text = format!("{POLICY}{workload}");
    for (rule, place, wanted) in [
        ("L15", None, 1),
        ("ignored-rules", Some("s/p"), 1),
        ("L15", Some("s"), 1),
        ("L15", Some("s/*"), 1),
        ("L15", Some("s/web"), 1),
        ("L15", Some("s/other"), 0),
        ("L15", Some("t"), 0),
    ] {
        let loaded = load(&[Source::new("a.yaml", &*text)], &Settings::default());
        let entry = IgnoredHere {
            rule: rule.to_owned(),
            place: place.map(str::to_owned),
            span: Some(Span::new("p".into(), 3, 3)),
        };
        let report = report(&loaded, &[], &[entry]);
        assert_eq!(report.ignored, wanted, "{rule} {place:?}");
        let unused = report.found.iter().find(|d| d.code == "unused-ignore");
        assert_eq!(unused.is_none(), wanted == 1, "{place:?}");
        assert!(unused.is_none_or(|d| d.span.as_ref().is_some_and(|s| s.line == 3)));
    }
}
