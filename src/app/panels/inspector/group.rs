//! A group: pods by selector, in namespaces by selector.

use egui::{Id, Ui};

use super::Inspect;
use super::parts;
use crate::app::widgets;
use crate::model::{Edit, Group, GroupId, Item, Thing};

/// Shows the group.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: GroupId) {
    let document = inspect.document;
    let Some(group) = document.groups.get(id) else {
        return;
    };
    let item = Item::Group(id);
    let change = |change: &dyn Fn(&mut Group)| {
        let mut changed = group.clone();
        change(&mut changed);
        Edit::Change(item, Thing::Group(changed))
    };
    widgets::head(
        ui,
        "Group",
        &group.name,
        "Pods matching a selector, including future pods",
    );
    parts::name_field(ui, inspect, item, &group.name);
    widgets::heading(ui, "In namespaces");
    everything(ui, group.namespaces.is_everything(), "Every namespace");
    parts::selector(
        ui,
        inspect,
        Id::new(("namespaces", item)),
        &group.namespaces,
        |selector| change(&|g| g.namespaces = selector.clone()),
    );
    widgets::heading(ui, "Pods");
    everything(ui, group.pods.is_everything(), "Every pod");
    parts::selector(
        ui,
        inspect,
        Id::new(("pods", item)),
        &group.pods,
        |selector| change(&|g| g.pods = selector.clone()),
    );
    parts::isolate(ui, inspect, group.isolate, |isolate| {
        change(&|g| g.isolate = isolate)
    });
    widgets::faint(ui, "Allows no DNS: draw it where egress is isolated.");
    let ids = document.matching(&group.namespaces, &group.pods);
    parts::matches(ui, inspect, &ids, "Matches no workload in this project");
    parts::delete(ui, inspect, "Delete group");
}

fn everything(ui: &mut Ui, everything: bool, text: &str) {
    if everything {
        widgets::faint(ui, text);
    }
}
