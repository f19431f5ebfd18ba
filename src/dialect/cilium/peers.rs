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
    /// `toFQDNs`, `toServices` or groups with an empty list, or `toServices` of a denial: as if the key were missing
    /// (C13).
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
    Group {
        name: String,
        except: Vec<String>,
    },
    Groups {
        selector: LabelSelector,
        except: Vec<String>,
    },
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

impl Written {
    /// Whether it is an item of `toServices`.
    pub fn is_of_services(&self) -> bool {
        matches!(self, Self::Service { .. } | Self::Services { .. })
    }
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

/// The most characters of a domain name.
const LONGEST_DOMAIN: usize = 255;

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
    pub fn peers(&mut self, at: &At<'a>, direction: Direction, denies: bool) -> Peers {
        let keys = match direction {
            Direction::Ingress => INGRESS,
            Direction::Egress => EGRESS,
        };
        // Denials have no such field, so that the API server drops it.
        let keys = keys
            .iter()
            .filter(|(key, _)| !(denies && *key == "toFQDNs"));
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
            // The agent looks for Services in `egress` alone (`processRule`).
            if denies && *key == "toServices" {
                return Peers::Unguarded;
            }
        }
        for key in ["fromRequires", "toRequires"] {
            let Some(list) = self.schema.get(at, key) else {
                continue;
            };
            let since = self.schema.out.found.len();
            for item in self.schema.list(&list, 0, 0) {
                self.schema.text(&item);
            }
            let endpoints = key.replace("Requires", "Endpoints");
            let help = format!(
                "Cilium no longer supports `{key}` (C18): add its labels to each item of `{endpoints}`"
            );
            self.schema.out.help(since, &help);
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
                let cidr = self.cidr(at, Block::Listed)?;
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

    /// An address block; `what` the agent calls it where it cannot parse it.
    fn cidr(&mut self, at: &At<'a>, what: Block) -> Option<String> {
        let text = self.schema.text(at)?;
        if cidr::parse(&text).is_err() {
            let detail = format!("{} in body must be of type cidr: {text:?}", at.path);
            self.schema.invalid(at, &format!("{text:?}"), &detail);
            return None;
        }
        if let Some(message) = what.unparsed(&text) {
            self.refuse(at, message);
            return None;
        }
        Some(text)
    }

    fn block(&mut self, at: &At<'a>) -> Option<Written> {
        let messages = [
            "one of cidr, cidrGroupRef, or cidrGroupSelector is required",
            "more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set",
        ];
        let keys = ["cidr", "cidrGroupRef", "cidrGroupSelector"];
        let (key, value) = self.exactly_one(at, &keys, messages)?;
        match key {
            "cidrGroupRef" => {
                let name = self.schema.text(&value)?;
                let except = self.except(at, None);
                Some(Written::Group { name, except })
            }
            "cidrGroupSelector" => {
                let selector = self.selector(&value)?;
                let except = self.except(at, None);
                Some(Written::Groups { selector, except })
            }
            _ => {
                let cidr = self.cidr(&value, Block::Rule)?;
                let except = self.except(at, Some(&cidr));
                Some(Written::Block { cidr, except })
            }
        }
    }

    /// The exceptions of a block, which must lie inside of it, or of groups, of which nothing is asked.
    fn except(&mut self, at: &At<'a>, whole: Option<&str>) -> Vec<String> {
        let mut except = Vec::new();
        for item in self.items(at, "except", usize::MAX) {
            let Some(text) = self.cidr(&item, Block::Except) else {
                continue;
            };
            let inside = |whole: &str| {
                let whole = cidr::parse(whole)?.net;
                Ok::<_, String>(whole.contains(&cidr::parse(&text)?.net))
            };
            if let Some(whole) = whole.filter(|whole| inside(whole) != Ok(true)) {
                let message = format!(
                    "allow CIDR prefix {whole} does not contain exclude CIDR prefix {text}"
                );
                self.refuse(&item, message);
            }
            except.push(text);
        }
        except
    }

    fn service(&mut self, at: &At<'a>) -> Option<Written> {
        self.schema.map(at)?;
        if let Some(by_labels) = self.schema.get(at, "k8sServiceSelector") {
            let selector = self.schema.required(&by_labels, "selector");
            let selector = selector.and_then(|at| self.selector(&at));
            let namespace = self.filled(&by_labels, "namespace");
            return Some(Written::Services {
                selector: selector?,
                namespace,
            });
        }
        let by_name = self.schema.get(at, "k8sService")?;
        let name = self.filled(&by_name, "serviceName");
        let namespace = self.filled(&by_name, "namespace");
        Some(Written::Service {
            name: name.unwrap_or_default(),
            namespace,
        })
    }

    fn domain(&mut self, at: &At<'a>) -> Option<Written> {
        let text = self.domain_name(at)?;
        Some(Written::Domain(DomainPattern::labelwise(&text)))
    }

    /// `matchName` or `matchPattern` of an item.
    pub fn domain_name(&mut self, at: &At<'a>) -> Option<String> {
        let messages = [
            "write matchName or matchPattern",
            "only one of MatchName or MatchPattern is allowed in an FQDNSelector",
        ];
        let (key, value) = self.exactly_one(at, &["matchName", "matchPattern"], messages)?;
        let text = self.schema.short_text(&value, LONGEST_DOMAIN)?;
        let (extra, pattern) = match key {
            "matchName" => ("-_", "^([-a-zA-Z0-9_]+[.]?)+$"),
            _ => ("-_*", "^([-a-zA-Z0-9_*]+[.]?)+$"),
        };
        let known = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
        let labels = text.strip_suffix('.').unwrap_or(&text).split('.');
        let mut labels = labels.map(|label| !label.is_empty() && label.chars().all(known));
        if !labels.all(|valid| valid) {
            self.unmatched(&value, &text, pattern);
        }
        Some(text)
    }
}

/// Where an address block is written.
#[derive(Clone, Copy, Debug)]
enum Block {
    /// In a list of blocks.
    Listed,
    /// As the block of a rule with exceptions.
    Rule,
    /// As an exception.
    Except,
}

impl Block {
    /// Why the agent cannot parse a block that the API server accepts: leading zeros.
    fn unparsed(self, text: &str) -> Option<String> {
        let (address, length) = text.split_once('/')?;
        let zero = |number: &str| number.len() > 1 && number.starts_with('0');
        let dotted = address.rsplit(':').next().filter(|tail| tail.contains('.'));
        let octet = "IPv4 field has octet with leading zero";
        let (whole, prefix) = match dotted {
            Some(dotted) if dotted.split('.').any(zero) => {
                (octet.to_owned(), format!("ParseAddr({address:?}): {octet}"))
            }
            _ if zero(length) => (
                format!("unexpected character (at {:?})", format!("/{length}")),
                format!("bad bits after slash: {length:?}"),
            ),
            _ => return None,
        };
        let prefix = format!("netip.ParsePrefix({text:?}): {prefix}");
        Some(match self {
            Self::Listed => format!("unable to parse CIDR: ParseAddr({text:?}): {whole}"),
            Self::Rule => format!("unable to parse CIDRRule {text:?}: {prefix}"),
            Self::Except => prefix,
        })
    }
}
