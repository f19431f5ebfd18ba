//! Collapsing and expanding: nothing else moves without need, and nothing gets lost.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::{assert_drawn, assert_tidy, chips_on_others, passing_over};
use super::*;
use crate::model::{Document, NamespaceId};
use crate::scene::geom::flatten;
use crate::scene::{ApproxMeasure, ArrowId, Visible, bundle, fixture};

type Ids = BTreeSet<NamespaceId>;

fn request(document: &Document, collapsed: &Ids) -> Request {
    Request::visible(
        document,
        &Visible::collapsed(collapsed.clone()),
        &ApproxMeasure,
    )
}

fn corners(scene: &Scene) -> BTreeMap<NodeRef, Point> {
    let spaces = scene.namespaces.iter();
    let spaces = spaces.map(|n| (NodeRef::Namespace(n.id), n.rect.min));
    let nodes = scene.nodes.iter().map(|n| (n.node, n.rect.min));
    spaces.chain(nodes).collect()
}

/// Every flow is in exactly one arrow, unless both of its ends are in one card.
fn assert_complete(document: &Document, collapsed: &Ids, scene: &Scene) {
    let home = |end: &crate::model::End| match end.node() {
        Some(NodeRef::Workload(id)) => document.workloads.get(id).map(|w| w.namespace),
        Some(NodeRef::Namespace(id)) => Some(id),
        _ => None,
    };
    let hidden = document.flows.iter().filter(|(_, flow)| {
        let (from, to) = (home(&flow.from), home(&flow.to));
        from == to && from.is_some_and(|id| collapsed.contains(&id))
    });
    let outer = scene.arrows.iter().filter(|arrow| arrow.port.is_none());
    let shown: usize = outer.map(|arrow| arrow.flows).sum();
    assert_eq!(shown + hidden.count(), document.flows.len());
    let pairs: BTreeSet<_> = scene.arrows.iter().map(|a| a.id).collect();
    assert_eq!(pairs.len(), scene.arrows.len(), "one arrow for each pair");
    for (id, flows) in bundle::bundles(document, &Visible::collapsed(collapsed.clone())) {
        let arrow = scene.find(ArrowId::Bundle(id)).expect("it is drawn");
        assert_eq!(arrow.flows, flows.len());
    }
    assert_ported(document, collapsed, scene);
}

/// In an expanded namespace each of its flows with a card begins or ends at the port of the weighted arrow,
/// on the border.
fn assert_ported(document: &Document, collapsed: &Ids, scene: &Scene) {
    let ports = scene.ports();
    for arrow in scene.arrows.iter().filter(|arrow| arrow.port.is_some()) {
        let bundle = arrow.port.unwrap();
        let ArrowId::Flow(id) = arrow.id else {
            panic!("{:?} is no flow", arrow.id)
        };
        let flow = document.flows.get(id).unwrap();
        let port = ports
            .iter()
            .find(|port| port.bundle == bundle)
            .expect("a port");
        let weighted = scene.find(ArrowId::Bundle(bundle)).unwrap();
        let begins = bundle.from == arrow.from;
        let (near, far, own) = match begins {
            true => (arrow.curve[0].from, weighted.tip, &flow.to),
            false => (arrow.tip, weighted.curve[0].from, &flow.from),
        };
        let space = match if begins { bundle.to } else { bundle.from } {
            NodeRef::Namespace(id) => scene.namespace(id).unwrap(),
            other => panic!("{other:?} has no border"),
        };
        assert!(!collapsed.contains(&space.id));
        assert_eq!(
            scene.node(own.node().unwrap()).unwrap().namespace,
            Some(space.id)
        );
        assert!(port.rect.grow(0.5).contains(near) && port.rect.grow(0.5).contains(far));
        let chip = arrow.chip.as_ref();
        assert!(
            chip.is_none_or(|chip| space.rect.encloses(&chip.rect)),
            "{chip:?}"
        );
        let middle = port.rect.centre();
        let off = [
            middle.x - space.rect.min.x,
            space.rect.max.x - middle.x,
            middle.y - space.rect.min.y,
            space.rect.max.y - middle.y,
        ];
        assert!(
            off.iter().any(|off| off.abs() < 0.5),
            "{middle:?} is not on the border"
        );
    }
}

/// Arrows that pass over a card other than their ends.
fn over_cards(scene: &Scene) -> usize {
    let cards: Vec<_> = scene.namespaces.iter().filter(|n| n.collapsed).collect();
    let over = |arrow: &&Arrow| {
        let line = flatten(&arrow.curve, 4.0);
        let mut others = cards.iter().filter(|card| {
            let node = NodeRef::Namespace(card.id);
            node != arrow.from && node != arrow.to
        });
        others.any(|card| line.iter().any(|p| card.rect.contains(*p)))
    };
    scene.arrows.iter().filter(over).count()
}

#[test]
fn a_card_is_where_the_container_was_and_what_is_in_it_returns() {
    let document = fixture::platform();
    let before = arrange(&request(&document, &Ids::new()));
    for space in &before.namespaces {
        let collapsed = Ids::from([space.id]);
        let after = update(&request(&document, &collapsed), &before);
        let card = after.namespace(space.id).unwrap();
        assert_eq!(card.rect.min, space.rect.min);
        assert_eq!((card.rect.width(), card.rect.height()), (168.0, 88.0));
        assert!(after.nodes.iter().all(|n| n.namespace != Some(space.id)));
        let known = corners(&before);
        for (node, at) in corners(&after) {
            assert_eq!(known[&node], at, "{node:?} has moved");
        }
        assert_drawn(&after);
        assert_complete(&document, &collapsed, &after);
        let back = update(&request(&document, &Ids::new()), &after);
        assert_eq!(corners(&back), known, "{} returns", space.name);
    }
}

#[test]
fn all_cards_are_apart_and_arrows_run_between_them() {
    let random = [(18, 384, 1), (20, 420, 7), (20, 900, 5), (60, 900, 3)];
    let random = random.map(|(spaces, flows, seed)| fixture::random(300, spaces, flows, seed));
    for document in std::iter::once(fixture::platform()).chain(random) {
        let all: Ids = document.namespaces.ids().collect();
        let scene = arrange(&request(&document, &all));
        assert_tidy(&scene);
        assert_drawn(&scene);
        assert_complete(&document, &all, &scene);
        assert!(scene.namespaces.iter().all(|space| space.collapsed));
        assert_eq!(over_cards(&scene), 0, "of {}", scene.arrows.len());
        assert_eq!(chips_on_others(&scene), 0);
    }
}

#[test]
fn thousands_of_workloads_are_laid_out_as_cards() {
    let document = fixture::random(2000, 60, 10_000, 3);
    let all: Ids = document.namespaces.ids().collect();
    let begun = std::time::Instant::now();
    let scene = arrange(&request(&document, &all));
    println!("{} arrows in {:?}", scene.arrows.len(), begun.elapsed());
    assert_tidy(&scene);
    assert_complete(&document, &all, &scene);
    assert!(scene.nodes.iter().all(|node| node.namespace.is_none()));
}

#[test]
fn widths_grow_with_the_number_of_flows() {
    let widths: Vec<f32> = [1, 3, 4, 7, 8, 14, 15, 400].map(bundle::weight).to_vec();
    assert_eq!(widths, [1.5, 1.5, 2.5, 2.5, 3.5, 3.5, 5.0, 5.0]);
    assert_eq!(bundle::words(1), "1 flow");
    assert_eq!(bundle::words(12), "12 flows");
}

#[test]
fn a_card_that_was_placed_gives_way_and_returns() {
    let mut document = fixture::platform();
    let ids: Vec<NamespaceId> = document.namespaces.ids().collect();
    let all: Ids = ids.iter().copied().collect();
    let scene = arrange(&request(&document, &all));
    let at = scene.namespace(ids[0]).unwrap().rect.min + pt(180.0, 0.0);
    let pin = NodeRef::Namespace(ids[1]);
    std::sync::Arc::make_mut(&mut document.layout).insert(pin, [at.x, at.y]);
    let scene = update(&request(&document, &all), &scene);
    assert_eq!(scene.rect(pin).unwrap().min, at);
    let mut others = all.clone();
    others.remove(&ids[0]);
    let expanded = update(&request(&document, &others), &scene);
    assert_tidy(&expanded);
    assert_ne!(expanded.rect(pin).unwrap().min, at);
    let back = update(&request(&document, &all), &expanded);
    assert_eq!(back.rect(pin).unwrap().min, at);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn expanding_moves_only_what_is_in_the_way(
        workloads in 1..60usize, spaces in 1..9usize, flows in 0..60usize, seed: u64,
        steps in proptest::collection::vec(0..9usize, 1..6)
    ) {
        let document = fixture::random(workloads, spaces, flows, seed);
        let ids: Vec<NamespaceId> = document.namespaces.ids().collect();
        let mut collapsed: Ids = ids.iter().copied().collect();
        let mut scene = arrange(&request(&document, &collapsed));
        for step in steps {
            let Some(id) = ids.get(step % ids.len().max(1)) else { return Ok(()) };
            if !collapsed.remove(id) {
                collapsed.insert(*id);
            }
            let after = update(&request(&document, &collapsed), &scene);
            assert_tidy(&after);
            assert_complete(&document, &collapsed, &after);
            // Arrows from a port may still pass over a node in a narrow namespace.
            let mut outer = after.clone();
            outer.arrows.retain(|arrow| arrow.port.is_none());
            prop_assert!(passing_over(&outer) <= outer.arrows.len() / 10);
            let own = after.namespace(*id).unwrap();
            prop_assert_eq!(own.rect.min, scene.namespace(*id).unwrap().rect.min);
            let before = corners(&scene);
            let is_outer = |node: NodeRef| after.node(node).is_none_or(|n| n.namespace.is_none());
            let moved = corners(&after).into_iter().filter(|(node, at)| before.get(node) != Some(at));
            let moved: Vec<_> = moved.filter_map(|(node, _)| Some((node, after.rect(node)?))).collect();
            for (node, at) in corners(&after) {
                let (Some(was), true) = (before.get(&node), is_outer(node)) else { continue };
                // A container that is pushed may cover an outer node in turn.
                let mut spaces = after.namespaces.iter();
                let in_the_way = scene.rect(node).is_some_and(|rect| match node {
                    // What is pushed pushes what it then lies on, or is too near to.
                    NodeRef::Namespace(_) => rect.overlaps(&own.rect)
                        || moved.iter().any(|(other, now)| {
                            *other != node && now.grow(36.0).overlaps(&rect)
                        }),
                    _ => spaces.any(|space| rect.overlaps(&space.rect)),
                });
                prop_assert!(*was == at || in_the_way, "{:?} moved without need", node);
            }
            scene = after;
        }
    }
}
