//! Where the findings of a rule are ignored, and why.

use egui::{Align, Context, Id, Layout, TextEdit, WidgetType};

use super::dialog;
use super::report::head;
use crate::app::command::Command;
use crate::app::state::App;
use crate::app::widgets;
use crate::lint;
use crate::model::{Edit, IgnoredRule, Unknown};
use crate::scene::tokens;

/// State of the dialog.
pub struct IgnoreView {
    code: &'static str,
    /// The places to choose from, each with its words.
    places: Vec<(String, Option<String>)>,
    chosen: usize,
    reason: String,
    /// Whether the field had the keyboard focus.
    is_begun: bool,
}

impl IgnoreView {
    /// Asks about findings of a rule in an object, its namespace, or everywhere.
    pub fn new(code: &'static str, place: Option<String>, namespace: Option<String>) -> Self {
        let mut places = Vec::new();
        let is_same = place == namespace;
        if let Some(place) = place.filter(|_| !is_same) {
            places.push((format!("In {place}"), Some(place)));
        }
        if let Some(namespace) = namespace {
            places.push((format!("In namespace {namespace}"), Some(namespace)));
        }
        places.push(("Everywhere".to_owned(), None));
        Self {
            code,
            places,
            chosen: 0,
            reason: String::new(),
            is_begun: false,
        }
    }

    fn edit(&self) -> Option<Edit> {
        let (_, place) = self.places.get(self.chosen)?;
        let reason = self.reason.trim().to_owned();
        (!reason.is_empty()).then(|| {
            Edit::Ignore(IgnoredRule {
                rule: self.code.to_owned(),
                place: place.clone(),
                reason,
                unknown: Unknown::new(),
            })
        })
    }
}

/// Shows the dialog; returns the view while it stays open.
pub(super) fn ignore_ui(
    app: &mut App,
    context: &Context,
    mut view: Box<IgnoreView>,
) -> Option<Box<IgnoreView>> {
    let (close, closed) = dialog(context, "ignore", 420.0, |ui| {
        let title = format!("Ignore {} {}", view.code, lint::name_of(view.code));
        let about = "The project stores it with the reason. The command line ignores it, too.";
        let mut close = head(ui, &title, about);
        for at in 0..view.places.len() {
            if let Some((words, _)) = view.places.get(at) {
                ui.radio_value(&mut view.chosen, at, words);
            }
        }
        ui.add_space(4.0);
        let edit = TextEdit::singleline(&mut view.reason)
            .id(Id::new("ignore reason"))
            .hint_text("Why is it acceptable?")
            .margin(egui::Margin::symmetric(8, 4))
            .min_size(egui::vec2(0.0, tokens::FIELD))
            .vertical_align(Align::Center)
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        widgets::named(&response, WidgetType::TextEdit, "Reason");
        if !std::mem::replace(&mut view.is_begun, true) {
            response.request_focus();
        }
        let is_entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        ui.add_space(8.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let edit = view.edit();
            let button = ui.add_enabled_ui(edit.is_some(), |ui| widgets::primary(ui, "Ignore"));
            let is_done = button.inner.clicked() || is_entered;
            if let Some(edit) = edit.filter(|_| is_done) {
                app.commands.push(Command::Edit(edit));
                close = true;
            }
            close |= widgets::secondary(ui, "Cancel").clicked();
        });
        close
    });
    (!close && !closed).then_some(view)
}
