//! Explains each gate of a connection in steps.

use super::near::{Near, near};
use super::{EndDescription, Excerpt, Explainer, Gate, Step};
use crate::analysis::oracle::peer_matches_at;
use crate::analysis::{Decision, Direction, GateTrace, PolicyTrace, TierVerdict};
use crate::policy::{Action, Match, Policy, Rule, Side};
use crate::query::explain::Shown;

/// How many near misses are listed at a gate.
const NEAREST: usize = 3;

impl Explainer<'_> {
    /// Both gates.
    pub(super) fn gates(
        &self,
        shown: &Shown,
        from: &EndDescription,
        to: &EndDescription,
    ) -> [Gate; 2] {
        [
            self.gate(shown, &shown.trace.egress, from),
            self.gate(shown, &shown.trace.ingress, to),
        ]
    }

    fn gate(&self, shown: &Shown, trace: &GateTrace, own: &EndDescription) -> Gate {
        let gate = match trace.direction {
            Direction::Egress => "Egress from",
            Direction::Ingress => "Ingress to",
        };
        let verdict = if trace.allowed { "allowed" } else { "denied" };
        let mut gate = Gate {
            direction: trace.direction,
            allowed: trace.allowed,
            title: format!("{gate} {}: {verdict}", own.name),
            steps: Vec::new(),
            selected_by: self.selecting(trace),
            excerpt: None,
        };
        self.isolation(trace, &mut gate);
        for tier in &trace.tiers {
            self.tier(tier.tier, tier.verdict, trace, &mut gate);
        }
        self.decision(shown, trace, &mut gate);
        gate
    }

    /// The policies that select the end, in evaluation order.
    fn selecting(&self, trace: &GateTrace) -> Vec<String> {
        let policies = trace.tiers.iter().flat_map(|tier| &tier.policies);
        let found = policies.filter_map(|p| self.policy(p.policy));
        found.map(Policy::full_name).collect()
    }

    fn policy(&self, at: usize) -> Option<&Policy> {
        self.results
            .in_force
            .policies()
            .get(at)
            .map(|policy| &**policy)
    }

    /// Adds the policies that isolate the end.
    fn isolation(&self, trace: &GateTrace, gate: &mut Gate) {
        let what = match trace.direction {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        };
        let isolates = |trace_of: &&PolicyTrace| {
            self.policy(trace_of.policy)
                .and_then(|p| p.side(trace.direction))
                .is_some_and(Side::denies_by_default)
        };
        let all = trace.tiers.iter().flat_map(|tier| &tier.policies);
        let mut isolating: Vec<usize> = all.filter(isolates).map(|p| p.policy).collect();
        self.clearest_first(&mut isolating, trace.direction);
        let text = match (&trace.decision, isolating.as_slice()) {
            (Decision::SamePod | Decision::OwnNode | Decision::NoPod, _) => return,
            (_, []) => format!("no policy isolates its {what}"),
            (_, [one]) => format!("its {what} is isolated by {}", self.name(*one)),
            (_, [one, rest @ ..]) => format!(
                "its {what} is isolated by {} and {} more",
                self.name(*one),
                rest.len()
            ),
        };
        let source = isolating.first().and_then(|at| {
            let line = self.isolating_excerpt(*at).map_or(1, |e| *e.marked.start());
            self.source(*at, line)
        });
        gate.steps.push(Step { text, source });
    }

    /// Sorts isolating policies by their number of rules: one without rules shows the isolation best.
    fn clearest_first(&self, policies: &mut [usize], direction: Direction) {
        policies.sort_by_key(|at| {
            let side = self.policy(*at).and_then(|p| p.side(direction));
            side.map_or(0, |side| side.rules.len())
        });
    }

    /// Adds the verdict of a tier; where there is one tier only, its rule shows it.
    fn tier(&self, tier: usize, verdict: TierVerdict, trace: &GateTrace, gate: &mut Gate) {
        if trace.tiers.len() < 2 {
            return;
        }
        let tiers = &self.results.in_force.cluster.snapshot.tiers;
        let name = tiers.get(tier).map_or("", |t| t.name.as_str());
        let how = match verdict {
            TierVerdict::Allowed => "allows it",
            TierVerdict::Denied => "denies it",
            TierVerdict::Next => "passes it to the next tier",
        };
        gate.steps.push(Step {
            text: format!("tier {name} {how}"),
            source: None,
        });
    }

    fn decision(&self, shown: &Shown, trace: &GateTrace, gate: &mut Gate) {
        let plain = |text: &str| Step {
            text: text.to_owned(),
            source: None,
        };
        match &trace.decision {
            Decision::SamePod => gate.steps.push(plain("a pod always reaches itself")),
            Decision::OwnNode => gate.steps.push(plain("a node always reaches its own pods")),
            Decision::NoPod => gate
                .steps
                .push(plain("outside the cluster, where no policy applies")),
            Decision::Open => {}
            Decision::Rule { policy, rule } => {
                let Some(found) = self.policy(*policy) else {
                    return;
                };
                let Some(rule_found) = found.rules(trace.direction).get(*rule) else {
                    return;
                };
                let how = match rule_found.action {
                    Action::Accept => "allowed by",
                    Action::Deny => "denied by",
                    Action::Pass => "passed to the next tier by",
                };
                let line = self.deciding_line(shown, trace.direction, rule_found);
                gate.steps.push(Step {
                    text: format!("{how} rule {} of {}", rule_found.index + 1, found.name),
                    source: self.source(*policy, line),
                });
                gate.excerpt = self.rule_excerpt(*policy, rule_found, line);
            }
            Decision::Isolated { policies, .. } => self.denied(shown, trace, policies, gate),
        }
    }

    /// No rule matches: adds the closest ones.
    fn denied(&self, shown: &Shown, trace: &GateTrace, isolating: &[usize], gate: &mut Gate) {
        let snapshot = &self.results.in_force.cluster.snapshot;
        let near = near(snapshot, shown, trace);
        gate.steps.push(Step {
            text: "no rule matches".to_owned(),
            source: None,
        });
        for (at, one) in near.iter().take(NEAREST).enumerate() {
            let rank = if at == 0 { "closest" } else { "next" };
            let source = self.source(one.policy, self.near_line(trace.direction, one));
            let name = self.name(one.policy);
            gate.steps.push(Step {
                text: format!("{rank}: rule {} of {name}; {}", one.index + 1, one.missing),
                source,
            });
        }
        gate.excerpt = match near.first() {
            Some(one) => self.near_excerpt(trace.direction, one),
            None => {
                let mut isolating = isolating.to_vec();
                self.clearest_first(&mut isolating, trace.direction);
                isolating.first().and_then(|at| self.isolating_excerpt(*at))
            }
        };
    }

    fn near_line(&self, direction: Direction, near: &Near) -> u32 {
        let rule = self.rule(direction, near);
        rule.map_or(1, |rule| near.line.unwrap_or(rule.span.line))
    }

    fn near_excerpt(&self, direction: Direction, near: &Near) -> Option<Excerpt> {
        let rule = self.rule(direction, near)?;
        self.rule_excerpt(near.policy, rule, self.near_line(direction, near))
    }

    fn rule(&self, direction: Direction, near: &Near) -> Option<&Rule> {
        let policy = self.policy(near.policy)?;
        policy.rules(direction).get(near.rule)
    }

    fn name(&self, policy: usize) -> &str {
        self.policy(policy).map_or("", |p| p.name.as_str())
    }

    /// The line of the peer that matches the other end, or of the rule.
    fn deciding_line(&self, shown: &Shown, direction: Direction, rule: &Rule) -> u32 {
        let snapshot = &self.results.in_force.cluster.snapshot;
        let other = shown.other(direction);
        let source = (direction == Direction::Egress).then_some(&shown.from);
        match &rule.peers {
            Match::Any => rule.span.line,
            Match::Only(items) => items
                .iter()
                .find(|i| peer_matches_at(snapshot, source, &i.peer, other))
                .map_or(rule.span.line, |item| item.span.line),
        }
    }
}
