//! The panel at the right: the inspector above, tabs below, and a movable divider.

use std::sync::Arc;

use egui::{
    Color32, Context, CursorIcon, Frame, Margin, Rect, ScrollArea, Sense, Stroke, Ui, UiBuilder,
    WidgetType, pos2,
};

use super::problems::Shown;
use super::{Tab, audit, compare, inspector, policies, problems, rail, reach, traffic, why};
use crate::app::command::Commands;
use crate::app::jobs::Pool;
use crate::app::panes::Pane;
use crate::app::problems::Tone;
use crate::app::theme::{self, color};
use crate::app::view::View;
use crate::app::{icons, widgets};
use crate::model::Document;
use crate::query::Results;

/// In windows lower than this the tabs keep at least [`BELOW_LEAST`], and only the first section of the inspector is
/// open at first.
pub(super) const LOW: f32 = 800.0;
/// The least height of the tabs in low windows.
const BELOW_LEAST: f32 = 320.0;

/// Computes the contents of the tabs on the worker pool.
pub fn keep(
    document: &Document,
    results: &Arc<Results>,
    view: &mut View,
    (pool, quiet): (&Pool, bool),
) {
    let number = view.results_number;
    view.radius.keep(results, number, pool);
    if view.traffic.keep(results, number, pool) {
        view.keep_extra(document);
    }
    match view.tab {
        Tab::Problems if view.shows_audit(document) => {
            view.audit.keep((results, number), pool);
        }
        Tab::Problems => problems::keep((results, number), &mut view.problem_list, pool),
        Tab::Reach => reach::keep(
            (results, number),
            &view.selection,
            &view.reach_matrix,
            &mut view.reach,
            pool,
        ),
        Tab::Why => view.why.keep(results, number, pool),
        Tab::Policies | Tab::Compare | Tab::Traffic => {}
    }
    if view.tab == Tab::Policies || view.policies.is_wanted() {
        let beside = policies::Beside {
            names: &view.names,
            selection: &view.selection,
        };
        let about = (document, results, number);
        policies::keep(about, beside, &mut view.policies, &view.drafts, pool);
    }
    if view.audit.offered && quiet && results.document == *document {
        view.audit.keep((results, number), pool);
        if view.audit.take_offer() {
            view.tab = Tab::Problems;
            view.audit.wide = true;
            view.canvas.fit_next();
        }
    }
    let inspected = inspector::Inspected {
        selection: &view.selection,
        extra: view.extra,
        radius: view.radius.is_on(),
    };
    let analysis = (&view.analysis_results, view.analysis_number);
    view.inspector
        .keep((results, number), analysis, inspected, (pool, quiet));
    let pending = view.canvas.pending_move(document);
    view.inspector
        .keep_label_change(document, (&view.drafts, pending), pool);
    view.shown_connection = match view.tab {
        Tab::Why => view.why.shown(),
        Tab::Problems => problems::shown(results, &view.problem_list),
        _ => None,
    };
}

/// Shows the panel.
pub fn side_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ui.available_rect_before_wrap();
    let mut most = area.height() * view.side_layout.share();
    if ui.ctx().content_rect().height() < LOW {
        most = most.min(area.height() - BELOW_LEAST);
    }
    if view.tab == Tab::Policies {
        most = most.min(area.height() / 2.0);
    }
    let most = most.max(80.0);
    let shown = ScrollArea::vertical()
        .id_salt("inspector")
        .max_height(most)
        .show(ui, |ui| {
            let inspect = inspector::Inspect {
                document,
                results,
                analysis_results: &view.analysis_results,
                names: &view.names,
                selection: &view.selection,
                compare: &view.compare,
                traffic: &view.traffic,
                inspector: &view.inspector,
                layout: &mut view.side_layout,
                sections: 0,
                drafts: &mut view.drafts,
                commands,
            };
            inspector::inspector_ui(ui, inspect, view.extra, &mut view.radius);
        });
    let line = (area.top() + shown.content_size.y.min(most)).round();
    divider_ui(ui, area, line, view);
    let below = Rect::from_min_max(pos2(area.left(), line + 1.0), area.max);
    ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
        ui.set_clip_rect(below.intersect(ui.clip_rect()));
        tabs_ui(ui, document, view);
        // Each tab has its own scroll position and focus.
        ui.push_id(view.tab as u8, |ui| match view.tab {
            Tab::Problems => problems_ui(ui, document, results, view, commands),
            Tab::Policies => {
                let lit = view.lit_flows();
                let beside = policies::Beside {
                    names: &view.names,
                    selection: &view.selection,
                };
                let (about, drafts) = ((document, results), &mut view.drafts);
                policies::policies_ui(
                    ui,
                    about,
                    (beside, &lit),
                    &mut view.policies,
                    drafts,
                    commands,
                );
            }
            Tab::Reach => {
                let about = (&view.selection, view.traffic.shown());
                reach::reach_ui(ui, document, about, &mut view.reach, commands);
            }
            Tab::Why => why::why_ui(ui, document, &mut view.why, commands),
            Tab::Compare => {
                compare::compare_ui(ui, document, view.extra, &mut view.compare, commands)
            }
            Tab::Traffic => {
                traffic::traffic_ui(ui, document, view, commands);
            }
        });
    });
}

/// Shows the audit alone, where it takes most of the window.
pub fn wide_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    tabs_ui(ui, document, view);
    ui.push_id(view.tab as u8, |ui| {
        problems_ui(ui, document, results, view, commands);
    });
}

/// The audit or the proof, and the choice between them where both have something to show.
fn problems_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    let (shown, list) = (view.problem_list.shown(document), &mut view.problem_list);
    let count = view
        .problems
        .iter()
        .filter(|p| p.tone != Tone::Note)
        .count();
    let has_both = !document.workloads.is_empty() || !document.policies.is_empty();
    if has_both {
        problems::choice_ui(ui, shown, count, list);
    }
    match shown {
        Shown::Audit => {
            audit::audit_ui(ui, &mut view.audit, view.suggested.count, commands);
        }
        Shown::Proof => problems::problems_ui(ui, results, &view.problems, list, commands),
    }
}

/// The tabs with their icons and numbers, and the colours of the numbers.
struct Tabs {
    all: [(Tab, &'static str, &'static str, usize); 6],
    badge: (Color32, Color32),
}

impl Tabs {
    fn of(context: &Context, document: &Document, view: &View) -> Self {
        let bad = view.problems.iter().filter(|p| p.tone != Tone::Note);
        let (mut count, mut worst) = (bad.clone().count(), bad.map(|p| p.tone).min());
        let is_audit = view.problem_list.shown(document) == Shown::Audit;
        if let Some((bad, has_errors)) = view.audit.bad().filter(|_| is_audit) {
            let tone = if has_errors {
                Tone::Bad
            } else {
                Tone::Doubtful
            };
            (count, worst) = (bad, (bad > 0).then_some(tone));
        }
        let palette = theme::palette(context);
        let (foreground, background) = worst.unwrap_or(Tone::Note).colors(palette);
        Self {
            all: [
                (Tab::Problems, icons::WARNING, "Problems", count),
                (Tab::Policies, icons::FILE_CODE, "Policies", 0),
                (Tab::Reach, icons::REACH, "Reach", 0),
                (Tab::Why, icons::QUESTION, "Why", 0),
                (Tab::Compare, icons::SCALES, "Compare", 0),
                (Tab::Traffic, icons::TRAFFIC, "Traffic", 0),
            ],
            badge: (color(foreground), color(background)),
        }
    }
}

/// Shows the panel as a rail: a click opens a tab over the canvas, or closes it.
pub fn rail_ui(ui: &mut Ui, document: &Document, view: &mut View) {
    let tabs = Tabs::of(ui.ctx(), document, view);
    let over = view.panes.over() == Some(Pane::Side);
    let entries = tabs.all.map(|(tab, icon, name, count)| rail::Entry {
        icon,
        name,
        count,
        open: over && view.tab == tab,
    });
    let clicked = rail::rail_ui(ui, &entries, tabs.badge);
    if let Some((tab, ..)) = clicked.and_then(|at| tabs.all.get(at).copied()) {
        match over && tab == view.tab {
            true => _ = view.panes.close(),
            false => view.panes.open(Pane::Side),
        }
        view.tab = tab;
    }
}

fn tabs_ui(ui: &mut Ui, document: &Document, view: &mut View) {
    let Tabs { all, badge } = Tabs::of(ui.ctx(), document, view);
    let margin = Margin::symmetric(16, 0);
    let chosen = Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let room = ui.available_width();
        widgets::tab_bar(ui, room, view.tab, &all, badge)
    });
    if let Some(tab) = chosen.inner {
        view.tab = tab;
    }
    widgets::hairline(ui);
}

fn divider_ui(ui: &mut Ui, area: Rect, y: f32, view: &mut View) {
    let grip = Rect::from_x_y_ranges(area.x_range(), y - 3.0..=y + 3.0);
    let response = ui.interact(grip, ui.id().with("divider"), Sense::drag());
    let palette = theme::palette(ui.ctx());
    let foreground = if response.hovered() || response.dragged() {
        palette.accent
    } else {
        palette.hairline
    };
    ui.painter()
        .hline(area.x_range(), y, Stroke::new(1.0, color(foreground)));
    if let Some(at) = response.interact_pointer_pos()
        && response.dragged()
    {
        let share = (at.y - area.top()) / area.height();
        view.side_layout.set_share(share);
    }
    widgets::named(
        &response,
        WidgetType::ResizeHandle,
        "Resize inspector and tabs",
    );
    response.on_hover_cursor(CursorIcon::ResizeVertical);
}
