//! Flows that manifests imply, each with the lines that imply it.
//!
//! - `configured`: addresses in the configuration of workloads, read by `address` and, in texts without structure, by `pairs`.
//! - `routes`: from ingress controllers to the backends of routes, and from the Internet to Services.
//! - `clients`: from monitoring to what it scrapes, and from the API server to webhooks.
//! - [`catalogue`]: dependencies that nobody draws and a default deny breaks, and whether policies allow them.
//! - `unknown`: what configuration names, but the input does not have.
//! - `cluster`: what a host name leads to, and on which ports of the pods.

pub mod address;
pub mod catalogue;
mod clients;
mod cluster;
mod configured;
mod key;
mod pairs;
mod passwords;
mod routes;
mod unknown;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::cluster::Snapshot;
use crate::diag::Span;
use crate::manifest::Mention;
use crate::sets::{PortSet, Protocol};
use cluster::Cluster;

pub use unknown::{Unknown, unknown};

/// A flow that manifests imply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The source, in the words of a project: `shop/web`. [`INGRESS_CONTROLLER`] and [`API_SERVER`] are no ends of flows.
    pub from: String,
    /// The destination: `shop/api`, `external/api.stripe.com`.
    pub to: String,
    /// The destination's own ports: `TCP/8080`.
    pub ports: Vec<String>,
    /// How certain it is.
    pub strength: Strength,
    /// What implies it, by file and line.
    pub evidence: Vec<Evidence>,
}

/// How certain a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// The host or the port is a guess.
    Weak,
    /// The host is known, and its only port is taken.
    Medium,
    /// Host and port are known.
    Strong,
}

impl Strength {
    /// As answers write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Medium => "medium",
            Self::Strong => "strong",
        }
    }
}

/// A line that implies a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is written there, without passwords: `env DB_HOST=db.data`.
    pub text: String,
}

impl Evidence {
    fn new(span: &Span, text: String) -> Self {
        Self {
            file: span.file.to_string(),
            line: span.line,
            text,
        }
    }
}

/// An ingress controller whose pods are not in the input.
pub const INGRESS_CONTROLLER: &str = "{ingress-controller}";
/// The API server.
pub const API_SERVER: &str = "{api-server}";
/// Everything outside the cluster.
const INTERNET: &str = "external/Internet";

/// Private networks, as those that the nodes of a cluster are in.
pub const PRIVATE: &str = "external/private-networks";

/// One piece of evidence for a flow.
struct Piece {
    from: String,
    to: String,
    ports: PortSet,
    /// The port is not known: these are all that it may be.
    guessed: bool,
    strength: Strength,
    evidence: Vec<Evidence>,
}

/// The flows that a cluster and the configuration of its workloads imply, sorted by their ends, each of them once.
pub fn suggest(snapshot: &Snapshot, mentions: &[Mention]) -> Vec<Suggestion> {
    let cluster = Cluster::new(snapshot);
    let mut pieces = configured::pieces(&cluster, mentions);
    pieces.extend(routes::pieces(&cluster));
    pieces.extend(clients::pieces(&cluster));
    let mut flows: BTreeMap<(String, String), Vec<Piece>> = BTreeMap::new();
    for piece in pieces {
        let ends = (piece.from.clone(), piece.to.clone());
        flows.entry(ends).or_default().push(piece);
    }
    let united = flows.into_iter().map(|((from, to), pieces)| {
        let certain = pieces.iter().any(|piece| !piece.guessed);
        let counted = pieces.iter().filter(|piece| !(certain && piece.guessed));
        let ports: PortSet = counted.map(|piece| piece.ports.clone()).collect();
        let strength = pieces.iter().map(|piece| piece.strength).max();
        let evidence = pieces.into_iter().flat_map(|piece| piece.evidence);
        let mut evidence: Vec<Evidence> = evidence.collect();
        evidence.sort();
        evidence.dedup();
        Suggestion {
            from,
            to,
            ports: words(&ports),
            strength: strength.unwrap_or(Strength::Weak),
            evidence,
        }
    });
    united.collect()
}

/// Adds what recordings show to what manifests imply: evidence for the same flow, or a flow of its own.
pub fn with_recorded(mut found: Vec<Suggestion>, recorded: Vec<Suggestion>) -> Vec<Suggestion> {
    for one in recorded {
        let is_same = |known: &&mut Suggestion| {
            (&known.from, &known.to, &known.ports) == (&one.from, &one.to, &one.ports)
        };
        match found.iter_mut().find(is_same) {
            Some(known) => {
                known.strength = known.strength.max(one.strength);
                known.evidence.extend(one.evidence);
            }
            None => found.push(one),
        }
    }
    found.sort_by(|a, b| (&a.from, &a.to, &a.ports).cmp(&(&b.from, &b.to, &b.ports)));
    found
}

/// Ports as a project writes them.
pub(crate) fn words(ports: &PortSet) -> Vec<String> {
    if ports.is_all() {
        return vec!["any".to_owned()];
    }
    let of = |&protocol: &Protocol| {
        ports.ranges(protocol).map(move |(first, last)| {
            let name = protocol.name();
            match first == last {
                true => format!("{name}/{first}"),
                false => format!("{name}/{first}-{last}"),
            }
        })
    };
    ports.numbered().iter().flat_map(of).collect()
}
