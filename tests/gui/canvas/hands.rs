//! The gestures of the canvas that cancel, copy, link, re-route, align and place.

use drawbridge::app::Command;
use drawbridge::cluster;
use drawbridge::model::{Document, End, Item, Node, NodeRef, Unknown};
use egui::{Event, Key, Modifiers, Pos2, vec2};
use egui_kittest::kittest::Queryable;

use super::bench::{Bench, shop};

fn item(bench: &Bench, name: &str) -> Item {
    bench.node(name).item().expect("an item")
}

fn flow_between(document: &Document, from: NodeRef, to: NodeRef) -> bool {
    let ends = (End::from(from), End::from(to));
    let mut flows = document.flows.iter();
    flows.any(|(_, flow)| (&flow.from, &flow.to) == (&ends.0, &ends.1))
}

#[test]
fn escape_cancels_a_drag_and_keeps_the_selection() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.click(bench.rect(web).center());
    let (before, start) = (bench.document(), bench.rect(web));
    bench.drag_and_escape(start.center(), start.center() + vec2(120.0, 160.0));
    bench.assert_is(&before);
    assert_eq!(bench.rect(web), start);
    assert_eq!(bench.selection(), [item(&bench, "shop/web")]);

    let corner = bench.canvas().left_bottom() + vec2(20.0, -100.0);
    bench.drag_and_escape(corner, bench.canvas().right_top() + vec2(-20.0, 100.0));
    assert_eq!(bench.selection(), [item(&bench, "shop/web")], "a marquee");

    bench.hover(start.center());
    bench.drag_and_escape(
        start.right_center(),
        bench.rect(bench.node("data/redis")).center(),
    );
    bench.press(Key::Enter);
    bench.assert_is(&before);
}

#[test]
fn escape_closes_an_open_menu_and_only_that() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.click(bench.rect(web).center());
    bench.click_label("Edit");
    assert!(
        bench
            .harness()
            .query_by_label_contains("Select all")
            .is_some()
    );
    bench.press(Key::Escape);
    assert!(
        bench
            .harness()
            .query_by_label_contains("Select all")
            .is_none()
    );
    assert_eq!(bench.selection(), [item(&bench, "shop/web")]);
    bench.secondary_click(bench.rect(web).center());
    assert!(
        bench
            .harness()
            .query_by_label_contains("Show reach")
            .is_some()
    );
    bench.press(Key::Escape);
    assert_eq!(bench.selection(), [item(&bench, "shop/web")]);
    bench.press(Key::F2);
    bench.press(Key::Escape);
    assert_eq!(bench.selection(), [item(&bench, "shop/web")]);
    bench.press(Key::A);
    bench.press(Key::Escape);
    assert_eq!(bench.selection(), [item(&bench, "shop/web")]);
}

#[test]
fn copy_with_shift_copies_the_shown_policies() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.click(bench.rect(web).center());
    let held = Modifiers::COMMAND | Modifiers::SHIFT;
    bench.event_with(held, Event::Copy);
    let text = bench.copied().expect("text on the clipboard");
    assert!(text.contains("kind: NetworkPolicy"), "{text}");
    bench.event(Event::Copy);
    let text = bench.copied().expect("text on the clipboard");
    assert!(text.contains("format: drawbridge/1"), "{text}");
}

#[test]
fn alt_and_drag_leaves_the_original_and_puts_the_copy_at_the_pointer() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    let start = bench.rect(web);
    let by = vec2(-20.0, 230.0);
    bench.drag_begin(Modifiers::ALT, start.center(), start.center() + by);
    assert_eq!(bench.rect(web), start, "during the drag");
    bench.drag_end(Modifiers::ALT, start.center() + by);
    let copy = bench.selection();
    let [Item::Workload(id)] = copy.as_slice() else {
        panic!("the copy is selected: {copy:?}")
    };
    assert_ne!(NodeRef::Workload(*id), web);
    let moved = bench.rect(NodeRef::Workload(*id)).center() - start.center();
    assert!((moved - by).length() < 8.0, "{moved:?}");
    assert_eq!(bench.rect(web), start, "afterwards");
}

#[test]
fn escape_removes_a_workload_that_was_just_added() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let shop = bench.document().namespace_named("shop").expect("shop");
    let space = bench.rect(NodeRef::Namespace(shop));
    bench.double_click(space.left_bottom() + vec2(40.0, -14.0));
    assert_eq!(bench.document().workloads.len(), before.workloads.len() + 1);
    let (_, added) = bench
        .document()
        .workloads
        .iter()
        .next_back()
        .map(|(id, w)| (id, w.clone()))
        .expect("it");
    assert_eq!(added.namespace, shop, "in the namespace under the pointer");
    bench.press(Key::Escape);
    bench.assert_is(&before);
}

#[test]
fn a_new_thing_is_placed_at_the_pointer_and_never_under_the_tools() {
    let mut bench = Bench::new(shop());
    let canvas = bench.canvas();
    let at = canvas.right_top() + vec2(-160.0, 150.0);
    bench.hover(at);
    bench.press(Key::E);
    bench.press(Key::Enter);
    let (id, _) = bench
        .document()
        .externals
        .iter()
        .next_back()
        .map(|(id, e)| (id, e.clone()))
        .expect("it");
    let rect = bench.rect(NodeRef::External(id));
    assert!(
        (rect.center() - at).length() < 24.0,
        "{rect:?} is not at {at:?}"
    );

    let mut bench = Bench::new(Document::default());
    let strip = canvas.left_bottom() + vec2(60.0, -66.0);
    bench.hover(strip);
    bench.press(Key::E);
    bench.press(Key::Enter);
    let id = bench.document().externals.ids().next().expect("it");
    let rect = bench.rect(NodeRef::External(id));
    assert!(
        rect.bottom() < canvas.bottom() - 56.0,
        "{rect:?} is under the tools"
    );
}

/// A node is on the canvas while a flow uses it.
#[test]
fn a_flow_is_drawn_from_a_node_of_the_project() {
    let mut document = shop();
    let id = document.nodes.add(Node {
        node: cluster::Node {
            name: "worker-1".to_owned(),
            labels: [("zone".to_owned(), "a".to_owned())].into(),
            addresses: vec!["10.0.0.7".parse().expect("an address")],
            pod_cidrs: Vec::new(),
        },
        unknown: Unknown::new(),
    });
    let mut bench = Bench::new(document);
    let node = NodeRef::Node(id);
    let is_shown = |bench: &Bench| {
        let canvas = &bench.harness().state().view.canvas;
        canvas.screen_rect(node).is_some()
    };
    assert!(!is_shown(&bench));
    bench.press(Key::A);
    bench.type_text("node/worker-1");
    bench.press(Key::Enter);
    bench.type_text("shop/web");
    bench.press(Key::Enter);
    bench.press(Key::Enter);
    let web = bench.node("shop/web");
    assert!(flow_between(&bench.document(), node, web));
    assert!(is_shown(&bench));
    let rect = bench.rect(node);
    bench.click(rect.center());
    assert_eq!(bench.selection(), [Item::Node(id)]);
    assert!(
        bench
            .harness()
            .query_by_label_contains("Delete node")
            .is_some()
    );
    // A second flow, by dragging its edge.
    let orders = bench.node("shop/orders");
    bench.hover(rect.center());
    let to = bench.rect(orders).center();
    bench.drag(rect.right_center(), to);
    bench.press(Key::Enter);
    assert!(flow_between(&bench.document(), node, orders));
    bench.click(bench.rect(node).center());
    bench.press(Key::Delete);
    assert!(!bench.document().nodes.contains(id));
    assert!(!is_shown(&bench) && !flow_between(&bench.document(), node, web));
}

#[test]
fn a_flow_is_drawn_by_typing_both_ends_and_enter_takes_the_only_port() {
    let mut bench = Bench::new(shop());
    bench.press(Key::A);
    bench.type_text("shop/web");
    bench.press(Key::Enter);
    bench.type_text("shop/orders");
    bench.press(Key::Enter);
    let orders = bench.node("shop/orders");
    let choices = bench.document().port_choices(&End::from(orders));
    assert!(choices.len() > 1, "one port, which a Service names, too");
    assert_eq!(
        bench.document().only_port(&End::from(orders)),
        Some(choices[0].port.clone())
    );
    bench.press(Key::Enter);
    let document = bench.document();
    let (_, flow) = document.flows.iter().next_back().expect("the flow");
    assert_eq!(
        (&flow.from, &flow.to),
        (&End::from(bench.node("shop/web")), &End::from(orders))
    );
    assert_eq!(flow.ports, [choices[0].port.clone()]);
}

#[test]
fn several_are_linked_to_one_in_one_step() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let [orders, redis, cart] =
        ["shop/orders", "data/redis", "payments/ledger"].map(|n| bench.node(n));
    let items = [orders, cart].map(|node| node.item().expect("an item"));
    bench.ask(Command::Select(items.to_vec()));
    bench.press(Key::F);
    bench.type_text("data/redis");
    bench.press(Key::Enter);
    bench.type_text("6379");
    bench.press(Key::Enter);
    let document = bench.document();
    assert!(flow_between(&document, orders, redis) && flow_between(&document, cart, redis));
    assert_eq!(document.flows.len(), before.flows.len() + 2);
    bench.undo();
    bench.assert_is(&before);

    // The same by one drag from a handle.
    bench.ask(Command::Select(items.to_vec()));
    bench.hover(bench.rect(orders).center());
    bench.drag(
        bench.rect(orders).center_bottom(),
        bench.rect(redis).center(),
    );
    bench.type_text("6379");
    bench.press(Key::Enter);
    assert_eq!(bench.document().flows.len(), before.flows.len() + 2);
    bench.undo();
    bench.assert_is(&before);
}

/// A flow, and its source.
fn flow_of(bench: &Bench, from: &str, to: &str) -> (drawbridge::model::FlowId, [Pos2; 2]) {
    let (from, to) = (End::from(bench.node(from)), End::from(bench.node(to)));
    let document = bench.document();
    let mut flows = document.flows.iter();
    let found = flows.find(|(_, flow)| (&flow.from, &flow.to) == (&from, &to));
    let (id, _) = found.expect("the flow");
    let canvas = &bench.harness().state().view.canvas;
    (id, canvas.screen_ends(id).expect("it is drawn"))
}

#[test]
fn the_end_of_an_arrow_is_dragged_to_another_node() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let (flow, [_, tip]) = flow_of(&bench, "shop/web", "shop/catalog");
    let redis = bench.node("data/redis");
    bench.ask(Command::Select(vec![Item::Flow(flow)]));
    bench.drag(tip, bench.rect(redis).center());
    let document = bench.document();
    let moved = document.flows.get(flow).expect("the same flow");
    assert_eq!(moved.to, End::from(redis));
    assert_eq!(moved.from, End::from(bench.node("shop/web")));
    assert_eq!(document.flows.len(), before.flows.len());
    assert_eq!(bench.selection(), [Item::Flow(flow)]);
    bench.undo();
    bench.assert_is(&before);

    // Where a flow is drawn already, the end is refused, with the reason.
    let cart = bench.node("shop/cart");
    assert!(flow_between(&before, bench.node("shop/web"), cart));
    let (_, [_, tip]) = flow_of(&bench, "shop/web", "shop/catalog");
    bench.ask(Command::Select(vec![Item::Flow(flow)]));
    bench.drag_begin(Modifiers::NONE, tip, bench.rect(cart).center());
    bench.drag_end(Modifiers::NONE, bench.rect(cart).center());
    bench.assert_is(&before);
    bench.drag_and_escape(tip, bench.rect(redis).center());
    bench.assert_is(&before);
}

#[test]
fn brackets_select_the_neighbours_and_shift_adds_them() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    let document = bench.document();
    let out = document
        .flows
        .iter()
        .filter(|(_, flow)| flow.from.node() == Some(web));
    let mut wanted: Vec<Item> = out.filter_map(|(_, flow)| flow.to.node()?.item()).collect();
    wanted.sort();
    wanted.dedup();
    bench.click(bench.rect(web).center());
    bench.press(Key::CloseBracket);
    assert_eq!(bench.selection(), wanted);
    bench.ask(Command::Select(vec![item(&bench, "shop/web")]));
    bench.press_with(Modifiers::SHIFT, Key::CloseBracket);
    assert_eq!(bench.selection().len(), wanted.len() + 1);
    bench.click(bench.rect(bench.node("shop/catalog")).center());
    bench.press(Key::OpenBracket);
    assert!(bench.selection().contains(&item(&bench, "shop/web")));
}

#[test]
fn aligned_nodes_share_an_edge_in_one_step() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let nodes = ["external/Internet", "external/api.stripe.com"].map(|name| bench.node(name));
    bench.ask(Command::Select(
        nodes.map(|node| node.item().expect("an item")).to_vec(),
    ));
    let left = nodes
        .map(|node| bench.rect(node).left())
        .into_iter()
        .fold(f32::MAX, f32::min);
    bench.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::ArrowLeft);
    for node in nodes {
        assert!(
            (bench.rect(node).left() - left).abs() < 3.0,
            "{:?}",
            bench.rect(node)
        );
    }
    assert_eq!(bench.selection().len(), 2);
    bench.undo();
    bench.assert_is(&before);
}

#[test]
fn home_shows_everything_and_pages_pan() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.press(Key::Home);
    let fitted = bench.rect(web);
    bench.press(Key::PageDown);
    let down = bench.rect(web);
    assert!(down.top() < fitted.top() - 300.0 && down.left() == fitted.left());
    bench.press(Key::PageUp);
    assert_eq!(bench.rect(web), fitted);
    bench.wheel(vec2(-500.0, 0.0));
    bench.press(Key::Home);
    assert_eq!(bench.rect(web), fitted);
}

#[test]
fn the_menu_of_several_has_what_belongs_to_several() {
    let mut bench = Bench::new(shop());
    let [web, cart] = ["shop/web", "shop/cart"].map(|name| bench.node(name));
    bench.ask(Command::Select(
        [web, cart]
            .map(|node| node.item().expect("an item"))
            .to_vec(),
    ));
    bench.secondary_click(bench.rect(web).center());
    for entry in [
        "Align left",
        "Draw flows from all selected",
        "Explain a connection",
        "Show policies",
    ] {
        assert!(
            bench.harness().query_by_label_contains(entry).is_some(),
            "{entry}"
        );
    }
    assert_eq!(bench.selection().len(), 2);
}

#[test]
fn go_to_knows_other_words_for_commands() {
    for (typed, step) in [("tidy", "Auto-layout"), ("zoom to fit", "Fit everything")] {
        let mut bench = Bench::new(shop());
        bench.press_with(Modifiers::COMMAND, Key::K);
        bench.type_text(typed);
        assert!(
            bench.harness().query_by_label_contains(step).is_some(),
            "{typed}"
        );
    }
}

#[test]
fn history_lists_the_steps_and_jumps_to_any() {
    let mut bench = Bench::new(shop());
    let opened = bench.document();
    for key in [Key::E, Key::N, Key::G] {
        bench.press(key);
        bench.press(Key::Enter);
        bench.press(Key::Escape);
    }
    let newest = bench.document();
    let history = bench.harness().state().history.clone().expect("a history");
    let (names, done) = history.steps();
    assert!(done >= 3 && names.len() == done, "{names:?}");
    let last = names[done - 1].to_owned();
    bench.ask(Command::History);
    bench.click_label("Opened");
    bench.assert_is(&opened);
    bench.click_label(&last);
    bench.assert_is(&newest);
}
