//! The plain evaluator and the fast analysis share values and nothing else, so that a fault in either of
//! them shows as a difference.

use super::source::SourceFile;
use super::{assert_none, sources};

const ORACLE: &str = "analysis/oracle/";

/// What the evaluator may take from the rest of the analysis: how ends are named.
const SHARED: &[&str] = &["Endpoint", "NewPod"];

/// What it may take from the set algebra: values without a rule of matching.
const VALUES: &[&str] = &[
    "DomainPattern",
    "IpSet",
    "LabelOp",
    "Labels",
    "Protocol",
    "Selector",
];

/// Methods that decide what matches, which the fast analysis uses and the evaluator must not.
const LEAVES: &[&str] = &[
    "bears_names",
    "contains",
    "intersection",
    "intersects",
    "is_contradiction",
    "is_everything",
    "is_node_of",
    "is_subset",
    "matches",
    "node_of",
    "overlaps",
    "ports_named",
];

/// What answers by asking the evaluator about single connections.
const REPLAYS: &[&str] = &[
    "analysis/mod.rs",
    "analysis/answers/query.rs",
    "analysis/answers/near_miss.rs",
    "analysis/answers/controllers.rs",
    "analysis/answers/routes.rs",
];

/// The words at the ends of paths that start so: one, or a group in braces.
fn imported<'a>(file: &'a SourceFile, path: &[&str]) -> Vec<(&'a str, usize)> {
    let text = |at: usize| file.tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    for start in 0..file.tokens.len() {
        if !path
            .iter()
            .enumerate()
            .all(|(at, word)| text(start + at) == *word)
        {
            continue;
        }
        let first = start + path.len();
        let end = match text(first) {
            "{" => (first..)
                .find(|&at| matches!(text(at), "}" | ""))
                .unwrap_or(first),
            _ => first + 1,
        };
        let words = file.tokens[first..end].iter();
        let words = words.filter(|token| !matches!(token.text.as_str(), "{" | ","));
        found.extend(words.map(|token| (token.text.as_str(), token.line)));
    }
    found
}

/// Lines that call one of these methods. `x.matches()` without an argument asks a record, not a value.
fn calls(file: &SourceFile, methods: &[&str]) -> Vec<usize> {
    let text = |at: usize| file.tokens.get(at).map_or("", |token| token.text.as_str());
    let called = (1..file.tokens.len()).filter(|&at| {
        methods.contains(&text(at))
            && matches!(text(at - 1), "." | "::")
            && text(at + 1) == "("
            && text(at + 2) != ")"
    });
    called.map(|at| file.tokens[at].line).collect()
}

fn violations_of(file: &SourceFile) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |line: usize, why: &str| {
        found.push(format!(
            "src/{}:{line}: {why}: {}",
            file.path,
            file.line(line)
        ));
    };
    if file.path.starts_with(ORACLE) {
        for (word, line) in imported(file, &["super", "::", "super", "::"]) {
            if !SHARED.contains(&word) {
                add(line, "the evaluator uses the fast analysis");
            }
        }
        for (word, line) in imported(file, &["crate", "::", "sets", "::"]) {
            if !VALUES.contains(&word) {
                add(line, "the evaluator uses the set algebra");
            }
        }
        for import in file.imports() {
            if !matches!(
                import.module.as_str(),
                "cluster" | "policy" | "sets" | "analysis"
            ) {
                add(
                    import.line,
                    "the evaluator may use only clusters and policies",
                );
            }
        }
        for (_, line) in imported(file, &["crate", "::", "analysis", "::"]) {
            add(line, "the evaluator uses the fast analysis");
        }
        for line in calls(file, LEAVES) {
            add(
                line,
                "the evaluator uses the matching code of the fast analysis",
            );
        }
    } else if file.path.starts_with("analysis/") && !REPLAYS.contains(&file.path.as_str()) {
        for line in file.lines_with(&["oracle"]) {
            add(line, "the fast analysis uses the evaluator");
        }
    }
    found
}

#[test]
fn the_oracle_shares_no_code_with_the_fast_analysis() {
    let files = sources();
    let oracle = files.iter().filter(|file| file.path.starts_with(ORACLE));
    assert!(oracle.count() >= 4, "the evaluator was not found");
    let found: Vec<String> = files.iter().flat_map(violations_of).collect();
    assert_none(
        "the evaluator and the fast analysis share code (write it again in the evaluator):",
        &found,
    );
}

#[test]
fn what_the_oracle_must_not_use_is_found() {
    for (path, text) in [
        (
            "analysis/oracle/x.rs",
            "fn f() { selector.matches(&labels); }",
        ),
        (
            "analysis/oracle/x.rs",
            "use super::super::universe::Universe;",
        ),
        (
            "analysis/oracle/x.rs",
            "use super::super::{Endpoint, index::Index};",
        ),
        ("analysis/oracle/x.rs", "use crate::sets::{IpSet, PortSet};"),
        (
            "analysis/oracle/x.rs",
            "fn f() { IpSet::contains(set, a); }",
        ),
        (
            "analysis/oracle/x.rs",
            "use crate::analysis::side_extents::home;",
        ),
        (
            "analysis/space/extents.rs",
            "use super::oracle::peer_matches;",
        ),
    ] {
        let found = violations_of(&SourceFile::parse(path, text));
        assert!(!found.is_empty(), "{path}: {text}");
    }
    let fine =
        "use super::super::{Endpoint, NewPod}; use crate::sets::IpSet; fn f() { trace.matches(); }";
    let found = violations_of(&SourceFile::parse("analysis/oracle/x.rs", fine));
    assert_eq!(found, Vec::<String>::new());
}
