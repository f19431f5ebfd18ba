//! Layouts are computed by a worker and swapped in; what a new layout moves glides to its place.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use egui::{Color32, Context, Vec2, vec2};

use crate::app::analysis_results::Extras;
use crate::app::jobs::{Pool, Slot};
use crate::app::theme;
use crate::model::{Document, NodeRef};
use crate::scene::layout;
use crate::scene::tokens;
use crate::scene::{Extra, ExtraKind, Measure, Request, Scene, TextStyle, Visible};

/// How many finished layouts are remembered.
const REMEMBERED: usize = 64;

/// Stores a scene for the Document.
#[derive(Default)]
pub struct Layouts {
    /// The newest finished layout.
    pub scene: Arc<Scene>,
    slot: Option<Slot<Scene>>,
    /// Finished layouts, oldest first: undo restores the same layout.
    past: VecDeque<(Request, Arc<Scene>)>,
    seen: Option<(Document, Extras, Visible)>,
    request: Request,
    glide: Option<Glide>,
    afresh: bool,
    /// The scene was laid out with the connections of imported policies, for the first time.
    begun: bool,
    /// The newest layout put everything elsewhere.
    pub anew: bool,
    remembered: bool,
}

/// What moves, and since when.
struct Glide {
    from: BTreeMap<NodeRef, Vec2>,
    since: f64,
}

/// Measures text with the window's own faces.
struct Faces<'a>(&'a Context);

impl Measure for Faces<'_> {
    fn width(&self, text: &str, style: TextStyle) -> f32 {
        let font = match (style.mono(), style.semibold()) {
            (true, _) => theme::mono(style.size()),
            (_, true) => theme::semibold(style.size()),
            _ => theme::sans(style.size()),
        };
        let layout = |fonts: &mut egui::epaint::text::FontsView<'_>| {
            fonts
                .layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER)
                .size()
                .x
        };
        self.0.fonts_mut(layout)
    }
}

impl Layouts {
    /// Requests a layout that ignores earlier positions; pins stay.
    pub fn start_afresh(&mut self) {
        self.afresh = true;
        self.seen = None;
    }

    /// The input of the newest layout.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Whether a layout is still to come.
    pub fn busy(&self) -> bool {
        self.slot.as_ref().is_some_and(Slot::busy)
    }

    /// Requests a new layout where the Document needs one, and applies a finished one. `shown` is what
    /// the user sees now. Returns whether `scene` was replaced.
    pub fn follow(
        &mut self,
        (context, pool): (&Context, &Pool),
        (document, extras, visible): (&Document, &Extras, &Visible),
        shown: &Scene,
        still: bool,
    ) -> bool {
        let seen = self.seen.as_ref();
        if !seen.is_some_and(|(seen, with, of)| {
            same_picture(seen, document) && with == extras && of == visible
        }) {
            self.seen = Some((document.clone(), extras.clone(), visible.clone()));
            let faces = Faces(context);
            let request = Request::visible(document, visible, &faces);
            let request = request.with_missing(&extras.missing, &faces);
            let request = request.with_extras(&extras.list(), &faces);
            self.start_from_imported(document, extras);
            if request != self.request || self.afresh {
                self.request = request;
                self.start(pool, shown);
            }
        }
        let Some(scene) = self.finished() else {
            return false;
        };
        let moved = shifts(shown, &scene);
        self.glide = (!still && !moved.is_empty()).then(|| Glide {
            from: moved,
            since: context.input(|input| input.time),
        });
        self.scene = scene;
        true
    }

    /// Without flows, the connections of imported policies guide the layout, once.
    fn start_from_imported(&mut self, document: &Document, extras: &Extras) {
        let free = document.flows.is_empty() && document.layout.is_empty();
        let imported = |extra: &Extra| extra.id.kind == ExtraKind::Imported;
        if !self.begun && free && extras.all.iter().any(imported) {
            (self.begun, self.afresh, self.anew) = (true, true, true);
        }
    }

    /// Computes the requested layout, unless it is cached.
    fn start(&mut self, pool: &Pool, shown: &Scene) {
        let afresh = std::mem::take(&mut self.afresh);
        if afresh {
            self.past.clear();
        }
        if self
            .past
            .iter()
            .any(|(request, _)| *request == self.request)
        {
            if let Some(slot) = &mut self.slot {
                slot.stop();
            }
            self.remembered = true;
            return;
        }
        let (request, previous) = (self.request.clone(), shown.clone());
        let slot = self.slot.get_or_insert_with(|| Slot::new(pool));
        slot.start(move |cancel| match afresh {
            true => layout::arrange_until(&request, &|| cancel.is_set()),
            false => layout::update_until(&request, &previous, &|| cancel.is_set()),
        });
    }

    /// The requested layout, once.
    fn finished(&mut self) -> Option<Arc<Scene>> {
        if std::mem::take(&mut self.remembered) {
            let known = self
                .past
                .iter()
                .find(|(request, _)| *request == self.request);
            return known.map(|(_, scene)| Arc::clone(scene));
        }
        let scene = Arc::new(self.slot.as_mut().and_then(Slot::take)?);
        if self.past.len() == REMEMBERED {
            self.past.pop_front();
        }
        self.past
            .push_back((self.request.clone(), Arc::clone(&scene)));
        Some(scene)
    }

    /// How far nodes still are from their positions, and the progress of the animation (0 to 1); none
    /// when all have arrived. Requests frames only while something moves.
    pub fn glide(&mut self, context: &Context) -> Option<(BTreeMap<NodeRef, Vec2>, f32)> {
        let glide = self.glide.as_ref()?;
        let now = context.input(|input| input.time);
        let share = ((now - glide.since) as f32 / tokens::MOTION).clamp(0.0, 1.0);
        let done = 1.0 - (1.0 - share).powi(3);
        context.request_repaint();
        let left = glide
            .from
            .iter()
            .map(|(node, from)| (*node, *from * (1.0 - done)));
        let left = left.collect();
        if share >= 1.0 {
            self.glide = None;
        }
        Some((left, done))
    }
}

/// Earlier positions, relative to the current ones.
fn shifts(before: &Scene, after: &Scene) -> BTreeMap<NodeRef, Vec2> {
    let spaces = after.namespaces.iter().map(|s| NodeRef::Namespace(s.id));
    let all = spaces.chain(after.nodes.iter().map(|n| n.node));
    all.filter_map(|node| {
        let (old, new) = (before.rect(node)?.min, after.rect(node)?.min);
        let by = vec2(old.x - new.x, old.y - new.y);
        (by.length() > 0.5).then_some((node, by))
    })
    .collect()
}

/// Whether both have the same layout, as far as that is cheap to decide.
fn same_picture(a: &Document, b: &Document) -> bool {
    a.namespaces.same(&b.namespaces)
        && a.workloads.same(&b.workloads)
        && a.externals.same(&b.externals)
        && a.groups.same(&b.groups)
        && a.nodes.same(&b.nodes)
        && a.flows.same(&b.flows)
        && Arc::ptr_eq(&a.layout, &b.layout)
        && a.settings == b.settings
}
