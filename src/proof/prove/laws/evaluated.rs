//! No verdict is "exact" wrongly: connections are compared with the plain evaluator, over the policies
//! in force, and with a plain reading of the document.

use std::sync::Arc;

use proptest::prelude::*;

use super::plain::Plain;
use super::random::{drawing_in, random_with_rules, target};
use crate::analysis::Endpoint;
use crate::analysis::oracle::{Probe, gate, probe};
use crate::load::imported;
use crate::model::{Document, FlowPort};
use crate::plan::{Plan, plan};
use crate::policy::{Direction, Match, PlanNamespaces, PlanPeer, PlanPolicy, PlanRule};
use crate::proof::in_force::InForce;
use crate::proof::prove::{Proof, State, Verdict, prove_in_force};
use crate::proof::{Generated, generated};
use crate::sets::{Protocol, Selector};

/// How many documents are tried: 1,000, or the value of `DRAWBRIDGE_LAW_CASES` at compile time.
fn config() -> ProptestConfig {
    let cases = option_env!("DRAWBRIDGE_LAW_CASES").and_then(|text| text.parse().ok());
    ProptestConfig {
        max_shrink_iters: 4_000,
        ..ProptestConfig::with_cases(cases.unwrap_or(1_000))
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn exact_means_exact(random in random_with_rules(), target in target(), seed in any::<u32>()) {
        let document = drawing_in(&random, target).document;
        let imported = imported::imported(&document);
        let generated = generated::write(&document, &imported);
        let judged = Judged::new(&document, generated);
        prop_assert_eq!(judged.flows_that_are_not_exact(), "");
        prop_assert_eq!(judged.approximations_called_exact(), "");
        prop_assert_eq!(judged.denials_that_stay_open(), "");
        prop_assert_eq!(judged.difference(seed), "");
    }

    #[test]
    fn a_changed_plan_is_exact_only_if_nothing_differs(
        random in random_with_rules(),
        change in any::<(u8, u16, u16, u16)>(),
        target in target(),
        seed in any::<u32>(),
    ) {
        let document = drawing_in(&random, target).document;
        let imported = imported::imported(&document);
        let mut plan = plan(&document, &imported);
        alter(&mut plan, change);
        let judged = Judged::new(&document, generated::write_plan(&document, &imported, plan));
        prop_assert_eq!(judged.flows_that_are_not_exact(), "");
        prop_assert_eq!(judged.approximations_called_exact(), "");
        prop_assert_eq!(judged.difference(seed), "");
    }
}

struct Judged<'a> {
    document: &'a Document,
    generated: Generated,
    in_force: InForce,
    proof: Proof,
}

impl<'a> Judged<'a> {
    fn new(document: &'a Document, generated: Generated) -> Self {
        let imported = imported::imported(document);
        let in_force = InForce::of(document, &imported, &generated);
        let proof = prove_in_force(document, &generated, &in_force);
        Self {
            document,
            generated,
            in_force,
            proof,
        }
    }

    /// The first gate that a flow called exact or approximated should open and that the evaluator finds closed, or the reverse.
    fn flows_that_are_not_exact(&self) -> String {
        let plain = Plain::new(self.document, &self.in_force);
        let ends = self.ends(&plain);
        let pairs = || ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b)));
        for (id, flow) in self.document.flows.iter() {
            let verdict = self.proof.verdicts.get(&id);
            if !matches!(verdict, Some(Verdict::Exact | Verdict::Approximated)) {
                continue;
            }
            for (from, to) in pairs().filter(|(from, to)| is_pair(from, to)) {
                for port in probes(&flow.ports) {
                    for direction in Direction::BOTH {
                        if !plain.decides(flow, direction, from, to, port)
                            || !flow.denies && plain.denied(direction, from, to, port)
                        {
                            continue;
                        }
                        let allowed = plain.is_open(to, |to| {
                            gate(plain.snapshot, direction, from, to, port).allowed
                        });
                        if allowed == flow.denies {
                            return format!(
                                "{} is {verdict:?}: {direction:?} {from:?} {to:?} {port:?}\n{}",
                                self.document.flow_name(id),
                                self.generated.text()
                            );
                        }
                    }
                }
            }
        }
        String::new()
    }

    /// The first flow called exact, or document with one, that allows more than is drawn because the user accepts it.
    fn approximations_called_exact(&self) -> String {
        let plain = Plain::new(self.document, &self.in_force);
        for (id, flow) in self.document.flows.iter() {
            let exact = self.proof.verdicts.get(&id) == Some(&Verdict::Exact);
            if (exact || self.proof.state == State::Exact) && plain.allows_more(flow) {
                let name = self.document.flow_name(id);
                return format!("{name} is approximated\n{}", self.generated.text());
            }
        }
        String::new()
    }

    /// The first connection that a flow denies and the evaluator allows, of flows that are neither invalid nor called too
    /// wide.
    fn denials_that_stay_open(&self) -> String {
        let plain = Plain::new(self.document, &self.in_force);
        let ends = self.ends(&plain);
        let pairs = || ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b)));
        let verdicts = [
            Verdict::Exact,
            Verdict::Approximated,
            Verdict::CannotExpress,
        ];
        for (id, flow) in self.document.flows.iter().filter(|(_, flow)| flow.denies) {
            let verdict = self.proof.verdicts.get(&id);
            if !verdict.is_some_and(|verdict| verdicts.contains(verdict)) {
                continue;
            }
            for (from, to) in pairs().filter(|(from, to)| is_pair(from, to)) {
                for port in probes(&flow.ports) {
                    let denied = Direction::BOTH
                        .into_iter()
                        .any(|direction| plain.decides(flow, direction, from, to, port));
                    if denied && probe(plain.snapshot, from, to, port).allowed {
                        return format!(
                            "{} is {verdict:?}: {from:?} {to:?} {port:?}\n{}",
                            self.document.flow_name(id),
                            self.generated.text()
                        );
                    }
                }
            }
        }
        String::new()
    }

    /// The first connection on which the evaluator and a document called exact or approximated differ: what is drawn, and
    /// what approximated flows allow in its place, is allowed, and nothing else.
    fn difference(&self, seed: u32) -> String {
        if !matches!(self.proof.state, State::Exact | State::Approximated) {
            return String::new();
        }
        let plain = Plain::new(self.document, &self.in_force);
        let ends: Vec<Endpoint> = (self.ends(&plain).into_iter())
            .filter(|end| {
                !matches!(end, Endpoint::Pod(at)
                if plain.is_node(&plain.snapshot.pods[*at]))
            })
            .collect();
        let mut ports = probes(&[FlowPort::Range(Protocol::Udp, 53, 53)]);
        ports.push(None);
        ports.push(Some((Protocol::Tcp, 8080)));
        for (_, flow) in self.document.flows.iter() {
            ports.extend(probes(&flow.ports));
        }
        ports.sort();
        ports.dedup();
        let mut state = seed | 1;
        for (a, b) in ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b))) {
            for port in &ports {
                // About a quarter of all connections, other ones each time.
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 30 != 0 || !is_pair(a, b) {
                    continue;
                }
                let Some(expected) = plain.expects(a, b, *port) else {
                    continue;
                };
                let allowed = plain.is_open(b, |b| probe(plain.snapshot, a, b, *port).allowed);
                if allowed != expected {
                    return format!(
                        "{a:?} {b:?} {port:?}: drawn {expected}\n{}",
                        self.generated.text()
                    );
                }
            }
        }
        String::new()
    }

    /// Real pods, two of each workload where there are, and addresses and names that the document
    /// knows.
    fn ends(&self, plain: &Plain) -> Vec<Endpoint> {
        let mut ends: Vec<Endpoint> = (0..plain.snapshot.pods.len()).map(Endpoint::Pod).collect();
        for (_, external) in self.document.externals.iter() {
            let names = external.domain_names.iter();
            ends.extend(names.map(|name| Endpoint::Domain(name.clone())));
            ends.extend(external.opaque_entities().into_iter().map(Endpoint::Entity));
        }
        ends.extend(plain.addresses.iter().copied().map(Endpoint::Address));
        ends
    }
}

/// Two ends of which one at least is a pod, and not the same pod: that one always reaches itself. Nobody connects from a domain
/// name (C35).
fn is_pair(a: &Endpoint, b: &Endpoint) -> bool {
    let is_name = matches!(a, Endpoint::Domain(_));
    a != b && !is_name && (matches!(a, Endpoint::Pod(_)) || matches!(b, Endpoint::Pod(_)))
}

/// The bounds of ports, what lies beside them, and what may be meant by a name.
fn probes(ports: &[FlowPort]) -> Vec<Probe> {
    let mut found = Vec::new();
    for port in ports {
        match port {
            FlowPort::Any => found.extend([None, Some((Protocol::Sctp, 9))]),
            FlowPort::All(protocol) => {
                let (first, last) = protocol.bounds();
                found.extend([Some((*protocol, first)), Some((*protocol, last))])
            }
            FlowPort::Named(protocol, _) => {
                found.extend([Some((*protocol, 8080)), Some((*protocol, 80))]);
            }
            FlowPort::Range(protocol, first, last) => {
                found.extend(
                    [
                        first.saturating_sub(1),
                        *first,
                        *last,
                        last.saturating_add(1),
                    ]
                    .into_iter()
                    .filter(|port| {
                        let (first, last) = protocol.bounds();
                        (first..=last).contains(port)
                    })
                    .map(|port| Some((*protocol, port))),
                );
            }
        }
    }
    found
}

/// Drops or widens one part of a plan.
pub(crate) fn alter(plan: &mut Plan, (kind, policy, rule, item): (u8, u16, u16, u16)) {
    if plan.policies.is_empty() {
        return;
    }
    let at = usize::from(policy) % plan.policies.len();
    if kind % 8 == 0 {
        plan.policies.remove(at);
        return;
    }
    let policy = Arc::make_mut(&mut plan.policies[at]);
    if kind % 8 == 1 {
        policy.subject = Selector::everything();
        policy.accounts = Default::default();
        return;
    }
    if kind % 8 == 2 && policy.directions.len() > 1 {
        let direction = policy.directions.remove(usize::from(item) % 2);
        policy.rules.retain(|rule| rule.direction != direction);
        return;
    }
    if policy.rules.is_empty() {
        return;
    }
    let rule_at = usize::from(rule) % policy.rules.len();
    if kind % 8 == 3 {
        policy.rules.remove(rule_at);
        return;
    }
    alter_rule(&mut policy.rules[rule_at], kind, usize::from(item));
    drop_empty(policy);
}

fn alter_rule(rule: &mut PlanRule, kind: u8, item: usize) {
    let everywhere = PlanNamespaces::Labelled(Selector::everything());
    let Match::Only(peers) = &mut rule.peers else {
        return;
    };
    let peer = item % peers.len();
    match kind % 8 {
        4 => _ = peers.remove(peer),
        5 => peers.push(PlanPeer::Pods(everywhere, Selector::everything())),
        6 => rule.ports = Match::Any,
        _ => {
            if let Match::Only(ports) = &mut rule.ports {
                ports.remove(item % ports.len());
            }
        }
    }
}

/// An empty list would mean everything to the API, so it is removed.
fn drop_empty(policy: &mut PlanPolicy) {
    (policy.rules).retain(|rule| {
        rule.peers != Match::Only(Vec::new()) && rule.ports != Match::Only(Vec::new())
    });
    if policy.rules.is_empty() && !policy.isolates {
        policy.directions.clear();
    }
}
