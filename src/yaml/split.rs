//! A text is cut at its `---` lines before it is parsed, as kubectl does, so that documents are
//! parsed side by side and each knows its own text.

use std::ops::Range;

/// The text of one document (or of several, where `...` ends one without a `---`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Bytes of the whole text.
    pub range: Range<usize>,
    /// Line of its first character, from 1.
    pub line: u32,
}

/// Cuts `text` before every line that starts a document. Directives and comments stay with the
/// document they stand before only where that document has no text yet.
pub(super) fn chunks(text: &str) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut start_line = 1;
    let mut directive = false;
    let mut offset = 0;
    for (line, raw) in (1..).zip(text.split_inclusive('\n')) {
        if starts_document(raw) && offset > start && !directive {
            out.push(Chunk {
                range: start..offset,
                line: start_line,
            });
            start = offset;
            start_line = line;
        }
        if starts_document(raw) {
            directive = false;
        } else if raw.starts_with('%') && text[start..offset].lines().all(is_blank_or_comment) {
            directive = true;
        }
        offset += raw.len();
    }
    if offset > start {
        out.push(Chunk {
            range: start..offset,
            line: start_line,
        });
    }
    out
}

fn starts_document(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn is_blank_or_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(u32, &str)> {
        chunks(text)
            .into_iter()
            .map(|c| (c.line, &text[c.range]))
            .collect()
    }

    #[test]
    fn cuts_before_every_marker() {
        assert_eq!(
            texts("# head\na: 1\n---\nb: 2\n--- # note\nc: 3"),
            [
                (1, "# head\na: 1\n"),
                (3, "---\nb: 2\n"),
                (5, "--- # note\nc: 3")
            ]
        );
        assert_eq!(
            texts("---\r\na: 1\r\n---\r\n"),
            [(1, "---\r\na: 1\r\n"), (3, "---\r\n")]
        );
        assert_eq!(texts(""), []);
    }

    #[test]
    fn what_only_looks_like_a_marker_stays() {
        assert_eq!(
            texts("a: |\n  ---\n----\n---x\n"),
            [(1, "a: |\n  ---\n----\n---x\n")]
        );
    }

    #[test]
    fn a_directive_stays_with_its_document() {
        assert_eq!(
            texts("%YAML 1.1\n---\na: 1\n---\nb: 2\n"),
            [(1, "%YAML 1.1\n---\na: 1\n"), (4, "---\nb: 2\n")]
        );
    }
}
