//! The only module that writes to disk: projects, the state folder with the journal, exports.
//! (Reading what the user names is `project::sources`.)

#![allow(
    clippy::result_large_err,
    reason = "work on files fails rarely, and the Diagnostic goes straight to a person"
)]

mod atomic;
mod diff;
mod encoding;
mod export;
mod journal;
mod state;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

pub use diff::{DiffLine, diff, unified};
pub(super) use encoding::decode;
pub use export::{
    ChangeKind, ExportFile, ExportOptions, ExportPlan, ExportTarget, FileChange, plan_export,
    plan_export_until, policy_file,
};
pub use journal::{Journal, Origin, Orphan};
pub use state::StateFolder;

use super::format;
use crate::diag::{Diagnostic, Span};
use crate::model::Document;

/// A project as it was on disk.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its document.
    pub document: Document,
    /// Its diagnostics.
    pub diagnostics: Vec<Diagnostic>,
    /// The file.
    pub file: OnDisk,
}

/// A project file as it was last read or written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnDisk {
    /// Its state, to detect changes by other programs.
    pub stamp: Option<Stamp>,
    /// Its text, so that saving can preserve what did not change.
    pub text: Arc<str>,
}

/// The state of a file: when it was changed, and its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    modified: SystemTime,
    length: u64,
}

/// The state of a file now; none if there is no such file.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok()?,
        length: metadata.len(),
    })
}

/// Opens a project.
pub fn open(path: &Path) -> Result<Opened, Vec<Diagnostic>> {
    let before = stamp(path);
    let bytes = read_bytes(path, &|| false).map_err(|error| vec![failed(path, "read", &error)])?;
    let text = decode(bytes).map_err(|garbled| vec![garbled.refused(path, "project-format")])?;
    let (document, diagnostics) = format::read(&text, &path.to_string_lossy())?;
    Ok(Opened {
        document,
        diagnostics,
        file: OnDisk {
            stamp: before,
            text: text.into(),
        },
    })
}

/// Saves a project atomically: readers see the old file or the new one. Links are followed, permissions
/// preserved. `text` is the text that the project was read from, empty for a new project; its unchanged
/// parts stay byte for byte. Returns the new file.
///
/// # Errors
/// If it cannot be written, or the new text would not be read as the same project: the old file stays.
pub fn save(path: &Path, document: &Document, text: &str) -> Result<OnDisk, Diagnostic> {
    let text = format::save(text, document);
    let refusal = |problems: Vec<Diagnostic>| {
        let refuses = |problem: &Diagnostic| problem.code == "project-format";
        problems.into_iter().find(refuses)
    };
    let read = format::read(&text, "").map_err(refusal);
    let problem = match read {
        Ok((read, _)) if format::write(&read) == format::write(document) => None,
        Ok(_) => Some("it would be read as another project".to_owned()),
        Err(problem) => Some(problem.map_or_else(String::new, |problem| problem.message)),
    };
    if let Some(problem) = problem {
        let message =
            format!("the project is not saved, because its text would be wrong: {problem}");
        let help = "undo the last change, save again, and report this as a fault of Drawbridge";
        return Err(about(path, Diagnostic::error("file", message).help(help)));
    }
    write_text(path, &text)?;
    Ok(OnDisk {
        stamp: stamp(path),
        text: text.into(),
    })
}

/// What a project is called: its own name, else its file's; empty if it has neither.
pub fn name_of(document: &Document, path: Option<&Path>) -> String {
    if !document.name.is_empty() {
        return document.name.clone();
    }
    let name = path.and_then(Path::file_name).unwrap_or_default();
    let name = name.to_string_lossy();
    let stem = name.strip_suffix(format::EXTENSION);
    let stem = stem.or_else(|| name.strip_suffix(".yaml"));
    stem.unwrap_or(&name).to_owned()
}

/// Writes any text atomically, as [`save`] does.
pub fn write_text(path: &Path, text: &str) -> Result<(), Diagnostic> {
    write_bytes(path, text.as_bytes())
}

/// Writes any bytes atomically, as [`save`] does.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    atomic::replace(path, bytes).map_err(|error| failed(path, "saved", &error))
}

/// The most bytes that a pipe or a device may send; they have no end that could be known beforehand.
const LARGEST_STREAM: u64 = 512 << 20;

/// The most bytes of a file: beyond are no manifests and no projects, and places in a text have 32 bits.
const LARGEST_FILE: u64 = 1 << 30;

/// Reads a file, a pipe or a device up to a limit. Stops early, with an error, once `stop` says so.
pub(super) fn read_bytes(path: &Path, stop: &dyn Fn() -> bool) -> io::Result<Vec<u8>> {
    let file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true if metadata.len() > LARGEST_FILE => {
            let message = format!("it has more than {} MiB", LARGEST_FILE >> 20);
            Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
        }
        // It may grow meanwhile.
        true => read_stream(file, LARGEST_FILE, metadata.len(), stop),
        false => read_stream(file, LARGEST_STREAM, 0, stop),
    }
}

/// Reads standard input up to the limit for pipes.
pub(super) fn read_input() -> io::Result<Vec<u8>> {
    read_stream(io::stdin().lock(), LARGEST_STREAM, 0, &|| false)
}

fn read_stream(
    mut from: impl io::Read,
    most: u64,
    expected: u64,
    stop: &dyn Fn() -> bool,
) -> io::Result<Vec<u8>> {
    const STEP: u64 = 4 << 20;
    let expected = usize::try_from(expected).unwrap_or_default();
    let mut bytes = Vec::new();
    bytes.try_reserve(expected).map_err(io::Error::other)?;
    while from.by_ref().take(STEP).read_to_end(&mut bytes)? > 0 {
        if stop() {
            return Err(io::Error::new(
                io::ErrorKind::Interrupted,
                "reading was cancelled",
            ));
        }
        if bytes.len() as u64 > most {
            let message = format!("it sends more than {} MiB", most >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        }
    }
    Ok(bytes)
}

/// Reads a text: UTF-8, or UTF-16 with a byte order mark.
pub fn read_text(path: &Path) -> Result<String, Diagnostic> {
    let bytes = read_bytes(path, &|| false).map_err(|error| failed(path, "read", &error))?;
    decode(bytes).map_err(|garbled| garbled.refused(path, "file"))
}

/// Whether a file has exactly the bytes of this text, in UTF-8.
pub fn is_text(path: &Path, text: &str) -> Result<bool, Diagnostic> {
    let bytes = read_bytes(path, &|| false).map_err(|error| failed(path, "read", &error))?;
    Ok(bytes == text.as_bytes())
}

fn about(path: &Path, diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.at(Span::new(path.to_string_lossy().into(), 1, 1))
}

pub(super) fn failed(path: &Path, what: &str, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::NotFound if what == "read" => "check the path",
        io::ErrorKind::NotFound => "check the path: a parent folder does not exist",
        io::ErrorKind::PermissionDenied => "choose another path, or change the permissions",
        io::ErrorKind::StorageFull => "free some disk space, or choose another place",
        io::ErrorKind::ReadOnlyFilesystem => "choose another place",
        io::ErrorKind::IsADirectory => "choose a file, not a folder",
        io::ErrorKind::FileTooLarge => "split it into smaller files",
        _ if what == "read" => "check that it is a file of text, and try again",
        _ => "try again, or choose another place",
    };
    let message = format!("the file could not be {what}: {error}");
    about(path, Diagnostic::error("file", message).help(help))
}
