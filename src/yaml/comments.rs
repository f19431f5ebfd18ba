//! The comments of a text.

use std::ops::Range;

use super::{Document, Node, Value};

/// A comment, from its `#` to the end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment<'t> {
    /// The line, from 0.
    pub line: usize,
    /// The byte of its `#`.
    pub start: usize,
    /// What follows the `#`.
    pub text: &'t str,
    /// Whether nothing else is in its line.
    pub is_alone: bool,
}

/// The comments of a text in their order, at most one in a line. Of the documents in it, a `#` in a key or a value
/// begins no comment.
pub fn comments<'t>(text: &'t str, documents: &[Document]) -> Vec<Comment<'t>> {
    if !text.contains('#') {
        return Vec::new();
    }
    let mut scalars = Vec::new();
    for document in documents {
        collect_scalars(&document.node, &mut scalars);
    }
    scalars.sort_unstable_by_key(|range| range.start);
    let is_in_scalar = |at: usize| {
        let before = scalars.partition_point(|range| range.start <= at);
        let last = before.checked_sub(1).and_then(|last| scalars.get(last));
        last.is_some_and(|range| range.contains(&at))
    };
    let mut start = 0;
    let mut found = Vec::new();
    for (line, written) in text.split_inclusive('\n').enumerate() {
        let comment = signs(written).find(|at| !is_in_scalar(start + at));
        if let Some((before, text)) = comment.and_then(|at| written.split_at_checked(at)) {
            found.push(Comment {
                line,
                start: start + before.len(),
                text: text
                    .get(1..)
                    .unwrap_or_default()
                    .trim_end_matches(['\n', '\r']),
                is_alone: before.trim().is_empty(),
            });
        }
        start += written.len();
    }
    found
}

/// Each `#` of a line at which a comment may begin: the first character, or one behind a blank.
pub fn signs(line: &str) -> impl Iterator<Item = usize> {
    let begins = |at: &usize| {
        line.get(..*at)
            .is_none_or(|b| b.is_empty() || b.ends_with([' ', '\t']))
    };
    line.match_indices('#').map(|(at, _)| at).filter(begins)
}

/// The bytes of keys and of texts; other values have no `#`.
fn collect_scalars(node: &Node, into: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Map(map) => {
            for entry in &map.entries {
                into.push(entry.mark.bytes());
                collect_scalars(&entry.value, into);
            }
        }
        Value::Seq(items) => items.iter().for_each(|item| collect_scalars(item, into)),
        Value::String(_) => into.push(node.mark.bytes()),
        Value::Null | Value::Bool(..) | Value::Number(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    #[test]
    fn signs_in_keys_and_values_begin_no_comment() {
        let text = "# one\na: 'b # c' #two\r\n'd # e': f#g\nh: |\n  # text\ni: j # k # l\n  #m";
        let found = comments(text, &parse(text).documents);
        let found: Vec<_> = found.iter().map(|c| (c.line, c.text, c.is_alone)).collect();
        let wanted = [
            (0, " one", true),
            (1, "two", false),
            (5, " k # l", false),
            (6, "m", true),
        ];
        assert_eq!(found, wanted);
    }
}
