//! The problems of the open project in one list: findings of the proof, losses of the generator,
//! broken invariants, diagnostics. The status bar counts them and the Problems tab lists them.

use std::collections::BTreeSet;

use super::icons;
use crate::analysis::oracle::Probe;
use crate::diag::{Diagnostic, Severity};
use crate::model::{Document, End, ExternalId, FlowId, Item, validate};
use crate::policy::{ADD_NETWORKS, Loss};
use crate::proof::Finding;
use crate::proof::Fix;
use crate::proof::Kind;
use crate::proof::Located;
use crate::query::Breach;
use crate::query::Hop;
use crate::query::Judged;
use crate::query::Outcome;
use crate::query::Results;
use crate::query::half_open::HalfOpen;
use crate::query::why::Question;
use crate::scene::tokens::{Palette, Rgb};

/// The severity of a problem, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Blocked, or an error.
    Bad,
    /// Too wide, or a warning.
    Doubtful,
    /// A note.
    Note,
}

impl Tone {
    /// Its icon: never colour alone.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Bad => icons::X,
            Self::Doubtful => icons::WARNING,
            Self::Note => icons::NOTE,
        }
    }

    /// Its foreground and background colours.
    pub fn colors(self, palette: &Palette) -> (Rgb, Rgb) {
        match self {
            Self::Bad => (palette.blocked, palette.blocked_soft),
            Self::Doubtful => (palette.wide, palette.wide_soft),
            Self::Note => (palette.text_secondary, palette.canvas),
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Bad,
            Severity::Warning => Self::Doubtful,
            Severity::Info => Self::Note,
        }
    }
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Its severity.
    pub tone: Tone,
    /// A short title.
    pub title: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// A connection that shows it.
    pub witness: String,
    /// What to do.
    pub help: String,
    /// The item that it is about.
    pub item: Option<Item>,
    /// Index of its finding in the proof.
    pub finding: Option<usize>,
    /// The connection to explain.
    pub why: Option<Question>,
    /// The external that needs networks.
    pub networks: Option<ExternalId>,
    /// Fixes that need no proof; those of a finding are computed when it is shown.
    pub fixes: Vec<Fix>,
}

/// All problems, worst first.
pub fn problems(document: &Document, results: &Results) -> Vec<Problem> {
    let mut all: Vec<Problem> = results
        .proof
        .findings
        .iter()
        .enumerate()
        .map(|(at, finding)| of_finding(document, at, finding))
        .collect();
    let reported: BTreeSet<_> = results
        .proof
        .findings
        .iter()
        .filter(|finding| finding.kind.is_loss())
        .filter_map(|finding| finding.flow)
        .collect();
    let losses = results.generated.losses.iter();
    all.extend(
        losses
            .filter(|loss| !reported.contains(&FlowId::from(loss.flow)))
            .map(|loss| of_loss(document, loss)),
    );
    all.extend(
        results
            .invariants
            .iter()
            .filter_map(|j| of_judged(document, j)),
    );
    all.extend(results.generated.diagnostics.iter().map(of_diagnostic));
    all.extend(results.findings.iter().map(of_diagnostic));
    let half_open = results.half_open.iter();
    all.extend(half_open.map(|found| of_half_open(document, found)));
    let denied = results.denied.iter();
    all.extend(denied.map(|found| of_denied(document, found)));
    all.extend(validate::problems(document).iter().map(of_diagnostic));
    all.sort_by_key(|problem| problem.tone);
    all
}

fn of_half_open(document: &Document, found: &HalfOpen) -> Problem {
    Problem {
        title: format!("Half open: {}", document.flow_name(found.flow)),
        item: Some(Item::Flow(found.flow)),
        fixes: found.fix(document).into_iter().collect(),
        ..of_diagnostic(&found.diagnostic)
    }
}

/// A flow that allows nothing, since the drawing denies all of it.
fn of_denied(document: &Document, found: &Diagnostic) -> Problem {
    let flow = found.flow.map(FlowId);
    Problem {
        title: flow.map_or(String::new(), |id| {
            format!("Denied: {}", document.flow_name(id))
        }),
        item: flow.map(Item::Flow),
        ..of_diagnostic(found)
    }
}

fn of_finding(document: &Document, at: usize, finding: &Finding) -> Problem {
    let (tone, what) = match finding.kind {
        Kind::Blocked => (Tone::Bad, "Blocked"),
        Kind::TooWide => (Tone::Doubtful, "Too wide"),
        Kind::Invalid => (Tone::Bad, "Invalid flow"),
        Kind::CannotExpress => (Tone::Note, "Cannot be expressed"),
        Kind::Approximated => (Tone::Note, "Approximated"),
    };
    let shown = &finding.witness;
    let witness = match finding.kind {
        Kind::Invalid | Kind::CannotExpress | Kind::Approximated => String::new(),
        Kind::Blocked | Kind::TooWide => {
            format!("{} > {} {}", finding.from, finding.to, finding.ports)
        }
    };
    let mut message = sentence(&finding.message);
    if !finding.policies.is_empty() {
        message.push_str(&format!(" ({})", finding.policies.join(", ")));
    }
    Problem {
        tone,
        title: format!(
            "{what}: {} to {}",
            short(document, &shown.from, &finding.from),
            short(document, &shown.to, &finding.to)
        ),
        message,
        witness,
        help: sentence(finding.help.as_deref().unwrap_or_default()),
        item: finding
            .flow
            .map(Item::Flow)
            .or(finding.workload.map(Item::Workload)),
        finding: Some(at),
        why: question(document, [&shown.from, &shown.to], shown.port),
        networks: finding
            .flow
            .and_then(|flow| without_networks(document, flow, finding.help.as_deref())),
        fixes: Vec::new(),
    }
}

/// The external of a flow that needs networks, if that is what helps.
fn without_networks(document: &Document, flow: FlowId, help: Option<&str>) -> Option<ExternalId> {
    let flow = document
        .flows
        .get(flow)
        .filter(|_| help.is_some_and(|help| help.starts_with(ADD_NETWORKS)))?;
    [&flow.from, &flow.to]
        .into_iter()
        .find_map(|end| match end {
            End::External(id) => Some(*id),
            _ => None,
        })
}

/// The name of an end in a title.
fn short(document: &Document, place: &Located, words: &str) -> String {
    match place {
        Located::At(end) => document.end_name(end),
        _ => words.to_owned(),
    }
}

/// An invariant that is violated or cannot be judged.
fn of_judged(document: &Document, judged: &Judged) -> Option<Problem> {
    let invariant = document.invariants.get(judged.id)?;
    let (tone, what, message, hops) = match &judged.outcome {
        Outcome::Kept => return None,
        Outcome::Broken(breach) => (Tone::Bad, "Broken", broken(breach), &breach.hops[..]),
        Outcome::CannotBeJudged(why) => (Tone::Doubtful, "Not judged", why.to_string(), &[][..]),
    };
    let path: Vec<String> = hops.iter().map(|hop| hop_words(document, hop)).collect();
    Some(Problem {
        tone,
        title: format!("{what}: {}", invariant.name),
        message: sentence(&message),
        witness: path.join("\n"),
        help: String::new(),
        item: Some(Item::Invariant(judged.id)),
        finding: None,
        why: hops.first().and_then(|hop| of_hop(document, hop)),
        networks: None,
        fixes: Vec::new(),
    })
}

/// The message of a violated invariant whose hops are listed below it.
pub fn broken(breach: &Breach) -> String {
    match breach.hops.as_slice() {
        [first, .., last] => format!(
            "{} reaches {} in {} hops",
            first.from_words,
            last.to_words,
            breach.hops.len()
        ),
        _ => breach.message.clone(),
    }
}

/// `external/Internet > shop/web TCP 8443`.
pub fn hop_words(document: &Document, hop: &Hop) -> String {
    let name = |place: &Located, words: &str| match place {
        Located::Inside {
            end: Some(external),
            address: Some(_),
        } => document.end_words(external),
        _ => words.to_owned(),
    };
    let ports = match hop.ports.is_all() {
        true => "any port".to_owned(),
        false => hop.ports.to_string(),
    };
    let (from, to) = (
        name(&hop.from, &hop.from_words),
        name(&hop.to, &hop.to_words),
    );
    format!("{from} > {to} {ports}")
}

/// A hop as a question to `why`, if both ends can be named.
pub fn of_hop(document: &Document, hop: &Hop) -> Option<Question> {
    question(document, [&hop.from, &hop.to], hop.ports.example())
}

/// A connection as a question to `why`, if both ends can be named.
fn question(document: &Document, ends: [&Located; 2], port: Probe) -> Option<Question> {
    let [from, to] = ends.map(|place| match place {
        Located::At(end) => Some(document.end_words(end)),
        Located::Inside { address, .. } => address.map(|address| address.to_string()),
    });
    Some(Question {
        from: from?,
        to: to?,
        port: port.map_or(String::new(), |(protocol, port)| {
            format!("{protocol}/{port}")
        }),
    })
}

fn of_loss(document: &Document, loss: &Loss) -> Problem {
    let flow = FlowId::from(loss.flow);
    Problem {
        // Nothing is wrong in the drawing: the dialect is what cannot express it.
        tone: match loss.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning | Severity::Info => Tone::Note,
        },
        title: format!("Left out: {}", document.flow_name(flow)),
        message: sentence(&loss.message()),
        witness: String::new(),
        help: sentence(loss.help.as_deref().unwrap_or_default()),
        item: Some(Item::Flow(flow)),
        finding: None,
        why: None,
        networks: without_networks(document, flow, loss.help.as_deref()),
        fixes: Vec::new(),
    }
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Problem {
    let tone = Tone::from(diagnostic.severity);
    let title = diagnostic.resource.clone().unwrap_or_else(|| match tone {
        Tone::Bad => "Error".into(),
        Tone::Doubtful => "Warning".into(),
        Tone::Note => "Note".into(),
    });
    let place = place_of(diagnostic).unwrap_or_default();
    Problem {
        tone,
        title,
        message: sentence(&diagnostic.message),
        witness: place,
        help: sentence(diagnostic.help.as_deref().unwrap_or_default()),
        item: None,
        finding: None,
        why: None,
        networks: None,
        fixes: Vec::new(),
    }
}

/// `line 5 of NetworkPolicy shop/web`: a project keeps the text of each policy alone, so that a line in it is none of
/// the file that it came from.
pub fn place_of(diagnostic: &Diagnostic) -> Option<String> {
    let span = diagnostic.span.as_ref()?;
    let text = diagnostic.resource.as_deref().unwrap_or(&span.file);
    Some(format!("line {} of {text}", span.line))
}

/// A diagnostic's message as a sentence: capitalized (unless a path comes first), without
/// backticks.
pub fn sentence(text: &str) -> String {
    let word = text.split_whitespace().next().unwrap_or_default();
    let text = text.replace('`', "\"");
    if word.contains('/') {
        return text;
    }
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().collect::<String>());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ImportedPolicy, Unknown};
    use crate::query;

    #[test]
    fn lint_findings_are_problems() {
        let mut document = Document::default();
        document.policies.add(ImportedPolicy {
            file: "out.yaml".into(),
            text: "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: http}]}]
"
            .into(),
            replaces: None,
            unknown: Unknown::new(),
        });
        let results = query::check(&document);
        let [found] = results.findings.as_slice() else {
            panic!("{:?}", results.findings);
        };
        assert_eq!(found.code, "L08");
        let problems = problems(&document, &results);
        let problem = problems
            .iter()
            .find(|p| p.title == "NetworkPolicy shop/out");
        let problem = problem.expect("a problem");
        assert_eq!(problem.message, sentence(&found.message));
        assert_eq!(problem.witness, "line 5 of NetworkPolicy shop/out");
    }
}
