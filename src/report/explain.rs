//! Why a connection is allowed or not: `drawbridge explain`.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use super::assumed;
use super::escape;
use super::findings::flat;
use super::left_out;
use crate::analysis::near_miss::{peer_misses, port_miss};
use crate::analysis::oracle::peer_matches;
use crate::analysis::priority_conflicts::{RuleAt, conflict_at};
use crate::analysis::{
    Decision, Direction, Endpoint, GateTrace, PolicyTrace, RuleTrace, TierVerdict,
};
use crate::cluster::{LeftOut, Snapshot};
use crate::diag::Diagnostic;
use crate::policy::{Action, Combine, Condition, Policy, Rule};
use crate::query::explain::{Answer, Shown, Verdict};
use crate::sets::IpSet;

/// The query as the user typed it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The source.
    pub from: &'a str,
    /// The destination.
    pub to: &'a str,
    /// The port.
    pub port: &'a str,
}

/// The verdict, then for each connection the verdict of each gate and tier, with the rule that decides or
/// the reasons why rules do not match.
pub fn text(snapshot: &Snapshot, asked: Asked, answer: &Answer) -> String {
    let mut out = String::new();
    let Asked { from, to, port } = asked;
    let all = match answer.verdict {
        Verdict::All => "allowed",
        Verdict::Some => "partly allowed",
        Verdict::None => "denied",
    };
    let _ = writeln!(out, "{from} => {to} on {port}: {all}");
    if answer.shown.is_empty() {
        let _ = writeln!(out, "no destination declares a port with this name");
    }
    for shown in &answer.shown {
        connection(&mut out, snapshot, shown);
    }
    let left_out = left_out::of(snapshot);
    let _ = writeln!(out, "\n{}{left_out}", assumed::text(snapshot.assumptions));
    escape::lines(out)
}

fn connection(out: &mut String, snapshot: &Snapshot, shown: &Shown) {
    let (from, to) = (end(snapshot, &shown.from), end(snapshot, &shown.to));
    let _ = writeln!(
        out,
        "\n{from} => {to} on {}: {}",
        port(shown),
        verdict(shown.trace.allowed)
    );
    for gate in [&shown.trace.egress, &shown.trace.ingress] {
        let (word, own) = match gate.direction {
            Direction::Egress => ("egress from", &from),
            Direction::Ingress => ("ingress to", &to),
        };
        let why = decision(snapshot, shown, gate);
        let _ = writeln!(out, "  {word} {own}: {} ({why})", verdict(gate.allowed));
        if let Some(tie) = priority_conflict(snapshot, gate) {
            let _ = writeln!(out, "    assumed: {tie}");
        }
        for tier in &gate.tiers {
            let name = snapshot
                .tiers
                .get(tier.tier)
                .map_or("", |t| t.name.as_str());
            let verb = match tier.verdict {
                TierVerdict::Allowed => "allows",
                TierVerdict::Denied => "denies",
                TierVerdict::Next => "does not decide",
            };
            let _ = writeln!(out, "    tier {name} {verb}");
            let combine = snapshot.tiers.get(tier.tier).map(|tier| tier.combine);
            let mut reached = Reached::new(combine == Some(Combine::FirstMatch));
            for policy in &tier.policies {
                policy_text(out, snapshot, gate.direction, shown, policy, &mut reached);
            }
        }
    }
}

/// Whether the rules of a tier are reached: where the first match decides, none after it is.
struct Reached {
    first_decides: bool,
    decided: bool,
}

impl Reached {
    fn new(first_decides: bool) -> Self {
        Self {
            first_decides,
            decided: false,
        }
    }

    /// What a rule that matches does.
    fn matching(&mut self, rule: &Rule) -> String {
        let action = action(rule.action);
        if self.decided {
            return format!(
                "is not reached: an earlier rule of the tier matches (it would {action})"
            );
        }
        self.decided = self.first_decides;
        format!("matches: {action}")
    }
}

fn policy_text(
    out: &mut String,
    snapshot: &Snapshot,
    direction: Direction,
    shown: &Shown,
    trace: &PolicyTrace,
    reached: &mut Reached,
) {
    let Some(policy) = snapshot.policies.get(trace.policy) else {
        return;
    };
    let _ = writeln!(out, "      {} ({})", policy.title(), policy.span);
    let rules = rules(policy, direction);
    if rules.is_empty() {
        let _ = writeln!(out, "        it has no rules for this direction");
    }
    let mut far = 0;
    for (rule, trace) in rules.iter().zip(&trace.rules) {
        let near = trace.subject && (trace.peer || trace.port);
        if !near && rules.len() > 1 {
            far += 1;
            continue;
        }
        let number = rule.index + 1;
        let misses = misses(snapshot, direction, shown, rule, *trace);
        let misses = match misses.as_slice() {
            [] => reached.matching(rule),
            misses => format!("does not match: {}", misses.join("; ")),
        };
        let _ = writeln!(out, "        rule {number} ({}) {misses}", rule.span);
    }
    if far > 0 {
        let (s, es) = if far == 1 { ("", "es") } else { ("s", "") };
        let _ = writeln!(
            out,
            "        {far} rule{s} match{es} neither the peer nor the port"
        );
    }
}

fn misses(
    snapshot: &Snapshot,
    direction: Direction,
    shown: &Shown,
    rule: &Rule,
    trace: RuleTrace,
) -> Vec<String> {
    let (own, other) = (shown.other(direction.other()), shown.other(direction));
    let mut found = Vec::new();
    if !trace.subject {
        found.push("it selects other pods".to_owned());
    }
    if !trace.peer {
        let each = peer_misses(snapshot, (direction, own), &rule.peers, other);
        let name = end(snapshot, other);
        match each.as_slice() {
            [] => found.push("the rule lists no peers, so it matches nothing".to_owned()),
            each => found.push(format!(
                "{name} matches none of the peers: {}",
                each.join(", or ")
            )),
        }
    }
    found.extend(port_miss(snapshot, direction, rule, &shown.to, shown.port));
    found
}

fn verdict(allowed: bool) -> &'static str {
    if allowed { "allowed" } else { "denied" }
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Accept => "accept",
        Action::Deny => "deny",
        Action::Pass => "pass to the next tier",
    }
}

/// The assumption made where policies of equal priority conflict (A3).
fn priority_conflict(snapshot: &Snapshot, gate: &GateTrace) -> Option<String> {
    let (first, second) = conflict_at(snapshot, gate)?;
    let name = |(policy, rule): RuleAt| {
        let policy = snapshot.policies.get(policy)?;
        let rule = rules(policy, gate.direction).get(rule)?;
        let does = action(rule.action);
        Some(format!("{} ({}: {does})", policy.title(), rule.span))
    };
    Some(format!(
        "{} and {} have the same priority and conflict, which the API leaves undefined; the first by name decides (A3)",
        name(first)?,
        name(second)?
    ))
}

/// The policies left out that may select the pod.
fn left_out_for<'a>(snapshot: &'a Snapshot, own: &Endpoint) -> impl Iterator<Item = &'a LeftOut> {
    let pod = match own {
        Endpoint::Pod(at) => snapshot.pods.get(*at),
        _ => None,
    };
    let namespace = pod.and_then(|pod| snapshot.namespaces.get(pod.namespace));
    let name = namespace.map(|n| n.name.as_str());
    let all = snapshot.left_out.iter();
    all.filter(move |policy| name.is_none_or(|name| policy.may_select(name)))
}

/// The end of a connection whose gate this is.
fn own<'a>(shown: &'a Shown, gate: &GateTrace) -> &'a Endpoint {
    match gate.direction {
        Direction::Egress => &shown.from,
        Direction::Ingress => &shown.to,
    }
}

/// Why an end that is not a known pod has no gate.
fn no_pod(snapshot: &Snapshot, own: &Endpoint) -> String {
    if let Endpoint::Address(address) = own
        && let Some((owner, _)) = snapshot.pod_cidrs_in(&IpSet::single(*address)).next()
    {
        let owner = owner.replace('`', "");
        return format!(
            "the address of a pod that is not known, by the pod CIDR of {owner}; its policies are not judged"
        );
    }
    "not a pod; policies select pods only".into()
}

fn decision(snapshot: &Snapshot, shown: &Shown, gate: &GateTrace) -> String {
    match &gate.decision {
        Decision::SamePod => "a pod always reaches itself".into(),
        Decision::OwnNode => "a node always reaches its own pods".into(),
        Decision::NoPod => no_pod(snapshot, own(shown, gate)),
        Decision::Open => match gate.tiers.is_empty() {
            true => {
                let own = own(shown, gate);
                let left_out = || left_out::unselected(left_out_for(snapshot, own));
                other_direction(snapshot, own, gate.direction).unwrap_or_else(left_out)
            }
            false => "no tier decides".into(),
        },
        Decision::Rule { policy, rule } => match snapshot.policies.get(*policy) {
            Some(found) => {
                let decides = rules(found, gate.direction).get(*rule);
                let place = decides.map_or(&found.span, |r| &r.span);
                let with = decides.map(|rule| with_conditions(&gate.conditions(snapshot, rule)));
                let number = decides.map_or(*rule, |rule| rule.index) + 1;
                let with = with.unwrap_or_default();
                format!("rule {number} of {} at {place}{with}", found.title())
            }
            None => "a rule".into(),
        },
        Decision::Isolated { policies, .. } => {
            let names: Vec<String> = policies
                .iter()
                .filter_map(|p| snapshot.policies.get(*p))
                .map(|policy| policy.title())
                .collect();
            format!("isolated by {}; no rule matches", names.join(", "))
        }
    }
}

/// `, with an HTTP rule`: what a rule asks for that the answer does not judge.
fn with_conditions(conditions: &[Condition]) -> String {
    let words: Vec<&str> = conditions.iter().map(|c| c.words()).collect();
    match words.is_empty() {
        true => String::new(),
        false => format!(", with {}", words.join(" and ")),
    }
}

/// Why policies that select a pod leave this direction open; none if none selects it.
fn other_direction(snapshot: &Snapshot, own: &Endpoint, direction: Direction) -> Option<String> {
    let policies = snapshot
        .policies
        .iter()
        .filter(|policy| policy.kind == "NetworkPolicy");
    let selecting = policies.filter(|policy| peer_matches(snapshot, &policy.subject, own));
    let names: Vec<String> = selecting.map(|policy| policy.title()).collect();
    let (word, field) = match direction {
        Direction::Egress => ("egress", "Egress"),
        Direction::Ingress => ("ingress", "Ingress"),
    };
    let (names, select, their) = match &names[..] {
        [] => return None,
        [one] => (one.clone(), "selects", "its"),
        [one, more @ ..] => (format!("{one} and {} more", more.len()), "select", "their"),
    };
    Some(format!(
        "no policy isolates its {word}: {names} {select} it, but {their} policyTypes do not include {field}"
    ))
}

fn rules(policy: &Policy, direction: Direction) -> &[Rule] {
    let side = match direction {
        Direction::Ingress => &policy.ingress,
        Direction::Egress => &policy.egress,
    };
    side.as_ref().map_or(&[], |s| &s.rules)
}

fn port(shown: &Shown) -> String {
    match shown.port {
        Some((protocol, port)) => format!("{protocol}/{port}"),
        None => "other protocols".into(),
    }
}

/// `namespace/pod`, an address, `node/name`.
fn end(snapshot: &Snapshot, end: &Endpoint) -> String {
    match end {
        Endpoint::Pod(at) => match snapshot.pods.get(*at) {
            Some(pod) => {
                let namespace = snapshot.namespaces.get(pod.namespace);
                let namespace = namespace.map_or("", |n| n.name.as_str());
                format!("{namespace}/{}", pod.name)
            }
            None => String::new(),
        },
        Endpoint::NewPod(_) => "a future pod".into(),
        Endpoint::Address(address) => address.to_string(),
        Endpoint::Node(at) => {
            let name = snapshot.nodes.get(*at).map_or("", |n| n.name.as_str());
            format!("node/{name}")
        }
        Endpoint::NodeAddress(at, address) => {
            let name = snapshot.nodes.get(*at).map_or("", |n| n.name.as_str());
            format!("node/{name} ({address})")
        }
        Endpoint::Domain(name) => name.clone(),
        Endpoint::Entity(entity) => entity.to_string(),
    }
}

/// `{"format", "assumptions", "from", "to", "port", "allowed", "verdict": "all|some|none", "connections":
/// [{"from", "to", "port", "allowed", "gates": [...]}], "diagnostics", "leftOut"}`; `allowed` means that all connections are.
pub fn json(
    snapshot: &Snapshot,
    asked: Asked,
    answer: &Answer,
    diagnostics: &[Diagnostic],
) -> String {
    let connections = answer.shown.iter().map(|shown| {
        let gates = [&shown.trace.egress, &shown.trace.ingress];
        json!({
            "from": end(snapshot, &shown.from),
            "to": end(snapshot, &shown.to),
            "port": port(shown),
            "allowed": shown.trace.allowed,
            "gates": gates.map(|gate| gate_json(snapshot, shown, gate)),
        })
    });
    let value = json!({
        "format": "drawbridge/explain/1",
        "assumptions": assumed::json(snapshot.assumptions),
        "from": asked.from,
        "to": asked.to,
        "port": asked.port,
        "allowed": answer.verdict == Verdict::All,
        "verdict": match answer.verdict {
            Verdict::All => "all",
            Verdict::Some => "some",
            Verdict::None => "none",
        },
        "connections": connections.collect::<Vec<_>>(),
        "diagnostics": flat(diagnostics),
        "leftOut": left_out::lines(&snapshot.left_out),
        "notRead": snapshot.unread,
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// The reason for a gate's verdict: `{"by": "same pod|own node|no pod|default"}`, `{"by": "rule", "rule", "file", "line",
/// "policy": {...}}` with the rule's index in its list of the file, and `conditions` where it has some, or `{"by": "isolation", "policies": [...]}`.
fn decision_json(snapshot: &Snapshot, gate: &GateTrace) -> Value {
    let by = match &gate.decision {
        Decision::SamePod => "same pod",
        Decision::OwnNode => "own node",
        Decision::NoPod => "no pod",
        Decision::Open => "default",
        Decision::Rule { policy, rule } => {
            let policy = snapshot.policies.get(*policy);
            let decides = policy.and_then(|p| rules(p, gate.direction).get(*rule));
            let span = decides.map(|r| &r.span);
            let mut value = json!({
                "by": "rule",
                "rule": decides.map_or(*rule, |rule| rule.index),
                "file": span.map(|s| &s.file),
                "line": span.map(|s| s.line),
                "policy": policy.map(policy_json),
            });
            let conditions = decides.into_iter();
            let conditions = conditions.flat_map(|rule| gate.conditions(snapshot, rule));
            let conditions: Vec<&str> = conditions.map(Condition::words).collect();
            if !conditions.is_empty() {
                value["conditions"] = json!(conditions);
            }
            return value;
        }
        Decision::Isolated { policies, .. } => {
            let policies = policies.iter().filter_map(|p| snapshot.policies.get(*p));
            let policies: Value = policies.map(policy_json).collect();
            return json!({"by": "isolation", "policies": policies});
        }
    };
    json!({"by": by})
}

fn policy_json(policy: &Arc<Policy>) -> Value {
    json!({
        "kind": policy.kind,
        "namespace": policy.namespace,
        "name": policy.name,
        "file": policy.span.file,
        "line": policy.span.line,
    })
}

fn gate_json(snapshot: &Snapshot, shown: &Shown, gate: &GateTrace) -> Value {
    let tiers = gate.tiers.iter().map(|tier| {
        let policies = tier.policies.iter().filter_map(|trace| {
            let policy = snapshot.policies.get(trace.policy)?;
            let rules = rules(policy, gate.direction).iter().zip(&trace.rules);
            let rules = rules.map(|(rule, trace)| {
                json!({
                    "rule": rule.index,
                    "action": action(rule.action),
                    "file": rule.span.file,
                    "line": rule.span.line,
                    "matches": trace.matches(),
                    "misses": misses(snapshot, gate.direction, shown, rule, *trace),
                })
            });
            let mut value = policy_json(policy);
            value["rules"] = rules.collect();
            Some(value)
        });
        json!({
            "tier": snapshot.tiers.get(tier.tier).map(|t| t.name.as_str()),
            "verdict": match tier.verdict {
                TierVerdict::Allowed => "allowed",
                TierVerdict::Denied => "denied",
                TierVerdict::Next => "next",
            },
            "policies": policies.collect::<Vec<_>>(),
        })
    });
    json!({
        "direction": match gate.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        },
        "allowed": gate.allowed,
        "decision": decision_json(snapshot, gate),
        "why": decision(snapshot, shown, gate),
        "assumed": priority_conflict(snapshot, gate),
        "tiers": tiers.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;
    use crate::manifest::Source;
    use crate::query::explain as query;

    const CLUSTER: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: other, labels: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]
  - from: [{namespaceSelector: {}}]
    ports: [{port: 443}]
";

    #[test]
    fn a_denial_lists_why_each_rule_does_not_match() {
        let sources = [Source::new("a.yaml", CLUSTER)];
        let snapshot = load::load(&sources, &load::Settings::default()).snapshot;
        let ends = |word| query::ends(&snapshot, word).expect("an end");
        let port = query::ports("TCP/5432").expect("a port");
        let answer = query::ask(
            &snapshot,
            &ends("other/web"),
            &ends("shop/db"),
            &port.into(),
        );
        let asked = Asked {
            from: "other/web",
            to: "shop/db",
            port: "TCP/5432",
        };
        insta::assert_snapshot!(text(&snapshot, asked, &answer));
        let value: Value =
            serde_json::from_str(&json(&snapshot, asked, &answer, &[])).expect("JSON");
        assert_eq!(value["allowed"], false);
        let ingress = &value["connections"][0]["gates"][1];
        assert_eq!(ingress["direction"], "ingress");
        let decision = &ingress["decision"];
        assert_eq!(decision["by"], "isolation");
        assert_eq!(decision["policies"][0]["name"], "db");
        let rule = &ingress["tiers"][0]["policies"][0]["rules"][2];
        assert_eq!(rule["misses"], json!(["the rule lists only TCP 443"]));
        assert_eq!(rule["line"], 19);

        let port = query::ports("TCP/443").expect("a port");
        let answer = query::ask(
            &snapshot,
            &ends("other/web"),
            &ends("shop/db"),
            &port.into(),
        );
        let value: Value =
            serde_json::from_str(&json(&snapshot, asked, &answer, &[])).expect("JSON");
        let gates = &value["connections"][0]["gates"];
        assert_eq!(gates[0]["decision"], json!({"by": "default"}));
        let decision = &gates[1]["decision"];
        assert_eq!(decision["by"], "rule");
        assert_eq!(
            (
                &decision["rule"],
                &decision["line"],
                &decision["policy"]["line"]
            ),
            (&2.into(), &19.into(), &10.into())
        );
    }
}
