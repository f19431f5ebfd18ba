//! The open lesson: its four steps side by side, below the canvas. Nothing is blocked by it.

use egui::{Align, Frame, Layout, Margin, RichText, Ui, vec2};

use crate::app::command::{Command, Commands};
use crate::app::lessons::{LESSONS, LessonView, STEPS};
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::{Document, Item};
use crate::query::Results;
use crate::scene::tokens;

/// Height of the panel.
pub const HEIGHT: f32 = 156.0;

/// Shows the lesson.
pub fn lesson_ui(
    ui: &mut Ui,
    (document, results): (&Document, &Results),
    view: &LessonView,
    commands: &mut Commands,
) {
    widgets::hairline(ui);
    let done = view.done(document, results);
    let margin = Margin::symmetric(16, 8);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(12.0, 4.0);
        head_ui(ui, view, done[3], commands);
        ui.columns(STEPS.len(), |columns| {
            for (at, ui) in columns.iter_mut().enumerate() {
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    step_ui(ui, at, done, view.lesson().steps[at]);
                    if let Some(command) = act_ui(ui, at, done, document, view) {
                        commands.push(command);
                    }
                });
            }
        });
    });
}

fn head_ui(ui: &mut Ui, view: &LessonView, done: bool, commands: &mut Commands) {
    ui.horizontal(|ui| {
        ui.set_height(tokens::BUTTON);
        let number = format!("Lesson {} of {}", view.number + 1, LESSONS.len());
        widgets::faint(ui, number);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::link(ui, "Leave").clicked() {
                commands.push(match &view.back {
                    Some(project) => Command::OpenPaths(vec![project.clone()]),
                    None => Command::CloseProject,
                });
            }
            if let Some(next) = view.next() {
                let clicked = match done {
                    true => widgets::primary(ui, "Next lesson").clicked(),
                    false => widgets::link(ui, "Next lesson").clicked(),
                };
                if clicked {
                    commands.push(Command::Lesson(next));
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::title(ui, view.lesson().title);
            });
        });
    });
}

/// A step: its number or a check, its name and its text.
fn step_ui(ui: &mut Ui, at: usize, done: [bool; 4], text: &str) {
    let palette = theme::palette(ui.ctx());
    let is_next = done.iter().position(|done| !done) == Some(at);
    let foreground = match (done[at], is_next) {
        (true, _) => palette.exact,
        (false, true) => palette.accent,
        (false, false) => palette.text_secondary,
    };
    let title = format!("{}. {}", at + 1, STEPS[at]);
    let response = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if done[at] {
            let icon = RichText::new(icons::CHECK).font(theme::icon(13.0));
            ui.label(icon.color(color(foreground)));
        }
        let title = RichText::new(&title).font(theme::semibold(tokens::TEXT_NORMAL));
        ui.label(title.color(color(foreground)))
    });
    let state = if done[at] { "done" } else { "to do" };
    let name = format!("Step {title}: {state}");
    widgets::named(&response.inner, egui::WidgetType::Label, &name);
    widgets::small(ui, text);
}

/// What a step offers to do while it is not done.
fn act_ui(
    ui: &mut Ui,
    at: usize,
    done: [bool; 4],
    document: &Document,
    view: &LessonView,
) -> Option<Command> {
    if done[at] || done[3] {
        return None;
    }
    let (text, command) = match at {
        0 => {
            let flow = view.flow(document)?;
            ("Select the flow", Command::Reveal(Item::Flow(flow)))
        }
        1 => ("Explain the connection", view.question()),
        2 => (view.lesson().fix_button, Command::Edit(view.fix(document)?)),
        _ => return None,
    };
    widgets::secondary(ui, text).clicked().then_some(command)
}
