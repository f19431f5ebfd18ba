//! The words of names and comments, compared as a whole.

use crate::yaml::{self, Comment, Object};

/// Words before and behind `block` where it is a noun.
const KINDS_OF_BLOCKS: &[&str] = &["ip", "cidr", "address", "addresses", "net", "network"];
const BLOCK_KINDS: &[&str] = &["storage", "device", "devices", "volume", "volumes", "store"];

/// The words of a text, in lower case: signs and capitals within a word separate them.
pub fn words(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let starts = before.is_lowercase() && c.is_uppercase();
        if !c.is_alphanumeric() || starts {
            found.push(String::new());
        }
        if let Some(last) = found.last_mut().filter(|_| c.is_alphanumeric()) {
            last.extend(c.to_lowercase());
        }
        before = c;
    }
    found.retain(|word| !word.is_empty());
    found
}

/// Whether the word at this place is `block` or a form of it as a noun: an address block, block storage.
pub fn is_noun(words: &[String], at: usize) -> bool {
    let near = |at: Option<usize>| at.and_then(|at| words.get(at)).map(String::as_str);
    near(Some(at)).is_some_and(|word| word.starts_with("block"))
        && (near(at.checked_sub(1)).is_some_and(|word| KINDS_OF_BLOCKS.contains(&word))
            || near(Some(at + 1)).is_some_and(|word| BLOCK_KINDS.contains(&word)))
}

/// Whether a text has one of these phrases, each of words with a blank between.
pub fn has_one_of(text: &str, phrases: &[&str]) -> bool {
    let all = words(text);
    phrases.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let mut places = all.windows(phrase.len()).enumerate();
        places.any(|(at, found)| found == phrase && !is_noun(&all, at))
    })
}

/// The comments in an object and directly above it. Those below it, which are not indented, are about what follows.
pub fn comments(object: &Object) -> Vec<Comment<'_>> {
    let text = object.text.as_str();
    if !text.contains('#') {
        return Vec::new();
    }
    // On its own, so that places are those of this text.
    let mut found = yaml::comments(text, &yaml::parse(text).documents);
    let is_below = |line: &&str| line.trim().is_empty() || line.starts_with('#');
    let below = text.lines().rev().take_while(is_below).count();
    let own = text.lines().count() - below;
    found.retain(|comment| comment.line < own);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_capitals_separate_words() {
        for (text, wanted) in [
            ("deny-all_egress.v2", "deny all egress v2"),
            ("denyAllEgress", "deny all egress"),
            ("Egress: none!", "egress none"),
            ("blockchain-node", "blockchain node"),
            ("", ""),
        ] {
            assert_eq!(words(text).join(" "), wanted, "{text}");
        }
    }

    #[test]
    fn phrases_are_whole_words() {
        let phrases = ["no egress", "lock down", "block"];
        for (text, found) in [
            ("web-no-egress", true),
            ("no-legacy-egress", false),
            ("lock down web", true),
            ("clock-down", false),
            ("block-legacy", true),
            ("ip-block-office", false),
            ("block-storage", false),
            ("blockchain", false),
        ] {
            assert_eq!(has_one_of(text, &phrases), found, "{text}");
        }
    }
}
