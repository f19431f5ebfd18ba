//! Matches the items of a changed list with those of the old one.

use crate::yaml::plain::Value;

/// Where an item of the new list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// It is an old one.
    Same(usize),
    /// It is an old one, changed: its indices in the old and the new list.
    Change(usize, usize),
    /// It is new: its index in the new list.
    Insert(usize),
}

/// One operation for each item of `new`, in order; old items in no operation are removed.
pub(super) fn align(old: &[Value], new: &[Value]) -> Vec<Op> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = ends.take_while(|(a, b)| a == b).count();
    let mut ops: Vec<Op> = (0..head).map(Op::Same).collect();
    let (mut from, mut to) = (head, head);
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    // Between items that are the same, in order.
    for at in head..new_end {
        let same = (from..old_end).find(|before| old[*before] == new[at]);
        if let Some(before) = same {
            between(old, new, (from, before), (to, at), &mut ops);
            ops.push(Op::Same(before));
            (from, to) = (before + 1, at + 1);
        }
    }
    between(old, new, (from, old_end), (to, new_end), &mut ops);
    ops.extend((old_end..old.len()).map(Op::Same));
    ops
}

/// Items none of which are equal: changed ones in order, or those that have most in common.
fn between(
    old: &[Value],
    new: &[Value],
    (mut from, end): (usize, usize),
    (to, last): (usize, usize),
    ops: &mut Vec<Op>,
) {
    let even = end - from == last - to;
    for (at, item) in new.iter().enumerate().take(last).skip(to) {
        match (from..end).find(|before| even || is_like(&old[*before], item)) {
            Some(before) => {
                ops.push(Op::Change(before, at));
                from = before + 1;
            }
            None => ops.push(Op::Insert(at)),
        }
    }
}

/// Whether at least half of the entries are the same.
fn is_like(old: &Value, new: &Value) -> bool {
    let (Value::Mapping(old), Value::Mapping(new)) = (old, new) else {
        return false;
    };
    let same = old
        .iter()
        .filter(|(key, value)| new.get(key) == Some(value));
    same.count() * 2 >= old.len().max(new.len())
}
