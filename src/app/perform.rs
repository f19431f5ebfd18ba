//! What commands do.

use super::canvas;
use super::command::{Command, When};
use super::state::App;
use crate::model::{Edit, Item};

impl App {
    /// Whether a command can be run now.
    pub fn can(&self, command: &Command) -> bool {
        let Some(listed) = command.listed() else {
            return true;
        };
        let flows = |item: &Item| matches!(item, Item::Flow(_));
        match listed.when {
            When::Always => true,
            When::Project => self.history.is_some(),
            When::Selection => self.history.is_some() && !self.view.selection.is_empty(),
            When::Flows => self.view.selection.iter().any(flows),
            When::Undo => self
                .history
                .as_ref()
                .is_some_and(|h| h.undo_name().is_some()),
            When::Redo => self
                .history
                .as_ref()
                .is_some_and(|h| h.redo_name().is_some()),
        }
    }

    /// Runs a command.
    pub(super) fn perform(&mut self, command: Command) {
        let document = self.document();
        if canvas::perform(&command, &document, &mut self.view, &mut self.commands) {
            return;
        }
        match command {
            Command::Edit(edit) => self.edit(&edit),
            Command::Select(items) => self.view.selection = items.into_iter().collect(),
            _ => {}
        }
    }

    /// Changes the Document; what an edit adds is selected.
    pub(super) fn edit(&mut self, edit: &Edit) {
        let Some(history) = &mut self.history else {
            return;
        };
        match history.edit(edit) {
            Ok(applied) => {
                let adds = matches!(edit, Edit::Add(_) | Edit::Duplicate(_) | Edit::Paste { .. });
                if adds && !applied.items.is_empty() {
                    self.view.selection = applied.items.iter().copied().collect();
                }
                if let Some(note) = applied.notes.first() {
                    self.view.say(note.clone());
                }
                let document = history.document().clone();
                self.view.prune(&document);
            }
            Err(refusal) => self.view.complain(refusal.to_string()),
        }
    }
}
