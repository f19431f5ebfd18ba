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
use crate::policy::Direction;
use crate::yaml::{Mark, Object, Value};

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
    /// Whether `icmps` restricts it to some ICMP types.
    pub icmps: bool,
    pub mark: Mark,
}

/// Reads an object of one of the two kinds; none if it is refused.
pub fn policy(object: &Object) -> (Option<CiliumPolicy>, Vec<Diagnostic>) {
    let mut diagnostics = fields::strict(object, SHAPE);
    let mut reader = Reader {
        clusterwide: object.kind == "CiliumClusterwideNetworkPolicy",
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
        if let Some(at) = nodes.as_ref().filter(|_| self.clusterwide) {
            let message = "it applies to nodes, not to pods: it is not judged";
            let note = Diagnostic::warning("cilium-host", message).path(at.path.as_str());
            self.notes.push(self.object.about(note, at.node.mark));
        }
        let subject = match (pods, nodes) {
            (Some(_), Some(nodes)) => {
                let message = "rule cannot have both EndpointSelector and NodeSelector";
                self.refuse(&nodes, message.to_owned());
                None
            }
            (None, Some(nodes)) if !self.clusterwide => {
                self.refuse(&nodes, "rule cannot have NodeSelector".to_owned());
                None
            }
            (Some(one), None) | (None, Some(one)) => self.selector(&one),
            (None, None) => {
                let message = "rule must have one of EndpointSelector or NodeSelector";
                self.refuse(at, message.to_owned());
                None
            }
        };
        let mut lists = |key, direction, denies| {
            let list = self.schema.get(at, key);
            let items = list.map(|at| self.schema.list(&at, 0, usize::MAX));
            let items = items.unwrap_or_default();
            let entries = items
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
        if allow.iter().chain(&deny).all(Vec::is_empty) {
            let message = "rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny";
            self.refuse(at, message.to_owned());
        }
        let default_deny = self.schema.get(at, "enableDefaultDeny");
        let default_deny = default_deny.map(|at| {
            self.schema.map(&at);
            ["ingress", "egress"].map(|key| match at.node.get(key).map(|n| &n.value) {
                Some(Value::Bool(value, _)) => Some(*value),
                _ => None,
            })
        });
        Some(Spec {
            subject: subject?,
            host,
            default_deny: default_deny.unwrap_or_default(),
            allow,
            deny,
        })
    }

    fn entry(&mut self, at: &At<'a>, direction: Direction, denies: bool) -> Option<Entry> {
        self.schema.map(at)?;
        let peers = self.peers(at, direction);
        let ports = self.ports(at, direction, denies);
        let icmps = self.schema.get(at, "icmps");
        let icmps = icmps.filter(|at| !self.schema.list(at, 0, usize::MAX).is_empty());
        if let (Some(at), Some(_)) = (&icmps, &ports) {
            let message = "the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts";
            self.refuse(at, message.to_owned());
        }
        if let Some(at) = &icmps {
            self.icmps(at);
        }
        if let Some(at) = self.schema.get(at, "authentication") {
            self.note(
                &at,
                "cilium-condition",
                "mutual authentication is not modelled: the answers are as if it succeeds",
            );
        }
        Some(Entry {
            peers,
            ports,
            icmps: icmps.is_some(),
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
