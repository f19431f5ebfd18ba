//! From libyaml's events to trees of [`Node`]s.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::ops::Range;

use libyaml_safer::{Encoding, Event, EventData, Parser, ScalarStyle};
use rayon::prelude::*;

use super::build::Builder;
use super::event;
use super::lines::Lines;
use super::split::{Chunk, chunks, ended, trimmed};
use super::{Mark, Node, Value, scalar};

/// Deeper nesting is refused, so that nothing that walks a tree can overflow the stack.
const MAX_DEPTH: usize = 500;
/// How many nodes the anchors and aliases of one document may stand for.
const MAX_ALIASED: usize = 200_000;
const TOO_MUCH: &str = "the anchors and aliases of this document stand for too much";

/// What a text holds.
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
    /// Whether the rest of the text is lost (it is no YAML), or only this document.
    pub fatal: bool,
    /// Whether the document holds `{{`, so that it is probably a template.
    pub template: bool,
}

/// Reads a text: any number of YAML or JSON documents. Text that is no YAML ends the reading: the
/// documents before it count, and the last problem says where it was.
pub fn parse(text: &str) -> Parsed {
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
    let lines = LazyCell::new(|| Lines::of(own));
    let mut reader = Reader::new(chunk.line);
    let ended = ended(own);
    let last = own.lines().next_back().unwrap_or_default();
    if ended.len() > own.len() && !last.trim().is_empty() {
        reader.cut = Some(chunk.line.saturating_add(lines.last()));
    }
    let mut bytes = ended.as_bytes();
    let mut parser = Parser::new();
    // Else the first byte of `ﾃ` is taken for the beginning of a byte order mark.
    parser.set_encoding(Encoding::Utf8);
    parser.set_input_string(&mut bytes);
    loop {
        match event::next(&mut parser) {
            Ok(Event {
                data: EventData::StreamEnd,
                ..
            }) => break,
            Ok(event) => {
                if reader.event(event).is_err() {
                    break;
                }
            }
            Err(error) => {
                reader.syntax(error.as_ref(), own);
                break;
            }
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
                let offset = |mark| lines.offset(own, chunk.line, mark);
                // With the blanks before the first key, which the other keys have too.
                let start = own[..offset(node.start)].trim_end_matches(' ').len();
                chunk.range.start + start..chunk.range.start + offset(node.end)
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

/// The reading of this document stops here; the problem has been recorded.
struct Stop;

struct Reader {
    first_line: u32,
    /// The last line, where its break is not the text's own.
    cut: Option<u32>,
    /// The last scalar was a block scalar: blank lines behind it may be part of it.
    block: bool,
    /// Where the last event ended.
    last: Mark,
    /// Where the last scalar, alias or bracket ended.
    written: Mark,
    stack: Vec<Frame>,
    anchors: BTreeMap<String, Node>,
    aliased: usize,
    roots: Vec<Node>,
    problems: Vec<Problem>,
}

impl Reader {
    fn new(first_line: u32) -> Self {
        let first = Mark {
            line: first_line,
            column: 1,
        };
        Self {
            first_line,
            cut: None,
            block: false,
            last: first,
            written: first,
            stack: Vec::new(),
            anchors: BTreeMap::new(),
            aliased: 0,
            roots: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn mark(&self, mark: libyaml_safer::Mark) -> Mark {
        let line = u32::try_from(mark.line).unwrap_or(u32::MAX);
        let column = u32::try_from(mark.column).unwrap_or(u32::MAX);
        Mark {
            line: line.saturating_add(self.first_line),
            column: column.saturating_add(1),
        }
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

    /// Records an error of libyaml's own; none: it gave up behind what was read last.
    fn syntax(&mut self, error: Option<&libyaml_safer::Error>, own: &str) {
        let Some(error) = error else {
            return self.problem(
                self.last,
                "this is no YAML: a tag that nothing can follow",
                true,
            );
        };
        let mark = match error.problem_mark() {
            Some(mark) => self.mark(mark),
            None => control_character(own, self.first_line),
        };
        let message = match error.context() {
            Some(context) if !context.is_empty() => {
                format!("this is no YAML: {} {context}", error.problem())
            }
            _ => format!("this is no YAML: {}", error.problem()),
        };
        self.problem(mark, message, true);
    }

    fn event(&mut self, event: Event) -> Result<(), Stop> {
        let (start, end) = (self.mark(event.start_mark), self.mark(event.end_mark));
        self.last = end;
        if matches!(
            event.data,
            EventData::Scalar { .. } | EventData::Alias { .. }
        ) {
            self.written = end;
        }
        match event.data {
            EventData::DocumentStart { .. } => {
                self.anchors.clear();
                self.aliased = 0;
            }
            EventData::Scalar {
                anchor,
                tag,
                mut value,
                style,
                ..
            } => {
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                // The value that `? |` leaves out is a scalar too, but nothing that is written.
                if start != end {
                    self.block = block;
                }
                if block && self.cut.is_some_and(|last| end.line > last) {
                    value.truncate(value.strip_suffix('\n').unwrap_or(&value).len());
                }
                let plain = style == ScalarStyle::Plain;
                let merge = plain && value == "<<" && tag.is_none();
                if merge && self.expects_key() {
                    self.set_key(Key::Merge(start));
                } else {
                    let value = scalar::resolve(value, tag.as_deref(), plain);
                    self.add(Node { value, start, end }, anchor)?;
                }
            }
            EventData::SequenceStart { anchor, .. } => {
                self.open(start, anchor, Open::Seq(Vec::new()))?;
            }
            EventData::MappingStart { anchor, .. } => {
                self.open(start, anchor, Open::Map(Builder::default(), None))?;
            }
            EventData::SequenceEnd | EventData::MappingEnd => self.close(start, end)?,
            EventData::Alias { anchor } => self.alias(&anchor, start, end)?,
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
            return self.stop(start, "a list or map cannot be a key here");
        }
        self.stack.push(Frame {
            start,
            anchor,
            kind,
        });
        Ok(())
    }

    fn close(&mut self, start: Mark, end: Mark) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else {
            return Ok(());
        };
        let value = match frame.kind {
            Open::Seq(items) => Value::Seq(items),
            Open::Map(Builder { map, .. }, _) => Value::Map(map),
        };
        // A block collection ends where the next token begins, which is after comments and blank
        // lines; what was written in it last says better where it stops. A flow collection ends at
        // its bracket.
        if start != end {
            self.written = end;
        }
        let node = Node {
            value,
            start: frame.start,
            end: self.written,
        };
        self.add(node, frame.anchor)
    }

    fn alias(&mut self, anchor: &str, start: Mark, end: Mark) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(anchor) else {
            return self.stop(start, format!("unknown anchor `{anchor}`"));
        };
        self.aliased += count(node);
        let value = node.value.clone();
        if self.aliased > MAX_ALIASED {
            return self.stop(start, TOO_MUCH);
        }
        if self.stack.len() + depth(&value) > MAX_DEPTH {
            return self.stop(start, format!("nested more than {MAX_DEPTH} levels deep"));
        }
        self.add(Node { value, start, end }, None)
    }

    /// Puts a finished node where it belongs: a key, a value, an item, or a document.
    fn add(&mut self, node: Node, anchor: Option<String>) -> Result<(), Stop> {
        if let Some(anchor) = anchor {
            self.aliased += count(&node);
            if self.aliased > MAX_ALIASED {
                return self.stop(node.start, TOO_MUCH);
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
                    Ok(text) => *key = Some(Key::Plain(text, node.start)),
                    Err(value) => {
                        let message = format!("{} cannot be a key", value.what());
                        return self.stop(node.start, message);
                    }
                },
                Some(Key::Plain(text, mark)) => map.insert(text, mark, node),
                Some(Key::Merge(mark)) => {
                    if !map.merge(&node) {
                        return self.stop(mark, "`<<` merges a map or a list of maps only");
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

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Seq(items) => items.iter().map(count).sum(),
        Value::Map(map) => map.entries.iter().map(|e| count(&e.value)).sum(),
        _ => 0,
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

/// Where the character stands that no YAML may hold.
fn control_character(own: &str, first_line: u32) -> Mark {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    for (line, raw) in (first_line..).zip(own.split('\n')) {
        if let Some(column) = (1..)
            .zip(raw.chars())
            .find_map(|(i, c)| forbidden(c).then_some(i))
        {
            return Mark { line, column };
        }
    }
    Mark {
        line: first_line,
        column: 1,
    }
}
