//! Kustomize folders: their resources are read as they are; what changes them is not, and the command that builds them is reported.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
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

/// A program that builds Kustomize folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `kustomize build`.
    Kustomize,
    /// `kubectl kustomize`.
    Kubectl,
}

impl Tool {
    /// The program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Kubectl => "kubectl",
        }
    }

    fn subcommand(self) -> &'static str {
        match self {
            Self::Kustomize => "build",
            Self::Kubectl => "kustomize",
        }
    }

    /// The arguments that build a folder.
    pub fn arguments(self, folder: &Path) -> [OsString; 2] {
        [self.subcommand().into(), no_option(folder).into()]
    }

    /// The command that builds a folder, as a shell reads it.
    pub fn command(self, folder: &Path) -> String {
        let folder = no_option(folder).to_string_lossy().into_owned();
        let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%\\".contains(c);
        let folder = match folder.chars().all(plain) {
            true => folder,
            false => format!("'{}'", folder.replace('\'', r"'\''")),
        };
        format!("{} {} {folder}", self.program(), self.subcommand())
    }
}

/// A folder that no program takes for an option, and never an empty text.
fn no_option(folder: &Path) -> PathBuf {
    match folder.to_string_lossy() {
        name if name.is_empty() => PathBuf::from("."),
        name if name.starts_with('-') => Path::new(".").join(folder),
        _ => folder.to_owned(),
    }
}

/// The first of the programs that is on the PATH.
pub fn tool() -> Option<Tool> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    [Tool::Kustomize, Tool::Kubectl].into_iter().find(|tool| {
        let file = format!("{}{}", tool.program(), env::consts::EXE_SUFFIX);
        folders.iter().any(|folder| folder.join(&file).is_file())
    })
}

/// Whether a folder has a kustomization.
pub fn is_folder(path: &Path) -> bool {
    NAMES.iter().any(|name| path.join(name).is_file())
}

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
    let tool = (!roots.is_empty()).then(tool).flatten();
    roots
        .iter()
        .map(|root| diagnostic(&root.folder, root.changes || below, tool))
        .collect()
}

fn diagnostic(folder: &Path, changes: bool, tool: Option<Tool>) -> Diagnostic {
    let shown = match folder.to_string_lossy() {
        name if name.is_empty() => ".".to_owned(),
        name => name.into_owned(),
    };
    let built = |tool: Tool| format!("`{} | drawbridge list -`", tool.command(folder));
    let help = match tool {
        Some(tool) => format!(
            "build it: {}, or with `drawbridge list --kustomize`",
            built(tool)
        ),
        None => format!("build it: {}", built(Tool::Kustomize)),
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_a_shell_reads_them() {
        for (folder, command) in [
            ("", "kustomize build ."),
            ("overlays/prod", "kustomize build overlays/prod"),
            ("-x", "kustomize build ./-x"),
            ("a b's", r"kustomize build 'a b'\''s'"),
        ] {
            assert_eq!(Tool::Kustomize.command(Path::new(folder)), command);
        }
        let kubectl = Tool::Kubectl.command(Path::new("prod"));
        assert_eq!(kubectl, "kubectl kustomize prod");
    }

    #[test]
    fn the_option_is_offered_where_it_works() {
        let help = |tool| diagnostic(Path::new("prod"), true, tool).help;
        let plain = "build it: `kustomize build prod | drawbridge list -`";
        assert_eq!(help(None).as_deref(), Some(plain));
        let offered = format!("{plain}, or with `drawbridge list --kustomize`");
        assert_eq!(help(Some(Tool::Kustomize)), Some(offered));
    }
}
