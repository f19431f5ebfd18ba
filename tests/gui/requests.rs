//! What only some dialects express: the action and the HTTP requests of flows, and entities.

use drawbridge::app::Command;
use drawbridge::model::{Flow, Item};
use drawbridge::policy::Entity;
use drawbridge::proof::Verdict;
use egui::{Key, Modifiers};

use super::test_window::TestWindow;

fn flow(window: &TestWindow, item: Item) -> Flow {
    match item {
        Item::Flow(id) => window.document().flows.get(id).expect("a flow").clone(),
        _ => unreachable!("a flow"),
    }
}

fn verdict(window: &TestWindow, item: Item) -> Verdict {
    match item {
        Item::Flow(id) => window.app().results.proof.verdicts[&id],
        _ => unreachable!("a flow"),
    }
}

#[test]
fn requests_are_edited_where_the_dialect_filters_them() {
    let mut window = TestWindow::shop();
    let item = window.flow("cart to redis");
    window.ask(Command::Select(vec![item]));
    assert!(!window.sees("Add http request"));
    window.ask(Command::WriteCilium);
    window.enter("Add http request", "GET /products/.*");
    window.enter("Add http request", "one two three");
    assert!(window.sees("write a method, a path, or both"));
    window.enter("Add http request", "");
    let texts: Vec<String> = flow(&window, item)
        .http
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(texts, ["GET /products/.*"]);
    assert_eq!(verdict(&window, item), Verdict::Exact);
    assert!(window.sees("HTTP"));
    // Shown and explained where the dialect has none.
    window.ask(Command::WriteKubernetes);
    assert!(window.sees("NetworkPolicy has no HTTP rules"));
    assert_eq!(verdict(&window, item), Verdict::CannotExpress);
    window.click("Remove GET /products/.*");
    assert!(flow(&window, item).http.is_empty());
    assert_eq!(verdict(&window, item), Verdict::Exact);
}

#[test]
fn a_flow_denies_where_the_dialect_can() {
    let mut window = TestWindow::shop();
    let item = window.flow("cart to redis");
    window.ask(Command::WriteCilium);
    window.ask(Command::Select(vec![item]));
    window.click("Action: Deny");
    assert!(flow(&window, item).denies);
    assert!(window.sees("Denied on exactly these ports"));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert!(!flow(&window, item).denies);
    window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    window.ask(Command::WriteKubernetes);
    assert!(window.sees("NetworkPolicy cannot deny"));
    assert_eq!(verdict(&window, item), Verdict::CannotExpress);
}

#[test]
fn an_external_is_an_entity() {
    let mut window = TestWindow::shop();
    window.ask(Command::WriteCilium);
    let document = window.document();
    let id = document.externals.ids().next().expect("an external");
    window.ask(Command::Select(vec![Item::External(id)]));
    window.choose("Role", "kube-apiserver");
    let entity = |window: &TestWindow| window.document().externals.get(id).expect("it").entity;
    assert_eq!(entity(&window), Some(Entity::KubeApiserver));
    assert!(window.sees("Means the API server."));
    window.ask(Command::WriteKubernetes);
    assert!(window.sees("NetworkPolicy cannot express"));
    window.press_with(Modifiers::COMMAND, Key::Z);
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(entity(&window), None);
}

#[test]
fn service_accounts_of_a_group_are_edited_where_the_dialect_selects_by_them() {
    let mut window = TestWindow::shop();
    window.ask(Command::AddGroup);
    // Its name stays.
    window.press(Key::Enter);
    let group = |window: &TestWindow| {
        let document = window.document();
        let id = document.groups.ids().last().expect("a group");
        (
            Item::Group(id),
            document.groups.get(id).expect("it").clone(),
        )
    };
    let (item, _) = group(&window);
    window.ask(Command::Select(vec![item]));
    assert!(window.sees("NetworkPolicy does not select pods by service account"));
    assert!(!window.sees("Add service account"));
    window.ask(Command::WriteCilium);
    window.enter("Add service account", "robot");
    window.enter("Add service account", "Not A Name");
    window.enter("Add service account", "");
    assert_eq!(group(&window).1.accounts.to_string(), "robot");
    // Kept, shown and explained where the dialect has none.
    window.ask(Command::WriteKubernetes);
    assert!(window.sees("Flows of this group are reported and left out of the export"));
    window.scroll_to("Remove robot");
    window.click("Remove robot");
    assert!(group(&window).1.accounts.is_any());
}

#[test]
fn a_wider_form_is_accepted_where_the_dialect_cannot_express_the_flow() {
    let mut window = TestWindow::shop();
    let item = window.flow("checkout to api.stripe.com");
    window.ask(Command::Select(vec![item]));
    assert_eq!(verdict(&window, item), Verdict::CannotExpress);
    let allow = "Allow all addresses outside the cluster on TCP 443";
    window.scroll_to(allow);
    window.click(allow);
    assert!(flow(&window, item).approximate);
    assert_eq!(verdict(&window, item), Verdict::Approximated);
    assert!(window.sees("More is allowed, as the flow accepts"));
    assert!(window.sees("Exact, except 1 flow approximated: more is allowed"));
    // The strip above the policies tells it from what allows less.
    window.click("0 of 1 flow expressed in NetworkPolicy");
    assert!(window.sees("1 approximated"));
    assert!(window.sees("Allows more: all addresses outside the cluster on TCP 443"));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert!(!flow(&window, item).approximate, "one undo step");
    assert_eq!(verdict(&window, item), Verdict::CannotExpress);
}

#[test]
fn problems_offer_the_wider_form_in_one_click() {
    let mut window = TestWindow::shop();
    let item = window.flow("checkout to api.stripe.com");
    window.ask(Command::Problems);
    let fix = "Approximate: allow all addresses outside the cluster on TCP 443";
    window.scroll_to(fix);
    window.click(fix);
    assert!(flow(&window, item).approximate);
    assert_eq!(window.undo_name().as_deref(), Some(fix));
    assert!(window.sees("Approximated: checkout to api.stripe.com"));
    window.press_with(Modifiers::COMMAND, Key::E);
    assert!(window.sees("The export allows more than is drawn for 1 flow"));
}
