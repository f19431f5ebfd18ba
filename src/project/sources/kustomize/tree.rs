//! The files of Kustomize folders: their resources, wherever they are on disk, without what patches and values name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::super::about;
use super::{Tool, head, is_kustomization, tool};
use crate::cluster::Enforcer;
use crate::diag::{Diagnostic, NOT_BUILT};
use crate::dialect;
use crate::manifest::{self, Source};
use crate::yaml::{self, Mark, Node, Value};

/// Keys that name what is read.
const RESOURCES: [&str; 3] = ["resources", "bases", "components"];
/// Other keys that change no object.
const PLAIN: [&str; 8] = [
    "apiVersion",
    "kind",
    "metadata",
    "sortOptions",
    "openapi",
    "crds",
    "buildMetadata",
    "generatorOptions",
];

/// A kustomization, as far as it matters here.
#[derive(Default)]
struct Kustomization {
    /// What it takes objects from, as written.
    resources: Vec<(String, Mark)>,
    /// Every other file or folder that it may name: patches, values, transformers.
    others: BTreeSet<PathBuf>,
    /// The keys that change or add objects.
    changes: BTreeSet<String>,
}

/// The kustomizations of an input, by their files.
#[derive(Default)]
struct Tree {
    all: BTreeMap<PathBuf, Kustomization>,
    /// The kustomizations that each one includes.
    included: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// Files with objects.
    resources: Vec<PathBuf>,
    diagnostics: Vec<Diagnostic>,
}

/// Replaces the kustomizations among the files by the files with their resources, and removes what they name as
/// patches, values and the like, and the manifests in their folders that they do not list; a diagnostic for each
/// kustomization that no other one includes, and for each resource and manifest that is not read. Files that are `named`
/// are read in any case.
pub(in super::super) fn settle(files: &mut Vec<PathBuf>, named: &[PathBuf]) -> Vec<Diagnostic> {
    // What can be read only once, or has no end, is read as manifests.
    let (heads, rest): (Vec<_>, Vec<_>) =
        (files.drain(..)).partition(|path| is_kustomization(path) && path.is_file());
    *files = rest;
    if heads.is_empty() {
        return Vec::new();
    }
    let mut tree = Tree::default();
    let heads: Vec<PathBuf> = heads.iter().map(|head| normal(head)).collect();
    for head in &heads {
        tree.add(head);
    }
    tree.choose(files, named);
    tree.report(&heads);
    tree.diagnostics
}

impl Tree {
    /// Reads a kustomization and all that it includes, each once.
    fn add(&mut self, start: &Path) {
        let mut next = vec![start.to_owned()];
        while let Some(file) = next.pop() {
            if self.all.contains_key(&file) {
                continue;
            }
            let read = read(&file).unwrap_or_else(|message| {
                let message = format!("this kustomization is not read: {message}");
                let problem = about(&file, Diagnostic::error("file", message));
                self.diagnostics.push(problem);
                Kustomization::default()
            });
            let mut below = BTreeSet::new();
            for (word, mark) in &read.resources {
                match resource(&file, word) {
                    Ok(path) if is_kustomization(&path) => {
                        below.insert(path);
                    }
                    Ok(path) => self.resources.push(path),
                    Err(message) => {
                        let message = format!("resource `{word}` is not read: {message}");
                        let span = mark.span(file.to_string_lossy().into());
                        let help = "build the folder with `kustomize build`, and read the result";
                        let problem = Diagnostic::error("file", message).help(help);
                        self.diagnostics.push(problem.at(span));
                    }
                }
            }
            next.extend(below.iter().rev().cloned());
            self.included.insert(file.clone(), below);
            self.all.insert(file, read);
        }
    }

    /// Leaves out the files that are only patches and the like, and adds the resources that are not there.
    fn choose(&mut self, files: &mut Vec<PathBuf>, named: &[PathBuf]) {
        let whole = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let resources: BTreeSet<PathBuf> = self.resources.iter().map(|p| whole(p)).collect();
        let others = self.all.values().flat_map(|one| &one.others);
        let others: BTreeSet<PathBuf> = others.map(|path| whole(path)).collect();
        files.retain(|file| {
            let file = whole(file);
            !others.contains(&file) || resources.contains(&file)
        });
        let folders: Vec<(PathBuf, &Path)> = (self.all.keys())
            .map(|head| (whole(folder_of(head)), folder_of(head)))
            .collect();
        let unlisted = |file: &PathBuf| {
            if named.contains(file) || resources.contains(&whole(file)) {
                return None;
            }
            let file = whole(file);
            let around = folders
                .iter()
                .filter(|(folder, _)| file.starts_with(folder));
            let (_, nearest) = around.max_by_key(|(folder, _)| folder.components().count())?;
            has_objects(&file).then(|| not_listed(nearest))
        };
        let mut diagnostics = Vec::new();
        files.retain(|file| match unlisted(file) {
            Some(found) => {
                diagnostics.push(about(file, found));
                false
            }
            None => true,
        });
        let mut there: BTreeSet<PathBuf> = files.iter().map(|file| whole(file)).collect();
        for path in &self.resources {
            if there.insert(whole(path)) {
                files.push(path.clone());
            }
        }
        self.diagnostics.extend(diagnostics);
    }

    /// Reports the kustomizations that no other one includes.
    fn report(&mut self, heads: &[PathBuf]) {
        let mut seen = BTreeSet::new();
        let all: BTreeSet<&PathBuf> = self.included.values().flatten().collect();
        let roots = heads.iter().filter(|head| !all.contains(head));
        let tool = tool();
        let mut found = Vec::new();
        // Those in a circle are included by each other, so any of them is reported.
        for root in roots.chain(heads) {
            if seen.contains(root) {
                continue;
            }
            let below = self.below(root);
            let changes = below.iter().filter_map(|file| self.all.get(*file));
            let changes: BTreeSet<&str> = changes
                .flat_map(|one| one.changes.iter().map(String::as_str))
                .collect();
            found.push(diagnostic(folder_of(root), &changes, tool));
            seen.extend(below.into_iter().cloned());
        }
        let circles = self.all.keys().filter(|file| {
            let next = self.included.get(*file).into_iter().flatten();
            next.into_iter().any(|one| self.below(one).contains(file))
        });
        for file in circles {
            let message = "this kustomization includes itself, which Kustomize refuses";
            found.push(about(file, Diagnostic::error("file", message)));
        }
        self.diagnostics.extend(found);
    }

    /// A kustomization and all that it includes.
    fn below<'a>(&'a self, root: &'a PathBuf) -> BTreeSet<&'a PathBuf> {
        let mut found = BTreeSet::new();
        let mut next = vec![root];
        while let Some(file) = next.pop() {
            if found.insert(file) {
                next.extend(self.included.get(file).into_iter().flatten());
            }
        }
        found
    }
}

/// Whether a file has objects of Kubernetes. One that cannot be read is reported where it is read.
fn has_objects(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let source = Source::new(file.to_string_lossy(), text);
    manifest::has_objects(&source, &dialect::kinds(Enforcer::default()))
}

/// About a manifest that the kustomization of a folder does not list.
fn not_listed(folder: &Path) -> Diagnostic {
    let shown = shown(folder);
    let message = format!("the kustomization of `{shown}` does not list this file: it is not read");
    let help = "list it under `resources`, or name the file to read it as well";
    Diagnostic::warning(NOT_BUILT, message).help(help)
}

/// A folder as messages name it.
fn shown(folder: &Path) -> String {
    match folder.to_string_lossy() {
        name if name.is_empty() => ".".to_owned(),
        name => name.into_owned(),
    }
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

pub(super) fn diagnostic(
    folder: &Path,
    changes: &BTreeSet<&str>,
    tool: Option<Tool>,
) -> Diagnostic {
    let shown = shown(folder);
    let built = |tool: Tool| {
        let command = tool.command(folder);
        format!("build it and read the result: `{command} > all.yaml`")
    };
    let help = match tool {
        Some(tool) => format!("{}, or let `--kustomize` build it", built(tool)),
        None => built(Tool::Kustomize),
    };
    let message = format!("`{shown}` is a Kustomize folder; its resources are read");
    let found = if changes.is_empty() {
        Diagnostic::info(NOT_BUILT, message)
    } else {
        let keys: Vec<String> = changes.iter().map(|key| format!("`{key}`")).collect();
        let verb = if keys.len() == 1 { "is" } else { "are" };
        let message = format!(
            "{message}, but {} {verb} not applied: the answers are not about what Kustomize builds",
            keys.join(", ")
        );
        Diagnostic::warning(NOT_BUILT, message)
    };
    about(folder, found.help(help))
}

/// The file that a resource names: one with objects, or the kustomization of a folder.
fn resource(of: &Path, word: &str) -> Result<PathBuf, &'static str> {
    let named = folder_of(of).join(word);
    let path = match normal(&named) {
        path if fs::canonicalize(&path).ok() == fs::canonicalize(&named).ok() => path,
        // A folder of it is a link, so that its `..` is elsewhere.
        _ => named,
    };
    if path.as_os_str().is_empty() || path.is_dir() {
        return head(&path).ok_or("this folder has no kustomization");
    }
    if path.exists() {
        return Ok(path);
    }
    let host = word.split('/').next().unwrap_or_default();
    let ssh = word.contains('@') && word.contains(':');
    let remote = word.contains("://") || word.contains("::") || word.contains("?ref=") || ssh;
    match remote || (word.contains('/') && host.ends_with(".com")) {
        true => Err("it is remote"),
        false => Err("there is no such file or folder"),
    }
}

fn read(file: &Path) -> Result<Kustomization, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let mut parsed = yaml::parse(&text);
    if let Some(problem) = parsed.problems.first() {
        return Err(problem.message.to_string());
    }
    let mut found = Kustomization::default();
    if parsed.documents.is_empty() {
        return Ok(found);
    }
    let root = parsed.documents.swap_remove(0).node;
    let Value::Map(map) = &root.value else {
        return Err("it is not a map".to_owned());
    };
    for entry in &map.entries {
        if RESOURCES.contains(&entry.key.as_str()) {
            let items = entry.value.items().unwrap_or_default().iter();
            let named = items.filter_map(|item| Some((item.as_str()?.to_owned(), item.mark)));
            found.resources.extend(named);
            continue;
        }
        names(&entry.value, folder_of(file), &mut found.others);
        if !PLAIN.contains(&entry.key.as_str()) && !is_empty(&entry.value) {
            found.changes.insert(entry.key.clone());
        }
    }
    Ok(found)
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Seq(items) => items.is_empty(),
        Value::Map(map) => map.entries.is_empty(),
        _ => false,
    }
}

/// Every text of one line as a path from the folder; of `key=path`, the path too.
fn names(node: &Node, folder: &Path, into: &mut BTreeSet<PathBuf>) {
    match &node.value {
        Value::String(text) if !text.contains('\n') => {
            into.insert(normal(&folder.join(text)));
            if let Some((_, path)) = text.split_once('=') {
                into.insert(normal(&folder.join(path)));
            }
        }
        Value::Seq(items) => items.iter().for_each(|item| names(item, folder, into)),
        Value::Map(map) => map
            .entries
            .iter()
            .for_each(|e| names(&e.value, folder, into)),
        _ => {}
    }
}

/// A path without `.` and with `..` resolved by name.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(out.components().next_back(), Some(Component::Normal(_))) =>
            {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}
