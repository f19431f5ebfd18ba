//! `projectcalico.org/v3` NetworkPolicy and GlobalNetworkPolicy, and the objects that they name.

mod express;
mod lower;
mod owners;
pub(super) mod policy;
mod selector;
mod write;

use super::{Context, Dialect, Lower, Parsed, Resources, Writer};
use crate::cluster::Enforcer;
use crate::diag::Diagnostic;
use crate::policy::{Kind, Policy, Target};
use crate::yaml::Object;

/// Writes these policies.
pub(super) const WRITER: Writer = Writer {
    target: Target::Calico,
    write: express::express,
};

/// The dialect.
pub(super) struct CalicoPolicies;

impl Dialect for CalicoPolicies {
    fn kinds(&self) -> &'static [Kind] {
        &[]
    }
    fn enforced_by(&self, enforcer: Enforcer) -> bool {
        enforcer == Enforcer::Calico
    }
    fn manual(&self) -> &'static [&'static str] {
        &[]
    }
    fn read(&self, _object: &Object) -> Parsed {
        Parsed::default()
    }
    fn resource(&self, _object: &Object, _into: &mut Resources) -> Vec<Diagnostic> {
        Vec::new()
    }
}

impl Lower for policy::CalicoPolicy {
    fn lower(&self, object: &Object, context: &Context) -> Vec<Policy> {
        lower::lower(object, self, context)
    }
}

/// The tiers that policies name.
pub(super) fn named_tiers(_policies: &[Object]) -> Vec<&str> {
    Vec::new()
}
