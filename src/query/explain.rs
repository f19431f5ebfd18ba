//! Answers questions in words: `shop/web` to `203.0.113.7` at `TCP/80`.

mod ends;
#[cfg(test)]
mod enforcer_tests;
mod pod_cidrs;
mod ports;
#[cfg(test)]
mod service_tests;
mod services;
#[cfg(test)]
mod tests;
mod translated;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

pub use ends::{Meaning, ends, meaning};
pub use ports::{Wanted, at_destination, ports};

use crate::analysis::oracle::{Probe, probe};
use crate::analysis::query::{addresses_of, one_of, open_ports};
use crate::analysis::{Analysis, Direction, Endpoint, Trace};
use crate::cluster::Snapshot;
use crate::sets::{IpSet, PortSet};

/// How much of the queried connections is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All of it.
    All,
    /// Some of it.
    Some,
    /// Nothing.
    None,
}

/// The answer, with an example connection, or two where it is mixed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How much is allowed.
    pub verdict: Verdict,
    /// One allowed and one denied connection, as far as there are such.
    pub shown: Vec<Shown>,
}

/// One connection, and why it is allowed or not.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The source.
    pub from: Endpoint,
    /// The destination.
    pub to: Endpoint,
    /// The port; none: protocols other than TCP, UDP and SCTP.
    pub port: Probe,
    /// Why it is allowed or not.
    pub trace: Trace,
}

impl Shown {
    /// The end that is not the gate's own.
    pub fn other(&self, direction: Direction) -> &Endpoint {
        match direction {
            Direction::Egress => &self.to,
            Direction::Ingress => &self.from,
        }
    }
}

/// More pairs of ends than these are analysed together, not probed one by one.
const FEW: usize = 16;

/// Answers for every connection from one of `from` to one of `to` at one of `ports`. A pod's
/// connections to itself count only if there are no others.
pub fn ask(snapshot: &Snapshot, from: &[Endpoint], to: &[Endpoint], ports: &Wanted) -> Answer {
    let wanted = |to: &Endpoint| ports.at(snapshot, to);
    let few = from.len().saturating_mul(to.len()) <= FEW;
    let analysis = (!few).then(|| Analysis::new(snapshot));
    let place = |end: &Endpoint| analysis.as_ref().and_then(|analysis| analysis.place(end));
    let sources = alike(from, |end| place(end));
    let destinations = alike(to, |end| place(end).map(|place| (place, wanted(end))));
    let pairs = || {
        let all = sources.iter();
        all.flat_map(|a| destinations.iter().map(move |b| pair(a, b)))
    };
    let others = pairs().any(|(a, b)| a != b);
    let (mut allowed, mut denied) = (None, None);
    for (a, b) in pairs().filter(|(a, b)| !others || a != b) {
        let wanted = wanted(b);
        let open = match analysis.as_ref().and_then(|analysis| analysis.open(a, b)) {
            Some(open) => open.intersection(&wanted),
            None => open_ports(snapshot, a, b, &wanted),
        };
        let closed = wanted.difference(&open);
        let shown = |ports: &PortSet| Shown {
            from: a.clone(),
            to: b.clone(),
            port: one_of(ports),
            trace: probe(snapshot, a, b, one_of(ports)),
        };
        if allowed.is_none() && !open.is_empty() {
            allowed = Some(shown(&open));
        }
        if denied.is_none() && !closed.is_empty() {
            denied = Some(shown(&closed));
        }
        if allowed.is_some() && denied.is_some() {
            break;
        }
    }
    Answer {
        verdict: match (&allowed, &denied) {
            (Some(_), None) => Verdict::All,
            (Some(_), Some(_)) => Verdict::Some,
            (None, _) => Verdict::None,
        },
        shown: allowed.into_iter().chain(denied).collect(),
    }
}

/// The same for the ends that words name. The addresses of a domain name that a Service stands for are not known, so
/// where the name alone is not allowed, the answer is about all addresses.
pub fn ask_between(snapshot: &Snapshot, from: &Meaning, to: &Meaning, ports: &Wanted) -> Answer {
    let sources = from.ends(snapshot);
    let answer = ask(snapshot, &sources, &to.ends(snapshot), ports);
    if answer.verdict == Verdict::All || !to.stands_for_name() {
        return answer;
    }
    let all = addresses_of(snapshot, &IpSet::all()).into_iter();
    let all: Vec<Endpoint> = all.map(Endpoint::Address).collect();
    let by_address = ask(snapshot, &sources, &all, ports);
    match by_address.verdict {
        Verdict::None => answer,
        _ => by_address,
    }
}

/// Ends with the same answer: one of them, and another if there is one.
type Alike<'a> = (&'a Endpoint, Option<&'a Endpoint>);

/// Groups ends by key, in order; each end without a key is a group of its own.
fn alike<K: Ord>(ends: &[Endpoint], key: impl Fn(&Endpoint) -> Option<K>) -> Vec<Alike<'_>> {
    let mut found: Vec<Alike> = Vec::new();
    let mut known: BTreeMap<K, usize> = BTreeMap::new();
    for end in ends {
        let before = key(end).and_then(|key| match known.entry(key) {
            Entry::Occupied(at) => Some(*at.get()),
            Entry::Vacant(new) => {
                new.insert(found.len());
                None
            }
        });
        match before {
            Some(at) => _ = found[at].1.get_or_insert(end),
            None => found.push((end, None)),
        }
    }
    found
}

/// One of each, different ends if there are such.
fn pair<'a>((a, more): &Alike<'a>, (b, others): &Alike<'a>) -> (&'a Endpoint, &'a Endpoint) {
    match (more, others) {
        (_, Some(other)) if a == b => (a, other),
        (Some(more), _) if a == b => (more, b),
        _ => (a, b),
    }
}
