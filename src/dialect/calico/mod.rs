//! `projectcalico.org/v3` NetworkPolicy and GlobalNetworkPolicy, and the tiers, network sets and host endpoints that
//! they name.
//!
#![doc = include_str!("manual.md")]

pub mod entity;
pub mod parse;
pub mod policy;
pub mod ports;
pub mod read;
pub mod reader;
pub mod resource;
pub mod rule;
pub mod selector;
pub mod shape;
#[cfg(test)]
mod tests;

use super::{Context, Dialect, Lower, Parsed};
use crate::cluster::Enforcer;
use crate::policy::{Kind, Policy, Reading};
use crate::yaml::Object;

/// Codes of errors that leave the meaning clear: unknown fields, which the API server drops.
const LENIENT: &[&str] = &["V23"];

/// The group that the API server of Calico serves, and that of the objects that it stores: the same kinds (G32).
const SERVED: (&str, &str) = ("projectcalico.org", "v3");
const STORED: (&str, &str) = ("crd.projectcalico.org", "v1");

const KINDS: &[Kind] = &[
    kind(SERVED, "NetworkPolicy", true, Reading::Judged),
    kind(SERVED, "GlobalNetworkPolicy", false, Reading::Judged),
    kind(SERVED, "StagedNetworkPolicy", true, Reading::NotEnforced),
    kind(
        SERVED,
        "StagedGlobalNetworkPolicy",
        false,
        Reading::NotEnforced,
    ),
    kind(
        SERVED,
        "StagedKubernetesNetworkPolicy",
        true,
        Reading::NotEnforced,
    ),
    kind(SERVED, "Tier", false, Reading::Resource),
    kind(SERVED, "NetworkSet", true, Reading::Resource),
    kind(SERVED, "GlobalNetworkSet", false, Reading::Resource),
    kind(SERVED, "HostEndpoint", false, Reading::Resource),
    kind(STORED, "NetworkPolicy", true, Reading::Judged),
    kind(STORED, "GlobalNetworkPolicy", false, Reading::Judged),
    kind(STORED, "StagedNetworkPolicy", true, Reading::NotEnforced),
    kind(
        STORED,
        "StagedGlobalNetworkPolicy",
        false,
        Reading::NotEnforced,
    ),
    kind(
        STORED,
        "StagedKubernetesNetworkPolicy",
        true,
        Reading::NotEnforced,
    ),
    kind(STORED, "Tier", false, Reading::Resource),
    kind(STORED, "NetworkSet", true, Reading::Resource),
    kind(STORED, "GlobalNetworkSet", false, Reading::Resource),
    kind(STORED, "HostEndpoint", false, Reading::Resource),
];

const fn kind(
    (group, version): (&'static str, &'static str),
    name: &'static str,
    namespaced: bool,
    reading: Reading,
) -> Kind {
    Kind {
        group,
        name,
        namespaced,
        version,
        reading,
    }
}

/// The dialect.
pub(super) struct CalicoPolicies;

impl Dialect for CalicoPolicies {
    fn kinds(&self) -> &'static [Kind] {
        KINDS
    }

    fn enforced_by(&self, enforcer: Enforcer) -> bool {
        enforcer == Enforcer::Calico
    }

    fn manual(&self) -> &'static [&'static str] {
        &[include_str!("manual.md")]
    }

    fn read(&self, object: &Object) -> Parsed {
        let diagnostics = match object.kind.as_str() {
            "NetworkPolicy" | "GlobalNetworkPolicy" => {
                let (policy, diagnostics) = read::policy(object);
                return Parsed::new(policy, diagnostics, LENIENT);
            }
            "Tier" => resource::tier(object).1,
            _ => resource::address_set(object).1,
        };
        Parsed {
            policy: None,
            diagnostics,
        }
    }
}

impl Lower for policy::CalicoPolicy {
    fn lower(&self, _object: &Object, _context: &Context) -> Vec<Policy> {
        Vec::new()
    }
}
