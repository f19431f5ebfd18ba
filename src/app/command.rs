//! The commands of the window, in one table, [`LISTED`], that menus, palette, shortcuts and tests
//! share; commands with data are not in it. Panels and the canvas push into [`Commands`], which the
//! window runs in order at the end of the frame.

mod keymap;
mod shortcut;

use std::ops::Range;
use std::path::PathBuf;

use egui::Key;

use shortcut::{alt, ctrl, ctrl_shift, key, shift};

pub use keymap::Keymap;
pub use shortcut::Shortcut;

use super::audit::Form;
use super::icons;
use super::theme::Choice;
use crate::model::{Edit, ExternalId, FlowId, Item, PolicyId, Style};
use crate::observe::propose::Proposal;
use crate::observe::time::Time;
use crate::policy::Target;
use crate::scene::ExtraId;

/// A command.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "LISTED has the title of each")]
pub enum Command {
    NewProject,
    OpenProject,
    OpenFolder,
    OpenFiles,
    ImportFolder,
    ImportFiles,
    OpenRecording,
    CloseRecording,
    AddRecording,
    RemoveRecordings,
    ToggleTraffic,
    ShowTraffic,
    ProposeRecorded,
    KeepEvidence,
    Save,
    SaveAs,
    Export,
    ExportPicture,
    ExportPictureOfSelection,
    CloseProject,
    Quit,
    Undo,
    Redo,
    Cut,
    Copy,
    CopyPicture,
    CopySvg,
    Duplicate,
    Delete,
    SelectAll,
    Rename,
    MoveToNamespace,
    MuteFlow,
    ReverseFlow,
    Find,
    ToggleHubs,
    ClearFilters,
    AddNamespace,
    AddWorkload,
    AddExternal,
    AddInternet,
    AddGroup,
    AddInvariant,
    DrawFlow,
    GoTo,
    RunCommand,
    Focus,
    FocusMore,
    FocusLess,
    FocusBoth,
    FocusIn,
    FocusOut,
    /// Ends the focus.
    LeaveFocus,
    Back,
    Forward,
    PageUp,
    PageDown,
    SelectSources,
    SelectDestinations,
    AddSources,
    AddDestinations,
    LinkSelected,
    AlignLeft,
    AlignRight,
    AlignTop,
    AlignBottom,
    DistributeAcross,
    DistributeDown,
    History,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    Fit,
    FitSelection,
    LayOut,
    ToggleOutline,
    ToggleInspector,
    ToggleImported,
    Radius,
    LeaveRadius,
    ThemeSystem,
    ThemeLight,
    ThemeDark,
    ToggleContrast,
    ToggleMotion,
    LargerInterface,
    SmallerInterface,
    ResetInterface,
    CopyPolicies,
    StylePerFlow,
    StylePerWorkload,
    WriteKubernetes,
    WriteCilium,
    WriteCalico,
    WriteAdminNetworkPolicy,
    WriteClusterNetworkPolicy,
    Problems,
    Audit,
    Suggestions,
    ShowPolicies,
    ShowReach,
    Collapse,
    Expand,
    CollapseAll,
    ExpandAll,
    ToggleMatrix,
    ShowWhy,
    Adopt,
    Convert,
    EditByHand,
    RestoreGenerated,
    RemoveFromProject,
    CompareSaved,
    CompareProject,
    CompareFolder,
    CompareEnforcers,
    ImportReport,
    Keys,
    ExampleShop,
    ExamplePlatform,
    /// Opens the example of a shop whose cluster runs Cilium.
    ExampleBookshop,
    /// Opens the first lesson.
    Learn,
    /// Opens a lesson, by its place.
    Lesson(usize),
    Escape,
    /// Edits the Document; undoable.
    Edit(Edit),
    /// Replaces the selection.
    Select(Vec<Item>),
    /// Adds an item to the selection, or removes it.
    ToggleSelect(Item),
    /// Selects an item and scrolls to it.
    Reveal(Item),
    /// Selects an external and gives the field that adds a network the focus.
    AddNetworks(ExternalId),
    /// Reads files of recorded flows.
    OpenRecordings(Vec<PathBuf>),
    /// Asks which of these flows of a recording to draw.
    ProposeThese(Vec<Proposal>),
    /// Leaves an arrow of recorded traffic out.
    IgnoreTraffic(ExtraId),
    /// Shows the Traffic tab: all connections, or those of ends that the canvas shows as one.
    ListTraffic {
        /// Only those.
        others: bool,
    },
    /// Selects an arrow that is no flow.
    SelectArrow(ExtraId),
    /// Highlights flows and their ends on the canvas, without selecting them.
    Highlight(Vec<FlowId>),
    /// Chooses a policy by its key (`NAMESPACE/NAME`) and shows its text.
    ChoosePolicy(String),
    /// Shows a notice in the status bar.
    Say(String),
    /// Shows a notice about the last step, with Undo.
    SayStep(String),
    /// Explains why a connection is allowed or denied; without a port, at a relevant one.
    Why {
        /// Its source.
        from: String,
        /// Its destination.
        to: String,
        /// Its port, `TCP/80`; may be empty.
        port: String,
    },
    /// Compares the open project with another one, or with manifests.
    ComparePaths(Vec<PathBuf>),
    /// Shows the manual page of a rule, by its code.
    ExplainRule(&'static str),
    /// Asks where to ignore the findings of a rule, and why.
    IgnoreFinding {
        /// The rule's code.
        code: &'static str,
        /// The object that the finding is about.
        place: Option<String>,
        /// Its namespace.
        namespace: Option<String>,
    },
    /// Saves the findings of the audit.
    SaveFindings(Form),
    /// Ends the comparison.
    CloseCompare,
    /// Copies the open comparison as a Markdown table.
    CopyComparison,
    /// Saves the open comparison as a Markdown table.
    SaveComparison,
    /// Saves the canvas with the open comparison as an SVG file.
    SaveComparisonPicture,
    /// Opens a project, or manifests as a new project.
    OpenPaths(Vec<PathBuf>),
    /// Imports manifests into the open project.
    ImportPaths(Vec<PathBuf>),
    /// Imports pasted YAML into the open project.
    ImportText(String),
    /// Copies text to the clipboard.
    CopyText(String),
    /// Accepts an offer of the import report, by its index.
    AcceptOffer(usize),
    /// Opens the manifests again, built by Kustomize.
    BuildKustomize,
    /// Replaces imported policies by flows, where that provably changes no connection.
    AdoptThese(Vec<PolicyId>),
    /// Replaces the generated policy with that key (`NAMESPACE/NAME`) by an editable copy.
    EditPolicyByHand(String),
    /// Removes edited copies of generated policies, so that these are generated again.
    RestoreThese(Vec<PolicyId>),
    /// Restores the unsaved work of a crashed session (true), or discards it.
    Recover(bool),
    /// Stops reading files.
    StopReading,
    /// Counts only the connections of the open recording that began in a window, or all of them.
    NarrowRecording(Option<Range<Time>>),
}

/// When a command can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// A project is open.
    Project,
    /// Something is selected.
    Selection,
    /// Several objects are selected.
    Several,
    /// The canvas is focused on something.
    Focused,
    /// Flows are selected.
    Flows,
    /// Workloads are selected.
    Workloads,
    /// Namespaces are selected, or workloads of them, or flows between these.
    Namespaces,
    /// The project has imported policies.
    Imported,
    /// Imported policies are selected.
    ImportedSelected,
    /// A recording is open.
    Recording,
    /// The project refers to recordings.
    Recorded,
    /// There is something to undo.
    Undo,
    /// There is something to redo.
    Redo,
}

/// Which menu lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// File.
    File,
    /// Edit.
    Edit,
    /// Edit, Select connected.
    Connected,
    /// Edit, Align.
    Align,
    /// View.
    View,
    /// View, Collapse and expand.
    Collapse,
    /// View, Focus.
    Focus,
    /// View, Appearance.
    Appearance,
    /// Policy.
    Policy,
    /// Policy, Dialect.
    Dialect,
    /// Policy, Compare.
    Compare,
    /// Help.
    Help,
    /// In no menu.
    None,
}

impl Menu {
    /// Of a submenu, the menu that it is in.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Connected | Self::Align => Some(Self::Edit),
            Self::Collapse | Self::Focus | Self::Appearance => Some(Self::View),
            Self::Dialect | Self::Compare => Some(Self::Policy),
            Self::File | Self::Edit | Self::View | Self::Policy | Self::Help | Self::None => None,
        }
    }

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::View | Self::None => "View",
            Self::Policy => "Policy",
            Self::Help => "Help",
            Self::Connected => "Select connected",
            Self::Align => "Align",
            Self::Collapse => "Collapse and expand",
            Self::Focus => "Focus",
            Self::Appearance => "Appearance",
            Self::Dialect => "Dialect",
            Self::Compare => "Compare",
        }
    }

    /// The menu of the bar that it is or is in.
    pub fn root(self) -> Self {
        self.parent().unwrap_or(self)
    }
}

/// An entry of [`LISTED`].
pub struct Listed {
    /// The command.
    pub command: Command,
    /// Its stable name.
    pub name: &'static str,
    /// Its title.
    pub text: &'static str,
    /// Its icon; may be empty.
    pub icon: &'static str,
    /// Its menu.
    pub menu: Menu,
    /// Whether a separator precedes it in its menu.
    pub apart: bool,
    /// When it can be run.
    pub when: When,
    /// Its shortcuts, unless the user changed them: [`Keymap`].
    pub keys: &'static [Shortcut],
    /// The setting that its check in the menu shows.
    pub switch: Option<Switch>,
}

/// A setting that a menu entry shows with a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// This theme.
    Theme(Choice),
    /// High contrast.
    Contrast,
    /// Reduced motion.
    Motion,
    /// The outline is shown.
    Outline,
    /// The inspector is shown.
    Inspector,
    /// The connections of imported policies are shown.
    Imported,
    /// Recorded traffic is shown.
    Traffic,
    /// Hubs of large drawings are shown.
    Hubs,
    /// Policies are written in this style.
    Style(Style),
    /// Policies are shown and judged in this dialect.
    Dialect(Target),
}

const fn first(switches: &[Switch]) -> Option<Switch> {
    match switches {
        [] => None,
        [switch, ..] => Some(*switch),
    }
}

macro_rules! listed {
    ($($command:ident $name:literal $text:literal $icon:expr, $menu:ident $($apart:literal)?, $when:ident, [$($keys:expr),*] $(, $switch:expr)?;)*) => {
        &[$(Listed {
            command: Command::$command,
            name: $name,
            text: $text,
            icon: $icon,
            menu: Menu::$menu,
            apart: stringify!($($apart)?).len() > 0,
            when: When::$when,
            keys: &[$($keys),*],
            switch: first(&[$($switch)?]),
        }),*]
    };
}

/// Every command without data, in the order of the menus ("-" begins a new group).
pub static LISTED: &[Listed] = listed! {
    NewProject "file.new" "New project" icons::FILE_PLUS, File, Always, [ctrl(Key::N)];
    OpenFolder "file.open-folder" "Open folder of manifests…" icons::FOLDER_OPEN, File "-", Always, [ctrl(Key::O)];
    OpenFiles "file.open-files" "Open manifest files…" icons::FILE_CODE, File, Always, [];
    OpenProject "file.open-project" "Open project…" icons::FILE, File, Always, [ctrl_shift(Key::O)];
    ImportFolder "file.import-folder" "Import folder into this project…" "", File "-", Project, [];
    ImportFiles "file.import-files" "Import files into this project…" "", File, Project, [ctrl(Key::I)];
    OpenRecording "file.open-recording" "Open recording…" icons::TRAFFIC, File "-", Always, [];
    CloseRecording "file.close-recording" "Close recording" "", File, Recording, [];
    AddRecording "file.add-recording" "Add recording to project" "", File, Recording, [];
    RemoveRecordings "file.remove-recordings" "Remove recordings from project" "", File, Recorded, [];
    Save "file.save" "Save" icons::FLOPPY_DISK, File "-", Project, [ctrl(Key::S)];
    SaveAs "file.save-as" "Save as…" "", File, Project, [ctrl_shift(Key::S)];
    Export "file.export" "Export policies…" icons::EXPORT, File "-", Project, [ctrl(Key::E)];
    ExportPicture "file.export-picture" "Export picture…" "", File, Project, [];
    ExportPictureOfSelection "file.export-selection-picture" "Export picture of the selection…" "", File, Selection, [];
    CloseProject "file.close" "Close project" "", File "-", Project, [ctrl(Key::W)];
    Quit "file.quit" "Quit" "", File, Always, [ctrl(Key::Q)];

    Undo "edit.undo" "Undo" icons::ARROW_U_UP_LEFT, Edit, Undo, [ctrl(Key::Z)];
    Redo "edit.redo" "Redo" icons::ARROW_U_UP_RIGHT, Edit, Redo, [ctrl_shift(Key::Z), ctrl(Key::Y)];
    History "edit.history" "History…" "", Edit, Project, [];
    Cut "edit.cut" "Cut" "", Edit "-", Selection, [ctrl(Key::X)];
    Copy "edit.copy" "Copy" icons::COPY, Edit, Selection, [ctrl(Key::C)];
    CopyPicture "edit.copy-picture" "Copy as picture" "", Edit, Project, [];
    CopySvg "edit.copy-svg" "Copy as SVG" "", Edit, Project, [];
    Duplicate "edit.duplicate" "Duplicate" "", Edit, Selection, [ctrl(Key::D)];
    Delete "edit.delete" "Delete" icons::TRASH, Edit, Selection, [key(Key::Delete), key(Key::Backspace)];
    SelectAll "edit.select-all" "Select all" "", Edit "-", Project, [ctrl(Key::A)];
    SelectSources "edit.select-sources" "Select sources" "", Connected, Selection, [key(Key::OpenBracket)];
    SelectDestinations "edit.select-destinations" "Select destinations" "", Connected, Selection, [key(Key::CloseBracket)];
    AddSources "edit.add-sources" "Add sources to the selection" "", Connected, Selection, [shift(Key::OpenBracket)];
    AddDestinations "edit.add-destinations" "Add destinations to the selection" "", Connected, Selection, [shift(Key::CloseBracket)];
    AlignLeft "edit.align-left" "Align left" "", Align "-", Several, [ctrl_shift(Key::ArrowLeft)];
    AlignRight "edit.align-right" "Align right" "", Align, Several, [ctrl_shift(Key::ArrowRight)];
    AlignTop "edit.align-top" "Align top" "", Align, Several, [ctrl_shift(Key::ArrowUp)];
    AlignBottom "edit.align-bottom" "Align bottom" "", Align, Several, [ctrl_shift(Key::ArrowDown)];
    DistributeAcross "edit.distribute-across" "Distribute horizontally" "", Align, Several, [];
    DistributeDown "edit.distribute-down" "Distribute vertically" "", Align, Several, [];
    Rename "edit.rename" "Rename" icons::PENCIL_SIMPLE, Edit, Selection, [key(Key::F2), key(Key::Enter)];
    MoveToNamespace "edit.move-to-namespace" "Move to namespace…" "", Edit, Workloads, [];
    MuteFlow "edit.mute" "Mute or unmute flow" icons::EYE_SLASH, Edit "-", Flows, [key(Key::M)];
    ReverseFlow "edit.reverse" "Reverse flow" icons::SWAP, Edit, Flows, [key(Key::R)];
    AddNamespace "insert.namespace" "Add namespace" icons::NAMESPACE, Edit "-", Project, [key(Key::N)];
    AddWorkload "insert.workload" "Add workload" icons::WORKLOAD, Edit, Project, [key(Key::W)];
    AddExternal "insert.external" "Add external" icons::EXTERNAL, Edit, Project, [key(Key::E)];
    AddInternet "insert.internet" "Add the Internet" icons::INTERNET, Edit, Project, [];
    AddGroup "insert.group" "Add group" icons::GROUP, Edit, Project, [key(Key::G)];
    AddInvariant "insert.invariant" "Add invariant" icons::SHIELD, Edit, Project, [key(Key::I)];
    DrawFlow "insert.flow" "Draw flow" icons::ARROW_RIGHT, Edit, Project, [key(Key::A)];
    LinkSelected "insert.link" "Draw flows from all selected" "", Edit, Several, [key(Key::F)];

    GoTo "view.go-to" "Go to…" icons::MAGNIFYING_GLASS, View, Project, [ctrl(Key::K)];
    RunCommand "view.commands" "Command palette…" "", View, Always, [ctrl_shift(Key::P)];
    Find "view.find" "Find…" "", View, Project, [ctrl(Key::F)];
    ZoomIn "view.zoom-in" "Zoom in" icons::PLUS, View "-", Project, [ctrl(Key::Plus), ctrl(Key::Equals)];
    ZoomOut "view.zoom-out" "Zoom out" icons::MINUS, View, Project, [ctrl(Key::Minus)];
    ZoomReset "view.zoom-reset" "Actual size" "", View, Project, [ctrl(Key::Num0)];
    Fit "view.fit" "Fit everything" icons::CORNERS_OUT, View, Project, [shift(Key::Num1), key(Key::Home)];
    FitSelection "view.fit-selection" "Fit selection" "", View, Selection, [shift(Key::Num2)];
    LayOut "view.lay-out" "Auto-layout" "", View, Project, [];
    Collapse "view.collapse" "Collapse" icons::CARET_RIGHT, Collapse "-", Namespaces, [key(Key::C)];
    Expand "view.expand" "Expand" icons::CARET_DOWN, Collapse, Namespaces, [];
    CollapseAll "view.collapse-all" "Collapse all" "", Collapse, Project, [];
    ExpandAll "view.expand-all" "Expand all" "", Collapse, Project, [];
    Focus "view.focus" "Focus on the selection" icons::FOCUS, View "-", Project, [key(Key::O)];
    FocusMore "view.focus-more" "Focus: one hop more" icons::PLUS, Focus, Focused, [key(Key::Plus), key(Key::Equals)];
    FocusLess "view.focus-less" "Focus: one hop less" icons::MINUS, Focus, Focused, [key(Key::Minus)];
    FocusBoth "view.focus-both" "Focus: both directions" "", Focus, Focused, [];
    FocusIn "view.focus-in" "Focus: incoming only" "", Focus, Focused, [];
    FocusOut "view.focus-out" "Focus: outgoing only" "", Focus, Focused, [];
    Back "view.back" "Back" icons::ARROW_LEFT, View "-", Project, [alt(Key::ArrowLeft)];
    Forward "view.forward" "Forward" icons::ARROW_RIGHT, View, Project, [alt(Key::ArrowRight)];
    PageUp "view.page-up" "Page up" "", View, Project, [key(Key::PageUp)];
    PageDown "view.page-down" "Page down" "", View, Project, [key(Key::PageDown)];
    ToggleMatrix "view.matrix" "Switch between canvas and matrix" icons::MATRIX, View "-", Project, [key(Key::F6)];
    ToggleOutline "view.outline" "Outline" icons::SIDEBAR_SIMPLE, View, Project, [ctrl(Key::B)], Switch::Outline;
    ToggleInspector "view.inspector" "Inspector" "", View, Project, [ctrl_shift(Key::B)], Switch::Inspector;
    ToggleImported "view.kept" "Connections of imported policies" icons::FILE, View "-", Project, [], Switch::Imported;
    ToggleTraffic "view.traffic" "Recorded traffic" icons::TRAFFIC, View, Recording, [], Switch::Traffic;
    ToggleHubs "view.hubs" "Hubs of large drawings" icons::EYE, View, Project, [], Switch::Hubs;
    ClearFilters "view.clear-filters" "Clear filters" "", View, Project, [];
    ThemeSystem "view.theme-system" "System theme" "", Appearance "-", Always, [], Switch::Theme(Choice::System);
    ThemeLight "view.theme-light" "Light theme" icons::SUN, Appearance, Always, [], Switch::Theme(Choice::Light);
    ThemeDark "view.theme-dark" "Dark theme" icons::MOON, Appearance, Always, [], Switch::Theme(Choice::Dark);
    ToggleContrast "view.high-contrast" "High contrast" "", Appearance, Always, [], Switch::Contrast;
    ToggleMotion "view.reduced-motion" "Reduced motion" "", Appearance, Always, [], Switch::Motion;
    LargerInterface "view.larger-interface" "Larger interface" "", Appearance "-", Always, [];
    SmallerInterface "view.smaller-interface" "Smaller interface" "", Appearance, Always, [];
    ResetInterface "view.reset-interface" "Interface at 100%" "", Appearance, Always, [];

    CopyPolicies "policy.copy" "Copy policies" icons::CLIPBOARD_TEXT, Policy, Project, [ctrl_shift(Key::C)];
    Adopt "policy.adopt" "Adopt imported policies" icons::ADOPT, Policy "-", Imported, [];
    Convert "policy.convert" "Convert imported policies…" icons::SWAP, Policy, Imported, [];
    EditByHand "policy.edit-by-hand" "Edit generated policy by hand" icons::PENCIL_SIMPLE, Policy, Project, [];
    RestoreGenerated "policy.return" "Restore generated policy" "", Policy, ImportedSelected, [];
    RemoveFromProject "policy.stop-keeping" "Remove from project" "", Policy, ImportedSelected, [];
    StylePerFlow "policy.per-flow" "One policy per flow" "", Policy "-", Project, [], Switch::Style(Style::PerFlow);
    StylePerWorkload "policy.per-workload" "One policy per workload" "", Policy, Project, [], Switch::Style(Style::PerWorkload);
    WriteKubernetes "policy.kubernetes" "Write NetworkPolicy" "", Dialect "-", Project, [], Switch::Dialect(Target::Kubernetes);
    WriteCilium "policy.cilium" "Write CiliumNetworkPolicy" "", Dialect, Project, [], Switch::Dialect(Target::Cilium);
    WriteCalico "policy.calico" "Write Calico NetworkPolicy" "", Dialect, Project, [], Switch::Dialect(Target::Calico);
    WriteAdminNetworkPolicy "policy.admin" "Write AdminNetworkPolicy" "", Dialect, Project, [], Switch::Dialect(Target::AdminNetworkPolicy);
    WriteClusterNetworkPolicy "policy.cluster" "Write ClusterNetworkPolicy" "", Dialect, Project, [], Switch::Dialect(Target::ClusterNetworkPolicy);
    ShowPolicies "policy.policies" "Show policies" icons::FILE_CODE, Policy "-", Project, [key(Key::F7)];
    Problems "policy.problems" "Show problems" icons::WARNING, Policy, Project, [key(Key::F8)];
    Audit "policy.audit" "Audit policies" icons::SHIELD, Policy, Project, [];
    ProposeRecorded "policy.recorded" "Draw recorded flows…" "", Policy, Recording, [];
    KeepEvidence "policy.evidence" "Keep evidence of recorded flows" "", Policy, Recording, [];
    Suggestions "policy.suggestions" "Suggested flows…" "", Policy, Project, [];
    ShowReach "policy.reach" "Show reach of the selection" icons::REACH, Policy, Project, [key(Key::F9)];
    ShowTraffic "policy.traffic" "Show recorded traffic" icons::TRAFFIC, Policy, Project, [];
    ShowWhy "policy.why" "Explain a connection" icons::QUESTION, Policy, Project, [key(Key::F10)];
    Radius "policy.radius" "Show blast radius" icons::TARGET, Policy, Project, [key(Key::B)];
    CompareSaved "policy.compare-saved" "Compare with last saved" icons::SWAP, Compare "-", Project, [];
    CompareProject "policy.compare-with" "Compare with a project…" "", Compare, Project, [];
    CompareFolder "policy.compare-folder" "Compare with a folder of manifests…" "", Compare, Project, [];
    CompareEnforcers "policy.compare-enforcers" "Compare enforcers" icons::SCALES, Compare, Project, [];
    ImportReport "policy.import-report" "Show import report" "", Policy "-", Project, [];

    Keys "help.keys" "Keyboard shortcuts" icons::KEYBOARD, Help, Always, [key(Key::Questionmark), key(Key::F1)];
    Learn "help.learn" "Learn: five classic mistakes" icons::GRADUATION_CAP, Help, Always, [];
    ExampleShop "help.example-shop" "Example: online shop" "", Help "-", Always, [];
    ExamplePlatform "help.example-platform" "Example: platform" "", Help, Always, [];
    ExampleBookshop "help.example-bookshop" "Example: bookshop on Cilium" "", Help, Always, [];
    Escape "view.escape" "Cancel" "", None, Always, [key(Key::Escape)];
};

impl Listed {
    /// Whether the user may change its shortcut. The system itself copies and cuts by its own keys.
    pub fn is_changeable(&self) -> bool {
        !matches!(
            self.command,
            Command::Escape | Command::Copy | Command::Cut | Command::CopyPolicies
        )
    }

    /// Whether it repeats while its key is held.
    pub fn repeats(&self) -> bool {
        let zoom = matches!(self.command, Command::ZoomIn | Command::ZoomOut);
        let page = matches!(self.command, Command::PageUp | Command::PageDown);
        zoom || page || matches!(self.when, When::Undo | When::Redo)
    }
}

impl Command {
    /// Its entry in [`LISTED`], if it has one.
    pub fn listed(&self) -> Option<&'static Listed> {
        LISTED.iter().find(|listed| listed.command == *self)
    }
}

/// The commands pushed in a frame.
#[derive(Debug, Default)]
pub struct Commands(Vec<Command>);

impl Commands {
    /// Pushes a command.
    pub fn push(&mut self, command: Command) {
        self.0.push(command);
    }

    /// Pushes an edit of the Document.
    pub fn edit(&mut self, edit: Edit) {
        self.push(Command::Edit(edit));
    }

    /// Pushes several commands, in order.
    pub fn extend(&mut self, commands: impl IntoIterator<Item = Command>) {
        self.0.extend(commands);
    }

    /// Takes all commands out, in order.
    pub fn take(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.0)
    }

    /// Whether there are no commands.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn command_names_and_shortcuts_are_unique() {
        let names: BTreeSet<_> = LISTED.iter().map(|listed| listed.name).collect();
        assert_eq!(names.len(), LISTED.len());
        let keys: Vec<_> = LISTED
            .iter()
            .flat_map(|listed| listed.keys.iter().map(Shortcut::text))
            .collect();
        let different: BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len(), "{keys:?}");
    }

    #[test]
    fn each_menu_fits_a_low_window() {
        use crate::scene::tokens;
        let bar = [Menu::File, Menu::Edit, Menu::View, Menu::Policy, Menu::Help];
        for menu in bar {
            let own = LISTED.iter().filter(|listed| listed.menu == menu);
            let inside = LISTED.iter().filter(|l| l.menu.parent() == Some(menu));
            let submenus: Vec<_> = inside.map(|listed| listed.menu.title()).collect();
            let submenus = submenus.into_iter().collect::<BTreeSet<_>>().len();
            let apart = LISTED.iter().filter(|l| l.menu.root() == menu && l.apart);
            // A separator is a line between two spaces of 4.
            let height =
                (own.count() + submenus) as f32 * tokens::BUTTON + apart.count() as f32 * 9.0;
            assert!(height <= 760.0, "{menu:?}: {height}");
        }
    }
}
