//! The ends of connections as nodes of a document.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::connection::Connection;
use super::reference::Reference;
use crate::cluster::{ServicePort, TargetPort};
use crate::model::{Document, External, ExternalId, NodeRef, Service, WorkloadId};
use crate::policy::Entity;
use crate::query::party::{self, Addressed};
use crate::sets::hash::HashMap;
use crate::sets::{DomainPattern, IpSet, PortSet, Protocol};

/// An end of a recorded connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObservedEnd {
    /// A node of the document.
    Drawn(NodeRef),
    /// What the document does not have, in words: `shop/new`, `203.0.113.7`, `hooks.example.com`.
    Missing(String),
}

/// No network of a single owner has a shorter prefix, of IPv4 and of IPv6.
const NARROW: (u8, u8) = (8, 16);

/// Finds ends in a document.
pub struct Places<'a> {
    document: &'a Document,
    addressed: Addressed,
    /// Workloads by namespace and name, of any kind.
    workloads: HashMap<(&'a str, &'a str), Vec<(WorkloadId, &'a str)>>,
    by_address: HashMap<IpAddr, WorkloadId>,
}

impl<'a> Places<'a> {
    /// Of a document.
    pub fn new(document: &'a Document) -> Self {
        let mut workloads: HashMap<_, Vec<(WorkloadId, &str)>> = HashMap::default();
        let mut by_address = HashMap::default();
        for (id, workload) in document.workloads.iter() {
            if let Some(namespace) = document.namespaces.get(workload.namespace) {
                let name = (namespace.name.as_str(), workload.name.as_str());
                let of_name = workloads.entry(name).or_default();
                of_name.push((id, workload.kind.as_str()));
            }
            for address in &workload.addresses {
                by_address.entry(*address).or_insert(id);
            }
        }
        Self {
            document,
            addressed: party::addressed(document),
            workloads,
            by_address,
        }
    }

    /// The source and the destination.
    pub fn of(&self, connection: &Connection) -> (ObservedEnd, ObservedEnd) {
        let (key, sums) = (&connection.key, &connection.sums);
        let end = |end: &Reference, addresses: &BTreeSet<IpAddr>, words: &str| {
            let node = self.node(end, addresses);
            node.map_or_else(
                || ObservedEnd::Missing(words.to_owned()),
                ObservedEnd::Drawn,
            )
        };
        (
            end(&key.source, &sums.source_addresses, &connection.source),
            end(&key.destination, &sums.addresses, &connection.destination),
        )
    }

    /// The node that an end is; `addresses` are those that it was seen at.
    pub fn node(&self, end: &Reference, addresses: &BTreeSet<IpAddr>) -> Option<NodeRef> {
        match end {
            Reference::Workload {
                namespace,
                name,
                kind,
            } => {
                let found = self.workload(namespace, name, kind.as_deref());
                found.map(NodeRef::Workload)
            }
            Reference::Address(address) => {
                let found = self.by_address.get(address);
                let found = found.map(|id| NodeRef::Workload(*id));
                found.or_else(|| self.containing(&[*address].into()))
            }
            Reference::Name(name) => {
                let named = self.named(name);
                let narrow = || {
                    self.containing(addresses)
                        .filter(|node| !self.is_wide(*node))
                };
                named.map(NodeRef::External).or_else(narrow)
            }
            Reference::Service { namespace, name } => self.behind(namespace, name),
            Reference::Entity(word) => {
                let is = |external: &External| external.entity.is_some_and(|e| e.word() == *word);
                self.external(is).map(NodeRef::External)
            }
            Reference::Calico(_) => None,
        }
    }

    /// Whether it is an external that is most of a family of addresses, as the Internet is.
    pub fn is_wide(&self, node: NodeRef) -> bool {
        let NodeRef::External(id) = node else {
            return false;
        };
        let external = self.document.externals.get(id);
        external.is_some_and(|external| {
            let mut networks = external.networks.iter();
            external.entity == Some(Entity::World)
                || networks.any(|network| match network.cidr {
                    IpNet::V4(v4) => v4.prefix_len() < NARROW.0,
                    IpNet::V6(v6) => v6.prefix_len() < NARROW.1,
                })
        })
    }

    fn workload(&self, namespace: &str, name: &str, kind: Option<&str>) -> Option<WorkloadId> {
        let named = self.workloads.get(&(namespace, name))?;
        let mut of_kind = named.iter().filter(|(_, own)| Some(*own) == kind);
        match (of_kind.next(), named.as_slice()) {
            (Some((found, _)), _) => Some(*found),
            (None, [(only, _)]) => Some(*only),
            (None, _) => None,
        }
    }

    /// The ports of the only workload of a Service that one of its own ports leads to.
    pub fn ports_behind(
        &self,
        namespace: &str,
        name: &str,
        protocol: Protocol,
        port: u16,
    ) -> PortSet {
        let found = || {
            let service = self.service(namespace, name)?;
            let NodeRef::Workload(id) = self.behind(namespace, name)? else {
                return None;
            };
            let declared = &self.document.workloads.get(id)?.ports;
            let is = |of: &&ServicePort| of.protocol == protocol && of.port == port;
            let targets = service
                .ports
                .iter()
                .filter(is)
                .flat_map(|of| match &of.target {
                    TargetPort::Number(number) => vec![PortSet::single(protocol, *number)],
                    TargetPort::Name(name) => declared
                        .iter()
                        .filter(|one| one.protocol == protocol && one.name.as_ref() == Some(name))
                        .map(|one| PortSet::single(protocol, one.port))
                        .collect(),
                });
            Some(targets.collect())
        };
        found().unwrap_or_default()
    }

    fn service(&self, namespace: &str, name: &str) -> Option<&Service> {
        let of = self.document.namespace_named(namespace)?;
        let service = self.document.service_named(of, name)?;
        self.document.services.get(service)
    }

    /// The only workload of a Service.
    fn behind(&self, namespace: &str, name: &str) -> Option<NodeRef> {
        let of = self.document.namespace_named(namespace)?;
        let selector = &self.service(namespace, name)?.selector;
        let mut selected = self.document.workloads.iter().filter(|(_, workload)| {
            let has = |(key, value): (&String, &String)| workload.labels.get(key) == Some(value);
            workload.namespace == of && !selector.is_empty() && selector.iter().all(has)
        });
        let only = selected.next()?.0;
        selected.next().is_none().then_some(NodeRef::Workload(only))
    }

    fn named(&self, name: &str) -> Option<ExternalId> {
        let is = |pattern: &String| match pattern.contains('*') {
            true => DomainPattern::subdomains(pattern).matches(name),
            false => pattern == name,
        };
        self.external(|external| external.domain_names.iter().any(is))
    }

    fn external(&self, is: impl Fn(&External) -> bool) -> Option<ExternalId> {
        let mut all = self.document.externals.iter();
        all.find(|(_, external)| is(external)).map(|(id, _)| id)
    }

    /// The narrowest external or node with all of the addresses.
    fn containing(&self, addresses: &BTreeSet<IpAddr>) -> Option<NodeRef> {
        let has = |set: &IpSet| addresses.iter().all(|address| set.contains(*address));
        let all = self.addressed.iter();
        let mut around = all.filter(|(_, set)| !addresses.is_empty() && has(set));
        let first = around.next()?;
        let narrowest = around.fold(first, |best, one| match one.1.is_subset(&best.1) {
            true => one,
            false => best,
        });
        Some(narrowest.0)
    }
}
