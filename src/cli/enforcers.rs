//! `drawbridge list PATH... --compare-enforcers A,B`: the connections that depend on the enforcer.

use std::mem::ManuallyDrop;

use super::{
    EnforcerName, FINDINGS, FINE, Inputs, Read, Texts, answer, exit_code, load_texts, no_answer,
    print_diagnostics, refused,
};
use crate::cluster::{Assumptions, Enforcer, Snapshot};
use crate::diag::{self, POD_ADDRESS, Severity};
use crate::load::Loaded;
use crate::model::validate::Refusal;
use crate::query::enforcers::differing;
use crate::report::enforcers::{self, Compared};

/// Answers as text, or as JSON.
pub(super) fn run(inputs: &Inputs, names: &[EnforcerName], json: bool) -> u8 {
    let mut enforcers: Vec<Enforcer> = Vec::new();
    for enforcer in names.iter().map(|name| Enforcer::from(*name)) {
        if !enforcers.contains(&enforcer) {
            enforcers.push(enforcer);
        }
    }
    if enforcers.len() < 2 {
        let refusal = Refusal::new("--compare-enforcers compares two or more enforcers");
        return refused(refusal.help("write for example `--compare-enforcers kubernetes,cilium`"));
    }
    let texts = Texts::of(inputs);
    let each = enforcers
        .iter()
        .map(|enforcer| under(inputs, &texts, *enforcer, None));
    let loads = match each.collect::<Result<Vec<_>, _>>() {
        Ok(loads) => loads,
        Err(diagnostics) => {
            return no_answer(json.then_some("drawbridge/enforcers/1"), &diagnostics);
        }
    };
    let clusters: Vec<Snapshot> = loads.iter().map(|loaded| loaded.snapshot.clone()).collect();
    let assuming = |assumptions| {
        let loaded = under(inputs, &texts, Enforcer::Kubernetes, Some(assumptions));
        loaded
            .map(|loaded| loaded.snapshot.clone())
            .unwrap_or_default()
    };
    let found = differing(&clusters, &assuming);
    let mut diagnostics = of_all(&loads, |loaded| &loaded.diagnostics);
    // What is wrong or not known under one of them makes its column incomplete.
    for found in loads.iter().flat_map(|loaded| &loaded.diagnostics) {
        let counts = found.severity == Severity::Error || found.code == POD_ADDRESS;
        if counts && !diagnostics.contains(found) {
            diagnostics.push(found.clone());
        }
    }
    print_diagnostics(&diagnostics);
    let compared = Compared {
        enforcers: &enforcers,
        differing: &found,
        left_out: &of_all(&loads, |loaded| &loaded.snapshot.left_out),
        unread: &diag::unread(&diagnostics),
    };
    let text = match json {
        true => enforcers::json(compared, &diagnostics),
        false => enforcers::text(compared),
    };
    let code = if found.is_empty() { FINE } else { FINDINGS };
    answer(&text, exit_code(&diagnostics, code))
}

/// The input under an enforcer, with other assumptions if some are given.
fn under(
    inputs: &Inputs,
    texts: &Texts,
    enforcer: Enforcer,
    assumptions: Option<Assumptions>,
) -> Read {
    let mut rules = match assumptions {
        Some(all) => inputs.rules.assuming(all),
        None => inputs.rules.clone(),
    };
    rules.enforcer = Some(enforcer.into());
    let paths = inputs.paths.clone();
    load_texts(&Inputs { paths, rules }, texts)
}

/// What holds under every enforcer: what one of them does not implement is the answer here, and no gap in it.
fn of_all<T: Clone + PartialEq>(
    loads: &[ManuallyDrop<Loaded>],
    list: impl Fn(&Loaded) -> &[T],
) -> Vec<T> {
    let first = loads.first().map(|loaded| list(loaded)).unwrap_or_default();
    let everywhere = |item: &&T| loads.iter().all(|loaded| list(loaded).contains(item));
    first.iter().filter(everywhere).cloned().collect()
}
