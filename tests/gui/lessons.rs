//! The lessons, from wrong to green, through their own buttons, the editor and undo.

use drawbridge::app::lessons::LESSONS;
use drawbridge::app::panels::Tab;
use drawbridge::model::Item;
use drawbridge::proof::{State, Verdict};
use egui::{Key, Modifiers};

use super::test_window::TestWindow;

/// The first lesson, opened from the start screen.
fn first() -> TestWindow {
    let mut window = TestWindow::new(Vec::new());
    window.click("Learn: five classic mistakes");
    window
}

fn done(window: &TestWindow) -> [bool; 4] {
    ["1. See it", "2. See why", "3. Fix it", "4. Proven"]
        .map(|step| window.sees(&format!("Step {step}: done")))
}

#[test]
fn every_lesson_goes_from_wrong_to_green() {
    let mut window = first();
    for (number, lesson) in LESSONS.iter().enumerate() {
        assert!(window.sees(&format!("Lesson {} of 5", number + 1)));
        assert!(window.sees(lesson.title));
        assert_eq!(done(&window), [false; 4], "{}", lesson.title);
        assert_ne!(window.app().results.proof.state, State::Exact);

        window.click("Select the flow");
        assert_eq!(done(&window), [true, false, false, false]);
        let Some(Item::Flow(flow)) = window.app().view.only_selected() else {
            panic!("no flow is selected in {}", lesson.title);
        };
        let verdicts = &window.app().results.proof.verdicts;
        assert_ne!(verdicts[&flow], Verdict::Exact, "{}", lesson.title);

        window.click("Explain the connection");
        assert_eq!(window.app().view.tab, Tab::Why);
        assert_eq!(done(&window), [true, true, false, false]);

        window.click(lesson.fix_button);
        assert_eq!(done(&window), [true; 4], "{}", lesson.title);
        let proof = &window.app().results.proof;
        assert_eq!(
            (proof.state, proof.verdicts[&flow]),
            (State::Exact, Verdict::Exact)
        );
        window.press_with(Modifiers::COMMAND, Key::Z);
        assert_eq!(done(&window), [true, true, false, false], "a fix is undone");
        window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
        assert_eq!(done(&window), [true; 4]);
        if number + 1 < LESSONS.len() {
            window.click("Next lesson");
        }
    }
    window.click("Leave");
    assert!(window.app().history.is_none(), "nothing is asked");
}

#[test]
fn a_lesson_is_solved_by_hand_and_a_wrong_edit_is_not_proven() {
    let mut window = first();
    let document = window.document();
    let (id, policy) = document.policies.iter().next().expect("a policy");
    let id = Item::Policy(id);
    window.ask(drawbridge::app::Command::Reveal(id));
    let wrong = policy.text.replace("app: prometheus", "app: web");
    window.write("Policy text", &wrong);
    window.press_with(Modifiers::COMMAND, Key::Enter);
    assert_eq!(done(&window), [false, false, true, false]);
    let right = policy.text.replace(
        "- podSelector:",
        "- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}\n      podSelector:",
    );
    window.write("Policy text", &right);
    window.press_with(Modifiers::COMMAND, Key::Enter);
    assert_eq!(done(&window), [false, false, true, true]);
}

#[test]
fn a_lesson_is_left_for_another_project() {
    let mut window = first();
    window.click("Next lesson");
    assert!(window.sees("Lesson 2 of 5"));
    window.click(LESSONS[1].fix_button);
    window.ask(drawbridge::app::Command::ExampleShop);
    assert_eq!(window.document().name, "online-shop", "nothing is asked");
    assert!(!window.sees("Lesson 2 of 5"));
}

#[test]
fn policies_have_a_sentence_below_their_names() {
    let mut window = first();
    let flow = window.flow("prometheus to web");
    window.ask(drawbridge::app::Command::Select(vec![flow]));
    let sentence = "Pods with app=web accept TCP 9090 from app=prometheus in shop.";
    assert!(window.sees(sentence));
    window.click(LESSONS[0].fix_button);
    let sentence = "Pods with app=web accept TCP 9090 from app=prometheus in monitoring.";
    assert!(window.sees(sentence));
    let document = window.document();
    let policy = document.policies.ids().next().expect("a policy");
    window.ask(drawbridge::app::Command::Reveal(Item::Policy(policy)));
    assert!(window.sees(sentence), "in its inspector");
}
