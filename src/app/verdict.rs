//! Icon and colours of a connection's verdict.

use super::icons;
use crate::query::why::PairVerdict;
use crate::scene::tokens::{Palette, Rgb};

/// Its icon.
pub fn icon(verdict: PairVerdict) -> &'static str {
    match verdict {
        PairVerdict::Blocked => icons::X,
        PairVerdict::NotDrawn => icons::WARNING,
        PairVerdict::Drawn => icons::CHECK,
        PairVerdict::CannotExpress => icons::NOTE,
        PairVerdict::Approximated => icons::APPROXIMATE,
        PairVerdict::Open => icons::INFO,
        PairVerdict::Denied => icons::MINUS,
    }
}

/// Its foreground and background.
pub fn colors(verdict: PairVerdict, palette: &Palette) -> (Rgb, Rgb) {
    match verdict {
        PairVerdict::Blocked => (palette.blocked, palette.blocked_soft),
        PairVerdict::NotDrawn => (palette.wide, palette.wide_soft),
        PairVerdict::Drawn => (palette.exact, palette.exact_soft),
        PairVerdict::CannotExpress | PairVerdict::Approximated | PairVerdict::Open => {
            (palette.text, palette.canvas)
        }
        PairVerdict::Denied => (palette.text_secondary, palette.canvas),
    }
}
