//! Builds folders by `kustomize` or `kubectl`, where the user asks for it, and reads the result.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::{found_on, is_folder};
use crate::diag::{Diagnostic, NOT_BUILT, Span};
use crate::manifest::Source;
use crate::project::sources;

/// A build may fetch remote bases, but has to end.
const LONGEST: Duration = Duration::from_secs(120);
/// How often a build that runs looks whether it was cancelled.
const PATIENCE: Duration = Duration::from_millis(50);
/// The most bytes that a build may write.
const MOST: u64 = 512 << 20;
/// The most bytes of its messages that are kept.
const MOST_MESSAGES: u64 = 1 << 16;

/// Reads the paths like [`sources::collect`], but builds folders with a kustomization.
pub fn collect(paths: &[PathBuf]) -> (Vec<Source>, Vec<Diagnostic>) {
    let path = env::var_os("PATH").unwrap_or_default();
    collect_until(paths, &path, &|| false)
}

/// The same with a program in the folders of this `PATH`, until `stop`: a build that runs then is ended.
pub fn collect_until(
    paths: &[PathBuf],
    path: &OsStr,
    stop: &(dyn Fn() -> bool + Sync),
) -> (Vec<Source>, Vec<Diagnostic>) {
    let programs = path;
    let (mut texts, mut diagnostics) = (Vec::new(), Vec::new());
    let is_built = |path: &PathBuf| !sources::is_stdin(path) && is_folder(path);
    for alike in paths.chunk_by(|a, b| !is_built(a) && !is_built(b)) {
        match alike {
            [folder] if is_built(folder) => match build(folder, programs, stop) {
                Ok(source) => texts.push(source),
                Err(problem) => diagnostics.push(*problem),
            },
            others => {
                let (found, problems) = sources::collect_until(others, stop);
                texts.extend(found);
                diagnostics.extend(problems.into_iter().map(to_be_named));
            }
        }
    }
    if let Some(path) = paths.first()
        && !paths.iter().any(is_built)
    {
        let message = "`--kustomize` builds folders with a kustomization.yaml, and this is none";
        let note = Diagnostic::info(NOT_BUILT, message);
        diagnostics.push(at(path, note).help("name the folder that holds it"));
    }
    (texts, diagnostics)
}

/// What is not built is within a folder that is named, or there is nothing to build there.
fn to_be_named(found: Diagnostic) -> Diagnostic {
    let is_folder = |span: &Span| Path::new(&*span.file).is_dir();
    match found.span.as_ref().is_some_and(is_folder) && found.code == NOT_BUILT {
        true => found.help("name this folder: `--kustomize` builds those that are named"),
        false => found,
    }
}

fn at(path: &Path, diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.at(Span::new(path.to_string_lossy().into(), 1, 1))
}

/// What a folder is built to, under the name of the command.
fn build(
    folder: &Path,
    programs: &OsStr,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Source, Box<Diagnostic>> {
    let failed = |message: String, help: &str| {
        let problem = Diagnostic::error("file", message).help(help);
        Box::new(at(folder, problem))
    };
    let Some((tool, program)) = found_on(programs) else {
        let message =
            "a Kustomize folder cannot be built: neither `kustomize` nor `kubectl` is on the PATH";
        return Err(failed(message.to_owned(), "install one of them"));
    };
    let shown = tool.command(folder);
    let mut command = Command::new(program);
    command.args(tool.arguments(folder));
    match output(&mut command, LONGEST, MOST, stop) {
        Ok(bytes) => Ok(Source::new(
            shown,
            String::from_utf8_lossy(&bytes).into_owned(),
        )),
        Err(problem) => {
            let help = format!("run `{shown}` to see what it says");
            Err(failed(format!("`{shown}` failed: {problem}"), &help))
        }
    }
}

/// What a command writes to standard output, if it succeeds within these limits; else what went wrong.
fn output(
    command: &mut Command,
    longest: Duration,
    most: u64,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<u8>, String> {
    let end = Instant::now() + longest;
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let out = reader(child.stdout.take(), most + 1);
    let messages = reader(child.stderr.take(), MOST_MESSAGES);
    let finished = finish(&mut child, &out, (end, most), stop);
    if finished.is_err() {
        // It may have ended by itself since.
        let _ = child.kill();
        let _ = child.wait();
    }
    let (bytes, status) = finished.map_err(|problem| match problem {
        Problem::Late => format!("it did not end within {} s", longest.as_secs()),
        Problem::Large => format!("it wrote more than {} MiB", most >> 20),
        Problem::Cancelled => "it was cancelled".to_owned(),
        Problem::Unreadable(error) => error.to_string(),
    })?;
    if status.success() {
        return Ok(bytes);
    }
    let messages = messages.recv_timeout(Duration::from_secs(1));
    let messages = messages.ok().and_then(Result::ok).unwrap_or_default();
    let messages = String::from_utf8_lossy(&messages).into_owned();
    let last = messages.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| status.to_string(), |line| line.trim().to_owned()))
}

/// Why a command did not end as it should.
enum Problem {
    Late,
    Large,
    Cancelled,
    Unreadable(io::Error),
}

type Bytes = Receiver<io::Result<Vec<u8>>>;

/// Waits for the whole output and the end of a command.
fn finish(
    child: &mut Child,
    out: &Bytes,
    (end, most): (Instant, u64),
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<(Vec<u8>, ExitStatus), Problem> {
    let bytes = loop {
        if stop() {
            return Err(Problem::Cancelled);
        }
        let left = end.saturating_duration_since(Instant::now());
        match out.recv_timeout(left.min(PATIENCE)) {
            Ok(read) => break read.map_err(Problem::Unreadable)?,
            Err(RecvTimeoutError::Timeout) if left > PATIENCE => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(Problem::Late);
            }
        }
    };
    if bytes.len() as u64 > most {
        return Err(Problem::Large);
    }
    loop {
        if let Some(status) = child.try_wait().map_err(Problem::Unreadable)? {
            return Ok((bytes, status));
        }
        if stop() {
            return Err(Problem::Cancelled);
        }
        if Instant::now() >= end {
            return Err(Problem::Late);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Reads a stream to its end on a thread of its own, and sends the first bytes. Nobody waits for that thread: a child
/// of the command may keep the stream open.
fn reader(stream: Option<impl Read + Send + 'static>, most: u64) -> Bytes {
    let (done, result) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = match stream {
            Some(stream) => stream.take(most).read_to_end(&mut bytes),
            None => Ok(0),
        };
        // Fails only if the result is no longer wanted.
        let _ = done.send(read.map(|_| bytes));
    });
    result
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(script: &str, longest: u64, most: u64) -> Result<String, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let bytes = output(&mut command, Duration::from_millis(longest), most, &|| {
            false
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn a_command_is_bounded_in_time_and_size() {
        assert_eq!(run("echo a", 20_000, 100), Ok("a\n".into()));
        let late = run("echo a; sleep 20", 100, 100);
        assert_eq!(late, Err("it did not end within 0 s".into()));
        let large = run("while :; do echo aaaaaaaa; done", 20_000, 1 << 20);
        assert_eq!(large, Err("it wrote more than 1 MiB".into()));
    }

    #[test]
    fn a_cancelled_build_ends_at_once() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo a; exec sleep 60"]);
        let begun = Instant::now();
        let stop = || begun.elapsed() > Duration::from_millis(200);
        let stopped = output(&mut command, LONGEST, MOST, &stop);
        assert_eq!(stopped, Err("it was cancelled".into()));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_failure_is_its_last_message() {
        let failed = run("echo one >&2; echo 'Error: two' >&2; exit 3", 20_000, 100);
        assert_eq!(failed, Err("Error: two".into()));
        let silent = run("exit 3", 20_000, 100);
        assert!(silent.is_err_and(|text| text.contains('3')));
    }
}
