//! Every colour and size of the window and of SVG files; no other module defines one.

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// Which table of colours is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// Light, with stronger contrast.
    HighContrastLight,
    /// Dark, with stronger contrast.
    HighContrastDark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Light,
        Self::Dark,
        Self::HighContrastLight,
        Self::HighContrastDark,
    ];

    /// Its colours.
    pub const fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
            Self::HighContrastLight => &HIGH_CONTRAST_LIGHT,
            Self::HighContrastDark => &HIGH_CONTRAST_DARK,
        }
    }
}

/// The colours of one theme.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    /// Light text on dark backgrounds.
    pub dark: bool,
    /// Background of the canvas.
    pub canvas: Rgb,
    /// Its dots.
    pub canvas_dot: Rgb,
    /// Background of panels and nodes.
    pub panel: Rgb,
    /// Background of floating elements: menus, chips, fields.
    pub raised: Rgb,
    /// Line between panels.
    pub hairline: Rgb,
    /// Border of nodes, fields and buttons.
    pub outline: Rgb,
    /// Text.
    pub text: Rgb,
    /// Secondary text.
    pub text_secondary: Rgb,
    /// Faint text.
    pub text_faint: Rgb,
    /// Arrows.
    pub flow: Rgb,
    /// Keys in YAML.
    pub yaml_key: Rgb,
    /// Strings in YAML.
    pub yaml_text: Rgb,
    /// Numbers in YAML.
    pub yaml_number: Rgb,
    /// Selection and the primary button.
    pub accent: Rgb,
    /// Background of what is selected.
    pub accent_soft: Rgb,
    /// Text on `accent`.
    pub on_accent: Rgb,
    /// Verdict: exactly as drawn.
    pub exact: Rgb,
    /// Its background.
    pub exact_soft: Rgb,
    /// Verdict: too wide.
    pub wide: Rgb,
    /// Its background.
    pub wide_soft: Rgb,
    /// Verdict: blocked.
    pub blocked: Rgb,
    /// Its background.
    pub blocked_soft: Rgb,
    /// Observed traffic.
    pub observed: Rgb,
    /// Suggested flows: for lines only.
    pub suggested: Rgb,
    /// Background of code.
    pub code: Rgb,
    /// How much of its hue a namespace's background takes, 0..1.
    pub hue_fill: f32,
    /// How much of its hue a namespace's border takes, 0..1.
    pub hue_border: f32,
    /// Colours of icons of each hue.
    pub hue_icons: [Rgb; HUES.len()],
}

const fn rgb(hex: u32) -> Rgb {
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
}

/// Hues of namespaces, given out in turn.
pub const HUES: [Rgb; 8] = [
    rgb(0x3B82F6),
    rgb(0x0D9488),
    rgb(0xA855F7),
    rgb(0xD97706),
    rgb(0xDB2777),
    rgb(0x65A30D),
    rgb(0x0891B2),
    rgb(0x6366F1),
];

/// The light theme.
pub const LIGHT: Palette = Palette {
    dark: false,
    canvas: rgb(0xF6F7F9),
    canvas_dot: rgb(0xDDE1E7),
    panel: rgb(0xFFFFFF),
    raised: rgb(0xFFFFFF),
    hairline: rgb(0xE2E6EC),
    outline: rgb(0xCBD2DB),
    text: rgb(0x1B2330),
    text_secondary: rgb(0x5A6676),
    text_faint: rgb(0x626D7C),
    flow: rgb(0x4C5A6E),
    yaml_key: rgb(0x0B5CAD),
    yaml_text: rgb(0x1A7A42),
    yaml_number: rgb(0x9A4A00),
    accent: rgb(0x1D5BE8),
    accent_soft: rgb(0xE8EFFF),
    on_accent: rgb(0xFFFFFF),
    exact: rgb(0x14753A),
    exact_soft: rgb(0xE5F5EA),
    wide: rgb(0xA84B06),
    wide_soft: rgb(0xFDF1DF),
    blocked: rgb(0xC42B2B),
    blocked_soft: rgb(0xFCE9E9),
    observed: rgb(0x7C4DDB),
    suggested: rgb(0x5382EC),
    code: rgb(0xFAFBFC),
    hue_fill: 0.055,
    hue_border: 0.45,
    hue_icons: [
        rgb(0x2F74E6),
        rgb(0x0B857A),
        rgb(0x9A45EA),
        rgb(0xB96205),
        rgb(0xC81F69),
        rgb(0x54880B),
        rgb(0x077C99),
        rgb(0x5457E0),
    ],
};

/// The dark theme.
pub const DARK: Palette = Palette {
    dark: true,
    canvas: rgb(0x12151A),
    canvas_dot: rgb(0x262C35),
    panel: rgb(0x191D24),
    raised: rgb(0x20252E),
    hairline: rgb(0x2A313C),
    outline: rgb(0x3A4350),
    text: rgb(0xE7EBF1),
    text_secondary: rgb(0xA3AEBD),
    text_faint: rgb(0x8B97A8),
    flow: rgb(0x93A1B5),
    yaml_key: rgb(0x7DB7FF),
    yaml_text: rgb(0x7FD39B),
    yaml_number: rgb(0xF2B56B),
    accent: rgb(0x6E9BFF),
    accent_soft: rgb(0x1F2E4F),
    on_accent: rgb(0x0D1530),
    exact: rgb(0x4CC27A),
    exact_soft: rgb(0x16301F),
    wide: rgb(0xF0B04A),
    wide_soft: rgb(0x3A2B10),
    blocked: rgb(0xFF7B7B),
    blocked_soft: rgb(0x3C1B1E),
    observed: rgb(0xB79CFF),
    suggested: rgb(0x577AC6),
    code: rgb(0x14181E),
    hue_fill: 0.07,
    hue_border: 0.45,
    hue_icons: [
        rgb(0x6EA5FF),
        rgb(0x2BC4B4),
        rgb(0xC184FF),
        rgb(0xF0A23C),
        rgb(0xF472B0),
        rgb(0x9BD13F),
        rgb(0x38BDDB),
        rgb(0x9698FF),
    ],
};

/// The light theme with stronger colours and lines.
pub const HIGH_CONTRAST_LIGHT: Palette = Palette {
    canvas: rgb(0xFFFFFF),
    canvas_dot: rgb(0xC4CAD3),
    hairline: rgb(0x8A94A3),
    outline: rgb(0x4A5565),
    text: rgb(0x000000),
    text_secondary: rgb(0x252D38),
    text_faint: rgb(0x38424F),
    flow: rgb(0x1B2330),
    yaml_key: rgb(0x063E78),
    yaml_text: rgb(0x0A4A25),
    yaml_number: rgb(0x6A3200),
    accent: rgb(0x0B3FB3),
    exact: rgb(0x0A4F25),
    wide: rgb(0x7A3300),
    blocked: rgb(0x9A1414),
    observed: rgb(0x5527B0),
    suggested: rgb(0x0B3FB3),
    code: rgb(0xFFFFFF),
    hue_border: 0.9,
    hue_icons: [
        rgb(0x174FAE),
        rgb(0x075A52),
        rgb(0x6B1FB5),
        rgb(0x7E4202),
        rgb(0x8F1349),
        rgb(0x385C06),
        rgb(0x045569),
        rgb(0x3336B5),
    ],
    ..LIGHT
};

/// The dark theme with stronger colours and lines.
pub const HIGH_CONTRAST_DARK: Palette = Palette {
    canvas: rgb(0x000000),
    canvas_dot: rgb(0x3A4350),
    panel: rgb(0x07090C),
    raised: rgb(0x0F1217),
    hairline: rgb(0x7C8899),
    outline: rgb(0xA3AEBD),
    text: rgb(0xFFFFFF),
    text_secondary: rgb(0xDDE3EB),
    text_faint: rgb(0xC3CCD8),
    flow: rgb(0xDDE3EB),
    yaml_key: rgb(0xA9CFFF),
    yaml_text: rgb(0xA6E8BC),
    yaml_number: rgb(0xFFD199),
    accent: rgb(0x9DBCFF),
    exact: rgb(0x7BE3A3),
    wide: rgb(0xFFCB7A),
    blocked: rgb(0xFFA3A3),
    observed: rgb(0xD2C2FF),
    suggested: rgb(0x9DBCFF),
    code: rgb(0x000000),
    hue_border: 0.9,
    ..DARK
};

impl Palette {
    /// The hue of a namespace, whatever its number.
    pub fn hue(hue: usize) -> Rgb {
        HUES[hue % HUES.len()]
    }

    /// Background of a namespace.
    pub fn namespace_fill(&self, hue: usize) -> Rgb {
        mix(self.canvas, Self::hue(hue), self.hue_fill)
    }

    /// Border of a namespace.
    pub fn namespace_border(&self, hue: usize) -> Rgb {
        mix(self.canvas, Self::hue(hue), self.hue_border)
    }

    /// Icons of a namespace and of its nodes.
    pub fn icon(&self, hue: usize) -> Rgb {
        self.hue_icons[hue % self.hue_icons.len()]
    }

    /// The tile behind a node's icon.
    pub fn icon_tile(&self, hue: usize) -> Rgb {
        mix(
            self.panel,
            Self::hue(hue),
            if self.dark { 0.2 } else { 0.14 },
        )
    }

    /// The tile behind the icon of a node outside all namespaces.
    pub fn plain_tile(&self) -> Rgb {
        mix(self.panel, self.text_faint, 0.16)
    }
}

/// A colour `amount` (0..1) of the way from `background` to `over`.
pub fn mix(background: Rgb, over: Rgb, amount: f32) -> Rgb {
    let one = |i: usize| {
        let (a, b) = (f32::from(background[i]), f32::from(over[i]));
        (a + (b - a) * amount).round() as u8
    };
    [one(0), one(1), one(2)]
}

/// Contrast of two colours as WCAG 2 defines it, 1..=21.
pub fn contrast(a: Rgb, b: Rgb) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: Rgb) -> f32 {
    let linear = |c: u8| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

/// Every position and size is a multiple of this.
pub const GRID: f32 = 4.0;
/// Height of the top bar.
pub const BAR: f32 = 44.0;
/// Height of the status bar.
pub const STATUS: f32 = 30.0;
/// Width of the outline panel at first.
pub const OUTLINE: f32 = 232.0;
/// Width of the inspector at first.
pub const INSPECTOR: f32 = 372.0;
/// Least width of the outline panel.
pub const OUTLINE_LEAST: f32 = 184.0;
/// Least width of the inspector.
pub const INSPECTOR_LEAST: f32 = 320.0;
/// Width of a panel that is a rail.
pub const RAIL: f32 = 44.0;
/// Padding of panels.
pub const PADDING: f32 = 16.0;
/// Height of rows in lists.
pub const ROW: f32 = 24.0;
/// Height of fields.
pub const FIELD: f32 = 28.0;
/// Height of buttons.
pub const BUTTON: f32 = 28.0;
/// Height of nodes.
pub const NODE_HEIGHT: f32 = 54.0;
/// Least width of nodes.
pub const NODE_MIN_WIDTH: f32 = 164.0;
/// Greatest width of nodes.
pub const NODE_MAX_WIDTH: f32 = 260.0;
/// Corner radius of nodes.
pub const NODE_RADIUS: f32 = 8.0;
/// Width left of a node's text: icon tile and gaps.
pub const NODE_TEXT_LEFT: f32 = 46.0;
/// Width right of a node's text: shields and gaps.
pub const NODE_TEXT_RIGHT: f32 = 30.0;
/// Side of the tile behind a node's icon.
pub const ICON_TILE: f32 = 30.0;
/// Side of icons.
pub const ICON: f32 = 16.0;
/// Size of a collapsed namespace.
pub const COLLAPSED: super::Point = super::Point { x: 168.0, y: 88.0 };
/// The stripe at the left of a collapsed namespace, in its hue.
pub const STRIPE: f32 = 4.0;
/// Side of a port at the border of a namespace.
pub const PORT: f32 = 12.0;
/// Radius of its corners.
pub const PORT_RADIUS: f32 = 3.5;
/// Corner radius of namespaces.
pub const NAMESPACE_RADIUS: f32 = 12.0;
/// Height of a namespace's header.
pub const NAMESPACE_HEADER: f32 = 36.0;
/// From a namespace's border to its nodes, at the left, the right and the bottom.
pub const NAMESPACE_PADDING: f32 = 24.0;
/// From a namespace's top to its nodes.
pub const NAMESPACE_TOP: f32 = 48.0;
/// Height of chips.
pub const CHIP: f32 = 19.0;
/// Padding at either end of a chip's text.
pub const CHIP_PADDING: f32 = 7.0;
/// Length of an arrow's head.
pub const ARROW_HEAD: f32 = 9.0;
/// Width of lines of arrows and icons.
pub const STROKE: f32 = 1.4;
/// Width of lines of suggested flows.
pub const SUGGESTED: f32 = 1.2;
/// Small print: labels, chips, badges.
pub const TEXT_TINY: f32 = 10.5;
/// Secondary text.
pub const TEXT_SMALL: f32 = 11.5;
/// Text.
pub const TEXT_NORMAL: f32 = 12.5;
/// Headings.
pub const TEXT_LARGE: f32 = 15.0;
/// How long an animation takes, in seconds; none with reduced motion.
pub const MOTION: f32 = 0.14;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text colour with every background that it is used on.
    fn pairs(p: &Palette) -> Vec<(&'static str, Rgb, Vec<Rgb>)> {
        let hues: Vec<Rgb> = (0..HUES.len()).map(|h| p.namespace_fill(h)).collect();
        let mut plain = vec![p.canvas, p.panel, p.raised, p.code];
        plain.extend(&hues);
        let soft = [p.accent_soft, p.exact_soft, p.wide_soft, p.blocked_soft];
        let all = || [plain.clone(), soft.to_vec()].concat();
        let verdict = |own: Rgb| vec![p.canvas, p.panel, p.raised, own];
        let code = || vec![p.code, p.accent_soft];
        vec![
            ("text", p.text, all()),
            ("text_secondary", p.text_secondary, all()),
            ("text_faint", p.text_faint, plain.clone()),
            ("accent", p.accent, verdict(p.accent_soft)),
            ("on accent", p.on_accent, vec![p.accent]),
            ("exact", p.exact, verdict(p.exact_soft)),
            ("wide", p.wide, verdict(p.wide_soft)),
            ("blocked", p.blocked, verdict(p.blocked_soft)),
            ("observed", p.observed, verdict(p.raised)),
            ("yaml key", p.yaml_key, code()),
            ("yaml text", p.yaml_text, code()),
            ("yaml number", p.yaml_number, code()),
        ]
    }

    #[test]
    fn text_contrast_suffices_on_every_background() {
        for theme in Theme::ALL {
            let least = match theme {
                Theme::Light | Theme::Dark => 4.5,
                Theme::HighContrastLight | Theme::HighContrastDark => 7.0,
            };
            for (name, text, backgrounds) in pairs(theme.palette()) {
                for background in backgrounds {
                    let is = contrast(text, background);
                    assert!(
                        is >= least,
                        "{theme:?}: {name} on {background:02X?} is {is:.2}"
                    );
                }
            }
        }
    }

    #[test]
    fn icon_and_arrow_contrast_suffices() {
        for theme in Theme::ALL {
            let p = theme.palette();
            for hue in 0..HUES.len() {
                assert!(
                    contrast(p.icon(hue), p.icon_tile(hue)) >= 3.0,
                    "{theme:?} {hue}"
                );
                assert!(contrast(p.flow, p.namespace_fill(hue)) >= 3.0);
            }
        }
    }

    #[test]
    fn contrast_matches_wcag() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 0.01);
        assert!((contrast([0x77; 3], [255; 3]) - 4.48).abs() < 0.01);
    }
}
