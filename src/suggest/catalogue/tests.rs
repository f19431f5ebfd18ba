mod drawing;
mod identity;

use super::*;
use crate::load::{Settings, load_with_mentions};
use crate::manifest::Source;

/// Denies everything in namespace `s`.
const DENY: &str = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: s}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n";

/// A Deployment of namespace `s` with these labels, pod annotations, and this rest of its pod's `spec`.
fn deployment(name: &str, labels: &str, rest: &str) -> String {
    in_namespace("s", name, labels, rest)
}

fn in_namespace(namespace: &str, name: &str, labels: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{replicas: 3, selector: {{matchLabels: {{w: {name}}}}}, template: {{metadata: {{labels: {{w: {name}, {labels}}}}}, spec: {{{rest}}}}}}}\n"
    )
}

fn web() -> String {
    deployment(
        "web",
        "app: web",
        "containers: [{name: c, image: 'web:1', ports: [{name: http, containerPort: 8080}]}]",
    )
}

/// A policy of namespace `s` for all pods with this egress or ingress rule.
fn allow(name: &str, direction: &str, rule: &str) -> String {
    let types = match direction {
        "egress" => "Egress",
        _ => "Ingress",
    };
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: s}}\nspec: {{podSelector: {{}}, policyTypes: [{types}], {direction}: [{rule}]}}\n"
    )
}

fn found(text: &str) -> Vec<Dependency> {
    let loaded = load_with_mentions(&[Source::new("a.yaml", text)], &Settings::default(), None);
    dependencies(&loaded.snapshot, &loaded.facts)
}

/// `from > to PORTS strength`, or `from > to PORTS by POLICIES`, of the dependencies of an entry.
fn lines(text: &str, id: &str) -> Vec<String> {
    let all = found(text).into_iter().filter(|d| d.entry.id == id);
    all.map(|d| {
        let (from, to, ports) = (d.from.words(), d.to.words(), d.port_words().join(","));
        match d.is_missing() {
            true => format!("{from} > {to} {ports} {}", d.need.name()),
            false => format!("{from} > {to} {ports} by {}", d.satisfied_by.join(",")),
        }
    })
    .collect()
}

fn missing(text: &str, id: &str) -> Vec<String> {
    lines(&(text.to_owned() + DENY), id)
}

#[test]
fn nothing_is_needed_where_nothing_is_isolated() {
    assert_eq!(found(&web()), []);
    // Egress is open: DNS needs no rule.
    let ingress = allow("deny-ingress", "ingress", "{from: [{podSelector: {}}]}");
    assert_eq!(lines(&(web() + &ingress), "dns"), Vec::<String>::new());
}

#[test]
fn dns_is_needed_and_allowed_in_each_form() {
    assert_eq!(
        missing(&web(), "dns"),
        ["s/* > group/cluster-dns TCP/53,UDP/53 needed"]
    );
    let to = |peer: &str, ports: &str| {
        let rule = format!("{{to: [{peer}], ports: [{ports}]}}");
        lines(&(web() + DENY + &allow("dns", "egress", &rule)), "dns")
    };
    let satisfied = ["s/* > group/cluster-dns TCP/53,UDP/53 by NetworkPolicy s/dns"];
    let both = "{protocol: UDP, port: 53}, {protocol: TCP, port: 53}";
    let system = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}";
    for peer in [
        &*format!("{{{system}}}"),
        &format!("{{{system}, podSelector: {{matchLabels: {{k8s-app: kube-dns}}}}}}"),
        "{namespaceSelector: {}}",
        // Where the DNS pods are not in the input, these may be them.
        "{namespaceSelector: {}, podSelector: {matchLabels: {app.kubernetes.io/name: coredns}}}",
        "{namespaceSelector: {matchLabels: {name: kube-system}}}",
        "{ipBlock: {cidr: 10.96.0.10/32}}",
    ] {
        assert_eq!(to(peer, both), satisfied, "{peer}");
    }
    // What cannot be them: other programs, and pods of namespaces that are known.
    let missing = ["s/* > group/cluster-dns TCP/53,UDP/53 needed"];
    for peer in [
        "{podSelector: {matchLabels: {k8s-app: kube-dns}}}",
        "{podSelector: {matchLabels: {app: cache}}}",
        "{namespaceSelector: {}, podSelector: {matchLabels: {app: cache}}}",
        "{namespaceSelector: {}, podSelector: {matchLabels: {tier: x}}}",
        "{ipBlock: {cidr: 198.51.100.0/24}}",
        "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}",
    ] {
        assert_eq!(to(peer, both), missing, "{peer}");
    }
    // OpenShift's resolvers listen on 5353.
    let openshift = "{protocol: UDP, port: 5353}, {protocol: TCP, port: 5353}";
    let own = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-dns}}}";
    assert_eq!(to(own, openshift), satisfied);
    let half = to(&format!("{{{system}}}"), "{protocol: UDP, port: 53}");
    assert_eq!(half, ["s/* > group/cluster-dns TCP/53,UDP/53 needed"]);
    // Pods of the application are not DNS pods.
    assert_eq!(
        to("{podSelector: {matchLabels: {app: web}}}", both)[0]
            .split(' ')
            .next_back(),
        Some("needed")
    );
}

#[test]
fn dns_of_the_input_is_what_counts() {
    let dns = in_namespace(
        "kube-system",
        "coredns",
        "k8s-app: kube-dns",
        "containers: [{name: c}]",
    );
    let cache = "---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: n, namespace: kube-system}, spec: {selector: {matchLabels: {k8s-app: node-local-dns}}, template: {metadata: {labels: {k8s-app: node-local-dns}}, spec: {hostNetwork: true, containers: [{name: c}]}}}}\n";
    let text = web() + &dns;
    assert_eq!(
        missing(&text, "dns"),
        ["s/* > kube-system/coredns TCP/53,UDP/53 needed"]
    );
    assert_eq!(
        missing(&(text.clone() + cache), "dns"),
        [
            "s/* > external/node-local-dns TCP/53,UDP/53 needed",
            "s/* > kube-system/coredns TCP/53,UDP/53 needed"
        ]
    );
    // The DNS pods are known, so addresses do not mean them.
    let block =
        "{to: [{ipBlock: {cidr: 10.96.0.10/32}}], ports: [{protocol: UDP, port: 53}, {port: 53}]}";
    let by_address = lines(&(text + DENY + &allow("dns", "egress", block)), "dns");
    assert_eq!(
        by_address,
        ["s/* > kube-system/coredns TCP/53,UDP/53 needed"]
    );
    let own = deployment(
        "own",
        "app: own",
        "dnsPolicy: Default, containers: [{name: c}]",
    );
    assert_eq!(missing(&own, "dns"), Vec::<String>::new());
}

#[test]
fn routes_of_openshift_show_its_dns() {
    let route = "---\n{apiVersion: route.openshift.io/v1, kind: Route, metadata: {name: r, namespace: s}, spec: {to: {kind: Service, name: web}}}\n";
    assert_eq!(
        missing(&(web() + SERVICE + route), "dns"),
        ["s/* > group/cluster-dns TCP/5353,UDP/5353 needed"]
    );
}

#[test]
fn the_isolated_other_end_needs_its_half() {
    let closed = |namespace: &str| DENY.replace("namespace: s", &format!("namespace: {namespace}"));
    let dns = in_namespace(
        "kube-system",
        "coredns",
        "k8s-app: kube-dns",
        "containers: [{name: c}]",
    );
    let text = web() + &dns + &closed("kube-system");
    let wanted = ["s/* > kube-system/coredns TCP/53,UDP/53 needed"];
    assert_eq!(lines(&text, "dns"), wanted);
    let all = found(&text);
    let of_dns = all.iter().find(|d| d.entry.id == "dns").unwrap();
    assert_eq!(of_dns.namespace, "kube-system");
    assert!(
        of_dns
            .evidence
            .iter()
            .any(|e| e.text.contains("denies ingress")),
        "{of_dns:?}"
    );
    let open = allow(
        "dns",
        "ingress",
        "{ports: [{protocol: UDP, port: 53}, {port: 53}]}",
    );
    let open = open.replace("namespace: s", "namespace: kube-system");
    assert_eq!(
        lines(&(text + &open), "dns"),
        ["s/* > kube-system/coredns TCP/53,UDP/53 by NetworkPolicy kube-system/dns"]
    );
    let nginx = in_namespace(
        "edge",
        "nginx",
        "app.kubernetes.io/name: ingress-nginx",
        "containers: [{name: c}]",
    );
    let ingress = "---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: s}, spec: {ingressClassName: nginx, defaultBackend: {service: {name: web, port: {number: 443}}}}}\n";
    assert_eq!(
        lines(
            &(web() + SERVICE + &nginx + ingress + &closed("edge")),
            "ingress-controller"
        ),
        ["edge/nginx > s/web TCP/8080 needed"]
    );
}

#[test]
fn prometheus_needs_what_it_scrapes_on_nodes() {
    let text = deployment("p", "app: prometheus", "containers: [{name: c}]");
    assert_eq!(
        missing(&text, "node-metrics"),
        [
            "s/p > external/nodes TCP/9100,TCP/10250 likely",
            "s/p > external/own-node TCP/9100,TCP/10250 likely"
        ]
    );
}

#[test]
fn the_api_server_is_needed_by_roles_and_known_programs() {
    let wanted = |need: &str| {
        vec![format!(
            "s/a > external/kube-apiserver TCP/443,TCP/6443 {need}"
        )]
    };
    let of = |labels: &str, rest: &str| deployment("a", labels, rest);
    let bound = "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: s}, roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: a}]}\n";
    let account = of("x: y", "serviceAccountName: a, containers: [{name: c}]");
    assert_eq!(
        missing(&(account.clone() + bound), "api-server"),
        wanted("likely")
    );
    assert_eq!(missing(&account, "api-server"), Vec::<String>::new());
    let image = "containers: [{name: c, image: 'quay.io/jetstack/cert-manager-controller:v1.15'}]";
    assert_eq!(missing(&of("x: y", image), "api-server"), wanted("needed"));
    let plain = "containers: [{name: c, image: x}]";
    let label = of("app.kubernetes.io/name: external-dns", plain);
    assert_eq!(missing(&label, "api-server"), wanted("needed"));
    // Not from names alone, and not from a part of an image's name.
    let gateway = of(
        "x: y",
        "containers: [{name: c, image: 'quay.io/acme/gateway:1'}]",
    );
    assert_eq!(missing(&gateway, "api-server"), Vec::<String>::new());
    let gateway = of(
        "x: y",
        "containers: [{name: c, image: 'envoyproxy/gateway:v1@sha256:0'}]",
    );
    assert_eq!(missing(&gateway, "api-server"), wanted("needed"));
    let named = deployment("external-dns", "x: y", plain);
    assert_eq!(missing(&named, "api-server"), Vec::<String>::new());
    let to = |rule: &str| {
        lines(
            &(label.clone() + DENY + &allow("api", "egress", rule)),
            "api-server",
        )
    };
    let satisfied = ["s/a > external/kube-apiserver TCP/443,TCP/6443 by NetworkPolicy s/api"];
    for rule in [
        "{ports: [{port: 6443}]}",
        "{to: [{ipBlock: {cidr: 203.0.113.7/32}}], ports: [{port: 6443}]}",
        "{to: [{ipBlock: {cidr: 10.96.0.1/32}}], ports: [{port: 443}]}",
        "{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}",
        "{}",
    ] {
        assert_eq!(to(rule), satisfied, "{rule}");
    }
    for rule in [
        "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: 443}]}",
        "{to: [{ipBlock: {cidr: 203.0.113.7/32}}], ports: [{port: 5432}]}",
        "{to: [{ipBlock: {cidr: 192.168.5.5/32}}], ports: [{port: 443}]}",
        "{to: [{podSelector: {}}]}",
    ] {
        assert_eq!(to(rule), wanted("needed"), "{rule}");
    }
}

#[test]
fn endpoints_of_the_api_server_are_its_addresses_and_ports() {
    let service = "---\n{apiVersion: v1, kind: Service, metadata: {name: kubernetes, namespace: default}, spec: {ports: [{name: https, port: 443, targetPort: 6443}]}}\n---\n{apiVersion: v1, kind: Endpoints, metadata: {name: kubernetes, namespace: default}, subsets: [{addresses: [{ip: 192.0.2.5}], ports: [{name: https, port: 6443}]}]}\n";
    let text = deployment("a", "k8s-app: external-dns", "containers: [{name: c}]") + service;
    assert_eq!(
        missing(&text, "api-server"),
        ["s/a > external/kube-apiserver TCP/6443 needed"]
    );
    let to = |cidr: &str| {
        let rule = format!("{{to: [{{ipBlock: {{cidr: {cidr}}}}}], ports: [{{port: 6443}}]}}");
        lines(
            &(text.clone() + DENY + &allow("api", "egress", &rule)),
            "api-server",
        )
    };
    assert_eq!(
        to("192.0.2.5/32"),
        ["s/a > external/kube-apiserver TCP/6443 by NetworkPolicy s/api"]
    );
    assert_eq!(
        to("192.0.2.6/32"),
        ["s/a > external/kube-apiserver TCP/6443 needed"]
    );
}

const SERVICE: &str = "---\n{apiVersion: v1, kind: Service, metadata: {name: web, namespace: s}, spec: {selector: {app: web}, ports: [{port: 443, targetPort: http}]}}\n";

#[test]
fn the_api_server_calls_webhooks_conversions_and_aggregated_apis() {
    for object in [
        "{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: m}, webhooks: [{name: w, clientConfig: {service: {name: web, namespace: s}}}]}",
        "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: c}, spec: {conversion: {webhook: {clientConfig: {service: {name: web, namespace: s, port: 443}}}}}}",
        "{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: a}, spec: {service: {name: web, namespace: s}}}",
    ] {
        let text = format!("{}{SERVICE}---\n{object}\n", web());
        let wanted = ["external/kube-apiserver > s/web TCP/8080 needed"];
        assert_eq!(missing(&text, "webhook"), wanted, "{object}");
        let open = allow("hook", "ingress", "{ports: [{port: 8080}]}");
        assert_eq!(
            missing(&(text.clone() + &open), "webhook"),
            ["external/kube-apiserver > s/web TCP/8080 by NetworkPolicy s/hook"]
        );
        // The Service's own port is not that of the pods.
        let wrong = allow("hook", "ingress", "{ports: [{port: 443}]}");
        assert_eq!(missing(&(text + &wrong), "webhook"), wanted);
    }
    assert_eq!(missing(&(web() + SERVICE), "webhook"), Vec::<String>::new());
}

#[test]
fn metrics_are_scraped_by_prometheus_of_the_input_or_an_assumed_one() {
    let monitor = "---\n{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: m, namespace: s}, spec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: http}]}}\n";
    let text = web() + monitor;
    assert_eq!(
        missing(&text, "metrics"),
        ["group/prometheus > s/web TCP/8080 likely"]
    );
    let elsewhere = "{from: [{namespaceSelector: {matchLabels: {team: observability}}}], ports: [{port: 8080}]}";
    assert_eq!(
        missing(
            &(text.clone() + &allow("scrape", "ingress", elsewhere)),
            "metrics"
        ),
        ["group/prometheus > s/web TCP/8080 by NetworkPolicy s/scrape"]
    );
    let prometheus = in_namespace("m", "p", "app: prometheus", "containers: [{name: c}]");
    let text = text + &prometheus;
    assert_eq!(missing(&text, "metrics"), ["m/p > s/web TCP/8080 likely"]);
    assert_eq!(
        missing(&(text + &allow("scrape", "ingress", elsewhere)), "metrics"),
        ["m/p > s/web TCP/8080 likely"]
    );
}

#[test]
fn sidecars_of_istio_have_the_metrics_of_their_pods() {
    let mesh = |labels: &str, more: &str| {
        let pod = web().replace(
            "labels: {w: web, app: web}",
            &format!("labels: {{w: web, app: web}}, annotations: {{prometheus.io/scrape: 'true', prometheus.io/port: '8080'{more}}}"),
        );
        let namespace = format!(
            "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: s, labels: {{{labels}}}}}}}\n"
        );
        missing(&(namespace + &pod), "metrics")
    };
    let on = |port: u16| vec![format!("group/prometheus > s/web TCP/{port} likely")];
    assert_eq!(mesh("istio-injection: enabled", ""), on(15020));
    let apart = ", prometheus.istio.io/merge-metrics: 'false'";
    assert_eq!(mesh("istio-injection: enabled", apart), on(8080));
    assert_eq!(mesh("a: b", ""), on(8080));
}

#[test]
fn a_pod_needs_nothing_to_scrape_itself() {
    let monitor = "---\n{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: m, namespace: s}, spec: {selector: {matchLabels: {app: prometheus}}, podMetricsEndpoints: [{port: web}]}}\n";
    let containers = "containers: [{name: c, ports: [{name: web, containerPort: 9090}]}]";
    let text = deployment("p", "app: prometheus", containers) + monitor;
    let one = text.replace("replicas: 3", "replicas: 1");
    assert_eq!(missing(&one, "metrics"), Vec::<String>::new());
    // Another replica is another pod.
    assert_eq!(missing(&text, "metrics"), ["s/p > s/p TCP/9090 likely"]);
}

#[test]
fn routes_need_their_ingress_controller() {
    let ingress = |class: &str| {
        format!(
            "{}{SERVICE}---\n{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: i, namespace: s}}, spec: {{ingressClassName: {class}, defaultBackend: {{service: {{name: web, port: {{number: 443}}}}}}}}}}\n",
            web()
        )
    };
    for (class, from) in [
        ("nginx", "group/ingress-nginx"),
        ("traefik", "group/traefik"),
        ("cilium", "external/ingress"),
    ] {
        let wanted = format!("{from} > s/web TCP/8080 needed");
        assert_eq!(missing(&ingress(class), "ingress-controller"), [wanted]);
    }
    assert_eq!(
        missing(&ingress("unheard-of"), "ingress-controller"),
        Vec::<String>::new()
    );
    let from = "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}]}";
    assert_eq!(
        missing(
            &(ingress("nginx") + &allow("edge", "ingress", from)),
            "ingress-controller"
        ),
        ["group/ingress-nginx > s/web TCP/8080 by NetworkPolicy s/edge"]
    );
}

#[test]
fn http_solvers_are_needed_where_an_issuer_uses_them() {
    let certificate = "---\n{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: c, namespace: s}, spec: {issuerRef: {name: le, kind: ClusterIssuer}}}\n";
    let issuer = |solver: &str| {
        format!(
            "---\n{{apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: {{name: le}}, spec: {{acme: {{solvers: [{{{solver}: {{}}}}]}}}}}}\n"
        )
    };
    let text = web() + certificate;
    let wanted = ["group/ingress-nginx > group/http01-solvers TCP/8089 needed"];
    assert_eq!(
        missing(&(text.clone() + &issuer("http01")), "http01-solver"),
        wanted
    );
    assert_eq!(
        missing(&(text.clone() + &issuer("dns01")), "http01-solver"),
        Vec::<String>::new()
    );
    assert_eq!(missing(&text, "http01-solver"), Vec::<String>::new());
    let open = allow("acme", "ingress", "{ports: [{port: 8089}]}");
    assert_eq!(
        missing(&(text + &issuer("http01") + &open), "http01-solver"),
        ["group/ingress-nginx > group/http01-solvers TCP/8089 by NetworkPolicy s/acme"]
    );
}

#[test]
fn meshes_need_their_control_planes() {
    let namespace = |metadata: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: s, {metadata}}}}}\n{}",
            web()
        )
    };
    let istio = namespace("labels: {istio-injection: enabled}");
    assert_eq!(
        missing(&istio, "istio-control-plane"),
        ["s/* > group/istiod TCP/15012 needed"]
    );
    let out = "labels: {istio-injection: enabled}";
    let out = namespace(out).replace("app: web}", "app: web, sidecar.istio.io/inject: 'false'}");
    assert_eq!(missing(&out, "istio-control-plane"), Vec::<String>::new());
    let to = "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: istio-system}}}], ports: [{port: 15012}]}";
    assert_eq!(
        missing(
            &(istio + &allow("mesh", "egress", to)),
            "istio-control-plane"
        ),
        ["s/* > group/istiod TCP/15012 by NetworkPolicy s/mesh"]
    );
    let ambient = namespace("labels: {istio.io/dataplane-mode: ambient}");
    assert_eq!(
        missing(&ambient, "istio-ambient"),
        [
            "group/ambient-mesh > s/* TCP/15008 needed",
            "s/* > group/ambient-mesh TCP/15008 needed"
        ]
    );
    assert_eq!(
        missing(&ambient, "istio-control-plane"),
        Vec::<String>::new()
    );
    let linkerd = namespace("annotations: {linkerd.io/inject: enabled}");
    assert_eq!(
        missing(&linkerd, "linkerd-control-plane"),
        [
            "s/* > group/linkerd-destination TCP/8086,TCP/8090 needed",
            "s/* > group/linkerd-identity TCP/8080 needed"
        ]
    );
    assert_eq!(
        missing(&linkerd, "linkerd-inbound"),
        [
            "group/linkerd-mesh > s/* TCP/4143 needed",
            "s/* > group/linkerd-mesh TCP/4143 needed"
        ]
    );
    for id in [
        "istio-control-plane",
        "istio-ambient",
        "linkerd-control-plane",
        "linkerd-inbound",
    ] {
        assert_eq!(missing(&web(), id), Vec::<String>::new());
    }
}

#[test]
fn ends_that_are_not_in_the_input_are_described() {
    let text = deployment("a", "k8s-app: external-dns", "containers: [{name: c}]") + DENY;
    let all = found(&text);
    let of = |id: &str| all.iter().find(|d| d.entry.id == id).unwrap();
    let dns = of("dns").about[1].clone().unwrap();
    assert!(
        dns.contains("k8s-app") && dns.contains("kube-system"),
        "{dns}"
    );
    assert!(dns.contains("assumed"), "{dns}");
    let api = of("api-server");
    assert_eq!(
        api.about[1].as_deref(),
        Some("the API server; addresses not in the input")
    );
    assert!(api.other_dialects.is_some() && of("dns").other_dialects.is_none());
}

#[test]
fn issuers_are_told_apart_by_kind_and_namespace() {
    let issuer = |kind: &str, namespace: &str| {
        format!(
            "---\n{{apiVersion: cert-manager.io/v1, kind: {kind}, metadata: {{name: le, namespace: {namespace}}}, spec: {{acme: {{solvers: [{{http01: {{}}}}]}}}}}}\n"
        )
    };
    let gateway = |key: &str| {
        format!(
            "{}---\n{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: g, namespace: s, annotations: {{cert-manager.io/{key}: le}}}}, spec: {{gatewayClassName: x, listeners: []}}}}\n",
            web()
        )
    };
    let count = |key: &str, issuer: &str| missing(&(gateway(key) + issuer), "http01-solver").len();
    assert_eq!(count("issuer", &issuer("Issuer", "s")), 1);
    assert_eq!(count("issuer", &issuer("Issuer", "other")), 0);
    assert_eq!(count("issuer", &issuer("ClusterIssuer", "s")), 0);
    assert_eq!(count("cluster-issuer", &issuer("ClusterIssuer", "s")), 1);
}

#[test]
fn a_prometheus_object_shows_the_namespace_of_what_scrapes() {
    let objects = "---\n{apiVersion: monitoring.coreos.com/v1, kind: PodMonitor, metadata: {name: m, namespace: s}, spec: {selector: {matchLabels: {app: web}}, podMetricsEndpoints: [{port: http}]}}\n---\n{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: k, namespace: mon}, spec: {}}\n";
    let all = found(&(web() + objects + DENY));
    let metrics = all.iter().find(|d| d.entry.id == "metrics").unwrap();
    let from = metrics.about[0].clone().unwrap();
    assert!(
        from.contains("mon") && !from.contains("monitoring"),
        "{from}"
    );
}

#[test]
fn replicas_use_the_ports_that_their_pods_declare() {
    let search = deployment(
        "e",
        "x: y",
        "containers: [{name: c, image: 'elasticsearch:8', ports: [{name: http, containerPort: 9200}, {name: transport, containerPort: 9400}]}]",
    );
    assert_eq!(missing(&search, "replicas"), ["s/e > s/e TCP/9400 likely"]);
    let alerts = deployment("a", "app: alertmanager", "containers: [{name: c}]");
    assert_eq!(
        missing(&alerts, "replicas"),
        ["s/a > s/a TCP/9094,UDP/9094 likely"]
    );
}

#[test]
fn known_programs_need_nodes_replicas_parts_and_the_internet() {
    let metrics = deployment("m", "k8s-app: metrics-server", "containers: [{name: c}]");
    assert_eq!(
        missing(&metrics, "kubelet"),
        [
            "s/m > external/nodes TCP/10250 needed",
            "s/m > external/own-node TCP/10250 needed"
        ]
    );
    let node = "---\n{apiVersion: v1, kind: Node, metadata: {name: n}, status: {addresses: [{type: InternalIP, address: 192.0.2.9}]}}\n";
    let open = allow(
        "nodes",
        "egress",
        "{to: [{ipBlock: {cidr: 192.0.2.0/24}}], ports: [{port: 10250}]}",
    );
    assert_eq!(
        missing(&(metrics + node + &open), "kubelet"),
        ["s/m > external/nodes TCP/10250 by NetworkPolicy s/nodes"]
    );
    let mq = deployment(
        "mq",
        "x: y",
        "containers: [{name: c, image: 'rabbitmq:3-management'}]",
    );
    assert_eq!(
        missing(&mq, "replicas"),
        ["s/mq > s/mq TCP/4369,TCP/25672 likely"]
    );
    let single = mq.replace("replicas: 3", "replicas: 1");
    assert_eq!(missing(&single, "replicas"), Vec::<String>::new());
    let own = "{podSelector: {matchLabels: {w: mq}}}";
    let both = allow("out", "egress", &format!("{{to: [{own}]}}"))
        + &allow("in", "ingress", &format!("{{from: [{own}]}}"));
    assert_eq!(
        missing(&(mq.clone() + &both), "replicas"),
        ["s/mq > s/mq TCP/4369,TCP/25672 by NetworkPolicy s/in,NetworkPolicy s/out"]
    );
    let half = allow("out", "egress", &format!("{{to: [{own}]}}"));
    assert_eq!(
        missing(&(mq + &half), "replicas"),
        ["s/mq > s/mq TCP/4369,TCP/25672 likely"]
    );
    let part = |name: &str, label: &str| {
        deployment(
            name,
            &format!("app.kubernetes.io/name: {label}"),
            "containers: [{name: c}]",
        )
    };
    let argo = part("server", "argocd-server") + &part("repo", "argocd-repo-server");
    assert_eq!(
        missing(&argo, "other-components"),
        ["s/server > s/repo TCP/8081 needed"]
    );
    assert_eq!(
        missing(&argo, "internet"),
        ["s/repo > external/Internet TCP/22,TCP/443 likely"]
    );
}

#[test]
fn a_well_written_namespace_misses_nothing() {
    let text = web()
        + SERVICE
        + "---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: s}, spec: {defaultBackend: {service: {name: web, port: {number: 443}}}}}\n"
        + DENY
        + &allow(
            "dns",
            "egress",
            "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{protocol: UDP, port: 53}, {port: 53}]}",
        )
        + &allow(
            "edge",
            "ingress",
            "{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}], ports: [{port: http}]}",
        );
    let all = found(&text);
    let missing: Vec<_> = all.iter().filter(|d| d.is_missing()).collect();
    assert_eq!(missing, Vec::<&Dependency>::new());
    assert_eq!(all.len(), 2);
}
