//! What gates allow for future pods.

use std::sync::Arc;

use super::rows::Profiles;
use super::side_extents::{names, numbered, side};
use super::tiers::Steps;
use crate::analysis::Direction;
use crate::analysis::space::future_pods::FuturePods;
use crate::analysis::space::universe::Universe;
use crate::policy::{Match, Policy, PortItem, Rule};
use crate::sets::{LabelSet, PortSet, Protocol};

/// What the gate of a class allows for future pods: disjoint port sets with the pods of each. Rules for
/// whose pods `counts` is false are ignored.
pub(in crate::analysis) fn cells<'a>(
    pods: &mut FuturePods<'a>,
    universe: &Universe,
    policies: &'a [Arc<Policy>],
    profiles: &Profiles,
    profile: u32,
    counts: impl Fn(&FuturePods, &LabelSet) -> bool,
) -> Vec<(PortSet, Arc<LabelSet>)> {
    let everyone = pods.everyone();
    let mut steps = Steps::new(profiles.tiers());
    for (applied, extent, policy) in profiles.applied(profile) {
        let given = policies.get(policy);
        let given = given.and_then(|p| side(p, profiles.direction));
        if !steps.side(extent.rank.0, extent.isolates) {
            continue;
        }
        for rule in applied.of(given.map_or(&[], |side| &side.rules)) {
            let peers = pods.peers(&rule.peers);
            if counts(pods, &peers) {
                let class = profiles.all[profile as usize].0;
                let resolve =
                    |p: Option<Protocol>, name: &str| profiles.resolve(universe, class, p, name);
                for (ports, peers) in expand(rule, peers, profiles.direction, resolve) {
                    steps.step(rule.action, ports, peers);
                }
            }
        }
    }
    steps.cells(&everyone)
}

/// Which pods a rule matches at which ports; `resolve` gives the numbers of named ingress ports.
pub(in crate::analysis) fn expand(
    rule: &Rule,
    pods: Arc<LabelSet>,
    direction: Direction,
    resolve: impl Fn(Option<Protocol>, &str) -> PortSet,
) -> Vec<(PortSet, Arc<LabelSet>)> {
    let own = |items: &[PortItem]| -> PortSet {
        let own = names(items).filter(|_| direction == Direction::Ingress);
        own.map(|name| name.ports(&resolve(name.protocol, &name.name)))
            .collect()
    };
    // Whether a future pod declares a name that the rule leaves out is not known: it does not.
    let except = numbered(&rule.except).union(&own(&rule.except));
    let Match::Only(items) = &rule.ports else {
        return vec![(PortSet::all().difference(&except), pods)];
    };
    let mut found = Vec::new();
    if direction == Direction::Egress {
        // The port under test is the one that the name means; nobody knows which further ports follow it.
        for name in names(items) {
            let any = (name.protocol).map_or_else(PortSet::all_numbered, PortSet::all_of);
            let bearers = pods.intersection(&FuturePods::bearers(&name.name));
            found.push((any.difference(&except), Arc::new(bearers)));
        }
    }
    let ports = numbered(items).union(&own(items));
    found.push((ports.difference(&except), pods));
    found
}
