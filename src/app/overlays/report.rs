//! The report of an import: the diagnostics with their places, and the offered flows.

use egui::{Context, RichText, Ui};

use super::{dialog, list_area};
use crate::app::command::{Command, Commands};
use crate::app::files::Buildable;
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::diag::{Diagnostic, Severity};
use crate::model::Edit;
use crate::scene::tokens;

/// The head of a dialog: title, one line of text and a close button; true when that was pressed.
pub(super) fn head(ui: &mut Ui, title: &str, about: &str) -> bool {
    let mut close = false;
    ui.horizontal(|ui| {
        widgets::title(ui, title);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            close = widgets::icon_button(ui, icons::X, "Close").clicked();
        });
    });
    if !about.is_empty() {
        widgets::small(ui, about);
        ui.add_space(6.0);
    }
    close
}

/// Shows the dialog; true while it stays open.
pub(super) fn report_ui(app: &mut App, context: &Context) -> bool {
    let Some(report) = app.files.report.take() else {
        return false;
    };
    let mut accepted = None;
    let (close, closed) = dialog(context, "import report", 640.0, |ui| {
        let mut close = head(ui, "Import", &report.summary);
        if report.suggested > 0 {
            close |= suggested_ui(ui, report.suggested, &mut app.commands);
        }
        if let Some(buildable) = &report.buildable {
            close |= buildable_ui(ui, buildable, &mut app.commands);
        }
        for (at, offer) in report.offers.iter().enumerate() {
            ui.horizontal(|ui| {
                ui.set_min_height(32.0);
                let taken = report.accepted.contains(&at);
                let text = match (&offer.edit, taken) {
                    (Edit::DenyByDefault(_), false) => "Apply",
                    (Edit::DenyByDefault(_), true) => "Applied",
                    (_, false) => "Draw",
                    (_, true) => "Drawn",
                };
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let button = ui
                        .add_enabled_ui(!taken, |ui| widgets::secondary(ui, text))
                        .inner;
                    if button.clicked() {
                        accepted = Some(at);
                    }
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.add(egui::Label::new(&offer.title).wrap())
                            .on_hover_text(&offer.detail);
                    });
                });
            });
        }
        if !report.diagnostics.is_empty() {
            diagnostics(ui, &report.diagnostics);
        }
        ui.add_space(8.0);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            close |= widgets::primary(ui, "Done").clicked();
        });
        close
    });
    app.files.report = Some(report);
    if let Some(at) = accepted {
        app.commands.push(Command::AcceptOffer(at));
    }
    !close && !closed
}

/// The offer to build Kustomize folders; true if it was accepted.
fn buildable_ui(ui: &mut Ui, buildable: &Buildable, commands: &mut Commands) -> bool {
    let row = ui.horizontal(|ui| {
        ui.set_min_height(32.0);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let is_accepted = widgets::secondary(ui, "Build and open").clicked();
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let text = "The resources were read without what Kustomize changes in them";
                ui.add(egui::Label::new(text).wrap())
                    .on_hover_text(format!("Runs `{}`", buildable.command));
            });
            is_accepted
        })
    });
    let is_accepted = row.inner.inner;
    commands.extend(is_accepted.then_some(Command::BuildKustomize));
    is_accepted
}

/// The offer of suggested flows; true if it was accepted.
fn suggested_ui(ui: &mut Ui, count: usize, commands: &mut Commands) -> bool {
    let text = match count {
        1 => "1 flow is implied by the manifests".to_owned(),
        count => format!("{count} flows are implied by the manifests"),
    };
    let row = ui.horizontal(|ui| {
        ui.set_min_height(32.0);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let is_accepted = widgets::secondary(ui, "Suggestions").clicked();
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(text).wrap());
            });
            is_accepted
        })
    });
    let is_accepted = row.inner.inner;
    commands.extend(is_accepted.then_some(Command::Suggestions));
    is_accepted
}

/// The diagnostics of reading, most severe first.
fn diagnostics(ui: &mut Ui, diagnostics: &[Diagnostic]) {
    widgets::heading(ui, "Findings");
    let palette = theme::palette(ui.ctx());
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.severity);
    let tall = ui.ctx().content_rect().height() * 0.5;
    list_area(tall).show(ui, |ui| {
        ui.set_width(ui.available_width());
        for diagnostic in sorted.iter().take(300) {
            let (icon, foreground) = match diagnostic.severity {
                Severity::Error => (icons::X, palette.blocked),
                Severity::Warning => (icons::WARNING, palette.wide),
                Severity::Info => (icons::INFO, palette.text_secondary),
            };
            ui.horizontal_top(|ui| {
                ui.spacing_mut().interact_size.y = 0.0;
                ui.label(
                    RichText::new(icon)
                        .font(theme::icon(13.0))
                        .color(color(foreground)),
                );
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    if let Some(span) = &diagnostic.span {
                        let place = format!("{}:{}", span.file, span.line);
                        widgets::code(ui, place, color(palette.text_secondary));
                    }
                    let about = diagnostic
                        .resource
                        .as_ref()
                        .map_or(String::new(), |what| format!("{what}: "));
                    let text = format!("{about}{}", sentence(&diagnostic.message));
                    ui.add(egui::Label::new(RichText::new(text).size(tokens::TEXT_SMALL)).wrap());
                    if let Some(help) = &diagnostic.help {
                        widgets::faint(ui, sentence(help));
                    }
                });
            });
            ui.add_space(6.0);
        }
    });
}
