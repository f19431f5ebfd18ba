//! Building a Kustomize folder: offered where a program is there, and only done if asked for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::time::{Duration, Instant};

use drawbridge::app::Command;

use super::test_window::TestWindow;

/// Writes a folder with a kustomization, and a `kustomize` that runs a script; opens the folder.
fn open(window: &mut TestWindow, script: Option<&str>) -> PathBuf {
    let input = window.path("prod");
    fs::create_dir_all(&input).expect("a folder");
    let files = [
        (
            "kustomization.yaml",
            "resources: [web.yaml]\nnamePrefix: my-\n",
        ),
        (
            "web.yaml",
            "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}}\n",
        ),
    ];
    for (name, text) in files {
        fs::write(input.join(name), text).expect("written");
    }
    if let Some(script) = script {
        let programs = window.path("bin");
        fs::create_dir_all(&programs).expect("a folder");
        let program = programs.join("kustomize");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a script");
    }
    window
        .harness
        .state_mut()
        .ask(Command::OpenPaths(vec![input.clone()]));
    input
}

fn workloads(window: &TestWindow) -> Vec<String> {
    let document = window.document();
    document
        .workloads
        .iter()
        .map(|(_, w)| w.name.clone())
        .collect()
}

const BUILT: &str = "{apiVersion: v1, kind: Pod, metadata: {name: my-web, namespace: shop}}";

#[test]
fn a_folder_is_built_if_asked_for() {
    let mut window = TestWindow::new(Vec::new());
    let input = open(
        &mut window,
        Some(&format!(": > \"$2/ran\"; echo '{BUILT}'")),
    );
    window.settle();
    assert_eq!(workloads(&window), ["web"]);
    assert!(window.sees("read without what Kustomize changes"));
    assert!(!input.join("ran").exists(), "it never runs by itself");
    window.click("Build and open");
    assert!(input.join("ran").exists());
    assert_eq!(workloads(&window), ["my-web"]);
    assert!(!window.sees("Build and open"));
}

#[test]
fn a_build_that_fails_leaves_the_project_and_the_offer() {
    let mut window = TestWindow::new(Vec::new());
    open(&mut window, Some("echo 'Error: no such base' >&2; exit 1"));
    window.settle();
    window.click("Build and open");
    assert!(window.sees("The folder could not be built"));
    assert!(window.sees("Error: no such base"));
    assert_eq!(workloads(&window), ["web"]);
    let program = window.path("bin").join("kustomize");
    fs::write(program, format!("#!/bin/sh\necho '{BUILT}'\n")).expect("written");
    window.click("Build and open");
    assert_eq!(workloads(&window), ["my-web"]);
}

#[test]
fn nothing_is_offered_without_a_program() {
    let mut window = TestWindow::new(Vec::new());
    open(&mut window, None);
    window.settle();
    assert_eq!(workloads(&window), ["web"]);
    assert!(!window.sees("Build and open"));
}

#[cfg(target_os = "linux")]
/// Shows frames until something holds.
fn until(window: &mut TestWindow, what: &str, holds: impl Fn(&TestWindow) -> bool) {
    let begun = Instant::now();
    while !holds(window) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        window.harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_build_is_cancelled() {
    let mut window = TestWindow::threaded();
    let input = open(&mut window, Some("echo $$ > \"$2/ran\"; exec sleep 60"));
    until(&mut window, "the offer", |w| w.sees("Build and open"));
    window.click_while_busy("Build and open");
    until(&mut window, "the build", |_| {
        fs::read_to_string(input.join("ran")).is_ok_and(|id| id.ends_with('\n'))
    });
    let id = fs::read_to_string(input.join("ran")).expect("an id");
    let process = PathBuf::from(format!("/proc/{}", id.trim()));
    until(&mut window, "a way to cancel", |w| w.sees("Cancel"));
    window.click_while_busy("Cancel");
    until(&mut window, "the notice", |w| {
        w.sees("Reading was cancelled")
    });
    until(&mut window, "the end of the program", |_| !process.exists());
    assert_eq!(workloads(&window), ["web"]);
}
