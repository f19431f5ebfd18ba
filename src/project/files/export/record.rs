//! The record of exports in a folder: which file which project wrote, with a digest of its text. A file with
//! another text was edited since.

use std::collections::BTreeMap;
use std::path::Path;

use super::found::{Found, find};
use super::{KUSTOMIZATION, NOT_OURS, VERDICT};
use crate::diag::Diagnostic;

/// The name of the record. It is no manifest by its name, so nothing that reads the folder reads it.
pub(super) const RECORD: &str = ".drawbridge-export";

const HEAD: &str = "# Written by Drawbridge: the files of exports into this folder, to recognise those edited since.\n\
    # digest file project\n";

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
    pub fn add(&mut self, file: &str, project: &str, text: &str) {
        let entry = Entry {
            digest: digest(text.as_bytes()),
            project: one_line(project),
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
    pub fn others(&self, project: &str) -> Self {
        let project = one_line(project);
        let mut files = self.files.clone();
        files.retain(|_, entry| entry.project != project);
        Self { files }
    }

    /// The files of a project.
    pub fn files_of(&self, project: &str) -> impl Iterator<Item = &str> {
        let project = one_line(project);
        let own = self
            .files
            .iter()
            .filter(move |(_, entry)| entry.project == project);
        own.map(|(file, _)| file.as_str())
    }

    /// The policies that other projects wrote.
    pub fn policies_of_others(&self, project: &str) -> Vec<String> {
        let mut files: Vec<String> = self.others(project).files.into_keys().collect();
        files.retain(|file| file != KUSTOMIZATION && file != VERDICT);
        files
    }

    /// Why a project has to ask before it replaces or deletes a file; none if it wrote it as it is.
    pub fn conflict(&self, project: &str, file: &str, before: &Found) -> Option<String> {
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
            Some(entry) if entry.project != one_line(project) => {
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
