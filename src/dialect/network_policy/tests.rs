//! What is refused and where (V1-V23), and what policies mean (K1-K33).

use super::*;
use crate::cluster::{Assumptions, Enforcer, HostNetwork, PodAddresses, PortNames};
use crate::diag::Diagnostic;
use crate::policy::{
    Direction, Match, Network, Peer, PlanNamespaces, PlanPeer, PortMatch, RaisedRule, Side,
};
use crate::sets::{IpSet, Protocol, Selector};
use crate::yaml;

const HEAD: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n";

fn object(text: &str) -> Object {
    let parsed = yaml::parse(text);
    assert_eq!(parsed.problems, [], "{text}");
    let node = parsed.documents[0].node.clone();
    let word = |keys: &[&str]| {
        let found = keys.iter().try_fold(&node, |node, key| node.get(key));
        found.and_then(yaml::Node::as_str).map(str::to_owned)
    };
    Object {
        file: "p.yaml".into(),
        api_version: word(&["apiVersion"]).unwrap_or_default(),
        kind: word(&["kind"]).unwrap_or_default(),
        namespace: word(&["metadata", "namespace"]),
        name: word(&["metadata", "name"]).unwrap_or_default(),
        text: text.to_owned(),
        node,
    }
}

/// What became of a text.
struct Read {
    policy: Option<Policy>,
    diagnostics: Vec<Diagnostic>,
}

fn read_with(text: &str, assumptions: &Assumptions) -> Read {
    let object = object(text);
    let parsed = NetworkPolicies.read(&object);
    let context = Context::kubernetes(*assumptions);
    Read {
        policy: parsed.lower(&object, &context).pop(),
        diagnostics: parsed.diagnostics,
    }
}

fn spec(spec: &str) -> Read {
    let text = format!("{HEAD}metadata: {{name: p, namespace: s}}\nspec: {spec}\n");
    read_with(&text, &Assumptions::default())
}

fn lowered(text: &str) -> Policy {
    let read = spec(text);
    assert_eq!(read.diagnostics, [], "{text}");
    read.policy.unwrap()
}

fn diagnostics(read: &Read) -> Vec<(&'static str, &str)> {
    let diagnostics = read.diagnostics.iter();
    diagnostics
        .map(|d| (d.code, d.path.as_deref().unwrap_or("")))
        .collect()
}

#[test]
fn policies_that_the_api_server_rejects_are_rejected() {
    const PORTS: &str = "spec.ingress[0].ports[0]";
    for (text, want) in [
        ("{ingress: [{ports: [{port: 0}]}]}", vec![("V2", ".port")]),
        ("{ingress: [{ports: [{port: -1}]}]}", vec![("V2", ".port")]),
        (
            "{ingress: [{ports: [{port: '80'}]}]}",
            vec![("V3", ".port")],
        ),
        (
            "{ingress: [{ports: [{port: a-very-long-port-name}]}]}",
            vec![("V4", ".port")],
        ),
        (
            "{ingress: [{ports: [{port: a--b}]}]}",
            vec![("V4", ".port")],
        ),
        (
            "{ingress: [{ports: [{port: 80, endPort: 79}]}]}",
            vec![("V5", ".endPort")],
        ),
        (
            "{ingress: [{ports: [{port: 80, endPort: 0}]}]}",
            vec![("V5", ".endPort"), ("V2", ".endPort")],
        ),
        (
            "{ingress: [{ports: [{port: web, endPort: 90}]}]}",
            vec![("V6", ".endPort")],
        ),
        (
            "{ingress: [{ports: [{endPort: 90}]}]}",
            vec![("V7", ".endPort")],
        ),
        (
            "{ingress: [{ports: [{protocol: tcp}]}]}",
            vec![("V8", ".protocol")],
        ),
        (
            "{ingress: [{ports: [{protocol: ''}]}]}",
            vec![("V8", ".protocol")],
        ),
    ] {
        let read = spec(text);
        let want: Vec<_> = want
            .iter()
            .map(|(c, p)| (*c, format!("{PORTS}{p}")))
            .collect();
        let want: Vec<_> = want.iter().map(|(c, p)| (*c, p.as_str())).collect();
        assert_eq!(diagnostics(&read), want, "{text}");
        assert!(read.policy.is_none(), "{text}");
    }
    for (text, code, path) in [
        ("{egress: [{to: [{}]}]}", "V9", "spec.egress[0].to[0]"),
        ("{egress: [{to: [null]}]}", "V9", "spec.egress[0].to[0]"),
        (
            "{egress: [{to: [{podSelector: null}]}]}",
            "V9",
            "spec.egress[0].to[0]",
        ),
        (
            "{egress: [{to: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}",
            "V10",
            "spec.egress[0].to[0]",
        ),
        (
            "{egress: [{to: [{ipBlock: {except: [x]}}]}]}",
            "V11",
            "spec.egress[0].to[0].ipBlock.cidr",
        ),
        (
            "{egress: [{to: [{ipBlock: {cidr: 10.0.0.1, except: [x]}}]}]}",
            "V12",
            "spec.egress[0].to[0].ipBlock.cidr",
        ),
        (
            "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}",
            "V14",
            "spec.egress[0].to[0].ipBlock.except[0]",
        ),
        (
            "{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: ['::/0']}}]}]}",
            "V14",
            "spec.egress[0].to[0].ipBlock.except[0]",
        ),
        (
            "{policyTypes: [Ingress, Egress, Nonsense]}",
            "V15",
            "spec.policyTypes",
        ),
        ("{policyTypes: [ingress]}", "V16", "spec.policyTypes[0]"),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: In}]}}",
            "V17",
            "spec.podSelector.matchExpressions[0].values",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}",
            "V18",
            "spec.podSelector.matchExpressions[0].values",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Gt, values: ['1']}]}}",
            "V19",
            "spec.podSelector.matchExpressions[0].operator",
        ),
        (
            "{podSelector: {matchExpressions: [{key: a/b/c, operator: Exists}]}}",
            "V20",
            "spec.podSelector.matchExpressions[0].key",
        ),
        (
            "{podSelector: {matchLabels: {A.b/c: d}}}",
            "V20",
            "spec.podSelector.matchLabels",
        ),
        (
            "{podSelector: {matchLabels: {a: x y}}}",
            "V21",
            "spec.podSelector.matchLabels",
        ),
        (
            "{podSelector: {matchLabels: {a: on}}}",
            "V22",
            "spec.podSelector.matchLabels.a",
        ),
        (
            "{ingress: [{ports: {port: 80}}]}",
            "V22",
            "spec.ingress[0].ports",
        ),
        (
            "{ingress: [{ports: [{port: 80.5}]}]}",
            "V22",
            "spec.ingress[0].ports[0].port",
        ),
        (
            "{ingress: [{ports: [{port: 80, endPort: '90'}]}]}",
            "V22",
            "spec.ingress[0].ports[0].endPort",
        ),
        ("{policyTypes: Ingress}", "V22", "spec.policyTypes"),
        ("[]", "V22", "spec"),
    ] {
        let read = spec(text);
        assert_eq!(diagnostics(&read), [(code, path)], "{text}");
        assert!(read.policy.is_none(), "{text}");
    }
}

#[test]
fn policies_that_the_api_server_accepts_are_accepted() {
    for text in [
        "",
        "{}",
        "{podSelector: null, ingress: null, egress: []}",
        "{ingress: [null, {}]}",
        "{ingress: [{from: null, ports: [null]}]}",
        "{ingress: [{ports: [{port: null}, {port: 80.0}, {port: 80, endPort: 80}]}]}",
        "{policyTypes: [Ingress, Ingress]}",
        "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: []}]}}",
        "{podSelector: {matchLabels: {a: null, b: ''}}}",
        "{ingress: [{from: [{ipBlock: {cidr: '::/0', except: ['2001:db8::/32']}}]}]}",
        "{podSelector: {<<: {matchLabels: {app: w}}, matchLabels: {app: v}}}",
    ] {
        lowered(text);
    }
}

#[test]
fn some_rejected_policies_are_still_analysed() {
    for (text, code, path) in [
        (
            "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.5/8}}]}]}",
            "V13",
            "spec.ingress[0].from[0].ipBlock.cidr",
        ),
        ("{ingres: []}", "V23", "spec.ingres"),
        (
            "{ingress: [{from: [{podSelector: {}, port: 80}]}]}",
            "V23",
            "spec.ingress[0].from[0].port",
        ),
    ] {
        let read = spec(text);
        assert_eq!(diagnostics(&read), [(code, path)], "{text}");
        assert!(read.policy.is_some(), "{text}");
    }
    assert_eq!(
        spec("{ingres: []}").diagnostics[0].help.as_deref(),
        Some("did you mean `ingress`?")
    );
    for (text, help) in [
        (
            "{podSelector: {app.kubernetes.io/name: web}}",
            "below `matchLabels`",
        ),
        ("{ingress: [{from: [{from: []}]}]}", "a rule of its own"),
        (
            "{egress: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
            "into the list `to`",
        ),
        (
            "{ingress: [{namespaceSelector: {}}]}",
            "into the list `from`",
        ),
    ] {
        let found = &spec(text).diagnostics[0];
        let said = found.help.as_deref().unwrap_or_default();
        assert!(
            found.code == "V23" && said.contains(help),
            "{text}: {found:?}"
        );
    }
    // A selector is not a label.
    let nested = spec("{podSelector: {podSelector: {}}}");
    assert_eq!(nested.diagnostics[0].help, None);
    for (head, path) in [
        ("metadata: {name: A_b}", "metadata.name"),
        ("metadata: {name: p, namespace: a.b}", "metadata.namespace"),
        ("metadata: {}", "metadata.name"),
        ("metadata: {generateName: P-}", "metadata.name"),
        (
            "metadata: {name: p, generateName: P}",
            "metadata.generateName",
        ),
        (
            "metadata: {generateName: .p}",
            "metadata.generateName metadata.name",
        ),
        ("metadata: {name: p, labels: {a: x y}}", "metadata.labels"),
        (
            "metadata: {name: p, annotations: {a b: x}}",
            "metadata.annotations",
        ),
    ] {
        let read = read_with(&format!("{HEAD}{head}\n"), &Assumptions::default());
        let paths: Vec<&str> = diagnostics(&read).iter().map(|t| t.1).collect();
        assert_eq!(paths.join(" "), path);
        assert!(read.policy.is_some());
    }
    let nameless = read_with(&format!("{HEAD}metadata: {{}}\n"), &Assumptions::default());
    let resource = nameless.diagnostics[0].resource.as_deref();
    assert_eq!(resource, Some("NetworkPolicy"));
    let long = "x".repeat(256 * 1024);
    for (key, paths) in [("", vec![]), ("k", vec!["metadata.annotations"])] {
        let text = format!(
            "{HEAD}metadata: {{name: p, annotations: {{{key}a: {}}}}}\n",
            &long[1..]
        );
        let read = read_with(&text, &Assumptions::default());
        assert_eq!(
            diagnostics(&read).iter().map(|t| t.1).collect::<Vec<_>>(),
            paths
        );
    }
    let old = read_with(
        "apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: p}\n",
        &Assumptions::default(),
    );
    assert_eq!(diagnostics(&old), [("api-version", "apiVersion")]);
    assert!(old.policy.is_some());
}

#[test]
fn rejections_have_positions() {
    let read = spec("\n  ingress:\n  - ports:\n    - port: 80\n      endPort: 79");
    let span = read.diagnostics[0].span.clone().unwrap();
    assert_eq!((span.line, span.column), (8, 16));
    let message =
        "Invalid value: 80: must be greater than or equal to `port`; this policy is not judged";
    assert_eq!(read.diagnostics[0].message, message);
}

/// Rules of a direction: none, isolated without rules, or so many.
fn rules(side: &Option<Side>) -> Option<usize> {
    assert!(side.as_ref().is_none_or(|s| s.isolates));
    side.as_ref().map(|s| s.rules.len())
}

#[test]
fn directions() {
    for (text, ingress, egress) in [
        ("{}", Some(0), None),
        ("{egress: []}", Some(0), None),
        ("{egress: [{}]}", Some(0), Some(1)),
        ("{policyTypes: [], egress: [{}]}", Some(0), Some(1)),
        ("{policyTypes: [Egress], ingress: [{}]}", None, Some(0)),
        ("{policyTypes: [Ingress], egress: [{}]}", Some(0), None),
        ("{policyTypes: [Ingress, Egress]}", Some(0), Some(0)),
        ("{ingress: [{}, null]}", Some(2), None),
    ] {
        let policy = lowered(text);
        assert_eq!(
            (rules(&policy.ingress), rules(&policy.egress)),
            (ingress, egress),
            "{text}"
        );
    }
}

fn own() -> Peer {
    Peer::Namespace("s".into())
}

fn label(key: &str, value: &str) -> Selector {
    Selector::label(key, value)
}

fn only_peer(text: &str, assumptions: &Assumptions) -> Peer {
    let text = format!(
        "{HEAD}metadata: {{name: p, namespace: s}}\nspec: {{ingress: [{{from: [{text}]}}]}}\n"
    );
    let policy = read_with(&text, assumptions).policy.unwrap();
    match policy.ingress.unwrap().rules.remove(0).peers {
        Match::Only(mut items) if items.len() == 1 => items.remove(0).peer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn peers() {
    let default = Assumptions::default();
    let everything = Selector::everything;
    for (text, want) in [
        (
            "{podSelector: {matchLabels: {a: b}}}",
            vec![own(), Peer::PodLabels(label("a", "b"))],
        ),
        (
            "{podSelector: {}}",
            vec![own(), Peer::PodLabels(everything())],
        ),
        (
            "{namespaceSelector: {}}",
            vec![Peer::NamespaceLabels(everything())],
        ),
        (
            "{namespaceSelector: {matchLabels: {ns: x}}, podSelector: {matchLabels: {a: b}}}",
            vec![
                Peer::NamespaceLabels(label("ns", "x")),
                Peer::PodLabels(label("a", "b")),
            ],
        ),
    ] {
        assert_eq!(only_peer(text, &default), Peer::All(want.clone()), "{text}");
        let nodes = Assumptions {
            enforcer: Enforcer::Kubernetes,
            port_names: PortNames::Running,
            host_network: HostNetwork::Nodes,
            ..default
        };
        let mut want = want;
        want.push(Peer::Not(Box::new(Peer::HostNetwork)));
        assert_eq!(only_peer(text, &nodes), Peer::All(want), "{text}");
    }
    let block = "{ipBlock: {cidr: 10.0.0.5/8, except: [10.1.0.0/16]}}";
    let set = IpSet::block(
        "10.0.0.0/8".parse().unwrap(),
        &["10.1.0.0/16".parse().unwrap()],
    );
    assert_eq!(only_peer(block, &default), Peer::Addresses(set.clone()));
    let known = Assumptions {
        enforcer: Enforcer::Kubernetes,
        port_names: PortNames::Running,
        pod_addresses: PodAddresses::Known,
        ..default
    };
    let both = vec![Peer::Addresses(set.clone()), Peer::PodAddresses(set)];
    assert_eq!(only_peer(block, &known), Peer::AnyOf(both));
}

#[test]
fn ports() {
    let ports = |text: &str| {
        let policy = lowered(&format!("{{ingress: [{{ports: {text}}}]}}"));
        match policy.ingress.unwrap().rules.remove(0).ports {
            Match::Any => None,
            Match::Only(items) => Some(items.into_iter().map(|i| i.port).collect::<Vec<_>>()),
        }
    };
    let range = |protocol, first, last| PortMatch::Range {
        protocol,
        first,
        last,
    };
    let named = |protocol, name: &str| PortMatch::Named {
        protocol: Some(protocol),
        name: name.into(),
    };
    assert_eq!(ports("[]"), None);
    assert_eq!(
        ports("[{}, {protocol: UDP}]"),
        Some(vec![
            PortMatch::AllPorts(Protocol::Tcp),
            PortMatch::AllPorts(Protocol::Udp)
        ])
    );
    assert_eq!(
        ports("[{port: 80}, {port: 1, endPort: 9, protocol: SCTP}]"),
        Some(vec![
            range(Protocol::Tcp, 80, 80),
            range(Protocol::Sctp, 1, 9)
        ])
    );
    assert_eq!(
        ports("[{port: dns, protocol: UDP}, {port: web}]"),
        Some(vec![
            named(Protocol::Udp, "dns"),
            named(Protocol::Tcp, "web")
        ])
    );
}

#[test]
fn the_subject() {
    let policy = lowered("{podSelector: {matchLabels: {a: b}}}");
    assert_eq!(
        policy.subject,
        Peer::All(vec![own(), Peer::PodLabels(label("a", "b"))])
    );
    assert_eq!(
        (policy.name.as_str(), policy.namespace.as_deref()),
        ("p", Some("s"))
    );
    let without_namespace = read_with(
        &format!("{HEAD}metadata: {{name: p}}\n"),
        &Assumptions::default(),
    );
    assert_eq!(
        without_namespace.policy.unwrap().namespace.as_deref(),
        Some("default")
    );
}

#[test]
fn a_policy_is_raised_to_a_plan() {
    let raised = |spec: &str| {
        let text = format!("{HEAD}metadata: {{name: p, namespace: s}}\nspec: {spec}\n");
        let object = object(&text);
        NetworkPolicies.read(&object).raise(&object)
    };
    let web = Selector::label("app", "web");
    let found = raised(
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], egress: [{}], ingress: [
          {from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {app: web}}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]},
          {ports: [{port: 80}, {port: dns, protocol: UDP}]}]}",
    );
    let block = Network {
        cidr: "10.0.0.0/8".parse().unwrap(),
        except: vec!["10.1.0.0/16".parse().unwrap()],
    };
    let any = Selector::default();
    let peers = vec![
        PlanPeer::Pods(PlanNamespaces::Own, any.clone()),
        PlanPeer::Pods(PlanNamespaces::Labelled(web.clone()), any),
        PlanPeer::Block(block),
    ];
    let ports = vec![
        PortMatch::Range {
            protocol: Protocol::Tcp,
            first: 80,
            last: 80,
        },
        PortMatch::Named {
            protocol: Some(Protocol::Udp),
            name: "dns".into(),
        },
    ];
    let rule = |index, peers, ports| RaisedRule {
        direction: Direction::Ingress,
        list: Direction::Ingress.field(),
        index,
        peers,
        ports,
    };
    let expected = RaisedPolicy {
        namespace: "s".into(),
        across: None,
        subject: web,
        accounts: Default::default(),
        // Its egress rules mean nothing (K4).
        isolates: vec![Direction::Ingress],
        rules: vec![
            rule(0, Match::Only(peers), Match::Any),
            rule(1, Match::Any, Match::Only(ports)),
        ],
        denials: Vec::new(),
        unraised: Vec::new(),
    };
    assert_eq!(found, Ok(expected));
    let refused = "{podSelector: {}, ingress: [{ports: [{port: 0}]}]}";
    let why = raised(refused).unwrap_err();
    assert!(why.starts_with("the API server rejects it: "), "{why}");
}
