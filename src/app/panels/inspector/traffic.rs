//! What a recording shows of an arrow: verdict, counts and times, names, samples, and what to do about it.

use egui::{RichText, Ui};

use super::Inspect;
use crate::app::command::Command;
use crate::app::problems::sentence;
use crate::app::theme::{self, color};
use crate::app::traffic::evidence::ArrowEvidence;
use crate::app::traffic::over_time::of_arrow_ui;
use crate::app::traffic::words::{counted, day, grouped, seen, stamp};
use crate::app::traffic::{Compared, Group};
use crate::app::words::arrow_end;
use crate::app::{icons, widgets};
use crate::model::{Edit, Flow, FlowId, FlowPort, NodeRef, Thing, TrafficClass, validate};
use crate::scene::request::ports_label;
use crate::scene::{ExtraId, is_foreign, tokens, traffic};

/// So many of the deciding policies are named; the Why tab has all.
const NAMED: usize = 2;
/// More ports are shortened as they are on the canvas.
const PORTS: usize = 16;

/// Shows the arrow.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: ExtraId, class: TrafficClass) {
    let view = inspect.traffic;
    let (Some(compared), Some(group)) = (view.compared(), view.group(id)) else {
        return;
    };
    let name = |node: NodeRef| match compared.ends.name(node) {
        Some(name) => name.to_owned(),
        None => arrow_end(inspect.document, node),
    };
    let kind = if class == TrafficClass::OpenUnseen {
        "Allowed, not drawn"
    } else {
        "Observed, not drawn"
    };
    let ends = format!("{} \u{2192} {}", name(id.from), name(id.to));
    let ports = FlowPort::of(&group.ports);
    let ports = match ports.len() {
        0..=PORTS => validate::flow_ports_words(&ports),
        _ => ports_label(&ports),
    };
    widgets::head(ui, kind, &ends, &ports);
    verdict_ui(ui, compared, group, class);
    if !group.connections.is_empty() {
        totals_ui(ui, &group.evidence);
        names_ui(ui, compared, group);
        samples_ui(ui, &group.evidence);
    }
    ui.add_space(6.0);
    actions_ui(ui, inspect, compared, group);
}

/// Shows what the project keeps of recordings of a flow.
pub fn kept(ui: &mut Ui, flow: &Flow) {
    let Some(observed) = &flow.observed else {
        return;
    };
    let whole = observed.first.zip(observed.last);
    let response = widgets::stated(ui, "Evidence", &seen(observed));
    if let Some((first, last)) = whole {
        response.on_hover_text(format!("{} to {} UTC", stamp(first), stamp(last)));
    }
}

/// Shows what was recorded of a flow, if a recording is open.
pub fn of_flow(ui: &mut Ui, inspect: &Inspect<'_>, id: FlowId) {
    let compared = inspect.traffic.compared();
    let Some((class, evidence)) = compared.and_then(|compared| compared.flows.get(&id)) else {
        return;
    };
    widgets::heading(ui, "Observed");
    widgets::stated(ui, "Class", class.words());
    if *class != TrafficClass::DrawnUnseen {
        totals_ui(ui, evidence);
        samples_ui(ui, evidence);
    }
}

/// What these policies do to it, and the policy that decides.
fn verdict_ui(ui: &mut Ui, compared: &Compared, group: &Group, class: TrafficClass) {
    let palette = theme::palette(ui.ctx());
    let [_, foreground, background] = traffic::colors(class, palette).map(color);
    let words = match class {
        TrafficClass::Cut => "These policies would cut it",
        TrafficClass::Undrawn => "Seen and allowed, not drawn",
        TrafficClass::UndrawnDropped => "Allowed by these policies, dropped in the recording",
        TrafficClass::Denied => "Denied by these policies, dropped in the recording",
        _ => "Allowed by these policies, never seen",
    };
    let first = group.connections.first();
    let first = first.and_then(|at| compared.comparison.connections.get(*at));
    let why = first.map_or(String::new(), |one| sentence(&one.replay.why));
    let by = first
        .map(|one| one.replay.by.as_slice())
        .unwrap_or_default();
    // Without the places in the texts, which the Why tab shows.
    let plain = |policy: &String| policy.split(" (").next().unwrap_or_default().to_owned();
    let by: std::collections::BTreeSet<String> = by.iter().map(plain).collect();
    let named: Vec<&str> = by.iter().map(String::as_str).take(NAMED).collect();
    let more = match by.len().saturating_sub(named.len()) {
        _ if by.is_empty() => why,
        0 => format!("{why}. Decided by {}", named.join(", ")),
        more => format!("{why}. Decided by {} and {more} more", named.join(", ")),
    };
    let icon = icons::of_class(class);
    widgets::banner(ui, icon, words, &more, foreground, background);
}

/// How many, when, and what became of them.
fn totals_ui(ui: &mut Ui, evidence: &ArrowEvidence) {
    let about = if evidence.is_estimate { "about " } else { "" };
    let total = format!("{about}{}", counted(evidence.count(), "connection"));
    let mut became: Vec<String> = Vec::new();
    for (count, word) in [
        (evidence.forwarded, "forwarded"),
        (evidence.audited, "forwarded in audit mode"),
        (evidence.dropped, "dropped"),
    ] {
        if count > 0 {
            became.push(format!("{} {word}", grouped(count)));
        }
    }
    widgets::stated(ui, "Recorded", &format!("{total}: {}", became.join(", ")));
    if let Some((first, last)) = evidence.first.zip(evidence.last) {
        widgets::stated(ui, "First seen", &format!("{} UTC", stamp(first)));
        widgets::stated(ui, "Last seen", &format!("{} UTC", stamp(last)));
    }
    // A recording of one interval has one bar, which shows nothing.
    if evidence.over_time.intervals().len() > 1 {
        of_arrow_ui(ui, &evidence.over_time);
    }
    for (label, names) in [
        ("Allowed by, as recorded", &evidence.allowed),
        ("Denied by, as recorded", &evidence.denied),
    ] {
        if !names.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            widgets::stated(ui, label, &names.join(", "));
        }
    }
}

/// The addresses of an end that the project does not have.
fn names_ui(ui: &mut Ui, compared: &Compared, group: &Group) {
    let ends = [group.id.from, group.id.to];
    for (node, (least, count)) in ends.into_iter().zip(&group.evidence.addresses) {
        if !is_foreign(node) || least.is_empty() {
            continue;
        }
        let words: Vec<String> = least.iter().map(ToString::to_string).collect();
        let more = match count.saturating_sub(words.len()) {
            0 => String::new(),
            more => format!(" and {} more", grouped(more as u64)),
        };
        let name = compared.ends.name(node).unwrap_or_default();
        widgets::stated(ui, name, &format!("{}{more}", words.join(", ")));
    }
}

/// Where the first of them are in the files.
fn samples_ui(ui: &mut Ui, evidence: &ArrowEvidence) {
    if evidence.samples.is_empty() {
        return;
    }
    widgets::heading(ui, "Samples");
    let palette = theme::palette(ui.ctx());
    for sample in &evidence.samples {
        ui.horizontal(|ui| {
            widgets::code(ui, day(sample.time), color(palette.text_secondary));
            let file = sample.file.rsplit('/').next().unwrap_or(&sample.file);
            let place = format!("{file}:{}", sample.line);
            widgets::code(ui, place, color(palette.text)).on_hover_text(&*sample.file);
        });
    }
}

/// Draw it, Ignore, Why denied.
fn actions_ui(ui: &mut Ui, inspect: &mut Inspect<'_>, compared: &Compared, group: &Group) {
    let can_draw = can_draw(inspect, group);
    let why = question(inspect, compared, group);
    let is_denied = matches!(
        group.id.kind,
        crate::scene::ExtraKind::Recorded(TrafficClass::Cut | TrafficClass::Denied)
    );
    ui.horizontal(|ui| {
        if can_draw && widgets::primary(ui, "Draw it").clicked() {
            let command = draw(inspect, group);
            inspect.commands.extend(command);
        }
        if !group.connections.is_empty() && widgets::secondary(ui, "Ignore").clicked() {
            inspect.commands.push(Command::IgnoreTraffic(group.id));
        }
        let words = if is_denied {
            "Why denied"
        } else {
            "Why allowed"
        };
        if let Some(command) = why
            && widgets::secondary(ui, words).clicked()
        {
            inspect.commands.push(command);
        }
    });
    let note = match group.id.kind {
        crate::scene::ExtraKind::Recorded(TrafficClass::Denied) if can_draw => {
            "Dropped in the recording: drawing it opens it."
        }
        _ if !can_draw => "No flow can be drawn: an end is not in the project.",
        _ => return,
    };
    let text = RichText::new(note).font(theme::sans(tokens::TEXT_SMALL));
    let second = color(theme::palette(ui.ctx()).text_secondary);
    ui.label(text.color(second));
}

/// Whether it can be drawn: as proposed, or between ends that are drawn.
fn can_draw(inspect: &Inspect<'_>, group: &Group) -> bool {
    inspect.traffic.proposals(group).next().is_some() || between_drawn(inspect, group).is_some()
}

/// The command that draws it.
fn draw(inspect: &Inspect<'_>, group: &Group) -> Option<Command> {
    let proposed = inspect.traffic.draw(inspect.document, group);
    proposed.or_else(|| {
        let flow = between_drawn(inspect, group)?;
        Some(Command::Edit(Edit::Add(Thing::Flow(flow))))
    })
}

/// The flow between both ends, if the project has them.
fn between_drawn(inspect: &Inspect<'_>, group: &Group) -> Option<Flow> {
    let id = group.id;
    let is_drawn = |node: NodeRef| !is_foreign(node) && inspect.document.has_node(node);
    let ports = FlowPort::of(&group.ports);
    let can_be = is_drawn(id.from) && is_drawn(id.to) && !ports.is_empty();
    can_be.then(|| Flow::new(id.from.into(), id.to.into(), ports))
}

/// The command that explains its first connection.
fn question(inspect: &Inspect<'_>, compared: &Compared, group: &Group) -> Option<Command> {
    let at = group.connections.first()?;
    let connection = compared.recording.observed.connections.get(*at)?;
    let sums = &connection.sums;
    let words =
        |node: NodeRef, addresses: &std::collections::BTreeSet<std::net::IpAddr>| match is_foreign(
            node,
        ) {
            true => addresses.first().map(ToString::to_string),
            false => Some(inspect.document.end_words(&node.into())),
        };
    let port = FlowPort::of(&group.ports).into_iter().next();
    Some(Command::Why {
        from: words(group.id.from, &sums.source_addresses)?,
        to: words(group.id.to, &sums.addresses)?,
        port: port.map_or(String::new(), |port| port.to_string()),
    })
}
