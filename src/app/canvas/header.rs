//! What floats at the top of the canvas: where one is, hidden hubs, the filter, the search, and the focus.

use egui::{
    Area, CursorIcon, Frame, Id, Label, Margin, Order, Pos2, Response, RichText, Sense, Stroke, Ui,
    WidgetInfo, WidgetType, vec2,
};

use super::CanvasView;
use super::access::hubs_words;
use super::filter_bar::{chips_ui, only_ui, short};
use crate::app::command::{Command, Commands};
use crate::app::focus::{Direction, Focus};
use crate::app::traffic::ShownTraffic;
use crate::app::traffic::strip::{chip_ui, strip_ui};
use crate::app::view::View;
use crate::app::{icons, theme, widgets};
use crate::model::{Document, Item};
use crate::query::Results;
use crate::scene::tokens;

/// The right end of the switch between canvas and matrix, from the corner of the canvas.
const BESIDE_SWITCH: f32 = 172.0;
/// Width of the search, with the space beside it.
const SEARCH: f32 = 352.0;
/// Below this width of the canvas, the first row has no names of hubs.
const NAMES: f32 = 960.0;
/// From these widths on, it has the path of places; beside hubs, too.
const PATH: f32 = 560.0;
const PATH_AND_HUBS: f32 = 720.0;
/// How many hubs are named.
const NAMED: usize = 3;
/// Between two rows.
const ROW: f32 = 36.0;

impl CanvasView {
    /// Shows them; the height that they take, but for the search, which comes and goes.
    pub(super) fn header(
        &self,
        ui: &Ui,
        (document, results): (&Document, &Results),
        view: &mut View,
        commands: &mut Commands,
    ) -> f32 {
        let room = self.camera.viewport;
        let left = room.left_top() + vec2(16.0, 0.0);
        bar(
            ui,
            "places",
            room.left_top() + vec2(BESIDE_SWITCH, 12.0),
            |ui| {
                places_ui(ui, view, commands);
                let hubs = !self.hubs().all().is_empty();
                if room.width() >= if hubs { PATH_AND_HUBS } else { PATH } {
                    path_ui(ui, document, view, commands);
                }
            },
        );
        let chip = view.traffic.recording().is_some().then(|| {
            let at = room.right_top() + vec2(-16.0, 12.0);
            let area = area("observed")
                .fixed_pos(at)
                .pivot(egui::Align2::RIGHT_TOP);
            let on = view.traffic.is_on();
            let shown = area.show(ui.ctx(), |ui| chip_ui(ui, on));
            if shown.inner.clicked() {
                commands.push(Command::ToggleTraffic);
            }
            shown.response.rect.width() + 8.0
        });
        if !self.hubs().all().is_empty() {
            self.hubs_bar(ui, document, chip.unwrap_or_default(), commands);
        }
        let mut below = 48.0;
        if view.traffic.is_on() {
            let strip = row(ui, "traffic", left + vec2(0.0, below), |ui| {
                strip_ui(ui, room.width() - 32.0, &mut view.traffic, commands);
                ui.min_rect()
            });
            below += strip.height() + 8.0;
        }
        let mut right = left.x;
        if !document.workloads.is_empty() {
            let chips = row(ui, "filter", left + vec2(0.0, below), |ui| {
                ui.set_max_width(room.width() - 32.0);
                let content = |ui: &mut Ui| {
                    let verdicts = &results.proof.verdicts;
                    let recorded = view.traffic.shown().map(ShownTraffic::counts);
                    let known = (verdicts, recorded);
                    chips_ui(ui, document, known, &mut view.filter.filter);
                    only_ui(ui, document, &mut view.filter);
                    ui.min_rect()
                };
                ui.horizontal_wrapped(content).inner
            });
            right = chips.right();
            below += chips.height() + 8.0;
        }
        let mut above = below + 4.0;
        if let Some(mut search) = view.search.take() {
            let beside = right + SEARCH + 16.0 < room.right() && !view.traffic.is_on();
            let at = match beside {
                true => room.right_top() + vec2(-SEARCH, 48.0),
                false => left + vec2(0.0, below),
            };
            below += if beside { 0.0 } else { ROW };
            let open = bar(ui, "search", at, |ui| search.show(ui, document, commands));
            view.search = open.then_some(search);
        }
        if let Some(focus) = &view.focus {
            bar(ui, "focus", left + vec2(0.0, below), |ui| {
                self.focus_ui(ui, document, focus, commands);
            });
            above = below + ROW + 4.0;
        }
        above
    }

    /// Which hubs are hidden, and the way back; `beside`: the width of what is to the right of it.
    fn hubs_bar(&self, ui: &Ui, document: &Document, beside: f32, commands: &mut Commands) {
        let hubs = self.hubs();
        let room = self.camera.viewport;
        let (words, icon, verb) = match hubs.shown {
            true => (shown_words(hubs.all().len()), icons::EYE, "Hide"),
            false => (hubs_words(hubs.all().len()), icons::EYE_SLASH, "Show"),
        };
        let mut names: Vec<&str> = hubs
            .all()
            .iter()
            .map(|hub| document.node_name(*hub))
            .collect();
        names.sort_unstable();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        let mut names = names.join(", ");
        if more > 0 {
            names += &format!(" +{more}");
        }
        let at = room.right_top() + vec2(-16.0 - beside, 12.0);
        let area = area("hubs").fixed_pos(at).pivot(egui::Align2::RIGHT_TOP);
        area.show(ui.ctx(), |ui| {
            let content = |ui: &mut Ui| {
                let palette = theme::palette(ui.ctx());
                let secondary = theme::color(palette.text_secondary);
                let small = theme::sans(tokens::TEXT_SMALL);
                ui.spacing_mut().item_spacing.x = 6.0;
                ui.set_min_height(tokens::BUTTON);
                ui.label(RichText::new(icon).font(theme::icon(14.0)).color(secondary));
                ui.label(RichText::new(words).font(small.clone()));
                if room.width() >= NAMES {
                    ui.label(RichText::new(names).font(small).color(secondary));
                }
                if widgets::link(ui, verb).clicked() {
                    commands.push(Command::ToggleHubs);
                }
            };
            frame(ui)
                .corner_radius(14)
                .inner_margin(Margin::symmetric(10, 0))
                .show(ui, |ui| {
                    ui.horizontal(content);
                });
        });
    }

    fn focus_ui(&self, ui: &mut Ui, document: &Document, focus: &Focus, commands: &mut Commands) {
        let text = |text: String| RichText::new(text).font(theme::sans(tokens::TEXT_NORMAL));
        ui.spacing_mut().item_spacing.x = 6.0;
        let accent = theme::color(theme::palette(ui.ctx()).accent);
        ui.label(
            RichText::new(icons::FOCUS)
                .font(theme::icon(tokens::ICON))
                .color(accent),
        );
        ui.label(text("Focus on".into()));
        let name = focus.name(document);
        ui.label(RichText::new(name).font(theme::semibold(tokens::TEXT_NORMAL)));
        ui.separator();
        let mut button = |ui: &mut Ui, icon, name, enabled, command| {
            let pressed = ui
                .add_enabled_ui(enabled, |ui| widgets::icon_button(ui, icon, name))
                .inner;
            if pressed.clicked() {
                commands.push(command);
            }
        };
        button(
            ui,
            icons::MINUS,
            "One hop less (-)",
            focus.hops > 0,
            Command::FocusLess,
        );
        let plural = if focus.hops == 1 { "" } else { "s" };
        ui.label(text(format!("{} hop{plural}", focus.hops)));
        button(
            ui,
            icons::PLUS,
            "One hop more (+)",
            true,
            Command::FocusMore,
        );
        ui.separator();
        let directions = [
            (Direction::Both, "Both", Command::FocusBoth),
            (Direction::In, "In", Command::FocusIn),
            (Direction::Out, "Out", Command::FocusOut),
        ];
        for (direction, name, command) in directions {
            if ui
                .selectable_label(direction == focus.direction, text(name.into()))
                .clicked()
            {
                commands.push(command);
            }
        }
        ui.separator();
        let (lit, all) = self.lit_nodes();
        let secondary = theme::color(theme::palette(ui.ctx()).text_secondary);
        // Where all namespaces are collapsed there are no nodes to count.
        if all > 0 {
            ui.label(text(format!("{lit} of {all}")).color(secondary));
        }
        if widgets::icon_button(ui, icons::X, "Leave focus (Esc)").clicked() {
            commands.push(Command::LeaveFocus);
        }
    }
}

fn places_ui(ui: &mut Ui, view: &View, commands: &mut Commands) {
    ui.spacing_mut().item_spacing.x = 2.0;
    let buttons = [
        (icons::ARROW_LEFT, "Back (Alt Left)", -1, Command::Back),
        (
            icons::ARROW_RIGHT,
            "Forward (Alt Right)",
            1,
            Command::Forward,
        ),
    ];
    for (icon, name, step, command) in buttons {
        let possible = view
            .places
            .can_step(step, &view.selection, view.focus.as_ref());
        let button = ui
            .add_enabled_ui(possible, |ui| widgets::icon_button(ui, icon, name))
            .inner;
        if button.clicked() {
            commands.push(command);
        }
    }
}

/// Where one is: everything, the namespace and the object that is in focus or selected. A click on a part
/// goes there.
fn path_ui(ui: &mut Ui, document: &Document, view: &View, commands: &mut Commands) {
    let roots = view.focus.as_ref().map(|focus| &focus.roots);
    let focused = roots
        .filter(|roots| roots.len() == 1)
        .and_then(|roots| roots.first()?.item());
    let item = focused
        .or_else(|| view.only_selected())
        .filter(|item| item.node().is_some());
    let home = match item {
        Some(Item::Workload(id)) => document
            .workloads
            .get(id)
            .map(|w| Item::Namespace(w.namespace)),
        _ => None,
    };
    let places: Vec<Item> = home.into_iter().chain(item).collect();
    let quiet = theme::color(theme::palette(ui.ctx()).text_secondary);
    ui.add_space(4.0);
    let all = part(ui, "All namespaces", !places.is_empty());
    if all.clicked() {
        commands.extend([
            Command::LeaveFocus,
            Command::Select(Vec::new()),
            Command::Fit,
        ]);
    }
    for (at, place) in places.iter().enumerate() {
        ui.label(
            RichText::new(icons::CARET_RIGHT)
                .font(theme::icon(11.0))
                .color(quiet),
        );
        let name = document.item_name(*place);
        if part(ui, &name, at + 1 < places.len()).clicked() {
            commands.extend([Command::LeaveFocus, Command::Reveal(*place)]);
        }
    }
    ui.add_space(6.0);
}

/// A part of the path; the last one is where one is.
fn part(ui: &mut Ui, name: &str, leads: bool) -> Response {
    let palette = theme::palette(ui.ctx());
    let (font, color) = match leads {
        true => (theme::sans(tokens::TEXT_NORMAL), palette.text_secondary),
        false => (theme::semibold(tokens::TEXT_NORMAL), palette.text),
    };
    let sense = if leads {
        Sense::click()
    } else {
        Sense::hover()
    };
    let text = RichText::new(short(name))
        .font(font)
        .color(theme::color(color));
    let response = ui.add(Label::new(text).selectable(false).sense(sense));
    if !leads {
        return response;
    }
    let label = format!("Go to {name}");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Link, true, &label));
    response.on_hover_cursor(CursorIcon::PointingHand)
}

fn shown_words(count: usize) -> String {
    match count {
        1 => "1 hub shown".to_owned(),
        count => format!("{count} hubs shown"),
    }
}

/// A row of controls that floats on the canvas, on one background.
fn bar<R>(ui: &Ui, name: &str, at: Pos2, content: impl FnOnce(&mut Ui) -> R) -> R {
    let frame = frame(ui)
        .corner_radius(8)
        .inner_margin(Margin::symmetric(6, 0));
    row(ui, name, at, |ui| {
        frame.show(ui, |ui| ui.horizontal(content).inner).inner
    })
}

/// Something that floats at a place of the canvas.
fn row<R>(ui: &Ui, name: &str, at: Pos2, content: impl FnOnce(&mut Ui) -> R) -> R {
    let area = area(name).fixed_pos(at);
    let area = area.constrain_to(ui.ctx().content_rect());
    area.show(ui.ctx(), content).inner
}

fn area(name: &str) -> Area {
    let area = Area::new(Id::new(("canvas header", name)));
    area.order(Order::Middle).fade_in(false)
}

fn frame(ui: &Ui) -> Frame {
    let palette = theme::palette(ui.ctx());
    Frame::new()
        .fill(theme::color(palette.raised))
        .stroke(Stroke::new(1.0, theme::color(palette.hairline)))
}
