//! The comments in the text of a policy: those about a rule, and those about the rest of it.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::yaml::{self, Comment, Node, Object};

/// The lists of rules below `spec`.
const LISTS: [&str; 4] = ["ingress", "egress", "ingressDeny", "egressDeny"];

/// The comments of a policy's text.
pub(super) struct Comments<'t> {
    all: Vec<Comment<'t>>,
    /// The name of a list, a place in it, and the lines of the rule there, with the comments above it.
    rules: Vec<(&'static str, usize, Range<usize>)>,
}

impl<'t> Comments<'t> {
    pub fn of(object: &'t Object) -> Self {
        let text = object.text.as_str();
        // On its own, so that places are those of this text.
        let documents = yaml::parse(text).documents;
        let mut all = yaml::comments(text, &documents);
        let mut rules = Vec::new();
        if let Some(document) = documents.first() {
            let alone = all.iter().filter(|comment| comment.is_alone);
            let alone = alone.map(|comment| comment.line).collect();
            rules = rules_of(&document.node, text, &alone);
        }
        for comment in &mut all {
            let text = comment.text.strip_prefix(' ').unwrap_or(comment.text);
            comment.text = text.trim_end();
        }
        Self { all, rules }
    }

    /// Those above the policy and in it that are about no rule.
    pub fn head(&self) -> String {
        let is_of_rule = |line| self.rules.iter().any(|(.., lines)| lines.contains(&line));
        let own = self.all.iter().filter(|one| !is_of_rule(one.line));
        let texts: Vec<&str> = own.map(|one| one.text).collect();
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
        own.map(|one| one.text.to_owned()).collect()
    }

    /// How many of them a written text does not have.
    pub fn missing_in(&self, written: &str) -> usize {
        let all = self.all.iter().filter(|one| !one.text.is_empty());
        all.filter(|one| !written.contains(one.text)).count()
    }
}

/// The lines of each rule, from the first comment right above it.
fn rules_of(
    root: &Node,
    text: &str,
    alone: &BTreeSet<usize>,
) -> Vec<(&'static str, usize, Range<usize>)> {
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line_of = |at: usize| breaks.partition_point(|end| *end < at);
    let first_of_specs = || root.get("specs")?.items()?.first();
    let spec = root.get("spec").or_else(first_of_specs);
    let mut found = Vec::new();
    for list in LISTS {
        let items = spec.and_then(|spec| spec.get(list)?.items());
        for (index, item) in items.unwrap_or_default().iter().enumerate() {
            let bytes = item.mark.bytes();
            let first = line_of(bytes.start);
            let last = line_of(bytes.end.saturating_sub(1).max(bytes.start));
            let above = (0..first).rev().take_while(|line| alone.contains(line));
            let above = above.count();
            found.push((list, index, first - above..last + 1));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Object {
        let read = crate::manifest::read(
            &[crate::manifest::Source::new("a", text)],
            &crate::dialect::kinds(crate::cluster::Enforcer::Kubernetes),
        );
        read.policies.first().expect("a policy").clone()
    }

    #[test]
    fn comments_are_of_the_rule_they_are_in_or_of_the_policy() {
        let policy = policy(
            "# head\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: 'a # no comment' # name\n  annotations:\n    x: |\n      # text\n    y: a#b\nspec:\n  # pods\n  podSelector: {}\n  ingress:\n  # first\n  - from:\n    # peers\n    - podSelector: {} # own\n  # second\n  - {} # end\n  # after\n  egress: []\n",
        );
        let found = Comments::of(&policy);
        assert_eq!(found.head(), "head\nname\npods\nafter");
        assert_eq!(found.of_rule("ingress", 0), ["first", "peers", "own"]);
        assert_eq!(found.of_rule("ingress", 1), ["second", "end"]);
        assert_eq!(found.of_rule("egress", 0), [""; 0]);
        assert_eq!(found.missing_in("# head # name # pods # after"), 5);
    }

    #[test]
    fn several_rules_in_one_line_have_its_comment_once() {
        let policy = policy(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {podSelector: {}, ingress: [{}, {}], egress: [{}]} # all\n",
        );
        let found = Comments::of(&policy);
        assert_eq!(found.of_rule("ingress", 0), ["all"]);
        assert_eq!(found.of_rule("ingress", 1), [""; 0]);
        assert_eq!(found.of_rule("egress", 0), [""; 0]);
        assert_eq!(found.head(), "");
    }
}
