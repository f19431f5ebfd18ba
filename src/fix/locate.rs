//! The node that a correction is about, and the patches that change it.

use crate::diag::{Change, Correction, Patch};
use crate::yaml::patch::{Step, change};
use crate::yaml::plain::Value;
use crate::yaml::{self, Mark, Node, parse};

/// The patches of a correction; none if no local edit can make it.
pub(super) fn patches(text: &str, name: &str, correction: &Correction) -> Option<Vec<Patch>> {
    let is_json = name.ends_with(".json") || text.trim_start().starts_with(['{', '[']);
    let is_plain = matches!(correction.change, Change::SetNumber(..) | Change::Remove);
    if is_json && !is_plain {
        return None;
    }
    if let Change::Rename(new) = &correction.change {
        return renamed(text, correction.node, new);
    }
    // Reading a large text once for each of its findings takes minutes; a correction stays within its document.
    let (start, end) = document_around(text, correction.node.0 as usize)?;
    let before = u32::try_from(start).ok()?;
    let (first, last) = correction.node;
    let moved = Correction {
        node: (first.checked_sub(before)?, last.checked_sub(before)?),
        change: correction.change.clone(),
    };
    let mut patches = patches_within(text.get(start..end)?, &moved)?;
    for patch in &mut patches {
        patch.range = patch.range.start + start..patch.range.end + start;
    }
    Some(patches)
}

/// The bytes of the YAML document at a byte of a text, its marker `---` included.
fn document_around(text: &str, at: usize) -> Option<(usize, usize)> {
    let (before, after) = (text.get(..at)?, text.get(at..)?);
    let is_marker = |line: usize| {
        let rest = text.get(line..).and_then(|line| line.strip_prefix("---"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let mut starts = before.rmatch_indices('\n').map(|(line, _)| line + 1);
    let mut ends = after.match_indices('\n').map(|(line, _)| at + line + 1);
    let start = starts.find(|line| is_marker(*line)).unwrap_or(0);
    let end = ends.find(|line| is_marker(*line)).unwrap_or(text.len());
    Some((start, end))
}

/// The same in the text of the correction's own document.
fn patches_within(text: &str, correction: &Correction) -> Option<Vec<Patch>> {
    let documents = parse(text).documents;
    let mut found = (0..).zip(&documents).filter_map(|(at, document)| {
        let mut path = Vec::new();
        let node = find(&document.node, correction, &mut path)?;
        Some((at, path, node))
    });
    let (document, mut path, node) = found.next()?;
    let (step, value) = match &correction.change {
        Change::Text(new) => (None, Some(Value::from(new.as_str()))),
        Change::Number(new) => (None, Some(Value::from(*new))),
        Change::SetText(key, new) => (Some(Step::Key(key)), Some(Value::from(*new))),
        Change::SetNumber(key, new) => (Some(Step::Key(key)), Some(Value::from(*new))),
        Change::Add(new) => (
            Some(Step::Item(node.items()?.len())),
            Some(Value::from(*new)),
        ),
        Change::Remove | Change::Rename(_) => (None, None),
    };
    path.extend(step);
    change(text, document, &path, value.as_ref())
}

/// The node of a correction, and the steps to it.
fn find<'n>(node: &'n Node, of: &Correction, path: &mut Vec<Step<'n>>) -> Option<&'n Node> {
    if is(node.mark, of.node) && fits(node, &of.change) {
        return Some(node);
    }
    let inner: Vec<(Step, &Node)> = match &node.value {
        yaml::Value::Seq(items) => (items.iter().enumerate())
            .map(|(at, item)| (Step::Item(at), item))
            .collect(),
        yaml::Value::Map(map) => (map.entries.iter())
            .map(|entry| (Step::Key(&entry.key), &entry.value))
            .collect(),
        _ => return None,
    };
    inner.into_iter().find_map(|(step, node)| {
        path.push(step);
        let found = find(node, of, path);
        if found.is_none() {
            path.pop();
        }
        found
    })
}

fn is(mark: Mark, node: (u32, u32)) -> bool {
    (mark.start, mark.end) == node
}

/// Whether a node can be changed so: a list and its only item may be at the same place.
fn fits(node: &Node, change: &Change) -> bool {
    match change {
        Change::SetText(..) | Change::SetNumber(..) => matches!(node.value, yaml::Value::Map(_)),
        Change::Add(_) => node.items().is_some(),
        Change::Text(_) => matches!(node.value, yaml::Value::String(_) | yaml::Value::Number(..)),
        Change::Number(_) => node.as_str().is_some(),
        Change::Remove | Change::Rename(_) => true,
    }
}

/// A key with another name, in the same quotes.
fn renamed(text: &str, (start, end): (u32, u32), new: &str) -> Option<Vec<Patch>> {
    let range = start as usize..end as usize;
    let old = text.get(range.clone())?;
    let new = match old.chars().next()? {
        quote @ ('"' | '\'') => format!("{quote}{new}{quote}"),
        c if c.is_ascii_alphanumeric() => new.to_owned(),
        _ => return None,
    };
    Some(vec![Patch { range, text: new }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::apply;

    #[test]
    fn a_correction_is_made_in_its_own_document() {
        let document =
            |port: &str| format!("spec:\n  note: |\n    --- no marker\n  port: {port}\n");
        for (marker, last) in [
            ("---\n", "..."),
            ("--- # next\r\n", ""),
            ("---\n---\n", "---"),
        ] {
            let text = [document("80"), document("80"), document("80")].join(marker) + last;
            let places: Vec<usize> = text.match_indices("80").map(|(at, _)| at).collect();
            for at in places {
                let start = u32::try_from(at).unwrap();
                let correction = Correction {
                    node: (start, start + 2),
                    change: Change::Remove,
                };
                let (from, to) = document_around(&text, at).unwrap();
                assert_eq!(text[from..to].matches("80").count(), 1, "{text}");
                let line = text[..at].rfind('\n').unwrap() + 1;
                let patches = patches(&text, "a.yaml", &correction).unwrap();
                let wanted = text[..line].to_owned() + &text[at + 3..];
                assert_eq!(apply(&text, &patches).unwrap(), wanted);
            }
        }
    }
}
