//! Verdicts under Cilium and Calico that depend on objects beside policies: nodes, groups of addresses, Services.

use super::*;
use crate::analysis::near_miss::peer_misses;
use crate::load::{Settings, load_in};
use crate::manifest::Source;

const CLUSTER: &str = "
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.168.1.1}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2}, status: {addresses: [{type: InternalIP, address: 192.168.1.2}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n3}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, labels: {app: web}}, spec: {nodeName: n1, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: far, labels: {app: far}}, spec: {nodeName: n3, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: lost, labels: {app: lost}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: agent}, spec: {nodeName: n1, hostNetwork: true, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: agent2}, spec: {nodeName: n2, hostNetwork: true, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: b, labels: {app: db}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: b, labels: {app: db}}, spec: {selector: {app: db}}}
---
";

const GROUP: &str = "
apiVersion: cilium.io/v2
kind: CiliumCIDRGroup
metadata: {name: g, labels: {l: x}}
spec: {externalCIDRs: [203.0.113.0/24, 198.51.100.7/32]}
---
";

fn snapshot_with(policy: &str) -> Snapshot {
    let text = format!("{CLUSTER}{policy}");
    load_in(&[Source::new("a.yaml", text)], &Settings::default(), None).snapshot
}

/// The ends that may be connected to from a pod at a port.
fn reached<'a>(snapshot: &Snapshot, from: &str, port: &str, to: &[&'a str]) -> Vec<&'a str> {
    let allowed = |to: &&str| {
        let (from, to) = (ends(snapshot, from), ends(snapshot, to));
        let ports = Wanted::Same(ports(port).expect("a port"));
        let answer = ask(
            snapshot,
            &from.expect("an end"),
            &to.expect("an end"),
            &ports,
        );
        answer.verdict == Verdict::All
    };
    to.iter().copied().filter(allowed).collect()
}

fn cilium(spec: &str) -> Snapshot {
    snapshot_with(&format!(
        "{GROUP}apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p}}\nspec: {{endpointSelector: {{}}, {spec}}}\n"
    ))
}

#[test]
fn cilium_tells_the_node_of_a_pod_from_others_at_both_gates() {
    let nodes = [
        "node/n1",
        "node/n2",
        "node/n3",
        "192.168.1.1",
        "default/agent",
        "default/agent2",
    ];
    for (entities, web, far, lost) in [
        (
            "host",
            &["node/n1", "192.168.1.1", "default/agent"][..],
            &["node/n3"][..],
            &[][..],
        ),
        (
            "remote-node",
            &["node/n2", "node/n3", "default/agent2"],
            &[
                "node/n1",
                "node/n2",
                "192.168.1.1",
                "default/agent",
                "default/agent2",
            ],
            &nodes,
        ),
        ("host, remote-node", &nodes, &nodes, &nodes),
        ("cluster", &nodes, &nodes, &nodes),
        ("world", &[], &[], &[]),
    ] {
        let snapshot = cilium(&format!("egress: [{{toEntities: [{entities}]}}]"));
        let reached = |from| reached(&snapshot, from, "TCP/80", &nodes);
        assert_eq!(reached("default/web"), web, "{entities}");
        assert_eq!(reached("default/far"), far, "{entities}");
        assert_eq!(reached("default/lost"), lost, "{entities}");
    }
    let denied = cilium("egress: [{toEntities: [all]}], egressDeny: [{toEntities: [remote-node]}]");
    let own = ["node/n1", "192.168.1.1", "default/agent"];
    assert_eq!(reached(&denied, "default/web", "TCP/80", &nodes), own);
}

#[test]
fn exceptions_of_groups_of_addresses_are_left_out() {
    let outside = ["203.0.113.1", "203.0.113.200", "198.51.100.7", "8.8.8.8"];
    for group in [
        "cidrGroupRef: g",
        "cidrGroupSelector: {matchLabels: {l: x}}",
    ] {
        let item = format!("toCIDRSet: [{{{group}, except: [203.0.113.0/25, 192.0.2.0/24]}}]");
        let allowed = cilium(&format!("egress: [{{{item}}}]"));
        let reached = |snapshot| reached(snapshot, "default/web", "TCP/80", &outside);
        assert_eq!(reached(&allowed), ["203.0.113.200", "198.51.100.7"]);
        let denied = cilium(&format!(
            "egress: [{{toEntities: [world]}}], egressDeny: [{{{item}}}]"
        ));
        assert_eq!(reached(&denied), ["203.0.113.1", "8.8.8.8"]);
    }
}

#[test]
fn services_without_a_namespace_are_those_of_every_namespace() {
    let to = ["b/db", "default/far", "8.8.8.8"];
    let reached = |spec: &str| reached(&cilium(spec), "default/web", "TCP/80", &to);
    let service =
        |namespace: &str| format!("toServices: [{{k8sService: {{serviceName: db{namespace}}}}}]");
    let here = ", namespace: default";
    let ports = "toPorts: [{ports: [{port: '80', protocol: TCP}]}]";
    assert_eq!(reached(&format!("egress: [{{{}}}]", service(""))), ["b/db"]);
    assert!(reached(&format!("egress: [{{{}}}]", service(here))).is_empty());
    assert_eq!(
        reached(&format!("egress: [{{{}, {ports}}}]", service(here))),
        to
    );
    // The agent does not look for the Services of a denial (C13).
    let deny = |rest: &str| {
        format!(
            "egress: [{{toEntities: [all]}}], egressDeny: [{{{}{rest}}}]",
            service("")
        )
    };
    assert_eq!(reached(&deny("")), to);
    assert!(reached(&deny(&format!(", {ports}"))).is_empty());
}

#[test]
fn calico_leaves_out_a_type_of_icmp() {
    let rule = |what: &str| {
        snapshot_with(&format!(
            "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {{types: [Egress], egress: [{{action: Allow, protocol: ICMP, {what}}}]}}\n"
        ))
    };
    let to = ["default/far"];
    let open = |what: &str, port: &str| !reached(&rule(what), "default/web", port, &to).is_empty();
    let icmp = "notICMP: {type: 8}";
    assert!(!open(icmp, "ICMP/8") && open(icmp, "ICMP/0") && !open(icmp, "TCP/80"));
    // Codes are not told apart: what leaves out one of them lets the type through.
    assert!(open("notICMP: {type: 8, code: 1}", "ICMP/8"));
    assert!(open("notICMP: {}", "ICMP/8"));
}

#[test]
fn reasons_are_those_of_the_node_that_is_known() {
    let reason = |entity: &str, from: &str, to: &str| {
        let snapshot = cilium(&format!("egress: [{{toEntities: [{entity}]}}]"));
        let end = |word| match &ends(&snapshot, word).expect("an end")[..] {
            [one] => one.clone(),
            _ => panic!("{word} is one end"),
        };
        let policy = &snapshot.policies[0];
        let gate = (Direction::Egress, &end(from));
        peer_misses(
            &snapshot,
            gate,
            &policy.rules(Direction::Egress)[0].peers,
            &end(to),
        )
        .join("; ")
    };
    assert_eq!(
        reason("host", "default/web", "node/n2"),
        "it is not the node of the pod"
    );
    assert_eq!(
        reason("remote-node", "default/web", "node/n1"),
        "it is the node of the pod"
    );
    assert_eq!(
        reason("host", "default/lost", "node/n2"),
        "it may be the node of the pod, which is not known (`spec.nodeName`)"
    );
}

#[test]
fn a_block_that_would_match_is_no_promise_of_an_allowed_connection() {
    let snapshot = snapshot_with(
        "
{apiVersion: v1, kind: Pod, metadata: {name: known}, spec: {containers: [{name: c}]}, status: {podIP: 10.0.0.1}}
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: k}
spec: {tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [10.0.0.0/24]}]}]}
",
    );
    let end = |word| ends(&snapshot, word).expect("an end").remove(0);
    let gate = (Direction::Egress, &end("default/web"));
    let rule = &snapshot.policies[0].rules(Direction::Egress)[0];
    assert_eq!(
        peer_misses(&snapshot, gate, &rule.peers, &end("default/known")),
        [
            "address blocks such as 10.0.0.0/24 match no pods here; it would match under `pod-addresses=known`, at 10.0.0.1"
        ]
    );
}
