//! Saving. One save runs at a time and the others wait; of those to the same file the newest wins.
//! Each belongs to the project that it was started for, whatever is open when it ends.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::command::Command;
use crate::app::dialogs::PathRequest;
use crate::app::jobs::{Pool, Slot};
use crate::app::overlays::{Overlay, Question, Replacing};
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::diag::Diagnostic;
use crate::model::Document;
use crate::project::files::{self, OnDisk, Stamp};
use crate::project::{format, recordings};

/// The save that runs, and those that wait for it.
pub(super) struct Saves {
    pool: Pool,
    slot: Slot<Saved>,
    waiting: VecDeque<Save>,
}

/// What is to be written where, and for which project.
struct Save {
    project: u64,
    path: PathBuf,
    /// The file as this project last read or wrote it; none: it has not been this project's.
    known: Option<Stamp>,
    /// The user agreed to replace the file that is there.
    agreed: bool,
    /// What the project was read from, or saved as, last.
    text: Arc<str>,
    state: u64,
    document: Document,
    /// What is done once it is saved.
    then: Option<Command>,
}

/// What came of a save.
struct Saved {
    save: Save,
    outcome: Outcome,
}

enum Outcome {
    Written(OnDisk),
    /// The file is not what this project last read or wrote; it was left alone.
    Exists,
    Failed(Diagnostic),
}

impl Saves {
    pub(super) fn new(pool: &Pool) -> Self {
        Self {
            pool: pool.clone(),
            slot: Slot::new(pool),
            waiting: VecDeque::new(),
        }
    }

    /// Takes a save in; it replaces one of the same project to the same file that still waits.
    fn add(&mut self, mut save: Save) {
        let same = |other: &Save| other.project == save.project && other.path == save.path;
        if let Some(at) = self.waiting.iter().position(same)
            && let Some(older) = self.waiting.remove(at)
        {
            save.then = save.then.or(older.then);
        }
        self.waiting.push_back(save);
    }

    /// Whether a save runs or waits.
    pub(super) fn busy(&self) -> bool {
        self.slot.busy() || !self.waiting.is_empty()
    }

    /// Starts the next save, unless one is running.
    fn start_next(&mut self) {
        if self.slot.busy() {
            return;
        }
        if let Some(save) = self.waiting.pop_front() {
            self.slot.start(move |_| save.run());
        }
    }
}

impl Drop for Saves {
    /// A requested save is finished, even when the window is closed meanwhile.
    fn drop(&mut self) {
        self.pool.clone().wait_until(|| {
            self.start_next();
            self.slot.take().is_none() && !self.slot.busy() && self.waiting.is_empty()
        });
    }
}

impl Save {
    fn run(self) -> Saved {
        let now = files::stamp(&self.path);
        let outcome = if !self.agreed && now.is_some() && now != self.known {
            Outcome::Exists
        } else {
            match files::save(&self.path, &self.document, &self.text) {
                Ok(file) => Outcome::Written(file),
                Err(diagnostic) => Outcome::Failed(diagnostic),
            }
        };
        Saved {
            save: self,
            outcome,
        }
    }
}

/// Makes the recordings of a project known from another place of its file.
fn move_project(document: &mut Document, from: Option<&Path>, to: &Path) {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let from = from.map(absolute);
    recordings::move_project(document, from.as_deref(), &absolute(to));
}

impl App {
    /// Saves to the project's file, or asks for one.
    pub(in crate::app) fn save(&mut self) {
        match self.files.path.clone() {
            Some(path) => self.save_to(Some(path)),
            None => self.save_as(),
        }
    }

    /// Asks where to save.
    pub(in crate::app) fn save_as(&mut self) {
        let name = self.document().name;
        let name = if name.is_empty() { "project" } else { &name };
        self.ask_path(PathRequest::SaveProject(format!(
            "{name}{}",
            format::EXTENSION
        )));
    }

    /// Saves to a file in the background. A file that this project did not write is replaced only after a question.
    pub(super) fn save_to(&mut self, path: Option<PathBuf>) {
        self.start_save(path, false);
    }

    /// Saves over the file that is there.
    pub(in crate::app) fn save_over(&mut self, path: PathBuf) {
        self.start_save(Some(path), true);
    }

    fn start_save(&mut self, path: Option<PathBuf>, agreed: bool) {
        let (Some(mut path), Some(history)) = (path, &self.history) else {
            return;
        };
        if path.extension().is_none() {
            let mut name = path.into_os_string();
            name.push(format::EXTENSION);
            path = name.into();
        }
        let same = self.files.path.as_ref() == Some(&path);
        let mut document = history.document().clone();
        move_project(&mut document, self.files.path.as_deref(), &path);
        let save = Save {
            project: self.files.project,
            known: self.files.file.stamp.filter(|_| same),
            agreed,
            text: self.files.file.text.clone(),
            path,
            state: history.state(),
            document,
            then: self.files.after_save.take(),
        };
        self.files.saves.add(save);
        self.poll_saves();
    }

    /// Handles the result of a save, and continues with the next.
    pub(super) fn poll_saves(&mut self) {
        loop {
            self.files.saves.start_next();
            let Some(saved) = self.files.saves.slot.take() else {
                return;
            };
            self.saved(saved);
        }
    }

    fn saved(&mut self, Saved { save, outcome }: Saved) {
        let open = save.project == self.files.project;
        let shown = save.path.display();
        match outcome {
            Outcome::Written(file) => {
                let waiting = self.files.saves.waiting.iter_mut();
                for next in waiting.filter(|next| next.path == save.path) {
                    next.known = file.stamp;
                }
                self.view.notify(format!("Saved to {shown}"));
                self.remember(&save.path);
                if !open {
                    return;
                }
                let before = self.files.path.as_deref();
                if let Some(history) = &mut self.history {
                    history.change_all(&|document| move_project(document, before, &save.path));
                    history.mark_saved(save.state, save.document);
                }
                self.files.file = file;
                self.files.path = Some(save.path);
                self.commands.extend(save.then);
                self.context.request_repaint();
            }
            Outcome::Exists => {
                // None of their failures goes unreported, even when another save waits for this file.
                let waiting = &mut self.files.saves.waiting;
                waiting.retain(|next| next.path != save.path);
                if !open {
                    let text = format!("Not saved: another program changed {shown}");
                    self.view.show_error(text);
                    return;
                }
                self.files.after_save = save.then;
                let question = match self.files.path.as_ref() == Some(&save.path) {
                    true => Question::Changed(save.path),
                    false => Question::Replace(save.path, Replacing::Project),
                };
                self.view.overlay = Some(Overlay::Question(question));
            }
            Outcome::Failed(diagnostic) => {
                let help = diagnostic.help.as_deref().unwrap_or_default();
                self.view
                    .show_error(format!("{}; {help}", sentence(&diagnostic.message)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::app::dialogs::Prepared;
    use crate::app::jobs::Workers;
    use crate::app::overlays::{Overlay, Question, Replacing};
    use crate::app::{App, Command, Surroundings};
    use crate::model::{Document, Edit, History};
    use crate::project::files;

    /// A window with a project whose workers wait for a signal.
    fn app(path: &Path) -> App {
        let surroundings = Surroundings {
            workers: Workers::Held,
            dialogs: Box::new(Prepared::default()),
            state_folder: None,
            programs: std::ffi::OsString::default(),
        };
        let mut app = App::new(&egui::Context::default(), surroundings);
        enter(&mut app, path);
        app.files.pool().run_held();
        app
    }

    fn enter(app: &mut App, path: &Path) {
        let file = files::save(path, &Document::default(), "").expect("written");
        let history = History::new(Document::default());
        app.enter(history, Some(path.to_owned()));
        app.files.file = file;
    }

    fn rename(app: &mut App, name: &str) {
        app.perform(Command::Edit(Edit::SetName(name.to_owned())));
    }

    /// Lets the workers finish what they have, and what comes of that.
    fn finish(app: &mut App) {
        while app.files.pool().run_held() > 0 {
            app.poll_files();
        }
    }

    fn saved_name(path: &Path) -> String {
        files::open(path).expect("it is a project").document.name
    }

    fn complaint(app: &App) -> Option<&str> {
        let notice = app.view.notice.as_ref().filter(|notice| notice.bad);
        notice.map(|notice| notice.text.as_str())
    }

    #[test]
    fn saving_again_while_a_save_runs_writes_the_newest_state() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.drawbridge.yaml");
        let mut app = app(&path);
        for name in ["one", "two", "three", "four"] {
            rename(&mut app, name);
            app.perform(Command::Save);
        }
        assert_eq!(app.files.pool().run_held(), 1, "one save runs at a time");
        app.poll_files();
        assert_eq!(saved_name(&path), "one");
        assert_eq!(
            app.files.pool().run_held(),
            1,
            "of those that waited, one is left"
        );
        app.poll_files();
        assert_eq!(saved_name(&path), "four");
        assert_eq!(complaint(&app), None);
        assert!(!app.history.as_ref().expect("a project").is_dirty());
    }

    #[test]
    fn a_save_that_ends_after_another_project_was_opened_does_not_affect_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [first, second] =
            ["a", "b"].map(|n| folder.path().join(format!("{n}.drawbridge.yaml")));
        let mut app = app(&first);
        rename(&mut app, "one");
        app.perform(Command::Save);
        rename(&mut app, "two");
        app.perform(Command::Save);
        enter(&mut app, &second);
        rename(&mut app, "other");
        app.perform(Command::Save);
        finish(&mut app);
        assert_eq!(
            saved_name(&first),
            "two",
            "both saves of the first were written"
        );
        assert_eq!(saved_name(&second), "other");
        assert_eq!(app.files.path.as_deref(), Some(second.as_path()));
        assert!(!app.history.as_ref().expect("a project").is_dirty());
        rename(&mut app, "later");
        app.perform(Command::Save);
        finish(&mut app);
        assert_eq!(complaint(&app), None);
        assert_eq!(saved_name(&second), "later");
    }

    #[test]
    fn a_file_that_another_program_changed_is_overwritten_only_after_a_question() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.drawbridge.yaml");
        let mut app = app(&path);
        files::write_text(&path, "format: drawbridge/1\nname: theirs\n").expect("written");
        for name in ["one", "two"] {
            rename(&mut app, name);
            app.perform(Command::Save);
        }
        finish(&mut app);
        assert_eq!(saved_name(&path), "theirs");
        assert!(matches!(
            &app.view.overlay,
            Some(Overlay::Question(Question::Changed(asked))) if *asked == path
        ));
        app.save_over(path.clone());
        finish(&mut app);
        assert_eq!(saved_name(&path), "two");
    }

    #[test]
    fn save_as_replaces_an_existing_file_only_after_a_question() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.drawbridge.yaml");
        let mut app = app(&path);
        let other = folder.path().join("b.drawbridge.yaml");
        files::write_text(&other, "notes: mine\n").expect("written");
        rename(&mut app, "one");
        app.save_to(Some(other.clone()));
        finish(&mut app);
        assert_eq!(files::read_text(&other).expect("text"), "notes: mine\n");
        assert!(matches!(
            &app.view.overlay,
            Some(Overlay::Question(Question::Replace(asked, Replacing::Project))) if *asked == other
        ));
        assert_eq!(app.files.path.as_ref(), Some(&path));
        app.save_over(other.clone());
        finish(&mut app);
        assert_eq!(saved_name(&other), "one");
        assert_eq!(app.files.path.as_ref(), Some(&other));
    }

    #[test]
    fn a_change_by_another_program_is_noticed_once_and_asked_about() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a.drawbridge.yaml");
        let mut app = app(&path);
        app.look_at_file();
        finish(&mut app);
        app.poll_files();
        assert!(app.view.overlay.is_none());
        // The same text again is no change.
        let text = files::read_text(&path).expect("text");
        files::write_text(&path, &text).expect("written");
        app.look_at_file();
        finish(&mut app);
        assert!(app.view.overlay.is_none());
        files::write_text(&path, "format: drawbridge/1\nname: theirs\n").expect("written");
        app.look_at_file();
        finish(&mut app);
        let asked = app.view.overlay.take();
        assert!(matches!(
            asked,
            Some(Overlay::Question(Question::Changed(asked))) if asked == path
        ));
        app.look_at_file();
        finish(&mut app);
        assert!(app.view.overlay.is_none(), "it is asked once");
        rename(&mut app, "mine");
        app.perform(Command::Save);
        finish(&mut app);
        assert!(app.view.overlay.is_some(), "saving over it asks");
        assert_eq!(saved_name(&path), "theirs");
    }
}
