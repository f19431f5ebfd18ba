//! Whether a connection asks for names: DNS is a setting of namespaces, not a flow.

use super::connection::Connection;
use super::record::Protocol;
use super::reference::Reference;
use super::replay::{labels_of, protocol};
use crate::model::dns::Resolver;
use crate::model::validate::addresses_of;
use crate::model::{Document, FlowPort};

/// Whether it goes to the DNS pods of the document's profile, or to a cache on the node.
pub fn is_dns(document: &Document, connection: &Connection) -> bool {
    let resolver = Resolver::of(&document.settings.dns.profile);
    let (key, sums) = (&connection.key, &connection.sums);
    let asked = protocol(key.protocol).zip(key.port);
    let is_port = |port: &FlowPort| {
        let numbers = port.numbers().zip(asked);
        numbers.is_some_and(|(ports, (protocol, port))| ports.contains(protocol, port))
    };
    if !resolver.ports.iter().any(is_port) {
        return false;
    }
    match &key.destination {
        Reference::Workload { .. } => sums.destination_pods.iter().any(|pod| {
            let (labels, of_namespace) = labels_of(pod);
            resolver.namespaces.matches(&of_namespace) && resolver.pods.matches(&labels)
        }),
        Reference::Entity("host") => matches!(key.protocol, Protocol::Tcp | Protocol::Udp),
        Reference::Address(address) => addresses_of(&resolver.networks).contains(*address),
        _ => false,
    }
}

/// Whether the document allows it by its DNS setting.
pub fn is_allowed_by_setting(document: &Document, connection: &Connection) -> bool {
    let namespace = connection.key.source.namespace();
    let namespace = namespace.and_then(|name| document.namespace_named(name));
    namespace.is_some_and(|id| document.dns_of(id)) && is_dns(document, connection)
}
