//! The window never blocks: here no verdict, layout or file ever arrives.

use std::time::Duration;

use drawbridge::app::Command;
use drawbridge::app::jobs::Workers;
use drawbridge::model::{Document, Edit, Item, Style};
use egui::{Key, Modifiers};

use super::bench::{Bench, many};

#[test]
fn two_thousand_workloads_are_edited_while_no_result_arrives() {
    let mut bench = Bench::with(Workers::Never, many(20, 100));
    let opened = bench.document();
    let app = bench.harness().state();
    assert!(app.checking(), "the proof is asked for and not there");
    assert_eq!(app.results.document, Document::default());

    let first = Item::Workload(opened.workloads.ids().next().expect("a workload"));
    let before = app.frames;
    bench.ask(Command::Edit(Edit::Rename(first, "front".into())));
    bench.ask(Command::StylePerWorkload);
    bench.ask(Command::Select(vec![first]));
    bench.press(Key::Delete);
    let edited = bench.document();
    assert_eq!(edited.workloads.len(), opened.workloads.len() - 1);
    assert_eq!(edited.settings.style, Style::PerWorkload);
    for _ in 0..3 {
        bench.press_with(Modifiers::COMMAND, Key::Z);
    }
    bench.assert_is(&opened);
    let app = bench.harness().state();
    assert!(app.checking());
    assert_eq!(
        app.results.document,
        Document::default(),
        "answers are of the Document that they carry"
    );
    let frames = app.frames - before;
    assert!(frames < 40, "waiting costs no frames, {frames} were shown");
    // Only the notice of the undone step disappears by itself.
    assert!(bench.next_frame() > Duration::from_secs(5));
}
