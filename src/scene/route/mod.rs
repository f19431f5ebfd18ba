//! Arrows: which sides they leave and enter, how they run, where their chips are.
//!
//! Two passes. The first chooses for each arrow the cheapest of an S curve, a corner and an orthogonal
//! path around everything (`plan`). Then ports are spread along the sides (`ends`), and the second pass
//! routes with them. Segments that share a channel are separated (`tracks`).

mod chips;
mod ends;
mod plan;
mod raster;
mod search;
mod shape;
mod tracks;

use std::collections::{BTreeMap, BTreeSet};

use super::geom::flatten;
use super::{Arrow, ArrowId, Point, Scene, pt};
use crate::model::NodeRef;
use ends::{PortRequest, Side, Terminal, spread};
use plan::{Course, Plan, Planner};

/// Distance between sample points of a line.
const SAMPLE: f32 = 8.0;

/// Routes all arrows: flows first, so that other arrows never change them; not all of them once `stop` returns true.
pub fn route(scene: &mut Scene, stop: &dyn Fn() -> bool) {
    let numbers = 0..scene.arrows.len();
    let flow = |n: &usize| scene.arrows.get(*n).is_some_and(|a| !a.id.is_extra());
    let (flows, extras): (Vec<usize>, Vec<usize>) = numbers.partition(flow);
    draw_ported(scene, flows, stop);
    if !extras.is_empty() {
        draw(scene, &extras, stop);
    }
}

/// Routes these arrows, those between boxes first: the others begin or end where these meet a border.
fn draw_ported(scene: &mut Scene, arrows: Vec<usize>, stop: &dyn Fn() -> bool) {
    let inner = |n: &usize| scene.arrows.get(*n).is_some_and(|a| a.port.is_some());
    let (inner, outer): (Vec<usize>, Vec<usize>) = arrows.into_iter().partition(inner);
    draw(scene, &outer, stop);
    if !inner.is_empty() {
        draw(scene, &inner, stop);
    }
}

/// Routes the arrows again that touch one of these nodes; the others stay.
pub fn reroute(scene: &mut Scene, moved: &BTreeSet<NodeRef>) {
    let arrows = scene.arrows.iter().enumerate();
    let at = |from, to| moved.contains(&from) || moved.contains(&to);
    let touching = arrows.filter(|(_, a)| {
        at(a.from, a.to) || a.port.is_some_and(|bundle| at(bundle.from, bundle.to))
    });
    let touching: Vec<usize> = touching.map(|(number, _)| number).collect();
    draw_ported(scene, touching, &|| false);
}

/// Routes these arrows (numbers in order) among the others.
fn draw(scene: &mut Scene, arrows: &[usize], stop: &dyn Fn() -> bool) {
    let mut jobs: Vec<Job> = arrows.iter().filter_map(|&n| Job::of(scene, n)).collect();
    jobs.sort_by(|a, b| {
        a.distance
            .total_cmp(&b.distance)
            .then(a.number.cmp(&b.number))
    });
    let mut planner = Planner::new(scene);
    mark_others(&mut planner, scene, arrows);
    let plans: Vec<Plan> = jobs
        .iter()
        .take_while(|_| !stop())
        .map(|job| {
            let plan = planner.choose(&job.from, &job.to);
            planner.mark(&plan.course);
            plan
        })
        .collect();
    if stop() {
        return;
    }
    let ports = ports(scene, arrows, &jobs, &plans);
    planner.forget();
    mark_others(&mut planner, scene, arrows);
    let mut courses: Vec<Course> = Vec::with_capacity(jobs.len());
    for ((job, plan), ends) in jobs.iter().zip(&plans).zip(&ports) {
        if stop() {
            return;
        }
        let course = planner.draw(&job.from, &job.to, plan, *ends);
        planner.mark(&course);
        courses.push(course);
    }
    tracks::part(&mut courses);
    for ((job, plan), course) in jobs.iter().zip(&plans).zip(&courses) {
        let Some(arrow) = scene.arrows.get_mut(job.number) else {
            continue;
        };
        arrow.curve = course.curve();
        arrow.tip = arrow.curve.last().map(|c| c.to).unwrap_or_default();
        arrow.heading = job.to.out(plan.to) * -1.0;
    }
    chips::place(scene, arrows);
    scene.update_bounds();
}

/// One arrow to be routed.
struct Job {
    number: usize,
    from: Terminal,
    to: Terminal,
    distance: f32,
}

impl Job {
    fn of(scene: &Scene, number: usize) -> Option<Self> {
        let arrow = scene.arrows.get(number)?;
        let box_of = |node, other| {
            let terminal = Terminal::of(scene, node, other)?;
            Some(match has_port(scene, arrow, node) {
                true => terminal.outside_of_port(),
                false => terminal,
            })
        };
        let port = || Some(Terminal::port_of(&scene.port(arrow.port?)?, arrow));
        let (from, to) = match arrow.begins_at_port() {
            None => (box_of(arrow.from, arrow.to)?, box_of(arrow.to, arrow.from)?),
            Some(true) => (port()?, Terminal::of(scene, arrow.to, arrow.from)?),
            Some(false) => (Terminal::of(scene, arrow.from, arrow.to)?, port()?),
        };
        Some(Self {
            number,
            from,
            to,
            distance: from.rect.centre().distance(to.rect.centre()),
        })
    }
}

/// Whether an arrow ends at a port on the border of that node: it is weighted, and the node an expanded namespace.
fn has_port(scene: &Scene, arrow: &Arrow, node: NodeRef) -> bool {
    let NodeRef::Namespace(id) = node else {
        return false;
    };
    matches!(arrow.id, ArrowId::Bundle(_)) && scene.namespace(id).is_some_and(|n| !n.collapsed)
}

/// Records the arrows that stay with the planner.
fn mark_others(planner: &mut Planner, scene: &Scene, arrows: &[usize]) {
    for (number, arrow) in scene.arrows.iter().enumerate() {
        if arrows.binary_search(&number).is_err() {
            planner.mark_line(&flatten(&arrow.curve, SAMPLE));
        }
    }
}

/// The coordinates of both ends of each job along their sides.
fn ports(scene: &Scene, arrows: &[usize], jobs: &[Job], plans: &[Plan]) -> Vec<[f32; 2]> {
    let mut requests = Vec::with_capacity(jobs.len() * 2);
    for (job, plan) in jobs.iter().zip(plans) {
        let line = plan.course.points();
        let towards = |side: Side, near: Point, far: Point, second: Option<&Point>| {
            let along = |p: Point| if side.upright() { p.y } else { p.x };
            // Ordered by the direction of the first bend, then by the other end.
            let bend = second.map_or(0.0, |p| along(*p) - along(near));
            along(near)
                + bend.signum() * if bend.abs() > 1.0 { 1e5 } else { 0.0 }
                + (along(far) - along(near))
        };
        let (first, last) = match (line.first(), line.last()) {
            (Some(&a), Some(&b)) => (a, b),
            _ => (pt(0.0, 0.0), pt(0.0, 0.0)),
        };
        let back = line.len().checked_sub(3).and_then(|i| line.get(i));
        requests.push(PortRequest {
            terminal: job.from,
            side: plan.from,
            rest: job.from.rest(plan.from, &job.to),
            towards: towards(plan.from, first, last, line.get(2)),
        });
        requests.push(PortRequest {
            terminal: job.to,
            side: plan.to,
            rest: job.to.rest(plan.to, &job.from),
            towards: towards(plan.to, last, first, back),
        });
    }
    let mut ports = spread(&requests, &busy(scene, arrows));
    straighten(&requests, &mut ports, plans);
    ports
        .chunks(2)
        .filter_map(|pair| Some([*pair.first()?, *pair.get(1)?]))
        .collect()
}

/// An arrow between facing sides that is alone at one end takes the coordinate of its other end
/// where it can, so that it runs straight.
fn straighten(requests: &[PortRequest], ports: &mut [f32], plans: &[Plan]) {
    let mut crowd: BTreeMap<(NodeRef, Side), usize> = BTreeMap::new();
    for request in requests {
        *crowd
            .entry((request.terminal.node, request.side))
            .or_default() += 1;
    }
    let alone = |n: usize| crowd.get(&(requests[n].terminal.node, requests[n].side)) == Some(&1);
    for (number, plan) in plans.iter().enumerate() {
        if !matches!(plan.course, Course::Smooth(..)) {
            continue;
        }
        for (mine, other) in [(2 * number, 2 * number + 1), (2 * number + 1, 2 * number)] {
            let (low, high) = requests[mine].terminal.span(requests[mine].side);
            if alone(mine) && (low - 0.5..=high + 0.5).contains(&ports[other]) {
                ports[mine] = ports[other];
                break;
            }
        }
    }
}

/// Ports of the other arrows.
fn busy(scene: &Scene, arrows: &[usize]) -> BTreeMap<(NodeRef, Side), Vec<f32>> {
    let mut busy: BTreeMap<(NodeRef, Side), Vec<f32>> = BTreeMap::new();
    for (number, arrow) in scene.arrows.iter().enumerate() {
        if arrows.binary_search(&number).is_ok() {
            continue;
        }
        let Some(start) = arrow.curve.first().map(|c| c.from) else {
            continue;
        };
        let begins_at_port = arrow.begins_at_port();
        for (node, at, first) in [(arrow.from, start, true), (arrow.to, arrow.tip, false)] {
            if begins_at_port == Some(first) {
                continue;
            }
            let Some(rect) = scene.rect(node) else {
                continue;
            };
            let off = |side: &Side| match side {
                Side::Right => (rect.max.x - at.x).abs(),
                Side::Left => (rect.min.x - at.x).abs(),
                Side::Bottom => (rect.max.y - at.y).abs(),
                Side::Top => (rect.min.y - at.y).abs(),
            };
            let side = Side::ALL
                .into_iter()
                .min_by(|a, b| off(a).total_cmp(&off(b)));
            if let Some(side) = side {
                let along = if side.upright() { at.y } else { at.x };
                busy.entry((node, side)).or_default().push(along);
            }
        }
    }
    busy
}
