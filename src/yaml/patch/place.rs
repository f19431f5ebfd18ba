//! Where the parts of a text begin and end, as edits need it.

use crate::yaml::emit::Style;
use crate::yaml::{Map, Node, Value};

/// An entry of a map or an item of a list.
pub(super) struct EntryRange {
    /// The key, or the dash.
    pub start: usize,
    /// After the colon or the dash.
    pub behind: usize,
    /// After the last character, without line breaks.
    pub end: usize,
    /// Columns before `start`.
    pub indent: usize,
    /// The end of the blank lines that its last text keeps (`|+`).
    pub open_end: Option<usize>,
    /// Its last text is a block that ends with the whole text, without a line break: appending
    /// something would add one to it.
    pub cut: bool,
}

/// A text with queries about it.
pub(super) struct Source<'t> {
    pub text: &'t str,
}

impl<'t> Source<'t> {
    /// None for a text whose line ends are not supported.
    pub fn new(text: &'t str) -> Option<Self> {
        let mut bare = text.split("\r\n");
        let odd = ['\r', '\u{85}', '\u{2028}', '\u{2029}'];
        bare.all(|part| !part.contains(odd))
            .then_some(Self { text })
    }

    /// The beginning of the line.
    pub fn line(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |i| i + 1)
    }

    /// The end of the line before, given the beginning of a line.
    pub fn end_before(&self, line: usize) -> usize {
        let before = &self.text[..line];
        let bare = before.strip_suffix('\n').unwrap_or(before);
        bare.strip_suffix('\r').unwrap_or(bare).len()
    }

    /// Whether only blanks are before it on its line.
    pub fn starts_line(&self, at: usize) -> bool {
        let before = &self.text[self.line(at)..at];
        before.bytes().all(|b| b == b' ')
    }

    /// The end of the line, if nothing but a comment follows on it.
    pub fn end_of_line(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        let line = rest.split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').unwrap_or(line);
        let bare = line.trim_start_matches([' ', '\t']);
        let comment = bare.starts_with('#') && (bare.len() < line.len() || self.line(at) == at);
        (bare.is_empty() || comment).then_some(at + line.len())
    }

    /// The beginning of the line below, if nothing but a comment follows on this one.
    pub fn next_line(&self, at: usize) -> Option<usize> {
        let end = self.end_of_line(at)?;
        let rest = &self.text[end..];
        Some(end + rest.find('\n').map_or(rest.len(), |i| i + 1))
    }

    /// The end of the blank lines that begin there.
    pub fn blank_lines(&self, at: usize) -> usize {
        let lines = self.text[at..].split_inclusive('\n');
        let blank = lines.take_while(|line| line.trim().is_empty());
        at + blank.map(str::len).sum::<usize>()
    }

    fn starts_with(&self, node: &Node, any: &[u8]) -> bool {
        let first = self.text.as_bytes().get(node.mark.bytes().start);
        !node.mark.bytes().is_empty() && first.is_some_and(|first| any.contains(first))
    }

    /// Whether it is a collection in brackets.
    pub fn is_flow(&self, node: &Node) -> bool {
        self.starts_with(node, b"[{")
    }

    /// Whether it is a collection on lines of its own.
    pub fn is_spread(&self, node: &Node) -> bool {
        matches!(node.value, Value::Map(_) | Value::Seq(_)) && !self.starts_with(node, b"[{*")
    }

    /// The bytes of a node without the line breaks after a block scalar.
    pub fn content(&self, node: &Node) -> std::ops::Range<usize> {
        let range = node.mark.bytes();
        let mut end = range.end;
        while end > range.start && self.text[..end].ends_with('\n') {
            end = self.end_before(end);
            let line = self.line(end).max(range.start);
            if self.text[line..end].trim().is_empty() {
                end = line;
            }
        }
        range.start..end
    }

    /// Where the lines of a block scalar end that includes the blank lines after it.
    fn open_end(&self, node: &Node) -> Option<usize> {
        match &node.value {
            Value::Map(map) => self.open_end(&map.entries.last()?.value),
            Value::Seq(items) => self.open_end(items.last()?),
            _ => {
                let range = node.mark.bytes();
                let own = self.text.get(range.clone())?;
                let open = own.ends_with('\n') && own.lines().next()?.contains('+');
                open.then_some(range.end)
            }
        }
    }

    /// Whether the last thing in it is a block scalar that ends with the text.
    fn is_cut(&self, node: &Node) -> bool {
        let ends = node.mark.bytes().end == self.text.len() && !self.text.ends_with('\n');
        let last = match &node.value {
            Value::Map(map) => map.entries.last().map(|e| &e.value),
            Value::Seq(items) => items.last(),
            _ => return ends && self.starts_with(node, b"|>&!"),
        };
        ends && last.is_some_and(|last| self.is_cut(last))
    }

    fn spot(&self, start: usize, behind: usize, indent: usize, node: &Node) -> EntryRange {
        EntryRange {
            start,
            behind,
            end: self.content(node).end.max(behind),
            indent,
            open_end: self.open_end(node),
            cut: self.is_cut(node),
        }
    }

    /// The entries of a map; none if some are not written in it, or in a way that cannot be edited.
    pub fn entries(&self, node: &Node, map: &Map) -> Option<Vec<EntryRange>> {
        let flow = self.starts_with(node, b"{");
        if !flow && self.starts_with(node, b"&!*") || !map.duplicates.is_empty() {
            return None;
        }
        let own = node.mark.bytes();
        let mut last = own.start;
        let mut spots = Vec::new();
        for entry in &map.entries {
            let key = entry.mark.bytes();
            let indent = entry.mark.column.saturating_sub(1) as usize;
            // Keys of merged maps are written elsewhere.
            if key.start < last || key.end > own.end {
                return None;
            }
            let rest = self.text.get(key.end..)?;
            let colon = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let behind = match rest.as_bytes().get(colon) {
                Some(b':') => key.end + colon + 1,
                _ if flow => key.end,
                _ => return None,
            };
            if !flow && key.start != own.start && !self.starts_line(key.start) {
                return None;
            }
            if !flow && key.start == own.start && !self.follows_dash(key.start) {
                return None;
            }
            let spot = self.spot(key.start, behind, indent, &entry.value);
            last = spot.end;
            spots.push(spot);
        }
        Some(spots)
    }

    fn follows_dash(&self, at: usize) -> bool {
        let before = &self.text[self.line(at)..at];
        before.bytes().all(|b| matches!(b, b' ' | b'-')) && !before.starts_with("---")
            || before == "\u{feff}"
    }

    /// The items of a list; none if they are written in a way that cannot be edited.
    pub fn items(&self, node: &Node, items: &[Node]) -> Option<Vec<EntryRange>> {
        let flow = self.starts_with(node, b"[");
        let indent = node.mark.column.saturating_sub(1) as usize;
        let start = node.mark.bytes().start;
        let mut from = start;
        let mut spots = Vec::new();
        for item in items {
            let at = item.mark.bytes().start;
            if flow {
                spots.push(self.spot(at, at, 0, item));
                continue;
            }
            let dash = match from == start {
                true => Some(start).filter(|_| self.starts_with(node, b"-")),
                false => self.dash(from, at, indent),
            };
            let spot = self.spot(dash?, dash? + 1, indent, item);
            from = self.next_line(spot.end)?;
            spots.push(spot);
        }
        Some(spots)
    }

    /// The dash before an item; comments and blank lines may be between.
    fn dash(&self, from: usize, to: usize, indent: usize) -> Option<usize> {
        let mut line = from;
        while line < to {
            let dash = line + indent;
            if self.text.as_bytes().get(dash) == Some(&b'-') && self.starts_line(dash) {
                return Some(dash);
            }
            line += self.text[line..].find('\n')? + 1;
        }
        None
    }
}

/// The style of a text, as far as it is visible.
pub(super) fn style(text: &str, root: &Node) -> Style {
    let mut style = Style::default();
    if text.contains("\r\n") {
        style.line_break = "\r\n";
    }
    let own = text.get(root.mark.bytes()).unwrap_or_default();
    style.json = own
        .strip_prefix('{')
        .is_some_and(|own| own.trim_start().starts_with('"'));
    let (mut map, mut list) = (None, None);
    indents(root, &mut map, &mut list);
    style.map_indent = map.unwrap_or(style.map_indent);
    style.list_indent = list.unwrap_or(style.list_indent);
    style
}

/// How far the first map and the first list below a key are indented.
fn indents(node: &Node, map: &mut Option<usize>, list: &mut Option<usize>) {
    let below = |key: &crate::yaml::Mark, value: &Node| {
        let deeper = value.mark.column.checked_sub(key.column);
        deeper
            .filter(|_| value.mark.line > key.line)
            .map(|by| by as usize)
    };
    match &node.value {
        Value::Map(entries) => {
            for entry in &entries.entries {
                match &entry.value.value {
                    Value::Map(_) if map.is_none() => {
                        *map = below(&entry.mark, &entry.value).filter(|by| *by > 0)
                    }
                    Value::Seq(_) if list.is_none() => *list = below(&entry.mark, &entry.value),
                    _ => {}
                }
                if map.is_none() || list.is_none() {
                    indents(&entry.value, map, list);
                }
            }
        }
        Value::Seq(items) => items
            .iter()
            .take(10)
            .for_each(|item| indents(item, map, list)),
        _ => {}
    }
}
