//! Elements of an SVG document.

use std::fmt::Write;

use super::look::{SHIELD, Shield};
use crate::scene::tokens::{self, Palette, Rgb};
use crate::scene::{ApproxMeasure, Measure, Point, Rect, TextStyle, pt};

/// Where a text stands at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A document that is being written.
pub(super) struct Svg {
    pub out: String,
    pub palette: &'static Palette,
}

impl Svg {
    /// A document of that area.
    pub fn new(area: Rect, palette: &'static Palette) -> Self {
        let mut svg = Self {
            out: String::new(),
            palette,
        };
        let (min, width, height) = (area.min, area.width(), area.height());
        svg.line(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{} {} {width} {height}" width="{width}" height="{height}" font-family="Inter, sans-serif">"#,
            min.x, min.y
        ));
        svg.rect(area, 0.0, palette.canvas, None);
        svg
    }

    /// The text of the document.
    pub fn finish(mut self) -> String {
        self.line(format_args!("<!-- {} -->", super::DRAWN_BY));
        self.out.push_str("</svg>\n");
        self.out
    }

    /// One line of text of the document; writing to a String cannot fail.
    pub fn line(&mut self, line: std::fmt::Arguments) {
        let _ = writeln!(self.out, "{line}");
    }

    /// Elements that belong together, with their name in full, which viewers show as a tooltip.
    pub fn group(&mut self, name: &str, draw: impl FnOnce(&mut Self)) {
        self.line(format_args!("<g><title>{}</title>", escape(name)));
        draw(self);
        self.line(format_args!("</g>"));
    }

    pub fn rect(&mut self, rect: Rect, radius: f32, fill: Rgb, stroke: Option<Rgb>) {
        let stroke = stroke.map_or(String::new(), |s| format!(r#" stroke="{}""#, hex(s)));
        self.line(format_args!(
            r#"<rect x="{}" y="{}" width="{}" height="{}" rx="{radius}" fill="{}"{stroke}/>"#,
            number(rect.min.x),
            number(rect.min.y),
            number(rect.width()),
            number(rect.height()),
            hex(fill)
        ));
    }

    /// One line of text with its middle line at `at.y`.
    pub fn text(&mut self, at: Point, text: &str, style: TextStyle, fill: Rgb, anchor: Anchor) {
        self.texts(at, &[(text, style, fill)], 0.0, anchor);
    }

    /// Texts side by side, with a gap between them.
    pub fn texts(&mut self, at: Point, parts: &[(&str, TextStyle, Rgb)], gap: f32, anchor: Anchor) {
        let Some(((first, style, fill), more)) = parts.split_first() else {
            return;
        };
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let mut line = format!(
            r#"<text x="{}" y="{}"{}{anchor}>{}"#,
            number(at.x),
            number(at.y + style.size() * 0.36),
            font(*style, *fill),
            escape(first)
        );
        for (text, style, fill) in more {
            let font = font(*style, *fill);
            let _ = write!(line, r#"<tspan dx="{gap}"{font}>{}</tspan>"#, escape(text));
        }
        self.line(format_args!("{line}</text>"));
    }

    /// Lines on a square of 16 as an icon of that size around a point.
    pub fn icon(&mut self, centre: Point, lines: &str, size: f32, color: Rgb) {
        let scale = size / tokens::ICON;
        let at = centre - pt(size / 2.0, size / 2.0);
        self.line(format_args!(
            r#"<path transform="translate({} {}) scale({})" d="{lines}" fill="none" stroke="{}" stroke-width="{}" stroke-linejoin="round" stroke-linecap="round"/>"#,
            number(at.x),
            number(at.y),
            number(scale),
            hex(color),
            number(tokens::STROKE / scale.max(0.8))
        ));
    }

    /// A shield: filled is isolated, half filled open in part, outlined open.
    pub fn shield(&mut self, centre: Point, height: f32, state: Shield) {
        let outline = SHIELD.map(|(x, y)| centre + pt(x, y) * height);
        let half: Vec<Point> = outline
            .iter()
            .copied()
            .filter(|p| p.x <= centre.x)
            .collect();
        let color = hex(state.color(self.palette));
        let filled: &[Point] = match state {
            Shield::Closed => &outline,
            Shield::ByChoice | Shield::Partly => &half,
            Shield::Open => &[],
        };
        if !filled.is_empty() {
            self.line(format_args!(
                r#"<path d="{}Z" fill="{color}"/>"#,
                path(filled)
            ));
        }
        if state != Shield::Closed {
            self.outline(centre, height, state.color(self.palette));
        }
    }

    /// The outline of a shield.
    pub fn outline(&mut self, centre: Point, height: f32, color: Rgb) {
        let outline = SHIELD.map(|(x, y)| centre + pt(x, y) * height);
        let width = number((height * 0.12).max(1.0));
        self.line(format_args!(
            r#"<path d="{}Z" fill="none" stroke="{}" stroke-width="{width}"/>"#,
            path(&outline),
            hex(color)
        ));
    }

    /// A chip from a point of its left side on, with a shield (filled in where the namespace is managed); returns
    /// where it ends.
    pub fn badge(&mut self, at: Point, text: &str, shielded: Option<(Shield, bool)>) -> f32 {
        let p = self.palette;
        let chip = Rect::new(
            at.x,
            at.y - tokens::CHIP / 2.0,
            badge_width(text, shielded.is_some()),
            tokens::CHIP,
        );
        self.rect(chip, tokens::CHIP / 2.0, p.raised, Some(p.hairline));
        let mut left = chip.min.x + tokens::CHIP_PADDING;
        if let Some((state, managed)) = shielded {
            let centre = pt(left + 5.0, at.y);
            match managed {
                true => self.shield(centre, 11.0, state),
                false => self.outline(centre, 11.0, p.text_secondary),
            }
            left += 16.0;
        }
        let at = pt(left, at.y);
        self.text(at, text, TextStyle::Badge, p.text_secondary, Anchor::Start);
        chip.max.x
    }
}

/// The width of a chip in a header or on a card.
pub(super) fn badge_width(text: &str, shielded: bool) -> f32 {
    let lead = if shielded { 16.0 } else { 0.0 };
    ApproxMeasure.width(text, TextStyle::Badge) + lead + 2.0 * tokens::CHIP_PADDING
}

fn font(style: TextStyle, fill: Rgb) -> String {
    let face = match style.mono() {
        true => r#" font-family="JetBrains Mono, monospace""#,
        false => "",
    };
    let weight = match style.semibold() {
        true => r#" font-weight="600""#,
        false => "",
    };
    format!(
        r#" font-size="{}" fill="{}"{face}{weight}"#,
        style.size(),
        hex(fill)
    )
}

/// The commands of a path through points.
pub(super) fn path(points: &[Point]) -> String {
    let mut d = String::new();
    for (at, point) in points.iter().enumerate() {
        let command = if at == 0 { 'M' } else { 'L' };
        let _ = write!(d, "{command}{} {}", number(point.x), number(point.y));
    }
    d
}

/// A number as short as a hundredth of a point needs it.
pub(super) fn number(value: f32) -> f32 {
    let rounded = (value * 100.0).round() / 100.0;
    // No negative zero.
    rounded + 0.0
}

pub(super) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Not allowed in XML, not even escaped.
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
    out
}
