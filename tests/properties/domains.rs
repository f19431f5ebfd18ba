//! Patterns of domain names compared with every short name, and with the plain evaluator.

use std::collections::BTreeSet;

use drawbridge::analysis::Endpoint;
use drawbridge::analysis::oracle::peer_matches;
use drawbridge::cluster::Snapshot;
use drawbridge::policy::Peer;
use drawbridge::sets::DomainPattern;
use drawbridge::sets::domains::pieces;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Every name of up to three labels of up to three characters, of which no pattern has the second.
fn names() -> Vec<String> {
    let longer = |texts: &[String], between: &str, last: &[String]| -> Vec<String> {
        let each = texts.iter();
        each.flat_map(|text| last.iter().map(move |l| format!("{text}{between}{l}")))
            .collect()
    };
    let grown = |one: Vec<String>, between: &str| -> Vec<String> {
        let two = longer(&one, between, &one);
        let three = longer(&two, between, &one);
        [one, two, three].concat()
    };
    let labels = grown(vec!["a".into(), "b".into()], "");
    grown(labels, ".")
}

/// A pattern as people write it, and whether it is matched label by label.
type Written = (String, bool);

fn written() -> impl Strategy<Value = Written> {
    let label = || select(&["a", "*", "aa", "a*", "*a"][..]);
    let labelwise = (select(&["", "**."][..]), vec(label(), 1..3))
        .prop_map(|(below, labels)| (format!("{below}{}", labels.join(".")), true));
    let literal = || select(&["a", "aa"][..]);
    let subdomains = (select(&["", "*."][..]), vec(literal(), 1..3))
        .prop_map(|(below, labels)| (format!("{below}{}", labels.join(".")), false));
    prop_oneof![4 => labelwise, 2 => subdomains, 1 => Just(("*".to_owned(), true))]
}

fn pattern((text, labelwise): &Written) -> DomainPattern {
    match labelwise {
        true => DomainPattern::labelwise(text),
        false => DomainPattern::subdomains(text),
    }
}

/// The same from the definitions of the APIs, trying everything that a `*` may match.
fn has((text, labelwise): &Written, name: &str) -> bool {
    let (below, rest) = match (labelwise, text.as_str()) {
        (true, "*") => return true,
        (true, text) => ("**.", text),
        (false, text) => ("*.", text),
    };
    match rest.strip_prefix(below) {
        Some(rest) => name
            .match_indices('.')
            .any(|(at, _)| labels_fit(rest, &name[at + 1..])),
        None => labels_fit(rest, name),
    }
}

fn labels_fit(pattern: &str, name: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (pattern.split('.').collect(), name.split('.').collect());
    a.len() == b.len()
        && a.iter()
            .zip(&b)
            .all(|(a, b)| fits(a.as_bytes(), b.as_bytes()))
}

fn fits(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|taken| fits(rest, &text[taken..])),
        [byte, rest @ ..] => text.first() == Some(byte) && fits(rest, &text[1..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn patterns_match_the_names_that_the_apis_define(one in written(), two in written()) {
        let (p, q) = (pattern(&one), pattern(&two));
        let snapshot = Snapshot::default();
        let mut common = false;
        for name in names() {
            let want = has(&one, &name);
            prop_assert_eq!(p.matches(&name), want, "{} {}", p, name);
            let end = Endpoint::Domain(name.to_uppercase() + ".");
            prop_assert_eq!(peer_matches(&snapshot, &Peer::Domain(p.clone()), &end), want, "{} {}", p, name);
            common |= want && has(&two, &name);
        }
        prop_assert_eq!(p.overlaps(&q), common, "{} {}", p, q);
        prop_assert_eq!(q.overlaps(&p), common, "{} {}", q, p);
    }

    #[test]
    fn pieces_are_the_classes_that_patterns_distinguish(written in vec(written(), 0..6)) {
        let patterns: Vec<DomainPattern> = written.iter().map(pattern).collect();
        let told = |name: &str| -> Vec<usize> {
            (0..written.len()).filter(|&at| has(&written[at], name)).collect()
        };
        let all: BTreeSet<Vec<usize>> = names().iter().map(|name| told(name)).collect();
        let want: BTreeSet<Vec<usize>> = all.into_iter().filter(|set| !set.is_empty()).collect();
        let found = pieces(&patterns);
        let got: BTreeSet<Vec<usize>> = found.iter().map(|p| p.patterns.clone()).collect();
        prop_assert_eq!(got.len(), found.len());
        prop_assert_eq!(got, want);
        let snapshot = Snapshot::default();
        for piece in found {
            let end = Endpoint::Domain(piece.name.clone());
            let matching = patterns.iter().enumerate();
            let matching = matching.filter(|(_, p)| peer_matches(&snapshot, &Peer::Domain((*p).clone()), &end));
            let matching: Vec<usize> = matching.map(|(at, _)| at).collect();
            prop_assert_eq!(matching, piece.patterns, "{}", piece.name);
        }
    }
}
