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
        Self {
            starts: std::iter::once(marked(text)).chain(starts(text)).collect(),
        }
    }

    /// How many lines stand before the last.
    pub fn last(&self) -> u32 {
        u32::try_from(self.starts.len() - 1).unwrap_or(u32::MAX)
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

/// How many bytes byte order marks take at the beginning of a text; no column counts them.
pub(super) fn marked(text: &str) -> usize {
    text.len() - text.trim_start_matches('\u{feff}').len()
}

/// Where the lines of a text begin, but for the first. YAML 1.1 ends a line at a lone CR, NEL, LS and
/// PS as well, and the marks of its parser count them.
pub(super) fn starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().filter_map(|(i, byte)| {
        let next = || bytes.get(i + 1).copied();
        match byte {
            b'\n' => Some(i + 1),
            b'\r' if next() != Some(b'\n') => Some(i + 1),
            0xc2 if next() == Some(0x85) => Some(i + 2),
            0xe2 if next() == Some(0x80) => match bytes.get(i + 2) {
                Some(0xa8 | 0xa9) => Some(i + 3),
                _ => None,
            },
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_yaml_ends_them() {
        let text = "a\r\nb\rc\u{85}d\u{2028}e\u{2029}f\n\u{2030}\u{e9}";
        let ends = starts(text).map(|start| text[..start].chars().next_back().unwrap());
        assert_eq!(ends.collect::<String>(), "\n\r\u{85}\u{2028}\u{2029}\n");
    }
}
