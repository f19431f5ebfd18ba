//! Exact sets of label maps: unions of boxes that define for each key which values it may have, and
//! whether it may be absent. Future pods may have any labels, so the pods that a policy selects are
//! such a set.

use std::collections::{BTreeMap, BTreeSet};

use super::{LabelOp, Labels, Selector, ValueSet};

/// Starts the keys that are no labels; no label key can have it.
pub(crate) const HIDDEN: char = '\u{1}';

/// A box: every key is in its [`ValueSet`]; a key that is not named may be anything. Never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelBox {
    /// Only constrained keys.
    keys: BTreeMap<String, ValueSet>,
}

impl LabelBox {
    /// What the keys of this box may be, by key.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &ValueSet)> {
        self.keys.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// What a key of this box may be; none: anything.
    pub fn get(&self, key: &str) -> Option<&ValueSet> {
        self.keys.get(key)
    }

    /// The box narrowed to `values` at `key`; none if nothing is left.
    pub fn narrow(mut self, key: &str, values: &ValueSet) -> Option<Self> {
        if values.is_all() {
            return Some(self);
        }
        let left = match self.keys.get_mut(key) {
            Some(before) => {
                *before = before.intersection(values);
                before
            }
            None => self.keys.entry(key.to_owned()).or_insert(values.clone()),
        };
        (!left.is_empty()).then_some(self)
    }

    /// The box narrowed to what passes an operator at `key`; none if nothing does. A string predicate
    /// becomes a condition of its own beside the key's presence: equal predicates are equal, others are
    /// taken as independent of each other.
    pub fn require(self, key: &str, op: &LabelOp) -> Option<Self> {
        let predicate = match op {
            LabelOp::StartsWith(text) => format!("{HIDDEN}starts{HIDDEN}{key}{HIDDEN}{text}"),
            LabelOp::EndsWith(text) => format!("{HIDDEN}ends{HIDDEN}{key}{HIDDEN}{text}"),
            LabelOp::Contains(text) => format!("{HIDDEN}contains{HIDDEN}{key}{HIDDEN}{text}"),
            _ => return self.narrow(key, &ValueSet::from(op)),
        };
        let found = self.narrow(key, &ValueSet::from(op))?;
        found.narrow(&predicate, &ValueSet::present())
    }

    /// What is in both; none if nothing is.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let (mut wide, narrow) = if self.keys.len() >= other.keys.len() {
            (self.clone(), other)
        } else {
            (other.clone(), self)
        };
        for (key, values) in &narrow.keys {
            wide = wide.narrow(key, values)?;
        }
        Some(wide)
    }

    /// Whether they have nothing in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.keys.iter().any(|(key, a)| {
            let b = other.keys.get(key);
            b.is_some_and(|b| a.is_disjoint(b))
        })
    }

    /// Whether all of it is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        other.keys.iter().all(|(key, theirs)| {
            let ours = self.keys.get(key);
            ours.is_some_and(|ours| ours.is_subset(theirs))
        })
    }

    /// Disjoint boxes that make up what of it is not in the other.
    fn difference(&self, other: &Self, into: &mut Vec<Self>) {
        if self.is_disjoint(other) {
            into.push(self.clone());
            return;
        }
        let mut rest = self.clone();
        for (key, values) in &other.keys {
            into.extend(rest.clone().narrow(key, &values.complement()));
            match rest.narrow(key, values) {
                Some(inside) => rest = inside,
                None => return,
            }
        }
    }

    fn contains(&self, labels: &Labels) -> bool {
        let value = |key: &str| labels.get(key).map(String::as_str);
        self.keys.iter().all(|(key, set)| set.contains(value(key)))
    }

    /// The labels of one member, as few as possible. Keys that are no labels are left out.
    pub fn example(&self) -> Labels {
        let known = self.keys.iter().filter(|(k, _)| !k.starts_with(HIDDEN));
        let value = |set: &ValueSet| set.example().flatten();
        known
            .filter_map(|(k, set)| Some((k.clone(), value(set)?)))
            .collect()
    }
}

/// The most pieces that a difference may be cut into, unless it has few for its number of boxes. The number may
/// double with each box that is removed, so whether a set is empty can take more steps than there is time for.
const MOST_PIECES: usize = 256;
/// The most cuts of one difference, unless it has few for its number of boxes.
const MOST_CUTS: usize = 4096;

/// A set of label maps: a union of boxes. Two equal sets may have different boxes; compare them with
/// [`LabelSet::is_subset`] in both directions.
///
/// A set that would take too many steps is undecided: it has the members of its boxes, and others may be missing.
/// What is computed from it is undecided too, and it is no subset of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelSet {
    boxes: Vec<LabelBox>,
    undecided: bool,
}

impl LabelSet {
    /// No labels.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Every label map.
    pub fn all() -> Self {
        Self::from(LabelBox::default())
    }

    /// Every label map whose `key` is in `values`.
    pub fn key(key: &str, values: &ValueSet) -> Self {
        let found = LabelBox::default().narrow(key, values);
        Self {
            boxes: found.into_iter().collect(),
            undecided: false,
        }
    }

    /// Whether members may be missing, because finding them takes too many steps.
    pub fn is_undecided(&self) -> bool {
        self.undecided
    }

    /// The boxes that it is made of; they may overlap.
    pub fn boxes(&self) -> &[LabelBox] {
        &self.boxes
    }

    /// Whether it certainly has no members.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty() && !self.undecided
    }

    /// Whether it certainly has every member (a box without conditions).
    pub fn is_all(&self) -> bool {
        self.boxes.iter().any(|b| b.keys.is_empty())
    }

    /// Whether the labels are a member.
    pub fn contains(&self, labels: &Labels) -> bool {
        self.boxes.iter().any(|b| b.contains(labels))
    }

    /// Members of either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::union_of([self, other])
    }

    /// The union of many sets.
    pub fn union_of<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut boxes, mut undecided) = (Vec::new(), false);
        for set in sets {
            boxes.extend(set.boxes.iter().cloned());
            undecided |= set.undecided;
        }
        Self::from_boxes(boxes, undecided)
    }

    /// Members of both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let pairs = self.boxes.iter();
        let both = pairs.flat_map(|a| other.boxes.iter().filter_map(|b| a.intersection(b)));
        let undecided = self.undecided && !other.is_empty() || other.undecided && !self.is_empty();
        Self::from_boxes(both.collect(), undecided)
    }

    /// Members of this one that are not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let theirs: BTreeSet<&LabelBox> = other.boxes.iter().collect();
        let undecided = Self {
            boxes: Vec::new(),
            undecided: true,
        };
        if other.undecided && !self.is_empty() {
            return undecided;
        }
        let most = MOST_PIECES.max(self.boxes.len()).max(other.boxes.len());
        let mut cuts = MOST_CUTS.max(2 * self.boxes.len() + 2 * other.boxes.len());
        // What has few conditions takes most away, and into fewer pieces.
        let mut wide: Vec<&LabelBox> = other.boxes.iter().collect();
        wide.sort_by_key(|b| b.keys.len());
        let mut left = Vec::new();
        for own in self.boxes.iter().filter(|b| !theirs.contains(b)) {
            let mut rest = vec![own.clone()];
            for &taken in &wide {
                let mut next = Vec::with_capacity(rest.len());
                for piece in rest {
                    if piece.is_disjoint(taken) {
                        next.push(piece);
                    } else if cuts == 0 {
                        return undecided;
                    } else {
                        cuts -= 1;
                        piece.difference(taken, &mut next);
                    }
                }
                rest = next;
                if left.len() + rest.len() > most {
                    return undecided;
                }
                if rest.is_empty() {
                    break;
                }
            }
            left.append(&mut rest);
        }
        Self::from_boxes(left, self.undecided)
    }

    /// Every label map that is not a member.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self::all().difference(self)
    }

    /// Whether every member is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.difference(other).is_empty()
    }

    /// Whether they have a member in common.
    pub fn intersects(&self, other: &Self) -> bool {
        let mut own = self.boxes.iter();
        own.any(|a| other.boxes.iter().any(|b| !a.is_disjoint(b)))
    }

    /// The labels of one member; none if there is no member.
    pub fn example(&self) -> Option<Labels> {
        self.boxes
            .iter()
            .map(LabelBox::example)
            .min_by_key(|l| (l.len(), l.clone()))
    }

    /// Sorted, without repetition, and for small sets without boxes that lie in another.
    fn from_boxes(mut boxes: Vec<LabelBox>, undecided: bool) -> Self {
        const SMALL: usize = 64;
        boxes.sort_unstable();
        boxes.dedup();
        if boxes.first().is_some_and(|b| b.keys.is_empty()) {
            return Self::from(boxes.remove(0));
        } else if boxes.len() <= SMALL {
            let mut at = 0;
            while at < boxes.len() {
                let mut others = boxes.iter().enumerate();
                if others.any(|(i, b)| i != at && boxes[at].is_subset(b)) {
                    boxes.remove(at);
                } else {
                    at += 1;
                }
            }
        }
        Self { boxes, undecided }
    }
}

impl From<LabelBox> for LabelSet {
    fn from(one: LabelBox) -> Self {
        Self {
            boxes: vec![one],
            undecided: false,
        }
    }
}

impl From<&Selector> for LabelSet {
    /// The labels that a selector matches; for string predicates see [`LabelBox::require`].
    fn from(selector: &Selector) -> Self {
        let mut requirements = selector.requirements.iter();
        let found = requirements.try_fold(LabelBox::default(), |b, r| b.require(&r.key, &r.op));
        found.map_or_else(Self::empty, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label maps with both `aN: x` and `bN: y`.
    fn pair(number: usize) -> LabelSet {
        let key =
            |key: String, value: &str| LabelSet::key(&key, &ValueSet::only([value.to_owned()]));
        key(format!("a{number}"), "x").intersection(&key(format!("b{number}"), "y"))
    }

    /// As when one rule matches what an earlier one left.
    #[test]
    fn two_parts_of_many_independent_conditions_make_up_the_whole() {
        let key = |number: usize| LabelSet::key(&format!("k{number:03}"), &ValueSet::present());
        let first = LabelSet::union_of(&(0..60).map(key).collect::<Vec<_>>());
        let second = LabelSet::union_of(&(60..70).map(key).collect::<Vec<_>>());
        let whole = first.union(&second);
        for (first, second) in [(&first, &second), (&second, &first)] {
            let parts = first.union(&second.difference(first));
            assert!(whole.is_subset(&parts) && parts.is_subset(&whole));
        }
    }

    #[test]
    fn what_takes_too_many_steps_is_undecided() {
        let few = LabelSet::union_of(&[pair(0), pair(1), pair(2)]);
        let rest = few.complement();
        assert!(!rest.is_undecided() && !rest.intersects(&few));
        assert!(LabelSet::all().is_subset(&few.union(&rest)));

        let many: Vec<LabelSet> = (0..50).map(pair).collect();
        let many = LabelSet::union_of(&many);
        let rest = many.complement();
        assert!(rest.is_undecided() && !rest.is_empty());
        assert!(!LabelSet::all().is_subset(&many));
        // What follows from it is undecided too, unless it does not matter.
        assert!(rest.union(&few).is_undecided() && few.difference(&rest).is_undecided());
        assert!(rest.intersection(&few).is_undecided());
        assert!(rest.intersection(&LabelSet::empty()).is_empty());
        assert!(!rest.union(&LabelSet::all()).is_undecided());
    }
}
