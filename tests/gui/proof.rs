//! Proof in the window, through real gestures: problems and their fixes, reach, the matrix, and why.

use drawbridge::app::Command;
use drawbridge::app::matrix::{Center, Mode};
use drawbridge::app::panels::side::Tab;
use drawbridge::model::{Edit, End, Flow, FlowPort, ImportedPolicy, Item, NodeRef, Thing, Unknown};
use drawbridge::proof::State;
use drawbridge::query::why::PairVerdict;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Node;
use egui_kittest::kittest::{NodeT, Queryable};

use super::desk::Desk;

const PG_OPEN: &str = "apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: pg-open
  namespace: data
spec:
  podSelector:
    matchLabels:
      app: postgres
  ingress:
  - from:
    - namespaceSelector: {}
    ports:
    - port: 5432
";

/// Imports a policy that lets every pod into postgres.
fn import(desk: &mut Desk, text: &str, replaces: Option<&str>) {
    let policy = ImportedPolicy {
        file: "k8s/data.yaml".into(),
        text: text.into(),
        replaces: replaces.map(str::to_owned),
        unknown: Unknown::new(),
    };
    desk.ask(Command::Edit(Edit::Add(Thing::Policy(policy))));
    desk.ask(Command::Select(Vec::new()));
}

/// The policy that allows cart's connections to redis, with another port: as if broken by hand.
fn break_redis(desk: &mut Desk) {
    let written = &desk.app().results.generated.policies;
    let policy = written.iter().find(|p| p.name == "redis-from-shop-cart");
    let text = policy.expect("it is written").text.replace("6379", "6380");
    import(desk, &text, Some("data/redis-from-shop-cart"));
}

#[test]
fn a_problem_is_fixed_with_a_click_and_the_fix_undone() {
    let mut desk = Desk::shop();
    let exact = desk.app().results.proof.state;
    assert_eq!(
        exact,
        State::CannotExpress,
        "as exact as NetworkPolicy can be"
    );
    break_redis(&mut desk);
    assert_eq!(desk.app().results.proof.state, State::Blocked);
    desk.press(Key::F8);
    assert_eq!(desk.app().view.tab, Tab::Problems);
    assert!(desk.sees("Blocked: cart to redis"));
    assert!(desk.sees("shop/cart > data/redis TCP 6379"), "the witness");
    let before = desk.document();
    let fix = {
        let mut all = desk.harness.query_all_by_label_contains("6379");
        let found = all.find_map(|node| {
            let node = node.accesskit_node();
            (node.role() == Role::Button).then(|| node.label())
        });
        found.flatten().expect("a button that mends the port")
    };
    desk.click(&fix);
    assert_eq!(desk.app().results.proof.state, exact, "after {fix}");
    assert_eq!(desk.undo_name().as_deref(), Some(fix.as_str()));
    desk.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(desk.document(), before, "one step");
    assert_eq!(desk.app().results.proof.state, State::Blocked);
}

#[test]
fn a_problem_opens_why_with_the_deciding_line() {
    let mut desk = Desk::shop();
    break_redis(&mut desk);
    desk.press(Key::F8);
    let mut links = desk.harness.query_all_by_label("Why");
    let is_link = |node: &Node<'_>| node.accesskit_node().role() == Role::Link;
    links.find(is_link).expect("a link").click();
    drop(links);
    desk.settle();
    assert_eq!(desk.app().view.tab, Tab::Why);
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Blocked);
    assert!(desk.sees("Drawn, but blocked"));
    assert!(desk.sees("allows TCP 6380 only"), "the nearest miss");
    let shown = desk.app().view.shown_connection.clone().expect("it is lit");
    assert_eq!(shown.verdict, PairVerdict::Blocked);
    let Item::Workload(cart) = desk.workload("cart") else {
        unreachable!("a workload")
    };
    assert_eq!(shown.from, Some(NodeRef::Workload(cart)));
}

#[test]
fn the_matrix_is_navigated_by_keys_and_enter_opens_why() {
    let mut desk = Desk::shop();
    import(&mut desk, PG_OPEN, None);
    desk.press(Key::F6);
    assert_eq!(desk.app().view.center, Center::Matrix);
    let cell = |desk: &Desk| {
        let (from, to, _) = desk.app().view.matrix.chosen().expect("a cell");
        let document = desk.document();
        (
            document.node_name(from).to_owned(),
            document.node_name(to).to_owned(),
        )
    };
    assert_eq!(cell(&desk), ("kafka".into(), "kafka".into()));
    desk.press(Key::ArrowRight);
    desk.press(Key::ArrowRight);
    assert_eq!(cell(&desk).1, "redis");
    desk.press(Key::ArrowLeft);
    // kafka, postgres, redis; fraud-check, ledger, payments.
    for _ in 0..5 {
        desk.press(Key::ArrowDown);
    }
    assert_eq!(cell(&desk), ("payments".into(), "postgres".into()));
    assert!(desk.sees("payments/payments to data/postgres: allowed and drawn, TCP 5432"));
    desk.press(Key::Enter);
    assert_eq!(desk.app().view.tab, Tab::Why);
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Drawn);
    assert_eq!(why.port, "TCP 5432");
    let excerpt = why.gates[1].excerpt.as_ref().expect("the deciding rule");
    let lines = (excerpt.first..).zip(&excerpt.lines);
    let marked: Vec<&str> = lines
        .filter(|(at, _)| excerpt.marked.contains(at))
        .map(|(_, line)| line.trim())
        .collect();
    assert_eq!(marked[0], "- namespaceSelector: {}", "{marked:?}");
    assert!(desk.sees("Text of data/pg-open data.yaml:12"));
    desk.press(Key::End);
    desk.press(Key::PageDown);
    assert_eq!(cell(&desk).1, "api.stripe.com");
}

#[test]
fn the_matrix_filters_sorts_and_explains_differences() {
    let mut desk = Desk::shop();
    desk.ask(Command::ToggleMatrix);
    desk.click("Differences");
    assert_eq!(desk.app().view.matrix.mode, Mode::Differences);
    let drawn = desk.app().view.matrix.counters;
    desk.click("Allowed");
    let allowed = desk.app().view.matrix.counters;
    assert!(allowed.cells > drawn.cells, "{allowed:?} {drawn:?}");
    desk.enter("Filter the matrix", "data/");
    let (row, _, _) = desk.app().view.matrix.chosen().expect("a cell");
    assert_eq!(desk.document().node_name(row), "kafka");
    assert_eq!(
        desk.app().view.matrix.counters.names,
        6,
        "3 rows, 3 columns"
    );
    desk.click("Peers");
    let (row, _, _) = desk.app().view.matrix.chosen().expect("a cell");
    assert_ne!(
        desk.document().node_name(row),
        "redis",
        "it has one peer only"
    );
    desk.click("Namespaces");
    desk.write("Filter the matrix", "");
    desk.press(Key::Backspace);
    assert_eq!(desk.app().view.matrix.counters.names, 12, "3 and 3 outside");
    desk.click("Show the canvas");
    assert_eq!(desk.app().view.center, Center::Canvas);
}

#[test]
fn a_large_matrix_computes_and_paints_only_visible_cells() {
    let mut desk = Desk::shop();
    let mut document = desk.document();
    let first = document
        .workloads
        .iter()
        .next()
        .expect("a workload")
        .1
        .clone();
    let mut edits = Vec::new();
    for at in 0..1_500 {
        let mut workload = first.clone();
        workload.name = format!("more-{at:04}");
        workload.labels = [("app".to_owned(), workload.name.clone())].into();
        workload.selector = None;
        edits.push(Edit::Add(Thing::Workload(workload)));
    }
    let many = Edit::Batch("Many".into(), edits);
    many.apply(&mut document).expect("it applies");
    desk.ask(Command::Edit(many));
    desk.ask(Command::ToggleMatrix);
    let counters = desk.app().view.matrix.counters;
    assert!(counters.names < 80, "{counters:?}");
    assert!(counters.rows < 60, "{counters:?}");
    desk.press_with(Modifiers::COMMAND, Key::End);
    let counters = desk.app().view.matrix.counters;
    assert!(counters.names < 80, "{counters:?}");
    assert!(
        counters.rows < 120,
        "those seen before and now: {counters:?}"
    );
    let (row, column, _) = desk.app().view.matrix.chosen().expect("a cell");
    assert_eq!(row, column, "the last one");
}

#[test]
fn reach_lists_the_selection_and_a_row_opens_why() {
    let mut desk = Desk::shop();
    import(&mut desk, PG_OPEN, None);
    desk.press(Key::F9);
    assert!(desk.sees("Select a workload"), "an empty list teaches");
    let postgres = desk.workload("postgres");
    desk.ask(Command::Select(vec![postgres]));
    let listed = desk.app().view.reach.listed().expect("a list");
    assert_eq!(listed.from.len(), 2, "catalog and payments");
    assert!(listed.to.is_empty());
    desk.click("shop/catalog to postgres, TCP 5432, drawn");
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(
        (why.from.name.as_str(), why.verdict),
        ("catalog", PairVerdict::Drawn)
    );
}

#[test]
fn why_is_queried_by_name_and_a_denial_is_fixed() {
    let mut desk = Desk::shop();
    desk.press(Key::F10);
    assert_eq!(desk.app().view.tab, Tab::Why);
    assert!(desk.sees("Choose a source and a destination"));
    desk.write("From", "cart");
    desk.press(Key::Enter);
    desk.write("To", "postg");
    desk.press(Key::Enter);
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Denied);
    assert_eq!(why.port, "TCP 5432", "what postgres declares");
    let before = desk.document();
    desk.click("Draw this flow");
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(
        why.verdict,
        PairVerdict::Drawn,
        "asked again after the edit"
    );
    desk.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(desk.document(), before);
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Denied);
}

#[test]
fn why_is_queried_for_two_selected_objects() {
    let mut desk = Desk::shop();
    let flow = desk.flow("cart to redis");
    desk.ask(Command::Select(vec![flow]));
    desk.press(Key::F10);
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(
        (why.from.name.as_str(), why.to.name.as_str()),
        ("cart", "redis")
    );
    let (web, checkout) = (desk.workload("web"), desk.workload("checkout"));
    desk.ask(Command::Select(vec![web, checkout]));
    desk.press(Key::F10);
    assert!(desk.app().view.why.answer().is_some());
    desk.click("Swap source and destination");
    let why = desk.app().view.why.answer().expect("an answer");
    assert_eq!(
        (why.from.name.as_str(), why.to.name.as_str()),
        ("checkout", "web")
    );
}

#[test]
fn only_visible_problems_are_laid_out() {
    let mut desk = Desk::shop();
    let (document, web) = (desk.document(), desk.workload("web"));
    let Some(Thing::Workload(mut workload)) = document.thing(web) else {
        unreachable!("a workload")
    };
    // Nothing selects a pod without labels: its flow is omitted, with a reason.
    (workload.labels, workload.selector) = (Default::default(), None);
    let mut edits = Vec::new();
    for at in 0..500 {
        workload.name = format!("bare-{at:03}");
        edits.push(Edit::Add(Thing::Workload(workload.clone())));
    }
    desk.ask(Command::Edit(Edit::Batch("Many".into(), edits)));
    let document = desk.document();
    let Item::Workload(web) = web else {
        unreachable!("a workload")
    };
    let bare = document
        .workloads
        .iter()
        .filter(|(_, w)| w.labels.is_empty());
    let flows = bare.map(|(id, _)| {
        Edit::Add(Thing::Flow(Flow {
            from: End::Workload(web),
            to: End::Workload(id),
            ports: vec![FlowPort::Any],
            note: String::new(),
            half: None,
            muted: false,
            unknown: Unknown::new(),
        }))
    });
    let flows = Edit::Batch("Many flows".into(), flows.collect());
    desk.ask(Command::Edit(flows));
    desk.ask(Command::Select(Vec::new()));
    desk.press(Key::F8);
    assert!(desk.app().view.problems.len() >= 500);
    let links = desk.harness.query_all_by_label("Show").count();
    assert!((2..20).contains(&links), "{links} cards are laid out");
}

#[test]
fn showing_a_witness_switches_from_the_matrix_to_the_canvas() {
    let mut desk = Desk::shop();
    break_redis(&mut desk);
    desk.press(Key::F6);
    desk.press(Key::F8);
    let first = desk.harness.query_all_by_label("Show").next();
    first.expect("a link").click();
    desk.settle();
    assert_eq!(desk.app().view.center, Center::Canvas);
    let shown = desk.app().view.shown_connection.clone().expect("it is lit");
    assert_eq!(shown.verdict, PairVerdict::Blocked);
    let selected = desk.app().view.only_selected();
    assert_eq!(selected, Some(desk.flow("cart to redis")));
}
