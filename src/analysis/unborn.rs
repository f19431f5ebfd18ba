//! Pods that do not exist yet, exactly: which of them a peer expression matches, as sets of label maps.
//!
//! One map says everything about such a pod: its own labels under their keys; under hidden keys the
//! name of its namespace (always present), the labels of a namespace that is not known yet, its
//! service account, whether it has an address in a given block, and whether a port name stands for
//! the port that is asked. The last three may be anything, so equal conditions are equal and others
//! are independent of each other.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::rows::{Applied, names, numbered};
use super::tiers::{cells, steps};
use super::universe::Universe;
use super::{Direction, NewPod};
use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot};
use crate::policy::{Match, Peer, PeerItem, Tier};
use crate::sets::label_set::{HIDDEN, selector_box};
use crate::sets::{LabelBox, LabelSet, Labels, PortSet, Selector, ValueSet};

/// The hidden key of the namespace's name; sorts before all others.
const NAMESPACE: &str = "\u{1}\u{1}";
/// Starts the hidden keys of the namespace's labels.
const NAMESPACE_LABEL: &str = "\u{1}namespace\u{1}";

/// Which pods that do not exist yet each expression matches, each distinct expression once.
pub(super) struct Unborn<'a> {
    snapshot: &'a Snapshot,
    names: BTreeSet<String>,
    by_peer: HashMap<&'a Peer, Arc<LabelSet>>,
    everyone: Arc<LabelSet>,
}

impl<'a> Unborn<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            names: snapshot.namespaces.iter().map(|n| n.name.clone()).collect(),
            by_peer: HashMap::new(),
            everyone: Arc::new(LabelSet::key(NAMESPACE, &ValueSet::present())),
        }
    }

    /// Every pod that does not exist yet.
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
            Peer::Everything | Peer::Pods | Peer::NewPods | Peer::PodsIpv4 => LabelSet::all(),
            Peer::Nothing
            | Peer::HostNetwork
            | Peer::PodsOf(_)
            | Peer::PodsIpv6
            | Peer::Addresses(_)
            | Peer::Nodes(_)
            | Peer::Domain(_) => LabelSet::empty(),
            Peer::PodLabels(selector) => LabelSet::from(selector),
            Peer::Namespace(name) => LabelSet::key(NAMESPACE, &ValueSet::only([name.clone()])),
            Peer::NamespaceLabels(selector) => self.namespaces(selector),
            Peer::ServiceAccount(name) => {
                let key = hidden("account", "");
                LabelSet::key(&key, &ValueSet::only([name.clone()]))
            }
            Peer::PodAddresses(set) => {
                let key = hidden("address", &format!("{:?}", set.cidrs()));
                LabelSet::key(&key, &ValueSet::present())
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

    /// Pods of namespaces that match: known ones by name, others by what their labels may be.
    fn namespaces(&self, selector: &Selector) -> LabelSet {
        if selector.is_everything() {
            return LabelSet::all();
        }
        let known = self.snapshot.namespaces.iter();
        let matching = known
            .filter(|n| selector.matches(&n.labels))
            .map(|n| n.name.clone());
        let known = LabelSet::key(NAMESPACE, &ValueSet::only(matching));
        let mut unknown = LabelBox::default().narrow(NAMESPACE, &self.unknown());
        let mut rest = Selector::everything();
        for requirement in &selector.requirements {
            if requirement.key == NAMESPACE_NAME_LABEL {
                let values = ValueSet::from(&requirement.op);
                unknown = unknown.and_then(|b| b.narrow(NAMESPACE, &values));
            } else {
                rest.requirements.push(requirement.clone());
            }
        }
        let labels = selector_box(&rest, NAMESPACE_LABEL);
        let unknown = unknown.zip(labels).and_then(|(a, b)| a.intersection(&b));
        known.union(&unknown.map(LabelSet::from).unwrap_or_default())
    }

    /// Names of namespaces that do not exist yet.
    fn unknown(&self) -> ValueSet {
        let all_but = ValueSet::all_but(self.names.iter().cloned());
        all_but.intersection(&ValueSet::present())
    }

    /// Pods at which this port name stands for the port that is asked.
    pub fn bearers(name: &str) -> LabelSet {
        let key = format!("{HIDDEN}port{HIDDEN}{name}");
        LabelSet::key(&key, &ValueSet::present())
    }

    /// What the gate of a class allows towards pods that do not exist yet: disjoint port sets with the
    /// pods of each. `counts` says by its pods whether a rule counts at all.
    pub fn cells(
        &mut self,
        tiers: &[Tier],
        applied: &[Applied<'a>],
        (class, direction): (usize, Direction),
        universe: &Universe,
        counts: impl Fn(&LabelSet) -> bool,
    ) -> Vec<(PortSet, Arc<LabelSet>)> {
        let everyone = self.everyone();
        let steps = steps(tiers, applied, |rule, emit| {
            let pods = self.peers(&rule.peers);
            if !counts(&pods) {
                return;
            }
            let Match::Only(items) = &rule.ports else {
                return emit(PortSet::all(), pods);
            };
            let mut ports = numbered(items);
            for (protocol, name) in names(items) {
                match direction {
                    Direction::Ingress => {
                        ports = ports.union(&universe.resolve(class, protocol, name));
                    }
                    Direction::Egress => {
                        let any = protocol.map_or_else(PortSet::all_numbered, PortSet::all_of);
                        let bearers = pods.intersection(&Self::bearers(name));
                        emit(any, Arc::new(bearers));
                    }
                }
            }
            emit(ports, pods);
        });
        cells(&steps, &*everyone)
    }

    /// One pod of a box: in `prefer` if it may be, else in another known namespace, else in a new one.
    pub fn witness(&self, found: &LabelBox, prefer: usize) -> NewPod {
        let names = found.keys().find(|(k, _)| *k == NAMESPACE).map(|(_, v)| v);
        let may_be = |at: &usize| {
            let namespace = self.snapshot.namespaces.get(*at);
            namespace.is_some_and(|n| names.is_none_or(|v| v.contains(Some(&n.name))))
        };
        let mut all = 0..self.snapshot.namespaces.len();
        let namespace = Some(prefer).filter(may_be).or_else(|| all.find(may_be));
        let namespace_labels = match namespace.and_then(|at| self.snapshot.namespaces.get(at)) {
            Some(known) => known.labels.clone(),
            None => self.new_namespace(found, names),
        };
        NewPod {
            namespace,
            namespace_labels,
            labels: found.example(),
        }
    }

    /// What a box says of the namespace and of the pod, in words; hidden conditions as they are meant.
    pub fn words(found: &LabelBox) -> Kinds {
        let mut kinds = Kinds::default();
        for (key, values) in found.keys() {
            if key == NAMESPACE {
                kinds
                    .namespaces
                    .extend(condition(NAMESPACE_NAME_LABEL, values));
            } else if let Some(label) = key.strip_prefix(NAMESPACE_LABEL) {
                kinds.namespaces.extend(condition(label, values));
            } else if key.starts_with(HIDDEN) {
                let words: Vec<&str> = key.split(HIDDEN).filter(|w| !w.is_empty()).collect();
                let not = if values.contains(None) { "not " } else { "" };
                kinds.pods.push(format!("{not}{}", words.join(" ")));
            } else {
                kinds.pods.extend(condition(key, values));
            }
        }
        kinds
    }

    /// Labels of a namespace that does not exist yet.
    fn new_namespace(&self, found: &LabelBox, names: Option<&ValueSet>) -> Labels {
        let keys = found.keys();
        let own = keys.filter_map(|(key, values)| {
            let key = key.strip_prefix(NAMESPACE_LABEL)?;
            Some((key.to_owned(), values.example()??))
        });
        let mut labels: Labels = own.collect();
        let free = names.map_or_else(|| self.unknown(), |n| n.intersection(&self.unknown()));
        if let Some(Some(name)) = free.example() {
            labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name);
        }
        labels
    }
}

/// Conditions in words, to be joined by "and"; none: any.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kinds {
    /// On the namespace.
    pub namespaces: Vec<String>,
    /// On the pod.
    pub pods: Vec<String>,
}

/// What is asked of one key, as kubectl writes selectors. Every pod has a namespace, so that its name
/// is there is no condition.
fn condition(key: &str, values: &ValueSet) -> Option<String> {
    let (named, negated) = values.named();
    let list = named.iter().cloned().collect::<Vec<_>>().join(", ");
    Some(match (values.absent, negated, named.is_empty()) {
        (true, true, true) => return None,
        (false, true, true) if key == NAMESPACE_NAME_LABEL => return None,
        (true, true, false) => format!("{key} notin ({list})"),
        (false, true, false) if key == NAMESPACE_NAME_LABEL => format!("{key} notin ({list})"),
        (false, true, true) => key.to_owned(),
        (false, true, false) => format!("{key}, {key} notin ({list})"),
        (false, false, _) => format!("{key} in ({list})"),
        (true, false, true) => format!("!{key}"),
        (true, false, false) => format!("{key} in ({list}) or absent"),
    })
}
