//! The shortcuts in force: those of the table, and those that the user changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Context, Id};

use super::{Command, LISTED, Listed, Shortcut};

/// The shortcuts in force.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keymap {
    /// The shortcuts that the user changed, by the names of their commands.
    changed: BTreeMap<&'static str, Shortcut>,
}

impl Keymap {
    /// Reads shortcuts by the names of commands (`edit.mute: Ctrl M`). What is no shortcut, or not free, is left out.
    pub fn read(stored: &BTreeMap<String, String>) -> Self {
        let mut keymap = Self::default();
        for (name, text) in stored {
            let listed = LISTED.iter().find(|listed| listed.name == name);
            let listed = listed.filter(|listed| listed.is_changeable());
            let shortcut = Shortcut::parse(text).filter(|shortcut| shortcut.taken().is_none());
            if let (Some(listed), Some(shortcut)) = (listed, shortcut) {
                keymap.changed.insert(listed.name, shortcut);
            }
        }
        while let Some(name) = keymap.conflict() {
            keymap.changed.remove(name);
        }
        keymap
    }

    /// A changed command whose shortcut is that of another one.
    fn conflict(&self) -> Option<&'static str> {
        let mut changed = self.changed.iter();
        let found = changed.find(|(name, shortcut)| {
            let mut others = LISTED.iter().filter(|listed| listed.name != **name);
            others.any(|listed| self.keys(listed).contains(shortcut))
        });
        found.map(|(name, _)| *name)
    }

    /// What [`Keymap::read`] reads.
    pub fn stored(&self) -> BTreeMap<String, String> {
        let changed = self.changed.iter();
        changed
            .map(|(name, shortcut)| ((*name).to_owned(), shortcut.text()))
            .collect()
    }

    /// The shortcuts of a command; menus show the first.
    pub fn keys<'a>(&'a self, listed: &'a Listed) -> &'a [Shortcut] {
        match self.changed.get(listed.name) {
            Some(shortcut) => std::slice::from_ref(shortcut),
            None => listed.keys,
        }
    }

    /// The first shortcut of a command in words; may be empty.
    pub fn text(&self, command: &Command) -> String {
        let listed = command.listed();
        let first = listed.and_then(|listed| self.keys(listed).first().map(Shortcut::text));
        first.unwrap_or_default()
    }

    /// The command that a shortcut runs.
    pub fn find(&self, pressed: Shortcut) -> Option<&'static Listed> {
        let mut all = LISTED.iter();
        all.find(|listed| self.keys(listed).contains(&pressed))
    }

    /// Whether the user changed the shortcut of a command.
    pub fn is_changed(&self, listed: &Listed) -> bool {
        self.changed.contains_key(listed.name)
    }

    /// Whether the user changed any.
    pub fn is_any_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Gives a command another shortcut instead of its own; or says why not.
    pub fn change(&mut self, listed: &'static Listed, shortcut: Shortcut) -> Result<(), String> {
        if let Some(does) = shortcut.taken() {
            return Err(format!("{} {does}", shortcut.text()));
        }
        self.is_free(listed, shortcut)?;
        self.changed.insert(listed.name, shortcut);
        if listed.keys == [shortcut] {
            self.changed.remove(listed.name);
        }
        Ok(())
    }

    /// Gives a command its own shortcuts back; or says why not.
    pub fn reset(&mut self, listed: &Listed) -> Result<(), String> {
        for shortcut in listed.keys {
            self.is_free(listed, *shortcut)?;
        }
        self.changed.remove(listed.name);
        Ok(())
    }

    fn is_free(&self, listed: &Listed, shortcut: Shortcut) -> Result<(), String> {
        match self
            .find(shortcut)
            .filter(|other| other.name != listed.name)
        {
            Some(other) => Err(format!(
                "{} is the shortcut of “{}”. Change that one first",
                shortcut.text(),
                other.text.trim_end_matches('…')
            )),
            None => Ok(()),
        }
    }

    /// The shortcuts in force in this window.
    pub fn of(context: &Context) -> Arc<Self> {
        let stored = context.data(|data| data.get_temp::<Arc<Self>>(id()));
        stored.unwrap_or_default()
    }

    /// Puts them into force.
    pub fn install(self, context: &Context) {
        context.data_mut(|data| data.insert_temp(id(), Arc::new(self)));
    }
}

fn id() -> Id {
    Id::new("keymap")
}

#[cfg(test)]
mod tests {
    use egui::{Key, Modifiers};

    use super::*;

    fn listed(command: Command) -> &'static Listed {
        command.listed().expect("it is listed")
    }

    fn press(held: Modifiers, key: Key) -> Shortcut {
        Shortcut::pressed(key, None, held)
    }

    #[test]
    fn a_changed_shortcut_replaces_the_old_ones() {
        let mut keymap = Keymap::default();
        let redo = listed(Command::Redo);
        let new = press(Modifiers::ALT, Key::Y);
        keymap.change(redo, new).expect("it is free");
        assert_eq!(keymap.find(new).map(|l| l.name), Some("edit.redo"));
        assert!(keymap.find(press(Modifiers::COMMAND, Key::Y)).is_none());
        assert_eq!(keymap.text(&Command::Redo), "Alt Y");
        let stored = keymap.stored();
        assert_eq!(stored.get("edit.redo").map(String::as_str), Some("Alt Y"));
        assert_eq!(Keymap::read(&stored), keymap);
        keymap.reset(redo).expect("they are free");
        assert_eq!(keymap, Keymap::default());
    }

    #[test]
    fn conflicts_are_refused_with_the_reason() {
        let mut keymap = Keymap::default();
        let (save, export) = (listed(Command::Save), listed(Command::Export));
        let ctrl_e = press(Modifiers::COMMAND, Key::E);
        let why = keymap.change(save, ctrl_e).expect_err("it is taken");
        assert!(why.contains("“Export policies”"), "{why}");
        let why = keymap.change(save, press(Modifiers::NONE, Key::Escape));
        assert_eq!(why, Err("Escape cancels".into()));
        assert_eq!(keymap, Keymap::default());

        keymap
            .change(export, press(Modifiers::NONE, Key::F4))
            .expect("free");
        keymap.change(save, ctrl_e).expect("free by now");
        let why = keymap.reset(export).expect_err("Save has it");
        assert!(why.contains("“Save”"), "{why}");
    }

    #[test]
    fn stored_shortcuts_that_cannot_be_are_left_out() {
        let stored = [
            ("file.save", "Ctrl E"),
            ("file.open-files", "Escape"),
            ("view.escape", "F4"),
            ("edit.copy", "F5"),
            ("edit.mute", "Hyper M"),
            ("no.such", "F4"),
            ("edit.reverse", "Ctrl M"),
        ];
        let stored = stored.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let keymap = Keymap::read(&stored.into());
        assert_eq!(keymap.stored().keys().collect::<Vec<_>>(), ["edit.reverse"]);
    }

    #[test]
    fn two_shortcuts_can_be_exchanged() {
        let stored = [("file.save", "Ctrl E"), ("file.export", "Ctrl S")];
        let stored: BTreeMap<_, _> = stored.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        assert_eq!(Keymap::read(&stored).stored(), stored);
    }
}
