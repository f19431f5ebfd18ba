//! The cluster-wide policies of `policy.networking.k8s.io`: AdminNetworkPolicy and
//! BaselineAdminNetworkPolicy (`v1alpha1`), ClusterNetworkPolicy (`v1alpha2`).
//!
#![doc = include_str!("manual.md")]

mod api;
mod express;
mod lint;
mod lower;
mod ports;
mod raise;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

use super::{Context, Dialect, Lower, Parsed, Writer};
use crate::cluster::{Enforcer, Snapshot};
use crate::diag::Diagnostic;
use crate::policy::{Kind, Place, Policy, RaisedOrdered, Reading};
use crate::yaml::Object;

/// Codes of errors that leave the meaning clear: unknown fields, missing selectors, port names for peers that
/// are not pods.
const LENIENT: &[&str] = &["V23", read::MISSING_SELECTOR, read::NAMED_AND_ADDRESSED];

const GROUP: &str = "policy.networking.k8s.io";

/// Writes AdminNetworkPolicies.
pub(super) const ADMIN_WRITER: Writer = Writer {
    kinds: KINDS.split_at(2).0,
    write: express::admin,
    write_ordered: express::ordered_admin,
};

/// Writes ClusterNetworkPolicies.
pub(super) const CLUSTER_WRITER: Writer = Writer {
    kinds: KINDS.split_at(2).1,
    write: express::cluster,
    write_ordered: express::ordered_cluster,
};

const KINDS: &[Kind] = &[
    kind("AdminNetworkPolicy", "v1alpha1"),
    kind("BaselineAdminNetworkPolicy", "v1alpha1"),
    kind("ClusterNetworkPolicy", "v1alpha2"),
];

const fn kind(name: &'static str, version: &'static str) -> Kind {
    Kind {
        group: GROUP,
        name,
        namespaced: false,
        version,
        reading: Reading::Judged,
    }
}

/// The dialect.
pub(super) struct ClusterPolicies;

impl Dialect for ClusterPolicies {
    fn kinds(&self) -> &'static [Kind] {
        KINDS
    }

    fn enforced_by(&self, enforcer: Enforcer) -> bool {
        enforcer != Enforcer::Cilium
    }

    fn manual(&self) -> &'static [&'static str] {
        &[include_str!("manual.md"), include_str!("lint.md")]
    }

    fn read(&self, object: &Object) -> Parsed {
        let (policy, diagnostics) = read::policy(object);
        Parsed::new(policy, diagnostics, LENIENT)
    }

    fn lint(&self, object: &Object, _cluster: &Snapshot) -> Vec<Diagnostic> {
        lint::lint(object)
    }
}

impl Lower for read::ClusterPolicy {
    fn lower(&self, object: &Object, context: &Context) -> Vec<Policy> {
        vec![lower::lower(object, self, context)]
    }

    fn raise_ordered(&self, object: &Object) -> Option<Result<RaisedOrdered, String>> {
        Some(raise::raise(object, self))
    }

    fn ordered_place(&self) -> Option<Place> {
        Some(Place {
            baseline: self.baseline,
            priority: self.priority,
        })
    }
}
