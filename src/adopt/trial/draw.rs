//! The edit that draws a choice of plans and drops their policies.

use std::collections::{BTreeMap, BTreeSet};

use crate::adopt::plan::{NewEnd, Plan, equal};
use crate::adopt::{Chosen, cover, names, remove};
use crate::model::validate::united;
use crate::model::{
    Document, Edit, End, External, Flow, FlowPort, Group, Item, NamespaceId, Network, Thing,
    Unknown,
};
use crate::plan::context::Context;
use crate::policy::Direction;

/// Which plans the flow between two ends expresses.
pub(super) type PlansByFlow = BTreeMap<(End, End), BTreeSet<usize>>;

/// Sets default denies and DNS, adds missing groups and externals, draws flows, then drops the policies.
pub(super) fn draw(context: &Context, plans: &[Plan], chosen: &Chosen) -> (Edit, PlansByFlow) {
    let mut drawing = Drawing {
        after: context.document.clone(),
        edits: Vec::new(),
    };
    let chosen_plans = || chosen.iter().filter_map(|at| plans.get(*at));
    let mut expressed = PlansByFlow::new();
    let namespaces: BTreeSet<NamespaceId> = chosen_plans().map(|plan| plan.namespace).collect();
    let mut resolves = BTreeSet::new();
    for id in namespaces {
        let base = cover::base_after(context, plans, chosen, id);
        let asked = chosen_plans().any(|p| p.namespace == id && p.parts.iter().any(|d| d.dns));
        if drawing.namespace(context, id, base, asked) {
            resolves.insert(id);
        }
    }
    let mut order = Vec::new();
    let mut flows: BTreeMap<(End, End), Vec<FlowPort>> = BTreeMap::new();
    for (at, plan) in chosen.iter().zip(chosen_plans()) {
        for part in &plan.parts {
            if part.dns && resolves.contains(&plan.namespace) {
                continue;
            }
            let (own, other) = (drawing.end(&plan.own), drawing.end(&part.other));
            let ends = match part.direction {
                Direction::Ingress => (other, own),
                Direction::Egress => (own, other),
            };
            expressed.entry(ends.clone()).or_default().insert(*at);
            if !flows.contains_key(&ends) {
                order.push(ends.clone());
            }
            flows
                .entry(ends)
                .or_default()
                .extend(part.ports.iter().cloned());
        }
    }
    for ends in order {
        let ports = flows.remove(&ends).unwrap_or_default();
        drawing.flow(ends, united(ports));
    }
    let count = chosen.len();
    drawing
        .edits
        .push(remove(chosen_plans().map(|plan| plan.id)));
    let name = match count {
        1 => "Adopt 1 policy".to_owned(),
        count => format!("Adopt {count} policies"),
    };
    (Edit::Batch(name, drawing.edits), expressed)
}

/// The document so far, for new ids and names.
struct Drawing {
    after: Document,
    edits: Vec<Edit>,
}

impl Drawing {
    /// Sets default deny and DNS; returns whether a DNS policy is written then.
    fn namespace(
        &mut self,
        context: &Context,
        id: NamespaceId,
        base: crate::model::Base,
        asked: bool,
    ) -> bool {
        let Some(known) = self.after.namespaces.get(id) else {
            return false;
        };
        let mut namespace = known.clone();
        let settings = &self.after.settings;
        if self.after.base_of(id) != base {
            namespace.base = (settings.base != base).then_some(base);
        }
        let closed = context.default_denies(id, Direction::Egress);
        let mut resolves = context.writes_dns(id);
        if !closed && base == crate::model::Base::DenyAll {
            namespace.dns = (settings.dns.allow != asked).then_some(asked);
            resolves = asked;
        }
        if namespace != *known {
            self.edits.push(Edit::Change(
                Item::Namespace(id),
                Thing::Namespace(namespace),
            ));
        }
        resolves
    }

    fn end(&mut self, end: &NewEnd) -> End {
        match end {
            NewEnd::AnyPod => End::AnyPod,
            NewEnd::AnyPodOf(id) => End::AnyPodOf(*id),
            NewEnd::Workload(id) => End::Workload(*id),
            NewEnd::Pods { namespaces, pods } => {
                let same = |g: &Group| equal(&g.namespaces, namespaces) && equal(&g.pods, pods);
                let mut rows = self.after.groups.iter();
                let known = rows.find(|(_, group)| same(group)).map(|(id, _)| id);
                drop(rows);
                if let Some(id) = known {
                    return End::Group(id);
                }
                let name = names::group(namespaces, pods);
                let group = Group {
                    name: self.after.fresh_group_name(&name),
                    namespaces: namespaces.clone(),
                    pods: pods.clone(),
                    unknown: Unknown::new(),
                };
                self.edits.push(Edit::Add(Thing::Group(group.clone())));
                End::Group(self.after.groups.add(group))
            }
            NewEnd::Networks(networks) => {
                let mut rows = self.after.externals.iter();
                let known = rows.find(|(_, e)| is_just(e, networks)).map(|(id, _)| id);
                drop(rows);
                if let Some(id) = known {
                    return End::External(id);
                }
                let name = names::external(networks);
                let name = self.after.fresh_external_name(&name);
                let external = External::new(name, networks.clone());
                self.edits
                    .push(Edit::Add(Thing::External(external.clone())));
                End::External(self.after.externals.add(external))
            }
        }
    }

    /// Draws a flow, unless one that is in force covers it.
    fn flow(&mut self, (from, to): (End, End), ports: Vec<FlowPort>) {
        let covers = |flow: &Flow| {
            let all = flow.ports.iter().chain(&ports).cloned().collect();
            !flow.muted
                && (&flow.from, &flow.to) == (&from, &to)
                && united(all) == united(flow.ports.clone())
        };
        if self.after.flows.iter().any(|(_, flow)| covers(flow)) {
            return;
        }
        self.edits
            .push(Edit::Add(Thing::Flow(Flow::new(from, to, ports))));
    }
}

/// Whether an external has exactly these blocks, in any order.
fn is_just(external: &External, networks: &[Network]) -> bool {
    let key = |networks: &[Network]| -> BTreeSet<_> {
        networks
            .iter()
            .map(|n| {
                let except: BTreeSet<_> = n.except.iter().map(ipnet::IpNet::trunc).collect();
                (n.cidr.trunc(), except)
            })
            .collect()
    };
    external.domain_names.is_empty() && key(&external.networks) == key(networks)
}
