//! The canvas through real gestures: a window without a screen, pointer and keys, and after every step
//! a Document that satisfies its invariants.

mod bench;
mod collapse;
mod filter;
mod focus;
mod hands;
mod insert;
mod names;
mod seen;
mod size;
mod waiting;

use std::time::Duration;

use bench::{Bench, shop};
use drawbridge::app::Command;
use drawbridge::model::{End, FlowPort, Item, NodeRef};
use drawbridge::scene::ArrowId;
use drawbridge::sets::Protocol;
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;

fn tcp(port: u16) -> FlowPort {
    FlowPort::Range(Protocol::Tcp, port, port)
}

#[test]
fn a_flow_is_drawn_from_a_handle_and_its_ports_are_typed() {
    let mut bench = Bench::new(shop());
    let (web, redis) = (bench.node("shop/web"), bench.node("data/redis"));
    let before = bench.document().flows.len();
    bench.hover(bench.rect(web).center());
    bench.drag(bench.rect(web).right_center(), bench.rect(redis).center());
    assert_eq!(
        bench.document().flows.len(),
        before,
        "no flow before ports are chosen"
    );
    bench.type_text("8080, udp/53");
    bench.press(Key::Enter);
    let document = bench.document();
    let (id, flow) = document.flows.iter().next_back().expect("the flow");
    assert_eq!(document.flows.len(), before + 1);
    assert_eq!(
        (flow.from.clone(), flow.to.clone()),
        (web.into(), redis.into())
    );
    assert!(
        flow.ports.contains(&tcp(8080))
            && flow.ports.contains(&FlowPort::Range(Protocol::Udp, 53, 53))
    );
    assert_eq!(bench.selection(), [Item::Flow(id)]);
    bench.undo();
    assert_eq!(bench.document().flows.len(), before);
}

#[test]
fn escape_drops_a_flow_whose_ports_are_not_chosen() {
    let mut bench = Bench::new(shop());
    let (web, redis) = (bench.node("shop/web"), bench.node("data/redis"));
    let before = bench.document();
    bench.hover(bench.rect(web).center());
    bench.drag(bench.rect(web).right_center(), bench.rect(redis).center());
    bench.type_text("nonsense/port/1");
    bench.press(Key::Enter);
    bench.assert_is(&before);
    bench.press(Key::Escape);
    bench.press(Key::Enter);
    bench.assert_is(&before);
}

#[test]
fn a_node_moves_in_one_step_and_returns_with_undo() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    let before = bench.document();
    let start = bench.rect(web);
    bench.drag(start.center(), start.center() + vec2(40.0, 26.0));
    let moved = bench.rect(web).min - start.min;
    let zoom = bench.zoom();
    assert!(
        (moved - vec2(40.0, 26.0)).length() < 4.0 * zoom + 2.0,
        "{moved:?}"
    );
    let place = bench.document().layout[&web];
    assert!(
        place.iter().all(|at| at % 4.0 == 0.0),
        "on the grid: {place:?}"
    );
    bench.undo();
    bench.assert_is(&before);
    assert_eq!(bench.rect(web), start, "the picture comes back, too");
}

#[test]
fn a_marquee_selects_and_delete_removes_with_one_undo() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let canvas = bench.canvas();
    bench.drag(
        canvas.left_top() + vec2(4.0, 4.0),
        canvas.right_bottom() - vec2(4.0, 4.0),
    );
    let workloads = before.workloads.len();
    let chosen = bench
        .selection()
        .iter()
        .filter(|item| matches!(item, Item::Workload(_)))
        .count();
    assert_eq!(chosen, workloads);
    bench.press(Key::Delete);
    assert!(bench.document().workloads.is_empty() && bench.document().flows.is_empty());
    bench.undo();
    bench.assert_is(&before);
}

#[test]
fn arrows_nudge_and_held_arrows_are_one_step() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.click(bench.rect(web).center());
    let start = bench.document();
    for _ in 0..3 {
        bench.key_down(Key::ArrowRight);
    }
    bench.key_up(Key::ArrowRight);
    let place = bench.document().layout[&web];
    bench.press(Key::ArrowDown);
    let after = bench.document().layout[&web];
    assert_eq!(after, [place[0], place[1] + 4.0]);
    bench.undo();
    bench.undo();
    bench.assert_is(&start);
}

#[test]
fn a_name_is_typed_in_place() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.click(bench.rect(web).center());
    bench.press(Key::F2);
    bench.type_text("frontend");
    bench.press(Key::Enter);
    assert_eq!(bench.document().node_name(web), "frontend");
    bench.press(Key::F2);
    bench.type_text("Not A Name");
    bench.press(Key::Escape);
    assert_eq!(bench.document().node_name(web), "frontend");
    bench.undo();
    assert_eq!(bench.document().node_name(web), "web");
}

#[test]
fn duplicated_and_pasted_objects_get_new_names() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    let before = bench.document().workloads.len();
    bench.click(bench.rect(web).center());
    bench.press_with(Modifiers::COMMAND, Key::D);
    assert_eq!(bench.document().workloads.len(), before + 1);
    bench.event(egui::Event::Copy);
    let text = bench.copied().expect("text on the clipboard");
    bench.event(egui::Event::Paste(text));
    assert_eq!(bench.document().workloads.len(), before + 2);
    let start = bench.rect(web).center();
    bench.drag_with(Modifiers::ALT, start, start + vec2(60.0, 200.0));
    assert_eq!(bench.document().workloads.len(), before + 3);
    for _ in 0..3 {
        bench.undo();
    }
    assert_eq!(bench.document().workloads.len(), before);
}

#[test]
fn a_drop_on_empty_canvas_offers_a_peer_and_adds_both_in_one_step() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    let before = bench.document();
    bench.hover(bench.rect(web).center());
    let nothing = bench.canvas().left_bottom() + vec2(60.0, -140.0);
    bench.drag(bench.rect(web).left_center(), nothing);
    bench.type_text("billing");
    bench.press(Key::Enter);
    bench.type_text("9000");
    bench.press(Key::Enter);
    let document = bench.document();
    let (_, flow) = document.flows.iter().next_back().expect("the flow");
    assert_eq!(document.end_name(&flow.to), "billing");
    bench.undo();
    bench.assert_is(&before);
}

#[test]
fn a_flow_is_drawn_with_the_keyboard_alone() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.click(bench.rect(web).center());
    bench.press(Key::A);
    bench.type_text("redis");
    bench.press(Key::Enter);
    bench.type_text("6379");
    bench.press(Key::Enter);
    let document = bench.document();
    let (_, flow) = document.flows.iter().next_back().expect("the flow");
    assert_eq!(flow.to, End::from(bench.node("data/redis")));
    assert_eq!(flow.from, End::from(web));
}

#[test]
fn the_ports_of_a_flow_are_edited_at_its_chip() {
    let mut bench = Bench::new(shop());
    let document = bench.document();
    let (id, _) = document.flows.iter().next().expect("a flow");
    bench.double_click(bench.chip(id).center());
    bench.press_with(Modifiers::COMMAND, Key::A);
    bench.type_text("4000-4010");
    bench.press(Key::Enter);
    let flow = bench.document().flows.get(id).cloned().expect("the flow");
    assert!(
        flow.ports
            .contains(&FlowPort::Range(Protocol::Tcp, 4000, 4010)),
        "{:?}",
        flow.ports
    );
}

#[test]
fn a_workload_moves_to_another_namespace_by_dragging() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    let data = bench.document().namespace_named("data").expect("data");
    let into = bench.rect(drawbridge::model::NodeRef::Namespace(data));
    bench.drag(
        bench.rect(web).center(),
        into.left_bottom() + vec2(10.0, -8.0),
    );
    let home = |bench: &Bench| match web {
        drawbridge::model::NodeRef::Workload(id) => {
            bench.document().workloads.get(id).map(|w| w.namespace)
        }
        _ => None,
    };
    assert_eq!(home(&bench), Some(data));
    bench.undo();
    assert_ne!(home(&bench), Some(data));
}

#[test]
fn a_move_into_another_namespace_shows_what_it_changes_before_the_drop() {
    const PROJECT: &str = "format: drawbridge/1
settings: {base: none}
namespaces: [{name: shop}, {name: ops}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: shop, labels: {app: db}}
- {name: runner, namespace: ops, labels: {app: runner}}
policies:
- file: pg.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: pg, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: db}}
      policyTypes: [Ingress]
      ingress:
      - from: [{podSelector: {matchLabels: {app: web}}}]
        ports: [{port: 5432}]
";
    let (document, _) = drawbridge::project::format::read(PROJECT, "shop").expect("readable");
    let mut bench = Bench::new(document);
    let before = bench.document();
    let ops = before.namespace_named("ops").expect("ops");
    let sees = |bench: &Bench, text: &str| {
        let mut found = bench.harness().query_all_by_label_contains(text);
        found.next().is_some()
    };
    let drag_to_ops = |bench: &mut Bench, name: &str| {
        let into = bench.rect(drawbridge::model::NodeRef::Namespace(ops));
        let to = into.left_bottom() + vec2(10.0, -8.0);
        let from = bench.rect(bench.node(name)).center();
        bench.drag_begin(Modifiers::NONE, from, to);
        bench.frame(egui::Event::PointerMoved(to));
        to
    };
    let to = drag_to_ops(&mut bench, "shop/web");
    assert!(sees(&bench, "Move to ops"));
    assert!(sees(&bench, "Closes 1 connection"));
    assert!(sees(&bench, "ops/web to shop/db on TCP 5432"));
    assert_eq!(bench.document(), before, "it is not dropped yet");
    bench.press(Key::Escape);
    bench.drag_end(Modifiers::NONE, to);
    assert!(!sees(&bench, "Closes 1 connection"));
    bench.assert_is(&before);

    let to = drag_to_ops(&mut bench, "shop/db");
    assert!(sees(
        &bench,
        "No longer selected by 1 policy: shop/pg (imported)"
    ));
    assert!(sees(&bench, "Opens "));
    bench.drag_end(Modifiers::NONE, to);
    assert!(!sees(&bench, "No longer selected by"));
    assert_ne!(bench.document(), before);
}

#[test]
fn a_double_click_on_empty_canvas_adds_a_workload_and_edits_its_name() {
    let mut bench = Bench::new(Default::default());
    bench.double_click(bench.canvas().center());
    bench.type_text("web");
    bench.press(Key::Enter);
    let document = bench.document();
    let names: Vec<_> = document
        .workloads
        .iter()
        .map(|(_, workload)| workload.name.clone())
        .collect();
    assert_eq!(names, ["web"]);
}

#[test]
fn panning_reuses_shapes_and_skips_those_off_screen() {
    let mut bench = Bench::new(shop());
    let counters = bench.counters();
    assert!(counters.nodes > 0 && counters.shapes > counters.nodes);
    bench.wheel(vec2(0.0, -40.0));
    assert_eq!(bench.counters().rebuilt_nodes, 0);
    assert_eq!(bench.counters().rebuilt_arrows, 0);
    bench.wheel(vec2(-9000.0, 0.0));
    let far = bench.counters();
    assert_eq!((far.nodes, far.arrows, far.shapes), (0, 0, 0));
}

#[test]
fn an_idle_canvas_requests_no_frames() {
    let mut bench = Bench::new(shop());
    bench.click(bench.canvas().left_top() + vec2(4.0, 4.0));
    assert_eq!(bench.next_frame(), Duration::MAX);
}

#[test]
fn the_minimap_is_shown_only_while_something_is_out_of_view() {
    let mut bench = Bench::new(shop());
    bench.ask(Command::Fit);
    let is_shown = |bench: &Bench| bench.harness().query_by_label("Minimap").is_some();
    assert!(!is_shown(&bench));
    for _ in 0..6 {
        bench.press_with(Modifiers::COMMAND, Key::Plus);
    }
    assert!(is_shown(&bench));
    bench.press(Key::Home);
    assert!(!is_shown(&bench));
}

#[test]
fn what_lies_outside_is_named_at_its_edge_and_one_click_away() {
    let mut bench = Bench::new(shop());
    bench.ask(Command::Fit);
    // A label's name and its place.
    let label = |bench: &Bench| {
        let edges = ["above: ", "below: ", "to the left: ", "to the right: "];
        let mut shown = edges
            .iter()
            .filter_map(|edge| bench.harness().query_by_label_contains(edge));
        let first = shown.next()?;
        let name = egui_kittest::kittest::NodeT::accesskit_node(&first).label()?;
        Some((name, first.rect().center()))
    };
    assert_eq!(label(&bench), None);
    let web = bench.node("shop/web").item().expect("an item");
    bench.ask(Command::Reveal(web));
    for _ in 0..4 {
        bench.press_with(Modifiers::COMMAND, Key::Plus);
    }
    let (name, at) = label(&bench).expect("something lies outside");
    let first = name.rsplit(": ").next().expect("names");
    let first = first.split(", ").next().expect("a name");
    let document = bench.document();
    let nodes = document.workloads.ids().map(NodeRef::Workload);
    let nodes = nodes.chain(document.externals.ids().map(NodeRef::External));
    let nodes = nodes.chain(document.namespaces.ids().map(NodeRef::Namespace));
    let node = nodes
        .into_iter()
        .find(|node| document.node_name(*node) == first);
    let node = node.expect("an object of that name");
    let is_seen = |bench: &Bench| bench.canvas().contains(bench.rect(node).center());
    assert!(!is_seen(&bench), "{name}");
    bench.click(at);
    assert!(is_seen(&bench), "{name}");
}

/// The labels of what lies outside: their names and places.
fn edge_labels(bench: &Bench) -> Vec<(String, egui::Rect)> {
    let edges = ["above: ", "below: ", "to the left: ", "to the right: "];
    let of_edge = |edge: &&str| {
        let mut shown = bench.harness().query_all_by_label_contains(edge);
        let label = shown.next()?;
        let name = egui_kittest::kittest::NodeT::accesskit_node(&label).label()?;
        Some((name, label.rect()))
    };
    edges.iter().filter_map(of_edge).collect()
}

#[test]
fn labels_of_what_lies_outside_cover_no_card_in_view_and_no_other_label() {
    let mut bench = Bench::new(bench::many(6, 12));
    bench.ask(Command::ExpandAll);
    bench.ask(Command::Fit);
    let ids: Vec<_> = bench.document().workloads.ids().collect();
    let mut seen = 0;
    for _ in 0..5 {
        bench.press_with(Modifiers::COMMAND, Key::Plus);
        for pan in [vec2(-170.0, -90.0), vec2(230.0, 60.0), vec2(40.0, -130.0)] {
            bench.wheel(pan);
            let labels = edge_labels(&bench);
            seen += labels.len();
            let view = bench.canvas();
            for (number, (name, place)) in labels.iter().enumerate() {
                assert!(view.contains_rect(*place), "{name}");
                for (other, there) in labels.iter().skip(number + 1) {
                    assert!(!place.intersects(*there), "{name} lies on {other}");
                }
                for id in &ids {
                    let card = bench.rect(NodeRef::Workload(*id));
                    let covered = place.intersects(card) && view.contains(card.center());
                    // What the header covers is out of view, too.
                    let covered = covered && card.center().y > view.top() + 100.0;
                    assert!(!covered, "{name} lies on a card");
                }
            }
        }
    }
    assert!(seen > 20, "{seen} labels");
}

#[test]
fn the_chip_of_a_hovered_or_selected_arrow_is_drawn_where_others_have_none() {
    let mut bench = Bench::new(shop());
    bench.ask(Command::Fit);
    while bench.zoom() >= 0.55 {
        bench.press_with(Modifiers::COMMAND, Key::Minus);
    }
    let flows: Vec<_> = bench.document().flows.ids().collect();
    let drawn = |bench: &Bench, flow| {
        let canvas = &bench.harness().state().view.canvas;
        canvas.drawn_chip(ArrowId::Flow(flow))
    };
    let aside = bench.canvas().left_top() + vec2(3.0, 3.0);
    for flow in flows {
        bench.hover(aside);
        assert_eq!(drawn(&bench, flow), None);
        bench.hover(bench.chip(flow).center());
        let chip = drawn(&bench, flow).expect("it is hovered");
        assert!(chip.height() > 15.0, "its text can be read: {chip:?}");
        bench.hover(aside);
        bench.ask(Command::Select(vec![Item::Flow(flow)]));
        assert!(drawn(&bench, flow).is_some());
        bench.ask(Command::Select(Vec::new()));
    }
}

#[test]
fn only_visible_workloads_are_drawn() {
    let mut bench = Bench::new(bench::many(12, 25));
    bench.ask(Command::ExpandAll);
    bench.ask(Command::Fit);
    assert!(
        bench.counters().shapes < 40,
        "from far out it is one mesh and a few names: {:?}",
        bench.counters()
    );
    bench.press_with(Modifiers::COMMAND, Key::Num0);
    let near = bench.counters();
    assert!(near.nodes > 0 && near.nodes < 150, "{near:?}");
    bench.wheel(vec2(-6.0, 0.0));
    let panned = bench.counters();
    assert!(panned.rebuilt_nodes < 12, "{panned:?}");
}

#[test]
fn tab_selects_the_next_node_and_escape_clears_the_selection() {
    let mut bench = Bench::new(shop());
    bench.click(bench.canvas().left_top() + vec2(4.0, 4.0));
    bench.press(Key::Tab);
    let first = bench.selection();
    bench.press(Key::Tab);
    let second = bench.selection();
    assert!(first.len() == 1 && second.len() == 1 && first != second);
    bench.press_with(Modifiers::SHIFT, Key::Tab);
    assert_eq!(bench.selection(), first);
    bench.press(Key::Escape);
    assert!(bench.selection().is_empty());
}

#[test]
fn every_node_and_flow_has_a_name_for_screen_readers() {
    let bench = Bench::new(shop());
    let harness = bench.harness();
    harness.get_by_label("workload web in shop");
    harness.get_by_label("external api.stripe.com");
    harness.get_by_label("namespace data");
    assert!(
        harness
            .query_all_by_label_contains("flow web to catalog on TCP 3550")
            .count()
            > 0
    );
}

#[test]
fn a_flow_may_begin_or_end_at_any_pod_of_a_namespace() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    let data = bench.node("data/*");
    bench.hover(bench.rect(web).center());
    let header = bench.rect(data).center_top() + vec2(0.0, 12.0);
    bench.drag(bench.rect(web).right_center(), header);
    bench.type_text("any");
    bench.press(Key::Enter);
    let document = bench.document();
    let (_, flow) = document.flows.iter().next_back().expect("the flow");
    assert_eq!(
        (flow.to.clone(), flow.ports.clone()),
        (data.into(), vec![FlowPort::Any])
    );
}

#[test]
fn a_flow_between_two_externals_is_rejected() {
    let mut bench = Bench::new(shop());
    let (internet, stripe) = (
        bench.node("external/Internet"),
        bench.node("external/api.stripe.com"),
    );
    let before = bench.document();
    bench.hover(bench.rect(internet).center());
    bench.drag(
        bench.rect(internet).right_center(),
        bench.rect(stripe).center(),
    );
    bench.type_text("443");
    bench.press(Key::Enter);
    bench.assert_is(&before);
}
