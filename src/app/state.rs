//! The window's state and what happens in a frame: answers of jobs are taken in, keys become
//! commands, panels are shown, and commands run in order at the end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use egui::{CentralPanel, Context, Frame, Panel, Ui};

use super::analysis_results::AnalysisResults;
use super::canvas;
use super::command::{Command, Commands};
use super::dialogs::{Dialogs, Native};
use super::files::Files;
use super::imported::Adoption;
use super::jobs::{Slot, Workers};
use super::keys;
use super::lessons;
use super::matrix::{self, Center};
use super::names::PolicyNames;
use super::overlays;
use super::panels::{lesson, outline, side, start, status, top_bar};
use super::preferences::Preferences;
use super::problems::{self, Problem};
use super::theme::{self, color};
use super::view::View;
use crate::model::{Document, History};
use crate::project::files::StateFolder;
use crate::query::Results;
use crate::scene::tokens;

/// What the window needs from the system; tests replace it.
pub struct Surroundings {
    /// Where work runs.
    pub workers: Workers,
    /// File dialogs.
    pub dialogs: Box<dyn Dialogs>,
    /// The folder of preferences, the list of recent projects and the journal; none: nothing is stored.
    pub state_folder: Option<StateFolder>,
}

/// The share of the window that a wide panel takes at most.
const WIDE: f32 = 0.64;

/// What a worker computes after an edit.
type Checked = (Results, Vec<Problem>, PolicyNames);

/// The window.
pub struct App {
    /// The open project and its past; none: the start screen.
    pub history: Option<History>,
    /// The newest answers; they carry the Document they are about.
    pub results: Arc<Results>,
    /// What is shown and how.
    pub view: View,
    /// The file of the project, and what is being read and written.
    pub files: Files,
    /// The preferences.
    pub preferences: Preferences,
    /// Frames shown so far; an idle window shows none.
    pub frames: u64,
    pub(super) commands: Commands,
    /// Commands that wait for typed text to be taken over first.
    pub(super) deferred: VecDeque<Command>,
    /// The export dialog as it was last.
    pub(super) last_export: Option<Box<overlays::ExportView>>,
    /// The title that the window has.
    pub(super) title: String,
    check: Slot<Option<Checked>>,
    /// What the last check left for the next one.
    check_cache: Arc<Mutex<crate::query::Cache>>,
    pub(super) adopting: Slot<Adoption>,
    analysis_results: Slot<AnalysisResults>,
    /// What was last sent to be checked; none: the open Document must be.
    pub(super) sent: Option<Document>,
    pub(super) context: Context,
}

impl Surroundings {
    /// The real ones.
    pub fn of_this_desktop() -> Self {
        Self {
            workers: Workers::Threads,
            dialogs: Box::new(Native),
            state_folder: StateFolder::of_this_user(),
        }
    }
}

impl App {
    /// A window on the start screen.
    pub fn new(context: &Context, surroundings: Surroundings) -> Self {
        theme::install(context);
        let files = Files::new(context, surroundings);
        let preferences = files.load_preferences();
        let mut app = Self {
            history: None,
            results: Arc::new(crate::query::check(&Document::default())),
            view: View::default(),
            check: Slot::new(files.pool()),
            check_cache: Arc::default(),
            adopting: Slot::new(files.pool()),
            analysis_results: Slot::new(files.pool()),
            files,
            preferences,
            frames: 0,
            commands: Commands::default(),
            deferred: VecDeque::new(),
            last_export: None,
            title: String::new(),
            sent: None,
            context: context.clone(),
        };
        app.apply_preferences();
        app.look_for_journal();
        app
    }

    /// The open Document, or an empty one on the start screen.
    pub fn document(&self) -> Document {
        self.history
            .as_ref()
            .map_or_else(Document::default, |history| history.document().clone())
    }

    /// Queues a command as if the user had chosen it.
    pub fn ask(&mut self, command: Command) {
        self.commands.push(command);
        self.context.request_repaint();
    }

    pub(super) fn apply_preferences(&mut self) {
        let p = &self.preferences;
        theme::apply(&self.context, p.theme, p.high_contrast, p.reduced_motion);
        self.view.reduced_motion = p.reduced_motion;
    }

    /// Sends the Document, with what is being typed, to be checked, if that would change the answer.
    fn keep_checked(&mut self) {
        let Some(history) = &self.history else { return };
        let mut document = history.document().clone();
        for edit in self.view.drafts.edits() {
            // A draft that no longer applies is shown as typed, and simply not previewed.
            let _ = edit.apply(&mut document);
        }
        if (self.sent.as_ref()).is_some_and(|sent| same_for_checks(&document, sent)) {
            return;
        }
        self.sent = Some(document.clone());
        let known = Arc::clone(&self.view.names);
        let shared = Arc::clone(&self.check_cache);
        self.check.start(move |cancel| {
            let begun = std::time::Instant::now();
            // Taken out, so that no partial state remains after a panic.
            let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
            let mut cache = std::mem::take(&mut *lock());
            let results = crate::query::check_with(&mut cache, &document, &|| cancel.is_set());
            *lock() = cache;
            let mut results = results?;
            results.took = begun.elapsed();
            let problems = problems::problems(&document, &results);
            let names = PolicyNames::read(&document, &known);
            Some((results, problems, names))
        });
        self.take_answers();
    }

    fn take_answers(&mut self) {
        if let Some((results, problems, names)) = self.check.take().flatten() {
            self.view.names = Arc::new(names);
            self.results = Arc::new(results);
            self.view.results_number += 1;
            self.view.problems = problems;
            let results = Arc::clone(&self.results);
            self.analysis_results
                .start(move |cancel| AnalysisResults::of(&results, &|| cancel.is_set()));
        }
        self.view.check_failed = self.check.failed();
        if let Some(analysis_results) = self.analysis_results.take() {
            self.view.analysis_results = Arc::new(analysis_results);
            self.view.analysis_number = self.view.results_number;
            self.view.keep_extra(&self.document());
        }
    }

    /// Reports panics of workers; only their answers are lost.
    fn report_panics(&mut self) {
        if let Some(message) = self.files.pool().take_panics().first() {
            let text =
                format!("Internal error: {message}. Your project is unchanged; please report this");
            self.view.show_error(text);
        }
    }

    /// Whether an answer is still to come.
    pub fn checking(&self) -> bool {
        self.check.busy()
    }

    fn show(&mut self, ui: &mut Ui) {
        let mut commands = std::mem::take(&mut self.commands);
        if let Some(history) = &self.history {
            let document = history.document().clone();
            self.show_project(ui, &document, &mut commands);
        } else {
            start::start_ui(ui, &self.files, &self.preferences, &mut commands);
        }
        self.commands = commands;
    }

    fn show_project(&mut self, ui: &mut Ui, document: &Document, commands: &mut Commands) {
        let results = Arc::clone(&self.results);
        let palette = theme::palette(ui.ctx());
        let panel = Frame::new().fill(color(palette.panel));
        let top = Panel::top("top bar").exact_size(tokens::BAR);
        top.resizable(false)
            .frame(panel)
            .show_separator_line(false)
            .show(ui, |ui| {
                top_bar::top_bar_ui(ui, self, commands);
            });
        let (view, pool) = (&mut self.view, self.files.pool());
        if view.center == Center::Matrix {
            matrix::keep(&results, view, pool);
        }
        let quiet = !self.check.busy();
        side::keep(document, &results, view, (pool, quiet));
        if let Some(text) = view.policies.take_copy() {
            view.notify("Policies copied");
            commands.push(Command::CopyText(text));
        }
        let saved = self.history.as_ref().and_then(History::saved);
        view.compare
            .keep(&results, view.results_number, saved, pool);
        view.compare
            .enforcers
            .keep(&results, view.results_number, pool);
        let reading = self.files.reading();
        let status = Panel::bottom("status").exact_size(tokens::STATUS);
        status
            .resizable(false)
            .frame(panel)
            .show_separator_line(false)
            .show(ui, |ui| {
                status::status_ui(ui, document, &results, view, reading, commands);
            });
        lessons::keep(view, &results);
        if let Some(open) = &view.lesson {
            let below = Panel::bottom("lesson").exact_size(lesson::HEIGHT);
            let below = below.resizable(false).show_separator_line(false);
            below.frame(panel).show(ui, |ui| {
                lesson::lesson_ui(ui, (document, &results), open, commands);
            });
        }
        let edit = view.audit.take_edit(document);
        commands.extend(edit.map(Command::Edit));
        let is_wide = view.is_wide(document);
        if self.preferences.outline && !is_wide {
            let left = Panel::left("outline").default_size(tokens::OUTLINE);
            left.size_range(160.0..=480.0).frame(panel).show(ui, |ui| {
                let hubs = view.canvas.hubs().hidden();
                let beside = outline::Beside {
                    number: view.results_number,
                    names: &view.names,
                    hubs: &hubs,
                    selection: &view.selection,
                    chosen: view.policies.chosen.as_deref(),
                };
                let about = (document, &*results);
                outline::outline_ui(ui, about, beside, &mut view.outline, commands);
            });
        }
        if is_wide {
            let most = ui.max_rect().width() * WIDE;
            let right = Panel::right("audit").default_size(most);
            right
                .size_range(480.0..=most.max(480.0))
                .frame(panel)
                .show(ui, |ui| {
                    side::wide_ui(ui, document, &results, view, commands);
                });
        } else if self.preferences.inspector {
            let right = Panel::right("inspector").default_size(tokens::INSPECTOR);
            right.size_range(300.0..=720.0).frame(panel).show(ui, |ui| {
                side::side_ui(ui, document, &results, view, commands);
            });
        }
        let background = Frame::new().fill(color(palette.canvas));
        CentralPanel::default().frame(background).show(ui, |ui| {
            if view.center == Center::Matrix {
                matrix::matrix_ui(ui, document, view, commands);
                return;
            }
            let room = ui.max_rect();
            canvas::canvas_ui(ui, pool, document, &results, view, commands);
            if let Some(chosen) = matrix::canvas_switch_ui(ui, room) {
                view.center = chosen;
                view.matrix.open();
            }
        });
    }

    /// Runs the queued commands, in order, until none is left.
    fn perform_all(&mut self) {
        for command in self.view.drafts.settle() {
            self.perform(command);
        }
        let mut commands = self.commands.take();
        if !self.deferred.is_empty() {
            for command in self.view.drafts.commit() {
                self.perform(command);
            }
            commands.extend(self.deferred.drain(..));
        }
        // Commands may ask for commands; a few rounds are plenty.
        for _ in 0..8 {
            for command in std::mem::take(&mut commands) {
                self.perform(command);
                self.context.request_repaint();
            }
            commands = self.commands.take();
            if commands.is_empty() {
                break;
            }
        }
    }
}

/// Whether two Documents have the same policies and the same proof: layout does not count.
fn same_for_checks(a: &Document, b: &Document) -> bool {
    a.settings == b.settings
        && a.namespaces == b.namespaces
        && a.workloads == b.workloads
        && a.services == b.services
        && a.routes == b.routes
        && a.nodes == b.nodes
        && a.externals == b.externals
        && a.groups == b.groups
        && a.flows == b.flows
        && a.policies == b.policies
        && a.invariants == b.invariants
        && a.ignore == b.ignore
}

impl eframe::App for App {
    fn logic(&mut self, context: &Context, _: &mut eframe::Frame) {
        self.report_panics();
        self.take_answers();
        self.take_adopted();
        self.poll_files();
        self.handle_close(context);
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut eframe::Frame) {
        self.frames += 1;
        keys::read(self, ui.ctx());
        self.take_drops(ui.ctx());
        self.show(ui);
        overlays::overlays_ui(self, ui.ctx());
        self.perform_all();
        self.note_place();
        self.keep_checked();
        self.keep_journal(ui.ctx());
        self.watch_file(ui.ctx());
        self.title(ui.ctx());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::dialogs::Prepared;

    #[test]
    fn a_check_that_panics_is_reported_and_the_next_edit_is_checked() {
        let surroundings = Surroundings {
            workers: Workers::Inline,
            dialogs: Box::new(Prepared::default()),
            state_folder: None,
        };
        let mut app = App::new(&Context::default(), surroundings);
        app.enter(History::new(Document::default()), None);
        app.keep_checked();
        app.check.start(|_| panic!("index out of range"));
        app.take_answers();
        app.report_panics();
        assert!(!app.checking() && app.view.check_failed);
        let notice = app.view.notice.clone().expect("a notice");
        assert!(notice.bad && notice.text.contains("index out of range"));
        app.ask(Command::AddNamespace);
        app.perform_all();
        app.keep_checked();
        assert_eq!(app.document().namespaces.len(), 1);
        assert_eq!(app.results.document, app.document());
        assert!(!app.checking() && !app.view.check_failed);
    }
}
