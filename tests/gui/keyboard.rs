//! The keyboard: refused text, dialogs, questions and menus.

use drawbridge::app::Command;
use drawbridge::model::Item;
use egui::{Event, Key, Modifiers};

use super::test_window::TestWindow;

#[test]
fn refused_text_keeps_the_keyboard_and_escape_restores_the_value() {
    let mut window = TestWindow::shop();
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    let before = window.document();
    window.enter("Name", "not a name!");
    assert!(window.has_focus("Name"), "what is typed next corrects it");
    for key in [Key::Backspace, Key::Delete, Key::M] {
        window.press(key);
    }
    assert!(window.document() == before, "keys are no commands");
    window.press(Key::Escape);
    assert!(window.app().view.selection.contains(&web));
    assert!(!window.app().view.drafts.pending(), "the value is back");
    window.press(Key::Escape);
    assert!(window.app().view.selection.is_empty());
}

#[test]
fn escape_restores_a_refused_text_that_was_left() {
    let mut window = TestWindow::shop();
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    window.write("Name", "not a name!");
    window.press(Key::Tab);
    window.harness.ctx.memory_mut(|memory| {
        if let Some(focused) = memory.focused() {
            memory.surrender_focus(focused);
        }
    });
    window.settle();
    assert!(window.app().view.drafts.pending());
    window.press(Key::Escape);
    assert!(!window.app().view.drafts.pending());
    assert!(window.app().view.selection.contains(&web));
}

#[test]
fn nothing_behind_a_dialog_gets_keys() {
    for open in [Command::Keys, Command::History, Command::Export] {
        let mut window = TestWindow::shop();
        let web = window.workload("web");
        window.ask(Command::Select(vec![web]));
        let before = window.document();
        window.ask(open.clone());
        for key in [
            Key::ArrowLeft,
            Key::ArrowUp,
            Key::ArrowRight,
            Key::ArrowRight,
            Key::Delete,
        ] {
            window.press(key);
        }
        assert!(window.document() == before, "{open:?}");
        assert!(window.app().view.overlay.is_some(), "{open:?}");
    }
}

#[test]
fn the_default_of_a_question_has_the_focus() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a.drawbridge.yaml");
    let answer = drawbridge::app::dialogs::Answer::Paths(vec![file.clone()]);
    let mut window = TestWindow::new(vec![answer]);
    window.ask(Command::ExampleShop);
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    window.press(Key::Delete);
    window.ask(Command::CloseProject);
    assert!(window.has_focus("Save"));
    window.press(Key::Enter);
    assert!(file.exists() && window.app().history.is_none());
}

#[test]
fn deleting_says_what_is_gone_and_offers_to_undo_it() {
    let mut window = TestWindow::shop();
    let before = window.document();
    let data = before.namespace_named("data").expect("the namespace");
    window.ask(Command::Select(vec![Item::Namespace(data)]));
    window.press(Key::Delete);
    let gone = before.workloads_of(data).len();
    let flows = before.flows.len() - window.document().flows.len();
    let text = format!("Deleted namespace data with {gone} workloads and {flows} flows");
    assert!(window.sees(&text));
    window.click("Undo");
    assert!(window.document() == before);

    window.ask(Command::Select(vec![window.workload("web")]));
    window.press(Key::Delete);
    assert!(window.sees("Deleted workload web with"));
    // The next step is another one.
    let style = Command::StylePerWorkload;
    window.ask(style);
    assert!(!window.sees("Deleted workload web"));
}

/// Presses Alt and releases it.
fn tap_alt(window: &mut TestWindow) {
    for modifiers in [Modifiers::ALT, Modifiers::NONE] {
        window.harness.event(Event::ModifiersChanged(modifiers));
        window.harness.step();
    }
    window.settle();
}

#[test]
fn menus_are_walked_by_keys() {
    let mut window = TestWindow::shop();
    tap_alt(&mut window);
    assert!(window.has_focus("New project"));
    window.press(Key::ArrowDown);
    assert!(!window.has_focus("New project"));
    window.press(Key::ArrowUp);
    assert!(window.has_focus("New project"));
    window.press(Key::ArrowRight);
    assert!(window.sees("Select all") && !window.sees("New project"));
    window.press(Key::ArrowRight);
    assert!(window.sees("Zoom in"));
    window.press(Key::ArrowLeft);
    window.press(Key::ArrowLeft);
    // Around to the dialects at the right.
    window.press(Key::ArrowLeft);
    assert!(window.has_focus("Write NetworkPolicy"));
    window.press(Key::ArrowDown);
    window.press(Key::Enter);
    let shown = window.document().settings.target();
    assert_ne!(shown, drawbridge::policy::Target::Kubernetes);
    tap_alt(&mut window);
    assert!(window.sees("New project"));
    window.press(Key::Escape);
    assert!(!window.sees("New project"));
}

#[test]
fn alt_with_another_key_opens_no_menu() {
    let mut window = TestWindow::shop();
    window
        .harness
        .event(Event::ModifiersChanged(Modifiers::ALT));
    window.harness.step();
    window.press_with(Modifiers::ALT, Key::ArrowLeft);
    window
        .harness
        .event(Event::ModifiersChanged(Modifiers::NONE));
    window.settle();
    assert!(!window.sees("New project"));
}
