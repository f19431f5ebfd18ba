//! What pipelines use: the formats for their platforms, and the scripts in `packaging`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{MANIFESTS, POLICY, SENSITIVE, drawbridge, drawbridge_with, folder, path};

/// A misspelt label, so that `lint` has a finding.
fn misspelt() -> String {
    format!(
        "{MANIFESTS}---\n{}",
        POLICY.replace("{app: web}}}]", "{app: wep}}}]")
    )
}

#[test]
fn verify_reports_flows_as_junit() {
    let folder = folder(&[("p.drawbridge.yaml", SENSITIVE)]);
    let project = path(&folder, "p.drawbridge.yaml");
    let own = drawbridge(&["verify", &project, "-o", "junit"]);
    assert_eq!(own.code, Some(0), "{}", own.err);
    assert!(
        own.out
            .starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
    );
    let passed =
        "<testcase name=\"demo/sensitive to demo/auth on TCP/80\" classname=\"sensitive.flows\"";
    assert!(
        own.out.contains(passed) && own.out.contains("failures=\"0\""),
        "{}",
        own.out
    );
    let deny = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: demo}\n\
        spec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n";
    let given = drawbridge_with(&["verify", &project, "--against", "-", "-o", "junit"], deny);
    assert_eq!(given.code, Some(1), "{}", given.err);
    assert!(
        given.out.contains("<failure type=\"blocked\" message="),
        "{}",
        given.out
    );
}

#[test]
fn lint_reports_code_quality() {
    let answer = drawbridge_with(&["lint", "-", "-o", "codequality"], &misspelt());
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let issues: Value = serde_json::from_str(&answer.out).expect("JSON");
    let issues = issues.as_array().expect("an array, as GitLab requires");
    let misspelt = issues.iter().find(|issue| issue["check_name"] == "L03");
    let misspelt = misspelt.unwrap_or_else(|| panic!("{issues:?}"));
    assert!(misspelt["location"]["lines"]["begin"].as_u64() > Some(1));
    assert!(
        misspelt["fingerprint"]
            .as_str()
            .is_some_and(|f| f.starts_with("L03:"))
    );
}

/// A file of `packaging`, or of the root.
fn packaged(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).expect("it is there")
}

#[cfg(unix)]
#[test]
fn the_scripts_of_the_github_action_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/github-action");
    for script in ["version.sh", "install.sh", "run.sh", "comment.sh"] {
        let mut bash = Command::new("bash");
        let parsed = bash.arg("-n").arg(folder.join(script)).output();
        let parsed = parsed.expect("bash runs");
        let said = String::from_utf8_lossy(&parsed.stderr);
        assert!(
            parsed.status.success() && said.is_empty(),
            "{script}: {said}"
        );
        let call = format!("\"$ACTION_PATH/{script}\"");
        assert!(packaged("packaging/github-action/action.yml").contains(&call));
    }
}

#[cfg(unix)]
#[test]
fn the_github_action_runs_each_format_and_keeps_the_worst_exit_code() {
    let folder = folder(&[("m.yaml", &misspelt()), ("p.drawbridge.yaml", SENSITIVE)]);
    let run = |command: &str, paths: &str, formats: &str| {
        let output = folder.path().join("output");
        fs::write(&output, "").expect("it is written");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/github-action/run.sh");
        let ended = Command::new("bash")
            .arg(script)
            .current_dir(folder.path())
            .env("DRAWBRIDGE", env!("CARGO_BIN_EXE_drawbridge"))
            .env("RUNNER_TEMP", folder.path())
            .env("GITHUB_OUTPUT", &output)
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary.md"))
            .envs([("COMMAND", command), ("PATHS", paths), ("FORMATS", formats)])
            .output()
            .expect("bash runs");
        let output = fs::read_to_string(output).expect("it is there");
        (ended.status.code(), output)
    };
    let value = |output: &str, key: &str| {
        let lines = output.lines().filter_map(|line| line.split_once('='));
        let mut found = lines.filter(|(k, _)| *k == key).map(|(_, v)| v.to_owned());
        found.next_back()
    };
    let (code, output) = run("lint", "\n m.yaml \n", "md sarif");
    assert_eq!(
        (code, value(&output, "exit-code").as_deref()),
        (Some(0), Some("1"))
    );
    let comment =
        fs::read_to_string(value(&output, "comment").expect("a comment")).expect("it is there");
    assert!(
        comment.starts_with("<!-- drawbridge: lint -->\n### "),
        "{comment}"
    );
    let sarif = fs::read(value(&output, "sarif").expect("a report")).expect("it is there");
    assert!(serde_json::from_slice::<Value>(&sarif).is_ok());
    let (_, output) = run("verify", "p.drawbridge.yaml", "junit");
    assert_eq!(value(&output, "exit-code").as_deref(), Some("0"));
    let (_, output) = run("diff", "m.yaml\nm.yaml", "md");
    assert_eq!(value(&output, "exit-code").as_deref(), Some("0"));
    for (command, paths, formats) in [
        ("diff", "m.yaml", "md"),
        ("lint", "m.yaml", "junit"),
        ("lint", "", "md"),
        ("list", "m.yaml", "md"),
    ] {
        let (code, output) = run(command, paths, formats);
        assert_eq!(
            (code, value(&output, "exit-code")),
            (Some(2), None),
            "{command} {formats}"
        );
    }
}

/// The commands that the GitLab template and the hooks run exist, with their options.
#[test]
fn templates_name_commands_and_formats_that_exist() {
    let gitlab: serde_yaml::Value =
        serde_yaml::from_str(&packaged("packaging/gitlab/drawbridge.gitlab-ci.yml")).expect("YAML");
    let action: serde_yaml::Value =
        serde_yaml::from_str(&packaged("packaging/github-action/action.yml")).expect("YAML");
    assert_eq!(action["runs"]["using"], "composite");
    let hooks: serde_yaml::Value =
        serde_yaml::from_str(&packaged("packaging/pre-commit/hooks.yaml")).expect("YAML");
    for hook in hooks["repos"][0]["hooks"].as_sequence().expect("a list") {
        for key in ["id", "name", "entry", "language"] {
            assert!(hook[key].is_string(), "{hook:?}");
        }
    }
    let folder = folder(&[("m.yaml", &misspelt()), ("p.drawbridge.yaml", SENSITIVE)]);
    let (manifests, project) = (path(&folder, "m.yaml"), path(&folder, "p.drawbridge.yaml"));
    let mut ran = 0;
    for job in ["drawbridge-lint", "drawbridge-verify", "drawbridge-diff"] {
        for line in gitlab[job]["script"].as_sequence().expect("a script") {
            let line = line.as_str().expect("a command");
            let Some(command) = line.strip_prefix("drawbridge ") else {
                continue;
            };
            let command = command
                .split([' '])
                .take_while(|word| !word.contains(['>', '|']) && *word != "2");
            let words: Vec<String> = command
                .map(|word| match word {
                    "\"$DRAWBRIDGE_PROJECT\"" => project.clone(),
                    word if word.contains("$DRAWBRIDGE_MANIFESTS") => manifests.clone(),
                    word => word.to_owned(),
                })
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let answer = drawbridge(&words);
            assert!(matches!(answer.code, Some(0 | 1)), "{line}: {}", answer.err);
            ran += 1;
        }
    }
    assert_eq!(ran, 5);
}
