//! Keys that run commands.

use egui::{Key, Modifiers};

/// A key that runs a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// What must be held: Ctrl (Cmd on macOS), Alt, Shift.
    pub modifiers: Modifiers,
    /// The key. With Shift, signs and digits are known by their place on a US keyboard: they are other signs elsewhere.
    pub key: Key,
}

/// The name of the key that commands are run with.
const COMMAND: &str = if cfg!(target_os = "macos") {
    "Cmd"
} else {
    "Ctrl"
};

impl Shortcut {
    /// The shortcut that a key press is.
    pub fn pressed(key: Key, physical: Option<Key>, held: Modifiers) -> Self {
        // Some signs need Shift on some keyboards.
        let shift = held.shift && !matches!(key, Key::Questionmark | Key::Plus);
        let key = match shift && is_sign(key) {
            true => physical.unwrap_or(key),
            false => key,
        };
        let modifiers = Modifiers {
            alt: held.alt,
            shift,
            command: held.command,
            ..Modifiers::NONE
        };
        Self { modifiers, key }
    }

    /// Whether a text field takes this key for itself.
    pub fn belongs_to_text(&self) -> bool {
        let edits = [Key::Z, Key::Y, Key::X, Key::C, Key::V, Key::A];
        let function = [Key::F1, Key::F6, Key::F7, Key::F8, Key::F9, Key::F10];
        !function.contains(&self.key) && (!self.modifiers.command || edits.contains(&self.key))
    }

    /// What the key does already, if no other command can have it.
    pub fn taken(&self) -> Option<&'static str> {
        let Modifiers {
            alt,
            shift,
            command,
            ..
        } = self.modifiers;
        match self.key {
            Key::Escape => Some("cancels"),
            Key::Tab => Some("goes to the next field or object"),
            Key::Enter => Some("presses buttons and applies what is typed"),
            Key::Space => Some("pans the canvas and presses buttons"),
            Key::ArrowUp | Key::ArrowDown | Key::ArrowLeft | Key::ArrowRight
                if !(alt || command && shift) =>
            {
                Some("moves and selects objects")
            }
            Key::C | Key::X | Key::V if command => Some("copies, cuts or pastes"),
            _ => None,
        }
    }

    /// In words: `Ctrl Shift P`.
    pub fn text(&self) -> String {
        let names = [
            (self.modifiers.command, COMMAND),
            (self.modifiers.alt, "Alt"),
            (self.modifiers.shift, "Shift"),
        ];
        let held = names.iter().filter(|(held, _)| *held);
        let mut words: Vec<_> = held.map(|(_, name)| *name).collect();
        words.push(match self.key {
            Key::Minus => "-",
            key if is_sign(key) => key.symbol_or_name(),
            key => key.name(),
        });
        words.join(" ")
    }

    /// The shortcut of that text; none if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let key = Key::from_name(words.pop()?)?;
        let mut held = Modifiers::NONE;
        for word in words {
            match word {
                "Ctrl" | "Cmd" => held.command = true,
                "Alt" => held.alt = true,
                "Shift" => held.shift = true,
                _ => return None,
            }
        }
        Some(Self::pressed(key, None, held))
    }
}

/// Whether a key is a sign or a digit, which have other places on other keyboards.
fn is_sign(key: Key) -> bool {
    matches!(
        key,
        Key::Colon
            | Key::Comma
            | Key::Minus
            | Key::Period
            | Key::Plus
            | Key::Equals
            | Key::Semicolon
            | Key::Backslash
            | Key::Slash
            | Key::Pipe
            | Key::Questionmark
            | Key::Exclamationmark
            | Key::OpenBracket
            | Key::CloseBracket
            | Key::OpenCurlyBracket
            | Key::CloseCurlyBracket
            | Key::Backtick
            | Key::Quote
            | Key::Num0
            | Key::Num1
            | Key::Num2
            | Key::Num3
            | Key::Num4
            | Key::Num5
            | Key::Num6
            | Key::Num7
            | Key::Num8
            | Key::Num9
    )
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

pub(super) const fn shift(key: Key) -> Shortcut {
    with(Modifiers::SHIFT, key)
}

pub(super) const fn ctrl_shift(key: Key) -> Shortcut {
    let modifiers = Modifiers {
        shift: true,
        ..Modifiers::COMMAND
    };
    with(modifiers, key)
}

const fn with(modifiers: Modifiers, key: Key) -> Shortcut {
    Shortcut { modifiers, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back() {
        let all = [Modifiers::NONE, Modifiers::ALT, Modifiers::COMMAND];
        let held = all
            .into_iter()
            .flat_map(|held| [held, held | Modifiers::SHIFT]);
        for modifiers in held {
            for key in Key::ALL {
                let shortcut = Shortcut::pressed(*key, None, modifiers);
                assert_eq!(Shortcut::parse(&shortcut.text()), Some(shortcut));
            }
        }
        assert_eq!(
            Shortcut::parse("Shift [").map(|s| s.text()).as_deref(),
            Some("Shift [")
        );
        for wrong in ["", "Ctrl", "Hyper P", "Ctrl Nothing", "P Ctrl"] {
            assert_eq!(Shortcut::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn shifted_digits_match_by_key_position() {
        let fit = shift(Key::Num1);
        let pressed = Shortcut::pressed;
        let digit = Some(Key::Num1);
        assert_eq!(pressed(Key::Exclamationmark, digit, Modifiers::SHIFT), fit);
        assert_ne!(pressed(Key::Num1, digit, Modifiers::NONE), fit);
        let plus = pressed(
            Key::Plus,
            Some(Key::Equals),
            Modifiers::SHIFT | Modifiers::COMMAND,
        );
        assert_eq!(plus, ctrl(Key::Plus));
    }
}
