//! What is shown of an audit.

use crate::app::audit::Audit;

/// What every row needs.
pub(super) struct Shown<'a> {
    pub(super) audit: &'a Audit,
    /// Whether a finding has one line.
    pub(super) is_wide: bool,
}
