//! Names as the formats of tables and graphs need them. Names of manifests may be anything.

use std::fmt::Write;

/// A field of CSV (RFC 4180): in quotes where it needs them.
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

/// A string of Graphviz, with its quotes. Line feeds stay lines.
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
    fn nasty_names_stay_in_their_place() {
        let nasty = "a,\"b\"|<c>\\\n`d`";
        assert_eq!(with(super::csv, nasty), "\"a,\"\"b\"\"|<c>\\\n`d`\"");
        assert_eq!(
            with(super::markdown, nasty),
            "a,\"b\"\\|\\<c\\>\\\\ \\`d\\`"
        );
        assert_eq!(with(super::dot, nasty), "\"a,\\\"b\\\"|<c>\\\\\\n`d`\"");
        assert_eq!(with(super::csv, "shop/web[Pod]"), "shop/web[Pod]");
        assert_eq!(with(super::dot, "\u{7}\\"), "\" \\\\\"");
    }
}
