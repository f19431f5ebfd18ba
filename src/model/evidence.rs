//! What a recording showed of a flow: evidence that it is used, which outlives the recording.

use super::time::Time;
use super::{Flow, Unknown};

/// How often and when the connections of a flow were seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowEvidence {
    /// How many connections were forwarded.
    pub count: u64,
    /// When the first one began; none if the recorder does not say.
    pub first: Option<Time>,
    /// When the last one was seen.
    pub last: Option<Time>,
    /// Unknown fields.
    pub unknown: Unknown,
}

impl FlowEvidence {
    /// Adds what was seen of other connections. The same evidence again adds nothing.
    pub fn add(&mut self, other: Self) {
        if *self == other {
            return;
        }
        self.count = self.count.saturating_add(other.count);
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.unknown.extend(other.unknown);
    }
}

impl Flow {
    /// Takes away evidence that is of another flow: one with other ends, or with ports that this one does not have.
    pub(super) fn forget_evidence_of(&mut self, before: &Self) {
        let mut ports = before.ports.iter();
        let covers = (&self.from, &self.to) == (&before.from, &before.to)
            && ports.all(|port| self.ports.contains(port));
        if !covers && self.observed == before.observed {
            self.observed = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;
    use crate::model::validate::flow_ports;
    use crate::model::{Direction, Document, Edit, FlowId, Item, Thing};

    fn seen(count: u64) -> FlowEvidence {
        FlowEvidence {
            count,
            first: Some(1),
            ..FlowEvidence::default()
        }
    }

    /// A flow to TCP 5050 that was seen.
    fn document() -> (Document, FlowId) {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/checkout", "app=checkout");
        let id = fixture.flow("shop/web", "shop/checkout", "TCP/5050");
        let flow = Flow {
            observed: Some(seen(3)),
            ..fixture.document.flows.get(id).expect("a flow").clone()
        };
        let edit = Edit::Change(Item::Flow(id), Thing::Flow(flow));
        edit.apply(&mut fixture.document).expect("changed");
        (fixture.document, id)
    }

    /// How often the flow was seen after an edit.
    fn after(edit: &Edit) -> Option<u64> {
        let (mut document, id) = document();
        edit.apply(&mut document).expect("applied");
        let flow = document.flows.get(id).expect("the flow");
        flow.observed.as_ref().map(|one| one.count)
    }

    #[test]
    fn evidence_stays_with_the_connections_that_were_seen() {
        let (document, id) = document();
        let flow = document.flows.get(id).expect("a flow").clone();
        let change = |flow: Flow| Edit::Change(Item::Flow(id), Thing::Flow(flow));
        let ports = |text: &str| Edit::SetPorts(vec![id], flow_ports(text).expect("ports"));
        assert_eq!(after(&Edit::Annotate(id, "why".to_owned())), Some(3));
        assert_eq!(after(&Edit::Mute(vec![id], true)), Some(3));
        let half = Some(Direction::Egress);
        assert_eq!(
            after(&change(Flow {
                half,
                ..flow.clone()
            })),
            Some(3)
        );
        assert_eq!(after(&ports("TCP/80, TCP/5050")), Some(3));
        assert_eq!(after(&ports("TCP/80")), None);
        let to = flow.from.clone();
        assert_eq!(after(&change(Flow { to, ..flow.clone() })), None);
        assert_eq!(after(&Edit::Reverse(vec![id])), None);
        let mut copied = document.clone();
        let copy = Edit::Duplicate(vec![Item::Namespace(
            document.namespaces.ids().next().expect("one"),
        )]);
        copy.apply(&mut copied).expect("copied");
        let kept = copied
            .flows
            .iter()
            .filter(|(_, flow)| flow.observed.is_some());
        assert_eq!((copied.flows.len(), kept.count()), (2, 1));
    }

    #[test]
    fn flows_that_become_one_are_seen_as_often_as_both() {
        let (document, id) = document();
        let mut flow = document.flows.get(id).expect("a flow").clone();
        let add = |flow: &Flow| Edit::Add(Thing::Flow(flow.clone()));
        assert_eq!(after(&add(&flow)), Some(3), "the same evidence");
        flow.observed = Some(seen(4));
        assert_eq!(after(&add(&flow)), Some(7));
        flow.observed = None;
        assert_eq!(after(&add(&flow)), Some(3));
    }
}
