//! Plain geometry in points; x to the right, y down.

/// A place, or a vector between two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// A point from its coordinates.
pub const fn pt(x: f32, y: f32) -> Point {
    Point { x, y }
}

impl Point {
    /// Distance between two points.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point `t` of the way to another.
    pub fn lerp(self, other: Self, t: f32) -> Self {
        pt(
            self.x + (other.x - self.x) * t,
            self.y + (other.y - self.y) * t,
        )
    }
}

impl std::ops::Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        pt(self.x + other.x, self.y + other.y)
    }
}

impl std::ops::Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        pt(self.x - other.x, self.y - other.y)
    }
}

impl std::ops::Mul<f32> for Point {
    type Output = Self;
    fn mul(self, by: f32) -> Self {
        pt(self.x * by, self.y * by)
    }
}

/// An upright rectangle; `min` is its top left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Top left.
    pub min: Point,
    /// Bottom right.
    pub max: Point,
}

impl Rect {
    /// From the top left corner and a size.
    pub fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self {
            min: pt(x, y),
            max: pt(x + w, y + h),
        }
    }

    /// Around a centre.
    pub fn around(centre: Point, w: f32, h: f32) -> Self {
        Self::new(centre.x - w / 2.0, centre.y - h / 2.0, w, h)
    }

    /// The smallest rectangle around two points.
    pub fn between(a: Point, b: Point) -> Self {
        Self {
            min: pt(a.x.min(b.x), a.y.min(b.y)),
            max: pt(a.x.max(b.x), a.y.max(b.y)),
        }
    }

    /// Width.
    pub fn width(&self) -> f32 {
        self.max.x - self.min.x
    }

    /// Height.
    pub fn height(&self) -> f32 {
        self.max.y - self.min.y
    }

    /// Centre.
    pub fn centre(&self) -> Point {
        self.min.lerp(self.max, 0.5)
    }

    /// Larger by `by` on every side (smaller when negative).
    pub fn grow(&self, by: f32) -> Self {
        Self {
            min: pt(self.min.x - by, self.min.y - by),
            max: pt(self.max.x + by, self.max.y + by),
        }
    }

    /// Moved by a vector.
    pub fn moved(&self, by: Point) -> Self {
        Self {
            min: self.min + by,
            max: self.max + by,
        }
    }

    /// The same size with its top left corner elsewhere.
    pub fn at(&self, min: Point) -> Self {
        self.moved(min - self.min)
    }

    /// The smallest rectangle around both.
    pub fn union(&self, other: &Self) -> Self {
        Self {
            min: pt(self.min.x.min(other.min.x), self.min.y.min(other.min.y)),
            max: pt(self.max.x.max(other.max.x), self.max.y.max(other.max.y)),
        }
    }

    /// Whether they share more than a border.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.min.x < other.max.x
            && other.min.x < self.max.x
            && self.min.y < other.max.y
            && other.min.y < self.max.y
    }

    /// Whether the point is inside or on the border.
    pub fn contains(&self, p: Point) -> bool {
        self.min.x <= p.x && p.x <= self.max.x && self.min.y <= p.y && p.y <= self.max.y
    }

    /// Whether the other lies wholly inside.
    pub fn encloses(&self, other: &Self) -> bool {
        self.contains(other.min) && self.contains(other.max)
    }

    /// Distance from the point to the rectangle, zero inside.
    pub fn distance(&self, p: Point) -> f32 {
        let dx = (self.min.x - p.x).max(p.x - self.max.x).max(0.0);
        let dy = (self.min.y - p.y).max(p.y - self.max.y).max(0.0);
        dx.hypot(dy)
    }
}

/// One piece of a curve: a cubic Bézier segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cubic {
    /// Start.
    pub from: Point,
    /// First control point.
    pub c1: Point,
    /// Second control point.
    pub c2: Point,
    /// End.
    pub to: Point,
}

impl Cubic {
    /// A straight piece.
    pub fn line(from: Point, to: Point) -> Self {
        Self {
            from,
            c1: from.lerp(to, 1.0 / 3.0),
            c2: from.lerp(to, 2.0 / 3.0),
            to,
        }
    }

    /// The point at `t` in 0..=1.
    pub fn point(&self, t: f32) -> Point {
        let u = 1.0 - t;
        self.from * (u * u * u)
            + self.c1 * (3.0 * u * u * t)
            + self.c2 * (3.0 * u * t * t)
            + self.to * (t * t * t)
    }

    /// Whether it is a straight line.
    pub fn is_line(&self) -> bool {
        let off = |c: Point| {
            let (d, e) = (self.to - self.from, c - self.from);
            (d.x * e.y - d.y * e.x).abs()
        };
        off(self.c1) < 0.01 && off(self.c2) < 0.01
    }
}

/// A curve as a line through points about `step` points of length apart, ends included.
pub fn flatten(curve: &[Cubic], step: f32) -> Vec<Point> {
    let mut points: Vec<Point> = curve.first().map(|c| c.from).into_iter().collect();
    for piece in curve {
        let length = piece.from.distance(piece.c1)
            + piece.c1.distance(piece.c2)
            + piece.c2.distance(piece.to);
        let n = (length / step).ceil().clamp(1.0, 400.0) as usize;
        points.extend((1..=n).map(|i| piece.point(i as f32 / n as f32)));
    }
    points
}

/// A path cut in the middle of its length.
pub fn halves(points: &[Point]) -> (Vec<Point>, Vec<Point>) {
    let length = |pair: &[Point]| pair[0].distance(pair[1]);
    let mut left = points.windows(2).map(length).sum::<f32>() / 2.0;
    for (at, pair) in points.windows(2).enumerate() {
        let step = length(pair);
        if step >= left {
            let share = if step > 0.0 { left / step } else { 0.0 };
            let middle = pair[0].lerp(pair[1], share);
            let (mut first, mut second) = (points[..=at].to_vec(), vec![middle]);
            first.push(middle);
            second.extend_from_slice(&points[at + 1..]);
            return (first, second);
        }
        left -= step;
    }
    (points.to_vec(), Vec::new())
}

/// Distance from a point to the segment from `a` to `b`.
pub fn distance_to_segment(p: Point, a: Point, b: Point) -> f32 {
    let d = b - a;
    let length2 = d.x * d.x + d.y * d.y;
    if length2 == 0.0 {
        return p.distance(a);
    }
    let t = (((p.x - a.x) * d.x + (p.y - a.y) * d.y) / length2).clamp(0.0, 1.0);
    p.distance(a.lerp(b, t))
}

/// Whether a segment passes through a rectangle.
pub fn meets(rect: &Rect, a: Point, b: Point) -> bool {
    let (d, mut enter, mut leave) = (b - a, 0.0_f32, 1.0_f32);
    for (from, d, low, high) in [
        (a.x, d.x, rect.min.x, rect.max.x),
        (a.y, d.y, rect.min.y, rect.max.y),
    ] {
        if d.abs() < 1e-6 {
            if from < low || from > high {
                return false;
            }
            continue;
        }
        let (t0, t1) = ((low - from) / d, (high - from) / d);
        enter = enter.max(t0.min(t1));
        leave = leave.min(t0.max(t1));
    }
    enter < leave
}

/// Whether two segments cross, each in its inside.
pub fn cross([a, b]: [Point; 2], [c, d]: [Point; 2]) -> bool {
    let side = |a: Point, b: Point, p: Point| (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_in_the_middle() {
        let way = [pt(0.0, 0.0), pt(10.0, 0.0), pt(10.0, 4.0)];
        let (first, second) = halves(&way);
        assert_eq!(first, [pt(0.0, 0.0), pt(7.0, 0.0)]);
        assert_eq!(second, [pt(7.0, 0.0), pt(10.0, 0.0), pt(10.0, 4.0)]);
        assert_eq!(halves(&way[..1]), (vec![way[0]], Vec::new()));
    }
}
