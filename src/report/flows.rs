//! Recorded connections: `drawbridge flows`.

mod json;
mod table;
mod text;

use crate::model::validate::flow_ports_text;
use crate::model::{Document, FlowId, Words};
use crate::observe::classes::{Compared, Comparison};
use crate::observe::replay::{Replay, Verdict};
use crate::observe::{Observed, Sums};
pub use json::json;
pub use table::{csv, markdown};
pub use text::text;

/// Recorded connections, compared with policies and a drawing where these are asked.
#[derive(Clone, Copy)]
pub struct Flows<'a> {
    /// The connections and the files.
    pub observed: &'a Observed,
    /// The answers of policies.
    pub comparison: Option<&'a Comparison>,
    /// The project that the policies are of.
    pub document: Option<&'a Document>,
}

impl Flows<'_> {
    fn compared(&self, at: usize) -> Option<&Compared> {
        self.comparison?.connections.get(at)
    }

    /// The flows that were never seen: source, destination, ports.
    fn never_seen(&self) -> Vec<[String; 3]> {
        let (Some(document), Some(comparison)) = (self.document, self.comparison) else {
            return Vec::new();
        };
        let words = Words::new(document);
        let row = |id: FlowId| {
            let flow = document.flows.get(id)?;
            let ports = flow_ports_text(&flow.ports);
            Some([words.of(&flow.from), words.of(&flow.to), ports])
        };
        comparison.never_seen().filter_map(row).collect()
    }
}

/// What becomes of a connection under the policies that are asked, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    NewlyDropped,
    Uncertain,
    StillDropped,
    NewlyAllowed,
    AuditedAllowed,
    StillAllowed,
}

impl Change {
    fn of(sums: &Sums, replay: &Replay) -> Self {
        match replay.verdict {
            Verdict::Uncertain => Self::Uncertain,
            Verdict::Deny if sums.passed() => Self::NewlyDropped,
            Verdict::Deny => Self::StillDropped,
            Verdict::Allow if sums.dropped > 0 || !sums.passed() => Self::NewlyAllowed,
            Verdict::Allow if sums.audited > 0 => Self::AuditedAllowed,
            Verdict::Allow => Self::StillAllowed,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NewlyDropped => "would be dropped",
            Self::Uncertain => "uncertain",
            Self::StillDropped => "dropped before and still",
            Self::NewlyAllowed => "dropped before, would be allowed",
            Self::AuditedAllowed => "audited before, would be allowed",
            Self::StillAllowed => "allowed",
        }
    }
}

/// Whether policies would drop a connection that was forwarded, or may.
pub fn would_change(flows: Flows) -> bool {
    let connections = flows.observed.connections.iter().enumerate();
    connections
        .filter_map(|(at, connection)| Some((&connection.sums, flows.compared(at)?)))
        .any(|(sums, compared)| Change::of(sums, &compared.replay) <= Change::Uncertain)
}
