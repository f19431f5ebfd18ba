//! YAML as kubectl reads it: libyaml's grammar, YAML 1.1 scalars, merge keys, and the bytes, line
//! and column of every key and value.
//!
//! [`parse`] turns a text into documents, [`Object`] is a document that names its Kubernetes kind, and
//! [`decode`] reads typed fields from a tree and reports wrong types. [`mod@write`] writes policies
//! with comments, and returns the lines they are on. [`plain`] is values without ranges, [`emit`] their
//! text, and [`patch`] edits a text and preserves the rest of it. [`comments()`] finds the comments of a text.

mod breaks;
mod build;
mod comments;
pub mod decode;
pub mod emit;
mod event;
mod json;
mod object;
pub mod patch;
mod path;
pub mod plain;
pub(crate) mod read;
mod scalar;
mod split;
pub mod write;

/// The hash of a value, the same in every run.
fn hash_of(value: impl Hash) -> u64 {
    FixedState::default().hash_one(value)
}

#[cfg(test)]
mod tests;

pub use comments::{Comment, comments, signs};
pub use object::{Object, group_of};
pub use path::Path;
pub use read::{Document, Parsed, Problem, parse};

use std::hash::{BuildHasher, Hash};
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::diag::Span;

/// A range of a text: its bytes, and the line and column of its first character, both from 1.
/// Columns count Unicode scalar values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Mark {
    /// The bytes.
    pub fn bytes(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The same range of a named source.
    pub fn span(self, file: Arc<str>) -> Span {
        Span {
            start: self.start,
            end: self.end,
            ..Span::new(file, self.line, self.column)
        }
    }
}

/// A value and its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it is written, its anchor and tag included. A block collection ends after the last thing
    /// in it, a block scalar after the line breaks that belong to it. An alias has the range of the
    /// alias (what is below it has the ranges of the anchored node).
    pub mark: Mark,
}

/// What a node is. Booleans and numbers keep their text, for messages.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true`, `on`, `yes`, ...
    Bool(bool, Box<str>),
    /// `80`, `0x1F`, `1.10`, ...; JSON numbers are floats too.
    Number(f64, Box<str>),
    /// Text.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// A map.
    Map(Map),
}

/// A map in the order of the text; keys are unique, the last of equal keys wins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Keys that were written again, with the range of the later one (V23).
    pub duplicates: Vec<(String, Mark)>,
}

/// One key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; numbers and booleans as JSON writes them.
    pub key: String,
    /// The range of the key; of a merged entry, the one in the map it comes from.
    pub mark: Mark,
    /// The value.
    pub value: Node,
}

impl Map {
    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }
}

impl Node {
    /// The value of a key, if this is a map that has it and it is not null.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(map) => map
                .entry(key)
                .map(|e| &e.value)
                .filter(|n| n.value != Value::Null),
            _ => None,
        }
    }

    /// Whether it has one of these keys at any depth, with a value that is not null.
    pub fn has_field(&self, keys: &[&str]) -> bool {
        match &self.value {
            Value::Seq(items) => items.iter().any(|item| item.has_field(keys)),
            Value::Map(map) => map.entries.iter().any(|entry| {
                let named = keys.contains(&entry.key.as_str());
                named && entry.value.value != Value::Null || entry.value.has_field(keys)
            }),
            _ => false,
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A hash of what it means: of places, comments and the order of keys it knows nothing.
    pub fn content(&self) -> u64 {
        let kind = std::mem::discriminant(&self.value);
        match &self.value {
            Value::Null => hash_of(kind),
            Value::Bool(value, _) => hash_of((kind, value)),
            Value::Number(value, _) => hash_of((kind, value.to_bits())),
            Value::String(text) => hash_of((kind, text)),
            Value::Seq(items) => {
                let before = hash_of((kind, items.len()));
                let items = items.iter();
                items.fold(before, |before, item| hash_of((before, item.content())))
            }
            Value::Map(map) => {
                // A sum is the same in any order.
                let entries = map.entries.iter();
                let entries = entries.map(|e| hash_of((&e.key, e.value.content())));
                hash_of((kind, entries.fold(0, u64::wrapping_add)))
            }
        }
    }

    /// The word in braces, if this is nothing else: what is meant is probably text of a template, which YAML reads as a map.
    pub fn placeholder(&self) -> Option<&str> {
        let Value::Map(map) = &self.value else {
            return None;
        };
        match map.entries.as_slice() {
            [only] if only.value.value == Value::Null => Some(&only.key),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }
}

impl Value {
    /// What it is, in JSON's words: `a string`, `a boolean`, ...
    pub fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(..) => "a boolean",
            Self::Number(..) => "a number",
            Self::String(_) => "a string",
            Self::Seq(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}
