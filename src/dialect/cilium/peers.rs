//! Reads the L3 part of a rule (C10-C17, C30-C36).

use super::reader::Reader;
use crate::dialect::cidr;
use crate::dialect::schema::At;
use crate::dialect::selector::LabelSelector;
use crate::policy::Direction;
use crate::sets::DomainPattern;
use crate::yaml::Mark;

/// The L3 part.
#[derive(Clone, Debug)]
pub enum Peers {
    /// No key: every peer where ports are given (C11), else none (C10).
    Missing,
    /// A key with an empty list: no peer (C12).
    Nobody,
    /// `toFQDNs`, `toServices` or groups with an empty list: as if the key were missing (C13).
    Unguarded,
    /// These.
    Of(Vec<(Written, Mark)>),
}

/// One peer.
#[derive(Clone, Debug)]
pub enum Written {
    Endpoints(LabelSelector),
    /// `fromNodes` and `toNodes`, which the agent refuses by default (C32).
    Nodes,
    Entity(String),
    Block {
        cidr: String,
        except: Vec<String>,
    },
    Group(String),
    Groups(LabelSelector),
    Service {
        name: String,
        namespace: Option<String>,
    },
    Services {
        selector: LabelSelector,
        namespace: Option<String>,
    },
    Domain(DomainPattern),
    /// Groups of a cloud provider, which are known only there (C36).
    Cloud,
}

/// The keys, as Cilium's messages name them.
const INGRESS: &[(&str, &str)] = &[
    ("fromEndpoints", "FromEndpoints"),
    ("fromCIDR", "FromCIDR"),
    ("fromCIDRSet", "FromCIDRSet"),
    ("fromEntities", "FromEntities"),
    ("fromNodes", "FromNodes"),
    ("fromGroups", "FromGroups"),
];
const EGRESS: &[(&str, &str)] = &[
    ("toCIDR", "ToCIDR"),
    ("toCIDRSet", "ToCIDRSet"),
    ("toEndpoints", "ToEndpoints"),
    ("toEntities", "ToEntities"),
    ("toServices", "ToServices"),
    ("toFQDNs", "ToFQDNs"),
    ("toGroups", "ToGroups"),
    ("toNodes", "ToNodes"),
];

const ENTITIES: [&str; 12] = [
    "all",
    "world",
    "cluster",
    "cluster-mesh",
    "host",
    "init",
    "ingress",
    "unmanaged",
    "remote-node",
    "health",
    "none",
    "kube-apiserver",
];

impl<'a> Reader<'a> {
    /// The L3 part of an entry.
    pub fn peers(&mut self, at: &At<'a>, direction: Direction) -> Peers {
        let keys = match direction {
            Direction::Ingress => INGRESS,
            Direction::Egress => EGRESS,
        };
        let (mut empty, mut unguarded, mut found) = (false, false, Vec::new());
        let mut used: Option<&str> = None;
        for (key, name) in keys {
            let Some(list) = self.schema.get(at, key) else {
                continue;
            };
            let items = self.schema.list(&list, 0, usize::MAX);
            if items.is_empty() {
                let guarded = !matches!(*key, "toFQDNs" | "toServices" | "fromGroups" | "toGroups");
                empty |= guarded;
                unguarded |= !guarded;
                continue;
            }
            if let Some(other) = used {
                self.refuse(
                    &list,
                    format!("combining {other} and {name} is not supported yet"),
                );
            }
            used = used.or(Some(name));
            for item in &items {
                found.extend(self.peer(key, item).map(|peer| (peer, item.node.mark)));
            }
        }
        for key in ["fromRequires", "toRequires"] {
            if let Some(list) = self.schema.get(at, key) {
                self.schema.list(&list, 0, 0);
            }
        }
        match (used, empty, unguarded) {
            (_, true, _) => Peers::Nobody,
            (Some(_), ..) => Peers::Of(found),
            (None, _, true) => Peers::Unguarded,
            (None, ..) => Peers::Missing,
        }
    }

    fn peer(&mut self, key: &str, at: &At<'a>) -> Option<Written> {
        match key {
            "fromEndpoints" | "toEndpoints" => Some(Written::Endpoints(self.selector(at)?)),
            "fromNodes" | "toNodes" => {
                let message = "FromNodes/ToNodes rules can only be applied when the \"enable-node-selector-labels\" flag is set";
                self.refuse(at, message.to_owned());
                Some(Written::Nodes)
            }
            "fromEntities" | "toEntities" => {
                Some(Written::Entity(self.schema.word(at, &ENTITIES)?.to_owned()))
            }
            "fromCIDR" | "toCIDR" => {
                let cidr = self.cidr(at)?;
                Some(Written::Block {
                    cidr,
                    except: Vec::new(),
                })
            }
            "fromCIDRSet" | "toCIDRSet" => self.block(at),
            "toServices" => self.service(at),
            "toFQDNs" => self.domain(at),
            _ => {
                self.note(
                    at,
                    "cilium-condition",
                    "the addresses of this group are known to the cloud provider only: it matches nothing here",
                );
                Some(Written::Cloud)
            }
        }
    }

    fn cidr(&mut self, at: &At<'a>) -> Option<String> {
        let text = self.schema.text(at)?;
        if cidr::parse(&text).is_err() {
            let detail = format!("{} in body must be of type cidr: {text:?}", at.path);
            self.schema.invalid(at, &format!("{text:?}"), &detail);
            return None;
        }
        let address = text.split('/').next().unwrap_or_default();
        let leading = |octet: &str| octet.len() > 1 && octet.starts_with('0');
        if address.contains('.') && address.split('.').any(leading) {
            let message = format!(
                "unable to parse CIDR: ParseAddr({text:?}): IPv4 field has octet with leading zero"
            );
            self.refuse(at, message);
            return None;
        }
        Some(text)
    }

    fn block(&mut self, at: &At<'a>) -> Option<Written> {
        let keys = self.schema.map(at)?;
        let known = ["cidr", "cidrGroupRef", "cidrGroupSelector"];
        let used: Vec<&str> = known.into_iter().filter(|key| keys.contains(key)).collect();
        let value = match used.as_slice() {
            [] => {
                let message = "one of cidr, cidrGroupRef, or cidrGroupSelector is required";
                self.refuse(at, message.to_owned());
                return None;
            }
            [one] => self.schema.get(at, one)?,
            _ => {
                let message =
                    "more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set";
                self.refuse(at, message.to_owned());
                return None;
            }
        };
        match used.first() {
            Some(&"cidrGroupRef") => return Some(Written::Group(self.schema.text(&value)?)),
            Some(&"cidrGroupSelector") => return Some(Written::Groups(self.selector(&value)?)),
            _ => {}
        }
        let whole = self.cidr(&value)?;
        let mut except = Vec::new();
        let list = self.schema.get(at, "except");
        for item in list
            .map(|at| self.schema.list(&at, 0, usize::MAX))
            .unwrap_or_default()
        {
            let Some(text) = self.cidr(&item) else {
                continue;
            };
            let inside = cidr::parse(&whole)
                .and_then(|whole| Ok(whole.net.contains(&cidr::parse(&text)?.net)));
            if inside != Ok(true) {
                let message = format!(
                    "allow CIDR prefix {whole} does not contain exclude CIDR prefix {text}"
                );
                self.refuse(&item, message);
            }
            except.push(text);
        }
        Some(Written::Block {
            cidr: whole,
            except,
        })
    }

    fn service(&mut self, at: &At<'a>) -> Option<Written> {
        self.schema.map(at)?;
        let text = |reader: &mut Self, at: &At<'a>, key| {
            let field = reader.schema.get(at, key)?;
            reader.schema.text(&field).filter(|text| !text.is_empty())
        };
        if let Some(by_labels) = self.schema.get(at, "k8sServiceSelector") {
            let selector = self.schema.get(&by_labels, "selector");
            let selector = selector.and_then(|at| self.selector(&at));
            let namespace = text(self, &by_labels, "namespace");
            return Some(Written::Services {
                selector: selector?,
                namespace,
            });
        }
        let by_name = self.schema.get(at, "k8sService")?;
        let name = text(self, &by_name, "serviceName");
        let namespace = text(self, &by_name, "namespace");
        Some(Written::Service {
            name: name.unwrap_or_default(),
            namespace,
        })
    }

    fn domain(&mut self, at: &At<'a>) -> Option<Written> {
        self.schema.map(at)?;
        let name = self.schema.get(at, "matchName");
        let pattern = self.schema.get(at, "matchPattern");
        match (name, pattern) {
            (Some(_), Some(_)) => {
                let message = "only one of MatchName or MatchPattern is allowed in an FQDNSelector";
                self.refuse(at, message.to_owned());
                None
            }
            (Some(one), None) | (None, Some(one)) => {
                let text = self.schema.text(&one)?;
                Some(Written::Domain(DomainPattern::labelwise(&text)))
            }
            (None, None) => {
                self.schema.required(at, "matchName");
                None
            }
        }
    }
}
