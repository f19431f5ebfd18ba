//! Reads the L4 part of a rule, and what of L7 is in it (C40-C45).

use super::reader::Reader;
use crate::dialect::schema::At;
use crate::policy::Direction;
use crate::sets::Protocol;
use crate::yaml::{Mark, Value};

/// One item of `toPorts`.
#[derive(Clone, Debug)]
pub struct PortRule {
    /// An empty list contributes nothing (C16).
    pub ports: Vec<Port>,
}

/// One port.
#[derive(Clone, Debug)]
pub struct Port {
    pub number: Number,
    /// Empty: of protocols that have no port numbers here.
    pub protocols: Vec<Protocol>,
    pub mark: Mark,
}

/// Which numbers.
#[derive(Clone, Debug)]
pub enum Number {
    /// Port 0: all of them.
    All,
    Range(u16, u16),
    /// Resolved at the destination.
    Named(String),
}

const PROTOCOLS: [&str; 11] = [
    "TCP", "UDP", "SCTP", "VRRP", "IGMP", "GRE", "IPIP", "IPV6", "ESP", "AH", "ANY",
];
const MOST: usize = 40;

impl<'a> Reader<'a> {
    /// `toPorts`; none if it is missing or empty.
    pub fn ports(
        &mut self,
        at: &At<'a>,
        direction: Direction,
        denies: bool,
    ) -> Option<Vec<PortRule>> {
        let list = self.schema.get(at, "toPorts")?;
        let items = self.schema.list(&list, 0, usize::MAX);
        let rules = items
            .iter()
            .filter_map(|at| self.port_rule(at, direction, denies));
        let rules: Vec<PortRule> = rules.collect();
        (!items.is_empty()).then_some(rules)
    }

    fn port_rule(&mut self, at: &At<'a>, direction: Direction, denies: bool) -> Option<PortRule> {
        self.schema.map(at)?;
        let list = self.schema.get(at, "ports");
        let items = list.as_ref().map(|at| self.schema.list(at, 0, MOST));
        let items = items.unwrap_or_default();
        let ports: Vec<Port> = items.iter().filter_map(|at| self.port(at)).collect();
        if let Some(rules) = self.schema.get(at, "rules").filter(|_| !denies) {
            self.layer_seven(&rules, direction, &ports);
        }
        for key in [
            "terminatingTLS",
            "originatingTLS",
            "serverNames",
            "listener",
        ] {
            if let Some(at) = self.schema.get(at, key) {
                if key == "listener" && direction == Direction::Ingress {
                    self.refuse(&at, "Listener is not allowed on ingress".to_owned());
                }
                self.condition(&at, key);
            }
        }
        let layer_seven = self.schema.get(at, "rules").is_some();
        let terminated = self.schema.get(at, "terminatingTLS").is_some();
        if let Some(names) = self
            .schema
            .get(at, "serverNames")
            .filter(|_| layer_seven && !terminated)
        {
            let message = "ServerNames are not allowed with L7 rules without TLS termination";
            self.refuse(&names, message.to_owned());
        }
        Some(PortRule { ports })
    }

    fn condition(&mut self, at: &At, what: &str) {
        let message =
            format!("`{what}` is not modelled: the answers are as if it lets everything through");
        self.note(at, "cilium-condition", &message);
    }

    fn port(&mut self, at: &At<'a>) -> Option<Port> {
        self.schema.map(at)?;
        let protocol = self.schema.get(at, "protocol");
        let protocol = match protocol {
            Some(at) => self.schema.word(&at, &PROTOCOLS)?,
            None => "ANY",
        };
        let protocols: Vec<Protocol> = match protocol {
            "ANY" => Protocol::ALL.to_vec(),
            other => Protocol::parse(other).into_iter().collect(),
        };
        let Some(port) = self.schema.get(at, "port") else {
            self.refuse(at, "port must be specified".to_owned());
            return None;
        };
        let text = self.schema.text(&port)?;
        let end = self.schema.get(at, "endPort");
        let end = end.and_then(|at| self.schema.number(&at, 0, 65_535));
        let end = end
            .and_then(|end| u16::try_from(end).ok())
            .unwrap_or_default();
        let number = match number(&text) {
            Ok(Some(0)) => Number::All,
            Ok(Some(_)) if protocols.is_empty() => {
                self.refuse(&port, "port must be empty or 0".to_owned());
                return None;
            }
            Ok(Some(first)) => Number::Range(first, end.max(first)),
            Ok(None) => Number::Named(text.to_ascii_lowercase()),
            Err(why) => {
                self.refuse(&port, why);
                return None;
            }
        };
        Some(Port {
            number,
            protocols,
            mark: at.node.mark,
        })
    }

    fn layer_seven(&mut self, at: &At<'a>, direction: Direction, ports: &[Port]) {
        if self.schema.map(at).is_none() {
            return;
        }
        // An empty list filters nothing.
        let filled = |key: &&str| {
            let items = at.node.get(key).and_then(|node| node.items());
            items.is_some_and(|items| !items.is_empty())
        };
        let kinds = ["http", "dns", "kafka", "l7"].into_iter();
        let used: Vec<&str> = kinds.filter(filled).collect();
        if used.len() > 1 {
            let message = "multiple L7 protocol rule types specified in single rule";
            self.refuse(at, message.to_owned());
        }
        let Some(kind) = used.first() else { return };
        if ports.iter().any(|p| matches!(p.number, Number::All)) {
            self.refuse(at, "L7 rules can not be used when a port is 0".to_owned());
        }
        if *kind == "dns" {
            if direction == Direction::Ingress {
                self.refuse(
                    at,
                    "L7 protocol DNS is not supported on ingress yet".to_owned(),
                );
            }
            if ports
                .iter()
                .any(|p| matches!(p.number, Number::Range(a, b) if a < b))
            {
                self.refuse(at, "DNS rules do not support port ranges".to_owned());
            }
            if ports.is_empty() {
                self.refuse(at, "port 53 must be specified for DNS rules".to_owned());
            }
            return;
        }
        for port in ports {
            let of = match port.protocols.as_slice() {
                [Protocol::Tcp] => continue,
                [one] => one.name(),
                _ => "ANY",
            };
            let message = format!("L7 rules can only apply to TCP (not {of}) except for DNS rules");
            self.refuse(at, message);
            break;
        }
        self.condition(at, kind);
    }

    /// `icmps`: types are not modelled, as ICMP has no ports.
    pub fn icmps(&mut self, at: &At<'a>) {
        for item in self.schema.list(at, 0, usize::MAX) {
            let Some(fields) = self.schema.get(&item, "fields") else {
                continue;
            };
            for field in self.schema.list(&fields, 0, MOST) {
                if let Some(family) = self.schema.get(&field, "family") {
                    self.schema.word(&family, &["IPv4", "IPv6"]);
                }
                match self.schema.get(&field, "type") {
                    None => {
                        self.schema.required(&field, "type");
                    }
                    Some(at) if !matches!(at.node.value, Value::Number(..) | Value::String(_)) => {
                        self.refuse(&at, "an ICMP type is a number or a name".to_owned());
                    }
                    Some(_) => {}
                }
            }
        }
        self.note(
            at,
            "cilium-icmp",
            "ICMP types are not modelled: the rule allows no port",
        );
    }
}

/// A port as the agent reads it: a number with base prefixes of Go, or a name (none), or why it is neither.
fn number(text: &str) -> Result<Option<u16>, String> {
    let is_name = text.len() <= 15
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_name {
        return Ok(None);
    }
    if text.is_empty() {
        return Err("port must be specified".to_owned());
    }
    let digits = |text: &str, radix| {
        let valid = !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
        valid.then(|| u64::from_str_radix(text, radix).unwrap_or(u64::MAX))
    };
    let value = match text.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => digits(rest, 8),
        _ => digits(text, 10),
    };
    let why = |what| format!("unable to parse port: strconv.ParseUint: parsing {text:?}: {what}");
    match value {
        None => Err(why("invalid syntax")),
        Some(value) => u16::try_from(value)
            .map(Some)
            .map_err(|_| why("value out of range")),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn ports_are_numbers_or_names() {
        for (text, want) in [
            ("80", Some(Some(80))),
            ("0", Some(Some(0))),
            ("0443", Some(Some(291))),
            ("http", Some(None)),
            ("0x50", Some(None)),
            ("080", None),
            ("65536", None),
            ("-1", None),
            ("80 ", None),
            ("80-90", None),
            ("abcdefghijklmnop", None),
            ("my_port", None),
            ("a--b", None),
            ("", None),
        ] {
            assert_eq!(number(text).ok(), want, "{text}");
        }
    }
}
