//! The policies as text, for the selection, a namespace or everything; virtual rows, so that ten
//! thousand lines are no more work than thirty. Choosing a policy or a line lights up its flows.

mod shown;

use std::ops::Range;

use egui::{Align, Frame, Layout, Margin, Rect, ScrollArea, Sense, Ui, WidgetType, pos2, vec2};

use crate::app::command::{Command, Commands};
use crate::app::theme::{self, color};
use crate::app::view::View;
use crate::app::{icons, problems, widgets, yaml_ink};
use crate::engine::{Results, Written};
use crate::model::{Document, FlowId};
use crate::scene::tokens;

pub use shown::{Line, Shown, shown};

/// Height of a line of text.
const LINE: f32 = 18.0;

/// Which policies are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those of what is selected; of everything, when nothing is.
    #[default]
    Selection,
    /// Those of the selection's namespaces.
    Namespace,
    /// All.
    Everything,
}

/// Its state.
#[derive(Default)]
pub struct PoliciesView {
    /// Which policies are shown.
    pub scope: Scope,
    /// The policy that is chosen, as `NAMESPACE/NAME`.
    pub chosen: Option<String>,
    /// The line that is chosen: its number among those shown.
    line: Option<usize>,
    /// The policy to bring into view.
    wanted: Option<String>,
    shown: Shown,
}

impl PoliciesView {
    /// Chooses a policy and brings it into view.
    pub fn choose(&mut self, policy: &Written) {
        self.choose_key(format!("{}/{}", policy.namespace, policy.name));
    }

    /// Chooses the policy of that key (`NAMESPACE/NAME`) and brings it into view.
    pub fn choose_key(&mut self, key: String) {
        self.chosen = Some(key.clone());
        self.wanted = Some(key);
        self.line = None;
    }

    /// Chooses no policy and no line.
    pub fn choose_nothing(&mut self) {
        self.chosen = None;
        self.wanted = None;
        self.line = None;
    }

    /// Whether a policy waits to be brought into view.
    pub fn wants(&self) -> bool {
        self.wanted.is_some()
    }

    /// Everything shown, as one text.
    pub fn text(&self) -> String {
        self.shown.text()
    }
}

/// Makes what is shown again if anything about it has changed; true if the choice of policies is another one.
pub fn keep(document: &Document, results: &Results, view: &mut View) -> bool {
    view.policies.shown.keep(
        document,
        results,
        view.results_number,
        &view.selection,
        view.policies.scope,
    )
}

/// Shows it.
pub fn policies_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    let fresh = keep(document, results, view);
    if fresh {
        view.policies.line = None;
    }
    if let Some(key) = &view.policies.wanted
        && view.policies.shown.position(key).is_none()
    {
        // What is chosen in the outline is shown, whatever the scope was.
        view.policies.scope = Scope::Everything;
        view.policies.shown.keep(
            document,
            results,
            view.results_number,
            &view.selection,
            Scope::Everything,
        );
    }
    head_ui(ui, view, commands);
    if view.policies.shown.lines.is_empty() {
        let text = match document.flows.is_empty() {
            true => "Drag from one workload to another: the policies appear here.",
            false => "Nothing is written for what is selected.",
        };
        Frame::new()
            .inner_margin(Margin::symmetric(16, 8))
            .show(ui, |ui| widgets::empty(ui, text));
        return;
    }
    chips_ui(ui, view, commands);
    unsaid_ui(ui, document, results, view, commands);
    text_ui(ui, view, commands, fresh);
}

fn head_ui(ui: &mut Ui, view: &mut View, commands: &mut Commands) {
    Frame::new()
        .inner_margin(Margin {
            left: 16,
            right: 12,
            top: 0,
            bottom: 0,
        })
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_height(40.0);
                ui.spacing_mut().item_spacing.x = 6.0;
                let scopes = [
                    (Scope::Selection, "Selection"),
                    (Scope::Namespace, "Namespace"),
                    (Scope::Everything, "All"),
                ];
                for (scope, text) in scopes {
                    if widgets::chip(ui, text, view.policies.scope == scope, false).clicked() {
                        view.policies.scope = scope;
                        view.policies.wanted = None;
                    }
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if widgets::icon_button(ui, icons::COPY, "Copy shown policies").clicked() {
                        commands.push(Command::CopyPolicies);
                    }
                });
            });
        });
}

/// How many policies get a chip; the outline has them all.
const CHIPS: usize = 6;

fn chips_ui(ui: &mut Ui, view: &mut View, commands: &mut Commands) {
    let policies = &view.policies.shown.policies;
    if policies.len() < 2 || policies.len() > CHIPS {
        let text = match policies.as_slice() {
            [only] => format!("{} in {}", only.name, only.namespace),
            all => format!(
                "{} policies, {} lines",
                all.len(),
                view.policies.shown.lines.len()
            ),
        };
        let margin = Margin {
            left: 16,
            right: 16,
            top: 8,
            bottom: 6,
        };
        Frame::new()
            .inner_margin(margin)
            .show(ui, |ui| widgets::small(ui, text));
        return;
    }
    let mut chosen = None;
    Frame::new()
        .inner_margin(Margin::symmetric(16, 8))
        .show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
                for policy in policies {
                    let on = view.policies.chosen.as_ref() == Some(&policy.key);
                    if widgets::chip(ui, &policy.name, on, false).clicked() {
                        chosen = Some((policy.key.clone(), policy.flows.clone(), on));
                    }
                }
            });
        });
    if let Some((key, flows, on)) = chosen {
        view.policies.line = None;
        view.policies.wanted = (!on).then(|| key.clone());
        view.policies.chosen = (!on).then_some(key);
        commands.push(Command::Highlight(if on { Vec::new() } else { flows }));
    }
}

/// What is drawn and not written, with the reason.
fn unsaid_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &View,
    commands: &mut Commands,
) {
    let about = &view.policies.shown.about;
    let unsaid: Vec<_> = results
        .generated
        .unsaid
        .iter()
        .filter(|u| about.is_empty() || about.contains(&u.flow))
        .collect();
    let ink = color(theme::palette(ui.ctx()).ink2);
    Frame::new()
        .inner_margin(Margin::symmetric(16, 0))
        .show(ui, |ui| {
            for unsaid in unsaid.iter().take(2) {
                let text = format!(
                    "Left out of {}: {}; {}",
                    document.flow_name(unsaid.flow),
                    unsaid.what,
                    unsaid.why
                );
                widgets::message(ui, icons::NOTE, &problems::sentence(&text), ink);
            }
            if unsaid.len() > 2
                && widgets::link(ui, &format!("{} more left out", unsaid.len() - 2)).clicked()
            {
                commands.push(Command::Problems);
            }
            if !unsaid.is_empty() {
                ui.add_space(6.0);
            }
        });
}

fn text_ui(ui: &mut Ui, view: &mut View, commands: &mut Commands, fresh: bool) {
    let palette = theme::palette(ui.ctx());
    let ground = ui.available_rect_before_wrap();
    ui.painter().rect_filled(ground, 0.0, color(palette.code));
    let lit: Vec<FlowId> = view.lit_flows();
    let policies = &mut view.policies;
    let wanted = policies
        .wanted
        .take()
        .and_then(|key| policies.shown.position(&key));
    let first_lit = || {
        policies
            .shown
            .lines
            .iter()
            .position(|line| line.is_of(&lit))
    };
    // Another choice of policies begins with the first line that matters.
    let target = wanted.or_else(|| fresh.then(|| first_lit().unwrap_or(0)));
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut area = ScrollArea::both().auto_shrink(false).id_salt("policy text");
    if let Some(line) = target {
        let above = ((ground.height() / LINE) * 0.25).floor();
        let offset = if wanted.is_some() { 0.0 } else { above };
        area = area.vertical_scroll_offset(((line as f32) - offset).max(0.0) * LINE);
    }
    let gutter = digits(policies.shown.lines.len()) as f32 * 7.0 + 24.0;
    let total = policies.shown.lines.len();
    let pressed = area
        .show_rows(ui, LINE, total, |ui, rows| {
            rows_ui(ui, policies, &lit, gutter, rows)
        })
        .inner;
    if let Some(at) = pressed {
        choose_line(policies, at, commands);
    }
}

/// Shows rows; gives the one that was clicked.
fn rows_ui(
    ui: &mut Ui,
    policies: &PoliciesView,
    lit: &[FlowId],
    gutter: f32,
    rows: Range<usize>,
) -> Option<usize> {
    let palette = theme::palette(ui.ctx());
    let font = theme::mono(tokens::TEXT_SMALL);
    let mut pressed = None;
    for at in rows {
        let Some(line) = policies.shown.lines.get(at) else {
            break;
        };
        let job = yaml_ink::job(&line.text, &font, palette);
        let galley = ui.painter().layout_job(job);
        let width = (gutter + galley.size().x + 16.0).max(ui.available_width());
        let (rect, response) = ui.allocate_exact_size(vec2(width, LINE), Sense::click());
        let whole = Rect::from_x_y_ranges(ui.clip_rect().x_range(), rect.y_range());
        let chosen = policies.line == Some(at);
        let in_chosen =
            policies.chosen.is_some() && policies.line.is_none() && line.is_in(&policies.chosen);
        if chosen || line.is_of(lit) || (in_chosen && lit.is_empty()) {
            ui.painter()
                .rect_filled(whole, 0.0, color(palette.accent_soft));
        } else if response.hovered() {
            let ground = tokens::mix(palette.code, palette.ink, 0.04);
            ui.painter().rect_filled(whole, 0.0, color(ground));
        }
        let number = pos2(rect.left() + gutter - 10.0, rect.center().y);
        let small = theme::mono(tokens::TEXT_TINY);
        let text = (at + 1).to_string();
        ui.painter().text(
            number,
            egui::Align2::RIGHT_CENTER,
            text,
            small,
            color(palette.ink3),
        );
        let place = pos2(
            rect.left() + gutter,
            rect.center().y - galley.size().y / 2.0,
        );
        ui.painter().galley(place, galley, color(palette.ink));
        widgets::named(&response, WidgetType::Label, &line.text);
        if response.clicked() {
            pressed = Some(at);
        }
    }
    pressed
}

fn choose_line(policies: &mut PoliciesView, at: usize, commands: &mut Commands) {
    if policies.line == Some(at) {
        policies.line = None;
        policies.chosen = None;
        commands.push(Command::Highlight(Vec::new()));
        return;
    }
    policies.line = Some(at);
    let Some(line) = policies.shown.lines.get(at) else {
        return;
    };
    policies.chosen = line.key.as_deref().map(str::to_owned);
    let mut flows = line.flows.clone();
    if flows.is_empty() {
        let policy = policies
            .shown
            .policies
            .iter()
            .find(|policy| Some(&policy.key) == policies.chosen.as_ref());
        flows = policy.map_or_else(Vec::new, |policy| policy.flows.clone());
    }
    commands.push(Command::Highlight(flows));
}

fn digits(number: usize) -> usize {
    number.max(1).ilog10() as usize + 1
}
