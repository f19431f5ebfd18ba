//! Flows of which the drawing itself denies every connection: such a flow allows nothing, although the policies are
//! what the drawing says.

use crate::diag::Diagnostic;
use crate::model::{Document, End, ExternalId, Flow, FlowId, FlowPort, WorkloadId};
use crate::sets::IpSet;

/// A warning for each flow that other flows of the drawing deny as a whole, in id order. A denial that leaves some of
/// a flow is an exception on purpose, and no finding.
pub(super) fn denied(document: &Document) -> Vec<Diagnostic> {
    let all = document.flows.iter();
    let denials: Vec<_> = all.filter(|(_, flow)| flow.denies && !flow.muted).collect();
    if denials.is_empty() {
        return Vec::new();
    }
    let allowed = document.flows.iter().filter(|(_, flow)| flow.allows());
    let found = allowed.filter_map(|(id, flow)| {
        let by = denied_by(document, flow, &denials)?;
        let names: Vec<_> = by.iter().map(|id| document.flow_name(*id)).collect();
        let message = format!(
            "the flow {} allows nothing, because the drawing denies all of it: {}",
            document.flow_name(id),
            names.join("; ")
        );
        let diagnostic = Diagnostic::warning("denied-flow", message).of_flow(id.0);
        Some(diagnostic.help("a denial goes before every flow that allows: remove one of them"))
    });
    found.collect()
}

/// The denials that together cover all ports of a flow, each of them all of its connections; none if some are left.
fn denied_by(document: &Document, flow: &Flow, denials: &[(FlowId, &Flow)]) -> Option<Vec<FlowId>> {
    let mut left = flow.ports.clone();
    let mut by = Vec::new();
    for (id, denial) in denials {
        let is_of_ends =
            covers(document, &denial.from, &flow.from) && covers(document, &denial.to, &flow.to);
        if !is_of_ends {
            continue;
        }
        let before = left.len();
        left.retain(|port| !denial.ports.iter().any(|denied| contains(denied, port)));
        if left.len() < before {
            by.push(*id);
        }
    }
    (left.is_empty() && !by.is_empty()).then_some(by)
}

/// Whether an end is in another one, whatever pods there will be.
fn covers(document: &Document, outer: &End, inner: &End) -> bool {
    if outer == inner {
        return !matches!(outer, End::Missing(_));
    }
    match (outer, inner) {
        (End::External(outer), End::External(inner)) => {
            let (outer, inner) = (addresses(document, *outer), addresses(document, *inner));
            (outer.zip(inner)).is_some_and(|(outer, inner)| inner.is_subset(&outer))
        }
        (End::AnyPod, End::AnyPodOf(_) | End::Group(_)) => true,
        (End::AnyPod | End::AnyPodOf(_) | End::Group(_), End::Workload(id)) => {
            selects(document, outer, *id)
        }
        _ => false,
    }
}

/// The addresses of an external that is nothing else.
fn addresses(document: &Document, id: ExternalId) -> Option<IpSet> {
    let external = document.externals.get(id)?;
    let is_networks = external.entity.is_none() && external.domain_names.is_empty();
    let blocks = external.networks.iter();
    let blocks = blocks.map(|network| IpSet::block(network.cidr, &network.except));
    is_networks.then(|| blocks.fold(IpSet::empty(), |all, block| all.union(&block)))
}

/// Whether an end that selects pods has all pods of a workload. No selector matches a pod that counts as its node, and
/// pods with labels of their own may not be selected with the others.
fn selects(document: &Document, end: &End, id: WorkloadId) -> bool {
    let Some(workload) = document.workloads.get(id) else {
        return false;
    };
    let is_alike = workload.pods.is_empty() && !document.counts_as_node(workload);
    is_alike
        && match end {
            End::AnyPod => true,
            End::AnyPodOf(namespace) => workload.namespace == *namespace,
            _ => document.workloads_at(end).contains(&id),
        }
}

/// Whether a port item has all ports of another one.
fn contains(outer: &FlowPort, inner: &FlowPort) -> bool {
    match (outer, inner) {
        (FlowPort::Any, _) => true,
        (FlowPort::All(outer), FlowPort::All(inner))
        | (FlowPort::All(outer), FlowPort::Range(inner, ..) | FlowPort::Named(inner, _)) => {
            outer == inner
        }
        (FlowPort::Range(protocol, first, last), FlowPort::Range(of, from, to)) => {
            protocol == of && first <= from && to <= last
        }
        (outer, inner) => outer == inner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::Fixture;

    fn messages(document: &Document) -> Vec<String> {
        let found = denied(document);
        found.into_iter().map(|found| found.message).collect()
    }

    fn denial(fixture: &mut Fixture, from: &str, to: &str, ports: &str) -> FlowId {
        let id = fixture.flow(from, to, ports);
        fixture.document.flows.get_mut(id).unwrap().denies = true;
        id
    }

    #[test]
    fn a_flow_that_the_drawing_denies_as_a_whole_is_reported() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        fixture.flow("shop/web", "shop/db", "TCP/5432");
        assert_eq!(messages(&fixture.document), [""; 0]);
        let all = denial(&mut fixture, "shop/*", "shop/db", "any");
        assert_eq!(
            messages(&fixture.document),
            [
                "the flow web to db allows nothing, because the drawing denies all of it: any pod of shop to db"
            ]
        );
        fixture.document.flows.get_mut(all).unwrap().muted = true;
        assert_eq!(messages(&fixture.document), [""; 0]);
    }

    #[test]
    fn an_exception_from_a_flow_is_no_contradiction() {
        let mut fixture = Fixture::new();
        fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        fixture.flow("shop/*", "shop/db", "TCP/5432, TCP/80");
        denial(&mut fixture, "shop/web", "shop/db", "any");
        denial(&mut fixture, "shop/*", "shop/db", "TCP/1-1024");
        assert_eq!(messages(&fixture.document), [""; 0]);
        denial(&mut fixture, "*", "shop/*", "TCP");
        let found = messages(&fixture.document);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].ends_with("; any pod to any pod of shop"),
            "{found:?}"
        );
    }

    #[test]
    fn pods_that_count_as_nodes_are_not_denied_by_selectors() {
        let mut fixture = Fixture::new();
        let web = fixture.workload("shop/web", "app=web");
        fixture.workload("shop/db", "app=db");
        fixture.flow("shop/web", "shop/db", "TCP/5432");
        denial(&mut fixture, "shop/*", "shop/db", "any");
        assert_eq!(messages(&fixture.document).len(), 1);
        fixture
            .document
            .workloads
            .get_mut(web)
            .unwrap()
            .host_network = true;
        fixture.document.settings.assumptions.host_network = crate::cluster::HostNetwork::Nodes;
        assert_eq!(messages(&fixture.document), [""; 0]);
    }
}
