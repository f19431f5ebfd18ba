//! The domain names that policies accept as destinations of workloads, and the entities that they accept.

use super::connections::{Matrix, classes_of_workloads};
use super::domain_names::{DomainNames, ToDomain, WithEntity};
use super::filter::Filter;
use super::incremental::Analysis;
use crate::policy::Direction;

impl Matrix {
    /// The domain names that policies accept, by workload and name; of what a filter asks for. A workload that may
    /// connect to every address on the same ports is left out: no policy names them for it.
    pub fn to_domains(&mut self, filter: &Filter) -> Vec<ToDomain> {
        let domains = self.domains.clone();
        let workloads = self.workloads.clone();
        let mut found = Vec::new();
        for (workload, classes) in workloads.iter().enumerate() {
            if !filter.wants_from(workload) {
                continue;
            }
            let cells = self.egress.cells(classes);
            let table = &self.ports;
            let open = |point| {
                let open = cells.iter().filter(|(_, peers)| peers.contains(point));
                open.map(|(id, _)| table.get(*id).clone()).collect()
            };
            found.extend(domains.accepted(workload, open));
        }
        let wanted = filter.names(&domains.names);
        found.retain(|one| wanted.contains(&&one.name));
        if let Some(ports) = filter.ports_outside() {
            for one in &mut found {
                one.ports = one.ports.intersection(&ports);
            }
            found.retain(|one| !one.ports.is_empty());
        }
        found
    }

    /// The entities that policies accept at the gates of workloads, by workload; of what a filter asks for. As with
    /// domain names, one is left out where every address is accepted on the same ports.
    pub fn with_entities(&mut self, filter: &Filter) -> Vec<WithEntity> {
        let named = self.domains.clone();
        let workloads = self.workloads.clone();
        let mut found = Vec::new();
        for (workload, classes) in workloads.iter().enumerate() {
            for direction in Direction::BOTH {
                let (own, other) = match direction {
                    Direction::Egress => (filter.wants_from(workload), &filter.to),
                    Direction::Ingress => (filter.wants_to(workload), &filter.from),
                };
                if !own {
                    continue;
                }
                let cells = self.table(direction).cells(classes);
                let table = &self.ports;
                let open = |point| {
                    let open = cells.iter().filter(|(_, peers)| peers.contains(point));
                    open.map(|(id, _)| table.get(*id).clone()).collect()
                };
                let mut here = named.entities_at((workload, direction), open);
                here.retain(|one| {
                    let asked = other.as_ref();
                    asked.is_none_or(|places| places.entities.contains(&one.entity))
                });
                found.extend(here);
            }
        }
        if let Some(ports) = filter.ports_outside() {
            for one in &mut found {
                one.ports = one.ports.intersection(&ports);
            }
            found.retain(|one| !one.ports.is_empty());
        }
        found
    }
}

impl Analysis<'_> {
    /// The same as [`Matrix::to_domains`], of all workloads.
    pub fn to_domains(&self) -> Vec<ToDomain> {
        let domains = DomainNames::of(self.universe());
        let workloads = classes_of_workloads(self.universe());
        let each = workloads.iter().enumerate();
        let found = each.flat_map(|(workload, classes)| {
            let open = |point| {
                let open = classes
                    .iter()
                    .map(|&class| self.egress(class).open_to(point));
                open.collect()
            };
            domains.accepted(workload, open)
        });
        found.collect()
    }
}
