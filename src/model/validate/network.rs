//! Address blocks with exceptions, and domain names (V12 to V14, A8).

use crate::policy::Entity;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Refusal;
use crate::model::{Document, End, External, Network, NodeId};
use crate::sets::IpSet;

/// An address block: `10.0.0.0/8`, `2001:db8::/32`; an address alone is a block of one.
pub fn cidr(text: &str) -> Result<IpNet, Refusal> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return unmapped(IpNet::from(address));
    }
    let Ok(block) = text.parse::<IpNet>() else {
        return Err(Refusal::new(format!("`{text}` is not an address block"))
            .help("write one such as 10.0.0.0/8 or 2001:db8::/32"));
    };
    if block != block.trunc() {
        return Err(
            Refusal::new(format!("`{text}` has host bits set")).help(format!(
                "write {}, or {} for the single address",
                block.trunc(),
                block.addr()
            )),
        );
    }
    unmapped(block)
}

fn unmapped(block: IpNet) -> Result<IpNet, Refusal> {
    match block.addr() {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => Err(Refusal::new(format!(
            "`{block}` is an IPv4-mapped IPv6 address"
        ))
        .help("write the IPv4 block")),
        _ => Ok(block),
    }
}

/// One block with its exceptions: `198.51.100.0/24 except 198.51.100.9/32, 198.51.100.10/32`.
pub fn network(text: &str) -> Result<Network, Refusal> {
    let (block, exceptions) = match text.split_once("except") {
        Some((block, exceptions)) => (block, exceptions),
        None => (text, ""),
    };
    let block = cidr(block)?;
    let mut except = Vec::new();
    for exception in exceptions
        .split(',')
        .map(str::trim)
        .filter(|exception| !exception.is_empty())
    {
        except.push(cidr(exception)?);
    }
    let network = Network {
        cidr: block,
        except,
    };
    network.check()?;
    Ok(network)
}

/// Blocks, one per line (or separated by `;`).
pub fn networks(text: &str) -> Result<Vec<Network>, Refusal> {
    text.split(['\n', ';'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(network)
        .collect()
}

impl Network {
    /// Checks that every exception is a proper subset of the block.
    pub fn check(&self) -> Result<(), Refusal> {
        for exception in &self.except {
            if *exception == self.cidr || !self.cidr.contains(exception) {
                return Err(Refusal::new(format!(
                    "`{exception}` is not a proper subset of `{}`",
                    self.cidr
                ))
                .help("except only smaller blocks of the same address family"));
            }
        }
        Ok(())
    }
}

/// The addresses in any of these blocks.
pub fn addresses_of<'n>(networks: impl IntoIterator<Item = &'n Network>) -> IpSet {
    let blocks = networks.into_iter();
    let blocks = blocks.map(|n| IpSet::block(n.cidr, &n.except));
    blocks.fold(IpSet::empty(), |all, one| all.union(&one))
}

impl Document {
    /// The addresses of an external or a node; other ends are pods.
    pub fn addresses_at(&self, end: &End) -> IpSet {
        match end {
            End::External(id) => self.externals.get(*id).map(External::addresses),
            End::Node(id) => self.nodes.get(*id).map(|row| row.node.address_set()),
            _ => None,
        }
        .unwrap_or_else(IpSet::empty)
    }

    /// The nodes that flows name.
    pub fn nodes_of_flows(&self) -> BTreeSet<NodeId> {
        if self.nodes.is_empty() {
            return BTreeSet::new();
        }
        let flows = self.flows.iter();
        let ends = flows.flat_map(|(_, flow)| [&flow.from, &flow.to]);
        ends.filter_map(|end| match end {
            End::Node(id) => Some(*id),
            _ => None,
        })
        .collect()
    }
}

impl External {
    /// The addresses in its blocks; all of them for what is everything outside.
    pub fn addresses(&self) -> IpSet {
        match self.entity {
            Some(Entity::World) => IpSet::all(),
            _ => addresses_of(&self.networks),
        }
    }

    /// The entities among its members that are endpoints of their own.
    pub fn opaque_entities(&self) -> Vec<Entity> {
        match self.entity {
            Some(Entity::Cluster) => Entity::OPAQUE.to_vec(),
            Some(one) if Entity::OPAQUE.contains(&one) => vec![one],
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Network {
    /// As [`network`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cidr)?;
        for (i, exception) in self.except.iter().enumerate() {
            write!(f, "{} {exception}", if i == 0 { " except" } else { "," })?;
        }
        Ok(())
    }
}

/// A domain name: `api.stripe.com`, or `*.example.com` for everything below it.
pub fn domain_name(name: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| {
        Err(Refusal::new(format!("`{name}` {why}"))
            .help("write a name such as api.example.com, or *.example.com"))
    };
    let plain = name.strip_prefix("*.").unwrap_or(name);
    let plain = plain.strip_suffix('.').unwrap_or(plain);
    let parts: Vec<&str> = plain.split('.').collect();
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() {
        refuse("is empty")
    } else if name.len() > 253 {
        refuse("is longer than 253 characters")
    } else if name.parse::<IpAddr>().is_ok() {
        Err(
            Refusal::new(format!("`{name}` is an address, not a domain name"))
                .help("add it to the networks"),
        )
    } else if parts.len() < 2 {
        refuse("has only one label")
    } else if parts.iter().any(|part| part.is_empty() || part.len() > 63) {
        refuse("has a label that is empty or longer than 63 characters")
    } else if parts.iter().any(|part| !part.chars().all(fine)) {
        refuse("contains characters other than lowercase letters, digits and hyphens")
    } else if parts
        .iter()
        .any(|part| part.starts_with('-') || part.ends_with('-'))
    {
        refuse("has a label that starts or ends with a hyphen")
    } else {
        Ok(())
    }
}
