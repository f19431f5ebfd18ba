//! The journal: unsaved work is written down shortly after an edit, and offered back after a crash.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use egui::Context;

use crate::app::jobs::{Pool, Sequence, Slot};
use crate::app::overlays::{Overlay, Question, Recovered};
use crate::app::state::App;
use crate::model::{Document, History};
use crate::project::files::{self, Journal, OnDisk, Origin, Orphan};
use crate::project::format;

/// How long after an edit it is written down, in seconds.
const SOON: f64 = 1.0;

/// The journal, once something was written; only workers look into it, one at a time.
type Held = Arc<Mutex<Option<Journal>>>;

/// Unsaved work of a crashed session; none: it cannot be read.
struct Found {
    orphan: Orphan,
    document: Option<Document>,
    /// The file of its project: the state that the crashed session knew, and the text that is there now.
    file: OnDisk,
    details: Vec<String>,
}

fn on_disk(origin: &Origin) -> OnDisk {
    OnDisk {
        stamp: origin.stamp,
        text: files::read_text(&origin.path).unwrap_or_default().into(),
    }
}

/// A path by which two are compared.
fn whole(path: &Path) -> PathBuf {
    let absolute = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().unwrap_or_else(|_| absolute())
}

/// Which file the unsaved work is of, how old it is, and whether the file changed since.
fn details(orphan: &Orphan) -> Vec<String> {
    let mut details = Vec::new();
    match &orphan.project {
        Some(origin) => details.push(format!("File: {}", origin.path.display())),
        None => details.push("It was never saved to a file.".to_owned()),
    }
    let age = orphan.written.and_then(|written| written.elapsed().ok());
    details.extend(age.map(|age| format!("The changes were made {}.", ago(age))));
    if let Some(origin) = orphan
        .project
        .as_ref()
        .filter(|origin| origin.has_changed())
    {
        details.push(match files::stamp(&origin.path) {
            Some(_) => {
                "The file was changed since. Saving asks before it overwrites it.".to_owned()
            }
            None => "The file no longer exists.".to_owned(),
        });
    }
    details
}

fn ago(age: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let seconds = age.as_secs();
    match UNITS.into_iter().find(|(length, _)| seconds >= *length) {
        Some((length, unit)) => match seconds / length {
            1 => format!("1 {unit} ago"),
            n => format!("{n} {unit}s ago"),
        },
        None => "less than a minute ago".to_owned(),
    }
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
    /// The question took the place of the report of what was opened.
    report: bool,
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
            report: false,
        }
    }

    /// Another project is open: what was found is not offered for it, and stays.
    pub(super) fn forget(&mut self) {
        self.looking.stop();
        self.found = None;
        self.report = false;
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
        let stamp = self.files.file.stamp;
        let origin = self.files.path.as_ref().map(|path| Origin {
            path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
            stamp,
        });
        let journaling = &mut self.files.journal;
        journaling.due = None;
        journaling.written = Some(state);
        journaling.run(move |journal| {
            if journal.is_none() {
                *journal = folder.start_journal().ok();
            }
            if let Some(journal) = journal {
                // A full disk must not interrupt the work; saving reports it.
                let _ = journal.write(&format::write(&document), origin.as_ref());
            }
        });
    }

    /// Looks for unsaved work of a crashed session on the worker pool: on the open project, or any on the start
    /// screen.
    pub(in crate::app) fn look_for_journal(&mut self) {
        let Some(state) = self.files.state.clone() else {
            return;
        };
        let open = self.files.path.as_deref().map(whole);
        self.files.journal.looking.start(move |_| {
            let of_open = |orphan: &Orphan| match (&open, &orphan.project) {
                (None, _) => true,
                (Some(open), Some(origin)) => whole(&origin.path) == *open,
                (Some(_), None) => false,
            };
            let orphan = state.orphans().into_iter().find(of_open)?;
            let details = details(&orphan);
            let file = orphan.project.as_ref().map(on_disk);
            let document = format::read(&orphan.content, "journal");
            Some(Found {
                document: document.ok().map(|(document, _)| document),
                file: file.unwrap_or_default(),
                details,
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
        // Before anything else: a report of warnings is shown after the answer.
        let asked = self.view.overlay.as_ref();
        if dirty || asked.is_some_and(|overlay| !matches!(overlay, Overlay::Report)) {
            return;
        }
        if let Some(Some(found)) = self.files.journal.looking.take() {
            let name = found
                .document
                .as_ref()
                .map(|document| document.name.clone());
            let question = Question::Recover(Recovered {
                name: name.unwrap_or_default(),
                details: found.details.clone(),
            });
            self.files.journal.report = self.view.overlay.is_some();
            self.files.journal.found = Some(found);
            self.view.overlay = Some(Overlay::Question(question));
        }
    }

    /// Restores the unsaved work of a crashed session, or discards it.
    pub(in crate::app) fn recover(&mut self, take: bool) {
        let Some(found) = self.files.journal.found.take() else {
            return;
        };
        let Found {
            orphan, document, ..
        } = found;
        match document {
            _ if !take => {
                self.files.journal.work.run(move || orphan.discard());
                if std::mem::take(&mut self.files.journal.report) {
                    self.view.overlay = Some(Overlay::Report);
                }
                // There may be more.
                self.look_for_journal();
            }
            Some(document) => {
                let path = orphan.project.as_ref().map(|origin| origin.path.clone());
                self.enter(History::unsaved(document), path);
                // As it was before the crash: saving over a file that changed since asks first.
                self.files.file = found.file;
                let adopted = orphan.adopt();
                let journaling = &self.files.journal;
                journaling.run(move |journal| *journal = Some(adopted));
                self.view
                    .notify("Unsaved work restored. Save it to keep it");
            }
            None => {
                let file = orphan.file().display();
                let text = format!("The unsaved work cannot be read. It stays in {file}");
                self.view.show_error(text);
            }
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
            programs: std::ffi::OsString::default(),
        };
        let mut app = App::new(&Context::default(), surroundings);
        app.poll_files();
        assert!(app.view.overlay.is_none());
        app.files.pool().run_held();
        app.poll_files();
        let Some(Overlay::Question(Question::Recover(found))) = &app.view.overlay else {
            panic!("nothing is asked");
        };
        assert_eq!(found.name, "lost");
        assert_eq!(
            found.details,
            [
                "It was never saved to a file.",
                "The changes were made less than a minute ago."
            ]
        );
        let before = texts_read();
        app.perform(Command::Recover(true));
        assert_eq!(
            (app.document().name.as_str(), texts_read()),
            ("lost", before)
        );
    }
}
