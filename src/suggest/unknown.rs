//! Destinations that configuration names, but the input does not have: needs for which no flow can be suggested.

use std::collections::BTreeMap;

use super::address::Address;
use super::cluster::{Cluster, Host};
use super::configured::{Ports, each, evidence};
use super::key::{self, Key};
use super::{Evidence, Snapshot};
use crate::manifest::Mention;

/// A need for which no flow is suggested, because its destination is not in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The source, in the words of a project: `shop/web`.
    pub from: String,
    /// The host and the port, if one is known: `api.other.svc:8080`.
    pub to: String,
    /// What is missing: ``namespace `other` is not in the input``.
    pub reason: String,
    /// What implies it, by file and line.
    pub evidence: Vec<Evidence>,
}

/// The needs of a cluster whose destinations are not known, sorted by their ends, each of them once.
pub fn unknown(snapshot: &Snapshot, mentions: &[Mention]) -> Vec<Unknown> {
    let cluster = Cluster::new(snapshot);
    let mut found: BTreeMap<(String, String), Unknown> = BTreeMap::new();
    each(&cluster, mentions, &mut |from, mention, address, ports| {
        let Some(reason) = reason(&cluster, mention, &address) else {
            return;
        };
        let port = port(&address, mention, ports);
        let to = match port {
            Some(port) => format!("{}:{port}", address.host),
            None => address.host.clone(),
        };
        let from = cluster.words(from);
        let entry = found.entry((from.clone(), to.clone()));
        let one = entry.or_insert(Unknown {
            from,
            to,
            reason,
            evidence: Vec::new(),
        });
        one.evidence.push(evidence(mention));
    });
    let mut found: Vec<Unknown> = found.into_values().collect();
    for one in &mut found {
        one.evidence.sort();
        one.evidence.dedup();
    }
    found
}

fn port(address: &Address, mention: &Mention, ports: &Ports) -> Option<u16> {
    let beside = || Some(ports.beside(mention)?.0);
    address.port.or_else(beside).or(address.implied_port())
}

/// Why the host of an address is no destination; none if it is one, or no host in the cluster.
fn reason(cluster: &Cluster, mention: &Mention, address: &Address) -> Option<String> {
    let certain =
        address.scheme.is_some() || address.port.is_some() && key::key(&mention.key) == Key::Host;
    match cluster.host(address, &mention.namespace) {
        // That it is a Service is known, unless a mere word is meant otherwise.
        Host::Service(service, _)
            if (!address.is_word() || key::key(&mention.key) == Key::Host)
                && cluster.has_no_destination(service) =>
        {
            Some(format!(
                "Service `{}/{}` selects no known pods",
                service.namespace, service.name
            ))
        }
        Host::Nothing => {
            let (name, namespace, is_full) = service_name(&address.host, &mention.namespace)?;
            let is_meant = is_full || certain && address.whole;
            if !is_meant {
                return None;
            }
            Some(match cluster.has_namespace(namespace) {
                true => format!("Service `{namespace}/{name}` is not in the input"),
                false => format!("namespace `{namespace}` is not in the input"),
            })
        }
        _ => None,
    }
}

/// The Service that a host name is in the cluster, with its namespace, and whether the name says that it is one.
fn service_name<'a>(host: &'a str, own: &'a str) -> Option<(&'a str, &'a str, bool)> {
    let labels: Vec<&str> = host.split('.').collect();
    let last = labels.last()?;
    if host.parse::<std::net::IpAddr>().is_ok() || NOT_INSIDE.contains(last) {
        return None;
    }
    match labels.as_slice() {
        [name] => Some((name, own, false)),
        [name, namespace] => Some((name, namespace, false)),
        [name, namespace, "svc", ..] | [_, name, namespace, "svc", ..] => {
            Some((name, namespace, true))
        }
        _ => None,
    }
}

/// Last labels of names that are no Services.
const NOT_INSIDE: [&str; 4] = ["localhost", "localdomain", "invalid", "arpa"];
