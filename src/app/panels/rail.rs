//! A panel that is a rail: its tabs as icons, with their badges.

use egui::{Align2, Color32, Rect, Response, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2};

use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::scene::tokens;

/// An icon of a rail.
pub struct Entry<'a> {
    /// The icon.
    pub icon: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The number on it; 0: none.
    pub count: usize,
    /// Whether its panel is open over the canvas.
    pub open: bool,
}

/// Shows a rail; returns which icon was clicked.
pub fn rail_ui(ui: &mut Ui, entries: &[Entry<'_>], badge: (Color32, Color32)) -> Option<usize> {
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.add_space(8.0);
    let mut chosen = None;
    ui.vertical_centered(|ui| {
        for (at, entry) in entries.iter().enumerate() {
            if icon_ui(ui, entry, badge).clicked() {
                chosen = Some(at);
            }
        }
    });
    chosen
}

fn icon_ui(ui: &mut Ui, entry: &Entry<'_>, badge: (Color32, Color32)) -> Response {
    let palette = theme::palette(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(32.0, 32.0), Sense::click());
    let painter = ui.painter();
    if entry.open {
        painter.rect_filled(rect, 6.0, color(palette.accent_soft));
    } else if response.hovered() {
        let fill = tokens::mix(palette.panel, palette.text, 0.06);
        painter.rect_filled(rect, 6.0, color(fill));
    }
    let foreground = color(match (entry.open, response.hovered()) {
        (true, _) => palette.accent,
        (false, true) => palette.text,
        (false, false) => palette.text_secondary,
    });
    let font = theme::icon(tokens::ICON);
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        entry.icon,
        font,
        foreground,
    );
    if entry.count > 0 {
        let text = match entry.count {
            count @ ..=99 => count.to_string(),
            _ => "99+".to_owned(),
        };
        let font = theme::semibold(tokens::TEXT_TINY);
        let galley = painter.layout_no_wrap(text, font, badge.0);
        let width = galley.size().x.max(6.0) + 8.0;
        let pill = Rect::from_min_size(
            pos2(rect.right() + 2.0 - width, rect.top() - 2.0),
            vec2(width, 15.0),
        );
        painter.rect_filled(pill, 7.5, badge.1);
        let at = Align2::CENTER_CENTER
            .align_size_within_rect(galley.size(), pill)
            .min;
        painter.galley(at, galley, badge.0);
    }
    widgets::focus_ring(ui, &response, rect);
    let name = match entry.count {
        0 => entry.name.to_owned(),
        count => format!("{}, {count}", entry.name),
    };
    response.widget_info(|| WidgetInfo::selected(WidgetType::Button, true, entry.open, &name));
    response.on_hover_text(name)
}
