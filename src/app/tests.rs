//! The work in a frame: counted on the window's thread, while workers do the rest.

use std::time::Duration;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::dialogs::Prepared;
use super::jobs::Workers;
use super::{App, Command, Surroundings};
use crate::model::fixture::Fixture;
use crate::model::{Base, Document, Edit, History, Item};
use crate::project::files::StateFolder;

/// Two namespaces with workloads, and policies that each select one of them.
fn document() -> Document {
    let mut fixture = Fixture::new();
    fixture.document.settings.base = Base::None;
    for number in 0..20 {
        let name = format!("svc-{number}");
        fixture.workload(
            &format!("team-{}/{name}", number % 2),
            &format!("app={name}"),
        );
        let policy = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: only-{name}, namespace: team-{}}}\n\
             spec: {{podSelector: {{matchLabels: {{app: {name}}}}}, policyTypes: [Ingress]}}\n",
            number % 2
        );
        fixture.import(&policy, None);
    }
    fixture.document
}

fn window(workers: Workers, state: Option<StateFolder>) -> Harness<'static, App> {
    let mut harness = Harness::builder()
        .with_size([1600.0, 1000.0])
        .with_max_steps(64)
        .build_eframe(move |cc| {
            let surroundings = Surroundings {
                workers,
                dialogs: Box::new(Prepared::default()),
                state_folder: state,
                programs: std::ffi::OsString::default(),
            };
            let mut app = App::new(&cc.egui_ctx, surroundings);
            app.enter(History::new(document()), None);
            app
        });
    settle(&mut harness);
    harness
}

/// Shows frames until workers have answered.
fn settle(harness: &mut Harness<'static, App>) {
    for _ in 0..40 {
        harness.step();
        if !harness.state().files.pool().is_inline() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn ask(harness: &mut Harness<'static, App>, command: Command) {
    harness.state_mut().ask(command);
    settle(harness);
}

fn texts_read() -> u64 {
    crate::yaml::read::texts_read()
}

#[test]
fn frames_parse_no_text() {
    let mut harness = window(Workers::Threads, None);
    let first = harness.state().document().policies.ids().next();
    let policy = Item::Policy(first.expect("a policy"));
    let before = texts_read();
    ask(&mut harness, Command::Select(Vec::new()));
    ask(&mut harness, Command::ShowPolicies);
    assert!(!harness.state().view.policies.text().is_empty());
    ask(&mut harness, Command::Reveal(policy));
    ask(&mut harness, Command::CopyPolicies);
    ask(&mut harness, Command::SelectAll);
    ask(&mut harness, Command::GoTo);
    harness.event(egui::Event::Text("only-svc-1".to_owned()));
    settle(&mut harness);
    let names = &harness.state().view.names;
    let Item::Policy(id) = policy else { return };
    assert_eq!(names.name(&harness.state().document(), id), "only-svc-0");
    assert_eq!(texts_read() - before, 0);
}

#[test]
fn an_import_parses_no_text_on_the_window_thread() {
    let mut harness = window(Workers::Threads, None);
    let policies = |app: &App| app.document().policies.len();
    let known = policies(harness.state());
    let text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: new, namespace: team-0}\n\
                spec: {podSelector: {}}\n";
    let before = texts_read();
    harness.state_mut().import_text(text.to_owned());
    settle(&mut harness);
    assert_eq!(policies(harness.state()), known + 1);
    assert_eq!(texts_read() - before, 0);
}

#[test]
fn an_audit_runs_only_where_it_is_shown() {
    let mut harness = window(Workers::Inline, None);
    let shown = harness.state().view.inspector.audit.made_for();
    assert_eq!(shown, Some(harness.state().view.results_number));
    let document = harness.state().document();
    let workload = Item::Workload(document.workloads.ids().next().expect("a workload"));
    ask(&mut harness, Command::Select(vec![workload]));
    ask(
        &mut harness,
        Command::Edit(Edit::Rename(workload, "front".into())),
    );
    assert!(harness.state().view.results_number > shown.unwrap_or_default());
    assert_eq!(
        harness.state().view.inspector.audit.made_for(),
        shown,
        "nobody sees it"
    );
    ask(&mut harness, Command::Select(Vec::new()));
    let now = harness.state().view.results_number;
    assert_eq!(harness.state().view.inspector.audit.made_for(), Some(now));
}

#[test]
fn results_are_processed_once_each_and_not_in_each_frame() {
    let mut harness = window(Workers::Inline, None);
    let cost = |harness: &Harness<'static, App>| {
        let view = &harness.state().view;
        (view.outline.made, view.canvas.counters().judged)
    };
    let before = cost(&harness);
    for number in 0..30 {
        let at = egui::pos2(400.0 + number as f32 * 10.0, 500.0);
        harness.event(egui::Event::PointerMoved(at));
        harness.step();
    }
    assert_eq!(cost(&harness), before);
    ask(&mut harness, Command::AddNamespace);
    let after = cost(&harness);
    assert!(after > before);
    assert!(
        after.0 - before.0 <= 4 && after.1 - before.1 <= 2,
        "{before:?} {after:?}"
    );
}

#[test]
fn frames_write_nothing_to_disk() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let state = folder.path().join("state");
    let mut harness = window(Workers::Held, Some(StateFolder::at(&state)));
    ask(&mut harness, Command::ToggleOutline);
    ask(&mut harness, Command::AddNamespace);
    harness.set_pixels_per_point(1.0);
    for _ in 0..200 {
        harness.step();
    }
    assert!(!state.exists(), "the window's thread wrote something");
    harness.state().files.pool().run_held();
    assert!(state.exists());
}

#[test]
fn an_import_into_the_open_project_can_be_cancelled() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("pod.yaml");
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: late, namespace: team-0}}\n";
    std::fs::write(&file, pod).expect("written");
    let mut harness = window(Workers::Held, None);
    let before = harness.state().document();
    for cancelled in [true, false] {
        ask(&mut harness, Command::ImportPaths(vec![file.clone()]));
        assert!(harness.query_by_label("Reading…").is_some());
        if cancelled {
            harness.get_by_label("Cancel").click();
            // The notice goes after a while.
            for _ in 0..4 {
                harness.step();
            }
            assert!(harness.query_by_label("Reading was cancelled").is_some());
        }
        harness.state().files.pool().run_held();
        settle(&mut harness);
        assert!(harness.query_by_label("Reading…").is_none());
        assert!(harness.query_by_label("Cancel").is_none());
        let imported = harness.state().document() != before;
        assert_eq!(imported, !cancelled);
    }
    assert_eq!(
        harness.state().document().workloads.len(),
        before.workloads.len() + 1
    );
}
