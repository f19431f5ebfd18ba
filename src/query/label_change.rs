//! What a change of labels, or of a workload's namespace, does: which policies start or stop to select pods, and which connections open or close.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::model::{Document, NamespaceId, WorkloadId};
use crate::policy::{Peer, Policy};
use crate::proof::{InForce, Origin, generate};
use crate::query::compare::{self, Difference, Side, Way};

/// What differs between two versions of a document with the same objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelChange {
    /// Policies that start to select pods, sorted by name.
    pub starts: Vec<Selection>,
    /// Policies that no longer select pods.
    pub stops: Vec<Selection>,
    /// The connections that open, and then those that close.
    pub differences: Vec<Difference>,
}

/// A policy and workloads whose pods it selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// `NAMESPACE/NAME`; `NAME` of a cluster-wide policy.
    pub policy: String,
    /// Whether it is imported.
    pub imported: bool,
    /// The workloads; never empty.
    pub workloads: Vec<WorkloadId>,
}

impl LabelChange {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty() && self.stops.is_empty() && self.differences.is_empty()
    }

    /// What opens, or what closes.
    pub fn of(&self, way: Way) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |d| d.way == way)
    }
}

/// Compares two versions of a document, each with its own generated policies and the imported ones. None if `stop` cancels it.
pub fn label_change(
    before: &Document,
    after: &Document,
    stop: &dyn Fn() -> bool,
) -> Option<LabelChange> {
    let read = |document| {
        let in_force = InForce::read(document, &generate(document));
        (!stop()).then_some(in_force)
    };
    let (old, new) = (read(before)?, read(after)?);
    let changed = Changed::of((before, &old), (after, &new));
    let (was, is) = (changed.selections(&old), changed.selections(&new));
    if stop() {
        return None;
    }
    let moved = moved(&old, after);
    let (mut old, new) = (Side::in_force(before, &old), Side::in_force(after, &new));
    let workloads = Arc::make_mut(&mut old.snapshot.workloads);
    for (at, namespace) in moved {
        if let Some(workload) = workloads.get_mut(at) {
            Arc::make_mut(&mut workload.object).namespace = namespace;
        }
    }
    Some(LabelChange {
        starts: grouped(is.difference(&was)),
        stops: grouped(was.difference(&is)),
        differences: compare::of_connections(&old, &new),
    })
}

/// The workloads that move, with the namespaces that they move into: sides are compared by name, and each is the same
/// workload there as before.
fn moved(old: &InForce, after: &Document) -> Vec<(usize, String)> {
    let moved = old.cluster.index.iter().filter_map(|(id, at)| {
        let namespace = after.workloads.get(*id)?.namespace;
        let new = &after.namespaces.get(namespace)?.name;
        let was = &old.cluster.snapshot.workloads.get(*at)?.namespace;
        (was != new).then(|| (*at, new.clone()))
    });
    moved.collect()
}

/// What identifies a policy before and after: its name, whether it is imported, and its kind.
type Key = (String, bool, &'static str);

/// What a policy has to be looked at for: itself or the labels of a workload changed. All others select as before.
struct Changed {
    policies: BTreeSet<Key>,
    workloads: BTreeSet<WorkloadId>,
}

impl Changed {
    fn of(old: (&Document, &InForce), new: (&Document, &InForce)) -> Self {
        let (was, is) = (subjects(old.1), subjects(new.1));
        let keys: BTreeSet<&Key> = was.keys().chain(is.keys()).collect();
        let keys = keys.into_iter().filter(|key| was.get(*key) != is.get(*key));
        let labels = |document: &Document, id: NamespaceId| {
            let namespace = document.namespaces.get(id)?;
            Some((namespace.name.clone(), namespace.labels.clone()))
        };
        let same = |id: WorkloadId| match (old.0.workloads.get(id), new.0.workloads.get(id)) {
            (Some(a), Some(b)) => {
                a == b && labels(old.0, a.namespace) == labels(new.0, b.namespace)
            }
            _ => false,
        };
        let workloads = new.0.workloads.ids().filter(|id| !same(*id));
        Self {
            policies: keys.cloned().collect(),
            workloads: workloads.collect(),
        }
    }

    /// The policies in force and the workloads whose pods they select, as far as these may differ.
    fn selections(&self, in_force: &InForce) -> BTreeSet<(Key, WorkloadId)> {
        let cluster = &in_force.cluster;
        let mut found = BTreeSet::new();
        for (policy, origin) in in_force.policies().iter().zip(&in_force.origins) {
            let key = key(policy, *origin);
            let all = self.policies.contains(&key);
            for (id, at) in &cluster.index {
                let Some(workload) = cluster.snapshot.workloads.get(*at) else {
                    continue;
                };
                let selects = |pod: usize| {
                    peer_matches(&cluster.snapshot, &policy.subject, &Endpoint::Pod(pod))
                };
                if (all || self.workloads.contains(id)) && workload.pods.clone().any(selects) {
                    found.insert((key.clone(), *id));
                }
            }
        }
        found
    }
}

fn key(policy: &Policy, origin: Origin) -> Key {
    let imported = matches!(origin, Origin::Imported(_));
    (policy.full_name(), imported, policy.kind)
}

fn subjects(in_force: &InForce) -> BTreeMap<Key, Vec<&Peer>> {
    let mut found: BTreeMap<Key, Vec<&Peer>> = BTreeMap::new();
    for (policy, origin) in in_force.policies().iter().zip(&in_force.origins) {
        let subjects = found.entry(key(policy, *origin)).or_default();
        subjects.push(&policy.subject);
    }
    found
}

/// The workloads of each policy.
fn grouped<'a>(selections: impl Iterator<Item = &'a (Key, WorkloadId)>) -> Vec<Selection> {
    let mut found: BTreeMap<&Key, Vec<WorkloadId>> = BTreeMap::new();
    for (key, workload) in selections {
        found.entry(key).or_default().push(*workload);
    }
    let one = |((policy, imported, _), workloads): (&Key, Vec<WorkloadId>)| Selection {
        policy: policy.clone(),
        imported: *imported,
        workloads,
    };
    found.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::Analysis;
    use crate::model::fixture::Fixture;
    use crate::model::validate::labels;
    use crate::model::{Edit, Item, Thing};
    use crate::proof::prove::laws::{drawing, random_with_rules};
    use crate::query::compare::Party;
    use crate::sets::PortSet;

    const OPEN: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: pg, namespace: shop}\n\
        spec: {podSelector: {matchLabels: {tier: data}}, policyTypes: [Ingress], ingress: [{from: \
        [{podSelector: {matchLabels: {app: web}}}, {namespaceSelector: {matchLabels: {team: ops}}}], ports: [{port: 5432}]}]}\n";

    /// web, whose egress is open, db, and a namespace `ops` with a runner; nothing is isolated but by [`OPEN`].
    fn shop() -> (Fixture, [WorkloadId; 3]) {
        let mut fixture = Fixture::new();
        fixture.document.settings.base = crate::model::Base::None;
        let web = fixture.workload("shop/web", "app=web");
        let db = fixture.workload("shop/db", "app=db");
        let runner = fixture.workload("ops/runner", "app=runner");
        fixture.import(OPEN, None);
        (fixture, [web, db, runner])
    }

    fn relabelled(before: &Document, id: WorkloadId, text: &str) -> Document {
        let mut after = before.clone();
        after.workloads.get_mut(id).unwrap().labels = labels(text).unwrap();
        after
    }

    fn change(before: &Document, after: &Document) -> LabelChange {
        label_change(before, after, &|| false).expect("it is not stopped")
    }

    /// `+ web to db`: connections between workloads that open or close.
    fn words(found: &LabelChange) -> Vec<String> {
        let one = |d: &Difference| {
            let (Party::Workload(from), Party::Workload(to)) = (&d.from, &d.to) else {
                return None;
            };
            let sign = if d.way == Way::Opens { "+" } else { "-" };
            Some(format!("{sign} {} to {}", from.name, to.name))
        };
        found.differences.iter().filter_map(one).collect()
    }

    /// What the isolation of db by [`OPEN`] closes: all of the runner's connections, and web's but one port.
    const CLOSED: [&str; 3] = ["- runner to db", "- db to db", "- web to db"];

    #[test]
    fn an_imported_policy_starts_to_select_and_to_isolate() {
        let (fixture, [_, db, _]) = shop();
        let before = &fixture.document;
        let after = relabelled(before, db, "app=db, tier=data");
        let selection = Selection {
            policy: "shop/pg".to_owned(),
            imported: true,
            workloads: vec![db],
        };
        let found = change(before, &after);
        assert_eq!(found.starts, std::slice::from_ref(&selection));
        assert!(found.stops.is_empty());
        assert_eq!(words(&found), CLOSED);
        // And the reverse.
        let back = change(&after, before);
        assert_eq!(back.stops, [selection]);
        assert!(back.starts.is_empty());
        assert_eq!(words(&back), CLOSED.map(|text| text.replace('-', "+")));
    }

    #[test]
    fn labels_of_a_namespace_let_its_pods_in() {
        let (mut fixture, [web, db, _]) = shop();
        fixture.document = relabelled(&fixture.document, db, "app=db, tier=data");
        let before = &fixture.document;
        let mut after = before.clone();
        let ops = after.namespace_named("ops").unwrap();
        after.namespaces.get_mut(ops).unwrap().labels = labels("team=ops").unwrap();
        let found = change(before, &after);
        assert!(found.starts.is_empty() && found.stops.is_empty());
        assert_eq!(words(&found), ["+ runner to db"]);
        assert_eq!(found.differences[0].ports.to_string(), "TCP 5432");
        // A peer that loses its label loses its connection.
        let found = change(before, &relabelled(before, web, "app=front"));
        assert_eq!(words(&found), ["- web to db"]);
    }

    fn moved_to(before: &Document, id: WorkloadId, namespace: &str) -> Document {
        let mut after = before.clone();
        let into = after.namespace_named(namespace).unwrap();
        let mut workload = after.workloads.get(id).unwrap().clone();
        workload.namespace = into;
        let edit = Edit::Change(Item::Workload(id), Thing::Workload(workload));
        edit.apply(&mut after).unwrap();
        after
    }

    #[test]
    fn a_workload_that_moves_is_the_same_workload_in_another_namespace() {
        let (mut fixture, [web, db, _]) = shop();
        fixture.document = relabelled(&fixture.document, db, "app=db, tier=data");
        let before = &fixture.document;
        // Its peer is a pod of the policy's namespace.
        let found = change(before, &moved_to(before, web, "ops"));
        assert!(found.starts.is_empty() && found.stops.is_empty());
        assert_eq!(words(&found), ["- web to db"]);
        assert_eq!(found.differences[0].ports.to_string(), "TCP 5432");
        // The policy selects pods of its own namespace.
        let found = change(before, &moved_to(before, db, "ops"));
        let stops: Vec<_> = found.stops.iter().map(|s| s.policy.as_str()).collect();
        assert_eq!(stops, ["shop/pg"]);
        let mut opened = words(&found);
        opened.sort();
        assert_eq!(opened, ["+ db to db", "+ runner to db", "+ web to db"]);
    }

    #[test]
    fn generated_policies_follow_the_labels_of_their_workload() {
        let mut fixture = Fixture::new();
        let web = fixture.workload("shop/web", "app=web");
        let db = fixture.workload("shop/db", "app=db");
        fixture.flow("shop/web", "shop/db", "TCP/5432");
        let before = &fixture.document;
        let renamed = relabelled(before, web, "app=front");
        assert!(
            change(before, &renamed).is_empty(),
            "the policies are written anew"
        );
        // Without labels nothing can select it, so that its flow is left out, with both of its policies.
        let found = change(before, &relabelled(before, web, ""));
        let stops = found
            .stops
            .iter()
            .map(|s| (s.policy.as_str(), s.workloads.as_slice()));
        let stops: Vec<_> = stops.collect();
        assert_eq!(
            stops,
            [
                ("shop/db-from-web", &[db][..]),
                ("shop/web-to-db", &[web][..])
            ]
        );
        assert_eq!(words(&found), ["- web to db"]);
    }

    #[test]
    fn nothing_changes_without_an_edit_and_a_stopped_comparison_has_no_answer() {
        let (fixture, [_, db, _]) = shop();
        let before = &fixture.document;
        assert!(change(before, before).is_empty());
        assert!(change(before, &relabelled(before, db, "app=db, odd=yes")).is_empty());
        assert_eq!(label_change(before, before, &|| true), None);
    }

    /// Every policy with every workload whose pods it selects.
    fn all_selections(document: &Document) -> BTreeSet<(Key, WorkloadId)> {
        let in_force = InForce::read(document, &generate(document));
        let everything = Changed {
            policies: subjects(&in_force).into_keys().collect(),
            workloads: document.workloads.ids().collect(),
        };
        everything.selections(&in_force)
    }

    /// The document with a workload in some namespace; rejected where the name is taken there.
    fn relocated(
        before: &Document,
        id: WorkloadId,
        into: usize,
    ) -> Result<Document, TestCaseError> {
        let mut after = before.clone();
        let namespaces: Vec<_> = before.namespaces.ids().collect();
        let mut workload = before.workloads.get(id).unwrap().clone();
        workload.namespace = namespaces[into % namespaces.len()];
        let edit = Edit::Change(Item::Workload(id), Thing::Workload(workload));
        let refused = edit.apply(&mut after).is_err();
        match refused {
            true => Err(TestCaseError::reject("the name is taken")),
            false => Ok(after),
        }
    }

    /// The ports from the first pod of each workload to that of each other one.
    fn allowed(document: &Document) -> BTreeMap<(WorkloadId, WorkloadId), PortSet> {
        let in_force = InForce::read(document, &generate(document));
        let cluster = &in_force.cluster;
        let analysis = Analysis::new(&cluster.snapshot);
        let pod = |at: &usize| cluster.snapshot.workloads[*at].pods.start;
        let mut found = BTreeMap::new();
        for (from, a) in &cluster.index {
            for (to, b) in cluster.index.iter().filter(|(to, _)| *to != from) {
                found.insert((*from, *to), analysis.allowed(pod(a), pod(b)));
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// A move changes the connections that the two analyses differ in.
        #[test]
        fn the_connections_of_a_workload_that_moves_are_compared_with_its_own(
            random in random_with_rules(),
            (which, into) in any::<(usize, usize)>(),
        ) {
            let before = drawing(&random).document;
            let ids: Vec<_> = before.workloads.ids().collect();
            prop_assume!(!ids.is_empty());
            let after = relocated(&before, ids[which % ids.len()], into)?;
            let (was, is) = (allowed(&before), allowed(&after));
            let mut wanted = BTreeSet::new();
            for (ends, old) in &was {
                let new = &is[ends];
                for (way, ports) in [(Way::Opens, new.difference(old)), (Way::Closes, old.difference(new))] {
                    if !ports.is_empty() {
                        wanted.insert((way, *ends, ports.to_string()));
                    }
                }
            }
            let names = compare::drawn_names(&after);
            let id = |party: &Party| match party {
                Party::Workload(name) => names.get(&name.whole()).copied(),
                _ => None,
            };
            let found = change(&before, &after);
            let found = found.differences.iter().filter_map(|d| {
                let ends = (id(&d.from)?, id(&d.to)?);
                (ends.0 != ends.1).then(|| (d.way, ends, d.ports.to_string()))
            });
            prop_assert_eq!(found.collect::<BTreeSet<_>>(), wanted);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// What is not looked at again selects as before.
        #[test]
        fn no_selection_that_differs_is_missed(
            random in random_with_rules(),
            (changed, like, kind) in (any::<usize>(), any::<usize>(), 0..3_u8),
        ) {
            let before = drawing(&random).document;
            let mut after = before.clone();
            if kind == 0 {
                let ids: Vec<_> = before.namespaces.ids().collect();
                prop_assume!(!ids.is_empty());
                let id = ids[changed % ids.len()];
                let text = ["", "team=web", "team=ops, tier=x"][like % 3];
                after.namespaces.get_mut(id).unwrap().labels = labels(text).unwrap();
            } else if kind == 1 {
                let ids: Vec<_> = before.workloads.ids().collect();
                prop_assume!(!ids.is_empty());
                after = relocated(&before, ids[changed % ids.len()], like)?;
            } else {
                let ids: Vec<_> = before.workloads.ids().collect();
                prop_assume!(!ids.is_empty());
                let labels = before.workloads.get(ids[like % ids.len()]).unwrap().labels.clone();
                after.workloads.get_mut(ids[changed % ids.len()]).unwrap().labels = labels;
            }
            let (was, is) = (all_selections(&before), all_selections(&after));
            let found = change(&before, &after);
            prop_assert_eq!(found.starts, grouped(is.difference(&was)));
            prop_assert_eq!(found.stops, grouped(was.difference(&is)));
        }
    }
}
