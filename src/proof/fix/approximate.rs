//! The fix that accepts the wider form of a flow that the dialect cannot express.

use super::{Candidates, Fix, named};
use crate::intent::gates::forms;
use crate::model::{Document, Edit, Flow, FlowId, Item, Thing};
use crate::policy::Form;

/// The wider forms that a flow has in the dialect of the document, whether the user accepts them or not.
pub fn wider_forms(document: &Document, flow: &Flow) -> Vec<Form> {
    forms(document, flow, &[])
}

/// Accepts the wider forms of the flows of the finding, where the dialect has some that are not accepted yet.
pub(super) fn approximate(candidates: &Candidates) -> Vec<Fix> {
    let one = |id: &FlowId| {
        let document = candidates.document;
        let flow = document.flows.get(*id).filter(|flow| !flow.approximate)?;
        let forms = wider_forms(document, flow);
        let allowed: Vec<String> = forms.iter().map(Form::allowed).collect();
        let changed = Flow {
            approximate: true,
            ..flow.clone()
        };
        let title = format!("Approximate: allow {}", allowed.join(" and "));
        let edit = Edit::Change(Item::Flow(*id), Thing::Flow(changed));
        (!forms.is_empty()).then(|| named(title, edit))
    };
    candidates.finding.flows.iter().filter_map(one).collect()
}
