//! One node changes; every other byte stays.

use proptest::prelude::*;

use super::{Step, change};
use crate::diag::apply;
use crate::yaml::parse;
use crate::yaml::plain::{Mapping, Value, plain};

fn value(text: &str) -> Value {
    plain(&parse(text).documents[0].node)
}

/// The text with the node at a path (keys and numbers between blanks) set to a value, or removed.
fn changed(text: &str, path: &str, new: Option<&str>) -> String {
    let steps: Vec<Step> = path
        .split(' ')
        .map(|step| step.parse().map_or(Step::Key(step), Step::Item))
        .collect();
    let new = new.map(value);
    let patches = change(text, 0, &steps, new.as_ref()).expect("an edit");
    apply(text, &patches).expect("patches of the text")
}

#[test]
fn values_change_in_their_own_style() {
    for (text, path, new, want) in [
        ("a: 1 # c\nb: 2\n", "a", "3", "a: 3 # c\nb: 2\n"),
        ("a:   'x'\n", "a", "it's", "a:   'it''s'\n"),
        ("a: \"x\"", "a", "z", "a: \"z\""),
        ("a:\nb: 2\n", "a", "x", "a: x\nb: 2\n"),
        ("a: # c\nb: 2\n", "a", "x", "a: x # c\nb: 2\n"),
        (
            "a: {b: 1, c: [2, 3]}\r\n",
            "a c 1",
            "4",
            "a: {b: 1, c: [2, 4]}\r\n",
        ),
        ("{\"a\": {\"b\": 1}}", "a b", "x", "{\"a\": {\"b\": \"x\"}}"),
        ("a: |\n  x\n\n# c\nb: 1\n", "a", "z", "a: z\n\n# c\nb: 1\n"),
        (
            "a: x # c\nb: 1\n",
            "a",
            "\"y\\nz\\n\"",
            "a: | # c\n  y\n  z\nb: 1\n",
        ),
        (
            "a: # c\n  b: 1\n  # d\nc: 2\n",
            "a",
            "x",
            "a: x # c\n  # d\nc: 2\n",
        ),
        (
            "a:\n    b: 1\nc: 2\n",
            "c",
            "{d: {e: 1}}",
            "a:\n    b: 1\nc: {d: {e: 1}}\n",
        ),
        (
            "- a: 1 # c\n  b: 2\n-\n",
            "1",
            "x",
            "- a: 1 # c\n  b: 2\n- x\n",
        ),
    ] {
        assert_eq!(changed(text, path, Some(new)), want, "{text:?}");
    }
}

#[test]
fn new_entries_and_items_follow_the_style_of_their_neighbours() {
    for (text, path, new, want) in [
        ("a: 1 # c\n# d\n", "b", "2", "a: 1 # c\nb: 2\n# d\n"),
        (
            "a:\n    b: 1\nc: 2",
            "a d",
            "x",
            "a:\n    b: 1\n    d: x\nc: 2",
        ),
        ("a: 1", "b", "2", "a: 1\nb: 2"),
        ("a: 1\r\n", "b", "2", "a: 1\r\nb: 2\r\n"),
        ("a: {}\n", "a b", "1", "a: {b: 1}\n"),
        ("a: {b: 1 }\n", "a c", "2", "a: {b: 1, c: 2 }\n"),
        (
            "a:\n  - x\n  # c\n",
            "a 1",
            "z",
            "a:\n  - x\n  - z\n  # c\n",
        ),
        (
            "a:\n- b: 1\n  c: 2\n",
            "a 1",
            "{b: 3}",
            "a:\n- b: 1\n  c: 2\n- b: 3\n",
        ),
        (
            "a:\n- {b: 1}\n",
            "a 1",
            "{b: 3}",
            "a:\n- {b: 1}\n- {b: 3}\n",
        ),
        (
            "- a: |+\n    x\n\n- b\n",
            "0 c",
            "1",
            "- a: |+\n    x\n\n  c: 1\n- b\n",
        ),
        ("{\"a\": 1}", "b", "x", "{\"a\": 1, \"b\": \"x\"}"),
        ("a: 1\n---\nb: 2\n", "c", "3", "a: 1\nc: 3\n---\nb: 2\n"),
    ] {
        assert_eq!(changed(text, path, Some(new)), want, "{text:?}");
    }
}

#[test]
fn removing_a_node_removes_its_lines() {
    for (text, path, want) in [
        ("# c\na: 1 # d\n# e\nb: 2\n", "a", "# c\n# e\nb: 2\n"),
        (
            "a:\n  b: 1\n  c:\n  - d\ne: 2\n",
            "a c",
            "a:\n  b: 1\ne: 2\n",
        ),
        ("a:\n  b: 1\nc: 2\n", "a b", "a: {}\nc: 2\n"),
        ("a: # c\n- b\n", "a 0", "a: [] # c\n"),
        ("- a: 1\n  b: 2\n", "0 a", "- b: 2\n"),
        ("a: {b: 1, c: 2}\n", "a b", "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", "a c", "a: {b: 1}\n"),
        ("a: [1, 2, 3]", "a 1", "a: [1, 3]"),
        ("a:\n  - 1\n\n  - 2\n", "a 0", "a:\n\n  - 2\n"),
        ("a: 1\r\nb: 2\r\n", "b", "a: 1\r\n"),
    ] {
        assert_eq!(changed(text, path, None), want, "{text:?}");
    }
}

#[test]
fn changes_without_a_local_edit_are_rejected() {
    for (text, path) in [
        ("a: &x {b: 1}\nc: *x\n", &[Step::Key("a")][..]),
        (
            "x: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n",
            &[Step::Key("c"), Step::Key("b")],
        ),
        (
            "x: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n  d: 2\n",
            &[Step::Key("c"), Step::Key("b")],
        ),
        ("a: 1\n", &[Step::Key("b")]),
        ("a: 1\n", &[Step::Item(0)]),
        ("- 1\n", &[Step::Item(1)]),
    ] {
        assert_eq!(change(text, 0, path, None), None, "{text:?}");
    }
    assert_eq!(change("a: 1\n", 1, &[Step::Key("a")], None), None);
}

/// Prints values in every style that a person may write, with numbered comments.
struct Printer<'t> {
    tape: &'t [u8],
    at: usize,
    out: String,
    comments: usize,
    line_break: &'static str,
    map_indent: usize,
    list_indent: usize,
}

impl Printer<'_> {
    fn pick(&mut self, of: u8) -> u8 {
        self.at += 1;
        self.tape[self.at % self.tape.len()] % of
    }

    fn print(tape: &[u8], documents: &[Value]) -> String {
        let mut printer = Printer {
            tape,
            at: 0,
            out: String::new(),
            comments: 0,
            line_break: "\n",
            map_indent: 2,
            list_indent: 0,
        };
        for (at, value) in documents.iter().enumerate() {
            printer.line_break = ["\n", "\r\n"][usize::from(tape[0] % 2)];
            printer.map_indent = [2, 4][usize::from(printer.pick(2))];
            printer.list_indent = [0, 2, 4][usize::from(printer.pick(3))];
            if at > 0 {
                let end = printer.line_break;
                printer.out.push_str("---");
                printer.out.push_str(end);
            }
            printer.comment_line(0);
            match value {
                Value::Mapping(map) => printer.map(map, 0, false),
                Value::Sequence(items) => printer.list(items, 0, false),
                _ => unreachable!("documents are collections"),
            }
        }
        // Without the last line break, a block would be another text.
        if printer.pick(3) == 0 && !printer.out.contains(" |") {
            let bare = printer.out.trim_end_matches(['\r', '\n']).len();
            printer.out.truncate(bare);
        }
        printer.out
    }

    fn end_line(&mut self) {
        if self.pick(4) == 0 {
            self.comments += 1;
            self.out.push_str(&format!(" #{}.", self.comments));
        }
        self.out.push_str(self.line_break);
    }

    fn comment_line(&mut self, indent: usize) {
        match self.pick(6) {
            0 => {
                self.comments += 1;
                let line = format!("{}#{}.", " ".repeat(indent), self.comments);
                self.out.push_str(&line);
                self.out.push_str(self.line_break);
            }
            // After a block that includes them, blank lines would be text.
            1 if !self.out.ends_with("\n\n") && !self.out.ends_with("\n\r\n") => {
                self.out.push_str(self.line_break);
            }
            _ => {}
        }
    }

    fn map(&mut self, map: &Mapping, indent: usize, inline: bool) {
        for (at, (key, value)) in map.iter().enumerate() {
            if at > 0 || !inline {
                self.comment_line(indent);
                self.out.extend(std::iter::repeat_n(' ', indent));
            }
            let key = key.as_str().unwrap();
            let key = match self.pick(4) {
                0 => format!("\"{key}\""),
                _ => key.to_owned(),
            };
            self.out.push_str(&key);
            self.out.push(':');
            match value {
                Value::Mapping(map) if !map.is_empty() && self.pick(3) > 0 => {
                    self.end_line();
                    self.map(map, indent + self.map_indent, false);
                }
                Value::Sequence(items) if !items.is_empty() && self.pick(3) > 0 => {
                    self.end_line();
                    self.list(items, indent + self.list_indent, false);
                }
                value => self.leaf(value, indent + self.map_indent),
            }
        }
    }

    fn list(&mut self, items: &[Value], indent: usize, inline: bool) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || !inline {
                self.comment_line(indent);
                self.out.extend(std::iter::repeat_n(' ', indent));
            }
            self.out.push('-');
            match item {
                Value::Mapping(map) if !map.is_empty() && self.pick(3) > 0 => {
                    self.out.push(' ');
                    self.map(map, indent + 2, true);
                }
                Value::Sequence(items) if !items.is_empty() && self.pick(3) > 0 => {
                    self.out.push(' ');
                    self.list(items, indent + 2, true);
                }
                item => self.leaf(item, indent + 2),
            }
        }
    }

    fn leaf(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null if self.pick(2) == 0 => self.end_line(),
            Value::String(text) if text.contains('\n') => {
                let keep = text.ends_with("\n\n");
                self.out.push_str(if keep { " |+" } else { " |" });
                self.end_line();
                for row in text.trim_end_matches('\n').split('\n') {
                    self.out.extend(std::iter::repeat_n(' ', indent));
                    self.out.push_str(row);
                    self.out.push_str(self.line_break);
                }
                if keep {
                    self.out.push_str(self.line_break);
                }
            }
            value => {
                self.out.push(' ');
                let flow = self.flow(value);
                self.out.push_str(&flow);
                self.end_line();
            }
        }
    }

    fn flow(&mut self, value: &Value) -> String {
        let between = ["", " "][usize::from(self.pick(2))];
        match value {
            Value::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{between}{}{between}]", items.join(", "))
            }
            Value::Mapping(map) => {
                let pairs: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}: {}", key.as_str().unwrap(), self.flow(value)))
                    .collect();
                format!("{{{between}{}{between}}}", pairs.join(", "))
            }
            Value::String(text) => match self.pick(3) {
                0 if !text.contains('\n') => format!("'{}'", text.replace('\'', "''")),
                1 => crate::yaml::write::quoted(text),
                _ => crate::yaml::write::scalar(text).into_owned(),
            },
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            _ => "null".to_owned(),
        }
    }
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-5i64..100).prop_map(Value::from),
        "[a-z]{0,5}|[ -~]{0,6}".prop_map(Value::from),
        "[a-z]{1,3}\n[a-z]{1,3}\n(\n)?".prop_map(Value::from),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Sequence),
            prop::collection::btree_map("[a-h]", inner, 0..4).prop_map(mapping),
        ]
    })
}

fn mapping(map: std::collections::BTreeMap<String, Value>) -> Value {
    let pairs = map.into_iter();
    Value::Mapping(pairs.map(|(key, value)| (key.into(), value)).collect())
}

fn document() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::collection::btree_map("[a-h]", any_value(), 1..5).prop_map(mapping),
        prop::collection::vec(any_value(), 1..4).prop_map(Value::Sequence),
    ]
}

/// Every path of a value, and those where something can be added.
fn paths<'v>(value: &'v Value, path: &mut Vec<Step<'v>>, out: &mut Vec<(Vec<Step<'v>>, bool)>) {
    let mut note = |path: &[Step<'v>], step: Step<'v>, there: bool| {
        let mut path = path.to_vec();
        path.push(step);
        out.push((path, there));
    };
    match value {
        Value::Mapping(map) => {
            for key in map.keys().filter_map(Value::as_str) {
                note(path, Step::Key(key), true);
            }
            note(path, Step::Key("new"), false);
        }
        Value::Sequence(items) => {
            (0..items.len()).for_each(|at| note(path, Step::Item(at), true));
            note(path, Step::Item(items.len()), false);
        }
        _ => {}
    }
    let inner: Vec<(Step, &Value)> = match value {
        Value::Mapping(map) => map
            .iter()
            .filter_map(|(key, value)| Some((Step::Key(key.as_str()?), value)))
            .collect(),
        Value::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(at, value)| (Step::Item(at), value))
            .collect(),
        _ => Vec::new(),
    };
    for (step, value) in inner {
        path.push(step);
        paths(value, path, out);
        path.pop();
    }
}

/// The bytes of the node at a path, from its key or dash to the end of its last line.
fn extent(text: &str, document: usize, path: &[Step]) -> std::ops::Range<usize> {
    let parsed = parse(text);
    let mut node = &parsed.documents[document].node;
    let mut start = 0;
    for step in path {
        (start, node) = match (step, &node.value) {
            (Step::Key(key), crate::yaml::Value::Map(map)) => {
                let entry = map.entry(key).unwrap();
                (entry.mark.bytes().start, &entry.value)
            }
            (Step::Item(at), crate::yaml::Value::Seq(items)) => {
                (items[*at].mark.bytes().start, &items[*at])
            }
            _ => panic!("no such path"),
        };
    }
    let end = node.mark.bytes().end.max(start);
    let line = text[end..].find('\n').map_or(text.len(), |i| end + i + 1);
    let end = if text[..end].ends_with('\n') {
        end
    } else {
        line
    };
    let before = text[..start].rfind('\n').map_or(0, |i| i + 1);
    before..end
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn one_node_changes_and_the_rest_stays(
        documents in prop::collection::vec(document(), 1..3),
        tape in prop::collection::vec(any::<u8>(), 8..60),
        which in any::<prop::sample::Index>(),
        new in prop::option::of(any_value()),
    ) {
        let text = Printer::print(&tape, &documents);
        let read: Vec<Value> = parse(&text).documents.iter().map(|d| plain(&d.node)).collect();
        prop_assert_eq!(&read, &documents, "{}", text);
        let at = documents.len() - 1;
        let mut all = Vec::new();
        paths(&documents[at], &mut Vec::new(), &mut all);
        // A document does not become empty.
        let only = documents[at].as_mapping().map_or(0, Mapping::len)
            + documents[at].as_sequence().map_or(0, Vec::len) == 1;
        let removed = |path: &[Step], there| there && !(only && path.len() == 1);
        all.retain(|(path, there)| new.is_some() || removed(path, *there));
        prop_assume!(!all.is_empty());
        let (path, there) = which.get(&all);
        let patches = change(&text, at, path, new.as_ref());
        prop_assert!(patches.is_some(), "{:?} {:?}\n{}", path, new, text);
        let patches = patches.unwrap();
        let after = apply(&text, &patches).unwrap();
        // Removing the last of its siblings changes their parent.
        let (holder, own) = (path.len() - 1, path.len());
        let parent = if holder == 0 { 0..text.len() } else { extent(&text, at, &path[..holder]) };
        let own = if *there && new.is_some() { extent(&text, at, &path[..own]) } else { parent };
        // Blank lines after it are removed too where the text before would include them.
        let blank = text[own.end..].lines().take_while(|line| line.trim().is_empty());
        let end = own.end + blank.map(|line| line.len() + 2).sum::<usize>();
        for patch in &patches {
            let inside = own.start <= patch.range.start && patch.range.end <= end;
            prop_assert!(inside, "{:?} {:?}\n{}---\n{}", path, new, text, after);
        }
        // Comments outside it are still there.
        let gone = if *there { extent(&text, at, path) } else { 0..0 };
        for (start, _) in text.match_indices('#') {
            let Some(length) = text[start..].find('.') else { continue };
            let comment = &text[start..=start + length];
            if comment[1..length].parse::<u8>().is_ok() && !gone.contains(&start) {
                prop_assert!(after.contains(comment), "{:?} {:?}\n{}---\n{}", path, new, text, after);
            }
        }
    }
}
