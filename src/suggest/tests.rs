use super::*;
use crate::load::{Settings, load_with_mentions};
use crate::manifest::Source;

/// `web` in namespace `s`, configured by `spec`, beside Services of `s` and `data`.
fn manifests(spec: &str) -> String {
    let backend = |namespace: &str, name: &str, service: &str, ports: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: {namespace}, labels: {{app: {name}}}}}, spec: {{containers: [{{name: c, ports: [{ports}]}}]}}}}
---\n{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: {namespace}}}, spec: {{selector: {{app: {name}}}, {service}}}}}\n"
        )
    };
    [
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: s, labels: {{app: web}}}}, spec: {spec}}}\n"),
        backend("s", "api", "clusterIP: 10.96.0.1, ports: [{port: 80, targetPort: 8080}]", "{containerPort: 8080}"),
        backend("s", "two", "ports: [{name: a, port: 1}, {name: b, port: 2, protocol: UDP}]", ""),
        backend("data", "db", "ports: [{port: 5432, targetPort: pg}]", "{name: pg, containerPort: 6432}"),
        backend("data", "k", "clusterIP: None, ports: [{port: 9092}]", "{containerPort: 9092}, {containerPort: 9093}"),
        backend("s", "web", "ports: [{port: 80}]", ""),
        "---\n{apiVersion: v1, kind: Service, metadata: {name: out, namespace: s}, spec: {type: ExternalName, externalName: db.example.com}}\n".to_owned(),
        "---\n{apiVersion: v1, kind: Service, metadata: {name: inside, namespace: s}, spec: {type: ExternalName, externalName: db.data.svc.cluster.local}}\n".to_owned(),
        "---\n{apiVersion: v1, kind: Service, metadata: {name: loop, namespace: s}, spec: {type: ExternalName, externalName: loop.s.svc.cluster.local}}\n".to_owned(),
    ]
    .concat()
    .replacen("---\n{apiVersion: v1, kind: Pod, metadata: {name: web", "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: web", 1)
}

fn of(text: &str) -> Vec<String> {
    let loaded = load_with_mentions(&[Source::new("a.yaml", text)], &Settings::default(), None);
    let all = suggest(&loaded.snapshot, &loaded.mentions);
    let line = |s: &Suggestion| {
        let ports = s.ports.join(",");
        format!("{} > {} {ports} {}", s.from, s.to, s.strength.name())
    };
    all.iter().map(line).collect()
}

/// What one variable implies.
fn variable(name: &str, value: &str) -> String {
    let spec = format!("{{containers: [{{name: c, env: [{{name: {name}, value: '{value}'}}]}}]}}");
    of(&manifests(&spec)).join("; ")
}

#[test]
fn a_variable_leads_to_the_ports_of_pods() {
    for (name, value, wanted) in [
        ("API_HOST", "api", "s/web > s/api TCP/8080 medium"),
        ("API", "api", ""),
        ("SERVICE_VARIANT", "api", ""),
        ("APP_NAME", "api", ""),
        ("API", "api:80", "s/web > s/api TCP/8080 strong"),
        ("API", "api:8080", "s/web > s/api TCP/8080 weak"),
        ("API", "api:7", ""),
        ("API", "http://api", "s/web > s/api TCP/8080 strong"),
        ("API", "https://api", "s/web > s/api TCP/8080 weak"),
        ("API", "10.96.0.1:80", "s/web > s/api TCP/8080 strong"),
        ("API", "api.s", "s/web > s/api TCP/8080 medium"),
        ("API", "api.data", ""),
        ("API", "the api of web", ""),
        ("NOTE", "two, api", ""),
        ("NOTE", "web, api and two", ""),
        ("API_HOSTS", "api,gone", "s/web > s/api TCP/8080 medium"),
        ("DB", "db", ""),
        ("DB", "db:5432", ""),
        (
            "DB",
            "postgres://db.data/x",
            "s/web > data/db TCP/6432 strong",
        ),
        (
            "DB",
            "db.data.svc.cluster.local:5432",
            "s/web > data/db TCP/6432 strong",
        ),
        ("TWO_HOST", "two", "s/web > s/two TCP/1,UDP/2 weak"),
        ("TWO", "two:2", "s/web > s/two UDP/2 strong"),
        ("K", "k.data:9093", "s/web > data/k TCP/9093 strong"),
        ("K", "k-0.k.data.svc:9092", ""),
        ("K", "k.k.data.svc:9092", "s/web > data/k TCP/9092 strong"),
        ("SELF", "http://web", ""),
        (
            "OUT",
            "out:5432",
            "s/web > external/db.example.com TCP/5432 strong",
        ),
        (
            "URL",
            "https://api.stripe.com",
            "s/web > external/api.stripe.com TCP/443 strong",
        ),
        (
            "MAIL_HOST",
            "mail.example.com",
            "s/web > external/mail.example.com any weak",
        ),
        ("DOMAIN", "shop.example.com", ""),
        (
            "EMAIL_BACKEND",
            "django.core.mail.backends.smtp.EmailBackend",
            "",
        ),
        ("SETTINGS_SERVER", "cms.envs.tutor.production", ""),
        (
            "IP",
            "203.0.113.7:22",
            "s/web > external/203.0.113.7 TCP/22 strong",
        ),
        ("K", "http://k.data", "s/web > data/k TCP/80 weak"),
        ("IN", "inside:5432", "s/web > data/db TCP/6432 strong"),
        ("LOOP", "loop:5432", ""),
        ("NO_PROXY", "api.s.svc,db.data.svc:5432,example.com", ""),
        ("ALLOWED_HOSTS", "api.s.svc,shop.example.com", ""),
        ("GF_SERVER_ROOT_URL", "https://shop.example.com", ""),
        ("OAUTH_REDIRECT_URL", "https://shop.example.com", ""),
        ("CORS_ORIGINS", "https://shop.example.com", ""),
        ("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://api:80", ""),
        ("HOST", "shop.example.com", ""),
        ("HOST", "api", ""),
        ("HOST", "api:80", "s/web > s/api TCP/8080 strong"),
        ("HOSTNAME", "api", ""),
        ("BIND", "api:80", ""),
        ("API_IMAGE", "api:80", ""),
        ("VIRTUAL_HOST", "shop.example.com", ""),
        (
            "REDIS",
            "api,password=x,ssl=False",
            "s/web > s/api TCP/8080 weak",
        ),
        ("URL", "http://localhost:80", ""),
        ("URL", "http://127.0.0.1:80", ""),
        ("URL", "http://gone.data.svc:80", ""),
    ] {
        assert_eq!(variable(name, value), wanted, "{name}={value}");
    }
}

#[test]
fn variables_are_replaced_in_values_and_arguments() {
    let spec = "{containers: [{name: c, args: ['--to=$(WHERE)', '$$(WHERE)'], env: [{name: H, value: api}, {name: WHERE, value: 'http://$(H):80'}]}]}";
    let found = of(&manifests(spec));
    assert_eq!(found, ["s/web > s/api TCP/8080 strong"]);
}

#[test]
fn of_two_sources_of_variables_the_last_counts() {
    let spec = "{containers: [{name: c, envFrom: [{configMapRef: {name: a}}, {configMapRef: {name: b}}]}]}";
    let map = |name: &str, value: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: s}}, data: {{URL: '{value}'}}}}\n"
        )
    };
    let text = manifests(spec) + &map("a", "http://api") + &map("b", "two:1");
    assert_eq!(of(&text), ["s/web > s/two TCP/1 strong"]);
}

#[test]
fn files_are_read_where_they_are_mounted() {
    let spec = "{containers: [{name: c}], volumes: [{name: v, configMap: {name: m, items: [{key: a.yaml, path: a}]}}]}";
    let map = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: s}\ndata:\n  b.yaml: 'url: http://two:1'\n  a.yaml: |\n    mode: two\n    # http://two:1\n    db:\n      host: db.data\n      port: 5432\n    docs: see https://example.com/x\n";
    let text = manifests(spec) + map;
    assert_eq!(of(&text), ["s/web > data/db TCP/6432 strong"]);
    let loaded = load_with_mentions(&[Source::new("a.yaml", &*text)], &Settings::default(), None);
    let found = suggest(&loaded.snapshot, &loaded.mentions);
    let lines: Vec<&str> = text.lines().collect();
    let line = |e: &Evidence| lines[e.line as usize - 1].trim();
    let found: Vec<&str> = found[0].evidence.iter().map(line).collect();
    assert_eq!(found, ["host: db.data", "port: 5432"]);
}

#[test]
fn commands_name_services_with_their_ports() {
    for (command, wanted) in [
        (
            "[sh, -c, 'wget -qO- api:80; do x']",
            "s/web > s/api TCP/8080 medium",
        ),
        (
            "[sh, -c, 'until nc -z api 80; do sleep 1; done']",
            "s/web > s/api TCP/8080 medium",
        ),
        ("[sh, -c, 'nc -z api 81']", ""),
        ("[sh, -c, 'echo api']", ""),
        (
            "[sh, -c, 'pg_dump -h api']",
            "s/web > s/api TCP/8080 medium",
        ),
        (
            "[sh, -c, 'pg_isready -h db.data -p 5432']",
            "s/web > data/db TCP/6432 medium",
        ),
        (
            "[sh, -c, 'psql -h two.s.svc.cluster.local -p 1']",
            "s/web > s/two TCP/1 strong",
        ),
        (
            "[psql, -h, two.s.svc.cluster.local, -p, '1']",
            "s/web > s/two TCP/1 strong",
        ),
        ("[psql, -h, two, -p, '1']", "s/web > s/two TCP/1 strong"),
        ("[nc, -z, api, '80']", "s/web > s/api TCP/8080 medium"),
        ("[nc, -z, api, '81']", ""),
        ("[pg_isready, -h, api]", "s/web > s/api TCP/8080 medium"),
        ("[sh, -c, 'nc -z web 80']", ""),
    ] {
        let spec = format!("{{containers: [{{name: c, command: {command}}}]}}");
        assert_eq!(of(&manifests(&spec)).join("; "), wanted, "{command}");
    }
}

#[test]
fn files_of_any_format_name_services_with_their_ports() {
    let spec = "{containers: [{name: c}], volumes: [{name: v, configMap: {name: m}}]}";
    let found = |file: &str, text: &str| {
        let map = format!(
            "---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m, namespace: s}}, data: {{{file}: {text:?}}}}}\n"
        );
        of(&(manifests(spec) + &map)).join("; ")
    };
    let api = "s/web > s/api TCP/8080 medium";
    for (file, text, wanted) in [
        (
            "haproxy.cfg",
            "backend b\n  server R0 api:80 check inter 1s\n",
            api,
        ),
        ("haproxy.cfg", "backend b\n  server R0 api:81 check\n", ""),
        ("haproxy.cfg", "backend api\n  server api\n", ""),
        (
            "Caddyfile",
            "x.example.org {\n    reverse_proxy api:80\n}\n",
            api,
        ),
        ("redis.conf", "replicaof api 80\n", api),
        ("redis.conf", "# replicaof api 80\n", ""),
        ("sentinel.conf", "sentinel monitor mymaster api 80 2\n", api),
        (
            "l.conf",
            "output { elasticsearch { hosts => [\"api:80\"] } }\n",
            api,
        ),
        (
            "fluent-bit.conf",
            "[OUTPUT]\n    Name es\n    Host api\n    Port 80\n[OUTPUT]\n    Host two\n    Port 2\n",
            "s/web > s/api TCP/8080 strong; s/web > s/two UDP/2 strong",
        ),
        (
            "envoy.yaml",
            "e: {socket_address: {address: api, port_value: 80}}\n",
            "s/web > s/api TCP/8080 strong",
        ),
        (
            "settings.py",
            "DATABASES = {\n    \"HOST\": \"two\",\n    \"PORT\": \"1\",\n}\n",
            "s/web > s/two TCP/1 strong",
        ),
        (
            "out.conf",
            "<match **>\n  @type elasticsearch\n  host api\n  port 80\n</match>\n",
            "s/web > s/api TCP/8080 strong",
        ),
        (
            "haproxy.cfg",
            "backend b\n  server R0 db.data.svc.cluster.local:5432 check\n",
            "s/web > data/db TCP/6432 strong",
        ),
    ] {
        assert_eq!(found(file, text), wanted, "{file} {text}");
    }
}

#[test]
fn services_without_known_pods_are_named() {
    let text = "apiVersion: v1
kind: Service
metadata: {name: db, namespace: s}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: s}
spec: {containers: [{name: c, env: [{name: A, value: 'db:5432'}, {name: DB_HOST, value: db}, {name: NOTE, value: db}]}]}
";
    let of = |text: &str| {
        let loaded = load_with_mentions(&[Source::new("a.yaml", text)], &Settings::default(), None);
        assert!(suggest(&loaded.snapshot, &loaded.mentions).is_empty());
        unknown(&loaded.snapshot, &loaded.mentions)
    };
    let all = of(text);
    let texts: Vec<&str> = (all.iter().flat_map(|one| &one.evidence))
        .map(|evidence| evidence.text.as_str())
        .collect();
    assert_eq!(texts, ["env: DB_HOST=db", "env: A=db:5432"]);
    let reason = "Service `s/db` selects no known pods";
    assert!(
        all.iter()
            .all(|one| one.from == "s/web" && one.reason == reason),
        "{all:?}"
    );
    let known = text.replace(
        "name: web, namespace: s",
        "name: web, namespace: s, labels: {app: db}",
    );
    assert_eq!(of(&known), []);
}

#[test]
fn prometheus_scrapes_and_its_alertmanager_does_not() {
    let pod = |name: &str, component: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: m, labels: {{app: prometheus, component: {component}}}}}, spec: {{containers: [{{name: c}}]}}}}\n"
        )
    };
    let monitor = "---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: db, namespace: data}\nspec: {selector: {matchLabels: {app: db}}, podMetricsEndpoints: [{port: pg}]}\n";
    let text = manifests("{containers: [{name: c}]}")
        + &pod("p", "server")
        + &pod("a", "alertmanager")
        + monitor;
    assert_eq!(of(&text), ["m/p > data/db TCP/6432 strong"]);
}

#[test]
fn prometheus_connects_to_probers_and_static_targets() {
    let prometheus = "---\n{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: m, labels: {app: prometheus}}, spec: {containers: [{name: c}]}}\n";
    for object in [
        "{apiVersion: monitoring.coreos.com/v1, kind: Probe, metadata: {name: a, namespace: m}, spec: {prober: {url: 'api.s.svc:80'}}}",
        "{apiVersion: monitoring.coreos.com/v1alpha1, kind: ScrapeConfig, metadata: {name: a, namespace: m}, spec: {staticConfigs: [{targets: ['api.s.svc:80', 'example.com:1']}]}}",
    ] {
        let text =
            manifests("{containers: [{name: c}]}") + prometheus + &format!("---\n{object}\n");
        assert_eq!(of(&text), ["m/p > s/api TCP/8080 strong"], "{object}");
    }
}

#[test]
fn pieces_for_one_flow_are_united() {
    let spec = "{containers: [{name: c, env: [{name: A_HOST, value: two}, {name: B, value: 'two:1'}, {name: C, value: 'two:1'}]}]}";
    let text = manifests(spec);
    assert_eq!(of(&text), ["s/web > s/two TCP/1 strong"]);
    let loaded = load_with_mentions(&[Source::new("a.yaml", &*text)], &Settings::default(), None);
    let found = suggest(&loaded.snapshot, &loaded.mentions);
    let texts: Vec<&str> = found[0].evidence.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(texts, ["env: A_HOST=two", "env: B=two:1", "env: C=two:1"]);
}

#[test]
fn who_connects_to_a_load_balancer_depends_on_its_ranges_and_annotations() {
    let balancer = |metadata: &str, spec: &str| {
        let text = manifests("{containers: [{name: c}]}")
            + &format!(
                "---\n{{apiVersion: v1, kind: Service, metadata: {{name: lb, namespace: s, {metadata}}}, spec: {{type: LoadBalancer, selector: {{app: api}}, ports: [{{port: 80, targetPort: 8080}}], {spec}}}}}\n"
            );
        let loaded =
            load_with_mentions(&[Source::new("a.yaml", &*text)], &Settings::default(), None);
        let all = suggest(&loaded.snapshot, &loaded.mentions);
        let of = |s: &Suggestion| format!("{} {}", s.from, s.strength.name());
        (
            all.iter().map(of).collect::<Vec<_>>().join("; "),
            all[0].evidence[0].text.clone(),
        )
    };
    let (from, text) = balancer("", "");
    assert_eq!(from, "external/Internet strong");
    assert!(text.contains("may see addresses of nodes"), "{text}");
    let (_, text) = balancer("", "externalTrafficPolicy: Local");
    assert_eq!(text, "Service s/lb: LoadBalancer");
    let (from, _) = balancer("", "loadBalancerSourceRanges: [10.20.0.0/16, 10.30.0.0/16]");
    assert_eq!(
        from,
        "external/10.20.0.0/16 strong; external/10.30.0.0/16 strong"
    );
    let (from, _) = balancer("", "loadBalancerSourceRanges: [0.0.0.0/0]");
    assert_eq!(from, "external/Internet strong");
    for annotation in [
        "service.beta.kubernetes.io/aws-load-balancer-scheme: internal",
        "networking.gke.io/load-balancer-type: Internal",
        "service.beta.kubernetes.io/azure-load-balancer-internal: 'true'",
    ] {
        let (from, _) = balancer(&format!("annotations: {{{annotation}}}"), "");
        assert_eq!(from, "external/private-networks weak", "{annotation}");
    }
}

#[test]
fn an_unknown_ingress_controller_is_named_as_such() {
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, namespace: s}\nspec: {defaultBackend: {service: {name: api, port: {number: 80}}}}\n";
    let route = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: r, namespace: s}\nspec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: two, port: 1}]}]}\n";
    let text = manifests("{containers: [{name: c}]}") + ingress + route;
    assert_eq!(
        of(&text),
        [
            "{ingress-controller} > s/api TCP/8080 strong",
            "{ingress-controller} > s/two TCP/1 strong"
        ]
    );
}

#[test]
fn pods_of_an_owner_count_as_it() {
    let pod = |name: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: s, ownerReferences: [{{kind: ReplicaSet, name: front, controller: true}}]}}, spec: {{containers: [{{name: c, env: [{{name: A, value: 'api:80'}}]}}]}}}}\n"
        )
    };
    let text = manifests("{containers: [{name: c}]}") + &pod("front-1") + &pod("front-2");
    assert_eq!(of(&text), ["s/front > s/api TCP/8080 strong"]);
}

proptest::proptest! {
    #[test]
    fn no_configuration_panics(value in "[a-z0-9:/@.,;= $()-]{0,40}", key in "[A-Z_]{1,8}") {
        variable(&key, &value);
        let map = format!("---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: m, namespace: s}}, data: {{a.conf: '{value}'}}}}\n");
        let spec = "{containers: [{name: c}], volumes: [{name: v, configMap: {name: m}}]}";
        of(&(manifests(spec) + &map));
    }
}
