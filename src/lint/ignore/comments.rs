//! `# drawbridge: ignore L17, L18 reason`: on the line of a finding, above it, or above the first line of an object.

use std::ops::Range;

use super::{Ignore, Scope, code_of};
use crate::diag::{Diagnostic, Span};
use crate::manifest::Source;
use crate::yaml::{Mark, Node, Value, parse};

/// Reads the comments of a text.
pub(super) fn read(source: &Source, rules: &mut Vec<Ignore>, notes: &mut Vec<Diagnostic>) {
    if !source.text.contains("drawbridge:") {
        return;
    }
    let text = Text::new(&source.text);
    for (at, line) in text.lines.iter().enumerate() {
        let Some((start, words)) = text.comment(line) else {
            continue;
        };
        let number = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
        let column = source.text.get(line.start..start).unwrap_or_default();
        let column = u32::try_from(column.chars().count()).unwrap_or_default() + 1;
        let span = Span::new(source.name.clone(), number, column);
        let is_alone = text.of(&(line.start..start)).trim().is_empty();
        let (first, last) = match is_alone {
            true => text.below(at).unwrap_or((number, number)),
            false => (number, number),
        };
        let codes = codes(words);
        if codes.is_empty() {
            let message = "`ignore` names no rule; nothing is ignored";
            let help = "write `# drawbridge: ignore L17 reason`";
            notes.push(
                Diagnostic::warning("unknown-ignore", message)
                    .help(help)
                    .at(span.clone()),
            );
        }
        for word in codes {
            match code_of(word) {
                Ok(code) => rules.push(Ignore {
                    code,
                    scope: Scope::Lines(span.clone(), first, last),
                    span: Some(span.clone()),
                    is_used: false,
                }),
                Err(note) => notes.push(note.at(span.clone())),
            }
        }
    }
}

/// The words before the reason, which are separated by commas.
fn codes(words: &str) -> Vec<&str> {
    let mut codes = Vec::new();
    let mut rest = words.trim();
    while !rest.is_empty() {
        let is_end = |c: char| c.is_whitespace() || c == ',';
        let (word, after) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
        codes.extend((!word.is_empty()).then_some(word));
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => break,
        }
    }
    codes
}

/// A text with its lines, and what the parser knows of it.
struct Text<'t> {
    text: &'t str,
    /// The bytes of each line, line breaks included.
    lines: Vec<Range<usize>>,
    /// The bytes of texts, in which `#` is no comment; sorted.
    scalars: Vec<Range<usize>>,
    /// The first and last line of each object.
    objects: Vec<(u32, u32)>,
}

impl<'t> Text<'t> {
    fn new(text: &'t str) -> Self {
        let mut end = 0;
        let lines = text.split_inclusive('\n').map(|line| {
            let start = end;
            end += line.len();
            start..end
        });
        let lines: Vec<_> = lines.collect();
        let mut made = Self {
            text,
            lines,
            scalars: Vec::new(),
            objects: Vec::new(),
        };
        for document in parse(text).documents {
            scalars(&document.node, &mut made.scalars);
            made.add(&document.node);
        }
        made.scalars.sort_by_key(|range| range.start);
        made
    }

    /// Adds an object, or the items of a List.
    fn add(&mut self, node: &Node) {
        let is_list =
            (node.get("kind").and_then(Node::as_str)).is_some_and(|k| k.ends_with("List"));
        self.objects.push(self.lines_of(node.mark));
        if let (true, Some(items)) = (is_list, node.get("items").and_then(Node::items)) {
            items.iter().for_each(|item| self.add(item));
        }
    }

    fn lines_of(&self, mark: Mark) -> (u32, u32) {
        let end = mark.bytes().end;
        let before = self.lines.partition_point(|line| line.start < end);
        let last = u32::try_from(before).unwrap_or(u32::MAX);
        (mark.line, last.max(mark.line))
    }

    fn of(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// Where the comment of a line starts, and the words behind `ignore`.
    fn comment(&self, line: &Range<usize>) -> Option<(usize, &'t str)> {
        let written = self.of(line);
        written.match_indices('#').find_map(|(at, _)| {
            let before = written.get(..at)?;
            let is_comment = before.is_empty() || before.ends_with([' ', '\t']);
            let words = written.get(at + 1..)?.trim_start();
            let words = words.strip_prefix("drawbridge:")?.trim_start();
            let words = words.strip_prefix("ignore")?;
            let is_word = words.is_empty() || words.starts_with(char::is_whitespace);
            let start = line.start + at;
            (is_comment && is_word && !self.is_in_scalar(start)).then_some((start, words))
        })
    }

    fn is_in_scalar(&self, at: usize) -> bool {
        let before = self.scalars.partition_point(|range| range.start <= at);
        let mut near = self.scalars.iter().take(before).rev().take(1);
        near.any(|range| range.contains(&at))
    }

    /// The lines that a comment on a line of its own is about: the object that starts below it, or the next line.
    fn below(&self, at: usize) -> Option<(u32, u32)> {
        let mut is_near = true;
        for (next, range) in self.lines.iter().enumerate().skip(at + 1) {
            let number = u32::try_from(next + 1).ok()?;
            let line = self.of(range).trim();
            if line.starts_with('#') {
                continue;
            }
            // Behind a document, the comment is not about the next one.
            let is_first = || self.objects.iter().all(|(first, _)| *first > number);
            if line.is_empty() || line.starts_with("---") && is_first() {
                is_near = false;
                continue;
            }
            let object = self.objects.iter().rfind(|(first, _)| *first == number);
            return object.copied().or(is_near.then_some((number, number)));
        }
        None
    }
}

/// The bytes of the texts in a node.
fn scalars(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::Map(map) => {
            for entry in &map.entries {
                found.push(entry.mark.bytes());
                scalars(&entry.value, found);
            }
        }
        Value::String(_) => found.push(node.mark.bytes()),
        _ => {}
    }
}
