//! A flow while it is being drawn.

use egui::{Painter, Pos2, Rect, Shape, Stroke, Vec2, vec2};

use super::camera::Camera;
use super::paint::{head, shorten};
use super::pen;
use crate::model::{Document, End};
use crate::scene::geom::flatten;
use crate::scene::{Cubic, Scene, pt, tokens};

/// A flow that is being drawn.
#[derive(Clone, Debug)]
pub struct FlowDraft {
    /// Its source; none: still to be clicked.
    pub from: Option<End>,
    /// Further sources: each gets a flow of its own.
    pub also: Vec<End>,
    /// The side of the source that it leaves by.
    pub side: Option<Vec2>,
    /// The pointer, in the scene.
    pub pointer: Pos2,
    /// What it would end at.
    pub target: Option<End>,
    /// The pointer has left the source; before, letting go there means nothing.
    pub left: bool,
    /// Drawn by clicks (`A`), not by a drag.
    pub by_clicks: bool,
    /// What is under the pointer cannot be its end.
    pub refused: bool,
}

impl FlowDraft {
    /// Dragged from a handle.
    pub fn from_handle(from: End, side: Vec2, at: Pos2) -> Self {
        Self {
            from: Some(from),
            also: Vec::new(),
            side: Some(side),
            pointer: at,
            target: None,
            left: false,
            by_clicks: false,
            refused: false,
        }
    }

    /// Drawn by clicks; without a source, the first click chooses it.
    pub fn by_clicks(from: Option<End>, at: Pos2) -> Self {
        Self {
            from,
            also: Vec::new(),
            side: None,
            pointer: at,
            target: None,
            left: true,
            by_clicks: true,
            refused: false,
        }
    }

    /// The pointer has moved; `under`: the end that is there.
    pub fn follow(&mut self, at: Pos2, under: Option<End>, document: &Document) {
        self.pointer = at;
        self.left |= under != self.from;
        self.refused = matches!((&self.from, &under), (Some(from), Some(to)) if !legal(from, to));
        self.target = under.filter(|end| !self.refused && document.has_end(end));
    }

    /// Draws the arrow as far as it has come.
    pub fn draw(&self, painter: &Painter, camera: &Camera, scene: &Scene, stroke: Stroke) {
        let Some(source) = self.from.as_ref().and_then(|end| rect_of(scene, end)) else {
            return;
        };
        let target = self.target.as_ref().and_then(|end| rect_of(scene, end));
        preview(
            painter,
            camera,
            source,
            self.side,
            target,
            self.pointer,
            stroke,
        );
    }
}

/// Whether a flow may join these ends: no policy applies where neither is pods.
pub fn legal(from: &End, to: &End) -> bool {
    from.has_gate() || to.has_gate()
}

/// The rectangle of an end, in the scene.
pub fn rect_of(scene: &Scene, end: &End) -> Option<Rect> {
    scene.rect(end.node()?).map(pen::rect)
}

/// An arrow from a box towards another one, or towards the pointer.
pub fn preview(
    painter: &Painter,
    camera: &Camera,
    source: Rect,
    side: Option<Vec2>,
    target: Option<Rect>,
    pointer: Pos2,
    stroke: Stroke,
) {
    let aim = target.map_or(pointer, |rect| rect.center());
    let out = side.unwrap_or_else(|| facing(source, aim));
    let start = source.center() + out * source.size() / 2.0;
    let (end, into) = match target {
        Some(rect) if rect != source => {
            let face = facing(rect, start);
            (rect.center() + face * rect.size() / 2.0, -face)
        }
        Some(rect) => (
            rect.center() + vec2(0.0, rect.height() / 2.0),
            vec2(0.0, -1.0),
        ),
        None => (pointer, (pointer - start).normalized()),
    };
    let bend = ((end - start).length() * 0.4).clamp(12.0, 160.0);
    let point = |p: Pos2| pt(p.x, p.y);
    let curve = [Cubic {
        from: point(start),
        c1: point(start + out * bend),
        c2: point(end - into * bend),
        to: point(end),
    }];
    let way = flatten(&curve, 6.0);
    let mut way: Vec<Pos2> = way
        .iter()
        .map(|p| camera.to_screen(egui::pos2(p.x, p.y)))
        .collect();
    let size = tokens::ARROW_HEAD * camera.zoom.max(0.6);
    let tip = camera.to_screen(end);
    shorten(&mut way, size * 0.7);
    painter.add(Shape::line(way, stroke));
    painter.add(head(tip, into, size, stroke.color));
}

/// The side of a box that looks towards a point.
fn facing(rect: Rect, towards: Pos2) -> Vec2 {
    let away = towards - rect.center();
    let across = away.x.abs() * rect.height() > away.y.abs() * rect.width();
    match across {
        true => vec2(away.x.signum(), 0.0),
        false => vec2(0.0, away.y.signum()),
    }
}
