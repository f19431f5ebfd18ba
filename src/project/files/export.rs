//! Exporting policies: what would change on disk is a plan, which can be looked at before it is done.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

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

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    /// Its name below the folder: `shop-web-to-checkout.yaml`.
    pub name: String,
    /// One or more YAML documents.
    pub text: String,
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
    /// Its policies are not there any more.
    Deleted,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file.
    pub path: PathBuf,
    /// What happens to it.
    pub kind: ChangeKind,
    /// It is there and was not written by Drawbridge: ask before going over it.
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

/// Compares what would be written with what is there. Policies go in the order given (allow before
/// deny is up to the caller), then the kustomization and the verdict, then the deletions: files of that folder all
/// of whose documents say that Drawbridge manages them.
pub fn plan_export(
    target: &ExportTarget,
    files: &[ExportFile],
    options: &ExportOptions,
) -> Result<ExportPlan, Diagnostic> {
    let mut changes = Vec::new();
    match target {
        ExportTarget::File(path) => {
            let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
            changes.push(compare(path.clone(), join(&texts))?);
        }
        ExportTarget::Folder(folder) => {
            let mut names = BTreeSet::new();
            for file in files {
                check_name(&file.name, &mut names)?;
                changes.push(compare(folder.join(&file.name), file.text.clone())?);
            }
            if options.kustomization {
                let text = kustomization(&names);
                changes.push(compare(folder.join(KUSTOMIZATION), text)?);
            }
            if let Some(verdict) = &options.verdict {
                let text = format!("{VERDICT_BY_US}{verdict}");
                changes.push(compare(folder.join(VERDICT), text)?);
            }
            changes.extend(deletions(folder, &names)?);
        }
    }
    Ok(ExportPlan { changes })
}

/// Documents one behind the other.
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

fn check_name(name: &str, names: &mut BTreeSet<String>) -> Result<(), Diagnostic> {
    let path = Path::new(name);
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside || name.is_empty() || name == KUSTOMIZATION {
        let message = format!("`{name}` is no name for a file of an export");
        return Err(Diagnostic::error("file", message).help("use a plain file name"));
    }
    if !names.insert(name.to_owned()) {
        let message = format!("two policies would be written to `{name}`");
        return Err(Diagnostic::error("file", message).help("give them different names"));
    }
    Ok(())
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

fn compare(path: PathBuf, after: String) -> Result<FileChange, Diagnostic> {
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
        before,
        after: Some(after),
    })
}

/// Whether Drawbridge wrote a file: every document in it says so.
fn is_ours(text: &str) -> bool {
    if text.starts_with(WRITTEN_BY_US) || text.starts_with(VERDICT_BY_US) {
        return true;
    }
    let parsed = yaml::parse(text);
    let managed = |node: &yaml::Node| {
        let labels = node
            .get("metadata")
            .and_then(|metadata| metadata.get("labels"));
        let by = labels.and_then(|labels| labels.get("app.kubernetes.io/managed-by"));
        by.and_then(yaml::Node::as_str) == Some("drawbridge")
    };
    parsed.problems.is_empty()
        && !parsed.documents.is_empty()
        && parsed
            .documents
            .iter()
            .all(|document| managed(&document.node))
}

/// Our own files in the folders of the export that are not written any more.
fn deletions(folder: &Path, names: &BTreeSet<String>) -> Result<Vec<FileChange>, Diagnostic> {
    let mut folders = BTreeSet::from([folder.to_path_buf()]);
    folders.extend(
        names
            .iter()
            .filter_map(|name| folder.join(name).parent().map(Path::to_path_buf)),
    );
    let kept: BTreeSet<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let mut deleted = Vec::new();
    for folder in folders {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&folder, "read", &error)),
        };
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        for path in paths {
            let is_yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
            let is_list = path.file_name().is_some_and(|name| name == KUSTOMIZATION);
            if !is_yaml || is_list || kept.contains(&path) {
                continue;
            }
            if let Some(before) = read(&path)?
                && let Ok(text) = std::str::from_utf8(&before)
                && is_ours(text)
            {
                deleted.push(FileChange {
                    kind: ChangeKind::Deleted,
                    foreign: false,
                    diff: diff(text, ""),
                    path,
                    before: Some(before),
                    after: None,
                });
            }
        }
    }
    Ok(deleted)
}

impl ExportPlan {
    /// Whether there is anything to do.
    pub fn changes_anything(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.kind != ChangeKind::Unchanged)
    }

    /// Does what the plan says, each file as a whole, unless a file changed since the plan was made.
    pub fn apply(&self) -> Result<(), Diagnostic> {
        let todo = || {
            self.changes
                .iter()
                .filter(|change| change.kind != ChangeKind::Unchanged)
        };
        for change in todo() {
            if read(&change.path)? != change.before {
                let message = "the file changed while the export was being looked at";
                let help = "look at the changes again";
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
