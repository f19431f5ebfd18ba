//! Facts by the objects that they are about.

use std::collections::BTreeMap;

use crate::manifest::{About, Fact};
use crate::suggest::cluster::Cluster;

type ByName<'f> = BTreeMap<&'f str, BTreeMap<&'f str, Vec<&'f Fact>>>;

/// The facts of an input, and those of one object without a look at all others.
pub(super) struct Facts<'f> {
    pub all: &'f [Fact],
    /// By the namespace and the name of the object, in their order.
    by_name: ByName<'f>,
    /// Those of namespaces by their names.
    of_namespaces: BTreeMap<&'f str, Vec<&'f Fact>>,
}

impl<'f> Facts<'f> {
    pub fn new(all: &'f [Fact]) -> Self {
        let (mut by_name, mut of_namespaces) = (ByName::new(), BTreeMap::new());
        for fact in all {
            let of: &mut Vec<&Fact> = match &fact.about {
                About::Namespace(_) => of_namespaces.entry(fact.name.as_str()).or_default(),
                _ => {
                    let of_namespace = by_name.entry(fact.namespace.as_str()).or_default();
                    of_namespace.entry(fact.name.as_str()).or_default()
                }
            };
            of.push(fact);
        }
        Self {
            all,
            by_name,
            of_namespaces,
        }
    }

    fn named(&self, namespace: &str, name: &str) -> &[&'f Fact] {
        let of_namespace = self.by_name.get(namespace);
        let found = of_namespace.and_then(|all| all.get(name));
        found.map_or(&[], Vec::as_slice)
    }

    /// Those of the object that has the pod template of a workload.
    pub fn of_workload(&self, cluster: &Cluster, at: usize) -> impl Iterator<Item = &'f Fact> {
        let workload = cluster.snapshot.workloads.get(at);
        workload.into_iter().flat_map(|workload| {
            let named = self.named(&workload.namespace, &workload.name);
            named.iter().copied().filter(|fact| match &fact.about {
                About::Image(kind) | About::Token(kind) | About::ApiServer(kind) => {
                    *kind == workload.kind
                }
                _ => false,
            })
        })
    }

    /// Those of the service account of a workload.
    pub fn of_account(&self, cluster: &Cluster, at: usize) -> impl Iterator<Item = &'f Fact> {
        let workload = cluster.snapshot.workloads.get(at);
        let account = workload.and_then(|workload| {
            let pod = cluster.snapshot.pods.get(workload.pods.start)?;
            Some((workload.namespace.as_str(), &*pod.service_account))
        });
        let facts = account.map_or(&[][..], |(namespace, name)| self.named(namespace, name));
        facts.iter().copied().filter(|fact| {
            matches!(
                fact.about,
                About::Role | About::Account(_) | About::AccountToken
            )
        })
    }

    /// Those of a namespace.
    pub fn of_namespace(&self, name: &str) -> &[&'f Fact] {
        let found = self.of_namespaces.get(name);
        found.map_or(&[], Vec::as_slice)
    }
}
