//! Domain names by patterns: which names a pattern matches, whether two patterns have a name in common,
//! and the pieces into which many patterns cut all names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::hash::HashSet;

/// A set of domain names. Case means nothing, nor does a dot at the end of a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainPattern {
    /// As it is written, in lower case and without a dot at the end.
    text: String,
    /// Whether one or more labels of any text come before `labels`.
    below: bool,
    /// The labels, first to last; `*` in one matches any number of characters, including none.
    labels: Vec<String>,
}

impl DomainPattern {
    /// One name, or with a leading `*.` all names below one: `*.example.com` has `a.example.com` and
    /// `a.b.example.com`, not `example.com` (A8).
    pub fn subdomains(text: &str) -> Self {
        let text = normal(text);
        let (below, rest) = match text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let labels = rest.split('.').map(str::to_owned).collect();
        Self {
            below,
            labels,
            text,
        }
    }

    /// A pattern that is matched label by label: `*` matches characters of one label, a leading `**.`
    /// one or more labels, and `*` alone every name. `*.example.com` matches `a.example.com`, not
    /// `a.b.example.com` (C34).
    pub fn labelwise(text: &str) -> Self {
        let text = normal(text);
        let (below, rest) = match (text.as_str(), text.strip_prefix("**.")) {
            ("*", _) => (true, None),
            (_, Some(rest)) => (true, Some(rest)),
            (whole, None) => (false, Some(whole)),
        };
        let labels = rest.into_iter().flat_map(|rest| rest.split('.'));
        Self {
            below,
            labels: labels.map(str::to_owned).collect(),
            text,
        }
    }

    /// Whether one or more labels of any text come before [`Self::labels`].
    pub fn is_below(&self) -> bool {
        self.below
    }

    /// The labels of the pattern, first to last; `*` in one matches any number of characters.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Whether it matches the name. A `*` in the name is a character that occurs in no pattern, so that
    /// a name can represent all those that patterns do not mention.
    pub fn matches(&self, name: &str) -> bool {
        let name = normal(name);
        let labels: Vec<&str> = name.split('.').collect();
        let Some(before) = labels.len().checked_sub(self.labels.len()) else {
            return false;
        };
        let fits = match self.below {
            true => before > 0,
            false => before == 0,
        };
        let mut pairs = self.labels.iter().zip(&labels[before..]);
        fits && labels.iter().all(|label| !label.is_empty())
            && pairs.all(|(pattern, label)| glob(pattern.as_bytes(), label.as_bytes()))
    }

    /// Whether some name is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (&self.labels, &other.labels);
        let fits = match (self.below, other.below) {
            (false, false) => a.len() == b.len(),
            (true, false) => a.len() < b.len(),
            (false, true) => a.len() > b.len(),
            (true, true) => true,
        };
        let empty = a.iter().chain(b).any(String::is_empty);
        let mut pairs = a.iter().rev().zip(b.iter().rev());
        fits && !empty && pairs.all(|(a, b)| globs_meet(a.as_bytes(), b.as_bytes()))
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// Names as they are compared.
fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Whether a pattern has the text; after a failure only the last `*` has to take more.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut star, mut next) = (0, None, 0);
    while next < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, next));
                at += 1;
            }
            Some(byte) if *byte == text[next] => {
                at += 1;
                next += 1;
            }
            _ => match star {
                Some((from, taken)) => {
                    star = Some((from, taken + 1));
                    (at, next) = (from + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Whether two patterns have a text in common: from the ends to the starts, for each two of their rests.
fn globs_meet(a: &[u8], b: &[u8]) -> bool {
    let mut after: Vec<bool> = Vec::new();
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            let shorter = |j: usize| after.get(j).copied().unwrap_or(false);
            row[j] = match (a.get(i), b.get(j)) {
                (None, None) => true,
                // A `*` takes nothing more, or what comes next on the other side.
                (Some(b'*'), other) => shorter(j) || (other.is_some() && row[j + 1]),
                (other, Some(b'*')) => row[j + 1] || (other.is_some() && shorter(j)),
                (Some(x), Some(y)) => x == y && shorter(j + 1),
                _ => false,
            };
        }
        after = row;
    }
    after.first().copied().unwrap_or(false)
}

/// Names that some patterns do not distinguish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainPiece {
    /// A name that represents them, as [`DomainPattern::matches`] reads it: the text of a pattern where
    /// possible, else one of the names.
    pub name: String,
    /// The places of the patterns that have them, ascending; never empty.
    pub patterns: Vec<usize>,
}

/// More states of the automaton than these are not looked at. Patterns as people write them have about as
/// many as characters.
const MOST: usize = 1 << 16;

/// The pieces into which patterns cut the names that they have, by name.
pub fn pieces(patterns: &[DomainPattern]) -> Vec<DomainPiece> {
    let automaton = Automaton::new(patterns);
    let found = automaton.accepted().into_iter();
    let piece = |(matching, example): (Vec<usize>, String)| {
        let alone = |name: &str| {
            let mut all = patterns.iter().enumerate();
            all.all(|(at, p)| p.matches(name) == matching.binary_search(&at).is_ok())
        };
        let mut texts: Vec<&str> = matching.iter().map(|&at| &*patterns[at].text).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let own = texts.into_iter().find(|text| alone(text));
        DomainPiece {
            name: own.map_or(example, str::to_owned),
            patterns: matching,
        }
    };
    let mut all: Vec<DomainPiece> = found.map(piece).collect();
    all.sort_by(|a, b| (&a.name, &a.patterns).cmp(&(&b.name, &b.patterns)));
    all
}

/// One step of a pattern that is read from its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Byte(u8),
    /// Any number of characters of a label.
    Star,
    /// Labels of any text.
    Below,
    /// The pattern of this place is read.
    End(usize),
}

/// All patterns side by side, reading names from their ends, where they have most in common.
struct Automaton {
    steps: Vec<Step>,
    starts: Vec<usize>,
}

/// Characters of names, those first that read well in an example.
const CHARACTERS: &[u8] = b"xyzabcdefghijklmnopqrstuvw0123456789-_";

/// Places in the steps, ascending, and whether a label has to begin.
type State = (Vec<usize>, bool);

impl Automaton {
    fn new(patterns: &[DomainPattern]) -> Self {
        let (mut steps, mut starts) = (Vec::new(), Vec::new());
        for (at, pattern) in patterns.iter().enumerate() {
            starts.push(steps.len());
            for label in pattern.labels.iter().rev() {
                steps.extend(label.bytes().rev().map(|byte| match byte {
                    b'*' => Step::Star,
                    byte => Step::Byte(byte),
                }));
                steps.push(Step::Byte(b'.'));
            }
            match pattern.below {
                true => steps.push(Step::Below),
                false => _ = steps.pop(),
            }
            steps.push(Step::End(at));
        }
        Self { steps, starts }
    }

    /// Every set of patterns that have some name in common which no other pattern has, with the first
    /// such name.
    fn accepted(&self) -> BTreeMap<Vec<usize>, String> {
        let mut found: BTreeMap<Vec<usize>, String> = BTreeMap::new();
        let first: State = (self.closed(self.starts.iter().copied()), true);
        let mut known: HashSet<State> = HashSet::default();
        known.insert(first.clone());
        let mut next = VecDeque::from([(first, Vec::new())]);
        while let Some(((places, begins), read)) = next.pop_front() {
            if !begins {
                let ends = places.iter().filter_map(|&at| match self.steps[at] {
                    Step::End(pattern) => Some(pattern),
                    _ => None,
                });
                let ends: Vec<usize> = ends.collect();
                if !ends.is_empty() {
                    let name = || read.iter().rev().map(|&b| char::from(b)).collect();
                    found.entry(ends).or_insert_with(name);
                }
            }
            for byte in self.bytes(&places, begins) {
                let state: State = (self.after(&places, byte), byte == b'.');
                if known.len() < MOST && !state.0.is_empty() && known.insert(state.clone()) {
                    let read = read.iter().copied().chain([byte]).collect();
                    next.push_back((state, read));
                }
            }
        }
        found
    }

    /// The characters with a transition, and one that represents all others where others have one too.
    fn bytes(&self, places: &[usize], begins: bool) -> BTreeSet<u8> {
        let mut bytes = BTreeSet::new();
        let mut others = false;
        for &at in places {
            match self.steps[at] {
                Step::Byte(byte) => _ = bytes.insert(byte),
                Step::Star => others = true,
                Step::Below => {
                    others = true;
                    bytes.insert(b'.');
                }
                Step::End(_) => {}
            }
        }
        let other = CHARACTERS.iter().find(|byte| !bytes.contains(byte));
        bytes.extend(other.filter(|_| others));
        if begins {
            bytes.remove(&b'.');
        }
        bytes
    }

    /// The places after a character.
    fn after(&self, places: &[usize], byte: u8) -> Vec<usize> {
        let moved = places.iter().filter_map(|&at| match self.steps[at] {
            Step::Byte(wanted) => (wanted == byte).then_some(at + 1),
            Step::Star => (byte != b'.').then_some(at),
            Step::Below => Some(at),
            Step::End(_) => None,
        });
        self.closed(moved)
    }

    /// The places, and those behind what may take nothing. What is below a name has at least one label,
    /// since names do not begin with a dot.
    fn closed(&self, places: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut all: Vec<usize> = Vec::new();
        for mut at in places {
            all.push(at);
            while matches!(self.steps[at], Step::Star | Step::Below) {
                at += 1;
                all.push(at);
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_apis_define() {
        for (pattern, name, want) in [
            (
                DomainPattern::subdomains("example.com"),
                "Example.COM.",
                true,
            ),
            (
                DomainPattern::subdomains("example.com"),
                "a.example.com",
                false,
            ),
            (
                DomainPattern::subdomains("*.example.com"),
                "a.example.com",
                true,
            ),
            (
                DomainPattern::subdomains("*.example.com"),
                "a.b.example.com",
                true,
            ),
            (
                DomainPattern::subdomains("*.example.com"),
                "example.com",
                false,
            ),
            (
                DomainPattern::subdomains("*.example.com"),
                ".example.com",
                false,
            ),
            (
                DomainPattern::subdomains("*.example.com"),
                "aexample.com",
                false,
            ),
            (DomainPattern::labelwise("*.x.io"), "a.x.io", true),
            (DomainPattern::labelwise("*.x.io"), "x.io", false),
            (DomainPattern::labelwise("*.x.io"), "a.b.x.io", false),
            (DomainPattern::labelwise("*x.io"), "x.io", true),
            (DomainPattern::labelwise("*x.io"), "subx.io", true),
            (DomainPattern::labelwise("*x.io"), "www.x.io", false),
            (DomainPattern::labelwise("**.x.io"), "a.b.x.io", true),
            (DomainPattern::labelwise("**.x.io"), "x.io", false),
            (DomainPattern::labelwise("a*b*c.io"), "axbybc.io", true),
            (DomainPattern::labelwise("a*b*c.io"), "axcb.io", false),
            (DomainPattern::labelwise("*"), "any.name.at.all", true),
        ] {
            assert_eq!(pattern.matches(name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn pieces_are_printed_as_patterns() {
        let names = |patterns: &[DomainPattern]| -> Vec<String> {
            pieces(patterns).into_iter().map(|p| p.name).collect()
        };
        let below = DomainPattern::subdomains("*.example.com");
        let one = DomainPattern::subdomains("api.example.com");
        assert_eq!(names(&[]), Vec::<String>::new());
        assert_eq!(names(std::slice::from_ref(&below)), ["*.example.com"]);
        assert_eq!(
            names(&[below.clone(), one]),
            ["*.example.com", "api.example.com"]
        );
        let label = DomainPattern::labelwise("*.example.com");
        assert_eq!(names(&[below, label]), ["*.example.com", "x.x.example.com"]);
        let (start, end) = (
            DomainPattern::labelwise("a*.io"),
            DomainPattern::labelwise("*b.io"),
        );
        assert_eq!(names(&[start, end]), ["*b.io", "a*.io", "ab.io"]);
    }
}
