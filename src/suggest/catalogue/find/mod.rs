//! Finds in the input which workloads need which entry of the catalogue.

mod callers;
mod dns;
mod facts;
mod identity;
mod mesh;
mod programs;

use std::collections::BTreeMap;

use super::entries::{Entry, Need};
use super::place::Place;
use crate::manifest::Fact;
use crate::policy::Direction;
use crate::sets::PortSet;
use crate::suggest::Evidence;
use crate::suggest::cluster::Cluster;
use facts::Facts;

/// The pods that need something.
#[derive(Clone, Debug)]
pub enum Own {
    /// Those of a workload, by its index in the snapshot.
    Workload(usize),
    /// Pods of the namespace of this name that come and go.
    Future(String, Place),
}

/// A dependency of one workload.
#[derive(Clone, Debug)]
pub struct Finding {
    pub entry: &'static Entry,
    pub need: Need,
    /// The pods that need it.
    pub own: Own,
    /// Its gate.
    pub direction: Direction,
    pub other: Place,
    /// Ports of the destination.
    pub ports: PortSet,
    /// Which of the ports it is depends on the cluster.
    pub one_port_suffices: bool,
    /// The policies need to allow only one of the findings of a workload with this name: which one depends on the cluster.
    pub one_of: Option<&'static str>,
    /// Ports that the other end may have instead, where it is not in the input.
    pub other_ports: &'static [u16],
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// One that is needed, at all of its ports.
    fn new(
        entry: &'static Entry,
        (own, direction): (usize, Direction),
        other: Place,
        ports: PortSet,
        evidence: Vec<Evidence>,
    ) -> Self {
        Self {
            entry,
            need: Need::Needed,
            own: Own::Workload(own),
            direction,
            other,
            ports,
            one_port_suffices: false,
            one_of: None,
            other_ports: &[],
            evidence,
        }
    }

    fn with(self, need: Need) -> Self {
        Self { need, ..self }
    }
}

/// All dependencies of a cluster, whether policies allow them or not.
pub fn findings(cluster: &Cluster, facts: &[Fact]) -> Vec<Finding> {
    let facts = &Facts::new(facts);
    let mut found = dns::findings(cluster);
    found.extend(programs::findings(cluster, facts));
    found.extend(callers::findings(cluster, facts));
    found.extend(callers::of_issuers(cluster, facts));
    found.extend(mesh::findings(cluster, facts));
    found.extend(identity::findings(cluster, facts));
    let mut known = BTreeMap::new();
    for finding in &mut found {
        if let Place::Group(group) = &finding.other {
            let key = group.name.clone();
            let place = known
                .entry(key)
                .or_insert_with(|| finding.other.known(cluster));
            finding.other = place.clone();
        }
    }
    found
}

/// TCP ports.
fn tcp(ports: &[u16]) -> PortSet {
    let single = |port: &u16| PortSet::single(crate::sets::Protocol::Tcp, *port);
    ports.iter().map(single).collect()
}

/// The workloads that a label of their pods shows to need something, with that as evidence.
fn labelled(cluster: &Cluster, at: usize, key: &str) -> Option<Vec<Evidence>> {
    let workload = cluster.snapshot.workloads.get(at)?;
    let value = workload.labels.get(key)?;
    let text = format!("label {key}={value}");
    let evidence = workload.span.as_ref().map(|span| Evidence::new(span, text));
    Some(evidence.into_iter().collect())
}
