//! Differences between two sets of policies at the gates of future pods, one by one.

use super::compare::{different_policies, each_direction};
use super::difference::PeerClass;
use super::future_subjects::{Difference, FutureSubjects, Peers};
use crate::analysis::space::future_pods::FuturePods;
use crate::analysis::space::universe::{Point, Universe};
use crate::analysis::{Direction, NewPod, Side};
use crate::cluster::Snapshot;
use crate::sets::{LabelBox, LabelSet, PortSet};

/// At most this many differences are listed for a policy and a direction.
const MOST: usize = 64;

/// What only one of two sets of policies allows at the gate of a future pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FutureDifference {
    /// The pod.
    pub pod: NewPod,
    /// The direction of its gate.
    pub direction: Direction,
    /// The peers.
    pub peer: PeerClass,
    /// The ports; never empty.
    pub ports: PortSet,
    /// Whether the new policies allow it.
    pub wider: bool,
}

/// Differences at the gates of future pods that a policy selects: of each policy and direction some, and one where there is
/// any that can be decided. The namespaces and pods of both clusters are the same.
pub fn future_differences(old: &Snapshot, new: &Snapshot) -> Vec<FutureDifference> {
    let (old, new): (Side, Side) = (
        Side {
            cluster: new,
            ..old.into()
        },
        new.into(),
    );
    let changed = different_policies(old, new);
    let mut found = Vec::new();
    each_direction([old, new], |gates, universe, indices, future_pods| {
        let direction = gates.direction;
        let future_subjects = FutureSubjects {
            direction,
            sides: [old, new],
            universe,
            indices,
        };
        for policy in &changed {
            let named = policy.namespace.as_deref();
            let mut namespaces = new.cluster.namespaces.iter();
            let home = namespaces.position(|n| Some(n.name.as_str()) == named);
            let most = found.len() + MOST;
            let mut see = |difference: &Difference, future_pods: &FuturePods| {
                let pod = witness(difference.pods, home.unwrap_or_default(), future_pods);
                let peer = peer_of(&difference.peers, universe, future_pods);
                found.extend(pod.zip(peer).map(|(pod, peer)| FutureDifference {
                    pod,
                    direction,
                    peer,
                    ports: difference.ports.clone(),
                    wider: difference.wider,
                }));
                found.len() >= most
            };
            // What is not visited because there is too much of it has no example.
            _ = future_subjects.visit(&[*policy], future_pods, &mut see);
        }
    });
    found
}

/// One of some pods, in a namespace if possible.
fn witness(pods: &LabelSet, namespace: usize, future_pods: &FuturePods) -> Option<NewPod> {
    let mut boxes = pods.boxes().iter();
    let one = boxes.find(|one| future_pods.exists(one))?;
    Some(future_pods.witness(one, namespace))
}

fn peer_of(peers: &Peers, universe: &Universe, future_pods: &FuturePods) -> Option<PeerClass> {
    Some(match peers {
        Peers::Pods(pods) if pods.is_undecided() => {
            PeerClass::NewPod(future_pods.witness(&LabelBox::default(), 0))
        }
        Peers::Pods(pods) => PeerClass::NewPod(witness(pods, 0, future_pods)?),
        Peers::Point(point) => match universe.point(*point) {
            Point::Class(class) => PeerClass::Pod(universe.classes[class].pod),
            Point::Addresses(first, last) => PeerClass::Addresses { first, last },
            Point::Node(node) => PeerClass::Node(node),
            Point::Domain(at) => PeerClass::Domain(universe.domains[at].name.clone()),
            Point::Entity(entity) => PeerClass::Entity(entity),
        },
    })
}
