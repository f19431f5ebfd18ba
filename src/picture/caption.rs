//! The caption of a picture: what it shows, when, and whether it is exact; and lines of text.

use super::look::sign_of;
use super::node::CHECK;
use super::svg::{Anchor, Svg};
use crate::proof::{State, Verdict};
use crate::scene::tokens::{Palette, Rgb};
use crate::scene::{ApproxMeasure, Measure, Point, TextStyle, pt};

/// Height of a caption with the gap below it.
pub(super) const HEIGHT: f32 = 52.0;
/// Height of a line of text.
pub(super) const LINE: f32 = 24.0;

/// The name of what is shown, a date, and the verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// The project, and what of it is shown.
    pub title: String,
    /// The date, `2026-11-30`.
    pub date: String,
    /// The verdict, and its words.
    pub verdict: Option<(State, String)>,
}

impl Caption {
    /// The caption of a project, or of a part of it: the verdict is that of the whole.
    pub fn of(project: String, part: Option<&str>, date: String, verdict: (State, String)) -> Self {
        let (state, words) = verdict;
        let (title, words) = match part {
            None => (project, words),
            Some(part) => (
                format!("{project}: {part}"),
                format!("{words} (whole project)"),
            ),
        };
        Self {
            title,
            date,
            verdict: Some((state, words)),
        }
    }

    /// The width that it needs.
    pub(super) fn width(&self) -> f32 {
        let of = |text: &str, style| ApproxMeasure.width(text, style);
        let first = of(&self.title, TextStyle::Title) + 24.0 + of(&self.date, TextStyle::Badge);
        let words = self.verdict.as_ref().map_or("", |(_, words)| words);
        first.max(18.0 + of(words, TextStyle::Badge))
    }
}

/// The sign and the colour of a state.
fn look_of(state: State, palette: &Palette) -> (&'static str, Rgb) {
    let sign = |verdict| sign_of(Some(verdict)).unwrap_or(CHECK);
    match state {
        State::NothingToProve => ("M2.5 8h11", palette.text_secondary),
        State::Exact | State::CannotExpress => (CHECK, palette.exact),
        State::Approximated => (sign(Verdict::Approximated), palette.text),
        State::TooWide => (sign(Verdict::TooWide), palette.wide),
        State::Invalid | State::Blocked => (sign(Verdict::Blocked), palette.blocked),
    }
}

impl Svg {
    /// A caption of that width from its upper left corner on.
    pub(super) fn caption(&mut self, caption: &Caption, corner: Point, width: f32) {
        let p = self.palette;
        let at = corner + pt(0.0, 6.0);
        self.text(at, &caption.title, TextStyle::Title, p.text, Anchor::Start);
        let at = corner + pt(width, 6.0);
        self.text(
            at,
            &caption.date,
            TextStyle::Badge,
            p.text_faint,
            Anchor::End,
        );
        if let Some((state, words)) = &caption.verdict {
            let (sign, color) = look_of(*state, p);
            let y = corner.y + 26.0;
            self.icon(pt(corner.x + 6.0, y), sign, 12.0, color);
            let at = pt(corner.x + 18.0, y);
            self.text(at, words, TextStyle::Badge, color, Anchor::Start);
        }
    }

    /// Lines of text below each other.
    pub(super) fn notes(&mut self, notes: &[String], corner: Point) {
        let text = self.palette.text;
        for (at, line) in notes.iter().enumerate() {
            let at = corner + pt(0.0, LINE * (at as f32 + 0.5));
            self.text(at, line, TextStyle::Title, text, Anchor::Start);
        }
    }
}

/// The day in UTC of a time in seconds since 1970: `2026-11-30`.
pub fn day_of(seconds: u64) -> String {
    // Howard Hinnant's civil_from_days: years begin in March, so that leap days are last.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let days = [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (4_107_542_400, "2100-03-01"),
        ];
        for (seconds, day) in days {
            assert_eq!(day_of(seconds), day);
        }
    }
}
