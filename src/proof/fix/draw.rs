//! Fixes that draw an allowed connection as a flow: between the ends of the witness, or their groups,
//! namespaces or the cluster.

use super::{Candidates, Fix, named};
use crate::model::validate::flow_ports_text;
use crate::model::{Edit, End, Flow, FlowPort, Thing};

/// Flows at the ports of the witness, the narrowest first.
pub(super) fn flows(candidates: &Candidates) -> Vec<Fix> {
    let [from, to] = candidates
        .ends()
        .map(|end| end.map_or(Vec::new(), |end| around(candidates, end)));
    let ports = FlowPort::of(&candidates.finding.witness.ports);
    let mut pairs: Vec<(usize, &End, &End)> = Vec::new();
    for (wide, from) in from.iter().enumerate() {
        pairs.extend(
            to.iter()
                .enumerate()
                .map(|(wider, to)| (wide + wider, from, to)),
        );
    }
    pairs.sort_by_key(|(wide, ..)| *wide);
    let draw = |(_, from, to): (usize, &End, &End)| {
        let [a, b] = [from, to].map(|end| candidates.document.end_words(end));
        let title = format!("Draw {a} to {b} on {}", flow_ports_text(&ports));
        let flow = Flow::new(from.clone(), to.clone(), ports.clone());
        named(title, Edit::Add(Thing::Flow(flow)))
    };
    pairs.into_iter().map(draw).collect()
}

/// An end, the groups that it is in, its namespace, the cluster.
fn around(candidates: &Candidates, end: End) -> Vec<End> {
    let document = candidates.document;
    let mut all = vec![end.clone()];
    match end {
        End::Workload(id) => {
            let groups = document.groups.ids().map(End::Group);
            all.extend(groups.filter(|group| document.workloads_at(group).contains(&id)));
            all.extend(
                document
                    .workloads
                    .get(id)
                    .map(|w| End::AnyPodOf(w.namespace)),
            );
            all.push(End::AnyPod);
        }
        End::AnyPodOf(_) | End::Group(_) => all.push(End::AnyPod),
        End::AnyPod | End::External(_) | End::Node(_) | End::Missing(_) => {}
    }
    all
}
