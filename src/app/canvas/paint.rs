//! Strokes and small figures the canvas is drawn with. All points are screen points.

use crate::app::theme;
use crate::picture::look::{Line, SHIELD, Shield};
use crate::scene::tokens::Palette;
use crate::scene::{Point, geom, pt};
use egui::{Color32, Mesh, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};

/// A line along `points`.
pub fn line(points: &[Pos2], kind: Line, stroke: Stroke, zoom: f32) -> Vec<Shape> {
    match kind {
        Line::Solid => vec![Shape::line(points.to_vec(), stroke)],
        Line::Double => [1.0, -1.0]
            .into_iter()
            .map(|side| Shape::line(beside(points, side * (stroke.width + 0.4)), stroke))
            .collect(),
        Line::Dashed => Shape::dashed_line(points, stroke, 6.0 * zoom, 4.5 * zoom),
        Line::Dotted => Shape::dashed_line(points, stroke, 1.6 * zoom, 3.4 * zoom),
        Line::Dots => Shape::dotted_line(points, stroke.color, 5.0 * zoom, stroke.width / 2.0),
        Line::DashDot => {
            let dash = [8.0 * zoom, 1.8 * zoom];
            Shape::dashed_line_with_offset(points, stroke, &dash, &[4.0 * zoom, 4.0 * zoom], 0.0)
        }
    }
}

/// The same path, moved aside by `distance`.
fn beside(points: &[Pos2], distance: f32) -> Vec<Pos2> {
    let direction = |a: usize, b: usize| match (points.get(a), points.get(b)) {
        (Some(a), Some(b)) => (*b - *a).normalized(),
        _ => Vec2::ZERO,
    };
    let last = points.len().saturating_sub(1);
    points
        .iter()
        .enumerate()
        .map(|(at, point)| {
            let along = direction(at.saturating_sub(1), (at + 1).min(last));
            *point + along.rot90() * distance
        })
        .collect()
}

/// The head of an arrow that comes along `direction` and touches with its tip.
pub fn head(tip: Pos2, direction: Vec2, size: f32, color: Color32) -> Shape {
    let along = direction.normalized();
    let across = along.rot90();
    // The notch comes first: the fill is a fan around the first point, so it may be concave there.
    let points = vec![
        tip - along * size * 0.74,
        tip - along * size + across * size * 0.5,
        tip,
        tip - along * size - across * size * 0.5,
    ];
    Shape::convex_polygon(points, color, Stroke::NONE)
}

/// A head of which only the outline is drawn.
pub fn hollow_head(tip: Pos2, direction: Vec2, size: f32, stroke: Stroke, fill: Color32) -> Shape {
    let along = direction.normalized();
    let across = along.rot90() * size * 0.45;
    let back = tip - along * size;
    Shape::convex_polygon(vec![tip, back + across, back - across], fill, stroke)
}

/// The end of an arrow that denies: a bar across its line.
pub fn bar(tip: Pos2, direction: Vec2, size: f32, stroke: Stroke) -> Shape {
    let along = direction.normalized();
    let across = along.rot90() * size * 0.55;
    let middle = tip - along * stroke.width;
    Shape::line_segment([middle + across, middle - across], stroke)
}

/// Cuts the end of a path so that the line stops inside the arrow's head, not at its tip.
pub fn shorten(points: &mut Vec<Pos2>, mut by: f32) {
    while let [.., before, last] = points.as_slice() {
        let (before, last) = (*before, *last);
        let step = last - before;
        if step.length() > by {
            let end = points.len() - 1;
            points[end] = last - step.normalized() * by;
            return;
        }
        if points.len() <= 2 {
            return;
        }
        by -= step.length();
        points.pop();
    }
}

/// A path cut in the middle of its length.
pub fn halves(points: &[Pos2]) -> (Vec<Pos2>, Vec<Pos2>) {
    let points: Vec<Point> = points.iter().map(|p| pt(p.x, p.y)).collect();
    let (first, second) = geom::halves(&points);
    let back = |half: Vec<Point>| half.iter().map(|p| pos2(p.x, p.y)).collect();
    (back(first), back(second))
}

/// A shield: filled is isolated, half filled partly open, outlined open; amber where more is open than
/// drawn.
pub fn shield(center: Pos2, height: f32, state: Shield, palette: &Palette) -> Vec<Shape> {
    let foreground = theme::color(state.color(palette));
    match state {
        Shield::Closed => vec![Shape::convex_polygon(
            points(center, height),
            foreground,
            Stroke::NONE,
        )],
        Shield::Open => outline(center, height, foreground),
        Shield::ByChoice | Shield::Partly => {
            let mut shapes = outline(center, height, foreground);
            let half = points(center, height).into_iter();
            let half = half.filter(|point| point.x <= center.x).collect();
            shapes.push(Shape::convex_polygon(half, foreground, Stroke::NONE));
            shapes
        }
    }
}

/// The outline of a shield.
pub fn outline(center: Pos2, height: f32, foreground: Color32) -> Vec<Shape> {
    let stroke = Stroke::new((height * 0.12).max(1.0), foreground);
    vec![Shape::closed_line(points(center, height), stroke)]
}

fn points(center: Pos2, height: f32) -> Vec<Pos2> {
    let place = |(x, y): &(f32, f32)| center + vec2(*x, *y) * height;
    SHIELD.iter().map(place).collect()
}

/// The grid of dots behind everything. Far out every second, fourth ... dot is left out.
pub fn dots(area: Rect, origin: Vec2, zoom: f32, color: Color32) -> Shape {
    let mut step = 24.0 * zoom;
    while step < 16.0 {
        step *= 2.0;
    }
    let half = if zoom < 0.8 { 0.6 } else { 0.8 };
    let first = |from: f32, offset: f32| offset + ((from - offset) / step).floor() * step;
    let mut mesh = Mesh::default();
    let mut y = first(area.top(), origin.y);
    while y < area.bottom() {
        let mut x = first(area.left(), origin.x);
        while x < area.right() {
            mesh.add_colored_rect(
                Rect::from_center_size(pos2(x, y), Vec2::splat(2.0 * half)),
                color,
            );
            x += step;
        }
        y += step;
    }
    Shape::mesh(mesh)
}

/// A dashed frame: where something can be dropped.
pub fn dashed_frame(rect: Rect, stroke: Stroke) -> Vec<Shape> {
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
        rect.left_top(),
    ];
    Shape::dashed_line(&corners, stroke, 6.0, 4.0)
}

/// The dashed border of a shape with round ends.
pub fn dashed_outline(rect: Rect, radius: f32, stroke: Stroke) -> Vec<Shape> {
    Shape::dashed_line(&round_border(rect, radius), stroke, 3.0, 2.5)
}

/// The border of a shape with round ends, as round dots.
pub fn dotted_outline(rect: Rect, radius: f32, stroke: Stroke, gap: f32) -> Vec<Shape> {
    Shape::dotted_line(
        &round_border(rect, radius),
        stroke.color,
        gap,
        stroke.width / 2.0,
    )
}

/// The border of a rectangle with rounded corners, closed.
fn round_border(rect: Rect, radius: f32) -> Vec<Pos2> {
    const STEPS: u8 = 8;
    let inner = rect.shrink(radius.min(rect.height() / 2.0));
    let radius = rect.right() - inner.right();
    let corners = [
        inner.right_bottom(),
        inner.left_bottom(),
        inner.left_top(),
        inner.right_top(),
    ];
    let mut points: Vec<Pos2> = Vec::new();
    for (quarter, corner) in (0_u8..).zip(corners) {
        points.extend((0..=STEPS).map(|step| {
            let turn = f32::from(quarter) + f32::from(step) / f32::from(STEPS);
            corner + Vec2::angled(turn * std::f32::consts::FRAC_PI_2) * radius
        }));
    }
    points.extend(points.first().copied());
    points
}

/// The shapes, moved. Cached shapes are at the origin; moving them is the only cost of panning.
pub fn moved(shapes: &[Shape], by: Vec2) -> Vec<Shape> {
    shapes
        .iter()
        .map(|shape| {
            let mut shape = shape.clone();
            shape.translate(by);
            shape
        })
        .collect()
}

/// `color`, seen through by `share` (0 to 1).
pub fn faded(color: Color32, share: f32) -> Color32 {
    color.gamma_multiply(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_stops_inside_the_head() {
        let mut way = vec![pos2(0.0, 0.0), pos2(100.0, 0.0), pos2(103.0, 0.0)];
        shorten(&mut way, 8.0);
        assert_eq!(way, [pos2(0.0, 0.0), pos2(95.0, 0.0)]);
        let mut short = vec![pos2(0.0, 0.0), pos2(2.0, 0.0)];
        shorten(&mut short, 8.0);
        assert_eq!(short.len(), 2);
    }

    #[test]
    fn a_double_line_runs_on_both_sides() {
        let way = [pos2(0.0, 0.0), pos2(10.0, 0.0), pos2(20.0, 0.0)];
        let left = beside(&way, 2.0);
        assert!(left.iter().all(|point| point.y.abs() == 2.0));
        assert_eq!(line(&way, Line::Double, Stroke::NONE, 1.0).len(), 2);
    }

    #[test]
    fn the_number_of_grid_dots_is_bounded() {
        let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(1600.0, 1000.0));
        let count = |zoom| match dots(area, Vec2::ZERO, zoom, Color32::GRAY) {
            Shape::Mesh(mesh) => mesh.vertices.len() / 4,
            _ => 0,
        };
        assert!(count(0.05) < 7000);
        assert!(count(1.0) > 1000);
    }
}
