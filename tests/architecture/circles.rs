//! Files that use each other in a circle. A module and what lies in its folder belong together and are
//! not looked at as two; everything else has one direction.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::Token;
use super::source::SourceFile;

/// A module by its path from the root: `["plan", "peers"]`.
type Module = Vec<String>;

/// Groups of files of which each uses another one of the group, in the end itself.
pub fn circles(files: &[SourceFile]) -> Vec<Vec<String>> {
    let modules: BTreeSet<Module> = files.iter().map(|file| module(&file.path)).collect();
    let mut uses: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for file in files {
        let own = module(&file.path);
        let targets = paths(&file.tokens)
            .into_iter()
            .filter_map(|path| target(&own, &path, &modules));
        let others = targets.filter(|to| !to.starts_with(&own) && !own.starts_with(to));
        uses.insert(own.clone(), others.collect());
    }
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        uses.keys().map(|from| (from, reach(from, &uses))).collect();
    let mut found = BTreeSet::new();
    for (from, to) in &reached {
        if to.contains(from) {
            let back = to.iter().filter(|other| reached[**other].contains(from));
            let group: BTreeSet<String> = back.map(|other| other.join("/")).collect();
            found.insert(group.into_iter().collect::<Vec<_>>());
        }
    }
    found.into_iter().collect()
}

fn reach<'m>(
    from: &'m Module,
    uses: &'m BTreeMap<Module, BTreeSet<Module>>,
) -> BTreeSet<&'m Module> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Module> = uses[from].iter().collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(uses.get(next).into_iter().flatten());
        }
    }
    found
}

fn module(path: &str) -> Module {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').map(str::to_owned).collect()
}

/// The file that a path leads to, as far as the path says.
fn target(own: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let mut full: Module = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "self" => [own.as_slice(), &path[1..]].concat(),
        "super" => {
            let up = path.iter().take_while(|word| *word == "super").count();
            let above = own.len().checked_sub(up)?;
            [&own[..above], &path[up..]].concat()
        }
        _ => [own.as_slice(), path].concat(),
    };
    while !full.is_empty() && !modules.contains(&full) {
        full.pop();
    }
    (!full.is_empty() && full != *own).then_some(full)
}

/// Every path of `use` items, and every other one that starts at the crate or above.
fn paths(tokens: &[Token]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text = tokens[at].text.as_str();
        let follows = at > 0 && tokens[at - 1].text == "::";
        if text == "use" {
            at = tree(tokens, at + 1, &[], &mut found);
        } else if !follows && matches!(text, "crate" | "super" | "self") {
            at = tree(tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found.retain(|path| path.len() > 1);
    found
}

/// Reads one path or tree of paths; gives the place behind it.
fn tree(tokens: &[Token], mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    loop {
        if text(at) == "{" {
            at += 1;
            while !matches!(text(at), "}" | "") {
                let next = tree(tokens, at, &path, found);
                at = next.max(at + 1);
                if text(at) == "," {
                    at += 1;
                }
            }
            return at + 1;
        }
        path.push(text(at).to_owned());
        at += 1;
        if text(at) != "::" {
            break;
        }
        at += 1;
    }
    found.push(path);
    if text(at) == "as" {
        at += 2;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files: Vec<SourceFile> = files
            .iter()
            .map(|(path, text)| SourceFile::parse(path, text))
            .collect();
        circles(&files)
    }

    #[test]
    fn siblings_that_use_each_other_are_a_cycle() {
        let found = of(&[
            ("a/mod.rs", "mod b; mod c; mod d;"),
            ("a/b.rs", "use super::c::{self, x};"),
            ("a/c.rs", "fn f() { crate::a::d::g() }"),
            ("a/d.rs", "use std::fmt; use crate::a::{b::Y as Z, c};"),
        ]);
        assert_eq!(found, [["a/b", "a/c", "a/d"]]);
    }

    #[test]
    fn a_module_and_its_folder_are_no_cycle() {
        let found = of(&[
            ("a/mod.rs", "mod b; use b::X;"),
            ("a/b.rs", "use super::Y; use crate::a::Z;"),
            ("c.rs", "use crate::a::b::X;"),
        ]);
        assert_eq!(found, [[""; 0]; 0]);
    }
}
