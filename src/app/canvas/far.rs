//! The scene zoomed far out: one mesh of boxes and aggregated arrows, cached until the scene, the zoom
//! or the colours change, and the names of containers where they are legible.

use std::sync::Arc;

use egui::{Align2, Color32, Mesh, Painter, Pos2, Rect, Shape, Vec2, pos2};

use super::camera::Camera;
use super::paint::faded;
use super::pen::rect;
use crate::app::theme;
use crate::scene::detail::Overview;
use crate::scene::tokens::{self, Theme};
use crate::scene::{Point, Scene};

/// The cached mesh.
#[derive(Default)]
pub struct Far {
    cached: Option<(Arc<Scene>, f32, Theme, Mesh)>,
    /// How often it was made; tests read it.
    pub built: u64,
}

impl Far {
    /// Draws the scene zoomed far out; returns the number of shapes.
    pub fn draw(
        &mut self,
        painter: &Painter,
        camera: &Camera,
        scene: &Arc<Scene>,
        theme: Theme,
    ) -> usize {
        let fresh = matches!(&self.cached, Some((of, zoom, made, _))
            if Arc::ptr_eq(of, scene) && *zoom == camera.zoom && *made == theme);
        if !fresh {
            let mesh = mesh(scene, camera.zoom, theme);
            self.cached = Some((Arc::clone(scene), camera.zoom, theme, mesh));
            self.built += 1;
        }
        if let Some((.., mesh)) = &self.cached {
            let mut shape = Shape::mesh(mesh.clone());
            shape.translate(camera.origin());
            painter.add(shape);
        }
        1 + names(painter, camera, scene, theme)
    }
}

fn mesh(scene: &Scene, zoom: f32, theme: Theme) -> Mesh {
    let palette = theme.palette();
    let mut mesh = Mesh::default();
    let scaled = |area: crate::scene::Rect| {
        let area = rect(area);
        Rect::from_min_max(
            (area.min.to_vec2() * zoom).to_pos2(),
            (area.max.to_vec2() * zoom).to_pos2(),
        )
    };
    for space in &scene.namespaces {
        let outer = scaled(space.rect);
        let border = theme::color(palette.namespace_border(space.hue));
        mesh.add_colored_rect(outer, border);
        let fill = theme::color(palette.namespace_fill(space.hue));
        mesh.add_colored_rect(outer.shrink(1.0), fill);
    }
    let flow = faded(theme::color(palette.flow), 0.45);
    for link in &Overview::of(scene).links {
        let (from, to) = (scaled_point(link.start, zoom), scaled_point(link.end, zoom));
        let width = (1.0 + (link.count as f32).sqrt() * 0.4).min(3.0);
        arrow(&mut mesh, from, to, width, flow);
    }
    for node in &scene.nodes {
        let color = match node.hue {
            Some(hue) => faded(theme::color(palette.icon(hue)), 0.75),
            None => faded(theme::color(palette.text_faint), 0.75),
        };
        mesh.add_colored_rect(scaled(node.rect), color);
    }
    mesh
}

fn scaled_point(point: Point, zoom: f32) -> Pos2 {
    pos2(point.x * zoom, point.y * zoom)
}

fn arrow(mesh: &mut Mesh, from: Pos2, to: Pos2, width: f32, color: Color32) {
    let along = (to - from).normalized();
    let across = along.rot90();
    let head = 4.0 + width * 1.5;
    let neck = to - along * head.min((to - from).length());
    let quad = [
        from + across * width / 2.0,
        neck + across * width / 2.0,
        neck - across * width / 2.0,
        from - across * width / 2.0,
    ];
    let first = mesh.vertices.len() as u32;
    for corner in quad {
        mesh.colored_vertex(corner, color);
    }
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
    let tip = mesh.vertices.len() as u32;
    for corner in [to, neck + across * head / 2.0, neck - across * head / 2.0] {
        mesh.colored_vertex(corner, color);
    }
    mesh.add_triangle(tip, tip + 1, tip + 2);
}

/// Names of containers and of nodes outside, above them, at a legible size at every zoom. Where two would lie on
/// each other, the larger thing has its name.
fn names(painter: &Painter, camera: &Camera, scene: &Scene, theme: Theme) -> usize {
    let palette = theme.palette();
    let font = theme::semibold(tokens::TEXT_SMALL);
    let background = faded(theme::color(palette.canvas), 0.85);
    let mut taken: Vec<Rect> = Vec::new();
    for (title, outer, foreground) in named(camera, scene, theme) {
        let galley = painter.layout_no_wrap(title.to_owned(), font.clone(), foreground);
        let above = outer.center_top() - Vec2::new(0.0, 2.0);
        let place = Align2::CENTER_BOTTOM.anchor_size(above, galley.size());
        let whole = place.expand2(Vec2::new(4.0, 0.0));
        if taken.iter().any(|other| other.intersects(whole)) {
            continue;
        }
        painter.rect_filled(whole, 4.0, background);
        painter.galley(place.min, galley, foreground);
        taken.push(whole);
    }
    taken.len() * 2
}

/// What has a name far out and can be seen, the largest first: its name, where it is on the screen, and its color.
fn named<'a>(camera: &Camera, scene: &'a Scene, theme: Theme) -> Vec<(&'a str, Rect, Color32)> {
    let palette = theme.palette();
    let spaces = scene.namespaces.iter().map(|space| {
        let foreground = theme::color(palette.icon(space.hue));
        (space.title.as_str(), space.rect, foreground)
    });
    let outer = scene.nodes.iter().filter(|node| node.namespace.is_none());
    let outer = outer.map(|node| {
        let foreground = theme::color(palette.text_secondary);
        (node.title.as_str(), node.rect, foreground)
    });
    let on_screen = |(title, area, foreground)| {
        let area = camera.rect_to_screen(rect(area));
        area.intersects(camera.viewport)
            .then_some((title, area, foreground))
    };
    let mut all: Vec<_> = spaces.chain(outer).filter_map(on_screen).collect();
    all.sort_by(|(_, a, _), (_, b, _)| b.area().total_cmp(&a.area()));
    all
}
