//! Groups by service account: golden texts, read by a person, and what they prove.

use crate::model::fixture::Fixture;
use crate::model::validate::selector;
use crate::model::{Base, Group, Isolate};
use crate::policy::Target;
use crate::proof::{Kind, State, generate, prove};

/// A flow from web to the pods of a group that run as `robot` or `scraper`, and one back.
fn robots() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    for (name, account) in [("job", Some("robot")), ("api", None)] {
        let id = fixture.workload(&format!("data/{name}"), "app=job");
        let workload = fixture.document.workloads.get_mut(id).unwrap();
        workload.labels.insert("name".to_owned(), name.to_owned());
        workload.service_account = account.map(str::to_owned);
    }
    let namespaces = selector("kubernetes.io/metadata.name=data").unwrap();
    let names = ["scraper", "robot"].into_iter().map(str::to_owned);
    let group = Group {
        accounts: names.collect(),
        ..Group::new("robots", namespaces, selector("app=job").unwrap())
    };
    fixture.document.groups.add(group);
    fixture.flow("shop/web", "group/robots", "TCP/80");
    fixture.flow("group/robots", "shop/web", "TCP/81");
    fixture
}

fn text(fixture: &mut Fixture, target: Target) -> String {
    fixture.document.settings.dialects = vec![target];
    let generated = generate(&fixture.document);
    assert_eq!(generated.losses, []);
    let proof = prove(&fixture.document, &generated);
    assert_eq!(proof.state, State::Exact, "{:#?}", proof.findings);
    let flows = generated.policies.iter();
    let flows = flows.filter(|written| !written.flows.is_empty());
    let specs = flows.map(|written| {
        let (_, spec) = written.text.split_once("spec:\n").unwrap();
        format!("{}:\n{spec}", written.key())
    });
    specs.collect()
}

#[test]
fn cilium_selects_by_the_label_of_the_service_account() {
    insta::assert_snapshot!(text(&mut robots(), Target::Cilium), @r#"
    data/robots-from-shop-web:
      endpointSelector:
        matchLabels:
          app: job
        matchExpressions:
        - key: io.cilium.k8s.policy.serviceaccount
          operator: In
          values:
          - robot
          - scraper
      ingress:
      - fromEndpoints:
        - matchLabels:
            "k8s:app": web
            "k8s:io.kubernetes.pod.namespace": shop
        toPorts:
        - ports:
          - port: "80"
            protocol: TCP
    data/robots-to-shop-web:
      endpointSelector:
        matchLabels:
          app: job
        matchExpressions:
        - key: io.cilium.k8s.policy.serviceaccount
          operator: In
          values:
          - robot
          - scraper
      egress:
      - toEndpoints:
        - matchLabels:
            "k8s:app": web
            "k8s:io.kubernetes.pod.namespace": shop
        toPorts:
        - ports:
          - port: "81"
            protocol: TCP
    shop/web-from-robots:
      endpointSelector:
        matchLabels:
          app: web
      ingress:
      - fromEndpoints:
        - matchLabels:
            "k8s:app": job
            "k8s:io.kubernetes.pod.namespace": data
          matchExpressions:
          - key: "k8s:io.cilium.k8s.policy.serviceaccount"
            operator: In
            values:
            - robot
            - scraper
        toPorts:
        - ports:
          - port: "81"
            protocol: TCP
    shop/web-to-robots:
      endpointSelector:
        matchLabels:
          app: web
      egress:
      - toEndpoints:
        - matchLabels:
            "k8s:app": job
            "k8s:io.kubernetes.pod.namespace": data
          matchExpressions:
          - key: "k8s:io.cilium.k8s.policy.serviceaccount"
            operator: In
            values:
            - robot
            - scraper
        toPorts:
        - ports:
          - port: "80"
            protocol: TCP
    "#);
}

#[test]
fn calico_selects_by_the_names_of_service_accounts() {
    insta::assert_snapshot!(text(&mut robots(), Target::Calico), @r#"
    data/robots-from-shop-web:
      selector: "app == 'job'"
      serviceAccountSelector: "projectcalico.org/name in {'robot', 'scraper'}"
      types:
      - Ingress
      ingress:
      - action: Allow
        protocol: TCP
        source:
          namespaceSelector: "kubernetes.io/metadata.name == 'shop'"
          selector: "app == 'web'"
        destination:
          ports:
          - 80
    data/robots-to-shop-web:
      selector: "app == 'job'"
      serviceAccountSelector: "projectcalico.org/name in {'robot', 'scraper'}"
      types:
      - Egress
      egress:
      - action: Allow
        protocol: TCP
        destination:
          namespaceSelector: "kubernetes.io/metadata.name == 'shop'"
          selector: "app == 'web'"
          ports:
          - 81
    shop/web-from-robots:
      selector: "app == 'web'"
      types:
      - Ingress
      ingress:
      - action: Allow
        protocol: TCP
        source:
          namespaceSelector: "kubernetes.io/metadata.name == 'data'"
          selector: "app == 'job'"
          serviceAccounts:
            names:
            - robot
            - scraper
        destination:
          ports:
          - 81
    shop/web-to-robots:
      selector: "app == 'web'"
      types:
      - Egress
      egress:
      - action: Allow
        protocol: TCP
        destination:
          namespaceSelector: "kubernetes.io/metadata.name == 'data'"
          selector: "app == 'job'"
          serviceAccounts:
            names:
            - robot
            - scraper
          ports:
          - 80
    "#);
}

#[test]
fn a_group_isolates_the_pods_of_its_service_accounts() {
    for target in [Target::Cilium, Target::Calico] {
        let mut fixture = robots();
        fixture.document.settings.base = Base::None;
        let id = fixture.document.groups.ids().next().unwrap();
        fixture.document.groups.get_mut(id).unwrap().isolate = Isolate::Both;
        let text = text(&mut fixture, target);
        assert!(text.contains("robot"), "{text}");
    }
}

#[test]
fn the_other_dialects_lose_both_gates_and_write_nothing_wider() {
    for target in Target::ALL {
        if target.selects_accounts() {
            continue;
        }
        let mut fixture = robots();
        fixture.document.settings.dialects = vec![target];
        let id = fixture.document.groups.ids().next().unwrap();
        fixture.document.groups.get_mut(id).unwrap().isolate = Isolate::Ingress;
        let generated = generate(&fixture.document);
        let why = format!("{} does not select pods by service account", target.kind());
        assert_eq!(generated.losses.len(), 4, "{:?}", generated.losses);
        assert!(generated.losses.iter().all(|loss| loss.why == why));
        let carries = |written: &&std::sync::Arc<super::Written>| !written.flows.is_empty();
        assert_eq!(generated.policies.iter().find(carries), None);
        let proof = prove(&fixture.document, &generated);
        assert_ne!(proof.state, State::Exact);
        let wide = proof.findings.iter().find(|f| f.kind == Kind::TooWide);
        // What admin policies leave open is ingress from outside.
        if target == Target::Kubernetes {
            assert_eq!(wide, None);
        }
        fixture.document.settings.base = Base::None;
        let notes = generate(&fixture.document).diagnostics;
        let found = format!("`robots` does not isolate its pods: {why}");
        assert!(notes.iter().any(|note| note.message == found), "{notes:?}");
    }
}

/// What is lost for a group's isolated pods leaves the rest of a flow as it is drawn.
#[test]
fn only_the_part_for_the_pods_of_an_isolating_group_is_lost() {
    let mut fixture = robots();
    let [shop, data] = ["shop", "data"].map(|name| fixture.namespace(name));
    for (id, base) in [(shop, Base::DenyAll), (data, Base::None)] {
        fixture.document.namespaces.get_mut(id).unwrap().base = Some(base);
    }
    let id = fixture.document.groups.ids().next().unwrap();
    fixture.document.groups.get_mut(id).unwrap().isolate = Isolate::Egress;
    for flow in fixture.document.flows.ids().collect::<Vec<_>>() {
        fixture.document.flows.remove(flow);
    }
    fixture.external("outside", &["203.0.113.0/24"], &[]);
    fixture.flow("*", "external/outside", "TCP/443");
    let generated = generate(&fixture.document);
    let parts: Vec<String> = generated
        .losses
        .iter()
        .map(|l| l.part.to_string())
        .collect();
    assert_eq!(
        parts,
        ["the part for the pods of `data` that run as robot or scraper"]
    );
    let proof = prove(&fixture.document, &generated);
    let shop = proof.findings.iter().find(|f| f.from.starts_with("shop/"));
    assert_eq!(shop, None);
}
