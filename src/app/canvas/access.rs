//! Names for screen readers: every visible node and flow is an item with a name, which can be
//! activated; and tooltips with full names.

use egui::{Rect, Response, Sense, Ui, WidgetInfo, WidgetType};

use super::{CanvasView, pen};
use crate::app::command::{Command, Commands};
use crate::app::view::View;
use crate::model::{Document, End, Flow, FlowId, Item, NodeRef, validate};
use crate::picture::Bundled;
use crate::picture::look::{words_of, words_of_extra};
use crate::query::Results;
use crate::query::exposure::Gates;
use crate::scene;
use crate::scene::detail::Hit;
use crate::scene::{ArrowId, Bundle, ExtraId, OTHERS, OUTSIDE, bundle, is_foreign};

impl CanvasView {
    /// Names everything that can be seen.
    pub(super) fn name_items(
        &self,
        ui: &Ui,
        document: &Document,
        results: &Results,
        view: &View,
        commands: &mut Commands,
    ) {
        let canvas = super::canvas_id();
        ui.ctx()
            .accesskit_node_builder(canvas, |node| node.set_label("Canvas"));
        let seen = self.camera.visible();
        let scene = &self.scene_graph.scene;
        let found = self.found_inside(document, view);
        let mut name = |item: Item, rect: Rect, words: &dyn Fn() -> String| {
            let id = canvas.with(item);
            let response = ui.interact(self.camera.rect_to_screen(rect), id, Sense::empty());
            let selected = view.selection.contains(&item);
            response
                .widget_info(|| WidgetInfo::selected(WidgetType::Button, true, selected, words()));
            let click = egui::accesskit::Action::Click;
            if ui.input(|input| input.has_accesskit_action_request(id, click)) {
                commands.push(match item.node() == Some(OTHERS) {
                    true => Command::ListTraffic { others: true },
                    false => Command::Select(vec![item]),
                });
            }
        };
        for space in scene
            .namespaces
            .iter()
            .filter(|space| pen::rect(space.rect).intersects(seen))
        {
            let header = pen::rect(space.header);
            name(Item::Namespace(space.id), header, &|| {
                self.namespace_words(space, found.get(&space.id))
            });
        }
        for node in scene
            .nodes
            .iter()
            .filter(|node| pen::rect(node.rect).intersects(seen))
        {
            if let Some(item) = node.node.item() {
                name(
                    item,
                    pen::rect(node.rect),
                    &|| match is_foreign(node.node) {
                        true => {
                            format!("{}, not in the project", self.end_name(document, node.node))
                        }
                        false => node_words(document, node.node),
                    },
                );
            }
        }
        let chips = scene.arrows.iter().filter_map(|arrow| {
            let chip = pen::rect(arrow.label_rect());
            chip.intersects(seen).then_some((arrow, chip))
        });
        for (arrow, chip) in chips.clone() {
            if let ArrowId::Flow(flow) = arrow.id {
                let words = || flow_words(document, results, view, flow);
                name(Item::Flow(flow), chip, &words);
            }
        }
        for (arrow, chip) in chips {
            if let ArrowId::Bundle(bundle) = arrow.id {
                self.name_bundle(ui, document, view, commands, (bundle, chip));
            }
            if let ArrowId::Extra(extra) = arrow.id {
                self.name_extra(ui, document, view, commands, (extra, chip, &arrow.label));
            }
        }
    }

    /// Names an arrow that is no flow.
    fn name_extra(
        &self,
        ui: &Ui,
        document: &Document,
        view: &View,
        commands: &mut Commands,
        (extra, chip, label): (ExtraId, Rect, &str),
    ) {
        let id = super::canvas_id().with(extra);
        let response = ui.interact(self.camera.rect_to_screen(chip), id, Sense::empty());
        let selected = view.extra == Some(extra);
        response.widget_info(|| {
            let words = self.extra_words(document, extra, label);
            WidgetInfo::selected(WidgetType::Button, true, selected, words)
        });
        let click = egui::accesskit::Action::Click;
        if ui.input(|input| input.has_accesskit_action_request(id, click)) {
            commands.push(Command::SelectArrow(extra));
        }
    }

    /// An arrow that is no flow, in words.
    fn extra_words(&self, document: &Document, id: ExtraId, label: &str) -> String {
        let (from, to) = (
            self.end_name(document, id.from),
            self.end_name(document, id.to),
        );
        format!("{from} to {to} on {label}, {}", words_of_extra(id.kind))
    }

    /// The name of an end; of what the project does not have, as it is drawn.
    fn end_name(&self, document: &Document, node: NodeRef) -> String {
        let drawn = self
            .scene_graph
            .scene
            .node(node)
            .filter(|_| is_foreign(node));
        match drawn {
            Some(drawn) if node != OUTSIDE => drawn.name.clone(),
            _ => crate::app::words::arrow_end(document, node),
        }
    }

    /// Names an arrow that stands for several flows.
    fn name_bundle(
        &self,
        ui: &Ui,
        document: &Document,
        view: &View,
        commands: &mut Commands,
        (bundle, chip): (Bundle, Rect),
    ) {
        let Some(bundled) = self.judged.bundles.get(&bundle) else {
            return;
        };
        let items = || bundled.flows.iter().copied().map(Item::Flow);
        let id = super::canvas_id().with(bundle);
        let response = ui.interact(self.camera.rect_to_screen(chip), id, Sense::empty());
        response.widget_info(|| {
            let selected = items().all(|item| view.selection.contains(&item));
            let words = bundle_words(document, bundle, bundled);
            WidgetInfo::selected(WidgetType::Button, true, selected, words)
        });
        let click = egui::accesskit::Action::Click;
        if ui.input(|input| input.has_accesskit_action_request(id, click)) {
            commands.push(Command::Select(items().collect()));
        }
    }

    /// A namespace in words; a collapsed one with what its card says, and how many workloads in it the search found.
    fn namespace_words(&self, space: &scene::NamespaceBox, found: Option<&usize>) -> String {
        let mut words = format!("namespace {}", space.name);
        if space.collapsed {
            let facts = self.judged.facts.get(&space.id);
            let facts = facts.copied().unwrap_or_default();
            let (isolated, open) = facts.isolation();
            let workloads = match space.count {
                1 => "1 workload".to_owned(),
                count => format!("{count} workloads"),
            };
            words += &format!(", collapsed, {workloads}, {isolated}");
            words += &open.map_or(String::new(), |open| format!(" {open}"));
            if facts.hubs > 0 {
                words += &format!(", {}", hubs_words(facts.hubs));
            }
            if let Some(problems) = facts.problems() {
                words += &format!(", {problems}");
            }
            if let Some(found) = found {
                words += &format!(", {found} of {} found", space.count);
            }
        }
        words
    }

    /// The whole name of what the pointer rests on, and what is known about it.
    pub(super) fn tooltip(
        &self,
        ui: &Ui,
        response: &Response,
        document: &Document,
        results: &Results,
        view: &View,
    ) {
        let covered = self.popup.is_some() || view.overlay.is_some();
        let quiet = covered || !matches!(self.gesture, super::Gesture::Idle);
        if quiet || !response.hovered() || ui.ctx().any_popup_open() {
            return;
        }
        let gates = &view.analysis_results.gates;
        let words = match self.hover {
            Some(Hit::Node(node)) if is_foreign(node) => self.end_name(document, node),
            Some(Hit::Node(node)) => node_tooltip(document, results, gates, node),
            Some(Hit::Chip(ArrowId::Flow(flow)) | Hit::Arrow(ArrowId::Flow(flow))) => {
                flow_words(document, results, view, flow)
            }
            Some(Hit::Chip(ArrowId::Bundle(id)) | Hit::Arrow(ArrowId::Bundle(id))) => {
                match self.judged.bundles.get(&id) {
                    Some(bundled) => bundle_words(document, id, bundled),
                    None => return,
                }
            }
            Some(Hit::Chip(ArrowId::Extra(id)) | Hit::Arrow(ArrowId::Extra(id))) => {
                let label = self.scene_graph.scene.find(ArrowId::Extra(id));
                self.extra_words(document, id, label.map_or("", |arrow| &arrow.label))
            }
            Some(Hit::Header(id)) => node_tooltip(document, results, gates, NodeRef::Namespace(id)),
            Some(Hit::Namespace(_)) | None => return,
        };
        let about = response.clone().with_new_rect(self.hover_rect());
        match self.hover {
            // Beside the card, not on it.
            Some(Hit::Node(_)) => about.on_hover_text(words),
            _ => about.on_hover_text_at_pointer(words),
        };
    }

    fn hover_rect(&self) -> Rect {
        let item = super::under::item_at(self.hover);
        item.and_then(|item| self.item_screen(item))
            .unwrap_or(self.camera.viewport)
    }
}

/// How many hubs are hidden.
pub fn hubs_words(count: usize) -> String {
    match count {
        1 => "1 hub hidden".to_owned(),
        count => format!("{count} hubs hidden"),
    }
}

fn node_words(document: &Document, node: NodeRef) -> String {
    match node {
        NodeRef::Workload(id) => {
            let home = document
                .workloads
                .get(id)
                .map(|workload| NodeRef::Namespace(workload.namespace));
            let home = home.map_or("", |home| document.node_name(home));
            format!("workload {} in {home}", document.node_name(node))
        }
        NodeRef::External(_) => format!("external {}", document.node_name(node)),
        NodeRef::Group(_) => format!("group {}", document.node_name(node)),
        NodeRef::Node(_) => format!("node {}", document.node_name(node)),
        NodeRef::Namespace(_) => format!("namespace {}", document.node_name(node)),
        NodeRef::AnyPod => "any pod of the cluster".to_owned(),
    }
}

fn node_tooltip(document: &Document, results: &Results, gates: &Gates, node: NodeRef) -> String {
    let mut lines = vec![node_words(document, node)];
    match node {
        NodeRef::Workload(id) => {
            if let Some(workload) = document.workloads.get(id) {
                lines.push(format!(
                    "{} with {}",
                    workload.kind,
                    labels(&workload.labels)
                ));
            }
            if let Some([ingress, egress]) = gates.get(&id) {
                lines.push(format!("ingress {}", ingress.words()));
                lines.push(format!("egress {}", egress.words()));
            } else if let Some(isolation) = results.proof.isolation.get(&id) {
                let word = |closed| if closed { "isolated" } else { "open" };
                lines.push(format!(
                    "ingress {}, egress {}",
                    word(isolation.ingress),
                    word(isolation.egress)
                ));
            }
            let about = results.proof.findings.iter();
            let about = about.filter(|finding| finding.workload == Some(id)).take(3);
            lines.extend(about.map(|finding| finding.message.clone()));
        }
        NodeRef::External(id) => {
            if let Some(external) = document.externals.get(id) {
                let blocks = external
                    .networks
                    .iter()
                    .map(|network| network.cidr.to_string());
                let entity = external
                    .entity
                    .map(|entity| entity.description().to_owned());
                let names = external.domain_names.iter().cloned();
                lines.extend(entity.into_iter().chain(blocks).chain(names).take(8));
            }
        }
        NodeRef::Namespace(id) => {
            let base = scene::request::base_words(document.base_of(id));
            let dns = if document.dns_of(id) {
                "DNS allowed"
            } else {
                "no DNS rule"
            };
            lines.push(match base {
                scene::request::NO_BASE => "no default deny".to_owned(),
                base => format!("default deny: {base}, {dns}"),
            });
        }
        NodeRef::Group(id) => {
            if document.groups.contains(id) {
                let matching = document.workloads_at(&End::Group(id)).len();
                lines.push(format!("matches {matching} workloads"));
            }
        }
        NodeRef::Node(id) => {
            let row = document.nodes.get(id).into_iter();
            let addresses = row.flat_map(|row| &row.node.addresses);
            lines.extend(addresses.map(ToString::to_string).take(8));
        }
        NodeRef::AnyPod => {}
    }
    lines.join("\n")
}

fn labels(labels: &crate::sets::Labels) -> String {
    match labels.is_empty() {
        true => "no labels".to_owned(),
        false => validate::labels_text(labels),
    }
}

/// An arrow that stands for several flows, in words.
fn bundle_words(document: &Document, id: Bundle, bundled: &Bundled) -> String {
    let (from, to) = (document.node_name(id.from), document.node_name(id.to));
    let mut words = format!("{from} to {to}, {}", bundle::words(bundled.flows.len()));
    if bundled.wrong > 0 {
        words += &format!(", {} not exact, {}", bundled.wrong, words_of(bundled.worst));
    }
    words
}

/// A flow in words, with how it depends on the enforcer and what was recorded of it, if that is known.
fn flow_words(document: &Document, results: &Results, view: &View, id: FlowId) -> String {
    let Some(flow) = document.flows.get(id) else {
        return String::new();
    };
    let Flow {
        ports,
        http,
        denies,
        note,
        half,
        muted,
        ..
    } = flow;
    let mut words = format!(
        "flow {} on {}",
        document.flow_name(id),
        validate::flow_ports_words(ports)
    );
    if let Some(only) = half {
        words += &format!(", {} only", crate::app::words::gate(*only));
    }
    if *denies {
        words += ", denied";
    }
    for rule in http {
        words += &format!(", HTTP {rule}");
    }
    if *muted {
        words += ", muted";
    } else {
        words += &format!(", {}", words_of(results.proof.verdicts.get(&id).copied()));
    }
    if let Some(class) = view.traffic.shown().and_then(|shown| shown.class(id)) {
        words += &format!("\n{}", class.words());
    }
    if let Some(dependence) = view.dependence(id) {
        words += &format!("\ndepends on the enforcer\n{dependence}");
    }
    if !note.is_empty() {
        words += &format!("\n{note}");
    }
    words
}
