//! Property: Problems, Why, Reach, the matrix and `verify` never contradict each other.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::Results;
use super::drawn::DrawnConnections;
use super::reach::{Cell, ReachMatrix};
use super::why::{PairVerdict, Question, why};
use crate::load::imported;
use crate::model::fixture::Fixture;
use crate::model::{Document, End, FlowId, Words, WorkloadId};
use crate::plan::{Plan, plan};
use crate::policy::Role;
use crate::proof::prove::laws::{alter, drawing, random_with_rules};
use crate::proof::{InForce, Kind, State, Verdict, generated, prove};
use crate::sets::Protocol;

const PORTS: [(Protocol, u16); 8] = [
    (Protocol::Tcp, 80),
    (Protocol::Tcp, 8005),
    (Protocol::Tcp, 8080),
    (Protocol::Tcp, 53),
    (Protocol::Udp, 53),
    (Protocol::Udp, 5353),
    (Protocol::Sctp, 7),
    (Protocol::Tcp, 5353),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn all_answers_agree(
        random in random_with_rules(),
        change in prop::option::of(any::<(u8, u16, u16, u16)>()),
    ) {
        let document = drawing(&random).document;
        let asked = Asked::new(results(&document, change));
        for (from, a) in document.workloads.ids().enumerate() {
            for (to, b) in document.workloads.ids().enumerate() {
                if a != b {
                    let port = PORTS[(from * 3 + to * 5 + random.len()) % PORTS.len()];
                    prop_assert_eq!(asked.contradiction(a, b, port), None);
                }
            }
        }
    }
}

/// Without flows nothing is compared, so DNS that is permitted and not allowed is no difference.
#[test]
fn all_answers_agree_without_flows() {
    let mut fixture = Fixture::new();
    let client = fixture.workload("shop/web", "app=web");
    let server = fixture.workload("kube-system/dns", "k8s-app=kube-dns");
    let without_dns = |plan: &mut Plan| plan.policies.retain(|policy| policy.role != Role::Dns);
    let asked = Asked::new(results_of(&fixture.document, without_dns));
    let question = (Protocol::Udp, 53);
    assert_eq!(asked.contradiction(client, server, question), None);
}

/// All results of a document, with its plan altered or not.
fn results(document: &Document, change: Option<(u8, u16, u16, u16)>) -> Arc<Results> {
    results_of(document, |plan| {
        if let Some(change) = change {
            alter(plan, change);
        }
    })
}

fn results_of(document: &Document, change: impl Fn(&mut Plan)) -> Arc<Results> {
    let imported = imported::imported(document);
    let mut plan = plan(document, &imported);
    change(&mut plan);
    let generated = generated::write_plan(document, &imported, plan);
    Arc::new(Results {
        proof: prove(document, &generated),
        in_force: Arc::new(InForce::of(document, &imported, &generated)),
        invariants: Vec::new(),
        findings: Vec::new(),
        half_open: Vec::new(),
        denied: Vec::new(),
        document: document.clone(),
        generated,
        took: Duration::ZERO,
    })
}

struct Asked {
    results: Arc<Results>,
    drawn: DrawnConnections,
}

impl Asked {
    fn new(results: Arc<Results>) -> Self {
        let drawn = DrawnConnections::new(&results.document, &results.generated, &results.in_force);
        Self { results, drawn }
    }

    /// The first two answers about a connection that cannot both be right.
    fn contradiction(
        &self,
        a: WorkloadId,
        b: WorkloadId,
        (protocol, port): (Protocol, u16),
    ) -> Option<String> {
        let (proof, words) = (&self.results.proof, Words::new(&self.results.document));
        let question = Question {
            from: words.of(&End::Workload(a)),
            to: words.of(&End::Workload(b)),
            port: format!("{protocol}/{port}"),
        };
        let answer = why(&self.results, &self.drawn, &question).unwrap();
        let verdict = answer.verdict;
        let contradiction = |what: &str| {
            Some(format!(
                "{question:?} is {verdict:?} ({:?}), but {what}: {:#?}\n{}",
                answer.flows,
                proof
                    .findings
                    .iter()
                    .map(|f| &f.message)
                    .collect::<Vec<_>>(),
                self.results.generated.text()
            ))
        };
        if verdict == PairVerdict::Denied && answer.gates.iter().all(|gate| gate.allowed) {
            return contradiction("both gates allow it");
        }
        let wrong = matches!(verdict, PairVerdict::Blocked | PairVerdict::NotDrawn);
        if wrong && matches!(proof.state, State::Exact | State::Approximated) {
            return contradiction("the proof finds nothing wrong");
        }
        // A flow with one gate may be exact where another that opens the other gate is not; an external and a
        // node have no gate, also where they have the address of a pod.
        let flows = &self.results.document.flows;
        let whole = |flow: &FlowId| {
            flows.get(*flow).is_some_and(|flow| {
                flow.half.is_none() && flow.from.has_gate() && flow.to.has_gate()
            })
        };
        let exact = |flow| whole(flow) && proof.verdicts.get(flow) == Some(&Verdict::Exact);
        let inexact = [
            PairVerdict::Blocked,
            PairVerdict::CannotExpress,
            PairVerdict::Approximated,
        ];
        if inexact.contains(&verdict) && answer.flows.iter().any(exact) {
            return contradiction("a flow that draws it is exact");
        }
        let wider = proof.findings.iter().any(|f| f.kind == Kind::TooWide);
        if verdict == PairVerdict::NotDrawn && !wider {
            return contradiction("nothing is too wide");
        }
        let cell = self.cell(a, b);
        let has = |ports: &crate::sets::PortSet| ports.contains(protocol, port);
        let shown = match verdict {
            PairVerdict::Blocked => has(&cell.blocked),
            PairVerdict::NotDrawn => has(&cell.wide),
            PairVerdict::CannotExpress => has(&cell.inexpressible),
            PairVerdict::Approximated => has(&cell.approximated),
            PairVerdict::Drawn => has(&cell.allowed) && has(&cell.drawn),
            PairVerdict::Open => has(&cell.allowed) && !has(&cell.drawn) && !has(&cell.wide),
            PairVerdict::Denied => !has(&cell.allowed) && !has(&cell.drawn),
        };
        match shown {
            true => None,
            false => contradiction(&format!("the matrix shows {cell:?}")),
        }
    }

    fn cell(&self, a: WorkloadId, b: WorkloadId) -> Cell {
        let mut board = ReachMatrix::new(&self.results);
        let index = &self.results.in_force.cluster.index;
        let seats = board.entries();
        let (from, to) = (seats.of_workload(index[&a]), seats.of_workload(index[&b]));
        board.row(from).remove(&to).unwrap_or_default()
    }
}
