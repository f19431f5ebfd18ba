//! Shortcuts are changed in the dialog that lists them.

use drawbridge::app::{Command, command::Keymap};
use drawbridge::model::Item;
use egui::{Key, Modifiers};

use super::test_window::TestWindow;

const MUTE: &str = "Change shortcut: Mute or unmute flow";
const RESET: &str = "Reset shortcut: Mute or unmute flow";

fn muted(window: &TestWindow, flow: Item) -> bool {
    let Item::Flow(id) = flow else {
        panic!("a flow")
    };
    let document = window.document();
    document.flows.get(id).is_some_and(|flow| flow.muted)
}

fn change(window: &mut TestWindow, held: Modifiers, key: Key) {
    if window.app().view.overlay.is_none() {
        window.press(Key::Questionmark);
    }
    window.scroll_to(MUTE);
    window.click(MUTE);
    window.press_with(held, key);
}

fn first_flow(window: &TestWindow) -> Item {
    Item::Flow(window.document().flows.ids().next().expect("a flow"))
}

#[test]
fn a_changed_shortcut_runs_its_command_and_is_remembered() {
    let mut window = TestWindow::shop();
    let flow = first_flow(&window);
    change(&mut window, Modifiers::COMMAND, Key::M);
    window.press(Key::Escape);
    assert!(window.app().view.overlay.is_none());

    window.ask(Command::Select(vec![flow]));
    window.press(Key::M);
    assert!(!muted(&window, flow), "the old shortcut is free");
    window.press_with(Modifiers::COMMAND, Key::M);
    assert!(muted(&window, flow));
    let shown = |window: &TestWindow| Keymap::of(&window.harness.ctx).text(&Command::MuteFlow);
    assert_eq!(shown(&window), "Ctrl M");

    let mut window = window.crash();
    assert_eq!(shown(&window), "Ctrl M");
    window.press(Key::Questionmark);
    window.scroll_to(RESET);
    window.click(RESET);
    assert_eq!(shown(&window), "M");
    assert!(window.app().preferences.keys.is_empty());
}

#[test]
fn a_shortcut_of_another_command_is_refused_with_the_reason() {
    let mut window = TestWindow::shop();
    change(&mut window, Modifiers::COMMAND, Key::S);
    assert!(window.sees("Ctrl S is the shortcut of “Save”"));
    assert!(!window.is_dirty() && window.app().files.path.is_none());
    change(&mut window, Modifiers::NONE, Key::Space);
    assert!(window.sees("Space pans the canvas"));
    change(&mut window, Modifiers::NONE, Key::Tab);
    assert!(window.sees("Tab goes to the next"));
    assert!(window.app().preferences.keys.is_empty());

    // Escape keeps the shortcut, and the dialog.
    change(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.app().view.overlay.is_some());
    window.press(Key::Escape);
    assert!(window.app().view.overlay.is_none());
}

#[test]
fn all_shortcuts_are_reset_at_once() {
    let mut window = TestWindow::shop();
    change(&mut window, Modifiers::ALT, Key::M);
    assert_eq!(window.app().preferences.keys.len(), 1);
    window.scroll_to("Reset all shortcuts");
    window.click("Reset all shortcuts");
    assert!(window.app().preferences.keys.is_empty());
    assert!(!window.sees("Reset all shortcuts"));
}
