//! The list of problems, above the status bar; it stays open while one looks around.

use egui::{
    Align2, Area, Context, CornerRadius, Frame, Id, Margin, RichText, ScrollArea, Stroke, Ui, vec2,
};

use crate::app::command::Command;
use crate::app::problems::{Problem, Tone};
use crate::app::state::App;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::scene::tokens;

/// Shows it.
pub(super) fn problems_ui(app: &mut App, context: &Context) {
    let palette = theme::palette(context);
    let frame = Frame::new()
        .fill(color(palette.panel))
        .stroke(Stroke::new(1.0, color(palette.outline)))
        .corner_radius(CornerRadius::same(10))
        .shadow(context.global_style().visuals.popup_shadow)
        .inner_margin(Margin {
            left: 16,
            right: 8,
            top: 8,
            bottom: 12,
        });
    let tall = (context.content_rect().height() * 0.6).max(160.0);
    let mut open = true;
    let mut reveal = None;
    Area::new(Id::new("problems"))
        .anchor(Align2::LEFT_BOTTOM, vec2(8.0, -tokens::STATUS - 8.0))
        .order(egui::Order::Middle)
        .show(context, |ui| {
            frame.show(ui, |ui| {
                ui.set_width(460.0);
                ui.horizontal(|ui| {
                    widgets::title(ui, "Problems");
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        open = !widgets::icon_button(ui, icons::X, "Close problems").clicked();
                    });
                });
                if app.view.problems.is_empty() {
                    widgets::small(ui, app.results.proof.summary());
                    widgets::faint(
                        ui,
                        "Nothing to mend: what is drawn is what the policies allow.",
                    );
                }
                ScrollArea::vertical()
                    .max_height(tall)
                    .min_scrolled_height(tall)
                    .show(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = 10.0;
                        for problem in app.view.problems.iter().take(200) {
                            if problem_ui(ui, problem) {
                                reveal = problem.item;
                            }
                        }
                    });
            });
        });
    app.view.problems_open = open;
    if let Some(item) = reveal {
        app.commands.push(Command::Reveal(item));
    }
}

/// One problem; true when the user wants to see where it is.
fn problem_ui(ui: &mut Ui, problem: &Problem) -> bool {
    let palette = theme::palette(ui.ctx());
    let (ink, ground) = problem.tone.colors(palette);
    let mut show = false;
    let inner = Frame::new()
        .inner_margin(Margin {
            left: 12,
            right: 8,
            top: 4,
            bottom: 4,
        })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.horizontal(|ui| {
                ui.label(
                    RichText::new(problem.tone.icon())
                        .font(theme::icon(14.0))
                        .color(color(ink)),
                );
                let font = theme::semibold(tokens::TEXT_NORMAL);
                let title = egui::Label::new(RichText::new(&problem.title).font(font)).truncate();
                ui.add(title).on_hover_text(&problem.title);
            });
            widgets::small(ui, problem.message.as_str());
            if !problem.witness.is_empty() {
                Frame::new()
                    .fill(color(ground))
                    .corner_radius(CornerRadius::same(4))
                    .inner_margin(Margin::symmetric(8, 4))
                    .show(ui, |ui| {
                        ui.set_width(ui.available_width());
                        widgets::code(ui, problem.witness.as_str(), color(ink));
                    });
            }
            if !problem.help.is_empty() {
                widgets::faint(ui, problem.help.as_str());
            }
            if problem.item.is_some() {
                show = widgets::link(ui, "Show it").clicked();
            }
        });
    if problem.tone != Tone::Note {
        let rect = inner.response.rect;
        let stripe = egui::Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
        ui.painter().rect_filled(stripe, 1.5, color(ink));
    }
    show
}
