//! The recordings that a project refers to: where they are, and whether their content is still the same.

use std::io::{self, BufRead, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::diag::{Diagnostic, Span};
use crate::model::{Document, RecordedFile};

/// A reader that computes the digest of what is read.
pub struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: BufRead> Hashed<R> {
    /// Of a reader that is at its beginning.
    pub fn new(inner: R) -> Self {
        let hash = Sha256::new();
        Self { inner, hash }
    }

    /// The SHA-256 of all that was read, in hexadecimal.
    pub fn digest(self) -> String {
        let bytes = self.hash.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl<R: BufRead> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut part = self.fill_buf()?;
        let count = part.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Hashed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        // The buffer is filled, so this reads nothing.
        let part = self.inner.fill_buf().ok();
        if let Some(part) = part.and_then(|part| part.get(..amount)) {
            self.hash.update(part);
        }
        self.inner.consume(amount);
    }
}

/// The path of a recording; `project` is the path of the project file, if it has one.
pub fn path_of(project: Option<&Path>, file: &str) -> PathBuf {
    let folder = project.and_then(Path::parent).unwrap_or(Path::new(""));
    folder.join(file)
}

/// The reference to a recording in a project file. Both paths are absolute; without a project file, the reference is.
pub fn reference(project: Option<&Path>, file: &Path) -> String {
    let relative = project
        .and_then(Path::parent)
        .and_then(|folder| relative(folder, file));
    let path = relative.unwrap_or_else(|| file.to_owned());
    path.to_string_lossy().replace('\\', "/")
}

/// The way from a folder to a file; none between drives.
fn relative(folder: &Path, file: &Path) -> Option<PathBuf> {
    let [from, to] = [folder, file].map(plain);
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.get(same..)?.iter().map(|_| Component::ParentDir);
    let down = to.get(same..)?.iter().copied();
    (same > 0).then(|| up.chain(down).collect())
}

/// The parts of a path, without `.` and with `..` resolved.
fn plain(path: &Path) -> Vec<Component<'_>> {
    let mut parts = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts
}

/// Makes the references of a project true for another place of its file. Both paths are absolute.
pub fn move_project(document: &mut Document, from: Option<&Path>, to: &Path) {
    if document.recordings.is_empty() || from.and_then(Path::parent) == to.parent() {
        return;
    }
    let moved = document.recordings.iter().map(|one| RecordedFile {
        file: reference(Some(to), &path_of(from, &one.file)),
        ..one.clone()
    });
    document.recordings = Arc::new(moved.collect());
}

/// Reports a recording whose content is not the one that the project refers to.
pub fn changed(path: &Path, expected: &str, found: &str) -> Option<Diagnostic> {
    if expected.is_empty() || expected.eq_ignore_ascii_case(found) {
        return None;
    }
    let message = "the recording has changed since the project referred to it";
    let help = "put the earlier file back, or update the project to this one";
    let at = Span::new(path.to_string_lossy().into(), 1, 1);
    Some(Diagnostic::warning("flows", message).at(at).help(help))
}

/// What to do about a recording that cannot be read.
pub fn unreadable(diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.help("put the file back, or remove the recording from the project")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_relative_to_the_project_file() {
        let project = Some(Path::new("/git/shop/shop.drawbridge.yaml"));
        for (file, reference) in [
            ("/git/shop/flows.jsonl", "flows.jsonl"),
            ("/git/shop/recorded/a.csv", "recorded/a.csv"),
            ("/git/flows.jsonl", "../flows.jsonl"),
            ("/git/other/../shop/./flows.jsonl", "flows.jsonl"),
            ("/tmp/flows.jsonl", "../../tmp/flows.jsonl"),
        ] {
            assert_eq!(super::reference(project, Path::new(file)), reference);
            let back = path_of(project, reference);
            assert_eq!(plain(&back), plain(Path::new(file)), "{file}");
        }
        assert_eq!(reference(None, Path::new("/tmp/a.csv")), "/tmp/a.csv");
        assert_eq!(path_of(project, "/tmp/a.csv"), Path::new("/tmp/a.csv"));
    }

    #[test]
    fn references_stay_true_when_the_project_file_moves() {
        let one = |file: &str| RecordedFile {
            file: file.to_owned(),
            ..RecordedFile::default()
        };
        let mut document = Document {
            recordings: Arc::new(vec![one("/git/shop/a.csv"), one("/data/b.csv")]),
            ..Document::default()
        };
        let files = |document: &Document| {
            let files = document.recordings.iter().map(|one| one.file.clone());
            files.collect::<Vec<_>>()
        };
        let places = ["/git/shop/p.drawbridge.yaml", "/git/p.drawbridge.yaml"];
        let [first, second] = places.map(Path::new);
        move_project(&mut document, None, first);
        assert_eq!(files(&document), ["a.csv", "../../data/b.csv"]);
        move_project(&mut document, Some(first), second);
        assert_eq!(files(&document), ["shop/a.csv", "../data/b.csv"]);
    }

    #[test]
    fn a_digest_is_of_all_bytes_however_they_are_read() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for size in [1, 2, 16] {
            let inner = io::BufReader::with_capacity(size, "abc".as_bytes());
            let mut hashed = Hashed::new(inner);
            let mut text = String::new();
            hashed.read_to_string(&mut text).expect("it is read");
            assert_eq!((text.as_str(), hashed.digest().as_str()), ("abc", expected));
        }
        assert!(changed(Path::new("a"), expected, expected).is_none());
        assert!(changed(Path::new("a"), "", expected).is_none());
        let found = changed(Path::new("a"), "9f86", expected).expect("it is another");
        assert!(found.message.contains("has changed"), "{found}");
    }
}
