//! The flows that imported manifests or a recording imply: ticks, the lines that say so, and one button that draws them.

use std::ops::Range;
use std::sync::Arc;

use egui::{Align, Context, Layout, RichText, Ui, WidgetType, vec2};

use super::report::head;
use super::{dialog, list_area};
use crate::app::command::Command;
use crate::app::state::App;
use crate::app::suggestions::{Proposal, Recorded, arrows, edit_of};
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::model::Document;
use crate::scene::{Extra, tokens};

/// Height of a proposal, and of a line below it.
const ROW: f32 = 28.0;
/// Height of a line of evidence, or of a reason.
const LINE: f32 = 18.0;

/// State of the dialog.
pub struct SuggestionsView {
    /// The suggested flows that are not drawn.
    pub proposals: Vec<Proposal>,
    /// They as arrows on the canvas.
    pub arrows: Arc<Vec<Extra>>,
    /// Whether the canvas is laid out anew when they are drawn, which is the choice where nothing is drawn or placed yet.
    lay_out: bool,
}

impl SuggestionsView {
    /// Offers such flows.
    pub fn new(document: &Document, proposals: Vec<Proposal>) -> Self {
        let arrows = Arc::new(arrows(document, &proposals));
        let lay_out = document.flows.is_empty() && document.layout.is_empty();
        Self {
            proposals,
            arrows,
            lay_out,
        }
    }

    fn ticked(&self) -> usize {
        let ticked = self
            .proposals
            .iter()
            .filter(|one| one.ticked && one.is_decided());
        ticked.count()
    }

    /// Title, and where the flows come from.
    fn head(&self) -> (String, &'static str) {
        let is_recorded = self.proposals.iter().any(|one| one.recorded.is_some());
        let flows = match self.proposals.len() {
            1 => "1 flow".to_owned(),
            count => format!("{count} flows"),
        };
        match is_recorded {
            true => (
                format!("{flows} seen and not drawn"),
                "Forwarded in the recording. Dropped connections are not proposed. Nothing is drawn without a click.",
            ),
            false => (
                format!("{flows} implied by your manifests"),
                "From environment, arguments, ConfigMaps, routes, monitors and webhooks. Nothing is drawn without a click.",
            ),
        }
    }
}

/// Shows the dialog; returns the view while it stays open.
pub(super) fn suggestions_ui(
    app: &mut App,
    context: &Context,
    mut view: Box<SuggestionsView>,
) -> Option<Box<SuggestionsView>> {
    let (close, closed) = dialog(context, "suggestions", 760.0, |ui| {
        let (title, about) = view.head();
        let mut close = head(ui, &title, about);
        list_ui(ui, &mut view.proposals);
        ui.add_space(8.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let ticked = view.ticked();
            let text = format!("Draw {ticked}");
            let button = ui.add_enabled_ui(ticked > 0, |ui| widgets::primary(ui, &text));
            if button.inner.clicked() {
                let edit = edit_of(&app.document(), &view.proposals);
                app.commands.extend(edit.map(Command::Edit));
                app.commands.push(match view.lay_out {
                    true => Command::LayOut,
                    false => Command::Fit,
                });
                close = true;
            }
            close |= widgets::secondary(ui, "Not now").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.checkbox(&mut view.lay_out, "Auto-layout");
            });
        });
        close
    });
    (!close && !closed).then_some(view)
}

/// The height of a proposal with what is below it.
fn height(proposal: &Proposal) -> f32 {
    let lines = proposal.suggestion.evidence.len() + usize::from(!proposal.reason.is_empty());
    let choices = proposal
        .recorded
        .as_ref()
        .map_or(0, |one| one.choices().len());
    let asked = if choices > 1 { ROW } else { 0.0 };
    ROW + LINE * lines as f32 + asked + 4.0
}

/// The proposals, of which only the visible ones are laid out.
fn list_ui(ui: &mut Ui, proposals: &mut [Proposal]) {
    let tall = ui.ctx().content_rect().height() * 0.6;
    ui.spacing_mut().item_spacing.y = 0.0;
    list_area(tall).show_viewport(ui, |ui, seen| {
        let total: f32 = proposals.iter().map(height).sum();
        // The bar of the list is beside the ports.
        ui.set_width(ui.available_width() - 14.0);
        let corner = ui.min_rect().min;
        ui.set_min_height(total);
        let mut top = 0.0;
        for (at, proposal) in proposals.iter_mut().enumerate() {
            let rows: Range<f32> = top..top + height(proposal);
            top = rows.end;
            if rows.end < seen.min.y || rows.start > seen.max.y {
                continue;
            }
            let size = vec2(ui.available_width(), rows.end - rows.start);
            let rect = egui::Rect::from_min_size(corner + vec2(0.0, rows.start), size);
            let builder = egui::UiBuilder::new().max_rect(rect).id_salt(at);
            ui.scope_builder(builder, |ui| proposal_ui(ui, proposal));
        }
    });
}

fn proposal_ui(ui: &mut Ui, proposal: &mut Proposal) {
    let palette = theme::palette(ui.ctx());
    let enabled = proposal.is_decided();
    let one = &proposal.suggestion;
    let name = format!("{} to {}, {}", one.from, one.to, one.ports.join(", "));
    ui.horizontal(|ui| {
        ui.set_min_height(ROW);
        ui.spacing_mut().item_spacing.x = 8.0;
        let tick = |ui: &mut Ui| ui.checkbox(&mut proposal.ticked, "");
        let tick = ui.add_enabled_ui(enabled, tick).inner;
        widgets::named(&tick, WidgetType::Checkbox, &name);
        let second = color(palette.text_secondary);
        let ends = format!("{} \u{2192} {}", plain(&one.from), plain(&one.to));
        let font = theme::semibold(tokens::TEXT_NORMAL);
        let ends = RichText::new(ends).font(font);
        let ports = one.ports.join(", ").replace('/', " ");
        let ports = RichText::new(ports).font(theme::mono(tokens::TEXT_SMALL));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(ports.color(second));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(ends).truncate())
                    .on_hover_text(&name);
            });
        });
    });
    if let Some(recorded) = &mut proposal.recorded {
        choice_ui(ui, recorded);
    }
    // Rows of text are as high as LINE, not as a button.
    ui.spacing_mut().interact_size.y = 0.0;
    // An address without a name may be one of thousands, which are listed, and laid out where they are visible.
    let (seen, top) = (ui.clip_rect().y_range(), ui.cursor().top());
    let count = one.evidence.len();
    let line = |y: f32| (((y - top) / LINE).max(0.0) as usize).min(count);
    let visible = line(seen.min)..(line(seen.max) + 1).min(count);
    ui.add_space(LINE * visible.start as f32);
    for evidence in one.evidence.get(visible.clone()).unwrap_or_default() {
        line_ui(ui, |ui| {
            let file = evidence.file.rsplit('/').next().unwrap_or(&evidence.file);
            let place = format!("{file}:{}", evidence.line);
            widgets::code(ui, place, color(palette.text_faint)).on_hover_text(&evidence.file);
            widgets::code(ui, &evidence.text, color(palette.text_secondary))
                .on_hover_text(&evidence.text);
        });
    }
    ui.add_space(LINE * (count - visible.end) as f32);
    if !proposal.reason.is_empty() {
        line_ui(ui, |ui| {
            let text = format!("Not ticked: {}", proposal.reason);
            let text = RichText::new(text).font(theme::sans(tokens::TEXT_SMALL));
            ui.label(text.color(color(palette.wide)));
        });
    }
}

/// The choice of what an end outside becomes, if there is one.
fn choice_ui(ui: &mut Ui, recorded: &mut Recorded) {
    let words: Vec<String> = recorded.choices().iter().map(|c| c.words.clone()).collect();
    if words.len() < 2 {
        return;
    }
    line_ui(ui, |ui| {
        let chosen = recorded.choice.and_then(|at| words.get(at)).cloned();
        let chosen = chosen.unwrap_or_else(|| "Choose what it becomes".to_owned());
        let list = egui::ComboBox::from_id_salt("outside").selected_text(chosen);
        let list = list.width(420.0).icon(widgets::caret);
        let list = list.show_ui(ui, |ui| {
            for (at, words) in words.iter().enumerate() {
                ui.selectable_value(&mut recorded.choice, Some(at), words);
            }
        });
        widgets::named(&list.response, WidgetType::ComboBox, "Becomes");
    });
}

/// A line below a proposal.
fn line_ui(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_min_height(LINE);
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.add_space(28.0);
        content(ui);
    });
}

/// An end for people: `the ingress controller` for a placeholder.
fn plain(end: &str) -> String {
    match end {
        crate::suggest::INGRESS_CONTROLLER => "the ingress controller".to_owned(),
        crate::suggest::API_SERVER => "the API server".to_owned(),
        end => end.strip_prefix("external/").unwrap_or(end).to_owned(),
    }
}
