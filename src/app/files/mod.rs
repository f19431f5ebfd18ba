//! The file of the project, and what is being read and written: open, import, save, export, the
//! journal. All of it runs on workers; results are applied at the beginning of a frame.

mod answers;
mod comparing;
mod converting;
mod export;
mod importing;
mod journal;
mod open;
mod picture;
mod recording;
mod save;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;

use super::command::Command;
use super::dialogs::{Answer, Dialogs, PathRequest};
use super::jobs::{Pool, Sequence, Slot};
use super::overlays::ConvertView;
use super::preferences::Preferences;
use super::surroundings::Surroundings;
use crate::model::Document;
use crate::project::files::{self, OnDisk, StateFolder};
use crate::suggest::Suggestion;

pub use converting::Conversion;
pub use export::{InDialect, Planned, Prepared, export_files};
pub use importing::{Buildable, Report};
pub use picture::Form as PictureForm;

/// The project's place, and the work on files.
pub struct Files {
    /// The project file, once it has one.
    pub path: Option<PathBuf>,
    /// Which project is open: another number for each that was opened.
    project: u64,
    /// What came of the last import.
    pub report: Option<Report>,
    /// The flows that the imported manifests imply.
    pub suggestions: Vec<Suggestion>,
    /// The project file as it was when it was last read or written.
    file: OnDisk,
    pool: Pool,
    dialogs: Box<dyn Dialogs>,
    state: Option<StateFolder>,
    /// The folders in which programs are looked for.
    programs: OsString,
    asking: Slot<(PathRequest, Answer)>,
    reading: Slot<open::Read>,
    recording: Slot<recording::Read>,
    /// How far the recording is read.
    progress: Arc<recording::Progress>,
    /// Recordings that are read once the project beside them is open.
    recordings: Vec<PathBuf>,
    saves: save::Saves,
    preferences: Sequence,
    comparing: Slot<comparing::Read>,
    noting: Slot<comparing::Written>,
    copying: Slot<picture::Copied>,
    watch: watch::Watch,
    converting: Slot<Option<Conversion>>,
    write_converted: Slot<converting::Written>,
    /// The dialog that converts policies, while a path dialog is open.
    conversion: Option<Box<ConvertView>>,
    pub(super) planning: Slot<Option<Prepared>>,
    pub(super) writing: Slot<Result<usize, Box<crate::diag::Diagnostic>>>,
    journal: journal::Journaling,
    /// What was to be done once the project is saved.
    after_save: Option<Command>,
    /// The user agreed to discard unsaved changes, for the next command.
    let_go: bool,
    /// The window is closing, and nothing prevents it any more.
    leaving: bool,
}

impl Files {
    /// What a project is called: its own name, else its file's.
    pub fn name_of(&self, document: &Document) -> String {
        let name = files::name_of(document, self.path.as_deref());
        match name.is_empty() {
            true => "Untitled".to_owned(),
            false => name,
        }
    }

    /// No project yet.
    pub fn new(context: &Context, surroundings: Surroundings) -> Self {
        let pool = Pool::new(surroundings.workers, context);
        Self {
            path: None,
            project: 0,
            report: None,
            suggestions: Vec::new(),
            file: OnDisk::default(),
            dialogs: surroundings.dialogs,
            state: surroundings.state_folder,
            programs: surroundings.programs,
            asking: Slot::new(&pool),
            reading: Slot::new(&pool),
            recording: Slot::new(&pool),
            progress: Arc::default(),
            recordings: Vec::new(),
            saves: save::Saves::new(&pool),
            preferences: Sequence::new(&pool),
            comparing: Slot::new(&pool),
            noting: Slot::new(&pool),
            copying: Slot::new(&pool),
            watch: watch::Watch::new(&pool),
            converting: Slot::new(&pool),
            write_converted: Slot::new(&pool),
            conversion: None,
            planning: Slot::new(&pool),
            writing: Slot::new(&pool),
            journal: journal::Journaling::new(&pool),
            after_save: None,
            let_go: false,
            leaving: false,
            pool,
        }
    }

    /// Another project is open now, or none: nothing that belonged to the last one counts for it.
    fn begin(&mut self, path: Option<PathBuf>) {
        self.project += 1;
        self.path = path;
        self.file = OnDisk::default();
        self.report = None;
        self.suggestions.clear();
        self.after_save = None;
        self.reading.stop();
        self.recording.stop();
        self.watch.begin();
        self.journal.close();
        self.journal.forget();
    }

    /// Where work runs.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Stops reading files; nothing comes of it.
    pub fn stop_reading(&mut self) {
        self.reading.stop();
        self.recording.stop();
        self.recordings.clear();
    }

    /// What is being read, in words; none: nothing.
    pub fn reading(&self) -> Option<String> {
        if self.reading.busy() {
            return Some("Reading…".to_owned());
        }
        let percent = self
            .progress
            .percent()
            .map(|percent| format!(" {percent}%"));
        let percent = percent.unwrap_or_default();
        (self.recording.busy()).then(|| format!("Reading the recording…{percent}"))
    }

    /// What was remembered.
    pub fn load_preferences(&self) -> Preferences {
        self.state
            .as_ref()
            .map_or_else(Preferences::default, StateFolder::preferences)
    }

    /// Stores the preferences; a failure is ignored.
    pub fn save_preferences(&self, preferences: &Preferences) {
        if let Some(state) = self.state.clone() {
            let preferences = preferences.clone();
            self.preferences.run(move || {
                let _ = state.set_preferences(&preferences);
            });
        }
    }
}
