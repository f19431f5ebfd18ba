//! Why a connection is allowed or not, told against what is drawn.

/// How a connection stands: allowed or not, drawn or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Drawn, and not allowed.
    Blocked,
    /// Allowed, and not drawn.
    NotDrawn,
    /// Allowed and drawn.
    Drawn,
    /// Neither.
    Denied,
}

impl Standing {
    /// Of a connection that is `allowed`, and `drawn`.
    pub fn of(allowed: bool, drawn: bool) -> Self {
        match (allowed, drawn) {
            (true, true) => Self::Drawn,
            (true, false) => Self::NotDrawn,
            (false, true) => Self::Blocked,
            (false, false) => Self::Denied,
        }
    }

    /// In words, as a heading.
    pub fn words(self) -> &'static str {
        match self {
            Self::Blocked => "Blocked, although drawn",
            Self::NotDrawn => "Allowed, but not drawn",
            Self::Drawn => "Allowed and drawn",
            Self::Denied => "Not allowed",
        }
    }
}
