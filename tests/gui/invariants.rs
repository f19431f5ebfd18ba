//! Invariants in the window: added from a selection, edited in a form, checked after every edit.

use drawbridge::app::Command;
use drawbridge::model::{Claim, Edit, Item};
use drawbridge::query::Outcome;
use egui::{Key, Modifiers};

use super::desk::Desk;

fn outcome(desk: &Desk) -> Outcome {
    let results = &desk.app().results;
    assert_eq!(results.document, desk.document());
    let [judged] = results.invariants.as_slice() else {
        panic!("there is one invariant: {:?}", results.invariants)
    };
    judged.outcome.clone()
}

#[test]
fn an_invariant_of_a_flow_breaks_with_it_and_holds_again_after_undo() {
    let mut desk = Desk::shop();
    let flow = desk.flow("checkout to payments");
    desk.ask(Command::Select(vec![flow]));
    desk.press(Key::I);
    assert_eq!(outcome(&desk), Outcome::Kept);
    desk.enter("Name", "orders are paid");
    assert!(desk.sees("orders are paid"));

    desk.ask(Command::Edit(Edit::Remove(vec![flow])));
    assert!(matches!(outcome(&desk), Outcome::Broken(_)));
    assert!(desk.sees("1 invariant broken"));
    desk.ask(Command::Problems);
    assert!(desk.sees("Broken: orders are paid"));
    desk.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(outcome(&desk), Outcome::Kept);
}

#[test]
fn an_invariant_is_edited_in_its_form_until_it_breaks() {
    let mut desk = Desk::shop();
    let ledger = desk.workload("ledger");
    desk.ask(Command::Select(vec![ledger]));
    desk.ask(Command::AddInvariant);
    let document = desk.document();
    let (id, made) = document.invariants.iter().next().expect("it was added");
    assert_eq!(
        made.name,
        "anything except payments/* must not reach payments/ledger"
    );
    assert_eq!(
        outcome(&desk),
        Outcome::Kept,
        "only payments reach it at once"
    );

    desk.ask(Command::Select(vec![Item::Invariant(id)]));
    desk.click("Reach: Not in any hops");
    let Outcome::Broken(breach) = outcome(&desk) else {
        panic!("the shop reaches it through others")
    };
    assert!(breach.hops.len() > 1, "{breach:?}");
    desk.enter("From", "external/Office VPN");
    desk.enter("Ports", "22");
    assert_eq!(outcome(&desk), Outcome::Kept);
    let document = desk.document();
    let changed = document.invariants.get(id).expect("it is there");
    assert_eq!(changed.claim, Claim::DenyAnyHops);
    assert_eq!(
        document.end_words(changed.from.as_ref().expect("a source")),
        "external/Office VPN"
    );

    desk.enter("To", "nowhere/at-all");
    assert!(
        desk.sees("nowhere"),
        "what is wrong is said below the field"
    );
    let still = desk.document();
    assert_eq!(still.invariants.get(id), document.invariants.get(id));
}
