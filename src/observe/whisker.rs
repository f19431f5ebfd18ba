//! Calico's Whisker, as its backend answers: Goldmane's flows without types, Services and counts.

use super::connection::Key;
use super::goldmane::{labelled, named, pods, port, verdict};
use super::record::Protocol;
use super::reference::Reference;
use super::reported::{Report, Unread};
use super::time;
use super::value::{Json, number, text};

/// Reads a flow.
pub fn report(flow: &Json) -> Result<Report, Unread> {
    let policies = flow.get("policies");
    let pending = policies.and_then(|policies| policies.get("pending")?.as_array());
    let last_pending = pending
        .and_then(|hits| hits.last())
        .map(|hit| text(hit, "action"));
    let time = |key| time::parse(text(flow, key)).ok_or(Unread::Malformed);
    let first = time("start_time")?;
    let end = |at| end(flow, at).ok_or(Unread::Other);
    let (source, destination) = (end("source")?, end("dest")?);
    let of_pods = |reference: &Reference, end, labels| {
        let labels = text(flow, labels).split(" | ").map(str::to_owned);
        let is_pods = matches!(reference, Reference::Workload { .. });
        is_pods.then(|| labelled(flow, end, labels.collect()))?
    };
    Ok(Report {
        pods: [
            of_pods(&source, "source", "source_labels"),
            of_pods(&destination, "dest", "dest_labels"),
        ],
        key: Key {
            source,
            destination,
            protocol: Protocol::named(text(flow, "protocol")).ok_or(Unread::Other)?,
            port: port(flow)?,
            icmp: None,
        },
        at_destination: text(flow, "reporter") == "Dst",
        verdict: verdict(text(flow, "action") == "Deny", last_pending == Some("Deny")),
        started: 1,
        live: 0,
        first,
        last: time("end_time")?.max(first),
        service: None,
        is_exact: false,
    })
}

/// How many pages a list has, of which it is one.
pub fn pages(list: &Json) -> u64 {
    list.get("total")
        .map_or(0, |total| number(total, "totalPages"))
}

fn end(flow: &Json, end: &str) -> Option<Reference> {
    let named_there = |words: &str| Some(Reference::Calico(words.to_owned()));
    match (named(flow, end, "namespace"), named(flow, end, "name")) {
        (_, "") => None,
        ("", "PUBLIC NETWORK") => named_there("network/public"),
        ("", "PRIVATE NETWORK") => named_there("network/private"),
        ("", name) => named_there(&format!("calico/{name}")),
        (namespace, name) => Some(pods(namespace, name)),
    }
}
