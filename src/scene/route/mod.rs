//! Arrows.

use std::collections::BTreeSet;

use super::{Chip, Cubic, Rect, Scene, pt, tokens};
use crate::model::NodeRef;

/// Routes all arrows.
pub fn route(scene: &mut Scene) {
    let all: BTreeSet<NodeRef> = scene.arrows.iter().map(|a| a.from).collect();
    reroute(scene, &all);
}

/// Routes the arrows again that touch one of these nodes; the others stay.
pub fn reroute(scene: &mut Scene, moved: &BTreeSet<NodeRef>) {
    let mut arrows = std::mem::take(&mut scene.arrows);
    for arrow in &mut arrows {
        if !moved.contains(&arrow.from) && !moved.contains(&arrow.to) {
            continue;
        }
        let (Some(a), Some(b)) = (scene.rect(arrow.from), scene.rect(arrow.to)) else {
            continue;
        };
        let start = pt(a.max.x, a.centre().y);
        let end = pt(b.min.x, b.centre().y);
        let pull = ((end.x - start.x).abs() / 2.0).max(32.0);
        let curve = Cubic {
            from: start,
            c1: start + pt(pull, 0.0),
            c2: end - pt(pull, 0.0),
            to: end,
        };
        arrow.tip = end;
        arrow.heading = pt(1.0, 0.0);
        arrow.chip = Some(Chip {
            rect: Rect::around(
                curve.point(0.5),
                arrow.label_width + 2.0 * tokens::CHIP_PADDING,
                tokens::CHIP,
            ),
            text: arrow.label.clone(),
        });
        arrow.curve = vec![curve];
    }
    scene.arrows = arrows;
    scene.update_bounds();
}
