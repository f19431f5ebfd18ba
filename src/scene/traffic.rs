//! The look of recorded traffic, by class: signs, lines and colours. No class is told by its colour alone.

use super::tokens::{Palette, Rgb, mix};
use crate::model::TrafficClass as Class;

/// The sign of a class, as lines on a square of 16.
pub fn sign(class: Class) -> &'static str {
    match class {
        Class::Cut | Class::DrawnCut => {
            "M4 2.5 11 11M12 2.5 5 11M5.5 12.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM14.5 12.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0Z"
        }
        Class::Blocked => "M3 3 13 13M13 3 3 13",
        Class::DrawnDropped | Class::UndrawnDropped => "M8 2 15 14H1ZM8 6v4M8 12v.5",
        Class::Undrawn => "M8 1.5 14.5 8 8 14.5 1.5 8Z",
        Class::OpenUnseen => "M8 2 15 14H1Z",
        Class::DrawnUnseen => "M13 8A5 5 0 1 1 3 8a5 5 0 0 1 10 0Z",
        Class::Denied => "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM4 4l8 8",
        Class::Seen => "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM5 8.5l2 2 4-4.5",
    }
}

/// The width of its line.
pub fn width(class: Class) -> f32 {
    match class {
        Class::Seen => 1.6,
        Class::DrawnUnseen => 1.2,
        Class::OpenUnseen => 1.4,
        Class::DrawnCut | Class::Blocked | Class::DrawnDropped | Class::Denied => 1.8,
        Class::Cut | Class::Undrawn | Class::UndrawnDropped => 2.4,
    }
}

/// Colours of its line, of its sign and words, and of the background of its chip.
pub fn colors(class: Class, palette: &Palette) -> [Rgb; 3] {
    let p = palette;
    match class {
        Class::Cut | Class::DrawnCut | Class::Blocked => [p.blocked, p.blocked, p.blocked_soft],
        Class::DrawnDropped | Class::UndrawnDropped | Class::OpenUnseen => {
            [p.wide, p.wide, p.wide_soft]
        }
        Class::Undrawn => [p.observed, p.observed, mix(p.raised, p.observed, 0.12)],
        Class::DrawnUnseen => [mix(p.canvas, p.text_faint, 0.8), p.text_secondary, p.raised],
        Class::Denied => [p.text_faint, p.text_secondary, p.raised],
        Class::Seen => [p.flow, p.text_secondary, p.raised],
    }
}

/// The colour of a sign that stands alone.
pub fn sign_color(class: Class, palette: &Palette) -> Rgb {
    match class {
        Class::Seen => palette.exact,
        class => colors(class, palette)[1],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scene::extra::missing;
    use crate::scene::tokens::{DARK, LIGHT};
    use crate::scene::{OUTSIDE, is_foreign};

    #[test]
    fn classes_are_distinguishable_without_colour() {
        let looks = Class::ALL.map(|class| (class.is_drawn(), sign(class)));
        assert_eq!(looks.into_iter().collect::<BTreeSet<_>>().len(), 10);
    }

    #[test]
    fn lines_are_seen_on_the_canvas() {
        let light = |[r, g, b]: Rgb| {
            let one = |c: u8| match f32::from(c) / 255.0 {
                c if c <= 0.040_45 => c / 12.92,
                c => ((c + 0.055) / 1.055).powf(2.4),
            };
            0.2126 * one(r) + 0.7152 * one(g) + 0.0722 * one(b)
        };
        for palette in [&LIGHT, &DARK] {
            for class in Class::ALL {
                let [line, ..] = colors(class, palette);
                let (a, b) = (light(line), light(palette.canvas));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 3.0, "{class:?}: {contrast}");
            }
        }
    }

    #[test]
    fn ends_outside_the_project_are_foreign_and_differ() {
        assert!(is_foreign(OUTSIDE) && is_foreign(missing(0)) && is_foreign(missing(7)));
        assert!(missing(0) != OUTSIDE && missing(0) != missing(1));
        let drawn = crate::model::NodeRef::External(crate::model::ExternalId(3));
        assert!(!is_foreign(drawn));
    }
}
