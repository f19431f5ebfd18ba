//! One difference between two sets of policies at a gate.

use crate::policy::Entity;
use std::net::IpAddr;

use crate::analysis::{Direction, Endpoint, NewPod};
use crate::sets::PortSet;

/// A part of the traffic that one side allows at a gate and the other does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GateDifference {
    /// The workload whose gate it is.
    pub workload: usize,
    /// One of its pods to which this applies.
    pub pod: usize,
    /// The gate's direction.
    pub direction: Direction,
    /// The peers.
    pub peer: PeerClass,
    /// The ports.
    pub ports: PortSet,
    /// True: the actual policies allow it, the intended ones do not. False: the reverse.
    pub wider: bool,
}

/// The peers of a difference: all that no policy distinguishes, shown by one of them. An [`Endpoint`] is one
/// concrete end; a class is many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerClass {
    /// This pod, and every pod of its workload that no policy distinguishes from it.
    Pod(usize),
    /// Future pods; this is one of them.
    NewPod(NewPod),
    /// Addresses that belong to no pod.
    Addresses {
        /// The first.
        first: IpAddr,
        /// The last, of the same family.
        last: IpAddr,
    },
    /// This domain name, and every name that no policy distinguishes from it.
    Domain(String),
    /// An entity that is no pod, no node and no address.
    Entity(Entity),
    /// The node at this index, which has no known address.
    Node(usize),
}

impl PeerClass {
    /// One of them; of a range its first address.
    pub fn example(&self) -> Endpoint {
        match self {
            Self::Pod(at) => Endpoint::Pod(*at),
            Self::NewPod(pod) => Endpoint::NewPod(pod.clone()),
            Self::Addresses { first, .. } => Endpoint::Address(*first),
            Self::Domain(name) => Endpoint::Domain(name.clone()),
            Self::Entity(entity) => Endpoint::Entity(*entity),
            Self::Node(at) => Endpoint::Node(*at),
        }
    }
}

impl GateDifference {
    /// The pod that is connected to, if it is one.
    pub fn destination(&self) -> Option<usize> {
        match (self.direction, &self.peer) {
            (Direction::Ingress, _) => Some(self.pod),
            (Direction::Egress, PeerClass::Pod(at)) => Some(*at),
            (Direction::Egress, _) => None,
        }
    }

    /// Extends the address range if the other one follows directly and everything else is equal.
    pub(in crate::analysis) fn extend_to(
        &mut self,
        from: IpAddr,
        to: IpAddr,
        ports: &PortSet,
        wider: bool,
    ) -> bool {
        let PeerClass::Addresses { last, .. } = &mut self.peer else {
            return false;
        };
        let follows = match (*last, from) {
            (IpAddr::V4(a), IpAddr::V4(b)) => u32::from(a).checked_add(1) == Some(b.into()),
            (IpAddr::V6(a), IpAddr::V6(b)) => u128::from(a).checked_add(1) == Some(b.into()),
            _ => false,
        };
        if follows && self.ports == *ports && self.wider == wider {
            *last = to;
            return true;
        }
        false
    }
}
