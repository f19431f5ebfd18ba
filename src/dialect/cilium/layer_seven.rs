//! Reads what restricts a rule beyond addresses and ports: L7 rules, TLS and authentication (C43-C45).

use super::ports::{Number, Port, Restriction};
use super::reader::Reader;
use super::regexp;
use crate::dialect::schema::At;
use crate::policy::{Condition, Direction, HttpRule};
use crate::sets::Protocol;
use crate::yaml::{Entry, Node, Value};

const CONDITIONS: [(&str, Condition); 3] = [
    ("terminatingTLS", Condition::Tls),
    ("originatingTLS", Condition::Tls),
    ("serverNames", Condition::TlsServerName),
];
const MODES: [&str; 3] = ["disabled", "required", "test-always-fail"];

impl<'a> Reader<'a> {
    /// The conditions of an item of `toPorts`, beside its ports.
    pub fn layer_seven(
        &mut self,
        at: &At<'a>,
        direction: Direction,
        ports: &[Port],
    ) -> Restriction {
        let rules = self.schema.get(at, "rules");
        let filter = rules.as_ref();
        let filter = filter.and_then(|rules| self.rules(rules, direction, ports));
        let mut found = filter.unwrap_or_default();
        for (key, condition) in CONDITIONS {
            if let Some(at) = self.schema.get(at, key) {
                match condition {
                    Condition::TlsServerName => self.server_names(&at),
                    _ => self.tls(&at),
                }
                self.condition(&at, key);
                found = found.and(condition, at.node);
            }
        }
        let terminated = self.schema.get(at, "terminatingTLS").is_some();
        let names = self.schema.get(at, "serverNames");
        if let Some(names) = names.filter(|_| rules.is_some() && !terminated) {
            let message = "ServerNames are not allowed with L7 rules without TLS termination";
            self.refuse(&names, message.to_owned());
        }
        if let Some(listener) = self.schema.get(at, "listener") {
            self.listener(&listener, direction);
            found = found.and(Condition::Listener, listener.node);
        }
        found
    }

    fn listener(&mut self, at: &At<'a>, direction: Direction) {
        let name = self.listener_fields(at);
        match direction {
            Direction::Ingress => {
                self.refuse(at, format!("Listener is not allowed on ingress ({name})"));
            }
            Direction::Egress => self.condition(at, "listener"),
        }
    }

    fn condition(&mut self, at: &At, what: &str) {
        let message =
            format!("`{what}` is not modelled: the answers are as if it lets everything through");
        self.note(at, "cilium-condition", &message);
    }

    fn rules(&mut self, at: &At<'a>, direction: Direction, ports: &[Port]) -> Option<Restriction> {
        let messages = [
            "write http or dns, or leave out rules",
            "multiple L7 protocol rule types specified in single rule",
        ];
        let (kind, list) = self.exactly_one(at, &["http", "dns"], messages)?;
        let items = self.schema.list(&list, 0, usize::MAX);
        // An empty list filters nothing.
        items.first()?;
        match direction {
            Direction::Ingress if self.host => {
                let message = "L7 policy is not supported on host ingress yet";
                self.refuse(at, message.to_owned());
            }
            Direction::Egress if self.host && kind == "http" => {
                let message = "L7 protocol HTTP is not supported on host egress yet";
                self.refuse(at, message.to_owned());
            }
            _ => {}
        }
        if ports.iter().any(|p| matches!(p.number, Number::All)) {
            self.refuse(at, "L7 rules can not be used when a port is 0".to_owned());
        }
        if kind == "dns" {
            let names = items.iter().map(|at| self.domain_name(at));
            let names: Vec<Option<String>> = names.collect();
            self.dns_rules(at, direction, ports);
            // All names are no condition.
            let all = names.iter().flatten().any(|name| name == "*");
            return (!all).then(|| Restriction {
                conditions: vec![Condition::Dns],
                met_by: items.iter().map(|at| key(at.node)).collect(),
            });
        }
        items.iter().for_each(|at| self.http_rule(at));
        self.tcp_alone(at, ports);
        self.condition(at, kind);
        Some(Restriction {
            conditions: vec![Condition::Http],
            met_by: items.iter().map(|at| request(at.node)).collect(),
        })
    }

    fn dns_rules(&mut self, at: &At<'a>, direction: Direction, ports: &[Port]) {
        let range = |port: &Port| matches!(port.number, Number::Range(a, b) if a < b);
        if direction == Direction::Ingress {
            let message = "L7 protocol DNS is not supported on ingress yet";
            self.refuse(at, message.to_owned());
        }
        if ports.iter().any(range) {
            self.refuse(at, "DNS rules do not support port ranges".to_owned());
        }
        if ports.is_empty() {
            self.refuse(at, "port 53 must be specified for DNS rules".to_owned());
        }
    }

    /// Refuses L7 rules on ports that are not TCP alone.
    fn tcp_alone(&mut self, at: &At<'a>, ports: &[Port]) {
        let other = ports.iter().find_map(|port| match port.protocols[..] {
            [Protocol::Tcp] => None,
            [one] => Some(one.name()),
            _ => Some("ANY"),
        });
        if let Some(of) = other {
            let message = format!("L7 rules can only apply to TCP (not {of}) except for DNS rules");
            self.refuse(at, message);
        }
    }

    /// One HTTP rule: most of its fields are regular expressions.
    fn http_rule(&mut self, at: &At<'a>) {
        self.schema.map(at);
        self.headers(at);
        for key in ["path", "method", "host"] {
            let Some(field) = self.schema.get(at, key) else {
                continue;
            };
            let text = self.schema.text(&field);
            if let Some(Err(why)) = text.map(|text| regexp::check(&text)) {
                self.refuse(&field, why);
            }
        }
    }

    /// `authentication` of an entry.
    pub fn authentication(&mut self, at: &At<'a>) -> Option<Node> {
        let at = self.schema.get(at, "authentication")?;
        let mode = self.schema.required(&at, "mode");
        let mode = mode.and_then(|at| self.schema.word(&at, &MODES));
        mode.filter(|mode| *mode != "disabled")?;
        self.note(
            &at,
            "cilium-condition",
            "mutual authentication is not modelled: the answers are as if it succeeds",
        );
        Some(at.node.clone())
    }
}

/// An HTTP rule: one of a method and a path as [`HttpRule`] shows it.
fn request(rule: &Node) -> String {
    let text = |name| rule.get(name).and_then(Node::as_str).map(str::to_owned);
    let simple = HttpRule {
        method: text("method"),
        path: text("path"),
    };
    let Value::Map(map) = &rule.value else {
        return key(rule);
    };
    let known = |entry: &Entry| matches!(entry.key.as_str(), "method" | "path");
    match map.entries.iter().all(known) {
        true => simple.to_string(),
        false => key(rule),
    }
}

/// A key that is the same where the same is written.
fn key(node: &Node) -> String {
    format!("{:x}", node.content())
}
