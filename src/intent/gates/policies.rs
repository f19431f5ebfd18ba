//! The policies that an intent consists of.

use std::sync::{Arc, LazyLock};

use crate::diag::Span;
use crate::model::FlowPort;
use crate::policy::{
    Action, Direction, Match, Peer, PeerItem, Policy, PortItem, PortMatch, Rule, Side,
};

/// A policy that allows, and isolates nothing.
pub(super) fn allowance(
    direction: Direction,
    subject: Peer,
    peer: Peer,
    ports: &[FlowPort],
) -> Policy {
    decision(Action::Accept, direction, subject, peer, ports)
}

/// A policy that allows or denies, and isolates nothing.
pub(super) fn decision(
    action: Action,
    direction: Direction,
    subject: Peer,
    peer: Peer,
    ports: &[FlowPort],
) -> Policy {
    let side = Some(Side {
        isolates: false,
        rules: vec![Rule {
            name: None,
            action,
            subject: None,
            peers: Match::Only(vec![PeerItem {
                peer,
                span: no_span(),
            }]),
            ports: port_match(ports),
            except: Vec::new(),
            conditions: Vec::new(),
            met_by: Vec::new(),
            index: 0,
            span: no_span(),
        }],
    });
    match direction {
        Direction::Ingress => Policy {
            ingress: side,
            ..empty(subject)
        },
        Direction::Egress => Policy {
            egress: side,
            ..empty(subject)
        },
    }
}

pub(super) fn port_match(ports: &[FlowPort]) -> Match<PortItem> {
    let mut items = Vec::new();
    for port in ports {
        let port = match port {
            FlowPort::Any => return Match::Any,
            FlowPort::All(protocol) => PortMatch::AllPorts(*protocol),
            FlowPort::Range(protocol, first, last) => PortMatch::Range {
                protocol: *protocol,
                first: *first,
                last: *last,
            },
            FlowPort::Named(protocol, name) => PortMatch::Named {
                protocol: Some(*protocol),
                name: name.clone(),
            },
        };
        items.push(PortItem {
            port,
            span: no_span(),
        });
    }
    Match::Only(items)
}

pub(super) fn closed_side() -> Side {
    Side {
        isolates: true,
        rules: Vec::new(),
    }
}

/// Isolated, and nothing can be allowed.
pub(super) fn denied_side() -> Side {
    Side {
        isolates: true,
        rules: vec![Rule {
            name: None,
            action: Action::Deny,
            subject: None,
            peers: Match::Any,
            ports: Match::Any,
            except: Vec::new(),
            conditions: Vec::new(),
            met_by: Vec::new(),
            index: 0,
            span: no_span(),
        }],
    }
}

/// What an imported policy isolates, without what it allows.
pub(super) fn isolation_of(policy: &Policy) -> Policy {
    let closed = |side: &Option<Side>| side.as_ref().filter(|s| s.isolates).map(|_| closed_side());
    Policy {
        ingress: closed(&policy.ingress),
        egress: closed(&policy.egress),
        tier: 0,
        ..policy.clone()
    }
}

pub(super) fn empty(subject: Peer) -> Policy {
    Policy {
        kind: "NetworkPolicy",
        name: "intent".to_owned(),
        namespace: None,
        tier: 0,
        order: 0,
        tie: String::new(),
        subject,
        ingress: None,
        egress: None,
        span: no_span(),
    }
}

fn no_span() -> Span {
    static FILE: LazyLock<Arc<str>> = LazyLock::new(|| "document".into());
    Span::new(Arc::clone(&FILE), 1, 1)
}
