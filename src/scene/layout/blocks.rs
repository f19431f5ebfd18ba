//! Namespaces as blocks in rows: sources above destinations, connected namespaces close together, and
//! the whole in about the shape of the canvas.

use std::collections::BTreeMap;

use super::inside::{self, Edge, Item};
use super::layers::{acyclic, longest_path};
use super::{ASPECT, Places, Variant, container_size, extent, snap};
use crate::model::NodeRef;
use crate::scene::geom::{cross, meets};
use crate::scene::request::Request;
use crate::scene::{Point, Rect, pt, tokens};

/// Gaps between blocks side by side, and one above the other.
const GAP_X: f32 = 96.0;
const GAP_Y: f32 = 60.0;

/// A namespace with its nodes placed in it.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub size: Point,
    /// Nodes, from the block's top left corner.
    pub members: Vec<(NodeRef, Point)>,
}

/// Flows between two blocks, aggregated.
#[derive(Clone, Copy, Debug)]
struct Link {
    from: usize,
    to: usize,
    /// Mean place of the ends within their blocks.
    start: Point,
    end: Point,
    weight: f32,
}

/// Positions of all namespaces and workloads.
pub(super) fn arrange(request: &Request, variant: &Variant) -> Places {
    let blocks: Vec<Block> = (0..request.namespaces.len())
        .map(|n| block(request, n))
        .collect();
    let links = links(request, &blocks);
    let corners = shelves(&blocks, &links, variant);
    let mut places = Places::new();
    for ((spec, block), corner) in request.namespaces.iter().zip(&blocks).zip(corners) {
        places.insert(NodeRef::Namespace(spec.id), corner);
        for &(node, offset) in &block.members {
            places.insert(node, corner + offset);
        }
    }
    places
}

/// One namespace laid out by itself.
pub(super) fn block(request: &Request, namespace: usize) -> Block {
    let Some(spec) = request.namespaces.get(namespace) else {
        return Block {
            size: container_size(None, [0.0; 2], false),
            members: Vec::new(),
        };
    };
    let mine: Vec<_> = request
        .nodes
        .iter()
        .filter(|n| n.namespace == Some(spec.id))
        .collect();
    let index: BTreeMap<NodeRef, usize> =
        mine.iter().enumerate().map(|(i, n)| (n.node, i)).collect();
    let mut items: Vec<Item> = mine
        .iter()
        .map(|n| Item {
            width: n.width,
            connected: false,
        })
        .collect();
    let mut edges = Vec::new();
    for flow in request.guides() {
        let (from, to) = (index.get(&flow.from), index.get(&flow.to));
        for &end in [from, to].into_iter().flatten() {
            items[end].connected = true;
        }
        if let (Some(&from), Some(&to)) = (from, to) {
            edges.push(Edge {
                from,
                to,
                chip: flow.label_width + 2.0 * tokens::CHIP_PADDING,
            });
        }
    }
    let offset = pt(tokens::NAMESPACE_PADDING, tokens::NAMESPACE_TOP);
    let placed = inside::place(&items, &edges);
    let content = placed
        .iter()
        .zip(&items)
        .map(|(p, item)| Rect::new(p.x, p.y, item.width, tokens::NODE_HEIGHT))
        .reduce(|a, b| a.union(&b));
    Block {
        size: container_size(content.map(|c| c.max), spec.header_widths, spec.collapsed),
        members: mine
            .iter()
            .zip(placed)
            .map(|(n, p)| (n.node, p + offset))
            .collect(),
    }
}

fn links(request: &Request, blocks: &[Block]) -> Vec<Link> {
    let mut ends: BTreeMap<NodeRef, (usize, Point)> = BTreeMap::new();
    for (number, (spec, block)) in request.namespaces.iter().zip(blocks).enumerate() {
        ends.insert(NodeRef::Namespace(spec.id), (number, block.size * 0.5));
        let half = pt(tokens::NODE_MIN_WIDTH, tokens::NODE_HEIGHT) * 0.5;
        for &(node, offset) in &block.members {
            ends.insert(node, (number, offset + half));
        }
    }
    let mut sums: BTreeMap<(usize, usize), (Point, Point, f32)> = BTreeMap::new();
    for flow in request.guides() {
        let (Some(&(a, start)), Some(&(b, end))) = (ends.get(&flow.from), ends.get(&flow.to))
        else {
            continue;
        };
        if a != b {
            let sum = sums.entry((a, b)).or_default();
            let flows = flow.flows as f32;
            *sum = (sum.0 + start * flows, sum.1 + end * flows, sum.2 + flows);
        }
    }
    sums.into_iter()
        .map(|((from, to), (start, end, weight))| Link {
            from,
            to,
            start: start * (1.0 / weight),
            end: end * (1.0 / weight),
            weight,
        })
        .collect()
}

/// Top left corners of blocks in rows. Starts from layers of the quotient graph, then swaps and moves
/// blocks as long as that shortens the flows.
fn shelves(blocks: &[Block], links: &[Link], variant: &Variant) -> Vec<Point> {
    let tangle = variant.tangle;
    let cost_of = |rows: &[Vec<usize>]| {
        let corners = place_rows(blocks, links, rows);
        let crossed = if tangle > 0.0 {
            crossed(links, &corners)
        } else {
            0.0
        };
        cost(blocks, links, &corners) + tangle * crossed
    };
    let mut rows = first_rows(blocks, links, variant.width);
    let mut cost = cost_of(&rows);
    // Bounds the work with many namespaces.
    let mut budget = 3_000_000 / (blocks.len() * (links.len() + 8) + 1);
    loop {
        let before = cost;
        for step in steps(&rows) {
            if budget == 0 {
                return place_rows(blocks, links, &rows);
            }
            budget -= 1;
            let changed = apply(&rows, step);
            let now = cost_of(&changed);
            if now < cost - 1.0 {
                cost = now;
                rows = changed;
            }
        }
        if cost > before - 1.0 {
            return place_rows(blocks, links, &rows);
        }
    }
}

/// A change of the rows.
#[derive(Clone, Copy)]
enum Step {
    /// Two blocks change places.
    Swap(usize, usize),
    /// A block moves in front of another.
    Before(usize, usize),
    /// A block moves to the end of a row; one behind the last is a new row.
    ToRow(usize, usize),
    /// A block becomes a row of its own above that row.
    NewRow(usize, usize),
}

fn steps(rows: &[Vec<usize>]) -> Vec<Step> {
    let blocks: Vec<usize> = rows.iter().flatten().copied().collect();
    let mut steps = Vec::new();
    for &a in &blocks {
        for &b in &blocks {
            if a < b {
                steps.push(Step::Swap(a, b));
            }
            if a != b {
                steps.push(Step::Before(a, b));
            }
        }
        steps.extend((0..=rows.len()).flat_map(|r| [Step::ToRow(a, r), Step::NewRow(a, r)]));
    }
    steps
}

fn apply(rows: &[Vec<usize>], step: Step) -> Vec<Vec<usize>> {
    let mut rows = rows.to_vec();
    let without = |rows: &mut Vec<Vec<usize>>, a: usize| {
        for row in rows.iter_mut() {
            row.retain(|&n| n != a);
        }
    };
    match step {
        Step::Swap(a, b) => {
            for n in rows.iter_mut().flatten() {
                *n = match *n {
                    n if n == a => b,
                    n if n == b => a,
                    n => n,
                };
            }
        }
        Step::Before(a, b) => {
            without(&mut rows, a);
            for row in &mut rows {
                if let Some(at) = row.iter().position(|&n| n == b) {
                    row.insert(at, a);
                }
            }
        }
        Step::ToRow(a, r) => {
            without(&mut rows, a);
            match rows.get_mut(r) {
                Some(row) => row.push(a),
                None => rows.push(vec![a]),
            }
        }
        Step::NewRow(a, r) => {
            without(&mut rows, a);
            rows.insert(r.min(rows.len()), vec![a]);
        }
    }
    rows.retain(|row| !row.is_empty());
    rows
}

/// Layers of the quotient graph, wrapped to so many times the width of a square.
fn first_rows(blocks: &[Block], links: &[Link], width: f32) -> Vec<Vec<usize>> {
    let pairs: Vec<(usize, usize)> = links.iter().map(|l| (l.from, l.to)).collect();
    let layer = longest_path(blocks.len(), &acyclic(blocks.len(), &pairs));
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|&n| (layer[n], n));
    let area: f32 = blocks
        .iter()
        .map(|b| (b.size.x + GAP_X) * (b.size.y + GAP_Y))
        .sum();
    let most = (area * ASPECT).sqrt();
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut taken = f32::INFINITY;
    for n in order {
        let room = blocks[n].size.x + GAP_X;
        if taken + room > most * width {
            rows.push(Vec::new());
            taken = 0.0;
        }
        taken += room;
        if let Some(row) = rows.last_mut() {
            row.push(n);
        }
    }
    rows
}

/// Corners of the blocks of these rows. In a row shorter than the widest one, blocks move towards those
/// above with which they share flows.
fn place_rows(blocks: &[Block], links: &[Link], rows: &[Vec<usize>]) -> Vec<Point> {
    let width =
        |row: &Vec<usize>| row.iter().map(|&n| blocks[n].size.x + GAP_X).sum::<f32>() - GAP_X;
    let widest = rows.iter().map(width).fold(0.0, f32::max);
    let mut corners = vec![pt(0.0, 0.0); blocks.len()];
    let mut done = vec![false; blocks.len()];
    let mut y = 0.0;
    for row in rows {
        let mut slack = widest - width(row);
        let mut x = 0.0;
        for &n in row {
            let wanted = wish(n, links, &corners, &done).unwrap_or(x);
            let shift = snap((wanted - x).clamp(0.0, slack)).min(slack);
            // A small shift would only make the edge uneven.
            let shift = if shift < 48.0 { 0.0 } else { shift };
            slack -= shift;
            x += shift;
            corners[n] = pt(x, y);
            x += blocks[n].size.x + GAP_X;
        }
        for &n in row {
            done[n] = true;
        }
        let height = row.iter().map(|&n| blocks[n].size.y).fold(0.0, f32::max);
        y += snap(height + GAP_Y + 5.0);
    }
    corners
}

/// Where a block's left edge should be for its flows with placed blocks to run straight.
fn wish(block: usize, links: &[Link], corners: &[Point], done: &[bool]) -> Option<f32> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for link in links {
        let (other, there, here) = if link.from == block {
            (link.to, link.end, link.start)
        } else if link.to == block {
            (link.from, link.start, link.end)
        } else {
            continue;
        };
        if done[other] {
            sum += link.weight * (corners[other].x + there.x - here.x);
            weight += link.weight;
        }
    }
    (weight > 0.0).then(|| sum / weight)
}

/// The cost of an arrangement: length of flows, more for those that run up or under other blocks, and
/// the size of the whole.
fn cost(blocks: &[Block], links: &[Link], corners: &[Point]) -> f32 {
    let rect = |n: usize| {
        Rect::new(
            corners[n].x,
            corners[n].y,
            blocks[n].size.x,
            blocks[n].size.y,
        )
    };
    let rects: Vec<Rect> = (0..blocks.len()).map(rect).collect();
    let all = rects
        .iter()
        .copied()
        .reduce(|a, b| a.union(&b))
        .unwrap_or_default();
    let mut sum = 0.0;
    let mut flows = 0.0;
    for link in links {
        let (a, b) = (corners[link.from] + link.start, corners[link.to] + link.end);
        let up = (a.y - b.y - blocks[link.to].size.y).max(0.0);
        let left = (a.x - b.x).max(0.0) * 0.15;
        let under = rects
            .iter()
            .enumerate()
            .filter(|&(n, r)| n != link.from && n != link.to && meets(r, a, b))
            .count();
        let length = (a.x - b.x).abs() + (a.y - b.y).abs();
        sum += link.weight.sqrt() * (length + 0.4 * up + left + 260.0 * under as f32);
        flows += link.weight.sqrt();
    }
    sum + extent(&all) * (0.35 * flows + 0.5 * blocks.len() as f32)
}

/// How many pairs of links cross, weighted.
fn crossed(links: &[Link], corners: &[Point]) -> f32 {
    let line = |link: &Link| [corners[link.from] + link.start, corners[link.to] + link.end];
    let lines: Vec<[Point; 2]> = links.iter().map(line).collect();
    let mut sum = 0.0;
    for (number, link) in links.iter().enumerate() {
        for (other, there) in links.iter().enumerate().skip(number + 1) {
            if cross(lines[number], lines[other]) {
                sum += (link.weight * there.weight).sqrt();
            }
        }
    }
    sum
}
