//! Parts of workloads and Services: labels, addresses and ports.

use std::net::IpAddr;

use super::fields::{Fields, Reader};
use super::{Extras, item_key};
use crate::cluster::{ContainerPort, ServicePort, TargetPort};
use crate::sets::{Labels, Protocol};
use crate::yaml::Node;
use crate::yaml::plain::{Mapping, Value};

pub(super) fn take_labels(reader: &mut Reader, fields: &mut Fields, key: &str) -> Option<Labels> {
    match fields.take(key) {
        Some(node) => reader.labels(node),
        None => Some(Labels::new()),
    }
}

pub(super) fn address(reader: &mut Reader, node: &Node) -> Option<IpAddr> {
    let text = reader.text(node)?;
    // As in manifests, an IPv4-mapped address is the IPv4 address.
    let address = text.parse::<IpAddr>().ok().map(|one| one.to_canonical());
    if address.is_none() {
        reader.refuse(
            node.mark,
            format!("`{text}` is not an address"),
            "write one such as 10.0.0.1",
        );
    }
    address
}

fn port(reader: &mut Reader, node: &Node) -> Option<u16> {
    let number = reader.integer(node, 65535)?;
    u16::try_from(number).ok()
}

fn protocol(reader: &mut Reader, fields: &mut Fields) -> Option<Protocol> {
    Some(take_protocol(reader, fields)?.unwrap_or(Protocol::Tcp))
}

/// The protocol, if there is one; none if it is wrong.
pub(super) fn take_protocol(reader: &mut Reader, fields: &mut Fields) -> Option<Option<Protocol>> {
    let words = Protocol::ALL.map(|protocol| (protocol.name(), protocol));
    match fields.take("protocol") {
        Some(node) => reader.word(node, &words).map(Some),
        None => Some(None),
    }
}

/// A number, or a name.
pub(super) fn target_port(reader: &mut Reader, node: &Node) -> Option<TargetPort> {
    let text = reader.text(node)?;
    Some(match text.bytes().all(|b| b.is_ascii_digit()) {
        true => TargetPort::Number(port(reader, node)?),
        false => TargetPort::Name(text),
    })
}

fn port_key(protocol: Protocol, port: u16) -> String {
    let mut map = Mapping::new();
    map.insert("protocol".into(), protocol.name().into());
    map.insert("port".into(), port.into());
    item_key(&Value::Mapping(map))
}

pub(super) fn container_port(
    reader: &mut Reader,
    node: &Node,
    extras: &mut Extras,
) -> Option<ContainerPort> {
    let mut fields = reader.map(node)?;
    let number = reader.required(&mut fields, node, "port")?;
    let row = ContainerPort {
        name: reader.take_text(&mut fields, "name"),
        port: port(reader, number)?,
        protocol: protocol(reader, &mut fields)?,
    };
    extras.keep(reader, port_key(row.protocol, row.port), fields);
    Some(row)
}

pub(super) fn service_port(
    reader: &mut Reader,
    node: &Node,
    extras: &mut Extras,
) -> Option<ServicePort> {
    let mut fields = reader.map(node)?;
    let number = reader.required(&mut fields, node, "port")?;
    let number = port(reader, number)?;
    let target = match fields.take("targetPort") {
        None => TargetPort::Number(number),
        Some(node) => target_port(reader, node)?,
    };
    let row = ServicePort {
        name: reader.take_text(&mut fields, "name"),
        port: number,
        protocol: protocol(reader, &mut fields)?,
        target,
    };
    extras.keep(reader, port_key(row.protocol, row.port), fields);
    Some(row)
}
