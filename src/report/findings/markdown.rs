//! Findings as a review comment: the counts, the score, a table.

use super::{Linted, name_of};
use crate::report::escape;

/// The most findings listed; the rest is only counted, to keep the comment readable.
const MOST: usize = 50;

/// The counts, the score, and a table of the findings.
pub fn markdown(linted: Linted) -> String {
    let mut out = String::from("### Findings in network policies\n\n**");
    escape::markdown(&mut out, &linted.summary());
    out.push_str("**\n");
    if let Some(score) = linted.score() {
        out.push('\n');
        escape::markdown(&mut out, &score);
        out.push('\n');
    }
    let found = &linted.report.found;
    if found.is_empty() {
        return out;
    }
    out.push_str("\n| Severity | Rule | Object | Place | Finding | What to do |\n| --- | --- | --- | --- | --- | --- |\n");
    for d in found.iter().take(MOST) {
        let rule = match name_of(d.code) {
            name if name == d.code => name.to_owned(),
            name => format!("{} {name}", d.code),
        };
        let place = d.span.as_ref().map(|s| format!("{}:{}", s.file, s.line));
        let cells = [
            &d.severity.to_string(),
            &rule,
            d.resource.as_deref().unwrap_or_default(),
            place.as_deref().unwrap_or_default(),
            &d.message,
            d.help.as_deref().unwrap_or_default(),
        ];
        out.push('|');
        for cell in cells {
            out.push(' ');
            escape::markdown(&mut out, cell);
            out.push_str(" |");
        }
        out.push('\n');
    }
    if found.len() > MOST {
        out.push_str(&format!("\nand {} more\n", found.len() - MOST));
    }
    out
}
