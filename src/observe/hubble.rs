//! Hubble's Flow, as `hubble observe`, the exporter and Retina write it.

use std::net::IpAddr;

use super::drops;
use super::owner::{Owner, lifted};
use super::record::{Counted, End, Names, Packet, Protocol, Side, Verdict};
use super::time::{self, Time};
use super::value::{Json, number, port, text, texts};

/// A Flow.
pub enum Flow {
    /// A record of one packet.
    Packet(Packet),
    /// Counters, or a record that lacks a port or an address.
    Counted(Counted),
    /// None of a connection, by reason.
    Ignored(String),
    /// None that a recorder writes.
    Malformed,
}

/// The answer of a DNS server.
pub struct DnsAnswer {
    /// Namespace and name of the pod that asked.
    pub pod: (String, String),
    /// What it asked for.
    pub name: String,
    /// What it was told.
    pub addresses: Vec<IpAddr>,
    /// When.
    pub time: Time,
}

/// When it was recorded; the envelope has the time as well.
pub fn time_of(flow: &Json, envelope: &Json) -> Option<Time> {
    time::parse(text(flow, "time")).or_else(|| time::parse(text(envelope, "time")))
}

/// Whether it has a time, even one that is none.
pub fn has_time(flow: &Json, envelope: &Json) -> bool {
    [flow, envelope]
        .iter()
        .any(|value| !text(value, "time").is_empty())
}

/// Reads a Flow of this time.
pub fn flow(flow: &Json, time: Time) -> Flow {
    let layers = flow.get("l4").map(Json::fields).unwrap_or_default();
    let has_ports = |layer: &Json| {
        let mut keys = ["source_port", "destination_port"].into_iter();
        keys.all(|key| port(layer, key).is_ok())
    };
    match layers.iter().all(|(_, layer)| has_ports(layer)) {
        true => read(flow, time).unwrap_or_else(Flow::Ignored),
        false => Flow::Malformed,
    }
}

fn ignored<T>(reason: &str) -> Result<T, String> {
    Err(reason.to_owned())
}

fn read(flow: &Json, time: Time) -> Result<Flow, String> {
    let event = flow
        .get("event_type")
        .map_or(0, |event| number(event, "type"));
    let is_layer_seven = text(flow, "Type") == "L7" || event == 129 || flow.get("l7").is_some();
    let word = text(flow, "verdict");
    let is_socket = text(flow, "Type") == "SOCK" || matches!(event, 2 | 3 | 7);
    if is_socket || matches!(word, "TRACED" | "TRANSLATED") {
        return ignored("socket-or-debug");
    }
    let verdict = match word {
        "FORWARDED" | "REDIRECTED" => Verdict::Forwarded,
        "AUDIT" => Verdict::Audited,
        _ if is_layer_seven => Verdict::Forwarded,
        "DROPPED" => match other_drop(flow) {
            Some(reason) => return Err(reason),
            None => Verdict::Dropped,
        },
        "ERROR" => return ignored("verdict-error"),
        "" => return ignored("no-verdict"),
        _ => return ignored("verdict-unknown"),
    };
    let (protocol, layer) = protocol(flow)?;
    let icmp = matches!(protocol, Protocol::Icmp | Protocol::Icmp6)
        .then(|| u8::try_from(number(layer, "type")).unwrap_or(u8::MAX));
    if let Some(kind) = icmp {
        is_request(protocol, kind)?;
    }
    let is_reply = flow.get("is_reply").and_then(Json::as_bool);
    let is_old_reply = flow.get("reply").and_then(Json::as_bool) == Some(true);
    let claim = match is_reply {
        Some(true) => Side::Answer,
        None if is_old_reply => Side::Answer,
        Some(false) => Side::Request,
        None => match flow.get("l7").map(|l7| text(l7, "type")) {
            Some("REQUEST") => Side::Request,
            Some("RESPONSE") => Side::Answer,
            _ => Side::Unknown,
        },
    };
    let is_undirected = word == "FORWARDED" && claim == Side::Unknown;
    if is_undirected && is_from_point(flow, event) {
        return ignored("undirected");
    }
    let address = |key| {
        flow.get("IP")
            .and_then(|ip| text(ip, key).parse::<IpAddr>().ok())
    };
    let source = address("source").map(|a| a.to_canonical());
    let destination = address("destination").map(|a| a.to_canonical());
    if [source, destination].into_iter().flatten().any(is_local)
        || source.is_some() && source == destination
    {
        return ignored("local-address");
    }
    let port = |key| port(layer, key).ok().flatten().unwrap_or(0);
    let has = |key| icmp.is_some() || layer.get(key).is_some();
    if let (Some(from), Some(to), None) = (source, destination, flow.get("aggregate"))
        && has("source_port")
    {
        let kind = icmp.map(u16::from);
        let (from, to) = match kind {
            Some(kind) => ((from, kind), (to, kind)),
            None => ((from, port("source_port")), (to, port("destination_port"))),
        };
        let (is_syn, strong) = by_flags(layer);
        return Ok(Flow::Packet(Packet {
            time,
            protocol,
            source: from,
            destination: to,
            verdict,
            is_syn,
            strong,
            claim,
            local: by_local_end(flow, protocol, from.1, to.1),
            is_layer_seven,
            is_undirected,
        }));
    }
    if claim == Side::Answer {
        return ignored("answer");
    }
    let port = (icmp.is_none() && has("destination_port")).then(|| port("destination_port"));
    Ok(Flow::Counted(Counted {
        time,
        protocol,
        source,
        destination,
        port,
        icmp,
        verdict,
        events: counters(flow),
        is_undirected,
    }))
}

fn counters(flow: &Json) -> [u64; 3] {
    if let Some(all) = flow.get("aggregate") {
        return [
            "egress_flow_count",
            "ingress_flow_count",
            "unknown_direction_flow_count",
        ]
        .map(|key| number(all, key));
    }
    match text(flow, "traffic_direction") {
        "EGRESS" => [1, 0, 0],
        "INGRESS" => [0, 1, 0],
        _ => [0, 0, 1],
    }
}

/// Why a packet was dropped, where that was no policy.
fn other_drop(flow: &Json) -> Option<String> {
    let name = text(flow, "drop_reason_desc");
    // A value that the writer's own version did not know yet is a number (2.2).
    let reason = ["drop_reason_desc", "drop_reason"].map(|key| number(flow, key));
    match reason.into_iter().find(|reason| *reason > 0).unwrap_or(0) {
        _ if !matches!(name, "" | "DROP_REASON_UNKNOWN") => {
            let by_policy = matches!(name, "POLICY_DENIED" | "POLICY_DENY" | "AUTH_REQUIRED");
            (!by_policy).then(|| format!("drop:{name}"))
        }
        // Masked, or the numbers of the same.
        0 if name.is_empty() => None,
        133 | 181 | 189 => None,
        0 => Some(format!("drop:{name}")),
        number => Some(match drops::name(number) {
            Some(name) => format!("drop:{name}"),
            None => format!("drop:{number}"),
        }),
    }
}

fn protocol<'a>(flow: &'a Json) -> Result<(Protocol, &'a Json<'a>), String> {
    let layers = flow.get("l4").map(Json::fields).unwrap_or_default();
    let mut layers = layers.iter().filter(|(_, layer)| !layer.is_null());
    let Some((name, layer)) = layers.next() else {
        return ignored("no-l4");
    };
    match Protocol::named(name) {
        Some(protocol) => Ok((protocol, layer)),
        None => ignored("other-protocol"),
    }
}

/// Only echo requests, and what is rarer, are connections of their own.
fn is_request(protocol: Protocol, kind: u8) -> Result<(), String> {
    match (protocol, kind) {
        (Protocol::Icmp, 0 | 14 | 16 | 18) | (Protocol::Icmp6, 129) => ignored("icmp-answer"),
        (Protocol::Icmp, 3 | 4 | 5 | 9 | 10 | 11 | 12)
        | (Protocol::Icmp6, 1..=4 | 130..=137 | 143) => ignored("icmp-error"),
        _ => Ok(()),
    }
}

/// Whether it was seen where packets come from, where connection tracking was not asked yet.
fn is_from_point(flow: &Json, event: u64) -> bool {
    let kind = flow
        .get("event_type")
        .map_or(0, |event| number(event, "sub_type"));
    text(flow, "trace_observation_point").starts_with("FROM_")
        || event == 4 && (5..=10).contains(&kind)
}

/// Addresses that are no matter of policies. Link-local IPv4 addresses stay: metadata and NodeLocal DNS are real.
fn is_local(address: IpAddr) -> bool {
    let narrow = match address {
        IpAddr::V4(v4) => v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    narrow || address.is_multicast() || address.is_loopback() || address.is_unspecified()
}

fn by_flags(layer: &Json) -> (bool, Side) {
    let flag = |name: &str| {
        let flags = layer.get("flags");
        flags.and_then(|flags| flags.get(name)?.as_bool()) == Some(true)
    };
    match (flag("SYN"), flag("ACK"), text(layer, "chunk_type")) {
        (true, false, _) => (true, Side::Request),
        (true, true, _) | (_, _, "INIT_ACK") => (false, Side::Answer),
        (_, _, "INIT") => (false, Side::Request),
        _ => (false, Side::Unknown),
    }
}

/// The end on the recording node opened the connection if its direction there is egress. Of UDP, an answer that came too late
/// for connection tracking looks like a request.
fn by_local_end(flow: &Json, protocol: Protocol, source: u16, destination: u16) -> Side {
    let has_id = |key: &str| flow.get(key).is_some_and(|end| number(end, "ID") != 0);
    let from_local = match (has_id("source"), has_id("destination")) {
        (true, false) => true,
        (false, true) => false,
        _ => return Side::Unknown,
    };
    let is_request = match text(flow, "traffic_direction") {
        "EGRESS" => from_local,
        "INGRESS" => !from_local,
        _ => return Side::Unknown,
    };
    let is_late = protocol == Protocol::Udp && source < 1024 && destination >= 32_768;
    match is_request && !is_late {
        true => Side::Request,
        false => Side::Answer,
    }
}

/// The names that it has beside its ends.
pub fn names(flow: &Json) -> Names {
    let service = flow
        .get("destination_service")
        .map(|s| (text(s, "namespace"), text(s, "name")));
    let policies = |keys: [&str; 2]| {
        let all = keys
            .iter()
            .filter_map(|key| flow.get(key)?.as_array())
            .flatten();
        let mut names: Vec<String> = all
            .map(|one| match (text(one, "namespace"), text(one, "name")) {
                ("", name) => name.to_owned(),
                (namespace, name) => format!("{namespace}/{name}"),
            })
            .collect();
        names.sort();
        names
    };
    Names {
        of_source: texts(flow, "source_names"),
        of_destination: texts(flow, "destination_names"),
        service: service
            .filter(|(_, name)| !name.is_empty())
            .map(|(namespace, name)| (namespace.to_owned(), name.to_owned())),
        allowed: policies(["egress_allowed_by", "ingress_allowed_by"]),
        denied: policies(["egress_denied_by", "ingress_denied_by"]),
    }
}

/// An end.
pub fn end(value: Option<&Json>) -> End {
    let Some(value) = value else {
        return End::default();
    };
    let pod = text(value, "pod_name").to_owned();
    let mut labels = texts(value, "labels");
    labels.sort();
    End {
        namespace: text(value, "namespace").to_owned(),
        workload: if pod.is_empty() {
            workload(value)
        } else {
            None
        },
        pod,
        labels,
        identity: number(value, "identity"),
    }
}

fn workload(end: &Json) -> Option<Owner> {
    let first = end.get("workloads")?.as_array()?.first()?;
    let (name, kind) = (text(first, "name"), text(first, "kind"));
    (!name.is_empty()).then(|| lifted(name, Some(kind).filter(|k| !k.is_empty())))
}

/// Namespace and name of the pod that an end is, and its owner, if it names one.
pub fn owner(end: &Json) -> Option<((String, String), Owner)> {
    let (namespace, pod) = (text(end, "namespace"), text(end, "pod_name"));
    if namespace.is_empty() || pod.is_empty() {
        return None;
    }
    Some(((namespace.to_owned(), pod.to_owned()), workload(end)?))
}

/// The DNS answer that it is, if a pod got addresses.
pub fn dns_answer(flow: &Json, time: Time) -> Option<DnsAnswer> {
    let l7 = flow.get("l7").filter(|l7| text(l7, "type") == "RESPONSE")?;
    let dns = l7.get("dns").filter(|dns| number(dns, "rcode") == 0)?;
    let to = end(flow.get("destination"));
    let name = text(dns, "query")
        .trim_end_matches('.')
        .to_ascii_lowercase();
    let texts = texts(dns, "ips");
    let addresses = texts.iter().filter_map(|ip| ip.parse::<IpAddr>().ok());
    let addresses: Vec<_> = addresses.map(|a| a.to_canonical()).collect();
    (to.is_pod() && !name.is_empty()).then_some(DnsAnswer {
        pod: (to.namespace, to.pod),
        name,
        addresses,
        time,
    })
}
