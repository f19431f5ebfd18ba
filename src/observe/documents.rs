//! JSON documents one after the other, in whatever layout. The elements of an array, and of `items` in an object, are found
//! one at a time, so that a long list is never held as a whole, and of one that is cut what is complete.

use serde::de::IgnoredAny;

/// A longer record, or line, is refused.
pub const LONGEST: usize = 16 << 20;

/// Splits text into documents.
#[derive(Default)]
pub struct Documents {
    depth: usize,
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

/// Whether a line begins with a document that it does not end.
pub fn is_cut(line: &[u8]) -> bool {
    let mut documents = Documents::default();
    matches!(line.first(), Some(b'{' | b'['))
        && documents.feed(line, &mut Vec::new())
        && documents.is_open()
}

impl Documents {
    /// Reads a line and adds the records that end in it; false if the text cannot be JSON.
    pub fn feed(&mut self, line: &[u8], found: &mut Vec<Vec<u8>>) -> bool {
        // A string never goes on in the next line.
        if self.in_string && self.is_open() {
            return false;
        }
        line.iter().all(|byte| self.byte(*byte, found))
    }

    /// Whether the last document is not complete.
    pub fn is_open(&self) -> bool {
        self.depth > 0
    }

    fn keep(&mut self, byte: u8) {
        if self.depth > self.base && self.text.len() <= LONGEST {
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
                _ if self.depth == 1 => self.key.push(byte),
                _ => {}
            }
            return true;
        }
        if byte.is_ascii_whitespace() {
            self.keep(byte);
            return true;
        }
        let begins = matches!(byte, b'{' | b'[' | b'"');
        if begins && self.depth > 0 && !matches!(self.last, b'{' | b'[' | b',' | b':') {
            return false;
        }
        let is_items =
            self.depth == 1 && self.base == 0 && self.last == b':' && self.key == b"items";
        self.last = byte;
        match byte {
            b'"' => {
                self.in_string = true;
                if self.depth == 1 {
                    self.key.clear();
                }
                self.keep(byte);
            }
            b'[' if self.depth == 0 => (self.depth, self.base) = (1, 1),
            b'[' if is_items => self.items(found),
            b'{' | b'[' => {
                self.depth += 1;
                self.keep(byte);
            }
            b'}' | b']' => {
                self.keep(byte);
                let Some(depth) = self.depth.checked_sub(1) else {
                    return false;
                };
                self.depth = depth;
                if depth == self.base && !self.text.is_empty() {
                    found.push(std::mem::take(&mut self.text));
                }
                match (depth, self.base) {
                    (0, _) => self.base = 0,
                    // What is behind `items` is no record.
                    (1, 2) => self.base = usize::MAX,
                    _ => {}
                }
            }
            _ => self.keep(byte),
        }
        true
    }

    /// What is before `items` is a record of its own; the rest of the object is none.
    fn items(&mut self, found: &mut Vec<Vec<u8>>) {
        let mut head = std::mem::take(&mut self.text);
        head.extend_from_slice(b"[]}");
        if serde_json::from_slice::<IgnoredAny>(&head).is_ok() {
            found.push(head);
        }
        (self.depth, self.base) = (2, 2);
    }
}
