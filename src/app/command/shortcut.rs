//! Keys that run commands.

use egui::{Key, Modifiers};

/// A key that runs a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// What must be held.
    pub modifiers: Modifiers,
    /// The key.
    pub key: Key,
    /// Match the key's place, not its letter: for digits with Shift, which are other signs elsewhere.
    pub physical: bool,
}

impl Shortcut {
    /// Whether a key press is this one.
    pub fn matches(&self, key: Key, physical: Option<Key>, modifiers: Modifiers) -> bool {
        let pressed = if self.physical {
            physical.unwrap_or(key)
        } else {
            key
        };
        // Some signs need Shift on some keyboards.
        let shift_is_free = matches!(self.key, Key::Questionmark | Key::Plus);
        pressed == self.key
            && modifiers.alt == self.modifiers.alt
            && modifiers.command == self.modifiers.command
            && (shift_is_free || modifiers.shift == self.modifiers.shift)
    }

    /// Whether a text field takes this key for itself.
    pub fn belongs_to_text(&self) -> bool {
        let edits = [Key::Z, Key::Y, Key::X, Key::C, Key::V, Key::A];
        let function = [Key::F1, Key::F6, Key::F7, Key::F8, Key::F9, Key::F10];
        !function.contains(&self.key) && (!self.modifiers.command || edits.contains(&self.key))
    }

    /// In words: `Ctrl Shift P`.
    pub fn text(&self) -> String {
        let mut words = Vec::new();
        let names = [
            (
                self.modifiers.command,
                if cfg!(target_os = "macos") {
                    "Cmd"
                } else {
                    "Ctrl"
                },
            ),
            (self.modifiers.alt, "Alt"),
            (self.modifiers.shift, "Shift"),
        ];
        words.extend(
            names
                .iter()
                .filter(|(held, _)| *held)
                .map(|(_, name)| *name),
        );
        words.push(match self.key {
            Key::Plus => "+",
            Key::Minus => "-",
            Key::Equals => "=",
            Key::Questionmark => "?",
            key => key.name(),
        });
        words.join(" ")
    }
}

pub(super) const fn key(key: Key) -> Shortcut {
    with(Modifiers::NONE, key)
}

pub(super) const fn alt(key: Key) -> Shortcut {
    with(Modifiers::ALT, key)
}

pub(super) const fn ctrl(key: Key) -> Shortcut {
    with(Modifiers::COMMAND, key)
}

pub(super) const fn ctrl_shift(key: Key) -> Shortcut {
    let modifiers = Modifiers {
        shift: true,
        ..Modifiers::COMMAND
    };
    with(modifiers, key)
}

pub(super) const fn shift_digit(key: Key) -> Shortcut {
    Shortcut {
        physical: true,
        ..with(Modifiers::SHIFT, key)
    }
}

const fn with(modifiers: Modifiers, key: Key) -> Shortcut {
    Shortcut {
        modifiers,
        key,
        physical: false,
    }
}
