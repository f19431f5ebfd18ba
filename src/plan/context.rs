//! What a plan is computed from: who is isolated in which direction, and the selectors that identify workloads.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::dns::Resolver;
use crate::model::{
    Base, Document, End, Group, GroupId, Isolate, Namespace, NamespaceId, Workload, WorkloadId,
};
use crate::plan::identity::{Identities, Unselectable, identities};
use crate::plan::isolation;
use crate::policy::{Accounts, Direction, Imported};
use crate::sets::Selector;

/// A document with what is derived from it before planning.
pub(crate) struct Context<'a> {
    pub(crate) document: &'a Document,
    pub(crate) imported: &'a [Imported],
    identities: Arc<Identities>,
    subjects: Vec<Subject<'a>>,
    by_namespace: OnceCell<BTreeMap<NamespaceId, Vec<WorkloadId>>>,
}

/// Pods that one policy selects: always within one namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Unit {
    pub(crate) namespace: NamespaceId,
    pub(crate) pods: UnitPods,
}

impl Unit {
    /// Whether it may hold one of these workloads.
    pub(super) fn concerns(&self, workloads: &BTreeSet<WorkloadId>) -> bool {
        match self.pods {
            UnitPods::Workload(id) => workloads.contains(&id),
            UnitPods::All | UnitPods::Group(_) | UnitPods::Subject(..) => !workloads.is_empty(),
        }
    }
}

/// Which pods of the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum UnitPods {
    All,
    Group(GroupId),
    Workload(WorkloadId),
    /// Those that an imported policy or a group isolates, by its place in [`Context::subject`]; of a group only.
    Subject(usize, Option<GroupId>),
}

/// Pods of one namespace that an imported policy or a group isolates.
pub(crate) struct Subject<'a> {
    namespace: NamespaceId,
    /// Its pod selector; never everything without accounts.
    pub(crate) selector: Cow<'a, Selector>,
    /// The service accounts of its pods.
    accounts: Accounts,
    /// The name of the first such policy, or of the group.
    pub(crate) policy: &'a str,
    isolates: [bool; 2],
}

impl Subject<'_> {
    /// Its labels and accounts, which no two subjects of a namespace share.
    pub(crate) fn words(&self) -> String {
        match self.accounts.is_any() {
            true => self.selector.to_string(),
            false => format!("{} as {}", self.selector, self.accounts),
        }
    }

    fn has_pods_of(&self, workload: &Workload) -> bool {
        self.selector.matches(&workload.labels) && self.accounts.has(workload.account())
    }
}

impl<'a> Context<'a> {
    /// `imported`: the imported policies of the document, lowered, in their order.
    pub(crate) fn new(document: &'a Document, imported: &'a [Imported]) -> Self {
        Self::with(document, imported, Arc::new(identities(document)))
    }

    /// The same, where the selectors of the workloads are known.
    pub(crate) fn with(
        document: &'a Document,
        imported: &'a [Imported],
        identities: Arc<Identities>,
    ) -> Self {
        Self {
            document,
            imported,
            identities,
            subjects: subjects(document, imported),
            by_namespace: OnceCell::new(),
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

    /// Whether policies can select its pods: those on the host network may count as nodes, by
    /// assumption.
    pub(crate) fn selectable(&self, workload: &Workload) -> bool {
        !self.document.counts_as_node(workload)
    }

    /// Whether its default deny isolates the direction.
    pub(crate) fn default_denies(&self, id: NamespaceId, direction: Direction) -> bool {
        self.namespace(id).is_some_and(|n| n.managed)
            && match self.document.base_of(id) {
                Base::DenyAll => true,
                Base::DenyIngress => direction == Direction::Ingress,
                Base::DenyEgress => direction == Direction::Egress,
                Base::None => false,
            }
    }

    /// Whether a workload is isolated by itself, in a direction that its namespace leaves open.
    pub(crate) fn isolates_itself(&self, workload: &Workload, direction: Direction) -> bool {
        workload.isolate.has(direction)
            && self
                .namespace(workload.namespace)
                .is_some_and(|n| n.managed)
            && !self.default_denies(workload.namespace, direction)
    }

    /// The directions in which a workload needs a policy of its own to be isolated; none where no selector
    /// identifies it.
    pub(crate) fn own_isolation(&self, id: WorkloadId) -> Vec<Direction> {
        let workload = self.document.workloads.get(id);
        let isolates = |d: &Direction| workload.is_some_and(|w| self.isolates_itself(w, *d));
        let mut directions: Vec<Direction> = Direction::BOTH.into_iter().filter(isolates).collect();
        directions.retain(|_| self.identity(id).is_ok());
        directions
    }

    /// Whether every pod of the namespace, also a new one, is isolated.
    fn isolates_all(&self, id: NamespaceId, direction: Direction) -> bool {
        let name = self.namespace_name(id);
        self.default_denies(id, direction)
            || (self.imported.iter()).any(|i| isolation::isolates_all(i, name, direction))
            || (self.document.groups.iter())
                .any(|(_, g)| g.has_every_pod() && self.group_isolates(g, id, direction))
    }

    /// Whether a group isolates its pods in a namespace.
    fn group_isolates(&self, group: &Group, id: NamespaceId, direction: Direction) -> bool {
        isolated_by(self.document, group, id)[direction as usize]
    }

    /// The directions in which a group needs a policy to isolate its pods in a namespace.
    pub(crate) fn group_isolation(&self, group: &Group, id: NamespaceId) -> Vec<Direction> {
        let mut directions = Direction::BOTH.to_vec();
        directions.retain(|d| self.group_isolates(group, id, *d) && !self.default_denies(id, *d));
        directions
    }

    /// Whether a workload is isolated, by the default deny, by itself, by a group or by an imported policy.
    pub(crate) fn isolated(&self, id: WorkloadId, direction: Direction) -> bool {
        let Some(workload) = self.document.workloads.get(id) else {
            return false;
        };
        self.default_denies(workload.namespace, direction)
            || self.isolates_itself(workload, direction)
            || (self.document.groups.iter()).any(|(_, g)| {
                g.has_pods_of(workload) && self.group_isolates(g, workload.namespace, direction)
            })
            || (self.imported.iter())
                .any(|i| isolation::isolates(i, self.document, workload, direction))
    }

    /// Pods of an end whose gate in this direction needs a rule: a whole namespace where it is isolated
    /// as a whole, else the isolated workloads.
    pub(crate) fn isolated_units(&self, end: &End, direction: Direction) -> Vec<Unit> {
        match end {
            End::Workload(id) => {
                let workload = self.document.workloads.get(*id);
                let closed =
                    workload.filter(|w| self.selectable(w) && self.isolated(*id, direction));
                (closed.map(|w| Unit {
                    namespace: w.namespace,
                    pods: UnitPods::Workload(*id),
                }))
                .into_iter()
                .collect()
            }
            End::AnyPodOf(id) => self.isolated_in(*id, UnitPods::All, direction),
            End::AnyPod => (self.document.namespaces.ids())
                .flat_map(|id| self.isolated_in(id, UnitPods::All, direction))
                .collect(),
            End::Group(id) => (self.document.namespaces.ids())
                .filter(|namespace| self.group_enters(*id, *namespace))
                .flat_map(|namespace| self.isolated_in(namespace, UnitPods::Group(*id), direction))
                .collect(),
            End::External(_) | End::Node(_) | End::Missing(_) => Vec::new(),
        }
    }

    /// Pods of an end in managed namespaces, whether isolated or not: whole namespaces where it has no less.
    pub(crate) fn managed_units(&self, end: &End) -> Vec<Unit> {
        let managed = |id: &NamespaceId| self.namespace(*id).is_some_and(|n| n.managed);
        let in_each = |pods: UnitPods| -> Vec<Unit> {
            let all = self.document.namespaces.ids().filter(managed);
            let all = all.filter(|namespace| match pods {
                UnitPods::Group(group) => self.group_enters(group, *namespace),
                _ => true,
            });
            all.map(|namespace| Unit { namespace, pods }).collect()
        };
        let one = |namespace, pods| vec![Unit { namespace, pods }];
        match end {
            End::Workload(id) => match self.document.workloads.get(*id) {
                Some(w) if managed(&w.namespace) && self.selectable(w) => {
                    one(w.namespace, UnitPods::Workload(*id))
                }
                _ => Vec::new(),
            },
            End::AnyPodOf(id) if managed(id) => one(*id, UnitPods::All),
            End::AnyPod => in_each(UnitPods::All),
            End::Group(id) => in_each(UnitPods::Group(*id)),
            End::AnyPodOf(_) | End::External(_) | End::Node(_) | End::Missing(_) => Vec::new(),
        }
    }

    /// Whether every pod of a unit is isolated in a direction, future pods included.
    pub(crate) fn isolates_unit(&self, unit: Unit, direction: Direction) -> bool {
        let whole = self.isolates_all(unit.namespace, direction);
        match unit.pods {
            UnitPods::All => whole,
            UnitPods::Group(id) => {
                let group = self.document.groups.get(id);
                whole || group.is_some_and(|g| self.group_isolates(g, unit.namespace, direction))
            }
            UnitPods::Workload(id) => self.isolated(id, direction),
            UnitPods::Subject(at, _) => {
                whole || (self.subject(at)).is_some_and(|s| s.isolates[direction as usize])
            }
        }
    }

    /// A subject of imported policies.
    pub(crate) fn subject(&self, at: usize) -> Option<&Subject<'a>> {
        self.subjects.get(at)
    }

    fn isolated_in(&self, id: NamespaceId, pods: UnitPods, direction: Direction) -> Vec<Unit> {
        let unit = |pods| Unit {
            namespace: id,
            pods,
        };
        let isolates_itself = match pods {
            UnitPods::Group(group) => (self.document.groups.get(group))
                .is_some_and(|group| self.group_isolates(group, id, direction)),
            _ => false,
        };
        if isolates_itself || self.isolates_all(id, direction) {
            return vec![unit(pods)];
        }
        // The subjects of imported policies and groups cover future pods too.
        let group = match pods {
            UnitPods::Group(id) => Some(id),
            _ => None,
        };
        let closed =
            |subject: &Subject| subject.namespace == id && subject.isolates[direction as usize];
        let subjects = self.subjects.iter().enumerate();
        let subjects: Vec<_> = subjects.filter(|(_, subject)| closed(subject)).collect();
        let alone = |workload: &Workload| {
            let mut subjects = subjects.iter();
            !subjects.any(|(_, subject)| subject.has_pods_of(workload))
        };
        let workloads = self
            .members(unit(pods))
            .filter(|(id, w)| self.selectable(w) && self.isolated(*id, direction) && alone(w));
        let workloads = workloads.map(|(id, _)| UnitPods::Workload(id));
        let by_subject = subjects.iter().map(|(at, _)| UnitPods::Subject(*at, group));
        let by_subject = by_subject.filter(|pods| self.accounts(unit(*pods)).is_some());
        workloads.chain(by_subject).map(unit).collect()
    }

    fn group_enters(&self, group: GroupId, namespace: NamespaceId) -> bool {
        let group = self.document.groups.get(group);
        group.is_some_and(|g| {
            g.namespaces
                .matches(&self.document.namespace_labels(namespace))
        })
    }

    /// The workloads of a unit, in id order.
    pub(crate) fn members(&self, unit: Unit) -> impl Iterator<Item = (WorkloadId, &'a Workload)> {
        let document = self.document;
        let (one, selector) = match unit.pods {
            UnitPods::Workload(id) => (document.workloads.get(id).map(|w| (id, w)), None),
            _ => (None, self.selector(unit)),
        };
        let pods = selector.zip(self.accounts(unit));
        let all = self.by_namespace().get(&unit.namespace);
        let all = all.into_iter().flatten();
        let all = all.filter_map(|id| Some((*id, document.workloads.get(*id)?)));
        let selected = all.filter(move |(_, workload)| {
            let mut pods = pods.iter();
            pods.any(|(selector, accounts)| {
                selector.matches(&workload.labels) && accounts.has(workload.account())
            })
        });
        one.into_iter()
            .filter(move |(_, w)| w.namespace == unit.namespace)
            .chain(selected)
    }

    fn by_namespace(&self) -> &BTreeMap<NamespaceId, Vec<WorkloadId>> {
        self.by_namespace.get_or_init(|| {
            let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for (id, workload) in self.document.workloads.iter() {
                let of_namespace = found.entry(workload.namespace).or_default();
                of_namespace.push(id);
            }
            found
        })
    }

    /// The selector of a unit within its namespace; none if there is none.
    pub(crate) fn selector(&self, unit: Unit) -> Option<Selector> {
        let group = |id: GroupId| Some(self.document.groups.get(id)?.pods.clone());
        match unit.pods {
            UnitPods::All => Some(Selector::everything()),
            UnitPods::Group(id) => group(id),
            UnitPods::Workload(id) => self.identity(id).ok().cloned(),
            UnitPods::Subject(at, of) => {
                let mut selector = self.subjects.get(at)?.selector.clone().into_owned();
                if let Some(of) = of {
                    selector.requirements.extend(group(of)?.requirements);
                }
                Some(selector)
            }
        }
    }

    /// The service accounts of the pods of a unit; none if there can be no such pods.
    pub(crate) fn accounts(&self, unit: Unit) -> Option<Accounts> {
        let group = |id: GroupId| Some(self.document.groups.get(id)?.accounts.clone());
        match unit.pods {
            UnitPods::All | UnitPods::Workload(_) => Some(Accounts::default()),
            UnitPods::Group(id) => group(id),
            UnitPods::Subject(at, of) => {
                let accounts = &self.subjects.get(at)?.accounts;
                match of {
                    Some(of) => accounts.common(&group(of)?),
                    None => Some(accounts.clone()),
                }
            }
        }
    }

    /// Whether a DNS policy is written for a whole namespace: where egress is denied by default and DNS allowed.
    pub(crate) fn writes_dns(&self, id: NamespaceId) -> bool {
        self.document.dns_of(id) && self.default_denies(id, Direction::Egress)
    }

    /// Namespaces whose pods may ask DNS pods of this one, if it has such and denies ingress by default.
    pub(crate) fn dns_clients(&self, id: NamespaceId, resolver: &Resolver) -> Vec<NamespaceId> {
        let document = self.document;
        let holds = resolver.namespaces.matches(&document.namespace_labels(id));
        match holds && self.default_denies(id, Direction::Ingress) {
            true => self.resolving_namespaces(),
            false => Vec::new(),
        }
    }

    /// The namespaces whose pods may resolve names, by name.
    pub(crate) fn resolving_namespaces(&self) -> Vec<NamespaceId> {
        let document = self.document;
        let mut clients: Vec<NamespaceId> = (document.namespaces.ids())
            .filter(|id| document.dns_of(*id))
            .collect();
        clients.sort_by_key(|id| self.namespace_name(*id));
        clients
    }
}

/// The directions in which a group isolates its pods in a namespace.
fn isolated_by(document: &Document, group: &Group, id: NamespaceId) -> [bool; 2] {
    let managed = document.namespaces.get(id).is_some_and(|n| n.managed);
    let isolates = |d| {
        managed && group.isolate.has(d) && group.namespaces.matches(&document.namespace_labels(id))
    };
    Direction::BOTH.map(isolates)
}

/// The distinct subjects that imported policies and groups isolate, without those that are a whole namespace.
fn subjects<'a>(document: &'a Document, imported: &'a [Imported]) -> Vec<Subject<'a>> {
    let mut found: Vec<Subject> = Vec::new();
    let mut add = |new: Subject<'a>| {
        let same = |s: &&mut Subject| {
            (s.namespace, &s.selector, &s.accounts) == (new.namespace, &new.selector, &new.accounts)
        };
        match found.iter_mut().find(same) {
            Some(known) => {
                known.isolates[0] |= new.isolates[0];
                known.isolates[1] |= new.isolates[1];
            }
            None => found.push(new),
        }
    };
    for policy in imported.iter().flat_map(|i| &i.policies) {
        let Some((name, selector)) = policy.selected_pods() else {
            continue;
        };
        let namespace = document.namespace_named(name);
        let Some(namespace) = namespace.filter(|_| !selector.is_everything()) else {
            continue;
        };
        let isolates = Direction::BOTH.map(|d| policy.side(d).is_some_and(|s| s.isolates));
        add(Subject {
            namespace,
            selector,
            accounts: Accounts::default(),
            policy: &policy.name,
            isolates,
        });
    }
    let groups = document.groups.iter().map(|(_, group)| group);
    for group in groups.filter(|g| g.isolate != Isolate::None && !g.has_every_pod()) {
        for namespace in document.namespaces.ids() {
            let isolates = isolated_by(document, group, namespace);
            if isolates != [false; 2] {
                add(Subject {
                    namespace,
                    selector: Cow::Borrowed(&group.pods),
                    accounts: group.accounts.clone(),
                    policy: &group.name,
                    isolates,
                });
            }
        }
    }
    found
}
