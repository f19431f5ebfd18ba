//! Exporting policies: the changes on disk are a plan that can be reviewed before it is applied. A record in the
//! folder of an export says which files which project wrote; only those are replaced or deleted without asking.

mod found;
mod record;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use self::found::{Found, find, inside, leftovers};
use self::record::{Owner, RECORD, Record};
use super::{DiffLine, about, atomic, diff, failed};
use crate::diag::Diagnostic;
use crate::model::validate::{label_name, subdomain_name};
use crate::project::sources::kustomize;
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

/// How to export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// What the project is called; in a folder, files of another project are not this one's to replace.
    pub project: String,
    /// The files that it is read from, which distinguish projects of one name; none if they are unknown.
    pub files: Vec<PathBuf>,
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
    /// Files below the folder that look like those of an export but are not in its record; they stay.
    pub leftovers: Vec<String>,
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
    /// Why to ask before it is replaced or deleted: it "was edited since the last export", for example.
    pub conflict: Option<String>,
    /// The lines that change, among those that do not.
    pub diff: Vec<DiffLine>,
    before: Found,
    after: Option<String>,
}

const KUSTOMIZATION: &str = "kustomization.yaml";
const VERDICT: &str = "VERDICT.md";
const WRITTEN_BY_US: &str = "# Written by Drawbridge";
const NOT_OURS: &str = "was not written by Drawbridge";
const VERDICT_BY_US: &str = "<!-- Written by Drawbridge -->\n";

/// Compares the files to write with those on disk. Policies go in the order given (allow before
/// deny is up to the caller), then the kustomization and the verdict, then the deletions: files that an earlier
/// export of this project wrote and no other project has, for policies that are not in this one or have another file in it.
pub fn plan_export(
    target: &ExportTarget,
    files: &[ExportFile],
    options: &ExportOptions,
) -> Result<ExportPlan, Diagnostic> {
    plan_export_until(target, files, options, &|| false)
}

/// The same, but an error once `stop` says so, which is asked before each file is read.
pub fn plan_export_until(
    target: &ExportTarget,
    files: &[ExportFile],
    options: &ExportOptions,
    stop: &dyn Fn() -> bool,
) -> Result<ExportPlan, Diagnostic> {
    go_on(stop)?;
    match target {
        ExportTarget::File(path) => {
            let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut change = compare(path.clone(), name.into_owned(), join(&texts))?;
            let ours = matches!(&change.before, Found::File(bytes) if is_ours(bytes));
            if change.kind == ChangeKind::Changed && !ours {
                change.conflict = Some(NOT_OURS.to_owned());
            }
            Ok(ExportPlan {
                changes: vec![change],
                leftovers: Vec::new(),
            })
        }
        ExportTarget::Folder(folder) => plan_folder(folder, files, options, stop),
    }
}

/// An error if the export is cancelled.
fn go_on(stop: &dyn Fn() -> bool) -> Result<(), Diagnostic> {
    match stop() {
        true => Err(Diagnostic::error("file", "the export was cancelled")),
        false => Ok(()),
    }
}

/// An error if a file is where a folder would be.
fn is_folder_or_new(folder: &Path) -> Result<(), Diagnostic> {
    let mut there = folder.ancestors().filter(|path| path.exists());
    match there.next().filter(|path| !path.is_dir()) {
        None => Ok(()),
        Some(file) => {
            let message = format!(
                "`{}` is a file, but policies are written to a folder",
                file.display()
            );
            Err(Diagnostic::error("file", message).help("choose another folder"))
        }
    }
}

fn plan_folder(
    folder: &Path,
    files: &[ExportFile],
    options: &ExportOptions,
    stop: &dyn Fn() -> bool,
) -> Result<ExportPlan, Diagnostic> {
    is_folder_or_new(folder)?;
    if options.kustomization {
        is_the_only_kustomization(folder)?;
    }
    let before = Record::read(folder)?;
    let owner = Owner::new(&options.project, &options.files, folder);
    let others = before.others(&owner);
    let mut record = others.clone();
    let mut changes = Vec::new();
    let mut add = |name: &str, text: String| -> Result<(), Diagnostic> {
        go_on(stop)?;
        let mut change = compare(inside(folder, name)?, name.into(), text)?;
        if change.kind == ChangeKind::Changed {
            change.conflict = before.conflict(&owner, name, &change.before);
        }
        record.add(name, &owner, change.after.as_deref().unwrap_or_default());
        changes.push(change);
        Ok(())
    };
    let mut names = BTreeSet::new();
    for file in files {
        let name = checked_name(file, &mut names)?;
        add(&name, file.text.clone())?;
    }
    // A list that an earlier export wrote would name files that are gone.
    if options.kustomization || has_our_kustomization(folder)? {
        // What other projects wrote into this folder stays in its list.
        let others = before.policies_of_others(&owner);
        let listed = names.iter().cloned().chain(others).collect();
        add(KUSTOMIZATION, kustomization(&listed))?;
    }
    if let Some(verdict) = &options.verdict {
        add(VERDICT, format!("{VERDICT_BY_US}{verdict}"))?;
    }
    let texts: BTreeSet<&str> = files.iter().map(|file| file.text.as_str()).collect();
    for name in before.files_of(&owner) {
        go_on(stop)?;
        let kept = name == KUSTOMIZATION || name == VERDICT || names.contains(name);
        if !kept && others.has(name) {
            continue;
        }
        if !kept && let Some(change) = deletion(folder, name)? {
            let conflict = before.conflict(&owner, name, &change.before);
            changes.push(FileChange { conflict, ..change });
        } else if !names.contains(name) && kept {
            record.keep(&before, name);
        }
    }
    let known = |name: &str| before.has(name) || names.contains(name);
    let mut left = leftovers(folder, known, stop)?;
    // A copy of a policy that has another file now: nothing is lost with it.
    for (name, text) in &left {
        if texts.contains(text.as_str())
            && let Some(change) = deletion(folder, name)?
        {
            changes.push(change);
        }
    }
    left.retain(|name, _| !changes.iter().any(|change| change.name == *name));
    changes.extend(record_change(folder, &record)?);
    Ok(ExportPlan {
        changes,
        leftovers: left.into_keys().collect(),
    })
}

/// The change of the record; none if there is nothing to record.
fn record_change(folder: &Path, record: &Record) -> Result<Option<FileChange>, Diagnostic> {
    if record.is_empty() {
        return deletion(folder, RECORD);
    }
    let mut change = compare(folder.join(RECORD), RECORD.into(), record.text())?;
    let ours = change.before.text().contains(WRITTEN_BY_US);
    if change.kind == ChangeKind::Changed && !ours {
        change.conflict = Some(NOT_OURS.to_owned());
    }
    Ok(Some(change))
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

/// The name of a policy's file, which is new and inside of the folder: the API server accepts only names that
/// are one part of a path.
fn checked_name(file: &ExportFile, names: &mut BTreeSet<String>) -> Result<String, Diagnostic> {
    let name = policy_file(&file.namespace, &file.name);
    if let Err(refusal) = label_name(&file.namespace).and_then(|()| subdomain_name(&file.name)) {
        let message = format!("policy `{name}` is not written: {}", refusal.message);
        let mut wrong = Diagnostic::error("file", message);
        wrong.help = refusal.help;
        return Err(wrong);
    }
    if !names.insert(name.clone()) {
        let message = format!("two policies would be written to `{name}`");
        return Err(Diagnostic::error("file", message).help("give them different names"));
    }
    Ok(name)
}

/// An error if the folder has a kustomization of another name: kustomize accepts only one.
fn is_the_only_kustomization(folder: &Path) -> Result<(), Diagnostic> {
    let mut others = kustomize::NAMES
        .iter()
        .filter(|name| **name != KUSTOMIZATION);
    // `metadata` would not see a link to nothing, which kustomize does.
    let Some(other) = others.find(|name| folder.join(name).symlink_metadata().is_ok()) else {
        return Ok(());
    };
    let message = format!(
        "`{other}` is there already, and kustomize accepts one file of this kind in a folder"
    );
    let help = format!("rename it to `{KUSTOMIZATION}`, or export without a kustomization");
    Err(about(
        &folder.join(other),
        Diagnostic::error("file", message).help(help),
    ))
}

fn has_our_kustomization(folder: &Path) -> Result<bool, Diagnostic> {
    Ok(match find(&folder.join(KUSTOMIZATION))? {
        Found::File(text) => text.starts_with(WRITTEN_BY_US.as_bytes()),
        _ => false,
    })
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

fn compare(path: PathBuf, name: String, after: String) -> Result<FileChange, Diagnostic> {
    let before = find(&path)?;
    let kind = match &before {
        Found::Nothing => ChangeKind::Created,
        Found::File(before) if before == after.as_bytes() => ChangeKind::Unchanged,
        Found::File(_) | Found::Link(_) => ChangeKind::Changed,
    };
    let conflict = match &before {
        Found::Link(to) => Some(format!("is a link to `{}`", to.display())),
        _ => None,
    };
    Ok(FileChange {
        kind,
        conflict,
        diff: diff(&before.text(), &after),
        path,
        name,
        before,
        after: Some(after),
    })
}

/// Whether Drawbridge wrote a file: every document in it has the mark. An empty one has none.
fn is_ours(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let parsed = yaml::parse(&text);
    let mut documents = parsed.documents.iter();
    text.trim().is_empty()
        || parsed.problems.is_empty()
            && !parsed.documents.is_empty()
            && documents.all(|document| found::is_managed(&document.node))
}

/// The deletion of a file; none if it is gone already.
fn deletion(folder: &Path, name: &str) -> Result<Option<FileChange>, Diagnostic> {
    let path = inside(folder, name)?;
    let before = find(&path)?;
    Ok((before != Found::Nothing).then(|| FileChange {
        kind: ChangeKind::Deleted,
        conflict: None,
        diff: diff(&before.text(), ""),
        path,
        name: name.to_owned(),
        before,
        after: None,
    }))
}

impl ExportPlan {
    /// The changes that need consent: each would replace or delete what an export of this project did not write.
    pub fn conflicts(&self) -> impl Iterator<Item = (&FileChange, &str)> {
        let changes = self.changes.iter();
        changes.filter_map(|change| Some((change, change.conflict.as_deref()?)))
    }

    /// The plans of several folders as one; `name/` precedes the names of the files of each.
    pub fn joined(plans: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        let mut joined = Self {
            changes: Vec::new(),
            leftovers: Vec::new(),
        };
        for (folder, plan) in plans {
            joined
                .changes
                .extend(plan.changes.into_iter().map(|mut change| {
                    change.name = format!("{folder}/{}", change.name);
                    change
                }));
            let leftovers = plan.leftovers.into_iter();
            joined
                .leftovers
                .extend(leftovers.map(|name| format!("{folder}/{name}")));
        }
        joined
    }

    /// Whether there is anything to do.
    pub fn changes_anything(&self) -> bool {
        self.changes
            .iter()
            .any(|change| change.kind != ChangeKind::Unchanged)
    }

    /// Applies the plan, each file atomically, unless a file changed since the plan was made, or a text would
    /// not be read as YAML again.
    pub fn apply(&self) -> Result<(), Diagnostic> {
        let todo = || {
            self.changes
                .iter()
                .filter(|change| change.kind != ChangeKind::Unchanged)
        };
        for change in todo() {
            if find(&change.path)? != change.before {
                let message = "the file changed during the review of the export";
                let help = "review the changes again";
                return Err(about(
                    &change.path,
                    Diagnostic::error("file", message).help(help),
                ));
            }
            let after = change
                .after
                .as_deref()
                .filter(|_| change.name.ends_with(".yaml"));
            if let Some(problem) = after.and_then(|after| yaml::parse(after).problems.pop()) {
                let message = format!("the text to write is invalid: {}", problem.message);
                return Err(about(&change.path, Diagnostic::error("file", message)));
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
    atomic::put(path, text.as_bytes())
}
