//! Chosen proposals as one edit of a document.

use super::{NewWorkload, Proposal, ProposedEnd};
use crate::model::{
    Document, Edit, End, External, Flow, FlowEvidence, FlowPort, Namespace, Thing, Words, Workload,
};

/// The edit that draws proposals, with the workloads, namespaces and externals that they need, as one undo step; none if
/// nothing can be drawn. The number is the choice of an end outside; one without that choice is left out.
pub fn edit(document: &Document, chosen: &[(&Proposal, usize)]) -> Option<Edit> {
    let mut drawing = Drawing {
        document: document.clone(),
        edits: Vec::new(),
    };
    let mut count = 0;
    for (proposal, choice) in chosen {
        let from = drawing.end(&proposal.from, *choice);
        let to = from
            .as_ref()
            .and_then(|_| drawing.end(&proposal.to, *choice));
        if let (Some(from), Some(to)) = (from, to) {
            let flow = Flow {
                observed: Some(evidence(proposal)),
                ..Flow::new(from, to, FlowPort::of(&proposal.ports))
            };
            count += usize::from(drawing.make(Thing::Flow(flow)));
        }
    }
    let title = match count {
        0 => return None,
        1 => "Draw 1 recorded flow".to_owned(),
        count => format!("Draw {count} recorded flows"),
    };
    Some(Edit::Batch(title, drawing.edits))
}

fn evidence(proposal: &Proposal) -> FlowEvidence {
    FlowEvidence {
        count: proposal.count,
        first: proposal.first,
        last: proposal.last,
        ..FlowEvidence::default()
    }
}

/// A copy of the document to which each edit is applied.
struct Drawing {
    document: Document,
    edits: Vec<Edit>,
}

impl Drawing {
    fn make(&mut self, thing: Thing) -> bool {
        let edit = Edit::Add(thing);
        let is_made = edit.apply(&mut self.document).is_ok();
        self.edits.extend(is_made.then_some(edit));
        is_made
    }

    fn end(&mut self, end: &ProposedEnd, choice: usize) -> Option<End> {
        match end {
            ProposedEnd::Known(words) => Words::new(&self.document).end(words).ok(),
            ProposedEnd::New(workload) => self.workload(workload),
            ProposedEnd::Outside(choices) => self.external(&choices.get(choice)?.external),
        }
    }

    fn workload(&mut self, new: &NewWorkload) -> Option<End> {
        let namespace = match self.document.namespace_named(&new.namespace) {
            Some(id) => id,
            None => {
                let namespace = Namespace {
                    labels: new.namespace_labels.clone(),
                    managed: false,
                    ..Namespace::new(&new.namespace)
                };
                self.make(Thing::Namespace(namespace));
                self.document.namespace_named(&new.namespace)?
            }
        };
        let known = |document: &Document| document.workload_named(namespace, &new.name, &new.kind);
        if known(&self.document).is_none() {
            let labels = new.labels.clone();
            let workload = Workload::new(namespace, new.kind.clone(), new.name.clone(), labels);
            self.make(Thing::Workload(workload));
        }
        known(&self.document).map(End::Workload)
    }

    fn external(&mut self, wanted: &External) -> Option<End> {
        let same = |external: &External| {
            external.networks == wanted.networks
                && external.domain_names == wanted.domain_names
                && external.entity == wanted.entity
        };
        let find = |document: &Document| {
            let mut all = document.externals.iter();
            all.find(|(_, external)| same(external)).map(|(id, _)| id)
        };
        if find(&self.document).is_none() {
            let name = self.document.fresh_external_name(&wanted.name);
            self.make(Thing::External(External {
                name,
                ..wanted.clone()
            }));
        }
        find(&self.document).map(End::External)
    }
}
