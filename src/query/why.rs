//! Why a connection is allowed or not, told against what is drawn: the two gates, what selects each
//! end, the rule that decides with its text, and for a denial what comes nearest. Words and places
//! only; a window shows them.

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
use crate::query::drawn::{Drawn, PairEnd};
use crate::query::explain::{self, Shown};
use crate::sets::PortSet;

/// How a connection stands: allowed or not, drawn or not. The worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PairVerdict {
    /// Drawn, and not allowed.
    Blocked,
    /// Allowed, and not drawn, although the drawing closes a gate.
    NotDrawn,
    /// Drawn, and left out because NetworkPolicy cannot express it.
    CannotExpress,
    /// Allowed and drawn.
    Drawn,
    /// Allowed; not drawn, but nothing drawn closes it.
    Open,
    /// Neither allowed nor drawn.
    Denied,
}

impl PairVerdict {
    /// In words, as a heading.
    pub fn words(self) -> &'static str {
        match self {
            Self::Blocked => "Blocked, although drawn",
            Self::NotDrawn => "Allowed, but not drawn",
            Self::CannotExpress => "Drawn, but NetworkPolicy cannot express it",
            Self::Drawn => "Allowed and drawn",
            Self::Open => "Allowed, and nothing is drawn there",
            Self::Denied => "Not allowed, and not drawn",
        }
    }
}

/// The answer about one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// How it stands.
    pub verdict: PairVerdict,
    /// One sentence beside that; may be empty.
    pub more: String,
    /// Who opens it.
    pub from: Place,
    /// To whom.
    pub to: Place,
    /// At which port, as a person reads it: `TCP 5432`.
    pub port: String,
    /// The flows that draw it.
    pub flows: Vec<FlowId>,
    /// The gate of the source, then that of the destination.
    pub gates: [Gate; 2],
    /// Assumptions without which the answer would be another one, as sentences.
    pub assumptions: Vec<String>,
    /// What can be done, the best first.
    pub fixes: Vec<Fix>,
    /// Another connection of what was asked, which stands differently, and how.
    pub other: Option<(Question, PairVerdict)>,
}

/// A question in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Who opens the connection.
    pub from: String,
    /// To whom.
    pub to: String,
    /// At which port.
    pub port: String,
}

/// One end of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The words that find it again.
    pub words: String,
    /// What it is called in a sentence.
    pub name: String,
    /// Where it is on the canvas.
    pub node: Option<NodeRef>,
}

/// What one gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Whose gate.
    pub direction: Direction,
    /// Whether it lets the connection pass.
    pub allowed: bool,
    /// `cart may send`, `postgres may not receive`.
    pub title: String,
    /// What decides, and what comes near, in order.
    pub steps: Vec<Step>,
    /// The policies that select this end here, as `NAMESPACE/NAME`.
    pub selected_by: Vec<String>,
    /// The text of what decides or comes nearest.
    pub excerpt: Option<Excerpt>,
}

/// One line of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// A sentence.
    pub text: String,
    /// The policy that it speaks of, and the line of its text.
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

/// Why `question` is answered as it is: of several connections the one that stands worst.
///
/// # Errors
/// Words that stand for nothing.
pub fn why(results: &Results, drawn: &Drawn, question: &Question) -> Result<Why, Refusal> {
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
        let message = format!("no pod of `{}` declares a port of this name", question.to);
        return Err(Refusal::new(message).help("ask for a number, such as TCP/443"));
    };
    let mut why = explainer.tell(*verdict, first, &asked);
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

/// All that is needed to tell of a connection.
struct Explainer<'a> {
    results: &'a Results,
    drawn: &'a Drawn,
}

impl Explainer<'_> {
    fn document(&self) -> &Document {
        &self.results.document
    }

    fn verdict(&self, shown: &Shown) -> PairVerdict {
        let (Some(from), Some(to)) = (self.spot(&shown.from), self.spot(&shown.to)) else {
            return if shown.trace.allowed {
                PairVerdict::Open
            } else {
                PairVerdict::Denied
            };
        };
        let snapshot = &self.results.in_force.cluster.snapshot;
        let port = asked::port_set(shown.port);
        let covers = |ports: PortSet| ports.intersects(&port);
        let intended = self.drawn.expects(&shown.from, &shown.to, shown.port);
        let drawn = intended && covers(self.drawn.ports(snapshot, from, to));
        match (shown.trace.allowed, drawn) {
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

    fn spot<'e>(&self, end: &'e analysis::Endpoint) -> Option<PairEnd<'e>> {
        match end {
            analysis::Endpoint::Pod(at) => {
                let pod = self.results.in_force.cluster.snapshot.pods.get(*at)?;
                Some(PairEnd::Workload(pod.workload))
            }
            analysis::Endpoint::Address(address) => Some(PairEnd::Address(*address)),
            analysis::Endpoint::Domain(name) => Some(PairEnd::Domain(name)),
            analysis::Endpoint::NewPod(_)
            | analysis::Endpoint::Node(_)
            | analysis::Endpoint::NodeAddress(..) => None,
        }
    }

    fn place(&self, end: &analysis::Endpoint) -> Place {
        place(self.results, end)
    }

    fn tell(&self, verdict: PairVerdict, shown: &Shown, asked: &Asked) -> Why {
        let from = asked.named(&asked.from_place, self.place(&shown.from));
        let to = asked.named(&asked.to_place, self.place(&shown.to));
        let port = asked::port_set(shown.port);
        let spots = self.spot(&shown.from).zip(self.spot(&shown.to));
        let snapshot = &self.results.in_force.cluster.snapshot;
        let flows = spots.map_or(Vec::new(), |(a, b)| self.drawn.flows(snapshot, a, b, &port));
        let told = self.gates(shown, &from, &to);
        Why {
            verdict,
            more: self.more(verdict, &flows),
            port: port.to_string(),
            fixes: self.fixes(verdict, shown, &from, &to, asked, &flows),
            gates: told,
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
                PairVerdict::Drawn | PairVerdict::Blocked | PairVerdict::CannotExpress,
                Some(flow),
            ) => {
                let name = document.flow_name(*flow);
                match flows.len() {
                    1 => format!("The flow {name}"),
                    many => format!("The flow {name}, and {} more", many - 1),
                }
            }
            (PairVerdict::Drawn | PairVerdict::Blocked, None) => {
                "Name resolution, which the settings permit".into()
            }
            (PairVerdict::Open, _) if !self.drawn.any() => {
                "Nothing is drawn in this project yet".into()
            }
            (PairVerdict::Open, _) => {
                "Neither a base nor an imported policy closes it: left open by choice".into()
            }
            (PairVerdict::NotDrawn, _) => {
                "No flow covers it, and something here should close it".into()
            }
            _ => String::new(),
        }
    }
}
