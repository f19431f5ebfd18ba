//! What an auditor says of the policies as they are; each row shows what it is about.

use egui::Ui;

use super::Inspect;
use crate::app::command::Command;
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::model::{Document, Item, NodeRef, PolicyId, WorkloadId};

/// How many rows of a kind are shown.
const SHOWN: usize = 6;

/// A row: what it is about, and what stands at its end.
type Line = (Item, String, String);

/// Shows it, if there is anything to audit.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let insight = std::sync::Arc::clone(&inspect.view.insight);
    let audit = &insight.audit;
    if audit.workloads == 0 {
        return;
    }
    widgets::heading(ui, "Audit");
    widgets::small(ui, format!("{}.", audit.summary()));
    let workload = |id: WorkloadId, end: String| (Item::Workload(id), name(document, id), end);
    let open = audit.open.iter().map(|(id, open)| {
        let words = match open {
            [true, true] => "both ways",
            [true, false] => "ingress",
            _ => "egress",
        };
        workload(*id, words.to_owned())
    });
    list(
        ui,
        inspect,
        "Open: no policy isolates them",
        Some(true),
        open.collect(),
    );
    let partly = audit.partly.iter();
    let partly = partly
        .map(|(id, words)| workload(*id, words.clone()))
        .collect();
    list(
        ui,
        inspect,
        "Open to pods that do not exist yet",
        Some(true),
        partly,
    );
    let outside = audit.from_outside.iter();
    let outside = outside.map(|id| workload(*id, String::new())).collect();
    list(
        ui,
        inspect,
        "Open to any address outside",
        Some(true),
        outside,
    );
    let policy = |id: &PolicyId| {
        let kept = document.policies.get(*id);
        let file = kept.map_or(String::new(), |kept| kept.file.clone());
        let file = file.rsplit('/').next().unwrap_or_default().to_owned();
        (Item::Policy(*id), document.policy_name(*id), file)
    };
    let nothing = audit.select_nothing.iter().map(policy).collect();
    list(
        ui,
        inspect,
        "Policies that select nothing",
        Some(false),
        nothing,
    );
    let idle = audit.without_effect.iter().map(policy).collect();
    list(
        ui,
        inspect,
        "Policies that others make needless",
        Some(false),
        idle,
    );
    let others = audit.workloads.saturating_sub(1);
    let most = audit.reach_most.iter();
    let most = most
        .map(|(id, count)| workload(*id, format!("{count} of {others}")))
        .collect();
    list(ui, inspect, "Who reaches the most", None, most);
}

/// `shop/web`.
fn name(document: &Document, id: WorkloadId) -> String {
    let workload = document.workloads.get(id);
    workload.map_or(String::new(), |workload| {
        let space = document.node_name(NodeRef::Namespace(workload.namespace));
        format!("{space}/{}", workload.name)
    })
}

/// Rows under a title, if there are any. `bad`: amber, or a note; none: neither.
fn list(ui: &mut Ui, inspect: &mut Inspect<'_>, title: &str, bad: Option<bool>, lines: Vec<Line>) {
    if lines.is_empty() {
        return;
    }
    let palette = theme::palette(ui.ctx());
    let (icon, ink) = match bad {
        Some(true) => (icons::SHIELD, palette.wide),
        Some(false) => (icons::FILE, palette.ink2),
        None => (icons::ARROW_RIGHT, palette.ink2),
    };
    ui.add_space(2.0);
    widgets::section(ui, title, lines.len());
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (item, text, end) in lines.iter().take(SHOWN) {
            let short = end.chars().count() <= 24;
            let row = Row::new(icon, text).icon_ink(color(ink));
            let response = row.end(if short { end } else { "" }).show(ui);
            let response = match short {
                true => response,
                false => response.on_hover_text(end),
            };
            if response.clicked() {
                inspect.commands.push(Command::Reveal(*item));
            }
        }
        if lines.len() > SHOWN {
            widgets::faint(ui, format!("and {} more", lines.len() - SHOWN));
        }
    });
}
