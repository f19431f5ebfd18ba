//! Pods that may connect to others, but not to DNS.
//!
#![doc = include_str!("l11_missing_dns.md")]

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Severity, Span};
use crate::dialect;
use crate::lint::dns::{self, Dns, egress_rules};
use crate::lint::{Input, Rule};
use crate::policy::Direction;
use crate::yaml::Object;

pub const RULE: Rule = Rule {
    code: "L11",
    name: "missing-dns",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l11_missing_dns.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let dns = Dns::new(input);
    let unknown: Vec<Span> = lacking_services(input).collect();
    let policies = input.snapshot.policies.iter().enumerate();
    let asks: Vec<bool> = policies
        .map(|(at, policy)| {
            unknown.contains(&policy.span)
                || egress_rules(input, &[at]).any(|(_, rule)| dns.is_asked(input, rule, None))
        })
        .collect();
    let mut without: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (pod, policies) in selected(input) {
        if policies.iter().any(|at| asks.get(*at) == Some(&true)) {
            continue;
        }
        if let Some((policy, _)) = egress_rules(input, &policies).next() {
            without.entry(policy).or_default().push(pod);
        }
    }
    for (at, pods) in without {
        let (Some(policy), Some(first)) = (input.snapshot.policies.get(at), pods.first()) else {
            continue;
        };
        let more = match pods.len() - 1 {
            0 => String::new(),
            1 => " and 1 more workload".to_owned(),
            n => format!(" and {n} more workloads"),
        };
        let message = format!(
            "{}{more} may connect to what the rules list, but not to the cluster's DNS: names of Services cannot be resolved",
            input.name_of(*first)
        );
        let help = "allow UDP 53 and TCP 53 to the DNS pods: namespace `kube-system`, pods `k8s-app: kube-dns`";
        let finding = rule.finding(message).help(help).on(policy.title());
        out.push(finding.at(policy.span.clone()));
    }
}

/// The places of the policies that name Services which the input does not have: DNS may be behind them.
fn lacking_services(input: &Input) -> impl Iterator<Item = Span> {
    let services = &input.snapshot.services;
    let lacking = input.objects.iter().map(|written| &written.object);
    let lacking = lacking.filter(|object| dialect::lacks_services(object, services));
    lacking.map(Object::whole)
}

/// One pod of each workload that looks names up in the cluster and whose egress is isolated, with the policies that
/// select it.
fn selected(input: &Input) -> Vec<(usize, Vec<usize>)> {
    let mut of_pods: BTreeMap<usize, (bool, Vec<usize>)> = BTreeMap::new();
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        let Some(side) = policy.side(Direction::Egress) else {
            continue;
        };
        for pod in input.one_of_each(input.subjects(at)) {
            let entry = of_pods.entry(pod).or_default();
            entry.0 |= side.isolates;
            entry.1.push(at);
        }
    }
    let isolated = of_pods
        .into_iter()
        .filter(|(pod, (is, _))| *is && dns::asks(input, *pod));
    isolated.map(|(pod, (_, all))| (pod, all)).collect()
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn pods_that_cannot_resolve_names() {
        let example = example(include_str!("l11_missing_dns.md"));
        assert_eq!(lines("L11", example), [6]);
        let with = |rule: &str| lines("L11", &format!("{example}  {rule}\n"));
        assert_eq!(with("- ports: [{port: 443}]"), [6]);
        assert_eq!(with("- to: [{podSelector: {}}]"), [6]);
        for rule in [
            "- ports: [{port: 53, protocol: UDP}]",
            "- to: [{namespaceSelector: {}}]",
            "- to: [{namespaceSelector: {matchLabels: {name: kube-system}}}]\n    ports: [{port: 53, protocol: UDP}]",
            "- to: [{ipBlock: {cidr: 169.254.20.10/32}}]\n    ports: [{port: 53, protocol: UDP}]",
            "- {}",
        ] {
            assert!(with(rule).is_empty(), "{rule}");
        }
        for (spec, asks) in [
            ("dnsPolicy: Default", false),
            (
                "dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.53]}",
                false,
            ),
            (
                "dnsPolicy: None, dnsConfig: {nameservers: [10.96.0.10]}",
                true,
            ),
        ] {
            let own = example.replace("spec: {containers", &format!("spec: {{{spec}, containers"));
            assert_eq!(!lines("L11", &own).is_empty(), asks, "{spec}");
        }
    }

    #[test]
    fn dns_may_be_behind_services_that_are_not_in_the_input() {
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: shop}\nspec: {selector: {app: api}, ports: [{port: 443}]}\n";
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: c}]}\n";
        let cilium = |namespace: &str, name: &str| {
            format!(
                "{pod}---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{endpointSelector: {{}}, egress: [{{toServices: [{{k8sService: {{serviceName: {name}, namespace: {namespace}}}}}]}}]}}\n{service}"
            )
        };
        let calico = |namespace: &str, name: &str| {
            format!(
                "{pod}---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{types: [Egress], egress: [{{action: Allow, destination: {{services: {{name: {name}, namespace: {namespace}}}}}}}]}}\n{service}"
            )
        };
        assert!(lines("L11", &cilium("kube-system", "kube-dns")).is_empty());
        assert!(lines("L11", &calico("kube-system", "kube-dns")).is_empty());
        assert_eq!(lines("L11", &cilium("shop", "api")).len(), 1);
        assert_eq!(lines("L11", &calico("shop", "api")).len(), 1);
    }
}
