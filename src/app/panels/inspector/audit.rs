//! The audit of the policies in force; clicking a row reveals its object.

use std::sync::Arc;

use egui::{Id, ScrollArea, Ui, WidgetType};

use super::Inspect;
use crate::app::analysis_results::AnalysisResults;
use crate::app::command::Command;
use crate::app::icons;
use crate::app::jobs::{Memo, Pool};
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::model::{Document, Item, NodeRef, PolicyId, WorkloadId};
use crate::query::Results;
use crate::query::audit::{Audit, audit as audit_of};
use crate::scene::tokens;

/// The rows of a section at first.
const FIRST: usize = 6;
/// The rows of a section that are visible at once while all are shown.
const VISIBLE: usize = 12;

/// A row: its object, its text, the text at its right end, and the tooltip.
struct Line {
    item: Item,
    text: String,
    end: String,
    more: String,
}

/// The newest audit.
#[derive(Default)]
pub struct AuditView {
    audit: Memo<u64, Arc<Audit>>,
}

impl AuditView {
    /// Audits the policies in force on the worker pool. One comparison for each policy is slow, so this is
    /// called only while the audit is shown and no other job runs. `number`: that of both results.
    pub(super) fn keep(
        &mut self,
        results: &Arc<Results>,
        (analysis_results, number): (&Arc<AnalysisResults>, u64),
        pool: &Pool,
    ) {
        let (results, analysis_results) = (Arc::clone(results), Arc::clone(analysis_results));
        self.audit.keep(number, pool, move |cancel| {
            let (document, in_force) = (&results.document, &results.in_force);
            let stop = || cancel.is_set();
            Arc::new(audit_of(document, in_force, &analysis_results.gates, &stop))
        });
    }

    /// The number of the audited results.
    #[cfg(test)]
    pub(in crate::app) fn made_for(&self) -> Option<u64> {
        self.audit.answer().map(|(number, _)| *number)
    }
}

/// Shows the audit, if there are workloads.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let whole = inspect.inspector.audit.audit.answer();
    // Until the full audit is ready, show the part that is known at once.
    let audit = whole.map_or(&inspect.analysis_results.audit, |(_, audit)| &**audit);
    let names = inspect.names;
    if audit.workloads == 0 {
        return;
    }
    widgets::heading(ui, "Audit");
    widgets::small(ui, format!("{}.", audit.summary()));
    let workload = |id: WorkloadId, end: String| Line {
        item: Item::Workload(id),
        text: name(document, id),
        end,
        more: String::new(),
    };
    let directions = |open: &[bool; 2]| match open {
        [true, true] => "both directions",
        [true, false] => "ingress",
        _ => "egress",
    };
    let open = audit.open.iter();
    let open = open.map(|(id, open)| workload(*id, directions(open).to_owned()));
    list(
        ui,
        inspect,
        "Not isolated in at least one direction",
        Some(true),
        open.collect(),
    );
    let partly = audit.partly.iter().map(|(id, open, words)| Line {
        more: words.clone(),
        ..workload(*id, directions(open).to_owned())
    });
    let partly = partly.collect();
    list(ui, inspect, "Open to future pods", Some(true), partly);
    let outside = audit.from_outside.iter();
    let outside = outside.map(|id| workload(*id, String::new())).collect();
    list(
        ui,
        inspect,
        "Open to any external address",
        Some(true),
        outside,
    );
    let policy = |id: &PolicyId| {
        let imported = document.policies.get(*id);
        let file = imported.map_or(String::new(), |imported| imported.file.clone());
        let file = file.rsplit('/').next().unwrap_or_default().to_owned();
        Line {
            item: Item::Policy(*id),
            text: names.name(document, *id).to_owned(),
            end: file,
            more: String::new(),
        }
    };
    let nothing = audit.select_nothing.iter().map(policy).collect();
    list(
        ui,
        inspect,
        "Policies that select no pods",
        Some(false),
        nothing,
    );
    let idle = audit.without_effect.iter().map(policy).collect();
    list(ui, inspect, "Redundant policies", Some(false), idle);
    let others = audit.workloads.saturating_sub(1);
    let most = audit.reach_most.iter();
    let most = most
        .map(|(id, count)| workload(*id, format!("{count} of {others}")))
        .collect();
    list(ui, inspect, "Workloads with the widest reach", None, most);
}

/// `shop/web`.
fn name(document: &Document, id: WorkloadId) -> String {
    let workload = document.workloads.get(id);
    workload.map_or(String::new(), |workload| {
        let space = document.node_name(NodeRef::Namespace(workload.namespace));
        format!("{space}/{}", workload.name)
    })
}

/// Rows under a title, if there are any. `bad`: `true` is a warning, `false` a note, `None` neither.
fn list(ui: &mut Ui, inspect: &mut Inspect<'_>, title: &str, bad: Option<bool>, lines: Vec<Line>) {
    if lines.is_empty() {
        return;
    }
    let palette = theme::palette(ui.ctx());
    let (icon, foreground) = match bad {
        Some(true) => (icons::SHIELD, palette.wide),
        Some(false) => (icons::FILE, palette.text_secondary),
        None => (icons::ARROW_RIGHT, palette.text_secondary),
    };
    ui.add_space(2.0);
    widgets::section(ui, title, lines.len());
    let line_ui = |ui: &mut Ui, line: &Line| {
        let row = Row::new(icon, &line.text)
            .icon_color(color(foreground))
            .end(&line.end);
        let mut response = row.show(ui);
        if !line.more.is_empty() {
            response = response.on_hover_text(&line.more);
        }
        response.clicked().then_some(line.item)
    };
    let id = Id::new(("audit section", title));
    let is_whole = ui.data(|data| data.get_temp(id)).unwrap_or(false);
    let clicked = ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if !is_whole {
            let first = lines.iter().take(FIRST);
            return first.filter_map(|line| line_ui(ui, line)).last();
        }
        let tall = tokens::ROW * VISIBLE as f32;
        let area = ScrollArea::vertical().id_salt(title).max_height(tall);
        let shown = area.show_rows(ui, tokens::ROW, lines.len(), |ui, rows| {
            let visible = lines.get(rows).unwrap_or_default().iter();
            visible.filter_map(|line| line_ui(ui, line)).last()
        });
        shown.inner
    });
    inspect.commands.extend(clicked.inner.map(Command::Reveal));
    if lines.len() > FIRST {
        let text = match is_whole {
            true => format!("Show the first {FIRST}"),
            false => format!("Show all {}", lines.len()),
        };
        let link = widgets::link(ui, &text);
        widgets::named(&link, WidgetType::Link, &format!("{text}: {title}"));
        if link.clicked() {
            ui.data_mut(|data| data.insert_temp(id, !is_whole));
        }
    }
}
