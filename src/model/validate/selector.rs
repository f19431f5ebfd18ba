//! Label selectors as text, in kubectl's syntax: `app=web, tier in (a, b), !canary, tier != old`.

use std::collections::BTreeSet;

use super::{Refusal, label_key, label_value};
use crate::sets::{LabelOp, Requirement, Selector};

/// Reads a selector; an empty text matches everything.
pub fn selector(text: &str) -> Result<Selector, Refusal> {
    let mut requirements = Vec::new();
    for item in items(text)? {
        requirements.push(requirement(item)?);
    }
    Ok(Selector { requirements })
}

/// The text that [`selector`] reads as the same selector (Kubernetes' own operators only).
pub fn selector_text(selector: &Selector) -> String {
    let items: Vec<String> = selector.requirements.iter().map(item_text).collect();
    items.join(", ")
}

fn item_text(requirement: &Requirement) -> String {
    let key = &requirement.key;
    let list = |values: &BTreeSet<String>| {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        values.join(", ")
    };
    match &requirement.op {
        LabelOp::In(values) => match values.first() {
            Some(value) if values.len() == 1 => format!("{key}={value}"),
            _ => format!("{key} in ({})", list(values)),
        },
        LabelOp::NotIn(values) => match values.first() {
            Some(value) if values.len() == 1 => format!("{key}!={value}"),
            _ => format!("{key} notin ({})", list(values)),
        },
        LabelOp::Exists => key.clone(),
        LabelOp::DoesNotExist => format!("!{key}"),
        LabelOp::StartsWith(text) => format!("{key} starts with '{text}'"),
        LabelOp::EndsWith(text) => format!("{key} ends with '{text}'"),
        LabelOp::Contains(text) => format!("{key} contains '{text}'"),
    }
}

/// Splits at the commas outside parentheses.
fn items(text: &str) -> Result<Vec<&str>, Refusal> {
    let mut items = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            '(' if inside => {
                return Err(Refusal::new("nested `(`").help("close the first `(`"));
            }
            '(' => inside = true,
            ')' if !inside => return Err(Refusal::new("unmatched `)`").help("remove it")),
            ')' => inside = false,
            ',' | '\n' if !inside => {
                items.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err(Refusal::new("unclosed `(`").help("add a `)`"));
    }
    items.push(text.get(start..).unwrap_or_default());
    Ok(items
        .into_iter()
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect())
}

fn requirement(item: &str) -> Result<Requirement, Refusal> {
    let one = |value: &str| BTreeSet::from([value.trim().to_owned()]);
    let (key, op) = if let Some((left, right)) = item.split_once('(') {
        let values: BTreeSet<String> = right
            .trim_end_matches(')')
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        match left.split_whitespace().collect::<Vec<_>>()[..] {
            [key, "in"] => (key, LabelOp::In(values)),
            [key, "notin"] | [key, "not", "in"] => (key, LabelOp::NotIn(values)),
            _ => {
                return Err(Refusal::new(format!("`{item}` is not a requirement"))
                    .help("write KEY in (A, B) or KEY notin (A, B)"));
            }
        }
    } else if let Some((key, value)) = item.split_once("!=") {
        (key.trim(), LabelOp::NotIn(one(value)))
    } else if let Some((key, value)) = item.split_once("==").or_else(|| item.split_once('=')) {
        (key.trim(), LabelOp::In(one(value)))
    } else if let Some(key) = item.strip_prefix('!') {
        (key.trim(), LabelOp::DoesNotExist)
    } else {
        (item, LabelOp::Exists)
    };
    label_key(key)?;
    if let LabelOp::In(values) | LabelOp::NotIn(values) = &op {
        for value in values {
            label_value(value)?;
        }
    }
    Ok(Requirement {
        key: key.to_owned(),
        op,
    })
}
