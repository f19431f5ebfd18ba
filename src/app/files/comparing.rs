//! Reads the other side of a comparison, and writes its result; writes the findings of the audit.

use std::path::{Path, PathBuf};

use super::Report;
use super::open::is_project;
use crate::app::audit::Form;
use crate::app::dialogs::PathRequest;
use crate::app::overlays::{Overlay, Question, Replacing};
use crate::app::panels::Tab;
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::app::theme;
use crate::diag::{Diagnostic, Severity};
use crate::lint;
use crate::load;
use crate::project::files;
use crate::project::sources;
use crate::query::compare::Side;

/// What was read, if anything was, and what is wrong in it.
pub(super) type Read = (Option<Side>, Vec<Diagnostic>);

/// What writing a file came to.
pub(super) enum Written {
    Done(PathBuf),
    /// There is a file already; the bytes to replace it with.
    Exists(PathBuf, Vec<u8>),
    Failed(Box<Diagnostic>),
}

impl App {
    /// Compares with what was last saved.
    pub(in crate::app) fn compare_saved(&mut self) {
        let saved = self.history.as_ref().and_then(|history| history.saved());
        if saved.is_none() {
            let text =
                "This project was never saved. Save it first, then compare later changes with it";
            self.view.show_error(text);
            return;
        }
        self.view.compare.with_saved();
        self.show_tab(Tab::Compare);
    }

    /// Reads a project or manifests in the background, to be compared with.
    pub(in crate::app) fn compare_paths(&mut self, paths: Vec<PathBuf>) {
        self.view.compare.reading(name_of(&paths));
        self.show_tab(Tab::Compare);
        let settings = load::Settings::of(&self.document().settings);
        self.files
            .comparing
            .start(move |cancel| match paths.as_slice() {
                [one] if is_project(one) => match files::open(one) {
                    Ok(opened) => (Some(Side::drawn(&opened.document)), opened.diagnostics),
                    Err(diagnostics) => (None, diagnostics),
                },
                all => {
                    let (sources, mut diagnostics) =
                        sources::collect_until(all, &|| cancel.is_set());
                    if cancel.is_set() {
                        return (None, diagnostics);
                    }
                    let mut loaded = load::load(&sources, &settings);
                    lint::qualify(&mut loaded);
                    diagnostics.append(&mut loaded.diagnostics);
                    let side = (!sources.is_empty()).then(|| Side::loaded(loaded));
                    (side, diagnostics)
                }
            });
        if self.files.pool.is_inline() {
            self.poll_files();
        }
    }

    /// Takes in what was read.
    pub(super) fn poll_comparing(&mut self) {
        if let Some((side, diagnostics)) = self.files.comparing.take() {
            let wrong = diagnostics.iter().any(|d| d.severity == Severity::Error);
            if wrong || side.is_none() {
                let summary = match side {
                    Some(_) => "Some of the files to compare with could not be read.",
                    None => "The files to compare with could not be read.",
                };
                self.show_report(Report {
                    summary: summary.to_owned(),
                    diagnostics,
                    ..Report::default()
                });
            }
            self.view.compare.with_other(side);
        }
        match self.files.noting.take() {
            Some(Written::Done(path)) => {
                self.view.notify(format!("Saved to {}", path.display()));
            }
            Some(Written::Exists(path, bytes)) => {
                let question = Question::Replace(path, Replacing::Content(bytes));
                self.view.overlay = Some(Overlay::Question(question));
            }
            Some(Written::Failed(diagnostic)) => {
                self.show_failure(&diagnostic);
            }
            None => {}
        }
    }

    /// Shows why a file or a picture could not be made.
    pub(super) fn show_failure(&mut self, diagnostic: &Diagnostic) {
        let help = diagnostic.help.as_deref().unwrap_or_default();
        let text = format!("{}; {help}", sentence(&diagnostic.message));
        self.view.show_error(text);
    }

    /// Puts the table of the open comparison onto the clipboard.
    pub(in crate::app) fn copy_comparison(&mut self) {
        let project = self.files.name_of(&self.document());
        if let Some(text) = self.view.compare.markdown(&project) {
            self.context.copy_text(text);
            self.view.notify("Table copied");
        }
    }

    /// Asks where to write the table.
    pub(in crate::app) fn save_comparison(&mut self) {
        let name = self.files.name_of(&self.document());
        self.ask_path(PathRequest::SaveTable(format!("{name}-changes.md")));
    }

    /// Asks where to write the SVG.
    pub(in crate::app) fn save_comparison_picture(&mut self) {
        let name = self.files.name_of(&self.document());
        self.ask_path(PathRequest::SavePicture(format!("{name}-changes.svg")));
    }

    /// Writes the table in the background.
    pub(super) fn write_table(&mut self, path: Option<PathBuf>) {
        let project = self.files.name_of(&self.document());
        let text = self.view.compare.markdown(&project);
        self.write_note(path, "md", text);
    }

    /// Writes what the canvas shows in the background.
    pub(super) fn write_picture(&mut self, path: Option<PathBuf>) {
        let project = self.files.name_of(&self.document());
        let legend = self.view.compare.legend(&project);
        let theme = theme::current(&self.context);
        let text = legend.map(|notes| self.view.canvas.svg(theme, notes));
        self.write_note(path, "svg", text);
    }

    /// Asks where to write the findings of the audit.
    pub(in crate::app) fn save_findings(&mut self, form: Form) {
        let name = self.files.name_of(&self.document());
        let name = format!("{name}-findings.{}", form.extension());
        self.ask_path(PathRequest::SaveFindings(name));
    }

    /// Writes the findings in the background, in the format of the suggested file name.
    pub(super) fn write_findings(&mut self, name: &str, path: Option<PathBuf>) {
        let form = match name.ends_with(Form::Sarif.extension()) {
            true => Form::Sarif,
            false => Form::Markdown,
        };
        let text = self.view.audit.exported(form);
        self.write_note(path, form.extension(), text);
    }

    fn write_note(&mut self, path: Option<PathBuf>, extension: &str, text: Option<String>) {
        let (Some(mut path), Some(text)) = (path, text) else {
            return;
        };
        if path.extension().is_none() {
            path.set_extension(extension);
        }
        self.start_note(path, false, move || Ok(text.into_bytes()));
    }

    /// Writes bytes over the file that is there.
    pub(in crate::app) fn write_over(&mut self, path: PathBuf, bytes: Vec<u8>) {
        self.start_note(path, true, move || Ok(bytes));
    }

    /// Makes the bytes of a file and writes them in the background; over a file that is there only if the user agreed.
    pub(super) fn start_note(
        &mut self,
        path: PathBuf,
        agreed: bool,
        make: impl FnOnce() -> Result<Vec<u8>, Box<Diagnostic>> + Send + 'static,
    ) {
        self.files.noting.start(move |_| {
            let bytes = match make() {
                Ok(bytes) if agreed || files::stamp(&path).is_none() => bytes,
                Ok(bytes) => return Written::Exists(path, bytes),
                Err(diagnostic) => return Written::Failed(diagnostic),
            };
            match files::write_bytes(&path, &bytes) {
                Ok(()) => Written::Done(path),
                Err(diagnostic) => Written::Failed(Box::new(diagnostic)),
            }
        });
        if self.files.pool.is_inline() {
            self.poll_files();
        }
    }
}

/// What the other side is called: its file or folder, and how many more there are.
fn name_of(paths: &[PathBuf]) -> String {
    let name = |path: &Path| match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => path.display().to_string(),
    };
    match paths {
        [] => String::new(),
        [one] => name(one),
        [first, more @ ..] => format!("{} and {} more", name(first), more.len()),
    }
}
