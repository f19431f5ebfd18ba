//! Reads the objects that policies name: tiers, network sets and host endpoints (G1, G31).

use super::entity::loose_net;
use super::policy::AddressSet;
use super::reader::{CONDITION, Reader, is_fatal};
use super::shape::{HOST_ENDPOINT, NETWORK_SET, TIER};
use crate::diag::{Diagnostic, NOT_JUDGED, Severity};
use crate::dialect::context::DeclaredTier;
use crate::dialect::fields;
use crate::dialect::refusal::Quoted;
use crate::dialect::schema::At;
use crate::policy::names;
use crate::yaml::Object;
use crate::yaml::decode::{deep, strings};

/// The label that network sets must not have: it is that of their namespace.
const NAMESPACE: &str = "projectcalico.org/namespace";

/// The tiers that Calico makes, each with its order and whether its default action is Pass (G1).
const BUILT_IN: [(&str, f64, bool); 3] = [
    ("kube-admin", 1_000.0, true),
    ("default", 1_000_000.0, false),
    ("kube-baseline", 10_000_000.0, true),
];

/// Reads a tier; none if it is refused.
pub fn tier(object: &Object) -> (Option<DeclaredTier>, Vec<Diagnostic>) {
    let mut reader = Reader::new(object);
    let spec = reader.head(false);
    let name = object.name.clone();
    if let Some(why) = names::label(&name).first().filter(|_| !name.is_empty()) {
        let metadata = object
            .node
            .get("metadata")
            .and_then(|node| node.get("name"));
        let mark = metadata.unwrap_or(&object.node).mark;
        let message = format!("Invalid value: {}: {why}", Quoted(&name));
        (reader.schema.out).add("calico", "metadata.name", mark, message);
    }
    let (order, action) = match &spec {
        Some(spec) => reader.tier(spec),
        None => (None, None),
    };
    let built_in = BUILT_IN.iter().find(|(known, ..)| *known == name);
    if let Some((_, wanted, passes)) = built_in {
        let at = spec.unwrap_or(At {
            node: &object.node,
            path: "spec".to_owned(),
        });
        if order != Some(*wanted) {
            let message = format!("{name} tier order must be {wanted}");
            reader.schema.refuse(&at, message);
        }
        if action.is_some_and(|action| (action == "Pass") != *passes) {
            let action = if *passes { "Pass" } else { "Deny" };
            let message = format!("The '{name}' tier must have default action '{action}'");
            reader.schema.refuse(&at, message);
        }
    }
    let passes = match (action, built_in) {
        (Some(action), _) => action == "Pass",
        (None, built_in) => built_in.is_some_and(|(.., passes)| *passes),
    };
    let found = DeclaredTier {
        name,
        order,
        passes,
    };
    finish(reader, found, fields::strict(object, TIER))
}

/// Reads a NetworkSet, a GlobalNetworkSet or a HostEndpoint; none if it is refused.
pub fn address_set(object: &Object) -> (Option<AddressSet>, Vec<Diagnostic>) {
    let mut reader = Reader::new(object);
    let is_namespaced = object.kind == "NetworkSet";
    let is_host = object.kind == "HostEndpoint";
    let spec = reader.head(is_namespaced);
    let labels = deep(&object.node, &["metadata", "labels"], strings);
    let labels = labels.ok().flatten().unwrap_or_default();
    if !is_host && labels.contains_key(NAMESPACE) {
        let at = object.node.get("metadata").and_then(|n| n.get("labels"));
        let mark = at.unwrap_or(&object.node).mark;
        let message = format!("{NAMESPACE} is not a valid label name");
        (reader.schema.out).add("calico", "metadata.labels", mark, message);
    }
    let nets = match (&spec, is_host) {
        (Some(spec), true) => reader.host_endpoint(spec),
        (Some(spec), false) => reader.network_set(spec),
        (None, _) => Vec::new(),
    };
    let found = AddressSet {
        namespace: is_namespaced.then(|| object.namespace_or_default().to_owned()),
        name: object.name.clone(),
        labels,
        nets,
    };
    let shape = if is_host { HOST_ENDPOINT } else { NETWORK_SET };
    finish(reader, found, fields::strict(object, shape))
}

/// The network set that a threat feed of Calico Enterprise fills, by its labels: its addresses are not in the input.
/// None if it fills none.
pub fn threat_feed(object: &Object) -> Option<(AddressSet, Diagnostic)> {
    let set = object.node.get("spec")?.get("globalNetworkSet")?;
    let labels = deep(set, &["labels"], strings).ok().flatten();
    let message =
        "the network set that it fills is not in the input: the answers take it for empty";
    let warning = Diagnostic::warning(NOT_JUDGED, message).help(
        "check the rules that select it yourself, and accept that with `--leave-out GlobalThreatFeed`",
    );
    let found = AddressSet {
        namespace: None,
        name: object.name.clone(),
        labels: labels.unwrap_or_default(),
        nets: Vec::new(),
    };
    Some((found, object.about(warning, set.mark)))
}

fn finish<T>(reader: Reader, found: T, strict: Vec<Diagnostic>) -> (Option<T>, Vec<Diagnostic>) {
    let mut diagnostics = reader.finish(strict);
    let mut refused = false;
    for diagnostic in diagnostics.iter_mut().filter(|d| is_fatal(d)) {
        diagnostic.message.push_str("; it is left out");
        refused = true;
    }
    ((!refused).then_some(found), diagnostics)
}

impl<'a> Reader<'a> {
    fn tier(&mut self, spec: &At<'a>) -> (Option<f64>, Option<&'static str>) {
        let order = self.get(spec, "order");
        let action = self.get(spec, "defaultAction");
        (
            order.and_then(|at| self.schema.float(&at)),
            action.and_then(|at| self.schema.word(&at, &["Pass", "Deny"])),
        )
    }

    fn network_set(&mut self, spec: &At<'a>) -> Vec<ipnet::IpNet> {
        if let Some(at) = self.get(spec, "allowedEgressDomains") {
            let message = "`allowedEgressDomains` is a field of Calico Enterprise and Calico Cloud; open source Calico does not have it: only `nets` are judged";
            self.note(&at, Severity::Warning, CONDITION, message);
        }
        let mut nets = Vec::new();
        for item in self.list(spec, "nets", usize::MAX) {
            let Some(text) = self.schema.text(&item) else {
                continue;
            };
            match loose_net(&text) {
                Some(net) => nets.push(net),
                None => self.invalid(&item, &text, "invalid CIDR or address"),
            }
        }
        nets
    }

    fn host_endpoint(&mut self, spec: &At<'a>) -> Vec<ipnet::IpNet> {
        let mut nets = Vec::new();
        let addresses = self.list(spec, "expectedIPs", usize::MAX);
        for item in &addresses {
            let Some(text) = self.schema.text(item) else {
                continue;
            };
            match loose_net(&text).filter(|_| !text.contains('/')) {
                Some(net) => nets.push(net),
                None => self.invalid(item, &text, "invalid IP address"),
            }
        }
        if addresses.is_empty() && self.text(spec, "interfaceName").is_none() {
            let reason = "no interface or expected IPs have been specified";
            self.refuse(spec, reason);
        }
        if self.text(spec, "node").is_none() {
            self.refuse(spec, "no node has been specified");
        }
        nets
    }
}
