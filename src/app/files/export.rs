//! Exporting: what would change on disk is planned and shown first, then written. The dialects of an export are
//! alternatives: each is proven on its own, and of several each has its own folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::dialogs::PathRequest;
use crate::app::overlays::{Form, Overlay};
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::diag::Diagnostic;
use crate::policy::Target;
use crate::project::files::{
    self, ExportFile, ExportOptions, ExportPlan, ExportTarget, plan_export_until,
};
use crate::proof::Generated;
use crate::query::fidelity::{OfFlow, in_dialect, of_flows};
use crate::query::{Cache, Results, check_with};
use crate::report::verify::{Places, Verified, markdown};

/// What an export would do, or why it cannot be done.
pub type Planned = Result<ExportPlan, Box<Diagnostic>>;

/// The project in one dialect.
#[derive(Clone)]
pub struct InDialect {
    /// The policies and their proof.
    pub results: Arc<Results>,
    /// How much of each flow is written.
    pub flows: Arc<[OfFlow]>,
}

impl InDialect {
    fn of(results: Arc<Results>) -> Self {
        Self {
            flows: of_flows(&results.document, &results.generated).into(),
            results,
        }
    }

    /// The dialect.
    pub fn target(&self) -> Target {
        self.results.document.settings.target()
    }
}

/// What the export dialog shows.
pub struct Prepared {
    /// The number of the results that it was made from.
    pub number: u64,
    /// The project in every dialect.
    pub dialects: Vec<InDialect>,
    /// The changes on disk, once it is known where.
    pub plan: Option<Planned>,
}

/// What is to be exported, and where.
struct Order {
    form: Form,
    target: Option<PathBuf>,
    dialects: Vec<Target>,
    leave_out_namespaces: bool,
    kustomization: bool,
    verdict: bool,
    project: String,
    file: Option<PathBuf>,
}

impl Order {
    /// The changes of all chosen dialects.
    fn plan(&self, path: &Path, all: &[InDialect], stop: &dyn Fn() -> bool) -> Planned {
        let chosen = all
            .iter()
            .filter(|one| self.dialects.contains(&one.target()));
        let chosen: Vec<&InDialect> = chosen.collect();
        match (chosen.as_slice(), self.form) {
            ([], _) => Err(wrong("no dialect is chosen", "choose one or more dialects")),
            ([one], Form::OneFile) => self.plan_one(one, ExportTarget::File(path.into()), stop),
            ([one], Form::Folder) => self.plan_one(one, ExportTarget::Folder(path.into()), stop),
            (_, Form::OneFile) => Err(wrong(
                "the dialects are alternatives and cannot be in one file",
                "choose one dialect, or write one file for each policy",
            )),
            (several, Form::Folder) => {
                let plans = several.iter().map(|one| {
                    let name = one.target().name();
                    let folder = ExportTarget::Folder(path.join(name));
                    Ok((name, self.plan_one(one, folder, stop)?))
                });
                let plans: Result<Vec<_>, Box<Diagnostic>> = plans.collect();
                plans.map(ExportPlan::joined)
            }
        }
    }

    fn plan_one(&self, one: &InDialect, to: ExportTarget, stop: &dyn Fn() -> bool) -> Planned {
        let files = export_files(&one.results.generated, self.leave_out_namespaces);
        let options = match self.form {
            Form::OneFile => ExportOptions::default(),
            Form::Folder => ExportOptions {
                project: self.project.clone(),
                files: self.file.clone().into_iter().collect(),
                kustomization: self.kustomization,
                verdict: self.verdict.then(|| verdict(&one.results)),
            },
        };
        plan_export_until(&to, &files, &options, stop).map_err(Box::new)
    }
}

fn wrong(message: &str, help: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error("question", message).help(help))
}

/// The project in every dialect; none once `stop` says so.
fn in_each_dialect(results: &Arc<Results>, stop: &dyn Fn() -> bool) -> Option<Vec<InDialect>> {
    let shown = results.document.settings.target();
    let each = Target::ALL.into_iter().map(|target| {
        let results = match target == shown {
            true => Arc::clone(results),
            false => {
                let document = in_dialect(&results.document, target);
                Arc::new(check_with(&mut Cache::default(), &document, stop)?)
            }
        };
        Some(InDialect::of(results))
    });
    each.collect()
}

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
        let mut view = self.last_export.take().unwrap_or_default();
        view.dialects = self.document().settings.dialects;
        self.view.overlay = Some(Overlay::Export(view));
        self.plan_export();
    }

    /// Plans again after something about the export changed.
    pub(in crate::app) fn plan_export(&mut self) {
        let project = files::name_of(&self.document(), self.files.path.as_deref());
        let Some(Overlay::Export(view)) = &mut self.view.overlay else {
            return;
        };
        let order = Order {
            form: view.form,
            target: view.target.clone(),
            dialects: view.dialects.clone(),
            leave_out_namespaces: view.leave_out_namespaces,
            kustomization: view.kustomization,
            verdict: view.verdict,
            project,
            file: self.files.path.clone(),
        };
        let number = self.view.results_number;
        view.prepared.take_if(|prepared| prepared.number != number);
        let known = view.prepared.as_mut().map(|prepared| {
            prepared.plan = None;
            prepared.dialects.clone()
        });
        let results = Arc::clone(&self.results);
        self.files.planning.start(move |cancel| {
            let stop = || cancel.is_set();
            let dialects = match known {
                Some(known) => known,
                None => in_each_dialect(&results, &stop)?,
            };
            let plan = order.target.as_ref();
            Some(Prepared {
                number,
                plan: plan.map(|path| order.plan(path, &dialects, &stop)),
                dialects,
            })
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
        let Some(Ok(plan)) = view.plan().cloned() else {
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
        if let Some(prepared) = self.files.planning.take().flatten()
            && let Some(Overlay::Export(view)) = &mut self.view.overlay
        {
            view.prepared = Some(prepared);
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
