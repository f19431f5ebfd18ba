//! When recorded connections began: bars over time, those that were dropped in their own colour.

use std::ops::Range;

use egui::{Align2, EventFilter, Key, Painter, Rect, Response, Sense, Ui, Vec2, WidgetType, pos2};

use super::words::{day, grouped, interval};
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::observe::time::{SECOND, Time};
use crate::observe::{Bucket, Histogram};
use crate::scene::tokens;

/// Height of the bars of an arrow.
const BARS: f32 = 32.0;
/// Height of the names of days.
const DAYS: f32 = 13.0;
/// Least space for the name of a day.
const DAY: f32 = 52.0;
/// The least height of a bar, so that one connection beside thousands is visible.
const LEAST: f32 = 1.5;
const LENGTH_OF_DAY: Time = 24 * 3600 * SECOND;

/// Half the width of what a handle of the window is dragged by.
const GRIP: f32 = 5.0;

/// Shows the bars, and the days below them; `window`: when the connections that count began. Hovering a bar says its time
/// and counts. Returns the window that its two handles were dragged to; none in it: all of the recording.
pub fn over_time_ui(
    ui: &mut Ui,
    histogram: &Histogram,
    window: Option<&Range<Time>>,
    size: Vec2,
) -> Option<Option<Range<Time>>> {
    let (scale, words) = bars_ui(ui, histogram, "Over time", size)?;
    handles_ui(ui, &scale, window, words.as_deref())
}

/// Shows the bars of an arrow, and the days below them, in the whole width.
pub fn of_arrow_ui(ui: &mut Ui, histogram: &Histogram) {
    let size = Vec2::new(ui.available_width(), BARS + DAYS);
    bars_ui(ui, histogram, "This arrow over time", size);
}

/// Shows bars and days. Returns where times are, and what the bar under the pointer says.
fn bars_ui(
    ui: &mut Ui,
    histogram: &Histogram,
    name: &str,
    size: Vec2,
) -> Option<(Scale, Option<String>)> {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let name = format!("{name}: {}", summary(histogram));
    widgets::named(&response, WidgetType::Image, &name);
    let scale = Scale::new(histogram, rect)?;
    // Also where a handle is above the bars.
    let pointer = ui.input(|i| i.pointer.hover_pos());
    let hovered = pointer.filter(|at| rect.contains(*at)).and_then(|at| {
        let mut all = histogram.intervals().enumerate();
        all.find(|(nth, _)| scale.column(*nth).x_range().contains(at.x))
    });
    let painter = ui.painter().clone();
    let palette = theme::palette(ui.ctx());
    if let Some((nth, _)) = hovered {
        let over = tokens::mix(palette.raised, palette.text, 0.12);
        painter.rect_filled(scale.column(nth), 0.0, color(over));
    }
    let most = histogram.intervals().map(|(_, bucket)| bucket.count());
    let most = most.max().unwrap_or_default();
    for (nth, (_, bucket)) in histogram.intervals().enumerate() {
        bar(&painter, scale.column(nth), bucket, most, palette);
    }
    days(&painter, rect, histogram, color(palette.text_secondary));
    let words = hovered.map(|(_, (start, bucket))| words(start, histogram.width(), bucket));
    if let Some(words) = &words {
        response.on_hover_text_at_pointer(words);
    }
    Some((scale, words))
}

/// Where times are.
struct Scale {
    bars: Rect,
    first: Time,
    width: Time,
    count: usize,
}

impl Scale {
    fn new(histogram: &Histogram, rect: Rect) -> Option<Self> {
        let mut intervals = histogram.intervals();
        let count = intervals.len();
        let (first, _) = intervals.next()?;
        Some(Self {
            bars: rect.with_max_y(rect.bottom() - DAYS),
            first,
            width: histogram.width(),
            count,
        })
    }

    /// The left edge of an interval; of the one behind the last, the end.
    fn x(&self, nth: usize) -> f32 {
        self.bars.left() + self.bars.width() * nth as f32 / self.count.max(1) as f32
    }

    fn column(&self, nth: usize) -> Rect {
        Rect::from_x_y_ranges(self.x(nth)..=self.x(nth + 1), self.bars.y_range())
    }

    /// The edge of an interval that is nearest to a point.
    fn nearest(&self, x: f32) -> usize {
        let part = (x - self.bars.left()) / self.bars.width();
        (part * self.count as f32)
            .round()
            .clamp(0.0, self.count as f32) as usize
    }

    /// The edge at a time.
    fn edge(&self, time: Time) -> usize {
        let nth = time.saturating_sub(self.first) / self.width.max(1);
        usize::try_from(nth).unwrap_or(0).min(self.count)
    }

    fn time(&self, nth: usize) -> Time {
        let nth = Time::try_from(nth).unwrap_or(Time::MAX);
        self.first.saturating_add(self.width.saturating_mul(nth))
    }
}

/// The two handles of the window, which arrow keys move, too; `under`: what is said of the bar under the pointer.
fn handles_ui(
    ui: &mut Ui,
    scale: &Scale,
    window: Option<&Range<Time>>,
    under: Option<&str>,
) -> Option<Option<Range<Time>>> {
    let set = window.map_or([0, scale.count], |window| {
        [scale.edge(window.start), scale.edge(window.end)]
    });
    let id = ui.id().with("window of the recording");
    let mut edges = ui
        .data(|data| data.get_temp::<[usize; 2]>(id))
        .unwrap_or(set);
    let mut is_held = false;
    let mut is_moved = false;
    let names = ["Start of the window", "End of the window"];
    for (at, name) in names.into_iter().enumerate() {
        let x = scale.x(edges[at]);
        let grip = Rect::from_x_y_ranges(x - GRIP..=x + GRIP, scale.bars.y_range());
        let response = ui.interact(grip, id.with(at), Sense::click_and_drag());
        widgets::named(&response, WidgetType::Slider, name);
        if response.has_focus() {
            let filter = EventFilter {
                horizontal_arrows: true,
                ..EventFilter::default()
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        }
        let step = match response.has_focus() {
            true => ui.input(|i| {
                i32::from(i.key_pressed(Key::ArrowRight)) - i32::from(i.key_pressed(Key::ArrowLeft))
            }),
            false => 0,
        };
        let pointed = response
            .interact_pointer_pos()
            .filter(|_| response.dragged());
        let wanted = match pointed {
            Some(at) => scale.nearest(at.x),
            None => edges[at].saturating_add_signed(step as isize),
        };
        // There is always an interval between the two.
        edges[at] = match at {
            0 => wanted.min(edges[1].saturating_sub(1)),
            _ => wanted.clamp(edges[0] + 1, scale.count.max(edges[0] + 1)),
        };
        is_held |= response.dragged();
        is_moved |= response.drag_stopped() || step != 0;
        paint_handle(ui, scale, &response, edges[at]);
        let response = response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
        if let Some(words) = under.filter(|_| !response.dragged()) {
            response.on_hover_text_at_pointer(words);
        }
    }
    let outside = [0..edges[0], edges[1]..scale.count];
    let veil = color(theme::palette(ui.ctx()).raised).gamma_multiply(0.7);
    for part in outside.into_iter().filter(|part| !part.is_empty()) {
        let covered = scale.column(part.start).with_max_x(scale.x(part.end));
        ui.painter().rect_filled(covered, 0.0, veil);
    }
    // While a handle is dragged, it is where the pointer is, and nothing is read.
    let held = is_held.then_some(edges);
    ui.data_mut(|data| match held {
        Some(held) => drop(data.insert_temp(id, held)),
        None => data.remove::<[usize; 2]>(id),
    });
    let is_whole = edges == [0, scale.count];
    let chosen = (!is_whole).then(|| scale.time(edges[0])..scale.time(edges[1]));
    (is_moved && edges != set).then_some(chosen)
}

fn paint_handle(ui: &Ui, scale: &Scale, response: &Response, edge: usize) {
    let palette = theme::palette(ui.ctx());
    let is_active = response.hovered() || response.dragged() || response.has_focus();
    let line = match is_active {
        true => palette.accent,
        false => palette.text_secondary,
    };
    let x = scale.x(edge);
    let width = if is_active { 2.0 } else { 1.0 };
    ui.painter()
        .vline(x, scale.bars.y_range(), (width, color(line)));
    let knob = Rect::from_center_size(pos2(x, scale.bars.center().y), Vec2::new(4.0, 12.0));
    ui.painter().rect_filled(knob, 2.0, color(line));
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
    format!("{}{most}", began(histogram.total()))
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
            "1,205 connections began, 5 of them dropped; most in 3 Nov 08:48 to 09:04 UTC: 1,204 connections began, 4 of them dropped"
        );
    }
}
