//! Saving.

use std::path::PathBuf;

use crate::app::dialogs::Ask;
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::diag::Diagnostic;
use crate::model::Document;
use crate::project::files::{self, OnDisk};
use crate::project::format;

/// What comes back from saving.
pub(super) struct Saved {
    path: PathBuf,
    state: u64,
    document: Document,
    result: Result<OnDisk, Diagnostic>,
}

impl App {
    /// Saves to the project's file, or asks for one.
    pub(in crate::app) fn save(&mut self) {
        match self.files.path.clone() {
            Some(path) => self.save_to(Some(path)),
            None => self.save_as(),
        }
    }

    /// Asks where to save.
    pub(in crate::app) fn save_as(&mut self) {
        let name = self.document().name;
        let name = if name.is_empty() { "project" } else { &name };
        self.ask_path(Ask::SaveProject(format!("{name}{}", format::EXTENSION)));
    }

    /// Saves to a file in the background.
    pub(super) fn save_to(&mut self, path: Option<PathBuf>) {
        let (Some(mut path), Some(history)) = (path, &self.history) else {
            return;
        };
        if path.extension().is_none() {
            let mut name = path.into_os_string();
            name.push(format::EXTENSION);
            path = name.into();
        }
        let same = self.files.path.as_ref() == Some(&path);
        let known = self.files.file.stamp;
        if same && known.is_some() && files::stamp(&path) != known {
            // Somebody else wrote the file since we did: nothing of theirs is lost without a word.
            self.files.file.stamp = None;
            self.files.after_save = None;
            self.view.complain("The file was changed by something else; save again to write over it, or use Save as");
            return;
        }
        let (document, state) = (history.document().clone(), history.state());
        let text = self.files.file.text.clone();
        self.files.saving.start(move |_| {
            let result = files::save(&path, &document, &text);
            Saved {
                path,
                state,
                document,
                result,
            }
        });
        if self.files.workers == crate::app::jobs::Workers::Inline {
            self.poll_files();
        }
    }

    /// Takes in what saving came to.
    pub(super) fn saved(&mut self, saved: Saved) {
        let next = self.files.after_save.take();
        match saved.result {
            Ok(file) => {
                if let Some(history) = &mut self.history {
                    history.mark_saved(saved.state, saved.document);
                }
                self.files.file = file;
                self.files.path = Some(saved.path.clone());
                self.remember(&saved.path);
                self.view.say(format!("Saved to {}", saved.path.display()));
                if let Some(next) = next {
                    self.commands.push(next);
                }
                self.context.request_repaint();
            }
            Err(diagnostic) => {
                let help = diagnostic.help.as_deref().unwrap_or_default();
                self.view
                    .complain(format!("{}; {help}", sentence(&diagnostic.message)));
            }
        }
    }
}
