//! Windows of any width: the panels beside the canvas give way, and come back.

use drawbridge::app::Command;
use drawbridge::app::panels::Tab;
use drawbridge::app::panes::Pane;
use drawbridge::model::NodeRef;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, pos2, vec2};
use egui_kittest::kittest::Queryable;

use super::test_window::TestWindow;

const SEARCH: &str = "Search workloads, flows, commands";

/// The shop in a window of that size.
fn shop(width: f32, height: f32) -> TestWindow {
    let mut window = TestWindow::shop();
    resize(&mut window, width, height);
    window
}

fn resize(window: &mut TestWindow, width: f32, height: f32) {
    window.harness.set_size(vec2(width, height));
    window.settle();
}

fn canvas(window: &TestWindow) -> Rect {
    window.app().view.canvas.viewport()
}

fn button(window: &mut TestWindow, pos: Pos2, pressed: bool) {
    window.harness.event(Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    });
    window.harness.step();
}

fn move_to(window: &mut TestWindow, pos: Pos2) {
    window.harness.event(Event::PointerMoved(pos));
    window.harness.step();
}

fn click_at(window: &mut TestWindow, at: Pos2) {
    move_to(window, at);
    button(window, at, true);
    button(window, at, false);
    window.settle();
}

fn drag(window: &mut TestWindow, from: Pos2, to: Pos2) {
    move_to(window, from);
    button(window, from, true);
    for step in 1..=4 {
        move_to(window, from + (to - from) * (step as f32 / 4.0));
    }
    button(window, to, false);
    window.settle();
}

fn is_there(window: &TestWindow, name: &str) -> bool {
    window.harness.query_by_label(name).is_some()
}

#[test]
fn the_canvas_keeps_half_and_the_panels_come_back() {
    let mut window = shop(1280.0, 800.0);
    assert_eq!(canvas(&window).width(), 676.0);
    resize(&mut window, 1000.0, 700.0);
    assert_eq!(canvas(&window).width(), 584.0);
    assert!(window.app().view.panes.is_rail(Pane::Outline));
    assert!(!is_there(&window, "Filter outline"));
    resize(&mut window, 700.0, 600.0);
    assert_eq!(canvas(&window).width(), 700.0 - 2.0 * 44.0);
    assert!(window.app().view.panes.is_rail(Pane::Side));
    resize(&mut window, 1280.0, 800.0);
    assert_eq!(canvas(&window).width(), 676.0);
    assert!(is_there(&window, "Filter outline"));
}

#[test]
fn a_diagram_is_fitted_again_until_the_user_zooms() {
    let mut window = shop(1280.0, 800.0);
    let zoom = |window: &TestWindow| window.app().view.canvas.zoom();
    let seen = |window: &TestWindow| {
        let (view, document) = (&window.app().view.canvas, window.document());
        let mut spaces = document.namespaces.ids().map(NodeRef::Namespace);
        spaces.all(|node| {
            view.viewport()
                .contains_rect(view.screen_rect(node).unwrap())
        })
    };
    let normal = zoom(&window);
    assert!(normal >= 0.75, "twelve workloads can be read: {normal}");
    resize(&mut window, 1000.0, 700.0);
    assert!(zoom(&window) < normal && seen(&window));
    resize(&mut window, 1920.0, 1200.0);
    assert_eq!(zoom(&window), 1.0);
    resize(&mut window, 1280.0, 800.0);
    assert_eq!(zoom(&window), normal);
    window.ask(Command::ZoomIn);
    let nearer = zoom(&window);
    resize(&mut window, 1000.0, 700.0);
    assert_eq!(zoom(&window), nearer);
}

#[test]
fn a_rail_opens_its_panel_over_the_canvas_until_it_is_left() {
    let mut window = shop(1000.0, 700.0);
    let before = canvas(&window);
    window.click("Outline");
    assert!(is_there(&window, "Filter outline"));
    assert_eq!(canvas(&window), before, "nothing moves below it");

    // What is clicked in it works, and it stays.
    window.click("web");
    let web = window.workload("web");
    assert_eq!(window.app().view.selected(), [web]);
    assert!(is_there(&window, "Filter outline"));

    let empty = before.right_bottom() - vec2(40.0, 120.0);
    click_at(&mut window, empty);
    assert!(!is_there(&window, "Filter outline"));

    window.click("Outline");
    window.press(Key::Escape);
    assert!(!is_there(&window, "Filter outline"));

    // The rail and the command close it as they open it.
    for _ in 0..2 {
        window.click("Outline");
        assert!(is_there(&window, "Filter outline"));
        window.click("Outline");
        assert!(!is_there(&window, "Filter outline"));
        window.press_with(Modifiers::COMMAND, Key::B);
        assert!(is_there(&window, "Filter outline"));
        window.press_with(Modifiers::COMMAND, Key::B);
        assert!(!is_there(&window, "Filter outline"));
    }
    assert!(window.app().preferences.outline, "it is no less wanted");
}

#[test]
fn commands_open_the_side_panel_of_a_rail() {
    let mut window = shop(700.0, 700.0);
    let inspects = |window: &TestWindow| is_there(window, "Project settings");
    assert!(
        is_there(&window, "Reach") && !inspects(&window),
        "only icons"
    );
    window.press(Key::F9);
    assert!(inspects(&window));
    assert_eq!(window.app().view.tab, Tab::Reach);
    assert_eq!(window.app().view.panes.over(), Some(Pane::Side));
    window.press(Key::F7);
    assert_eq!(window.app().view.tab, Tab::Policies);
    // A wider window has it beside the canvas.
    resize(&mut window, 1280.0, 800.0);
    assert_eq!(window.app().view.panes.over(), None);
    assert_eq!(canvas(&window).width(), 676.0);
}

#[test]
fn widths_are_dragged_and_remembered() {
    let mut window = shop(1600.0, 1000.0);
    let handle =
        |window: &TestWindow, name: &str| window.harness.get_by_label(name).rect().center();
    let from = handle(&window, "Resize outline");
    drag(&mut window, from, pos2(300.0, from.y));
    assert_eq!(canvas(&window).left(), 300.0);
    let from = handle(&window, "Resize inspector");
    drag(&mut window, from, pos2(1200.0, from.y));
    assert_eq!(canvas(&window).right(), 1200.0);
    drag(&mut window, pos2(1200.0, from.y), pos2(400.0, from.y));
    assert_eq!(canvas(&window).width(), 800.0, "half of the window");
    let mut window = window.crash();
    window.ask(Command::ExampleShop);
    assert_eq!(canvas(&window).left(), 300.0);
    assert_eq!(canvas(&window).width(), 800.0);
}

#[test]
fn the_search_shrinks_to_an_icon() {
    let mut window = shop(1600.0, 1000.0);
    let width = |window: &TestWindow| window.harness.get_by_label(SEARCH).rect().width();
    assert_eq!(width(&window), 420.0);
    resize(&mut window, 1000.0, 700.0);
    assert!(
        (200.0..420.0).contains(&width(&window)),
        "{}",
        width(&window)
    );
    resize(&mut window, 760.0, 600.0);
    assert_eq!(width(&window), 28.0);
    window.click(SEARCH);
    assert!(window.app().view.overlay.is_some());
}

#[test]
fn nothing_in_the_bar_overlaps() {
    let mut window = shop(1000.0, 700.0);
    for width in [1600.0, 1280.0, 1100.0, 1000.0, 960.0, 800.0, 640.0] {
        resize(&mut window, width, 700.0);
        let names = ["View", "Help", SEARCH, "Export"];
        let rects = names.map(|name| window.harness.get_by_label(name).rect());
        for (a, b) in rects.iter().zip(rects.iter().skip(1)) {
            assert!(a.right() <= b.left(), "at {width}: {rects:?}");
        }
        assert!(rects[3].right() <= width, "at {width}: {rects:?}");
    }
}

#[test]
fn the_interface_is_made_larger_and_stays_so() {
    let mut window = TestWindow::shop();
    window.ask(Command::LargerInterface);
    window.ask(Command::LargerInterface);
    assert_eq!(window.app().preferences.scale, 125);
    assert_eq!(window.harness.ctx.zoom_factor(), 1.25);
    let mut window = window.crash();
    window.settle();
    assert_eq!(window.harness.ctx.zoom_factor(), 1.25);
    window.ask(Command::SmallerInterface);
    assert_eq!(window.harness.ctx.zoom_factor(), 1.1);
    window.ask(Command::ResetInterface);
    assert_eq!(window.harness.ctx.zoom_factor(), 1.0);
    for _ in 0..20 {
        window.ask(Command::SmallerInterface);
    }
    assert_eq!(window.app().preferences.scale, 70);
}

const LABELS: &str = "Labels: app=web, tier=front";
/// In the first section.
const SELECTED: &str = "Selected in policies by";

#[test]
fn sections_of_the_inspector_fold_and_stay_so() {
    let mut window = shop(1600.0, 1000.0);
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    assert!(is_there(&window, "Pod labels"));
    window.scroll_to(LABELS);
    window.click(LABELS);
    assert!(!is_there(&window, "Pod labels"));
    assert!(is_there(&window, SELECTED), "the others stay open");
    window.harness.get_by_label(LABELS).focus();
    window.settle();
    window.press(Key::Enter);
    assert!(is_there(&window, "Pod labels"));
    window.press(Key::Space);
    assert!(!is_there(&window, "Pod labels"));

    // A flow of the workload is one click away.
    window.scroll_to("web to cart");
    window.click("web to cart");
    assert_eq!(window.app().view.selected(), [window.flow("web to cart")]);

    let mut window = window.crash();
    window.ask(Command::ExampleShop);
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    assert!(!is_there(&window, "Pod labels"));
    window.scroll_to(LABELS);
    window.click(LABELS);
    assert!(is_there(&window, "Pod labels"));
}

#[test]
fn in_low_windows_only_the_first_section_is_open_at_first() {
    let mut window = shop(1280.0, 700.0);
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    assert!(is_there(&window, SELECTED));
    assert!(!is_there(&window, "Pod labels"));
    resize(&mut window, 1280.0, 900.0);
    assert!(is_there(&window, "Pod labels"));
}

#[test]
fn the_divider_of_the_side_panel_stays_where_it_was_dragged() {
    let mut window = shop(1600.0, 1000.0);
    let tab = |window: &TestWindow| window.harness.get_by_label("Problems").rect().top();
    let grip = "Resize inspector and tabs";
    let at = window.harness.get_by_label(grip).rect().center();
    drag(&mut window, at, pos2(at.x, 300.0));
    let top = tab(&window);
    assert!((295.0..320.0).contains(&top), "{top}");
    let mut window = window.crash();
    window.ask(Command::ExampleShop);
    assert_eq!(tab(&window), top);
}

#[test]
fn a_matrix_of_fifteen_fits_a_small_window_and_keeps_its_keys() {
    let mut window = shop(1280.0, 800.0);
    window.press(Key::F6);
    let count = |window: &TestWindow| window.app().view.matrix.counters.names;
    let all = count(&window);
    assert_eq!(all, 30, "15 rows and 15 columns");
    let first = window.app().view.matrix.chosen().expect("a cell");
    window.press_with(Modifiers::COMMAND, Key::End);
    let last = window.app().view.matrix.chosen().expect("a cell");
    assert_ne!(first.0, last.0);
    assert_eq!(last.0, last.1, "the last row and the last column");
    assert_eq!(count(&window), all, "nothing was scrolled away");
    window.press(Key::ArrowUp);
    window.press(Key::ArrowLeft);
    let before = window.app().view.matrix.chosen().expect("a cell");
    assert!(before.0 != last.0 && before.0 == before.1);
    resize(&mut window, 1000.0, 600.0);
    assert!(count(&window) < all, "too small: it scrolls");
}

#[test]
fn all_chips_of_the_matrix_are_beside_the_right_panel() {
    let mut window = shop(1000.0, 700.0);
    let room = canvas(&window);
    window.ask(Command::ToggleMatrix);
    for chip in ["Differences", "Namespaces", "Peers"] {
        let rect = window.harness.get_by_label(chip).rect();
        assert!(room.contains_rect(rect), "{chip} at {rect:?}, {room:?}");
    }
}

#[test]
fn a_project_that_would_be_too_small_to_read_opens_collapsed() {
    let mut window = TestWindow::new(Vec::new());
    resize(&mut window, 1280.0, 800.0);
    window.ask(Command::ExamplePlatform);
    let all = window.document().namespaces.len();
    assert_eq!(window.app().view.canvas.collapsed().len(), all);
    assert!(window.app().view.canvas.zoom() > 0.4);
    assert!(!window.is_dirty(), "nothing of the project has changed");

    let shop = shop(1000.0, 700.0);
    assert!(shop.app().view.canvas.collapsed().is_empty());
}

#[test]
fn the_export_dialog_fits_into_a_low_window() {
    let mut window = shop(1000.0, 700.0);
    window.ask(Command::Export);
    for name in ["Write", "Cancel"] {
        let mut all = window.harness.query_all_by_label(name);
        assert!(all.any(|node| node.rect().bottom() < 700.0), "{name}");
    }
    drop(window);
}

#[test]
fn a_long_check_box_wraps() {
    let mut window = shop(1280.0, 800.0);
    let partner = window.flow("checkout to api.stripe.com");
    window.ask(Command::Select(vec![partner]));
    let boxes = window
        .harness
        .query_all_by_role(egui::accesskit::Role::CheckBox);
    let right: Vec<f32> = boxes.map(|check| check.rect().right()).collect();
    assert!(
        !right.is_empty() && right.iter().all(|right| *right <= 1280.0),
        "{right:?}"
    );
}
