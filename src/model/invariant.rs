//! Requirements on the policies in force, whatever flows are drawn.

use super::{End, FlowPort, Unknown, Words};

/// A requirement that policies must meet: "nothing outside `payments` reaches `ledger`".
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// Its name, unique in the project.
    pub name: String,
    /// What it requires.
    pub claim: Claim,
    /// Sources; none: anything at all, every pod and every address outside. `allow` lists at least one.
    pub from: Option<End>,
    /// Sources that are excepted.
    pub except: Vec<End>,
    /// Destinations; none: anything at all. `allow` lists at least one.
    pub to: Option<End>,
    /// Destination ports (the pods' own); none: every port. `allow` lists at least one.
    pub ports: Vec<FlowPort>,
    /// Unknown fields.
    pub unknown: Unknown,
}

/// What an invariant requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// `deny`: none of the sources can open a connection to any of the destinations, at any of the
    /// ports.
    Deny,
    /// `deny` with `hops: any`: nor can it through any other workloads; the ports are those of the last
    /// hop.
    DenyAnyHops,
    /// `allow`: every one of the sources can open connections to every one of the destinations, at
    /// every one of the ports.
    Allow,
}

impl Invariant {
    /// All ends that it lists.
    pub fn ends(&self) -> impl Iterator<Item = &End> {
        self.from.iter().chain(&self.to).chain(&self.except)
    }

    /// The same with other ends.
    pub(super) fn map_ends(&self, end: impl Fn(&End) -> End) -> Self {
        Self {
            from: self.from.as_ref().map(&end),
            to: self.to.as_ref().map(&end),
            except: self.except.iter().map(&end).collect(),
            ..self.clone()
        }
    }
}

impl Words<'_> {
    /// The invariant with those of its missing ends that exist.
    pub fn resolved_invariant(&self, invariant: &Invariant) -> Invariant {
        invariant.map_ends(|end| self.resolved_end(end))
    }

    /// What an invariant requires, as a sentence: "nothing outside may reach payments/ledger".
    pub fn demand(&self, invariant: &Invariant) -> String {
        let name = |end: &Option<End>| end.as_ref().map_or("anything".to_owned(), |e| self.of(e));
        let (from, to) = (name(&invariant.from), name(&invariant.to));
        let except: Vec<String> = invariant.except.iter().map(|end| self.of(end)).collect();
        let except = match except.is_empty() {
            true => String::new(),
            false => format!(" except {}", except.join(", ")),
        };
        let ports = match invariant.ports.is_empty() {
            true => String::new(),
            false => format!(" on {}", super::validate::flow_ports_text(&invariant.ports)),
        };
        let (verb, hops) = match invariant.claim {
            Claim::Deny => ("must not reach", ""),
            Claim::DenyAnyHops => ("must not reach", " in any number of hops"),
            Claim::Allow => ("must reach", ""),
        };
        format!("{from}{except} {verb} {to}{ports}{hops}")
    }
}
