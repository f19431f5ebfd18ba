//! What is on disk where an export would write.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{about, failed};
use super::{go_on, policy_file};
use crate::diag::Diagnostic;
use crate::yaml;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    File(Vec<u8>),
    /// A link to this place; it is replaced and never followed.
    Link(PathBuf),
}

impl Found {
    /// The text of a file.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::File(bytes) => String::from_utf8_lossy(bytes),
            _ => Cow::Borrowed(""),
        }
    }
}

/// The path of a file of an export.
///
/// # Errors
/// If a folder on the way is a link: an export stays in its folder.
pub(super) fn inside(folder: &Path, name: &str) -> Result<PathBuf, Diagnostic> {
    if let Some((namespace, _)) = name.split_once('/') {
        let path = folder.join(namespace);
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_symlink()) {
            let message = "the folder of this namespace is a link, which an export does not follow";
            let wrong = Diagnostic::error("file", message).help("remove the link");
            return Err(about(&path, wrong));
        }
    }
    Ok(folder.join(name))
}

/// Looks at a path whose folder is not a link below the folder of the export.
pub(super) fn find(path: &Path) -> Result<Found, Diagnostic> {
    let wrong = |error: io::Error| failed(path, "read", &error);
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            fs::read_link(path).map(Found::Link).map_err(wrong)
        }
        Ok(metadata) if metadata.is_file() => fs::read(path).map(Found::File).map_err(wrong),
        Ok(metadata) if metadata.is_dir() => Err(wrong(io::ErrorKind::IsADirectory.into())),
        Ok(_) => Err(wrong(io::Error::other("it is not a regular file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(wrong(error)),
    }
}

/// The files that look like those of an export, with their texts, in the layout of today or of earlier versions,
/// without the `known` ones: each has one policy, which Drawbridge manages, and the name that an export gave to
/// its file.
pub(super) fn leftovers(
    folder: &Path,
    known: impl Fn(&str) -> bool,
    stop: &dyn Fn() -> bool,
) -> Result<BTreeMap<String, String>, Diagnostic> {
    let mut found = BTreeMap::new();
    for name in exported_names(folder)? {
        go_on(stop)?;
        if !known(&name)
            && let Found::File(bytes) = find(&folder.join(&name))?
            && let Ok(text) = String::from_utf8(bytes)
            && is_exported(&name, &text)
        {
            found.insert(name, text);
        }
    }
    Ok(found)
}

pub(super) fn is_managed(object: &yaml::Node) -> bool {
    let metadata = object.get("metadata");
    let labels = metadata.and_then(|metadata| metadata.get("labels"));
    let by = labels.and_then(|labels| labels.get("app.kubernetes.io/managed-by"));
    by.and_then(yaml::Node::as_str) == Some("drawbridge")
}

/// The file that earlier versions gave a policy. `a` and `b-c` share it with `a-b` and `c`.
fn flat_policy_file(namespace: &str, name: &str) -> String {
    format!("{namespace}-{name}.yaml")
}

fn is_exported(name: &str, text: &str) -> bool {
    let parsed = yaml::parse(text);
    let [document] = parsed.documents.as_slice() else {
        return false;
    };
    if !parsed.problems.is_empty() || !is_managed(&document.node) {
        return false;
    }
    let metadata = document.node.get("metadata");
    let field = |key| metadata.and_then(|metadata| metadata.get(key)?.as_str());
    let Some(policy) = field("name") else {
        return false;
    };
    let flat = || name.strip_suffix(&flat_policy_file("", policy));
    // Exported without its namespace: the file's name has it.
    let namespace = field("namespace").or_else(|| match name.split_once('/') {
        Some((namespace, _)) => Some(namespace),
        None => flat().filter(|namespace| !namespace.is_empty()),
    });
    namespace.is_some_and(|namespace| {
        name == policy_file(namespace, policy) || name == flat_policy_file(namespace, policy)
    })
}

/// The names that files of an export can have, of those that are there, sorted: `a-b.yaml` and `a/b.yaml`.
fn exported_names(folder: &Path) -> Result<Vec<String>, Diagnostic> {
    let mut names = Vec::new();
    for (name, kind) in entries(folder).map_err(|error| failed(folder, "read", &error))? {
        if kind.is_file() {
            names.push(name);
        } else if kind.is_dir() && !name.starts_with('.') {
            // A folder that cannot be listed was not made by an export.
            let inside = entries(&folder.join(&name)).unwrap_or_default();
            let files = inside.into_iter().filter(|(_, kind)| kind.is_file());
            names.extend(files.map(|(file, _)| format!("{name}/{file}")));
        }
    }
    names.retain(|name| name.ends_with(".yaml"));
    names.sort();
    Ok(names)
}

/// The entries of a folder; empty if it does not exist. Links are not followed.
fn entries(folder: &Path) -> io::Result<Vec<(String, fs::FileType)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let named = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some((name, entry.file_type().ok()?))
    });
    Ok(named.collect())
}
