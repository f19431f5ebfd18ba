//! Arrows and their chips.

use std::borrow::Cow;
use std::fmt::Write;

use super::Judged;
use super::look::{Line, colors, line_of, line_of_extra, sign_of};
use super::svg::{Anchor, Svg, hex, number, path};
use crate::model::Direction;
use crate::proof::Verdict;
use crate::scene::geom::{flatten, halves};
use crate::scene::tokens::{self, Palette, Rgb};
use crate::scene::{
    ApproxMeasure, Arrow, ArrowId, Cubic, ExtraKind, Measure, Point, Rect, TextStyle, bundle, pt,
};

/// A closed eye, on a square of 16: muted.
const MUTED: &str = "M1.5 7c3 4 10 4 13 0M3.5 9 2 11M12.5 9l1.5 2M6.5 10.2 6 12.5M9.5 10.2l.5 2.3";

/// The opacity of what is muted, and of the half of an arrow at a gate that it does not open.
pub(super) const FAINT: f32 = 0.45;

/// How an arrow is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ArrowLook {
    /// Its line.
    pub line: Line,
    /// The colour of the line.
    pub color: Rgb,
    /// The colours of the chip's text and border, and of its background.
    chip: [Rgb; 2],
    /// The sign in the chip.
    sign: Option<&'static str>,
    /// How many of its flows are not exact.
    wrong: usize,
}

impl ArrowLook {
    pub fn of(arrow: &Arrow, judged: &Judged, palette: &Palette) -> Self {
        let (worst, common, wrong) = match arrow.id {
            ArrowId::Extra(id) => return Self::of_extra(id.kind, palette),
            ArrowId::Flow(flow) => {
                let verdict = judged.verdicts.get(&flow).copied();
                (verdict, verdict, 0)
            }
            ArrowId::Bundle(bundle) => {
                let bundled = judged.bundles.get(&bundle);
                bundled.map_or((None, None, 0), |b| (b.worst, b.common, b.wrong))
            }
        };
        let look = Self::of_verdict(worst, palette);
        let whole = Self::of_verdict(common, palette);
        let sign = match arrow.muted {
            true => Some(MUTED),
            false if arrow.denies => look.sign.or(Some(ExtraKind::Denied.sign())),
            false => look.sign,
        };
        Self {
            line: if arrow.muted { Line::Solid } else { whole.line },
            color: whole.color,
            sign,
            wrong,
            ..look
        }
    }

    /// The same with a dotted line.
    pub fn dotted(self) -> Self {
        Self {
            line: Line::Dotted,
            ..self
        }
    }

    /// The look of a flow with that verdict.
    pub fn of_verdict(verdict: Option<Verdict>, palette: &Palette) -> Self {
        let [color, foreground, background] = colors(verdict, palette);
        Self {
            line: line_of(verdict),
            color,
            chip: [foreground, background],
            sign: sign_of(verdict),
            wrong: 0,
        }
    }

    /// The look of an arrow that is no flow.
    pub fn of_extra(kind: ExtraKind, palette: &Palette) -> Self {
        let (color, background) = kind.colors(palette);
        Self {
            line: line_of_extra(kind),
            color,
            chip: [color, background],
            sign: Some(kind.sign()),
            wrong: 0,
        }
    }
}

impl Svg {
    /// The line of an arrow with its head, without its chip.
    pub(super) fn arrow(&mut self, arrow: &Arrow, look: &ArrowLook) {
        let width = arrow.width();
        let opacity = if arrow.muted { FAINT } else { 1.0 };
        match arrow.half {
            None => self.stroke(&curve(&arrow.curve), look, width, opacity),
            Some(only) => {
                let (first, second) = halves(&flatten(&arrow.curve, 3.0));
                let (kept, other) = match only {
                    Direction::Egress => (first, second),
                    Direction::Ingress => (second, first),
                };
                self.stroke(&path(&kept), look, width, opacity);
                self.stroke(&path(&other), &look.dotted(), width, FAINT);
            }
        }
        let opacity = match arrow.half {
            Some(Direction::Egress) => FAINT,
            _ => opacity,
        };
        let size = bundle::head(width);
        let (tip, heading) = (arrow.tip, arrow.heading);
        match arrow.denies {
            true => self.bar(tip, heading, size, look.color, opacity),
            false => self.head(tip, heading, size, look.color, opacity),
        }
    }

    /// A line in the look of an arrow.
    pub(super) fn stroke(&mut self, d: &str, look: &ArrowLook, width: f32, opacity: f32) {
        let color = hex(look.color);
        let faint = faint(opacity);
        let (width, dashes) = match look.line {
            Line::Solid => (width, ""),
            Line::Double => (3.0 * width + 0.8, ""),
            Line::Dashed => (width, r#" stroke-dasharray="6 4.5""#),
            Line::DashDot => (width, r#" stroke-dasharray="8 4 1.8 4""#),
            Line::Dotted => (width, r#" stroke-dasharray="1.6 3.4""#),
            Line::Dots => (width, r#" stroke-dasharray="0.1 5" stroke-linecap="round""#),
        };
        self.line(format_args!(
            r#"<path d="{d}" fill="none" stroke="{color}" stroke-width="{}"{dashes}{faint}/>"#,
            number(width)
        ));
        if look.line == Line::Double {
            let core = (width - 0.8) / 3.0 + 0.8;
            let canvas = hex(self.palette.canvas);
            self.line(format_args!(
                r#"<path d="{d}" fill="none" stroke="{canvas}" stroke-width="{}"/>"#,
                number(core)
            ));
        }
    }

    /// The head of an arrow.
    pub(super) fn head(&mut self, tip: Point, heading: Point, size: f32, color: Rgb, opacity: f32) {
        let across = pt(heading.y, -heading.x) * (size * 0.5);
        let back = tip - heading * size;
        let notch = tip - heading * (size * 0.74);
        let d = path(&[tip, back + across, notch, back - across]);
        let (color, faint) = (hex(color), faint(opacity));
        self.line(format_args!(r#"<path d="{d}Z" fill="{color}"{faint}/>"#));
    }

    /// The end of an arrow that denies.
    pub(super) fn bar(&mut self, tip: Point, heading: Point, size: f32, color: Rgb, opacity: f32) {
        let across = pt(heading.y, -heading.x) * (size * 0.55);
        let middle = tip - heading * 2.0;
        let d = path(&[middle + across, middle - across]);
        let (color, faint) = (hex(color), faint(opacity));
        self.line(format_args!(
            r#"<path d="{d}" stroke="{color}" stroke-width="2.4"{faint}/>"#
        ));
    }

    /// The chip of an arrow.
    pub(super) fn chip(&mut self, arrow: &Arrow, look: &ArrowLook) {
        let Some(chip) = &arrow.chip else { return };
        let p = self.palette;
        let [mut foreground, background] = look.chip;
        let quiet = match arrow.id {
            ArrowId::Extra(id) => id.kind == ExtraKind::Imported,
            ArrowId::Flow(_) | ArrowId::Bundle(_) => look.sign.is_none() || arrow.muted,
        };
        let border = if quiet { p.hairline } else { foreground };
        if arrow.muted {
            foreground = p.text_faint;
        }
        let text = match look.wrong {
            0 => Cow::Borrowed(&chip.text),
            wrong => Cow::Owned(format!("{wrong} of {}", arrow.flows)),
        };
        let style = match arrow.id {
            ArrowId::Bundle(_) => TextStyle::Badge,
            ArrowId::Flow(_) | ArrowId::Extra(_) => TextStyle::Chip,
        };
        let scale = chip.scale();
        let lead = if look.sign.is_some() {
            14.0 * scale
        } else {
            0.0
        };
        let text_width = ApproxMeasure.width(&text, style) * scale;
        let least = text_width + lead + 2.0 * (tokens::CHIP_PADDING - 1.0) * scale;
        let centre = chip.rect.centre();
        let outer = Rect::around(centre, chip.rect.width().max(least), chip.rect.height());
        self.rect(outer, tokens::CHIP / 2.0, background, Some(border));
        if let Some(sign) = look.sign {
            let x = centre.x - (text_width + lead) / 2.0 + 5.0 * scale;
            self.icon(pt(x, centre.y), sign, 11.0 * scale, foreground);
        }
        let at = pt(centre.x + lead / 2.0, centre.y);
        if scale == 1.0 {
            return self.text(at, &text, style, foreground, Anchor::Middle);
        }
        let (x, y) = (number(at.x), number(at.y));
        let scale = number(scale);
        self.line(format_args!(
            r#"<g transform="translate({x} {y}) scale({scale})">"#
        ));
        self.text(pt(0.0, 0.0), &text, style, foreground, Anchor::Middle);
        self.line(format_args!("</g>"));
    }
}

fn faint(opacity: f32) -> String {
    match opacity {
        1.0 => String::new(),
        opacity => format!(r#" opacity="{opacity}""#),
    }
}

/// The commands of a path along a curve.
fn curve(curve: &[Cubic]) -> String {
    let Some(first) = curve.first() else {
        return String::new();
    };
    let mut d = path(&[first.from]);
    for c in curve {
        let [c1, c2, to] = [c.c1, c.c2, c.to].map(|p| pt(number(p.x), number(p.y)));
        let _ = match c.is_line() {
            true => write!(d, "L{} {}", to.x, to.y),
            false => write!(d, "C{} {} {} {} {} {}", c1.x, c1.y, c2.x, c2.y, to.x, to.y),
        };
    }
    d
}
