//! An external: address blocks with exceptions, domain names, and the entity that it is.

use egui::{Id, Ui};

use super::Inspect;
use super::parts::{self, Texts, section, trial};
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets;
use crate::model::{Edit, External, ExternalId, Item, Network, Thing, validate};
use crate::policy::{Entity, Target};

/// The section of its networks.
pub const NETWORKS: &str = "Address blocks";

fn networks_id(item: Item) -> Id {
    Id::new(("add block", item))
}

/// The field that adds a network to an external.
pub fn networks_field(id: ExternalId) -> Id {
    parts::Texts::field_that_adds(networks_id(Item::External(id)))
}

/// Shows the external.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: ExternalId) {
    let document = inspect.document;
    let Some(external) = document.externals.get(id) else {
        return;
    };
    let item = Item::External(id);
    widgets::head(
        ui,
        "External",
        &external.name,
        "Addresses or names outside the cluster",
    );
    parts::name_field(ui, inspect, item, &external.name);
    let blocks: Vec<String> = external.networks.iter().map(|n| n.to_string()).collect();
    let answer = listed(&blocks);
    section(ui, inspect, (NETWORKS, &answer), |ui, inspect| {
        networks(ui, inspect, item, external);
    });
    let answer = listed(&external.domain_names);
    section(ui, inspect, ("Domain names", &answer), |ui, inspect| {
        domains(ui, inspect, item, external);
    });
    let answer = external.entity.map_or("none", Entity::word);
    section(ui, inspect, ("Entity", answer), |ui, inspect| {
        entity(ui, inspect, item, external);
    });
    parts::delete(ui, inspect, "Delete external");
}

/// What a folded section says.
fn listed(all: &[String]) -> String {
    match all {
        [] => "none".to_owned(),
        all => all.join("; "),
    }
}

fn changed(external: &External, item: Item, change: &dyn Fn(&mut External)) -> Edit {
    let mut changed = external.clone();
    change(&mut changed);
    Edit::Change(item, Thing::External(changed))
}

fn networks(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, external: &External) {
    let document = inspect.document;
    for (at, network) in external.networks.iter().enumerate() {
        block(ui, inspect, item, external, (at, network));
    }
    let texts = Texts {
        id: networks_id(item),
        name: "Address block",
        hint: "198.51.100.0/24 or 2001:db8::/32",
        texts: Vec::new(),
    };
    widgets::labelled(ui, "Add", |ui| {
        texts.show(ui, inspect, |_, text| {
            let typed = text
                .map(validate::networks)
                .transpose()?
                .unwrap_or_default();
            trial(
                document,
                changed(external, item, &|e| {
                    e.networks.extend(typed.iter().cloned())
                }),
            )
        });
    });
    if external.networks.is_empty() {
        ui.add_space(2.0);
        if widgets::secondary(ui, "Use the Internet's addresses").clicked() {
            let networks = Network::outside().to_vec();
            inspect.commands.edit(changed(external, item, &|e| {
                e.networks.clone_from(&networks)
            }));
        }
    }
}

/// One block and its exceptions.
fn block(
    ui: &mut Ui,
    inspect: &mut Inspect<'_>,
    item: Item,
    external: &External,
    (at, network): (usize, &Network),
) {
    let document = inspect.document;
    let whole = Texts {
        id: Id::new(("block", item, at)),
        name: "Block",
        hint: "except 198.51.100.9/32",
        texts: std::iter::once(network.cidr.to_string())
            .chain(
                network
                    .except
                    .iter()
                    .map(|exception| format!("except {exception}")),
            )
            .collect(),
    };
    widgets::labelled(ui, &format!("Block {}", at + 1), |ui| {
        whole.show(ui, inspect, |place, text| {
            let mut networks = external.networks.clone();
            let typed = text
                .map(|text| validate::cidr(text.trim().trim_start_matches("except").trim()))
                .transpose()?;
            let Some(network) = networks.get_mut(at) else {
                return Ok(None);
            };
            match (place, typed) {
                (0, None) => drop(networks.remove(at)),
                (0, Some(cidr)) => network.cidr = cidr,
                (exception, typed) if exception <= network.except.len() => {
                    network.except.splice(exception - 1..exception, typed);
                }
                (_, typed) => network.except.extend(typed),
            }
            if let Some(network) = networks.get(at) {
                network.check()?;
            }
            trial(
                document,
                changed(external, item, &|e| e.networks.clone_from(&networks)),
            )
        });
    });
}

fn domains(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, external: &External) {
    let document = inspect.document;
    let texts = Texts {
        id: Id::new(("domains", item)),
        name: "Domain name",
        hint: "api.example.com",
        texts: external.domain_names.clone(),
    };
    widgets::labelled(ui, "Names", |ui| {
        texts.show(ui, inspect, |at, text| {
            let mut names = external.domain_names.clone();
            if let Some(text) = text {
                validate::domain_name(text)?;
            }
            match (at < names.len(), text) {
                (true, Some(text)) => names[at] = text.to_owned(),
                (true, None) => drop(names.remove(at)),
                (false, text) => names.extend(text.map(str::to_owned)),
            }
            trial(
                document,
                changed(external, item, &|e| e.domain_names.clone_from(&names)),
            )
        });
    });
    let target = document.settings.target();
    if !external.domain_names.is_empty() && !target.has_domain_names() {
        let foreground = color(theme::palette(ui.ctx()).text_secondary);
        let text = format!(
            "{} cannot express domain names. Flows to them are reported and left out of the export.",
            target.kind()
        );
        widgets::message(ui, icons::NOTE, &text, foreground);
    }
}

/// What it is, where the dialect names it by its role.
fn entity(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, external: &External) {
    let target = inspect.document.settings.target();
    widgets::labelled(ui, "Role", |ui| {
        let text = |entity: Option<Entity>| entity.map_or("None", Entity::word);
        let shown = egui::ComboBox::from_id_salt(("entity", item))
            .width(ui.available_width())
            .icon(widgets::caret)
            .selected_text(text(external.entity));
        let response = shown.show_ui(ui, |ui| {
            let offered = std::iter::once(None).chain(Entity::ALL.map(Some));
            for entity in offered {
                let label = ui.selectable_label(external.entity == entity, text(entity));
                let label = match entity {
                    Some(entity) => label.on_hover_text(entity.description()),
                    None => label,
                };
                if label.clicked() && external.entity != entity {
                    inspect
                        .commands
                        .edit(changed(external, item, &|e| e.entity = entity));
                }
            }
        });
        widgets::named(&response.response, egui::WidgetType::ComboBox, "Role");
    });
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    match external.entity {
        Some(entity) if target == Target::Cilium || entity == Entity::World => {
            widgets::faint(ui, format!("Means {}.", entity.description()));
        }
        Some(entity) => {
            let text = format!(
                "{} cannot express `{}`. Add its address blocks, or write for Cilium.",
                target.kind(),
                entity.word()
            );
            widgets::message(ui, icons::NOTE, &text, foreground);
        }
        None => {}
    }
}
