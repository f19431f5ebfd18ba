//! The domain names and entities that gates accept on one of two sides.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::{Name, beyond};
use super::units::Units;
use crate::policy::{Direction, Entity};
use crate::sets::PortSet;

/// What is neither a workload nor an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// A domain name, or the names that no policy distinguishes from a pattern.
    Domain(String),
    /// One of [`Entity::OPAQUE`].
    Entity(Entity),
}

/// A domain name or an entity for which the allowed ports of a workload changed; one of the sets may be empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedChange {
    /// The workload.
    pub workload: Arc<Name>,
    /// Seen from the workload.
    pub direction: Direction,
    /// The other end.
    pub other: Named,
    /// The ports before.
    pub old: PortSet,
    /// The ports after.
    pub new: PortSet,
}

impl NamedChange {
    /// The ports that only the new side allows.
    pub fn opened(&self) -> PortSet {
        beyond(&self.new, &self.old)
    }

    /// The ports that only the old side allows.
    pub fn closed(&self) -> PortSet {
        beyond(&self.old, &self.new)
    }
}

impl Units {
    /// The changes, with equal changes of all pods of a workload joined.
    pub(super) fn joined_named(&self, changes: Vec<NamedChange>) -> Vec<NamedChange> {
        let mut alike: BTreeMap<NamedChange, Vec<NamedChange>> = BTreeMap::new();
        for change in changes {
            let whole = NamedChange {
                workload: Arc::new(change.workload.whole()),
                ..change.clone()
            };
            alike.entry(whole).or_default().push(change);
        }
        let mut found = Vec::new();
        for (whole, each) in alike {
            match self.pods_of(&whole.workload) == each.len() {
                true => found.push(whole),
                false => found.extend(each),
            }
        }
        found.sort_unstable();
        found
    }
}
