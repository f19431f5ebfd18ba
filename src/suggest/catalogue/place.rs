//! The ends of dependencies: of the input, or what is assumed to exist beside it.

use std::net::{IpAddr, Ipv4Addr};

use crate::analysis::oracle::peer_matches;
use crate::analysis::{Endpoint, NewPod};
use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot};
use crate::model::{External, Group, Network};
use crate::policy::{Entity, Peer};
use crate::sets::{LabelOp, LabelSet, Selector};
use crate::suggest::cluster::Cluster;

/// An address of the Internet that belongs to nobody (RFC 5737).
pub const ON_THE_INTERNET: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));

/// One end of a dependency.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Workloads or a namespace of the input, as the end of a flow.
    Known(String),
    /// Pods by selector.
    Group(Group),
    /// Something outside, or what policies name by its role.
    External(External),
}

impl Place {
    /// As the end of a flow: `shop/web`, `shop/*`, `group/prometheus`, `external/kube-apiserver`.
    pub fn words(&self) -> String {
        match self {
            Self::Known(words) => words.clone(),
            Self::Group(group) => format!("group/{}", group.name),
            Self::External(external) => format!("external/{}", external.name),
        }
    }

    /// Pods in a namespace by one label.
    pub(super) fn pods(name: &str, namespace: &str, key: &str, value: &str) -> Self {
        let namespaces = match namespace {
            "" => Selector::everything(),
            name => Selector::label(NAMESPACE_NAME_LABEL, name),
        };
        Self::group(name, namespaces, Selector::label(key, value))
    }

    /// Pods by selector.
    pub(super) fn group(name: &str, namespaces: Selector, pods: Selector) -> Self {
        Self::Group(Group::new(name, namespaces, pods))
    }

    /// What policies name by its role, with its addresses where they are known.
    pub(super) fn entity(name: &str, entity: Entity, addresses: &[IpAddr]) -> Self {
        Self::External(External {
            entity: Some(entity),
            ..External::new(name, networks(addresses))
        })
    }

    /// Single addresses.
    pub(super) fn addresses(name: &str, addresses: &[IpAddr]) -> Self {
        Self::External(External::new(name, networks(addresses)))
    }

    /// A domain name.
    pub(super) fn domain(name: &str) -> Self {
        Self::External(External {
            domain_names: vec![name.to_owned()],
            ..External::new(name, Vec::new())
        })
    }

    /// Everything outside the cluster but private addresses.
    pub(crate) fn internet() -> Self {
        Self::External(External::new("Internet", Network::outside().into()))
    }

    /// The workload of the input that a group consists of, if it is one and the group is not open to others; else the
    /// place itself.
    pub(super) fn known(&self, cluster: &Cluster) -> Self {
        let is_program = |group: &Group| {
            let mut labels = group.pods.requirements.iter();
            !group.pods.is_everything() && labels.all(|r| matches!(r.op, LabelOp::In(_)))
        };
        if let Self::Group(group) = self
            && is_program(group)
            && let [only] = known_pods(group, cluster.snapshot)[..]
            && let Some(pod) = cluster.snapshot.pods.get(only)
        {
            return Self::Known(cluster.words(pod.workload));
        }
        self.clone()
    }

    /// The endpoints that stand for it, where it is not a workload of the input.
    pub(super) fn endpoints(&self, snapshot: &Snapshot) -> Endpoints {
        match self {
            Self::Known(_) => Endpoints::default(),
            Self::Group(group) => of_group(group, snapshot),
            Self::External(external) => of_external(external, snapshot),
        }
    }
}

/// What stands for an end.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpoints {
    pub all: Vec<Endpoint>,
    /// It is enough if one of them is allowed: they stand for one and the same.
    pub one_suffices: bool,
    /// They are not in the input, so that policies may name them in another way.
    pub assumed: bool,
}

/// The first pod of each workload that a group selects.
fn known_pods(group: &Group, snapshot: &Snapshot) -> Vec<usize> {
    let selects = |at: &usize| {
        let pod = snapshot.pods.get(*at);
        pod.is_some_and(|pod| {
            let namespace = snapshot.namespaces.get(pod.namespace);
            group.pods.matches(&pod.labels)
                && group.accounts.has(&pod.service_account)
                && namespace.is_some_and(|n| group.namespaces.matches(&n.labels))
        })
    };
    let first = snapshot.workloads.iter().filter(|w| !w.pods.is_empty());
    first.map(|w| w.pods.start).filter(selects).collect()
}

/// The first pod of each workload that a group selects, else a pod with its labels.
fn of_group(group: &Group, snapshot: &Snapshot) -> Endpoints {
    let known = known_pods(group, snapshot);
    if !known.is_empty() {
        return Endpoints {
            all: known.into_iter().map(Endpoint::Pod).collect(),
            ..Endpoints::default()
        };
    }
    let labels = |selector: &Selector| LabelSet::from(selector).example().unwrap_or_default();
    let namespace_labels = labels(&group.namespaces);
    let name = namespace_labels.get(NAMESPACE_NAME_LABEL);
    let namespace = snapshot
        .namespaces
        .iter()
        .position(|n| Some(&n.name) == name);
    let of_known = namespace.and_then(|at| snapshot.namespaces.get(at));
    let new = NewPod {
        namespace,
        namespace_labels: of_known.map_or(namespace_labels, |n| n.labels.clone()),
        labels: labels(&group.pods),
        service_account: None,
    };
    Endpoints {
        all: vec![Endpoint::NewPod(new)],
        one_suffices: false,
        assumed: true,
    }
}

fn of_external(external: &External, snapshot: &Snapshot) -> Endpoints {
    let mut all: Vec<Endpoint> = Vec::new();
    let single = |n: &Network| n.cidr.prefix_len() == n.cidr.max_prefix_len();
    for network in &external.networks {
        let address = match single(network) {
            true => network.cidr.addr(),
            false => ON_THE_INTERNET,
        };
        let is_own = |node: &crate::cluster::Node| node.addresses.contains(&address);
        all.push(match snapshot.nodes.iter().position(is_own) {
            Some(node) => Endpoint::NodeAddress(node, address),
            None => Endpoint::Address(address),
        });
    }
    for name in &external.domain_names {
        all.push(Endpoint::Domain(name.clone()));
        all.push(Endpoint::Address(ON_THE_INTERNET));
    }
    match external.entity {
        Some(entity) if Entity::OPAQUE.contains(&entity) => all.push(Endpoint::Entity(entity)),
        Some(_) if all.is_empty() => all.push(Endpoint::Entity(Entity::Host)),
        _ => {}
    }
    all.dedup();
    Endpoints {
        all,
        one_suffices: true,
        assumed: external.entity.is_some() && external.networks.is_empty(),
    }
}

/// Whether a peer may be something that the input does not have: pods that no known pod is among, or addresses that are
/// not just those of the Internet.
pub(super) fn may_be_unknown(snapshot: &Snapshot, peer: &Peer, place: &Place) -> bool {
    match place {
        Place::Known(_) => false,
        Place::Group(_) => {
            let mut pods = (0..snapshot.pods.len()).map(Endpoint::Pod);
            let (mut of_pods, mut of_addresses) = (false, false);
            peer.leaves(&mut |leaf| match leaf {
                Peer::PodLabels(_) | Peer::NamespaceLabels(_) | Peer::Namespace(_) => {
                    of_pods = true
                }
                Peer::Addresses(set) => of_addresses |= !set.contains(ON_THE_INTERNET),
                _ => {}
            });
            of_addresses || of_pods && !pods.any(|pod| peer_matches(snapshot, peer, &pod))
        }
        Place::External(_) => {
            const INSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1));
            let mut found = false;
            peer.leaves(&mut |leaf| {
                if let Peer::Addresses(set) = leaf {
                    found |= !set.contains(ON_THE_INTERNET) || set.contains(INSIDE);
                }
            });
            found
        }
    }
}

fn networks(addresses: &[IpAddr]) -> Vec<Network> {
    let block = |address: &IpAddr| Network {
        cidr: (*address).into(),
        except: Vec::new(),
    };
    addresses.iter().map(block).collect()
}
