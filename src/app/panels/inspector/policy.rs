//! A kept policy: its text as it came, to be read.

use egui::{Frame, Margin, ScrollArea, Ui};

use super::Inspect;
use super::parts;
use crate::app::theme::{self, color};
use crate::app::{widgets, yaml_ink};
use crate::model::PolicyId;
use crate::scene::tokens;

/// Shows it.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: PolicyId) {
    let document = inspect.document;
    let Some(policy) = document.policies.get(id) else {
        return;
    };
    parts::head(
        ui,
        "Kept policy",
        &document.policy_name(id),
        "Kept word for word, and judged together with what is written",
    );
    if !policy.file.is_empty() {
        widgets::stated(ui, "File", &policy.file);
    }
    if let Some(replaces) = &policy.replaces {
        widgets::stated(ui, "Replaces", replaces);
    }
    let palette = theme::palette(ui.ctx());
    let font = theme::mono(tokens::TEXT_SMALL);
    let lines: Vec<&str> = policy.text.lines().collect();
    Frame::new()
        .fill(color(palette.code))
        .inner_margin(Margin::symmetric(8, 6))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = ScrollArea::both().max_height(320.0).id_salt(("kept", id));
            area.show_rows(ui, 18.0, lines.len(), |ui, rows| {
                for line in lines.get(rows).unwrap_or_default() {
                    let job = yaml_ink::job(line, &font, palette);
                    ui.set_min_width(ui.available_width());
                    ui.allocate_ui(egui::vec2(ui.available_width(), 18.0), |ui| {
                        ui.set_min_height(18.0);
                        ui.add(egui::Label::new(job).extend().selectable(true));
                    });
                }
            });
        });
    parts::delete(ui, inspect, "Delete kept policy");
}
