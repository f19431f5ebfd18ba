//! Selectors of namespaces by labels that no namespace has.
//!
#![doc = include_str!("l30_namespace_label_missing.md")]

use std::collections::BTreeSet;

use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot};
use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Peer, Policy};
use crate::sets::{LabelOp, Requirement};

pub const RULE: Rule = Rule {
    code: "L30",
    name: "namespace-label-missing",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l30_namespace_label_missing.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let known = Known::new(input.snapshot);
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        if let Some(label) = known.missing(&policy.subject) {
            let span = input.subject_span(at);
            out.push(known.finding(rule, policy, label, span));
        }
        let rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
        for item in rules.flat_map(|with| with.peers.listed()) {
            let label = known.missing(&item.peer);
            let span = Some(item.span.clone());
            out.extend(label.map(|label| known.finding(rule, policy, label, span)));
        }
    }
}

/// The namespaces of the input.
struct Known<'a> {
    snapshot: &'a Snapshot,
    keys: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let labels = snapshot.namespaces.iter().flat_map(|n| n.labels.keys());
        Self {
            snapshot,
            keys: labels.map(String::as_str).collect(),
        }
    }

    /// A label that a peer or subject needs namespaces to have and that none has. Of several alternatives each must need
    /// one; what is excluded needs none.
    fn missing<'p>(&self, peer: &'p Peer) -> Option<&'p Requirement> {
        match peer {
            Peer::All(parts) => parts.iter().find_map(|part| self.missing(part)),
            Peer::AnyOf(parts) => {
                let each: Option<Vec<_>> = parts.iter().map(|part| self.missing(part)).collect();
                each?.first().copied()
            }
            Peer::NamespaceLabels(selector) => selector.requirements.iter().find(|wanted| {
                let needed =
                    matches!(wanted.op, LabelOp::In(_) | LabelOp::Exists) || wanted.op.is_text();
                needed && !self.keys.contains(&*wanted.key) && !is_of_platform(&wanted.key)
            }),
            _ => None,
        }
    }

    fn finding(
        &self,
        rule: &Rule,
        policy: &Policy,
        label: &Requirement,
        span: Option<Span>,
    ) -> Diagnostic {
        let named = self.meant(label);
        let others = self.snapshot.namespaces.iter();
        let mut others = others.filter(|n| Some(&n.name) != policy.namespace.as_ref());
        let undeclared = (self.snapshot.namespaces.iter()).any(|n| !n.declared);
        let incomplete = undeclared || named.is_none() && others.next().is_none();
        let key = &label.key;
        let message = match incomplete {
            true => format!(
                "this selector possibly matches no namespace: no known namespace has the label `{key}`"
            ),
            false => {
                format!("this selector matches no namespace: no namespace has the label `{key}`")
            }
        };
        let help = match named {
            Some(name) => format!(
                "to select namespace `{name}`, write `{NAMESPACE_NAME_LABEL}: {name}`, a label that every namespace has"
            ),
            None => format!(
                "label the namespace with `{key}`, or select it by its name with `{NAMESPACE_NAME_LABEL}`"
            ),
        };
        let mut found = rule.finding(message);
        if incomplete {
            found.severity = Severity::Info;
        }
        let found = found.on(policy.title()).help(help);
        match span {
            Some(span) => found.at(span),
            None => found,
        }
    }

    /// The namespace whose name is one of the wanted values.
    fn meant(&self, label: &Requirement) -> Option<&'a str> {
        let LabelOp::In(values) = &label.op else {
            return None;
        };
        let mut all = self.snapshot.namespaces.iter();
        let found = all.find(|n| values.contains(&n.name))?;
        Some(&found.name)
    }
}

/// Labels that a platform puts on namespaces, which manifests do not show. Those of applications are from manifests.
fn is_of_platform(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else {
        return false;
    };
    if domain == "app.kubernetes.io" {
        return false;
    }
    let of = |owner: &str| domain == owner || domain.ends_with(&format!(".{owner}"));
    ["kubernetes.io", "k8s.io", "openshift.io"]
        .into_iter()
        .any(of)
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::{NONE, all_of, of_code};

    #[test]
    fn labels_that_no_namespace_has() {
        let found = |labels: &str, selector: &str, declared: &str| {
            let mut text = format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {{}}\n  ingress:\n  - from:\n    - namespaceSelector: {{matchLabels: {{{selector}}}}}\n"
            );
            for name in declared.split_whitespace() {
                text += &format!(
                    "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n"
                );
            }
            let found = all_of("L30", &text).into_iter().next();
            found.map(|d| (d.severity, d.span.unwrap().line, d.help.unwrap_or_default()))
        };
        let (severity, line, help) = found("team: a", "name: edge", "s edge").unwrap();
        assert_eq!((severity, line), (Severity::Warning, 8));
        assert!(help.contains("kubernetes.io/metadata.name: edge"), "{help}");
        let unknown = found("team: a", "name: edge", "edge").unwrap();
        assert_eq!(unknown.0, Severity::Info);
        let alone = found("team: a", "name: edge", "s").unwrap();
        assert_eq!(alone.0, Severity::Info);
        assert_eq!(found("team: a", "team: b", "s edge"), None);
        let platform = "policy-group.network.openshift.io/ingress: ''";
        assert_eq!(found("team: a", platform, "s edge"), None);
        let chart = "app.kubernetes.io/name: edge";
        assert!(found("team: a", chart, "s edge").is_some());
    }

    #[test]
    fn subjects_and_alternatives() {
        let lines = |policy: &str| {
            let namespaces = ["s", "edge"].map(|name| {
                format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{team: a}}}}\n")
            });
            of_code("L30", &format!("{policy}{}", namespaces.concat()))
        };
        let cluster = "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\nspec:\n  tier: Admin\n  priority: 5\n  subject: {namespaces: {matchLabels: {team: a}}}\n  ingress: [{action: Deny, from: [{namespaces: {}}]}]\n";
        assert_eq!(lines(cluster), NONE);
        assert_eq!(lines(&cluster.replace("team: a", "owner: a")), [7]);
        let calico = |subject: &str, source: &str| {
            format!(
                "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {{name: p}}\nspec:\n  namespaceSelector: {subject}\n  types: [Ingress]\n  ingress:\n  - action: Allow\n    source: {{namespaceSelector: \"{source}\"}}\n"
            )
        };
        let team = "team == 'a'";
        assert_eq!(lines(&calico(team, team)), NONE);
        assert_eq!(lines(&calico("owner == 'a'", team)), [5]);
        // One of two alternatives may match.
        assert_eq!(lines(&calico(team, "team == 'a' || old == 'b'")), NONE);
        assert_eq!(lines(&calico(team, "has(new) || old == 'b'")), [9]);
        let cilium = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspec:\n  endpointSelector: {matchLabels: {io.cilium.k8s.namespace.labels.owner: a}}\n  ingress: [{}]\n";
        assert_eq!(lines(cilium), [5]);
        assert_eq!(lines(&cilium.replace("owner", "team")), NONE);
    }
}
