//! Where the things of a project stand in its file, for reports that point at lines.

use crate::yaml::{self, Node, Value};

/// Lines (from 1) of the items of a project's lists, in the order in which reading numbers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Where each flow begins.
    pub flows: Vec<u32>,
    /// Where the first line of the text of each imported policy stands. A text that was not written as a
    /// block has all its lines there.
    pub policies: Vec<u32>,
    /// Where each invariant begins.
    pub invariants: Vec<u32>,
}

/// The places of a text that [`super::read`] takes.
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
        flows: items("flows").iter().map(begin).collect(),
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
