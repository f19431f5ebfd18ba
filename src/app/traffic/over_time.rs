//! When recorded connections began: bars over time, those that were dropped in their own colour.

use egui::{Align2, Painter, Rect, Response, Sense, Ui, Vec2, WidgetType, pos2};

use super::words::{day, grouped, interval};
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::observe::time::{SECOND, Time};
use crate::observe::{Bucket, Histogram};
use crate::scene::tokens;

/// Height of the names of days.
const DAYS: f32 = 13.0;
/// Least space for the name of a day.
const DAY: f32 = 52.0;
/// The least height of a bar, so that one connection beside thousands is visible.
const LEAST: f32 = 1.5;
const LENGTH_OF_DAY: Time = 24 * 3600 * SECOND;

/// Shows the bars, and the days below them. Hovering a bar says its time and counts.
pub fn over_time_ui(ui: &mut Ui, histogram: &Histogram, size: Vec2) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    widgets::named(&response, WidgetType::Image, &summary(histogram));
    let bars = rect.with_max_y(rect.bottom() - DAYS);
    let step = bars.width() / histogram.intervals().len().max(1) as f32;
    let column = |nth: usize| {
        let left = bars.left() + step * nth as f32;
        Rect::from_x_y_ranges(left..=left + step, bars.y_range())
    };
    let hovered = response.hover_pos().and_then(|at| {
        let mut all = histogram.intervals().enumerate();
        all.find(|(nth, _)| column(*nth).x_range().contains(at.x))
    });
    let painter = ui.painter();
    let palette = theme::palette(ui.ctx());
    if let Some((nth, _)) = hovered {
        let over = tokens::mix(palette.raised, palette.text, 0.12);
        painter.rect_filled(column(nth), 0.0, color(over));
    }
    let most = histogram.intervals().map(|(_, bucket)| bucket.count());
    let most = most.max().unwrap_or_default();
    for (nth, (_, bucket)) in histogram.intervals().enumerate() {
        bar(painter, column(nth), bucket, most, palette);
    }
    days(painter, rect, histogram, color(palette.text_secondary));
    match hovered {
        Some((_, (start, bucket))) => {
            response.on_hover_text_at_pointer(words(start, histogram.width(), bucket))
        }
        None => response,
    }
}

/// A bar: what was dropped at its foot.
fn bar(painter: &Painter, column: Rect, bucket: Bucket, most: u64, palette: &tokens::Palette) {
    let gap = if column.width() > 3.0 { 1.0 } else { 0.0 };
    let bar = column.with_max_x(column.right() - gap);
    let height = |count: u64| match count {
        0 => 0.0,
        count => (bar.height() * (count as f64 / most as f64) as f32).max(LEAST),
    };
    let top = bar.bottom() - height(bucket.count()).max(height(bucket.dropped));
    painter.rect_filled(bar.with_min_y(top), 0.0, color(palette.observed));
    let foot = bar.with_min_y(bar.bottom() - height(bucket.dropped));
    painter.rect_filled(foot, 0.0, color(palette.blocked));
}

/// The days that begin in it, below the bars, as many as there is room for.
fn days(painter: &Painter, rect: Rect, histogram: &Histogram, ink: egui::Color32) {
    let mut intervals = histogram.intervals();
    let length = histogram.width() as f64 * intervals.len() as f64;
    let Some((first, _)) = intervals.next() else {
        return;
    };
    let x = |time: Time| {
        let part = time.saturating_sub(first) as f64 / length;
        rect.left() + rect.width() * part as f32
    };
    let mut free = rect.left();
    let mut time = first - first.rem_euclid(LENGTH_OF_DAY);
    while x(time) < rect.right() - DAY / 2.0 {
        let center = x(time);
        if center - DAY / 2.0 >= free {
            let name = day(time);
            let name = name.rsplit_once(' ').map_or("", |(date, _)| date);
            let at = pos2(center, rect.bottom());
            let font = theme::sans(tokens::TEXT_TINY);
            painter.text(at, Align2::CENTER_BOTTOM, name, font, ink);
            painter.vline(
                center,
                rect.bottom() - DAYS..=rect.bottom() - DAYS + 2.0,
                (1.0, ink),
            );
            free = center + DAY / 2.0;
        }
        // A recording of years has more days than points.
        let next = (f64::from(DAY / rect.width()) * length / LENGTH_OF_DAY as f64).max(1.0);
        time = time.saturating_add(next as Time * LENGTH_OF_DAY);
    }
}

/// `3 Nov 09:00 to 09:16 UTC: 12 connections began, 3 of them dropped`.
fn words(start: Time, width: Time, bucket: Bucket) -> String {
    format!("{} UTC: {}", interval(start, width), began(bucket))
}

fn began(bucket: Bucket) -> String {
    let count = bucket.count();
    let dropped = match bucket.dropped {
        0 => String::new(),
        dropped if dropped == count => ", dropped".to_owned(),
        dropped => format!(", {} of them dropped", grouped(dropped)),
    };
    match count {
        0 => "no connection began".to_owned(),
        1 => format!("1 connection began{dropped}"),
        count => format!("{} connections began{dropped}", grouped(count)),
    }
}

/// All of it in a sentence, for screen readers.
fn summary(histogram: &Histogram) -> String {
    let most = histogram.intervals().max_by_key(|(_, b)| b.count());
    let most = most.map_or(String::new(), |(start, bucket)| {
        format!("; most in {}", words(start, histogram.width(), bucket))
    });
    format!("Over time: {}{most}", began(histogram.total()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Verdict;
    use crate::observe::time::parse;

    #[test]
    fn bars_are_said_in_words() {
        let at = |text: &str| parse(text).expect("a time");
        let mut histogram = Histogram::default();
        histogram.add(at("2026-11-03T09:00:20Z"), Verdict::Forwarded, 1_200);
        histogram.add(at("2026-11-03T09:00:29Z"), Verdict::Dropped, 4);
        let (start, bucket) = histogram.intervals().next().expect("a bar");
        let narrow = words(start, histogram.width(), bucket);
        let expected = "3 Nov 09:00:15 to 09:00:30 UTC: 1,204 connections began, 4 of them dropped";
        assert_eq!(narrow, expected);
        histogram.add(at("2026-11-04T09:00:00Z"), Verdict::Dropped, 1);
        let last = histogram.intervals().last().expect("a bar");
        let wide = words(last.0, histogram.width(), last.1);
        assert_eq!(
            wide,
            "4 Nov 08:48 to 09:04 UTC: 1 connection began, dropped"
        );
        assert_eq!(
            summary(&histogram),
            "Over time: 1,205 connections began, 5 of them dropped; most in 3 Nov 08:48 to 09:04 UTC: 1,204 connections began, 4 of them dropped"
        );
    }
}
