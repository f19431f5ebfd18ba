//! An arrow's end that is dragged to another node.

use egui::{Align2, Painter, Pos2, Rect, Stroke, Vec2};

use super::CanvasView;
use super::draft::{preview, rect_of};
use crate::app::command::{Command, Commands};
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::view::View;
use crate::model::edit::Thing;
use crate::model::{Document, Edit, End, Flow, FlowId, FlowPort, Item, validate};
use crate::scene::ArrowId;
use crate::scene::detail::Hit;

/// How near to an arrow's end its line is grabbed there, in screen points.
const GRIP: f32 = 26.0;

/// An arrow's end that is dragged.
#[derive(Clone, Debug)]
pub struct Reroute {
    flow: FlowId,
    /// The source moves, else the destination.
    source: bool,
    pointer: Pos2,
    /// What is under the pointer.
    under: Option<End>,
    /// What a drop would do, or why it is refused.
    change: Result<Option<Change>, String>,
    /// Ports stay, whatever the new destination declares.
    keep_ports: bool,
    /// The nodes that would refuse the end.
    refusing: Vec<End>,
}

/// A flow with its new end.
#[derive(Clone, Debug)]
struct Change {
    flow: Flow,
    /// The ports become the only one that the new destination declares.
    ports_change: bool,
}

impl Reroute {
    /// The node that would take the end.
    pub fn target(&self) -> Option<&End> {
        let taken = matches!(&self.change, Ok(Some(_)));
        self.under.as_ref().filter(|_| taken)
    }

    /// The node that would refuse it.
    pub fn refused(&self) -> Option<&End> {
        self.under.as_ref().filter(|_| self.change.is_err())
    }

    /// The pointer has moved; `under`: the end that is there.
    pub fn follow(&mut self, at: Pos2, under: Option<End>, keep_ports: bool, document: &Document) {
        self.pointer = at;
        if under != self.under || keep_ports != self.keep_ports {
            (self.under, self.keep_ports) = (under, keep_ports);
            self.change = self.change(document);
        }
    }

    fn change(&self, document: &Document) -> Result<Option<Change>, String> {
        let (Some(under), Some(old)) = (&self.under, document.flows.get(self.flow)) else {
            return Ok(None);
        };
        let mut flow = old.clone();
        match self.source {
            true => flow.from = under.clone(),
            false => flow.to = under.clone(),
        }
        if (&flow.from, &flow.to) == (&old.from, &old.to) {
            return Ok(None);
        }
        let mut others = document.flows.iter().filter(|(id, _)| *id != self.flow);
        if others.any(|(_, other)| (&other.from, &other.to) == (&flow.from, &flow.to)) {
            return Err("a flow between these two is already drawn".into());
        }
        let ports = self.new_ports(document, &flow);
        let ports_change = ports.is_some();
        flow.ports = ports.unwrap_or(flow.ports);
        let edit = Edit::Change(Item::Flow(self.flow), Thing::Flow(flow.clone()));
        match edit.apply(&mut document.clone()) {
            Ok(_) => Ok(Some(Change { flow, ports_change })),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    /// The only port that the new destination declares, if it declares none of the flow's.
    fn new_ports(&self, document: &Document, flow: &Flow) -> Option<Vec<FlowPort>> {
        if self.source || self.keep_ports || !flow.http.is_empty() {
            return None;
        }
        let only = document.only_port(&flow.to)?;
        let declared = document.port_choices(&flow.to).into_iter();
        let declared: Vec<FlowPort> = declared.map(|choice| choice.port).collect();
        let concrete = |port: &FlowPort| matches!(port, FlowPort::Range(..) | FlowPort::Named(..));
        let known = flow.ports.iter().any(|port| declared.contains(port));
        let replaced = !known && flow.ports.iter().all(concrete);
        replaced.then(|| vec![only])
    }

    /// What a drop would do, in words.
    pub fn words(&self, document: &Document) -> String {
        let name = self.under.as_ref().map(|end| document.end_name(end));
        let name = name.unwrap_or_default();
        match &self.change {
            Err(why) => format!("Not to {name}: {why}"),
            Ok(None) => {
                "Drop the end on a workload, namespace or external; Esc puts it back".into()
            }
            Ok(Some(change)) if change.ports_change => {
                let ports = validate::flow_ports_words(&change.flow.ports);
                format!("Move the end to {name}, on {ports}, its only port; Alt keeps the ports")
            }
            Ok(Some(_)) => format!("Move the end to {name}; Esc puts it back"),
        }
    }

    /// The edit of a drop here.
    pub fn edit(self, document: &Document) -> Option<Edit> {
        let change = self.change.ok()??;
        let name = format!(
            "Move the {} of {} to {}",
            if self.source { "source" } else { "destination" },
            document.flow_name(self.flow),
            document.end_name(&self.under?),
        );
        let edit = Edit::Change(Item::Flow(self.flow), Thing::Flow(change.flow));
        Some(Edit::Batch(name, vec![edit]))
    }
}

/// The nodes that would refuse an end of a flow: those that another flow joins with its fixed end already, and those
/// that are no pods if the fixed end is not.
fn refusing(document: &Document, id: FlowId, source: bool) -> Vec<End> {
    let ends = |flow: &Flow| match source {
        true => (flow.to.clone(), flow.from.clone()),
        false => (flow.from.clone(), flow.to.clone()),
    };
    let Some((fixed, _)) = document.flows.get(id).map(ends) else {
        return Vec::new();
    };
    let others = document.flows.iter().filter(|(other, _)| *other != id);
    let others = others.map(|(_, flow)| ends(flow));
    let mut found: Vec<End> = others
        .filter_map(|(same, end)| (same == fixed).then_some(end))
        .collect();
    if !fixed.has_gate() {
        found.extend(document.externals.ids().map(End::External));
        found.extend(document.nodes.ids().map(End::Node));
    }
    found
}

impl CanvasView {
    /// The end of an arrow that is grabbed at a point: of the selected flow, or of the line there.
    pub(super) fn grip(&self, at: Pos2, document: &Document, view: &View) -> Option<Reroute> {
        let selected = match view.only_selected() {
            Some(Item::Flow(flow)) => Some(flow),
            _ => None,
        };
        let near = |flow: FlowId, reach: f32| {
            let [tail, tip] = self.arrow_ends(flow)?;
            let reach = reach / self.camera.zoom;
            let (from, to) = (tail.distance(at), tip.distance(at));
            (from.min(to) <= reach).then_some((flow, from < to))
        };
        let line = || match self.hit(at) {
            Some(Hit::Arrow(ArrowId::Flow(flow))) => near(flow, GRIP),
            _ => None,
        };
        let (flow, source) = selected
            .and_then(|flow| near(flow, GRIP / 2.0))
            .or_else(line)?;
        document.flows.get(flow)?;
        Some(Reroute {
            flow,
            source,
            pointer: at,
            under: None,
            change: Ok(None),
            keep_ports: false,
            refusing: refusing(document, flow, source),
        })
    }

    /// Where an arrow begins and ends, in the scene.
    fn arrow_ends(&self, flow: FlowId) -> Option<[Pos2; 2]> {
        let curve = &self.scene_graph.scene.arrow(flow)?.curve;
        let (first, last) = (curve.first()?.from, curve.last()?.to);
        Some([first, last].map(|point| egui::pos2(point.x, point.y)))
    }

    /// The ends of an arrow on the screen.
    pub fn screen_ends(&self, flow: FlowId) -> Option<[Pos2; 2]> {
        let ends = self.arrow_ends(flow)?;
        Some(ends.map(|end| self.camera.to_screen(end)))
    }

    /// Draws the arrow to where its end is dragged.
    pub(super) fn draw_reroute(
        &self,
        painter: &Painter,
        moved: &Reroute,
        document: &Document,
        stroke: Stroke,
    ) {
        let scene = &self.scene_graph.scene;
        let Some(flow) = document.flows.get(moved.flow) else {
            return;
        };
        let fixed = if moved.source { &flow.to } else { &flow.from };
        let fixed = fixed
            .node()
            .map(|node| End::from(self.shown(document, node)));
        let Some(fixed) = fixed.and_then(|end| rect_of(scene, &end)) else {
            return;
        };
        let target = moved.target().and_then(|end| rect_of(scene, end));
        let loose = Rect::from_center_size(moved.pointer, Vec2::ZERO);
        let (source, target) = match moved.source {
            true => (target.unwrap_or(loose), Some(fixed)),
            false => (fixed, target),
        };
        preview(
            painter,
            &self.camera,
            source,
            None,
            target,
            moved.pointer,
            stroke,
        );
        self.draw_refusing(painter, moved);
    }

    /// Marks the nodes that would refuse the end.
    fn draw_refusing(&self, painter: &Painter, moved: &Reroute) {
        const SIZE: f32 = 14.0;
        let palette = theme::palette(painter.ctx());
        for end in &moved.refusing {
            let Some(rect) = rect_of(&self.scene_graph.scene, end) else {
                continue;
            };
            let corner = self.camera.to_screen(rect.left_top());
            painter.circle_filled(corner, SIZE / 2.0 + 2.0, color(palette.panel));
            let (font, ink) = (theme::icon(SIZE), color(palette.blocked));
            painter.text(corner, Align2::CENTER_CENTER, icons::PROHIBIT, font, ink);
        }
    }

    /// Puts the end where it was dropped.
    pub(super) fn drop_end(&self, moved: Reroute, document: &Document, commands: &mut Commands) {
        commands.extend(moved.edit(document).map(Command::Edit));
    }

    /// Handles at the ends of the selected flow.
    pub(super) fn draw_grips(
        &self,
        painter: &Painter,
        view: &View,
        stroke: Stroke,
        fill: egui::Color32,
    ) {
        let Some(Item::Flow(flow)) = view.only_selected() else {
            return;
        };
        for end in self.screen_ends(flow).into_iter().flatten() {
            painter.circle(end, 4.0, fill, stroke);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::format;

    #[test]
    fn marked_nodes_are_those_that_refuse_the_end() {
        let text = include_str!("../../../assets/examples/online-shop.drawbridge.yaml");
        let (document, _) = format::read(text, "shop").unwrap();
        let workloads = document.workloads.ids().map(End::Workload);
        let externals = document.externals.ids().map(End::External);
        let ends: Vec<End> = workloads.chain(externals).collect();
        let mut refused = 0;
        for flow in document.flows.ids() {
            for source in [false, true] {
                let mut moved = Reroute {
                    flow,
                    source,
                    pointer: Pos2::ZERO,
                    under: None,
                    change: Ok(None),
                    keep_ports: false,
                    refusing: refusing(&document, flow, source),
                };
                for end in &ends {
                    moved.follow(Pos2::ZERO, Some(end.clone()), false, &document);
                    let refuses = moved.refused() == Some(end);
                    let name = document.end_name(end);
                    assert_eq!(moved.refusing.contains(end), refuses, "{name}");
                    refused += usize::from(refuses);
                }
            }
        }
        assert!(refused > 20, "{refused}");
    }
}
