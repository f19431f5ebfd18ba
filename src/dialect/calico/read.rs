//! Parses and validates policies in one walk: what the schema of the CRD refuses (`crd`), and what Calico's own
//! validation refuses of that (`calico`), for its reasons.

use super::policy::{CalicoPolicy, Kind, Rule};
use super::reader::Reader;
use super::shape::{GLOBAL_POLICY, POLICY};
use crate::diag::{Diagnostic, Severity};
use crate::dialect::fields;
use crate::dialect::refusal::Quoted;
use crate::dialect::schema::At;
use crate::policy::Direction;
use crate::yaml::Object;

/// The most rules of a direction.
const MOST_RULES: usize = 1024;
/// The tier of a policy that names none.
const DEFAULT_TIER: &str = "default";
const NAME: &str = "name must consist of lower case alphanumeric characters or '-' (regex: [a-z0-9]([-a-z0-9]*[a-z0-9])?), with at most one '.'";

/// Reads an object of one of the two kinds; none if it is refused.
pub fn policy(object: &Object) -> (Option<CalicoPolicy>, Vec<Diagnostic>) {
    let (kind, shape) = match object.kind.as_str() {
        "GlobalNetworkPolicy" => (Kind::GlobalNetworkPolicy, GLOBAL_POLICY),
        _ => (Kind::NetworkPolicy, POLICY),
    };
    let mut reader = Reader::new(object);
    let spec = reader.head(kind == Kind::NetworkPolicy);
    reader.name(kind);
    let found = match &spec {
        Some(spec) => reader.policy(spec, kind),
        None => reader.without_spec(kind),
    };
    (Some(found), reader.finish(fields::strict(object, shape)))
}

impl<'a> Reader<'a> {
    /// Names have at most one dot, behind the name of a tier; those of converted policies have more (G32).
    fn name(&mut self, kind: Kind) {
        let name = self.object.name.as_str();
        let converted = ["knp.default.", "ossg.default."];
        let is_converted =
            kind == Kind::NetworkPolicy && converted.iter().any(|prefix| name.starts_with(prefix));
        if name.matches('.').count() > 1 && !is_converted {
            let metadata = self.object.node.get("metadata");
            let node = metadata.and_then(|node| node.get("name"));
            let mark = node.unwrap_or(&self.object.node).mark;
            let reason = [NAME.to_owned()];
            (self.schema.out).invalid("V1", "metadata.name", mark, Quoted(name), &reason);
        }
    }

    /// Without a spec it is as with an empty one.
    fn without_spec(&self, kind: Kind) -> CalicoPolicy {
        CalicoPolicy {
            kind,
            tier: DEFAULT_TIER.to_owned(),
            order: None,
            selector: None,
            namespace_selector: None,
            service_account_selector: None,
            types: [true, self.is_stored()],
            rules: [Vec::new(), Vec::new()],
            host: false,
        }
    }

    fn policy(&mut self, spec: &At<'a>, kind: Kind) -> CalicoPolicy {
        let is_global = kind == Kind::GlobalNetworkPolicy;
        let tier = self.text(spec, "tier");
        let order = self.get(spec, "order");
        let order = order.and_then(|at| self.schema.float(&at));
        let selector = self.selector(spec, "selector");
        let service_account_selector = self.selector(spec, "serviceAccountSelector");
        let mut selectors = vec!["selector", "serviceAccountSelector"];
        let namespace_selector = match is_global {
            true => {
                selectors.push("namespaceSelector");
                self.selector(spec, "namespaceSelector")
            }
            false => None,
        };
        self.refuse_global(spec, &selectors);
        // Only a selector that stands alone is not combined with another.
        if !is_global || namespace_selector.is_some() || service_account_selector.is_some() {
            self.refuse_blank(spec, "selector");
        }
        let [ingress, egress] = Direction::BOTH;
        let rules = [
            self.rules(spec, ingress, kind),
            self.rules(spec, egress, kind),
        ];
        let types = self.types(spec, &rules);
        self.hints(spec);
        let host = is_global && self.host(spec, types, &rules);
        CalicoPolicy {
            kind,
            tier: tier.unwrap_or_else(|| DEFAULT_TIER.to_owned()),
            order,
            selector,
            namespace_selector,
            service_account_selector,
            types,
            rules,
            host,
        }
    }

    fn rules(&mut self, spec: &At<'a>, direction: Direction, kind: Kind) -> Vec<Rule> {
        let key = match direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        let items = self.list(spec, key, MOST_RULES);
        let rules = items.iter().filter_map(|at| self.rule(at, direction, kind));
        rules.collect()
    }

    /// `performanceHints`, which change no verdict.
    fn hints(&mut self, spec: &At<'a>) {
        let mut known = Vec::new();
        for item in self.list(spec, "performanceHints", usize::MAX) {
            let Some(word) = self.schema.word(&item, &["AssumeNeededOnEveryNode"]) else {
                continue;
            };
            if known.contains(&word) {
                let message = format!("Duplicate value: {}", Quoted(word));
                self.schema.refuse(&item, message);
            }
            known.push(word);
        }
    }

    /// `types`, by default those of its rules (G12).
    fn types(&mut self, spec: &At<'a>, rules: &[Vec<Rule>; 2]) -> [bool; 2] {
        let (mut types, mut twice) = ([false; 2], None);
        let items = self.list(spec, "types", 2);
        for item in &items {
            let Some(word) = self.schema.word(item, &["Ingress", "Egress"]) else {
                continue;
            };
            let seen = match word {
                "Ingress" => &mut types[0],
                _ => &mut types[1],
            };
            if *seen {
                twice = Some(word);
            }
            *seen = true;
        }
        if let (Some(word), Some(at)) = (twice, self.get(spec, "types")) {
            self.refuse(&at, format!("'{word}' type specified more than once"));
        }
        if !items.is_empty() {
            return types;
        }
        let [ingress, egress] = rules;
        match self.is_stored() {
            true => [true, true],
            false => [!ingress.is_empty() || egress.is_empty(), !egress.is_empty()],
        }
    }

    /// Whether it is for traffic of hosts alone (G14).
    fn host(&mut self, spec: &At<'a>, types: [bool; 2], rules: &[Vec<Rule>; 2]) -> bool {
        let [forward, before_nat, untracked] =
            ["applyOnForward", "preDNAT", "doNotTrack"].map(|key| self.is_true(spec, key));
        let refused = [
            (
                before_nat && untracked,
                "preDNAT and doNotTrack cannot both be true",
            ),
            (
                (before_nat || untracked) && !forward,
                "applyOnForward must be true if either preDNAT or doNotTrack is true",
            ),
            (
                before_nat && !rules[1].is_empty(),
                "preDNAT policy cannot have any egress rules",
            ),
            (
                before_nat && types[1],
                "preDNAT policy cannot have 'Egress' type",
            ),
        ];
        for (_, reason) in refused.iter().filter(|(holds, _)| *holds) {
            self.schema.refuse(spec, (*reason).to_owned());
        }
        let host = before_nat || untracked;
        let key = match (before_nat, untracked) {
            (true, _) => "preDNAT",
            (_, true) => "doNotTrack",
            _ => "applyOnForward",
        };
        if let Some(at) = self.get(spec, key).filter(|_| forward || host) {
            let message = match host {
                true => "it applies to hosts, not to pods: it is not judged",
                false => {
                    "it also applies to traffic that hosts forward: what it means for pods is judged, the rest is not"
                }
            };
            self.note(&at, Severity::Warning, "calico-host", message);
        }
        host
    }
}
