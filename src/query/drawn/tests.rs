use super::*;
use crate::model::fixture::Fixture;
use crate::policy::Target;
use crate::proof::{Verdict, generate, prove};
use crate::sets::Protocol;

/// What a dialect cannot deny is not drawn all the same, as in the proof: what is allowed of it is too wide.
#[test]
fn what_is_denied_is_not_drawn_in_any_dialect() {
    for target in Target::ALL {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        fixture.flow("shop/*", "shop/db", "TCP/5432-5433");
        let denial = fixture.flow("shop/web", "shop/db", "TCP/5432");
        fixture.document.flows.get_mut(denial).unwrap().denies = true;
        fixture.document.settings.dialects = vec![target];
        let document = &fixture.document;
        let generated = generate(document);
        let in_force = InForce::read(document, &generated);
        let drawn = DrawnConnections::new(document, &generated, &in_force);
        let snapshot = &in_force.cluster.snapshot;
        let pod = |name: &str| {
            let mut workloads = snapshot.workloads.iter();
            let workload = workloads.find(|w| w.name == name);
            Endpoint::Pod(workload.unwrap().pods.start)
        };
        let (web, db) = (pod("web"), pod("db"));
        let port = |number| PortSet::range(Protocol::Tcp, number, number);
        assert_eq!(drawn.ports(snapshot, &web, &db), port(5433), "{target:?}");
        let expects = |number| drawn.expects(&web, &db, Some((Protocol::Tcp, number)));
        assert_eq!([5432, 5433].map(expects), [false, true], "{target:?}");
        let is_open = probe(snapshot, &web, &db, Some((Protocol::Tcp, 5432))).allowed;
        let is_too_wide = prove(document, &generated).verdicts[&denial] == Verdict::TooWide;
        assert_eq!(is_open, is_too_wide, "{target:?}");
        assert_eq!(is_open, !target.denies(), "{target:?}");
    }
}
