//! The manual: a page for every code. Pages are Markdown, one below each `## CODE NAME`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::RULES;
use crate::{dialect, manifest};

/// Codes that arise in the project, in files and in the call.
const OTHERS: &str = include_str!("manual.md");

/// The page of a code, whatever its case, or of the name of a rule; none if there is no such rule.
pub fn page(word: &str) -> Option<&'static str> {
    let code = find(word)?;
    pages().find_map(|(known, page)| (known == code).then_some(page))
}

/// The code of a rule by its code or its name, whatever the case of the code.
pub fn find(word: &str) -> Option<&'static str> {
    let by_code = NAMES.keys().find(|code| code.eq_ignore_ascii_case(word));
    let by_name = || NAMES.iter().find(|(_, name)| **name == word);
    by_code
        .copied()
        .or_else(|| by_name().map(|(code, _)| *code))
}

/// The name of a code: `unmatched-named-port` of L08. A code that is a word is its own name.
pub fn name_of(code: &str) -> &str {
    NAMES.get(code).copied().unwrap_or(code)
}

/// The names by code.
static NAMES: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let named = pages().map(|(code, page)| {
        let heading = page.lines().next().unwrap_or_default();
        (code, heading.split_whitespace().nth(2).unwrap_or(code))
    });
    named.collect()
});

/// All codes, in the order of the manual.
pub fn codes() -> Vec<&'static str> {
    pages().map(|(code, _)| code).collect()
}

fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let read = dialect::manual().into_iter().chain([manifest::MANUAL]);
    let rules = RULES.iter().map(|rule| rule.page);
    read.chain(rules).chain([OTHERS]).flat_map(sections)
}

/// The pages of a text, each with its code.
fn sections(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let starts = text.match_indices("## ").map(|(at, _)| at);
    let starts = starts.filter(move |at| text[..*at].ends_with('\n') || *at == 0);
    starts.filter_map(move |start| {
        let rest = text.get(start..)?;
        let end = rest.find("\n## ").unwrap_or(rest.len());
        let page = rest.get(..end)?.trim_end();
        let code = page.split_whitespace().nth(1)?;
        Some((code, page))
    })
}
