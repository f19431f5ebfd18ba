//! The journal: the unsaved project, written beside the user's files so that a crash loses nothing.
//! Each window has one, and holds a lock while it is open; a journal without a lock was
//! left by a crash.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::atomic::random;
use super::{Stamp, StateFolder, failed, stamp, write_text};
use crate::diag::Diagnostic;

const FOLDER: &str = "journal";
const TEXT: &str = "drawbridge.yaml";
const LOCK: &str = "lock";
/// The first line of a journal whose project has a file.
const ORIGIN: &str = "# Unsaved work on ";
/// The state of that file: seconds and nanoseconds since 1970 when it was changed, and its length.
const STAMP: &str = "# Its file: ";
/// When the journal was written, in seconds since 1970.
const TIME: &str = "# Written: ";

/// The file of a project whose work is unsaved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its absolute path.
    pub path: PathBuf,
    /// The file as the project last read or wrote it.
    pub stamp: Option<Stamp>,
}

impl Origin {
    /// Whether the file is not what it was.
    pub fn has_changed(&self) -> bool {
        stamp(&self.path) != self.stamp
    }
}

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
    pub project: Option<Origin>,
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
    let head = |word: &str| {
        let mut lines = content.lines().take_while(|line| line.starts_with("# "));
        lines.find_map(|line| line.strip_prefix(word))
    };
    let project = head(ORIGIN).map(|path| Origin {
        path: PathBuf::from(path),
        stamp: head(STAMP).and_then(stamp_of),
    });
    let seconds = head(TIME).and_then(|seconds| seconds.parse().ok());
    let written = seconds.and_then(|s| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(s)));
    let modified = || fs::metadata(&text).and_then(|metadata| metadata.modified());
    Some(Orphan {
        project,
        written: written.or_else(|| modified().ok()),
        content,
        journal: Journal {
            text,
            lock,
            _held: held,
        },
    })
}

fn since_1970(time: SystemTime) -> Option<Duration> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok()
}

fn stamp_of(text: &str) -> Option<Stamp> {
    let mut numbers = text.split(' ');
    let seconds = Duration::from_secs(numbers.next()?.parse().ok()?);
    let nanoseconds = Duration::from_nanos(numbers.next()?.parse().ok()?);
    Some(Stamp {
        modified: SystemTime::UNIX_EPOCH.checked_add(seconds.checked_add(nanoseconds)?)?,
        length: numbers.next()?.parse().ok()?,
    })
}

impl Journal {
    /// Writes the unsaved project; `project` is its file, if it has one.
    pub fn write(&self, content: &str, project: Option<&Origin>) -> Result<(), Diagnostic> {
        let mut text = String::new();
        let named = project.filter(|origin| !origin.path.to_string_lossy().contains(['\n', '\r']));
        if let Some(Origin { path, stamp }) = named {
            text += &format!("{ORIGIN}{}\n", path.display());
            if let Some((stamp, at)) = stamp.and_then(|s| Some((s, since_1970(s.modified)?))) {
                let (seconds, nanoseconds) = (at.as_secs(), at.subsec_nanos());
                text += &format!("{STAMP}{seconds} {nanoseconds} {}\n", stamp.length);
            }
        }
        if let Some(now) = since_1970(SystemTime::now()) {
            text += &format!("{TIME}{}\n", now.as_secs());
        }
        write_text(&self.text, &(text + content))
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
    /// Where the unsaved work is.
    pub fn file(&self) -> &Path {
        &self.journal.text
    }

    /// Discards the unsaved work.
    pub fn discard(self) {
        self.journal.close();
    }

    /// Restores the unsaved work; its journal becomes that of the recovered project.
    pub fn adopt(self) -> Journal {
        self.journal
    }
}
