//! Why a policy, or a part of it, is not converted as it is.

/// Why something is left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Lower case, no full stop.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
}
