//! Focus: what is in it stays lit on the canvas, with what lies some hops along the arrows; the rest is dimmed.

use std::collections::BTreeSet;

use super::command::Command;
use super::state::App;
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
    fn on(document: &Document, selection: &BTreeSet<Item>) -> Option<Self> {
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

impl App {
    /// Focuses on the selection; leaves the focus if it is on that already.
    pub(super) fn focus(&mut self) {
        let new = Focus::on(&self.document(), &self.view.selection);
        let roots = |focus: &Option<Focus>| focus.as_ref().map(|focus| focus.roots.clone());
        if new.is_none() && self.view.focus.is_none() {
            let text = "Select a workload, a namespace or a flow to focus on";
            return self.view.notify(text);
        }
        let same = new.is_none() || roots(&new) == roots(&self.view.focus);
        self.view.focus = if same { None } else { new };
    }

    /// Selects what flows join to the selection: the sources of what goes into it, or the destinations.
    pub(super) fn select_neighbours(&mut self, command: &Command) {
        let document = self.document();
        let own: BTreeSet<NodeRef> = self
            .view
            .selection
            .iter()
            .filter_map(|item| item.node())
            .collect();
        let sources = matches!(command, Command::SelectSources | Command::AddSources);
        let grow = matches!(command, Command::AddSources | Command::AddDestinations);
        let mut found = BTreeSet::new();
        for (_, flow) in document.flows.iter() {
            let (near, far) = match sources {
                true => (&flow.to, &flow.from),
                false => (&flow.from, &flow.to),
            };
            if near.node().is_some_and(|node| own.contains(&node)) {
                found.extend(far.node().and_then(NodeRef::item));
            }
        }
        if found.is_empty() {
            let what = if sources { "ends at" } else { "begins at" };
            return self.view.notify(format!("No flow {what} the selection"));
        }
        if grow {
            found.extend(self.view.selection.iter().copied());
        }
        self.select(found.into_iter().collect());
    }

    /// Grows, shrinks or turns the focus.
    pub(super) fn change_focus(&mut self, command: &Command) {
        let Some(focus) = &mut self.view.focus else {
            return;
        };
        match command {
            Command::FocusMore => focus.hops += 1,
            Command::FocusLess => focus.hops = focus.hops.saturating_sub(1),
            Command::FocusIn => focus.direction = Direction::In,
            Command::FocusOut => focus.direction = Direction::Out,
            _ => focus.direction = Direction::Both,
        }
    }
}
