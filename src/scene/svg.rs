//! Writes a scene as SVG, in the colours of one theme.

use std::fmt::Write;

use super::tokens::{self, Palette, Rgb, Theme};
use super::{
    Arrow, ArrowId, ExtraKind, Icon, NamespaceBox, NodeBox, Point, Port, Rect, Scene, Shape,
    TextStyle, pt,
};

/// Around everything, in points.
const MARGIN: f32 = 32.0;
/// Height of a line of text below the scene.
const LEGEND: f32 = 24.0;

/// The whole scene as an SVG document.
pub fn write(scene: &Scene, theme: Theme) -> String {
    write_with(scene, theme, &[])
}

/// The same with lines of text below the scene.
pub fn write_with(scene: &Scene, theme: Theme, legend: &[String]) -> String {
    let palette = theme.palette();
    let mut area = scene.bounds.grow(MARGIN);
    let below = scene.bounds.max.y + MARGIN;
    area.max.y += LEGEND * legend.len() as f32;
    let mut svg = Svg {
        out: String::new(),
        palette,
    };
    let _ = writeln!(
        svg.out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{} {} {} {}" width="{}" height="{}" font-family="Inter, sans-serif">"#,
        area.min.x,
        area.min.y,
        area.width(),
        area.height(),
        area.width(),
        area.height()
    );
    svg.rect(area, 0.0, palette.canvas, None);
    for space in &scene.namespaces {
        svg.namespace(space);
    }
    for arrow in &scene.arrows {
        svg.arrow(arrow);
    }
    for node in &scene.nodes {
        svg.node(node);
    }
    for port in scene.ports() {
        svg.port(&port);
    }
    for arrow in &scene.arrows {
        svg.chip(arrow);
    }
    for (at, line) in legend.iter().enumerate() {
        let at = pt(scene.bounds.min.x, below + LEGEND * (at as f32 + 0.5));
        svg.text(at, line, TextStyle::Title, palette.text, "start");
    }
    svg.out.push_str("</svg>\n");
    svg.out
}

struct Svg {
    out: String,
    palette: &'static Palette,
}

impl Svg {
    fn rect(&mut self, rect: Rect, radius: f32, fill: Rgb, stroke: Option<Rgb>) {
        let stroke = stroke.map_or(String::new(), |s| format!(r#" stroke="{}""#, hex(s)));
        let _ = writeln!(
            self.out,
            r#"<rect x="{}" y="{}" width="{}" height="{}" rx="{radius}" fill="{}"{stroke}/>"#,
            rect.min.x,
            rect.min.y,
            rect.width(),
            rect.height(),
            hex(fill)
        );
    }

    /// One line of text with its middle line at `at.y`.
    fn text(&mut self, at: Point, text: &str, style: TextStyle, fill: Rgb, anchor: &str) {
        let face = if style.mono() {
            r#" font-family="JetBrains Mono, monospace""#
        } else {
            ""
        };
        let weight = if style.semibold() {
            r#" font-weight="600""#
        } else {
            ""
        };
        let _ = writeln!(
            self.out,
            r#"<text x="{}" y="{}" font-size="{}" fill="{}" text-anchor="{anchor}"{face}{weight}>{}</text>"#,
            at.x,
            at.y + style.size() * 0.36,
            style.size(),
            hex(fill),
            escape(text)
        );
    }

    fn namespace(&mut self, space: &NamespaceBox) {
        let p = self.palette;
        if space.collapsed {
            return self.card(space);
        }
        let border = Some(p.namespace_border(space.hue));
        let fill = p.namespace_fill(space.hue);
        self.rect(space.rect, tokens::NAMESPACE_RADIUS, fill, border);
        let title = space.title_rect;
        let y = title.centre().y;
        let mark = Rect::around(pt(title.min.x + 22.0, y), 12.0, 12.0);
        self.rect(mark, 2.5, fill, Some(p.icon(space.hue)));
        let at = pt(title.min.x + 38.0, y);
        self.text(at, &space.title, TextStyle::Title, p.text, "start");
        let at = pt(title.max.x, y);
        let count = space.count.to_string();
        self.text(at, &count, TextStyle::Badge, p.text_faint, "end");
        let dns = if space.dns { 40.0 } else { 0.0 };
        let badges = space.badges_rect;
        let base = Rect::new(badges.min.x, y - 9.5, badges.width() - dns, tokens::CHIP);
        self.badge(base, space.base);
        if space.dns {
            self.badge(
                Rect::new(badges.max.x - 36.0, y - 9.5, 36.0, tokens::CHIP),
                "DNS",
            );
        }
    }

    /// A collapsed namespace.
    fn card(&mut self, space: &NamespaceBox) {
        let (p, rect) = (self.palette, space.rect);
        let sheet = rect.moved(pt(0.0, 4.0));
        for rect in [sheet, rect] {
            self.rect(rect, tokens::NODE_RADIUS, p.raised, Some(p.outline));
        }
        let stripe = Rect::new(rect.min.x, rect.min.y, tokens::STRIPE, rect.height());
        self.rect(stripe, tokens::STRIPE / 2.0, p.icon(space.hue), None);
        let y = rect.min.y + 20.0;
        let at = pt(rect.min.x + 14.0, y);
        self.text(at, &space.title, TextStyle::Title, p.text, "start");
        let count = match space.count {
            1 => "1 workload".to_owned(),
            count => format!("{count} workloads"),
        };
        let at = pt(rect.min.x + 14.0, y + 22.0);
        self.text(at, &count, TextStyle::Badge, p.text_secondary, "start");
        let chip = Rect::new(rect.min.x + 14.0, rect.min.y + 61.0, 96.0, tokens::CHIP);
        self.badge(chip, space.base);
        if space.dns {
            self.badge(
                Rect::new(chip.max.x + 4.0, chip.min.y, 36.0, tokens::CHIP),
                "DNS",
            );
        }
    }

    fn badge(&mut self, rect: Rect, text: &str) {
        let p = self.palette;
        self.rect(rect, tokens::CHIP / 2.0, p.raised, Some(p.hairline));
        self.text(
            rect.centre(),
            text,
            TextStyle::Badge,
            p.text_secondary,
            "middle",
        );
    }

    fn node(&mut self, node: &NodeBox) {
        let p = self.palette;
        let radius = match node.shape {
            Shape::Rounded => tokens::NODE_RADIUS,
            Shape::Pill => node.rect.height() / 2.0,
        };
        self.rect(node.rect, radius, p.panel, Some(p.outline));
        let side = tokens::ICON_TILE;
        let centre = pt(node.rect.min.x + 8.0 + side / 2.0, node.rect.centre().y);
        let (tile, foreground) = match node.hue {
            Some(hue) => (p.icon_tile(hue), p.icon(hue)),
            None => (p.plain_tile(), p.text_secondary),
        };
        let round = match node.shape {
            Shape::Rounded => 6.0,
            Shape::Pill => side / 2.0,
        };
        self.rect(Rect::around(centre, side, side), round, tile, None);
        let _ = writeln!(
            self.out,
            r#"<path transform="translate({} {})" d="{}" fill="none" stroke="{}" stroke-width="{}" stroke-linejoin="round" stroke-linecap="round"/>"#,
            centre.x - tokens::ICON / 2.0,
            centre.y - tokens::ICON / 2.0,
            icon(node.icon),
            hex(foreground),
            tokens::STROKE
        );
        let left = node.rect.min.x + tokens::NODE_TEXT_LEFT;
        let at = pt(left, node.rect.min.y + 18.0);
        self.text(at, &node.title, TextStyle::Title, p.text, "start");
        let at = pt(left, node.rect.min.y + 37.0);
        self.text(
            at,
            &node.subtitle,
            TextStyle::Label,
            p.text_secondary,
            "start",
        );
    }

    /// A square on the border of a namespace, with the direction of the flows.
    fn port(&mut self, port: &Port) {
        let hue = self.palette.icon(port.hue);
        self.rect(
            port.rect,
            tokens::PORT_RADIUS,
            self.palette.raised,
            Some(hue),
        );
        let (middle, along) = (port.rect.centre(), port.heading * 2.0);
        let (across, back) = (pt(-along.y, along.x), along * -0.5);
        let (a, tip, b) = (
            middle + back + across,
            middle + along,
            middle + back - across,
        );
        let _ = writeln!(
            self.out,
            r#"<path d="M{} {}L{} {}L{} {}" fill="none" stroke="{}"/>"#,
            a.x,
            a.y,
            tip.x,
            tip.y,
            b.x,
            b.y,
            hex(hue)
        );
    }

    fn arrow(&mut self, arrow: &Arrow) {
        let Some(first) = arrow.curve.first() else {
            return;
        };
        let mut d = format!("M{} {}", first.from.x, first.from.y);
        for c in &arrow.curve {
            let _ = if c.is_line() {
                write!(d, "L{} {}", c.to.x, c.to.y)
            } else {
                write!(
                    d,
                    "C{} {} {} {} {} {}",
                    c.c1.x, c.c1.y, c.c2.x, c.c2.y, c.to.x, c.to.y
                )
            };
        }
        let (width, head) = (arrow.width(), super::bundle::head(arrow.width()));
        let (tip, back) = (arrow.tip, arrow.heading * -head);
        let side = pt(arrow.heading.y, -arrow.heading.x) * (head * 0.5);
        let (a, b, notch) = (tip + back + side, tip + back - side, tip + back * 0.75);
        let extra = extra_of(arrow);
        let foreground = extra.map_or(self.palette.flow, |kind| kind.colors(self.palette).0);
        let (foreground, canvas) = (hex(foreground), hex(self.palette.canvas));
        let (dash, core) = match extra {
            Some(ExtraKind::TooWide) => {
                let core = format!(r#"<path d="{d}" fill="none" stroke="{canvas}"/>"#);
                (format!(r#" stroke-width="{}""#, 3.0 * tokens::STROKE), core)
            }
            kind => {
                let dash = kind
                    .and_then(ExtraKind::dashes)
                    .map_or(String::new(), |[on, off]| {
                        format!(r#" stroke-dasharray="{on} {off}""#)
                    });
                (format!(r#" stroke-width="{width}"{dash}"#), String::new())
            }
        };
        let fade = if arrow.muted {
            r#" opacity="0.45""#
        } else {
            ""
        };
        let end = match arrow.denies {
            true => {
                let (a, b) = (tip + side, tip - side);
                format!(
                    r#"<path d="M{} {}L{} {}" stroke="{foreground}" stroke-width="3"/>"#,
                    a.x, a.y, b.x, b.y
                )
            }
            false => format!(
                r#"<path d="M{} {}L{} {}L{} {}L{} {}Z" fill="{foreground}"/>"#,
                tip.x, tip.y, a.x, a.y, notch.x, notch.y, b.x, b.y
            ),
        };
        let _ = writeln!(
            self.out,
            r#"<g{fade}><path d="{d}" fill="none" stroke="{foreground}"{dash}/>{core}{end}</g>"#,
        );
    }

    fn chip(&mut self, arrow: &Arrow) {
        if let Some(chip) = &arrow.chip {
            let p = self.palette;
            let centre = chip.rect.centre();
            let Some(kind) = extra_of(arrow) else {
                self.rect(chip.rect, tokens::CHIP / 2.0, p.raised, Some(p.hairline));
                return self.text(
                    centre,
                    &chip.text,
                    TextStyle::Chip,
                    p.text_secondary,
                    "middle",
                );
            };
            let (foreground, background) = kind.colors(p);
            self.rect(chip.rect, tokens::CHIP / 2.0, background, Some(foreground));
            let at = pt(chip.rect.min.x + tokens::CHIP_PADDING, centre.y - 5.5);
            let _ = writeln!(
                self.out,
                r#"<path transform="translate({} {}) scale(0.7)" d="{}" fill="none" stroke="{}" stroke-width="2"/>"#,
                at.x,
                at.y,
                kind.sign(),
                hex(foreground)
            );
            let at = pt(centre.x + 7.0, centre.y);
            self.text(at, &chip.text, TextStyle::Chip, foreground, "middle");
        }
    }
}

fn extra_of(arrow: &Arrow) -> Option<ExtraKind> {
    match arrow.id {
        ArrowId::Flow(_) | ArrowId::Bundle(_) => None,
        ArrowId::Extra(id) => Some(id.kind),
    }
}

/// Line icons on a square of 16.
fn icon(icon: Icon) -> &'static str {
    match icon {
        Icon::Deployment => "M8 1.5 14 4.75v6.5L8 14.5l-6-3.25v-6.5ZM2 4.75 8 8l6-3.25M8 8v6.5",
        Icon::StatefulSet => {
            "M3 3.6C3 .8 13 .8 13 3.6v8.8c0 2.8-10 2.8-10 0ZM3 3.6c0 2.8 10 2.8 10 0M3 8c0 2.8 10 2.8 10 0"
        }
        Icon::DaemonSet => {
            "M8 2 14.5 5.5 8 9 1.5 5.5ZM1.5 8.5 8 12l6.5-3.5M1.5 11.2 8 14.7l6.5-3.5"
        }
        Icon::Job => "M6.5 4H14M6.5 8H14M6.5 12H14M1.5 4l1 1 2-2M1.5 8l1 1 2-2M1.5 12l1 1 2-2",
        Icon::CronJob => "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM8 4.5V8l2.5 1.5",
        Icon::Pod => "M8 2 13.2 5v6L8 14 2.8 11V5Z",
        Icon::Internet => {
            "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0ZM2 8h12M8 2c-5 4-5 8 0 12M8 2c5 4 5 8 0 12"
        }
        Icon::External => "M4.5 12.5a3 3 0 0 1-.4-5.9 4 4 0 0 1 7.7-.6 3.3 3.3 0 0 1-.4 6.5Z",
        Icon::Group => "M2 2h5v5H2ZM9 2h5v5H9ZM2 9h5v5H2ZM9 9h5v5H9Z",
        Icon::AnyPod => "M8 2v12M2.8 5l10.4 6M13.2 5 2.8 11",
    }
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Document;
    use crate::scene::{ApproxMeasure, Request, Visible, fixture, layout};

    fn draw(document: &Document, name: &str) {
        let request = Request::of(document, &ApproxMeasure);
        let start = std::time::Instant::now();
        let scene = layout::arrange(&request);
        let chips = scene.arrows.iter().filter(|a| a.chip.is_some()).count();
        println!(
            "{name}: {:?}, {} nodes, {} arrows, {chips} chips, {:?}",
            start.elapsed(),
            scene.nodes.len(),
            scene.arrows.len(),
            scene.bounds
        );
        let folder = std::env::temp_dir().join("drawbridge-pictures");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join(format!("{name}.svg")),
            write(&scene, Theme::Light),
        )
        .unwrap();
        let dark = folder.join(format!("{name}-dark.svg"));
        std::fs::write(dark, write(&scene, Theme::Dark)).unwrap();
    }

    #[test]
    #[ignore = "writes pictures to look at into the temporary folder"]
    fn pictures() {
        draw(&fixture::online_shop(), "shop");
        draw(&fixture::platform(), "platform");
        draw(&fixture::random(300, 20, 420, 7), "random-300");
        if std::env::var("BIG").is_ok() {
            draw(&fixture::random(2000, 60, 2600, 3), "random-2000");
        }
    }

    #[test]
    fn a_collapsed_namespace_is_a_card_and_its_arrows_are_weighted() {
        let document = fixture::platform();
        let all = document.namespaces.ids().collect();
        let request = Request::visible(&document, &Visible::collapsed(all), &ApproxMeasure);
        let scene = layout::arrange(&request);
        let svg = write(&scene, Theme::Light);
        for space in &scene.namespaces {
            assert!(svg.contains(&format!(">{}</text>", escape(&space.title))));
        }
        let widest = scene.arrows.iter().max_by_key(|arrow| arrow.flows).unwrap();
        assert!(widest.flows > 3);
        assert!(svg.contains(&format!(r#"stroke-width="{}""#, widest.width())));
        assert!(svg.contains(&format!(">{}</text>", widest.label)));
    }

    #[test]
    fn texts_are_escaped_and_every_element_is_written() {
        let mut document = fixture::online_shop();
        let id = document.workloads.ids().next().unwrap();
        document.workloads.get_mut(id).unwrap().name = "a<b>&c".into();
        let scene = layout::arrange(&Request::of(&document, &ApproxMeasure));
        let svg = write(&scene, Theme::Dark);
        assert!(svg.contains(">a&lt;b&gt;&amp;c</text>"));
        for node in &scene.nodes {
            assert!(svg.contains(&format!(">{}</text>", escape(&node.title))));
        }
        assert_eq!(svg.matches("<g").count(), scene.arrows.len());
    }
}
