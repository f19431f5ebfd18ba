//! The ends of connections in answers.

use std::fmt;
use std::net::IpAddr;

/// An end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// A workload, or a pod without owner (kind `Pod`).
    Workload {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// Its kind; none if it is unknown.
        kind: Option<String>,
    },
    /// An address.
    Address(IpAddr),
    /// A domain name.
    Name(String),
    /// A Service whose address was not translated.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// One of Cilium's reserved identities.
    Entity(&'static str),
    /// What Calico names: `network/public`, `node/wrk-1`, `networkset/partners`.
    Calico(String),
}

impl Reference {
    /// A workload, or a pod without owner.
    pub fn workload(namespace: &str, name: &str, kind: Option<&str>) -> Self {
        Self::Workload {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
        }
    }

    /// The namespace of a workload.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Workload { namespace, .. } => Some(namespace),
            _ => None,
        }
    }

    /// From the words of an answer.
    pub fn from_words(words: &str) -> Option<Self> {
        if let Ok(address) = words.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical()));
        }
        let Some((first, rest)) = words.split_once('/') else {
            let is_name = words.contains('.') && !words.contains(char::is_whitespace);
            return is_name.then(|| Self::Name(words.trim_end_matches('.').to_ascii_lowercase()));
        };
        if rest.is_empty() || first.is_empty() {
            return None;
        }
        match (first, rest.split_once('/')) {
            ("service", Some((namespace, name))) => Some(Self::Service {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            ("entity", None) => {
                let known = ENTITIES.iter().find(|entity| **entity == rest);
                known.map(|entity| Self::Entity(entity))
            }
            ("network" | "networkset" | "node" | "calico", _) => {
                Some(Self::Calico(words.to_owned()))
            }
            (_, Some(_)) => None,
            (namespace, None) => {
                let bare = rest.strip_suffix(']').and_then(|rest| rest.split_once('['));
                let (name, kind) = bare.map_or((rest, None), |(name, kind)| (name, Some(kind)));
                Some(Self::workload(namespace, name, kind))
            }
        }
    }
}

/// The entities that may be ends.
pub const ENTITIES: [&str; 8] = [
    "host",
    "kube-apiserver",
    "remote-node",
    "health",
    "ingress",
    "init",
    "unmanaged",
    "world",
];

/// The kind of a workload is left out: only an answer with two of one name needs it.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Workload {
                namespace, name, ..
            } => write!(f, "{namespace}/{name}"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name) | Self::Calico(name) => write!(f, "{name}"),
            Self::Service { namespace, name } => write!(f, "service/{namespace}/{name}"),
            Self::Entity(entity) => write!(f, "entity/{entity}"),
        }
    }
}
