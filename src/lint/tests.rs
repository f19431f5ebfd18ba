//! The registry and the manual.

use std::collections::BTreeSet;

use super::*;
use crate::load::{Settings, load};
use crate::manifest::Source;

/// What is read from a text.
pub(super) fn of_text(text: &str) -> crate::load::Loaded {
    load(&[Source::new("a.yaml", text)], &Settings::default())
}

/// The codes and lines of what is found in a text.
pub(super) fn found(text: &str) -> Vec<(&'static str, u32)> {
    let loaded = load(&[Source::new("a.yaml", text)], &Settings::default());
    let found = lint(&loaded).into_iter();
    found
        .map(|d| (d.code, d.span.map_or(0, |span| span.line)))
        .collect()
}

/// The codes of what the rules find in a text.
pub(super) fn codes_of(text: &str) -> Vec<&'static str> {
    found(text).into_iter().map(|(code, _)| code).collect()
}

/// The lines at which a rule finds something in a text.
pub(super) fn lines(code: &str, text: &str) -> Vec<u32> {
    let own = found(text).into_iter().filter(|(found, _)| *found == code);
    own.map(|(_, line)| line).collect()
}

/// The first example of a page.
pub(super) fn example(page: &str) -> &str {
    examples(page).next().unwrap()
}

/// No lines.
pub(super) const NONE: [u32; 0] = [];

/// What a rule finds in a text.
pub(super) fn all_of(code: &str, text: &str) -> Vec<Diagnostic> {
    let loaded = load(&[Source::new("a.yaml", text)], &Settings::default());
    let found = lint(&loaded).into_iter();
    found.filter(|d| d.code == code).collect()
}

/// The lines of what a rule finds in a text.
pub(super) fn of_code(code: &str, text: &str) -> Vec<u32> {
    let found = all_of(code, text).into_iter();
    found.map(|d| d.span.map_or(0, |span| span.line)).collect()
}

/// The examples of what is wrong: those before the page says what to do.
fn examples(page: &str) -> impl Iterator<Item = &str> {
    let wrong = page.split("**What to do.**").next().unwrap_or_default();
    let after = wrong.split("```yaml\n").skip(1);
    after.filter_map(|rest| rest.split("```").next())
}

#[test]
fn codes_are_unique() {
    let codes = codes();
    let unique: BTreeSet<_> = codes.iter().map(|code| code.to_ascii_lowercase()).collect();
    assert_eq!(unique.len(), codes.len(), "{codes:?}");
    assert!(RULES.is_sorted_by_key(|rule| rule.code));
}

#[test]
fn rules_are_documented_by_their_pages() {
    for rule in RULES {
        let heading = format!("## {} {}\n", rule.code, rule.name);
        assert!(rule.page.starts_with(&heading), "{}", rule.code);
        assert_eq!(page(rule.code), Some(rule.page.trim_end()));
        assert_eq!(page(&rule.code.to_lowercase()), page(rule.code));
        for part in ["**Why it matters.** ", "```yaml\n", "**What to do.** "] {
            assert!(rule.page.contains(part), "{} has no {part}", rule.code);
        }
    }
    assert_eq!(page("L00"), None);
    for (rule, read) in [("l09", "V3"), ("L23", "V13"), ("L40", "V23")] {
        assert!(page(rule).is_some_and(|page| page.contains(&format!("`{read}`"))));
    }
}

#[test]
fn pages_of_findings_are_whole() {
    for code in codes() {
        let page = page(code).unwrap();
        let why = page.contains("**Why it matters.** ");
        assert_eq!(why, page.contains("**What to do.** "), "{code}");
        assert!(page.lines().count() > 2, "{code} is empty");
        assert!(page.matches("```").count().is_multiple_of(2), "{code}");
    }
}

#[test]
fn examples_are_found() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for code in codes() {
        let page = page(code).unwrap();
        for example in examples(page).filter(|_| page.contains("**Why it matters.**")) {
            let loaded = load(&[Source::new("a.yaml", example)], &Settings::default());
            let all = loaded.diagnostics.iter().cloned().chain(lint(&loaded));
            let all: Vec<_> = all.map(|d| d.code).collect();
            if !all.contains(&code) {
                wrong.push((code, all));
            }
            tried += 1;
        }
    }
    assert!(wrong.is_empty(), "not found in their examples: {wrong:?}");
    assert!(tried > 30, "{tried} examples");
}

#[test]
fn qualifying_findings_are_reported_once() {
    let example = examples(page("L35").unwrap()).next().unwrap();
    let mut loaded = load(&[Source::new("a.yaml", example)], &Settings::default());
    assert!(loaded.diagnostics.iter().all(|d| d.code != "L35"));
    qualify(&mut loaded);
    let reported = loaded.diagnostics.iter().filter(|d| d.code == "L35");
    assert_eq!(reported.count(), 1);
    assert_eq!(lint(&loaded).iter().filter(|d| d.code == "L35").count(), 1);
}

#[test]
fn policies_for_hosts_are_checked() {
    let policy = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: g}\nspec:\n  namespaceSelector: all()\n  applyOnForward: true\n  preDNAT: true\n  types: [Ingress]\n";
    assert_eq!(lines("L50", policy), [7]);
    assert_eq!(lines("L50", &policy.replace("  preDNAT: true\n", "")), [6]);
    let refused = policy.replace("[Ingress]", "[Ingress, Egress]");
    assert!(lines("L50", &refused).is_empty());
}
