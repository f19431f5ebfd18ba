//! Inputs as tools write them: read whole, or named where they are not.

use std::fs;

use super::{Answer, drawbridge, drawbridge_with, folder, path};

const TEMPLATE: &str =
    "template: {metadata: {labels: {app: w}}, spec: {containers: [{name: c, image: i}]}}";
const CLOSED: &str = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: s}\nspec: {podSelector: {matchLabels: {app: w}}, policyTypes: [Ingress]}\n";

fn list(text: &str) -> Answer {
    drawbridge_with(&["list", "-", "-o", "json"], text)
}

fn reached(answer: &Answer, name: &str) -> bool {
    let json = answer.json();
    let all = json["connections"].as_array().unwrap();
    all.iter().any(|c| c["dst"]["name"] == name)
}

#[test]
fn whatever_has_a_pod_template_has_pods() {
    for (api_version, kind, spec) in [
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            "selector: {matchLabels: {app: w}}",
        ),
        (
            "apps.openshift.io/v1",
            "DeploymentConfig",
            "selector: {app: w}",
        ),
        ("serving.knative.dev/v1", "Service", "traffic: []"),
        ("apps.kruise.io/v1alpha1", "CloneSet", "replicas: 1"),
        ("example.com/v1", "Anything", "selector: everything"),
    ] {
        let object = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: w, namespace: s}}\nspec:\n  {spec}\n  {TEMPLATE}\n"
        );
        let open = list(&object);
        assert_eq!(open.code, Some(0), "{kind}: {}", open.err);
        assert!(reached(&open, "w"), "{kind}");
        let group = api_version.split_once('/').unwrap().0;
        let note =
            format!("-:1:1: info: {kind} s/w: {kind} of `{group}` is read by its pod template");
        assert!(open.err.contains(&note), "{}", open.err);
        let closed = list(&format!("{object}{CLOSED}"));
        assert!(!reached(&closed, "w"), "{kind}");
    }
    let misspelt = list(&format!(
        "apiVersion: v1\nkind: Deployment\nmetadata: {{name: w, namespace: s}}\nspec:\n  {TEMPLATE}\n"
    ));
    assert_eq!(misspelt.code, Some(2));
    assert!(
        reached(&misspelt, "w")
            && misspelt
                .err
                .contains("no API server knows kind `Deployment` of `v1`")
    );
    let machines = list(
        "apiVersion: cluster.x-k8s.io/v1beta1\nkind: MachineDeployment\nmetadata: {name: w, namespace: s}\nspec: {replicas: 3, template: {spec: {version: v1}}}\n",
    );
    assert!(!reached(&machines, "w") && machines.err.contains("no workloads"));
}

#[test]
fn pods_that_operators_make_are_named_as_unknown() {
    for (api_version, kind, spec) in [
        ("monitoring.coreos.com/v1", "Prometheus", "{}"),
        ("postgresql.cnpg.io/v1", "Cluster", "{instances: 3}"),
        ("example.com/v1", "Database", "{replicas: 2}"),
        ("example.com/v1", "Database", "{podTemplate: {}}"),
        ("operator.tigera.io/v1", "Installation", "{}"),
        ("operator.knative.dev/v1beta1", "KnativeServing", "{}"),
        ("argoproj.io/v1alpha1", "Sensor", "{}"),
        ("mongodb.com/v1", "MongoDB", "{members: 3}"),
        ("nats.io/v1alpha2", "NatsCluster", "{size: 3}"),
        (
            "etcd.database.coreos.com/v1beta2",
            "EtcdCluster",
            "{size: 3}",
        ),
        ("vault.banzaicloud.com/v1alpha1", "Vault", "{size: 1}"),
        (
            "ceph.rook.io/v1",
            "CephObjectStore",
            "{gateway: {instances: 1}}",
        ),
        ("triggers.tekton.dev/v1beta1", "EventListener", "{}"),
        ("core.oam.dev/v1beta1", "Application", "{components: []}"),
        ("apps.kubeblocks.io/v1", "Cluster", "{componentSpecs: []}"),
        ("kubedb.com/v1", "Postgres", "{}"),
        (
            "keda.sh/v1alpha1",
            "ScaledJob",
            "{jobTargetRef: {template: {spec: {containers: [{image: a}]}}}}",
        ),
        (
            "jobset.x-k8s.io/v1alpha2",
            "JobSet",
            "{replicatedJobs: [{template: {spec: {template: {spec: {containers: [{image: a}]}}}}}]}",
        ),
    ] {
        let object = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: s}}\nspec: {spec}\n"
        );
        let answer = list(&format!("{object}---\n{object}"));
        assert_eq!(answer.code, Some(0));
        assert!(
            answer
                .err
                .contains("makes pods that are not known here (2 objects, this is the first)"),
            "{}",
            answer.err
        );
    }
    let monitor = list(
        "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: x, namespace: s}\nspec: {}\n",
    );
    assert!(!monitor.err.contains("not known"), "{}", monitor.err);
    for (api_version, kind) in [
        ("kyverno.io/v1", "Policy"),
        ("apps.kruise.io/v1", "SidecarSet"),
    ] {
        let pattern = list(&format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x, namespace: s}}\nspec: {{rules: [{{pattern: {{containers: [{{image: a}}]}}}}]}}\n"
        ));
        assert!(!pattern.err.contains("not known"), "{}", pattern.err);
    }
}

#[test]
fn pods_that_operators_make_can_be_declared() {
    let kafka = |name: &str| {
        format!(
            "---\n{{apiVersion: kafka.strimzi.io/v1, kind: Kafka, metadata: {{name: {name}, namespace: s}}}}\n"
        )
    };
    let pod = |metadata: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: x-0, namespace: s, labels: {{app: w}}, {metadata}}}}}\n{}",
            kafka("x")
        )
    };
    let help = "annotation `drawbridge.dev/made-by: Kafka/s/x`";
    let unknown = |text: &str| list(text).err.contains(help);
    assert!(unknown(&pod("annotations: {}")));
    // Another object, and what names nothing.
    for other in ["Kafka/s/y", "Kafka/t/x", "KafkaBridge/s/x", "Kafka", ""] {
        let annotation = format!("annotations: {{drawbridge.dev/made-by: \"{other}\"}}");
        assert!(unknown(&pod(&annotation)), "{other}");
    }
    for declared in [
        "annotations: {drawbridge.dev/made-by: Kafka/s/x}",
        "annotations: {drawbridge.dev/made-by: Kafka/x}",
        "ownerReferences: [{apiVersion: kafka.strimzi.io/v1, kind: Kafka, name: x, controller: true}]",
    ] {
        let text = pod(declared);
        assert!(!list(&text).err.contains("not known here"), "{declared}");
        assert!(!unknown(&text), "{declared}");
        // Policies about the pod are judged, and another resource is still named.
        let answer = list(&format!("{text}{}{CLOSED}", kafka("y")));
        assert!(answer.err.contains("made-by: Kafka/s/y`"), "{}", answer.err);
        assert!(
            !answer.err.contains("objects, this is the first"),
            "{}",
            answer.err
        );
        let connections = answer.json()["connections"].clone();
        let to = connections.as_array().expect("a list").iter();
        assert_eq!(to.filter(|c| c["dst"]["type"] == "workload").count(), 0);
    }
    // Through what the operator makes in between, and by a workload.
    let between = format!(
        "{{apiVersion: core.strimzi.io/v1, kind: StrimziPodSet, metadata: {{name: set, namespace: s, ownerReferences: [{{kind: Kafka, name: x}}]}}}}\n---\n{}",
        pod("ownerReferences: [{kind: StrimziPodSet, name: set, controller: true}]")
    );
    assert!(!unknown(&between));
    let workload = format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: x, namespace: s, annotations: {{drawbridge.dev/made-by: Kafka/s/x}}}}, spec: {{{TEMPLATE}}}}}\n{}",
        kafka("x")
    );
    assert!(!unknown(&workload));
}

#[test]
fn a_workload_of_a_project_may_be_of_any_kind() {
    let text = "format: drawbridge/1\nname: p\nnamespaces: [{name: s}]\nworkloads:\n- {name: x, namespace: s, kind: Kafka, labels: {app: kafka}}\n- {name: web, namespace: s, labels: {app: web}}\nflows:\n- {from: s/web, to: s/x, ports: [TCP/9092]}\n";
    let answer = list(text);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    assert_eq!(answer.connections(), ["web > x TCP 9092-9092"]);
    assert!(answer.out.contains("\"kind\":\"Kafka\""), "{}", answer.out);
}

#[test]
fn json_is_read_as_programs_write_it() {
    let pod = |name: &str| {
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"x\",\"annotations\":{{\"team\":\"\\ud83d\\ude00\\/\"}}}},\"spec\":{{\"containers\":[]}}}}"
        )
    };
    for between in ["\n", "", " ", "\r\n\r\n", "\n---\n", "\n\u{feff}"] {
        let answer = list(&format!("{}{between}{}\n", pod("a"), pod("b")));
        assert_eq!(answer.code, Some(0), "{between:?} {}", answer.err);
        assert!(
            reached(&answer, "a") && reached(&answer, "b"),
            "{between:?}"
        );
    }
    let wrong = pod("c").replace("\"Pod\"", "[1]");
    let answer = list(&format!("{}\n{} {wrong}\n", pod("a"), pod("b")));
    let column = pod("b").len() + 2;
    assert!(
        answer.err.contains(&format!("-:2:{column}: error: ")),
        "{}",
        answer.err
    );
}

const PROJECT: &str = "namespaces: [{name: a}]\nworkloads:\n- {name: w, namespace: a, labels: {app: w}}\n- {name: v, namespace: a, labels: {app: v}}\nflows:\n- {from: a/w, to: a/v, ports: [TCP/80]}\n";

#[test]
fn a_project_is_a_project_however_it_begins() {
    let json = "{\"format\":\"drawbridge/1\",\"namespaces\":[{\"name\":\"a\"}],\"workloads\":[{\"name\":\"w\",\"namespace\":\"a\",\"labels\":{\"app\":\"w\"}},{\"name\":\"v\",\"namespace\":\"a\",\"labels\":{\"app\":\"v\"}}],\"flows\":[{\"from\":\"a/w\",\"to\":\"a/v\",\"ports\":[\"TCP/80\"]}]}";
    for text in [
        format!("format: drawbridge/1\n{PROJECT}"),
        format!("\u{feff}format: drawbridge/1\n{PROJECT}"),
        format!("\"format\": 'drawbridge/1'\n{PROJECT}"),
        format!("{PROJECT}format : drawbridge/1\n"),
        json.to_owned(),
    ] {
        let folder = folder(&[("p.yaml", &text)]);
        let file = path(&folder, "p.yaml");
        let want = ["w > v TCP 80-80"];
        assert_eq!(
            drawbridge(&["list", "-o", "json", &file]).connections(),
            want,
            "{text}"
        );
        assert_eq!(list(&text).connections(), want, "{text}");
        let same = drawbridge_with(&["diff", &file, "-"], &text);
        assert_eq!(same.code, Some(0), "{text}{}", same.err);
        for verified in [
            drawbridge(&["verify", &file]),
            drawbridge_with(&["verify", "-"], &text),
            drawbridge_with(&["verify", &file, "--against", "-"], &text),
        ] {
            assert_eq!(verified.code, Some(0), "{text}{}", verified.err);
        }
        let generated = drawbridge_with(&["generate", "-"], &text);
        assert_eq!(generated.code, Some(0), "{}", generated.err);
        assert_eq!(generated.out, drawbridge(&["generate", &file]).out);
    }
}

#[test]
fn objects_without_a_namespace_get_one() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";
    let policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}}\n";
    let answer = drawbridge_with(
        &["list", "-", "--namespace", "shop"],
        &format!("{pod}{policy}"),
    );
    assert_eq!(answer.code, Some(0));
    assert!(
        answer.out.contains("shop/p[Pod]  =>  0.0.0.0/0"),
        "{}",
        answer.out
    );
    assert!(!answer.out.contains("=>  shop/p"), "{}", answer.out);
    assert!(!answer.err.contains("(W3)"), "{}", answer.err);
    let other = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: q, namespace: bank}\n";
    let mixed = list(&format!("{pod}{other}"));
    assert!(
        mixed.err.contains("-:1:1: warning: ") && mixed.err.contains("--namespace"),
        "{}",
        mixed.err
    );
}

#[test]
fn equal_objects_are_one() {
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: s}\nspec: {containers: []}\n";
    let same = "# again\nkind: Pod\napiVersion: v1\nmetadata:\n  namespace: s\n  name: p\nspec:\n  containers: []\n";
    let answer = list(&format!("{pod}---\n{same}"));
    assert_eq!(answer.code, Some(0));
    let note = "info: Pod s/p: metadata.name: `Pod s/p` is already declared, with the same content";
    assert!(answer.err.contains(note), "{}", answer.err);
    // Generated trees have an object in several files.
    let folder = folder(&[("a.yaml", pod), ("b.yaml", same)]);
    let answer = drawbridge(&["list", &path(&folder, "")]);
    assert_eq!((answer.code, &*answer.err), (Some(0), ""));
    let other = list(&format!("{pod}---\n{}", same.replace("[]", "[{name: c}]")));
    assert!(other.err.contains("(W5)"), "{}", other.err);
}

#[test]
fn charts_and_kustomize_folders_say_how_to_render_them() {
    let folder = folder(&[]);
    for (name, text) in [
        ("chart/Chart.yaml", "name: x\nversion: 1.0.0\n"),
        ("chart/templates/a.yaml", "kind: {{ .Values.kind }}\n"),
        ("tree/base/kustomization.yaml", "resources: [w.yaml]\n"),
        (
            "tree/base/w.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: w, namespace: s}\n",
        ),
        (
            "tree/prod/kustomization.yaml",
            "resources: [../base]\npatches:\n- path: patch.yaml\n",
        ),
        (
            "tree/prod/patch.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: w, namespace: s}\nspec: {hostNetwork: true}\n",
        ),
    ] {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let chart = drawbridge(&["list", &path(&folder, "chart")]);
    assert_eq!(chart.code, Some(2));
    assert!(
        chart.err.contains("helm template ") && chart.err.matches("error").count() == 1,
        "{}",
        chart.err
    );
    let tree = drawbridge(&["list", &path(&folder, "tree")]);
    assert_eq!(tree.code, Some(2), "{}", tree.err);
    assert!(
        tree.err.contains("kubectl kustomize ") && !tree.err.contains("(W5)"),
        "{}",
        tree.err
    );
    assert!(tree.out.contains("s/w[Pod]"), "{}", tree.out);
}

#[test]
fn selectors_that_combine_in_too_many_ways_are_not_decided() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: x, labels: {app: p}}\nspec: {containers: []}\n";
    let deny = |number: usize| {
        format!(
            "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {{name: p{number}}}\n\
             spec:\n  priority: {number}\n  subject: {{namespaces: {{}}}}\n  ingress:\n  - action: Deny\n    from:\n    \
             - pods: {{namespaceSelector: {{}}, podSelector: {{matchLabels: {{a{number}: v, b{number}: v}}}}}}\n"
        )
    };
    let text: String = std::iter::once(pod.to_owned())
        .chain((0..50).map(deny))
        .collect();
    let answer = drawbridge_with(&["exposure", "-"], &text);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(
        answer.out.contains("x/p[Pod] ingress: not decided"),
        "{}",
        answer.out
    );
    assert!(
        answer.err.contains("combine in too many ways"),
        "{}",
        answer.err
    );
    let json = drawbridge_with(&["exposure", "-", "-o", "json"], &text).json();
    assert_eq!(json["diagnostics"][0]["code"], "not-decided", "{json}");
}

/// A folder with a kustomization, and one with a `kustomize` that runs a script.
#[cfg(unix)]
fn kustomized(script: &str) -> (tempfile::TempDir, tempfile::TempDir) {
    use std::os::unix::fs::PermissionsExt;
    let input = folder(&[
        (
            "kustomization.yaml",
            "resources: [web.yaml]\nnamePrefix: my-\n",
        ),
        (
            "web.yaml",
            "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}}\n",
        ),
    ]);
    let tools = folder(&[("kustomize", &format!("#!/bin/sh\n{script}\n"))]);
    let tool = tools.path().join("kustomize");
    std::fs::set_permissions(tool, std::fs::Permissions::from_mode(0o755)).expect("a script");
    (input, tools)
}

#[cfg(unix)]
fn list_with(tools: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args([&["list"], arguments].concat())
        .env("PATH", tools)
        .output()
        .expect("the binary starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[cfg(unix)]
#[test]
fn kustomize_runs_only_if_asked_to() {
    let (input, tools) = kustomized(
        "echo \"{apiVersion: v1, kind: Pod, metadata: {name: my-web, namespace: shop, annotations: {args: '$1 $2'}}}\"; : > \"$2/ran\"",
    );
    let path = input.path().to_string_lossy().into_owned();
    let (code, out, err) = list_with(tools.path(), &[&path]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("`namePrefix` is not applied"), "{err}");
    assert!(
        out.contains("shop/web[Pod]") && !out.contains("my-web"),
        "{out}"
    );
    let offer = format!("`kustomize build {path} > all.yaml`, or let `--kustomize` build it");
    assert!(err.contains(&offer), "{err}");
    assert!(!input.path().join("ran").exists());

    let (code, out, err) = list_with(tools.path(), &["--kustomize", &path]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("shop/my-web[Pod]") && !out.contains("shop/web[Pod]"),
        "{out}"
    );
    assert!(!err.contains("not applied"), "{err}");
    assert!(input.path().join("ran").exists());
}

#[cfg(unix)]
#[test]
fn a_build_that_fails_is_an_error() {
    let (input, tools) = kustomized("echo 'Error: no such base' >&2; exit 1");
    let path = input.path().to_string_lossy().into_owned();
    let (code, _, err) = list_with(tools.path(), &["--kustomize", &path]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("failed: Error: no such base"), "{err}");
    let (code, _, err) = list_with(input.path(), &["--kustomize", &path]);
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("neither `kustomize` nor `kubectl` is on the PATH"),
        "{err}"
    );
    let file = input.path().join("web.yaml").to_string_lossy().into_owned();
    let (code, out, err) = list_with(tools.path(), &["--kustomize", &file]);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("shop/web[Pod]") && err.contains("and this is none"),
        "{err}"
    );
}
