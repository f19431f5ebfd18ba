//! Connections whose verdict depends on the enforcer, with reasons: what `list --compare-enforcers` lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Frame, Margin, Rect, Response, ScrollArea, Sense, Ui, WidgetInfo, WidgetType, pos2,
    vec2,
};

use crate::analysis::Party;
use crate::analysis::changes::Name;
use crate::app::command::{Command, Commands};
use crate::app::jobs::{Memo, Pool};
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::cluster::Enforcer;
use crate::model::{Document, FlowId, Item, NodeRef, WorkloadId, enforcers_of};
use crate::query::Results;
use crate::query::compare::drawn_names;
use crate::query::enforcers::{Differing, OfProject, of_project};
use crate::query::party;
use crate::scene::tokens;
use crate::sets::{IpSet, PortSet};

/// The enforcers that are compared, in the order of the columns.
const ENFORCERS: [Enforcer; 3] = [Enforcer::Kubernetes, Enforcer::Cilium, Enforcer::Calico];

/// The flows that depend on the enforcer, each with how, in words.
pub type DependentFlows = Arc<BTreeMap<FlowId, String>>;

/// State of the list.
#[derive(Default)]
pub struct EnforcersView {
    open: bool,
    answer: Memo<u64, Arc<Answer>>,
    /// The chosen connection.
    chosen: Option<(Differing, Vec<FlowId>)>,
}

/// The connections, with names.
struct Answer {
    found: OfProject,
    flows: DependentFlows,
    workloads: BTreeMap<Name, WorkloadId>,
    /// Externals and nodes with their names and addresses.
    addressed: Vec<(NodeRef, String, IpSet)>,
}

impl Answer {
    fn new(document: &Document, found: OfProject) -> Self {
        let words = |at: &usize| found.differing.get(*at).map(words);
        let of_flows = found.of_flows().into_iter().map(|(flow, all)| {
            let all: Vec<String> = all.iter().filter_map(words).collect();
            (flow, all.join("\n"))
        });
        Self {
            flows: Arc::new(of_flows.collect()),
            workloads: drawn_names(document),
            addressed: party::addressed(document)
                .into_iter()
                .map(|(node, set)| (node, document.node_name(node).to_owned(), set))
                .collect(),
            found,
        }
    }

    fn name(&self, party: &Party<Arc<Name>>) -> String {
        match party {
            Party::Workload(name) => match &name.pod {
                Some(pod) => format!("{}/{pod}", name.namespace),
                None => format!("{}/{}", name.namespace, name.name),
            },
            Party::Addresses { first, last } => {
                let set = IpSet::range(*first, *last);
                let known = self.addressed.iter().find(|(_, _, of)| *of == set);
                known.map_or_else(|| addresses(&set), |(_, name, _)| name.clone())
            }
            Party::IngressController => "the ingress controller".to_owned(),
        }
    }

    /// The object on the canvas that has this end.
    fn item(&self, party: &Party<Arc<Name>>) -> Option<Item> {
        match party {
            Party::Workload(name) => Some(Item::Workload(*self.workloads.get(&name.whole())?)),
            Party::Addresses { first, last } => {
                let set = IpSet::range(*first, *last);
                let mut all = self.addressed.iter();
                let (node, ..) = all.find(|(_, _, of)| set.is_subset(of))?;
                node.item()
            }
            Party::IngressController => None,
        }
    }
}

impl EnforcersView {
    /// Opens the comparison.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// Ends the comparison, and stops its work.
    pub fn close(&mut self) {
        *self = Self::default();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Compares again on the worker pool after a new check.
    pub fn keep(&mut self, results: &Arc<Results>, number: u64, pool: &Pool) {
        if !self.open || enforcers_of(results.document.settings.target()).len() == 1 {
            self.answer.forget();
            return;
        }
        let about = Arc::clone(results);
        self.answer.keep(number, pool, move |cancel| {
            let found = of_project(&about, &ENFORCERS, &|| cancel.is_set());
            Arc::new(Answer::new(&about.document, found.unwrap_or_default()))
        });
    }

    /// The connections that depend on the enforcer, once they are known.
    pub fn found(&self) -> Option<&OfProject> {
        self.answer.answer().map(|(_, answer)| &answer.found)
    }

    /// The flows that depend on the enforcer.
    pub fn flows(&self) -> Option<&DependentFlows> {
        self.answer.answer().map(|(_, answer)| &answer.flows)
    }
}

/// `Kubernetes: TCP 80; Cilium: none; Calico: none. Cilium never …`.
fn words(differing: &Differing) -> String {
    let each = ENFORCERS.iter().zip(&differing.ports);
    let each: Vec<String> = each
        .map(|(enforcer, ports)| format!("{}: {}", enforcer.title(), ports_words(ports)))
        .collect();
    format!("{}. {}", each.join("; "), reasons(differing))
}

fn reasons(differing: &Differing) -> String {
    let all = differing.reasons.iter();
    let all: Vec<String> = all.map(|reason| format!("{}.", sentence(reason))).collect();
    all.join(" ")
}

fn ports_words(ports: &PortSet) -> String {
    match ports.is_empty() {
        true => "none".to_owned(),
        false => ports.to_string(),
    }
}

fn addresses(set: &IpSet) -> String {
    let blocks = set.cidrs();
    let first = blocks.first().map(ToString::to_string).unwrap_or_default();
    match blocks.len() {
        0 | 1 => first,
        n => format!("{first} and {} more", n - 1),
    }
}

/// Shows the list.
pub(super) fn enforcers_ui(
    ui: &mut Ui,
    document: &Document,
    view: &mut EnforcersView,
    commands: &mut Commands,
) {
    let margin = Margin {
        left: 16,
        right: 16,
        top: 8,
        bottom: 12,
    };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 8.0;
        head_ui(ui, document, view, commands);
    });
    let Some((_, answer)) = view.answer.answer() else {
        return;
    };
    let answer = Arc::clone(answer);
    let count = answer.found.differing.len();
    if count == 0 {
        return;
    }
    widgets::hairline(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().auto_shrink(false);
    area.show_rows(ui, HEIGHT, count, |ui, rows| {
        let margin = Margin::symmetric(8, 0);
        Frame::new().inner_margin(margin).show(ui, |ui| {
            for at in rows {
                let Some(one) = answer.found.differing.get(at) else {
                    break;
                };
                let flows = answer.found.flows.get(at).cloned().unwrap_or_default();
                let chosen = (one.clone(), flows);
                let selected = view.chosen.as_ref() == Some(&chosen);
                if row_ui(ui, &answer, one, selected).clicked() {
                    choose(&answer, &chosen, commands);
                    view.chosen = Some(chosen);
                }
            }
        });
    });
}

fn head_ui(ui: &mut Ui, document: &Document, view: &EnforcersView, commands: &mut Commands) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let width = ui.available_width() - tokens::BUTTON - 6.0;
        ui.allocate_ui(vec2(width, tokens::BUTTON), |ui| {
            ui.set_width(width);
            widgets::title(ui, "Enforcers compared");
        });
        if widgets::icon_button(ui, icons::X, "Close the comparison").clicked() {
            commands.push(Command::CloseCompare);
        }
    });
    let target = document.settings.target();
    if let [only] = enforcers_of(target) {
        let text = format!(
            "The project is written as {}, which only {} enforces, so there is nothing to compare.",
            target.kind(),
            only.title()
        );
        widgets::small(ui, text);
        if widgets::secondary(ui, "Write NetworkPolicy").clicked() {
            commands.push(Command::WriteKubernetes);
        }
        return;
    }
    if view.answer.failed() {
        widgets::small(ui, "The comparison failed with an internal error.");
        return;
    }
    let Some(found) = view.found() else {
        ui.horizontal(|ui| {
            widgets::small(ui, "Comparing enforcers…");
            if widgets::link(ui, "Cancel").clicked() {
                commands.push(Command::CloseCompare);
            }
        });
        return;
    };
    verdict_ui(ui, found);
    if view.answer.busy() {
        widgets::faint(ui, "Comparing again…");
    }
}

fn verdict_ui(ui: &mut Ui, found: &OfProject) {
    let palette = theme::palette(ui.ctx());
    let names: Vec<&str> = ENFORCERS.iter().map(|enforcer| enforcer.title()).collect();
    let flows = match found.of_flows().len() {
        0 => "No drawn flow depends on it.".to_owned(),
        1 => "1 drawn flow depends on it, and is marked on the canvas.".to_owned(),
        n => format!("{n} drawn flows depend on it, and are marked on the canvas."),
    };
    let count = found.differing.len();
    let (icon, text, foreground, background) = match count {
        0 => (
            icons::CHECK,
            "No connection depends on the enforcer".to_owned(),
            palette.exact,
            palette.exact_soft,
        ),
        1 => (
            icons::SCALES,
            "1 connection depends on the enforcer".to_owned(),
            palette.text,
            palette.canvas,
        ),
        n => (
            icons::SCALES,
            format!("{n} connections depend on the enforcer"),
            palette.text,
            palette.canvas,
        ),
    };
    let more = match count {
        0 => format!("Compared: {}.", names.join(", ")),
        _ => format!("Compared: {}. {flows}", names.join(", ")),
    };
    widgets::banner(ui, icon, &text, &more, color(foreground), color(background));
}

/// Selects the flows of a connection, else its ends, and brings them into view.
fn choose(answer: &Answer, (differing, flows): &(Differing, Vec<FlowId>), commands: &mut Commands) {
    let flows: Vec<Item> = flows.iter().copied().map(Item::Flow).collect();
    let ends = [&differing.src, &differing.dst];
    let items = match flows.is_empty() {
        true => ends.iter().filter_map(|end| answer.item(end)).collect(),
        false => flows,
    };
    let Some(first) = items.first() else {
        let text = "No end of this connection is on the canvas";
        commands.push(Command::Say(text.to_owned()));
        return;
    };
    commands.push(Command::Reveal(*first));
    commands.push(Command::Select(items));
}

/// Height of a row: the ends, two lines with the verdict of each enforcer, two lines of reasons.
const HEIGHT: f32 = 98.0;

fn row_ui(ui: &mut Ui, answer: &Answer, differing: &Differing, selected: bool) -> Response {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let from = answer.name(&differing.src);
    let to = match differing.src == differing.dst {
        true => "its other replicas".to_owned(),
        false => answer.name(&differing.dst),
    };
    let ends = format!("{from} \u{2192} {to}");
    let label = format!("{from} to {to}. {}", words(differing));
    response
        .widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, true, selected, &label));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let rect_of_row = rect.shrink2(vec2(0.0, 2.0));
    widgets::row_background(ui, rect_of_row, &response, (selected, true));
    let inner = rect.shrink2(vec2(8.0, 8.0));
    let line = |text: String, font, foreground, width: f32, rows| {
        let mut job = LayoutJob::simple(text, font, foreground, width);
        job.wrap = TextWrapping {
            max_rows: rows,
            ..TextWrapping::wrap_at_width(width)
        };
        ui.painter().layout_job(job)
    };
    let normal = theme::sans(tokens::TEXT_NORMAL);
    let title = line(ends, normal, color(palette.text), inner.width(), 1);
    ui.painter().galley(inner.min, title, color(palette.text));
    verdicts_ui(ui, differing, inner);
    let small = theme::sans(tokens::TEXT_SMALL);
    let second = color(palette.text_secondary);
    let why = line(reasons(differing), small, second, inner.width(), 2);
    ui.painter()
        .galley(inner.min + vec2(0.0, 52.0), why, second);
    response.on_hover_text(label)
}

/// One column for each enforcer: whether it allows the connection, and at which ports.
fn verdicts_ui(ui: &Ui, differing: &Differing, inner: Rect) {
    let palette = theme::palette(ui.ctx());
    let width = inner.width() / ENFORCERS.len() as f32;
    let middle = inner.top() + 26.0;
    for (at, (enforcer, ports)) in ENFORCERS.iter().zip(&differing.ports).enumerate() {
        let (icon, foreground) = match ports.is_empty() {
            true => (icons::X, palette.blocked),
            false => (icons::CHECK, palette.exact),
        };
        let left = inner.left() + width * at as f32;
        let font = theme::icon(11.0);
        let place = pos2(left, middle);
        ui.painter()
            .text(place, Align2::LEFT_CENTER, icon, font, color(foreground));
        let small = theme::sans(tokens::TEXT_SMALL);
        let mono = theme::mono(tokens::TEXT_TINY);
        let lines = [
            (enforcer.title().to_owned(), small, palette.text),
            (ports_words(ports), mono, palette.text_secondary),
        ];
        for (at, (text, font, foreground)) in lines.into_iter().enumerate() {
            let mut job = LayoutJob::simple_singleline(text, font, color(foreground));
            job.wrap = TextWrapping::truncate_at_width(width - 22.0);
            let galley = ui.painter().layout_job(job);
            let line = middle + 14.0 * at as f32;
            let place = pos2(left + 15.0, line - galley.size().y / 2.0);
            ui.painter().galley(place, galley, color(foreground));
        }
    }
}
