//! Writes the files of an export, and says which.

use std::path::{Path, PathBuf};

use super::print_diagnostics;
use crate::diag::Diagnostic;
use crate::project::files::{
    ChangeKind, ExportFile, ExportOptions, ExportPlan, ExportTarget, FileChange, plan_export,
};

/// Writes files below a folder and returns what was done. Without `force` an error if one of them would replace or
/// delete what an earlier export did not write.
pub(super) fn write(
    folder: PathBuf,
    files: &[ExportFile],
    options: &ExportOptions,
    force: bool,
) -> Result<String, Vec<Diagnostic>> {
    let plan = plan_export(&ExportTarget::Folder(folder), files, options).map_err(|d| vec![d])?;
    let conflicts: Vec<Diagnostic> = plan
        .conflicts()
        .map(|(change, why)| {
            let message = format!("`{}` {why}", change.path.display());
            Diagnostic::error("file", message).help("move it away, or pass --force")
        })
        .collect();
    if !conflicts.is_empty() && !force {
        return Err(conflicts);
    }
    print_diagnostics(&left(&plan));
    plan.apply().map_err(|d| vec![d])?;
    Ok(summary(&plan))
}

/// Whether an export of no policies would delete policies that this project wrote into the folder.
pub(super) fn has_policies_of(folder: &Path, options: &ExportOptions) -> bool {
    let plan = plan_export(&ExportTarget::Folder(folder.to_owned()), &[], options);
    // Policies are in the folders of their namespaces; what is beside those lists or records them.
    let is_policy = |c: &FileChange| c.kind == ChangeKind::Deleted && c.name.contains('/');
    plan.is_ok_and(|plan| plan.changes.iter().any(is_policy))
}

/// The files that look like policies of an export, but are in no record.
fn left(plan: &ExportPlan) -> Vec<Diagnostic> {
    let one = |name: &String| {
        let message =
            format!("`{name}` looks like a file of an export, but is not in its record: it stays");
        Diagnostic::warning("file", message).help("delete it if it is no longer needed")
    };
    plan.leftovers.iter().map(one).collect()
}

/// A line for each file that changed, and the numbers.
fn summary(plan: &ExportPlan) -> String {
    const KINDS: [(ChangeKind, &str); 4] = [
        (ChangeKind::Created, "created"),
        (ChangeKind::Changed, "changed"),
        (ChangeKind::Deleted, "deleted"),
        (ChangeKind::Unchanged, "unchanged"),
    ];
    let of = |kind| {
        plan.changes
            .iter()
            .filter(move |change| change.kind == kind)
    };
    let mut text = String::new();
    for (kind, word) in KINDS
        .into_iter()
        .filter(|(kind, _)| *kind != ChangeKind::Unchanged)
    {
        for change in of(kind) {
            text += &format!("{word} {}\n", change.path.display());
        }
    }
    let counts = KINDS.map(|(kind, word)| format!("{} {word}", of(kind).count()));
    text + &counts.join(", ") + "\n"
}
