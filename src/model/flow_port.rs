//! Ports of a flow as a set, and back.

use super::FlowPort;
use crate::sets::{PortSet, Protocol};

impl FlowPort {
    /// The ports that it means by number; none for a name, which is resolved by the destination's pods.
    pub fn numbers(&self) -> Option<PortSet> {
        match self {
            Self::Any => Some(PortSet::all()),
            Self::All(protocol) => Some(PortSet::all_of(*protocol)),
            Self::Range(protocol, first, last) => Some(PortSet::range(*protocol, *first, *last)),
            Self::Named(..) => None,
        }
    }

    /// A set as ports of a flow: `any`, whole protocols, ranges. A set of other protocols as a whole has none.
    pub fn of(ports: &PortSet) -> Vec<Self> {
        if ports.is_all() {
            return vec![Self::Any];
        }
        let of = |&protocol: &Protocol| match ports.has_all_of(protocol) {
            true => vec![Self::All(protocol)],
            false => {
                let ranges = ports.ranges(protocol);
                ranges.map(|(a, b)| Self::Range(protocol, a, b)).collect()
            }
        };
        ports.numbered().iter().flat_map(of).collect()
    }
}
