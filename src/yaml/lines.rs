//! From lines and columns to bytes.

use super::Mark;

/// Where the lines of a text begin.
#[derive(Clone, Debug)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// The lines of `text`.
    pub fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        Self {
            starts: std::iter::once(0)
                .chain(breaks.map(|(i, _)| i + 1))
                .collect(),
        }
    }

    /// The byte offset of a mark in `text`, whose first line is counted as `first`; the end of the
    /// text if it has no such place.
    pub fn offset(&self, text: &str, first: u32, mark: Mark) -> usize {
        let line = mark.line.saturating_sub(first) as usize;
        let Some(rest) = self.starts.get(line).and_then(|start| text.get(*start..)) else {
            return text.len();
        };
        let columns = mark.column.saturating_sub(1) as usize;
        let into = rest.char_indices().nth(columns);
        text.len() - rest.len() + into.map_or(rest.len(), |(i, _)| i)
    }

    /// The text between two marks.
    pub fn between<'a>(&self, text: &'a str, start: Mark, end: Mark) -> &'a str {
        let (start, end) = (self.offset(text, 1, start), self.offset(text, 1, end));
        text.get(start..end).unwrap_or_default()
    }
}
