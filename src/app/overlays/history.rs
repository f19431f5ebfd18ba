//! The steps of the project by name, newest first; a click goes to the state after a step.

use egui::Context;

use super::{dropped, list_area};
use crate::app::icons;
use crate::app::state::App;
use crate::app::widgets::{self, Row};

/// Shows the list; true while it stays open.
pub(super) fn history_ui(app: &mut App, context: &Context) -> bool {
    let Some(history) = &app.history else {
        return false;
    };
    let (names, now) = history.steps();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let mut chosen = None;
    let ((), closed) = dropped(context, "history", 420.0, |ui| {
        ui.add_space(4.0);
        widgets::heading(ui, "History");
        ui.spacing_mut().item_spacing.y = 0.0;
        list_area(420.0).show(ui, |ui| {
            let states = names.iter().map(String::as_str).enumerate();
            let states = states.map(|(at, name)| (at + 1, name));
            for (at, name) in states.rev().chain([(0, "Opened")]) {
                let icon = if at == now { icons::CHECK } else { "" };
                let end = if at > now { "undone" } else { "" };
                let row = Row::new(icon, name)
                    .end(end)
                    .selected(at == now)
                    .height(28.0);
                if row.icon_space().show(ui).clicked() {
                    chosen = Some(at);
                }
            }
        });
    });
    if let Some(at) = chosen {
        app.go_to_step(at);
    }
    !closed
}
