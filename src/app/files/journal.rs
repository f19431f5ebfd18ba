//! The journal: unsaved work is written down shortly after an edit, and offered back after a crash.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egui::Context;

use crate::app::jobs::{Pool, Sequence};
use crate::app::overlays::{Overlay, Question};
use crate::app::state::App;
use crate::model::History;
use crate::project::files::{Journal, Orphan};
use crate::project::format;

/// How long after an edit it is written down, in seconds.
const SOON: f64 = 1.0;

/// The journal, once something was written; only workers look into it, one at a time.
type Held = Arc<Mutex<Option<Journal>>>;

/// The journal of the open project.
pub(super) struct Journaling {
    journal: Held,
    /// The state that is written down.
    written: Option<u64>,
    /// The state to be written down, and when, in the window's seconds.
    due: Option<(u64, f64)>,
    work: Sequence,
    orphan: Option<Orphan>,
}

impl Journaling {
    pub(super) fn new(pool: &Pool) -> Self {
        Self {
            journal: Held::default(),
            written: None,
            due: None,
            work: Sequence::new(pool),
            orphan: None,
        }
    }

    /// Nothing is unsaved any more, or it was discarded.
    pub(super) fn close(&mut self) {
        self.due = None;
        self.written = None;
        self.run(|journal| {
            if let Some(journal) = journal.take() {
                journal.close();
            }
        });
    }

    /// Does something with the journal, after everything before it.
    fn run(&self, work: impl FnOnce(&mut Option<Journal>) + Send + 'static) {
        let journal = Arc::clone(&self.journal);
        self.work.run(move || {
            work(&mut journal.lock().unwrap_or_else(PoisonError::into_inner));
        });
    }
}

impl App {
    /// Writes unsaved work down when it is time, and takes it back when it is saved.
    pub(in crate::app) fn keep_journal(&mut self, context: &Context) {
        let Some(history) = &self.history else { return };
        let (state, dirty) = (history.state(), history.is_dirty());
        let journaling = &mut self.files.journal;
        if !dirty {
            journaling.due = None;
            if journaling.written.take().is_some() {
                journaling.run(|journal| {
                    if let Some(journal) = journal {
                        journal.clear();
                    }
                });
            }
            return;
        }
        if journaling.written == Some(state) {
            return;
        }
        let now = context.input(|input| input.time);
        let due = match journaling.due {
            Some((for_state, due)) if for_state == state => due,
            _ => now + SOON,
        };
        journaling.due = Some((state, due));
        if now < due {
            context.request_repaint_after(Duration::from_secs_f64(due - now));
            return;
        }
        self.write_journal(state);
    }

    fn write_journal(&mut self, state: u64) {
        let (Some(history), Some(folder)) = (&self.history, self.files.state.clone()) else {
            return;
        };
        let document = history.document().clone();
        let path = self.files.path.clone();
        let journaling = &mut self.files.journal;
        journaling.due = None;
        journaling.written = Some(state);
        journaling.run(move |journal| {
            if journal.is_none() {
                *journal = folder.start_journal().ok();
            }
            if let Some(journal) = journal {
                // A full disk must not interrupt the work; saving reports it.
                let _ = journal.write(&format::write(&document), path.as_deref());
            }
        });
    }

    /// Looks for unsaved work of a crashed session, and asks whether to restore it.
    pub(in crate::app) fn look_for_journal(&mut self) {
        let Some(state) = &self.files.state else {
            return;
        };
        let Some(orphan) = state.orphans().into_iter().next() else {
            return;
        };
        let name = format::read(&orphan.content, "journal")
            .map_or(String::new(), |(document, _)| document.name);
        self.files.journal.orphan = Some(orphan);
        self.view.overlay = Some(Overlay::Question(Question::Recover(name)));
    }

    /// Restores the unsaved work of a crashed session, or discards it.
    pub(in crate::app) fn recover(&mut self, take: bool) {
        let Some(orphan) = self.files.journal.orphan.take() else {
            return;
        };
        if !take {
            self.files.journal.work.run(move || orphan.discard());
            return;
        }
        match format::read(&orphan.content, "journal") {
            Ok((document, _)) => {
                let path = orphan.project.clone();
                self.enter(History::unsaved(document), path);
                let adopted = orphan.adopt();
                let journaling = &self.files.journal;
                journaling.run(move |journal| *journal = Some(adopted));
                self.view
                    .notify("Unsaved work restored. Save it to keep it");
            }
            Err(_) => self.view.show_error("The unsaved work cannot be read"),
        }
    }
}
