//! The ports of a flow: what the destination and its Services declare, one click each, and
//! anything typed. A new flow is added when ports are chosen, and not before.

use std::collections::BTreeSet;

use egui::{Key, Pos2, RichText, Sense, Stroke, StrokeKind, TextEdit, Ui, vec2};

use super::floating::{Outcome, faint, floating, heading};
use super::targets::sources;
use super::{CanvasView, Popup, create, draft};
use crate::app::command::Commands;
use crate::app::theme;
use crate::app::widgets;
use crate::model::edit::Thing;
use crate::model::{Document, Edit, End, Flow, FlowId, FlowPort, validate};
use crate::scene::tokens;

/// Choosing the ports of a flow.
pub struct PortPicker {
    about: About,
    /// Where it opens, in the scene.
    at: Pos2,
    text: String,
    chosen: BTreeSet<FlowPort>,
    refusal: Option<String>,
    opened: bool,
}

/// Which flow.
enum About {
    /// One to be added, after what has to be added before it.
    New {
        from: End,
        /// Further sources, each with a flow of its own.
        also: Vec<End>,
        to: End,
        before: Vec<Edit>,
        to_name: String,
    },
    /// One that is there.
    Known(FlowId),
}

impl PortPicker {
    /// The arrow that is not there yet: its ends, and where it points without a second one.
    pub fn preview(&self) -> Option<(&End, Option<&End>, Pos2)> {
        match &self.about {
            About::New { from, to, .. } => Some((from, Some(to), self.at)),
            About::Known(_) => None,
        }
    }
}

impl CanvasView {
    /// Opens the ports of a flow between two ends, new or existing.
    pub(super) fn ask_ports(
        &mut self,
        document: &Document,
        (from, also): (End, Vec<End>),
        to: End,
        at: Pos2,
    ) {
        let same = |flow: &Flow| flow.from == from && flow.to == to && flow.allows_all();
        let known = document
            .flows
            .iter()
            .find(|(_, flow)| same(flow))
            .map(|(id, _)| id)
            .filter(|_| also.is_empty());
        if let Some(flow) = known {
            return self.edit_ports_at(document, flow, at);
        }
        let chosen = document.only_port(&to).into_iter().collect();
        let to_name = document.end_name(&to);
        self.open_ports(
            About::New {
                from,
                also,
                to,
                before: Vec::new(),
                to_name,
            },
            at,
            String::new(),
            chosen,
        );
    }

    /// The same towards something that is made together with the flow.
    pub(super) fn ask_ports_of_new(
        &mut self,
        (from, also): (End, Vec<End>),
        made: create::Made,
        at: Pos2,
    ) {
        let to = made.end();
        let about = About::New {
            from,
            also,
            to,
            to_name: made.name,
            before: made.edits,
        };
        self.open_ports(about, at, String::new(), BTreeSet::new());
    }

    /// Opens the ports of a flow for editing.
    pub(super) fn edit_ports(&mut self, document: &Document, flow: FlowId) {
        let arrow = self.scene_graph.scene.arrow(flow);
        let chip = arrow
            .and_then(|arrow| arrow.chip.as_ref())
            .map(|chip| chip.rect.centre());
        let place = chip.or(arrow.map(|arrow| arrow.tip)).unwrap_or_default();
        self.edit_ports_at(document, flow, egui::pos2(place.x, place.y));
    }

    fn edit_ports_at(&mut self, document: &Document, id: FlowId, at: Pos2) {
        let Some(flow) = document.flows.get(id) else {
            return;
        };
        let offered: BTreeSet<FlowPort> = document
            .port_choices(&flow.to)
            .into_iter()
            .map(|choice| choice.port)
            .collect();
        let (chosen, typed): (Vec<_>, Vec<_>) = flow
            .ports
            .iter()
            .cloned()
            .partition(|port| offered.contains(port) || *port == FlowPort::Any);
        let text = validate::flow_ports_text(&typed);
        self.open_ports(About::Known(id), at, text, chosen.into_iter().collect());
    }

    fn open_ports(&mut self, about: About, at: Pos2, text: String, chosen: BTreeSet<FlowPort>) {
        self.popup = Some(Popup::Ports(PortPicker {
            about,
            at,
            text,
            chosen,
            refusal: None,
            opened: false,
        }));
    }

    pub(super) fn show_ports(
        &mut self,
        ui: &Ui,
        document: &Document,
        mut picker: PortPicker,
        commands: &mut Commands,
    ) {
        let place = self.popup_place(picker.at);
        let (outcome, outside) = floating(ui, "ports", place, true, |ui| {
            ui.set_width(288.0);
            picker.show(ui, document, commands)
        });
        let escape = ui.input(|input| input.key_pressed(Key::Escape));
        if outcome == Outcome::Open && !outside && !escape {
            self.popup = Some(Popup::Ports(picker));
        } else {
            ui.memory_mut(|memory| memory.request_focus(super::canvas_id()));
        }
    }
}

impl PortPicker {
    fn show(&mut self, ui: &mut Ui, document: &Document, commands: &mut Commands) -> Outcome {
        let (from, to, title) = match &self.about {
            About::New {
                from, to, to_name, ..
            } => (from.clone(), to.clone(), to_name.clone()),
            About::Known(id) => match document.flows.get(*id) {
                Some(flow) => (
                    flow.from.clone(),
                    flow.to.clone(),
                    document.end_name(&flow.to),
                ),
                None => return Outcome::Closed,
            },
        };
        if !draft::legal(&from, &to) {
            return Outcome::Closed;
        }
        let also = match &self.about {
            About::New { also, .. } => also.as_slice(),
            About::Known(_) => &[],
        };
        heading(ui, &sources(&document.end_name(&from), also), &title);
        ui.add_space(4.0);
        let mut outcome = self.chips(ui, document, &to, commands);
        if self.field(ui) {
            outcome = self.accept(document, commands);
        }
        if let Some(refusal) = &self.refusal {
            let foreground = theme::color(theme::palette(ui.ctx()).blocked);
            widgets::message(ui, crate::app::icons::X, refusal, foreground);
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let word = match self.about {
                About::New { .. } => "Draw flow",
                About::Known(_) => "Set ports",
            };
            if widgets::primary(ui, word).clicked() {
                outcome = self.accept(document, commands);
            }
            if widgets::secondary(ui, "Cancel").clicked() {
                outcome = Outcome::Closed;
            }
            faint(ui, "Enter, Esc");
        });
        outcome
    }

    /// What the destination declares, and everything. A click takes that port alone; with Ctrl or
    /// Shift several are gathered.
    fn chips(
        &mut self,
        ui: &mut Ui,
        document: &Document,
        to: &End,
        commands: &mut Commands,
    ) -> Outcome {
        let mut outcome = Outcome::Open;
        let choices = document.port_choices(to);
        let declared = choices
            .into_iter()
            .map(|choice| (choice.port, choice.label));
        let all = [(FlowPort::Any, "all ports".to_owned())];
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
            for (port, label) in declared.take(12).chain(all) {
                let on = self.chosen.contains(&port);
                if !port_chip(ui, &label, on) {
                    continue;
                }
                let gather = ui.input(|input| input.modifiers.command || input.modifiers.shift);
                let typed = !self.text.trim().is_empty();
                if gather || typed || matches!(self.about, About::Known(_)) {
                    if !self.chosen.remove(&port) {
                        self.chosen.insert(port);
                    }
                } else {
                    self.chosen = BTreeSet::from([port]);
                    outcome = self.accept(document, commands);
                }
            }
        });
        outcome
    }

    /// The typed ports; returns whether Enter was pressed.
    fn field(&mut self, ui: &mut Ui) -> bool {
        ui.add_space(6.0);
        let edit = TextEdit::singleline(&mut self.text)
            .id_salt("canvas ports")
            .hint_text("80, 443, UDP/53, 8000-8010, http")
            .font(theme::mono(tokens::TEXT_SMALL))
            .vertical_align(egui::Align::Center)
            .min_size(vec2(0.0, tokens::FIELD))
            .margin(egui::Margin::symmetric(8, 4))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::text_edit(true, &self.text, &self.text, "");
            info.label = Some("Ports".into());
            info
        });
        if !std::mem::replace(&mut self.opened, true) {
            response.request_focus();
            widgets::select_all(ui, response.id, self.text.chars().count());
        }
        if response.changed() {
            self.refusal = validate::flow_ports(&self.text)
                .err()
                .map(|refusal| refusal.to_string());
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if entered {
            response.request_focus();
        }
        entered
    }

    fn accept(&mut self, document: &Document, commands: &mut Commands) -> Outcome {
        let ports = match validate::flow_ports(&self.text) {
            Ok(typed) => validate::united(
                typed
                    .into_iter()
                    .chain(self.chosen.iter().cloned())
                    .collect(),
            ),
            Err(refusal) => {
                self.refusal = Some(refusal.to_string());
                return Outcome::Open;
            }
        };
        if ports.is_empty() {
            self.refusal =
                Some("no port yet; type one such as 80 or UDP/53, or choose all ports".into());
            return Outcome::Open;
        }
        match &self.about {
            About::Known(id) => commands.edit(Edit::SetPorts(vec![*id], ports)),
            About::New {
                from,
                also,
                to,
                before,
                ..
            } => {
                let joins = |from: &&End| *from != to && draft::legal(from, to);
                let further = also.iter().filter(joins);
                let sources: Vec<&End> = [from].into_iter().chain(further).collect();
                let flow = |from: &&End| Flow::new(End::clone(from), to.clone(), ports.clone());
                let flows = sources
                    .iter()
                    .map(|from| Edit::Add(Thing::Flow(flow(from))));
                let mut edits: Vec<Edit> = before.iter().cloned().chain(flows).collect();
                let edit = match edits.len() {
                    1 => edits.remove(0),
                    _ => Edit::Batch(self.step_name(document, &sources), edits),
                };
                create::run_and_select_flows(document, edit, commands);
            }
        }
        Outcome::Closed
    }

    fn step_name(&self, document: &Document, sources: &[&End]) -> String {
        match sources {
            [from] => format!("Add flow {} to {}", document.end_name(from), self.to_name()),
            _ => format!("Add {} flows to {}", sources.len(), self.to_name()),
        }
    }

    fn to_name(&self) -> &str {
        match &self.about {
            About::New { to_name, .. } => to_name,
            About::Known(_) => "",
        }
    }
}

/// A port to choose; returns whether it was clicked.
fn port_chip(ui: &mut Ui, label: &str, on: bool) -> bool {
    let palette = theme::palette(ui.ctx());
    let foreground = theme::color(if on { palette.accent } else { palette.text });
    let text = RichText::new(label).font(theme::mono(tokens::TEXT_SMALL));
    let galley = egui::WidgetText::from(text).into_galley(
        ui,
        Some(egui::TextWrapMode::Truncate),
        264.0,
        theme::mono(tokens::TEXT_SMALL),
    );
    let size = galley.size() + vec2(18.0, 8.0);
    let (rect, response) = ui.allocate_exact_size(vec2(size.x, 24.0), Sense::click());
    let (fill, border) = match (on, response.hovered()) {
        (true, _) => (palette.accent_soft, palette.accent),
        (false, true) => (
            tokens::mix(palette.raised, palette.text, 0.05),
            palette.outline,
        ),
        (false, false) => (palette.raised, palette.outline),
    };
    let painter = ui.painter();
    let border = Stroke::new(1.0, theme::color(border));
    painter.rect(rect, 12.0, theme::color(fill), border, StrokeKind::Inside);
    let place = rect.center() - galley.size() / 2.0;
    painter.galley(place, galley, foreground);
    widgets::focus_ring(ui, &response, rect);
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::Button, true, on, label));
    response.clicked()
}
