//! Output formats of answers, one file for each command.

pub mod adopted;
pub mod assumed;
mod comment;
pub mod convert;
pub mod diff;
mod ends;
pub mod enforcers;
mod escape;
pub mod explain;
pub mod exposure;
pub mod findings;
pub mod flows;
pub mod left_out;
pub mod list;
mod openings;
pub mod paths;
pub mod suggest;
pub mod summed;
pub mod verify;

use crate::cluster::LeftOut;
use crate::diag::{self, Diagnostic};

/// `{"format", "diagnostics", "leftOut", "notRead"}`: what is in place of an answer in JSON where there is none.
pub fn no_answer(format: &str, diagnostics: &[Diagnostic], left_out: &[LeftOut]) -> String {
    let found = serde_json::json!({
        "format": format,
        "diagnostics": findings::flat(diagnostics),
        "leftOut": left_out::lines(left_out),
        "notRead": diag::unread(diagnostics),
    });
    ends::compact(&found) + "\n"
}
