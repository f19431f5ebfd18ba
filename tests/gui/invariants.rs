//! Invariants in the window: added from a selection, edited in a form, checked after every edit.

use drawbridge::app::Command;
use drawbridge::model::{Claim, Edit, Item};
use drawbridge::query::Outcome;
use egui::{Key, Modifiers};

use super::test_window::TestWindow;

fn outcome(window: &TestWindow) -> Outcome {
    let results = &window.app().results;
    assert_eq!(results.document, window.document());
    let [judged] = results.invariants.as_slice() else {
        panic!("there is one invariant: {:?}", results.invariants)
    };
    judged.outcome.clone()
}

#[test]
fn an_invariant_of_a_flow_breaks_with_it_and_holds_again_after_undo() {
    let mut window = TestWindow::shop();
    let flow = window.flow("checkout to payments");
    window.ask(Command::Select(vec![flow]));
    window.press(Key::I);
    assert_eq!(outcome(&window), Outcome::Kept);
    window.enter("Name", "orders are paid");
    assert!(window.sees("orders are paid"));

    window.ask(Command::Edit(Edit::Remove(vec![flow])));
    assert!(matches!(outcome(&window), Outcome::Broken(_)));
    assert!(window.sees("1 invariant broken"));
    window.ask(Command::Problems);
    assert!(window.sees("Broken: orders are paid"));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(outcome(&window), Outcome::Kept);
}

#[test]
fn an_invariant_is_edited_in_its_form_until_it_breaks() {
    let mut window = TestWindow::shop();
    let ledger = window.workload("ledger");
    window.ask(Command::Select(vec![ledger]));
    window.ask(Command::AddInvariant);
    let document = window.document();
    let (id, made) = document.invariants.iter().next().expect("it was added");
    assert_eq!(
        made.name,
        "anything except payments/* must not reach payments/ledger"
    );
    assert_eq!(
        outcome(&window),
        Outcome::Kept,
        "only payments reach it at once"
    );

    window.ask(Command::Select(vec![Item::Invariant(id)]));
    window.click("Reach: Not in any hops");
    let Outcome::Broken(breach) = outcome(&window) else {
        panic!("the shop reaches it through others")
    };
    assert!(breach.hops.len() > 1, "{breach:?}");
    window.enter("From", "external/Office VPN");
    window.enter("Ports", "22");
    assert_eq!(outcome(&window), Outcome::Kept);
    let document = window.document();
    let changed = document.invariants.get(id).expect("it is there");
    assert_eq!(changed.claim, Claim::DenyAnyHops);
    assert_eq!(
        document.end_words(changed.from.as_ref().expect("a source")),
        "external/Office VPN"
    );

    window.enter("To", "nowhere/at-all");
    assert!(
        window.sees("nowhere"),
        "what is wrong is said below the field"
    );
    let still = window.document();
    assert_eq!(still.invariants.get(id), document.invariants.get(id));
}
