//! The two panels beside the canvas in windows of any width: which of them are rails, and how wide the
//! others are. The canvas keeps at least half of the width.

use std::ops::RangeInclusive;

use crate::scene::tokens;

/// A panel beside the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The outline, at the left.
    Outline,
    /// The inspector and its tabs, at the right.
    Side,
}

/// How a panel is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// Not at all: the user hides it.
    Hidden,
    /// As a rail of icons.
    Rail,
    /// In this width.
    Open(f32),
}

impl Pane {
    /// The widths that the user may give it.
    fn widths(self) -> RangeInclusive<f32> {
        match self {
            Self::Outline => tokens::OUTLINE_LEAST..=480.0,
            Self::Side => tokens::INSPECTOR_LEAST..=720.0,
        }
    }

    /// The nearest width that the user may give it.
    pub fn clamp(self, width: f32) -> f32 {
        let widths = self.widths();
        match width.is_nan() {
            true => *widths.start(),
            false => width.clamp(*widths.start(), *widths.end()),
        }
    }
}

/// How both panels are shown in a window of that width, by the widths that the user gave them; none: hidden.
/// First the side panel gets narrower, then the outline; then the outline is a rail, at last the side panel.
pub fn fit(window: f32, outline: Option<f32>, side: Option<f32>) -> (Shown, Shown) {
    let room = window / 2.0;
    let outline = outline.map(|width| Pane::Outline.clamp(width));
    let side = side.map(|width| Pane::Side.clamp(width));
    let (Some(left), Some(right)) = (outline, side) else {
        let alone =
            |pane, width: Option<f32>| width.map_or(Shown::Hidden, |w| within(pane, w, room));
        return (alone(Pane::Outline, outline), alone(Pane::Side, side));
    };
    let least = tokens::INSPECTOR_LEAST;
    match within(Pane::Outline, left, room - least) {
        Shown::Open(left) => (Shown::Open(left), Shown::Open(right.min(room - left))),
        narrow => (narrow, within(Pane::Side, right, room - tokens::RAIL)),
    }
}

/// A panel of that width where there is only so much room.
fn within(pane: Pane, width: f32, room: f32) -> Shown {
    match room >= *pane.widths().start() {
        true => Shown::Open(width.min(room)),
        false => Shown::Rail,
    }
}

/// Which panels are rails, and which of these is open over the canvas.
#[derive(Debug, Default)]
pub struct Panes {
    rails: Vec<Pane>,
    over: Option<Pane>,
}

impl Panes {
    /// The rail whose panel is open over the canvas.
    pub fn over(&self) -> Option<Pane> {
        self.over
    }

    /// Whether a panel is a rail.
    pub fn is_rail(&self, pane: Pane) -> bool {
        self.rails.contains(&pane)
    }

    /// Opens a panel over the canvas; it only stays if it is a rail.
    pub fn open(&mut self, pane: Pane) {
        self.over = Some(pane);
    }

    /// Closes the panel that is open over the canvas; whether there was one.
    pub fn close(&mut self) -> bool {
        self.over.take().is_some()
    }

    /// Notes how the panels are shown.
    pub fn keep(&mut self, (outline, side): (Shown, Shown)) {
        self.rails.clear();
        let shown = [(Pane::Outline, outline), (Pane::Side, side)];
        let rails = shown.into_iter().filter(|(_, shown)| *shown == Shown::Rail);
        self.rails.extend(rails.map(|(pane, _)| pane));
        self.over = self.over.filter(|pane| self.rails.contains(pane));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FIRST: (Option<f32>, Option<f32>) = (Some(tokens::OUTLINE), Some(tokens::INSPECTOR));

    fn at(window: f32) -> (Shown, Shown) {
        fit(window, FIRST.0, FIRST.1)
    }

    #[test]
    fn panels_give_way_in_order() {
        let first = (Shown::Open(232.0), Shown::Open(372.0));
        assert_eq!(at(1920.0), first);
        assert_eq!(at(1280.0), first);
        assert_eq!(at(1180.0), (Shown::Open(232.0), Shown::Open(358.0)));
        assert_eq!(at(1040.0), (Shown::Open(200.0), Shown::Open(320.0)));
        assert_eq!(at(1000.0), (Shown::Rail, Shown::Open(372.0)));
        assert_eq!(at(760.0), (Shown::Rail, Shown::Open(336.0)));
        assert_eq!(at(720.0), (Shown::Rail, Shown::Rail));
    }

    #[test]
    fn a_hidden_panel_takes_nothing() {
        assert_eq!(
            fit(700.0, None, FIRST.1),
            (Shown::Hidden, Shown::Open(350.0))
        );
        assert_eq!(
            fit(700.0, FIRST.0, None),
            (Shown::Open(232.0), Shown::Hidden)
        );
        assert_eq!(fit(300.0, FIRST.0, None), (Shown::Rail, Shown::Hidden));
        assert_eq!(fit(900.0, None, None), (Shown::Hidden, Shown::Hidden));
    }

    proptest! {
        #[test]
        fn the_canvas_keeps_half(
            window in 200f32..4000.0,
            outline in proptest::option::of(proptest::num::f32::ANY),
            side in proptest::option::of(proptest::num::f32::ANY),
        ) {
            let (left, right) = fit(window, outline, side);
            let taken = |shown| match shown {
                Shown::Hidden => 0.0,
                Shown::Rail => tokens::RAIL,
                Shown::Open(width) => width,
            };
            prop_assert!(taken(left) + taken(right) <= window / 2.0 + 0.01);
            prop_assert_eq!(left == Shown::Hidden, outline.is_none());
            prop_assert_eq!(right == Shown::Hidden, side.is_none());
            if let Shown::Open(width) = left {
                prop_assert!(width >= tokens::OUTLINE_LEAST);
            }
            if let Shown::Open(width) = right {
                prop_assert!(width >= tokens::INSPECTOR_LEAST - 0.01);
            }
        }
    }

    #[test]
    fn a_panel_that_is_no_rail_is_not_over_the_canvas() {
        let mut panes = Panes::default();
        panes.open(Pane::Side);
        panes.keep((Shown::Rail, Shown::Open(372.0)));
        assert_eq!(panes.over(), None);
        panes.open(Pane::Outline);
        panes.keep((Shown::Rail, Shown::Open(372.0)));
        assert_eq!(panes.over(), Some(Pane::Outline));
        assert!(panes.close() && !panes.close());
    }
}
