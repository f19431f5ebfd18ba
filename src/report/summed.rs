//! Diagnostics as text, those of one kind summed up.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, NOT_JUDGED, RENDER, Severity, escaped};

/// From how many of one kind on they are summed up.
const MANY: usize = 4;
/// How many locations a sum names.
const SHOWN: usize = 3;

/// One line for each diagnostic, in order, followed by its help. Of four or more that differ only in what they are
/// about, the first is written whole and the others are counted, with the first of their locations.
pub fn summed(diagnostics: &[Diagnostic]) -> String {
    sum(diagnostics, |_| MANY)
}

/// As [`summed`], but only notes, policies that are not judged, objects that are declared twice and templates are counted:
/// other errors and warnings are written whole.
pub fn notes_summed(diagnostics: &[Diagnostic]) -> String {
    let at_least = |d: &Diagnostic| match d.severity {
        Severity::Info => MANY,
        Severity::Warning if d.code == NOT_JUDGED => MANY,
        // Folders of examples declare the same objects again and again.
        Severity::Error if d.code == "W5" => MANY,
        Severity::Error if d.help.as_deref() == Some(RENDER) => MANY,
        Severity::Error | Severity::Warning => usize::MAX,
    };
    sum(diagnostics, at_least)
}

/// Of each kind, what is written whole and what is counted; `many` is from how many on.
fn sum(diagnostics: &[Diagnostic], many: impl Fn(&Diagnostic) -> usize) -> String {
    let kinds: Vec<_> = diagnostics.iter().map(kind).collect();
    let mut alike: BTreeMap<_, Vec<&Diagnostic>> = BTreeMap::new();
    for (kind, diagnostic) in kinds.iter().zip(diagnostics) {
        alike.entry(kind).or_default().push(diagnostic);
    }
    let (mut text, mut summed) = (String::new(), BTreeSet::new());
    for (kind, diagnostic) in kinds.iter().zip(diagnostics) {
        let all = alike.get(kind).map_or(&[][..], Vec::as_slice);
        if all.len() < many(diagnostic) {
            text += &format!("{diagnostic}\n");
        } else if summed.insert(kind) {
            let others = all.iter().skip(1).copied();
            text += &format!("{diagnostic}\n    {}\n", more(others));
        }
    }
    text
}

/// `and 12 more like it: a.yaml:3:1, b.yaml:9:1, b.yaml:20:1 ...; --verbose lists all`.
fn more<'a>(others: impl ExactSizeIterator<Item = &'a Diagnostic>) -> String {
    let count = others.len();
    let places = others.filter_map(|d| Some(escaped(&d.span.as_ref()?.to_string()).into_owned()));
    let places: Vec<String> = places.take(SHOWN).collect();
    let mut text = format!("and {count} more like it");
    if !places.is_empty() {
        text += &format!(": {}", places.join(", "));
        if count > places.len() {
            text += " ...";
        }
    }
    text + "; --verbose lists all"
}

/// What diagnostics of one kind have in common: everything but names, numbers and locations.
fn kind(diagnostic: &Diagnostic) -> (Severity, &str, String) {
    let quoted = diagnostic.message.split('`').step_by(2);
    let words: String = quoted
        .flat_map(str::chars)
        .filter(|c| !c.is_ascii_digit())
        .collect();
    (diagnostic.severity, diagnostic.code, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

    #[test]
    fn four_of_one_kind_are_one_and_a_count() {
        let about = |name: &str, line: u32| {
            let message = format!("`{name}` matches no known pods");
            Diagnostic::warning("L01", message).at(Span::new("a.yaml".into(), line, 1))
        };
        let mut all: Vec<Diagnostic> = (1..4).map(|line| about("web", line)).collect();
        assert_eq!(summed(&all).lines().count(), 3);
        all.push(Diagnostic::error("file", "`b.yaml` cannot be read"));
        all.push(about("db", 9));
        all.push(about("db", 12));
        assert_eq!(
            summed(&all),
            "a.yaml:1:1: warning: `web` matches no known pods (L01)\n    and 4 more like it: a.yaml:2:1, a.yaml:3:1, \
             a.yaml:9:1 ...; --verbose lists all\nerror: `b.yaml` cannot be read (file)\n"
        );
    }

    #[test]
    fn of_findings_only_notes_are_summed() {
        let of = |severity: Severity| {
            let mut one = Diagnostic::info("not-an-object", "a list is not an object");
            one.severity = severity;
            vec![one; 5]
        };
        assert_eq!(notes_summed(&of(Severity::Warning)).lines().count(), 5);
        let twice = |name: &str| {
            let message = format!(
                "`Deployment {name}` is already declared at `{name}.yaml:1:1`; the later one is used"
            );
            Diagnostic::error("W5", message)
        };
        let twice = ["a", "b", "c", "d"].map(twice);
        assert_eq!(notes_summed(&twice).lines().count(), 2);
        assert_eq!(
            notes_summed(&of(Severity::Info)),
            "info: a list is not an object (not-an-object)\n    and 4 more like it; --verbose lists all\n"
        );
    }
}
