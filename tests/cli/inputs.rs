//! Inputs of which something would be left out without a word.

use super::{MANIFESTS, SENSITIVE, drawbridge, drawbridge_in, drawbridge_with, folder, path};

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}}";

#[test]
fn templates_and_arrays_are_read_like_lists() {
    let template = format!(
        "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {{name: t}}\nparameters: [{{name: N}}]\nobjects:\n- {POD}\n"
    );
    let json = r#"[{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}}]"#;
    for text in [&template, &format!("- {POD}\n"), json] {
        let answer = drawbridge_with(&["list", "-"], text);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert!(
            answer.out.contains("shop/web[Pod]"),
            "{text}: {}",
            answer.out
        );
        let note = answer
            .err
            .contains("the parameters of this Template are not filled in");
        assert_eq!(note, *text == *template, "{}", answer.err);
    }
}

#[test]
fn lists_without_items_are_errors() {
    for (text, help) in [
        (
            format!("apiVersion: v1\nkind: List\nitem: [{POD}]\n"),
            "write `items` instead of `item`",
        ),
        (
            "apiVersion: v1\nkind: PodList\n".to_owned(),
            "write `items: []`",
        ),
    ] {
        let answer = drawbridge_with(&["list", "-"], &text);
        assert_eq!(answer.code, Some(2), "{}", answer.err);
        assert!(answer.err.contains(" has no `items`"), "{}", answer.err);
        assert!(answer.err.contains(help), "{}", answer.err);
    }
    let named = "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\n";
    let answer = drawbridge_with(&["list", "-"], named);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
}

#[test]
fn an_input_without_objects_is_an_error() {
    for text in ["", "a: 1\n", "# nothing\n"] {
        for command in ["list", "lint", "exposure"] {
            let answer = drawbridge_with(&[command, "-"], text);
            assert_eq!(answer.code, Some(2), "{command} {text}: {}", answer.err);
            let said = format!("{}{}", answer.out, answer.err);
            assert!(said.contains("no Kubernetes object was found"), "{said}");
        }
    }
    for text in [
        "apiVersion: v1\nkind: List\nitems: []\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
    ] {
        let answer = drawbridge_with(&["list", "-"], text);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
    }
}

const OPERATED: &str = "\
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec: {replicas: 2}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: ops}}, podSelector: {matchLabels: {app: prometheus}}}]
    ports: [{port: 8080}]
";

const DECLARES: &str = "\
format: drawbridge/1
namespaces:
- name: monitoring
  labels: {team: ops}
- name: shop
workloads:
- {namespace: monitoring, name: main, kind: Prometheus, labels: {app: prometheus}}
- {namespace: shop, name: web, kind: Pod, labels: {app: other}}
- {namespace: shop, name: job, kind: Job, labels: {app: job}}
";

#[test]
fn a_project_beside_manifests_declares_workloads() {
    let folder = folder(&[("p.drawbridge.yaml", DECLARES), ("web.yaml", OPERATED)]);
    let (project, manifests) = (
        path(&folder, "p.drawbridge.yaml"),
        path(&folder, "web.yaml"),
    );
    let to_web = ["--to", "shop/web", "-o", "json"];
    for inputs in [[&*project, &*manifests], [&*manifests, &*project]] {
        let answer = drawbridge(&[&["list"][..], &inputs, &to_web].concat());
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert_eq!(
            answer.connections(),
            ["main > web TCP 8080-8080"],
            "{}",
            answer.err
        );
        assert!(!answer.err.contains("unknown-pods"), "{}", answer.err);
        assert!(
            answer
                .err
                .contains("only what it declares is read here: 3 workloads")
        );
    }
    let alone = drawbridge(&[&["list", &*manifests][..], &to_web].concat());
    assert!(alone.connections().is_empty());
    assert!(alone.err.contains("unknown-pods"), "{}", alone.err);
}

#[test]
fn flows_of_a_project_beside_manifests_are_named_as_not_read() {
    let project =
        format!("{DECLARES}flows:\n- {{from: shop/job, to: monitoring/main, ports: [TCP/80]}}\n");
    let folder = folder(&[
        ("p.drawbridge.yaml", &*project),
        ("q.yaml", DECLARES),
        ("web.yaml", OPERATED),
    ]);
    let [flows, other, manifests] =
        ["p.drawbridge.yaml", "q.yaml", "web.yaml"].map(|name| path(&folder, name));
    let answer = drawbridge(&["list", &flows, &manifests]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.err.contains("warning"), "{}", answer.err);
    assert!(answer.err.contains("but not its 1 flow"), "{}", answer.err);
    let two = drawbridge(&["list", &flows, &other, &manifests]);
    assert_eq!(two.code, Some(2), "{}", two.err);
    assert!(
        two.err
            .contains("two Drawbridge projects are not read together"),
        "{}",
        two.err
    );
    let whole = folder.path().to_string_lossy().into_owned();
    let answer = drawbridge(&["list", &whole]);
    assert!(
        answer
            .err
            .contains("a Drawbridge project is not a manifest"),
        "{}",
        answer.err
    );
}

#[test]
fn routes_and_installers_that_are_not_read_are_named() {
    for (api_version, kind, said) in [
        (
            "traefik.io/v1alpha1",
            "IngressRoute",
            "the answers leave its routes out",
        ),
        (
            "networking.istio.io/v1",
            "VirtualService",
            "the answers leave its routes out",
        ),
        (
            "networking.istio.io/v1",
            "Gateway",
            "the answers leave its routes out",
        ),
        (
            "helm.toolkit.fluxcd.io/v2",
            "HelmRelease",
            "installs is not in the input",
        ),
        (
            "helm.cattle.io/v1",
            "HelmChart",
            "installs is not in the input",
        ),
        (
            "argoproj.io/v1alpha1",
            "Application",
            "installs is not in the input",
        ),
    ] {
        let text = format!(
            "{POD}\n---\napiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\n"
        );
        let answer = drawbridge_with(&["list", "-"], &text);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert!(
            answer.err.contains("info: ") && answer.err.contains(said),
            "{kind}: {}",
            answer.err
        );
    }
}

#[test]
fn a_selector_that_misses_its_template_is_refused() {
    for kind in ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"] {
        let text = |label: &str| {
            format!(
                "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web, namespace: shop}}\nspec:\n  selector: {{matchLabels: {{app: web}}}}\n  template: {{metadata: {{labels: {{app: {label}}}}}, spec: {{containers: [{{name: c, image: x}}]}}}}\n"
            )
        };
        let answer = drawbridge_with(&["lint", "-"], &text("wed"));
        assert_eq!(answer.code, Some(1), "{}", answer.out);
        let said =
            "spec.template.metadata.labels: `selector` does not match template `labels` (W13)";
        assert!(answer.out.contains(said), "{}", answer.out);
        assert_eq!(drawbridge_with(&["lint", "-"], &text("web")).code, Some(0));
    }
}

#[test]
fn a_project_is_imported_to_standard_output() {
    let folder = folder(&[("web.yaml", MANIFESTS)]);
    for command in ["import", "adopt"] {
        let input = path(&folder, "web.yaml");
        let answer = drawbridge(&[command, &input, "-o", "-"]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert!(
            answer.out.contains("format: drawbridge/1"),
            "{}",
            answer.out
        );
        let list = drawbridge_with(&["list", "-"], &answer.out);
        assert_eq!(list.code, Some(0), "{}", list.err);
        assert!(!std::path::Path::new("-").exists());
    }
}

#[test]
fn templates_of_kinds_that_nothing_depends_on_are_notes() {
    let text = |head: &str| {
        format!("{POD}\n---\n{head}\nmetadata: {{name: x, namespace: \"{{{{ns}}}}\"}}\n")
    };
    let calico = "\n---\n{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {name: g}, spec: {serviceAccountSelector: a == 'b'}}\n";
    let account = "apiVersion: v1\nkind: ServiceAccount";
    for (head, more, code) in [
        (account, "", 0),
        (
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role",
            "",
            0,
        ),
        ("apiVersion: v1\nkind: ConfigMap", "", 0),
        (account, calico, 2),
        ("apiVersion: v1\nkind: Pod", "", 2),
        ("apiVersion: v1\nkind: \"{{kind}}\"", "", 2),
        (
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy",
            "",
            2,
        ),
    ] {
        let text = text(head) + more;
        let answer = drawbridge_with(&["list", "-"], &text);
        assert_eq!(answer.code, Some(code), "{text}{}", answer.err);
        assert!(
            answer.err.contains("is a template, not an object"),
            "{}",
            answer.err
        );
        assert_eq!(answer.out.contains("not read in full"), code == 2);
    }
}

#[test]
fn placeholders_in_braces_say_what_they_are() {
    let text = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: {name}, namespace: s}\n";
    let answer = drawbridge_with(&["list", "-"], text);
    let help = "`{name}` looks like a placeholder of a template: fill it in first";
    assert!(answer.err.contains(help), "{}", answer.err);
    let text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: s}\nspec: {endpointSelector: {}, ingress: [{fromCIDR: [{name}]}]}\n";
    let answer = drawbridge_with(&["list", "-"], text);
    assert!(answer.err.contains(help), "{}", answer.err);
}

#[test]
fn templates_without_a_chart_are_one_error() {
    let texts = [
        "metadata:\n  name: {{ a }}\n",
        "{{- if x }}\na: b\n{{- end }}\n",
        "metadata:\n  name: {{ b }}\n",
        "metadata:\n  name: {{ include \"x\" . }}\n",
    ];
    let names = ["a.yaml", "b.yaml", "c.yaml", "d.yaml"];
    let files: Vec<(&str, &str)> = names.into_iter().zip(texts).collect();
    let input = folder(&files);
    for command in ["lint", "list"] {
        let answer = drawbridge(&[command, &path(&input, "")]);
        assert_eq!(answer.code, Some(2));
        let told = if command == "lint" {
            &answer.out
        } else {
            &answer.err
        };
        assert_eq!(told.matches("a template is no YAML").count(), 1, "{told}");
        assert!(told.contains("and 3 more like it"), "{told}");
    }
}

#[test]
fn a_list_without_a_value_is_empty_and_one_in_a_list_is_an_error() {
    let answer = drawbridge_with(&["lint", "-"], "apiVersion: v1\nkind: List\nitems: null\n");
    assert!(!answer.out.contains("is not a list"), "{}", answer.out);
    let nested = format!("apiVersion: v1\nkind: List\nitems:\n- {POD}\n- [{POD}]\n");
    let answer = drawbridge_with(&["list", "-"], &nested);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(
        answer.err.contains("a list within a list"),
        "{}",
        answer.err
    );
}

#[test]
fn standard_input_is_read_whatever_is_called_like_it() {
    let folder = folder(&[("-/a.yaml", MANIFESTS)]);
    let answer = drawbridge_in(folder.path(), &["list", "-"], POD);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.out.contains("shop/web[Pod]"), "{}", answer.out);
    assert!(!answer.out.contains("shop/db"), "{}", answer.out);
}

#[test]
fn manifests_that_a_kustomization_does_not_list_are_named_and_not_read() {
    let pod = |name: &str| POD.replace("name: web", &format!("name: {name}"));
    let folder = folder(&[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", &pod("listed")),
        ("app/b.yaml", &pod("unlisted")),
        ("app/values.yaml", "replicas: 3\n"),
        ("beside/c.yaml", &pod("beside")),
    ]);
    let root = path(&folder, "");
    let answer = drawbridge(&["list", &root, "-o", "json"]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    for (name, is_read) in [("listed", true), ("unlisted", false), ("beside", true)] {
        assert_eq!(
            answer.out.contains(&format!("\"{name}\"")),
            is_read,
            "{}",
            answer.out
        );
    }
    assert!(
        answer.err.contains("does not list this file"),
        "{}",
        answer.err
    );
    let json = answer.json();
    let not_read = json["notRead"].as_array().unwrap();
    assert_eq!(not_read.len(), 1, "{not_read:?}");
    assert!(not_read[0].as_str().unwrap().ends_with("b.yaml"));
    // A file that is named is read.
    let file = path(&folder, "app/b.yaml");
    let answer = drawbridge(&["list", &root, &file]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert!(answer.out.contains("shop/unlisted"), "{}", answer.out);
}

#[test]
fn values_that_mean_nothing_are_refused_as_arguments() {
    for arguments in [
        &["list", "-", "--namespace", ""][..],
        &["list", "-", "--namespace", "A_B"],
        &["render", "-", "-o", "a.svg", "--date", "2026-13-45"],
        &["generate", "-", "-o", "-"],
        &["convert", "-", "--to", "cilium", "-o", "-"],
    ] {
        let answer = drawbridge_with(arguments, POD);
        assert_eq!(answer.code, Some(2), "{arguments:?}: {}", answer.err);
        assert!(answer.err.contains("invalid value"), "{}", answer.err);
    }
}

#[test]
fn names_and_labels_that_the_api_server_refuses_are_errors() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: A_b, labels: {app: x y, 'bad key!': z}}\nspec: {containers: [{name: c, ports: [{containerPort: 80, name: '80'}]}]}\n";
    let answer = drawbridge_with(&["list", "-"], pod);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    for code in ["(V1)", "(V4)", "(V20)", "(V21)"] {
        assert!(answer.err.contains(code), "{code}: {}", answer.err);
    }
}

#[test]
fn generated_names_are_valid_and_distinct() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-, namespace: shop}\n";
    let other = pod.replace("shop}", "shop, labels: {app: other}}");
    let named = pod.replace("generateName: x-", "name: x");
    let text = [pod, &other, &named].join("---\n");
    let project = drawbridge_with(&["import", "-", "-o", "-"], &text);
    assert_eq!(project.code, Some(0), "{}", project.err);
    for text in [&text, &project.out] {
        let answer = drawbridge_with(&["list", "-"], text);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        for name in ["shop/x[Pod]", "shop/x-2[Pod]", "shop/x-3[Pod]"] {
            assert!(answer.out.contains(name), "{}", answer.out);
        }
    }
}

#[test]
fn a_workload_without_replicas_has_one_pod_in_a_project_too() {
    let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w, namespace: shop}\nspec: {replicas: 0, template: {metadata: {labels: {app: w}}}}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {}}\n";
    let project = drawbridge_with(&["import", "-", "-o", "-"], workload);
    let lists = [workload, &project.out].map(|text| drawbridge_with(&["list", "-"], text).out);
    assert_eq!(lists[0], lists[1]);
}

#[test]
fn mapped_addresses_are_ipv4_addresses() {
    let text = format!(
        "{MANIFESTS}---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{podSelector: {{}}, ingress: [{{from: [{{ipBlock: {{cidr: 10.0.0.0/8}}}}]}}]}}\n"
    );
    for from in ["::ffff:10.0.0.1", "::ffff:10.0.0.0/104"] {
        let answer = drawbridge_with(
            &[
                "explain", "-", "--from", from, "--to", "shop/web", "--port", "TCP/80",
            ],
            &text,
        );
        assert_eq!(answer.code, Some(0), "{from}: {}{}", answer.out, answer.err);
    }
}

#[test]
fn policies_are_not_written_below_a_file() {
    let folder = folder(&[("a.drawbridge.yaml", SENSITIVE), ("file", "x")]);
    let file = path(&folder, "file");
    let project = path(&folder, "a.drawbridge.yaml");
    for output in [file.clone(), format!("{file}/sub")] {
        let answer = drawbridge(&["generate", &project, "-o", &output]);
        assert_eq!(answer.code, Some(2));
        assert!(answer.err.contains("is a file, but"), "{}", answer.err);
    }
}
