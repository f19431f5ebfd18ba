//! The record of exports in a folder: which file which project wrote, with a digest of its text. A file with
//! another text was edited since.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::found::{Found, find};
use super::{KUSTOMIZATION, NOT_OURS, VERDICT};
use crate::diag::Diagnostic;

/// The name of the record. It is no manifest by its name, so nothing that reads the folder reads it.
pub(super) const RECORD: &str = ".drawbridge-export";

const HEAD: &str = "# Written by Drawbridge: the files of exports into this folder, to recognise those edited since.\n\
    # digest file project (project file)\n";

/// The project that is exported. Projects of one name are distinguished by their files, as they are named from the
/// folder of the export.
#[derive(Debug)]
pub(super) struct Owner {
    name: String,
    file: Option<String>,
    folder: PathBuf,
}

impl Owner {
    pub fn new(name: &str, file: Option<&Path>, folder: &Path) -> Self {
        Self {
            name: one_line(name),
            file: file.and_then(|file| relative(file, folder)),
            folder: folder.to_owned(),
        }
    }

    /// The project in the record: `shop (../shop.drawbridge.yaml)`.
    fn words(&self) -> String {
        match &self.file {
            Some(file) => one_line(&format!("{} ({file})", self.name)),
            None => self.name.clone(),
        }
    }

    /// Whose a file in the record is. A project of this name whose file is gone may be this one, moved.
    fn whose(&self, entry: &Entry) -> Whose {
        let recorded = entry.project.as_str();
        if recorded == self.name || recorded == self.words() {
            return Whose::Own;
        }
        let rest = recorded.strip_prefix(&self.name);
        let file = rest.and_then(|rest| rest.strip_prefix(" (")?.strip_suffix(')'));
        match file {
            Some(file) if !self.folder.join(file).exists() => Whose::Moved,
            _ => Whose::Others,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Moved,
    Others,
}

/// The path of a file from a folder, with `/`; none if there is none, as between two drives.
fn relative(file: &Path, folder: &Path) -> Option<String> {
    let (file, folder) = (whole(file)?, whole(folder)?);
    let (mut to, mut from) = (file.components().peekable(), folder.components().peekable());
    while to.peek().is_some() && to.peek() == from.peek() {
        to.next();
        from.next();
    }
    let named = |part: &Component| matches!(part, Component::Normal(_));
    let (up, down): (Vec<_>, Vec<_>) = (from.collect(), to.collect());
    if !up.iter().chain(&down).all(named) {
        return None;
    }
    let up = up.iter().map(|_| "..".into());
    let down = down.iter().map(|part| part.as_os_str().to_string_lossy());
    let parts: Vec<_> = up.chain(down).collect();
    Some(parts.join("/"))
}

/// A path without links; the end of it may not exist yet.
fn whole(path: &Path) -> Option<PathBuf> {
    match path.canonicalize() {
        Ok(path) => Some(path),
        Err(_) => {
            let path = std::path::absolute(path).ok()?;
            Some(whole(path.parent()?)?.join(path.file_name()?))
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    files: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    digest: String,
    project: String,
}

impl Record {
    /// The record of a folder; empty if there is none. Lines that are no entries are ignored, so that a badly
    /// merged record makes an export ask and not fail.
    pub fn read(folder: &Path) -> Result<Self, Diagnostic> {
        let found = find(&folder.join(RECORD))?;
        let text = found.text();
        let entries = text.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ' ');
            let (digest, file) = (parts.next()?, parts.next()?);
            let project = parts.next().unwrap_or_default().to_owned();
            let plain = digest.len() == 16 && file.split('/').all(|part| part != "..");
            let entry = Entry {
                digest: digest.to_owned(),
                project,
            };
            (plain && !file.starts_with('/')).then(|| (file.to_owned(), entry))
        });
        Ok(Self {
            files: entries.collect(),
        })
    }

    pub fn text(&self) -> String {
        let lines = self.files.iter().map(|(file, entry)| {
            let line = format!("{} {file} {}", entry.digest, entry.project);
            line.trim_end().to_owned() + "\n"
        });
        HEAD.to_owned() + &lines.collect::<String>()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// Adds a file with its text; it belongs to this project from now on.
    pub fn add(&mut self, file: &str, owner: &Owner, text: &str) {
        let entry = Entry {
            digest: digest(text.as_bytes()),
            project: owner.words(),
        };
        self.files.insert(file.to_owned(), entry);
    }

    /// Keeps an entry of an earlier record, unless there is a new one.
    pub fn keep(&mut self, before: &Self, file: &str) {
        if let Some(entry) = before.files.get(file) {
            self.files.entry(file.to_owned()).or_insert(entry.clone());
        }
    }

    /// What other projects wrote.
    pub fn others(&self, owner: &Owner) -> Self {
        let mut files = self.files.clone();
        files.retain(|_, entry| owner.whose(entry) == Whose::Others);
        Self { files }
    }

    /// The files of a project.
    pub fn files_of(&self, owner: &Owner) -> impl Iterator<Item = &str> {
        let files = self.files.iter();
        let own = files.filter(move |(_, entry)| owner.whose(entry) != Whose::Others);
        own.map(|(file, _)| file.as_str())
    }

    /// The policies that other projects wrote.
    pub fn policies_of_others(&self, owner: &Owner) -> Vec<String> {
        let mut files: Vec<String> = self.others(owner).files.into_keys().collect();
        files.retain(|file| file != KUSTOMIZATION && file != VERDICT);
        files
    }

    /// Why a project has to ask before it replaces or deletes a file; none if it wrote it as it is.
    pub fn conflict(&self, owner: &Owner, file: &str, before: &Found) -> Option<String> {
        let bytes = match before {
            Found::Nothing => return None,
            Found::Link(to) => return Some(format!("is a link to `{}`", to.display())),
            Found::File(bytes) if bytes.trim_ascii().is_empty() => return None,
            Found::File(bytes) => bytes,
        };
        match self.files.get(file) {
            None => Some(NOT_OURS.to_owned()),
            Some(entry) if entry.digest != digest(bytes) => {
                Some("was edited since the last export".to_owned())
            }
            // One list for all of them.
            Some(_) if file == KUSTOMIZATION => None,
            Some(entry) if owner.whose(entry) != Whose::Own => {
                Some(format!("was written for the project `{}`", entry.project))
            }
            Some(_) => None,
        }
    }
}

/// A project's name as it fits into a line.
fn one_line(project: &str) -> String {
    let words: Vec<&str> = project.split(char::is_whitespace).collect();
    words.join(" ").trim().to_owned()
}

/// 64 bits of FNV-1a, the same on every machine. Git may change line breaks on the way, so they do not count.
pub(super) fn digest(text: &[u8]) -> String {
    let bytes = text.iter().filter(|byte| **byte != b'\r');
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
