//! The legend: the lines, ends and shields that occur in a scene, in words.

use super::Judged;
use super::arrow::{ArrowLook, FAINT};
use super::look::{Shield, base_state, words_of, words_of_extra};
use super::svg::{Anchor, Svg, path};
use crate::model::NodeRef;
use crate::proof::Verdict;
use crate::scene::tokens::{self, Palette};
use crate::scene::{ApproxMeasure, Arrow, ArrowId, Measure, Point, Scene, TextStyle, bundle, pt};

/// The least width of a picture with a legend.
pub(super) const LEAST: f32 = 420.0;
/// Height of a row.
const ROW: f32 = 22.0;
/// From the end of the words to the next sample.
const GAP: f32 = 20.0;

/// What is explained.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sample {
    Arrow { look: ArrowLook, end: End },
    Shield(Shield),
}

impl Sample {
    /// From its left to its words.
    fn width(&self) -> f32 {
        match self {
            Self::Arrow { .. } => 38.0,
            Self::Shield(_) => 18.0,
        }
    }
}

/// The end of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Head,
    Bar,
    /// The half towards the head, or away from it, is faint.
    Half,
    Wide,
    Faint,
}

/// Samples with their words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Legend(Vec<(Sample, &'static str)>);

impl Legend {
    /// What occurs in the scene.
    pub fn of(scene: &Scene, judged: &Judged, palette: &Palette) -> Self {
        let mut legend = Self::default();
        for (verdict, words) in [
            (Verdict::Exact, words_of(Some(Verdict::Exact))),
            (Verdict::TooWide, words_of(Some(Verdict::TooWide))),
            (Verdict::Blocked, words_of(Some(Verdict::Blocked))),
            (Verdict::Invalid, "invalid: left out of the policies"),
            (Verdict::CannotExpress, "cannot be expressed in full"),
            (Verdict::Approximated, words_of(Some(Verdict::Approximated))),
        ] {
            let look = ArrowLook::of_verdict(Some(verdict), palette);
            let has = |arrow: &Arrow| shows(arrow, judged, verdict);
            legend.arrow(scene, has, look, End::Head, words);
        }
        let plain = ArrowLook::of_verdict(None, palette);
        let muted = words_of(Some(Verdict::Muted));
        legend.arrow(scene, |a| a.muted, plain, End::Faint, muted);
        let denies = "denies these connections";
        legend.arrow(scene, |a| a.denies, plain, End::Bar, denies);
        let half = "opens only the gate at the solid half";
        legend.arrow(scene, |a| a.half.is_some(), plain, End::Half, half);
        let several = "several flows: the wider, the more";
        let is_bundle = |a: &Arrow| matches!(a.id, ArrowId::Bundle(_));
        legend.arrow(scene, is_bundle, plain, End::Wide, several);
        let mut extras: Vec<_> = scene.arrows.iter().filter_map(extra_of).collect();
        extras.sort_unstable();
        extras.dedup();
        for kind in extras {
            let look = ArrowLook::of_extra(kind, palette);
            let sample = Sample::Arrow {
                look,
                end: End::Head,
            };
            legend.0.push((sample, words_of_extra(kind)));
        }
        let shields = scene
            .nodes
            .iter()
            .filter_map(|n| judged.shields.get(&n.node));
        let managed = scene.namespaces.iter().filter(|space| space.managed);
        let bases = managed.filter_map(|space| {
            let own = judged.shields.get(&NodeRef::Namespace(space.id))?;
            Some(base_state(space, Some(*own)))
        });
        let shown: Vec<Shield> = shields.flatten().copied().chain(bases).collect();
        for shield in [
            Shield::Closed,
            Shield::ByChoice,
            Shield::Partly,
            Shield::Open,
        ] {
            if shown.contains(&shield) {
                legend.0.push((Sample::Shield(shield), shield.words()));
            }
        }
        legend
    }

    fn arrow(
        &mut self,
        scene: &Scene,
        has: impl Fn(&Arrow) -> bool,
        look: ArrowLook,
        end: End,
        words: &'static str,
    ) {
        if scene.arrows.iter().any(has) {
            self.0.push((Sample::Arrow { look, end }, words));
        }
    }

    /// The height of its rows, with a gap above them; none where it is empty.
    pub fn height(&self, width: f32) -> f32 {
        match self.0.is_empty() {
            true => 0.0,
            false => (self.places(width).last().map_or(0.0, |at| at.y) + ROW) + 4.0,
        }
    }

    /// Where each entry begins, in rows of that width.
    fn places(&self, width: f32) -> Vec<Point> {
        let mut next = pt(0.0, 0.0);
        let mut places = Vec::new();
        for (sample, words) in &self.0 {
            let own = sample.width() + ApproxMeasure.width(words, TextStyle::Badge);
            if next.x > 0.0 && next.x + own > width {
                next = pt(0.0, next.y + ROW);
            }
            places.push(next);
            next.x += own + GAP;
        }
        places
    }
}

/// Whether an arrow shows that verdict, by its line or its chip.
fn shows(arrow: &Arrow, judged: &Judged, verdict: Verdict) -> bool {
    match arrow.id {
        ArrowId::Flow(flow) => judged.verdicts.get(&flow) == Some(&verdict),
        ArrowId::Bundle(id) => judged.bundles.get(&id).is_some_and(|bundled| {
            bundled.common == Some(verdict) || bundled.worst == Some(verdict)
        }),
        ArrowId::Extra(_) => false,
    }
}

fn extra_of(arrow: &Arrow) -> Option<crate::scene::ExtraKind> {
    match arrow.id {
        ArrowId::Extra(id) => Some(id.kind),
        ArrowId::Flow(_) | ArrowId::Bundle(_) => None,
    }
}

impl Svg {
    /// A legend of that width from its upper left corner on; returns its height.
    pub(super) fn legend(&mut self, legend: &Legend, corner: Point, width: f32) -> f32 {
        let secondary = self.palette.text_secondary;
        for ((sample, words), at) in legend.0.iter().zip(legend.places(width)) {
            let left = corner + at + pt(0.0, ROW / 2.0);
            match sample {
                Sample::Shield(shield) => self.shield(left + pt(6.0, 0.0), 13.0, *shield),
                Sample::Arrow { look, end } => self.sample(left, look, *end),
            }
            let at = left + pt(sample.width(), 0.0);
            self.text(at, words, TextStyle::Badge, secondary, Anchor::Start);
        }
        legend.height(width)
    }

    /// A short arrow.
    fn sample(&mut self, left: Point, look: &ArrowLook, end: End) {
        let right = pt(1.0, 0.0);
        let tip = left + pt(30.0, 0.0);
        let width = match end {
            End::Wide => bundle::weight(8),
            _ => tokens::STROKE,
        };
        let size = bundle::head(width);
        let opacity = if end == End::Faint { FAINT } else { 1.0 };
        let stop = if end == End::Bar {
            tip
        } else {
            tip - right * (size * 0.7)
        };
        match end {
            End::Half => {
                let middle = left.lerp(stop, 0.5);
                self.stroke(&path(&[left, middle]), look, width, opacity);
                self.stroke(&path(&[middle, stop]), &look.dotted(), width, FAINT);
                return self.head(tip, right, size, look.color, FAINT);
            }
            _ => self.stroke(&path(&[left, stop]), look, width, opacity),
        }
        match end {
            End::Bar => self.bar(tip, right, size, look.color, opacity),
            _ => self.head(tip, right, size, look.color, opacity),
        }
    }
}
