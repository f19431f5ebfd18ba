//! The inspector: shows the selection and edits it in place.

mod arrow;
mod audit;
pub mod external;
mod flow;
mod group;
mod invariant;
mod label_change;
mod many;
mod namespace;
mod node;
mod parts;
mod policy;
mod project;
mod traffic;
mod workload;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Frame, Id, Margin, Ui};

use super::compare::CompareView;
use super::radius::{self, RadiusView};
use crate::app::analysis_results::AnalysisResults;
use crate::app::command::Commands;
use crate::app::jobs::Pool;
use crate::app::names::PolicyNames;
use crate::app::selection::only;
use crate::app::side_layout::SideLayout;
use crate::app::traffic::TrafficView;
use crate::app::widgets::{Drafts, Field};
use crate::model::{Document, Edit, Item, NamespaceId};
use crate::query::Results;
use crate::scene::ExtraId;

use audit::AuditView;
use label_change::LabelChangeView;
use policy::PolicyView;

/// The egui id of the name field of an object; of a flow, its ports field.
pub fn name_field_id(item: Item) -> Id {
    match item {
        Item::Flow(id) => Field::id_of(("ports", id)),
        item => Field::id_of(parts::name_id(item)),
    }
}

/// State of the inspector.
#[derive(Default)]
pub struct InspectorView {
    /// The audit of the project.
    pub audit: AuditView,
    /// Facts about the selected imported policy.
    policy: PolicyView,
    /// What the labels being typed, or the move being dragged, would change.
    label_change: LabelChangeView,
}

/// What is inspected, in this order: the only selected item, an arrow that is not a flow, the blast
/// radius, the whole selection, the project.
#[derive(Clone, Copy)]
pub struct Inspected<'a> {
    /// The selected items.
    pub selection: &'a BTreeSet<Item>,
    /// The selected arrow that is not a flow.
    pub extra: Option<ExtraId>,
    /// Whether the blast radius is open.
    pub radius: bool,
}

impl InspectorView {
    /// Computes what the labels being typed would change, or a move into another namespace that is being dragged.
    pub(super) fn keep_label_change(
        &mut self,
        document: &Document,
        (drafts, pending): (&Drafts, Option<(NamespaceId, Edit)>),
        pool: &Pool,
    ) {
        self.label_change.keep(document, (drafts, pending), pool);
    }

    /// Computes what is shown on the worker pool. `analysis`: the analyses beside the proof and the
    /// number of the results that they are of; `quiet`: no other job runs.
    pub(super) fn keep(
        &mut self,
        (results, number): (&Arc<Results>, u64),
        analysis: (&Arc<AnalysisResults>, u64),
        inspected: Inspected<'_>,
        (pool, quiet): (&Pool, bool),
    ) {
        if let Some(Item::Policy(id)) = only(inspected.selection) {
            self.policy.keep(results, (number, id), pool);
        }
        let document = &results.document;
        let nothing =
            inspected.selection.is_empty() && inspected.extra.is_none() && !inspected.radius;
        let audited = document.flows.is_empty() || !document.policies.is_empty();
        if nothing && audited && quiet && analysis.1 == number {
            self.audit.keep(results, analysis, pool);
        }
    }
}

/// Context of an inspector.
pub struct Inspect<'a> {
    /// The open Document.
    pub document: &'a Document,
    /// The newest results.
    pub results: &'a Results,
    /// The analyses beside the proof.
    pub analysis_results: &'a AnalysisResults,
    /// The names of imported policies.
    pub names: &'a PolicyNames,
    /// The selected items.
    pub selection: &'a BTreeSet<Item>,
    /// The open comparison.
    pub compare: &'a CompareView,
    /// Recorded traffic.
    pub traffic: &'a TrafficView,
    /// The state of the inspector.
    pub inspector: &'a InspectorView,
    /// Which sections are open.
    pub layout: &'a mut SideLayout,
    /// How many sections were shown.
    pub sections: usize,
    /// Text being typed that is not applied yet.
    pub drafts: &'a mut Drafts,
    /// The commands it issues.
    pub commands: &'a mut Commands,
}

/// Shows the inspector of the selection, of an arrow that is not a flow, or of the project.
pub(super) fn inspector_ui(
    ui: &mut Ui,
    mut inspect: Inspect<'_>,
    extra: Option<ExtraId>,
    radius: &mut RadiusView,
) {
    let selected = only(inspect.selection);
    let many = inspect.selection.len() > 1;
    let extra = extra.filter(|_| inspect.selection.is_empty());
    let view_radius = radius.is_on() && inspect.selection.is_empty();
    let margin = Margin {
        left: 16,
        right: 16,
        top: 14,
        bottom: 16,
    };
    Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 6.0;
        match selected {
            Some(Item::Namespace(id)) => namespace::show(ui, &mut inspect, id),
            Some(Item::Workload(id)) => workload::show(ui, &mut inspect, id),
            Some(Item::External(id)) => external::show(ui, &mut inspect, id),
            Some(Item::Group(id)) => group::show(ui, &mut inspect, id),
            Some(Item::Node(id)) => node::show(ui, &mut inspect, id),
            Some(Item::Flow(id)) => {
                flow::show(ui, &mut inspect, id);
                traffic::of_flow(ui, &inspect, id);
            }
            Some(Item::Policy(id)) => policy::show(ui, &mut inspect, id),
            None if view_radius && extra.is_none() => {
                radius::radius_ui(ui, inspect.document, radius, inspect.commands);
            }
            Some(Item::Invariant(id)) => invariant::show(ui, &mut inspect, id),
            None if extra.is_some() => extra
                .into_iter()
                .for_each(|id| arrow::show(ui, &mut inspect, id)),
            Some(Item::Service(_)) | None if many => many::show(ui, &mut inspect),
            Some(Item::Service(_)) | None => project::show(ui, &mut inspect),
        }
    });
}
