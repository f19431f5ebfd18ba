//! Reads protocols and ports (G21, G26).

use super::policy::{Ip, Number, Port};
use super::reader::Reader;
use crate::dialect::schema::At;
use crate::policy::names;
use crate::sets::Protocol;
use crate::yaml::Value;

/// The most items of `ports`.
const MOST: usize = 50;
const OUT_OF_RANGE: &str = "port range invalid, port number must be between 1 and 65535";

/// A protocol with the text that names it.
pub struct Written {
    pub name: String,
    pub ip: Ip,
}

impl<'a> Reader<'a> {
    /// A protocol: one of six names, or a number.
    pub fn protocol(&mut self, at: &At<'a>, key: &str) -> Option<Written> {
        let field = self.get(at, key)?;
        let name = match &field.node.value {
            Value::String(text) => text.clone(),
            Value::Number(number, _) => number.to_string(),
            _ => self.schema.text(&field)?,
        };
        match protocol(&name) {
            Ok(ip) => Some(Written { name, ip }),
            Err(reason) => {
                self.invalid(&field, &name, reason);
                None
            }
        }
    }

    /// `ports` or `notPorts`.
    pub fn port_list(&mut self, at: &At<'a>, key: &str) -> Vec<Port> {
        let items = self.list(at, key, MOST);
        items.iter().filter_map(|at| self.port(at)).collect()
    }

    fn port(&mut self, at: &At<'a>) -> Option<Port> {
        let text = match &at.node.value {
            Value::String(text) => text.clone(),
            Value::Number(number, _) => number.to_string(),
            _ => self.schema.text(at)?,
        };
        match port(&text) {
            Ok(number) => Some(Port {
                number,
                mark: at.node.mark,
            }),
            Err(reason) => {
                self.invalid(at, &text, &reason);
                None
            }
        }
    }
}

fn protocol(text: &str) -> Result<Ip, &'static str> {
    let number = match text {
        "TCP" => 6,
        "UDP" => 17,
        "SCTP" => 132,
        "ICMP" => 1,
        "ICMPv6" => 58,
        "UDPLite" => 136,
        digits if is_digits(digits) => digits
            .parse()
            .ok()
            .filter(|n| *n > 0)
            .ok_or("protocol number invalid")?,
        _ if text.parse::<f64>().is_ok() => return Err("protocol number invalid"),
        _ => return Err("protocol name invalid"),
    };
    Ok(match number {
        6 => Ip::Ports(Protocol::Tcp),
        17 => Ip::Ports(Protocol::Udp),
        132 => Ip::Ports(Protocol::Sctp),
        1 => Ip::Ports(Protocol::Icmp),
        58 => Ip::Ports(Protocol::Icmp6),
        other => Ip::Other(other),
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A number, `FIRST:LAST`, or a name.
fn port(text: &str) -> Result<Number, String> {
    let valid = |number: &str| {
        let number = number.parse::<u16>().ok().filter(|n| *n > 0);
        number.ok_or_else(|| OUT_OF_RANGE.to_owned())
    };
    if is_digits(text) || text.parse::<f64>().is_ok_and(|_| text.starts_with('-')) {
        let number = valid(text)?;
        return Ok(Number::Range(number, number));
    }
    if let Some((first, last)) = text.split_once(':')
        && is_digits(first)
        && is_digits(last)
    {
        let (first, last) = (valid(first)?, valid(last)?);
        if first > last {
            return Err(format!(
                "minimum port number ({first}) is greater than maximum port number ({last}) in port range"
            ));
        }
        return Ok(Number::Range(first, last));
    }
    let in_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    if text.is_empty() || text.len() > 128 || !text.bytes().all(in_name) {
        return Err(format!("invalid name for named port ({text})"));
    }
    match names::port_name(text).first() {
        Some(why) => Err(format!("invalid name of a port: it {why}")),
        None => Ok(Number::Named(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_numbers_ranges_or_names() {
        for (text, want) in [
            ("80", Some(Number::Range(80, 80))),
            ("080", Some(Number::Range(80, 80))),
            ("80:80", Some(Number::Range(80, 80))),
            ("1:65535", Some(Number::Range(1, 65535))),
            ("http", Some(Number::Named("http".into()))),
            ("0", None),
            ("-1", None),
            ("1.5", None),
            ("65536", None),
            ("0:10", None),
            ("90:80", None),
            ("80:", None),
            (":80", None),
            ("80-90", None),
            ("HTTP", None),
            ("my_port", None),
            ("averyveryverylongportname", None),
            ("", None),
            ("a b", None),
        ] {
            assert_eq!(port(text).ok(), want, "{text}");
        }
    }

    #[test]
    fn protocols_are_names_or_numbers() {
        for (text, want) in [
            ("TCP", Some(Ip::Ports(Protocol::Tcp))),
            ("17", Some(Ip::Ports(Protocol::Udp))),
            ("132", Some(Ip::Ports(Protocol::Sctp))),
            ("ICMP", Some(Ip::Ports(Protocol::Icmp))),
            ("ICMPv6", Some(Ip::Ports(Protocol::Icmp6))),
            ("UDPLite", Some(Ip::Other(136))),
            ("255", Some(Ip::Other(255))),
            ("0", None),
            ("256", None),
            ("1.5", None),
            ("tcp", None),
            ("icmpv6", None),
            ("Any", None),
            ("", None),
        ] {
            assert_eq!(protocol(text).ok(), want, "{text}");
        }
    }
}
