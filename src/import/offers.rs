//! Offered flows: from the ingress controller to the backends of Ingress, Route and Gateway API objects,
//! and from Prometheus to workloads with scrape annotations.

use std::collections::BTreeMap;

use super::Offer;
use crate::analysis::routes::reaches;
use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot, Workload};
use crate::model::validate::flow_ports_text;
use crate::model::words::workload_words;
use crate::model::{
    Base, Document, Edit, End, Flow, FlowPort, Group, Namespace, NamespaceId, Thing,
    is_system_namespace,
};
use crate::sets::{LabelOp, PortSet, Protocol, Requirement, Selector};

/// `document`: what is imported; `project`: what it goes into.
pub(super) fn offers(snapshot: &Snapshot, document: &Document, project: &Document) -> Vec<Offer> {
    let mut offers = Vec::new();
    for kind in ["Ingress", "Route", GATEWAY] {
        offers.extend(ingress(snapshot, kind));
    }
    offers.extend(prometheus(snapshot));
    offers.extend(default_deny(document, project));
    offers
}

/// A default deny, with DNS allowed, in each new namespace that has workloads and none, but not where cluster components
/// run.
fn default_deny(document: &Document, project: &Document) -> Option<Offer> {
    let open = |(id, namespace): (NamespaceId, &Namespace)| {
        let has_workloads = document.workloads.iter().any(|(_, w)| w.namespace == id);
        let open = document.base_of(id) == Base::None && !is_system_namespace(&namespace.name);
        let new = project.namespace_named(&namespace.name).is_none();
        (has_workloads && open && new).then(|| namespace.name.clone())
    };
    let names: Vec<String> = document.namespaces.iter().filter_map(open).collect();
    (!names.is_empty()).then(|| Offer {
        title: "Deny all that is not drawn".to_owned(),
        detail: names.join(", "),
        edit: Edit::DenyByDefault(names),
    })
}

/// Stands for all routes of the Gateway API.
const GATEWAY: &str = "Gateway API";

/// Destinations by their words, with their ports.
type Wanted = BTreeMap<String, Vec<FlowPort>>;

fn ingress(snapshot: &Snapshot, kind: &str) -> Option<Offer> {
    let mut ports: BTreeMap<usize, PortSet> = BTreeMap::new();
    for reach in reaches(snapshot) {
        if snapshot.routes.get(reach.route).is_some_and(|r| {
            r.kind == kind || kind == GATEWAY && !["Ingress", "Route"].contains(&r.kind)
        }) {
            let entry = ports.entry(reach.workload).or_default();
            *entry = entry.union(&reach.wanted);
        }
    }
    let wanted: Wanted = ports
        .into_iter()
        .filter_map(|(at, ports)| {
            Some((
                workload_words(&snapshot.workloads, snapshot.workloads.get(at)?),
                numbers(&ports),
            ))
        })
        .collect();
    // Semantics 6.9.
    let group = match kind {
        "Route" => Group::new(
            "openshift-ingress",
            Selector::label("policy-group.network.openshift.io/ingress", ""),
            Selector::everything(),
        ),
        // What a Gateway is deployed as carries its name (GEP-1762).
        GATEWAY => Group::new(
            "gateways",
            Selector::everything(),
            Selector {
                requirements: vec![Requirement {
                    key: "gateway.networking.k8s.io/gateway-name".to_owned(),
                    op: LabelOp::Exists,
                }],
            },
        ),
        _ => Group::new(
            "ingress-nginx",
            Selector::label(NAMESPACE_NAME_LABEL, "ingress-nginx"),
            Selector::label("app.kubernetes.io/name", "ingress-nginx"),
        ),
    };
    let title = match kind {
        GATEWAY => "Allow Gateways to reach the backends of their routes".to_owned(),
        _ => format!("Allow the ingress controller to reach the backends of {kind} objects"),
    };
    offer(title, group, &wanted)
}

fn prometheus(snapshot: &Snapshot) -> Option<Offer> {
    let mut wanted = Wanted::new();
    for workload in snapshot.workloads.iter() {
        let asks = workload.annotations.get("prometheus.io/scrape");
        if asks.is_none_or(|value| value != "true") {
            continue;
        }
        let annotated = workload.annotations.get("prometheus.io/port");
        let declared = snapshot.pods.get(workload.pods.start).and_then(|pod| {
            let mut ports = pod.ports.iter();
            ports.find(|p| p.protocol == Protocol::Tcp).map(|p| p.port)
        });
        let port = match annotated {
            Some(text) => text.parse().ok().filter(|port| *port > 0),
            None => declared,
        };
        if let Some(port) = port {
            let port = FlowPort::Range(Protocol::Tcp, port, port);
            wanted.insert(workload_words(&snapshot.workloads, workload), vec![port]);
        }
    }
    let is_prometheus = |w: &&Workload| {
        let keys = ["app.kubernetes.io/name", "app"];
        keys.iter()
            .any(|key| w.labels.get(*key).is_some_and(|v| v == "prometheus"))
    };
    let (namespace, key) = match snapshot.workloads.iter().find(is_prometheus) {
        Some(w) if w.labels.contains_key("app.kubernetes.io/name") => {
            (w.namespace.as_str(), "app.kubernetes.io/name")
        }
        Some(w) => (w.namespace.as_str(), "app"),
        None => ("monitoring", "app.kubernetes.io/name"),
    };
    let group = Group::new(
        "prometheus",
        Selector::label(NAMESPACE_NAME_LABEL, namespace),
        Selector::label(key, "prometheus"),
    );
    offer(
        "Allow Prometheus to scrape annotated workloads".to_owned(),
        group,
        &wanted,
    )
}

fn offer(title: String, group: Group, wanted: &Wanted) -> Option<Offer> {
    if wanted.is_empty() {
        return None;
    }
    let lines: Vec<String> = wanted
        .iter()
        .map(|(to, ports)| format!("{to} on {}", flow_ports_text(ports)))
        .collect();
    let from = End::Missing(format!("group/{}", group.name));
    let mut edits = vec![Edit::Add(Thing::Group(group))];
    edits.extend(wanted.iter().map(|(to, ports)| {
        Edit::Add(Thing::Flow(Flow::new(
            from.clone(),
            End::Missing(to.clone()),
            ports.clone(),
        )))
    }));
    Some(Offer {
        edit: Edit::Batch(title.clone(), edits),
        detail: lines.join("; "),
        title,
    })
}

fn numbers(ports: &PortSet) -> Vec<FlowPort> {
    let of = |protocol| {
        ports
            .ranges(protocol)
            .map(move |(a, b)| FlowPort::Range(protocol, a, b))
    };
    Protocol::ALL.into_iter().flat_map(of).collect()
}
