//! The head of the audit: the score, the counts, the export, and the filter.

use egui::{Align, Id, Layout, Margin, RichText, Sense, TextEdit, Ui, WidgetType, vec2};

use egui::containers::menu::MenuButton;

use super::AuditView;
use crate::app::audit::{Audit, Form};
use crate::app::command::{Command, Commands};
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::diag::Severity;
use crate::lint::score;
use crate::scene::tokens;

/// Width of the bar of the score.
const BAR: f32 = 96.0;

/// From this width on all filters are on one line.
const ONE_LINE: f32 = 640.0;

/// Shows the head.
pub(super) fn head_ui(ui: &mut Ui, audit: &Audit, view: &mut AuditView, commands: &mut Commands) {
    let frame = egui::Frame::new().inner_margin(Margin::symmetric(16, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        let is_one_line = ui.available_width() >= ONE_LINE;
        ui.horizontal(|ui| {
            ui.set_min_height(tokens::BUTTON);
            score_ui(ui, audit, view);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                width_ui(ui, view, commands);
                report_ui(ui, commands);
                if is_one_line {
                    fix_all_ui(ui, view);
                }
            });
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
            severities_ui(ui, audit, view);
            if is_one_line {
                namespaces_ui(ui, audit, view);
                filter_ui(ui, view);
            }
        });
        if !is_one_line {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                namespaces_ui(ui, audit, view);
                fix_all_ui(ui, view);
                filter_ui(ui, view);
            });
        }
        if audit.report.ignored > 0 {
            let text = match audit.report.ignored {
                1 => "1 finding is ignored by the project.".to_owned(),
                ignored => format!("{ignored} findings are ignored by the project."),
            };
            widgets::faint(ui, text);
        }
    });
}

/// `62 of 100`, a bar, and what opens the parts.
fn score_ui(ui: &mut Ui, audit: &Audit, view: &mut AuditView) {
    let palette = theme::palette(ui.ctx());
    let Some(points) = score::whole(&audit.scores) else {
        widgets::secondary_text(ui, "No score: the project has no workloads");
        return;
    };
    let number = RichText::new(points.to_string()).font(theme::semibold(tokens::TEXT_LARGE));
    ui.label(number);
    let of = RichText::new("of 100").font(theme::sans(tokens::TEXT_SMALL));
    ui.label(of.color(color(palette.text_secondary)));
    let (bar, response) = ui.allocate_exact_size(vec2(BAR, 5.0), Sense::hover());
    ui.painter().rect_filled(bar, 2.5, color(palette.hairline));
    let share = BAR * f32::from(points) / 100.0;
    let full = egui::Rect::from_min_size(bar.min, vec2(share, bar.height()));
    ui.painter().rect_filled(full, 2.5, color(palette.flow));
    let name = format!("Score: {points} of 100");
    widgets::named(&response, WidgetType::ProgressIndicator, &name);
    let word = if view.how { "Hide parts" } else { "How" };
    if widgets::link(ui, word).clicked() {
        view.how = !view.how;
    }
}

/// Shows the audit over most of the window, or beside the canvas again.
fn width_ui(ui: &mut Ui, view: &AuditView, commands: &mut Commands) {
    let (icon, name) = match view.wide {
        true => (icons::ARROWS_IN_SIMPLE, "Show the audit beside the canvas"),
        false => (
            icons::ARROWS_OUT_SIMPLE,
            "Show the audit over most of the window",
        ),
    };
    if widgets::icon_button(ui, icon, name).clicked() {
        commands.push(Command::Audit);
    }
}

fn report_ui(ui: &mut Ui, commands: &mut Commands) {
    let choices = [
        (Form::Markdown, "Save Markdown…"),
        (Form::Sarif, "Save SARIF…"),
    ];
    let button = egui::Button::new("Report").min_size(vec2(0.0, tokens::BUTTON));
    MenuButton::from_button(button).ui(ui, |ui| {
        for (form, text) in choices {
            if Row::new("", text).menu(true).show(ui).clicked() {
                commands.push(Command::SaveFindings(form));
                ui.close();
            }
        }
    });
}

/// The offer of suggested flows, which the canvas shows.
pub(super) fn suggested_ui(ui: &mut Ui, count: usize, commands: &mut Commands) {
    let palette = theme::palette(ui.ctx());
    let text = match count {
        0 => return,
        1 => "1 flow implied by your manifests".to_owned(),
        count => format!("{count} flows implied by your manifests"),
    };
    let margin = Margin::symmetric(16, 6);
    let frame = egui::Frame::new().fill(color(palette.accent_soft));
    frame.inner_margin(margin).show(ui, |ui| {
        // One row: a layout alone would take all the height that is left.
        let row = vec2(ui.available_width(), tokens::BUTTON);
        ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
            if widgets::secondary(ui, "Review…").clicked() {
                commands.push(Command::Suggestions);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = RichText::new(text).font(theme::semibold(tokens::TEXT_NORMAL));
                ui.add(egui::Label::new(text).truncate())
                    .on_hover_text("Nothing is drawn without a click");
            });
        });
    });
}

/// Fixes everything that can be fixed.
fn fix_all_ui(ui: &mut Ui, view: &mut AuditView) {
    let fixable = view.fixes().map(|fixes| fixes.fixable.clone());
    let Some(fixable) = fixable.filter(|all| all.len() > 1) else {
        return;
    };
    let text = format!("Fix all {}…", fixable.len());
    if widgets::secondary(ui, &text).clicked() {
        view.wanted = Some(fixable);
    }
}

fn severities_ui(ui: &mut Ui, audit: &Audit, view: &mut AuditView) {
    let all = audit.report.found.len();
    if widgets::chip(
        ui,
        &format!("All {all}"),
        view.filter.severity.is_none(),
        false,
    )
    .clicked()
    {
        view.filter.severity = None;
    }
    let kinds = [
        (Severity::Error, "Errors"),
        (Severity::Warning, "Warnings"),
        (Severity::Info, "Notes"),
    ];
    for (severity, name) in kinds {
        let count = audit.count(severity);
        let is_on = view.filter.severity == Some(severity);
        if count == 0 && !is_on {
            continue;
        }
        if widgets::chip(ui, &format!("{name} {count}"), is_on, false).clicked() {
            view.filter.severity = (!is_on).then_some(severity);
        }
    }
}

fn namespaces_ui(ui: &mut Ui, audit: &Audit, view: &mut AuditView) {
    let shown = view.filter.namespace.as_deref().unwrap_or("All namespaces");
    let shown = shown.to_owned();
    let combo = egui::ComboBox::from_id_salt("audit namespace")
        .selected_text(&shown)
        .width(132.0)
        .icon(widgets::caret)
        .truncate();
    let response = combo.show_ui(ui, |ui| {
        let chosen = &mut view.filter.namespace;
        ui.selectable_value(chosen, None, "All namespaces");
        let names = audit
            .about
            .iter()
            .filter_map(|about| about.namespace.as_ref());
        let names: std::collections::BTreeSet<&String> = names.collect();
        for name in names {
            ui.selectable_value(chosen, Some(name.clone()), name);
        }
    });
    widgets::named(
        &response.response,
        WidgetType::ComboBox,
        "Namespace of findings",
    );
}

fn filter_ui(ui: &mut Ui, view: &mut AuditView) {
    let palette = theme::palette(ui.ctx());
    let icon = RichText::new(icons::MAGNIFYING_GLASS).font(theme::icon(14.0));
    let edit = TextEdit::singleline(&mut view.filter.text)
        .id(Id::new("audit filter"))
        .hint_text("Filter findings")
        .prefix(icon.color(color(palette.text_secondary)))
        .margin(Margin::symmetric(8, 4))
        .min_size(vec2(0.0, tokens::FIELD))
        .vertical_align(Align::Center)
        .desired_width(ui.available_width().clamp(80.0, 220.0) - 16.0);
    let response = ui.add(edit);
    widgets::named(&response, WidgetType::TextEdit, "Filter findings");
}
