//! The peers and subjects of policies in words. What only tells apart how a pod or node is known (host-network pods,
//! addresses of nodes) is left out.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::joined;
use crate::cluster::NAMESPACE_NAME_LABEL;
use crate::policy::{Entity, Peer};
use crate::sets::{IpSet, LabelOp, Requirement, Selector};

/// `Pods with app=db`, `Pods of shop`; none if it selects nothing. `own`: the namespace of the policy, which is not
/// repeated beside labels.
pub(super) fn subject(peer: &Peer, own: Option<&str>) -> Option<String> {
    let parts = match simplified(peer) {
        Peer::Nothing => return None,
        Peer::Everything => Vec::new(),
        simple => parts(&simple),
    };
    let of = |kind: Kind| texts(&parts, kind);
    let labels = [
        of(Kind::Labels),
        of(Kind::Account),
        of(Kind::Address),
        of(Kind::Other),
    ]
    .concat();
    let places = of(Kind::Place);
    let at_home = |place: &String| own.is_some_and(|own| *place == format!("in {own}"));
    let place = match places.as_slice() {
        [] if own.is_some() => String::new(),
        [] => " in any namespace".to_owned(),
        [one] if at_home(one) => String::new(),
        places => format!(" {}", places.join(" and ")),
    };
    let except = except_words(&parts);
    Some(match (labels.as_slice(), own) {
        ([], Some(own)) if place.is_empty() => format!("Pods of {own}{except}"),
        ([], _) if places.is_empty() => format!("All pods{except}"),
        ([], _) => format!("Pods{place}{except}"),
        (labels, _) => format!("Pods with {}{place}{except}", all_of(labels)),
    })
}

/// The pods of a rule among those of its policy: `pods with app=db`. `Some(None)`: all of them; `None`: none.
pub(super) fn narrowed(peer: &Peer) -> Option<Option<String>> {
    match simplified(peer) {
        Peer::Nothing => None,
        Peer::Everything | Peer::Pods => Some(None),
        simple => {
            let parts = parts(&simple);
            let kinds = [Kind::Labels, Kind::Account, Kind::Address, Kind::Other];
            let labels: Vec<String> = kinds.iter().flat_map(|kind| texts(&parts, *kind)).collect();
            let with = match labels.as_slice() {
                [] => String::new(),
                labels => format!(" with {}", all_of(labels)),
            };
            let places = texts(&parts, Kind::Place);
            let place: String = places.iter().map(|place| format!(" {place}")).collect();
            Some(Some(format!("pods{with}{place}{}", except_words(&parts))))
        }
    }
}

/// Each alternative of a peer; empty if it is everything, none if it is nothing.
pub(super) fn alternatives(peer: &Peer) -> Option<Vec<String>> {
    match simplified(peer) {
        Peer::Nothing => None,
        Peer::Everything => Some(Vec::new()),
        Peer::AnyOf(any) if !is_one(&any) => Some(any.iter().map(whole).collect()),
        one => Some(vec![whole(&one)]),
    }
}

/// What a part of a conjunction is about.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Labels,
    Place,
    Account,
    Address,
    /// Entities, nodes, domain names: they need no place.
    Other,
    /// Excluded.
    Except,
    /// Every pod.
    Pods,
}

struct Part {
    kind: Kind,
    text: String,
}

fn texts(parts: &[Part], kind: Kind) -> Vec<String> {
    let of = parts.iter().filter(|part| part.kind == kind);
    of.map(|part| part.text.clone()).collect()
}

/// Labels that must all match; alternatives among them in parentheses.
fn all_of(labels: &[String]) -> String {
    let one = |label: &String| match labels.len() > 1 && label.contains(" or ") {
        true => format!("({label})"),
        false => label.clone(),
    };
    let each: Vec<String> = labels.iter().map(one).collect();
    joined(&each, ", ", " and ")
}

fn except_words(parts: &[Part]) -> String {
    match texts(parts, Kind::Except).as_slice() {
        [] => String::new(),
        except => format!(" (except {})", joined(except, ", ", " and ")),
    }
}

/// `app=web in shop`, `10.0.0.0/8 (except 10.1.0.0/16)`, `the API server`.
fn whole(peer: &Peer) -> String {
    let parts = parts(peer);
    let of = |kind: Kind| texts(&parts, kind);
    let (labels, places, accounts) = (of(Kind::Labels), of(Kind::Place), of(Kind::Account));
    let (addresses, others, except) = (of(Kind::Address), of(Kind::Other), except_words(&parts));
    let has_pods = parts.iter().any(|part| part.kind == Kind::Pods);
    let is_of_pods = has_pods || !labels.is_empty() || !places.is_empty() || !accounts.is_empty();
    if !is_of_pods {
        let all = [others, addresses].concat();
        return match all.as_slice() {
            [] => format!("anything{except}"),
            all => format!("{}{except}", all.join(" in ")),
        };
    }
    let mut text = match labels.as_slice() {
        [] => "every pod".to_owned(),
        labels if labels.iter().all(|label| is_plain(label)) => joined(labels, ", ", ", "),
        labels => format!("pods with {}", all_of(labels)),
    };
    for account in accounts {
        text.push_str(&format!(" with {account}"));
    }
    match places.as_slice() {
        [] => text.push_str(" in any namespace"),
        places => text.push_str(&format!(" {}", places.join(" and "))),
    }
    for address in [addresses, others].concat() {
        text.push_str(&format!(" at {address}"));
    }
    text + &except
}

/// Whether a label reads well without `pods with`: `app=web`.
fn is_plain(label: &str) -> bool {
    !label.contains(' ') && !label.contains('!')
}

/// The parts of a conjunction.
fn parts(peer: &Peer) -> Vec<Part> {
    let one = |kind, text: String| vec![Part { kind, text }];
    match peer {
        Peer::All(_) if *peer == Peer::remote_nodes() => {
            one(Kind::Other, Entity::RemoteNode.description().to_owned())
        }
        Peer::All(all) => all.iter().flat_map(parts).collect(),
        Peer::AnyOf(any) => either(any),
        Peer::Not(inner) => one(Kind::Except, excluded(inner)),
        Peer::Everything => Vec::new(),
        Peer::Nothing => one(Kind::Other, "nothing".to_owned()),
        Peer::Pods => one(Kind::Pods, String::new()),
        Peer::PodLabels(selector) if selector.is_everything() => one(Kind::Pods, String::new()),
        Peer::PodLabels(selector) => {
            let each = selector.requirements.iter().map(|requirement| Part {
                kind: Kind::Labels,
                text: requirement_words(requirement),
            });
            each.collect()
        }
        Peer::Namespace(name) => one(Kind::Place, format!("in {name}")),
        Peer::NamespaceLabels(selector) => one(Kind::Place, place_words(selector)),
        Peer::ServiceAccount(name) => one(Kind::Account, format!("service account {name}")),
        Peer::Addresses(set) => one(Kind::Address, address_words(set)),
        Peer::PodAddresses(set) => one(Kind::Address, format!("pods at {}", address_words(set))),
        Peer::HostAddresses(set) => one(Kind::Address, format!("nodes at {}", address_words(set))),
        Peer::HostNetwork => one(Kind::Other, "pods on the host network".to_owned()),
        Peer::HostsOn(selector) | Peer::Nodes(selector) => one(Kind::Other, node_words(selector)),
        Peer::PodsOf(_) => one(Kind::Other, "pods of one workload".to_owned()),
        Peer::NewPods => one(Kind::Other, "future pods".to_owned()),
        Peer::PodsIpv4 => one(Kind::Other, "pods with an IPv4 address".to_owned()),
        Peer::PodsIpv6 => one(Kind::Other, "pods with an IPv6 address".to_owned()),
        Peer::PodsOfFamilies { v4, v6 } => {
            let text = match (v4, v6) {
                (true, true) => "pods with addresses of both families",
                (true, false) => "pods with IPv4 addresses only",
                (false, true) => "pods with IPv6 addresses only",
                (false, false) => "pods without known addresses",
            };
            one(Kind::Other, text.to_owned())
        }
        Peer::Domain(pattern) => one(Kind::Other, pattern.to_string()),
        Peer::Entity(entity) => one(Kind::Other, entity.description().to_owned()),
    }
}

/// Alternatives as one part of a conjunction.
fn either(any: &[Peer]) -> Vec<Part> {
    if let Some(text) = known(any) {
        let kind = Kind::Other;
        return vec![Part { kind, text }];
    }
    let each: Vec<Vec<Part>> = any.iter().map(parts).collect();
    let kinds: Vec<Kind> = (each.iter())
        .filter_map(|parts| match parts.as_slice() {
            [one] if one.kind != Kind::Except => Some(one.kind),
            _ => None,
        })
        .collect();
    let same = kinds
        .first()
        .filter(|first| kinds.len() == each.len() && kinds.iter().all(|kind| kind == *first));
    let (kind, texts): (Kind, Vec<String>) = match same {
        Some(kind) => (*kind, each.into_iter().flatten().map(|p| p.text).collect()),
        None => (Kind::Other, any.iter().map(whole).collect()),
    };
    let mut text = joined(&texts, ", ", " or ");
    if kind == Kind::Place {
        // "in a or in b" reads better with one "in".
        text = text.replace(", in ", ", ").replace(" or in ", " or ");
    }
    vec![Part { kind, text }]
}

/// What is excluded, without what the rest says already.
fn excluded(inner: &Peer) -> String {
    let parts = parts(inner);
    let texts: Vec<String> = parts
        .iter()
        .filter(|part| part.kind != Kind::Pods && part.kind != Kind::Except)
        .map(|part| part.text.clone())
        .collect();
    let except = except_words(&parts);
    match texts.as_slice() {
        [] if parts.iter().any(|part| part.kind == Kind::Pods) => format!("pods{except}"),
        [] => format!("the rest{except}"),
        texts => format!("{}{except}", texts.join(" ")),
    }
}

/// Whether alternatives are one thing with a name of its own.
fn is_one(any: &[Peer]) -> bool {
    known(any).is_some()
}

/// Alternatives that are one thing: everything in the cluster, nodes with the pods on them.
fn known(any: &[Peer]) -> Option<String> {
    let has_all = |peers: &[Peer]| peers.iter().all(|peer| any.contains(peer));
    let nodes = Peer::Nodes(Selector::everything());
    let entities = Entity::OPAQUE.map(Peer::Entity);
    if has_all(&[Peer::Pods, nodes.clone()]) && has_all(&entities) {
        return Some(Entity::Cluster.description().to_owned());
    }
    match any {
        [Peer::HostNetwork, Peer::Nodes(of)] if of.is_everything() => Some("all nodes".to_owned()),
        [Peer::HostsOn(a), Peer::Nodes(b)] | [Peer::Nodes(a), Peer::HostsOn(b)] if a == b => {
            Some(node_words(a))
        }
        _ => None,
    }
}

fn node_words(selector: &Selector) -> String {
    match selector.is_everything() {
        true => "all nodes".to_owned(),
        false => format!("nodes with {}", selector_words(selector)),
    }
}

fn selector_words(selector: &Selector) -> String {
    let each: Vec<String> = selector
        .requirements
        .iter()
        .map(requirement_words)
        .collect();
    joined(&each, ", ", " and ")
}

fn requirement_words(requirement: &Requirement) -> String {
    let key = &requirement.key;
    match &requirement.op {
        LabelOp::Exists => format!("the label {key}"),
        LabelOp::DoesNotExist => format!("no label {key}"),
        LabelOp::In(values) if values.is_empty() => format!("no value of {key}"),
        LabelOp::In(values) => format!("{key}={}", values_words(values)),
        LabelOp::NotIn(values) if values.is_empty() => format!("any value of {key}"),
        LabelOp::NotIn(values) => format!("{key} other than {}", values_words(values)),
        LabelOp::StartsWith(text) => format!("{key} that starts with {}", value_words(text)),
        LabelOp::EndsWith(text) => format!("{key} that ends with {}", value_words(text)),
        LabelOp::Contains(text) => format!("{key} that contains {}", value_words(text)),
    }
}

fn values_words(values: &BTreeSet<String>) -> String {
    let values: Vec<String> = values.iter().map(|value| value_words(value)).collect();
    joined(&values, ", ", " or ")
}

/// A value of a label; an empty one is shown as `""`.
fn value_words(value: &str) -> String {
    match value {
        "" => "\"\"".to_owned(),
        value => value.to_owned(),
    }
}

/// `in shop`, `in namespaces with team=web`, `in any namespace`.
fn place_words(selector: &Selector) -> String {
    match selector.requirements.as_slice() {
        [] => "in any namespace".to_owned(),
        [one] if one.key == NAMESPACE_NAME_LABEL => match &one.op {
            LabelOp::In(names) if !names.is_empty() => format!("in {}", values_words(names)),
            LabelOp::NotIn(names) if !names.is_empty() => {
                format!("in any namespace but {}", values_words(names))
            }
            LabelOp::Exists => "in any namespace".to_owned(),
            _ => format!("in namespaces with {}", requirement_words(one)),
        },
        _ => format!("in namespaces with {}", selector_words(selector)),
    }
}

/// Blocks, or one block and what is missing from it, whichever is shorter.
fn address_words(set: &IpSet) -> String {
    if *set == IpSet::all() {
        return "any address outside the cluster".to_owned();
    }
    let families = [
        IpNet::from(Ipv4Net::default()),
        IpNet::from(Ipv6Net::default()),
    ];
    let of = families.map(|family| set.intersection(&IpSet::net(family)));
    let texts = of.iter().filter(|part| !part.is_empty()).map(block_words);
    let texts: Vec<String> = texts.collect();
    match texts.as_slice() {
        [] => "no address".to_owned(),
        texts => texts.join(" and "),
    }
}

fn block_words(set: &IpSet) -> String {
    let blocks = set.cidrs();
    let words = |blocks: &[IpNet]| {
        let blocks: Vec<String> = blocks.iter().map(ToString::to_string).collect();
        joined(&blocks, ", ", " and ")
    };
    let first = set.ranges().next().map(|(first, _)| first);
    let last = set.ranges().last().map(|(_, last)| last);
    let around = first
        .zip(last)
        .and_then(|(first, last)| around(first, last));
    if let Some(around) = around {
        let holes = IpSet::net(around).difference(set).cidrs();
        if !holes.is_empty() && holes.len() < blocks.len() {
            return format!("{around} (except {})", words(&holes));
        }
    }
    words(&blocks)
}

/// The smallest block with both addresses.
fn around(first: IpAddr, last: IpAddr) -> Option<IpNet> {
    let most = IpNet::from(first).prefix_len();
    let blocks = (0..=most)
        .rev()
        .filter_map(|length| IpNet::new(first, length).ok());
    blocks
        .map(|block| block.trunc())
        .find(|block| block.contains(&last))
}

/// The same expression without what is redundant, and without what policies say of host-network pods and their
/// addresses beside the pods and addresses that a person wrote.
fn simplified(peer: &Peer) -> Peer {
    match peer {
        Peer::All(all) => {
            let mut flat = Vec::new();
            for part in all.iter().map(simplified) {
                match part {
                    Peer::Nothing => return Peer::Nothing,
                    Peer::Everything => {}
                    Peer::All(more) => flat.extend(more),
                    one => flat.push(one),
                }
            }
            flat.retain(|part| !is_technical(part));
            if flat.iter().any(|part| matches!(part, Peer::Addresses(_))) {
                let nodes = Peer::Not(Box::new(Peer::Nodes(Selector::everything())));
                flat.retain(|part| *part != nodes);
            }
            single(flat, Peer::All, Peer::Everything)
        }
        Peer::AnyOf(any) => {
            let mut flat = Vec::new();
            for part in any.iter().map(simplified) {
                match part {
                    Peer::Everything => return Peer::Everything,
                    Peer::Nothing => {}
                    Peer::AnyOf(more) if known(&more).is_none() => flat.extend(more),
                    one if flat.contains(&one) => {}
                    one => flat.push(one),
                }
            }
            let blocks: Vec<IpSet> = flat.iter().filter_map(addresses).cloned().collect();
            flat.retain(|part| match part {
                Peer::PodAddresses(set) | Peer::HostAddresses(set) => !blocks.contains(set),
                Peer::PodsOfFamilies {
                    v4: false,
                    v6: false,
                } => blocks.is_empty(),
                _ => true,
            });
            single(flat, Peer::AnyOf, Peer::Nothing)
        }
        Peer::Not(inner) => match simplified(inner) {
            Peer::Nothing => Peer::Everything,
            Peer::Everything => Peer::Nothing,
            Peer::Not(twice) => *twice,
            one => Peer::Not(Box::new(one)),
        },
        Peer::Addresses(set) if set.is_empty() => Peer::Nothing,
        leaf => leaf.clone(),
    }
}

fn addresses(peer: &Peer) -> Option<&IpSet> {
    match peer {
        Peer::Addresses(set) => Some(set),
        _ => None,
    }
}

/// Parts that a person did not write: host-network pods are nodes; pods of both families connect by IPv4.
fn is_technical(part: &Peer) -> bool {
    let Peer::Not(inner) = part else {
        return false;
    };
    matches!(
        **inner,
        Peer::HostNetwork | Peer::PodsOfFamilies { v4: true, v6: true }
    )
}

fn single(mut parts: Vec<Peer>, many: fn(Vec<Peer>) -> Peer, none: Peer) -> Peer {
    match parts.len() {
        0 => none,
        1 => parts.swap_remove(0),
        _ => many(parts),
    }
}
