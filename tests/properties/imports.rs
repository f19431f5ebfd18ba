//! A project of odd manifests is read as it was written: what its format refuses is left out, and reported.

use drawbridge::import::import;
use drawbridge::load::{Settings, load};
use drawbridge::manifest::Source;
use drawbridge::project::format;
use proptest::prelude::*;
use proptest::sample::select;

/// Values that API servers refuse, and values that look like others.
const ODD: &[&str] = &[
    "web",
    "80",
    "\"80\"",
    "\"0\"",
    "99999",
    "\"99999\"",
    "http",
    "''",
    "'a/b'",
    "POD-B",
    "' '",
    "null",
    "true",
    "'~'",
    "'é'",
    "'a: b'",
    "'<<'",
    "'{{ x }}'",
    "[]",
    "1e3",
    "'1e3'",
    "0x10",
    "'-'",
    "'#'",
    "\"a\\nb\"",
];
const BLOCKS: &[&str] = &[
    "10.0.0.1/24",
    "10.0.0.0/24",
    "'::ffff:10.0.0.0/120'",
    "'fd00::1/64'",
    "10.0.0.0/33",
    "x",
    "''",
];
const ADDRESSES: &[&str] = &[
    "10.0.0.1",
    "'::ffff:10.0.0.1'",
    "'fe80::1'",
    "x",
    "''",
    "300.1.1.1",
];

fn manifests() -> impl Strategy<Value = String> {
    let odd = || select(ODD);
    let values = proptest::collection::vec(odd(), 12);
    (values, select(BLOCKS), select(ADDRESSES)).prop_map(|(odd, block, address)| {
        let [name, key, value, port, target, backend, service, class, account, label, gateway, node] =
            odd.try_into().unwrap_or(["web"; 12]);
        format!(
            "apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: s, labels: {{app: web, {key}: {value}}}}}
spec: {{serviceAccountName: {account}, containers: [{{name: c, ports: [{{name: {target}, containerPort: {port}}}]}}]}}
status: {{podIP: {address}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: s}}
spec: {{selector: {{matchLabels: {{app: {label}}}}}, template: {{metadata: {{labels: {{app: {label}}}}}, spec: {{containers: [{{name: c}}]}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {service}, namespace: s}}
spec: {{selector: {{app: {label}}}, ports: [{{name: {key}, port: 80, targetPort: {target}}}, {{port: {port}}}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}, namespace: s}}
spec: {{ingressClassName: {class}, defaultBackend: {{service: {{name: {service}, port: {{name: {backend}}}}}}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: s}}
spec: {{parentRefs: [{{name: {gateway}, namespace: {gateway}}}], rules: [{{backendRefs: [{{name: {service}, namespace: {gateway}, port: {port}}}]}}]}}
---
apiVersion: v1
kind: Node
metadata: {{name: {node}, labels: {{{key}: {value}}}}}
spec: {{podCIDR: {block}, podCIDRs: [{block}]}}
status: {{addresses: [{{type: InternalIP, address: {address}}}]}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: {name}, labels: {{{key}: {value}}}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: s}}
spec: {{podSelector: {{matchLabels: {{{key}: {value}}}}}, ingress: [{{ports: [{{port: {target}}}]}}]}}
"
        )
    })
}

/// Whether the text of an imported project is read as the same project.
fn is_kept(manifests: &str) -> Result<(), String> {
    let loaded = load(&[Source::new("a.yaml", manifests)], &Settings::default());
    let written = format::write(&import(&loaded).document);
    match format::read(&written, "p.drawbridge.yaml") {
        Ok((read, _)) if format::write(&read) == written => Ok(()),
        Ok((read, _)) => Err(format!("{written}\nis read as\n{}", format::write(&read))),
        Err(problems) => Err(format!("{written}\n{problems:?}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn imported_projects_are_read_as_they_are_written(text in manifests()) {
        if let Err(why) = is_kept(&text) {
            prop_assert!(false, "{text}\n{why}");
        }
    }
}

#[test]
fn what_a_project_cannot_hold_is_reported_with_its_line() {
    let text = "apiVersion: v1
kind: Node
metadata: {name: n}
spec: {podCIDR: 10.0.0.1/24}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: \"80\"}, {port: 81}]}
---
apiVersion: v1
kind: Pod
metadata: {name: WEB, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {name: \"80\"}}}}
";
    is_kept(text).unwrap();
    let loaded = load(&[Source::new("a.yaml", text)], &Settings::default());
    let imported = import(&loaded);
    let all = loaded.diagnostics.iter().chain(&imported.diagnostics);
    let all: Vec<String> = all.map(ToString::to_string).collect();
    for wanted in [
        "a.yaml:4:17: warning: Node n: spec.podCIDR: `10.0.0.1/24` has host bits set; `10.0.0.0/24` is used (left-out-value)\n    help: write 10.0.0.0/24",
        "a.yaml:6:1: warning: Service shop/web: `targetPort` of port 80 is not imported: no port is called `80` (not-imported)\n    help: write the number 80 without quotes",
        "a.yaml:13:18: error: Pod shop/WEB: metadata.name: Invalid value: \"WEB\": a lowercase RFC 1123 subdomain",
        "warning: Ingress shop/web: the backend `web` is not imported: no port is called `80` (not-imported)",
    ] {
        assert!(
            all.iter().any(|found| found.contains(wanted)),
            "{wanted}\n{all:#?}"
        );
    }
    let document = imported.document;
    let (_, row) = document.nodes.iter().next().unwrap();
    assert_eq!(row.node.pod_cidrs, ["10.0.0.0/24".parse().unwrap()]);
    let (_, service) = document.services.iter().next().unwrap();
    assert_eq!(
        service
            .ports
            .iter()
            .map(|port| port.port)
            .collect::<Vec<_>>(),
        [81]
    );
    assert_eq!(document.workloads.iter().next().unwrap().1.name, "WEB");
    assert!(document.routes.is_empty());
}
