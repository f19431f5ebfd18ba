//! What is lit while the rest is dimmed, the focus, back and forward, and the search.

use drawbridge::app::Command;
use drawbridge::app::focus::Direction;
use drawbridge::model::{Item, NodeRef};
use drawbridge::scene::ArrowId;
use egui::{Event, Key, Modifiers, PointerButton, vec2};
use egui_kittest::kittest::Queryable;

use super::bench::{Bench, shop};

/// The nodes that are not dimmed, containers aside, by name.
fn lit(bench: &Bench) -> Vec<String> {
    let document = bench.document();
    let workloads = document.workloads.ids().map(NodeRef::Workload);
    let externals = document.externals.ids().map(NodeRef::External);
    let canvas = &bench.harness().state().view.canvas;
    let lit = workloads
        .chain(externals)
        .filter(|node| !canvas.dims(*node));
    let mut names: Vec<String> = lit
        .map(|node| document.node_name(node).to_owned())
        .collect();
    names.sort();
    names
}

/// The names of what flows join to a node, and its own.
fn around(bench: &Bench, node: NodeRef, into: bool, out: bool) -> Vec<String> {
    let document = bench.document();
    let mut names = vec![document.node_name(node).to_owned()];
    for (_, flow) in document.flows.iter() {
        let (from, to) = (
            flow.from.node().expect("a node"),
            flow.to.node().expect("a node"),
        );
        if from == node && out {
            names.push(document.node_name(to).to_owned());
        }
        if to == node && into {
            names.push(document.node_name(from).to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

#[test]
fn each_part_of_the_path_leads_there() {
    let mut bench = Bench::new(shop());
    bench.click(bench.rect(bench.node("shop/checkout")).center());
    bench.press(Key::O);
    bench.click_label("Go to shop");
    let shop = bench.document().namespace_named("shop").expect("shop");
    assert_eq!(bench.selection(), [Item::Namespace(shop)]);
    assert!(bench.harness().state().view.focus.is_none());
    assert!(
        bench.harness().query_by_label("Go to shop").is_none(),
        "one is there"
    );
    bench.click_label("Go to All namespaces");
    assert!(bench.selection().is_empty());
    bench.ask(Command::Back);
    assert_eq!(bench.selection(), [Item::Namespace(shop)]);
}

fn empty_corner(bench: &Bench) -> egui::Pos2 {
    bench.canvas().right_top() + vec2(-20.0, 120.0)
}

#[test]
fn what_is_selected_or_hovered_stays_lit_with_its_arrows_and_neighbours() {
    let mut bench = Bench::new(shop());
    let all = lit(&bench).len();
    let checkout = bench.node("shop/checkout");
    let wanted = around(&bench, checkout, true, true);
    assert!(wanted.len() > 2 && wanted.len() < all, "{wanted:?}");

    bench.hover(bench.rect(checkout).center());
    assert_eq!(lit(&bench), wanted);
    bench.hover(empty_corner(&bench));
    assert_eq!(lit(&bench).len(), all);

    bench.click(bench.rect(checkout).center());
    bench.hover(empty_corner(&bench));
    assert_eq!(lit(&bench), wanted, "selected");
    let canvas = &bench.harness().state().view.canvas;
    for (id, flow) in bench.document().flows.iter() {
        let own = [&flow.from, &flow.to]
            .iter()
            .any(|end| end.node() == Some(checkout));
        assert_eq!(canvas.dims_arrow(ArrowId::Flow(id)), !own);
    }
    bench.press(Key::Escape);
    assert_eq!(lit(&bench).len(), all);
    assert_eq!(bench.next_frame(), std::time::Duration::MAX);
}

#[test]
fn hovering_builds_no_shape_again() {
    let mut bench = Bench::new(shop());
    let checkout = bench.node("shop/checkout");
    bench.hover(bench.rect(checkout).center());
    let counters = bench.counters();
    assert_eq!((counters.rebuilt_nodes, counters.rebuilt_arrows), (0, 0));
}

#[test]
fn focus_grows_and_shrinks_by_hops_in_one_direction_or_both() {
    let mut bench = Bench::new(shop());
    let total = bench.document().workloads.len() + bench.document().externals.len();
    let checkout = bench.node("shop/checkout");
    bench.click(bench.rect(checkout).center());
    bench.press(Key::O);
    bench.hover(empty_corner(&bench));
    let one = lit(&bench);
    assert_eq!(one, around(&bench, checkout, true, true));
    bench.harness().get_by_label("Focus on");
    bench
        .harness()
        .get_by_label(&format!("{} of {total}", one.len()));

    bench.press(Key::Plus);
    let two = lit(&bench);
    assert!(
        two.len() > one.len() && one.iter().all(|name| two.contains(name)),
        "{two:?}"
    );
    bench.press(Key::Minus);
    assert_eq!(lit(&bench), one);
    bench.press(Key::Minus);
    bench.press(Key::Minus);
    assert_eq!(lit(&bench), ["checkout"], "no hop shows it alone");
    bench.press(Key::Plus);

    bench.click_label("In");
    bench.hover(empty_corner(&bench));
    assert_eq!(lit(&bench), around(&bench, checkout, true, false));
    bench.click_label("Out");
    bench.hover(empty_corner(&bench));
    assert_eq!(lit(&bench), around(&bench, checkout, false, true));
    let focus = bench.harness().state().view.focus.clone().expect("a focus");
    assert_eq!((focus.hops, focus.direction), (1, Direction::Out));

    bench.press(Key::Escape);
    assert!(bench.harness().state().view.focus.is_none());
    assert_eq!(bench.selection().len(), 1, "the selection stays");
}

#[test]
fn a_focus_ends_with_what_it_is_on_and_comes_back_with_back() {
    let mut bench = Bench::new(shop());
    let web = bench.node("shop/web");
    bench.click(bench.rect(web).center());
    bench.press(Key::O);
    assert!(bench.harness().state().view.focus.is_some());
    bench.press(Key::Escape);
    bench.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert!(
        bench.harness().state().view.focus.is_some(),
        "back to the focus"
    );
    bench.press(Key::Delete);
    assert!(
        bench.harness().state().view.focus.is_none(),
        "what is deleted is no focus"
    );
}

#[test]
fn back_and_forward_walk_through_places() {
    let mut bench = Bench::new(shop());
    let [web, redis] = ["shop/web", "data/redis"].map(|name| bench.node(name));
    let [web, redis] = [web, redis].map(|node| (node, node.item().expect("an item")));
    bench.click(bench.rect(web.0).center());
    let before = bench.rect(web.0);
    bench.click(bench.rect(redis.0).center());
    bench.wheel(vec2(-300.0, -200.0));
    let moved = bench.rect(web.0);
    assert_ne!(moved, before);
    bench.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(bench.selection(), [web.1]);
    assert_eq!(bench.rect(web.0), before, "the view returns, too");
    bench.press_with(Modifiers::ALT, Key::ArrowRight);
    assert_eq!(bench.selection(), [redis.1]);
    assert_eq!(bench.rect(web.0), moved);
    bench.mouse(PointerButton::Extra1);
    assert_eq!(bench.selection(), [web.1]);
    bench.mouse(PointerButton::Extra2);
    assert_eq!(bench.selection(), [redis.1]);
    bench.click_label("Back (Alt Left)");
    assert_eq!(bench.selection(), [web.1]);
}

#[test]
fn fitting_is_a_place_to_come_back_from() {
    let mut bench = Bench::new(shop());
    bench.press_with(Modifiers::COMMAND, Key::Num0);
    bench.wheel(vec2(-100.0, -50.0));
    let web = bench.node("shop/web");
    let before = bench.rect(web);
    bench.ask(drawbridge::app::Command::Fit);
    assert_ne!(bench.rect(web), before);
    bench.press_with(Modifiers::ALT, Key::ArrowLeft);
    assert_eq!(bench.rect(web), before);
}

#[test]
fn the_search_counts_marks_and_walks_and_escape_closes_it() {
    let mut bench = Bench::new(shop());
    bench.press_with(Modifiers::COMMAND, Key::F);
    bench.type_text("app=ca");
    let document = bench.document();
    let starts = |item: &Item| document.item_name(*item).starts_with("ca");
    let found = bench
        .harness()
        .state()
        .view
        .search
        .as_ref()
        .expect("open")
        .found()
        .to_vec();
    assert!(found.len() > 1 && found.iter().all(starts), "{found:?}");
    bench
        .harness()
        .get_by_label(&format!("{} matches", found.len()));
    assert!(bench.selection().is_empty(), "typing selects nothing");

    bench.press(Key::Enter);
    assert_eq!(bench.selection(), [found[0]]);
    bench
        .harness()
        .get_by_label(&format!("1 of {}", found.len()));
    bench.press(Key::Enter);
    assert_eq!(bench.selection(), [found[1]]);
    bench.press_with(Modifiers::SHIFT, Key::Enter);
    assert_eq!(bench.selection(), [found[0]]);
    bench.click_label("Previous match (Shift Enter)");
    assert_eq!(bench.selection(), [*found.last().expect("some")]);

    bench.press_with(Modifiers::COMMAND, Key::F);
    bench.press(Key::Escape);
    assert!(bench.harness().state().view.search.is_none());
    assert_eq!(bench.selection().len(), 1, "the selection stays");
    bench.press(Key::Escape);
    assert!(bench.selection().is_empty());
}

#[test]
fn a_match_far_away_is_shown_where_it_can_be_read() {
    let mut bench = Bench::new(super::bench::many(12, 25));
    // So many open as cards.
    bench.ask(Command::ExpandAll);
    bench.ask(Command::Fit);
    assert!(bench.zoom() < 0.3);
    bench.press_with(Modifiers::COMMAND, Key::F);
    bench.type_text("team-7/svc-3 app=svc-3");
    bench.press(Key::Enter);
    let node = bench.node("team-7/svc-3");
    assert_eq!(bench.selection(), [node.item().expect("an item")]);
    assert!(bench.zoom() >= 0.55, "{}", bench.zoom());
    assert!(bench.canvas().contains_rect(bench.rect(node)));
    bench.event(Event::PointerGone);
    // Only the journal of unsaved work is still to come.
    assert!(bench.next_frame() > std::time::Duration::from_millis(100));
}
