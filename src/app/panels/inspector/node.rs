//! A node of the cluster: its addresses and its labels.

use egui::Ui;

use super::Inspect;
use super::parts::{self, section};
use crate::app::command::Command;
use crate::app::widgets;
use crate::model::{Item, NodeId, NodeRef, validate};
use crate::scene::request::addresses_words;

/// Shows the node.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: NodeId) {
    let document = inspect.document;
    let Some(row) = document.nodes.get(id) else {
        return;
    };
    let node = &row.node;
    widgets::head(
        ui,
        "Node",
        &node.name,
        "A node of the cluster, named by policies by its addresses",
    );
    parts::name_field(ui, inspect, Item::Node(id), &node.name);
    let answer = addresses_words(&node.addresses);
    section(ui, inspect, ("Addresses", &answer), |ui, _| {
        for address in &node.addresses {
            widgets::small(ui, address.to_string());
        }
    });
    let labels = validate::labels_text(&node.labels);
    section(ui, inspect, ("Labels", &labels), |ui, _| {
        widgets::small(ui, labels.as_str());
    });
    let flows = document.flows_of(NodeRef::Node(id));
    let answer = flows.len().to_string();
    section(ui, inspect, ("Flows", &answer), |ui, inspect| {
        for flow in flows {
            if parts::flow_row(ui, inspect, flow) {
                inspect.commands.push(Command::Reveal(Item::Flow(flow)));
            }
        }
    });
    parts::delete(ui, inspect, "Delete node");
}
