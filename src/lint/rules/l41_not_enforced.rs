//! Policies that the enforcer does not implement.
//!
#![doc = include_str!("l41_not_enforced.md")]

use crate::cluster::Enforcer;
use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::lint::{Input, Rule};

pub const RULE: Rule = Rule {
    code: "L41",
    name: "not-enforced",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l41_not_enforced.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let enforcer = input.snapshot.assumptions.enforcer;
    let product = match enforcer {
        // Nothing is known of what a cluster has besides.
        Enforcer::Kubernetes => return,
        Enforcer::Cilium => "Cilium",
        Enforcer::Calico => "Calico",
    };
    for policy in &input.snapshot.left_out {
        if dialect::is_enforced(enforcer, &policy.group, &policy.kind) != Some(false) {
            continue;
        }
        let message = format!(
            "{product} does not enforce {} of {}: it has no effect",
            policy.kind, policy.group
        );
        let found = rule
            .finding(message)
            .at(policy.span.clone())
            .on(policy.title())
            .help(format!(
                "write it as a policy that {product} enforces, or choose another enforcer with `--enforcer`"
            ));
        out.push(found);
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::{Assumptions, Enforcer};
    use crate::lint::lint;
    use crate::load::{Settings, load};
    use crate::manifest::Source;

    #[test]
    fn kinds_of_other_enforcers() {
        let found = |text: &str, enforcer| {
            let settings = Settings {
                enforcer: Some(enforcer),
                assumptions: Assumptions::default(),
            };
            let found = lint(&load(&[Source::new("a.yaml", text)], &settings));
            found.iter().any(|d| d.code == "L41")
        };
        let admin = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: p}\nspec: {priority: 1, subject: {namespaces: {}}}\n";
        let identities = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: s}\nspec: {endpointSelector: {}, ingress: [{}]}\n";
        let plain = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: s}\nspec: {podSelector: {}}\n";
        for (text, [kubernetes, cilium_does, calico_does]) in [
            (admin, [false, true, false]),
            (identities, [false, false, true]),
            (plain, [false; 3]),
        ] {
            assert_eq!(found(text, Enforcer::Kubernetes), kubernetes, "{text}");
            assert_eq!(found(text, Enforcer::Cilium), cilium_does, "{text}");
            assert_eq!(found(text, Enforcer::Calico), calico_does, "{text}");
        }
    }
}
