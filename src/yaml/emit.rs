//! Values as YAML text: block style outside, and one line (flow style) for what fits on one. Every text
//! is quoted that some YAML 1.1 reader would read as another type, and long texts are literal blocks.

use super::plain::{Mapping, Value};
use super::write::{LONGEST_KEY, quoted, scalar};

/// How a text is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// How long a line may get before a collection is written on several; 0: all are.
    pub width: usize,
    /// What ends a line.
    pub line_break: &'static str,
    /// Columns that a map is indented by below its key.
    pub map_indent: usize,
    /// Columns that a list is indented by below its key.
    pub list_indent: usize,
    /// Whether all keys and texts are quoted.
    pub json: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            width: 120,
            line_break: "\n",
            map_indent: 2,
            list_indent: 0,
            json: false,
        }
    }
}

/// A document; its own keys and the lists right below are on lines of their own.
pub fn document(root: &Mapping) -> String {
    let style = Style::default();
    let mut out = String::new();
    for (key, value) in root {
        out.push_str(&style.key_with_colon(key, 0));
        out.push_str(&style.after_key(value, 0, 0, true));
        out.push_str(style.line_break);
    }
    out
}

impl Style {
    /// A key with its value, without a line break at the end; `indent` is the map's.
    pub(super) fn entry(&self, key: &Value, value: &Value, indent: usize) -> String {
        let key = self.key_with_colon(key, indent);
        let value = self.after_key(value, indent, key.chars().count() + 1, false);
        format!("{key}{value}")
    }

    /// A key of a block map with its colon; a long one is on a line of its own.
    fn key_with_colon(&self, key: &Value, indent: usize) -> String {
        let key = self.key(key);
        match self.is_long(&key) {
            true => format!("? {key}{}{}:", self.line_break, " ".repeat(indent)),
            false => format!("{key}:"),
        }
    }

    /// Whether a key needs a `?` before it.
    fn is_long(&self, key: &str) -> bool {
        !self.json && key.len() > LONGEST_KEY
    }

    /// What follows the colon of a key: a blank and a value, or lines of their own.
    pub(super) fn after_key(
        &self,
        value: &Value,
        indent: usize,
        taken: usize,
        spread: bool,
    ) -> String {
        let width = self.width.saturating_sub(indent + taken);
        match (value, self.flow_within(value, width, spread)) {
            (_, Some(text)) => format!(" {text}"),
            (Value::Mapping(map), None) => {
                let indent = indent + self.map_indent;
                let entries = map.iter();
                self.lines(indent, entries.map(|(k, v)| self.entry(k, v, indent)))
            }
            (Value::Sequence(items), None) => {
                let indent = indent + self.list_indent;
                let items = items.iter();
                self.lines(indent, items.map(|item| self.item(item, indent, false)))
            }
            (other, None) => self.inline_or_literal(other, indent + self.map_indent),
        }
    }

    fn lines(&self, indent: usize, lines: impl Iterator<Item = String>) -> String {
        let lead = format!("{}{}", self.line_break, " ".repeat(indent));
        lines.flat_map(|line| [lead.clone(), line]).collect()
    }

    /// An item with its dash, without a line break at the end; `indent` is the dash's.
    pub(super) fn item(&self, item: &Value, indent: usize, spread: bool) -> String {
        format!("-{}", self.after_dash(item, indent, spread))
    }

    /// What follows the dash of an item.
    pub(super) fn after_dash(&self, item: &Value, indent: usize, spread: bool) -> String {
        let width = self.width.saturating_sub(indent + 2);
        match (item, self.flow_within(item, width, spread)) {
            (_, Some(text)) => format!(" {text}"),
            (Value::Mapping(map), None) => {
                let entries = map.iter().map(|(k, v)| self.entry(k, v, indent + 2));
                let lead = format!("{}{}", self.line_break, " ".repeat(indent + 2));
                format!(" {}", entries.collect::<Vec<_>>().join(&lead))
            }
            // A list in a list occurs in unknown fields only, and flow style is always right.
            (Value::Sequence(_), None) => format!(" {}", self.flow(item)),
            (other, None) => self.inline_or_literal(other, indent + 2),
        }
    }

    /// After its key, or as a literal block where that reads back the same.
    fn inline_or_literal(&self, value: &Value, indent: usize) -> String {
        let text = match value {
            Value::String(text) if self.is_literal(text) => text,
            other => return format!(" {}", self.flow(other)),
        };
        let mut out = String::from(if text.ends_with('\n') { " |" } else { " |-" });
        for row in text.lines() {
            out.push_str(self.line_break);
            if !row.is_empty() {
                out.extend(std::iter::repeat_n(' ', indent));
                out.push_str(row);
            }
        }
        out
    }

    /// The value on one line, if it fits there; `spread`: collections do not.
    fn flow_within(&self, value: &Value, width: usize, spread: bool) -> Option<String> {
        if self.has_literal(value) {
            return None;
        }
        let text = self.flow(value);
        let is_collection = matches!(value, Value::Mapping(_) | Value::Sequence(_));
        let fits = !spread && text.chars().count() <= width;
        (!is_collection || fits || text.len() <= 2).then_some(text)
    }

    /// Whether some text in it is written as a literal block.
    pub(super) fn has_literal(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_literal(text),
            Value::Sequence(items) => items.iter().any(|item| self.has_literal(item)),
            Value::Mapping(map) => map.values().any(|value| self.has_literal(value)),
            _ => false,
        }
    }

    /// Whether a text of several lines comes back the same from a literal block.
    fn is_literal(&self, text: &str) -> bool {
        let odd = |c: char| {
            c != '\n' && c.is_control()
                || matches!(
                    c,
                    '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
                )
        };
        let body = text.strip_suffix('\n').unwrap_or(text);
        !self.json
            && body.contains('\n')
            && !text.chars().any(odd)
            && !text.starts_with([' ', '\n'])
            && !body.ends_with('\n')
            && body
                .lines()
                .all(|row| row.is_empty() || !row.trim().is_empty())
    }

    /// The value on one line.
    pub(super) fn flow(&self, value: &Value) -> String {
        match value {
            Value::Null => "null".into(),
            Value::Bool(yes) => yes.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) if self.json => quoted(text),
            Value::String(text) => scalar(text).into_owned(),
            Value::Sequence(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Mapping(map) => {
                let pairs: Vec<String> = map.iter().map(|(k, v)| self.flow_entry(k, v)).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            Value::Tagged(tagged) => self.flow(&tagged.value),
        }
    }

    /// A key with its value, on one line.
    pub(super) fn flow_entry(&self, key: &Value, value: &Value) -> String {
        let key = self.key(key);
        let lead = if self.is_long(&key) { "? " } else { "" };
        format!("{lead}{key}: {}", self.flow(value))
    }

    /// A key, without its colon.
    pub(super) fn key(&self, key: &Value) -> String {
        self.flow(key)
    }
}
