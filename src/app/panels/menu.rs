//! The menus, made from the list of commands.

use egui::Ui;

use crate::app::command::{Command, Commands, LISTED, Menu};
use crate::app::icons;
use crate::app::state::App;
use crate::app::theme::Choice;
use crate::app::widgets::{self, Row};
use crate::model::Style;

/// One menu.
pub fn menu_ui(ui: &mut Ui, app: &App, menu: Menu, commands: &mut Commands) {
    ui.set_width(280.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    for listed in LISTED.iter().filter(|listed| listed.menu == menu) {
        if listed.apart {
            ui.add_space(4.0);
            widgets::hairline(ui);
            ui.add_space(4.0);
        }
        let text = text_of(app, &listed.command);
        let keys = listed
            .keys
            .first()
            .map_or(String::new(), |shortcut| shortcut.text());
        let icon = if is_on(app, &listed.command) {
            icons::CHECK
        } else {
            listed.icon
        };
        let row = Row::new(icon, &text)
            .end(&keys)
            .menu(app.can(&listed.command));
        if row.show(ui).clicked() {
            commands.push(listed.command.clone());
            ui.close();
        }
    }
}

/// What a command says now: undo and redo name their step.
pub fn text_of(app: &App, command: &Command) -> String {
    let step = app.history.as_ref().and_then(|history| match command {
        Command::Undo => history.undo_name(),
        Command::Redo => history.redo_name(),
        _ => None,
    });
    let text = command.listed().map_or("", |listed| listed.text);
    match step {
        Some(step) => format!("{text} {step}"),
        None => text.to_owned(),
    }
}

/// Whether a command stands for something that is in force.
fn is_on(app: &App, command: &Command) -> bool {
    let style = app
        .history
        .as_ref()
        .map(|history| history.document().settings.style);
    let preferences = &app.preferences;
    match command {
        Command::ThemeSystem => preferences.theme == Choice::System,
        Command::ThemeLight => preferences.theme == Choice::Light,
        Command::ThemeDark => preferences.theme == Choice::Dark,
        Command::ToggleContrast => preferences.high_contrast,
        Command::ToggleMotion => preferences.reduced_motion,
        Command::ToggleOutline => preferences.outline,
        Command::ToggleInspector => preferences.inspector,
        Command::ToggleKept => !app.view.kept_hidden,
        Command::StylePerFlow => style == Some(Style::PerFlow),
        Command::StylePerWorkload => style == Some(Style::PerWorkload),
        _ => false,
    }
}
