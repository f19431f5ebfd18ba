//! One-line summaries of workloads and externals, for nodes and titles, and names of gates and of ends of arrows.

use crate::model::{Direction, Document, External, NodeRef, Workload};
use crate::scene::OUTSIDE;

/// The label that identifies a workload: `app=web`.
pub fn identifying_label(workload: &Workload) -> Option<String> {
    const KEYS: [&str; 4] = [
        "app.kubernetes.io/name",
        "app",
        "k8s-app",
        "app.kubernetes.io/instance",
    ];
    let known = KEYS
        .iter()
        .find_map(|key| workload.labels.get_key_value(*key));
    let (key, value) = known.or_else(|| workload.labels.first_key_value())?;
    let short = key.rsplit('/').next().unwrap_or(key);
    Some(format!("{short}={value}"))
}

/// The addresses of an external: `198.51.100.0/24`, `api.stripe.com`.
pub fn addresses(external: &External) -> String {
    let blocks = external
        .networks
        .iter()
        .map(|network| network.cidr.to_string());
    let all: Vec<String> = blocks
        .chain(external.domain_names.iter().cloned())
        .chain(
            external
                .entity
                .map(|entity| entity.description().to_owned()),
        )
        .collect();
    match all.as_slice() {
        [] => "no addresses yet".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one}, {two}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}

/// A gate in a sentence.
pub fn gate(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

/// The name of an end of an arrow.
pub fn arrow_end(document: &Document, node: NodeRef) -> String {
    match node {
        OUTSIDE => "addresses outside".to_owned(),
        NodeRef::Namespace(_) => format!("every workload of {}", document.node_name(node)),
        NodeRef::AnyPod => "every workload".to_owned(),
        _ => document.node_name(node).to_owned(),
    }
}
