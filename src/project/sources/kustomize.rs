//! Kustomize folders: their resources are read as they are; what changes them is not, and the command that renders them is reported.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::about;
use crate::diag::Diagnostic;
use crate::yaml::{self, Node, Value};

/// The names of a kustomization file.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Keys that name what is read anyway.
const RESOURCES: [&str; 3] = ["resources", "bases", "components"];
/// Keys that change nothing.
const PLAIN: [&str; 4] = ["apiVersion", "kind", "metadata", "resources"];

/// Whether a file is the kustomization of its folder.
pub(super) fn is_kustomization(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| NAMES.contains(&name))
}

/// A kustomization, as far as it matters here.
struct Kustomization {
    folder: PathBuf,
    /// The files and folders whose objects it takes.
    resources: BTreeSet<PathBuf>,
    /// Every other file or folder that it may name: patches, values, transformers.
    others: BTreeSet<PathBuf>,
    changes: bool,
}

/// Removes the kustomizations and what they name as patches, values and the like from the files; a diagnostic for each
/// kustomization that no other one includes.
pub(super) fn settle(files: &mut Vec<PathBuf>) -> Vec<Diagnostic> {
    // What can be read only once, or has no end, is read as manifests.
    let (heads, rest): (Vec<_>, Vec<_>) =
        (files.drain(..)).partition(|path| is_kustomization(path) && path.is_file());
    *files = rest;
    let all: Vec<Kustomization> = heads.iter().filter_map(|head| read(head)).collect();
    let resources: BTreeSet<&PathBuf> = all.iter().flat_map(|k| &k.resources).collect();
    let others: BTreeSet<&PathBuf> = all.iter().flat_map(|k| &k.others).collect();
    files.retain(|file| {
        let file = normal(file);
        !others.contains(&file) || resources.contains(&file)
    });
    let (included, roots): (Vec<_>, Vec<_>) =
        all.iter().partition(|k| resources.contains(&k.folder));
    let below = included.iter().any(|k| k.changes);
    roots
        .iter()
        .map(|root| diagnostic(&root.folder, root.changes || below))
        .collect()
}

fn diagnostic(folder: &Path, changes: bool) -> Diagnostic {
    let shown = match folder.to_string_lossy() {
        name if name.is_empty() => ".".to_owned(),
        name => name.into_owned(),
    };
    let help = format!("render it: `kubectl kustomize {shown} | drawbridge list -`");
    let found = match changes {
        true => Diagnostic::warning(
            "kustomize",
            format!(
                "`{shown}` is a Kustomize folder; its resources are read without its patches and other changes"
            ),
        ),
        false => Diagnostic::info(
            "kustomize",
            format!("`{shown}` is a Kustomize folder; its resources are read"),
        ),
    };
    about(folder, found.help(help))
}

fn read(file: &Path) -> Option<Kustomization> {
    let text = fs::read_to_string(file).ok()?;
    let root = yaml::parse(&text).documents.into_iter().next()?.node;
    let Value::Map(map) = &root.value else {
        return None;
    };
    let folder = normal(file.parent()?);
    let mut found = Kustomization {
        folder: folder.clone(),
        resources: BTreeSet::new(),
        others: BTreeSet::new(),
        changes: map.entries.iter().any(|e| !PLAIN.contains(&e.key.as_str())),
    };
    for entry in &map.entries {
        let into = match RESOURCES.contains(&entry.key.as_str()) {
            true => &mut found.resources,
            false => &mut found.others,
        };
        names(&entry.value, &folder, into);
    }
    Some(found)
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
