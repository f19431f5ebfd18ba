//! Parses the words of a question into endpoints, and names endpoints.

use super::{EndDescription, Question};
use crate::analysis::oracle::Probe;
use crate::analysis::query::addresses_of;
use crate::analysis::{self, Endpoint};
use crate::model::{self, NodeRef, Refusal, Words};
use crate::proof::prove::holder;
use crate::query::Results;
use crate::query::drawn::DrawnConnections;
use crate::query::explain::{self, Wanted};
use crate::sets::{PortSet, Protocol};

/// A question with its words resolved.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The sources.
    pub from: Vec<Endpoint>,
    /// The destinations.
    pub to: Vec<Endpoint>,
    /// The ports.
    pub port: Wanted,
    /// The source as an end of the document, if it is one.
    pub from_place: Option<(model::End, EndDescription)>,
    /// The same for the destination.
    pub to_place: Option<(model::End, EndDescription)>,
}

type Named = Option<(model::End, EndDescription)>;

impl Asked {
    /// Resolves the words.
    ///
    /// # Errors
    /// Words that match nothing.
    pub fn new(results: &Results, question: &Question) -> Result<Self, Refusal> {
        let (from, from_place) = ends(results, &question.from)?;
        let (to, to_place) = ends(results, &question.to)?;
        let port = explain::ports(question.port.trim())?;
        let snapshot = &results.in_force.cluster.snapshot;
        let meant = match to_place {
            Some(_) => None,
            None => explain::meaning(snapshot, question.to.trim(), None).ok(),
        };
        let (port, _) = explain::at_destination(snapshot, None, meant.as_ref(), &port)?;
        Ok(Self {
            from,
            to,
            port,
            from_place,
            to_place,
        })
    }

    /// The place of a concrete end: an address of the queried external is that external.
    pub(super) fn named(&self, asked: &Named, found: EndDescription) -> EndDescription {
        match asked {
            Some((model::End::External(_), place)) => EndDescription {
                name: match place.name == found.name {
                    true => found.name,
                    false => format!("{} ({})", place.name, found.name),
                },
                ..place.clone()
            },
            _ => found,
        }
    }
}

/// The ends that words name: those of a project file, an address, a network, or a range of
/// addresses `A to B`.
fn ends(results: &Results, words: &str) -> Result<(Vec<Endpoint>, Named), Refusal> {
    let words = words.trim();
    let snapshot = &results.in_force.cluster.snapshot;
    if let Some((first, _)) = words.split_once(" to ") {
        return Ok((explain::ends(snapshot, first.trim())?, None));
    }
    let document = &results.document;
    let end = match Words::new(document).end(words) {
        Ok(end) => end,
        Err(refusal) => {
            return match explain::ends(snapshot, words) {
                Ok(ends) => Ok((ends, None)),
                Err(_) => Err(refusal),
            };
        }
    };
    let cluster = &results.in_force.cluster;
    let mut found: Vec<Endpoint> = Vec::new();
    for id in document.workloads_at(&end) {
        let workload = cluster
            .index
            .get(&id)
            .and_then(|at| snapshot.workloads.get(*at));
        found.extend(
            workload
                .into_iter()
                .flat_map(|w| w.pods.clone())
                .map(Endpoint::Pod),
        );
    }
    if let model::End::External(id) = &end
        && let Some(external) = document.externals.get(*id)
    {
        let addresses = addresses_of(snapshot, &external.addresses());
        found.extend(addresses.into_iter().map(Endpoint::Address));
        found.extend(external.domain_names.iter().cloned().map(Endpoint::Domain));
        found.extend(external.opaque_entities().into_iter().map(Endpoint::Entity));
    }
    if let model::End::Node(_) = &end {
        found.extend(explain::ends(snapshot, words)?);
    }
    if found.is_empty() {
        return Err(
            Refusal::new(format!("`{words}` matches no known pods or addresses"))
                .help("choose an end that has pods or addresses"),
        );
    }
    let place = EndDescription {
        words: words.to_owned(),
        name: document.end_name(&end),
        node: end.node(),
    };
    Ok((found, Some((end, place))))
}

/// The name and node of an end: its workload, its external or its address.
pub fn place(results: &Results, end: &Endpoint) -> EndDescription {
    let document = &results.document;
    let cluster = &results.in_force.cluster;
    let unknown = |words: String| EndDescription {
        name: words.clone(),
        words,
        node: None,
    };
    match end {
        Endpoint::Pod(at) => {
            let pod = cluster.snapshot.pods.get(*at);
            let drawn = pod.and_then(|p| cluster.drawn.get(p.workload).copied().flatten());
            let Some(id) = drawn else {
                return unknown(pod.map_or(String::new(), |p| p.name.clone()));
            };
            let end = model::End::Workload(id);
            EndDescription {
                words: Words::new(document).of(&end),
                name: document.end_name(&end),
                node: Some(NodeRef::Workload(id)),
            }
        }
        Endpoint::Address(address) => EndDescription {
            node: holder(document, *address).and_then(|end| end.node()),
            ..unknown(address.to_string())
        },
        Endpoint::Domain(name) => {
            let mut externals = document.externals.iter();
            let external = externals.find(|(_, e)| e.domain_names.contains(name));
            let node = external.map(|(id, _)| NodeRef::External(id));
            let words = external.map_or(name.clone(), |(_, e)| format!("external/{}", e.name));
            EndDescription {
                words,
                name: name.clone(),
                node,
            }
        }
        Endpoint::Entity(entity) => {
            let mut externals = document.externals.iter();
            let external = externals.find(|(_, e)| e.entity == Some(*entity));
            let words = external.map(|(_, e)| format!("external/{}", e.name));
            EndDescription {
                words: words.unwrap_or_else(|| entity.to_string()),
                name: entity.to_string(),
                node: external.map(|(id, _)| NodeRef::External(id)),
            }
        }
        Endpoint::Node(at) | Endpoint::NodeAddress(at, _) => {
            let name = cluster.snapshot.nodes.get(*at).map_or("", |n| &n.name);
            EndDescription {
                node: document.node_named(name).map(NodeRef::Node),
                ..unknown(format!("node/{name}"))
            }
        }
        Endpoint::NewPod(_) => unknown("a future pod".into()),
    }
}

/// The port to ask about where none is named: a drawn one, an open one, a declared one, `TCP/443`.
pub fn default_port(results: &Results, drawn: &DrawnConnections, from: &str, to: &str) -> String {
    const LAST: &str = "TCP/443";
    let (Ok((from, _)), Ok((to, named))) = (ends(results, from), ends(results, to)) else {
        return LAST.into();
    };
    let (Some(a), Some(b)) = (from.first(), to.iter().find(|b| Some(*b) != from.first())) else {
        return LAST.into();
    };
    let snapshot = &results.in_force.cluster.snapshot;
    if let Some(port) = drawn.ports(snapshot, a, b).example() {
        return port_words(Some(port));
    }
    let declared = match b {
        Endpoint::Pod(at) => snapshot.pods.get(*at).and_then(|p| p.ports.first()),
        _ => None,
    };
    let declared = declared.map(|p| (p.protocol, p.port));
    let open = || analysis::query::open_ports(snapshot, a, b, &PortSet::all_numbered());
    let chosen = declared.or_else(|| open().example().filter(|_| named.is_some()));
    match chosen {
        // All TCP ports are open: any of them gives the same answer.
        Some((Protocol::Tcp, 1)) | None => LAST.into(),
        Some(port) => port_words(Some(port)),
    }
}

/// One port as words.
pub(super) fn port_words(port: Probe) -> String {
    port.map_or("any".into(), |(protocol, port)| {
        format!("{protocol}/{port}")
    })
}

/// One port as a set.
pub(super) fn port_set(port: Probe) -> PortSet {
    port.map_or_else(PortSet::other, |(protocol, port)| {
        PortSet::single(protocol, port)
    })
}
