//! What `lint --fix` writes, and shows with `--dry-run`.

use std::path::Path;

use crate::diag::{Diagnostic, Span};
use crate::fix::{Fixed, Fixes};
use crate::project::files;

/// The changes as a unified diff.
pub(super) fn diff(all: &[Fixed]) -> String {
    let one = |fixed: &Fixed| files::unified(&fixed.file, &fixed.before, &fixed.after);
    all.iter().map(one).collect()
}

/// What was corrected, and how much.
pub(super) fn corrected(found: &[Diagnostic], fixes: &Fixes) -> Vec<Diagnostic> {
    let findings = fixes.fixable.iter().filter_map(|at| found.get(*at));
    let one = |finding: &Diagnostic| Diagnostic {
        span: finding.span.clone(),
        ..Diagnostic::info(
            "corrected",
            format!("{}: {}", finding.code, finding.message),
        )
    };
    let plural = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    };
    let count = format!(
        "{} corrected in {}",
        plural(fixes.fixable.len(), "finding"),
        plural(fixes.files.len(), "file")
    );
    let mut all: Vec<Diagnostic> = findings.map(one).collect();
    all.push(Diagnostic::info("corrected", count));
    all
}

/// Writes the files; why some could not be written.
pub(super) fn write(all: &[Fixed]) -> Vec<Diagnostic> {
    all.iter().filter_map(one).collect()
}

fn one(fixed: &Fixed) -> Option<Diagnostic> {
    let refused = |message: &str, help: &str| {
        let at = Span::new(fixed.file.clone(), 1, 1);
        Some(Diagnostic::error("file", message).help(help).at(at))
    };
    if &*fixed.file == "-" {
        let help = "`--dry-run` prints the changes";
        return refused("standard input cannot be corrected", help);
    }
    let path = Path::new(&*fixed.file);
    match files::is_text(path, &fixed.before) {
        Err(problem) => Some(problem),
        // Also a text in another encoding, which would lose it.
        Ok(false) => refused(
            "the file is not what was read: it is not corrected",
            "run the command again; a file that is not plain UTF-8 is not corrected",
        ),
        Ok(true) => files::write_text(path, &fixed.after).err(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_changed_meanwhile_are_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let fixed = Fixed {
            file: path.to_string_lossy().into(),
            before: "old\n".to_owned(),
            after: "new\n".to_owned(),
        };
        let content = || files::read_text(&path).unwrap();
        files::write_text(&path, "other\n").unwrap();
        let refused = write(std::slice::from_ref(&fixed));
        assert_eq!((refused.len(), content()), (1, "other\n".to_owned()));
        files::write_text(&path, "old\n").unwrap();
        let refused = write(&[fixed]);
        assert_eq!((refused.len(), content()), (0, "new\n".to_owned()));
    }
}
