//! Chips, the port labels of arrows: on the line or touching it, never over a node, a header's text, another
//! chip or another arrow.
//! An arrow without such a place has no chip, and its ports are shown by other means.

use crate::scene::geom::flatten;
use crate::scene::grid::Grid;
use crate::scene::{Arrow, ArrowId, Chip, Point, Rect, Scene, pt, tokens};

/// Least gap between a chip and its obstacles.
const CLEAR: f32 = 3.0;
/// Distance between sample points of a line.
const STEP: f32 = 8.0;
/// About how many places are tried along one line.
const MOST: usize = 48;

/// Places the chips of these arrows, shortest arrows first.
pub(super) fn place(scene: &mut Scene, arrows: &[usize]) {
    let lines: Vec<Vec<Point>> = scene
        .arrows
        .iter()
        .map(|a| flatten(&a.curve, STEP))
        .collect();
    // What begins or ends at a port stays within the border.
    let within = |arrow: &Arrow| Some(scene.expanded_end(arrow.port?)?.rect);
    let within: Vec<Option<Rect>> = scene.arrows.iter().map(within).collect();
    let mut solid = Context::of(scene, arrows);
    let lines_near = Lines::of(&lines);
    let length = |n: usize| lines.get(n).map_or(0, Vec::len);
    let mut order = arrows.to_vec();
    order.sort_by_key(|&n| (length(n), n));
    for number in order {
        let (Some(line), Some(arrow)) = (lines.get(number), scene.arrows.get_mut(number)) else {
            continue;
        };
        if !arrow.id.has_chip() {
            continue;
        }
        let width = arrow.label_width + 2.0 * tokens::CHIP_PADDING;
        let inside = within.get(number).copied().flatten();
        let is_free =
            |rect: &&Rect| solid.is_free(rect) && inside.is_none_or(|inside| inside.encloses(rect));
        let places = |asides| {
            let places = candidates(line, width, asides).into_iter();
            places.map(|centre| Rect::around(centre, width, tokens::CHIP))
        };
        let mut alone = places(&TOUCHING).filter(|rect| is_free(&rect));
        let alone = alone.find(|rect| !lines_near.pass(rect, number));
        // What is no flow is told by its chip: it has one, on another arrow or beside its own if need be.
        let is_needed = matches!(arrow.id, ArrowId::Extra(_));
        let any = || places(&ANY).find(|rect| is_needed && is_free(&rect));
        arrow.chip = alone.or_else(any).map(|rect| {
            solid.add(rect);
            Chip {
                rect,
                text: arrow.label.clone(),
            }
        });
    }
}

/// How far a chip is beside its line, in halves of its size across the line, and how much less that is liked.
type Asides = [(f32, f32)];
/// Where it still touches the line.
const TOUCHING: [(f32, f32); 3] = [(0.0, 0.0), (0.6, 0.6), (1.0, 1.2)];
/// The same, and farther away.
const ANY: [(f32, f32); 5] = [(0.0, 0.0), (0.6, 0.6), (1.0, 1.2), (1.5, 1.8), (2.2, 2.4)];

/// Candidate centres of a chip, best first: the middle of the line, then elsewhere on it, then beside it.
fn candidates(line: &[Point], width: f32, asides: &Asides) -> Vec<Point> {
    let count = line.len();
    let step = (count / MOST).max(1);
    let mut found = Vec::new();
    for (i, &p) in line.iter().enumerate().step_by(step) {
        let fraction = i as f32 / count.max(2).saturating_sub(1) as f32;
        let ends = !(0.06..=0.94).contains(&fraction);
        let next = line.get(i + 1).or_else(|| line.get(i.checked_sub(1)?));
        let Some(next) = next.filter(|_| !ends || count < 8) else {
            continue;
        };
        let d = (*next - p) * (1.0 / p.distance(*next).max(0.01));
        let normal = pt(-d.y, d.x);
        // From the middle of the chip to its edge, across the line.
        let edge = (width * normal.x.abs() + tokens::CHIP * normal.y.abs()) / 2.0;
        for &(aside, less) in asides {
            let bias = (fraction - 0.5).abs() + less;
            let aside = normal * (aside * edge);
            found.push((bias, p + aside));
            if less > 0.0 {
                found.push((bias, p - aside));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, at)| at).collect()
}

/// Sample points of all arrows, to find those under a chip.
struct Lines {
    /// The arrow of each point and the point.
    points: Vec<(usize, Point)>,
    grid: Grid,
}

impl Lines {
    fn of(lines: &[Vec<Point>]) -> Self {
        let of_line = |(number, line): (usize, &Vec<Point>)| {
            line.iter().map(|&p| (number, p)).collect::<Vec<_>>()
        };
        let points: Vec<(usize, Point)> = lines.iter().enumerate().flat_map(of_line).collect();
        Self {
            grid: Grid::of(48.0, points.iter().map(|&(_, p)| Rect { min: p, max: p })),
            points,
        }
    }

    /// Whether another arrow than `own` passes under a rectangle.
    fn pass(&self, rect: &Rect, own: usize) -> bool {
        let rect = rect.grow(CLEAR);
        let near = self.grid.near(rect);
        let mut points = near.iter().filter_map(|&n| self.points.get(n as usize));
        points.any(|(arrow, p)| *arrow != own && rect.contains(*p))
    }
}

/// Obstacles of chips.
struct Context {
    rects: Vec<Rect>,
    grid: Grid,
}

impl Context {
    /// Nodes, texts of headers, and chips of arrows other than those to be placed.
    fn of(scene: &Scene, arrows: &[usize]) -> Self {
        let nodes = scene.nodes.iter().map(|n| n.rect);
        let spaces = scene.namespaces.iter();
        let texts = spaces.flat_map(|n| [n.title_rect, n.badges_rect]);
        let chips = scene.arrows.iter().enumerate();
        let chips = chips.filter(|(n, _)| arrows.binary_search(n).is_err());
        let chips = chips.filter_map(|(_, a)| a.chip.as_ref().map(|c| c.rect));
        let ports = scene.ports().into_iter().map(|port| port.rect);
        let rects: Vec<Rect> = nodes.chain(texts).chain(chips).chain(ports).collect();
        Self {
            grid: Grid::of(128.0, rects.iter().copied()),
            rects,
        }
    }

    fn is_free(&self, rect: &Rect) -> bool {
        let wide = rect.grow(CLEAR);
        let near = self.grid.near(wide);
        let mut near = near.iter().filter_map(|&n| self.rects.get(n as usize));
        near.all(|r| !r.overlaps(&wide))
    }

    fn add(&mut self, rect: Rect) {
        self.grid.insert(self.rects.len() as u32, rect);
        self.rects.push(rect);
    }
}
