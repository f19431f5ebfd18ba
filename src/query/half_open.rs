//! Flows that open one gate while the other denies the connection.

use crate::analysis::Endpoint;
use crate::analysis::oracle::{Probe, gate};
use crate::diag::Diagnostic;
use crate::intent::snapshot::DocumentSnapshot;
use crate::model::validate::flow_ports_text;
use crate::model::{Document, Edit, End, Flow, FlowId, FlowPort, Item, Thing};
use crate::policy::Direction;
use crate::proof::{Fix, InForce};

/// How many pairs of workloads are looked at for one flow.
const MOST: usize = 32;

/// A flow with `half` whose other gate denies some of it.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfOpen {
    /// The flow.
    pub flow: FlowId,
    /// What is so, as a note.
    pub diagnostic: Diagnostic,
}

impl HalfOpen {
    /// Opens the other half.
    pub fn fix(&self, document: &Document) -> Option<Fix> {
        let flow = document.flows.get(self.flow)?;
        let whole = Flow {
            half: None,
            ..flow.clone()
        };
        let title = "Open the other half".to_owned();
        let edit = Edit::Change(Item::Flow(self.flow), Thing::Flow(whole));
        Some(Fix {
            edit: Edit::Batch(title.clone(), vec![edit]),
            title,
        })
    }
}

/// The flows with `half` whose other gate denies some of it, in id order. Of flows between many workloads some
/// pairs are looked at.
pub(super) fn half_open(document: &Document, in_force: &InForce) -> Vec<HalfOpen> {
    let flows = document.flows.iter().filter(|(_, flow)| flow.allows());
    let found = flows.filter_map(|(id, flow)| {
        let other = flow.half?.other();
        let denied = denied(document, in_force, flow, other)?;
        let (gate, opened) = match other {
            Direction::Egress => ("egress", "ingress"),
            Direction::Ingress => ("ingress", "egress"),
        };
        let message = format!(
            "the flow {} opens {opened} only, and the {gate} of `{denied}` does not allow it on {}",
            document.flow_name(id),
            flow_ports_text(&flow.ports)
        );
        let diagnostic = Diagnostic::info("half-open", message).of_flow(id.0);
        Some(HalfOpen {
            flow: id,
            diagnostic: diagnostic.help("open the other half, or allow it with another flow"),
        })
    });
    found.collect()
}

/// The first workload whose gate in a direction denies a connection of the flow.
fn denied<'d>(
    document: &'d Document,
    in_force: &InForce,
    flow: &Flow,
    direction: Direction,
) -> Option<&'d str> {
    let cluster: &DocumentSnapshot = &in_force.cluster;
    let pods = |end: &End| -> Vec<(&'d str, Endpoint)> {
        let workloads = document.workloads_at(end).into_iter();
        let pod = workloads.filter_map(|id| {
            let at = *cluster.index.get(&id)?;
            let mut pods = cluster.snapshot.workloads.get(at)?.pods.clone();
            let name = document.workloads.get(id)?.name.as_str();
            Some((name, Endpoint::Pod(pods.next()?)))
        });
        pod.collect()
    };
    let (from, to) = (pods(&flow.from), pods(&flow.to));
    let pairs = from
        .iter()
        .flat_map(|from| to.iter().map(move |to| (from, to)));
    let mut pairs = pairs.filter(|(from, to)| from.1 != to.1).take(MOST);
    pairs.find_map(|(from, to)| {
        let own = match direction {
            Direction::Egress => from,
            Direction::Ingress => to,
        };
        let allows = |probe| gate(&cluster.snapshot, direction, &from.1, &to.1, probe).allowed;
        let mut probes = flow.ports.iter().filter_map(probe);
        probes.any(|probe| !allows(probe)).then_some(own.0)
    })
}

/// One connection of a port item; none where a name would have to be resolved.
fn probe(port: &FlowPort) -> Option<Probe> {
    match port {
        FlowPort::Any => Some(None),
        FlowPort::All(protocol) => Some(Some((*protocol, 1))),
        FlowPort::Range(protocol, first, _) => Some(Some((*protocol, *first))),
        FlowPort::Named(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;
    use crate::query::check;

    #[test]
    fn a_flow_whose_other_gate_denies_it_is_reported_and_can_be_opened() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        let flow = fixture.flow("shop/web", "shop/db", "TCP/5432");
        let reported = |document: &Document| {
            let found = check(document).half_open;
            found.first().map(|found| found.diagnostic.message.clone())
        };
        assert_eq!(reported(&fixture.document), None);
        let half = |document: &mut Document, half| {
            document.flows.get_mut(flow).unwrap().half = half;
        };
        half(&mut fixture.document, Some(Direction::Ingress));
        assert_eq!(
            reported(&fixture.document).as_deref(),
            Some(
                "the flow web to db opens ingress only, and the egress of `web` does not allow it on TCP/5432"
            )
        );
        half(&mut fixture.document, Some(Direction::Egress));
        let found = check(&fixture.document).half_open;
        assert!(
            (found[0].diagnostic.message).contains("the ingress of `db` does not allow it"),
            "{found:?}"
        );
        let fix = found[0].fix(&fixture.document).unwrap();
        fix.edit.apply(&mut fixture.document).unwrap();
        assert_eq!(reported(&fixture.document), None);
        // Another flow opens the other gate.
        half(&mut fixture.document, Some(Direction::Egress));
        let other = fixture.flow("shop/*", "shop/db", "TCP/5432");
        fixture.document.flows.get_mut(other).unwrap().half = Some(Direction::Ingress);
        let found = check(&fixture.document).half_open;
        let of_first = found.iter().filter(|found| found.flow == flow);
        assert_eq!(of_first.count(), 0);
    }
}
