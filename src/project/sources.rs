//! The files that the user names, and their texts.

pub mod kustomize;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::files::{OnDisk, Opened, decode, failed, read_bytes, read_input};
use super::format;
use crate::diag::{Diagnostic, Span};
use crate::manifest::Source;

/// Reads the paths: files, folders (searched for `.yaml`, `.yml` and `.json`, in the
/// order of their names), `-` for standard input. What cannot be read is a diagnostic of code `file`.
pub fn collect(paths: &[PathBuf]) -> (Vec<Source>, Vec<Diagnostic>) {
    collect_until(paths, &|| false)
}

/// The same, but once `stop` says so, what was not read yet is an error.
pub fn collect_until(
    paths: &[PathBuf],
    stop: &(dyn Fn() -> bool + Sync),
) -> (Vec<Source>, Vec<Diagnostic>) {
    let mut files = Vec::new();
    let mut diagnostics = Vec::new();
    for path in paths {
        let before = (files.len(), diagnostics.len());
        if is_folder(path) {
            match chart_of_templates(path) {
                Some(chart) => diagnostics.push(not_rendered(&chart)),
                None => walk(path, &mut files, &mut diagnostics, stop),
            }
            if (files.len(), diagnostics.len()) == before {
                let message = "this folder contains no .yaml, .yml or .json file";
                diagnostics.push(about(path, Diagnostic::warning("no-manifests", message)));
            }
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    diagnostics.extend(kustomize::settle(&mut files, paths));
    let read = |file: &PathBuf| read(file, paths.contains(file), stop);
    let read: Vec<_> = files.par_iter().map(read).collect();
    let mut sources = Vec::new();
    for (source, found) in read {
        sources.extend(source);
        diagnostics.extend(found);
    }
    (sources, diagnostics)
}

/// Whether a path is standard input, whatever is called `-`.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether a path is a folder.
pub fn is_folder(path: &Path) -> bool {
    !is_stdin(path) && path.is_dir()
}

/// Opens a project from a path that can be read once, such as standard input.
///
/// # Errors
/// If it cannot be read, or is no project.
pub fn open(path: &Path) -> Result<Opened, Vec<Diagnostic>> {
    let (source, problem) = read(path, true, &|| false);
    let Some(source) = source else {
        return Err(problem.into_iter().collect());
    };
    let (document, mut diagnostics) = format::read(&source.text, &source.name)?;
    diagnostics.splice(0..0, problem);
    Ok(Opened {
        document,
        diagnostics,
        file: OnDisk {
            stamp: None,
            text: source.text.into(),
        },
    })
}

/// Opens a file for reading as a stream; `-` is standard input.
///
/// # Errors
/// If it cannot be opened, or is a folder.
pub fn stream(path: &Path) -> Result<Box<dyn io::BufRead>, Box<Diagnostic>> {
    if is_stdin(path) {
        return Ok(Box::new(io::BufReader::new(io::stdin())));
    }
    if path.is_dir() {
        let error = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
        return Err(Box::new(failed(path, "read", &error)));
    }
    match fs::File::open(path) {
        Ok(file) => Ok(Box::new(io::BufReader::with_capacity(1 << 16, file))),
        Err(error) => Err(Box::new(failed(path, "read", &error))),
    }
}

fn about(path: &Path, diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.at(Span::new(path.to_string_lossy().into(), 1, 1))
}

/// All manifest files below a folder, sorted. Hidden folders are skipped, and links to folders, because
/// they may form cycles.
fn walk(
    folder: &Path,
    files: &mut Vec<PathBuf>,
    diagnostics: &mut Vec<Diagnostic>,
    stop: &dyn Fn() -> bool,
) {
    if stop() {
        return;
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("this folder cannot be read: {error}");
            let problem = Diagnostic::error("file", message).help("change its permissions");
            diagnostics.push(about(folder, problem));
            return;
        }
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    if is_chart(folder) {
        diagnostics.push(not_rendered(folder));
        return;
    }
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !hidden => walk(&path, files, diagnostics, stop),
            Ok(kind) if kind.is_dir() || kind.is_symlink() && path.is_dir() => {
                diagnostics.extend(skipped(&path, kind.is_dir()));
            }
            Ok(kind) if !kind.is_dir() && is_manifest(&path) && !path.is_dir() => {
                // A link to nothing is read, so that its error is reported. Pipes and devices may never end.
                match fs::metadata(&path) {
                    Ok(metadata) if !metadata.is_file() => {
                        let message = "this is not a regular file: skipped";
                        let note = Diagnostic::info("file", message);
                        diagnostics.push(about(&path, note.help("name it to read it")));
                    }
                    _ => files.push(path),
                }
            }
            _ => {}
        }
    }
}

/// A note about a folder that is not searched: a hidden one with manifests, or a link.
fn skipped(folder: &Path, hidden: bool) -> Option<Diagnostic> {
    let name = folder.file_name()?.to_string_lossy().into_owned();
    // Those of git and of mounted volumes are never meant.
    if name == ".git" || name.starts_with("..") || !has_manifest(folder, DEPTH) {
        return None;
    }
    let message = match hidden {
        true => "this folder is hidden: skipped",
        false => "this is a link to a folder: skipped",
    };
    let note = Diagnostic::info("file", message).help("name it to read it");
    Some(about(folder, note))
}

/// The depth to which folders that are not searched are looked into for manifests.
const DEPTH: usize = 4;

fn has_manifest(folder: &Path, depth: usize) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let entries: Vec<_> = entries.flatten().collect();
    entries.iter().any(|entry| {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        match is_folder {
            true => depth > 0 && has_manifest(&path, depth - 1),
            false => is_manifest(&path),
        }
    })
}

fn is_chart(folder: &Path) -> bool {
    folder.join("Chart.yaml").is_file()
}

/// The chart whose templates a folder holds.
fn chart_of_templates(folder: &Path) -> Option<PathBuf> {
    let whole = fs::canonicalize(folder).ok()?;
    let parent = whole.parent().filter(|parent| is_chart(parent))?;
    let templates = whole.file_name().is_some_and(|name| name == "templates");
    templates.then(|| match folder.parent() {
        Some(shown) if shown.as_os_str().is_empty() => PathBuf::from("."),
        Some(shown) if is_chart(shown) => shown.to_owned(),
        _ => parent.to_owned(),
    })
}

/// One error for a whole chart: its templates are no manifests.
fn not_rendered(chart: &Path) -> Diagnostic {
    let shown = chart.display();
    let message = format!("`{shown}` is a Helm chart that is not rendered: skipped");
    let help = format!("render it and read the result: `helm template {shown} > all.yaml`");
    about(
        &chart.join("Chart.yaml"),
        Diagnostic::error("template", message).help(help),
    )
}

fn is_manifest(path: &Path) -> bool {
    if kustomize::is_kustomization(path) {
        return true;
    }
    let extension = path.extension().and_then(|e| e.to_str());
    extension.is_some_and(|e| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| e.eq_ignore_ascii_case(known))
    })
}

/// The first bytes of what gzip has compressed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads one file. Bytes that are no text are replaced, but a project that is named, and not found in a folder, is
/// refused.
fn read(
    path: &Path,
    is_named: bool,
    stop: &dyn Fn() -> bool,
) -> (Option<Source>, Option<Diagnostic>) {
    let bytes = if stop() {
        Err(io::Error::new(
            io::ErrorKind::Interrupted,
            "reading was cancelled",
        ))
    } else if is_stdin(path) {
        read_input()
    } else {
        read_bytes(path, stop)
    };
    let name: Arc<str> = path.to_string_lossy().into();
    match bytes {
        Ok(bytes) if bytes.starts_with(&GZIP) => {
            let message = "the file is compressed with gzip: it is not read";
            let problem = Diagnostic::error("file", message).help("decompress it first");
            (None, Some(problem.at(Span::new(name, 1, 1))))
        }
        Ok(bytes) => {
            let (text, problem) = match decode(bytes) {
                Ok(text) => (text, None),
                Err(garbled) => match is_named && format::is_project(&garbled.text) {
                    true => return (None, Some(garbled.refused(path, "project-format"))),
                    false => {
                        let problem = garbled.replaced(path);
                        (garbled.text, Some(problem))
                    }
                },
            };
            (Some(Source { name, text }), problem)
        }
        Err(error) => (None, Some(failed(path, "read", &error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Severity;

    #[test]
    fn folders_are_searched_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("sub")).unwrap();
        fs::create_dir_all(at(".git")).unwrap();
        for name in ["b.yml", "a.YAML", "sub/c.json", "notes.txt", ".git/d.yaml"] {
            fs::write(at(name), name).unwrap();
        }
        let twice = [folder.path().to_owned(), at("b.yml"), at("notes.txt")];
        let (sources, found) = collect(&twice);
        let texts: Vec<_> = sources.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["a.YAML", "b.yml", "sub/c.json", "notes.txt"]);
        assert_eq!(found, []);
        assert_eq!(*sources[1].name, *at("b.yml").to_string_lossy());
    }

    #[test]
    fn a_compressed_file_is_told_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        fs::write(&path, [0x1f, 0x8b, 8, 0, 0, 0]).unwrap();
        let (sources, found) = collect(&[path]);
        assert_eq!((sources.len(), found.len()), (0, 1));
        assert!(found[0].message.contains("gzip"), "{found:?}");
    }

    #[test]
    fn a_chart_is_one_error() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("web/templates")).unwrap();
        for name in [
            "web/Chart.yaml",
            "web/values.yaml",
            "web/templates/a.yaml",
            "b.yaml",
        ] {
            fs::write(at(name), name).unwrap();
        }
        for (path, read) in [(at(""), 1), (at("web"), 0), (at("web/templates"), 0)] {
            let (sources, found) = collect(&[path]);
            let codes: Vec<_> = found.iter().map(|d| d.code).collect();
            assert_eq!((sources.len(), codes), (read, vec!["template"]));
            assert!(found[0].help.as_deref().unwrap().contains("helm template "));
        }
    }

    #[test]
    fn a_kustomize_tree_is_read_without_its_patches() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("base")).unwrap();
        fs::create_dir_all(at("prod")).unwrap();
        for (name, text) in [
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", "web"),
            (
                "prod/kustomization.yml",
                "resources: [../base, ./job.yaml]\npatches: [{path: replicas.yaml}]\nconfigMapGenerator: [{name: c, files: [x=values.yaml]}]\n",
            ),
            ("prod/replicas.yaml", "patch"),
            ("prod/values.yaml", "values"),
            ("prod/job.yaml", "job"),
        ] {
            fs::write(at(name), text).unwrap();
        }
        let (sources, found) = collect(&[folder.path().to_owned()]);
        let texts: Vec<_> = sources.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(texts, ["web", "job"]);
        let [one] = &*found else { panic!("{found:?}") };
        assert_eq!((one.code, one.severity), ("kustomize", Severity::Warning));
        let shown = at("prod").display().to_string();
        let command = format!(" {shown} > all.yaml`");
        assert!(one.help.as_deref().unwrap().contains(&command), "{one}");

        let (sources, found) = collect(&[at("base")]);
        assert_eq!(sources.len(), 1);
        assert_eq!(
            (found[0].code, found[0].severity),
            ("kustomize", Severity::Info)
        );
    }

    #[test]
    fn the_resources_of_a_kustomization_are_read_wherever_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (name, text) in [
            (
                "base/kustomization.yaml",
                "resources: [web.yaml, ../more/job]\n",
            ),
            ("base/web.yaml", "web"),
            ("more/job", "job"),
            (
                "parts/a/kustomization.yaml",
                "kind: Component\nresources: [a.yaml]\npatches: []\n",
            ),
            ("parts/a/a.yaml", "a"),
            (
                "prod/kustomization.yaml",
                "resources: [../base, ../base/, https://example.com/x.yaml, gone.yaml, ../more]\ncomponents: [../parts/a]\n",
            ),
            (
                "east/kustomization.yaml",
                "bases: [../base]\nnamePrefix: my-\nimages: [{name: x}]\n",
            ),
            ("one/kustomization.yaml", "resources: [../two]\n"),
            ("two/kustomization.yaml", "resources: [../one, ../base]\n"),
        ] {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), text).unwrap();
        }
        let read = |name: &str| {
            let (sources, found) = collect(&[at(name)]);
            let texts: Vec<_> = sources.into_iter().map(|s| s.text).collect();
            let found: Vec<_> = (found.into_iter().map(|d| (d.severity, d.message))).collect();
            (texts.join(" "), found)
        };
        let (texts, found) = read("prod");
        assert_eq!(texts, "web job a");
        let [remote, gone, bare, root] = &*found else {
            panic!("{found:?}")
        };
        for (found, part) in [
            (
                remote,
                "`https://example.com/x.yaml` is not read: it is remote",
            ),
            (gone, "`gone.yaml` is not read: there is no such file"),
            (
                bare,
                "`../more` is not read: this folder has no kustomization",
            ),
        ] {
            assert_eq!(found.0, Severity::Error);
            assert!(found.1.contains(part), "{found:?}");
        }
        assert_eq!(root.0, Severity::Info);

        let (texts, found) = read("east");
        assert_eq!(texts, "web job");
        let [(severity, message)] = &*found else {
            panic!("{found:?}")
        };
        assert_eq!(*severity, Severity::Warning);
        assert!(
            message.contains("`images`, `namePrefix` are not applied"),
            "{message}"
        );

        let (texts, found) = read("one");
        assert_eq!(texts, "web job");
        let circles = found.iter().filter(|(_, m)| m.contains("includes itself"));
        assert_eq!(circles.count(), 2, "{found:?}");
    }

    #[test]
    fn unreadable_files_are_reported_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, b"a: \xff\n").unwrap();
        let empty = folder.path().join("empty");
        fs::create_dir(&empty).unwrap();
        let (sources, found) = collect(&[folder.path().join("none"), empty, file]);
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].text, "a: \u{fffd}\n");
        let codes: Vec<_> = found.iter().map(|d| d.code).collect();
        assert_eq!(codes, ["no-manifests", "file", "encoding"]);
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_are_not_searched_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [".old/a", ".empty", "..data"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        for name in [".old/a/b.yaml", "..data/b.yaml", "c.yaml"] {
            fs::write(at(name), "a: 1\n").unwrap();
        }
        fs::write(elsewhere.path().join("d.yaml"), "a: 1\n").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), at("linked")).unwrap();
        let (sources, found) = collect(&[at("")]);
        assert_eq!(sources.len(), 1);
        let told: Vec<_> = found.iter().map(|d| (d.severity, &*d.message)).collect();
        let note = |message| (Severity::Info, message);
        assert_eq!(
            told,
            [
                note("this folder is hidden: skipped"),
                note("this is a link to a folder: skipped")
            ]
        );
        let unread = crate::diag::unread(&found);
        let skipped = [".old", "linked"].map(|name| at(name).to_string_lossy().into_owned());
        assert_eq!(
            unread.iter().map(|file| &**file).collect::<Vec<_>>(),
            skipped
        );
    }

    #[cfg(unix)]
    #[test]
    fn devices_in_a_folder_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.yaml")).unwrap();
        fs::write(folder.path().join("a.yaml"), "a: 1\n").unwrap();
        let (sources, found) = collect(&[folder.path().to_owned()]);
        assert_eq!(sources.len(), 1);
        assert_eq!(found.len(), 1);
        assert!(
            found.iter().all(|d| d.severity == Severity::Info),
            "{found:?}"
        );
        assert!(found[0].message.contains("not a regular file"));
    }

    #[test]
    fn a_cancelled_read_reads_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "a: 1\n").unwrap();
        let (sources, found) = collect_until(&[file], &|| true);
        assert!(sources.is_empty());
        assert!(found[0].message.contains("cancelled"), "{found:?}");
    }
}
