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

use super::{Context, Dialect, Lower, Parsed, Resources, ServiceAccount, Tiers, Writer};
use crate::cluster::{Enforcer, Service, Snapshot};
use crate::diag::{Diagnostic, edit_distance};
use crate::policy::{Kind, Policy, RaisedPolicy, Reading};
use crate::yaml::decode::{deep, strings};
use crate::yaml::{Mark, Object, Value};

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

    fn lacks_services(&self, object: &Object, services: &[Service]) -> bool {
        lint::lacks_services(object, services)
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
    let named = policies.iter().filter_map(named_tier);
    named.map(|(name, _)| name).collect()
}

/// The tier that a policy names, and where.
fn named_tier(object: &Object) -> Option<(&str, Mark)> {
    if ![SERVED.0, STORED.0].contains(&object.group()) {
        return None;
    }
    let tier = object.node.get("spec")?.get("tier")?;
    match &tier.value {
        Value::String(name) => Some((name.as_ref(), tier.mark)),
        _ => None,
    }
}

/// The policies whose tier no object of the input declares, so that its order and its default action are not known (G1).
pub(super) fn unknown_tiers(policies: &[Object], tiers: &Tiers) -> Vec<Diagnostic> {
    let known = tiers.all.get(..tiers.known).unwrap_or_default();
    let unknown = policies.iter().filter_map(|object| {
        let (name, mark) = named_tier(object)?;
        if known.iter().any(|tier| tier.name == name) {
            return None;
        }
        let message = format!(
            "tier `{name}` is not in the input, so it is judged as the last tier, with the default action Deny"
        );
        let near = known.iter().map(|tier| tier.name.as_str());
        let near = near.min_by_key(|other| edit_distance(name, other));
        let help = match near.filter(|other| edit_distance(name, other) <= 2) {
            Some(near) => format!("correct the name if `{near}` is meant, or add the Tier `{name}`"),
            None => format!("add the Tier `{name}`: the answers depend on its order and its default action"),
        };
        Some(object.about(Diagnostic::warning("unknown-tier", message).help(help), mark))
    });
    unknown.collect()
}
