//! Fewer crossings at the same shape: nodes of a namespace that are in one column change places, or move to an empty row
//! of it, as long as fewer arrows cross. Straight lines between facing sides stand for the arrows, which are not
//! routed yet. This sees what the layers of one namespace cannot: arrows that pass several columns, and those that lead
//! to other namespaces and to externals.

use std::collections::BTreeMap;

use super::Places;
use crate::model::{NamespaceId, NodeRef};
use crate::scene::geom::{cross, meets};
use crate::scene::request::Request;
use crate::scene::{Point, Rect, pt, tokens};

/// What a line over a node costs, in crossings; and the length of lines that costs as much as a crossing.
const OVER: f32 = 0.7;
const LENGTH: f32 = 900.0;
/// The least saving for which nodes change places.
const LEAST: f32 = 0.05;
/// How often all columns are gone through at most.
const ROUNDS: usize = 8;
/// Bounds the work with thousands of arrows: comparisons of a line with another one or with a node.
const BUDGET: usize = 15_000_000;
/// Least gap between nodes.
const GAP: f32 = 11.5;

/// Moves nodes within their columns.
pub(super) fn untangle(request: &Request, places: &mut Places) {
    let mut tangle = Tangle::of(request, places);
    for _ in 0..ROUNDS {
        if !tangle.round() {
            break;
        }
    }
    for (node, rect) in tangle.nodes.iter().zip(&tangle.rects) {
        places.insert(*node, rect.min);
    }
}

/// Nodes by numbers, and the lines between them.
struct Tangle {
    nodes: Vec<NodeRef>,
    rects: Vec<Rect>,
    flows: Vec<(usize, usize)>,
    /// The line of each flow.
    lines: Vec<[Point; 2]>,
    /// The flows of each node.
    flows_of: Vec<Vec<usize>>,
    /// The nodes of each namespace, by column.
    spaces: Vec<Vec<Vec<usize>>>,
    budget: usize,
}

impl Tangle {
    fn of(request: &Request, places: &Places) -> Self {
        let placed = request.nodes.iter();
        let placed: Vec<_> = placed
            .filter_map(|n| Some((n, *places.get(&n.node)?)))
            .collect();
        let rect = |at: Point, width| Rect::new(at.x, at.y, width, tokens::NODE_HEIGHT);
        let rects: Vec<Rect> = placed.iter().map(|(n, at)| rect(*at, n.width)).collect();
        let numbers = placed.iter().enumerate();
        let numbers: BTreeMap<NodeRef, usize> = numbers.map(|(i, (n, _))| (n.node, i)).collect();
        let ends = |from, to| Some((*numbers.get(&from)?, *numbers.get(&to)?));
        let flows = request
            .guides()
            .iter()
            .filter_map(|flow| ends(flow.from, flow.to));
        let flows: Vec<(usize, usize)> = flows.filter(|(a, b)| a != b).collect();
        let mut flows_of = vec![Vec::new(); placed.len()];
        for (number, &(from, to)) in flows.iter().enumerate() {
            flows_of[from].push(number);
            flows_of[to].push(number);
        }
        let mut spaces: BTreeMap<NamespaceId, BTreeMap<i64, Vec<usize>>> = BTreeMap::new();
        for (number, (node, at)) in placed.iter().enumerate() {
            if let Some(home) = node.namespace {
                let columns = spaces.entry(home).or_default();
                columns.entry(at.x as i64).or_default().push(number);
            }
        }
        let columns = |columns: BTreeMap<i64, Vec<usize>>| columns.into_values().collect();
        let line = |&(a, b): &(usize, usize)| line(&rects[a], &rects[b]);
        Self {
            lines: flows.iter().map(line).collect(),
            nodes: placed.iter().map(|(n, _)| n.node).collect(),
            spaces: spaces.into_values().map(columns).collect(),
            rects,
            flows,
            flows_of,
            budget: BUDGET,
        }
    }

    /// Tries all exchanges once; returns whether one was made.
    fn round(&mut self) -> bool {
        let spaces = self.spaces.clone();
        let mut changed = false;
        for columns in &spaces {
            let members: Vec<usize> = columns.iter().flatten().copied().collect();
            for column in columns {
                for (i, &a) in column.iter().enumerate() {
                    for &b in column.iter().skip(i + 1) {
                        changed |= self.exchange(a, b);
                    }
                    changed |= self.fill_gap(a, &members);
                }
            }
        }
        changed
    }

    /// Two nodes of a column change places if that saves crossings.
    fn exchange(&mut self, a: usize, b: usize) -> bool {
        if self.flows_of[a].is_empty() && self.flows_of[b].is_empty() {
            return false;
        }
        let rows = [self.rects[a].min.y, self.rects[b].min.y];
        self.improve(&[a, b], &[rows[1], rows[0]])
    }

    /// A node moves to an empty row of its namespace if that saves crossings.
    fn fill_gap(&mut self, node: usize, members: &[usize]) -> bool {
        if self.flows_of[node].is_empty() {
            return false;
        }
        let mut rows: Vec<f32> = members.iter().map(|&n| self.rects[n].min.y).collect();
        rows.sort_by(f32::total_cmp);
        rows.dedup();
        let mut changed = false;
        for row in rows {
            let here = self.rects[node];
            let wanted = here.moved(pt(0.0, row - here.min.y)).grow(GAP);
            let mut others = members.iter().filter(|&&n| n != node);
            if row != here.min.y && !others.any(|&n| self.rects[n].overlaps(&wanted)) {
                changed |= self.improve(&[node], &[row]);
            }
        }
        changed
    }

    /// Moves nodes to these rows unless that saves nothing.
    fn improve(&mut self, nodes: &[usize], rows: &[f32]) -> bool {
        let flows: usize = nodes.iter().map(|&n| self.flows_of[n].len()).sum();
        let work = 2 * (flows + nodes.len()) * (self.lines.len() + self.rects.len());
        if self.budget < work {
            return false;
        }
        self.budget -= work;
        let before = self.cost(nodes);
        let old: Vec<f32> = nodes.iter().map(|&n| self.rects[n].min.y).collect();
        self.move_to(nodes, rows);
        if self.cost(nodes) < before - LEAST {
            return true;
        }
        self.move_to(nodes, &old);
        false
    }

    fn move_to(&mut self, nodes: &[usize], rows: &[f32]) {
        for (&node, row) in nodes.iter().zip(rows) {
            let rect = &mut self.rects[node];
            *rect = rect.moved(pt(0.0, row - rect.min.y));
        }
        for &flow in nodes.iter().flat_map(|&n| &self.flows_of[n]) {
            let (a, b) = self.flows[flow];
            self.lines[flow] = line(&self.rects[a], &self.rects[b]);
        }
    }

    /// What the lines at these nodes, and lines over these nodes, cost.
    fn cost(&self, nodes: &[usize]) -> f32 {
        let mut own: Vec<usize> = nodes
            .iter()
            .flat_map(|&n| &self.flows_of[n])
            .copied()
            .collect();
        own.sort_unstable();
        own.dedup();
        let mut cost = 0.0;
        for &flow in &own {
            let ((from, to), [a, b]) = (self.flows[flow], self.lines[flow]);
            cost += a.distance(b) / LENGTH;
            for (other, &(start, end)) in self.flows.iter().enumerate() {
                let is_apart = ![start, end].iter().any(|n| *n == from || *n == to);
                // Two of these lines are compared once.
                let counts = other > flow || own.binary_search(&other).is_err();
                if is_apart && counts && cross([a, b], self.lines[other]) {
                    cost += 1.0;
                }
            }
            let others = self.rects.iter().enumerate();
            let mut others = others.filter(|(n, _)| *n != from && *n != to);
            cost += OVER * others.by_ref().filter(|(_, r)| meets(r, a, b)).count() as f32;
        }
        for &node in nodes {
            let others = self.lines.iter().enumerate();
            let others = others.filter(|(flow, _)| own.binary_search(flow).is_err());
            let over = others.filter(|(_, [a, b])| meets(&self.rects[node], *a, *b));
            cost += OVER * over.count() as f32;
        }
        cost
    }
}

/// The line between the facing sides of two nodes.
fn line(a: &Rect, b: &Rect) -> [Point; 2] {
    let (from, to) = (a.centre(), b.centre());
    let across = (b.min.x - a.max.x).max(a.min.x - b.max.x);
    let down = (b.min.y - a.max.y).max(a.min.y - b.max.y);
    let half = |rect: &Rect| match across >= down {
        true => pt(rect.width() / 2.0, 0.0),
        false => pt(0.0, rect.height() / 2.0),
    };
    let forth = match across >= down {
        true => to.x >= from.x,
        false => to.y >= from.y,
    };
    let sign = if forth { 1.0 } else { -1.0 };
    [from + half(a) * sign, to - half(b) * sign]
}
