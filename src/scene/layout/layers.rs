//! Layers of a directed graph: cycles are cut, then every node comes after all that point at it.

use petgraph::algo::{greedy_feedback_arc_set, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// The edges with those that close a cycle reversed; self-loops and duplicates are dropped.
pub(super) fn acyclic(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut plain: Vec<(usize, usize)> = edges.iter().copied().filter(|(a, b)| a != b).collect();
    plain.sort_unstable();
    plain.dedup();
    let graph = graph(count, &plain);
    let mut back: Vec<(usize, usize)> = greedy_feedback_arc_set(&graph)
        .map(|e| (e.source().index(), e.target().index()))
        .collect();
    back.sort_unstable();
    plain.retain(|edge| back.binary_search(edge).is_err());
    // A reversed edge must not close another cycle: the greedy set breaks all cycles, so an order of
    // the other edges decides the direction of each edge in the set.
    let order = order(count, &plain);
    plain.extend(
        back.into_iter()
            .map(|(a, b)| if order[a] < order[b] { (a, b) } else { (b, a) }),
    );
    plain.sort_unstable();
    plain.dedup();
    plain
}

/// The layer of each node: the length of the longest path to it, over edges without cycles.
pub(super) fn longest_path(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; count];
    let order = order(count, edges);
    let mut by_source: Vec<(usize, usize)> = edges.to_vec();
    by_source.sort_by_key(|&(a, b)| (order[a], order[b]));
    for (a, b) in by_source {
        layer[b] = layer[b].max(layer[a] + 1);
    }
    layer
}

/// The place of each node in an order that all edges follow.
fn order(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    if let Ok(sorted) = toposort(&graph(count, edges), None) {
        for (place, node) in sorted.into_iter().enumerate() {
            places[node.index()] = place;
        }
    }
    places
}

fn graph(count: usize, edges: &[(usize, usize)]) -> DiGraph<(), (), u32> {
    let mut graph = DiGraph::with_capacity(count, edges.len());
    for _ in 0..count {
        graph.add_node(());
    }
    for &(a, b) in edges {
        graph.add_edge(NodeIndex::new(a), NodeIndex::new(b), ());
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_edge_leads_to_a_later_layer(
            edges in proptest::collection::vec((0..12usize, 0..12usize), 0..40)
        ) {
            let edges_left = acyclic(12, &edges);
            let layer = longest_path(12, &edges_left);
            for &(a, b) in &edges_left {
                prop_assert!(layer[a] < layer[b]);
            }
            for (a, b) in edges {
                prop_assert!(a == b || edges_left.contains(&(a, b)) || edges_left.contains(&(b, a)));
            }
        }
    }

    #[test]
    fn a_chain_keeps_its_direction() {
        assert_eq!(
            longest_path(4, &acyclic(4, &[(2, 1), (1, 3), (3, 0)])),
            [3, 1, 0, 2]
        );
    }
}
