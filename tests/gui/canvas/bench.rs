//! A window without a screen, with pointer and keyboard.

use std::time::Duration;

use drawbridge::app::dialogs::Prepared;
use drawbridge::app::jobs::Workers;
use drawbridge::app::{App, Command, Surroundings};
use drawbridge::model::{Document, FlowId, History, Item, NodeRef, validate};
use drawbridge::project::format;
use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, TouchPhase, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

/// The example shop.
pub fn shop() -> Document {
    let text = include_str!("../../../assets/examples/online-shop.drawbridge.yaml");
    let (document, _) = format::read(text, "shop").expect("the example is readable");
    document
}

/// Namespaces with workloads that call each other in a chain, and across.
pub fn many(namespaces: usize, workloads: usize) -> Document {
    let mut text = String::from("format: drawbridge/1\nname: many\nnamespaces:\n");
    let (mut things, mut flows) = (String::new(), String::new());
    for space in 0..namespaces {
        text += &format!("- {{name: team-{space}}}\n");
        for number in 0..workloads {
            let name = format!("svc-{number}");
            things +=
                &format!("- {{name: {name}, namespace: team-{space}, labels: {{app: {name}}}}}\n");
            let (next, other) = ((number + 1) % workloads, (space + 1) % namespaces);
            let from = format!("team-{space}/{name}");
            flows += &format!("- {{from: {from}, to: team-{space}/svc-{next}, ports: [TCP/80]}}\n");
            if number % 8 == 0 {
                flows += &format!("- {{from: {from}, to: team-{other}/{name}, ports: [TCP/80]}}\n");
            }
        }
    }
    text += &format!("workloads:\n{things}flows:\n{flows}");
    format::read(&text, "many").expect("it is readable").0
}

/// The window.
pub struct Bench {
    harness: Harness<'static, App>,
    copied: Option<String>,
}

impl Bench {
    /// A window that shows the whole scene of a Document.
    pub fn new(document: Document) -> Self {
        Self::with(Workers::Inline, document)
    }

    /// The same, with work running there.
    pub fn with(workers: Workers, document: Document) -> Self {
        let mut harness = Harness::builder()
            .with_size([1600.0, 1000.0])
            .with_max_steps(64)
            .with_step_dt(1.0 / 60.0)
            .build_eframe(move |cc| {
                let mut app = App::new(
                    &cc.egui_ctx,
                    Surroundings {
                        workers,
                        dialogs: Box::new(Prepared::default()),
                        state_folder: None,
                        programs: std::ffi::OsString::default(),
                    },
                );
                app.history = Some(History::new(document));
                app
            });
        harness.run();
        Self {
            harness,
            copied: None,
        }
    }

    fn settle(&mut self) {
        self.harness.run();
        let broken = validate::invariants(&self.document());
        assert!(broken.is_empty(), "{broken:?}");
    }

    pub fn harness(&self) -> &Harness<'static, App> {
        &self.harness
    }

    pub fn ask(&mut self, command: Command) {
        self.harness.state_mut().ask(command);
        self.settle();
    }

    /// Clicks the control of that name.
    pub fn click_label(&mut self, label: &str) {
        let mut all = self.harness.query_all_by_label(label);
        let control = |node: &egui_kittest::Node<'_>| node.accesskit_node().role() != Role::Label;
        all.find(control).expect(label).click();
        drop(all);
        self.settle();
    }

    pub fn document(&self) -> Document {
        self.harness.state().document()
    }

    pub fn selection(&self) -> Vec<Item> {
        self.harness
            .state()
            .view
            .selection
            .iter()
            .copied()
            .collect()
    }

    pub fn counters(&self) -> drawbridge::app::canvas::Counters {
        self.harness.state().view.canvas.counters()
    }

    pub fn zoom(&self) -> f32 {
        self.harness.state().view.canvas.zoom()
    }

    pub fn canvas(&self) -> Rect {
        self.harness.state().view.canvas.viewport()
    }

    pub fn node(&self, words: &str) -> NodeRef {
        let end = self.document().end_from_words(words).expect(words);
        end.node().expect(words)
    }

    pub fn rect(&self, node: NodeRef) -> Rect {
        self.harness
            .state()
            .view
            .canvas
            .screen_rect(node)
            .expect("it is drawn")
    }

    pub fn chip(&self, flow: FlowId) -> Rect {
        self.harness
            .state()
            .view
            .canvas
            .screen_chip(flow)
            .expect("it is drawn")
    }

    pub fn undo(&mut self) {
        self.press_with(Modifiers::COMMAND, Key::Z);
    }

    /// Asserts that the Document equals that one, without printing it: it is too long.
    #[track_caller]
    pub fn assert_is(&self, document: &Document) {
        assert!(
            self.document() == *document,
            "the Document is another one: {:?}",
            self.undo_name()
        );
    }

    /// The step that undo would undo.
    pub fn undo_name(&self) -> Option<String> {
        let history = self.harness.state().history.as_ref()?;
        history.undo_name().map(str::to_owned)
    }

    pub fn hover(&mut self, at: Pos2) {
        self.harness.event(Event::PointerMoved(at));
        self.settle();
    }

    fn button(&mut self, at: Pos2, pressed: bool, modifiers: Modifiers) {
        let button = PointerButton::Primary;
        let event = Event::PointerButton {
            pos: at,
            button,
            pressed,
            modifiers,
        };
        self.harness.event_modifiers(event, modifiers);
        self.harness.step();
    }

    pub fn click(&mut self, at: Pos2) {
        self.hover(at);
        self.button(at, true, Modifiers::NONE);
        self.button(at, false, Modifiers::NONE);
        self.settle();
    }

    /// Presses and releases another button in the middle of the canvas.
    pub fn mouse(&mut self, button: PointerButton) {
        let pos = self.canvas().center();
        for pressed in [true, false] {
            self.event(Event::PointerButton {
                pos,
                button,
                pressed,
                modifiers: Modifiers::NONE,
            });
        }
    }

    pub fn double_click(&mut self, at: Pos2) {
        self.hover(at);
        for pressed in [true, false, true, false] {
            self.button(at, pressed, Modifiers::NONE);
        }
        self.settle();
    }

    pub fn drag(&mut self, from: Pos2, to: Pos2) {
        self.drag_with(Modifiers::NONE, from, to);
    }

    pub fn drag_with(&mut self, modifiers: Modifiers, from: Pos2, to: Pos2) {
        self.drag_begin(modifiers, from, to);
        self.drag_end(modifiers, to);
    }

    /// A drag that is held at its end before the button is released.
    pub fn drag_and_hold(&mut self, from: Pos2, to: Pos2) {
        self.drag_begin(Modifiers::NONE, from, to);
        self.hold();
        self.drag_end(Modifiers::NONE, to);
    }

    /// Lets most of a second pass.
    pub fn hold(&mut self) {
        self.harness.run_steps(50);
    }

    /// A drag that is not over yet.
    pub fn drag_begin(&mut self, modifiers: Modifiers, from: Pos2, to: Pos2) {
        self.hover(from);
        self.button(from, true, modifiers);
        for step in 1..=6 {
            let at = from + (to - from) * (step as f32 / 6.0);
            self.harness
                .event_modifiers(Event::PointerMoved(at), modifiers);
            self.harness.step();
        }
    }

    pub fn drag_end(&mut self, modifiers: Modifiers, at: Pos2) {
        self.button(at, false, modifiers);
        self.settle();
    }

    /// A drag that Escape ends before the button is released.
    pub fn drag_and_escape(&mut self, from: Pos2, to: Pos2) {
        self.drag_begin(Modifiers::NONE, from, to);
        self.press(Key::Escape);
        self.drag_end(Modifiers::NONE, to);
    }

    /// A click with the secondary button.
    pub fn secondary_click(&mut self, pos: Pos2) {
        self.hover(pos);
        for pressed in [true, false] {
            self.event(Event::PointerButton {
                pos,
                button: PointerButton::Secondary,
                pressed,
                modifiers: Modifiers::NONE,
            });
        }
    }

    pub fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    pub fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    pub fn key_down(&mut self, key: Key) {
        self.harness.key_down(key);
        self.harness.step();
    }

    pub fn key_up(&mut self, key: Key) {
        self.harness.key_up(key);
        self.settle();
    }

    pub fn type_text(&mut self, text: &str) {
        self.event(Event::Text(text.to_owned()));
    }

    /// Shows one frame.
    pub fn step(&mut self) {
        self.harness.step();
    }

    /// Shows one frame after an event.
    pub fn frame(&mut self, event: Event) {
        self.harness.event(event);
        self.harness.step();
    }

    pub fn event(&mut self, event: Event) {
        self.harness.event(event);
        self.collect();
    }

    pub fn event_with(&mut self, modifiers: Modifiers, event: Event) {
        self.harness.event_modifiers(event, modifiers);
        self.collect();
    }

    /// Shows the frames of what happened, and takes what they copy.
    fn collect(&mut self) {
        self.harness.step();
        for command in &self.harness.output().platform_output.commands {
            if let egui::OutputCommand::CopyText(text) = command {
                self.copied = Some(text.clone());
            }
        }
        self.settle();
    }

    pub fn wheel(&mut self, delta: Vec2) {
        let at = self.canvas().center();
        self.hover(at);
        self.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta,
            modifiers: Modifiers::NONE,
            phase: TouchPhase::Move,
        });
    }

    /// What was last put onto the clipboard.
    pub fn copied(&self) -> Option<String> {
        self.copied.clone()
    }

    /// When the window asks for its next frame if nothing happens.
    pub fn next_frame(&mut self) -> Duration {
        self.settle();
        let views = self.harness.output().viewport_output.values();
        let delays = views.map(|view| view.repaint_delay);
        delays.min().unwrap_or(Duration::MAX)
    }
}
