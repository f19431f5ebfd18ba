//! Everything that is known about a drawing after an edit: its policies, their proof, the invariants.
//!
//! [`check`] is what the window calls after each edit: it writes the policies of a [`Document`],
//! reads their text back and compares it with the drawing.

use std::sync::Arc;
use std::time::Duration;

use super::invariants::{self, Judged, Outcome};
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;
use crate::load::imported;
use crate::model::Document;
use crate::policy::Imported;
use crate::proof::InForce;
use crate::proof::generated::{self, Generated};
use crate::proof::prove::{self, Proof, prove_against};
use crate::{dialect, lint};

/// [`prove_against`] and the invariants, under policies from elsewhere.
pub fn check_against(
    document: &Document,
    policies: Vec<crate::policy::Policy>,
) -> (Proof, Vec<Judged>) {
    let in_force = InForce::given(document, policies.clone());
    let invariants = invariants::judge(document, &in_force);
    (prove_against(document, policies), invariants)
}

/// What is known about a drawing after an edit.
#[derive(Clone, Debug)]
pub struct Results {
    /// What it answers for.
    pub document: Document,
    /// The policies.
    pub generated: Generated,
    /// Whether they are the drawing.
    pub proof: Proof,
    /// The policies read back, with the kept ones: who reaches whom, and why, is asked of it.
    pub in_force: Arc<InForce>,
    /// What the lint rules that qualify verdicts find in the drawing with these policies, and why its enforcer
    /// is not supported, if it is not.
    pub findings: Vec<Diagnostic>,
    /// What became of each invariant, in the order of the document.
    pub invariants: Vec<Judged>,
    /// How long it took; for whoever holds a clock to fill in.
    pub took: Duration,
}

impl Results {
    /// How many invariants are broken.
    pub fn broken(&self) -> usize {
        let outcomes = self.invariants.iter().map(|judged| &judged.outcome);
        outcomes.filter(|o| matches!(o, Outcome::Broken(_))).count()
    }
}

/// Generates and proves.
pub fn check(document: &Document) -> Results {
    let imported = imported::imported(document);
    let generated = generated::write(document, &imported);
    let in_force = InForce::of(document, &imported, &generated);
    finish(document, &imported, generated, in_force)
}

/// [`check`], unless `stop` says meanwhile that nobody wants the answer any more.
pub fn check_until(document: &Document, stop: &dyn Fn() -> bool) -> Option<Results> {
    let imported = imported::imported(document);
    let generated = generated::write(document, &imported);
    if stop() {
        return None;
    }
    let in_force = InForce::of(document, &imported, &generated);
    (!stop()).then(|| finish(document, &imported, generated, in_force))
}

fn finish(
    document: &Document,
    imported: &[Imported],
    generated: Generated,
    in_force: InForce,
) -> Results {
    let proof = prove::prove_in_force(document, imported, &generated, &in_force);
    let invariants = invariants::judge(document, &in_force);
    Results {
        document: document.clone(),
        findings: findings(document, &in_force.cluster.snapshot),
        invariants,
        generated,
        proof,
        in_force: Arc::new(in_force),
        took: Duration::ZERO,
    }
}

fn findings(document: &Document, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let unsupported = dialect::unsupported(document.settings.enforcer);
    unsupported
        .into_iter()
        .chain(lint::qualifying(snapshot))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Enforcer;
    use crate::model::{ImportedPolicy, Unknown};

    const NAMED: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {}
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: http}]}]
";

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
        document.settings.enforcer = Enforcer::Cilium;
        assert_eq!(codes(&document), ["enforcer", "L08"]);
    }
}
