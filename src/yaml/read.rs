//! From libyaml's events to trees of [`Node`]s.

use std::collections::BTreeMap;
use std::ops::Range;

use libyaml_safer::{Event, EventData, ScalarStyle};
use rayon::prelude::*;

use super::build::Builder;
use super::event::{Failure, events};
use super::json;
use super::split::{Chunk, chunks, ended, trimmed};
use super::{Mark, Node, Value, scalar};

/// Deeper nesting is rejected, so that nothing that walks a tree can overflow the stack.
const MAX_DEPTH: usize = 500;
/// Limit on the nodes that the anchors and aliases of one document expand to.
const MAX_ALIASED: usize = 200_000;
const TOO_MANY: &str = "the anchors and aliases of this document expand to too many nodes";
/// Limit on the bytes of the texts and keys in those nodes.
const MAX_ALIASED_BYTES: usize = 64 << 20;
const TOO_LONG: &str =
    "the anchors and aliases of this document expand to more than 64 MiB of text";

/// The content of a text.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The documents that could be read and are not empty, in order.
    pub documents: Vec<Document>,
    /// What could not be read, in order.
    pub problems: Vec<Problem>,
}

/// One document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its tree; never null.
    pub node: Node,
    /// The bytes of the text that are its own, comments included, `---` not.
    pub range: Range<usize>,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub mark: Mark,
    /// What is wrong.
    pub message: String,
    /// Whether the rest of the text is lost (invalid YAML), or only this document.
    pub fatal: bool,
    /// Whether the document holds `{{`, so that it is probably a template.
    pub template: bool,
}

#[cfg(test)]
thread_local! {
    static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How many texts were read on this thread so far.
#[cfg(test)]
pub(crate) fn texts_read() -> u64 {
    READ.get()
}

/// Reads a text: any number of YAML or JSON documents. Reading ends at invalid YAML: the documents
/// before it count, and the last problem has its position.
pub fn parse(text: &str) -> Parsed {
    #[cfg(test)]
    READ.set(READ.get() + 1);
    let chunks = chunks(text);
    let parts: Vec<Parsed> = chunks
        .into_par_iter()
        .with_min_len(16)
        .map(|chunk| parse_chunk(text, &chunk))
        .collect();
    let mut out = Parsed::default();
    for part in parts {
        out.documents.extend(part.documents);
        let broken = part.problems.iter().any(|p| p.fatal);
        out.problems.extend(part.problems);
        if broken {
            break;
        }
    }
    out
}

fn parse_chunk(text: &str, chunk: &Chunk) -> Parsed {
    let own = &text[chunk.range.clone()];
    let mut reader = Reader::new(chunk);
    match json::events(own) {
        Some(events) => reader.read(events.into_iter().map(Ok), own),
        None => {
            let ended = ended(own);
            let last = own.lines().next_back().unwrap_or_default();
            reader.cut = ended.len() > own.len() && !last.trim().is_empty();
            reader.read(events(&ended), own);
        }
    }
    let single = reader.roots.len() == 1;
    let documents = reader
        .roots
        .into_iter()
        .filter(|node| node.value != Value::Null)
        .map(|node| {
            let range = if single {
                trimmed(text, chunk.range.clone(), reader.block)
            } else {
                let Range { start, end } = node.mark.bytes();
                // With the blanks before the first key, as the other keys have them too.
                let before = &text[chunk.range.start..start];
                chunk.range.start + before.trim_end_matches(' ').len()..end
            };
            Document { node, range }
        })
        .collect();
    let template = !reader.problems.is_empty() && own.contains("{{");
    let problems = reader.problems.into_iter();
    let problems = problems.map(|p| Problem { template, ..p }).collect();
    Parsed {
        documents,
        problems,
    }
}

/// A collection that is still open.
struct Frame {
    start: Mark,
    anchor: Option<String>,
    kind: Open,
}

enum Open {
    Seq(Vec<Node>),
    Map(Builder, Option<Key>),
}

enum Key {
    Plain(String, Mark),
    Merge(Mark),
}

/// Reading this document stops here; the problem has been recorded.
struct Stop;

struct Reader {
    first_line: u32,
    first_column: u32,
    /// Its bytes in the whole text.
    range: Range<usize>,
    /// The break of the last line, which is not blank, was added to the text.
    cut: bool,
    /// The last scalar was a block scalar: blank lines after it may be part of it.
    block: bool,
    /// Where the last scalar, alias or bracket ended.
    written: u32,
    stack: Vec<Frame>,
    anchors: BTreeMap<String, Node>,
    aliased: Size,
    roots: Vec<Node>,
    problems: Vec<Problem>,
}

impl Reader {
    fn new(chunk: &Chunk) -> Self {
        Self {
            first_line: chunk.line,
            first_column: chunk.column,
            range: chunk.range.clone(),
            cut: false,
            block: false,
            written: 0,
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            aliased: Size::default(),
            roots: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn mark(&self, start: libyaml_safer::Mark, end: libyaml_safer::Mark) -> Mark {
        let line = u32::try_from(start.line).unwrap_or(u32::MAX);
        let column = u32::try_from(start.column).unwrap_or(u32::MAX);
        let before = if line == 0 { self.first_column } else { 0 };
        Mark {
            line: line.saturating_add(self.first_line),
            column: column.saturating_add(1).saturating_add(before),
            start: self.offset(start.index),
            end: self.offset(end.index),
        }
    }

    /// The byte of the whole text; none after the break that was added at the end.
    fn offset(&self, index: u64) -> u32 {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        offset(self.range.start + index.min(self.range.len()))
    }

    fn problem(&mut self, mark: Mark, message: impl Into<String>, fatal: bool) {
        self.problems.push(Problem {
            mark,
            message: message.into(),
            fatal,
            template: false,
        });
    }

    fn stop<T>(&mut self, mark: Mark, message: impl Into<String>) -> Result<T, Stop> {
        self.problem(mark, message, false);
        Err(Stop)
    }

    /// Records why the text cannot be read further.
    fn syntax(&mut self, failure: Failure, own: &str) -> Stop {
        let mark = match failure.mark {
            Some(mark) => self.mark(mark, mark),
            None => self.control_character(own),
        };
        let message = format!("invalid YAML: {}", failure.message);
        self.problem(mark, message, true);
        Stop
    }

    /// The position of the character that YAML does not allow.
    fn control_character(&self, own: &str) -> Mark {
        let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
        let at = own.find(forbidden).unwrap_or_default();
        let before = own.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let start = offset(self.range.start + at);
        Mark {
            line: self.first_line + offset(before.matches('\n').count()),
            column: offset(line.chars().count() + 1),
            start,
            end: start,
        }
    }

    /// Reads events up to the first that is wrong.
    fn read(&mut self, events: impl Iterator<Item = Result<Event, Failure>>, own: &str) {
        for event in events {
            let go_on = match event {
                Ok(event) => self.event(event),
                Err(failure) => Err(self.syntax(failure, own)),
            };
            if go_on.is_err() {
                break;
            }
        }
    }

    fn event(&mut self, event: Event) -> Result<(), Stop> {
        let mark = self.mark(event.start_mark, event.end_mark);
        if matches!(
            event.data,
            EventData::Scalar { .. } | EventData::Alias { .. }
        ) {
            self.written = mark.end;
        }
        match event.data {
            EventData::DocumentStart { .. } => {
                self.anchors.clear();
                self.aliased = Size::default();
            }
            EventData::Scalar {
                anchor,
                tag,
                mut value,
                style,
                ..
            } => {
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                // The value that `? |` omits is a scalar event too, but it is not written.
                if mark.start != mark.end {
                    self.block = block;
                }
                if block && self.cut && event.end_mark.index > self.range.len() as u64 {
                    value.truncate(value.strip_suffix('\n').unwrap_or(&value).len());
                }
                let plain = style == ScalarStyle::Plain;
                let merge = plain && value == "<<" && tag.is_none();
                if merge && self.expects_key() {
                    self.set_key(Key::Merge(mark));
                } else {
                    let value = scalar::resolve(value, tag.as_deref(), plain);
                    self.add(Node { value, mark }, anchor)?;
                }
            }
            EventData::SequenceStart { anchor, .. } => {
                self.open(mark, anchor, Open::Seq(Vec::new()))?;
            }
            EventData::MappingStart { anchor, .. } => {
                self.open(mark, anchor, Open::Map(Builder::default(), None))?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => self.close(mark)?,
            EventData::Alias { anchor } => self.alias(&anchor, mark)?,
            EventData::StreamStart { .. }
            | EventData::StreamEnd
            | EventData::DocumentEnd { .. } => {}
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(self.stack.last().map(|f| &f.kind), Some(Open::Map(_, None)))
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Open::Map(_, key)) = self.stack.last_mut().map(|f| &mut f.kind) {
            *key = Some(new);
        }
    }

    fn open(&mut self, start: Mark, anchor: Option<String>, kind: Open) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return self.stop(start, format!("nested more than {MAX_DEPTH} levels deep"));
        }
        if self.expects_key() {
            return self.stop(start, "a list or map cannot be a key");
        }
        self.stack.push(Frame {
            start,
            anchor,
            kind,
        });
        Ok(())
    }

    fn close(&mut self, bracket: Mark) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let value = match frame.kind {
            Open::Seq(items) => Value::Seq(items),
            Open::Map(Builder { map, .. }, _) => Value::Map(map),
        };
        // A block collection ends where the next token begins, which is after comments and blank lines;
        // the end of the last thing written in it is better. A flow collection ends at its bracket.
        if bracket.start != bracket.end {
            self.written = bracket.end;
        }
        let mark = Mark {
            end: self.written.max(frame.start.start),
            ..frame.start
        };
        let node = Node { value, mark };
        self.add(node, frame.anchor)
    }

    fn alias(&mut self, anchor: &str, mark: Mark) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(anchor) else {
            return self.stop(mark, format!("unknown anchor `{anchor}`"));
        };
        if let Err(why) = self.aliased.add(node) {
            return self.stop(mark, why);
        }
        let value = node.value.clone();
        if self.stack.len() + depth(&value) > MAX_DEPTH {
            return self.stop(mark, format!("nested more than {MAX_DEPTH} levels deep"));
        }
        self.add(Node { value, mark }, None)
    }

    /// Puts a finished node where it belongs: a key, a value, an item, or a document.
    fn add(&mut self, node: Node, anchor: Option<String>) -> Result<(), Stop> {
        if let Some(anchor) = anchor {
            if let Err(why) = self.aliased.add(&node) {
                return self.stop(node.mark, why);
            }
            self.anchors.insert(anchor, node.clone());
        }
        let Some(frame) = self.stack.last_mut() else {
            self.roots.push(node);
            return Ok(());
        };
        match &mut frame.kind {
            Open::Seq(items) => items.push(node),
            Open::Map(map, key) => match key.take() {
                None => match key_text(node.value) {
                    Ok(text) => *key = Some(Key::Plain(text, node.mark)),
                    Err(value) => {
                        let message = format!("{} cannot be a key", value.what());
                        return self.stop(node.mark, message);
                    }
                },
                Some(Key::Plain(text, mark)) => map.insert(text, mark, node),
                Some(Key::Merge(mark)) => {
                    if !map.merge(&node) {
                        return self.stop(mark, "`<<` accepts only a map or a list of maps");
                    }
                }
            },
        }
        Ok(())
    }
}

/// A key as JSON writes it; the value itself if it cannot be one.
fn key_text(value: Value) -> Result<String, Value> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(b, _) => Ok(b.to_string()),
        Value::Number(n, _) => Ok(n.to_string()),
        other => Err(other),
    }
}

/// What copies of anchored nodes come to.
#[derive(Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl Size {
    /// Adds a copy of a node, unless it is one too many.
    fn add(&mut self, node: &Node) -> Result<(), &'static str> {
        self.count(node);
        match () {
            () if self.nodes > MAX_ALIASED => Err(TOO_MANY),
            () if self.bytes > MAX_ALIASED_BYTES => Err(TOO_LONG),
            () => Ok(()),
        }
    }

    fn count(&mut self, node: &Node) {
        self.nodes += 1;
        match &node.value {
            Value::Seq(items) => items.iter().for_each(|item| self.count(item)),
            Value::Map(map) => {
                for entry in &map.entries {
                    self.bytes += entry.key.len();
                    self.count(&entry.value);
                }
            }
            Value::String(text) => self.bytes += text.len(),
            _ => {}
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Seq(items) => 1 + items.iter().map(|n| depth(&n.value)).max().unwrap_or(0),
        Value::Map(map) => {
            1 + map
                .entries
                .iter()
                .map(|e| depth(&e.value.value))
                .max()
                .unwrap_or(0)
        }
        _ => 0,
    }
}

/// A byte offset as ranges hold it; texts of 4 GiB are not manifests.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
