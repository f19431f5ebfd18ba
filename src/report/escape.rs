//! Escaping for CSV, Markdown and Graphviz. Names in manifests may contain any character.

use std::fmt::Write;

/// A CSV field (RFC 4180), quoted only where necessary.
pub(super) fn csv(out: &mut String, field: &str) {
    if !field.contains([',', '"', '\n', '\r']) {
        return out.push_str(field);
    }
    let _ = write!(out, "\"{}\"", field.replace('"', "\"\""));
}

/// Plain text in a cell of a Markdown table.
pub(super) fn markdown(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | '<' | '>' | '|' | '~' | '&' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
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
            c if c.is_control() => out.push(' '),
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
        assert_eq!(with(super::dot, "\u{7}\\"), "\" \\\\\"");
    }
}
