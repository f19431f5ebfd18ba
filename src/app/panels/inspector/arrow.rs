//! An arrow that is not a flow: a connection allowed by imported policies, a witness, a difference or a hop.

use egui::{RichText, Ui};

use super::{Inspect, traffic};
use crate::app::canvas::words_of_extra;
use crate::app::command::Command;
use crate::app::icons;
use crate::app::theme::{self, color};
use crate::app::widgets::{self, Row};
use crate::app::words::arrow_end;
use crate::model::{Edit, Flow, FlowPort, Item, NodeRef, Thing, validate};
use crate::query::party::Joined;
use crate::query::undrawn::Allowed;
use crate::scene::{ExtraId, ExtraKind, OUTSIDE};

/// Shows the arrow.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: ExtraId) {
    if let ExtraKind::Recorded(class) = id.kind {
        return traffic::show(ui, inspect, id, class);
    }
    let document = inspect.document;
    let (from, to) = (arrow_end(document, id.from), arrow_end(document, id.to));
    let kind = match id.kind {
        ExtraKind::Imported => "Allowed by imported policies",
        ExtraKind::TooWide | ExtraKind::Blocked | ExtraKind::Denied => "Connection",
        ExtraKind::Opened | ExtraKind::Closed => "Difference",
        ExtraKind::Hop => "Allowed",
        ExtraKind::Suggested => "Suggested",
        ExtraKind::Recorded(_) => "Observed",
    };
    widgets::head(
        ui,
        kind,
        &format!("{from} to {to}"),
        words_of_extra(id.kind),
    );
    let allowed = inspect
        .analysis_results
        .allowed(id)
        .filter(|_| id.kind == ExtraKind::Imported);
    if let Some(allowed) = allowed {
        allowed_ui(ui, inspect, allowed);
    }
    if let Some(drawn) = inspect.compare.drawn(id) {
        ports(ui, &drawn.joined);
    }
    if id.kind == ExtraKind::Suggested && widgets::link(ui, "Review suggestions…").clicked() {
        inspect.commands.push(Command::Suggestions);
    }
    let question = question(inspect, id, allowed);
    if let Some(question) = question
        && widgets::link(ui, "Why").clicked()
    {
        inspect.commands.push(question);
    }
}

/// The command that explains one of its connections.
fn question(inspect: &Inspect<'_>, id: ExtraId, allowed: Option<&Allowed>) -> Option<Command> {
    let document = inspect.document;
    let drawn = &inspect.results.in_force.cluster.drawn;
    let workload = |at: usize| drawn.get(at).copied().flatten().map(NodeRef::Workload);
    let example = allowed.and_then(|allowed| allowed.example);
    let (from, to) = match example {
        Some((from, to)) => (workload(from)?, workload(to)?),
        None => (id.from, id.to),
    };
    let single = |node| {
        matches!(
            node,
            NodeRef::Workload(_) | NodeRef::External(_) | NodeRef::Node(_)
        )
    };
    let known = |node| node != OUTSIDE && single(node) && document.has_node(node);
    let port = allowed.and_then(|a| FlowPort::of(&a.joined.ports).into_iter().next());
    (known(from) && known(to)).then(|| Command::Why {
        from: document.end_words(&from.into()),
        to: document.end_words(&to.into()),
        port: port.map_or(String::new(), |port| port.to_string()),
    })
}

/// The ports of the summarized connections, and their number.
fn ports(ui: &mut Ui, joined: &Joined) {
    let ports = FlowPort::of(&joined.ports);
    widgets::stated(ui, "Ports", &validate::flow_ports_words(&ports));
    if joined.pairs > 1 {
        let pairs = format!("{} connections, each on some of these ports", joined.pairs);
        widgets::small(ui, pairs);
    }
}

fn allowed_ui(ui: &mut Ui, inspect: &mut Inspect<'_>, allowed: &Allowed) {
    let document = inspect.document;
    ports(ui, &allowed.joined);
    widgets::heading(ui, "Allowed by");
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for id in &allowed.policies {
            let name = inspect.names.name(document, *id);
            if Row::new(icons::FILE, name).show(ui).clicked() {
                inspect.commands.push(Command::Reveal(Item::Policy(*id)));
            }
        }
    });
    ui.add_space(6.0);
    let ends = (allowed.joined.from.end(), allowed.joined.to.end());
    let (Some(from), Some(to)) = ends else {
        let foreground = color(theme::palette(ui.ctx()).text_secondary);
        ui.label(
            RichText::new("To draw this flow, add an external for these addresses.")
                .color(foreground),
        );
        return;
    };
    let flow = Thing::Flow(Flow::new(from, to, FlowPort::of(&allowed.joined.ports)));
    if widgets::primary(ui, "Draw this flow").clicked() {
        inspect.commands.edit(Edit::Add(flow));
    }
    widgets::small(
        ui,
        "Drawing the flow leaves the imported policies unchanged; adopt or remove them separately.",
    );
}
