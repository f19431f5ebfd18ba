//! Pushing: what something came to lie on moves out of its way, and may itself push what is there, so that all together
//! move as little as possible.

use super::PITCH;
use crate::scene::{Point, Rect, pt};

/// So many steps are followed in one direction before it is given up.
const STEPS: usize = 200;
/// The order in which equally short ways are tried.
const WAYS: [Way; 4] = [Way::Down, Way::Right, Way::Up, Way::Left];

/// Where things are pushed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Down,
    Right,
    Up,
    Left,
}

/// How far things move.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pushed {
    /// How far the first one moves.
    pub first: Point,
    /// How far those at rest move that it pushes on, by their index.
    pub others: Vec<(usize, Point)>,
    /// The sum of all that.
    pub total: f32,
}

/// The way on which a rectangle clears everything `fixed` with the least movement in total, if those at `rest` move on
/// before it; none if no straight way does. Where something was nearer than `gap` before, it may stay as near.
pub(super) fn push(rect: Rect, gap: f32, fixed: &[Rect], rest: &[Rect]) -> Option<Pushed> {
    let ways = WAYS
        .iter()
        .filter_map(|way| along(*way, rect, gap, fixed, rest));
    ways.min_by(|a, b| a.total.total_cmp(&b.total))
}

fn along(way: Way, rect: Rect, gap: f32, fixed: &[Rect], rest: &[Rect]) -> Option<Pushed> {
    let things: Vec<Rect> = [rect].into_iter().chain(rest.iter().copied()).collect();
    let mut by = vec![0.0_f32; things.len()];
    let mut queue = vec![0];
    let mut steps = 0;
    while let Some(at) = queue.pop() {
        steps += 1;
        if steps > STEPS {
            return None;
        }
        let thing = things[at];
        by[at] = way.clear(thing, by[at], gap, fixed)?;
        let moved = thing.moved(way.by(by[at]));
        for (other, place) in things.iter().enumerate().skip(1) {
            if other == at {
                continue;
            }
            let apart = gap_between(&thing, place, gap);
            let there = place.moved(way.by(by[other]));
            if !moved.grow(apart).overlaps(&there) {
                continue;
            }
            // What is behind it cannot be pushed by it.
            by[other] = way.past(&moved.grow(apart), place)?;
            queue.push(other);
        }
    }
    let others = by.iter().enumerate().skip(1);
    let others = others.filter(|(_, by)| **by > 0.0);
    Some(Pushed {
        first: way.by(by[0]),
        others: others.map(|(at, by)| (at - 1, way.by(*by))).collect(),
        total: by.iter().sum(),
    })
}

/// How far apart two are kept: `gap`, less if they were nearer, and still apart.
fn gap_between(a: &Rect, b: &Rect, gap: f32) -> f32 {
    let across = (b.min.x - a.max.x).max(a.min.x - b.max.x);
    let down = (b.min.y - a.max.y).max(a.min.y - b.max.y);
    match across.max(down) {
        apart if apart >= 0.0 => gap.min(apart),
        _ => gap,
    }
}

impl Way {
    fn by(self, length: f32) -> Point {
        match self {
            Self::Down => pt(0.0, length),
            Self::Right => pt(length, 0.0),
            Self::Up => pt(0.0, -length),
            Self::Left => pt(-length, 0.0),
        }
    }

    /// How far a rectangle moves to be past another one; none if it need not move.
    fn past(self, other: &Rect, rect: &Rect) -> Option<f32> {
        let length = match self {
            Self::Down => other.max.y - rect.min.y,
            Self::Right => other.max.x - rect.min.x,
            Self::Up => rect.max.y - other.min.y,
            Self::Left => rect.max.x - other.min.x,
        };
        (length > 0.0).then(|| (length / PITCH).ceil() * PITCH)
    }

    /// How far a rectangle moves, at least that far, to be clear of everything fixed.
    fn clear(self, rect: Rect, least: f32, gap: f32, fixed: &[Rect]) -> Option<f32> {
        let mut by = least;
        for _ in 0..=fixed.len() {
            let moved = rect.moved(self.by(by));
            let wide = |other: &Rect| other.grow(gap_between(&rect, other, gap));
            let Some(other) = fixed.iter().find(|other| wide(other).overlaps(&moved)) else {
                return Some(by);
            };
            by = self.past(&wide(other), &rect)?.max(by + PITCH);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f32, y: f32) -> Rect {
        Rect::new(x, y, 120.0, 120.0)
    }

    #[test]
    fn what_is_covered_a_little_moves_a_little_and_pushes_on() {
        let covers = Rect::new(0.0, -50.0, 120.0, 60.0);
        let rest = [square(0.0, 156.0), square(0.0, 312.0), square(400.0, 0.0)];
        let pushed = push(square(0.0, 0.0), 36.0, &[covers], &rest).unwrap();
        assert_eq!(pushed.first, pt(0.0, 48.0));
        assert_eq!(pushed.others, [(0, pt(0.0, 48.0)), (1, pt(0.0, 48.0))]);
        assert_eq!(pushed.total, 144.0);
    }

    #[test]
    fn the_shorter_way_in_total_is_taken_and_what_is_fixed_stays() {
        let covers = Rect::new(0.0, -50.0, 120.0, 60.0);
        let below = square(0.0, 156.0);
        let pushed = push(square(0.0, 0.0), 36.0, &[covers, below], &[]).unwrap();
        assert_eq!(pushed.first, pt(156.0, 0.0));
        assert!(pushed.others.is_empty());
        // Above, what covers it must be passed.
        let beside = [square(156.0, 0.0), square(-156.0, 0.0)];
        let fixed = [covers, below, beside[0], beside[1]];
        let pushed = push(square(0.0, 0.0), 36.0, &fixed, &[]).unwrap();
        assert_eq!(pushed.first, pt(0.0, -216.0));
    }

    #[test]
    fn neighbours_that_were_near_stay_as_near() {
        let covers = Rect::new(0.0, -50.0, 120.0, 60.0);
        let rest = [square(0.0, 132.0)];
        let pushed = push(square(0.0, 0.0), 36.0, &[covers], &rest).unwrap();
        assert_eq!(pushed.others, [(0, pt(0.0, 48.0))]);
    }
}
