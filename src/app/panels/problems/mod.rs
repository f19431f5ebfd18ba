//! The problems, each as a card: the message, an example connection, and the fixes.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{CornerRadius, Frame, Margin, RichText, ScrollArea, Stroke, StrokeKind, Ui, vec2};

use crate::app::command::{Command, Commands};
use crate::app::jobs::{Memo, Pool};
use crate::app::panels::ShownConnection;
use crate::app::problems::Problem;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::Document;
use crate::proof::Fix;
use crate::proof::Kind;
use crate::proof::State;
use crate::proof::fixes;
use crate::query::Results;
use crate::query::why::PairVerdict;
use crate::scene::tokens;

/// What the tab shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// What lint finds in the policies.
    Audit,
    /// What the proof finds, and everything else that is wrong in the project.
    Proof,
}

/// State of the panel. It remembers the height of each card, so that hidden cards need no layout.
#[derive(Default)]
pub struct ProblemsView {
    heights: Vec<f32>,
    /// The number of the results and the width that the heights are for.
    made_for: (u64, u32),
    /// Fixes by the index of their finding; computed one after another for visible cards.
    fixes: BTreeMap<usize, Vec<Fix>>,
    /// The number of the results that they are for.
    fixes_for: u64,
    /// A visible finding without fixes.
    wanted: Option<usize>,
    maker: Memo<(u64, usize), Vec<Fix>>,
    /// The finding whose example the canvas shows.
    lit: Option<usize>,
    /// What was chosen to be shown.
    chosen: Option<Shown>,
}

impl ProblemsView {
    /// What is shown: with nothing drawn there is nothing to prove, so the audit.
    pub fn shown(&self, document: &Document) -> Shown {
        let has_policies = !(document.policies.is_empty() && document.workloads.is_empty());
        match self.chosen {
            _ if !has_policies => Shown::Proof,
            Some(chosen) => chosen,
            None if document.flows.is_empty() => Shown::Audit,
            None => Shown::Proof,
        }
    }

    /// Chooses what is shown.
    pub fn show(&mut self, chosen: Shown) {
        self.chosen = Some(chosen);
    }
}

/// The choice between proof and audit.
pub(super) fn choice_ui(ui: &mut Ui, shown: Shown, problems: usize, list: &mut ProblemsView) {
    let margin = Margin {
        left: 16,
        right: 16,
        top: 12,
        bottom: 0,
    };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width().min(372.0));
        let proof = match problems {
            0 => "Proof".to_owned(),
            count => format!("Proof {count}"),
        };
        let choices = [(Shown::Proof, proof.as_str()), (Shown::Audit, "Audit")];
        if let Some(chosen) = widgets::segments(ui, "Problems of", shown, &choices) {
            list.chosen = Some(chosen);
        }
    });
}

/// The example connection that the canvas shows.
pub(super) fn shown(results: &Results, list: &ProblemsView) -> Option<ShownConnection> {
    let finding = results.proof.findings.get(list.lit?)?;
    Some(ShownConnection {
        from: finding.witness.from.node(),
        to: finding.witness.to.node(),
        label: finding.ports.clone(),
        verdict: match finding.kind {
            Kind::Blocked => PairVerdict::Blocked,
            Kind::TooWide => PairVerdict::NotDrawn,
            Kind::Invalid | Kind::CannotExpress => PairVerdict::CannotExpress,
            Kind::Approximated => PairVerdict::Approximated,
        },
    })
}

/// Computes the fixes of visible cards on the worker pool.
pub(super) fn keep((results, number): (&Arc<Results>, u64), list: &mut ProblemsView, pool: &Pool) {
    if list.fixes_for != number {
        list.fixes_for = number;
        list.fixes.clear();
        list.wanted = None;
        list.lit = None;
    }
    let Some(at) = list.wanted.take() else { return };
    let results = Arc::clone(results);
    let fresh = list.maker.keep((number, at), pool, move |_| {
        let finding = results.proof.findings.get(at);
        finding.map_or(Vec::new(), |finding| {
            fixes(
                &results.document,
                &results.generated,
                &results.proof,
                finding,
            )
        })
    });
    match list.maker.answer() {
        Some(((of, at), made)) if fresh && *of == number => {
            list.fixes.insert(*at, made.clone());
            // Continue with the next visible card.
            pool.request_repaint();
        }
        _ if list.maker.failed() => _ = list.fixes.insert(at, Vec::new()),
        _ => list.wanted = Some(at),
    }
}

/// Space between cards.
const GAP: f32 = 8.0;
/// Assumed height of a card that was never shown.
const GUESS: f32 = 132.0;

/// Shows the panel.
pub fn problems_ui(
    ui: &mut Ui,
    results: &Results,
    problems: &[Problem],
    list: &mut ProblemsView,
    commands: &mut Commands,
) {
    if problems.is_empty() {
        empty_ui(ui, results);
        return;
    }
    let made_for = (list.fixes_for, ui.available_width().round() as u32);
    if list.made_for != made_for || list.heights.len() != problems.len() {
        list.made_for = made_for;
        list.heights = vec![GUESS; problems.len()];
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let margin = Margin::symmetric(16, 12);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = GAP;
            for (problem, height) in problems.iter().zip(&mut list.heights) {
                let top = ui.cursor().top();
                let seen = ui.clip_rect().y_range();
                if top > seen.max || top + *height < seen.min {
                    ui.allocate_space(vec2(ui.available_width(), *height));
                } else {
                    let fixes = problem.finding.map(|at| (at, list.fixes.get(&at)));
                    if let Some((at, None)) = fixes {
                        list.wanted.get_or_insert(at);
                    }
                    let fixes = fixes.and_then(|(_, fixes)| fixes);
                    let fixes = fixes.unwrap_or(&problem.fixes).as_slice();
                    let (tall, show) = card_ui(ui, problem, fixes, commands);
                    *height = tall;
                    if show {
                        list.lit = problem.finding;
                    }
                }
            }
        });
    });
}

/// The text while there are no problems.
fn empty_ui(ui: &mut Ui, results: &Results) {
    Frame::new()
        .inner_margin(Margin::symmetric(16, 12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let palette = theme::palette(ui.ctx());
            match results.proof.state {
                State::NothingToProve => widgets::empty(
                    ui,
                    "No flows drawn yet. To draw a flow, drag from one workload to another.",
                ),
                _ => widgets::banner(
                    ui,
                    icons::CHECK,
                    "No problems",
                    "The policies allow exactly the drawn flows. Each mismatch is listed here with an example connection.",
                    color(palette.exact),
                    color(palette.exact_soft),
                ),
            }
        });
}

/// Shows a card; returns its height, and whether to show it on the canvas.
fn card_ui(ui: &mut Ui, problem: &Problem, fixes: &[Fix], commands: &mut Commands) -> (f32, bool) {
    let palette = theme::palette(ui.ctx());
    let (foreground, background) = problem.tone.colors(palette);
    let inner = Frame::new()
        .fill(color(palette.raised))
        .stroke(Stroke::new(1.0, color(palette.hairline)))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin {
            left: 15,
            right: 11,
            top: 11,
            bottom: 11,
        })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing = vec2(8.0, 6.0);
            ui.horizontal_top(|ui| {
                ui.spacing_mut().interact_size.y = 0.0;
                let icon = RichText::new(problem.tone.icon()).font(theme::icon(15.0));
                ui.label(icon.color(color(foreground)));
                let font = theme::semibold(tokens::TEXT_NORMAL);
                ui.add(egui::Label::new(RichText::new(&problem.title).font(font)).wrap());
            });
            widgets::small(ui, problem.message.as_str());
            if !problem.witness.is_empty() {
                Frame::new()
                    .fill(color(background))
                    .corner_radius(CornerRadius::same(4))
                    .inner_margin(Margin::symmetric(8, 4))
                    .show(ui, |ui| {
                        ui.set_width(ui.available_width());
                        // A path of several hops has a line for each.
                        for hop in problem.witness.lines() {
                            let text = RichText::new(hop).font(theme::mono(tokens::TEXT_SMALL));
                            ui.add(egui::Label::new(text.color(color(foreground))).wrap());
                        }
                    });
            }
            // What a click does needs no words beside it.
            if !problem.help.is_empty() && problem.networks.is_none() {
                widgets::faint(ui, problem.help.as_str());
            }
            actions_ui(ui, problem, fixes, commands)
        });
    let card = inner.response.rect;
    let stripe = egui::Rect::from_min_size(card.min, vec2(8.0, card.height()));
    let edge = ui.painter().with_clip_rect(
        egui::Rect::from_min_size(card.min, vec2(3.0, card.height())).intersect(ui.clip_rect()),
    );
    let radius = CornerRadius {
        nw: 8,
        sw: 8,
        ne: 0,
        se: 0,
    };
    edge.rect(
        stripe,
        radius,
        color(foreground),
        Stroke::NONE,
        StrokeKind::Inside,
    );
    (card.height(), inner.inner)
}

/// The actions of a problem; true to show it on the canvas.
fn actions_ui(ui: &mut Ui, problem: &Problem, fixes: &[Fix], commands: &mut Commands) -> bool {
    if !fixes.is_empty()
        && let Some(edit) = super::why::fix_buttons(ui, fixes, false)
    {
        commands.edit(edit);
    }
    if let Some(external) = problem.networks
        && widgets::secondary(ui, "Add networks…").clicked()
    {
        commands.push(Command::AddNetworks(external));
    }
    if problem.item.is_none() && problem.why.is_none() {
        return false;
    }
    let mut show = false;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        if let Some(why) = &problem.why
            && widgets::link(ui, "Why").clicked()
        {
            commands.push(Command::Why {
                from: why.from.clone(),
                to: why.to.clone(),
                port: why.port.clone(),
            });
        }
        if let Some(item) = problem.item
            && widgets::link(ui, "Show").clicked()
        {
            commands.push(Command::Reveal(item));
            show = true;
        }
    });
    show
}
