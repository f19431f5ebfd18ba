//! The comments in the text of a policy: those about a rule, and those about the rest of it.

use std::ops::Range;

use crate::yaml::{self, Node, Object, Value};

/// The lists of rules below `spec`.
const LISTS: [&str; 4] = ["ingress", "egress", "ingressDeny", "egressDeny"];

/// The comments of a policy's text.
pub(super) struct Comments {
    all: Vec<Comment>,
    /// The name of a list, a place in it, and the lines of the rule there, with the comments above it.
    rules: Vec<(&'static str, usize, Range<usize>)>,
}

struct Comment {
    /// From 0.
    line: usize,
    text: String,
}

impl Comments {
    pub fn of(object: &Object) -> Self {
        let text = object.text.as_str();
        // On its own, so that places are those of this text.
        let parsed = yaml::parse(text);
        let Some(document) = parsed.documents.first() else {
            return Self {
                all: Vec::new(),
                rules: Vec::new(),
            };
        };
        let mut scalars = Vec::new();
        collect_scalars(&document.node, &mut scalars);
        scalars.sort_unstable_by_key(|range| range.start);
        let lines = lines(text, &scalars);
        let mut all = Vec::new();
        for (line, one) in lines.iter().enumerate() {
            if let Line::Comment(text) | Line::Ended(text) = one {
                let text = text.strip_prefix(' ').unwrap_or(text).trim_end();
                all.push(Comment {
                    line,
                    text: text.to_owned(),
                });
            }
        }
        Self {
            all,
            rules: rules(&document.node, text, &lines),
        }
    }

    /// Those above the policy and in it that are about no rule.
    pub fn head(&self) -> String {
        let is_of_rule = |line| self.rules.iter().any(|(.., lines)| lines.contains(&line));
        let own = self.all.iter().filter(|one| !is_of_rule(one.line));
        let texts: Vec<&str> = own.map(|one| one.text.as_str()).collect();
        texts.join("\n")
    }

    /// Those above a rule and in it.
    pub fn of_rule(&self, list: &str, index: usize) -> Vec<String> {
        // Of rules in one line the first one has its comment.
        let own = |line| {
            let mut with = self
                .rules
                .iter()
                .filter(|(.., lines)| lines.contains(&line));
            with.next()
                .is_some_and(|(of, at, _)| (*of, *at) == (list, index))
        };
        let own = self.all.iter().filter(|one| own(one.line));
        own.map(|one| one.text.clone()).collect()
    }

    /// How many of them a written text does not have.
    pub fn missing_in(&self, written: &str) -> usize {
        let all = self.all.iter().filter(|one| !one.text.is_empty());
        all.filter(|one| !written.contains(&one.text)).count()
    }
}

/// What is in a line beside its content.
enum Line<'a> {
    Blank,
    /// Nothing but a comment.
    Comment(&'a str),
    /// Content with a comment at its end.
    Ended(&'a str),
    Content,
}

/// The lines of a text whose keys and values are at `scalars`, in their order: a `#` in one of these begins no comment.
fn lines<'a>(text: &'a str, scalars: &[Range<usize>]) -> Vec<Line<'a>> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let is_in_scalar = |at: usize| {
            let before = scalars.partition_point(|range| range.start <= at);
            let last = before.checked_sub(1).and_then(|last| scalars.get(last));
            last.is_some_and(|range| range.contains(&at))
        };
        let begins = |&(at, _): &(usize, &str)| {
            let before = line.get(..at).unwrap_or_default();
            (before.is_empty() || before.ends_with([' ', '\t'])) && !is_in_scalar(start + at)
        };
        let comment = line.match_indices('#').find(begins);
        found.push(match comment {
            Some((at, _)) => {
                let (before, comment) = line.split_at(at);
                let comment = comment.strip_prefix('#').unwrap_or(comment);
                match before.trim().is_empty() {
                    true => Line::Comment(comment),
                    false => Line::Ended(comment),
                }
            }
            None if line.trim().is_empty() => Line::Blank,
            None => Line::Content,
        });
        start += line.len();
    }
    found
}

/// The bytes of keys and of values that are no collections.
fn collect_scalars(node: &Node, into: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Map(map) => {
            for entry in &map.entries {
                into.push(entry.mark.bytes());
                collect_scalars(&entry.value, into);
            }
        }
        Value::Seq(items) => items.iter().for_each(|item| collect_scalars(item, into)),
        Value::Null | Value::Bool(..) | Value::Number(..) | Value::String(_) => {
            into.push(node.mark.bytes());
        }
    }
}

/// The lines of each rule, from the first comment right above it.
fn rules(root: &Node, text: &str, lines: &[Line]) -> Vec<(&'static str, usize, Range<usize>)> {
    let line_of = |at: usize| {
        let before = text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count()
    };
    let first_of_specs = || root.get("specs")?.items()?.first();
    let spec = root.get("spec").or_else(first_of_specs);
    let mut found = Vec::new();
    for list in LISTS {
        let items = spec.and_then(|spec| spec.get(list)?.items());
        for (index, item) in items.unwrap_or_default().iter().enumerate() {
            let bytes = item.mark.bytes();
            let first = line_of(bytes.start);
            let last = line_of(bytes.end.saturating_sub(1).max(bytes.start));
            let above = lines.get(..first).unwrap_or_default().iter().rev();
            let above = above
                .take_while(|line| matches!(line, Line::Comment(_)))
                .count();
            found.push((list, index, first - above..last + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(text: &str) -> Comments {
        let read = crate::manifest::read(
            &[crate::manifest::Source::new("a", text)],
            &crate::dialect::kinds(crate::cluster::Enforcer::Kubernetes),
        );
        Comments::of(read.policies.first().expect("a policy"))
    }

    #[test]
    fn comments_are_of_the_rule_they_are_in_or_of_the_policy() {
        let found = comments(
            "# head\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: 'a # no comment' # name\n  annotations:\n    x: |\n      # text\n    y: a#b\nspec:\n  # pods\n  podSelector: {}\n  ingress:\n  # first\n  - from:\n    # peers\n    - podSelector: {} # own\n  # second\n  - {} # end\n  # after\n  egress: []\n",
        );
        assert_eq!(found.head(), "head\nname\npods\nafter");
        assert_eq!(found.of_rule("ingress", 0), ["first", "peers", "own"]);
        assert_eq!(found.of_rule("ingress", 1), ["second", "end"]);
        assert_eq!(found.of_rule("egress", 0), [""; 0]);
        assert_eq!(found.missing_in("# head # name # pods # after"), 5);
    }

    #[test]
    fn several_rules_in_one_line_have_its_comment_once() {
        let found = comments(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {}, ingress: [{}, {}], egress: [{}]} # all\n",
        );
        assert_eq!(found.of_rule("ingress", 0), ["all"]);
        assert_eq!(found.of_rule("ingress", 1), [""; 0]);
        assert_eq!(found.of_rule("egress", 0), [""; 0]);
        assert_eq!(found.head(), "");
    }
}
