//! Notices when another program, or another window, changes the file of the open project. A thread of its own waits for
//! that, so that an idle window shows no frames.

use std::path::PathBuf;
use std::time::Duration;

use egui::{Context, Event};

use crate::app::jobs::{Pool, Slot};
use crate::app::overlays::{Overlay, Question};
use crate::app::state::App;
use crate::project::files::{self, Stamp};

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// What a look at the file found.
struct Look {
    project: u64,
    path: PathBuf,
    stamp: Stamp,
    /// Its text is the one that is known.
    same: bool,
}

/// The looks at the file of the open project.
pub(super) struct Watch {
    slot: Slot<Option<Look>>,
    /// The state that the user was asked about.
    asked: Option<Stamp>,
}

impl Watch {
    pub(super) fn new(pool: &Pool) -> Self {
        Self {
            slot: Slot::new(pool),
            asked: None,
        }
    }

    /// Another project is open.
    pub(super) fn begin(&mut self) {
        self.slot.stop();
        self.asked = None;
    }
}

impl App {
    /// Waits for a change of the project's file, unless that is waited for already or something is asked. A window that
    /// gets the focus looks at once.
    pub(in crate::app) fn watch_file(&mut self, context: &Context) {
        let focused = |event: &Event| matches!(event, Event::WindowFocused(true));
        let focused = context.input(|input| input.events.iter().any(focused));
        if self.view.overlay.is_none() && (focused || self.files.pool.has_threads()) {
            self.look_at_file();
        }
    }

    /// Compares the file of the project with what is known of it, on a worker; a thread goes on until they differ.
    pub(super) fn look_at_file(&mut self) {
        let Some(path) = self.files.path.clone() else {
            return;
        };
        let (project, known) = (self.files.project, self.files.file.clone());
        let (asked, goes_on) = (self.files.watch.asked, self.files.pool.has_threads());
        if self.files.watch.slot.busy() || self.files.saves.busy() {
            return;
        }
        self.files.watch.slot.start(move |cancel| {
            let new = |stamp: &Stamp| Some(*stamp) != known.stamp && Some(*stamp) != asked;
            let stamp = loop {
                match files::stamp(&path).filter(new) {
                    _ if cancel.is_set() => return None,
                    Some(stamp) => break stamp,
                    None if goes_on => std::thread::sleep(EVERY),
                    None => return None,
                }
            };
            let same = files::read_text(&path).is_ok_and(|text| *text == *known.text);
            Some(Look {
                project,
                path,
                stamp,
                same,
            })
        });
    }

    /// Asks what to do about a change, once nothing else is asked.
    pub(super) fn poll_watch(&mut self) {
        if self.view.overlay.is_some() || self.files.saves.busy() {
            return;
        }
        let Some(Some(look)) = self.files.watch.slot.take() else {
            return;
        };
        let current =
            look.project == self.files.project && Some(&look.path) == self.files.path.as_ref();
        // A save may have ended in between: then the file is known again.
        if !current || Some(look.stamp) == self.files.file.stamp {
            return;
        }
        if look.same {
            self.files.file.stamp = Some(look.stamp);
        } else if self.files.watch.asked != Some(look.stamp) {
            self.files.watch.asked = Some(look.stamp);
            self.view.overlay = Some(Overlay::Question(Question::Changed(look.path)));
        }
    }

    /// Reads the file of the project again; unsaved changes are discarded.
    pub(in crate::app) fn reload(&mut self, path: PathBuf) {
        self.files.after_save = None;
        self.without_saving(crate::app::command::Command::OpenPaths(vec![path]));
    }

    /// Compares the project with its file.
    pub(in crate::app) fn compare_with_file(&mut self, path: PathBuf) {
        self.files.after_save = None;
        self.compare_paths(vec![path]);
    }

    /// A question about a file was answered with no.
    pub(in crate::app) fn leave_file(&mut self) {
        self.files.after_save = None;
    }
}
