//! What is in place of the answer where the project cannot be read.

use crate::diag::{Diagnostic, Severity};
use crate::report::{comment, escape};

/// A log without results, whose run failed with these notifications.
pub fn sarif(diagnostics: &[Diagnostic]) -> String {
    super::sarif::log(&[], diagnostics)
}

/// A report with an error for each error of the project.
pub fn junit(project: &str, diagnostics: &[Diagnostic]) -> String {
    super::junit::unread(project, diagnostics)
}

/// A review comment with a table of the errors.
pub fn markdown(project: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = comment::head("verify", &format!("Network policies of {project}"));
    out.push_str("\n❌ **Not verified: ");
    escape::markdown(&mut out, project);
    out.push_str(" could not be read**\n");
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let rows: Vec<[String; 3]> = errors
        .map(|d| {
            let place = d.span.as_ref().map(ToString::to_string);
            let help = d.help.clone();
            let cells = [place, Some(d.message.clone()), help];
            cells.map(Option::unwrap_or_default)
        })
        .collect();
    let summary = format!("{} errors", rows.len());
    let columns = ["Where", "What", "What to do"];
    comment::table(&mut out, &summary, columns, rows.into_iter());
    out
}
