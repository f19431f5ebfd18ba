//! What the window needs from the system.

use std::ffi::OsString;

use super::dialogs::{Dialogs, Native};
use super::jobs::Workers;
use crate::project::files::StateFolder;

/// What the window needs from the system; tests replace it.
pub struct Surroundings {
    /// Where work runs.
    pub workers: Workers,
    /// File dialogs.
    pub dialogs: Box<dyn Dialogs>,
    /// The folder of preferences, the list of recent projects and the journal; none: nothing is stored.
    pub state_folder: Option<StateFolder>,
    /// The folders in which programs are looked for, like the variable PATH.
    pub programs: OsString,
}

impl Surroundings {
    /// The real ones.
    pub fn of_this_desktop() -> Self {
        Self {
            workers: Workers::Threads,
            dialogs: Box::new(Native),
            state_folder: StateFolder::of_this_user(),
            programs: std::env::var_os("PATH").unwrap_or_default(),
        }
    }
}
