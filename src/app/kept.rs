//! Commands about imported policies: edit by hand, return to generated, adopt, stop keeping.

use super::command::Command;
use super::overlays::{AdoptedView, Overlay};
use super::panels::policies::{Source, editor_id, made_for};
use super::state::App;
use crate::adopt::Adopted;
use crate::model::{Document, Edit, ImportedPolicy, Item, PolicyId, Thing, Unknown};
use crate::project::files::policy_file;

/// What a worker found out about adopting, and the Document that it is about.
pub type Adoption = (Document, Vec<PolicyId>, Adopted);

impl App {
    /// Adopts the imported policies that are meant.
    pub(super) fn adopt_meant(&mut self) {
        let meant = self.kept_meant();
        self.adopt(meant);
    }

    /// Keeps a copy of the chosen policy in its place, to be edited.
    pub(super) fn edit_chosen_by_hand(&mut self) {
        match self.view.policies.chosen.clone() {
            Some(key) => self.edit_by_hand(&key),
            None => self
                .view
                .say("Choose a policy first, in the list or in the outline"),
        }
    }

    /// The imported policies that are selected.
    pub(super) fn kept_selected(&self) -> Vec<PolicyId> {
        let policies = self.view.selection.iter().filter_map(|item| match item {
            Item::Policy(id) => Some(*id),
            _ => None,
        });
        policies.collect()
    }

    /// Those that are selected, those of the selected namespaces, or else all but those by hand.
    fn kept_meant(&self) -> Vec<PolicyId> {
        let selected = self.kept_selected();
        if !selected.is_empty() {
            return selected;
        }
        let document = self.document();
        let within: Vec<&str> = self
            .view
            .selection
            .iter()
            .filter_map(|item| match item {
                Item::Namespace(id) => document.namespaces.get(*id).map(|n| n.name.as_str()),
                _ => None,
            })
            .collect();
        let names = &self.view.names;
        let results = &self.results;
        let policies = document.policies.iter();
        policies
            .filter(|(id, kept)| made_for(results, kept, *id) == Source::Imported(*id))
            .filter(|(id, _)| within.is_empty() || within.contains(&names.namespace(*id)))
            .map(|(id, _)| id)
            .collect()
    }

    /// Has a worker find out how policies become part of the drawing.
    pub(super) fn adopt(&mut self, ids: Vec<PolicyId>) {
        if ids.is_empty() {
            self.view.say("There is no imported policy to adopt here");
            return;
        }
        let document = self.document();
        self.adopting.start(move |cancel| {
            let adopted = crate::adopt::adopt(&document, &ids, &|| cancel.is_set());
            (document, ids, adopted)
        });
        self.take_adopted();
    }

    /// Does what a worker found out, as one step, and tells it.
    pub(super) fn take_adopted(&mut self) {
        let Some((document, ids, adopted)) = self.adopting.take() else {
            return;
        };
        if self.document() != document {
            // Something changed meanwhile: what was proven may not hold any more.
            self.adopt(ids);
            return;
        }
        let names = &self.view.names;
        let reasons = adopted
            .kept
            .iter()
            .map(|(id, why)| (*id, names.name(&document, *id).to_owned(), why.clone()))
            .collect();
        if let Some(edit) = &adopted.edit {
            self.edit(edit);
            self.view.canvas.fit_next();
        }
        self.view.overlay = Some(Overlay::Adopted(Box::new(AdoptedView {
            summary: adopted.summary(),
            done: adopted.edit.is_some(),
            kept: reasons,
        })));
    }

    /// Keeps a copy of a generated policy in its place, to be edited.
    pub(super) fn edit_by_hand(&mut self, key: &str) {
        let document = self.document();
        let mut known = document.policies.iter();
        if let Some((id, _)) = known.find(|(_, kept)| kept.replaces.as_deref() == Some(key)) {
            self.begin_editing(id);
            return;
        }
        let mut written = self.results.generated.policies.iter();
        let Some(written) = written.find(|written| written.key() == key) else {
            self.view
                .complain(format!("Nothing is generated under the name {key}"));
            return;
        };
        let name = format!("Edit {} by hand", written.name);
        let copy = ImportedPolicy {
            file: policy_file(&written.namespace, &written.name),
            text: written.text.clone(),
            replaces: Some(key.to_owned()),
            unknown: Unknown::new(),
        };
        let id = document.policies.next_id();
        self.edit(&Edit::Batch(name, vec![Edit::Add(Thing::Policy(copy))]));
        self.begin_editing(id);
    }

    /// Shows the text of an imported policy, with the keyboard in it.
    fn begin_editing(&mut self, id: PolicyId) {
        self.commands.push(Command::Reveal(Item::Policy(id)));
        self.view.drafts.focus(editor_id(id));
        self.like(|likes| likes.inspector = true);
    }

    /// Drops those that were edited by hand, so that they are generated again.
    pub(super) fn return_to_generated(&mut self, mut ids: Vec<PolicyId>) {
        let document = self.document();
        let replaces = |id: &PolicyId| {
            let kept = document.policies.get(*id);
            kept.is_some_and(|kept| kept.replaces.is_some())
        };
        ids.retain(replaces);
        if ids.is_empty() {
            self.view
                .say("No policy that was edited by hand is selected");
            return;
        }
        self.stop_keeping(&ids, "Return to generated:");
    }

    /// Drops imported policies; the step is named by `what`.
    pub(super) fn stop_keeping(&mut self, ids: &[PolicyId], what: &str) {
        let document = self.document();
        let name = match ids {
            [] => return,
            [id] => format!("{what} {}", self.view.names.name(&document, *id)),
            ids => format!("{what} {} policies", ids.len()),
        };
        // What is typed into their texts goes with them.
        self.view.drafts.clear();
        let items = ids.iter().map(|id| Item::Policy(*id)).collect();
        self.edit(&Edit::Batch(name, vec![Edit::Remove(items)]));
    }
}
