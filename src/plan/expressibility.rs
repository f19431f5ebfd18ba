//! What of a flow NetworkPolicy can say, and why the rest is left out. Nothing is ever widened.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::diag::{Diagnostic, Severity};
use crate::dialect::network_policy::write::label_selector;
use crate::model::validate::port_name;
use crate::model::{
    Document, End, External, Flow, FlowId, FlowPort, NamespaceId, Network, WorkloadId,
};
use crate::plan::context::{Context, Unit, UnitPods};
use crate::plan::identity::Unselectable;
use crate::policy::Direction;
use crate::sets::{Protocol, Selector};

/// A part of a flow that is left out, because NetworkPolicy cannot say it or the drawing does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The flow.
    pub flow: FlowId,
    /// Error: the drawing is at fault. Warning: NetworkPolicy is.
    pub severity: Severity,
    /// What is left out: "the domain name `api.stripe.com`", "the flow".
    pub what: String,
    /// Why: lower case, no full stop.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A flow as far as it can be said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Pods of the source whose egress needs a rule.
    pub(crate) sources: Vec<Unit>,
    /// Pods of the destination whose ingress needs one.
    pub(crate) destinations: Vec<Unit>,
    /// Never empty while there are sources or destinations.
    pub(crate) ports: Vec<FlowPort>,
    /// What is left out.
    pub(crate) unsaid: Vec<Unsaid>,
    /// What else is worth telling.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// An end as it is written from the other side.
#[derive(Clone, Debug)]
pub(crate) enum Far<'a> {
    /// Pods of one namespace; selector none: all of them.
    Named(NamespaceId, Option<&'a Selector>),
    /// Pods by labels, in namespaces by labels.
    Labelled(&'a Selector, &'a Selector),
    /// Address blocks.
    Addresses(Vec<Network>),
}

/// Why a flow as a whole is left out.
struct Refusal(Severity, String, String);

/// Judges one flow. A muted flow says nothing.
pub(crate) fn say(context: &Context, id: FlowId, flow: &Flow) -> Said {
    let mut said = Said::default();
    if flow.muted {
        return said;
    }
    if let Err(Refusal(severity, why, help)) = fill(context, id, flow, &mut said) {
        said.sources.clear();
        said.destinations.clear();
        said.unsaid.push(Unsaid {
            flow: id,
            severity,
            what: "the flow".to_owned(),
            why,
            help: Some(help),
        });
    }
    said
}

fn fill(context: &Context, id: FlowId, flow: &Flow, said: &mut Said) -> Result<(), Refusal> {
    refuse_the_impossible(context.document, flow)?;
    said.sources = context.closed_units(&flow.from, Direction::Egress);
    said.destinations = context.closed_units(&flow.to, Direction::Ingress);
    if said.sources.is_empty() && said.destinations.is_empty() {
        return Ok(());
    }
    selectable(context, id, &flow.from, &mut said.sources, &mut said.unsaid)?;
    selectable(
        context,
        id,
        &flow.to,
        &mut said.destinations,
        &mut said.unsaid,
    )?;
    if !said.sources.is_empty() {
        far(context, &flow.to)?;
        unsaid_of_external(context.document, id, &flow.to, &mut said.unsaid);
    }
    if !said.destinations.is_empty() {
        far(context, &flow.from)?;
        unsaid_of_external(context.document, id, &flow.from, &mut said.unsaid);
    }
    ports(context, id, flow, said)
}

fn refuse_the_impossible(document: &Document, flow: &Flow) -> Result<(), Refusal> {
    let refuse = |why: String, help: &str| Err(Refusal(Severity::Error, why, help.to_owned()));
    for end in [&flow.from, &flow.to] {
        if let End::Missing(words) = end {
            return refuse(
                format!("there is no `{words}`"),
                "draw the flow between things that exist",
            );
        }
    }
    if let (End::External(_), End::External(_)) = (&flow.from, &flow.to) {
        return refuse(
            "both ends are outside the cluster, where no policy applies".to_owned(),
            "delete the flow",
        );
    }
    let host = |end: &End| match end {
        End::Workload(id) => document.workloads.get(*id).filter(|w| w.host_network),
        _ => None,
    };
    let outside = |end: &End| matches!(end, End::External(_)) || host(end).is_some();
    if let (true, true) = (outside(&flow.from), outside(&flow.to)) {
        let name = host(&flow.from).or(host(&flow.to)).map_or("", |w| &w.name);
        return Err(Refusal(
            Severity::Warning,
            Unselectable::HostNetwork.why(document, name),
            "police the nodes instead".to_owned(),
        ));
    }
    Ok(())
}

/// Takes out the units that no selector names; refuses the flow if that unit is its very end.
fn selectable(
    context: &Context,
    id: FlowId,
    end: &End,
    units: &mut Vec<Unit>,
    unsaid: &mut Vec<Unsaid>,
) -> Result<(), Refusal> {
    if let End::Group(group) = end {
        far_group(context, *group)?;
    }
    let mut refusal = None;
    units.retain(|unit| {
        let UnitPods::Workload(workload) = unit.pods else {
            return true;
        };
        let Err(why) = context.identity(workload) else {
            return true;
        };
        let told = unselectable(context.document, workload, why);
        if matches!(end, End::Workload(_)) {
            refusal = Some(told);
        } else {
            unsaid.push(Unsaid {
                flow: id,
                severity: told.0,
                what: format!("the part of `{}`", name_of(context.document, workload)),
                why: told.1,
                help: Some(told.2),
            });
        }
        false
    });
    refusal.map_or(Ok(()), Err)
}

fn name_of(document: &Document, workload: WorkloadId) -> &str {
    document.workloads.get(workload).map_or("", |w| &w.name)
}

fn unselectable(document: &Document, workload: WorkloadId, why: &Unselectable) -> Refusal {
    Refusal(
        Severity::Warning,
        why.why(document, name_of(document, workload)),
        why.help().to_owned(),
    )
}

/// How an end is written from the other side.
pub(crate) fn peer<'a>(context: &'a Context, end: &End) -> Option<Far<'a>> {
    far(context, end).ok()
}

fn far<'a>(context: &'a Context, end: &End) -> Result<Far<'a>, Refusal> {
    const ALL: &Selector = &Selector {
        requirements: Vec::new(),
    };
    let document = context.document;
    match end {
        End::AnyPod => Ok(Far::Labelled(ALL, ALL)),
        End::AnyPodOf(namespace) => Ok(Far::Named(*namespace, None)),
        End::Group(id) => far_group(context, *id),
        End::Workload(id) => match document.workloads.get(*id) {
            Some(w) if w.host_network && !w.addresses.is_empty() => Ok(Far::Addresses(
                w.addresses.iter().copied().map(single).collect(),
            )),
            Some(w) => match context.identity(*id) {
                Ok(selector) => Ok(Far::Named(w.namespace, Some(selector))),
                Err(why) => Err(unselectable(document, *id, why)),
            },
            None => Err(missing()),
        },
        End::External(id) => match document.externals.get(*id) {
            Some(external) => far_external(external),
            None => Err(missing()),
        },
        End::Missing(_) => Err(missing()),
    }
}

fn missing() -> Refusal {
    Refusal(
        Severity::Error,
        "one of its ends does not exist".to_owned(),
        "draw the flow between things that exist".to_owned(),
    )
}

fn far_group<'a>(context: &'a Context, id: crate::model::GroupId) -> Result<Far<'a>, Refusal> {
    let Some(group) = context.document.groups.get(id) else {
        return Err(missing());
    };
    for selector in [&group.namespaces, &group.pods] {
        if label_selector(selector).is_none() {
            return Err(Refusal(
                Severity::Warning,
                format!(
                    "the selector `{selector}` of group `{}` is none of the API's",
                    group.name
                ),
                "ask for exact values".to_owned(),
            ));
        }
    }
    Ok(Far::Labelled(&group.namespaces, &group.pods))
}

fn far_external<'a>(external: &External) -> Result<Far<'a>, Refusal> {
    let networks: Vec<Network> = external
        .networks
        .iter()
        .filter_map(|n| clean(n).ok())
        .collect();
    if !networks.is_empty() {
        return Ok(Far::Addresses(networks));
    }
    let name = &external.name;
    let why = match (
        external.networks.is_empty(),
        external.domain_names.is_empty(),
    ) {
        (true, true) => format!("`{name}` has no networks"),
        (true, false) => {
            format!("`{name}` is known by domain name only, which NetworkPolicy cannot say")
        }
        (false, _) => format!("none of the networks of `{name}` can be written"),
    };
    let severity = match external.domain_names.is_empty() {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let help = "give it the networks it may be reached at".to_owned();
    Err(Refusal(severity, why, help))
}

/// The part of an external that is left out while the rest of it is written.
fn unsaid_of_external(document: &Document, flow: FlowId, end: &End, unsaid: &mut Vec<Unsaid>) {
    let End::External(id) = end else { return };
    let Some(external) = document.externals.get(*id) else {
        return;
    };
    let part = |what: String, why: String| Unsaid {
        flow,
        severity: Severity::Warning,
        what,
        why,
        help: Some("give the external networks in its place".to_owned()),
    };
    for name in &external.domain_names {
        let why = "NetworkPolicy has no domain names".to_owned();
        unsaid.push(part(format!("the domain name `{name}`"), why));
    }
    for network in &external.networks {
        if let Err(why) = clean(network) {
            unsaid.push(part(format!("the network `{}`", network.cidr), why));
        }
    }
}

fn single(address: IpAddr) -> Network {
    Network {
        cidr: IpNet::from(address),
        except: Vec::new(),
    }
}

/// A block as the API server takes it: canonical, its exceptions strictly inside.
pub(crate) fn clean(network: &Network) -> Result<Network, String> {
    let cidr = network.cidr.trunc();
    let mut except: Vec<IpNet> = Vec::new();
    for hole in network.except.iter().map(IpNet::trunc) {
        if hole.contains(&cidr) {
            return Err(format!("the exception `{hole}` takes all of it away"));
        }
        if cidr.contains(&hole) && !except.contains(&hole) {
            except.push(hole);
        }
    }
    for net in except.iter().chain([&cidr]) {
        if is_mapped(net) {
            return Err(format!(
                "`{net}` is an IPv4 address in IPv6 form, which the API server refuses"
            ));
        }
    }
    Ok(Network { cidr, except })
}

fn is_mapped(net: &IpNet) -> bool {
    match net {
        IpNet::V6(net) => net.addr().to_ipv4_mapped().is_some(),
        IpNet::V4(_) => false,
    }
}

/// Keeps the ports that mean something at the destination.
fn ports(context: &Context, id: FlowId, flow: &Flow, said: &mut Said) -> Result<(), Refusal> {
    if flow.ports.is_empty() {
        return Err(Refusal(
            Severity::Error,
            "it has no ports".to_owned(),
            "choose ports, or `any` for all of them".to_owned(),
        ));
    }
    for port in &flow.ports {
        let judged = match port {
            FlowPort::Range(_, first, last) if *first == 0 || first > last => Err((
                "is no range of ports".to_owned(),
                "ports go from 1 to 65535".to_owned(),
            )),
            FlowPort::Named(protocol, name) => named(context, &flow.to, *protocol, name, said),
            _ => Ok(()),
        };
        match judged {
            Ok(()) => said.ports.push(port.clone()),
            Err((why, help)) => said.unsaid.push(Unsaid {
                flow: id,
                severity: Severity::Error,
                what: format!("the port `{port}`"),
                why,
                help: Some(help),
            }),
        }
    }
    if said.ports.is_empty() {
        said.sources.clear();
        said.destinations.clear();
    }
    Ok(())
}

/// A port name means something only at pods that declare it, for that protocol.
fn named(
    context: &Context,
    to: &End,
    protocol: Protocol,
    name: &str,
    said: &mut Said,
) -> Result<(), (String, String)> {
    let by_number = || "write the port's number".to_owned();
    if let Err(refusal) = port_name(name) {
        return Err((refusal.message, by_number()));
    }
    if let End::External(_) = to {
        return Err(("an address has no port names".to_owned(), by_number()));
    }
    let document = context.document;
    let destinations = document.workloads_at(to).into_iter();
    let destinations: Vec<_> = (destinations.filter_map(|id| document.workloads.get(id))).collect();
    if destinations.iter().any(|w| w.host_network) && destinations.len() == 1 {
        return Err(("an address has no port names".to_owned(), by_number()));
    }
    let (with, without): (Vec<_>, Vec<_>) = destinations.into_iter().partition(|w| {
        (w.ports.iter()).any(|p| p.protocol == protocol && p.name.as_deref() == Some(name))
    });
    match (with.first(), without.first()) {
        (None, Some(first)) => Err((
            format!("`{}` declares no {protocol} port of that name", first.name),
            format!("declare `{name}` there, or write the port's number"),
        )),
        (Some(_), Some(first)) => {
            let message = format!("the port name `{name}` means nothing at `{}`", first.name);
            let diagnostic = Diagnostic::warning("L08", message);
            said.diagnostics
                .push(diagnostic.help("declare it there too, or write the port's number"));
            Ok(())
        }
        (_, None) => Ok(()),
    }
}
