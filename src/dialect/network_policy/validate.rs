//! What the API server of Kubernetes 1.36 refuses (V1-V23), with its field paths and messages.

use std::fmt::Display;

use super::parse::{IpBlock, NetworkPolicy, Peer, Port, Rule};
use crate::diag::{Change, Diagnostic};
use crate::dialect::fields::{self, METADATA, SELECTOR, Shape};
use crate::dialect::refusal::{Quoted, Refusals};
use crate::dialect::{cidr, selector};
use crate::policy::names;
use crate::sets::Protocol;
use crate::yaml::Object;
use crate::yaml::decode::{IntOrString, Spanned};

const API_VERSION: &str = "networking.k8s.io/v1";

const PEER: Shape = Shape::Fields(&[
    ("podSelector", SELECTOR),
    ("namespaceSelector", SELECTOR),
    (
        "ipBlock",
        Shape::Fields(&[("cidr", Shape::Any), ("except", Shape::Any)]),
    ),
]);
const PORT: Shape = Shape::Fields(&[
    ("protocol", Shape::Any),
    ("port", Shape::Any),
    ("endPort", Shape::Any),
]);
const SHAPE: Shape = Shape::Fields(&[
    ("apiVersion", Shape::Any),
    ("kind", Shape::Any),
    ("metadata", METADATA),
    (
        "spec",
        Shape::Fields(&[
            ("podSelector", SELECTOR),
            ("policyTypes", Shape::Any),
            (
                "ingress",
                Shape::List(&Shape::Fields(&[
                    ("from", Shape::List(&PEER)),
                    ("ports", Shape::List(&PORT)),
                ])),
            ),
            (
                "egress",
                Shape::List(&Shape::Fields(&[
                    ("to", Shape::List(&PEER)),
                    ("ports", Shape::List(&PORT)),
                ])),
            ),
        ]),
    ),
]);

/// Unknown and duplicate fields (V23), and an API version that is not served.
pub fn strict(object: &Object) -> Vec<Diagnostic> {
    let mut found = fields::strict(object, SHAPE);
    if object.api_version != API_VERSION {
        let serves = match object.group() {
            "extensions" => "no longer serves",
            _ => "does not serve",
        };
        let message = format!(
            "`{}` {serves} NetworkPolicy; judged as `{API_VERSION}`",
            object.api_version
        );
        let diagnostic = Diagnostic::error("api-version", message)
            .path("apiVersion")
            .help(format!("write `apiVersion: {API_VERSION}`"));
        found.push(object.about(diagnostic, object.node.mark));
    }
    found
}

/// All other errors, in the order in which the API checks them.
pub fn validate(object: &Object, policy: &NetworkPolicy) -> Vec<Diagnostic> {
    let mut out = Refusals::new(object);
    policy.metadata.validate(&mut out);
    selector::validate(&policy.pod_selector, "spec.podSelector", &mut out);
    for (direction, peers, rules) in [
        ("ingress", "from", &policy.ingress),
        ("egress", "to", &policy.egress),
    ] {
        for (i, each) in rules.iter().enumerate() {
            rule(each, format_args!("spec.{direction}[{i}]"), peers, &mut out);
        }
    }
    policy_types(policy, &mut out);
    out.found
}

fn rule(rule: &Rule, path: impl Display + Copy, peers: &str, out: &mut Refusals) {
    for (i, each) in rule.ports.iter().enumerate() {
        port(each, format_args!("{path}.ports[{i}]"), out);
    }
    for (i, each) in rule.peers.iter().enumerate() {
        peer(each, format_args!("{path}.{peers}[{i}]"), out);
    }
}

fn port(port: &Port, path: impl Display + Copy, out: &mut Refusals) {
    if let Some(protocol) = &port.protocol
        && Protocol::parse(&protocol.value).is_none()
    {
        let value = Quoted(&protocol.value);
        let message =
            format!(r#"Unsupported value: {value}: supported values: "TCP", "UDP", "SCTP""#);
        let since = out.found.len();
        out.add(
            "V8",
            format_args!("{path}.protocol"),
            protocol.mark,
            message,
        );
        if Protocol::parse(&protocol.value.to_ascii_uppercase()).is_some() {
            out.help(since, "write it in upper case");
        }
    }
    let end_path = format_args!("{path}.endPort");
    let mut end = |code, value: i32, detail: &str| {
        if let Some(end) = &port.end_port {
            out.invalid(code, end_path, end.mark, value, &[detail.to_owned()]);
        }
    };
    let last = port.end_port.as_ref().map(|end| end.value);
    match (&port.port, last) {
        (None, Some(last)) => end(
            "V7",
            last,
            "may not be specified when `port` is not specified",
        ),
        (Some(first), Some(last)) => match first.value {
            IntOrString::Int(first) => {
                if last < first {
                    end("V5", first, "must be greater than or equal to `port`");
                }
                for detail in names::port_number(last) {
                    end("V2", last, &detail);
                }
            }
            IntOrString::String(_) => {
                end(
                    "V6",
                    last,
                    "may not be specified when `port` is non-numeric",
                );
            }
        },
        (_, None) => {}
    }
    let path = format_args!("{path}.port");
    match &port.port {
        Some(Spanned {
            value: IntOrString::Int(n),
            mark,
        }) => {
            out.invalid("V2", path, *mark, n, &names::port_number(*n));
        }
        Some(Spanned {
            value: IntOrString::String(name),
            mark,
        }) => {
            let digits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
            let code = if digits { "V3" } else { "V4" };
            let since = out.found.len();
            out.invalid(code, path, *mark, Quoted(name), &names::port_name(name));
            if digits {
                out.help(since, "a quoted number is a port name: remove the quotes");
                if let Ok(number) = name.parse() {
                    out.correct(since, *mark, &Change::Number(number));
                }
            } else if let Some((first, last)) = number_range(name) {
                out.help(
                    since,
                    &format!("for a range write `port: {first}` and `endPort: {last}`"),
                );
            }
        }
        None => {}
    }
}

/// The bounds in `8080-8090`.
fn number_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-')?;
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

fn peer(peer: &Peer, path: impl Display + Copy, out: &mut Refusals) {
    if let Some(pods) = &peer.pod_selector {
        selector::validate(pods, format_args!("{path}.podSelector"), out);
    }
    if let Some(namespaces) = &peer.namespace_selector {
        selector::validate(namespaces, format_args!("{path}.namespaceSelector"), out);
    }
    if let Some(block) = &peer.ip_block {
        ip_block(block, format_args!("{path}.ipBlock"), out);
    }
    let selects = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
    match (&peer.ip_block, selects) {
        (None, false) => {
            let since = out.found.len();
            let message = "Required value: must specify a peer";
            out.add("V9", path, peer.mark, message.into());
            out.help(
                since,
                "to match everything, omit the list of peers; a selector without a value counts as missing",
            );
        }
        (Some(_), true) => {
            let message = "Forbidden: may not specify both ipBlock and another peer";
            out.add("V10", path, peer.mark, message.into());
        }
        _ => {}
    }
}

fn ip_block(block: &IpBlock, path: impl Display + Copy, out: &mut Refusals) {
    let at_cidr = format_args!("{path}.cidr");
    if block.cidr.value.is_empty() {
        return out.add("V11", at_cidr, block.cidr.mark, "Required value".into());
    }
    let Some(outer) = one_block(&block.cidr, at_cidr, out) else {
        return;
    };
    for (i, text) in block.except.iter().enumerate() {
        let path = format_args!("{path}.except[{i}]");
        if let Some(inner) = one_block(text, path, out)
            && !outer.holds_strictly(&inner)
        {
            let detail = "must be a strict subset of `cidr`".to_owned();
            out.invalid("V14", path, text.mark, Quoted(&text.value), &[detail]);
        }
    }
}

fn one_block(
    text: &Spanned<String>,
    path: impl Display + Copy,
    out: &mut Refusals,
) -> Option<cidr::Block> {
    let value = Quoted(&text.value);
    let since = out.found.len();
    match cidr::parse(&text.value) {
        Ok(block) => {
            let strict = block.strict.map(str::to_owned);
            out.invalid("V13", path, text.mark, value, strict.as_slice());
            out.help(
                since,
                &format!("write `{}`; it is judged as that", block.net),
            );
            out.correct(since, text.mark, &Change::Text(block.net.to_string()));
            Some(block)
        }
        Err(detail) => {
            out.invalid("V12", path, text.mark, value, &[detail.to_owned()]);
            None
        }
    }
}

fn policy_types(policy: &NetworkPolicy, out: &mut Refusals) {
    let types = &policy.policy_types;
    if types.len() > 2 {
        let values: Vec<_> = types.iter().map(|t| Quoted(&t.value).to_string()).collect();
        let detail = "may not specify more than two policyTypes".to_owned();
        let value = format!("[{}]", values.join(", "));
        let mark = policy.policy_types_mark;
        return out.invalid("V15", "spec.policyTypes", mark, value, &[detail]);
    }
    for (i, each) in types.iter().enumerate() {
        if !matches!(each.value.as_str(), "Ingress" | "Egress") {
            let value = Quoted(&each.value);
            let since = out.found.len();
            let message =
                format!(r#"Unsupported value: {value}: supported values: "Ingress", "Egress""#);
            out.add(
                "V16",
                format_args!("spec.policyTypes[{i}]"),
                each.mark,
                message,
            );
            out.help_with_case(since, &each.value, &["Ingress", "Egress"]);
        }
    }
}
