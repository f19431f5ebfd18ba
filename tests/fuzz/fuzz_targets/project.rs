//! Any text is read as a project without a panic; what can be read survives being written, is generated
//! and proven, and keeps the bytes of every key that a change is not about.
#![no_main]

mod laws;

use std::collections::BTreeMap;

use drawbridge::model::{Document, Edit, NodeRef};
use drawbridge::project::format;
use drawbridge::yaml::{self, Value};
use libfuzzer_sys::fuzz_target;

const FILE: &str = "fuzz.drawbridge.yaml";

fuzz_target!(|text: &str| {
    let (document, told) = match format::read(text, FILE) {
        Ok(read) => read,
        Err(told) => {
            assert!(laws::any_error(&told), "refused without a reason");
            return laws::all_in(text, &told);
        }
    };
    laws::all_in(text, &told);
    assert_eq!(format::save(text, &document), text, "nothing changed");
    places(text);
    changes(text, &document);
    let written = format::write(&document);
    let (again, _) = format::read(&written, FILE).unwrap_or_else(|told| panic!("{told:?}\n{written}"));
    assert_eq!(format::write(&again), written);
    if document.flows.len() <= 12 && document.workloads.len() <= 12 && document.policies.len() <= 6 {
        let first = drawbridge::query::check(&document);
        let second = drawbridge::query::check(&again);
        assert_eq!(first.generated.text(), second.generated.text());
        assert_eq!(first.proof.state, second.proof.state);
    }
});

/// Every place is a line of the text.
fn places(text: &str) {
    let places = format::places(text);
    let all = [places.flows, places.policies, places.invariants].concat();
    let lines = laws::lines(text);
    assert!(all.iter().all(|line| (1..=lines).contains(line)), "{all:?} of {lines} lines");
}

/// Moves and unpins nodes, mutes a flow and renames the project: each is saved into the text.
fn changes(text: &str, document: &Document) {
    let pinned = document.layout.keys().copied();
    let others = document.workloads.ids().map(NodeRef::Workload);
    let others = others.chain(document.namespaces.ids().map(NodeRef::Namespace));
    let moved: BTreeMap<NodeRef, [f32; 2]> = pinned.clone().take(1).chain(others.take(2)).zip([[7.5, -3.0], [0.1, 1e9], [3.0, 4.0]]).collect();
    saved(text, document, &Edit::Unpin(pinned.take(1).collect()), "layout");
    saved(text, document, &Edit::Place(moved), "layout");
    saved(text, document, &Edit::Mute(document.flows.ids().take(1).collect(), true), "flows");
    saved(text, document, &Edit::SetName("another: name".to_owned()), "name");
}

fn saved(text: &str, document: &Document, edit: &Edit, key: &str) {
    let mut after = document.clone();
    if edit.apply(&mut after).is_err() {
        return;
    }
    let saved = format::save(text, &after);
    let written = format::write(&after);
    let (read, _) = format::read(&saved, FILE).unwrap_or_else(|told| panic!("{told:?}\n{saved}"));
    assert_eq!(format::write(&read), written, "{edit:?}: {saved}");
    // A text that cannot be changed in part is replaced.
    if saved != written {
        assert_eq!(entries(&saved, key), entries(text, key), "{edit:?}: {saved}");
    }
}

/// The bytes of each value of the project but one.
fn entries<'t>(text: &'t str, without: &str) -> Vec<(String, &'t str)> {
    let parsed = yaml::parse(text);
    let Some(Value::Map(map)) = parsed.documents.first().map(|d| &d.node.value) else {
        return Vec::new();
    };
    let entries = map.entries.iter().filter(|e| e.key != without);
    entries.map(|e| (e.key.clone(), text[e.value.mark.bytes()].trim_end())).collect()
}
