//! Turns keys into commands, at the beginning of a frame, before any panel sees them. A text field with
//! the keyboard focus gets the keys that edit text. Keys that follow a command in the same frame wait until what the
//! command opens has the keyboard.

use std::sync::Arc;

use egui::{Context, Event, Key, PointerButton, Popup};

use super::canvas::canvas_id;
use super::command::{Command, Keymap, Listed, Shortcut, When};
use super::matrix::Center;
use super::state::App;
use super::waiting_keys::is_typed;

/// Turns this frame's keys into commands.
pub fn read(app: &mut App, context: &Context) {
    if !app.waiting_keys.release(app.frames, context) {
        return;
    }
    let typing = context.text_edit_focused() || app.view.drafts.typing();
    let reader = Reader {
        app,
        keymap: Keymap::of(context),
        typing,
        // Of the last frame: in this one, no menu has been shown yet.
        busy: app.view.overlay.is_some() || Popup::is_any_open(context),
        // Enter belongs to a button or a row that has the keyboard.
        focused: context.memory(|memory| memory.focused().is_some_and(|id| id != canvas_id())),
        // Copy with Shift held arrives as copy, too.
        shift: context.input(|input| input.modifiers.shift),
    };
    let (mut asked, mut later) = (Vec::new(), Vec::new());
    // The text of a key follows it at once; that of a shortcut is not typed into what it opens.
    let mut was_shortcut = false;
    context.input_mut(|input| {
        input.events.retain(|event| {
            let is_own_text = was_shortcut && matches!(event, Event::Text(_));
            was_shortcut = false;
            if !asked.is_empty() && is_typed(event) && !is_own_text {
                later.push(event.clone());
                return false;
            }
            was_shortcut = reader.take(event, &mut asked);
            !was_shortcut
        });
    });
    app.waiting_keys.wait(later, app.frames, context);
    for command in asked {
        if typing {
            // What is being typed is taken over first, in this very frame.
            app.deferred.push_back(command);
        } else {
            app.commands.push(command);
        }
    }
}

/// What decides which command an event runs.
struct Reader<'a> {
    app: &'a App,
    keymap: Arc<Keymap>,
    typing: bool,
    busy: bool,
    focused: bool,
    shift: bool,
}

impl Reader<'_> {
    /// Adds the command of an event; true if nothing else sees the event then.
    fn take(&self, event: &Event, asked: &mut Vec<Command>) -> bool {
        let (app, free) = (self.app, !self.typing && !self.busy);
        match event {
            Event::Key {
                key,
                physical_key,
                pressed: true,
                modifiers,
                repeat,
            } => {
                let shortcut = Shortcut::pressed(*key, *physical_key, *modifiers);
                let Some(listed) = self.keymap.find(shortcut) else {
                    return false;
                };
                let pressing = self.focused && *key == Key::Enter;
                // The matrix moves by these keys itself.
                let pages = matches!(*key, Key::Home | Key::PageUp | Key::PageDown);
                let moving = pages && app.view.center == Center::Matrix;
                let (typing, busy) = (self.typing, self.busy);
                let wanted = !pressing && !moving && wanted(app, (shortcut, listed), typing, busy);
                if wanted && (!repeat || listed.repeats()) {
                    asked.push(listed.command.clone());
                }
                wanted
            }
            Event::PointerButton {
                button: button @ (PointerButton::Extra1 | PointerButton::Extra2),
                pressed: true,
                ..
            } if !self.busy => {
                let back = *button == PointerButton::Extra1;
                let command = if back {
                    Command::Back
                } else {
                    Command::Forward
                };
                ask_if(asked, app, command);
                false
            }
            Event::Copy if free => {
                let command = if self.shift {
                    Command::CopyPolicies
                } else {
                    Command::Copy
                };
                ask_if(asked, app, command)
            }
            Event::Cut if free => ask_if(asked, app, Command::Cut),
            Event::Paste(text) if free => {
                asked.push(Command::ImportText(text.clone()));
                true
            }
            _ => false,
        }
    }
}

fn ask_if(asked: &mut Vec<Command>, app: &App, command: Command) -> bool {
    let possible = app.can(&command);
    if possible {
        asked.push(command);
    }
    possible
}

/// Whether a key press is taken as a command now.
fn wanted(app: &App, (shortcut, listed): (Shortcut, &Listed), typing: bool, busy: bool) -> bool {
    if listed.command == Command::Escape {
        // Text fields, menus and dialogs see Escape themselves.
        return !typing && !busy;
    }
    let undo = matches!(listed.when, When::Undo | When::Redo);
    if typing && undo {
        // A field with nothing typed in it has nothing to undo of its own.
        return !busy && !app.view.drafts.pending() && app.can(&listed.command);
    }
    if busy || (typing && shortcut.belongs_to_text()) {
        return false;
    }
    app.can(&listed.command)
}

impl App {
    /// Files dropped onto the window are opened, or taken into the open project.
    pub(super) fn take_drops(&mut self, context: &Context) {
        let dropped = context.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
        let mut paths: Vec<_> = dropped
            .into_iter()
            .map(|file| file.path().to_path_buf())
            .collect();
        // A drop from a browser has no path.
        paths.retain(|path| !path.as_os_str().is_empty());
        if paths.is_empty() {
            return;
        }
        let project = |path: &std::path::PathBuf| {
            path.to_string_lossy()
                .ends_with(crate::project::format::EXTENSION)
        };
        let open = self.history.is_none() || matches!(paths.as_slice(), [one] if project(one));
        self.commands.push(match open {
            true => Command::OpenPaths(paths),
            false => Command::ImportPaths(paths),
        });
    }
}
