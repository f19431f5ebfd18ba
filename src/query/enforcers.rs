//! Which connections depend on the enforcer, and why: the cases where implementations differ (Appendix A).

mod project;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

pub use project::{OfProject, of_project};

use crate::analysis::changes::{Change, Name, changes};
use crate::analysis::oracle::{Decision, GateTrace, Probe, peer_matches, probe};
use crate::analysis::query::one_of;
use crate::analysis::{Endpoint, Party};
use crate::cluster::{Assumptions, Enforcer, Node, Snapshot};
use crate::policy::{Peer, Policy, PortMatch, Rule};
use crate::sets::{IpSet, PortSet, Protocol};

/// A connection that some enforcers allow at other ports than others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// The source.
    pub src: Party<Arc<Name>>,
    /// The destination.
    pub dst: Party<Arc<Name>>,
    /// The allowed ports, in the order of the enforcers.
    pub ports: Vec<PortSet>,
    /// Why, as sentences without a full stop.
    pub reasons: Vec<String>,
}

/// The source and the destination of a connection.
type Ends = (Party<Arc<Name>>, Party<Arc<Name>>);

/// The connections that differ between clusters that are the same input under several enforcers. `assuming` is the
/// input under the rules of Kubernetes with other assumptions; it is asked only if something differs.
pub fn differing(
    clusters: &[Snapshot],
    assuming: &dyn Fn(Assumptions) -> Snapshot,
) -> Vec<Differing> {
    let Some((first, others)) = clusters.split_first() else {
        return Vec::new();
    };
    let mut found: BTreeMap<Ends, Vec<Option<Change>>> = BTreeMap::new();
    for (at, other) in others.iter().enumerate() {
        for change in changes(first, other) {
            if change.opened().is_empty() && change.closed().is_empty() {
                continue;
            }
            let key = (change.src.clone(), change.dst.clone());
            let row = found.entry(key).or_insert_with(|| vec![None; others.len()]);
            if let Some(place) = row.get_mut(at) {
                *place = Some(change);
            }
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let causes: Vec<Causes> = others
        .iter()
        .map(|other| Causes::new(first, other, assuming))
        .collect();
    let row = |((src, dst), row): (Ends, Vec<Option<Change>>)| {
        let old = row.iter().flatten().next().map(|change| change.old.clone());
        let old = old.unwrap_or_default();
        let new = |change: &Option<Change>| change.as_ref().map_or(old.clone(), |c| c.new.clone());
        let reasons: BTreeSet<String> = (row.iter().zip(&causes))
            .filter_map(|(change, causes)| Some(causes.of(change.as_ref()?)))
            .collect();
        Differing {
            ports: std::iter::once(old.clone())
                .chain(row.iter().map(new))
                .collect(),
            src,
            dst,
            reasons: reasons.into_iter().collect(),
        }
    };
    let found = found.into_iter().map(row);
    found.flat_map(|one| without_own_node(first, one)).collect()
}

/// A difference without the addresses of a node that all pods of the destination run on: these always reach them (P2).
fn without_own_node(cluster: &Snapshot, one: Differing) -> Vec<Differing> {
    let (Party::Addresses { first, last }, Party::Workload(name)) = (&one.src, &one.dst) else {
        return vec![one];
    };
    let own = pods_of(cluster, name).filter_map(|at| cluster.pods.get(at));
    let nodes: BTreeSet<Option<&str>> = own.map(|pod| pod.node.as_deref()).collect();
    let Some(Some(node)) = nodes.first().filter(|_| nodes.len() == 1) else {
        return vec![one];
    };
    let node = cluster.nodes.iter().find(|known| known.name == *node);
    let own = node.map_or_else(IpSet::empty, Node::address_set);
    let others = IpSet::range(*first, *last).difference(&own);
    let range = |(first, last)| Differing {
        src: Party::Addresses { first, last },
        ..one.clone()
    };
    others.ranges().map(range).collect()
}

/// What may be the cause of the differences between two enforcers.
struct Causes<'a> {
    sides: [&'a Snapshot; 2],
    /// The input under the rules of Kubernetes, with one assumption of an enforcer each, and what that means.
    assumed: Vec<(Snapshot, String)>,
    plain: Option<Snapshot>,
}

impl<'a> Causes<'a> {
    fn new(
        first: &'a Snapshot,
        other: &'a Snapshot,
        assuming: &dyn Fn(Assumptions) -> Snapshot,
    ) -> Self {
        let plain = Assumptions::default();
        let mut assumed = Vec::new();
        let own = [first, other]
            .into_iter()
            .filter(|s| s.assumptions.enforcer != Enforcer::Kubernetes);
        for side in own {
            let (own, name) = (side.assumptions, side.assumptions.enforcer.name());
            let [one, two] = [first.assumptions, other.assumptions];
            let mut add = |assumptions: Assumptions, differs: bool, words: String| {
                if assumptions != plain && differs {
                    assumed.push((assuming(assumptions), words));
                }
            };
            let addresses = Assumptions {
                pod_addresses: own.pod_addresses,
                ..plain
            };
            let words = match own.enforcer {
                Enforcer::Cilium => format!("{name} never matches pods by their addresses (C31)"),
                _ => format!("{name} matches pods by their addresses (K32, G22)"),
            };
            add(addresses, one.pod_addresses != two.pod_addresses, words);
            let hosts = Assumptions {
                host_network: own.host_network,
                ..plain
            };
            let words = format!("{name} takes pods on the host network for their nodes");
            add(hosts, one.host_network != two.host_network, words);
        }
        Self {
            sides: [first, other],
            plain: (!assumed.is_empty()).then(|| assuming(plain)),
            assumed,
        }
    }

    /// The cause of one difference.
    fn of(&self, change: &Change) -> String {
        let ports = match change.opened() {
            opened if opened.is_empty() => change.closed(),
            opened => opened,
        };
        let asked = Asked {
            src: &change.src,
            dst: &change.dst,
            port: one_of(&ports),
        };
        self.by_kind(&asked)
            .or_else(|| self.by_assumption(&asked))
            .or_else(|| self.by_reading(&asked))
            .or_else(|| self.by_address(&asked))
            .or_else(|| self.by_node(&asked))
            .or_else(|| self.by_port_name(&asked))
            .unwrap_or_else(|| self.sides.map(|side| asked.decision(side)).join(", but "))
    }

    /// A policy that decides on one side and that the other does not implement.
    fn by_kind(&self, asked: &Asked) -> Option<String> {
        let of = |own: &Snapshot, other: &Snapshot| {
            let deciding = asked.deciding(own)?;
            let mut known = deciding
                .iter()
                .filter(|policy| !other.policies.iter().any(|p| same(p, policy)));
            let only = known.next()?;
            Some(format!(
                "{} does not enforce {}",
                other.assumptions.enforcer.name(),
                only.title()
            ))
        };
        let [first, other] = self.sides;
        of(first, other).or_else(|| of(other, first))
    }

    /// An assumption with which the rules of Kubernetes answer otherwise, too.
    fn by_assumption(&self, asked: &Asked) -> Option<String> {
        let plain = asked.allowed(self.plain.as_ref()?);
        let mut assumed = self.assumed.iter();
        let (_, words) = assumed.find(|(snapshot, _)| asked.allowed(snapshot) != plain)?;
        Some(words.clone())
    }

    /// A rule that matches a pod by its address on one side only.
    fn by_address(&self, asked: &Asked) -> Option<String> {
        let mut sides = self.sides.into_iter();
        let own = sides.find(|side| asked.deciding_rules(side).into_iter().any(is_by_address))?;
        let name = own.assumptions.enforcer.name();
        Some(format!("{name} matches pods by their addresses (K32, G22)"))
    }

    /// A rule that matches a node by a block, which only one side does.
    fn by_node(&self, asked: &Asked) -> Option<String> {
        let is_cilium = |side: &&Snapshot| side.assumptions.enforcer == Enforcer::Cilium;
        let strict = self.sides.into_iter().find(is_cilium)?;
        let other = self.sides.into_iter().find(|side| !is_cilium(side))?;
        let is_of_node = |address: IpAddr| {
            let mut nodes = other.nodes.iter();
            nodes.any(|node| node.addresses.contains(&address))
        };
        let mut nodes = asked.addresses().filter(|address| is_of_node(*address));
        nodes.next()?;
        let rules = asked.deciding_rules(other);
        rules.into_iter().any(is_by_block).then(|| {
            let name = strict.assumptions.enforcer.name();
            format!("{name} matches no node by its address (C31)")
        })
    }

    /// A port name that means other ports on one side.
    fn by_port_name(&self, asked: &Asked) -> Option<String> {
        let [first, other] = self.sides;
        let (_, to) = asked.ends(first)?;
        let Endpoint::Pod(at) = to else {
            return None;
        };
        let meant = |side: &Snapshot, name: &str| {
            let pod = side.pods.get(at)?;
            let assumptions = side.assumptions;
            let protocols = Protocol::ALL.into_iter();
            let clear = protocols.filter(|of| !assumptions.is_ambiguous(pod, name, *of));
            let ports = clear.map(|of| assumptions.ports_named(pod, Some(of), name));
            Some(ports.fold(PortSet::empty(), |all, ports| all.union(&ports)))
        };
        let rules = [first, other].map(|side| asked.deciding_rules(side));
        let items = rules.iter().flatten().flat_map(|rule| rule.ports.listed());
        let mut names = items.filter_map(|item| match &item.port {
            PortMatch::Named { name, .. } | PortMatch::FromNamed { name, .. } => Some(name),
            _ => None,
        });
        let name = names.find(|name| meant(first, name) != meant(other, name))?;
        let enforcers = [first, other].map(|side| side.assumptions.enforcer);
        Some(match enforcers.contains(&Enforcer::Cilium) {
            true => format!(
                "cilium looks up the port name `{name}` in containers alone, the last one of a name counts, and pods of the same labels have to agree on its number (C40)"
            ),
            false => {
                format!("calico looks up the port name `{name}` in all init containers, too (G22)")
            }
        })
    }

    /// A policy that the sides read differently.
    fn by_reading(&self, asked: &Asked) -> Option<String> {
        let [first, other] = self.sides;
        for (own, against) in [(first, other), (other, first)] {
            let name = own.assumptions.enforcer.name();
            for policy in asked.deciding(own)? {
                let twin = against.policies.iter().find(|p| same(p, policy))?;
                let more = |a: &Policy, b: &Policy| {
                    a.ingress.is_some() && b.ingress.is_none()
                        || a.egress.is_some() && b.egress.is_none()
                };
                if more(policy, twin) {
                    return Some(format!(
                        "{name} applies rules of {} in a direction that `policyTypes` does not list (K4)",
                        policy.title()
                    ));
                }
                if asked.selected(own, policy) != asked.selected(against, twin) {
                    let names = [own, against].map(|side| side.assumptions.enforcer.name());
                    return Some(format!(
                        "{} selects other pods with {} than {}, which does not see all labels (C0)",
                        names[usize::from(own.assumptions.enforcer == Enforcer::Cilium)],
                        policy.title(),
                        names[usize::from(own.assumptions.enforcer != Enforcer::Cilium)],
                    ));
                }
            }
        }
        None
    }
}

/// Whether the peers of a rule match a pod by its address.
fn is_by_address(rule: &Rule) -> bool {
    has_leaf(rule, |leaf| {
        matches!(
            leaf,
            Peer::PodAddresses(_) | Peer::PodsIpv4 | Peer::PodsIpv6 | Peer::PodsOfFamilies { .. }
        )
    })
}

/// Whether the peers of a rule match an address by a block.
fn is_by_block(rule: &Rule) -> bool {
    has_leaf(rule, |leaf| matches!(leaf, Peer::Addresses(_)))
}

fn has_leaf(rule: &Rule, is: impl Fn(&Peer) -> bool) -> bool {
    let mut peers = rule.peers.listed().iter();
    peers.any(|item| item.peer.has_leaf(&is))
}

/// The same policy under another enforcer.
fn same(a: &Policy, b: &Policy) -> bool {
    (a.kind, &a.namespace, &a.name) == (b.kind, &b.namespace, &b.name)
}

/// One connection.
struct Asked<'a> {
    src: &'a Party<Arc<Name>>,
    dst: &'a Party<Arc<Name>>,
    port: Probe,
}

impl Asked<'_> {
    fn ends(&self, snapshot: &Snapshot) -> Option<(Endpoint, Endpoint)> {
        let end = |party: &Party<Arc<Name>>, last: bool| match party {
            Party::Workload(name) => pod(snapshot, name, last).map(Endpoint::Pod),
            Party::Addresses { first, .. } => Some(Endpoint::Address(*first)),
            Party::IngressController => None,
        };
        // Of one workload: two of its pods.
        Some((end(self.src, false)?, end(self.dst, self.src == self.dst)?))
    }

    /// The addresses among its ends; the first one of a range.
    fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let address = |party: &Party<Arc<Name>>| match party {
            Party::Addresses { first, .. } => Some(*first),
            _ => None,
        };
        [self.src, self.dst].into_iter().filter_map(address)
    }

    /// Which of its ends a policy selects.
    fn selected(&self, snapshot: &Snapshot, policy: &Policy) -> Option<[bool; 2]> {
        let (from, to) = self.ends(snapshot)?;
        Some([from, to].map(|end| peer_matches(snapshot, &policy.subject, &end)))
    }

    fn allowed(&self, snapshot: &Snapshot) -> Option<bool> {
        let (from, to) = self.ends(snapshot)?;
        Some(probe(snapshot, &from, &to, self.port).allowed)
    }

    /// The gates that decide it: where it is denied, what allows its other half decides nothing.
    fn gates(&self, snapshot: &Snapshot) -> Vec<GateTrace> {
        let Some((from, to)) = self.ends(snapshot) else {
            return Vec::new();
        };
        let trace = probe(snapshot, &from, &to, self.port);
        let mut gates = vec![trace.egress, trace.ingress];
        gates.retain(|gate| gate.allowed == trace.allowed);
        gates
    }

    /// The rules that decide it.
    fn deciding_rules<'s>(&self, snapshot: &'s Snapshot) -> Vec<&'s Rule> {
        let gates = self.gates(snapshot).into_iter();
        let rule = |gate: GateTrace| match gate.decision {
            Decision::Rule { policy, rule } => snapshot
                .policies
                .get(policy)?
                .rules(gate.direction)
                .get(rule),
            _ => None,
        };
        gates.filter_map(rule).collect()
    }

    /// What decides it under an enforcer: `calico allows it by rule 1 of NetworkPolicy a/np`.
    fn decision(&self, snapshot: &Snapshot) -> String {
        let title = |at: usize| snapshot.policies.get(at).map(|policy| policy.title());
        let by = self
            .gates(snapshot)
            .into_iter()
            .find_map(|gate| match gate.decision {
                Decision::Rule { policy, rule } => {
                    let rules = snapshot.policies.get(policy)?.rules(gate.direction);
                    let number = rules.get(rule)?.index + 1;
                    Some(format!("by rule {number} of {}", title(policy)?))
                }
                Decision::Isolated { policies, .. } => Some(format!(
                    "by {}, of which no rule matches",
                    title(*policies.first()?)?
                )),
                _ => None,
            });
        let verb = match self.allowed(snapshot) {
            Some(true) => "allows",
            _ => "denies",
        };
        let by = by.unwrap_or_else(|| "because no policy decides".to_owned());
        format!("{} {verb} it {by}", snapshot.assumptions.enforcer.name())
    }

    /// The policies that decide it.
    fn deciding<'s>(&self, snapshot: &'s Snapshot) -> Option<Vec<&'s Policy>> {
        self.ends(snapshot)?;
        let of = |gate: GateTrace| match gate.decision {
            Decision::Rule { policy, .. } => vec![policy],
            Decision::Isolated { policies, .. } => policies,
            _ => Vec::new(),
        };
        let gates = self.gates(snapshot).into_iter().flat_map(of);
        Some(
            gates
                .filter_map(|at| snapshot.policies.get(at).map(|p| &**p))
                .collect(),
        )
    }
}

/// The pods of a workload.
fn pods_of(snapshot: &Snapshot, name: &Name) -> Range<usize> {
    let of = |w: &&crate::cluster::Workload| {
        (&w.namespace, &w.name, &w.kind) == (&name.namespace, &name.name, &name.kind)
    };
    let found = snapshot.workloads.iter().find(of);
    found.map_or(0..0, |workload| workload.pods.clone())
}

/// A pod of a workload: the one of the name, else the first or the last.
fn pod(snapshot: &Snapshot, name: &Name, last: bool) -> Option<usize> {
    let mut pods = pods_of(snapshot, name);
    match &name.pod {
        Some(wanted) => pods.find(|at| snapshot.pods.get(*at).is_some_and(|p| p.name == *wanted)),
        None if last => pods.next_back(),
        None => pods.next(),
    }
}
