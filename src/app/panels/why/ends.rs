//! The fields of the source, the destination and the port, with completion in the syntax of the project file.

use egui::text::CCursorRange;
use egui::{
    Align, Area, EventFilter, Frame, Id, Key, Layout, Margin, Modifiers, Order, Stroke, TextEdit,
    Ui, vec2,
};

use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::app::{fuzzy, icons};
use crate::model::{Document, End, Words};
use crate::query::why::Question;
use crate::scene::tokens;

/// Maximum number of completions.
const OFFERED: usize = 8;
/// Width of the labels before the fields.
const LABEL: f32 = 44.0;
/// Width of the port's field.
const PORT: f32 = 84.0;

/// State of the fields.
#[derive(Default)]
pub(super) struct Fields {
    /// The field that gets the keyboard focus in the next frame.
    pub(super) wanted: Option<usize>,
    /// The field whose completions are open, and the chosen completion.
    open: Option<(usize, usize)>,
}

impl Fields {
    pub(super) fn close(&mut self) {
        self.open = None;
    }
}

/// Shows the fields; true when the question is to be answered.
pub(super) fn ends_ui(
    ui: &mut Ui,
    document: &Document,
    typed: &mut Question,
    fields: &mut Fields,
) -> bool {
    let mut asked = false;
    let margin = Margin::symmetric(16, 12);
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        ui.horizontal(|ui| {
            label(ui, "From");
            let width = ui.available_width() - tokens::BUTTON - 6.0;
            if end_ui(ui, document, 0, &mut typed.from, width, fields) {
                asked = true;
                if typed.to.is_empty() && !typed.from.is_empty() {
                    ui.memory_mut(|memory| memory.request_focus(end_id(1)));
                }
            }
            if widgets::icon_button(ui, icons::SWAP, "Swap source and destination").clicked() {
                std::mem::swap(&mut typed.from, &mut typed.to);
                asked = true;
            }
        });
        ui.horizontal(|ui| {
            label(ui, "To");
            let width = ui.available_width() - PORT - 6.0;
            asked |= end_ui(ui, document, 1, &mut typed.to, width, fields);
            asked |= port_ui(ui, &mut typed.port);
        });
    });
    asked
}

fn label(ui: &mut Ui, text: &str) {
    let size = vec2(LABEL, tokens::FIELD);
    let layout = Layout::left_to_right(Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        widgets::secondary_text(ui, text);
    });
}

fn edit<'t>(text: &'t mut String, id: Id, hint: &str, width: f32) -> TextEdit<'t> {
    let font = theme::mono(tokens::TEXT_SMALL);
    TextEdit::singleline(text)
        .id(id)
        .font(font.clone())
        .hint_text(egui::RichText::new(hint).font(font))
        .margin(Margin::symmetric(8, 4))
        .min_size(vec2(0.0, tokens::FIELD))
        .vertical_align(Align::Center)
        .desired_width(width)
}

fn port_ui(ui: &mut Ui, port: &mut String) -> bool {
    let id = Id::new("why port");
    let response = ui.add(edit(port, id, "TCP/443", PORT));
    name(&response, "Port", port);
    response.lost_focus() && !ui.input(|i| i.key_pressed(Key::Escape))
}

fn end_id(at: usize) -> Id {
    Id::new(("why end", at))
}

fn end_ui(
    ui: &mut Ui,
    document: &Document,
    at: usize,
    text: &mut String,
    width: f32,
    fields: &mut Fields,
) -> bool {
    let id = end_id(at);
    let chosen = match fields.open {
        Some((field, chosen)) if field == at => Some(chosen),
        _ => None,
    };
    let offers = match chosen {
        Some(_) => offers(document, text),
        None => Vec::new(),
    };
    let focused = ui.memory(|memory| memory.has_focus(id));
    let (mut down, mut up, mut closed) = (0, 0, false);
    let is_listed = focused && !offers.is_empty();
    if is_listed {
        ui.input_mut(|input| {
            down = input.count_and_consume_key(Modifiers::NONE, Key::ArrowDown);
            up = input.count_and_consume_key(Modifiers::NONE, Key::ArrowUp);
            closed = input.consume_key(Modifiers::NONE, Key::Escape);
        });
    }
    let response = ui.add(edit(text, id, ["shop/web", "data/postgres"][at], width));
    name(&response, ["From", "To"][at], text);
    if closed {
        fields.close();
    } else if is_listed {
        // Escape closes the list first: what is typed next still belongs to the field.
        let filter = EventFilter {
            escape: true,
            horizontal_arrows: true,
            vertical_arrows: true,
            tab: false,
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    }
    if fields.wanted == Some(at) {
        fields.wanted = None;
        response.request_focus();
        widgets::select_all(ui, id, text.chars().count());
    }
    if response.gained_focus() || response.changed() {
        fields.open = Some((at, 0));
    }
    let count = offers.len().max(1);
    let chosen = (chosen.unwrap_or_default() + down + count - up % count) % count;
    if down + up > 0 {
        fields.open = Some((at, chosen));
    }
    let mut taken = None;
    let is_open = fields.open.is_some_and(|(field, _)| field == at);
    // A click on a completion takes the keyboard focus away first; whatever else does ends the choice.
    let is_left = response.lost_focus() && !ui.input(|i| i.pointer.any_pressed());
    if is_open && is_left {
        let goes_on = ui.input(|i| i.key_pressed(Key::Enter) || i.key_pressed(Key::Tab));
        let exact = offers.iter().any(|offer| offer == text);
        // Incomplete text takes the chosen completion; text without completions, such as an address, stays.
        if goes_on && !exact && !text.trim().is_empty() {
            taken = offers.get(chosen).cloned();
        }
        fields.close();
    } else if is_open && !offers.is_empty() {
        taken = offers_ui(ui, &response, &offers, chosen);
    }
    match taken {
        Some(word) => {
            *text = word;
            fields.close();
            forget_cursor(ui, id, text);
            true
        }
        None => response.lost_focus() && !ui.input(|i| i.key_pressed(Key::Escape)),
    }
}

/// Moves the cursor behind the completed text.
fn forget_cursor(ui: &Ui, id: Id, text: &str) {
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), id) {
        let end = egui::text::CCursor::new(text.chars().count());
        state.cursor.set_char_range(Some(CCursorRange::one(end)));
        state.store(ui.ctx(), id);
    }
}

fn name(response: &egui::Response, name: &str, text: &str) {
    let (name, text) = (name.to_owned(), text.to_owned());
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::text_edit(true, &text, &text, "");
        info.label = Some(name.clone());
        info
    });
}

/// The completions of the typed text, best first; none for an address.
fn offers(document: &Document, typed: &str) -> Vec<String> {
    let words = Words::new(document);
    let workloads = document.workloads.ids().map(End::Workload);
    let externals = document.externals.ids().map(End::External);
    let groups = document.groups.ids().map(End::Group);
    let cluster_nodes = document.nodes.ids().map(End::Node);
    let namespaces = document.namespaces.ids().map(End::AnyPodOf);
    let outer = externals.chain(groups).chain(cluster_nodes);
    let all = workloads.chain(outer).chain(namespaces);
    let all = all.map(|end| words.of(&end)).chain(["*".to_owned()]);
    let mut found: Vec<(i32, String)> = all
        .filter_map(|word| Some((fuzzy::score(typed, &word)?, word)))
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.truncate(OFFERED);
    found.into_iter().map(|(_, word)| word).collect()
}

/// The completions below a field; returns the clicked one.
fn offers_ui(ui: &Ui, field: &egui::Response, offers: &[String], chosen: usize) -> Option<String> {
    let palette = theme::palette(ui.ctx());
    let frame = Frame::new()
        .fill(color(palette.raised))
        .stroke(Stroke::new(1.0, color(palette.outline)))
        .corner_radius(8)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::same(4));
    let mut taken = None;
    Area::new(field.id.with("offers"))
        .order(Order::Foreground)
        .fixed_pos(field.rect.left_bottom() + vec2(0.0, 4.0))
        .show(ui.ctx(), |ui| {
            frame.show(ui, |ui| {
                ui.set_width(field.rect.width().max(200.0) - 8.0);
                ui.spacing_mut().item_spacing.y = 0.0;
                for (at, offer) in offers.iter().enumerate() {
                    let row = Row::new("", offer).selected(at == chosen);
                    if row.show(ui).clicked() {
                        taken = Some(offer.clone());
                    }
                }
            });
        });
    taken
}
