//! Whether a peer of a policy may be what a dependency assumes to exist beside the input. A peer that is known to be
//! something else is not, nor is one of which nothing tells that it is.

use std::net::Ipv4Addr;

use super::place::{ON_THE_INTERNET, Place};
use super::software::{NAME_LABELS, same_program};
use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::cluster::{DNS_NAMESPACES, NAMESPACE_NAME_LABEL, Snapshot};
use crate::model::Group;
use crate::policy::{Direction, Entity, Peer};
use crate::sets::{DomainPattern, IpSet, LabelOp, Requirement, Selector};

/// Addresses of the Service `default/kubernetes` in common clusters: kubeadm, EKS, k3s.
const API_SERVICES: [Ipv4Addr; 4] = [
    Ipv4Addr::new(10, 96, 0, 1),
    Ipv4Addr::new(10, 100, 0, 1),
    Ipv4Addr::new(172, 20, 0, 1),
    Ipv4Addr::new(10, 43, 0, 1),
];

/// The port that only the API server has, in clusters of one's own.
const API_PORT: u16 = 6443;

/// Labels of control-plane nodes.
const CONTROL_PLANE: [&str; 2] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
];

/// Namespaces in which a program always is; where others are assumed, it may be in another one.
const OWN_NAMESPACES: [&str; 4] = ["kube-system", "openshift-dns", "istio-system", "linkerd"];

/// Whether a peer of a rule for a direction and a port may be a place that the input does not have.
pub(super) fn may_be(
    snapshot: &Snapshot,
    (peer, direction, port): (&Peer, Direction, u16),
    place: &Place,
) -> bool {
    match place {
        Place::Known(_) => false,
        Place::Group(group) => {
            let mut pods = (0..snapshot.pods.len()).map(Endpoint::Pod);
            of_addresses(peer, |set| port == 53 || !is_single(set))
                || may_be_group(snapshot, peer, group)
                    && !pods.any(|pod| peer_matches(snapshot, peer, &pod))
        }
        Place::External(external) if !external.domain_names.is_empty() => {
            let own = external.domain_names.iter().filter_map(|n| regional(n));
            let own: Vec<DomainPattern> = own.collect();
            let is_own = |name: &DomainPattern| own.iter().any(|own| own.overlaps(name));
            peer.has_leaf(|leaf| matches!(leaf, Peer::Domain(name) if is_own(name)))
        }
        Place::External(external) => {
            let is_api = external.entity == Some(Entity::KubeApiserver);
            let inside = |set: &IpSet| API_SERVICES.iter().all(|a| set.contains((*a).into()));
            if is_api && direction == Direction::Egress {
                let has_service = |set: &IpSet| {
                    let mut some = API_SERVICES.iter();
                    some.any(|a| set.contains((*a).into()))
                };
                return has_nodes(peer, is_api)
                    || any_addresses(peer, inside)
                    || of_addresses(peer, |set| has_service(set) || port == API_PORT);
            }
            has_nodes(peer, is_api)
                || any_addresses(peer, |set| !set.contains(ON_THE_INTERNET) || inside(set))
        }
    }
}

/// The names under which the regions of a cloud have a service of their own: `sts.*.amazonaws.com` of `sts.amazonaws.com`.
fn regional(name: &str) -> Option<DomainPattern> {
    let (service, cloud) = name.split_once('.')?;
    Some(DomainPattern::labelwise(&format!("{service}.*.{cloud}")))
}

/// Whether a peer has addresses that fit.
fn any_addresses(peer: &Peer, fit: impl Fn(&IpSet) -> bool) -> bool {
    peer.has_leaf(|leaf| matches!(leaf, Peer::Addresses(set) if fit(set)))
}

/// Whether a peer has addresses that fit, which are not those of the Internet.
fn of_addresses(peer: &Peer, fit: impl Fn(&IpSet) -> bool) -> bool {
    any_addresses(peer, |set| !set.contains(ON_THE_INTERNET) && fit(set))
}

fn is_single(set: &IpSet) -> bool {
    let mut ranges = set.ranges();
    let only = ranges.next();
    only.is_some_and(|(first, last)| first == last) && ranges.next().is_none()
}

/// Whether a peer has nodes among which the API server, or just any node, may be.
fn has_nodes(peer: &Peer, api_server: bool) -> bool {
    peer.has_leaf(|leaf| {
        let Peer::Nodes(labels) = leaf else {
            return false;
        };
        let mut keys = labels.requirements.iter().map(|r| r.key.as_str());
        match api_server {
            true => keys.all(|key| CONTROL_PLANE.contains(&key)),
            false => labels.is_everything(),
        }
    })
}

/// What a part of a peer tells of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Yes,
    Unknown,
    No,
}

impl Fit {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Unknown, one) | (one, Self::Unknown) => one,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
}

/// What the parts of a peer tell of a group: of its namespace, and of its pods.
struct Fits {
    namespace: Fit,
    /// None: no labels are asked, so it is all pods of the namespaces.
    pods: Option<Fit>,
}

fn may_be_group(snapshot: &Snapshot, peer: &Peer, group: &Group) -> bool {
    let may = |one: &Peer| may_be_group(snapshot, one, group);
    match peer {
        Peer::AnyOf(any) => any.iter().any(may),
        one => {
            let mut fits = Fits {
                namespace: Fit::Unknown,
                pods: None,
            };
            let pods_alone = add_parts(snapshot, one, group, &mut fits);
            let pods = fits.pods.unwrap_or(Fit::Yes);
            pods_alone && fits.namespace.and(pods) == Fit::Yes
        }
    }
}

/// Adds what a peer tells; false if it is no peer of pods.
fn add_parts(snapshot: &Snapshot, peer: &Peer, group: &Group, fits: &mut Fits) -> bool {
    match peer {
        Peer::All(parts) => {
            let mut parts = parts.iter();
            return parts.all(|part| add_parts(snapshot, part, group, fits));
        }
        Peer::AnyOf(parts) => match parts.as_slice() {
            [only] => return add_parts(snapshot, only, group, fits),
            _ => return false,
        },
        Peer::Namespace(name) => {
            let fit = of_namespace(snapshot, name, group);
            fits.namespace = fits.namespace.and(fit);
        }
        Peer::NamespaceLabels(labels) => {
            let each = labels.requirements.iter();
            let each = each.map(|one| of_namespace_label(snapshot, one, group));
            fits.namespace = each.fold(fits.namespace, Fit::and);
        }
        Peer::PodLabels(labels) => {
            let each = labels.requirements.iter();
            let each = each.map(|one| of_pod_label(one, group));
            fits.pods = Some(each.fold(fits.pods.unwrap_or(Fit::Unknown), Fit::and));
        }
        Peer::Pods | Peer::NewPods | Peer::Not(_) => {}
        _ => return false,
    }
    true
}

/// A namespace with known pods has none that are not known.
fn of_namespace(snapshot: &Snapshot, name: &str, group: &Group) -> Fit {
    let mut workloads = snapshot.workloads.iter();
    let wanted = values_of(&group.namespaces, NAMESPACE_NAME_LABEL);
    let is_dns = |name: &str| DNS_NAMESPACES.contains(&name);
    let is_fixed = |own: &&str| OWN_NAMESPACES.contains(own) && !(is_dns(own) && is_dns(name));
    match wanted.contains(&name) {
        true => Fit::Yes,
        false if wanted.iter().any(is_fixed) => Fit::No,
        false if workloads.any(|workload| workload.namespace == name) => Fit::No,
        false => Fit::Unknown,
    }
}

fn of_namespace_label(snapshot: &Snapshot, wanted: &Requirement, group: &Group) -> Fit {
    let LabelOp::In(values) = &wanted.op else {
        return Fit::Unknown;
    };
    if ![NAMESPACE_NAME_LABEL, "name"].contains(&wanted.key.as_str()) {
        return Fit::Unknown;
    }
    let each = values
        .iter()
        .map(|name| of_namespace(snapshot, name, group));
    let each: Vec<Fit> = each.collect();
    [Fit::Yes, Fit::Unknown]
        .into_iter()
        .find(|fit| each.contains(fit))
        .unwrap_or(Fit::No)
}

/// A label that names a program names the one of the group, or another one.
fn of_pod_label(wanted: &Requirement, group: &Group) -> Fit {
    let LabelOp::In(values) = &wanted.op else {
        return Fit::Unknown;
    };
    let own = values_of(&group.pods, &wanted.key);
    // Policies of some clusters have a label `name`, too.
    let keys = NAME_LABELS.iter().chain(&["name"]);
    let names_program = keys.clone().any(|key| *key == wanted.key);
    let own = match own.is_empty() && names_program {
        true => keys.flat_map(|key| values_of(&group.pods, key)).collect(),
        false => own,
    };
    let same = |own: &&str| values.iter().any(|value| same_program(own, value));
    match own.is_empty() {
        true => Fit::Unknown,
        false if own.iter().any(same) => Fit::Yes,
        false => Fit::No,
    }
}

/// The values that a selector allows for a label.
fn values_of<'s>(selector: &'s Selector, key: &str) -> Vec<&'s str> {
    let requirements = selector.requirements.iter().filter(|r| r.key == key);
    let values = requirements.filter_map(|r| match &r.op {
        LabelOp::In(values) => Some(values.iter().map(String::as_str)),
        _ => None,
    });
    values.flatten().collect()
}
