//! `projectcalico.org/v3` NetworkPolicy.

mod express;
mod write;

use super::Writer;
use crate::policy::Target;

/// Writes these policies.
pub(super) const WRITER: Writer = Writer {
    target: Target::Calico,
    write: express::express,
};
