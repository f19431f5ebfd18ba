//! The start screen: open, new project, examples, recent projects.

use std::path::Path;

use egui::{
    Align2, CornerRadius, Rect, Response, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui,
    UiBuilder, WidgetType, pos2, vec2,
};

use crate::app::command::{Command, Commands, Keymap};
use crate::app::files::Files;
use crate::app::icons;
use crate::app::preferences::Preferences;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::scene::tokens::{self, Palette};

/// Width of the content.
const WIDTH: f32 = 760.0;
const GAP: f32 = 20.0;
/// Height of the strip below.
const FOOT: f32 = 64.0;

/// Shows the start screen.
pub fn start_ui(ui: &mut Ui, files: &Files, preferences: &Preferences, commands: &mut Commands) {
    let palette = theme::palette(ui.ctx());
    let whole = ui.max_rect();
    ui.painter().rect_filled(whole, 0.0, color(palette.canvas));
    // The foot has a strip of its own, whatever the list of recent projects is.
    let content = UiBuilder::new().max_rect(whole.with_max_y(whole.bottom() - FOOT));
    let content = &mut ui.new_child(content);
    ScrollArea::vertical()
        .auto_shrink(false)
        .show(content, |ui| {
            let width = WIDTH.min(whole.width() - 48.0);
            let above = ((whole.height() - 640.0) * 0.42).clamp(32.0, 180.0);
            let left = ((whole.width() - width) / 2.0).floor();
            let column = Rect::from_min_size(
                pos2(whole.left() + left, ui.cursor().top() + above),
                vec2(width, 0.0),
            );
            ui.scope_builder(UiBuilder::new().max_rect(column), |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                head_ui(ui, palette);
                ui.add_space(40.0);
                cards_ui(ui, commands);
                ui.add_space(28.0);
                examples_ui(ui, commands);
                recent_ui(ui, preferences, commands);
                ui.add_space(16.0);
            });
        });
    foot_ui(ui, whole, files, palette, commands);
    corner_ui(ui, whole, palette, commands);
}

/// The logo, the name, and the purpose of the product.
fn head_ui(ui: &mut Ui, palette: &Palette) {
    ui.vertical_centered(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(68.0, 68.0), Sense::hover());
        sign(ui, rect, palette);
        ui.add_space(18.0);
        ui.label(RichText::new("Drawbridge").font(theme::semibold(26.0)));
        ui.add_space(8.0);
        let text = "Draw the traffic that should exist. Get the policies that allow exactly that.";
        ui.label(
            RichText::new(text)
                .font(theme::sans(14.0))
                .color(color(palette.text_secondary)),
        );
    });
}

/// The logo: two towers, the bridge between them, and its chain.
fn sign(ui: &Ui, rect: Rect, palette: &Palette) {
    ui.painter()
        .rect_filled(rect, rect.width() * 0.22, color(palette.accent));
    let at = |x: f32, y: f32| rect.min + vec2(x, y) * rect.width() / 512.0;
    let foreground = color(palette.on_accent);
    let stroke = Stroke::new(rect.width() * 30.0 / 512.0, foreground);
    let tower = |x: f32| {
        vec![
            at(x, 384.0),
            at(x, 144.0),
            at(x + 72.0, 144.0),
            at(x + 72.0, 384.0),
        ]
    };
    ui.painter().line(tower(120.0), stroke);
    ui.painter().line(tower(320.0), stroke);
    ui.painter()
        .line_segment([at(192.0, 320.0), at(320.0, 320.0)], stroke);
    let chain = Stroke::new(rect.width() * 22.0 / 512.0, foreground);
    ui.painter()
        .line_segment([at(192.0, 184.0), at(320.0, 320.0)], chain);
}

fn cards_ui(ui: &mut Ui, commands: &mut Commands) {
    let keymap = Keymap::of(ui.ctx());
    let cards = [
        (
            Command::OpenFolder,
            "Open a folder",
            "Manifests and policies",
            keymap.text(&Command::OpenFolder),
            icons::FOLDER_OPEN,
        ),
        (
            Command::OpenFiles,
            "Open files",
            "Manifests, or paste YAML here",
            "Ctrl V".to_owned(),
            icons::FILE_CODE,
        ),
        (
            Command::NewProject,
            "New project",
            "An empty canvas",
            keymap.text(&Command::NewProject),
            icons::PLUS,
        ),
    ];
    let rects = across(ui, cards.len(), 104.0);
    for (rect, (command, title, about, keys, icon)) in rects.into_iter().zip(cards) {
        if card(ui, rect, title, about, |ui, inner, palette| {
            let foreground = color(palette.accent);
            ui.painter().text(
                inner.left_top(),
                Align2::LEFT_TOP,
                icon,
                theme::icon(20.0),
                foreground,
            );
            let font = theme::mono(tokens::TEXT_TINY);
            ui.painter().text(
                inner.right_top(),
                Align2::RIGHT_TOP,
                keys,
                font,
                color(palette.text_faint),
            );
            inner.left_top() + vec2(0.0, 34.0)
        })
        .clicked()
        {
            commands.push(command);
        }
    }
    ui.add_space(10.0);
    ui.horizontal(|ui| {
        widgets::faint(ui, "Already have a project file?");
        if widgets::link(ui, "Open project…").clicked() {
            commands.push(Command::OpenProject);
        }
    });
}

fn examples_ui(ui: &mut Ui, commands: &mut Commands) {
    heading(ui, "Examples");
    let examples = [
        (
            Command::ExampleShop,
            "Online shop",
            "12 workloads in 3 namespaces",
            0,
        ),
        (
            Command::ExamplePlatform,
            "Platform",
            "60 workloads and monitoring",
            1,
        ),
        (
            Command::ExampleBookshop,
            "Bookshop on Cilium",
            "Domain names and HTTP rules",
            2,
        ),
    ];
    let rects = across(ui, examples.len(), 64.0);
    for (rect, (command, title, about, hue)) in rects.into_iter().zip(examples) {
        if card(ui, rect, title, about, |ui, inner, palette| {
            let at = pos2(inner.left() + 9.0, inner.center().y);
            let foreground = color(palette.icon(hue));
            ui.painter().text(
                at,
                Align2::CENTER_CENTER,
                icons::ARROW_RIGHT,
                theme::icon(18.0),
                foreground,
            );
            inner.left_top() + vec2(34.0, 0.0)
        })
        .clicked()
        {
            commands.push(command);
        }
    }
    ui.add_space(10.0);
    ui.horizontal(|ui| {
        widgets::faint(ui, "New to network policies?");
        if widgets::link(ui, "Learn: five classic mistakes").clicked() {
            commands.push(Command::Learn);
        }
    });
}

/// Rectangles side by side over the whole width.
fn across(ui: &mut Ui, count: usize, height: f32) -> Vec<Rect> {
    let (whole, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let width = (whole.width() - GAP * (count as f32 - 1.0)) / count as f32;
    let left = |at: usize| whole.left() + (width + GAP) * at as f32;
    (0..count)
        .map(|at| Rect::from_min_size(pos2(left(at), whole.top()), vec2(width, height)))
        .collect()
}

/// A card that can be clicked; `paint` draws its icon and returns where the text begins.
fn card(
    ui: &mut Ui,
    rect: Rect,
    title: &str,
    about: &str,
    paint: impl FnOnce(&Ui, Rect, &Palette) -> egui::Pos2,
) -> Response {
    let palette = theme::palette(ui.ctx());
    let response = ui.interact(rect, ui.id().with(("card", title)), Sense::click());
    let line = if response.hovered() || response.has_focus() {
        palette.accent
    } else {
        palette.hairline
    };
    let fill = if response.hovered() {
        palette.raised
    } else {
        palette.panel
    };
    let stroke = Stroke::new(1.0, color(line));
    ui.painter().rect(
        rect,
        CornerRadius::same(12),
        color(fill),
        stroke,
        StrokeKind::Inside,
    );
    let inner = rect.shrink2(vec2(18.0, if rect.height() > 80.0 { 18.0 } else { 14.0 }));
    let at = paint(ui, inner, palette);
    let painter = ui.painter().with_clip_rect(rect.shrink(8.0));
    let font = theme::semibold(13.5);
    painter.text(at, Align2::LEFT_TOP, title, font, color(palette.text));
    let below = at + vec2(0.0, 20.0);
    let font = theme::sans(tokens::TEXT_SMALL);
    painter.text(
        below,
        Align2::LEFT_TOP,
        about,
        font,
        color(palette.text_secondary),
    );
    widgets::named(&response, WidgetType::Button, title);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

fn heading(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).font(theme::semibold(13.0)));
    ui.add_space(10.0);
}

fn recent_ui(ui: &mut Ui, preferences: &Preferences, commands: &mut Commands) {
    if preferences.recent.is_empty() {
        return;
    }
    ui.add_space(28.0);
    heading(ui, "Recent");
    for path in &preferences.recent {
        if recent_row(ui, path).clicked() {
            commands.push(Command::OpenPaths(vec![path.clone()]));
        }
    }
}

fn recent_row(ui: &mut Ui, path: &Path) -> Response {
    let palette = theme::palette(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 36.0), Sense::click());
    let name = path
        .file_name()
        .map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let project = name.ends_with(".yaml");
    if response.hovered() || response.has_focus() {
        let background = tokens::mix(palette.canvas, palette.text, 0.05);
        ui.painter().rect_filled(rect, 6.0, color(background));
    }
    let line = Stroke::new(1.0, color(palette.hairline));
    ui.painter().hline(rect.x_range(), rect.bottom(), line);
    let middle = rect.center().y;
    let icon = if project {
        icons::FILE
    } else {
        icons::FOLDER_OPEN
    };
    let at = pos2(rect.left() + 8.0, middle);
    ui.painter().text(
        at,
        Align2::CENTER_CENTER,
        icon,
        theme::icon(15.0),
        color(palette.text_secondary),
    );
    let at = pos2(rect.left() + 26.0, middle);
    let font = theme::sans(13.0);
    let shown = ui
        .painter()
        .text(at, Align2::LEFT_CENTER, &name, font, color(palette.text));
    let folder = path.parent().map_or(String::new(), in_home);
    let area = Rect::from_min_max(pos2(shown.right() + 16.0, rect.top()), rect.max);
    let at = pos2(rect.right() - 4.0, middle);
    let font = theme::sans(tokens::TEXT_SMALL);
    let painter = ui.painter().with_clip_rect(area);
    painter.text(
        at,
        Align2::RIGHT_CENTER,
        folder,
        font,
        color(palette.text_secondary),
    );
    widgets::named(&response, WidgetType::Button, &format!("Open {name}"));
    response
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_text(path.display().to_string())
}

/// A folder with the home directory abbreviated: `~/work/shop`.
fn in_home(path: &Path) -> String {
    let home = std::env::var_os("HOME");
    match home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_path_buf)) {
        Some(rest) if rest.as_os_str().is_empty() => "~".into(),
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

fn foot_ui(ui: &mut Ui, whole: Rect, files: &Files, palette: &Palette, commands: &mut Commands) {
    let at = whole.center_bottom() - vec2(0.0, FOOT / 2.0);
    let text = if files.reading().is_some() {
        "Reading…"
    } else {
        "Or drop files anywhere in this window"
    };
    let font = theme::sans(tokens::TEXT_NORMAL);
    ui.painter().text(
        at,
        Align2::CENTER_CENTER,
        text,
        font,
        color(palette.text_faint),
    );
    if files.reading().is_some() {
        let rect = Rect::from_center_size(at + vec2(110.0, 0.0), vec2(90.0, 28.0));
        ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
            if widgets::secondary(ui, "Cancel").clicked() {
                commands.push(Command::StopReading);
            }
        });
    }
}

/// The theme can be changed before anything is open.
fn corner_ui(ui: &mut Ui, whole: Rect, palette: &Palette, commands: &mut Commands) {
    let rect = Rect::from_min_size(whole.right_top() + vec2(-80.0, 8.0), vec2(64.0, 28.0));
    ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let (icon, name, command) = match palette.dark {
                true => (icons::SUN, "Light theme", Command::ThemeLight),
                false => (icons::MOON, "Dark theme", Command::ThemeDark),
            };
            if widgets::icon_button(ui, icon, name).clicked() {
                commands.push(command);
            }
            if widgets::icon_button(ui, icons::KEYBOARD, "Keyboard shortcuts").clicked() {
                commands.push(Command::Keys);
            }
        });
    });
}
