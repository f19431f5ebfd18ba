//! Checks of a Document: its structure, which every edit preserves, and its values, which an import may
//! bring in invalid.

use std::collections::BTreeMap;

use super::{
    Refusal, domain_name, flow_ends, free_name, label_key, label_name, label_value, port_name,
    sentence_name, subdomain_name,
};
use crate::diag::Diagnostic;
use crate::model::{
    Claim, Document, External, Flow, FlowPort, Group, Invariant, Namespace, Node, NodeRef, Service,
    Thing, Words, Workload,
};
use crate::sets::{LabelOp, Labels, Selector};

/// Violations of what holds in every Document and after every edit: every id exists, names are unique, no
/// flow connects two ends that are no pods, and an end is `Missing` only if nothing has its name.
pub fn invariants(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    duplicates(document, &mut found);
    for (_, workload) in document.workloads.iter() {
        if !document.namespaces.contains(workload.namespace) {
            found.push(broken(format!(
                "workload `{}` has no namespace",
                workload.name
            )));
        }
    }
    for (_, service) in document.services.iter() {
        if !document.namespaces.contains(service.namespace) {
            found.push(broken(format!(
                "Service `{}` has no namespace",
                service.name
            )));
        }
    }
    let words = Words::new(document);
    for (id, flow) in document.flows.iter() {
        for end in [&flow.from, &flow.to] {
            if !document.has_end(end) {
                let name = document.flow_name(id);
                found.push(broken(format!("flow `{name}` has an end that was removed")));
            }
        }
        if let Err(refusal) = flow_ends(&flow.from, &flow.to) {
            let name = document.flow_name(id);
            found.push(broken(format!("flow `{name}`: {}", refusal.message)));
        }
        let resolved = words.resolved(flow);
        if resolved.from != flow.from || resolved.to != flow.to {
            let name = document.flow_name(id);
            found.push(broken(format!(
                "flow `{name}` has a missing end that exists"
            )));
        }
    }
    for (_, invariant) in document.invariants.iter() {
        let name = &invariant.name;
        if !invariant.ends().all(|end| document.has_end(end)) {
            found.push(broken(format!(
                "invariant `{name}` has an end that was removed"
            )));
        }
        if words.resolved_invariant(invariant) != *invariant {
            found.push(broken(format!(
                "invariant `{name}` has a missing end that exists"
            )));
        }
    }
    for (node, place) in document.layout.iter() {
        if !document.has_node(*node) || place.iter().any(|at| !at.is_finite()) {
            found.push(broken(format!("invalid position of {node:?}")));
        }
    }
    let collapsed = document.collapsed.iter().flat_map(|ids| ids.iter());
    for id in collapsed.filter(|id| !document.namespaces.contains(**id)) {
        found.push(broken(format!("collapsed namespace {id:?} does not exist")));
    }
    found
}

fn broken(message: String) -> Diagnostic {
    Diagnostic::error("broken-document", message)
}

fn duplicates(document: &Document, found: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut count = |what: String| *seen.entry(what).or_default() += 1;
    for (_, namespace) in document.namespaces.iter() {
        count(format!("namespace `{}`", namespace.name));
    }
    for (_, workload) in document.workloads.iter() {
        let namespace = document.node_name(NodeRef::Namespace(workload.namespace));
        count(format!("{} `{namespace}/{}`", workload.kind, workload.name));
    }
    for (_, service) in document.services.iter() {
        let namespace = document.node_name(NodeRef::Namespace(service.namespace));
        count(format!("Service `{namespace}/{}`", service.name));
    }
    for (_, external) in document.externals.iter() {
        count(format!("external `{}`", external.name));
    }
    for (_, group) in document.groups.iter() {
        count(format!("group `{}`", group.name));
    }
    for (_, row) in document.nodes.iter() {
        count(format!("node `{}`", row.node.name));
    }
    for (_, invariant) in document.invariants.iter() {
        count(format!("invariant `{}`", invariant.name));
    }
    let repeated = seen.into_iter().filter(|(_, times)| *times > 1);
    found.extend(repeated.map(|(what, _)| broken(format!("{what} exists more than once"))));
}

/// Every value that the API server or a dialect would reject, with the object it belongs to.
pub fn problems(document: &Document) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut report = |what: String, refusals: Vec<Refusal>| {
        found.extend(refusals.into_iter().map(|refusal| Diagnostic {
            help: refusal.help,
            ..Diagnostic::error("invalid-value", refusal.message).on(what.clone())
        }));
    };
    for (_, namespace) in document.namespaces.iter() {
        report(
            format!("namespace {}", namespace.name),
            check_namespace(namespace),
        );
    }
    for (_, workload) in document.workloads.iter() {
        let namespace = document.node_name(NodeRef::Namespace(workload.namespace));
        let what = format!("{} {namespace}/{}", workload.kind, workload.name);
        report(what, check_workload(workload));
    }
    for (_, service) in document.services.iter() {
        let namespace = document.node_name(NodeRef::Namespace(service.namespace));
        report(
            format!("Service {namespace}/{}", service.name),
            check_service(service),
        );
    }
    for (_, external) in document.externals.iter() {
        report(
            format!("external {}", external.name),
            check_external(external),
        );
    }
    for (_, group) in document.groups.iter() {
        report(format!("group {}", group.name), check_group(group));
    }
    for (_, row) in document.nodes.iter() {
        report(format!("node {}", row.node.name), check_node(row));
    }
    for (id, flow) in document.flows.iter() {
        report(format!("flow {}", document.flow_name(id)), check_flow(flow));
    }
    for (_, invariant) in document.invariants.iter() {
        report(
            format!("invariant {}", invariant.name),
            check_invariant(invariant),
        );
    }
    found
}

/// The invalid values of one object.
pub fn check(thing: &Thing) -> Vec<Refusal> {
    match thing {
        Thing::Namespace(namespace) => check_namespace(namespace),
        Thing::Workload(workload) => check_workload(workload),
        Thing::Service(service) => check_service(service),
        Thing::External(external) => check_external(external),
        Thing::Group(group) => check_group(group),
        Thing::Node(node) => check_node(node),
        Thing::Flow(flow) => check_flow(flow),
        Thing::Policy(_) => Vec::new(),
        Thing::Invariant(invariant) => check_invariant(invariant),
    }
}

fn check_namespace(namespace: &Namespace) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    wrong.extend(label_name(&namespace.name).err());
    check_labels(&namespace.labels, &mut wrong);
    wrong
}

/// A kind, with its API group behind it where it is not unique: `StatefulSet.apps.kruise.io`.
fn is_kind(text: &str) -> bool {
    let (kind, group) = match text.split_once('.') {
        Some((kind, group)) => (kind, Some(group)),
        None => (text, None),
    };
    !kind.is_empty()
        && kind.bytes().all(|b| b.is_ascii_alphanumeric())
        && group.is_none_or(|group| subdomain_name(group).is_ok())
}

fn check_workload(workload: &Workload) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    wrong.extend(subdomain_name(&workload.name).err());
    if !is_kind(&workload.kind) {
        let message = format!("`{}` is not a workload kind", workload.kind);
        wrong
            .push(Refusal::new(message).help("write Deployment, StatefulSet, DaemonSet, Pod, ..."));
    }
    check_labels(&workload.labels, &mut wrong);
    if let Some(selector) = &workload.selector {
        check_selector(selector, &mut wrong);
    }
    for port in &workload.ports {
        wrong.extend(port.name.as_deref().and_then(|name| port_name(name).err()));
        if port.port == 0 {
            wrong.push(no_port_zero());
        }
    }
    if let Some(account) = &workload.service_account {
        wrong.extend(subdomain_name(account).err());
    }
    wrong
}

fn check_service(service: &Service) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    wrong.extend(label_name(&service.name).err());
    check_labels(&service.selector, &mut wrong);
    if service.ports.iter().any(|port| port.port == 0) {
        wrong.push(no_port_zero());
    }
    wrong
}

fn check_external(external: &External) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    wrong.extend(free_name(&external.name).err());
    wrong.extend(
        external
            .networks
            .iter()
            .filter_map(|network| network.check().err()),
    );
    let names = external.domain_names.iter();
    wrong.extend(names.filter_map(|name| domain_name(name).err()));
    wrong
}

fn check_group(group: &Group) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    wrong.extend(free_name(&group.name).err());
    check_selector(&group.namespaces, &mut wrong);
    check_selector(&group.pods, &mut wrong);
    let accounts = group.accounts.names();
    wrong.extend(accounts.filter_map(|name| subdomain_name(name).err()));
    wrong
}

fn check_node(row: &Node) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    wrong.extend(subdomain_name(&row.node.name).err());
    check_labels(&row.node.labels, &mut wrong);
    wrong
}

fn check_invariant(invariant: &Invariant) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    wrong.extend(sentence_name(&invariant.name).err());
    wrong.extend(check_ports(&invariant.ports));
    let (from, to) = (&invariant.from, &invariant.to);
    match invariant.claim {
        Claim::Deny | Claim::DenyAnyHops => {
            if from.is_none() && to.is_none() {
                let refusal = Refusal::new("the invariant has neither a source nor a destination");
                wrong.push(refusal.help("choose a source, a destination, or both"));
            }
        }
        Claim::Allow => {
            if from.is_none() || to.is_none() {
                let refusal = Refusal::new("an `allow` invariant needs a source and a destination");
                wrong.push(refusal.help("choose both"));
            }
            if invariant.ports.is_empty() {
                let refusal = Refusal::new("an `allow` invariant needs ports");
                wrong.push(refusal.help("choose ports, or `any` for all of them"));
            }
        }
    }
    wrong
}

fn check_ports(ports: &[FlowPort]) -> Vec<Refusal> {
    let mut wrong = Vec::new();
    for port in ports {
        match port {
            FlowPort::Range(protocol, 0, _) if !protocol.has_types() => {
                wrong.push(no_port_zero());
            }
            FlowPort::Range(protocol, _, last) if *last > protocol.bounds().1 => {
                let refusal = Refusal::new(format!("`{port}` is not a type of ICMP"));
                wrong.push(refusal.help("write a number from 0 to 255"));
            }
            FlowPort::Named(protocol, _) if protocol.has_types() => {
                let refusal = Refusal::new(format!(
                    "`{port}` is a name, which types of ICMP do not have"
                ));
                wrong.push(refusal.help("write a number from 0 to 255"));
            }
            FlowPort::Range(_, first, last) if first > last => {
                let message = format!("the range `{port}` ends before it starts");
                wrong.push(Refusal::new(message).help("put the smaller port first"));
            }
            FlowPort::Named(_, name) => wrong.extend(port_name(name).err()),
            _ => {}
        }
    }
    wrong
}

fn no_port_zero() -> Refusal {
    Refusal::new("port 0 does not exist").help("write a number from 1 to 65535")
}

fn check_labels(labels: &Labels, wrong: &mut Vec<Refusal>) {
    for (key, value) in labels {
        wrong.extend(label_key(key).err());
        wrong.extend(label_value(value).err());
    }
}

fn check_selector(selector: &Selector, wrong: &mut Vec<Refusal>) {
    for requirement in &selector.requirements {
        wrong.extend(label_key(&requirement.key).err());
        if let LabelOp::In(values) | LabelOp::NotIn(values) = &requirement.op {
            if values.is_empty() {
                let message = format!("the requirement on `{}` has no values", requirement.key);
                wrong
                    .push(Refusal::new(message).help("add a value, or use Exists or DoesNotExist"));
            }
            wrong.extend(values.iter().filter_map(|value| label_value(value).err()));
        }
    }
}

fn check_flow(flow: &Flow) -> Vec<Refusal> {
    let mut found = check_ports(&flow.ports);
    let times = flow.observed.as_ref();
    let times = times.and_then(|observed| observed.first.zip(observed.last));
    if times.is_some_and(|(first, last)| first > last) {
        let refusal = Refusal::new("`observed` ends before it begins");
        found.push(refusal.help("swap `first` and `last`"));
    }
    found
}
