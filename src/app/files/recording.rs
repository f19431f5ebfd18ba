//! Opening files of recorded flows.

use std::io::{self, BufRead, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::app::jobs::{Cancel, Pool};
use crate::app::panels::Tab;
use crate::app::state::App;
use crate::app::traffic::words::counted;
use crate::app::traffic::{ReadFile, Recording};
use crate::diag::{Diagnostic, Severity};
use crate::intent::snapshot::snapshot;
use crate::model::{Document, RecordedFile};
use crate::observe::time::Time;
use crate::observe::{Reader, workloads_of};
use crate::project::recordings::{self, Hashed};
use crate::project::sources;

/// What came of reading.
pub(super) struct Read {
    recording: Recording,
    /// What is wrong in it.
    diagnostics: Vec<Diagnostic>,
    purpose: Purpose,
}

/// Why a recording is read.
#[derive(Clone, Debug)]
enum Purpose {
    /// The user opens it.
    Opened,
    /// The project refers to it.
    OfProject,
    /// It is open, and only the connections that began in a window are to be counted, or all of them again.
    Narrowed(Option<Range<Time>>),
}

/// How far reading is: bytes done, of all.
#[derive(Debug, Default)]
pub(super) struct Progress {
    done: AtomicU64,
    all: AtomicU64,
}

impl Progress {
    /// In percent; none before it is known.
    pub fn percent(&self) -> Option<u64> {
        let done = self.done.load(Ordering::Relaxed);
        let all = self.all.load(Ordering::Relaxed);
        done.saturating_mul(100)
            .checked_div(all)
            .map(|n| n.min(100))
    }
}

/// A recording to read, and the digest that the project has of it.
pub(super) type Wanted = (PathBuf, Option<String>);

/// A file that counts what is read of it, and ends once reading is cancelled.
struct Counted<'a> {
    inner: Hashed<Box<dyn BufRead>>,
    progress: &'a Progress,
    cancel: &'a Cancel,
    pool: &'a Pool,
}

impl io::Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut part = self.fill_buf()?;
        let count = part.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.cancel.is_set() {
            true => Err(io::Error::other("cancelled")),
            false => self.inner.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        let before = self.progress.percent();
        let count = u64::try_from(amount).unwrap_or(u64::MAX);
        self.progress.done.fetch_add(count, Ordering::Relaxed);
        if self.progress.percent() != before {
            self.pool.request_repaint();
        }
    }
}

impl App {
    /// Reads recordings in the background. Without an open project, an empty one is begun.
    pub(in crate::app) fn open_recordings(&mut self, files: Vec<PathBuf>) {
        if self.history.is_none() {
            self.new_project();
        }
        let wanted = files.into_iter().map(|file| (file, None));
        self.read_recordings(wanted.collect(), Purpose::Opened);
    }

    /// Reads the open recording again, to count only the connections that began in a window, or all of them.
    pub(in crate::app) fn narrow_recording(&mut self, window: Option<Range<Time>>) {
        let Some(recording) = self.view.traffic.recording() else {
            return;
        };
        let files = recording.files.iter();
        let wanted = files.map(|file| (file.path.clone(), Some(file.sha256.clone())));
        self.read_recordings(wanted.collect(), Purpose::Narrowed(window));
    }

    /// Reads the recordings that the open project refers to, if there are any.
    pub(super) fn open_recordings_of_project(&mut self) {
        let project = self.files.path.as_deref();
        let document = self.document();
        let wanted = document.recordings.iter().map(|one| {
            let path = recordings::path_of(project, &one.file);
            (path, Some(one.sha256.clone()))
        });
        let wanted: Vec<Wanted> = wanted.collect();
        if !wanted.is_empty() {
            self.read_recordings(wanted, Purpose::OfProject);
        }
    }

    fn read_recordings(&mut self, wanted: Vec<Wanted>, purpose: Purpose) {
        let document = self.document();
        let progress = Arc::new(Progress::default());
        self.files.progress = Arc::clone(&progress);
        let pool = self.files.pool.clone();
        self.files.recording.start(move |cancel| {
            let sizes = wanted
                .iter()
                .filter_map(|(file, _)| std::fs::metadata(file).ok());
            let all = sizes.map(|file| file.len()).sum();
            progress.all.store(all, Ordering::Relaxed);
            let work = (&*progress, cancel, &pool);
            read(&wanted, purpose, &document, work)
        });
        if self.files.pool.is_inline() {
            self.poll_files();
        }
    }

    /// The references to the open recording, as the project would have them; none if it was not read from files.
    pub(in crate::app) fn recorded_files(&self) -> Vec<RecordedFile> {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let project = self.files.path.as_deref().map(absolute);
        let recording = self.view.traffic.recording();
        let files = recording.into_iter().flat_map(|one| &one.files);
        let reference = |read: &ReadFile| RecordedFile {
            file: recordings::reference(project.as_deref(), &absolute(&read.path)),
            sha256: read.sha256.clone(),
            ..RecordedFile::default()
        };
        files.map(reference).collect()
    }

    /// Takes in what was read.
    pub(super) fn poll_recording(&mut self) {
        let Some(Read {
            recording,
            mut diagnostics,
            purpose,
        }) = self.files.recording.take()
        else {
            return;
        };
        let of_project = matches!(purpose, Purpose::OfProject);
        let capture = &recording.observed.capture;
        let records: u64 = capture.sources.iter().map(|source| source.records).sum();
        let is_empty = capture.sources.iter().all(|source| source.format.is_none());
        let summary = match (is_empty, of_project) {
            (true, false) => "The recording could not be read.",
            (true, true) => "The recordings of the project could not be read.",
            (false, false) => "The recording was read with warnings.",
            (false, true) => "The recordings of the project were read with warnings.",
        };
        if is_empty && !capture.sources.is_empty() {
            let help = "recordings are of Hubble, Goldmane or Whisker, or CSV with the header source,destination,protocol,port";
            let none = Diagnostic::error("flows", "no recorded flow was found").help(help);
            diagnostics.push(none);
        }
        if let Purpose::Narrowed(_) = purpose {
            let over_time = self
                .view
                .traffic
                .recording()
                .map(|one| one.over_time.clone());
            self.view.traffic.narrow(Recording {
                over_time: over_time.unwrap_or_default(),
                ..recording
            });
        } else if !is_empty {
            let files = counted(recording.files.len() as u64, "file");
            self.view
                .notify(format!("Read {} from {files}", counted(records, "record")));
            self.view.extra = None;
            self.view.traffic.open(recording);
            if !of_project {
                self.show_tab(Tab::Traffic);
            }
        }
        if diagnostics.iter().any(|d| d.severity != Severity::Info) {
            // Nothing that opening the project has just reported is lost.
            let report = self.files.report.take().filter(|_| of_project);
            let mut report = report.unwrap_or_default();
            report.summary = [report.summary.as_str(), summary]
                .join(" ")
                .trim()
                .to_owned();
            report.diagnostics.extend(diagnostics);
            self.show_report(report);
        }
    }
}

/// Reads recordings one after the other.
fn read(
    wanted: &[Wanted],
    purpose: Purpose,
    document: &Document,
    work: (&Progress, &Cancel, &Pool),
) -> Read {
    let (progress, cancel, pool) = work;
    let mut reader = match &purpose {
        Purpose::Narrowed(Some(window)) => Reader::between(window.clone()),
        _ => Reader::default(),
    };
    let mut diagnostics = Vec::new();
    let mut files = Vec::new();
    for (file, expected) in wanted {
        let inner = match sources::stream(file) {
            Ok(inner) => Hashed::new(inner),
            Err(diagnostic) => {
                diagnostics.push(match expected.is_some() {
                    true => recordings::unreadable(*diagnostic),
                    false => *diagnostic,
                });
                continue;
            }
        };
        let mut input = Counted {
            inner,
            progress,
            cancel,
            pool,
        };
        diagnostics.extend(reader.read(&file.to_string_lossy(), &mut input));
        // What stands behind compressed data counts, too. An error was reported above.
        let _ = io::copy(&mut input, &mut io::sink());
        let sha256 = input.inner.digest();
        let expected = expected.as_deref().unwrap_or_default();
        diagnostics.extend(recordings::changed(file, expected, &sha256));
        files.push(ReadFile {
            path: file.clone(),
            sha256,
        });
    }
    // Of the open project itself: its check may still be running.
    let cluster = snapshot(document, Vec::new(), Vec::new());
    let observed = reader.finish(&workloads_of(&cluster.snapshot));
    Read {
        recording: Recording {
            files,
            over_time: observed.capture.over_time.clone(),
            observed,
        },
        diagnostics,
        purpose,
    }
}

/// So much of a file shows whether it is a recording.
const START: u64 = 4096;
/// How a gzipped file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Whether a file is a recording and not a manifest: by its name, else by how it begins. Gzipped files are never manifests.
pub(in crate::app) fn is_recording(path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let ends_with = |all: &[&str]| all.iter().any(|end| plain.ends_with(end));
    if ends_with(&[".jsonl", ".ndjson", ".csv", ".log"]) {
        return true;
    }
    if ends_with(&[".yaml", ".yml"]) || !path.is_file() {
        return false;
    }
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(START).read_to_end(&mut start));
    read.is_ok() && (start.starts_with(&GZIP) || begins_as_recording(&start))
}

fn begins_as_recording(start: &[u8]) -> bool {
    let start = String::from_utf8_lossy(start);
    let has = |key: &&str| start.contains(&format!("\"{key}\""));
    let of_flows = [
        "flow",
        "verdict",
        "Key",
        "source_namespace",
        "lost_events",
        "node_status",
    ];
    let header = start.trim_start_matches('\u{feff}').trim_start();
    let is_table = header
        .to_ascii_lowercase()
        .starts_with("source,destination");
    is_table || !has(&"apiVersion") && of_flows.iter().any(has)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Command;
    use crate::app::dialogs::Prepared;
    use crate::app::jobs::Workers;
    use crate::app::surroundings::Surroundings;

    /// A window whose workers wait, and a recording that it was told to read.
    fn reading() -> (App, tempfile::TempDir) {
        let surroundings = Surroundings {
            workers: Workers::Held,
            dialogs: Box::new(Prepared::default()),
            state_folder: None,
            programs: std::ffi::OsString::default(),
        };
        let mut app = App::new(&egui::Context::default(), surroundings);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("flows.csv");
        let rows = "source,destination,protocol,port\nshop/web,shop/api,TCP,80\n";
        std::fs::write(&path, rows).expect("written");
        app.open_recordings(vec![path]);
        (app, folder)
    }

    #[test]
    fn a_recording_is_read_by_a_worker() {
        let (mut app, _folder) = reading();
        let words = app.files.reading().expect("it is being read");
        assert!(words.starts_with("Reading the recording"), "{words}");
        app.files.pool.run_held();
        assert_eq!(app.files.progress.percent(), Some(100));
        app.poll_files();
        assert_eq!(app.files.reading(), None);
        let recording = app.view.traffic.recording().expect("it is open");
        assert_eq!(recording.observed.connections.len(), 1);
    }

    #[test]
    fn reading_a_recording_is_cancelled() {
        let (mut app, _folder) = reading();
        app.perform(Command::StopReading);
        assert_eq!(app.files.reading(), None);
        app.files.pool.run_held();
        app.poll_files();
        assert!(app.view.traffic.recording().is_none());
    }

    #[test]
    fn recordings_are_told_from_manifests() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        for (name, text, is) in [
            ("a.jsonl", "", true),
            ("a.JSONL.GZ", "", true),
            ("a.csv", "", true),
            ("flows.json", r#"{"flow":{"verdict":"FORWARDED"}}"#, true),
            (
                "whisker.json",
                r#"{"items":[{"source_namespace":"a"}]}"#,
                true,
            ),
            ("list.json", r#"{"apiVersion":"v1","kind":"List"}"#, false),
            ("hubble.out", r#"{"flow":{"verdict":"FORWARDED"}}"#, true),
            ("base", "source,destination,protocol,port\n", true),
            ("text", "kind: Pod", false),
            ("a.yaml", "flow: 1", false),
            ("shop.drawbridge.yaml", "format: drawbridge/1", false),
        ] {
            assert_eq!(is_recording(&write(name, text)), is, "{name}");
        }
        let zipped = folder.path().join("zipped");
        std::fs::write(&zipped, [0x1f, 0x8b, 8, 0]).expect("written");
        assert!(is_recording(&zipped));
        assert!(!is_recording(folder.path()));
    }

    #[test]
    fn a_project_opens_whatever_is_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        let project = write("clean.yaml", "format: drawbridge/1\nname: clean\n");
        let flows = write("base", r#"{"flow":{"verdict":"FORWARDED"}}"#);
        let other = write("notes", "not a recording");
        let (mut app, _folder) = reading();
        app.files.pool.run_held();
        app.poll_files();
        app.commands.take();
        app.open_paths(vec![project, flows.clone(), other.clone()], false);
        app.files.pool.run_held();
        app.poll_files();
        assert_eq!(app.document().name, "clean");
        let named = vec![flows, other];
        let is = |one: &Command| matches!(one, Command::OpenRecordings(all) if *all == named);
        assert!(app.commands.take().iter().any(is));
    }
}
