//! What JSON writers produce and YAML readers refuse: one object after another, and pairs of surrogates.

use std::borrow::Cow;
use std::ops::Range;

/// The values of a text that is JSON, where there are several, one behind the other without a separator. None if it
/// is one value, or no JSON.
pub(super) fn stream(text: &str) -> Option<Vec<Range<usize>>> {
    if !is_json(text) {
        return None;
    }
    let bytes = text.as_bytes();
    let (mut values, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    values.push(start..at + 1);
                }
            }
            b'\'' | b'#' => return None,
            byte if depth == 0 && !byte.is_ascii_whitespace() => return None,
            _ => {}
        }
        at += 1;
    }
    (depth == 0 && values.len() > 1).then_some(values)
}

/// Whether a text begins like JSON: an object whose first key is in double quotes, or nothing but an object.
fn is_json(text: &str) -> bool {
    let text = text.strip_prefix("---").unwrap_or(text);
    let inner = text.trim_ascii_start().strip_prefix('{');
    inner.is_some_and(|inner| inner.trim_ascii_start().starts_with(['"', '}']))
}

/// The place of the quote that ends the string.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The first of 2,048 characters of private use, which stand for surrogates while the YAML reader has the text.
const STAND_IN: u32 = 0xe000;
const SURROGATES: Range<u32> = 0xd800..0xe000;
/// The length of `\ud83d`.
const ESCAPE: usize = 6;

/// A text of JSON whose escaped surrogates became stand-ins of the same length, and where they are. [`joined`] turns
/// pairs into the characters that they mean.
pub(super) fn without_surrogates(text: &str) -> (Cow<'_, str>, Vec<usize>) {
    if !text.contains("\\u") || !is_json(text) {
        return (Cow::Borrowed(text), Vec::new());
    }
    let bytes = text.as_bytes();
    let mut out = text.to_owned();
    let (mut places, mut at) = (Vec::new(), 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        let start = at + found;
        at = start + 2;
        if bytes.get(start + 1) != Some(&b'u') {
            // The character behind an escape may take more than one byte.
            let mut after = at..=text.len();
            at = after.find(|at| text.is_char_boundary(*at)).unwrap_or(at);
            continue;
        }
        let digits = text.get(start + 2..start + ESCAPE);
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(code) = code.filter(|code| SURROGATES.contains(code)) {
            let stand_in = format!("\\u{:04x}", code - SURROGATES.start + STAND_IN);
            out.replace_range(start..start + ESCAPE, &stand_in);
            places.push(start);
        }
    }
    (Cow::Owned(out), places)
}

/// A string with its stand-ins as what they mean; a surrogate without its other half is U+FFFD, as JSON readers have it.
pub(super) fn joined(text: &str) -> String {
    let surrogate = |c: char| {
        let code = u32::from(c).checked_sub(STAND_IN)? + SURROGATES.start;
        SURROGATES
            .contains(&code)
            .then(|| u16::try_from(code).ok())?
    };
    let mut units = Vec::new();
    let mut buffer = [0; 2];
    for c in text.chars() {
        match surrogate(c) {
            Some(unit) => units.push(unit),
            None => units.extend_from_slice(c.encode_utf16(&mut buffer)),
        }
    }
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_cut_between_values() {
        let text = "{\"a\": \"}{\\\"\"}\n{\"b\": [1]} {}";
        let parts: Vec<_> = stream(text)
            .unwrap()
            .into_iter()
            .map(|r| &text[r])
            .collect();
        assert_eq!(parts, ["{\"a\": \"}{\\\"\"}", "{\"b\": [1]}", "{}"]);
        for one in [
            "{\"a\": 1}",
            "{a: '}'} {b: 1}",
            "{\"a\": '} {'}",
            "a: {}\nb: {}",
            "{\"a\": 1} # {\"b\"}",
            "{\"a\": 1}}{\"b\": 1}",
            "{\"a\": \"",
        ] {
            assert_eq!(stream(one), None, "{one}");
        }
    }

    #[test]
    fn a_backslash_may_end_the_text() {
        let text = "{\"a\": \"\\u0041\\";
        assert_eq!(without_surrogates(text), (Cow::Borrowed(text), Vec::new()));
    }

    #[test]
    fn pairs_of_surrogates_are_one_character() {
        for (json, meant) in [
            ("\\ud83d\\ude00", "\u{1f600}"),
            ("a\\\\ud83d", "a\\\\ud83d"),
            ("\\uD83Dx", "\u{fffd}x"),
            ("\\u00e9\\ud83d\\ude00!", "\\u00e9\u{1f600}!"),
        ] {
            let text = format!("{{\"a\": \"{json}\"}}");
            let (out, places) = without_surrogates(&text);
            assert_eq!(out.len(), text.len());
            let unescaped = match places.is_empty() {
                true => out.into_owned(),
                false => {
                    let mut all = String::new();
                    let mut rest = &*out;
                    while let Some(at) = rest.find("\\ue") {
                        all += &rest[..at];
                        let code = u32::from_str_radix(&rest[at + 2..at + 6], 16).unwrap();
                        all.push(char::from_u32(code).unwrap());
                        rest = &rest[at + 6..];
                    }
                    joined(&(all + rest))
                }
            };
            assert_eq!(unescaped, format!("{{\"a\": \"{meant}\"}}"));
        }
    }
}
