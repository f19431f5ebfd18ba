//! A box that is dropped on an arrow goes between its ends: the flow then begins at it, and a new one leads
//! to it.

use egui::{Color32, Painter, Pos2, Rect, Response, Shape, Stroke, Ui, pos2, vec2};

use super::create::{self, Made, Peer};
use super::draft::{preview, rect_of};
use super::paint::{dashed_frame, faded};
use super::{Age, CanvasView, Popup};
use crate::app::command::{Command, Commands};
use crate::model::edit::Thing;
use crate::model::{Document, Edit, End, Flow, FlowId, Item, NodeRef};
use crate::scene::detail::Level;
use crate::scene::geom::flatten;
use crate::scene::{ArrowId, pt, tokens};

/// How long a box is held over an arrow before a drop goes between its ends: on its way a box crosses many.
const DWELL: f64 = 0.6;

/// An arrow that a box is held over, and what a drop does there.
#[derive(Clone, Debug)]
pub struct Insertion {
    flow: FlowId,
    /// Since when, in seconds of window time.
    since: f64,
    /// Whether it has been held there long enough.
    armed: bool,
    /// The name of the step and its edits, or why the box is refused.
    change: Result<(String, Vec<Edit>), String>,
}

/// Something new that is dragged from the tools to its place.
pub struct NewBox {
    /// What it is.
    peer: Peer,
    /// The pointer, in the scene.
    at: Pos2,
    /// The arrow that it is held over.
    over: Option<Insertion>,
}

impl Insertion {
    /// Of a node, after the edits that make it.
    fn of(ui: &Ui, document: &Document, flow: FlowId, (node, before): (&End, Vec<Edit>)) -> Self {
        let change = between(document, flow, node, before);
        Self {
            flow,
            since: ui.input(|input| input.time),
            armed: false,
            change,
        }
    }

    /// Arms it once the box has been held there long enough.
    fn wait(mut self, ui: &Ui) -> Self {
        let left = self.since + DWELL - ui.input(|input| input.time);
        self.armed = left <= 0.0;
        if !self.armed {
            ui.ctx().request_repaint_after_secs(left as f32);
        }
        self
    }

    /// What a drop does, in words.
    pub fn words(&self, document: &Document) -> String {
        match &self.change {
            Ok((name, _)) if self.armed => format!("{name}; Esc to cancel"),
            Ok(_) => format!("Hold to insert into {}", document.flow_name(self.flow)),
            Err(why) => format!("Not into {}: {why}", document.flow_name(self.flow)),
        }
    }

    /// Whether the box is refused.
    pub fn is_refused(&self) -> bool {
        self.change.is_err()
    }

    /// The flow that it is held over.
    pub fn flow(&self) -> FlowId {
        self.flow
    }

    /// Whether a drop inserts the box: it was held there long enough, and is not refused.
    fn inserts(&self) -> bool {
        self.armed && self.change.is_ok()
    }

    /// What a drop inserts: the name of the step and its edits.
    pub fn insert(self) -> Option<(String, Vec<Edit>)> {
        self.change.ok().filter(|_| self.armed)
    }
}

/// The notice about an inserted box: `Inserted orders into web to cart`.
pub fn inserted(name: &str) -> Command {
    let what = name.strip_prefix("Insert").unwrap_or(name);
    Command::SayStep(format!("Inserted{what}"))
}

/// The edits that put a node between the ends of a flow. The flow keeps its ports, which are those of its
/// destination; the new one gets the only port that the node declares, else the same.
fn between(
    document: &Document,
    id: FlowId,
    node: &End,
    before: Vec<Edit>,
) -> Result<(String, Vec<Edit>), String> {
    let flow = document.flows.get(id).ok_or("it no longer exists")?;
    if flow.denies {
        return Err("it denies, so nothing can be between its ends".into());
    }
    if flow.half.is_some() {
        return Err("it is only one half of a connection".into());
    }
    if flow.from == *node || flow.to == *node {
        return Err("it begins or ends there already".into());
    }
    let mut flows = document.flows.iter();
    if flows.any(|(_, other)| (&other.from, &other.to) == (node, &flow.to)) {
        let [from, to] = [node, &flow.to].map(|end| document.end_name(end));
        return Err(format!("a flow from {from} to {to} is already drawn"));
    }
    let ports = document
        .only_port(node)
        .map_or_else(|| flow.ports.clone(), |port| vec![port]);
    let mut first = Flow::new(flow.from.clone(), node.clone(), ports);
    first.muted = flow.muted;
    let rest = Flow {
        from: node.clone(),
        ..flow.clone()
    };
    let mut edits = before;
    edits.push(Edit::Change(Item::Flow(id), Thing::Flow(rest)));
    edits.push(Edit::Add(Thing::Flow(first)));
    let all = Edit::Batch(String::new(), edits.clone());
    let mut after = document.clone();
    all.apply(&mut after)
        .map_err(|refusal| refusal.to_string())?;
    let name = format!(
        "Insert {} into {}",
        after.end_name(node),
        document.flow_name(id)
    );
    Ok((name, edits))
}

impl CanvasView {
    /// The flow whose arrow is under a point, whatever else is there.
    fn flow_at(&self, at: Pos2) -> Option<FlowId> {
        if Level::at(self.camera.zoom) == Level::Far {
            return None;
        }
        let slack = 6.0 / self.camera.zoom;
        let scene = &self.scene_graph.scene;
        let hit = self.scene_graph.index.arrow(scene, pt(at.x, at.y), slack)?;
        hit.flow()
    }

    /// The arrow that a moved node is held over, and what a drop does there. Its own arrows move with it.
    pub(super) fn insertion(
        &self,
        ui: &Ui,
        document: &Document,
        (node, at): (NodeRef, Pos2),
        known: Option<Insertion>,
    ) -> Option<Insertion> {
        let flow = self.flow_at(at)?;
        let arrow = self.scene_graph.scene.find(ArrowId::Flow(flow))?;
        if arrow.from == node || arrow.to == node || matches!(node, NodeRef::Namespace(_)) {
            return None;
        }
        let same = known.filter(|known| known.flow == flow);
        let over = same.unwrap_or_else(|| {
            let node = (&End::from(node), Vec::new());
            Insertion::of(ui, document, flow, node)
        });
        Some(over.wait(ui))
    }

    /// Marks the arrow of a flow that a box is held over.
    pub(super) fn mark_arrow(&self, painter: &Painter, flow: FlowId, color: Color32) {
        let Some(arrow) = self.scene_graph.scene.find(ArrowId::Flow(flow)) else {
            return;
        };
        let way = flatten(&arrow.curve, 6.0).into_iter();
        let way = way.map(|point| self.camera.to_screen(pos2(point.x, point.y)));
        let wide = Stroke::new(6.0, faded(color, 0.24));
        let way: Vec<Pos2> = way.collect();
        painter.add(Shape::line(way.clone(), wide));
        painter.add(Shape::line(way, Stroke::new(2.0, color)));
    }

    /// Draws how a flow would run through a box.
    pub(super) fn draw_insertion(
        &self,
        painter: &Painter,
        insertion: &Insertion,
        document: &Document,
        (middle, stroke): (Rect, Stroke),
    ) {
        let flow = document
            .flows
            .get(insertion.flow)
            .filter(|_| insertion.inserts());
        let end = |end: &End| {
            let node = self.shown(document, end.node()?);
            rect_of(&self.scene_graph.scene, &End::from(node))
        };
        let Some((from, to)) = flow.and_then(|flow| Some((end(&flow.from)?, end(&flow.to)?)))
        else {
            return;
        };
        for (source, target) in [(from, middle), (middle, to)] {
            let at = target.center();
            preview(
                painter,
                &self.camera,
                source,
                None,
                Some(target),
                at,
                stroke,
            );
        }
    }

    /// Follows a tool of the strip that is dragged onto the canvas.
    pub(super) fn follow_tool(
        &mut self,
        ui: &Ui,
        document: &Document,
        (tool, peer): (&Response, Peer),
        commands: &mut Commands,
    ) {
        let dropped = tool.drag_stopped();
        if !tool.dragged() && !dropped {
            return;
        }
        if dropped && !ui.input(|input| input.pointer.any_released()) {
            // Escape has stopped the drag.
            self.new_box = None;
            return;
        }
        let pointer = tool
            .interact_pointer_pos()
            .or_else(|| ui.input(|i| i.pointer.latest_pos()));
        let outside = self.strip_rect();
        let held =
            pointer.filter(|at| self.camera.viewport.contains(*at) && !outside.contains(*at));
        let Some(at) = held.map(|at| self.camera.to_scene(at)) else {
            self.new_box = None;
            return;
        };
        let known = self.new_box.take().and_then(|new| new.over);
        let over = self
            .flow_at(at)
            .filter(|_| peer != Peer::Namespace)
            .map(|flow| {
                let same = known.filter(|known| known.flow == flow);
                let over = same.unwrap_or_else(|| {
                    let made = self.made(document, &peer, flow, at);
                    Insertion::of(ui, document, flow, (&made.end(), made.edits))
                });
                over.wait(ui)
            });
        let new = NewBox { peer, at, over };
        match dropped {
            true => self.drop_new(document, new, commands),
            false => self.new_box = Some(new),
        }
    }

    /// A box for the place between the ends of a flow: in the namespace of its destination, else of its source.
    fn made(&self, document: &Document, peer: &Peer, flow: FlowId, at: Pos2) -> Made {
        let home = |end: &End| match end.node()? {
            NodeRef::Workload(id) => document.workloads.get(id).map(|w| w.namespace),
            NodeRef::Namespace(id) => Some(id),
            _ => None,
        };
        let flow = document.flows.get(flow);
        let home = flow.and_then(|flow| home(&flow.to).or_else(|| home(&flow.from)));
        let under = self.scene_graph.scene.namespaces.iter();
        let mut under = under.filter(|space| space.rect.contains(pt(at.x, at.y)));
        let home = under.next().map(|space| space.id).or(home);
        let peer = match peer {
            Peer::Workload(_, name) => Peer::Workload(home, name.clone()),
            other => other.clone(),
        };
        create::make(document, &self.scene_graph.scene, &peer, at)
    }

    fn drop_new(&mut self, document: &Document, new: NewBox, commands: &mut Commands) {
        let over = new.over.map(|over| (over.flow, over.insert()));
        match over {
            Some((flow, Some((name, edits)))) => {
                let item = self.made(document, &new.peer, flow, new.at).item;
                let notice = inserted(&name);
                commands.edit(Edit::Batch(name, edits));
                commands.push(notice);
                commands.push(Command::Select(vec![item]));
                self.popup = Some(Popup::Rename(item, Age::New));
                self.adding = true;
            }
            _ => {
                let peer = match new.peer {
                    Peer::Workload(_, name) => Peer::Workload(self.home(document, &[]), name),
                    other => other,
                };
                self.add_at(document, &peer, new.at, commands);
            }
        }
    }

    /// Draws what is dragged from the tools.
    pub(super) fn draw_new(
        &self,
        painter: &Painter,
        document: &Document,
        stroke: Stroke,
    ) -> Option<String> {
        let new = self.new_box.as_ref()?;
        let size = vec2(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT);
        let rect = Rect::from_center_size(new.at, size);
        painter.extend(dashed_frame(self.camera.rect_to_screen(rect), stroke));
        let over = new.over.as_ref()?;
        self.mark_arrow(painter, over.flow, stroke.color);
        self.draw_insertion(painter, over, document, (rect, stroke));
        Some(over.words(document))
    }
}
