//! The filter of the canvas: what does not match is dimmed, or hidden.
//!
//! Values of one kind are alternatives, different kinds must hold together. Namespaces and labels are of
//! workloads, ports, verdicts and what was recorded of flows: a flow matches if one of its ends does, and both its ends stay
//! with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::traffic::Compared;
use crate::model::{
    Document, Flow, FlowId, FlowPort, NamespaceId, NodeRef, TrafficClass, WorkloadId,
};
use crate::proof::Verdict;
use crate::scene::{ExtraKind, Hidden, is_foreign};

/// Verdicts of flows.
type Verdicts = BTreeMap<FlowId, Verdict>;

/// What is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Namespaces of workloads.
    pub namespaces: BTreeSet<NamespaceId>,
    /// Labels of workloads.
    pub labels: BTreeSet<(String, String)>,
    /// Ports of flows.
    pub ports: BTreeSet<FlowPort>,
    /// Verdicts on flows.
    pub verdicts: BTreeSet<Verdict>,
    /// Classes of flows, and of recorded connections that are not drawn.
    pub recorded: BTreeSet<TrafficClass>,
}

/// What matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The workloads that match themselves.
    pub workloads: BTreeSet<WorkloadId>,
    /// What is drawn of the matches: these workloads, and the ends of matching flows.
    pub nodes: BTreeSet<NodeRef>,
    /// Flows, and everything else.
    pub hidden: Arc<Hidden>,
    /// The chosen classes of recorded traffic; none: all.
    recorded: BTreeSet<TrafficClass>,
}

impl Matches {
    /// Whether the kind of an arrow matches that is no flow.
    pub fn has(&self, kind: ExtraKind) -> bool {
        self.recorded.is_empty()
            || matches!(kind, ExtraKind::Recorded(class) if self.recorded.contains(&class))
    }
}

/// What is known beside the Document.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Verdicts on flows.
    pub verdicts: &'a Verdicts,
    /// The number of the results that they are of.
    pub number: u64,
    /// Recorded traffic that is shown.
    pub recorded: Option<&'a Arc<Compared>>,
}

/// The filter, and what it matches.
#[derive(Default)]
pub struct FilterView {
    /// What is chosen.
    pub filter: Filter,
    /// What does not match is hidden, else dimmed.
    pub only: bool,
    /// What matches; none: nothing is chosen.
    matches: Option<Arc<Matches>>,
    of: Option<(Filter, Document, u64, Option<Arc<Compared>>)>,
}

impl Filter {
    /// Whether anything is chosen.
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    fn fits_workload(&self, document: &Document, id: WorkloadId) -> bool {
        let Some(workload) = document.workloads.get(id) else {
            return false;
        };
        let has = |(key, value): &(String, String)| workload.labels.get(key) == Some(value);
        (self.namespaces.is_empty() || self.namespaces.contains(&workload.namespace))
            && (self.labels.is_empty() || self.labels.iter().any(has))
    }

    fn fits_flow(&self, flow: &Flow, id: FlowId, known: Known) -> bool {
        let (verdicts, recorded) = (&self.verdicts, &self.recorded);
        let verdict = known.verdicts.get(&id);
        let class = known.recorded.and_then(|of| of.flows.get(&id));
        let class = class.map(|(class, _)| class);
        (self.ports.is_empty() || flow.ports.iter().any(|port| self.ports.contains(port)))
            && (verdicts.is_empty() || verdict.is_some_and(|verdict| verdicts.contains(verdict)))
            && (recorded.is_empty() || class.is_some_and(|class| recorded.contains(class)))
    }

    /// What matches in a Document.
    fn matches(&self, document: &Document, known: Known) -> Matches {
        let of_workloads = !self.namespaces.is_empty() || !self.labels.is_empty();
        let of_flows =
            !self.ports.is_empty() || !self.verdicts.is_empty() || !self.recorded.is_empty();
        let ids = document.workloads.ids();
        let fitting: BTreeSet<WorkloadId> =
            ids.filter(|id| self.fits_workload(document, *id)).collect();
        // A namespace as an end stands for its workloads.
        let spaces: BTreeSet<NamespaceId> = fitting
            .iter()
            .filter_map(|id| Some(document.workloads.get(*id)?.namespace))
            .collect();
        let fits = |node: NodeRef| match node {
            NodeRef::Workload(id) => fitting.contains(&id),
            NodeRef::Namespace(id) => spaces.contains(&id),
            _ => !of_workloads,
        };
        let mut found = Matches::default();
        let mut hidden = Hidden::default();
        let mut at_flows = BTreeSet::new();
        for (id, flow) in document.flows.iter() {
            let ends: Vec<NodeRef> = [&flow.from, &flow.to]
                .iter()
                .filter_map(|end| end.node())
                .collect();
            if ends.iter().any(|end| fits(*end)) && self.fits_flow(flow, id, known) {
                at_flows.extend(ends);
            } else {
                hidden.flows.insert(id);
            }
        }
        let is_of_flows_alone = !self.ports.is_empty() || !self.verdicts.is_empty();
        for group in known.recorded.iter().flat_map(|of| &of.groups) {
            let is_chosen =
                matches!(group.id.kind, ExtraKind::Recorded(c) if self.recorded.contains(&c));
            let ends = [group.id.from, group.id.to];
            if is_chosen && !is_of_flows_alone && ends.iter().any(|end| fits(*end)) {
                at_flows.extend(ends.into_iter().filter(|end| !is_foreign(*end)));
            }
        }
        let own = |id: &WorkloadId| !of_flows || at_flows.contains(&NodeRef::Workload(*id));
        found.workloads = fitting.iter().copied().filter(own).collect();
        found
            .nodes
            .extend(found.workloads.iter().map(|id| NodeRef::Workload(*id)));
        found.nodes.extend(at_flows);
        let homes = found.nodes.iter().filter_map(|node| match node {
            NodeRef::Workload(id) => {
                Some(NodeRef::Namespace(document.workloads.get(*id)?.namespace))
            }
            _ => None,
        });
        let homes: BTreeSet<NodeRef> = homes.collect();
        let workloads = document.workloads.ids().map(NodeRef::Workload);
        let outside = document.externals.ids().map(NodeRef::External);
        let groups = document.groups.ids().map(NodeRef::Group);
        let cluster_nodes = document.nodes_of_flows().into_iter().map(NodeRef::Node);
        let spaces = document.namespaces.ids().map(NodeRef::Namespace);
        let all = workloads
            .chain(outside)
            .chain(groups)
            .chain(cluster_nodes)
            .chain(spaces);
        hidden
            .nodes
            .extend(all.filter(|node| !found.nodes.contains(node) && !homes.contains(node)));
        found.hidden = Arc::new(hidden);
        found.recorded = self.recorded.clone();
        found
    }
}

impl FilterView {
    /// Follows the Document and what is known of it.
    pub fn keep(&mut self, document: &Document, known: Known) {
        let namespaces = &mut self.filter.namespaces;
        namespaces.retain(|id| document.namespaces.contains(*id));
        if known.recorded.is_none() {
            self.filter.recorded.clear();
        }
        if !self.filter.is_active() {
            (self.matches, self.of, self.only) = (None, None, false);
            return;
        }
        let is_recorded = |of: &Option<Arc<Compared>>| match (of, known.recorded) {
            (Some(of), Some(recorded)) => Arc::ptr_eq(of, recorded),
            (of, recorded) => of.is_none() && recorded.is_none(),
        };
        let same = |(filter, of, at, recorded): &(Filter, Document, u64, _)| {
            *filter == self.filter
                && *at == known.number
                && is_recorded(recorded)
                && of.workloads.same(&document.workloads)
                && of.flows.same(&document.flows)
                && of.namespaces.same(&document.namespaces)
                && of.externals.same(&document.externals)
                && of.groups.same(&document.groups)
                && of.nodes.same(&document.nodes)
        };
        if !self.of.as_ref().is_some_and(same) {
            let found = self.filter.matches(document, known);
            if self.matches.as_deref() != Some(&found) {
                self.matches = Some(Arc::new(found));
            }
            let recorded = known.recorded.cloned();
            self.of = Some((
                self.filter.clone(),
                document.clone(),
                known.number,
                recorded,
            ));
        }
    }

    /// What matches; none: nothing is chosen.
    pub fn matches(&self) -> Option<&Arc<Matches>> {
        self.matches.as_ref()
    }

    /// What is hidden, because it does not match.
    pub fn hidden(&self) -> Arc<Hidden> {
        match &self.matches {
            Some(matches) if self.only => Arc::clone(&matches.hidden),
            _ => Arc::default(),
        }
    }

    /// The matches, if what does not match is hidden.
    pub fn alone(&self) -> Option<&Matches> {
        self.matches.as_deref().filter(|_| self.only)
    }

    /// Chooses nothing; false if nothing was chosen.
    pub fn clear(&mut self) -> bool {
        let active = self.filter.is_active();
        *self = Self::default();
        active
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::validate;
    use crate::project::format;

    const SHOP: &str = "format: drawbridge/1
namespaces: [{name: a}, {name: b}, {name: c}]
workloads:
- {name: web, namespace: a, labels: {app: web, tier: front}}
- {name: api, namespace: a, labels: {app: api}}
- {name: db, namespace: b, labels: {app: db}}
- {name: idle, namespace: c, labels: {app: idle, tier: front}}
externals: [{name: office, networks: [{cidr: 198.51.100.0/24}]}]
flows:
- {from: external/office, to: a/web, ports: [TCP/443]}
- {from: a/web, to: a/api, ports: [TCP/80]}
- {from: a/api, to: b/db, ports: [TCP/5432]}
";

    /// Names of matching workloads, of all nodes that stay, and of the flows that are hidden.
    fn found(change: impl Fn(&Document, &mut Filter)) -> (Vec<String>, Vec<String>, Vec<String>) {
        let document = format::read(SHOP, "shop").expect("it is readable").0;
        let verdicts = [Verdict::Exact, Verdict::Blocked, Verdict::Exact];
        let ids: Vec<FlowId> = document.flows.ids().collect();
        let verdicts = ids.into_iter().zip(verdicts).collect();
        let mut view = FilterView::default();
        change(&document, &mut view.filter);
        let known = Known {
            verdicts: &verdicts,
            number: 1,
            recorded: None,
        };
        view.keep(&document, known);
        let matches = view.matches().expect("something is chosen");
        let names = |nodes: Vec<NodeRef>| {
            nodes
                .iter()
                .map(|node| document.node_name(*node).to_owned())
                .collect::<Vec<_>>()
        };
        let workloads = matches
            .workloads
            .iter()
            .map(|id| NodeRef::Workload(*id))
            .collect();
        let hidden = matches
            .hidden
            .flows
            .iter()
            .map(|id| document.flow_name(*id))
            .collect();
        for node in &matches.nodes {
            assert!(
                !matches.hidden.nodes.contains(node),
                "{node:?} is lit and hidden"
            );
        }
        (
            names(workloads),
            names(matches.nodes.iter().copied().collect()),
            hidden,
        )
    }

    #[test]
    fn kinds_hold_together_and_values_of_one_kind_are_alternatives() {
        let a = |document: &Document, filter: &mut Filter| {
            filter.namespaces.extend(document.namespace_named("a"));
        };
        let front = |_: &Document, filter: &mut Filter| {
            filter.labels.insert(("tier".into(), "front".into()));
        };
        let (own, nodes, hidden) = found(a);
        assert_eq!(own, ["web", "api"]);
        assert_eq!(
            nodes,
            ["web", "api", "db", "office"],
            "with the other ends of their flows"
        );
        assert!(hidden.is_empty());
        assert_eq!(found(front).0, ["web", "idle"]);
        let both = found(|document, filter| {
            a(document, filter);
            front(document, filter);
        });
        assert_eq!(both.0, ["web"]);
        assert_eq!(both.2, ["api to db"]);
        let two = found(|document, filter| {
            a(document, filter);
            filter.namespaces.extend(document.namespace_named("c"));
        });
        assert_eq!(two.0, ["web", "api", "idle"]);
    }

    #[test]
    fn ports_and_verdicts_are_of_flows_and_keep_their_ends() {
        let port = |text: &str| validate::flow_ports(text).expect("ports");
        let (own, nodes, hidden) = found(|_, filter| filter.ports.extend(port("TCP/443")));
        assert_eq!(
            (own, nodes),
            (vec!["web".into()], vec!["web".into(), "office".into()])
        );
        assert_eq!(hidden, ["web to api", "api to db"]);
        let (own, ..) = found(|_, filter| filter.verdicts.extend([Verdict::Blocked]));
        assert_eq!(own, ["web", "api"]);
        let (own, nodes, _) = found(|document, filter| {
            filter.namespaces.extend(document.namespace_named("b"));
            filter.verdicts.insert(Verdict::Exact);
        });
        assert_eq!(
            (own, nodes),
            (vec!["db".to_owned()], vec!["api".into(), "db".into()])
        );
    }
}
