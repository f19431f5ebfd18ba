//! Values as YAML text: block style outside, and one line (flow style) for whatever fits on one.
//! Every text is quoted that some YAML 1.1 reader would take for something else, and long texts are
//! literal blocks.

use serde_yaml::{Mapping, Value};

use crate::yaml::write::scalar;

/// How long a line may get before a collection is spread over several.
const WIDTH: usize = 120;

/// A document; its own keys and the lists right below stand on lines of their own.
pub(super) fn document(root: &Mapping) -> String {
    let mut out = String::new();
    for (key, value) in root {
        out.push_str(&key_text(key));
        out.push(':');
        match value {
            Value::Mapping(map) if !map.is_empty() => {
                out.push('\n');
                mapping(&mut out, map, 2, false);
            }
            Value::Sequence(items) if !items.is_empty() => {
                out.push('\n');
                sequence(&mut out, items, 0);
            }
            other => inline_or_literal(&mut out, other, 2),
        }
    }
    out
}

/// `continues`: the first key stands behind a `- ` that is already written.
fn mapping(out: &mut String, map: &Mapping, indent: usize, continues: bool) {
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 || !continues {
            spaces(out, indent);
        }
        let key = key_text(key);
        out.push_str(&key);
        out.push(':');
        let room = WIDTH.saturating_sub(indent + key.chars().count() + 2);
        match (value, flow_within(value, room)) {
            (_, Some(text)) => line(out, &text),
            (Value::Mapping(map), None) => {
                out.push('\n');
                mapping(out, map, indent + 2, false);
            }
            (Value::Sequence(items), None) => {
                out.push('\n');
                sequence(out, items, indent);
            }
            (other, None) => inline_or_literal(out, other, indent + 2),
        }
    }
}

fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        spaces(out, indent);
        out.push('-');
        match (item, flow_within(item, WIDTH.saturating_sub(indent + 2))) {
            (_, Some(text)) => line(out, &text),
            (Value::Mapping(map), None) => {
                out.push(' ');
                mapping(out, map, indent + 2, true);
            }
            // A list in a list occurs in unknown fields only, and flow style is always right.
            (Value::Sequence(_), None) => line(out, &flow(item)),
            (other, None) => inline_or_literal(out, other, indent + 2),
        }
    }
}

fn line(out: &mut String, text: &str) {
    out.push(' ');
    out.push_str(text);
    out.push('\n');
}

fn spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// On the line of its key, or as a literal block where that says the same.
fn inline_or_literal(out: &mut String, value: &Value, indent: usize) {
    let text = match value {
        Value::String(text) if is_literal(text) => text,
        other => return line(out, &flow(other)),
    };
    line(out, if text.ends_with('\n') { "|" } else { "|-" });
    for row in text.lines() {
        if !row.is_empty() {
            spaces(out, indent);
            out.push_str(row);
        }
        out.push('\n');
    }
}

/// Whether a text of several lines comes back the same from a literal block.
fn is_literal(text: &str) -> bool {
    let odd = |c: char| {
        c != '\n' && c.is_control()
            || matches!(
                c,
                '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            )
    };
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !text.chars().any(odd)
        && !text.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body
            .lines()
            .all(|row| row.is_empty() || !row.trim().is_empty())
}

/// The value on one line, if it has its place there.
fn flow_within(value: &Value, room: usize) -> Option<String> {
    if has_literal(value) {
        return None;
    }
    let text = flow(value);
    let is_collection = matches!(value, Value::Mapping(_) | Value::Sequence(_));
    (!is_collection || text.chars().count() <= room || text.len() <= 2).then_some(text)
}

fn has_literal(value: &Value) -> bool {
    match value {
        Value::String(text) => is_literal(text),
        Value::Sequence(items) => items.iter().any(has_literal),
        Value::Mapping(map) => map.values().any(has_literal),
        _ => false,
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => scalar(text).into_owned(),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Mapping(map) => {
            let pair = |(key, value)| format!("{}: {}", key_text(key), flow(value));
            let pairs: Vec<String> = map.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Tagged(tagged) => flow(&tagged.value),
    }
}

fn key_text(key: &Value) -> String {
    flow(key)
}
