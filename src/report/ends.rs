//! Endpoints and ports of connections, as every answer writes them.

use std::fmt::Write as _;
use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Value, json};

use crate::analysis::Party;
use crate::cluster::{Snapshot, Workload};
use crate::sets::{IpSet, PortSet, Protocol};

/// `namespace/name[Kind]`.
pub(super) fn display(workload: &Workload) -> String {
    format!(
        "{}/{}[{}]",
        workload.namespace, workload.name, workload.kind
    )
}

/// A workload as a PEER of the JSON answers.
pub(super) fn workload_json(workload: &Workload) -> String {
    compact(&peer_json(workload))
}

pub(super) fn peer_json(workload: &Workload) -> Value {
    json!({
        "type": "workload",
        "namespace": workload.namespace,
        "name": workload.name,
        "kind": workload.kind,
    })
}

/// One end as text.
pub(super) fn party(snapshot: &Snapshot, end: Party) -> String {
    match end {
        Party::Workload(at) => snapshot.workloads.get(at).map_or(String::new(), display),
        Party::Addresses { first, last } => {
            let mut text = String::new();
            range_text(&mut text, first, last);
            text
        }
        Party::IngressController => CONTROLLER.into(),
    }
}

/// One end as a PEER of the JSON answers.
pub(super) fn party_json(snapshot: &Snapshot, end: Party) -> Value {
    match end {
        Party::Workload(at) => snapshot.workloads.get(at).map_or(Value::Null, peer_json),
        Party::Addresses { first, last } => json!({"type": "ip", "range": [first, last]}),
        Party::IngressController => json!({"type": "ingress-controller"}),
    }
}

/// How the ingress controller is written.
pub(super) const CONTROLLER: &str = "{ingress-controller}";

/// A range as one network if it is one.
pub(super) fn range_text(out: &mut String, first: IpAddr, last: IpAddr) {
    let _ = match IpSet::range(first, last).cidrs().as_slice() {
        [one] => write!(out, "{one}"),
        _ => write!(out, "{first}-{last}"),
    };
}

/// A range as a PEER of the JSON answers.
pub(super) fn range_json(out: &mut String, first: IpAddr, last: IpAddr) {
    let _ = write!(
        out,
        "{{\"type\":\"ip\",\"range\":[\"{first}\",\"{last}\"]}}"
    );
}

/// A port set as `{"all", "TCP": [[first, last]], "UDP", "SCTP"}`; `all` includes other protocols. Types of
/// ICMP are under `ICMP` and `ICMPv6`, where there are only some.
pub(super) fn conn(ports: &PortSet) -> serde_json::Value {
    let ranges = |protocol| ports.ranges(protocol).collect::<Vec<_>>();
    let mut value = json!({
        "all": ports.is_all(),
        "TCP": ranges(Protocol::Tcp),
        "UDP": ranges(Protocol::Udp),
        "SCTP": ranges(Protocol::Sctp),
    });
    for protocol in ports.numbered().iter().filter(|p| p.has_types()) {
        let types = ranges(*protocol);
        if !types.is_empty() {
            value[protocol.name()] = json!(types);
        }
    }
    value
}

/// JSON on one line.
pub(super) fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
