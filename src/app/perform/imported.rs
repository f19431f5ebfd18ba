//! Commands about imported policies: adopt, edit by hand, restore the generated policy, remove.

use crate::app::command::Command;
use crate::app::overlays::{AdoptedView, Overlay};
use crate::app::panels::policies::{Source, editor_id, made_for};
use crate::app::state::App;
use crate::model::{Edit, ImportedPolicy, Item, PolicyId, Thing, Unknown};
use crate::project::files::policy_file;

impl App {
    /// Adopts the selected imported policies, or those in the selected namespaces, or all.
    pub(in crate::app) fn adopt_policies(&mut self) {
        let ids = self.policies_to_adopt();
        self.adopt(ids);
    }

    /// Replaces the chosen generated policy by an editable copy.
    pub(in crate::app) fn edit_chosen_by_hand(&mut self) {
        match self.view.policies.chosen.clone() {
            Some(key) => self.edit_by_hand(&key),
            None => self
                .view
                .notify("Choose a policy first, in the policies or in the outline"),
        }
    }

    /// The imported policies that are selected.
    pub(in crate::app) fn selected_policies(&self) -> Vec<PolicyId> {
        let policies = self.view.selection.iter().filter_map(|item| match item {
            Item::Policy(id) => Some(*id),
            _ => None,
        });
        policies.collect()
    }

    /// The selected policies, else those of the selected namespaces, else all that are not edited by hand.
    fn policies_to_adopt(&self) -> Vec<PolicyId> {
        let selected = self.selected_policies();
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
            .filter(|(id, policy)| made_for(results, policy, *id) == Source::Imported(*id))
            .filter(|(id, _)| within.is_empty() || within.contains(&names.namespace(*id)))
            .map(|(id, _)| id)
            .collect()
    }

    /// Starts a worker that turns policies into flows, where that provably changes nothing.
    pub(in crate::app) fn adopt(&mut self, ids: Vec<PolicyId>) {
        if ids.is_empty() {
            self.view.notify("There are no imported policies to adopt");
            return;
        }
        let document = self.document();
        self.adopting.start(move |cancel| {
            let adopted = crate::adopt::adopt(&document, &ids, &|| cancel.is_set());
            (document, ids, adopted)
        });
        self.take_adopted();
    }

    /// Applies the result of adopting as one undo step, and shows its summary.
    pub(in crate::app) fn take_adopted(&mut self) {
        let Some((document, ids, adopted)) = self.adopting.take() else {
            return;
        };
        if self.document() != document {
            // The Document changed meanwhile, so the proof may no longer hold.
            self.adopt(ids);
            return;
        }
        let names = &self.view.names;
        let reasons = adopted
            .remaining
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
            remaining: reasons,
        })));
    }

    /// Replaces a generated policy by an editable copy.
    pub(in crate::app) fn edit_by_hand(&mut self, key: &str) {
        let document = self.document();
        let mut known = document.policies.iter();
        if let Some((id, _)) = known.find(|(_, policy)| policy.replaces.as_deref() == Some(key)) {
            self.begin_editing(id);
            return;
        }
        let mut written = self.results.generated.policies.iter();
        let Some(written) = written.find(|written| written.key() == key) else {
            self.view
                .show_error(format!("No generated policy is named {key}"));
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

    /// Shows the text of an imported policy and gives its editor the focus.
    fn begin_editing(&mut self, id: PolicyId) {
        self.commands.push(Command::Reveal(Item::Policy(id)));
        self.view.drafts.focus(editor_id(id));
        self.show_side();
    }

    /// Removes those that were edited by hand, so that they are generated again.
    pub(in crate::app) fn restore_generated(&mut self, mut ids: Vec<PolicyId>) {
        let document = self.document();
        let replaces = |id: &PolicyId| {
            let policy = document.policies.get(*id);
            policy.is_some_and(|policy| policy.replaces.is_some())
        };
        ids.retain(replaces);
        if ids.is_empty() {
            self.view.notify("No policy edited by hand is selected");
            return;
        }
        self.remove_policies(&ids, |name| format!("Restore generated {name}"));
    }

    /// Removes imported policies; `title` names the undo step.
    pub(in crate::app) fn remove_policies(&mut self, ids: &[PolicyId], title: fn(&str) -> String) {
        let document = self.document();
        let name = match ids {
            [] => return,
            [id] => title(self.view.names.name(&document, *id)),
            ids => title(&format!("{} policies", ids.len())),
        };
        // Unfinished edits of their texts are dropped with them.
        self.view.drafts.clear();
        let items = ids.iter().map(|id| Item::Policy(*id)).collect();
        self.edit(&Edit::Batch(name, vec![Edit::Remove(items)]));
    }
}
