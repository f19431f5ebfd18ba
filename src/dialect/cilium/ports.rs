//! Reads the ports of a rule (C40).

use super::reader::Reader;
use crate::dialect::schema::At;
use crate::policy::{Condition, Direction};
use crate::sets::Protocol;
use crate::yaml::{Mark, Node};

/// One item of `toPorts`.
#[derive(Clone, Debug)]
pub struct PortRule {
    /// An empty list contributes nothing (C16).
    pub ports: Vec<Port>,
    /// What restricts it further.
    pub restriction: Restriction,
}

/// What restricts a rule beyond addresses and ports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restriction {
    pub conditions: Vec<Condition>,
    /// What meets them, as [`crate::policy::Rule::met_by`].
    pub met_by: Vec<String>,
}

impl Restriction {
    /// This one, and a further condition as it is written.
    pub fn and(mut self, condition: Condition, written: &Node) -> Self {
        let key = format!("{:x}", written.content());
        self.conditions.push(condition);
        self.conditions.dedup();
        self.met_by = match self.met_by.is_empty() {
            true => vec![key],
            false => {
                let all = self.met_by.iter();
                all.map(|other| format!("{other} and {key}")).collect()
            }
        };
        self
    }
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
    /// Resolved at the destination; 0, or the last port of a range that it starts.
    Named(String, u16),
}

const PROTOCOLS: [&str; 11] = [
    "TCP", "UDP", "SCTP", "VRRP", "IGMP", "GRE", "IPIP", "IPV6", "ESP", "AH", "ANY",
];
/// The most items of a list of ports.
pub const MOST: usize = 40;
const PATTERN: &str = "^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$";

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
        let items = self.items(at, "ports", MOST);
        let ports: Vec<Port> = items.iter().filter_map(|at| self.port(at)).collect();
        let restriction = match denies {
            true => Restriction::default(),
            false => self.layer_seven(at, direction, &ports),
        };
        Some(PortRule { ports, restriction })
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
            let since = self.schema.out.found.len();
            self.refuse(at, "port must be specified".to_owned());
            let help = match protocols.is_empty() {
                true => format!("write `port: \"0\"`: {protocol} has no ports"),
                false => "write `port`, or `port: \"0\"` for all ports".to_owned(),
            };
            self.schema.out.help(since, &help);
            return None;
        };
        let text = self.schema.text(&port)?;
        if !fits_pattern(&text) {
            self.unmatched(&port, &text, PATTERN);
            return None;
        }
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
            Ok(None) => Number::Named(text.to_ascii_lowercase(), end),
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
}

/// Whether a text matches the pattern of the schema: a digit in front, or a name at the end.
fn fits_pattern(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric();
    let hyphens = |pair: &[u8]| pair.iter().any(|b| plain(*b));
    let bytes = text.as_bytes();
    let name = |suffix: &[u8]| {
        suffix.first().is_some_and(u8::is_ascii_alphabetic)
            && suffix.last().copied().is_some_and(plain)
            && suffix.iter().all(|b| plain(*b) || *b == b'-')
            && suffix.windows(2).all(hyphens)
    };
    let mut suffixes = (0..bytes.len()).filter_map(|at| bytes.get(at..));
    bytes.first().is_some_and(u8::is_ascii_digit) || suffixes.any(name)
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
