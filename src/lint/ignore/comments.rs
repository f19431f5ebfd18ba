//! `# drawbridge: ignore L17, L18 reason`: on the line of a finding, above it, or above the first line of an object.

use std::ops::Range;

use super::{Ignore, Scope, code_of};
use crate::diag::{Diagnostic, Span};
use crate::manifest::Source;
use crate::yaml::{Comment, Document, Mark, Node, comments, parse, signs};

/// Reads the comments of a text.
pub(super) fn read(source: &Source, rules: &mut Vec<Ignore>, notes: &mut Vec<Diagnostic>) {
    if !source.text.contains("drawbridge:") {
        return;
    }
    let documents = parse(&source.text).documents;
    let text = Text::new(&source.text, &documents);
    for comment in comments(&source.text, &documents) {
        let Some((start, words)) = ignored(&source.text, &comment) else {
            continue;
        };
        let number = u32::try_from(comment.line)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let span = Span::new(
            source.name.clone(),
            number,
            text.column(comment.line, start),
        );
        let (first, last) = match comment.is_alone {
            true => text.below(comment.line).unwrap_or((number, number)),
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

/// Where `# drawbridge: ignore` starts in a comment, which may have words before it, and what follows it.
fn ignored<'t>(text: &'t str, comment: &Comment) -> Option<(usize, &'t str)> {
    let written = text.get(comment.start..)?.lines().next()?;
    signs(written).find_map(|at| {
        let words = written.get(at + 1..)?.trim_start();
        let words = words.strip_prefix("drawbridge:")?.trim_start();
        let words = words.strip_prefix("ignore")?;
        let is_word = words.is_empty() || words.starts_with(char::is_whitespace);
        is_word.then_some((comment.start + at, words))
    })
}

/// The lines of a text and of the objects in it.
struct Text<'t> {
    text: &'t str,
    /// The bytes of each line, line breaks included.
    lines: Vec<Range<usize>>,
    /// The first and last line of each object.
    objects: Vec<(u32, u32)>,
}

impl<'t> Text<'t> {
    fn new(text: &'t str, documents: &[Document]) -> Self {
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
            objects: Vec::new(),
        };
        documents
            .iter()
            .for_each(|document| made.add(&document.node));
        made
    }

    /// The column of a byte in a line, from 1.
    fn column(&self, line: usize, at: usize) -> u32 {
        let start = self.lines.get(line).map_or(at, |line| line.start);
        let before = self.of(&(start..at)).chars().count();
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
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
