//! Concrete pods and connections, by which findings show what a mistake does.

use std::net::IpAddr;

use super::{Input, ports};
use crate::analysis::Endpoint;
use crate::analysis::oracle::{any_peer_matches, probe};
use crate::policy::{Direction, Match, Rule};
use crate::sets::Protocol;

/// The most pods of each end that are looked at: each pair is evaluated under all policies.
pub const MOST: usize = 30;

/// The workload of a pod that a policy selects.
pub fn subject(input: &Input, policy: usize) -> Option<String> {
    let first = input.subjects(policy).first()?;
    Some(input.name_of(*first))
}

/// A connection that a rule allows, with another pod than those that are meant, and no policy denies:
/// `` `shop/web` may connect to `shop/db` on TCP 5432 ``.
pub fn opened(
    input: &Input,
    policy: usize,
    direction: Direction,
    rule: &Rule,
    is_meant: &dyn Fn(usize) -> bool,
) -> Option<String> {
    let is_open = |from, to, other, port| {
        let (from, to) = (Endpoint::Pod(from), Endpoint::Pod(to));
        !is_meant(other) && probe(input.snapshot, &from, &to, Some(port)).allowed
    };
    let (from, to) = find(input, (policy, direction), rule, &is_open)?;
    Some(format!("{from} may connect to {to}"))
}

/// A connection that a rule matches, whether or not it is allowed: `` `shop/web` to `shop/db` on TCP 5432 ``.
pub fn matched(input: &Input, policy: usize, direction: Direction, rule: &Rule) -> Option<String> {
    let (from, to) = find(input, (policy, direction), rule, &|_, _, _, _| true)?;
    Some(format!("{from} to {to}"))
}

/// The first connection of a pod that a policy selects with another that a rule matches, and that is wanted: called with
/// its ends, the one of the peer again, and the port. Its source, and its destination with the port.
fn find(
    input: &Input,
    (policy, direction): (usize, Direction),
    rule: &Rule,
    is_wanted: &dyn Fn(usize, usize, usize, (Protocol, u16)) -> bool,
) -> Option<(String, String)> {
    let all: Vec<usize> = (0..input.snapshot.pods.len()).collect();
    let others = input.one_of_each(&all).into_iter();
    let others =
        others.filter(|pod| any_peer_matches(input.snapshot, &rule.peers, &Endpoint::Pod(*pod)));
    let others: Vec<usize> = others.take(MOST).collect();
    let own = input.one_of_each(input.subjects(policy));
    own.iter().take(MOST).find_map(|own| {
        let mut others = others.iter().copied().filter(|other| other != own);
        others.find_map(|other| {
            let (from, to) = match direction {
                Direction::Ingress => (other, *own),
                Direction::Egress => (*own, other),
            };
            let port = port(input, rule, to)?;
            is_wanted(from, to, other, port).then(|| {
                let on = on(input, rule, &Endpoint::Pod(to), port);
                (input.name_of(from), format!("{}{on}", input.name_of(to)))
            })
        })
    })
}

/// The same with an address outside the cluster, the first of those that is allowed.
pub fn opened_to(
    input: &Input,
    policy: usize,
    direction: Direction,
    rule: &Rule,
    addresses: &[IpAddr],
) -> Option<String> {
    let own = input.one_of_each(input.subjects(policy));
    let pairs = (own.iter().take(MOST)).flat_map(|pod| addresses.iter().map(move |a| (*pod, *a)));
    pairs.into_iter().find_map(|(pod, address)| {
        let (own, other) = (Endpoint::Pod(pod), Endpoint::Address(address));
        let name = input.name_of(pod);
        let address = format!("`{address}`");
        let (from, to, names) = match direction {
            Direction::Ingress => (&other, &own, (address, name)),
            Direction::Egress => (&own, &other, (name, address)),
        };
        let port = match direction {
            Direction::Ingress => port(input, rule, pod)?,
            Direction::Egress => number(rule)?,
        };
        let open = probe(input.snapshot, from, to, Some(port)).allowed;
        open.then(|| {
            let on = on(input, rule, to, port);
            format!("{} may connect to {}{on}", names.0, names.1)
        })
    })
}

/// A port of a rule at a pod, one that the pod declares if there is one.
pub fn port(input: &Input, rule: &Rule, to: usize) -> Option<(Protocol, u16)> {
    let wanted = ports::at_pod(input, rule, to);
    let declared = input.pod(to)?.ports.iter();
    let mut declared = declared.map(|port| (port.protocol, port.port));
    let used = declared.find(|(protocol, port)| wanted.contains(*protocol, *port));
    used.or_else(|| wanted.example())
}

/// A port of a rule where nothing declares ports.
fn number(rule: &Rule) -> Option<(Protocol, u16)> {
    match &rule.ports {
        Match::Any => Some((Protocol::Tcp, 443)),
        Match::Only(items) => items.iter().find_map(|item| ports::numbers(item).example()),
    }
}

/// `` on TCP 80``; nothing for a rule of all ports whose destination declares none.
fn on(input: &Input, rule: &Rule, to: &Endpoint, (protocol, port): (Protocol, u16)) -> String {
    let declares = match to {
        Endpoint::Pod(pod) => input.pod(*pod).is_some_and(|p| !p.ports.is_empty()),
        _ => false,
    };
    match rule.ports == Match::Any && !declares {
        true => String::new(),
        false => format!(" on {protocol} {port}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::all_of;

    const PODS: &str = "apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: ops}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web, pod-template-hash: a1}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: pg, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: runner, namespace: ops, labels: {app: runner}}
spec: {containers: [{name: c}]}
---
";

    /// The messages of a rule about a policy of namespace `shop`.
    fn messages(code: &str, name: &str, spec: &str) -> Vec<String> {
        let policy = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  {spec}\n"
        );
        let found = all_of(code, &format!("{PODS}{policy}")).into_iter();
        found.map(|d| d.message).collect()
    }

    #[test]
    fn findings_name_a_pod_or_a_connection() {
        let db = "podSelector: {matchLabels: {app: db}}";
        let web = "podSelector: {matchLabels: {app: web}}\n  policyTypes: [Egress]\n  egress:";
        for (code, spec, witness) in [
            (
                "L01",
                "podSelector: {matchLabels: {app: queue}}".to_owned(),
                "(`shop/db` has `app=db`)",
            ),
            (
                "L02",
                format!(
                    "{db}\n  ingress: [{{from: [{{podSelector: {{matchLabels: {{app: queue}}}}}}]}}]"
                ),
                "(`shop/db` has `app=db`)",
            ),
            (
                "L06",
                format!(
                    "{db}\n  ingress:\n  - from: [{{podSelector: {{matchLabels: {{app: web}}}}}}]\n  - ports: [{{port: 5432}}]"
                ),
                "(`ops/runner` may connect to `shop/db` on TCP 5432)",
            ),
            (
                "L08",
                format!("{db}\n  ingress: [{{ports: [{{port: metrics}}]}}]"),
                "pods of `shop/db` declare no port `metrics` for TCP",
            ),
            (
                "L12",
                format!(
                    "{web}\n  - to: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: kube-system}}}}}}]\n    ports: [{{port: 53, protocol: UDP}}]"
                ),
                "DNS is allowed to pods of `shop/web` over UDP alone",
            ),
            (
                "L15",
                format!("{db}\n  policyTypes: [Ingress]\n  egress: [{{ports: [{{port: 443}}]}}]"),
                "leaves egress of `shop/db` as it is",
            ),
            (
                "L17",
                format!("{db}\n  ingress: [{{from: [], ports: [{{port: 5432}}]}}]"),
                ": `ops/runner` may connect to `shop/db` on TCP 5432",
            ),
            (
                "L17",
                format!("{db}\n  ingress: [{{from: [{{namespaceSelector: {{}}}}]}}]"),
                ": `ops/runner` may connect to `shop/db` on TCP 5432",
            ),
            (
                "L18",
                format!(
                    "{web} [{{to: [{{ipBlock: {{cidr: 0.0.0.0/0}}}}], ports: [{{port: 443}}]}}]"
                ),
                ": `shop/web` may connect to `10.0.0.1` on TCP 443",
            ),
            (
                "L22",
                format!(
                    "{web}\n  - to: [{{ipBlock: {{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}}}]\n    ports: [{{port: 443}}]\n  - ports: [{{port: 443}}]"
                ),
                "(`shop/web` may connect to `10.1.0.1` on TCP 443)",
            ),
            (
                "L38",
                "podSelector: {matchLabels: {pod-template-hash: a1}}".to_owned(),
                "`pod-template-hash` of `shop/web`",
            ),
        ] {
            let found = messages(code, "p", &spec);
            assert!(
                found.iter().any(|m| m.contains(witness)),
                "{code}: {found:?}"
            );
        }
        let denies = messages(
            "L33",
            "deny-web",
            &format!(
                "{db}\n  ingress: [{{from: [{{podSelector: {{matchLabels: {{app: web}}}}}}]}}]"
            ),
        );
        assert!(
            denies[0].contains("(`shop/web` may connect to `shop/db` on TCP 5432)"),
            "{denies:?}"
        );
    }

    #[test]
    fn what_another_policy_denies_is_no_witness() {
        let closed = "podSelector: {matchLabels: {app: db}}\n  ingress:\n  - from: [{podSelector: {matchLabels: {app: web}}}]\n  - ports: [{port: 5432}]\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: out, namespace: ops}\nspec: {podSelector: {}, policyTypes: [Egress]}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: out, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Egress]}";
        let found = messages("L06", "p", closed);
        assert_eq!(found.len(), 1);
        assert!(!found[0].contains("may connect"), "{found:?}");
    }
}
