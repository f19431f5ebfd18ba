//! The ends of dependencies: of the input, or what is assumed to exist beside it.

use std::net::{IpAddr, Ipv4Addr};

use crate::analysis::{Endpoint, NewPod};
use crate::cluster::{NAMESPACE_NAME_LABEL, Snapshot};
use crate::model::{External, Group, Network};
use crate::policy::{Direction, Entity};
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

    /// What it is, where its name alone does not tell: the pods of a group, the addresses and names of an external.
    pub(super) fn description(&self, snapshot: &Snapshot) -> Option<String> {
        match self {
            Self::Known(_) => None,
            Self::Group(group) => {
                let of = |labels: &Selector, what: &str| match labels.is_everything() {
                    true => format!("all {what}"),
                    false => format!("{what} with `{labels}`"),
                };
                let (pods, spaces) = (of(&group.pods, "pods"), of(&group.namespaces, "namespaces"));
                let assumed = match known_pods(group, snapshot).is_empty() {
                    true => "; assumed: the input has no such pods",
                    false => "",
                };
                Some(format!("{pods} in {spaces}{assumed}"))
            }
            Self::External(external) => {
                let words = |network: &Network| {
                    let except: Vec<String> =
                        network.except.iter().map(ToString::to_string).collect();
                    match except.is_empty() {
                        true => network.cidr.to_string(),
                        false => format!("{} except {}", network.cidr, except.join(" and ")),
                    }
                };
                let networks = external.networks.iter().map(words);
                let names = external.domain_names.iter().cloned();
                let all: Vec<String> = networks.chain(names).collect();
                let addresses = match all.is_empty() {
                    true => "addresses not in the input".to_owned(),
                    false => all.join(", "),
                };
                let entity = external.entity.map(|entity| entity.description());
                Some(match entity {
                    Some(entity) => format!("{entity}; {addresses}"),
                    None => addresses,
                })
            }
        }
    }

    /// What to do in dialects that cannot name it (dep 3.2, 3.3): Cilium's policies alone have entities.
    pub(super) fn other_dialects(&self, direction: Direction) -> Option<&'static str> {
        let Self::External(external) = self else {
            return None;
        };
        external.entity.filter(|_| external.networks.is_empty())?;
        Some(match direction {
            Direction::Egress => {
                "it is written by name for Cilium alone; for other dialects give the external its addresses, or allow these ports to any address"
            }
            Direction::Ingress => {
                "it is written by name for Cilium alone; for other dialects give the external its addresses, or allow this port from anywhere"
            }
        })
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
    let is_meant = |at: &usize| {
        let pod = snapshot.pods.get(*at);
        pod.is_some_and(|pod| group.accounts.has(&pod.service_account))
            && selects(snapshot, &group.namespaces, &group.pods, *at)
    };
    let first = snapshot.workloads.iter().filter(|w| !w.pods.is_empty());
    first.map(|w| w.pods.start).filter(is_meant).collect()
}

/// Whether a known pod is one of those that selectors of namespaces and of their pods select.
pub(super) fn selects(
    snapshot: &Snapshot,
    namespaces: &Selector,
    pods: &Selector,
    pod: usize,
) -> bool {
    snapshot.pods.get(pod).is_some_and(|pod| {
        let namespace = snapshot.namespaces.get(pod.namespace);
        pods.matches(&pod.labels) && namespace.is_some_and(|n| namespaces.matches(&n.labels))
    })
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
        assumed: external.entity.is_some() && external.networks.is_empty()
            || !external.domain_names.is_empty(),
    }
}

fn networks(addresses: &[IpAddr]) -> Vec<Network> {
    let block = |address: &IpAddr| Network {
        cidr: (*address).into(),
        except: Vec::new(),
    };
    addresses.iter().map(block).collect()
}
