//! Rows of lists, section heads and chips.

use egui::{
    Align2, Color32, Rect, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, WidgetType, pos2,
    vec2,
};

use super::button::focus_ring;
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::scene::tokens;

/// A row of a list: icon, name, and something at the end; the whole width can be clicked.
pub struct Row<'a> {
    icon: &'a str,
    icon_color: Option<Color32>,
    text: &'a str,
    end: &'a str,
    mark: Option<(&'a str, Color32)>,
    end_is_icon: bool,
    indent: f32,
    selected: bool,
    height: f32,
    bold: bool,
    enabled: bool,
    button: bool,
    icon_space: bool,
}

impl<'a> Row<'a> {
    /// A row with a text.
    pub fn new(icon: &'a str, text: &'a str) -> Self {
        Self {
            icon,
            icon_color: None,
            text,
            end: "",
            mark: None,
            end_is_icon: false,
            indent: 0.0,
            selected: false,
            height: tokens::ROW,
            bold: false,
            enabled: true,
            button: false,
            icon_space: false,
        }
    }

    /// The icon's colour.
    pub fn icon_color(mut self, foreground: Color32) -> Self {
        self.icon_color = Some(foreground);
        self
    }

    /// What is at the end.
    pub fn end(mut self, end: &'a str) -> Self {
        self.end = end;
        self
    }

    /// An icon behind that.
    pub fn mark(mut self, icon: &'a str, foreground: Color32) -> Self {
        self.mark = Some((icon, foreground));
        self
    }

    /// An icon at the end.
    pub fn end_icon(mut self, icon: &'a str) -> Self {
        self.end = icon;
        self.end_is_icon = true;
        self
    }

    /// How far it is moved in.
    pub fn indent(mut self, indent: f32) -> Self {
        self.indent = indent;
        self
    }

    /// Whether it is selected.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Another height than that of list rows.
    pub fn height(mut self, height: f32) -> Self {
        self.height = height;
        self
    }

    /// In the semibold face.
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// Reserves space for an icon even without one.
    pub fn icon_space(mut self) -> Self {
        self.icon_space = true;
        self
    }

    /// A row of a menu: reserves space for an icon, and may be disabled.
    pub fn menu(mut self, enabled: bool) -> Self {
        self.button = true;
        self.icon_space = true;
        self.enabled = enabled;
        self.height = tokens::BUTTON;
        self
    }

    /// Shows it.
    pub fn show(self, ui: &mut Ui) -> Response {
        let palette = theme::palette(ui.ctx());
        let size = vec2(ui.available_width(), self.height);
        let sense = if self.enabled {
            Sense::click()
        } else {
            Sense::hover()
        };
        let (rect, response) = ui.allocate_exact_size(size, sense);
        if ui.is_rect_visible(rect) {
            self.paint(ui, rect, &response, palette);
        }
        let (text, selected) = (self.text.to_owned(), self.selected);
        let (button, enabled) = (self.button, self.enabled);
        response.widget_info(|| match button {
            true => WidgetInfo::labeled(WidgetType::Button, enabled, &text),
            false => WidgetInfo::selected(WidgetType::SelectableLabel, true, selected, &text),
        });
        response
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: &Response, palette: &tokens::Palette) {
        row_background(ui, rect, response, (self.selected, self.enabled));
        let painter = ui.painter();
        let mut x = rect.left() + 8.0 + self.indent;
        let middle = rect.center().y;
        if !self.icon.is_empty() || self.icon_space {
            let foreground = self
                .icon_color
                .unwrap_or_else(|| color(palette.text_secondary));
            let at = pos2(x + 7.0, middle);
            painter.text(
                at,
                Align2::CENTER_CENTER,
                self.icon,
                theme::icon(15.0),
                foreground,
            );
            x += 22.0;
        }
        let mut right = rect.right() - 8.0;
        if let Some((icon, foreground)) = self.mark {
            let at = pos2(right - 6.0, middle);
            let font = theme::icon(13.0);
            painter.text(at, Align2::CENTER_CENTER, icon, font, foreground);
            right -= 18.0;
        }
        if !self.end.is_empty() {
            let font = match self.end_is_icon {
                true => theme::icon(tokens::TEXT_SMALL),
                false => theme::sans(tokens::TEXT_SMALL),
            };
            let at = pos2(right, middle);
            let end = painter.text(
                at,
                Align2::RIGHT_CENTER,
                self.end,
                font,
                color(palette.text_faint),
            );
            right = end.left() - 8.0;
        }
        let font = if self.bold || self.selected {
            theme::semibold(tokens::TEXT_NORMAL)
        } else {
            theme::sans(tokens::TEXT_NORMAL)
        };
        let foreground = match self.enabled {
            true => color(palette.text),
            false => color(tokens::mix(palette.raised, palette.text_faint, 0.7)),
        };
        let mut job =
            egui::text::LayoutJob::simple_singleline(self.text.to_owned(), font, foreground);
        job.wrap = egui::text::TextWrapping::truncate_at_width((right - x).max(0.0));
        let galley = painter.layout_job(job);
        let cut = galley.elided;
        painter.galley(pos2(x, middle - galley.size().y / 2.0), galley, foreground);
        if cut {
            response.clone().on_hover_text(self.text);
        }
    }
}

/// The head of a section that folds; `answer`: what it says while it is folded.
pub fn fold(ui: &mut Ui, name: &str, answer: &str, open: bool) -> Response {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), tokens::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let icon = match open {
        true => icons::CARET_DOWN,
        false => icons::CARET_RIGHT,
    };
    let middle = rect.center().y;
    let painter = ui.painter();
    let place = pos2(rect.left(), middle);
    let faint = color(palette.text_faint);
    painter.text(
        place,
        Align2::LEFT_CENTER,
        icon,
        theme::icon(tokens::TEXT_NORMAL),
        faint,
    );
    let font = theme::semibold(tokens::TEXT_NORMAL);
    let place = pos2(rect.left() + 18.0, middle);
    let name_rect = painter.text(place, Align2::LEFT_CENTER, name, font, color(palette.text));
    if !open && !answer.is_empty() {
        let left = name_rect.right() + 8.0;
        let ink = color(palette.text_secondary);
        let font = theme::sans(tokens::TEXT_SMALL);
        let mut job = egui::text::LayoutJob::simple_singleline(answer.to_owned(), font, ink);
        job.wrap = egui::text::TextWrapping::truncate_at_width((rect.right() - left).max(0.0));
        let galley = painter.layout_job(job);
        painter.galley(pos2(left, middle - galley.size().y / 2.0), galley, ink);
    }
    focus_ring(ui, &response, rect);
    let label = match answer.is_empty() {
        true => name.to_owned(),
        false => format!("{name}: {answer}"),
    };
    response.widget_info(|| WidgetInfo::selected(WidgetType::CollapsingHeader, true, open, &label));
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// The head of a list: its name in small capitals and how many there are.
pub fn section(ui: &mut Ui, name: &str, count: usize) {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), tokens::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let mut format = egui::TextFormat::simple(
        theme::semibold(tokens::TEXT_TINY),
        color(palette.text_secondary),
    );
    format.extra_letter_spacing = 0.6;
    let mut job = egui::text::LayoutJob::default();
    job.append(&name.to_uppercase(), 0.0, format);
    let galley = ui.painter().layout_job(job);
    let middle = rect.center().y;
    let at = pos2(rect.left() + 8.0, middle - galley.size().y / 2.0);
    ui.painter()
        .galley(at, galley, color(palette.text_secondary));
    let end = pos2(rect.right() - 8.0, middle);
    let font = theme::sans(tokens::TEXT_SMALL);
    ui.painter().text(
        end,
        Align2::RIGHT_CENTER,
        count.to_string(),
        font,
        color(palette.text_faint),
    );
    let label = format!("{name}, {count}");
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &label));
}

/// A rounded word that can be chosen.
pub fn chip(ui: &mut Ui, text: &str, chosen: bool, mono: bool) -> Response {
    let palette = theme::palette(ui.ctx());
    let size = tokens::TEXT_SMALL;
    let font = if mono {
        theme::mono(size)
    } else {
        theme::sans(size)
    };
    let foreground = color(if chosen { palette.accent } else { palette.text });
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, foreground);
    job.wrap = egui::text::TextWrapping::truncate_at_width((ui.available_width() - 20.0).max(40.0));
    let galley = ui.painter().layout_job(job);
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + 20.0, 22.0), Sense::click());
    let (fill, line) = match (chosen, response.hovered()) {
        (true, _) => (palette.accent_soft, palette.accent),
        (false, true) => (
            tokens::mix(palette.panel, palette.text, 0.05),
            palette.outline,
        ),
        (false, false) => (palette.raised, palette.outline),
    };
    let stroke = Stroke::new(1.0, color(line));
    ui.painter()
        .rect(rect, 11.0, color(fill), stroke, StrokeKind::Inside);
    focus_ring(ui, &response, rect);
    let at = Align2::CENTER_CENTER
        .align_size_within_rect(galley.size(), rect)
        .min;
    ui.painter().galley(at, galley, foreground);
    let label = text.to_owned();
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, chosen, &label));
    response
}

/// The background of a row of a list: selected, or below the pointer; and its focus ring.
pub fn row_background(ui: &Ui, rect: Rect, response: &Response, (selected, enabled): (bool, bool)) {
    let palette = theme::palette(ui.ctx());
    let fill = match (selected, enabled && response.hovered()) {
        (true, _) => Some(palette.accent_soft),
        (false, true) => Some(tokens::mix(palette.panel, palette.text, 0.05)),
        (false, false) => None,
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, 6.0, color(fill));
    }
    focus_ring(ui, response, rect);
}
