//! Converting the imported policies to another dialect: prepared on a worker and shown first, then applied to the
//! project as one edit, or written into a folder.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::dialogs::PathRequest;
use crate::app::overlays::{ConvertView, Overlay};
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::convert::project::{OfProject, of_project, replacement};
use crate::diag::Diagnostic;
use crate::model::{Document, Edit};
use crate::policy::Target;
use crate::project::files::{
    ChangeKind, ExportFile, ExportOptions, ExportTarget, plan_export_until,
};
use crate::query::Results;
use crate::query::compare::{Comparison, Side, compare};

/// The imported policies in a dialect, and what replacing them changes.
pub struct Conversion {
    /// The project that it was made for.
    document: Document,
    /// The dialect.
    pub target: Target,
    /// Each policy.
    pub policies: Vec<OfProject>,
    /// The edit that replaces them; none if nothing can be replaced.
    pub edit: Option<Edit>,
    /// What the project allows before and after the edit.
    pub comparison: Option<Comparison>,
}

impl Conversion {
    /// None once `stop` says so.
    fn new(results: &Results, target: Target, stop: &dyn Fn() -> bool) -> Option<Self> {
        let document = results.document.clone();
        let policies = of_project(&document, target);
        let edit = replacement(&document, target, &policies);
        if stop() {
            return None;
        }
        let mut after = document.clone();
        let applied = edit.as_ref().map(|edit| edit.apply(&mut after));
        let comparison = matches!(applied, Some(Ok(_))).then(|| {
            let old = Side::in_force(&document, &results.in_force);
            compare(&old, &Side::drawn(&after))
        });
        Some(Self {
            document,
            target,
            policies,
            edit,
            comparison,
        })
    }

    /// The policies as files, those that are of the dialect already among them.
    fn files(&self) -> Vec<ExportFile> {
        let written = self.policies.iter();
        let written = written.filter_map(|one| one.converted.written.as_ref());
        let file = |one: &crate::convert::Written| ExportFile {
            namespace: one.namespace.clone(),
            name: one.name.clone(),
            text: one.text.clone(),
        };
        written.map(file).collect()
    }
}

/// What writing the converted policies came to: the folder and the number of files that changed.
pub(super) type Written = Result<(PathBuf, usize), Box<Diagnostic>>;

/// Writes into a folder, unless a file there is not this project's to replace.
fn write(
    folder: PathBuf,
    files: &[ExportFile],
    options: &ExportOptions,
    stop: &dyn Fn() -> bool,
) -> Written {
    let plan = plan_export_until(&ExportTarget::Folder(folder.clone()), files, options, stop)?;
    if let Some((change, why)) = plan.conflicts().next() {
        let message = format!("{} {why}; nothing was written", change.name);
        let wrong = Diagnostic::error("file", message);
        return Err(Box::new(wrong.help("choose another folder, or remove it")));
    }
    let changes = plan.changes.iter();
    let count = changes.filter(|change| change.kind != ChangeKind::Unchanged);
    let count = count.count();
    plan.apply()?;
    Ok((folder, count))
}

impl App {
    /// Opens the dialog.
    pub(in crate::app) fn convert(&mut self) {
        let shown = self.document().settings.target();
        let other = Target::ALL.into_iter().find(|target| *target != shown);
        let view = ConvertView::new(other.unwrap_or_default());
        self.view.overlay = Some(Overlay::Convert(Box::new(view)));
        self.prepare_conversion();
    }

    /// Converts to the chosen dialect in the background.
    pub(in crate::app) fn prepare_conversion(&mut self) {
        let Some(Overlay::Convert(view)) = &mut self.view.overlay else {
            return;
        };
        view.conversion = None;
        let (results, target) = (Arc::clone(&self.results), view.target);
        self.files
            .converting
            .start(move |cancel| Conversion::new(&results, target, &|| cancel.is_set()));
        if self.files.pool.is_inline() {
            self.poll_converting();
        }
    }

    /// Replaces the policies of the project.
    pub(in crate::app) fn apply_conversion(&mut self) {
        let Some(Overlay::Convert(view)) = &self.view.overlay else {
            return;
        };
        let Some(conversion) = &view.conversion else {
            return;
        };
        if conversion.document != self.document() {
            // The comparison may no longer hold.
            self.prepare_conversion();
            return;
        }
        if let Some(edit) = conversion.edit.clone() {
            self.view.overlay = None;
            self.view.drafts.clear();
            self.edit(&edit);
        }
    }

    /// Asks for the folder.
    pub(in crate::app) fn choose_conversion_folder(&mut self) {
        self.keep_conversion();
        self.ask_path(PathRequest::ConvertFolder);
    }

    /// Stores the dialog's state while the path dialog is open.
    pub(super) fn keep_conversion(&mut self) {
        if let Some(Overlay::Convert(view)) = self.view.overlay.take() {
            self.files.conversion = Some(view);
        }
    }

    /// The folder is known (or was not given): the dialog is there again.
    pub(super) fn conversion_folder(&mut self, folder: Option<PathBuf>) {
        self.keep_conversion();
        let Some(view) = self.files.conversion.take() else {
            return;
        };
        if let (Some(folder), Some(conversion)) = (folder, &view.conversion) {
            let files = conversion.files();
            let name = self.files.name_of(&self.document());
            let options = ExportOptions {
                project: format!("{name}, imported as {}", conversion.target.name()),
                files: self.files.path.clone().into_iter().collect(),
                ..ExportOptions::default()
            };
            self.files
                .write_converted
                .start(move |cancel| write(folder, &files, &options, &|| cancel.is_set()));
        }
        self.view.overlay = Some(Overlay::Convert(view));
        if self.files.pool.is_inline() {
            self.poll_converting();
        }
    }

    /// Takes in what was converted and written.
    pub(super) fn poll_converting(&mut self) {
        if let Some(conversion) = self.files.converting.take().flatten()
            && let Some(Overlay::Convert(view)) = &mut self.view.overlay
            && view.target == conversion.target
        {
            view.conversion = Some(conversion);
        }
        match self.files.write_converted.take() {
            Some(Ok((folder, count))) => {
                let files = if count == 1 { "file" } else { "files" };
                let text = format!("Exported to {}: {count} {files} changed", folder.display());
                self.view.notify(text);
                self.view.overlay = None;
            }
            Some(Err(diagnostic)) => {
                let help = diagnostic.help.as_deref().unwrap_or_default();
                let text = format!("{}; {help}", sentence(&diagnostic.message));
                self.view.show_error(text.clone());
                if let Some(Overlay::Convert(view)) = &mut self.view.overlay {
                    view.problem = Some(text);
                }
            }
            None => {}
        }
    }
}
