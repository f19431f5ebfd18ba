//! Invariants on small drawings, and against the plain evaluator on random ones.

use proptest::prelude::*;

use super::*;
use crate::model::fixture::Fixture;
use crate::model::validate::flow_ports;
use crate::model::{Claim, FlowPort, Unknown, arbitrary};
use crate::proof::generate;
use crate::query::check;
use crate::query::explain::{Verdict, ask};

fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/checkout", "app=checkout");
    let api = fixture.workload("payments/api", "app=api");
    fixture.port(api, "grpc", 50051);
    fixture.workload("payments/ledger", "app=ledger");
    fixture.external("office", &["198.51.100.0/24"], &[]);
    fixture.external("stripe", &[], &["api.stripe.com"]);
    fixture.flow("external/office", "shop/web", "TCP/443");
    fixture.flow("shop/web", "shop/checkout", "TCP/5050");
    fixture.flow("shop/checkout", "payments/api", "TCP/50051");
    fixture.flow("payments/api", "payments/ledger", "TCP/5432");
    fixture
}

/// `deny`, `deny any` or `allow`, ends by their words (`-`: anything; ` except ` behind sources), ports.
fn demand(fixture: &mut Fixture, claim: &str, from: &str, to: &str, ports: &str) {
    let (from, except) = from.split_once(" except ").unwrap_or((from, ""));
    let one = |words: &str| {
        (words != "-").then(|| {
            fixture
                .document
                .end_from_words(words)
                .unwrap_or(End::Missing(words.into()))
        })
    };
    let except = except
        .split(' ')
        .filter(|w| !w.is_empty())
        .filter_map(one)
        .collect();
    let (from, to) = (one(from), one(to));
    fixture.document.invariants.add(Invariant {
        name: format!("{}", fixture.document.invariants.len()),
        claim: match claim {
            "deny" => Claim::Deny,
            "allow" => Claim::Allow,
            _ => Claim::DenyAnyHops,
        },
        from,
        except,
        to,
        ports: if ports.is_empty() {
            Vec::new()
        } else {
            flow_ports(ports).unwrap()
        },
        unknown: Unknown::new(),
    });
}

fn outcomes_text(document: &Document) -> String {
    let words = Words::new(document);
    let line = |judged: &Judged| {
        let invariant = document.invariants.get(judged.id).unwrap();
        let outcome = match &judged.outcome {
            Outcome::Kept => "kept".to_owned(),
            Outcome::Broken(breach) => format!("broken: {}", breach.message),
            Outcome::CannotBeJudged(why) => format!("cannot be judged: {why}"),
        };
        format!("{}: {outcome}", words.demand(invariant))
    };
    let lines: Vec<String> = check(document).invariants.iter().map(line).collect();
    lines.join("\n")
}

#[test]
fn broken_invariants_have_a_connection_or_a_path() {
    let mut fixture = shop();
    for (claim, from, to, ports) in [
        ("deny", "external/office", "payments/ledger", ""),
        ("deny any", "external/office", "payments/ledger", ""),
        ("deny any", "external/office", "payments/ledger", "TCP/22"),
        ("deny", "- except payments/*", "payments/ledger", ""),
        ("deny", "-", "payments/ledger", ""),
        ("deny", "- except external/office", "shop/web", ""),
        ("deny", "-", "shop/web", "TCP/443"),
        ("deny", "payments/ledger", "-", ""),
        ("deny", "shop/web", "shop/web", ""),
        ("allow", "shop/checkout", "payments/api", "TCP/grpc"),
        ("allow", "shop/*", "payments/api", "TCP/50051"),
        ("allow", "external/office", "shop/web", "TCP/443"),
        ("allow", "external/office", "shop/web", "TCP/80, TCP/443"),
        ("allow", "shop/checkout", "payments/api", "TCP/http"),
        ("deny", "external/stripe", "shop/web", ""),
        ("deny", "external/office", "external/office", ""),
        ("deny", "shop/gone", "shop/web", ""),
    ] {
        demand(&mut fixture, claim, from, to, ports);
    }
    insta::assert_snapshot!(outcomes_text(&fixture.document), @"
    external/office must not reach payments/ledger: kept
    external/office must not reach payments/ledger in any number of hops: broken: external/office reaches payments/ledger in 4 hops: external/office to shop/web on TCP 443, shop/web to shop/checkout on TCP 5050, shop/checkout to payments/api on TCP 50051, payments/api to payments/ledger on TCP 5432
    external/office must not reach payments/ledger on TCP/22 in any number of hops: kept
    anything except payments/* must not reach payments/ledger: kept
    anything must not reach payments/ledger: broken: payments/api can reach payments/ledger on TCP 5432
    anything except external/office must not reach shop/web: kept
    anything must not reach shop/web on TCP/443: broken: external/office can reach shop/web on TCP 443
    payments/ledger must not reach anything: kept
    shop/web must not reach shop/web: kept
    shop/checkout must reach payments/api on TCP/grpc: kept
    shop/* must reach payments/api on TCP/50051: broken: shop/web cannot reach payments/api on TCP 50051: egress from shop/web and ingress to payments/api are denied
    external/office must reach shop/web on TCP/443: kept
    external/office must reach shop/web on TCP/80, TCP/443: broken: external/office cannot reach shop/web on TCP 80: ingress to shop/web is denied
    shop/checkout must reach payments/api on TCP/http: cannot be judged: `api` declares no port with that name; use the port number
    external/stripe must not reach shop/web: cannot be judged: `external/stripe` has no networks; add its networks
    external/office must not reach external/office: cannot be judged: no policy applies to traffic between addresses outside the cluster; name a workload, a namespace or a group
    shop/gone must not reach shop/web: cannot be judged: there is no `shop/gone`; name something that exists
    ");
}

#[test]
fn a_path_has_the_places_of_its_ends() {
    let mut fixture = shop();
    demand(
        &mut fixture,
        "deny any",
        "external/office",
        "payments/ledger",
        "",
    );
    let results = check(&fixture.document);
    let Outcome::Broken(breach) = &results.invariants[0].outcome else {
        panic!("it is broken");
    };
    let nodes: Vec<_> = breach
        .hops
        .iter()
        .map(|hop| (hop.from.node(), hop.to.node()))
        .collect();
    let ends = [
        "external/office",
        "shop/web",
        "shop/checkout",
        "payments/api",
        "payments/ledger",
    ];
    let ends: Vec<_> = ends.iter().map(|end| fixture.end(end).node()).collect();
    let pairs: Vec<_> = ends.windows(2).map(|pair| (pair[0], pair[1])).collect();
    assert_eq!(nodes, pairs);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// A direct invariant has the verdict of the plain evaluator.
    #[test]
    fn verdicts_equal_those_of_the_plain_evaluator(document in arbitrary::document(), port in arbitrary::flow_port()) {
        let mut document = document;
        document.invariants = Default::default();
        let ids: Vec<_> = document.workloads.ids().take(4).map(End::Workload).collect();
        for (from, to) in ids.iter().flat_map(|from| ids.iter().map(move |to| (from, to))) {
            for claim in [Claim::Deny, Claim::Allow, Claim::DenyAnyHops] {
                document.invariants.add(Invariant {
                    name: String::new(),
                    claim,
                    from: Some(from.clone()),
                    except: Vec::new(),
                    to: Some(to.clone()),
                    ports: vec![port.clone()],
                    unknown: Unknown::new(),
                });
            }
        }
        let in_force = InForce::read(&document, &generate(&document));
        let judged = judge(&document, &in_force);
        let snapshot = &in_force.cluster.snapshot;
        let pods = |end: &Option<End>| {
            let Some(End::Workload(id)) = end else { return Vec::new() };
            let at = in_force.cluster.index[id];
            snapshot.workloads[at].pods.clone().map(Endpoint::Pod).collect()
        };
        let mut direct = false;
        for one in &judged {
            let invariant = document.invariants.get(one.id).expect("it was added");
            let (from, to) = (pods(&invariant.from), pods(&invariant.to));
            let same = from == to;
            if same && from.len() < 2 {
                continue;
            }
            let verdict = ask(snapshot, &from, &to, &port.clone().into()).verdict;
            let unknown_name = matches!(port, FlowPort::Named(..)) && verdict == Verdict::None;
            match (&one.outcome, invariant.claim) {
                (Outcome::CannotBeJudged(_), Claim::Allow) => prop_assert!(unknown_name),
                (outcome, Claim::Deny) => {
                    direct = *outcome != Outcome::Kept;
                    prop_assert_eq!(direct, verdict != Verdict::None);
                }
                (outcome, Claim::Allow) => prop_assert_eq!(*outcome == Outcome::Kept, verdict == Verdict::All),
                // What is open at once is open in any number of hops.
                (outcome, Claim::DenyAnyHops) => prop_assert!(!direct || *outcome != Outcome::Kept),
            }
            if let Outcome::Broken(breach) = &one.outcome {
                for pair in breach.hops.windows(2) {
                    prop_assert_eq!(&pair[0].to, &pair[1].from);
                }
            }
        }
    }
}
