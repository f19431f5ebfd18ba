//! The fields of these kinds; any other field is reported as V23.

use crate::dialect::fields::{METADATA, Shape};

const ANY: Shape = Shape::Any;

const ENTITY: Shape = Shape::Fields(&[
    ("nets", ANY),
    ("notNets", ANY),
    ("selector", ANY),
    ("notSelector", ANY),
    ("namespaceSelector", ANY),
    (
        "serviceAccounts",
        Shape::Fields(&[("names", ANY), ("selector", ANY)]),
    ),
    (
        "services",
        Shape::Fields(&[("name", ANY), ("namespace", ANY)]),
    ),
    ("ports", ANY),
    ("notPorts", ANY),
    // Of Calico Enterprise: refused by name.
    ("domains", ANY),
]);
const ICMP: Shape = Shape::Fields(&[("type", ANY), ("code", ANY)]);
const PATH: Shape = Shape::Fields(&[("exact", ANY), ("prefix", ANY)]);
const RULES: Shape = Shape::List(&Shape::Fields(&[
    ("action", ANY),
    ("protocol", ANY),
    ("notProtocol", ANY),
    ("ipVersion", ANY),
    ("icmp", ICMP),
    ("notICMP", ICMP),
    ("source", ENTITY),
    ("destination", ENTITY),
    (
        "http",
        Shape::Fields(&[("methods", ANY), ("paths", Shape::List(&PATH))]),
    ),
    ("metadata", Shape::Fields(&[("annotations", ANY)])),
]));

/// All fields of a NetworkPolicy.
pub const POLICY: Shape = Shape::Fields(&[
    ("apiVersion", ANY),
    ("kind", ANY),
    ("metadata", METADATA),
    (
        "spec",
        Shape::Fields(&[
            ("tier", ANY),
            ("order", ANY),
            ("selector", ANY),
            ("serviceAccountSelector", ANY),
            ("types", ANY),
            ("ingress", RULES),
            ("egress", RULES),
            ("performanceHints", ANY),
        ]),
    ),
]);

/// All fields of a GlobalNetworkPolicy.
pub const GLOBAL_POLICY: Shape = Shape::Fields(&[
    ("apiVersion", ANY),
    ("kind", ANY),
    ("metadata", METADATA),
    (
        "spec",
        Shape::Fields(&[
            ("tier", ANY),
            ("order", ANY),
            ("selector", ANY),
            ("namespaceSelector", ANY),
            ("serviceAccountSelector", ANY),
            ("types", ANY),
            ("ingress", RULES),
            ("egress", RULES),
            ("applyOnForward", ANY),
            ("preDNAT", ANY),
            ("doNotTrack", ANY),
            ("performanceHints", ANY),
        ]),
    ),
]);

/// All fields of a Tier.
pub const TIER: Shape = Shape::Fields(&[
    ("apiVersion", ANY),
    ("kind", ANY),
    ("metadata", METADATA),
    (
        "spec",
        Shape::Fields(&[("order", ANY), ("defaultAction", ANY)]),
    ),
    ("status", ANY),
]);

/// All fields of a NetworkSet and a GlobalNetworkSet.
pub const NETWORK_SET: Shape = Shape::Fields(&[
    ("apiVersion", ANY),
    ("kind", ANY),
    ("metadata", METADATA),
    (
        "spec",
        // The latter is of Calico Enterprise: reported by name.
        Shape::Fields(&[("nets", ANY), ("allowedEgressDomains", ANY)]),
    ),
]);

/// All fields of a HostEndpoint.
pub const HOST_ENDPOINT: Shape = Shape::Fields(&[
    ("apiVersion", ANY),
    ("kind", ANY),
    ("metadata", METADATA),
    (
        "spec",
        Shape::Fields(&[
            ("node", ANY),
            ("interfaceName", ANY),
            ("expectedIPs", ANY),
            ("profiles", ANY),
            ("ports", ANY),
        ]),
    ),
]);
