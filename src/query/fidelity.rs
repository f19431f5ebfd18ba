//! How much of each flow a dialect expresses: what of it is left out, and why, and what is allowed in a wider form.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Severity;
use crate::model::{Document, FlowId};
use crate::policy::{Approximation, Loss, Part, Target};
use crate::proof::Generated;

/// How much of a flow is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fidelity {
    /// Nothing: the flow itself is wrong.
    Invalid,
    /// Nothing.
    CannotExpress,
    /// A part: it allows less.
    Partial,
    /// A wider form that the user has chosen: it allows more.
    Approximated,
    /// All of it.
    Exact,
}

impl Fidelity {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::CannotExpress => "cannot be expressed",
            Self::Partial => "in part: allows less",
            Self::Approximated => "approximated: allows more",
            Self::Exact => "expressed",
        }
    }
}

/// A flow, and what of it is left out or wider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfFlow {
    /// The flow.
    pub flow: FlowId,
    /// How much of it is written.
    pub fidelity: Fidelity,
    /// What is left out.
    pub losses: Vec<Loss>,
    /// What is allowed in a wider form.
    pub approximations: Vec<Approximation>,
}

impl OfFlow {
    /// What is left out, then what is allowed in a wider form; each with what to do, if anything.
    pub fn reasons(&self) -> impl Iterator<Item = (String, Option<&str>)> {
        let losses = self.losses.iter();
        let losses = losses.map(|loss| (loss.message(), loss.help.as_deref()));
        let wider = self.approximations.iter();
        losses.chain(wider.map(|one| (one.form.allows_more(), None)))
    }
}

/// Every flow that is not muted, worst first, then in id order.
pub fn of_flows(document: &Document, generated: &Generated) -> Vec<OfFlow> {
    let mut losses: BTreeMap<FlowId, Vec<Loss>> = BTreeMap::new();
    for loss in &generated.losses {
        losses
            .entry(loss.flow.into())
            .or_default()
            .push(loss.clone());
    }
    let policies = generated.policies.iter().chain(&generated.replaced);
    let written: BTreeSet<FlowId> = match losses.is_empty() {
        true => BTreeSet::new(),
        false => policies
            .flat_map(|policy| policy.flows.iter().copied())
            .collect(),
    };
    let drawn = document.flows.iter().filter(|(_, flow)| !flow.muted);
    let mut all: Vec<OfFlow> = drawn
        .map(|(flow, _)| {
            let losses = losses.remove(&flow).unwrap_or_default();
            let wider = generated.approximations.iter();
            let wider = wider.filter(|one| one.flow == flow.into());
            let approximations: Vec<Approximation> = wider.cloned().collect();
            let fidelity = match fidelity(&losses, written.contains(&flow)) {
                Fidelity::Exact if !approximations.is_empty() => Fidelity::Approximated,
                fidelity => fidelity,
            };
            OfFlow {
                flow,
                fidelity,
                losses,
                approximations,
            }
        })
        .collect();
    all.sort_by_key(|one| one.fidelity);
    all
}

fn fidelity(losses: &[Loss], is_written: bool) -> Fidelity {
    let any = |test: fn(&Loss) -> bool| losses.iter().any(test);
    match () {
        () if losses.is_empty() => Fidelity::Exact,
        () if any(|loss| loss.severity == Severity::Error) => Fidelity::Invalid,
        () if any(|loss| loss.part == Part::Flow) || !is_written => Fidelity::CannotExpress,
        () => Fidelity::Partial,
    }
}

/// How many flows are exact, approximated, written in part, and cannot be expressed or are invalid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub flows: usize,
    /// Written in full.
    pub exact: usize,
    /// Written in a wider form.
    pub approximated: usize,
    /// Written in part.
    pub partial: usize,
    /// Left out by the dialect.
    pub cannot_express: usize,
    /// Left out because they are wrong.
    pub invalid: usize,
}

impl Counts {
    /// Counts flows.
    pub fn of(all: &[OfFlow]) -> Self {
        let count = |fidelity| all.iter().filter(|one| one.fidelity == fidelity).count();
        Self {
            flows: all.len(),
            exact: count(Fidelity::Exact),
            approximated: count(Fidelity::Approximated),
            partial: count(Fidelity::Partial),
            cannot_express: count(Fidelity::CannotExpress),
            invalid: count(Fidelity::Invalid),
        }
    }

    /// `15 of 17 flows expressed`.
    pub fn exact_words(self) -> String {
        let flows = if self.flows == 1 { "flow" } else { "flows" };
        match (self.exact == self.flows, self.flows) {
            (_, 0) => "no flows".to_owned(),
            (true, 1) => "1 flow expressed".to_owned(),
            (true, n) => format!("{n} of {n} flows expressed"),
            (false, n) => format!("{} of {n} {flows} expressed", self.exact),
        }
    }

    /// `1 approximated, 1 in part, 1 cannot be expressed`; empty if all are exact.
    pub fn other_words(self) -> String {
        let all = [
            (self.approximated, "approximated"),
            (self.partial, "in part"),
            (self.cannot_express, "cannot be expressed"),
            (self.invalid, "invalid"),
        ];
        let all = all.into_iter().filter(|(count, _)| *count > 0);
        let all: Vec<String> = all.map(|(count, what)| format!("{count} {what}")).collect();
        all.join(", ")
    }

    /// Both.
    pub fn words(self) -> String {
        let all = [self.exact_words(), self.other_words()];
        let all: Vec<String> = all.into_iter().filter(|words| !words.is_empty()).collect();
        all.join(", ")
    }
}

/// What is left out of all flows: `1 flow and 2 parts of other flows`.
pub fn omitted_words(all: &[OfFlow]) -> Option<String> {
    let is_whole =
        |one: &&OfFlow| matches!(one.fidelity, Fidelity::CannotExpress | Fidelity::Invalid);
    let whole = all.iter().filter(is_whole).count();
    let partial = all.iter().filter(|one| one.fidelity == Fidelity::Partial);
    let parts: usize = partial.map(|one| one.losses.len()).sum();
    let flows = match whole {
        1 => "1 flow".to_owned(),
        n => format!("{n} flows"),
    };
    let parts = match parts {
        0 => None,
        1 => Some("1 part".to_owned()),
        n => Some(format!("{n} parts")),
    };
    match (whole, parts) {
        (0, None) => None,
        (_, None) => Some(flows),
        (0, Some(parts)) => Some(format!("{parts} of the drawn flows")),
        (_, Some(parts)) => Some(format!("{flows} and {parts} of other flows")),
    }
}

/// The flows that are written in a wider form: `1 flow`.
pub fn wider_words(all: &[OfFlow]) -> Option<String> {
    let wider = all.iter().filter(|one| !one.approximations.is_empty());
    match wider.count() {
        0 => None,
        1 => Some("1 flow".to_owned()),
        n => Some(format!("{n} flows")),
    }
}

/// The document written in one dialect only.
pub fn in_dialect(document: &Document, target: Target) -> Document {
    let mut document = document.clone();
    document.settings.dialects = vec![target];
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::format;
    use crate::proof::generate;

    /// Domain names are beyond NetworkPolicy: one flow has nothing else, another one has a block, too.
    const PROJECT: &str = "\
format: drawbridge/1
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: shop, labels: {app: db}}
externals:
- {name: mail, domainNames: [mail.example.com]}
- {name: bank, domainNames: [bank.example.com], networks: [{cidr: 192.0.2.0/24}]}
flows:
- {from: shop/web, to: shop/db, ports: [TCP/5432]}
- {from: shop/web, to: external/bank, ports: [TCP/443]}
- {from: shop/web, to: external/mail, ports: [TCP/25]}
- {from: shop/db, to: external/mail, ports: [TCP/25], muted: true}
";

    fn of(target: Target) -> (Vec<(String, Fidelity)>, String) {
        let (document, _) = format::read(PROJECT, "p").expect("a project");
        let document = in_dialect(&document, target);
        let generated = generate(&document);
        let all = of_flows(&document, &generated);
        let name = |one: &OfFlow| (document.flow_name(one.flow), one.fidelity);
        (all.iter().map(name).collect(), Counts::of(&all).words())
    }

    #[test]
    fn flows_are_exact_in_part_or_left_out() {
        let (flows, words) = of(Target::Kubernetes);
        let expected = [
            ("web to mail".to_owned(), Fidelity::CannotExpress),
            ("web to bank".to_owned(), Fidelity::Partial),
            ("web to db".to_owned(), Fidelity::Exact),
        ];
        assert_eq!(flows, expected);
        let expected = "1 of 3 flows expressed, 1 in part, 1 cannot be expressed";
        assert_eq!(words, expected);
        let omitted = |keep: &dyn Fn(Fidelity) -> bool| {
            let (document, _) = format::read(PROJECT, "p").expect("a project");
            let document = in_dialect(&document, Target::Kubernetes);
            let mut all = of_flows(&document, &generate(&document));
            all.retain(|one| keep(one.fidelity));
            omitted_words(&all)
        };
        let all = omitted(&|_| true);
        assert_eq!(all.as_deref(), Some("1 flow and 1 part of other flows"));
        let whole = omitted(&|fidelity| fidelity == Fidelity::CannotExpress);
        assert_eq!(whole.as_deref(), Some("1 flow"));
        let part = omitted(&|fidelity| fidelity == Fidelity::Partial);
        assert_eq!(part.as_deref(), Some("1 part of the drawn flows"));
        assert_eq!(omitted(&|fidelity| fidelity == Fidelity::Exact), None);
        let (flows, words) = of(Target::Cilium);
        assert_eq!(words, "3 of 3 flows expressed");
        assert!(
            flows
                .iter()
                .all(|(_, fidelity)| *fidelity == Fidelity::Exact)
        );
    }

    #[test]
    fn a_wider_form_allows_more_and_a_part_less() {
        let text = PROJECT.replace("ports: [TCP/443]", "ports: [TCP/443], approximate: true");
        let (document, _) = format::read(&text, "p").expect("a project");
        let document = in_dialect(&document, Target::Kubernetes);
        let all = of_flows(&document, &generate(&document));
        let found: Vec<(Fidelity, usize)> = (all.iter())
            .map(|one| (one.fidelity, one.losses.len()))
            .collect();
        let expected = [
            (Fidelity::CannotExpress, 1),
            (Fidelity::Approximated, 0),
            (Fidelity::Exact, 0),
        ];
        assert_eq!(found, expected);
        let reasons: Vec<_> = all[1].reasons().collect();
        let wider =
            "allows more: all addresses outside the cluster on TCP 443, drawn: bank.example.com";
        assert_eq!(reasons, [(wider.to_owned(), None)]);
        let offered = all[0].losses[0].help.as_deref();
        assert_eq!(
            offered,
            Some(
                "add its networks, or set `approximate: true` on the flow: allows all addresses outside the cluster on TCP 25"
            )
        );
        let words = "1 of 3 flows expressed, 1 approximated, 1 cannot be expressed";
        assert_eq!(Counts::of(&all).words(), words);
        assert_eq!(omitted_words(&all).as_deref(), Some("1 flow"));
        assert_eq!(wider_words(&all).as_deref(), Some("1 flow"));
    }

    #[test]
    fn a_flow_without_an_end_is_invalid_and_no_matter_of_the_dialect() {
        let text = PROJECT.replace("to: shop/db", "to: shop/gone");
        let (document, _) = format::read(&text, "p").unwrap_or_default();
        let generated = generate(&document);
        let all = of_flows(&document, &generated);
        let invalid = all.iter().filter(|one| one.fidelity == Fidelity::Invalid);
        assert_eq!(invalid.count(), usize::from(!document.flows.is_empty()));
    }
}
