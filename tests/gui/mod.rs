//! The window through its own controls: fields, keys, menus and dialogs.

mod audit;
mod canvas;
mod comparing;
mod enforcers;
mod exporting;
mod files;
mod invariants;
mod isolation;
mod keyboard;
#[cfg(unix)]
mod kustomize;
mod label_change;
mod lessons;
mod pictures;
mod policies;
mod proof;
mod requests;
mod shortcuts;
mod small_windows;
mod test_window;
mod traffic;

use std::collections::BTreeMap;

use drawbridge::app::Command;
use drawbridge::app::dialogs::Answer;
use drawbridge::model::{Base, Item, Style, validate};
use drawbridge::proof::State;
use drawbridge::scene::tokens;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use test_window::TestWindow;

#[test]
fn an_example_is_one_click_away() {
    let mut window = TestWindow::new(Vec::new());
    assert!(window.app().history.is_none());
    window.click("Online shop");
    assert_eq!(window.document().name, "online-shop");
    assert_eq!(window.document().workloads.len(), 12);
    assert_eq!(window.app().results.document, window.document());
    assert!(!window.is_dirty());
}

#[test]
fn a_name_is_typed_in_the_inspector_and_undone() {
    let mut window = TestWindow::shop();
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    window.enter("Name", "front");
    assert_eq!(window.document().item_name(web), "front");
    assert_eq!(
        window.undo_name().as_deref(),
        Some("Rename workload web to front")
    );
    assert!(window.is_dirty());
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.document().item_name(web), "web");
    assert!(!window.is_dirty());
    window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(window.document().item_name(web), "front");
}

#[test]
fn invalid_input_shows_a_reason_and_does_not_change_the_document() {
    let mut window = TestWindow::shop();
    let before = window.document();
    window.ask(Command::Select(vec![window.workload("web")]));
    window.write("Name", "Web!");
    let refusal = validate::subdomain_name("Web!").expect_err("a bad name");
    assert!(
        window.sees(&refusal.message),
        "the reason stands under the field"
    );
    window.press(Key::Enter);
    assert_eq!(window.document(), before);
    window.enter("Name", "cart");
    assert_eq!(
        window.document(),
        before,
        "there is a workload of that name already"
    );
    assert!(!window.is_dirty());
}

#[test]
fn a_draft_is_applied_when_something_else_is_selected() {
    let mut window = TestWindow::shop();
    let (web, cart) = (window.workload("web"), window.workload("cart"));
    window.ask(Command::Select(vec![web]));
    window.write("Name", "front");
    assert_eq!(window.document().item_name(web), "web", "still a draft");
    window.ask(Command::Select(vec![cart]));
    assert_eq!(window.document().item_name(web), "front");
}

#[test]
fn ports_of_a_flow_are_typed_and_its_policies_follow() {
    let mut window = TestWindow::shop();
    let flow = window.flow("web to checkout");
    window.ask(Command::Select(vec![flow]));
    window.enter("Ports", "5050, 53/udp");
    let Item::Flow(id) = flow else {
        unreachable!("it is a flow")
    };
    let ports = window
        .document()
        .flows
        .get(id)
        .expect("the flow")
        .ports
        .clone();
    assert_eq!(validate::flow_ports_text(&ports), "TCP/5050, UDP/53");
    let text = window.app().view.policies.text();
    assert!(
        text.contains("port: 53") && text.contains("protocol: UDP"),
        "{text}"
    );
    assert!(text.contains("name: web-to-checkout") && text.contains("name: checkout-from-web"));
    window.enter("Ports", "70000");
    assert_eq!(
        window.document().flows.get(id).expect("the flow").ports,
        ports
    );
}

#[test]
fn labels_are_added_changed_and_removed() {
    let mut window = TestWindow::shop();
    let cart = window.workload("cart");
    let Item::Workload(id) = cart else {
        unreachable!("it is a workload")
    };
    window.ask(Command::Select(vec![cart]));
    window.enter("Add label", "app.kubernetes.io/part-of=shop");
    let labels = |window: &TestWindow| {
        window
            .document()
            .workloads
            .get(id)
            .expect("cart")
            .labels
            .clone()
    };
    assert_eq!(
        labels(&window)
            .get("app.kubernetes.io/part-of")
            .map(String::as_str),
        Some("shop")
    );
    window.enter("Label 2", "app.kubernetes.io/part-of=store");
    assert_eq!(
        labels(&window)
            .get("app.kubernetes.io/part-of")
            .map(String::as_str),
        Some("store")
    );
    window.click("Remove app.kubernetes.io/part-of=store");
    assert_eq!(labels(&window).len(), 1);
    window.enter("Add label", "-bad-=x");
    assert_eq!(labels(&window).len(), 1);
}

#[test]
fn a_project_is_saved_closed_and_opened_again() {
    let mut window = TestWindow::shop();
    let path = window.path("mine");
    window.ask(Command::Select(vec![window.workload("web")]));
    window.write("Name", "front");
    // Saving applies the text that is being typed.
    window.press_with(Modifiers::COMMAND, Key::S);
    assert!(
        window.sees("Save project"),
        "without a dialog service the window asks for a path"
    );
    window.enter("Path", &path.to_string_lossy());
    let saved = window.path("mine.drawbridge.yaml");
    assert!(saved.is_file());
    assert!(!window.is_dirty());
    let before = window.text();
    window.ask(Command::CloseProject);
    assert!(window.app().history.is_none());
    window.click("Open mine.drawbridge.yaml");
    assert_eq!(window.text(), before);
    assert!(
        window
            .document()
            .workloads
            .iter()
            .any(|(_, workload)| workload.name == "front")
    );
}

#[test]
fn saving_preserves_handwritten_text() {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("hand.drawbridge.yaml");
    let text = "# ours\nformat: drawbridge/1\nnamespaces: [{name: shop}] # one\nworkloads:\n\
                - {name: web, namespace: shop} # front\n# back\n- name: api\n  namespace: shop\n";
    std::fs::write(&path, text).unwrap();
    window.ask(Command::OpenPaths(vec![path.clone()]));
    for gone in ["- {name: web, namespace: shop} # front\n", "workloads:\n"] {
        let name = if gone.contains("web") { "web" } else { "api" };
        window.ask(Command::Select(vec![window.workload(name)]));
        window.ask(Command::Delete);
        window.ask(Command::Save);
        let saved = std::fs::read_to_string(&path).unwrap();
        assert!(saved.starts_with("# ours\nformat"), "{saved}");
        assert!(saved.contains("# one"), "{saved}");
        assert!(!saved.contains(gone), "{saved}");
        assert_eq!(
            saved.contains("# back\n- name: api\n"),
            name == "web",
            "{saved}"
        );
        assert!(!window.is_dirty());
    }
}

#[test]
fn closing_with_unsaved_changes_asks_first() {
    let mut window = TestWindow::shop();
    window.ask(Command::Select(vec![window.workload("web")]));
    window.ask(Command::Delete);
    let changed = window.document();
    window.ask(Command::NewProject);
    assert_eq!(
        window.document(),
        changed,
        "nothing happens before the answer"
    );
    window.click("Cancel");
    assert_eq!(window.document(), changed);
    window.ask(Command::NewProject);
    window.click("Don't save");
    assert!(window.document().workloads.is_empty());
    assert!(window.app().history.is_some());
}

#[test]
fn saving_from_the_question_continues_the_command() {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("kept.drawbridge.yaml");
    let answers = vec![Answer::Paths(vec![path.clone()])];
    window = TestWindow {
        harness: TestWindow::new(answers).harness,
        folder: window.folder,
    };
    window.ask(Command::ExampleShop);
    window.ask(Command::Select(vec![window.workload("web")]));
    window.ask(Command::Delete);
    window.ask(Command::CloseProject);
    window.click("Save");
    assert!(path.is_file());
    assert!(
        window.app().history.is_none(),
        "the project was closed after it was saved"
    );
}

#[test]
fn unsaved_work_survives_a_crash() {
    let mut window = TestWindow::shop();
    window.ask(Command::Select(vec![window.workload("web")]));
    window.ask(Command::Delete);
    window.wait(3.0);
    let lost = window.text();
    let mut window = window.crash();
    window.settle();
    assert!(window.sees("Restore unsaved changes?"));
    window.click("Restore");
    assert_eq!(window.text(), lost);
    assert!(window.is_dirty());
}

#[test]
fn policies_are_exported_after_a_preview_and_stale_files_are_deleted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let answers = vec![Answer::Paths(vec![folder.path().to_path_buf()])];
    let mut window = TestWindow::new(answers);
    window.ask(Command::ExampleShop);
    window.press_with(Modifiers::COMMAND, Key::E);
    window.click("Choose…");
    let entries = || {
        std::fs::read_dir(folder.path())
            .expect("the folder")
            .flatten()
    };
    assert_eq!(entries().count(), 0, "nothing is written before Write");
    window.click("Write");
    let policies = window.app().results.generated.policies.len();
    let folders = entries().filter(|entry| entry.path().is_dir());
    let files = folders.flat_map(|entry| std::fs::read_dir(entry.path()).expect("a folder"));
    assert_eq!(files.count(), policies);
    assert!(folder.path().join("kustomization.yaml").exists());
    let policy = folder.path().join("shop/web-to-checkout.yaml");
    assert!(policy.exists());
    window.ask(Command::Select(vec![window.flow("web to checkout")]));
    window.ask(Command::Delete);
    window.press_with(Modifiers::COMMAND, Key::E);
    assert!(window.sees("2 deleted"), "one policy for each direction");
    window.click("Write");
    assert!(!policy.exists());
}

#[test]
fn manifests_are_imported_by_path_and_by_paste() {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("app.yaml");
    std::fs::write(&path, MANIFESTS).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    let document = window.document();
    assert_eq!(document.workloads.len(), 2);
    assert!(document.namespace_named("demo").is_some());
    assert!(window.is_dirty(), "an import is not saved anywhere yet");
    assert_eq!(
        document.settings.base,
        Base::None,
        "what is open stays open"
    );
    window.harness.get_by_label("Apply").click();
    window.settle();
    assert_eq!(window.document().settings.base, Base::DenyAll);
    window.press(Key::Escape);
    window.harness.event(egui::Event::Paste(
        MANIFESTS.replace("name: auth", "name: audit"),
    ));
    window.settle();
    assert_eq!(window.document().workloads.len(), 3);
    window
        .harness
        .event(egui::Event::Paste("just prose".into()));
    window.settle();
    assert!(window.sees("The clipboard contains no Kubernetes YAML"));
    assert_eq!(window.document().workloads.len(), 3);
}

#[test]
fn an_unreadable_file_is_listed_and_the_rest_is_imported() {
    let mut window = TestWindow::new(Vec::new());
    std::fs::write(window.path("a.yaml"), MANIFESTS).expect("written");
    std::fs::write(window.path("b.yaml"), "kind: Deployment\n  bad: [").expect("written");
    let paths = vec![window.path("a.yaml"), window.path("b.yaml")];
    window.ask(Command::OpenPaths(paths));
    assert_eq!(window.document().workloads.len(), 2);
    assert!(
        window.sees("b.yaml:"),
        "the report names the file and the line"
    );
}

#[test]
fn the_palette_selects_objects_and_runs_commands() {
    let mut window = TestWindow::shop();
    window.press_with(Modifiers::COMMAND, Key::K);
    window
        .harness
        .get_by_label("Command palette")
        .type_text("ledg");
    window.settle();
    window.press(Key::Enter);
    assert_eq!(
        window.app().view.only_selected(),
        Some(window.workload("ledger"))
    );
    window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    window
        .harness
        .get_by_label("Command palette")
        .type_text("per workload");
    window.settle();
    window.press(Key::Enter);
    assert_eq!(window.document().settings.style, Style::PerWorkload);
    assert_ne!(window.app().results.proof.state, State::Blocked);
}

#[test]
fn escape_cancels_one_step_at_a_time() {
    let mut window = TestWindow::shop();
    window.ask(Command::Select(vec![window.workload("web")]));
    window.press(Key::Questionmark);
    assert!(window.sees("Every command is also in the menus"));
    window.press(Key::Escape);
    assert!(!window.sees("Every command is also in the menus"));
    assert_eq!(window.app().view.selection.len(), 1);
    window.press(Key::Escape);
    assert!(window.app().view.selection.is_empty());
}

#[test]
fn a_held_key_runs_its_command_once() {
    let mut window = TestWindow::shop();
    let before = window.document().namespaces.len();
    for _ in 0..4 {
        window.harness.key_down(Key::N);
        window.harness.step();
    }
    window.harness.key_up(Key::N);
    window.settle();
    assert_eq!(window.document().namespaces.len(), before + 1);
}

#[test]
fn selecting_a_policy_highlights_its_flows() {
    let mut window = TestWindow::shop();
    window.ask(Command::Select(vec![window.flow("web to checkout")]));
    window.click("web-to-checkout");
    let Item::Flow(id) = window.flow("web to checkout") else {
        unreachable!("it is a flow")
    };
    assert_eq!(window.app().view.lit_flows(), [id]);
}

#[test]
fn an_idle_window_shows_no_frames() {
    let mut window = TestWindow::shop();
    window.ask(Command::Select(vec![window.workload("web")]));
    window.click("Name");
    window.wait(12.0);
    let output = window.harness.output();
    let next = output
        .viewport_output
        .values()
        .map(|viewport| viewport.repaint_delay)
        .min();
    assert_eq!(
        next,
        Some(std::time::Duration::MAX),
        "with a caret in a field, too"
    );
}

const MANIFESTS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: demo}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sensitive, namespace: demo}
spec:
  selector: {matchLabels: {app: sensitive}}
  template:
    metadata: {labels: {app: sensitive}}
    spec: {containers: [{name: main, image: main}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: auth, namespace: demo}
spec:
  selector: {matchLabels: {app: auth}}
  template:
    metadata: {labels: {app: auth}}
    spec: {containers: [{name: main, image: main, ports: [{containerPort: 80}]}]}
";

/// A screenshot: each theme paints its own backgrounds, and text on them.
#[test]
fn both_themes_are_painted() {
    let themes = [
        (Command::ThemeLight, tokens::LIGHT),
        (Command::ThemeDark, tokens::DARK),
    ];
    for (theme, palette) in themes {
        let mut window = TestWindow::shop();
        window.ask(theme);
        let Some(picture) = window.picture() else {
            return;
        };
        let mut seen: BTreeMap<[u8; 3], usize> = BTreeMap::new();
        for pixel in picture.pixels() {
            *seen.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1;
        }
        let all = picture.pixels().len();
        let share = |background: tokens::Rgb| {
            seen.get(&background).copied().unwrap_or(0) as f32 / all as f32
        };
        assert!(
            share(palette.canvas) > 0.15,
            "the canvas takes {}",
            share(palette.canvas)
        );
        assert!(
            share(palette.panel) > 0.15,
            "panels take {}",
            share(palette.panel)
        );
        assert!(
            seen.len() > 500,
            "only {} colours: is there any text?",
            seen.len()
        );
    }
}
