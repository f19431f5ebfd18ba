//! The edit that draws a choice of plans and drops their policies.

use std::collections::{BTreeMap, BTreeSet};

use crate::adopt::plan::{DrawnAs, Plan, closes, equal};
use crate::adopt::{Chosen, Parts, cover, names, remove};
use crate::model::validate::united;
use crate::model::{
    Base, Document, Edit, End, External, Flow, FlowPort, Group, Isolate, Item, NamespaceId,
    Network, Thing, Workload, WorkloadId, enforcers_of,
};
use crate::plan::context::Context;
use crate::policy::Direction;

/// Which parts of plans the flows between two ends express.
pub(super) type PartsByFlow = BTreeMap<(End, End), Parts>;

/// A choice of plans as an edit.
pub(super) struct Drawn {
    pub(super) edit: Edit,
    pub(super) expressed: PartsByFlow,
    /// The plans whose DNS rules would no longer make the addresses of domain names known.
    pub(super) unlearnt: Chosen,
}

/// Shows the dialect of the policies, sets default denies, isolation of workloads and DNS, adds missing groups and externals, draws flows, then
/// drops the policies. `halves`: the parts that become flows with one gate.
pub(super) fn draw(context: &Context, plans: &[Plan], chosen: &Chosen, halves: &Parts) -> Drawn {
    let mut drawing = Drawing {
        after: context.document.clone(),
        edits: Vec::new(),
    };
    let chosen_plans = || chosen.iter().filter_map(|at| plans.get(*at));
    drawing.dialect(chosen_plans());
    let mut expressed = PartsByFlow::new();
    let mut unlearnt = Chosen::new();
    let namespaces: BTreeSet<NamespaceId> = chosen_plans().map(|plan| plan.namespace).collect();
    let mut resolves = BTreeSet::new();
    for id in namespaces {
        let base = cover::base_after(context, plans, chosen, id);
        let here: Vec<&Plan> = chosen_plans().filter(|p| p.namespace == id).collect();
        let egress = closes(base, Direction::Egress)
            || (here.iter()).any(|plan| plan.isolates_some(base, Direction::Egress));
        if drawing.namespace(context, id, base, (egress, resolve(base, &here))) {
            resolves.insert(id);
        }
        drawing.workloads(base, &here);
        drawing.groups(base, &here);
    }
    let mut order = Vec::new();
    let mut flows: BTreeMap<(End, End, Option<Direction>), Vec<FlowPort>> = BTreeMap::new();
    for (at, plan) in chosen.iter().zip(chosen_plans()) {
        let base = cover::base_after(context, plans, chosen, plan.namespace);
        let by_dns = resolves.contains(&plan.namespace)
            && (plan.selects_all() || plan.isolates_some(base, Direction::Egress));
        let names_domains = || {
            let mut plans = chosen_plans().filter(|other| other.namespace == plan.namespace);
            plans.any(Plan::names_domains)
        };
        if plan.learns_names && !(by_dns && names_domains()) {
            unlearnt.insert(*at);
        }
        for (number, part) in plan.parts.iter().enumerate() {
            if part.dns && by_dns {
                continue;
            }
            let (own, other) = (drawing.end(&plan.own), drawing.end(&part.other));
            let ends = match part.direction {
                Direction::Ingress => (other, own),
                Direction::Egress => (own, other),
            };
            let place = (*at, number);
            expressed.entry(ends.clone()).or_default().insert(place);
            let half = halves.contains(&place).then_some(part.direction);
            let flow = (ends.0, ends.1, half);
            if !flows.contains_key(&flow) {
                order.push(flow.clone());
            }
            flows
                .entry(flow)
                .or_default()
                .extend(part.ports.iter().cloned());
        }
    }
    for flow in order {
        let ports = united(flows.remove(&flow).unwrap_or_default());
        let (from, to, half) = flow;
        drawing.flow(Flow {
            half,
            ..Flow::new(from, to, ports)
        });
    }
    drawing
        .edits
        .push(remove(chosen_plans().map(|plan| plan.id)));
    Drawn {
        edit: Edit::Batch(name(chosen.len()), drawing.edits),
        expressed,
        unlearnt,
    }
}

/// What adopting so many policies is called.
pub(in crate::adopt) fn name(count: usize) -> String {
    match count {
        1 => "Adopt 1 policy".to_owned(),
        count => format!("Adopt {count} policies"),
    }
}

/// Whether plans of one namespace let all pods resolve names that they isolate.
fn resolve(base: Base, plans: &[&Plan]) -> bool {
    let dns = |plan: &Plan| plan.parts.iter().any(|part| part.dns);
    if closes(base, Direction::Egress) {
        let mut plans = plans.iter();
        return plans.any(|plan| plan.selects_all() && dns(plan));
    }
    let apart = plans
        .iter()
        .filter(|plan| plan.isolates_workloads(base, Direction::Egress));
    let of = |plan: &&&Plan| plan.workloads.clone();
    let isolated: BTreeSet<WorkloadId> = apart.clone().flat_map(|p| of(&p)).collect();
    let resolving: BTreeSet<WorkloadId> = (apart.filter(|p| dns(p))).flat_map(|p| of(&p)).collect();
    let mut groups = plans
        .iter()
        .filter(|p| p.isolates_group(base, Direction::Egress));
    let isolates_some = !isolated.is_empty() || groups.clone().next().is_some();
    isolates_some && isolated == resolving && groups.all(|p| dns(p))
}

/// The document so far, for new ids and names.
struct Drawing {
    after: Document,
    edits: Vec<Edit>,
}

impl Drawing {
    /// Shows the dialect of policies that only one enforcer implements: other policies mean something else to it.
    fn dialect<'a>(&mut self, mut plans: impl Iterator<Item = &'a Plan>) {
        let of_one_enforcer = |plan: &Plan| plan.target.filter(|t| enforcers_of(*t).len() == 1);
        let settings = &mut self.after.settings;
        match plans.find_map(of_one_enforcer) {
            Some(target) if target != settings.target() => {
                settings.show(target);
                self.edits.push(Edit::SetSettings(settings.clone()));
            }
            _ => {}
        }
    }

    /// Lets the workloads of plans isolate themselves where the default deny does not.
    fn workloads(&mut self, base: Base, plans: &[&Plan]) {
        let mut isolated: BTreeMap<WorkloadId, [bool; 2]> = BTreeMap::new();
        for plan in plans {
            for id in &plan.workloads {
                let own = isolated.entry(*id).or_default();
                for direction in Direction::BOTH {
                    own[direction as usize] |= plan.isolates_workloads(base, direction);
                }
            }
        }
        for (id, [ingress, egress]) in isolated {
            let Some(known) = self.after.workloads.get(id) else {
                continue;
            };
            let has = |direction| known.isolate.has(direction);
            let isolate = Isolate::of(
                ingress || has(Direction::Ingress),
                egress || has(Direction::Egress),
            );
            if isolate != known.isolate {
                let workload = Workload {
                    isolate,
                    ..known.clone()
                };
                self.edits
                    .push(Edit::Change(Item::Workload(id), Thing::Workload(workload)));
            }
        }
    }

    /// Lets groups isolate the subjects of plans that are no whole workloads.
    fn groups(&mut self, base: Base, plans: &[&Plan]) {
        for plan in plans {
            let isolates = Direction::BOTH.map(|d| plan.isolates_group(base, d));
            if isolates == [false; 2] {
                continue;
            }
            let End::Group(id) = self.end(&plan.own) else {
                continue;
            };
            let Some(group) = self.after.groups.get_mut(id) else {
                continue;
            };
            let has = |direction| group.isolate.has(direction);
            let isolate = Isolate::of(
                isolates[0] || has(Direction::Ingress),
                isolates[1] || has(Direction::Egress),
            );
            if isolate != group.isolate {
                group.isolate = isolate;
                let changed = Thing::Group(group.clone());
                self.edits.push(Edit::Change(Item::Group(id), changed));
            }
        }
    }

    /// Sets default deny and DNS; returns whether isolated pods may resolve names then.
    fn namespace(
        &mut self,
        context: &Context,
        id: NamespaceId,
        base: Base,
        (isolates_egress, asked): (bool, bool),
    ) -> bool {
        let Some(known) = self.after.namespaces.get(id) else {
            return false;
        };
        let mut namespace = known.clone();
        let settings = &self.after.settings;
        if self.after.base_of(id) != base {
            namespace.base = (settings.base != base).then_some(base);
        }
        let closed = context.default_denies(id, Direction::Egress)
            || (context.document.workloads.iter()).any(|(_, workload)| {
                workload.namespace == id && context.isolates_itself(workload, Direction::Egress)
            })
            || (context.document.groups.iter()).any(|(_, group)| {
                context
                    .group_isolation(group, id)
                    .contains(&Direction::Egress)
            });
        let mut resolves = closed && context.document.dns_of(id);
        if !closed && isolates_egress {
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

    fn end(&mut self, end: &DrawnAs) -> End {
        match end {
            DrawnAs::AnyPod => End::AnyPod,
            DrawnAs::AnyPodOf(id) => End::AnyPodOf(*id),
            DrawnAs::Workload(id) => End::Workload(*id),
            DrawnAs::Pods {
                namespaces,
                pods,
                accounts,
            } => {
                let same = |g: &Group| {
                    equal(&g.namespaces, namespaces)
                        && equal(&g.pods, pods)
                        && g.accounts == *accounts
                };
                let mut rows = self.after.groups.iter();
                let known = rows.find(|(_, group)| same(group)).map(|(id, _)| id);
                drop(rows);
                if let Some(id) = known {
                    return End::Group(id);
                }
                let name = names::group(namespaces, pods, accounts);
                let name = self.after.fresh_group_name(&name);
                let group = Group {
                    accounts: accounts.clone(),
                    ..Group::new(name, namespaces.clone(), pods.clone())
                };
                self.edits.push(Edit::Add(Thing::Group(group.clone())));
                End::Group(self.after.groups.add(group))
            }
            DrawnAs::Outside { networks, names } => {
                let mut rows = self.after.externals.iter();
                let same = |e: &External| e.entity.is_none() && is_named(e, networks, names);
                let known = rows.find(|(_, e)| same(e)).map(|(id, _)| id);
                drop(rows);
                if let Some(id) = known {
                    return End::External(id);
                }
                let name = names::external(networks, names);
                self.external(External {
                    domain_names: names.clone(),
                    ..External::new(name, networks.clone())
                })
            }
            DrawnAs::Entity(entity) => {
                let mut rows = self.after.externals.iter();
                let same = |e: &External| e.entity == Some(*entity) && is_named(e, &[], &[]);
                let known = rows.find(|(_, e)| same(e)).map(|(id, _)| id);
                drop(rows);
                known.map_or_else(
                    || {
                        self.external(External {
                            entity: Some(*entity),
                            ..External::new(entity.word(), Vec::new())
                        })
                    },
                    End::External,
                )
            }
        }
    }

    /// Adds an external, under a name that is not taken.
    fn external(&mut self, new: External) -> End {
        let new = External {
            name: self.after.fresh_external_name(&new.name),
            ..new
        };
        self.edits.push(Edit::Add(Thing::External(new.clone())));
        End::External(self.after.externals.add(new))
    }

    /// Draws a flow, unless one that is in force covers it.
    fn flow(&mut self, new: Flow) {
        let covers = |flow: &Flow| {
            let all = flow.ports.iter().chain(&new.ports).cloned().collect();
            flow.allows()
                && flow.http.is_empty()
                && (&flow.from, &flow.to) == (&new.from, &new.to)
                && (flow.half.is_none() || flow.half == new.half)
                && united(all) == united(flow.ports.clone())
        };
        if !self.after.flows.iter().any(|(_, flow)| covers(flow)) {
            self.edits.push(Edit::Add(Thing::Flow(new)));
        }
    }
}

/// Whether an external has exactly these blocks and names, in any order.
fn is_named(external: &External, networks: &[Network], names: &[String]) -> bool {
    let key = |networks: &[Network]| -> BTreeSet<_> {
        networks
            .iter()
            .map(|n| {
                let except: BTreeSet<_> = n.except.iter().map(ipnet::IpNet::trunc).collect();
                (n.cidr.trunc(), except)
            })
            .collect()
    };
    let domain_names: BTreeSet<_> = external.domain_names.iter().collect();
    domain_names == names.iter().collect() && key(&external.networks) == key(networks)
}
