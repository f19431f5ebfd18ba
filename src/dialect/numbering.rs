//! The numbers of rules, as they are written: lowering leaves rules out, splits them and orders them.

use std::collections::BTreeMap;

use crate::policy::Policy;
use crate::yaml::{Node, Object};

/// Sets the index of each rule to its place in the list that it is written in.
pub fn number_rules(object: &Object, policies: &mut [Policy]) {
    let written = places(object);
    for policy in policies {
        let sides = policy.ingress.iter_mut().chain(&mut policy.egress);
        for rule in sides.flat_map(|side| &mut side.rules) {
            let place = written.get(&(rule.span.line, rule.span.column));
            rule.index = place.copied().unwrap_or_default();
        }
    }
}

/// The place of each rule in its list, by its line and column.
fn places(object: &Object) -> BTreeMap<(u32, u32), usize> {
    let node = &object.node;
    let several = node.get("specs").and_then(Node::items).unwrap_or_default();
    let specs = node.get("spec").into_iter().chain(several);
    let lists = specs.flat_map(|spec| {
        let keys = ["ingress", "ingressDeny", "egress", "egressDeny"];
        keys.into_iter().filter_map(|key| spec.get(key)?.items())
    });
    let numbered = lists.flat_map(|items| items.iter().enumerate());
    numbered
        .map(|(at, item)| ((item.mark.line, item.mark.column), at))
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::cluster::{Assumptions, Enforcer};
    use crate::dialect::{self, Context};
    use crate::manifest::{self, Source};
    use crate::policy::Direction;

    /// The actions and indices of the ingress rules of a policy.
    fn numbers(enforcer: Enforcer, kind: &str, spec: &str) -> Vec<String> {
        let text = format!("{kind}\nmetadata: {{name: p, namespace: a}}\nspec: {spec}\n");
        let read = manifest::read(&[Source::new("p.yaml", text)], &dialect::kinds(enforcer));
        let object = read.policies.into_iter().next().expect("a policy");
        let assumptions = Assumptions {
            enforcer,
            ..Assumptions::default()
        };
        let context = Context::kubernetes(assumptions.settled());
        let policies = dialect::read(&object).lower(&object, &context);
        let rules = policies.iter().flat_map(|p| p.rules(Direction::Ingress));
        rules
            .map(|rule| format!("{:?} {}", rule.action, rule.index))
            .collect()
    }

    #[test]
    fn rules_are_numbered_as_they_are_written() {
        let calico = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy";
        assert_eq!(
            numbers(
                Enforcer::Calico,
                calico,
                "{types: [Ingress], ingress: [{action: Log}, {action: Allow}, {action: Log}, {action: Deny}]}"
            ),
            ["Accept 1", "Deny 3"]
        );
        let cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy";
        let ports = "toPorts: [{ports: [{port: '80', protocol: TCP}]}, {ports: [{port: '81', protocol: TCP}], rules: {http: [{path: /}]}}]";
        let spec = format!(
            "{{endpointSelector: {{}}, ingress: [{{}}, {{{ports}}}, {{fromEndpoints: [{{}}]}}], ingressDeny: [{{}}, {{fromEndpoints: [{{}}]}}]}}"
        );
        assert_eq!(
            numbers(Enforcer::Cilium, cilium, &spec),
            ["Deny 1", "Accept 1", "Accept 1", "Accept 2"]
        );
        let kubernetes = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy";
        assert_eq!(
            numbers(
                Enforcer::Kubernetes,
                kubernetes,
                "{podSelector: {}, ingress: [{}, {ports: [{port: 80}]}]}"
            ),
            ["Accept 0", "Accept 1"]
        );
    }
}
