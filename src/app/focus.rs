//! Focus: what is in it stays lit on the canvas, with what lies some hops along the arrows; the rest is dimmed.

use std::collections::BTreeSet;

use crate::model::{Document, Item, NodeRef};

/// Which way the arrows are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// Against the arrows, to what opens connections.
    In,
    /// Along the arrows, to what connections are opened to.
    Out,
}

/// What the canvas is focused on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// Where it begins.
    pub roots: BTreeSet<NodeRef>,
    /// How many hops along the arrows stay lit.
    pub hops: usize,
    /// Which way.
    pub direction: Direction,
}

impl Focus {
    /// A focus of one hop; none if nothing with a place on the canvas is selected.
    pub(super) fn on(document: &Document, selection: &BTreeSet<Item>) -> Option<Self> {
        let mut roots = BTreeSet::new();
        for item in selection {
            match item {
                Item::Flow(id) => {
                    let flow = document.flows.get(*id);
                    roots.extend(flow.and_then(|flow| flow.from.node()));
                    roots.extend(flow.and_then(|flow| flow.to.node()));
                }
                other => roots.extend(other.node()),
            }
        }
        (!roots.is_empty()).then_some(Self {
            roots,
            hops: 1,
            direction: Direction::Both,
        })
    }

    /// Its name: the one object, or how many.
    pub fn name(&self, document: &Document) -> String {
        match self.roots.first() {
            Some(root) if self.roots.len() == 1 => document.node_name(*root).to_owned(),
            _ => format!("{} objects", self.roots.len()),
        }
    }
}
