//! A small reader of Rust sources: words and marks with their lines, without comments, texts and tests.

use std::fs;
use std::path::Path;

/// One source file below `src`, in pieces that the rules look at.
pub struct SourceFile {
    /// Path below `src`, with forward slashes: `analysis/rows.rs`.
    pub path: String,
    /// The room it belongs to: `analysis`; `lib` and `main` for the two roots.
    pub room: String,
    /// Words and marks of everything that is not test code.
    pub tokens: Vec<Token>,
    /// Its lines, as written.
    pub lines: Vec<String>,
    /// How many of them are not test code.
    pub code_lines: usize,
    /// Files below `src` that it declares as test code: `#[cfg(test)] mod sketch;`.
    test_files: Vec<String>,
}

/// A word (`crate`, `unwrap`) or a mark (`::`, `{`), and the line it stands on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path from the root of the crate that some code names: `crate::room::...`.
pub struct Import {
    pub room: String,
    pub line: usize,
}

impl SourceFile {
    /// The file as it would be read at `path` below `src`.
    pub fn parse(path: &str, text: &str) -> Self {
        let room = match path.split_once('/') {
            Some((room, _)) => room,
            None => path.trim_end_matches(".rs"),
        };
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let tokens = lex(text);
        let test_files = test_modules(&tokens)
            .map(|name| beside(path, name))
            .collect();
        let (tokens, test_lines) = without_tests(tokens);
        let is_test_file = path.ends_with("/tests.rs") || path.contains("/tests/");
        Self {
            path: path.to_owned(),
            room: room.to_owned(),
            code_lines: if is_test_file {
                0
            } else {
                lines.len() - test_lines
            },
            tokens: if is_test_file { Vec::new() } else { tokens },
            lines,
            test_files,
        }
    }

    /// Every path from the root of the crate, whether it says `crate::`, `drawbridge::` (as `main` does) or `super::`.
    pub fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            let follows_path = index > 0 && self.text(index - 1) == "::";
            if follows_path {
                continue;
            }
            let root = match token.text.as_str() {
                "crate" => Some(index + 1),
                "drawbridge" if self.room == "main" => Some(index + 1),
                "super" => self.above_root(index),
                _ => None,
            };
            if let Some(next) = root.filter(|&next| self.text(next) == "::") {
                self.first_words(next + 1, &mut found);
            }
        }
        found
    }

    /// The lines on which these words and marks follow each other.
    pub fn lines_with(&self, pattern: &[&str]) -> Vec<usize> {
        self.tokens
            .windows(pattern.len())
            .filter(|window| {
                window
                    .iter()
                    .zip(pattern)
                    .all(|(token, word)| token.text == *word)
            })
            .map(|window| window[0].line)
            .collect()
    }

    /// The text of a line, from 1, without the space around it.
    pub fn line(&self, number: usize) -> &str {
        self.lines.get(number - 1).map_or("", |line| line.trim())
    }

    fn text(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &token.text)
    }

    /// Where a chain of `super::` that starts here leaves the room, if it does.
    fn above_root(&self, start: usize) -> Option<usize> {
        let mut supers = 1;
        let mut index = start;
        while self.text(index + 1) == "::" && self.text(index + 2) == "super" {
            supers += 1;
            index += 2;
        }
        let module = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let depth = module.split('/').count() + self.inline_modules(start);
        (supers >= depth).then_some(index + 1)
    }

    /// How many `mod x { ... }` are open at this token.
    fn inline_modules(&self, at: usize) -> usize {
        let mut open = Vec::new();
        for index in 0..at {
            match self.text(index) {
                "{" => open.push(index >= 2 && self.text(index - 2) == "mod"),
                "}" => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.into_iter().filter(|is_module| *is_module).count()
    }

    /// The first word of the path that goes on here, or of each path of a group in braces.
    fn first_words(&self, start: usize, found: &mut Vec<Import>) {
        let import = |index: usize| Import {
            room: self.text(index).to_owned(),
            line: self.tokens[index].line,
        };
        if self.text(start) != "{" {
            if start < self.tokens.len() {
                found.push(import(start));
            }
            return;
        }
        let mut depth = 1;
        let mut at_first = true;
        for index in start + 1..self.tokens.len() {
            match self.text(index) {
                "{" => depth += 1,
                "}" => depth -= 1,
                "," if depth == 1 => at_first = true,
                _ if depth == 1 && at_first => {
                    at_first = false;
                    found.push(import(index));
                }
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

/// All source files below a folder that are not test code, sorted by path.
pub fn read_all(root: &Path) -> Vec<SourceFile> {
    let mut files = Vec::new();
    walk(root, root, &mut files);
    let tests: Vec<String> = files
        .iter()
        .flat_map(|file| file.test_files.clone())
        .collect();
    files.retain(|file| !tests.contains(&file.path));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(folder).expect("the sources are readable") {
        let path = entry.expect("the sources are readable").path();
        if path.is_dir() {
            walk(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(root).expect("it lies below the root");
            let name = below.to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).expect("the sources are text");
            files.push(SourceFile::parse(&name, &text));
        }
    }
}

/// Words and marks; comments, texts and characters are left out.
fn lex(text: &str) -> Vec<Token> {
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

const TEST_MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

fn is_test_mark(tokens: &[Token]) -> bool {
    tokens.len() >= TEST_MARK.len()
        && tokens
            .iter()
            .zip(TEST_MARK)
            .all(|(token, mark)| token.text == mark)
}

/// Names of modules in files of their own that are test code.
fn test_modules(tokens: &[Token]) -> impl Iterator<Item = &str> {
    tokens.windows(TEST_MARK.len() + 3).filter_map(|window| {
        let [keyword, name, end] = &window[TEST_MARK.len()..] else {
            return None;
        };
        (is_test_mark(window) && keyword.text == "mod" && end.text == ";")
            .then_some(name.text.as_str())
    })
}

/// The file of a module that the file at `path` declares.
fn beside(path: &str, module: &str) -> String {
    let folder = match path.strip_suffix("/mod.rs") {
        Some(folder) => folder,
        None => path.trim_end_matches(".rs"),
    };
    format!("{folder}/{module}.rs")
}

/// The tokens without items under `#[cfg(test)]`, and how many lines those items cover.
fn without_tests(tokens: Vec<Token>) -> (Vec<Token>, usize) {
    let mut kept = Vec::new();
    let (mut i, mut lines) = (0, 0);
    while i < tokens.len() {
        if is_test_mark(&tokens[i..]) {
            let end = end_of_item(&tokens, i + TEST_MARK.len());
            lines += tokens[end.min(tokens.len()) - 1].line + 1 - tokens[i].line;
            i = end;
        } else {
            kept.push(tokens[i].clone());
            i += 1;
        }
    }
    (kept, lines)
}

/// Behind the `;` or the closing brace of the item that starts here.
fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1;
                }
            }
            ";" if depth == 0 => return index + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// What the rules rest on.
mod tests {
    use super::SourceFile;

    fn imports(path: &str, text: &str) -> Vec<String> {
        SourceFile::parse(path, text)
            .imports()
            .into_iter()
            .map(|import| import.room)
            .collect()
    }

    #[test]
    fn sees_every_way_to_name_a_room() {
        assert_eq!(
            imports("a/b.rs", "use crate::x::Y; use crate::{p, q::{R, s}, t};"),
            ["x", "p", "q", "t"]
        );
        assert_eq!(
            imports("a/b.rs", "fn f() { let v: crate::x::Y = crate::z::w(); }"),
            ["x", "z"]
        );
        assert_eq!(
            imports("a/b.rs", "use super::c; use super::super::x::Y;"),
            ["x"]
        );
        assert_eq!(imports("a/mod.rs", "use super::x; use self::c;"), ["x"]);
        assert_eq!(
            imports("a/b/mod.rs", "use super::x; use super::super::y;"),
            ["y"]
        );
        assert_eq!(
            imports(
                "a/mod.rs",
                "mod inner { use super::c; use super::super::x; }"
            ),
            ["x"]
        );
        assert_eq!(
            imports("main.rs", "fn main() { drawbridge::cli::run() }"),
            ["cli"]
        );
    }

    #[test]
    fn leaves_out_comments_texts_and_tests() {
        let text = "// crate::a\n/* crate::b /* crate::c */ */\nlet s = \"crate::d \\\" crate::e\";\nlet r = r#\"crate::f\"#;\n\
                    let c = '\"'; let l: &'static str = \"\"; use crate::g;\n#[cfg(test)]\nmod tests { use crate::h; }\nuse crate::i;";
        assert_eq!(imports("a/b.rs", text), ["g", "i"]);
        assert_eq!(imports("a/tests.rs", "use crate::x;"), Vec::<String>::new());
    }

    #[test]
    fn knows_files_that_are_tests() {
        let file = SourceFile::parse(
            "a/mod.rs",
            "#[cfg(test)]\nmod x;\nmod y;\n#[cfg(test)]\nmod z { mod w; }",
        );
        assert_eq!(file.test_files, ["a/x.rs"]);
        let file = SourceFile::parse("a/b.rs", "#[cfg(test)] mod x;");
        assert_eq!(file.test_files, ["a/b/x.rs"]);
    }

    #[test]
    fn knows_lines() {
        let file = SourceFile::parse(
            "a/b.rs",
            "//! Doc.\n\n/* two\nlines */ fn f() {\n    x.unwrap();\n}\n",
        );
        assert_eq!(file.lines_with(&[".", "unwrap", "("]), [5]);
        assert_eq!(file.line(5), "x.unwrap();");
    }
}
