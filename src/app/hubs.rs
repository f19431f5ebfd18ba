//! Hubs: what nearly everything connects to. In a large drawing they are hidden at first, because their
//! arrows would cover all others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Document, NodeRef};
use crate::suggest::catalogue::Role;

/// A drawing with more workloads than this hides its hubs.
const LARGE: usize = 80;
/// A node with more peers than this is a hub.
const PEERS: usize = 20;

/// The hubs of a Document, and whether they are shown.
#[derive(Default)]
pub struct Hubs {
    all: Arc<BTreeSet<NodeRef>>,
    /// Whether they are drawn nevertheless.
    pub shown: bool,
    /// Of which Document.
    of: Option<Document>,
}

impl Hubs {
    /// Follows the Document.
    pub fn keep(&mut self, document: &Document) {
        let same = |of: &Document| {
            of.workloads.same(&document.workloads) && of.flows.same(&document.flows)
        };
        if !self.of.as_ref().is_some_and(same) {
            self.of = Some(document.clone());
            let found = hubs(document);
            if *self.all != found {
                self.all = Arc::new(found);
            }
        }
    }

    /// All hubs, hidden or not.
    pub fn all(&self) -> &Arc<BTreeSet<NodeRef>> {
        &self.all
    }

    /// Those that are hidden.
    pub fn hidden(&self) -> Arc<BTreeSet<NodeRef>> {
        match self.shown {
            true => Arc::default(),
            false => Arc::clone(&self.all),
        }
    }
}

/// The hubs of a large drawing: nodes with many peers; and of those with any, the workloads that the
/// catalogue knows for DNS, monitoring or as an ingress controller.
fn hubs(document: &Document) -> BTreeSet<NodeRef> {
    if document.workloads.len() <= LARGE {
        return BTreeSet::new();
    }
    let mut peers: BTreeMap<NodeRef, BTreeSet<NodeRef>> = BTreeMap::new();
    for (_, flow) in document.flows.iter() {
        if let (Some(from), Some(to)) = (flow.from.node(), flow.to.node()) {
            peers.entry(from).or_default().insert(to);
            peers.entry(to).or_default().insert(from);
        }
    }
    let has_role = |node: NodeRef| match node {
        NodeRef::Workload(id) => {
            let workload = document.workloads.get(id);
            workload.is_some_and(|workload| Role::of(&workload.labels).is_some())
        }
        _ => false,
    };
    // A namespace is a container, and stays.
    let is_hub = |(node, peers): (NodeRef, BTreeSet<NodeRef>)| {
        let container = matches!(node, NodeRef::Namespace(_));
        (!container && (peers.len() > PEERS || has_role(node))).then_some(node)
    };
    peers.into_iter().filter_map(is_hub).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::format;

    /// 81 workloads of which the first calls `called` others and is called by `callers`; and more flows.
    fn document(workloads: usize, called: usize, callers: usize, more: &str) -> Document {
        let mut text = String::from("format: drawbridge/1\nnamespaces: [{name: a}]\nworkloads:\n");
        text += "- {name: dns, namespace: a, labels: {k8s-app: kube-dns}}\n";
        for number in 0..workloads - 1 {
            text += &format!("- {{name: w{number}, namespace: a, labels: {{app: w{number}}}}}\n");
        }
        text += "flows:\n";
        for number in 1..=called {
            text += &format!("- {{from: a/w0, to: a/w{number}, ports: [TCP/80]}}\n");
        }
        for number in called + 1..=called + callers {
            text += &format!("- {{from: a/w{number}, to: a/w0, ports: [TCP/80]}}\n");
        }
        format::read(&(text + more), "hubs")
            .expect("it is readable")
            .0
    }

    fn names(document: &Document) -> Vec<&str> {
        let hubs = hubs(document).into_iter();
        hubs.map(|node| document.node_name(node).to_owned().leak() as &str)
            .collect()
    }

    #[test]
    fn more_than_twenty_peers_make_a_hub_of_a_large_drawing() {
        assert!(names(&document(81, 10, 10, "")).is_empty());
        assert_eq!(names(&document(81, 10, 11, "")), ["w0"]);
        assert!(
            names(&document(80, 10, 11, "")).is_empty(),
            "80 workloads are not many"
        );
        // A peer in both directions, or on two ports, is one peer.
        let both = "- {from: a/w1, to: a/w0, ports: [TCP/81]}\n";
        assert!(names(&document(81, 10, 10, both)).is_empty());
    }

    #[test]
    fn known_programs_are_hubs_as_soon_as_they_have_a_flow() {
        assert!(names(&document(81, 1, 0, "")).is_empty());
        let flow = "- {from: a/w3, to: a/dns, ports: [UDP/53]}\n";
        assert_eq!(names(&document(81, 1, 0, flow)), ["dns"]);
    }
}
