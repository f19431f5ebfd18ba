//! Namespaces as cards: collapsed and expanded by keys, carets, icons, menus and commands.

use drawbridge::app::Command;
use drawbridge::app::canvas::Counters;
use drawbridge::model::{Document, Edit, Item, NamespaceId, NodeRef};
use drawbridge::project::format;
use drawbridge::scene::{ArrowId, Bundle};
use egui::{Key, Modifiers, Pos2, Rect, vec2};
use egui_kittest::kittest::Queryable;

use super::bench::{self, Bench, shop};

fn namespace(bench: &Bench, name: &str) -> NamespaceId {
    bench.document().namespace_named(name).expect(name)
}

fn collapsed(bench: &Bench) -> Vec<String> {
    let document = bench.document();
    let names = bench.harness().state().view.canvas.collapsed().iter();
    names
        .map(|id| document.node_name(NodeRef::Namespace(*id)).to_owned())
        .collect()
}

fn space(bench: &Bench, name: &str) -> Rect {
    bench.rect(NodeRef::Namespace(namespace(bench, name)))
}

/// The caret in the header; the icon is beside it.
fn caret(bench: &Bench, name: &str) -> Pos2 {
    space(bench, name).min + vec2(18.0, 20.0) * bench.zoom()
}

fn icon(bench: &Bench, name: &str) -> Pos2 {
    caret(bench, name) + vec2(20.0, 0.0) * bench.zoom()
}

fn bundle_chip(bench: &Bench, from: NodeRef, to: NodeRef) -> Option<Rect> {
    let id = ArrowId::Bundle(Bundle { from, to });
    bench.harness().state().view.canvas.screen_arrow(id)
}

fn is_drawn(bench: &Bench, node: NodeRef) -> bool {
    bench
        .harness()
        .state()
        .view
        .canvas
        .screen_rect(node)
        .is_some()
}

#[test]
fn every_gesture_collapses_and_one_step_undoes_it() {
    type Gesture = fn(&mut Bench);
    let gestures: [(&str, Gesture); 4] = [
        ("caret", |bench| bench.click(caret(bench, "data"))),
        ("icon", |bench| bench.double_click(icon(bench, "data"))),
        ("key", |bench| {
            bench.click(bench.rect(bench.node("data/redis")).center());
            bench.press(Key::C);
        }),
        ("command", |bench| {
            let data = Item::Namespace(namespace(bench, "data"));
            bench.ask(Command::Select(vec![data]));
            bench.ask(Command::Collapse);
        }),
    ];
    for (name, gesture) in gestures {
        let mut bench = Bench::new(shop());
        let before = bench.document();
        let (redis, corner) = (bench.node("data/redis"), space(&bench, "data").min);
        let web = bench.rect(bench.node("shop/web"));
        gesture(&mut bench);
        assert_eq!(collapsed(&bench), ["data"], "{name}");
        let stored = bench.document().collapsed.expect(name);
        assert_eq!(*stored, [namespace(&bench, "data")].into(), "{name}");
        assert!(!is_drawn(&bench, redis), "{name}");
        let card = space(&bench, "data");
        assert!(
            card.min.distance(corner) < 1.0,
            "{name}: it is where the container was"
        );
        assert!((card.size() - vec2(168.0, 88.0) * bench.zoom()).length() < 1.0);
        assert_eq!(
            bench.rect(bench.node("shop/web")),
            web,
            "nothing else moves"
        );
        assert_eq!(
            bench.undo_name().as_deref(),
            Some("Collapse data"),
            "{name}"
        );
        bench.undo();
        bench.assert_is(&before);
        assert!(is_drawn(&bench, redis), "{name}");
    }
}

#[test]
fn a_card_expands_in_its_place_and_what_is_in_it_returns() {
    let gestures: [fn(&mut Bench); 2] = [
        |bench| bench.press(Key::C),
        |bench| bench.ask(Command::Expand),
    ];
    for gesture in gestures {
        let mut bench = Bench::new(shop());
        let places = |bench: &Bench| {
            let document = bench.document();
            let ids = document.workloads.ids().map(NodeRef::Workload);
            ids.map(|node| bench.rect(node)).collect::<Vec<_>>()
        };
        let before = places(&bench);
        bench.click(caret(&bench, "shop"));
        assert_eq!(collapsed(&bench), ["shop"]);
        assert_eq!(
            bench.selection(),
            [Item::Namespace(namespace(&bench, "shop"))]
        );
        gesture(&mut bench);
        assert!(collapsed(&bench).is_empty());
        assert_eq!(places(&bench), before);
        assert!(bench.document().collapsed.is_some_and(|ids| ids.is_empty()));
    }
}

#[test]
fn flows_between_cards_are_one_arrow_that_lists_them() {
    let mut bench = Bench::new(shop());
    bench.ask(Command::CollapseAll);
    let document = bench.document();
    assert_eq!(collapsed(&bench).len(), document.namespaces.len());
    let [shop, data] = ["shop", "data"].map(|name| NodeRef::Namespace(namespace(&bench, name)));
    let home = |end: &drawbridge::model::End| match end.node() {
        Some(NodeRef::Workload(id)) => document.workloads.get(id).map(|w| w.namespace),
        _ => None,
    };
    let within = |(id, flow): (drawbridge::model::FlowId, &drawbridge::model::Flow)| {
        let pair = (home(&flow.from)?, home(&flow.to)?);
        let pair = (NodeRef::Namespace(pair.0), NodeRef::Namespace(pair.1));
        (pair == (shop, data)).then_some(Item::Flow(id))
    };
    let expected: Vec<Item> = document.flows.iter().filter_map(within).collect();
    assert!(!expected.is_empty());
    assert_eq!(
        bundle_chip(&bench, data, shop),
        None,
        "there is no flow back"
    );
    let chip = bundle_chip(&bench, shop, data).expect("it is drawn");
    bench.click(chip.center());
    assert_eq!(bench.selection(), expected);
    bench.double_click(chip.center());
    let open = collapsed(&bench);
    assert!(!open.contains(&"shop".to_owned()) && !open.contains(&"data".to_owned()));
    bench.undo();
    assert_eq!(collapsed(&bench).len(), document.namespaces.len());
}

/// Two namespaces and three flows between them.
fn pair() -> Document {
    let text = "format: drawbridge/1
namespaces: [{name: a}, {name: b}]
workloads:
- {name: one, namespace: a, labels: {app: one}}
- {name: two, namespace: a, labels: {app: two}}
- {name: db, namespace: b, labels: {app: db}}
externals: [{name: office, networks: [{cidr: 198.51.100.0/24}]}]
flows:
- {from: a/one, to: b/db, ports: [TCP/5432]}
- {from: a/two, to: b/db, ports: [TCP/9187]}
- {from: external/office, to: a/one, ports: [TCP/443]}
collapsed: [a, b]
";
    format::read(text, "pair").expect("it is readable").0
}

#[test]
fn each_row_of_an_arrow_selects_the_ends_of_its_flow() {
    let mut bench = Bench::new(pair());
    assert_eq!(collapsed(&bench), ["a", "b"], "as the project says");
    let harness = bench.harness();
    harness.get_by_label("a to b, 2 flows");
    harness.get_by_label("namespace a, collapsed, 2 workloads, 2 isolated");
    let [a, b] = ["a", "b"].map(|name| NodeRef::Namespace(namespace(&bench, name)));
    bench.click(bundle_chip(&bench, a, b).expect("it is drawn").center());
    assert_eq!(bench.selection().len(), 2);
    bench.click_label("two to db");
    let ends = ["a/two", "b/db"].map(|words| bench.node(words).item().expect(words));
    assert_eq!(bench.selection(), ends);
    // The external's arrow ends at the card, too.
    let office = bench.node("external/office");
    assert!(bundle_chip(&bench, office, a).is_some());
}

#[test]
fn a_dragged_card_takes_along_what_was_placed_in_it() {
    let mut bench = Bench::new(shop());
    let redis = bench.node("data/redis");
    let at = bench.rect(redis).center();
    bench.drag(at, at + vec2(0.0, 30.0));
    let start = bench.rect(redis).min - space(&bench, "data").min;
    bench.click(caret(&bench, "data"));
    let card = space(&bench, "data");
    bench.drag(card.center(), card.center() + vec2(0.0, 140.0));
    assert!((space(&bench, "data").min - card.min).y > 100.0);
    bench.click(caret(&bench, "data"));
    let after = bench.rect(redis).min - space(&bench, "data").min;
    assert!((after - start).length() < 1.0, "{after:?}, was {start:?}");
}

#[test]
fn what_is_added_to_a_card_is_shown() {
    let mut bench = Bench::new(shop());
    bench.click(caret(&bench, "data"));
    let before = bench.document();
    bench.click(bench.canvas().left_top() + vec2(4.0, 4.0));
    bench.click(space(&bench, "data").center());
    bench.press(Key::W);
    bench.type_text("added");
    bench.press(Key::Enter);
    assert!(collapsed(&bench).is_empty());
    assert!(is_drawn(&bench, bench.node("data/added")));
    bench.undo();
    bench.undo();
    bench.assert_is(&before);
}

#[test]
fn a_large_project_opens_collapsed_unless_it_says_otherwise() {
    let large = bench::many(6, 14);
    let bench = Bench::new(large.clone());
    assert_eq!(collapsed(&bench).len(), 6);
    bench.assert_is(&large);
    let mut bench = Bench::new(large.clone());
    bench.click(caret(&bench, "team-3"));
    assert_eq!(collapsed(&bench).len(), 5);
    assert_eq!(bench.document().collapsed.map(|ids| ids.len()), Some(5));
    bench.undo();
    assert_eq!(collapsed(&bench).len(), 6);
    bench.assert_is(&large);

    let mut open = large;
    Edit::Collapse([].into()).apply(&mut open).expect("an edit");
    assert!(collapsed(&Bench::new(open)).is_empty());
    let small = Bench::new(bench::many(5, 16));
    assert_eq!(collapsed(&small).len(), 5, "80 are too small to read");
    let mut grown = Bench::new(bench::many(3, 6));
    assert!(collapsed(&grown).is_empty(), "18 can be read");
    grown.ask(Command::AddWorkload);
    assert!(collapsed(&grown).is_empty(), "what is shown stays");
}

#[test]
fn hidden_objects_are_revealed_at_their_card() {
    let mut bench = Bench::new(bench::many(6, 14));
    let hidden = bench.node("team-4/svc-3").item().expect("a workload");
    bench.press_with(Modifiers::COMMAND, Key::Num0);
    bench.wheel(vec2(-5000.0, 0.0));
    bench.ask(Command::Reveal(hidden));
    let card = space(&bench, "team-4");
    assert!(bench.canvas().contains_rect(card), "{card:?}");
    assert_eq!(bench.selection(), [hidden]);
    bench.press(Key::C);
    assert_eq!(bench.selection(), [hidden], "expanding keeps the selection");
    assert!(is_drawn(&bench, hidden.node().expect("a node")));
}

#[test]
fn cards_cost_as_much_as_there_are_namespaces() {
    let mut bench = Bench::new(bench::many(12, 25));
    let Counters { nodes, arrows, .. } = bench.counters();
    assert_eq!((nodes, arrows), (12, 12), "{:?}", bench.counters());
    bench.wheel(vec2(0.0, -40.0));
    assert_eq!(bench.counters().rebuilt_nodes, 0);
    bench.click(bench.canvas().left_top() + vec2(4.0, 4.0));
    assert_eq!(bench.next_frame(), std::time::Duration::MAX);
}

#[test]
fn a_weighted_arrow_ends_at_the_border_of_an_expanded_namespace_and_its_flows_begin_there() {
    let mut bench = Bench::new(pair());
    let [a, b] = ["a", "b"].map(|name| NodeRef::Namespace(namespace(&bench, name)));
    bench.click(caret(&bench, "b"));
    bench.click(bench.canvas().left_bottom() + vec2(30.0, -80.0));
    let bundle = ArrowId::Bundle(Bundle { from: a, to: b });
    let chip = bundle_chip(&bench, a, b).expect("it is one arrow still");
    bench.harness().get_by_label("a to b, 2 flows");
    let document = bench.document();
    let into: Vec<ArrowId> = document.flows.ids().take(2).map(ArrowId::Flow).collect();
    let border = space(&bench, "b");
    let canvas = &bench.harness().state().view.canvas;
    for flow in &into {
        let chip = canvas.screen_arrow(*flow).expect("within b");
        assert!(border.contains(chip.center()), "{chip:?}");
    }
    // They are lit together.
    bench.hover(bench.rect(bench.node("b/db")).center());
    let canvas = &bench.harness().state().view.canvas;
    assert!(!canvas.dims_arrow(bundle) && into.iter().all(|flow| !canvas.dims_arrow(*flow)));
    bench.click(chip.center());
    let flows: Vec<Item> = document.flows.ids().take(2).map(Item::Flow).collect();
    assert_eq!(bench.selection(), flows);
    let canvas = &bench.harness().state().view.canvas;
    assert!(into.iter().all(|flow| !canvas.dims_arrow(*flow)));
}

/// Where the outline has the row of that name.
fn row(bench: &Bench, name: &str) -> Option<Rect> {
    let rows = bench.harness().query_all_by_label(name);
    let mut rects = rows.map(|row| row.rect());
    rects.find(|rect| rect.left() < 100.0)
}

#[test]
fn the_outline_of_a_large_project_begins_closed_and_opens_for_the_selection() {
    let mut bench = Bench::new(bench::many(10, 10));
    assert!(row(&bench, "team-4").is_some() && row(&bench, "svc-4").is_none());
    bench.click_label("List workloads of team-1");
    assert!(row(&bench, "svc-4").is_some());
    bench.click_label("Hide workloads of team-1");
    assert!(row(&bench, "svc-4").is_none());
    let chosen = bench.node("team-2/svc-4").item().unwrap();
    bench.ask(Command::Select(vec![chosen]));
    assert!(row(&bench, "svc-4").is_some());
    let bench = Bench::new(shop());
    let top = |name| row(&bench, name).unwrap().top();
    assert!(
        top("data") < top("kafka")
            && top("kafka") < top("payments")
            && top("payments") < top("shop")
    );
}

#[test]
fn a_search_marks_cards_with_how_many_of_their_workloads_match() {
    let mut bench = Bench::new(bench::many(12, 25));
    while bench.zoom() >= 0.55 {
        bench.ask(Command::ZoomOut);
    }
    bench.press_with(Modifiers::COMMAND, Key::F);
    bench.type_text("svc-3");
    let painted = |bench: &Bench, words: &str| {
        let shapes = &bench.harness().output().shapes;
        let is = |shape: &egui::Shape| match shape {
            egui::Shape::Text(text) => text.galley.text() == words,
            _ => false,
        };
        shapes.iter().filter(|clipped| is(&clipped.shape)).count()
    };
    assert_eq!(painted(&bench, "1 of 25"), 12);
    let named = bench.harness().query_all_by_label_contains("1 of 25 found");
    assert_eq!(named.count(), 12);
    bench.press(Key::Escape);
    assert_eq!(painted(&bench, "1 of 25"), 0);
}
