//! Rust text as words and marks.

/// A word (`crate`, `unwrap`) or a mark (`::`, `{`), and the line it stands on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Words and marks; comments, texts and characters are left out.
pub fn lex(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let at = |offset: usize| chars.get(i + offset).copied().unwrap_or('\0');
        let start = i;
        let c = chars[i];
        if c == '/' && at(1) == '/' {
            i = end_of_line(&chars, i);
        } else if c == '/' && at(1) == '*' {
            i = end_of_block_comment(&chars, i);
        } else if c == '"' {
            i = end_of_text(&chars, i);
        } else if c == '\'' {
            i = end_of_character(&chars, i);
        } else if c.is_alphanumeric() || c == '_' {
            while i < chars.len() && (chars[i].is_alphanumeric() || chars[i] == '_') {
                i += 1;
            }
            let word: String = chars[start..i].iter().collect();
            let next = chars.get(i).copied().unwrap_or('\0');
            if matches!(word.as_str(), "r" | "br" | "cr") && matches!(next, '"' | '#') {
                i = end_of_raw_text(&chars, i);
            } else if !(matches!(word.as_str(), "b" | "c") && matches!(next, '"' | '\'')) {
                tokens.push(Token { text: word, line });
            }
        } else {
            let is_path = c == ':' && at(1) == ':';
            let text = if is_path {
                "::".to_owned()
            } else {
                c.to_string()
            };
            i += if is_path { 2 } else { 1 };
            if !c.is_whitespace() {
                tokens.push(Token { text, line });
            }
        }
        line += chars[start..i].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn end_of_line(chars: &[char], start: usize) -> usize {
    chars[start..]
        .iter()
        .position(|c| *c == '\n')
        .map_or(chars.len(), |offset| start + offset)
}

fn end_of_block_comment(chars: &[char], start: usize) -> usize {
    let (mut i, mut depth) = (start, 0);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    i
}

fn end_of_text(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

/// `r#"..."#`, from its first hash or quote; a raw identifier ends at its hash.
fn end_of_raw_text(chars: &[char], start: usize) -> usize {
    let hashes = chars[start..].iter().take_while(|c| **c == '#').count();
    if chars.get(start + hashes) != Some(&'"') {
        return start + hashes;
    }
    let mut i = start + hashes + 1;
    while i < chars.len() {
        if chars[i] == '"'
            && chars[i + 1..]
                .iter()
                .take(hashes)
                .filter(|c| **c == '#')
                .count()
                == hashes
        {
            return i + 1 + hashes;
        }
        i += 1;
    }
    i
}

/// `'x'` or `'\n'`; a lifetime ends before its name.
fn end_of_character(chars: &[char], start: usize) -> usize {
    if chars.get(start + 1) == Some(&'\\') {
        let close = chars[(start + 3).min(chars.len())..]
            .iter()
            .position(|c| *c == '\'');
        return close.map_or(chars.len(), |offset| start + 4 + offset);
    }
    if chars.get(start + 2) == Some(&'\'') {
        start + 3
    } else {
        start + 1
    }
}
