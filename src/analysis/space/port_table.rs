//! Port sets by number, with cached intersections and unions.

use crate::sets::PortSet;
use crate::sets::hash::{HashMap, HashMapExt};

/// The number of a port set.
pub(in crate::analysis) type PortsId = u32;
/// The number of the set without ports.
pub(in crate::analysis) const EMPTY: PortsId = 0;

/// Numbers port sets and caches their intersections and unions.
#[derive(Clone)]
pub(in crate::analysis) struct PortTable {
    sets: Vec<PortSet>,
    known: HashMap<PortSet, PortsId>,
    common: HashMap<(PortsId, PortsId), PortsId>,
    joined: HashMap<(PortsId, PortsId), PortsId>,
}

impl Default for PortTable {
    fn default() -> Self {
        Self {
            sets: vec![PortSet::empty()],
            known: HashMap::from_iter([(PortSet::empty(), EMPTY)]),
            common: HashMap::new(),
            joined: HashMap::new(),
        }
    }
}

impl PortTable {
    pub fn get(&self, id: PortsId) -> &PortSet {
        &self.sets[id as usize]
    }

    pub fn intern(&mut self, set: PortSet) -> PortsId {
        if let Some(&id) = self.known.get(&set) {
            return id;
        }
        let id = PortsId::try_from(self.sets.len()).unwrap_or(EMPTY);
        self.sets.push(set.clone());
        self.known.insert(set, id);
        id
    }

    pub fn intersection(&mut self, a: PortsId, b: PortsId) -> PortsId {
        if a == b || a == EMPTY || b == EMPTY {
            return a.min(b);
        }
        let pair = (a.min(b), a.max(b));
        if let Some(&id) = self.common.get(&pair) {
            return id;
        }
        let id = self.intern(self.get(a).intersection(self.get(b)));
        self.common.insert(pair, id);
        id
    }

    pub fn union(&mut self, a: PortsId, b: PortsId) -> PortsId {
        if a == b || a == EMPTY || b == EMPTY {
            return a.max(b);
        }
        let pair = (a.min(b), a.max(b));
        if let Some(&id) = self.joined.get(&pair) {
            return id;
        }
        let id = self.intern(self.get(a).union(self.get(b)));
        self.joined.insert(pair, id);
        id
    }
}
