//! How a connection's standing looks: an icon beside every colour.

use super::icons;
use crate::query::why::Standing;
use crate::scene::tokens::{Palette, Rgb};

/// Its icon.
pub fn icon(standing: Standing) -> &'static str {
    match standing {
        Standing::Blocked => icons::X,
        Standing::NotDrawn => icons::WARNING,
        Standing::Drawn => icons::CHECK,
        Standing::Unsaid => icons::NOTE,
        Standing::Open => icons::INFO,
        Standing::Denied => icons::MINUS,
    }
}

/// Its ink and its ground.
pub fn colors(standing: Standing, palette: &Palette) -> (Rgb, Rgb) {
    match standing {
        Standing::Blocked => (palette.blocked, palette.blocked_soft),
        Standing::NotDrawn => (palette.wide, palette.wide_soft),
        Standing::Drawn => (palette.exact, palette.exact_soft),
        Standing::Unsaid | Standing::Open => (palette.ink, palette.canvas),
        Standing::Denied => (palette.ink2, palette.canvas),
    }
}
