//! Why a connection is allowed or denied: source, destination and port, the verdict, the two gates as
//! steps, the excerpts that decide, and the fixes.

mod ends;
mod excerpt;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Frame, Margin, RichText, ScrollArea, Stroke, Ui, pos2, vec2};

use crate::app::command::{Command, Commands};
use crate::app::jobs::{Memo, Pool};
use crate::app::panels::ShownConnection;
use crate::app::theme::{self, color};
use crate::app::{icons, problems, verdict, widgets};
use crate::model::{Document, Edit, Item, NodeRef, Refusal};
use crate::proof::Fix;
use crate::query::Results;
use crate::query::drawn::DrawnConnections;
use crate::query::why::{Gate, Question, Step, Why, default_port, why};
use crate::scene::tokens;

/// State of the panel.
#[derive(Default)]
pub struct WhyView {
    /// The typed question.
    pub(super) typed: Question,
    /// The question that is answered.
    asked: Question,
    answer: Memo<(u64, Question), Result<(Question, Why), Refusal>>,
    fields: ends::Fields,
}

impl WhyView {
    /// Explains a connection.
    pub fn ask(&mut self, from: &str, to: &str, port: &str) {
        self.typed = Question {
            from: from.to_owned(),
            to: to.to_owned(),
            port: port.to_owned(),
        };
        self.asked = self.typed.clone();
        self.fields.close();
    }

    /// Gives the first field that is empty, or the first one, the keyboard focus in the next frame.
    pub fn wants_keyboard(&mut self) {
        let ends = [&self.typed.from, &self.typed.to];
        let empty = ends.iter().position(|end| end.is_empty());
        self.fields.wanted = Some(empty.unwrap_or(0));
    }

    /// The newest answer.
    pub fn answer(&self) -> Option<&Why> {
        let (_, answer) = self.answer.answer()?;
        answer.as_ref().ok().map(|(_, why)| why)
    }

    fn complete(&self) -> bool {
        !self.asked.from.is_empty() && !self.asked.to.is_empty()
    }

    /// Computes the answer on the worker pool if the question or the results have changed.
    pub(super) fn keep(&mut self, results: &Arc<Results>, number: u64, pool: &Pool) {
        if !self.complete() {
            self.answer.forget();
            return;
        }
        let question = self.asked.clone();
        let results = Arc::clone(results);
        let key = (number, question.clone());
        let fresh = self.answer.keep(key, pool, move |_| {
            let drawn =
                DrawnConnections::new(&results.document, &results.generated, &results.in_force);
            let mut question = question;
            if question.port.trim().is_empty() {
                question.port = default_port(&results, &drawn, &question.from, &question.to);
            }
            why(&results, &drawn, &question).map(|why| (question, why))
        });
        // Show the default port in its field.
        if let (true, Some((_, Ok((question, _))))) = (fresh, self.answer.answer())
            && self.typed.port.is_empty()
        {
            self.typed.port.clone_from(&question.port);
        }
    }

    /// The connection that the canvas shows.
    pub(super) fn shown(&self) -> Option<ShownConnection> {
        let why = self.answer()?;
        Some(ShownConnection {
            from: why.from.node,
            to: why.to.node,
            label: why.port.clone(),
            verdict: why.verdict,
        })
    }
}

/// The question for a selection: two objects, a flow, or one object as the source.
pub fn of_selection(
    document: &Document,
    selection: &BTreeSet<Item>,
) -> Option<(String, String, String)> {
    let words = |node: NodeRef| document.end_words(&node.into());
    let nodes: Vec<NodeRef> = selection.iter().filter_map(|item| item.node()).collect();
    let flow = selection.iter().find_map(|item| match item {
        Item::Flow(id) => document.flows.get(*id),
        _ => None,
    });
    match (nodes.as_slice(), flow) {
        ([from, to], _) => Some((words(*from), words(*to), String::new())),
        ([from], None) => Some((words(*from), String::new(), String::new())),
        (_, Some(flow)) => {
            let port = flow.ports.first().map(ToString::to_string);
            let (from, to) = (document.end_words(&flow.from), document.end_words(&flow.to));
            Some((from, to, port.unwrap_or_default()))
        }
        _ => None,
    }
}

/// Shows the panel.
pub fn why_ui(ui: &mut Ui, document: &Document, why: &mut WhyView, commands: &mut Commands) {
    let asked = ends::ends_ui(ui, document, &mut why.typed, &mut why.fields);
    if asked {
        why.asked = why.typed.clone();
    }
    if !why.complete() {
        let text =
            "Choose a source and a destination, or select two objects on the canvas and press F10.";
        Frame::new()
            .inner_margin(Margin::symmetric(16, 4))
            .show(ui, |ui| widgets::empty(ui, text));
        return;
    }
    let mut source = None;
    ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| match why.answer.answer() {
            None => {}
            Some((_, Err(refusal))) => {
                Frame::new()
                    .inner_margin(Margin::symmetric(16, 4))
                    .show(ui, |ui| {
                        widgets::complaint(ui, refusal);
                    });
            }
            Some((_, Ok((_, why)))) => source = answer_ui(ui, why, commands),
        });
    if let Some(policy) = source {
        commands.push(Command::ChoosePolicy(policy));
    }
}

/// Shows an answer; returns the policy to show.
fn answer_ui(ui: &mut Ui, why: &Why, commands: &mut Commands) -> Option<String> {
    let mut chosen = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    let margin = Margin::symmetric(16, 0);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        banner_ui(ui, why);
        fixes_ui(ui, why, commands);
        ui.add_space(8.0);
    });
    for (at, gate) in why.gates.iter().enumerate() {
        Frame::new().inner_margin(margin).show(ui, |ui| {
            chosen = gate_ui(ui, at, gate).or(chosen.take());
        });
        // If the connection is denied, only the excerpts of denying gates matter.
        let relevant = !gate.allowed || why.gates.iter().all(|gate| gate.allowed);
        if let Some(excerpt) = gate.excerpt.as_ref().filter(|_| relevant) {
            chosen = excerpt::excerpt_ui(ui, excerpt).or(chosen.take());
            ui.add_space(8.0);
        }
    }
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 6.0;
        let palette = theme::palette(ui.ctx());
        for assumption in &why.assumptions {
            widgets::message(ui, icons::INFO, assumption, color(palette.text_secondary));
        }
        other_ui(ui, why, commands);
        ui.add_space(16.0);
    });
    chosen
}

fn banner_ui(ui: &mut Ui, why: &Why) {
    let palette = theme::palette(ui.ctx());
    let (foreground, background) = verdict::colors(why.verdict, palette);
    let icon = verdict::icon(why.verdict);
    let more = why.more.as_str();
    widgets::banner(
        ui,
        icon,
        why.verdict.words(),
        more,
        color(foreground),
        color(background),
    );
}

/// One gate: its verdict, and the steps that lead to it.
fn gate_ui(ui: &mut Ui, at: usize, gate: &Gate) -> Option<String> {
    let palette = theme::palette(ui.ctx());
    let (foreground, icon) = match gate.allowed {
        true => (palette.exact, icons::CHECK),
        false => (palette.blocked, icons::X),
    };
    let mut chosen = None;
    let top = ui.cursor().min;
    let margin = Margin {
        left: 24,
        ..Margin::ZERO
    };
    let shown = Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.horizontal(|ui| {
            ui.set_height(24.0);
            let font = theme::semibold(tokens::TEXT_NORMAL);
            let title = RichText::new(format!("{}. {}", at + 1, gate.title)).font(font);
            ui.add(egui::Label::new(title).truncate());
        });
        for step in &gate.steps {
            chosen = step_ui(ui, step).or(chosen.take());
        }
        if !gate.selected_by.is_empty() {
            widgets::faint(ui, selected(&gate.selected_by));
        }
        ui.add_space(8.0);
    });
    let bottom = shown.response.rect.bottom();
    let middle = pos2(top.x + 7.0, top.y + 12.0);
    let line = Stroke::new(1.0, color(palette.hairline));
    ui.painter()
        .vline(middle.x, middle.y + 10.0..=bottom - 4.0, line);
    ui.painter().circle_filled(middle, 7.0, color(foreground));
    let font = theme::icon(9.0);
    let sign = color(palette.panel);
    ui.painter()
        .text(middle, egui::Align2::CENTER_CENTER, icon, font, sign);
    chosen
}

/// `Selected by deny-all, allow-dns and 3 more`.
fn selected(policies: &[String]) -> String {
    const NAMED: usize = 4;
    let mut names: Vec<&str> = policies
        .iter()
        .map(|p| p.split_once('/').map_or(p.as_str(), |(_, name)| name))
        .collect();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    match more {
        0 => format!("Selected by {}", names.join(", ")),
        more => format!("Selected by {} and {more} more", names.join(", ")),
    }
}

fn step_ui(ui: &mut Ui, step: &Step) -> Option<String> {
    widgets::small(ui, problems::sentence(&step.text));
    let source = step.source.as_ref()?;
    let clicked = excerpt::source_ui(ui, source).clicked();
    clicked.then(|| source.policy.clone())
}

fn fixes_ui(ui: &mut Ui, why: &Why, commands: &mut Commands) {
    if why.fixes.is_empty() {
        return;
    }
    ui.add_space(8.0);
    if let Some(edit) = fix_buttons(ui, &why.fixes, true) {
        commands.edit(edit);
    }
}

/// A button for each fix, the first one primary if `primary`; returns the chosen edit.
pub(super) fn fix_buttons(ui: &mut Ui, fixes: &[Fix], primary: bool) -> Option<Edit> {
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
        for (at, fix) in fixes.iter().enumerate() {
            let title = fix.title.replace('`', "\"");
            let button = match primary && at == 0 {
                true => widgets::primary(ui, &title),
                false => widgets::secondary(ui, &title),
            };
            if button.clicked() {
                chosen = Some(Edit::Batch(title, vec![fix.edit.clone()]));
            }
        }
    });
    chosen
}

fn other_ui(ui: &mut Ui, why: &Why, commands: &mut Commands) {
    let Some((question, verdict)) = &why.other else {
        return;
    };
    widgets::heading(ui, "Results differ by pod or port");
    widgets::small(
        ui,
        format!(
            "{} to {} on {}: {}",
            question.from,
            question.to,
            question.port,
            verdict.words().to_lowercase()
        ),
    );
    if widgets::link(ui, "Explain this one").clicked() {
        commands.push(Command::Why {
            from: question.from.clone(),
            to: question.to.clone(),
            port: question.port.clone(),
        });
    }
}
