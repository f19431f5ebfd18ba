//! What commands do.

use super::canvas;
use super::command::{Command, When};
use super::dialogs::Ask;
use super::matrix::Center;
use super::overlays::{Overlay, PaletteView};
use super::panels::inspector::name_field_id;
use super::panels::policies::{self, Scope};
use super::panels::side::Tab;
use super::panels::{radius, why};
use super::state::App;
use super::theme::Choice;
use crate::model::{Edit, FlowId, Item, Settings, Style};

impl App {
    /// Whether a command can be run now.
    pub fn can(&self, command: &Command) -> bool {
        let Some(listed) = command.listed() else {
            return true;
        };
        let open = self.history.is_some();
        let flows = |item: &Item| matches!(item, Item::Flow(_));
        match listed.when {
            When::Always => true,
            When::Project => open,
            When::Selection => open && !self.view.selection.is_empty(),
            When::Flows => self.view.selection.iter().any(flows),
            When::Kept => open && !self.document().policies.is_empty(),
            When::KeptSelected => !self.kept_selected().is_empty(),
            When::Undo => self
                .history
                .as_ref()
                .is_some_and(|h| h.undo_name().is_some()),
            When::Redo => self
                .history
                .as_ref()
                .is_some_and(|h| h.redo_name().is_some()),
        }
    }

    /// Runs a command.
    pub(super) fn perform(&mut self, command: Command) {
        if self.history.is_some() {
            let document = self.document();
            if on_canvas(&command) {
                self.view.center = Center::Canvas;
            }
            if canvas::perform(&command, &document, &mut self.view, &mut self.commands) {
                return;
            }
        }
        if self.perform_file(&command) || self.perform_look(&command) || self.perform_kept(&command)
        {
            return;
        }
        self.perform_edit(command);
    }

    /// Commands about files; true when it was one.
    fn perform_file(&mut self, command: &Command) -> bool {
        let losing = matches!(
            command,
            Command::NewProject
                | Command::OpenProject
                | Command::OpenFolder
                | Command::OpenFiles
                | Command::OpenPaths(_)
                | Command::CloseProject
                | Command::ExampleShop
                | Command::ExamplePlatform
        );
        if losing && !self.may_lose_work(command) {
            return true;
        }
        match command {
            Command::NewProject => self.new_project(),
            Command::OpenProject => self.ask_path(Ask::OpenProject),
            Command::OpenFolder => self.ask_path(Ask::OpenFolder),
            Command::OpenFiles => self.ask_path(Ask::OpenFiles),
            Command::ImportFolder => self.ask_path(Ask::ImportFolder),
            Command::ImportFiles => self.ask_path(Ask::ImportFiles),
            Command::OpenPaths(paths) => self.open_paths(paths.clone(), false),
            Command::ImportPaths(paths) => self.open_paths(paths.clone(), true),
            Command::ImportText(text) => self.import_text(text.clone()),
            Command::Save => self.save(),
            Command::SaveAs => self.save_as(),
            Command::Export => self.export(),
            Command::CloseProject => self.close_project(),
            Command::Quit => self.quit(),
            Command::ExampleShop => self.open_example(0),
            Command::ExamplePlatform => self.open_example(1),
            Command::CompareSaved => self.compare_saved(),
            Command::CompareProject => self.ask_path(Ask::CompareProject),
            Command::CompareFolder => self.ask_path(Ask::CompareFolder),
            Command::ComparePaths(paths) => self.compare_paths(paths.clone()),
            Command::CopyComparison => self.copy_comparison(),
            Command::SaveComparison => self.save_comparison(),
            Command::SaveComparisonPicture => self.save_comparison_picture(),
            Command::Recover(take) => self.recover(*take),
            Command::AcceptOffer(at) => self.accept_offer(*at),
            _ => return false,
        }
        true
    }

    /// Commands about what is shown; true when it was one.
    fn perform_look(&mut self, command: &Command) -> bool {
        let view = &mut self.view;
        match command {
            Command::GoTo => view.overlay = Some(Overlay::Palette(PaletteView::new(false))),
            Command::RunCommand => view.overlay = Some(Overlay::Palette(PaletteView::new(true))),
            Command::Keys => view.overlay = Some(Overlay::Keys),
            Command::Problems => self.show_tab(Tab::Problems),
            Command::ShowPolicies => self.show_tab(Tab::Policies),
            Command::ToggleMatrix => match view.center {
                Center::Matrix => view.center = Center::Canvas,
                Center::Canvas => {
                    view.center = Center::Matrix;
                    view.matrix.open();
                }
            },
            Command::ShowReach => self.show_tab(Tab::Reach),
            Command::ShowWhy => self.show_why(),
            Command::Why { from, to, port } => {
                view.why.ask(from, to, port);
                self.show_tab(Tab::Why);
            }
            Command::CloseCompare => {
                view.compare.close();
                view.extra = None;
            }
            Command::ImportReport => match self.files.report.is_some() {
                true => view.overlay = Some(Overlay::Report),
                false => view.say("Nothing was imported into this project since it was opened"),
            },
            Command::Find if view.center == Center::Matrix => view.matrix.find(),
            Command::Find => {
                view.outline.find = true;
                self.like(|likes| likes.outline = true);
            }
            Command::Escape => self.back_out(),
            Command::Radius => self.show_radius(),
            Command::LeaveRadius => drop(view.radius.leave()),
            Command::ToggleKept => view.kept_hidden = !view.kept_hidden,
            Command::SelectArrow(id) => {
                view.selection.clear();
                view.highlight.clear();
                view.policies.choose_nothing();
                view.extra = Some(*id);
            }
            Command::Select(items) => {
                view.extra = None;
                view.selection = items.iter().copied().collect();
                view.highlight.clear();
                view.policies.choose_nothing();
            }
            Command::ToggleSelect(item) => {
                view.extra = None;
                view.highlight.clear();
                if !view.selection.remove(item) {
                    view.selection.insert(*item);
                }
            }
            Command::Reveal(item) => {
                if let Item::Policy(_) = item {
                    // Its text is what there is to see of it.
                    view.tab = Tab::Policies;
                    view.policies.scope = Scope::Selection;
                }
                view.extra = None;
                view.selection = [*item].into();
                view.highlight.clear();
                view.policies.choose_nothing();
            }
            Command::Highlight(flows) => view.highlight = flows.iter().copied().collect(),
            Command::SelectAll => self.select_all(),
            Command::Rename => self.rename(),
            Command::CopyText(text) => self.context.copy_text(text.clone()),
            Command::CopyPolicies => self.copy_policies(),
            Command::ToggleOutline => self.like(|likes| likes.outline = !likes.outline),
            Command::ToggleInspector => self.like(|likes| likes.inspector = !likes.inspector),
            Command::ThemeSystem => self.like(|likes| likes.theme = Choice::System),
            Command::ThemeLight => self.like(|likes| likes.theme = Choice::Light),
            Command::ThemeDark => self.like(|likes| likes.theme = Choice::Dark),
            Command::ToggleContrast => {
                self.like(|likes| likes.high_contrast = !likes.high_contrast)
            }
            Command::ToggleMotion => {
                self.like(|likes| likes.reduced_motion = !likes.reduced_motion)
            }
            _ => return false,
        }
        true
    }

    /// Commands that change the Document.
    fn perform_edit(&mut self, command: Command) {
        let Some(history) = &mut self.history else {
            return;
        };
        let selected: Vec<Item> = self.view.selection.iter().copied().collect();
        match command {
            Command::Edit(edit) => self.edit(&edit),
            Command::Undo | Command::Redo => {
                let undo = command == Command::Undo;
                let name = if undo { history.undo() } else { history.redo() };
                let document = history.document().clone();
                self.view.drafts.clear();
                self.view.prune(&document);
                if let Some(name) = name {
                    self.view.say(format!(
                        "{}: {name}",
                        if undo { "Undone" } else { "Redone" }
                    ));
                }
            }
            Command::Delete => self.edit(&Edit::Remove(selected)),
            Command::Duplicate => self.edit(&Edit::Duplicate(selected)),
            Command::MuteFlow => {
                let flows = self.selected_flows();
                let document = self.document();
                let all_muted = flows
                    .iter()
                    .all(|id| document.flows.get(*id).is_some_and(|flow| flow.muted));
                self.edit(&Edit::Mute(flows, !all_muted));
            }
            Command::ReverseFlow => self.edit(&Edit::Reverse(self.selected_flows())),
            Command::AddInternet => self.add_internet(),
            Command::AddInvariant => self.add_invariant(),
            Command::StylePerFlow => self.set(|settings| settings.style = Style::PerFlow),
            Command::StylePerWorkload => self.set(|settings| settings.style = Style::PerWorkload),
            Command::LayOut => {
                let nodes = history.document().layout.keys().copied().collect();
                self.edit(&Edit::Unpin(nodes));
            }
            _ => {}
        }
    }

    /// Changes the Document; what an edit adds is selected.
    pub(super) fn edit(&mut self, edit: &Edit) {
        let Some(history) = &mut self.history else {
            return;
        };
        match history.edit(edit) {
            Ok(applied) => {
                let adds = matches!(edit, Edit::Add(_) | Edit::Duplicate(_) | Edit::Paste { .. });
                if adds && !applied.items.is_empty() {
                    self.view.extra = None;
                    self.view.selection = applied.items.iter().copied().collect();
                    self.view.highlight.clear();
                }
                if let Some(note) = applied.notes.first() {
                    self.view.say(note.clone());
                }
                let document = history.document().clone();
                self.view.prune(&document);
            }
            Err(refusal) => self
                .view
                .complain(super::problems::sentence(&refusal.to_string())),
        }
    }

    fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.document().settings;
        change(&mut settings);
        self.edit(&Edit::SetSettings(settings));
    }

    fn selected_flows(&self) -> Vec<FlowId> {
        let flows = self.view.selection.iter().filter_map(|item| match item {
            Item::Flow(id) => Some(*id),
            _ => None,
        });
        flows.collect()
    }

    fn select_all(&mut self) {
        let document = self.document();
        let workloads = document.workloads.ids().map(Item::Workload);
        let externals = document.externals.ids().map(Item::External);
        let groups = document.groups.ids().map(Item::Group);
        self.view.selection = workloads.chain(externals).chain(groups).collect();
    }

    /// Asks about what is selected: two things, or the ends of a flow; of one thing, what reaches it.
    fn show_why(&mut self) {
        let document = self.document();
        if let Some((from, to, port)) = why::of_selection(&document, &self.view) {
            self.view.why.ask(&from, &to, &port);
        } else {
            self.view.why.wants_keyboard();
        }
        self.show_tab(Tab::Why);
    }

    /// Shows what can be reached from what is selected, or else from outside.
    fn show_radius(&mut self) {
        let from = radius::of_selection(&self.document(), &self.view);
        self.view.radius.ask(from);
        self.view.extra = None;
        self.view.selection.clear();
        self.like(|likes| likes.inspector = true);
    }

    fn copy_policies(&mut self) {
        let document = self.document();
        policies::keep(&document, &self.results, &mut self.view);
        let text = self.view.policies.text();
        self.view.say("Policies copied");
        self.context.copy_text(text);
    }

    /// Opens a tab of the side panel, and the panel if it is hidden.
    pub(super) fn show_tab(&mut self, tab: Tab) {
        self.view.tab = tab;
        self.like(|likes| likes.inspector = true);
    }

    /// Gives the name of what is selected the keyboard; a flow's ports, a project's name.
    pub(super) fn rename(&mut self) {
        if let Some(item) = self.view.only_selected() {
            self.like(|likes| likes.inspector = true);
            self.view.drafts.focus(name_field_id(item));
        }
    }

    /// Escape: one step back at a time.
    fn back_out(&mut self) {
        let view = &mut self.view;
        if !view.highlight.is_empty() {
            view.highlight.clear();
            view.policies.choose_nothing();
        } else if !view.radius.leave() {
            view.selection.clear();
            view.policies.scope = Scope::Selection;
        }
    }

    /// Changes what the user likes, and remembers it.
    pub(super) fn like(&mut self, change: impl FnOnce(&mut super::preferences::Preferences)) {
        let before = self.preferences.clone();
        change(&mut self.preferences);
        if self.preferences != before {
            self.files.save_preferences(&self.preferences);
            self.apply_preferences();
        }
    }

    /// Closes the export dialog; its choices are kept for the next time.
    pub(super) fn close_export(&mut self) {
        if let Some(Overlay::Export(view)) = self.view.overlay.take() {
            self.last_export = Some(view);
        }
    }
}

/// Whether what a command does is seen on the canvas.
fn on_canvas(command: &Command) -> bool {
    matches!(
        command,
        Command::ZoomIn
            | Command::ZoomOut
            | Command::ZoomReset
            | Command::Fit
            | Command::FitSelection
            | Command::LayOut
            | Command::Reveal(_)
            | Command::AddNamespace
            | Command::AddWorkload
            | Command::AddExternal
            | Command::AddInternet
            | Command::AddGroup
            | Command::DrawFlow
    )
}
