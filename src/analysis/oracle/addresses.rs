//! Address blocks, range by range; the families never mix (K31).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::Endpoint;
use crate::cluster::{Node, Pod};
use crate::sets::IpSet;

/// A family of addresses.
#[derive(Clone, Copy, Debug)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    /// Those that need be asked about an end that is all of these at once: that of its address, and both for a domain name
    /// alone, which may stand for addresses of either.
    pub fn of(end: &[Endpoint]) -> &'static [Self] {
        let mut addresses = end.iter().filter_map(|one| match one {
            Endpoint::Address(address) | Endpoint::NodeAddress(_, address) => Some(address),
            _ => None,
        });
        let is_name = |one: &Endpoint| matches!(one, Endpoint::Domain(_));
        match addresses.next() {
            Some(address) if address.is_ipv6() => &[Self::V6],
            None if end.iter().any(is_name) => &[Self::V4, Self::V6],
            _ => &[Self::V4],
        }
    }

    /// Whether every address of the family is in a set.
    pub fn lies_whole_in(self, set: &IpSet) -> bool {
        let (first, last): (IpAddr, IpAddr) = match self {
            Self::V4 => (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into()),
            Self::V6 => (
                Ipv6Addr::UNSPECIFIED.into(),
                Ipv6Addr::from(u128::MAX).into(),
            ),
        };
        set.ranges().any(|range| range == (first, last))
    }
}

/// Whether an address lies in one of the ranges of a set.
pub(super) fn lies_in(address: IpAddr, set: &IpSet) -> bool {
    set.ranges().any(|range| match (range, address) {
        ((IpAddr::V4(first), IpAddr::V4(last)), IpAddr::V4(address)) => {
            first.octets() <= address.octets() && address.octets() <= last.octets()
        }
        ((IpAddr::V6(first), IpAddr::V6(last)), IpAddr::V6(address)) => {
            first.octets() <= address.octets() && address.octets() <= last.octets()
        }
        _ => false,
    })
}

/// Whether a host-network pod that counts as its node has an address in a set. Without any known address
/// it has some IPv4 address, so that only a block of all IPv4 addresses matches it.
pub(super) fn host_lies_in(pod: &Pod, node: Option<&Node>, set: &IpSet) -> bool {
    let mut known: Vec<IpAddr> = pod.addresses.clone();
    if let Some(node) = node {
        known.extend(&node.addresses);
    }
    if known.is_empty() {
        return Family::V4.lies_whole_in(set);
    }
    known.into_iter().any(|address| lies_in(address, set))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_include_both_ends_and_one_family() {
        let set = |net: &str| IpSet::net(net.parse().expect("a network"));
        let at = |text: &str| text.parse::<IpAddr>().expect("an address");
        for (net, address, want) in [
            ("10.0.0.0/8", "10.0.0.0", true),
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "9.255.255.255", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::", false),
            ("::/0", "10.0.0.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
        ] {
            assert_eq!(lies_in(at(address), &set(net)), want, "{address} in {net}");
        }
        assert!(!lies_in(at("10.0.0.1"), &IpSet::empty()));
    }
}
