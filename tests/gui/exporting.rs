//! Exporting in several dialects, and how much of each flow a dialect expresses.

use super::test_window::TestWindow;
use drawbridge::app::Command;
use drawbridge::app::dialogs::Answer;
use drawbridge::policy::Target;
use drawbridge::query::fidelity::in_dialect;
use egui::{Key, Modifiers};

/// The shop, whose flow to a domain name is beyond NetworkPolicy; the dialog answers with the folder.
fn shop(folder: &std::path::Path) -> TestWindow {
    let mut window = TestWindow::new(vec![Answer::Paths(vec![folder.to_path_buf()])]);
    window.ask(Command::ExampleShop);
    window
}

#[test]
fn each_chosen_dialect_is_exported_into_its_own_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut window = shop(folder.path());
    window.press_with(Modifiers::COMMAND, Key::E);
    assert!(window.sees("16 of 17 flows expressed, 1 cannot be expressed"));
    assert!(
        window.sees("17 of 17 flows expressed"),
        "in Cilium's policies"
    );
    window.click("CiliumNetworkPolicy");
    assert!(window.sees("apply one of them"));
    window.click("Choose…");
    window.click("Write");
    for target in [Target::Kubernetes, Target::Cilium] {
        let written = drawbridge::proof::generate(&in_dialect(&window.document(), target));
        let policies = written.to_export();
        assert!(!policies.is_empty());
        for policy in policies {
            let name = format!(
                "{}/{}/{}.yaml",
                target.name(),
                policy.namespace,
                policy.name
            );
            let text = std::fs::read_to_string(folder.path().join(&name));
            assert_eq!(text.expect(&name), policy.text);
        }
    }
    assert!(!folder.path().join("calico").exists());
    assert!(!window.is_dirty(), "an export does not change the project");
    window.press_with(Modifiers::COMMAND, Key::E);
    window.click("CiliumNetworkPolicy");
    assert!(window.sees("The files on disk are up to date"));
}

#[test]
fn alternatives_are_not_written_into_one_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut window = shop(&folder.path().join("all.yaml"));
    window.press_with(Modifiers::COMMAND, Key::E);
    window.click("Calico NetworkPolicy");
    window.click("Write: One file");
    window.click("Choose…");
    assert!(window.sees("The dialects are alternatives and cannot be in one file"));
    window.click("NetworkPolicy");
    window.click("Write");
    let text = std::fs::read_to_string(folder.path().join("all.yaml")).expect("written");
    assert!(text.contains("projectcalico.org/v3") && !text.contains("networking.k8s.io/v1"));
}

#[test]
fn the_export_lists_what_a_dialect_omits() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut window = shop(folder.path());
    window.press_with(Modifiers::COMMAND, Key::E);
    window.click("Show flows in NetworkPolicy");
    assert!(window.sees("checkout to api.stripe.com"));
    assert!(window.sees("is left out: "), "with the reason");
    window.click("Hide flows in NetworkPolicy");
    assert!(!window.sees("is left out: "));
}

#[test]
fn each_dialect_has_its_verdict_in_words() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut window = shop(folder.path());
    window.press_with(Modifiers::COMMAND, Key::E);
    assert!(window.sees("exact: 16 of 17 flows expressed, 1 cannot be expressed"));
    assert!(window.sees("The export omits 1 flow, which NetworkPolicy cannot express"));
    assert!(window.sees("3 too wide, 2 cannot be expressed; 15 of 17 flows expressed"));
    window.click("Show flows in AdminNetworkPolicy");
    assert!(window.sees("AdminNetworkPolicy: 3 too wide, 2 cannot be expressed"));
}

#[test]
fn a_strip_above_the_policies_lists_the_flows_that_are_not_exact() {
    let mut window = TestWindow::shop();
    let strip = "16 of 17 flows expressed in NetworkPolicy";
    window.click(strip);
    assert!(window.sees("is left out: "));
    window.click("checkout to api.stripe.com");
    assert_eq!(
        window.app().view.selected(),
        [window.flow("checkout to api.stripe.com")]
    );
    assert!(
        window.sees("0 of 1 flow expressed in NetworkPolicy"),
        "of the selection"
    );
    window.ask(Command::WriteCilium);
    assert!(window.sees("1 flow expressed in CiliumNetworkPolicy"));
    window.ask(Command::Select(Vec::new()));
    assert!(window.sees("17 of 17 flows expressed in CiliumNetworkPolicy"));
}

/// A project whose one imported policy allows a block of addresses.
const IMPORTED: &str = "\
format: drawbridge/1
name: shop
settings: {base: none, dns: {allow: false}}
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: db, namespace: shop, labels: {app: db}}
policies:
- file: db.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: db, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: db}}
      ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
";

fn imported(answers: Vec<Answer>) -> TestWindow {
    let mut window = TestWindow::new(answers);
    let path = window.path("shop.drawbridge.yaml");
    std::fs::write(&path, IMPORTED).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    window
}

#[test]
fn imported_policies_are_converted_in_one_undo_step_after_a_preview() {
    let mut window = imported(Vec::new());
    let before = window.text();
    window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    window
        .harness
        .event(egui::Event::Text("convert imported".into()));
    window.settle();
    window.press(Key::Enter);
    assert!(window.sees("Both allow the same connections"));
    assert!(
        window.sees("apiVersion: cilium.io/v2"),
        "the new text is shown"
    );
    window.click("Dialect: Calico NetworkPolicy");
    assert!(window.sees("apiVersion: projectcalico.org/v3"));
    assert_eq!(window.text(), before, "nothing is replaced yet");
    window.click("Dialect: CiliumNetworkPolicy");
    window.click("Replace in project");
    let document = window.document();
    assert_eq!(document.settings.target(), Target::Cilium);
    let texts: Vec<&str> = document
        .policies
        .iter()
        .map(|(_, p)| p.text.as_str())
        .collect();
    assert_eq!(texts.len(), 1);
    assert!(
        texts[0].contains("kind: CiliumNetworkPolicy"),
        "{}",
        texts[0]
    );
    assert_eq!(
        window.undo_name().as_deref(),
        Some("Convert 1 policy to CiliumNetworkPolicy")
    );
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.text(), before);
}

#[test]
fn converted_policies_are_exported_into_a_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut window = imported(vec![Answer::Paths(vec![folder.path().to_path_buf()])]);
    let before = window.text();
    window.ask(Command::Convert);
    window.click("Export to a folder…");
    let text = std::fs::read_to_string(folder.path().join("shop/db.yaml")).expect("written");
    assert!(text.contains("kind: CiliumNetworkPolicy"), "{text}");
    assert_eq!(window.text(), before);
    assert!(window.app().view.overlay.is_none());
}

#[test]
fn files_of_others_are_not_replaced_by_converted_policies() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join("shop")).expect("made");
    let file = folder.path().join("shop/db.yaml");
    std::fs::write(&file, "kind: Secret\n").expect("written");
    let mut window = imported(vec![Answer::Paths(vec![folder.path().to_path_buf()])]);
    window.ask(Command::Convert);
    window.click("Export to a folder…");
    assert!(window.sees("nothing was written"));
    let text = std::fs::read_to_string(&file).expect("there");
    assert_eq!(text, "kind: Secret\n");
}
