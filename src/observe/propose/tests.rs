//! Proposals, on the online shop and on small recordings.

use super::*;
use crate::cluster::{ServicePort, TargetPort};
use crate::model::fixture::Fixture;
use crate::model::{Edit, End, History, Service};
use crate::observe::classes::Class;
use crate::observe::fixture::{SHOP_FLOWS, compared, shop, table};

fn proposed(document: &Document, recording: &str) -> Proposals {
    let (_, observed, comparison) = compared(document, recording);
    propose(document, &observed, &comparison)
}

/// `shop/web > shop/api TCP/80: strong`, and the doubts.
fn lines(proposals: &Proposals) -> Vec<String> {
    let all = proposals.proposals.iter();
    all.map(|one| {
        let suggestion = one.suggestion();
        let doubts: Vec<_> = one
            .doubts
            .iter()
            .map(|doubt| format!("; {}", doubt.words()))
            .collect();
        let (from, to, ports) = (&suggestion.from, &suggestion.to, suggestion.ports.join(" "));
        format!(
            "{from} > {to} {ports}: {}{}",
            suggestion.strength.name(),
            doubts.concat()
        )
    })
    .collect()
}

fn reasons(proposals: &Proposals) -> Vec<(LeftOut, usize)> {
    proposals
        .left_out
        .iter()
        .map(|(reason, all)| (*reason, all.len()))
        .collect()
}

fn small() -> Fixture {
    let mut fixture = Fixture::new();
    for name in ["web", "api"] {
        fixture.workload(&format!("shop/{name}"), &format!("app={name}"));
    }
    fixture
}

#[test]
fn the_recording_of_the_shop_proposes_what_nobody_drew() {
    let found = proposed(&shop(), SHOP_FLOWS);
    let wanted = [
        "shop/orders > external/hooks.slack.com TCP/443: strong",
        "shop/web > shop/orders TCP/8080: strong",
    ];
    assert_eq!(lines(&found), wanted);
    let texts: Vec<&str> = found
        .proposals
        .iter()
        .map(|p| p.evidence[0].text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "TCP 443: 2 connections, 2026-11-03 to 2026-11-04, to hooks.slack.com at 192.0.2.77",
            "TCP 8080: 3 connections, 2026-11-03 to 2026-11-05"
        ]
    );
    let wanted = [
        (LeftOut::Drawn, 19),
        (LeftOut::Dns, 2),
        (LeftOut::Dropped, 1),
        (LeftOut::Probe, 2),
    ];
    assert_eq!(reasons(&found), wanted);
}

#[test]
fn drawn_proposals_are_one_undo_step_and_nothing_is_left_to_propose() {
    let document = shop();
    let found = proposed(&document, SHOP_FLOWS);
    let chosen: Vec<_> = found.proposals.iter().map(|one| (one, 0)).collect();
    let edit = edit(&document, &chosen).unwrap();
    let Edit::Batch(title, _) = &edit else {
        panic!("{edit:?}")
    };
    assert_eq!(title, "Draw 2 recorded flows");
    let mut history = History::new(document.clone());
    history.edit(&edit).unwrap();
    let after = history.document().clone();
    assert_eq!(after.flows.len(), document.flows.len() + 2);
    let (_, drawn) = after.flows.iter().last().expect("the flow");
    let observed = drawn.observed.as_ref().expect("its evidence");
    let day = |time: Option<time::Time>| time::text(time.expect("a time"))[..10].to_owned();
    let (first, last) = (day(observed.first), day(observed.last));
    let kept = (observed.count, first.as_str(), last.as_str());
    assert_eq!(kept, (3, "2026-11-03", "2026-11-05"));
    assert!(after.external_named("hooks.slack.com").is_some());
    assert!(proposed(&after, SHOP_FLOWS).proposals.is_empty());
    let (_, observed, comparison) = compared(&after, SHOP_FLOWS);
    let cut = comparison
        .connections
        .iter()
        .filter(|one| one.class == Some(Class::Cut));
    assert_eq!(
        (cut.count(), observed.connections.len()),
        (0, comparison.connections.len())
    );
    history.undo();
    assert_eq!(history.document().flows.len(), document.flows.len());
    assert!(
        history
            .document()
            .external_named("hooks.slack.com")
            .is_none()
    );
}

#[test]
fn doubts_are_told_apart() {
    let mut fixture = small();
    let api = fixture.document.workloads.ids().nth(1).unwrap();
    fixture.port(api, "http", 8080);
    let rows = "shop/web,shop/api,TCP,8080,9,forwarded\nshop/web,shop/api,TCP,9000,9,forwarded\n\
        shop/api,shop/web,TCP,80,1,forwarded\nshop/web,10.1.2.3,TCP,25,4,forwarded\nshop/web,203.0.113.7,TCP,443,4,forwarded\n\
        shop/web,203.0.113.9,TCP,443,4,forwarded\nshop/new,shop/api,TCP,8080,4,forwarded\n";
    let wanted = [
        "shop/web > shop/api TCP/8080: strong",
        "shop/api > shop/web TCP/80: medium; seen once",
        "shop/new > shop/api TCP/8080: weak; no labels are recorded to select the new workload by",
        "shop/web > external/10.1.2.3 TCP/25: weak; no name is known for the address",
        "shop/web > external/203.0.113.7 and 1 more TCP/443: weak; no name is known for the address",
        "shop/web > shop/api TCP/9000: medium; the destination does not declare this port",
    ];
    assert_eq!(lines(&proposed(&fixture.document, &table(rows))), wanted);
}

#[test]
fn what_is_no_intent_is_left_out() {
    let ports: String = (0..40)
        .map(|n| format!("shop/api,shop/web,TCP,{},2,forwarded\n", 40_000 + n))
        .collect();
    let rows = format!(
        "shop/web,shop/api,TCP,80,9,dropped\nentity/host,shop/api,TCP,80,9,forwarded\nshop/web,entity/kube-apiserver,TCP,6443,2,forwarded\n\
        shop/web,169.254.169.254,TCP,80,3,forwarded\nshop/web,network/public,TCP,443,3,forwarded\nshop/web,service/other/x,TCP,80,1,forwarded\n\
        203.0.113.1,203.0.113.2,TCP,80,2,forwarded\nshop/web,shop/api,ICMP,,2,forwarded\n\
        entity/health,shop/api,TCP,80,2,forwarded\nshop/web,entity/health,TCP,4240,2,forwarded\nentity/host,entity/health,TCP,4240,2,forwarded\n\
        entity/init,shop/api,TCP,80,2,forwarded\nshop/web,entity/unmanaged,TCP,80,2,forwarded\n{ports}"
    );
    let found = proposed(&small().document, &table(&rows));
    let wanted = "shop/api > shop/web TCP/40000-40039: weak; many ports: FTP, RPC, peers of a cluster, or a mistake of the recorder";
    assert_eq!(lines(&found), [wanted]);
    let wanted = [
        (LeftOut::Dropped, 1),
        (LeftOut::Probe, 1),
        (LeftOut::Health, 3),
        (LeftOut::Unmanaged, 2),
        (LeftOut::Role, 1),
        (LeftOut::Metadata, 1),
        (LeftOut::NoPort, 1),
        (LeftOut::NoAddress, 1),
        (LeftOut::Service, 1),
        (LeftOut::Outside, 1),
    ];
    assert_eq!(reasons(&found), wanted);
}

#[test]
fn a_service_is_proposed_at_the_ports_of_its_pods() {
    let mut fixture = small();
    let api = fixture.document.workloads.ids().nth(1).unwrap();
    fixture.port(api, "http", 8080);
    let namespace = fixture.namespace("shop");
    fixture.document.services.add(Service {
        namespace,
        name: "api".to_owned(),
        labels: Labels::new(),
        kind: "ClusterIP".to_owned(),
        headless: false,
        external_name: None,
        keeps_client_address: false,
        selector: [("app".to_owned(), "api".to_owned())].into(),
        ports: vec![ServicePort {
            name: None,
            port: 80,
            protocol: crate::sets::Protocol::Tcp,
            target: TargetPort::Name("http".to_owned()),
        }],
        unknown: crate::model::Unknown::new(),
    });
    let rows = "shop/web,service/shop/api,TCP,80,4,forwarded\nshop/web,service/shop/api,TCP,81,4,forwarded\n";
    let found = proposed(&fixture.document, &table(rows));
    assert_eq!(lines(&found), ["shop/web > shop/api TCP/8080: strong"]);
    assert_eq!(reasons(&found), [(LeftOut::Service, 1)]);
    let mut after = fixture.document.clone();
    let chosen = [(&found.proposals[0], 0)];
    edit(&fixture.document, &chosen)
        .unwrap()
        .apply(&mut after)
        .unwrap();
    let (_, _, comparison) = compared(&after, &table(rows));
    assert_eq!(comparison.connections[0].class, Some(Class::Seen));
}

#[test]
fn what_a_drawn_flow_denies_is_not_proposed() {
    let mut fixture = small();
    let id = fixture.flow("shop/web", "shop/api", "TCP/80");
    fixture.document.flows.get_mut(id).unwrap().denies = true;
    let rows = table("shop/web,shop/api,TCP,80,4,forwarded\n");
    let found = proposed(&fixture.document, &rows);
    assert_eq!(lines(&found), [""; 0]);
    assert_eq!(reasons(&found), [(LeftOut::Forbidden, 1)]);
}

#[test]
fn no_proposal_is_certain_where_events_were_lost() {
    let line = r#"{"flow":{"time":"2026-11-03T09:00:00Z","verdict":"FORWARDED","is_reply":false,"IP":{"source":"10.0.0.1","destination":"10.0.0.2"},"l4":{"TCP":{"source_port":40000,"destination_port":80,"flags":{"SYN":true}}},"source":{"namespace":"shop","pod_name":"web-0","labels":["k8s:app=web"],"workloads":[{"name":"web","kind":"Deployment"}]},"destination":{"namespace":"shop","pod_name":"api-0","labels":["k8s:app=api"],"workloads":[{"name":"api","kind":"Deployment"}]}}}"#;
    let recording = [
        line,
        &line.replace("40000", "40001"),
        r#"{"lost_events":{"num_events_lost":"7"}}"#,
    ]
    .join("\n");
    let wanted = "shop/web > shop/api TCP/80: weak; events were lost while it was recorded";
    assert_eq!(lines(&proposed(&small().document, &recording)), [wanted]);
}

#[test]
fn an_address_is_never_widened_to_the_world() {
    for networks in [&[][..], &["0.0.0.0/1", "128.0.0.0/1"]] {
        let mut fixture = small();
        fixture.external("everything", networks, &[]);
        if networks.is_empty() {
            let id = fixture.document.externals.ids().next().unwrap();
            let external = fixture.document.externals.get_mut(id).unwrap();
            external.entity = Some(crate::policy::Entity::World);
        }
        let rows = table("shop/web,203.0.113.7,TCP,443,4,forwarded\n");
        let wanted =
            "shop/web > external/203.0.113.7 TCP/443: weak; no name is known for the address";
        assert_eq!(lines(&proposed(&fixture.document, &rows)), [wanted]);
    }
}

#[test]
fn an_address_becomes_what_is_chosen_and_never_more() {
    let document = small().document;
    let rows =
        "shop/web,203.0.113.7,TCP,443,4,forwarded\nshop/web,203.0.113.9,TCP,443,4,forwarded\n";
    let found = proposed(&document, &table(rows));
    let [one] = found.proposals.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(one.creates(), ["external 203.0.113.7 and 1 more"]);
    let networks = |choice: usize| -> Vec<String> {
        let mut after = document.clone();
        edit(&document, &[(one, choice)])
            .unwrap()
            .apply(&mut after)
            .unwrap();
        let (_, external) = after.externals.iter().next().unwrap();
        external
            .networks
            .iter()
            .map(|network| network.cidr.to_string())
            .collect()
    };
    assert_eq!(networks(0), ["203.0.113.7/32", "203.0.113.9/32"]);
    assert_eq!(networks(1), ["203.0.113.0/24"]);
    assert_eq!(networks(2), ["0.0.0.0/0", "::/0"]);
    assert!(edit(&document, &[(one, 3)]).is_none());
}

#[test]
fn all_addresses_are_listed_and_many_are_not_chosen_unasked() {
    let of = |count: u8| {
        let rows: String = (1..=count)
            .map(|n| format!("shop/web,203.0.113.{n},TCP,443,4,forwarded\n"))
            .collect();
        let found = proposed(&small().document, &table(&rows));
        let texts: Vec<String> = found.proposals[0]
            .evidence
            .iter()
            .map(|one| one.text.clone())
            .collect();
        (found.proposals[0].preselected(), texts)
    };
    assert_eq!(of(4).0, Some(0));
    let (chosen, texts) = of(7);
    assert_eq!((chosen, texts.len()), (None, 7));
    let wanted = "TCP 443: 4 connections, to 203.0.113.7; no name is known for the address";
    assert_eq!(texts[6], wanted);
}

#[test]
fn a_new_workload_has_its_labels_and_no_policies_in_its_namespace() {
    let line = |second: u32, pod: &str, hash: &str| {
        format!(
            r#"{{"flow":{{"time":"2026-11-03T09:00:0{second}Z","verdict":"FORWARDED","IP":{{"source":"10.0.0.{second}","destination":"10.0.0.9"}},"l4":{{"TCP":{{"source_port":4000{second},"destination_port":80,"flags":{{"SYN":true}}}}}},"source":{{"namespace":"jobs","pod_name":"{pod}","labels":["k8s:app=report","k8s:pod-template-hash={hash}","k8s:run={pod}","k8s:io.cilium.k8s.namespace.labels.team=data"],"workloads":[{{"name":"report","kind":"Deployment"}}]}},"destination":{{"namespace":"shop","pod_name":"api-1","labels":["k8s:app=api"],"workloads":[{{"name":"api","kind":"Deployment"}}]}},"is_reply":false}}}}"#
        )
    };
    let recording = [line(1, "report-a", "x"), line(2, "report-b", "x")].join("\n");
    let document = small().document;
    let found = proposed(&document, &recording);
    assert_eq!(lines(&found), ["jobs/report > shop/api TCP/80: strong"]);
    let mut after = document.clone();
    edit(&document, &[(&found.proposals[0], 0)])
        .unwrap()
        .apply(&mut after)
        .unwrap();
    let namespace = after.namespace_named("jobs").unwrap();
    let jobs = after.namespaces.get(namespace).unwrap();
    assert_eq!((jobs.managed, jobs.labels.len()), (false, 1));
    let id = after
        .workload_named(namespace, "report", "Deployment")
        .unwrap();
    let labels: Vec<_> = after.workloads.get(id).unwrap().labels.iter().collect();
    assert_eq!(labels, [(&"app".to_owned(), &"report".to_owned())]);
    assert!(
        after
            .flows
            .iter()
            .any(|(_, flow)| flow.from == End::Workload(id))
    );
}
