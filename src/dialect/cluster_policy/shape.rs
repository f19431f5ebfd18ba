//! The fields of these kinds; any other field is reported as V23.

use crate::dialect::fields::{METADATA, SELECTOR, Shape};

const PODS: Shape = Shape::Fields(&[("namespaceSelector", SELECTOR), ("podSelector", SELECTOR)]);
const ENDS: Shape = Shape::Fields(&[
    ("namespaces", SELECTOR),
    ("pods", PODS),
    ("nodes", SELECTOR),
    ("networks", Shape::Any),
    ("domainNames", Shape::Any),
]);
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
const RULE: Shape = Shape::Fields(&[
    ("name", Shape::Any),
    ("action", Shape::Any),
    ("from", Shape::List(&ENDS)),
    ("to", Shape::List(&ENDS)),
    ("ports", Shape::List(&OLD_PORT)),
    ("protocols", Shape::List(&NEW_PORT)),
]);
/// All fields of the three kinds.
pub const SHAPE: Shape = Shape::Fields(&[
    ("apiVersion", Shape::Any),
    ("kind", Shape::Any),
    ("metadata", METADATA),
    ("status", Shape::Any),
    (
        "spec",
        Shape::Fields(&[
            ("tier", Shape::Any),
            ("priority", Shape::Any),
            (
                "subject",
                Shape::Fields(&[("namespaces", SELECTOR), ("pods", PODS)]),
            ),
            ("ingress", Shape::List(&RULE)),
            ("egress", Shape::List(&RULE)),
        ]),
    ),
]);
