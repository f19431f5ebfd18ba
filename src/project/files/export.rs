//! Exporting policies: the changes on disk are a plan that can be reviewed before it is applied.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{DiffLine, about, atomic, diff, failed};
use crate::diag::Diagnostic;
use crate::yaml;

/// Where policies go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportTarget {
    /// All into one file.
    File(PathBuf),
    /// Each into its own file of a folder.
    Folder(PathBuf),
}

/// A policy to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    /// The namespace that it is for, whether or not the text has it.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its YAML document.
    pub text: String,
}

/// The file of a policy below the folder of an export: `shop/web-to-checkout.yaml`. Names of objects contain no
/// `/`, so no two policies share a file, and each namespace is a folder that can have an owner in Git.
pub fn policy_file(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}.yaml")
}

/// The file that earlier versions gave a policy. `a` and `b-c` share it with `a-b` and `c`.
fn flat_policy_file(namespace: &str, name: &str) -> String {
    format!("{namespace}-{name}.yaml")
}

/// How to export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// Also write a `kustomization.yaml` that lists the files (folders only).
    pub kustomization: bool,
    /// Also write this Markdown as `VERDICT.md` (folders only).
    pub verdict: Option<String>,
}

/// What an export would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPlan {
    /// The changes, in the order in which they are made.
    pub changes: Vec<FileChange>,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// It gets another text.
    Changed,
    /// It has that text already.
    Unchanged,
    /// Its policies no longer exist.
    Deleted,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file.
    pub path: PathBuf,
    /// Its path below the folder of the export, with `/`; of an export to one file, its name.
    pub name: String,
    /// What happens to it.
    pub kind: ChangeKind,
    /// The file exists and was not written by Drawbridge: ask before overwriting it.
    pub foreign: bool,
    /// The lines that change, among those that do not.
    pub diff: Vec<DiffLine>,
    before: Option<Vec<u8>>,
    after: Option<String>,
}

const KUSTOMIZATION: &str = "kustomization.yaml";
const VERDICT: &str = "VERDICT.md";
const WRITTEN_BY_US: &str = "# Written by Drawbridge";
const VERDICT_BY_US: &str = "<!-- Written by Drawbridge -->\n";

/// Compares the files to write with those on disk. Policies go in the order given (allow before
/// deny is up to the caller), then the kustomization and the verdict, then the deletions: files that an earlier
/// export wrote, in this layout or the flat one of earlier versions, for policies that are not in this one or
/// have another file in it.
pub fn plan_export(
    target: &ExportTarget,
    files: &[ExportFile],
    options: &ExportOptions,
) -> Result<ExportPlan, Diagnostic> {
    let mut changes = Vec::new();
    match target {
        ExportTarget::File(path) => {
            let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            changes.push(compare(path.clone(), name.into_owned(), join(&texts))?);
        }
        ExportTarget::Folder(folder) => {
            let mut names = BTreeSet::new();
            let in_folder =
                |name: &str, text: String| compare(folder.join(name), name.into(), text);
            for file in files {
                let name = checked_name(file, &mut names)?;
                changes.push(in_folder(&name, file.text.clone())?);
            }
            // A list that an earlier export wrote would name files that are gone.
            if options.kustomization || has_our_kustomization(folder)? {
                changes.push(in_folder(KUSTOMIZATION, kustomization(&names))?);
            }
            if let Some(verdict) = &options.verdict {
                changes.push(in_folder(VERDICT, format!("{VERDICT_BY_US}{verdict}"))?);
            }
            changes.extend(deletions(folder, &names)?);
        }
    }
    Ok(ExportPlan { changes })
}

/// Joins documents.
fn join(texts: &[&str]) -> String {
    let mut all = String::new();
    for text in texts {
        if !all.is_empty() && !text.starts_with("---") {
            all.push_str("---\n");
        }
        all.push_str(text);
        if !text.ends_with('\n') {
            all.push('\n');
        }
    }
    all
}

/// The name of a policy's file, which is new and inside of the folder.
fn checked_name(file: &ExportFile, names: &mut BTreeSet<String>) -> Result<String, Diagnostic> {
    let is_plain =
        |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['/', '\\']);
    let name = policy_file(&file.namespace, &file.name);
    if !is_plain(&file.namespace) || !is_plain(&file.name) {
        let message = format!("`{name}` is not a valid file name for a policy");
        let help = "give the policy and its namespace names that Kubernetes accepts";
        return Err(Diagnostic::error("file", message).help(help));
    }
    if !names.insert(name.clone()) {
        let message = format!("two policies would be written to `{name}`");
        return Err(Diagnostic::error("file", message).help("give them different names"));
    }
    Ok(name)
}

fn has_our_kustomization(folder: &Path) -> Result<bool, Diagnostic> {
    let text = read(&folder.join(KUSTOMIZATION))?;
    Ok(text.is_some_and(|text| text.starts_with(WRITTEN_BY_US.as_bytes())))
}

fn kustomization(names: &BTreeSet<String>) -> String {
    let mut text = format!(
        "{WRITTEN_BY_US}\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:"
    );
    if names.is_empty() {
        text.push_str(" []");
    }
    for name in names {
        text.push_str("\n- ");
        text.push_str(&yaml::write::scalar(name));
    }
    text.push('\n');
    text
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Diagnostic> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, "read", &error)),
    }
}

fn compare(path: PathBuf, name: String, after: String) -> Result<FileChange, Diagnostic> {
    let before = read(&path)?;
    let kind = match &before {
        None => ChangeKind::Created,
        Some(before) if before == after.as_bytes() => ChangeKind::Unchanged,
        Some(_) => ChangeKind::Changed,
    };
    let old = before
        .as_deref()
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    let foreign = kind == ChangeKind::Changed && !old.trim().is_empty() && !is_ours(&old);
    Ok(FileChange {
        kind,
        foreign,
        diff: diff(&old, &after),
        path,
        name,
        before,
        after: Some(after),
    })
}

/// Whether Drawbridge wrote a file: every document in it has the mark.
fn is_ours(text: &str) -> bool {
    if text.starts_with(WRITTEN_BY_US) || text.starts_with(VERDICT_BY_US) {
        return true;
    }
    let parsed = yaml::parse(text);
    let mut documents = parsed.documents.iter();
    parsed.problems.is_empty()
        && !parsed.documents.is_empty()
        && documents.all(|document| is_managed(&document.node))
}

fn is_managed(object: &yaml::Node) -> bool {
    let metadata = object.get("metadata");
    let labels = metadata.and_then(|metadata| metadata.get("labels"));
    let by = labels.and_then(|labels| labels.get("app.kubernetes.io/managed-by"));
    by.and_then(yaml::Node::as_str) == Some("drawbridge")
}

/// Whether an export wrote a file: it has one policy, which Drawbridge manages, and the name that an export
/// gives or gave to the file of that policy.
fn is_exported(name: &str, text: &str) -> bool {
    let parsed = yaml::parse(text);
    let [document] = parsed.documents.as_slice() else {
        return false;
    };
    if !parsed.problems.is_empty() || !is_managed(&document.node) {
        return false;
    }
    let field = |key| {
        document
            .node
            .get("metadata")
            .and_then(|m| m.get(key)?.as_str())
    };
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

/// The files of earlier exports that are not written any more.
fn deletions(folder: &Path, expected: &BTreeSet<String>) -> Result<Vec<FileChange>, Diagnostic> {
    let mut deleted = Vec::new();
    for name in exported_names(folder)? {
        let path = folder.join(&name);
        if expected.contains(&name) {
            continue;
        }
        if let Some(before) = read(&path)?
            && let Ok(text) = std::str::from_utf8(&before)
            && is_exported(&name, text)
        {
            deleted.push(FileChange {
                kind: ChangeKind::Deleted,
                foreign: false,
                diff: diff(text, ""),
                path,
                name,
                before: Some(before),
                after: None,
            });
        }
    }
    Ok(deleted)
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

impl ExportPlan {
    /// Whether there is anything to do.
    pub fn changes_anything(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.kind != ChangeKind::Unchanged)
    }

    /// Applies the plan, each file atomically, unless a file changed since the plan was made.
    pub fn apply(&self) -> Result<(), Diagnostic> {
        let todo = || {
            self.changes
                .iter()
                .filter(|change| change.kind != ChangeKind::Unchanged)
        };
        for change in todo() {
            if read(&change.path)? != change.before {
                let message = "the file changed during the review of the export";
                let help = "review the changes again";
                return Err(about(
                    &change.path,
                    Diagnostic::error("file", message).help(help),
                ));
            }
        }
        for change in todo() {
            let (done, what) = match &change.after {
                Some(after) => (write(&change.path, after), "written"),
                None => (fs::remove_file(&change.path), "deleted"),
            };
            done.map_err(|error| failed(&change.path, what, &error))?;
            if change.kind == ChangeKind::Deleted
                && change.name.contains('/')
                && let Some(namespace) = change.path.parent()
            {
                // The folder of a namespace is deleted with its last file; otherwise this fails.
                let _ = fs::remove_dir(namespace);
            }
        }
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    atomic::replace(path, text.as_bytes())
}
