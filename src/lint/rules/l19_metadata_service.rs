//! Pods that may ask the cloud's metadata service.
//!
#![doc = include_str!("l19_metadata_service.md")]

use std::net::IpAddr;

use crate::analysis::Endpoint;
use crate::analysis::oracle::{any_port_matches, gate, peer_matches};
use crate::diag::{Diagnostic, Severity, Span};
use crate::lint::witness::MOST;
use crate::lint::{Input, Rule};
use crate::policy::{self, Action, Direction, Match, Peer, PeerItem, Policy};
use crate::sets::Protocol;

pub const RULE: Rule = Rule {
    code: "L19",
    name: "metadata-service",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l19_metadata_service.md"),
    check,
};

/// Where clouds answer with metadata and credentials of the node.
const ADDRESSES: [&str; 2] = ["169.254.169.254", "fd00:ec2::254"];
const HTTP: (Protocol, u16) = (Protocol::Tcp, 80);

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let addresses = ADDRESSES.iter().filter_map(|text| text.parse().ok());
    let addresses: Vec<IpAddr> = addresses.collect();
    for (at, policy) in input.snapshot.policies.iter().enumerate() {
        let isolates = (policy.side(Direction::Egress)).is_some_and(|side| side.isolates);
        let rules = policy.rules(Direction::Egress).iter();
        for one in rules.filter(|r| isolates && r.action == Action::Accept) {
            let allowed = addresses.iter().find_map(|address| {
                let span = allowed_at(input, one, *address)?;
                Some((address, span, witness(input, at, *address)?))
            });
            let Some((address, span, pod)) = allowed else {
                continue;
            };
            let message = format!(
                "{} may open TCP 80 of `{address}`, where clouds serve the credentials of the node",
                input.name_of(pod)
            );
            let help = help(policy, one, *address);
            let finding = rule.finding(message).help(help).on(policy.title());
            out.push(finding.at(span));
        }
    }
}

/// How to except an address from a rule.
fn help(policy: &Policy, rule: &policy::Rule, address: IpAddr) -> String {
    let (all, private, block) = match address {
        IpAddr::V4(_) => (
            "0.0.0.0/0",
            "[10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]",
            format!("{address}/32"),
        ),
        IpAddr::V6(_) => ("::/0", "[fc00::/7]", format!("{address}/128")),
    };
    let is_block = |item: &PeerItem| {
        item.peer
            .has_leaf(|leaf| matches!(leaf, Peer::Addresses(_)))
    };
    match &rule.peers {
        Match::Only(items) if items.iter().any(is_block) => {
            format!("add `{block}` to `except` of a block of addresses")
        }
        _ if policy.kind == "NetworkPolicy" => format!(
            "write what it is for: `to: [{{namespaceSelector: {{}}, podSelector: {{}}}}, {{ipBlock: {{cidr: {all}, except: {private}}}}}]` allows all pods and the Internet"
        ),
        _ => format!("deny `{block}` in a rule that takes precedence"),
    }
}

/// Where a rule allows the address.
fn allowed_at(input: &Input, rule: &policy::Rule, address: IpAddr) -> Option<Span> {
    let end = Endpoint::Address(address);
    if !any_port_matches(input.snapshot, &rule.ports, &end, Some(HTTP)) {
        return None;
    }
    match &rule.peers {
        Match::Any => Some(rule.span.clone()),
        Match::Only(items) => {
            let mut matching = items.iter();
            let found = matching.find(|i| peer_matches(input.snapshot, &i.peer, &end));
            found.map(|item| item.span.clone())
        }
    }
}

/// A pod of the policy that no policy keeps from the address.
fn witness(input: &Input, policy: usize, address: IpAddr) -> Option<usize> {
    let pods = input.one_of_each(input.subjects(policy));
    let own = pods.into_iter().filter(|pod| {
        let pod = input.pod(*pod);
        pod.is_some_and(|pod| !pod.host_network)
    });
    let to = Endpoint::Address(address);
    let is_open = |pod: &usize| {
        let from = Endpoint::Pod(*pod);
        gate(input.snapshot, Direction::Egress, &from, &to, Some(HTTP)).allowed
    };
    own.take(MOST).find(is_open)
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::{all_of, example, lines};

    #[test]
    fn the_metadata_address() {
        let example = example(include_str!("l19_metadata_service.md"));
        assert_eq!(lines("L19", example), [12]);
        let anywhere = example.replace(
            "to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]",
            "ports: [{port: 80}]",
        );
        assert_eq!(lines("L19", &anywhere), [12]);
        // What a rule without peers is told to be has no such finding.
        let open = example.replace(
            "  - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]",
            "  - {}",
        );
        let help = all_of("L19", &open)[0].help.clone().unwrap();
        let written = help.split('`').nth(1).unwrap();
        let mended = open.replace("  - {}", &format!("  - {written}"));
        assert!(written.starts_with("to: ") && mended != open);
        for code in ["L17", "L18", "L19", "L24"] {
            assert!(lines(code, &mended).is_empty(), "{code} {mended}");
        }
        for fine in [
            example.replace("[10.0.0.0/8]", "[10.0.0.0/8, 169.254.0.0/16]"),
            anywhere.replace("port: 80", "port: 443"),
            example.replace("0.0.0.0/0, except: [10.0.0.0/8]", "192.0.2.0/24"),
        ] {
            assert!(lines("L19", &fine).is_empty(), "{fine}");
        }
        let kept_out = format!(
            "{example}---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: n}}\nspec: {{tier: Admin, priority: 1, subject: {{namespaces: {{}}}}, egress: [{{action: Deny, to: [{{networks: [169.254.169.254/32]}}]}}]}}\n"
        );
        assert!(lines("L19", &kept_out).is_empty());
        let second = kept_out.replace(
            "subject: {namespaces: {}}",
            "subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: runner}}}}",
        );
        let other = "---\n{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: build}, spec: {containers: [{name: x}]}}\n";
        assert!(lines("L19", &second).is_empty());
        assert_eq!(lines("L19", &format!("{second}{other}")), [12]);
    }
}
