//! Typed access to a YAML tree, with a diagnostic wherever the shape is wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::yaml::plain::{Mapping, Value, plain, whole};

use super::Extras;
use crate::diag::{Diagnostic, Span, edit_distance};
use crate::model::{Accounts, Refusal, Unknown};
use crate::sets::{LabelOp, Labels, Requirement, Selector};
use crate::yaml::{self, Entry, Mark, Node};

/// What a selector may have.
const SELECTOR: &str = "write matchLabels and matchExpressions";

/// Collects diagnostics.
pub(super) struct Reader {
    pub(super) file: Arc<str>,
    pub(super) found: Vec<Diagnostic>,
    /// Whether something cannot be preserved, so that the file must not be opened.
    pub(super) refused: bool,
}

/// The fields of a map that were not taken yet.
pub(super) struct Fields<'n> {
    entries: Vec<&'n Entry>,
    /// The keys that were asked for, whether they are there or not.
    known: Vec<String>,
}

impl<'n> Fields<'n> {
    /// Takes a field; null counts as absent.
    pub(super) fn take(&mut self, key: &str) -> Option<&'n Node> {
        self.known.push(key.to_owned());
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        let node = &self.entries.remove(at).value;
        (node.value != yaml::Value::Null).then_some(node)
    }

    /// Whether a field is there that was not taken; null counts as absent.
    pub(super) fn has(&self, key: &str) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| entry.key == key && entry.value.value != yaml::Value::Null)
    }

    /// What was not taken: unknown fields, which are kept and reported. One that is almost a known field that is not
    /// there is an error.
    pub(super) fn rest(self, reader: &mut Reader) -> Unknown {
        for entry in &self.entries {
            let unknown = format!("unknown field `{}`", entry.key);
            let at = reader.span(entry.mark);
            let near = self
                .known
                .iter()
                .map(|known| (edit_distance(&entry.key, known), known));
            let near = near
                .min()
                .filter(|(far, _)| *far <= 1 + usize::from(entry.key.len() > 4));
            let found = match near {
                Some((_, known)) => Diagnostic::error("unknown-field", unknown)
                    .help(format!("did you mean `{known}`?")),
                None => Diagnostic::warning("unknown-field", unknown)
                    .help("it is kept, and has no effect in this version"),
            };
            reader.found.push(found.at(at));
        }
        let pairs = self.entries.into_iter();
        pairs
            .map(|entry| (entry.key.clone(), plain(&entry.value)))
            .collect()
    }

    /// The same as a value, if there is any.
    pub(super) fn rest_value(self, reader: &mut Reader) -> Option<Value> {
        as_value(self.rest(reader))
    }
}

pub(super) fn as_value(unknown: Unknown) -> Option<Value> {
    let pairs = unknown
        .into_iter()
        .map(|(key, value)| (Value::from(key), value));
    let map: Mapping = pairs.collect();
    (!map.is_empty()).then_some(Value::Mapping(map))
}

impl Reader {
    pub(super) fn new(file: Arc<str>) -> Self {
        Self {
            file,
            found: Vec::new(),
            refused: false,
        }
    }

    fn span(&self, mark: Mark) -> Span {
        mark.span(self.file.clone())
    }

    /// Reports a value that cannot be preserved: the file is not opened.
    pub(super) fn refuse(
        &mut self,
        mark: Mark,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.refused = true;
        let at = self.span(mark);
        self.found.push(
            Diagnostic::error("project-format", message)
                .at(at)
                .help(help),
        );
    }

    /// The same from the check of a value.
    pub(super) fn refuse_value(&mut self, mark: Mark, refusal: Refusal) {
        self.refused = true;
        self.report(mark, "project-format", refusal);
    }

    /// Reports an invalid value that is preserved.
    pub(super) fn report(&mut self, mark: Mark, code: &'static str, refusal: Refusal) {
        let at = self.span(mark);
        self.found.push(Diagnostic {
            help: refusal.help,
            ..Diagnostic::error(code, refusal.message).at(at)
        });
    }

    /// Reports a value that was corrected.
    pub(super) fn warn(&mut self, mark: Mark, code: &'static str, message: String, help: &str) {
        let at = self.span(mark);
        self.found
            .push(Diagnostic::warning(code, message).at(at).help(help));
    }

    fn wrong<T>(&mut self, node: &Node, wanted: &str) -> Option<T> {
        let message = format!("expected {wanted}, not {}", node.value.what());
        self.refuse(
            node.mark,
            message,
            "see the project format in the documentation",
        );
        None
    }

    /// The same for a number, with the value: which one it is matters more than that it is one.
    fn wrong_number<T>(&mut self, node: &Node, wanted: &str) -> Option<T> {
        let value = match &node.value {
            yaml::Value::Number(_, text) | yaml::Value::Bool(_, text) => text.as_ref(),
            yaml::Value::String(text) => text.as_str(),
            _ => return self.wrong(node, wanted),
        };
        let message = format!("`{value}` is not {wanted}");
        self.refuse(node.mark, message, format!("write {wanted}"));
        None
    }

    pub(super) fn map<'n>(&mut self, node: &'n Node) -> Option<Fields<'n>> {
        let yaml::Value::Map(map) = &node.value else {
            return self.wrong(node, "a map");
        };
        for (key, mark) in &map.duplicates {
            self.refuse(
                *mark,
                format!("duplicate key `{key}`"),
                "remove one of them",
            );
        }
        Some(Fields {
            entries: map.entries.iter().collect(),
            known: Vec::new(),
        })
    }

    pub(super) fn required<'n>(
        &mut self,
        fields: &mut Fields<'n>,
        of: &Node,
        key: &str,
    ) -> Option<&'n Node> {
        let found = fields.take(key);
        if found.is_none() {
            self.refuse(
                of.mark,
                format!("`{key}` is missing"),
                format!("add `{key}: ...`"),
            );
        }
        found
    }

    pub(super) fn list<T>(
        &mut self,
        node: &Node,
        item: impl Fn(&mut Self, &Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(items) = node.items() else {
            return self.wrong(node, "a list");
        };
        // All items are read, so that all errors are reported at once.
        let read: Vec<Option<T>> = items.iter().map(|node| item(self, node)).collect();
        read.into_iter().collect()
    }

    /// The items of a list field; empty if it is absent.
    pub(super) fn take_list<T>(
        &mut self,
        fields: &mut Fields,
        key: &str,
        item: impl Fn(&mut Self, &Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        match fields.take(key) {
            Some(node) => self.list(node, item),
            None => Some(Vec::new()),
        }
    }

    /// A text; unquoted numbers and booleans are read as written.
    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            yaml::Value::String(text) => Some(text.clone()),
            yaml::Value::Bool(_, text) | yaml::Value::Number(_, text) => Some(text.to_string()),
            yaml::Value::Null => Some(String::new()),
            _ => self.wrong(node, "a text"),
        }
    }

    pub(super) fn take_text(&mut self, fields: &mut Fields, key: &str) -> Option<String> {
        fields.take(key).and_then(|node| self.text(node))
    }

    pub(super) fn boolean(&mut self, node: &Node) -> Option<bool> {
        match node.value {
            yaml::Value::Bool(yes, _) => Some(yes),
            _ => self.wrong(node, "true or false"),
        }
    }

    pub(super) fn integer(&mut self, node: &Node, most: u32) -> Option<u32> {
        let number = match &node.value {
            yaml::Value::Number(number, text) => whole(*number, text),
            yaml::Value::String(text) => text.parse().ok(),
            _ => None,
        };
        match number.and_then(|number| u32::try_from(number).ok()) {
            Some(number) if number <= most => Some(number),
            _ => self.wrong_number(node, &format!("a number from 0 to {most}")),
        }
    }

    /// A number of any size.
    pub(super) fn count(&mut self, node: &Node) -> Option<u64> {
        let number = match &node.value {
            yaml::Value::Number(_, text) => text.parse().ok(),
            yaml::Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.or_else(|| self.wrong_number(node, "a whole number from 0"))
    }

    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn coordinate(&mut self, node: &Node) -> Option<f32> {
        match node.value {
            yaml::Value::Number(number, _) if (number as f32).is_finite() => Some(number as f32),
            _ => self.wrong_number(node, "a number"),
        }
    }

    /// One of a fixed set of words.
    pub(super) fn word<T: Clone>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = format!("write {}", known.join(" or "));
            self.refuse(node.mark, format!("unknown value `{text}`"), help);
        }
        found.map(|(_, value)| value.clone())
    }

    pub(super) fn take_word<T: Clone>(
        &mut self,
        fields: &mut Fields,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        fields.take(key).and_then(|node| self.word(node, words))
    }

    pub(super) fn labels(&mut self, node: &Node) -> Option<Labels> {
        self.map(node)?;
        let yaml::Value::Map(map) = &node.value else {
            return None;
        };
        let mut labels = Labels::new();
        for entry in &map.entries {
            labels.insert(entry.key.clone(), self.text(&entry.value)?);
        }
        Some(labels)
    }

    /// `{matchLabels, matchExpressions}`.
    pub(super) fn selector(&mut self, node: &Node) -> Option<Selector> {
        let mut fields = self.map(node)?;
        let selector = self.take_selector(&mut fields)?;
        self.nothing_else(fields, SELECTOR)?;
        Some(selector)
    }

    /// A selector of pods, with the service accounts that they run as.
    pub(super) fn pods(&mut self, node: &Node) -> Option<(Selector, Accounts)> {
        let mut fields = self.map(node)?;
        let selector = self.take_selector(&mut fields)?;
        let accounts = self.take_list(&mut fields, "serviceAccounts", Self::text)?;
        let help = "write matchLabels, matchExpressions and serviceAccounts";
        self.nothing_else(fields, help)?;
        Some((selector, accounts.into_iter().collect()))
    }

    fn take_selector(&mut self, fields: &mut Fields) -> Option<Selector> {
        let mut requirements = Vec::new();
        if let Some(node) = fields.take("matchLabels") {
            let labels = self.labels(node)?.into_iter();
            requirements.extend(labels.map(|(key, value)| Requirement {
                key,
                op: LabelOp::In(BTreeSet::from([value])),
            }));
        }
        requirements.extend(self.take_list(fields, "matchExpressions", Self::expression)?);
        Some(Selector { requirements })
    }

    /// The same, or labels alone.
    pub(super) fn plain_selector(&mut self, node: &Node) -> Option<Selector> {
        let collection = |key: &str| {
            let value = node.get(key).map(|node| &node.value);
            matches!(value, Some(yaml::Value::Map(_) | yaml::Value::Seq(_)))
        };
        if collection("matchLabels") || collection("matchExpressions") {
            return self.selector(node);
        }
        let labels = self.labels(node)?.into_iter();
        let requirements = labels.map(|(key, value)| Requirement {
            key,
            op: LabelOp::In(BTreeSet::from([value])),
        });
        Some(Selector {
            requirements: requirements.collect(),
        })
    }

    fn expression(&mut self, node: &Node) -> Option<Requirement> {
        let mut fields = self.map(node)?;
        let key = self.required(&mut fields, node, "key")?;
        let key = self.text(key)?;
        let operator = self.required(&mut fields, node, "operator")?;
        let values = self.take_list(&mut fields, "values", Self::text)?;
        self.nothing_else(fields, SELECTOR)?;
        let word = self.text(operator)?;
        let op = match (word.as_str(), &values[..]) {
            ("In", _) => LabelOp::In(values.into_iter().collect()),
            ("NotIn", _) => LabelOp::NotIn(values.into_iter().collect()),
            ("Exists", []) => LabelOp::Exists,
            ("DoesNotExist", []) => LabelOp::DoesNotExist,
            ("Exists" | "DoesNotExist", _) => {
                self.refuse(
                    operator.mark,
                    format!("`{word}` takes no values"),
                    "remove `values`",
                );
                return None;
            }
            ("StartsWith", [text]) => LabelOp::StartsWith(text.clone()),
            ("EndsWith", [text]) => LabelOp::EndsWith(text.clone()),
            ("Contains", [text]) => LabelOp::Contains(text.clone()),
            _ => {
                let help = "write In, NotIn, Exists or DoesNotExist";
                self.refuse(operator.mark, format!("`{word}` is not an operator"), help);
                return None;
            }
        };
        Some(Requirement { key, op })
    }

    /// A selector with an unknown field is rejected: what it selects is unknown.
    fn nothing_else(&mut self, fields: Fields, help: &str) -> Option<()> {
        let Some(entry) = fields.entries.first() else {
            return Some(());
        };
        let message = format!("unknown field `{}` in a selector", entry.key);
        self.refuse(entry.mark, message, help);
        None
    }
}

pub(super) fn items<'n, T>(
    reader: &mut Reader,
    fields: &mut Fields<'n>,
    key: &str,
    item: impl Fn(&mut Reader, &'n Node) -> Option<T>,
) -> Vec<(&'n Node, T)> {
    let Some(node) = fields.take(key) else {
        return Vec::new();
    };
    let Some(nodes) = node.items() else {
        reader.refuse(
            node.mark,
            format!("`{key}` must be a list"),
            "start every item with `- `",
        );
        return Vec::new();
    };
    nodes
        .iter()
        .filter_map(|node| item(reader, node).map(|row| (node, row)))
        .collect()
}

pub(super) fn unknown<const N: usize>(
    reader: &mut Reader,
    fields: Fields,
    extras: [(&str, Option<Value>); N],
) -> crate::model::Unknown {
    let mut unknown = fields.rest(reader);
    for (key, extra) in extras {
        if let Some(extra) = extra {
            unknown.insert(key.to_owned(), extra);
        }
    }
    unknown
}

/// A list of maps, and what is unknown in them.
pub(super) fn with_extras<T>(
    reader: &mut Reader,
    fields: &mut Fields,
    key: &str,
    item: impl Fn(&mut Reader, &Node, &mut Extras) -> Option<T>,
) -> Option<(Vec<T>, Option<Value>)> {
    let mut extras = Extras::default();
    let mut rows = Vec::new();
    for (_, row) in items(reader, fields, key, |reader, node| {
        let mut own = Extras::default();
        item(reader, node, &mut own).map(|row| (row, own))
    }) {
        extras.0.extend(row.1.0);
        rows.push(row.0);
    }
    Some((rows, extras.into_value()))
}

pub(super) fn take_boolean(reader: &mut Reader, fields: &mut Fields, key: &str) -> Option<bool> {
    fields.take(key).and_then(|node| reader.boolean(node))
}
