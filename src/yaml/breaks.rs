//! Where the lines of a text begin.

/// How many bytes byte order marks take at the beginning of a text; columns do not count them.
pub(super) fn marked(text: &str) -> usize {
    text.len() - text.trim_start_matches('\u{feff}').len()
}

/// Offsets of line beginnings, except the first. YAML 1.1 ends a line at a lone CR, NEL, LS and PS as
/// well, and the positions of its parser count them.
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
    fn lines_end_at_every_yaml_line_break() {
        let text = "a\r\nb\rc\u{85}d\u{2028}e\u{2029}f\n\u{2030}\u{e9}";
        let ends = starts(text).map(|start| text[..start].chars().next_back().unwrap());
        assert_eq!(ends.collect::<String>(), "\n\r\u{85}\u{2028}\u{2029}\n");
    }
}
