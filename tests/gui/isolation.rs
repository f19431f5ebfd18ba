//! Isolation of workloads and flows with one gate, through the inspector and the Problems tab.

use drawbridge::app::Command;
use drawbridge::model::{Direction, Document, Isolate, Item};
use egui::{Key, Modifiers};

use super::test_window::TestWindow;

fn isolate(document: &Document, item: Item) -> Isolate {
    match item {
        Item::Workload(id) => document.workloads.get(id).expect("a workload").isolate,
        _ => unreachable!("a workload"),
    }
}

fn half(document: &Document, item: Item) -> Option<Direction> {
    match item {
        Item::Flow(id) => document.flows.get(id).expect("a flow").half,
        _ => unreachable!("a flow"),
    }
}

#[test]
fn a_workload_is_isolated_in_the_inspector_and_undone() {
    let mut window = TestWindow::shop();
    let state = window.app().results.proof.state;
    let redis = window.workload("redis");
    window.ask(Command::Select(vec![redis]));
    window.scroll_to("Isolate: Ingress");
    window.click("Isolate: Ingress");
    assert_eq!(isolate(&window.document(), redis), Isolate::Ingress);
    assert_eq!(window.app().results.proof.state, state);
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(isolate(&window.document(), redis), Isolate::None);
}

#[test]
fn whether_a_workload_uses_the_dns_of_the_cluster_is_chosen_in_the_inspector() {
    let mut window = TestWindow::shop();
    let redis = window.workload("redis");
    let chosen = |window: &TestWindow| match redis {
        Item::Workload(id) => {
            let document = window.document();
            document.workloads.get(id).expect("a workload").cluster_dns
        }
        _ => unreachable!("a workload"),
    };
    window.ask(Command::Select(vec![redis]));
    window.scroll_to("Uses the cluster's DNS");
    window.click("Uses the cluster's DNS");
    assert_eq!(chosen(&window), Some(false));
    // The usual answer is written as none.
    window.click("Uses the cluster's DNS");
    assert_eq!(chosen(&window), None);
}

#[test]
fn a_flow_is_given_one_gate_and_its_other_half_is_opened_by_a_fix() {
    let mut window = TestWindow::shop();
    let state = window.app().results.proof.state;
    let flow = window.flow("cart to redis");
    window.ask(Command::Select(vec![flow]));
    window.click("Gates: Ingress only");
    assert_eq!(half(&window.document(), flow), Some(Direction::Ingress));
    assert_eq!(window.app().results.proof.state, state);
    assert!(window.sees("Opens the ingress of redis, and nothing else."));
    window.press(Key::F8);
    assert!(window.sees("Half open: cart to redis"), "{}", window.text());
    window.click("Open the other half");
    assert_eq!(half(&window.document(), flow), None);
    assert_eq!(window.undo_name().as_deref(), Some("Open the other half"));
    assert!(window.app().results.half_open.is_empty());
}
