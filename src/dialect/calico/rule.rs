//! Reads a rule (G20, G26, G29).

use std::collections::BTreeSet;

use super::policy::{Action, Entity, Ip, Kind, Number, Port, Rule};
use super::ports::Written;
use super::reader::{CONDITION, Reader};
use crate::diag::Severity;
use crate::dialect::schema::At;
use crate::policy::Direction;
use crate::sets::Protocol;
use crate::yaml::Node;

const ACTIONS: [(&str, Action); 4] = [
    ("Allow", Action::Allow),
    ("Deny", Action::Deny),
    ("Log", Action::Log),
    ("Pass", Action::Pass),
];

/// `icmp` or `notICMP` of a rule.
#[derive(Clone, Copy)]
struct IcmpType {
    of_type: Option<u16>,
    has_code: bool,
}

fn has_ports(ip: Ip) -> bool {
    matches!(ip, Ip::Ports(protocol) if !protocol.has_types())
}

impl<'a> Reader<'a> {
    /// A rule; none if its action is missing.
    pub fn rule(&mut self, at: &At<'a>, direction: Direction, kind: Kind) -> Option<Rule> {
        self.schema.map(at)?;
        let action = self.action(at);
        let protocol = self.protocol(at, "protocol");
        let not_protocol = self.protocol(at, "notProtocol");
        let version = self.version(at);
        for (key, protocol) in [("protocol", &protocol), ("notProtocol", &not_protocol)] {
            self.family_of_icmp(at, key, protocol.as_ref(), version);
        }
        let source = self.entity(at, "source", kind);
        let destination = self.entity(at, "destination", kind);
        self.families(at, version);
        self.ports_need_protocol(at, protocol.as_ref(), &source, &destination);
        self.services(at, direction, &destination);
        let icmp = self.icmp(at, "icmp", protocol.as_ref());
        let not_icmp = self.icmp(at, "notICMP", protocol.as_ref());
        let http = self.http(at, direction, action, protocol.as_ref());
        Some(Rule {
            action: action?,
            protocol: protocol.map(|p| p.ip),
            not_protocol: not_protocol.map(|p| p.ip),
            version,
            icmp: icmp.and_then(|icmp| icmp.of_type),
            // A type of which one code is left out stays.
            not_icmp: (not_icmp.filter(|icmp| !icmp.has_code)).and_then(|icmp| icmp.of_type),
            icmp_code: [icmp, not_icmp]
                .into_iter()
                .flatten()
                .any(|icmp| icmp.has_code),
            http,
            met_by: self.conditions(at),
            source,
            destination,
            mark: at.node.mark,
        })
    }

    /// A key of what is written of the conditions that are not modelled.
    fn conditions(&self, at: &At) -> Option<String> {
        let source = at.node.get("source");
        let of_source = ["ports", "notPorts"].map(|key| source.and_then(|node| node.get(key)));
        let own = ["icmp", "notICMP", "http"].map(|key| at.node.get(key));
        let written = own.into_iter().chain(of_source);
        let keys: Vec<Option<u64>> = written.map(|node| node.map(Node::content)).collect();
        (keys.iter().any(Option::is_some)).then(|| format!("{keys:?}"))
    }

    fn action(&mut self, at: &At<'a>) -> Option<Action> {
        let words = ACTIONS.map(|(word, _)| word);
        let Some(field) = self.get(at, "action") else {
            let supported = words.map(|word| format!("{word:?}")).join(", ");
            let message = format!("Unsupported value: \"\": supported values: {supported}");
            let path = format!("{}.action", at.path);
            self.schema.out.add("crd", path, at.node.mark, message);
            return None;
        };
        let found = self.schema.word(&field, &words)?;
        let action = ACTIONS.iter().find(|(word, _)| *word == found);
        action.map(|(_, action)| *action)
    }

    fn version(&mut self, at: &At<'a>) -> Option<u8> {
        let field = self.get(at, "ipVersion")?;
        match self.schema.number(&field, i32::MIN, i32::MAX)? {
            4 => Some(4),
            6 => Some(6),
            other => {
                let message = format!("Unsupported value: {other}: supported values: \"4\", \"6\"");
                self.schema.refuse(&field, message);
                None
            }
        }
    }

    /// ICMP is of IPv4, ICMPv6 of IPv6.
    fn family_of_icmp(
        &mut self,
        at: &At<'a>,
        key: &str,
        protocol: Option<&Written>,
        version: Option<u8>,
    ) {
        let wanted = match protocol.map(|p| p.name.as_str()) {
            Some("ICMP") => 4,
            Some("ICMPv6") => 6,
            _ => return,
        };
        if let (Some(protocol), Some(version)) = (protocol, version)
            && version != wanted
        {
            let message = format!("{key} {} requires ipVersion {wanted}", protocol.name);
            self.schema.refuse(at, message);
        }
    }

    fn ports_need_protocol(
        &mut self,
        at: &At<'a>,
        protocol: Option<&Written>,
        source: &Entity,
        destination: &Entity,
    ) {
        let numeric = |port: &Port| matches!(port.number, Number::Range(..));
        for (side, entity) in [("source", source), ("destination", destination)] {
            for (key, ports) in [("ports", &entity.ports), ("notPorts", &entity.not_ports)] {
                let entity = self.get(at, side);
                let Some(field) = entity.and_then(|entity| self.get(&entity, key)) else {
                    continue;
                };
                let reason = match protocol.map(|p| p.ip) {
                    Some(ip) if !ports.is_empty() && !has_ports(ip) => {
                        "rules that specify ports must set protocol to TCP or UDP or SCTP"
                    }
                    None if ports.iter().any(numeric) => {
                        "rules with numeric port or port range must set protocol to TCP or UDP or SCTP"
                    }
                    _ => continue,
                };
                // Where the protocol itself is refused, it is that which is wrong.
                if protocol.is_some() || self.get(at, "protocol").is_none() {
                    self.refuse(&field, reason);
                }
            }
        }
        for key in ["ports", "notPorts"] {
            let field = self.get(at, "source").and_then(|at| self.get(&at, key));
            if let Some(field) = field.filter(|at| at.node.items().is_some_and(|i| !i.is_empty())) {
                let message = "the port that a connection comes from is not modelled";
                self.note(&field, Severity::Info, CONDITION, message);
            }
        }
    }

    /// Services are peers: the source of ingress, the destination of egress (G28).
    fn services(&mut self, at: &At<'a>, direction: Direction, destination: &Entity) {
        let (side, reason) = match direction {
            Direction::Ingress => ("destination", "not allowed in ingress rule destination"),
            Direction::Egress => ("source", "not allowed in egress rule source"),
        };
        let field = |reader: &Self, side| {
            let entity = reader.get(at, side)?;
            reader.get(&entity, "services")
        };
        if let Some(field) = field(self, side) {
            self.refuse(&field, reason);
        }
        let ports = !destination.ports.is_empty() || !destination.not_ports.is_empty();
        if ports && field(self, "destination").is_some() {
            let message = "ports and notPorts cannot be specified with services";
            self.schema.refuse(at, message.to_owned());
        }
    }

    /// How ICMP types restrict it; none if they do not. What is more than one type is not modelled.
    fn icmp(&mut self, at: &At<'a>, key: &str, protocol: Option<&Written>) -> Option<IcmpType> {
        let field = self.get(at, key)?;
        self.schema.map(&field)?;
        let is_icmp = protocol.is_some_and(|p| matches!(p.name.as_str(), "ICMP" | "ICMPv6"));
        if !is_icmp {
            let message = "ICMP fields require protocol to be ICMP or ICMPv6";
            self.schema.refuse(at, message.to_owned());
        }
        let of_type = self.get(&field, "type");
        let code = self.get(&field, "code");
        if code.is_some() && of_type.is_none() {
            let message = "ICMP code specified without an ICMP type";
            self.schema.refuse(&field, message.to_owned());
        }
        let of_type = of_type.and_then(|at| self.schema.number(&at, 0, 254));
        if let Some(code) = &code {
            self.schema.number(code, 0, 255);
        }
        let has_code = code.is_some();
        if has_code {
            let message = "the codes of ICMP types are not modelled";
            self.note(&field, Severity::Info, CONDITION, message);
        }
        Some(IcmpType {
            of_type: of_type.and_then(|number| u16::try_from(number).ok()),
            has_code,
        })
    }

    /// Whether HTTP requests restrict it.
    fn http(
        &mut self,
        at: &At<'a>,
        direction: Direction,
        action: Option<Action>,
        protocol: Option<&Written>,
    ) -> bool {
        let Some(field) = self.get(at, "http") else {
            return false;
        };
        if self.schema.map(&field).is_none() {
            return false;
        }
        if direction == Direction::Egress {
            self.refuse(&field, "not allowed in egress rule");
        }
        if action.is_some_and(|action| action != Action::Allow) {
            let message = "HTTP match is only valid on Allow rules";
            self.schema.refuse(at, message.to_owned());
        }
        if protocol.is_some_and(|p| p.ip != Ip::Ports(Protocol::Tcp)) {
            let message = "rules with HTTP match must have protocol TCP or unset";
            self.schema.refuse(at, message.to_owned());
        }
        let methods = self.list(&field, "methods", usize::MAX);
        let names: BTreeSet<_> = methods.iter().map(|at| self.schema.text(at)).collect();
        let twice = names.len() < methods.len();
        if let Some(at) = self.get(&field, "methods").filter(|_| twice) {
            self.refuse(&at, "Invalid methods (duplicates)");
        }
        for path in self.list(&field, "paths", usize::MAX) {
            self.http_path(&path);
        }
        let message = "`http` is not modelled: the answers are as if it lets every request through, as Calico does without its Envoy add-on";
        self.note(&field, Severity::Info, CONDITION, message);
        true
    }

    fn http_path(&mut self, at: &At<'a>) {
        if self.schema.map(at).is_none() {
            return;
        }
        let used = (self.text(at, "exact"), self.text(at, "prefix"));
        let path = match used {
            (Some(_), Some(_)) => {
                self.refuse(at, "Invalid path match. Both 'exact' and 'prefix' are set");
                return;
            }
            (Some(path), None) | (None, Some(path)) => path,
            (None, None) => {
                self.refuse(
                    at,
                    "Invalid path match. Either 'exact' or 'prefix' must be set",
                );
                return;
            }
        };
        if !path.starts_with('/') || path.contains(['?', ' ', '#']) {
            let reason = "Invalid path (must start with `/` and not contain `?` or `#`)";
            self.invalid(at, &path, reason);
        }
    }
}
