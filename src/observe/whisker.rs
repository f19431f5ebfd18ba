//! Calico's Whisker, as its backend answers: Goldmane's flows without types, Services and counts.

use super::connection::Key;
use super::goldmane::{named, pods, port, verdict};
use super::record::Protocol;
use super::reference::Reference;
use super::reported::Report;
use super::time;
use super::value::{Json, number, text};

/// Reads a flow; none if it names no protocol or end that is known.
pub fn report(flow: &Json) -> Option<Report> {
    let policies = flow.get("policies");
    let pending = policies.and_then(|policies| policies.get("pending")?.as_array());
    let last_pending = pending
        .and_then(|hits| hits.last())
        .map(|hit| text(hit, "action"));
    let first = time::parse(text(flow, "start_time"))?;
    Some(Report {
        key: Key {
            source: end(flow, "source")?,
            destination: end(flow, "dest")?,
            protocol: Protocol::named(text(flow, "protocol"))?,
            port: port(flow),
            icmp: None,
        },
        at_destination: text(flow, "reporter") == "Dst",
        verdict: verdict(text(flow, "action") == "Deny", last_pending == Some("Deny")),
        started: 1,
        live: 0,
        first,
        last: time::parse(text(flow, "end_time"))?.max(first),
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
