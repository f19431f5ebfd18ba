//! Fuzzy matching for the palette: the typed letters in order; better when adjacent, at the beginnings
//! of words, and in short texts.

/// How well `text` matches the query; none: not at all. Larger is better; an empty query matches
/// everything equally.
pub fn score(typed: &str, text: &str) -> Option<i32> {
    let mut score = 0;
    for word in typed.split_whitespace() {
        score += word_score(word, text)?;
    }
    let length = i32::try_from(text.chars().count()).unwrap_or(i32::MAX / 4);
    Some(if typed.trim().is_empty() {
        0
    } else {
        score * 8 - length.min(200)
    })
}

fn word_score(word: &str, text: &str) -> Option<i32> {
    let lower = text.to_lowercase();
    if let Some(at) = lower.find(&word.to_lowercase()) {
        let begins = at == 0 || !lower.as_bytes()[at - 1].is_ascii_alphanumeric();
        return Some(40 + if at == 0 { 20 } else { 0 } + if begins { 15 } else { 0 });
    }
    let mut score = 0;
    let mut last = None;
    let mut chars = lower.char_indices();
    for wanted in word.to_lowercase().chars() {
        let (at, _) = chars.find(|(_, c)| *c == wanted)?;
        let begins = at == 0 || !lower.as_bytes()[at - 1].is_ascii_alphanumeric();
        let together = last.is_some_and(|last: usize| last + 1 == at);
        score += if together {
            5
        } else if begins {
            4
        } else {
            0
        };
        last = Some(at);
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::score;

    fn best<'a>(typed: &str, texts: &[&'a str]) -> &'a str {
        let fitting = texts
            .iter()
            .filter_map(|text| Some((score(typed, text)?, *text)));
        fitting.max_by_key(|(score, _)| *score).expect("one fits").1
    }

    #[test]
    fn beginnings_and_whole_words_win() {
        assert_eq!(
            best("che", &["recheck", "checkout", "cache-engine"]),
            "checkout"
        );
        assert_eq!(
            best("wtc", &["switch", "web to checkout"]),
            "web to checkout"
        );
        assert_eq!(
            best("checkout web", &["web", "web to checkout", "checkout"]),
            "web to checkout"
        );
        assert_eq!(score("xyz", "checkout"), None);
        assert_eq!(score("é", "café"), score("é", "café"));
    }
}
