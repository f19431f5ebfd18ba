//! Random drawings.

use proptest::prelude::*;

use crate::cluster::{ContainerPort, HostNetwork, PodAddresses};
use crate::model::fixture::Fixture;
use crate::model::validate::{flow_ports, selector};
use crate::model::{Base, Dns, DnsProfile, End, Flow, Isolate, NamespaceId, Pod, Style, Unknown};
use crate::policy::{Direction, Entity, HttpRule, Target};
use crate::sets::Protocol;

const NAMESPACES: [&str; 4] = ["a", "b", "kube-system", "openshift-dns"];
const LABELS: [&str; 8] = [
    "",
    "app=on",
    "app=on, tier=0x1F",
    "app=on, version=1",
    "app=db",
    "k8s-app=kube-dns",
    "app.kubernetes.io/name=y, app.kubernetes.io/instance=1_000",
    "tier=null, app=1.0, app.kubernetes.io/name=y",
];
const SELECTORS: [&str; 6] = [
    "",
    "app=on",
    "app in (on, db)",
    "tier",
    "!tier",
    "app!=db, tier notin (null)",
];
const NAMESPACE_SELECTORS: [&str; 4] = ["", "kubernetes.io/metadata.name=a", "team", "!team"];
const NETWORKS: [&[&str]; 4] = [
    &[
        "0.0.0.0/0 except 10.0.0.0/8, 192.168.0.0/16",
        "::/0 except fc00::/7",
    ],
    &["203.0.113.7/32"],
    &["10.0.0.0/8"],
    &[],
];
const PORTS: [&str; 11] = [
    "TCP/80",
    "any",
    "TCP",
    "UDP/53, TCP/53",
    "TCP/8000-8010, TCP/8011, TCP/80",
    "TCP/http",
    "SCTP/7, UDP",
    "TCP/http, TCP/8080",
    "TCP/1-65535",
    "ICMP/8, ICMPv6/128",
    "TCP/80, ICMP/0-3, ICMPv6",
];
const ACCOUNTS: [&str; 3] = ["default", "robot", "scraper"];
const KEPT: [&str; 3] = [
    "{}",
    "{matchLabels: {app: \"on\"}}",
    "{matchExpressions: [{key: tier, operator: Exists}]}",
];

#[derive(Clone, Debug)]
pub(crate) struct Random {
    pub(super) settings: (bool, u8, bool, u8, u8, bool),
    pub(super) namespaces: Vec<(u8, u8, bool, bool)>,
    /// The last: the directions of `isolate`.
    pub(super) workloads: Vec<(usize, usize, u8, bool, bool, u8)>,
    pub(super) externals: Vec<usize>,
    /// The last: the directions of `isolate`.
    pub(super) groups: Vec<(usize, usize, u8)>,
    /// Which service accounts groups and workloads have, by their places; none: groups any, workloads the default.
    pub(super) accounts: Option<(usize, usize)>,
    /// The last: `half`, HTTP rules, `action` and `approximate`.
    pub(super) flows: Vec<(usize, usize, usize, bool, u8)>,
    pub(super) kept: Option<(usize, bool)>,
    /// Whether the imported policy allows something, too.
    pub(super) opens: bool,
}

pub(crate) fn random() -> impl Strategy<Value = Random> {
    let number = 0..1000_usize;
    (
        (
            any::<bool>(),
            0..4_u8,
            any::<bool>(),
            0..5_u8,
            0..3_u8,
            any::<bool>(),
        ),
        prop::collection::vec(
            (0..5_u8, 0..3_u8, prop::bool::weighted(0.8), any::<bool>()),
            1..4,
        ),
        prop::collection::vec(
            (
                number.clone(),
                number.clone(),
                0..4_u8,
                prop::bool::weighted(0.15),
                any::<bool>(),
                0..8_u8,
            ),
            0..7,
        ),
        prop::collection::vec(number.clone(), 0..3),
        prop::collection::vec((number.clone(), number.clone(), 0..8_u8), 0..3),
        prop::collection::vec(
            (
                number.clone(),
                number.clone(),
                number,
                prop::bool::weighted(0.1),
                0..8_u8,
            ),
            0..8,
        ),
        (
            prop::option::of((0..3_usize, any::<bool>())),
            prop::option::of((0..1000_usize, 0..1000_usize)),
        ),
    )
        .prop_map(
            |(settings, namespaces, workloads, externals, groups, flows, (kept, accounts))| {
                Random {
                    accounts,
                    settings,
                    namespaces,
                    workloads,
                    externals,
                    groups,
                    flows,
                    kept,
                    opens: false,
                }
            },
        )
}

/// The same, with imported policies that allow something, too.
pub(crate) fn random_with_rules() -> impl Strategy<Value = Random> {
    (random(), prop::bool::weighted(0.3)).prop_map(|(random, opens)| Random { opens, ..random })
}

impl Random {
    /// How many objects are in it.
    pub(crate) fn len(&self) -> usize {
        self.workloads.len() + self.flows.len() + self.externals.len() + self.groups.len()
    }

    /// Closes every namespace in both directions, and leaves out host networks, imported policies and what closes or
    /// opens less than that: isolation of workloads and groups, flows with one gate.
    pub(crate) fn close(&mut self) {
        self.settings.1 = 0;
        for namespace in &mut self.namespaces {
            (namespace.0, namespace.2) = (4, true);
        }
        for workload in &mut self.workloads {
            (workload.3, workload.5) = (false, 0);
        }
        for group in &mut self.groups {
            group.2 = 0;
        }
        for flow in &mut self.flows {
            flow.4 = 0;
        }
        self.kept = None;
    }
}

fn pick<T: Copy>(from: &[T], at: usize) -> T {
    from[at % from.len()]
}

fn isolate_of(number: u8) -> Isolate {
    match number {
        1 => Isolate::Ingress,
        2 => Isolate::Egress,
        3 => Isolate::Both,
        _ => Isolate::None,
    }
}

fn base(at: u8) -> Base {
    pick(
        &[
            Base::DenyAll,
            Base::DenyIngress,
            Base::None,
            Base::DenyEgress,
        ],
        usize::from(at),
    )
}

pub(crate) fn drawing(random: &Random) -> Fixture {
    let mut fixture = Fixture::new();
    for (at, (own_base, dns, managed, team)) in random.namespaces.iter().enumerate() {
        let id = fixture.namespace(NAMESPACES[at]);
        let namespace = fixture.document.namespaces.get_mut(id).unwrap();
        namespace.base = (*own_base < 4).then(|| base(*own_base));
        namespace.dns = pick(&[None, Some(true), Some(false)], usize::from(*dns));
        namespace.managed = *managed || at == 0;
        if *team {
            namespace.labels.insert("team".into(), "yes".into());
        }
    }
    let ids: Vec<NamespaceId> = fixture.document.namespaces.ids().collect();
    for (at, (namespace, labels, shape, host, port, isolate)) in random.workloads.iter().enumerate()
    {
        let of = fixture
            .document
            .namespaces
            .get(pick(&ids, *namespace))
            .unwrap()
            .name
            .clone();
        let id = fixture.workload(&format!("{of}/w{at}"), pick(&LABELS, *labels));
        let workload = fixture.document.workloads.get_mut(id).unwrap();
        workload.host_network = *host;
        workload.isolate = isolate_of(*isolate);
        if let Some((_, of_workloads)) = random.accounts {
            let account = pick(&ACCOUNTS, of_workloads / (at + 1));
            workload.service_account = (account != ACCOUNTS[0]).then(|| account.to_owned());
        }
        match shape {
            0 => workload.kind = "Pod".into(),
            1 => workload.replicas = Some(1),
            2 => workload.addresses = vec![format!("10.1.0.{at}").parse().unwrap()],
            _ => {}
        }
        if *port {
            workload.ports.push(ContainerPort {
                name: Some("http".into()),
                port: 8080,
                protocol: Protocol::Tcp,
            });
        }
    }
    for (at, networks) in random.externals.iter().enumerate() {
        fixture.external(
            &format!("e{at}"),
            pick(&NETWORKS, *networks),
            &["api.example.com"][..networks % 2],
        );
        let id = fixture.document.externals.ids().last().unwrap();
        let external = fixture.document.externals.get_mut(id).unwrap();
        external.entity = Entity::ALL.get(networks / 2 % 12).copied();
    }
    for (at, (namespaces, pods, isolate)) in random.groups.iter().enumerate() {
        let of = |text: &str| selector(text).unwrap();
        let id = fixture.document.groups.next_id();
        fixture.group(
            &format!("g{at}"),
            of(pick(&NAMESPACE_SELECTORS, *namespaces)),
            of(pick(&SELECTORS, *pods)),
        );
        let group = fixture.document.groups.get_mut(id).unwrap();
        group.isolate = isolate_of(*isolate);
        if let Some((of_groups, _)) = random.accounts {
            let names = &ACCOUNTS[..of_groups / (at + 1) % 3];
            group.accounts = names.iter().map(|name| (*name).to_owned()).collect();
        }
    }
    // One has no address; one has the address of a pod, too.
    for (name, addresses) in [
        ("n0", &["10.0.0.9", "fd00::9"][..]),
        ("n1", &["10.1.0.2"]),
        ("n2", &[]),
    ] {
        fixture.node(name, addresses);
    }
    let mut ends = vec![End::AnyPod];
    ends.extend(ids.iter().map(|id| End::AnyPodOf(*id)));
    ends.extend(fixture.document.workloads.ids().map(End::Workload));
    ends.extend(fixture.document.workloads.ids().map(End::Workload));
    ends.extend(fixture.document.externals.ids().map(End::External));
    ends.extend(fixture.document.groups.ids().map(End::Group));
    ends.extend(fixture.document.nodes.ids().map(End::Node));
    for (from, to, ports, muted, half) in &random.flows {
        fixture.document.flows.add(Flow {
            from: ends[from % ends.len()].clone(),
            to: ends[to % ends.len()].clone(),
            ports: flow_ports(pick(&PORTS, *ports)).unwrap(),
            note: "why: #1\non".into(),
            half: match half {
                1 => Some(Direction::Ingress),
                2 => Some(Direction::Egress),
                _ => None,
            },
            muted: *muted,
            observed: None,
            http: match half {
                3 | 7 => HttpRule::parse("GET /a/.*").into_iter().collect(),
                _ => Vec::new(),
            },
            denies: *half == 4,
            approximate: *half >= 6,
            unknown: Unknown::new(),
        });
    }
    if let Some((subject, egress)) = random.kept {
        let types = if egress { "Ingress, Egress" } else { "Ingress" };
        let rules = match random.opens {
            true => {
                ", ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 80}]}]"
            }
            false => "",
        };
        fixture.import(
            &format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: deny-all, namespace: a}}\nspec: {{podSelector: {}, policyTypes: [{types}]{rules}}}\n",
                KEPT[subject]
            ),
            None,
        );
    }
    let (style, own_base, dns, profile, addresses, nodes) = random.settings;
    let settings = &mut fixture.document.settings;
    settings.style = if style {
        Style::PerFlow
    } else {
        Style::PerWorkload
    };
    settings.base = base(own_base);
    settings.dns = Dns {
        allow: dns,
        profile: match profile {
            0 => DnsProfile::OpenShift,
            1 => DnsProfile::NodeLocal,
            2 => DnsProfile::Custom {
                namespaces: selector("team").unwrap(),
                pods: selector("app=on, tier").unwrap(),
                ports: flow_ports("UDP/dns, TCP/5353").unwrap(),
            },
            _ => DnsProfile::Kubernetes,
        },
    };
    settings.assumptions.pod_addresses = pick(
        &[
            PodAddresses::Unknown,
            PodAddresses::Outside,
            PodAddresses::Known,
        ],
        usize::from(addresses),
    );
    settings.assumptions.host_network = if nodes {
        HostNetwork::Nodes
    } else {
        HostNetwork::Pods
    };
    fixture
}

/// The same, written in a dialect.
pub(crate) fn drawing_in(random: &Random, target: Target) -> Fixture {
    let mut fixture = drawing(random);
    fixture.document.settings.dialects = vec![target];
    // Pods of one workload may differ: some are on the host network, others are not.
    let ids: Vec<_> = fixture.document.workloads.ids().collect();
    for (id, (_, labels, shape, host, ..)) in ids.into_iter().zip(&random.workloads) {
        if *host && *shape > 0 && *labels % 2 == 1 {
            let pod = |name: &str, host_network| Pod {
                name: name.into(),
                host_network,
                ..Pod::default()
            };
            let workload = fixture.document.workloads.get_mut(id).unwrap();
            workload.pods = vec![pod("on-node", None), pod("on-network", Some(false))];
        }
    }
    fixture
}

/// The dialects, NetworkPolicy as often as all others.
pub(crate) fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        2 => Just(Target::Kubernetes),
        1 => Just(Target::Cilium),
        1 => Just(Target::Calico),
        1 => Just(Target::AdminNetworkPolicy),
        1 => Just(Target::ClusterNetworkPolicy),
    ]
}
