//! Writes a policy of the Baseline tier as a NetworkPolicy. Both isolate: a baseline policy by a last rule that denies
//! everything, and only the pods that no NetworkPolicy selects. Whether one selects them is not known here. Each namespace gets
//! a policy of its own.

use super::express::{NO_ORDER, express};
use crate::dialect::Expressed;
use crate::dialect::selector::named_namespaces;
use crate::dialect::writing::{join, losses, world};
use crate::policy::{
    Accounts, Action, Beside, Direction, Loss, Match, OrderedPolicy, OrderedRule, Part, PlanPeer,
    PlanPolicy, PlanRule, PortMatch, Resolution, Role,
};
use crate::sets::Protocol;

/// Writes a policy whose rules hold in order.
pub(super) fn ordered(policy: &OrderedPolicy) -> Result<Expressed, String> {
    if !policy.place.baseline {
        return Err(NO_ORDER.to_owned());
    }
    let namespaces = named_namespaces(&policy.namespaces)?;
    let (mut directions, mut rules, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for direction in Direction::BOTH {
        let own = policy
            .rules
            .iter()
            .filter(|one| one.rule.direction == direction);
        let own: Vec<&OrderedRule<PlanRule>> = own.collect();
        if !own.is_empty() {
            let (allowed, denial) = split(direction, &own)?;
            directions.push(direction);
            rules.extend(allowed.into_iter().map(with_protocols));
            lost.extend(outside_losses(denial));
        }
    }
    let plan = PlanPolicy {
        namespace: String::new(),
        across: None,
        name: policy.name.clone(),
        role: Role::Flow,
        labels: policy.labels.clone(),
        annotations: policy.annotations.clone(),
        comment: policy.comment.clone(),
        subject: policy.pods.clone(),
        accounts: Accounts::default(),
        workloads: Vec::new(),
        directions,
        isolates: true,
        isolated: false,
        rules,
        beside: Beside::default(),
    };
    let mut texts = Vec::new();
    for namespace in namespaces {
        let namespace = namespace.clone();
        let (text, more) = express(
            &PlanPolicy {
                namespace,
                ..plan.clone()
            },
            Resolution::Plain,
        );
        texts.push(text.ok_or("NetworkPolicy cannot express the selectors of its pods")?);
        lost.extend(more);
    }
    lost.sort();
    lost.dedup();
    Ok((join(texts), lost))
}

/// The rules that allow, and the first that denies everything. Err: there is none, or the rules before it deny, too.
fn split<'a>(
    direction: Direction,
    rules: &[&'a OrderedRule<PlanRule>],
) -> Result<(Vec<&'a PlanRule>, &'a PlanRule), String> {
    let mut allowed = Vec::new();
    let mut denial: Option<&PlanRule> = None;
    for one in rules {
        match (one.action, denial) {
            (Action::Deny, _) if denies_everything(&one.rule) => return Ok((allowed, &one.rule)),
            (Action::Deny, _) => denial = Some(&one.rule),
            (_, Some(denial)) => {
                return Err(format!(
                    "`{}` denies before `{}` allows, and a NetworkPolicy cannot deny a part of what it allows",
                    denial.other, one.rule.other
                ));
            }
            // Behind the last tier everything is allowed.
            (Action::Accept | Action::Pass, None) => allowed.push(&one.rule),
        }
    }
    let (list, everything) = match direction {
        Direction::Ingress => ("ingress", "all pods"),
        Direction::Egress => ("egress", "all pods and all addresses"),
    };
    Err(format!(
        "no rule of its `{list}` denies {everything} at all ports, and it allows what no rule matches"
    ))
}

/// Whether a rule matches everything that can be matched in its direction (A5).
fn denies_everything(rule: &PlanRule) -> bool {
    let peers = rule.peers.listed();
    let addresses = world().map(PlanPeer::Block);
    rule.ports == Match::Any
        && peers.iter().any(PlanPeer::is_all_pods)
        && match rule.direction {
            Direction::Ingress => true,
            Direction::Egress => addresses.iter().all(|block| peers.contains(block)),
        }
}

/// A port name of no protocol is that of any (A10); here each has its own.
fn with_protocols(rule: &PlanRule) -> PlanRule {
    let all = |port: &PortMatch| match port {
        PortMatch::Named {
            protocol: None,
            name,
        } => [Protocol::Tcp, Protocol::Udp, Protocol::Sctp]
            .map(|protocol| PortMatch::Named {
                protocol: Some(protocol),
                name: name.clone(),
            })
            .to_vec(),
        port => vec![port.clone()],
    };
    let ports = match &rule.ports {
        Match::Any => Match::Any,
        Match::Only(ports) => Match::Only(ports.iter().flat_map(all).collect()),
    };
    PlanRule {
        ports,
        ..rule.clone()
    }
}

/// What a NetworkPolicy denies in addition: a baseline policy matches pods alone as sources (A5).
fn outside_losses(denial: &PlanRule) -> Vec<Loss> {
    if denial.direction == Direction::Egress {
        return Vec::new();
    }
    let why = format!(
        "`{}` denies pods alone, and a NetworkPolicy denies ingress from nodes and from outside the cluster, too",
        denial.other
    );
    let help = "add a NetworkPolicy that allows the ingress from outside that is needed";
    losses(denial, &Part::Gate(Direction::Ingress), &why, help)
}
