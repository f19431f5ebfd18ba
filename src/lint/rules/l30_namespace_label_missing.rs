//! Selectors of namespaces by labels that no namespace has.
//!
#![doc = include_str!("l30_namespace_label_missing.md")]

use std::collections::BTreeSet;

use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot};
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Match, Peer, PeerItem, Policy};
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
    for policy in &input.snapshot.policies {
        let rules = Direction::BOTH.iter().flat_map(|d| policy.rules(*d));
        for with in rules {
            if let Match::Only(items) = &with.peers {
                let found = items.iter().filter_map(|item| known.missing(item));
                out.extend(found.map(|(label, item)| known.finding(rule, policy, label, item)));
            }
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

    /// A label that a peer wants of namespaces and that none has.
    fn missing<'p>(&self, item: &'p PeerItem) -> Option<(&'p Requirement, &'p PeerItem)> {
        let mut found = None;
        item.peer.leaves(&mut |leaf| {
            if let Peer::NamespaceLabels(selector) = leaf {
                let wanted = selector.requirements.iter();
                let missing = |wanted: &&Requirement| {
                    let needed = matches!(wanted.op, LabelOp::In(_) | LabelOp::Exists)
                        || wanted.op.is_text();
                    needed && !self.keys.contains(&*wanted.key) && !is_of_platform(&wanted.key)
                };
                found = found.or(wanted.into_iter().find(missing));
            }
        });
        Some((found?, item))
    }

    fn finding(
        &self,
        rule: &Rule,
        policy: &Policy,
        label: &Requirement,
        item: &PeerItem,
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
        found.at(item.span.clone()).on(policy.title()).help(help)
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

/// Labels that a platform puts on namespaces, which manifests do not show.
fn is_of_platform(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else {
        return false;
    };
    let of = |owner: &str| domain == owner || domain.ends_with(&format!(".{owner}"));
    ["kubernetes.io", "k8s.io", "openshift.io"]
        .into_iter()
        .any(of)
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::all_of;

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
    }
}
