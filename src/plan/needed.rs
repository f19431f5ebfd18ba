//! Splits a flow into the halves that need rules and the losses that cannot be planned. Never widens a flow.

use std::collections::BTreeMap;

use super::peers::{self, peers};
use super::refusal::{Refusal, name_of};
use crate::cluster::{Enforcer, is_identity_label};
use crate::diag::{Diagnostic, Severity};
use crate::model::validate::port_name;
use crate::model::{
    Document, End, ExternalId, Flow, FlowId, FlowPort, Words, Workload, WorkloadId,
};
use crate::plan::context::{Context, Unit, UnitPods};
use crate::plan::identity::Unselectable;
use crate::policy::{Direction, Entity, Loss, Part};
use crate::sets::Protocol;

/// A flow as far as it can be planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needed {
    /// Pods of the source whose egress needs a rule.
    pub(crate) sources: Vec<Unit>,
    /// Pods of the destination whose ingress needs one.
    pub(crate) destinations: Vec<Unit>,
    /// Never empty while there are sources or destinations.
    pub(crate) ports: Vec<FlowPort>,
    /// What is left out.
    pub(crate) losses: Vec<Loss>,
    /// Notes and warnings about the flow.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Splits one flow. A muted flow needs nothing.
pub(crate) fn needed(context: &Context, id: FlowId, flow: &Flow) -> Needed {
    let mut found = Needed::default();
    if flow.muted {
        return found;
    }
    if let Err(Refusal(severity, why, help)) = fill(context, id, flow, &mut found) {
        found.sources.clear();
        found.destinations.clear();
        found.losses.push(Loss {
            flow: id.into(),
            part: Part::Flow,
            severity,
            why,
            help: Some(help),
        });
    }
    found
}

fn fill(context: &Context, id: FlowId, flow: &Flow, found: &mut Needed) -> Result<(), Refusal> {
    refuse_invalid_ends(context, flow)?;
    if flow.denies && !flow.http.is_empty() {
        return Err(Refusal(
            Severity::Error,
            "a flow that denies cannot have HTTP rules: it denies every request".to_owned(),
            "remove its HTTP rules, or let it allow".to_owned(),
        ));
    }
    let units = |end, direction| match flow.half.is_none_or(|only| only == direction) {
        // What denies isolates nothing, and is needed wherever something else may allow.
        true if flow.denies => context.managed_units(end),
        true => context.isolated_units(end, direction),
        false => Vec::new(),
    };
    found.sources = units(&flow.from, Direction::Egress);
    found.destinations = units(&flow.to, Direction::Ingress);
    if found.sources.is_empty() && found.destinations.is_empty() {
        return Ok(());
    }
    selectable(
        context,
        id,
        (Direction::Egress, &flow.from),
        &mut found.sources,
        &mut found.losses,
    )?;
    selectable(
        context,
        id,
        (Direction::Ingress, &flow.to),
        &mut found.destinations,
        &mut found.losses,
    )?;
    if !found.sources.is_empty() {
        far(context, &found.sources, &flow.to)?;
        losses_of_peer(context.document, id, &flow.to, &mut found.losses);
    }
    if !found.destinations.is_empty() {
        far(context, &found.destinations, &flow.from)?;
        losses_of_peer(context.document, id, &flow.from, &mut found.losses);
    }
    ports(context, id, flow, found)
}

/// Refuses an end that rules of these units cannot select.
fn far(context: &Context, units: &[Unit], end: &End) -> Result<(), Refusal> {
    let own = units.first().map(|unit| unit.namespace);
    own.map_or(Ok(()), |own| peers(context, end, own).map(|_| ()))
}

fn refuse_invalid_ends(context: &Context, flow: &Flow) -> Result<(), Refusal> {
    let document = context.document;
    let refuse = |why: String, help: &str| Err(Refusal(Severity::Error, why, help.to_owned()));
    let both_outside = both_outside(document, flow);
    for end in [&flow.from, &flow.to].into_iter().filter(|_| !both_outside) {
        if let End::Missing(words) = end {
            return refuse(format!("there is no `{words}`"), "choose ends that exist");
        }
    }
    let only = flow.half.map(|only| match only {
        Direction::Egress => &flow.from,
        Direction::Ingress => &flow.to,
    });
    if let Some(end) = only.filter(|end| !end.has_gate()) {
        return refuse(
            format!(
                "it opens only the gate of `{}`, and no policy applies there",
                document.end_name(end)
            ),
            "open the other half, or delete the flow",
        );
    }
    if both_outside {
        return refuse(
            "both ends are externals or nodes, where no policy applies".to_owned(),
            "delete the flow",
        );
    }
    let host = |end: &End| match end {
        End::Workload(id) => (document.workloads.get(*id)).filter(|w| !context.selectable(w)),
        _ => None,
    };
    let outside = |end: &End| !end.has_gate() || host(end).is_some();
    if let (true, true) = (outside(&flow.from), outside(&flow.to)) {
        let name = host(&flow.from).or(host(&flow.to)).map_or("", |w| &w.name);
        return Err(Refusal(
            Severity::Warning,
            Unselectable::HostNetwork.why(document, name),
            "restrict it at the node, for example with a host firewall".to_owned(),
        ));
    }
    Ok(())
}

/// Whether both ends are externals or nodes; [`Words::resolved`] leaves these as words.
fn both_outside(document: &Document, flow: &Flow) -> bool {
    let outside = |end: &End| match end {
        End::Missing(words) => {
            let named = Words::new(document).end(words);
            named.is_ok_and(|end| !end.has_gate())
        }
        end => !end.has_gate(),
    };
    outside(&flow.from) && outside(&flow.to)
}

/// Removes the units that no selector identifies; refuses the flow if such a unit is its end.
fn selectable(
    context: &Context,
    id: FlowId,
    (direction, end): (Direction, &End),
    units: &mut Vec<Unit>,
    losses: &mut Vec<Loss>,
) -> Result<(), Refusal> {
    let mut refusal = None;
    units.retain(|unit| {
        let UnitPods::Workload(workload) = unit.pods else {
            return true;
        };
        let Err(why) = context.identity(workload) else {
            return true;
        };
        let refused = Refusal::unselectable(context.document, workload, why);
        if matches!(end, End::Workload(_)) {
            refusal = Some(refused);
        } else {
            losses.push(Loss {
                flow: id.into(),
                part: Part::Subject(
                    direction,
                    workload.into(),
                    name_of(context.document, workload).to_owned(),
                ),
                severity: refused.0,
                why: refused.1,
                help: Some(refused.2),
            });
        }
        false
    });
    refusal.map_or(Ok(()), Err)
}

/// The part of an end that rules of the other one cannot select, while the rest of it is written.
fn losses_of_peer(document: &Document, flow: FlowId, end: &End, losses: &mut Vec<Loss>) {
    match end {
        End::External(id) => losses_of_external(document, flow, *id, losses),
        End::Workload(id) => losses.extend(loss_of_nodes(document, flow, *id)),
        _ => {}
    }
}

/// The pods of a workload that count as nodes, where others of it do not.
fn loss_of_nodes(document: &Document, flow: FlowId, id: WorkloadId) -> Option<Loss> {
    let workload = document.workloads.get(id);
    let workload = workload.filter(|workload| document.counts_as_node_in_part(workload))?;
    let help = "make these pods a workload of their own with the addresses of its nodes, or move them to the pod network";
    Some(Loss {
        flow: flow.into(),
        part: Part::HostNetwork(id.into(), workload.name.clone()),
        severity: Severity::Warning,
        why: "selectors do not apply there".to_owned(),
        help: Some(help.to_owned()),
    })
}

/// The part of an external that is left out while the rest of it is written.
fn losses_of_external(document: &Document, flow: FlowId, id: ExternalId, losses: &mut Vec<Loss>) {
    let Some(external) = document.externals.get(id) else {
        return;
    };
    let outside = document.settings.judged().blocks_are_outside();
    if let Some(entity @ Entity::World) = external.entity.filter(|_| !outside) {
        losses.push(Loss {
            flow: flow.into(),
            part: Part::Entity(entity),
            severity: Severity::Warning,
            why: peers::WORLD_HAS_PODS.to_owned(),
            help: Some(peers::world_help(&document.settings).to_owned()),
        });
    }
    for network in &external.networks {
        if let Err(why) = network.canonical() {
            losses.push(Loss {
                flow: flow.into(),
                part: Part::Network(network.clone()),
                severity: Severity::Warning,
                why,
                help: Some("replace it with valid networks".to_owned()),
            });
        }
    }
}

/// Retains the ports that the destination can have.
fn ports(context: &Context, id: FlowId, flow: &Flow, found: &mut Needed) -> Result<(), Refusal> {
    if flow.ports.is_empty() {
        return Err(Refusal(
            Severity::Error,
            "it has no ports".to_owned(),
            "choose ports, or `any` for all of them".to_owned(),
        ));
    }
    for port in &flow.ports {
        let judged = match port {
            FlowPort::Range(protocol, first, last) if !is_range(*protocol, *first, *last) => {
                Err(invalid(
                    "it is not a port range".to_owned(),
                    "ports go from 1 to 65535, types of ICMP from 0 to 255",
                ))
            }
            _ if !flow.http.is_empty() && !carries_http(port) => Err(invalid(
                "HTTP rules need TCP ports".to_owned(),
                "choose TCP ports, or remove the HTTP rules",
            )),
            FlowPort::Named(protocol, name) => {
                named(context, (id, &flow.to), *protocol, name, found)
            }
            _ => Ok(()),
        };
        match judged {
            Ok(()) => found.ports.push(port.clone()),
            Err(Refusal(severity, why, help)) => found.losses.push(Loss {
                flow: id.into(),
                part: Part::Port(port.to_string()),
                severity,
                why,
                help: Some(help),
            }),
        }
    }
    if found.ports.is_empty() {
        found.sources.clear();
        found.destinations.clear();
    }
    Ok(())
}

/// Whether a protocol has these numbers.
fn is_range(protocol: Protocol, first: u16, last: u16) -> bool {
    let (least, most) = protocol.bounds();
    least <= first && first <= last && last <= most
}

/// Whether requests at a port can be filtered: at TCP ports that are given one by one.
fn carries_http(port: &FlowPort) -> bool {
    match port {
        FlowPort::Any | FlowPort::All(_) => false,
        FlowPort::Range(protocol, ..) | FlowPort::Named(protocol, _) => *protocol == Protocol::Tcp,
    }
}

fn invalid(why: String, help: &str) -> Refusal {
    Refusal(Severity::Error, why, help.to_owned())
}

/// Whether pods of the workload that Cilium cannot tell apart declare the port name with different numbers, so that egress
/// rules by it match none of them (C40).
fn is_ambiguous(workload: &Workload, protocol: Protocol, name: &str) -> bool {
    let mut numbers = BTreeMap::new();
    workload.pods.iter().any(|pod| {
        let ports = pod.ports.as_ref().unwrap_or(&workload.ports).iter();
        let mut named = ports.rev().filter(|p| p.name.as_deref() == Some(name));
        let Some(port) = named.next().filter(|port| port.protocol == protocol) else {
            return false;
        };
        let labels = pod.labels.as_ref().unwrap_or(&workload.labels).iter();
        let labels: Vec<_> = labels.filter(|(key, _)| is_identity_label(key)).collect();
        let identity = (labels, pod.service_account.as_deref());
        *numbers.entry(identity).or_insert(port.port) != port.port
    })
}

/// Checks that pods of the destination declare the port name for that protocol.
fn named(
    context: &Context,
    (id, to): (FlowId, &End),
    protocol: Protocol,
    name: &str,
    found: &mut Needed,
) -> Result<(), Refusal> {
    let by_number = "use the port number";
    if let Err(refusal) = port_name(name) {
        return Err(invalid(refusal.message, by_number));
    }
    if !to.has_gate() {
        return Err(invalid(
            "addresses have no port names".to_owned(),
            by_number,
        ));
    }
    let document = context.document;
    let destinations = document.workloads_at(to).into_iter();
    let destinations: Vec<_> = (destinations.filter_map(|id| document.workloads.get(id))).collect();
    if destinations.iter().any(|w| !context.selectable(w)) && destinations.len() == 1 {
        return Err(invalid(
            "addresses have no port names".to_owned(),
            by_number,
        ));
    }
    if document.settings.judged().enforcer == Enforcer::Cilium {
        let ambiguous = |w: &&&Workload| is_ambiguous(w, protocol, name);
        if let Some(first) = destinations.iter().find(ambiguous) {
            let why = format!(
                "pods of `{}` declare `{name}` with different numbers, and Cilium then matches it at none of them",
                first.name
            );
            let help = "use the port numbers".to_owned();
            return Err(Refusal(Severity::Warning, why, help));
        }
    }
    let (with, without): (Vec<_>, Vec<_>) = destinations.into_iter().partition(|w| {
        (w.ports.iter()).any(|p| p.protocol == protocol && p.name.as_deref() == Some(name))
    });
    match (with.first(), without.first()) {
        (None, Some(first)) => Err(invalid(
            format!(
                "`{}` declares no {protocol} port with that name",
                first.name
            ),
            &format!("declare `{name}` there, or use the port number"),
        )),
        (Some(_), Some(first)) => {
            let message = format!(
                "`{}` declares no {protocol} port named `{name}`",
                first.name
            );
            let diagnostic = Diagnostic::warning("L08", message).of_flow(id.0);
            found
                .diagnostics
                .push(diagnostic.help("declare it there too, or use the port number"));
            Ok(())
        }
        (_, None) => Ok(()),
    }
}
