//! A flow: its ends, its ports, and whether the policies allow exactly that.

use egui::{Id, Label, RichText, Ui, vec2};

use super::Inspect;
use super::parts::{Texts, actions_row, trial};
use crate::app::command::Command;
use crate::app::icons;
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Field};
use crate::cluster::{ServicePort, TargetPort};
use crate::model::{
    Direction, Document, Edit, End, Flow, FlowId, FlowPort, Item, NodeRef, PortChoice, Thing,
    validate,
};
use crate::policy::{Form, Target};
use crate::proof::{Verdict, wider_forms};
use crate::scene::request::{addresses_words, pods_words};
use crate::scene::tokens;

/// Shows the flow.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId) {
    let document = inspect.document;
    let Some(flow) = document.flows.get(id) else {
        return;
    };
    head(ui, inspect, flow);
    verdict(ui, inspect, id, flow);
    ui.add_space(2.0);
    ports(ui, inspect, id, flow);
    action(ui, inspect, id, flow);
    requests(ui, inspect, id, flow);
    approximate(ui, inspect, id, flow);
    note(ui, inspect, id, flow);
    ends(ui, inspect, id, flow);
    gates(ui, inspect, id, flow);
    super::traffic::kept(ui, flow);
    ui.add_space(2.0);
    let asked = actions_row(ui, |ui| {
        egui::Sides::new().show(
            ui,
            |ui| {
                let mute = if flow.muted { "Unmute" } else { "Mute" };
                let all = [
                    ("Why", Command::ShowWhy),
                    (mute, Command::MuteFlow),
                    ("Reverse", Command::ReverseFlow),
                ];
                let pressed =
                    all.map(|(text, command)| (widgets::secondary(ui, text).clicked(), command));
                pressed
                    .into_iter()
                    .find(|(clicked, _)| *clicked)
                    .map(|(_, command)| command)
            },
            |ui| {
                widgets::danger(ui, "Delete")
                    .clicked()
                    .then_some(Command::Delete)
            },
        )
    });
    if let Some(command) = asked.0.or(asked.1) {
        inspect.commands.push(command);
    }
}

fn head(ui: &mut Ui, inspect: &mut Inspect<'_>, flow: &Flow) {
    let document = inspect.document;
    let palette = theme::palette(ui.ctx());
    let foreground = color(palette.text_secondary);
    ui.label(
        RichText::new("Flow")
            .font(theme::semibold(tokens::TEXT_TINY))
            .color(foreground),
    );
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let half = (ui.available_width() - 32.0) / 2.0;
        for (at, end) in [&flow.from, &flow.to].into_iter().enumerate() {
            if at == 1 {
                let arrow = RichText::new(icons::ARROW_RIGHT).font(theme::icon(15.0));
                ui.label(arrow.color(color(palette.accent)));
            }
            ui.scope(|ui| {
                ui.set_max_width(half);
                let name = document.end_name(end);
                let text = RichText::new(&name).font(theme::semibold(tokens::TEXT_LARGE));
                let label = ui.add(Label::new(text).truncate().sense(egui::Sense::click()));
                if label.on_hover_text(document.end_words(end)).clicked()
                    && let Some(item) = end.node().and_then(NodeRef::item)
                {
                    inspect.commands.push(Command::Reveal(item));
                }
            });
        }
    });
    let about = format!(
        "{} to {}",
        about(document, &flow.from),
        about(document, &flow.to)
    );
    widgets::small(ui, about);
    ui.add_space(4.0);
}

/// `shop / app=web`.
fn about(document: &Document, end: &End) -> String {
    match end {
        End::Workload(id) => document
            .workloads
            .get(*id)
            .map_or(String::new(), |workload| {
                let namespace = document.node_name(NodeRef::Namespace(workload.namespace));
                let label = crate::app::words::identifying_label(workload);
                match label {
                    Some(label) => format!("{namespace} / {label}"),
                    None => namespace.to_owned(),
                }
            }),
        End::AnyPodOf(id) => {
            let namespace = document.node_name(NodeRef::Namespace(*id));
            format!("any pod in {namespace} (future pods included)")
        }
        End::AnyPod => "every namespace".to_owned(),
        End::External(id) => document
            .externals
            .get(*id)
            .map_or(String::new(), crate::app::words::addresses),
        End::Group(id) => document.groups.get(*id).map_or(String::new(), pods_words),
        End::Node(id) => document
            .nodes
            .get(*id)
            .map_or(String::new(), |row| addresses_words(&row.node.addresses)),
        End::Missing(words) => format!("{words} (does not exist)"),
    }
}

fn ports(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let document = inspect.document;
    let text = validate::flow_ports_text(&flow.ports);
    let target = document.settings.target();
    let types = |port: &FlowPort| match port {
        FlowPort::All(protocol) | FlowPort::Range(protocol, ..) => protocol.has_types(),
        FlowPort::Any | FlowPort::Named(..) => false,
    };
    widgets::labelled(ui, "Ports", |ui| {
        let field =
            Field::new(("ports", id), "Ports", &text)
                .mono()
                .hint(match target.has_icmp_types() {
                    true => "443, 53/UDP, 4000-4010, http, ICMP/8, any",
                    false => "443, 53/UDP, 4000-4010, http, any",
                });
        field.show(ui, inspect.drafts, inspect.commands, |text| {
            trial(
                document,
                Edit::SetPorts(vec![id], validate::flow_ports(text)?),
            )
        });
        if flow.ports.is_empty() {
            let foreground = color(theme::palette(ui.ctx()).wide);
            widgets::message(
                ui,
                icons::WARNING,
                "No ports set, so nothing is allowed",
                foreground,
            );
        }
        if !target.has_icmp_types() && flow.ports.iter().any(types) {
            let text = format!(
                "{} cannot express types of ICMP: they are left out of the export. Cilium and Calico can.",
                target.kind()
            );
            widgets::small(ui, text.as_str());
        }
        choices(ui, inspect, id, flow);
    });
}

/// A chip for each port that the destination or its Services declare.
fn choices(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let mut choices = inspect.document.port_choices(&flow.to);
    choices.sort_by_key(|choice| (choice.port.clone(), choice.service.is_some()));
    let services: Vec<String> = choices
        .iter()
        .filter_map(|choice| forwards(inspect.document, choice))
        .collect();
    choices.dedup_by_key(|choice| choice.port.clone());
    if choices.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        for choice in choices.iter().take(8) {
            let on = flow.ports.contains(&choice.port);
            let label = choice.label.split(" (").next().unwrap_or_default();
            let chip = widgets::chip(ui, label, on, true).on_hover_text(&choice.label);
            if chip.clicked() {
                inspect
                    .commands
                    .edit(Edit::SetPorts(vec![id], toggled(flow, &choice.port)));
            }
        }
    });
    for service in services.iter().take(3) {
        widgets::small(ui, service.as_str());
    }
}

/// The ports with one added or removed.
fn toggled(flow: &Flow, port: &FlowPort) -> Vec<FlowPort> {
    let mut ports = flow.ports.clone();
    if ports.contains(port) {
        ports.retain(|other| other != port);
    } else {
        // A chosen port replaces "any".
        ports.retain(|other| *other != FlowPort::Any);
        ports.push(port.clone());
    }
    ports
}

/// `Service checkout: 80 forwards to TCP 5050`.
fn forwards(document: &Document, choice: &PortChoice) -> Option<String> {
    let service = document.services.get(choice.service?)?;
    let is = |port: &&ServicePort| match (&port.target, &choice.port) {
        (TargetPort::Number(number), FlowPort::Range(protocol, first, _)) => {
            number == first && port.protocol == *protocol
        }
        (TargetPort::Name(name), FlowPort::Named(protocol, named)) => {
            name == named && port.protocol == *protocol
        }
        _ => false,
    };
    let port = service.ports.iter().find(is)?;
    Some(format!(
        "Service {}: {} forwards to {}",
        service.name,
        port.port,
        validate::flow_ports_words(std::slice::from_ref(&choice.port))
    ))
}

/// Whether it allows or denies.
fn action(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let target = inspect.document.settings.target();
    if !flow.denies && !target.denies() {
        return;
    }
    widgets::labelled(ui, "Action", |ui| {
        let all = [(false, "Allow"), (true, "Deny")];
        if let Some(denies) = widgets::segments(ui, "Action", flow.denies, &all) {
            let changed = Flow {
                denies,
                ..flow.clone()
            };
            let edit = Edit::Change(Item::Flow(id), Thing::Flow(changed));
            inspect.commands.edit(edit);
        }
        if flow.denies && target.denies() {
            widgets::faint(ui, "Denied, whatever other flows and policies allow.");
        } else if flow.denies {
            omitted(ui, &format!("{} cannot deny", target.kind()));
        }
    });
}

/// The HTTP requests that it allows.
fn requests(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let document = inspect.document;
    let target = document.settings.target();
    if flow.denies || flow.http.is_empty() && !target.filters_http() {
        return;
    }
    let texts = Texts {
        id: Id::new(("requests", id)),
        name: "HTTP request",
        hint: "GET /products/.*",
        texts: flow.http.iter().map(ToString::to_string).collect(),
    };
    widgets::labelled(ui, "HTTP", |ui| {
        texts.show(ui, inspect, |at, text| {
            let rule = text.map(validate::http_rule).transpose()?;
            let mut http = flow.http.clone();
            match (at < http.len(), rule) {
                (true, Some(rule)) => http[at] = rule,
                (true, None) => drop(http.remove(at)),
                (false, rule) => http.extend(rule),
            }
            let changed = Flow {
                http,
                ..flow.clone()
            };
            trial(document, Edit::Change(Item::Flow(id), Thing::Flow(changed)))
        });
        if !flow.http.is_empty() && !target.filters_http() && !flow.approximate {
            let why = match target {
                Target::Calico => {
                    "HTTP rules of Calico need its Envoy add-on, and are not written".to_owned()
                }
                _ => format!("{} has no HTTP rules", target.kind()),
            };
            omitted(ui, &why);
        } else if flow.http.is_empty() {
            widgets::faint(ui, "All requests. Write a method, a path, or both.");
        }
    });
}

/// Whether the dialect may allow more, where it cannot express the flow.
fn approximate(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let forms = wider_forms(inspect.document, flow);
    if forms.is_empty() && !flow.approximate {
        return;
    }
    widgets::labelled(ui, "Approximation", |ui| {
        let forms: Vec<String> = forms.iter().map(Form::allowed).collect();
        let text = match &forms[..] {
            [] => "Accept a wider form".to_owned(),
            forms => format!("Allow {}", forms.join(" and ")),
        };
        if let Some(approximate) = widgets::check(ui, flow.approximate, &text) {
            let changed = Flow {
                approximate,
                ..flow.clone()
            };
            let edit = Edit::Change(Item::Flow(id), Thing::Flow(changed));
            inspect.commands.edit(edit);
        }
        let kind = inspect.document.settings.target().kind();
        match forms.is_empty() {
            true => widgets::faint(
                ui,
                format!("Not needed: nothing more is allowed in {kind}."),
            ),
            false => widgets::faint(ui, format!("{kind} cannot express what is drawn.")),
        }
    });
}

/// Why the flow is not written.
fn omitted(ui: &mut Ui, why: &str) {
    let foreground = color(theme::palette(ui.ctx()).text_secondary);
    let text = format!("{why}. The flow is reported and left out of the export.");
    widgets::message(ui, icons::NOTE, &text, foreground);
}

fn note(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let document = inspect.document;
    widgets::labelled(ui, "Note", |ui| {
        let field = Field::new(("note", id), "Note", &flow.note).hint("Purpose of the flow");
        field.show(ui, inspect.drafts, inspect.commands, |text| {
            trial(document, Edit::Annotate(id, text.trim().to_owned()))
        });
    });
}

/// From and to, in the syntax of the project file.
fn ends(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let document = inspect.document;
    for (label, from) in [("From", true), ("To", false)] {
        let words = document.end_words(if from { &flow.from } else { &flow.to });
        widgets::labelled(ui, label, |ui| {
            let field = Field::new((label, id), label, &words)
                .mono()
                .hint("shop/web, shop/*, *, external/office, node/worker-1");
            field.show(ui, inspect.drafts, inspect.commands, |text| {
                let end = document.end_from_words(text.trim())?;
                let mut changed = flow.clone();
                if from {
                    changed.from = end;
                } else {
                    changed.to = end;
                }
                trial(document, Edit::Change(Item::Flow(id), Thing::Flow(changed)))
            });
        });
    }
}

/// Which gates the flow opens. An external and a node have none, so there is no choice.
fn gates(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    if flow.half.is_none() && !(flow.from.has_gate() && flow.to.has_gate()) {
        return;
    }
    widgets::labelled(ui, "Gates", |ui| {
        let all = [
            (None, "Both"),
            (Some(Direction::Egress), "Egress only"),
            (Some(Direction::Ingress), "Ingress only"),
        ];
        if let Some(half) = widgets::segments(ui, "Gates", flow.half, &all) {
            let changed = Flow {
                half,
                ..flow.clone()
            };
            let edit = Edit::Change(Item::Flow(id), Thing::Flow(changed));
            inspect.commands.edit(edit);
        }
        if let Some(only) = flow.half {
            let end = match only {
                Direction::Egress => &flow.from,
                Direction::Ingress => &flow.to,
            };
            let gate = crate::app::words::gate(only);
            let end = inspect.document.end_name(end);
            widgets::faint(ui, format!("Opens the {gate} of {end}, and nothing else."));
        }
    });
}

fn verdict(ui: &mut Ui, inspect: &mut Inspect<'_>, id: FlowId, flow: &Flow) {
    let palette = theme::palette(ui.ctx());
    let Some(verdict) = inspect.results.proof.verdicts.get(&id) else {
        return;
    };
    let findings = inspect
        .results
        .proof
        .findings
        .iter()
        .filter(|finding| finding.flow == Some(id));
    let messages: Vec<String> = findings.map(|finding| sentence(&finding.message)).collect();
    let losses = inspect
        .results
        .generated
        .losses
        .iter()
        .filter(|loss| loss.flow == id.into());
    let reasons: Vec<String> = losses.map(|loss| sentence(&loss.message())).collect();
    let policies = inspect
        .results
        .generated
        .policies
        .iter()
        .filter(|policy| policy.flows.contains(&id));
    let names: Vec<&str> = policies.map(|policy| policy.name.as_str()).collect();
    let (icon, text, more, foreground, background) = match verdict {
        Verdict::Exact => (
            icons::CHECK,
            match flow.denies {
                true => "Denied on exactly these ports",
                false => "Allowed on exactly these ports",
            },
            names.join(", "),
            palette.exact,
            palette.exact_soft,
        ),
        Verdict::Approximated => (
            icons::APPROXIMATE,
            "More is allowed, as the flow accepts",
            messages.join("\n"),
            palette.text,
            palette.canvas,
        ),
        Verdict::TooWide => (
            icons::WARNING,
            "More is allowed than drawn",
            messages.join("\n"),
            palette.wide,
            palette.wide_soft,
        ),
        Verdict::Blocked => (
            icons::X,
            "Blocked",
            messages.join("\n"),
            palette.blocked,
            palette.blocked_soft,
        ),
        Verdict::Invalid => (
            icons::X,
            "Invalid flow",
            messages.join("\n"),
            palette.blocked,
            palette.blocked_soft,
        ),
        Verdict::CannotExpress => {
            let more = if reasons.is_empty() {
                messages
            } else {
                reasons
            };
            (
                icons::NOTE,
                "The policies cannot express this",
                more.join("\n"),
                palette.text,
                palette.canvas,
            )
        }
        Verdict::Muted => (
            icons::EYE_SLASH,
            "Muted",
            "Drawn, but no policy is written for it".to_owned(),
            palette.text_secondary,
            palette.canvas,
        ),
    };
    widgets::banner(ui, icon, text, &more, color(foreground), color(background));
}
