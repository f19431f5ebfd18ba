//! Which connections of a project depend on the enforcer, and which of its flows they concern.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::{Differing, differing, pod};
use crate::analysis::changes::Name;
use crate::analysis::{Endpoint, Party};
use crate::cluster::{Assumptions, Enforcer, Snapshot};
use crate::model::FlowId;
use crate::proof::loaded_with;
use crate::query::Results;
use crate::query::drawn::DrawnConnections;
use crate::query::party::{self, Addressed};
use crate::sets::{IpSet, PortSet};

/// The connections of a project that depend on the enforcer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfProject {
    /// The connections, those that are drawn first.
    pub differing: Vec<Differing>,
    /// The flows that draw each of them, at a port that depends on the enforcer.
    pub flows: Vec<Vec<FlowId>>,
}

impl OfProject {
    /// The connections that concern each flow, as indices.
    pub fn of_flows(&self) -> BTreeMap<FlowId, Vec<usize>> {
        let mut found: BTreeMap<FlowId, Vec<usize>> = BTreeMap::new();
        for (at, flows) in self.flows.iter().enumerate() {
            for flow in flows {
                found.entry(*flow).or_default().push(at);
            }
        }
        found
    }
}

impl Differing {
    /// The ports that some of the enforcers allow, and others do not.
    pub fn disputed(&self) -> PortSet {
        let any = (self.ports.iter()).fold(PortSet::empty(), |all, ports| all.union(ports));
        let each = (self.ports.iter()).fold(PortSet::all(), |all, ports| all.intersection(ports));
        any.difference(&each)
    }
}

/// The connections of a project that differ between enforcers; none once `stop` says so.
pub fn of_project(
    results: &Results,
    enforcers: &[Enforcer],
    stop: &dyn Fn() -> bool,
) -> Option<OfProject> {
    let document = &results.document;
    let mut clusters = Vec::new();
    for enforcer in enforcers {
        if stop() {
            return None;
        }
        let assumptions = Assumptions {
            enforcer: *enforcer,
            ..document.settings.assumptions
        };
        clusters.push(under(results, assumptions));
    }
    if stop() {
        return None;
    }
    let differing = differing(&clusters, &|assumptions| {
        let enforcer = Enforcer::Kubernetes;
        let assumptions = Assumptions {
            enforcer,
            ..assumptions
        };
        under(results, assumptions)
    });
    if stop() {
        return None;
    }
    let drawn = DrawnConnections::new(document, &results.generated, &results.in_force);
    let cluster = &results.in_force.cluster.snapshot;
    let addressed = party::addressed(document);
    let flows = |one: &Differing| flows_of(one, cluster, &drawn, &addressed);
    let mut all: Vec<(Differing, Vec<FlowId>)> = differing
        .into_iter()
        .map(|one| {
            let flows = flows(&one);
            (one, flows)
        })
        .collect();
    all.sort_by_key(|(_, flows)| flows.is_empty());
    let (differing, flows) = all.into_iter().unzip();
    Some(OfProject { differing, flows })
}

/// The project under other assumptions, with the policies that it is written in.
fn under(results: &Results, assumptions: Assumptions) -> Snapshot {
    let mut document = results.document.clone();
    document.settings.assumptions = assumptions;
    loaded_with(&document, &results.generated).snapshot
}

/// The flows that draw a connection at a port that depends on the enforcer.
fn flows_of(
    differing: &Differing,
    cluster: &Snapshot,
    drawn: &DrawnConnections,
    addressed: &Addressed,
) -> Vec<FlowId> {
    let ports = differing.disputed();
    let Differing { src, dst, .. } = differing;
    let points = |party: &Party<Arc<Name>>, last| match party {
        Party::Workload(name) => pod(cluster, name, last)
            .into_iter()
            .map(Endpoint::Pod)
            .collect(),
        Party::Addresses { first, last } => addresses(*first, *last, addressed),
        Party::IngressController => Vec::new(),
    };
    let (sources, targets) = (points(src, false), points(dst, src == dst));
    let mut found = BTreeSet::new();
    for from in &sources {
        for to in &targets {
            found.extend(drawn.flows(cluster, from, to, &ports));
        }
    }
    found.into_iter().collect()
}

/// The first address of a range, and one of each external and node within it.
fn addresses(first: IpAddr, last: IpAddr, addressed: &Addressed) -> Vec<Endpoint> {
    let range = IpSet::range(first, last);
    let common = addressed.iter().map(|(_, set)| set.intersection(&range));
    let within = common.filter_map(|set| set.ranges().next().map(|(first, _)| first));
    let all: BTreeSet<IpAddr> = within.chain([first]).collect();
    all.into_iter().map(Endpoint::Address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Document, validate};
    use crate::project::format;
    use crate::query::check;

    const ALL: [Enforcer; 3] = [Enforcer::Kubernetes, Enforcer::Cilium, Enforcer::Calico];

    /// `web` is drawn to reach a pod, and one on the host network.
    fn project(settings: &str) -> Document {
        let text = format!(
            "format: drawbridge/1\nsettings: {settings}\nnamespaces: [{{name: shop}}]\nworkloads:\n- {{name: web, namespace: shop, labels: {{app: web}}}}\n- {{name: db, namespace: shop, labels: {{app: db}}}}\n- {{name: agent, namespace: shop, labels: {{app: agent}}, hostNetwork: true}}\nflows:\n- {{from: shop/web, to: shop/db, ports: [TCP/5432]}}\n- {{from: shop/web, to: shop/agent, ports: [TCP/9100]}}\n"
        );
        let (document, diagnostics) = format::read(&text, "p").expect("a project");
        assert_eq!(diagnostics, []);
        assert_eq!(validate::invariants(&document), []);
        document
    }

    fn name(party: &Party<Arc<Name>>) -> String {
        match party {
            Party::Workload(name) => name.name.clone(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn flows_to_pods_on_the_host_network_depend_on_the_enforcer() {
        let document = project("{}");
        let found = of_project(&check(&document), &ALL, &|| false).expect("not stopped");
        let concerned: BTreeSet<String> = (found.of_flows().keys())
            .map(|id| document.flow_name(*id))
            .collect();
        assert_eq!(concerned, ["web to agent".to_owned()].into());
        let at = found.of_flows().into_values().next().expect("one")[0];
        let one = &found.differing[at];
        assert_eq!(
            (name(&one.src), name(&one.dst)),
            ("web".into(), "agent".into())
        );
        assert!(one.disputed().contains(crate::sets::Protocol::Tcp, 9100));
        assert!(
            one.reasons.iter().all(|r| r.contains("host network")),
            "{:?}",
            one.reasons
        );
    }

    #[test]
    fn nothing_is_found_once_it_is_stopped() {
        let results = check(&project("{}"));
        assert_eq!(of_project(&results, &ALL, &|| true), None);
    }
}
