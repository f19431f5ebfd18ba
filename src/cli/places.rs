//! The places of flows in a project file, and what of them is omitted from the policies.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::{Diagnostic, Severity};
use crate::load;
use crate::model::Document;
use crate::policy::{Approximation, Loss, distinct};
use crate::project::format;
use crate::proof::Generated;
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

/// What is to be said about the flows and the imported policies of a project, at their places: what is omitted, and
/// warnings.
pub(super) fn about_flows(
    document: &Document,
    generated: &Generated,
    places: &Places,
) -> Vec<Diagnostic> {
    let mut found = omitted(document, &generated.losses);
    let concerned = |d: &&Diagnostic| d.flow.is_some() || UNUSED.contains(&d.code);
    found.extend(generated.diagnostics.iter().filter(concerned).cloned());
    found.retain(|d| d.severity != Severity::Info);
    places.locate(&mut found);
    found
}

/// The codes of imported policies of a project that do nothing.
const UNUSED: [&str; 2] = [load::imported::NO_POLICY, crate::proof::REPLACES_NOTHING];

/// The parts of flows left out of the policies, as diagnostics.
pub(super) fn omitted(document: &Document, losses: &[Loss]) -> Vec<Diagnostic> {
    let one = |loss: &Loss| {
        let mut found =
            Diagnostic::new(loss.severity, "left-out", loss.message()).of_flow(loss.flow.0);
        found.help.clone_from(&loss.help);
        found.on(format!("flow {}", document.flow_name(loss.flow.into())))
    };
    distinct(losses).iter().map(one).collect()
}

/// The flows that are written in a wider form, as diagnostics.
pub(super) fn approximated(document: &Document, all: &[Approximation]) -> Vec<Diagnostic> {
    let one = |one: &Approximation| {
        let found = Diagnostic::info("approximated", one.message()).of_flow(one.flow.0);
        found.on(format!("flow {}", document.flow_name(one.flow.into())))
    };
    all.iter().map(one).collect()
}
