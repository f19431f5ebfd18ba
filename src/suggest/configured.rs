//! Addresses in environment variables, arguments, commands and ConfigMaps.

use std::collections::BTreeMap;

use super::address::{Address, addresses};
use super::cluster::{Cluster, Destination, Host, external};
use super::key::{self, Key, is_no_destination, may_be_own_host, port_key, port_keys};
use super::pairs::pairs;
use super::passwords::{is_secret, without_passwords};
use super::{Evidence, Piece, Strength};
use crate::manifest::Mention;

/// The longest value that evidence repeats.
const LONGEST: usize = 120;

pub(super) fn pieces(cluster: &Cluster, mentions: &[Mention]) -> Vec<Piece> {
    let mut found = Vec::new();
    each(cluster, mentions, &mut |from, mention, address, ports| {
        found.extend(pieces_of(cluster, from, mention, address, ports));
    });
    each_pair(cluster, mentions, &mut |from, at, address| {
        found.extend(paired(cluster, from, at, &address));
    });
    found
}

/// Calls `see` with each address in the configuration of a workload, and the port numbers beside it.
pub(super) fn each(
    cluster: &Cluster,
    mentions: &[Mention],
    see: &mut dyn FnMut(usize, &Mention, Address, &Ports),
) {
    let names = Names::new(cluster);
    for group in mentions.chunk_by(|a, b| a.group == b.group) {
        let Some(from) = group.first().and_then(|first| names.workload(first)) else {
            continue;
        };
        let ports = Ports::new(group);
        for mention in group.iter().filter(|m| !is_no_destination(&m.key)) {
            let each = addresses(&mention.text);
            let is_one = each.len() == 1;
            for mut address in each {
                // Of several words, or of a file, only those under the name of a host are hosts.
                address.whole &= is_one && !mention.in_file || !address.is_word();
                if address.is_bare() {
                    address.port = port_behind(cluster, mention, &address);
                }
                see(from, mention, address, &ports);
            }
        }
    }
}

/// The port that follows a host in a longer text, if it is one of the Service of that name: `psql -h db.data.svc -p 5432`.
fn port_behind(cluster: &Cluster, mention: &Mention, address: &Address) -> Option<u16> {
    let Host::Service(service, _) = cluster.host(address, &mention.namespace) else {
        return None;
    };
    let of_host = |pair: &Address| pair.host == address.host;
    let pairs = pairs(&mention.text).into_iter().filter(of_host);
    let mut written = pairs.filter_map(|pair| pair.port);
    written.find(|port| service.ports.iter().any(|own| own.port == *port))
}

/// Calls `see` with each host and port that stand beside each other in a text or a command, and no address holds.
fn each_pair(
    cluster: &Cluster,
    mentions: &[Mention],
    see: &mut dyn FnMut(usize, &[&Mention], Address),
) {
    let names = Names::new(cluster);
    for group in mentions.chunk_by(|a, b| a.group == b.group) {
        let Some(from) = group.first().and_then(|first| names.workload(first)) else {
            continue;
        };
        for mention in group.iter().filter(|m| !is_no_destination(&m.key)) {
            let known: Vec<String> = (addresses(&mention.text).into_iter())
                .map(|address| address.host)
                .collect();
            let more = pairs(&mention.text).into_iter();
            for address in more.filter(|address| !known.contains(&address.host)) {
                see(from, &[mention], address);
            }
        }
        for two in group.windows(2) {
            if let [host, port] = two
                && let Some(address) = listed(host, port)
            {
                see(from, &[host, port], address);
            }
        }
    }
}

/// Workloads by the objects that have their pod templates.
struct Names<'a> {
    workloads: BTreeMap<(&'a str, &'a str, &'a str), usize>,
    /// Pods by namespace and name.
    pods: BTreeMap<(&'a str, &'a str), usize>,
}

impl<'a> Names<'a> {
    fn new(cluster: &Cluster<'a>) -> Self {
        let workloads = cluster.snapshot.workloads.iter().enumerate();
        let workloads = workloads.map(|(at, w)| ((&*w.namespace, &*w.kind, &*w.name), at));
        let pods = cluster.snapshot.pods.iter();
        let pods = pods.map(|pod| ((cluster.namespace_of(pod), &*pod.name), pod.workload));
        Self {
            workloads: workloads.collect(),
            pods: pods.collect(),
        }
    }

    fn workload(&self, mention: &Mention) -> Option<usize> {
        let (namespace, kind, name) = (&*mention.namespace, &*mention.kind, &*mention.name);
        let own = self.workloads.get(&(namespace, kind, name));
        let pod = || match kind {
            "Pod" => self.pods.get(&(namespace, name)),
            _ => None,
        };
        own.or_else(pod).copied()
    }
}

/// The values of a group that are port numbers, by their keys.
pub(super) struct Ports<'a>(BTreeMap<String, Vec<(u16, &'a Mention)>>);

impl<'a> Ports<'a> {
    fn new(group: &'a [Mention]) -> Self {
        let mut found = Self(BTreeMap::new());
        for mention in group.iter().filter(|mention| !mention.key.is_empty()) {
            if let Some(port) = mention.text.trim().parse().ok().filter(|port| *port > 0) {
                let all = found.0.entry(port_key(&mention.key)).or_default();
                all.push((port, mention));
            }
        }
        found
    }

    /// The port beside a host: the nearest with its key.
    pub(super) fn beside(&self, host: &Mention) -> Option<(u16, &'a Mention)> {
        let mut keys = port_keys(&host.key);
        // In a file a bare host is one to connect to.
        if host.in_file && may_be_own_host(&host.key) {
            keys.push("port".to_owned());
        }
        let all = keys.iter().find_map(|key| self.0.get(key))?;
        let distance = |(_, port): &&(u16, &Mention)| port.span.line.abs_diff(host.span.line);
        all.iter().min_by_key(distance).copied()
    }
}

/// A host and a port that follow each other in a command: `[nc, -z, db, "5432"]`.
fn listed(host: &Mention, port: &Mention) -> Option<Address> {
    let in_command = host.place == port.place && ["command", "args"].contains(&&*host.place);
    let pair = format!("{} {}", host.text, port.text);
    let one_word = |mention: &Mention| !mention.text.contains(char::is_whitespace);
    let found = pairs(&pair).into_iter().next()?;
    let is_whole = found.host == host.text && found.port == port.text.parse().ok();
    (in_command && one_word(host) && is_whole).then_some(found)
}

/// The flows to a Service that has the name and the port of an address found in a text; after an option for hosts the name
/// is enough.
fn paired(cluster: &Cluster, from: usize, at: &[&Mention], address: &Address) -> Vec<Piece> {
    let Some(first) = at.first() else {
        return Vec::new();
    };
    let Host::Service(service, pod) = cluster.host(address, &first.namespace) else {
        return Vec::new();
    };
    let mut ports = service.ports.iter();
    if address
        .port
        .is_some_and(|port| !ports.any(|p| p.port == port))
    {
        return Vec::new();
    }
    let found = cluster.of_service(service, pod.as_deref(), address);
    let others = found.into_iter().filter(|to| to.workload != Some(from));
    let piece = |to: Destination| Piece {
        from: cluster.words(from),
        to: to.to,
        ports: to.ports,
        guessed: to.guessed,
        strength: to.strength.min(Strength::Medium),
        evidence: at.iter().map(|mention| evidence(mention)).collect(),
    };
    others.map(piece).collect()
}

fn pieces_of(
    cluster: &Cluster,
    from: usize,
    mention: &Mention,
    mut address: Address,
    ports: &Ports,
) -> Vec<Piece> {
    let mut found = vec![evidence(mention)];
    let beside = ports.beside(mention).filter(|_| address.port.is_none());
    if let Some((port, mention)) = beside {
        address.port = Some(port);
        found.push(evidence(mention));
    }
    let destinations = destinations(cluster, from, mention, &address).into_iter();
    let piece = |to: Destination| Piece {
        from: cluster.words(from),
        to: to.to,
        ports: to.ports,
        guessed: to.guessed,
        strength: to.strength,
        evidence: found.clone(),
    };
    destinations.map(piece).collect()
}

fn destinations(
    cluster: &Cluster,
    from: usize,
    mention: &Mention,
    address: &Address,
) -> Vec<Destination> {
    let key = key::key(&mention.key);
    let is_bare = address.is_bare();
    // Where the workload itself listens.
    if is_bare && !mention.in_file && may_be_own_host(&mention.key) {
        return Vec::new();
    }
    match cluster.host(address, &mention.namespace) {
        Host::Service(service, pod) => {
            let short = address.is_word();
            // A word counts where its key names a host: `DB_USER=postgres` and `VARIANT=cms` name none.
            if short && key != Key::Host {
                return Vec::new();
            }
            let mut found = cluster.of_service(service, pod.as_deref(), address);
            // Pods connect to each other by the name of a headless Service; through another one a workload names itself.
            found.retain(|to| to.workload != Some(from) || service.headless && !short);
            if is_bare && key == Key::Other {
                found.iter_mut().for_each(|to| to.strength = Strength::Weak);
            }
            found
        }
        Host::Pod(at) => {
            let found = cluster.of_pod(at, address).into_iter();
            found.filter(|to| to.workload != Some(from)).collect()
        }
        Host::External(name) => {
            let port = address.port.or(address.implied_port());
            let mut found = external(name, port, address);
            let names_no_host = is_bare && key != Key::Host || port.is_none() && !is_bare;
            let names_itself = !mention.in_file && may_be_own_host(&mention.key);
            if names_no_host || names_itself || !address.whole && mention.in_file {
                return Vec::new();
            }
            if !address.whole || key == Key::Other {
                found.strength = Strength::Weak;
            }
            vec![found]
        }
        Host::Nothing => Vec::new(),
    }
}

pub(super) fn evidence(mention: &Mention) -> Evidence {
    let all = mention.text.trim();
    let line = all.lines().next().unwrap_or_default();
    let text = match is_secret(&mention.key) {
        true => "***".to_owned(),
        false => without_passwords(line),
    };
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() || line.len() < all.len() {
        shown.push('…');
    }
    let text = match mention.key.as_str() {
        "" => format!("{}: {shown}", mention.place),
        key => format!("{}: {key}={shown}", mention.place),
    };
    Evidence::new(&mention.span, text)
}
