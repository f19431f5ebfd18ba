//! The audit of imported policies in the Problems tab, by pointer and keys.

use drawbridge::app::Command;
use drawbridge::app::dialogs::Answer;
use drawbridge::app::panels::Tab;
use drawbridge::model::{Document, Item};
use drawbridge::scene::{ExtraKind, OUTSIDE};
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::test_window::TestWindow;

/// Two policies whose `egress` is ignored, and one with the port of a Service.
const PROJECT: &str = r"format: drawbridge/1
name: store
settings: {base: none}
namespaces: [{name: shop}, {name: data}]
workloads:
- {name: web, namespace: shop, labels: {app: web}, ports: [{port: 8080}]}
- {name: cart, namespace: shop, labels: {app: cart}, ports: [{port: 7070}]}
- {name: db, namespace: data, labels: {app: db}, ports: [{port: 5432}]}
services:
- {name: web, namespace: shop, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
policies:
- file: all.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: web}}
      ingress:
      - from: [{podSelector: {matchLabels: {app: cart}}}]
        ports:
        - {port: 80}
- file: all.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: cart, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: cart}}
      policyTypes: [Ingress]
      egress: [{ports: [{port: 443}]}]
- file: db.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: db, namespace: data}
    spec:
      podSelector: {matchLabels: {app: db}}
      policyTypes: [Ingress]
      egress: [{ports: [{port: 443}]}]
";

fn opened(answers: Vec<Answer>) -> TestWindow {
    let mut window = TestWindow::new(answers);
    let path = window.path("store.drawbridge.yaml");
    std::fs::write(&path, PROJECT).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    window.press(Key::F8);
    window
}

fn texts(document: &Document) -> Vec<String> {
    let policies = document.policies.iter();
    policies.map(|(_, policy)| policy.text.clone()).collect()
}

/// The names of the rows of rules: `L07 Service port, 1`.
fn rules(window: &TestWindow) -> Vec<String> {
    let nodes = window.harness.root().children_recursive();
    let rules = nodes.filter(|node| node.accesskit_node().role() != Role::Label);
    let names = rules.filter_map(|node| node.accesskit_node().label());
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with('L') && name.contains(", ") && name.len() < 60)
        .collect();
    names.dedup();
    names
}

const SERVICE_PORT: &str = "shop/web: TCP 80 is the port of Service \"web\"";

/// The name of the first row that begins like this.
fn row(window: &TestWindow, start: &str) -> String {
    let found = window.harness.query_all_by_label_contains(start);
    let found = found.filter(|node| node.accesskit_node().role() != Role::Label);
    let mut names = found.filter_map(|node| node.accesskit_node().label());
    let name = names.find(|name| name.starts_with(start));
    name.unwrap_or_else(|| panic!("there is no row {start:?}"))
}

fn open_row(window: &mut TestWindow, start: &str) {
    // The details of a finding and its buttons are visible at once.
    window.harness.set_size(egui::vec2(1280.0, 1200.0));
    window.settle();
    let name = row(window, start);
    window.click(&name);
}

#[test]
fn with_nothing_drawn_problems_is_the_audit() {
    let window = opened(Vec::new());
    assert_eq!(window.app().view.tab, Tab::Problems);
    let rules = rules(&window);
    for rule in ["L07 Service port, 1", "L15 Ignored rules, 2"] {
        assert!(rules.iter().any(|r| r == rule), "{rules:?}");
    }
    assert!(window.sees("Score: "));
    let mut shop = TestWindow::shop();
    shop.press(Key::F8);
    assert!(
        !shop.sees("Score: "),
        "flows are drawn, so the proof is shown"
    );
    shop.click("Problems of: Audit");
    assert!(shop.sees("Score: "));
}

#[test]
fn a_finding_is_fixed_with_a_click_and_the_fix_undone() {
    let mut window = opened(Vec::new());
    let before = texts(&window.document());
    open_row(&mut window, SERVICE_PORT);
    window.click("Fix");
    let after = texts(&window.document());
    assert_eq!(after[0], before[0].replace("{port: 80}", "{port: 8080}"));
    assert_eq!(after[1..], before[1..]);
    assert_eq!(window.undo_name().as_deref(), Some("Fix L07 in shop/web"));
    assert!(!rules(&window).iter().any(|rule| rule.starts_with("L07")));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(texts(&window.document()), before);
    assert!(rules(&window).iter().any(|rule| rule.starts_with("L07")));
}

#[test]
fn all_findings_of_a_rule_are_fixed_in_one_step() {
    let mut window = opened(Vec::new());
    let before = texts(&window.document());
    window.click("Fix 2 of L15…");
    assert_eq!(texts(&window.document()), before, "shown first");
    assert!(window.sees("Fix 2 findings in 2 policies"));
    for line in [
        "-   policyTypes: [Ingress]",
        "+   policyTypes: [Ingress, Egress]",
    ] {
        let shown = window.harness.query_all_by_label(line).count();
        assert_eq!(shown, 2, "{line}");
    }
    window.click("Apply");
    let after = texts(&window.document());
    assert_eq!(after[0], before[0]);
    for at in [1, 2] {
        assert_eq!(
            after[at],
            before[at].replace("[Ingress]", "[Ingress, Egress]")
        );
    }
    assert_eq!(window.undo_name().as_deref(), Some("Fix 2 findings of L15"));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(texts(&window.document()), before);
    assert!(!window.is_dirty());
}

#[test]
fn fixing_all_shows_every_text_first_and_is_one_step() {
    let mut window = opened(Vec::new());
    let before = window.document();
    let fix_all = row(&window, "Fix all ");
    window.click(&fix_all);
    for file in ["all.yaml", "all.yaml#2", "db.yaml"] {
        let mut shown = window.harness.query_all_by_label(file);
        assert!(shown.next().is_some(), "{file}");
    }
    window.click("Cancel");
    assert!(window.app().view.overlay.is_none());
    assert_eq!(window.document(), before);
    window.click(&fix_all);
    window.press(Key::Escape);
    assert_eq!(window.document(), before);
    window.click(&fix_all);
    window.click("Apply");
    let rules = rules(&window);
    assert!(
        !rules
            .iter()
            .any(|r| r.starts_with("L07") || r.starts_with("L15"))
    );
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.document(), before);
    assert!(!window.is_dirty(), "one step");
}

#[test]
fn a_finding_is_explained_by_its_page() {
    let mut window = opened(Vec::new());
    open_row(&mut window, SERVICE_PORT);
    window.click("Why it matters");
    assert!(window.sees("Policies see a connection after the Service has forwarded it"));
    window.press(Key::Escape);
    assert!(window.app().view.overlay.is_none());
    window.click("About L15");
    assert!(window.sees("L15 ignored-rules"));
    window.click("Close");
    assert!(window.app().view.overlay.is_none());
}

#[test]
fn a_finding_is_shown_on_the_canvas() {
    let mut window = opened(Vec::new());
    open_row(&mut window, SERVICE_PORT);
    window.click("Show on canvas");
    assert_eq!(window.app().view.selected(), [window.workload("web")]);
    assert_eq!(window.app().view.tab, Tab::Problems);
    window.click("line 7 of NetworkPolicy data/db");
    let policies = window.document().policies;
    let last = policies.ids().last().expect("a policy");
    assert_eq!(window.app().view.selected(), [Item::Policy(last)]);
    assert_eq!(window.app().view.tab, Tab::Policies, "its text is shown");
}

#[test]
fn a_finding_is_ignored_for_a_reason() {
    let mut window = opened(Vec::new());
    let before = window.document();
    open_row(&mut window, SERVICE_PORT);
    window.scroll_to("Ignore…");
    window.click("Ignore…");
    window.press(Key::Enter);
    assert_eq!(window.document(), before, "a reason is needed");
    window.write("Reason", "the Service is not used");
    window.click("Ignore");
    let document = window.document();
    let [ignored] = document.ignore.as_slice() else {
        panic!("{:?}", document.ignore);
    };
    assert_eq!(
        (ignored.rule.as_str(), ignored.place.as_deref()),
        ("L07", Some("shop/web"))
    );
    assert_eq!(ignored.reason, "the Service is not used");
    assert!(window.text().contains("reason: the Service is not used"));
    assert!(window.sees("1 finding is ignored by the project."));
    assert!(!rules(&window).iter().any(|rule| rule.starts_with("L07")));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.document(), before);
}

#[test]
fn findings_are_filtered_by_text_and_severity() {
    let mut window = opened(Vec::new());
    window.write("Filter findings", "service-port");
    assert_eq!(rules(&window), ["L07 Service port, 1"]);
    window.press(Key::Escape);
    assert!(rules(&window).len() > 1, "{:?}", rules(&window));
    let notes = row(&window, "Notes ");
    window.click(&notes);
    assert!(!rules(&window).iter().any(|rule| rule.starts_with("L07")));
}

/// Opens the list of namespaces and clicks one: the last of that name, as the outline has it, too.
fn choose_namespace(window: &mut TestWindow, name: &str) {
    let list = window.harness.get_by_label("Namespace of findings");
    list.focus();
    window.settle();
    window.press(Key::Space);
    let all = window.harness.query_all_by_label(name);
    let is_choice = |node: &egui_kittest::Node<'_>| node.accesskit_node().role() != Role::Label;
    let choice = all.rev().find(is_choice).expect("it is listed");
    choice.click();
    window.settle();
}

#[test]
fn findings_are_filtered_by_namespace() {
    let mut window = opened(Vec::new());
    let all = rules(&window);
    choose_namespace(&mut window, "data");
    assert!(window.sees("data/db: "));
    assert!(!window.sees("shop/cart: ") && !window.sees(SERVICE_PORT));
    assert!(
        rules(&window)
            .iter()
            .any(|rule| rule == "L15 Ignored rules, 1")
    );
    window.write("Filter findings", "service-port");
    assert!(window.sees("No finding matches the filter."));
    window.press(Key::Escape);
    assert!(
        window.sees("data/db: "),
        "the text is cleared, the namespace stays"
    );
    choose_namespace(&mut window, "shop");
    assert!(!window.sees("data/db: ") && window.sees(SERVICE_PORT));
    choose_namespace(&mut window, "All namespaces");
    assert_eq!(rules(&window), all);
}

#[test]
fn a_rule_is_folded() {
    let mut window = opened(Vec::new());
    window.click("L07 Service port, 1");
    assert!(!window.sees(SERVICE_PORT));
    window.click("L07 Service port, 1");
    assert!(window.sees(SERVICE_PORT));
}

#[test]
fn the_score_has_parts_and_what_raises_it() {
    let mut window = opened(Vec::new());
    window.click("How");
    assert!(window.sees("50 x isolated directions"));
    assert!(window.sees("Isolate egress of"));
    window.click("Hide parts");
    assert!(!window.sees("50 x isolated directions"));
}

#[test]
fn findings_are_saved_as_markdown_and_sarif() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let paths = ["a.md", "a.sarif"].map(|name| folder.path().join(name));
    let answers = paths.iter().map(|path| Answer::Paths(vec![path.clone()]));
    let mut window = opened(answers.collect());
    for form in ["Save Markdown…", "Save SARIF…"] {
        window.click("Report");
        window.click(form);
    }
    let read = |path| std::fs::read_to_string(path).expect("written");
    let [markdown, sarif] = paths.map(read);
    assert!(
        markdown.contains("| error | L07 service-port | NetworkPolicy shop/web |"),
        "{markdown}"
    );
    let sarif: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|result| result["ruleId"] == "L07"));
}

#[test]
fn the_audit_takes_most_of_the_window_and_escape_brings_the_panel_back() {
    let mut window = opened(Vec::new());
    assert!(window.sees("Filter outline"));
    window.click("Show the audit over most of the window");
    assert!(window.app().view.is_wide(&window.document()));
    assert!(!window.sees("Filter outline"));
    let before = texts(&window.document());
    window.click("Fix L07 in shop/web");
    assert_ne!(texts(&window.document()), before, "a row has its own fix");
    window.press(Key::Escape);
    assert!(!window.app().view.is_wide(&window.document()));
    assert!(window.sees("Filter outline"));
}

#[test]
fn an_import_with_mistakes_opens_the_audit() {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("manifests.yaml");
    let policy = PROJECT.split("text: |\n").nth(3).expect("the last policy");
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: data, labels: {app: db}}\n";
    let text: String = policy
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("    ")))
        .collect();
    // Only the indentation of the block is gone.
    let text = text.replace("\npodSelector", "\n  podSelector");
    let text = text
        .replace("\npolicyTypes", "\n  policyTypes")
        .replace("\negress", "\n  egress");
    std::fs::write(&path, text + pod).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    window.settle();
    assert_eq!(window.app().view.tab, Tab::Problems);
    assert!(window.app().view.is_wide(&window.document()));
}

#[test]
fn a_list_of_the_inspector_shows_all_of_its_rows_and_the_first_again() {
    let mut window = TestWindow::new(Vec::new());
    let mut text =
        "format: drawbridge/1\nsettings: {base: none}\nnamespaces: [{name: shop}]\nworkloads:\n"
            .to_owned();
    for at in 0..9 {
        text += &format!("- {{name: w{at}, namespace: shop, labels: {{app: w{at}}}}}\n");
    }
    let path = window.path("nine.drawbridge.yaml");
    std::fs::write(&path, text).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    let title = "Not isolated in at least one direction";
    let shown = |window: &TestWindow| {
        let named = |at: &i32| {
            window
                .harness
                .query_all_by_label(&format!("shop/w{at}"))
                .count()
        };
        (0..9).filter(|at| named(at) > 0).count()
    };
    assert_eq!(shown(&window), 6);
    let all = format!("Show all 9: {title}");
    window.scroll_to(&all);
    window.click(&all);
    assert_eq!(shown(&window), 9);
    let first = format!("Show the first 6: {title}");
    window.scroll_to(&first);
    window.click(&first);
    assert_eq!(shown(&window), 6);
}

#[test]
fn many_findings_lay_out_only_visible_rows() {
    let mut window = TestWindow::new(Vec::new());
    let mut text = "format: drawbridge/1\nsettings: {base: none}\nnamespaces: [{name: shop}]\nworkloads: [{name: web, namespace: shop, labels: {app: web}}]\npolicies:\n".to_owned();
    for at in 0..300 {
        text += &format!(
            "- file: p{at}.yaml\n  text: |\n    apiVersion: networking.k8s.io/v1\n    kind: NetworkPolicy\n    metadata: {{name: p{at}, namespace: shop}}\n    spec:\n      podSelector: {{matchLabels: {{app: none{at}}}}}\n"
        );
    }
    let path = window.path("large.drawbridge.yaml");
    std::fs::write(&path, text).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    window.press(Key::F8);
    let all = window.harness.root().children_recursive().count();
    assert!(all < 600, "{all} nodes");
    assert!(window.sees("L01 "));
}

/// `web` names `api` in its environment, and an address outside by its name.
const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        env:
        - {name: API_ADDR, value: 'http://api:8080'}
        - {name: PAY, value: 'https://api.stripe.com'}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 8080}]}
";

/// The suggested flows that the canvas shows.
fn suggested(window: &TestWindow) -> Vec<String> {
    let document = window.document();
    let name = |node| match node {
        OUTSIDE => "outside",
        node => document.node_name(node),
    };
    let all = window.app().view.extras(&document).list();
    let all = all.iter().filter(|one| one.id.kind == ExtraKind::Suggested);
    all.map(|one| format!("{} > {}", name(one.id.from), name(one.id.to)))
        .collect()
}

#[test]
fn suggested_flows_are_drawn_after_an_import_in_one_step() {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("manifests.yaml");
    std::fs::write(&path, MANIFESTS).expect("written");
    window.ask(Command::OpenPaths(vec![path]));
    let before = window.text();
    assert!(suggested(&window).is_empty(), "not before they are listed");
    window.click("Suggestions");
    assert_eq!(suggested(&window), ["web > api", "web > outside"]);
    assert_eq!(window.text(), before, "nothing is drawn without a click");
    assert!(window.sees("API_ADDR=http://api:8080"), "the evidence");
    assert!(window.sees("manifests.yaml:12"));
    assert!(window.sees("Not ticked: outside the cluster, by a domain name"));
    window.click("Draw 1");
    assert!(suggested(&window).is_empty());
    let document = window.document();
    let place = |words: &str| {
        let end = document.end_from_words(words).expect(words);
        let rect = (window.app().view.canvas).screen_rect(end.node().expect(words));
        rect.expect("it is drawn")
    };
    let (web, api) = (place("shop/web"), place("shop/api"));
    assert!(web.right() < api.left(), "nothing was placed: laid out");
    let flows: Vec<String> = (document.flows.ids())
        .map(|id| document.flow_name(id))
        .collect();
    assert_eq!(flows, ["web to api"]);
    assert_eq!(window.undo_name().as_deref(), Some("Draw 1 suggested flow"));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.text(), before);

    window.press_with(Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    window.write("Command palette", "suggested flows");
    window.press(Key::Enter);
    window.click("shop/web to external/api.stripe.com, TCP/443");
    window.click("Draw 2");
    let document = window.document();
    assert_eq!((document.flows.len(), document.externals.len()), (2, 1));
    window.ask(Command::Suggestions);
    assert!(window.app().view.overlay.is_none());
    assert!(window.sees("All suggested flows are drawn"));
}

#[test]
fn a_project_without_manifests_has_no_suggestions() {
    let mut window = TestWindow::shop();
    window.ask(Command::Suggestions);
    assert!(window.app().view.overlay.is_none());
    assert!(window.sees("No suggestions: they come from manifests that are imported"));
}
