//! Aggregated connections as arrows of a scene.

use crate::model::{FlowPort, NodeRef};
use crate::query::party::{Joined, Party};
use crate::scene::request::ports_label;
use crate::scene::{Extra, ExtraId, ExtraKind, OUTSIDE};

/// The node of an end.
pub fn node_of(party: Party) -> NodeRef {
    match party {
        Party::Drawn(node) => node,
        Party::Outside => OUTSIDE,
    }
}

/// An arrow for aggregated connections.
pub fn extra(kind: ExtraKind, joined: &Joined) -> Extra {
    let ports = FlowPort::of(&joined.ports);
    Extra {
        id: ExtraId {
            kind,
            from: node_of(joined.from),
            to: node_of(joined.to),
        },
        label: ports_label(&ports),
    }
}
