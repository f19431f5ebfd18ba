//! Address blocks as the API server and Go read them (V12, V13, K33).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::diag::{Change, Diagnostic};
use crate::sets::unmapped;
use crate::yaml::{Node, Object, Value};

const INVALID: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const LEADING: &str = "must not have leading 0s in IP or prefix length";
const MAPPED: &str = "must not have an IPv4-mapped IPv6 address";
const BITS: &str = "must not have bits set beyond the prefix length";

/// A block that at least one version of the API server accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The network, host bits masked, an IPv4-mapped one as IPv4.
    pub net: IpNet,
    /// The prefix length as written.
    pub length: u8,
    /// The API's message, if newer servers refuse it.
    pub strict: Option<&'static str>,
}

/// Reads a block as Go's `ParseCIDRSloppy` does: leading zeros are decimal, host bits are masked.
pub fn parse(text: &str) -> Result<Block, &'static str> {
    let (address, length) = text.split_once('/').ok_or(INVALID)?;
    let leading = has_leading_zero(address) || length.len() > 1 && length.starts_with('0');
    let length = number(length, 128).ok_or(INVALID)?;
    let address = ipv4(address).map(IpAddr::V4).or_else(|| ipv6(address));
    let written = address.and_then(|address| {
        let length = u8::try_from(length).ok()?;
        IpNet::new(address, length).ok()
    });
    let written = written.ok_or(INVALID)?;
    let masked = written.trunc();
    let mapped = is_mapped(written.addr());
    let strict = match () {
        () if leading => Some(LEADING),
        () if mapped => Some(MAPPED),
        () if masked != written => Some(BITS),
        () => None,
    };
    Ok(Block {
        net: unmapped(masked),
        length: written.prefix_len(),
        strict,
    })
}

/// The keys that hold blocks, or lists of them, in the kinds whose schema takes ambiguous ones.
const KEYS: [&str; 5] = ["cidr", "except", "fromCIDR", "toCIDR", "networks"];

/// The blocks of an object that are ambiguous, although its API server takes them (V13).
pub fn ambiguous(object: &Object) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    see(&object.node, false, &mut |node, text| {
        if let Ok(Block {
            net,
            strict: Some(detail),
            ..
        }) = parse(text)
        {
            let problem = Diagnostic::warning("V13", format!("{text:?}: {detail}"))
                .help(format!("write `{net}`; it is judged as that"));
            let place = (node.mark.start, node.mark.end);
            let problem = problem.corrected(place, Change::Text(net.to_string()));
            found.push(object.about(problem, node.mark));
        }
    });
    found
}

/// Calls `each` with the texts below a node that are values of the keys of blocks.
fn see(node: &Node, is_block: bool, each: &mut dyn FnMut(&Node, &str)) {
    match &node.value {
        Value::Map(map) => (map.entries.iter())
            .for_each(|entry| see(&entry.value, KEYS.contains(&&*entry.key), each)),
        Value::Seq(items) => items.iter().for_each(|item| see(item, is_block, each)),
        Value::String(text) if is_block => each(node, text),
        _ => {}
    }
}

impl Block {
    /// Whether `except` may be taken out of this block (V14).
    pub fn holds_strictly(&self, except: &Self) -> bool {
        self.net.contains(&except.net.addr()) && self.length < except.length
    }
}

fn number(text: &str, most: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.len() < 10 && text.bytes().all(|b| b.is_ascii_digit());
    let n = digits.then(|| text.parse().ok()).flatten()?;
    (n <= most).then_some(n)
}

fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        *octet = u8::try_from(number(parts.next()?, 255)?).ok()?;
    }
    parts.next().is_none().then(|| octets.into())
}

/// IPv6, an IPv4 tail with leading zeros included.
fn ipv6(text: &str) -> Option<IpAddr> {
    let plain = match text.rsplit_once(':') {
        Some((head, tail)) if tail.contains('.') => format!("{head}:{}", ipv4(tail)?),
        _ => text.to_owned(),
    };
    plain.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

fn has_leading_zero(address: &str) -> bool {
    let tail = address.rsplit(':').next().unwrap_or_default();
    let mut octets = tail.split('.');
    tail.contains('.') && octets.any(|octet| octet.len() > 1 && octet.starts_with('0'))
}

fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_validated_as_servers_do() {
        for (text, want) in [
            ("10.0.0.0/8", Ok(None)),
            ("0.0.0.0/0", Ok(None)),
            ("::/0", Ok(None)),
            ("1.2.3.4/32", Ok(None)),
            ("2001:db8::/32", Ok(None)),
            ("::ffff:10.0.0.0/104", Ok(Some(MAPPED))),
            ("010.0.0.0/8", Ok(Some(LEADING))),
            ("10.0.0.0/08", Ok(Some(LEADING))),
            ("10.0.0.5/8", Ok(Some(BITS))),
            ("2001:db8::1/64", Ok(Some(BITS))),
            ("10.0.0.1", Err(INVALID)),
            ("10.0.0.0/33", Err(INVALID)),
            ("fe80::/129", Err(INVALID)),
            ("10.0.0/8", Err(INVALID)),
            (" 10.0.0.0/8", Err(INVALID)),
            ("10.0.0.0/+8", Err(INVALID)),
            ("10.0.0.0/", Err(INVALID)),
            ("256.0.0.0/8", Err(INVALID)),
            ("fe80::1%eth0/64", Err(INVALID)),
            ("example.com/8", Err(INVALID)),
            ("", Err(INVALID)),
        ] {
            assert_eq!(parse(text).map(|b| b.strict), want, "{text}");
        }
    }

    #[test]
    fn blocks_with_host_bits_are_masked() {
        let net = |text: &str| parse(text).map(|b| b.net.to_string());
        assert_eq!(net("10.1.2.3/8").as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(net("010.0.0.0/8").as_deref(), Ok("10.0.0.0/8"));
        assert_eq!(net("::ffff:10.1.0.0/104").as_deref(), Ok("10.0.0.0/8"));
    }
}
