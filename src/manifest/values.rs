//! Values that mean nothing: numbers that are no ports, texts that are no addresses, labels that are templates. They
//! are left out, and reported; so are names and labels that the API server refuses, which are kept.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::kinds::{AddressPool, Kind, Template};
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::diag::{Diagnostic, RENDER};
use crate::policy::names;
use crate::sets::Protocol;
use crate::yaml::{Entry, Node, Object, Path, Value};

/// What a value has to be.
#[derive(Clone, Copy)]
enum Expected {
    Port,
    Protocol,
    PortName,
    Address,
    Network,
}

use Expected::{Address, Network, Port};

const SERVICE: &[(&str, Expected)] = &[
    ("spec.ports.*.port", Port),
    ("spec.ports.*.protocol", Expected::Protocol),
    ("spec.clusterIP", Address),
    ("spec.clusterIPs.*", Address),
    ("spec.externalIPs.*", Address),
    ("status.loadBalancer.ingress.*.ip", Address),
];
const NODE: &[(&str, Expected)] = &[("spec.podCIDR", Network), ("spec.podCIDRs.*", Network)];
const CILIUM_NODE: &[(&str, Expected)] = &[
    ("spec.ipam.podCIDRs.*", Network),
    ("spec.ipam.pools.allocated.*.cidrs.*", Network),
];
const CILIUM_POD_POOL: &[(&str, Expected)] = &[
    ("spec.ipv4.cidrs.*", Network),
    ("spec.ipv6.cidrs.*", Network),
];
const SERVICE_CIDR: &[(&str, Expected)] = &[("spec.cidrs.*", Network)];
const CALICO_POOL: &[(&str, Expected)] = &[("spec.cidr", Network)];
const POD: &[(&str, Expected)] = &[
    ("spec.containers.*.ports.*.containerPort", Port),
    ("spec.containers.*.ports.*.protocol", Expected::Protocol),
    ("spec.containers.*.ports.*.name", Expected::PortName),
    ("spec.initContainers.*.ports.*.containerPort", Port),
    ("spec.initContainers.*.ports.*.protocol", Expected::Protocol),
    ("spec.initContainers.*.ports.*.name", Expected::PortName),
    ("status.podIP", Address),
    ("status.podIPs.*.ip", Address),
];

/// The values of an object that are left out.
pub(super) fn invalid(object: &Object, kind: Kind) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = bad_name(object, kind).into_iter().collect();
    found.extend(bad_namespace(object, kind));
    let (at, path, values, labels): (_, _, _, &[&str]) = match kind {
        Kind::Service => (Some(&object.node), "", SERVICE, &["spec.selector"]),
        Kind::Node => (Some(&object.node), "", NODE, &["metadata.labels"]),
        Kind::AddressPool(pool) => (Some(&object.node), "", of_pool(pool), &[]),
        Kind::ServiceCidr => (Some(&object.node), "", SERVICE_CIDR, &[]),
        Kind::Pod => (Some(&object.node), "", POD, &["metadata.labels"]),
        Kind::Owner(template) => {
            let path = match template {
                Template::CronJob => "spec.jobTemplate.spec.template.",
                _ => "spec.template.",
            };
            let mut keys = path.split_terminator('.');
            let at = keys.try_fold(&object.node, |node, key| node.get(key));
            match template {
                // Its controller may fill in what it has in braces.
                Template::Other => (at, path, POD, &[]),
                _ => (at, path, POD, &["metadata.labels"]),
            }
        }
        Kind::Namespace => (Some(&object.node), "", &[][..], &["metadata.labels"]),
        _ => return found,
    };
    let Some(at) = at else { return found };
    let mut start = Path::default();
    path.split_terminator('.')
        .for_each(|key| start.enter_field(key));
    for (pattern, expected) in values {
        each(at, pattern, &mut start, &mut |node, path| {
            let problem = wrong(*expected, node);
            found.extend(problem.map(|p| object.about(p.path(path.to_string()), node.mark)));
        });
    }
    for pattern in labels {
        each(at, pattern, &mut start, &mut |node, path| {
            let Value::Map(map) = &node.value else { return };
            let problems = map
                .entries
                .iter()
                .flat_map(|entry| label(object, entry, path));
            found.extend(problems);
        });
    }
    found.extend(name_label(object, kind));
    found
}

fn of_pool(pool: AddressPool) -> &'static [(&'static str, Expected)] {
    match pool {
        AddressPool::CiliumNode => CILIUM_NODE,
        AddressPool::CiliumPod => CILIUM_POD_POOL,
        AddressPool::Calico => CALICO_POOL,
    }
}

/// The blocks of an address pool.
pub(super) fn pool_blocks(object: &Object, pool: AddressPool) -> BTreeSet<IpNet> {
    blocks(object, of_pool(pool))
}

/// The blocks of a ServiceCIDR.
pub(super) fn service_blocks(object: &Object) -> BTreeSet<IpNet> {
    blocks(object, SERVICE_CIDR)
}

fn blocks(object: &Object, fields: &[(&str, Expected)]) -> BTreeSet<IpNet> {
    let mut found = BTreeSet::new();
    for (pattern, _) in fields {
        each(
            &object.node,
            pattern,
            &mut Path::default(),
            &mut |node, _| {
                found.extend(node.as_str().and_then(block));
            },
        );
    }
    found
}

/// What is wrong with a label of labels at a path.
fn label(object: &Object, entry: &Entry, path: &Path) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let value = entry.value.as_str().unwrap_or_default();
    let own = || format!("{path}.{}", entry.key);
    if value.contains("{{") {
        let message = "this label is a template, not a value";
        let problem = Diagnostic::error("template", message).path(own());
        found.push(problem.help(RENDER));
    } else if let Some(detail) = names::label_value(value).into_iter().next() {
        found.push(refused("V21", value, &detail, own()).help(LABEL_HELP));
    }
    if let Some(detail) = names::label_key(&entry.key).into_iter().next() {
        let problem = refused("V20", &entry.key, &detail, path.to_string());
        found.push(problem.help(LABEL_HELP));
    }
    let about = |problem| object.about(problem, entry.value.mark);
    found.into_iter().map(about).collect()
}

/// Every node below `node` at a path, in which `*` is any item or value, with its own path below `path`.
fn each<'a>(
    node: &'a Node,
    pattern: &'a str,
    path: &mut Path<'a>,
    see: &mut dyn FnMut(&'a Node, &Path<'a>),
) {
    let (key, rest) = match pattern.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (pattern, None),
    };
    let mut on = |node, path: &mut Path<'a>| {
        match rest {
            Some(rest) => each(node, rest, path, see),
            None => see(node, path),
        }
        path.leave();
    };
    match &node.value {
        Value::Seq(items) if key == "*" => {
            for (at, item) in items.iter().enumerate() {
                path.enter_item(at);
                on(item, path);
            }
        }
        Value::Map(map) if key == "*" => {
            for entry in &map.entries {
                path.enter_field(&entry.key);
                on(&entry.value, path);
            }
        }
        _ => {
            if let Some(found) = node.get(key) {
                path.enter_field(key);
                on(found, path);
            }
        }
    }
}

/// What is wrong with a value that is left out or changed; none where nothing is, where it is missing, and where its type
/// is wrong, which is reported elsewhere.
fn wrong(expected: Expected, node: &Node) -> Option<Diagnostic> {
    let is = |what: &str| {
        let message = format!("`{}` is not {what}; it is left out", text(node));
        Some(Diagnostic::error("left-out-value", message))
    };
    let word = || node.as_str().filter(|word| !word.is_empty());
    match expected {
        Port => match node.value {
            Value::Number(number, _) if !(1.0..=65535.0).contains(&number) => {
                is("a port, which is 1 to 65535")
            }
            _ => None,
        },
        Expected::Protocol => match Protocol::parse(word()?) {
            None => is("TCP, UDP or SCTP"),
            Some(_) => None,
        },
        Expected::PortName => {
            let detail = names::port_name(word()?).into_iter().next()?;
            let message = format!("Invalid value: {:?}: {detail}", word()?);
            Some(Diagnostic::error("V4", message).help(PORT_HELP))
        }
        Address => match word()?.parse::<IpAddr>() {
            Err(_) if word() != Some("None") => is("an IP address"),
            _ => None,
        },
        Network => match block(word()?) {
            None => is("a block of addresses"),
            Some(block) if block.addr() != word()?.parse::<IpNet>().ok()?.addr() => {
                let message = format!("`{}` has host bits set; `{block}` is used", text(node));
                let help = format!("write {block}");
                Some(Diagnostic::warning("left-out-value", message).help(help))
            }
            Some(_) => None,
        },
    }
}

/// An address; an IPv4-mapped one is the IPv4 address.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

/// A block of addresses without host bits; none for another text, and for IPv4-mapped addresses.
pub(super) fn block(text: &str) -> Option<IpNet> {
    let block = text.parse::<IpNet>().ok()?.trunc();
    let is_mapped = matches!(block.addr(), IpAddr::V6(one) if one.to_ipv4_mapped().is_some());
    (!is_mapped).then_some(block)
}

/// A name that the API server refuses. The dialects report those of policies.
fn bad_name(object: &Object, kind: Kind) -> Option<Diagnostic> {
    let refusals = match kind {
        Kind::Namespace | Kind::Service => names::label,
        Kind::Node
        | Kind::AddressPool(_)
        | Kind::ServiceCidr
        | Kind::Pod
        | Kind::Owner(_)
        | Kind::EndpointSlice
        | Kind::Endpoints
        | Kind::Ingress
        | Kind::Class
        | Kind::Route
        | Kind::Gateway
        | Kind::GatewayRoute(_)
        | Kind::ReferenceGrant => names::subdomain,
        Kind::Policy(_)
        | Kind::Misspelt(_)
        | Kind::OtherPolicy
        | Kind::PolicyMaker
        | Kind::Unknown => return None,
    };
    let name = object.node.get("metadata")?.get("name")?;
    let text = name.as_str().filter(|text| !text.is_empty())?;
    let detail = refusals(text).into_iter().next()?;
    let problem = refused("V1", text, &detail, "metadata.name".to_owned());
    Some(object.about(problem.help(NAME_HELP), name.mark))
}

/// The name of a namespace that the API server refuses. The dialects report those of policies.
fn bad_namespace(object: &Object, kind: Kind) -> Option<Diagnostic> {
    let is_read = !matches!(
        kind,
        Kind::Policy(_) | Kind::Misspelt(_) | Kind::OtherPolicy | Kind::PolicyMaker | Kind::Unknown
    );
    let namespace = object.node.get("metadata")?.get("namespace")?;
    let text =
        (namespace.as_str()).filter(|text| is_read && kind.namespaced() && !text.is_empty())?;
    let detail = names::label(text).into_iter().next()?;
    let problem = refused("V1", text, &detail, "metadata.namespace".to_owned());
    Some(object.about(problem.help(NAME_HELP), namespace.mark))
}

const NAME_HELP: &str =
    "use lowercase letters, digits and `-`, and start and end with a letter or a digit";
const PORT_HELP: &str =
    "use 1 to 15 lowercase letters, digits and single hyphens, with at least one letter";
const LABEL_HELP: &str = "use letters, digits, `-`, `_` and `.`, 63 at most";

/// What the API server says about a value.
fn refused(code: &'static str, value: &str, detail: &str, path: String) -> Diagnostic {
    Diagnostic::error(code, format!("Invalid value: {value:?}: {detail}")).path(path)
}

fn text(node: &Node) -> &str {
    match &node.value {
        Value::Number(_, text) => text,
        _ => node.as_str().unwrap_or_default(),
    }
}

/// The control plane sets the label with a namespace's name, whatever the manifest has there.
fn name_label(object: &Object, kind: Kind) -> Option<Diagnostic> {
    if kind != Kind::Namespace {
        return None;
    }
    let labels = object.node.get("metadata")?.get("labels")?;
    let label = labels.get(NAMESPACE_NAME_LABEL)?;
    if label.as_str()? == object.name {
        return None;
    }
    let message = format!(
        "the API server sets {NAMESPACE_NAME_LABEL} to the name of the namespace; `{}` is left out",
        label.as_str()?
    );
    let problem = Diagnostic::warning("left-out-value", message).path("metadata.labels");
    Some(object.about(problem.help("remove the label"), label.mark))
}
