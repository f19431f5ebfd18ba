//! Reads the types of ICMP of a rule (C42).

use super::ports::MOST;
use super::reader::Reader;
use crate::dialect::schema::At;
use crate::policy::PortMatch;
use crate::sets::Protocol;
use crate::yaml::{Mark, Value};

/// The names of ICMP types, as the schema spells them.
const ICMP_TYPES: &str = "EchoReply|DestinationUnreachable|Redirect|Echo|RouterAdvertisement|RouterSelection|TimeExceeded|ParameterProblem|Timestamp|TimestampReply|Photuris|ExtendedEchoRequest|ExtendedEcho Reply|PacketTooBig|ParameterProblem|EchoRequest|MulticastListenerQuery|MulticastListenerReport|MulticastListenerDone|RouterSolicitation|RouterAdvertisement|NeighborSolicitation|NeighborAdvertisement|RedirectMessage|RouterRenumbering|ICMPNodeInformationQuery|ICMPNodeInformationResponse|InverseNeighborDiscoverySolicitation|InverseNeighborDiscoveryAdvertisement|HomeAgentAddressDiscoveryRequest|HomeAgentAddressDiscoveryReply|MobilePrefixSolicitation|MobilePrefixAdvertisement|DuplicateAddressRequestCodeSuffix|DuplicateAddressConfirmationCodeSuffix";

/// The types with names that the agent knows, of each family. It does not know all that the schema accepts:
/// `ExtendedEcho Reply` is `ExtendedEchoReply` to it.
const IPV4: [(&str, u16); 13] = [
    ("EchoReply", 0),
    ("DestinationUnreachable", 3),
    ("Redirect", 5),
    ("Echo", 8),
    ("EchoRequest", 8),
    ("RouterAdvertisement", 9),
    ("RouterSelection", 10),
    ("TimeExceeded", 11),
    ("ParameterProblem", 12),
    ("Timestamp", 13),
    ("TimestampReply", 14),
    ("Photuris", 40),
    ("ExtendedEchoRequest", 42),
];
const IPV6: [(&str, u16); 26] = [
    ("DestinationUnreachable", 1),
    ("PacketTooBig", 2),
    ("TimeExceeded", 3),
    ("ParameterProblem", 4),
    ("EchoRequest", 128),
    ("EchoReply", 129),
    ("MulticastListenerQuery", 130),
    ("MulticastListenerReport", 131),
    ("MulticastListenerDone", 132),
    ("RouterSolicitation", 133),
    ("RouterAdvertisement", 134),
    ("NeighborSolicitation", 135),
    ("NeighborAdvertisement", 136),
    ("RedirectMessage", 137),
    ("RouterRenumbering", 138),
    ("ICMPNodeInformationQuery", 139),
    ("ICMPNodeInformationResponse", 140),
    ("InverseNeighborDiscoverySolicitation", 141),
    ("InverseNeighborDiscoveryAdvertisement", 142),
    ("HomeAgentAddressDiscoveryRequest", 144),
    ("HomeAgentAddressDiscoveryReply", 145),
    ("MobilePrefixSolicitation", 146),
    ("MobilePrefixAdvertisement", 147),
    ("DuplicateAddressRequestCodeSuffix", 157),
    ("DuplicateAddressConfirmationCodeSuffix", 158),
    ("ExtendedEchoRequest", 160),
];

impl<'a> Reader<'a> {
    /// `icmps`: types of ICMP, each as a port of its protocol.
    pub fn icmps(&mut self, at: &At<'a>) -> Vec<(PortMatch, Mark)> {
        let mut found = Vec::new();
        for item in self.schema.list(at, 0, usize::MAX) {
            for field in self.items(&item, "fields", MOST) {
                let family = self.schema.get(&field, "family");
                let family = family.and_then(|at| self.schema.word(&at, &["IPv4", "IPv6"]));
                let protocol = match family {
                    Some("IPv6") => Protocol::Icmp6,
                    _ => Protocol::Icmp,
                };
                let kind = self.schema.required(&field, "type");
                if let Some(number) = kind.and_then(|at| self.icmp_type(&at, protocol)) {
                    let port = PortMatch::Range {
                        protocol,
                        first: number,
                        last: number,
                    };
                    found.push((port, field.node.mark));
                }
            }
        }
        found
    }

    fn icmp_type(&mut self, at: &At<'a>, protocol: Protocol) -> Option<u16> {
        let text = match &at.node.value {
            Value::Number(..) => {
                let number = self.schema.number(at, 0, 255)?;
                return u16::try_from(number).ok();
            }
            Value::String(text) => text,
            _ => {
                let message = "an ICMP type is a number or a name".to_owned();
                self.schema.refuse(at, message);
                return None;
            }
        };
        if let Some(number) = text.parse::<u8>().ok().filter(|n| n.to_string() == *text) {
            return Some(number.into());
        }
        if !ICMP_TYPES.split('|').any(|name| name == text) {
            let numbers = "[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]";
            self.unmatched(at, text, &format!("^({numbers}|{ICMP_TYPES})$"));
            return None;
        }
        let (family, names) = match protocol {
            Protocol::Icmp6 => ("IPv6", &IPV6[..]),
            _ => ("IPv4", &IPV4[..]),
        };
        let known = names.iter().find(|(name, _)| name == text);
        if known.is_none() {
            self.refuse(at, format!("ICMP type {text} not found in {family}"));
        }
        known.map(|(_, number)| *number)
    }
}
