//! The top bar: menus, undo and redo, the project's name, search, dialect, theme, and Export.

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align, Layout, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui, UiBuilder, Vec2, pos2,
    vec2,
};

use super::{menu, menu_keys};
use crate::app::command::{Command, Commands, Keymap, Menu};
use crate::app::icons;
use crate::app::state::App;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::scene::tokens;

/// The name of the search.
const SEARCH: &str = "Search workloads, flows, commands";
/// Least width of the search; where there is less room, it is an icon.
const SEARCH_LEAST: f32 = 200.0;

/// Shows the top bar.
pub fn top_bar_ui(ui: &mut Ui, app: &App, commands: &mut Commands) {
    let bar = ui.max_rect();
    let edge = bar.bottom() - 0.5;
    let line = Stroke::new(1.0, color(theme::palette(ui.ctx()).hairline));
    ui.painter().hline(bar.x_range(), edge, line);
    let inner = bar.shrink2(vec2(8.0, 0.0));
    let left = UiBuilder::new()
        .max_rect(inner)
        .layout(Layout::left_to_right(Align::Center));
    let left = ui.scope_builder(left, |ui| left_ui(ui, app, commands));
    let mut menus = left.inner;
    let left = left.response.rect.right();
    let right = Rect::from_min_max(pos2(left, inner.top()), inner.max);
    let right = UiBuilder::new()
        .max_rect(right)
        .layout(Layout::right_to_left(Align::Center));
    let right = ui.scope_builder(right, |ui| right_ui(ui, app, commands));
    menus.extend(right.inner);
    if app.view.overlay.is_none() {
        menu_keys::open_by_keys(ui, &menus);
    }
    let right = right.response.rect.left();
    search_ui(
        ui,
        Rect::from_min_max(pos2(left, bar.top()), pos2(right, bar.bottom())),
        bar,
        commands,
    );
}

/// The left part; returns the buttons of the menus.
fn left_ui(ui: &mut Ui, app: &App, commands: &mut Commands) -> Vec<Response> {
    ui.spacing_mut().item_spacing.x = 2.0;
    let menus = [Menu::File, Menu::Edit, Menu::View, Menu::Policy, Menu::Help];
    let buttons = menus.map(|which| {
        widgets::menu_button(ui, which.title(), |ui| {
            menu::menu_ui(ui, app, which, commands)
        })
    });
    ui.add_space(6.0);
    for (command, icon) in [
        (Command::Undo, icons::ARROW_U_UP_LEFT),
        (Command::Redo, icons::ARROW_U_UP_RIGHT),
    ] {
        let listed = command.listed();
        let name = listed.map_or_else(String::new, |listed| menu::text_of(app, listed));
        let possible = app.can(&command);
        let pressed = ui
            .add_enabled_ui(possible, |ui| widgets::icon_button(ui, icon, &name))
            .inner;
        if pressed.clicked() {
            commands.push(command);
        }
    }
    ui.add_space(10.0);
    name_ui(ui, app);
    buttons.into()
}

/// The project's name, and a dot if there are unsaved changes.
fn name_ui(ui: &mut Ui, app: &App) {
    let Some(history) = &app.history else { return };
    let shown = app.files.name_of(history.document());
    let text = RichText::new(shown).font(theme::semibold(tokens::TEXT_NORMAL));
    let most = (ui.available_width() - 560.0).clamp(60.0, 220.0);
    ui.scope(|ui| {
        ui.set_max_width(most);
        let place = app
            .files
            .path
            .as_ref()
            .map(|path| path.display().to_string());
        let label = ui.add(egui::Label::new(text).truncate());
        label.on_hover_text(place.unwrap_or_else(|| "Not saved to a file yet".into()));
    });
    if history.is_dirty() {
        let (rect, response) = ui.allocate_exact_size(vec2(16.0, 16.0), Sense::hover());
        let accent = color(theme::palette(ui.ctx()).accent);
        ui.painter().circle_filled(rect.center(), 3.5, accent);
        widgets::named(&response, egui::WidgetType::Label, "Unsaved changes");
        response.on_hover_text("Unsaved changes");
    }
}

/// The right part; returns the button of the dialects.
fn right_ui(ui: &mut Ui, app: &App, commands: &mut Commands) -> Option<Response> {
    ui.spacing_mut().item_spacing.x = 8.0;
    ui.add_space(8.0);
    // With nothing drawn there is nothing to export.
    let has_flows = app
        .history
        .as_ref()
        .is_some_and(|history| !history.document().flows.is_empty());
    let export = match has_flows {
        true => widgets::primary(ui, "Export"),
        false => widgets::secondary(ui, "Export"),
    };
    if export
        .on_hover_text(with_key(
            ui,
            "Write the policies to files",
            &Command::Export,
        ))
        .clicked()
    {
        commands.push(Command::Export);
    }
    let dark = theme::palette(ui.ctx()).dark;
    let (icon, name, command) = match dark {
        true => (icons::SUN, "Light theme", Command::ThemeLight),
        false => (icons::MOON, "Dark theme", Command::ThemeDark),
    };
    if widgets::icon_button(ui, icon, name).clicked() {
        commands.push(command);
    }
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    if app.checking() {
        ui.label(RichText::new("Checking…").color(foreground));
        return None;
    }
    let target = app.document().settings.target();
    let body = egui::TextStyle::Button.resolve(ui.style());
    let mut text = LayoutJob::simple_singleline(format!("{} ", target.kind()), body, foreground);
    let caret = TextFormat {
        valign: Align::Center,
        ..TextFormat::simple(theme::icon(13.0), foreground)
    };
    text.append(icons::CARET_DOWN, 0.0, caret);
    let button = widgets::menu_button(ui, text, |ui| menu::dialects_ui(ui, app, commands));
    Some(button)
}

/// A text, and the shortcut of a command behind it.
fn with_key(ui: &Ui, text: &str, command: &Command) -> String {
    match Keymap::of(ui.ctx()).text(command) {
        keys if keys.is_empty() => text.to_owned(),
        keys => format!("{text} ({keys})"),
    }
}

/// A button that looks like a search field and opens the command palette; an icon where there is little room.
fn search_ui(ui: &mut Ui, area: Rect, bar: Rect, commands: &mut Commands) {
    let area = area.shrink2(vec2(12.0, 8.0));
    let width = area.width().min(420.0);
    if width < SEARCH_LEAST {
        let side = Vec2::splat(tokens::BUTTON);
        let place = Rect::from_center_size(area.center(), side);
        let icon = ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            widgets::icon_button(ui, icons::MAGNIFYING_GLASS, SEARCH)
        });
        if icon.inner.clicked() {
            commands.push(Command::GoTo);
        }
        return;
    }
    let middle = bar
        .center()
        .x
        .clamp(area.left() + width / 2.0, area.right() - width / 2.0);
    let rect = Rect::from_center_size(pos2(middle, area.center().y), vec2(width, tokens::FIELD));
    let response = ui.interact(rect, ui.id().with("search"), Sense::click());
    let palette = theme::palette(ui.ctx());
    let line = if response.hovered() || response.has_focus() {
        palette.accent
    } else {
        palette.outline
    };
    let fill = color(theme::field_fill(palette));
    ui.painter().rect(
        rect,
        6.0,
        fill,
        Stroke::new(1.0, color(line)),
        StrokeKind::Inside,
    );
    let (foreground, size) = (color(palette.text_secondary), tokens::TEXT_NORMAL);
    let painter = ui.painter().with_clip_rect(rect);
    let at = pos2(rect.left() + 18.0, rect.center().y);
    painter.text(
        at,
        egui::Align2::CENTER_CENTER,
        icons::MAGNIFYING_GLASS,
        theme::icon(14.0),
        foreground,
    );
    let keys = painter.text(
        pos2(rect.right() - 10.0, rect.center().y),
        egui::Align2::RIGHT_CENTER,
        Keymap::of(ui.ctx()).text(&Command::GoTo),
        theme::mono(tokens::TEXT_TINY),
        color(palette.text_faint),
    );
    let words = match width > 330.0 {
        true => SEARCH,
        false => "Search",
    };
    let area = Rect::from_min_max(rect.min, pos2(keys.left() - 8.0, rect.bottom()));
    let at = pos2(rect.left() + 34.0, rect.center().y);
    painter.with_clip_rect(area).text(
        at,
        egui::Align2::LEFT_CENTER,
        words,
        theme::sans(size),
        foreground,
    );
    widgets::named(&response, egui::WidgetType::Button, SEARCH);
    if response.clicked() {
        commands.push(Command::GoTo);
    }
}
