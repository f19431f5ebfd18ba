//! What the user placed and what was there before stays; the rest gives way.

use super::Places;
use crate::model::NodeRef;
use crate::scene::Scene;
use crate::scene::request::Request;

/// Puts pinned things where the user placed them.
pub(super) fn settle(request: &Request, mut places: Places) -> Places {
    for node in &request.nodes {
        if let Some(pin) = node.pin {
            places.insert(node.node, pin);
        }
    }
    for space in &request.namespaces {
        if let Some(pin) = space.pin {
            places.insert(NodeRef::Namespace(space.id), pin);
        }
    }
    places
}

/// Places of a picture that is there already.
pub(super) fn keep(request: &Request, previous: &Scene) -> Places {
    let mut places = super::fresh(request);
    for (node, at) in places.iter_mut() {
        if let Some(rect) = previous.rect(*node) {
            *at = rect.min;
        }
    }
    places
}
