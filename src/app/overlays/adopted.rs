//! The result of adopting: how many policies became flows, and why the others stay imported.

use egui::{Align, Context, Label, Layout, RichText, Ui};

use super::report::head;
use super::{dialog, list_area};
use crate::app::command::Command;
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::{Item, PolicyId};
use crate::scene::tokens;

/// The result of adopting.
pub struct AdoptedView {
    /// One line of text.
    pub summary: String,
    /// Whether the Document was changed.
    pub done: bool,
    /// The policies that stay imported: name and reason.
    pub remaining: Vec<(PolicyId, String, String)>,
}

/// Shows the dialog; returns the view while it stays open.
pub(super) fn adopted_ui(
    app: &mut App,
    context: &Context,
    view: Box<AdoptedView>,
) -> Option<Box<AdoptedView>> {
    let (close, closed) = dialog(context, "adopted", 560.0, |ui| {
        let mut close = head(ui, "Adopt imported policies", &view.summary);
        let palette = theme::palette(ui.ctx());
        if view.done {
            widgets::banner(
                ui,
                icons::CHECK,
                "The adopted policies are no longer needed",
                "The generated policies allow exactly the same connections, including those of future pods.",
                color(palette.exact),
                color(palette.exact_soft),
            );
            ui.add_space(4.0);
        }
        if !view.remaining.is_empty() {
            widgets::heading(ui, "Still imported");
            if let Some(id) = remaining_ui(ui, &view.remaining) {
                app.commands.push(Command::Reveal(Item::Policy(id)));
                close = true;
            }
        }
        ui.add_space(8.0);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            close |= widgets::primary(ui, "Done").clicked();
            if view.done && widgets::secondary(ui, "Undo").clicked() {
                app.commands.push(Command::Undo);
                close = true;
            }
        });
        close
    });
    (!close && !closed).then_some(view)
}

/// Lists the policies that stay imported, with the reasons; returns the policy to show.
fn remaining_ui(ui: &mut Ui, remaining: &[(PolicyId, String, String)]) -> Option<PolicyId> {
    let mut shown = None;
    let tall = ui.ctx().content_rect().height() * 0.4;
    let area = list_area(tall).id_salt("still imported");
    area.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        for (id, name, why) in remaining {
            if widgets::link(ui, name).clicked() {
                shown = Some(*id);
            }
            let why = RichText::new(sentence(why)).size(tokens::TEXT_SMALL);
            ui.add(Label::new(why).wrap());
            ui.add_space(6.0);
        }
    });
    shown
}
