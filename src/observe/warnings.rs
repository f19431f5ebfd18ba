//! What recorded traffic cannot show: the limits of its files.

use std::collections::BTreeSet;

use super::connection::Sums;
use super::reader::Observed;
use super::time::SECOND;
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;

/// So many names are listed.
const MOST_NAMES: usize = 5;
const HOUR: i64 = 3600 * SECOND;

/// The limits of a recording, beside the nodes of a cluster if they are known.
pub fn warnings(observed: &Observed, snapshot: Option<&Snapshot>) -> Vec<Diagnostic> {
    let found = [
        window(observed),
        lost(observed),
        nodes(observed, snapshot),
        missing(observed, "no-l4", "l4", "protocol and ports"),
        missing(observed, "no-verdict", "verdict", "a verdict"),
        verdicts(observed),
        directions(observed),
        estimates(observed),
        policies(observed, snapshot),
    ];
    found.into_iter().flatten().collect()
}

fn limit(message: impl Into<String>, help: &str) -> Option<Diagnostic> {
    Some(Diagnostic::info("flows", message).help(help))
}

fn window(observed: &Observed) -> Option<Diagnostic> {
    let (first, last) = (observed.capture.first()?, observed.capture.last()?);
    let length = last.saturating_sub(first);
    let words = match (length / HOUR, length / (60 * SECOND)) {
        (24.., _) => return None,
        (0, 0) => "less than a minute".to_owned(),
        (0, 1) => "1 minute".to_owned(),
        (0, minutes) => format!("{minutes} minutes"),
        (1, _) => "1 hour".to_owned(),
        (hours, _) => format!("{hours} hours"),
    };
    let help = "record at least a day, and a month's end if jobs run then";
    limit(
        format!("the recording covers {words}: nightly jobs may be missing"),
        help,
    )
}

fn lost(observed: &Observed) -> Option<Diagnostic> {
    let lost = observed.capture.lost;
    let records: u64 = observed.capture.sources.iter().map(|s| s.records).sum();
    if !observed.capture.is_lossy() {
        return None;
    }
    let message =
        format!("{lost} events were lost beside {records} records: what was never seen may exist");
    limit(
        message,
        "read the exporter's files of each node instead of `hubble observe`",
    )
}

/// At least half of all records lack a field: a mask left it out.
fn missing(observed: &Observed, reason: &str, field: &str, what: &str) -> Option<Diagnostic> {
    let count = observed.capture.ignored.get(reason).copied()?;
    let records: u64 = observed.capture.sources.iter().map(|s| s.records).sum();
    let is_much = count > 0 && count >= records;
    let of = if count == 1 { "record" } else { "records" };
    let verb = if count == 1 { "has" } else { "have" };
    let message = format!(
        "{count} {of} without `{field}`: connections that {verb} no {what} are not counted"
    );
    let help = format!("record `{field}`: add it to the field mask");
    is_much.then(|| Diagnostic::warning("flows", message).help(help))
}

fn nodes(observed: &Observed, snapshot: Option<&Snapshot>) -> Option<Diagnostic> {
    let sources = &observed.capture.sources;
    let is_by_node = sources.iter().any(|source| source.format == Some("hubble"));
    let plain = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let recorded: BTreeSet<String> = sources
        .iter()
        .flat_map(|source| &source.nodes)
        .map(|name| plain(name))
        .collect();
    let known = snapshot
        .map(|snapshot| snapshot.nodes.as_slice())
        .unwrap_or_default();
    let missing = known.iter().filter(|node| !recorded.contains(&node.name));
    let missing: Vec<&str> = missing.map(|node| node.name.as_str()).collect();
    let help = "each node records its own traffic: read the files of all nodes";
    match (is_by_node, missing.as_slice(), recorded.len()) {
        (true, [_, ..], 1..) => limit(format!("no record is of node {}", missing.join(", ")), help),
        (true, [], 1) if known.len() != 1 => limit("all records are of one node", help),
        _ => None,
    }
}

fn verdicts(observed: &Observed) -> Option<Diagnostic> {
    let has = |is: fn(&Sums) -> bool| observed.connections.iter().any(|c| is(&c.sums));
    match (has(Sums::passed), has(|sums| sums.dropped > 0)) {
        (false, true) => limit(
            "only dropped connections are recorded: no flow can be confirmed",
            "record forwarded connections as well, without a filter by verdict",
        ),
        (true, false) => limit(
            "no dropped connection is recorded: a filter may have left them out",
            "record without a filter by verdict",
        ),
        _ => None,
    }
}

fn directions(observed: &Observed) -> Option<Diagnostic> {
    if observed.capture.has_directions {
        return None;
    }
    limit(
        "no record says whether it is an answer: who opened a connection is derived from flags and ports",
        "record `is_reply`: add it to the field mask",
    )
}

fn estimates(observed: &Observed) -> Option<Diagnostic> {
    let is_estimate = observed.connections.iter().any(|c| c.sums.inexact);
    is_estimate.then(|| {
        let message = "counts are estimates: the recorder aggregates events or leaves out ports";
        Diagnostic::info("flows", message)
    })
}

/// Policies that the recorder names, and that are in force elsewhere if they are not in the input.
fn policies(observed: &Observed, snapshot: Option<&Snapshot>) -> Option<Diagnostic> {
    let known: BTreeSet<String> = snapshot?.policies.iter().map(|p| p.full_name()).collect();
    let all = observed.connections.iter();
    let named: BTreeSet<&String> = all
        .flat_map(|one| one.sums.allowed.iter().chain(&one.sums.denied))
        .filter(|name| !known.contains(*name))
        .collect();
    let (shown, more) = (MOST_NAMES, named.len().saturating_sub(MOST_NAMES));
    let shown: Vec<&str> = named.iter().take(shown).map(|name| name.as_str()).collect();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let (count, shown) = (named.len(), shown.join(", "));
    let message = match count {
        1 => format!("1 policy that the recording names is not in the input: {shown}"),
        _ => {
            format!("{count} policies that the recording names are not in the input: {shown}{more}")
        }
    };
    let help =
        "what is judged here may differ from what is in force: compare with the cluster's policies";
    (!named.is_empty()).then(|| Diagnostic::info("flows", message).help(help))
}
