//! The cheapest orthogonal path between two boxes (A*), over the raster.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::ends::Side;
use super::raster::{Cell, Raster};

const STEP: u32 = 10;
const BEND: u32 = 70;

/// States that every search may visit.
const EACH: usize = 1_500;
/// States that one search may visit at most.
const MOST: usize = 100_000;
/// States that all searches together may visit beyond `EACH`.
const SPARE: usize = 1_500_000;

/// A cell where a path may start or end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub side: Side,
    pub cell: Cell,
    /// Direction out of the box, as an index into `DIRECTIONS`.
    pub out: usize,
    /// The cost of using it.
    pub cost: u32,
}

/// Right, down, left, up; opposite ones differ by two.
pub(super) const DIRECTIONS: [Cell; 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// A path that was found: its sides and the cells at which it starts, bends and ends.
pub(super) struct Path {
    pub from: Side,
    pub to: Side,
    pub cells: Vec<Cell>,
}

/// Searches that share their buffers, and a bound of the work: most need little, and leave the rest to those
/// that have to go around much.
pub(super) struct Search {
    seen: Vec<u32>,
    cost: Vec<u32>,
    before: Vec<u32>,
    round: u32,
    /// What is left of `SPARE`.
    spare: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            seen: Vec::new(),
            cost: Vec::new(),
            before: Vec::new(),
            round: 0,
            spare: SPARE,
        }
    }
}

impl Search {
    /// The cheapest path from one of `starts` to one of `goals`.
    pub fn run(
        &mut self,
        raster: &Raster,
        starts: &[Gate],
        goals: &[Gate],
        home: [u16; 2],
    ) -> Option<Path> {
        let states = raster.len() * 4;
        if states == 0 {
            return None;
        }
        // After the states of cells: one for each goal.
        self.begin(states + goals.len());
        let mut open = BinaryHeap::new();
        for start in starts {
            if let Some(at) = raster.index(start.cell) {
                let state = at * 4 + start.out;
                if self.better(state, start.cost, u32::MAX) {
                    open.push((Reverse(start.cost + estimate(start.cell, goals)), state));
                }
            }
        }
        let most = (EACH + self.spare).min(MOST);
        let mut visited = 0_usize;
        while let Some((Reverse(total), state)) = open.pop() {
            if state >= states {
                self.spare -= visited.saturating_sub(EACH);
                return self.path(raster, state, states, starts, goals);
            }
            let (cell, direction) = (raster.cell(state / 4), state % 4);
            let cost = self.cost[state];
            // Past the bound, only what has already reached a goal counts.
            if total > cost + estimate(cell, goals) || visited == most {
                continue;
            }
            visited += 1;
            for (number, goal) in goals.iter().enumerate() {
                let enter = (goal.out + 2) % 4;
                if goal.cell == cell && direction != goal.out {
                    let bend = if direction == enter { 0 } else { BEND };
                    let total = cost + goal.cost + bend;
                    if self.better(states + number, total, state as u32) {
                        open.push((Reverse(total), states + number));
                    }
                }
            }
            for turn in [0, 1, 3] {
                let to = (direction + turn) % 4;
                let next = (cell.0 + DIRECTIONS[to].0, cell.1 + DIRECTIONS[to].1);
                let Some(at) = raster.index(next).filter(|&at| !raster.wall(at)) else {
                    continue;
                };
                let bend = if turn == 0 { 0 } else { BEND };
                let total = cost + STEP + bend + raster.step_cost(at, to % 2 == 0, home);
                let state_next = at * 4 + to;
                if self.better(state_next, total, state as u32) {
                    open.push((Reverse(total + estimate(next, goals)), state_next));
                }
            }
        }
        self.spare -= visited.saturating_sub(EACH);
        None
    }

    fn begin(&mut self, states: usize) {
        if self.seen.len() < states {
            self.seen = vec![0; states];
            self.cost = vec![0; states];
            self.before = vec![0; states];
            self.round = 0;
        }
        self.round += 1;
    }

    fn better(&mut self, state: usize, cost: u32, before: u32) -> bool {
        let better = self.seen[state] != self.round || cost < self.cost[state];
        if better {
            self.seen[state] = self.round;
            self.cost[state] = cost;
            self.before[state] = before;
        }
        better
    }

    fn path(
        &self,
        raster: &Raster,
        last: usize,
        states: usize,
        starts: &[Gate],
        goals: &[Gate],
    ) -> Option<Path> {
        let goal = goals.get(last - states)?;
        let mut cells = vec![goal.cell];
        let mut state = *self.before.get(last)?;
        let mut first = state;
        while state != u32::MAX {
            first = state;
            let cell = raster.cell(state as usize / 4);
            if cells.last() != Some(&cell) {
                cells.push(cell);
            }
            state = *self.before.get(state as usize)?;
        }
        cells.reverse();
        let (cell, out) = (raster.cell(first as usize / 4), first as usize % 4);
        let start = starts.iter().find(|s| s.cell == cell && s.out == out)?;
        Some(Path {
            from: start.side,
            to: goal.side,
            cells: bends(&cells),
        })
    }
}

/// Estimated remaining cost, half too high: finds a slightly longer path much sooner.
fn estimate(cell: Cell, goals: &[Gate]) -> u32 {
    let ahead = |g: &Gate| {
        let (x, y) = (g.cell.0.abs_diff(cell.0), g.cell.1.abs_diff(cell.1));
        (x + y) * (STEP + STEP / 2) + if x != 0 && y != 0 { BEND } else { 0 }
    };
    goals.iter().map(ahead).min().unwrap_or(0)
}

/// First and last cells and those between where the direction changes.
fn bends(cells: &[Cell]) -> Vec<Cell> {
    let mut path: Vec<Cell> = Vec::new();
    for (i, &cell) in cells.iter().enumerate() {
        let straight = match (
            i.checked_sub(1).and_then(|p| cells.get(p)),
            cells.get(i + 1),
        ) {
            (Some(a), Some(b)) => (cell.0 - a.0, cell.1 - a.1) == (b.0 - cell.0, b.1 - cell.1),
            _ => false,
        };
        if !straight {
            path.push(cell);
        }
    }
    path
}
