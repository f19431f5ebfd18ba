//! The work of a frame in a large project: 2,000 workloads and 10,000 flows, collapsed as it opens. Counted,
//! so that it holds on any machine; the times are printed:
//! `cargo test --release --test window -- --ignored --nocapture frames_of_a_large_project`

use std::time::{Duration, Instant};

use drawbridge::app::Command;
use drawbridge::app::canvas::Counters;
use drawbridge::app::jobs::Workers;
use drawbridge::model::Document;
use drawbridge::project::format;
use egui::{Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, Vec2, vec2};

use super::bench::Bench;

const NAMESPACES: usize = 20;
const WORKLOADS: usize = 100;
const FRAMES: usize = 40;

/// Each workload calls four of its namespace and one of another.
fn large() -> Document {
    let mut text = String::from("format: drawbridge/1\nname: large\nnamespaces:\n");
    let (mut workloads, mut flows) = (String::new(), String::new());
    for space in 0..NAMESPACES {
        text += &format!("- {{name: team-{space}}}\n");
        for number in 0..WORKLOADS {
            let name = format!("svc-{number}");
            workloads +=
                &format!("- {{name: {name}, namespace: team-{space}, labels: {{app: {name}}}}}\n");
            let from = format!("team-{space}/{name}");
            let near = [1, 2, 3, 5].map(|step| (space, number + step));
            let far = (space + 1 + number % 4, number);
            for (space, number) in near.into_iter().chain([far]) {
                let to = format!("team-{}/svc-{}", space % NAMESPACES, number % WORKLOADS);
                flows += &format!("- {{from: {from}, to: {to}, ports: [TCP/80]}}\n");
            }
        }
    }
    text += &format!("workloads:\n{workloads}flows:\n{flows}");
    format::read(&text, "large").expect("it is readable").0
}

/// What a gesture costs.
struct Cost {
    /// The greatest counts of a frame.
    most: Counters,
    /// Frames that made more than a few shapes anew.
    rebuilding: usize,
    /// How often frames went through the answers.
    judged: u64,
    /// 95 of 100 frames take no longer.
    time: Duration,
}

impl Cost {
    fn print(&self, name: &str) {
        let (most, rebuilding, time) = (self.most, self.rebuilding, self.time);
        println!("{name}: {time:?} (95 of 100), {rebuilding} frames rebuild, at most {most:?}");
    }
}

/// Shows a frame after each event.
fn frames(bench: &mut Bench, events: impl Iterator<Item = Event>) -> Cost {
    let (mut most, mut rebuilding, mut times) = (Counters::default(), 0, Vec::new());
    let before = bench.counters().judged;
    for event in events {
        let begun = Instant::now();
        bench.frame(event);
        times.push(begun.elapsed());
        let counters = bench.counters();
        most.shapes = most.shapes.max(counters.shapes);
        most.nodes = most.nodes.max(counters.nodes);
        most.arrows = most.arrows.max(counters.arrows);
        most.rebuilt_nodes = most.rebuilt_nodes.max(counters.rebuilt_nodes);
        most.rebuilt_arrows = most.rebuilt_arrows.max(counters.rebuilt_arrows);
        rebuilding += usize::from(counters.rebuilt_nodes + counters.rebuilt_arrows > 8);
    }
    times.sort_unstable();
    let time = times.get(times.len() * 95 / 100).copied();
    Cost {
        most,
        rebuilding,
        judged: bench.counters().judged - before,
        time: time.unwrap_or_default(),
    }
}

fn wheel(delta: Vec2, modifiers: Modifiers) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta,
        modifiers,
        phase: TouchPhase::Move,
    }
}

/// A drag from one place to another with the primary button.
fn drag(from: Pos2, to: Pos2) -> impl Iterator<Item = Event> {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let way = (1..=FRAMES).map(move |at| from + (to - from) * (at as f32 / FRAMES as f32));
    let before = [Event::PointerMoved(from), button(from, true)];
    let moves = way.map(Event::PointerMoved);
    before.into_iter().chain(moves).chain([button(to, false)])
}

/// Pan, zoom, drag of a card or box, and marquee; their costs by name.
fn gestures(bench: &mut Bench, handle: Pos2) -> Vec<(&'static str, Cost)> {
    let middle = bench.canvas().center();
    bench.hover(middle);
    let pans = (0..FRAMES).map(|at| {
        let back = if at < FRAMES / 2 { 1.0 } else { -1.0 };
        wheel(vec2(12.0, 8.0) * back, Modifiers::NONE)
    });
    let pan = frames(bench, pans);
    let zooms = (0..FRAMES).map(|at| {
        let back = if at < FRAMES / 2 { 1.0 } else { -1.0 };
        Event::Zoom(1.0_f32 + 0.02 * back)
    });
    let zoom = frames(bench, zooms);
    bench.ask(Command::Fit);
    let corner = bench.canvas().left_top() + vec2(20.0, 120.0);
    let marquee = frames(bench, drag(corner, middle));
    bench.ask(Command::Select(Vec::new()));
    let moved = frames(bench, drag(handle, handle + vec2(60.0, 40.0)));
    vec![
        ("pan", pan),
        ("zoom", zoom),
        ("marquee", marquee),
        ("drag", moved),
    ]
}

/// Shows frames until workers have answered.
fn wait(bench: &mut Bench) {
    let mut quiet = 0;
    while quiet < 20 {
        bench.step();
        let busy = bench.harness().state().checking() || bench.counters().nodes == 0;
        quiet = if busy { 0 } else { quiet + 1 };
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
#[ignore = "reading and checking so much takes minutes in a build that is not optimised"]
fn frames_of_a_large_project_do_little() {
    let document = large();
    assert_eq!(document.workloads.len(), 2_000);
    assert_eq!(document.flows.len(), 10_000);
    let mut bench = Bench::with(Workers::Threads, document);
    wait(&mut bench);
    let card = |bench: &Bench| bench.rect(bench.node("team-0/*")).left_top() + vec2(40.0, 12.0);
    assert_eq!(bench.counters().nodes, NAMESPACES, "it opens collapsed");
    let at = card(&bench);
    for (name, cost) in gestures(&mut bench, at) {
        cost.print(&format!("collapsed, {name}"));
        // One arrow for each pair of namespaces: four from each.
        assert!(cost.most.arrows <= 4 * NAMESPACES, "{name}");
        assert!(cost.most.shapes <= 1_000, "{name}");
        // Another zoom makes all shapes anew; a drag those of what moves.
        assert!(name == "zoom" || cost.rebuilding <= FRAMES / 4, "{name}");
        assert_eq!(cost.judged, 0, "{name}: no frame goes through the answers");
    }
}
