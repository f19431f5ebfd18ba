//! Excerpts of a policy's text around the deciding lines.

use std::ops::RangeInclusive;

use super::{Excerpt, Explainer, Source};
use crate::policy::Rule;
use crate::proof::in_force::Text;

/// How many lines are shown at most.
const LINES: usize = 16;
/// How many lines are shown above the marked ones.
const ABOVE: usize = 3;
/// How many lines are shown below them.
const BELOW: usize = 3;

impl Explainer<'_> {
    /// `NAMESPACE/NAME` and the line of a policy in force.
    pub(super) fn source(&self, policy: usize, line: u32) -> Option<Source> {
        let found = self.results.in_force.policies().get(policy)?;
        let file = match self.text(policy) {
            Some(Text::Imported(_, kept)) => Some(kept.file.clone()),
            _ => None,
        };
        Some(Source {
            policy: found.full_name(),
            file,
            line,
        })
    }

    fn text(&self, policy: usize) -> Option<Text<'_>> {
        let results = self.results;
        (results.in_force).text(policy, &results.document, &results.generated)
    }

    /// The text around a rule, its block marked.
    pub(super) fn rule_excerpt(
        &self,
        policy: usize,
        rule: &Rule,
        deciding: u32,
    ) -> Option<Excerpt> {
        let text = self.whole(policy)?;
        let lines: Vec<&str> = text.lines().collect();
        let rule = block(&lines, rule.span.line);
        let marked = match rule.contains(&deciding) && deciding > *rule.start() {
            true => block(&lines, deciding),
            false => rule,
        };
        self.excerpt(policy, &lines, marked)
    }

    /// The text around the lines that make a policy isolate.
    pub(super) fn isolating_excerpt(&self, policy: usize) -> Option<Excerpt> {
        let text = self.whole(policy)?;
        let lines: Vec<&str> = text.lines().collect();
        let found = ["policyTypes:", "podSelector:", "spec:"]
            .iter()
            .find_map(|key| {
                let mut each = lines.iter();
                each.position(|line| line.trim_start().starts_with(key))
            });
        let line = u32::try_from(found? + 1).ok()?;
        let own = lines.get(line as usize - 1).map_or(0, |l| indent(l));
        let mut marked = block(&lines, line);
        // A list may be indented as deep as its key.
        let item = |line: &&str| indent(line) == own && line.trim_start().starts_with("- ");
        while lines.get(*marked.end() as usize).is_some_and(item) {
            marked = line..=*marked.end() + 1;
        }
        self.excerpt(policy, &lines, marked)
    }

    fn whole(&self, policy: usize) -> Option<String> {
        match self.text(policy)? {
            Text::Generated(written) => Some(written.text.clone()),
            Text::Imported(_, kept) => Some(kept.text.clone()),
        }
    }

    fn excerpt(
        &self,
        policy: usize,
        lines: &[&str],
        marked: RangeInclusive<u32>,
    ) -> Option<Excerpt> {
        let spec = lines.iter().position(|line| line.starts_with("spec:"));
        let (begin, end) = (*marked.start() as usize, *marked.end() as usize);
        // From the spec on, or from a few lines above what is marked.
        let first = spec
            .unwrap_or_default()
            .max(begin.saturating_sub(ABOVE + 1));
        let first = first.min(begin.saturating_sub(1));
        let count = (end + BELOW - first).min(LINES);
        let shown = lines.iter().skip(first).take(count);
        Some(Excerpt {
            source: self.source(policy, *marked.start())?,
            first: u32::try_from(first + 1).ok()?,
            lines: shown.map(|line| (*line).to_owned()).collect(),
            marked,
        })
    }
}

/// The lines of a block in YAML's block style: the line itself, and those that are indented deeper.
fn block(lines: &[&str], from: u32) -> RangeInclusive<u32> {
    let at = (from as usize).saturating_sub(1);
    let Some(first) = lines.get(at) else {
        return from..=from;
    };
    let deep = indent(first);
    let below = lines.get(at + 1..).unwrap_or_default().iter();
    let more = below
        .take_while(|line| line.trim().is_empty() || indent(line) > deep)
        .count();
    let mut to = at + more;
    while to > at && lines.get(to).is_some_and(|line| line.trim().is_empty()) {
        to -= 1;
    }
    from..=u32::try_from(to + 1).unwrap_or(from)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
