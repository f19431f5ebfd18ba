//! Which workloads policies isolate.

use crate::analysis::Direction;
use crate::analysis::gates::side_extents::side;
use crate::analysis::space::extents::Extents;
use crate::analysis::space::index::Index;
use crate::analysis::space::universe::Universe;
use crate::cluster::Snapshot;
use crate::policy::Side;

/// Whether policies isolate a workload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Isolation {
    /// Connections to it are denied unless a policy allows them.
    pub ingress: bool,
    /// Connections from it are denied unless a policy allows them.
    pub egress: bool,
}

/// For each workload of the snapshot, whether a policy isolates one of its pods.
pub fn isolation(snapshot: &Snapshot) -> Vec<Isolation> {
    let universe = Universe::new(snapshot, &[&snapshot.policies]);
    let index = Index::new(&universe);
    let mut extents = Extents::new(&universe, &index);
    let mut isolates = |direction| {
        let mut found = vec![false; universe.classes.len()];
        for policy in &snapshot.policies {
            if side(policy, direction).is_some_and(Side::denies_by_default) {
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
