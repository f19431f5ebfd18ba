//! Recorded traffic in the window: classes on the canvas, evidence, flows to draw.

use std::path::PathBuf;

use drawbridge::app::dialogs::Answer;
use drawbridge::app::traffic::ends::MOST;
use drawbridge::app::{Command, panels::Tab};
use drawbridge::model::TrafficClass;
use drawbridge::observe::replay::Verdict;
use drawbridge::proof::State;
use drawbridge::scene::ExtraKind;
use egui::{Event, Key, Modifiers, PointerButton};
use egui_kittest::kittest::{NodeT, Queryable};

use super::test_window::TestWindow;

fn recording() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("assets/examples/online-shop.flows.jsonl")
}

fn shop() -> TestWindow {
    let mut window = TestWindow::shop();
    window.ask(Command::OpenRecordings(vec![recording()]));
    window
}

/// A table of connections beside a project of three workloads, of which web to api is drawn.
fn small(rows: &str) -> TestWindow {
    let mut window = TestWindow::new(Vec::new());
    let project = window.path("small.drawbridge.yaml");
    std::fs::write(
        &project,
        "format: drawbridge/1
settings: {base: deny-all}
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}}
- {name: api, namespace: shop, labels: {app: api}}
- {name: db, namespace: shop, labels: {app: db}}
flows:
- {from: shop/web, to: shop/api, ports: [TCP/80]}
",
    )
    .expect("written");
    let flows = window.path("flows.csv");
    let header = "source,destination,protocol,port,count,verdict";
    std::fs::write(&flows, format!("{header}\n{rows}")).expect("written");
    window.ask(Command::OpenPaths(vec![project, flows]));
    window
}

fn flow_names(window: &TestWindow) -> Vec<String> {
    let document = window.document();
    let ids: Vec<_> = document.flows.ids().collect();
    ids.into_iter().map(|id| document.flow_name(id)).collect()
}

fn counts(window: &TestWindow) -> Vec<(TrafficClass, usize)> {
    let counts = window.app().view.traffic.counts().expect("an answer");
    counts
        .iter()
        .map(|(class, count)| (*class, *count))
        .collect()
}

#[test]
fn a_recording_is_opened_from_the_menu_and_its_classes_counted() {
    let mut window = TestWindow::new(vec![Answer::Paths(vec![recording()])]);
    window.ask(Command::ExampleShop);
    window.ask(Command::OpenRecording);
    assert_eq!(window.app().view.tab, Tab::Traffic);
    assert!(window.sees("online-shop.flows.jsonl"));
    assert!(window.sees("Would be dropped by these policies"));
    let counts = counts(&window);
    let flows: usize = (counts.iter())
        .filter(|(class, _)| class.is_drawn())
        .map(|(_, count)| count)
        .sum();
    assert_eq!(
        flows,
        window.document().flows.len(),
        "each flow has one class"
    );
    assert!(counts.iter().any(|(class, _)| *class == TrafficClass::Cut));
    for (class, count) in counts {
        let entry = format!("{}, {count}", class.words());
        assert!(window.sees(&entry), "the legend has {entry}");
    }
}

#[test]
fn switching_the_overlay_off_restores_the_canvas() {
    let mut window = TestWindow::shop();
    let before = window.app().view.canvas.extras();
    window.ask(Command::OpenRecordings(vec![recording()]));
    let shown = window.app().view.canvas.extras();
    let is_recorded = |kind| matches!(kind, ExtraKind::Recorded(_));
    assert!(shown.iter().any(|id| is_recorded(id.kind)));
    window.click("Recorded traffic");
    assert_eq!(window.app().view.canvas.extras(), before);
    window.click("Recorded traffic");
    assert_eq!(window.app().view.canvas.extras(), shown);
    window.ask(Command::CloseRecording);
    assert_eq!(window.app().view.canvas.extras(), before);
    assert!(window.sees("Open recording…"));
}

#[test]
fn a_class_is_switched_in_the_legend() {
    let mut window = shop();
    let cut = |window: &TestWindow| {
        let shown = window.app().view.canvas.extras();
        let is_cut =
            |id: &&drawbridge::scene::ExtraId| id.kind == ExtraKind::Recorded(TrafficClass::Cut);
        shown.iter().filter(is_cut).count()
    };
    let before = cut(&window);
    assert!(before > 0);
    let count = counts(&window)
        .into_iter()
        .find(|(class, _)| *class == TrafficClass::Cut)
        .expect("some are cut")
        .1;
    let entry = format!("{}, {count}", TrafficClass::Cut.words());
    window.click(&entry);
    assert_eq!(cut(&window), 0);
    window.click(&entry);
    assert_eq!(cut(&window), before);
}

#[test]
fn drawing_a_recorded_connection_makes_the_flow_in_one_step() {
    let mut window =
        small("shop/api,shop/db,TCP,5432,7,forwarded\nshop/web,shop/api,TCP,80,3,forwarded\n");
    let before = window.text();
    let arrow = "api to db on TCP 5432 \u{b7} 7, seen, would be cut";
    window.click(arrow);
    assert!(window.sees("These policies would cut it"));
    assert!(window.sees("7 connections: 7 forwarded"));
    window.click("Draw it");
    assert_eq!(flow_names(&window), ["web to api", "api to db"]);
    let document = window.document();
    let drawn = document.flows.iter().last().expect("the flow").1;
    let observed = drawn.observed.as_ref().expect("its evidence");
    assert_eq!((observed.count, observed.first), (7, None));
    assert_eq!(window.undo_name().as_deref(), Some("Draw 1 recorded flow"));
    assert_eq!(counts(&window), [(TrafficClass::Seen, 2)]);
    let flow = window.flow("api to db");
    window.ask(Command::Select(vec![flow]));
    assert!(window.sees("7 connections: 7 forwarded"));
    assert!(window.sees("seen 7 times"));
    assert!(!window.sees(arrow));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.text(), before);
    assert!(window.sees(arrow));
}

#[test]
fn a_click_with_the_pointer_selects_an_arrow() {
    let mut window = small("shop/api,shop/db,TCP,5432,7,forwarded\n");
    let place = (window.harness)
        .query_all_by_label_contains("seen, would be cut")
        .map(|node| node.rect())
        .find(|rect| rect.height() < 30.0 && rect.width() < 200.0)
        .expect("the chip");
    let at = place.center();
    window.harness.event(Event::PointerMoved(at));
    window.settle();
    for pressed in [true, false] {
        window.harness.event(Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        window.settle();
    }
    let id = window.app().view.extra.expect("it is selected");
    assert_eq!(id.kind, ExtraKind::Recorded(TrafficClass::Cut));
}

#[test]
fn ends_outside_the_project_are_shown_and_asked_for() {
    let mut window = small("shop/web,203.0.113.7,TCP,443,5,forwarded\n");
    window.click("web to 203.0.113.7 on TCP 443 \u{b7} 5, seen, would be cut");
    window.click("Draw it");
    assert!(window.sees("1 flow seen and not drawn"));
    assert!(window.sees("Not ticked: no name is known for the address"));
    assert_eq!(
        flow_names(&window),
        ["web to api"],
        "nothing without a click"
    );
    window.click("shop/web to external/203.0.113.7, TCP/443");
    window.choose("Becomes", "every address of 203.0.113.0/24");
    window.click("Draw 1");
    assert!(window.text().contains("203.0.113.0/24"));
    assert_eq!(window.document().externals.len(), 1);
    assert_eq!(counts(&window).last(), Some(&(TrafficClass::Seen, 1)));
}

#[test]
fn all_recorded_flows_are_proposed_and_the_strong_ones_ticked() {
    let rows = "shop/api,shop/db,TCP,5432,7,forwarded\nshop/db,shop/web,TCP,8080,1,forwarded\nshop/web,shop/db,TCP,5432,4,dropped\n";
    let mut window = small(rows);
    window.click("Draw 2 flows…");
    assert!(
        window.sees("2 flows seen and not drawn"),
        "not what was dropped"
    );
    assert!(window.sees("Not ticked: seen once"));
    window.click("Draw 1");
    assert_eq!(flow_names(&window), ["web to api", "api to db"]);
}

#[test]
fn an_ignored_connection_is_left_out_until_it_is_shown_again() {
    let mut window = small("shop/api,shop/db,TCP,5432,7,forwarded\n");
    window.click("api to db on TCP 5432 \u{b7} 7, seen, would be cut");
    window.click("Ignore");
    assert!(window.app().view.canvas.extras().is_empty());
    assert!(window.sees("These policies allow everything that was seen"));
    window.click("Show 1 ignored");
    assert_eq!(window.app().view.canvas.extras().len(), 1);
}

#[test]
fn a_flow_that_was_never_seen_is_listed_and_revealed() {
    let mut window = small("shop/api,shop/db,TCP,5432,7,forwarded\n");
    window.click("web \u{2192} api, TCP 80, drawn, never seen");
    assert_eq!(
        window.app().view.only_selected(),
        Some(window.flow("web to api"))
    );
}

#[test]
fn why_a_connection_is_denied_is_explained() {
    let mut window = small("shop/api,shop/db,TCP,5432,7,forwarded\n");
    window.click("api to db on TCP 5432 \u{b7} 7, seen, would be cut");
    window.click("Why denied");
    assert_eq!(window.app().view.tab, Tab::Why);
    assert!(window.sees("no rule"));
}

#[test]
fn a_recording_alone_begins_a_project() {
    let mut window = TestWindow::new(Vec::new());
    window.ask(Command::OpenPaths(vec![recording()]));
    assert!(window.document().workloads.is_empty());
    assert!(window.sees("Seen and allowed, not drawn"));
    window.ask(Command::ProposeRecorded);
    assert!(window.sees("seen and not drawn"));
}

#[test]
fn a_file_that_is_no_recording_is_refused() {
    let mut window = TestWindow::shop();
    let path = window.path("notes.csv");
    std::fs::write(&path, "hello\nworld\n").expect("written");
    window.ask(Command::OpenRecordings(vec![path]));
    assert!(window.sees("The recording could not be read."));
    assert!(window.app().view.traffic.recording().is_none());
}

#[test]
fn an_open_recording_costs_no_frames() {
    let mut window = shop();
    window.wait(12.0);
    let output = window.harness.output();
    let views = output.viewport_output.values();
    let next = views.map(|view| view.repaint_delay).min();
    assert_eq!(next, Some(std::time::Duration::MAX));
}

/// Moves the pointer, and waits until a tooltip is shown.
fn hover(window: &mut TestWindow, at: egui::Pos2) {
    window.harness.event(Event::PointerMoved(at));
    window.wait(1.5);
}

/// Where the bars over time are, without the days below them.
fn bars(window: &TestWindow) -> egui::Rect {
    let mut all = window.harness.query_all_by_label_contains("Over time: ");
    let node = all.next().expect("the bars");
    let rect = node.rect();
    rect.with_max_y(rect.bottom() - 15.0)
}

#[test]
fn handles_narrow_the_window_of_a_recording() {
    let mut window = TestWindow::shop();
    let path = window.path("flows.csv");
    let rows = "source,destination,protocol,port,count,first,last,verdict
shop/web,shop/catalog,TCP,8080,5,2026-11-03T09:00:00Z,2026-11-03T09:01:00Z,forwarded
shop/web,shop/cart,TCP,7070,3,2026-11-05T09:00:00Z,2026-11-05T09:00:00Z,forwarded
";
    std::fs::write(&path, rows).expect("written");
    window.ask(Command::OpenRecordings(vec![path]));
    let ends = |window: &TestWindow| -> Vec<String> {
        let recording = window.app().view.traffic.recording().expect("it is open");
        let all = recording.observed.connections.iter();
        all.map(|one| one.key.destination.to_string()).collect()
    };
    assert_eq!(ends(&window), ["shop/cart", "shop/catalog"]);
    let bars = bars(&window);
    let from = bars.left_center();
    drag(&mut window, from, bars.center());
    assert_eq!(
        ends(&window),
        ["shop/cart"],
        "what began before is not counted"
    );
    assert!(window.sees("1 connection"));
    // The bars stay those of all connections, so that the window can be widened again.
    assert!(window.sees("Over time: 8 connections began"));
    // The other handle, by keys: nothing began between the two.
    let end = window.harness.get_by_label("End of the window");
    end.focus();
    window.settle();
    for _ in 0..3 {
        window.press(Key::ArrowLeft);
    }
    assert_eq!(ends(&window), [""; 0]);
    window.click("Whole recording");
    assert_eq!(ends(&window), ["shop/cart", "shop/catalog"]);
}

#[test]
fn an_arrow_has_its_own_bars_that_follow_the_window() {
    let mut window = small("shop/web,shop/api,TCP,80,1,forwarded\n");
    let path = window.path("times.csv");
    let rows = "source,destination,protocol,port,count,first,last,verdict
shop/api,shop/db,TCP,5432,5,2026-11-03T09:00:00Z,2026-11-03T09:01:00Z,forwarded
shop/api,shop/db,TCP,5432,1,2026-11-05T08:00:00Z,2026-11-05T09:00:00Z,forwarded
shop/api,shop/db,TCP,5432,2,2026-11-05T09:00:00Z,2026-11-05T09:00:00Z,dropped
shop/web,shop/api,TCP,80,9,2026-11-04T21:00:00Z,2026-11-05T09:00:00Z,forwarded
";
    std::fs::write(&path, rows).expect("written");
    window.ask(Command::OpenRecordings(vec![path]));
    let evidence = |window: &TestWindow| {
        let view = &window.app().view;
        let group = view
            .traffic
            .group(view.extra.expect("an arrow is selected"));
        group.expect("it is recorded").evidence.clone()
    };
    window.click("api to db on TCP 5432 \u{b7} 8, seen, would be cut");
    let all = "This arrow over time: 8 connections began, 2 of them dropped; most in 3 Nov 08:32 to 09:04 UTC: 5 connections began";
    assert!(window.sees(all));
    let whole = evidence(&window);
    assert_eq!(whole.over_time.total().count(), whole.count());
    assert_eq!(
        whole.over_time.intervals().len(),
        91,
        "the time of the recording"
    );
    let bars = bars(&window);
    drag(&mut window, bars.left_center(), bars.center());
    assert!(window.sees("This arrow over time: 3 connections began, 2 of them dropped"));
    let narrowed = evidence(&window);
    assert_eq!(narrowed.over_time.total().count(), narrowed.count());
    assert!(
        narrowed.over_time.intervals().len() < 91,
        "the time of the window"
    );
    let flow = window.flow("web to api");
    window.ask(Command::Select(vec![flow]));
    assert!(window.sees("This arrow over time: 9 connections began"));
}

#[test]
fn the_most_frequent_of_many_connections_are_listed() {
    let rows: String = (0..2_005)
        .map(|n| {
            format!(
                "shop/api,shop/db,TCP,{},{},forwarded\n",
                10_000 + n,
                3_000 - n
            )
        })
        .collect();
    let mut window = small(&rows);
    assert_eq!(window.app().view.traffic.listed().cut.count, 2_005);
    let count = (996..=3_000).sum::<u64>();
    let count = drawbridge::app::traffic::words::grouped(count);
    window.click(&format!(
        "api to db on TCP 10000-12004 \u{b7} {count}, seen, would be cut"
    ));
    assert!(window.sees(&format!("{count} connections: {count} forwarded")));
    assert!(window.sees("api \u{2192} db, TCP 10000   3,000"));
    window.click("Ignore");
    assert_eq!(window.app().view.traffic.listed().cut.count, 0);
    assert!(window.sees("These policies allow everything that was seen"));
}

/// Drags with the primary button.
fn drag(window: &mut TestWindow, from: egui::Pos2, to: egui::Pos2) {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    hover(window, from);
    window.harness.event(button(from, true));
    window.settle();
    for part in 1..=4 {
        let at = from + (to - from) * (part as f32 / 4.0);
        window.harness.event(Event::PointerMoved(at));
        window.settle();
    }
    window.harness.event(button(to, false));
    window.settle();
}

#[test]
fn the_strip_shows_when_connections_began_and_what_is_missing() {
    let mut window = TestWindow::shop();
    let path = window.path("flows.csv");
    let rows = "source,destination,protocol,port,count,first,last,verdict
shop/web,shop/catalog,TCP,8080,1200,2026-11-03T09:00:00Z,2026-11-03T09:01:00Z,forwarded
shop/web,shop/cart,TCP,7070,4,2026-11-03T09:00:10Z,2026-11-03T09:01:00Z,dropped
shop/web,shop/cart,TCP,7070,1,2026-11-05T09:00:00Z,2026-11-05T09:00:00Z,forwarded
shop/web,shop/cart,TCP,7070,1,2026-11-05T09:00:00Z,2026-11-05T09:00:00Z,forwarded
nonsense
";
    std::fs::write(&path, rows).expect("written");
    window.ask(Command::OpenRecordings(vec![path]));
    assert!(window.sees("1 line is no valid record"));
    window.press(Key::Escape);
    assert!(window.sees("3 Nov 09:00 to 5 Nov 09:00 UTC"));
    assert!(window.sees("2 lines ignored"), "a duplicate and nonsense");
    let all = "Over time: 1,205 connections began, 4 of them dropped; most in 3 Nov 08:32 to 09:04 UTC: 1,204 connections began, 4 of them dropped";
    assert!(window.sees(all));
    let bars = bars(&window);
    let first = "3 Nov 08:32 to 09:04 UTC: 1,204 connections began, 4 of them dropped";
    let last = "5 Nov 08:32 to 09:04 UTC: 1 connection began";
    let is_shown = |window: &TestWindow, words: &str| {
        let mut all = window.harness.query_all_by_label(words);
        all.next().is_some()
    };
    assert!(!is_shown(&window, first) && !is_shown(&window, last));
    hover(&mut window, bars.left_center() + egui::vec2(1.0, 0.0));
    assert!(is_shown(&window, first) && !is_shown(&window, last));
    hover(&mut window, bars.right_center() - egui::vec2(1.0, 0.0));
    assert!(is_shown(&window, last) && !is_shown(&window, first));
    hover(&mut window, bars.center());
    assert!(window.sees("UTC: no connection began"));
    window.harness.event(Event::PointerGone);
    window.wait(12.0);
    let views = window.harness.output().viewport_output.values();
    let next = views.map(|view| view.repaint_delay).min();
    assert_eq!(next, Some(std::time::Duration::MAX), "idle, no frames");
}

#[test]
fn evidence_of_flows_is_kept_in_one_step_and_outlives_the_recording() {
    let mut window = TestWindow::shop();
    let path = window.path("flows.csv");
    let rows = "source,destination,protocol,port,count,first,last
shop/web,shop/catalog,TCP,3550,1200,2026-05-03T09:00:00Z,2026-05-08T09:00:00Z
shop/web,shop/catalog,TCP,3550,4,2026-05-09T09:00:00Z,2026-05-09T09:00:00Z
shop/web,shop/checkout,TCP,5050,1,2026-05-09T09:00:00Z,2026-05-09T09:00:00Z
";
    std::fs::write(&path, rows).expect("written");
    let before = window.text();
    window.ask(Command::OpenRecordings(vec![path]));
    window.click("Keep evidence");
    let undo = window.undo_name();
    assert_eq!(undo.as_deref(), Some("Keep evidence of 2 flows"));
    let kept =
        "observed: {count: 1204, first: \"2026-05-03T09:00:00Z\", last: \"2026-05-09T09:00:00Z\"}";
    assert!(window.text().contains(kept), "{}", window.text());
    let mut buttons = window.harness.query_all_by_label("Keep evidence");
    assert!(buttons.next().is_none(), "there is nothing new");
    drop(buttons);
    window.ask(Command::KeepEvidence);
    assert_eq!(window.undo_name(), undo);
    window.ask(Command::CloseRecording);
    let flow = window.flow("web to catalog");
    window.ask(Command::Select(vec![flow]));
    assert!(window.sees("seen 1,204 times, 3 May to 9 May"));
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.text(), before);
    assert!(!window.sees("seen 1,204 times"));
}

/// Connections from web to so many addresses, the first of them the most frequent, and dropped ones from as many others.
fn to_many(forwarded: usize, dropped: usize) -> String {
    let to = |at: usize| format!("shop/web,203.0.113.{at},TCP,443,{},forwarded\n", 1000 - at);
    let from = |at: usize| format!("198.51.100.{at},shop/db,TCP,22,1,dropped\n");
    let all = (1..=forwarded).map(to);
    all.chain((1..=dropped).map(from)).collect()
}

/// The names of ends on the canvas that the project does not have.
fn foreign(window: &TestWindow) -> Vec<String> {
    let nodes = window
        .harness
        .query_all_by_label_contains(", not in the project");
    let mut names: Vec<String> = nodes
        .filter_map(|node| node.accesskit_node().label())
        .map(|label| label.replace(", not in the project", ""))
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn many_undrawn_ends_are_shown_as_one_that_opens_their_list() {
    let mut window = small(&to_many(200, 150));
    let names = foreign(&window);
    assert_eq!(names.len(), MOST, "{names:?}");
    assert!(
        names.contains(&"203.0.113.1".to_owned()),
        "the most frequent"
    );
    assert!(names.contains(&"189 more".to_owned()), "{names:?}");
    // Those that are denied and dropped are hidden at first, and count once they are shown.
    window.click("denied and dropped, 150");
    let names = foreign(&window);
    assert_eq!(names.len(), MOST, "{names:?}");
    assert!(names.contains(&"339 more".to_owned()), "{names:?}");
    window.click("denied and dropped, 150");

    let node = window.harness.get_by_label("189 more, not in the project");
    let at = node.rect().center();
    window.harness.event(Event::PointerMoved(at));
    window.settle();
    for pressed in [true, false] {
        window.harness.event(Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        window.settle();
    }
    assert_eq!(window.app().view.tab, Tab::Traffic);
    assert!(window.sees("Ends shown as one on the canvas"));
    let first = "web \u{2192} 203.0.113.12, TCP 443   988, seen, would be cut";
    assert!(window.sees(first));
    assert!(!window.sees("web \u{2192} 203.0.113.1, TCP 443"));
    window.click(first);
    let arrow = window.app().view.extra.expect("their arrow is selected");
    assert_eq!(arrow.to, drawbridge::scene::OTHERS);
    window.click("List all connections");
    assert!(window.sees("web \u{2192} 203.0.113.1, TCP 443"));
    assert!(!window.sees("Ends shown as one on the canvas"));
    window.click("List 339 ends that the canvas shows as one");
    assert!(window.sees(first));
}

#[test]
fn a_few_undrawn_ends_are_each_shown() {
    let window = small(&to_many(MOST, 0));
    let names = foreign(&window);
    assert_eq!(names.len(), MOST);
    assert!(
        names.iter().all(|name| name.starts_with("203.0.113.")),
        "{names:?}"
    );
}

#[test]
fn the_strip_of_a_recording_without_times_has_no_bars() {
    let window = small("shop/api,shop/db,TCP,5432,7,forwarded\n");
    assert!(window.sees("no times recorded"));
    assert!(!window.sees("Over time: "));
}

/// A project with the recording of [`small`], saved and opened again after `change`.
fn reopened(change: impl FnOnce(&TestWindow)) -> TestWindow {
    let mut window = small("shop/api,shop/db,TCP,5432,7,forwarded\n");
    assert!(!window.text().contains("recordings"), "only when asked");
    window.click("Add to project");
    window.ask(Command::Save);
    let project = window.path("small.drawbridge.yaml");
    let text = std::fs::read_to_string(&project).expect("saved");
    assert!(
        text.contains("recordings: [{file: flows.csv, sha256: "),
        "{text}"
    );
    change(&window);
    window.ask(Command::CloseProject);
    window.ask(Command::OpenPaths(vec![project]));
    window
}

#[test]
fn a_project_opens_with_its_recordings() {
    let mut window = reopened(|_| {});
    assert_eq!(counts(&window)[0], (TrafficClass::Cut, 1));
    assert!(!window.sees("with warnings"));
    assert!(!window.is_dirty(), "opening changes nothing");
    window.ask(Command::ShowTraffic);
    window.click("Remove from project");
    assert!(!window.text().contains("recordings"));
    assert_eq!(window.undo_name().as_deref(), Some("Remove recordings"));
}

#[test]
fn a_recording_that_changed_or_is_gone_is_reported_with_what_to_do() {
    let rows = "source,destination,protocol,port\nshop/web,shop/db,TCP,1\n";
    let write = |window: &TestWindow| {
        std::fs::write(window.path("flows.csv"), rows).expect("written");
    };
    let mut window = reopened(write);
    assert!(window.sees("The recordings of the project were read with warnings."));
    assert!(window.sees("recording has changed since the project referred to it"));
    assert!(window.sees("update the project to this one"));
    window.press(Key::Escape);
    window.ask(Command::ShowTraffic);
    window.click("Update in project");
    assert!(
        window.sees("Remove from project"),
        "it is the project's now"
    );

    let remove = |window: &TestWindow| {
        std::fs::remove_file(window.path("flows.csv")).expect("removed");
    };
    let mut window = reopened(remove);
    assert!(window.sees("The recordings of the project could not be read."));
    assert!(window.sees("the file back, or remove the recording from the project"));
    window.press(Key::Escape);
    window.ask(Command::ShowTraffic);
    window.click("Remove from project");
    assert!(window.document().recordings.is_empty());
}

#[test]
fn references_to_recordings_follow_the_project_file() {
    let mut window = small("shop/api,shop/db,TCP,5432,7,forwarded\n");
    window.click("Add to project");
    let folder = window.path("elsewhere");
    std::fs::create_dir(&folder).expect("made");
    let other = folder.join("other.drawbridge.yaml");
    window.ask(Command::SaveAs);
    window.enter("Path", &other.to_string_lossy());
    let text = std::fs::read_to_string(&other).expect("saved");
    assert!(text.contains("{file: \"../flows.csv\", "), "{text}");
    assert_eq!(window.document().recordings[0].file, "../flows.csv");
    assert!(!window.is_dirty());
}

const MIXED: &str = "shop/api,shop/db,TCP,5432,7,forwarded\nshop/web,shop/api,TCP,80,3,forwarded\n";

/// Chooses a class in the filter; the legend has an entry of that name, too.
fn pick(window: &mut TestWindow, label: &str) {
    window.click("Filter by recorded");
    let entry = window.harness.query_all_by_label(label).last();
    entry.expect("it can be chosen").click();
    window.settle();
}

#[test]
fn the_filter_knows_what_was_recorded() {
    let mut window = TestWindow::shop();
    assert!(!window.sees("Filter by recorded"), "nothing is recorded");
    window = small(MIXED);
    let cut = "api to db on TCP 5432 \u{b7} 7, seen, would be cut";
    pick(&mut window, "drawn and seen, 1");
    window.press(Key::Escape);
    window.click("Only matches, 2 of 3");
    let is_shown = |window: &TestWindow, name: &str| {
        let node = window.workload(name).node().expect("a node");
        window.app().view.canvas.screen_rect(node).is_some()
    };
    assert!(!is_shown(&window, "db") && is_shown(&window, "api"));
    assert!(
        !window.sees(cut),
        "an arrow of another class is hidden, too"
    );
    window.click("Clear filters (Esc)");
    pick(&mut window, "seen, would be cut, 1");
    window.press(Key::Escape);
    window.click("Only matches, 2 of 3");
    assert!(window.sees(cut));
    assert!(is_shown(&window, "db") && !is_shown(&window, "web"));
    window.ask(Command::CloseRecording);
    assert!(!window.app().view.filter.filter.is_active());
}

#[test]
fn matrix_and_reach_show_what_was_recorded() {
    let mut window = small(MIXED);
    let web = window.workload("web");
    window.ask(Command::Select(vec![web]));
    window.ask(Command::ShowReach);
    assert!(window.sees("TCP 80, drawn, drawn and seen"));
    window.click("Recorded traffic");
    assert!(!window.sees("TCP 80, drawn, drawn and seen"));
    window.click("Recorded traffic");
    window.ask(Command::ToggleMatrix);
    let keys = [
        Key::ArrowRight,
        Key::ArrowDown,
        Key::ArrowRight,
        Key::ArrowDown,
    ];
    let mut cells = keys.into_iter().map(|key| {
        window.press(key);
        window.sees("shop/api to shop/db: no connection allowed or drawn; seen, would be cut")
    });
    assert!(cells.any(|is_chosen| is_chosen));
}

/// The online shop without its flows, whose policies are written in this dialect, and what its recording shows drawn.
fn drawn_from_recording(dialect: &str) -> TestWindow {
    let mut window = TestWindow::new(Vec::new());
    let example = include_str!("../../assets/examples/online-shop.drawbridge.yaml");
    let (unpoliced, _) = example.split_once("flows:\n").expect("it has flows");
    let text = unpoliced.replace("dialects: [kubernetes]", &format!("dialects: [{dialect}]"));
    let project = window.path("shop.drawbridge.yaml");
    std::fs::write(&project, text).expect("written");
    window.ask(Command::OpenPaths(vec![project, recording()]));
    assert!(window.document().flows.is_empty());
    window.click("Draw 18 flows…");
    window.harness.get_by_label("Draw 16").focus();
    window.settle();
    window.press(Key::Space);
    assert_eq!(window.document().flows.len(), 16);
    let undo = window.undo_name();
    assert_eq!(undo.as_deref(), Some("Draw 16 recorded flows"));
    window
}

/// The flows that the policies would cut although the recording has them.
fn cut_flows(window: &TestWindow) -> Vec<String> {
    let compared = window.app().view.traffic.compared().expect("an answer");
    let all = compared.comparison.connections.iter();
    let drawn: Vec<_> = all.filter(|one| !one.flows.is_empty()).collect();
    assert!(drawn.len() >= 16, "every flow was recorded");
    let cut = drawn
        .iter()
        .filter(|one| one.replay.verdict != Verdict::Allow);
    let document = window.document();
    let mut names: Vec<String> = cut.map(|one| document.flow_name(one.flows[0])).collect();
    names.dedup();
    names
}

#[test]
fn from_a_recording_to_exact_policies() {
    let window = drawn_from_recording("cilium");
    assert_eq!(window.app().results.proof.state, State::Exact);
    assert_eq!(
        cut_flows(&window),
        [""; 0],
        "nothing that is drawn would be dropped"
    );
    let counts = counts(&window);
    let of_flows: Vec<_> = counts
        .iter()
        .filter(|(class, _)| class.is_drawn())
        .collect();
    assert_eq!(of_flows, [&(TrafficClass::Seen, 16)]);
}

#[test]
fn what_the_dialect_cannot_express_is_all_that_a_recording_would_lose() {
    let window = drawn_from_recording("kubernetes");
    assert_eq!(window.app().results.proof.state, State::CannotExpress);
    let names = ["checkout to api.stripe.com", "orders to hooks.slack.com"];
    assert_eq!(
        cut_flows(&window),
        names,
        "NetworkPolicy has no domain names"
    );
}
