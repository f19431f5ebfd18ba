//! Ports of flows as text: `TCP/80`, `UDP/4000-4010`, `TCP/http`, `ICMP/8`, `TCP`, `any`.

use std::fmt;

use super::{Refusal, port_name};
use crate::model::FlowPort;
use crate::policy::HttpRule;
use crate::sets::Protocol;

impl fmt::Display for FlowPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::All(protocol) => f.write_str(protocol.name()),
            Self::Range(protocol, first, last) if first == last => {
                write!(f, "{}/{first}", protocol.name())
            }
            Self::Range(protocol, first, last) => write!(f, "{}/{first}-{last}", protocol.name()),
            Self::Named(protocol, name) => write!(f, "{}/{name}", protocol.name()),
        }
    }
}

/// One HTTP rule as [`HttpRule`] prints it.
pub fn http_rule(text: &str) -> Result<HttpRule, Refusal> {
    HttpRule::parse(text).ok_or_else(|| {
        let refusal = Refusal::new(format!("`{text}` is not an HTTP rule"));
        refusal.help("write a method, a path, or both, such as GET /products/.*")
    })
}

/// One port exactly as [`FlowPort`] prints it.
pub fn flow_port(text: &str) -> Result<FlowPort, Refusal> {
    let known = || format!("`{text}` is not a port");
    let help = "write TCP/80, UDP/4000-4010, TCP/http, ICMP/8, TCP or any";
    let named = |word: &str| (Protocol::WITH_TYPES.into_iter()).find(|p| p.name() == word);
    match text.split_once('/') {
        None if text == "any" => Ok(FlowPort::Any),
        Some((_, "")) => Err(Refusal::new(known()).help(help)),
        None => match named(text) {
            Some(protocol) => Ok(FlowPort::All(protocol)),
            None => Err(Refusal::new(known()).help(help)),
        },
        Some((protocol, port)) => match named(protocol) {
            Some(protocol) => number_range_or_name(protocol, port),
            None => Err(Refusal::new(known()).help(help)),
        },
    }
}

/// Ports as users type them: `80`, `80, 443/udp`, `tcp 5432`, `http`, `4000-4010/udp`, `any`.
/// TCP by default; an empty text means no ports. After `UDP/` any word is a port name, `all` and `tcp`
/// included.
pub fn flow_ports(text: &str) -> Result<Vec<FlowPort>, Refusal> {
    let mut ports = Vec::new();
    for item in text
        .split([',', ';', '\n'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        ports.push(typed(item)?);
    }
    Ok(united(ports))
}

/// `TCP/80, UDP/53`: what [`flow_ports`] reads.
pub fn flow_ports_text(ports: &[FlowPort]) -> String {
    let items: Vec<String> = ports.iter().map(FlowPort::to_string).collect();
    items.join(", ")
}

/// The ports for people: `TCP 80, UDP 53`.
pub fn flow_ports_words(ports: &[FlowPort]) -> String {
    flow_ports_text(ports).replace('/', " ")
}

/// Sorts the ports and removes those that another one covers.
pub fn united(mut ports: Vec<FlowPort>) -> Vec<FlowPort> {
    ports.sort();
    ports.dedup();
    if ports.contains(&FlowPort::Any) {
        return vec![FlowPort::Any];
    }
    let whole: Vec<Protocol> = ports
        .iter()
        .filter_map(|port| match port {
            FlowPort::All(protocol) => Some(*protocol),
            _ => None,
        })
        .collect();
    ports.retain(|port| match port {
        FlowPort::Range(protocol, ..) | FlowPort::Named(protocol, _) => !whole.contains(protocol),
        FlowPort::Any | FlowPort::All(_) => true,
    });
    ports
}

/// A type of ICMP, 0 to 255.
fn icmp_type(text: &str) -> Result<u16, Refusal> {
    match text.parse::<u8>() {
        Ok(number) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(number.into()),
        _ => Err(Refusal::new(format!("`{text}` is not a type of ICMP"))
            .help("write a number from 0 to 255; an echo request is ICMP/8 or ICMPv6/128")),
    }
}

/// A port number, 1 to 65535.
pub fn port_number(text: &str) -> Result<u16, Refusal> {
    match text.parse::<u16>() {
        Ok(number) if number > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(number),
        _ => Err(Refusal::new(format!("`{text}` is not a port number"))
            .help("write a number from 1 to 65535")),
    }
}

fn typed(item: &str) -> Result<FlowPort, Refusal> {
    let protocol = |word: &str| {
        let mut all = Protocol::WITH_TYPES.into_iter();
        all.find(|protocol| protocol.name().eq_ignore_ascii_case(word))
    };
    if let Some((first, name)) = item.split_once('/')
        && let Some(protocol) = protocol(first).filter(|protocol| !protocol.has_types())
        && port_name(name).is_ok()
    {
        return Ok(FlowPort::Named(protocol, name.to_owned()));
    }
    let words: Vec<&str> = item
        .split(|c: char| c == '/' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    let any = |word: &str| ["any", "*", "all"].contains(&word.to_ascii_lowercase().as_str());
    match words[..] {
        [word] if any(word) => Ok(FlowPort::Any),
        [word] => match protocol(word) {
            Some(protocol) => Ok(FlowPort::All(protocol)),
            None => number_range_or_name(Protocol::Tcp, word),
        },
        [first, second] => match (protocol(first), protocol(second)) {
            (Some(protocol), None) if any(second) => Ok(FlowPort::All(protocol)),
            (Some(protocol), None) => number_range_or_name(protocol, second),
            (None, Some(protocol)) => number_range_or_name(protocol, first),
            _ => Err(Refusal::new(format!("`{item}` has an unknown protocol"))
                .help("use TCP, UDP, SCTP, ICMP or ICMPv6: `UDP/53`")),
        },
        _ => Err(Refusal::new(format!("`{item}` is not a port"))
            .help("separate ports by commas: `80, 443, UDP/53`")),
    }
}

fn number_range_or_name(protocol: Protocol, text: &str) -> Result<FlowPort, Refusal> {
    let number = match protocol.has_types() {
        true => icmp_type,
        false => port_number,
    };
    if !protocol.has_types() && text.bytes().any(|b| b.is_ascii_alphabetic()) {
        port_name(text)?;
        return Ok(FlowPort::Named(protocol, text.to_owned()));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    // Of `-1` all is quoted, not the empty text before the dash.
    let bound = |bound: &str| number(if bound.is_empty() { text } else { bound });
    let (first, last) = (bound(first)?, bound(last)?);
    if first > last {
        return Err(
            Refusal::new(format!("the range `{text}` ends before it starts"))
                .help(format!("write {last}-{first}")),
        );
    }
    Ok(FlowPort::Range(protocol, first, last))
}
