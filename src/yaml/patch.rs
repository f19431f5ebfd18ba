//! Edits of a text that change only the bytes they must: comments, order, quotes, flow style,
//! indentation and line breaks stay as they are.
//!
//! [`change`] sets, adds or removes one node and checks that the new text reads back so. [`update`]
//! turns a tree that means one value into one that means another, key by key and item by item,
//! unchecked.

mod align;
mod place;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::align::{Op, align};
use self::place::{EntryRange, Source, style};
use super::emit::Style;
use super::plain::{Mapping, Value, plain};
use super::write::quoted;
use super::{Entry, Map, Node, Parsed, Value as Read, parse};
use crate::diag::{Patch, apply};

/// One step from a node to a node in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// To the value of a key.
    Key(&'a str),
    /// To an item, from 0; the index after the last is where an item is added.
    Item(usize),
}

/// Sets the node at a path of a document (from 0) to a value, or removes it. None if the path does not
/// exist, or if no local edit can do it: where anchors or merge keys are in the way, for example.
pub fn change(
    text: &str,
    document: usize,
    path: &[Step<'_>],
    value: Option<&Value>,
) -> Option<Vec<Patch>> {
    let parsed = parse(text);
    let node = &parsed.documents.get(document)?.node;
    let mut new = plain(node);
    let (last, way) = path.split_last()?;
    let mut held = &mut new;
    let mut editor = Editor::new(text, node)?;
    let mut holder = Place::root(node);
    for step in way {
        held = match step {
            Step::Key(key) => held.get_mut(*key)?,
            Step::Item(item) => held.get_mut(*item)?,
        };
        holder = editor.inside(&holder, *step)?;
    }
    let before = held.clone();
    set(held, *last, value)?;
    let is_empty = |value: &Value| match value {
        Value::Mapping(map) => map.is_empty(),
        Value::Sequence(items) => items.is_empty(),
        _ => false,
    };
    match is_empty(&before) || is_empty(held) {
        true => editor.replace(&holder, held)?,
        false => editor.step(&holder, *last, (&before, held))?,
    }
    let patches = editor.patches;
    let again = parse(&apply(text, &patches)?);
    let values = |of: &Parsed| -> Vec<Value> {
        let nodes = of.documents.iter().map(|d| &d.node);
        nodes.map(plain).collect()
    };
    let mut wanted = values(&parsed);
    wanted[document] = new;
    let same = again.problems.len() == parsed.problems.len() && values(&again) == wanted;
    same.then_some(patches)
}

fn set(held: &mut Value, step: Step<'_>, value: Option<&Value>) -> Option<()> {
    match (step, held, value) {
        (Step::Key(key), Value::Mapping(map), Some(value)) => {
            map.insert(key.into(), value.clone());
        }
        (Step::Key(key), Value::Mapping(map), None) => drop(map.shift_remove(key)?),
        (Step::Item(at), Value::Sequence(items), Some(value)) => {
            if at == items.len() {
                items.push(value.clone());
            } else {
                items.get_mut(at)?.clone_from(value);
            }
        }
        (Step::Item(at), Value::Sequence(items), None) if at < items.len() => {
            items.remove(at);
        }
        _ => return None,
    }
    Some(())
}

/// The patches that make a tree of `text` mean `new` instead of `old`. The text may write its meaning
/// in another way than `old` does (defaults, other orders): where both are equal, nothing changes.
/// Collections below `depth` are written anew when something in them changes. The caller must read the
/// result and compare it.
pub fn update(
    text: &str,
    root: &Node,
    (old, new): (&Value, &Value),
    depth: usize,
) -> Option<Vec<Patch>> {
    let mut editor = Editor::new(text, root)?;
    editor.node(&Place::root(root), old, new, depth)?;
    Some(editor.patches)
}

struct Editor<'t> {
    source: Source<'t>,
    style: Style,
    patches: Vec<Patch>,
}

/// A node and what contains it.
struct Place<'n> {
    node: &'n Node,
    holder: Holder,
    /// After the colon or dash before it.
    behind: usize,
    /// Columns before the keys of the map or the dashes of the list that it is in.
    indent: usize,
    /// Whether it is in a flow collection.
    flow: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    Root,
    Map,
    List,
}

impl<'n> Place<'n> {
    fn root(node: &'n Node) -> Self {
        Self {
            node,
            holder: Holder::Root,
            behind: 0,
            indent: 0,
            flow: false,
        }
    }
}

impl<'t> Editor<'t> {
    fn new(text: &'t str, root: &Node) -> Option<Self> {
        Some(Self {
            source: Source::new(text)?,
            style: style(text, root),
            patches: Vec::new(),
        })
    }

    /// The range of a node in another.
    fn inside<'n>(&self, place: &Place<'n>, step: Step<'_>) -> Option<Place<'n>> {
        let node = place.node;
        let (holder, at, inner, spots) = match (step, &node.value) {
            (Step::Key(key), Read::Map(map)) => {
                let at = map.entries.iter().position(|e| e.key == key)?;
                let spots = self.source.entries(node, map)?;
                (Holder::Map, at, &map.entries[at].value, spots)
            }
            (Step::Item(at), Read::Seq(items)) => (
                Holder::List,
                at,
                items.get(at)?,
                self.source.items(node, items)?,
            ),
            _ => return None,
        };
        Some(Place {
            node: inner,
            holder,
            behind: spots[at].behind,
            indent: spots[at].indent,
            flow: self.source.is_flow(node),
        })
    }

    fn patch(&mut self, range: Range<usize>, text: impl Into<String>) {
        let mut text = text.into();
        // A block of several lines at the end of the whole text must end with a line break.
        let whole = self.source.text;
        let last = range.end == whole.len() && !whole.ends_with('\n');
        if last && text.trim_start().contains('\n') {
            text.push_str(self.style.line_break);
        }
        self.patches.push(Patch { range, text });
    }

    fn node(&mut self, place: &Place, old: &Value, new: &Value, depth: usize) -> Option<()> {
        if old == new {
            return Some(());
        }
        let before = self.patches.len();
        self.within(place, old, new, depth).or_else(|| {
            self.patches.truncate(before);
            self.replace(place, new)
        })
    }

    /// Changes what is different in a collection; none if it must be written anew.
    fn within(&mut self, place: &Place, old: &Value, new: &Value, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match (&place.node.value, old, new) {
            (Read::Map(map), Value::Mapping(old), Value::Mapping(new)) => {
                self.map(place, map, (old, new), depth)
            }
            (Read::Seq(items), Value::Sequence(old), Value::Sequence(new)) => {
                self.list(place, items, (old, new), (&align(old, new), depth))
            }
            _ => None,
        }
    }

    /// The same where it is known which item it is; equal ones beside it stay.
    fn step(&mut self, holder: &Place, step: Step<'_>, of: (&Value, &Value)) -> Option<()> {
        match (step, &holder.node.value, of) {
            (Step::Item(at), Read::Seq(items), (Value::Sequence(old), Value::Sequence(new))) => {
                let op = |i| match i == at {
                    false => Some(Op::Same(i)),
                    true if new.len() < old.len() => None,
                    true if i == old.len() => Some(Op::Insert(i)),
                    true => Some(Op::Change(i, i)),
                };
                let ops: Vec<Op> = (0..old.len().max(new.len())).filter_map(op).collect();
                self.list(holder, items, (old, new), (&ops, usize::MAX))
            }
            (_, _, (old, new)) => self.within(holder, old, new, usize::MAX),
        }
    }

    /// Entry by entry. None if the text writes the map in another way than `old` does, so that a key to
    /// be changed is not in it, or if no entry is left.
    fn map(
        &mut self,
        place: &Place,
        map: &Map,
        (old, new): (&Mapping, &Mapping),
        depth: usize,
    ) -> Option<()> {
        let spots = self.source.entries(place.node, map)?;
        let first = map.entries.first()?;
        let indent = first.mark.column.saturating_sub(1) as usize;
        let flow = self.source.is_flow(place.node);
        let written = |key: &Value| {
            map.entries
                .iter()
                .position(|e| key.as_str() == Some(&e.key))
        };
        let is_implied = |key: &Value| written(key).is_none() && old.get(key) != new.get(key);
        if place.holder != Holder::Root && old.keys().any(is_implied) {
            return None;
        }
        let stays = |e: &Entry| match (old.get(&*e.key), new.get(&*e.key)) {
            (Some(old), None) => says_more(&e.value, old),
            _ => true,
        };
        let keep: Vec<bool> = map.entries.iter().map(stays).collect();
        self.remove(&spots, &keep, flow)?;
        for ((entry, spot), _) in map.entries.iter().zip(&spots).zip(&keep).filter(|e| *e.1) {
            let inner = Place {
                node: &entry.value,
                holder: Holder::Map,
                behind: spot.behind,
                indent,
                flow,
            };
            let none = Value::Mapping(Mapping::new());
            match (old.get(&*entry.key), new.get(&*entry.key)) {
                (Some(old), Some(new)) => self.node(&inner, old, new, depth)?,
                // What is written there equals the default.
                (None, Some(new)) => self.node(&inner, &none, new, depth)?,
                (Some(old), None) => self.node(&inner, old, &none, depth)?,
                (None, None) => {}
            }
        }
        let mut anchor = None;
        for (key, value) in new {
            match written(key) {
                Some(at) => anchor = Some(at),
                None if old.get(key) == Some(value) => {}
                None => {
                    let text = match flow {
                        true => self.style.flow_entry(key, value),
                        false => self.style.entry(key, value, indent),
                    };
                    self.insert((&spots, &keep), anchor, &text, (indent, flow))?;
                }
            }
        }
        Some(())
    }

    /// Item by item. None if the list has fewer items in the text than it means, and one of those
    /// changes, or if no item is left.
    fn list(
        &mut self,
        place: &Place,
        items: &[Node],
        (old, new): (&[Value], &[Value]),
        (ops, depth): (&[Op], usize),
    ) -> Option<()> {
        let spots = self.source.items(place.node, items)?;
        let flow = self.source.is_flow(place.node);
        let indent = place.node.mark.column.saturating_sub(1) as usize;
        let mut keep = vec![false; old.len()];
        for op in ops {
            if let Op::Same(at) | Op::Change(at, _) = op {
                keep[*at] = true;
            }
        }
        let implied = keep.split_off(items.len().min(old.len()));
        let changes = |op: &Op| matches!(op, Op::Change(at, _) if *at >= items.len());
        if old.len() < items.len() || implied.contains(&false) || ops.iter().any(changes) {
            return None;
        }
        self.remove(&spots, &keep, flow)?;
        for op in ops {
            if let Op::Change(at, to) = op {
                let inner = Place {
                    node: &items[*at],
                    holder: Holder::List,
                    behind: spots[*at].behind,
                    indent,
                    flow,
                };
                self.node(&inner, &old[*at], &new[*to], depth)?;
            }
        }
        let spread = items.iter().any(|item| self.source.is_spread(item));
        let mut anchor = None;
        for op in ops {
            match op {
                Op::Same(at) | Op::Change(at, _) => anchor = Some(*at),
                Op::Insert(at) => {
                    let text = match flow {
                        true => self.style.flow(&new[*at]),
                        false => self.style.item(&new[*at], indent, spread),
                    };
                    let anchor = anchor
                        .filter(|at| *at < items.len())
                        .or(anchor.map(|_| items.len() - 1));
                    self.insert((&spots, &keep), anchor, &text, (indent, flow))?;
                }
            }
        }
        Some(())
    }

    /// Removes the entries or items that are not in `keep`; none if that is all of them.
    fn remove(&mut self, spots: &[EntryRange], keep: &[bool], flow: bool) -> Option<()> {
        let first_kept = keep.iter().position(|keep| *keep)?;
        let mut at = 0;
        while let Some(from) = (at..keep.len()).find(|at| !keep[*at]) {
            let to = (from..keep.len())
                .find(|at| keep[*at])
                .unwrap_or(keep.len());
            at = to;
            let run = &spots[from..to];
            if flow {
                let range = match spots.get(to) {
                    Some(next) => run[0].start..next.start,
                    None => spots[from - 1].end..run[run.len() - 1].end,
                };
                self.patch(range, "");
                continue;
            }
            let mut lines = run;
            if from == 0 && !self.source.starts_line(run[0].start) {
                // After a dash: the next one moves up, unless comments are before it.
                let next = &spots[first_kept];
                let below = self.source.next_line(run[run.len() - 1].end)? + next.indent;
                if below == next.start {
                    self.patch(run[0].start..next.start, "");
                    continue;
                }
                self.patch(run[0].start..run[0].end, "");
                lines = &run[1..];
            }
            for spot in lines {
                let lines = self.source.line(spot.start)..self.source.next_line(spot.end)?;
                self.patch(lines, "");
            }
            // Blank lines after it must not become part of the text before it.
            let open = from > 0 && spots[from - 1].open_end.is_some();
            if let (true, Some(last)) = (open, lines.last()) {
                let end = self.source.next_line(last.end)?;
                self.patch(end..self.source.blank_lines(end), "");
            }
        }
        Some(())
    }

    /// Inserts an entry or item after another one, or before the first that stays.
    fn insert(
        &mut self,
        (spots, keep): (&[EntryRange], &[bool]),
        anchor: Option<usize>,
        text: &str,
        (indent, flow): (usize, bool),
    ) -> Option<()> {
        let (line_break, blanks) = (self.style.line_break, " ".repeat(indent));
        match anchor {
            Some(at) if spots[at].cut => return None,
            Some(at) if flow => self.patch(spots[at].end..spots[at].end, format!(", {text}")),
            Some(at) => {
                let end = self.source.end_of_line(spots[at].end)?;
                match spots[at].open_end {
                    // Blank lines that belong to existing text stay with it.
                    Some(end) => self.patch(end..end, format!("{blanks}{text}{line_break}")),
                    None => self.patch(end..end, format!("{line_break}{blanks}{text}")),
                }
            }
            None => {
                let first = &spots[keep.iter().position(|keep| *keep)?];
                let text = match flow {
                    true => format!("{text}, "),
                    false => format!("{text}{line_break}{blanks}"),
                };
                self.patch(first.start..first.start, text);
            }
        }
        Some(())
    }

    /// Writes a node anew.
    fn replace(&mut self, place: &Place, new: &Value) -> Option<()> {
        let (node, behind) = (place.node, place.behind);
        let old = self.source.content(node);
        if place.flow {
            let text = self
                .scalar_like(node, new)
                .unwrap_or_else(|| self.style.flow(new));
            let lead = match (
                old.is_empty(),
                self.source.text.as_bytes().get(behind.wrapping_sub(1)),
            ) {
                (false, _) => "",
                (true, Some(b':')) => " ",
                (true, _) => ": ",
            };
            self.patch(old, format!("{lead}{text}"));
            return Some(());
        }
        let spread = self.source.is_spread(node);
        let gap = self.source.text.get(behind..old.start)?;
        let on_own_lines = gap.contains('\n');
        // Comments that stay before or after it would become lines of a block scalar.
        let beside = gap.matches('\n').count() > 1 || self.source.end_of_line(old.end)? > old.end;
        let text = match (self.scalar_like(node, new), place.holder) {
            (_, Holder::Root) => return None,
            (Some(text), _) => format!(" {text}"),
            _ if on_own_lines && beside && self.style.has_literal(new) => {
                format!(" {}", self.style.flow(new))
            }
            (None, Holder::Map) => self.style.after_key(new, place.indent, 0, spread),
            (None, Holder::List) => self.style.after_dash(new, place.indent, spread),
        };
        let line_break = self.style.line_break;
        let (head, body) = match text.split_once(line_break) {
            Some((head, body)) => (head, Some(body)),
            None => (text.as_str(), None),
        };
        if on_own_lines {
            // The old one is on lines of its own; comments between stay.
            let line = self.source.line(old.start);
            self.patch(behind..behind, head);
            match body {
                Some(body) => self.patch(line..old.end, body),
                None => self.patch(self.source.end_before(line)..old.end, ""),
            }
        } else {
            let (from, head) = match head.strip_prefix(' ') {
                Some(head) if !gap.is_empty() => (old.start, head),
                _ => (behind, head),
            };
            self.patch(from..old.end, head);
            if let Some(body) = body {
                let end = self.source.end_of_line(old.end)?;
                self.patch(end..end, format!("{line_break}{body}"));
            }
        }
        Some(())
    }

    /// A text in the quotes of the one that it replaces.
    fn scalar_like(&self, node: &Node, new: &Value) -> Option<String> {
        let (Read::String(_), Value::String(text)) = (&node.value, new) else {
            return None;
        };
        match self.source.text.as_bytes().get(node.mark.bytes().start)? {
            b'"' => Some(quoted(text)),
            b'\'' if !text.contains(char::is_control) => {
                Some(format!("'{}'", text.replace('\'', "''")))
            }
            _ => None,
        }
    }
}

/// Whether a map is written with keys that add nothing to its meaning: they stay when the rest is
/// removed.
fn says_more(node: &Node, means: &Value) -> bool {
    match (&node.value, means) {
        (Read::Map(map), Value::Mapping(means)) => {
            let mut keys = map.entries.iter().map(|e| e.key.as_str());
            keys.any(|key| !means.contains_key(key))
        }
        _ => false,
    }
}
