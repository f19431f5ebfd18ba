//! A selection of several objects.

use egui::Ui;

use super::{Inspect, label_change, parts};
use crate::app::command::Command;
use crate::app::icons;
use crate::app::widgets::{self, Field, Row};
use crate::model::{Edit, FlowId, Item, NodeRef, validate};

/// Shows the selection.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let items: Vec<Item> = inspect.selection.iter().copied().collect();
    let flows: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Flow(id) => Some(*id),
            _ => None,
        })
        .collect();
    widgets::head(
        ui,
        "Selection",
        &format!("{} selected", items.len()),
        &counted(&items),
    );
    label_change::move_ui(ui, inspect);
    if flows.len() == items.len() {
        let document = inspect.document;
        widgets::labelled(ui, "Ports", |ui| {
            let field = Field::new("ports of many", "Ports of all", "")
                .mono()
                .hint("set the ports of all");
            field.show(ui, inspect.drafts, inspect.commands, |text| {
                let ports = validate::flow_ports(text)?;
                parts::trial(document, Edit::SetPorts(flows.clone(), ports))
            });
        });
    }
    ui.horizontal(|ui| {
        if !flows.is_empty() && widgets::secondary(ui, "Mute or unmute").clicked() {
            inspect.commands.push(Command::MuteFlow);
        }
        if widgets::secondary(ui, "Duplicate").clicked() {
            inspect.commands.push(Command::Duplicate);
        }
        if widgets::danger(ui, "Delete").clicked() {
            inspect.commands.push(Command::Delete);
        }
    });
    ui.add_space(4.0);
    ui.spacing_mut().item_spacing.y = 0.0;
    for item in items.iter().take(40) {
        if let Item::Flow(id) = item {
            flow_row(ui, inspect, *id);
            continue;
        }
        let name = inspect.names.of(inspect.document, *item);
        let row = Row::new(icons::of_item(*item, inspect.document), &name);
        if row.show(ui).clicked() {
            inspect.commands.push(Command::Select(vec![*item]));
        }
    }
    if items.len() > 40 {
        widgets::faint(ui, format!("and {} more", items.len() - 40));
    }
}

/// A flow; a click selects its ends.
fn flow_row(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId) {
    let Some(flow) = inspect.document.flows.get(id) else {
        return;
    };
    if parts::flow_row(ui, inspect, id) {
        let ends = [flow.from.node(), flow.to.node()].into_iter().flatten();
        let mut ends: Vec<Item> = ends.filter_map(NodeRef::item).collect();
        if ends.is_empty() {
            ends.push(Item::Flow(id));
        }
        inspect.commands.push(Command::Select(ends));
    }
}

/// `2 workloads, 3 flows`.
fn counted(items: &[Item]) -> String {
    type Is = fn(&Item) -> bool;
    let kinds: [(&str, Is); 8] = [
        ("namespace", |item| matches!(item, Item::Namespace(_))),
        ("workload", |item| matches!(item, Item::Workload(_))),
        ("external", |item| matches!(item, Item::External(_))),
        ("group", |item| matches!(item, Item::Group(_))),
        ("node", |item| matches!(item, Item::Node(_))),
        ("flow", |item| matches!(item, Item::Flow(_))),
        ("imported policy", |item| matches!(item, Item::Policy(_))),
        ("invariant", |item| matches!(item, Item::Invariant(_))),
    ];
    let counts = kinds.iter().filter_map(|(name, is)| {
        let count = items.iter().filter(|item| is(item)).count();
        (count > 0).then(|| match (count, *name) {
            (1, name) => format!("1 {name}"),
            (count, "imported policy") => format!("{count} imported policies"),
            (count, name) => format!("{count} {name}s"),
        })
    });
    counts.collect::<Vec<_>>().join(", ")
}
