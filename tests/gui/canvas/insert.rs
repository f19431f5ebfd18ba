//! A box that is dropped on an arrow goes between its ends.

use drawbridge::model::{Document, FlowId, NodeRef, validate};
use egui::{Key, Modifiers, Pos2};
use egui_kittest::kittest::Queryable;

use super::bench::{Bench, shop};

fn flow(bench: &Bench, from: &str, to: &str) -> FlowId {
    let ends = (bench.node(from), bench.node(to));
    let document = bench.document();
    let mut flows = document.flows.iter();
    let same = |(_, flow): &(_, &drawbridge::model::Flow)| {
        (flow.from.node(), flow.to.node()) == (Some(ends.0), Some(ends.1))
    };
    flows.find(same).expect("the flow").0
}

/// The ports between two nodes; none: nothing is drawn.
fn ports(document: &Document, from: NodeRef, to: NodeRef) -> Option<String> {
    let mut flows = document.flows.iter();
    let found =
        flows.find(|(_, flow)| (flow.from.node(), flow.to.node()) == (Some(from), Some(to)));
    found.map(|(_, flow)| validate::flow_ports_text(&flow.ports))
}

fn chip(bench: &Bench, from: &str, to: &str) -> Pos2 {
    bench.chip(flow(bench, from, to)).center()
}

#[test]
fn a_node_that_is_dropped_on_an_arrow_is_inserted_in_one_step() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let [web, cart, orders] = ["shop/web", "shop/cart", "shop/orders"].map(|name| bench.node(name));
    let at = chip(&bench, "shop/web", "shop/cart");
    bench.drag_and_hold(bench.rect(orders).center(), at);
    let document = bench.document();
    assert_eq!(ports(&document, web, cart), None);
    assert_eq!(
        ports(&document, web, orders).as_deref(),
        Some("TCP/8080"),
        "its only port"
    );
    assert_eq!(
        ports(&document, orders, cart).as_deref(),
        Some("TCP/7070"),
        "as before"
    );
    assert_eq!(document.flows.len(), before.flows.len() + 1);
    assert!(
        bench.rect(orders).contains(at),
        "it is where it was dropped"
    );
    assert_eq!(
        bench.undo_name().as_deref(),
        Some("Insert orders into web to cart")
    );
    let notice = "Inserted orders into web to cart";
    assert!(bench.harness().query_by_label(notice).is_some());
    bench.undo();
    bench.assert_is(&before);
}

#[test]
fn a_node_that_is_dropped_at_once_is_only_moved() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let orders = bench.node("shop/orders");
    let at = chip(&bench, "shop/web", "shop/cart");
    bench.drag(bench.rect(orders).center(), at);
    assert!(bench.document().flows.same(&before.flows));
    assert!(bench.rect(orders).contains(at));
}

#[test]
fn what_cannot_be_between_is_only_moved_and_escape_changes_nothing() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let checkout = bench.node("shop/checkout");
    let at = chip(&bench, "shop/web", "shop/cart");
    bench.drag_and_escape(bench.rect(bench.node("shop/orders")).center(), at);
    bench.assert_is(&before);
    // There is a flow from checkout to cart already.
    bench.drag_and_hold(bench.rect(checkout).center(), at);
    let document = bench.document();
    assert!(document.flows.same(&before.flows));
    assert!(bench.rect(checkout).contains(at));
}

#[test]
fn a_tool_is_dragged_to_a_place_or_onto_an_arrow() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let tool = |bench: &Bench, name: &str| bench.harness().get_by_label(name).rect().center();
    let [web, cart] = ["shop/web", "shop/cart"].map(|name| bench.node(name));
    let at = chip(&bench, "shop/web", "shop/cart");
    let from = tool(&bench, "Add workload");
    bench.drag_and_escape(from, at);
    bench.assert_is(&before);

    bench.drag_and_hold(from, at);
    let inserted = bench.document();
    bench.type_text("gateway");
    bench.press(Key::Enter);
    let new = bench.node("shop/gateway");
    assert_eq!(ports(&inserted, web, new).as_deref(), Some("TCP/7070"));
    assert_eq!(ports(&inserted, new, cart).as_deref(), Some("TCP/7070"));
    assert_eq!(ports(&inserted, web, cart), None);
    bench.undo();
    bench.undo();
    bench.assert_is(&before);

    let place = bench.canvas().right_bottom() - egui::vec2(300.0, 120.0);
    bench.drag_with(Modifiers::NONE, tool(&bench, "Add external"), place);
    bench.type_text("partner");
    bench.press(Key::Enter);
    assert!(bench.rect(bench.node("external/partner")).is_positive());
    assert!(bench.document().flows.same(&before.flows));
}
