//! The look of arrows and shields beside their geometry, shared by the canvas and pictures.

use crate::model::TrafficClass;
use crate::proof::Verdict;
use crate::scene::request::NO_BASE;
use crate::scene::tokens::{Palette, Rgb};
use crate::scene::{ExtraKind, NamespaceBox};

/// How the line of an arrow is drawn; one for each verdict, so that meaning never relies on colour
/// alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// Exact, and not yet judged.
    Solid,
    /// Too wide.
    Double,
    /// Blocked.
    Dashed,
    /// Cannot express in the chosen dialect, or only in a wider form.
    DashDot,
    /// Allowed by an imported policy, and not drawn.
    Dotted,
    /// Recorded, and not drawn: round dots.
    Dots,
}

/// The kind of line that shows the verdict without colour; none: no verdict yet.
pub fn line_of(verdict: Option<Verdict>) -> Line {
    match verdict {
        None | Some(Verdict::Exact | Verdict::Muted) => Line::Solid,
        Some(Verdict::TooWide) => Line::Double,
        Some(Verdict::Blocked | Verdict::Invalid) => Line::Dashed,
        Some(Verdict::CannotExpress | Verdict::Approximated) => Line::DashDot,
    }
}

/// The kind of line of an arrow that is no flow.
pub fn line_of_extra(kind: ExtraKind) -> Line {
    match kind {
        ExtraKind::Imported => Line::Dotted,
        ExtraKind::TooWide => Line::Double,
        ExtraKind::Blocked | ExtraKind::Denied | ExtraKind::Closed => Line::Dashed,
        ExtraKind::Opened | ExtraKind::Hop | ExtraKind::Suggested => Line::Solid,
        ExtraKind::Recorded(class) => line_of_class(class),
    }
}

/// The kind of line of a class of recorded traffic: dots are never drawn flows.
pub fn line_of_class(class: TrafficClass) -> Line {
    use TrafficClass as Class;
    match class {
        Class::Seen | Class::DrawnUnseen => Line::Solid,
        Class::DrawnDropped | Class::DrawnCut | Class::Blocked => Line::Dashed,
        Class::OpenUnseen => Line::Double,
        Class::Undrawn | Class::UndrawnDropped | Class::Cut | Class::Denied => Line::Dots,
    }
}

/// The sign in a chip that shows the verdict without colour, as lines on a square of 16.
pub fn sign_of(verdict: Option<Verdict>) -> Option<&'static str> {
    match verdict? {
        Verdict::Exact | Verdict::Muted => None,
        Verdict::TooWide => Some(ExtraKind::TooWide.sign()),
        Verdict::Blocked | Verdict::Invalid => Some(ExtraKind::Blocked.sign()),
        Verdict::CannotExpress => Some("M2.5 2.5h11v7l-4 4h-7ZM13.5 9.5h-4v4"),
        Verdict::Approximated => Some("M2.5 6.5l3-2l5 2l3-2M2.5 11.5l3-2l5 2l3-2"),
    }
}

/// The meaning of an arrow that is no flow, in words.
pub fn words_of_extra(kind: ExtraKind) -> &'static str {
    match kind {
        ExtraKind::Imported => "allowed by imported policies, not drawn",
        ExtraKind::TooWide => "too wide: allowed, but not drawn",
        ExtraKind::Blocked => "blocked: drawn, but not allowed",
        ExtraKind::Denied => "neither allowed nor drawn",
        ExtraKind::Opened => "opened: allowed only in the new version",
        ExtraKind::Closed => "closed: allowed only in the old version",
        ExtraKind::Hop => "allowed",
        ExtraKind::Suggested => "suggested, not drawn",
        ExtraKind::Recorded(class) => class.words(),
    }
}

/// Colours of the line, of the chip's text and border, and of the chip's background.
pub fn colors(verdict: Option<Verdict>, palette: &Palette) -> [Rgb; 3] {
    match verdict {
        Some(Verdict::TooWide) => [palette.wide, palette.wide, palette.wide_soft],
        Some(Verdict::Blocked | Verdict::Invalid) => {
            [palette.blocked, palette.blocked, palette.blocked_soft]
        }
        _ => [palette.flow, palette.text_secondary, palette.raised],
    }
}

/// The verdict in words, for tooltips and screen readers.
pub fn words_of(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        None => "not checked yet",
        Some(Verdict::Exact) => "allowed on exactly these ports",
        Some(Verdict::TooWide) => "too wide: more is allowed than drawn",
        Some(Verdict::Blocked) => "blocked: drawn, but not allowed",
        Some(Verdict::Invalid) => "invalid: left out of the policies, see the problems",
        Some(Verdict::Approximated) => "approximated: more is allowed, as the flow accepts",
        Some(Verdict::CannotExpress) => "cannot be expressed in full, see the policies",
        Some(Verdict::Muted) => "muted: drawn, but not enforced",
    }
}

/// The isolation of one gate of a workload, worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shield {
    /// Isolated: filled.
    #[default]
    Closed,
    /// Isolated, and a drawn flow allows future pods: half filled.
    ByChoice,
    /// Allows more than the drawn flows: half filled, amber.
    Partly,
    /// Not isolated: outlined, amber.
    Open,
}

impl Shield {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Closed => "isolated",
            Self::ByChoice => "isolated; open to future pods, as drawn",
            Self::Partly => "isolated, but allows more than drawn",
            Self::Open => "not isolated",
        }
    }

    /// The colour of its outline and filling.
    pub fn color(self, palette: &Palette) -> Rgb {
        match self {
            Self::Closed | Self::ByChoice => palette.text_secondary,
            Self::Partly | Self::Open => palette.wide,
        }
    }
}

/// The outline of a shield around its centre, for a height of 1; symmetric.
pub const SHIELD: [(f32, f32); 10] = [
    (-0.42, -0.36),
    (0.0, -0.5),
    (0.42, -0.36),
    (0.42, 0.02),
    (0.32, 0.24),
    (0.16, 0.4),
    (0.0, 0.5),
    (-0.16, 0.4),
    (-0.32, 0.24),
    (-0.42, 0.02),
];

/// The default deny of a namespace, in words.
pub fn base_words(space: &NamespaceBox) -> &'static str {
    match space.managed {
        true => space.base,
        false => "not managed",
    }
}

/// The default deny, as short as the card needs it.
pub fn short_base(space: &NamespaceBox) -> &'static str {
    match space.base {
        _ if !space.managed => "unmanaged",
        "deny ingress" => "deny in",
        "deny egress" => "deny out",
        NO_BASE => "open",
        base => base,
    }
}

/// The shield that a namespace's default deny deserves.
pub fn base_state(space: &NamespaceBox, shields: Option<[Shield; 2]>) -> Shield {
    let worst = shields.map_or(Shield::Closed, |[ingress, egress]| ingress.max(egress));
    match space.base {
        NO_BASE if space.managed => worst,
        _ if !space.managed => Shield::Open,
        _ => Shield::Closed,
    }
}
