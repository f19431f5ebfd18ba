//! What becomes of policies as people write them.

use super::*;
use crate::analysis::changes::{Relation, policy_relation};
use crate::analysis::compare;
use crate::cluster::ContainerPort;
use crate::model::fixture::Fixture;
use crate::model::validate::flow_ports_text;
use crate::model::{Base, DnsProfile, Isolate, PolicyId, Words};
use crate::policy::Direction;
use crate::proof::State;
use crate::proof::generate;
use crate::proof::loaded;
use crate::query::check;
use crate::sets::Protocol;

/// A namespace `shop` with base none, in which `web` and `db` run.
fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/db", "app=db");
    fixture.document.settings.base = Base::None;
    fixture
}

/// A policy of `shop`.
fn policy(name: &str, spec: &str) -> String {
    in_namespace("shop", name, spec)
}

fn in_namespace(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
    )
}

const DENY: &str = "{podSelector: {}, policyTypes: [Ingress, Egress]}";
const DENY_INGRESS: &str = "{podSelector: {}, policyTypes: [Ingress]}";

/// Adopts everything; proves that nothing changes; returns the document, and why the other policies
/// stay.
pub(super) fn adopted(document: &Document) -> (Document, Vec<String>) {
    let ids: Vec<PolicyId> = document.policies.ids().collect();
    let adopted = adopt(document, &ids, &|| false);
    let mut after = document.clone();
    if let Some(edit) = &adopted.edit {
        edit.apply(&mut after).unwrap();
    }
    let (old, new) = (loaded(document).snapshot, loaded(&after).snapshot);
    assert_eq!(compare(&old, &new), []);
    assert_eq!(policy_relation(&old, &new), Relation::Equal);
    assert_eq!(adopted.adopted.len() + adopted.remaining.len(), ids.len());
    assert_eq!(after.policies.len(), adopted.remaining.len());
    let remaining = adopted.remaining.into_iter();
    let texts = remaining.map(|(id, why)| format!("{}: {why}", document.policy_name(id)));
    (after.clone(), texts.collect())
}

/// `shop/web > shop/db TCP/5432`.
pub(super) fn flows(document: &Document) -> Vec<String> {
    let words = Words::new(document);
    let mut texts: Vec<String> = document
        .flows
        .iter()
        .map(|(_, f)| {
            let ports = flow_ports_text(&f.ports);
            format!("{} > {} {ports}", words.of(&f.from), words.of(&f.to))
        })
        .collect();
    texts.sort();
    texts
}

#[test]
fn an_isolated_namespace_becomes_flows() {
    let mut fixture = shop();
    fixture.import(&policy("deny", DENY), None);
    fixture.import(
        &policy(
            "db",
            "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}",
        ),
        None,
    );
    fixture.import(
        &policy(
            "web",
            "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]}",
        ),
        None,
    );
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(flows(&after), ["shop/web > shop/db TCP/5432"]);
    let shop = after.namespaces.iter().next().unwrap().1;
    assert_eq!((shop.base, shop.dns), (Some(Base::DenyAll), Some(false)));
    let results = check(&after);
    assert_eq!(results.proof.state, State::Exact);
    assert_eq!(results.generated.policies.len(), 3);
}

#[test]
fn a_dns_policy_of_the_profile_becomes_the_setting_and_any_other_a_flow() {
    let dns = |ports: &str| {
        format!(
            "{{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: kube-system}}}}, podSelector: {{matchLabels: {{k8s-app: kube-dns}}}}}}], ports: [{ports}]}}]}}"
        )
    };
    let of = |ports: &str| {
        let mut fixture = shop();
        fixture.import(&policy("deny", DENY), None);
        fixture.import(&policy("dns", &dns(ports)), None);
        let (after, remaining) = adopted(&fixture.document);
        assert_eq!(remaining, [""; 0]);
        let dns = after.dns_of(after.namespace_named("shop").unwrap());
        (dns, flows(&after))
    };
    let both = "{port: 53, protocol: TCP}, {port: 53, protocol: UDP}";
    assert_eq!(of(both), (true, Vec::new()));
    let one = of("{port: 53, protocol: UDP}");
    let flow = "shop/* > group/k8s-app=kube-dns in kube-system UDP/53";
    assert_eq!(one, (false, vec![flow.to_owned()]));
}

#[test]
fn dns_pods_and_a_node_local_cache_in_two_rules_become_the_setting() {
    let ports = "ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]";
    let pods = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}";
    let cache = "{ipBlock: {cidr: 169.254.20.10/32}}";
    let of = |egress: &str| {
        let mut fixture = shop();
        fixture.document.settings.dns.profile = DnsProfile::NodeLocal;
        let dns = format!("{{podSelector: {{}}, policyTypes: [Egress], egress: [{egress}]}}");
        fixture.import(&policy("deny", DENY), None);
        fixture.import(&policy("dns", &dns), None);
        let (after, remaining) = adopted(&fixture.document);
        assert_eq!(remaining, [""; 0]);
        let dns = after.dns_of(after.namespace_named("shop").unwrap());
        (dns, flows(&after))
    };
    let two = of(&format!(
        "{{to: [{pods}], {ports}}}, {{to: [{cache}], {ports}}}"
    ));
    assert_eq!(two, (true, Vec::new()));
    let one = of(&format!("{{to: [{pods}, {cache}], {ports}}}"));
    assert_eq!(one, (true, Vec::new()));
    // Without the cache, it is less than the setting.
    assert!(!of(&format!("{{to: [{pods}], {ports}}}")).0);
}

#[test]
fn blocks_become_externals_and_known_ones_are_reused() {
    let mut fixture = shop();
    fixture.external("office", &["198.51.100.0/24 except 198.51.100.9/32"], &[]);
    fixture.import(&policy("deny", DENY_INGRESS), None);
    fixture.import(
        &policy(
            "web",
            "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.9/32]}}]}, {from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80, endPort: 90}]}]}",
        ),
        None,
    );
    fixture.import(
        &policy(
            "db",
            "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 192.168.0.0/16}}]}]}",
        ),
        None,
    );
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows(&after),
        [
            "external/10.0.0.0/8 > shop/web TCP/80-90",
            "external/10.0.0.0/8 and 1 more > shop/db any",
            "external/office > shop/web any",
        ]
    );
}

/// A block says nothing about who has its address, and a node may change its own.
#[test]
fn a_block_with_the_address_of_a_node_becomes_an_external() {
    let mut fixture = shop();
    fixture.node("n1", &["10.0.0.7"]);
    fixture.import(&policy("deny", DENY_INGRESS), None);
    fixture.import(
        &policy(
            "web",
            "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.7/32}}], ports: [{port: 80}]}]}",
        ),
        None,
    );
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(flows(&after), ["external/10.0.0.7/32 > shop/web TCP/80"]);
    assert!(after.nodes_of_flows().is_empty());
}

#[test]
fn selectors_that_are_no_workload_become_groups() {
    let mut fixture = shop();
    fixture.import(&policy("deny", DENY_INGRESS), None);
    fixture.import(
        &policy(
            "tiers",
            "{podSelector: {matchExpressions: [{key: tier, operator: In, values: [a, b]}]}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: web}}}], ports: [{port: 80}]}, {from: [{namespaceSelector: {}}], ports: [{port: 81}]}]}",
        ),
        None,
    );
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows(&after),
        [
            "* > group/tier in (a, b) in shop TCP/81",
            "group/any pod in team=web > group/tier in (a, b) in shop TCP/80",
        ]
    );
}

#[test]
fn allow_all_is_any_pod_and_any_address() {
    let mut fixture = shop();
    fixture.import(
        &policy(
            "open",
            "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
        ),
        None,
    );
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows(&after),
        ["* > shop/* TCP/80", "external/Any address > shop/* TCP/80"]
    );
    let shop = after.namespaces.iter().next().unwrap().1;
    assert_eq!(shop.base, Some(Base::DenyIngress));
}

#[test]
fn isolation_of_one_workload_becomes_its_own() {
    let mut fixture = shop();
    let from = |label: &str| {
        format!(
            "{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: {label}}}}}}}]}}]}}"
        )
    };
    fixture.import(&policy("db-from-web", &from("web")), None);
    fixture.import(&policy("db-from-db", &from("db")), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows(&after),
        ["shop/db > shop/db any", "shop/web > shop/db any"]
    );
    let isolated = after.workloads.iter().map(|(_, w)| w.isolate);
    assert_eq!(
        isolated.collect::<Vec<_>>(),
        [Isolate::None, Isolate::Ingress]
    );
}

#[test]
fn isolation_of_egress_becomes_a_default_deny() {
    let mut fixture = shop();
    let egress = "{podSelector: {}, policyTypes: [Egress]}";
    fixture.import(&policy("no-egress", egress), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    let shop = after.namespaces.iter().next().unwrap().1;
    assert_eq!((shop.base, shop.dns), (Some(Base::DenyEgress), Some(false)));
}

#[test]
fn isolation_of_some_pods_that_are_no_workload_becomes_that_of_a_group() {
    let mut fixture = shop();
    fixture.workload("shop/api", "app=api, tier=back");
    fixture.workload("shop/job", "app=job, tier=back");
    let back = "{podSelector: {matchLabels: {tier: back}}, policyTypes: [Ingress]}";
    fixture.import(&policy("back", back), None);
    let several = "{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}, policyTypes: [Ingress]}";
    fixture.import(&policy("several", several), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    let groups = after
        .groups
        .iter()
        .map(|(_, g)| (g.name.as_str(), g.isolate));
    assert_eq!(
        groups.collect::<Vec<_>>(),
        [("tier=back in shop", Isolate::Ingress)]
    );
    let isolated = after.workloads.iter().map(|(_, w)| w.isolate);
    assert_eq!(
        isolated.collect::<Vec<_>>(),
        [
            Isolate::Ingress,
            Isolate::Ingress,
            Isolate::None,
            Isolate::None
        ]
    );
}

#[test]
fn a_workload_is_selected_as_its_only_policies_do() {
    let mut fixture = shop();
    let api = fixture.workload("shop/api", "app=api, tier=back");
    let back = "{podSelector: {matchLabels: {tier: back}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}";
    fixture.import(&policy("back", back), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(flows(&after), ["shop/web > shop/api any"]);
    let drawn = after.workloads.get(api).unwrap();
    assert_eq!(drawn.isolate, Isolate::Ingress);
    assert_eq!(
        drawn.selector.as_ref().map(ToString::to_string).as_deref(),
        Some("tier=back")
    );
    // What is drawn already rests on the selector as it is.
    fixture.flow("shop/web", "shop/db", "TCP/1");
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(after.workloads.get(api).map(|w| &w.selector), Some(&None));
    let groups = after
        .groups
        .iter()
        .map(|(_, g)| (g.name.as_str(), g.isolate));
    assert_eq!(
        groups.collect::<Vec<_>>(),
        [("tier=back in shop", Isolate::Ingress)]
    );
}

#[test]
fn dns_of_isolated_workloads_is_the_dns_of_their_namespace_or_a_flow() {
    const DNS: &str = "policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]";
    let mut fixture = shop();
    let subject = |app: &str| format!("podSelector: {{matchLabels: {{app: {app}}}}}");
    let dns = format!("{{{}, {DNS}}}", subject("web"));
    fixture.import(&policy("web", &dns), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!((flows(&after), remaining), (vec![], vec![]));
    assert!(after.dns_of(fixture.namespace("shop")));
    let db = format!("{{{}, policyTypes: [Egress]}}", subject("db"));
    fixture.import(&policy("db", &db), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows(&after),
        ["shop/web > group/k8s-app=kube-dns in kube-system TCP/53, UDP/53"]
    );
    assert!(!after.dns_of(fixture.namespace("shop")));
}

#[test]
fn a_rule_whose_other_gate_is_closed_becomes_a_flow_with_one_gate() {
    let mut fixture = shop();
    fixture.import(&policy("deny", DENY), None);
    fixture.import(
        &policy(
            "db",
            "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 5432}]}]}",
        ),
        None,
    );
    fixture.import(
        &policy(
            "web",
            "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]}",
        ),
        None,
    );
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows(&after),
        ["shop/* > shop/db TCP/5432", "shop/web > shop/db TCP/5432"]
    );
    let halves = after.flows.iter().map(|(_, flow)| flow.half);
    assert_eq!(halves.collect::<Vec<_>>(), [Some(Direction::Ingress), None]);
}

#[test]
fn what_flows_cannot_express_stays_with_a_reason() {
    let mut fixture = shop();
    fixture.namespace("vendor");
    let vendor = fixture.document.namespace_named("vendor").unwrap();
    fixture.document.namespaces.get_mut(vendor).unwrap().managed = false;
    fixture.import(&policy("deny", DENY), None);
    fixture.import(
        &policy(
            "undeclared",
            "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: pg}]}]}",
        ),
        None,
    );
    fixture.import(&in_namespace("vendor", "theirs", DENY), None);
    fixture.import(&in_namespace("lost", "gone", DENY), None);
    fixture.import(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n",
        None,
    );
    fixture.import(
        "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: wide}\nspec: {priority: 1, subject: {namespaces: {}}}\n",
        None,
    );
    fixture.import(&policy("bad", "{ingress: [{from: [{}]}]}"), None);
    let (_, mut remaining) = adopted(&fixture.document);
    let refused = remaining.pop().unwrap();
    assert!(
        refused.starts_with("bad: the API server rejects it: "),
        "{refused}"
    );
    assert_eq!(
        remaining,
        [
            "undeclared: the port `TCP/pg` cannot be drawn: `db` declares no TCP port with that name",
            "theirs: no policies are generated for `vendor`: it is not managed",
            "gone: its namespace `lost` is not in the project",
            "x: its text has no policy",
            "wide: its rules are for the whole cluster, and allow, deny or pass in an order",
        ]
    );
}

#[test]
fn existing_flows_are_reused_and_muted_ones_unchanged() {
    let mut fixture = shop();
    fixture.import(&policy("deny", DENY_INGRESS), None);
    let db = |ports: &str| {
        format!(
            "{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: [{{podSelector: {{matchLabels: {{app: web}}}}}}], ports: [{ports}]}}]}}"
        )
    };
    fixture.import(&policy("db", &db("{port: 1}")), None);
    fixture.import(&policy("more", &db("{port: 2}")), None);
    let drawn = fixture.flow("shop/web", "shop/db", "TCP/1");
    let muted = fixture.flow("shop/web", "shop/db", "TCP/9");
    fixture.document.flows.get_mut(muted).unwrap().muted = true;
    let adopted_all = adopt(
        &fixture.document,
        &fixture.document.policies.ids().collect::<Vec<_>>(),
        &|| false,
    );
    assert_eq!(adopted_all.summary(), "3 policies became 1 flow");
    let (after, _) = adopted(&fixture.document);
    assert_eq!(
        flow_ports_text(&after.flows.get(drawn).unwrap().ports),
        "TCP/1, TCP/2"
    );
    assert_eq!(after.flows.get(muted), fixture.document.flows.get(muted));
    assert_eq!(after.flows.len(), 2);
}

#[test]
fn an_edited_copy_is_adopted_only_with_replaces() {
    let mut fixture = shop();
    fixture.document.settings.base = Base::DenyAll;
    fixture.flow("shop/web", "shop/db", "TCP/1");
    let generated = generate(&fixture.document);
    let copy = generated
        .policies
        .iter()
        .find(|w| w.name == "db-from-web")
        .unwrap();
    let mut same = fixture.document.clone();
    let keep = |document: &mut Document, text: String| {
        document.policies.add(crate::model::ImportedPolicy {
            file: String::new(),
            text,
            replaces: Some("shop/db-from-web".into()),
            unknown: Default::default(),
        })
    };
    keep(&mut same, copy.text.clone());
    let (after, remaining) = adopted(&same);
    assert_eq!((after.flows.len(), remaining), (1, Vec::new()));
    keep(
        &mut fixture.document,
        copy.text.replace("port: 1", "port: 2"),
    );
    let (_, remaining) = adopted(&fixture.document);
    assert_eq!(remaining.len(), 1);
}

#[test]
fn a_port_name_towards_an_address_allows_nothing() {
    let mut fixture = shop();
    fixture.import(&policy("deny", DENY), None);
    let egress = "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: http}, {port: 80}]}]}";
    fixture.import(&policy("named", egress), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(flows(&after), ["shop/* > external/10.0.0.0/8 TCP/80"]);
}

#[test]
fn replicas_with_a_common_label_are_isolated_and_allowed_as_a_group() {
    let mut fixture = shop();
    for version in ["v1", "v2"] {
        fixture.workload(
            &format!("shop/reviews-{version}"),
            &format!("app=reviews, version={version}"),
        );
    }
    let reviews = "{podSelector: {matchLabels: {app: reviews}}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]}";
    fixture.import(&policy("reviews", reviews), None);
    let (after, remaining) = adopted(&fixture.document);
    assert_eq!(remaining, [""; 0]);
    assert_eq!(
        flows(&after),
        [
            "group/app=reviews in shop > shop/db TCP/5432",
            "shop/web > group/app=reviews in shop any"
        ]
    );
    let group = after.groups.iter().next().unwrap().1;
    assert_eq!(group.isolate, Isolate::Both);
    let generated = generate(&after);
    let isolation = generated
        .policies
        .iter()
        .find(|p| p.name == "app-reviews-in-shop-deny-all");
    assert!(isolation.is_some(), "{}", generated.text());
}

#[test]
fn future_pods_of_two_subjects_keep_their_gates() {
    let mut fixture = shop();
    let batch = "{podSelector: {matchLabels: {role: batch}}, policyTypes: [Ingress, Egress], egress: [{to: [{podSelector: {matchLabels: {db: '1'}}}]}]}";
    fixture.import(&policy("batch", batch), None);
    adopted(&fixture.document);
    let web = "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {db: '1'}}}]}]}";
    fixture.import(&policy("web", web), None);
    adopted(&fixture.document);
}

#[test]
fn a_port_by_its_name_at_one_gate_and_by_its_number_at_the_other_are_not_united() {
    for (accepts, opens) in [("http", "8080"), ("8080", "http")] {
        let mut fixture = shop();
        let db = fixture.document.workload_named(
            fixture.document.namespace_named("shop").unwrap(),
            "db",
            "Deployment",
        );
        let db = fixture.document.workloads.get_mut(db.unwrap()).unwrap();
        db.ports = vec![ContainerPort {
            name: Some("http".to_owned()),
            port: 8080,
            protocol: Protocol::Tcp,
        }];
        let peer = |app: &str, port: &str| {
            format!("[{{podSelector: {{matchLabels: {{app: {app}}}}}}}], ports: [{{port: {port}}}]")
        };
        let ingress = format!(
            "{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: {}}}]}}",
            peer("web", accepts)
        );
        let egress = format!(
            "{{podSelector: {{matchLabels: {{app: web}}}}, policyTypes: [Egress], egress: [{{to: {}}}]}}",
            peer("db", opens)
        );
        fixture.import(&policy("in", &ingress), None);
        fixture.import(&policy("out", &egress), None);
        let (_, remaining) = adopted(&fixture.document);
        assert_eq!(remaining, [""; 0]);
    }
}
