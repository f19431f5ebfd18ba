//! Calico's Goldmane, as its emitter and its stream client write it: Go's JSON of the generated structs.

use super::connection::Key;
use super::owner::of_generate_name;
use super::record::{CALICO, End, Protocol, Verdict};
use super::reference::Reference;
use super::reported::{Report, Unread};
use super::time::{SECOND, Time};
use super::value::{self, Json, number, text, texts};

/// Reads a flow with its `Key`.
pub fn report(flow: &Json) -> Result<Report, Unread> {
    let key = flow.get("Key").ok_or(Unread::Other)?;
    let protocol = Protocol::named(text(key, "proto")).ok_or(Unread::Other)?;
    let port = port(key)?;
    let service = || match (
        text(key, "dest_service_namespace"),
        text(key, "dest_service_name"),
    ) {
        (_, "" | "-") => None,
        (namespace, name) => Some(format!(
            "{namespace}/{name}:{}",
            number(key, "dest_service_port")
        )),
    };
    let pending = key
        .get("policies")
        .and_then(|policies| policies.get("pending_policies")?.as_array());
    let last_pending = pending
        .and_then(|hits| hits.last())
        .map(|hit| number(hit, "action"));
    let time = |key| {
        let time = Time::try_from(number(flow, key)).ok();
        time.and_then(|time| time.checked_mul(SECOND))
            .ok_or(Unread::Malformed)
    };
    let first = time("start_time")?;
    let of_pods = |end, labels| {
        let is_pods = number(key, &format!("{end}_type")) == 1;
        is_pods.then(|| labelled(key, end, texts(flow, labels)))?
    };
    Ok(Report {
        key: Key {
            source: end(key, "source").ok_or(Unread::Other)?,
            destination: end(key, "dest").ok_or(Unread::Other)?,
            protocol,
            port,
            icmp: None,
        },
        at_destination: number(key, "reporter") == 2,
        verdict: verdict(number(key, "action") == 2, last_pending == Some(2)),
        started: number(flow, "num_connections_started"),
        live: number(flow, "num_connections_live"),
        first,
        last: time("end_time")?.max(first),
        service: service(),
        pods: [
            of_pods("source", "source_labels"),
            of_pods("dest", "dest_labels"),
        ],
        is_exact: true,
    })
}

/// The verdict of a flow that is denied now, or once pending policies are applied.
pub fn verdict(is_denied: bool, would_be_denied: bool) -> Verdict {
    match (is_denied, would_be_denied) {
        (true, _) => Verdict::Dropped,
        (false, true) => Verdict::Audited,
        (false, false) => Verdict::Forwarded,
    }
}

/// The destination's port; 0 is none.
pub fn port(key: &Json) -> Result<Option<u16>, Unread> {
    let port = value::port(key, "dest_port").map_err(|_| Unread::Malformed)?;
    Ok(port.filter(|port| *port > 0))
}

/// The pods that a name stands for: all of a `generateName`, or one.
pub fn pods(namespace: &str, name: &str) -> Reference {
    let owner = name
        .strip_suffix('*')
        .map(|name| of_generate_name(name.trim_end_matches('-')));
    match owner {
        Some((name, kind)) => Reference::workload(namespace, &name, kind.as_deref()),
        None => Reference::workload(namespace, name, Some("Pod")),
    }
}

/// Pods with these labels; none if no label is recorded.
pub fn labelled(key: &Json, end: &str, labels: Vec<String>) -> Option<End> {
    let labels = labels.into_iter();
    let mut labels: Vec<String> = labels
        .filter(|label| label.contains('='))
        .map(|label| format!("{CALICO}{label}"))
        .collect();
    labels.sort();
    (!labels.is_empty()).then(|| End {
        namespace: named(key, end, "namespace").to_owned(),
        pod: named(key, end, "name").to_owned(),
        labels,
        ..End::default()
    })
}

/// `-` is nothing.
pub fn named<'a>(value: &'a Json, end: &str, what: &str) -> &'a str {
    match text(value, &format!("{end}_{what}")) {
        "-" => "",
        name => name,
    }
}

fn end(key: &Json, end: &str) -> Option<Reference> {
    let (namespace, name) = (named(key, end, "namespace"), named(key, end, "name"));
    Some(match number(key, &format!("{end}_type")) {
        1 if !namespace.is_empty() => pods(namespace, name),
        2 => Reference::Calico(format!("node/{name}")),
        3 if namespace.is_empty() => Reference::Calico(format!("networkset/{name}")),
        3 => Reference::Calico(format!("networkset/{namespace}/{name}")),
        4 if name == "pvt" => Reference::Calico("network/private".to_owned()),
        4 => Reference::Calico("network/public".to_owned()),
        _ => return None,
    })
}
