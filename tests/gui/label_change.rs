//! What typed labels would change, shown in the inspector before they are taken over.

use drawbridge::app::Command;
use drawbridge::model::{Document, Item};
use egui::{Event, Key, Modifiers};

use super::test_window::TestWindow;

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
      - from: [{podSelector: {matchLabels: {tier: front}}}, {namespaceSelector: {matchLabels: {team: ops}}}]
        ports: [{port: 5432}]
";

fn window() -> TestWindow {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("labels.drawbridge.yaml");
    std::fs::write(&path, PROJECT).expect("it is written");
    window.ask(Command::OpenPaths(vec![path]));
    window
}

fn namespace(document: &Document, name: &str) -> Item {
    Item::Namespace(document.namespace_named(name).expect("the namespace"))
}

#[test]
fn typed_labels_show_what_they_open_until_they_are_taken_over() {
    let mut window = window();
    let before = window.document();
    window.ask(Command::Select(vec![window.workload("web")]));
    window.write("Add label", "tier=front");
    assert!(window.sees("Opens 1 connection"));
    assert!(window.sees("shop/web to shop/db on TCP 5432"));
    assert!(!window.sees("selected by 1 policy"));
    assert_eq!(window.document(), before, "it is still a draft");
    window.write("Add label", "tier=back");
    assert!(!window.sees("Opens "), "no policy names this label");
    window.write("Add label", "tier=front");
    window.press(Key::Enter);
    assert_ne!(window.document(), before);
    assert!(!window.sees("Opens 1 connection"));
    window.write("Label 2", "tier=back");
    assert!(window.sees("Closes 1 connection"));
    window.press(Key::Escape);
    assert!(!window.sees("Closes 1 connection"));
}

#[test]
fn policies_that_start_and_stop_to_select_a_workload_are_named() {
    let mut window = window();
    window.ask(Command::Select(vec![window.workload("db")]));
    window.write("Label 1", "app=store");
    assert!(window.sees("No longer selected by 1 policy: shop/pg (imported)"));
    assert!(window.sees("Opens "));
    window.press(Key::Enter);
    window.write("Label 1", "app=db");
    assert!(window.sees("Starts to be selected by 1 policy: shop/pg (imported)"));
    assert!(window.sees("Closes "));
    window.write("Label 1", "-app=db");
    assert!(!window.sees("selected by 1 policy"), "it is refused");
}

#[test]
fn labels_of_a_namespace_have_a_preview_and_ports_have_none() {
    let mut window = window();
    let ops = namespace(&window.document(), "ops");
    window.ask(Command::Select(vec![ops]));
    window.write("Add label", "team=ops");
    assert!(window.sees("Opens 1 connection"));
    assert!(window.sees("ops/runner to shop/db on TCP 5432"));
    window.ask(Command::Select(vec![window.workload("web")]));
    window.write("Add port", "http 8080");
    assert!(!window.sees("Opens ") && !window.sees("Closes "));
}

#[test]
fn a_selector_that_selects_another_workload_shows_what_it_cuts() {
    let mut window = TestWindow::shop();
    window.ask(Command::Select(vec![window.workload("redis")]));
    window.click("Selected by: Custom selector");
    window.write("Label 1", "app=kafka");
    assert!(window.sees("Closes "));
    assert!(window.sees("shop/cart to data/redis on TCP 6379"));
}

#[test]
fn a_move_by_keyboard_has_the_preview_of_a_drag_and_is_one_step() {
    let mut window = window();
    let before = window.document();
    window.ask(Command::Select(vec![window.workload("db")]));
    let open = |window: &mut TestWindow| {
        window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
        window
            .harness
            .event(Event::Text("Move to namespace".into()));
        window.settle();
        window.press(Key::Enter);
        assert!(window.has_focus("Move to namespace"));
        window.harness.event(Event::Text("op".into()));
        window.settle();
    };
    open(&mut window);
    assert!(window.sees("Move to ops"));
    assert!(window.sees("No longer selected by 1 policy: shop/pg (imported)"));
    assert_eq!(window.document(), before, "nothing has moved yet");
    window.press(Key::Escape);
    assert!(!window.sees("Move to ops") && !window.sees("No longer selected"));
    assert_eq!(window.document(), before);
    open(&mut window);
    window.press(Key::Enter);
    assert!(!window.sees("Move to ops"));
    let document = window.document();
    let Item::Workload(db) = window.workload("db") else {
        unreachable!("a workload")
    };
    let home = document.workloads.get(db).expect("it is there").namespace;
    assert_eq!(Item::Namespace(home), namespace(&document, "ops"));
    assert!(document.layout.is_empty(), "it is not pinned");
    let rect = |name: &str| {
        let item = match name {
            "ops" => namespace(&document, "ops"),
            name => window.workload(name),
        };
        let node = item.node().expect("a node");
        window.app().view.canvas.screen_rect(node).expect("drawn")
    };
    assert!(rect("ops").contains_rect(rect("db")));
    assert!(!rect("ops").intersects(rect("web")), "it went there");
    assert_eq!(
        window.undo_name().as_deref(),
        Some("Move db to namespace ops")
    );
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.document(), before, "one step");
}

#[test]
fn a_move_to_a_namespace_that_has_the_name_is_refused_where_it_is_typed() {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("names.drawbridge.yaml");
    let twice = PROJECT.replace("name: runner", "name: db");
    std::fs::write(&path, twice).expect("it is written");
    window.ask(Command::OpenPaths(vec![path]));
    let before = window.document();
    window.ask(Command::Select(vec![
        window.workload("web"),
        window.workload("db"),
    ]));
    window.ask(Command::MoveToNamespace);
    window.harness.event(Event::Text("ops".into()));
    window.settle();
    window.press(Key::Enter);
    assert!(window.has_focus("Move to namespace"), "it stays open");
    assert_eq!(window.document(), before);
}
