//! Parses and validates in one walk. The two API versions differ only in field names and limits.

use super::GROUP;
use super::shape::{Kind, shape};
use crate::diag::{Diagnostic, Severity};
use crate::dialect::cidr;
use crate::dialect::fields;
use crate::dialect::metadata::{self, Metadata};
use crate::dialect::refusal::{Quoted, Refusals};
use crate::dialect::schema::{At, Schema};
use crate::dialect::selector::{self, LabelSelector};
use crate::policy::{Action, PortMatch};
use crate::yaml::{Mark, Node, Object};

/// Code of a required selector that is missing; its meaning is clear.
pub const MISSING_SELECTOR: &str = "missing-selector";

/// Code of port names beside peers that are no pods.
pub const NAMED_AND_ADDRESSED: &str = "A10";

/// A policy as written.
#[derive(Clone, Debug)]
pub struct ClusterPolicy {
    pub kind: Kind,
    pub baseline: bool,
    pub priority: i32,
    pub subject: Pods,
    pub ingress: Vec<Rule>,
    pub egress: Vec<Rule>,
}

/// Pods by namespace and, if given, by their own labels.
#[derive(Clone, Debug)]
pub struct Pods {
    /// None: every namespace.
    pub namespaces: Option<LabelSelector>,
    /// None: every pod.
    pub pods: Option<LabelSelector>,
}

/// One rule of either direction.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: Option<String>,
    pub action: Action,
    pub peers: Vec<(Peer, Mark)>,
    /// None: every port (A9).
    pub ports: Option<Vec<(PortMatch, Mark)>>,
    pub mark: Mark,
}

/// One peer.
#[derive(Clone, Debug)]
pub enum Peer {
    Pods(Pods),
    Networks(Vec<String>),
    Nodes(LabelSelector),
    Domains(Vec<String>),
    /// None of the fields that this version of the API has (A12).
    Unknown,
}

/// Reads an object of one of the three kinds. Refused parts are missing from the result.
pub fn policy(object: &Object) -> (Option<ClusterPolicy>, Vec<Diagnostic>) {
    let (kind, version) = match object.kind.as_str() {
        "AdminNetworkPolicy" => (Kind::Admin, "v1alpha1"),
        "BaselineAdminNetworkPolicy" => (Kind::Baseline, "v1alpha1"),
        _ => (Kind::Cluster, "v1alpha2"),
    };
    let mut diagnostics = fields::strict(object, shape(kind));
    let mut reader = Reader {
        kind,
        schema: Schema::new(object),
        notes: Vec::new(),
        object,
    };
    if object.api_version != format!("{GROUP}/{version}") {
        let message = format!("{} is not served in `{}`", object.kind, object.api_version);
        let at = reader.root();
        reader
            .schema
            .out
            .add("api-version", "apiVersion", at.node.mark, message);
        let help = format!("write `apiVersion: {GROUP}/{version}`");
        reader.schema.out.help(0, &help);
    }
    let found = reader.policy();
    diagnostics.append(&mut reader.schema.out.found);
    diagnostics.append(&mut reader.notes);
    (found, diagnostics)
}

/// Whether a peer has the fields of the first releases: `namespaces` held selectors by name, and `pods` had `namespaces`.
/// Without them it would match every pod.
fn old_peer(key: &str, value: &Node) -> bool {
    let fields: &[&str] = match key {
        "namespaces" => &["namespaceSelector", "sameLabels", "notSameLabels"],
        "pods" => &["namespaces"],
        _ => &[],
    };
    fields.iter().any(|field| value.get(field).is_some())
}

/// One walk over an object.
pub struct Reader<'a> {
    pub kind: Kind,
    pub schema: Schema<'a>,
    /// Warnings about accepted fields without effect.
    pub notes: Vec<Diagnostic>,
    pub object: &'a Object,
}

impl<'a> Reader<'a> {
    fn root(&self) -> At<'a> {
        At {
            node: &self.object.node,
            path: String::new(),
        }
    }

    fn policy(&mut self) -> Option<ClusterPolicy> {
        let root = self.root();
        self.metadata();
        let spec = self.schema.required(&root, "spec")?;
        let tier = match self.kind {
            Kind::Cluster => self.tier(&spec),
            Kind::Admin => Some(false),
            Kind::Baseline => Some(true),
        };
        let priority = match self.kind {
            Kind::Baseline => Some(0),
            _ => {
                let at = self.schema.required(&spec, "priority");
                at.and_then(|at| self.schema.number(&at, 0, 1000))
            }
        };
        let subject = self.schema.required(&spec, "subject");
        let subject = subject.and_then(|at| self.subject(&at));
        let mut rules = |key, peers| {
            let at = self.schema.get(&spec, key);
            at.map(|at| self.rules(&at, peers)).unwrap_or_default()
        };
        let (ingress, egress) = (rules("ingress", "from"), rules("egress", "to"));
        Some(ClusterPolicy {
            kind: self.kind,
            baseline: tier?,
            priority: priority?,
            subject: subject?,
            ingress,
            egress,
        })
    }

    fn metadata(&mut self) {
        match metadata::read(&self.object.node).map(Metadata::cluster_wide) {
            Ok(metadata) => metadata.validate(&mut self.schema.out),
            Err(error) => self.schema.out.undecodable(error),
        }
        let name = &self.object.name;
        if self.kind == Kind::Baseline && name != "default" {
            let root = &self.object.node;
            let at = At {
                node: root
                    .get("metadata")
                    .and_then(|m| m.get("name"))
                    .unwrap_or(root),
                path: "metadata.name".into(),
            };
            let detail = "Only one baseline admin network policy with metadata.name=\"default\" can be created in the cluster";
            self.schema.invalid(&at, &Quoted(name), detail);
        }
    }

    fn tier(&mut self, spec: &At<'a>) -> Option<bool> {
        let at = self.schema.required(spec, "tier")?;
        let word = self.schema.word(&at, &["Admin", "Baseline"])?;
        Some(word == "Baseline")
    }

    fn subject(&mut self, at: &At<'a>) -> Option<Pods> {
        let (key, value) = self.schema.one_of(at, &["namespaces", "pods"])?;
        self.pods(key, &value)
    }

    fn pods(&mut self, key: &str, at: &At<'a>) -> Option<Pods> {
        if key == "namespaces" {
            let namespaces = self.selector(at)?;
            return Some(Pods {
                namespaces: Some(namespaces),
                pods: None,
            });
        }
        self.schema.map(at)?;
        let namespaces = self.part(at, "namespaceSelector", self.kind != Kind::Cluster)?;
        let pods = self.part(at, "podSelector", true)?;
        Some(Pods { namespaces, pods })
    }

    /// A selector of `pods`; one that is missing selects everything, though the schema may require it.
    fn part(&mut self, at: &At<'a>, key: &str, required: bool) -> Option<Option<LabelSelector>> {
        if let Some(found) = self.schema.get(at, key) {
            return self.selector(&found).map(Some);
        }
        if required {
            let path = format!("{}.{key}", at.path);
            let message = "Required value; judged as `{}`, which selects everything".to_owned();
            self.schema
                .out
                .add(MISSING_SELECTOR, &path, at.node.mark, message);
        }
        Some(None)
    }

    /// A label selector; the schema does not look at operators and values, and what parsers refuse matches nothing (3.4).
    fn selector(&mut self, at: &At<'a>) -> Option<LabelSelector> {
        let found = self.schema.selector(at, "V22")?;
        let mut refused = Refusals::new(self.object);
        selector::validate(&found, &at.path, &mut refused);
        let notes = refused.found.into_iter().map(|refused| Diagnostic {
            severity: Severity::Warning,
            message: format!(
                "{}; this kind accepts it, and the selector matches nothing",
                refused.message
            ),
            ..refused
        });
        self.notes.extend(notes);
        Some(found)
    }

    fn rules(&mut self, at: &At<'a>, peers: &str) -> Vec<Rule> {
        let most = if self.kind == Kind::Cluster { 25 } else { 100 };
        let items = self.schema.list(at, 0, most);
        items
            .iter()
            .filter_map(|item| self.rule(item, peers, most))
            .collect()
    }

    fn rule(&mut self, at: &At<'a>, peers: &str, most: usize) -> Option<Rule> {
        self.schema.map(at)?;
        let name = self.schema.get(at, "name");
        let name = name.and_then(|at| self.schema.short_text(&at, 100));
        let words: &[&str] = match self.kind {
            Kind::Admin => &["Allow", "Deny", "Pass"],
            Kind::Baseline => &["Allow", "Deny"],
            Kind::Cluster => &["Accept", "Deny", "Pass"],
        };
        let action = self.schema.required(at, "action");
        let action = action.and_then(|at| self.schema.word(&at, words));
        let list = self.schema.required(at, peers);
        let list = list
            .map(|at| self.schema.list(&at, 1, most))
            .unwrap_or_default();
        let ends = list
            .iter()
            .filter_map(|p| Some((self.peer(p, peers == "to")?, p.node.mark)));
        let ends: Vec<_> = ends.collect();
        let ports = match self.kind {
            Kind::Cluster => self
                .schema
                .get(at, "protocols")
                .map(|at| self.protocols(&at)),
            _ => self.schema.get(at, "ports").map(|at| self.ports(&at)),
        };
        self.named_and_addressed(at, &ends, ports.as_deref());
        Some(Rule {
            name,
            action: match action? {
                "Deny" => Action::Deny,
                "Pass" => Action::Pass,
                _ => Action::Accept,
            },
            peers: ends,
            ports,
            mark: at.node.mark,
        })
    }

    /// Port names mean nothing where there are no pods (A10). Only servers with the experimental fields
    /// look, so that the rule is judged all the same.
    fn named_and_addressed(
        &mut self,
        at: &At<'a>,
        peers: &[(Peer, Mark)],
        ports: Option<&[(PortMatch, Mark)]>,
    ) {
        let addressed = |(peer, _): &(Peer, Mark)| {
            matches!(peer, Peer::Networks(_) | Peer::Nodes(_) | Peer::Domains(_))
        };
        let named = |(port, _): &(PortMatch, Mark)| matches!(port, PortMatch::Named { .. });
        if peers.iter().any(addressed) && ports.is_some_and(|p| p.iter().any(named)) {
            let kinds = match self.kind {
                Kind::Baseline => "networks/nodes",
                _ => "networks/nodes/domainNames",
            };
            let message = format!(
                "Invalid value: \"object\": {kinds} peer cannot be set with namedPorts since there are no namedPorts for {kinds}"
            );
            let since = self.schema.out.found.len();
            self.schema
                .out
                .add(NAMED_AND_ADDRESSED, &at.path, at.node.mark, message);
            let help = "write the port's number in a rule of its own for these peers";
            self.schema.out.help(since, help);
        }
    }

    fn peer(&mut self, at: &At<'a>, egress: bool) -> Option<Peer> {
        let known: &[&str] = match (egress, self.kind) {
            (false, _) => &["namespaces", "pods"],
            (true, Kind::Baseline) => &["namespaces", "pods", "nodes", "networks"],
            (true, _) => &["namespaces", "pods", "nodes", "networks", "domainNames"],
        };
        let keys = self.schema.map(at)?;
        if self.kind == Kind::Cluster && !keys.is_empty() && !keys.iter().any(|k| known.contains(k))
        {
            let message = "this version of the API has none of its fields, so the whole rule fails closed: an Accept rule matches nothing, any other denies everything (A12)";
            let note = Diagnostic::warning("A12", message).path(at.path.as_str());
            self.notes.push(self.object.about(note, at.node.mark));
            return Some(Peer::Unknown);
        }
        let (key, value) = self.schema.one_of(at, known)?;
        if self.kind != Kind::Cluster && old_peer(key, value.node) {
            let message =
                "this is a peer of policy.networking.k8s.io before v0.1.2, whose fields are gone";
            let since = self.schema.out.found.len();
            self.schema
                .out
                .add("old-peer", &value.path, value.node.mark, message.into());
            let help = "write `namespaces: {matchLabels: ...}`, or `pods: {namespaceSelector: ..., podSelector: ...}`";
            self.schema.out.help(since, help);
            return None;
        }
        match key {
            "nodes" => Some(Peer::Nodes(self.selector(&value)?)),
            "networks" => Some(Peer::Networks(self.networks(&value))),
            "domainNames" => {
                let items = self.schema.list(&value, 1, 25);
                let names = items.iter().filter_map(|item| self.domain(item));
                Some(Peer::Domains(names.collect()))
            }
            _ => Some(Peer::Pods(self.pods(key, &value)?)),
        }
    }

    fn networks(&mut self, at: &At<'a>) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for item in self.schema.list(at, 1, 25) {
            let since = self.schema.out.found.len();
            let Some(text) = self.schema.text(&item) else {
                if let Some(cidr) = item.node.get("cidr").and_then(Node::as_str) {
                    let help = format!("write the network itself: `- {cidr}`");
                    self.schema.out.help(since, &help);
                }
                continue;
            };
            let value = format!("{text:?}");
            if text.len() > 43 {
                let message = "Too long: may not be more than 43 bytes".to_owned();
                self.schema.refuse(&item, message);
                continue;
            }
            let sloppy = |reason: &str| !reason.starts_with("must not have bits set");
            match cidr::parse(&text) {
                Ok(block) if !block.strict.is_some_and(sloppy) => {}
                _ => {
                    let detail = "Invalid CIDR format provided";
                    self.schema.invalid(&item, &value, detail);
                    continue;
                }
            }
            if found.contains(&text) {
                self.schema
                    .refuse(&item, format!("Duplicate value: {value}"));
            }
            found.push(text);
        }
        found
    }

    /// A8.
    fn domain(&mut self, at: &At<'a>) -> Option<String> {
        let text = self.schema.text(at)?;
        let name = domain_name(&text);
        if name.is_none() {
            let detail = format!(
                "{} in body should be a domain name of two labels or more, `*.` allowed in front",
                at.path
            );
            self.schema.invalid(at, &format!("{text:?}"), &detail);
        }
        name
    }
}

/// A domain name without a dot at its end; none unless it has two labels or more (A8).
pub fn domain_name(text: &str) -> Option<String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    let bare = text.strip_prefix("*.").unwrap_or(text);
    let label = |l: &str| {
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let bytes = l.as_bytes();
        edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner)
    };
    let valid = bare.contains('.') && bare.split('.').all(label);
    valid.then(|| text.to_ascii_lowercase())
}
