//! Any text is read as a project without a panic; what can be read survives being written, is generated
//! and proven, and keeps the bytes of every key that a change is not about.
#![no_main]

mod laws;

use std::collections::BTreeMap;

use drawbridge::model::{Document, Edit, Item, NodeRef};
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
    let flows: Vec<u32> = places.flows.iter().map(|mark| mark.line).collect();
    let all = [flows, places.policies, places.invariants].concat();
    let lines = laws::lines(text);
    assert!(all.iter().all(|line| (1..=lines).contains(line)), "{all:?} of {lines} lines");
}

/// Some of the edits that a user can make: each is saved into the text.
fn changes(text: &str, document: &Document) {
    let pinned: Vec<_> = document.layout.keys().copied().take(1).collect();
    let workload = document.workloads.ids().next();
    let namespace = document.namespaces.ids().next();
    let flow: Vec<_> = document.flows.ids().take(1).collect();
    let nodes = pinned.iter().copied().chain(workload.map(NodeRef::Workload)).chain(namespace.map(NodeRef::Namespace));
    let moved: BTreeMap<NodeRef, [f32; 2]> = nodes.zip([[7.5, -3.0], [0.1, 1e9], [3.0, 4.0]]).collect();
    let edits = [
        Some(Edit::Place(moved)),
        Some(Edit::Unpin(pinned)),
        Some(Edit::SetName("another: name".to_owned())),
        Some(Edit::Mute(flow.clone(), true)),
        Some(Edit::Reverse(flow.clone())),
        flow.first().map(|id| Edit::Annotate(*id, "# two\nlines".to_owned())),
        namespace.map(|id| Edit::Rename(Item::Namespace(id), "renamed".to_owned())),
        workload.map(|id| Edit::Remove(vec![Item::Workload(id)])),
        workload.map(|id| Edit::Duplicate(vec![Item::Workload(id)])),
    ];
    // A third of them for each text, for the sake of speed.
    for edit in edits.iter().skip(text.len() % 3).step_by(3).flatten() {
        saved(text, document, edit);
    }
}

/// Reading the saved text returns what was edited, and what the edit leaves alone keeps its bytes.
fn saved(text: &str, document: &Document, edit: &Edit) {
    let mut after = document.clone();
    if edit.apply(&mut after).is_err() {
        return;
    }
    let saved = format::save(text, &after);
    let written = format::write(&after);
    let (read, _) = format::read(&saved, FILE).unwrap_or_else(|told| panic!("{told:?}\n{saved}"));
    assert_eq!(format::write(&read), written, "{edit:?}: {saved}");
    // A text that cannot be changed in part is replaced.
    if saved == written {
        return;
    }
    let before = format::write(document);
    let (old, new) = (entries(&before), entries(&written));
    let is_same = |key: &str| old.get(key) == new.get(key);
    let (kept, all) = (entries(&saved), entries(text));
    for (key, bytes) in all.iter().filter(|(key, _)| is_same(key)) {
        assert_eq!(kept.get(key), Some(bytes), "{edit:?}: {saved}");
    }
}

/// The bytes of the value of each key of a project.
fn entries(text: &str) -> BTreeMap<String, &str> {
    let parsed = yaml::parse(text);
    let Some(Value::Map(map)) = parsed.documents.first().map(|d| &d.node.value) else {
        return BTreeMap::new();
    };
    let entries = map.entries.iter();
    entries.map(|e| (e.key.clone(), text[e.value.mark.bytes()].trim_end())).collect()
}
