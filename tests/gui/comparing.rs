//! Opened and closed connections in the window: against last saved, another project, and a folder.

use super::test_window::TestWindow;
use drawbridge::analysis::changes::Relation;
use drawbridge::app::Command;
use drawbridge::app::dialogs::Answer;
use drawbridge::model::{Edit, Flow, Item, NodeRef, Thing, Unknown, validate};
use drawbridge::query::compare::{Comparison, Difference, Party, Way};
use drawbridge::scene::ExtraKind;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

fn comparison(window: &TestWindow) -> &Comparison {
    let compare = &window.app().view.compare;
    compare.comparison().expect("a comparison is open")
}

fn told(window: &TestWindow) -> Vec<String> {
    let name = |place: &Party| match place {
        Party::Workload(name) => name.name.clone(),
        other => format!("{other:?}"),
    };
    let one = |d: &Difference| {
        let sign = if d.way == Way::Opens { "+" } else { "-" };
        format!("{sign} {} to {} {}", name(&d.from), name(&d.to), d.ports)
    };
    comparison(window).differences.iter().map(one).collect()
}

fn arrows(window: &TestWindow) -> Vec<ExtraKind> {
    let extras = window.app().view.canvas.extras();
    extras.iter().map(|id| id.kind).collect()
}

fn draw(window: &mut TestWindow, from: &str, to: &str, ports: &str) {
    let end = |item| match item {
        Item::Workload(id) => NodeRef::Workload(id).into(),
        _ => unreachable!("it is a workload"),
    };
    let flow = Flow {
        from: end(window.workload(from)),
        to: end(window.workload(to)),
        ports: validate::flow_ports(ports).expect("ports"),
        http: Vec::new(),
        denies: false,
        approximate: false,
        note: String::new(),
        half: None,
        muted: false,
        observed: None,
        unknown: Unknown::new(),
    };
    window.ask(Command::Edit(Edit::Add(Thing::Flow(flow))));
}

/// Clicks and returns what was put onto the clipboard.
fn copied(window: &mut TestWindow, button: &str) -> String {
    window.harness.get_by_label(button).click();
    for _ in 0..5 {
        window.harness.step();
        for command in &window.harness.output().platform_output.commands {
            if let egui::OutputCommand::CopyText(text) = command {
                return text.clone();
            }
        }
    }
    panic!("nothing was copied");
}

#[test]
fn an_edit_opens_its_connection_until_it_is_saved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shop.drawbridge.yaml");
    let mut window = TestWindow::new(vec![Answer::Paths(vec![path])]);
    window.ask(Command::ExampleShop);
    window.click("Compare");
    window.click("Compare with last saved");
    assert_eq!(told(&window), [] as [String; 0]);
    assert!(window.sees("Both allow the same connections"));
    draw(&mut window, "cart", "catalog", "TCP/3550");
    assert_eq!(told(&window), ["+ cart to catalog TCP 3550"]);
    assert_eq!(comparison(&window).relation, Relation::Wider);
    assert_eq!(arrows(&window), [ExtraKind::Opened]);
    assert!(window.sees("1 connection opened, none closed"));
    window.click("opens: shop/cart to shop/catalog, TCP 3550");
    let chosen = window.app().view.extra.expect("its arrow is selected");
    assert_eq!(chosen.kind, ExtraKind::Opened);
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(told(&window), [] as [String; 0]);
    assert_eq!(
        arrows(&window),
        [],
        "the chosen arrow goes with its connection"
    );
    window.ask(Command::Select(vec![window.flow("web to checkout")]));
    window.ask(Command::Delete);
    assert_eq!(told(&window), ["- web to checkout TCP 5050"]);
    assert_eq!(arrows(&window), [ExtraKind::Closed]);
    window.press_with(Modifiers::COMMAND, Key::S);
    assert!(!window.is_dirty());
    assert_eq!(
        told(&window),
        [] as [String; 0],
        "that is what was last saved now"
    );
    window.click("Close the comparison");
    assert!(window.app().view.compare.comparison().is_none());
    assert_eq!(arrows(&window), []);
}

#[test]
fn a_comparison_with_another_project_is_copied_as_a_review_comment() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let other = at("old.drawbridge.yaml");
    let paths = |path: &std::path::Path| Answer::Paths(vec![path.to_path_buf()]);
    let answers = vec![
        paths(&other),
        paths(&at("table")),
        paths(&at("picture.svg")),
    ];
    let mut window = TestWindow::new(answers);
    window.ask(Command::ExampleShop);
    std::fs::write(&other, window.text()).expect("written");
    draw(&mut window, "cart", "catalog", "TCP/3550");
    window.ask(Command::Select(vec![window.flow("web to checkout")]));
    window.ask(Command::Delete);
    window.click("Compare");
    window.click("Compare with a project…");
    assert!(window.sees("Compared with old.drawbridge.yaml"));
    let text = copied(&mut window, "Copy Markdown");
    assert_eq!(text, REVIEW);
    window.settle();
    window.click("Save Markdown…");
    let written = std::fs::read_to_string(at("table.md")).expect("the table");
    assert_eq!(written, REVIEW);
    window.click("Save image…");
    let picture = std::fs::read_to_string(at("picture.svg")).expect("the picture");
    for kind in [ExtraKind::Opened, ExtraKind::Closed] {
        assert!(picture.contains(kind.sign()), "{kind:?} has its sign");
    }
    assert!(picture.contains("+ solid: opens (1)"));
    assert!(picture.contains("stroke-dasharray"));
}

#[test]
fn a_folder_of_manifests_is_compared_and_unreadable_files_are_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("app.yaml"), super::MANIFESTS).expect("written");
    let paths = |path: &std::path::Path| Answer::Paths(vec![path.to_path_buf()]);
    let mut window = TestWindow::new(vec![paths(folder.path()), paths(empty.path())]);
    window.ask(Command::OpenPaths(vec![folder.path().to_path_buf()]));
    window.ask(Command::CompareFolder);
    let opened: Vec<Way> = comparison(&window)
        .differences
        .iter()
        .map(|d| d.way)
        .collect();
    assert!(!opened.contains(&Way::Opens), "an import opens nothing");
    assert!(comparison(&window).only_old.is_empty() && comparison(&window).only_new.is_empty());
    window.ask(Command::CompareFolder);
    assert!(window.sees("The files to compare with could not be read"));
    assert!(window.app().view.compare.comparison().is_none());
    window.press(Key::Escape);
    window.ask(Command::CompareSaved);
    assert!(!window.app().view.compare.is_open(), "it was never saved");
}

const REVIEW: &str = "\
<!-- drawbridge: diff -->
### online-shop: old.drawbridge.yaml -\\> now

⚠️ **Mixed: 1 connection opened, 1 closed; assuming enforcer=kubernetes, pod-addresses=unknown, host-network=pods**

The new policies and the old ones each allow something that the others do not (future pods included)

| | From | To | Before | After |
| --- | --- | --- | --- | --- |
| added | shop/cart\\[Deployment] | shop/catalog\\[Deployment] | none | TCP 3550 |
| removed | shop/web\\[Deployment] | shop/checkout\\[Deployment] | TCP 5050 | none |
";
