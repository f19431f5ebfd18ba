//! Wider forms of rules that a dialect cannot express, where the user has chosen them; and their offer in the losses
//! where not. All dialects are alike in it: the wider rule is one that every one of them can express.

use super::Text;
use crate::policy::{
    Approximate, Approximation, Direction, FlowKey, Form, Loss, Match, Network, Part, PlanPeer,
    PlanPolicy, PlanRule, Target, Wider,
};

/// The policy with the wider forms that the user has chosen, and the flows that are written so.
pub(super) fn widened(target: Target, plan: &PlanPolicy) -> (PlanPolicy, Vec<Approximation>) {
    let mut plan = plan.clone();
    let mut found = Vec::new();
    for rule in &mut plan.rules {
        if rule.approximate != Approximate::Chosen {
            continue;
        }
        for form in forms(target, rule) {
            widen(rule, form.wider);
            rule.comments
                .push(format!("Approximation: allows {}", form.words()));
            let of_flow = |flow: &FlowKey| Approximation {
                flow: *flow,
                form: form.clone(),
            };
            found.extend(rule.flows.iter().map(of_flow));
        }
    }
    (plan, found)
}

/// The wider forms of a rule in a dialect that cannot express it. Domain names have one as destinations alone: no dialect has
/// them as sources.
fn forms(target: Target, rule: &PlanRule) -> Vec<Form> {
    let peers = rule.peers.listed().iter();
    let domains = peers.filter_map(|peer| match (rule.direction, peer) {
        (Direction::Egress, PlanPeer::Domain(name)) => Some(name.clone()),
        _ => None,
    });
    let domains: Vec<String> = domains.collect();
    Form::of(target, &rule.ports, &rule.http, &domains)
}

fn widen(rule: &mut PlanRule, wider: Wider) {
    match (wider, &mut rule.peers) {
        (Wider::AnyRequest, _) => {
            rule.http.clear();
            rule.filters = false;
        }
        (Wider::AnyAddress, Match::Only(peers)) => {
            let blocks = Network::outside().map(PlanPeer::Block);
            peers.retain(|peer| !matches!(peer, PlanPeer::Domain(_)) && !blocks.contains(peer));
            peers.extend(blocks);
        }
        (Wider::AnyAddress, Match::Any) => {}
    }
}

/// The approximations of flows that the text carries: those of rules that are lost for another reason are not written.
pub(super) fn written(text: Option<&Text>, mut all: Vec<Approximation>) -> Vec<Approximation> {
    let lines = text.map_or(&[][..], |text| &text.lines);
    all.retain(|one| lines.iter().any(|(_, flow)| *flow == one.flow));
    all
}

/// Adds the offer of a wider form to the losses that it would avoid.
pub(super) fn offer(target: Target, plan: &PlanPolicy, losses: &mut [Loss]) {
    let offered = |rule: &&PlanRule| rule.approximate == Approximate::Offered;
    for rule in plan.rules.iter().filter(offered) {
        let forms = forms(target, rule);
        if forms.is_empty() {
            continue;
        }
        let has_addresses = forms.iter().any(|form| form.wider == Wider::AnyAddress);
        let forms: Vec<String> = forms.iter().map(Form::allowed).collect();
        let offer = format!(
            "set `approximate: true` on the flow: allows {}",
            forms.join(" and ")
        );
        let avoided = |loss: &&mut Loss| {
            let avoids = match loss.part {
                Part::Flow => true,
                Part::Domain(_) => has_addresses,
                _ => false,
            };
            avoids && rule.flows.contains(&loss.flow)
        };
        for loss in losses.iter_mut().filter(avoided) {
            loss.help = Some(match &loss.help {
                Some(help) if !help.contains(&offer) => format!("{help}, or {offer}"),
                Some(help) => help.clone(),
                None => offer.clone(),
            });
        }
    }
}
