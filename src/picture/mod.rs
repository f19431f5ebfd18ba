//! Pictures: a [`Scene`] as an SVG or PNG image, with what the canvas shows of verdicts and isolation, a legend of
//! what occurs, and a caption. The look of verdicts ([`look`], [`Judged`]) is shared with the canvas.

mod arrow;
mod caption;
mod extra;
pub mod fonts;
mod judged;
mod legend;
pub mod look;
mod node;
mod png;
mod summary;
mod svg;

pub use caption::{Caption, day_of};
pub use extra::{extra, node_of};
pub use judged::{Judged, Shields};
pub use png::{Pixels, pixels, png};
pub use summary::{Bundled, Facts, facts_of};

use crate::model::NodeRef;
use crate::scene::tokens::Theme;
use crate::scene::{Arrow, Rect, Scene};
use arrow::ArrowLook;
use svg::Svg;

/// What is in each picture, so that a later one can replace it.
const DRAWN_BY: &str = "Drawn by Drawbridge";

/// Around everything, in points.
const MARGIN: f32 = 32.0;

/// Whether Drawbridge drew a picture.
pub fn is_ours(bytes: &[u8]) -> bool {
    let mut windows = bytes.windows(DRAWN_BY.len());
    windows.any(|window| window == DRAWN_BY.as_bytes())
}

/// What a picture shows beside the scene.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// Its colours.
    pub theme: Theme,
    /// Verdicts and isolation; empty: unknown.
    pub judged: std::sync::Arc<Judged>,
    /// The name, the date and the verdict above the scene.
    pub caption: Option<Caption>,
    /// Whether lines and shields are explained below the scene.
    pub legend: bool,
    /// Lines of text below everything.
    pub notes: Vec<String>,
}

impl Picture {
    /// The SVG document.
    pub fn svg(&self, scene: &Scene) -> String {
        let palette = self.theme.palette();
        let legend = match self.legend {
            true => legend::Legend::of(scene, &self.judged, palette),
            false => legend::Legend::default(),
        };
        let least = self.caption.as_ref().map_or(0.0, Caption::width);
        let least = if self.legend {
            least.max(legend::LEAST)
        } else {
            least
        };
        let mut area = scene.bounds;
        area.max.x = area.max.x.max(area.min.x + least);
        let width = area.width();
        let above = self.caption.as_ref().map_or(0.0, |_| caption::HEIGHT);
        let below = legend.height(width) + caption::LINE * self.notes.len() as f32;
        let mut outer = area.grow(MARGIN);
        (outer.min.y, outer.max.y) = (outer.min.y - above, outer.max.y + below);
        outer = whole(outer);
        let mut svg = Svg::new(outer, palette);
        if let Some(caption) = &self.caption {
            svg.caption(caption, outer.min + crate::scene::pt(MARGIN, MARGIN), width);
        }
        self.scene(&mut svg, scene);
        let mut corner = area.min;
        corner.y = area.max.y + MARGIN * 0.75;
        corner.y += svg.legend(&legend, corner, width);
        svg.notes(&self.notes, corner);
        svg.finish()
    }

    /// Containers, then arrows, then nodes, then chips, as on the canvas.
    fn scene(&self, svg: &mut Svg, scene: &Scene) {
        let shields = |node: NodeRef| self.judged.shields.get(&node).copied();
        for space in &scene.namespaces {
            let own = shields(NodeRef::Namespace(space.id));
            let facts = self.judged.facts.get(&space.id).copied();
            svg.group(&space.name, |svg| match space.collapsed {
                true => svg.card(space, own, facts.unwrap_or_default()),
                false => svg.namespace(space, own),
            });
        }
        let looks = scene.arrows.iter();
        let looks = looks.map(|arrow| (arrow, ArrowLook::of(arrow, &self.judged, svg.palette)));
        let looks: Vec<_> = looks.collect();
        for (arrow, look) in &looks {
            svg.group(&name_of(scene, arrow), |svg| svg.arrow(arrow, look));
        }
        for node in &scene.nodes {
            let own = shields(node.node);
            svg.group(&node.name, |svg| svg.node(node, own));
        }
        for port in scene.ports() {
            svg.port(&port);
        }
        for (arrow, look) in &looks {
            svg.chip(arrow, look);
        }
    }
}

/// The name of an arrow: its ends and its ports.
fn name_of(scene: &Scene, arrow: &Arrow) -> String {
    let name = |node: NodeRef| match node {
        NodeRef::Namespace(id) => scene.namespace(id).map(|space| space.name.as_str()),
        _ => scene.node(node).map(|node| node.name.as_str()),
    };
    let [from, to] = [arrow.from, arrow.to].map(|node| name(node).unwrap_or_default());
    format!("{from} to {to}: {}", arrow.label)
}

/// The least rectangle with whole numbers around one.
fn whole(rect: Rect) -> Rect {
    Rect::new(
        rect.min.x.floor(),
        rect.min.y.floor(),
        rect.max.x.ceil() - rect.min.x.floor(),
        rect.max.y.ceil() - rect.min.y.floor(),
    )
}

#[cfg(test)]
mod tests;
