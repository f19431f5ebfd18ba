//! The domain names that policies mention, and which of them a gate accepts.

use std::ops::Range;

use crate::analysis::space::universe::Universe;
use crate::sets::{DomainPattern, PortSet};

/// A domain name that a workload may connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToDomain {
    /// Index into `Snapshot::workloads`.
    pub workload: usize,
    /// A name, or a pattern such as `*.example.com`: the names that no policy distinguishes from it.
    pub name: String,
    /// The ports; never empty.
    pub ports: PortSet,
}

/// The names that policies mention, and their place among the points of a universe.
#[derive(Debug)]
pub(in crate::analysis) struct DomainNames {
    pub names: Vec<String>,
    /// The point of the first name.
    first: usize,
    addresses: Range<usize>,
}

impl DomainNames {
    pub fn of(universe: &Universe) -> Self {
        let names = universe.domains.iter().map(|piece| piece.name.clone());
        Self {
            names: names.collect(),
            first: universe.domain_points().start,
            addresses: universe.address_points(),
        }
    }

    /// The names that a workload may connect to on ports that are not allowed to every address, if `open` has the
    /// ports allowed to a point.
    pub fn accepted(
        &self,
        workload: usize,
        mut open: impl FnMut(usize) -> PortSet,
    ) -> Vec<ToDomain> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let mut addresses = self.addresses.clone();
        let everywhere = addresses.try_fold(PortSet::all(), |all, point| {
            Some(all.intersection(&open(point))).filter(|all| !all.is_empty())
        });
        let everywhere = everywhere.unwrap_or_default();
        let names = self.names.iter().enumerate();
        let accepted = names.filter_map(|(at, name)| {
            let ports = open(self.first + at);
            (!ports.is_subset(&everywhere)).then(|| ToDomain {
                workload,
                name: name.clone(),
                ports,
            })
        });
        accepted.collect()
    }
}

/// Those of the pieces of names that some asked names are in: the piece of that name, else all that have names in
/// common with it.
pub(in crate::analysis) fn asked<'a>(pieces: &'a [String], asked: &[String]) -> Vec<&'a String> {
    let of = |name: &String| -> Vec<&'a String> {
        if let Some(same) = pieces.iter().find(|piece| *piece == name) {
            return vec![same];
        }
        let pattern = DomainPattern::subdomains(name);
        let common = |piece: &&String| DomainPattern::subdomains(piece).overlaps(&pattern);
        pieces.iter().filter(common).collect()
    };
    asked.iter().flat_map(of).collect()
}
