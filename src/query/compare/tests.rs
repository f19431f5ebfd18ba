use super::*;
use crate::load;
use crate::manifest::Source;
use crate::model::fixture::Fixture;

fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    for name in ["web", "cart", "db"] {
        fixture.workload(&format!("shop/{name}"), &format!("app={name}"));
    }
    fixture.external("office", &["198.51.100.0/24"], &[]);
    fixture.external("Internet", &["0.0.0.0/0", "::/0"], &[]);
    fixture.flow("shop/web", "shop/cart", "TCP/7070");
    fixture.flow("external/office", "shop/cart", "TCP/80");
    fixture
}

fn words(place: &Party) -> String {
    match place {
        Party::Workload(name) => name.name.clone(),
        Party::External(name, id) => format!("{name}{}", if id.is_some() { "" } else { "?" }),
        Party::Addresses(set) => format!("{:?}", set.cidrs()),
        Party::IngressController => "controller".to_owned(),
    }
}

fn difference_texts(comparison: &Comparison) -> Vec<String> {
    let one = |d: &Difference| {
        let sign = if d.way == Way::Opens { "+" } else { "-" };
        format!("{sign} {} to {} {}", words(&d.from), words(&d.to), d.ports)
    };
    comparison.differences.iter().map(one).collect()
}

fn drawn(fixture: &Fixture) -> Side {
    Side::drawn(&fixture.document)
}

#[test]
fn an_added_flow_opens_its_connection_and_the_reverse_closes_it() {
    let (before, mut after) = (shop(), shop());
    after.flow("shop/cart", "shop/db", "TCP/5432");
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(difference_texts(&found), ["+ cart to db TCP 5432"]);
    assert_eq!(found.relation, Relation::Wider);
    assert_eq!((found.arrows.len(), found.without_arrow), (1, 0));
    let back = compare(&drawn(&after), &drawn(&before));
    assert_eq!(difference_texts(&back), ["- cart to db TCP 5432"]);
    assert_eq!(back.relation, Relation::Narrower);
    assert_eq!((back.count(Way::Opens), back.count(Way::Closes)), (0, 1));
    let none = compare(&drawn(&after), &drawn(&after));
    assert!(difference_texts(&none).is_empty() && none.relation == Relation::Equal);
}

#[test]
fn addresses_have_the_widest_external_that_fits() {
    let (before, mut after) = (shop(), shop());
    after.flow("external/Internet", "shop/web", "TCP/443");
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(difference_texts(&found), ["+ Internet to web TCP 443"]);
    let mut renamed = shop();
    renamed.document.externals = Default::default();
    renamed.document.flows = Default::default();
    renamed.flow("shop/web", "shop/cart", "TCP/7070");
    let gone = compare(&drawn(&before), &drawn(&renamed));
    assert_eq!(difference_texts(&gone), ["- office? to cart TCP 80"]);
    assert_eq!(gone.arrows[0].joined.from, party::Party::Outside);
}

#[test]
fn addresses_without_an_external_stay_addresses() {
    let net = |text: &str| IpSet::net(text.parse().unwrap());
    let tcp = |port| PortSet::single(crate::sets::Protocol::Tcp, port);
    let office = Party::External("office".into(), None);
    let book = vec![(office.clone(), net("10.0.0.0/24"))];
    let open = vec![(net("10.0.0.0/23"), tcp(80).union(&tcp(81)))];
    let left = named(open, &book);
    assert_eq!(
        left,
        [
            (office, tcp(80).union(&tcp(81))),
            (
                Party::Addresses(net("10.0.1.0/24")),
                tcp(80).union(&tcp(81))
            ),
        ]
    );
    let half = vec![(net("10.0.0.0/25"), tcp(80))];
    assert_eq!(
        named(half, &book),
        [(Party::Addresses(net("10.0.0.0/25")), tcp(80))]
    );
}

#[test]
fn a_changed_port_opens_one_and_closes_one() {
    let (before, mut after) = (shop(), shop());
    let id = after.document.flows.ids().next().unwrap();
    after.document.flows.get_mut(id).unwrap().ports =
        crate::model::validate::flow_ports("TCP/7071").unwrap();
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(
        difference_texts(&found),
        ["+ web to cart TCP 7071", "- web to cart TCP 7070"]
    );
    assert_eq!(found.relation, Relation::Apart);
    assert_eq!(found.arrows.len(), 2);
}

#[test]
fn a_workload_of_one_side_is_listed_and_has_no_arrow_where_it_is_missing() {
    let (before, mut after) = (shop(), shop());
    let db = after.document.workloads.ids().nth(2).unwrap();
    crate::model::Edit::Remove(vec![crate::model::Item::Workload(db)])
        .apply(&mut after.document)
        .unwrap();
    let mut before = before;
    before.flow("shop/cart", "shop/db", "TCP/5432");
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(difference_texts(&found), ["- cart to db TCP 5432"]);
    assert_eq!(found.only_old.len(), 1);
    assert_eq!(found.only_old[0].name, "db");
    assert!(found.only_new.is_empty() && found.arrows.is_empty());
    assert_eq!(found.without_arrow, 1);
}

#[test]
fn manifests_are_a_side_and_ingress_objects_count_only_between_manifests() {
    let manifests = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\n\
        spec: {containers: [{name: a, image: a, ports: [{containerPort: 80}]}]}\n---\n\
        apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n\
        spec: {selector: {app: web}, ports: [{port: 80}]}\n---\n\
        apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop}\n\
        spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n";
    let loaded = load::load(
        &[Source::new("a.yaml", manifests)],
        &load::Settings::default(),
    );
    let mut document = crate::import::import(&loaded).document;
    document.settings.base = crate::model::Base::None;
    let folder = Side::loaded(loaded);
    let none = compare(&folder, &Side::drawn(&document));
    assert_eq!(difference_texts(&none), [] as [String; 0]);
    assert_eq!(none.relation, Relation::Equal);
    let empty = compare(&folder, &Side::loaded(Loaded::default()));
    assert!(difference_texts(&empty).contains(&"- controller to web TCP 80".to_owned()));
}

fn manifests(policies: &str) -> Side {
    let text = format!(
        "{{apiVersion: v1, kind: Pod, metadata: {{name: web, namespace: shop, labels: {{app: web}}}}}}\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: db, namespace: shop, labels: {{app: db}}}}}}\n---\n{policies}"
    );
    Side::loaded(load::load(
        &[Source::new("a.yaml", text)],
        &load::Settings::default(),
    ))
}

fn cilium(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n---\n"
    )
}

#[test]
fn domain_names_and_entities_are_changes() {
    let egress = |peers: &str| {
        let spec =
            format!("{{endpointSelector: {{matchLabels: {{app: web}}}}, egress: [{peers}]}}");
        manifests(&cilium("web", &spec))
    };
    let listed = |old: &str, new: &str| {
        let found = compare(&egress(old), &egress(new));
        assert_eq!(found.changes, []);
        let one =
            |c: &NamedChange| format!("{} {:?} {} -> {}", c.workload.name, c.other, c.old, c.new);
        (
            found.relation,
            found.named.iter().map(one).collect::<Vec<String>>(),
        )
    };
    let exact = "{toFQDNs: [{matchName: a.com}]}";
    let (relation, named) = listed(exact, "{toFQDNs: [{matchPattern: '**.com'}]}");
    assert_eq!(relation, Relation::Wider);
    assert_eq!(named, ["web Domain(\"**.com\") none -> any"]);
    let (relation, named) = listed(exact, "{toEntities: [kube-apiserver, ingress]}");
    assert_eq!(relation, Relation::Apart);
    assert_eq!(
        named,
        [
            "web Domain(\"a.com\") any -> none",
            "web Entity(KubeApiserver) none -> any",
            "web Entity(Ingress) none -> any",
        ]
    );
    assert_eq!(listed(exact, exact), (Relation::Equal, Vec::new()));
}

#[test]
fn other_http_rules_are_not_the_same() {
    let with = |http: &str| {
        let spec = format!(
            "{{endpointSelector: {{matchLabels: {{app: db}}}}, ingress: [{{fromEndpoints: [{{matchLabels: {{app: web}}}}], toPorts: [{{ports: [{{port: '80', protocol: TCP}}], rules: {{http: [{http}]}}}}]}}]}}"
        );
        manifests(&cilium("db", &spec))
    };
    let conditions = |old: &str, new: &str| {
        let found = compare(&with(old), &with(new));
        // As far as the analysis models it.
        assert_eq!(
            (found.relation, found.policies),
            (Relation::Equal, Relation::Equal)
        );
        found.conditions
    };
    let narrow = "{method: GET, path: /x}";
    let found = conditions(narrow, "{method: GET, path: '/.*'}");
    let [one] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(one.condition, crate::policy::Condition::Http);
    assert_eq!(
        one.policies,
        ["CiliumNetworkPolicy shop/db".to_owned()].into()
    );
    assert_eq!(conditions(narrow, "{path: /x, method: GET}"), []);
    // Another order, and another rule beside it.
    let both = format!("{narrow}, {{path: /y}}");
    assert_eq!(conditions(&both, &format!("{{path: /y}}, {narrow}")), []);
    assert_eq!(conditions(narrow, &both).len(), 1);
}
