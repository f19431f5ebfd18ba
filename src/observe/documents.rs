//! JSON documents one after the other, in whatever layout. The elements of an array, and of `items` in an object, are found
//! one at a time, so that a long list is never held as a whole, and of one that is cut what is complete.

use serde::de::IgnoredAny;

use super::value::Json;

/// A longer record, or line, is refused.
pub const LONGEST: usize = 16 << 20;

/// Splits text into documents.
#[derive(Default)]
pub struct Documents {
    /// The brackets that are open, the outermost first.
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// The depth whose objects are records: 0, or inside of an array.
    base: usize,
    /// The record being read.
    text: Vec<u8>,
    /// The last string of depth 1, which is the key of what follows.
    key: Vec<u8>,
    /// The last byte outside of strings that is no space.
    last: u8,
}

/// Whether a line begins with a document, and whether it ends all that it begins; none if it is something else.
pub fn document(line: &[u8]) -> Option<bool> {
    let mut documents = Documents::default();
    let is_document =
        matches!(line.first(), Some(b'{' | b'[')) && documents.feed(line, &mut Vec::new());
    is_document.then(|| !documents.is_open())
}

impl Documents {
    /// Reads a line and adds the records that end in it; false if the text cannot be JSON.
    pub fn feed(&mut self, line: &[u8], found: &mut Vec<Vec<u8>>) -> bool {
        // A string never goes on in the next line.
        if self.is_open() && (self.in_string || self.is_next(line)) {
            return false;
        }
        line.iter().all(|byte| self.byte(*byte, found))
    }

    /// Whether a line is the next record, so that the one being read was cut: within a record, lines with whole objects are
    /// indented.
    fn is_next(&self, line: &[u8]) -> bool {
        self.open.len() > self.base
            && line.starts_with(b"{\"")
            && Json::parse(line).is_some_and(|value| value.is_object())
    }

    /// Whether the last document is not complete.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// The document that is open, up to the last element of a list that is complete.
    pub fn complete_part(&self) -> Option<Vec<u8>> {
        let mut scan = Self::default();
        let (mut length, mut open) = (0, Vec::new());
        for (at, byte) in self.text.iter().enumerate() {
            let depth = scan.open.len();
            if !scan.byte(*byte, &mut Vec::new()) {
                break;
            }
            if scan.open.len() < depth && scan.open.last() == Some(&b'[') {
                length = at + 1;
                open.clone_from(&scan.open);
            }
        }
        let mut part = self.text.get(..length)?.to_vec();
        let ends = open.iter().rev();
        part.extend(ends.map(|open| if *open == b'{' { b'}' } else { b']' }));
        (length > 0).then_some(part)
    }

    fn keep(&mut self, byte: u8) {
        if self.open.len() > self.base && self.text.len() <= LONGEST {
            self.text.push(byte);
        }
    }

    fn byte(&mut self, byte: u8, found: &mut Vec<Vec<u8>>) -> bool {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ if self.open.len() == 1 => self.key.push(byte),
                _ => {}
            }
            return true;
        }
        if byte.is_ascii_whitespace() {
            self.keep(byte);
            return true;
        }
        if !self.may_follow(byte) {
            return false;
        }
        let is_items =
            self.open == b"{" && self.base == 0 && self.last == b':' && self.key == b"items";
        self.last = byte;
        match byte {
            b'"' => {
                self.in_string = true;
                if self.open.len() == 1 {
                    self.key.clear();
                }
                self.keep(byte);
            }
            b'[' if self.open.is_empty() => {
                self.open.push(byte);
                self.base = 1;
            }
            b'[' if is_items => self.items(found),
            b'{' | b'[' => {
                self.open.push(byte);
                self.keep(byte);
            }
            b'}' | b']' => {
                self.keep(byte);
                self.open.pop();
                self.close(found);
            }
            _ => self.keep(byte),
        }
        true
    }

    /// Whether JSON can go on with a byte that is outside of strings. Between documents there may be commas.
    fn may_follow(&self, byte: u8) -> bool {
        let is_scalar =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let Some(&open) = self.open.last() else {
            return matches!(byte, b'{' | b'[' | b',');
        };
        let ends_value = matches!(self.last, b'"' | b'}' | b']') || is_scalar(self.last);
        let begins_value = match open {
            b'{' => self.last == b':',
            _ => matches!(self.last, b'[' | b','),
        };
        match byte {
            b':' => open == b'{' && self.last == b'"',
            b',' => ends_value,
            b'}' => open == b'{' && (self.last == b'{' || ends_value),
            b']' => open == b'[' && (self.last == b'[' || ends_value),
            b'"' if open == b'{' => matches!(self.last, b'{' | b',' | b':'),
            b'{' | b'[' | b'"' => begins_value,
            scalar => is_scalar(scalar) && (begins_value || is_scalar(self.last)),
        }
    }

    /// A bracket was closed.
    fn close(&mut self, found: &mut Vec<Vec<u8>>) {
        let depth = self.open.len();
        if depth == self.base && !self.text.is_empty() {
            found.push(std::mem::take(&mut self.text));
        }
        match (depth, self.base) {
            (0, _) => self.base = 0,
            // What is behind `items` is a record of its own, like what is before.
            (1, 2) => {
                self.base = 0;
                self.text = b"{\"items\":[]".to_vec();
            }
            _ => {}
        }
    }

    /// What is before `items` is a record of its own.
    fn items(&mut self, found: &mut Vec<Vec<u8>>) {
        let mut head = std::mem::take(&mut self.text);
        head.extend_from_slice(b"[]}");
        if serde_json::from_slice::<IgnoredAny>(&head).is_ok() {
            found.push(head);
        }
        self.open.push(b'[');
        self.base = 2;
    }
}
