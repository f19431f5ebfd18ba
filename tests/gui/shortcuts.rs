//! Shortcuts are changed in the dialog that lists them.

use drawbridge::app::{Command, command::Keymap};
use drawbridge::model::Item;
use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

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

/// Presses keys, each with the text that it types, in one frame.
fn press_at_once(window: &mut TestWindow, keys: &[(Modifiers, Key, &str)]) {
    for (modifiers, key, text) in keys {
        let events = &mut window.harness.input_mut().events;
        events.push(Event::Key {
            key: *key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: *modifiers,
        });
        if !text.is_empty() {
            events.push(Event::Text((*text).to_owned()));
        }
    }
    window.settle();
}

#[test]
fn keys_after_one_that_opens_a_field_belong_to_the_field() {
    let openers = [
        (Modifiers::COMMAND, Key::K, ""),
        (Modifiers::COMMAND, Key::F, ""),
        (Modifiers::NONE, Key::F2, ""),
        (Modifiers::NONE, Key::A, "a"),
        (Modifiers::NONE, Key::Questionmark, "?"),
    ];
    for opener in openers {
        let mut window = TestWindow::shop();
        let web = window.workload("web");
        window.ask(Command::Select(vec![web]));
        let before = window.document();
        let delete = (Modifiers::NONE, Key::Delete, "");
        press_at_once(
            &mut window,
            &[opener, delete, (Modifiers::NONE, Key::N, "n")],
        );
        assert!(window.document() == before, "{opener:?} and Delete");
    }
}

#[test]
fn text_after_the_shortcut_of_a_field_is_typed_into_it() {
    let fields = [
        (Key::K, "Command palette", "ca"),
        (Key::F, "Search the canvas", "ca"),
    ];
    for (opener, field, typed) in fields {
        let mut window = TestWindow::shop();
        let keys = [
            (Modifiers::COMMAND, opener, ""),
            (Modifiers::NONE, Key::C, "c"),
            (Modifiers::NONE, Key::A, "a"),
        ];
        press_at_once(&mut window, &keys);
        let mut all = window.harness.query_all_by_label(field);
        let field = all.find(|node| node.accesskit_node().value().is_some());
        let field = field.expect("the field is open");
        assert_eq!(field.accesskit_node().value().as_deref(), Some(typed));
    }
}

#[test]
fn the_letter_of_a_shortcut_is_not_typed_into_what_it_opens() {
    let mut window = TestWindow::shop();
    let catalog = window.workload("catalog");
    window.ask(Command::Select(vec![catalog]));
    press_at_once(
        &mut window,
        &[
            (Modifiers::NONE, Key::A, "a"),
            (Modifiers::NONE, Key::C, "c"),
        ],
    );
    let typed = window.harness.query_all_by_label_contains("");
    let typed: Vec<String> = typed
        .filter_map(|node| node.accesskit_node().value())
        .collect();
    assert!(typed.iter().any(|text| text == "c"), "{typed:?}");
    assert!(typed.iter().all(|text| text != "ac"), "{typed:?}");
}
