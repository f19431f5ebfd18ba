//! The project file, `*.drawbridge.yaml`: one YAML document that can be written by hand and reviewed in
//! Git. Writing has a fixed order, one line for an object where it fits, and omits what equals its
//! default; reading accepts any order. Fields of newer minor versions survive.
//!
//! `recordings: [{file: flows.jsonl.gz, sha256: 9f86d0…}]` refers to files of recorded traffic: by their path from the folder
//! of the project file, and the SHA-256 of their bytes, so that a file that changed is noticed.
//!
//! `observed: {count: 1204, first: 2026-11-03T09:00:00Z, last: 2026-11-05T17:30:00Z}` of a flow is what a recording showed of it:
//! how many of its connections were forwarded, and when (RFC 3339).

mod places;
mod read;
mod save;
mod value;
mod write;

pub use places::{Places, in_place, places};
pub use read::read;
pub use save::save;
pub use write::write;

/// The value of `format` in a project file.
pub const FORMAT: &str = "drawbridge/1";

/// The extension of project files.
pub const EXTENSION: &str = ".drawbridge.yaml";

/// Whether a text is a project, of any version, so that a project among manifests is not read as a manifest: a line
/// that starts with `format: drawbridge/`, even if the rest is no YAML, or a document that has this key.
pub fn is_project(text: &str) -> bool {
    if !text.contains("drawbridge/") {
        return false;
    }
    let by_line = text.lines().any(|line| {
        line.strip_prefix("format:")
            .map(|rest| rest.trim().trim_start_matches(['"', '\'']))
            .is_some_and(|rest| rest.starts_with("drawbridge/"))
    });
    by_line || {
        let first = crate::yaml::parse(text).documents.into_iter().next();
        let format = first.as_ref().and_then(|first| first.node.get("format"));
        format
            .and_then(crate::yaml::Node::as_str)
            .is_some_and(|format| format.starts_with("drawbridge/"))
    }
}

/// Keys in the order in which they are written; others follow in alphabetical order.
mod order {
    pub const PROJECT: &[&str] = &[
        "format",
        "name",
        "settings",
        "namespaces",
        "workloads",
        "services",
        "routes",
        "nodes",
        "addressPools",
        "externals",
        "groups",
        "flows",
        "policies",
        "invariants",
        "layout",
        "collapsed",
        "ignore",
        "recordings",
    ];
    pub const SETTINGS: &[&str] = &[
        "dialects",
        "style",
        "base",
        "dns",
        "enforcer",
        "assume",
        "labels",
        "annotations",
    ];
    pub const THING: &[&str] = &[
        "name",
        "deny",
        "allow",
        "namespace",
        "kind",
        "labels",
        "base",
        "dns",
        "managed",
        "type",
        "clusterIP",
        "externalName",
        "externalTrafficPolicy",
        "selector",
        "ports",
        "serviceAccount",
        "hostNetwork",
        "clusterDNS",
        "isolate",
        "replicas",
        "addresses",
        "podCIDRs",
        "node",
        "networks",
        "domainNames",
        "entity",
        "namespaces",
        "pods",
        "from",
        "to",
        "note",
        "muted",
        "file",
        "replaces",
        "text",
    ];
    pub const ROUTE: &[&str] = &[
        "kind",
        "name",
        "namespace",
        "service",
        "port",
        "protocol",
        "controller",
        "controllerLabels",
        "gateways",
    ];
    pub const FLOW: &[&str] = &[
        "from",
        "to",
        "ports",
        "http",
        "action",
        "approximate",
        "half",
        "note",
        "muted",
        "observed",
    ];
    pub const EVIDENCE: &[&str] = &["count", "first", "last"];
    pub const HTTP: &[&str] = &["method", "path"];
    pub const IGNORE: &[&str] = &["rule", "in", "reason"];
    pub const RECORDING: &[&str] = &["file", "sha256"];
    pub const CLAIM: &[&str] = &["from", "except", "to", "ports", "hops"];
    pub const PORT: &[&str] = &["name", "port", "protocol", "targetPort"];
    pub const SERVICE_PORT: &[&str] = &["name", "port", "targetPort", "protocol"];
    pub const NETWORK: &[&str] = &["cidr", "except"];
    pub const DNS: &[&str] = &["allow", "profile", "namespaces", "pods", "ports"];
}

#[cfg(test)]
mod save_tests;
#[cfg(test)]
mod tests;
