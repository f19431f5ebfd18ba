//! Buttons: one primary, plain ones, icons, links, tabs and choices among a few.

use egui::{
    Align2, Button, Color32, Label, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, WidgetText, WidgetType, pos2, vec2,
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
        ui.add(button.min_size(vec2(0.0, tokens::BUTTON)))
    })
    .inner
}

/// Any other button.
pub fn secondary(ui: &mut Ui, text: &str) -> Response {
    ui.add(Button::new(text).min_size(vec2(0.0, tokens::BUTTON)))
}

/// A button that takes something away.
pub fn danger(ui: &mut Ui, text: &str) -> Response {
    let foreground = color(theme::palette(ui.ctx()).blocked);
    let button = Button::new(RichText::new(text).color(foreground));
    ui.add(button.min_size(vec2(0.0, tokens::BUTTON)))
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

/// A menu's word in the top bar.
pub fn menu_button<R>(
    ui: &mut Ui,
    text: impl Into<WidgetText>,
    content: impl FnOnce(&mut Ui) -> R,
) -> Option<R> {
    let button = Button::new(text.into())
        .frame_when_inactive(false)
        .stroke(Stroke::NONE);
    let config = egui::containers::menu::MenuConfig::new();
    egui::containers::menu::MenuButton::from_button(button)
        .config(config)
        .ui(ui, content)
        .1
        .map(|shown| shown.inner)
}

/// A check box; returns the new state when it changes.
pub fn check(ui: &mut Ui, ticked: bool, text: &str) -> Option<bool> {
    let mut state = ticked;
    let response = ui.add_sized(vec2(ui.available_width(), tokens::ROW), |ui: &mut Ui| {
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.checkbox(&mut state, text)
        })
        .inner
    });
    response.changed().then_some(state)
}

/// A choice among a few, side by side; returns the newly chosen one.
pub fn segments<T: Copy + PartialEq>(
    ui: &mut Ui,
    name: &str,
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
    for (index, (width, (value, text))) in shares(ui, rect.width(), all)
        .into_iter()
        .zip(all)
        .enumerate()
    {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        left += width;
        let id = ui.id().with((name, index));
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

/// The width of each choice: its text, with equal padding.
fn shares<T>(ui: &Ui, width: f32, all: &[(T, &str)]) -> Vec<f32> {
    let font = theme::sans(tokens::TEXT_SMALL);
    let measure = |text: &str| {
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE);
        galley.size().x
    };
    let texts: Vec<f32> = all.iter().map(|(_, text)| measure(text)).collect();
    let room = (width - texts.iter().sum::<f32>()) / all.len().max(1) as f32;
    texts.into_iter().map(|text| text + room).collect()
}

/// Tabs with a line under the open one; returns the newly opened one. Numbers above 0 are shown after
/// the names, in these colours.
pub fn tab_bar<T: Copy + PartialEq>(
    ui: &mut Ui,
    open: T,
    all: &[(T, &str, usize)],
    badge: (Color32, Color32),
) -> Option<T> {
    let palette = theme::palette(ui.ctx());
    let mut answer = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 20.0;
        for (value, text, count) in all {
            let on = *value == open;
            let font = if on {
                theme::semibold(tokens::TEXT_NORMAL)
            } else {
                theme::sans(tokens::TEXT_NORMAL)
            };
            let foreground = color(if on {
                palette.text
            } else {
                palette.text_secondary
            });
            let galley = ui
                .painter()
                .layout_no_wrap((*text).to_owned(), font, foreground);
            let number = (*count > 0).then(|| {
                let font = theme::semibold(tokens::TEXT_TINY);
                ui.painter()
                    .layout_no_wrap(count.to_string(), font, badge.0)
            });
            let pill = number.as_ref().map_or(0.0, |n| n.size().x.max(6.0) + 10.0);
            let gap = if pill > 0.0 { 6.0 } else { 0.0 };
            let width = galley.size().x + gap + pill;
            let (rect, response) = ui.allocate_exact_size(vec2(width, 36.0), Sense::click());
            let at = Align2::LEFT_CENTER
                .align_size_within_rect(galley.size(), rect)
                .min;
            ui.painter().galley(at, galley, foreground);
            if let Some(number) = number {
                let left = pos2(rect.right() - pill, rect.center().y - 8.0);
                let pill = Rect::from_min_size(left, vec2(pill, 16.0));
                ui.painter().rect_filled(pill, 8.0, badge.1);
                let at = Align2::CENTER_CENTER
                    .align_size_within_rect(number.size(), pill)
                    .min;
                ui.painter().galley(at, number, badge.0);
            }
            if on {
                let stroke = Stroke::new(2.0, color(palette.accent));
                ui.painter()
                    .hline(rect.x_range(), rect.bottom() - 1.0, stroke);
            }
            focus_ring(ui, &response, rect);
            let name = match count {
                0 => (*text).to_owned(),
                count => format!("{text}, {count}"),
            };
            response.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, on, &name));
            if response.clicked() && !on {
                answer = Some(*value);
            }
        }
    });
    answer
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
