//! Source files as the rules look at them: words and marks with their lines, without tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::lexer::{Token, lex};

/// One source file below `src`, in pieces that the rules look at.
pub struct SourceFile {
    /// Path below `src`, with forward slashes: `analysis/rows.rs`.
    pub path: String,
    /// The module it belongs to: `analysis`; `lib` and `main` for the two roots.
    pub module: String,
    /// Words and marks of everything that is not test code.
    pub tokens: Vec<Token>,
    /// Its lines, as written.
    pub lines: Vec<String>,
    /// How many of them are not test code.
    pub code_lines: usize,
    /// Files below `src` that it declares as test code: `#[cfg(test)] mod fixture;`.
    test_files: Vec<String>,
}

/// A path from the root of the crate that some code names: `crate::module::...`.
pub struct Import {
    pub module: String,
    pub line: usize,
}

impl SourceFile {
    /// The file as it would be read at `path` below `src`.
    pub fn parse(path: &str, text: &str) -> Self {
        let module = match path.split_once('/') {
            Some((module, _)) => module,
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
            module: module.to_owned(),
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
                "drawbridge" if self.module == "main" => Some(index + 1),
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

    /// Lines that go through a hash map or set: `for x in &map`, `map.values()`. Variables and fields of `self`
    /// are known by name, within the file.
    pub fn hash_iterations(&self) -> Vec<usize> {
        const LOOPS: [&str; 10] = [
            "iter",
            "iter_mut",
            "keys",
            "into_keys",
            "values",
            "values_mut",
            "into_values",
            "into_iter",
            "drain",
            "retain",
        ];
        let maps: BTreeSet<&str> = self.hash_maps().collect();
        let mut lines = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            let field_of_another =
                index >= 2 && self.text(index - 1) == "." && self.text(index - 2) != "self";
            if !maps.contains(token.text.as_str()) || field_of_another {
                continue;
            }
            let called = self.text(index + 1) == "." && LOOPS.contains(&self.text(index + 2));
            let mut before = index;
            while before > 0 && matches!(self.text(before - 1), "&" | "mut" | "self" | ".") {
                before -= 1;
            }
            let looped = before > 0 && self.text(before - 1) == "in" && self.text(index + 1) == "{";
            if called || looped {
                lines.push(token.line);
            }
        }
        lines
    }

    /// Names of fields and variables that are hash maps or sets: `name: HashMap<...>`, `let name = HashMap::new()`.
    fn hash_maps(&self) -> impl Iterator<Item = &str> {
        let is_hash = |index: usize| matches!(self.text(index), "HashMap" | "HashSet");
        (0..self.tokens.len())
            .filter(move |index| is_hash(*index))
            .filter_map(|index| {
                let mut before = index;
                while before >= 3 && self.text(before - 1) == "::" {
                    before -= 2;
                }
                while before > 0 && matches!(self.text(before - 1), "&" | "mut" | "Option" | "<") {
                    before -= 1;
                }
                let names = before >= 2 && matches!(self.text(before - 1), ":" | "=");
                names.then(|| self.text(before - 2))
            })
    }

    /// Codes of diagnostics with their lines: texts that look like the code of a rule (`V9`), and the first text of
    /// a call that makes a diagnostic. Modules of tests at the end of a file are left out.
    pub fn codes(&self) -> Vec<(String, usize)> {
        const MAKERS: [&str; 7] = [
            "Diagnostic::error(",
            "Diagnostic::warning(",
            "Diagnostic::info(",
            ".add(",
            ".report(",
            ".warn(",
            "MISSING_SELECTOR: &str =",
        ];
        let all = self.lines.join("\n");
        let text = match all.find("#[cfg(test)]\nmod ") {
            Some(tests) if !self.tokens.is_empty() => &all[..tests],
            Some(_) => "",
            None => all.as_str(),
        };
        let mut found = Vec::new();
        let mut see = |at: usize, code: &str| {
            let line = text[..at].matches('\n').count() + 1;
            found.push((code.to_owned(), line));
        };
        for maker in MAKERS {
            for (at, _) in text.match_indices(maker) {
                let arguments = text[at + maker.len()..]
                    .split(';')
                    .next()
                    .unwrap_or_default();
                let first = arguments.split('"').nth(1).unwrap_or_default();
                let word = |b: u8| b.is_ascii_lowercase() || b == b'-';
                if !first.is_empty() && first.bytes().all(word) {
                    see(at, first);
                }
            }
        }
        for (at, quoted) in text.match_indices('"') {
            let rest = &text[at + quoted.len()..];
            let code = rest.split('"').next().unwrap_or_default();
            let number = code.strip_prefix(['V', 'W', 'A', 'L']).unwrap_or_default();
            if (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit()) {
                see(at, code);
            }
        }
        found
    }

    /// The text of a line, from 1, without the space around it.
    pub fn line(&self, number: usize) -> &str {
        self.lines.get(number - 1).map_or("", |line| line.trim())
    }

    fn text(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| &token.text)
    }

    /// Where a chain of `super::` that starts here leaves the module, if it does.
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
            module: self.text(index).to_owned(),
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
    let below = |path: &str, test: &str| {
        let folder = test.trim_end_matches(".rs");
        path.strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    files.retain(|file| {
        !tests.contains(&file.path) && !tests.iter().any(|test| below(&file.path, test))
    });
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
    let marks = (0..tokens.len()).filter(|index| is_test_mark(&tokens[*index..]));
    marks.filter_map(|index| {
        let mut rest = tokens[index + TEST_MARK.len()..]
            .iter()
            .map(|token| token.text.as_str())
            .skip_while(|word| matches!(*word, "pub" | "(" | "crate" | "super" | ")"));
        let is_file = rest.next() == Some("mod");
        let name = rest.next()?;
        (is_file && rest.next() == Some(";")).then_some(name)
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

/// ServiceBackends the `;` or the closing brace of the item that starts here.
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
            .map(|import| import.module)
            .collect()
    }

    #[test]
    fn finds_every_form_of_a_module_path() {
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
    fn skips_comments_strings_and_tests() {
        let text = "// crate::a\n/* crate::b /* crate::c */ */\nlet s = \"crate::d \\\" crate::e\";\nlet r = r#\"crate::f\"#;\n\
                    let c = '\"'; let l: &'static str = \"\"; use crate::g;\n#[cfg(test)]\nmod tests { use crate::h; }\nuse crate::i;";
        assert_eq!(imports("a/b.rs", text), ["g", "i"]);
        assert_eq!(imports("a/tests.rs", "use crate::x;"), Vec::<String>::new());
    }

    #[test]
    fn recognises_test_files() {
        let file = SourceFile::parse(
            "a/mod.rs",
            "#[cfg(test)]\npub(crate) mod x;\nmod y;\n#[cfg(test)]\nmod z { mod w; }",
        );
        assert_eq!(file.test_files, ["a/x.rs"]);
        let file = SourceFile::parse("a/b.rs", "#[cfg(test)] mod x;");
        assert_eq!(file.test_files, ["a/b/x.rs"]);
    }

    #[test]
    fn finds_loops_over_hash_maps() {
        let text = "struct S { known: HashMap<u32, u32>, all: BTreeMap<u32, u32> }\n\
                    fn f(s: S) { s.known.get(&1); s.all.iter(); }\n\
                    fn g(s: S) { for x in &self.known {} }\n\
                    fn h() { let mut seen = std::collections::HashSet::new(); seen.insert(1);\n seen.into_iter() }";
        assert_eq!(SourceFile::parse("a/b.rs", text).hash_iterations(), [3, 5]);
    }

    #[test]
    fn counts_lines() {
        let file = SourceFile::parse(
            "a/b.rs",
            "//! Doc.\n\n/* two\nlines */ fn f() {\n    x.unwrap();\n}\n",
        );
        assert_eq!(file.lines_with(&[".", "unwrap", "("]), [5]);
        assert_eq!(file.line(5), "x.unwrap();");
    }
}
