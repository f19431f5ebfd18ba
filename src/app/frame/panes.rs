//! The panels beside the canvas: as wide as there is room, as rails, or open over the canvas.

use egui::{
    Area, Context, CursorIcon, Frame, Id, Order, Panel, Popup, Rect, Sense, Ui, WidgetType,
};

use crate::app::command::Commands;
use crate::app::icons;
use crate::app::panels::{outline, rail, side};
use crate::app::panes::{Pane, Shown};
use crate::app::preferences::Preferences;
use crate::app::theme::{self, color};
use crate::app::view::View;
use crate::app::widgets;
use crate::model::Document;
use crate::query::Results;
use crate::scene::tokens;

/// Half the width of the strip by which a panel is made wider.
const GRIP: f32 = 3.0;

/// Shows a panel beside the canvas.
pub(super) fn pane_ui(
    ui: &mut Ui,
    (pane, shown): (Pane, Shown),
    about: (&Document, &Results),
    view: &mut View,
    commands: &mut Commands,
) {
    let (id, width) = match (pane, shown) {
        (_, Shown::Hidden) => return,
        (Pane::Outline, Shown::Rail) => ("outline rail", tokens::RAIL),
        (Pane::Side, Shown::Rail) => ("inspector rail", tokens::RAIL),
        (Pane::Outline, Shown::Open(width)) => ("outline", width),
        (Pane::Side, Shown::Open(width)) => ("inspector", width),
    };
    let panel = match pane {
        Pane::Outline => Panel::left(id),
        Pane::Side => Panel::right(id),
    };
    let frame = Frame::new().fill(color(theme::palette(ui.ctx()).panel));
    let panel = panel.exact_size(width).resizable(false).frame(frame);
    panel.show(ui, |ui| match (shown, pane) {
        (Shown::Rail, Pane::Outline) => outline_rail_ui(ui, view),
        (Shown::Rail, Pane::Side) => side::rail_ui(ui, about.0, view),
        _ => content_ui(ui, pane, about, view, commands),
    });
}

fn outline_rail_ui(ui: &mut Ui, view: &mut View) {
    let open = view.panes.over() == Some(Pane::Outline);
    let entry = rail::Entry {
        icon: icons::SIDEBAR_SIMPLE,
        name: "Outline",
        count: 0,
        open,
    };
    let badge = color(theme::palette(ui.ctx()).text);
    if rail::rail_ui(ui, &[entry], (badge, badge)).is_some() {
        match open {
            true => _ = view.panes.close(),
            false => view.panes.open(Pane::Outline),
        }
    }
}

fn content_ui(
    ui: &mut Ui,
    pane: Pane,
    (document, results): (&Document, &Results),
    view: &mut View,
    commands: &mut Commands,
) {
    match pane {
        Pane::Outline => {
            let hubs = view.canvas.hubs().hidden();
            let beside = outline::Beside {
                number: view.results_number,
                names: &view.names,
                hubs: &hubs,
                selection: &view.selection,
                chosen: view.policies.chosen.as_deref(),
            };
            let about = (document, results);
            outline::outline_ui(ui, about, beside, &mut view.outline, commands);
        }
        Pane::Side => side::side_ui(ui, document, results, view, commands),
    }
}

/// Shows the panel of a rail over the canvas, in `room`, until it is left.
pub(super) fn over_ui(
    context: &Context,
    (room, wide): (Rect, f32),
    about: (&Document, &Results),
    view: &mut View,
    commands: &mut Commands,
) {
    let Some(pane) = view.panes.over() else {
        return;
    };
    let palette = theme::palette(context);
    let mut place = room;
    let mut rail = room;
    let width = pane.clamp(wide).min(room.width());
    match pane {
        Pane::Outline => {
            place.max.x = room.left() + width;
            rail.min.x = room.left() - tokens::RAIL;
        }
        Pane::Side => {
            place.min.x = room.right() - width;
            rail.max.x = room.right() + tokens::RAIL;
        }
    }
    let shadow = context.global_style().visuals.window_shadow;
    let frame = Frame::new().fill(color(palette.panel)).shadow(shadow);
    let id = Id::new(("over the canvas", pane == Pane::Outline));
    let area = Area::new(id).order(Order::Middle).fade_in(false);
    let shown = area.fixed_pos(place.min).show(context, |ui| {
        ui.set_clip_rect(place.expand(24.0));
        frame.show(ui, |ui| {
            ui.set_min_size(place.size());
            ui.set_max_size(place.size());
            content_ui(ui, pane, about, view, commands);
        });
    });
    context.move_to_top(shown.response.layer_id);
    // A click on the rail opens or closes it, and lists that drop down belong to it.
    let left = context.input(|input| {
        let at = input.pointer.interact_pos();
        let is_inside = |at| place.contains(at) || (rail.contains(at) && !room.contains(at));
        input.pointer.any_pressed() && at.is_some_and(|at| !is_inside(at))
    });
    if left && !Popup::is_any_open(context) {
        view.panes.close();
    }
}

/// The strips by which the open panels are made wider; returns whether a width is to be stored.
pub(super) fn grips_ui(
    ui: &mut Ui,
    (outline, side): (Shown, Shown),
    whole: Rect,
    preferences: &mut Preferences,
) -> bool {
    let room = whole.width() / 2.0;
    let mut done = false;
    for (pane, shown) in [(Pane::Outline, outline), (Pane::Side, side)] {
        let Shown::Open(width) = shown else { continue };
        let (x, name) = match pane {
            Pane::Outline => (whole.left() + width, "Resize outline"),
            Pane::Side => (whole.right() - width, "Resize inspector"),
        };
        let strip = Rect::from_x_y_ranges(x - GRIP..=x + GRIP, whole.y_range());
        let response = ui.interact(strip, Id::new(name), Sense::drag());
        if let Some(at) = response.interact_pointer_pos()
            && response.dragged()
        {
            let (wanted, other) = match pane {
                Pane::Outline => (at.x - whole.left(), side),
                Pane::Side => (whole.right() - at.x, outline),
            };
            let taken = match (pane, other) {
                (_, Shown::Hidden) => 0.0,
                (_, Shown::Rail) => tokens::RAIL,
                (Pane::Outline, Shown::Open(_)) => tokens::INSPECTOR_LEAST,
                (Pane::Side, Shown::Open(width)) => width,
            };
            *preferences.width(pane) = pane.clamp(wanted.min(room - taken));
        }
        done |= response.drag_stopped();
        widgets::named(&response, WidgetType::ResizeHandle, name);
        response.on_hover_cursor(CursorIcon::ResizeHorizontal);
    }
    done
}
