//! The text editor of an imported policy: shows diagnostics while typing, and applies the text as one
//! edit when it loses the focus.

use egui::{Align, Frame, Id, Layout, Margin, ScrollArea, Ui};

use super::shown::Source;
use super::text::mark_ui;
use super::{PoliciesView, Scope};
use crate::app::command::Commands;
use crate::app::icons;
use crate::app::jobs::{Memo, Pool};
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Drafts, Editor};
use crate::diag::{Diagnostic, Severity};
use crate::load::imported::faults as faults_of;
use crate::model::{Document, Edit, ImportedPolicy, Item, PolicyId, Refusal, Thing};
use crate::query::Results;
use crate::scene::tokens;

/// The diagnostics of the text in the editor, computed on the worker pool.
#[derive(Default)]
pub struct EditorView {
    faults: Memo<(PolicyId, String), Vec<Diagnostic>>,
}

/// The egui id of the editor of an imported policy.
pub fn editor_id(id: PolicyId) -> Id {
    Editor::id_of(("policy text", id))
}

/// Whether an imported policy replaces a generated one.
pub fn made_for(results: &Results, policy: &ImportedPolicy, id: PolicyId) -> Source {
    let Some((namespace, name)) = policy.replaces.as_ref().and_then(|key| key.split_once('/'))
    else {
        return Source::Imported(id);
    };
    let mut replaced = results.generated.replaced.iter();
    match replaced.any(|written| written.namespace == namespace && written.name == name) {
        true => Source::ByHand(id),
        false => Source::Imported(id),
    }
}

/// The text in the editor.
fn text_of(policy: &ImportedPolicy, id: PolicyId, drafts: &Drafts) -> String {
    Editor::new(("policy text", id), "", &policy.text, &[]).text(drafts)
}

/// Computes the diagnostics of the edited text on the worker pool.
pub(super) fn keep(
    document: &Document,
    id: PolicyId,
    editor: &mut EditorView,
    drafts: &Drafts,
    pool: &Pool,
) {
    let Some(policy) = document.policies.get(id) else {
        return;
    };
    let text = text_of(policy, id, drafts);
    let (document, file) = (document.clone(), policy.file.clone());
    let faults = &mut editor.faults;
    faults.keep((id, text.clone()), pool, move |_| {
        faults_of(&document, &file, &text)
    });
}

/// Shows the editor of a policy.
pub(super) fn edit_ui(
    ui: &mut Ui,
    (document, results): (&Document, &Results),
    (id, name): (PolicyId, &str),
    policies: &mut PoliciesView,
    drafts: &mut Drafts,
    commands: &mut Commands,
) {
    let Some(policy) = document.policies.get(id) else {
        return;
    };
    let source = made_for(results, policy, id);
    if head_ui(ui, source, name, drafts.pending()) {
        policies.scope = Scope::Everything;
    }
    let known = &policies.editor.faults;
    let own = known.answer().filter(|((of, _), _)| *of == id);
    let faults = own.map_or(&[][..], |(_, faults)| faults);
    let lines = |severity| {
        let of = move |d: &&Diagnostic| d.severity == severity;
        let places = faults.iter().filter(of).filter_map(|d| d.span.as_ref());
        places.map(|span| span.line).collect::<Vec<u32>>()
    };
    let wrong = lines(Severity::Error);
    let faults_height = if faults.is_empty() {
        0.0
    } else {
        18.0 + 44.0 * faults.len().min(2) as f32
    };
    let whole = ui.available_rect_before_wrap();
    let above = egui::Rect::from_min_max(whole.min, whole.max - egui::vec2(0.0, faults_height));
    let palette = theme::palette(ui.ctx());
    ui.painter().rect_filled(whole, 0.0, color(palette.code));
    ui.scope_builder(egui::UiBuilder::new().max_rect(above), |ui| {
        let area = ScrollArea::both()
            .auto_shrink(false)
            .id_salt(("editor", id));
        area.show(ui, |ui| {
            ui.add_space(8.0);
            let editor = Editor::new(("policy text", id), "Policy text", &policy.text, &wrong);
            editor.show(ui, drafts, commands, |text| accept(policy, id, name, text));
        });
    });
    if !faults.is_empty() {
        let below = egui::Rect::from_min_max(egui::pos2(whole.left(), above.bottom()), whole.max);
        ui.painter().rect_filled(below, 0.0, color(palette.panel));
        ui.scope_builder(egui::UiBuilder::new().max_rect(below), |ui| {
            faults_ui(ui, faults);
        });
    }
    let asked = known.asked().map(|(_, text)| text.as_str());
    if asked != Some(&text_of(policy, id, drafts)) {
        ui.ctx().request_repaint();
    }
}

/// Accepts any text that is not empty, so that nothing typed is lost; its diagnostics stay visible.
fn accept(
    policy: &ImportedPolicy,
    id: PolicyId,
    name: &str,
    text: &str,
) -> Result<Option<Edit>, Refusal> {
    if text.trim().is_empty() {
        let help = "to delete the policy, remove it from the project";
        return Err(Refusal::new("an imported policy cannot be empty").help(help));
    }
    let changed = ImportedPolicy {
        text: text.to_owned(),
        ..policy.clone()
    };
    let change = Edit::Change(Item::Policy(id), Thing::Policy(changed));
    let edit = Edit::Batch(format!("Edit the text of {name}"), vec![change]);
    Ok((text != policy.text).then_some(edit))
}

/// The name of the policy; true if all policies are asked for. `pending`: the text is not applied yet.
fn head_ui(ui: &mut Ui, source: Source, name: &str, pending: bool) -> bool {
    let mut all = false;
    let margin = Margin::symmetric(16, 0);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_height(40.0);
            ui.spacing_mut().item_spacing.x = 8.0;
            mark_ui(ui, source);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 10.0;
                all = widgets::link(ui, "Show all").clicked();
                if pending {
                    widgets::faint(ui, "Ctrl Enter to apply");
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let font = theme::semibold(tokens::TEXT_SMALL);
                    let name = egui::RichText::new(name).font(font);
                    ui.add(egui::Label::new(name).truncate());
                });
            });
        });
    });
    widgets::hairline(ui);
    all
}

/// The first diagnostics, with their places.
fn faults_ui(ui: &mut Ui, faults: &[Diagnostic]) {
    widgets::hairline(ui);
    let palette = theme::palette(ui.ctx());
    let area = ScrollArea::vertical().auto_shrink(false).id_salt("faults");
    area.show(ui, |ui| {
        let margin = Margin::symmetric(16, 8);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            for fault in faults.iter().take(20) {
                let (icon, foreground) = match fault.severity {
                    Severity::Error => (icons::X, palette.blocked),
                    _ => (icons::WARNING, palette.wide),
                };
                let place = fault.span.as_ref();
                let place = place.map_or(String::new(), |s| format!("Line {}: ", s.line));
                let path = fault.path.as_ref();
                let path = path.map_or(String::new(), |path| format!("{path}: "));
                let text = format!("{place}{path}{}", fault.message);
                let shown = widgets::message(ui, icon, &sentence(&text), color(foreground));
                if let Some(help) = &fault.help {
                    shown.on_hover_text(sentence(help));
                }
            }
        });
    });
}
