//! What imported policies allow beyond the drawn flows, aggregated for display.

use std::collections::BTreeSet;

use crate::analysis::changes::beyond;
use crate::analysis::connections::Matrix;
use crate::analysis::oracle::{Decision, probe};
use crate::analysis::{Endpoint, query};
use crate::intent::gates::{self, Bound};
use crate::model::{Document, End, NodeRef, PolicyId};
use crate::proof::in_force::{InForce, Origin};
use crate::query::party::{self, Joined, Pair, Party};
use crate::sets::{IpSet, PortSet};

/// Connections that imported policies allow and that are not drawn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allowed {
    /// From where to where, and at which ports.
    pub joined: Joined,
    /// The imported policies whose rules allow it.
    pub policies: Vec<PolicyId>,
    /// One of its connections: indices of workloads in the snapshot; none where an end is outside.
    pub example: Option<(usize, usize)>,
}

/// More than these are aggregated by namespace.
const MOST: usize = 120;
/// How many connections of one arrow are probed for the policies that allow them.
const PROBED: usize = 12;

/// Computes all of them, sorted; empty or partial once `stop` returns true. Without connections of gates that
/// nothing isolates: no rule allows those.
pub fn beyond_drawn(
    document: &Document,
    in_force: &InForce,
    stop: &dyn Fn() -> bool,
) -> Vec<Allowed> {
    let cluster = &in_force.cluster;
    let real = &cluster.snapshot;
    let imported = in_force.imported();
    if imported.is_empty() {
        return Vec::new();
    }
    let intents = gates::intents(document, &imported, &[], Bound::Upper);
    let ideal = cluster.intended(&intents);
    let (mut allowed, mut drawn) = (Matrix::new(real), Matrix::new(&ideal));
    let addressed = party::addressed(document);
    let mut pairs: Vec<Pair> = Vec::new();
    let party = |at: usize| cluster.drawn.get(at).copied().flatten();
    let party = |at: usize| party(at).map(|id| Party::Drawn(NodeRef::Workload(id)));
    for at in 0..real.workloads.len() {
        if stop() {
            return Vec::new();
        }
        let Some(own) = party(at) else { continue };
        let (now, meant) = (allowed.of(at), drawn.of(at));
        for (to, ports) in &now.workloads {
            let known = meant.workloads.get(to).cloned().unwrap_or_default();
            let more = beyond(ports, &known);
            if let (Some(other), false) = (party(*to), more.is_empty()) {
                pairs.push((own, other, more));
            }
        }
        let out = party::ranges_beyond(&now.to, &meant.to);
        let out = party::outsiders(&out, &addressed);
        pairs.extend(out.into_iter().map(|(other, ports)| (own, other, ports)));
        let into = party::ranges_beyond(&now.from, &meant.from);
        let into = party::outsiders(&into, &addressed);
        pairs.extend(into.into_iter().map(|(other, ports)| (other, own, ports)));
    }
    let attribution = Attribution { document, in_force };
    let joined = party::join(document, pairs, MOST);
    let wanted = joined.into_iter().take_while(|_| !stop());
    let all = wanted.map(|joined| attribution.attribute(joined));
    all.filter(|a| !a.policies.is_empty()).collect()
}

/// Finds the policies that allow connections.
struct Attribution<'a> {
    document: &'a Document,
    in_force: &'a InForce,
}

impl Attribution<'_> {
    fn attribute(&self, joined: Joined) -> Allowed {
        let (from, to) = (self.ends(joined.from), self.ends(joined.to));
        let pairs = from.iter().flat_map(|a| to.iter().map(move |b| (a, b)));
        let mut policies = BTreeSet::new();
        for (a, b) in pairs.filter(|(a, b)| a != b).take(PROBED) {
            policies.extend(self.policies(a, b, &joined.ports));
        }
        let workload = |end: Option<&Endpoint>| match end {
            Some(Endpoint::Pod(pod)) => self.in_force.cluster.snapshot.pods.get(*pod),
            _ => None,
        };
        let first = from.iter().flat_map(|a| to.iter().map(move |b| (a, b)));
        let first = first.clone().find(|(a, b)| a != b);
        let example = first.and_then(|(a, b)| Some((workload(Some(a))?, workload(Some(b))?)));
        Allowed {
            joined,
            policies: policies.into_iter().collect(),
            example: example.map(|(a, b)| (a.workload, b.workload)),
        }
    }

    /// One pod of each of its workloads, or one address.
    fn ends(&self, party: Party) -> Vec<Endpoint> {
        let node = match party {
            Party::Drawn(node) => node,
            Party::Outside => return example_address(&IpSet::all()),
        };
        if !End::from(node).has_gate() {
            return example_address(&self.document.addresses_at(&node.into()));
        }
        let cluster = &self.in_force.cluster;
        let workloads = self.document.workloads_at(&node.into());
        let places = workloads.iter().filter_map(|id| cluster.index.get(id));
        let first = places.filter_map(|at| cluster.snapshot.workloads.get(*at));
        let first = first
            .map(|w| w.pods.clone())
            .filter(|pods| !pods.is_empty());
        first
            .map(|pods| Endpoint::Pod(pods.start))
            .take(PROBED)
            .collect()
    }

    /// The imported policies with a rule that lets a connection pass one of its gates.
    fn policies(&self, from: &Endpoint, to: &Endpoint, ports: &PortSet) -> Vec<PolicyId> {
        let snapshot = &self.in_force.cluster.snapshot;
        let trace = probe(snapshot, from, to, query::one_of(ports));
        let gates = [trace.egress, trace.ingress].into_iter();
        let kept = gates.filter_map(|gate| match gate.decision {
            Decision::Rule { policy, .. } => match self.in_force.origins.get(policy) {
                Some(Origin::Imported(id)) => Some(*id),
                _ => None,
            },
            _ => None,
        });
        kept.collect()
    }
}

/// One address of a set; an IPv4 one if there is one.
fn example_address(set: &IpSet) -> Vec<Endpoint> {
    let first = set
        .ranges()
        .next()
        .map(|(first, _)| Endpoint::Address(first));
    first.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;
    use crate::proof::generate;

    const DENY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: shop}\n\
        spec: {podSelector: {}, policyTypes: [Ingress]}\n";
    const OPEN: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: to-db, namespace: shop}\n\
        spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}], ports: [{port: 5432}]}]}\n";

    fn shop(policies: &[&str]) -> Fixture {
        let mut fixture = Fixture::new();
        for name in ["web", "cart", "api", "db"] {
            fixture.workload(&format!("shop/{name}"), &format!("app={name}"));
        }
        fixture.document.settings.base = crate::model::Base::None;
        for text in policies {
            fixture.import(text, None);
        }
        fixture
    }

    fn found(fixture: &Fixture) -> Vec<String> {
        let document = &fixture.document;
        let in_force = InForce::read(document, &generate(document));
        let all = beyond_drawn(document, &in_force, &|| false);
        let one = |a: &Allowed| {
            let names: Vec<String> = a
                .policies
                .iter()
                .map(|id| document.policy_name(*id))
                .collect();
            let (from, to) = (a.joined.from.words(document), a.joined.to.words(document));
            format!("{from} to {to} by {}", names.join(", "))
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn only_undrawn_connections_of_imported_rules_are_listed() {
        assert!(found(&shop(&[])).is_empty());
        assert!(found(&shop(&[DENY])).is_empty(), "it allows nothing");
        let mut fixture = shop(&[DENY, OPEN]);
        assert_eq!(found(&fixture), ["every workload of shop to db by to-db"]);
        fixture.flow("shop/web", "shop/db", "TCP/5432");
        let rest = ["cart to db by to-db", "api to db by to-db"];
        assert_eq!(found(&fixture), rest);
    }

    #[test]
    fn addresses_are_listed_as_outside() {
        let world = OPEN.replace(
            "from: [{podSelector: {}}]",
            "from: [{ipBlock: {cidr: 0.0.0.0/0}}]",
        );
        assert_eq!(
            found(&shop(&[DENY, &world])),
            ["addresses outside to db by to-db"]
        );
    }
}
