//! Manifests, and the cluster read from them.

use super::*;
use crate::cluster::{TargetPort, Workload};
use crate::diag::Severity;

fn load(text: &str) -> Manifests {
    read(
        &[Source::new("a.yaml", text)],
        &crate::dialect::kinds(crate::cluster::Enforcer::Kubernetes),
    )
}

/// Without errors and warnings.
fn fine(text: &str) -> Snapshot {
    let manifests = load(text);
    let bad = manifests.diagnostics.iter();
    let bad: Vec<_> = bad.filter(|d| d.severity != Severity::Info).collect();
    assert!(bad.is_empty(), "{bad:?}");
    manifests.snapshot
}

fn codes(manifests: &Manifests) -> Vec<(&'static str, u32)> {
    let diagnostics = manifests.diagnostics.iter();
    diagnostics
        .map(|d| (d.code, d.span.as_ref().map_or(0, |s| s.line)))
        .collect()
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    let name = |w: &Workload| format!("{}/{}[{}]", w.namespace, w.name, w.kind);
    snapshot.workloads.iter().map(name).collect()
}

fn owner(kind: &str, api: &str, spec: &str) -> String {
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: w, namespace: s, labels: {{own: label}}}}\nspec: {spec}\n"
    )
}

const TEMPLATE: &str = "{metadata: {labels: {app: w}}, spec: {serviceAccountName: sa, containers: [{name: c, ports: [{name: http, containerPort: 80}, {containerPort: 53, protocol: UDP}]}]}}";

#[test]
fn every_workload_kind_has_pods() {
    for (kind, api, spec, replicas, pods) in [
        (
            "Deployment",
            "apps/v1",
            format!("{{replicas: 3, template: {TEMPLATE}}}"),
            Some(3),
            2,
        ),
        (
            "Deployment",
            "apps/v1",
            format!("{{replicas: 1, template: {TEMPLATE}}}"),
            Some(1),
            1,
        ),
        (
            "Deployment",
            "apps/v1",
            format!("{{replicas: 0, template: {TEMPLATE}}}"),
            Some(0),
            1,
        ),
        (
            "ReplicaSet",
            "apps/v1",
            format!("{{template: {TEMPLATE}}}"),
            None,
            2,
        ),
        (
            "StatefulSet",
            "apps/v1",
            format!("{{replicas: 2, template: {TEMPLATE}}}"),
            Some(2),
            2,
        ),
        (
            "DaemonSet",
            "apps/v1",
            format!("{{template: {TEMPLATE}}}"),
            None,
            2,
        ),
        (
            "Deployment",
            "extensions/v1beta1",
            format!("{{template: {TEMPLATE}}}"),
            None,
            2,
        ),
        (
            "ReplicationController",
            "v1",
            format!("{{selector: {{app: w}}, template: {TEMPLATE}}}"),
            None,
            2,
        ),
        (
            "Job",
            "batch/v1",
            format!("{{template: {TEMPLATE}}}"),
            Some(1),
            1,
        ),
        (
            "Job",
            "batch/v1",
            format!("{{parallelism: 4, template: {TEMPLATE}}}"),
            Some(4),
            2,
        ),
        (
            "CronJob",
            "batch/v1",
            format!("{{jobTemplate: {{spec: {{template: {TEMPLATE}}}}}}}"),
            Some(1),
            1,
        ),
        (
            "CronJob",
            "batch/v1",
            format!("{{suspend: true, jobTemplate: {{spec: {{template: {TEMPLATE}}}}}}}"),
            Some(0),
            1,
        ),
    ] {
        let snapshot = fine(&owner(kind, api, &spec));
        assert_eq!(names(&snapshot), [format!("s/w[{kind}]")]);
        assert_eq!(snapshot.workloads[0].replicas, replicas, "{kind} {spec}");
        assert_eq!(snapshot.pods.len(), pods, "{kind} {spec}");
        let pod = &snapshot.pods[0];
        assert_eq!(
            pod.labels.iter().collect::<Vec<_>>(),
            [(&"app".into(), &"w".into())]
        );
        assert_eq!(pod.ports.len(), 2, "W10, W12");
        assert_eq!(pod.service_account.as_ref(), "sa");
    }
}

#[test]
fn pod_fields_are_read() {
    let manifests = load(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: s, labels: {a: b}}\nspec:\n  hostNetwork: true\n  nodeName: n1\n  initContainers:\n  - {name: once, ports: [{containerPort: 1}]}\n  - {name: sidecar, restartPolicy: Always, ports: [{name: m, containerPort: 2}]}\n  containers:\n  - {name: c, ports: [{containerPort: 3, protocol: SCTP}, {containerPort: 0}]}\nstatus: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: 'fd00::1'}]}\n",
    );
    assert_eq!(codes(&manifests), [("left-out-value", 11)]);
    let snapshot = manifests.snapshot;
    let pod = &snapshot.pods[0];
    let ports: Vec<_> = pod.ports.iter().map(|p| p.port).collect();
    assert_eq!(ports, [3, 2], "sidecars count, init containers do not");
    assert!(pod.host_network);
    assert_eq!(pod.addresses.len(), 2);
    assert_eq!(pod.node.as_deref(), Some("n1"));
    assert_eq!(pod.service_account.as_ref(), "default");
    assert_eq!(snapshot.workloads[0].kind, "Pod");
}

#[test]
fn owned_pods_are_one_workload_and_keep_their_labels() {
    let pod = |name: &str, color: &str, owner: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: s, labels: {{color: {color}, pod-template-hash: abc}}, ownerReferences: [{owner}]}}\n---\n"
        )
    };
    let set = "{kind: ReplicaSet, name: web-abc, controller: true}";
    let pods = pod("web-abc-2", "red", set) + &pod("web-abc-1", "blue", set);
    let snapshot = fine(&pods);
    assert_eq!(names(&snapshot), ["s/web-abc[ReplicaSet]"]);
    let labels: Vec<_> = snapshot
        .pods
        .iter()
        .map(|p| (p.name.as_str(), p.labels["color"].as_str()))
        .collect();
    assert_eq!(labels, [("web-abc-1", "blue"), ("web-abc-2", "red")]);

    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: s}\nspec: {replicas: 5, template: {metadata: {labels: {color: blue}}}}\n---\n";
    let through_name = fine(&format!("{pods}{deployment}"));
    assert_eq!(names(&through_name), ["s/web[Deployment]"]);
    assert_eq!(
        through_name.pods.len(),
        2,
        "real pods instead of made-up ones"
    );
    let replica_set = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web-abc, namespace: s, ownerReferences: [{kind: Deployment, name: web, controller: true}]}\n---\n";
    assert_eq!(
        names(&fine(&format!("{pods}{deployment}{replica_set}"))),
        ["s/web[Deployment]"]
    );
    assert_eq!(
        names(&fine(&format!("{pods}{replica_set}"))),
        ["s/web-abc[ReplicaSet]"]
    );

    for owner in [
        "{kind: Node, name: node-1, controller: true}",
        "{kind: Thing, name: t}",
    ] {
        assert_eq!(
            names(&fine(&pod("p", "red", owner))),
            ["s/p[Pod]"],
            "{owner}"
        );
    }
}

#[test]
fn lists_are_flattened_and_typed_items_need_no_kind() {
    let snapshot = fine(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: PodList\n  items:\n  - metadata: {name: a}\n  - null\n- apiVersion: apps/v1\n  kind: DeploymentList\n  items: [{metadata: {name: b}}]\n---\napiVersion: v1\nkind: List\nitems: []\n",
    );
    assert_eq!(
        names(&snapshot),
        ["default/a[Pod]", "default/b[Deployment]"]
    );
}

#[test]
fn an_item_of_a_list_keeps_its_own_text() {
    let manifests = load(
        "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: networking.k8s.io/v1\n    kind: NetworkPolicy\n    # why\n    metadata: {name: p}\n    spec:\n      podSelector: {}\n  - {}\n",
    );
    assert_eq!(
        manifests.policies[0].text,
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n# why\nmetadata: {name: p}\nspec:\n  podSelector: {}\n"
    );
    assert_eq!(codes(&manifests), [("W3", 4), ("not-an-object", 10)]);
}

#[test]
fn undeclared_namespaces_are_added() {
    let manifests = load(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: s, labels: {team: a, kubernetes.io/metadata.name: lie}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: other}\n",
    );
    assert_eq!(codes(&manifests), [("left-out-value", 3)]);
    let snapshot = manifests.snapshot;
    let namespaces: Vec<_> = snapshot
        .namespaces
        .iter()
        .map(|n| (n.name.as_str(), n.declared, n.labels.len()))
        .collect();
    assert_eq!(namespaces, [("other", false, 1), ("s", true, 2)]);
    assert_eq!(
        snapshot.namespaces[1].labels["kubernetes.io/metadata.name"],
        "s"
    );
}

#[test]
fn the_later_of_two_objects_with_one_name_is_used() {
    let pod = |label: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: s, labels: {{v: {label}}}}}\n---\n"
        )
    };
    let manifests = load(&(pod("first") + &pod("second")));
    assert_eq!(codes(&manifests), [("W5", 5)]);
    assert!(manifests.diagnostics[0].message.contains("a.yaml:1:1"));
    assert_eq!(manifests.snapshot.pods[0].labels["v"], "second");
    let manifests = load(&(pod("same") + &pod("same")));
    assert_eq!(codes(&manifests), [("W5", 5)]);
    assert_eq!(manifests.diagnostics[0].severity, Severity::Info);
    assert_eq!(manifests.snapshot.pods.len(), 1);
}

#[test]
fn the_api_group_tells_objects_apart() {
    let template = "{template: {metadata: {labels: {app: w}}, spec: {containers: [{name: c}]}}}";
    let of = |api: &str, kind: &str| owner(kind, api, template) + "---\n";
    let two = of("apps.kruise.io/v1beta1", "StatefulSet") + &of("apps/v1", "StatefulSet");
    assert_eq!(
        names(&fine(&two)),
        ["s/w[StatefulSet]", "s/w[StatefulSet.apps.kruise.io]"]
    );
    assert_eq!(fine(&two).pods[2].name, "w-0");
    let knative = of("serving.knative.dev/v1", "Service")
        + "apiVersion: v1\nkind: Service\nmetadata: {name: w, namespace: s}\nspec: {selector: {app: w}}\n";
    assert_eq!(names(&fine(&knative)), ["s/w[Service]"]);
    assert_eq!(fine(&knative).services.len(), 1);
    // Groups that a kind moved through, and versions, are one.
    let moved = of("extensions/v1beta1", "Deployment") + &of("apps/v1", "Deployment");
    assert_eq!(codes(&load(&moved)), [("W5", 6)]);
}

#[test]
fn owners_of_other_groups_are_other_workloads() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: s, ownerReferences: [{apiVersion: batch.volcano.sh/v1alpha1, kind: Job, name: w, controller: true}]}\n---\n";
    let job = owner("Job", "batch/v1", "{}");
    let snapshot = fine(&format!("{pod}{job}"));
    assert_eq!(names(&snapshot), ["s/w[Job]", "s/w[Job.batch.volcano.sh]"]);
}

#[test]
fn policies_of_two_groups_are_two() {
    let policy = |api: &str| {
        format!(
            "apiVersion: {api}\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: s}}\n---\n"
        )
    };
    let of = |text: &str| {
        let source = Source::new("a.yaml", text);
        let kinds = crate::dialect::kinds(crate::cluster::Enforcer::Calico);
        read(&[source], &kinds).policies.len()
    };
    let kubernetes = policy("networking.k8s.io/v1");
    assert_eq!(
        of(&(kubernetes.clone() + &policy("projectcalico.org/v3"))),
        2
    );
    assert_eq!(of(&(kubernetes + &policy("extensions/v1beta1"))), 1);
}

#[test]
fn non_objects_are_reported_and_the_rest_is_read() {
    let manifests = load(
        "values: {a: 1}\n---\nkind: Pod\n---\napiVersion: v1\n---\n[1]\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: true}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: q}\nspec: {containers: [{ports: [{containerPort: []}]}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {}\n---\nformat: drawbridge/1\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: \"{{ .x }}\"}\n---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c}\n---\napiVersion: x/v1\nkind: Thing\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: last}\n---\n\"broken\n",
    );
    assert_eq!(names(&manifests.snapshot), ["default/last[Pod]"]);
    assert_eq!(manifests.skipped, 1);
    assert_eq!(
        codes(&manifests),
        [
            ("not-an-object", 1),
            ("no-api-version", 3),
            ("no-kind", 5),
            ("not-an-object", 7),
            ("W3", 9),
            ("V22", 11),
            ("V22", 16),
            ("no-name", 18),
            ("project-file", 22),
            ("template", 24),
            ("not-judged", 28),
            ("syntax", 44),
        ]
    );
    let label = manifests
        .diagnostics
        .iter()
        .find(|d| d.code == "V22")
        .unwrap();
    assert_eq!(label.path.as_deref(), Some("metadata.labels.app"));
    assert_eq!(label.span.as_ref().unwrap().column, 35);
    assert_eq!(label.help.as_deref(), Some("put it in quotes: \"true\""));
}

#[test]
fn nested_lists_are_read_to_a_limit() {
    let nested = |depth: usize| {
        let open = "{apiVersion: v1, kind: List, items: [".repeat(depth);
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: s}}";
        load(&format!("{open}{pod}{}", "]}".repeat(depth)))
    };
    assert_eq!(names(&nested(8).snapshot), ["s/p[Pod]"]);
    assert_eq!(codes(&nested(8)), []);
    assert!(nested(9).snapshot.pods.is_empty());
    assert_eq!(codes(&nested(9)), [("nested-lists", 1)]);
}

#[test]
fn two_objects_in_one_document_are_reported() {
    let manifests = load(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n",
    );
    assert_eq!(codes(&manifests), [("V23", 4)]);
}

#[test]
fn keys_written_twice_are_reported_in_every_object() {
    let pod = |meta: &str, spec: &str| {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: s{meta}}}, spec: {{{spec}}}}}"
        )
    };
    let web = |spec: &str| owner("Deployment", "apps/v1", spec);
    let service = "{apiVersion: v1, kind: Service, metadata: {name: w, namespace: s}, spec: {selector: {app: a, app: b}, ports: [{port: 80, port: 81}]}}";
    for (text, found) in [
        (pod(", labels: {a: b}, labels: {a: c}", ""), "error metadata.labels"),
        (pod(", labels: {a: b, a: c}", ""), "error metadata.labels.a"),
        (pod("", "containers: [{name: c, ports: [{containerPort: 1, containerPort: 2}]}]"), "error spec.containers[0].ports[0].containerPort"),
        (pod("", "containers: [], containers: []"), "error spec.containers"),
        (pod("", "containers: [{name: c, image: a, image: b, env: [{name: x, value: '1', value: '2'}]}]"), "warning spec.containers[0].image\nwarning spec.containers[0].env[0].value"),
        (pod("", "restartPolicy: Never, restartPolicy: Always"), "warning spec.restartPolicy"),
        (web("{selector: {matchLabels: {a: b, a: c}}, template: {metadata: {labels: {a: c}}}}"), "error spec.selector.matchLabels.a"),
        (web("{template: {metadata: {labels: {a: b}, labels: {a: c}}}}"), "error spec.template.metadata.labels"),
        (web("{strategy: {type: a, type: b}, template: {spec: {volumes: [], volumes: []}}}"), "warning spec.strategy.type\nwarning spec.template.spec.volumes"),
        (service.to_owned(), "error spec.selector.app\nerror spec.ports[0].port"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: s}, data: {k: a, k: b}}".to_owned(), "warning data.k"),
        ("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n, namespace: s}, spec: {podSelector: {matchLabels: {a: b, a: c}}}}".to_owned(), "error spec.podSelector.matchLabels.a"),
        ("{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\", \"name\": \"s\"}}".to_owned(), "error metadata.name"),
        (format!("{{apiVersion: v1, kind: List, items: [], items: [{}]}}", pod("", "")), "error items"),
        (pod("", "a: &a {b: 1, b: 2}, c: *a, d: {<<: *a, b: 3}"), "warning spec.a.b"),
    ] {
        let read = load(&text);
        let all = read.diagnostics.iter().filter(|d| d.code == "V23");
        let all = all.map(|d| format!("{} {}", d.severity, d.path.as_deref().unwrap_or_default()));
        assert_eq!(all.collect::<Vec<_>>().join("\n"), found, "{text}");
    }
    let read = load(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  namespace: s\n  labels: {a: b}\n  labels: {a: c}\n",
    );
    assert_eq!(read.snapshot.pods[0].labels["a"], "c");
    let [found] = &read.diagnostics[..] else {
        panic!("{:?}", read.diagnostics);
    };
    let span = found.span.as_ref().unwrap();
    assert_eq!((span.line, span.column), (7, 3));
    assert_eq!(
        found.message,
        "duplicate field `metadata.labels`; the last one is used"
    );
}

#[test]
fn pools_declare_addresses_of_pods() {
    let read = load("
{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {podCIDR: 10.0.1.0/24}}
---
{apiVersion: cilium.io/v2, kind: CiliumNode, metadata: {name: n1}, spec: {ipam: {podCIDRs: [10.0.1.0/24]}}}
---
{apiVersion: cilium.io/v2, kind: CiliumNode, metadata: {name: n2}, spec: {ipam: {podCIDRs: [10.0.2.0/24], pools: {allocated: [{pool: a, cidrs: [10.0.3.0/24]}]}}}}
---
{apiVersion: cilium.io/v2alpha1, kind: CiliumPodIPPool, metadata: {name: a}, spec: {ipv4: {cidrs: [10.1.0.0/16]}, ipv6: {cidrs: ['fd00::/104'], maskSize: 120}}}
---
{apiVersion: crd.projectcalico.org/v1, kind: IPPool, metadata: {name: b}, spec: {cidr: 10.2.0.1/16}}
---
{apiVersion: projectcalico.org/v3, kind: IPPool, metadata: {name: c}, spec: {cidr: 10.3.0.0/16, allowedUses: [Tunnel]}}
---
{apiVersion: projectcalico.org/v3, kind: IPPool, metadata: {name: d}, spec: {cidr: x}}
");
    let pools = read.snapshot.address_pools.iter().map(|pool| {
        let cidrs: Vec<String> = pool.cidrs.iter().map(ToString::to_string).collect();
        format!("{} {} {}", pool.kind, pool.name, cidrs.join(" "))
    });
    assert_eq!(
        pools.collect::<Vec<_>>(),
        [
            "CiliumNode n2 10.0.2.0/24 10.0.3.0/24",
            "CiliumPodIPPool a 10.1.0.0/16 fd00::/104",
            "IPPool b 10.2.0.0/16",
        ]
    );
    assert_eq!(read.skipped, 0);
    let found = read
        .diagnostics
        .iter()
        .map(|d| (d.severity, d.path.as_deref()));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (Severity::Warning, Some("spec.cidr")),
            (Severity::Error, Some("spec.cidr"))
        ]
    );
}

#[test]
fn pods_that_ask_the_clusters_dns() {
    let dns = "{apiVersion: v1, kind: Service, metadata: {name: kube-dns, namespace: kube-system}, spec: {clusterIP: 10.43.0.10, ports: [{port: 53, protocol: UDP}]}}\n---\n";
    for (spec, asks) in [
        ("{}", true),
        ("{dnsPolicy: ClusterFirst}", true),
        ("{dnsPolicy: Default}", false),
        (
            "{dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.53]}}",
            false,
        ),
        (
            "{dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.53, 10.43.0.10]}}",
            true,
        ),
        (
            "{dnsPolicy: None, dnsConfig: {nameservers: [10.96.0.10]}}",
            false,
        ),
        (
            "{dnsPolicy: None, dnsConfig: {nameservers: [169.254.20.10]}}",
            true,
        ),
        ("{hostNetwork: true}", false),
        ("{hostNetwork: true, dnsPolicy: ClusterFirst}", false),
        (
            "{hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet}",
            true,
        ),
        (
            "{hostNetwork: true, dnsPolicy: None, dnsConfig: {nameservers: [10.43.0.10]}}",
            true,
        ),
    ] {
        let web = owner(
            "Deployment",
            "apps/v1",
            &format!("{{template: {{spec: {spec}}}}}"),
        );
        let read = load(&format!("{dns}{web}"));
        assert_eq!(read.snapshot.workloads[0].cluster_dns, asks, "{spec}");
    }
    let usual = owner(
        "Deployment",
        "apps/v1",
        "{template: {spec: {dnsPolicy: None, dnsConfig: {nameservers: [10.96.0.10]}}}}",
    );
    assert!(load(&usual).snapshot.workloads[0].cluster_dns);
}

#[test]
fn ambiguous_booleans_are_reported_and_read_as_text() {
    let manifests =
        load("apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: y, labels: {a: n}}\n");
    assert_eq!(names(&manifests.snapshot), ["y/p[Pod]"]);
    assert_eq!(manifests.snapshot.pods[0].labels["a"], "n");
    assert_eq!(codes(&manifests), [("W2", 3), ("W2", 3)]);
    let number = load("apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: 1}\n");
    assert_eq!(codes(&number), [("V22", 3)]);
    assert!(number.snapshot.pods.is_empty());
}

#[test]
fn omitted_service_fields_have_defaults() {
    let snapshot = fine(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: s}\nspec:\n  clusterIP: None\n  ports: [{port: 80}, {name: d, port: 53, protocol: UDP, targetPort: dns}, {port: 443, targetPort: 8443}]\n---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: b}\n",
    );
    assert_eq!(snapshot.services.len(), 1);
    let service = &snapshot.services[0];
    assert!(service.headless && service.selector.is_empty() && service.kind == "ClusterIP");
    let targets: Vec<_> = service.ports.iter().map(|p| p.target.clone()).collect();
    let name = TargetPort::Name("dns".into());
    assert_eq!(
        targets,
        [TargetPort::Number(80), name, TargetPort::Number(8443)]
    );
}

#[test]
fn ingresses_and_routes_are_read() {
    let snapshot = fine(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: s}\nspec:\n  defaultBackend: {service: {name: d, port: {number: 80}}}\n  rules:\n  - http: {paths: [{backend: {service: {name: w, port: {name: http}}}}, {backend: {service: {name: w, port: {name: http}}}}]}\n  - host: only\n---\napiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old, namespace: s}\nspec: {backend: {serviceName: w, servicePort: 80}}\n---\napiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r, namespace: s}\nspec: {to: {kind: Service, name: w}, port: {targetPort: 8080}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: w, namespace: s}\nspec: {ports: [{name: http, port: 80, targetPort: 8080}]}\n",
    );
    let routes: Vec<_> = snapshot
        .routes
        .iter()
        .map(|r| (r.name.as_str(), r.service.as_str(), r.port.clone()))
        .collect();
    assert_eq!(
        routes,
        [
            ("i", "d", Some(TargetPort::Number(80))),
            ("i", "w", Some(TargetPort::Name("http".into()))),
            ("old", "w", Some(TargetPort::Number(80))),
            ("r", "w", Some(TargetPort::Number(8080))),
        ]
    );
}

#[test]
fn nodes_and_their_addresses_are_read() {
    let snapshot = fine(
        "apiVersion: v1\nkind: Node\nmetadata: {name: node-1, labels: {a: b}}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.1}, {type: Hostname, address: node-1}]}\n",
    );
    assert_eq!(snapshot.nodes[0].addresses.len(), 1);
    assert_eq!(snapshot.nodes[0].labels["a"], "b");
}

proptest::proptest! {
    #[test]
    fn no_manifest_panics(
        kind in "Pod|Deployment|CronJob|Service|Ingress|Route|List|PodList|Namespace|NetworkPolicy",
        api in "v1|apps/v1|batch/v1|networking.k8s.io/v1|route.openshift.io/v1",
        rest in "[a-z:{}\\[\\]\\- \\n0-9~&*]{0,80}",
        spec in proptest::sample::select(vec!["{}", "[]", "null", "1", "{template: 1}", "{ports: [1]}", "{selector: []}", "{podSelector: {matchLabels: {a: on}}}"]),
    ) {
        load(&format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x}}\nspec: {spec}\n{rest}"));
    }
}
