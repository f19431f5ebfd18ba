//! What became of each policy, as text.

use std::collections::BTreeMap;

use super::escape;
use crate::adopt::Adopted;
use crate::model::{Document, ImportedPolicy, PolicyId};

/// A line for each policy of the document before it was changed, by name, and one that sums them up.
pub fn text(before: &Document, adopted: &Adopted) -> String {
    let remaining: BTreeMap<PolicyId, &String> =
        (adopted.remaining.iter().map(|(id, why)| (*id, why))).collect();
    let line = |(id, policy): (PolicyId, &ImportedPolicy)| {
        let namespace = policy.identity().and_then(|identity| identity.namespace);
        let name = before.policy_name(id);
        let name = namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}"));
        match remaining.get(&id) {
            Some(why) => format!("{name}: stays imported: {why}\n"),
            None => format!("{name}: adopted\n"),
        }
    };
    let mut lines: Vec<String> = before.policies.iter().map(line).collect();
    lines.sort();
    lines.push(format!("{}\n", adopted.summary()));
    escape::lines(lines.concat())
}
