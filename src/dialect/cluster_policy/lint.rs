//! What the schema takes and nothing enforces as it reads: domain names in rules that do not accept (A8).

use crate::diag::Diagnostic;
use crate::dialect::cidr;
use crate::yaml::{Node, Object, Value};

/// What is probably not meant in a policy that the API server accepts.
pub fn lint(object: &Object) -> Vec<Diagnostic> {
    let spec = object.node.get("spec");
    let rules = spec.and_then(|spec| spec.get("egress")?.items());
    let mut found = cidr::ambiguous(object);
    for rule in rules.unwrap_or_default() {
        let action = rule
            .get("action")
            .and_then(Node::as_str)
            .unwrap_or_default();
        if !["Deny", "Pass"].contains(&action) {
            continue;
        }
        let peers = rule.get("to").and_then(Node::items).unwrap_or_default();
        for peer in peers {
            let Value::Map(map) = &peer.value else {
                continue;
            };
            if let Some(entry) = map.entry("domainNames") {
                let message = format!(
                    "domain names are meant for rules that accept: with `action: {action}` the addresses that nobody has looked up yet are not matched, and addresses that other names share are"
                );
                let error = Diagnostic::error("L49", message)
                    .help("accept the names that are wanted, and deny the rest by `networks`");
                found.push(object.about(error, entry.mark));
            }
        }
    }
    found
}
