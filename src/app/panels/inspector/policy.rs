//! A kept policy: what it is there for, whom it selects, and what can become of it.

use egui::Ui;

use super::Inspect;
use super::parts;
use crate::app::command::Command;
use crate::app::panels::policies::{Source, made_for};
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::{KeptPolicy, PolicyId};
use crate::policy::{Direction, Policy};
use crate::proof::Origin;

/// Shows it.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: PolicyId) {
    let document = inspect.document;
    let Some(policy) = document.policies.get(id) else {
        return;
    };
    let source = made_for(inspect.results, policy, id);
    let (kind, about) = match source {
        Source::ByHand(_) => (
            "Policy edited by hand",
            "Stands in the place of the generated one, and is judged and exported in its stead",
        ),
        _ => (
            "Kept policy",
            "Kept word for word, and judged together with what is written",
        ),
    };
    parts::head(ui, kind, &document.policy_name(id), about);
    facts(ui, inspect, policy, id);
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 8.0);
        let ask = &mut inspect.commands;
        if let Source::ByHand(_) = source {
            if widgets::secondary(ui, "Return to generated").clicked() {
                ask.push(Command::ReturnThese(vec![id]));
            }
            return;
        }
        if widgets::secondary(ui, "Adopt").clicked() {
            ask.push(Command::AdoptThese(vec![id]));
        }
        if widgets::danger(ui, "Stop keeping").clicked() {
            ask.push(Command::StopKeeping);
        }
    });
}

fn facts(ui: &mut Ui, inspect: &mut Inspect<'_>, policy: &KeptPolicy, id: PolicyId) {
    if let Some(namespace) = policy.identity().and_then(|known| known.namespace) {
        widgets::stated(ui, "Namespace", &namespace);
    }
    if !policy.file.is_empty() && policy.replaces.is_none() {
        widgets::stated(ui, "File", &policy.file);
    }
    if let Some(replaces) = &policy.replaces {
        widgets::stated(ui, "Replaces", replaces);
        if made_for(inspect.results, policy, id) == Source::Kept(id) {
            let ink = color(theme::palette(ui.ctx()).wide);
            let text =
                "Nothing of that name is generated any more; it counts as any other kept policy";
            widgets::message(ui, icons::WARNING, text, ink);
        }
    }
    let in_force = &inspect.results.in_force;
    let of = in_force.origins.iter().zip(in_force.policies());
    let read: Vec<&Policy> = of
        .filter(|(origin, _)| **origin == Origin::Kept(id))
        .map(|(_, policy)| policy)
        .collect();
    let [read] = read.as_slice() else {
        let ink = color(theme::palette(ui.ctx()).blocked);
        let text =
            "Its text holds no policy that can be judged, so it allows nothing and isolates nobody";
        widgets::message(ui, icons::X, text, ink);
        return;
    };
    let isolates: Vec<&str> = [
        (Direction::Ingress, &read.ingress, "ingress"),
        (Direction::Egress, &read.egress, "egress"),
    ]
    .into_iter()
    .filter(|(_, side, _)| side.as_ref().is_some_and(|side| side.isolates))
    .map(|(_, _, name)| name)
    .collect();
    widgets::stated(ui, "Isolates", &isolates.join(" and "));
    let snapshot = &in_force.stage.snapshot;
    let selects = |workload: usize| {
        let pods = snapshot.workloads.get(workload)?.pods.clone();
        let pod = crate::analysis::Endpoint::Pod(pods.start);
        let selected = crate::analysis::oracle::peer_matches(snapshot, &read.subject, &pod);
        selected.then_some(())
    };
    let drawn = in_force.stage.index.iter();
    let selected: Vec<_> = drawn
        .filter(|(_, at)| selects(**at).is_some())
        .map(|(id, _)| *id)
        .collect();
    parts::matches(
        ui,
        inspect,
        &selected,
        "Selects no workload of this project",
    );
}
