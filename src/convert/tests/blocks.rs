//! Blocks of addresses that match pods in the new dialect and not in the old one.

use super::*;

/// A cluster with one pod of this address, and a policy of Cilium for its egress.
fn egress(address: &str, rule: &str) -> Conversion {
    let status = match address {
        "" => String::new(),
        _ => format!(", status: {{podIPs: [{{ip: {address}}}]}}"),
    };
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: s, labels: {{app: web}}}}{status}}}\n---\n{CNP}metadata: {{name: a, namespace: s}}\nspec: {{endpointSelector: {{}}, egress: [{{toEndpoints: [{{matchLabels: {{app: db}}}}]}}, {rule}]}}\n"
    );
    conversion(Target::Calico, &text, Assumptions::default())
}

fn why_of(found: &Conversion) -> Vec<&str> {
    let policies = found.policies.iter();
    let reasons = policies.flat_map(|one| &one.reasons);
    reasons.map(|reason| reason.why.as_str()).collect()
}

#[test]
fn blocks_that_would_match_pods_are_left_out_of_calico() {
    for (rule, block) in [
        ("{toEntities: [world]}", "the entity `world`"),
        ("{toCIDR: [0.0.0.0/0]}", "`0.0.0.0/0`"),
        ("{toCIDR: [10.0.0.0/8]}", "`10.0.0.0/8`"),
        (
            "{toCIDRSet: [{cidr: 192.168.0.0/16, except: [192.168.1.0/24]}]}",
            "`192.168.0.0/16`",
        ),
    ] {
        let found = egress("", rule);
        let [one] = found.policies.as_slice() else {
            panic!("{rule}")
        };
        assert_eq!(one.state, State::Narrowed, "{rule}");
        let want = format!(
            "{block} is left out of `egress[1]`, which allows nothing without it: blocks of Calico NetworkPolicy match pods and nodes, too, and the addresses of pods are not all known"
        );
        assert_eq!(why_of(&found), [want]);
        let text = &one.written.as_ref().expect("the rest").text;
        assert!(
            !text.contains("nets:") && text.contains("app == 'db'"),
            "{text}"
        );
        assert!(
            !matches!(found.relation, Relation::Wider),
            "{rule}: {:?}",
            found.relation
        );
        assert!(
            found
                .changes
                .iter()
                .all(|change| change.opened().is_empty())
        );
    }
}

#[test]
fn blocks_without_pods_stay() {
    for (address, rule) in [
        ("", "{toCIDR: [203.0.113.0/24]}"),
        ("10.1.0.1", "{toCIDR: [10.2.0.0/16]}"),
        (
            "10.1.0.1",
            "{toCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}",
        ),
    ] {
        let found = egress(address, rule);
        let text = &found.policies[0].written.as_ref().expect("all").text;
        assert!(text.contains("nets:"), "{text}");
        assert!(why_of(&found).iter().all(|why| !why.contains("left out")));
    }
    let found = egress("10.1.0.1", "{toCIDR: [10.1.0.0/16, 10.2.0.0/16]}");
    assert_eq!(
        why_of(&found),
        [
            "`10.1.0.0/16` is left out of `egress[1]`: blocks of Calico NetworkPolicy match pods and nodes, too, and `s/web` has the address `10.1.0.1`"
        ]
    );
    let text = &found.policies[0].written.as_ref().expect("the rest").text;
    assert!(
        text.contains("10.2.0.0/16") && !text.contains("10.1.0.0/16"),
        "{text}"
    );
}

/// More is denied, never allowed.
#[test]
fn denials_of_blocks_are_written() {
    let text = format!(
        "{CNP}metadata: {{name: a, namespace: s}}\nspec: {{endpointSelector: {{}}, egressDeny: [{{toCIDR: [10.0.0.0/8]}}]}}\n"
    );
    let found = conversion(Target::Calico, &text, Assumptions::default());
    let text = &found.policies[0].written.as_ref().expect("all").text;
    assert!(
        text.contains("action: Deny") && text.contains("10.0.0.0/8"),
        "{text}"
    );
}
