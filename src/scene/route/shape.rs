//! Curves: S shapes between facing sides, horizontal and vertical segments with round corners.

use crate::scene::{Cubic, Point};

/// Radius of corners, where there is enough space.
const RADIUS: f32 = 16.0;

/// A curve that leaves along `out` and arrives against `into`, both unit vectors out of their boxes.
pub(super) fn smooth(from: Point, out: Point, to: Point, into: Point) -> Vec<Cubic> {
    let d = to - from;
    let ahead = (d.x * out.x + d.y * out.y).abs();
    let aside = (d.x * out.y).abs() + (d.y * out.x).abs();
    if aside < 0.5 {
        return vec![Cubic::line(from, to)];
    }
    let pull = (ahead * 0.5).max(20.0);
    vec![Cubic {
        from,
        c1: from + out * pull,
        c2: to + into * pull,
        to,
    }]
}

/// Straight segments through these points with round corners.
pub(super) fn rounded(points: &[Point]) -> Vec<Cubic> {
    let points = simplified(points);
    let mut curve = Vec::new();
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return curve;
    };
    let mut at = first;
    for (i, corner) in points
        .iter()
        .enumerate()
        .skip(1)
        .take(points.len().saturating_sub(2))
    {
        let (before, after) = (points[i - 1], points[i + 1]);
        // A short segment in the middle is shared by its two corners.
        let limit = |other: Point, end: bool| corner.distance(other) * if end { 0.8 } else { 0.5 };
        let radius = RADIUS
            .min(limit(before, i == 1))
            .min(limit(after, i + 2 == points.len()));
        let towards = |other: Point| corner.lerp(other, radius / corner.distance(other).max(0.01));
        let (enter, leave) = (towards(before), towards(after));
        if at.distance(enter) > 0.01 {
            curve.push(Cubic::line(at, enter));
        }
        // 0.55 of the radius makes a quarter of a circle.
        curve.push(Cubic {
            from: enter,
            c1: enter.lerp(*corner, 0.55),
            c2: leave.lerp(*corner, 0.55),
            to: leave,
        });
        at = leave;
    }
    if at.distance(last) > 0.01 || curve.is_empty() {
        curve.push(Cubic::line(at, last));
    }
    curve
}

/// The points without repeats and without those on a straight line between their neighbours.
pub(super) fn simplified(points: &[Point]) -> Vec<Point> {
    let mut result: Vec<Point> = Vec::new();
    for &p in points {
        if result.last().is_some_and(|l| l.distance(p) < 0.01) {
            continue;
        }
        if let [.., a, b] = result.as_slice() {
            let straight = (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
            if straight.abs() < 0.01 {
                result.pop();
            }
        }
        result.push(p);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::pt;

    #[test]
    fn corners_are_round_and_segments_join() {
        let points = [
            pt(0.0, 0.0),
            pt(100.0, 0.0),
            pt(100.0, 60.0),
            pt(180.0, 60.0),
        ];
        let curve = rounded(&points);
        assert_eq!(curve.len(), 5);
        assert_eq!((curve[0].from, curve[4].to), (points[0], points[3]));
        for pair in curve.windows(2) {
            assert!(pair[0].to.distance(pair[1].from) < 0.01);
        }
        assert_eq!(curve[0].to, pt(84.0, 0.0));
    }
}
