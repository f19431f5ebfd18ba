//! The text of the policies, each under a head with its origin and its actions. Only visible lines are
//! laid out.

use egui::text::LayoutJob;
use egui::{Align, Align2, Layout, Rect, ScrollArea, Sense, Ui, UiBuilder, WidgetType, pos2, vec2};

use super::PoliciesView;
use super::shown::{HEAD, Line, SENTENCE, ShownPolicy, Source};
use crate::app::command::{Command, Commands};
use crate::app::theme::{self, color};
use crate::app::yaml_highlight::{self, LINE};
use crate::app::{icons, widgets};
use crate::model::{FlowId, Item};
use crate::scene::tokens;

/// Shows the text, with the lines of the highlighted flows marked.
pub(super) fn text_ui(
    ui: &mut Ui,
    lit: &[FlowId],
    policies: &mut PoliciesView,
    commands: &mut Commands,
) {
    let palette = theme::palette(ui.ctx());
    let background = ui.available_rect_before_wrap();
    ui.painter()
        .rect_filled(background, 0.0, color(palette.code));
    let fresh = std::mem::take(&mut policies.fresh);
    let wanted = policies.wanted.as_ref();
    let wanted = wanted.and_then(|key| policies.shown.position(key));
    if wanted.is_some() {
        policies.wanted = None;
    }
    let lines = &policies.shown.lines;
    let by_hand = |p: &ShownPolicy| matches!(p.source, Source::ByHand(_));
    let first_lit = || match policies.shown.policies.first() {
        Some(policy) if by_hand(policy) => None,
        _ => lines.iter().position(|line| line.is_of(lit)),
    };
    // A new set of policies starts at the first relevant line.
    let target = wanted.or_else(|| fresh.then(|| first_lit().unwrap_or(0)));
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut area = ScrollArea::both().auto_shrink(false).id_salt("policy text");
    if let Some(line) = target.and_then(|at| lines.get(at)) {
        // A line that is visible from the top needs no scrolling.
        let offset = match wanted {
            Some(_) => line.top,
            None if line.top < background.height() - 5.0 * LINE => 0.0,
            None => line.top - background.height() * 0.25,
        };
        area = area.vertical_scroll_offset(offset.max(0.0));
    }
    let most = lines.iter().map(|line| line.number).max().unwrap_or(1);
    let rows = Rows {
        policies,
        lit,
        gutter: (most.max(1).ilog10() + 1) as f32 * 7.0 + 24.0,
    };
    let pressed = area
        .show_viewport(ui, |ui, seen| rows.show(ui, seen, commands))
        .inner;
    if let Some(at) = pressed {
        choose_line(policies, at, commands);
    }
}

struct Rows<'a> {
    policies: &'a PoliciesView,
    lit: &'a [FlowId],
    gutter: f32,
}

impl Rows<'_> {
    /// Shows the visible lines; returns the clicked one.
    fn show(&self, ui: &mut Ui, seen: Rect, commands: &mut Commands) -> Option<usize> {
        let shown = &self.policies.shown;
        ui.set_min_height(shown.height);
        let corner = ui.min_rect().min;
        let after = shown.lines.partition_point(|line| line.top <= seen.min.y);
        let first = after.saturating_sub(1);
        let mut pressed = None;
        for (at, line) in shown.lines.iter().enumerate().skip(first) {
            if line.top > seen.max.y {
                break;
            }
            let place = corner + vec2(0.0, line.top);
            let clicked = match shown.policy_of(line) {
                Some(policy) if line.text.is_none() => {
                    sentence_ui(ui, place + vec2(0.0, HEAD), policy);
                    at > first && self.head(ui, place, policy, commands)
                }
                _ => self.line(ui, place, at, line),
            };
            if clicked {
                pressed = Some(at);
            }
        }
        // The head of the topmost policy stays visible until the next one reaches the top.
        let line = shown.lines.get(first)?;
        let heads = |line: &&Line| line.text.is_none();
        let mut below = shown.lines.iter().skip(first + 1);
        let next = below.find(heads).map_or(f32::INFINITY, |next| next.top);
        let top = ui.clip_rect().top() - corner.y;
        let place = corner + vec2(0.0, top.min(next - HEAD).max(0.0));
        if self.head(ui, place, shown.policy_of(line)?, commands) {
            let of = |other: &Line| other.policy == line.policy;
            pressed = shown.lines.iter().position(of);
        }
        pressed
    }

    fn line(&self, ui: &mut Ui, place: egui::Pos2, at: usize, line: &Line) -> bool {
        let palette = theme::palette(ui.ctx());
        let text = line.text.as_deref().unwrap_or_default();
        let job = yaml_highlight::job(text, &theme::mono(tokens::TEXT_SMALL), palette);
        let galley = ui.painter().layout_job(job);
        let width = (self.gutter + galley.size().x + 16.0).max(ui.clip_rect().width());
        let rect = Rect::from_min_size(place, vec2(width, LINE));
        let response = ui.allocate_rect(rect, Sense::click());
        let whole = Rect::from_x_y_ranges(ui.clip_rect().x_range(), rect.y_range());
        let policies = self.policies;
        let in_chosen = policies.line.is_none() && self.is_chosen(line) && self.lit.is_empty();
        if policies.line == Some(at) || line.is_of(self.lit) || in_chosen {
            let background = color(palette.accent_soft);
            ui.painter().rect_filled(whole, 0.0, background);
        } else if response.hovered() {
            let background = tokens::mix(palette.code, palette.text, 0.04);
            ui.painter().rect_filled(whole, 0.0, color(background));
        }
        let number = pos2(rect.left() + self.gutter - 10.0, rect.center().y);
        ui.painter().text(
            number,
            Align2::RIGHT_CENTER,
            line.number.to_string(),
            theme::mono(tokens::TEXT_TINY),
            color(palette.text_faint),
        );
        let down = rect.center().y - galley.size().y / 2.0;
        let place = pos2(rect.left() + self.gutter, down);
        ui.painter().galley(place, galley, color(palette.text));
        widgets::named(&response, WidgetType::Label, text);
        response.clicked()
    }

    fn is_chosen(&self, line: &Line) -> bool {
        let key = self
            .policies
            .shown
            .policy_of(line)
            .map(|policy| &policy.key);
        key.is_some() && key == self.policies.chosen.as_ref()
    }

    /// The head of a policy; it does not scroll sideways with the text.
    fn head(
        &self,
        ui: &mut Ui,
        place: egui::Pos2,
        policy: &ShownPolicy,
        commands: &mut Commands,
    ) -> bool {
        let palette = theme::palette(ui.ctx());
        let across = ui.clip_rect().x_range();
        let rect = Rect::from_x_y_ranges(across, place.y..=place.y + HEAD);
        ui.painter().rect_filled(rect, 0.0, color(palette.panel));
        let line = egui::Stroke::new(1.0, color(palette.hairline));
        ui.painter().hline(across, rect.top() + 0.5, line);
        ui.painter().hline(across, rect.bottom() - 0.5, line);
        let chosen = ui.interact(rect, ui.id().with(("head", &policy.key)), Sense::click());
        widgets::named(
            &chosen,
            WidgetType::Button,
            &format!("Policy {}", policy.key),
        );
        let inside = rect.shrink2(vec2(16.0, 0.0));
        let builder = UiBuilder::new()
            .max_rect(inside)
            .id_salt(("acts", &policy.key));
        ui.scope_builder(builder, |ui| {
            ui.set_clip_rect(rect.intersect(ui.clip_rect()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 10.0;
                actions_ui(ui, policy, commands);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = 8.0;
                    mark_ui(ui, policy.source);
                    let font = theme::semibold(tokens::TEXT_SMALL);
                    let name = egui::RichText::new(&policy.name).font(font);
                    let name = egui::Label::new(name).truncate().selectable(false);
                    ui.add(name).on_hover_text(&policy.key);
                    let font = theme::sans(tokens::TEXT_TINY);
                    let within = egui::RichText::new(&policy.namespace).font(font);
                    let within = within.color(color(palette.text_faint));
                    ui.add(egui::Label::new(within).truncate().selectable(false));
                });
            });
        });
        chosen.clicked()
    }
}

/// What a policy allows and denies, in at most two lines; all of it in the tooltip.
fn sentence_ui(ui: &mut Ui, place: egui::Pos2, policy: &ShownPolicy) {
    if policy.sentence.is_empty() {
        return;
    }
    let palette = theme::palette(ui.ctx());
    let across = ui.clip_rect().x_range();
    let rect = Rect::from_x_y_ranges(across, place.y..=place.y + SENTENCE);
    ui.painter().rect_filled(rect, 0.0, color(palette.panel));
    let inside = rect.shrink2(vec2(16.0, 0.0));
    let font = theme::sans(tokens::TEXT_SMALL);
    let foreground = color(palette.text_secondary);
    let mut job = LayoutJob::simple(policy.sentence.clone(), font, foreground, inside.width());
    job.wrap.max_rows = 2;
    let galley = ui.painter().layout_job(job);
    let corner = pos2(inside.left(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(corner, galley, foreground);
    let id = ui.id().with(("sentence", &policy.key));
    let response = ui.interact(rect, id, Sense::hover());
    widgets::named(&response, WidgetType::Label, &policy.sentence);
    let note =
        "What this policy does by itself. Other policies that select the same pods add to it.";
    response.on_hover_text(format!("{}\n\n{note}", policy.sentence));
}

/// A badge with the origin of a policy; generated policies have none.
pub(super) fn mark_ui(ui: &mut Ui, source: Source) {
    let palette = theme::palette(ui.ctx());
    let (icon, word, foreground) = match source {
        Source::Generated => return,
        Source::Imported(_) => (icons::FILE, "imported", palette.text_secondary),
        Source::ByHand(_) => (icons::PENCIL_SIMPLE, "by hand", palette.accent),
    };
    let icon = egui::RichText::new(icon).font(theme::icon(13.0));
    ui.label(icon.color(color(foreground)));
    let word = egui::RichText::new(word).font(theme::sans(tokens::TEXT_SMALL));
    ui.label(word.color(color(foreground)));
}

fn actions_ui(ui: &mut Ui, policy: &ShownPolicy, commands: &mut Commands) {
    match policy.source {
        Source::Generated => {
            if widgets::link(ui, "Edit by hand").clicked() {
                commands.push(Command::EditPolicyByHand(policy.key.clone()));
            }
        }
        Source::Imported(id) => {
            if widgets::link(ui, "Edit").clicked() {
                commands.push(Command::Reveal(Item::Policy(id)));
            }
            if widgets::link(ui, "Adopt").clicked() {
                commands.push(Command::AdoptThese(vec![id]));
            }
        }
        Source::ByHand(id) => {
            if widgets::link(ui, "Edit").clicked() {
                commands.push(Command::Reveal(Item::Policy(id)));
            }
            if widgets::link(ui, "Restore generated").clicked() {
                commands.push(Command::RestoreThese(vec![id]));
            }
        }
    }
}

fn choose_line(policies: &mut PoliciesView, at: usize, commands: &mut Commands) {
    let Some(line) = policies.shown.lines.get(at) else {
        return;
    };
    let policy = policies.shown.policy_of(line);
    let key = policy.map(|policy| policy.key.clone());
    let again = match line.text {
        Some(_) => policies.line == Some(at),
        None => policies.line.is_none() && policies.chosen == key,
    };
    if again {
        policies.line = None;
        policies.chosen = None;
        commands.push(Command::Highlight(Vec::new()));
        return;
    }
    let mut flows = line.flows.clone();
    if flows.is_empty() {
        flows = policy.map_or_else(Vec::new, |policy| policy.flows.clone());
    }
    policies.line = line.text.is_some().then_some(at);
    policies.chosen = key;
    commands.push(Command::Highlight(flows));
}
