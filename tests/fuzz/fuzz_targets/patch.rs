//! One node of any text is set, added or removed: the result reads as the same documents with just that
//! change, and every other scalar and every comment beside it keeps its bytes.
#![no_main]

use std::ops::Range;

use drawbridge::diag::apply;
use drawbridge::yaml::patch::{Step, change};
use drawbridge::yaml::plain::{Value, plain};
use drawbridge::yaml::{self, Mark, Node, Value as Read};
use libfuzzer_sys::fuzz_target;

/// Paths that one input may choose from.
const MOST: usize = 256;

fuzz_target!(|input: (u8, u8, &str)| {
    let (which, kind, text) = input;
    let parsed = yaml::parse(text);
    let Some(document) = parsed.documents.len().checked_sub(1) else {
        return;
    };
    let root = &parsed.documents[document].node;
    let mut paths = Vec::new();
    find_paths(root, &mut Vec::new(), &mut paths);
    if paths.is_empty() {
        return;
    }
    let path = &paths[usize::from(which) % paths.len()];
    let new = value(kind);
    let (own, removed) = (extent(root, path, new.is_none()), new.is_none());
    let Some(patches) = change(text, document, path, new.as_ref()) else {
        return;
    };
    let after = apply(text, &patches).expect("the patches fit the text");
    let again = yaml::parse(&after);
    assert_eq!(again.problems.len(), parsed.problems.len(), "{after:?}");
    let values = |all: &yaml::Parsed| -> Vec<Value> { all.documents.iter().map(|d| plain(&d.node)).collect() };
    let mut wanted = values(&parsed);
    set(&mut wanted[document], path, new).expect("a path of the document");
    assert_eq!(values(&again), wanted, "{after:?}");
    let mut others = Vec::new();
    scalars(root, path, &mut others);
    for earlier in &parsed.documents[..document] {
        scalars(&earlier.node, &[], &mut others);
    }
    for node in others {
        let bytes = node.mark.bytes();
        // Line breaks after a block scalar belong to it, and go with what is removed behind it.
        let end = bytes.start + text[bytes.clone()].trim_end().len();
        for patch in &patches {
            let apart = patch.range.end <= bytes.start || patch.range.start >= end;
            assert!(apart, "{path:?} changes {:?}: {after:?}", &text[bytes.start..end]);
        }
    }
    for patch in &patches {
        let beside = outside(&patch.range, &own, removed, text);
        assert!(!beside.contains('#'), "{path:?} removes {beside:?}: {after:?}");
    }
});

/// The bytes of what a change is about: of a node with its key, of a collection that becomes empty or
/// was; none where something is added beside others.
fn extent(root: &Node, path: &[Step<'_>], removed: bool) -> Option<Range<usize>> {
    let (last, way) = path.split_last()?;
    let mut holder = root;
    for step in way {
        holder = match (step, &holder.value) {
            (Step::Key(key), Read::Map(map)) => &map.entry(key)?.value,
            (Step::Item(at), Read::Seq(items)) => items.get(*at)?,
            _ => return None,
        };
    }
    let (own, others) = match (last, &holder.value) {
        (Step::Key(key), Read::Map(map)) => {
            let own = map.entry(key).map(|e| e.mark.bytes().start..e.value.mark.bytes().end);
            (own, map.entries.len())
        }
        // Its dash, and comments after that, are removed with it.
        (Step::Item(at), Read::Seq(items)) => {
            let start = |mark: Range<usize>| if removed { 0 } else { mark.start };
            let own = items.get(*at).map(|item| item.mark.bytes());
            (own.map(|mark| start(mark.clone())..mark.end), items.len())
        }
        _ => return None,
    };
    match others == 0 || removed && others == 1 {
        true => Some(holder.mark.bytes()),
        false => own,
    }
}

/// What a patch replaces outside a range; the rest of the line after what is removed belongs to it.
fn outside(patch: &Range<usize>, own: &Option<Range<usize>>, removed: bool, text: &str) -> String {
    let own = own.clone().unwrap_or(0..0);
    let before = text.get(patch.start..patch.end.min(own.start));
    let after = text.get(patch.start.max(own.end)..patch.end).unwrap_or_default();
    let same_line = patch.start <= own.end && removed;
    let below = after.split_once('\n').map_or("", |(_, below)| below);
    [before.unwrap_or_default(), if same_line { below } else { after }].concat()
}

fn value(kind: u8) -> Option<Value> {
    let list = || Value::Sequence(vec![Value::from("a: b"), Value::from(1)]);
    let map = |inner: Value| Value::Mapping([(Value::from("x y"), inner)].into_iter().collect());
    Some(match kind % 9 {
        0 => Value::Null,
        1 => Value::from("plain"),
        2 => Value::from("two\nlines\n"),
        3 => Value::from(" # no\t\u{85}comment"),
        4 => Value::from(80),
        5 => list(),
        6 => map(list()),
        7 => Value::Sequence(vec![map(Value::from(true)), Value::Sequence(Vec::new())]),
        _ => return None,
    })
}

/// Every path of a node, and those where something can be added.
fn find_paths<'n>(node: &'n Node, path: &mut Vec<Step<'n>>, paths: &mut Vec<Vec<Step<'n>>>) {
    let steps: Vec<(Step<'n>, Option<&'n Node>)> = match &node.value {
        Read::Map(map) => {
            let entries = map.entries.iter().map(|e| (Step::Key(&e.key), Some(&e.value)));
            let new = map.entry("new").is_none().then_some((Step::Key("new"), None));
            entries.chain(new).collect()
        }
        Read::Seq(items) => {
            let known = items.iter().enumerate().map(|(at, item)| (Step::Item(at), Some(item)));
            known.chain([(Step::Item(items.len()), None)]).collect()
        }
        _ => return,
    };
    for (step, inner) in steps {
        if paths.len() >= MOST {
            return;
        }
        path.push(step);
        paths.push(path.clone());
        if let Some(inner) = inner {
            find_paths(inner, path, paths);
        }
        path.pop();
    }
}

/// What the change means.
fn set(root: &mut Value, path: &[Step<'_>], new: Option<Value>) -> Option<()> {
    let (last, way) = path.split_last()?;
    let mut held = root;
    for step in way {
        held = match step {
            Step::Key(key) => held.get_mut(*key)?,
            Step::Item(item) => held.get_mut(*item)?,
        };
    }
    match (last, held, new) {
        (Step::Key(key), Value::Mapping(map), Some(new)) => drop(map.insert(Value::from(*key), new)),
        (Step::Key(key), Value::Mapping(map), None) => drop(map.shift_remove(*key)?),
        (Step::Item(at), Value::Sequence(items), Some(new)) if *at == items.len() => items.push(new),
        (Step::Item(at), Value::Sequence(items), Some(new)) => *items.get_mut(*at)? = new,
        (Step::Item(at), Value::Sequence(items), None) => drop(items.remove(*at)),
        _ => return None,
    }
    Some(())
}

/// The scalars written in a node that are not at a path, or below it: those of an alias or a merge key
/// are written elsewhere.
fn scalars<'n>(node: &'n Node, path: &[Step<'_>], found: &mut Vec<&'n Node>) {
    let (first, rest) = path.split_first().map_or((None, path), |(first, rest)| (Some(first), rest));
    let mut below = |step: Step<'_>, inner: &'n Node| match first == Some(&step) {
        true if rest.is_empty() => {}
        _ if !is_within(inner.mark, node.mark) => {}
        true => scalars(inner, rest, found),
        false => scalars(inner, &[], found),
    };
    match &node.value {
        Read::Map(map) => map.entries.iter().for_each(|e| below(Step::Key(&e.key), &e.value)),
        Read::Seq(items) => items.iter().enumerate().for_each(|(at, item)| below(Step::Item(at), item)),
        _ => found.push(node),
    }
}

fn is_within(inner: Mark, outer: Mark) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
