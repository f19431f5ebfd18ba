//! Peers of egress that are Services without pods.
//!
#![doc = include_str!("l51_useless_egress_target.md")]

use crate::cluster::{Service, Snapshot};
use crate::diag::{Diagnostic, Severity};
use crate::lint::ends::{Labelled, labelled};
use crate::lint::{Input, Rule};
use crate::policy::{Direction, Match, PeerItem, Policy};

pub const RULE: Rule = Rule {
    code: "L51",
    name: "useless-egress-target",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l51_useless_egress_target.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let snapshot = input.snapshot;
    let without_pods =
        |service: &&Service| service.external_name.is_some() || service.selector.is_empty();
    let services: Vec<&Service> = snapshot.services.iter().filter(without_pods).collect();
    if services.is_empty() {
        return;
    }
    for policy in &snapshot.policies {
        for with in policy.rules(Direction::Egress) {
            let Match::Only(items) = &with.peers else {
                continue;
            };
            for item in items {
                let Some(parts) = labelled(&item.peer) else {
                    continue;
                };
                let named = services.iter().find(|s| carries(snapshot, s, &parts));
                if let Some(service) = named.filter(|_| input.pods_of(&item.peer).is_empty()) {
                    out.push(finding(rule, policy, item, service));
                }
            }
        }
    }
}

/// Whether a Service of the peer's namespaces has the labels that it wants of pods.
fn carries(snapshot: &Snapshot, service: &Service, parts: &Labelled) -> bool {
    let mut namespaces = snapshot.namespaces.iter();
    let namespace = namespaces.find(|n| n.name == service.namespace);
    !parts.pods.is_everything()
        && parts.pods.matches(&service.labels)
        && parts.namespace.is_none_or(|name| name == service.namespace)
        && namespace.is_some_and(|n| parts.namespaces.iter().all(|s| s.matches(&n.labels)))
}

fn finding(rule: &Rule, policy: &Policy, item: &PeerItem, service: &Service) -> Diagnostic {
    let title = format!("`{}/{}`", service.namespace, service.name);
    let (message, help) = match &service.external_name {
        Some(name) => (
            format!(
                "this peer matches no pods: {title}, which has these labels, is a Service of type ExternalName that stands for `{name}`"
            ),
            format!(
                "allow the addresses of `{name}` with an `ipBlock`, or its name with a policy that knows domain names"
            ),
        ),
        None => (
            format!(
                "this peer matches no pods: {title}, which has these labels, is a Service without a selector"
            ),
            "allow the addresses that the Service leads to with an `ipBlock`".to_owned(),
        ),
    };
    rule.finding(message)
        .at(item.span.clone())
        .on(policy.title())
        .help(help)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    #[test]
    fn services_without_pods() {
        let text = |spec: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n  - to:\n    - podSelector: {{matchLabels: {{app: db}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: db, namespace: s, labels: {{app: db}}}}\nspec: {{{spec}}}\n"
            )
        };
        let found = |spec: &str| of_code("L51", &text(spec));
        assert_eq!(
            found("type: ExternalName, externalName: db.example.com"),
            [9]
        );
        assert_eq!(found("ports: [{port: 80}]"), [9]);
        assert_eq!(found("selector: {app: x}, ports: [{port: 80}]"), NONE);
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: s, labels: {app: db}}\n";
        assert_eq!(of_code("L51", &(text("ports: [{port: 80}]") + pod)), NONE);
    }
}
