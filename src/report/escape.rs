//! Escaping for text, CSV, Markdown and Graphviz. Names in manifests may contain any character.

use std::borrow::Cow;
use std::fmt::Write;
use std::io;

use crate::diag::{escaped, is_unprintable};

/// Lines of text as a terminal may show them.
pub(super) fn lines(text: String) -> String {
    let unsafe_here = |c: char| c != '\n' && is_unprintable(c);
    match text.contains(unsafe_here) {
        true => text.split('\n').map(escaped).collect::<Vec<_>>().join("\n"),
        false => text,
    }
}

/// Writes lines of text as a terminal may show them.
pub(super) struct Lines<W>(pub W);

impl<W: io::Write> io::Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // All bytes and not the first special one: compilers make many at a time of it.
        let is_plain = |b: &u8| matches!(b, b' '..=b'~' | b'\n');
        let is_plain = bytes.iter().fold(true, |all, b| all & is_plain(b));
        match std::str::from_utf8(bytes) {
            Ok(text) if !is_plain => {
                self.0.write_all(lines(text.to_owned()).as_bytes())?;
            }
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A CSV field (RFC 4180), quoted only where necessary. A spreadsheet takes a field that begins like a formula for one, so
/// it gets an apostrophe.
pub(super) fn csv(out: &mut String, field: &str) {
    let mut field = match field.contains('\n') {
        true => Cow::Owned(lines(field.to_owned())),
        false => escaped(field),
    };
    if field.starts_with(['=', '+', '-', '@']) {
        field = Cow::Owned(format!("'{field}"));
    }
    if !field.contains([',', '"', '\n', '\r']) {
        return out.push_str(&field);
    }
    let _ = write!(out, "\"{}\"", field.replace('"', "\"\""));
}

/// Plain text in a cell of a Markdown table.
pub(super) fn markdown(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | '<' | '>' | '|' | '~' | '&' => out.extend(['\\', c]),
            c if is_unprintable(c) => out.push(' '),
            c => out.push(c),
        }
    }
}

/// A quoted Graphviz string. Line feeds become `\n`.
pub(super) fn dot(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '"' | '\\' => out.extend(['\\', c]),
            c if is_unprintable(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    fn with(write: fn(&mut String, &str), text: &str) -> String {
        let mut out = String::new();
        write(&mut out, text);
        out
    }

    #[test]
    fn special_characters_are_escaped() {
        let special = "a,\"b\"|<c>\\\n`d`";
        assert_eq!(with(super::csv, special), "\"a,\"\"b\"\"|<c>\\\n`d`\"");
        assert_eq!(
            with(super::markdown, special),
            "a,\"b\"\\|\\<c\\>\\\\ \\`d\\`"
        );
        assert_eq!(with(super::dot, special), "\"a,\\\"b\\\"|<c>\\\\\\n`d`\"");
        assert_eq!(with(super::csv, "shop/web[Pod]"), "shop/web[Pod]");
        for formula in ["=1+1", "+1", "-1", "@a"] {
            assert_eq!(with(super::csv, formula), format!("'{formula}"));
        }
        assert_eq!(
            with(super::csv, "a\u{1b}[2J\u{202e}"),
            "a\\u{1b}[2J\\u{202e}"
        );
        assert_eq!(super::lines("a\u{7}\nb".into()), "a\\u{7}\nb");
        assert_eq!(with(super::dot, "\u{7}\\"), "\" \\\\\"");
    }
}
