//! Connections that depend on the enforcer, in the window.

use super::test_window::TestWindow;
use drawbridge::app::Command;
use drawbridge::policy::Target;
use drawbridge::query::enforcers::OfProject;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

/// `agent` is on the host network: Cilium and Calico take it for its node.
const PROJECT: &str = "\
format: drawbridge/1
name: nodes
namespaces: [{name: shop}, {name: lab, base: none}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: shop, labels: {app: db}}
- {name: agent, namespace: shop, labels: {app: agent}, hostNetwork: true}
- {name: probe, namespace: lab, labels: {app: probe}}
flows:
- {from: shop/web, to: shop/db, ports: [TCP/5432]}
- {from: shop/web, to: shop/agent, ports: [TCP/9100]}
";

fn opened() -> TestWindow {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("nodes.drawbridge.yaml");
    std::fs::write(&path, PROJECT).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    window
}

fn found(window: &TestWindow) -> &OfProject {
    let found = window.app().view.compare.enforcers.found();
    found.expect("enforcers are compared")
}

/// The names of the rows: connections, verdicts and reasons.
fn rows(window: &TestWindow) -> Vec<String> {
    let rows = window.harness.query_all_by_label_contains("Kubernetes: ");
    let rows = rows.filter(|node| node.accesskit_node().role() != Role::Label);
    let names = rows.filter_map(|node| node.accesskit_node().label());
    names.filter(|name| !name.starts_with("flow ")).collect()
}

#[test]
fn connections_that_depend_on_the_enforcer_are_listed_with_reasons() {
    let mut window = opened();
    window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    window.write("Command palette", "compare enforcers");
    window.press(Key::Enter);
    let rows = rows(&window);
    let row = rows
        .iter()
        .find(|row| row.starts_with("shop/web to shop/agent."));
    let row = row.unwrap_or_else(|| panic!("{rows:?}"));
    assert_eq!(
        row,
        "shop/web to shop/agent. Kubernetes: TCP 9100; Cilium: none; Calico: none. Calico takes pods on the host network for their nodes. Cilium takes pods on the host network for their nodes."
    );
    assert!(window.sees("1 drawn flow depends on it, and is marked on the canvas"));
    assert!(
        window.sees(
            "flow web to agent on TCP 9100, allowed on exactly these ports\ndepends on the enforcer"
        ),
        "the flow says so on the canvas"
    );
    assert!(
        window
            .app()
            .view
            .dependence(flow_id(&window, "web to db"))
            .is_none()
    );
    let row = row.clone();
    window.click(&row);
    assert_eq!(
        window.app().view.selected(),
        [window.flow("web to agent")],
        "the flow is selected"
    );
}

#[test]
fn a_connection_without_a_flow_selects_its_ends() {
    let mut window = opened();
    window.ask(Command::CompareEnforcers);
    let at = found(&window).flows.iter().position(Vec::is_empty);
    assert!(
        at.is_some(),
        "agent itself reaches others, and no flow draws that"
    );
    let row = rows(&window)
        .into_iter()
        .find(|row| row.starts_with("shop/agent to lab/probe."))
        .expect("the row");
    window.click(&row);
    let mut ends = vec![window.workload("agent"), window.workload("probe")];
    ends.sort();
    assert_eq!(window.app().view.selected(), ends);
}

#[test]
fn the_list_follows_edits_and_ends_when_closed() {
    let mut window = opened();
    window.click("Compare");
    window.click("Compare enforcers");
    let before = found(&window).of_flows().len();
    assert_eq!(before, 1);
    window.ask(Command::Select(vec![window.flow("web to agent")]));
    window.ask(Command::Delete);
    assert_eq!(found(&window).of_flows().len(), 0);
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(found(&window).of_flows().len(), 1);
    window.click("Close the comparison");
    assert!(window.app().view.compare.enforcers.found().is_none());
    assert!(
        window
            .app()
            .view
            .dependence(flow_id(&window, "web to agent"))
            .is_none()
    );
}

#[test]
fn a_dialect_of_one_enforcer_has_nothing_to_compare() {
    let mut window = opened();
    window.ask(Command::WriteCilium);
    window.ask(Command::CompareEnforcers);
    assert!(window.sees("which only Cilium enforces"));
    assert!(window.app().view.compare.enforcers.found().is_none());
    window.click("Write NetworkPolicy");
    assert_eq!(window.document().settings.target(), Target::Kubernetes);
    assert_eq!(found(&window).of_flows().len(), 1);
}

fn flow_id(window: &TestWindow, name: &str) -> drawbridge::model::FlowId {
    match window.flow(name) {
        drawbridge::model::Item::Flow(id) => id,
        _ => unreachable!("it is a flow"),
    }
}
