//! What floats at the top of the canvas: back and forward, the focus, and the search.

use egui::{Area, Frame, Id, Margin, Order, Pos2, RichText, Stroke, Ui, vec2};

use super::CanvasView;
use crate::app::command::{Command, Commands};
use crate::app::focus::{Direction, Focus};
use crate::app::view::View;
use crate::app::{icons, theme, widgets};
use crate::model::Document;
use crate::scene::tokens;

/// The right end of the switch between canvas and matrix, from the corner of the canvas.
const BESIDE_SWITCH: f32 = 172.0;
/// Widths that the first row needs: the search alone, and with what is left of it.
const SEARCH: f32 = 344.0;
const ROW: f32 = BESIDE_SWITCH + 76.0 + SEARCH + 16.0;

impl CanvasView {
    /// Shows them.
    pub(super) fn header(
        &self,
        ui: &Ui,
        document: &Document,
        view: &mut View,
        commands: &mut Commands,
    ) {
        let room = self.camera.viewport;
        let corner = room.left_top();
        let mut below = 48.0;
        bar(ui, "places", corner + vec2(BESIDE_SWITCH, 12.0), |ui| {
            places_ui(ui, view, commands);
        });
        if let Some(focus) = &view.focus {
            bar(ui, "focus", corner + vec2(16.0, below), |ui| {
                self.focus_ui(ui, document, focus, commands);
            });
            below += 40.0;
        }
        let Some(mut search) = view.search.take() else {
            return;
        };
        let at = match room.width() < ROW {
            true => corner + vec2(16.0, below),
            false => room.right_top() + vec2(-16.0 - SEARCH, 12.0),
        };
        let open = bar(ui, "search", at, |ui| search.show(ui, document, commands));
        view.search = open.then_some(search);
    }

    fn focus_ui(&self, ui: &mut Ui, document: &Document, focus: &Focus, commands: &mut Commands) {
        let text = |text: String| RichText::new(text).font(theme::sans(tokens::TEXT_NORMAL));
        ui.spacing_mut().item_spacing.x = 6.0;
        let accent = theme::color(theme::palette(ui.ctx()).accent);
        ui.label(
            RichText::new(icons::FOCUS)
                .font(theme::icon(tokens::ICON))
                .color(accent),
        );
        ui.label(text("Focus on".into()));
        let name = focus.name(document);
        ui.label(RichText::new(name).font(theme::semibold(tokens::TEXT_NORMAL)));
        ui.separator();
        let mut button = |ui: &mut Ui, icon, name, enabled, command| {
            let pressed = ui
                .add_enabled_ui(enabled, |ui| widgets::icon_button(ui, icon, name))
                .inner;
            if pressed.clicked() {
                commands.push(command);
            }
        };
        button(
            ui,
            icons::MINUS,
            "One hop less (-)",
            focus.hops > 0,
            Command::FocusLess,
        );
        let plural = if focus.hops == 1 { "" } else { "s" };
        ui.label(text(format!("{} hop{plural}", focus.hops)));
        button(
            ui,
            icons::PLUS,
            "One hop more (+)",
            true,
            Command::FocusMore,
        );
        ui.separator();
        let directions = [
            (Direction::Both, "Both", Command::FocusBoth),
            (Direction::In, "In", Command::FocusIn),
            (Direction::Out, "Out", Command::FocusOut),
        ];
        for (direction, name, command) in directions {
            if ui
                .selectable_label(direction == focus.direction, text(name.into()))
                .clicked()
            {
                commands.push(command);
            }
        }
        ui.separator();
        let (lit, all) = self.lit_nodes();
        let secondary = theme::color(theme::palette(ui.ctx()).text_secondary);
        ui.label(text(format!("{lit} of {all}")).color(secondary));
        if widgets::icon_button(ui, icons::X, "Leave focus (Esc)").clicked() {
            commands.push(Command::LeaveFocus);
        }
    }
}

fn places_ui(ui: &mut Ui, view: &View, commands: &mut Commands) {
    ui.spacing_mut().item_spacing.x = 2.0;
    let buttons = [
        (icons::ARROW_LEFT, "Back (Alt Left)", -1, Command::Back),
        (
            icons::ARROW_RIGHT,
            "Forward (Alt Right)",
            1,
            Command::Forward,
        ),
    ];
    for (icon, name, step, command) in buttons {
        let possible = view
            .places
            .can_step(step, &view.selection, view.focus.as_ref());
        let button = ui
            .add_enabled_ui(possible, |ui| widgets::icon_button(ui, icon, name))
            .inner;
        if button.clicked() {
            commands.push(command);
        }
    }
}

/// A row of controls that floats on the canvas.
fn bar<R>(ui: &Ui, name: &str, at: Pos2, content: impl FnOnce(&mut Ui) -> R) -> R {
    let palette = theme::palette(ui.ctx());
    let frame = Frame::new()
        .fill(theme::color(palette.raised))
        .stroke(Stroke::new(1.0, theme::color(palette.hairline)))
        .corner_radius(8)
        .inner_margin(Margin::symmetric(6, 0));
    let area = Area::new(Id::new(("canvas header", name))).order(Order::Middle);
    let area = area.fixed_pos(at).fade_in(false);
    let area = area.constrain_to(ui.ctx().content_rect());
    let shown = area.show(ui.ctx(), |ui| {
        frame.show(ui, |ui| ui.horizontal(content).inner).inner
    });
    shown.inner
}
