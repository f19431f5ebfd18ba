//! Audits imported policies: which workloads are open, which policies select nothing or are redundant,
//! and which workloads reach the most others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::analysis::connections::Matrix;
use crate::analysis::oracle::peer_matches;
use crate::analysis::{Endpoint, Party, compare};
use crate::intent::snapshot::with_stand_ins;
use crate::model::{Document, PolicyId, WorkloadId};
use crate::proof::in_force::{InForce, Origin};
use crate::query::exposure::Gates;

/// The report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many workloads there are.
    pub workloads: usize,
    /// How many imported policies there are.
    pub kept: usize,
    /// Workloads with a gate that nothing isolates: ingress, egress; of managed namespaces.
    pub open: Vec<(WorkloadId, [bool; 2])>,
    /// Isolated workloads that a rule opens to every pod of the cluster or of namespaces: ingress,
    /// egress; and to which, in words.
    pub partly: Vec<(WorkloadId, [bool; 2], String)>,
    /// Isolated workloads that any address outside may reach.
    pub from_outside: Vec<WorkloadId>,
    /// Imported policies that select no pod.
    pub select_nothing: Vec<PolicyId>,
    /// Redundant imported policies: removing one changes no connection. Empty if there are too many to try.
    pub without_effect: Vec<PolicyId>,
    /// The workloads that reach the most others, and how many.
    pub reach_most: Vec<(WorkloadId, usize)>,
}

/// With more policies than these, redundancy is not computed.
const TRIED: usize = 64;
/// How many of the workloads that reach the most are listed.
const NAMED: usize = 5;

impl Audit {
    /// Workloads open in both directions.
    pub fn wide_open(&self) -> usize {
        self.open
            .iter()
            .filter(|(_, open)| *open == [true; 2])
            .count()
    }

    /// One line: `11 workloads, 14 imported policies: 2 not isolated`.
    pub fn summary(&self) -> String {
        let count =
            |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let workloads = count(self.workloads, "workload", "workloads");
        let kept = count(self.kept, "imported policy", "imported policies");
        let (wide, open) = (self.wide_open(), self.open.len());
        let verdict = match (wide, open) {
            _ if self.workloads == 0 => return format!("{workloads}, {kept}"),
            // Only default denies, which an export would write, isolate them.
            (0, 0) if self.kept == 0 => {
                return format!("{workloads}, no flows drawn: an export denies what is not drawn");
            }
            (0, 0) if !self.partly.is_empty() => {
                format!("all isolated, {} partly open", self.partly.len())
            }
            (0, 0) => "all isolated".to_owned(),
            (0, open) => format!("{open} isolated in one direction only"),
            (wide, _) if wide == self.workloads => "none isolated".to_owned(),
            (wide, open) if wide == open => format!("{wide} not isolated"),
            (wide, open) => {
                format!("{wide} not isolated, {} in one direction only", open - wide)
            }
        };
        format!("{workloads}, {kept}: {verdict}")
    }
}

/// Runs the audit. Once `stop` returns true, the rest is left out.
pub fn audit(
    document: &Document,
    in_force: &InForce,
    gates: &Gates,
    stop: &dyn Fn() -> bool,
) -> Audit {
    let mut audit = overview(document, gates);
    policies(&mut audit, document, in_force, stop);
    if !stop() {
        reach(&mut audit, in_force, gates);
    }
    audit
}

/// The part that is cheap to compute: what is open.
pub fn overview(document: &Document, gates: &Gates) -> Audit {
    let mut audit = Audit {
        workloads: document.workloads.len(),
        kept: document.policies.len(),
        ..Audit::default()
    };
    for (id, [ingress, egress]) in gates {
        let workload = document.workloads.get(*id);
        let namespace = workload.and_then(|w| document.namespaces.get(w.namespace));
        if !namespace.is_some_and(|n| n.managed) {
            continue;
        }
        let open = [!ingress.isolated, !egress.isolated];
        if open != [false; 2] {
            audit.open.push((*id, open));
        }
        let words = [("ingress", ingress), ("egress", egress)];
        let words = words
            .into_iter()
            .filter(|(_, gate)| !gate.open_to.is_empty());
        let words: Vec<String> = words
            .map(|(word, gate)| format!("{word} open to {}", gate.open_to.join("; ")))
            .collect();
        if !words.is_empty() {
            let open = [ingress, egress].map(|gate| !gate.open_to.is_empty());
            audit.partly.push((*id, open, words.join("; ")));
        }
    }
    audit
}

/// Compared over the pods of the document and one future pod in each managed namespace: a policy that
/// isolates future pods is not redundant.
fn policies(audit: &mut Audit, document: &Document, in_force: &InForce, stop: &dyn Fn() -> bool) {
    let cluster = with_stand_ins(document);
    let snapshot = &in_force.on(&cluster);
    let mut of: BTreeMap<PolicyId, Vec<usize>> = BTreeMap::new();
    for (at, origin) in in_force.origins.iter().enumerate() {
        if let Origin::Imported(id) = origin {
            of.entry(*id).or_default().push(at);
        }
    }
    let selects = |at: &usize| {
        let policy = snapshot.policies.get(*at);
        let pods = 0..snapshot.pods.len();
        policy.is_some_and(|p| {
            pods.clone()
                .any(|pod| peer_matches(snapshot, &p.subject, &Endpoint::Pod(pod)))
        })
    };
    let ask = of.len() <= TRIED;
    for (id, places) in of {
        if stop() {
            return;
        }
        if !places.iter().any(selects) {
            audit.select_nothing.push(id);
        } else if ask {
            let mut without = snapshot.clone();
            let mut at = 0;
            without.policies.retain(|_| {
                at += 1;
                !places.contains(&(at - 1))
            });
            if compare(snapshot, &without).is_empty() {
                audit.without_effect.push(id);
            }
        }
    }
}

fn reach(audit: &mut Audit, in_force: &InForce, gates: &Gates) {
    let cluster = &in_force.cluster;
    let drawn = |at: usize| cluster.drawn.get(at).copied().flatten();
    let mut reached: BTreeMap<WorkloadId, usize> = BTreeMap::new();
    let mut outside: BTreeSet<WorkloadId> = BTreeSet::new();
    Matrix::new(&cluster.snapshot).for_each(|line| match (line.src, line.dst) {
        (Party::Workload(from), Party::Workload(_)) => {
            if let Some(id) = drawn(from) {
                *reached.entry(id).or_default() += 1;
            }
        }
        (Party::Addresses { first, last }, Party::Workload(to)) => {
            // With a few blocks excepted, the rest still counts as the Internet.
            let whole = |first: IpAddr, last: IpAddr| match (first, last) {
                (IpAddr::V4(a), IpAddr::V4(b)) => u32::from(b) - u32::from(a) > u32::MAX / 8,
                (IpAddr::V6(a), IpAddr::V6(b)) => u128::from(b) - u128::from(a) > u128::MAX / 8,
                _ => false,
            };
            if let (Some(id), true) = (drawn(to), whole(first, last)) {
                outside.insert(id);
            }
        }
        _ => {}
    });
    let isolated = |id: &WorkloadId| gates.get(id).is_some_and(|[ingress, _]| ingress.isolated);
    audit.from_outside = outside.into_iter().filter(isolated).collect();
    let mut most: Vec<(WorkloadId, usize)> = reached.into_iter().collect();
    most.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    most.truncate(NAMED);
    audit.reach_most = most;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;
    use crate::proof::generate;
    use crate::query::exposure;

    fn policy(name: &str, spec: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
        )
    }

    #[test]
    fn a_policy_that_isolates_future_pods_is_not_redundant() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.namespace("empty");
        fixture.document.settings.base = crate::model::Base::None;
        let deny = policy("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}");
        let web = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress]}";
        fixture.import(&deny, None);
        fixture.import(&policy("web", web), None);
        fixture.import(&deny.replace("shop", "empty"), None);
        let document = &fixture.document;
        let in_force = InForce::read(document, &generate(document));
        let gates = exposure::gates(document, &in_force);
        let audit = audit(document, &in_force, &gates, &|| false);
        assert!(audit.select_nothing.is_empty(), "{audit:?}");
        let redundant: Vec<String> = audit
            .without_effect
            .iter()
            .map(|id| document.policy_name(*id))
            .collect();
        assert_eq!(redundant, ["web"]);
    }

    #[test]
    fn a_stopped_audit_compares_nothing() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.document.settings.base = crate::model::Base::None;
        let closed = "{podSelector: {}, policyTypes: [Ingress]}";
        for name in ["a", "b", "c"] {
            fixture.import(&policy(name, closed), None);
        }
        let document = &fixture.document;
        let in_force = InForce::read(document, &generate(document));
        let gates = exposure::gates(document, &in_force);
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) >= 1;
        let stopped = audit(document, &in_force, &gates, &stop);
        assert_eq!(
            stopped.without_effect.len(),
            1,
            "it stopped after one policy"
        );
        assert!(stopped.reach_most.is_empty());
        let whole = audit(document, &in_force, &gates, &|| false);
        assert_eq!(whole.without_effect.len(), 3);
    }

    #[test]
    fn an_audit_lists_open_workloads_and_empty_and_redundant_policies() {
        let mut fixture = Fixture::new();
        let web = fixture.workload("shop/web", "app=web");
        let db = fixture.workload("shop/db", "app=db");
        let other = fixture.workload("tools/other", "app=other");
        fixture.document.settings.base = crate::model::Base::None;
        for (name, spec) in [
            (
                "closed",
                "{podSelector: {}, policyTypes: [Ingress, Egress]}",
            ),
            (
                "again",
                "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}",
            ),
            (
                "nobody",
                "{podSelector: {matchLabels: {app: gone}}, policyTypes: [Ingress]}",
            ),
            (
                "world",
                "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}",
            ),
            (
                "all",
                "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 1}]}]}",
            ),
        ] {
            fixture.import(&policy(name, spec), None);
        }
        let document = &fixture.document;
        let in_force = InForce::read(document, &generate(document));
        let gates = exposure::gates(document, &in_force);
        let audit = audit(document, &in_force, &gates, &|| false);
        let names = |ids: &[PolicyId]| -> Vec<String> {
            ids.iter().map(|id| document.policy_name(*id)).collect()
        };
        assert_eq!(names(&audit.select_nothing), ["nobody"]);
        assert_eq!(names(&audit.without_effect), ["again"]);
        assert_eq!(audit.open, [(other, [true; 2])]);
        assert_eq!(audit.from_outside, [web]);
        let partly: Vec<WorkloadId> = audit.partly.iter().map(|(id, ..)| *id).collect();
        assert_eq!(partly, [db]);
        assert_eq!(audit.reach_most, [(other, 1)]);
        assert_eq!(
            audit.summary(),
            "3 workloads, 5 imported policies: 1 not isolated"
        );
    }
}
