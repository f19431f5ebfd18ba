//! The state folder: preferences, and the journal of unsaved work.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{failed, write_text};
use crate::diag::Diagnostic;
use crate::yaml;
use crate::yaml::plain::{text_of, typed};

/// Drawbridge's own folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFolder {
    path: PathBuf,
}

impl StateFolder {
    /// Any folder; it is made when something is written.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder of this user: `$XDG_STATE_HOME/drawbridge` or `~/.local/state/drawbridge`;
    /// `~/Library/Application Support/drawbridge` on macOS, `%LOCALAPPDATA%\drawbridge` on Windows.
    pub fn of_this_user() -> Option<Self> {
        let absolute = |name: &str| {
            let path = PathBuf::from(env::var_os(name)?);
            path.is_absolute().then_some(path)
        };
        let base = if cfg!(windows) {
            absolute("LOCALAPPDATA")?
        } else if cfg!(target_os = "macos") {
            absolute("HOME")?.join("Library/Application Support")
        } else {
            match absolute("XDG_STATE_HOME") {
                Some(state) => state,
                None => absolute("HOME")?.join(".local/state"),
            }
        };
        Some(Self::at(base.join("drawbridge")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a folder in it, for this user alone.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, Diagnostic> {
        let path = self.path.join(name);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&path) {
            Ok(()) => Ok(path),
            Err(error) => Err(failed(&path, "made", &error)),
        }
    }

    /// The preferences; what is missing or unreadable in them is as by default.
    pub fn preferences<T: DeserializeOwned + Default>(&self) -> T {
        let text = fs::read_to_string(self.path.join(PREFERENCES)).unwrap_or_default();
        let parsed = yaml::parse(&text);
        let document = parsed.documents.first();
        document.and_then(|d| typed(&d.node)).unwrap_or_default()
    }

    /// Stores the preferences.
    pub fn set_preferences<T: Serialize>(&self, preferences: &T) -> Result<(), Diagnostic> {
        let path = self.folder("")?.join(PREFERENCES);
        let text = text_of(preferences).ok_or_else(|| {
            Diagnostic::error("file", "the preferences cannot be written as YAML")
        })?;
        write_text(&path, &text)
    }
}

const PREFERENCES: &str = "preferences.yaml";
