//! Connections that policies allow beyond the drawn flows, on the canvas, through real gestures.

use drawbridge::app::Command;
use drawbridge::model::{Document, End, NodeRef};
use drawbridge::project::format;
use drawbridge::scene::{ArrowId, ExtraId, ExtraKind};
use egui::Key;
use egui_kittest::kittest::Queryable;

use super::bench::Bench;

/// A few workloads and two imported policies; nothing is drawn.
fn audited() -> Document {
    let text = r#"
format: drawbridge/1
name: audited
settings: {base: none}
namespaces:
- {name: shop}
- {name: tools}
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: cart, namespace: shop, labels: {app: cart}}
- {name: api, namespace: shop, labels: {app: api}}
- {name: db, namespace: shop, labels: {app: db}}
- {name: runner, namespace: tools, labels: {app: runner}}
policies:
- file: closed.yaml
  text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n"
- file: db.yaml
  text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: to-db, namespace: shop}\nspec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}], ports: [{port: 5432}]}]}\n"
"#;
    format::read(text, "audited").expect("it is readable").0
}

fn kept(bench: &Bench) -> Vec<ExtraId> {
    bench.harness().state().view.canvas.extras()
}

#[test]
fn connections_of_an_imported_policy_are_one_arrow_that_can_be_drawn() {
    let mut bench = Bench::new(audited());
    let arrows = kept(&bench);
    let [arrow] = arrows.as_slice() else {
        panic!("one for the whole namespace: {arrows:?}")
    };
    assert_eq!(arrow.kind, ExtraKind::Imported);
    assert_eq!(
        (arrow.from, arrow.to),
        (bench.node("shop/*"), bench.node("shop/db"))
    );
    bench.harness().get_by_label_contains(
        "every workload of shop to db on TCP 5432, allowed by imported policies",
    );
    let canvas = &bench.harness().state().view.canvas;
    let chip = canvas
        .screen_arrow(ArrowId::Extra(*arrow))
        .expect("it is drawn");
    bench.click(chip.center());
    bench.harness().get_by_label("Allowed by imported policies");
    bench.click_label("Why");
    let why = bench
        .harness()
        .state()
        .view
        .why
        .answer()
        .map(|why| why.verdict);
    assert!(why.is_some(), "the question is answered");
    bench.ask(Command::ShowPolicies);
    bench.ask(Command::SelectArrow(*arrow));
    let before = bench.document();
    bench.click_label("Draw this flow");
    let document = bench.document();
    let (_, flow) = document.flows.iter().next_back().expect("the flow");
    assert_eq!(flow.from, End::from(bench.node("shop/*")));
    assert!(kept(&bench).is_empty(), "what is drawn counts as drawn");
    bench.undo();
    bench.assert_is(&before);
    assert_eq!(kept(&bench).len(), 1);
}

#[test]
fn arrows_of_imported_policies_can_be_hidden_and_deselected() {
    let mut bench = Bench::new(audited());
    let arrow = kept(&bench)[0];
    bench.ask(Command::SelectArrow(arrow));
    assert_eq!(bench.harness().state().view.extra, Some(arrow));
    bench.press(Key::Escape);
    assert_eq!(bench.harness().state().view.extra, None);
    bench.ask(Command::ToggleImported);
    assert!(kept(&bench).is_empty());
    bench.ask(Command::ToggleImported);
    assert_eq!(kept(&bench), [arrow]);
    assert_eq!(bench.next_frame(), std::time::Duration::MAX, "idle");
}

#[test]
fn manifests_without_flows_are_audited() {
    let mut bench = Bench::new(audited());
    bench.harness().get_by_label("Audit");
    bench.harness().get_by_label(
        "Proof: 5 workloads, 2 imported policies: 1 not isolated, 4 in one direction only",
    );
    let runner = bench.node("tools/runner");
    bench.click_label("tools/runner");
    assert_eq!(
        bench.selection(),
        runner.item().into_iter().collect::<Vec<_>>()
    );
    bench.press(Key::Escape);
    let db = bench.node("shop/db");
    bench.hover(bench.rect(db).center());
    let gates = &bench.harness().state().view.analysis_results.gates;
    let drawbridge::model::NodeRef::Workload(id) = db else {
        panic!()
    };
    let [ingress, egress] = &gates[&id];
    assert_eq!(
        ingress.words(),
        "isolated by shop/closed; open to every pod of namespace shop on TCP 5432"
    );
    assert!(!egress.isolated);
}

#[test]
fn a_blast_radius_is_listed_by_hops_and_escape_closes_it() {
    let mut bench = Bench::new(super::bench::shop());
    let before = kept(&bench);
    bench.click(bench.rect(bench.node("shop/web")).center());
    bench.press(Key::B);
    let radius = |bench: &Bench| bench.harness().state().view.radius.answer().cloned();
    let found = radius(&bench).expect("an answer");
    assert!(found.layers.len() > 1 && found.workloads() > 2, "{found:?}");
    let hops = kept(&bench);
    let all: usize = found.layers.iter().map(Vec::len).sum();
    assert!(hops.iter().all(|id| id.kind == ExtraKind::Hop));
    let document = bench.document();
    let is_drawn = |from: NodeRef, to: NodeRef| {
        let mut flows = document.flows.iter();
        flows.any(|(_, flow)| flow.from.node() == Some(from) && flow.to.node() == Some(to))
    };
    assert!(
        hops.iter().all(|id| !is_drawn(id.from, id.to)),
        "a flow shows it already: {hops:?}"
    );
    let view = &bench.harness().state().view;
    let lit = &view.emphasis().expect("an emphasis").arrows;
    assert!(lit.len() >= all, "every hop is lit: {lit:?}");
    bench.harness().get_by_label("From web");
    bench.harness().get_by_label_contains("2 hops");
    assert_eq!(bench.next_frame(), std::time::Duration::MAX, "idle");
    bench.press(Key::Escape);
    assert!(radius(&bench).is_none());
    assert_eq!(kept(&bench), before);
    let web = bench.node("shop/web").item().expect("a workload");
    assert_eq!(bench.selection(), [web], "it is selected again");
    bench.press(Key::Escape);
    bench.ask(Command::Radius);
    bench.harness().get_by_label("From Internet");
    bench.ask(Command::LeaveRadius);
    assert!(radius(&bench).is_none());
}

#[test]
fn a_queried_connection_is_shown_where_no_flow_is_drawn() {
    let mut bench = Bench::new(audited());
    let ask = |from: &str, to: &str, port: &str| Command::Why {
        from: from.to_owned(),
        to: to.to_owned(),
        port: port.to_owned(),
    };
    bench.ask(ask("tools/runner", "shop/web", "TCP/80"));
    let denied = |id: &&ExtraId| id.kind == ExtraKind::Denied;
    let arrows = kept(&bench);
    let arrow = arrows.iter().find(denied).expect("it is shown");
    assert_eq!(
        (arrow.from, arrow.to),
        (bench.node("tools/runner"), bench.node("shop/web"))
    );
    bench.ask(ask("shop/web", "shop/db", "TCP/5432"));
    let allowed = |id: &&ExtraId| id.kind == ExtraKind::Hop;
    assert_eq!(kept(&bench).iter().filter(allowed).count(), 1);
    bench.ask(Command::ShowPolicies);
    let arrows = kept(&bench);
    assert!(
        !arrows.iter().any(|id| id.kind != ExtraKind::Imported),
        "{arrows:?}"
    );
}
