//! The policies as text, for the selection, a namespace or everything; virtual rows, so that ten
//! thousand lines are no more work than thirty. Choosing a policy or a line lights up its flows.

mod about;
mod edit;
mod shown;
mod text;

use egui::{Align, Frame, Layout, Margin, Ui, vec2};

use crate::app::command::{Command, Commands};
use crate::app::theme::{self, color};
use crate::app::view::View;
use crate::app::{icons, problems, widgets};
use crate::model::{Document, Item, PolicyId};
use crate::proof::Written;
use crate::query::Results;

pub use edit::{EditorView, editor_id, made_for};
pub use shown::{Line, Shown, ShownPolicy, Source, shown};

/// Which policies are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those of what is selected; of everything, when nothing is.
    #[default]
    Selection,
    /// Those of the selection's namespaces.
    Namespace,
    /// All.
    Everything,
}

/// Its state.
#[derive(Default)]
pub struct PoliciesView {
    /// Which policies are shown.
    pub scope: Scope,
    /// The policy that is chosen, as `NAMESPACE/NAME`.
    pub chosen: Option<String>,
    /// The line that is chosen: its number among those shown.
    line: Option<usize>,
    /// The policy to bring into view.
    wanted: Option<String>,
    shown: Shown,
    /// The editor of a kept policy.
    pub editor: EditorView,
}

impl PoliciesView {
    /// Chooses a policy and brings it into view.
    pub fn choose(&mut self, policy: &Written) {
        self.choose_key(format!("{}/{}", policy.namespace, policy.name));
    }

    /// Chooses the policy of that key (`NAMESPACE/NAME`) and brings it into view.
    pub fn choose_key(&mut self, key: String) {
        self.chosen = Some(key.clone());
        self.wanted = Some(key);
        self.line = None;
    }

    /// Chooses no policy and no line.
    pub fn choose_nothing(&mut self) {
        self.chosen = None;
        self.wanted = None;
        self.line = None;
    }

    /// Whether a policy waits to be brought into view.
    pub fn wants(&self) -> bool {
        self.wanted.is_some()
    }

    /// Everything shown, as one text.
    pub fn text(&self) -> String {
        self.shown.text()
    }
}

/// Makes what is shown again if anything about it has changed; true if the choice of policies is another one.
pub fn keep(document: &Document, results: &Results, view: &mut View) -> bool {
    view.policies.shown.keep(
        document,
        results,
        view.results_number,
        &view.selection,
        view.policies.scope,
    )
}

/// Shows it.
pub fn policies_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    let fresh = keep(document, results, view);
    if fresh {
        view.policies.line = None;
    }
    if let Some(key) = &view.policies.wanted
        && view.policies.shown.position(key).is_none()
    {
        // What is chosen in the outline is shown, whatever the scope was.
        view.policies.scope = Scope::Everything;
        view.policies.shown.keep(
            document,
            results,
            view.results_number,
            &view.selection,
            Scope::Everything,
        );
    }
    if let Some(id) = edited(document, view) {
        edit::edit_ui(ui, document, results, view, id, commands);
        return;
    }
    head_ui(ui, view, commands);
    if view.policies.shown.lines.is_empty() {
        let text = match document.flows.is_empty() {
            true => "Drag from one workload to another: the policies appear here.",
            false => "Nothing is written for what is selected.",
        };
        Frame::new()
            .inner_margin(Margin::symmetric(16, 8))
            .show(ui, |ui| widgets::empty(ui, text));
        return;
    }
    chips_ui(ui, view, commands);
    losses_ui(ui, document, results, view, commands);
    text::text_ui(ui, view, commands, fresh);
}

/// The kept policy that is being edited: the one that is selected, unless more is to be shown.
fn edited(document: &Document, view: &View) -> Option<PolicyId> {
    let Some(Item::Policy(id)) = view.only_selected() else {
        return None;
    };
    let alone = view.policies.scope == Scope::Selection && view.policies.wanted.is_none();
    (alone && document.policies.contains(id)).then_some(id)
}

fn head_ui(ui: &mut Ui, view: &mut View, commands: &mut Commands) {
    Frame::new()
        .inner_margin(Margin {
            left: 16,
            right: 12,
            top: 0,
            bottom: 0,
        })
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_height(40.0);
                ui.spacing_mut().item_spacing.x = 6.0;
                let scopes = [
                    (Scope::Selection, "Selection"),
                    (Scope::Namespace, "Namespace"),
                    (Scope::Everything, "All"),
                ];
                for (scope, text) in scopes {
                    if widgets::chip(ui, text, view.policies.scope == scope, false).clicked() {
                        view.policies.scope = scope;
                        view.policies.wanted = None;
                    }
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if widgets::icon_button(ui, icons::COPY, "Copy shown policies").clicked() {
                        commands.push(Command::CopyPolicies);
                    }
                    let kept: Vec<PolicyId> = view.policies.shown.kept().collect();
                    let text = format!("Adopt {} kept", kept.len());
                    if kept.len() > 1 && widgets::link(ui, &text).clicked() {
                        commands.push(Command::AdoptThese(kept));
                    }
                });
            });
        });
}

/// How many policies get a chip; the outline has them all.
const CHIPS: usize = 6;

fn chips_ui(ui: &mut Ui, view: &mut View, commands: &mut Commands) {
    let policies = &view.policies.shown.policies;
    if policies.len() < 2 {
        return;
    }
    if policies.len() > CHIPS {
        let kept = policies
            .iter()
            .filter(|p| p.source != Source::Generated)
            .count();
        let text = match kept {
            0 => format!("{} policies", policies.len()),
            kept => format!("{} policies, {kept} of them kept", policies.len()),
        };
        let margin = Margin {
            left: 16,
            right: 16,
            top: 0,
            bottom: 8,
        };
        Frame::new()
            .inner_margin(margin)
            .show(ui, |ui| widgets::small(ui, text));
        return;
    }
    let mut chosen = None;
    Frame::new()
        .inner_margin(Margin::symmetric(16, 8))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
                for policy in policies {
                    let on = view.policies.chosen.as_ref() == Some(&policy.key);
                    if widgets::chip(ui, &policy.name, on, false).clicked() {
                        chosen = Some((policy.key.clone(), policy.flows.clone(), on));
                    }
                }
            });
        });
    if let Some((key, flows, on)) = chosen {
        view.policies.line = None;
        view.policies.wanted = (!on).then(|| key.clone());
        view.policies.chosen = (!on).then_some(key);
        commands.push(Command::Highlight(if on { Vec::new() } else { flows }));
    }
}

/// What is drawn and not written, with the reason.
fn losses_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &View,
    commands: &mut Commands,
) {
    let about = &view.policies.shown.about;
    let losses: Vec<_> = results
        .generated
        .losses
        .iter()
        .filter(|loss| about.is_empty() || about.contains(&loss.flow.into()))
        .collect();
    let ink = color(theme::palette(ui.ctx()).ink2);
    Frame::new()
        .inner_margin(Margin::symmetric(16, 0))
        .show(ui, |ui| {
            for loss in losses.iter().take(2) {
                let text = format!(
                    "Left out of {}: {}; {}",
                    document.flow_name(loss.flow.into()),
                    loss.part,
                    loss.why
                );
                widgets::message(ui, icons::NOTE, &problems::sentence(&text), ink);
            }
            if losses.len() > 2
                && widgets::link(ui, &format!("{} more left out", losses.len() - 2)).clicked()
            {
                commands.push(Command::Problems);
            }
            if !losses.is_empty() {
                ui.add_space(6.0);
            }
        });
}
