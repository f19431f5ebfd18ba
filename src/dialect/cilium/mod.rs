//! `cilium.io/v2` CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and CiliumCIDRGroup.
//!
#![doc = include_str!("manual.md")]

mod express;
mod groups;
mod icmp;
mod layer_seven;
mod lint;
mod lower;
mod peers;
mod ports;
mod proxy;
mod raise;
mod read;
mod reader;
mod regexp;
pub(super) mod selector;
mod shape;
#[cfg(test)]
mod tests;
mod write;

use super::{Context, Dialect, DnsRule, Lower, Parsed, Resources, Writer};
use crate::cluster::{Enforcer, Service, Snapshot, is_identity_label};
use crate::diag::Diagnostic;
use crate::policy::{Kind, Policy, RaisedPolicy, Reading};
use crate::yaml::Object;

/// Codes of errors that leave the meaning clear: unknown fields, which the API server drops.
const LENIENT: &[&str] = &["V23"];

const KINDS: &[Kind] = &[
    kind("CiliumNetworkPolicy", true, Reading::Judged),
    kind("CiliumClusterwideNetworkPolicy", false, Reading::Judged),
    kind("CiliumCIDRGroup", false, Reading::Resource),
];

const fn kind(name: &'static str, namespaced: bool, reading: Reading) -> Kind {
    Kind {
        group: "cilium.io",
        name,
        namespaced,
        version: "v2",
        reading,
    }
}

/// Writes these policies.
pub(super) const WRITER: Writer = Writer {
    kinds: KINDS,
    write: express::express,
    write_ordered: express::ordered,
};

/// The dialect.
pub(super) struct CiliumPolicies;

impl Dialect for CiliumPolicies {
    fn kinds(&self) -> &'static [Kind] {
        KINDS
    }

    fn enforced_by(&self, enforcer: Enforcer) -> bool {
        enforcer == Enforcer::Cilium
    }

    fn manual(&self) -> &'static [&'static str] {
        &[include_str!("manual.md"), include_str!("lint.md")]
    }

    fn read(&self, object: &Object) -> Parsed {
        let (policy, diagnostics) = read::policy(object);
        Parsed::new(policy, diagnostics, LENIENT)
    }

    fn conditions(&self) -> &'static [&'static str] {
        &[
            "rules",
            "icmps",
            "terminatingTLS",
            "originatingTLS",
            "serverNames",
            "listener",
            "authentication",
            "fromNodes",
            "toNodes",
            "fromGroups",
            "toGroups",
        ]
    }

    fn lint(&self, object: &Object, cluster: &Snapshot) -> Vec<Diagnostic> {
        lint::lint(object, cluster)
    }

    fn lacks_services(&self, object: &Object, services: &[Service]) -> bool {
        lint::lacks_services(object, services)
    }

    fn dns_rules(&self, object: &Object) -> Option<Vec<Vec<DnsRule>>> {
        Some(lint::dns_rules(object))
    }

    fn resource(&self, object: &Object, into: &mut Resources) -> Vec<Diagnostic> {
        let (group, diagnostics) = groups::cidr_group(object);
        into.cidr_groups.push(group);
        diagnostics
    }
}

/// Whether a label of pods is none of an identity, so that selectors do not see it (C0).
pub(super) fn is_ignored_label(key: &str) -> bool {
    !selector::is_special(key) && !is_identity_label(key)
}

impl Lower for read::CiliumPolicy {
    fn lower(&self, object: &Object, context: &Context) -> Vec<Policy> {
        lower::lower(object, self, context)
    }

    fn raise(&self, object: &Object) -> Result<RaisedPolicy, String> {
        raise::raise(object, self)
    }
}
