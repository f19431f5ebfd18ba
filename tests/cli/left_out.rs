//! Policies that are not judged: every answer names them, and none is taken for whole.

use super::{Answer, drawbridge, drawbridge_with, folder, path};

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\n---\n";

fn policy(api_version: &str, kind: &str) -> String {
    format!(
        "{POD}apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: guard, namespace: shop}}\nspec: {{podSelector: {{}}}}\n"
    )
}

fn run(command: &[&str], text: &str) -> Answer {
    drawbridge_with(&[&[command[0], "-"], &command[1..]].concat(), text)
}

const ENDS: [&str; 6] = [
    "--from",
    "192.0.2.1",
    "--to",
    "shop/web",
    "--port",
    "TCP/80",
];

#[test]
fn policies_that_nothing_judges_are_in_every_answer() {
    for (api_version, kind, severity) in [
        ("cilium.io/v2", "CiliumNetworkPolicy", "warning"),
        ("projectcalico.org/v3", "NetworkPolicy", "warning"),
        ("crd.antrea.io/v1beta1", "ClusterNetworkPolicy", "warning"),
        ("security.istio.io/v1", "AuthorizationPolicy", "warning"),
        ("security.istio.io/v1", "PeerAuthentication", "warning"),
        ("policy.linkerd.io/v1beta3", "Server", "warning"),
        ("policy.linkerd.io/v1alpha1", "EgressNetwork", "warning"),
        ("access.smi-spec.io/v1alpha3", "TrafficTarget", "warning"),
        ("kubeovn.io/v1", "SecurityGroup", "warning"),
        ("networking.istio.io/v1beta1", "Sidecar", "warning"),
        (
            "auth.consul.hashicorp.com/v2beta1",
            "TrafficPermissions",
            "warning",
        ),
        ("kuma.io/v1alpha1", "MeshPassthrough", "warning"),
        ("policy.openservicemesh.io/v1alpha1", "Egress", "warning"),
        ("network.openshift.io/v1", "NetNamespace", "warning"),
        ("k8s.ovn.org/v1", "UserDefinedNetwork", "warning"),
        ("k8s.ovn.org/v1", "EgressFirewall", "warning"),
        ("k8s.cni.cncf.io/v1beta2", "MultiNetworkPolicy", "warning"),
        (
            "vpcresources.k8s.aws/v1beta1",
            "SecurityGroupPolicy",
            "warning",
        ),
        ("neuvector.com/v1", "NvSecurityRule", "warning"),
        ("k8s.otterize.com/v1alpha3", "ClientIntents", "warning"),
        ("example.com/v1", "SuperNetworkPolicy", "warning"),
        ("v1", "NetworkPolicy", "error"),
        ("networking/v1", "NetworkPolicy", "error"),
        ("networking.k8s.io/v1", "Networkpolicy", "error"),
        ("networking.k8s.io/v1", "networkpolicy", "error"),
        ("networking.k8s.io/v1", "NetworkPolicies", "error"),
        ("networking.k8s.io/v1", "ClusterNetworkPolicy", "error"),
        ("cilium.io/v2", "CiliumNetworkPolcy", "error"),
    ] {
        let text = policy(api_version, kind);
        let explain: Vec<&str> = ["explain"].into_iter().chain(ENDS).collect();
        for command in [&["list"][..], &["exposure"], &explain] {
            let command = [command, &["--enforcer", "kubernetes"]].concat();
            let answer = run(&command, &text);
            assert_eq!(answer.code, Some(2), "{api_version} {kind} {command:?}");
            let told = format!("-:5:1: {severity}: {kind} ");
            assert!(answer.err.contains(&told), "{}", answer.err);
            assert!(answer.out.contains("; 1 policy left out"), "{}", answer.out);
            let claims = answer.out.contains("no policy selects it");
            assert!(!claims, "{api_version} {kind}: {}", answer.out);
        }
        let json = run(&["list", "-o", "json", "--enforcer", "kubernetes"], &text).json();
        let left_out = &json["leftOut"][0];
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        assert_eq!(left_out["kind"], kind);
        assert_eq!(left_out["group"], group);
        assert_eq!(left_out["name"], "guard");
        assert_eq!(left_out["line"], 5);
    }
}

#[test]
fn policies_of_a_root_namespace_may_select_any_pod() {
    let explain: Vec<&str> = ["explain"].into_iter().chain(ENDS).collect();
    for (api_version, kind, namespace, far) in [
        (
            "security.istio.io/v1",
            "AuthorizationPolicy",
            "istio-system",
            true,
        ),
        ("security.istio.io/v1", "AuthorizationPolicy", "bank", false),
        (
            "policy.linkerd.io/v1alpha1",
            "EgressNetwork",
            "linkerd-egress",
            true,
        ),
        ("policy.linkerd.io/v1beta3", "Server", "bank", false),
        (
            "consul.hashicorp.com/v1alpha1",
            "ServiceIntentions",
            "bank",
            true,
        ),
        (
            "kuma.io/v1alpha1",
            "MeshTrafficPermission",
            "kuma-system",
            true,
        ),
    ] {
        let text = policy(api_version, kind).replace(
            "guard, namespace: shop",
            &format!("guard, namespace: {namespace}"),
        );
        let answer = run(&explain, &text);
        let claims = answer.out.contains("allowed (no policy selects it)");
        assert_eq!(claims, !far, "{kind} in {namespace}: {}", answer.out);
        assert_eq!(answer.code, Some(2));
    }
}

#[test]
fn some_kinds_restrict_pods_only_with_a_field() {
    for (api_version, kind, spec, code) in [
        ("kubeovn.io/v1", "Subnet", "{cidrBlock: 10.16.0.0/16}", 0),
        ("kubeovn.io/v1", "Subnet", "{private: false, acls: []}", 0),
        ("kubeovn.io/v1", "Subnet", "{private: true}", 2),
        ("kubeovn.io/v1", "Subnet", "{acls: [{action: drop}]}", 2),
        ("capsule.clastix.io/v1beta2", "Tenant", "{owners: []}", 0),
        (
            "capsule.clastix.io/v1beta2",
            "Tenant",
            "{networkPolicies: {items: [{podSelector: {}}]}}",
            2,
        ),
    ] {
        let text = policy(api_version, kind).replace("{podSelector: {}}\n", &format!("{spec}\n"));
        let answer = run(&["list", "-o", "json"], &text);
        assert_eq!(answer.code, Some(code), "{kind} {spec}: {}", answer.err);
    }
}

#[test]
fn many_of_one_kind_are_one_warning() {
    let one = |n: usize| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {{name: e{n}, namespace: shop}}\n"
        )
    };
    let text = POD.to_owned() + &(0..20).map(one).collect::<String>();
    for command in ["list", "lint"] {
        let answer = run(&[command], &text);
        let all = answer.err + &answer.out;
        assert_eq!(all.matches("Sidecar of `").count(), 1, "{all}");
        assert!(all.contains("and 19 more like it"), "{all}");
    }
}

#[test]
fn other_objects_are_no_policies() {
    for (api_version, kind) in [
        ("policy/v1", "PodDisruptionBudget"),
        ("kyverno.io/v1", "ClusterPolicy"),
        ("gateway.envoyproxy.io/v1alpha1", "SecurityPolicy"),
        ("example.com/v1", "Server"),
        (
            "admissionregistration.k8s.io/v1",
            "ValidatingAdmissionPolicy",
        ),
    ] {
        let answer = run(&["list", "-o", "json"], &policy(api_version, kind));
        assert_eq!(answer.code, Some(0), "{kind}: {}", answer.err);
        assert_eq!(answer.json()["leftOut"], serde_json::json!([]), "{kind}");
    }
    // A staged policy is not in force.
    let staged = policy("projectcalico.org/v3", "StagedNetworkPolicy")
        .replace("podSelector: {}", "selector: all()");
    let answer = run(&["list", "-o", "json"], &staged);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(answer.json()["leftOut"], serde_json::json!([]));
}

#[test]
fn objects_that_make_policies_are_left_out() {
    let rule = |generate: &str| format!("{{rules: [{{name: r, generate: {generate}}}]}}");
    let object = |manifest: &str| format!("{{forProvider: {{manifest: {manifest}}}}}");
    let policy = "apiVersion: networking.k8s.io/v1, kind: NetworkPolicy";
    let cases = [
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            rule(&format!("{{{policy}, name: deny}}")),
            None,
        ),
        (
            "kyverno.io/v2beta1",
            "Policy",
            rule(&format!("{{foreach: [{{list: x, {policy}}}]}}")),
            Some("shop"),
        ),
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            rule("{cloneList: {kinds: [v1/Secret, cilium.io/v2/CiliumNetworkPolicy]}}"),
            None,
        ),
        (
            "policies.kyverno.io/v1alpha1",
            "GeneratingPolicy",
            "{variables: [{expression: \"{'kind': 'NetworkPolicy'}\"}]}".to_owned(),
            None,
        ),
        (
            "kubernetes.crossplane.io/v1alpha2",
            "Object",
            object(&format!(
                "{{{policy}, metadata: {{name: p, namespace: shop}}}}"
            )),
            Some("shop"),
        ),
        (
            "policy.open-cluster-management.io/v1",
            "Policy",
            format!(
                "{{policy-templates: [{{objectDefinition: {{apiVersion: policy.open-cluster-management.io/v1, kind: ConfigurationPolicy, spec: {{object-templates: [{{objectDefinition: {{{policy}, metadata: {{name: p}}}}}}]}}}}}}]}}"
            ),
            None,
        ),
        (
            "redhatcop.redhat.io/v1alpha1",
            "NamespaceConfig",
            "{templates: [{objectTemplate: \"apiVersion: networking.k8s.io/v1\\nkind: NetworkPolicy\\nmetadata: {name: x}\"}]}".to_owned(),
            None,
        ),
        (
            "apiextensions.crossplane.io/v1",
            "Composition",
            format!("{{resources: [{{base: {{spec: {{forProvider: {{manifest: {{{policy}}}}}}}}}}}]}}"),
            None,
        ),
        (
            "hive.openshift.io/v1",
            "SyncSet",
            format!("{{resources: [{{{policy}, metadata: {{name: x}}}}]}}"),
            None,
        ),
    ];
    for (api_version, kind, spec, namespace) in cases {
        let text = format!(
            "{POD}apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: guard, namespace: shop}}\nspec: {spec}\n"
        );
        let answer = run(&["list", "-o", "json"], &text);
        assert_eq!(answer.code, Some(2), "{kind}: {}", answer.err);
        let told = format!("-:5:1: warning: {kind} shop/guard: {kind} of `");
        assert!(answer.err.contains(&told), "{}", answer.err);
        assert!(
            answer
                .err
                .contains("makes network policies that are not in the input")
        );
        let left_out = &answer.json()["leftOut"][0];
        assert_eq!(
            (&left_out["kind"], &left_out["name"]),
            (&kind.into(), &"guard".into())
        );
        assert_eq!(left_out["namespace"].as_str(), namespace, "{kind}");
        let accepted = run(&["list", "--leave-out", kind], &text);
        assert_eq!(accepted.code, Some(0), "{}", accepted.err);
    }
    // What makes something else changes no verdict.
    for (api_version, kind, spec, told) in [
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            rule("{apiVersion: v1, kind: ConfigMap}"),
            false,
        ),
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            "{rules: [{name: r, validate: {pattern: {metadata: {labels: {a: y}}}}}]}".to_owned(),
            false,
        ),
        (
            "kubernetes.crossplane.io/v1alpha2",
            "Object",
            object("{apiVersion: v1, kind: ConfigMap}"),
            false,
        ),
        // A reference to a policy, a kind without an apiVersion, and that of another project.
        (
            "example.com/v1",
            "Report",
            format!("{{about: {{{policy}, name: deny}}}}"),
            false,
        ),
        (
            "example.com/v1",
            "Filter",
            "{skip: [{kind: NetworkPolicy}, {apiVersion: example.com/v1, kind: NetworkPolicy, metadata: {name: x}}]}"
                .to_owned(),
            false,
        ),
        (
            "kubernetes.crossplane.io/v1alpha2",
            "Object",
            object("{apiVersion: apps/v1, kind: Deployment}"),
            true,
        ),
        (
            "pkg.crossplane.io/v1",
            "Provider",
            "{replicas: 2}".to_owned(),
            false,
        ),
    ] {
        let text = format!(
            "{POD}apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"
        );
        let answer = run(&["list", "-o", "json"], &text);
        assert_eq!(answer.code, Some(0), "{kind}: {}", answer.err);
        assert_eq!(answer.json()["leftOut"], serde_json::json!([]), "{kind}");
        let note = "what Object of `kubernetes.crossplane.io` installs is not in the input";
        assert_eq!(answer.err.contains(note), told, "{}", answer.err);
    }
}

#[test]
fn what_is_left_out_on_purpose_is_a_note() {
    let text = policy("security.istio.io/v1", "AuthorizationPolicy");
    let accepted = ["list", "-o", "json", "--leave-out", "AuthorizationPolicy"];
    let answer = run(&accepted, &text);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(answer.json()["leftOut"][0]["name"], "guard");
    assert!(answer.err.contains("-:5:1: info: "), "{}", answer.err);
    let other = run(&["list", "--leave-out", "EgressFirewall"], &text);
    assert_eq!(other.code, Some(2));
}

#[test]
fn policies_of_another_namespace_leave_a_claim_alone() {
    let text = policy("cilium.io/v2", "CiliumNetworkPolicy")
        .replace("guard, namespace: shop", "guard, namespace: bank");
    let explain: Vec<&str> = ["explain"].into_iter().chain(ENDS).collect();
    let answer = run(&explain, &text);
    assert!(
        answer
            .out
            .contains("ingress to shop/web: allowed (no policy selects it)"),
        "{}",
        answer.out
    );
    assert_eq!(answer.code, Some(2));
}

#[test]
fn refused_policies_are_left_out_too() {
    let old = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: guard}\nspec:\n  priority: 5\n  subject: {namespaces: {}}\n  ingress:\n  - action: Deny\n    from: [{PEER}]\n";
    for peer in [
        "namespaces: {namespaceSelector: {matchLabels: {team: a}}}",
        "namespaces: {sameLabels: [team]}",
        "pods: {namespaces: {namespaceSelector: {}}, podSelector: {}}",
    ] {
        let text = format!("{POD}{}", old.replace("PEER", peer));
        let explain: Vec<&str> = ["explain", "-o", "json"].into_iter().chain(ENDS).collect();
        let answer = run(&explain, &text);
        assert_eq!(answer.code, Some(2), "{peer}");
        assert!(
            answer.err.contains("this policy is not judged (old-peer)"),
            "{}",
            answer.err
        );
        let json = answer.json();
        assert_eq!(json["allowed"], true, "{peer}");
        assert_eq!(json["leftOut"][0]["name"], "guard");
        assert!(
            !answer.out.contains("no policy selects it"),
            "{}",
            answer.out
        );
    }
    let invalid = format!(
        "{POD}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: guard, namespace: shop}}\nspec: {{ingress: [{{from: [{{}}]}}]}}\n"
    );
    let json = run(&["list", "-o", "json"], &invalid).json();
    assert_eq!(json["leftOut"][0]["kind"], "NetworkPolicy");
}

#[test]
fn what_a_terminal_acts_on_is_escaped() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\\e[31mred\\u202e\\u2028\", namespace: \"=1+1\"}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: \"\\e[2J\", namespace: \"=1+1\"}\nspec: {podSelector: {}, \"\\e[31m\": 1}\n";
    let raw = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
    let ends = ["--from", "192.0.2.1", "--to", "=1+1/*", "--port", "TCP/80"];
    let explain: Vec<&str> = ["explain"].into_iter().chain(ends).collect();
    let paths = ["paths", "--from", "192.0.2.1", "--to", "=1+1/*"];
    for command in [
        &["list"][..],
        &["list", "-o", "csv"],
        &["list", "-o", "md"],
        &["list", "-o", "dot"],
        &["lint"],
        &["exposure"],
        &explain,
        &paths,
    ] {
        let answer = run(command, text);
        assert!(!answer.out.contains(raw), "{command:?}: {}", answer.out);
        assert!(!answer.err.contains(raw), "{command:?}: {}", answer.err);
        let lists_pods = !["lint", "paths"].contains(&command[0]);
        assert!(
            answer.out.contains("red") || !lists_pods,
            "{command:?}: {}",
            answer.out
        );
    }
    let csv = run(&["list", "-o", "csv"], text).out;
    assert!(csv.contains("'=1+1/"), "{csv}");
}

#[test]
fn errors_of_a_project_are_in_the_exit_code() {
    let project = |settings: &str, label: &str| {
        format!(
            "format: drawbridge/1\nsettings: {settings}\nnamespaces: [{{name: a}}]\nworkloads:\n- {{name: w, namespace: a, labels: {{app: {label}}}}}\n- {{name: v, namespace: a, labels: {{app: v}}}}\nflows:\n- {{from: a/w, to: a/v, ports: [TCP/80]}}\n"
        )
    };
    for (text, code) in [
        (project("{}", "w"), 0),
        (project("{}", "\"x y\""), 2),
        (project("{labels: {team: \"a b!\"}}", "w"), 2),
    ] {
        let folder = folder(&[("p.drawbridge.yaml", &text)]);
        let project = path(&folder, "p.drawbridge.yaml");
        let generated = drawbridge(&["generate", &project]);
        assert_eq!(generated.code, Some(code), "{text}{}", generated.err);
        assert_eq!(drawbridge(&["verify", &project]).code, Some(code), "{text}");
    }
    assert_eq!(drawbridge(&["diff", "-", "-"]).code, Some(2));
}

/// Code, and path or help, of what is reported about a manifest.
fn reported(text: &str) -> Vec<(String, String)> {
    let answer = run(&["lint", "-o", "json"], text);
    let json = answer.json();
    let findings = json["findings"].as_array().cloned().unwrap_or_default();
    let word = |finding: &serde_json::Value, key: &str| {
        finding[key].as_str().unwrap_or_default().to_owned()
    };
    let ours = |f: &&serde_json::Value| !word(f, "code").starts_with('L');
    let ours: Vec<_> = findings.iter().filter(ours).collect();
    let each = ours.iter();
    each.map(|f| (word(f, "code"), word(f, "path") + " " + &word(f, "help")))
        .collect()
}

#[test]
fn values_that_mean_nothing_are_reported() {
    let left_out = |text: &str| -> Vec<String> {
        let all = reported(text).into_iter();
        let own = all.filter(|(code, _)| code == "left-out-value");
        own.map(|(_, path)| path.split(' ').next().unwrap_or_default().to_owned())
            .collect()
    };
    let service = |spec: &str| {
        format!(
            "{POD}{{apiVersion: v1, kind: Service, metadata: {{name: s, namespace: shop}}, spec: {spec}}}"
        )
    };
    let ports =
        service("{ports: [{port: 80}, {port: 0}, {port: 70000}, {port: 9, protocol: tcp}]}");
    let paths = [
        "spec.ports[1].port",
        "spec.ports[2].port",
        "spec.ports[3].protocol",
    ];
    assert_eq!(left_out(&ports), paths);
    let addresses = service("{clusterIP: None, externalIPs: [192.0.2.1, x], clusterIPs: [None]}");
    assert_eq!(left_out(&addresses), ["spec.externalIPs[1]"]);
    let container =
        "{containers: [{name: c, ports: [{containerPort: 80}, {containerPort: 99999}]}]}";
    let job = format!(
        "{{apiVersion: batch/v1, kind: CronJob, metadata: {{name: j, namespace: shop}}, spec: {{jobTemplate: {{spec: {{template: {{spec: {container}}}}}}}}}}}"
    );
    let path = "spec.jobTemplate.spec.template.spec.containers[0].ports[1].containerPort";
    assert_eq!(left_out(&job), [path]);
    let node = "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDRs: [10.244.0.0/24, abc]}}";
    assert_eq!(left_out(node), ["spec.podCIDRs[1]"]);
    let namespace = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{kubernetes.io/metadata.name: {name}}}}}}}"
        )
    };
    assert_eq!(left_out(&namespace("other")), ["metadata.labels"]);
    assert_eq!(left_out(&namespace("shop")), [""; 0]);
    let label = POD.replace("app: web", "app: \"{{ .Values.app }}\"");
    assert_eq!(reported(&label)[0].0, "template");
}

#[test]
fn help_for_what_people_write() {
    let of = |spec: &str| {
        let text = policy("networking.k8s.io/v1", "NetworkPolicy");
        let found = reported(&text.replace("{podSelector: {}}\n", spec));
        found.into_iter().map(|(_, help)| help).collect::<String>()
    };
    for (spec, help) in [
        ("{policyTypes: [ingress]}", "write `Ingress`"),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: notin, values: [b]}]}}",
            "write `NotIn`",
        ),
        (
            "{ingress: [{ports: [{port: 8080-8090}]}]}",
            "`port: 8080` and `endPort: 8090`",
        ),
        (
            "{podSelector: {matchLabels: {app: \"{{ .x }}\"}}}",
            "render the chart first",
        ),
        ("\n\tpodSelector: {}\n", "indent with spaces"),
    ] {
        assert!(of(spec).contains(help), "{spec}: {}", of(spec));
    }
}

#[test]
fn kinds_that_restrict_by_some_fields_are_left_out_with_these() {
    for (api_version, kind, spec, is_left_out) in [
        ("kubeovn.io/v1", "Vpc", "{namespaces: [shop]}", true),
        ("kubeovn.io/v1", "Vpc", "{staticRoutes: []}", false),
        ("k8s.ovn.org/v1", "ClusterNetworkConnect", "{}", true),
        (
            "multicluster.crd.antrea.io/v1alpha1",
            "ResourceExport",
            "{kind: AntreaClusterNetworkPolicy, clusterNetworkPolicy: {priority: 1}}",
            true,
        ),
        (
            "multicluster.crd.antrea.io/v1alpha1",
            "ResourceExport",
            "{kind: Service}",
            false,
        ),
    ] {
        let text = format!(
            "{POD}apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n"
        );
        let answer = run(&["list"], &text);
        let told = answer.out.contains("; 1 policy left out");
        assert_eq!(told, is_left_out, "{kind} {spec}: {}", answer.err);
    }
}

#[test]
fn sets_that_a_threat_feed_fills_make_answers_incomplete() {
    let feed = "apiVersion: projectcalico.org/v3\nkind: GlobalThreatFeed\nmetadata: {name: f}\nspec: {content: IPSet, globalNetworkSet: {labels: {feed: bad}}}\n---\n";
    let policy = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: g}\nspec: {egress: [{action: Deny, destination: {selector: feed == 'bad'}}, {action: Allow}]}\n";
    let text = format!("{POD}{feed}{policy}");
    let answer = run(&["list"], &text);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(
        answer
            .err
            .contains("GlobalThreatFeed f: the network set that it fills"),
        "{}",
        answer.err
    );
    let accepted = run(&["list", "--leave-out", "GlobalThreatFeed"], &text);
    assert_eq!(accepted.code, Some(0), "{}", accepted.err);
    let alerts = text.replace("globalNetworkSet: {labels: {feed: bad}}", "pull: {}");
    assert_eq!(run(&["list"], &alerts).code, Some(0));
}

#[test]
fn policies_for_nodes_are_no_reason_to_doubt_what_pods_are_open_to() {
    let policy = |subject: &str, name: &str| {
        format!(
            "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {{{subject}, ingress: [{{fromEntities: [world]}}]}}\n---\n"
        )
    };
    let hosts = policy("nodeSelector: {}", "hosts");
    let text = format!("{POD}{hosts}");
    let exposure = run(&["exposure"], &text);
    assert!(
        exposure.out.contains("(no policy selects it)"),
        "{}",
        exposure.out
    );
    let lint = run(&["lint"], &text).out;
    assert!(
        lint.contains("no policy isolates") && !lint.contains("possibly"),
        "{lint}"
    );
    assert!(!lint.contains("incomplete"), "{lint}");
    let refused = policy("endpointSelector: {}, nodeSelector: {}", "both");
    let text = format!("{text}{refused}{}", refused.replace("both", "again"));
    let exposure = run(&["exposure"], &text);
    let told = "CiliumClusterwideNetworkPolicy both and 1 more are left out";
    assert!(exposure.out.contains(told), "{}", exposure.out);
    let lint = run(&["lint"], &text).out;
    assert!(lint.contains(&format!("possibly no policy isolates ingress of `web` and egress of `web`: no judged policy does, and {told}")), "{lint}");
    assert!(lint.contains("score 0 of 100, incomplete: "), "{lint}");
    assert!(!lint.contains("raised most"), "{lint}");
}

#[test]
fn an_import_says_what_it_loses() {
    let input = folder(&[("a.yaml", POD), ("b.yaml", "a: [1\n")]);
    let project = path(&input, "p.drawbridge.yaml");
    let answer = drawbridge(&["import", &path(&input, ""), "-o", &project]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    let lost = "b.yaml` is not read in full, and what is missing is not part of the project";
    assert!(answer.err.contains(lost), "{}", answer.err);
}
