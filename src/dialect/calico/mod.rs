//! `projectcalico.org/v3` NetworkPolicy and GlobalNetworkPolicy, and the tiers, network sets, threat feeds and host
//! endpoints that they name.
//!
#![doc = include_str!("manual.md")]

mod entity;
mod express;
mod lint;
mod lower;
mod owners;
mod parse;
pub(super) mod policy;
mod ports;
mod raise;
mod read;
mod reader;
mod resource;
mod rule;
mod selector;
mod shape;
mod staged;
#[cfg(test)]
mod tests;
mod write;

use super::{Context, Dialect, Lower, Parsed, Resources, ServiceAccount, Writer};
use crate::cluster::{Enforcer, Snapshot};
use crate::diag::Diagnostic;
use crate::policy::{Kind, Policy, RaisedPolicy, Reading};
use crate::yaml::decode::{deep, strings};
use crate::yaml::{Object, Value};

/// Codes of errors that leave the meaning clear: unknown fields, which the API server drops.
const LENIENT: &[&str] = &["V23"];

/// The group that the API server of Calico serves, and that of the objects that it stores: the same kinds (G32).
const SERVED: (&str, &str) = ("projectcalico.org", "v3");
const STORED: (&str, &str) = ("crd.projectcalico.org", "v1");

/// Writes these policies.
pub(super) const WRITER: Writer = Writer {
    kinds: KINDS,
    write: express::express,
    write_ordered: express::ordered,
};

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
    kind(SERVED, "GlobalThreatFeed", false, Reading::Resource),
    // Policies name service accounts by their labels.
    kind(("", "v1"), "ServiceAccount", true, Reading::Resource),
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
    kind(STORED, "GlobalThreatFeed", false, Reading::Resource),
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
        &[include_str!("manual.md"), include_str!("lint.md")]
    }

    fn read(&self, object: &Object) -> Parsed {
        let (policy, diagnostics) = read::policy(object);
        Parsed::new(policy, diagnostics, LENIENT)
    }

    fn conditions(&self) -> &'static [&'static str] {
        &["icmp", "notICMP", "http"]
    }

    fn selects_sets(&self) -> bool {
        true
    }

    fn lint(&self, object: &Object, _cluster: &Snapshot) -> Vec<Diagnostic> {
        lint::lint(object)
    }

    fn resource(&self, object: &Object, into: &mut Resources) -> Vec<Diagnostic> {
        match object.kind.as_str() {
            "ServiceAccount" => {
                let labels = deep(&object.node, &["metadata", "labels"], strings);
                into.service_accounts.push(ServiceAccount {
                    namespace: object.namespace_or_default().to_owned(),
                    name: object.name.clone(),
                    labels: labels.ok().flatten().unwrap_or_default(),
                });
                Vec::new()
            }
            "Tier" => {
                let (tier, diagnostics) = resource::tier(object);
                into.tiers.extend(tier);
                diagnostics
            }
            "GlobalThreatFeed" => {
                let feed = resource::threat_feed(object);
                feed.map_or_else(Vec::new, |(set, warning)| {
                    into.address_sets.push(set);
                    vec![warning]
                })
            }
            _ => {
                let (set, diagnostics) = resource::address_set(object);
                into.address_sets.extend(set);
                diagnostics
            }
        }
    }
}

impl Lower for policy::CalicoPolicy {
    fn lower(&self, object: &Object, context: &Context) -> Vec<Policy> {
        lower::lower(object, self, context)
    }

    fn raise(&self, object: &Object) -> Result<RaisedPolicy, String> {
        raise::raise(object, self)
    }
}

pub(super) use staged::{promote, validate as validate_staged};

/// The tiers that policies name.
pub(super) fn named_tiers(policies: &[Object]) -> Vec<&str> {
    let own = policies
        .iter()
        .filter(|object| [SERVED.0, STORED.0].contains(&object.group()));
    own.filter_map(
        |object| match &object.node.get("spec")?.get("tier")?.value {
            Value::String(name) => Some(name.as_ref()),
            _ => None,
        },
    )
    .collect()
}
