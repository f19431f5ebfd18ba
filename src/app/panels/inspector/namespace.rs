//! A namespace: its name, labels, default deny, DNS, and whether policies are written for it.

use egui::{Id, Ui};

use super::Inspect;
use super::parts::{self, base_name};
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::model::{Base, Edit, Item, Namespace, NamespaceId, Thing, is_system_namespace};

/// Shows the namespace.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: NamespaceId) {
    let document = inspect.document;
    let Some(namespace) = document.namespaces.get(id) else {
        return;
    };
    let item = Item::Namespace(id);
    let change = |change: &dyn Fn(&mut Namespace)| {
        let mut changed = namespace.clone();
        change(&mut changed);
        Edit::Change(item, Thing::Namespace(changed))
    };
    let count = document.workloads_of(id).len();
    let about = format!(
        "{count} {}",
        if count == 1 { "workload" } else { "workloads" }
    );
    widgets::head(ui, "Namespace", &namespace.name, &about);
    parts::name_field(ui, inspect, item, &namespace.name);
    widgets::labelled(ui, "Policies", |ui| {
        if let Some(managed) =
            widgets::check(ui, namespace.managed, "Write policies for this namespace")
        {
            inspect.commands.edit(change(&|n| n.managed = managed));
        }
    });
    if !namespace.managed {
        let foreground = color(theme::palette(ui.ctx()).text_secondary);
        let text = "Shown and checked, but no policies are written for it.";
        widgets::message(ui, icons::INFO, text, foreground);
    }
    let own = document.settings.base;
    widgets::labelled(ui, "Default deny", |ui| {
        let all = [
            (None, "Project's"),
            (Some(Base::DenyAll), "Both"),
            (Some(Base::DenyIngress), "Ingress"),
            (Some(Base::DenyEgress), "Egress"),
            (Some(Base::None), "None"),
        ];
        if let Some(base) = widgets::segments(ui, "Default deny", namespace.base, &all) {
            inspect.commands.edit(change(&|n| n.base = base));
        }
        if namespace.base.is_none() {
            widgets::faint(ui, format!("The project's default: {}.", base_name(own)));
        }
    });
    widgets::labelled(ui, "DNS", |ui| {
        let all = [
            (None, "Project's"),
            (Some(true), "Allowed"),
            (Some(false), "Not allowed"),
        ];
        if let Some(dns) = widgets::segments(ui, "DNS", namespace.dns, &all) {
            inspect.commands.edit(change(&|n| n.dns = dns));
        }
    });
    if is_system_namespace(&namespace.name)
        && document.base_of(id) != Base::None
        && namespace.managed
    {
        let foreground = color(theme::palette(ui.ctx()).wide);
        let text =
            "This is a system namespace. Isolating it can cut off the cluster's own services.";
        widgets::message(ui, icons::WARNING, text, foreground);
    }
    parts::labels(
        ui,
        inspect,
        "Labels",
        Id::new(("labels", item)),
        &namespace.labels,
        |labels| change(&|n| n.labels = labels.clone()),
    );
    parts::delete(ui, inspect, "Delete namespace");
}
