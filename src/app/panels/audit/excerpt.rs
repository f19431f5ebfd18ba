//! The lines around a finding, with their numbers; the words that are wrong underlined, and the fix as a difference.

use egui::{Align2, Pos2, Rect, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};

use crate::app::theme::{self, color};
use crate::app::yaml_highlight::{self, LINE};
use crate::diag::{Diagnostic, Patch, apply};
use crate::scene::tokens;

/// How many lines are shown before and after.
const AROUND: usize = 3;
/// Width of the numbers and the signs.
const GUTTER: f32 = 52.0;

/// A line of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Same,
    Removed,
    Added,
}

/// A line with its number, if it is in the text as it is.
type Line<'a> = (Option<usize>, Sign, &'a str);

/// The lines around line `at` (from 0), or those that differ from the fixed text with the lines around them.
fn lines<'a>(text: &'a str, fixed: Option<&'a str>, at: usize) -> Vec<Line<'a>> {
    let old: Vec<&str> = text.lines().collect();
    let same = |at: usize| (Some(at + 1), Sign::Same, old[at]);
    let Some(fixed) = fixed else {
        let end = (at + AROUND + 1).min(old.len());
        return (at.saturating_sub(AROUND).min(end)..end)
            .map(same)
            .collect();
    };
    let new: Vec<&str> = fixed.lines().collect();
    let before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let least = old.len().min(new.len()) - before;
    let backwards = old.iter().rev().zip(new.iter().rev());
    let after = backwards.take_while(|(a, b)| a == b).count().min(least);
    let (old_end, new_end) = (old.len() - after, new.len() - after);
    let mut lines: Vec<Line> = (before.saturating_sub(AROUND)..before).map(same).collect();
    lines.extend((before..old_end).map(|at| (Some(at + 1), Sign::Removed, old[at])));
    lines.extend((before..new_end).map(|at| (None, Sign::Added, new[at])));
    lines.extend((old_end..(old_end + AROUND).min(old.len())).map(same));
    lines
}

/// Shows the lines around a finding; with patches, what they change.
pub(super) fn excerpt_ui(ui: &mut Ui, text: &str, finding: &Diagnostic, patches: &[Patch]) {
    let Some(span) = &finding.span else { return };
    let fixed = (!patches.is_empty())
        .then(|| apply(text, patches))
        .flatten();
    let wrong = span.line.saturating_sub(1) as usize;
    let lines = lines(text, fixed.as_deref(), wrong);
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), lines.len() as f32 * LINE + 8.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let stroke = Stroke::new(1.0, color(palette.hairline));
    painter.rect(
        rect,
        4.0,
        color(palette.code),
        stroke,
        egui::StrokeKind::Inside,
    );
    let mono = theme::mono(tokens::TEXT_SMALL);
    let mut words = String::new();
    for (at, (number, sign, line)) in lines.iter().enumerate() {
        let top = rect.top() + 4.0 + at as f32 * LINE;
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), LINE));
        let (mark, foreground, background) = match sign {
            Sign::Same => ("", palette.text_faint, None),
            Sign::Removed => ("-", palette.blocked, Some(palette.blocked_soft)),
            Sign::Added => ("+", palette.exact, Some(palette.exact_soft)),
        };
        if let Some(background) = background {
            painter.rect_filled(row.shrink2(vec2(1.0, 0.0)), 0.0, color(background));
        }
        let middle = row.center().y;
        let small = theme::mono(tokens::TEXT_TINY);
        if let Some(number) = number {
            let place = pos2(row.left() + GUTTER - 20.0, middle);
            let faint = color(palette.text_faint);
            painter.text(place, Align2::RIGHT_CENTER, number, small.clone(), faint);
        }
        let place = pos2(row.left() + GUTTER - 12.0, middle);
        painter.text(
            place,
            Align2::CENTER_CENTER,
            mark,
            mono.clone(),
            color(foreground),
        );
        let galley = painter.layout_job(yaml_highlight::job(line, &mono, palette));
        let place = pos2(row.left() + GUTTER, middle - galley.size().y / 2.0);
        if *number == Some(wrong + 1) {
            let from = span.column.saturating_sub(1) as usize;
            let left = x_of(&galley, place, from);
            let right = x_of(&galley, place, from + width_of(text, span.bytes(), line));
            wave(&painter, left..right, middle + 7.0, color(palette.blocked));
        }
        painter.galley(place, galley, color(palette.text));
        words.push_str(&format!("{mark}{line}\n"));
    }
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &words));
}

/// Where a character of a line begins.
fn x_of(galley: &egui::Galley, place: Pos2, character: usize) -> f32 {
    let cursor = egui::text::CCursor::new(character);
    place.x + galley.pos_from_cursor(cursor).left()
}

/// How many characters of a line a finding covers: of several lines, the rest of the first.
fn width_of(text: &str, bytes: std::ops::Range<usize>, line: &str) -> usize {
    let words = text.get(bytes).unwrap_or_default();
    let first = words.lines().next().unwrap_or_default().chars().count();
    first.clamp(1, line.chars().count().max(1))
}

/// A wave under words.
fn wave(painter: &egui::Painter, x: std::ops::Range<f32>, y: f32, foreground: egui::Color32) {
    let mut points = Vec::new();
    let (mut at, mut is_up) = (x.start, false);
    while at < x.end {
        points.push(pos2(at, if is_up { y - 1.5 } else { y }));
        (at, is_up) = (at + 2.0, !is_up);
    }
    painter.line(points, Stroke::new(1.0, foreground));
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

    fn shown(fixed: Option<&str>, at: usize) -> String {
        let lines = lines(TEXT, fixed, at);
        let sign = |sign| match sign {
            Sign::Same => " ",
            Sign::Removed => "-",
            Sign::Added => "+",
        };
        let shown = lines
            .iter()
            .map(|(_, s, line)| format!("{}{line}", sign(*s)));
        shown.collect::<Vec<_>>().join(",")
    }

    #[test]
    fn lines_around_a_place_end_with_the_text() {
        assert_eq!(shown(None, 4), " 2, 3, 4, 5, 6, 7, 8");
        assert_eq!(shown(None, 0), " 1, 2, 3, 4");
        assert_eq!(shown(None, 8), " 6, 7, 8, 9");
        assert_eq!(shown(None, 40), "");
    }

    #[test]
    fn a_fix_is_shown_as_what_it_removes_and_adds() {
        let changed = TEXT.replace('5', "five");
        assert_eq!(shown(Some(&changed), 0), " 2, 3, 4,-5,+five, 6, 7, 8");
        let added = TEXT.replace('5', "5\nmore");
        assert_eq!(shown(Some(&added), 0), " 3, 4, 5,+more, 6, 7, 8");
        let removed = TEXT.replace("5\n", "");
        assert_eq!(shown(Some(&removed), 0), " 2, 3, 4,-5, 6, 7, 8");
        let twice = format!("{TEXT}9\n");
        assert_eq!(shown(Some(&twice), 0), " 7, 8, 9,+9");
    }
}
