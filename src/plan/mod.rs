//! From a Document to the policies that have to exist, in no dialect (DESIGN 11, "What is emitted"):
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

use std::collections::BTreeSet;

use crate::diag::Diagnostic;
use crate::model::dns::Resolver;
use crate::model::validate::flow_ports_text;
use crate::model::{End, FlowPort, is_system_namespace};
use crate::policy::{Direction, Loss, PlanPolicy};
use context::Context;

pub use draft::MANAGED_BY;

/// The policies that have to exist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// By namespace, base first, then DNS, then by name.
    pub policies: Vec<PlanPolicy>,
    /// What of the drawing cannot be planned, by flow.
    pub losses: Vec<Loss>,
    /// Notes and warnings about the drawing.
    pub diagnostics: Vec<Diagnostic>,
}

/// Plans the policies of a drawing; what cannot be planned is left out and reported.
pub(crate) fn plan(context: &Context) -> Plan {
    let document = context.document;
    let mut plan = Plan::default();
    let resolver = Resolver::of(&document.settings.dns.profile);
    let mut drafts = Vec::new();
    for namespace in document.namespaces.ids() {
        drafts.extend(base::base(context, namespace));
        drafts.extend(base::dns(context, namespace, &resolver));
        drafts.extend(base::dns_clients(context, namespace, &resolver));
    }
    let mut halves = flows::Halves::default();
    for (id, flow) in document.flows.iter() {
        let needed = needed::needed(context, id, flow);
        halves.add(context, id, flow, &needed);
        plan.losses.extend(needed.losses);
        plan.diagnostics.extend(needed.diagnostics);
    }
    drafts.extend(halves.drafts(context));
    plan.policies = draft::finish(context, drafts, &names_taken(context));
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

/// Namespaces that one had better not close, and namespaces that somebody else must open.
fn warnings(context: &Context) -> Vec<Diagnostic> {
    let document = context.document;
    let mut found = Vec::new();
    for (id, namespace) in document.namespaces.iter() {
        let closed = Direction::BOTH
            .into_iter()
            .any(|d| context.base_closes(id, d));
        if closed && is_system_namespace(&namespace.name) {
            let message = format!(
                "`{}` runs the cluster itself, and its base closes it",
                namespace.name
            );
            let diagnostic = Diagnostic::warning("system-namespace", message);
            found.push(diagnostic.help("set its base to none, unless you know all of its traffic"));
        }
    }
    found.extend(host_network(context));
    for (_, flow) in document.flows.iter().filter(|(_, f)| !f.muted) {
        for (end, other, verb) in [(&flow.to, &flow.from, "from"), (&flow.from, &flow.to, "to")] {
            found.extend(unmanaged(context, end, other, verb, &flow.ports));
        }
    }
    found
}

/// Workloads on the host network that flows name: plugins differ about them.
fn host_network(context: &Context) -> Vec<Diagnostic> {
    let document = context.document;
    let flows = document.flows.iter().filter(|(_, flow)| !flow.muted);
    let ends = flows.flat_map(|(_, flow)| [&flow.from, &flow.to]);
    let workloads: BTreeSet<_> = ends
        .filter_map(|end| match end {
            End::Workload(id) => Some(*id),
            _ => None,
        })
        .collect();
    let workloads = workloads
        .into_iter()
        .filter_map(|id| document.workloads.get(id));
    workloads
        .filter(|w| w.host_network && context.selectable(w))
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
        "nothing is written for `{}`, which is not managed",
        namespace.name
    );
    let help = format!("its owner must let `{name}` have connections {verb} `{other}` on {ports}");
    Some(Diagnostic::info("unmanaged", message).help(help))
}
