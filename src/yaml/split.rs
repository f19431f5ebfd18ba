//! Splits a text at its `---` lines before it is parsed, as kubectl does, so that documents are parsed
//! in parallel and each has its own text.

use std::borrow::Cow;
use std::ops::Range;

use super::breaks::{marked, starts};
use super::json;

/// What ends a line in YAML 1.1.
const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// The text of one document (or of several, where `...` ends one without a `---`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Bytes of the whole text.
    pub range: Range<usize>,
    /// Line of its first character, from 1.
    pub line: u32,
    /// How many characters stand before it on that line.
    pub column: u32,
}

/// The documents of `text`: what stands between `---` lines, and in a stream of JSON each value.
pub(super) fn chunks(text: &str) -> Vec<Chunk> {
    let documents = documents(text);
    if !text.contains('{') {
        return documents;
    }
    let each = documents.into_iter();
    each.flat_map(|chunk| match json_values(text, &chunk) {
        Some(values) => values,
        None => vec![chunk],
    })
    .collect()
}

/// The values of a stream of JSON.
fn json_values(text: &str, chunk: &Chunk) -> Option<Vec<Chunk>> {
    let own = &text[chunk.range.clone()];
    let head = own.len() - own.strip_prefix("---").unwrap_or(own).len();
    let values = json::stream(&own[head..])?;
    let (mut at, mut line, mut line_start) = (0, chunk.line, 0);
    let cut = values.into_iter().map(|value| {
        let value = value.start + head..value.end + head;
        for start in starts(&own[at..value.start]) {
            line += 1;
            line_start = at + start;
        }
        at = value.start;
        let before = own[line_start..at].chars().count();
        let range = chunk.range.start + value.start..chunk.range.start + value.end;
        Chunk {
            range,
            line,
            column: u32::try_from(before).unwrap_or(u32::MAX),
        }
    });
    Some(cut.collect())
}

/// Splits `text` before every line that starts a document. Directives and comments belong to the
/// document they precede only where the previous document has no text yet. A byte order mark at the start of a line is that
/// of another file, joined to this one.
fn documents(text: &str) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut start = marked(text);
    let mut start_line = 1;
    let mut directive = false;
    // Empty lines at the start are counted and not parsed: a text may stand far down in another file.
    let rest = text[start..].trim_start_matches('\n');
    if !rest.is_empty() {
        let empty = text.len() - start - rest.len();
        start += empty;
        start_line += u32::try_from(empty).unwrap_or(u32::MAX - 1);
    }
    let mut offset = start;
    let mut next_line = start_line;
    // Line ends other than the usual ones are counted as the parser counts them.
    let plain = text.is_ascii() && !text.as_bytes().contains(&b'\r');
    let odd = !plain && text.contains(&BREAKS[1..]);
    let joined = !plain && text[start..].contains('\u{feff}');
    for raw in text[offset..].split_inclusive('\n') {
        let line = next_line;
        next_line += match odd {
            true => u32::try_from(starts(raw).count()).unwrap_or(u32::MAX),
            false => 1,
        };
        let mark = if joined { marked(raw) } else { 0 };
        let whole = raw;
        let raw = &raw[mark..];
        if (starts_document(raw) && !directive || mark > 0) && offset > start {
            out.push(Chunk {
                range: start..offset,
                line: start_line,
                column: 0,
            });
            start = offset;
            start_line = line;
        }
        start += if offset == start { mark } else { 0 };
        if starts_document(raw) {
            directive = false;
        } else if raw.starts_with('%') {
            // Nothing stands before a byte order mark that begins a file.
            let before = text.get(start..offset).unwrap_or_default();
            directive |= before.lines().all(is_blank_or_comment);
        }
        offset += whole.len();
    }
    if offset > start {
        out.push(Chunk {
            range: start..offset,
            line: start_line,
            column: 0,
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

/// The text with a line break at its end: libyaml-safer fails on a block scalar without one.
pub(super) fn ended(own: &str) -> Cow<'_, str> {
    match own.ends_with(BREAKS) {
        true => Cow::Borrowed(own),
        false => Cow::Owned(format!("{own}\n")),
    }
}

/// The chunk without its `---` line, a closing `...`, and blank lines around; those after a `block`
/// scalar stay.
pub(super) fn trimmed(text: &str, mut range: Range<usize>, block: bool) -> Range<usize> {
    let own = &text[range.clone()];
    if let Some(rest) = own.strip_prefix("---").filter(|_| starts_document(own)) {
        let first = rest.split_inclusive(BREAKS).next().unwrap_or_default();
        let (first, after) = rest.split_at(first.len());
        if first.trim().is_empty() || first.trim_start().starts_with('#') {
            range.start = range.end - after.len();
        }
    }
    let own = &text[range.clone()];
    let bare = own.trim_ascii_end();
    let (whole, bare) = match bare.strip_suffix("...") {
        Some(head) if head.ends_with('\n') => (head, head.trim_ascii_end()),
        _ => (own, bare),
    };
    // With the break of the last line.
    let rest = &own[bare.len()..];
    let end = match block {
        true => whole.len(),
        false => bare.len() + rest.find('\n').map_or(rest.len(), |i| i + 1),
    };
    let end = range.start + end;
    let blank: usize = own
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty())
        .map(str::len)
        .sum();
    (range.start + blank).min(end)..end
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
    fn empty_lines_at_the_start_are_counted_and_not_parsed() {
        assert_eq!(
            texts("\n\n\n  a: 1\n---\nb: 2"),
            [(4, "  a: 1\n"), (5, "---\nb: 2")]
        );
        assert_eq!(texts("\u{feff}\n---\na: 1"), [(2, "---\na: 1")]);
        assert_eq!(texts("\n\n"), [(1, "\n\n")]);
    }

    #[test]
    fn splits_before_every_marker() {
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
    fn joined_files_and_streams_are_cut_too() {
        assert_eq!(
            texts("\u{feff}a: 1\n\u{feff}b: 2\n\u{feff}---\nc: 3\n---\n\u{feff}d: 4\n"),
            [
                (1, "a: 1\n"),
                (2, "b: 2\n"),
                (3, "---\nc: 3\n"),
                (5, "---\n"),
                (6, "d: 4\n")
            ]
        );
        let stream = "---\n{\"a\": 1}\n {\"b\":\n2} {\"c\": 3}\n---\nd: {}\n";
        let columns: Vec<_> = chunks(stream).iter().map(|c| (c.line, c.column)).collect();
        assert_eq!(columns, [(2, 0), (3, 1), (4, 3), (5, 0)]);
    }

    #[test]
    fn what_only_looks_like_a_marker_stays() {
        assert_eq!(trimmed("---# a: 1\n", 0..10, false), 0..10);
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
