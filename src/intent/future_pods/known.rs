//! What the future pods of the last state of a document were made of: an edit makes only those anew that it touches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{FuturePod, FuturePods, MOST, PodSelector, Selectors, own_selector, ports};
use crate::model::{Document, NamespaceId};
use crate::policy::{Accounts, Peer, Policy};
use crate::sets::hash::HashMap;
use crate::sets::{Labels, Selector};

/// The selectors of the last document and its policies, and the pods that they tell apart.
#[derive(Debug, Default)]
pub(crate) struct Known {
    document: Document,
    subjects: Subjects,
    selectors: BTreeMap<NamespaceId, BTreeSet<PodSelector>>,
    /// By namespace; only of those that were needed.
    pods: BTreeMap<NamespaceId, Vec<FuturePod>>,
}

impl Known {
    /// [`super::future_pods`] without further selectors.
    pub(crate) fn future_pods(
        &mut self,
        document: &Document,
        policies: &[Arc<Policy>],
    ) -> FuturePods {
        self.select(document, policies);
        self.pods(document, policies)
    }

    /// Finds the selectors, and forgets the pods of each namespace where they or the workloads have changed.
    pub(super) fn select(&mut self, document: &Document, policies: &[Arc<Policy>]) {
        let have_changed = self.subjects.update(policies);
        let last = std::mem::replace(&mut self.document, document.clone());
        let managed = || document.namespaces.iter().filter(|(_, n)| n.managed);
        let managed = || managed().map(|(id, _)| id).collect::<BTreeSet<_>>();
        let outdated = match last.changed_workloads(document) {
            None => {
                (self.selectors, self.pods) = Default::default();
                managed()
            }
            Some(changed) => {
                let rows = [&last, document].map(|of| {
                    let rows = changed.iter().filter_map(|id| of.workloads.get(*id));
                    rows.map(|workload| workload.namespace)
                });
                let touched: BTreeSet<NamespaceId> = rows.into_iter().flatten().collect();
                self.pods
                    .retain(|namespace, _| !touched.contains(namespace));
                match have_changed {
                    true => managed(),
                    false => touched,
                }
            }
        };
        for (namespace, selectors) in selectors(document, &self.subjects, outdated) {
            if self.selectors.get(&namespace) != Some(&selectors) {
                self.pods.remove(&namespace);
                self.selectors.insert(namespace, selectors);
            }
        }
    }

    /// Adds selectors until the next state.
    pub(super) fn add(&mut self, further: Vec<(NamespaceId, PodSelector)>) {
        for (namespace, selector) in further {
            self.selectors
                .entry(namespace)
                .or_default()
                .insert(selector);
        }
    }

    /// The pods that the selectors tell apart.
    pub(super) fn pods(&mut self, document: &Document, policies: &[Arc<Policy>]) -> FuturePods {
        let mut known: BTreeMap<NamespaceId, Vec<(&Labels, &str)>> = BTreeMap::new();
        // Future pods are not on the host network: one that is may count as its node, and tells nothing of them.
        let workloads = document.workloads.iter().map(|(_, workload)| workload);
        let workloads = workloads.filter(|workload| !workload.host_network);
        for workload in workloads.filter(|w| !self.pods.contains_key(&w.namespace)) {
            let of_namespace = known.entry(workload.namespace).or_default();
            of_namespace.push((&workload.labels, workload.account()));
        }
        let mut found = Vec::new();
        for (id, _) in document.namespaces.iter().filter(|(_, n)| n.managed) {
            if found.len() > MOST {
                break;
            }
            let pods = self.pods.entry(id).or_insert_with(|| {
                let selectors = self.selectors.get(&id).into_iter().flatten();
                let selectors: Vec<PodSelector> = selectors.cloned().collect();
                Selectors::new(&selectors).pods(known.remove(&id).unwrap_or_default())
            });
            found.extend(pods.iter().map(|pod| (id, pod.clone())));
        }
        let more = found.len() > MOST;
        found.truncate(MOST);
        FuturePods {
            pods: found,
            more,
            ports: ports(document, policies),
        }
    }
}

/// The distinct subjects of policies.
#[derive(Debug, Default)]
struct Subjects {
    /// The policies, by address: those that did not change are not looked at. Each with the update that it was last
    /// part of.
    seen: HashMap<usize, (Arc<Policy>, u64)>,
    updates: u64,
    /// How many policies have each of them.
    counts: HashMap<Peer, usize>,
}

impl Subjects {
    /// Takes over the subjects of these policies; whether they are others than the last ones.
    fn update(&mut self, policies: &[Arc<Policy>]) -> bool {
        self.updates += 1;
        let mut have_changed = false;
        for policy in policies {
            let update = self.updates;
            let address = Arc::as_ptr(policy).addr();
            let seen = self.seen.entry(address).or_insert_with(|| {
                // Most policies have the subject of another one.
                match self.counts.get_mut(&policy.subject) {
                    Some(count) => *count += 1,
                    None => {
                        self.counts.insert(policy.subject.clone(), 1);
                        have_changed = true;
                    }
                }
                (Arc::clone(policy), update)
            });
            seen.1 = update;
        }
        self.seen.retain(|_, (policy, update)| {
            let stays = *update == self.updates;
            if !stays && let Some(count) = self.counts.get_mut(&policy.subject) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&policy.subject);
                    have_changed = true;
                }
            }
            stays
        });
        have_changed
    }
}

/// All selectors of these namespaces, without those that select everything.
fn selectors(
    document: &Document,
    subjects: &Subjects,
    of: BTreeSet<NamespaceId>,
) -> BTreeMap<NamespaceId, BTreeSet<PodSelector>> {
    let mut found: BTreeMap<_, BTreeSet<PodSelector>> =
        of.into_iter().map(|id| (id, BTreeSet::new())).collect();
    if found.is_empty() {
        return found;
    }
    for (_, workload) in document.workloads.iter() {
        if let Some(found) = found.get_mut(&workload.namespace) {
            found.extend(own_selector(workload).map(PodSelector::from));
        }
    }
    for (id, found) in &mut found {
        let labels = &document.namespace_labels(*id);
        let groups = document.groups.iter().map(|(_, group)| group);
        let groups = groups.filter(|group| group.namespaces.matches(labels));
        found.extend(groups.map(|group| PodSelector {
            labels: group.pods.clone(),
            accounts: group.accounts.clone(),
        }));
        let name = document.namespaces.get(*id).map(|n| n.name.as_str());
        let subjects = subjects.counts.keys().map(Subject::of);
        let subjects = subjects.filter(|subject| subject.is_in(name, labels));
        found.extend(subjects.map(|subject| subject.pods()));
        found.retain(|selector| !selector.is_everything());
    }
    found
}

/// What a subject asks of pods and their namespaces.
#[derive(Default)]
struct Subject<'a> {
    namespace: Option<&'a str>,
    namespaces: Vec<&'a Selector>,
    pods: Vec<&'a Selector>,
    accounts: Accounts,
}

impl<'a> Subject<'a> {
    fn of(peer: &'a Peer) -> Self {
        let mut found = Self::default();
        found.add(peer);
        found
    }

    fn add(&mut self, peer: &'a Peer) {
        match peer {
            Peer::All(all) => all.iter().for_each(|peer| self.add(peer)),
            Peer::Namespace(name) => self.namespace = Some(name),
            Peer::NamespaceLabels(selector) => self.namespaces.push(selector),
            Peer::PodLabels(selector) => self.pods.push(selector),
            Peer::ServiceAccount(_) => self.add_accounts(std::slice::from_ref(peer)),
            Peer::AnyOf(any) => self.add_accounts(any),
            _ => {}
        }
    }

    /// Restricts it to pods that run as one of these, if all are service accounts.
    fn add_accounts(&mut self, any: &[Peer]) {
        let names = any.iter().map(|peer| match peer {
            Peer::ServiceAccount(name) => Some(name.clone()),
            _ => None,
        });
        let accounts: Option<Accounts> = names.collect();
        let common = accounts.and_then(|accounts| self.accounts.common(&accounts));
        self.accounts = common.unwrap_or_default();
    }

    /// Whether pods of this namespace may be selected.
    fn is_in(&self, name: Option<&str>, labels: &Labels) -> bool {
        self.namespace.is_none_or(|wanted| Some(wanted) == name)
            && self
                .namespaces
                .iter()
                .all(|selector| selector.matches(labels))
    }

    fn pods(&self) -> PodSelector {
        let requirements = self.pods.iter().flat_map(|selector| &selector.requirements);
        PodSelector {
            labels: Selector {
                requirements: requirements.cloned().collect(),
            },
            accounts: self.accounts.clone(),
        }
    }
}
