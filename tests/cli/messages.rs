//! Messages about how the program is called.

use super::{MANIFESTS, SENSITIVE, drawbridge, drawbridge_with, folder, path};

#[test]
fn a_mistyped_command_is_named() {
    for (typed, meant) in [("lst", "list"), ("Lint", "lint"), ("explian", "explain")] {
        let answer = drawbridge(&[typed, "m/"]);
        assert_eq!(answer.code, Some(2));
        assert!(
            answer.err.contains(&format!("did you mean `{meant}`?")),
            "{}",
            answer.err
        );
    }
    let answer = drawbridge(&["something"]);
    assert_eq!(answer.code, Some(2));
    assert!(
        answer.err.contains("neither a command nor a file"),
        "{}",
        answer.err
    );
    assert!(!answer.err.contains("did you mean"), "{}", answer.err);
}

#[test]
fn the_shell_of_completions_is_in_any_case() {
    for shell in ["PowerShell", "powershell", "BASH"] {
        let answer = drawbridge(&["completions", shell]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert!(answer.out.contains("drawbridge"));
    }
}

#[test]
fn standard_input_is_read_once() {
    for arguments in [&["diff", "-", "-"][..], &["verify", "-", "--against", "-"]] {
        let answer = drawbridge_with(arguments, SENSITIVE);
        assert_eq!(answer.code, Some(2));
        assert!(
            answer.err.contains("standard input can only be read once"),
            "{}",
            answer.err
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    use std::process::{Command, Stdio};
    let folder = folder(&[("m.yaml", MANIFESTS)]);
    let file = path(&folder, "m.yaml");
    for command in [
        &["list", "-o", "json"][..],
        &["list"],
        &["exposure"],
        &["lint", "-o", "json"],
    ] {
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("a device");
        let found = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
            .args(command)
            .arg(&file)
            .stdout(Stdio::from(full))
            .output()
            .expect("the binary starts");
        let err = String::from_utf8_lossy(&found.stderr);
        assert_eq!(found.status.code(), Some(2), "{command:?}: {err}");
        assert!(
            err.contains("the answer cannot be written: No space left"),
            "{command:?}: {err}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_missing_display_is_named() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_drawbridge"));
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    let found = command.output().expect("the binary starts");
    let err = String::from_utf8_lossy(&found.stderr);
    assert_eq!(found.status.code(), Some(2), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(
        err.contains("there is no display") && err.contains("--help"),
        "{err}"
    );
}

#[test]
fn a_misspelt_workload_is_asked_about() {
    let rest = "metadata: {name: web, namespace: shop}\nspec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c}]}}}\n";
    for (version, typed, meant) in [
        ("apps/v1", "Deploymnet", Some("Deployment")),
        ("apps/v1", "StatefullSet", Some("StatefulSet")),
        ("batch/v1", "CronJobs", Some("CronJob")),
        ("v1", "pod", Some("Pod")),
        ("example.com/v1", "Deploymnet", None),
        ("v1", "ConfigMap", None),
    ] {
        for rest in [rest, "metadata: {name: web}\n"] {
            let text = format!("apiVersion: {version}\nkind: {typed}\n{rest}");
            let answer = drawbridge_with(&["list", "-"], &text);
            match meant {
                Some(meant) => {
                    assert_eq!(answer.code, Some(2), "{text}");
                    let help = format!("did you mean `kind: {meant}`");
                    assert!(answer.err.contains(&help), "{text}{}", answer.err);
                }
                None => assert!(!answer.err.contains("did you mean"), "{}", answer.err),
            }
        }
    }
}

#[test]
fn a_path_that_does_not_exist_is_to_be_checked() {
    for arguments in [
        &["list", "nosuch"][..],
        &["verify", "nosuch"],
        &["lint", "nosuch"],
        &["flows", "nosuch"],
    ] {
        let answer = drawbridge(arguments);
        let all = format!("{}{}", answer.out, answer.err);
        assert_eq!(answer.code, Some(2), "{arguments:?}");
        assert!(all.contains("help: check the path"), "{arguments:?} {all}");
    }
}
