//! Nodes, containers and cards of collapsed namespaces.

use super::look::{base_state, base_words, colors, short_base, sign_of};
use super::svg::{Anchor, Svg, badge_width, hex, path};
use super::{Facts, Shields};
use crate::scene::tokens;
use crate::scene::{ApproxMeasure, Measure};
use crate::scene::{Icon, NamespaceBox, NodeBox, Point, Port, Rect, Shape, TextStyle, elide, pt};

impl Svg {
    /// A square on the border of a namespace, with the direction of the flows.
    pub(super) fn port(&mut self, port: &Port) {
        let hue = self.palette.icon(port.hue);
        let (rect, raised) = (port.rect, self.palette.raised);
        self.rect(rect, tokens::PORT_RADIUS, raised, Some(hue));
        let (middle, along) = (rect.centre(), port.heading * 2.0);
        let (across, back) = (pt(-along.y, along.x), along * -0.5);
        let head = [
            middle + back + across,
            middle + along,
            middle + back - across,
        ];
        self.line(format_args!(
            r#"<path d="{}" fill="none" stroke="{}"/>"#,
            path(&head),
            hex(hue)
        ));
    }

    /// A container with its header.
    pub(super) fn namespace(&mut self, space: &NamespaceBox, shields: Option<Shields>) {
        let p = self.palette;
        let border = Some(p.namespace_border(space.hue));
        let fill = p.namespace_fill(space.hue);
        self.rect(space.rect, tokens::NAMESPACE_RADIUS, fill, border);
        let title = space.title_rect;
        let y = title.centre().y;
        let mark = "M3.5 3.5h9v9h-9ZM2 2h3v3H2ZM11 2h3v3h-3ZM2 11h3v3H2ZM11 11h3v3h-3Z";
        let centre = pt(title.min.x + 8.0, y);
        self.icon(centre, mark, tokens::ICON, p.icon(space.hue));
        let count = space.count.to_string();
        let parts = [
            (space.title.as_str(), TextStyle::Title, p.text),
            (count.as_str(), TextStyle::Badge, p.text_faint),
        ];
        self.texts(pt(title.min.x + 23.0, y), &parts, 8.0, Anchor::Start);
        let words = base_words(space);
        let dns = space.dns && space.managed;
        // Without results no shield is shown.
        let shield = shields.map(|_| (base_state(space, shields), space.managed));
        let mut left = space.badges_rect.max.x - badge_width(words, shield.is_some());
        if dns {
            left -= badge_width("DNS", false) + 4.0;
        }
        let end = self.badge(pt(left, y), words, shield);
        if dns {
            self.badge(pt(end + 4.0, y), "DNS", None);
        }
    }

    /// A collapsed namespace.
    pub(super) fn card(&mut self, space: &NamespaceBox, shields: Option<Shields>, facts: Facts) {
        let (p, rect) = (self.palette, space.rect);
        let mut sheet = rect.moved(pt(0.0, 4.0));
        (sheet.min.x, sheet.max.x) = (sheet.min.x + 4.0, sheet.max.x - 4.0);
        for rect in [sheet, rect] {
            self.rect(rect, tokens::NODE_RADIUS, p.raised, Some(p.outline));
        }
        let stripe = Rect::new(rect.min.x, rect.min.y, tokens::STRIPE, rect.height());
        self.rect(stripe, tokens::STRIPE / 2.0, p.icon(space.hue), None);
        let (left, right, top) = (rect.min.x + 14.0, rect.max.x - 12.0, rect.min.y);
        let count = space.count.to_string();
        let secondary = p.text_secondary;
        let y = top + 20.0;
        let at = pt(right, y);
        self.text(at, &count, TextStyle::Badge, secondary, Anchor::End);
        let available = right - left - ApproxMeasure.width(&count, TextStyle::Badge) - 6.0;
        let title = elide(&space.name, TextStyle::Title, available, &ApproxMeasure);
        self.text(pt(left, y), &title, TextStyle::Title, p.text, Anchor::Start);
        if facts.isolated + facts.open > 0 {
            self.isolation(facts, Rect::new(left, top + 36.0, right - left, 4.0));
        }
        let y = top + 71.0;
        let state = base_state(space, shields);
        let end = self.badge(pt(left, y), short_base(space), Some((state, space.managed)));
        if space.dns && space.managed {
            self.badge(pt(end + 4.0, y), "DNS", None);
        }
        self.mark(facts, pt(right, y));
    }

    /// Isolated workloads solid, others hollow, and the same in words below.
    fn isolation(&mut self, facts: Facts, rect: Rect) {
        let p = self.palette;
        let all = (facts.isolated + facts.open).max(1) as f32;
        let gap = if facts.isolated > 0 && facts.open > 0 {
            2.0
        } else {
            0.0
        };
        let split = rect.min.x + (rect.width() - gap) * facts.isolated as f32 / all;
        if facts.isolated > 0 {
            let solid = Rect::between(rect.min, pt(split, rect.max.y));
            self.rect(solid, 2.0, p.flow, None);
        }
        if facts.open > 0 {
            let from = (split + gap).min(rect.max.x - 6.0);
            let hollow = Rect::between(pt(from, rect.min.y), rect.max);
            self.rect(hollow, 2.0, p.raised, Some(p.wide));
        }
        let (isolated, open) = facts.isolation();
        let open = open.unwrap_or_default();
        let parts = [
            (isolated.as_str(), TextStyle::Badge, p.text_secondary),
            (open.as_str(), TextStyle::Badge, p.wide),
        ];
        let parts = if open.is_empty() { &parts[..1] } else { &parts };
        self.texts(pt(rect.min.x, rect.min.y + 14.0), parts, 4.0, Anchor::Start);
    }

    /// What is wrong, as sign and number that end at a point; a check where all is exact.
    fn mark(&mut self, facts: Facts, right: Point) {
        let p = self.palette;
        let Some(sign) = sign_of(facts.worst) else {
            if facts.judged {
                self.icon(right - pt(6.0, 0.0), CHECK, 13.0, p.exact);
            }
            return;
        };
        let [_, foreground, _] = colors(facts.worst, p);
        let number = facts.wrong.to_string();
        let width = ApproxMeasure.width(&number, TextStyle::Title);
        self.text(right, &number, TextStyle::Title, foreground, Anchor::End);
        self.icon(right - pt(width + 9.0, 0.0), sign, 13.0, foreground);
    }

    /// A workload, an external, a group, a node of the cluster or any pod.
    pub(super) fn node(&mut self, node: &NodeBox, shields: Option<Shields>) {
        let p = self.palette;
        let (radius, inset, round) = match node.shape {
            Shape::Rounded => (tokens::NODE_RADIUS, 8.0, 6.0),
            Shape::Pill | Shape::Missing(_) => {
                (node.rect.height() / 2.0, 13.0, tokens::ICON_TILE / 2.0)
            }
        };
        self.rect(node.rect, radius, p.raised, Some(p.outline));
        let side = tokens::ICON_TILE;
        let middle = node.rect.centre().y;
        let centre = pt(node.rect.min.x + inset + side / 2.0, middle);
        let (tile, foreground) = match node.hue {
            Some(hue) => (p.icon_tile(hue), p.icon(hue)),
            None => (p.plain_tile(), p.text_secondary),
        };
        self.rect(Rect::around(centre, side, side), round, tile, None);
        self.icon(centre, lines_of(node.icon), tokens::ICON, foreground);
        let left = centre.x + side / 2.0 + 8.0;
        let at = pt(left, middle - 8.0);
        self.text(at, &node.title, TextStyle::Title, p.text, Anchor::Start);
        let (at, secondary) = (pt(left, middle + 9.0), p.text_secondary);
        self.text(
            at,
            &node.subtitle,
            TextStyle::Label,
            secondary,
            Anchor::Start,
        );
        let x = node.rect.max.x - 15.0;
        for (state, y) in shields.into_iter().flatten().zip([-10.0, 10.0]) {
            self.shield(pt(x, middle + y), 13.0, state);
        }
    }
}

/// A check, on a square of 16.
pub(super) const CHECK: &str = "M2.5 8.5l3.5 3.5 7.5-8";

/// Line icons on a square of 16.
fn lines_of(icon: Icon) -> &'static str {
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
        Icon::Node => "M2 3h12v4H2ZM2 9h12v4H2ZM4.5 5h.01M4.5 11h.01",
        Icon::AnyPod => "M8 2v12M2.8 5l10.4 6M13.2 5 2.8 11",
    }
}
