//! Peers that select no pods.
//!
#![doc = include_str!("l02_peer_selects_nothing.md")]

use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule, near};

pub const RULE: Rule = Rule {
    code: "L02",
    name: "peer-selects-nothing",
    severity: Severity::Warning,
    qualifies_verdict: false,
    page: include_str!("l02_peer_selects_nothing.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let all = near::unmatched(input).into_iter();
    for peer in all.filter(|found| !found.is_subject && found.has_namespaces()) {
        // Other rules know more of these.
        if peer.own_labels(input).is_some()
            || peer.is_elsewhere(input)
            || peer.near(input).is_some()
        {
            continue;
        }
        let other = peer.other_value(input);
        let other = other.map_or_else(String::new, |other| format!(" ({other})"));
        let message = format!(
            "this peer matches no pods: none of {} has {}{other}",
            peer.where_it_looks(input),
            peer.wanted()
        );
        out.push(peer.possible(input, rule, message).help(peer.help("peer")));
    }
}

#[cfg(test)]
mod tests {
    use crate::diag::Severity;
    use crate::lint::tests::{NONE, all_of, codes_of, example, of_code};

    #[test]
    fn peers_without_pods() {
        let example = example(include_str!("l02_peer_selects_nothing.md"));
        assert!(codes_of(example).contains(&"L02"));
        let peer = "podSelector: {matchLabels: {app: victoria}}";
        for fine in [
            "podSelector: {matchLabels: {app: pushgateway}}",
            "podSelector: {matchLabels: {k8s-app: kube-dns}}",
            "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}, podSelector: {matchLabels: {app: victoria}}",
        ] {
            let fine = example.replace(peer, fine);
            assert!(!codes_of(&fine).contains(&"L02"), "{fine}");
        }
    }

    const NAMESPACES: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {env: prod}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: edge}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: other, labels: {env: dev}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: gw, namespace: edge, labels: {app: gw}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: c, namespace: other, labels: {track: TRACK}}, spec: {containers: [{name: c}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: edge}
spec:
  podSelector: {}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {env: prod}}, podSelector: {matchLabels: {track: canary}}}]
";

    #[test]
    fn labels_in_a_namespace_that_is_not_selected_are_no_match() {
        for track in ["canary", "beta"] {
            let text = NAMESPACES.replace("TRACK", track);
            assert_eq!(of_code("L02", &text), [19], "{track}");
        }
        let canary = NAMESPACES.replace("TRACK", "canary");
        let found = all_of("L02", &canary);
        assert!(
            found[0]
                .message
                .contains("(`other/c` has, in a namespace that is not selected)")
        );
        assert_eq!(
            of_code("L02", &canary.replace("env: dev", "env: prod")),
            NONE
        );
    }

    #[test]
    fn sets_of_addresses_have_labels_too() {
        let text = |kind: &str, set: &str, peer: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: s, labels: {{app: a}}}}, spec: {{containers: [{{name: c}}]}}}}
---
{set}
---
apiVersion: projectcalico.org/v3
kind: {kind}
metadata: {{name: p, namespace: s}}
spec:
  egress: [{{action: Allow, destination: {{{peer}}}}}]
"
            )
        };
        let set = |kind: &str, metadata: &str, spec: &str| {
            format!(
                "{{apiVersion: projectcalico.org/v3, kind: {kind}, metadata: {{name: t, {metadata}}}, spec: {{{spec}}}}}"
            )
        };
        let labels = "labels: {zone: x}";
        let here = format!("namespace: s, {labels}");
        let there = format!("namespace: t, {labels}");
        let feed = "globalNetworkSet: {labels: {zone: x}}";
        let peer = "selector: zone == 'x'";
        let global = set("GlobalNetworkSet", labels, "nets: []");
        for (kind, set, found) in [
            ("GlobalNetworkPolicy", global.clone(), false),
            (
                "GlobalNetworkPolicy",
                set("GlobalNetworkSet", labels, "allowedEgressDomains: [a.b]"),
                false,
            ),
            (
                "GlobalNetworkPolicy",
                set("NetworkSet", &here, "nets: []"),
                false,
            ),
            (
                "GlobalNetworkPolicy",
                set("GlobalThreatFeed", "", feed),
                false,
            ),
            (
                "GlobalNetworkPolicy",
                set("GlobalNetworkSet", "labels: {zone: y}", "nets: []"),
                true,
            ),
            ("NetworkPolicy", set("NetworkSet", &here, "nets: []"), false),
            ("NetworkPolicy", set("NetworkSet", &there, "nets: []"), true),
            ("NetworkPolicy", global.clone(), true),
        ] {
            let text = text(kind, &set, peer).replace(
                "{name: p, namespace: s}",
                match kind {
                    "NetworkPolicy" => "{name: p, namespace: s}",
                    _ => "{name: p}",
                },
            );
            assert_eq!(!all_of("L02", &text).is_empty(), found, "{text}");
        }
        // NetworkPolicy selects no sets.
        let text = text("NetworkPolicy", &set("NetworkSet", &here, "nets: []"), peer)
            .replace(
                "apiVersion: projectcalico.org/v3\nkind: Net",
                "apiVersion: networking.k8s.io/v1\nkind: Net",
            )
            .replace(
                "egress: [{action: Allow, destination: {selector: zone == 'x'}}]",
                "{podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {zone: x}}}]}]}",
            );
        assert_eq!(all_of("L02", &text).len(), 1, "{text}");
    }

    #[test]
    fn pods_run_as_the_service_accounts_of_their_namespaces() {
        let text = |policy: &str| {
            let pod = |namespace: &str, name: &str, account: &str| {
                format!(
                    "{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}, spec: {{serviceAccountName: {account}, containers: [{{name: c}}]}}}}\n---\n"
                )
            };
            pod("s", "a", "api") + &pod("t", "b", "web") + policy
        };
        let calico = |source: &str| {
            text(&format!(
                "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec: {{ingress: [{{action: Allow, source: {{{source}}}}}]}}\n"
            ))
        };
        let elsewhere = "(`t/b` has, in a namespace that is not selected)";
        for (source, wanted) in [
            (
                "serviceAccounts: {names: [web]}",
                format!("`s` has the service account `web` {elsewhere}"),
            ),
            (
                "serviceAccounts: {names: [x, z]}",
                "`s` has the service account `x` or `z`".to_owned(),
            ),
            (
                "serviceAccounts: {names: [api]}, selector: app == 'z'",
                "`s` has `app=z` and the service account `api`".to_owned(),
            ),
        ] {
            let found = all_of("L02", &calico(source));
            assert_eq!(found.len(), 1, "{source}");
            assert!(found[0].message.contains(&wanted), "{}", found[0].message);
        }
        for fine in [
            "serviceAccounts: {names: [api, web]}",
            "serviceAccounts: {names: [web]}, namespaceSelector: all()",
        ] {
            assert_eq!(of_code("L02", &calico(fine)), NONE, "{fine}");
        }
        let cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: s}\nspec: {endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: web}}, ingress: [{}]}\n";
        assert_eq!(all_of("L01", &text(cilium)).len(), 1);
    }

    #[test]
    fn other_controllers_may_add_labels() {
        let text = |kind: &str| {
            format!(
                "apiVersion: {kind}
metadata: {{name: fn, namespace: m}}
spec: {{selector: {{matchLabels: {{app: fn}}}}, template: {{metadata: {{labels: {{app: fn}}}}, spec: {{containers: [{{name: c}}]}}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: m}}
spec: {{podSelector: {{}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{serving.knative.dev/service: fn}}}}}}]}}]}}
"
            )
        };
        let of = |kind: &str| all_of("L02", &text(kind))[0].severity;
        assert_eq!(of("apps/v1\nkind: Deployment"), Severity::Warning);
        assert_eq!(of("serving.knative.dev/v1\nkind: Service"), Severity::Info);
    }

    #[test]
    fn pods_of_operators_may_be_what_a_selector_means() {
        let text = |resource: &str, peer: &str| {
            format!(
                "{{apiVersion: v1, kind: Pod, metadata: {{name: a, namespace: m, labels: {{app: a}}}}, spec: {{containers: [{{name: c}}]}}}}
---
{resource}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: m}}
spec:
  podSelector: {{matchLabels: {{{peer}}}}}
  ingress: [{{from: [{{podSelector: {{matchLabels: {{{peer}}}}}}}]}}]
"
            )
        };
        let of = |namespace: &str, spec: &str| {
            format!(
                "{{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {{name: k, namespace: {namespace}}}, spec: {{{spec}}}}}"
            )
        };
        let shown = "podMetadata: {labels: {app: p, x: y}}";
        let found = |resource: &str, peer: &str| {
            let text = text(resource, peer);
            ["L01", "L02"].map(|code| {
                all_of(code, &text)
                    .iter()
                    .map(|d| d.severity)
                    .collect::<Vec<_>>()
            })
        };
        let (sure, possibly, none) = (vec![Severity::Warning], vec![Severity::Info], Vec::new());
        for (namespace, spec, peer, wanted) in [
            ("m", shown, "app: p", &none),
            ("m", shown, "zone: q", &possibly),
            ("m", "replicas: 2", "app: p", &possibly),
            ("n", shown, "app: p", &sure),
        ] {
            let found = found(&of(namespace, spec), peer);
            assert_eq!(
                found,
                [wanted.clone(), wanted.clone()],
                "{namespace} {spec} {peer}"
            );
        }
        let declared = of("m", shown).replace("kind: Prometheus", "kind: ServiceMonitor");
        assert_eq!(found(&declared, "app: p"), [sure.clone(), sure]);
    }
}
