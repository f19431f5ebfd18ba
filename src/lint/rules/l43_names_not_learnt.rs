//! Domain names whose addresses the enforcer does not get to know.
//!
#![doc = include_str!("l43_names_not_learnt.md")]

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Severity};
use crate::dialect::{self, DnsRule};
use crate::lint::cover::covers;
use crate::lint::dns::Dns;
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::{self, Direction, Match, Peer};
use crate::sets::{DomainPattern, PortSet};

pub const RULE: Rule = Rule {
    code: "L43",
    name: "names-not-learnt",
    severity: Severity::Error,
    qualifies_verdict: false,
    page: include_str!("l43_names_not_learnt.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let names = Names::new(input);
    for &at in &names.needing {
        let Some(needs) = input.snapshot.policies.get(at) else {
            continue;
        };
        let rules = needs.rules(Direction::Egress).iter();
        let mut items = rules.flat_map(|rule| rule.peers.listed());
        let found = items.find_map(|item| {
            let Peer::Domain(name) = &item.peer else {
                return None;
            };
            let (message, help) = names.unknown(at, name)?;
            let found = rule.finding(message).at(item.span.clone());
            Some(found.on(needs.title()).help(help))
        });
        out.extend(found);
    }
}

/// What makes the addresses of domain names known.
struct Names<'a> {
    input: &'a Input<'a>,
    /// The policies whose enforcer must learn the addresses.
    needing: Vec<usize>,
    learning: Vec<Learning>,
}

/// A rule whose DNS answers are read.
struct Learning {
    policy: usize,
    /// Whether the DNS that the pods ask may be at its peers and ports.
    at_dns: bool,
    names: Vec<DomainPattern>,
}

impl<'a> Names<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        let dns = Dns::new(input);
        let mut found = Self {
            input,
            needing: Vec::new(),
            learning: Vec::new(),
        };
        for object in input.objects {
            let rules = object.index.zip(dialect::dns_rules(&object.object));
            let Some((first, rules)) = rules else {
                continue;
            };
            for (at, rules) in (first..).zip(rules) {
                found.needing.push(at);
                found
                    .learning
                    .extend(rules.into_iter().map(|rule| Learning {
                        policy: at,
                        at_dns: is_at_dns(input, &dns, at, &rule),
                        names: rule.names,
                    }));
            }
        }
        found
    }

    /// What is wrong, and what to do, if the addresses of a name are not known to all pods of a policy.
    fn unknown(&self, policy: usize, name: &DomainPattern) -> Option<(String, String)> {
        let covers = |rule: &Learning| rule.names.iter().any(|pattern| pattern.overlaps(name));
        if self.is_known(policy, &|rule| rule.at_dns && covers(rule)) {
            return None;
        }
        let pods = witness::subject(self.input, policy);
        let pods = pods.map_or_else(|| "these pods".to_owned(), |name| format!("pods of {name}"));
        let (why, help) = if !self.is_known(policy, &|_| true) {
            (
                format!("no policy for {pods} has an egress rule with `rules.dns`"),
                "add `rules: {dns: [{matchPattern: \"*\"}]}` to the `toPorts` of the rule that allows DNS".to_owned(),
            )
        } else if !self.is_known(policy, &|rule| rule.at_dns) {
            (
                format!("`rules.dns` for {pods} is not at the cluster's DNS and the port that it listens on"),
                "add `rules: {dns: [{matchPattern: \"*\"}]}` to the `toPorts` of the rule that allows DNS".to_owned(),
            )
        } else {
            (
                format!("`rules.dns` for {pods} does not have this name"),
                format!("add `{name}` to the names of `rules.dns`, or `matchPattern: \"*\"`"),
            )
        };
        let message = format!(
            "no addresses are known for `{name}`: {why}, so their DNS answers for it are not read, and the rule allows nothing"
        );
        Some((message, help))
    }

    /// Whether each pod of a policy, or its subject where the input has none, has a rule that is wanted.
    fn is_known(&self, policy: usize, wanted: &dyn Fn(&Learning) -> bool) -> bool {
        let policies = &self.input.snapshot.policies;
        let mut rules = self.learning.iter().filter(|rule| wanted(rule));
        let pods = self.input.subjects(policy);
        if pods.is_empty() {
            let subject = |at: usize| policies.get(at).map(|policy| &policy.subject);
            let needs = subject(policy);
            return rules.any(|rule| {
                let both = subject(rule.policy).zip(needs);
                both.is_some_and(|(outer, inner)| covers(outer, inner))
            });
        }
        let learnt: BTreeSet<usize> = rules
            .flat_map(|rule| self.input.subjects(rule.policy))
            .copied()
            .collect();
        pods.iter().all(|pod| learnt.contains(pod))
    }
}

/// Whether the DNS that pods ask may be at the peers and ports of a rule (C35).
fn is_at_dns(input: &Input, dns: &Dns, policy: usize, written: &DnsRule) -> bool {
    let policy = input.snapshot.policies.get(policy);
    let rules = policy.map_or(&[][..], |policy| policy.rules(Direction::Egress));
    let mut rules = rules.iter().filter(|rule| rule.span == written.rule);
    rules.any(|rule| {
        let ports = rule.ports.listed().iter();
        let ports = ports.filter(|port| written.ports.contains(&port.span));
        let rule = policy::Rule {
            ports: Match::Only(ports.cloned().collect()),
            ..rule.clone()
        };
        asks_dns(input, dns, &rule)
    })
}

/// Whether a rule may be for asking DNS: at pods that listen on its ports, or where that is not known.
fn asks_dns(input: &Input, dns: &Dns, rule: &policy::Rule) -> bool {
    let peers = rule.peers.listed();
    if peers.iter().any(|item| ports::names_outside(&item.peer)) {
        return true;
    }
    let pods: BTreeSet<usize> = peers
        .iter()
        .flat_map(|item| input.pods(&item.peer).to_vec())
        .collect();
    let is_peer = |pod: &&usize| rule.peers == Match::Any || pods.contains(*pod);
    let resolvers: Vec<usize> = dns.pods.iter().filter(is_peer).copied().collect();
    let listens = |pod: usize, known: PortSet| {
        let declared = input.pod(pod).map_or(&[][..], |pod| &pod.ports);
        let declared = declared.iter().map(|p| PortSet::single(p.protocol, p.port));
        let own = match known.is_empty() {
            true => declared.collect(),
            false => known,
        };
        match own.is_empty() {
            true => dns.is_asked(input, rule, None),
            false => ports::at_pod(input, rule, pod).intersects(&own),
        }
    };
    if !resolvers.is_empty() {
        let known = dns.listens_on(input);
        return resolvers.iter().any(|pod| listens(*pod, known.clone()));
    }
    match dns.is_peer(input, rule) || pods.is_empty() {
        true => dns.is_asked(input, rule, None) || !dns.is_peer(input, rule),
        // Pods of a resolver of one's own declare its port.
        false => pods.iter().any(|pod| listens(*pod, PortSet::empty())),
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{NONE, all_of, of_code};

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

    #[test]
    fn dns_rules_must_be_at_the_resolver_and_have_the_name() {
        let dns = "apiVersion: v1\nkind: Pod\nmetadata: {name: dns, namespace: kube-system, labels: {k8s-app: kube-dns}}\nspec: {containers: [{name: c, ports: [{containerPort: 53, protocol: UDP}]}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: s, labels: {app: db}}\nspec: {containers: [{name: c, ports: [{containerPort: 5432}]}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: own, namespace: s, labels: {app: own}}\nspec: {containers: [{name: c, ports: [{containerPort: 5300, protocol: UDP}]}]}\n";
        let found = |peer: &str, port: &str, name: &str| {
            let policy = format!(
                "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  endpointSelector: {{matchLabels: {{app: api}}}}\n  egress:\n  - {{{peer}toPorts: [{{ports: [{{port: '{port}'}}], rules: {{dns: [{{matchPattern: '{name}'}}]}}}}]}}\n  - toFQDNs: [{{matchName: api.example.com}}]\n"
            );
            all_of("L43", &format!("{dns}{policy}"))
                .pop()
                .map(|found| found.message)
        };
        let pods = |labels: &str| format!("toEndpoints: [{{matchLabels: {{{labels}}}}}], ");
        let system = "k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns";
        for (peer, port, name) in [
            ("", "53", "*"),
            (&*pods(system), "53", "*.example.com"),
            (&pods("app: own"), "5300", "*"),
            (&pods("app: elsewhere"), "53", "*"),
            ("toEntities: [host], ", "53", "*"),
            ("toCIDR: [169.254.20.10/32], ", "53", "api.example.com"),
        ] {
            assert_eq!(found(peer, port, name), None, "{peer} {port} {name}");
        }
        let place = "is not at the cluster's DNS";
        for (peer, port, name, why) in [
            (&pods(system), "5353", "*", place),
            (&pods("app: db"), "53", "*", place),
            (
                &pods(system),
                "53",
                "*.cluster.local",
                "does not have this name",
            ),
        ] {
            let message = found(peer, port, name).unwrap_or_default();
            assert!(message.contains(why), "{peer} {port} {name}: {message}");
        }
    }
}
