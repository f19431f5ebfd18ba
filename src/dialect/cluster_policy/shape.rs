//! The fields of each of these kinds; any other field is reported as V23.

use crate::dialect::fields::{METADATA, SELECTOR, Shape};

/// Which of the three kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `AdminNetworkPolicy`.
    Admin,
    /// `BaselineAdminNetworkPolicy`.
    Baseline,
    /// `ClusterNetworkPolicy`.
    Cluster,
}

const PODS: Shape = Shape::Fields(&[("namespaceSelector", SELECTOR), ("podSelector", SELECTOR)]);
const RANGE: Shape = Shape::Fields(&[
    ("protocol", Shape::Any),
    ("start", Shape::Any),
    ("end", Shape::Any),
]);
const OLD_PORT: Shape = Shape::Fields(&[
    (
        "portNumber",
        Shape::Fields(&[("protocol", Shape::Any), ("port", Shape::Any)]),
    ),
    ("portRange", RANGE),
    ("namedPort", Shape::Any),
]);
const TRANSPORT: Shape = Shape::Fields(&[(
    "destinationPort",
    Shape::Fields(&[
        ("number", Shape::Any),
        (
            "range",
            Shape::Fields(&[("start", Shape::Any), ("end", Shape::Any)]),
        ),
    ]),
)]);
const NEW_PORT: Shape = Shape::Fields(&[
    ("tcp", TRANSPORT),
    ("udp", TRANSPORT),
    ("sctp", TRANSPORT),
    ("destinationNamedPort", Shape::Any),
]);
/// Peers of ingress rules are pods only (A5).
const SOURCE: Shape = Shape::Fields(&[("namespaces", SELECTOR), ("pods", PODS)]);
const DESTINATION: Shape = Shape::Fields(&[
    ("namespaces", SELECTOR),
    ("pods", PODS),
    ("nodes", SELECTOR),
    ("networks", Shape::Any),
    ("domainNames", Shape::Any),
]);
/// BaselineAdminNetworkPolicy has no domain names.
const BASELINE_DESTINATION: Shape = Shape::Fields(&[
    ("namespaces", SELECTOR),
    ("pods", PODS),
    ("nodes", SELECTOR),
    ("networks", Shape::Any),
]);

/// A rule with these peers and ports.
macro_rules! rule {
    ($peers:literal: $peer:expr, $ports:literal: $port:expr) => {
        Shape::Fields(&[
            ("name", Shape::Any),
            ("action", Shape::Any),
            ($peers, Shape::List(&$peer)),
            ($ports, Shape::List(&$port)),
        ])
    };
}

/// An object with these fields in its `spec`, beside the subject and its rules.
macro_rules! object {
    ([$($field:literal),*], ingress: $ingress:expr, egress: $egress:expr) => {
        Shape::Fields(&[
            ("apiVersion", Shape::Any),
            ("kind", Shape::Any),
            ("metadata", METADATA),
            ("status", Shape::Any),
            (
                "spec",
                Shape::Fields(&[
                    $(($field, Shape::Any),)*
                    (
                        "subject",
                        Shape::Fields(&[("namespaces", SELECTOR), ("pods", PODS)]),
                    ),
                    ("ingress", Shape::List(&$ingress)),
                    ("egress", Shape::List(&$egress)),
                ]),
            ),
        ])
    };
}

const OLD_INGRESS: Shape = rule!("from": SOURCE, "ports": OLD_PORT);

/// The fields of a kind.
pub const fn shape(kind: Kind) -> Shape {
    match kind {
        Kind::Admin => ADMIN,
        Kind::Baseline => BASELINE,
        Kind::Cluster => CLUSTER,
    }
}

const ADMIN: Shape = object!(
    ["priority"],
    ingress: OLD_INGRESS,
    egress: rule!("to": DESTINATION, "ports": OLD_PORT)
);
const BASELINE: Shape = object!(
    [],
    ingress: OLD_INGRESS,
    egress: rule!("to": BASELINE_DESTINATION, "ports": OLD_PORT)
);
const CLUSTER: Shape = object!(
    ["tier", "priority"],
    ingress: rule!("from": SOURCE, "protocols": NEW_PORT),
    egress: rule!("to": DESTINATION, "protocols": NEW_PORT)
);
