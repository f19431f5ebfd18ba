//! Bytes as text.

use std::path::Path;

use crate::diag::{Diagnostic, Span};

/// A text with bytes that are no characters.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::project) struct Garbled {
    /// The text, with a replacement for each of these.
    pub text: String,
    /// The line of the first one, from 1.
    line: u32,
    /// Its column, from 1.
    column: u32,
}

impl Garbled {
    fn new(text: String, before: &str) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            text,
            line: count(before.matches('\n').count() + 1),
            column: count(line.trim_start_matches('\u{feff}').chars().count() + 1),
        }
    }

    fn about(&self, path: &Path, diagnostic: Diagnostic) -> Diagnostic {
        let file = path.to_string_lossy().into();
        diagnostic.at(Span::new(file, self.line, self.column))
    }

    /// Why a file is not read at all: saving it would lose these bytes.
    pub fn refused(&self, path: &Path, code: &'static str) -> Diagnostic {
        let message = "the file is not read, because bytes here are neither UTF-8 nor UTF-16 with a byte order mark";
        let help = "save it as UTF-8";
        self.about(path, Diagnostic::error(code, message).help(help))
    }

    /// What became of these bytes in a text that is read nevertheless.
    pub fn replaced(&self, path: &Path) -> Diagnostic {
        let message = "this is not UTF-8; what cannot be read is replaced";
        let help = "save it as UTF-8";
        self.about(path, Diagnostic::warning("encoding", message).help(help))
    }
}

/// Bytes as text: UTF-8, or UTF-16 with a byte order mark.
pub(in crate::project) fn decode(bytes: Vec<u8>) -> Result<String, Garbled> {
    match bytes.as_slice() {
        [0xff, 0xfe, units @ ..] => wide(units, u16::from_le_bytes),
        [0xfe, 0xff, units @ ..] => wide(units, u16::from_be_bytes),
        _ => String::from_utf8(bytes).map_err(|error| {
            let (before, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
            let before = String::from_utf8_lossy(before);
            Garbled::new(String::from_utf8_lossy(error.as_bytes()).into(), &before)
        }),
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Garbled> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = char::decode_utf16(pairs.iter().copied().map(unit));
    // Half a unit at the end is no character either.
    let half = rest.first().map(|_| None);
    let characters: Vec<Option<char>> = units.map(Result::ok).chain(half).collect();
    let text = characters
        .iter()
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    let text: String = text.collect();
    if !characters.contains(&None) {
        return Ok(text);
    }
    let before: String = characters.iter().map_while(|c| *c).collect();
    Err(Garbled::new(text, &before))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Unit = fn(u16) -> [u8; 2];

    const MARKS: [([u8; 2], Unit); 2] = [
        ([0xff, 0xfe], u16::to_le_bytes),
        ([0xfe, 0xff], u16::to_be_bytes),
    ];

    #[test]
    fn utf_16_is_text_too() {
        for (mark, unit) in MARKS {
            let units = "é: 1".encode_utf16().flat_map(unit);
            let bytes: Vec<u8> = mark.into_iter().chain(units).collect();
            assert_eq!(decode(bytes), Ok("é: 1".to_owned()));
        }
    }

    #[test]
    fn the_first_byte_that_is_no_character_has_a_place() {
        let garbled = |text: &str, line, column| {
            let text = text.to_owned();
            Err(Garbled { text, line, column })
        };
        assert_eq!(
            decode(b"a: 1\nb: \xc3\xa9\xff\xff".into()),
            garbled("a: 1\nb: é\u{fffd}\u{fffd}", 2, 5)
        );
        for (mark, unit) in MARKS {
            let units = [u16::from(b'a'), 0xd800, u16::from(b'b')];
            let mut bytes: Vec<u8> = mark
                .into_iter()
                .chain(units.into_iter().flat_map(unit))
                .collect();
            assert_eq!(decode(bytes.clone()), garbled("a\u{fffd}b", 1, 2));
            bytes.drain(4..6);
            bytes.push(0);
            assert_eq!(decode(bytes), garbled("ab\u{fffd}", 1, 3));
        }
    }
}
