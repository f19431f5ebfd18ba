//! The menus, from the table of commands.

use std::path::PathBuf;

use egui::containers::menu::SubMenu;
use egui::{Response, ScrollArea, Ui};

use super::menu_keys;
use crate::app::command::{Command, Commands, Keymap, LISTED, Listed, Menu, Switch, When};
use crate::app::icons;
use crate::app::state::App;
use crate::app::widgets::{self, Row};
use crate::model::{History, Settings};
use crate::scene::tokens;

/// Shows a menu.
pub fn menu_ui(ui: &mut Ui, app: &App, menu: Menu, commands: &mut Commands) {
    ui.set_width(280.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    // Where a window is lower than its menu, the menu scrolls.
    let most = ui.ctx().content_rect().height() - tokens::BAR - 24.0;
    let scrolled = ScrollArea::vertical().max_height(most);
    scrolled.min_scrolled_height(most).show(ui, |ui| {
        let entries = entries_ui(ui, app, menu, commands);
        menu_keys::walk(ui, &entries, false, false);
    });
}

/// The dialects to write policies in.
pub fn dialects_ui(ui: &mut Ui, app: &App, commands: &mut Commands) {
    ui.set_width(280.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    let entries = entries_ui(ui, app, Menu::Dialect, commands);
    menu_keys::walk(ui, &entries, false, false);
}

/// The entries of a menu; each submenu stands where its first entry is listed. Returns those that can be chosen.
fn entries_ui(ui: &mut Ui, app: &App, menu: Menu, commands: &mut Commands) -> Vec<Response> {
    let keymap = Keymap::of(ui.ctx());
    let mut entries = Vec::new();
    let mut last = None;
    for listed in LISTED {
        let is_submenu = listed.menu.parent() == Some(menu);
        if (listed.menu != menu && !is_submenu) || (is_submenu && last == Some(listed.menu)) {
            continue;
        }
        if listed.apart && last.is_some() {
            ui.add_space(4.0);
            widgets::hairline(ui);
            ui.add_space(4.0);
        }
        last = Some(listed.menu);
        let entry = match is_submenu {
            true => submenu_ui(ui, listed.menu.title(), |ui| {
                entries_ui(ui, app, listed.menu, commands)
            }),
            false => entry_ui(ui, app, listed, &keymap, commands),
        };
        entries.extend((is_submenu || app.can(&listed.command)).then_some(entry));
        if listed.command == Command::OpenFiles && !app.preferences.recent.is_empty() {
            entries.push(submenu_ui(ui, "Open recent", |ui| {
                recent_ui(ui, &app.preferences.recent, commands)
            }));
        }
    }
    entries
}

/// The projects and folders that were opened last.
fn recent_ui(ui: &mut Ui, recent: &[PathBuf], commands: &mut Commands) -> Vec<Response> {
    let entry = |path: &PathBuf| {
        let shown = path.display().to_string();
        let response = Row::new(icons::FOLDER_OPEN, &shown).menu(true).show(ui);
        if response.clicked() {
            commands.push(Command::OpenPaths(vec![path.clone()]));
            ui.close();
        }
        response
    };
    recent.iter().map(entry).collect()
}

/// An entry that opens further ones.
fn submenu_ui(
    ui: &mut Ui,
    title: &str,
    content: impl FnOnce(&mut Ui) -> Vec<Response>,
) -> Response {
    let row = Row::new("", title).end_icon(icons::CARET_RIGHT).menu(true);
    let response = row.show(ui);
    let enters = menu_keys::enters_submenu(ui, &response);
    let shown = SubMenu::new().show(ui, &response, |ui| {
        ui.set_width(280.0);
        ui.spacing_mut().item_spacing.y = 0.0;
        let entries = content(ui);
        menu_keys::walk(ui, &entries, true, enters);
        menu_keys::leaves_submenu(ui, &entries)
    });
    if shown.is_some_and(|shown| shown.inner) {
        menu_keys::close_submenu(ui, &response);
    }
    response
}

fn entry_ui(
    ui: &mut Ui,
    app: &App,
    listed: &Listed,
    keymap: &Keymap,
    commands: &mut Commands,
) -> Response {
    let text = text_of(app, listed);
    let keys = keymap.text(&listed.command);
    let icon = match listed.switch.is_some_and(|switch| is_on(app, switch)) {
        true => icons::CHECK,
        false => listed.icon,
    };
    let row = Row::new(icon, &text)
        .end(&keys)
        .menu(app.can(&listed.command));
    let response = row.show(ui);
    if response.clicked() {
        commands.push(listed.command.clone());
        ui.close();
    }
    response
}

/// The current text of a command; undo and redo name their step.
pub fn text_of(app: &App, listed: &Listed) -> String {
    let history = app.history.as_ref();
    let step = match listed.when {
        When::Undo => history.and_then(History::undo_name),
        When::Redo => history.and_then(History::redo_name),
        When::Always
        | When::Project
        | When::Selection
        | When::Several
        | When::Focused
        | When::Flows
        | When::Workloads
        | When::Namespaces
        | When::Imported
        | When::ImportedSelected
        | When::Recording
        | When::Recorded => None,
    };
    match step {
        Some(step) => format!("{} {step}", listed.text),
        None => listed.text.to_owned(),
    }
}

fn is_on(app: &App, switch: Switch) -> bool {
    let history = app.history.as_ref();
    let settings = history.map(|history| &history.document().settings);
    let style = settings.map(|settings| settings.style);
    let preferences = &app.preferences;
    match switch {
        Switch::Theme(theme) => preferences.theme == theme,
        Switch::Contrast => preferences.high_contrast,
        Switch::Motion => preferences.reduced_motion,
        Switch::Outline => preferences.outline,
        Switch::Inspector => preferences.inspector,
        Switch::Traffic => app.view.traffic.is_on(),
        Switch::Hubs => app.view.canvas.hubs().shown,
        Switch::Imported => !app.view.imported_hidden,
        Switch::Style(written) => style == Some(written),
        Switch::Dialect(target) => settings.map(Settings::target) == Some(target),
    }
}
