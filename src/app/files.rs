//! Where the project lives, and what is being read and written.

use std::path::PathBuf;

use egui::Context;

use super::dialogs::Dialogs;
use super::jobs::Workers;
use super::preferences::Preferences;
use super::state::Surroundings;

/// Where the project lives, and the work on files.
pub struct Files {
    /// The project file, once it has one.
    pub path: Option<PathBuf>,
    workers: Workers,
    #[allow(dead_code, reason = "used as soon as there are file jobs")]
    dialogs: Box<dyn Dialogs>,
}

impl Files {
    /// No project yet.
    pub fn new(_: &Context, surroundings: Surroundings) -> Self {
        Self {
            path: None,
            workers: surroundings.workers,
            dialogs: surroundings.dialogs,
        }
    }

    /// Where work runs.
    pub fn workers(&self) -> Workers {
        self.workers
    }

    /// What was remembered.
    pub fn load_preferences(&self) -> Preferences {
        Preferences::default()
    }
}
