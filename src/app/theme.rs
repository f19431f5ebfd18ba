//! egui's style and fonts, made from the tokens of [`crate::scene::tokens`]; no other file of the
//! window names a colour or a face.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow,
    Stroke, Style, TextStyle, Visuals, vec2,
};

use crate::picture::fonts as faces;
use crate::scene::tokens::{self, Palette, Rgb, Theme};

/// The theme that the user chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// As the desktop has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The regular face of names and sentences.
pub fn sans(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// The semibold face of titles and names that matter.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("semibold".into()))
}

/// The face of ports, labels, addresses and YAML.
pub fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// The heavier face of the same.
pub fn mono_medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("mono-medium".into()))
}

/// The face of icons at a size.
pub fn icon(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("icons".into()))
}

/// A token as egui has colours.
pub fn color([red, green, blue]: Rgb) -> Color32 {
    Color32::from_rgb(red, green, blue)
}

/// The theme in force.
pub fn current(context: &Context) -> Theme {
    let contrast = context.data(|data| data.get_temp::<bool>(contrast_id()).unwrap_or_default());
    match (context.theme(), contrast) {
        (egui::Theme::Light, false) => Theme::Light,
        (egui::Theme::Dark, false) => Theme::Dark,
        (egui::Theme::Light, true) => Theme::HighContrastLight,
        (egui::Theme::Dark, true) => Theme::HighContrastDark,
    }
}

/// The colours in force.
pub fn palette(context: &Context) -> &'static Palette {
    current(context).palette()
}

/// Puts a choice into force.
pub fn apply(context: &Context, choice: Choice, high_contrast: bool, reduced_motion: bool) {
    context.data_mut(|data| data.insert_temp(contrast_id(), high_contrast));
    let (light, dark) = if high_contrast {
        (Theme::HighContrastLight, Theme::HighContrastDark)
    } else {
        (Theme::Light, Theme::Dark)
    };
    context.set_style_of(egui::Theme::Light, style(light.palette(), reduced_motion));
    context.set_style_of(egui::Theme::Dark, style(dark.palette(), reduced_motion));
    context.set_theme(match choice {
        Choice::System => egui::ThemePreference::System,
        Choice::Light => egui::ThemePreference::Light,
        Choice::Dark => egui::ThemePreference::Dark,
    });
}

fn contrast_id() -> egui::Id {
    egui::Id::new("high contrast")
}

/// Installs the fonts in egui, and disables whole-window zoom, whose keys belong to the canvas.
pub fn install(context: &Context) {
    context.set_fonts(fonts());
    context.options_mut(|options| {
        options.zoom_with_keyboard = false;
        options.fallback_theme = egui::Theme::Light;
    });
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let faces: [(&str, &'static [u8]); 4] = [
        ("Inter", faces::SANS),
        ("Inter SemiBold", faces::SANS_SEMIBOLD),
        ("JetBrains Mono", faces::MONO),
        ("JetBrains Mono Medium", faces::MONO_MEDIUM),
    ];
    for (name, bytes) in faces {
        let data = FontData::from_static(bytes);
        fonts.font_data.insert(name.into(), Arc::new(data));
    }
    let icons = egui_phosphor::Variant::Regular.font_bytes();
    fonts
        .font_data
        .insert("Phosphor".into(), Arc::new(FontData::from_static(icons)));
    let family = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    fonts.families = BTreeMap::from([
        (
            FontFamily::Proportional,
            family(&["Inter", "Phosphor", "JetBrains Mono"]),
        ),
        (
            FontFamily::Monospace,
            family(&["JetBrains Mono", "Phosphor", "Inter"]),
        ),
        (
            FontFamily::Name("semibold".into()),
            family(&["Inter SemiBold", "Phosphor"]),
        ),
        (
            FontFamily::Name("mono-medium".into()),
            family(&["JetBrains Mono Medium", "Phosphor"]),
        ),
        (
            // Icons have a font family of their own: Inter has other characters at the icons' code
            // points, and the icon font has blanks for letters.
            FontFamily::Name("icons".into()),
            family(&["Phosphor", "Inter"]),
        ),
    ]);
    fonts
}

fn style(palette: &Palette, reduced_motion: bool) -> Style {
    let mut style = Style {
        text_styles: BTreeMap::from([
            (TextStyle::Small, sans(tokens::TEXT_SMALL)),
            (TextStyle::Body, sans(tokens::TEXT_NORMAL)),
            (TextStyle::Button, sans(tokens::TEXT_NORMAL)),
            (TextStyle::Heading, semibold(tokens::TEXT_LARGE)),
            (TextStyle::Monospace, mono(tokens::TEXT_SMALL)),
        ]),
        animation_time: if reduced_motion { 0.0 } else { tokens::MOTION },
        visuals: visuals(palette),
        ..Style::default()
    };
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 4.0);
    spacing.button_padding = vec2(10.0, 4.0);
    spacing.interact_size = vec2(24.0, tokens::BUTTON);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.icon_width = 16.0;
    spacing.icon_spacing = 8.0;
    spacing.combo_width = 120.0;
    spacing.menu_width = 260.0;
    spacing.tooltip_width = 360.0;
    spacing.scroll = egui::style::ScrollStyle::floating();
    style.interaction.tooltip_delay = 0.4;
    style.interaction.selectable_labels = false;
    if reduced_motion {
        style.scroll_animation = egui::style::ScrollAnimation::none();
    }
    style
}

fn visuals(p: &Palette) -> Visuals {
    let mut v = if p.dark {
        Visuals::dark()
    } else {
        Visuals::light()
    };
    let radius = CornerRadius::same(6);
    let set = |w: &mut egui::style::WidgetVisuals, fill: Rgb, stroke: Rgb, text: Rgb| {
        w.bg_fill = color(fill);
        w.weak_bg_fill = color(fill);
        w.bg_stroke = Stroke::new(1.0, color(stroke));
        w.fg_stroke = Stroke::new(1.0, color(text));
        w.corner_radius = radius;
        w.expansion = 0.0;
    };
    let hover = tokens::mix(p.panel, p.text, 0.05);
    set(&mut v.widgets.noninteractive, p.panel, p.hairline, p.text);
    set(&mut v.widgets.inactive, p.raised, p.outline, p.text);
    set(&mut v.widgets.hovered, hover, p.outline, p.text);
    set(
        &mut v.widgets.active,
        tokens::mix(p.panel, p.text, 0.1),
        p.outline,
        p.text,
    );
    set(&mut v.widgets.open, hover, p.outline, p.text);
    v.override_text_color = None;
    v.weak_text_color = Some(color(p.text_faint));
    v.selection.bg_fill = color(p.accent_soft);
    v.selection.stroke = Stroke::new(1.5, color(p.accent));
    v.hyperlink_color = color(p.accent);
    v.faint_bg_color = color(p.canvas);
    v.extreme_bg_color = color(p.canvas);
    v.text_edit_bg_color = Some(color(field_fill(p)));
    v.code_bg_color = color(p.code);
    v.warn_fg_color = color(p.wide);
    v.error_fg_color = color(p.blocked);
    v.window_fill = color(p.raised);
    v.window_stroke = Stroke::new(1.0, color(p.outline));
    v.window_corner_radius = CornerRadius::same(12);
    v.menu_corner_radius = CornerRadius::same(8);
    v.panel_fill = color(p.panel);
    let shade = Color32::from_black_alpha(if p.dark { 110 } else { 32 });
    v.window_shadow = Shadow {
        offset: [0, 12],
        blur: 40,
        spread: 0,
        color: shade,
    };
    v.popup_shadow = Shadow {
        offset: [0, 6],
        blur: 20,
        spread: 0,
        color: shade,
    };
    v.button_frame = true;
    v.indent_has_left_vline = false;
    // A blinking caret would be a frame twice a second for nothing.
    v.text_cursor.blink = false;
    v.text_cursor.stroke = Stroke::new(1.5, color(p.accent));
    v
}

/// Background of text fields.
pub fn field_fill(p: &Palette) -> Rgb {
    if p.dark { p.code } else { p.canvas }
}
