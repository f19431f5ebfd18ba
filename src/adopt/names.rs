//! Names of groups and externals, from their selectors and address blocks.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::model::Network;
use crate::policy::Accounts;
use crate::sets::{LabelOp, Selector};

/// The longest name that the model takes.
const LONGEST: usize = 63;

/// `app=db in shop`, `any pod as robot in shop`, `name=prometheus in any namespace`, `any pod in team=web`.
pub(super) fn group(namespaces: &Selector, pods: &Selector, accounts: &Accounts) -> String {
    let within = match namespaces.requirements.as_slice() {
        [] => "any namespace".to_owned(),
        [only] => match &only.op {
            LabelOp::In(names) if only.key == NAMESPACE_NAME_LABEL => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                names.join(" or ")
            }
            _ => short(namespaces),
        },
        _ => short(namespaces),
    };
    let pods = match pods.is_everything() {
        true => "any pod".to_owned(),
        false => short(pods),
    };
    match accounts.is_any() {
        true => fit(format!("{pods} in {within}")),
        false => fit(format!("{pods} as {accounts} in {within}")),
    }
}

/// A selector without the prefixes of its keys: `name=web, tier in (a, b)`.
fn short(selector: &Selector) -> String {
    let mut short = selector.clone();
    for requirement in &mut short.requirements {
        if let Some((_, name)) = requirement.key.rsplit_once('/') {
            requirement.key = name.to_owned();
        }
    }
    short.to_string()
}

/// `10.0.0.0/8`, `10.0.0.0/8 except 10.1.0.0/16`, `192.0.2.0/24 and 3 more`; the whole address space
/// is `Any address`, and without its private parts it is `Internet`. Of domain names alone: `a.example and 2 more`.
pub(super) fn external(networks: &[Network], names: &[String]) -> String {
    if let ([], [first, rest @ ..]) = (networks, names) {
        return fit(match rest.len() {
            0 => first.clone(),
            count => format!("{first} and {count} more"),
        });
    }
    let whole = |v4: bool| {
        let is = |n: &&Network| n.cidr.prefix_len() == 0 && n.cidr.addr().is_ipv4() == v4;
        networks.iter().find(is)
    };
    let rest = networks.iter().any(|n| n.cidr.prefix_len() != 0);
    let plain = |n: Option<&Network>| n.is_none_or(|n| n.except.is_empty());
    let (v4, v6) = (whole(true), whole(false));
    if !rest && plain(v4) && plain(v6) {
        return match (v4, v6) {
            (Some(_), None) => "Any IPv4 address",
            (None, Some(_)) => "Any IPv6 address",
            _ => "Any address",
        }
        .to_owned();
    }
    let private = |n: &Network| !n.except.is_empty() && n.except.iter().all(is_private);
    if !rest && networks.iter().all(private) {
        return "Internet".to_owned();
    }
    let Some(first) = networks.first() else {
        return "nowhere".to_owned();
    };
    let block = match first.to_string() {
        whole if whole.len() <= 44 => whole,
        _ => format!("{} except {} blocks", first.cidr, first.except.len()),
    };
    fit(match networks.len() {
        1 => block,
        count => format!("{block} and {} more", count - 1),
    })
}

/// Private, shared, link-local and unique-local blocks.
fn is_private(net: &IpNet) -> bool {
    const BLOCKS: [&str; 7] = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    ];
    let blocks = BLOCKS.iter().filter_map(|text| text.parse::<IpNet>().ok());
    let within = |block: IpNet| block.contains(net);
    let loopback = |ip: IpAddr| ip.is_loopback();
    blocks.into_iter().any(within) || loopback(net.addr())
}

fn fit(name: String) -> String {
    if name.chars().count() <= LONGEST {
        return name;
    }
    let head: String = name.chars().take(LONGEST - 1).collect();
    format!("{}…", head.trim_end())
}
