//! Rules for DNS that do not allow what DNS needs.
//!
#![doc = include_str!("l12_wrong_dns_rule.md")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::analysis::Endpoint;
use crate::analysis::oracle::any_peer_matches;
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::diag::{Diagnostic, Severity};
use crate::lint::dns::{self, Dns, egress_rules};
use crate::lint::ends::labelled;
use crate::lint::written::{Written, WrittenRule, is_empty, items, network_policies, peers_key};
use crate::lint::{Input, Rule, ports, witness};
use crate::policy::{self, Action, Direction, Match, PeerItem};
use crate::sets::{Protocol, Requirement};
use crate::yaml::Node;

pub const RULE: Rule = Rule {
    code: "L12",
    name: "wrong-dns-rule",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l12_wrong_dns_rule.md"),
    check,
};

/// What is wrong, and what to do.
type Wrong = (String, String);

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let dns = Dns::new(input);
    let written: BTreeMap<usize, Written> = network_policies(input)
        .map(|written| (written.index, written))
        .collect();
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        // What a policy that does not isolate leaves out, others may allow.
        let Some(side) = policy.side(Direction::Egress).filter(|side| side.isolates) else {
            continue;
        };
        // Beside ports of others the port of DNS may be meant for other servers, if the peers are not the DNS pods.
        let is_for_dns = |rule: &policy::Rule| {
            let beside = ports::has_dns(rule) && rule.peers != Match::Any;
            rule.action == Action::Accept
                && (ports::are_of_dns(rule) || beside && dns.is_peer(input, rule))
        };
        let rules = side.rules.iter().enumerate();
        let rules: Vec<(usize, &policy::Rule)> =
            rules.filter(|(_, rule)| is_for_dns(rule)).collect();
        if rules.is_empty() {
            continue;
        }
        let beside = beside(input, at);
        // Of pods that resolve names elsewhere nothing is known.
        let own = input.subjects(at);
        let ask = own.is_empty() || own.iter().any(|pod| dns::asks(input, *pod));
        let pods = witness::subject(input, at);
        let pods = pods.map_or_else(|| "these pods".to_owned(), |name| format!("pods of {name}"));
        let written = written.get(&at);
        for (nth, lowered) in rules {
            let case = Case {
                input,
                pods: &pods,
                dns: &dns,
                rule: lowered,
                beside: &beside,
            };
            let unanswered = || {
                case.wrong_port()
                    .or_else(|| case.one_protocol())
                    .or_else(|| written.and_then(|_| case.node_local()))
            };
            let alternatives = || {
                let written = written.filter(|_| ports::are_of_dns(lowered))?;
                let one = written.rules(Direction::Egress).into_iter().nth(nth)?;
                alternatives(input, written, &one, &pods)
            };
            let wrong = alternatives().or_else(|| ask.then(unanswered).flatten());
            if let Some((message, help)) = wrong {
                let finding = rule.finding(message).help(help);
                out.push(finding.at(lowered.span.clone()).on(policy.title()));
            }
        }
    }
}

/// The policy and all others that select one of its pods.
fn beside(input: &Input, policy: usize) -> Vec<usize> {
    let own = input.one_of_each(input.subjects(policy));
    let shares = |at: &usize| {
        let pods = input.subjects(*at);
        *at == policy || own.iter().any(|pod| pods.binary_search(pod).is_ok())
    };
    (0..input.snapshot.policies.len()).filter(shares).collect()
}

/// A namespace selector and a pod selector in two items (D2).
fn alternatives(input: &Input, written: &Written, one: &WrittenRule, pods: &str) -> Option<Wrong> {
    let Match::Only(peers) = &one.rule?.peers else {
        return None;
    };
    let nodes = items(one.node, peers_key(Direction::Egress));
    let has = |node: &Node, key: &str, other: &str| {
        node.get(key).is_some_and(|s| !is_empty(s)) && node.get(other).is_none()
    };
    let is_pair = |a: &Node, b: &Node| {
        has(a, "namespaceSelector", "podSelector") && has(b, "podSelector", "namespaceSelector")
    };
    let mut pairs = nodes.windows(2).zip(peers.windows(2));
    let found = pairs.any(|(nodes, peers)| match (nodes, peers) {
        ([a, b], [_, pods]) if is_pair(a, b) => input.pods(&pods.peer).is_empty(),
        ([a, b], [pods, _]) if is_pair(b, a) => input.pods(&pods.peer).is_empty(),
        _ => false,
    });
    let own = written.policy.namespace.as_deref()?;
    found.then(|| (
        format!("the DNS pods are two alternatives here: {pods} may ask all pods of the selected namespaces, and pods of `{own}` with these labels"),
        "write `podSelector` and `namespaceSelector` in one item, without the second dash".to_owned(),
    ))
}

struct Case<'a> {
    input: &'a Input<'a>,
    /// Who asks.
    pods: &'a str,
    dns: &'a Dns,
    rule: &'a policy::Rule,
    /// The policies that select the same pods.
    beside: &'a [usize],
}

impl Case<'_> {
    /// A port that the DNS pods do not listen on.
    fn wrong_port(&self) -> Option<Wrong> {
        if self.rule.peers == Match::Any {
            return None;
        }
        let listens = self.dns.listens_on(self.input);
        let at_dns = |rule: &policy::Rule, pod: usize| {
            ports::at_pod(self.input, rule, pod).intersects(&listens)
        };
        let chosen = |pod: &&usize| {
            let end = Endpoint::Pod(**pod);
            any_peer_matches(self.input.snapshot, &self.rule.peers, &end)
        };
        let number = match self.dns.pods.iter().find(chosen) {
            Some(pod) if at_dns(self.rule, *pod) => return None,
            Some(_) => listens.example()?.1,
            None if self.is_openshift() => 5353,
            None => return None,
        };
        let right = |rule: &policy::Rule| {
            let known = self.dns.pods.iter().any(|pod| at_dns(rule, *pod));
            let openshift = rule.ports.listed().iter().filter_map(ports::single);
            (known || openshift.into_iter().any(|(_, port)| port == number))
                && self.dns.is_peer(self.input, rule)
        };
        let mut beside = egress_rules(self.input, self.beside);
        (!beside.any(|(_, rule)| right(rule))).then(|| {
            (
                format!("the DNS pods listen on port {number}, which is what policies see; no rule allows it to {}", self.pods),
                format!("write port {number}, for UDP and for TCP"),
            )
        })
    }

    /// Whether the rule is for port 53 of OpenShift's DNS, whose pods are not in the input.
    fn is_openshift(&self) -> bool {
        let by_name = Requirement::equals(NAMESPACE_NAME_LABEL, "openshift-dns");
        let is_named = |item: &PeerItem| {
            let namespaces = labelled(&item.peer).map(|parts| parts.namespaces);
            let mut asked = namespaces.iter().flatten().flat_map(|s| &s.requirements);
            asked.any(|requirement| *requirement == by_name)
        };
        let peers = self.rule.peers.listed();
        let is_53 = |item| ports::single(item).is_some_and(|(_, port)| port == 53);
        self.dns.pods.is_empty()
            && !peers.is_empty()
            && peers.iter().all(is_named)
            && self.rule.ports.listed().iter().all(is_53)
    }

    /// Only TCP, or only UDP.
    fn one_protocol(&self) -> Option<Wrong> {
        if !self.dns.is_peer(self.input, self.rule) {
            return None;
        }
        let all = || egress_rules(self.input, self.beside).map(|(_, rule)| rule);
        let asked = |protocol| all().any(|r| self.dns.is_asked(self.input, r, Some(protocol)));
        match (asked(Protocol::Udp), asked(Protocol::Tcp)) {
            (true, false) => Some((
                format!(
                    "DNS is allowed to {} over UDP alone: answers that are too long for it are asked for again over TCP",
                    self.pods
                ),
                "add the port for TCP".to_owned(),
            )),
            (false, true) => Some((
                format!(
                    "DNS is allowed to {} over TCP alone, and names are looked up over UDP; a port without `protocol` is TCP",
                    self.pods
                ),
                "add the port with `protocol: UDP`".to_owned(),
            )),
            _ => None,
        }
    }

    /// DNS pods by their labels, where a cache on the node is asked instead (D4).
    fn node_local(&self) -> Option<Wrong> {
        if !self.dns.node_local || self.rule.peers == Match::Any {
            return None;
        }
        let cache = Endpoint::Address(IpAddr::V4(Ipv4Addr::new(169, 254, 20, 10)));
        let snapshot = self.input.snapshot;
        let mut all = egress_rules(self.input, self.beside);
        let reaches = |rule: &policy::Rule| {
            any_peer_matches(snapshot, &rule.peers, &cache)
                && self.dns.is_asked(self.input, rule, Some(Protocol::Udp))
        };
        let wanted = self.dns.is_peer(self.input, self.rule);
        (wanted && !all.any(|(_, rule)| reaches(rule))).then(|| (
            format!(
                "NodeLocal DNSCache answers {} at an address of the node, which selectors of pods do not match",
                self.pods
            ),
            "add `ipBlock: {cidr: 169.254.20.10/32}`, and one with the address of the DNS Service".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{example, lines};

    #[test]
    fn rules_for_dns() {
        let example = example(include_str!("l12_wrong_dns_rule.md"));
        assert_eq!(lines("L12", example), [7]);
        let rule = |peers: &str, ports: &str| {
            let (before, _) = example.split_once("  - to").unwrap();
            lines(
                "L12",
                &format!("{before}  - to: [{peers}]\n    ports: [{ports}]\n"),
            )
        };
        let both = "{port: 53, protocol: UDP}, {port: 53}";
        let pods = "podSelector: {matchLabels: {k8s-app: kube-dns}}";
        let system = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}";
        assert_eq!(rule(&format!("{{{system}}}, {{{pods}}}"), both), [7]);
        assert_eq!(rule(&format!("{{{system}}}"), "{port: 53}"), [7]);
        // Pods that resolve names elsewhere need none of it.
        let pod = |dns: &str| {
            format!(
                "{example}---\n{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: shop, labels: {{app: web}}}}, spec: {{dnsPolicy: {dns}, containers: [{{name: c}}]}}}}\n"
            )
        };
        assert_eq!(lines("L12", &pod("ClusterFirst")), [7]);
        assert!(lines("L12", &pod("Default")).is_empty());
        let openshift = system.replace("kube-system", "openshift-dns");
        assert_eq!(rule(&format!("{{{openshift}}}"), both), [7]);
        let by_expression = "{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [openshift-dns]}]}}";
        assert_eq!(rule(by_expression, both), [7]);
        let udp = "{port: 53, protocol: UDP}";
        for beside in ["{port: 9153}", "{port: 443}"] {
            let ports = format!("{udp}, {beside}");
            assert_eq!(rule(&format!("{{{system}, {pods}}}"), &ports), [7]);
            assert!(rule("{ipBlock: {cidr: 192.0.2.53/32}}", &ports).is_empty());
            let all = format!("{both}, {beside}");
            assert!(rule(&format!("{{{system}, {pods}}}"), &all).is_empty());
        }
        for (peers, ports) in [
            (format!("{{{system}, {pods}}}"), both),
            (format!("{{{system}}}"), both),
            (
                format!("{{{openshift}}}"),
                "{port: 5353, protocol: UDP}, {port: 5353}",
            ),
            ("{ipBlock: {cidr: 192.0.2.53/32}}".to_owned(), both),
        ] {
            assert!(rule(&peers, ports).is_empty(), "{peers}");
        }
    }

    #[test]
    fn rules_of_other_dialects() {
        let cilium = |ports: &str| {
            format!(
                "apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {{name: p, namespace: shop}}
spec:
  endpointSelector: {{}}
  egress:
  - toEndpoints: [{{matchLabels: {{k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns}}}}]
    toPorts: [{{ports: [{ports}]}}]
"
            )
        };
        let udp = "{port: '53', protocol: UDP}";
        assert_eq!(lines("L12", &cilium(udp)), [7]);
        assert!(lines("L12", &cilium("{port: '53', protocol: ANY}")).is_empty());
        assert!(lines("L12", &cilium("{port: '80', protocol: TCP}")).is_empty());
        // It does not isolate, so that TCP is not denied.
        let admin = "apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: p}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress: [{action: Accept, to: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: 53}}}]}]
";
        assert!(lines("L12", admin).is_empty());
    }

    #[test]
    fn the_cache_of_the_node_has_an_address() {
        let cache = "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: node-local-dns, namespace: kube-system}\nspec: {selector: {matchLabels: {k8s-app: node-local-dns}}, template: {metadata: {labels: {k8s-app: node-local-dns}}, spec: {hostNetwork: true, containers: [{name: c}]}}}\n";
        let example = example(include_str!("l12_wrong_dns_rule.md"));
        let both = example.replace(
            "[{protocol: UDP, port: 53}]",
            "[{protocol: UDP, port: 53}, {port: 53}]",
        );
        assert!(lines("L12", &both).is_empty());
        assert_eq!(lines("L12", &format!("{both}{cache}")), [7]);
        let block = both.replace(
            "    ports:",
            "    - ipBlock: {cidr: 169.254.20.10/32}\n    ports:",
        );
        assert!(lines("L12", &format!("{block}{cache}")).is_empty());
    }
}
