//! The inspector: shows the selection and edits it in place.

mod arrow;
mod audit;
mod external;
mod flow;
mod group;
mod invariant;
mod many;
mod namespace;
mod parts;
mod policy;
mod project;
mod workload;

use std::sync::Arc;

use egui::{Frame, Id, Margin, Ui};

use super::radius;
use crate::app::command::Commands;
use crate::app::jobs::Pool;
use crate::app::view::View;
use crate::app::widgets::Field;
use crate::model::{Document, Item};
use crate::query::Results;

pub use arrow::name as arrow_end;
pub use audit::AuditView;
pub use external::internet;
pub use parts::head;
pub use policy::PolicyView;

/// The egui id of the name field of an object; of a flow, its ports field.
pub fn name_field_id(item: Item) -> Id {
    match item {
        Item::Flow(id) => Field::id_of(("ports", id)),
        item => Field::id_of(parts::name_id(item)),
    }
}

/// Context of an inspector.
pub struct Inspect<'a> {
    /// The open Document.
    pub document: &'a Document,
    /// The newest results.
    pub results: &'a Results,
    /// The window's state.
    pub view: &'a mut View,
    /// The commands it issues.
    pub commands: &'a mut Commands,
}

/// Computes what is shown on the worker pool; `quiet`: no other job runs.
pub(super) fn keep(
    document: &Document,
    results: &Arc<Results>,
    view: &mut View,
    (pool, quiet): (&Pool, bool),
) {
    policy::keep(results, view, pool);
    let nothing = view.selection.is_empty() && view.extra.is_none() && !view.radius.is_on();
    let audited = document.flows.is_empty() || !document.policies.is_empty();
    if nothing && audited && quiet && view.analysis_number == view.results_number {
        audit::keep(results, view, pool);
    }
}

/// Shows the inspector of the selection.
pub fn inspector_ui(
    ui: &mut Ui,
    document: &Document,
    results: &Results,
    view: &mut View,
    commands: &mut Commands,
) {
    let selected = view.only_selected();
    let many = view.selection.len() > 1;
    let extra = view.extra.filter(|_| view.selection.is_empty());
    let view_radius = view.radius.is_on() && view.selection.is_empty();
    let mut inspect = Inspect {
        document,
        results,
        view,
        commands,
    };
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
            Some(Item::Flow(id)) => flow::show(ui, &mut inspect, id),
            Some(Item::Policy(id)) => policy::show(ui, &mut inspect, id),
            None if view_radius && extra.is_none() => radius::radius_ui(
                ui,
                inspect.document,
                &mut inspect.view.radius,
                inspect.commands,
            ),
            Some(Item::Invariant(id)) => invariant::show(ui, &mut inspect, id),
            None if extra.is_some() => extra
                .into_iter()
                .for_each(|id| arrow::show(ui, &mut inspect, id)),
            Some(Item::Service(_)) | None if many => many::show(ui, &mut inspect),
            Some(Item::Service(_)) | None => project::show(ui, &mut inspect),
        }
    });
}
