//! The places of flows in a project file, and what of them is omitted from the policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::model::Document;
use crate::policy::{Loss, distinct};
use crate::project::format;
use crate::report::verify::Places;
use crate::yaml::Mark;

/// The places of a project's flows, policies and invariants in its file.
pub(super) fn places(file: &str, text: &str) -> Places {
    fn by_id<K: From<u32> + Ord, V>(places: impl IntoIterator<Item = V>) -> BTreeMap<K, V> {
        (0..).map(K::from).zip(places).collect()
    }
    let found = format::places(text);
    let name: Arc<str> = file.into();
    let span = |mark: Mark| mark.span(Arc::clone(&name));
    Places {
        file: file.to_owned(),
        flows: by_id(found.flows.into_iter().map(span)),
        policies: by_id(found.policies),
        invariants: by_id(found.invariants),
    }
}

/// The parts of flows omitted from the policies, as diagnostics.
pub(super) fn omitted(document: &Document, losses: &[Loss]) -> Vec<Diagnostic> {
    let one = |loss: &Loss| {
        let message = format!("{} is omitted: {}", loss.part, loss.why);
        let mut found = Diagnostic::new(loss.severity, "left-out", message).of_flow(loss.flow.0);
        found.help.clone_from(&loss.help);
        found.on(format!("flow {}", document.flow_name(loss.flow.into())))
    };
    distinct(losses).map(one).collect()
}
