//! The file of the project, and what is being read and written: open, import, save, export, the
//! journal. All of it runs on workers; results are applied at the beginning of a frame.

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

use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;

use super::command::Command;
use super::dialogs::{Answer, Dialogs, PathRequest};
use super::jobs::{Pool, Sequence, Slot};
use super::overlays::{ConvertView, Overlay, PathPrompt, Question};
use super::preferences::Preferences;
use super::state::{App, Surroundings};
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

impl App {
    /// Takes in what came back from dialogs and workers.
    pub(super) fn poll_files(&mut self) {
        if let Some((ask, answer)) = self.files.asking.take() {
            self.answered(ask, answer);
        }
        if let Some(read) = self.files.reading.take() {
            if matches!(read, open::Read::Failed(_)) {
                self.files.recordings.clear();
            }
            self.read(read);
            let recordings = std::mem::take(&mut self.files.recordings);
            if !recordings.is_empty() {
                self.commands.push(Command::OpenRecordings(recordings));
            }
        }
        self.poll_recording();
        self.poll_journal();
        self.poll_saves();
        self.poll_watch();
        self.poll_comparing();
        self.poll_copying();
        self.poll_export();
        self.poll_converting();
    }

    /// Asks for a path, with the desktop's dialog or, where there is none, in the window.
    pub(super) fn ask_path(&mut self, ask: PathRequest) {
        let pending = self.files.dialogs.ask(&ask);
        self.files.asking.start(move |_| (ask, pending()));
        if self.files.pool.is_inline() {
            self.poll_files();
        }
    }

    /// What a dialog came to.
    pub(super) fn answered(&mut self, ask: PathRequest, answer: Answer) {
        let paths = match answer {
            Answer::Paths(paths) if !paths.is_empty() => paths,
            Answer::Paths(_) | Answer::Cancelled => {
                self.files.after_save = None;
                if matches!(ask, PathRequest::ExportFile(_) | PathRequest::ExportFolder) {
                    self.export_target(None);
                }
                if ask == PathRequest::ConvertFolder {
                    self.conversion_folder(None);
                }
                return;
            }
            Answer::NoService => {
                let typed = match &ask {
                    PathRequest::SaveProject(name)
                    | PathRequest::ExportFile(name)
                    | PathRequest::SaveTable(name)
                    | PathRequest::SaveFindings(name)
                    | PathRequest::SavePicture(name)
                    | PathRequest::ExportPicture(name, _) => name.clone(),
                    _ => String::new(),
                };
                if matches!(ask, PathRequest::ExportFile(_) | PathRequest::ExportFolder) {
                    self.keep_export();
                }
                self.keep_conversion();
                self.view.overlay = Some(Overlay::Path(PathPrompt { ask, typed }));
                return;
            }
        };
        match ask {
            PathRequest::OpenProject | PathRequest::OpenFolder | PathRequest::OpenFiles => {
                self.commands.push(Command::OpenPaths(paths));
            }
            PathRequest::ImportFolder | PathRequest::ImportFiles => {
                self.commands.push(Command::ImportPaths(paths))
            }
            PathRequest::OpenRecording => self.commands.push(Command::OpenRecordings(paths)),
            PathRequest::CompareProject | PathRequest::CompareFolder => {
                self.commands.push(Command::ComparePaths(paths));
            }
            PathRequest::SaveTable(_) => self.write_table(paths.into_iter().next()),
            PathRequest::SaveFindings(name) => self.write_findings(&name, paths.into_iter().next()),
            PathRequest::SavePicture(_) => self.write_picture(paths.into_iter().next()),
            PathRequest::ExportPicture(_, extent) => {
                self.write_diagram(extent, paths.into_iter().next());
            }
            PathRequest::SaveProject(_) => self.save_to(paths.into_iter().next()),
            PathRequest::ConvertFolder => self.conversion_folder(paths.into_iter().next()),
            PathRequest::ExportFolder | PathRequest::ExportFile(_) => {
                self.export_target(paths.into_iter().next())
            }
        }
    }

    /// Whether a command that closes the project may continue; if not, the user is asked first.
    pub(super) fn may_lose_work(&mut self, command: &Command) -> bool {
        let dirty = self
            .history
            .as_ref()
            .is_some_and(|history| history.is_dirty());
        if dirty && !self.is_lesson() && !std::mem::take(&mut self.files.let_go) {
            let question = Question::Unsaved(Box::new(command.clone()));
            self.view.overlay = Some(Overlay::Question(question));
            return false;
        }
        true
    }

    /// Continues with a command although changes are lost.
    pub(super) fn without_saving(&mut self, next: Command) {
        self.files.let_go = true;
        self.commands.push(next);
    }

    /// Saves, and then continues with a command.
    pub(super) fn save_then(&mut self, next: Command) {
        self.files.after_save = Some(next);
        self.commands.push(Command::Save);
    }

    /// The window is to be closed: not while changes would be lost.
    pub(super) fn handle_close(&mut self, context: &Context) {
        if !context.input(|input| input.viewport().close_requested()) {
            return;
        }
        let dirty = self
            .history
            .as_ref()
            .is_some_and(|history| history.is_dirty());
        if dirty && !self.files.leaving {
            context.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.commands.push(Command::Quit);
            context.request_repaint();
        } else {
            self.files.journal.close();
        }
    }

    /// Closes the window; nothing prevents it any more.
    pub(super) fn quit(&mut self) {
        self.files.leaving = true;
        self.files.journal.close();
        self.context.send_viewport_cmd(egui::ViewportCommand::Close);
    }

    /// The window's title: the project and whether it is saved.
    pub(super) fn title(&mut self, context: &Context) {
        let title = match &self.history {
            None => "Drawbridge".to_owned(),
            Some(history) => {
                let name = self.files.name_of(history.document());
                let mark = if history.is_dirty() { " *" } else { "" };
                format!("{name}{mark} - Drawbridge")
            }
        };
        if self.title != title {
            context.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}
