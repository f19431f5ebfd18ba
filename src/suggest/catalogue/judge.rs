//! Whether policies allow a dependency, and which.

use std::collections::{BTreeMap, BTreeSet};

use super::find::{Finding, Own};
use super::place::{Endpoints, Place};
use super::unknown_peer::may_be;
use crate::analysis::oracle::{Decision, any_port_matches, gate_by, peer_matches};
use crate::analysis::{Endpoint, Isolation, isolation};
use crate::cluster::Snapshot;
use crate::policy::{Action, Direction, Match, Policy, Side};
use crate::sets::{PortSet, Protocol};
use crate::suggest::Evidence;
use crate::suggest::cluster::Cluster;

/// Most ports of one range that are looked at.
const MOST: u16 = 8;

/// Judges dependencies under the policies of a cluster.
pub(super) struct Judge<'a> {
    snapshot: &'a Snapshot,
    isolation: Vec<Isolation>,
    /// The policies that may select pods of each namespace.
    policies: BTreeMap<&'a str, Vec<usize>>,
    workloads: BTreeMap<String, usize>,
}

/// What policies do about a dependency.
pub(super) enum Verdict {
    /// These policies allow it.
    Allowed(BTreeSet<String>),
    /// It is denied, by what the evidence names.
    Denied(Option<Evidence>),
}

type Probe = (Protocol, u16);

impl<'a> Judge<'a> {
    pub(super) fn new(cluster: &Cluster<'a>) -> Self {
        let snapshot = cluster.snapshot;
        let names = snapshot.namespaces.iter().map(|n| n.name.as_str());
        let of = |name: &str| {
            let policies = snapshot.policies.iter().enumerate();
            let may = |p: &Policy| p.namespace.as_deref().is_none_or(|own| own == name);
            let own = policies.filter(|(_, policy)| may(policy));
            own.map(|(at, _)| at).collect()
        };
        let workloads = 0..snapshot.workloads.len();
        Self {
            snapshot,
            isolation: isolation(snapshot),
            policies: names.map(|name| (name, of(name))).collect(),
            workloads: workloads.map(|at| (cluster.words(at), at)).collect(),
        }
    }

    /// The verdict on a dependency, and the namespace whose policies close a gate of it: that of the pods that need it, or
    /// that of the other end. None where both gates are open anyway, or have no pod.
    pub(super) fn verdict(&self, finding: &Finding) -> Option<(String, Verdict)> {
        let own = self.own(finding)?;
        let others = self.others(finding)?;
        let back = match finding.direction {
            Direction::Ingress => Direction::Egress,
            Direction::Egress => Direction::Ingress,
        };
        let closed = match self.is_isolated(&own, finding.direction) {
            true => &own,
            false => others.all.iter().find(|end| self.is_isolated(end, back))?,
        };
        let namespace = self.namespace_of(closed)?.to_owned();
        let mut by = BTreeSet::new();
        let mut denied = None;
        let mut allowed = 0;
        let probes = probes(&finding.ports);
        for probe in &probes {
            match self.at_port(finding, &own, &others, *probe) {
                Verdict::Allowed(policies) => {
                    allowed += 1;
                    by.extend(policies);
                }
                Verdict::Denied(why) => denied = denied.or(why),
            }
        }
        let enough = match finding.one_port_suffices {
            true => allowed > 0,
            false => allowed == probes.len(),
        };
        let verdict = match enough {
            true => Verdict::Allowed(by),
            false => Verdict::Denied(denied),
        };
        Some((namespace, verdict))
    }

    /// A pod that needs it.
    fn own(&self, finding: &Finding) -> Option<Endpoint> {
        let at = match &finding.own {
            Own::Workload(at) => *at,
            Own::Future(_, place) => return place.endpoints(self.snapshot).all.into_iter().next(),
        };
        let first = self.snapshot.workloads.get(at)?.pods.clone().next()?;
        let pod = self.snapshot.pods.get(first)?;
        (!pod.host_network).then_some(Endpoint::Pod(first))
    }

    /// Whether policies isolate a pod in a direction.
    fn is_isolated(&self, end: &Endpoint, direction: Direction) -> bool {
        match end {
            Endpoint::Pod(at) => {
                let pod = self.snapshot.pods.get(*at).filter(|pod| !pod.host_network);
                let isolation = pod.and_then(|pod| self.isolation.get(pod.workload));
                isolation.is_some_and(|isolation| match direction {
                    Direction::Ingress => isolation.ingress,
                    Direction::Egress => isolation.egress,
                })
            }
            Endpoint::NewPod(_) => {
                let policies = self.policies_of(end).iter();
                let mut policies = policies.filter_map(|at| self.snapshot.policies.get(*at));
                let isolates = |p: &Policy| p.side(direction).is_some_and(Side::denies_by_default);
                policies.any(|policy| {
                    isolates(policy) && peer_matches(self.snapshot, &policy.subject, end)
                })
            }
            _ => false,
        }
    }

    /// The other ends; towards its own replicas, another one of them. None where it has no other: a pod always reaches itself.
    fn others(&self, finding: &Finding) -> Option<Endpoints> {
        let Place::Known(words) = &finding.other else {
            return Some(finding.other.endpoints(self.snapshot));
        };
        let known = self.workloads.get(words).copied();
        let is_own = matches!((&finding.own, known), (Own::Workload(own), Some(at)) if *own == at);
        let other = known.and_then(|at| self.snapshot.workloads.get(at));
        let pod = other.and_then(|other| other.pods.clone().nth(usize::from(is_own)));
        if is_own && pod.is_none() {
            return None;
        }
        Some(Endpoints {
            all: pod.into_iter().map(Endpoint::Pod).collect(),
            ..Endpoints::default()
        })
    }

    fn at_port(&self, of: &Finding, own: &Endpoint, others: &Endpoints, probe: Probe) -> Verdict {
        let mut by = BTreeSet::new();
        let mut denied = None;
        let mut allowed = 0;
        for other in &others.all {
            match self.connection(of.direction, own, other, probe) {
                Verdict::Allowed(policies) => {
                    allowed += 1;
                    by.extend(policies);
                }
                Verdict::Denied(why) => denied = denied.or(why),
            }
        }
        let enough = match others.one_suffices {
            true => allowed > 0,
            false => allowed == others.all.len(),
        };
        if enough {
            return Verdict::Allowed(by);
        }
        match self.may_allow(of, own, others, probe) {
            Some(policy) => Verdict::Allowed([policy].into()),
            None => Verdict::Denied(denied),
        }
    }

    /// Asks both gates of one connection.
    fn connection(
        &self,
        direction: Direction,
        own: &Endpoint,
        other: &Endpoint,
        probe: Probe,
    ) -> Verdict {
        let (from, to) = match direction {
            Direction::Egress => (own, other),
            Direction::Ingress => (other, own),
        };
        let mut by = BTreeSet::new();
        for gate in Direction::BOTH {
            let subject = match gate {
                Direction::Egress => from,
                Direction::Ingress => to,
            };
            let policies = self.policies_of(subject);
            let trace = gate_by(self.snapshot, gate, from, to, Some(probe), policies);
            let decider = match trace.decision {
                Decision::Rule { policy, .. } => Some(policy),
                Decision::Isolated { policies, .. } => policies.first().copied(),
                _ => None,
            };
            let policy = decider.and_then(|at| self.snapshot.policies.get(at));
            if !trace.allowed {
                let direction = gate.name().to_ascii_lowercase();
                let why = policy.map(|policy| {
                    let text = format!("{} denies {direction}", policy.title());
                    Evidence::new(&policy.span, text)
                });
                return Verdict::Denied(why);
            }
            by.extend(policy.map(|policy| policy.title()));
        }
        Verdict::Allowed(by)
    }

    fn policies_of(&self, end: &Endpoint) -> &[usize] {
        let found = self.namespace_of(end);
        let found = found.and_then(|name| self.policies.get(name));
        found.map_or(&[], Vec::as_slice)
    }

    /// The namespace of a pod, if it is in the input.
    fn namespace_of(&self, end: &Endpoint) -> Option<&str> {
        let namespace = match end {
            Endpoint::Pod(pod) => self.snapshot.pods.get(*pod).map(|pod| pod.namespace),
            Endpoint::NewPod(pod) => pod.namespace,
            _ => None,
        };
        let namespace = self.snapshot.namespaces.get(namespace?);
        namespace.map(|namespace| namespace.name.as_str())
    }

    /// A policy whose rule may mean an end that the input does not have: with just these ports, or from pods that are not
    /// in the input either.
    fn may_allow(
        &self,
        of: &Finding,
        own: &Endpoint,
        others: &Endpoints,
        probe: Probe,
    ) -> Option<String> {
        let other = others.all.first().filter(|_| others.assumed)?;
        let (from, to) = match of.direction {
            Direction::Egress => (own, other),
            Direction::Ingress => (other, own),
        };
        let policies = self.policies_of(own);
        let trace = gate_by(self.snapshot, of.direction, from, to, Some(probe), policies);
        let policies = trace.tiers.iter().flat_map(|tier| &tier.policies);
        let mut found = policies.filter(|trace| {
            let policy = self.snapshot.policies.get(trace.policy);
            let rules = policy.map(|policy| policy.rules(of.direction));
            let mut rules = rules.unwrap_or_default().iter().zip(&trace.rules);
            rules.any(|(rule, trace)| {
                let at = |probe| any_port_matches(self.snapshot, &rule.ports, to, Some(probe));
                let others = of.other_ports.iter().map(|port| (probe.0, *port));
                let at_port = trace.subject
                    && others.chain([probe]).any(at)
                    && (rule.ports != Match::Any || of.direction == Direction::Ingress);
                let (gate, port) = (of.direction, probe.1);
                let mut peers = rule.peers.listed().iter();
                rule.action == Action::Accept
                    && at_port
                    && peers.any(|i| may_be(self.snapshot, (&i.peer, gate, port), &of.other))
            })
        });
        let policy = self.snapshot.policies.get(found.next()?.policy)?;
        Some(policy.title())
    }
}

/// The ports, one by one.
fn probes(ports: &PortSet) -> Vec<Probe> {
    let of = |protocol: Protocol| {
        let ranges = ports.ranges(protocol);
        ranges.flat_map(move |(first, last)| {
            let last = last.min(first.saturating_add(MOST));
            (first..=last).map(move |port| (protocol, port))
        })
    };
    Protocol::ALL.into_iter().flat_map(of).collect()
}
