//! Any text is read as YAML without a panic; what was read stands where it says it does, and reads
//! the same once it has been written again.
#![no_main]

mod laws;

use std::borrow::Cow;

use drawbridge::yaml::{self, Mark, Node, Value, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = yaml::parse(text);
    let lines = laws::lines(text);
    let inside = |mark: Mark| mark.line >= 1 && mark.line <= lines && mark.column >= 1;
    for problem in &parsed.problems {
        assert!(inside(problem.mark) && !problem.message.is_empty(), "{problem:?}");
    }
    for document in &parsed.documents {
        let node = &document.node;
        assert!(inside(node.mark) && text.get(node.mark.bytes()).is_some());
        let own = text.get(document.range.clone()).expect("a range of characters");
        // Tags may depend on a directive outside; a byte order mark is text except at the beginning.
        let moved = text.contains('!') || own.starts_with('\u{feff}');
        if parsed.problems.is_empty() && matches!(node.value, Value::Map(_)) && !moved {
            let alone = yaml::parse(own);
            let [again] = &alone.documents[..] else {
                panic!("{own:?} reads as {alone:?}");
            };
            assert_eq!(plain(&again.node), plain(node), "{own:?}");
        }
        let plain = plain(node);
        let written = write::write(&[], &plain).text;
        let again = yaml::parse(&written);
        assert!(again.problems.is_empty(), "{written:?}: {:?}", again.problems);
        let read = again.documents.iter().map(|d| self::plain(&d.node));
        assert!(read.eq([plain]), "{written:?}");
    }
});

/// The tree with everything in it as text.
fn plain(node: &Node) -> write::Node {
    match &node.value {
        Value::Null => write::Node::text("null"),
        Value::Bool(_, text) | Value::Number(_, text) => write::Node::text(text.clone()),
        Value::String(text) => write::Node::text(text),
        Value::Seq(items) => write::Node::List(items.iter().map(plain).collect()),
        Value::Map(map) => {
            let entries = map.entries.iter();
            write::Node::Map(entries.map(|e| (Cow::Owned(e.key.clone()), plain(&e.value))).collect())
        }
    }
}
