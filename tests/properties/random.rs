//! Random clusters and policies: small, and dense in corner cases.

use std::net::IpAddr;
use std::sync::Arc;

use drawbridge::cluster::{
    Assumptions, ContainerPort, HostNetwork, NAMESPACE_NAME_LABEL, Namespace, Node, Pod, PortNames,
    Snapshot, Workload, WorkloadObject, mark_ambiguous_ports,
};
use drawbridge::diag::Span;
use drawbridge::policy::{
    Action, Combine, Entity, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule, Side, Tier,
    WorkloadKey,
};
use drawbridge::sets::{DomainPattern, IpSet, LabelOp, Labels, Protocol, Requirement, Selector};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

pub const KEYS: [&str; 3] = ["app", "tier", "example.com/env"];
pub const VALUES: [&str; 4] = ["", "web", "webby", "db"];
pub const PORTS: [u16; 5] = [1, 79, 80, 8080, 65535];
pub const ADDRESSES: [&str; 9] = [
    "0.0.0.0",
    "10.0.0.1",
    "10.0.0.2",
    "10.0.1.0",
    "10.1.2.3",
    "255.255.255.255",
    "::",
    "2001:db8::1",
    "2001:db8:1::",
];
const NETS: [&str; 9] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/24",
    "10.0.0.1/32",
    "10.0.0.2/31",
    "255.255.255.255/32",
    "::/0",
    "2001:db8::/32",
    "2001:db8::1/128",
];
/// Patterns of domain names, matched label by label; they overlap in many ways.
pub const DOMAINS: [&str; 7] = ["a.x", "b.a.x", "*.x", "*.a.x", "**.x", "a*.x", "*b.x"];
/// Names of every class that such patterns distinguish.
pub const NAMES: [&str; 9] = [
    "x", "a.x", "ab.x", "ac.x", "b.x", "c.x", "a.a.x", "b.a.x", "b.b.x",
];

/// Which leaves a policy may use.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    /// All of them.
    All,
    /// Those that are exact for future pods, whatever their port names and addresses.
    Exact,
}

pub fn protocol() -> impl Strategy<Value = Protocol> {
    select(&Protocol::ALL[..])
}

pub fn labels() -> impl Strategy<Value = Labels> {
    vec((select(&KEYS[..]), select(&VALUES[..])), 0..3)
        .prop_map(|l| l.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
}

fn op(leaves: Leaves) -> BoxedStrategy<LabelOp> {
    let values = || btree_set(select(&VALUES[..]).prop_map(String::from), 0..3);
    let exact = prop_oneof![
        4 => values().prop_map(LabelOp::In),
        3 => values().prop_map(LabelOp::NotIn),
        1 => Just(LabelOp::Exists),
        1 => Just(LabelOp::DoesNotExist),
    ];
    if leaves == Leaves::Exact {
        return exact.boxed();
    }
    let text = || select(&["", "w", "web", "b"][..]).prop_map(String::from);
    prop_oneof![
        9 => exact,
        1 => text().prop_map(LabelOp::StartsWith),
        1 => text().prop_map(LabelOp::EndsWith),
        1 => text().prop_map(LabelOp::Contains),
    ]
    .boxed()
}

pub fn selector(leaves: Leaves) -> impl Strategy<Value = Selector> {
    let one = (select(&KEYS[..]), op(leaves)).prop_map(|(key, op)| Requirement::new(key, op));
    vec(one, 0..3).prop_map(|requirements| Selector { requirements })
}

fn namespace_selector(leaves: Leaves) -> impl Strategy<Value = Selector> {
    let by_name = select(&["ns-0", "ns-1", "ns-9"][..])
        .prop_map(|name| Selector::label(NAMESPACE_NAME_LABEL, name));
    let any_name = Just(Selector {
        requirements: vec![Requirement::new(NAMESPACE_NAME_LABEL, LabelOp::Exists)],
    });
    prop_oneof![4 => selector(leaves), 2 => by_name, 1 => any_name]
}

pub fn ip_set() -> impl Strategy<Value = IpSet> {
    let net = || select(&NETS[..]).prop_map(|n| n.parse().expect("a network"));
    (net(), vec(net(), 0..3)).prop_map(|(net, except)| IpSet::block(net, &except))
}

/// One of the patterns, or a name with all that is below another.
pub fn domain() -> impl Strategy<Value = DomainPattern> {
    prop_oneof![
        4 => select(&DOMAINS[..]).prop_map(DomainPattern::labelwise),
        1 => select(&["a.x", "*.x", "*.a.x"][..]).prop_map(DomainPattern::subdomains),
    ]
}

fn leaf(leaves: Leaves) -> BoxedStrategy<Peer> {
    let exact = prop_oneof![
        1 => Just(Peer::Everything),
        1 => Just(Peer::Nothing),
        1 => Just(Peer::Pods),
        1 => Just(Peer::NewPods),
        1 => Just(Peer::HostNetwork),
        1 => Just(Peer::PodsIpv4),
        1 => Just(Peer::PodsIpv6),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(v4, v6)| Peer::PodsOfFamilies { v4, v6 }),
        6 => selector(leaves).prop_map(Peer::PodLabels),
        3 => select(&["ns-0", "ns-1", "ns-9"][..]).prop_map(|n| Peer::Namespace(n.into())),
        5 => namespace_selector(leaves).prop_map(Peer::NamespaceLabels),
        1 => (0..5u32).prop_map(|key| Peer::PodsOf(WorkloadKey(key))),
        4 => ip_set().prop_map(Peer::Addresses),
        1 => selector(leaves).prop_map(Peer::Nodes),
        1 => selector(leaves).prop_map(Peer::HostsOn),
        1 => ip_set().prop_map(Peer::HostAddresses),
        1 => domain().prop_map(Peer::Domain),
        1 => select(&Entity::OPAQUE[..]).prop_map(Peer::Entity),
    ];
    if leaves == Leaves::Exact {
        return exact.boxed();
    }
    prop_oneof![
        15 => exact,
        1 => select(&["default", "robot"][..]).prop_map(|s| Peer::ServiceAccount(s.into())),
        2 => ip_set().prop_map(Peer::PodAddresses),
    ]
    .boxed()
}

pub fn peer(leaves: Leaves) -> impl Strategy<Value = Peer> {
    leaf(leaves).prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 0..3).prop_map(Peer::All),
            2 => vec(inner.clone(), 0..3).prop_map(Peer::AnyOf),
            1 => inner.prop_map(|p| Peer::Not(Box::new(p))),
        ]
    })
}

fn span() -> Span {
    Span::new("random.yaml".into(), 1, 1)
}

fn port(leaves: Leaves) -> BoxedStrategy<PortMatch> {
    let one = || select(&PORTS[..]);
    let numbered = prop_oneof![
        4 => (protocol(), one(), one()).prop_map(|(protocol, a, b)| PortMatch::Range {
            protocol,
            first: a.min(b),
            last: a.max(b),
        }),
        1 => protocol().prop_map(PortMatch::AllPorts),
    ];
    if leaves == Leaves::Exact {
        return numbered.boxed();
    }
    let name = || {
        let names = select(&["http", "dns"][..]);
        (proptest::option::of(protocol()), names)
    };
    prop_oneof![
        3 => numbered,
        2 => name().prop_map(|(protocol, name)| PortMatch::Named { protocol, name: name.into() }),
        1 => (name(), select(&PORTS[..])).prop_map(|((protocol, name), last)| PortMatch::FromNamed {
            protocol: protocol.unwrap_or(Protocol::Tcp),
            name: name.into(),
            last,
        }),
    ]
    .boxed()
}

fn rule(leaves: Leaves) -> impl Strategy<Value = Rule> {
    let peers = vec(
        peer(leaves).prop_map(|peer| PeerItem { peer, span: span() }),
        0..3,
    );
    let item = || port(leaves).prop_map(|port| PortItem { port, span: span() });
    let ports = vec(item(), 0..3);
    let except = prop_oneof![4 => Just(Vec::new()), 1 => vec(item(), 1..3)];
    (
        select(&[Action::Accept, Action::Accept, Action::Deny, Action::Pass][..]),
        proptest::option::weighted(0.2, peer(leaves)),
        prop_oneof![1 => Just(Match::Any), 3 => peers.prop_map(Match::Only)],
        prop_oneof![1 => Just(Match::Any), 2 => ports.prop_map(Match::Only)],
        except,
    )
        .prop_map(|(action, subject, peers, ports, except)| Rule {
            name: None,
            action,
            subject,
            peers,
            ports,
            except,
            conditions: Vec::new(),
            met_by: Vec::new(),
            index: 0,
            span: span(),
        })
}

fn side(leaves: Leaves) -> impl Strategy<Value = Option<Side>> {
    let some = (any::<bool>(), vec(rule(leaves), 0..4))
        .prop_map(|(isolates, rules)| Side { isolates, rules });
    proptest::option::weighted(0.8, some)
}

pub fn policies(leaves: Leaves) -> impl Strategy<Value = Vec<Arc<Policy>>> {
    let subject = prop_oneof![1 => Just(Peer::Pods), 2 => peer(leaves)];
    let one = (0..4usize, 0..2i64, subject, side(leaves), side(leaves));
    vec(one, 0..7).prop_map(|all| {
        let policy = |(at, (tier, order, subject, ingress, egress))| {
            Arc::new(Policy {
                kind: "Policy",
                name: format!("policy-{at}"),
                namespace: None,
                tier,
                order,
                tie: format!("policy-{at}"),
                subject,
                ingress,
                egress,
                span: span(),
            })
        };
        all.into_iter().enumerate().map(policy).collect()
    })
}

fn container_port() -> impl Strategy<Value = ContainerPort> {
    let name = proptest::option::of(select(&["http", "dns"][..]).prop_map(String::from));
    (name, select(&PORTS[..]), protocol()).prop_map(|(name, port, protocol)| ContainerPort {
        name,
        port,
        protocol,
    })
}

fn pod() -> impl Strategy<Value = Pod> {
    let address = || select(&ADDRESSES[..]).prop_map(|a| a.parse::<IpAddr>().expect("an address"));
    (
        labels(),
        (
            vec(container_port(), 0..3),
            0..2usize,
            vec(container_port(), 0..2),
        ),
        proptest::bool::weighted(0.2),
        select(&["default", "robot"][..]),
        vec(address(), 0..2),
        proptest::option::of(select(&["node-0", "node-1"][..])),
    )
        .prop_map(
            |(labels, (ports, sidecars, init), host_network, account, addresses, node)| Pod {
                name: String::new(),
                namespace: 0,
                workload: 0,
                key: WorkloadKey(0),
                labels: Arc::new(labels),
                sidecar_ports: sidecars.min(ports.len()),
                ports: ports.into(),
                init_ports: init.into(),
                ambiguous_ports: Arc::default(),
                host_network,
                service_account: account.into(),
                addresses,
                node: node.map(Into::into),
            },
        )
}

/// A workload: its namespace, and pods that may differ.
fn workload(namespaces: usize) -> impl Strategy<Value = (usize, Vec<Pod>)> {
    let alike = (pod(), 1..3usize).prop_map(|(pod, n)| vec![pod; n]);
    (
        0..namespaces,
        prop_oneof![2 => alike, 1 => vec(pod(), 0..3)],
    )
}

fn node(at: usize) -> impl Strategy<Value = Node> {
    let address = select(&ADDRESSES[..]).prop_map(|a| a.parse().expect("an address"));
    (labels(), vec(address, 0..2)).prop_map(move |(labels, addresses)| Node {
        name: format!("node-{at}"),
        labels,
        addresses,
        pod_cidrs: Vec::new(),
    })
}

/// A cluster without policies, with four tiers of both kinds.
pub fn cluster() -> impl Strategy<Value = Snapshot> {
    let tables = (1..4usize).prop_flat_map(|n| (vec(labels(), n), vec(workload(n), 1..6)));
    let names = select(
        &[
            PortNames::Running,
            PortNames::Running,
            PortNames::AllContainers,
            PortNames::LastOfContainers,
        ][..],
    );
    let nodes = (node(0), node(1), any::<bool>(), names);
    (tables, nodes).prop_map(|((namespaces, mut workloads), nodes)| {
        workloads.sort_by_key(|w| w.0);
        let mut snapshot = Snapshot {
            tiers: tiers(),
            nodes: vec![nodes.0, nodes.1],
            assumptions: Assumptions {
                port_names: nodes.3,
                host_network: match nodes.2 {
                    true => HostNetwork::Nodes,
                    false => HostNetwork::Pods,
                },
                ..Assumptions::default()
            },
            ..Snapshot::default()
        };
        for (at, mut labels) in namespaces.into_iter().enumerate() {
            let name = format!("ns-{at}");
            labels.insert(NAMESPACE_NAME_LABEL.into(), name.clone());
            Arc::make_mut(&mut snapshot.namespaces).push(Namespace {
                name,
                labels,
                declared: true,
                span: None,
            });
        }
        for (at, (namespace, pods)) in workloads.into_iter().enumerate() {
            add(&mut snapshot, at, namespace, pods);
        }
        mark_ambiguous_ports(&mut snapshot.pods);
        snapshot
    })
}

fn tiers() -> Vec<Tier> {
    let tier = |(name, combine): (&str, Combine)| Tier {
        name: name.into(),
        combine,
    };
    [
        ("Admin", Combine::FirstMatch),
        ("NetworkPolicy", Combine::DenyOverAccept),
        ("Custom", Combine::FirstMatch),
        ("Baseline", Combine::DenyOverAccept),
    ]
    .map(tier)
    .into()
}

/// How a side reads policies: whether its tiers combine in the other order, and whether host-network
/// pods count as the opposite of what they count as in the cluster.
pub type Reading = (bool, bool);

pub fn reading() -> impl Strategy<Value = Reading> {
    (any::<bool>(), any::<bool>())
}

/// The same cluster and policies, read that way.
pub fn read_as(snapshot: &Snapshot, (turned, flipped): Reading) -> Snapshot {
    let mut snapshot = snapshot.clone();
    for tier in snapshot.tiers.iter_mut().filter(|_| turned) {
        tier.combine = match tier.combine {
            Combine::FirstMatch => Combine::DenyOverAccept,
            Combine::DenyOverAccept => Combine::FirstMatch,
        };
    }
    if flipped {
        let host_network = &mut snapshot.assumptions.host_network;
        *host_network = match *host_network {
            HostNetwork::Pods => HostNetwork::Nodes,
            HostNetwork::Nodes => HostNetwork::Pods,
        };
    }
    snapshot
}

/// The same cluster, where the second pod of a workload is like the first, but on the host network if that
/// is not.
pub fn twinned(cluster: &Snapshot) -> Snapshot {
    let mut snapshot = cluster.clone();
    for workload in cluster.workloads.iter() {
        if let [first, second, ..] = &mut Arc::make_mut(&mut snapshot.pods)[workload.pods.clone()] {
            let name = std::mem::take(&mut second.name);
            *second = Pod {
                name,
                host_network: !first.host_network,
                ..first.clone()
            };
        }
    }
    mark_ambiguous_ports(&mut snapshot.pods);
    snapshot
}

fn add(snapshot: &mut Snapshot, at: usize, namespace: usize, pods: Vec<Pod>) {
    let start = snapshot.pods.len();
    let name = format!("w-{at}");
    let labels = pods.first().map(|p| Labels::clone(&p.labels));
    for (number, pod) in pods.into_iter().enumerate() {
        Arc::make_mut(&mut snapshot.pods).push(Pod {
            name: format!("{name}-{number}"),
            namespace,
            workload: at,
            key: WorkloadKey::at(at),
            ..pod
        });
    }
    Arc::make_mut(&mut snapshot.workloads).push(Workload {
        pods: start..snapshot.pods.len(),
        object: Arc::new(WorkloadObject {
            namespace: format!("ns-{namespace}"),
            name,
            kind: "Deployment".into(),
            selector: None,
            labels: labels.unwrap_or_default(),
            own_labels: Labels::new(),
            annotations: Labels::new(),
            cluster_dns: true,
            host_ports: Vec::new(),
            replicas: None,
            span: None,
        }),
    });
}

/// Changes of a cluster: a workload removed, or with pods of another kind; other labels of a namespace;
/// other nodes.
pub fn altered(cluster: &Snapshot, edits: &[Alteration]) -> Snapshot {
    let mut snapshot = cluster.clone();
    for edit in edits {
        match edit {
            Alteration::Gone(at) => {
                let at = at % snapshot.workloads.len();
                let gone = Arc::make_mut(&mut snapshot.workloads).remove(at).pods;
                Arc::make_mut(&mut snapshot.pods).drain(gone.clone());
                for workload in &mut Arc::make_mut(&mut snapshot.workloads)[at..] {
                    workload.pods =
                        workload.pods.start - gone.len()..workload.pods.end - gone.len();
                }
                for pod in &mut Arc::make_mut(&mut snapshot.pods)[gone.start..] {
                    pod.workload -= 1;
                }
                if snapshot.workloads.is_empty() {
                    return snapshot;
                }
            }
            Alteration::Relabelled(at, labels) => {
                let count = snapshot.pods.len().max(1);
                if let Some(pod) = Arc::make_mut(&mut snapshot.pods).get_mut(at % count) {
                    pod.labels = labels.clone().into();
                }
            }
            Alteration::Namespace(at, labels) => {
                let count = snapshot.namespaces.len();
                let namespace = &mut Arc::make_mut(&mut snapshot.namespaces)[at % count];
                let name = namespace.name.clone();
                namespace.labels.clone_from(labels);
                namespace.labels.insert(NAMESPACE_NAME_LABEL.into(), name);
            }
            Alteration::Nodes(nodes) => snapshot.nodes.clone_from(nodes),
        }
    }
    mark_ambiguous_ports(&mut snapshot.pods);
    snapshot
}

/// One thing that [`altered`] does.
#[derive(Clone, Debug)]
pub enum Alteration {
    Gone(usize),
    Relabelled(usize, Labels),
    Namespace(usize, Labels),
    Nodes(Vec<Node>),
}

pub fn alterations() -> impl Strategy<Value = Vec<Alteration>> {
    let one = prop_oneof![
        2 => (0..8usize).prop_map(Alteration::Gone),
        3 => (0..8usize, labels()).prop_map(|(at, l)| Alteration::Relabelled(at, l)),
        1 => (0..4usize, labels()).prop_map(|(at, l)| Alteration::Namespace(at, l)),
        1 => vec(node(0), 0..2).prop_map(Alteration::Nodes),
    ];
    vec(one, 0..3)
}
