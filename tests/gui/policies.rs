//! Imported policies in the window: edited by hand, broken and restored, adopted.

use drawbridge::analysis::changes::{Relation, policy_relation};
use drawbridge::analysis::compare;
use drawbridge::app::Command;
use drawbridge::app::panels::policies::{Source, shown};
use drawbridge::model::{Edit, Item, PolicyId};
use drawbridge::policy::Target;
use drawbridge::proof::Kind;
use drawbridge::proof::State;
use drawbridge::proof::Verdict;
use egui::{Key, Modifiers};

use super::test_window::TestWindow;
use crate::corpus::cases;

const EDITOR: &str = "Policy text";

/// The shop with the policies of a flow shown.
fn shop_at(flow: &str) -> TestWindow {
    let mut window = TestWindow::shop();
    window.ask(Command::Select(vec![window.flow(flow)]));
    window
}

fn only_policy(window: &TestWindow) -> PolicyId {
    let document = window.document();
    let mut ids = document.policies.ids();
    let (Some(id), None) = (ids.next(), ids.next()) else {
        panic!("{} policies are kept", document.policies.len());
    };
    id
}

/// Begins to edit a generated policy by hand.
fn by_hand(window: &mut TestWindow, key: &str) -> PolicyId {
    window.ask(Command::EditPolicyByHand(key.into()));
    only_policy(window)
}

fn text_of(window: &TestWindow, id: PolicyId) -> String {
    window
        .document()
        .policies
        .get(id)
        .expect("it is kept")
        .text
        .clone()
}

#[test]
fn a_generated_policy_is_edited_by_hand_broken_and_fixed() {
    let mut window = shop_at("web to checkout");
    // One flow of the shop goes to a domain name.
    assert_eq!(window.app().results.proof.state, State::CannotExpress);
    window.click("Policy shop/web-to-checkout");
    window.ask(Command::EditByHand);
    let id = only_policy(&window);
    assert_eq!(
        window.undo_name().as_deref(),
        Some("Edit web-to-checkout by hand")
    );
    assert_eq!(window.app().view.selection, [Item::Policy(id)].into());
    assert_eq!(
        window.app().results.proof.state,
        State::CannotExpress,
        "it is a copy"
    );

    // The whole rule is deleted: a draft is judged too.
    let text = text_of(&window, id);
    let (head, _) = text.split_once("  egress:").expect("it has a rule");
    window.write(EDITOR, head);
    assert_eq!(text_of(&window, id), text, "still a draft");
    let Item::Flow(flow) = window.flow("web to checkout") else {
        unreachable!("it is a flow")
    };
    let proof = &window.app().results.proof;
    assert_eq!(
        (proof.state, proof.verdicts[&flow]),
        (State::Blocked, Verdict::Blocked)
    );
    let blocked = proof.verdicts.values().filter(|v| **v == Verdict::Blocked);
    assert_eq!(blocked.count(), 1, "the others are as they were");
    assert!(window.sees("1 blocked"), "the status says so");
    let finding = &window.app().results.proof.findings[0];
    assert_eq!(finding.kind, Kind::Blocked);
    assert!(finding.message.contains("checkout"), "{}", finding.message);

    window.press_with(Modifiers::COMMAND, Key::Enter);
    assert_eq!(text_of(&window, id), head);
    assert_eq!(
        window.undo_name().as_deref(),
        Some("Edit the text of web-to-checkout")
    );
    window.ask(Command::Undo);
    assert_eq!(text_of(&window, id), text);
    assert_eq!(window.app().results.proof.state, State::CannotExpress);
}

#[test]
fn a_wider_selector_and_another_port_are_reported_exactly() {
    let mut window = shop_at("web to checkout");
    let id = by_hand(&mut window, "shop/checkout-from-web");
    let text = text_of(&window, id);
    window.write(EDITOR, &text.replace("port: 5050", "port: 5051"));
    window.press_with(Modifiers::COMMAND, Key::Enter);
    let proof = &window.app().results.proof;
    let kinds: Vec<Kind> = proof.findings.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, [Kind::Blocked, Kind::TooWide, Kind::CannotExpress]);
    assert!(
        proof.findings[..2]
            .iter()
            .all(|f| f.to.contains("checkout")),
        "{:?}",
        proof.findings
    );
    let ports: Vec<&str> = proof.findings[..2]
        .iter()
        .map(|f| f.ports.as_str())
        .collect();
    assert_eq!(ports, ["TCP 5050", "TCP 5051"]);
    assert_eq!(proof.findings[1].policies, ["shop/checkout-from-web"]);
    window.ask(Command::Undo);
    assert_eq!(window.app().results.proof.state, State::CannotExpress);
}

#[test]
fn invalid_text_is_reported_while_typing_and_preserved() {
    let mut window = shop_at("web to checkout");
    let id = by_hand(&mut window, "shop/web-to-checkout");
    let text = text_of(&window, id);
    let wrong = text.replace("port: 5050", "port: 505000");
    window.write(EDITOR, &wrong);
    assert!(
        window.sees("must be between 1 and 65535"),
        "while it is typed"
    );
    // Closing the editor loses nothing.
    window.ask(Command::Select(vec![window.workload("web")]));
    assert_eq!(text_of(&window, id), wrong);
    assert!(window.app().results.proof.state > State::CannotExpress);
}

#[test]
fn restoring_the_generated_policy_removes_the_copy() {
    let mut window = shop_at("web to checkout");
    let before = window.text();
    let id = by_hand(&mut window, "shop/web-to-checkout");
    window.ask(Command::EditPolicyByHand("shop/web-to-checkout".into()));
    assert_eq!(only_policy(&window), id, "there is only one copy");
    window.ask(Command::Select(vec![window.flow("web to checkout")]));
    assert!(
        window.sees("by hand"),
        "its text is among those of the flow"
    );
    window.click("Restore generated");
    assert_eq!(window.text(), before);
    assert_eq!(
        window.undo_name().as_deref(),
        Some("Restore generated web-to-checkout")
    );
}

/// An imported cluster: isolated, with two rules.
const MANIFESTS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec: {selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web-out, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}]}]}
";

fn imported() -> TestWindow {
    imported_from(MANIFESTS)
}

fn imported_from(manifests: &str) -> TestWindow {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("all.yaml");
    std::fs::write(&path, manifests).expect("the file is written");
    window.ask(Command::OpenPaths(vec![path]));
    done(&mut window);
    window
}

#[test]
fn imported_policies_are_adopted_in_one_step_and_the_rest_have_reasons() {
    // One names a port that no pod declares.
    let out = "egress: [{to: [{podSelector: {matchLabels: {app: db}}}]";
    let named = format!("{out}, ports: [{{port: pg}}]");
    let mut window = imported_from(&MANIFESTS.replace(out, &named));
    let before = window.text();
    assert_eq!(window.document().policies.len(), 3);
    window.ask(Command::ShowPolicies);
    window.click("Adopt 3 imported");
    assert!(window.sees("2 policies became 1 flow; 1 stays imported"));
    assert!(
        window.sees(
            "The port \"TCP/pg\" cannot be drawn: \"db\" declares no TCP port with that name"
        )
    );
    window.click("Done");
    let document = window.document();
    assert_eq!(document.flows.len(), 1);
    assert_eq!(document.policy_name(only_policy(&window)), "web-out");
    assert_eq!(window.undo_name().as_deref(), Some("Adopt 2 policies"));
    window.ask(Command::Undo);
    assert_eq!(window.text(), before);
}

#[test]
fn adopted_policies_of_cilium_make_a_project_that_writes_cilium() {
    let mut window = imported_from(
        "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts: [{ports: [{port: '5432', protocol: TCP}]}]
",
    );
    let before = window.text();
    window.ask(Command::Adopt);
    assert!(window.sees("1 policy became 1 flow"));
    window.click("Done");
    let document = window.document();
    assert_eq!(document.settings.dialects, [Target::Cilium]);
    assert_eq!((document.flows.len(), document.policies.len()), (1, 0));
    window.ask(Command::Undo);
    assert_eq!(window.text(), before);
}

#[test]
fn an_imported_policy_is_adopted_or_removed_from_its_inspector() {
    let mut window = imported();
    window.ask(Command::ShowPolicies);
    let named = |window: &TestWindow, name: &str| {
        let document = window.document();
        let id = document
            .policies
            .ids()
            .find(|id| document.policy_name(*id) == name);
        id.expect("the policy")
    };
    let db = named(&window, "db");
    window.ask(Command::Select(vec![Item::Policy(db)]));
    assert!(window.sees("Isolates") && window.sees("Matches this workload"));
    window.ask(Command::Adopt);
    window.click("Undo");
    assert_eq!(
        window.document().policies.len(),
        3,
        "taken back from the report"
    );
    let deny = named(&window, "deny");
    window.ask(Command::Reveal(Item::Policy(deny)));
    window.click("Remove from project");
    assert_eq!(window.document().policies.len(), 2);
    assert_eq!(
        window.undo_name().as_deref(),
        Some("Remove deny from the project")
    );
}

#[test]
fn imported_policies_are_listed_with_the_generated_ones_of_their_subject() {
    let mut window = imported();
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    let sources = |window: &TestWindow| {
        let (document, app) = (window.document(), window.app());
        let shown = shown(
            &document,
            &app.results,
            &app.view.selection,
            app.view.policies.scope,
            &app.view.names,
        );
        let sources = shown.policies.iter().map(|p| (p.name.clone(), p.source));
        sources.collect::<Vec<_>>()
    };
    let names: Vec<String> = sources(&window).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["deny", "web-out"]);
    let mut window = shop_at("web to checkout");
    let id = by_hand(&mut window, "shop/web-to-checkout");
    window.ask(Command::Select(vec![window.flow("web to checkout")]));
    assert_eq!(
        sources(&window),
        [
            ("web-to-checkout".to_owned(), Source::ByHand(id)),
            ("checkout-from-web".to_owned(), Source::Generated),
        ]
    );
}

#[test]
fn a_policy_edited_by_hand_is_exported_in_its_place() {
    let mut window = shop_at("web to checkout");
    let files = |window: &TestWindow| {
        drawbridge::app::files::export_files(&window.app().results.generated, false)
    };
    let before = files(&window);
    let id = by_hand(&mut window, "shop/web-to-checkout");
    let mut changed = window
        .document()
        .policies
        .get(id)
        .expect("it is kept")
        .clone();
    changed.text = changed.text.replace("5050", "5051");
    let thing = drawbridge::model::Thing::Policy(changed.clone());
    window.ask(Command::Edit(Edit::Change(Item::Policy(id), thing)));
    let after = files(&window);
    assert_eq!(before.len(), after.len());
    let different: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
    let [(old, new)] = different.as_slice() else {
        panic!("{different:?}");
    };
    assert_eq!((&old.name, &new.text), (&new.name, &changed.text));
}

#[test]
fn a_deleted_rule_and_a_widened_selector_are_reported_in_both_examples() {
    for example in [Command::ExampleShop, Command::ExamplePlatform] {
        let mut window = TestWindow::new(Vec::new());
        window.ask(example);
        let before = window.app().results.proof.state;
        let policies = &window.app().results.generated.policies;
        let fits = |w: &&std::sync::Arc<drawbridge::proof::Written>| {
            w.flows.len() == 1 && w.text.contains("  - from:\n    - podSelector:")
        };
        let written = policies
            .iter()
            .find(fits)
            .expect("a flow within a namespace")
            .clone();
        let id = by_hand(&mut window, &written.key());
        let (head, rule) = written
            .text
            .split_once("  ingress:")
            .expect("it has a rule");

        window.write(EDITOR, head);
        window.press_with(Modifiers::COMMAND, Key::Enter);
        let verdicts = &window.app().results.proof.verdicts;
        let blocked = verdicts.iter().filter(|(_, v)| **v == Verdict::Blocked);
        assert_eq!(
            blocked.map(|(flow, _)| *flow).collect::<Vec<_>>(),
            written.flows
        );
        window.ask(Command::Undo);
        assert_eq!(window.app().results.proof.state, before);

        let (_, ports) = rule.split_once("    ports:").expect("it has ports");
        let wide = format!(
            "{head}  ingress:\n  - from:\n    - namespaceSelector: {{}}\n    ports:{ports}"
        );
        window.ask(Command::Reveal(Item::Policy(id)));
        window.write(EDITOR, &wide);
        window.press_with(Modifiers::COMMAND, Key::Enter);
        let findings = &window.app().results.proof.findings;
        let differing: Vec<_> = findings
            .iter()
            .filter(|f| f.kind != Kind::CannotExpress)
            .collect();
        assert!(!differing.is_empty());
        for finding in differing {
            assert_eq!(
                (finding.kind, &finding.policies),
                (Kind::TooWide, &vec![written.key()])
            );
        }
        window.ask(Command::Undo);
        assert_eq!(window.app().results.proof.state, before);
    }
}

/// Closes the report of an import or an adoption.
fn done(window: &mut TestWindow) {
    if window.app().view.overlay.is_some() {
        window.click("Done");
    }
}

/// The findings of the proof about the drawn flows.
fn told(window: &TestWindow) -> (State, Vec<(Kind, Vec<String>)>) {
    let proof = &window.app().results.proof;
    let findings = proof.findings.iter();
    let findings = findings.map(|f| (f.kind, f.policies.clone())).collect();
    (proof.state, findings)
}

#[test]
fn policies_of_imported_cases_are_broken_by_hand_and_fixed() {
    let (mut broken, cases) = (0, cases());
    for case in &cases {
        let mut window = TestWindow::new(Vec::new());
        window.ask(Command::OpenPaths(vec![case.clone()]));
        done(&mut window);
        if window.app().history.is_none() || window.document().policies.is_empty() {
            continue;
        }
        window.ask(Command::Adopt);
        done(&mut window);
        let before = told(&window);
        if before.0 != State::Exact {
            continue;
        }
        let policies = window.app().results.generated.policies.clone();
        let of_a_flow = policies.iter().filter(|w| w.flows.len() == 1);
        let split = of_a_flow.filter_map(|w| Some((w, w.text.split_once("  ingress:")?.0)));
        // A few of each case are enough: its policies are much alike.
        for (written, head) in split.take(3) {
            let name = format!("{}: {}", case.display(), written.key());
            let whole = window.document();
            window.ask(Command::EditPolicyByHand(written.key()));
            window.write(EDITOR, head);
            window.press_with(Modifiers::COMMAND, Key::Enter);
            let verdicts = &window.app().results.proof.verdicts;
            let blocked = verdicts.iter().filter(|(_, v)| **v == Verdict::Blocked);
            let blocked: Vec<_> = blocked.map(|(flow, _)| *flow).collect();
            // Connections that other flows allow too stay allowed, and the proof finds nothing.
            let whole = drawbridge::proof::loaded(&whole).snapshot;
            let after = drawbridge::proof::loaded(&window.document()).snapshot;
            let same = compare(&whole, &after).is_empty()
                && policy_relation(&whole, &after) == Relation::Equal;
            match same {
                true => assert_eq!(told(&window), before, "{name}"),
                false => assert_eq!(blocked, written.flows, "{name}"),
            }
            broken += usize::from(!same);
            window.ask(Command::Undo);
            window.ask(Command::Undo);
            assert_eq!(told(&window), before, "{name}");
        }
    }
    eprintln!("{broken} policies were broken");
    assert!(cases.is_empty() || broken > 0);
}

#[test]
fn an_imported_policy_opens_in_the_editor_from_every_panel() {
    let mut window = shop_at("web to checkout");
    let id = by_hand(&mut window, "shop/web-to-checkout");
    window.ask(Command::Select(Vec::new()));
    window.ask(Command::Problems);
    assert!(!window.sees(EDITOR));
    window.ask(Command::Reveal(Item::Policy(id)));
    assert!(
        window.sees(EDITOR),
        "its text is what there is to see of it"
    );
}
