//! Writes a policy of the whole cluster whose rules hold in order: one of the other version of the API. It keeps its name,
//! priority and rules with their names, but for the one object that v1alpha1 has for the Baseline tier.

use super::super::write::{Policy, write};
use super::{ADMIN, Api, CLUSTER, Writing, pods};
use crate::dialect::writing::{in_order, label_selector, ordered_meta};
use crate::dialect::{Expressed, Text};
use crate::policy::{Action, Direction, FlowKey, OrderedPolicy};

/// Writes an AdminNetworkPolicy, or the BaselineAdminNetworkPolicy, whose rules hold in order.
pub fn ordered_admin(policy: &OrderedPolicy) -> Result<Expressed, String> {
    ordered(&ADMIN, policy)
}

/// Writes a ClusterNetworkPolicy whose rules hold in order.
pub fn ordered_cluster(policy: &OrderedPolicy) -> Result<Expressed, String> {
    ordered(&CLUSTER, policy)
}

fn ordered(api: &Api, policy: &OrderedPolicy) -> Result<Expressed, String> {
    let is_only_baseline = policy.place.baseline && !api.protocols;
    let kind = match is_only_baseline {
        true => "BaselineAdminNetworkPolicy",
        false => api.kind,
    };
    let namespaces = label_selector(&policy.namespaces);
    let subject = namespaces.and_then(|namespaces| pods(namespaces, &policy.pods));
    let subject =
        subject.ok_or_else(|| format!("{kind} cannot express the selectors of its pods"))?;
    let mut rules = Vec::new();
    let lost = in_order(policy, |one, lost| {
        let writing = Writing {
            api,
            kind,
            namespace: "",
            action: match one.action {
                // Behind the only policy of the last tier everything is allowed.
                Action::Pass if is_only_baseline => Action::Accept,
                action => action,
            },
            name: one.name.as_deref(),
            has_names: !is_only_baseline,
            is_converted: true,
            rule: &one.rule,
        };
        rules.extend(writing.rules(lost));
    })?;
    for direction in Direction::BOTH {
        let count = rules.iter().filter(|r| r.direction == direction).count();
        if count > api.most {
            let (most, name) = (api.most, direction.name().to_lowercase());
            return Err(format!(
                "it has {count} {name} rules, and {kind} has at most {most}"
            ));
        }
    }
    if rules.is_empty() {
        return Ok((None, lost));
    }
    let mut metadata = ordered_meta(policy);
    if is_only_baseline {
        metadata.name = Some("default".to_owned());
    }
    let flows: Vec<&[FlowKey]> = rules.iter().map(|rule| rule.flows).collect();
    let written = Policy {
        api,
        kind,
        metadata,
        comment: &policy.comment,
        place: api.place(policy.place),
        subject: &subject,
        rules: &rules,
    };
    Ok((Some(Text::new(write(&written), &flows)), lost))
}
