//! Random edits and Documents for property tests. Names and ids come from small pools, so that they
//! often collide; texts are arbitrary.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::yaml::plain::Value;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::time::SECOND;
use super::*;
use crate::cluster::{self, Enforcer, HostNetwork, PodAddresses, PortNames, ServedBy, TargetPort};
use crate::sets::{LabelOp, Requirement};

/// Texts that YAML writers often get wrong.
pub(crate) const NASTY: &[&str] = &[
    "on",
    "off",
    "yes",
    "y",
    "N",
    "null",
    "~",
    "true",
    "1_000",
    "0x1F",
    "1.0",
    "1e3",
    "0o7",
    "0755",
    "2024-01-31",
    "12-30",
    ".inf",
    "-",
    "",
];

/// An address that is not IPv4-mapped: that is the IPv4 address.
fn ip_address() -> impl Strategy<Value = std::net::IpAddr> {
    any::<std::net::IpAddr>().prop_map(|address| address.to_canonical())
}

fn name() -> impl Strategy<Value = String> {
    select(vec![
        "web", "db", "external", "group", "node", "ns", "on", "web-2", "x1",
    ])
    .prop_map(str::to_owned)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(NASTY).prop_map(str::to_owned),
        "[ -~\n]{0,20}",
        "(?s).{0,12}",
        "([ a-z#:-]{0,6}\n){1,4}",
    ]
}

pub(crate) fn labels() -> impl Strategy<Value = Labels> {
    let key =
        select(vec!["app", "y", "on", "app.kubernetes.io/name", "1.0"]).prop_map(str::to_owned);
    let value = select(NASTY)
        .prop_filter("allowed as a label", |v| validate::label_value(v).is_ok())
        .prop_map(str::to_owned);
    btree_map(key, prop_oneof![value, name()], 0..3)
}

fn selector() -> impl Strategy<Value = Selector> {
    let values =
        || vec(name(), 1..3).prop_map(|values| values.into_iter().collect::<BTreeSet<_>>());
    let op = prop_oneof![
        values().prop_map(LabelOp::In),
        values().prop_map(LabelOp::NotIn),
        Just(LabelOp::Exists),
        Just(LabelOp::DoesNotExist),
    ];
    let requirement = (name(), op).prop_map(|(key, op)| Requirement { key, op });
    vec(requirement, 0..4).prop_map(|requirements| Selector { requirements })
}

fn unknown() -> impl Strategy<Value = Unknown> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::from(1.5)),
        text().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Sequence),
            vec((text(), inner), 0..3).prop_map(|pairs| {
                Value::Mapping(
                    pairs
                        .into_iter()
                        .map(|(k, v)| (Value::from(k), v))
                        .collect(),
                )
            }),
        ]
    });
    let key = select(vec!["colour", "on", "x-more", "1"]).prop_map(str::to_owned);
    prop_oneof![3 => Just(Unknown::new()), 1 => btree_map(key, value, 0..3)]
}

fn protocol() -> impl Strategy<Value = Protocol> {
    select(Protocol::ALL.to_vec())
}

pub(crate) fn flow_port() -> impl Strategy<Value = FlowPort> {
    prop_oneof![
        Just(FlowPort::Any),
        protocol().prop_map(FlowPort::All),
        (protocol(), 1..=65535u16, 0..3u16).prop_map(|(p, first, more)| FlowPort::Range(
            p,
            first,
            first.saturating_add(more)
        )),
        (
            select(vec![Protocol::Icmp, Protocol::Icmp6]),
            0..=255u16,
            0..3u16
        )
            .prop_map(|(p, first, more)| FlowPort::Range(
                p,
                first,
                (first + more).min(255)
            )),
        select(vec![Protocol::Icmp, Protocol::Icmp6]).prop_map(FlowPort::All),
        (protocol(), name()).prop_map(|(p, name)| FlowPort::Named(p, name)),
        (protocol(), select(vec!["all", "any", "tcp", "udp"]))
            .prop_map(|(p, name)| FlowPort::Named(p, name.to_owned())),
    ]
}

fn id<K: From<u32> + std::fmt::Debug>() -> impl Strategy<Value = K> {
    (0..4u32).prop_map(K::from)
}

fn end() -> impl Strategy<Value = End> {
    let words = select(vec![
        "web/db",
        "external/web",
        "db/*",
        "node/web",
        "node/x",
        "ns:group/web",
        "?",
        "external/db",
    ]);
    prop_oneof![
        4 => id().prop_map(End::Workload),
        2 => id().prop_map(End::AnyPodOf),
        1 => Just(End::AnyPod),
        2 => id().prop_map(End::External),
        1 => id().prop_map(End::Group),
        1 => id().prop_map(End::Node),
        1 => words.prop_map(|words| End::Missing(words.to_owned())),
    ]
}

fn node() -> impl Strategy<Value = NodeRef> {
    prop_oneof![
        id().prop_map(NodeRef::Namespace),
        id().prop_map(NodeRef::Workload),
        id().prop_map(NodeRef::External),
        id().prop_map(NodeRef::Group),
        id().prop_map(NodeRef::Node),
        Just(NodeRef::AnyPod),
    ]
}

fn base() -> impl Strategy<Value = Base> {
    select(vec![
        Base::DenyAll,
        Base::DenyIngress,
        Base::DenyEgress,
        Base::None,
    ])
}

fn namespace() -> impl Strategy<Value = Thing> {
    (
        name(),
        labels(),
        option::of(base()),
        option::of(any::<bool>()),
        any::<bool>(),
        unknown(),
    )
        .prop_map(|(name, labels, base, dns, managed, unknown)| {
            Thing::Namespace(Namespace {
                name,
                labels,
                base,
                dns,
                managed,
                unknown,
            })
        })
}

fn workload() -> impl Strategy<Value = Thing> {
    let port = (option::of(name()), 1..=65535u16, protocol()).prop_map(|(name, port, protocol)| {
        ContainerPort {
            name,
            port,
            protocol,
        }
    });
    let kind = select(vec!["Deployment", "StatefulSet", "Job"]).prop_map(str::to_owned);
    let who = (id(), name(), kind, labels(), option::of(selector()));
    let what = (
        vec(port, 0..3),
        option::of(name()),
        (any::<bool>(), any::<Option<bool>>()),
        isolate(),
        option::of(0..9u32),
    );
    let address = vec(ip_address(), 0..2);
    let pods = prop_oneof![3 => Just(Vec::new()), 1 => vec(pod(), 1..3)];
    let rest = (address, pods, unknown());
    (who, what, rest).prop_map(|(who, what, (addresses, pods, unknown))| {
        let (namespace, name, kind, labels, selector) = who;
        let (ports, service_account, (host_network, cluster_dns), isolate, replicas) = what;
        Thing::Workload(Workload {
            namespace,
            name,
            kind,
            labels,
            selector,
            ports,
            service_account,
            host_network,
            cluster_dns,
            isolate,
            replicas,
            addresses,
            pods,
            unknown,
        })
    })
}

fn pod() -> impl Strategy<Value = Pod> {
    let port = (option::of(name()), 1..=65535u16, protocol()).prop_map(|(name, port, protocol)| {
        ContainerPort {
            name,
            port,
            protocol,
        }
    });
    let address = vec(ip_address(), 0..2);
    let what = (
        option::of(labels()),
        option::of(vec(port, 0..2)),
        option::of(name()),
        option::of(any::<bool>()),
    );
    (
        name(),
        what,
        option::of(address),
        option::of(name()),
        unknown(),
    )
        .prop_map(|(name, what, addresses, node, unknown)| {
            let (labels, ports, service_account, host_network) = what;
            Pod {
                name,
                labels,
                ports,
                service_account,
                host_network,
                addresses,
                node,
                unknown,
            }
        })
}

fn route() -> impl Strategy<Value = Route> {
    let port = prop_oneof![
        (1..=65535u16).prop_map(TargetPort::Number),
        name().prop_map(TargetPort::Name),
    ];
    let kind = select(vec!["Ingress", "Route", "HTTPRoute", "UDPRoute"]);
    let names = (name(), name(), name(), name());
    let gateways = vec((name(), name()), 0..2);
    let served = (option::of(name()), labels(), gateways);
    let what = (option::of(port), option::of(protocol()), served);
    (kind, names, what, unknown()).prop_map(|(kind, names, what, unknown)| {
        let (namespace, name, service_namespace, service) = names;
        let (port, protocol, (controller, labels, gateways)) = what;
        let served_by = ServedBy {
            controller,
            labels,
            gateways,
        };
        Route {
            backend: cluster::Route {
                kind,
                namespace,
                name,
                service_namespace,
                service,
                port,
                protocol,
                served_by,
                span: None,
            },
            unknown,
        }
    })
}

fn cluster_node() -> impl Strategy<Value = cluster::Node> {
    let addresses = vec(ip_address(), 0..2);
    let all = (name(), labels(), addresses, any::<Option<u8>>());
    all.prop_map(|(name, labels, addresses, pods)| cluster::Node {
        name,
        labels,
        addresses,
        pod_cidrs: pods
            .map(|n| format!("10.244.{n}.0/24").parse().expect("a network"))
            .into_iter()
            .collect(),
    })
}

fn node_of_cluster() -> impl Strategy<Value = Thing> {
    (cluster_node(), unknown()).prop_map(|(node, unknown)| Thing::Node(Node { node, unknown }))
}

fn address_pool() -> impl Strategy<Value = AddressPool> {
    let pool = (
        select(vec!["IPPool", "CiliumPodIPPool", "CiliumNode"]),
        name(),
        any::<u8>(),
    );
    let pool = pool.prop_map(|(kind, name, n)| cluster::AddressPool {
        kind: kind.to_owned(),
        name,
        cidrs: vec![format!("10.245.{n}.0/24").parse().expect("a network")],
    });
    (pool, unknown()).prop_map(|(pool, unknown)| AddressPool { pool, unknown })
}

fn service() -> impl Strategy<Value = Thing> {
    let target = prop_oneof![
        (1..=65535u16).prop_map(TargetPort::Number),
        name().prop_map(TargetPort::Name),
    ];
    let port = (option::of(name()), 1..=65535u16, protocol(), target).prop_map(
        |(name, port, protocol, target)| ServicePort {
            name,
            port,
            protocol,
            target,
        },
    );
    let outside = (
        select(vec![
            "ClusterIP",
            "NodePort",
            "LoadBalancer",
            "ExternalName",
        ]),
        option::of(select(vec!["example.com", "on"])),
        any::<[bool; 2]>(),
    );
    let who = (id(), name(), labels());
    (who, outside, labels(), vec(port, 0..3), unknown()).prop_map(
        |((namespace, name, labels), (kind, domain, flags), selector, ports, unknown)| {
            Thing::Service(Service {
                labels,
                kind: kind.to_owned(),
                headless: flags[0],
                external_name: domain.map(str::to_owned),
                keeps_client_address: flags[1],
                selector,
                ports,
                unknown,
                ..Service::new(namespace, name)
            })
        },
    )
}

fn external() -> impl Strategy<Value = Thing> {
    let networks = select(vec![
        "10.0.0.0/8",
        "0.0.0.0/0 except 10.0.0.0/8, 192.168.0.0/16",
        "::/0 except fc00::/7",
        "2001:db8::1",
    ])
    .prop_map(|text| validate::network(text).expect("a network"));
    let name = prop_oneof![
        name(),
        select(vec!["Office VPN", "api.x.io", "a/b: c", "*"]).prop_map(str::to_owned)
    ];
    let domains = vec(
        select(vec!["api.x.io", "*.x.io"]).prop_map(str::to_owned),
        0..2,
    );
    let entity = proptest::option::of(select(Entity::ALL.to_vec()));
    (name, vec(networks, 0..3), domains, entity, unknown()).prop_map(
        |(name, networks, domain_names, entity, unknown)| {
            Thing::External(External {
                name,
                networks,
                domain_names,
                entity,
                unknown,
            })
        },
    )
}

fn isolate() -> impl Strategy<Value = Isolate> {
    select(vec![
        Isolate::None,
        Isolate::Ingress,
        Isolate::Egress,
        Isolate::Both,
    ])
}

fn group() -> impl Strategy<Value = Thing> {
    let accounts = vec(select(vec!["default", "on", "a.b"]), 0..3);
    let pods = (selector(), accounts);
    let parts = (name(), selector(), pods, isolate(), unknown());
    parts.prop_map(|(name, namespaces, (pods, accounts), isolate, unknown)| {
        Thing::Group(Group {
            name,
            namespaces,
            pods,
            accounts: accounts.into_iter().map(str::to_owned).collect(),
            isolate,
            unknown,
        })
    })
}

fn flow() -> impl Strategy<Value = Thing> {
    (
        end(),
        end(),
        vec(flow_port(), 0..3),
        text(),
        option::weighted(0.3, select(Direction::BOTH.to_vec())),
        any::<[bool; 3]>(),
        vec(http_rule(), 0..2),
        option::weighted(0.3, flow_evidence()),
        unknown(),
    )
        .prop_map(
            |(
                from,
                to,
                ports,
                note,
                half,
                [muted, denies, approximate],
                http,
                observed,
                unknown,
            )| {
                Thing::Flow(Flow {
                    from,
                    to,
                    ports,
                    http,
                    denies,
                    approximate,
                    note,
                    half,
                    muted,
                    observed,
                    unknown,
                })
            },
        )
}

fn flow_evidence() -> impl Strategy<Value = FlowEvidence> {
    let time = || option::of(0..4_000_000_000_i64 * SECOND / 2);
    (any::<u64>(), time(), time(), unknown()).prop_map(|(count, first, last, unknown)| {
        let (first, last) = match first.zip(last) {
            Some((one, other)) => (Some(one.min(other)), Some(one.max(other))),
            None => (first, last),
        };
        FlowEvidence {
            count,
            first,
            last,
            unknown,
        }
    })
}

fn http_rule() -> impl Strategy<Value = HttpRule> {
    let texts = vec!["GET", "GET /products/.*", "/healthz", "POST|PUT /"];
    select(texts).prop_map(|text| HttpRule::parse(text).expect("a rule"))
}

fn policy() -> impl Strategy<Value = Thing> {
    (text(), text(), option::of(text()), unknown()).prop_map(|(file, text, replaces, unknown)| {
        Thing::Policy(ImportedPolicy {
            file,
            text,
            replaces,
            unknown,
        })
    })
}

fn invariant() -> impl Strategy<Value = Thing> {
    let name = prop_oneof![
        name(),
        select(vec!["nobody outside reaches db", "a: b", "y", "web-2"]).prop_map(str::to_owned)
    ];
    let claim = select(vec![Claim::Deny, Claim::DenyAnyHops, Claim::Allow]);
    let ends = (option::of(end()), vec(end(), 0..2), option::of(end()));
    (name, claim, ends, vec(flow_port(), 0..3), unknown()).prop_map(
        |(name, claim, (from, except, to), ports, unknown)| {
            Thing::Invariant(Invariant {
                name,
                claim,
                from,
                except,
                to,
                ports,
                unknown,
            })
        },
    )
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        3 => namespace(),
        5 => workload(),
        1 => service(),
        2 => external(),
        1 => group(),
        1 => node_of_cluster(),
        5 => flow(),
        1 => policy(),
        2 => invariant(),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        1 => id().prop_map(Item::Namespace),
        3 => id().prop_map(Item::Workload),
        1 => id().prop_map(Item::Service),
        1 => id().prop_map(Item::External),
        1 => id().prop_map(Item::Group),
        1 => id().prop_map(Item::Node),
        2 => id().prop_map(Item::Flow),
        1 => id().prop_map(Item::Policy),
        1 => id().prop_map(Item::Invariant),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let style = select(vec![Style::PerFlow, Style::PerWorkload]);
    let profile = prop_oneof![
        Just(DnsProfile::Kubernetes),
        Just(DnsProfile::OpenShift),
        Just(DnsProfile::NodeLocal),
        (selector(), selector(), vec(flow_port(), 0..2)).prop_map(|(namespaces, pods, ports)| {
            DnsProfile::Custom {
                namespaces,
                pods,
                ports,
            }
        }),
    ];
    let assumptions = (
        select(vec![
            Enforcer::Kubernetes,
            Enforcer::Cilium,
            Enforcer::Calico,
        ]),
        select(vec![
            PodAddresses::Unknown,
            PodAddresses::Outside,
            PodAddresses::Known,
        ]),
        select(vec![HostNetwork::Pods, HostNetwork::Nodes]),
    )
        .prop_map(|(enforcer, pod_addresses, host_network)| Assumptions {
            enforcer,
            pod_addresses,
            host_network,
            port_names: PortNames::Running,
        });
    let dns = (any::<bool>(), profile).prop_map(|(allow, profile)| Dns { allow, profile });
    (
        style,
        base(),
        dns,
        assumptions,
        labels(),
        labels(),
        unknown(),
    )
        .prop_map(
            |(style, base, dns, assumptions, labels, annotations, unknown)| Settings {
                dialects: dialects_of(assumptions.enforcer),
                style,
                base,
                dns,
                assumptions,
                labels,
                annotations,
                unknown,
            },
        )
}

/// Lists of one and of two.
fn dialects_of(enforcer: Enforcer) -> Vec<Target> {
    match enforcer {
        Enforcer::Kubernetes => vec![Target::ClusterNetworkPolicy, Target::AdminNetworkPolicy],
        Enforcer::Cilium => vec![Target::Cilium, Target::Kubernetes],
        Enforcer::Calico => vec![Target::Kubernetes, Target::Calico],
    }
}

fn same_kind(thing: Thing, number: u32) -> Edit {
    let item = match thing {
        Thing::Namespace(_) => Item::Namespace(number.into()),
        Thing::Workload(_) => Item::Workload(number.into()),
        Thing::Service(_) => Item::Service(number.into()),
        Thing::External(_) => Item::External(number.into()),
        Thing::Group(_) => Item::Group(number.into()),
        Thing::Node(_) => Item::Node(number.into()),
        Thing::Flow(_) => Item::Flow(number.into()),
        Thing::Policy(_) => Item::Policy(number.into()),
        Thing::Invariant(_) => Item::Invariant(number.into()),
    };
    Edit::Change(item, thing)
}

fn simple_edit() -> impl Strategy<Value = Edit> {
    let at = (-4000..4000i16, -4000..4000i16)
        .prop_map(|(x, y)| [f32::from(x) / 2.0, f32::from(y) / 2.0]);
    let flows = || vec(id::<FlowId>(), 1..3);
    prop_oneof![
        24 => thing().prop_map(Edit::Add),
        6 => (thing(), 0..5u32).prop_map(|(thing, number)| same_kind(thing, number)),
        2 => (item(), name()).prop_map(|(item, name)| Edit::Rename(item, name)),
        2 => vec(item(), 1..3).prop_map(Edit::Remove),
        2 => (flows(), vec(flow_port(), 0..3)).prop_map(|(ids, ports)| Edit::SetPorts(ids, ports)),
        1 => (id(), text()).prop_map(|(id, note)| Edit::Annotate(id, note)),
        2 => (flows(), any::<bool>()).prop_map(|(ids, muted)| Edit::Mute(ids, muted)),
        2 => flows().prop_map(Edit::Reverse),
        2 => btree_map(node(), at, 1..3).prop_map(Edit::Place),
        1 => vec(node(), 1..3).prop_map(Edit::Unpin),
        1 => btree_set(id(), 0..3).prop_map(Edit::Collapse),
        2 => vec(item(), 1..4).prop_map(Edit::Duplicate),
        1 => text().prop_map(Edit::SetName),
        1 => (text(), option::of(text()), text()).prop_map(|(rule, place, reason)| {
            Edit::Ignore(IgnoredRule { rule, place, reason, unknown: Unknown::new() })
        }),
        1 => settings().prop_map(Edit::SetSettings),
        1 => vec(recorded_file(), 0..3).prop_map(Edit::SetRecordings),
    ]
}

fn recorded_file() -> impl Strategy<Value = RecordedFile> {
    (text(), text(), unknown()).prop_map(|(file, sha256, unknown)| RecordedFile {
        file,
        sha256,
        unknown,
    })
}

/// A Document built by simple edits.
pub(crate) fn document() -> impl Strategy<Value = Document> {
    let edits = vec(simple_edit(), 0..150);
    let pools = option::of(address_pool());
    (edits, vec(route(), 0..3), pools).prop_map(|(edits, routes, pools)| {
        let mut document = Document {
            routes: Arc::new(routes),
            ..Document::default()
        };
        document.address_pools = Arc::new(pools.into_iter().collect());
        for edit in edits {
            let _ = edit.apply(&mut document);
        }
        document
    })
}

/// Any edit.
pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    let paste = (
        document(),
        vec(item(), 1..6),
        option::of(id()),
        Just([3.0, -4.0]),
    )
        .prop_map(|(document, items, into, offset)| Edit::Paste {
            fragment: Arc::new(edit::extract(&document, &items)),
            into,
            offset,
        });
    prop_oneof![
        20 => simple_edit(),
        1 => paste,
        1 => document().prop_map(|other| Edit::Merge { other: Arc::new(other), identities: Arc::default() }),
        1 => vec(simple_edit(), 0..4).prop_map(|edits| Edit::Batch("several".into(), edits)),
    ]
}
