//! Buttons: one primary, plain ones, icons, links, tabs and choices among a few.

use std::sync::Arc;

use egui::{
    Align2, Button, Color32, Galley, Label, Rect, Response, RichText, Sense, Stroke, StrokeKind,
    Ui, WidgetInfo, WidgetText, WidgetType, pos2, vec2,
};

use crate::app::theme::{self, color};
use crate::scene::tokens;

/// The one primary button.
pub fn primary(ui: &mut Ui, text: &str) -> Response {
    let palette = theme::palette(ui.ctx());
    let label = RichText::new(text)
        .font(theme::semibold(tokens::TEXT_NORMAL))
        .color(color(palette.on_accent));
    ui.scope(|ui| {
        ui.spacing_mut().button_padding.x = 18.0;
        let button = Button::new(label)
            .fill(color(palette.accent))
            .stroke(Stroke::NONE);
        let response = ui.add(button.min_size(vec2(0.0, tokens::BUTTON)));
        // Inside of its accent fill the ring would not be seen.
        focus_ring(ui, &response, response.rect.expand(3.0));
        response
    })
    .inner
}

/// Any other button.
pub fn secondary(ui: &mut Ui, text: &str) -> Response {
    let response = ui.add(Button::new(text).min_size(vec2(0.0, tokens::BUTTON)));
    focus_ring(ui, &response, response.rect);
    response
}

/// A button that takes something away.
pub fn danger(ui: &mut Ui, text: &str) -> Response {
    let foreground = color(theme::palette(ui.ctx()).blocked);
    let button = Button::new(RichText::new(text).color(foreground));
    let response = ui.add(button.min_size(vec2(0.0, tokens::BUTTON)));
    focus_ring(ui, &response, response.rect);
    response
}

/// A word that does something.
pub fn link(ui: &mut Ui, text: &str) -> Response {
    let foreground = color(theme::palette(ui.ctx()).accent);
    let shown = RichText::new(text)
        .font(theme::sans(tokens::TEXT_SMALL))
        .color(foreground);
    let response = ui.add(Label::new(shown).sense(Sense::click()));
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Link, true, text));
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// A square with an icon, named for screen readers and in its tooltip.
pub fn icon_button(ui: &mut Ui, icon: &str, name: &str) -> Response {
    let palette = theme::palette(ui.ctx());
    let side = vec2(tokens::BUTTON, tokens::BUTTON);
    let (rect, response) = ui.allocate_exact_size(side, Sense::click());
    let foreground = match (ui.is_enabled(), response.hovered() || response.has_focus()) {
        (false, _) => color(tokens::mix(palette.panel, palette.text_faint, 0.5)),
        (true, true) => color(palette.text),
        (true, false) => color(palette.text_secondary),
    };
    if ui.is_enabled() && response.hovered() {
        let background = tokens::mix(palette.panel, palette.text, 0.06);
        ui.painter().rect_filled(rect, 6.0, color(background));
    }
    focus_ring(ui, &response, rect);
    let font = theme::icon(tokens::ICON);
    ui.painter()
        .text(rect.center(), Align2::CENTER_CENTER, icon, font, foreground);
    let (name, enabled) = (name.to_owned(), ui.is_enabled());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, enabled, &name));
    response.on_hover_text(name)
}

/// A menu's word in the top bar; returns the response of the word.
pub fn menu_button<R>(
    ui: &mut Ui,
    text: impl Into<WidgetText>,
    content: impl FnOnce(&mut Ui) -> R,
) -> Response {
    let button = Button::new(text.into())
        .frame_when_inactive(false)
        .stroke(Stroke::NONE);
    let config = egui::containers::menu::MenuConfig::new();
    let (response, _) = egui::containers::menu::MenuButton::from_button(button)
        .config(config)
        .ui(ui, content);
    focus_ring(ui, &response, response.rect);
    response
}

/// A check box; returns the new state when it changes.
pub fn check(ui: &mut Ui, ticked: bool, text: &str) -> Option<bool> {
    let mut state = ticked;
    let response = ui.vertical(|ui| {
        ui.spacing_mut().interact_size.y = tokens::ROW;
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Wrap);
        ui.checkbox(&mut state, text)
    });
    response.inner.changed().then_some(state)
}

/// The least width of a choice beyond its text.
const SEGMENT_PADDING: f32 = 10.0;

/// A choice among a few, side by side, in two rows where one is too narrow; returns the newly chosen one.
pub fn segments<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
    chosen: T,
    all: &[(T, &str)],
) -> Option<T> {
    let fits = shares(ui, ui.available_width(), all).1 >= SEGMENT_PADDING;
    let most = if fits {
        all.len()
    } else {
        all.len().div_ceil(2)
    };
    let rows = all.chunks(most.max(1)).enumerate();
    let answers: Vec<T> = rows
        .filter_map(|(at, row)| segments_row(ui, (name, at * most), chosen, row))
        .collect();
    answers.first().copied()
}

/// A row of [`segments`]; `first`: the place of its first choice among all.
fn segments_row<T: Copy + PartialEq>(
    ui: &mut Ui,
    (name, first): (&str, usize),
    chosen: T,
    all: &[(T, &str)],
) -> Option<T> {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), tokens::BUTTON);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let background = color(theme::field_fill(palette));
    ui.painter().rect(
        rect,
        6.0,
        background,
        Stroke::new(1.0, color(palette.outline)),
        StrokeKind::Inside,
    );
    let mut answer = None;
    let mut left = rect.left();
    let (widths, _) = shares(ui, rect.width(), all);
    for (index, (width, (value, text))) in widths.into_iter().zip(all).enumerate() {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        left += width;
        let id = ui.id().with((name, first + index));
        let response = ui.interact(cell, id, Sense::click());
        let on = *value == chosen;
        if on {
            let stroke = Stroke::new(1.0, color(palette.accent));
            let fill = color(palette.accent_soft);
            ui.painter()
                .rect(cell, 6.0, fill, stroke, StrokeKind::Inside);
        }
        focus_ring(ui, &response, cell);
        let foreground = color(if on {
            palette.accent
        } else if response.hovered() {
            palette.text
        } else {
            palette.text_secondary
        });
        let font = theme::sans(tokens::TEXT_SMALL);
        ui.painter()
            .text(cell.center(), Align2::CENTER_CENTER, text, font, foreground);
        let label = format!("{name}: {text}");
        response.widget_info(|| WidgetInfo::selected(WidgetType::RadioButton, true, on, &label));
        if response.clicked() && !on {
            answer = Some(*value);
        }
    }
    answer
}

/// The width of each choice, its text with equal padding; and that padding.
fn shares<T>(ui: &Ui, width: f32, all: &[(T, &str)]) -> (Vec<f32>, f32) {
    let font = theme::sans(tokens::TEXT_SMALL);
    let measure = |text: &str| {
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE);
        galley.size().x
    };
    let texts: Vec<f32> = all.iter().map(|(_, text)| measure(text)).collect();
    let room = (width - texts.iter().sum::<f32>()) / all.len().max(1) as f32;
    (texts.into_iter().map(|text| text + room).collect(), room)
}

/// A tab: what it opens, its icon, its name, and the number after the name, if it is above 0.
pub type TabLabel<'a, T> = (T, &'a str, &'a str, usize);

/// Tabs with a line under the open one; returns the newly opened one. Their numbers have these colours. In a
/// `room` too narrow for all names the others are icons.
pub fn tab_bar<T: Copy + PartialEq>(
    ui: &mut Ui,
    room: f32,
    open: T,
    all: &[TabLabel<'_, T>],
    badge: (Color32, Color32),
) -> Option<T> {
    let named: Vec<_> = all
        .iter()
        .map(|tab| TabShape::new(ui, tab, tab.0 == open, true, badge.0))
        .collect();
    let gaps = all.len().saturating_sub(1).max(1) as f32;
    let gap_of = |shapes: &[TabShape]| {
        let taken: f32 = shapes.iter().map(TabShape::width).sum();
        ((room - taken) / gaps).min(20.0)
    };
    let mut shapes = named;
    if gap_of(&shapes) < 8.0 {
        let short = all.iter().map(|tab| {
            let on = tab.0 == open;
            TabShape::new(ui, tab, on, on, badge.0)
        });
        shapes = short.collect();
    }
    let gap = gap_of(&shapes).max(4.0);
    let mut answer = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for (shape, (value, _, text, count)) in shapes.into_iter().zip(all) {
            let on = *value == open;
            let response = shape.show(ui, on, badge.1);
            let name = match count {
                0 => (*text).to_owned(),
                count => format!("{text}, {count}"),
            };
            response.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, on, &name));
            if response.clicked() && !on {
                answer = Some(*value);
            }
            response.on_hover_text(name);
        }
    });
    answer
}

/// A tab, laid out: its name or icon, and its number.
struct TabShape {
    words: Arc<Galley>,
    number: Option<Arc<Galley>>,
}

impl TabShape {
    fn new<T>(ui: &Ui, tab: &TabLabel<'_, T>, on: bool, named: bool, badge: Color32) -> Self {
        let (_, icon, text, count) = tab;
        let palette = theme::palette(ui.ctx());
        let (words, font) = match (named, on) {
            (true, true) => (text, theme::semibold(tokens::TEXT_NORMAL)),
            (true, false) => (text, theme::sans(tokens::TEXT_NORMAL)),
            (false, _) => (icon, theme::icon(tokens::ICON)),
        };
        let foreground = color(match on {
            true => palette.text,
            false => palette.text_secondary,
        });
        let layout = |text: &str, font, color| {
            let painter = ui.painter();
            painter.layout_no_wrap(text.to_owned(), font, color)
        };
        let small = theme::semibold(tokens::TEXT_TINY);
        Self {
            words: layout(words, font, foreground),
            number: (*count > 0).then(|| layout(&count.to_string(), small, badge)),
        }
    }

    fn width(&self) -> f32 {
        let number = self.number.as_ref();
        self.words.size().x + number.map_or(0.0, |number| 6.0 + pill_width(number))
    }

    fn show(self, ui: &mut Ui, on: bool, fill: Color32) -> Response {
        let (rect, response) = ui.allocate_exact_size(vec2(self.width(), 36.0), Sense::click());
        let at = Align2::LEFT_CENTER.align_size_within_rect(self.words.size(), rect);
        ui.painter().galley(at.min, self.words, Color32::WHITE);
        if let Some(number) = self.number {
            let width = pill_width(&number);
            let left = pos2(rect.right() - width, rect.center().y - 8.0);
            let pill = Rect::from_min_size(left, vec2(width, 16.0));
            ui.painter().rect_filled(pill, 8.0, fill);
            let at = Align2::CENTER_CENTER.align_size_within_rect(number.size(), pill);
            ui.painter().galley(at.min, number, Color32::WHITE);
        }
        if on {
            let accent = color(theme::palette(ui.ctx()).accent);
            let y = rect.bottom() - 1.0;
            ui.painter()
                .hline(rect.x_range(), y, Stroke::new(2.0, accent));
        }
        focus_ring(ui, &response, rect);
        response
    }
}

fn pill_width(number: &Galley) -> f32 {
    number.size().x.max(6.0) + 10.0
}

/// The focus ring of a control.
pub fn focus_ring(ui: &Ui, response: &Response, rect: Rect) {
    if response.has_focus() {
        let stroke = Stroke::new(1.5, color(theme::palette(ui.ctx()).accent));
        ui.painter()
            .rect_stroke(rect, 6.0, stroke, StrokeKind::Inside);
    }
}

/// The sign of a list that drops down.
pub fn caret(ui: &Ui, rect: Rect, visuals: &egui::style::WidgetVisuals, _open: bool) {
    let font = theme::icon(13.0);
    let icon = crate::app::icons::CARET_DOWN;
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        icon,
        font,
        visuals.text_color(),
    );
}
