//! What these policies are often not meant to say: hosts that are selected beside pods, peers outside, and defaults
//! that are others than Kubernetes'.

use super::policy::{Action, CalicoPolicy, Entity, Kind};
use super::read;
use super::selector::Expression;
use crate::cluster::Service;
use crate::diag::{Diagnostic, Severity};
use crate::policy::Direction;
use crate::sets::Labels;
use crate::yaml::{Mark, Object, Value};

/// Labels that pods have and hosts have not.
const OF_PODS: [&str; 3] = [
    "projectcalico.org/namespace",
    "projectcalico.org/orchestrator",
    "projectcalico.org/serviceaccount",
];
const FLAGS: [&str; 3] = ["preDNAT", "doNotTrack", "applyOnForward"];

/// What is probably not meant in a policy that Calico accepts.
pub fn lint(object: &Object) -> Vec<Diagnostic> {
    let (Some(policy), _) = read::policy(object) else {
        return Vec::new();
    };
    let flag = flag_without_hosts(object, &policy);
    if policy.host {
        return flag.into_iter().collect();
    }
    let all = [
        types_left_out(object, &policy),
        selects_hosts(object, &policy),
        flag,
    ];
    let mut found: Vec<Diagnostic> = all.into_iter().flatten().collect();
    admits_outside(object, &policy, &mut found);
    found
}

/// Whether it names Services that are not among these.
pub fn lacks_services(object: &Object, services: &[Service]) -> bool {
    let (Some(policy), _) = read::policy(object) else {
        return false;
    };
    let mut named = policy.rules[Direction::Egress as usize]
        .iter()
        .filter_map(|rule| rule.destination.service.as_ref());
    named.any(|(namespace, name)| {
        !services
            .iter()
            .any(|s| s.namespace == *namespace && s.name == *name)
    })
}

/// The key of a field of the spec that is written.
fn field(object: &Object, key: &str) -> Option<Mark> {
    match &object.node.get("spec")?.value {
        Value::Map(map) => map.entry(key).map(|entry| entry.mark),
        _ => None,
    }
}

/// L46: rules of egress alone leave ingress open (G12).
fn types_left_out(object: &Object, policy: &CalicoPolicy) -> Option<Diagnostic> {
    let written = object.node.get("spec")?.get("types");
    let written = written.is_some_and(|types| types.items().is_none_or(|all| !all.is_empty()));
    let [ingress, egress] = &policy.rules;
    if written || !ingress.is_empty() || egress.is_empty() || policy.types != [false, true] {
        return None;
    }
    let message = "without `types` these rules of egress make it a policy for egress only: ingress of the pods stays open, unlike with a NetworkPolicy of Kubernetes";
    let found = Diagnostic::warning("L46", message)
        .help("write `types: [Egress]`, or `types: [Ingress, Egress]` to deny ingress, too");
    Some(object.about(found, field(object, "egress")?))
}

/// L47: without a namespaceSelector hosts are selected, too (G11).
fn selects_hosts(object: &Object, policy: &CalicoPolicy) -> Option<Diagnostic> {
    let flagged = FLAGS.iter().any(|flag| is_true(object, flag));
    let is_of_hosts = policy.selector.as_ref().is_some_and(excludes_pods);
    if policy.kind != Kind::GlobalNetworkPolicy || flagged || is_of_hosts || is_of_pods(policy) {
        return None;
    }
    if !matches_unlabelled(policy.selector.as_ref()) {
        return None;
    }
    let message = "it also selects the nodes, where they have HostEndpoints: its selectors match what has no labels";
    let help = match policy.namespace_selector {
        None => "for pods only, write `namespaceSelector: all()`",
        Some(_) => {
            "for pods only, write `has(kubernetes.io/metadata.name) && ` before the namespaceSelector"
        }
    };
    let found = Diagnostic::warning("L47", message).help(help);
    let at = field(object, "selector").or(field(object, "namespaceSelector"));
    Some(object.about(found, at.unwrap_or(object.node.mark)))
}

/// L50: flags for hosts in a policy for pods (G14).
fn flag_without_hosts(object: &Object, policy: &CalicoPolicy) -> Option<Diagnostic> {
    let flag = FLAGS.into_iter().find(|flag| is_true(object, flag))?;
    if policy.kind != Kind::GlobalNetworkPolicy || !is_of_pods(policy) {
        return None;
    }
    let message =
        format!("`{flag}` is about traffic of HostEndpoints, and this policy selects pods only");
    let found = Diagnostic::new(Severity::Info, "L50", message).help(format!(
        "remove `{flag}`, or select HostEndpoints by their labels and without a `namespaceSelector`"
    ));
    Some(object.about(found, field(object, flag)?))
}

/// L48: peers that only a notSelector restricts (G25).
fn admits_outside(object: &Object, policy: &CalicoPolicy, out: &mut Vec<Diagnostic>) {
    if policy.kind != Kind::GlobalNetworkPolicy {
        return;
    }
    let [ingress, egress] = &policy.rules;
    let sources = ingress.iter().map(|rule| (rule, &rule.source, "source"));
    let destinations = egress
        .iter()
        .map(|rule| (rule, &rule.destination, "destination"));
    for (rule, peer, side) in sources.chain(destinations) {
        if rule.action == Action::Allow && is_negative(peer) {
            let message = format!(
                "this rule also allows every address outside the cluster: its {side} has only a `notSelector`, which excludes the pods that it matches and nothing else"
            );
            let found = Diagnostic::warning("L48", message).help(format!(
                "for pods only, add `namespaceSelector: all()` to the {side}"
            ));
            out.push(object.about(found, rule.mark));
        }
    }
}

/// Whether a peer has a notSelector, and nothing that it must match.
fn is_negative(peer: &Entity) -> bool {
    let accounts = peer.service_accounts.as_ref();
    let accounts = accounts.is_some_and(|a| !a.names.is_empty() || a.selector.is_some());
    peer.not_selector.is_some()
        && peer.selector.is_none()
        && peer.namespace_selector.is_none()
        && peer.nets.is_empty()
        && peer.service.is_none()
        && !accounts
}

fn is_true(object: &Object, key: &str) -> bool {
    let field = object.node.get("spec").and_then(|spec| spec.get(key));
    field.is_some_and(|node| matches!(node.value, Value::Bool(true, _)))
}

/// Whether its selectors keep it to pods: hosts have no namespace and no service account.
fn is_of_pods(policy: &CalicoPolicy) -> bool {
    let by_namespace = match &policy.namespace_selector {
        None => false,
        Some(Expression::All) => true,
        Some(selector) => !selector.matches(&Labels::new()),
    };
    let labels = policy.selector.as_ref();
    by_namespace || policy.service_account_selector.is_some() || labels.is_some_and(wants_pod)
}

/// Whether only pods can have the labels.
fn wants_pod(selector: &Expression) -> bool {
    match selector {
        Expression::Has(key)
        | Expression::Equal(key, _)
        | Expression::In(key, _)
        | Expression::Contains(key, _)
        | Expression::StartsWith(key, _)
        | Expression::EndsWith(key, _) => OF_PODS.contains(&key.as_str()),
        Expression::And(all) => all.iter().any(wants_pod),
        Expression::Or(any) => !any.is_empty() && any.iter().all(wants_pod),
        _ => false,
    }
}

/// Whether no pod can have the labels: it is meant for hosts.
fn excludes_pods(selector: &Expression) -> bool {
    match selector {
        Expression::Not(inner) => {
            matches!(&**inner, Expression::Has(key) if OF_PODS.contains(&key.as_str()))
        }
        Expression::And(all) => all.iter().any(excludes_pods),
        Expression::Or(any) => !any.is_empty() && any.iter().all(excludes_pods),
        _ => false,
    }
}

fn matches_unlabelled(selector: Option<&Expression>) -> bool {
    selector.is_none_or(|selector| selector.matches(&Labels::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn found(kind: &str, spec: &str) -> Vec<&'static str> {
        let text = format!(
            "apiVersion: projectcalico.org/v3\nkind: {kind}\nmetadata: {{name: p, namespace: s}}\nspec:\n{spec}"
        );
        let mut documents = parse(&text).documents;
        let object = Object {
            file: "a.yaml".into(),
            api_version: "projectcalico.org/v3".into(),
            kind: kind.into(),
            namespace: Some("s".into()),
            name: "p".into(),
            node: documents.remove(0).node,
            text: text.clone(),
        };
        lint(&object).iter().map(|d| d.code).collect()
    }

    #[test]
    fn egress_rules_without_types() {
        let rules = "  selector: app == 'a'\n  egress: [{action: Allow}]\n";
        assert_eq!(found("NetworkPolicy", rules), ["L46"]);
        for more in ["  types: [Egress]\n", "  ingress: [{action: Allow}]\n"] {
            assert_eq!(found("NetworkPolicy", &format!("{rules}{more}")), [""; 0]);
        }
    }

    #[test]
    fn hosts_beside_pods() {
        for (selectors, wanted) in [
            ("  selector: all()\n", &["L47"][..]),
            ("  selector: app != 'a'\n", &["L47"]),
            (
                "  namespaceSelector: kubernetes.io/metadata.name != 'a'\n",
                &["L47"],
            ),
            ("  namespaceSelector: all()\n", &[]),
            (
                "  namespaceSelector: has(kubernetes.io/metadata.name)\n",
                &[],
            ),
            ("  selector: app == 'a'\n", &[]),
            ("  selector: has(projectcalico.org/namespace)\n", &[]),
            ("  selector: \"!has(projectcalico.org/namespace)\"\n", &[]),
            ("  selector: \"!has(app)\"\n", &["L47"]),
            ("  selector: all()\n  applyOnForward: true\n", &[]),
            (
                "  namespaceSelector: all()\n  applyOnForward: true\n",
                &["L50"],
            ),
            (
                "  namespaceSelector: all()\n  applyOnForward: true\n  preDNAT: true\n",
                &["L50"],
            ),
            (
                "  selector: all()\n  applyOnForward: true\n  doNotTrack: true\n",
                &[],
            ),
        ] {
            let spec = format!("{selectors}  types: [Ingress]\n");
            assert_eq!(found("GlobalNetworkPolicy", &spec), wanted, "{selectors}");
        }
    }

    #[test]
    fn peers_that_are_only_excluded() {
        for (kind, action, source, wanted) in [
            (
                "GlobalNetworkPolicy",
                "Allow",
                "notSelector: has(a)",
                &["L48"][..],
            ),
            ("GlobalNetworkPolicy", "Deny", "notSelector: has(a)", &[]),
            ("NetworkPolicy", "Allow", "notSelector: has(a)", &[]),
            (
                "GlobalNetworkPolicy",
                "Allow",
                "notSelector: has(a), namespaceSelector: all()",
                &[],
            ),
            (
                "GlobalNetworkPolicy",
                "Allow",
                "notSelector: has(a), nets: [10.0.0.0/8]",
                &[],
            ),
            ("GlobalNetworkPolicy", "Allow", "selector: '!has(a)'", &[]),
        ] {
            let spec = format!(
                "  selector: app == 'a'\n  types: [Ingress]\n  ingress: [{{action: {action}, source: {{{source}}}}}]\n"
            );
            assert_eq!(found(kind, &spec), wanted, "{kind} {action} {source}");
        }
    }
}
