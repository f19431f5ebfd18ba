//! A workload: its name, labels, selector, ports and pods.

use egui::{Id, Ui};

use super::parts::{self, Texts, section, trial};
use super::{Inspect, label_change};
use crate::app::command::Command;
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Field};
use crate::cluster::ContainerPort;
use crate::model::{
    Edit, End, FlowId, FlowPort, Item, NodeRef, Refusal, Thing, Workload, WorkloadId, validate,
};
use crate::sets::Selector;

/// The API kinds that own pods.
const KINDS: [&str; 8] = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
    "ReplicationController",
    "Pod",
];

/// Shows the workload.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: WorkloadId) {
    let document = inspect.document;
    let Some(workload) = document.workloads.get(id) else {
        return;
    };
    let item = Item::Workload(id);
    let change = |change: &dyn Fn(&mut Workload)| changed(workload, item, change);
    let namespace = document.node_name(crate::model::NodeRef::Namespace(workload.namespace));
    widgets::head(
        ui,
        &workload.kind,
        &workload.name,
        &format!("in {namespace}"),
    );
    label_change::move_ui(ui, inspect);
    section(
        ui,
        inspect,
        ("Identity", &identity(workload)),
        |ui, inspect| {
            parts::name_field(ui, inspect, item, &workload.name);
            kind(ui, inspect, item, workload);
            selector(ui, inspect, item, id, workload);
        },
    );
    let labels = validate::labels_text(&workload.labels);
    section(ui, inspect, ("Labels", &labels), |ui, inspect| {
        let id = Id::new(("labels", item));
        parts::labels(ui, inspect, "Pod labels", id, &workload.labels, |labels| {
            change(&|w| w.labels = labels.clone())
        });
    });
    let texts: Vec<String> = workload.ports.iter().map(port_text).collect();
    section(ui, inspect, ("Ports", &texts.join(", ")), |ui, inspect| {
        ports(ui, inspect, item, workload);
    });
    let (icon, words, is_closed) = isolation(inspect, id);
    section(ui, inspect, ("Isolation", words), |ui, inspect| {
        let palette = theme::palette(ui.ctx());
        let ink = match is_closed {
            true => palette.text_secondary,
            false => palette.wide,
        };
        widgets::message(ui, icon, words, color(ink));
        gates(ui, inspect, id);
        isolate(ui, inspect, item, workload);
    });
    flows(ui, inspect, id);
    let answer = workload
        .replicas
        .map_or(String::new(), |count| match count {
            1 => "1 replica".to_owned(),
            count => format!("{count} replicas"),
        });
    section(ui, inspect, ("Pods", &answer), |ui, inspect| {
        pods(ui, inspect, item, workload);
    });
    parts::delete(ui, inspect, "Delete workload");
}

/// What selects it, in short.
fn identity(workload: &Workload) -> String {
    match &workload.selector {
        Some(own) => format!("selected by {}", validate::selector_text(own)),
        None => workload.kind.clone(),
    }
}

fn changed(workload: &Workload, item: Item, change: &dyn Fn(&mut Workload)) -> Edit {
    let mut changed = workload.clone();
    change(&mut changed);
    Edit::Change(item, Thing::Workload(changed))
}

/// The directions in which the workload is isolated: icon and words, and whether they are both.
fn isolation(inspect: &Inspect<'_>, id: WorkloadId) -> (&'static str, &'static str, bool) {
    let isolation = inspect.results.proof.isolation.get(&id);
    let (icon, words) = match isolation.map(|i| (i.ingress, i.egress)) {
        None => (icons::NOTE, "Not checked yet"),
        Some((true, true)) => (icons::SHIELD_CHECK, "Isolated for ingress and egress"),
        Some((true, false)) => (
            icons::WARNING,
            "Isolated for ingress only: all egress is allowed",
        ),
        Some((false, true)) => (
            icons::WARNING,
            "Isolated for egress only: all ingress is allowed",
        ),
        Some((false, false)) => (icons::WARNING, "Not isolated: all traffic is allowed"),
    };
    (icon, words, icon != icons::WARNING)
}

/// What isolates it in each direction.
fn gates(ui: &mut Ui, inspect: &Inspect<'_>, id: WorkloadId) {
    let gates = inspect.analysis_results.gates.get(&id);
    for (word, gate) in ["Ingress", "Egress"]
        .into_iter()
        .zip(gates.into_iter().flatten())
    {
        if gate.isolated {
            widgets::small(ui, format!("{word} {}", gate.words()));
        }
    }
}

/// The flows that it is an end of; a click shows one.
fn flows(ui: &mut Ui, inspect: &mut Inspect<'_>, id: WorkloadId) {
    let document = inspect.document;
    let flows = document.flows_of(NodeRef::Workload(id));
    let is_to = |flow: &&FlowId| {
        let flow = document.flows.get(**flow);
        flow.is_some_and(|flow| flow.to == End::Workload(id))
    };
    let to = flows.iter().filter(is_to).count();
    let answer = match flows.len() {
        0 => "none".to_owned(),
        all => format!("{to} in, {} out", all - to),
    };
    section(ui, inspect, ("Flows", &answer), |ui, inspect| {
        if flows.is_empty() {
            widgets::faint(
                ui,
                "No flow starts or ends here: drag from one of its handles.",
            );
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        for flow in &flows {
            if parts::flow_row(ui, inspect, *flow) {
                inspect.commands.push(Command::Reveal(Item::Flow(*flow)));
            }
        }
        ui.spacing_mut().item_spacing.y = 6.0;
    });
}

/// Its own isolation, in addition to the default deny of its namespace.
fn isolate(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, workload: &Workload) {
    parts::isolate(ui, inspect, workload.isolate, |isolate| {
        changed(workload, item, &|w| w.isolate = isolate)
    });
    let base = inspect.document.base_of(workload.namespace);
    widgets::faint(ui, format!("Its namespace: {}.", parts::base_name(base)));
}

fn kind(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, workload: &Workload) {
    widgets::labelled(ui, "Kind", |ui| {
        let shown = egui::ComboBox::from_id_salt(("kind", item))
            .width(ui.available_width())
            .icon(widgets::caret)
            .selected_text(&workload.kind);
        let response = shown.show_ui(ui, |ui| {
            for kind in KINDS {
                if ui.selectable_label(workload.kind == kind, kind).clicked()
                    && workload.kind != kind
                {
                    inspect
                        .commands
                        .edit(changed(workload, item, &|w| w.kind = kind.to_owned()));
                }
            }
        });
        widgets::named(&response.response, egui::WidgetType::ComboBox, "Kind");
    });
}

fn ports(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, workload: &Workload) {
    let document = inspect.document;
    let texts = Texts {
        id: Id::new(("ports", item)),
        name: "Port",
        hint: "http 8080",
        texts: workload.ports.iter().map(port_text).collect(),
    };
    widgets::labelled(ui, "Ports", |ui| {
        texts.show(ui, inspect, |at, text| {
            let mut ports = workload.ports.clone();
            let typed = text.map(port).transpose()?;
            match (at < ports.len(), typed) {
                (true, Some(port)) => ports[at] = port,
                (true, None) => drop(ports.remove(at)),
                (false, typed) => ports.extend(typed),
            }
            trial(
                document,
                changed(workload, item, &|w| w.ports.clone_from(&ports)),
            )
        });
    });
}

/// `http 8080/TCP`.
fn port_text(port: &ContainerPort) -> String {
    let name = port.name.as_deref().unwrap_or_default();
    format!("{name} {}/{}", port.port, port.protocol.name())
        .trim_start()
        .to_owned()
}

/// Reads `8080`, `http 8080`, `53/UDP dns`.
fn port(text: &str) -> Result<ContainerPort, Refusal> {
    let mut name = None;
    let mut number = None;
    for word in text.split([' ', ':', ',']).filter(|word| !word.is_empty()) {
        if word.chars().any(|c| c.is_ascii_digit())
            && !word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit())
            || word.chars().all(|c| c.is_ascii_digit())
        {
            number = Some(one_port(word)?);
        } else {
            validate::port_name(word)?;
            name = Some(word.to_owned());
        }
    }
    let (protocol, port) = number
        .ok_or_else(|| Refusal::new("a port needs a number").help("type `8080` or `http 8080`"))?;
    Ok(ContainerPort {
        name,
        port,
        protocol,
    })
}

fn one_port(word: &str) -> Result<(crate::sets::Protocol, u16), Refusal> {
    match validate::flow_ports(word)?.as_slice() {
        [FlowPort::Range(protocol, first, last)] if first == last => Ok((*protocol, *first)),
        _ => Err(Refusal::new(format!("`{word}` is not a single port"))
            .help("a container port is one number, such as `8080`")),
    }
}

/// The selector of the workload in policies.
fn selector(
    ui: &mut Ui,
    inspect: &mut Inspect<'_>,
    item: Item,
    id: WorkloadId,
    workload: &Workload,
) {
    widgets::small(ui, "Selected in policies by");
    let all = [(false, "Identifying labels"), (true, "Custom selector")];
    if let Some(own) = widgets::segments(ui, "Selected by", workload.selector.is_some(), &all) {
        let selector = own.then(|| Selector::match_labels(&workload.labels));
        inspect.commands.edit(changed(workload, item, &|w| {
            w.selector.clone_from(&selector)
        }));
    }
    if let Some(own) = &workload.selector {
        parts::selector(ui, inspect, Id::new(("selector", item)), own, |selector| {
            changed(workload, item, &|w| w.selector = Some(selector.clone()))
        });
        let ids = inspect.document.matching_in(workload.namespace, own);
        parts::matches(ui, inspect, &ids, "Matches no workload");
        if !ids.contains(&id) {
            let foreground = color(theme::palette(ui.ctx()).blocked);
            widgets::message(
                ui,
                icons::X,
                "Does not match this workload's own labels",
                foreground,
            );
        }
    }
}

fn pods(ui: &mut Ui, inspect: &mut Inspect<'_>, item: Item, workload: &Workload) {
    let document = inspect.document;
    let replicas = workload
        .replicas
        .map_or(String::new(), |replicas| replicas.to_string());
    widgets::labelled(ui, "Replicas", |ui| {
        let field = Field::new(("replicas", item), "Replicas", &replicas)
            .mono()
            .hint("unknown");
        field.show(ui, inspect.drafts, inspect.commands, |text| {
            let replicas = match text.trim() {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    Refusal::new(format!("`{text}` is not a number of replicas"))
                        .help("type a whole number or leave the field empty")
                })?),
            };
            trial(
                document,
                changed(workload, item, &|w| w.replicas = replicas),
            )
        });
    });
    let account = workload.service_account.clone().unwrap_or_default();
    widgets::labelled(ui, "Account", |ui| {
        let field = Field::new(("account", item), "Service account", &account)
            .mono()
            .hint("default");
        field.show(ui, inspect.drafts, inspect.commands, |text| {
            let text = text.trim();
            if !text.is_empty() {
                validate::subdomain_name(text)?;
            }
            let account = (!text.is_empty()).then(|| text.to_owned());
            trial(
                document,
                changed(workload, item, &|w| w.service_account.clone_from(&account)),
            )
        });
    });
    widgets::labelled(ui, "Network", |ui| {
        if let Some(host) = widgets::check(ui, workload.host_network, "Host network") {
            inspect
                .commands
                .edit(changed(workload, item, &|w| w.host_network = host));
        }
        // As pods do without a `dnsPolicy` (D5), unless it is chosen.
        let usual = !workload.host_network;
        let looks_up = workload.cluster_dns.unwrap_or(usual);
        if let Some(looks_up) = widgets::check(ui, looks_up, "Uses the cluster's DNS") {
            let chosen = (looks_up != usual).then_some(looks_up);
            inspect
                .commands
                .edit(changed(workload, item, &|w| w.cluster_dns = chosen));
        }
    });
    let services: Vec<_> = match item {
        Item::Workload(id) => document.services_of(id),
        _ => Vec::new(),
    };
    let names: Vec<_> = services
        .iter()
        .filter_map(|id| document.services.get(*id))
        .map(|s| s.name.clone())
        .collect();
    if !names.is_empty() {
        widgets::stated(ui, "Services", &names.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sets::Protocol;

    #[test]
    fn ports_are_read_as_people_type_them() {
        let read = |text| port(text).map(|p| (p.name, p.port, p.protocol));
        assert_eq!(read("8080"), Ok((None, 8080, Protocol::Tcp)));
        assert_eq!(
            read("http 8080"),
            Ok((Some("http".into()), 8080, Protocol::Tcp))
        );
        assert_eq!(
            read("53/UDP dns"),
            Ok((Some("dns".into()), 53, Protocol::Udp))
        );
        assert_eq!(
            read("h2c 8081/TCP"),
            Ok((Some("h2c".into()), 8081, Protocol::Tcp))
        );
        assert!(read("http").is_err());
        assert!(read("80-90").is_err());
        assert!(read("70000").is_err());
    }
}
