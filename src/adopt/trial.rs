//! One choice of plans, applied to the document and compared with what was in force before.

mod blame;
mod draw;

use std::cell::RefCell;
use std::net::Ipv4Addr;

use super::plan::{DrawnAs, Part, Plan};
use super::{Chosen, Flows, Parts};
use crate::analysis::changes::{Relation, policy_relation};
use crate::analysis::{FutureDifference, GateDifference, future_differences};
use crate::cluster::{Node, Snapshot};
use crate::intent::future_pods::{PodSelector, future_pods};
use crate::intent::snapshot::{self, DocumentSnapshot};
use crate::model::dns::Resolver;
use crate::model::{self, Document, Edit};
use crate::plan::context::Context;
use crate::policy::Loss;
use crate::proof::cache::Cache;
use crate::proof::prove::Comparison;
use crate::proof::{Generated, InForce};
use crate::sets::Labels;

pub(super) use draw::name;

/// What was in force before, in the cluster in which everything is compared.
pub(super) struct Old<'a> {
    cache: &'a RefCell<Cache>,
    cluster: DocumentSnapshot,
    /// The cluster with what was in force.
    snapshot: Snapshot,
    /// The same without what is allowed under conditions that the analysis does not model, if anything is.
    unconditional: Option<Snapshot>,
    losses: Vec<Loss>,
    /// The last comparisons with the two.
    compared: RefCell<[Comparison; 2]>,
    /// For each plan, which pods its subject is.
    own: Vec<Vec<bool>>,
    /// For each part of each plan, which pods its other end is.
    other: Vec<Vec<Vec<bool>>>,
}

impl<'a> Old<'a> {
    pub(super) fn new(cache: &'a RefCell<Cache>, context: &Context, plans: &[Plan]) -> Self {
        let (generated, in_force) = read_back(cache, context.document);
        // Future pods have gates, too; those that are ends of what is drawn may get policies.
        let ends = plans.iter().flat_map(|plan| {
            let others = plan.parts.iter().map(|part| &part.other);
            let selectors = others.flat_map(|end| blame::selectors_of(context, end));
            let own = PodSelector {
                labels: plan.subject.clone(),
                accounts: plan.accounts.clone(),
            };
            selectors.chain([(plan.namespace, own)])
        });
        // So may pods that resolve names, where DNS becomes a setting.
        let document = context.document;
        let resolver = Resolver::of(&document.settings.dns.profile);
        let serving = document.namespaces.ids().filter(|id| {
            let labels = document.namespace_labels(*id);
            resolver.namespaces.matches(&labels)
        });
        let servers = serving.map(|id| (id, PodSelector::from(resolver.pods.clone())));
        let pods = future_pods(document, in_force.policies(), ends.chain(servers).collect());
        let mut cluster = snapshot::with_future_pods(context.document, pods);
        // Policies may match nodes as well: those that are known, and others.
        let nodes = model::cluster::nodes(document).into_iter();
        cluster.snapshot.nodes = nodes.chain([other_node()]).collect();
        cluster.snapshot.address_pools = model::cluster::address_pools(document);
        let snapshot = in_force.on(&cluster);
        let pods = |end: &DrawnAs| blame::pods_of(context, &snapshot, end);
        let own = plans.iter().map(|plan| pods(&plan.own)).collect();
        let others = |plan: &Plan| plan.parts.iter().map(|part| pods(&part.other)).collect();
        let other = plans.iter().map(others).collect();
        Self {
            cache,
            own,
            other,
            cluster,
            unconditional: (snapshot.has_conditions()).then(|| unconditional(&snapshot)),
            snapshot,
            losses: generated.losses,
            compared: RefCell::default(),
        }
    }

    /// Makes the next trial compare all gates, whatever the last one compared.
    pub(super) fn forget(&self) {
        self.compared.take();
    }

    fn compare(&self, document: Document) -> Drawn {
        let (generated, in_force) = read_back(self.cache, &document);
        let snapshot = in_force.on(&self.cluster);
        let mut losses = generated.losses;
        losses.retain(|loss| !self.losses.contains(loss));
        let [all, plain] = &mut *self.compared.borrow_mut();
        let mut differences = differences(all, &self.snapshot, &snapshot);
        if let Some(before) = &self.unconditional {
            // Where a plain rule allows what a rule with a condition allows, the condition has no effect.
            let found = self::differences(plain, before, &unconditional(&snapshot));
            differences.extend(found.into_iter().filter(|difference| difference.wider));
            differences.sort_unstable();
            differences.dedup();
        }
        // What pods that nothing stands for would notice costs more to find.
        let is_same = differences.is_empty() && losses.is_empty();
        let future = match is_same {
            true => future_gates(&self.snapshot, &snapshot),
            false => FutureGates::Same,
        };
        Drawn {
            differences,
            future,
            losses,
            document,
        }
    }
}

/// How the gates of future pods compare.
enum FutureGates {
    Same,
    /// They differ, or too much may be different to tell; with examples, if there are any.
    Differ(Vec<FutureDifference>),
}

/// Compares the gates of all future pods, as `diff` does.
fn future_gates(before: &Snapshot, after: &Snapshot) -> FutureGates {
    match policy_relation(before, after) {
        Relation::Equal => FutureGates::Same,
        _ => FutureGates::Differ(future_differences(before, after)),
    }
}

/// No valid name, so that no node of the document has it.
const OTHER_NODE: &str = "any other node";

/// A node that is not in the document. Its address tells it from other addresses where blocks do not match nodes.
fn other_node() -> Node {
    Node {
        name: OTHER_NODE.to_owned(),
        labels: Labels::new(),
        addresses: vec![Ipv4Addr::new(192, 0, 2, 1).into()],
        pod_cidrs: Vec::new(),
    }
}

/// The policies of a document, and what they mean, which costs what is different from the last trial.
fn read_back(cache: &RefCell<Cache>, document: &Document) -> (Generated, InForce) {
    let cache = &mut cache.borrow_mut();
    let (imported, generated) = cache.write(document);
    let in_force = cache.in_force(document, &imported, &generated);
    (generated, in_force)
}

/// All differences between the gates of two clusters, at a cost of what differs from the last comparison.
fn differences(last: &mut Comparison, before: &Snapshot, after: &Snapshot) -> Vec<GateDifference> {
    let found = last.compare(before.clone(), after, &|| false);
    found.map_or_else(Vec::new, |(_, differences)| differences)
}

fn unconditional(snapshot: &Snapshot) -> Snapshot {
    snapshot.without_conditional(|_| true)
}

/// A choice of plans, applied.
pub(super) struct Trial<'a> {
    context: &'a Context<'a>,
    plans: &'a [Plan],
    old: &'a Old<'a>,
    chosen: &'a Chosen,
    edit: Edit,
    halves: Parts,
    expressed: draw::PartsByFlow,
    /// The plans whose DNS rules would no longer make the addresses of domain names known.
    unlearnt: Chosen,
    /// The document afterwards with what is different then, or why the edit is refused.
    drawn: Result<Drawn, String>,
}

/// A document, its differences from before at any gate, and its new losses.
struct Drawn {
    document: Document,
    differences: Vec<GateDifference>,
    /// What else is different for pods that are not in the document, if nothing else is.
    future: FutureGates,
    losses: Vec<Loss>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        plans: &'a [Plan],
        old: &'a Old<'a>,
        chosen: &'a Chosen,
        halves: Parts,
    ) -> Self {
        let draw::Drawn {
            edit,
            expressed,
            unlearnt,
        } = draw::draw(context, plans, chosen, &halves);
        let mut document = context.document.clone();
        let drawn = match edit.apply(&mut document) {
            Ok(_) => Ok(old.compare(document)),
            Err(refusal) => Err(refusal.message),
        };
        Self {
            context,
            plans,
            old,
            chosen,
            edit,
            halves,
            expressed,
            unlearnt,
            drawn,
        }
    }

    pub(super) fn into_edit(self) -> Edit {
        self.edit
    }

    /// Whether nothing is different from before, and everything can be expressed.
    pub(super) fn is_exact(&self) -> bool {
        let drawn = self.drawn.as_ref();
        drawn.is_ok_and(|drawn| {
            drawn.differences.is_empty()
                && drawn.losses.is_empty()
                && matches!(drawn.future, FutureGates::Same)
        }) && self.unlearnt.is_empty()
    }

    /// The flows that are new or have other ports than before.
    pub(super) fn new_flows(&self) -> Flows {
        let Ok(drawn) = &self.drawn else {
            return Flows::new();
        };
        let before = &self.context.document.flows;
        let flows = drawn.document.flows.iter();
        flows
            .filter(|(id, flow)| before.get(*id).is_none_or(|old| old.ports != flow.ports))
            .map(|(id, _)| id)
            .collect()
    }

    /// Every part of the chosen plans: the plan's place, and its own in the plan.
    fn parts(&self) -> impl Iterator<Item = (usize, usize, &'a Part)> {
        let plans = self.plans;
        self.chosen
            .iter()
            .filter_map(move |at| Some((*at, plans.get(*at)?)))
            .flat_map(|(at, plan)| {
                let parts = plan.parts.iter().enumerate();
                parts.map(move |(number, part)| (at, number, part))
            })
    }
}
