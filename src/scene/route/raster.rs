//! The area that arrows cross, as cells of the layout's pitch: which cells are blocked, and what
//! crossing the others costs.

use crate::model::NodeRef;
use crate::scene::layout::PITCH;
use crate::scene::{Point, Rect, Scene, pt};

/// A node, or text of a header.
const WALL: u8 = 1;
/// A container's border that runs along x, along y.
const EDGE_X: u8 = 2;
const EDGE_Y: u8 = 4;
/// Another arrow that runs along x, along y.
const USED_X: u8 = 8;
const USED_Y: u8 = 16;

/// Clearance of arrows from nodes.
const CLEAR: f32 = 8.0;
/// More cells than this are not rasterised: something was placed very far away.
const MOST_CELLS: usize = 6_000_000;

/// A cell of the raster.
pub(super) type Cell = (i32, i32);

pub(super) struct Raster {
    x: i32,
    y: i32,
    pub wide: i32,
    pub high: i32,
    cells: Vec<u8>,
    /// Which container covers the cell: its index plus one.
    spaces: Vec<u16>,
}

impl Raster {
    /// The raster of a scene; empty where the scene is too large.
    pub fn of(scene: &Scene) -> Self {
        let boxes = scene.namespaces.iter().map(|n| n.rect);
        let all = boxes.chain(scene.nodes.iter().map(|n| n.rect));
        let area = all
            .reduce(|a, b| a.union(&b))
            .unwrap_or_default()
            .grow(15.0 * PITCH);
        let (x, y) = cell_of(area.min);
        let (to_x, to_y) = cell_of(area.max);
        let (wide, high) = (to_x.saturating_sub(x) + 1, to_y.saturating_sub(y) + 1);
        let count = wide.max(0) as usize * high.max(0) as usize;
        let (wide, high, count) = if count > MOST_CELLS {
            (0, 0, 0)
        } else {
            (wide, high, count)
        };
        let mut raster = Self {
            x,
            y,
            wide,
            high,
            cells: vec![0; count],
            spaces: vec![0; count],
        };
        for (number, space) in scene.namespaces.iter().enumerate() {
            raster.container(number, &space.rect);
            if space.collapsed {
                raster.fill(&space.rect.grow(CLEAR), |cell| *cell |= WALL);
                continue;
            }
            for text in [space.title_rect, space.badges_rect] {
                raster.fill(&text.grow(6.0), |cell| *cell |= WALL);
            }
        }
        for node in &scene.nodes {
            raster.fill(&node.rect.grow(CLEAR), |cell| *cell |= WALL);
        }
        raster
    }

    /// Index of a cell; none outside the raster.
    pub fn index(&self, (x, y): Cell) -> Option<usize> {
        let (x, y) = (x - self.x, y - self.y);
        let inside = x >= 0 && y >= 0 && x < self.wide && y < self.high;
        inside.then(|| (y * self.wide + x) as usize)
    }

    /// The cell of an index.
    pub fn cell(&self, index: usize) -> Cell {
        let wide = self.wide.max(1);
        (self.x + index as i32 % wide, self.y + index as i32 / wide)
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether an arrow cannot pass there.
    pub fn wall(&self, index: usize) -> bool {
        self.cells.get(index).is_none_or(|c| c & WALL != 0)
    }

    /// The cost of a step in addition to its length (10), along x or along y. `home` are the containers
    /// of the arrow's ends.
    pub fn step_cost(&self, index: usize, along_x: bool, home: [u16; 2]) -> u32 {
        let Some(&cell) = self.cells.get(index) else {
            return 0;
        };
        let (edge, same, across) = if along_x {
            (EDGE_X, USED_X, USED_Y)
        } else {
            (EDGE_Y, USED_Y, USED_X)
        };
        let cost = |bit: u8, cost: u32| if cell & bit != 0 { cost } else { 0 };
        let space = self.spaces.get(index).copied().unwrap_or(0);
        let foreign = if space == 0 || home.contains(&space) {
            0
        } else {
            6
        };
        cost(edge, 50) + cost(same, 28) + cost(across, 14) + foreign
    }

    /// The containers of two ends, as `step_cost` takes them.
    pub fn home(&self, scene: &Scene, ends: [NodeRef; 2]) -> [u16; 2] {
        ends.map(|node| {
            let id = match node {
                NodeRef::Namespace(id) => Some(id),
                _ => scene.node(node).and_then(|n| n.namespace),
            };
            id.and_then(|id| scene.namespaces.binary_search_by_key(&id, |n| n.id).ok())
                .map_or(0, |at| at as u16 + 1)
        })
    }

    /// Records an arrow through these points, which are close together.
    pub fn mark(&mut self, line: &[Point]) {
        for pair in line.windows(2) {
            let along_x = (pair[1].x - pair[0].x).abs() >= (pair[1].y - pair[0].y).abs();
            if let Some(at) = self.index(cell_of(pair[1])) {
                self.cells[at] |= if along_x { USED_X } else { USED_Y };
            }
        }
    }

    /// Removes all arrows.
    pub fn unmark(&mut self) {
        for cell in &mut self.cells {
            *cell &= !(USED_X | USED_Y);
        }
    }

    fn container(&mut self, number: usize, rect: &Rect) {
        let number = u16::try_from(number + 1).unwrap_or(u16::MAX);
        let (from, to) = (cell_of(rect.min), cell_of(rect.max));
        for y in from.1..=to.1 {
            for x in from.0..=to.0 {
                let Some(at) = self.index((x, y)) else {
                    continue;
                };
                self.spaces[at] = number;
                if y == from.1 || y == to.1 {
                    self.cells[at] |= EDGE_X;
                }
                if x == from.0 || x == to.0 {
                    self.cells[at] |= EDGE_Y;
                }
            }
        }
    }

    fn fill(&mut self, rect: &Rect, change: impl Fn(&mut u8)) {
        let from = (
            (rect.min.x / PITCH).ceil() as i32,
            (rect.min.y / PITCH).ceil() as i32,
        );
        let to = (
            (rect.max.x / PITCH).floor() as i32,
            (rect.max.y / PITCH).floor() as i32,
        );
        for y in from.1..=to.1 {
            for x in from.0..=to.0 {
                if let Some(cell) = self.index((x, y)).and_then(|at| self.cells.get_mut(at)) {
                    change(cell);
                }
            }
        }
    }
}

/// The cell nearest to a point.
pub(super) fn cell_of(p: Point) -> Cell {
    let at = |v: f32| (v / PITCH).round().clamp(-1e8, 1e8) as i32;
    (at(p.x), at(p.y))
}

/// The middle of a cell.
pub(super) fn point_of(cell: Cell) -> Point {
    pt(cell.0 as f32 * PITCH, cell.1 as f32 * PITCH)
}
