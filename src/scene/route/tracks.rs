//! Separates segments of arrows that share a channel.

use super::plan::Course;
use crate::scene::Point;

/// Greatest distance between two segments in one channel, and the greatest width of a channel.
const TRACK: f32 = 5.0;
const CHANNEL: f32 = 12.0;

/// One straight segment between two bends.
struct Piece {
    upright: bool,
    /// The line it lies on, in tenths of a point.
    line: i64,
    low: f32,
    high: f32,
    course: usize,
    at: usize,
}

/// Moves overlapping segments sideways; ends at ports stay.
pub(super) fn part(courses: &mut [Course]) {
    let mut pieces = pieces(courses);
    pieces.sort_by(|a, b| {
        (a.upright, a.line)
            .cmp(&(b.upright, b.line))
            .then(a.low.total_cmp(&b.low))
            .then((a.course, a.at).cmp(&(b.course, b.at)))
    });
    let mut rest = pieces.as_slice();
    while let Some(first) = rest.first() {
        let mut reach = first.high;
        let mut count = 0;
        for piece in rest {
            if (piece.upright, piece.line) != (first.upright, first.line)
                || (count > 0 && piece.low > reach)
            {
                break;
            }
            reach = reach.max(piece.high);
            count += 1;
        }
        let (cluster, behind) = rest.split_at(count);
        separate(courses, cluster);
        rest = behind;
    }
}

fn pieces(courses: &[Course]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (course, run) in courses.iter().enumerate() {
        let Course::Bent(points) = run else { continue };
        for at in 1..points.len().saturating_sub(2) {
            let (a, b) = (points[at], points[at + 1]);
            let upright = (a.x - b.x).abs() < 0.01;
            let (line, low, high) = if upright {
                (a.x, a.y.min(b.y), a.y.max(b.y))
            } else {
                (a.y, a.x.min(b.x), a.x.max(b.x))
            };
            pieces.push(Piece {
                upright,
                line: (line * 10.0).round() as i64,
                low,
                high,
                course,
                at,
            });
        }
    }
    pieces
}

/// Gives each segment of a cluster the first track that is free along it.
fn separate(courses: &mut [Course], cluster: &[Piece]) {
    let mut ends: Vec<f32> = Vec::new();
    let mut tracks = Vec::with_capacity(cluster.len());
    for piece in cluster {
        let free = ends.iter().position(|&end| end < piece.low);
        let track = free.unwrap_or(ends.len());
        if track == ends.len() {
            ends.push(piece.high);
        } else {
            ends[track] = piece.high;
        }
        tracks.push(track);
    }
    if ends.len() < 2 {
        return;
    }
    let gap = TRACK.min(CHANNEL / (ends.len() - 1) as f32);
    let middle = (ends.len() - 1) as f32 / 2.0;
    for (piece, track) in cluster.iter().zip(tracks) {
        let shift = (track as f32 - middle) * gap;
        if let Some(Course::Bent(points)) = courses.get_mut(piece.course) {
            for point in points.iter_mut().skip(piece.at).take(2) {
                nudge(point, piece.upright, shift);
            }
        }
    }
}

fn nudge(point: &mut Point, upright: bool, shift: f32) {
    if upright {
        point.x += shift;
    } else {
        point.y += shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::pt;

    #[test]
    fn overlapping_segments_are_separated_and_single_ones_stay() {
        let run = |x: f32, low: f32, high: f32| {
            Course::Bent(vec![pt(0.0, low), pt(x, low), pt(x, high), pt(200.0, high)])
        };
        let mut courses = vec![
            run(96.0, 0.0, 90.0),
            run(96.0, 50.0, 200.0),
            run(144.0, 0.0, 50.0),
        ];
        part(&mut courses);
        let xs: Vec<f32> = courses.iter().map(|c| c.points()[1].x).collect();
        assert_eq!(xs, [93.5, 98.5, 144.0]);
        assert_eq!(courses[0].points()[3], pt(200.0, 90.0));
    }
}
