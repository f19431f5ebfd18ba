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

fn words(place: &Place) -> String {
    match place {
        Place::Workload(name) => name.name.clone(),
        Place::External(name, id) => format!("{name}{}", if id.is_some() { "" } else { "?" }),
        Place::Addresses(set) => format!("{:?}", set.cidrs()),
        Place::IngressController => "controller".to_owned(),
    }
}

fn told(comparison: &Comparison) -> Vec<String> {
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
fn a_flow_more_opens_exactly_that_and_back_closes_it() {
    let (before, mut after) = (shop(), shop());
    after.flow("shop/cart", "shop/db", "TCP/5432");
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(told(&found), ["+ cart to db TCP 5432"]);
    assert_eq!(found.relation, Relation::Wider);
    assert_eq!((found.arrows.len(), found.without_arrow), (1, 0));
    let back = compare(&drawn(&after), &drawn(&before));
    assert_eq!(told(&back), ["- cart to db TCP 5432"]);
    assert_eq!(back.relation, Relation::Narrower);
    assert_eq!((back.count(Way::Opens), back.count(Way::Closes)), (0, 1));
    let none = compare(&drawn(&after), &drawn(&after));
    assert!(told(&none).is_empty() && none.relation == Relation::Equal);
}

#[test]
fn addresses_are_called_by_the_widest_name_that_fits() {
    let (before, mut after) = (shop(), shop());
    after.flow("external/Internet", "shop/web", "TCP/443");
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(told(&found), ["+ Internet to web TCP 443"]);
    let mut renamed = shop();
    renamed.document.externals = Default::default();
    renamed.document.flows = Default::default();
    renamed.flow("shop/web", "shop/cart", "TCP/7070");
    let gone = compare(&drawn(&before), &drawn(&renamed));
    assert_eq!(told(&gone), ["- office? to cart TCP 80"]);
    assert_eq!(gone.arrows[0].joined.from, Party::Outside);
}

#[test]
fn what_no_external_covers_stays_addresses() {
    let net = |text: &str| IpSet::net(text.parse().unwrap());
    let tcp = |port| PortSet::single(crate::sets::Protocol::Tcp, port);
    let office = Place::External("office".into(), None);
    let book = vec![(office.clone(), net("10.0.0.0/24"))];
    let open = vec![(net("10.0.0.0/23"), tcp(80).union(&tcp(81)))];
    let left = named(open, &book);
    assert_eq!(
        left,
        [
            (office, tcp(80).union(&tcp(81))),
            (
                Place::Addresses(net("10.0.1.0/24")),
                tcp(80).union(&tcp(81))
            ),
        ]
    );
    let half = vec![(net("10.0.0.0/25"), tcp(80))];
    assert_eq!(
        named(half, &book),
        [(Place::Addresses(net("10.0.0.0/25")), tcp(80))]
    );
}

#[test]
fn a_port_moved_is_one_that_opens_and_one_that_closes() {
    let (before, mut after) = (shop(), shop());
    let id = after.document.flows.ids().next().unwrap();
    after.document.flows.get_mut(id).unwrap().ports =
        crate::model::validate::flow_ports("TCP/7071").unwrap();
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(
        told(&found),
        ["+ web to cart TCP 7071", "- web to cart TCP 7070"]
    );
    assert_eq!(found.relation, Relation::Apart);
    assert_eq!(found.arrows.len(), 2);
}

#[test]
fn a_workload_of_one_side_is_told_and_has_no_arrow_where_it_is_not_drawn() {
    let (before, mut after) = (shop(), shop());
    let db = after.document.workloads.ids().nth(2).unwrap();
    crate::model::Edit::Remove(vec![crate::model::Item::Workload(db)])
        .apply(&mut after.document)
        .unwrap();
    let mut before = before;
    before.flow("shop/cart", "shop/db", "TCP/5432");
    let found = compare(&drawn(&before), &drawn(&after));
    assert_eq!(told(&found), ["- cart to db TCP 5432"]);
    assert_eq!(found.only_old.len(), 1);
    assert_eq!(found.only_old[0].name, "db");
    assert!(found.only_new.is_empty() && found.arrows.is_empty());
    assert_eq!(found.without_arrow, 1);
}

#[test]
fn manifests_are_a_side_too_and_what_a_drawing_cannot_have_does_not_count() {
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
    assert_eq!(told(&none), [] as [String; 0]);
    assert_eq!(none.relation, Relation::Equal);
    let empty = compare(&folder, &Side::loaded(Loaded::default()));
    assert!(told(&empty).contains(&"- controller to web TCP 80".to_owned()));
}
