//! What commands do.

mod focus;
mod imported;
pub(super) mod lessons;
mod places;

use super::canvas::CanvasView;
use super::command::{Command, Commands, When};
use super::dialogs::{Extent, PathRequest};
use super::files::PictureForm;
use super::matrix::Center;
use super::overlays::{IgnoreView, KeysView, Overlay, PaletteView, SuggestionsView};
use super::panels::Tab;
use super::panels::inspector::{external, name_field_id};
use super::panels::policies::Scope;
use super::panels::problems::Shown;
use super::panels::{radius, why};
use super::panes::Pane;
use super::selection::exists;
use super::state::App;
use super::suggestions::{Proposal, proposals};
use super::theme::Choice;
use crate::model::{Document, Edit, ExternalId, FlowId, History, Item, Settings, Style};
use crate::observe::evidence;
use crate::observe::propose::Proposal as Recorded;
use crate::policy::Target;

impl App {
    /// Whether a command can be run now.
    pub fn can(&self, command: &Command) -> bool {
        let Some(listed) = command.listed() else {
            return true;
        };
        let open = self.history.is_some();
        let flows = |item: &Item| matches!(item, Item::Flow(_));
        let workloads = |item: &Item| matches!(item, Item::Workload(_));
        let in_namespace =
            |item: &Item| matches!(item, Item::Namespace(_) | Item::Workload(_) | Item::Flow(_));
        match listed.when {
            When::Always => true,
            When::Project => open,
            When::Selection => open && !self.view.selection.is_empty(),
            When::Namespaces => open && self.view.selection.iter().any(in_namespace),
            When::Several => {
                let nodes = self.view.selection.iter().filter_map(|item| item.node());
                nodes.count() > 1
            }
            When::Focused => self.view.focus.is_some(),
            When::Flows => self.view.selection.iter().any(flows),
            When::Workloads => self.view.selection.iter().any(workloads),
            When::Imported => open && !self.document().policies.is_empty(),
            When::ImportedSelected => !self.selected_policies().is_empty(),
            When::Recording => self.view.traffic.recording().is_some(),
            When::Recorded => open && !self.document().recordings.is_empty(),
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

    /// Runs a command: the one place that dispatches all of them.
    pub(super) fn perform(&mut self, command: Command) {
        let listed = command.listed();
        if self.history.is_none() && listed.is_some_and(|listed| listed.when != When::Always) {
            return;
        }
        match command {
            Command::NewProject => self.leave(command, Self::new_project),
            Command::OpenProject => {
                self.leave(command, |app| app.ask_path(PathRequest::OpenProject))
            }
            Command::OpenFolder => self.leave(command, |app| app.ask_path(PathRequest::OpenFolder)),
            Command::OpenFiles => self.leave(command, |app| app.ask_path(PathRequest::OpenFiles)),
            Command::OpenPaths(ref paths) => {
                let paths = paths.clone();
                self.leave(command, |app| app.open_paths(paths, false));
            }
            Command::CloseProject => self.leave(command, Self::close_project),
            Command::ExampleShop => self.leave(command, |app| app.open_example(0)),
            Command::ExamplePlatform => self.leave(command, |app| app.open_example(1)),
            Command::ExampleBookshop => self.leave(command, |app| app.open_example(2)),
            Command::Learn => self.leave(command, |app| app.open_lesson(0)),
            Command::Lesson(number) => self.leave(command, |app| app.open_lesson(number)),
            Command::Quit => self.leave(command, Self::quit),
            Command::ImportFolder => self.ask_path(PathRequest::ImportFolder),
            Command::ImportFiles => self.ask_path(PathRequest::ImportFiles),
            Command::ImportPaths(paths) => self.open_paths(paths, true),
            Command::OpenRecording => self.ask_path(PathRequest::OpenRecording),
            Command::OpenRecordings(paths) => self.open_recordings(paths),
            Command::CloseRecording => {
                self.view.traffic.close();
                self.view.extra = None;
            }
            Command::AddRecording => self.edit(&Edit::SetRecordings(self.recorded_files())),
            Command::RemoveRecordings => self.edit(&Edit::SetRecordings(Vec::new())),
            Command::ImportText(text) => self.import_text(text),
            Command::AcceptOffer(at) => self.accept_offer(at),
            // What was just opened and not edited is not lost.
            Command::BuildKustomize if self.is_untouched() => self.build_kustomize(),
            Command::BuildKustomize => self.leave(command, App::build_kustomize),
            Command::ImportReport => self.show_import_report(),
            Command::Recover(take) => self.recover(take),
            Command::StopReading => {
                self.files.stop_reading();
                self.view.notify("Reading was cancelled");
            }
            Command::NarrowRecording(window) => self.narrow_recording(window),
            Command::Save => self.save(),
            Command::SaveAs => self.save_as(),
            Command::Export => self.export(),
            Command::ExportPicture => self.export_picture(Extent::All),
            Command::ExportPictureOfSelection => self.export_picture(Extent::Selection),

            Command::Edit(edit) => self.edit(&edit),
            Command::Undo => self.step(History::undo, "Undone"),
            Command::Redo => self.step(History::redo, "Redone"),
            Command::Cut => {
                self.copy();
                self.delete();
            }
            Command::Copy => self.copy(),
            Command::CopyPicture => self.copy_picture(PictureForm::Pixels),
            Command::CopySvg => self.copy_picture(PictureForm::Svg),
            Command::Delete => self.delete(),
            Command::Duplicate => self.with_canvas(CanvasView::duplicate),
            Command::Rename => self.rename(),
            Command::MoveToNamespace => {
                // The inspector has the preview.
                self.show_side();
                self.on_canvas(CanvasView::move_to_namespace);
            }
            Command::MuteFlow => self.mute_flows(),
            Command::ReverseFlow => self.edit(&Edit::Reverse(self.selected_flows())),
            Command::AddNamespace => self.on_canvas(CanvasView::add_namespace),
            Command::AddWorkload => self.on_canvas(CanvasView::add_workload),
            Command::AddExternal => self.on_canvas(CanvasView::add_external),
            Command::AddInternet => self.on_canvas(CanvasView::add_internet),
            Command::AddGroup => self.on_canvas(CanvasView::add_group),
            Command::AddInvariant => self.add_invariant(),
            Command::DrawFlow | Command::LinkSelected => self.on_canvas(CanvasView::draw_flow),
            Command::StylePerFlow => self.set(|settings| settings.style = Style::PerFlow),
            Command::StylePerWorkload => self.set(|settings| settings.style = Style::PerWorkload),
            Command::WriteKubernetes => self.set(|settings| settings.show(Target::Kubernetes)),
            Command::WriteCilium => self.set(|settings| settings.show(Target::Cilium)),
            Command::WriteCalico => self.set(|settings| settings.show(Target::Calico)),
            Command::WriteAdminNetworkPolicy => {
                self.set(|settings| settings.show(Target::AdminNetworkPolicy));
            }
            Command::WriteClusterNetworkPolicy => {
                self.set(|settings| settings.show(Target::ClusterNetworkPolicy));
            }

            Command::Select(items) => self.select(items),
            Command::SelectAll => {
                let document = self.document();
                let mut items = everything(&document);
                // A hidden thing must not be deleted unseen.
                items.retain(|item| !self.view.canvas.hides(&document, *item));
                self.select(items);
            }
            Command::ToggleSelect(item) => self.toggle_select(item),
            Command::SelectArrow(id) => {
                self.select(Vec::new());
                self.view.extra = Some(id);
            }
            Command::Reveal(item) => self.reveal(item),
            Command::AddNetworks(id) => self.add_networks(id),
            Command::Highlight(flows) => self.view.highlight = flows.into_iter().collect(),
            Command::ChoosePolicy(key) => {
                self.view.policies.choose_key(key);
                self.view.tab = Tab::Policies;
                self.view.panes.open(Pane::Side);
            }
            Command::Escape => self.cancel_step(),

            Command::Focus => self.focus(),
            Command::FocusMore
            | Command::FocusLess
            | Command::FocusBoth
            | Command::FocusIn
            | Command::FocusOut => self.change_focus(&command),
            Command::SelectSources
            | Command::SelectDestinations
            | Command::AddSources
            | Command::AddDestinations => self.select_neighbours(&command),
            Command::AlignLeft
            | Command::AlignRight
            | Command::AlignTop
            | Command::AlignBottom
            | Command::DistributeAcross
            | Command::DistributeDown => self.on_canvas(|canvas, _, selected, commands| {
                canvas.arrange(&command, selected, commands);
            }),
            Command::PageUp => self.on_canvas(|canvas, _, _, _| canvas.page(-1.0)),
            Command::PageDown => self.on_canvas(|canvas, _, _, _| canvas.page(1.0)),
            Command::History => self.view.overlay = Some(Overlay::History),
            Command::LeaveFocus => self.view.focus = None,
            Command::Back => self.go_place(-1),
            Command::Forward => self.go_place(1),
            Command::ZoomIn => self.on_canvas(|canvas, _, _, _| canvas.zoom_step(1)),
            Command::ZoomOut => self.on_canvas(|canvas, _, _, _| canvas.zoom_step(-1)),
            Command::ZoomReset => self.on_canvas(|canvas, _, _, _| canvas.zoom_reset()),
            Command::Fit => self.on_canvas(|canvas, _, _, _| canvas.fit()),
            Command::FitSelection => self.on_canvas(CanvasView::fit_items),
            Command::Collapse => self.on_canvas(CanvasView::collapse),
            Command::Expand => self.on_canvas(CanvasView::expand),
            Command::CollapseAll => self.on_canvas(CanvasView::collapse_all),
            Command::ExpandAll => self.on_canvas(CanvasView::expand_all),
            Command::LayOut => self.on_canvas(CanvasView::lay_out),

            Command::GoTo => self.open_palette(false),
            Command::RunCommand => self.open_palette(true),
            Command::Keys => self.view.overlay = Some(Overlay::Keys(KeysView::default())),
            Command::Find => self.find(),
            Command::ToggleMatrix => self.toggle_matrix(),
            Command::ToggleImported => self.view.imported_hidden = !self.view.imported_hidden,
            Command::IgnoreTraffic(id) => {
                self.view.traffic.ignore(id);
                self.view.extra = None;
            }
            Command::ToggleTraffic => {
                self.view.traffic.toggle();
                self.view.extra = None;
            }
            Command::ToggleHubs => self.view.canvas.toggle_hubs(),
            Command::ClearFilters => drop(self.view.filter.clear()),
            Command::ToggleOutline => self.toggle_pane(Pane::Outline),
            Command::ToggleInspector => self.toggle_pane(Pane::Side),
            Command::ThemeSystem => self.like(|likes| likes.theme = Choice::System),
            Command::ThemeLight => self.like(|likes| likes.theme = Choice::Light),
            Command::ThemeDark => self.like(|likes| likes.theme = Choice::Dark),
            Command::ToggleContrast => self.like(|l| l.high_contrast = !l.high_contrast),
            Command::ToggleMotion => self.like(|l| l.reduced_motion = !l.reduced_motion),
            Command::LargerInterface => self.scale(|likes| likes.step_scale(true)),
            Command::SmallerInterface => self.scale(|likes| likes.step_scale(false)),
            Command::ResetInterface => self.scale(|likes| likes.scale = 100),

            Command::Problems => self.show_tab(Tab::Problems),
            Command::Audit => self.audit(),
            Command::ProposeRecorded => self.propose_recorded(),
            Command::KeepEvidence => self.keep_evidence(),
            Command::ProposeThese(all) => self.show_recorded(all),
            Command::Suggestions => self.show_suggestions(),
            Command::ExplainRule(code) => self.view.overlay = Some(Overlay::Manual(code)),
            Command::IgnoreFinding {
                code,
                place,
                namespace,
            } => {
                let view = Box::new(IgnoreView::new(code, place, namespace));
                self.view.overlay = Some(Overlay::Ignore(view));
            }
            Command::SaveFindings(form) => self.save_findings(form),
            Command::ShowPolicies => self.show_tab(Tab::Policies),
            Command::ShowReach => self.show_tab(Tab::Reach),
            Command::ShowTraffic => self.show_tab(Tab::Traffic),
            Command::ListTraffic { others } => {
                self.view.traffic.list_others(others);
                self.show_tab(Tab::Traffic);
            }
            Command::ShowWhy => self.show_why(),
            Command::Why { from, to, port } => {
                self.view.why.ask(&from, &to, &port);
                self.show_tab(Tab::Why);
            }
            Command::Radius => self.show_radius(),
            Command::LeaveRadius => drop(self.leave_radius()),
            Command::Say(text) => self.view.notify(text),
            Command::SayStep(text) => self.view.notify_step(text),
            Command::CopyText(text) => self.context.copy_text(text),
            Command::CopyPolicies => self.view.policies.copy(),

            Command::Adopt => self.adopt_policies(),
            Command::Convert => self.convert(),
            Command::AdoptThese(ids) => self.adopt(ids),
            Command::EditByHand => self.edit_chosen_by_hand(),
            Command::EditPolicyByHand(key) => self.edit_by_hand(&key),
            Command::RestoreGenerated => self.restore_generated(self.selected_policies()),
            Command::RestoreThese(ids) => self.restore_generated(ids),
            Command::RemoveFromProject => {
                let title = |name: &str| format!("Remove {name} from the project");
                self.remove_policies(&self.selected_policies(), title);
            }

            Command::CompareSaved => self.compare_saved(),
            Command::CompareProject => self.ask_path(PathRequest::CompareProject),
            Command::CompareFolder => self.ask_path(PathRequest::CompareFolder),
            Command::CompareEnforcers => {
                self.view.compare.with_enforcers();
                self.view.extra = None;
                self.show_tab(Tab::Compare);
            }
            Command::ComparePaths(paths) => self.compare_paths(paths),
            Command::CloseCompare => {
                self.view.compare.close();
                self.view.extra = None;
            }
            Command::CopyComparison => self.copy_comparison(),
            Command::SaveComparison => self.save_comparison(),
            Command::SaveComparisonPicture => self.save_comparison_picture(),
        }
    }

    /// Runs a command that closes the project, unless work would be lost; then the user is asked first.
    fn leave(&mut self, command: Command, act: impl FnOnce(&mut Self)) {
        if self.may_lose_work(&command) {
            act(self);
        }
    }

    /// Does something that is seen on the canvas, so that is what is shown.
    fn on_canvas(&mut self, act: impl FnOnce(&mut CanvasView, &Document, &[Item], &mut Commands)) {
        self.view.center = Center::Canvas;
        self.with_canvas(act);
    }

    /// Passes the Document, the selection and the command queue to the canvas.
    fn with_canvas<T>(
        &mut self,
        act: impl FnOnce(&mut CanvasView, &Document, &[Item], &mut Commands) -> T,
    ) -> T {
        let (document, selected) = (self.document(), self.view.selected());
        act(
            &mut self.view.canvas,
            &document,
            &selected,
            &mut self.commands,
        )
    }

    fn step(&mut self, step: fn(&mut History) -> Option<String>, done: &str) {
        let Some(history) = &mut self.history else {
            return;
        };
        let name = step(history);
        let document = history.document().clone();
        self.view.drafts.clear();
        self.view.prune(&document);
        if let Some(name) = name {
            self.view.notify(format!("{done}: {name}"));
        }
    }

    /// Undoes or redoes until that many steps are done.
    pub(super) fn go_to_step(&mut self, wanted: usize) {
        let Some(history) = &mut self.history else {
            return;
        };
        let (names, done) = history.steps();
        let text = match wanted.checked_sub(1).and_then(|last| names.get(last)) {
            Some(name) => format!("Back to: {name}"),
            None => "Back to the first step".to_owned(),
        };
        let step = if wanted < done {
            History::undo
        } else {
            History::redo
        };
        for _ in 0..wanted.abs_diff(done) {
            step(history);
        }
        let document = history.document().clone();
        self.view.drafts.clear();
        self.view.prune(&document);
        if wanted != done {
            self.view.notify(text);
        }
    }

    /// Takes a part of a project into the open one, where the pointer is.
    pub(super) fn paste(&mut self, fragment: Document) {
        self.with_canvas(|canvas, document, _, commands| {
            canvas.paste(document, fragment, commands)
        });
    }

    fn copy(&mut self) {
        let text =
            self.with_canvas(|canvas, document, selected, _| canvas.copied(document, selected));
        self.context.copy_text(text);
    }

    /// Mutes the selected flows; if all of them are muted, puts them in force.
    fn mute_flows(&mut self) {
        let (document, flows) = (self.document(), self.selected_flows());
        let muted = |id: &FlowId| document.flows.get(*id).is_some_and(|flow| flow.muted);
        let all = flows.iter().all(muted);
        self.edit(&Edit::Mute(flows, !all));
    }

    pub(super) fn select(&mut self, items: Vec<Item>) {
        let document = self.document();
        let view = &mut self.view;
        view.extra = None;
        // What is shown without being in the project cannot be selected.
        let items = items.into_iter().filter(|item| exists(&document, *item));
        view.selection = items.collect();
        view.highlight.clear();
        view.policies.choose_nothing();
    }

    fn toggle_select(&mut self, item: Item) {
        let view = &mut self.view;
        view.extra = None;
        view.highlight.clear();
        if !view.selection.remove(&item) {
            view.selection.insert(item);
        }
    }

    /// Selects an object and brings it into view.
    fn reveal(&mut self, item: Item) {
        self.view.center = Center::Canvas;
        let document = self.document();
        self.view.bring_back(&document, item);
        self.view.canvas.reveal(item);
        if let Item::Policy(_) = item {
            // Its text is what there is to see of it.
            self.view.tab = Tab::Policies;
            self.view.policies.scope = Scope::Selection;
        }
        self.select(vec![item]);
    }

    fn add_networks(&mut self, id: ExternalId) {
        self.reveal(Item::External(id));
        self.view.side_layout.set_open(external::NETWORKS, true);
        self.view.drafts.focus(external::networks_field(id));
        self.show_side();
    }

    fn open_palette(&mut self, only_commands: bool) {
        let view = Box::new(PaletteView::new(only_commands));
        self.view.overlay = Some(Overlay::Palette(view));
    }

    fn find(&mut self) {
        match self.view.center {
            Center::Matrix => self.view.matrix.find(),
            Center::Canvas => self.view.search.get_or_insert_default().open(),
        }
    }

    fn toggle_matrix(&mut self) {
        let view = &mut self.view;
        match view.center {
            Center::Matrix => view.center = Center::Canvas,
            Center::Canvas => {
                view.center = Center::Matrix;
                view.matrix.open();
            }
        }
    }

    /// Shows the flows that the manifests imply and that are not drawn.
    fn show_suggestions(&mut self) {
        let found = &self.files.suggestions;
        let proposals = proposals(&self.document(), found);
        if proposals.is_empty() {
            let text = match found.is_empty() {
                true => "No suggestions: they come from manifests that are imported",
                false => "All suggested flows are drawn",
            };
            self.view.notify(text);
            return;
        }
        let view = Box::new(SuggestionsView::new(&self.document(), proposals));
        self.view.overlay = Some(Overlay::Suggestions(view));
    }

    /// Shows the flows that the recording implies and that are not drawn.
    fn propose_recorded(&mut self) {
        let compared = self.view.traffic.compared();
        let found = compared.map(|compared| compared.proposals.proposals.clone());
        match found.unwrap_or_default() {
            all if all.is_empty() => self.view.notify("Nothing to draw from the recording"),
            all => self.show_recorded(all),
        }
    }

    /// Writes to the flows that the recording confirms how often and when they were seen.
    fn keep_evidence(&mut self) {
        let compared = self.view.traffic.compared();
        let found =
            compared.and_then(|compared| evidence::edit(&self.document(), &compared.evidence));
        match found {
            Some(edit) => self.edit(&edit),
            None => self
                .view
                .notify("The recording shows nothing new of the flows"),
        }
    }

    fn show_recorded(&mut self, recorded: Vec<Recorded>) {
        let proposals = recorded.into_iter().map(Proposal::recorded).collect();
        let view = Box::new(SuggestionsView::new(&self.document(), proposals));
        self.view.overlay = Some(Overlay::Suggestions(view));
    }

    fn show_import_report(&mut self) {
        match self.files.report.is_some() {
            true => self.view.overlay = Some(Overlay::Report),
            false => self
                .view
                .notify("Nothing was imported since the project was opened"),
        }
    }

    /// Changes the Document; what an edit adds is selected.
    pub(super) fn edit(&mut self, edit: &Edit) {
        let Some(history) = &mut self.history else {
            return;
        };
        let before = history.document().clone();
        match history.edit(edit) {
            Ok(applied) => {
                self.view.forget_notice();
                let adds = matches!(edit, Edit::Add(_) | Edit::Duplicate(_) | Edit::Paste { .. });
                if adds && !applied.items.is_empty() {
                    self.view.extra = None;
                    self.view.selection = applied.items.iter().copied().collect();
                    self.view.highlight.clear();
                }
                if let Some(note) = applied.notes.first() {
                    self.view.notify(note.clone());
                }
                let document = history.document().clone();
                if let Some(deleted) = edit.deleted(&before, &document) {
                    self.view.notify_step(deleted);
                }
                self.view.prune(&document);
            }
            Err(refusal) => self
                .view
                .show_error(super::problems::sentence(&refusal.to_string())),
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

    /// Opens a query about the selection: two objects, or the ends of a flow; for one object, from it to what is
    /// chosen next.
    fn show_why(&mut self) {
        let document = self.document();
        if let Some((from, to, port)) = why::of_selection(&document, &self.view.selection) {
            self.view.why.ask(&from, &to, &port);
            if to.is_empty() {
                self.view.why.wants_keyboard();
            }
        } else {
            self.view.why.wants_keyboard();
        }
        self.show_tab(Tab::Why);
    }

    /// Shows what can be reached from what is selected, or else from outside.
    fn show_radius(&mut self) {
        let from = radius::of_selection(&self.document(), self.view.only_selected());
        let before = std::mem::take(&mut self.view.selection);
        self.view.radius.ask(from, before);
        self.view.extra = None;
        self.show_side();
    }

    /// Closes the blast radius; what was selected before it is selected again, unless something else is by now. Returns
    /// whether it was open.
    fn leave_radius(&mut self) -> bool {
        let Some(before) = self.view.radius.leave() else {
            return false;
        };
        if self.view.selection.is_empty() {
            self.select(before.into_iter().collect());
        }
        true
    }

    /// Shows the audit over most of the window; once it is there, beside the canvas again.
    fn audit(&mut self) {
        let wide = !self.view.is_wide(&self.document());
        self.show_tab(Tab::Problems);
        self.view.problem_list.show(Shown::Audit);
        self.view.audit.wide = wide;
        self.view.canvas.fit_next();
    }

    /// Opens a tab of the side panel, and the panel if it is hidden.
    pub(super) fn show_tab(&mut self, tab: Tab) {
        self.view.tab = tab;
        self.show_side();
    }

    /// Shows the side panel; where it is a rail, over the canvas.
    pub(super) fn show_side(&mut self) {
        self.like(|likes| likes.inspector = true);
        self.view.panes.open(Pane::Side);
    }

    /// Shows or hides a panel. A rail stays: its panel opens over the canvas, or closes.
    fn toggle_pane(&mut self, pane: Pane) {
        let panes = &mut self.view.panes;
        if panes.over() == Some(pane) {
            panes.close();
        } else if panes.is_rail(pane) {
            panes.open(pane);
        } else {
            let shown = !self.preferences.shows(pane);
            self.like(|likes| likes.show(pane, shown));
        }
    }

    /// Deletes the selection.
    fn delete(&mut self) {
        let mut edit = Edit::Remove(self.view.selected());
        if let Some(Item::Policy(id)) = self.view.only_selected() {
            let name = self.view.names.name(&self.document(), id).to_owned();
            edit = Edit::Batch(format!("Delete policy {name}"), vec![edit]);
        }
        self.edit(&edit);
    }

    /// Opens the name of what is selected on the canvas, of a flow its ports; of what is not drawn
    /// there, in the inspector.
    pub(super) fn rename(&mut self) {
        if !self.with_canvas(CanvasView::rename_selected)
            && let Some(item) = self.view.only_selected()
        {
            self.show_side();
            self.view.drafts.focus(name_field_id(item));
        }
    }

    /// Escape: one step back at a time.
    fn cancel_step(&mut self) {
        let view = &mut self.view;
        if view.canvas.leave_gesture(&mut self.commands) || view.drafts.clear_refused() {
            return;
        }
        if view.panes.close() {
            return;
        }
        if view.search.take().is_some() || view.filter.clear() {
            return;
        }
        if view.tab == Tab::Problems {
            if view.audit.clear_filter() {
                return;
            }
            if std::mem::take(&mut view.audit.wide) {
                view.canvas.fit_next();
                return;
            }
        }
        if view.focus.take().is_some() {
            return;
        }
        if view.extra.is_some() || !view.selection.is_empty() {
            self.select(Vec::new());
        } else if !view.highlight.is_empty() {
            view.highlight.clear();
            view.policies.choose_nothing();
        } else if !self.leave_radius() {
            self.view.policies.scope = Scope::Selection;
        }
    }

    /// Changes the preferences, and stores them.
    pub(super) fn like(&mut self, change: impl FnOnce(&mut super::preferences::Preferences)) {
        let before = self.preferences.clone();
        change(&mut self.preferences);
        if self.preferences != before {
            self.files.save_preferences(&self.preferences);
            self.apply_preferences();
        }
    }

    /// Changes the size of the interface.
    fn scale(&mut self, change: impl FnOnce(&mut super::preferences::Preferences)) {
        self.like(change);
        let percent = self.preferences.scale;
        self.view.notify(format!("Interface at {percent}%"));
    }

    /// Closes the export dialog; its choices are remembered for the next time.
    pub(super) fn close_export(&mut self) {
        if let Some(Overlay::Export(view)) = self.view.overlay.take() {
            self.last_export = Some(view);
        }
    }
}

fn everything(document: &Document) -> Vec<Item> {
    let spaces = document.namespaces.ids().map(Item::Namespace);
    let workloads = document.workloads.ids().map(Item::Workload);
    let externals = document.externals.ids().map(Item::External);
    let groups = document.groups.ids().map(Item::Group);
    let cluster_nodes = document.nodes_of_flows().into_iter().map(Item::Node);
    let flows = document.flows.ids().map(Item::Flow);
    let nodes = spaces.chain(workloads).chain(externals).chain(groups);
    nodes.chain(cluster_nodes).chain(flows).collect()
}
