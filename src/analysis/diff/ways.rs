//! The part of a gate that only one of two sides allows.

use std::sync::Arc;

use crate::analysis::gates::tiers::Space;
use crate::sets::PortSet;

/// The directions in which two sets of policies differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::analysis) struct Ways {
    /// The actual one allows something that the intended one does not.
    pub wider: bool,
    /// The other way round.
    pub narrower: bool,
}

impl Ways {
    pub fn both(self) -> bool {
        self.wider && self.narrower
    }
}

/// What only the actual (true) and only the intended cells allow.
pub(in crate::analysis) fn both_ways<S: Space>(
    [intended, actual]: [&[(PortSet, Arc<S>)]; 2],
) -> Vec<(bool, PortSet, S)> {
    let mut found = Vec::new();
    for (wider, left, right) in [(false, intended, actual), (true, actual, intended)] {
        for (ports, peers) in left {
            let mut rest = ports.clone();
            for (other, allowed) in right {
                let common = ports.intersection(other);
                if common.is_empty() {
                    continue;
                }
                rest = rest.difference(other);
                // Two undecided sets may look equal and differ.
                if allowed != peers || peers.is_undecided() {
                    let mut only = (**peers).clone();
                    only.remove(allowed);
                    found.push((wider, common, only));
                }
            }
            found.push((wider, rest, (**peers).clone()));
        }
    }
    found.retain(|(_, ports, peers)| !ports.is_empty() && !peers.is_none());
    found
}
