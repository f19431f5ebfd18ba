//! What recorded addresses and names may become as externals, and what each choice lets in.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{External, Network};
use crate::observe::replay::private;
use crate::suggest::catalogue::Place;

/// An external that an end may become.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What it lets in: `the 2 addresses that were seen`.
    pub words: String,
    /// The external; one of the document with the same contents is used instead.
    pub external: External,
}

/// Prefixes that cover addresses are never wider.
const WIDEST: (u8, u8) = (24, 64);

/// A name, or the addresses that it had.
pub fn named(name: &str, addresses: &BTreeSet<IpAddr>) -> Vec<Choice> {
    let by_name = External {
        domain_names: vec![name.to_owned()],
        ..External::new(name, Vec::new())
    };
    let mut choices = vec![Choice {
        words: format!("the name {name}"),
        external: by_name,
    }];
    if !addresses.is_empty() {
        choices.push(Choice {
            words: format!("{}; a name's addresses change", seen(addresses.len())),
            external: External::new(format!("{name} addresses"), hosts(addresses)),
        });
    }
    choices
}

/// Addresses, the networks around them, and the Internet where they are public.
pub fn at(addresses: &BTreeSet<IpAddr>, internet: Option<External>) -> Vec<Choice> {
    let name = match addresses.first() {
        Some(first) if addresses.len() > 1 => format!("{first} and {} more", addresses.len() - 1),
        first => first.map(IpAddr::to_string).unwrap_or_default(),
    };
    let around: BTreeSet<IpNet> = addresses
        .iter()
        .filter_map(|address| around(*address))
        .collect();
    let words: Vec<String> = around.iter().map(IpNet::to_string).collect();
    let networks = around.iter().map(|cidr| Network {
        cidr: *cidr,
        except: Vec::new(),
    });
    let mut choices = vec![
        Choice {
            words: seen(addresses.len()),
            external: External::new(name, hosts(addresses)),
        },
        Choice {
            words: format!("every address of {}", few(&words)),
            external: External::new(few(&words), networks.collect()),
        },
    ];
    choices.extend(internet.map(|external| Choice {
        words: format!("every address of {}", external.name),
        external,
    }));
    choices
}

/// Everything outside but private addresses.
pub fn internet() -> External {
    match Place::internet() {
        Place::External(external) => external,
        Place::Known(name) => External::new(name, Vec::new()),
        Place::Group(group) => External::new(group.name, Vec::new()),
    }
}

/// Whether an address is of a network of the user's own.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => private().contains(address) || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// So many are named.
const NAMED: usize = 4;

/// `10.0.0.0/24, 10.0.1.0/24`; of many the first ones and how many more.
pub(super) fn few(words: &[String]) -> String {
    let more = words.len().saturating_sub(NAMED);
    let named = words.iter().take(NAMED).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    match more {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn seen(count: usize) -> String {
    match count {
        1 => "the address that was seen".to_owned(),
        n => format!("the {n} addresses that were seen"),
    }
}

fn hosts(addresses: &BTreeSet<IpAddr>) -> Vec<Network> {
    let network = |address: &IpAddr| Network {
        cidr: IpNet::from(*address),
        except: Vec::new(),
    };
    addresses.iter().map(network).collect()
}

fn around(address: IpAddr) -> Option<IpNet> {
    let length = if address.is_ipv4() {
        WIDEST.0
    } else {
        WIDEST.1
    };
    Some(IpNet::new(address, length).ok()?.trunc())
}
