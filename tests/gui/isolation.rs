//! Isolation of workloads and flows with one gate, through the inspector and the Problems tab.

use drawbridge::app::Command;
use drawbridge::model::{Direction, Document, Isolate, Item};
use egui::{Key, Modifiers};

use super::desk::Desk;

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
    let mut desk = Desk::shop();
    let state = desk.app().results.proof.state;
    let redis = desk.workload("redis");
    desk.ask(Command::Select(vec![redis]));
    desk.click("Isolate: Ingress");
    assert_eq!(isolate(&desk.document(), redis), Isolate::Ingress);
    assert_eq!(desk.app().results.proof.state, state);
    desk.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(isolate(&desk.document(), redis), Isolate::None);
}

#[test]
fn a_flow_is_given_one_gate_and_its_other_half_is_opened_by_a_fix() {
    let mut desk = Desk::shop();
    let state = desk.app().results.proof.state;
    let flow = desk.flow("cart to redis");
    desk.ask(Command::Select(vec![flow]));
    desk.click("Gates: Ingress only");
    assert_eq!(half(&desk.document(), flow), Some(Direction::Ingress));
    assert_eq!(desk.app().results.proof.state, state);
    assert!(desk.sees("Opens the ingress of redis, and nothing else."));
    desk.press(Key::F8);
    assert!(desk.sees("Half open: cart to redis"), "{}", desk.text());
    desk.click("Open the other half");
    assert_eq!(half(&desk.document(), flow), None);
    assert_eq!(desk.undo_name().as_deref(), Some("Open the other half"));
    assert!(desk.app().results.half_open.is_empty());
}
