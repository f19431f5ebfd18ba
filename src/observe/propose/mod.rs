//! Flows to draw for recorded connections, each with its evidence. Proposed is what was forwarded between known ends; nothing is
//! drawn without a choice, and an address is never widened without one.
//!
//! - `outside`: what an address or a name may become, and what each choice lets in.
//! - `proposer`: which connections belong to one proposal, and what is doubtful of them.
//! - `draw`: chosen proposals as one edit of a document.

mod draw;
mod outside;
mod proposer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::classes::Comparison;
use super::reader::Observed;
use super::time::{self, Time};
use crate::model::Document;
use crate::sets::{Labels, PortSet};
use crate::suggest::{self, Evidence, Strength, Suggestion};
use proposer::{Group, Proposer};

pub use draw::edit;
pub use outside::Choice;

/// A flow that a recording shows and nobody drew.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The source.
    pub from: ProposedEnd,
    /// The destination.
    pub to: ProposedEnd,
    /// The destination's own ports.
    pub ports: PortSet,
    /// Why it is not ticked at first; empty: it is.
    pub doubts: BTreeSet<Doubt>,
    /// How many connections were forwarded.
    pub count: u64,
    /// When the first one began.
    pub first: Option<Time>,
    /// When the last one was seen.
    pub last: Option<Time>,
    /// What was recorded, by file and line.
    pub evidence: Vec<Evidence>,
    /// Places in the recording's connections.
    pub connections: Vec<usize>,
}

impl Proposal {
    /// As a suggestion, in the words of a project.
    pub fn suggestion(&self) -> Suggestion {
        let weakest = self.doubts.iter().map(|doubt| doubt.strength()).min();
        Suggestion {
            from: self.from.words(),
            to: self.to.words(),
            ports: suggest::words(&self.ports),
            strength: weakest.unwrap_or(Strength::Strong),
            evidence: self.evidence.clone(),
        }
    }

    /// The choice of its end outside that is made for the user, if one can be.
    pub fn preselected(&self) -> Option<usize> {
        let is_certain = |end: &ProposedEnd| match end {
            ProposedEnd::Outside(choices) => choices
                .first()
                .is_none_or(|first| first.external.networks.len() <= MOST_ADDRESSES),
            _ => true,
        };
        [&self.from, &self.to]
            .into_iter()
            .all(is_certain)
            .then_some(0)
    }

    /// What drawing it adds to the document beside the flow: `workload shop/new`, `external api.example.com`.
    pub fn creates(&self) -> Vec<String> {
        let of = |end: &ProposedEnd| match end {
            ProposedEnd::Known(_) => None,
            ProposedEnd::New(_) => Some(format!("workload {}", end.words())),
            ProposedEnd::Outside(_) => Some(end.words().replacen('/', " ", 1)),
        };
        [&self.from, &self.to].into_iter().filter_map(of).collect()
    }
}

/// One end of a proposal.
#[derive(Clone, Debug, PartialEq)]
pub enum ProposedEnd {
    /// A node of the document, in its words.
    Known(String),
    /// A workload that the document does not have.
    New(NewWorkload),
    /// Something outside that the document does not have, the narrowest choice first.
    Outside(Vec<Choice>),
}

impl ProposedEnd {
    /// In the words of a project; of something outside, the first choice.
    pub fn words(&self) -> String {
        match self {
            Self::Known(words) => words.clone(),
            Self::New(workload) => format!("{}/{}", workload.namespace, workload.name),
            Self::Outside(choices) => {
                let name = choices.first().map(|choice| choice.external.name.as_str());
                format!("external/{}", name.unwrap_or_default())
            }
        }
    }
}

/// A workload that the document does not have.
#[derive(Clone, Debug, PartialEq)]
pub struct NewWorkload {
    /// Its namespace. A new one is not managed: no policy is written in it.
    pub namespace: String,
    /// Labels of the namespace.
    pub namespace_labels: Labels,
    /// Its name.
    pub name: String,
    /// Its kind; `Deployment` if no record says.
    pub kind: String,
    /// The labels that all of its pods have.
    pub labels: Labels,
}

/// Why a proposal is not ticked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// One connection is no pattern.
    Once,
    /// Traffic was forwarded, and no connection began.
    Uncounted,
    /// The recorder aggregates.
    Estimated,
    /// The destination declares ports, and not this one.
    Undeclared,
    /// The recorder lost many events.
    Lost,
    /// The owner of a pod is a guess.
    Guessed,
    /// A new workload has no labels to select it by.
    NoLabels,
    /// More high ports than a server usually has.
    ManyPorts,
    /// An address without a name.
    Unnamed,
}

impl Doubt {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Once => "seen once",
            Self::Uncounted => "no connection began while it was recorded",
            Self::Estimated => "the count is an estimate",
            Self::Undeclared => "the destination does not declare this port",
            Self::Lost => "events were lost while it was recorded",
            Self::Guessed => "the workload is guessed from the name of its pod",
            Self::NoLabels => "no labels are recorded to select the new workload by",
            Self::ManyPorts => {
                "many ports: FTP, RPC, peers of a cluster, or a mistake of the recorder"
            }
            Self::Unnamed => "no name is known for the address",
        }
    }

    fn strength(self) -> Strength {
        match self {
            Self::Once | Self::Uncounted | Self::Estimated | Self::Undeclared => Strength::Medium,
            Self::Lost | Self::Guessed | Self::NoLabels | Self::ManyPorts | Self::Unnamed => {
                Strength::Weak
            }
        }
    }
}

/// Why no flow is proposed for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is drawn.
    Drawn,
    /// A drawn flow denies it.
    Forbidden,
    /// DNS is a setting.
    Dns,
    /// Policies dropped it.
    Dropped,
    /// The node of a pod always reaches it.
    Probe,
    /// Cilium's own health checks, which end at no workload.
    Health,
    /// Pods that have no identity yet or that Cilium does not manage: nobody knows which.
    Unmanaged,
    /// What the catalogue of dependencies draws.
    Role,
    /// The metadata address of a cloud.
    Metadata,
    /// Flows have ports.
    NoPort,
    /// Nothing that a flow can name.
    NoAddress,
    /// A Service whose workload is not known.
    Service,
    /// A pod whose name is not recorded.
    UnnamedPod,
    /// Neither end is a workload.
    Outside,
}

impl LeftOut {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Drawn => "drawn already",
            Self::Forbidden => "denied by a drawn flow",
            Self::Dns => "DNS, which is a setting of the project",
            Self::Dropped => "dropped, which does not show that it should be allowed",
            Self::Probe => "from the node, which always reaches its own pods",
            Self::Health => "of Cilium's health checks, which belong to no workload",
            Self::Unmanaged => {
                "of pods that have no identity of Cilium, whose workload is not known"
            }
            Self::Role => "nodes and control plane, which the dependencies of namespaces cover",
            Self::Metadata => "to the metadata address of a cloud",
            Self::NoPort => "without a port",
            Self::NoAddress => "without a recorded address",
            Self::Service => "to a Service whose workload is not known",
            Self::UnnamedPod => "of a pod whose name is not recorded",
            Self::Outside => "between addresses outside",
        }
    }
}

/// Proposed flows, and the connections for which none is proposed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposals {
    /// By ends; those that are ticked first.
    pub proposals: Vec<Proposal>,
    /// Places in the recording's connections, by reason.
    pub left_out: BTreeMap<LeftOut, Vec<usize>>,
}

/// The addresses that were seen are drawn without asking if there are no more.
const MOST_ADDRESSES: usize = 4;
/// More undeclared ports between two ends are one proposal, from the least to the greatest.
const MOST_PORTS: usize = 16;
/// The flows to propose for connections that a document does not draw; `comparison` is that of the same recording.
pub fn propose(document: &Document, observed: &Observed, comparison: &Comparison) -> Proposals {
    let proposer = Proposer::new(document, observed);
    let mut left_out: BTreeMap<LeftOut, Vec<usize>> = BTreeMap::new();
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    let all = observed.connections.iter().zip(&comparison.connections);
    for (at, (connection, compared)) in all.enumerate() {
        match proposer.group(connection, compared) {
            Ok(group) => groups.entry(group).or_default().push(at),
            Err(reason) => left_out.entry(reason).or_default().push(at),
        }
    }
    let mut proposals = Vec::new();
    for ((from, to, _), mut members) in groups {
        let undeclared = |at: &usize| proposer.is_undeclared_high_port(*at);
        if members.iter().filter(|at| undeclared(at)).count() > MOST_PORTS {
            let many: Vec<usize> = members.extract_if(.., |at| undeclared(at)).collect();
            proposals.push(proposer.of_many_ports(&from, &to, many));
        }
        let mut by_doubts: BTreeMap<BTreeSet<Doubt>, Vec<usize>> = BTreeMap::new();
        for at in members {
            by_doubts
                .entry(proposer.doubts(at, &from, &to))
                .or_default()
                .push(at);
        }
        let parts = by_doubts.into_iter();
        proposals.extend(parts.map(|(doubts, all)| proposer.proposal(&from, &to, doubts, all)));
    }
    proposals.sort_by_key(|one| (!one.doubts.is_empty(), one.from.words(), one.to.words()));
    Proposals {
        proposals,
        left_out,
    }
}

/// `2026-11-03`, `2026-11-03 to 2026-11-05`.
fn days(first: Option<Time>, last: Option<Time>) -> Option<String> {
    let day = |time: Time| time::text(time).chars().take(10).collect::<String>();
    let (first, last) = (day(first?), day(last?));
    Some(if first == last {
        first
    } else {
        format!("{first} to {last}")
    })
}
