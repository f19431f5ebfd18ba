//! Immutable answers about snapshots: who may reach whom, which pods are isolated, why, and what two
//! sets of policies say differently.
//!
//! Policies test each dimension (subject, peer, port) on its own and rewrite nothing, so the space
//! splits into finitely many atoms, and everything after that is bit arithmetic:
//!
//! - `universe`: classes of pods that no policy tells apart, pieces of the address axis, nodes,
//!   pieces of the domain names; and which of them each peer expression matches.
//! - `rows`: for each list of applicable policies, what its subjects may talk to: disjoint port sets
//!   with the peers of each.
//! - [`mod@connections`]: every ordered pair, streamed, never stored.
//! - [`paths`]: what can be reached in any number of hops, and by which.
//! - [`changes`]: two clusters, pods and policies: which connections they have differently.
//! - [`mod@compare`]: two sets of policies over the same pods, gate by gate, pods that do not exist yet
//!   included.
//! - [`Analysis`]: answers that are kept while policies change.
//! - [`oracle`]: a plain evaluator of one connection that keeps record. It shares no code with all the
//!   others and is what the property tests hold them against.
//!
//! A connection is allowed if the egress gate of its source and the ingress gate of its destination
//! both allow it; the gate of what is no pod is open, and a pod always reaches itself (P1).

pub mod ask;
mod behind;
mod changed;
pub mod changes;
pub mod compare;
pub mod connections;
mod difference;
pub mod exposure;
mod extents;
pub mod filter;
mod gate_table;
mod index;
mod kept;
mod kinds;
mod merged;
pub mod miss;
mod notes;
pub mod openings;
pub mod oracle;
mod pairs;
pub mod parts;
pub mod paths;
mod port_table;
mod prospects;
pub mod routes;
mod rows;
mod sides;
mod tiers;
pub mod ties;
mod unborn;
mod units;
mod universe;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use crate::cluster::Snapshot;
pub use crate::policy::Direction;
use crate::sets::Labels;
use extents::Extents;
use index::Index;
use universe::Universe;

pub use compare::{GateDifference, PeerPiece, compare};
pub use connections::{Connection, Endpoint, Line, Matrix, connections, for_each_connection};
pub use filter::Filter;
pub use kept::Analysis;
pub use notes::notes;
pub use oracle::{
    Decision, GateTrace, PolicyTrace, RuleTrace, TierTrace, TierVerdict, Trace, explain,
};
pub use paths::{Places, Reach, reach};

/// One concrete end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The pod at this index of `Snapshot::pods`.
    Pod(usize),
    /// A pod that does not exist yet.
    NewPod(NewPod),
    /// An address that belongs to no pod.
    Address(IpAddr),
    /// The node at this index of `Snapshot::nodes`; for one that has addresses, whichever of them it is.
    Node(usize),
    /// The same, by one of its addresses.
    NodeAddress(usize, IpAddr),
    /// What a domain name stands for; `*` in it is a character that no policy writes out, so that
    /// `*.example.com` stands for all names below that no policy singles out.
    Domain(String),
}

/// A pod that does not exist yet: it runs as `default`, has no known address and declares no ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewPod {
    /// Its namespace in `Snapshot::namespaces`; none: a namespace that does not exist yet.
    pub namespace: Option<usize>,
    /// The labels of its namespace.
    pub namespace_labels: Labels,
    /// Its own labels.
    pub labels: Labels,
}

/// Whether policies isolate a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Isolation {
    /// Connections to it are closed unless a policy allows them.
    pub ingress: bool,
    /// Connections from it are closed unless a policy allows them.
    pub egress: bool,
}

/// For each workload of the snapshot, whether one of its pods is the subject of an isolating side.
pub fn isolation(snapshot: &Snapshot) -> Vec<Isolation> {
    let universe = Universe::new(snapshot, &[&snapshot.policies]);
    let index = Index::new(&universe);
    let mut extents = Extents::new(&universe, &index);
    let mut isolates = |direction| {
        let mut found = vec![false; universe.classes.len()];
        for policy in &snapshot.policies {
            if sides::side(policy, direction).is_some_and(|s| s.isolates) {
                let subject = extents.peer(&policy.subject);
                let classes = subject.iter().take_while(|&c| c < found.len());
                classes
                    .collect::<Vec<_>>()
                    .into_iter()
                    .for_each(|class| found[class] = true);
            }
        }
        found
    };
    let (ingress, egress) = (isolates(Direction::Ingress), isolates(Direction::Egress));
    let mut found = vec![Isolation::default(); snapshot.workloads.len()];
    for (pod, &class) in snapshot.pods.iter().zip(&universe.class_of) {
        if let Some(isolation) = found.get_mut(pod.workload) {
            isolation.ingress |= ingress[class as usize];
            isolation.egress |= egress[class as usize];
        }
    }
    found
}
