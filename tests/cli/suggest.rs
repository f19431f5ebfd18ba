//! Flows that manifests imply.

use super::*;

/// A shop: an ingress controller, a front end, an API, a worker, databases, monitoring and a webhook.
const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: API_URL, value: \"http://api\"}
        - {name: APP_NAME, value: api}
        - {name: PORT, value: \"8080\"}
        - {name: LISTEN, value: \"0.0.0.0:8080\"}
        - {name: NOTE, value: \"talks to api and cache\"}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata:
      labels: {app: api}
      annotations: {prometheus.io/scrape: \"true\", prometheus.io/port: \"9102\"}
    spec:
      containers:
      - name: api
        image: api:1
        ports: [{name: http, containerPort: 3000}, {name: metrics, containerPort: 9102}]
        args:
        - --cache=cache:6379
        - --queue-host
        - mq
        env:
        - {name: DB_HOST, value: db.data}
        - {name: DB_PORT, value: \"5432\"}
        - {name: DB_USER, value: cache}
        - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}
        - {name: STRIPE, value: \"https://api.stripe.com/v1\"}
        - {name: SMTP_ADDRESS, value: \"mail.example.com:587\"}
        envFrom:
        - configMapRef: {name: settings}
        - secretRef: {name: db}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: http, port: 80, targetPort: http}], clusterIP: 10.96.0.7}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  DATABASE_URL: postgres://app:hunter2@db.data.svc.cluster.local:5432/shop
  MQ: amqp://mq
---
apiVersion: v1
kind: ConfigMap
metadata: {name: unread, namespace: shop}
data:
  URL: http://web
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {password: hunter2, SECRET_URL: \"http://web\"}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: shop}
spec:
  schedule: '@daily'
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: report}}
        spec:
          initContainers:
          - {name: wait, image: busybox, command: [sh, -c, \"until nc -z db.data.svc 5432; do sleep 1; done\"]}
          containers:
          - {name: report, image: report:1, volumeMounts: [{name: conf, mountPath: /etc/report}]}
          volumes:
          - {name: conf, configMap: {name: report}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: report, namespace: shop}
data:
  report.yaml: |
    # http://web is not read
    api:
      url: http://10.96.0.7:80
    brokers:
    - k-0.k.data.svc:9092
    - k-1.k.data.svc:9092
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: shop}
spec: {selector: {app: cache}, ports: [{port: 6379}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: shop}
spec:
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache}}
    spec: {containers: [{name: cache, image: redis, ports: [{containerPort: 6379}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: mq, namespace: shop}
spec: {selector: {app: mq}, ports: [{port: 5672, targetPort: 15672}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mq, namespace: shop}
spec:
  selector: {matchLabels: {app: mq}}
  template:
    metadata: {labels: {app: mq}}
    spec: {containers: [{name: mq, image: rabbitmq}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: data}
spec: {selector: {app: db}, ports: [{port: 5432, targetPort: 6432}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: postgres, ports: [{containerPort: 6432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: k, namespace: data}
spec: {selector: {app: k}, clusterIP: None, ports: [{port: 9092}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: k, namespace: data}
spec:
  selector: {matchLabels: {app: k}}
  template:
    metadata: {labels: {app: k}}
    spec: {containers: [{name: k, image: kafka, ports: [{containerPort: 9092}], env: [{name: PEERS, value: \"k-0.k:9092,k-1.k:9092\"}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec: {ingressClassName: nginx, rules: [{host: shop.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: ingress-nginx}}
  template:
    metadata: {labels: {app.kubernetes.io/name: ingress-nginx}}
    spec: {containers: [{name: nginx, image: nginx, ports: [{containerPort: 80}, {containerPort: 443}, {containerPort: 8443}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: controller, namespace: ingress-nginx}
spec: {type: LoadBalancer, selector: {app.kubernetes.io/name: ingress-nginx}, ports: [{name: http, port: 80}, {name: https, port: 443}]}
---
apiVersion: v1
kind: Service
metadata: {name: admission, namespace: ingress-nginx}
spec: {selector: {app.kubernetes.io/name: ingress-nginx}, ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: admission}
webhooks:
- {name: v.example.com, clientConfig: {service: {name: admission, namespace: ingress-nginx}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: prometheus, namespace: monitoring}
spec:
  selector: {matchLabels: {app: prometheus}}
  template:
    metadata: {labels: {app: prometheus}}
    spec: {containers: [{name: prometheus, image: prometheus}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: api, namespace: shop}
spec: {selector: {matchLabels: {app: api}}, podMetricsEndpoints: [{port: metrics}]}
";

/// `from > to PORTS strength LINES` of each suggestion.
fn lines(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    assert_eq!(json["format"], "drawbridge/suggest/1");
    let all = json["suggestions"].as_array().expect("it is a list");
    let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let line = |one: &Value| {
        let list = |key: &str| one[key].as_array().cloned().unwrap_or_default();
        let ports: Vec<String> = list("ports").iter().map(word).collect();
        let lines: Vec<String> = list("evidence")
            .iter()
            .map(|e| e["line"].to_string())
            .collect();
        format!(
            "{} > {} {} {} {}",
            word(&one["from"]),
            word(&one["to"]),
            ports.join(","),
            word(&one["strength"]),
            lines.join(",")
        )
    };
    all.iter().map(line).collect()
}

fn suggested(manifests: &str) -> Vec<String> {
    let answer = drawbridge_with(&["suggest", "-", "-o", "json"], manifests);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    lines(&answer)
}

/// The line of the manifests that has a text.
fn at(text: &str) -> usize {
    let mut lines = SHOP.lines();
    lines
        .position(|line| line.contains(text))
        .expect("the text is there")
        + 1
}

#[test]
fn a_shop_implies_its_flows() {
    let kind = |kind: &str, name: &str| {
        let name = format!("metadata: {{name: {name}");
        let mut lines = SHOP.lines().zip(SHOP.lines().skip(1));
        let kind = format!("kind: {kind}");
        let found = lines.position(|(a, b)| a == kind && b.starts_with(&name));
        found.expect("the object is there")
    };
    let brokers = (at("k-0.k.data.svc"), at("k-1.k.data.svc"));
    let mut wanted = vec![
        format!(
            "external/Internet > ingress-nginx/controller TCP/80,TCP/443 strong {}",
            kind("Service", "controller")
        ),
        format!(
            "ingress-nginx/controller > shop/web TCP/8080 strong {}",
            kind("Ingress", "shop")
        ),
        format!(
            "monitoring/prometheus > shop/api TCP/9102 strong {},{}",
            kind("Deployment", "api"),
            kind("PodMonitor", "api")
        ),
        format!("data/k > data/k TCP/9092 strong {}", at("PEERS")),
        format!(
            "shop/api > data/db TCP/6432 strong {},{},{}",
            at("DB_HOST"),
            at("DB_PORT"),
            at("DATABASE_URL")
        ),
        format!(
            "shop/api > external/api.stripe.com TCP/443 strong {}",
            at("STRIPE")
        ),
        format!(
            "shop/api > external/mail.example.com TCP/587 strong {}",
            at("SMTP_ADDRESS")
        ),
        format!("shop/api > shop/cache TCP/6379 strong {}", at("--cache")),
        format!(
            "shop/api > shop/mq TCP/15672 strong {},{}",
            at("- mq"),
            at("MQ: amqp")
        ),
        format!("shop/report > data/db TCP/6432 strong {}", at("until nc")),
        format!(
            "shop/report > data/k TCP/9092 strong {},{}",
            brokers.0, brokers.1
        ),
        format!(
            "shop/report > shop/api TCP/3000 strong {}",
            at("url: http://10.96.0.7")
        ),
        format!("shop/web > shop/api TCP/3000 strong {}", at("API_URL")),
        format!(
            "{{api-server}} > ingress-nginx/controller TCP/8443 strong {}",
            at("v.example.com")
        ),
    ];
    wanted.sort();
    assert_eq!(suggested(SHOP), wanted);
}

#[test]
fn passwords_and_secrets_are_not_repeated() {
    for format in ["txt", "json"] {
        let answer = drawbridge_with(&["suggest", "-", "-o", format], SHOP);
        assert!(
            answer.out.contains("postgres://app:***@db.data"),
            "{}",
            answer.out
        );
        assert!(!answer.out.contains("hunter2"), "{}", answer.out);
        assert!(!answer.out.contains("SECRET_URL"), "{}", answer.out);
    }
}

#[test]
fn text_has_the_evidence_below_each_flow() {
    let manifests = "\
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, env: [{name: B_HOST, value: b}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, labels: {app: b}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{port: 80, targetPort: 8080}]}}
";
    let answer = drawbridge_with(&["suggest", "-"], manifests);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let wanted =
        "default/a  =>  default/b  TCP/8080  medium\n    -:1: env: B_HOST=b\n\n1 flow suggested\n";
    assert_eq!(answer.out, wanted);
    let none = drawbridge_with(
        &["suggest", "-"],
        "{apiVersion: v1, kind: Pod, metadata: {name: a}}",
    );
    assert_eq!(none.out, "no flows suggested\n");
}

#[test]
fn unreadable_input_is_told_and_the_rest_is_answered() {
    let answer = drawbridge_with(
        &["suggest", "-", "-o", "json"],
        &format!("{SHOP}---\na: [\n"),
    );
    assert_eq!(answer.code, Some(2));
    assert!(lines(&answer).len() > 10);
    assert_eq!(drawbridge(&["suggest", "/nowhere"]).code, Some(2));
}

#[test]
fn the_namespace_of_the_command_line_counts() {
    let manifests = "\
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, envFrom: [{configMapRef: {name: m}}]}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {B_URL: 'http://b:80'}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, labels: {app: b}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: b}, spec: {selector: {app: b}, ports: [{port: 80}]}}
";
    let answer = drawbridge_with(
        &["suggest", "-", "-o", "json", "--namespace", "n"],
        manifests,
    );
    assert_eq!(lines(&answer), ["n/a > n/b TCP/80 strong 3"]);
}

/// A namespace that is isolated: an operator with a webhook and a default deny.
const ISOLATED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: operator, namespace: ops}
spec:
  selector: {matchLabels: {app: operator}}
  template:
    metadata: {labels: {app: operator}}
    spec:
      serviceAccountName: operator
      containers: [{name: c, image: 'registry.example/operator:1', ports: [{containerPort: 9443}]}]
---
apiVersion: v1
kind: Service
metadata: {name: operator, namespace: ops}
spec: {selector: {app: operator}, ports: [{port: 443, targetPort: 9443}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: operator}
webhooks:
- {name: v.example.com, clientConfig: {service: {name: operator, namespace: ops}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operator}
subjects:
- {kind: ServiceAccount, name: operator, namespace: ops}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: ops}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: webhook, namespace: ops}
spec: {podSelector: {}, ingress: [{ports: [{port: 9443}]}]}
";

#[test]
fn isolated_pods_also_need_what_nobody_draws() {
    let answer = drawbridge_with(&["suggest", "-"], ISOLATED);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let wanted = "\
{api-server}  =>  ops/operator  TCP/9443  strong
    -:21: ValidatingWebhookConfiguration operator

1 flow suggested

Namespace ops also needs:
  DNS: ops/*  =>  group/cluster-dns  TCP/53, UDP/53  needed
    without it, host names are not resolved; without TCP, long answers fail
    destination: pods with `k8s-app=kube-dns` in namespaces with `kubernetes.io/metadata.name=kube-system`; assumed: the input has no such pods
    -:30: NetworkPolicy ops/deny denies egress
  Kubernetes API server: ops/operator  =>  external/kube-apiserver  TCP/443, TCP/6443  likely
    without it, the pod cannot read or change objects of the cluster
    destination: the API server; addresses not in the input
    it is written by name for Cilium alone; for other dialects give the external its addresses, or allow these ports to any address
    -:28: ClusterRoleBinding operator of the service account operator
    -:30: NetworkPolicy ops/deny denies egress
  webhooks and aggregated APIs: external/kube-apiserver  =>  ops/operator  TCP/9443: allowed by NetworkPolicy ops/webhook
";
    assert_eq!(answer.out, wanted);
    let json = drawbridge_with(&["suggest", "-", "-o", "json"], ISOLATED).json();
    let wanted = serde_json::json!({
        "namespace": "ops",
        "id": "dns",
        "name": "DNS",
        "from": "ops/*",
        "to": "group/cluster-dns",
        "ports": ["TCP/53", "UDP/53"],
        "fromDescription": null,
        "toDescription": "pods with `k8s-app=kube-dns` in namespaces with `kubernetes.io/metadata.name=kube-system`; assumed: the input has no such pods",
        "otherDialects": null,
        "strength": "needed",
        "why": "without it, host names are not resolved; without TCP, long answers fail",
        "source": "https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/",
        "evidence": [{"file": "-", "line": 30, "text": "NetworkPolicy ops/deny denies egress"}],
        "satisfiedBy": [],
    });
    assert_eq!(json["dependencies"][0], wanted);
    let all = json["dependencies"].as_array().expect("it is a list");
    assert_eq!(all.len(), 3);
    assert_eq!(
        all[2]["satisfiedBy"],
        serde_json::json!(["NetworkPolicy ops/webhook"])
    );
    // Nothing is isolated in the shop.
    let json = drawbridge_with(&["suggest", "-", "-o", "json"], SHOP).json();
    assert_eq!(json["dependencies"], serde_json::json!([]));
}

#[test]
fn dependencies_of_a_project_are_judged_under_the_policies_in_force() {
    let project = |dns: bool, flows: &str| {
        format!(
            "format: drawbridge/1\nname: p\nnamespaces:\n- {{name: ops, dns: {dns}}}\nworkloads:\n- {{name: dns, namespace: ops, labels: {{app.kubernetes.io/name: external-dns}}}}\nexternals:\n- {{name: control-plane, entity: kube-apiserver}}\n- {{name: any, networks: [{{cidr: 0.0.0.0/0}}]}}\n{flows}"
        )
    };
    let of = |text: &str| -> Vec<String> {
        let json = drawbridge_with(&["suggest", "-", "-o", "json"], text).json();
        let all = json["dependencies"].as_array().cloned().unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        all.iter()
            .map(|one| {
                let by = one["satisfiedBy"].as_array().map_or(0, Vec::len);
                format!("{} > {} {by}", word(&one["from"]), word(&one["to"]))
            })
            .collect()
    };
    assert_eq!(
        of(&project(false, "")),
        [
            "ops/dns > external/control-plane 0",
            "ops/* > group/cluster-dns 0",
            "ops/dns > external/Internet 0"
        ]
    );
    let flows = "flows:\n- {from: ops/dns, to: external/any, ports: [TCP/443]}\n";
    assert_eq!(
        of(&project(true, flows)),
        [
            "ops/dns > external/control-plane 1",
            "ops/* > group/cluster-dns 1",
            "ops/dns > external/Internet 1"
        ]
    );
}

#[test]
fn recordings_show_flows_as_well() {
    let flows = "assets/examples/online-shop.flows.jsonl";
    let project = example("online-shop").to_string_lossy().into_owned();
    let answer = drawbridge(&["suggest", &project, "--flows", flows]);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let wanted = "\
shop/orders  =>  external/hooks.slack.com  TCP/443   strong
    assets/examples/online-shop.flows.jsonl:39: TCP 443: 2 connections, 2026-11-03 to 2026-11-04, to hooks.slack.com at 192.0.2.77
shop/web     =>  shop/orders               TCP/8080  strong
    assets/examples/online-shop.flows.jsonl:47: TCP 8080: 3 connections, 2026-11-03 to 2026-11-05

2 flows suggested

Recorded connections for which no flow is suggested:
  19 drawn already
  2 DNS, which is a setting of the project
  1 dropped, which does not show that it should be allowed
  2 from the node, which always reaches its own pods
";
    assert!(answer.out.starts_with(wanted), "{}", answer.out);
}

#[test]
fn a_recorded_flow_that_manifests_imply_has_the_evidence_of_both() {
    let rows = "source,destination,protocol,port,count,verdict\nshop/api,shop/cache,TCP,6379,4,forwarded\nshop/web,shop/cache,TCP,6379,1,forwarded\n";
    let folder = folder(&[("shop.yaml", SHOP), ("flows.csv", rows)]);
    let (shop, flows) = (path(&folder, "shop.yaml"), path(&folder, "flows.csv"));
    let answer = drawbridge(&["suggest", &shop, "--flows", &flows, "-o", "json"]);
    let json = answer.json();
    let suggestions = json["suggestions"].as_array().unwrap();
    let of = |from: &str| {
        let found = suggestions
            .iter()
            .find(|s| s["from"] == from && s["to"] == "shop/cache");
        found.unwrap()
    };
    let files = |one: &serde_json::Value| -> Vec<String> {
        let all = one["evidence"].as_array().unwrap().iter();
        let name = |e: &serde_json::Value| {
            e["file"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        };
        all.map(name).collect()
    };
    assert_eq!(files(of("shop/api")), ["shop.yaml", "flows.csv"]);
    let once = of("shop/web");
    assert_eq!(
        (&once["strength"], files(once)),
        (&"medium".into(), vec!["flows.csv".to_owned()])
    );
    assert_eq!(
        once["evidence"][0]["text"],
        "TCP 6379: 1 connection; seen once"
    );
}

/// The flows that the Online Boutique demo documents, by name and port of the destination.
const BOUTIQUE: &[(&str, &[&str])] = &[
    ("default/cartservice", &["default/redis-cart TCP/6379"]),
    (
        "default/checkoutservice",
        &[
            "default/cartservice TCP/7070",
            "default/currencyservice TCP/7000",
            "default/emailservice TCP/8080",
            "default/paymentservice TCP/50051",
            "default/productcatalogservice TCP/3550",
            "default/shippingservice TCP/50051",
        ],
    ),
    (
        "default/frontend",
        &[
            "default/adservice TCP/9555",
            "default/cartservice TCP/7070",
            "default/checkoutservice TCP/5050",
            "default/currencyservice TCP/7000",
            "default/productcatalogservice TCP/3550",
            "default/recommendationservice TCP/8080",
            "default/shippingservice TCP/50051",
        ],
    ),
    ("default/loadgenerator", &["default/frontend TCP/8080"]),
    (
        "default/recommendationservice",
        &["default/productcatalogservice TCP/3550"],
    ),
    ("external/Internet", &["default/frontend TCP/8080"]),
];

#[test]
fn online_boutique_implies_its_documented_flows_and_no_other() {
    let found = suggested(include_str!("online-boutique.yaml"));
    // Without the lines of the evidence.
    let found: Vec<&str> = (found.iter())
        .map(|line| line.rsplit_once(' ').map_or("", |(flow, _)| flow))
        .collect();
    let flows = |(from, all): &(&str, &[&str])| -> Vec<String> {
        let flow = |to: &&str| format!("{from} > {to} strong");
        all.iter().map(flow).collect()
    };
    let wanted: Vec<String> = BOUTIQUE.iter().flat_map(flows).collect();
    assert_eq!(found, wanted);
}

#[test]
fn needs_whose_destination_is_not_in_the_input_are_listed_with_the_reason() {
    let manifests = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  containers:
  - name: c
    env:
    - {name: A, value: 'http://api.other.svc.cluster.local:8080'}
    - {name: B, value: 'http://api.other:8080'}
    - {name: C, value: 'http://payments/v1'}
    - {name: CACHE_ADDR, value: 'cache:6379'}
    - {name: D, value: 'http://localhost:9'}
    - {name: E, value: 'https://api.example.com/v1'}
    - {name: LEVEL, value: 'debug'}
    - {name: IMAGE, value: 'nginx:8080'}
    - {name: F, value: 'redis://empty'}
---
apiVersion: v1
kind: Service
metadata: {name: empty, namespace: shop}
spec: {selector: {app: none}, ports: [{port: 6379}]}
";
    let json = drawbridge_with(&["suggest", "-", "-o", "json"], manifests).json();
    let not_suggested = json["notSuggested"].as_array().expect("a list");
    let rows: Vec<String> = not_suggested
        .iter()
        .map(|one| {
            assert_eq!(one["from"], "shop/web");
            let line = &one["evidence"][0]["line"];
            format!(
                "{} {line} {}",
                one["to"].as_str().unwrap_or_default(),
                one["reason"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            "api.other.svc.cluster.local:8080 8 namespace `other` is not in the input",
            "api.other:8080 9 namespace `other` is not in the input",
            "cache:6379 11 Service `shop/cache` is not in the input",
            "empty:6379 16 Service `shop/empty` selects no known pods",
            "payments:80 10 Service `shop/payments` is not in the input",
        ]
    );
    let text = drawbridge_with(&["suggest", "-"], manifests).out;
    let line = "Needs for which no flow is suggested:\n  shop/web  =>  api.other.svc.cluster.local:8080: namespace `other` is not in the input\n    -:8: env: A=";
    assert!(text.contains(line), "{text}");
}
