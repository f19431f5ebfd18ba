//! The rows of rules and findings, and the details of the open finding.

use egui::{
    Align, Align2, Layout, Rect, RichText, Sense, Ui, UiBuilder, WidgetInfo, WidgetType, pos2, vec2,
};

use super::AuditView;
use super::excerpt;
use super::line::line;
use super::rows::{FINDING, Group};
use super::shown::Shown;
use crate::app::audit::name_of;
use crate::app::command::{Command, Commands};
use crate::app::problems::{Tone, place_of, sentence};
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::diag::{Diagnostic, Severity};
use crate::lint;
use crate::model::Item;
use crate::scene::tokens;

/// Left of the texts of findings.
const INDENT: f32 = 44.0;

/// The sign of a severity: its shape and its colour.
fn sign(ui: &Ui, at: egui::Pos2, severity: Severity) {
    let (foreground, _) = Tone::from(severity).colors(theme::palette(ui.ctx()));
    let icon = match severity {
        Severity::Error => icons::ERROR,
        Severity::Warning => icons::WARNING,
        Severity::Info => icons::INFO,
    };
    let font = theme::icon(14.0);
    ui.painter()
        .text(at, Align2::CENTER_CENTER, icon, font, color(foreground));
}

/// A rule: folds its findings, explains it, fixes all of them.
pub(super) fn group_ui(ui: &mut Ui, group: &Group, view: &mut AuditView, commands: &mut Commands) {
    let palette = theme::palette(ui.ctx());
    let rect = ui.max_rect();
    let response = ui.allocate_rect(rect, Sense::click());
    let is_folded = view.folded.contains(group.code);
    let count = group.findings.len();
    let name = format!("{} {}, {count}", group.code, group.title);
    response.widget_info(|| {
        WidgetInfo::selected(WidgetType::CollapsingHeader, true, !is_folded, &name)
    });
    if response.hovered() {
        let background = tokens::mix(palette.panel, palette.text, 0.03);
        ui.painter().rect_filled(rect, 0.0, color(background));
    }
    let stroke = egui::Stroke::new(1.0, color(palette.hairline));
    ui.painter().hline(rect.x_range(), rect.top() + 0.5, stroke);
    widgets::focus_ring(ui, &response, rect);
    let fixable: std::collections::BTreeSet<usize> = (group.findings.iter().copied())
        .filter(|at| view.can_fix(*at))
        .collect();
    let builder = UiBuilder::new()
        .max_rect(rect.shrink2(vec2(16.0, 0.0)))
        .layout(Layout::right_to_left(Align::Center));
    let actions = ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        if !fixable.is_empty() {
            // More than one is shown before it is done.
            let more = if fixable.len() > 1 { "…" } else { "" };
            let text = format!("Fix {}", fixable.len());
            let button = widgets::secondary(ui, &format!("{text}{more}"));
            let name = format!("{text} of {}{more}", group.code);
            widgets::named(&button, WidgetType::Button, &name);
            if button.clicked() {
                view.wanted = Some(fixable);
            }
        }
        if lint::page(group.code).is_some()
            && widgets::link(ui, &format!("About {}", group.code)).clicked()
        {
            commands.push(Command::ExplainRule(group.code));
        }
    });
    let middle = rect.center().y;
    let caret = if is_folded {
        icons::CARET_RIGHT
    } else {
        icons::CARET_DOWN
    };
    let font = theme::icon(12.0);
    let place = pos2(rect.left() + 16.0, middle);
    ui.painter().text(
        place,
        Align2::CENTER_CENTER,
        caret,
        font,
        color(palette.text_secondary),
    );
    sign(ui, pos2(rect.left() + 34.0, middle), group.severity);
    let right = actions.response.rect.left() - 12.0;
    let mut x = rect.left() + INDENT + 4.0;
    // A code that is a word is its own title.
    if group.code.len() <= 4 {
        let place = pos2(x, middle);
        let font = theme::mono(tokens::TEXT_SMALL);
        let code = ui.painter().text(
            place,
            Align2::LEFT_CENTER,
            group.code,
            font,
            color(palette.text_secondary),
        );
        x = code.right() + 8.0;
    }
    let number = ui.painter().layout_no_wrap(
        count.to_string(),
        theme::semibold(tokens::TEXT_TINY),
        color(palette.text_secondary),
    );
    let badge = vec2(number.size().x + 10.0, 16.0);
    let title = Rect::from_min_max(
        pos2(x, rect.top()),
        pos2(right - badge.x - 8.0, rect.bottom()),
    );
    let font = theme::semibold(tokens::TEXT_NORMAL);
    let end = line(ui.painter(), title, &group.title, font, color(palette.text));
    let badge = Rect::from_min_size(pos2(end + 8.0, middle - badge.y / 2.0), badge);
    let fill = color(tokens::mix(palette.panel, palette.text, 0.08));
    ui.painter().rect_filled(badge, 8.0, fill);
    let place = Align2::CENTER_CENTER.align_size_within_rect(number.size(), badge);
    let ink = color(palette.text_secondary);
    ui.painter().galley(place.min, number, ink);
    if response.clicked() && !view.folded.remove(group.code) {
        view.folded.insert(group.code);
    }
}

impl Shown<'_> {
    /// A finding: opens its details. Returns the height that it needs in the wide place.
    pub(super) fn finding_ui(
        &self,
        ui: &mut Ui,
        at: usize,
        view: &mut AuditView,
        commands: &mut Commands,
    ) -> f32 {
        let Some(finding) = self.audit.report.found.get(at) else {
            return 0.0;
        };
        let palette = theme::palette(ui.ctx());
        let rect = ui.max_rect();
        let is_open = view.open == Some(at);
        let response = ui.allocate_rect(rect, Sense::click());
        let message = sentence(&finding.message);
        let name = format!("{}: {message}", name_of(finding));
        response.widget_info(|| {
            WidgetInfo::selected(WidgetType::SelectableLabel, true, is_open, &name)
        });
        if is_open || response.hovered() {
            let background = tokens::mix(palette.panel, palette.text, 0.04);
            ui.painter().rect_filled(rect, 0.0, color(background));
        }
        widgets::focus_ring(ui, &response, rect);
        let high = match self.is_wide {
            true => FINDING[0],
            false => rect.height() / 2.0,
        };
        let first = Rect::from_min_size(rect.min, vec2(rect.width(), high));
        sign(
            ui,
            pos2(rect.left() + 34.0, first.center().y),
            finding.severity,
        );
        let right = self.ends_ui(ui, first, at, view, commands) - 12.0;
        let left = rect.left() + INDENT + 4.0;
        let mono = theme::mono(tokens::TEXT_SMALL);
        let sans = theme::sans(tokens::TEXT_NORMAL);
        let name_end = match self.is_wide {
            true => left + (rect.width() * 0.25).min(200.0),
            false => right,
        };
        let name_rect = Rect::from_x_y_ranges(left..=name_end, first.y_range());
        let second = color(palette.text_secondary);
        line(ui.painter(), name_rect, name_of(finding), mono, second);
        let ink = color(palette.text);
        let needed = match self.is_wide {
            true => {
                let left = name_end + 12.0;
                let width = (right - left).max(0.0);
                let galley = ui.painter().layout(message.clone(), sans, ink, width);
                // The first line is level with the name.
                let row = galley.rows.first().map_or(0.0, |row| row.height());
                let place = pos2(left, first.center().y - row / 2.0);
                let height = galley.size().y;
                ui.painter().galley(place, galley, ink);
                FINDING[0] - row + height
            }
            false => {
                let below = first.bottom() - 3.0..=rect.bottom() - 3.0;
                let text = Rect::from_x_y_ranges(left..=rect.right() - 16.0, below);
                line(ui.painter(), text, &message, sans, ink);
                rect.height()
            }
        };
        if response.clicked() {
            view.open = (!is_open).then_some(at);
        }
        response.on_hover_text(message);
        needed
    }

    /// Place and actions at the end of a row; returns their left.
    fn ends_ui(
        &self,
        ui: &mut Ui,
        rect: Rect,
        at: usize,
        view: &mut AuditView,
        commands: &mut Commands,
    ) -> f32 {
        let (Some(finding), Some(about)) =
            (self.audit.report.found.get(at), self.audit.about.get(at))
        else {
            return rect.right();
        };
        let builder = UiBuilder::new()
            .max_rect(rect.shrink2(vec2(16.0, 0.0)))
            .layout(Layout::right_to_left(Align::Center));
        let shown = ui.scope_builder(builder, |ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            ui.spacing_mut().interact_size.y = 0.0;
            if self.is_wide {
                if !about.items.is_empty() {
                    let link = widgets::link(ui, "Show");
                    named_link(&link, "Show", finding);
                    if link.clicked() {
                        show(&about.items, commands);
                    }
                }
                if view.can_fix(at) {
                    let link = widgets::link(ui, "Fix");
                    named_link(&link, "Fix", finding);
                    if link.clicked() {
                        view.wanted = Some([at].into());
                    }
                }
            }
            let file = self.audit.file_of(at);
            place_ui(
                ui,
                (finding, file),
                about.policy.map(Item::Policy),
                commands,
            );
        });
        shown.response.rect.left()
    }

    /// The details of the open finding; returns their height.
    pub(super) fn details_ui(
        &self,
        ui: &mut Ui,
        at: usize,
        view: &mut AuditView,
        commands: &mut Commands,
    ) -> f32 {
        let Some(finding) = self.audit.report.found.get(at) else {
            return 0.0;
        };
        let palette = theme::palette(ui.ctx());
        let background = tokens::mix(palette.panel, palette.text, 0.04);
        ui.painter()
            .rect_filled(ui.max_rect(), 0.0, color(background));
        let margin = egui::Margin {
            left: if self.is_wide { INDENT as i8 + 4 } else { 16 },
            right: 16,
            top: 4,
            bottom: 12,
        };
        let frame = egui::Frame::new().inner_margin(margin);
        let shown = frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
            let text = RichText::new(sentence(&finding.message)).size(tokens::TEXT_NORMAL);
            ui.add(egui::Label::new(text).wrap());
            if let Some(help) = &finding.help {
                widgets::small(ui, sentence(help));
            }
            if let Some(text) = self.audit.text(finding) {
                let patches = view.fixes().and_then(|fixes| fixes.patches.get(&at));
                excerpt::excerpt_ui(ui, text, finding, patches.map_or(&[], Vec::as_slice));
            }
            if let Some(about) = lint::page(finding.code).and_then(summary) {
                widgets::faint(ui, about.replace('`', "\""));
            }
            self.actions_ui(ui, at, view, commands);
        });
        shown.response.rect.height()
    }

    fn actions_ui(&self, ui: &mut Ui, at: usize, view: &mut AuditView, commands: &mut Commands) {
        let (Some(finding), Some(about)) =
            (self.audit.report.found.get(at), self.audit.about.get(at))
        else {
            return;
        };
        ui.horizontal_wrapped(|ui| {
            if view.can_fix(at) && widgets::secondary(ui, "Fix").clicked() {
                view.wanted = Some([at].into());
            }
            if lint::page(finding.code).is_some()
                && widgets::secondary(ui, "Why it matters").clicked()
            {
                commands.push(Command::ExplainRule(finding.code));
            }
            if !about.items.is_empty() && widgets::secondary(ui, "Show on canvas").clicked() {
                show(&about.items, commands);
            }
            if lint::can_be_ignored(finding.code) && widgets::secondary(ui, "Ignore…").clicked() {
                let place = (finding.resource.is_some()).then(|| name_of(finding).to_owned());
                commands.push(Command::IgnoreFinding {
                    code: finding.code,
                    place,
                    namespace: about.namespace.clone(),
                });
            }
        });
    }
}

/// The place of a finding; a link to the text, if that is an imported policy.
fn place_ui(
    ui: &mut Ui,
    (finding, file): (&Diagnostic, Option<&str>),
    policy: Option<Item>,
    commands: &mut Commands,
) {
    let (Some(span), Some(place)) = (&finding.span, place_of(finding)) else {
        return;
    };
    let palette = theme::palette(ui.ctx());
    let foreground = match policy {
        Some(_) => palette.accent,
        None => palette.text_faint,
    };
    // The row names the object.
    let line = format!("line {}", span.line);
    let text = RichText::new(line).font(theme::mono(tokens::TEXT_TINY));
    let sense = if policy.is_some() {
        Sense::click()
    } else {
        Sense::hover()
    };
    let label = egui::Label::new(text.color(color(foreground))).truncate();
    let response = ui.add(label.sense(sense));
    let Some(policy) = policy else { return };
    widgets::named(&response, WidgetType::Link, &place);
    let from = file.map_or(String::new(), |file| format!(", from {file}"));
    if response
        .on_hover_text(format!("{}{from}", sentence(&place)))
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .clicked()
    {
        commands.push(Command::Reveal(policy));
    }
}

fn named_link(link: &egui::Response, verb: &str, finding: &Diagnostic) {
    let name = format!("{verb} {} in {}", finding.code, name_of(finding));
    widgets::named(link, WidgetType::Link, &name);
}

/// Selects objects and brings them into view.
fn show(items: &[Item], commands: &mut Commands) {
    if let [item] = items {
        commands.push(Command::Reveal(*item));
    } else {
        commands.push(Command::Select(items.to_vec()));
        commands.push(Command::FitSelection);
    }
}

/// The first paragraph of a page.
fn summary(page: &str) -> Option<&str> {
    let mut paragraphs = page.split("\n\n").map(str::trim);
    paragraphs.nth(1).filter(|text| !text.starts_with("```"))
}
