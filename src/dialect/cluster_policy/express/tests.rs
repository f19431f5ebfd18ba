use super::*;
use crate::dialect;
use crate::manifest::{self, Source};
use crate::policy::{Accounts, Approximate, Beside, Role};
use crate::sets::Protocol;

/// An egress rule to these peers at these ports, in a policy `shop/a`.
fn plan(peers: Vec<PlanPeer>, ports: Match<PortMatch>) -> PlanPolicy {
    PlanPolicy {
        namespace: "shop".into(),
        across: None,
        name: "a".into(),
        role: Role::Flow,
        labels: [].into(),
        annotations: [].into(),
        comment: "a".into(),
        subject: Selector::label("app", "a"),
        accounts: Accounts::default(),
        workloads: Vec::new(),
        directions: vec![Direction::Egress],
        isolates: false,
        isolated: false,
        rules: vec![PlanRule {
            direction: Direction::Egress,
            flows: vec![FlowKey(7)],
            comments: Vec::new(),
            other: "b".into(),
            peers: Match::Only(peers),
            ports,
            http: Vec::new(),
            filters: false,
            approximate: Approximate::Never,
        }],
        beside: Beside::default(),
    }
}

fn block(cidr: &str, except: &[&str]) -> PlanPeer {
    PlanPeer::Block(Network {
        cidr: cidr.parse().unwrap(),
        except: except.iter().map(|net| net.parse().unwrap()).collect(),
    })
}

/// The written text, and how many objects are in it; all of them are accepted.
fn accepted(api: &Api, plan: &PlanPolicy) -> (Text, usize) {
    let (text, lost) = express(api, plan);
    assert_eq!(lost, []);
    let text = text.unwrap();
    let kinds = dialect::kinds(crate::cluster::Enforcer::Kubernetes);
    let read = manifest::read(&[Source::new("p.yaml", text.text.as_str())], &kinds);
    for object in &read.policies {
        let parsed = dialect::read(object);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    }
    (text, read.policies.len())
}

#[test]
fn exceptions_become_the_blocks_beside_them() {
    let plan = plan(
        vec![
            block("10.0.0.0/8", &["10.0.0.0/10", "10.128.0.0/9"]),
            block("192.0.2.0/24", &[]),
            block("192.0.2.0/24", &[]),
        ],
        Match::Any,
    );
    for api in [&ADMIN, &CLUSTER] {
        let (text, _) = accepted(api, &plan);
        let (_, networks) = text.text.split_once("networks:\n").unwrap();
        let networks: Vec<&str> = networks.lines().map(|l| l.trim()).collect();
        assert_eq!(networks, ["- 10.64.0.0/10", "- 192.0.2.0/24"]);
    }
}

/// Lists are split at the limits of the API into peers, rules and objects, and every line keeps its flow.
#[test]
fn long_lists_are_split() {
    let networks = (0..=255).map(|n| block(&format!("10.0.{n}.0/32"), &[]));
    let pods = (0..300).map(|n| {
        let labels = Selector::label("n", n.to_string());
        PlanPeer::Pods(PlanNamespaces::Own, labels)
    });
    let port = |n: u16| PortMatch::Range {
        protocol: Protocol::Tcp,
        first: 2 * n,
        last: 2 * n,
    };
    let plan = plan(
        networks.chain(pods).collect(),
        Match::Only((1..=120).map(port).collect()),
    );
    for (api, objects) in [(&ADMIN, 1), (&CLUSTER, 3)] {
        let (text, count) = accepted(api, &plan);
        assert_eq!(count, objects);
        // 300 peers of pods and 11 of networks, at 120 ports.
        let rules = 311_usize.div_ceil(api.most) * 120_usize.div_ceil(api.most);
        let lines: Vec<&str> = text.text.lines().collect();
        assert_eq!(text.lines.len(), rules);
        for (range, flow) in &text.lines {
            assert_eq!(*flow, FlowKey(7));
            assert!(lines[*range.start() as usize - 1].starts_with("  - action:"));
        }
        let last = text.text.contains("name: shop.a.allow-3\n");
        assert_eq!(last, objects == 3);
    }
}

/// Port names are for pods (A10).
#[test]
fn addresses_have_no_port_names() {
    let named = PortMatch::Named {
        protocol: None,
        name: "http".into(),
    };
    let pods = PlanPeer::Pods(PlanNamespaces::Own, Selector::everything());
    let both = plan(
        vec![pods, block("192.0.2.0/24", &[])],
        Match::Only(vec![named.clone(), PortMatch::AllPorts(Protocol::Udp)]),
    );
    let (text, _) = accepted(&ADMIN, &both);
    assert_eq!(text.text.matches("namedPort").count(), 1);
    assert_eq!(text.text.matches("portRange").count(), 2);
    let addresses = plan(vec![block("192.0.2.0/24", &[])], Match::Only(vec![named]));
    assert_eq!(express(&CLUSTER, &addresses), (None, Vec::new()));
}
