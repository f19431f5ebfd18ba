//! Which future pods a peer expression matches, exactly, as sets of label maps.
//!
//! One map describes such a pod: its own labels under their keys; under hidden keys the
//! name of its namespace (always present), the labels of its namespace, its service account, whether
//! it has an address in a given block, and whether a port name resolves to the port under test. The
//! last three are unconstrained: equal conditions are equal, others are independent of each other.
//!
//! A known namespace has exactly its own labels, so some maps describe no possible pod. The sets ignore
//! that, which keeps them as short as the selectors are; [`FuturePods::exists`] tests whether a box has a
//! possible pod, and every reported box has passed it.

use std::sync::Arc;

use crate::analysis::NewPod;
use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot};
use crate::policy::{Match, Peer, PeerItem};
use crate::sets::hash::{HashMap, HashMapExt};
use crate::sets::label_set::HIDDEN;
use crate::sets::{IpSet, LabelBox, LabelSet, Labels, Requirement, Selector, ValueSet};

/// The hidden key of the namespace's name; sorts before all others.
pub(in crate::analysis) const NAMESPACE: &str = "\u{1}\u{1}";
/// Starts the hidden keys of the namespace's labels.
pub(in crate::analysis) const NAMESPACE_LABEL: &str = "\u{1}namespace\u{1}";

/// The future pods that each expression matches, computed once for each distinct expression.
pub(in crate::analysis) struct FuturePods<'a> {
    snapshot: &'a Snapshot,
    names: Arc<Names<'a>>,
    by_peer: HashMap<&'a Peer, Arc<LabelSet>>,
    everyone: Arc<LabelSet>,
    /// A pod without labels in a new namespace without labels.
    plain: Labels,
    /// Disjoint blocks of addresses: of each block that peers match pods by, some are the union.
    blocks: Arc<[IpSet]>,
}

/// The names of namespaces.
struct Names<'a> {
    /// Known names, with the indices of the namespaces.
    known: HashMap<&'a str, usize>,
    /// All other names.
    unknown: ValueSet,
}

impl<'a> FuturePods<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let known = snapshot.namespaces.iter().enumerate();
        let names = snapshot.namespaces.iter().map(|n| n.name.clone());
        let names = Names {
            known: known.map(|(at, n)| (n.name.as_str(), at)).collect(),
            unknown: ValueSet::all_but(names).intersection(&ValueSet::present()),
        };
        let plain = names.unknown.example().flatten();
        let plain = plain.map(|name| (NAMESPACE.to_owned(), name));
        Self {
            snapshot,
            plain: plain.into_iter().collect(),
            names: Arc::new(names),
            by_peer: HashMap::new(),
            everyone: Arc::new(LabelSet::key(NAMESPACE, &ValueSet::present())),
            blocks: Arc::default(),
        }
    }

    /// The same where peers match pods by these blocks of addresses and no others: a block is then the same as
    /// two others that are equal to it together.
    pub fn with_blocks(self, all: &[IpSet]) -> Self {
        let mut blocks: Vec<IpSet> = Vec::new();
        for block in all {
            let mut rest = block.clone();
            let cut = std::mem::take(&mut blocks);
            for piece in cut {
                blocks.push(piece.intersection(&rest));
                blocks.push(piece.difference(&rest));
                rest = rest.difference(&piece);
            }
            blocks.push(rest);
            blocks.retain(|piece| !piece.is_empty());
        }
        Self {
            blocks: blocks.into(),
            ..self
        }
    }

    /// A copy for another thread, with an empty cache.
    pub fn fork<'b>(&self) -> FuturePods<'b>
    where
        'a: 'b,
    {
        FuturePods {
            snapshot: self.snapshot,
            names: self.names.clone(),
            by_peer: HashMap::new(),
            everyone: self.everyone.clone(),
            plain: self.plain.clone(),
            blocks: self.blocks.clone(),
        }
    }

    /// Every future pod.
    pub fn everyone(&self) -> Arc<LabelSet> {
        self.everyone.clone()
    }

    /// What a rule's peers match.
    pub fn peers(&mut self, peers: &'a Match<PeerItem>) -> Arc<LabelSet> {
        match peers {
            Match::Any => self.everyone(),
            Match::Only(items) => match items.as_slice() {
                [one] => self.peer(&one.peer),
                many => {
                    let sets: Vec<_> = many.iter().map(|i| self.peer(&i.peer)).collect();
                    Arc::new(LabelSet::union_of(sets.iter().map(|s| &**s)))
                }
            },
        }
    }

    /// What one expression matches.
    pub fn peer(&mut self, peer: &'a Peer) -> Arc<LabelSet> {
        // Mostly one box, which is faster to compute than to look up.
        if let Some(found) = self.boxed(LabelBox::default(), peer) {
            return Arc::new(found.map(LabelSet::from).unwrap_or_default());
        }
        if let Some(found) = self.by_peer.get(peer) {
            return found.clone();
        }
        let found = Arc::new(self.evaluate(peer));
        self.by_peer.insert(peer, found.clone());
        found
    }

    fn evaluate(&mut self, peer: &'a Peer) -> LabelSet {
        let hidden = |kind: &str, what: &str| format!("{HIDDEN}{kind}{HIDDEN}{what}");
        match peer {
            Peer::Everything
            | Peer::Pods
            | Peer::NewPods
            | Peer::PodsIpv4
            | Peer::PodsOfFamilies {
                v4: false,
                v6: false,
            } => LabelSet::all(),
            Peer::Nothing
            | Peer::HostNetwork
            | Peer::PodsOf(_)
            | Peer::HostAddresses(_)
            | Peer::HostsOn(_)
            | Peer::PodsIpv6
            | Peer::PodsOfFamilies { .. }
            | Peer::Addresses(_)
            | Peer::Nodes(_)
            | Peer::Domain(_)
            | Peer::Entity(_) => LabelSet::empty(),
            Peer::PodLabels(selector) => LabelSet::from(selector),
            Peer::Namespace(name) => LabelSet::key(NAMESPACE, &ValueSet::only([name.clone()])),
            Peer::NamespaceLabels(selector) => self.namespaces(selector),
            Peer::ServiceAccount(name) => {
                let key = hidden("account", "");
                LabelSet::key(&key, &ValueSet::only([name.clone()]))
            }
            Peer::PodAddresses(set) => {
                let in_block = |block: &IpSet| {
                    let key = hidden("address", &format!("{:?}", block.cidrs()));
                    LabelSet::key(&key, &ValueSet::present())
                };
                let within = self.blocks.iter().filter(|block| block.is_subset(set));
                let pieces: Vec<LabelSet> = within.map(in_block).collect();
                match pieces.is_empty() {
                    true => in_block(set),
                    false => LabelSet::union_of(&pieces),
                }
            }
            Peer::All(peers) => {
                let start = LabelSet::all();
                peers
                    .iter()
                    .fold(start, |all, p| all.intersection(&self.peer(p)))
            }
            Peer::AnyOf(peers) => {
                let sets: Vec<_> = peers.iter().map(|p| self.peer(p)).collect();
                LabelSet::union_of(sets.iter().map(|s| &**s))
            }
            Peer::Not(peer) => self.peer(peer).complement(),
        }
    }

    /// The intersection of the box and the expression: `Some(Some(box))`, `Some(None)` if it is empty, `None` if
    /// it takes more than one box.
    fn boxed(&self, within: LabelBox, peer: &Peer) -> Option<Option<LabelBox>> {
        Some(match peer {
            Peer::Everything | Peer::Pods | Peer::NewPods | Peer::PodsIpv4 => Some(within),
            Peer::Not(inner) if **inner == Peer::HostNetwork => Some(within),
            Peer::PodLabels(selector) => selector.requirements.iter().try_fold(within, required),
            Peer::Namespace(name) => within.narrow(NAMESPACE, &ValueSet::only([name.clone()])),
            Peer::NamespaceLabels(selector) if !has_text(selector) => namespaced(within, selector),
            Peer::All(peers) => {
                let mut found = Some(within);
                for peer in peers {
                    match found {
                        Some(within) => found = self.boxed(within, peer)?,
                        None => break,
                    }
                }
                found
            }
            _ => return None,
        })
    }

    /// Pods of namespaces whose labels match.
    fn namespaces(&self, selector: &Selector) -> LabelSet {
        let found = namespaced(LabelBox::default(), selector);
        let found = found.map(LabelSet::from).unwrap_or_default();
        match has_text(selector) {
            true => self.known_namespaces(selector, &found),
            false => found,
        }
    }

    /// Known namespaces by the actual result of a string predicate; others may match or not.
    fn known_namespaces(&self, selector: &Selector, otherwise: &LabelSet) -> LabelSet {
        let known = self.snapshot.namespaces.iter();
        let matching = known.filter(|n| selector.matches(&n.labels));
        let matching = ValueSet::only(matching.map(|n| n.name.clone()));
        let unknown = LabelSet::key(NAMESPACE, &self.names.unknown);
        LabelSet::key(NAMESPACE, &matching).union(&otherwise.intersection(&unknown))
    }

    /// Whether there can be a pod in the box: a known namespace has exactly its labels.
    pub fn exists(&self, found: &LabelBox) -> bool {
        let names = found.get(NAMESPACE).map(ValueSet::named);
        let Some((names, false)) = names else {
            return true;
        };
        names.iter().any(|name| {
            let known = self.names.known.get(name.as_str());
            known.is_none_or(|&at| self.has_labels(found, at))
        })
    }

    /// Whether every future pod is in the set.
    pub fn is_everyone(&self, pods: &LabelSet) -> bool {
        // Most rules require a label, so a pod without labels mostly decides.
        pods.contains(&self.plain) && self.is_subset(&self.everyone, pods)
    }

    /// Whether every pod in the one is in the other.
    pub fn is_subset(&self, one: &LabelSet, other: &LabelSet) -> bool {
        let rest = one.difference(other);
        !rest.is_undecided() && !rest.boxes().iter().any(|b| self.exists(b))
    }

    /// Whether the labels of a known namespace match the box.
    fn has_labels(&self, found: &LabelBox, namespace: usize) -> bool {
        let labels = self.snapshot.namespaces.get(namespace).map(|n| &n.labels);
        labels.is_some_and(|labels| {
            let wanted = found
                .keys()
                .filter_map(|(k, v)| Some((k.strip_prefix(NAMESPACE_LABEL)?, v)));
            wanted
                .into_iter()
                .all(|(key, values)| values.contains(labels.get(key).map(String::as_str)))
        })
    }

    /// Pods on which this port name resolves to the port under test.
    pub fn bearers(name: &str) -> LabelSet {
        let key = format!("{HIDDEN}port{HIDDEN}{name}");
        LabelSet::key(&key, &ValueSet::present())
    }

    /// One pod of a box: in the namespace `prefer` if possible, else in another known one, else in a new one.
    pub fn witness(&self, found: &LabelBox, prefer: usize) -> NewPod {
        let names = found.get(NAMESPACE);
        let may_be = |at: &usize| {
            let namespace = self.snapshot.namespaces.get(*at);
            namespace.is_some_and(|n| names.is_none_or(|v| v.contains(Some(&n.name))))
                && self.has_labels(found, *at)
        };
        let namespace = match names.map(ValueSet::named) {
            _ if may_be(&prefer) => Some(prefer),
            Some((names, false)) => {
                let known = names
                    .iter()
                    .filter_map(|n| self.names.known.get(n.as_str()));
                known.copied().find(may_be)
            }
            _ => (0..self.snapshot.namespaces.len()).find(may_be),
        };
        let namespace_labels = match namespace.and_then(|at| self.snapshot.namespaces.get(at)) {
            Some(known) => known.labels.clone(),
            None => self.new_namespace(found, names),
        };
        NewPod {
            namespace,
            namespace_labels,
            labels: found.example(),
            service_account: None,
        }
    }

    /// Labels of a new namespace.
    fn new_namespace(&self, found: &LabelBox, names: Option<&ValueSet>) -> Labels {
        let keys = found.keys();
        let own = keys.filter_map(|(key, values)| {
            let key = key.strip_prefix(NAMESPACE_LABEL)?;
            Some((key.to_owned(), values.example()??))
        });
        let mut labels: Labels = own.collect();
        let free = names.map_or_else(
            || self.names.unknown.clone(),
            |n| n.intersection(&self.names.unknown),
        );
        if let Some(Some(name)) = free.example() {
            labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name);
        }
        labels
    }
}

/// The box narrowed to pods whose label is as required.
fn required(found: LabelBox, requirement: &Requirement) -> Option<LabelBox> {
    found.require(&requirement.key, &requirement.op)
}

/// The box narrowed to pods of namespaces whose labels match.
fn namespaced(found: LabelBox, selector: &Selector) -> Option<LabelBox> {
    let mut requirements = selector.requirements.iter();
    requirements.try_fold(found, |found, requirement| {
        if requirement.key == NAMESPACE_NAME_LABEL && !requirement.op.is_text() {
            let values = ValueSet::from(&requirement.op).intersection(&ValueSet::present());
            return found.narrow(NAMESPACE, &values);
        }
        let key = format!("{NAMESPACE_LABEL}{}", requirement.key);
        found.require(&key, &requirement.op)
    })
}

fn has_text(selector: &Selector) -> bool {
    selector.requirements.iter().any(|r| r.op.is_text())
}
