//! JSON, of which YAML readers refuse some: one object after another, long keys, and pairs of surrogates.

use std::borrow::Cow;
use std::ops::Range;

use libyaml_safer::{Event, MappingStyle, Mark, ScalarStyle, SequenceStyle};

use super::breaks::starts;

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

/// The events of a text that is one JSON object or list, as the YAML reader has them; none if it is not. As in kubectl,
/// JSON is read before YAML is tried: its keys may be longer than 1,024 characters and have a line break before the
/// colon, and pairs of escaped surrogates are one character.
pub(super) fn events(text: &str) -> Option<Vec<Event>> {
    let after = text.strip_prefix("---");
    let after = after.filter(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()));
    let mut scanner = Scanner {
        text,
        at: text.len() - after.unwrap_or(text).len(),
        mark: Mark::default(),
        events: Vec::new(),
    };
    if !matches!(scanner.next(), Some(b'{' | b'[')) {
        return None;
    }
    scanner.value(0)?;
    (scanner.next().is_none() && scanner.at == text.len()).then_some(scanner.events)
}

/// Deeper nesting is left to the YAML reader, which has no limit here, so that no text overflows the stack.
const MAX_DEPTH: usize = 600;

/// Reads JSON from the front.
struct Scanner<'a> {
    text: &'a str,
    /// The byte that is next.
    at: usize,
    /// The place up to which lines and columns are counted; it is never behind `at`.
    mark: Mark,
    events: Vec<Event>,
}

impl Scanner<'_> {
    /// The next byte that is not blank, which is not consumed.
    fn next(&mut self) -> Option<u8> {
        let rest = self.text.get(self.at..)?;
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.bytes().take_while(blank).count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Consumes the next byte that is not blank, if it is this one.
    fn accept(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        match self.next()? {
            _ if depth > MAX_DEPTH => None,
            b'{' => {
                let start = Event::mapping_start(None, None, true, MappingStyle::Flow);
                self.collection(b'}', [start, Event::mapping_end()], |scanner| {
                    scanner.next();
                    scanner.string()?;
                    scanner.accept(b':')?;
                    scanner.value(depth + 1)
                })
            }
            b'[' => {
                let start = Event::sequence_start(None, None, true, SequenceStyle::Flow);
                self.collection(b']', [start, Event::sequence_end()], |scanner| {
                    scanner.value(depth + 1)
                })
            }
            b'"' => self.string(),
            _ => self.plain(),
        }
    }

    fn collection(
        &mut self,
        close: u8,
        [start, end]: [Event; 2],
        mut item: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.push(self.at + 1, start);
        if self.next()? != close {
            item(self)?;
            while self.next()? != close {
                self.accept(b',')?;
                item(self)?;
            }
        }
        self.push(self.at + 1, end);
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        let end = string_end(self.text.as_bytes(), self.at)?;
        let inner = self.text.get(self.at..end)?.strip_prefix('"')?;
        let value = unescaped(inner)?;
        self.scalar(end + 1, &value, ScalarStyle::DoubleQuoted)
    }

    /// A number, `true`, `false` or `null`.
    fn plain(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let is_end = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ']' | '}');
        let word = rest.split(is_end).next()?;
        let is_json = matches!(word, "true" | "false" | "null") || is_number(word);
        let end = self.at + word.len();
        is_json.then(|| self.scalar(end, word, ScalarStyle::Plain))?
    }

    fn scalar(&mut self, end: usize, value: &str, style: ScalarStyle) -> Option<()> {
        let event = Event::scalar(None, None, value, true, true, style);
        self.push(end, event);
        Some(())
    }

    /// Adds an event for the bytes up to `end`.
    fn push(&mut self, end: usize, event: Event) {
        let mut event = event;
        event.start_mark = self.count_to(self.at);
        self.at = end;
        event.end_mark = self.count_to(end);
        self.events.push(event);
    }

    /// Line and column of a byte, counted from the last one.
    fn count_to(&mut self, at: usize) -> Mark {
        let from = usize::try_from(self.mark.index).unwrap_or(usize::MAX);
        let passed = self.text.get(from..at).unwrap_or_default();
        let mut line = 0;
        for start in starts(passed) {
            self.mark.line += 1;
            self.mark.column = 0;
            line = start;
        }
        self.mark.column += passed.get(line..).unwrap_or_default().chars().count() as u64;
        self.mark.index = at as u64;
        self.mark
    }
}

/// What stands between the quotes of a string means; none if JSON does not allow it. A surrogate without its other
/// half is U+FFFD, as JSON readers have it.
fn unescaped(inner: &str) -> Option<Cow<'_, str>> {
    if inner.bytes().any(|byte| byte < b' ') {
        return None;
    }
    if !inner.contains('\\') {
        return Some(Cow::Borrowed(inner));
    }
    let (mut units, mut buffer) = (Vec::new(), [0; 2]);
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        let c = match c {
            '\\' => match rest.next()? {
                c @ ('"' | '\\' | '/') => c,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (digits, after) = rest.as_str().split_at_checked(4)?;
                    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                    units.push(u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
                    rest = after.chars();
                    continue;
                }
                _ => return None,
            },
            c => c,
        };
        units.extend_from_slice(c.encode_utf16(&mut buffer));
    }
    Some(Cow::Owned(String::from_utf16_lossy(&units)))
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_number(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let word = word.strip_prefix('-').unwrap_or(word);
    let (word, exponent) = match word.split_once(['e', 'E']) {
        Some((word, exponent)) => (
            word,
            Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        ),
        None => (word, None),
    };
    let (whole, fraction) = match word.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (word, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use libyaml_safer::EventData;

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

    /// The scalars of a text with the line and column of each, from 0; none if it is no JSON.
    fn scalars(text: &str) -> Option<Vec<(String, u64, u64)>> {
        let scalar = |event: Event| match event.data {
            EventData::Scalar { value, .. } => {
                Some((value, event.start_mark.line, event.start_mark.column))
            }
            _ => None,
        };
        Some(events(text)?.into_iter().filter_map(scalar).collect())
    }

    #[test]
    fn pairs_of_surrogates_are_one_character() {
        for (json, meant) in [
            ("\\ud83d\\ude00", "\u{1f600}"),
            ("a\\\\ud83d", "a\\ud83d"),
            ("\\uD83Dx", "\u{fffd}x"),
            ("\\u00e9\\ud83d\\ude00!\\/\\n", "\u{e9}\u{1f600}!/\n"),
        ] {
            let found = scalars(&format!("{{\"a\": \"{json}\"}}")).unwrap();
            assert_eq!(found[1].0, meant);
        }
    }

    #[test]
    fn places_count_lines_and_characters() {
        let found = scalars("---\n{\"é\"\r\n : [1.5e3,true,\n\t\"b\"]}\n").unwrap();
        let expected = [("é", 1, 1), ("1.5e3", 2, 4), ("true", 2, 10), ("b", 3, 1)];
        assert_eq!(
            found,
            expected.map(|(text, line, column)| (text.to_owned(), line, column))
        );
    }

    #[test]
    fn what_is_no_json_is_left_to_yaml() {
        for text in [
            "",
            "1",
            "---{\"a\": 1}",
            "{\"a\": 1",
            "{\"a\": 1,}",
            "{\"a\" 1}",
            "{a: 1}",
            "{\"a\": yes}",
            "[01]",
            "[1.]",
            "[-]",
            "[1 2]",
            "[\"\t\"]",
            "[\"\\x41\"]",
            "[\"\\u00e\"]",
            "[\"\\u+041\"]",
            "[\"\\",
            "{} # a comment",
            "{}{}",
            &"[".repeat(100_000),
        ] {
            let start: String = text.chars().take(20).collect();
            assert!(events(text).is_none(), "{start}");
        }
    }
}
