//! The rows of the list: those that the filter leaves, grouped by rule.

use super::{AuditView, Filter};
use crate::app::audit::Audit;
use crate::diag::{Diagnostic, Severity};
use crate::lint::name_of;

/// Height of a finding on one line, and on two where there is less space. In the wide place a long message has more lines.
pub(super) const FINDING: [f32; 2] = [28.0, 44.0];

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// The score of the project.
    Whole,
    /// The score of a namespace, by its place.
    Score(usize),
    /// A rule, by its place among the groups.
    Group(usize),
    /// A finding, by its place.
    Finding(usize),
    /// The details of a finding.
    Details(usize),
}

/// Words of names of rules that are written in capitals.
const ACRONYMS: [&str; 10] = [
    "api", "cidr", "dns", "http", "icmp", "ip", "sctp", "tcp", "tls", "udp",
];

/// The findings of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) code: &'static str,
    /// `Service port` of L07.
    pub(super) title: String,
    /// The worst of its findings.
    pub(super) severity: Severity,
    /// The places of its findings.
    pub(super) findings: Vec<usize>,
}

/// The groups of the findings that a filter leaves: worst first, then the largest.
pub(super) fn groups(audit: &Audit, filter: &Filter) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let wanted = filter.text.trim().to_lowercase();
    let found = audit.report.found.iter().zip(&audit.about).enumerate();
    for (at, (finding, about)) in found {
        let fits = filter.severity.is_none_or(|s| s == finding.severity)
            && (filter.namespace.is_none() || filter.namespace == about.namespace)
            && contains(finding, &wanted);
        if !fits {
            continue;
        }
        match groups.iter_mut().find(|group| group.code == finding.code) {
            Some(group) => {
                group.findings.push(at);
                group.severity = group.severity.min(finding.severity);
            }
            None => groups.push(Group {
                code: finding.code,
                title: title(finding.code),
                severity: finding.severity,
                findings: vec![at],
            }),
        }
    }
    groups.sort_by_key(|g| (g.severity, std::cmp::Reverse(g.findings.len()), g.code));
    groups
}

/// The name of a rule as a title: `Missing DNS`.
pub(super) fn title(code: &str) -> String {
    let words = name_of(code).split('-').map(|word| {
        let is_acronym = ACRONYMS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word));
        match (code, word) {
            // These two are ways to join selectors.
            ("L05", "or" | "and") => word.to_uppercase(),
            _ if is_acronym => word.to_uppercase(),
            _ => word.to_owned(),
        }
    });
    crate::app::problems::sentence(&words.collect::<Vec<_>>().join(" "))
}

fn contains(finding: &Diagnostic, wanted: &str) -> bool {
    if wanted.is_empty() {
        return true;
    }
    let file = finding.span.as_ref().map_or("", |span| &*span.file);
    let resource = finding.resource.as_deref().unwrap_or_default();
    let texts = [
        finding.code,
        name_of(finding.code),
        &finding.message,
        resource,
        file,
    ];
    texts
        .iter()
        .any(|text| text.to_lowercase().contains(wanted))
}

/// The rows, in order.
pub(super) fn rows(audit: &Audit, groups: &[Group], view: &AuditView) -> Vec<Row> {
    let mut rows = Vec::new();
    if view.how {
        rows.push(Row::Whole);
        rows.extend((0..audit.scores.len()).map(Row::Score));
    }
    for (at, group) in groups.iter().enumerate() {
        rows.push(Row::Group(at));
        if view.folded.contains(group.code) {
            continue;
        }
        for finding in &group.findings {
            rows.push(Row::Finding(*finding));
            rows.extend((view.open == Some(*finding)).then_some(Row::Details(*finding)));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acronyms_in_titles_are_in_capitals() {
        assert_eq!(title("L11"), "Missing DNS");
        assert_eq!(title("L05"), "OR instead of AND");
        assert_eq!(title("L18"), "Broad block");
    }
}
