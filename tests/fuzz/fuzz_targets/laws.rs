//! What more than one target holds true.
#![allow(dead_code)]

use drawbridge::diag::{Diagnostic, Severity, Span};

/// Every diagnostic says something, and stands in the text that it is about.
pub fn all_in(text: &str, diagnostics: &[Diagnostic]) {
    for told in diagnostics {
        assert!(!told.message.is_empty() && !told.code.is_empty());
        let span = told.span.as_ref();
        in_text(text, span.unwrap_or_else(|| panic!("no place: {told}")));
    }
}

/// The place is a line of the text, or the one behind its last.
pub fn in_text(text: &str, span: &Span) {
    let lines = lines(text);
    assert!(span.line >= 1 && span.line <= lines && span.column >= 1, "{span} of {lines} lines");
}

/// How many lines there are, with the one behind the last: YAML 1.1 has more breaks than one.
pub fn lines(text: &str) -> u32 {
    let breaks = |c| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    text.chars().filter(|c| breaks(*c)).count() as u32 + 2
}

/// Whether one of them is an error.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}
