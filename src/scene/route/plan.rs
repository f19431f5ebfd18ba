//! The path of one arrow.

use super::SAMPLE;
use super::ends::{Form, Side, Terminal};
use super::raster::{Raster, cell_of, point_of};
use super::search::{DIRECTIONS, Gate, Path, Search};
use super::shape::{rounded, simplified, smooth};
use crate::scene::geom::flatten;
use crate::scene::layout::PITCH;
use crate::scene::{Cubic, Point, Rect, Scene, pt, tokens};

/// The path of an arrow.
#[derive(Clone, Debug)]
pub(super) enum Course {
    /// One S curve: start, direction out, end, direction out of the end's box.
    Smooth(Point, Point, Point, Point),
    /// Horizontal and vertical segments through these points.
    Bent(Vec<Point>),
}

impl Course {
    pub fn curve(&self) -> Vec<Cubic> {
        match self {
            Self::Smooth(from, out, to, into) => smooth(*from, *out, *to, *into),
            Self::Bent(points) => rounded(points),
        }
    }

    /// Both ends and the bends between them.
    pub fn points(&self) -> Vec<Point> {
        match self {
            Self::Smooth(from, _, to, _) => vec![*from, *to],
            Self::Bent(points) => points.clone(),
        }
    }
}

/// The sides that an arrow uses, and its path before ports are spread.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub from: Side,
    pub to: Side,
    pub course: Course,
    /// No path around all obstacles was found.
    pub forced: bool,
}

/// Finds the paths of arrows in one scene.
pub(super) struct Planner<'a> {
    scene: &'a Scene,
    raster: Raster,
    search: Search,
}

impl<'a> Planner<'a> {
    /// A planner of arrows among what the scene has.
    pub fn new(scene: &'a Scene) -> Self {
        Self {
            scene,
            raster: Raster::of(scene),
            search: Search::default(),
        }
    }

    /// Records a path, so that later ones avoid it.
    pub fn mark(&mut self, course: &Course) {
        self.mark_line(&flatten(&course.curve(), SAMPLE));
    }

    /// Records a line.
    pub fn mark_line(&mut self, line: &[Point]) {
        self.raster.mark(line);
    }

    /// Removes all recorded lines.
    pub fn forget(&mut self) {
        self.raster.unmark();
    }

    /// The cheapest sides and path of an arrow.
    pub fn choose(&mut self, from: &Terminal, to: &Terminal) -> Plan {
        if from.node == to.node {
            return looped(from);
        }
        let mut best: Option<(f32, Plan)> = None;
        let mut fallback: Option<(f32, Plan)> = None;
        for &a in from.sides() {
            for &b in to.sides() {
                let Some((mut cost, course)) =
                    direct(from, a, from.rest(a, to), to, b, to.rest(b, from))
                else {
                    continue;
                };
                let (hits, step_cost) = self.judge(&course, from, to);
                cost += step_cost;
                let slot = if hits == 0 { &mut best } else { &mut fallback };
                let total = cost + 200.0 * hits as f32;
                if slot.as_ref().is_none_or(|(least, _)| total < *least) {
                    let plan = Plan {
                        from: a,
                        to: b,
                        course,
                        forced: hits > 0,
                    };
                    *slot = Some((total, plan));
                }
            }
        }
        let plain = from.rect.centre().distance(to.rect.centre());
        if let Some((cost, plan)) = &best
            && *cost < 1.5 * plain + 140.0
        {
            return plan.clone();
        }
        let gates = |me: &Terminal, other: &Terminal| {
            let sides = me.sides().iter();
            sides
                .map(|&side| gate(me, side, me.rest(side, other)))
                .collect::<Vec<_>>()
        };
        if let Some(path) = self.path(&gates(from, to), &gates(to, from), from, to) {
            let ends = [from.rest(path.from, to), to.rest(path.to, from)];
            return Plan {
                from: path.from,
                to: path.to,
                course: bent(from, to, &path, ends),
                forced: false,
            };
        }
        let plan = best.or(fallback).map(|b| b.1);
        plan.unwrap_or_else(|| straight(from, to))
    }

    /// The path between these ports, on the sides of the plan.
    pub fn draw(&mut self, from: &Terminal, to: &Terminal, plan: &Plan, ports: [f32; 2]) -> Course {
        if from.node == to.node {
            return loop_course(from, plan, ports);
        }
        let direct = direct(from, plan.from, ports[0], to, plan.to, ports[1]);
        let was_bent = matches!(&plan.course, Course::Bent(points) if points.len() > 3);
        if let Some((_, course)) = &direct
            && !was_bent
            && (plan.forced || self.judge(course, from, to).0 == 0)
        {
            return course.clone();
        }
        if let Course::Bent(points) = &plan.course {
            let shifted = shifted(from, to, plan, points, ports);
            if self.judge(&shifted, from, to).0 == 0 {
                return shifted;
            }
        }
        let starts = [gate(from, plan.from, ports[0])];
        let goals = [gate(to, plan.to, ports[1])];
        if let Some(path) = self.path(&starts, &goals, from, to) {
            return bent(from, to, &path, ports);
        }
        direct.map_or_else(|| straight_course(from, to, plan, ports), |d| d.1)
    }

    fn path(
        &mut self,
        starts: &[Gate],
        goals: &[Gate],
        from: &Terminal,
        to: &Terminal,
    ) -> Option<Path> {
        let home = self.raster.home(self.scene, [from.node, to.node]);
        self.search.run(&self.raster, starts, goals, home)
    }

    /// How many obstacles a path hits, and what crossing other things costs.
    fn judge(&self, course: &Course, from: &Terminal, to: &Terminal) -> (usize, f32) {
        let home = self.raster.home(self.scene, [from.node, to.node]);
        let own = |t: &Terminal| match t.form {
            Form::Container { .. } => Rect::around(pt(f32::MAX, f32::MAX), 0.0, 0.0),
            _ => t.rect.grow(CLEAR_OF_OWN),
        };
        let (own_from, own_to) = (own(from), own(to));
        let (mut hits, mut step_cost) = (0, 0);
        let line = flatten(&course.curve(), SAMPLE);
        for pair in line.windows(2) {
            let p = pair[1];
            if own_from.contains(p) || own_to.contains(p) {
                continue;
            }
            let Some(at) = self.raster.index(cell_of(p)) else {
                continue;
            };
            let along_x = (pair[1].x - pair[0].x).abs() >= (pair[1].y - pair[0].y).abs();
            hits += usize::from(self.raster.wall(at));
            step_cost += self.raster.step_cost(at, along_x, home);
        }
        (hits, step_cost as f32 * PITCH / 10.0 * SAMPLE / PITCH)
    }
}

/// Cells this near to an arrow's own box are not counted.
const CLEAR_OF_OWN: f32 = 15.0;

/// An S curve between facing sides, or one corner between sides at right angles, with its cost; none
/// where it would run backwards.
fn direct(
    from: &Terminal,
    a: Side,
    at: f32,
    to: &Terminal,
    b: Side,
    bt: f32,
) -> Option<(f32, Course)> {
    let (start, end) = (from.port(a, at), to.port(b, bt));
    let (out, into) = (from.out(a), to.out(b));
    let d = end - start;
    let dot = |p: Point, q: Point| p.x * q.x + p.y * q.y;
    if out == into * -1.0 {
        let (ahead, aside) = (dot(d, out), (d.x * out.y).abs() + (d.y * out.x).abs());
        let least = if aside < 0.5 { 12.0 } else { 24.0 };
        if ahead < least {
            return None;
        }
        let steep = (aside - 2.0 * ahead).max(0.0);
        let cost = start.distance(end) + 0.35 * aside + 1.2 * steep;
        return Some((cost, Course::Smooth(start, out, end, into)));
    }
    if dot(out, into) != 0.0 {
        return None;
    }
    let corner = start + out * dot(d, out);
    if dot(d, out) < 28.0 || dot(d, into) > -28.0 {
        return None;
    }
    let cost = d.x.abs() + d.y.abs() + 30.0;
    Some((cost, Course::Bent(vec![start, corner, end])))
}

/// Where a path may start or end.
fn gate(terminal: &Terminal, side: Side, at: f32) -> Gate {
    let (port, out) = (terminal.port(side, at), terminal.out(side));
    // The next cell at least ten points away from the border; nodes are near to a port.
    let least = match terminal.form {
        Form::Port(_) => 10.0 - tokens::PORT / 2.0,
        _ => 10.0,
    };
    let far = port + out * least;
    let along = |v: f32, d: f32| match d {
        d if d > 0.0 => (v / PITCH).ceil() * PITCH,
        d if d < 0.0 => (v / PITCH).floor() * PITCH,
        _ => v,
    };
    let direction = |d: &(i32, i32)| (d.0 as f32, d.1 as f32) == (out.x, out.y);
    Gate {
        side,
        cell: cell_of(pt(along(far.x, out.x), along(far.y, out.y))),
        out: DIRECTIONS.iter().position(direction).unwrap_or(0),
        cost: 0,
    }
}

/// A path from port to port: its first and last segments are moved onto the ports.
fn bent(from: &Terminal, to: &Terminal, path: &Path, ports: [f32; 2]) -> Course {
    let points: Vec<Point> = path.cells.iter().copied().map(point_of).collect();
    joined(from, to, [path.from, path.to], points, ports)
}

/// The path of a plan with other ports.
fn shifted(
    from: &Terminal,
    to: &Terminal,
    plan: &Plan,
    points: &[Point],
    ports: [f32; 2],
) -> Course {
    let inner = points.len().saturating_sub(2);
    let points = points.iter().copied().skip(1).take(inner).collect();
    joined(from, to, [plan.from, plan.to], points, ports)
}

/// From port to port through these corners; the first and the last segment move onto the ports.
fn joined(
    from: &Terminal,
    to: &Terminal,
    sides: [Side; 2],
    mut points: Vec<Point>,
    ports: [f32; 2],
) -> Course {
    let (start, end) = (from.port(sides[0], ports[0]), to.port(sides[1], ports[1]));
    align(&mut points, start, sides[0]);
    points.reverse();
    align(&mut points, end, sides[1]);
    points.reverse();
    points.insert(0, start);
    points.push(end);
    let points = simplified(&points);
    let askew = |p: &[Point]| (p[0].x - p[1].x).abs() > 0.5 && (p[0].y - p[1].y).abs() > 0.5;
    if points.windows(2).any(askew) {
        return Course::Smooth(start, from.out(sides[0]), end, to.out(sides[1]));
    }
    Course::Bent(points)
}

/// Moves the segment that leaves a port onto the port's line.
fn align(points: &mut [Point], port: Point, side: Side) {
    let Some(first) = points.first().copied() else {
        return;
    };
    for point in points {
        if side.upright() {
            if point.y != first.y {
                break;
            }
            point.y = port.y;
        } else {
            if point.x != first.x {
                break;
            }
            point.x = port.x;
        }
    }
}

/// The fallback: from side to side, through obstacles.
fn straight(from: &Terminal, to: &Terminal) -> Plan {
    let d = to.rect.centre() - from.rect.centre();
    let facing = match (d.x.abs() > d.y.abs(), d.x > 0.0, d.y > 0.0) {
        (true, true, _) => (Side::Right, Side::Left),
        (true, false, _) => (Side::Left, Side::Right),
        (false, _, true) => (Side::Bottom, Side::Top),
        (false, _, false) => (Side::Top, Side::Bottom),
    };
    let side = |me: &Terminal, facing| match me.form {
        Form::Port(side) => side,
        _ => facing,
    };
    let (a, b) = (side(from, facing.0), side(to, facing.1));
    let mut plan = Plan {
        from: a,
        to: b,
        course: Course::Bent(Vec::new()),
        forced: true,
    };
    plan.course = straight_course(from, to, &plan, [from.rest(a, to), to.rest(b, from)]);
    plan
}

fn straight_course(from: &Terminal, to: &Terminal, plan: &Plan, ports: [f32; 2]) -> Course {
    Course::Smooth(
        from.port(plan.from, ports[0]),
        from.out(plan.from),
        to.port(plan.to, ports[1]),
        to.out(plan.to),
    )
}

/// From a box to itself: a small loop at a corner.
fn looped(terminal: &Terminal) -> Plan {
    let to = match terminal.form {
        Form::Container { .. } => Side::Bottom,
        _ => Side::Top,
    };
    let mut plan = Plan {
        from: Side::Right,
        to,
        course: Course::Bent(Vec::new()),
        forced: true,
    };
    let ports = loop_ports(terminal, to);
    plan.course = loop_course(terminal, &plan, ports);
    plan
}

fn loop_ports(terminal: &Terminal, to: Side) -> [f32; 2] {
    let (low, high) = terminal.span(Side::Right);
    let near = if to == Side::Top { low } else { high };
    [near, terminal.span(to).1 - 12.0]
}

fn loop_course(terminal: &Terminal, plan: &Plan, ports: [f32; 2]) -> Course {
    let (start, end) = (
        terminal.port(plan.from, ports[0]),
        terminal.port(plan.to, ports[1]),
    );
    let (x, y) = (terminal.rect.max.x + 18.0, end.y + plan.to.out().y * 16.0);
    Course::Bent(vec![start, pt(x, start.y), pt(x, y), pt(end.x, y), end])
}
