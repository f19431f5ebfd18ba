//! Domain names whose addresses the enforcer does not get to know.
//!
#![doc = include_str!("l43_names_not_learnt.md")]

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Severity};
use crate::dialect;
use crate::lint::cover::covers;
use crate::lint::{Input, Rule, witness};
use crate::policy::{Direction, Peer, PeerItem, Policy};

pub const RULE: Rule = Rule {
    code: "L43",
    name: "names-not-learnt",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l43_names_not_learnt.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let (needing, learning) = split(input);
    let learnt: BTreeSet<usize> = (learning.iter())
        .flat_map(|at| input.subjects(*at).iter().copied())
        .collect();
    let policy = |at: usize| input.snapshot.policies.get(at).map(|p| &**p);
    for at in needing {
        let Some((needs, item)) = policy(at).and_then(|p| Some((p, first_name(p)?))) else {
            continue;
        };
        let subjects = input.subjects(at);
        let in_one = || {
            let mut all = learning.iter().filter_map(|at| policy(*at));
            all.any(|other| covers(&other.subject, &needs.subject))
        };
        let known = match subjects.is_empty() {
            true => in_one(),
            false => subjects.iter().all(|pod| learnt.contains(pod)),
        };
        if !known {
            out.push(finding(rule, needs, item, witness::subject(input, at)));
        }
    }
}

/// The policies whose domain names must be learnt, and those that make the enforcer learn them.
fn split(input: &Input) -> (Vec<usize>, Vec<usize>) {
    let (mut needing, mut learning) = (Vec::new(), Vec::new());
    for object in input.objects {
        let Some((first, learns)) = object.index.zip(dialect::learns_names(&object.object)) else {
            continue;
        };
        for (at, learns) in (first..).zip(learns) {
            needing.push(at);
            learning.extend(learns.then_some(at));
        }
    }
    (needing, learning)
}

/// The first peer of a policy that is a domain name.
fn first_name(policy: &Policy) -> Option<&PeerItem> {
    let rules = policy.rules(Direction::Egress).iter();
    let mut items = rules.flat_map(|rule| rule.peers.listed());
    items.find(|item| matches!(item.peer, Peer::Domain(_)))
}

fn finding(rule: &Rule, policy: &Policy, item: &PeerItem, pods: Option<String>) -> Diagnostic {
    let name = match &item.peer {
        Peer::Domain(name) => format!("`{name}`"),
        _ => "this name".to_owned(),
    };
    let pods = pods.map_or_else(|| "these pods".to_owned(), |name| format!("pods of {name}"));
    let message = format!(
        "no addresses are known for {name}: no policy for {pods} has an egress rule with `rules.dns`, so their DNS answers are not read, and the rule allows nothing"
    );
    let found = rule.finding(message).at(item.span.clone());
    found.on(policy.title()).help(
        "add `rules: {dns: [{matchPattern: \"*\"}]}` to the `toPorts` of the rule that allows DNS",
    )
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, of_code};

    #[test]
    fn names_need_dns_rules() {
        let policy = |name: &str, selector: &str, egress: &str| {
            format!(
                "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec:\n  endpointSelector: {selector}\n  egress:\n  - {egress}\n"
            )
        };
        let (api, all) = ("{matchLabels: {app: api}}", "{}");
        let names = "toFQDNs: [{matchName: api.example.com}]";
        let dns = "toPorts: [{ports: [{port: '53', protocol: UDP}], rules: {dns: [{matchPattern: '*'}]}}]";
        let plain = "toPorts: [{ports: [{port: '53', protocol: UDP}]}]";
        let found = |egress: &str, selector: &str| {
            let text = policy("a", api, names) + &policy("dns", selector, egress);
            of_code("L43", &text)
        };
        assert_eq!(found(plain, all), [8]);
        assert_eq!(found(dns, all), NONE);
        assert_eq!(found(dns, api), NONE);
        assert_eq!(found(dns, "{matchLabels: {app: web}}"), [8]);
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: s, labels: {app: api, dns: x}}\n";
        let text = policy("a", api, names) + &policy("dns", "{matchLabels: {dns: x}}", dns);
        assert_eq!(of_code("L43", &text), [8]);
        assert_eq!(of_code("L43", &(text + pod)), NONE);
    }
}
