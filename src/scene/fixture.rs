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
        End::Workload(self.document.workloads.add(Workload {
            namespace,
            name: name.into(),
            kind: kind.into(),
            labels: [("app".to_string(), name.to_string())].into(),
            selector: None,
            ports: Vec::new(),
            service_account: None,
            host_network: false,
            replicas: None,
            addresses: Vec::new(),
            unknown: Default::default(),
        }))
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
            unknown: Default::default(),
        }))
    }

    pub fn flow(&mut self, from: &End, to: &End, port: u16) -> FlowId {
        self.document.flows.add(Flow {
            from: from.clone(),
            to: to.clone(),
            ports: vec![FlowPort::Range(Protocol::Tcp, port, port)],
            note: String::new(),
            muted: false,
            unknown: Default::default(),
        })
    }
}

/// The shop of the sketches: ten workloads, three namespaces, three externals.
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
