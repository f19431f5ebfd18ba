//! A group: pods by selector, in namespaces by selector.

use egui::{Id, Ui};

use super::Inspect;
use super::parts::{self, Texts, trial};
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::model::{Edit, End, Group, GroupId, Item, Thing, validate};

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
    accounts(ui, inspect, group, item);
    parts::isolate(ui, inspect, group.isolate, |isolate| {
        change(&|g| g.isolate = isolate)
    });
    widgets::faint(ui, "Allows no DNS: draw it where egress is isolated.");
    let ids = document.workloads_at(&End::Group(id));
    parts::matches(ui, inspect, &ids, "Matches no workload in this project");
    parts::delete(ui, inspect, "Delete group");
}

/// The service accounts of the pods: fields where the dialect selects pods by these, else why there are none.
fn accounts(ui: &mut Ui, inspect: &mut Inspect<'_>, group: &Group, item: Item) {
    let document = inspect.document;
    let target = document.settings.target();
    let names: Vec<String> = group.accounts.names().map(str::to_owned).collect();
    widgets::heading(ui, "Service accounts");
    everything(ui, names.is_empty(), "Any service account");
    if names.is_empty() && !target.selects_accounts() {
        let text = format!(
            "{} does not select pods by service account. Cilium and Calico do.",
            target.kind()
        );
        widgets::faint(ui, text);
        return;
    }
    let texts = Texts {
        id: Id::new(("accounts", item)),
        name: "Service account",
        hint: "default",
        texts: names.clone(),
    };
    widgets::labelled(ui, "Run as", |ui| {
        texts.show(ui, inspect, |at, text| {
            if let Some(text) = text {
                validate::subdomain_name(text)?;
            }
            let others = names.iter().enumerate().filter(|(other, _)| *other != at);
            let others = others.map(|(_, name)| name.clone());
            let accounts = others.chain(text.map(str::to_owned)).collect();
            let changed = Group {
                accounts,
                ..group.clone()
            };
            trial(document, Edit::Change(item, Thing::Group(changed)))
        });
    });
    if !target.selects_accounts() {
        let foreground = color(theme::palette(ui.ctx()).text_secondary);
        let text = format!(
            "{} does not select pods by service account. Flows of this group are reported and left out of the export.",
            target.kind()
        );
        widgets::message(ui, icons::NOTE, &text, foreground);
    }
}

fn everything(ui: &mut Ui, everything: bool, text: &str) {
    if everything {
        widgets::faint(ui, text);
    }
}
