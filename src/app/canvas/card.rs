//! The look of nodes and containers.

use egui::{Color32, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

use super::paint::{dotted_outline, outline, shield};
use super::pen::Pen;
use crate::app::{icons, theme};
use crate::picture::Shields;
use crate::picture::look::{Shield, base_state, base_words};
use crate::scene::tokens;
use crate::scene::{self, Icon, NamespaceBox, NodeBox, Port};

/// Below this zoom cards are small: a name at a size that can be read, and no icon.
const SMALL: f32 = 0.5;
/// Below this zoom a node's second line is not drawn.
const READ_LABEL: f32 = 0.6;
/// The smallest text that is drawn.
const SMALLEST: f32 = 8.5;

/// The glyph of a node's icon.
pub fn glyph(icon: Icon) -> &'static str {
    match icon {
        Icon::Deployment => icons::WORKLOAD,
        Icon::StatefulSet => icons::STATEFUL,
        Icon::DaemonSet => icons::EVERYWHERE,
        Icon::Job | Icon::CronJob => icons::SCHEDULED,
        Icon::Pod => icons::WORKLOAD,
        Icon::Internet => icons::INTERNET,
        Icon::External => icons::EXTERNAL,
        Icon::Group => icons::GROUP,
        Icon::Node => icons::NODE,
        Icon::AnyPod => icons::ANY,
    }
}

/// Draws a node.
pub fn card(pen: &mut Pen, node: &NodeBox, shields: Option<Shields>) {
    let palette = pen.palette;
    let outer = pen.scaled(node.rect);
    let radius = match node.shape {
        scene::Shape::Rounded => tokens::NODE_RADIUS,
        scene::Shape::Pill | scene::Shape::Missing(_) => tokens::NODE_HEIGHT / 2.0,
    };
    let soft = Color32::from_black_alpha(if palette.dark { 40 } else { 10 });
    pen.rect(
        outer.translate(vec2(0.0, 1.5 * pen.zoom)),
        radius,
        soft,
        Stroke::NONE,
    );
    let raised = theme::color(palette.raised);
    if let scene::Shape::Missing(class) = node.shape {
        let [_, foreground, _] = scene::traffic::colors(class, palette);
        pen.rect(outer, radius, raised, Stroke::NONE);
        let border = Stroke::new(1.8, theme::color(foreground));
        let dots = dotted_outline(outer, outer.height() / 2.0, border, 3.6);
        pen.shapes.extend(dots);
    } else {
        let border = Stroke::new(1.0, theme::color(palette.outline));
        pen.rect(outer, radius, raised, border);
    }

    if pen.zoom < SMALL {
        return small(pen, node, shields);
    }
    let pill = node.shape != scene::Shape::Rounded;
    let side = tokens::ICON_TILE * pen.zoom;
    let middle =
        outer.left_center() + vec2(if pill { 13.0 } else { 8.0 } * pen.zoom + side / 2.0, 0.0);
    let tile = Rect::from_center_size(middle, Vec2::splat(side));
    let (background, foreground) = match node.hue {
        Some(hue) => (palette.icon_tile(hue), palette.icon(hue)),
        None => (palette.plain_tile(), palette.text_secondary),
    };
    let tile_radius = if pill { tokens::ICON_TILE / 2.0 } else { 6.0 };
    pen.rect(tile, tile_radius, theme::color(background), Stroke::NONE);
    pen.icon(
        middle,
        glyph(node.icon),
        tokens::ICON,
        theme::color(foreground),
    );

    let left = tile.right() + 8.0 * pen.zoom;
    let both = pen.zoom >= READ_LABEL;
    let y = outer.center().y - if both { 8.0 * pen.zoom } else { 0.0 };
    let font = theme::semibold(pen.size(tokens::TEXT_NORMAL));
    pen.text(left, y, &node.title, font, theme::color(palette.text));
    if both {
        let font = theme::mono(pen.size(tokens::TEXT_TINY));
        let y = outer.center().y + 9.0 * pen.zoom;
        pen.text(
            left,
            y,
            &node.subtitle,
            font,
            theme::color(palette.text_secondary),
        );
    }
    if let Some([ingress, egress]) = shields {
        let x = outer.right() - 15.0 * pen.zoom;
        for (state, y) in [(ingress, -10.0), (egress, 10.0)] {
            let middle = pos2(x, outer.center().y + y * pen.zoom);
            pen.shapes
                .extend(shield(middle, 13.0 * pen.zoom, state, palette));
        }
    }
}

/// A card from afar: its name, and a shield where it is open; the hue of its namespace at its side.
fn small(pen: &mut Pen, node: &NodeBox, shields: Option<Shields>) {
    let palette = pen.palette;
    let outer = pen.scaled(node.rect);
    let mut room = outer.shrink2(vec2(5.0, 0.0));
    if let Some(hue) = node.hue {
        let side = Rect::from_min_size(outer.min, vec2(3.0, outer.height()));
        pen.rect(side, 4.0, theme::color(palette.icon(hue)), Stroke::NONE);
        room.min.x += 2.0;
    }
    let worst = shields.map_or(Shield::Closed, |[ingress, egress]| ingress.max(egress));
    if worst > Shield::ByChoice {
        let middle = pos2(room.right() - 4.0, room.center().y);
        pen.shapes.extend(shield(middle, 9.0, worst, palette));
        room.max.x -= 10.0;
    }
    let font = theme::semibold(pen.size(tokens::TEXT_NORMAL).max(SMALLEST));
    pen.truncated(room, &node.name, font, theme::color(palette.text));
}

/// Draws a namespace's container and its header.
pub fn container(pen: &mut Pen, space: &NamespaceBox, shields: Option<Shields>) {
    let palette = pen.palette;
    let outer = pen.scaled(space.rect);
    let hue = palette.icon(space.hue);
    let border = Stroke::new(1.0, theme::color(palette.namespace_border(space.hue)));
    let fill = theme::color(palette.namespace_fill(space.hue));
    pen.rect(outer, tokens::NAMESPACE_RADIUS, fill, border);
    let title = pen.scaled(space.title_rect);
    if pen.zoom < SMALL {
        let room = Rect::from_min_max(
            outer.min + vec2(8.0, 3.0),
            pos2(outer.right() - 8.0, title.bottom().max(outer.top() + 12.0)),
        );
        let font = theme::semibold(pen.size(tokens::TEXT_NORMAL).max(SMALLEST + 1.0));
        return pen.truncated(room, &space.name, font, theme::color(hue));
    }
    let y = title.center().y;
    let caret = pos2(title.left() + 4.0 * pen.zoom, y);
    let faint = theme::color(palette.text_secondary);
    pen.icon(caret, icons::CARET_DOWN, 11.0, faint);
    let icon = pos2(title.left() + 21.0 * pen.zoom, y);
    pen.icon(icon, icons::NAMESPACE, tokens::ICON, theme::color(hue));
    let font = theme::semibold(pen.size(tokens::TEXT_NORMAL));
    let foreground = theme::color(palette.text);
    let left = title.left() + 36.0 * pen.zoom;
    let width = pen.text(left, y, &space.title, font, foreground);
    let font = theme::sans(pen.size(tokens::TEXT_SMALL));
    let left = left + width + 8.0 * pen.zoom;
    pen.text(
        left,
        y,
        &space.count.to_string(),
        font,
        theme::color(palette.text_faint),
    );
    badges(pen, space, shields);
}

/// The header's chips: what the default deny isolates, and DNS.
fn badges(pen: &mut Pen, space: &NamespaceBox, shields: Option<Shields>) {
    let room = pen.scaled(space.badges_rect);
    let words = base_words(space);
    let gap = 4.0 * pen.zoom;
    let dns = space.dns && space.managed;
    let mut left = room.right() - badge_width(pen, words, true);
    if dns {
        left -= badge_width(pen, "DNS", false) + gap;
    }
    let at = pos2(left, room.center().y);
    let state = base_state(space, shields);
    let end = badge(pen, at, words, Some((state, space.managed)));
    if dns {
        badge(pen, pos2(end + gap, at.y), "DNS", None);
    }
}

fn badge_width(pen: &Pen, text: &str, shielded: bool) -> f32 {
    let font = theme::sans(pen.size(tokens::TEXT_TINY));
    let text = pen.layout(text, font, Color32::PLACEHOLDER).size().x;
    let lead = if shielded { 16.0 } else { 0.0 };
    text + (lead + 2.0 * tokens::CHIP_PADDING) * pen.zoom
}

/// A chip from a point of its left side on, with a shield (filled in where the namespace is managed);
/// returns where it ends.
pub fn badge(pen: &mut Pen, at: Pos2, text: &str, shielded: Option<(Shield, bool)>) -> f32 {
    let palette = pen.palette;
    let foreground = theme::color(palette.text_secondary);
    let font = theme::sans(pen.size(tokens::TEXT_TINY));
    let galley = pen.layout(text, font, foreground);
    let lead = if shielded.is_some() { 16.0 } else { 0.0 } * pen.zoom;
    let pad = tokens::CHIP_PADDING * pen.zoom;
    let height = tokens::CHIP * pen.zoom;
    let chip = Rect::from_min_size(
        pos2(at.x, at.y - height / 2.0),
        vec2(galley.size().x + lead + 2.0 * pad, height),
    );
    let border = Stroke::new(1.0, theme::color(palette.hairline));
    let fill = theme::color(palette.raised);
    pen.rect(chip, tokens::CHIP / 2.0, fill, border);
    if let Some((state, managed)) = shielded {
        let middle = pos2(chip.left() + pad + 5.0 * pen.zoom, chip.center().y);
        let height = 11.0 * pen.zoom;
        pen.shapes.extend(match managed {
            true => shield(middle, height, state, palette),
            false => outline(middle, height, foreground),
        });
    }
    let place = pos2(
        chip.left() + pad + lead,
        chip.center().y - galley.size().y / 2.0,
    );
    pen.shapes.push(Shape::galley(place, galley, foreground));
    chip.right()
}

/// Draws a port on the border of a namespace: where its flows go through.
pub fn port_shapes(pen: &mut Pen, port: &Port) {
    let palette = pen.palette;
    let hue = Stroke::new(1.2, theme::color(palette.icon(port.hue)));
    let outer = pen.scaled(port.rect);
    pen.rect(
        outer,
        tokens::PORT_RADIUS,
        theme::color(palette.raised),
        hue,
    );
    let along = vec2(port.heading.x, port.heading.y) * 2.0 * pen.zoom;
    let across = along.rot90();
    let middle = outer.center();
    let corner = [
        middle - along / 2.0 - across,
        middle + along,
        middle - along / 2.0 + across,
    ];
    pen.shapes.push(Shape::line(corner.to_vec(), hue));
}
