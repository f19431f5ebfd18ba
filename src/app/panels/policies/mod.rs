//! The policies as text, for the selection, a namespace or everything; virtual rows, so that ten
//! thousand lines are no more work than thirty. Choosing a policy or a line lights up its flows.

mod about;
mod edit;
mod shown;
mod text;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Frame, Layout, Margin, Ui, vec2};

use crate::app::command::{Command, Commands};
use crate::app::jobs::{Kept, Pool};
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
    /// Everything shown is to be copied as soon as it is there.
    copying: bool,
    shown: Arc<Shown>,
    maker: Kept<Wish, Arc<Shown>>,
    /// What `shown` is another choice of policies than before, so its first line is to be seen.
    fresh: bool,
    /// The editor of an imported policy.
    pub editor: EditorView,
}

/// What is to be shown: of which results, which scope, of what.
type Wish = (u64, Scope, BTreeSet<Item>);

impl PoliciesView {
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

    /// Everything shown, as one text.
    pub fn text(&self) -> String {
        self.shown.text()
    }

    /// Has everything shown copied.
    pub fn copy(&mut self) {
        self.copying = true;
    }

    /// Whether what is shown is needed although nobody sees it.
    pub(super) fn is_wanted(&self) -> bool {
        self.copying
    }

    /// The text to be copied, once it is there.
    pub(in crate::app) fn take_copy(&mut self) -> Option<String> {
        let ready = self.copying && !self.maker.busy();
        ready.then(|| {
            self.copying = false;
            self.text()
        })
    }
}

/// Has workers make what is shown, and find what is wrong with the text that is edited.
pub fn keep(document: &Document, results: &Arc<Results>, view: &mut View, pool: &Pool) {
    let policies = &mut view.policies;
    let wish = (view.results_number, policies.scope, view.selection.clone());
    let before = policies
        .maker
        .answer()
        .map(|((_, scope, of), _)| (*scope, of.clone()));
    let (names, about) = (Arc::clone(&view.names), document.clone());
    let (results, of) = (Arc::clone(results), wish.clone());
    let new = policies.maker.keep(wish, pool, move |_| {
        Arc::new(shown(&about, &results, &of.2, of.1, &names))
    });
    if let (true, Some(((_, scope, of), made))) = (new, policies.maker.answer()) {
        policies.shown = Arc::clone(made);
        if before.is_none_or(|before| before != (*scope, of.clone())) {
            policies.fresh = true;
            policies.line = None;
        }
    }
    if let Some(id) = edited(document, view) {
        edit::keep(document, view, id, pool);
    }
}

/// Shows it.
pub fn policies_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    let policies = &mut view.policies;
    let ready = !policies.maker.busy();
    if let Some(key) = policies.wanted.as_ref().filter(|_| ready)
        && policies.shown.position(key).is_none()
    {
        // What is chosen in the outline is shown, whatever the scope was.
        if std::mem::replace(&mut policies.scope, Scope::Everything) == Scope::Everything {
            policies.wanted = None;
        }
        ui.ctx().request_repaint();
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
    text::text_ui(ui, view, commands);
}

/// The imported policy that is being edited: the one that is selected, unless more is to be shown.
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
