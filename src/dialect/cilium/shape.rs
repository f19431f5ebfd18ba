//! The fields of these kinds; any other field is reported as V23.

use crate::dialect::fields::{METADATA, SELECTOR, Shape};

const ANY: Shape = Shape::Any;
const SELECTORS: Shape = Shape::List(&SELECTOR);
const BLOCKS: Shape = Shape::List(&Shape::Fields(&[
    ("cidr", ANY),
    ("cidrGroupRef", ANY),
    ("cidrGroupSelector", SELECTOR),
    ("except", ANY),
]));
const PORT: Shape = Shape::Fields(&[("port", ANY), ("endPort", ANY), ("protocol", ANY)]);
const DOMAINS: Shape = Shape::List(&Shape::Fields(&[("matchName", ANY), ("matchPattern", ANY)]));
const SECRET: Shape = Shape::Fields(&[("name", ANY), ("namespace", ANY)]);
const TLS: Shape = Shape::Fields(&[
    ("secret", SECRET),
    ("trustedCA", ANY),
    ("certificate", ANY),
    ("privateKey", ANY),
]);
const RULES: Shape = Shape::Fields(&[
    (
        "http",
        Shape::List(&Shape::Fields(&[
            ("path", ANY),
            ("method", ANY),
            ("host", ANY),
            ("headers", ANY),
            (
                "headerMatches",
                Shape::List(&Shape::Fields(&[
                    ("mismatch", ANY),
                    ("name", ANY),
                    ("secret", SECRET),
                    ("value", ANY),
                ])),
            ),
        ])),
    ),
    ("dns", DOMAINS),
]);
const ICMPS: Shape = Shape::List(&Shape::Fields(&[(
    "fields",
    Shape::List(&Shape::Fields(&[("family", ANY), ("type", ANY)])),
)]));
const SERVICES: Shape = Shape::List(&Shape::Fields(&[
    (
        "k8sService",
        Shape::Fields(&[("serviceName", ANY), ("namespace", ANY)]),
    ),
    (
        "k8sServiceSelector",
        Shape::Fields(&[("selector", SELECTOR), ("namespace", ANY)]),
    ),
]));
const PORTS: Shape = Shape::List(&Shape::Fields(&[
    ("ports", Shape::List(&PORT)),
    ("rules", RULES),
    ("terminatingTLS", TLS),
    ("originatingTLS", TLS),
    ("serverNames", ANY),
    (
        "listener",
        Shape::Fields(&[
            (
                "envoyConfig",
                Shape::Fields(&[("kind", ANY), ("name", ANY)]),
            ),
            ("name", ANY),
            ("priority", ANY),
        ]),
    ),
]));
const DENY_PORTS: Shape = Shape::List(&Shape::Fields(&[("ports", Shape::List(&PORT))]));
const INGRESS: Shape = Shape::List(&Shape::Fields(&[
    ("fromEndpoints", SELECTORS),
    ("fromRequires", ANY),
    ("fromCIDR", ANY),
    ("fromCIDRSet", BLOCKS),
    ("fromEntities", ANY),
    ("fromNodes", SELECTORS),
    ("fromGroups", ANY),
    ("toPorts", PORTS),
    ("icmps", ICMPS),
    ("authentication", Shape::Fields(&[("mode", ANY)])),
]));
const INGRESS_DENY: Shape = Shape::List(&Shape::Fields(&[
    ("fromEndpoints", SELECTORS),
    ("fromRequires", ANY),
    ("fromCIDR", ANY),
    ("fromCIDRSet", BLOCKS),
    ("fromEntities", ANY),
    ("fromNodes", SELECTORS),
    ("fromGroups", ANY),
    ("toPorts", DENY_PORTS),
    ("icmps", ICMPS),
]));
const EGRESS: Shape = Shape::List(&Shape::Fields(&[
    ("toEndpoints", SELECTORS),
    ("toRequires", ANY),
    ("toCIDR", ANY),
    ("toCIDRSet", BLOCKS),
    ("toEntities", ANY),
    ("toNodes", SELECTORS),
    ("toGroups", ANY),
    ("toServices", SERVICES),
    ("toFQDNs", DOMAINS),
    ("toPorts", PORTS),
    ("icmps", ICMPS),
    ("authentication", Shape::Fields(&[("mode", ANY)])),
]));
const EGRESS_DENY: Shape = Shape::List(&Shape::Fields(&[
    ("toEndpoints", SELECTORS),
    ("toRequires", ANY),
    ("toCIDR", ANY),
    ("toCIDRSet", BLOCKS),
    ("toEntities", ANY),
    ("toNodes", SELECTORS),
    ("toGroups", ANY),
    ("toServices", SERVICES),
    ("toPorts", DENY_PORTS),
    ("icmps", ICMPS),
]));
const SPEC: Shape = Shape::Fields(&[
    ("endpointSelector", SELECTOR),
    ("nodeSelector", SELECTOR),
    ("ingress", INGRESS),
    ("ingressDeny", INGRESS_DENY),
    ("egress", EGRESS),
    ("egressDeny", EGRESS_DENY),
    (
        "enableDefaultDeny",
        Shape::Fields(&[("ingress", ANY), ("egress", ANY)]),
    ),
    ("labels", ANY),
    ("description", ANY),
    ("log", ANY),
]);

/// All fields of both kinds.
pub const SHAPE: Shape = Shape::Fields(&[
    ("apiVersion", ANY),
    ("kind", ANY),
    ("metadata", METADATA),
    ("spec", SPEC),
    ("specs", Shape::List(&SPEC)),
    ("status", ANY),
]);
