//! Explains why a connection is allowed or denied, and compares it with the drawn flows: both gates, the
//! policies that select each end, the deciding rule with its text, and near misses of a denial.

mod asked;
mod excerpt;
mod fixes;
mod gates;
mod near;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

pub use asked::{Asked, default_port, place};

use crate::analysis::{self, Direction};
use crate::model::{Document, FlowId, NodeRef, Refusal};
use crate::proof::Fix;
use crate::query::Results;
use crate::query::drawn::DrawnConnections;
use crate::query::explain::{self, Shown};
use crate::sets::PortSet;

/// The verdict on a connection: allowed or not, drawn or not. The worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairVerdict {
    /// Drawn, and not allowed.
    Blocked,
    /// Allowed and not drawn, although the document isolates a gate.
    NotDrawn,
    /// Drawn, but left out because the dialect cannot express it.
    CannotExpress,
    /// Allowed in a wider form than drawn, as the user accepts.
    Approximated,
    /// Allowed and drawn.
    Drawn,
    /// Allowed and not drawn, and the document does not isolate it.
    Open,
    /// Neither allowed nor drawn.
    Denied,
}

impl PairVerdict {
    /// The verdict as a heading.
    pub fn words(self) -> &'static str {
        match self {
            Self::Blocked => "Drawn, but blocked",
            Self::NotDrawn => "Allowed, but not drawn",
            Self::CannotExpress => "Drawn, but the policies cannot express it",
            Self::Approximated => "Approximated: more is allowed than is drawn",
            Self::Drawn => "Allowed and drawn",
            Self::Open => "Allowed; no flow is drawn",
            Self::Denied => "Denied, and not drawn",
        }
    }
}

/// The answer about one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The verdict.
    pub verdict: PairVerdict,
    /// One sentence beside the verdict; may be empty.
    pub more: String,
    /// The source.
    pub from: EndDescription,
    /// The destination.
    pub to: EndDescription,
    /// The port: `TCP 5432`.
    pub port: String,
    /// The flows that draw it.
    pub flows: Vec<FlowId>,
    /// The gate of the source, then that of the destination.
    pub gates: [Gate; 2],
    /// Assumptions that change the verdict, as sentences.
    pub assumptions: Vec<String>,
    /// Fixes, the best first.
    pub fixes: Vec<Fix>,
    /// Another connection of the question with a different verdict.
    pub other: Option<(Question, PairVerdict)>,
}

/// A question in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The source.
    pub from: String,
    /// The destination.
    pub to: String,
    /// The port.
    pub port: String,
}

/// The texts that describe an end of the connection, and its node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndDescription {
    /// Its words, as in a question.
    pub words: String,
    /// Its name in a sentence.
    pub name: String,
    /// Where it is on the canvas.
    pub node: Option<NodeRef>,
}

/// The verdict of one gate, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Its direction.
    pub direction: Direction,
    /// Whether it allows the connection.
    pub allowed: bool,
    /// `Egress from cart: allowed`, `Ingress to postgres: denied`.
    pub title: String,
    /// What decides, then near misses, in order.
    pub steps: Vec<Step>,
    /// The policies that select this end here, as `NAMESPACE/NAME`.
    pub selected_by: Vec<String>,
    /// The text of the deciding rule, or of the closest one.
    pub excerpt: Option<Excerpt>,
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// A sentence.
    pub text: String,
    /// The policy that it is about, and the line of its text.
    pub source: Option<Source>,
}

/// A place in a policy's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `NAMESPACE/NAME`.
    pub policy: String,
    /// The file of an imported policy; generated ones have none.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: u32,
}

/// Part of a policy's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Where the deciding line is.
    pub source: Source,
    /// Number of the first line shown.
    pub first: u32,
    /// The lines.
    pub lines: Vec<String>,
    /// The lines that decide.
    pub marked: RangeInclusive<u32>,
}

/// Explains a question; of several connections the one with the worst verdict.
///
/// # Errors
/// Words that match nothing.
pub fn why(
    results: &Results,
    drawn: &DrawnConnections,
    question: &Question,
) -> Result<Why, Refusal> {
    let asked = Asked::new(results, question)?;
    let snapshot = &results.in_force.cluster.snapshot;
    let answer = explain::ask(snapshot, &asked.from, &asked.to, &asked.port);
    let explainer = Explainer { results, drawn };
    let mut shown: Vec<(PairVerdict, &Shown)> = answer
        .shown
        .iter()
        .map(|shown| (explainer.verdict(shown), shown))
        .collect();
    shown.sort_by_key(|(verdict, _)| *verdict);
    let Some((verdict, first)) = shown.first() else {
        let message = format!("no pod of `{}` declares a port with this name", question.to);
        return Err(Refusal::new(message).help("use a number, such as TCP/443"));
    };
    let mut why = explainer.explain(*verdict, first, &asked);
    why.other = shown.get(1).map(|(verdict, other)| {
        let question = Question {
            from: explainer.place(&other.from).words,
            to: explainer.place(&other.to).words,
            port: asked::port_words(other.port),
        };
        (question, *verdict)
    });
    Ok(why)
}

/// What explaining a connection needs.
struct Explainer<'a> {
    results: &'a Results,
    drawn: &'a DrawnConnections,
}

impl Explainer<'_> {
    fn document(&self) -> &Document {
        &self.results.document
    }

    fn verdict(&self, shown: &Shown) -> PairVerdict {
        use analysis::Endpoint::{Address, Domain, NodeAddress, Pod};
        let (from, to) = (&shown.from, &shown.to);
        if ![from, to]
            .iter()
            .all(|end| matches!(end, Pod(_) | Address(_) | Domain(_) | NodeAddress(..)))
        {
            // No flow leads to a node without an address or a future pod.
            return match shown.trace.allowed {
                true => PairVerdict::Open,
                false => PairVerdict::Denied,
            };
        }
        let snapshot = &self.results.in_force.cluster.snapshot;
        let port = asked::port_set(shown.port);
        let covers = |ports: PortSet| ports.intersects(&port);
        // Without flows nothing is compared: what is allowed counts as intended, as in the matrix.
        let intended = match self.drawn.any() {
            true => self.drawn.expects(from, to, shown.port),
            false => shown.trace.allowed,
        };
        let drawn = intended && covers(self.drawn.ports(snapshot, from, to));
        let allowed = match shown.trace.allowed {
            true => port.clone(),
            false => PortSet::empty(),
        };
        let approximated = || self.drawn.approximated(snapshot, from, to, &allowed);
        match (shown.trace.allowed, drawn) {
            _ if intended && covers(approximated()) => PairVerdict::Approximated,
            (true, true) => PairVerdict::Drawn,
            (true, false) if !intended => PairVerdict::NotDrawn,
            (true, false) => PairVerdict::Open,
            (false, true) if covers(self.drawn.inexpressible(snapshot, from, to)) => {
                PairVerdict::CannotExpress
            }
            (false, true) => PairVerdict::Blocked,
            (false, false) => PairVerdict::Denied,
        }
    }

    fn place(&self, end: &analysis::Endpoint) -> EndDescription {
        place(self.results, end)
    }

    fn explain(&self, verdict: PairVerdict, shown: &Shown, asked: &Asked) -> Why {
        let from = asked.named(&asked.from_place, self.place(&shown.from));
        let to = asked.named(&asked.to_place, self.place(&shown.to));
        let port = asked::port_set(shown.port);
        let snapshot = &self.results.in_force.cluster.snapshot;
        let flows = self.drawn.flows(snapshot, &shown.from, &shown.to, &port);
        Why {
            verdict,
            more: self.more(verdict, &flows),
            port: port.to_string(),
            fixes: self.fixes(verdict, shown, &from, &to, asked, &flows),
            gates: self.gates(shown, &from, &to),
            assumptions: self.assumptions(shown),
            from,
            to,
            flows,
            other: None,
        }
    }

    /// The sentence beside the verdict.
    fn more(&self, verdict: PairVerdict, flows: &[FlowId]) -> String {
        let document = self.document();
        match (verdict, flows.first()) {
            (
                PairVerdict::Drawn
                | PairVerdict::Approximated
                | PairVerdict::Blocked
                | PairVerdict::CannotExpress,
                Some(flow),
            ) => {
                let name = document.flow_name(*flow);
                match flows.len() {
                    1 => format!("The flow {name}"),
                    many => format!("The flow {name}, and {} more", many - 1),
                }
            }
            (PairVerdict::Drawn | PairVerdict::Blocked, None) => {
                "DNS, which the project settings allow".into()
            }
            (PairVerdict::Open, _) if !self.drawn.any() => "This project has no flows".into(),
            (PairVerdict::Open, _) => {
                "Neither a default deny nor an imported policy isolates it".into()
            }
            (PairVerdict::NotDrawn, _) => "No flow covers it, so it should be denied".into(),
            _ => String::new(),
        }
    }
}
