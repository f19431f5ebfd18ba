//! Synthetic clusters of any size; everything follows from the seed.

use std::sync::Arc;

use drawbridge::cluster::{
    ContainerPort, NAMESPACE_NAME_LABEL, Namespace, Pod, Snapshot, Workload, WorkloadObject,
};
use drawbridge::diag::Span;
use drawbridge::policy::{
    Action, Combine, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule, Side, Tier,
    WorkloadKey,
};
use drawbridge::sets::{IpSet, LabelOp, Labels, Protocol, Requirement, Selector};

const TIERS: [(&str, u16, &str); 6] = [
    ("web", 8080, "http"),
    ("api", 9000, "grpc"),
    ("worker", 7070, "metrics"),
    ("cache", 6379, "redis"),
    ("db", 5432, "sql"),
    ("queue", 5672, "amqp"),
];

/// The size of a cluster.
#[derive(Clone, Copy)]
pub struct Size {
    pub namespaces: usize,
    pub workloads: usize,
    pub pods_each: usize,
    pub policies: usize,
}

/// A linear congruential generator: the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// A cluster of this size, with NetworkPolicies in one tier.
pub fn cluster(size: Size) -> Snapshot {
    let mut dice = Dice(1);
    let mut snapshot = Snapshot {
        tiers: vec![Tier {
            name: "NetworkPolicy".into(),
            combine: Combine::DenyOverAccept,
        }],
        ..Snapshot::default()
    };
    for at in 0..size.namespaces {
        let name = format!("ns-{at:04}");
        let labels = [
            (NAMESPACE_NAME_LABEL, name.as_str()),
            ("team", ["pay", "shop", "ops"][at % 3]),
        ];
        Arc::make_mut(&mut snapshot.namespaces).push(Namespace {
            labels: labels.map(|(k, v)| (k.into(), v.into())).into(),
            name,
            declared: true,
            span: None,
        });
    }
    for at in 0..size.workloads {
        add_workload(
            &mut snapshot,
            at,
            at * size.namespaces / size.workloads,
            size.pods_each,
            &mut dice,
        );
    }
    for at in 0..size.policies {
        let policy = policy(&snapshot, at, &mut dice);
        snapshot.policies.push(policy.into());
    }
    snapshot
}

fn add_workload(
    snapshot: &mut Snapshot,
    at: usize,
    namespace: usize,
    pods: usize,
    dice: &mut Dice,
) {
    let (tier, port, port_name) = TIERS[dice.below(TIERS.len())];
    let name = format!("{tier}-{at}");
    let release = format!("r{}", dice.below(4));
    let labels = [
        ("app", name.as_str()),
        ("tier", tier),
        ("release", release.as_str()),
    ];
    let labels: Labels = labels.map(|(k, v)| (k.into(), v.into())).into();
    let ports: Arc<[ContainerPort]> = [ContainerPort {
        name: Some(port_name.into()),
        port,
        protocol: Protocol::Tcp,
    }]
    .into();
    let start = snapshot.pods.len();
    let shared = Arc::new(labels.clone());
    Arc::make_mut(&mut snapshot.pods).extend((0..pods).map(|n| Pod {
        name: format!("{name}-{n}"),
        namespace,
        workload: at,
        key: WorkloadKey::at(at),
        labels: shared.clone(),
        ports: ports.clone(),
        sidecar_ports: 0,
        init_ports: Arc::default(),
        ambiguous_ports: Arc::default(),
        host_network: false,
        service_account: "default".into(),
        addresses: Vec::new(),
        node: None,
    }));
    Arc::make_mut(&mut snapshot.workloads).push(Workload {
        pods: start..start + pods,
        object: Arc::new(WorkloadObject {
            namespace: snapshot.namespaces[namespace].name.clone(),
            name,
            kind: "Deployment".into(),
            selector: None,
            labels,
            own_labels: Labels::new(),
            annotations: Labels::new(),
            cluster_dns: true,
            host_ports: Vec::new(),
            replicas: None,
            span: None,
        }),
    });
}

fn span() -> Span {
    Span::new("made-up.yaml".into(), 1, 1)
}

fn selector(labels: &Labels, dice: &mut Dice) -> Selector {
    let equal = |key: &str| Requirement::equals(key, labels[key].clone());
    let of = |key: &str| [labels[key].clone()].into();
    let requirements = match dice.below(10) {
        0..=4 => vec![equal("app")],
        5 | 6 => vec![equal("tier"), equal("release")],
        7 => vec![
            equal("tier"),
            Requirement::new("canary", LabelOp::DoesNotExist),
        ],
        8 => vec![Requirement::new("tier", LabelOp::NotIn(of("tier")))],
        _ => Vec::new(),
    };
    Selector { requirements }
}

fn peer(snapshot: &Snapshot, namespace: &str, dice: &mut Dice) -> Peer {
    let other = &snapshot.workloads[dice.below(snapshot.workloads.len())];
    let pods = Peer::PodLabels(selector(&other.labels, dice));
    match dice.below(4) {
        0 => Peer::All(vec![Peer::Namespace(namespace.into()), pods]),
        1 => Peer::All(vec![Peer::Namespace(other.namespace.clone()), pods]),
        2 => {
            let team = Selector::label("team", ["pay", "shop", "ops"][dice.below(3)]);
            Peer::All(vec![Peer::NamespaceLabels(team), pods])
        }
        _ => {
            let (a, b) = (dice.below(223) + 1, dice.below(256));
            let net = format!("{a}.{b}.0.0/16").parse().expect("a network");
            let except = format!("{a}.{b}.{}.0/24", dice.below(256))
                .parse()
                .expect("a network");
            Peer::Addresses(IpSet::block(net, &[except]))
        }
    }
}

fn rule(snapshot: &Snapshot, namespace: &str, dice: &mut Dice) -> Rule {
    let (_, number, name) = TIERS[dice.below(TIERS.len())];
    let port = match dice.below(3) {
        0 => PortMatch::Named {
            protocol: Some(Protocol::Tcp),
            name: name.into(),
        },
        _ => PortMatch::Range {
            protocol: Protocol::Tcp,
            first: number,
            last: number,
        },
    };
    let peers = (0..=dice.below(2)).map(|_| PeerItem {
        peer: peer(snapshot, namespace, dice),
        span: span(),
    });
    Rule {
        met_by: Vec::new(),
        index: 0,
        name: None,
        action: Action::Accept,
        subject: None,
        peers: Match::Only(peers.collect()),
        ports: Match::Only(vec![PortItem { port, span: span() }]),
        conditions: Vec::new(),
        except: Vec::new(),
        span: span(),
    }
}

fn policy(snapshot: &Snapshot, at: usize, dice: &mut Dice) -> Policy {
    let own = &snapshot.workloads[dice.below(snapshot.workloads.len())];
    let namespace = own.namespace.clone();
    let pods = Peer::PodLabels(selector(&own.labels, dice));
    let mut side = || {
        let rules = (0..dice.below(3))
            .map(|_| rule(snapshot, &namespace, dice))
            .collect();
        Side {
            isolates: true,
            rules,
        }
    };
    let (ingress, egress) = (side(), side());
    Policy {
        kind: "NetworkPolicy",
        name: format!("policy-{at}"),
        tier: 0,
        order: 0,
        tie: String::new(),
        subject: Peer::All(vec![Peer::Namespace(namespace.clone()), pods]),
        namespace: Some(namespace),
        ingress: (at % 4 != 3).then_some(ingress),
        egress: (at % 4 != 1).then_some(egress),
        span: span(),
    }
}
