//! The export dialog: the dialects and their proofs, the layout, the target and the changes on disk, before anything
//! is written.

mod dialects;

use std::path::PathBuf;

use egui::{Align, Context, Layout, Ui};

use super::difference::{diff_line_ui, lines_ui};
use super::report::head;
use super::{dialog, list_area};
use crate::app::files::{InDialect, Planned, Prepared};
use crate::app::icons;
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::policy::Target;
use crate::project::files::{ChangeKind, ExportPlan, FileChange};
use crate::scene::tokens;

/// How policies are distributed over files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All policies in one file.
    OneFile,
    /// One file for each policy, in a folder.
    Folder,
}

/// Where and how to write the policies.
pub struct ExportView {
    /// One file or many.
    pub form: Form,
    /// The file or the folder.
    pub target: Option<PathBuf>,
    /// Also writes a kustomization.yaml.
    pub kustomization: bool,
    /// Also writes the verdict as Markdown.
    pub verdict: bool,
    /// Without `metadata.namespace`.
    pub leave_out_namespaces: bool,
    /// The dialects to write, alternatives.
    pub dialects: Vec<Target>,
    /// The project in every dialect, and the planned changes on disk.
    pub prepared: Option<Prepared>,
    /// The dialect whose flows are listed.
    listed: Option<Target>,
    /// Index of the file whose diff is shown.
    chosen: usize,
}

impl Default for ExportView {
    fn default() -> Self {
        Self {
            form: Form::Folder,
            target: None,
            kustomization: true,
            verdict: false,
            leave_out_namespaces: false,
            dialects: Vec::new(),
            prepared: None,
            listed: None,
            chosen: 0,
        }
    }
}

impl ExportView {
    /// The planned changes on disk.
    pub fn plan(&self) -> Option<&Planned> {
        self.prepared.as_ref()?.plan.as_ref()
    }

    /// The project in a dialect.
    fn in_dialect(&self, target: Target) -> Option<&InDialect> {
        let all = &self.prepared.as_ref()?.dialects;
        all.iter().find(|one| one.target() == target)
    }
}

/// The height of the title, the buttons, the margins, and what is left of the window around the dialog.
const AROUND: f32 = 200.0;

/// The action the user chose.
enum Done {
    Choose,
    Plan,
    Write,
    Close,
}

/// Shows the dialog; returns the view while it stays open.
pub(super) fn export_ui(
    app: &mut App,
    context: &Context,
    mut view: Box<ExportView>,
) -> Option<Box<ExportView>> {
    let (done, closed) = dialog(context, "export", 760.0, |ui| {
        let mut done = head(ui, "Export policies", "").then_some(Done::Close);
        // Title and buttons stay in sight in a low window.
        let tall = (ui.ctx().content_rect().height() - AROUND).max(160.0);
        let middle = list_area(tall).id_salt("export");
        middle.show(ui, |ui| {
            dialects::verdict_ui(ui, &view);
            if dialects::dialects_ui(ui, &mut view) {
                done = Some(Done::Plan);
            }
            if let Some(did) = options_ui(ui, &mut view) {
                done = Some(did);
            }
            ui.add_space(6.0);
            plan_ui(ui, &mut view, app.files.planning.busy());
        });
        if let Some(did) = buttons_ui(ui, &view) {
            done = Some(did);
        }
        done
    });
    let form = view.form;
    let done = if closed && done.is_none() {
        Some(Done::Close)
    } else {
        done
    };
    app.view.overlay = Some(super::Overlay::Export(view));
    match done {
        Some(Done::Choose) => app.choose_export_target(form),
        Some(Done::Plan) => app.plan_export(),
        Some(Done::Write) => app.write_export(),
        Some(Done::Close) => app.close_export(),
        None => {}
    }
    None
}

fn options_ui(ui: &mut Ui, view: &mut ExportView) -> Option<Done> {
    let mut done = None;
    widgets::labelled(ui, "Write", |ui| {
        let all = [
            (Form::Folder, "One file for each policy"),
            (Form::OneFile, "One file"),
        ];
        if let Some(form) = widgets::segments(ui, "Write", view.form, &all) {
            view.form = form;
            view.target = None;
            done = Some(Done::Plan);
        }
    });
    widgets::labelled(ui, "To", |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if widgets::secondary(ui, "Choose…").clicked() {
                    done = Some(Done::Choose);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let place = view.target.as_ref().map(|path| path.display().to_string());
                    let shown = place.unwrap_or_else(|| match view.form {
                        Form::Folder => "No folder chosen yet".into(),
                        Form::OneFile => "No file chosen yet".into(),
                    });
                    let foreground = color(theme::palette(ui.ctx()).text_secondary);
                    widgets::code(ui, shown, foreground);
                });
            });
        });
    });
    widgets::labelled(ui, "", |ui| {
        if view.form == Form::Folder
            && let Some(on) =
                widgets::check(ui, view.kustomization, "Also write a kustomization.yaml")
        {
            view.kustomization = on;
            done = Some(Done::Plan);
        }
        if view.form == Form::Folder
            && let Some(on) =
                widgets::check(ui, view.verdict, "Also write the verdict as VERDICT.md")
        {
            view.verdict = on;
            done = Some(Done::Plan);
        }
        let text = "Omit metadata.namespace";
        if let Some(on) = widgets::check(ui, view.leave_out_namespaces, text) {
            view.leave_out_namespaces = on;
            done = Some(Done::Plan);
        }
    });
    done
}

fn plan_ui(ui: &mut Ui, view: &mut ExportView, busy: bool) {
    widgets::heading(ui, "Changes on disk");
    let palette = theme::palette(ui.ctx());
    let plan = view
        .prepared
        .as_ref()
        .and_then(|prepared| prepared.plan.as_ref());
    match plan {
        Some(Ok(plan)) => changes_ui(ui, plan, &mut view.chosen),
        Some(Err(diagnostic)) => {
            let help = diagnostic.help.as_deref().unwrap_or_default();
            let text = format!("{}; {help}", sentence(&diagnostic.message));
            widgets::message(ui, icons::X, &text, color(palette.blocked));
        }
        None if busy && view.target.is_some() => {
            _ = widgets::faint(ui, "Comparing with the files on disk…")
        }
        None => {
            _ = widgets::faint(
                ui,
                "Choose where to write. You see all changes before anything is written.",
            )
        }
    }
}

fn changes_ui(ui: &mut Ui, plan: &ExportPlan, chosen: &mut usize) {
    let palette = theme::palette(ui.ctx());
    let count = |kind: ChangeKind| {
        plan.changes
            .iter()
            .filter(|change| change.kind == kind)
            .count()
    };
    let summary = format!(
        "{} created, {} changed, {} deleted, {} unchanged",
        count(ChangeKind::Created),
        count(ChangeKind::Changed),
        count(ChangeKind::Deleted),
        count(ChangeKind::Unchanged),
    );
    widgets::small(ui, summary);
    const SHOWN: usize = 3;
    for (change, why) in plan.conflicts().take(SHOWN) {
        let text = format!("{} {why}. Review it before you overwrite it.", change.name);
        widgets::message(ui, icons::WARNING, &text, color(palette.wide));
    }
    let more = plan.conflicts().count().saturating_sub(SHOWN);
    if more > 0 {
        let files = if more == 1 { "file" } else { "files" };
        widgets::small(
            ui,
            format!("and {more} more {files} that this project did not write"),
        );
    }
    if let [first, ..] = plan.leftovers.as_slice() {
        let text = match plan.leftovers.len() {
            1 => format!("{first} is not in the record of exports. It stays."),
            n => {
                format!("{n} files, such as {first}, are not in the record of exports. They stay.")
            }
        };
        widgets::small(ui, text);
    }
    let tall = (ui.ctx().content_rect().height() - 560.0).clamp(120.0, 360.0);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(280.0);
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = list_area(tall)
                .id_salt("changes")
                .auto_shrink([false, true]);
            area.show_rows(ui, tokens::ROW, plan.changes.len(), |ui, rows| {
                for at in rows {
                    let Some(change) = plan.changes.get(at) else {
                        break;
                    };
                    if change_row(ui, change, *chosen == at) {
                        *chosen = at;
                    }
                }
            });
        });
        if let Some(change) = plan.changes.get(*chosen) {
            ui.vertical(|ui| lines_ui(ui, &change.diff, tall, diff_line_ui));
        }
    });
}

fn change_row(ui: &mut Ui, change: &FileChange, chosen: bool) -> bool {
    let palette = theme::palette(ui.ctx());
    let (icon, foreground, end) = match change.kind {
        ChangeKind::Created => (icons::PLUS, palette.exact, "created"),
        ChangeKind::Changed => (icons::PENCIL_SIMPLE, palette.accent, "changed"),
        ChangeKind::Unchanged => (icons::CHECK, palette.text_faint, ""),
        ChangeKind::Deleted => (icons::MINUS, palette.blocked, "deleted"),
    };
    Row::new(icon, &change.name)
        .icon_color(color(foreground))
        .end(end)
        .selected(chosen)
        .show(ui)
        .clicked()
}

fn buttons_ui(ui: &mut Ui, view: &ExportView) -> Option<Done> {
    let mut done = None;
    ui.add_space(12.0);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let ready = matches!(view.plan(), Some(Ok(plan)) if plan.changes_anything());
        let over = matches!(view.plan(), Some(Ok(plan)) if plan.conflicts().next().is_some());
        let write = if over { "Overwrite" } else { "Write" };
        if ui
            .add_enabled_ui(ready, |ui| widgets::primary(ui, write))
            .inner
            .clicked()
        {
            done = Some(Done::Write);
        }
        if widgets::secondary(ui, "Cancel").clicked() {
            done = Some(Done::Close);
        }
        if matches!(view.plan(), Some(Ok(plan)) if !plan.changes_anything()) {
            widgets::faint(ui, "The files on disk are up to date");
        }
    });
    done
}
