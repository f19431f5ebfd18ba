//! The exposure of each gate of each workload: isolated or not, by which policies, and to which future
//! pods it is open, as drawn or beyond it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::exposure::{Exposure, exposure};
use crate::analysis::oracle::peer_matches;
use crate::analysis::{Direction, Endpoint};
use crate::intent::gates::{self, Bound};
use crate::model::{Document, WorkloadId};
use crate::policy::{Policy, Side};
use crate::proof::InForce;
use crate::sets::PortSet;

/// The gates of each workload: ingress, then egress.
pub type Gates = BTreeMap<WorkloadId, [Gate; 2]>;

/// The exposure of one gate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Whether a policy isolates it.
    pub isolated: bool,
    /// The policies that isolate it, as `NAMESPACE/NAME`, those that allow the least first; of a cluster-wide
    /// one `NAME`.
    pub by: Vec<String>,
    /// To which future pods it is open beyond what is drawn, where a rule names all pods of the cluster
    /// or of namespaces.
    pub open_to: Vec<String>,
    /// The same, as drawn: `*`, whole namespaces and groups.
    pub by_choice: Vec<String>,
}

impl Gate {
    /// In words, after the direction: `isolated by shop/deny-all; open to ...`.
    pub fn words(&self) -> String {
        if !self.isolated {
            return "not isolated by any policy".to_owned();
        }
        let mut words = match self.by.as_slice() {
            [] => "isolated".to_owned(),
            [first, ..] => format!("isolated by {first}"),
        };
        for open in &self.open_to {
            words += &format!("; open to {open}");
        }
        for open in &self.by_choice {
            words += &format!("; open as drawn to {open}");
        }
        words
    }
}

/// The gates of all workloads of the document.
pub fn gates(document: &Document, in_force: &InForce) -> Gates {
    let cluster = &in_force.cluster;
    let real = &cluster.snapshot;
    let imported = in_force.imported();
    let intents = gates::intents(document, &imported, &[], Bound::Upper);
    let ideal = cluster.intended(&intents);
    let (found, drawn) = (exposure(real), exposure(&ideal));
    let places = drawn.lines.iter();
    let places: BTreeMap<(usize, Direction), usize> = places
        .map(|line| ((line.workload, line.direction), line.gate))
        .collect();
    let mut all = Gates::new();
    for line in &found.lines {
        let Some(id) = cluster.drawn.get(line.workload).copied().flatten() else {
            continue;
        };
        let by = isolating(in_force, line.workload, line.direction);
        let mut gate = Gate {
            isolated: !by.is_empty(),
            by,
            ..Gate::default()
        };
        if gate.isolated {
            let meant = places.get(&(line.workload, line.direction)).copied();
            expose(
                &mut gate,
                (&found, line.gate),
                meant.map(|gate| (&drawn, gate)),
            );
        }
        let place = usize::from(line.direction == Direction::Egress);
        all.entry(id).or_default()[place] = gate;
    }
    all
}

fn isolating(in_force: &InForce, workload: usize, direction: Direction) -> Vec<String> {
    let snapshot = &in_force.cluster.snapshot;
    let Some(workload) = snapshot.workloads.get(workload) else {
        return Vec::new();
    };
    let isolates = |policy: &&Arc<Policy>| {
        let side = policy.side(direction);
        side.is_some_and(Side::denies_by_default)
            && (workload.pods.clone())
                .any(|pod| peer_matches(snapshot, &policy.subject, &Endpoint::Pod(pod)))
    };
    let mut policies: Vec<&Arc<Policy>> = snapshot.policies.iter().filter(isolates).collect();
    policies.sort_by_key(|p| p.side(direction).map_or(0, |s| s.rules.len()));
    policies
        .into_iter()
        .map(|policy| policy.full_name())
        .collect()
}

/// One gate of an answer.
type Of<'a> = (&'a Exposure<'a>, usize);

fn expose(gate: &mut Gate, (found, at): Of, meant: Option<Of>) {
    let Some(open) = found.gates.get(at) else {
        return;
    };
    let numbered = PortSet::all_numbered();
    let within = |ports: &PortSet, known: &PortSet| ports.intersection(&numbered).is_subset(known);
    let none = PortSet::empty();
    let meant = meant.and_then(|(drawn, at)| Some((drawn, drawn.gates.get(at)?)));
    let usual = meant.map_or(&none, |(_, m)| &m.everyone.numbers);
    let ports = |ports: &PortSet| match numbered.is_subset(ports) {
        true => "any port".to_owned(),
        false => ports.to_string(),
    };
    let everyone = &open.everyone.numbers;
    if !everyone.is_empty() {
        let words = format!("every pod of the cluster on {}", ports(everyone));
        match within(everyone, usual) {
            true => gate.by_choice.push(words),
            false => gate.open_to.push(words),
        }
    }
    for some in &open.some {
        let (kind, some) = (found.kind(some.kind), found.ports(some.ports));
        if !kind.pods.is_empty() {
            continue;
        }
        let same = meant.and_then(|(drawn, m)| {
            let mut kinds = m.some.iter();
            let same = kinds.find(|other| drawn.kind(other.kind) == kind)?;
            Some(drawn.ports(same.ports).union(usual))
        });
        let known = same.unwrap_or_else(|| usual.clone());
        let words = format!("{kind} on {}", ports(some));
        match within(some, &known) {
            true => gate.by_choice.push(words),
            false => gate.open_to.push(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;
    use crate::proof::generate;

    fn words(fixture: &Fixture, id: WorkloadId) -> [String; 2] {
        let document = &fixture.document;
        let in_force = InForce::read(document, &generate(document));
        let gates = gates(document, &in_force);
        gates[&id].clone().map(|gate| gate.words())
    }

    #[test]
    fn drawn_exposure_is_intended() {
        let mut fixture = Fixture::new();
        let web = fixture.workload("shop/web", "app=web");
        let db = fixture.workload("shop/db", "app=db");
        fixture.workload("monitoring/prometheus", "app=prometheus");
        fixture.flow("monitoring/*", "shop/web", "TCP/9090");
        fixture.flow("shop/web", "shop/db", "TCP/5432");
        let [ingress, egress] = words(&fixture, web);
        assert_eq!(
            ingress,
            "isolated by shop/deny-all; open as drawn to every pod of namespace monitoring on TCP 9090"
        );
        assert_eq!(
            egress, "isolated by shop/deny-all",
            "DNS and one flow are no openness"
        );
        assert_eq!(words(&fixture, db)[0], "isolated by shop/deny-all");
    }

    #[test]
    fn exposure_by_an_imported_policy_is_not_intended() {
        let mut fixture = Fixture::new();
        let db = fixture.workload("shop/db", "app=db");
        fixture.document.settings.base = crate::model::Base::None;
        assert_eq!(words(&fixture, db)[0], "not isolated by any policy");
        let text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\n\
            spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 5432}]}]}\n";
        fixture.import(text, None);
        let [ingress, egress] = words(&fixture, db);
        assert_eq!(
            ingress,
            "isolated by shop/open; open to every pod of the cluster on TCP 5432"
        );
        assert_eq!(egress, "not isolated by any policy");
    }
}
