//! What one label key may be.

use std::collections::BTreeSet;

use super::LabelOp;

/// What one key may be: absent, or one of these values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueSet {
    /// Whether the key may be absent.
    pub absent: bool,
    /// The values that it may have, or with `negated` those that it may not have.
    values: BTreeSet<String>,
    negated: bool,
}

impl ValueSet {
    /// Absent, or any value.
    pub fn all() -> Self {
        Self::all_but([])
    }

    /// Absent, or any value but these.
    pub fn all_but(values: impl IntoIterator<Item = String>) -> Self {
        Self {
            absent: true,
            values: values.into_iter().collect(),
            negated: true,
        }
    }

    /// Present with one of these values.
    pub fn only(values: impl IntoIterator<Item = String>) -> Self {
        Self {
            absent: false,
            values: values.into_iter().collect(),
            negated: false,
        }
    }

    /// Present with any value.
    pub fn present() -> Self {
        Self {
            absent: false,
            ..Self::all()
        }
    }

    /// Absent.
    pub fn missing() -> Self {
        Self {
            absent: true,
            ..Self::only([])
        }
    }

    /// The values that it speaks of, and whether it is all values but these.
    pub fn named(&self) -> (&BTreeSet<String>, bool) {
        (&self.values, self.negated)
    }

    /// Whether neither absence nor any value is left.
    pub fn is_empty(&self) -> bool {
        !self.absent && !self.negated && self.values.is_empty()
    }

    /// Whether absence and every value are in it.
    pub fn is_all(&self) -> bool {
        self.absent && self.negated && self.values.is_empty()
    }

    /// Whether a key with this value (none: absent) is in it.
    pub fn contains(&self, value: Option<&str>) -> bool {
        value.map_or(self.absent, |v| self.values.contains(v) != self.negated)
    }

    /// What is not in it.
    #[must_use]
    pub fn complement(&self) -> Self {
        Self {
            absent: !self.absent,
            values: self.values.clone(),
            negated: !self.negated,
        }
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (a, b) = (&self.values, &other.values);
        let values = match (self.negated, other.negated) {
            (false, false) => a & b,
            (false, true) => a - b,
            (true, false) => b - a,
            (true, true) => a | b,
        };
        Self {
            absent: self.absent && other.absent,
            values,
            negated: self.negated && other.negated,
        }
    }

    /// Whether all of it is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        let (a, b) = (&self.values, &other.values);
        let values = match (self.negated, other.negated) {
            (false, false) => a.is_subset(b),
            (false, true) => a.is_disjoint(b),
            (true, false) => false,
            (true, true) => b.is_subset(a),
        };
        values && (other.absent || !self.absent)
    }

    /// Whether they have nothing in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let (a, b) = (&self.values, &other.values);
        let values = match (self.negated, other.negated) {
            (false, false) => a.is_disjoint(b),
            (false, true) => a.is_subset(b),
            (true, false) => b.is_subset(a),
            (true, true) => false,
        };
        values && !(self.absent && other.absent)
    }

    /// A member, absence if possible: `Some(None)` is absence, none if there is no member.
    pub fn example(&self) -> Option<Option<String>> {
        if self.absent {
            return Some(None);
        }
        if !self.negated {
            return self.values.first().cloned().map(Some);
        }
        let fresh = |n: usize| if n == 0 { "x".into() } else { format!("x{n}") };
        let found = (0..).map(fresh).find(|v| !self.values.contains(v));
        found.map(Some)
    }
}

impl From<&LabelOp> for ValueSet {
    /// Exact for the four Kubernetes operators; for string predicates only presence.
    fn from(op: &LabelOp) -> Self {
        match op {
            LabelOp::In(values) => Self::only(values.iter().cloned()),
            LabelOp::NotIn(values) => Self::all_but(values.iter().cloned()),
            LabelOp::DoesNotExist => Self::missing(),
            LabelOp::Exists
            | LabelOp::StartsWith(_)
            | LabelOp::EndsWith(_)
            | LabelOp::Contains(_) => Self::present(),
        }
    }
}
