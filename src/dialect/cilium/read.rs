//! Parses and validates in one walk: what the schema of the CRD refuses (`crd`), and what the agent refuses of
//! that (`cilium`), with their messages. Both are not enforced (C47).

use super::peers::{Peers, Written};
use super::ports::PortRule;
use super::reader::Reader;
use super::shape::SHAPE;
use crate::diag::Diagnostic;
use crate::dialect::fields;
use crate::dialect::metadata::{self, Metadata};
use crate::dialect::schema::{At, Schema};
use crate::dialect::selector::LabelSelector;
use crate::policy::{Direction, PortMatch};
use crate::yaml::{Mark, Node, Object};

const LISTS: [&str; 4] = ["ingress", "ingressDeny", "egress", "egressDeny"];
const SUBJECTS: [&str; 2] = [
    "rule must have one of EndpointSelector or NodeSelector",
    "rule cannot have both EndpointSelector and NodeSelector",
];

/// A policy as written: `spec` and `specs` are independent rules (C3).
#[derive(Clone, Debug)]
pub struct CiliumPolicy {
    /// CiliumClusterwideNetworkPolicy.
    pub clusterwide: bool,
    pub rules: Vec<Spec>,
}

/// One rule with its own subject.
#[derive(Clone, Debug)]
pub struct Spec {
    pub subject: LabelSelector,
    /// `nodeSelector`: it applies to nodes, not to pods.
    pub host: bool,
    /// `enableDefaultDeny`, by direction.
    pub default_deny: [Option<bool>; 2],
    /// `ingress` and `egress`.
    pub allow: [Vec<Entry>; 2],
    /// `ingressDeny` and `egressDeny`.
    pub deny: [Vec<Entry>; 2],
}

/// One item of a list of rules: its L3 part and its L4 part.
#[derive(Clone, Debug)]
pub struct Entry {
    pub peers: Peers,
    /// `toPorts`; none if it is missing or empty.
    pub ports: Option<Vec<PortRule>>,
    /// `icmps`: the types of ICMP that it is restricted to; none if it is missing or empty.
    pub icmps: Option<Vec<(PortMatch, Mark)>>,
    /// Whether both ends must authenticate each other.
    pub authentication: Option<Node>,
    pub mark: Mark,
}

/// Reads an object of one of the two kinds; none if it is refused.
pub fn policy(object: &Object) -> (Option<CiliumPolicy>, Vec<Diagnostic>) {
    let mut diagnostics = fields::strict(object, SHAPE);
    let mut reader = Reader {
        clusterwide: object.kind == "CiliumClusterwideNetworkPolicy",
        host: false,
        schema: Schema::new(object),
        notes: Vec::new(),
        object,
    };
    if object.api_version != "cilium.io/v2" {
        let message = format!("{} is not served in `{}`", object.kind, object.api_version);
        let mark = object.node.mark;
        (reader.schema.out).add("api-version", "apiVersion", mark, message);
        reader
            .schema
            .out
            .help(0, "write `apiVersion: cilium.io/v2`");
    }
    let found = reader.policy();
    diagnostics.append(&mut reader.schema.out.found);
    diagnostics.append(&mut reader.notes);
    (found, diagnostics)
}

impl<'a> Reader<'a> {
    fn policy(&mut self) -> Option<CiliumPolicy> {
        let root = At {
            node: &self.object.node,
            path: String::new(),
        };
        match metadata::read(root.node) {
            Ok(metadata) if self.clusterwide => {
                Metadata::cluster_wide(metadata).validate(&mut self.schema.out);
            }
            Ok(metadata) => metadata.validate(&mut self.schema.out),
            Err(error) => self.schema.out.undecodable(error),
        }
        let spec = self.schema.get(&root, "spec").into_iter().collect();
        let specs = self.schema.get(&root, "specs");
        let specs = specs.map(|at| self.schema.list(&at, 0, usize::MAX));
        let all: Vec<At> = [spec, specs.unwrap_or_default()].concat();
        if all.is_empty() {
            self.refuse(
                &root,
                format!("Invalid {} spec(s): empty policy", self.object.kind),
            );
        }
        let rules = all.iter().filter_map(|at| self.spec(at)).collect();
        Some(CiliumPolicy {
            clusterwide: self.clusterwide,
            rules,
        })
    }

    fn spec(&mut self, at: &At<'a>) -> Option<Spec> {
        self.schema.map(at)?;
        let (pods, nodes) = (
            self.schema.get(at, "endpointSelector"),
            self.schema.get(at, "nodeSelector"),
        );
        let host = nodes.is_some();
        self.host = host;
        if let Some(at) = nodes.as_ref().filter(|_| self.clusterwide) {
            let message = "it applies to nodes, not to pods: it is not judged";
            let note = Diagnostic::warning("cilium-host", message).path(at.path.as_str());
            self.notes.push(self.object.about(note, at.node.mark));
        }
        let subject = match (pods, nodes) {
            (None, Some(nodes)) if !self.clusterwide => {
                self.refuse(&nodes, "rule cannot have NodeSelector".to_owned());
                None
            }
            _ => {
                let keys = ["endpointSelector", "nodeSelector"];
                let one = self.exactly_one(at, &keys, SUBJECTS);
                one.and_then(|(_, at)| self.selector(&at))
            }
        };
        let since = self.schema.out.found.len();
        let mut lists = |key, direction, denies| {
            let entries = self.items(at, key, usize::MAX);
            let entries = entries
                .iter()
                .filter_map(|at| self.entry(at, direction, denies));
            entries.collect::<Vec<Entry>>()
        };
        let [ingress, egress] = Direction::BOTH;
        let allow = [
            lists("ingress", ingress, false),
            lists("egress", egress, false),
        ];
        let deny = [
            lists("ingressDeny", ingress, true),
            lists("egressDeny", egress, true),
        ];
        if allow.iter().chain(&deny).all(Vec::is_empty) && self.schema.out.found.len() == since {
            self.no_rules(at);
        }
        let default_deny = self.schema.get(at, "enableDefaultDeny");
        let default_deny = default_deny.map(|at| {
            self.schema.map(&at);
            ["ingress", "egress"].map(|key| self.boolean(&at, key))
        });
        Some(Spec {
            subject: subject?,
            host,
            default_deny: default_deny.unwrap_or_default(),
            allow,
            deny,
        })
    }

    /// Refuses a rule without entries: the schema if it has none of the lists, else the agent.
    fn no_rules(&mut self, at: &At<'a>) {
        let message = "rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny";
        if LISTS.iter().any(|key| self.schema.get(at, key).is_some()) {
            self.refuse(at, message.to_owned());
            return;
        }
        let since = self.schema.out.found.len();
        self.schema.required(at, "ingress");
        self.schema.out.help(since, message);
    }

    fn entry(&mut self, at: &At<'a>, direction: Direction, denies: bool) -> Option<Entry> {
        self.schema.map(at)?;
        let peers = self.peers(at, direction, denies);
        let ports = self.ports(at, direction, denies);
        let icmps = self.schema.get(at, "icmps");
        let icmps = icmps.filter(|at| !self.schema.list(at, 0, usize::MAX).is_empty());
        if let (Some(at), Some(_)) = (&icmps, &ports) {
            let message = "the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts";
            self.refuse(at, message.to_owned());
        }
        let icmps = icmps.map(|at| self.icmps(&at));
        let authentication = match denies {
            true => None,
            false => self.authentication(at),
        };
        Some(Entry {
            peers,
            ports,
            icmps,
            authentication,
            mark: at.node.mark,
        })
    }
}

impl Spec {
    /// Whether it isolates its subject in a direction (C6): where it has rules, unless it says otherwise.
    pub fn isolates(&self, direction: Direction) -> bool {
        let at = direction as usize;
        let rules = !self.allow[at].is_empty() || !self.deny[at].is_empty();
        rules && self.default_deny[at] != Some(false)
    }
}

impl Entry {
    /// Whether the L3 part matches nothing whatever the L4 part is (C12).
    pub fn is_empty(&self) -> bool {
        matches!(self.peers, Peers::Nobody)
    }

    /// The peers as written.
    pub fn written(&self) -> &[(Written, Mark)] {
        match &self.peers {
            Peers::Of(all) => all,
            _ => &[],
        }
    }
}
