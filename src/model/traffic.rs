//! Classes of connections: what is drawn, what the policies allow, and what was recorded.

/// What a connection is by drawing, policies and recording; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrafficClass {
    /// Not drawn, denied, and seen.
    Cut,
    /// Drawn, denied, and seen.
    DrawnCut,
    /// Drawn, denied, and dropped.
    Blocked,
    /// Drawn, allowed, and dropped.
    DrawnDropped,
    /// Not drawn, allowed, and dropped.
    UndrawnDropped,
    /// Not drawn, allowed, and seen.
    Undrawn,
    /// Not drawn, allowed, and not recorded.
    OpenUnseen,
    /// Drawn and not recorded.
    DrawnUnseen,
    /// Not drawn, denied, and dropped.
    Denied,
    /// Drawn, allowed, and seen.
    Seen,
}

impl TrafficClass {
    /// All of them, the gravest first.
    pub const ALL: [Self; 10] = [
        Self::Cut,
        Self::DrawnCut,
        Self::Blocked,
        Self::DrawnDropped,
        Self::UndrawnDropped,
        Self::Undrawn,
        Self::OpenUnseen,
        Self::DrawnUnseen,
        Self::Denied,
        Self::Seen,
    ];

    /// The class of a recorded connection.
    pub fn of(is_intended: bool, is_allowed: bool, is_seen: bool) -> Self {
        match (is_intended, is_allowed, is_seen) {
            (true, true, true) => Self::Seen,
            (true, true, false) => Self::DrawnDropped,
            (true, false, true) => Self::DrawnCut,
            (true, false, false) => Self::Blocked,
            (false, true, true) => Self::Undrawn,
            (false, true, false) => Self::UndrawnDropped,
            (false, false, true) => Self::Cut,
            (false, false, false) => Self::Denied,
        }
    }

    /// Whether it is drawn, by a flow or a setting.
    pub fn is_drawn(self) -> bool {
        matches!(
            self,
            Self::DrawnCut | Self::Blocked | Self::DrawnDropped | Self::DrawnUnseen | Self::Seen
        )
    }

    /// Whether it was forwarded and these policies would deny it.
    pub fn is_cut(self) -> bool {
        matches!(self, Self::Cut | Self::DrawnCut)
    }

    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::DrawnCut => "drawn-cut",
            Self::Blocked => "blocked",
            Self::DrawnDropped => "drawn-dropped",
            Self::UndrawnDropped => "undrawn-dropped",
            Self::Undrawn => "undrawn",
            Self::OpenUnseen => "open-unseen",
            Self::DrawnUnseen => "drawn-unseen",
            Self::Denied => "denied",
            Self::Seen => "seen",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Cut => "seen, would be cut",
            Self::DrawnCut => "drawn, these policies would cut it",
            Self::Blocked => "blocked",
            Self::DrawnDropped => "drawn and allowed, yet dropped",
            Self::UndrawnDropped => "allowed here, dropped there",
            Self::Undrawn => "seen and allowed, not drawn",
            Self::OpenUnseen => "open, never seen",
            Self::DrawnUnseen => "drawn, never seen",
            Self::Denied => "denied and dropped",
            Self::Seen => "drawn and seen",
        }
    }
}
