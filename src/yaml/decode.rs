//! Typed fields from a tree, with the rules of the API's JSON decoder: null is an absent value, a
//! missing list is empty, and the first wrong type rejects the whole object (V22).

use std::collections::BTreeMap;

use super::{Entry, Mark, Node, Value};

/// A value of a wrong type, and the API's path of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// `spec.ingress[0].ports`.
    pub path: String,
    /// Where the value is.
    pub mark: Mark,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Words that kubectl reads as booleans and most other YAML readers as text. Where a string is expected
/// they are read as text, and [`loose_words`] reports them.
pub const LOOSE: [&str; 4] = ["y", "Y", "n", "N"];

/// A decoded value, or the first wrong type.
pub type Decoded<T> = Result<T, TypeError>;

impl TypeError {
    /// `node` is not the `wanted` thing (`a string`, `a list`, ...).
    pub fn wanted(wanted: &str, node: &Node) -> Self {
        let (message, help) = match &node.value {
            Value::Bool(_, text) | Value::Number(_, text) => (
                format!(
                    "`{text}` is {}, but {wanted} is expected",
                    node.value.what()
                ),
                (wanted == "a string").then(|| format!("put it in quotes: \"{text}\"")),
            ),
            Value::String(text) => (
                format!("`{}` is a string, but {wanted} is expected", short(text)),
                None,
            ),
            value => (
                format!("{} found, but {wanted} is expected", value.what()),
                node.placeholder().map(filled_in),
            ),
        };
        Self {
            path: String::new(),
            mark: node.mark,
            message,
            help,
        }
    }

    /// The same error, with the path seen from the field or item `step` that contains it.
    pub fn under(mut self, step: &str) -> Self {
        self.path = match self.path.as_bytes().first() {
            None => step.to_owned(),
            Some(b'[') => format!("{step}{}", self.path),
            Some(_) => format!("{step}.{}", self.path),
        };
        self
    }
}

/// What to do about a placeholder.
pub fn filled_in(word: &str) -> String {
    format!("`{{{word}}}` looks like a placeholder of a template: fill it in first")
}

fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((i, _)) => format!("{}...", &text[..i]),
        None => text.to_owned(),
    }
}

/// Checks that a node is a map (or null, which reads as an empty one).
pub fn map(node: &Node) -> Decoded<&Node> {
    match node.value {
        Value::Map(_) | Value::Null => Ok(node),
        _ => Err(TypeError::wanted("a map", node)),
    }
}

/// The field `key` of a map, decoded; none if it is missing or null.
pub fn field<'a, T>(
    node: &'a Node,
    key: &str,
    decode: impl FnOnce(&'a Node) -> Decoded<T>,
) -> Decoded<Option<T>> {
    match map(node)?.get(key) {
        None => Ok(None),
        Some(value) => decode(value).map(Some).map_err(|e| e.under(key)),
    }
}

/// A value reached through several keys; none if one of them is missing or null.
pub fn deep<'a, T>(
    node: &'a Node,
    keys: &[&str],
    decode: impl FnOnce(&'a Node) -> Decoded<T>,
) -> Decoded<Option<T>> {
    match keys.split_first() {
        None => decode(node).map(Some),
        Some((first, rest)) => match map(node)?.get(first) {
            None => Ok(None),
            Some(value) => deep(value, rest, decode).map_err(|e| e.under(first)),
        },
    }
}

/// A list, each item decoded.
pub fn list<'a, T>(
    node: &'a Node,
    mut decode: impl FnMut(&'a Node) -> Decoded<T>,
) -> Decoded<Vec<T>> {
    let Some(items) = node.items() else {
        return Err(TypeError::wanted("a list", node));
    };
    let decoded = items.iter().enumerate();
    decoded
        .map(|(i, item)| decode(item).map_err(|e| e.under(&format!("[{i}]"))))
        .collect()
}

/// The field `key` of a map as a list; empty if it is missing or null.
pub fn list_field<'a, T>(
    node: &'a Node,
    key: &str,
    decode: impl FnMut(&'a Node) -> Decoded<T>,
) -> Decoded<Vec<T>> {
    Ok(field(node, key, |n| list(n, decode))?.unwrap_or_default())
}

/// A string; null reads as an empty one, and one of the [`LOOSE`] words as itself.
pub fn string(node: &Node) -> Decoded<String> {
    match &node.value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok(String::new()),
        Value::Bool(_, text) if LOOSE.contains(&text.as_ref()) => Ok(text.as_ref().into()),
        _ => Err(TypeError::wanted("a string", node)),
    }
}

/// A boolean.
pub fn boolean(node: &Node) -> Decoded<bool> {
    match &node.value {
        Value::Bool(b, _) => Ok(*b),
        Value::Null => Ok(false),
        _ => Err(TypeError::wanted("a boolean", node)),
    }
}

/// A whole number of 32 bits.
pub fn int32(node: &Node) -> Decoded<i32> {
    match &node.value {
        Value::Number(n, _) => whole(*n).ok_or_else(|| TypeError::wanted("a whole number", node)),
        Value::Null => Ok(0),
        _ => Err(TypeError::wanted("a number", node)),
    }
}

fn whole(n: f64) -> Option<i32> {
    let range = f64::from(i32::MIN)..=f64::from(i32::MAX);
    #[allow(clippy::cast_possible_truncation)]
    (n.fract() == 0.0 && range.contains(&n)).then_some(n as i32)
}

/// The entries of a map; null is an empty one.
pub fn entries(node: &Node) -> Decoded<&[Entry]> {
    match &node.value {
        Value::Map(map) => Ok(&map.entries),
        Value::Null => Ok(&[]),
        _ => Err(TypeError::wanted("a map", node)),
    }
}

/// A map of strings, such as labels; null values are empty strings.
pub fn strings(node: &Node) -> Decoded<BTreeMap<String, String>> {
    let entries = entries(node)?.iter();
    entries
        .map(|e| match string(&e.value) {
            Ok(value) => Ok((e.key.clone(), value)),
            Err(error) => Err(error.under(&e.key)),
        })
        .collect()
}

/// A number or a name: a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A name, quoted digits included.
    String(String),
}

/// A number or a name.
pub fn int_or_string(node: &Node) -> Decoded<IntOrString> {
    match &node.value {
        Value::String(text) => Ok(IntOrString::String(text.clone())),
        Value::Number(n, _) if whole(*n).is_some() => int32(node).map(IntOrString::Int),
        _ => Err(TypeError::wanted("a whole number or a string", node)),
    }
}

/// Every one of the [`LOOSE`] words that is used as a name, a label or a part of a selector.
pub fn loose_words(node: &Node) -> Vec<TypeError> {
    let mut out = Vec::new();
    loose_below(node, false, &mut Vec::new(), &mut out);
    out
}

/// The keys below which a word is a name, a label or a part of a selector.
const NAMING: [&str; 6] = [
    "name",
    "namespace",
    "labels",
    "selector",
    "podSelector",
    "namespaceSelector",
];

fn loose_below<'a>(node: &'a Node, text: bool, path: &mut Vec<&'a str>, out: &mut Vec<TypeError>) {
    match &node.value {
        Value::Bool(_, word) if text && LOOSE.contains(&word.as_ref()) => {
            let mut error = TypeError::wanted("a string", node);
            error.path = path.join(".");
            out.push(error);
        }
        Value::Seq(items) => items.iter().for_each(|n| loose_below(n, text, path, out)),
        Value::Map(map) => {
            for entry in &map.entries {
                let text = text || NAMING.contains(&entry.key.as_str());
                path.push(&entry.key);
                loose_below(&entry.value, text, path, out);
                path.pop();
            }
        }
        _ => {}
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its range.
    pub mark: Mark,
}

/// Makes a decoder return the range too.
pub fn spanned<T>(
    decode: impl Fn(&Node) -> Decoded<T> + Copy,
) -> impl Fn(&Node) -> Decoded<Spanned<T>> + Copy {
    move |node| {
        let value = decode(node)?;
        let mark = node.mark;
        Ok(Spanned { value, mark })
    }
}
