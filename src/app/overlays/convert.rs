//! The dialog that converts imported policies: the dialect, the texts, what is left out, and the connections that
//! change, before anything is replaced.

use egui::{Align, Context, Layout, RichText, ScrollArea, Ui};

use super::report::head;
use super::{dialog, list_area};
use crate::app::files::Conversion;
use crate::app::panels::compare::{long, verdict_ui};
use crate::app::problems::sentence;
use crate::app::state::App;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::app::{icons, yaml_highlight};
use crate::convert::project::OfProject;
use crate::convert::{Reason, State};
use crate::policy::Target;
use crate::query::compare::{Comparison, Way};
use crate::scene::tokens;

/// State of the dialog.
pub struct ConvertView {
    /// The dialect to convert to.
    pub target: Target,
    /// The policies in it, once they are converted.
    pub conversion: Option<Conversion>,
    /// Why nothing was written.
    pub problem: Option<String>,
    /// Index of the policy whose text is shown.
    chosen: usize,
}

impl ConvertView {
    /// Nothing is converted yet.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            conversion: None,
            problem: None,
            chosen: 0,
        }
    }
}

/// The action the user chose.
enum Done {
    Prepare,
    Replace,
    Export,
    Close,
}

/// Shows the dialog; returns the view while it stays open.
pub(super) fn convert_ui(
    app: &mut App,
    context: &Context,
    mut view: Box<ConvertView>,
) -> Option<Box<ConvertView>> {
    let (done, closed) = dialog(context, "convert", 820.0, |ui| {
        let about = "The project changes to the dialect that you choose, and is judged under the enforcer of that dialect.";
        let mut done = head(ui, "Convert imported policies", about).then_some(Done::Close);
        widgets::labelled(ui, "Dialect", |ui| {
            let all = Target::ALL.map(|target| (target, target.kind()));
            if let Some(target) = widgets::segments(ui, "Dialect", view.target, &all) {
                (view.target, view.chosen, view.problem) = (target, 0, None);
                done = Some(Done::Prepare);
            }
        });
        ui.add_space(6.0);
        match &view.conversion {
            Some(conversion) => {
                conversion_ui(ui, app, conversion, &mut view.chosen);
            }
            None => _ = widgets::faint(ui, "Converting and comparing…"),
        }
        if let Some(problem) = &view.problem {
            let foreground = color(theme::palette(ui.ctx()).blocked);
            widgets::message(ui, icons::X, problem, foreground);
        }
        buttons_ui(ui, &view).or(done)
    });
    let done = match closed {
        true => done.or(Some(Done::Close)),
        false => done,
    };
    app.view.overlay = Some(super::Overlay::Convert(view));
    match done {
        Some(Done::Prepare) => app.prepare_conversion(),
        Some(Done::Replace) => app.apply_conversion(),
        Some(Done::Export) => app.choose_conversion_folder(),
        Some(Done::Close) => app.view.overlay = None,
        None => {}
    }
    None
}

fn conversion_ui(ui: &mut Ui, app: &App, conversion: &Conversion, chosen: &mut usize) {
    match &conversion.comparison {
        Some(comparison) => verdict_ui(ui, comparison),
        None => {
            let text = match conversion.policies.is_empty() {
                true => {
                    "The imported policies are edited by hand: they follow the dialect of the project."
                }
                false => {
                    "Nothing to replace: each policy is of this dialect already, or cannot be expressed in it."
                }
            };
            widgets::small(ui, text);
        }
    }
    ui.add_space(6.0);
    let tall = (ui.ctx().content_rect().height() - 560.0).clamp(140.0, 320.0);
    let all = &conversion.policies;
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(300.0);
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = list_area(tall)
                .id_salt("converted")
                .auto_shrink([false, true]);
            area.show_rows(ui, tokens::ROW, all.len(), |ui, rows| {
                for at in rows {
                    let Some(one) = all.get(at) else { break };
                    if policy_row(ui, one, *chosen == at) {
                        *chosen = at;
                    }
                }
            });
        });
        if let Some(one) = all.get(*chosen) {
            ui.vertical(|ui| text_ui(ui, app, one, tall));
        }
    });
    if let Some(comparison) = &conversion.comparison {
        changes_ui(ui, comparison);
    }
}

fn policy_row(ui: &mut Ui, one: &OfProject, chosen: bool) -> bool {
    let palette = theme::palette(ui.ctx());
    let (icon, foreground, end) = match one.converted.state {
        _ if one.converted.is_kept() => (icons::CHECK, palette.text_faint, "unchanged"),
        State::Exact => (icons::CHECK, palette.exact, "exact"),
        State::Differs => (icons::WARNING, palette.wide, "connections change"),
        State::Narrowed => (icons::WARNING, palette.wide, "allows less"),
        State::CannotExpress => (icons::NOTE, palette.text_secondary, "stays as it is"),
    };
    Row::new(icon, &one.converted.from)
        .icon_color(color(foreground))
        .end(end)
        .selected(chosen)
        .show(ui)
        .clicked()
}

/// What is left out of a policy, and why; then its new text.
fn text_ui(ui: &mut Ui, app: &App, one: &OfProject, tall: f32) {
    let palette = theme::palette(ui.ctx());
    let document = app.document();
    let area = ScrollArea::both()
        .id_salt("text")
        .max_height(tall)
        .min_scrolled_height(tall)
        .auto_shrink(false);
    let frame = egui::Frame::new().fill(color(palette.code)).inner_margin(8);
    frame.show(ui, |ui| {
        area.show(ui, |ui| {
            for Reason { why, help } in &one.converted.reasons {
                let help = help.as_deref().map(|help| format!(". {}", sentence(help)));
                let text = format!("{}{}", sentence(why), help.unwrap_or_default());
                widgets::message(ui, icons::NOTE, &text, color(palette.text_secondary));
            }
            let own = document
                .policies
                .get(one.id)
                .map(|policy| policy.text.as_str());
            let written = one.converted.written.as_ref().map(|new| new.text.as_str());
            let font = theme::mono(tokens::TEXT_SMALL);
            for line in written.or(own).unwrap_or_default().lines() {
                let job = yaml_highlight::job(line, &font, palette);
                ui.add(egui::Label::new(job).extend());
            }
        });
    });
}

/// The connections that change.
fn changes_ui(ui: &mut Ui, comparison: &Comparison) {
    let all = &comparison.differences;
    if all.is_empty() {
        return;
    }
    widgets::heading(ui, "Connections that change");
    ui.spacing_mut().item_spacing.y = 0.0;
    let palette = theme::palette(ui.ctx());
    let area = list_area(120.0).id_salt("differences");
    area.show_rows(ui, tokens::ROW, all.len(), |ui, rows| {
        for one in all.get(rows).unwrap_or_default() {
            let (icon, verb) = match one.way {
                Way::Opens => (icons::PLUS, "opens"),
                Way::Closes => (icons::MINUS, "closes"),
            };
            ui.horizontal(|ui| {
                ui.set_height(tokens::ROW);
                ui.label(RichText::new(icon).font(theme::icon(13.0)));
                let ends = format!("{} \u{2192} {}", long(&one.from), long(&one.to));
                let name = format!("{verb}: {} to {}", long(&one.from), long(&one.to));
                ui.label(ends).on_hover_text(name);
                let ports = one.ports.to_string();
                widgets::code(ui, ports, color(palette.text_secondary));
            });
        }
    });
}

fn buttons_ui(ui: &mut Ui, view: &ConvertView) -> Option<Done> {
    let mut done = None;
    ui.add_space(12.0);
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let conversion = view.conversion.as_ref();
        let replaces = conversion.is_some_and(|conversion| conversion.edit.is_some());
        let writes = conversion.is_some_and(|conversion| {
            let mut all = conversion.policies.iter();
            all.any(|one| one.converted.written.is_some())
        });
        let replace = |ui: &mut Ui| widgets::primary(ui, "Replace in project");
        if ui.add_enabled_ui(replaces, replace).inner.clicked() {
            done = Some(Done::Replace);
        }
        let export = |ui: &mut Ui| widgets::secondary(ui, "Export to a folder…");
        if ui.add_enabled_ui(writes, export).inner.clicked() {
            done = Some(Done::Export);
        }
        if widgets::secondary(ui, "Cancel").clicked() {
            done = Some(Done::Close);
        }
    });
    done
}
