//! Where arrows meet the boxes they connect: sides, and ports spread along a side.

use std::collections::BTreeMap;

use crate::model::NodeRef;
use crate::scene::{Arrow, Point, Port, Rect, Scene, Shape, pt, tokens};

/// A side of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Right,
    Left,
    Bottom,
    Top,
}

impl Side {
    pub const ALL: [Self; 4] = [Self::Right, Self::Left, Self::Bottom, Self::Top];

    /// Unit vector out of the box.
    pub fn out(self) -> Point {
        match self {
            Self::Right => pt(1.0, 0.0),
            Self::Left => pt(-1.0, 0.0),
            Self::Bottom => pt(0.0, 1.0),
            Self::Top => pt(0.0, -1.0),
        }
    }

    /// Whether ports on it differ in y.
    pub fn upright(self) -> bool {
        matches!(self, Self::Left | Self::Right)
    }
}

/// The box at one end of an arrow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    pub node: NodeRef,
    pub rect: Rect,
    pub form: Form,
    /// A container whose arrow comes from a node within it: sides face inwards.
    pub inward: bool,
}

/// The shape of the border.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Rounded,
    Pill,
    /// Ports at the top only between these x, beside the header's texts.
    Container {
        left: f32,
        right: f32,
    },
    /// A port on a border: arrows meet its middle on this side only.
    Port(Side),
}

impl Terminal {
    pub fn of(scene: &Scene, node: NodeRef, other: NodeRef) -> Option<Self> {
        if let NodeRef::Namespace(id) = node {
            let space = scene.namespace(id)?;
            let inward = scene.node(other).is_some_and(|n| n.namespace == Some(id));
            return Some(Self {
                node,
                rect: space.rect,
                form: match space.collapsed {
                    true => Form::Rounded,
                    false => Form::Container {
                        left: space.title_rect.max.x + 10.0,
                        right: space.badges_rect.min.x - 10.0,
                    },
                },
                inward,
            });
        }
        let found = scene.node(node)?;
        Some(Self {
            node,
            rect: found.rect,
            form: match found.shape {
                Shape::Rounded => Form::Rounded,
                Shape::Pill | Shape::Missing(_) => Form::Pill,
            },
            inward: false,
        })
    }

    /// A port on the border of an expanded namespace, for an arrow in it.
    pub fn port_of(port: &Port, arrow: &Arrow) -> Self {
        let begins = arrow.begins_at_port() == Some(true);
        let inwards = port.heading * if begins { 1.0 } else { -1.0 };
        let side = Side::ALL.into_iter().find(|side| side.out() == inwards);
        Self {
            node: if begins { arrow.from } else { arrow.to },
            rect: port.rect,
            form: Form::Port(side.unwrap_or(Side::Right)),
            inward: false,
        }
    }

    /// The same box where its arrows end at the outer edge of a port.
    pub fn outside_of_port(self) -> Self {
        Self {
            rect: self.rect.grow(tokens::PORT / 2.0),
            ..self
        }
    }

    /// The sides that arrows may use.
    pub fn sides(&self) -> &[Side] {
        match &self.form {
            Form::Port(side) => std::slice::from_ref(side),
            _ => &Side::ALL,
        }
    }

    /// Direction in which an arrow leaves there.
    pub fn out(&self, side: Side) -> Point {
        side.out() * if self.inward { -1.0 } else { 1.0 }
    }

    /// Coordinates along a side between which ports may be.
    pub fn span(&self, side: Side) -> (f32, f32) {
        let r = &self.rect;
        let (low, high) = match (self.form, side.upright()) {
            (Form::Rounded, true) => (r.min.y + 11.0, r.max.y - 11.0),
            (Form::Rounded, false) => (r.min.x + 16.0, r.max.x - 16.0),
            (Form::Pill, true) => (r.min.y + 13.0, r.max.y - 13.0),
            (Form::Pill, false) => (r.min.x + 28.0, r.max.x - 28.0),
            (Form::Container { .. }, true) => {
                (r.min.y + tokens::NAMESPACE_HEADER + 8.0, r.max.y - 16.0)
            }
            (Form::Container { left, right }, false) if side == Side::Top => (left, right),
            (Form::Container { .. }, false) => (r.min.x + 20.0, r.max.x - 20.0),
            (Form::Port(_), true) => (r.centre().y, r.centre().y),
            (Form::Port(_), false) => (r.centre().x, r.centre().x),
        };
        if low <= high {
            (low, high)
        } else {
            let middle = (low + high) / 2.0;
            (middle, middle)
        }
    }

    /// The point of the border at a coordinate along a side.
    pub fn port(&self, side: Side, at: f32) -> Point {
        let r = &self.rect;
        let inset = match (self.form, side.upright()) {
            (Form::Pill, true) => {
                let (radius, off) = (r.height() / 2.0, at - r.centre().y);
                radius - (radius * radius - off * off).max(0.0).sqrt()
            }
            _ => 0.0,
        };
        match side {
            Side::Right => pt(r.max.x - inset, at),
            Side::Left => pt(r.min.x + inset, at),
            Side::Bottom => pt(at, r.max.y),
            Side::Top => pt(at, r.min.y),
        }
    }

    /// Where a single arrow to `other` would meet that side.
    pub fn rest(&self, side: Side, other: &Self) -> f32 {
        let (low, high) = self.span(side);
        let (mine, theirs) = (self.rect.centre(), other.rect.centre());
        let (centre, wish) = if side.upright() {
            (mine.y, theirs.y)
        } else {
            (mine.x, theirs.x)
        };
        match (self.form, other.form, side.upright()) {
            (Form::Port(_), _, _) => low,
            (Form::Container { .. }, _, _) => wish.clamp(low, high),
            // A straight line down where boxes are nearly above each other.
            (_, Form::Rounded | Form::Pill, false) => {
                let (from, to) = other.span(side);
                let common = (low.max(from), high.min(to));
                if common.0 <= common.1 {
                    (common.0 + common.1) / 2.0
                } else {
                    centre
                }
            }
            (_, Form::Container { .. }, _) => centre.clamp(low, high),
            _ => centre,
        }
    }
}

/// One end of an arrow that needs a port.
#[derive(Clone, Copy, Debug)]
pub(super) struct PortRequest {
    pub terminal: Terminal,
    pub side: Side,
    /// Its port if it were alone on its side.
    pub rest: f32,
    /// Where the arrow goes from here, along the side: the order of the ports.
    pub towards: f32,
}

/// A coordinate along its side for each end, with a gap between the ends of one side where there is
/// enough space. `busy` are coordinates of other arrows' ports.
pub(super) fn spread(
    requests: &[PortRequest],
    busy: &BTreeMap<(NodeRef, Side), Vec<f32>>,
) -> Vec<f32> {
    let mut sides: BTreeMap<(NodeRef, Side), Vec<usize>> = BTreeMap::new();
    // All arrows of a port meet its middle.
    let moves = |request: &PortRequest| !matches!(request.terminal.form, Form::Port(_));
    for (number, request) in requests.iter().enumerate().filter(|(_, r)| moves(r)) {
        sides
            .entry((request.terminal.node, request.side))
            .or_default()
            .push(number);
    }
    let mut ports: Vec<f32> = requests.iter().map(|a| a.rest).collect();
    for (key, mut ends) in sides {
        ends.sort_by(|&a, &b| {
            requests[a]
                .towards
                .total_cmp(&requests[b].towards)
                .then(a.cmp(&b))
        });
        let taken = busy.get(&key).map(Vec::as_slice).unwrap_or_default();
        let Some(&first) = ends.first() else { continue };
        if ends.len() == 1 && taken.is_empty() {
            continue;
        }
        let span = requests[first].terminal.span(key.1);
        if !taken.is_empty() {
            for &end in &ends {
                ports[end] = free(span, taken, requests[end].rest);
            }
            continue;
        }
        let most = if key.1.upright() { 14.0 } else { 28.0 };
        let gap = ((span.1 - span.0) / (ends.len() - 1) as f32).min(most);
        let half = gap * (ends.len() - 1) as f32 / 2.0;
        let mean = ends.iter().map(|&e| requests[e].rest).sum::<f32>() / ends.len() as f32;
        let middle = mean.clamp(span.0 + half, (span.1 - half).max(span.0 + half));
        for (i, &end) in ends.iter().enumerate() {
            ports[end] = middle - half + gap * i as f32;
        }
    }
    ports
}

/// The free place nearest to `rest`, if there is one.
fn free(span: (f32, f32), taken: &[f32], rest: f32) -> f32 {
    let clear = |at: f32| {
        taken
            .iter()
            .map(|t| (t - at).abs())
            .fold(f32::INFINITY, f32::min)
    };
    let steps = (0..=12).map(|i| span.0 + (span.1 - span.0) * i as f32 / 12.0);
    let places: Vec<f32> = std::iter::once(rest).chain(steps).collect();
    let near = places.iter().copied().filter(|&p| clear(p) >= 7.0);
    near.min_by(|a, b| (a - rest).abs().total_cmp(&(b - rest).abs()))
        .or_else(|| {
            places
                .iter()
                .copied()
                .max_by(|&a, &b| clear(a).total_cmp(&clear(b)))
        })
        .unwrap_or(rest)
}
