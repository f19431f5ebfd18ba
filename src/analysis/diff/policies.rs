//! The policies that differ between two lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::{Match, PeerItem, Policy, PortItem, Rule, Side};

/// The policies of either list that have no equal in the other, source ranges aside; perhaps some more, where
/// equal ones occur several times. First those of the old list.
pub fn changed_policies<'a>(old: &'a [Arc<Policy>], new: &'a [Arc<Policy>]) -> Vec<&'a Policy> {
    fn key(policy: &Policy) -> (&str, &Option<String>, &str) {
        (policy.kind, &policy.namespace, &policy.name)
    }
    // An edit changes few policies: most of both lists is equal in place.
    let same = |(a, b): &(&Arc<Policy>, &Arc<Policy>)| {
        Arc::ptr_eq(a, b) || (key(a) == key(b) && alike(a, b))
    };
    let start = old.iter().zip(new).take_while(same).count();
    let (old, new) = (&old[start..], &new[start..]);
    let backwards = old.iter().rev().zip(new.iter().rev());
    let end = backwards.take_while(same).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let without = |some: &'a [Arc<Policy>], others: &'a [Arc<Policy>]| {
        let mut by_name: BTreeMap<_, Vec<&Policy>> = BTreeMap::new();
        for other in others {
            by_name.entry(key(other)).or_default().push(other);
        }
        let has = move |policy: &&Policy| {
            let same = by_name.get(&key(policy)).into_iter().flatten();
            same.into_iter().any(|other| alike(policy, other))
        };
        some.iter().map(|p| &**p).filter(move |policy| !has(policy))
    };
    without(old, new).chain(without(new, old)).collect()
}

/// Whether two policies are equal apart from their source ranges.
fn alike(a: &Policy, b: &Policy) -> bool {
    let ports = |a: &Match<PortItem>, b: &Match<PortItem>| match (a, b) {
        (Match::Any, Match::Any) => true,
        (Match::Only(a), Match::Only(b)) => a.iter().map(|i| &i.port).eq(b.iter().map(|i| &i.port)),
        _ => false,
    };
    let except = |a: &Rule, b: &Rule| {
        (a.except.iter().map(|i| &i.port)).eq(b.except.iter().map(|i| &i.port))
    };
    let peers = |a: &Match<PeerItem>, b: &Match<PeerItem>| match (a, b) {
        (Match::Any, Match::Any) => true,
        (Match::Only(a), Match::Only(b)) => a.iter().map(|i| &i.peer).eq(b.iter().map(|i| &i.peer)),
        _ => false,
    };
    let rule = |a: &Rule, b: &Rule| {
        (a.action, &a.subject) == (b.action, &b.subject)
            && peers(&a.peers, &b.peers)
            && ports(&a.ports, &b.ports)
            && except(a, b)
            && (&a.conditions, &a.met_by) == (&b.conditions, &b.met_by)
    };
    let side = |a: &Option<Side>, b: &Option<Side>| match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.isolates == b.isolates
                && a.rules.len() == b.rules.len()
                && a.rules.iter().zip(&b.rules).all(|(a, b)| rule(a, b))
        }
        _ => false,
    };
    (a.tier, a.order, &a.name, &a.subject) == (b.tier, b.order, &b.name, &b.subject)
        && side(&a.ingress, &b.ingress)
        && side(&a.egress, &b.egress)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;
    use crate::policy::Peer;

    /// Policies of a name and a namespace that they select, each on its own line.
    fn policies(names: &[(&str, &str)]) -> Vec<Arc<Policy>> {
        let policy = |((name, selects), line): (&(&str, &str), u32)| Policy {
            kind: "NetworkPolicy",
            name: (*name).into(),
            namespace: Some("shop".into()),
            tier: 0,
            order: 0,
            tie: String::new(),
            subject: Peer::Namespace((*selects).into()),
            ingress: None,
            egress: None,
            span: Span::new("a.yaml".into(), line, 1),
        };
        names.iter().zip(1..).map(policy).map(Arc::new).collect()
    }

    fn changed(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        let (old, new) = (policies(old), policies(new));
        let found = changed_policies(&old, &new);
        found.iter().map(|policy| policy.name.clone()).collect()
    }

    #[test]
    fn a_policy_that_only_moved_in_its_text_is_not_changed() {
        let [a, b, c] = [("a", "x"), ("b", "x"), ("c", "x")];
        assert_eq!(changed(&[a, b, c], &[a, b, c]), [] as [&str; 0]);
        assert_eq!(changed(&[a, b, c], &[b, c]), ["a"]);
        assert_eq!(changed(&[b, c], &[a, b, c]), ["a"]);
        assert_eq!(changed(&[a, b, c], &[c, b, a]), [] as [&str; 0]);
    }

    #[test]
    fn a_changed_policy_is_listed_as_it_was_and_as_it_is() {
        let [a, c] = [("a", "x"), ("c", "x")];
        let (old, new) = (("b", "x"), ("b", "y"));
        assert_eq!(changed(&[a, old, c], &[a, new, c]), ["b", "b"]);
    }
}
