//! Ends as words, as the project file and the command line write them: `shop/web`,
//! `shop/web[StatefulSet]` where two kinds share a name, `shop/*`, `*`, `external/office`,
//! `group/scrapers`, `node/worker-1`; a namespace that is itself called external, group or node is `ns:external/web`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::validate::flow_ends;
use crate::cluster;

use super::{
    Document, End, ExternalId, Flow, GroupId, NamespaceId, NodeId, NodeRef, Refusal, Workload,
    WorkloadId,
};

/// First words that do not mean a namespace, unless `ns:` is before them.
const RESERVED: [&str; 3] = ["external", "group", "node"];

fn is_reserved(namespace: &str) -> bool {
    let first = namespace.split('/').next().unwrap_or_default();
    RESERVED.contains(&first)
}

/// A workload of a cluster as an end, given all its workloads.
pub fn workload_words(all: &[cluster::Workload], workload: &cluster::Workload) -> String {
    let (namespace, name) = (&workload.namespace, &workload.name);
    let from = all.partition_point(|w| (&w.namespace, &w.name) < (namespace, name));
    let namesakes = all.get(from..).unwrap_or_default().iter();
    let namesakes = namesakes.take_while(|w| w.namespace == *namespace && w.name == *name);
    let before = match RESERVED.contains(&namespace.as_str()) {
        true => "ns:",
        false => "",
    };
    match namesakes.count() > 1 {
        true => format!("{before}{namespace}/{name}[{}]", workload.kind),
        false => format!("{before}{namespace}/{name}"),
    }
}

/// The names of a Document, looked up once for many ends.
pub struct Words<'a> {
    document: &'a Document,
    namespaces: BTreeMap<&'a str, NamespaceId>,
    workloads: BTreeMap<(NamespaceId, &'a str), Vec<WorkloadId>>,
    externals: BTreeMap<&'a str, ExternalId>,
    groups: BTreeMap<&'a str, GroupId>,
    nodes: BTreeMap<&'a str, NodeId>,
}

impl<'a> Words<'a> {
    /// Looks up all names. Of two objects with the same name, which a Document should not have, the
    /// first counts.
    pub fn new(document: &'a Document) -> Self {
        let mut words = Self {
            document,
            namespaces: BTreeMap::new(),
            workloads: BTreeMap::new(),
            externals: BTreeMap::new(),
            groups: BTreeMap::new(),
            nodes: BTreeMap::new(),
        };
        for (id, namespace) in document.namespaces.iter() {
            words.namespaces.entry(&namespace.name).or_insert(id);
        }
        for (id, workload) in document.workloads.iter() {
            let key = (workload.namespace, workload.name.as_str());
            words.workloads.entry(key).or_default().push(id);
        }
        for (id, external) in document.externals.iter() {
            words.externals.entry(&external.name).or_insert(id);
        }
        for (id, group) in document.groups.iter() {
            words.groups.entry(&group.name).or_insert(id);
        }
        for (id, row) in document.nodes.iter() {
            words.nodes.entry(&row.node.name).or_insert(id);
        }
        words
    }

    /// The words of an end.
    pub fn of(&self, end: &End) -> String {
        match end {
            End::Workload(id) => match self.document.workloads.get(*id) {
                Some(workload) => self.of_workload(workload),
                None => removed("workload", id.0),
            },
            End::AnyPodOf(id) => format!("{}/*", self.of_namespace(*id)),
            End::AnyPod => "*".into(),
            End::External(id) => match self.document.externals.get(*id) {
                Some(external) => format!("external/{}", external.name),
                None => removed("external", id.0),
            },
            End::Group(id) => match self.document.groups.get(*id) {
                Some(group) => format!("group/{}", group.name),
                None => removed("group", id.0),
            },
            End::Node(id) => match self.document.nodes.get(*id) {
                Some(row) => format!("node/{}", row.node.name),
                None => removed("node", id.0),
            },
            End::Missing(words) => words.clone(),
        }
    }

    fn of_namespace(&self, id: NamespaceId) -> String {
        match self.document.namespaces.get(id) {
            Some(namespace) if is_reserved(&namespace.name) => {
                format!("ns:{}", namespace.name)
            }
            Some(namespace) => namespace.name.clone(),
            None => removed("namespace", id.0),
        }
    }

    fn of_workload(&self, workload: &Workload) -> String {
        let namespace = self.of_namespace(workload.namespace);
        let key = (workload.namespace, workload.name.as_str());
        let namesakes = self.workloads.get(&key).map_or(0, Vec::len);
        if namesakes > 1 {
            format!("{namespace}/{}[{}]", workload.name, workload.kind)
        } else {
            format!("{namespace}/{}", workload.name)
        }
    }

    /// The end that the words mean.
    pub fn end(&self, words: &str) -> Result<End, Refusal> {
        if let Some(refusal) = address(words) {
            return Err(refusal);
        }
        let Some((first, rest)) = words.split_once('/') else {
            return match words {
                "*" => Ok(End::AnyPod),
                _ => Err(
                    Refusal::new(format!("`{words}` is not a valid end")).help(
                        "write NAMESPACE/WORKLOAD, NAMESPACE/*, *, external/NAME, group/NAME or node/NAME",
                    ),
                ),
            };
        };
        match first {
            "external" => match self.externals.get(rest) {
                Some(id) => Ok(End::External(*id)),
                None => Err(self.unknown("external", rest, self.externals.keys())),
            },
            "group" => match self.groups.get(rest) {
                Some(id) => Ok(End::Group(*id)),
                None => Err(self.unknown("group", rest, self.groups.keys())),
            },
            "node" => match self.nodes.get(rest) {
                Some(id) => Ok(End::Node(*id)),
                None => Err(self.unknown("node", rest, self.nodes.keys())),
            },
            _ => {
                let whole = words.strip_prefix("ns:").unwrap_or(words);
                let first = first.strip_prefix("ns:").unwrap_or(first);
                let (namespace, rest) = self.with_slash(whole).unwrap_or((first, rest));
                self.in_namespace(namespace, rest)
            }
        }
    }

    /// The namespace and the rest of words that begin with a namespace that has a `/` in its name. No server
    /// takes such a name; a project keeps it as it is written.
    fn with_slash<'w>(&self, words: &'w str) -> Option<(&'w str, &'w str)> {
        let names = self.namespaces.keys().filter(|name| name.contains('/'));
        let begins = names.filter(|name| {
            let rest = words.strip_prefix(**name);
            rest.is_some_and(|rest| rest.starts_with('/'))
        });
        let length = begins.map(|name| name.len()).max()?;
        Some((words.get(..length)?, words.get(length + 1..)?))
    }

    /// The end that missing words mean, if it exists by now.
    pub(super) fn resolved_end(&self, end: &End) -> End {
        match end {
            End::Missing(words) => self.end(words).unwrap_or_else(|_| end.clone()),
            other => other.clone(),
        }
    }

    /// The flow with those of its missing ends that exist; one between two ends that are no pods has only
    /// missing ends.
    pub fn resolved(&self, flow: &Flow) -> Flow {
        let (from, to) = (self.resolved_end(&flow.from), self.resolved_end(&flow.to));
        match flow_ends(&from, &to) {
            Err(_) => Flow {
                from: End::Missing(self.of(&from)),
                to: End::Missing(self.of(&to)),
                ..flow.clone()
            },
            Ok(()) => Flow {
                from,
                to,
                ..flow.clone()
            },
        }
    }

    fn in_namespace(&self, namespace: &str, rest: &str) -> Result<End, Refusal> {
        let Some(id) = self.namespaces.get(namespace).copied() else {
            return Err(self.unknown("namespace", namespace, self.namespaces.keys()));
        };
        if rest == "*" {
            return Ok(End::AnyPodOf(id));
        }
        let (name, kind) = match rest.strip_suffix(']').and_then(|r| r.split_once('[')) {
            Some((name, kind)) => (name, Some(kind)),
            None => (rest, None),
        };
        let namesakes = self.workloads.get(&(id, name)).map_or(&[][..], |ids| ids);
        let found: Vec<WorkloadId> = namesakes
            .iter()
            .copied()
            .filter(|id| kind.is_none_or(|kind| self.kind(*id) == kind))
            .collect();
        match found[..] {
            [id] => Ok(End::Workload(id)),
            [] => {
                let names = self.workloads.keys().filter(|(n, _)| *n == id);
                let what = format!("workload of `{namespace}`");
                Err(self.unknown(&what, rest, names.map(|(_, name)| name)))
            }
            [first, ..] => Err(Refusal::new(format!(
                "`{namespace}/{name}` is ambiguous: {} workloads have this name",
                found.len()
            ))
            .help(format!(
                "add the kind: `{namespace}/{name}[{}]`",
                self.kind(first)
            ))),
        }
    }

    fn kind(&self, id: WorkloadId) -> &str {
        self.document.workloads.get(id).map_or("", |w| &w.kind)
    }

    fn unknown<'n>(
        &self,
        what: &str,
        name: &str,
        known: impl Iterator<Item = &'n &'n str>,
    ) -> Refusal {
        let mut near: Vec<(usize, &str)> =
            known.map(|known| (distance(name, known), *known)).collect();
        near.sort_unstable();
        let refusal = Refusal::new(format!("no {what} has the name `{name}`"));
        match near.first() {
            Some((far, near)) if *far <= 2.max(name.len() / 3) => {
                refusal.help(format!("did you mean `{near}`?"))
            }
            _ => refusal.help("declare it, or remove the reference"),
        }
    }
}

/// Why an address or a network is no end.
fn address(words: &str) -> Option<Refusal> {
    let what = match words.split_once('/') {
        Some((start, length)) => {
            let is_network = start.parse::<IpAddr>().is_ok() && length.parse::<u8>().is_ok();
            is_network.then_some("a network")
        }
        None => words.parse::<IpAddr>().is_ok().then_some("an address"),
    };
    let message = format!("`{words}` is {}, and an end is named", what?);
    let help = match words.contains('/') {
        true => "declare an external with this network, and write external/NAME",
        false => "declare an external with the network of this address, and write external/NAME",
    };
    Some(Refusal::new(message).help(help))
}

fn removed(what: &str, number: u32) -> String {
    format!("{what} {number} (removed)")
}

/// Levenshtein distance in characters.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (above, b) in row.iter_mut().skip(1).zip(&b) {
            let best = (corner + usize::from(a != *b))
                .min(left + 1)
                .min(*above + 1);
            corner = std::mem::replace(above, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

impl Document {
    /// The words of an end (see [`Words`]), which are also shown to users: `shop/web`,
    /// `external/office`.
    pub fn end_words(&self, end: &End) -> String {
        Words::new(self).of(end)
    }

    /// The end that the words mean, or why there is none.
    pub fn end_from_words(&self, words: &str) -> Result<End, Refusal> {
        Words::new(self).end(words)
    }
}

impl From<NodeRef> for End {
    fn from(node: NodeRef) -> Self {
        match node {
            NodeRef::Namespace(id) => Self::AnyPodOf(id),
            NodeRef::Workload(id) => Self::Workload(id),
            NodeRef::External(id) => Self::External(id),
            NodeRef::Group(id) => Self::Group(id),
            NodeRef::Node(id) => Self::Node(id),
            NodeRef::AnyPod => Self::AnyPod,
        }
    }
}

impl End {
    /// The canvas node of an end; none for an end that does not exist.
    pub fn node(&self) -> Option<NodeRef> {
        match self {
            Self::AnyPodOf(id) => Some(NodeRef::Namespace(*id)),
            Self::Workload(id) => Some(NodeRef::Workload(*id)),
            Self::External(id) => Some(NodeRef::External(*id)),
            Self::Group(id) => Some(NodeRef::Group(*id)),
            Self::Node(id) => Some(NodeRef::Node(*id)),
            Self::AnyPod => Some(NodeRef::AnyPod),
            Self::Missing(_) => None,
        }
    }
}
