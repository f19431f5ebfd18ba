//! The canvas: draws the scene and takes the gestures.
//!
//! A frame: a finished layout is taken in (`layouts`), the pointer and keys move gestures on
//! (`pointer`, `keyboard`), the scene is drawn (`scene_graph`, `far`), and over it what belongs to
//! the moment (`overlay`, `chrome`, popups). Geometry comes from [`crate::scene`]; the Document
//! is changed by commands only, one for each gesture.

mod access;
mod arrange;
mod arrow_shape;
mod camera;
mod card;
mod choices;
mod chrome;
mod collapse;
mod collapsed_card;
mod create;
mod draft;
mod far;
mod filter_bar;
mod floating;
mod header;
mod insert;
mod keyboard;
mod layouts;
mod lit;
mod look;
mod menus;
mod move_to;
mod moving;
mod node_shape;
mod outside;
mod overlay;
pub mod paint;
pub mod panel;
mod pen;
mod perform;
mod pointer;
mod popup;
mod ports;
mod reroute;
mod scene_graph;
mod search;
mod targets;
mod under;
mod visible;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Context, Id, Rect, Ui};

use super::analysis_results::{AnalysisResults, Extras};
use super::filter::Matches;
use super::focus::Focus;
use super::jobs::{Memo, Pool};
use super::panels::compare::DependentFlows;
use super::theme;
use super::traffic::ShownTraffic;
use crate::model::{Document, FlowId, Item, NodeRef};
use crate::picture::{Judged, Picture};
use crate::query::Results;
use crate::scene::detail::{Hit, Level};
use crate::scene::tokens::Theme;
use crate::scene::{ArrowId, Extra, ExtraId, Part, Request, Scene, Visible, layout};

pub use crate::picture::look::{words_of, words_of_extra};
pub use look::{Emphasis, colors_of, icon_of};
pub use scene_graph::Counters;
pub use search::Search;

use camera::Camera;
use collapse::Collapsed;
use far::Far;
use insert::NewBox;
use layouts::Layouts;
use lit::Lighting;
use look::Marks;
use move_to::MovePicker;
use pen::Made;
use pointer::Gesture;
use ports::PortPicker;
use scene_graph::SceneGraph;
use targets::TargetPicker;
use visible::Shown;

/// A project that would open at a lower zoom, at which names can hardly be read, opens collapsed.
const READABLE: f32 = 0.4;

/// What is open at a place of the canvas; one at a time.
pub enum Popup {
    /// The ports of a flow.
    Ports(PortPicker),
    /// The other end of a flow.
    Target(TargetPicker),
    /// The namespace that workloads move to.
    Move(MovePicker),
    /// The name of an object, edited in its place. A new workload's label gets the name, too.
    Rename(Item, Age),
}

/// Whether the object existed before its name was edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It was.
    Known,
    /// It was just added.
    New,
}

/// Pan, zoom, gestures and popups of the canvas.
#[derive(Default)]
pub struct CanvasView {
    camera: Camera,
    layouts: Layouts,
    collapsed: Collapsed,
    shown: Shown,
    scene_graph: SceneGraph,
    far: Far,
    gesture: Gesture,
    /// The scene with what is being moved, by a worker.
    dragged: Memo<moving::Drag, Arc<Scene>>,
    /// What is dragged from the tools.
    new_box: Option<NewBox>,
    popup: Option<Popup>,
    /// What is under the pointer.
    hover: Option<Hit>,
    /// The node whose handles are shown because the pointer is on it or next to it.
    hot: Option<NodeRef>,
    /// The same when the pointer was pressed.
    pressed_hot: Option<NodeRef>,
    /// What the open context menu is about.
    menu_at: Option<menus::Place>,
    /// The popup is about an object that the edit of this frame adds.
    adding: bool,
    /// Arrow keys are moving the selection this far.
    nudge: egui::Vec2,
    /// The next layout is fitted into view.
    fit_next: bool,
    /// An object to bring into view as soon as it is drawn; and whether at a zoom where it can be read.
    reveal: Option<(Item, bool)>,
    /// The view has jumped: where it came from is a place to go back to.
    jumped: bool,
    lighting: Lighting,
    shown_once: bool,
    /// The witness that was last brought into view.
    witness: Option<ExtraId>,
    /// The pointer on the canvas, in scene points.
    pointer: Option<egui::Pos2>,
    glyphs: Glyphs,
    judged: Arc<Judged>,
    /// Of which answers.
    judged_of: Option<JudgedOf>,
}

/// What a picture needs of the canvas.
pub struct Diagram {
    /// What is drawn.
    pub scene: Arc<Scene>,
    /// The layout input of the part that is shown; none: all.
    pub part: Option<Request>,
    /// Verdicts and isolation.
    pub judged: Arc<Judged>,
}

impl Diagram {
    /// What is shown, where it is on the canvas; routes the arrows of a part again.
    pub fn shown(&self) -> Cow<'_, Scene> {
        match &self.part {
            None => Cow::Borrowed(&self.scene),
            Some(request) => Cow::Owned(layout::update(request, &self.scene)),
        }
    }
}

/// The inputs of [`Judged`].
#[derive(Clone)]
struct JudgedOf {
    number: u64,
    analysis_results: Arc<AnalysisResults>,
    visible: Visible,
    hubs: Arc<BTreeSet<NodeRef>>,
    /// Its workloads and flows count, while something is collapsed.
    document: Document,
}

impl JudgedOf {
    fn is_same(&self, other: &Self) -> bool {
        let (a, b) = (&self.document, &other.document);
        self.number == other.number
            && Arc::ptr_eq(&self.analysis_results, &other.analysis_results)
            && self.visible == other.visible
            && self.hubs == other.hubs
            && (self.visible.collapsed.is_empty()
                || a.workloads.same(&b.workloads) && a.flows.same(&b.flows))
    }
}

/// Detects that egui dropped its glyph cache, so that cached text is laid out again.
#[derive(Default)]
struct Glyphs {
    epoch: u64,
    filled: f32,
    pixels: f32,
}

impl Glyphs {
    fn epoch(&mut self, context: &Context) -> u64 {
        let filled = context.fonts(|fonts| fonts.font_atlas_fill_ratio());
        let pixels = context.pixels_per_point();
        if filled < self.filled || pixels != self.pixels {
            self.epoch += 1;
        }
        (self.filled, self.pixels) = (filled, pixels);
        self.epoch
    }
}

impl CanvasView {
    /// The zoom, 1.0 at actual size.
    pub fn zoom(&self) -> f32 {
        self.camera.zoom
    }

    /// Where it is on the screen.
    pub fn viewport(&self) -> Rect {
        self.camera.viewport
    }

    /// Counters of the last frame.
    pub fn counters(&self) -> Counters {
        self.scene_graph.counters
    }

    /// Where a node is on the screen.
    pub fn screen_rect(&self, node: NodeRef) -> Option<Rect> {
        let rect = self.scene_graph.scene.rect(node)?;
        Some(self.camera.rect_to_screen(pen::rect(rect)))
    }

    /// The arrows that are no flows.
    pub fn extras(&self) -> Vec<ExtraId> {
        let arrows = self.scene_graph.scene.arrows.iter();
        let extra = |id| match id {
            ArrowId::Extra(extra) => Some(extra),
            ArrowId::Flow(_) | ArrowId::Bundle(_) => None,
        };
        arrows.filter_map(|arrow| extra(arrow.id)).collect()
    }

    /// Where a flow's chip is on the screen, or the middle of its line.
    pub fn screen_chip(&self, flow: FlowId) -> Option<Rect> {
        self.screen_arrow(ArrowId::Flow(flow))
    }

    /// Where an arrow's chip is on the screen, or the middle of its line.
    pub fn screen_arrow(&self, id: ArrowId) -> Option<Rect> {
        let arrow = self.scene_graph.scene.find(id)?;
        let rect = pen::rect(arrow.label_rect());
        Some(self.camera.rect_to_screen(rect))
    }

    /// Where an arrow's chip was drawn last on the screen; none: it has none at this zoom.
    pub fn drawn_chip(&self, id: ArrowId) -> Option<Rect> {
        self.scene_graph.drawn_chip(id, self.camera.origin())
    }

    /// The scene as an SVG document, with these lines below it.
    pub fn svg(&self, theme: Theme, notes: Vec<String>) -> String {
        let picture = Picture {
            theme,
            notes,
            ..Picture::default()
        };
        picture.svg(&self.scene_graph.scene)
    }

    /// What a picture needs of the canvas: all of it, or the part with these items and arrow.
    pub fn diagram(&self, document: &Document, items: &[Item], extra: Option<ExtraId>) -> Diagram {
        let part = Part::of(document, &self.shown.visible, items).with_extra(extra);
        let part = (!part.is_empty()).then(|| self.layouts.request().clone().part(&part));
        Diagram {
            scene: self.scene(),
            part,
            judged: Arc::clone(&self.judged),
        }
    }

    /// Shows everything as soon as what is new has its place.
    pub fn fit_next(&mut self) {
        self.fit_next = true;
    }

    /// What is drawn right now.
    fn scene(&self) -> Arc<Scene> {
        Arc::clone(&self.scene_graph.scene)
    }

    /// Takes a finished layout in and hands scene and results to the graph.
    fn follow(
        &mut self,
        context: &Context,
        pool: &Pool,
        document: &Document,
        results: &Results,
        view: &Look,
    ) {
        let shown = self.scene();
        let moving = self.gesture.is_moving();
        let still = view.reduced_motion || moving;
        let asked = (document, &view.extras, &self.shown.visible);
        let changed = self.layouts.follow((context, pool), asked, &shown, still);
        if changed && std::mem::take(&mut self.layouts.anew) {
            self.fit_next = true;
        }
        if changed && (self.fit_next || !self.shown_once && !self.layouts.scene.is_empty()) {
            let opens = !self.shown_once;
            (self.fit_next, self.shown_once) = (false, true);
            self.camera.fit(pen::rect(self.layouts.scene.bounds));
            if opens && self.camera.zoom < READABLE && self.collapsed.open_collapsed(document) {
                self.layouts.start_afresh();
                self.fit_next = true;
                context.request_repaint();
            }
        }
        if !self.layouts.busy() {
            self.gesture.settle();
        }
        if let Gesture::Move(moving) = &mut self.gesture {
            moving.keep(&mut self.dragged, pool);
        }
        let scene = match self.gesture.scene() {
            Some(dragged) => dragged,
            None => Arc::clone(&self.layouts.scene),
        };
        let of = JudgedOf {
            number: view.number,
            analysis_results: Arc::clone(view.analysis_results),
            visible: self.shown.visible.clone(),
            hubs: self.shown.hubs.hidden(),
            document: document.clone(),
        };
        if !self
            .judged_of
            .as_ref()
            .is_some_and(|known| known.is_same(&of))
        {
            let gates = &view.analysis_results.gates;
            self.judged = Arc::new(Judged::of(
                results,
                gates,
                document,
                (&of.visible, &of.hubs),
            ));
            self.judged_of = Some(of);
            self.scene_graph.counters.judged += 1;
        }
        let marks = Marks::of(&self.judged, view, self.lighting.own().clone());
        self.scene_graph.show(scene, marks);
        if let Some((item, readable)) = self.reveal
            && let Some(rect) = self.item_rect(document, item)
        {
            self.reveal = None;
            match readable {
                true => self.camera.show(rect),
                false => self.camera.reveal(rect),
            }
        }
        self.follow_witness(view.extras.witness.as_ref());
    }

    /// Where an object is drawn, in the scene; what a collapsed namespace hides is where that is.
    fn item_rect(&self, document: &Document, item: Item) -> Option<Rect> {
        let scene = &self.scene_graph.scene;
        let rect = |node| {
            let node = self.shown(document, node);
            scene.rect(node).map(pen::rect)
        };
        if let Item::Flow(flow) = item {
            let flow = document.flows.get(flow)?;
            return Some(rect(flow.from.node()?)?.union(rect(flow.to.node()?)?));
        }
        rect(item.node()?)
    }

    /// Brings the witness of a problem into view when it is another one, as soon as it is drawn.
    fn follow_witness(&mut self, witness: Option<&Extra>) {
        let id = witness.map(|extra| extra.id);
        if id == self.witness {
            return;
        }
        let Some(id) = id else {
            self.witness = None;
            return;
        };
        let scene = &self.scene_graph.scene;
        if scene.find(ArrowId::Extra(id)).is_some() || !self.layouts.busy() {
            self.witness = Some(id);
            if let Some(rect) = scene.around(&[id]) {
                self.camera.reveal(pen::rect(rect));
            }
        }
    }

    fn draw(&mut self, ui: &Ui) {
        let context = ui.ctx().clone();
        let painter = ui.painter_at(self.camera.viewport);
        let palette = theme::palette(&context);
        let dot = theme::color(palette.canvas_dot);
        painter.add(paint::dots(
            self.camera.viewport,
            self.camera.origin(),
            self.camera.zoom,
            dot,
        ));
        let frames = self.scene_graph.counters.frames + 1;
        let glide = self.layouts.glide(&context);
        let arrows = glide.as_ref().map_or(1.0, |(_, done)| *done);
        self.scene_graph.set_shifts(glide.map(|(shifts, _)| shifts));
        if Level::at(self.camera.zoom) == Level::Far {
            let theme = theme::current(&context);
            let shapes = self
                .far
                .draw(&painter, &self.camera, &self.scene_graph.scene, theme);
            self.scene_graph.counters = Counters {
                shapes,
                judged: self.scene_graph.counters.judged,
                ..Counters::default()
            };
        } else {
            let made = Made {
                zoom: self.camera.zoom,
                theme: theme::current(&context),
                glyphs: self.glyphs.epoch(&context),
            };
            let hovered = self.hover.and_then(under::arrow_at);
            self.scene_graph.hover(hovered);
            let lit = (self.lighting.shown(), arrows);
            self.scene_graph.draw(&painter, &self.camera, made, lit);
            if let Some((nodes, by)) = self.gesture.copies() {
                let drawn = lit::with_members(&self.scene_graph.scene, nodes.iter().copied());
                (self.scene_graph).draw_copies(&painter, &self.camera, made, (&drawn, by));
            }
        }
        self.scene_graph.counters.frames = frames;
    }
}

/// What the canvas reads of the window's view.
struct Look<'a> {
    selection: &'a BTreeSet<Item>,
    highlight: &'a BTreeSet<FlowId>,
    extra: Option<ExtraId>,
    emphasis: Option<&'a Arc<Emphasis>>,
    focus: Option<&'a Focus>,
    /// What stays opaque, while a filter dims the rest.
    matches: Option<&'a Arc<Matches>>,
    dependent: Option<&'a DependentFlows>,
    traffic: Option<ShownTraffic>,
    extras: Extras,
    /// Counts the answers.
    number: u64,
    analysis_results: &'a Arc<AnalysisResults>,
    reduced_motion: bool,
}

/// Where an object is drawn by itself, in the scene.
fn item_rect(scene: &Scene, item: Item) -> Option<Rect> {
    if let Item::Flow(flow) = item {
        let arrow = scene.arrow(flow)?;
        let ends = [scene.rect(arrow.from)?, scene.rect(arrow.to)?];
        let [from, to] = ends.map(pen::rect);
        return Some(from.union(to));
    }
    scene.rect(item.node()?).map(pen::rect)
}

/// What the canvas is known to egui by.
pub(super) fn canvas_id() -> Id {
    Id::new("canvas")
}
