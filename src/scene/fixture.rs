//! Documents to draw in tests.

use crate::model::*;
use crate::sets::Protocol;

/// Makes Documents by names.
pub(crate) struct Builder {
    pub document: Document,
}

impl Builder {
    pub fn new(name: &str) -> Self {
        let document = Document {
            name: name.into(),
            ..Document::default()
        };
        Self { document }
    }

    pub fn namespace(&mut self, name: &str) -> NamespaceId {
        self.document.namespaces.add(Namespace {
            name: name.into(),
            labels: Default::default(),
            base: None,
            dns: None,
            managed: true,
            unknown: Default::default(),
        })
    }

    pub fn workload(&mut self, namespace: NamespaceId, name: &str, kind: &str) -> End {
        let labels = [("app".to_string(), name.to_string())].into();
        let workload = Workload::new(namespace, kind, name, labels);
        End::Workload(self.document.workloads.add(workload))
    }

    pub fn external(&mut self, name: &str, blocks: &[&str], domains: &[&str]) -> End {
        let network = |b: &&str| Network {
            cidr: b.parse().unwrap(),
            except: Vec::new(),
        };
        End::External(self.document.externals.add(External {
            name: name.into(),
            networks: blocks.iter().map(network).collect(),
            domain_names: domains.iter().map(|d| d.to_string()).collect(),
            entity: None,
            unknown: Default::default(),
        }))
    }

    pub fn flow(&mut self, from: &End, to: &End, port: u16) -> FlowId {
        self.document.flows.add(Flow {
            from: from.clone(),
            to: to.clone(),
            ports: vec![FlowPort::Range(Protocol::Tcp, port, port)],
            http: Vec::new(),
            denies: false,
            approximate: false,
            note: String::new(),
            half: None,
            muted: false,
            observed: None,
            unknown: Default::default(),
        })
    }
}

/// The online shop: ten workloads, three namespaces, three externals.
pub(crate) fn online_shop() -> Document {
    let mut b = Builder::new("online-shop");
    let (shop, payments, data) = (
        b.namespace("shop"),
        b.namespace("payments"),
        b.namespace("data"),
    );
    let web = b.workload(shop, "web", "Deployment");
    let cart = b.workload(shop, "cart", "Deployment");
    let checkout = b.workload(shop, "checkout", "Deployment");
    let catalog = b.workload(shop, "catalog", "Deployment");
    let pay = b.workload(payments, "payments", "Deployment");
    let ledger = b.workload(payments, "ledger", "StatefulSet");
    let reconcile = b.workload(payments, "reconcile", "CronJob");
    let postgres = b.workload(data, "postgres", "StatefulSet");
    let redis = b.workload(data, "redis", "StatefulSet");
    let kafka = b.workload(data, "kafka", "StatefulSet");
    let internet = b.external("Internet", &["0.0.0.0/0", "::/0"], &[]);
    let stripe = b.external("api.stripe.com", &[], &["api.stripe.com"]);
    let office = b.external("Office VPN", &["198.51.100.0/24"], &[]);
    for (from, to, port) in [
        (&internet, &web, 8443),
        (&office, &catalog, 9090),
        (&web, &checkout, 5050),
        (&web, &cart, 7070),
        (&web, &catalog, 3550),
        (&cart, &redis, 6379),
        (&checkout, &pay, 50051),
        (&checkout, &stripe, 443),
        (&pay, &ledger, 5432),
        (&pay, &postgres, 5432),
        (&reconcile, &kafka, 9092),
    ] {
        b.flow(from, to, port);
    }
    b.document
}

/// Sixty workloads in nine namespaces: an ingress controller, three products, data, messaging,
/// monitoring, identity and tools.
pub(crate) fn platform() -> Document {
    let mut b = Builder::new("platform");
    let mut ends = std::collections::BTreeMap::new();
    let spaces: [(&str, &[&str]); 9] = [
        ("ingress", &["nginx", "cert-manager", "external-dns"]),
        (
            "storefront",
            &[
                "web",
                "search",
                "catalog",
                "cart",
                "pricing",
                "reviews",
                "images",
                "recommendations",
            ],
        ),
        (
            "orders",
            &[
                "orders-api",
                "fulfilment",
                "invoices",
                "shipping",
                "returns",
                "notifications",
                "order-worker",
            ],
        ),
        (
            "payments",
            &[
                "payments-api",
                "ledger",
                "fraud",
                "reconcile",
                "payouts",
                "card-vault",
            ],
        ),
        (
            "identity",
            &["login", "accounts", "sessions", "directory-sync", "audit"],
        ),
        (
            "messaging",
            &["kafka", "zookeeper", "schema-registry", "connect", "mirror"],
        ),
        (
            "data",
            &[
                "postgres-orders",
                "postgres-accounts",
                "postgres-catalog",
                "redis",
                "elasticsearch",
                "minio",
                "backup",
                "clickhouse",
            ],
        ),
        (
            "monitoring",
            &[
                "prometheus",
                "alertmanager",
                "grafana",
                "loki",
                "tempo",
                "promtail",
                "node-exporter",
                "kube-state-metrics",
                "blackbox",
            ],
        ),
        (
            "tools",
            &[
                "argo-cd",
                "vault",
                "registry",
                "runner",
                "sonar",
                "docs",
                "status-page",
                "feature-flags",
                "cleanup",
            ],
        ),
    ];
    for (space, names) in spaces {
        let id = b.namespace(space);
        for name in names {
            let kind = match *name {
                n if n.starts_with("postgres") => "StatefulSet",
                "redis" | "kafka" | "zookeeper" | "minio" | "elasticsearch" | "clickhouse"
                | "ledger" => "StatefulSet",
                "promtail" | "node-exporter" => "DaemonSet",
                "backup" | "reconcile" | "cleanup" | "directory-sync" => "CronJob",
                _ => "Deployment",
            };
            ends.insert(*name, b.workload(id, name, kind));
        }
    }
    ends.insert(
        "Internet",
        b.external("Internet", &["0.0.0.0/0", "::/0"], &[]),
    );
    ends.insert("Office", b.external("Office", &["198.51.100.0/24"], &[]));
    ends.insert(
        "card network",
        b.external("card network", &["203.0.113.0/24", "203.0.114.0/24"], &[]),
    );
    ends.insert(
        "mail",
        b.external("smtp.example.com", &[], &["smtp.example.com"]),
    );
    let flows = "Internet>nginx:443 nginx>web:8080 nginx>login:8443 nginx>orders-api:8080 nginx>grafana:3000 nginx>docs:8080 \
        Office>argo-cd:8080 Office>vault:8200 web>search:9200 web>catalog:3550 web>cart:7070 web>recommendations:8081 web>reviews:8082 \
        search>elasticsearch:9200 catalog>pricing:7000 catalog>postgres-catalog:5432 catalog>images:8090 images>minio:9000 cart>redis:6379 \
        recommendations>clickhouse:8123 web>orders-api:8080 orders-api>postgres-orders:5432 orders-api>payments-api:50051 orders-api>fulfilment:8080 \
        fulfilment>shipping:8080 fulfilment>kafka:9092 order-worker>kafka:9092 order-worker>invoices:8080 orders-api>returns:8080 notifications>kafka:9092 notifications>mail:587 \
        invoices>minio:9000 payments-api>ledger:5432 payments-api>fraud:7001 payments-api>card-vault:8443 payments-api>card:443 payouts>ledger:5432 reconcile>ledger:5432 \
        fraud>clickhouse:9000 login>accounts:8080 login>sessions:8080 sessions>redis:6379 accounts>postgres-accounts:5432 directory-sync>accounts:8080 login>audit:9000 audit>kafka:9092 \
        kafka>zookeeper:2181 connect>kafka:9092 connect>schema-registry:8081 mirror>kafka:9092 connect>elasticsearch:9200 connect>clickhouse:8123 backup>minio:9000 backup>postgres-orders:5432 \
        backup>postgres-accounts:5432 prometheus>alertmanager:9093 grafana>prometheus:9090 grafana>loki:3100 grafana>tempo:3200 promtail>loki:3100 prometheus>node-exporter:9100 \
        prometheus>kube-state-metrics:8080 prometheus>blackbox:9115 alertmanager>mail:587 argo-cd>registry:5000 runner>registry:5000 runner>sonar:9000 web>feature-flags:8000 argo-cd>vault:8200";
    for flow in flows.split_whitespace() {
        let (pair, port) = flow.split_once(':').unwrap();
        let (from, to) = pair.split_once('>').unwrap();
        let to = if to == "card" { "card network" } else { to };
        b.flow(
            &ends[from].clone(),
            &ends[to].clone(),
            port.parse().unwrap(),
        );
    }
    b.document
}

/// A project of random flows, most of them within a namespace or to the next ones.
pub(crate) fn random(workloads: usize, namespaces: usize, flows: usize, seed: u64) -> Document {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let mut b = Builder::new("random");
    let spaces: Vec<NamespaceId> = (0..namespaces)
        .map(|n| b.namespace(&format!("team-{n}")))
        .collect();
    let mut ends: Vec<Vec<End>> = vec![Vec::new(); namespaces];
    for w in 0..workloads {
        let space = next(namespaces);
        let kind = [
            "Deployment",
            "Deployment",
            "StatefulSet",
            "CronJob",
            "DaemonSet",
        ][next(5)];
        ends[space].push(b.workload(spaces[space], &format!("service-{w}"), kind));
    }
    let internet = b.external("Internet", &["0.0.0.0/0"], &[]);
    for _ in 0..flows {
        let space = next(namespaces);
        let target = match next(10) {
            0..=6 => space,
            7 | 8 => (space + 1 + next(2)) % namespaces,
            _ => next(namespaces),
        };
        let (from, to) = (next(ends[space].len()), next(ends[target].len()));
        let (Some(from), Some(to)) = (
            ends[space].get(from).cloned(),
            ends[target].get(to).cloned(),
        ) else {
            continue;
        };
        let from = if next(40) == 0 {
            internet.clone()
        } else {
            from
        };
        b.flow(&from, &to, [80, 443, 5432, 8080, 9092][next(5)]);
    }
    b.document
}
