//! Plans the policies that a document needs, in no dialect:
//! least privilege only, stable names and order, so that a small edit is a small diff.

mod base;
pub mod context;
mod draft;
mod flows;
pub mod identity;
mod isolation;
pub mod names;
pub mod needed;
mod peers;
mod refusal;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cluster::HostNetwork;
use crate::diag::Diagnostic;
use crate::model::dns::Resolver;
use crate::model::validate::flow_ports_text;
use crate::model::{
    Document, End, Flow, FlowId, FlowPort, NamespaceId, Words, Workload, WorkloadId,
    is_system_namespace,
};
use crate::policy::{Direction, Imported, Loss, PlanPolicy};
use context::Context;
use draft::Draft;
use flows::{Drafts, Halves};
use identity::Identities;
use needed::Needed;

pub use draft::MANAGED_BY;

/// The policies that have to exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// By namespace, default deny first, then DNS, then by name.
    pub policies: Vec<Arc<PlanPolicy>>,
    /// The losses, by flow.
    pub losses: Vec<Loss>,
    /// Notes and warnings about the document.
    pub diagnostics: Vec<Diagnostic>,
}

/// Plans the policies of a document; what cannot be planned is left out and reported. `imported`: its imported
/// policies, lowered, in their order.
pub(crate) fn plan(document: &Document, imported: &[Imported]) -> Plan {
    plan_with(&mut Planned::default(), document, imported)
}

/// What the last plan was made of, for reuse while only flows and workloads change.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    document: Document,
    identities: Arc<Identities>,
    /// Default denies, DNS, and isolation of single workloads and of groups.
    bases: Vec<Arc<Draft>>,
    needed: BTreeMap<FlowId, (Arc<Flow>, Arc<Needed>)>,
    halves: Halves,
    drafts: Drafts,
}

impl Planned {
    /// The workloads whose part of the plan may have changed: those that are not the same, those with the same
    /// name as one of them before or now, and those that another selector identifies. Forgets everything if more
    /// than flows and workloads has changed.
    fn keep_for(&mut self, document: &Document) -> BTreeSet<WorkloadId> {
        let last = std::mem::replace(&mut self.document, document.clone());
        let Some(mut changed) = last.changed_workloads(document) else {
            *self = Self {
                document: document.clone(),
                identities: identity::identities(document).into(),
                ..Self::default()
            };
            return BTreeSet::new();
        };
        if changed.is_empty() {
            return changed;
        }
        self.bases.clear();
        let rows = [&last, document].map(|of| {
            let rows = changed.iter().filter_map(|id| of.workloads.get(*id));
            rows.map(|w| (w.namespace, w.name.clone()))
                .collect::<Vec<_>>()
        });
        let names: BTreeSet<(NamespaceId, String)> = rows.into_iter().flatten().collect();
        let namespaces: BTreeSet<NamespaceId> =
            names.iter().map(|(namespace, _)| *namespace).collect();
        let affected =
            (document.workloads.iter()).filter(|(_, w)| namespaces.contains(&w.namespace));
        let namesakes = affected.filter(|(_, w)| names.contains(&(w.namespace, w.name.clone())));
        changed.extend(namesakes.map(|(id, _)| id));
        let identities = Arc::make_mut(&mut self.identities);
        changed.extend(identity::update(identities, document, &namespaces));
        changed
    }

    fn bases(&mut self, context: &Context) -> Vec<Arc<Draft>> {
        if self.bases.is_empty() {
            let resolver = Resolver::of(&context.document.settings.dns.profile);
            let of = |namespace| {
                let base = base::base(context, namespace);
                let dns = base::dns(context, namespace, &resolver);
                let clients = base::dns_clients(context, namespace, &resolver);
                [base, dns, clients].into_iter().flatten().map(Arc::new)
            };
            self.bases = context.document.namespaces.ids().flat_map(of).collect();
            let workloads = workloads::policies(context, &resolver);
            let groups = workloads::of_groups(context, &resolver);
            self.bases
                .extend(workloads.into_iter().chain(groups).map(Arc::new));
        }
        self.bases.clone()
    }

    /// Finds what each flow needs; returns the flows of which that may have changed, and those that are no more.
    fn needed(&mut self, context: &Context, changed: &BTreeSet<WorkloadId>) -> BTreeSet<FlowId> {
        let flows = &context.document.flows;
        let mut found = BTreeSet::new();
        self.needed.retain(|id, (flow, _)| {
            let now = flows.shared(*id).filter(|now| Arc::ptr_eq(now, flow));
            let ends = [&flow.from, &flow.to];
            let stays = now.is_some() && !ends.iter().any(|end| may_contain(end, changed));
            if !stays {
                found.insert(*id);
            }
            stays
        });
        for (id, flow) in flows.iter_shared() {
            self.needed.entry(id).or_insert_with(|| {
                found.insert(id);
                let needed = needed::needed(context, id, flow);
                (Arc::clone(flow), Arc::new(needed))
            });
        }
        found
    }
}

/// Whether one of these workloads may be, or come to be, among the pods of an end.
fn may_contain(end: &End, changed: &BTreeSet<WorkloadId>) -> bool {
    match end {
        End::Workload(id) => changed.contains(id),
        End::External(_) | End::Node(_) => false,
        End::AnyPod | End::AnyPodOf(_) | End::Group(_) | End::Missing(_) => !changed.is_empty(),
    }
}

/// [`plan`] that reuses parts of the last one.
pub(crate) fn plan_with(planned: &mut Planned, document: &Document, imported: &[Imported]) -> Plan {
    let changed = &planned.keep_for(document);
    let context = &Context::with(document, imported, Arc::clone(&planned.identities));
    let mut plan = Plan::default();
    let mut drafts = planned.bases(context);
    let flows = planned.needed(context, changed);
    for (_, needed) in planned.needed.values() {
        plan.losses.extend(needed.losses.iter().cloned());
        plan.diagnostics.extend(needed.diagnostics.iter().cloned());
    }
    planned.halves.update(context, &planned.needed, &flows);
    let last = &mut planned.drafts;
    drafts.extend(flows::planned(context, &planned.halves, last, changed));
    plan.policies = draft::finish(context, &drafts, &names_taken(context));
    plan.diagnostics.extend(warnings(context));
    plan
}

/// Names of imported policies that no planned one may have: those that they do not replace.
fn names_taken(context: &Context) -> BTreeSet<(String, String)> {
    let replaced = context.document.replaced_policies();
    let imported = context.imported.iter().flat_map(|i| &i.policies);
    imported
        .filter(|policy| !replaced.contains(policy.full_name().as_str()))
        .filter_map(|policy| Some((policy.namespace.clone()?, policy.name.clone())))
        .collect()
}

/// System namespaces that a default deny isolates, host-network ends, and ends in unmanaged namespaces.
fn warnings(context: &Context) -> Vec<Diagnostic> {
    let document = context.document;
    let mut found = Vec::new();
    for (id, namespace) in document.namespaces.iter() {
        let closed = Direction::BOTH
            .into_iter()
            .any(|d| context.default_denies(id, d));
        if closed && is_system_namespace(&namespace.name) {
            let message = format!(
                "`{}` runs cluster components, and its default deny isolates it",
                namespace.name
            );
            let diagnostic = Diagnostic::warning("system-namespace", message);
            found.push(
                diagnostic.help("set its default deny to none, unless you know all of its traffic"),
            );
        }
    }
    found.extend(workloads::warnings(context));
    found.extend(host_network(context));
    found.extend(not_selected(context));
    if document.namespaces.iter().all(|(_, n)| n.managed) {
        return found;
    }
    for (id, flow) in document.flows.iter().filter(|(_, f)| !f.muted) {
        for (direction, end, other, verb) in [
            (Direction::Ingress, &flow.to, &flow.from, "from"),
            (Direction::Egress, &flow.from, &flow.to, "to"),
        ] {
            if flow.half.is_some_and(|only| only != direction) {
                continue;
            }
            let notes = unmanaged(context, end, other, verb, &flow.ports);
            found.extend(notes.map(|note| note.of_flow(id.0)));
        }
    }
    found
}

/// Workloads on the host network that flows name: plugins differ about them.
fn host_network(context: &Context) -> Vec<Diagnostic> {
    let document = context.document;
    if document.settings.judged().host_network == HostNetwork::Nodes {
        return Vec::new();
    }
    let workloads = document.workloads.iter();
    let mut on_host: BTreeMap<WorkloadId, &Workload> =
        workloads.filter(|(_, w)| w.has_host_network()).collect();
    if on_host.is_empty() {
        return Vec::new();
    }
    let flows = document.flows.iter().filter(|(_, flow)| !flow.muted);
    let ends = flows.flat_map(|(_, flow)| [&flow.from, &flow.to]);
    let named: BTreeSet<WorkloadId> = ends
        .filter_map(|end| match end {
            End::Workload(id) => Some(*id),
            _ => None,
        })
        .collect();
    on_host.retain(|id, _| named.contains(id));
    on_host
        .into_values()
        .map(|w| {
            let message = format!(
                "`{}` is on the host network: it is selected by labels like any pod, but most \
                 network plugins treat such pods as their node",
                w.name
            );
            let help = "if yours does, set the assumption `host-network=nodes`";
            Diagnostic::info("host-network", message).help(help)
        })
        .collect()
}

/// Ends of several pods that do not include the host-network pods they match, where these count as nodes.
fn not_selected(context: &Context) -> Vec<Diagnostic> {
    let document = context.document;
    let workloads = document.workloads.iter();
    let nodes: BTreeSet<WorkloadId> = workloads
        .filter(|(_, workload)| {
            !context.selectable(workload) || document.counts_as_node_in_part(workload)
        })
        .map(|(id, _)| id)
        .collect();
    if nodes.is_empty() {
        return Vec::new();
    }
    let words = Words::new(document);
    let one = |(id, end): (FlowId, &End)| {
        let several = matches!(end, End::AnyPod | End::AnyPodOf(_) | End::Group(_));
        let matched = document.workloads_at(end).into_iter();
        let matched = matched.filter(|id| several && nodes.contains(id));
        let is_partly = |id| {
            let workload = document.workloads.get(id);
            workload.is_some_and(|workload| document.counts_as_node_in_part(workload))
        };
        let matched: Vec<String> = matched
            .map(|id| match (is_partly(id), words.of(&End::Workload(id))) {
                (true, name) => format!("a part of `{name}`"),
                (false, name) => format!("`{name}`"),
            })
            .collect();
        let pods = match &matched[..] {
            [] => return None,
            [first] => format!("{first}, which is"),
            [one, two] => format!("{one} and {two}, which are"),
            [first, rest @ ..] => format!("{first} and {} more, which are", rest.len()),
        };
        let message = format!(
            "the flow {} leaves out {pods} on the host network: `{}` does not select it there",
            document.flow_name(id),
            words.of(end)
        );
        let help = "draw a flow with an external that has the addresses of their nodes";
        let diagnostic = Diagnostic::warning("host-network", message);
        Some(diagnostic.help(help).of_flow(id.0))
    };
    let flows = document.flows.iter().filter(|(_, flow)| !flow.muted);
    let ends = flows.flat_map(|(id, flow)| [(id, &flow.from), (id, &flow.to)]);
    ends.filter_map(one).collect()
}

fn unmanaged(
    context: &Context,
    end: &End,
    other: &End,
    verb: &str,
    ports: &[FlowPort],
) -> Option<Diagnostic> {
    let document = context.document;
    let End::Workload(id) = end else { return None };
    let workload = document.workloads.get(*id)?;
    let namespace = context.namespace(workload.namespace)?;
    if namespace.managed {
        return None;
    }
    let ports = flow_ports_text(ports);
    let (name, other) = (document.end_name(end), document.end_name(other));
    let message = format!(
        "no policies are generated for `{}`: it is not managed",
        namespace.name
    );
    let help = format!("its owner must allow `{name}` connections {verb} `{other}` on {ports}");
    Some(Diagnostic::info("unmanaged", message).help(help))
}
