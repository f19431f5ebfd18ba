//! Writes YAML that every reader reads the same way: block style, two spaces, lists flush with their
//! key, and every text quoted that some YAML 1.1 reader (kubectl's among them) would read as a boolean,
//! a number, a date or null.

use std::borrow::Cow;
use std::ops::RangeInclusive;

/// A value to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A string, quoted where it must be.
    Text(String),
    /// A number.
    Number(i64),
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order given.
    Map(Vec<(Cow<'static, str>, Node)>),
    /// An item whose lines are recorded under `mark`, with comment lines above it. Only in lists.
    Marked {
        /// Returned in [`Output::marks`].
        mark: usize,
        /// Lines above the item.
        comments: Vec<String>,
        /// The item.
        item: Box<Node>,
    },
}

impl Node {
    /// A string.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A map of strings.
    pub fn texts<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        Self::Map(
            pairs
                .into_iter()
                .map(|(key, value)| (Cow::Owned(key.clone()), Self::text(value)))
                .collect(),
        )
    }
}

/// A written document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The text, with a line break at its end and no `---`.
    pub text: String,
    /// First and last line (from 1) of every marked item, in the order written.
    pub marks: Vec<(usize, RangeInclusive<u32>)>,
}

/// Writes one document; `comments` become its first lines.
pub fn write(comments: &[String], root: &Node) -> Output {
    let mut writer = Writer::default();
    writer.comments(0, comments);
    match root {
        Node::Map(pairs) if !pairs.is_empty() => writer.map(pairs, 0, false),
        Node::List(items) if !items.is_empty() => writer.list(items, 0),
        other => writer.line(0, "", &inline(other)),
    }
    Output {
        text: writer.text,
        marks: writer.marks,
    }
}

/// Bytes of a key that needs no `?` before it; readers look at most 1,024 bytes ahead for its colon.
pub(super) const LONGEST_KEY: usize = 1000;

#[derive(Default)]
struct Writer {
    text: String,
    lines: u32,
    marks: Vec<(usize, RangeInclusive<u32>)>,
}

impl Writer {
    fn line(&mut self, indent: usize, lead: &str, rest: &str) {
        self.text.extend(std::iter::repeat_n(' ', indent));
        self.text.push_str(lead);
        self.text.push_str(rest);
        self.text.push('\n');
        self.lines += 1;
    }

    fn comments(&mut self, indent: usize, comments: &[String]) {
        for line in comments.iter().flat_map(|c| c.lines()) {
            let text = comment(line);
            match text.trim_end() {
                "" => self.line(indent, "#", ""),
                text => self.line(indent, "# ", text),
            }
        }
    }

    /// `continues`: the first key follows a `- ` that is already written.
    fn map(&mut self, pairs: &[(Cow<'static, str>, Node)], indent: usize, continues: bool) {
        for (at, (key, value)) in pairs.iter().enumerate() {
            let (mut spaces, mut dash) = match continues && at == 0 {
                true => (indent - 2, "- "),
                false => (indent, ""),
            };
            let mut key = scalar(key);
            if key.len() > LONGEST_KEY {
                self.line(spaces, dash, &format!("? {key}"));
                (spaces, dash, key) = (indent, "", Cow::Borrowed(""));
            }
            match value {
                Node::Map(inner) if !inner.is_empty() => {
                    self.line(spaces, dash, &format!("{key}:"));
                    self.map(inner, indent + 2, false);
                }
                Node::List(items) if !items.is_empty() => {
                    self.line(spaces, dash, &format!("{key}:"));
                    self.list(items, indent);
                }
                other => self.line(spaces, dash, &format!("{key}: {}", inline(other))),
            }
        }
    }

    fn list(&mut self, items: &[Node], indent: usize) {
        for item in items {
            match item {
                Node::Marked {
                    mark,
                    comments,
                    item,
                } => {
                    self.comments(indent, comments);
                    let first = self.lines + 1;
                    self.item(item, indent);
                    self.marks.push((*mark, first..=self.lines));
                }
                plain => self.item(plain, indent),
            }
        }
    }

    fn item(&mut self, item: &Node, indent: usize) {
        match item {
            Node::Map(pairs) if !pairs.is_empty() => self.map(pairs, indent + 2, true),
            Node::List(items) if !items.is_empty() => {
                // Lists in lists do not occur in what we write; one level down is still valid YAML.
                self.line(indent, "-", "");
                self.list(items, indent + 2);
            }
            other => self.line(indent, "- ", &inline(other)),
        }
    }
}

/// What fits on the line of its key.
fn inline(node: &Node) -> String {
    match node {
        Node::Text(text) => scalar(text).into_owned(),
        Node::Number(number) => number.to_string(),
        Node::Bool(value) => value.to_string(),
        Node::List(_) => "[]".to_owned(),
        Node::Map(_) => "{}".to_owned(),
        Node::Marked { item, .. } => inline(item),
    }
}

/// A comment must not hold what YAML calls a line break or does not call printable.
fn comment(line: &str) -> String {
    line.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                ' '
            }
            c => c,
        })
        .collect()
}

/// A string as a YAML scalar: plain where every reader reads it as a string, else in double quotes.
pub fn scalar(text: &str) -> Cow<'_, str> {
    match is_plain(text) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(quoted(text)),
    }
}

/// Words that YAML 1.1 or 1.2 readers read as booleans, null or numbers, in any case.
const WORDS: [&str; 12] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
];

fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | ' ');
    let word = starts_well && text.chars().all(safe) && !text.ends_with(' ');
    // An IPv4 block: no number and no date holds a slash.
    let block = text.starts_with(|c: char| c.is_ascii_digit())
        && text.contains('/')
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '/'));
    (word || block) && !WORDS.iter().any(|w| w.eq_ignore_ascii_case(text))
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                ) =>
            {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing.
    #[test]
    fn keys_longer_than_the_lookahead_of_readers_round_trip() {
        let key = |c: char| Cow::Owned(c.to_string().repeat(1100));
        let inner = Node::Map(vec![
            (key('b'), Node::text("x")),
            (key('c'), Node::Number(1)),
        ]);
        let list = Node::List(vec![inner.clone(), Node::text("y")]);
        let root = Node::Map(vec![(key('a'), inner), (key('d'), list)]);
        let parsed = crate::yaml::parse(&write(&[], &root).text);
        assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
        let node = &parsed.documents[0].node;
        let get = |node: &crate::yaml::Node, c: char| node.get(&key(c)).cloned().expect("the key");
        assert_eq!(get(&get(node, 'a'), 'b').as_str(), Some("x"));
        let items = get(node, 'd');
        let [first, second] = items.items().expect("a list") else {
            panic!("{items:?}");
        };
        assert_eq!(get(first, 'b').as_str(), Some("x"));
        assert_eq!(second.as_str(), Some("y"));
    }

    #[test]
    fn ambiguous_strings_are_quoted() {
        for text in [
            "",
            "on",
            "Yes",
            "y",
            "N",
            "off",
            "TRUE",
            "null",
            "~",
            "1_000",
            "0x1F",
            "0o7",
            "1.0",
            "1e3",
            ".inf",
            ".NaN",
            "-1",
            "+1",
            "2024-01-31",
            "12:30",
            "\"true\"",
            "a: b",
            "a #b",
            " a",
            "a ",
            "#a",
            "&a",
            "*a",
            "!a",
            "- a",
            "[a]",
            "{a}",
            "a,b",
            "=",
            "<<",
            "?",
            "@a",
            "`a`",
            "%a",
            "2001:db8::/32",
            "::/0",
            "a\nb",
            "a\\b",
            "0755",
            "1/2 ",
        ] {
            let written = scalar(text);
            assert!(
                written.starts_with('"'),
                "{text:?} was written as {written}"
            );
        }
        for text in [
            "web",
            "app.kubernetes.io/name",
            "v1",
            "e3",
            "Place order",
            "10.0.0.0/8",
            "a-b_c.d",
        ] {
            assert_eq!(scalar(text), text);
        }
    }

    #[test]
    fn maps_lists_comments_and_marks_are_written() {
        let item = Node::Map(vec![
            (
                "to".into(),
                Node::List(vec![Node::Map(vec![(
                    "podSelector".into(),
                    Node::Map(vec![]),
                )])]),
            ),
            ("ports".into(), Node::List(vec![Node::Number(80)])),
        ]);
        let root = Node::Map(vec![
            ("kind".into(), Node::text("on")),
            (
                "egress".into(),
                Node::List(vec![
                    Node::Marked {
                        mark: 7,
                        comments: vec!["why\u{7}\nnot\u{fffe}".into()],
                        item: Box::new(item),
                    },
                    Node::text("last"),
                ]),
            ),
        ]);
        let output = write(&["head".into()], &root);
        insta::assert_snapshot!(output.text, @r##"
        # head
        kind: "on"
        egress:
        # why
        # not
        - to:
          - podSelector: {}
          ports:
          - 80
        - last
        "##);
        assert_eq!(output.marks, [(7, 6..=9)]);
    }

    proptest::proptest! {
        #[test]
        fn every_text_round_trips(text in "\\PC{0,12}|[a-zA-Z0-9:#~.,'\"\\\\ \\n\\t_-]{0,12}") {
            let output = write(&[], &Node::Map(vec![("key".into(), Node::text(&text))]));
            let back: std::collections::BTreeMap<String, String> =
                serde_yaml::from_str(&output.text).map_err(|e| {
                    proptest::test_runner::TestCaseError::fail(format!("{e}: {:?}", output.text))
                })?;
            proptest::prop_assert_eq!(back.get("key"), Some(&text));
        }
    }
}
