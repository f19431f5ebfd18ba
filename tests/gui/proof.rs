//! Proof in the window, through real gestures: problems and their fixes, reach, the matrix, and why.

use drawbridge::app::Command;
use drawbridge::app::matrix::{Center, Mode};
use drawbridge::app::panels::Tab;
use drawbridge::model::{Edit, End, Flow, FlowPort, ImportedPolicy, Item, NodeRef, Thing, Unknown};
use drawbridge::proof::State;
use drawbridge::query::why::PairVerdict;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Node;
use egui_kittest::kittest::{NodeT, Queryable};

use super::test_window::TestWindow;

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
fn import(window: &mut TestWindow, text: &str, replaces: Option<&str>) {
    let policy = ImportedPolicy {
        file: "k8s/data.yaml".into(),
        text: text.into(),
        replaces: replaces.map(str::to_owned),
        unknown: Unknown::new(),
    };
    window.ask(Command::Edit(Edit::Add(Thing::Policy(policy))));
    window.ask(Command::Select(Vec::new()));
}

/// The policy that allows cart's connections to redis, with another port: as if broken by hand.
fn break_redis(window: &mut TestWindow) {
    let written = &window.app().results.generated.policies;
    let policy = written.iter().find(|p| p.name == "redis-from-shop-cart");
    let text = policy.expect("it is written").text.replace("6379", "6380");
    import(window, &text, Some("data/redis-from-shop-cart"));
}

#[test]
fn a_problem_is_fixed_with_a_click_and_the_fix_undone() {
    let mut window = TestWindow::shop();
    let exact = window.app().results.proof.state;
    assert_eq!(
        exact,
        State::CannotExpress,
        "as exact as NetworkPolicy can be"
    );
    break_redis(&mut window);
    assert_eq!(window.app().results.proof.state, State::Blocked);
    window.press(Key::F8);
    assert_eq!(window.app().view.tab, Tab::Problems);
    assert!(window.sees("Blocked: cart to redis"));
    assert!(
        window.sees("shop/cart > data/redis TCP 6379"),
        "the witness"
    );
    let before = window.document();
    let fix = {
        let mut all = window.harness.query_all_by_label_contains("6379");
        let found = all.find_map(|node| {
            let node = node.accesskit_node();
            (node.role() == Role::Button).then(|| node.label())
        });
        found.flatten().expect("a button that mends the port")
    };
    window.click(&fix);
    assert_eq!(window.app().results.proof.state, exact, "after {fix}");
    assert_eq!(window.undo_name().as_deref(), Some(fix.as_str()));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.document(), before, "one step");
    assert_eq!(window.app().results.proof.state, State::Blocked);
}

#[test]
fn a_problem_opens_why_with_the_deciding_line() {
    let mut window = TestWindow::shop();
    break_redis(&mut window);
    window.press(Key::F8);
    let mut links = window.harness.query_all_by_label("Why");
    let is_link = |node: &Node<'_>| node.accesskit_node().role() == Role::Link;
    links.find(is_link).expect("a link").click();
    drop(links);
    window.settle();
    assert_eq!(window.app().view.tab, Tab::Why);
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Blocked);
    assert!(window.sees("Drawn, but blocked"));
    assert!(window.sees("allows TCP 6380 only"), "the nearest miss");
    let shown = window
        .app()
        .view
        .shown_connection
        .clone()
        .expect("it is lit");
    assert_eq!(shown.verdict, PairVerdict::Blocked);
    let Item::Workload(cart) = window.workload("cart") else {
        unreachable!("a workload")
    };
    assert_eq!(shown.from, Some(NodeRef::Workload(cart)));
}

#[test]
fn the_matrix_is_navigated_by_keys_and_enter_opens_why() {
    let mut window = TestWindow::shop();
    import(&mut window, PG_OPEN, None);
    window.press(Key::F6);
    assert_eq!(window.app().view.center, Center::Matrix);
    let cell = |window: &TestWindow| {
        let (from, to, _) = window.app().view.matrix.chosen().expect("a cell");
        let document = window.document();
        (
            document.node_name(from).to_owned(),
            document.node_name(to).to_owned(),
        )
    };
    assert_eq!(cell(&window), ("kafka".into(), "kafka".into()));
    window.press(Key::ArrowRight);
    window.press(Key::ArrowRight);
    assert_eq!(cell(&window).1, "redis");
    window.press(Key::ArrowLeft);
    // kafka, postgres, redis; fraud-check, ledger, payments.
    for _ in 0..5 {
        window.press(Key::ArrowDown);
    }
    assert_eq!(cell(&window), ("payments".into(), "postgres".into()));
    assert!(window.sees("payments/payments to data/postgres: allowed and drawn, TCP 5432"));
    window.press(Key::Enter);
    assert_eq!(window.app().view.tab, Tab::Why);
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Drawn);
    assert_eq!(why.port, "TCP 5432");
    let excerpt = why.gates[1].excerpt.as_ref().expect("the deciding rule");
    let lines = (excerpt.first..).zip(&excerpt.lines);
    let marked: Vec<&str> = lines
        .filter(|(at, _)| excerpt.marked.contains(at))
        .map(|(_, line)| line.trim())
        .collect();
    assert_eq!(marked[0], "- namespaceSelector: {}", "{marked:?}");
    assert!(window.sees("Text of data/pg-open line 12"));
    window.press(Key::End);
    window.press(Key::PageDown);
    assert_eq!(cell(&window).1, "api.stripe.com");
}

#[test]
fn the_matrix_filters_sorts_and_explains_differences() {
    let mut window = TestWindow::shop();
    window.ask(Command::ToggleMatrix);
    window.click("Differences");
    assert_eq!(window.app().view.matrix.mode, Mode::Differences);
    let drawn = window.app().view.matrix.counters;
    window.click("Allowed");
    let allowed = window.app().view.matrix.counters;
    assert!(allowed.cells > drawn.cells, "{allowed:?} {drawn:?}");
    window.enter("Filter the matrix", "data/");
    let (row, _, _) = window.app().view.matrix.chosen().expect("a cell");
    assert_eq!(window.document().node_name(row), "kafka");
    assert_eq!(
        window.app().view.matrix.counters.names,
        6,
        "3 rows, 3 columns"
    );
    window.click("Peers");
    let (row, _, _) = window.app().view.matrix.chosen().expect("a cell");
    assert_ne!(
        window.document().node_name(row),
        "redis",
        "it has one peer only"
    );
    window.click("Namespaces");
    window.write("Filter the matrix", "");
    window.press(Key::Backspace);
    assert_eq!(
        window.app().view.matrix.counters.names,
        12,
        "3 and 3 outside"
    );
    window.click("Show the canvas");
    assert_eq!(window.app().view.center, Center::Canvas);
}

#[test]
fn a_large_matrix_computes_and_paints_only_visible_cells() {
    let mut window = TestWindow::shop();
    let mut document = window.document();
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
    window.ask(Command::Edit(many));
    window.ask(Command::ToggleMatrix);
    let counters = window.app().view.matrix.counters;
    assert!(counters.names < 80, "{counters:?}");
    assert!(counters.rows < 60, "{counters:?}");
    window.press_with(Modifiers::COMMAND, Key::End);
    let counters = window.app().view.matrix.counters;
    assert!(counters.names < 80, "{counters:?}");
    assert!(
        counters.rows < 120,
        "those seen before and now: {counters:?}"
    );
    let (row, column, _) = window.app().view.matrix.chosen().expect("a cell");
    assert_eq!(row, column, "the last one");
}

#[test]
fn reach_lists_the_selection_and_a_row_opens_why() {
    let mut window = TestWindow::shop();
    import(&mut window, PG_OPEN, None);
    window.press(Key::F9);
    assert!(window.sees("Select a workload"), "an empty list teaches");
    let postgres = window.workload("postgres");
    window.ask(Command::Select(vec![postgres]));
    let listed = window.app().view.reach.listed().expect("a list");
    assert_eq!(listed.from.len(), 2, "catalog and payments");
    assert!(listed.to.is_empty());
    window.click("shop/catalog to postgres, TCP 5432, drawn");
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(
        (why.from.name.as_str(), why.verdict),
        ("catalog", PairVerdict::Drawn)
    );
}

#[test]
fn why_is_queried_by_name_and_a_denial_is_fixed() {
    let mut window = TestWindow::shop();
    window.press(Key::F10);
    assert_eq!(window.app().view.tab, Tab::Why);
    assert!(window.sees("Choose a source and a destination"));
    window.write("From", "cart");
    window.press(Key::Enter);
    window.write("To", "postg");
    window.press(Key::Enter);
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Denied);
    assert_eq!(why.port, "TCP 5432", "what postgres declares");
    let before = window.document();
    window.click("Draw this flow");
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(
        why.verdict,
        PairVerdict::Drawn,
        "asked again after the edit"
    );
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.document(), before);
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(why.verdict, PairVerdict::Denied);
}

#[test]
fn keys_in_the_fields_of_why_stay_in_them() {
    let mut window = TestWindow::shop();
    window.press(Key::F10);
    let before = window.document();
    window.write("From", "cart");
    assert!(window.sees("shop/cart"));
    window.press(Key::Escape);
    assert!(window.has_focus("From"), "Escape closes the list first");
    for letter in [Key::N, Key::W, Key::G] {
        window.press(letter);
    }
    assert_eq!(window.document(), before, "letters are no commands");
    window.press(Key::Escape);
    window.press(Key::Escape);
    assert!(!window.has_focus("From"));
    window.write("From", "cart");
    window.press(Key::Enter);
    window.write("To", "postg");
    window.press(Key::Tab);
    assert!(window.has_focus("Port"));
    for letter in [Key::N, Key::W, Key::G] {
        window.press(letter);
    }
    assert_eq!(window.document(), before);
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(why.to.name, "postgres", "Tab takes the completion");
}

#[test]
fn an_external_without_networks_is_a_click_away_from_them() {
    let mut window = TestWindow::shop();
    window.ask(Command::Problems);
    let problem = "The flow is left out: \"api.stripe.com\" has only a domain name";
    assert!(window.sees(problem));
    window.click("Add networks…");
    let selected = window.app().view.selected();
    assert!(matches!(selected[..], [Item::External(_)]), "{selected:?}");
    assert!(window.has_focus("Add address block"));
}

#[test]
fn why_is_queried_for_two_selected_objects() {
    let mut window = TestWindow::shop();
    let flow = window.flow("cart to redis");
    window.ask(Command::Select(vec![flow]));
    window.press(Key::F10);
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(
        (why.from.name.as_str(), why.to.name.as_str()),
        ("cart", "redis")
    );
    let (web, checkout) = (window.workload("web"), window.workload("checkout"));
    window.ask(Command::Select(vec![web, checkout]));
    window.press(Key::F10);
    assert!(window.app().view.why.answer().is_some());
    window.click("Swap source and destination");
    let why = window.app().view.why.answer().expect("an answer");
    assert_eq!(
        (why.from.name.as_str(), why.to.name.as_str()),
        ("checkout", "web")
    );
}

#[test]
fn only_visible_problems_are_laid_out() {
    let mut window = TestWindow::shop();
    let (document, web) = (window.document(), window.workload("web"));
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
    window.ask(Command::Edit(Edit::Batch("Many".into(), edits)));
    let document = window.document();
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
            http: Vec::new(),
            denies: false,
            approximate: false,
            note: String::new(),
            half: None,
            muted: false,
            observed: None,
            unknown: Unknown::new(),
        }))
    });
    let flows = Edit::Batch("Many flows".into(), flows.collect());
    window.ask(Command::Edit(flows));
    window.ask(Command::Select(Vec::new()));
    window.press(Key::F8);
    assert!(window.app().view.problems.len() >= 500);
    let links = window.harness.query_all_by_label("Show").count();
    assert!((2..20).contains(&links), "{links} cards are laid out");
}

#[test]
fn showing_a_witness_switches_from_the_matrix_to_the_canvas() {
    let mut window = TestWindow::shop();
    break_redis(&mut window);
    window.press(Key::F6);
    window.press(Key::F8);
    let first = window.harness.query_all_by_label("Show").next();
    first.expect("a link").click();
    window.settle();
    assert_eq!(window.app().view.center, Center::Canvas);
    let shown = window
        .app()
        .view
        .shown_connection
        .clone()
        .expect("it is lit");
    assert_eq!(shown.verdict, PairVerdict::Blocked);
    let selected = window.app().view.only_selected();
    assert_eq!(selected, Some(window.flow("cart to redis")));
}
