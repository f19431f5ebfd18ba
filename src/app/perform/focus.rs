//! Focus, and the selection along the arrows.

use std::collections::BTreeSet;

use crate::app::command::Command;
use crate::app::focus::{Direction, Focus};
use crate::app::state::App;
use crate::model::NodeRef;

impl App {
    /// Focuses on the selection; leaves the focus if it is on that already.
    pub(in crate::app) fn focus(&mut self) {
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
    pub(in crate::app) fn select_neighbours(&mut self, command: &Command) {
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
    pub(in crate::app) fn change_focus(&mut self, command: &Command) {
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
