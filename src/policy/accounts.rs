//! Pods by the service accounts that they run as.

use std::collections::BTreeSet;
use std::fmt;

/// The service accounts that pods may run as, by name; none named: any.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Accounts(BTreeSet<String>);

impl Accounts {
    /// The account of pods that name none.
    pub const DEFAULT: &str = "default";

    /// Whether pods may run as any account.
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether pods may run as the account of this name.
    pub fn has(&self, name: &str) -> bool {
        self.is_any() || self.0.contains(name)
    }

    /// The names, sorted; none: any.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The accounts that are in both; none if there is no such account.
    pub fn common(&self, other: &Self) -> Option<Self> {
        if self.is_any() || other.is_any() {
            return Some(self.0.union(&other.0).cloned().collect());
        }
        let common: Self = self.0.intersection(&other.0).cloned().collect();
        (!common.is_any()).then_some(common)
    }

    /// Whether the other has all of these accounts.
    pub fn is_within(&self, other: &Self) -> bool {
        other.is_any() || (!self.is_any() && self.0.is_subset(&other.0))
    }
}

impl FromIterator<String> for Accounts {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl fmt::Display for Accounts {
    /// `a or b`; nothing where any account is meant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        f.write_str(&names.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &str) -> Accounts {
        names.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn accounts_that_have_nothing_in_common_are_not_any() {
        for (a, b, common) in [
            ("", "", Some("")),
            ("", "a", Some("a")),
            ("a b", "b c", Some("b")),
            ("a", "b", None),
        ] {
            assert_eq!(of(a).common(&of(b)), common.map(of), "{a} and {b}");
            assert_eq!(of(b).common(&of(a)), common.map(of), "{b} and {a}");
        }
    }

    #[test]
    fn any_is_within_any_alone() {
        for (a, b, within) in [
            ("", "", true),
            ("", "a", false),
            ("a", "", true),
            ("a", "a b", true),
            ("a b", "a", false),
        ] {
            assert_eq!(of(a).is_within(&of(b)), within, "{a} in {b}");
        }
    }
}
