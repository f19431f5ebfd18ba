//! Near misses: the rules closest to matching a denied connection, and what each of them needs.

use crate::analysis::near_miss::{peer_misses, port_miss, port_words};
use crate::analysis::oracle::peer_matches;
use crate::analysis::{Direction, Endpoint, GateTrace};
use crate::cluster::{Pod, Snapshot};
use crate::policy::{Action, Match, Peer, Rule};
use crate::query::explain::Shown;
use crate::sets::{LabelOp, Labels, Selector};

/// A rule that almost matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Near {
    /// Its policy, in the snapshot.
    pub(super) policy: usize,
    /// Its place in the policy's direction.
    pub(super) rule: usize,
    /// Its place in the list that it is written in.
    pub(super) index: usize,
    /// Why it does not match: `the pod needs tier=web`.
    pub(super) missing: String,
    /// The line of the peer or port that comes nearest.
    pub(super) line: Option<u32>,
    /// Labels that would make it match, if nothing else is missing.
    pub(super) labels: Option<Missing>,
    /// The peer matches and only the port does not.
    pub(super) only_port: bool,
}

/// Labels that would make a pod a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    /// On the pod itself.
    pub(super) pod: Vec<(String, String)>,
    /// On its namespace.
    pub(super) namespace: Vec<(String, String)>,
}

/// The accepting rules that miss by either the peer or the port, closest first.
pub(super) fn near(snapshot: &Snapshot, shown: &Shown, trace: &GateTrace) -> Vec<Near> {
    let mut found: Vec<((usize, usize), Near)> = Vec::new();
    let policies = trace.tiers.iter().flat_map(|tier| &tier.policies);
    for asked in policies {
        let Some(policy) = snapshot.policies.get(asked.policy) else {
            continue;
        };
        let both = policy.rules(trace.direction).iter().zip(&asked.rules);
        for (at, (rule, how)) in both.enumerate() {
            // A rule that misses by both the peer and the port is about another connection.
            if rule.action != Action::Accept || !how.subject || !(how.peer || how.port) {
                continue;
            }
            let (far, near) = match how.peer {
                true => (2, by_port(snapshot, shown, trace.direction, rule)),
                false => by_peer(snapshot, shown, trace.direction, rule),
            };
            let place = Near {
                policy: asked.policy,
                rule: at,
                index: rule.index,
                ..near
            };
            found.push(((far, found.len()), place));
        }
    }
    found.sort_by_key(|(far, _)| *far);
    found.into_iter().map(|(_, near)| near).collect()
}

fn nearly(missing: String) -> Near {
    Near {
        policy: 0,
        rule: 0,
        index: 0,
        missing,
        line: None,
        labels: None,
        only_port: false,
    }
}

fn by_port(snapshot: &Snapshot, shown: &Shown, direction: Direction, rule: &Rule) -> Near {
    let (names, line) = match &rule.ports {
        Match::Only(items) => {
            let names: Vec<String> = items.iter().map(|i| port_words(&i.port)).collect();
            (names, items.first().map(|i| i.span.line))
        }
        Match::Any => (Vec::new(), None),
    };
    let missing = match names.as_slice() {
        [] => port_miss(snapshot, direction, rule, &shown.to, shown.port).unwrap_or_default(),
        names => format!("allows {} only", names.join(" and ").replace('`', "")),
    };
    Near {
        line,
        only_port: true,
        ..nearly(missing)
    }
}

/// The distance of the closest peer of the rule, and what is missing.
fn by_peer(snapshot: &Snapshot, shown: &Shown, direction: Direction, rule: &Rule) -> (usize, Near) {
    let (own, end) = (shown.other(direction.other()), shown.other(direction));
    let Match::Only(items) = &rule.peers else {
        return (usize::MAX, nearly(String::new()));
    };
    let pod = match end {
        Endpoint::Pod(at) => snapshot.pods.get(*at),
        _ => None,
    };
    let missing = |item: &crate::policy::PeerItem| {
        let missing = labels_missing(snapshot, &item.peer, pod?)?;
        Some((missing, item.span.line))
    };
    let nearest = items
        .iter()
        .filter_map(missing)
        .min_by_key(|(m, line)| (m.pod.len() + 2 * m.namespace.len(), *line));
    if let Some((missing, line)) = nearest {
        let far = missing.pod.len() + 2 * missing.namespace.len();
        let near = Near {
            line: Some(line),
            labels: Some(missing.clone()),
            ..nearly(wanted(&missing))
        };
        return (far, near);
    }
    let misses = peer_misses(snapshot, (direction, own), &rule.peers, end);
    let missing = match misses.first() {
        Some(miss) => miss.replace('`', ""),
        None => "it has no peers".to_owned(),
    };
    let near = Near {
        line: items.first().map(|item| item.span.line),
        ..nearly(missing)
    };
    (10, near)
}

/// `the pod needs tier=web and its namespace team=shop`.
fn wanted(missing: &Missing) -> String {
    let list = |labels: &[(String, String)]| {
        let each: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        each.join(", ")
    };
    match (missing.pod.is_empty(), missing.namespace.is_empty()) {
        (false, true) => format!("the pod needs {}", list(&missing.pod)),
        (true, _) => format!("its namespace needs {}", list(&missing.namespace)),
        (false, false) => format!(
            "the pod needs {} and its namespace {}",
            list(&missing.pod),
            list(&missing.namespace)
        ),
    }
}

/// The labels that would make the pod match; none if labels alone cannot.
fn labels_missing(snapshot: &Snapshot, peer: &Peer, pod: &Pod) -> Option<Missing> {
    let namespace = snapshot.namespaces.get(pod.namespace)?;
    let nothing = || Missing {
        pod: Vec::new(),
        namespace: Vec::new(),
    };
    match peer {
        Peer::All(all) => {
            let mut found = nothing();
            for one in all {
                let more = labels_missing(snapshot, one, pod)?;
                found.pod.extend(more.pod);
                found.namespace.extend(more.namespace);
            }
            Some(found)
        }
        Peer::AnyOf(any) => any
            .iter()
            .filter_map(|one| labels_missing(snapshot, one, pod))
            .min_by_key(|m| m.pod.len() + 2 * m.namespace.len()),
        Peer::PodLabels(selector) => Some(Missing {
            pod: values_missing(selector, &pod.labels)?,
            ..nothing()
        }),
        Peer::NamespaceLabels(selector) => {
            let missing = values_missing(selector, &namespace.labels)?;
            // The control plane sets the name label; it cannot be changed.
            let fixed = |(key, _): &(String, String)| key == crate::cluster::NAMESPACE_NAME_LABEL;
            (!missing.iter().any(fixed)).then(|| Missing {
                namespace: missing,
                ..nothing()
            })
        }
        other => {
            let at = snapshot.pods.iter().position(|p| std::ptr::eq(p, pod))?;
            peer_matches(snapshot, other, &Endpoint::Pod(at)).then(nothing)
        }
    }
}

/// One value for each requirement that is not met; none if no value would do.
fn values_missing(selector: &Selector, labels: &Labels) -> Option<Vec<(String, String)>> {
    let failing = selector.requirements.iter().filter(|r| !r.matches(labels));
    failing
        .map(|r| match &r.op {
            LabelOp::In(values) => Some((r.key.clone(), values.first()?.clone())),
            _ => None,
        })
        .collect()
}
