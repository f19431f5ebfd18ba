//! The look of a collapsed namespace: one card that sums up what is in it.

use egui::{Color32, Rect, Stroke, pos2, vec2};

use super::card::badge;
use super::look::{colors_of, icon_of};
use super::pen::Pen;
use crate::app::{icons, theme};
use crate::picture::look::{base_state, short_base};
use crate::picture::{Facts, Shields};
use crate::scene::{NamespaceBox, tokens};

/// Below this zoom only the name and what is wrong are drawn.
const READ_WORDS: f32 = 0.55;
/// The smallest text that is drawn.
const SMALLEST: f32 = 9.0;

/// Draws the card.
pub fn collapsed_card(pen: &mut Pen, space: &NamespaceBox, shields: Option<Shields>, facts: Facts) {
    let palette = pen.palette;
    let outer = pen.scaled(space.rect);
    let (zoom, radius) = (pen.zoom, tokens::NODE_RADIUS);
    let border = Stroke::new(1.0, theme::color(palette.outline));
    let raised = theme::color(palette.raised);
    // The sheet below: there is more inside.
    let sheet = outer
        .shrink2(vec2(4.0 * zoom, 0.0))
        .translate(vec2(0.0, 4.0 * zoom));
    pen.rect(sheet, radius, raised, border);
    pen.rect(outer, radius, raised, border);
    let stripe = Rect::from_min_size(outer.min, vec2(tokens::STRIPE * zoom, outer.height()));
    let hue = theme::color(palette.icon(space.hue));
    pen.rect(stripe, tokens::STRIPE / 2.0, hue, Stroke::NONE);

    let (left, right) = (outer.left() + 14.0 * zoom, outer.right() - 12.0 * zoom);
    let text = theme::color(palette.text);
    if zoom < READ_WORDS {
        let room = Rect::from_min_max(
            pos2(outer.left() + 8.0, outer.top()),
            pos2(right, outer.center().y),
        );
        let font = theme::semibold(pen.size(tokens::TEXT_NORMAL).max(SMALLEST));
        pen.truncated(room, &space.name, font, text);
        return mark(
            pen,
            facts,
            pos2(right, outer.bottom() - outer.height() * 0.25),
        );
    }
    let secondary = theme::color(palette.text_secondary);
    let y = outer.top() + 20.0 * zoom;
    pen.icon(
        pos2(left + 4.0 * zoom, y),
        icons::CARET_RIGHT,
        11.0,
        secondary,
    );
    let count = space.count.to_string();
    let sans = theme::sans(pen.size(tokens::TEXT_SMALL));
    let wide = pen.layout(&count, sans.clone(), secondary).size().x;
    pen.text(right - wide, y, &count, sans.clone(), secondary);
    let room = Rect::from_min_max(
        pos2(left + 14.0 * zoom, y - 10.0 * zoom),
        pos2(right - wide - 6.0 * zoom, y + 10.0 * zoom),
    );
    let font = theme::semibold(pen.size(tokens::TEXT_NORMAL));
    let name = pen.layout(&space.name, font.clone(), text).size().x;
    let mut room = room;
    if facts.hubs > 0 {
        let eye = 18.0 * zoom;
        let x = (room.left() + name + eye / 2.0 + 2.0 * zoom).min(room.right() - eye / 2.0);
        pen.icon(pos2(x, y), icons::EYE_SLASH, 12.0, secondary);
        room.max.x -= eye;
    }
    pen.truncated(room, &space.name, font, text);

    bar(
        pen,
        facts,
        Rect::from_min_max(
            pos2(left, outer.top() + 36.0 * zoom),
            pos2(right, outer.top() + 40.0 * zoom),
        ),
    );
    let y = outer.top() + 50.0 * zoom;
    let (isolated, open) = facts.isolation();
    let tiny = theme::sans(pen.size(tokens::TEXT_TINY));
    let width = pen.text(left, y, &isolated, tiny.clone(), secondary);
    if let Some(open) = open {
        pen.text(
            left + width + 4.0 * zoom,
            y,
            &open,
            tiny,
            theme::color(palette.wide),
        );
    }
    let y = outer.top() + 71.0 * zoom;
    let (words, state) = (short_base(space), base_state(space, shields));
    let end = badge(pen, pos2(left, y), words, Some((state, space.managed)));
    if space.dns && space.managed {
        badge(pen, pos2(end + 4.0 * zoom, y), "DNS", None);
    }
    mark(pen, facts, pos2(right, y));
}

/// Isolated workloads solid, others hollow; no second part where nothing is open.
fn bar(pen: &mut Pen, facts: Facts, rect: Rect) {
    let palette = pen.palette;
    let all = (facts.isolated + facts.open).max(1) as f32;
    let gap = if facts.isolated > 0 && facts.open > 0 {
        2.0 * pen.zoom
    } else {
        0.0
    };
    let split = rect.left() + (rect.width() - gap) * facts.isolated as f32 / all;
    if facts.isolated > 0 {
        let solid = Rect::from_min_max(rect.min, pos2(split, rect.bottom()));
        pen.rect(solid, 2.0, theme::color(palette.flow), Stroke::NONE);
    }
    if facts.open > 0 {
        let least = (split + gap).min(rect.right() - 6.0 * pen.zoom);
        let hollow = Rect::from_min_max(pos2(least, rect.top()), rect.max);
        let border = Stroke::new(1.0, theme::color(palette.wide));
        pen.rect(hollow, 2.0, Color32::TRANSPARENT, border);
    }
}

/// What is wrong, as shape and number that end at `right`; a check where all is exact.
fn mark(pen: &mut Pen, facts: Facts, right: egui::Pos2) {
    let palette = pen.palette;
    let size = 13.0 * (pen.zoom.max(0.6) / pen.zoom);
    let half = 6.0 * pen.zoom.max(0.6);
    let Some(icon) = icon_of(facts.worst) else {
        if facts.judged {
            let exact = theme::color(palette.exact);
            pen.icon(right - vec2(half, 0.0), icons::CHECK, size, exact);
        }
        return;
    };
    let (_, foreground, _) = colors_of(facts.worst, palette);
    let font = theme::semibold(pen.size(tokens::TEXT_SMALL).max(SMALLEST));
    let number = facts.wrong.to_string();
    let width = pen.layout(&number, font.clone(), foreground).size().x;
    pen.text(right.x - width, right.y, &number, font, foreground);
    pen.icon(
        right - vec2(width + half + 3.0, 0.0),
        icon,
        size,
        foreground,
    );
}
