//! A window without a screen: jobs run inline, dialogs answer as prepared, the state folder is a
//! temporary one, and time advances in steps.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use drawbridge::app::dialogs::{Answer, Prepared};
use drawbridge::app::jobs::Workers;
use drawbridge::app::{App, Command, Surroundings};
use drawbridge::model::{Document, Item, validate};
use drawbridge::project::files::StateFolder;
use drawbridge::project::format;
use egui::accesskit::Role;
use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};

/// The window and its environment.
pub struct TestWindow {
    pub harness: Harness<'static, App>,
    pub folder: tempfile::TempDir,
}

impl TestWindow {
    /// A new window on the start screen; dialogs give these answers, then none.
    pub fn new(answers: Vec<Answer>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let harness = window(&folder.path().join("state"), answers, Workers::Inline);
        Self { harness, folder }
    }

    /// A window whose work runs on threads. Programs are in the subfolder `bin` of its folder, here and in others.
    pub fn threaded() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let harness = window(&folder.path().join("state"), Vec::new(), Workers::Threads);
        Self { harness, folder }
    }

    /// A window with the online shop in it.
    pub fn shop() -> Self {
        let mut window = Self::new(Vec::new());
        window.ask(Command::ExampleShop);
        window
    }

    /// Ends the window as a crash would, and starts another one.
    pub fn crash(self) -> Self {
        let Self { harness, folder } = self;
        drop(harness);
        let harness = window(&folder.path().join("state"), Vec::new(), Workers::Inline);
        Self { harness, folder }
    }

    /// A path in the temporary folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn app(&self) -> &App {
        self.harness.state()
    }

    pub fn document(&self) -> Document {
        self.app().document()
    }

    pub fn ask(&mut self, command: Command) {
        self.harness.state_mut().ask(command);
        self.settle();
    }

    /// A screenshot. None, with the reason printed, where no renderer is available, unless
    /// `REQUIRE_RENDERER` is set.
    pub fn picture(&mut self) -> Option<image::RgbaImage> {
        let harness = AssertUnwindSafe(&mut self.harness);
        let drawn = catch_unwind(|| {
            let harness = harness;
            harness.0.render()
        });
        let why = match drawn {
            Ok(Ok(picture)) => return Some(picture),
            Ok(Err(why)) => why,
            Err(_) => "there is no renderer".to_owned(),
        };
        let required = std::env::var_os("REQUIRE_RENDERER").is_some_and(|v| v == "1");
        assert!(!required, "no picture: {why}");
        eprintln!("skipped: {why}");
        None
    }

    pub fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.settle();
    }

    pub fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// The control of that name, not the label beside it.
    fn control<'a>(&'a self, label: &'a str) -> Node<'a> {
        let mut all = self.harness.query_all_by_label(label);
        let is_control = |node: &Node<'_>| node.accesskit_node().role() != Role::Label;
        let found = all.find(is_control);
        found.unwrap_or_else(|| panic!("there is no control named {label:?}"))
    }

    /// The project as text, which does not depend on ids.
    pub fn text(&self) -> String {
        format::write(&self.document())
    }

    /// Clicks the control with that name.
    pub fn click(&mut self, label: &str) {
        self.control(label).click();
        self.settle();
    }

    /// The same while work runs, once what has the control has its place.
    pub fn click_while_busy(&mut self, label: &str) {
        self.wait(1.0);
        self.control(label).click();
        self.wait(0.2);
    }

    /// Scrolls until the control of that name is visible.
    pub fn scroll_to(&mut self, label: &str) {
        self.control(label).scroll_to_me();
        self.settle();
    }

    /// Opens a list of choices by the keyboard and clicks one. The list need not be visible.
    pub fn choose(&mut self, list: &str, choice: &str) {
        self.control(list).focus();
        self.settle();
        self.press(Key::Space);
        self.click(choice);
    }

    /// Replaces the text of a field, and leaves it focused. The field need not be visible.
    pub fn write(&mut self, field: &str, text: &str) {
        self.control(field).focus();
        self.settle();
        self.press_with(Modifiers::COMMAND, Key::A);
        self.control(field).type_text(text);
        self.settle();
    }

    /// Replaces the text of a field and presses Enter.
    pub fn enter(&mut self, field: &str, text: &str) {
        self.write(field, text);
        self.press(Key::Enter);
    }

    /// Whether the control of that name has the keyboard.
    pub fn has_focus(&self, label: &str) -> bool {
        self.control(label).accesskit_node().is_focused()
    }

    pub fn sees(&self, label: &str) -> bool {
        self.harness
            .query_all_by_label_contains(label)
            .next()
            .is_some()
    }

    /// Runs frames until nothing moves; then the Document must satisfy its invariants.
    pub fn settle(&mut self) {
        self.harness.run();
        assert_eq!(validate::invariants(&self.document()), []);
    }

    /// Advances time.
    pub fn wait(&mut self, seconds: f32) {
        self.harness.run_steps((seconds / STEP).ceil() as usize);
    }

    pub fn workload(&self, name: &str) -> Item {
        let document = self.document();
        let found = document
            .workloads
            .iter()
            .find(|(_, workload)| workload.name == name);
        Item::Workload(found.expect("the workload").0)
    }

    pub fn flow(&self, name: &str) -> Item {
        let document = self.document();
        let found = document
            .flows
            .ids()
            .find(|id| document.flow_name(*id) == name);
        Item::Flow(found.expect("the flow"))
    }

    pub fn undo_name(&self) -> Option<String> {
        let history = self.app().history.as_ref()?;
        history.undo_name().map(str::to_owned)
    }

    pub fn is_dirty(&self) -> bool {
        self.app()
            .history
            .as_ref()
            .is_some_and(|history| history.is_dirty())
    }
}

const STEP: f32 = 0.1;

fn window(state: &Path, answers: Vec<Answer>, workers: Workers) -> Harness<'static, App> {
    let programs = state.with_file_name("bin").into_os_string();
    let state = StateFolder::at(state);
    Harness::builder()
        .with_size(vec2(1600.0, 1000.0))
        .with_step_dt(STEP)
        .with_max_steps(60)
        .build_eframe(move |cc| {
            let surroundings = Surroundings {
                workers,
                dialogs: Box::new(Prepared(VecDeque::from(answers))),
                state_folder: Some(state),
                programs,
            };
            App::new(&cc.egui_ctx, surroundings)
        })
}
