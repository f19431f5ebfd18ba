//! `drawbridge adopt PATH... -o PROJECT`: a project in which policies are flows, where that is exact.

use super::{WRONG, answer, import, print_diagnostics};
use crate::adopt::adopt;
use crate::diag::Diagnostic;
use crate::model::PolicyId;
use crate::report;

pub(super) fn run(args: &import::Args) -> u8 {
    let Some((before, mut diagnostics)) = args.document() else {
        return WRONG;
    };
    let all: Vec<PolicyId> = before.policies.ids().collect();
    let adopted = adopt(&before, &all, &|| false);
    let mut document = before.clone();
    if let Some(Err(refusal)) = adopted.edit.as_ref().map(|edit| edit.apply(&mut document)) {
        diagnostics.push(Diagnostic::error("question", refusal.message));
        document = before.clone();
    }
    let code = args.save(&document, &mut diagnostics);
    print_diagnostics(&diagnostics);
    answer(&report::adopted::text(&before, &adopted), code)
}
