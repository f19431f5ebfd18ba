//! What generating and proving both stand on: who is closed in which direction, and how ends are told apart.

use std::collections::BTreeMap;

use crate::load::imported::{self, Kept};
use crate::model::dns::Resolver;
use crate::model::{Base, Document, End, Group, Namespace, NamespaceId, Workload, WorkloadId};
use crate::plan::identity::{Identity, Unselectable, identities};
use crate::policy::Direction;
use crate::sets::Selector;

/// A drawing with what follows from it before anything is written.
pub(crate) struct Context<'a> {
    pub(crate) document: &'a Document,
    pub(crate) kept: Vec<Kept>,
    identities: BTreeMap<WorkloadId, Identity>,
}

/// Pods that one policy selects: always within one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Unit {
    pub(crate) namespace: NamespaceId,
    pub(crate) pods: UnitPods,
}

/// Which pods of the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum UnitPods {
    All,
    Group(crate::model::GroupId),
    Workload(WorkloadId),
}

impl<'a> Context<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        Self {
            document,
            kept: imported::read(document),
            identities: identities(document),
        }
    }

    /// The selector of a workload, or why it has none.
    pub(crate) fn identity(&self, id: WorkloadId) -> Result<&Selector, &Unselectable> {
        match self.identities.get(&id) {
            Some(identity) => identity.as_ref(),
            None => Err(&Unselectable::NoLabels),
        }
    }

    pub(crate) fn namespace(&self, id: NamespaceId) -> Option<&'a Namespace> {
        self.document.namespaces.get(id)
    }

    pub(crate) fn namespace_name(&self, id: NamespaceId) -> &'a str {
        self.namespace(id).map_or("", |n| n.name.as_str())
    }

    /// Whether the base that is written for it closes the direction.
    pub(crate) fn base_closes(&self, id: NamespaceId, direction: Direction) -> bool {
        self.namespace(id).is_some_and(|n| n.managed)
            && match self.document.base_of(id) {
                Base::DenyAll => true,
                Base::DenyIngress => direction == Direction::Ingress,
                Base::None => false,
            }
    }

    /// Whether every pod of the namespace, also a new one, is isolated.
    fn closes_all(&self, id: NamespaceId, direction: Direction) -> bool {
        let name = self.namespace_name(id);
        self.base_closes(id, direction)
            || (self.kept.iter()).any(|k| k.isolates_all(name, direction))
    }

    /// Whether a workload is isolated, by its base or by a kept policy.
    pub(crate) fn isolated(&self, id: WorkloadId, direction: Direction) -> bool {
        let Some(workload) = self.document.workloads.get(id) else {
            return false;
        };
        self.base_closes(workload.namespace, direction)
            || (self.kept.iter()).any(|k| k.isolates(self.document, workload, direction))
    }

    /// Pods of an end whose gate in this direction needs a rule: whole namespaces where they are
    /// closed as a whole, else the workloads that something isolates. Never host-network pods.
    pub(crate) fn closed_units(&self, end: &End, direction: Direction) -> Vec<Unit> {
        match end {
            End::Workload(id) => {
                let workload = self.document.workloads.get(*id);
                let closed = workload.filter(|w| !w.host_network && self.isolated(*id, direction));
                (closed.map(|w| Unit {
                    namespace: w.namespace,
                    pods: UnitPods::Workload(*id),
                }))
                .into_iter()
                .collect()
            }
            End::AnyPodOf(id) => self.closed_in(*id, UnitPods::All, direction),
            End::AnyPod => (self.document.namespaces.ids())
                .flat_map(|id| self.closed_in(id, UnitPods::All, direction))
                .collect(),
            End::Group(id) => (self.document.namespaces.ids())
                .filter(|namespace| self.group_enters(*id, *namespace))
                .flat_map(|namespace| self.closed_in(namespace, UnitPods::Group(*id), direction))
                .collect(),
            End::External(_) | End::Missing(_) => Vec::new(),
        }
    }

    fn closed_in(&self, id: NamespaceId, pods: UnitPods, direction: Direction) -> Vec<Unit> {
        let unit = |pods| Unit {
            namespace: id,
            pods,
        };
        if self.closes_all(id, direction) {
            return vec![unit(pods)];
        }
        self.members(unit(pods))
            .filter(|(id, w)| !w.host_network && self.isolated(*id, direction))
            .map(|(id, _)| unit(UnitPods::Workload(id)))
            .collect()
    }

    fn group_enters(&self, group: crate::model::GroupId, namespace: NamespaceId) -> bool {
        let group = self.document.groups.get(group);
        group.is_some_and(|g| {
            g.namespaces
                .matches(&self.document.namespace_labels(namespace))
        })
    }

    /// The workloads of a unit, in id order.
    pub(crate) fn members(&self, unit: Unit) -> impl Iterator<Item = (WorkloadId, &'a Workload)> {
        let group: Option<&Group> = match unit.pods {
            UnitPods::Group(id) => self.document.groups.get(id),
            _ => None,
        };
        let document = self.document;
        document.workloads.iter().filter(move |(id, w)| {
            w.namespace == unit.namespace
                && match unit.pods {
                    UnitPods::All => true,
                    UnitPods::Group(_) => group.is_some_and(|g| g.pods.matches(&w.labels)),
                    UnitPods::Workload(only) => only == *id,
                }
        })
    }

    /// Whether a DNS policy is written for a namespace: where it closes egress and permits DNS.
    pub(crate) fn writes_dns(&self, id: NamespaceId) -> bool {
        self.document.dns_of(id) && self.base_closes(id, Direction::Egress)
    }

    /// Namespaces whose pods may ask DNS pods of this one, if it holds such and closes ingress.
    pub(crate) fn dns_clients(&self, id: NamespaceId, resolver: &Resolver) -> Vec<NamespaceId> {
        let document = self.document;
        let holds = resolver.namespaces.matches(&document.namespace_labels(id));
        if !holds || !self.base_closes(id, Direction::Ingress) {
            return Vec::new();
        }
        let mut clients: Vec<NamespaceId> = (document.namespaces.ids())
            .filter(|id| document.dns_of(*id))
            .collect();
        clients.sort_by_key(|id| self.namespace_name(*id));
        clients
    }
}
