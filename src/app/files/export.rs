//! Exporting: what would change on disk is planned and shown first, then written.

use std::path::PathBuf;

use crate::app::dialogs::PathRequest;
use crate::app::overlays::{Form, Overlay};
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::diag::Diagnostic;
use crate::project::files::{
    self, ExportFile, ExportOptions, ExportPlan, ExportTarget, plan_export_until,
};
use crate::proof::Generated;
use crate::query::Results;
use crate::report::verify::{Places, Verified, markdown};

/// What an export would do, or why it cannot be done.
pub type Planned = Result<ExportPlan, Box<Diagnostic>>;

/// The files of an export: allow policies before the base policies that isolate.
pub fn export_files(generated: &Generated, leave_out_namespaces: bool) -> Vec<ExportFile> {
    let mut policies = generated.to_export();
    policies.sort_by_key(|policy| policy.role.only_isolates());
    let files = policies.into_iter().map(|policy| ExportFile {
        namespace: policy.namespace.clone(),
        name: policy.name.clone(),
        text: match leave_out_namespaces {
            true => policy.text_without_namespace(),
            false => policy.text.clone(),
        },
    });
    files.collect()
}

/// The verdict as Markdown, with what is known of each finding.
fn verdict(results: &Results) -> String {
    markdown(Verified {
        left_out: &[],
        left_out_of: &[],
        document: &results.document,
        proof: &results.proof,
        invariants: &results.invariants,
        fixes: &[],
        diagnostics: &[],
        places: &Places::default(),
    })
}

impl App {
    /// Opens the export dialog.
    pub(in crate::app) fn export(&mut self) {
        let view = self.last_export.take().unwrap_or_default();
        self.view.overlay = Some(Overlay::Export(view));
        self.plan_export();
    }

    /// Plans again after something about the export changed.
    pub(in crate::app) fn plan_export(&mut self) {
        let project = files::name_of(&self.document(), self.files.path.as_deref());
        let Some(Overlay::Export(view)) = &mut self.view.overlay else {
            return;
        };
        view.plan = None;
        let Some(path) = view.target.clone() else {
            return;
        };
        let written = export_files(&self.results.generated, view.leave_out_namespaces);
        let (target, options) = match view.form {
            Form::OneFile => (ExportTarget::File(path), ExportOptions::default()),
            Form::Folder => {
                let options = ExportOptions {
                    project,
                    kustomization: view.kustomization,
                    verdict: view.verdict.then(|| verdict(&self.results)),
                };
                (ExportTarget::Folder(path), options)
            }
        };
        self.files.planning.start(move |cancel| {
            plan_export_until(&target, &written, &options, &|| cancel.is_set()).map_err(Box::new)
        });
        if self.files.pool.is_inline() {
            self.poll_export();
        }
    }

    /// Asks where to.
    pub(in crate::app) fn choose_export_target(&mut self, form: Form) {
        let name = self.document().name;
        let name = if name.is_empty() {
            "policies".to_owned()
        } else {
            name
        };
        self.keep_export();
        self.ask_path(match form {
            Form::OneFile => PathRequest::ExportFile(format!("{name}-policies.yaml")),
            Form::Folder => PathRequest::ExportFolder,
        });
    }

    /// Stores the export dialog's state while the path dialog is open.
    pub(super) fn keep_export(&mut self) {
        if let Some(Overlay::Export(view)) = self.view.overlay.take() {
            self.last_export = Some(view);
        }
    }

    /// The path is known (or was not given): the dialog is there again.
    pub(super) fn export_target(&mut self, path: Option<PathBuf>) {
        self.keep_export();
        let mut view = self.last_export.take().unwrap_or_default();
        if path.is_some() {
            view.target = path;
        }
        self.view.overlay = Some(Overlay::Export(view));
        self.plan_export();
    }

    /// Carries out the plan.
    pub(in crate::app) fn write_export(&mut self) {
        let Some(Overlay::Export(view)) = &self.view.overlay else {
            return;
        };
        let Some(Ok(plan)) = view.plan.clone() else {
            return;
        };
        self.files.writing.start(move |_| {
            let count = plan
                .changes
                .iter()
                .filter(|change| change.kind != crate::project::files::ChangeKind::Unchanged);
            let count = count.count();
            plan.apply().map(|()| count).map_err(Box::new)
        });
        if self.files.pool.is_inline() {
            self.poll_export();
        }
    }

    /// Takes in plans and what writing came to.
    pub(super) fn poll_export(&mut self) {
        if let Some(plan) = self.files.planning.take()
            && let Some(Overlay::Export(view)) = &mut self.view.overlay
        {
            view.plan = Some(plan);
        }
        let Some(written) = self.files.writing.take() else {
            return;
        };
        match written {
            Ok(count) => {
                let files = if count == 1 { "file" } else { "files" };
                let place = match &self.view.overlay {
                    Some(Overlay::Export(view)) => view.target.as_ref(),
                    _ => None,
                };
                let place = place.map_or(String::new(), |path| format!(" to {}", path.display()));
                self.view
                    .notify(format!("Exported{place}: {count} {files} changed"));
                self.keep_export();
            }
            Err(diagnostic) => {
                self.view.show_error(sentence(&diagnostic.message));
                self.plan_export();
            }
        }
    }
}
