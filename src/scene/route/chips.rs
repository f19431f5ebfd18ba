//! Chips, the port labels of arrows: on the line or touching it, never over a node, a header's text, another
//! chip or another arrow.
//!
//! First a few places along each line are tried, shortest lines first. Arrows that are left then look at more places,
//! also for a smaller chip, and at those where one other chip can give way. An arrow without any place has no chip; it
//! has a spare place instead, where its chip is while it is hovered or selected.

use std::collections::BTreeMap;

use crate::scene::geom::flatten;
use crate::scene::grid::Grid;
use crate::scene::{Arrow, ArrowId, Chip, Point, Rect, Scene, pt, tokens};

/// Least gap between a chip and its obstacles.
const CLEAR: f32 = 3.0;
/// Distance between sample points of a line.
const STEP: f32 = 8.0;
/// A small chip beside one of full size.
const SMALL: f32 = 0.8;
/// Bounds the work of the second search with thousands of arrows: how many places it tries in all.
const BUDGET: usize = 1_000_000;

/// Places the chips of these arrows.
pub(super) fn place(scene: &mut Scene, arrows: &[usize]) {
    let mut placer = Placer::of(scene, arrows);
    let mut order: Vec<usize> = placer.jobs.keys().copied().collect();
    order.sort_by_key(|n| (placer.jobs.get(n).map_or(0, |job| job.line.len()), *n));
    for &number in &order {
        if let Some(rect) = placer.find(number, &COARSE) {
            placer.take(number, rect);
        }
    }
    for &number in &order {
        if !placer.chips.contains_key(&number) {
            placer.find_more(number);
        }
    }
    let mut spares = Context::default();
    for &number in &order {
        let spare = match placer.chips.contains_key(&number) {
            true => None,
            false => placer.spare(number, &mut spares),
        };
        let Some(arrow) = scene.arrows.get_mut(number) else {
            continue;
        };
        let chip = |rect| Chip {
            rect,
            text: arrow.label.clone(),
        };
        arrow.chip = placer.rect(number).map(chip);
        arrow.spare = spare.map(chip);
    }
}

/// Which places of a line are tried.
struct Search {
    /// About how many along it.
    most: usize,
    /// How far beside it, in halves of the chip's size across the line, and how much less that is liked.
    asides: &'static [(f32, f32)],
    scale: f32,
    /// What stays free at both of its ends: the sign of a verdict makes it wider.
    beside: f32,
}

/// Where chips still touch the line.
const COARSE: Search = Search {
    most: 48,
    asides: &[(0.0, 0.0), (0.6, 0.6), (1.0, 1.2)],
    scale: 1.0,
    beside: 6.0,
};
/// The same with all places between.
const FINE: Search = Search {
    most: 160,
    asides: &[(0.0, 0.0), (0.3, 0.3), (0.6, 0.6), (0.8, 0.9), (1.0, 1.2)],
    scale: 1.0,
    beside: 0.0,
};
const FINE_AND_SMALL: Search = Search {
    scale: SMALL,
    ..FINE
};
/// Farther away, too.
const ANY: Search = Search {
    asides: &[(0.0, 0.0), (0.6, 0.6), (1.0, 1.2), (1.5, 1.8), (2.2, 2.4)],
    ..COARSE
};

/// An arrow whose chip is placed.
struct Job {
    line: Vec<Point>,
    /// The width of a chip of full size.
    width: f32,
    /// What begins or ends at a port stays within that border.
    inside: Option<Rect>,
    /// What is no flow is told by its chip: it has one, on another arrow or beside its own if need be.
    is_needed: bool,
}

impl Job {
    fn of(scene: &Scene, arrow: &Arrow, line: Vec<Point>) -> Self {
        let border = arrow.port.and_then(|port| scene.expanded_end(port));
        Self {
            line,
            width: arrow.label_width + 2.0 * tokens::CHIP_PADDING,
            inside: border.map(|space| space.rect),
            is_needed: matches!(arrow.id, ArrowId::Extra(_)),
        }
    }

    /// Places for the chip, best first: the middle of the line, then elsewhere on it, then beside it.
    fn places(&self, search: &Search) -> Vec<Rect> {
        let count = self.line.len();
        let size = pt(self.width, tokens::CHIP) * search.scale;
        let step = (count / search.most).max(1);
        let mut found = Vec::new();
        for (i, &p) in self.line.iter().enumerate().step_by(step) {
            let fraction = i as f32 / count.max(2).saturating_sub(1) as f32;
            let ends = !(0.06..=0.94).contains(&fraction);
            let next = self.line.get(i + 1);
            let next = next.or_else(|| self.line.get(i.checked_sub(1)?));
            let Some(next) = next.filter(|_| !ends || count < 8) else {
                continue;
            };
            let d = (*next - p) * (1.0 / p.distance(*next).max(0.01));
            let normal = pt(-d.y, d.x);
            // From the middle of the chip to its edge, across the line.
            let edge = (size.x * normal.x.abs() + size.y * normal.y.abs()) / 2.0;
            for &(aside, less) in search.asides {
                let bias = (fraction - 0.5).abs() + less;
                let aside = normal * (aside * edge);
                found.push((bias, p + aside));
                if less > 0.0 {
                    found.push((bias, p - aside));
                }
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rects = found.into_iter();
        let rects = rects.map(|(_, at)| Rect::around(at, size.x, size.y));
        rects.filter(|rect| self.is_within(rect)).collect()
    }

    fn is_within(&self, rect: &Rect) -> bool {
        self.inside.is_none_or(|inside| inside.encloses(rect))
    }
}

/// What is placed so far.
struct Placer {
    jobs: BTreeMap<usize, Job>,
    lines: Lines,
    solid: Context,
    /// The chips, as numbers of obstacles.
    chips: BTreeMap<usize, usize>,
    budget: usize,
}

impl Placer {
    fn of(scene: &Scene, arrows: &[usize]) -> Self {
        let all = scene.arrows.iter();
        let lines: Vec<Vec<Point>> = all.map(|a| flatten(&a.curve, STEP)).collect();
        let near = Lines::of(&lines);
        let mut jobs = BTreeMap::new();
        for (number, (arrow, line)) in scene.arrows.iter().zip(lines).enumerate() {
            if arrow.id.has_chip() && arrows.binary_search(&number).is_ok() {
                jobs.insert(number, Job::of(scene, arrow, line));
            }
        }
        Self {
            jobs,
            lines: near,
            solid: Context::of(scene, arrows),
            chips: BTreeMap::new(),
            budget: BUDGET,
        }
    }

    /// The chip of an arrow.
    fn rect(&self, number: usize) -> Option<Rect> {
        self.solid.rects.get(*self.chips.get(&number)?).copied()
    }

    fn take(&mut self, number: usize, rect: Rect) {
        self.chips.insert(number, self.solid.add(rect));
    }

    /// The first free place of a search.
    fn find(&self, number: usize, search: &Search) -> Option<Rect> {
        let places = self.jobs.get(&number)?.places(search);
        self.first_free(number, places, search.beside)
    }

    fn first_free(&self, number: usize, places: Vec<Rect>, beside: f32) -> Option<Rect> {
        let is_free = |rect: &Rect| {
            let wide = Rect::around(rect.centre(), rect.width() + 2.0 * beside, rect.height());
            self.solid.is_free(&wide) && !self.lines.pass(&wide, number)
        };
        places.into_iter().find(is_free)
    }

    /// Looks at more places, then at those that are free once another chip has moved, and last of all on other arrows,
    /// if the arrow needs a chip.
    fn find_more(&mut self, number: usize) {
        for search in [FINE, FINE_AND_SMALL] {
            if let Some(rect) = self.find_within_budget(number, &search) {
                return self.take(number, rect);
            }
        }
        for search in [COARSE, FINE_AND_SMALL] {
            if self.make_room(number, &search) {
                return;
            }
        }
        let Some(job) = self.jobs.get(&number).filter(|job| job.is_needed) else {
            return;
        };
        let mut places = job.places(&ANY).into_iter();
        if let Some(rect) = places.find(|rect| self.solid.is_free(rect)) {
            self.take(number, rect);
        }
    }

    fn find_within_budget(&mut self, number: usize, search: &Search) -> Option<Rect> {
        if self.budget == 0 {
            return None;
        }
        let places = self.jobs.get(&number)?.places(search);
        self.budget = self.budget.saturating_sub(places.len());
        self.first_free(number, places, search.beside)
    }

    /// Takes a place at which only one other chip is, if that has another place; returns whether there is one.
    fn make_room(&mut self, number: usize, search: &Search) -> bool {
        let Some(job) = self.jobs.get(&number).filter(|_| self.budget > 0) else {
            return false;
        };
        let places = job.places(search);
        self.budget = self.budget.saturating_sub(places.len());
        for rect in places {
            let Some(other) = self.only_chip_at(&rect) else {
                continue;
            };
            if self.lines.pass(&rect, number) {
                continue;
            }
            let Some(old) = self.rect(other) else {
                continue;
            };
            self.release(other);
            self.take(number, rect);
            let new = [FINE, FINE_AND_SMALL];
            let new = new.iter().find_map(|s| self.find_within_budget(other, s));
            if let Some(new) = new {
                self.take(other, new);
                return true;
            }
            self.release(number);
            self.take(other, old);
        }
        false
    }

    /// The arrow whose chip is all that is at a place.
    fn only_chip_at(&self, rect: &Rect) -> Option<usize> {
        let blockers = self.solid.blockers(rect);
        let [only] = blockers.as_slice() else {
            return None;
        };
        let mut chips = self.chips.iter();
        chips.find(|(_, at)| *at == only).map(|(number, _)| *number)
    }

    fn release(&mut self, number: usize) {
        if let Some(at) = self.chips.remove(&number) {
            self.solid.remove(at);
        }
    }

    /// Where the chip of an arrow without a free place is when it is needed: over other arrows, or else in the middle.
    fn spare(&self, number: usize, spares: &mut Context) -> Option<Rect> {
        let job = self.jobs.get(&number)?;
        let places = job.places(&ANY);
        let is_free = |rect: &&Rect| self.solid.is_free(rect);
        let apart = places.iter().filter(is_free).find(|r| spares.is_free(r));
        let rect = apart.or_else(|| places.iter().find(is_free));
        let rect = *rect.or(places.first())?;
        spares.add(rect);
        Some(rect)
    }
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
        let mut near = self.grid.around(rect);
        near.any(|n| {
            let point = self.points.get(n as usize);
            point.is_some_and(|(arrow, p)| *arrow != own && rect.contains(*p))
        })
    }
}

/// Obstacles of chips.
struct Context {
    rects: Vec<Rect>,
    grid: Grid,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            rects: Vec::new(),
            grid: Grid::new(128.0),
        }
    }
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
        let mut context = Self::default();
        for rect in nodes.chain(texts).chain(chips).chain(ports) {
            context.add(rect);
        }
        context
    }

    fn is_free(&self, rect: &Rect) -> bool {
        let wide = rect.grow(CLEAR);
        !self.grid.around(wide).any(|n| self.overlaps(n, &wide))
    }

    /// The numbers of the obstacles at a place.
    fn blockers(&self, rect: &Rect) -> Vec<usize> {
        let wide = rect.grow(CLEAR);
        let near = self.grid.near(wide).into_iter();
        let near = near.filter(|&n| self.overlaps(n, &wide));
        near.map(|n| n as usize).collect()
    }

    fn overlaps(&self, number: u32, rect: &Rect) -> bool {
        let obstacle = self.rects.get(number as usize);
        obstacle.is_some_and(|obstacle| obstacle.overlaps(rect))
    }

    /// Adds an obstacle; its number.
    fn add(&mut self, rect: Rect) -> usize {
        let number = self.rects.len();
        self.grid.insert(number as u32, rect);
        self.rects.push(rect);
        number
    }

    fn remove(&mut self, number: usize) {
        if let Some(rect) = self.rects.get(number).copied() {
            self.grid.remove(number as u32, rect);
        }
    }
}
