//! Why a connection is allowed or not: a plain evaluator of one connection that records every tier, the
//! policies that apply in it, and the rule that decides.

use super::super::Endpoint;
use super::addresses::Family;
use super::peers::{Seen, any_matches_seen};
use super::{Probe, peer_matches, rule_matches_port};
use crate::cluster::{HostNetwork, Snapshot};
use crate::policy::{Action, Combine, Condition, Direction, Policy, Rule, Side};
use crate::sets::Protocol;

/// The evaluation of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Whether both gates allow it.
    pub allowed: bool,
    /// The gate of the source.
    pub egress: GateTrace,
    /// The gate of the destination.
    pub ingress: GateTrace,
}

/// The evaluation of one gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateTrace {
    /// Which side it is on.
    pub direction: Direction,
    /// Whether it allows the connection.
    pub allowed: bool,
    /// What decided.
    pub decision: Decision,
    /// The evaluated tiers in which a policy applies, in order.
    pub tiers: Vec<TierTrace>,
}

impl GateTrace {
    /// The conditions that a rule sets at this gate. Requests and queries are filtered only where a policy isolates the
    /// pod (C6).
    pub fn conditions(&self, snapshot: &Snapshot, rule: &Rule) -> Vec<Condition> {
        let policies = self.tiers.iter().flat_map(|tier| &tier.policies);
        let mut sides = policies.filter_map(|traced| {
            let policy = snapshot.policies.get(traced.policy)?;
            policy.side(self.direction)
        });
        let isolated = sides.any(|side| side.isolates);
        let filters = |c: &Condition| matches!(c, Condition::Http | Condition::Dns);
        let conditions = rule.conditions.iter().copied();
        conditions.filter(|c| isolated || !filters(c)).collect()
    }
}

/// What decided at a gate. Policies are indices into `Snapshot::policies`, rules into the side's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A pod always reaches itself (P1).
    SamePod,
    /// A node always reaches its own pods (P2).
    OwnNode,
    /// This end is not a pod, so that no policy applies to it.
    NoPod,
    /// A rule.
    Rule {
        /// The policy.
        policy: usize,
        /// Its rule in this direction.
        rule: usize,
    },
    /// No rule of the tier allowed it, and these policies isolate the pod.
    Isolated {
        /// The tier.
        tier: usize,
        /// The policies that isolate.
        policies: Vec<usize>,
    },
    /// No tier decided, so it is allowed.
    Open,
}

/// The evaluation of one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierTrace {
    /// Index into `Snapshot::tiers`.
    pub tier: usize,
    /// The policies that apply to the pod in this direction, in evaluation order.
    pub policies: Vec<PolicyTrace>,
    /// How the tier ended.
    pub verdict: TierVerdict,
}

/// How a tier ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TierVerdict {
    /// Allowed, finally.
    Allowed,
    /// Denied, finally.
    Denied,
    /// The next tier decides.
    Next,
}

/// One policy that applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTrace {
    /// Index into `Snapshot::policies`.
    pub policy: usize,
    /// Its rules in this direction.
    pub rules: Vec<RuleTrace>,
}

/// Which parts of one rule match the connection; the rule matches if all three do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleTrace {
    /// Whether it applies to the pod, where rules narrow the subject.
    pub subject: bool,
    /// Whether the other end is one of its peers.
    pub peer: bool,
    /// Whether the port is one of its ports.
    pub port: bool,
}

impl RuleTrace {
    /// Whether the rule matches the connection.
    pub fn matches(self) -> bool {
        self.subject && self.peer && self.port
    }
}

/// Whether `from` may open a connection to a port of `to`, and why.
pub fn explain(
    snapshot: &Snapshot,
    from: &Endpoint,
    to: &Endpoint,
    protocol: Protocol,
    port: u16,
) -> Trace {
    probe(snapshot, from, to, Some((protocol, port)))
}

/// [`explain`] for any probe, other protocols included.
pub fn probe(snapshot: &Snapshot, from: &Endpoint, to: &Endpoint, probe: Probe) -> Trace {
    let one = std::slice::from_ref;
    probe_all(snapshot, one(from), one(to), probe)
}

/// [`probe`] of ends that are all of these at once, such as an address and its domain names. A pod is only itself.
pub fn probe_all(snapshot: &Snapshot, from: &[Endpoint], to: &[Endpoint], probe: Probe) -> Trace {
    let always = |from: &Endpoint| match (from, to) {
        (Endpoint::Pod(a), [Endpoint::Pod(b)]) if a == b => Some(Decision::SamePod),
        (Endpoint::Node(node) | Endpoint::NodeAddress(node, _), [Endpoint::Pod(pod)])
            if runs_on(snapshot, *pod, *node) =>
        {
            Some(Decision::OwnNode)
        }
        _ => None,
    };
    let always = from.iter().find_map(always);
    let all: Vec<usize> = (0..snapshot.policies.len()).collect();
    let gate = |direction| match &always {
        Some(decision) => open(direction, decision.clone()),
        None => gate_all(snapshot, direction, from, to, probe, &all),
    };
    let (egress, ingress) = (gate(Direction::Egress), gate(Direction::Ingress));
    Trace {
        allowed: egress.allowed && ingress.allowed,
        egress,
        ingress,
    }
}

fn runs_on(snapshot: &Snapshot, pod: usize, node: usize) -> bool {
    let on = snapshot.pods.get(pod).and_then(|p| p.node.as_deref());
    on.is_some() && on == snapshot.nodes.get(node).map(|n| n.name.as_str())
}

/// Whether `from` is a host-network pod that counts as the node of `to`.
fn is_own_host(snapshot: &Snapshot, from: &Endpoint, to: &Endpoint) -> bool {
    let (Endpoint::Pod(host), Endpoint::Pod(pod)) = (from, to) else {
        return false;
    };
    let (Some(host), Some(pod)) = (snapshot.pods.get(*host), snapshot.pods.get(*pod)) else {
        return false;
    };
    snapshot.assumptions.host_network == HostNetwork::Nodes
        && host.host_network
        && host.node.is_some()
        && host.node == pod.node
}

fn open(direction: Direction, decision: Decision) -> GateTrace {
    GateTrace {
        direction,
        allowed: true,
        decision,
        tiers: Vec::new(),
    }
}

/// Evaluates one gate alone.
pub fn gate(
    snapshot: &Snapshot,
    direction: Direction,
    from: &Endpoint,
    to: &Endpoint,
    probe: Probe,
) -> GateTrace {
    let all: Vec<usize> = (0..snapshot.policies.len()).collect();
    gate_by(snapshot, direction, from, to, probe, &all)
}

/// Evaluates one gate under some policies; no others may select its pod. A domain name stands for addresses of either
/// family: it is allowed if those of one are.
pub fn gate_by(
    snapshot: &Snapshot,
    direction: Direction,
    from: &Endpoint,
    to: &Endpoint,
    probe: Probe,
    policies: &[usize],
) -> GateTrace {
    let one = std::slice::from_ref;
    gate_all(snapshot, direction, one(from), one(to), probe, policies)
}

fn gate_all(
    snapshot: &Snapshot,
    direction: Direction,
    from: &[Endpoint],
    to: &[Endpoint],
    probe: Probe,
    policies: &[usize],
) -> GateTrace {
    let peer = match direction {
        Direction::Ingress => from,
        Direction::Egress => to,
    };
    let (first, others) = match Family::of(peer) {
        [first, others @ ..] => (*first, others),
        [] => (Family::V4, &[][..]),
    };
    let of = |family| gate_of(snapshot, direction, from, to, probe, policies, family);
    let first = of(first);
    let mut others = others.iter().map(|&family| of(family));
    match first.allowed {
        true => first,
        false => others.find(|trace| trace.allowed).unwrap_or(first),
    }
}

/// The evaluation of one gate, where domain names stand for addresses of one family.
fn gate_of(
    snapshot: &Snapshot,
    direction: Direction,
    from: &[Endpoint],
    to: &[Endpoint],
    probe: Probe,
    policies: &[usize],
    family: Family,
) -> GateTrace {
    let (own, peer) = match direction {
        Direction::Ingress => (to, from),
        Direction::Egress => (from, to),
    };
    let ([own @ (Endpoint::Pod(_) | Endpoint::NewPod(_))], Some(destination)) = (own, to.first())
    else {
        return open(direction, Decision::NoPod);
    };
    if direction == Direction::Ingress && from.iter().any(|from| is_own_host(snapshot, from, own)) {
        return open(direction, Decision::OwnNode);
    }
    let source = (direction == Direction::Egress).then_some(own);
    let seen = Seen { source, family };
    let mut tiers = Vec::new();
    for (tier, rules_of) in snapshot.tiers.iter().enumerate() {
        let sides = applicable(snapshot, policies, tier, direction, own);
        if sides.is_empty() {
            continue;
        }
        let trace_rule = |rule: &Rule| RuleTrace {
            subject: (rule.subject.as_ref()).is_none_or(|s| peer_matches(snapshot, s, own)),
            peer: any_matches_seen(snapshot, seen, &rule.peers, peer),
            port: rule_matches_port(snapshot, direction, rule, destination, probe),
        };
        let traces = sides.iter().map(|(policy, side)| PolicyTrace {
            policy: *policy,
            rules: side.rules.iter().map(trace_rule).collect(),
        });
        let policies: Vec<PolicyTrace> = traces.collect();
        let (verdict, decision) = decide(tier, rules_of.combine, &sides, &policies);
        tiers.push(TierTrace {
            tier,
            policies,
            verdict,
        });
        if verdict != TierVerdict::Next {
            return GateTrace {
                direction,
                allowed: verdict == TierVerdict::Allowed,
                decision,
                tiers,
            };
        }
    }
    GateTrace {
        direction,
        allowed: true,
        decision: Decision::Open,
        tiers,
    }
}

/// The sides of a tier that apply to a pod, in evaluation order.
fn applicable<'a>(
    snapshot: &'a Snapshot,
    policies: &[usize],
    tier: usize,
    direction: Direction,
    own: &Endpoint,
) -> Vec<(usize, &'a Side)> {
    let side_of = |policy: &'a Policy| match direction {
        Direction::Ingress => policy.ingress.as_ref(),
        Direction::Egress => policy.egress.as_ref(),
    };
    let policies = policies.iter();
    let mut found: Vec<(usize, &Policy, &Side)> = policies
        .filter_map(|&at| Some((at, &**snapshot.policies.get(at)?)))
        .filter(|(_, p)| p.tier == tier)
        .filter_map(|(at, p)| Some((at, p, side_of(p)?)))
        .filter(|(_, p, _)| peer_matches(snapshot, &p.subject, own))
        .collect();
    found.sort_by_key(|(at, p, _)| (p.order, &p.tie, *at));
    found.into_iter().map(|(at, _, side)| (at, side)).collect()
}

fn decide(
    tier: usize,
    combine: Combine,
    sides: &[(usize, &Side)],
    traces: &[PolicyTrace],
) -> (TierVerdict, Decision) {
    let hits: Vec<(usize, usize, &Rule)> = sides
        .iter()
        .zip(traces)
        .flat_map(|((policy, side), trace)| {
            let rules = side.rules.iter().zip(&trace.rules).enumerate();
            rules
                .filter(|(_, (_, trace))| trace.matches())
                .map(|(at, (rule, _))| (*policy, at, rule))
        })
        .collect();
    // Where a rule without conditions allows the connection too, they do not matter.
    let first = |want: Action| {
        let mut of = hits.iter().filter(|h| h.2.action == want).copied();
        let plain = of.clone().find(|h| h.2.conditions.is_empty());
        plain.or_else(|| of.next())
    };
    let hit = match combine {
        Combine::FirstMatch => hits.first().copied(),
        Combine::DenyOverAccept => first(Action::Deny)
            .or_else(|| first(Action::Accept))
            .or_else(|| first(Action::Pass)),
    };
    if let Some((policy, rule, hit)) = hit {
        let verdict = match hit.action {
            Action::Accept => TierVerdict::Allowed,
            Action::Deny => TierVerdict::Denied,
            Action::Pass => TierVerdict::Next,
        };
        return (verdict, Decision::Rule { policy, rule });
    }
    let isolating = sides.iter().filter(|(_, s)| s.isolates);
    let policies: Vec<usize> = isolating.map(|(at, _)| *at).collect();
    if policies.is_empty() {
        (TierVerdict::Next, Decision::Open)
    } else {
        (TierVerdict::Denied, Decision::Isolated { tier, policies })
    }
}
