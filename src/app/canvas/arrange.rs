//! Aligns and distributes what is selected.

use std::collections::BTreeMap;

use egui::Rect;

use super::{CanvasView, pen};
use crate::app::command::{Command, Commands};
use crate::model::{Edit, Item, NodeRef};

impl CanvasView {
    /// Aligns the selected nodes along an edge of what they cover, or distributes them evenly, as one step.
    pub(in crate::app) fn arrange(
        &mut self,
        how: &Command,
        selection: &[Item],
        commands: &mut Commands,
    ) {
        let scene = &self.scene_graph.scene;
        let nodes = selection.iter().filter_map(|item| item.node());
        let nodes = nodes.filter(|node| !matches!(node, NodeRef::Namespace(_)));
        let rects: Vec<(NodeRef, Rect)> = nodes
            .filter_map(|node| Some((node, scene.rect(node).map(pen::rect)?)))
            .collect();
        let distributes = matches!(how, Command::DistributeAcross | Command::DistributeDown);
        let needed = if distributes { 3 } else { 2 };
        if rects.len() < needed {
            let verb = if distributes { "distribute" } else { "align" };
            let text = format!("Select {needed} or more workloads to {verb} them");
            return commands.push(Command::Say(text));
        }
        let verb = if distributes { "Distribute" } else { "Align" };
        let name = format!("{verb} {} objects", rects.len());
        let places = places(how, rects);
        commands.edit(Edit::Batch(name, vec![Edit::Place(places)]));
    }

    /// Pans by most of a page, up (`-1`) or down.
    pub(in crate::app) fn page(&mut self, direction: f32) {
        let by = self.camera.viewport.height() * 0.8 * direction;
        self.camera.pan_by(egui::vec2(0.0, -by));
    }
}

fn places(how: &Command, mut rects: Vec<(NodeRef, Rect)>) -> BTreeMap<NodeRef, [f32; 2]> {
    let covered = rects
        .iter()
        .fold(Rect::NOTHING, |all, (_, rect)| all.union(*rect));
    match how {
        Command::DistributeAcross => rects.sort_by(|a, b| a.1.min.x.total_cmp(&b.1.min.x)),
        Command::DistributeDown => rects.sort_by(|a, b| a.1.min.y.total_cmp(&b.1.min.y)),
        _ => {}
    }
    let gaps = (rects.len().max(2) - 1) as f32;
    let used: egui::Vec2 = rects
        .iter()
        .map(|(_, rect)| rect.size())
        .fold(egui::Vec2::ZERO, |a, b| a + b);
    let gap = (covered.size() - used) / gaps;
    let mut next = covered.min;
    let place = |(node, rect): (NodeRef, Rect)| {
        let mut corner = rect.min;
        match how {
            Command::AlignLeft => corner.x = covered.left(),
            Command::AlignRight => corner.x = covered.right() - rect.width(),
            Command::AlignTop => corner.y = covered.top(),
            Command::AlignBottom => corner.y = covered.bottom() - rect.height(),
            Command::DistributeAcross => corner.x = next.x,
            _ => corner.y = next.y,
        }
        next += rect.size() + gap;
        (node, [corner.x.round(), corner.y.round()])
    };
    rects.into_iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkloadId;
    use egui::{pos2, vec2};

    fn rects() -> Vec<(NodeRef, Rect)> {
        let at = [
            (1, pos2(0.0, 0.0), 100.0),
            (2, pos2(300.0, 80.0), 60.0),
            (3, pos2(120.0, 40.0), 80.0),
        ];
        let node = |(id, at, width)| {
            let rect = Rect::from_min_size(at, vec2(width, 54.0));
            (NodeRef::Workload(WorkloadId(id)), rect)
        };
        at.map(node).to_vec()
    }

    fn at(how: &Command) -> Vec<[f32; 2]> {
        places(how, rects()).into_values().collect()
    }

    #[test]
    fn aligned_nodes_share_an_edge_and_keep_the_other_coordinate() {
        assert_eq!(
            at(&Command::AlignLeft),
            [[0.0, 0.0], [0.0, 80.0], [0.0, 40.0]]
        );
        assert_eq!(
            at(&Command::AlignRight),
            [[260.0, 0.0], [300.0, 80.0], [280.0, 40.0]]
        );
        assert_eq!(
            at(&Command::AlignTop),
            [[0.0, 0.0], [300.0, 0.0], [120.0, 0.0]]
        );
        assert_eq!(
            at(&Command::AlignBottom),
            [[0.0, 80.0], [300.0, 80.0], [120.0, 80.0]]
        );
    }

    #[test]
    fn distributed_nodes_have_equal_gaps_and_the_outermost_stay() {
        // 360 wide, 240 of it nodes: two gaps of 60.
        assert_eq!(
            at(&Command::DistributeAcross),
            [[0.0, 0.0], [300.0, 80.0], [160.0, 40.0]]
        );
        assert_eq!(
            at(&Command::DistributeDown),
            [[0.0, 0.0], [300.0, 80.0], [120.0, 40.0]]
        );
    }
}
