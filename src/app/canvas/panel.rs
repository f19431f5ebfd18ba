//! Shows the canvas and takes its input.

use egui::{Sense, Ui};

use super::{Look, canvas_id};
use crate::app::command::Commands;
use crate::app::filter::Known;
use crate::app::jobs::Pool;
use crate::app::traffic::ShownTraffic;
use crate::app::view::View;
use crate::model::Document;
use crate::query::Results;
use crate::scene::extra;

/// Shows the canvas.
pub fn canvas_ui(
    ui: &mut Ui,
    pool: &Pool,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    let rect = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(rect);
    let mut canvas = std::mem::take(&mut view.canvas);
    canvas.camera.viewport = rect;
    canvas.camera.refit();
    let known = Known {
        verdicts: &results.proof.verdicts,
        number: view.results_number,
        recorded: view.traffic.shown().map(ShownTraffic::compared),
    };
    view.filter.keep(document, known);
    canvas.see(document, &view.filter);
    let collapsed = &mut canvas.collapsed;
    let extras = collapsed.lift(document, view.extras(document));
    let look = Look {
        selection: &view.selection,
        highlight: &view.highlight,
        extra: view
            .extra
            .map(|id| extras.shown(extra::lifted_id(document, &collapsed.now, id))),
        emphasis: view.emphasis(),
        focus: view.focus.as_ref(),
        matches: view.filter.matches().filter(|_| !view.filter.only),
        dependent: view.compare.enforcers.flows(),
        traffic: view.traffic.shown().cloned(),
        extras,
        number: view.results_number,
        analysis_results: &view.analysis_results,
        reduced_motion: view.reduced_motion,
    };
    canvas.light(&look);
    canvas.fade(ui.ctx(), &look);
    canvas.follow(ui.ctx(), pool, document, results, &look);

    let response = ui.interact(rect, canvas_id(), Sense::click_and_drag());
    canvas.navigate(ui, &response);
    canvas.point(ui, &response, document, view, commands);
    canvas.type_keys(ui, &response, document, view, commands);
    canvas.draw(ui);
    canvas.draw_moment(ui, document, view);
    canvas.name_items(ui, document, results, view, commands);
    canvas.tooltip(ui, &response, document, results, view);
    canvas.context_menu(&response, document, view, commands);
    canvas.tools(ui, (document, results), view, commands);
    canvas.show_popup(ui, document, view, commands);
    view.canvas = canvas;
}
