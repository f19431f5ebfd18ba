//! An imported policy: its origin, the workloads it selects, and the actions on it.

use std::sync::Arc;

use egui::Ui;

use super::Inspect;
use super::parts;
use crate::analysis::Endpoint;
use crate::analysis::oracle::peer_matches;
use crate::app::command::Command;
use crate::app::jobs::{Memo, Pool};
use crate::app::panels::policies::{Source, made_for};
use crate::app::theme::{self, color};
use crate::app::{icons, widgets};
use crate::model::{ImportedPolicy, PolicyId, WorkloadId};
use crate::policy::{Combine, Direction, Policy, Side};
use crate::proof::Origin;
use crate::query::Results;
use crate::query::sentences::sentence;

/// Facts about the selected policy, computed on the worker pool.
#[derive(Default)]
pub struct PolicyView {
    facts: Memo<(u64, PolicyId), Option<Facts>>,
}

/// What a policy does in words, the directions it isolates, and the workloads it selects.
struct Facts {
    sentence: String,
    isolates: Vec<&'static str>,
    selected: Vec<WorkloadId>,
}

impl PolicyView {
    /// Computes the facts of a policy on the worker pool.
    pub(super) fn keep(&mut self, results: &Arc<Results>, key: (u64, PolicyId), pool: &Pool) {
        let results = Arc::clone(results);
        let of = key.1;
        self.facts.keep(key, pool, move |_| facts_of(&results, of));
    }
}

/// `None` if the text contains no valid policy, or several.
fn facts_of(results: &Results, id: PolicyId) -> Option<Facts> {
    let in_force = &results.in_force;
    let of = in_force.origins.iter().zip(in_force.policies());
    let mut read = of.filter(|(origin, _)| **origin == Origin::Imported(id));
    let (Some((_, read)), None) = (read.next(), read.next()) else {
        return None;
    };
    let snapshot = &in_force.cluster.snapshot;
    let selects = |policy: &Policy, workload: usize| {
        let pods = snapshot.workloads.get(workload).map(|w| w.pods.clone());
        pods.is_some_and(|pods| peer_matches(snapshot, &policy.subject, &Endpoint::Pod(pods.start)))
    };
    let sides = [
        (Direction::Ingress, &read.ingress, "ingress"),
        (Direction::Egress, &read.egress, "egress"),
    ];
    let isolates = sides
        .into_iter()
        .filter(|(_, side, _)| side.as_ref().is_some_and(Side::denies_by_default))
        .map(|(_, _, name)| name);
    let drawn = in_force.cluster.index.iter();
    let tier = snapshot.tiers.get(read.tier);
    let combine = tier.map_or(Combine::DenyOverAccept, |tier| tier.combine);
    Some(Facts {
        sentence: sentence(read, combine),
        isolates: isolates.collect(),
        selected: drawn
            .filter(|(_, at)| selects(read, **at))
            .map(|(id, _)| *id)
            .collect(),
    })
}

/// Shows the policy.
pub fn show(ui: &mut Ui, inspect: &mut Inspect<'_>, id: PolicyId) {
    let document = inspect.document;
    let Some(policy) = document.policies.get(id) else {
        return;
    };
    let source = made_for(inspect.results, policy, id);
    let (kind, about) = match source {
        Source::ByHand(_) => (
            "Policy edited by hand",
            "Replaces the generated policy in the checks and in the export",
        ),
        _ => (
            "Imported policy",
            "Its text stays as imported; it is checked together with the generated policies",
        ),
    };
    widgets::head(ui, kind, inspect.names.name(document, id), about);
    facts(ui, inspect, policy, id);
    ui.add_space(8.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 8.0);
        let ask = &mut inspect.commands;
        if let Source::ByHand(_) = source {
            if widgets::secondary(ui, "Restore generated").clicked() {
                ask.push(Command::RestoreThese(vec![id]));
            }
            return;
        }
        if widgets::secondary(ui, "Adopt").clicked() {
            ask.push(Command::AdoptThese(vec![id]));
        }
        if widgets::danger(ui, "Remove from project").clicked() {
            ask.push(Command::RemoveFromProject);
        }
    });
}

fn facts(ui: &mut Ui, inspect: &mut Inspect<'_>, policy: &ImportedPolicy, id: PolicyId) {
    let namespace = inspect.names.namespace(id);
    if !namespace.is_empty() {
        widgets::stated(ui, "Namespace", namespace);
    }
    if !policy.file.is_empty() && policy.replaces.is_none() {
        widgets::stated(ui, "File", &policy.file);
    }
    if let Some(replaces) = &policy.replaces {
        widgets::stated(ui, "Replaces", replaces);
        if made_for(inspect.results, policy, id) == Source::Imported(id) {
            let foreground = color(theme::palette(ui.ctx()).wide);
            let text = "No policy of that name is generated any more; this is now an ordinary imported policy";
            widgets::message(ui, icons::WARNING, text, foreground);
        }
    }
    match inspect.inspector.policy.facts.answer() {
        Some(((_, of), Some(facts))) if *of == id => {
            widgets::small(ui, &facts.sentence);
            ui.add_space(4.0);
            widgets::stated(ui, "Isolates", &facts.isolates.join(" and "));
            let nothing = "Selects no workload in this project";
            parts::matches(ui, inspect, &facts.selected, nothing);
        }
        Some(((_, of), None)) if *of == id => {
            let foreground = color(theme::palette(ui.ctx()).blocked);
            let text =
                "The text contains no valid policy, so it allows nothing and isolates no pods";
            widgets::message(ui, icons::X, text, foreground);
        }
        _ => {}
    }
}
