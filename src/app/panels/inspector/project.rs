//! The project settings, shown while nothing is selected.

use egui::{Id, Ui};

use super::parts::{self, BASES, section, trial};
use super::{Inspect, audit};
use crate::app::command::Command;
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Field, Row};
use crate::cluster::{Enforcer, HostNetwork, PodAddresses};
use crate::model::{DnsProfile, Document, Edit, Item, Settings, Style, enforcers_of, validate};
use crate::sets::Selector;

/// Shows the settings.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let name = if document.name.is_empty() {
        "Untitled"
    } else {
        &document.name
    };
    widgets::head(ui, "Project", name, "Project settings");
    let drawn = !document.flows.is_empty();
    if !drawn {
        audit::show(ui, inspect);
        ui.add_space(8.0);
    }
    widgets::labelled(ui, "Name", |ui| {
        let field = Field::new("project name", "Project name", &document.name).hint("online-shop");
        field.show(ui, inspect.drafts, inspect.commands, |text| {
            trial(document, Edit::SetName(text.trim().to_owned()))
        });
    });
    let settings = &document.settings;
    let style = match settings.style {
        Style::PerFlow => "one for each flow",
        Style::PerWorkload => "one for each workload",
    };
    let answer = format!("{style}, {}", parts::base_name(settings.base));
    section(
        ui,
        inspect,
        ("Generated policies", &answer),
        |ui, inspect| {
            written(ui, inspect);
            dns(ui, inspect);
        },
    );
    let answer = format!("enforcer {}", settings.judged().enforcer.title());
    section(ui, inspect, ("Assumptions", &answer), assumptions);
    let added = settings.labels.len() + settings.annotations.len();
    let answer = match added {
        0 => "nothing".to_owned(),
        added => added.to_string(),
    };
    section(
        ui,
        inspect,
        ("Added to every policy", &answer),
        |ui, inspect| {
            extras(ui, inspect);
        },
    );
    if !document.namespaces.is_empty() {
        let answer = document.namespaces.len().to_string();
        section(ui, inspect, ("Namespaces", &answer), namespaces);
    }
    if drawn && !document.policies.is_empty() {
        audit::show(ui, inspect);
    }
}

fn set(document: &Document, change: impl FnOnce(&mut Settings)) -> Edit {
    let mut settings = document.settings.clone();
    change(&mut settings);
    Edit::SetSettings(settings)
}

fn written(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let settings = &document.settings;
    widgets::labelled(ui, "One policy for", |ui| {
        let all = [
            (Style::PerFlow, "Each flow"),
            (Style::PerWorkload, "Each workload"),
        ];
        if let Some(style) = widgets::segments(ui, "One policy for", settings.style, &all) {
            inspect.commands.edit(set(document, |s| s.style = style));
        }
    });
    widgets::labelled(ui, "Default deny", |ui| {
        if let Some(base) = widgets::segments(ui, "Default deny", settings.base, &BASES) {
            inspect.commands.edit(set(document, |s| s.base = base));
        }
    });
}

fn dns(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let dns = &document.settings.dns;
    widgets::labelled(ui, "DNS", |ui| {
        if let Some(allow) = widgets::check(ui, dns.allow, "Allow DNS") {
            inspect
                .commands
                .edit(set(document, |s| s.dns.allow = allow));
        }
    });
    if !dns.allow {
        return;
    }
    widgets::labelled(ui, "DNS pods", |ui| {
        let all = [
            (0, "Kubernetes"),
            (1, "OpenShift"),
            (2, "Node-local"),
            (3, "Custom"),
        ];
        let chosen = match dns.profile {
            DnsProfile::Kubernetes => 0,
            DnsProfile::OpenShift => 1,
            DnsProfile::NodeLocal => 2,
            DnsProfile::Custom { .. } => 3,
        };
        if let Some(chosen) = widgets::segments(ui, "DNS pods", chosen, &all) {
            let profile = match chosen {
                0 => DnsProfile::Kubernetes,
                1 => DnsProfile::OpenShift,
                2 => DnsProfile::NodeLocal,
                _ => custom(),
            };
            inspect
                .commands
                .edit(set(document, |s| s.dns.profile = profile));
        }
    });
    custom_dns(ui, inspect);
}

/// The initial custom profile: what most clusters have.
fn custom() -> DnsProfile {
    DnsProfile::Custom {
        namespaces: Selector::label(crate::cluster::NAMESPACE_NAME_LABEL, "kube-system"),
        pods: Selector::label("k8s-app", "kube-dns"),
        ports: validate::flow_ports("53/UDP, 53/TCP").unwrap_or_default(),
    }
}

fn custom_dns(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let DnsProfile::Custom {
        namespaces,
        pods,
        ports,
    } = &document.settings.dns.profile
    else {
        return;
    };
    let texts = [
        ("Namespaces", validate::selector_text(namespaces)),
        ("Pods", validate::selector_text(pods)),
        ("Ports", validate::flow_ports_text(ports)),
    ];
    for (at, (label, text)) in texts.iter().enumerate() {
        widgets::labelled(ui, label, |ui| {
            let name = format!("DNS {}", label.to_lowercase());
            let field = Field::new(("dns", at), &name, text).mono();
            field.show(ui, inspect.drafts, inspect.commands, |text| {
                let (mut namespaces, mut pods, mut ports) =
                    (namespaces.clone(), pods.clone(), ports.clone());
                match at {
                    0 => namespaces = validate::selector(text)?,
                    1 => pods = validate::selector(text)?,
                    _ => ports = validate::flow_ports(text)?,
                }
                let profile = DnsProfile::Custom {
                    namespaces,
                    pods,
                    ports,
                };
                trial(document, set(document, |s| s.dns.profile = profile))
            });
        });
    }
}

/// Whose rules decide; returns whether the other assumptions are free.
fn enforcer(ui: &mut Ui, inspect: &mut Inspect<'_>) -> bool {
    let settings = &inspect.document.settings;
    let judged = settings.judged().enforcer;
    let implementing = enforcers_of(settings.target());
    if implementing.len() > 1 {
        widgets::labelled(ui, "Enforcer", |ui| {
            let all = implementing.iter();
            let all = all.map(|enforcer| (*enforcer, enforcer.title()));
            let all: Vec<_> = all.collect();
            if let Some(chosen) = widgets::segments(ui, "Enforcer", judged, &all) {
                let edit = set(inspect.document, |s| s.assumptions.enforcer = chosen);
                inspect.commands.edit(edit);
            }
        });
    }
    let words = match judged {
        Enforcer::Kubernetes => return true,
        Enforcer::Cilium => {
            "Judged by the rules of Cilium: blocks of addresses match neither pods nor nodes, and pods on the host network count as their nodes."
        }
        Enforcer::Calico => {
            "Judged by the rules of Calico: blocks match pods by their addresses, and pods on the host network count as their nodes."
        }
    };
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    widgets::message(ui, icons::NOTE, words, foreground);
    false
}

fn assumptions(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let assumed = document.settings.assumptions;
    if !enforcer(ui, inspect) {
        return;
    }
    widgets::labelled(ui, "Pod addresses", |ui| {
        let all = [
            (PodAddresses::Unknown, "Unknown"),
            (PodAddresses::Outside, "Outside"),
            (PodAddresses::Known, "Known"),
        ];
        if let Some(chosen) = widgets::segments(ui, "Pod addresses", assumed.pod_addresses, &all) {
            inspect
                .commands
                .edit(set(document, |s| s.assumptions.pod_addresses = chosen));
        }
    });
    if document.settings.target().is_cluster_wide() {
        let text = format!(
            "Pods on the host network count as their nodes: {} never selects them.",
            document.settings.target().kind()
        );
        let foreground = color(theme::palette(ui.ctx()).text_secondary);
        widgets::message(ui, icons::NOTE, &text, foreground);
        return;
    }
    widgets::labelled(ui, "Host network", |ui| {
        let all = [
            (HostNetwork::Pods, "As pods"),
            (HostNetwork::Nodes, "As nodes"),
        ];
        if let Some(chosen) = widgets::segments(ui, "Host network", assumed.host_network, &all) {
            inspect
                .commands
                .edit(set(document, |s| s.assumptions.host_network = chosen));
        }
    });
}

fn extras(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let labels = &document.settings.labels;
    parts::labels(
        ui,
        inspect,
        "Labels",
        Id::new("extra labels"),
        labels,
        |labels| set(document, |s| s.labels = labels),
    );
    annotations(ui, inspect);
}

/// Annotation values are free text, so only the keys are validated.
fn annotations(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    let document = inspect.document;
    let pairs: Vec<(String, String)> = document.settings.annotations.clone().into_iter().collect();
    let texts = parts::Texts {
        id: Id::new("extra annotations"),
        name: "Annotation",
        hint: "key=any text",
        texts: pairs
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
    };
    widgets::labelled(ui, "Annotations", |ui| {
        texts.show(ui, inspect, |at, text| {
            let others = pairs.iter().enumerate().filter(|(other, _)| *other != at);
            let mut changed: crate::sets::Labels = others.map(|(_, pair)| pair.clone()).collect();
            if let Some(text) = text {
                let (key, value) = text.split_once('=').unwrap_or((text, ""));
                validate::label_key(key.trim())?;
                changed.insert(key.trim().to_owned(), value.trim().to_owned());
            }
            trial(document, set(document, |s| s.annotations = changed))
        });
    });
}

/// The default deny and DNS setting of each namespace.
fn namespaces(ui: &mut Ui, inspect: &mut Inspect<'_>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    for (number, (id, namespace)) in inspect.document.namespaces.iter().enumerate() {
        let base = match namespace.managed {
            false => "not managed".to_owned(),
            true => {
                let dns = if inspect.document.dns_of(id) {
                    ", DNS"
                } else {
                    ""
                };
                format!("{}{dns}", parts::base_name(inspect.document.base_of(id)))
            }
        };
        let foreground = color(theme::palette(ui.ctx()).icon(number));
        let row = Row::new(icons::NAMESPACE, &namespace.name)
            .icon_color(foreground)
            .end(&base);
        if row.show(ui).clicked() {
            inspect.commands.push(Command::Reveal(Item::Namespace(id)));
        }
    }
}
