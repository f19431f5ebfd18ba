//! The lines of flows, policies, invariants and ignored rules in a project file, for reports.

use crate::yaml::{self, Mark, Node, Value};

/// Lines (from 1) of the items of a project's lists, in the order in which reading numbers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Where each flow begins.
    pub flows: Vec<Mark>,
    /// The first line of the text of each imported policy. A text that was not written as a
    /// block has all its lines there.
    pub policies: Vec<u32>,
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
    Places {
        ignore: items("ignore").iter().map(|node| node.mark).collect(),
        flows: items("flows").iter().map(|node| node.mark).collect(),
        policies: items("policies").iter().map(policy).collect(),
        invariants: items("invariants").iter().map(begin).collect(),
    }
}

/// A block begins one line below its `|`.
fn first_line(text: &str, node: &Node) -> u32 {
    let Value::String(value) = &node.value else {
        return node.mark.line;
    };
    let first = value.lines().next().unwrap_or_default().trim();
    let below = text
        .lines()
        .nth(node.mark.line as usize)
        .unwrap_or_default();
    match below.trim() == first {
        true => node.mark.line + 1,
        false => node.mark.line,
    }
}
