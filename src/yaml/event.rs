//! The events of a text. libyaml-safer panics at a tag followed directly by a comma, as in `[!a,`; such
//! tags are found before it reads the text, and become errors like any other.

use std::borrow::Cow;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Encoding, Event, Mark, Parser, Scanner};

/// Why reading a text ended.
pub(super) struct Failure {
    /// Where; none for a character that YAML does not allow.
    pub mark: Option<Mark>,
    /// What is wrong.
    pub message: String,
}

/// The events of a text up to its end or the first failure. The text must end with a line break.
pub(super) fn events(text: &str) -> impl Iterator<Item = Result<Event, Failure>> + '_ {
    let tag = tag_before_comma(text);
    let input = match tag {
        None => Cow::Borrowed(text.as_bytes()),
        // No token can start with this character, so reading ends there.
        Some(at) => Cow::Owned(with(text, &[at], b'@')),
    };
    let mut parser = Parser::new();
    // Otherwise the first byte of `ﾃ` is taken for the beginning of a byte order mark.
    parser.set_encoding(Encoding::Utf8);
    parser.set_input(Cursor::new(input));
    let mut panicked = false;
    std::iter::from_fn(move || {
        if panicked {
            return None;
        }
        let Ok(event) = catch_unwind(AssertUnwindSafe(|| parser.next())) else {
            panicked = true;
            let message = "the YAML parser failed here".to_owned();
            return Some(Err(Failure {
                mark: None,
                message,
            }));
        };
        Some(event?.map_err(|error| {
            let mark = error.problem_mark();
            let at_tag = mark.is_some_and(|mark| tag == usize::try_from(mark.index).ok());
            let message = match error.context().filter(|context| !context.is_empty()) {
                _ if at_tag => "a tag must be followed by a space, not by a comma".to_owned(),
                Some(context) => format!("{} {context}", error.problem()),
                None => error.problem().to_owned(),
            };
            Failure { mark, message }
        }))
    })
}

/// The first tag followed by a comma. A `!` may also be part of a text or a comment: there, a character
/// that no token may start with changes nothing, and in place of a tag it is an error.
fn tag_before_comma(text: &str) -> Option<usize> {
    let possible = possible_tags(text);
    if possible.is_empty() {
        return None;
    }
    let mut scanner = Scanner::new();
    scanner.set_encoding(Encoding::Utf8);
    scanner.set_input(Cursor::new(with(text, &possible, b'@')));
    let error = scanner.find_map(Result::err)?;
    let at = index(&error.problem_mark()?);
    let starts_token = error.problem() == "found character that cannot start any token";
    (starts_token && possible.binary_search(&at).is_ok()).then_some(at)
}

fn index(mark: &Mark) -> usize {
    usize::try_from(mark.index).unwrap_or(usize::MAX)
}

/// Every `!` followed by a comma with no blank between; of `!<uri>`, a comma after the `>`.
fn possible_tags(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    if !text.contains('!') {
        return found;
    }
    // Of what follows: a comma in the same word, and whether one comes after the next `>`.
    let (mut comma, mut closed) = (false, false);
    let mut behind = '\n';
    for (at, c) in text.char_indices().rev() {
        match c {
            '!' if behind == '<' && closed || behind != '<' && comma => found.push(at),
            ',' => comma = true,
            '>' => closed = behind == ',',
            c if c.is_whitespace() => (comma, closed) = (false, false),
            _ => {}
        }
        behind = c;
    }
    found.reverse();
    found
}

/// The text with another one-byte character at these positions.
fn with(text: &str, places: &[usize], byte: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for at in places {
        bytes[*at] = byte;
    }
    bytes
}
