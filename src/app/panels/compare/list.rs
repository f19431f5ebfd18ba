//! The connections that open or close, and the workloads only one side has, as virtual rows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Frame, Margin, Response, ScrollArea, Sense, Ui, WidgetInfo, WidgetType, pos2, vec2,
};

use super::{Answer, CompareView, kind_of};
use crate::analysis::changes::Name;
use crate::app::command::{Command, Commands};
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::WorkloadId;
use crate::picture;
use crate::query::compare::{Comparison, Difference, Party, Side, Way, drawn_names};
use crate::query::party::{self, Joined};
use crate::scene::{Extra, ExtraId, tokens};

/// Names of workloads within one line.
#[derive(Default)]
pub(super) struct Names {
    /// Names shared by workloads of several namespaces or kinds.
    shared: BTreeSet<String>,
    /// The workloads of the Document.
    drawn: BTreeMap<Name, WorkloadId>,
}

impl Names {
    pub(super) fn of(old: &Side, new: &Side) -> Self {
        let sides = [old, new].into_iter();
        let all: BTreeSet<(&str, &str, &str)> = sides
            .flat_map(|side| side.snapshot.workloads.iter())
            .map(|w| (w.name.as_str(), w.namespace.as_str(), w.kind.as_str()))
            .collect();
        let next = all.iter().skip(1);
        let twice = all.iter().zip(next).filter(|(a, b)| a.0 == b.0);
        Self {
            shared: twice.map(|(a, _)| a.0.to_owned()).collect(),
            drawn: new.document.as_ref().map(drawn_names).unwrap_or_default(),
        }
    }

    fn short(&self, place: &Party) -> String {
        match place {
            Party::Workload(name) if !self.shared.contains(&name.name) => name.name.clone(),
            place => long(place),
        }
    }
}

/// The full name of an end.
pub(in crate::app) fn long(place: &Party) -> String {
    match place {
        Party::Workload(name) => format!("{}/{}", name.namespace, name.name),
        Party::External(name, _) => name.clone(),
        Party::Addresses(set) => {
            let mut blocks = set.cidrs().into_iter();
            let first = blocks
                .next()
                .map_or(String::new(), |block| block.to_string());
            match blocks.count() {
                0 => first,
                more => format!("{first} and {more} more"),
            }
        }
        Party::IngressController => "the ingress controller".to_owned(),
    }
}

/// A section of the list.
struct Part<'a> {
    title: &'static str,
    rows: Rows<'a>,
}

enum Rows<'a> {
    Differences(&'a [Difference]),
    Workloads(&'a [Name]),
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Differences(all) => all.len(),
            Self::Workloads(all) => all.len(),
        }
    }
}

fn parts(comparison: &Comparison) -> Vec<Part<'_>> {
    let all = [
        ("Opens", Rows::Differences(comparison.of(Way::Opens))),
        ("Closes", Rows::Differences(comparison.of(Way::Closes))),
        ("Added workloads", Rows::Workloads(&comparison.only_new)),
        ("Removed workloads", Rows::Workloads(&comparison.only_old)),
    ];
    let parts = all.into_iter().map(|(title, rows)| Part { title, rows });
    parts.filter(|part| part.rows.len() > 0).collect()
}

/// Shows the list.
pub(super) fn list_ui(
    ui: &mut Ui,
    extra: Option<ExtraId>,
    compare: &mut CompareView,
    commands: &mut Commands,
) {
    let Some((_, answer)) = compare.answer.answer() else {
        return;
    };
    let answer = std::sync::Arc::clone(answer);
    let parts = parts(&answer.comparison);
    if parts.is_empty() {
        Frame::new()
            .inner_margin(Margin::symmetric(16, 0))
            .show(ui, |ui| {
                let text = "No connection opens or closes. The list updates as you edit.";
                widgets::empty(ui, text);
            });
        return;
    }
    widgets::hairline(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let total = parts.iter().map(|part| part.rows.len() + 1).sum();
    ScrollArea::vertical()
        .auto_shrink(false)
        .show_rows(ui, tokens::ROW, total, |ui, shown| {
            Frame::new()
                .inner_margin(Margin::symmetric(8, 0))
                .show(ui, |ui| {
                    let list = (&*answer, &parts[..]);
                    rows_ui(ui, list, shown, (extra, compare), commands);
                });
        });
}

fn rows_ui(
    ui: &mut Ui,
    (answer, parts): (&Answer, &[Part<'_>]),
    shown: Range<usize>,
    (extra, compare): (Option<ExtraId>, &mut CompareView),
    commands: &mut Commands,
) {
    for row in shown {
        let mut at = row;
        for part in parts {
            let count = part.rows.len();
            if at == 0 {
                widgets::section(ui, part.title, count);
                break;
            }
            if at <= count {
                match part.rows {
                    Rows::Differences(all) => {
                        difference_ui(ui, answer, &all[at - 1], (extra, compare), commands);
                    }
                    Rows::Workloads(all) => workload_ui(ui, answer, &all[at - 1], commands),
                }
                break;
            }
            at -= count + 1;
        }
    }
}

fn difference_ui(
    ui: &mut Ui,
    answer: &Answer,
    difference: &Difference,
    (extra, compare): (Option<ExtraId>, &mut CompareView),
    commands: &mut Commands,
) {
    let chosen = compare.chosen.as_ref();
    let selected = chosen.is_some_and(|(of, arrow)| of == difference && extra == Some(arrow.id));
    if row_ui(ui, answer, difference, selected).clicked() {
        choose(answer, difference, compare, commands);
    }
}

/// The arrow of a single difference; `None` if an end is not on the canvas.
fn arrow_of(answer: &Answer, difference: &Difference) -> Option<Extra> {
    let drawn = &answer.names.drawn;
    let joined = Joined {
        from: difference.from.party(drawn)?,
        to: difference.to.party(drawn)?,
        ports: difference.ports.clone(),
        pairs: 1,
    };
    Some(picture::extra(kind_of(difference.way), &joined))
}

/// Shows a connection on the canvas; if an end is missing there, reveals the other end.
fn choose(
    answer: &Answer,
    difference: &Difference,
    compare: &mut CompareView,
    commands: &mut Commands,
) {
    if let Some(arrow) = arrow_of(answer, difference) {
        commands.push(Command::SelectArrow(arrow.id));
        compare.chosen = Some((difference.clone(), arrow));
        return;
    }
    let drawn = &answer.names.drawn;
    let ends = [&difference.from, &difference.to].into_iter();
    let there = ends.filter_map(|place| match place.party(drawn)? {
        party::Party::Drawn(node) => node.item(),
        party::Party::Outside => None,
    });
    if let Some(item) = there.into_iter().next() {
        commands.push(Command::Reveal(item));
    }
    commands.push(Command::Say(
        "One end of this connection is not on the canvas".into(),
    ));
}

/// Row of one connection: icon, both ends, ports.
fn row_ui(ui: &mut Ui, answer: &Answer, difference: &Difference, selected: bool) -> Response {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), tokens::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let (from, to) = (long(&difference.from), long(&difference.to));
    let ports = difference.ports.to_string();
    let (verb, icon) = match difference.way {
        Way::Opens => ("opens", icons::PLUS),
        Way::Closes => ("closes", icons::MINUS),
    };
    let name = format!("{verb}: {from} to {to}, {ports}");
    response
        .widget_info(|| WidgetInfo::selected(WidgetType::SelectableLabel, true, selected, &name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    widgets::row_background(ui, rect, &response, (selected, true));
    let painter = ui.painter();
    let middle = rect.center().y;
    let foreground = color(palette.text);
    let at = pos2(rect.left() + 15.0, middle);
    painter.text(
        at,
        Align2::CENTER_CENTER,
        icon,
        theme::icon(13.0),
        foreground,
    );
    let fitted = |text: &str, font, foreground, width| {
        let mut job = LayoutJob::simple_singleline(text.to_owned(), font, foreground);
        job.wrap = TextWrapping::truncate_at_width(width);
        painter.layout_job(job)
    };
    let left = rect.left() + 30.0;
    let width = rect.right() - 8.0 - left;
    let second = color(palette.text_secondary);
    let mono = theme::mono(tokens::TEXT_SMALL);
    let end = fitted(&ports, mono, second, width * 0.5);
    let end_at = pos2(
        rect.right() - 8.0 - end.size().x,
        middle - end.size().y / 2.0,
    );
    let names = &answer.names;
    let ends = format!(
        "{} \u{2192} {}",
        names.short(&difference.from),
        names.short(&difference.to)
    );
    let font = theme::sans(tokens::TEXT_NORMAL);
    let text = fitted(&ends, font, foreground, width - end.size().x - 12.0);
    painter.galley(pos2(left, middle - text.size().y / 2.0), text, foreground);
    painter.galley(end_at, end, second);
    response.on_hover_text(format!("{from} to {to}\n{ports}"))
}

fn workload_ui(ui: &mut Ui, answer: &Answer, name: &Name, commands: &mut Commands) {
    let text = format!("{}/{}", name.namespace, name.name);
    let row = widgets::Row::new(icons::of_kind(&name.kind), &text).end(&name.kind);
    let id = answer.names.drawn.get(&name.whole());
    if row.show(ui).clicked()
        && let Some(id) = id
    {
        commands.push(Command::Reveal(crate::model::Item::Workload(*id)));
    }
}
