//! `networking.k8s.io/v1` NetworkPolicy (semantics 2).

mod express;
pub mod lower;
pub mod parse;
pub mod validate;
pub mod write;

#[cfg(test)]
mod tests;

pub(crate) use express::express;

use crate::cluster::Assumptions;
use crate::diag::{Diagnostic, Severity};
use crate::dialect::metadata;
use crate::dialect::refusal::Refusals;
use crate::policy::Policy;
use crate::yaml::Object;

/// Refusals that do not keep a policy from being judged: older or more lenient servers let pass
/// blocks that are not canonical, fields nobody knows, the API version of old.
const LENIENT: [&str; 3] = ["V13", "V23", "api-version"];

/// What became of a NetworkPolicy object.
#[derive(Clone, Debug)]
pub struct Read {
    /// The policy; none if every API server refuses it.
    pub policy: Option<Policy>,
    /// What the API server of 1.36 would refuse, in its own words, and where.
    pub diagnostics: Vec<Diagnostic>,
}

/// Decodes, validates and lowers one object.
pub fn read(object: &Object, assumptions: &Assumptions) -> Read {
    let mut diagnostics = validate::strict(object);
    let policy = match parse::parse(object) {
        Ok(policy) => {
            diagnostics.extend(validate::validate(object, &policy));
            Some(policy)
        }
        Err(error) => {
            let mut out = Refusals::new(object);
            out.undecodable(error);
            diagnostics.append(&mut out.found);
            None
        }
    };
    let lenient = |d: &Diagnostic| LENIENT.contains(&d.code) || metadata::is_about(d);
    let fatal = |d: &Diagnostic| d.severity == Severity::Error && !lenient(d);
    let refused = diagnostics.iter().any(fatal);
    for told in diagnostics.iter_mut().filter(|d| fatal(d)) {
        told.message.push_str("; this policy is not judged");
    }
    let lowered = policy
        .as_ref()
        .filter(|_| !refused)
        .map(|policy| lower::lower(object, policy, assumptions));
    Read {
        policy: lowered,
        diagnostics,
    }
}
