//! Policies broken by hand, on the examples: the proof names exactly what changed, and is exact again
//! when the change is reverted.

use std::collections::BTreeSet;

use crate::model::{Document, Edit, FlowId, History, ImportedPolicy, Style, Thing, Unknown};
use crate::policy::Role;
use crate::proof::Verdict;
use crate::proof::Written;
use crate::query::Results;
use crate::query::check;

/// Both examples in both styles.
fn examples() -> Vec<Document> {
    let texts = [
        include_str!("../../../assets/examples/online-shop.drawbridge.yaml"),
        include_str!("../../../assets/examples/platform.drawbridge.yaml"),
    ];
    let read = |text: &str| {
        crate::project::format::read(text, "example")
            .expect("a project")
            .0
    };
    let each = texts.into_iter().map(read);
    let both = each.flat_map(|document| {
        [Style::PerFlow, Style::PerWorkload].map(|style| {
            let mut document = document.clone();
            document.settings.style = style;
            document
        })
    });
    both.collect()
}

/// Up to this many policies of each example that carry flows, spread over all of them.
const SOME: usize = 4;

fn some(results: &Results) -> Vec<&Written> {
    let all = results.generated.policies.iter();
    let all: Vec<&Written> = all
        .filter(|w| matches!(w.role, Role::Flow | Role::Workload))
        .map(|w| &**w)
        .collect();
    let step = all.len().div_ceil(SOME).max(1);
    all.into_iter().step_by(step).collect()
}

/// Breaks a policy, checks the proof, and reverts it.
fn break_by_hand(
    document: &Document,
    before: &Results,
    written: &Written,
    change: impl Fn(&str) -> String,
    look: impl Fn(&Results),
) {
    let text = change(&written.text);
    assert_ne!(text, written.text, "the text did not change");
    let mut history = History::new(document.clone());
    let copy = ImportedPolicy {
        file: format!("{}.yaml", written.name),
        text,
        replaces: Some(format!("{}/{}", written.namespace, written.name)),
        unknown: Unknown::new(),
    };
    history
        .edit(&Edit::Add(Thing::Policy(copy)))
        .expect("it is taken");
    look(&check(history.document()));
    history.undo();
    assert_eq!(check(history.document()).proof, before.proof);
}

fn flows(results: &Results, verdict: Verdict) -> BTreeSet<FlowId> {
    let all = results.proof.verdicts.iter();
    all.filter(|(_, v)| **v == verdict)
        .map(|(id, _)| *id)
        .collect()
}

fn name(written: &Written) -> String {
    format!("{}/{}", written.namespace, written.name)
}

/// Without its rules it still isolates, and allows nothing.
fn without_rules(text: &str) -> String {
    let keep = |line: &&str| !line.starts_with("  ingress:") && !line.starts_with("  egress:");
    let mut out = String::new();
    let mut rules = false;
    for line in text.lines() {
        rules = !keep(&line) || rules && (line.starts_with("  -") || line.starts_with("   "));
        if !rules {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[test]
fn deleted_rules_block_exactly_their_flows() {
    for document in examples() {
        let before = check(&document);
        for written in some(&before) {
            break_by_hand(&document, &before, written, without_rules, |after| {
                let carried: BTreeSet<FlowId> = written.flows.iter().copied().collect();
                assert_eq!(flows(after, Verdict::Blocked), carried, "{}", written.text);
                assert_eq!(
                    flows(after, Verdict::TooWide),
                    flows(&before, Verdict::TooWide)
                );
                for finding in after
                    .proof
                    .findings
                    .iter()
                    .filter(|f| !before.proof.findings.contains(f))
                {
                    assert_eq!(finding.policies, [name(written)], "{}", finding.message);
                }
            });
        }
    }
}

#[test]
fn a_widened_selector_is_too_wide_and_nothing_else() {
    for document in examples() {
        let before = check(&document);
        for written in some(&before) {
            let open = |text: &str| format!("{}  ingress:\n  - {{}}\n", without_rules(text));
            if written.directions != [crate::policy::Direction::Ingress] {
                continue;
            }
            break_by_hand(&document, &before, written, open, |after| {
                assert!(
                    flows(after, Verdict::Blocked).is_empty(),
                    "{}",
                    written.text
                );
                let carried: BTreeSet<FlowId> = written.flows.iter().copied().collect();
                assert_eq!(flows(after, Verdict::TooWide), carried, "{}", written.text);
                let wide = after
                    .proof
                    .findings
                    .iter()
                    .find(|f| !before.proof.findings.contains(f));
                let wide = wide.expect("it is too wide");
                assert_eq!(wide.policies, [name(written)]);
                assert!(
                    wide.workload
                        .is_none_or(|id| written.workloads.contains(&id))
                );
            });
        }
    }
}

#[test]
fn a_changed_port_blocks_the_old_and_opens_the_new() {
    for document in examples() {
        let before = check(&document);
        for written in some(&before) {
            let Some(line) = written.text.lines().find(|line| line.contains(" port: ")) else {
                continue;
            };
            let Some(port) = line
                .split("port: ")
                .nth(1)
                .filter(|p| p.parse::<u16>().is_ok())
            else {
                continue;
            };
            let at = written
                .text
                .lines()
                .position(|l| l == line)
                .unwrap_or_default() as u32
                + 1;
            let carried = written
                .lines
                .iter()
                .filter(|(lines, _)| lines.contains(&at));
            let carried: BTreeSet<FlowId> = carried.map(|(_, flow)| *flow).collect();
            let change = |text: &str| text.replacen(line, &line.replace(port, "61234"), 1);
            break_by_hand(&document, &before, written, change, |after| {
                assert_eq!(flows(after, Verdict::Blocked), carried, "{}", written.text);
                let wide = after
                    .proof
                    .findings
                    .iter()
                    .filter(|f| f.ports.contains("61234"));
                let wide: Vec<_> = wide.collect();
                assert!(!wide.is_empty(), "{}", written.text);
                assert!(wide.iter().all(|f| f.policies == [name(written)]));
            });
        }
    }
}
