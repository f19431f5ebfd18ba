//! What came back from dialogs and workers, and closing the project or the window.

use egui::Context;

use super::open;
use crate::app::command::Command;
use crate::app::dialogs::{Answer, PathRequest};
use crate::app::overlays::{Overlay, PathPrompt, Question};
use crate::app::state::App;

impl App {
    /// Takes in what came back from dialogs and workers.
    pub(in crate::app) fn poll_files(&mut self) {
        if let Some((ask, answer)) = self.files.asking.take() {
            self.answered(ask, answer);
        }
        if let Some(read) = self.files.reading.take() {
            if matches!(read, open::Read::Failed(_)) {
                self.files.recordings.clear();
            }
            self.read(read);
            let recordings = std::mem::take(&mut self.files.recordings);
            if !recordings.is_empty() {
                self.commands.push(Command::OpenRecordings(recordings));
            }
        }
        self.poll_recording();
        self.poll_journal();
        self.poll_saves();
        self.poll_watch();
        self.poll_comparing();
        self.poll_copying();
        self.poll_export();
        self.poll_converting();
    }

    /// Asks for a path, with the desktop's dialog or, where there is none, in the window.
    pub(in crate::app) fn ask_path(&mut self, ask: PathRequest) {
        let pending = self.files.dialogs.ask(&ask);
        self.files.asking.start(move |_| (ask, pending()));
        if self.files.pool.is_inline() {
            self.poll_files();
        }
    }

    /// What a dialog came to.
    pub(in crate::app) fn answered(&mut self, ask: PathRequest, answer: Answer) {
        let paths = match answer {
            Answer::Paths(paths) if !paths.is_empty() => paths,
            Answer::Paths(_) | Answer::Cancelled => {
                self.files.after_save = None;
                if matches!(ask, PathRequest::ExportFile(_) | PathRequest::ExportFolder) {
                    self.export_target(None);
                }
                if ask == PathRequest::ConvertFolder {
                    self.conversion_folder(None);
                }
                return;
            }
            Answer::NoService => {
                let typed = match &ask {
                    PathRequest::SaveProject(name)
                    | PathRequest::ExportFile(name)
                    | PathRequest::SaveTable(name)
                    | PathRequest::SaveFindings(name)
                    | PathRequest::SavePicture(name)
                    | PathRequest::ExportPicture(name, _) => name.clone(),
                    _ => String::new(),
                };
                if matches!(ask, PathRequest::ExportFile(_) | PathRequest::ExportFolder) {
                    self.keep_export();
                }
                self.keep_conversion();
                self.view.overlay = Some(Overlay::Path(PathPrompt { ask, typed }));
                return;
            }
        };
        match ask {
            PathRequest::OpenProject | PathRequest::OpenFolder | PathRequest::OpenFiles => {
                self.commands.push(Command::OpenPaths(paths));
            }
            PathRequest::ImportFolder | PathRequest::ImportFiles => {
                self.commands.push(Command::ImportPaths(paths))
            }
            PathRequest::OpenRecording => self.commands.push(Command::OpenRecordings(paths)),
            PathRequest::CompareProject | PathRequest::CompareFolder => {
                self.commands.push(Command::ComparePaths(paths));
            }
            PathRequest::SaveTable(_) => self.write_table(paths.into_iter().next()),
            PathRequest::SaveFindings(name) => self.write_findings(&name, paths.into_iter().next()),
            PathRequest::SavePicture(_) => self.write_picture(paths.into_iter().next()),
            PathRequest::ExportPicture(_, extent) => {
                self.write_diagram(extent, paths.into_iter().next());
            }
            PathRequest::SaveProject(_) => self.save_to(paths.into_iter().next()),
            PathRequest::ConvertFolder => self.conversion_folder(paths.into_iter().next()),
            PathRequest::ExportFolder | PathRequest::ExportFile(_) => {
                self.export_target(paths.into_iter().next())
            }
        }
    }

    /// Whether a command that closes the project may continue; if not, the user is asked first.
    pub(in crate::app) fn may_lose_work(&mut self, command: &Command) -> bool {
        let dirty = self
            .history
            .as_ref()
            .is_some_and(|history| history.is_dirty());
        if dirty && !self.is_lesson() && !std::mem::take(&mut self.files.let_go) {
            let question = Question::Unsaved(Box::new(command.clone()));
            self.view.overlay = Some(Overlay::Question(question));
            return false;
        }
        true
    }

    /// Continues with a command although changes are lost.
    pub(in crate::app) fn without_saving(&mut self, next: Command) {
        self.files.let_go = true;
        self.commands.push(next);
    }

    /// Saves, and then continues with a command.
    pub(in crate::app) fn save_then(&mut self, next: Command) {
        self.files.after_save = Some(next);
        self.commands.push(Command::Save);
    }

    /// The window is to be closed: not while changes would be lost.
    pub(in crate::app) fn handle_close(&mut self, context: &Context) {
        if !context.input(|input| input.viewport().close_requested()) {
            return;
        }
        let dirty = self
            .history
            .as_ref()
            .is_some_and(|history| history.is_dirty());
        if dirty && !self.files.leaving {
            context.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.commands.push(Command::Quit);
            context.request_repaint();
        } else {
            self.files.journal.close();
        }
    }

    /// Closes the window; nothing prevents it any more.
    pub(in crate::app) fn quit(&mut self) {
        self.files.leaving = true;
        self.files.journal.close();
        self.context.send_viewport_cmd(egui::ViewportCommand::Close);
    }

    /// The window's title: the project and whether it is saved.
    pub(in crate::app) fn title(&mut self, context: &Context) {
        let title = match &self.history {
            None => "Drawbridge".to_owned(),
            Some(history) => {
                let name = self.files.name_of(history.document());
                let mark = if history.is_dirty() { " *" } else { "" };
                format!("{name}{mark} - Drawbridge")
            }
        };
        if self.title != title {
            context.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}
