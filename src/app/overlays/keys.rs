//! The keyboard shortcuts, from the table of commands, each to be changed; and the gestures of the canvas.

use egui::{Button, Context, Event, Key, Modifiers, RichText, Ui, WidgetType};

use super::{dialog, list_area};
use crate::app::command::{Command, Keymap, LISTED, Listed, Menu, Shortcut};
use crate::app::state::App;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
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

/// State of the dialog.
#[derive(Default)]
pub struct KeysView {
    /// The command that gets the next key that is pressed.
    changing: Option<&'static Listed>,
    /// A change that was refused: the name of the command, and why.
    refused: Option<(&'static str, String)>,
}

/// What the dialog asks for.
enum Asked {
    Change(&'static Listed),
    Reset(&'static Listed),
    ResetAll,
}

/// Shows the dialog; none once it is closed.
pub(super) fn keys_ui(app: &mut App, context: &Context, mut view: KeysView) -> Option<KeysView> {
    let mut keymap = (*Keymap::of(context)).clone();
    view.take_key(context, &mut keymap);
    let mut asked = None;
    let (close, closed) = dialog(context, "keys", 720.0, |ui| {
        let about = format!(
            "Every command is also in the menus and in the command palette ({}). Click a shortcut to change it.",
            keymap.text(&Command::RunCommand)
        );
        let close = super::report::head(ui, "Keyboard shortcuts", &about);
        if keymap.is_any_changed() && widgets::link(ui, "Reset all shortcuts").clicked() {
            asked = Some(Asked::ResetAll);
        }
        let tall = ui.ctx().content_rect().height() - 220.0;
        list_area(tall.max(160.0)).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.columns(2, |columns| {
                let [left, right] = columns else { return };
                for menu in [Menu::File, Menu::Edit] {
                    asked = view.menu_ui(left, menu, &keymap).or(asked.take());
                }
                for menu in [Menu::View, Menu::Policy, Menu::Help] {
                    asked = view.menu_ui(right, menu, &keymap).or(asked.take());
                }
            });
            widgets::heading(ui, "On the canvas");
            for (gesture, what) in GESTURES {
                line(ui, what, |ui| keys_text(ui, gesture));
            }
        });
        close
    });
    if let Some(asked) = asked {
        view.perform(asked, &mut keymap);
    }
    app.like(|likes| likes.keys = keymap.stored());
    (!close && !closed).then_some(view)
}

impl KeysView {
    /// While a shortcut is changed, takes the next key that is pressed; Escape leaves the shortcut as it is.
    fn take_key(&mut self, context: &Context, keymap: &mut Keymap) {
        let Some(listed) = self.changing else { return };
        let mut pressed = None;
        context.input_mut(|input| {
            let held = input.modifiers | Modifiers::COMMAND;
            input.events.retain(|event| {
                let key = match event {
                    Event::Key {
                        key,
                        physical_key,
                        pressed: true,
                        modifiers,
                        ..
                    } => Shortcut::pressed(*key, *physical_key, *modifiers),
                    Event::Copy => Shortcut::pressed(Key::C, None, held),
                    Event::Cut => Shortcut::pressed(Key::X, None, held),
                    Event::Paste(_) => Shortcut::pressed(Key::V, None, held),
                    _ => return true,
                };
                pressed = Some(key);
                false
            });
        });
        let Some(shortcut) = pressed else { return };
        self.changing = None;
        if shortcut.key != Key::Escape {
            let changed = keymap.change(listed, shortcut);
            self.refused = changed.err().map(|why| (listed.name, why));
        }
    }

    fn perform(&mut self, asked: Asked, keymap: &mut Keymap) {
        (self.changing, self.refused) = (None, None);
        match asked {
            Asked::Change(listed) => self.changing = Some(listed),
            Asked::Reset(listed) => {
                let reset = keymap.reset(listed);
                self.refused = reset.err().map(|why| (listed.name, why));
            }
            Asked::ResetAll => *keymap = Keymap::default(),
        }
    }

    fn menu_ui(&self, ui: &mut Ui, menu: Menu, keymap: &Keymap) -> Option<Asked> {
        let name = menu.title();
        widgets::heading(ui, name);
        let mut asked = None;
        for listed in LISTED.iter().filter(|listed| listed.menu.root() == menu) {
            let what = listed.text.trim_end_matches('…');
            line(ui, what, |ui| {
                asked = self.shortcut_ui(ui, listed, what, keymap).or(asked.take());
            });
            let refused = self.refused.as_ref();
            if let Some((_, why)) = refused.filter(|(name, _)| *name == listed.name) {
                let foreground = color(theme::palette(ui.ctx()).blocked);
                let why = RichText::new(why).font(theme::sans(tokens::TEXT_SMALL));
                ui.label(why.color(foreground));
            }
        }
        asked
    }

    /// The shortcut of a command, and buttons to change it.
    fn shortcut_ui(
        &self,
        ui: &mut Ui,
        listed: &'static Listed,
        what: &str,
        keymap: &Keymap,
    ) -> Option<Asked> {
        let keys: Vec<String> = keymap.keys(listed).iter().map(Shortcut::text).collect();
        let keys = keys.join("  or  ");
        if !listed.is_changeable() {
            keys_text(ui, &keys);
            return None;
        }
        let palette = theme::palette(ui.ctx());
        let changing = (self.changing).is_some_and(|changing| changing.name == listed.name);
        let (text, foreground) = match (changing, keys.is_empty()) {
            (true, _) => ("Press keys…", palette.accent),
            (false, true) => ("Add", palette.text_faint),
            (false, false) => (keys.as_str(), palette.text_secondary),
        };
        let font = theme::mono(tokens::TEXT_TINY);
        let text = RichText::new(text).font(font).color(color(foreground));
        ui.spacing_mut().button_padding = egui::vec2(6.0, 2.0);
        let button = ui.add(Button::new(text).frame_when_inactive(changing));
        widgets::named(
            &button,
            WidgetType::Button,
            &format!("Change shortcut: {what}"),
        );
        let mut asked = None;
        if button.clicked() {
            button.surrender_focus();
            asked = Some(Asked::Change(listed));
        }
        if keymap.is_changed(listed) {
            let name = format!("Reset shortcut: {what}");
            if widgets::icon_button(ui, icons::ARROW_U_UP_LEFT, &name).clicked() {
                asked = Some(Asked::Reset(listed));
            }
        }
        asked
    }
}

fn line(ui: &mut Ui, what: &str, keys: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_height(24.0);
        ui.label(RichText::new(what).font(theme::sans(tokens::TEXT_NORMAL)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_space(8.0);
            keys(ui);
        });
    });
}

fn keys_text(ui: &mut Ui, keys: &str) {
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    let font = theme::mono(tokens::TEXT_TINY);
    ui.label(RichText::new(keys).font(font).color(foreground));
}
