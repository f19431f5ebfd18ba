//! Preferences: theme, panels, recent projects. Stored in the state folder.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::theme::Choice;

/// How many recent projects are remembered.
pub const RECENT: usize = 8;

/// The preferences stored between runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Preferences {
    /// The theme.
    pub theme: Choice,
    /// High contrast.
    pub high_contrast: bool,
    /// Reduced motion.
    pub reduced_motion: bool,
    /// Whether the outline is shown.
    pub outline: bool,
    /// Whether the inspector is shown.
    pub inspector: bool,
    /// Recently opened projects and folders, newest first.
    pub recent: Vec<PathBuf>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Choice::System,
            high_contrast: false,
            reduced_motion: false,
            outline: true,
            inspector: true,
            recent: Vec::new(),
        }
    }
}

impl Preferences {
    /// Moves a path to the front of the recent ones.
    pub fn remember(&mut self, path: PathBuf) {
        self.recent.retain(|known| *known != path);
        self.recent.insert(0, path);
        self.recent.truncate(RECENT);
    }
}
