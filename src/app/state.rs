//! The state of the window, and what is computed after an edit.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use egui::Context;

use super::analysis_results::AnalysisResults;
use super::command::{Command, Commands, Keymap};
use super::files::Files;
use super::jobs::Slot;
use super::names::PolicyNames;
use super::overlays;
use super::preferences::Preferences;
use super::problems::{self, Problem};
use super::surroundings::Surroundings;
use super::theme;
use super::view::View;
use super::waiting_keys::WaitingKeys;
use crate::adopt::Adopted;
use crate::model::{Document, History, PolicyId};
use crate::query::Results;

/// What a worker computes after an edit.
type Checked = (Results, Vec<Problem>, PolicyNames);

/// The result of adopting these policies, and the Document that it was computed for.
pub(super) type Adoption = (Document, Vec<PolicyId>, Adopted);

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
    pub(super) waiting_keys: WaitingKeys,
    /// The export dialog as it was last.
    pub(super) last_export: Option<Box<overlays::ExportView>>,
    /// The title that the window has.
    pub(super) title: String,
    pub(super) check: Slot<Option<Checked>>,
    /// What the last check left for the next one.
    check_cache: Arc<Mutex<crate::query::Cache>>,
    pub(super) adopting: Slot<Adoption>,
    analysis_results: Slot<AnalysisResults>,
    /// What was last sent to be checked; none: the open Document must be.
    pub(super) sent: Option<Document>,
    pub(super) context: Context,
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
            waiting_keys: WaitingKeys::default(),
            last_export: None,
            title: String::new(),
            sent: None,
            context: context.clone(),
        };
        app.view.side_layout = app.preferences.side_layout.clone();
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
        self.context.set_zoom_factor(p.zoom());
        Keymap::read(&p.keys).install(&self.context);
    }

    /// Sends the Document, with what is being typed, to be checked, if that would change the answer.
    pub(super) fn keep_checked(&mut self) {
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

    pub(super) fn take_answers(&mut self) {
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
    pub(super) fn report_panics(&mut self) {
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

    /// Runs the queued commands, in order, until none is left.
    pub(super) fn perform_all(&mut self) {
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
        && a.address_pools == b.address_pools
        && a.externals == b.externals
        && a.groups == b.groups
        && a.flows == b.flows
        && a.policies == b.policies
        && a.invariants == b.invariants
        && a.ignore == b.ignore
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::dialogs::Prepared;
    use crate::app::jobs::Workers;

    #[test]
    fn a_check_that_panics_is_reported_and_the_next_edit_is_checked() {
        let surroundings = Surroundings {
            workers: Workers::Inline,
            dialogs: Box::new(Prepared::default()),
            state_folder: None,
            programs: std::ffi::OsString::default(),
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
