//! The record of exports in a folder: which file which projects wrote, with a digest of its text. A file with
//! another text was edited since. Projects that write the same text share the file.

use std::collections::{BTreeMap, BTreeSet};
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
    /// In order; none if they are unknown.
    files: Vec<String>,
    folder: PathBuf,
}

/// What separates the files of a project in the record.
const BETWEEN: &str = ", ";

impl Owner {
    pub fn new(name: &str, files: &[PathBuf], folder: &Path) -> Self {
        let files: BTreeSet<String> = files.iter().filter_map(|f| relative(f, folder)).collect();
        Self {
            name: one_line(name),
            files: files.into_iter().collect(),
            folder: folder.to_owned(),
        }
    }

    /// The project in the record: `shop (../shop.drawbridge.yaml)`.
    fn words(&self) -> String {
        match self.files.is_empty() {
            true => self.name.clone(),
            false => one_line(&format!("{} ({})", self.name, self.files.join(BETWEEN))),
        }
    }

    /// Who a project in the record is. One of this name whose file is gone may be this one, moved; one of another
    /// name in this one's file was it before its name changed, or before the file got another project.
    fn whose(&self, recorded: &str) -> Whose {
        if recorded == self.name || recorded == self.words() {
            return Whose::Own;
        }
        let file = format!(" ({})", self.files.join(BETWEEN));
        if !self.files.is_empty() && recorded.ends_with(&one_line(&file)) {
            return Whose::Earlier;
        }
        let rest = recorded.strip_prefix(&self.name);
        let files = rest.and_then(|rest| rest.strip_prefix(" (")?.strip_suffix(')'));
        let exists = |file: &str| self.folder.join(file).exists();
        match files {
            Some(files) if !files.split(BETWEEN).all(exists) => Whose::Earlier,
            _ => Whose::Others,
        }
    }

    /// The projects of an entry that are others than this one.
    fn others<'a>(&self, entry: &'a Entry) -> impl Iterator<Item = &'a String> {
        let projects = entry.projects.iter();
        projects.filter(|project| self.whose(project) == Whose::Others)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    /// This one at an earlier time, probably.
    Earlier,
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

#[derive(Clone, Debug, Default)]
struct Entry {
    digest: String,
    /// Who wrote this text; never empty.
    projects: BTreeSet<String>,
}

impl Record {
    /// The record of a folder; empty if there is none. Lines that are no entries are ignored, so that a badly
    /// merged record makes an export ask and not fail.
    pub fn read(folder: &Path) -> Result<Self, Diagnostic> {
        let found = find(&folder.join(RECORD))?;
        let text = found.text();
        let mut files: BTreeMap<String, Entry> = BTreeMap::new();
        for line in text.lines() {
            let mut parts = line.splitn(3, ' ');
            let (Some(digest), Some(file)) = (parts.next(), parts.next()) else {
                continue;
            };
            let plain = digest.len() == 16 && file.split('/').all(|part| part != "..");
            if plain && !file.starts_with('/') {
                let entry = files.entry(file.to_owned()).or_default();
                entry.digest = digest.to_owned();
                let project = parts.next().unwrap_or_default();
                entry.projects.insert(project.to_owned());
            }
        }
        Ok(Self { files })
    }

    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (file, entry) in &self.files {
            for project in &entry.projects {
                let line = format!("{} {file} {project}", entry.digest);
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        text
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    /// Adds a file with its text, which belongs to this project from now on; another project that has it keeps it if it
    /// is the same text.
    pub fn add(&mut self, file: &str, owner: &Owner, text: &str) {
        let entry = self.files.entry(file.to_owned()).or_default();
        let digest = digest(text.as_bytes());
        if entry.digest != digest {
            entry.projects.clear();
        }
        entry.digest = digest;
        entry.projects.insert(owner.words());
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
        files.retain(|_, entry| {
            entry.projects = owner.others(entry).cloned().collect();
            !entry.projects.is_empty()
        });
        Self { files }
    }

    /// The files of a project, those included that other projects have as well.
    pub fn files_of(&self, owner: &Owner) -> impl Iterator<Item = &str> {
        let files = self.files.iter();
        let own = files.filter(move |(_, entry)| {
            let mut projects = entry.projects.iter();
            projects.any(|project| owner.whose(project) != Whose::Others)
        });
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
            Some(entry) => {
                let mut projects = entry.projects.iter();
                let other = projects.find(|project| owner.whose(project) != Whose::Own);
                other.map(|project| format!("was written for the project `{project}`"))
            }
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
