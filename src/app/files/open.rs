//! Opening projects and manifests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::importing::{Buildable, Imported, Report, import};
use super::recording::is_recording;
use crate::app::command::Command;
use crate::app::overlays::Overlay;
use crate::app::state::App;
use crate::app::view::View;
use crate::diag::Diagnostic;
use crate::manifest::Source;
use crate::model::{Document, Edit, History};
use crate::project::files::{self, Opened};
use crate::project::sources::kustomize;
use crate::project::{format, sources};

/// What comes back from reading.
pub(super) enum Read {
    /// A project, from its file, and what was named beside it, which can only be recordings.
    Project(PathBuf, Box<Opened>, Vec<PathBuf>),
    /// Manifests; into the open project, or as a new one.
    Manifests {
        imported: Box<Imported>,
        into: bool,
        from: Vec<PathBuf>,
    },
    /// A project as text: pasted into the open one, or opened as a new one.
    Text {
        document: Box<Document>,
        text: Arc<str>,
        into: bool,
    },
    /// What is open already could not be built.
    NotBuilt(Vec<Diagnostic>, Buildable),
    /// Nothing could be read.
    Failed(Vec<Diagnostic>),
}

/// The example projects, part of the program.
const EXAMPLES: [&str; 3] = [
    include_str!("../../../assets/examples/online-shop.drawbridge.yaml"),
    include_str!("../../../assets/examples/platform.drawbridge.yaml"),
    include_str!("../../../assets/examples/cilium-bookshop.drawbridge.yaml"),
];

impl App {
    /// Reads paths in the background: one project, or manifests; and recordings beside them.
    pub(in crate::app) fn open_paths(&mut self, paths: Vec<PathBuf>, into: bool) {
        let (recordings, paths): (Vec<_>, Vec<_>) =
            paths.into_iter().partition(|path| is_recording(path));
        if paths.is_empty() {
            return self.open_recordings(recordings);
        }
        self.files.recordings = recordings;
        let project = into.then(|| self.document());
        let programs = self.files.programs.clone();
        self.files
            .reading
            .start(move |cancel| match only_project(&paths).filter(|_| !into) {
                Some(one) => match files::open(one) {
                    Ok(opened) => {
                        let others = paths.iter().filter(|path| *path != one);
                        Read::Project(one.clone(), Box::new(opened), others.cloned().collect())
                    }
                    Err(diagnostics) => Read::Failed(diagnostics),
                },
                None => {
                    let all = paths.as_slice();
                    let (sources, diagnostics) = sources::collect_until(all, &|| cancel.is_set());
                    if sources.is_empty() || cancel.is_set() {
                        return Read::Failed(diagnostics);
                    }
                    let buildable = Buildable::of(all, &diagnostics, &programs).filter(|_| !into);
                    let mut imported = Box::new(import(&sources, diagnostics, project.as_ref()));
                    imported.report.buildable = buildable;
                    Read::Manifests {
                        imported,
                        into,
                        from: all.to_vec(),
                    }
                }
            });
        self.poll_if_inline();
    }

    /// Whether nothing was edited since the project was opened.
    pub(in crate::app) fn is_untouched(&self) -> bool {
        let history = self.history.as_ref();
        history.is_some_and(|history| history.undo_name().is_none())
    }

    /// Opens what was opened last again, built by the program that the report names.
    pub(in crate::app) fn build_kustomize(&mut self) {
        let report = self.files.report.as_ref();
        let Some(buildable) = report.and_then(|report| report.buildable.clone()) else {
            return;
        };
        let programs = self.files.programs.clone();
        self.files.reading.start(move |cancel| {
            let stop = || cancel.is_set();
            let (sources, diagnostics) =
                kustomize::collect_until(&buildable.paths, &programs, &stop);
            if sources.is_empty() || cancel.is_set() {
                return Read::NotBuilt(diagnostics, buildable);
            }
            Read::Manifests {
                imported: Box::new(import(&sources, diagnostics, None)),
                into: false,
                from: buildable.paths,
            }
        });
        self.poll_if_inline();
    }

    /// Reads pasted text in the background.
    pub(in crate::app) fn import_text(&mut self, text: String) {
        let into = self.history.is_some();
        let project = into.then(|| self.document());
        self.files.reading.start(move |_| {
            if let Some(read) = project_text(&text, into) {
                return read;
            }
            let source = Source {
                name: "pasted".into(),
                text,
            };
            let mut imported = Box::new(import(&[source], Vec::new(), project.as_ref()));
            let document = &imported.document;
            if document.namespaces.is_empty() && document.policies.is_empty() {
                imported.report.summary = "The clipboard contains no Kubernetes YAML".to_owned();
            }
            Read::Manifests {
                imported,
                into,
                from: Vec::new(),
            }
        });
        self.poll_if_inline();
    }

    fn poll_if_inline(&mut self) {
        if self.files.pool.is_inline() {
            self.poll_files();
        }
    }

    /// Opens one of the examples, as a new project.
    pub(in crate::app) fn open_example(&mut self, number: usize) {
        if let Some(text) = EXAMPLES.get(number) {
            self.files
                .reading
                .start(move |_| project_text(text, false).unwrap_or(Read::Failed(Vec::new())));
            self.poll_if_inline();
        }
    }

    /// Takes in what was read.
    pub(super) fn read(&mut self, read: Read) {
        match read {
            Read::Project(path, opened, beside) => {
                self.files.recordings.extend(beside);
                let warned = opened.diagnostics;
                self.enter(History::new(opened.document), Some(path.clone()));
                self.files.file = opened.file;
                self.remember(&path);
                self.look_for_journal();
                if !warned.is_empty() {
                    let summary = "The project was opened with warnings.".to_owned();
                    self.show_report(Report {
                        summary,
                        diagnostics: warned,
                        ..Report::default()
                    });
                }
                if self.files.recordings.is_empty() {
                    self.open_recordings_of_project();
                }
            }
            Read::Manifests {
                imported,
                into: true,
                ..
            } => {
                self.edit(&Edit::Merge {
                    other: Arc::new(imported.document),
                    identities: Arc::new(imported.identities),
                });
                self.files.suggestions.extend(imported.suggestions);
                self.show_report(imported.report);
            }
            Read::Manifests { imported, from, .. } => {
                let mut document = imported.document;
                if document.name.is_empty() {
                    document.name = name_of(&from);
                }
                self.enter(History::unsaved(document), None);
                self.files.suggestions = imported.suggestions;
                self.view.audit.offered = self.document().flows.is_empty();
                self.show_report(imported.report);
                if let [folder] = from.as_slice() {
                    self.remember(folder);
                }
            }
            Read::Text {
                document,
                into: true,
                ..
            } => self.paste(*document),
            Read::Text { document, text, .. } => self.enter_text(*document, text),
            Read::NotBuilt(diagnostics, buildable) => {
                let summary = "The folder could not be built. The project is unchanged.".to_owned();
                self.show_report(Report {
                    summary,
                    diagnostics,
                    buildable: Some(buildable),
                    ..Report::default()
                });
            }
            Read::Failed(diagnostics) => {
                let summary = "No file could be read.".to_owned();
                self.show_report(Report {
                    summary,
                    diagnostics,
                    ..Report::default()
                });
            }
        }
    }

    pub(super) fn show_report(&mut self, report: Report) {
        if report.matters() {
            self.view.overlay = Some(Overlay::Report);
        } else if !report.summary.is_empty() {
            self.view.notify(report.summary.clone());
        }
        self.files.report = Some(report);
    }

    /// A new view, with what outlives a project.
    fn start_view(&mut self) {
        let last = std::mem::take(&mut self.view);
        self.view = View {
            reduced_motion: last.reduced_motion,
            side_layout: last.side_layout,
            ..View::default()
        };
    }

    /// Makes a project the open one; the view starts afresh.
    pub(in crate::app) fn enter(&mut self, history: History, path: Option<PathBuf>) {
        let results_number = self.view.results_number;
        self.start_view();
        self.view.results_number = results_number;
        self.history = Some(history);
        self.sent = None;
        self.files.begin(path);
        self.commands.push(Command::Fit);
    }

    /// Makes a project that is in no file the open one; saving it preserves the bytes of its text.
    pub(in crate::app) fn enter_text(&mut self, document: Document, text: Arc<str>) {
        self.enter(History::new(document), None);
        self.files.file.text = text;
    }

    /// Puts a path among the recent ones.
    pub(super) fn remember(&mut self, path: &Path) {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.preferences.remember(whole);
        self.files.save_preferences(&self.preferences);
    }

    /// Closes the project: the start screen.
    pub(in crate::app) fn close_project(&mut self) {
        self.start_view();
        self.history = None;
        self.files.begin(None);
        self.look_for_journal();
    }

    /// An empty project.
    pub(in crate::app) fn new_project(&mut self) {
        self.enter(History::new(Document::default()), None);
    }
}

/// Text that is a project; none if it is something else.
fn project_text(text: &str, into: bool) -> Option<Read> {
    if !format::is_project(text) {
        return None;
    }
    match format::read(text, "pasted") {
        Ok((document, _)) => Some(Read::Text {
            document: Box::new(document),
            text: text.into(),
            into,
        }),
        Err(diagnostics) => Some(Read::Failed(diagnostics)),
    }
}

/// Whether a path is a project: by its name, or by its content.
pub(super) fn is_project(path: &Path) -> bool {
    let named = path.to_string_lossy().ends_with(format::EXTENSION);
    // A pipe can be read once only: it is read as manifests.
    let file = || std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    named || file() && files::read_text(path).is_ok_and(|text| format::is_project(&text))
}

/// The one project among paths.
fn only_project(paths: &[PathBuf]) -> Option<&PathBuf> {
    let mut projects = paths.iter().filter(|path| is_project(path));
    let first = projects.next()?;
    projects.next().is_none().then_some(first)
}

/// A name for a project made from manifests: that of the folder or the file; standard input has none.
fn name_of(paths: &[PathBuf]) -> String {
    let named = |path: &&PathBuf| path.as_os_str() != "-";
    let first = paths
        .first()
        .filter(named)
        .and_then(|path| path.file_stem());
    first.map_or(String::new(), |name| name.to_string_lossy().into_owned())
}
