//! The journal: unsaved work is written down shortly after an edit, and offered back after a crash.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egui::Context;

use crate::app::jobs::{Pool, Sequence, Slot};
use crate::app::overlays::{Overlay, Question};
use crate::app::state::App;
use crate::model::{Document, History};
use crate::project::files::{Journal, Orphan};
use crate::project::format;

/// How long after an edit it is written down, in seconds.
const SOON: f64 = 1.0;

/// The journal, once something was written; only workers look into it, one at a time.
type Held = Arc<Mutex<Option<Journal>>>;

/// Unsaved work of a crashed session; none: it cannot be read.
struct Found {
    orphan: Orphan,
    document: Option<Document>,
}

/// The journal of the open project.
pub(super) struct Journaling {
    journal: Held,
    /// The state that is written down.
    written: Option<u64>,
    /// The state to be written down, and when, in the window's seconds.
    due: Option<(u64, f64)>,
    work: Sequence,
    looking: Slot<Option<Found>>,
    found: Option<Found>,
}

impl Journaling {
    pub(super) fn new(pool: &Pool) -> Self {
        Self {
            journal: Held::default(),
            written: None,
            due: None,
            work: Sequence::new(pool),
            looking: Slot::new(pool),
            found: None,
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

    /// Looks for unsaved work of a crashed session on the worker pool.
    pub(in crate::app) fn look_for_journal(&mut self) {
        let Some(state) = self.files.state.clone() else {
            return;
        };
        self.files.journal.looking.start(move |_| {
            let orphan = state.orphans().into_iter().next()?;
            let document = format::read(&orphan.content, "journal");
            Some(Found {
                document: document.ok().map(|(document, _)| document),
                orphan,
            })
        });
        if self.files.pool.is_inline() {
            self.poll_journal();
        }
    }

    /// Asks what to do with the unsaved work that was found, once nothing else is asked or unsaved.
    pub(super) fn poll_journal(&mut self) {
        let dirty = self.history.as_ref().is_some_and(History::is_dirty);
        if dirty || self.view.overlay.is_some() {
            return;
        }
        if let Some(Some(found)) = self.files.journal.looking.take() {
            let name = found
                .document
                .as_ref()
                .map(|document| document.name.clone());
            let question = Question::Recover(name.unwrap_or_default());
            self.files.journal.found = Some(found);
            self.view.overlay = Some(Overlay::Question(question));
        }
    }

    /// Restores the unsaved work of a crashed session, or discards it.
    pub(in crate::app) fn recover(&mut self, take: bool) {
        let Some(Found { orphan, document }) = self.files.journal.found.take() else {
            return;
        };
        match document {
            _ if !take => self.files.journal.work.run(move || orphan.discard()),
            Some(document) => {
                let path = orphan.project.clone();
                self.enter(History::unsaved(document), path);
                let adopted = orphan.adopt();
                let journaling = &self.files.journal;
                journaling.run(move |journal| *journal = Some(adopted));
                self.view
                    .notify("Unsaved work restored. Save it to keep it");
            }
            None => self.view.show_error("The unsaved work cannot be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::dialogs::Prepared;
    use crate::app::jobs::Workers;
    use crate::app::{Command, Surroundings};
    use crate::project::files::StateFolder;
    use crate::yaml::read::texts_read;

    #[test]
    fn unsaved_work_is_found_and_read_by_a_worker() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = StateFolder::at(folder.path().to_owned());
        let lost = Document {
            name: "lost".into(),
            ..Document::default()
        };
        let journal = state.start_journal().expect("a journal");
        journal
            .write(&format::write(&lost), None)
            .expect("it is written");
        drop(journal);
        let surroundings = Surroundings {
            workers: Workers::Held,
            dialogs: Box::new(Prepared::default()),
            state_folder: Some(state),
        };
        let mut app = App::new(&Context::default(), surroundings);
        app.poll_files();
        assert!(app.view.overlay.is_none());
        app.files.pool().run_held();
        app.poll_files();
        let Some(Overlay::Question(Question::Recover(name))) = &app.view.overlay else {
            panic!("nothing is asked");
        };
        assert_eq!(name, "lost");
        let before = texts_read();
        app.perform(Command::Recover(true));
        assert_eq!(
            (app.document().name.as_str(), texts_read()),
            ("lost", before)
        );
    }
}
