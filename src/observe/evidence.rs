//! What a project keeps of a recording: for each flow that was used, how often and when.

use std::collections::BTreeMap;

use super::classes::{Comparison, Totals};
use crate::model::{Document, Edit, Flow, FlowEvidence, FlowId, Item, Thing};

/// The evidence of each flow that the recording confirms, as far as the document has another one or none. `comparison` is that
/// of the recording and the document.
pub fn new_evidence(
    document: &Document,
    comparison: &Comparison,
) -> BTreeMap<FlowId, FlowEvidence> {
    let of_flow = |(id, totals): (&FlowId, &Totals)| {
        let known = document.flows.get(*id)?.observed.as_ref();
        let count = totals.forwarded.saturating_add(totals.audited);
        let found = FlowEvidence {
            count,
            first: totals.first,
            last: totals.last,
            unknown: known.map_or_else(Default::default, |known| known.unknown.clone()),
        };
        (count > 0 && known != Some(&found)).then_some((*id, found))
    };
    comparison.flows.iter().filter_map(of_flow).collect()
}

/// The edit that writes evidence to flows, as one undo step; none if there is none.
pub fn edit(document: &Document, evidence: &BTreeMap<FlowId, FlowEvidence>) -> Option<Edit> {
    let change = |(id, found): (&FlowId, &FlowEvidence)| {
        let flow = Flow {
            observed: Some(found.clone()),
            ..document.flows.get(*id)?.clone()
        };
        Some(Edit::Change(Item::Flow(*id), Thing::Flow(flow)))
    };
    let edits: Vec<Edit> = evidence.iter().filter_map(change).collect();
    let name = match edits.len() {
        0 => return None,
        1 => "Keep evidence of 1 flow".to_owned(),
        count => format!("Keep evidence of {count} flows"),
    };
    Some(Edit::Batch(name, edits))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{compared, table};
    use super::*;
    use crate::model::fixture::Fixture;
    use crate::model::time;

    #[test]
    fn flows_that_a_recording_confirms_get_its_evidence_once() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/checkout", "app=checkout");
        let used = fixture.flow("shop/web", "shop/checkout", "TCP/5050");
        fixture.flow("shop/checkout", "shop/web", "TCP/80");
        fixture.flow("shop/web", "shop/web", "TCP/80");
        let rows =
            "shop/web,shop/checkout,TCP,5050,7,2026-05-03T10:00:00Z,2026-05-09T10:00:00Z,forwarded
shop/web,shop/checkout,TCP,5050,2,2026-05-01T10:00:00Z,2026-05-01T10:00:00Z,audited
shop/web,shop/checkout,TCP,5050,5,,,dropped
shop/checkout,shop/web,TCP,80,5,,,dropped
";
        let header = "source,destination,protocol,port,count,first,last,verdict";
        let recording = format!("{header}\n{rows}");
        let (_, _, comparison) = compared(&fixture.document, &recording);
        let found = new_evidence(&fixture.document, &comparison);
        let expected = FlowEvidence {
            count: 9,
            first: time::parse("2026-05-01T10:00:00Z"),
            last: time::parse("2026-05-09T10:00:00Z"),
            ..FlowEvidence::default()
        };
        assert_eq!(found, BTreeMap::from([(used, expected.clone())]));

        let change = edit(&fixture.document, &found).expect("an edit");
        assert_eq!(change.name(&fixture.document), "Keep evidence of 1 flow");
        let mut after = fixture.document.clone();
        change.apply(&mut after).expect("applied");
        let kept = after.flows.get(used).and_then(|flow| flow.observed.clone());
        assert_eq!(kept, Some(expected));
        assert!(new_evidence(&after, &comparison).is_empty());
        // Another recording replaces it: who knows which connections both have.
        let (_, _, comparison) = compared(
            &after,
            &table("shop/web,shop/checkout,TCP,5050,1,forwarded"),
        );
        let found = new_evidence(&after, &comparison);
        assert_eq!(
            found.get(&used).map(|one| (one.count, one.first)),
            Some((1, None))
        );
        assert_eq!(edit(&after, &BTreeMap::new()), None);
    }
}
