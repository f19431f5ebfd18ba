//! The journal: the unsaved project, written beside the user's files so that a crash loses nothing.
//! Each window has one, and holds a lock while it is open; a journal without a lock was
//! left by a crash.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::atomic::random;
use super::{StateFolder, failed, write_text};
use crate::diag::Diagnostic;

const FOLDER: &str = "journal";
const TEXT: &str = "drawbridge.yaml";
const LOCK: &str = "lock";
/// The first line of a journal whose project has a file.
const ORIGIN: &str = "# Unsaved work on ";

/// The journal of one open project. Dropping it leaves the files, as a crash does; [`Journal::close`]
/// removes them.
#[derive(Debug)]
pub struct Journal {
    text: PathBuf,
    lock: PathBuf,
    /// Locked as long as it is open.
    _held: File,
}

/// Unsaved work of a crashed process. Held by this process from now on, so that no other
/// window offers it too.
#[derive(Debug)]
pub struct Orphan {
    /// The file of its project, if it had one.
    pub project: Option<PathBuf>,
    /// The project, as text.
    pub content: String,
    /// When it was written.
    pub written: Option<SystemTime>,
    journal: Journal,
}

impl StateFolder {
    /// Starts an empty journal.
    pub fn start_journal(&self) -> Result<Journal, Diagnostic> {
        let folder = self.folder(FOLDER)?;
        let stem = format!("{:016x}", random());
        let lock = folder.join(format!("{stem}.{LOCK}"));
        let text = folder.join(format!("{stem}.{TEXT}"));
        let open = OpenOptions::new().write(true).create_new(true).open(&lock);
        let held = open.and_then(|file| {
            file.lock()?;
            Ok(file)
        });
        match held {
            Ok(held) => Ok(Journal {
                text,
                lock,
                _held: held,
            }),
            Err(error) => Err(failed(&lock, "locked", &error)),
        }
    }

    /// Unsaved work of crashed processes, newest first.
    pub fn orphans(&self) -> Vec<Orphan> {
        let folder = self.path().join(FOLDER);
        let Ok(entries) = fs::read_dir(&folder) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        sweep(&folder, &names);
        let stems = names
            .iter()
            .filter_map(|name| name.strip_suffix(TEXT)?.strip_suffix('.'));
        let mut orphans: Vec<Orphan> = stems.filter_map(|stem| orphan(&folder, stem)).collect();
        orphans.sort_by_key(|orphan| std::cmp::Reverse(orphan.written));
        orphans
    }
}

/// Removes old locks of windows that had nothing unsaved when they crashed.
fn sweep(folder: &Path, names: &[String]) {
    let day = Duration::from_secs(24 * 60 * 60);
    for name in names {
        let Some(stem) = name.strip_suffix(LOCK) else {
            continue;
        };
        let path = folder.join(name);
        let old = fs::metadata(&path)
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > day));
        let has_text = names.contains(&format!("{stem}{TEXT}"));
        if old && !has_text && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(&path);
        }
    }
}

fn orphan(folder: &Path, stem: &str) -> Option<Orphan> {
    let lock = folder.join(format!("{stem}.{LOCK}"));
    let held = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock)
        .ok()?;
    held.try_lock().ok()?;
    let text = folder.join(format!("{stem}.{TEXT}"));
    let content = fs::read_to_string(&text).ok()?;
    let first = content
        .lines()
        .next()
        .and_then(|line| line.strip_prefix(ORIGIN));
    Some(Orphan {
        project: first.map(PathBuf::from),
        written: fs::metadata(&text)
            .and_then(|metadata| metadata.modified())
            .ok(),
        content,
        journal: Journal {
            text,
            lock,
            _held: held,
        },
    })
}

impl Journal {
    /// Writes the unsaved project; `project` is its file, if it has one.
    pub fn write(&self, content: &str, project: Option<&Path>) -> Result<(), Diagnostic> {
        let origin = project
            .map(|path| path.to_string_lossy())
            .filter(|path| !path.contains(['\n', '\r']))
            .map(|path| format!("{ORIGIN}{path}\n"));
        write_text(
            &self.text,
            &format!("{}{content}", origin.unwrap_or_default()),
        )
    }

    /// Clears the journal after a save.
    pub fn clear(&self) {
        let _ = fs::remove_file(&self.text);
    }

    /// Ends the journal: the project was closed normally.
    pub fn close(self) {
        self.clear();
        let _ = fs::remove_file(&self.lock);
    }
}

impl Orphan {
    /// Discards the unsaved work.
    pub fn discard(self) {
        self.journal.close();
    }

    /// Restores the unsaved work; its journal becomes that of the recovered project.
    pub fn adopt(self) -> Journal {
        self.journal
    }
}
