//! The filter chips, and hubs that are hidden.

use drawbridge::model::{Document, Item, NodeRef};
use drawbridge::project::format;
use drawbridge::scene::{ArrowId, Bundle};
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;

use super::bench::{Bench, shop};

/// Chooses in the list of a chip, and closes it.
fn choose(bench: &mut Bench, chip: &str, choice: &str) {
    bench.click_label(&format!("Filter by {chip}"));
    bench.click_label(choice);
    bench.press(Key::Escape);
}

fn opaque(bench: &Bench) -> Vec<String> {
    let document = bench.document();
    let canvas = &bench.harness().state().view.canvas;
    let ids = document.workloads.ids().map(NodeRef::Workload);
    let lit = ids.filter(|node| canvas.screen_rect(*node).is_some() && !canvas.dims(*node));
    lit.map(|node| document.node_name(node).to_owned())
        .collect()
}

fn drawn(bench: &Bench) -> usize {
    let document = bench.document();
    let canvas = &bench.harness().state().view.canvas;
    let ids = document.workloads.ids().map(NodeRef::Workload);
    ids.filter(|node| canvas.screen_rect(*node).is_some())
        .count()
}

/// The ends of the flows with a port, by name.
fn ends_at(document: &Document, port: &str) -> Vec<String> {
    let flows = document.flows.iter();
    let flows =
        flows.filter(|(_, flow)| drawbridge::model::validate::flow_ports_text(&flow.ports) == port);
    let ends = flows.flat_map(|(_, flow)| [flow.from.node(), flow.to.node()]);
    let workloads: std::collections::BTreeSet<NodeRef> = ends.flatten().collect();
    let workloads = workloads
        .into_iter()
        .filter(|node| matches!(node, NodeRef::Workload(_)));
    workloads
        .map(|node| document.node_name(node).to_owned())
        .collect()
}

#[test]
fn what_does_not_match_is_dimmed_or_hidden_and_escape_clears() {
    let mut bench = Bench::new(shop());
    let before = bench.document();
    let all = before.workloads.len();
    let wanted = ends_at(&before, "TCP/6379");
    assert!(!wanted.is_empty() && wanted.len() < all, "{wanted:?}");
    choose(&mut bench, "port", "TCP 6379, 1");
    bench.hover(bench.canvas().right_top() + vec2(-20.0, 140.0));
    assert_eq!(opaque(&bench), wanted);
    assert_eq!(drawn(&bench), all, "dimmed, and still there");
    let count = format!("Only matches, {} of {all}", wanted.len());
    bench.harness().get_by_label(&count);

    let places: Vec<_> = before
        .workloads
        .ids()
        .map(|id| bench.rect(NodeRef::Workload(id)))
        .collect();
    bench.click_label(&count);
    bench
        .harness()
        .get_by_label(&format!("Only matches, {} hidden", all - wanted.len()));
    assert_eq!(drawn(&bench), wanted.len());
    assert_eq!(opaque(&bench), wanted);
    bench.press_with(Modifiers::COMMAND, Key::A);
    let hidden = bench.selection().into_iter().filter(|item| {
        matches!(item, Item::Workload(_))
            && item
                .node()
                .is_some_and(|node| !wanted.iter().any(|name| name == before.node_name(node)))
    });
    assert_eq!(hidden.count(), 0, "what is hidden is not selected");
    bench.press(Key::Escape);
    assert!(!bench.selection().is_empty(), "the filter goes first");
    assert_eq!(drawn(&bench), all);
    let back: Vec<_> = before
        .workloads
        .ids()
        .map(|id| bench.rect(NodeRef::Workload(id)))
        .collect();
    assert_eq!(back, places, "everything is where it was");
    bench.press(Key::Escape);
    assert!(bench.selection().is_empty());
    bench.assert_is(&before);
    assert_eq!(bench.next_frame(), std::time::Duration::MAX);
}

#[test]
fn escape_clears_the_search_before_the_filter() {
    let mut bench = Bench::new(shop());
    let count = in_data(&bench);
    choose(&mut bench, "namespace", &format!("data, {count}"));
    bench.press_with(Modifiers::COMMAND, Key::F);
    bench.type_text("redis");
    assert!(bench.harness().state().view.search.is_some());
    bench.press(Key::Escape);
    assert!(bench.harness().state().view.search.is_none());
    assert!(bench.harness().state().view.filter.matches().is_some());
    bench.press(Key::Escape);
    assert!(bench.harness().state().view.filter.matches().is_none());
}

fn in_data(bench: &Bench) -> usize {
    let document = bench.document();
    document
        .workloads_of(document.namespace_named("data").expect("data"))
        .len()
}

#[test]
fn what_a_filter_hides_is_drawn_when_it_is_looked_for() {
    let mut bench = Bench::new(shop());
    let count = in_data(&bench);
    choose(&mut bench, "namespace", &format!("data, {count}"));
    let all = bench.document().workloads.len();
    bench.click_label(&format!("Only matches, {count} of {all}"));
    let web = bench
        .document()
        .workloads
        .iter()
        .find(|(_, w)| w.name == "web")
        .map(|(id, _)| id);
    let web = Item::Workload(web.expect("web"));
    let is_drawn = |bench: &Bench| {
        let node = web.node().expect("a node");
        bench
            .harness()
            .state()
            .view
            .canvas
            .screen_rect(node)
            .is_some()
    };
    assert!(!is_drawn(&bench));
    bench.ask(drawbridge::app::Command::Reveal(web));
    assert!(is_drawn(&bench));
    assert_eq!(bench.selection(), [web]);
}

/// 84 workloads in two namespaces; all of the first call one of the second.
fn with_hub() -> Document {
    let mut text = String::from(
        "format: drawbridge/1\nnamespaces: [{name: apps}, {name: base}]\nworkloads:\n",
    );
    for number in 0..82 {
        text += &format!("- {{name: w{number}, namespace: apps, labels: {{app: w{number}}}}}\n");
    }
    text += "- {name: logs, namespace: base, labels: {app: logs}}\n";
    text += "- {name: db, namespace: base, labels: {app: db}}\nflows:\n";
    for number in 0..30 {
        text += &format!("- {{from: apps/w{number}, to: base/logs, ports: [TCP/24224]}}\n");
    }
    text += "- {from: apps/w0, to: base/db, ports: [TCP/5432]}\n";
    format::read(&text, "hub").expect("it is readable").0
}

#[test]
fn hubs_of_a_large_drawing_are_hidden_with_their_arrows_until_they_are_asked_for() {
    let mut bench = Bench::new(with_hub());
    let document = bench.document();
    let hub = bench.node("base/logs");
    let id = |name: &str| NodeRef::Namespace(document.namespace_named(name).expect(name));
    let bundle = ArrowId::Bundle(Bundle {
        from: id("apps"),
        to: id("base"),
    });
    let harness = bench.harness();
    harness.get_by_label("1 hub hidden");
    harness.get_by_label("apps to base, 1 flow");
    harness.get_by_label_contains("namespace base, collapsed, 2 workloads");
    let card = |bench: &Bench| {
        let nodes = bench
            .harness()
            .query_all_by_label_contains("namespace base, collapsed");
        nodes
            .filter_map(|node| egui_kittest::kittest::NodeT::accesskit_node(&node).label())
            .next()
    };
    assert!(card(&bench).is_some_and(|words| words.contains("1 hub hidden")));
    bench.click_label("Show");
    assert_eq!(
        card(&bench).map(|words| words.contains("hub hidden")),
        Some(false)
    );
    bench.harness().get_by_label("apps to base, 31 flows");
    assert!(
        bench
            .harness()
            .state()
            .view
            .canvas
            .screen_arrow(bundle)
            .is_some()
    );
    bench.click_label("Hide");
    bench.harness().get_by_label("apps to base, 1 flow");

    bench.ask(drawbridge::app::Command::ExpandAll);
    let is_drawn = |bench: &Bench| {
        bench
            .harness()
            .state()
            .view
            .canvas
            .screen_rect(hub)
            .is_some()
    };
    assert!(!is_drawn(&bench) && bench.rect(bench.node("base/db")).is_positive());
    // The outline lists it once more under its own heading; there a click brings it back.
    bench.click_label("Filter outline");
    bench.type_text("logs");
    let rows = bench.harness().query_all_by_label("logs");
    let row = rows
        .max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()))
        .expect("a row")
        .rect();
    bench.click(row.center());
    assert!(is_drawn(&bench));
    bench.assert_is(&{
        let mut expanded = document;
        expanded.collapsed = bench.document().collapsed;
        expanded
    });
}
