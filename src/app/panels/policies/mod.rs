//! The text of the policies of the selection, a namespace or the project, as virtual rows, so that the
//! cost does not depend on the number of lines. Choosing a policy or a line highlights its flows.

mod about;
mod edit;
mod shown;
mod text;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Frame, Layout, Margin, ScrollArea, Ui, vec2};

use crate::app::command::{Command, Commands};
use crate::app::jobs::{Memo, Pool};
use crate::app::names::PolicyNames;
use crate::app::panels::fidelity;
use crate::app::selection::only;
use crate::app::widgets::Drafts;
use crate::app::{icons, widgets};
use crate::model::{Document, FlowId, Item, PolicyId};
use crate::query::Results;
use crate::query::fidelity::Counts;

use edit::EditorView;
pub use edit::{editor_id, made_for};
pub use shown::{Line, Shown, ShownPolicy, Source, shown};

/// Which policies are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those of the selection; all, if nothing is selected.
    #[default]
    Selection,
    /// Those of the namespaces of the selection.
    Namespace,
    /// All.
    Everything,
}

/// State of the panel.
#[derive(Default)]
pub struct PoliciesView {
    /// Which policies are shown.
    pub scope: Scope,
    /// The chosen policy, as `NAMESPACE/NAME`.
    pub chosen: Option<String>,
    /// Index of the chosen line.
    line: Option<usize>,
    /// The policy to scroll to.
    wanted: Option<String>,
    /// The shown text is copied as soon as it is ready.
    copying: bool,
    shown: Arc<Shown>,
    maker: Memo<Inputs, Arc<Shown>>,
    /// `shown` is a new set of policies, so the panel scrolls to its first line.
    fresh: bool,
    /// Whether the flows are listed with what is left out of them.
    fidelity_open: bool,
    /// The editor of an imported policy.
    editor: EditorView,
}

/// The inputs of `shown`: number of the results, scope, selection.
type Inputs = (u64, Scope, BTreeSet<Item>);

impl PoliciesView {
    /// Chooses the policy of a key (`NAMESPACE/NAME`) and scrolls to it.
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

    /// The shown policies as one text.
    pub fn text(&self) -> String {
        self.shown.text()
    }

    /// Copies the shown text as soon as it is ready.
    pub fn copy(&mut self) {
        self.copying = true;
    }

    /// Whether the text is needed while the panel is hidden.
    pub(super) fn is_wanted(&self) -> bool {
        self.copying
    }

    /// The text to copy, once it is ready.
    pub(in crate::app) fn take_copy(&mut self) -> Option<String> {
        let ready = self.copying && !self.maker.busy();
        ready.then(|| {
            self.copying = false;
            self.text()
        })
    }
}

/// What the panel reads besides the Document and the results.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    /// The names of imported policies.
    pub(super) names: &'a Arc<PolicyNames>,
    /// The selection.
    pub(super) selection: &'a BTreeSet<Item>,
}

/// Computes the shown policies and the diagnostics of the edited text on the worker pool.
pub(super) fn keep(
    (document, results, number): (&Document, &Arc<Results>, u64),
    beside: Beside<'_>,
    policies: &mut PoliciesView,
    drafts: &Drafts,
    pool: &Pool,
) {
    let inputs = (number, policies.scope, beside.selection.clone());
    let before = policies
        .maker
        .answer()
        .map(|((_, scope, of), _)| (*scope, of.clone()));
    let (names, about) = (Arc::clone(beside.names), document.clone());
    let (results, of) = (Arc::clone(results), inputs.clone());
    let new = policies.maker.keep(inputs, pool, move |_| {
        Arc::new(shown(&about, &results, &of.2, of.1, &names))
    });
    if let (true, Some(((_, scope, of), made))) = (new, policies.maker.answer()) {
        policies.shown = Arc::clone(made);
        if before.is_none_or(|before| before != (*scope, of.clone())) {
            policies.fresh = true;
            policies.line = None;
        }
    }
    if let Some(id) = edited(document, beside.selection, policies) {
        edit::keep(document, id, &mut policies.editor, drafts, pool);
    }
}

/// Shows the panel; `lit`: the highlighted flows.
pub(super) fn policies_ui(
    ui: &mut Ui,
    (document, results): (&Document, &Results),
    (beside, lit): (Beside<'_>, &[FlowId]),
    policies: &mut PoliciesView,
    drafts: &mut Drafts,
    commands: &mut Commands,
) {
    let ready = !policies.maker.busy();
    if let Some(key) = policies.wanted.as_ref().filter(|_| ready)
        && policies.shown.position(key).is_none()
    {
        // A policy chosen in the outline is shown whatever the scope is.
        if std::mem::replace(&mut policies.scope, Scope::Everything) == Scope::Everything {
            policies.wanted = None;
        }
        ui.ctx().request_repaint();
    }
    if let Some(id) = edited(document, beside.selection, policies) {
        let name = beside.names.name(document, id);
        edit::edit_ui(
            ui,
            (document, results),
            (id, name),
            policies,
            drafts,
            commands,
        );
        return;
    }
    head_ui(ui, policies, commands);
    let verdicts = &results.proof.verdicts;
    fidelity_ui(ui, (document, verdicts), policies, commands);
    if policies.shown.lines.is_empty() {
        let text = match document.flows.is_empty() {
            true => "No policies yet. To draw a flow, drag from one workload to another.",
            false => "No policies for this selection.",
        };
        Frame::new()
            .inner_margin(Margin::symmetric(16, 8))
            .show(ui, |ui| widgets::empty(ui, text));
        return;
    }
    chips_ui(ui, policies, commands);
    text::text_ui(ui, lit, policies, commands);
}

/// The imported policy in the editor: the selected one, in the scope of the selection.
fn edited(
    document: &Document,
    selection: &BTreeSet<Item>,
    policies: &PoliciesView,
) -> Option<PolicyId> {
    let Some(Item::Policy(id)) = only(selection) else {
        return None;
    };
    let alone = policies.scope == Scope::Selection && policies.wanted.is_none();
    (alone && document.policies.contains(id)).then_some(id)
}

fn head_ui(ui: &mut Ui, policies: &mut PoliciesView, commands: &mut Commands) {
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
                    if widgets::chip(ui, text, policies.scope == scope, false).clicked() {
                        policies.scope = scope;
                        policies.wanted = None;
                    }
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if widgets::icon_button(ui, icons::COPY, "Copy shown policies").clicked() {
                        commands.push(Command::CopyPolicies);
                    }
                    let imported: Vec<PolicyId> = policies.shown.imported().collect();
                    let text = format!("Adopt {} imported", imported.len());
                    if imported.len() > 1 && widgets::link(ui, &text).clicked() {
                        commands.push(Command::AdoptThese(imported));
                    }
                });
            });
        });
}

/// Maximum number of policies with a chip; the outline lists all.
const CHIPS: usize = 6;

fn chips_ui(ui: &mut Ui, policies: &mut PoliciesView, commands: &mut Commands) {
    let shown = &policies.shown.policies;
    if shown.len() < 2 {
        return;
    }
    if shown.len() > CHIPS {
        let imported = shown
            .iter()
            .filter(|p| p.source != Source::Generated)
            .count();
        let text = match imported {
            0 => format!("{} policies", shown.len()),
            imported => format!("{} policies, {imported} of them imported", shown.len()),
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
            // One row, whatever their names: the text below needs the height.
            let row = ScrollArea::horizontal()
                .id_salt("chips")
                .auto_shrink([false, true]);
            row.show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
                    for policy in shown {
                        let on = policies.chosen.as_ref() == Some(&policy.key);
                        if widgets::chip(ui, &policy.name, on, false).clicked() {
                            chosen = Some((policy.key.clone(), policy.flows.clone(), on));
                        }
                    }
                })
            });
        });
    if let Some((key, flows, on)) = chosen {
        policies.line = None;
        policies.wanted = (!on).then(|| key.clone());
        policies.chosen = (!on).then_some(key);
        commands.push(Command::Highlight(if on { Vec::new() } else { flows }));
    }
}

/// How many flows the shown dialect expresses, as a strip; a click lists them with what is left out, and why.
fn fidelity_ui(
    ui: &mut Ui,
    (document, verdicts): (&Document, &fidelity::Verdicts),
    policies: &mut PoliciesView,
    commands: &mut Commands,
) {
    let flows = &policies.shown.fidelity;
    if flows.is_empty() {
        return;
    }
    let kind = document.settings.target().kind();
    let counts = Counts::of(flows);
    let text = format!("{} in {kind}", counts.exact_words());
    let open = policies.fidelity_open;
    let margin = Margin::symmetric(8, 0);
    let clicked = Frame::new().inner_margin(margin).show(ui, |ui| {
        let icon = if open {
            icons::CARET_DOWN
        } else {
            icons::CARET_RIGHT
        };
        let row = widgets::Row::new(icon, &text).selected(open).show(ui);
        row.clicked()
    });
    if clicked.inner {
        policies.fidelity_open = !open;
    }
    let margin = Margin {
        left: 16,
        right: 16,
        top: 2,
        bottom: 8,
    };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            fidelity::ticks_ui(ui, flows, verdicts);
            let other = counts.other_words();
            if !other.is_empty() {
                widgets::small(ui, other);
            }
        });
        if !open {
            return;
        }
        ui.add_space(4.0);
        let area = ScrollArea::vertical().id_salt("fidelity").max_height(220.0);
        let clicked = area.show(ui, |ui| fidelity::list_ui(ui, document, flows, verdicts));
        if let Some(flow) = clicked.inner {
            commands.push(Command::Reveal(Item::Flow(flow)));
        }
    });
}
