//! Native file dialogs behind a small trait, so that tests can answer for the user. On a desktop
//! without a dialog service the answer is [`Answer::NoService`], and the window asks for a path itself.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// How much of the diagram is in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    All,
    /// What is selected, with its arrows and their other ends.
    Selection,
}

/// The request to a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathRequest {
    /// A project to open.
    OpenProject,
    /// A folder of manifests to open.
    OpenFolder,
    /// Manifest files to open.
    OpenFiles,
    /// A folder of manifests to take into the open project.
    ImportFolder,
    /// Manifest files to take into the open project.
    ImportFiles,
    /// Where to save the project; the file name to begin with.
    SaveProject(String),
    /// Files of recorded flows.
    OpenRecording,
    /// A project to compare with, or manifest files.
    CompareProject,
    /// A folder of manifests to compare with.
    CompareFolder,
    /// Where to write a Markdown table; the suggested file name.
    SaveTable(String),
    /// Where to write the findings of the audit; the suggested file name.
    SaveFindings(String),
    /// Where to write an SVG file; the suggested file name.
    SavePicture(String),
    /// Where to write a picture of the diagram, SVG or PNG; the suggested file name, and how much of it.
    ExportPicture(String, Extent),
    /// The folder to write converted policies into.
    ConvertFolder,
    /// The folder to export into.
    ExportFolder,
    /// The file to export into; the file name to begin with.
    ExportFile(String),
}

impl PathRequest {
    /// The dialog's title.
    pub fn title(&self) -> &'static str {
        match self {
            Self::OpenProject => "Open project",
            Self::OpenFolder => "Open a folder of manifests",
            Self::OpenFiles => "Open manifests",
            Self::ImportFolder => "Import a folder of manifests",
            Self::ImportFiles => "Import manifests",
            Self::SaveProject(_) => "Save project",
            Self::OpenRecording => "Open a recording",
            Self::CompareProject => "Compare with a project",
            Self::CompareFolder => "Compare with a folder of manifests",
            Self::SaveTable(_) => "Save the table",
            Self::SaveFindings(_) => "Save the findings",
            Self::SavePicture(_) => "Save the diagram",
            Self::ExportPicture(..) => "Export a picture of the diagram",
            Self::ConvertFolder => "Export converted policies to a folder",
            Self::ExportFolder => "Export to a folder",
            Self::ExportFile(_) => "Export to a file",
        }
    }

    /// The button that takes the typed path.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::OpenProject | Self::OpenFolder | Self::OpenFiles | Self::OpenRecording => "Open",
            Self::ImportFolder | Self::ImportFiles => "Import",
            Self::SaveProject(_)
            | Self::SaveTable(_)
            | Self::SaveFindings(_)
            | Self::SavePicture(_) => "Save",
            Self::CompareProject | Self::CompareFolder => "Compare",
            Self::ExportPicture(..)
            | Self::ConvertFolder
            | Self::ExportFolder
            | Self::ExportFile(_) => "Export",
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// These paths.
    Paths(Vec<PathBuf>),
    /// The user thought better of it.
    Cancelled,
    /// There is no dialog service here.
    NoService,
}

/// An answer that is still to come; runs on a worker.
pub type Pending = Box<dyn FnOnce() -> Answer + Send>;

/// Something that can ask for paths.
pub trait Dialogs {
    /// Shows the dialog (called on the main thread) and returns what waits for its answer.
    fn ask(&mut self, ask: &PathRequest) -> Pending;
}

/// The desktop's own dialogs.
pub struct Native;

/// rfd returns None both for "cancelled" and for "no dialog service"; no user cancels this fast.
const TOO_FAST_FOR_A_PERSON: Duration = Duration::from_millis(400);

impl Dialogs for Native {
    fn ask(&mut self, ask: &PathRequest) -> Pending {
        let dialog = rfd::AsyncFileDialog::new().set_title(ask.title());
        let manifests = &["yaml", "yml", "json"];
        match ask {
            PathRequest::OpenProject => one(dialog
                .add_filter("Drawbridge project", &["yaml"])
                .pick_file()),
            PathRequest::OpenFolder
            | PathRequest::ImportFolder
            | PathRequest::CompareFolder
            | PathRequest::ConvertFolder
            | PathRequest::ExportFolder => one(dialog.pick_folder()),
            PathRequest::OpenFiles | PathRequest::ImportFiles | PathRequest::CompareProject => {
                let picked = dialog.add_filter("Manifests", manifests).pick_files();
                many(picked)
            }
            PathRequest::OpenRecording => many(
                dialog
                    .add_filter(
                        "Recorded flows",
                        &["jsonl", "json", "ndjson", "csv", "log", "gz"],
                    )
                    .pick_files(),
            ),
            PathRequest::SaveTable(name) => one(dialog
                .set_file_name(name)
                .add_filter("Markdown", &["md"])
                .save_file()),
            PathRequest::SaveFindings(name) => one(dialog.set_file_name(name).save_file()),
            PathRequest::SavePicture(name) => one(dialog
                .set_file_name(name)
                .add_filter("SVG", &["svg"])
                .save_file()),
            PathRequest::ExportPicture(name, _) => one(dialog
                .set_file_name(name)
                .add_filter("PNG, SVG", &["png", "svg"])
                .save_file()),
            PathRequest::SaveProject(name) | PathRequest::ExportFile(name) => one(dialog
                .set_file_name(name)
                .add_filter("YAML", &["yaml"])
                .save_file()),
        }
    }
}

fn one(picked: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static) -> Pending {
    many(async { picked.await.map(|handle| vec![handle]) })
}

fn many(picked: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static) -> Pending {
    let asked = Instant::now();
    Box::new(move || match block_on(picked) {
        Some(handles) => Answer::Paths(handles.iter().map(|h| h.path().to_path_buf()).collect()),
        None if asked.elapsed() < TOO_FAST_FOR_A_PERSON => Answer::NoService,
        None => Answer::Cancelled,
    })
}

/// Waits for a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Answers given beforehand, in order; for tests. With none left: there is no service.
#[derive(Default)]
pub struct Prepared(pub std::collections::VecDeque<Answer>);

impl Dialogs for Prepared {
    fn ask(&mut self, _: &PathRequest) -> Pending {
        let answer = self.0.pop_front().unwrap_or(Answer::NoService);
        Box::new(move || answer)
    }
}
