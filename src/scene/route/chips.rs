//! Ports on arrows: along the line, never on a node, a header's text or another chip. Where there is no
//! such place the arrow goes without, and its ports are shown by other means.

use crate::scene::geom::flatten;
use crate::scene::grid::Grid;
use crate::scene::{Chip, Point, Rect, Scene, pt, tokens};

/// Between a chip and what it must not touch.
const CLEAR: f32 = 3.0;

/// Gives a chip to each of these arrows, short ones first.
pub(super) fn place(scene: &mut Scene, arrows: &[usize]) {
    let lines: Vec<Vec<Point>> = scene
        .arrows
        .iter()
        .map(|a| flatten(&a.curve, 8.0))
        .collect();
    let mut solid = Ground::of(scene, arrows);
    let mut crossing = Grid::new(96.0);
    for (number, line) in lines.iter().enumerate() {
        for pair in line.windows(2) {
            crossing.insert(number as u32, Rect::between(pair[0], pair[1]));
        }
    }
    let length = |n: usize| lines.get(n).map_or(0, Vec::len);
    let mut order = arrows.to_vec();
    order.sort_by_key(|&n| (length(n), n));
    for number in order {
        let (Some(line), Some(arrow)) = (lines.get(number), scene.arrows.get_mut(number)) else {
            continue;
        };
        let width = arrow.label_width + 2.0 * tokens::CHIP_PADDING;
        let under = |rect: &Rect| {
            let near = crossing.near(*rect);
            let others = near.iter().filter(|&&other| other as usize != number);
            let covers = |other: &u32| {
                let line = lines
                    .get(*other as usize)
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                line.iter().any(|p| rect.contains(*p))
            };
            others.filter(|other| covers(other)).count()
        };
        let best = candidates(line)
            .map(|(bias, centre)| (bias, Rect::around(centre, width, tokens::CHIP)))
            .filter(|(_, rect)| solid.is_free(rect))
            .map(|(bias, rect)| (bias + 0.22 * under(&rect) as f32, rect))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        arrow.chip = best.map(|(_, rect)| {
            solid.add(rect);
            Chip {
                rect,
                text: arrow.label.clone(),
            }
        });
    }
}

/// Centres along a line with how much they are disliked: the middle is best, beside the line worst.
fn candidates(line: &[Point]) -> impl Iterator<Item = (f32, Point)> + '_ {
    let aside = [0.0, 9.0, -9.0, 14.0, -14.0];
    aside.into_iter().flat_map(move |aside| {
        line.iter().enumerate().filter_map(move |(i, &p)| {
            let fraction = i as f32 / line.len().max(2).saturating_sub(1) as f32;
            let next = *line.get(i + 1).or(line.get(i.checked_sub(1)?))?;
            let ends = !(0.06..=0.94).contains(&fraction);
            let d = next - p;
            let normal = pt(-d.y, d.x) * (aside / p.distance(next).max(0.01));
            let bias = (fraction - 0.5).abs() + if aside == 0.0 { 0.0 } else { 0.6 };
            (!ends || line.len() < 8).then_some((bias, p + normal))
        })
    })
}

/// What chips must not touch.
struct Ground {
    rects: Vec<Rect>,
    grid: Grid,
}

impl Ground {
    /// Nodes, texts of headers, and chips of arrows other than those to be placed.
    fn of(scene: &Scene, arrows: &[usize]) -> Self {
        let nodes = scene.nodes.iter().map(|n| n.rect);
        let spaces = scene.namespaces.iter();
        let texts = spaces.flat_map(|n| [n.title_rect, n.badges_rect]);
        let chips = scene.arrows.iter().enumerate();
        let chips = chips.filter(|(n, _)| arrows.binary_search(n).is_err());
        let chips = chips.filter_map(|(_, a)| a.chip.as_ref().map(|c| c.rect));
        let rects: Vec<Rect> = nodes.chain(texts).chain(chips).collect();
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
