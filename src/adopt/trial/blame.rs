//! Finds the plans that cause a difference, and describes it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{FutureGates, OTHER_NODE, Trial};
use crate::adopt::Parts;
use crate::adopt::plan::{self, DrawnAs, Plan};
use crate::analysis::compare::PeerClass;
use crate::analysis::oracle::peer_matches;
use crate::analysis::{Endpoint, FutureDifference, GateDifference, NewPod};
use crate::cluster::Snapshot;
use crate::intent::future_pods::{PodSelector, port_words};
use crate::model::validate::addresses_of;
use crate::model::{Document, FlowPort, NamespaceId};
use crate::plan::context::Context;
use crate::policy::{Direction, Entity, Loss, Part, Peer};
use crate::sets::{DomainPattern, IpSet, PortSet};

const FUTURE_PODS: &str = "it is not certain that flows mean the same for future pods";

const NAMES_UNKNOWN: &str = "its DNS rules also make the addresses of domain names known, which only the DNS setting of a namespace with such flows does";

/// A difference at the gate of a pod, which may be one that is not in the document.
struct Difference<'d> {
    subject: Endpoint,
    direction: Direction,
    peer: &'d PeerClass,
    ports: &'d PortSet,
    wider: bool,
}

impl<'d> From<&'d GateDifference> for Difference<'d> {
    fn from(of: &'d GateDifference) -> Self {
        Self {
            subject: Endpoint::Pod(of.pod),
            direction: of.direction,
            peer: &of.peer,
            ports: &of.ports,
            wider: of.wider,
        }
    }
}

impl<'d> From<&'d FutureDifference> for Difference<'d> {
    fn from(of: &'d FutureDifference) -> Self {
        Self {
            subject: Endpoint::NewPod(of.pod.clone()),
            direction: of.direction,
            peer: &of.peer,
            ports: &of.ports,
            wider: of.wider,
        }
    }
}

/// How many pairs of differences and parts one trial looks at.
const MOST_PAIRS: usize = 2_000_000;

impl Trial<'_> {
    /// The plans that cause differences, each with the first of them; empty: there are none.
    pub(in crate::adopt) fn blamed(&self) -> BTreeMap<usize, String> {
        let drawn = match &self.drawn {
            Ok(drawn) => drawn,
            Err(why) => return self.all(|_| true, why),
        };
        let mut blamed: BTreeMap<usize, String> = BTreeMap::new();
        let unlearnt = self.unlearnt.iter();
        blamed.extend(unlearnt.map(|at| (*at, NAMES_UNKNOWN.to_owned())));
        for loss in &drawn.losses {
            let why = format!("{} cannot be drawn: {}", loss.part, loss.why);
            for (at, _) in self.parts_of(&drawn.document, loss) {
                blamed.entry(*at).or_insert_with(|| why.clone());
            }
            if blamed.is_empty() {
                blamed = self.all(|_| true, &why);
            }
        }
        let known = self.sample(&drawn.differences).map(Difference::from);
        for difference in known.chain(future(&drawn.future)) {
            for (at, why) in self.blame(&difference) {
                blamed.entry(at).or_insert(why);
            }
        }
        if blamed.is_empty() && matches!(drawn.future, FutureGates::Differ(_)) {
            blamed = self.all(|_| true, FUTURE_PODS);
        }
        blamed
    }

    /// The parts whose flows open, or lose, something at the gate that is not their policy's.
    pub(in crate::adopt) fn opening_others(&self) -> Parts {
        let mut found = Parts::new();
        let Ok(drawn) = &self.drawn else {
            return found;
        };
        for loss in &drawn.losses {
            let (Part::Gate(lost) | Part::Subject(lost, ..) | Part::Accounts(lost, ..)) = loss.part
            else {
                continue;
            };
            let parts = self.parts_of(&drawn.document, loss).copied();
            found.extend(parts.filter(|(at, number)| {
                let part = self.plans.get(*at).and_then(|p| p.parts.get(*number));
                part.is_some_and(|part| part.direction != lost)
            }));
        }
        let wider = drawn.differences.iter().filter(|d| d.wider);
        let wider = self.sample(wider).map(Difference::from);
        for difference in wider.chain(future(&drawn.future).filter(|d| d.wider)) {
            found.extend(self.concerned(&difference));
        }
        found.retain(|place| !self.halves.contains(place));
        found
    }

    /// The parts that the flow of a loss expresses.
    fn parts_of(&self, document: &Document, loss: &Loss) -> impl Iterator<Item = &(usize, usize)> {
        let flow = document.flows.get(loss.flow.into());
        let ends = flow.map(|flow| (flow.from.clone(), flow.to.clone()));
        let parts = ends.and_then(|ends| self.expressed.get(&ends));
        parts.into_iter().flatten()
    }

    /// Of very many differences a sample is enough: the next trial finds the rest. Those at known workloads,
    /// which are clearer than those at future pods, come first.
    fn sample<'d>(
        &self,
        differences: impl IntoIterator<Item = &'d GateDifference>,
    ) -> impl Iterator<Item = &'d GateDifference> {
        let mut differences: Vec<&GateDifference> = differences.into_iter().collect();
        differences.sort_by_key(|d| self.distance_from_document(d));
        let parts = self.parts().count().max(1);
        let step = (differences.len() * parts).div_ceil(MOST_PAIRS).max(1);
        differences.into_iter().step_by(step)
    }

    fn distance_from_document(&self, difference: &GateDifference) -> (bool, u8) {
        let drawn = |workload: usize| {
            self.old
                .cluster
                .drawn
                .get(workload)
                .is_some_and(Option::is_some)
        };
        let other = match &difference.peer {
            PeerClass::Pod(at) => {
                let pod = self.old.cluster.snapshot.pods.get(*at);
                u8::from(!pod.is_some_and(|pod| drawn(pod.workload)))
            }
            PeerClass::Addresses { .. }
            | PeerClass::Domain(_)
            | PeerClass::Entity(_)
            | PeerClass::Node(_) => 2,
            PeerClass::NewPod(_) => 3,
        };
        (!drawn(difference.workload), other)
    }

    fn blame(&self, difference: &Difference) -> BTreeMap<usize, String> {
        let why = self.describe(difference);
        let subject = &difference.subject;
        let peer = difference.peer.example();
        let parts = self.concerned(difference).into_iter();
        let blamed: BTreeMap<usize, String> = parts.map(|(at, _)| (at, why.clone())).collect();
        if !blamed.is_empty() {
            return blamed;
        }
        // Else it is a matter of isolation or of DNS: of whoever changes that here, or at all.
        let snapshot = &self.old.cluster.snapshot;
        let namespace_of = |end: &Endpoint| {
            let at = match end {
                Endpoint::Pod(at) => snapshot.pods.get(*at)?.namespace,
                Endpoint::NewPod(pod) => pod.namespace?,
                _ => return None,
            };
            let namespace = snapshot.namespaces.get(at)?;
            self.context.document.namespace_named(&namespace.name)
        };
        for end in [subject, &peer] {
            let namespace: Option<NamespaceId> = namespace_of(end);
            let found = self.all(|plan| Some(plan.namespace) == namespace, &why);
            if !found.is_empty() {
                return found;
            }
        }
        self.all(|_| true, &why)
    }

    /// The parts whose flows may cause a difference. Extra connections come from a flow's half at the other
    /// end, which its policy does not cover; missing ones are missing at the policy's own end.
    fn concerned(&self, difference: &Difference) -> Parts {
        let subject = &difference.subject;
        let peer = difference.peer.example();
        let mut found = Parts::new();
        for (at, number, part) in self.parts() {
            let own_gate = part.direction == difference.direction;
            let one_gate = self.halves.contains(&(at, number));
            if own_gate == difference.wider
                || one_gate && !own_gate
                || !may_meet(part, difference.ports)
            {
                continue;
            }
            let Some(plan) = self.plans.get(at) else {
                continue;
            };
            let own = (&plan.own, self.old.own.get(at));
            let other = self.old.other.get(at).and_then(|parts| parts.get(number));
            let other = (&part.other, other);
            let (here, there) = if own_gate { (own, other) } else { (other, own) };
            if self.has(here, subject) && self.has(there, &peer) {
                found.insert((at, number));
            }
        }
        found
    }

    fn all(&self, which: impl Fn(&Plan) -> bool, why: &str) -> BTreeMap<usize, String> {
        let chosen = self.chosen.iter().copied();
        chosen
            .filter(|at| self.plans.get(*at).is_some_and(&which))
            .map(|at| (at, why.to_owned()))
            .collect()
    }

    fn has(&self, (drawn_as, pods): (&DrawnAs, Option<&Vec<bool>>), end: &Endpoint) -> bool {
        match (end, pods) {
            (Endpoint::Pod(at), Some(pods)) => pods.get(*at).is_some_and(|is| *is),
            _ => {
                let peer = peer_of(self.context, drawn_as);
                peer_matches(&self.old.cluster.snapshot, &peer, end)
            }
        }
    }

    fn describe(&self, difference: &Difference) -> String {
        let own = match &difference.subject {
            Endpoint::Pod(at) => self.pod(*at),
            Endpoint::NewPod(pod) => self.future_pods(pod),
            _ => "a pod".to_owned(),
        };
        let other = match difference.peer {
            PeerClass::Pod(at) => self.pod(*at),
            PeerClass::NewPod(pod) => self.future_pods(pod),
            PeerClass::Addresses { first, last } if first == last => self.address(*first),
            PeerClass::Addresses { first, last } => format!("`{first}` to `{last}`"),
            PeerClass::Domain(name) => format!("`{name}`"),
            PeerClass::Entity(entity) => entity.description().to_owned(),
            PeerClass::Node(_) => "a node".to_owned(),
        };
        let ports = match difference.ports.is_all() {
            true => String::new(),
            false => {
                let pods = &self.old.cluster.snapshot.pods;
                let to = match (difference.direction, &difference.subject, difference.peer) {
                    (Direction::Ingress, Endpoint::Pod(at), _)
                    | (Direction::Egress, _, PeerClass::Pod(at)) => pods.get(*at),
                    _ => None,
                };
                format!(" on {}", port_words(to, difference.ports))
            }
        };
        let what = match difference.direction {
            Direction::Ingress => format!("accept connections from {other}{ports}"),
            Direction::Egress => format!("open connections to {other}{ports}"),
        };
        match difference.wider {
            true => format!("a flow for it would also let {own} {what}"),
            false => format!("without it {own} could no longer {what}"),
        }
    }

    fn address(&self, address: IpAddr) -> String {
        let mut nodes = self.old.cluster.snapshot.nodes.iter();
        match nodes.find(|node| node.addresses.contains(&address)) {
            Some(node) if node.name == OTHER_NODE => "nodes that are not in the project".to_owned(),
            Some(node) => format!("node `{}`", node.name),
            None => format!("`{address}`"),
        }
    }

    fn future_pods(&self, pod: &NewPod) -> String {
        let namespaces = &self.old.cluster.snapshot.namespaces;
        match pod.namespace.and_then(|at| namespaces.get(at)) {
            Some(namespace) => format!("future pods of `{}`", namespace.name),
            None => "pods of future namespaces".to_owned(),
        }
    }

    fn pod(&self, at: usize) -> String {
        let cluster = &self.old.cluster;
        let pod = cluster.snapshot.pods.get(at);
        let workload = pod.and_then(|p| cluster.snapshot.workloads.get(p.workload));
        let (Some(pod), Some(workload)) = (pod, workload) else {
            return "a pod".to_owned();
        };
        let drawn = cluster.drawn.get(pod.workload).is_some_and(Option::is_some);
        match drawn {
            true => format!("`{}/{}`", workload.namespace, workload.name),
            false => format!("future pods of `{}`", workload.namespace),
        }
    }
}

/// The examples of what is different for future pods.
fn future(gates: &FutureGates) -> impl Iterator<Item = Difference<'_>> {
    let found = match gates {
        FutureGates::Same => &[],
        FutureGates::Differ(found) => found.as_slice(),
    };
    found.iter().map(Difference::from)
}

/// Which of the snapshot's pods an end is.
pub(super) fn pods_of(context: &Context, snapshot: &Snapshot, drawn_as: &DrawnAs) -> Vec<bool> {
    let peer = peer_of(context, drawn_as);
    let pods = 0..snapshot.pods.len();
    pods.map(|at| peer_matches(snapshot, &peer, &Endpoint::Pod(at)))
        .collect()
}

/// The selectors of an end that is no workload, by namespace.
pub(super) fn selectors_of(
    context: &Context,
    drawn_as: &DrawnAs,
) -> Vec<(NamespaceId, PodSelector)> {
    let DrawnAs::Pods {
        namespaces,
        pods,
        accounts,
    } = drawn_as
    else {
        return Vec::new();
    };
    let document = context.document;
    let ids = document.namespaces.ids();
    let within = ids.filter(|id| namespaces.matches(&document.namespace_labels(*id)));
    let selector = PodSelector {
        labels: pods.clone(),
        accounts: accounts.clone(),
    };
    within.map(|id| (id, selector.clone())).collect()
}

fn peer_of(context: &Context, drawn_as: &DrawnAs) -> Peer {
    let document = context.document;
    let namespace = |id| Peer::Namespace(context.namespace_name(id).to_owned());
    match drawn_as {
        DrawnAs::AnyPod => Peer::Pods,
        DrawnAs::AnyPodOf(id) => namespace(*id),
        DrawnAs::Workload(id) => match (document.workloads.get(*id), context.identity(*id)) {
            (Some(workload), Ok(selector)) => Peer::All(vec![
                namespace(workload.namespace),
                Peer::PodLabels(selector.clone()),
            ]),
            _ => Peer::Nothing,
        },
        DrawnAs::Pods {
            namespaces,
            pods,
            accounts,
        } => {
            let mut all = vec![
                Peer::NamespaceLabels(namespaces.clone()),
                Peer::PodLabels(pods.clone()),
            ];
            let names = accounts.names();
            let names = names.map(|name| Peer::ServiceAccount(name.to_owned()));
            all.extend((!accounts.is_any()).then(|| Peer::AnyOf(names.collect())));
            Peer::All(all)
        }
        DrawnAs::Outside { networks, names } => {
            let names = names.iter();
            let names = names.map(|name| Peer::Domain(DomainPattern::subdomains(name)));
            let blocks = document.settings.judged().block(addresses_of(networks));
            Peer::AnyOf(std::iter::once(blocks).chain(names).collect())
        }
        DrawnAs::Entity(Entity::World) => Peer::Addresses(IpSet::all()),
        DrawnAs::Entity(Entity::RemoteNode) => Peer::HostNetwork,
        DrawnAs::Entity(Entity::Cluster) => Peer::Pods,
        DrawnAs::Entity(entity) => Peer::Entity(*entity),
    }
}

/// Whether the part may allow one of the ports; a name may be any.
fn may_meet(part: &plan::Part, ports: &PortSet) -> bool {
    let meets = |port: &FlowPort| port.numbers().is_none_or(|all| all.intersects(ports));
    part.ports.iter().any(meets)
}
