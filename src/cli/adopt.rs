//! `drawbridge adopt PATH... -o PROJECT`: a project in which policies are flows, where that is exact.

use std::io::{self, Write};

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
    let text = report::adopted::text(&before, &adopted);
    if args.to_stdout() {
        // Nothing is left to say it to.
        let _ = io::stderr().write_all(text.as_bytes());
        return code;
    }
    answer(&text, code)
}
