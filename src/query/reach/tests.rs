use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::analysis::{Party, connections};
use crate::model::fixture::Fixture;
use crate::model::{Item, NodeRef, arbitrary};
use crate::query::check;

fn shop() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.workload("shop/web", "app=web");
    fixture.workload("shop/cart", "app=cart");
    fixture.workload("data/postgres", "app=postgres");
    fixture.external("office", &["198.51.100.0/24"], &[]);
    fixture.external("stripe", &[], &["api.stripe.com"]);
    fixture.flow("shop/web", "data/postgres", "TCP/5432");
    fixture.flow("external/office", "shop/web", "TCP/8443");
    fixture.flow("shop/web", "external/stripe", "TCP/443");
    fixture
}

const OPEN: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pg-open, namespace: data}
spec:
  podSelector: {matchLabels: {app: postgres}}
  ingress:
  - from: [{namespaceSelector: {}}]
    ports: [{port: 5432}, {port: 9187}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - ports: [{port: 9187}]
";

fn board(fixture: &Fixture) -> ReachMatrix {
    ReachMatrix::new(&Arc::new(check(&fixture.document)))
}

fn names(fixture: &Fixture, cells: &BTreeMap<usize, Cell>, board: &ReachMatrix) -> Vec<String> {
    let each = cells.iter().map(|(at, cell)| {
        let node = board.entries().nodes(Axis::Workloads)[*at];
        let name = fixture.document.node_name(node);
        format!("{name} {}: {:?}", cell.allowed, cell.verdict())
    });
    each.collect()
}

fn place(fixture: &Fixture, board: &ReachMatrix, words: &str) -> usize {
    let node = fixture.end(words).node().expect("a node");
    board.entries().position(node).expect("a entry")
}

#[test]
fn rows_and_columns_have_the_verdict_of_each_pair() {
    let mut fixture = shop();
    fixture.import(OPEN, None);
    let mut board = board(&fixture);
    let web = place(&fixture, &board, "shop/web");
    let row = board.row(web);
    assert_eq!(
        names(&fixture, &row, &board),
        [
            "postgres TCP 5432,9187: NotDrawn",
            "office TCP 9187: NotDrawn",
            "stripe TCP 9187: NotDrawn"
        ]
    );
    let cart = place(&fixture, &board, "shop/cart");
    let column = board.column(cart);
    assert_eq!(names(&fixture, &column, &board), Vec::<String>::new());
    let office = place(&fixture, &board, "external/office");
    let row = board.row(office);
    assert_eq!(names(&fixture, &row, &board), ["web TCP 8443: Drawn"]);
}

#[test]
fn inexpressible_flows_are_not_blocked() {
    let fixture = shop();
    let mut board = board(&fixture);
    let web = place(&fixture, &board, "shop/web");
    let stripe = place(&fixture, &board, "external/stripe");
    let row = board.row(web);
    assert_eq!(row[&stripe].verdict(), PairVerdict::CannotExpress);
}

/// The name itself is in no policy, and the addresses in its place are drawn by no arrow.
#[test]
fn names_and_addresses_of_an_approximated_flow_are_approximated() {
    let mut fixture = shop();
    fixture.external("internet", &["0.0.0.0/0"], &[]);
    fixture.external("internal", &["10.0.0.0/8"], &[]);
    let ids: Vec<_> = fixture.document.flows.ids().collect();
    for id in ids {
        let flow = fixture.document.flows.get_mut(id).expect("a flow");
        flow.approximate = true;
    }
    let mut board = board(&fixture);
    let web = place(&fixture, &board, "shop/web");
    let row = board.row(web);
    for name in ["external/stripe", "external/internet"] {
        let cell = &row[&place(&fixture, &board, name)];
        assert_eq!(cell.verdict(), PairVerdict::Approximated, "{name}");
        assert_eq!(cell.approximated.to_string(), "TCP 443", "{name}");
    }
    let stripe = place(&fixture, &board, "external/stripe");
    assert_eq!(row[&stripe].inexpressible, crate::sets::PortSet::empty());
    assert!(!row.contains_key(&place(&fixture, &board, "external/internal")));
    // Flows that the dialect can express stay as they are.
    let postgres = place(&fixture, &board, "data/postgres");
    assert_eq!(row[&postgres].verdict(), PairVerdict::Drawn);
}

#[test]
fn a_selection_lists_both_ways_with_marks_and_policies() {
    let mut fixture = shop();
    fixture.import(OPEN, None);
    let mut board = board(&fixture);
    let id = |words: &str| match fixture.end(words).node() {
        Some(NodeRef::Workload(id)) => Item::Workload(id),
        _ => unreachable!("a workload"),
    };
    let listed = board.list(&[id("data/postgres")], &|| false);
    let lines: Vec<_> = listed
        .from
        .iter()
        .map(|entry| {
            let name = fixture.document.node_name(entry.node).to_owned();
            let by = board.allowed_by(entry, true).join(", ");
            (name, entry.cell.allowed.to_string(), entry.mark(), by)
        })
        .collect();
    let row = |name: &str, ports: &str, mark, by: &str| {
        (name.to_owned(), ports.to_owned(), mark, by.to_owned())
    };
    assert_eq!(
        lines,
        [
            row("cart", "TCP 9187", Mark::NotDrawn, "out, pg-open"),
            row(
                "web",
                "TCP 5432,9187",
                Mark::Partly,
                "web-to-data-postgres, pg-open"
            ),
        ]
    );
    assert!(listed.to.is_empty(), "postgres opens nothing");
    let namespace = fixture
        .document
        .namespace_named("shop")
        .expect("it is there");
    let listed = board.list(&[Item::Namespace(namespace)], &|| false);
    let to: Vec<_> = listed.to.iter().map(|entry| entry.node).collect();
    assert_eq!(to.len(), 3, "postgres and both externals, no neighbours");
}

/// Nodes are rows and columns while flows use them, after the externals.
#[test]
fn nodes_of_flows_have_cells() {
    let mut fixture = shop();
    fixture.node("n1", &["10.0.0.7"]);
    fixture.node("unused", &["10.0.0.8"]);
    fixture.flow("node/n1", "shop/web", "TCP/80");
    let mut board = board(&fixture);
    let last = board.entries().nodes(Axis::Workloads).last().copied();
    assert_eq!(last, fixture.end("node/n1").node());
    assert!(
        board
            .entries()
            .position(fixture.end("node/unused").node().expect("a node"))
            .is_none()
    );
    let row = board.row(place(&fixture, &board, "node/n1"));
    assert_eq!(names(&fixture, &row, &board), ["web TCP 80: Drawn"]);
}

#[test]
fn namespaces_aggregate_their_workloads() {
    let mut fixture = shop();
    fixture.import(OPEN, None);
    let mut board = board(&fixture);
    let nodes = board.entries().nodes(Axis::Namespaces).to_vec();
    let at = |name: &str| {
        let mut all = nodes.iter();
        all.position(|node| fixture.document.node_name(*node) == name)
            .expect("a row")
    };
    let row = board.shared_row(Axis::Namespaces, at("shop"));
    let column = u32::try_from(at("data")).expect("small");
    let cell = row.iter().find(|(to, _)| *to == column).expect("a cell");
    assert_eq!(cell.1.allowed.to_string(), "TCP 5432,9187");
    assert_eq!(cell.1.wide.to_string(), "TCP 9187");
    assert!(row.iter().all(|(to, _)| *to as usize != at("shop")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Rows and columns are the connections that the command line lists.
    #[test]
    fn the_matrix_equals_the_list_of_connections(document in arbitrary::document()) {
        let results = Arc::new(check(&document));
        let snapshot = &results.in_force.cluster.snapshot;
        let mut expected: BTreeMap<(usize, usize), PortSet> = BTreeMap::new();
        for connection in connections(snapshot) {
            if let (Party::Workload(from), Party::Workload(to)) =
                (connection.src, connection.dst)
            {
                expected.insert((from, to), connection.ports);
            }
        }
        let mut board = ReachMatrix::new(&results);
        let count = snapshot.workloads.len();
        let (mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new());
        for entry in 0..count {
            for (to, cell) in board.row(entry).into_iter().filter(|(to, _)| *to < count) {
                rows.insert((entry, to), cell);
            }
            for (from, cell) in board.column(entry).into_iter().filter(|(from, _)| *from < count) {
                columns.insert((from, entry), cell);
            }
        }
        prop_assert_eq!(&rows, &columns);
        rows.retain(|_, cell| !cell.allowed.is_empty());
        let rows: BTreeMap<_, _> = rows.into_iter().map(|(at, cell)| (at, cell.allowed)).collect();
        prop_assert_eq!(rows, expected);
    }
}
