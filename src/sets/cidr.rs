//! Sets of IPv4 and IPv6 addresses. The families never mix (K31).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use super::IntervalSet;

/// A set of addresses of both families.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpSet {
    /// IPv4 addresses as numbers.
    pub v4: IntervalSet<u32>,
    /// IPv6 addresses as numbers.
    pub v6: IntervalSet<u128>,
}

/// A block of IPv4-mapped addresses as the block of IPv4 that it is; every other one as it is.
pub fn unmapped(net: IpNet) -> IpNet {
    let IpAddr::V6(address) = net.addr() else {
        return net;
    };
    let inner = address
        .to_ipv4_mapped()
        .zip(net.prefix_len().checked_sub(96));
    let inner = inner.and_then(|(address, length)| IpNet::new(address.into(), length).ok());
    inner.unwrap_or(net)
}

impl IpSet {
    /// No address.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every address of both families.
    pub fn all() -> Self {
        Self {
            v4: IntervalSet::all(),
            v6: IntervalSet::all(),
        }
    }

    /// The addresses of private networks and of carriers' (RFC 1918, RFC 6598, RFC 4193).
    pub fn private() -> Self {
        let nets = [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "fc00::/7",
        ];
        let nets = nets.iter().filter_map(|net| net.parse().ok());
        nets.fold(Self::empty(), |all, net| all.union(&Self::net(net)))
    }

    /// The addresses of one network; host bits that are set are ignored (K33).
    pub fn net(net: IpNet) -> Self {
        Self::range(net.network(), net.broadcast())
    }

    /// `first..=last` of one family; empty if the families differ.
    pub fn range(first: IpAddr, last: IpAddr) -> Self {
        let mut set = Self::empty();
        match (first, last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => set.v4 = IntervalSet::range(a.into(), b.into()),
            (IpAddr::V6(a), IpAddr::V6(b)) => set.v6 = IntervalSet::range(a.into(), b.into()),
            _ => {}
        }
        set
    }

    /// One address.
    pub fn single(address: IpAddr) -> Self {
        Self::range(address, address)
    }

    /// `net` minus every network of `except` (K26, K30).
    pub fn block(net: IpNet, except: &[IpNet]) -> Self {
        Self::net(net).difference(&except.iter().copied().collect())
    }

    /// Whether it has no members.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether the address is a member.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(a) => self.v4.contains(a.into()),
            IpAddr::V6(a) => self.v6.contains(a.into()),
        }
    }

    /// Members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.union(&other.v4),
            v6: self.v6.union(&other.v6),
        }
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.intersection(&other.v4),
            v6: self.v6.intersection(&other.v6),
        }
    }

    /// Members of this one that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self {
            v4: self.v4.difference(&other.v4),
            v6: self.v6.difference(&other.v6),
        }
    }

    /// Every address that is not a member.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::all().difference(self)
    }

    /// Whether every member is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.v4.is_subset(&other.v4) && self.v6.is_subset(&other.v6)
    }

    /// Its maximal ranges, IPv4 first, ascending.
    pub fn ranges(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> + '_ {
        let v4 = self.v4.iter().map(|(a, b)| (v4(a), v4(b)));
        v4.chain(self.v6.iter().map(|(a, b)| (v6(a), v6(b))))
    }

    /// The fewest networks that make it up, IPv4 first, ascending.
    pub fn cidrs(&self) -> Vec<IpNet> {
        let v4 = self
            .v4
            .iter()
            .flat_map(|(a, b)| Ipv4Subnets::new(a.into(), b.into(), 0).map(IpNet::V4));
        let v6 = self
            .v6
            .iter()
            .flat_map(|(a, b)| Ipv6Subnets::new(a.into(), b.into(), 0).map(IpNet::V6));
        v4.chain(v6).collect()
    }
}

fn v4(number: u32) -> IpAddr {
    Ipv4Addr::from(number).into()
}

fn v6(number: u128) -> IpAddr {
    Ipv6Addr::from(number).into()
}

impl FromIterator<IpNet> for IpSet {
    /// The union.
    fn from_iter<I: IntoIterator<Item = IpNet>>(iter: I) -> Self {
        let (mut four, mut six) = (Vec::new(), Vec::new());
        for net in iter {
            match net {
                IpNet::V4(n) => four.push((n.network().into(), n.broadcast().into())),
                IpNet::V6(n) => six.push((n.network().into(), n.broadcast().into())),
            }
        }
        Self {
            v4: four.into_iter().collect(),
            v6: six.into_iter().collect(),
        }
    }
}
