//! Finds a connection, or a path, that breaks an invariant.

use std::net::IpAddr;
use std::ops::Range;

use crate::analysis::connections::Reach as Open;
use crate::analysis::query::open_ports;
use crate::analysis::{Connection, Endpoint, Matrix, Party, Places};
use crate::cluster::Pod;
use crate::model::{Claim, Document, End, FlowPort, Invariant, Refusal};
use crate::policy::{ADD_ADDRESSES, ADD_NETWORKS};
use crate::proof::InForce;
use crate::sets::{IpSet, PortSet};

/// A document with its policies in force.
pub(super) struct Judge<'a> {
    document: &'a Document,
    in_force: &'a InForce,
    matrix: Matrix,
}

/// What breaks an invariant: a connection, or the hops of a path.
type Shown = Option<Vec<Connection>>;

impl<'a> Judge<'a> {
    pub(super) fn new(document: &'a Document, in_force: &'a InForce) -> Self {
        Self {
            document,
            in_force,
            matrix: Matrix::new(&in_force.cluster.snapshot),
        }
    }

    /// What breaks the invariant, if anything does.
    ///
    /// # Errors
    /// Why it cannot be evaluated.
    pub(super) fn judge(&mut self, invariant: &Invariant) -> Result<Shown, Refusal> {
        let (from, to) = (
            self.sources(invariant)?,
            self.places(invariant.to.as_ref())?,
        );
        if from.workloads.is_empty() && to.workloads.is_empty() {
            let why = "no policy applies to traffic between addresses outside the cluster";
            return Err(Refusal::new(why).help("name a workload, a namespace or a group"));
        }
        let ports = &invariant.ports;
        match invariant.claim {
            Claim::Deny => Ok(self.direct(&from, &to, ports).map(|one| vec![one])),
            Claim::DenyAnyHops => Ok(self.any_hops(from, &to, ports)),
            Claim::Allow => Ok(self.missing(&from, &to, ports)?.map(|one| vec![one])),
        }
    }

    fn sources(&self, invariant: &Invariant) -> Result<Places, Refusal> {
        let mut from = self.places(invariant.from.as_ref())?;
        for end in &invariant.except {
            let except = self.places(Some(end))?;
            from.workloads.retain(|at| !except.workloads.contains(at));
            from.outside = from.outside.difference(&except.outside);
        }
        match from.workloads.is_empty() && from.outside.is_empty() {
            true => Err(Refusal::new("its exceptions exclude every source")),
            false => Ok(from),
        }
    }

    /// The places of an end; without an end, all of them.
    fn places(&self, end: Option<&End>) -> Result<Places, Refusal> {
        let document = self.document;
        let index = &self.in_force.cluster.index;
        let workloads = |end: &End| {
            let ids = document.workloads_at(end).into_iter();
            let mut found: Vec<usize> = ids.filter_map(|id| index.get(&id).copied()).collect();
            found.sort_unstable();
            found
        };
        let Some(end) = end else {
            return Ok(Places {
                workloads: workloads(&End::AnyPod),
                outside: IpSet::all(),
                ..Places::default()
            });
        };
        let mut places = Places::default();
        let words = document.end_words(end);
        match end {
            End::Missing(_) => {
                let why = Refusal::new(format!("there is no `{words}`"));
                return Err(why.help("name something that exists"));
            }
            End::External(_) | End::Node(_) => {
                places.outside = document.addresses_at(end);
                if places.outside.is_empty() {
                    let (what, help) = match end {
                        End::Node(_) => ("addresses", ADD_ADDRESSES),
                        _ => ("networks", ADD_NETWORKS),
                    };
                    return Err(Refusal::new(format!("`{words}` has no {what}")).help(help));
                }
            }
            _ => {
                places.workloads = workloads(end);
                if places.workloads.is_empty() {
                    return Err(Refusal::new(format!("`{words}` matches no workloads")));
                }
            }
        }
        Ok(places)
    }

    /// The ports at a pod, with port names resolved.
    fn ports_at(&self, pod: usize, ports: &[FlowPort]) -> PortSet {
        let snapshot = &self.in_force.cluster.snapshot;
        let pod = snapshot.pods.get(pod);
        let one = |port: &FlowPort| match port {
            FlowPort::Named(protocol, name) => pod.map_or(PortSet::empty(), |pod| {
                snapshot.ports_named(pod, Some(*protocol), name)
            }),
            other => other.numbers().unwrap_or_default(),
        };
        match ports.is_empty() {
            true => PortSet::all(),
            false => ports.iter().map(one).collect(),
        }
    }

    /// The pods of a workload: one if they are alike, else two of each kind, as one replica may connect to another.
    fn kinds_of_pods(&self, workload: usize) -> Vec<usize> {
        let snapshot = &self.in_force.cluster.snapshot;
        let pods = self.pods(workload);
        if !self.differ(workload) {
            return pods.take(1).collect();
        }
        let mut kinds: Vec<(Pod, usize)> = Vec::new();
        pods.filter(|at| {
            let Some(pod) = snapshot.pods.get(*at) else {
                return false;
            };
            let bare = Pod {
                name: String::new(),
                ..pod.clone()
            };
            match kinds.iter_mut().find(|(kind, _)| *kind == bare) {
                Some((_, count)) => {
                    *count += 1;
                    *count <= 2
                }
                None => {
                    kinds.push((bare, 1));
                    true
                }
            }
        })
        .collect()
    }

    /// Whether the pods of a workload differ.
    fn differ(&self, workload: usize) -> bool {
        let id = self.in_force.cluster.drawn.get(workload).copied().flatten();
        let row = id.and_then(|id| self.document.workloads.get(id));
        row.is_some_and(|row| !row.pods.is_empty())
    }

    /// The ports that are meant, and those that are open, from a workload to another: once if the pods of each are
    /// alike, else for each two pods. To itself only if the query is about that workload alone: then from one replica
    /// to another.
    fn between(
        &self,
        open: &Open,
        from: usize,
        to: usize,
        ports: &[FlowPort],
    ) -> Vec<(PortSet, PortSet)> {
        let snapshot = &self.in_force.cluster.snapshot;
        let pair = |(a, b): (usize, usize)| {
            let [from, to] = [a, b].map(Endpoint::Pod);
            let open = open_ports(snapshot, &from, &to, &PortSet::all());
            (self.ports_at(b, ports), open)
        };
        if self.differ(from) || self.differ(to) {
            let to = self.kinds_of_pods(to);
            let from = self.kinds_of_pods(from).into_iter();
            let pairs = from.flat_map(|a| to.iter().map(move |b| (a, *b)));
            return pairs.filter(|(a, b)| a != b).map(pair).collect();
        }
        let (pods, meant) = (self.pods(to), self.ports_at(self.pods(to).start, ports));
        vec![match from == to {
            true if pods.len() > 1 => pair((pods.start, pods.start + 1)),
            true => (meant, PortSet::all()),
            false => (meant, open.workloads.get(&to).cloned().unwrap_or_default()),
        }]
    }

    /// One connection that is open from one of these to one of those.
    fn direct(&mut self, from: &Places, to: &Places, ports: &[FlowPort]) -> Option<Connection> {
        let alone = alone(from, to);
        let outside = outside_ports(ports);
        for &src in &from.workloads {
            let open = self.matrix.of(src);
            let replicas = alone && self.pods(src).len() > 1;
            for &dst in to.workloads.iter().filter(|dst| replicas || **dst != src) {
                let pairs = self.between(&open, src, dst, ports).into_iter();
                let mut common = pairs.map(|(meant, open)| open.intersection(&meant));
                if let Some(common) = common.find(|common| !common.is_empty()) {
                    let (src, dst) = (Party::Workload(src), Party::Workload(dst));
                    return Some(connection(src, dst, common));
                }
            }
            if let Some((range, common)) = crossing(&open.to, &to.outside, &outside) {
                return Some(connection(Party::Workload(src), range, common));
            }
        }
        for &dst in to.workloads.iter().filter(|_| !from.outside.is_empty()) {
            let open = self.matrix.of(dst);
            let pods = self.kinds_of_pods(dst).into_iter();
            let meant: PortSet = pods.map(|pod| self.ports_at(pod, ports)).collect();
            if let Some((range, common)) = crossing(&open.from, &from.outside, &meant) {
                return Some(connection(range, Party::Workload(dst), common));
            }
        }
        None
    }

    fn pods(&self, workload: usize) -> Range<usize> {
        let workload = self.in_force.cluster.snapshot.workloads.get(workload);
        workload.map_or(0..0, |w| w.pods.clone())
    }

    /// A shortest path from one of these to one of those, its last hop at one of the ports.
    fn any_hops(&mut self, mut from: Places, to: &Places, ports: &[FlowPort]) -> Shown {
        if !alone(&from, to) {
            from.workloads.retain(|at| !to.workloads.contains(at));
        }
        if let Some(one) = self.direct(&from, to, ports) {
            return Some(vec![one]);
        }
        let reach = self.matrix.reach(&from);
        let all = 0..self.in_force.cluster.snapshot.workloads.len();
        let mut through: Vec<(usize, usize)> = all
            .filter_map(|at| Some((reach.hops_to(at)?, at)))
            .filter(|(hops, _)| *hops > 0)
            .collect();
        through.sort_unstable();
        through.into_iter().find_map(|(_, at)| {
            let here = Places {
                workloads: vec![at],
                ..Places::default()
            };
            // The workload itself is no destination of its own last hop.
            let mut elsewhere = to.clone();
            elsewhere.workloads.retain(|dst| *dst != at);
            let last = self.direct(&here, &elsewhere, ports)?;
            let mut way = reach.path_to(at)?;
            way.push(last);
            Some(way)
        })
    }

    /// One connection from one of these to one of those that is not open.
    fn missing(
        &mut self,
        from: &Places,
        to: &Places,
        ports: &[FlowPort],
    ) -> Result<Option<Connection>, Refusal> {
        let alone = alone(from, to);
        let towards = |places: &Places| !places.outside.is_empty();
        let with_addresses = [(from, to), (to, from)].into_iter();
        for (pods, _) in with_addresses.filter(|(_, other)| towards(other)) {
            if let Some(at) = pods.workloads.iter().find(|at| self.differ(**at)) {
                return Err(self.pods_differ(*at));
            }
        }
        for &src in &from.workloads {
            let open = self.matrix.of(src);
            for &dst in to.workloads.iter().filter(|dst| alone || **dst != src) {
                let pairs = self.between(&open, src, dst, ports);
                if !pairs.is_empty() && pairs.iter().all(|(meant, _)| meant.is_empty()) {
                    return Err(self.no_such_port(dst));
                }
                // Pods without a port of that name are not meant, as in `explain`: nothing is missing there.
                for (meant, open) in pairs {
                    let rest = meant.difference(&open);
                    if !rest.is_empty() {
                        let (src, dst) = (Party::Workload(src), Party::Workload(dst));
                        return Ok(Some(connection(src, dst, rest)));
                    }
                }
            }
            if let Some((range, rest)) = gap(&open.to, &to.outside, &outside_ports(ports)) {
                return Ok(Some(connection(Party::Workload(src), range, rest)));
            }
        }
        for &dst in to.workloads.iter().filter(|_| !from.outside.is_empty()) {
            let open = self.matrix.of(dst);
            let meant = self.ports_at(self.pods(dst).start, ports);
            if let Some((range, rest)) = gap(&open.from, &from.outside, &meant) {
                return Ok(Some(connection(range, Party::Workload(dst), rest)));
            }
        }
        Ok(None)
    }

    fn pods_differ(&self, workload: usize) -> Refusal {
        let workload = self.in_force.cluster.snapshot.workloads.get(workload);
        let name = workload.map_or("", |w| &w.name);
        let why = Refusal::new(format!(
            "the pods of `{name}` differ, and what all of them allow to or from addresses is not known"
        ));
        why.help("ask `explain` about each pod")
    }

    fn no_such_port(&self, workload: usize) -> Refusal {
        let workload = self.in_force.cluster.snapshot.workloads.get(workload);
        let name = workload.map_or("", |w| &w.name);
        let why = Refusal::new(format!("`{name}` declares no port with that name"));
        why.help("use the port number")
    }
}

/// Whether both are one and the same workload.
fn alone(from: &Places, to: &Places) -> bool {
    from.workloads.len() == 1 && from.workloads == to.workloads
}

fn connection(src: Party, dst: Party, ports: PortSet) -> Connection {
    Connection { src, dst, ports }
}

/// The ports that are meant at an address, which has no names for them.
fn outside_ports(ports: &[FlowPort]) -> PortSet {
    match ports.is_empty() {
        true => PortSet::all(),
        false => ports.iter().filter_map(FlowPort::numbers).collect(),
    }
}

/// The first queried range that is open, at ports that are both.
fn crossing(
    open: &[(IpAddr, IpAddr, PortSet)],
    asked: &IpSet,
    ports: &PortSet,
) -> Option<(Party, PortSet)> {
    open.iter().find_map(|(first, last, at)| {
        let common = at.intersection(ports);
        let range = first_of(&IpSet::range(*first, *last).intersection(asked))?;
        (!common.is_empty()).then_some((range, common))
    })
}

/// The first queried range that is not open at all of the ports, with those that are closed.
fn gap(
    open: &[(IpAddr, IpAddr, PortSet)],
    asked: &IpSet,
    ports: &PortSet,
) -> Option<(Party, PortSet)> {
    let mut rest = asked.clone();
    for (first, last, at) in open {
        let range = IpSet::range(*first, *last);
        let closed = ports.difference(at);
        if !closed.is_empty()
            && let Some(found) = first_of(&range.intersection(asked))
        {
            return Some((found, closed));
        }
        rest = rest.difference(&range);
    }
    first_of(&rest).map(|range| (range, ports.clone()))
}

fn first_of(set: &IpSet) -> Option<Party> {
    let (first, last) = set.ranges().next()?;
    Some(Party::Addresses { first, last })
}
