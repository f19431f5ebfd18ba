//! `networking.k8s.io/v1` NetworkPolicy.
//!
#![doc = include_str!("meaning.md")]
#![doc = include_str!("validation.md")]

mod baseline;
mod express;
mod lower;
mod parse;
mod raise;
mod validate;
mod write;

#[cfg(test)]
mod tests;

use super::refusal::Refusals;
use super::{Context, Dialect, Lower, Parsed, Writer};
use crate::cluster::Enforcer;
use crate::policy::{Kind, Policy, RaisedPolicy, Reading};
use crate::yaml::Object;

/// Codes of errors that do not prevent a policy from being judged, because older or more lenient servers accept
/// them: non-canonical blocks, unknown fields, old API versions.
const LENIENT: &[&str] = &["V13", "V23", "api-version"];

/// The group in which it is served, and the one in which it was.
const KINDS: &[Kind] = &[kind("networking.k8s.io"), kind("extensions")];

const fn kind(group: &'static str) -> Kind {
    Kind {
        group,
        name: "NetworkPolicy",
        namespaced: true,
        version: "v1",
        reading: Reading::Judged,
    }
}

/// Writes these policies.
pub(super) const WRITER: Writer = Writer {
    kinds: KINDS,
    write: express::express,
    write_ordered: baseline::ordered,
};

/// The dialect.
pub(super) struct NetworkPolicies;

impl Dialect for NetworkPolicies {
    fn kinds(&self) -> &'static [Kind] {
        KINDS
    }

    fn enforced_by(&self, _: Enforcer) -> bool {
        true
    }

    fn manual(&self) -> &'static [&'static str] {
        &[include_str!("meaning.md"), include_str!("validation.md")]
    }

    fn read(&self, object: &Object) -> Parsed {
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
        Parsed::new(policy, diagnostics, LENIENT)
    }
}

impl Lower for parse::NetworkPolicy {
    fn lower(&self, object: &Object, context: &Context) -> Vec<Policy> {
        vec![lower::lower(object, self, context)]
    }

    fn raise(&self, object: &Object) -> Result<RaisedPolicy, String> {
        raise::raise(object, self)
    }
}
