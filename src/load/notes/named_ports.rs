//! Port names towards what declares no ports: an address, a node, a domain name (semantics 1.4).

use super::{title, walk};
use crate::cluster::Snapshot;
use crate::diag::Diagnostic;
use crate::policy::{Match, Peer, PortMatch, Rule};

pub(super) fn named_ports(snapshot: &Snapshot, out: &mut Vec<Diagnostic>) {
    // Of policies of the whole cluster, the API says so itself (A10).
    let namespaced = snapshot.policies.iter().filter(|p| p.namespace.is_some());
    for policy in namespaced {
        let rules = policy.egress.iter().flat_map(|side| &side.rules);
        for rule in rules.filter(|rule| names_outside(rule)) {
            let Match::Only(items) = &rule.ports else {
                continue;
            };
            for item in items {
                if let PortMatch::Named { name, .. } = &item.port {
                    let message = format!(
                        "the port name `{name}` matches nothing at an address, a node or a domain name: only pods declare names"
                    );
                    let told = Diagnostic::warning("L08", message)
                        .at(item.span.clone())
                        .on(title(policy))
                        .help("write the port's number, in a rule for these peers");
                    out.push(told);
                }
            }
        }
    }
}

/// Whether a rule names peers that are no pods.
fn names_outside(rule: &Rule) -> bool {
    let Match::Only(items) = &rule.peers else {
        return false;
    };
    let mut found = false;
    for item in items {
        walk(&item.peer, &mut |peer| {
            found |= matches!(peer, Peer::Addresses(_) | Peer::Nodes(_) | Peer::Domain(_));
        });
    }
    found
}
