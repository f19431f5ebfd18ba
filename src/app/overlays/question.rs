//! Questions about unsaved changes and about work recovered after a crash, and the prompt for a path.

use std::path::PathBuf;

use egui::{Align, Context, Id, Key, Layout, Ui};

use super::dialog;
use crate::app::command::Command;
use crate::app::dialogs::{Answer, PathRequest};
use crate::app::state::App;
use crate::app::widgets;

/// A question that must be answered.
pub enum Question {
    /// There are unsaved changes, and this command would lose them.
    Unsaved(Box<Command>),
    /// A crash left unsaved changes.
    Recover(Recovered),
    /// Another program changed the file of the project.
    Changed(PathBuf),
    /// There is a file that this project did not write.
    Replace(PathBuf, Replacing),
}

/// What is known of unsaved changes that a crash left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The name of the project.
    pub name: String,
    /// Its file, if it had one, how old the changes are, and whether the file changed since; sentences.
    pub details: Vec<String>,
}

/// What would replace a file.
pub enum Replacing {
    /// The project.
    Project,
    /// A table or a picture: its bytes.
    Content(Vec<u8>),
}

/// A prompt for a path.
pub struct PathPrompt {
    /// What the path is for.
    pub ask: PathRequest,
    /// The typed text.
    pub typed: String,
}

/// Shows a question; returns it while it stays open.
pub(super) fn question_ui(
    app: &mut App,
    context: &Context,
    question: Question,
) -> Option<Question> {
    match question {
        Question::Unsaved(next) => unsaved_ui(app, context, next),
        Question::Recover(recovered) => recover_ui(app, context, recovered),
        Question::Changed(path) => changed_ui(app, context, path),
        Question::Replace(path, replacing) => replace_ui(app, context, path, replacing),
    }
}

fn unsaved_ui(app: &mut App, context: &Context, next: Box<Command>) -> Option<Question> {
    let name = app.document().name;
    let name = if name.is_empty() {
        "this project".to_owned()
    } else {
        format!("\"{name}\"")
    };
    let (answer, closed) = dialog(context, "unsaved", 420.0, |ui| {
        widgets::title(ui, &format!("Save the changes to {name}?"));
        widgets::small(ui, "If you don't save them, they are lost.");
        ui.add_space(12.0);
        answers(ui, &["Save", "Cancel", "Don't save"])
    });
    match answer {
        Some("Save") => app.save_then(*next),
        Some("Don't save") => app.without_saving(*next),
        Some(_) => {}
        None if closed => {}
        None => return Some(Question::Unsaved(next)),
    }
    None
}

fn changed_ui(app: &mut App, context: &Context, path: PathBuf) -> Option<Question> {
    let dirty = app
        .history
        .as_ref()
        .is_some_and(|history| history.is_dirty());
    let (answer, closed) = dialog(context, "changed", 520.0, |ui| {
        widgets::title(ui, "The file was changed by another program");
        widgets::small(ui, path.display().to_string());
        let text = match dirty {
            true => "Keep mine overwrites its changes. Reload discards your unsaved changes.",
            false => "Keep mine overwrites its changes. Reload shows them.",
        };
        widgets::small(ui, text);
        ui.add_space(12.0);
        answers(ui, &["Reload", "Compare", "Cancel", "Keep mine"])
    });
    match answer {
        Some("Reload") => app.reload(path),
        Some("Compare") => app.compare_with_file(path),
        Some("Keep mine") => app.save_over(path),
        Some(_) => app.leave_file(),
        None if closed => app.leave_file(),
        None => return Some(Question::Changed(path)),
    }
    None
}

fn replace_ui(
    app: &mut App,
    context: &Context,
    path: PathBuf,
    replacing: Replacing,
) -> Option<Question> {
    let (answer, closed) = dialog(context, "replace", 520.0, |ui| {
        widgets::title(ui, "Replace the existing file?");
        widgets::small(ui, path.display().to_string());
        widgets::small(ui, "This project did not write it. Its content is lost.");
        ui.add_space(12.0);
        answers(ui, &["Cancel", "Replace"])
    });
    match (answer, replacing) {
        (Some("Replace"), Replacing::Project) => app.save_over(path),
        (Some("Replace"), Replacing::Content(bytes)) => app.write_over(path, bytes),
        (Some(_), _) => app.leave_file(),
        (None, _) if closed => app.leave_file(),
        (None, replacing) => return Some(Question::Replace(path, replacing)),
    }
    None
}

fn recover_ui(app: &mut App, context: &Context, recovered: Recovered) -> Option<Question> {
    // Escape does not discard work; only a button does.
    let (answer, _) = dialog(context, "recover", 520.0, |ui| {
        widgets::title(ui, "Restore unsaved changes?");
        let what = if recovered.name.is_empty() {
            "a project".to_owned()
        } else {
            format!("\"{}\"", recovered.name)
        };
        widgets::small(
            ui,
            format!("Drawbridge ended unexpectedly while {what} had unsaved changes."),
        );
        for sentence in &recovered.details {
            widgets::small(ui, sentence);
        }
        ui.add_space(12.0);
        answers(ui, &["Restore", "Discard"])
    });
    match answer {
        Some("Restore") => app.commands.push(Command::Recover(true)),
        Some(_) => app.commands.push(Command::Recover(false)),
        None => return Some(Question::Recover(recovered)),
    }
    None
}

/// Buttons: the first is primary and has the focus, so that Enter presses it; the last is separate at the left. Returns
/// the pressed one.
fn answers<'a>(ui: &mut Ui, texts: &[&'a str]) -> Option<&'a str> {
    let mut answer = None;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let (last, others) = texts.split_last()?;
        for (at, text) in others.iter().enumerate() {
            let response = if at == 0 {
                widgets::primary(ui, text)
            } else {
                widgets::secondary(ui, text)
            };
            if at == 0 && ui.memory(|memory| memory.focused()).is_none() {
                response.request_focus();
            }
            if response.clicked() {
                answer = Some(*text);
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            if widgets::danger(ui, last).clicked() {
                answer = Some(*last);
            }
        });
        Some(())
    });
    answer
}

/// Shows the prompt for a path; returns it while it stays open.
pub(super) fn path_ui(
    app: &mut App,
    context: &Context,
    mut prompt: PathPrompt,
) -> Option<PathPrompt> {
    let (done, closed) = dialog(context, "path", 520.0, |ui| {
        widgets::title(ui, prompt.ask.title());
        let several = match prompt.ask {
            PathRequest::OpenFiles | PathRequest::ImportFiles => {
                " Separate several paths with semicolons."
            }
            _ => "",
        };
        let sentence = format!("This desktop has no file dialogs. Type a path.{several}");
        widgets::small(ui, &sentence);
        ui.add_space(8.0);
        let edit = egui::TextEdit::singleline(&mut prompt.typed)
            .id(Id::new("path field"))
            .margin(egui::Margin::symmetric(8, 4))
            .min_size(egui::vec2(0.0, 28.0))
            .vertical_align(Align::Center)
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        widgets::named(&response, egui::WidgetType::TextEdit, "Path");
        let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        if !enter && !response.has_focus() && !response.lost_focus() {
            response.request_focus();
        }
        ui.add_space(12.0);
        let mut done = enter.then_some(true);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if widgets::primary(ui, prompt.ask.verb()).clicked() {
                done = Some(true);
            }
            if widgets::secondary(ui, "Cancel").clicked() {
                done = Some(false);
            }
        });
        done
    });
    match done {
        Some(true) if !prompt.typed.trim().is_empty() => {
            let paths = prompt
                .typed
                .split(';')
                .map(str::trim)
                .filter(|path| !path.is_empty());
            let paths = paths.map(expand_home).collect();
            app.answered(prompt.ask, Answer::Paths(paths));
        }
        Some(_) => app.answered(prompt.ask, Answer::Cancelled),
        None if closed => app.answered(prompt.ask, Answer::Cancelled),
        None => return Some(prompt),
    }
    None
}

/// Expands `~/` as shells do.
fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
