//! The window through its own controls: fields, keys, menus and dialogs.

mod canvas;
mod comparing;
mod desk;
mod files;
mod invariants;
mod isolation;
mod policies;
mod proof;

use std::collections::BTreeMap;

use desk::Desk;
use drawbridge::app::Command;
use drawbridge::app::dialogs::Answer;
use drawbridge::model::{Base, Item, Style, validate};
use drawbridge::proof::State;
use drawbridge::scene::tokens;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

#[test]
fn an_example_is_one_click_away() {
    let mut desk = Desk::new(Vec::new());
    assert!(desk.app().history.is_none());
    desk.click("Online shop");
    assert_eq!(desk.document().name, "online-shop");
    assert_eq!(desk.document().workloads.len(), 12);
    assert_eq!(desk.app().results.document, desk.document());
    assert!(!desk.is_dirty());
}

#[test]
fn a_name_is_typed_in_the_inspector_and_undone() {
    let mut desk = Desk::shop();
    let web = desk.workload("web");
    desk.ask(Command::Select(vec![web]));
    desk.enter("Name", "front");
    assert_eq!(desk.document().item_name(web), "front");
    assert_eq!(
        desk.undo_name().as_deref(),
        Some("Rename workload web to front")
    );
    assert!(desk.is_dirty());
    desk.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(desk.document().item_name(web), "web");
    assert!(!desk.is_dirty());
    desk.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(desk.document().item_name(web), "front");
}

#[test]
fn invalid_input_shows_a_reason_and_does_not_change_the_document() {
    let mut desk = Desk::shop();
    let before = desk.document();
    desk.ask(Command::Select(vec![desk.workload("web")]));
    desk.write("Name", "Web!");
    let refusal = validate::subdomain_name("Web!").expect_err("a bad name");
    assert!(
        desk.sees(&refusal.message),
        "the reason stands under the field"
    );
    desk.press(Key::Enter);
    assert_eq!(desk.document(), before);
    desk.enter("Name", "cart");
    assert_eq!(
        desk.document(),
        before,
        "there is a workload of that name already"
    );
    assert!(!desk.is_dirty());
}

#[test]
fn a_draft_is_applied_when_something_else_is_selected() {
    let mut desk = Desk::shop();
    let (web, cart) = (desk.workload("web"), desk.workload("cart"));
    desk.ask(Command::Select(vec![web]));
    desk.write("Name", "front");
    assert_eq!(desk.document().item_name(web), "web", "still a draft");
    desk.ask(Command::Select(vec![cart]));
    assert_eq!(desk.document().item_name(web), "front");
}

#[test]
fn ports_of_a_flow_are_typed_and_its_policies_follow() {
    let mut desk = Desk::shop();
    let flow = desk.flow("web to checkout");
    desk.ask(Command::Select(vec![flow]));
    desk.enter("Ports", "5050, 53/udp");
    let Item::Flow(id) = flow else {
        unreachable!("it is a flow")
    };
    let ports = desk
        .document()
        .flows
        .get(id)
        .expect("the flow")
        .ports
        .clone();
    assert_eq!(validate::flow_ports_text(&ports), "TCP/5050, UDP/53");
    let text = desk.app().view.policies.text();
    assert!(
        text.contains("port: 53") && text.contains("protocol: UDP"),
        "{text}"
    );
    assert!(text.contains("name: web-to-checkout") && text.contains("name: checkout-from-web"));
    desk.enter("Ports", "70000");
    assert_eq!(
        desk.document().flows.get(id).expect("the flow").ports,
        ports
    );
}

#[test]
fn labels_are_added_changed_and_removed() {
    let mut desk = Desk::shop();
    let cart = desk.workload("cart");
    let Item::Workload(id) = cart else {
        unreachable!("it is a workload")
    };
    desk.ask(Command::Select(vec![cart]));
    desk.enter("Add label", "app.kubernetes.io/part-of=shop");
    let labels = |desk: &Desk| {
        desk.document()
            .workloads
            .get(id)
            .expect("cart")
            .labels
            .clone()
    };
    assert_eq!(
        labels(&desk)
            .get("app.kubernetes.io/part-of")
            .map(String::as_str),
        Some("shop")
    );
    desk.enter("Label 2", "app.kubernetes.io/part-of=store");
    assert_eq!(
        labels(&desk)
            .get("app.kubernetes.io/part-of")
            .map(String::as_str),
        Some("store")
    );
    desk.click("Remove app.kubernetes.io/part-of=store");
    assert_eq!(labels(&desk).len(), 1);
    desk.enter("Add label", "-bad-=x");
    assert_eq!(labels(&desk).len(), 1);
}

#[test]
fn a_project_is_saved_closed_and_opened_again() {
    let mut desk = Desk::shop();
    let path = desk.path("mine");
    desk.ask(Command::Select(vec![desk.workload("web")]));
    desk.write("Name", "front");
    // Saving applies the text that is being typed.
    desk.press_with(Modifiers::COMMAND, Key::S);
    assert!(
        desk.sees("Save project"),
        "without a dialog service the window asks for a path"
    );
    desk.enter("Path", &path.to_string_lossy());
    let saved = desk.path("mine.drawbridge.yaml");
    assert!(saved.is_file());
    assert!(!desk.is_dirty());
    let before = desk.text();
    desk.ask(Command::CloseProject);
    assert!(desk.app().history.is_none());
    desk.click("Open mine.drawbridge.yaml");
    assert_eq!(desk.text(), before);
    assert!(
        desk.document()
            .workloads
            .iter()
            .any(|(_, workload)| workload.name == "front")
    );
}

#[test]
fn saving_preserves_handwritten_text() {
    let mut desk = Desk::new(Vec::new());
    let path = desk.path("hand.drawbridge.yaml");
    let text = "# ours\nformat: drawbridge/1\nnamespaces: [{name: shop}] # one\nworkloads:\n\
                - {name: web, namespace: shop} # front\n# back\n- name: api\n  namespace: shop\n";
    std::fs::write(&path, text).unwrap();
    desk.ask(Command::OpenPaths(vec![path.clone()]));
    for gone in ["- {name: web, namespace: shop} # front\n", "workloads:\n"] {
        let name = if gone.contains("web") { "web" } else { "api" };
        desk.ask(Command::Select(vec![desk.workload(name)]));
        desk.ask(Command::Delete);
        desk.ask(Command::Save);
        let saved = std::fs::read_to_string(&path).unwrap();
        assert!(saved.starts_with("# ours\nformat"), "{saved}");
        assert!(saved.contains("# one"), "{saved}");
        assert!(!saved.contains(gone), "{saved}");
        assert_eq!(
            saved.contains("# back\n- name: api\n"),
            name == "web",
            "{saved}"
        );
        assert!(!desk.is_dirty());
    }
}

#[test]
fn closing_with_unsaved_changes_asks_first() {
    let mut desk = Desk::shop();
    desk.ask(Command::Select(vec![desk.workload("web")]));
    desk.ask(Command::Delete);
    let changed = desk.document();
    desk.ask(Command::NewProject);
    assert_eq!(
        desk.document(),
        changed,
        "nothing happens before the answer"
    );
    desk.click("Cancel");
    assert_eq!(desk.document(), changed);
    desk.ask(Command::NewProject);
    desk.click("Don't save");
    assert!(desk.document().workloads.is_empty());
    assert!(desk.app().history.is_some());
}

#[test]
fn saving_from_the_question_continues_the_command() {
    let mut desk = Desk::new(Vec::new());
    let path = desk.path("kept.drawbridge.yaml");
    let answers = vec![Answer::Paths(vec![path.clone()])];
    desk = Desk {
        harness: Desk::new(answers).harness,
        folder: desk.folder,
    };
    desk.ask(Command::ExampleShop);
    desk.ask(Command::Select(vec![desk.workload("web")]));
    desk.ask(Command::Delete);
    desk.ask(Command::CloseProject);
    desk.click("Save");
    assert!(path.is_file());
    assert!(
        desk.app().history.is_none(),
        "the project was closed after it was saved"
    );
}

#[test]
fn unsaved_work_survives_a_crash() {
    let mut desk = Desk::shop();
    desk.ask(Command::Select(vec![desk.workload("web")]));
    desk.ask(Command::Delete);
    desk.wait(3.0);
    let lost = desk.text();
    let mut desk = desk.crash();
    desk.settle();
    assert!(desk.sees("Restore unsaved changes?"));
    desk.click("Restore");
    assert_eq!(desk.text(), lost);
    assert!(desk.is_dirty());
}

#[test]
fn policies_are_exported_after_a_preview_and_stale_files_are_deleted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let answers = vec![Answer::Paths(vec![folder.path().to_path_buf()])];
    let mut desk = Desk::new(answers);
    desk.ask(Command::ExampleShop);
    desk.press_with(Modifiers::COMMAND, Key::E);
    desk.click("Choose…");
    let entries = || {
        std::fs::read_dir(folder.path())
            .expect("the folder")
            .flatten()
    };
    assert_eq!(entries().count(), 0, "nothing is written before Write");
    desk.click("Write");
    let policies = desk.app().results.generated.policies.len();
    let folders = entries().filter(|entry| entry.path().is_dir());
    let files = folders.flat_map(|entry| std::fs::read_dir(entry.path()).expect("a folder"));
    assert_eq!(files.count(), policies);
    assert!(folder.path().join("kustomization.yaml").exists());
    let policy = folder.path().join("shop/web-to-checkout.yaml");
    assert!(policy.exists());
    desk.ask(Command::Select(vec![desk.flow("web to checkout")]));
    desk.ask(Command::Delete);
    desk.press_with(Modifiers::COMMAND, Key::E);
    assert!(desk.sees("2 deleted"), "one policy for each direction");
    desk.click("Write");
    assert!(!policy.exists());
}

#[test]
fn manifests_are_imported_by_path_and_by_paste() {
    let mut desk = Desk::new(Vec::new());
    let path = desk.path("app.yaml");
    std::fs::write(&path, MANIFESTS).expect("written");
    desk.ask(Command::OpenPaths(vec![path]));
    let document = desk.document();
    assert_eq!(document.workloads.len(), 2);
    assert!(document.namespace_named("demo").is_some());
    assert!(desk.is_dirty(), "an import is not saved anywhere yet");
    assert_eq!(
        document.settings.base,
        Base::None,
        "what is open stays open"
    );
    desk.harness.get_by_label("Apply").click();
    desk.settle();
    assert_eq!(desk.document().settings.base, Base::DenyAll);
    desk.press(Key::Escape);
    desk.harness.event(egui::Event::Paste(
        MANIFESTS.replace("name: auth", "name: audit"),
    ));
    desk.settle();
    assert_eq!(desk.document().workloads.len(), 3);
    desk.harness.event(egui::Event::Paste("just prose".into()));
    desk.settle();
    assert!(desk.sees("The clipboard contains no Kubernetes YAML"));
    assert_eq!(desk.document().workloads.len(), 3);
}

#[test]
fn an_unreadable_file_is_listed_and_the_rest_is_imported() {
    let mut desk = Desk::new(Vec::new());
    std::fs::write(desk.path("a.yaml"), MANIFESTS).expect("written");
    std::fs::write(desk.path("b.yaml"), "kind: Deployment\n  bad: [").expect("written");
    let paths = vec![desk.path("a.yaml"), desk.path("b.yaml")];
    desk.ask(Command::OpenPaths(paths));
    assert_eq!(desk.document().workloads.len(), 2);
    assert!(
        desk.sees("b.yaml:"),
        "the report names the file and the line"
    );
}

#[test]
fn the_palette_selects_objects_and_runs_commands() {
    let mut desk = Desk::shop();
    desk.press_with(Modifiers::COMMAND, Key::K);
    desk.harness
        .get_by_label("Command palette")
        .type_text("ledg");
    desk.settle();
    desk.press(Key::Enter);
    assert_eq!(
        desk.app().view.only_selected(),
        Some(desk.workload("ledger"))
    );
    desk.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    desk.harness
        .get_by_label("Command palette")
        .type_text("per workload");
    desk.settle();
    desk.press(Key::Enter);
    assert_eq!(desk.document().settings.style, Style::PerWorkload);
    assert_ne!(desk.app().results.proof.state, State::Blocked);
}

#[test]
fn escape_cancels_one_step_at_a_time() {
    let mut desk = Desk::shop();
    desk.ask(Command::Select(vec![desk.workload("web")]));
    desk.press(Key::Questionmark);
    assert!(desk.sees("Every command is also in the menus"));
    desk.press(Key::Escape);
    assert!(!desk.sees("Every command is also in the menus"));
    assert_eq!(desk.app().view.selection.len(), 1);
    desk.press(Key::Escape);
    assert!(desk.app().view.selection.is_empty());
}

#[test]
fn a_held_key_runs_its_command_once() {
    let mut desk = Desk::shop();
    let before = desk.document().namespaces.len();
    for _ in 0..4 {
        desk.harness.key_down(Key::N);
        desk.harness.step();
    }
    desk.harness.key_up(Key::N);
    desk.settle();
    assert_eq!(desk.document().namespaces.len(), before + 1);
}

#[test]
fn selecting_a_policy_highlights_its_flows() {
    let mut desk = Desk::shop();
    desk.ask(Command::Select(vec![desk.flow("web to checkout")]));
    desk.click("web-to-checkout");
    let Item::Flow(id) = desk.flow("web to checkout") else {
        unreachable!("it is a flow")
    };
    assert_eq!(desk.app().view.lit_flows(), [id]);
}

#[test]
fn an_idle_window_shows_no_frames() {
    let mut desk = Desk::shop();
    desk.ask(Command::Select(vec![desk.workload("web")]));
    desk.click("Name");
    desk.wait(12.0);
    let output = desk.harness.output();
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
        let mut desk = Desk::shop();
        desk.ask(theme);
        let Some(picture) = desk.picture() else {
            return;
        };
        let mut seen: BTreeMap<[u8; 3], usize> = BTreeMap::new();
        for pixel in picture.pixels() {
            *seen.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1;
        }
        let all = picture.pixels().len();
        let share =
            |ground: tokens::Rgb| seen.get(&ground).copied().unwrap_or(0) as f32 / all as f32;
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
