//! The keyboard shortcuts, from the table of commands, and the gestures of the canvas.

use egui::{Context, RichText, ScrollArea, Ui};

use super::dialog;
use crate::app::command::{LISTED, Menu};
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::scene::tokens;

/// Mouse and touch gestures of the canvas.
const GESTURES: [(&str, &str); 12] = [
    (
        "Drag from a handle",
        "Draw a flow; on empty canvas, also create its peer",
    ),
    ("Drag on empty canvas", "Select everything in the rectangle"),
    ("Space and drag, or middle button", "Pan"),
    ("Ctrl and wheel, or pinch", "Zoom to the pointer"),
    ("Double click", "Rename"),
    ("Alt and drag", "Duplicate"),
    ("Arrow keys", "Move the selection"),
    ("Ctrl and arrow keys", "Select what is next to it"),
    ("Drag an arrow's end", "Move it to another node"),
    ("Mouse buttons 4 and 5", "Back, forward"),
    ("Ctrl V", "Paste, or import YAML"),
    ("Drop files", "Open or import them"),
];

/// Shows the dialog; true while it stays open.
pub(super) fn keys_ui(context: &Context) -> bool {
    let (close, closed) = dialog(context, "keys", 720.0, |ui| {
        let close = super::report::head(
            ui,
            "Keyboard shortcuts",
            "Every command is also in the menus and in the command palette (Ctrl Shift P).",
        );
        let tall = ui.ctx().content_rect().height() - 220.0;
        ScrollArea::vertical()
            .max_height(tall.max(160.0))
            .min_scrolled_height(tall.max(160.0))
            .show(ui, |ui| {
                ui.columns(2, |columns| {
                    let [left, right] = columns else { return };
                    for menu in [Menu::File, Menu::Edit] {
                        menu_ui(left, menu);
                    }
                    for menu in [Menu::View, Menu::Policy, Menu::Help] {
                        menu_ui(right, menu);
                    }
                });
                widgets::heading(ui, "On the canvas");
                for (gesture, what) in GESTURES {
                    line(ui, what, gesture);
                }
            });
        close
    });
    !close && !closed
}

fn menu_ui(ui: &mut Ui, menu: Menu) {
    let name = match menu {
        Menu::File => "File",
        Menu::Edit => "Edit",
        Menu::View | Menu::None => "View",
        Menu::Policy => "Policy",
        Menu::Help => "Help",
    };
    widgets::heading(ui, name);
    for listed in LISTED
        .iter()
        .filter(|listed| listed.menu == menu && !listed.keys.is_empty())
    {
        let keys: Vec<String> = listed.keys.iter().map(|shortcut| shortcut.text()).collect();
        line(ui, listed.text.trim_end_matches('…'), &keys.join("  or  "));
    }
}

fn line(ui: &mut Ui, what: &str, keys: &str) {
    let palette = theme::palette(ui.ctx());
    ui.horizontal(|ui| {
        ui.set_height(22.0);
        ui.label(RichText::new(what).font(theme::sans(tokens::TEXT_NORMAL)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_space(8.0);
            ui.label(
                RichText::new(keys)
                    .font(theme::mono(tokens::TEXT_TINY))
                    .color(color(palette.text_secondary)),
            );
        });
    });
}
