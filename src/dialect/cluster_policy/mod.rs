//! The cluster-wide policies of `policy.networking.k8s.io`: AdminNetworkPolicy and
//! BaselineAdminNetworkPolicy (`v1alpha1`), ClusterNetworkPolicy (`v1alpha2`) (semantics 3).

mod lower;
mod ports;
mod read;
mod schema;
mod shape;
#[cfg(test)]
mod tests;

use crate::cluster::Assumptions;
use crate::diag::{Diagnostic, Severity};
use crate::dialect::metadata;
use crate::policy::Policy;
use crate::yaml::Object;

/// What became of an object.
#[derive(Clone, Debug)]
pub struct Read {
    /// The policy; none if the API server refuses it.
    pub policy: Option<Policy>,
    /// What the API server would refuse, and what has no effect.
    pub diagnostics: Vec<Diagnostic>,
}

/// Refusals that leave the meaning clear: fields that this version of the API does not have, selectors
/// left out, port names where there are no pods.
const LENIENT: [&str; 3] = ["V23", read::MISSING_SELECTOR, read::NAMED_AND_ADDRESSED];

/// Reads, validates and lowers one object.
pub fn read(object: &Object, assumptions: &Assumptions) -> Read {
    let (found, mut diagnostics) = read::policy(object);
    let lenient = |d: &Diagnostic| LENIENT.contains(&d.code) || metadata::is_about(d);
    let fatal = |d: &Diagnostic| d.severity == Severity::Error && !lenient(d);
    let refused = diagnostics.iter().any(fatal);
    for told in diagnostics.iter_mut().filter(|d| fatal(d)) {
        told.message.push_str("; this policy is not judged");
    }
    let policy = found
        .filter(|_| !refused)
        .map(|policy| lower::lower(object, &policy, assumptions));
    Read {
        policy,
        diagnostics,
    }
}
