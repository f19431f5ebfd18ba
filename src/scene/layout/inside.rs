//! Positions within one namespace: flows run through columns from left to right; nodes without flows
//! within the namespace form a compact block of rows.

use super::layers::{acyclic, longest_path};
use super::{GAP, PITCH, ROW, snap_up};
use crate::scene::{Point, Rect, pt, tokens};

/// One node to be placed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    /// Its width.
    pub width: f32,
    /// Whether it has any flow at all.
    pub connected: bool,
}

/// A flow between two items.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    /// Width of its chip.
    pub chip: f32,
}

/// Top left corners of the items, from (0, 0) on.
pub(super) fn place(items: &[Item], edges: &[Edge]) -> Vec<Point> {
    let pairs: Vec<(usize, usize)> = edges.iter().map(|e| (e.from, e.to)).collect();
    let pairs = acyclic(items.len(), &pairs);
    let mut layered = vec![false; items.len()];
    for &(a, b) in &pairs {
        layered[a] = true;
        layered[b] = true;
    }
    let columns = columns(items.len(), &layered, &pairs);
    let mut places = vec![pt(0.0, 0.0); items.len()];
    let (extent, xs) = place_columns(items, edges, &columns, &pairs, &mut places);
    place_rest(items, &layered, extent, xs, &mut places);
    places
}

/// Columns from left to right, each with its nodes from top to bottom. A tall layer takes
/// several columns.
fn columns(count: usize, layered: &[bool], pairs: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let layer = longest_path(count, pairs);
    let nodes: Vec<usize> = (0..count).filter(|&n| layered[n]).collect();
    let deepest = nodes.iter().map(|&n| layer[n]).max().map_or(0, |l| l + 1);
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); deepest];
    for &n in &nodes {
        layers[pull_right(n, &layer, pairs)].push(n);
    }
    order(&mut layers, pairs);
    let most = ((1.6 * (nodes.len() as f32).sqrt()).ceil() as usize).max(4);
    layers
        .into_iter()
        .filter(|l| !l.is_empty())
        .flat_map(|layer| {
            let parts = layer.len().div_ceil(most);
            let size = layer.len().div_ceil(parts.max(1)).max(1);
            layer
                .chunks(size)
                .map(<[usize]>::to_vec)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// A source goes just before the first node that it points at, not far to the left of it.
fn pull_right(node: usize, layer: &[usize], pairs: &[(usize, usize)]) -> usize {
    let has_source = pairs.iter().any(|p| p.1 == node);
    let first = pairs
        .iter()
        .filter(|p| p.0 == node)
        .map(|p| layer[p.1])
        .min();
    match first {
        Some(first) if !has_source => first.saturating_sub(1),
        _ => layer[node],
    }
}

/// Orders each layer by the middle of its neighbours, forwards and backwards; keeps the best order
/// found.
fn order(layers: &mut [Vec<usize>], pairs: &[(usize, usize)]) {
    let mut best = layers.to_vec();
    let mut least = crossings(layers, pairs);
    for sweep in 0..8 {
        let forth = sweep % 2 == 0;
        let turns: Vec<usize> = if forth {
            (1..layers.len()).collect()
        } else {
            (0..layers.len().saturating_sub(1)).rev().collect()
        };
        for at in turns {
            let middle = middles(layers, pairs, at, forth);
            let Some(layer) = layers.get_mut(at) else {
                continue;
            };
            let mut keyed: Vec<(f32, usize)> =
                middle.into_iter().zip(layer.iter().copied()).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *layer = keyed.into_iter().map(|k| k.1).collect();
        }
        let now = crossings(layers, pairs);
        if now < least {
            least = now;
            best = layers.to_vec();
        }
    }
    layers.clone_from_slice(&best);
}

/// For each node of a layer the mean relative place of its neighbours before (or after) it; its own
/// place where it has none.
fn middles(layers: &[Vec<usize>], pairs: &[(usize, usize)], at: usize, forth: bool) -> Vec<f32> {
    let count = pairs.iter().map(|p| p.0.max(p.1) + 1).max().unwrap_or(0);
    let mut place = vec![None; count];
    for (number, layer) in layers.iter().enumerate() {
        for (i, &n) in layer.iter().enumerate() {
            let wanted = if forth { number < at } else { number > at };
            place[n] = wanted.then(|| (i as f32 + 0.5) / layer.len() as f32);
        }
    }
    let Some(layer) = layers.get(at) else {
        return Vec::new();
    };
    let own = |i: usize| (i as f32 + 0.5) / layer.len() as f32;
    let mut sums = vec![(0.0, 0.0); count];
    for &(a, b) in pairs {
        let (here, there) = if forth { (b, a) } else { (a, b) };
        if let Some(p) = place[there] {
            sums[here].0 += p;
            sums[here].1 += 1.0;
        }
    }
    layer
        .iter()
        .enumerate()
        .map(|(i, &n)| match sums[n] {
            (_, 0.0) => own(i),
            (sum, n) => sum / n,
        })
        .collect()
}

fn crossings(layers: &[Vec<usize>], pairs: &[(usize, usize)]) -> usize {
    let count = pairs.iter().map(|p| p.0.max(p.1) + 1).max().unwrap_or(0);
    let mut place = vec![(0, 0); count];
    for (number, layer) in layers.iter().enumerate() {
        for (i, &n) in layer.iter().enumerate() {
            place[n] = (number, i);
        }
    }
    let mut between: Vec<Vec<(usize, usize)>> = vec![Vec::new(); layers.len() + 1];
    for &(a, b) in pairs {
        if place[a].0 + 1 == place[b].0 {
            between[place[a].0].push((place[a].1, place[b].1));
        }
    }
    let crosses = |edges: &Vec<(usize, usize)>| -> usize {
        let pairs = edges.iter().enumerate();
        pairs
            .map(|(i, e)| {
                let later = edges.iter().skip(i + 1);
                later
                    .filter(|f| (e.0 < f.0 && e.1 > f.1) || (e.0 > f.0 && e.1 < f.1))
                    .count()
            })
            .sum()
    };
    between.iter().map(crosses).sum()
}

/// Places the columns; returns the rectangle that they take and where each begins.
fn place_columns(
    items: &[Item],
    edges: &[Edge],
    columns: &[Vec<usize>],
    pairs: &[(usize, usize)],
    places: &mut [Point],
) -> (Option<Rect>, Vec<f32>) {
    let rows = rows(items.len(), columns, pairs);
    let mut column_of = vec![usize::MAX; items.len()];
    for (c, column) in columns.iter().enumerate() {
        for &n in column {
            column_of[n] = c;
        }
    }
    let (mut x, mut xs) = (0.0, Vec::new());
    let mut extent: Option<Rect> = None;
    for (c, column) in columns.iter().enumerate() {
        let width = column.iter().map(|&n| items[n].width).fold(0.0, f32::max);
        xs.push(x);
        for &n in column {
            places[n] = pt(x, rows[n] as f32 * ROW);
            let rect = Rect::new(x, places[n].y, items[n].width, tokens::NODE_HEIGHT);
            extent = Some(extent.map_or(rect, |e| e.union(&rect)));
        }
        let chip = edges
            .iter()
            .filter(|e| {
                let (a, b) = (column_of[e.from], column_of[e.to]);
                a.min(b) == c && a.max(b) > c
            })
            .map(|e| e.chip)
            .fold(0.0, f32::max);
        let gap = if chip > 0.0 {
            (chip + 36.0).clamp(96.0, 168.0)
        } else {
            GAP
        };
        x = snap_up(x + width + gap);
    }
    (extent, xs)
}

/// A row for each node: near the middle of its neighbours before it, in its column's order.
fn rows(count: usize, columns: &[Vec<usize>], pairs: &[(usize, usize)]) -> Vec<i32> {
    let mut rows = vec![0; count];
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(0) as i32;
    let mut seen = vec![false; count];
    for column in columns {
        let spare = (tallest - column.len() as i32) / 2;
        let wanted: Vec<i32> = column
            .iter()
            .enumerate()
            .map(|(i, &n)| {
                let before = pairs.iter().filter(|p| p.1 == n && seen[p.0]);
                let before: Vec<i32> = before.map(|p| rows[p.0]).collect();
                match before.len() {
                    0 => spare + i as i32,
                    // The first column of a fan goes in the middle of it.
                    len => (before.iter().sum::<i32>() as f32 / len as f32).round() as i32,
                }
            })
            .collect();
        for (&n, row) in column.iter().zip(spread(&wanted, tallest)) {
            rows[n] = row;
            seen[n] = true;
        }
    }
    rows
}

/// Rising rows within `0..rows`, as near to the wanted ones as their order allows.
fn spread(wanted: &[i32], rows: i32) -> Vec<i32> {
    // Blocks of touching nodes, each at the mean of its nodes' wanted rows.
    let mut blocks: Vec<(i32, i32, i32)> = Vec::new();
    for (i, &w) in wanted.iter().enumerate() {
        let mut block = (w - i as i32, 1, w - i as i32);
        while let Some(&(sum, n, at)) = blocks.last() {
            if at <= block.2 {
                break;
            }
            blocks.pop();
            let (sum, n) = (sum + block.0, n + block.1);
            block = (sum, n, (sum as f32 / n as f32).round() as i32);
        }
        blocks.push(block);
    }
    let most = rows - wanted.len() as i32;
    let starts = blocks
        .iter()
        .flat_map(|&(_, n, at)| (0..n).map(move |_| at));
    starts
        .enumerate()
        .map(|(i, start)| start.clamp(0, most.max(0)) + i as i32)
        .collect()
}

/// Places nodes without flows within the namespace in rows below the columns and aligned with them:
/// those with flows elsewhere first.
fn place_rest(
    items: &[Item],
    layered: &[bool],
    extent: Option<Rect>,
    mut xs: Vec<f32>,
    places: &mut [Point],
) {
    let mut rest: Vec<usize> = (0..items.len()).filter(|&n| !layered[n]).collect();
    rest.sort_by_key(|&n| (!items[n].connected, n));
    let widest = rest.iter().map(|&n| items[n].width).fold(0.0, f32::max);
    if xs.windows(2).any(|pair| pair[1] - pair[0] < widest + PITCH) {
        xs.clear();
    }
    let below = extent.map_or(0.0, |e| e.max.y - tokens::NODE_HEIGHT + ROW);
    let pitch = snap_up(widest + GAP);
    while xs.len() < block_columns(rest.len()) {
        xs.push(xs.last().map_or(0.0, |x| x + pitch));
    }
    for (i, &n) in rest.iter().enumerate() {
        let (row, column) = (i / xs.len(), i % xs.len());
        places[n] = pt(xs[column], below + row as f32 * ROW);
    }
}

/// Columns of a compact block, with few empty places.
fn block_columns(count: usize) -> usize {
    let most = ((count as f32 * 1.4).sqrt().ceil() as usize).max(1);
    let empty = |columns: usize| count.div_ceil(columns) * columns - count;
    if most > 1 && empty(most - 1) < empty(most) {
        most - 1
    } else {
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_rows_rise_and_stay_near() {
        assert_eq!(spread(&[1, 1, 1], 3), [0, 1, 2]);
        assert_eq!(spread(&[0, 4], 6), [0, 4]);
        assert_eq!(spread(&[2, 2], 6), [2, 3]);
        assert_eq!(spread(&[5, 5], 6), [4, 5]);
    }

    #[test]
    fn blocks_are_compact() {
        let columns: Vec<usize> = (1..=10).map(block_columns).collect();
        assert_eq!(columns, [1, 2, 3, 2, 3, 3, 4, 4, 3, 4]);
    }

    #[test]
    fn flows_run_to_the_right() {
        let item = Item {
            width: 164.0,
            connected: true,
        };
        let edge = |from, to| Edge {
            from,
            to,
            chip: 64.0,
        };
        let places = place(&[item; 4], &[edge(0, 1), edge(1, 2), edge(0, 3)]);
        assert!(places[0].x + 164.0 < places[1].x && places[1].x + 164.0 < places[2].x);
        assert_eq!(places[1].x, places[3].x);
        assert_ne!(places[1].y, places[3].y);
    }
}
