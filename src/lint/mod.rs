//! Findings about manifests and policies: one registry of rules, and the manual of every code.
//!
//! A rule is a file in `rules`, named by its code and name, with its check and its page of the manual.
//! What the API server refuses is reported by [`crate::dialect`] and [`crate::manifest`], where manifests are read;
//! the pages are beside that code.

mod clients;
mod cover;
mod dns;
mod ends;
mod ignore;
mod input;
mod manual;
mod near;
mod ports;
mod rules;
pub mod score;
mod witness;
mod words;
mod written;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::cluster::Snapshot;
use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::load::{Loaded, LoadedPolicy};

pub use ignore::{IgnoredHere, Report, can_be_ignored, report};
pub use input::Input;
pub use manual::{codes, name_of, page};

/// A rule.
pub struct Rule {
    /// Its code: `L08`.
    pub code: &'static str,
    /// Its name: `unmatched-named-port`.
    pub name: &'static str,
    /// How bad its findings are.
    pub severity: Severity,
    /// Whether findings qualify the answers of list, explain, exposure, diff, verify and the window, which then
    /// report them too.
    pub qualifies_verdict: bool,
    /// Its page of the manual.
    page: &'static str,
    /// Reports its findings.
    check: fn(&Rule, &Input, &mut Vec<Diagnostic>),
}

impl Rule {
    fn finding(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.severity, self.code, message)
    }
}

/// The rules, by code.
pub const RULES: &[Rule] = &[
    rules::l01_policy_selects_no_pods::RULE,
    rules::l02_peer_selects_nothing::RULE,
    rules::l03_near_miss_label::RULE,
    rules::l04_workload_labels::RULE,
    rules::l05_or_instead_of_and::RULE,
    rules::l06_ports_in_their_own_rule::RULE,
    rules::l07_service_port::RULE,
    rules::l08_unmatched_named_port::RULE,
    rules::l10_udp_left_out::RULE,
    rules::l11_missing_dns::RULE,
    rules::l12_wrong_dns_rule::RULE,
    rules::l13_half_open::RULE,
    rules::l14_no_default_deny::RULE,
    rules::l15_ignored_rules::RULE,
    rules::l16_unintended_isolation::RULE,
    rules::l17_accidental_allow_all::RULE,
    rules::l18_broad_block::RULE,
    rules::l19_metadata_service::RULE,
    rules::l20_block_for_pods::RULE,
    rules::l21_one_family::RULE,
    rules::l22_except_defeated::RULE,
    rules::l24_redundant_part::RULE,
    rules::l25_shadowed_rule::RULE,
    rules::l26_unused_policy::RULE,
    rules::l27_duplicate::RULE,
    rules::l29_host_network_affected::RULE,
    rules::l30_namespace_label_missing::RULE,
    rules::l31_policy_in_another_namespace::RULE,
    rules::l32_pods_of_another_namespace::RULE,
    rules::l33_deny_intention::RULE,
    rules::l34_client_address_lost::RULE,
    rules::l35_route_broken::RULE,
    rules::l36_scrape_or_webhook_blocked::RULE,
    rules::l38_unstable_label::RULE,
    rules::l39_null_selector::RULE,
    rules::l41_not_enforced::RULE,
    rules::l43_names_not_learnt::RULE,
    rules::l44_block_for_pods::RULE,
    rules::l45_endpoints_of_another_namespace::RULE,
    rules::l51_useless_egress_target::RULE,
    rules::l52_wider_than_needed::RULE,
];

/// All findings, sorted by place: what was found while reading, and what the rules find.
pub fn lint(loaded: &Loaded) -> Vec<Diagnostic> {
    let mut found = run(RULES.iter(), &Input::of(loaded));
    // What is accepted and not judged is for hosts.
    let accepted = |p: &&LoadedPolicy| p.index.is_some() || !dialect::read(&p.object).is_refused();
    let accepted = loaded.policies.iter().filter(accepted);
    found.extend(accepted.flat_map(|policy| dialect::lint(&policy.object, &loaded.snapshot)));
    // W4 is about the verdicts of an analysis, not about the manifests; what qualified answers is found again.
    let again = |read: &Diagnostic| {
        let mut all = found.iter();
        all.any(|d| (d.code, &d.span, &d.message) == (read.code, &read.span, &read.message))
    };
    let read = loaded.diagnostics.iter();
    let read: Vec<_> = read
        .filter(|d| d.code != "W4" && !(is_qualifying(d.code) && again(d)))
        .cloned()
        .collect();
    found.extend(read);
    sort(&mut found);
    found.dedup();
    found
}

/// What qualifies the answers about a cluster, sorted by place.
pub fn qualifying(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let qualifying = RULES.iter().filter(|rule| rule.qualifies_verdict);
    let mut found = run(qualifying, &Input::new(snapshot));
    // An answer is right whatever they find: errors are what makes one incomplete.
    for finding in &mut found {
        finding.severity = finding.severity.max(Severity::Warning);
    }
    sort(&mut found);
    found
}

fn is_qualifying(code: &str) -> bool {
    let mut rules = RULES.iter().filter(|rule| rule.qualifies_verdict);
    rules.any(|rule| rule.code == code)
}

/// Appends the qualifying findings to the diagnostics of `loaded`.
pub fn qualify(loaded: &mut Loaded) {
    loaded.diagnostics.extend(qualifying(&loaded.snapshot));
}

fn run<'a>(rules: impl Iterator<Item = &'a Rule>, input: &Input) -> Vec<Diagnostic> {
    let rules: Vec<&Rule> = rules.collect();
    let each = rules.into_par_iter().map(|rule| {
        let mut found = Vec::new();
        (rule.check)(rule, input, &mut found);
        found
    });
    each.collect::<Vec<_>>().concat()
}

fn sort(found: &mut [Diagnostic]) {
    found.sort_by(|a, b| (&a.span, a).cmp(&(&b.span, b)));
}
