//! YAML as kubectl reads it: libyaml's grammar, YAML 1.1 scalars, merge keys, and the line and
//! column of every key and value.
//!
//! [`parse`] turns a text into documents, [`Object`] is a document that says what Kubernetes object
//! it is, [`decode`] reads typed fields out of a tree and says where a type is wrong. [`mod@write`] is
//! the way back: policies with comments, and the lines they are on.

mod build;
pub mod decode;
mod event;
mod lines;
mod object;
mod read;
mod scalar;
mod split;
pub mod write;

#[cfg(test)]
mod tests;

pub use lines::Lines;
pub use object::Object;
pub use read::{Document, Parsed, Problem, parse};

/// A place in a text: line and column, both from 1; columns count Unicode scalar values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Its first character.
    pub start: Mark,
    /// Just behind its last character; of a block collection, behind what is written in it last.
    pub end: Mark,
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
    /// Keys that were written again, with the place of the later one (V23).
    pub duplicates: Vec<(String, Mark)>,
}

/// One key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; numbers and booleans as JSON writes them.
    pub key: String,
    /// Where the key stands.
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

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
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
