//! Corrections and what they leave alone.

use super::{Fixes, Input, fixes};
use crate::lint;
use crate::load::{Settings, load};
use crate::manifest::Source;

fn of(sources: &[Source]) -> (Fixes, Vec<String>) {
    let settings = Settings::default();
    let loaded = load(sources, &settings);
    let found = lint::report(&loaded, sources, &[]).found;
    let input = Input {
        sources,
        read: &|sources| load(sources, &settings),
        ignored: &[],
        stop: &|| false,
    };
    let fixes = fixes(input, &found);
    let codes = fixes.fixable.iter().map(|at| found[*at].code.to_owned());
    let codes = codes.collect();
    (fixes, codes)
}

/// Corrects a text: the codes that are corrected, and the new text.
fn fixed(text: &str) -> (Vec<String>, String) {
    let (fixes, codes) = of(&[Source::new("a.yaml", text)]);
    let after = fixes.files.into_iter().next();
    (
        codes,
        after.map_or_else(|| text.to_owned(), |file| file.after),
    )
}

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  podSelector: {{}}\n{spec}"
    )
}

fn example(page: &'static str) -> &'static str {
    let start = page.split("```yaml\n").nth(1).unwrap();
    start.split("```").next().unwrap()
}

#[test]
fn directions_are_added_to_the_types() {
    for (types, after) in [
        ("[Ingress] # ours", "[Ingress, Egress] # ours"),
        ("\n  - Ingress", "\n  - Ingress\n  - Egress"),
    ] {
        let of = |types: &str| {
            policy(&format!(
                "  policyTypes: {types}\n  egress:\n  - ports: [{{port: 443}}]\n"
            ))
        };
        assert_eq!(fixed(&of(types)), (vec!["L15".to_owned()], of(after)));
    }
}

#[test]
fn ports_of_services_become_those_of_pods() {
    let text = example(include_str!("../lint/rules/l07_service_port.md"));
    let (codes, after) = fixed(text);
    assert_eq!(codes, ["L07"]);
    assert_eq!(after, text.replace("- {port: 80}", "- {port: 8080}"));
}

#[test]
fn protocols_are_added() {
    let text = example(include_str!("../lint/rules/l10_udp_left_out.md"));
    let (codes, after) = fixed(text);
    assert_eq!(codes, ["L10"]);
    assert_eq!(
        after,
        text.replace("port: 514}\n", "port: 514, protocol: UDP}\n")
    );
}

#[test]
fn ports_get_and_lose_quotes() {
    let of = |port: &str| {
        policy(&format!(
            "  ingress:\n  - ports:\n    - port: {port} # web\n"
        ))
    };
    assert_eq!(fixed(&of("\"8080\"")), (vec!["V3".to_owned()], of("8080")));
    let cilium = |port: &str| {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p, namespace: s}}\nspec:\n  endpointSelector: {{}}\n  ingress:\n  - toPorts:\n    - ports:\n      - port: {port}\n        protocol: TCP\n"
        )
    };
    let (codes, after) = fixed(&cilium("8080"));
    assert_eq!((codes, after), (vec!["crd".to_owned()], cilium("\"8080\"")));
}

#[test]
fn blocks_become_canonical() {
    let of = |cidr: &str| {
        policy(&format!(
            "  ingress:\n  - from:\n    - ipBlock: {{cidr: {cidr}}} # office\n"
        ))
    };
    let (codes, after) = fixed(&of("198.51.100.7/24"));
    assert_eq!(
        (codes, after),
        (vec!["V13".to_owned()], of("198.51.100.0/24"))
    );
    for head in [
        "cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: s}\nspec:\n  endpointSelector: {}\n  ingress:\n  - fromCIDR: [CIDR]\n",
        "cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: s}\nspec:\n  endpointSelector: {}\n  ingress:\n  - fromCIDRSet: [{cidr: CIDR}]\n",
        "policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: p}\nspec: {tier: Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{networks: [CIDR]}]}]}\n",
    ] {
        let of = |cidr: &str| {
            format!(
                "apiVersion: {}",
                head.replace("CIDR]", &format!("{cidr}]"))
                    .replace("CIDR}", &format!("{cidr}}}"))
            )
        };
        let (codes, after) = fixed(&of("198.51.100.7/24"));
        assert_eq!(
            (codes, after),
            (vec!["V13".to_owned()], of("198.51.100.0/24"))
        );
    }
}

#[test]
fn repeated_items_are_removed() {
    let text = policy(
        "  ingress:\n  - ports:\n    - port: 80 # web\n    - port: 80\n    from:\n    - podSelector: {matchLabels: {a: b}}\n    - podSelector: {matchLabels: {a: b}}\n",
    );
    let (codes, after) = fixed(&text);
    assert_eq!(codes, ["L24", "L24"]);
    assert_eq!(
        after,
        policy(
            "  ingress:\n  - ports:\n    - port: 80 # web\n    from:\n    - podSelector: {matchLabels: {a: b}}\n"
        )
    );
}

#[test]
fn misspelt_fields_are_renamed() {
    let of = |key: &str| policy(&format!("  {key}:\n  - ports: [{{port: 80}}]\n"));
    for wrong in ["ingres", "Ingress", "\"ingresss\""] {
        let (codes, after) = fixed(&of(wrong));
        assert_eq!(codes, ["V23"], "{wrong}");
        let right = if wrong.starts_with('"') {
            "\"ingress\""
        } else {
            "ingress"
        };
        assert_eq!(after, of(right));
    }
    // There is such a field already, and one that is near to nothing.
    for text in [of("ingres") + "  ingress: []\n", of("inbound")] {
        assert_eq!(fixed(&text), (Vec::new(), text.clone()));
    }
}

#[test]
fn one_that_does_not_hold_does_not_stop_the_others() {
    let text = policy(
        "  ingres: []\n  ingress: []\n  policyTypes: [Ingress]\n  egress: [{ports: [{port: 443}]}]\n",
    );
    let (codes, after) = fixed(&text);
    assert_eq!(codes, ["L15"]);
    assert_eq!(after, text.replace("[Ingress]", "[Ingress, Egress]"));
}

#[test]
fn several_files_are_corrected_together() {
    let spec = "  policyTypes: [Ingress]\n  egress: [{ports: [{port: 443}]}]\n";
    let text = |name: &str| policy(spec).replace("name: p", &format!("name: {name}"));
    let (fixes, _) = of(&[
        Source::new("a.yaml", text("a")),
        Source::new("b.yaml", text("b")),
        Source::new("c.yaml", ""),
    ]);
    let files: Vec<_> = fixes
        .files
        .iter()
        .map(|file| file.file.to_string())
        .collect();
    assert_eq!(files, ["a.yaml", "b.yaml"]);
    assert_eq!(fixes.fixable.len(), 2);
    let (twice, _) = of(&[
        Source::new("a.yaml", text("a")),
        Source::new("a.yaml", text("b")),
    ]);
    assert!(twice.files.is_empty());
}

#[test]
fn json_keeps_its_syntax() {
    let text = "{\"apiVersion\": \"networking.k8s.io/v1\", \"kind\": \"NetworkPolicy\", \"metadata\": {\"name\": \"p\", \"namespace\": \"s\"}, \"spec\": {\"podSelector\": {}, \"policyTypes\": [\"Ingress\"], \"egress\": [{\"ports\": [{\"port\": 443}]}]}}\n";
    assert_eq!(fixed(text), (Vec::new(), text.to_owned()));
}
