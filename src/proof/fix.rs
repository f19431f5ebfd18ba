//! Fixes: edits of the document that resolve a finding. Each is applied and proven before it is offered.
//! A proof per candidate is expensive, so fixes are computed for one finding on demand.

mod approximate;
mod draw;
mod label;
#[cfg(test)]
mod tests;
mod text;

pub use approximate::wider_forms;

use std::collections::BTreeSet;

use crate::model::{
    Base, Document, Edit, End, ImportedPolicy, Isolate, Item, NamespaceId, PolicyId, Thing,
    Workload,
};
use crate::policy::Direction;
use crate::policy::Role;
use crate::proof::About;
use crate::proof::Finding;
use crate::proof::Generated;
use crate::proof::Kind;
use crate::proof::Proof;
use crate::proof::generate;
use crate::proof::prove;

/// An edit that resolves a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, as the label of a button: "Remove pg-open from the project".
    pub title: String,
    /// The edit of the document: one undo step.
    pub edit: Edit,
}

/// At most this many are offered.
const MOST: usize = 4;

/// Edits that resolve the finding and add no other: those that leave the fewest findings first, then the
/// smallest.
pub fn fixes(
    document: &Document,
    generated: &Generated,
    proof: &Proof,
    finding: &Finding,
) -> Vec<Fix> {
    let before: BTreeSet<About> = proof.findings.iter().map(Finding::about).collect();
    if !before.contains(&finding.about()) {
        return Vec::new();
    }
    let candidates = Candidates {
        generated,
        document,
        finding,
        before,
    };
    let mut found: Vec<(usize, Fix)> = Vec::new();
    for kind in candidates.candidates() {
        // Of equivalent candidates the first that works is enough.
        let mut tried = kind.into_iter();
        found.extend(tried.find_map(|fix| Some((candidates.left_after(&fix)?, fix))));
    }
    found.sort_by_key(|(left, _)| *left);
    found.truncate(MOST);
    found.into_iter().map(|(_, fix)| fix).collect()
}

/// Computes candidate fixes of one finding.
struct Candidates<'a> {
    generated: &'a Generated,
    document: &'a Document,
    finding: &'a Finding,
    before: BTreeSet<About>,
}

impl Candidates<'_> {
    /// Candidates by kind: the likeliest kind first, and of each kind the smallest edit first.
    fn candidates(&self) -> Vec<Vec<Fix>> {
        // Unmanaged namespaces are not changed.
        let namespace = self
            .namespace()
            .and_then(|id| self.document.namespaces.get(id));
        if self.finding.kind == Kind::Blocked && namespace.is_some_and(|n| !n.managed) {
            return Vec::new();
        }
        let mut all: Vec<Vec<Fix>> = text::near_misses(self)
            .into_iter()
            .map(|f| vec![f])
            .collect();
        match self.finding.kind {
            Kind::Blocked => {
                all.push(self.without_imported());
                all.push(self.without_dns());
            }
            Kind::TooWide if self.finding.open => {
                all.push(self.without_imported());
                all.push(self.weaker_default_deny());
                all.push(self.weaker_isolation());
            }
            Kind::TooWide => {
                all.push(draw::flows(self));
                all.push(self.without_imported());
            }
            Kind::Invalid | Kind::CannotExpress => {
                all.push(label::labels(self));
                all.push(label::port_numbers(self));
                all.push(approximate::approximate(self));
            }
            Kind::Approximated => {}
        }
        all
    }

    /// How many findings are left after the edit; none if this one stays or another comes.
    fn left_after(&self, fix: &Fix) -> Option<usize> {
        let mut after = self.document.clone();
        fix.edit.apply(&mut after).ok()?;
        let gone = self.finding.about();
        let findings = prove(&after, &generate(&after)).findings;
        // That a flow is approximated is what such a fix is for, and what its title says.
        let known = |about: About| {
            about != gone && (about.kind == Kind::Approximated || self.before.contains(&about))
        };
        let all_known = findings.iter().map(Finding::about).all(known);
        all_known.then_some(findings.len())
    }

    /// The imported policies that cause the finding.
    fn imported(&self) -> Vec<(PolicyId, &ImportedPolicy)> {
        let policies = self.document.policies.iter();
        policies.filter(|(_, kept)| self.is_blamed(kept)).collect()
    }

    fn is_blamed(&self, kept: &ImportedPolicy) -> bool {
        let own = kept.identity().map(|identity| match identity.namespace {
            Some(namespace) => format!("{namespace}/{}", identity.name),
            None => identity.name,
        });
        let blamed = |name: &String| self.finding.policies.contains(name);
        if own.as_ref().is_some_and(blamed) {
            return true;
        }
        let Some(replaces) = &kept.replaces else {
            return false;
        };
        // A denied DNS connection names no policy: the cause is the policy that replaces the DNS policy.
        let names_no_policy = self.finding.policies.is_empty();
        blamed(replaces)
            || names_no_policy
                && self.generated.replaced.iter().any(|w| {
                    w.role == Role::Dns && *replaces == format!("{}/{}", w.namespace, w.name)
                })
    }

    /// Removes one of the imported policies, or all of them.
    fn without_imported(&self) -> Vec<Fix> {
        let kept = self.imported();
        let remove = |some: &[(PolicyId, &ImportedPolicy)]| {
            let names: Vec<String> = some
                .iter()
                .map(|(id, _)| self.document.policy_name(*id))
                .collect();
            let title = match some.iter().all(|(_, kept)| kept.replaces.is_some()) {
                true => format!("Restore generated {}", names.join(" and ")),
                false => format!("Remove {} from the project", names.join(" and ")),
            };
            let items = some.iter().map(|(id, _)| Item::Policy(*id)).collect();
            named(title, Edit::Remove(items))
        };
        let mut all: Vec<Fix> = kept.iter().map(|one| remove(&[*one])).collect();
        if kept.len() > 1 {
            all.push(remove(&kept));
        }
        all
    }

    /// Turns DNS off for the namespace.
    fn without_dns(&self) -> Vec<Fix> {
        let without_flow = self.finding.flows.is_empty();
        self.namespace()
            .filter(|_| without_flow)
            .map_or(Vec::new(), |id| {
                self.change_namespace(id, "Turn DNS off for", |namespace| {
                    namespace.dns = Some(false)
                })
            })
    }

    /// Weakens the default deny to what the policies in force isolate.
    fn weaker_default_deny(&self) -> Vec<Fix> {
        let (Some((_, direction)), Some(id)) = (&self.finding.gate, self.namespace()) else {
            return Vec::new();
        };
        let (base, title) = match (self.document.base_of(id), direction) {
            (Base::DenyAll, Direction::Egress) => (Base::DenyIngress, "Allow all egress in"),
            (Base::DenyAll, Direction::Ingress) => (Base::DenyEgress, "Allow all ingress in"),
            (Base::DenyIngress, Direction::Ingress) | (Base::DenyEgress, Direction::Egress) => {
                (Base::None, "Remove the default deny of")
            }
            _ => return Vec::new(),
        };
        self.change_namespace(id, title, |namespace| namespace.base = Some(base))
    }

    /// Opens the gate of a workload that is to isolate itself.
    fn weaker_isolation(&self) -> Vec<Fix> {
        let (Some((_, direction)), Some(id)) = (&self.finding.gate, self.finding.workload) else {
            return Vec::new();
        };
        let workload = self.document.workloads.get(id);
        let Some(workload) = workload.filter(|w| w.isolate.has(*direction)) else {
            return Vec::new();
        };
        let keeps = |d: Direction| d != *direction && workload.isolate.has(d);
        let weaker = Workload {
            isolate: Isolate::of(keeps(Direction::Ingress), keeps(Direction::Egress)),
            ..workload.clone()
        };
        let what = match direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        let title = format!("Allow all {what} of {}", workload.name);
        let edit = Edit::Change(Item::Workload(id), Thing::Workload(weaker));
        vec![named(title, edit)]
    }

    /// The namespace of the gate.
    fn namespace(&self) -> Option<NamespaceId> {
        let (name, _) = self.finding.gate.as_ref()?;
        self.document.namespace_named(name)
    }

    fn change_namespace(
        &self,
        id: NamespaceId,
        title: &str,
        change: impl Fn(&mut crate::model::Namespace),
    ) -> Vec<Fix> {
        let Some(mut namespace) = self.document.namespaces.get(id).cloned() else {
            return Vec::new();
        };
        change(&mut namespace);
        let title = format!("{title} {}", namespace.name);
        let edit = Edit::Change(Item::Namespace(id), Thing::Namespace(namespace));
        vec![named(title, edit)]
    }

    /// The ends of the document that the witness has: of an address the external around it.
    fn ends(&self) -> [Option<End>; 2] {
        let witness = &self.finding.witness;
        [&witness.from, &witness.to].map(|place| place.end().cloned())
    }
}

/// A fix whose undo step has its title.
fn named(title: String, edit: Edit) -> Fix {
    Fix {
        edit: Edit::Batch(title.clone(), vec![edit]),
        title,
    }
}
