//! Pipes and devices: skipped in folders, read once where they are named, and never without a bound.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Answer, MANIFESTS, folder, path};

fn fifo(path: &str) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.expect("`mkfifo` starts").success());
}

/// As [`super::drawbridge`], but a program that waits for a pipe is ended, and is no answer.
fn drawbridge(arguments: &[&str]) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let begun = Instant::now();
    while child.try_wait().expect("its state is known").is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            child.kill().expect("it can be ended");
            panic!("{arguments:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("the binary ended");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the answer is text");
    Answer {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// Writes a text into a pipe, once somebody reads it.
fn send(path: &str, text: &'static str) -> std::thread::JoinHandle<()> {
    let path = path.to_owned();
    std::thread::spawn(move || std::fs::write(path, text).expect("it is read"))
}

#[test]
fn pipes_and_devices_in_a_folder_are_skipped_with_a_note() {
    let folder = folder(&[("m.yaml", MANIFESTS)]);
    std::fs::create_dir(folder.path().join("below")).expect("a folder");
    for name in ["pipe.yaml", "below/kustomization.yaml", "below/Chart.yaml"] {
        fifo(&path(&folder, name));
    }
    symlink("/dev/zero", folder.path().join("zero.json")).expect("a link");
    let whole = folder.path().to_string_lossy();
    for command in ["list", "lint", "exposure"] {
        let answer = drawbridge(&[command, &whole]);
        assert_eq!(answer.code, Some(0), "{command}: {}", answer.err);
        let all = drawbridge(&[command, &whole, "--verbose"]);
        for name in ["pipe.yaml", "below/kustomization.yaml", "zero.json"] {
            let note = format!(
                "{}:1:1: info: this is not a regular file: skipped (file)",
                path(&folder, name)
            );
            // The findings of `lint` are its answer.
            let text = all.out.clone() + &all.err;
            assert!(text.contains(&note), "{command}: {text}");
        }
    }
    let listed = drawbridge(&["list", &whole, "-o", "json"]).connections();
    assert!(
        listed.iter().any(|line| line.starts_with("web > db")),
        "{listed:?}"
    );
}

#[test]
fn a_named_pipe_is_read_once() {
    let folder = folder(&[]);
    for name in ["pipe.yaml", "kustomization.yaml"] {
        let pipe = path(&folder, name);
        fifo(&pipe);
        let sending = send(&pipe, MANIFESTS);
        let answer = drawbridge(&["list", &pipe, "-o", "json"]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert!(!answer.connections().is_empty(), "{name}");
        sending.join().expect("all was sent");
    }
}

#[test]
fn a_device_that_never_ends_is_named() {
    let folder = folder(&[]);
    let links = ["zero.yaml", "kustomization.yaml"].map(|name| {
        symlink("/dev/zero", folder.path().join(name)).expect("a link");
        path(&folder, name)
    });
    for device in links {
        let answer = drawbridge(&["list", &device]);
        assert_eq!(answer.code, Some(2), "{}", answer.err);
        let error = format!(
            "{device}:1:1: error: the file could not be read: it sends more than 512 MiB (file)"
        );
        assert!(answer.err.contains(&error), "{}", answer.err);
    }
}

#[test]
fn a_project_is_not_written_to_a_pipe_that_nobody_reads() {
    let folder = folder(&[("m.yaml", MANIFESTS)]);
    let pipe = path(&folder, "out.drawbridge.yaml");
    fifo(&pipe);
    for input in [path(&folder, "m.yaml"), path(&folder, "")] {
        let answer = drawbridge(&["import", &input, "-o", &pipe]);
        assert_eq!(answer.code, Some(2), "{}", answer.err);
    }
}
