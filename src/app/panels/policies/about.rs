//! The flows, workloads and namespaces that a selection concerns.

use std::collections::BTreeSet;

use super::Scope;
use crate::app::names::PolicyNames;
use crate::model::{Document, End, FlowId, Item, NamespaceId, NodeRef, WorkloadId};
use crate::proof::Written;

/// The objects that a selection concerns.
pub(super) struct About {
    pub(super) flows: BTreeSet<FlowId>,
    pub(super) workloads: BTreeSet<WorkloadId>,
    namespaces: BTreeSet<NamespaceId>,
    pub(super) names: BTreeSet<String>,
    pub(super) whole: bool,
}

impl About {
    pub(super) fn new(
        document: &Document,
        selection: &BTreeSet<Item>,
        scope: Scope,
        policies: &PolicyNames,
    ) -> Self {
        let mut about = Self {
            flows: BTreeSet::new(),
            workloads: BTreeSet::new(),
            namespaces: BTreeSet::new(),
            names: BTreeSet::new(),
            whole: scope == Scope::Namespace,
        };
        for item in selection {
            about.take(document, *item);
        }
        let names = about
            .namespaces
            .iter()
            .map(|id| document.node_name(NodeRef::Namespace(*id)).to_owned());
        about.names = names.collect();
        let imported = selection.iter().filter_map(|item| match item {
            Item::Policy(id) => Some(policies.namespace(*id)),
            _ => None,
        });
        let imported = imported.filter(|namespace| !namespace.is_empty());
        about.names.extend(imported.map(str::to_owned));
        about
    }

    fn take(&mut self, document: &Document, item: Item) {
        match item {
            Item::Flow(id) => {
                self.flows.insert(id);
                let Some(flow) = document.flows.get(id) else {
                    return;
                };
                for end in [&flow.from, &flow.to] {
                    if self.whole {
                        let within = document
                            .workloads_at(end)
                            .into_iter()
                            .filter_map(|id| document.workloads.get(id));
                        self.namespaces
                            .extend(within.map(|workload| workload.namespace));
                    }
                }
            }
            Item::Workload(id) => {
                self.workloads.insert(id);
                self.flows.extend(document.flows_of(NodeRef::Workload(id)));
                self.namespaces.extend(
                    document
                        .workloads
                        .get(id)
                        .map(|workload| workload.namespace),
                );
            }
            Item::Namespace(id) => {
                self.namespaces.insert(id);
                self.whole = true;
            }
            Item::External(_) | Item::Group(_) | Item::Node(_) => {
                let node = item.node().into_iter();
                self.flows
                    .extend(node.flat_map(|node| document.flows_of(node)));
            }
            Item::Service(_) | Item::Policy(_) | Item::Invariant(_) => {}
        }
    }

    /// Whether a flow is among them, or has an end in a namespace that is shown as a whole.
    pub(super) fn has_flow(&self, document: &Document, id: FlowId) -> bool {
        let within = |end: &End| {
            let workloads = document.workloads_at(end).into_iter();
            let mut workloads = workloads.filter_map(|id| document.workloads.get(id));
            workloads.any(|workload| self.namespaces.contains(&workload.namespace))
        };
        let flow = document.flows.get(id).filter(|_| self.whole);
        self.flows.contains(&id) || flow.is_some_and(|flow| within(&flow.from) || within(&flow.to))
    }

    pub(super) fn has(&self, policy: &Written) -> bool {
        policy.flows.iter().any(|flow| self.flows.contains(flow))
            || policy
                .workloads
                .iter()
                .any(|id| self.workloads.contains(id))
            || (self.whole && self.names.contains(&policy.namespace))
    }
}
