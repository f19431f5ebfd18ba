//! The manual: a page for every code. Pages are Markdown, one below each `## CODE NAME`.

use super::RULES;
use crate::{dialect, manifest};

/// Codes that arise in the project, in files and in the call.
const OTHERS: &str = include_str!("manual.md");

/// The page of a code, whatever its case; none if there is no such code.
pub fn page(code: &str) -> Option<&'static str> {
    let mut all = pages();
    all.find_map(|(known, page)| known.eq_ignore_ascii_case(code).then_some(page))
}

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
