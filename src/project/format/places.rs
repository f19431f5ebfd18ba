//! The lines of flows, policies, invariants and ignored rules in a project file, for reports.

use std::borrow::Cow;

use crate::model::{Document, PolicyId};
use crate::yaml::{self, Mark, Node, Value};

/// Lines (from 1) of the items of a project's lists, in the order in which reading numbers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Where each flow begins.
    pub flows: Vec<Mark>,
    /// The first line of the text of each imported policy. A text that was not written as a
    /// block has all its lines there.
    pub policies: Vec<u32>,
    /// Of each imported policy whose text is written as a block the columns before its lines.
    indents: Vec<Option<usize>>,
    /// The first line of each invariant.
    pub invariants: Vec<u32>,
    /// Where each ignored rule begins.
    pub ignore: Vec<Mark>,
}

/// The lines in a text that [`super::read`] accepts.
pub fn places(text: &str) -> Places {
    let parsed = yaml::parse(text);
    let Some(document) = parsed.documents.first() else {
        return Places::default();
    };
    let items = |key: &str| {
        document
            .node
            .get(key)
            .and_then(Node::items)
            .unwrap_or_default()
    };
    let begin = |node: &Node| node.mark.line;
    let policy = |node: &Node| {
        node.get("text")
            .map_or(begin(node), |inner| first_line(text, inner))
    };
    let indent = |node: &Node| indent(text, node.get("text")?);
    Places {
        ignore: items("ignore").iter().map(|node| node.mark).collect(),
        flows: items("flows").iter().map(|node| node.mark).collect(),
        policies: items("policies").iter().map(policy).collect(),
        indents: items("policies").iter().map(indent).collect(),
        invariants: items("invariants").iter().map(begin).collect(),
    }
}

/// A block begins one line below its `|`.
fn first_line(text: &str, node: &Node) -> u32 {
    let Value::String(value) = &node.value else {
        return node.mark.line;
    };
    let first = value.lines().next().unwrap_or_default().trim();
    // From the node on: its text may be one of thousands.
    let rest = text.get(node.mark.bytes().start..).unwrap_or_default();
    let below = rest.lines().nth(1).unwrap_or_default();
    match below.trim() == first {
        true => node.mark.line + 1,
        false => node.mark.line,
    }
}

/// The columns before the lines of a text that is written as a block; none if it is not.
fn indent(text: &str, node: &Node) -> Option<usize> {
    let Value::String(value) = &node.value else {
        return None;
    };
    let first = first_line(text, node);
    let below = first
        .checked_sub(node.mark.line)
        .filter(|below| *below > 0)?;
    let line = text
        .get(node.mark.bytes().start..)?
        .lines()
        .nth(below as usize)?;
    let written = value.lines().next().unwrap_or_default();
    line.len().checked_sub(written.len())
}

/// A document whose imported policies are read as texts of its project file, each at its place there, so that what is
/// found in them has lines of that file. A text that is not written as a block stays as it is.
pub fn in_place(document: &Document, file: &str, text: &str) -> Document {
    let places = places(text);
    let mut placed = document.clone();
    let lines = places.policies.iter().zip(&places.indents);
    for ((line, indent), id) in lines.zip((0..).map(PolicyId)) {
        if let (Some(indent), Some(policy)) = (indent, placed.policies.get_mut(id)) {
            policy.file = file.to_owned();
            policy.text = moved(&policy.text, *line as usize - 1, *indent);
        }
    }
    placed
}

/// A text below so many empty lines. It is indented as well, unless a line of it may not be.
fn moved(text: &str, lines: usize, indent: usize) -> String {
    let starts = |line: &str| {
        ["---", "...", "%"]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    let margin = match text.lines().any(starts) {
        true => String::new(),
        false => " ".repeat(indent),
    };
    let mut moved = "\n".repeat(lines);
    for line in text.split_inclusive('\n') {
        let line = match line.trim().is_empty() {
            true => Cow::Borrowed(line),
            false => Cow::Owned(format!("{margin}{line}")),
        };
        moved.push_str(&line);
    }
    moved
}
