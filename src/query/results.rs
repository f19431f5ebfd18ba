//! The results for a document after an edit: its policies, their proof, the invariants.
//!
//! [`check`] is what the window calls after each edit: it writes the policies of a [`Document`],
//! reads their text back and compares it with the document.

use std::sync::Arc;
use std::time::Duration;

use super::denied;
use super::half_open::{self, HalfOpen};
use super::invariants::{self, Judged, Outcome};
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;
use crate::lint;
use crate::model::Document;
use crate::proof::cache;
use crate::proof::generated::Generated;
use crate::proof::prove::{self, Before, Proof, prove_against};
use crate::proof::{InForce, State};

/// [`prove_against`] and the invariants, under the policies of another cluster.
pub fn check_against(document: &Document, given: &Snapshot) -> (Proof, Vec<Judged>) {
    let in_force = InForce::given(document, given);
    let invariants = invariants::judge(document, &in_force);
    (prove_against(document, given), invariants)
}

/// The results for one state of a document.
#[derive(Clone, Debug)]
pub struct Results {
    /// The document.
    pub document: Document,
    /// The policies.
    pub generated: Generated,
    /// Whether they match the document.
    pub proof: Proof,
    /// The policies read back, with the imported ones; queries run on it.
    pub in_force: Arc<InForce>,
    /// Findings of the lint rules that qualify verdicts, and why the enforcer is not supported, if it is not.
    pub findings: Vec<Diagnostic>,
    /// Flows with one gate whose other gate denies them, in id order.
    pub half_open: Vec<HalfOpen>,
    /// Flows of which the drawing denies every connection, in id order.
    pub denied: Vec<Diagnostic>,
    /// The outcome of each invariant, in the order of the document.
    pub invariants: Vec<Judged>,
    /// How long it took; set by the caller, this module has no clock.
    pub took: Duration,
}

impl Results {
    /// How many invariants are broken.
    pub fn broken(&self) -> usize {
        let outcomes = self.invariants.iter().map(|judged| &judged.outcome);
        outcomes.filter(|o| matches!(o, Outcome::Broken(_))).count()
    }

    /// The state and its summary in words, with the broken invariants added to these words.
    pub fn with_invariants(&self, summary: String) -> (State, String) {
        match self.broken() {
            0 => (self.proof.state, summary),
            1 => (State::Blocked, format!("{summary}; 1 invariant broken")),
            n => (State::Blocked, format!("{summary}; {n} invariants broken")),
        }
    }
}

/// What the last check read and wrote, by content, for reuse by the next one.
#[derive(Debug, Default)]
pub struct Cache {
    texts: cache::Cache,
    before: Before,
}

impl Cache {
    /// How many policies the last check had to write.
    pub fn written(&self) -> usize {
        self.texts.written()
    }

    /// How many policies the last check had to compare, of the intended and those in force.
    pub fn compared(&self) -> usize {
        self.before.compared
    }

    /// How many texts the last check had to read.
    pub fn read(&self) -> usize {
        self.texts.read()
    }
}

/// Generates the policies and proves them.
pub fn check(document: &Document) -> Results {
    let cache = &mut Cache::default();
    let (imported, generated) = cache.texts.write(document);
    let in_force = (cache.texts).in_force(document, &imported, &generated);
    let proof = prove::prove_in_force(document, &generated, &in_force);
    finish(document, generated, in_force, proof)
}

/// [`check`] that reuses the results of the last one. None once `stop` returns true.
pub fn check_with(
    cache: &mut Cache,
    document: &Document,
    stop: &dyn Fn() -> bool,
) -> Option<Results> {
    let (imported, generated) = cache.texts.write(document);
    if stop() {
        return None;
    }
    let in_force = (cache.texts).in_force(document, &imported, &generated);
    let proof = prove::prove_with(&mut cache.before, document, &generated, &in_force, stop)?;
    Some(finish(document, generated, in_force, proof))
}

fn finish(document: &Document, generated: Generated, in_force: InForce, proof: Proof) -> Results {
    let invariants = invariants::judge(document, &in_force);
    Results {
        document: document.clone(),
        findings: findings(&in_force.cluster.snapshot),
        half_open: half_open::half_open(document, &in_force),
        denied: denied::denied(document),
        invariants,
        generated,
        proof,
        in_force: Arc::new(in_force),
        took: Duration::ZERO,
    }
}

fn findings(snapshot: &Snapshot) -> Vec<Diagnostic> {
    lint::qualifying(snapshot)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::HostNetwork;
    use crate::model::fixture::Fixture;
    use crate::model::validate::flow_ports;
    use crate::model::{ImportedPolicy, Isolate, Unknown};
    use crate::policy::Direction;
    use crate::policy::Target;
    use crate::proof::State;
    use crate::proof::prove::laws::{drawing, random};

    const NAMED: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {}
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: http}]}]
";

    /// What of two results is not equal.
    fn differing(a: &Results, b: &Results) -> Vec<&'static str> {
        let equal = [
            ("generated", a.generated == b.generated),
            ("verdicts", a.proof.verdicts == b.proof.verdicts),
            (
                "findings of the proof",
                a.proof.findings == b.proof.findings,
            ),
            ("proof", a.proof == b.proof),
            (
                "policies",
                a.in_force.policies() == b.in_force.policies()
                    && a.in_force.origins == b.in_force.origins,
            ),
            (
                "diagnostics",
                a.in_force.diagnostics == b.in_force.diagnostics,
            ),
            ("findings", a.findings == b.findings),
            ("half-open", a.half_open == b.half_open),
            ("denied", a.denied == b.denied),
            ("invariants", a.invariants == b.invariants),
        ];
        let differing = equal.into_iter().filter(|(_, equal)| !equal);
        differing.map(|(what, _)| what).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]

        #[test]
        fn cached_results_equal_uncached_ones(
            first in random(),
            second in random(),
            edits in prop::collection::vec((0..16_u8, 0..100_usize), 1..6),
        ) {
            let mut cache = Cache::default();
            for random in [&first, &second] {
                let mut document = drawing(random).document;
                let cached = check_with(&mut cache, &document, &|| false).unwrap();
                prop_assert_eq!(differing(&cached, &check(&document)), Vec::<&str>::new());
                for (kind, at) in &edits {
                    change(&mut document, *kind, *at);
                    let cached = check_with(&mut cache, &document, &|| false).unwrap();
                    let differing = differing(&cached, &check(&document));
                    prop_assert_eq!(differing, Vec::<&str>::new(), "edit {} {}", kind, at);
                }
            }
        }
    }

    /// One small change, somewhere.
    fn change(document: &mut Document, kind: u8, at: usize) {
        fn some<T: Copy>(ids: impl Iterator<Item = T>, at: usize) -> Option<T> {
            let ids: Vec<T> = ids.collect();
            (!ids.is_empty()).then(|| ids[at % ids.len()])
        }
        let (flow, workload) = (
            some(document.flows.ids(), at),
            some(document.workloads.ids(), at),
        );
        let namespace = some(document.namespaces.ids(), at);
        let flow = flow.and_then(|id| Some((id, document.flows.get(id)?.clone())));
        match (kind, flow) {
            (0, Some((id, _))) => drop(document.flows.remove(id)),
            (1, Some((_, mut flow))) => {
                std::mem::swap(&mut flow.from, &mut flow.to);
                document.flows.add(flow);
            }
            (2, Some((id, mut flow))) => {
                flow.ports = flow_ports("UDP/9, TCP/http").unwrap();
                document.flows.put(id, flow);
            }
            (3, Some((id, mut flow))) => {
                flow.muted = !flow.muted;
                document.flows.put(id, flow);
            }
            (4, _) => {
                if let Some(workload) = workload.and_then(|id| document.workloads.get_mut(id)) {
                    workload.labels.insert("app".into(), "other".into());
                }
            }
            (5, _) => {
                if let Some(namespace) = namespace.and_then(|id| document.namespaces.get_mut(id)) {
                    namespace.managed = !namespace.managed;
                }
            }
            (6, _) => {
                document.policies.add(ImportedPolicy {
                    file: "out.yaml".into(),
                    text: NAMED.replace("shop", ["a", "b"][at % 2]),
                    replaces: None,
                    unknown: Unknown::new(),
                });
            }
            (8, Some((id, mut flow))) => {
                flow.half = [None, Some(Direction::Ingress), Some(Direction::Egress)][at % 3];
                document.flows.put(id, flow);
            }
            (9, _) => {
                if let Some(workload) = workload.and_then(|id| document.workloads.get_mut(id)) {
                    workload.isolate = [Isolate::None, Isolate::Ingress, Isolate::Both][at % 3];
                }
            }
            (11, _) => {
                if let Some(workload) = workload.and_then(|id| document.workloads.get(id)) {
                    let mut added = workload.clone();
                    added.name = ["added", workload.name.as_str()][at % 2].to_owned();
                    added
                        .labels
                        .insert("tier".into(), ["new", "old"][at % 2].into());
                    document.workloads.add(added);
                }
            }
            (12, _) => {
                workload.and_then(|id| document.workloads.remove(id));
            }
            (13, _) => {
                let name = document
                    .workloads
                    .iter()
                    .next()
                    .map(|(_, w)| w.name.clone());
                if let Some(workload) = workload.and_then(|id| document.workloads.get_mut(id)) {
                    workload.name = name
                        .filter(|_| at.is_multiple_of(2))
                        .unwrap_or("aaa".into());
                }
            }
            (14, _) => {
                if let Some(workload) = workload.and_then(|id| document.workloads.get_mut(id)) {
                    workload.replicas = [Some(1), None][at % 2];
                    workload.host_network = at.is_multiple_of(3);
                }
            }
            (15, _) => {
                if let Some(workload) = workload.and_then(|id| document.workloads.get_mut(id)) {
                    workload.labels.pop_last();
                }
            }
            (7, _) => document.settings.dns.allow = !document.settings.dns.allow,
            _ if at.is_multiple_of(2) => {
                document
                    .settings
                    .show(Target::ALL[at / 2 % Target::ALL.len()]);
            }
            _ => document.settings.assumptions.host_network = HostNetwork::Nodes,
        }
    }

    #[test]
    fn an_edit_writes_and_reads_only_what_it_touches() {
        let mut fixture = Fixture::new();
        for name in ["a", "b", "c"] {
            fixture.workload(&format!("shop/{name}"), &format!("app={name}"));
        }
        fixture.flow("shop/a", "shop/b", "TCP/80");
        let id = fixture.flow("shop/b", "shop/c", "TCP/80");
        let mut cache = Cache::default();
        let mut document = fixture.document;
        let mut work = |document: &Document| {
            let results = check_with(&mut cache, document, &|| false).unwrap();
            assert_eq!(results.proof.state, State::Exact);
            (cache.written(), cache.read(), cache.compared())
        };
        let (written, read, compared) = work(&document);
        assert!(written > 4 && read == written && compared > 2 * written - 4);
        assert_eq!(work(&document), (0, 0, 0));
        // Both gates of the one flow, and nothing else.
        document.flows.get_mut(id).unwrap().ports = flow_ports("TCP/81").unwrap();
        let (written, read, few) = work(&document);
        assert_eq!((written, read), (2, 2));
        assert!(few < compared, "{few} of {compared}");
        document.flows.remove(id);
        let (written, read, few) = work(&document);
        assert_eq!((written, read), (0, 0));
        assert!(few < compared, "{few} of {compared}");
        // Labels that no selector asks for; a workload more, before all others; and without it.
        let workload = document.workloads.ids().next().unwrap();
        let labels = &mut document.workloads.get_mut(workload).unwrap().labels;
        labels.insert("tier".to_owned(), "front".to_owned());
        let (written, read, few) = work(&document);
        assert_eq!((written, read), (0, 0));
        assert!(few < compared, "{few} of {compared}");
        let mut added = document.workloads.get(workload).unwrap().clone();
        added.name = "0".to_owned();
        added.labels = [("app".to_owned(), "0".to_owned())].into();
        let added = document.workloads.add(added);
        // The default deny and the DNS policy of its namespace, whose texts are the same.
        let of_namespace = 2;
        let (written, read, few) = work(&document);
        assert_eq!((written, read), (of_namespace, 0));
        assert!(few < compared, "{few} of {compared}");
        document.workloads.remove(added);
        let (written, read, few) = work(&document);
        assert_eq!((written, read), (of_namespace, 0));
        assert!(few < compared, "{few} of {compared}");
    }

    #[test]
    fn findings_qualify_the_verdict() {
        let mut document = Document::default();
        let codes = |document: &Document| {
            let results = check(document);
            let codes = results.findings.iter().map(|d| d.code);
            codes.collect::<Vec<_>>()
        };
        assert_eq!(codes(&document), [""; 0]);
        document.policies.add(ImportedPolicy {
            file: "out.yaml".into(),
            text: NAMED.into(),
            replaces: None,
            unknown: Unknown::new(),
        });
        assert_eq!(codes(&document), ["L08"]);
    }
}
