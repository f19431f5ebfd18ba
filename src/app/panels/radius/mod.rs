//! Blast radius: everything reachable from a start, by number of hops, with the paths. It is shown in
//! place of the inspector while nothing is selected; Escape closes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::Ui;

use crate::app::canvas::Emphasis;
use crate::app::command::{Command, Commands};
use crate::app::jobs::{Memo, Pool};
use crate::app::theme::{self, color};
use crate::app::words::arrow_end;
use crate::app::{icons, widgets};
use crate::model::{Document, FlowId, FlowPort, Item, NodeRef};
use crate::picture::{extra, node_of};
use crate::query::Results;
use crate::query::party::{Joined, Party};
use crate::query::radius::{Hop, Radius, radius};
use crate::scene::request::ports_label;
use crate::scene::{ArrowId, Extra, ExtraKind, OUTSIDE};

/// State of the panel.
#[derive(Default)]
pub struct RadiusView {
    from: Option<Party>,
    /// The selection that the panel took the place of.
    before: BTreeSet<Item>,
    answer: Memo<(u64, Party), Found>,
    /// The reached end whose path is shown.
    chosen: Option<Party>,
}

/// The blast radius, and what the canvas shows of it.
struct Found {
    radius: Radius,
    hops: Arc<Vec<Extra>>,
    emphasis: Arc<Emphasis>,
}

impl RadiusView {
    /// Shows the blast radius of a start in place of a selection.
    pub fn ask(&mut self, from: Party, before: BTreeSet<Item>) {
        *self = Self {
            from: Some(from),
            before,
            ..Self::default()
        };
    }

    /// Closes the panel; returns the selection that it took the place of, if it was open.
    pub fn leave(&mut self) -> Option<BTreeSet<Item>> {
        let closed = std::mem::take(self);
        closed.from.is_some().then_some(closed.before)
    }

    /// Whether the panel is open.
    pub fn is_on(&self) -> bool {
        self.from.is_some()
    }

    /// The newest answer.
    pub fn answer(&self) -> Option<&Radius> {
        self.found().map(|found| &found.radius)
    }

    /// Its hops that no flow shows, as arrows.
    pub fn hops(&self) -> Option<Arc<Vec<Extra>>> {
        self.found().map(|found| Arc::clone(&found.hops))
    }

    /// What the start reaches; the canvas dims the rest.
    pub fn emphasis(&self) -> Option<&Arc<Emphasis>> {
        self.found().map(|found| &found.emphasis)
    }

    fn found(&self) -> Option<&Found> {
        let (_, found) = self.answer.answer()?;
        Some(found)
    }

    /// Computes the blast radius on the worker pool if the start or the results have changed.
    pub(super) fn keep(&mut self, results: &Arc<Results>, number: u64, pool: &Pool) {
        let Some(from) = self.from else { return };
        let results = Arc::clone(results);
        self.answer
            .keep((number, from), pool, move |_| found(&results, from));
    }
}

fn found(results: &Results, from: Party) -> Found {
    let document = &results.document;
    let radius = radius(document, &results.in_force, from);
    let arrow = |hop: &Hop| {
        let joined = Joined {
            from: hop.from,
            to: hop.to,
            ports: hop.ports.clone(),
            pairs: 1,
        };
        extra(ExtraKind::Hop, &joined)
    };
    let mut hops: BTreeMap<NodeRef, usize> = BTreeMap::new();
    for (layer, number) in radius.layers.iter().zip(1..) {
        for hop in layer {
            hops.entry(node_of(hop.to)).or_insert(number);
        }
    }
    hops.insert(node_of(from), 0);
    if let Party::Drawn(node) = from {
        // A namespace or group is a start of many workloads.
        let many = document.workloads_at(&node.into()).into_iter();
        hops.extend(many.map(|id| (NodeRef::Workload(id), 0)));
    }
    let home = |node: &NodeRef| match node {
        NodeRef::Workload(id) => Some(document.workloads.get(*id)?.namespace),
        _ => None,
    };
    let homes = hops.keys().filter_map(home);
    let drawn = drawn(document);
    let ends = |hop: &Hop| (node_of(hop.from), node_of(hop.to));
    let (mut lit, mut arrows) = (BTreeSet::new(), Vec::new());
    for hop in radius.layers.iter().flatten() {
        match drawn.get(&ends(hop)) {
            Some(flows) => lit.extend(flows.iter().copied().map(ArrowId::Flow)),
            None => arrows.push(arrow(hop)),
        }
    }
    lit.extend(arrows.iter().map(|hop| ArrowId::Extra(hop.id)));
    Found {
        emphasis: Arc::new(Emphasis {
            containers: homes.collect(),
            arrows: lit,
            hops,
        }),
        hops: Arc::new(arrows),
        radius,
    }
}

/// The flows that allow something between two nodes, by these.
fn drawn(document: &Document) -> BTreeMap<(NodeRef, NodeRef), Vec<FlowId>> {
    let mut drawn: BTreeMap<(NodeRef, NodeRef), Vec<FlowId>> = BTreeMap::new();
    for (id, flow) in document.flows.iter() {
        if let (Some(from), Some(to), false) =
            (flow.from.node(), flow.to.node(), flow.muted || flow.denies)
        {
            drawn.entry((from, to)).or_default().push(id);
        }
    }
    drawn
}

/// The start for a selection: the selected object, or else the outside.
pub fn of_selection(document: &Document, selected: Option<Item>) -> Party {
    let node = selected.and_then(Item::node);
    let internet = document.external_named("Internet").map(NodeRef::External);
    node.or(internet).map_or(Party::Outside, Party::Drawn)
}

/// Shows the panel.
pub fn radius_ui(ui: &mut Ui, document: &Document, view: &mut RadiusView, commands: &mut Commands) {
    let Some(from) = view.from else { return };
    let palette = theme::palette(ui.ctx());
    let name = arrow_end(document, node_of(from));
    widgets::head(ui, "Blast radius", &format!("From {name}"), "");
    let Some(found) = view.found() else {
        return widgets::empty(ui, "Computing the blast radius…");
    };
    let radius = &found.radius;
    widgets::small(ui, summary(radius));
    ui.horizontal(|ui| {
        if widgets::link(ui, "Done").on_hover_text("Escape").clicked() {
            commands.push(Command::LeaveRadius);
        }
    });
    let mut chosen = view.chosen;
    for (layer, hops) in radius.layers.iter().zip(1..) {
        ui.add_space(2.0);
        let title = if hops == 1 {
            "1 hop".to_owned()
        } else {
            format!("{hops} hops")
        };
        widgets::section(ui, &title, layer.len());
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for hop in layer {
                let on = chosen == Some(hop.to);
                if hop_ui(ui, document, hop, on) {
                    chosen = (!on).then_some(hop.to);
                }
                if on {
                    for step in radius.path(hop.to) {
                        let words = words(document, step);
                        widgets::code(ui, words, color(palette.text_secondary));
                    }
                    ui.add_space(6.0);
                }
            }
        });
    }
    view.chosen = chosen;
}

/// Row of a reached end; true if it was clicked.
fn hop_ui(ui: &mut Ui, document: &Document, hop: &Hop, on: bool) -> bool {
    let node = node_of(hop.to);
    let icon = match node {
        OUTSIDE => icons::INTERNET,
        node => icons::of_end(&node.into(), document),
    };
    let (name, ports) = (
        arrow_end(document, node),
        ports_label(&FlowPort::of(&hop.ports)),
    );
    let row = widgets::Row::new(icon, &name).end(&ports).selected(on);
    let response = row.show(ui).on_hover_text("Show the path");
    response.clicked()
}

fn words(document: &Document, hop: &Hop) -> String {
    let name = |party| arrow_end(document, node_of(party));
    let ports = ports_label(&FlowPort::of(&hop.ports));
    format!("    {} > {}  {ports}", name(hop.from), name(hop.to))
}

/// `Reaches 6 workloads in up to 3 hops; 4 out of reach.`
fn summary(radius: &Radius) -> String {
    let (reached, hops) = (radius.workloads(), radius.layers.len());
    let s = |n: usize| if n == 1 { "" } else { "s" };
    match reached {
        0 => "Reaches no workloads.".to_owned(),
        _ => format!(
            "Reaches {reached} workload{} in up to {hops} hop{}; {} out of reach.",
            s(reached),
            s(hops),
            radius.spared
        ),
    }
}
