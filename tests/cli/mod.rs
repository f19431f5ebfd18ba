//! The command line from outside: what it prints, where, and with which exit code.

mod approximation;
mod convert;
mod diff;
mod enforcers;
mod flows;
mod inputs;
#[cfg(unix)]
mod kills;
mod left_out;
mod lint;
mod list;
mod messages;
mod paths;
mod pipelines;
mod projects;
mod reading;
mod render;
mod services;
#[cfg(unix)]
mod streams;
mod suggest;
mod unread;
mod writing;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The example in the design: one flow, and no other traffic allowed.
const SENSITIVE: &str = "\
format: drawbridge/1
name: sensitive
namespaces:
- {name: demo}
workloads:
- {name: sensitive, namespace: demo, labels: {app: sensitive}}
- {name: auth, namespace: demo, labels: {app: auth}}
flows:
- {from: demo/sensitive, to: demo/auth, ports: [TCP/80]}
";

/// Manifests as people write them, with label values that YAML reads as other types.
const MANIFESTS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, canary: \"on\", build: \"1_000\"}}
    spec:
      containers:
      - {name: web, image: web, ports: [{name: http, containerPort: 8080}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db, tls: \"true\"}}
  template:
    metadata: {labels: {app: db, tls: \"true\"}}
    spec:
      containers:
      - {name: db, image: db, ports: [{containerPort: 5432}]}
";

/// Only `web` may reach `db`.
const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 5432}]
";

struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Value {
        let json: Value = serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.out, self.err));
        assert!(json["format"].is_string(), "no `format`: {json}");
        for key in ["diagnostics", "leftOut", "notRead"] {
            assert!(json[key].is_array(), "no `{key}`: {json}");
        }
        json
    }

    /// `source > destination TCP 80-80` for each connection between workloads, sorted.
    fn connections(&self) -> Vec<String> {
        let json = self.json();
        let mut lines: Vec<String> = json["connections"]
            .as_array()
            .expect("`connections` is a list")
            .iter()
            .filter(|connection| {
                ["src", "dst"]
                    .iter()
                    .all(|end| connection[end]["type"] == "workload")
            })
            .map(|connection| {
                let name = |end: &str| connection[end]["name"].as_str().unwrap_or("?").to_owned();
                let conn = &connection["conn"];
                let ports = ["TCP", "UDP", "SCTP"].map(|protocol| {
                    let ranges = conn[protocol].as_array().cloned().unwrap_or_default();
                    ranges
                        .iter()
                        .map(|range| format!(" {protocol} {}-{}", range[0], range[1]))
                        .collect::<String>()
                });
                format!("{} > {}{}", name("src"), name("dst"), ports.concat())
            })
            .collect();
        lines.sort();
        lines
    }
}

fn drawbridge(arguments: &[&str]) -> Answer {
    drawbridge_with(arguments, "")
}

fn drawbridge_with(arguments: &[&str], input: &str) -> Answer {
    drawbridge_in(Path::new("."), arguments, input)
}

/// The same in a folder.
fn drawbridge_in(folder: &Path, arguments: &[&str], input: &str) -> Answer {
    let mut child = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    // It may end without reading its input: invalid arguments.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the binary ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the answer is text");
    let answer = Answer {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    assert!(!answer.err.contains("panicked"), "{}", answer.err);
    answer
}

/// A folder of its own with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("there is room for a folder");
        fs::write(file, text).expect("there is room for a file");
    }
    folder
}

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_string_lossy().into_owned()
}

fn example(name: &str) -> PathBuf {
    let file = format!("assets/examples/{name}.drawbridge.yaml");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Both styles of a project's text, each in a folder of its own.
fn in_both_styles(text: &str) -> Vec<(tempfile::TempDir, String)> {
    let plain: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().starts_with("style:"))
        .collect();
    ["per-flow", "per-workload"]
        .iter()
        .map(|style| {
            let mut text = plain.join("\n") + "\n";
            match text.contains("settings:\n") {
                true => {
                    text = text.replace("settings:\n", &format!("settings:\n  style: {style}\n"))
                }
                false => text += &format!("settings: {{style: {style}}}\n"),
            }
            let folder = folder(&[("p.drawbridge.yaml", &text)]);
            let project = path(&folder, "p.drawbridge.yaml");
            (folder, project)
        })
        .collect()
}

/// Texts of the policies among these files, sorted.
fn policies_in(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            found.extend(policies_in(&path));
        } else {
            let text = fs::read_to_string(&path).expect("it is text");
            let documents = text
                .split("\n---")
                .filter(|document| document.contains("kind: NetworkPolicy"));
            found.extend(documents.map(str::to_owned));
        }
    }
    found.sort();
    found
}

fn names_in(policies: &[String]) -> Vec<String> {
    let mut names: Vec<String> = policies
        .iter()
        .filter_map(|policy| {
            policy
                .lines()
                .find_map(|line| line.strip_prefix("  name: "))
        })
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

#[test]
fn one_flow_becomes_four_policies_and_no_other_traffic_is_allowed() {
    let folder = folder(&[("p.drawbridge.yaml", SENSITIVE)]);
    let out = path(&folder, "out");
    let made = drawbridge(&["generate", &path(&folder, "p.drawbridge.yaml"), "-o", &out]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let policies = policies_in(Path::new(&out));
    assert_eq!(
        names_in(&policies),
        [
            "allow-dns",
            "auth-from-sensitive",
            "deny-all",
            "sensitive-to-auth"
        ]
    );
}

#[test]
fn list_matches_the_drawn_flows_in_both_styles() {
    for (_folder, project) in in_both_styles(SENSITIVE) {
        let answer = drawbridge(&["list", &project, "-o", "json"]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert_eq!(answer.connections(), ["sensitive > auth TCP 80-80"]);
        let verified = drawbridge(&["verify", &project]);
        assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
    }
}

#[test]
fn generated_policies_are_valid_and_match_the_document() {
    // One flow of the shop goes to a domain name, which NetworkPolicy cannot express; generate and verify
    // report it.
    let cases = [
        ("online-shop", "Exact, except 1 flow", 1),
        ("platform", "Exact", 0),
    ];
    for (name, state, code) in cases {
        let text = fs::read_to_string(example(name)).expect("the example is there");
        for (folder, project) in in_both_styles(&text) {
            let made = drawbridge(&["generate", &project]);
            assert_eq!(made.code, Some(code), "{name}: {}", made.err);
            let lint = drawbridge_with(&["lint", "-", "-o", "json"], &made.out);
            // Notes are allowed: without manifests, the labels of namespaces are unknown.
            let findings = lint.json()["findings"].clone();
            let wrong = findings
                .as_array()
                .into_iter()
                .flatten()
                .filter(|finding| finding["severity"] != "info");
            assert_eq!(wrong.count(), 0, "{name}: {findings}");
            assert_eq!(lint.code, Some(0), "{name}: {}", lint.err);

            let out = path(&folder, "out");
            let written = drawbridge(&["generate", &project, "-o", &out]);
            assert_eq!(written.code, Some(code), "{name}: {}", written.err);
            let against = drawbridge(&["verify", &project, "--against", &out]);
            assert_eq!(against.code, Some(code), "{name}: {}", against.out);
            assert!(against.out.starts_with(state), "{name}: {}", against.out);
        }
    }
}

#[test]
fn styles_differ_in_number_but_not_in_meaning() {
    for name in ["online-shop", "platform"] {
        let text = fs::read_to_string(example(name)).expect("the example is there");
        let lists: Vec<(String, usize)> = in_both_styles(&text)
            .iter()
            .map(|(_folder, project)| {
                let count = drawbridge(&["generate", project])
                    .out
                    .matches("kind: NetworkPolicy")
                    .count();
                (
                    drawbridge(&["list", project, "-o", "json"]).json()["connections"].to_string(),
                    count,
                )
            })
            .collect();
        assert_eq!(lists[0].0, lists[1].0, "{name}");
        assert!(
            lists[0].1 > lists[1].1,
            "{name}: {} and {} policies",
            lists[0].1,
            lists[1].1
        );
    }
}

#[test]
fn verify_fails_at_an_extra_policy() {
    let extra = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: oops, namespace: demo}
spec: {podSelector: {}, ingress: [{}], egress: [{}], policyTypes: [Ingress, Egress]}
";
    let folder = folder(&[("p.drawbridge.yaml", SENSITIVE)]);
    let project = path(&folder, "p.drawbridge.yaml");
    let out = path(&folder, "out");
    assert_eq!(
        drawbridge(&["generate", &project, "-o", &out]).code,
        Some(0)
    );
    fs::write(Path::new(&out).join("oops.yaml"), extra).expect("there is room for a file");
    let wide = drawbridge(&["verify", &project, "--against", &out]);
    assert_eq!(wide.code, Some(1), "{}{}", wide.out, wide.err);
    assert!(wide.out.contains("too wide"), "{}", wide.out);

    let nothing = folder.path().join("nothing.yaml");
    fs::write(&nothing, extra.replace("ingress: [{}], egress: [{}], ", ""))
        .expect("there is room for a file");
    let blocked = drawbridge(&["verify", &project, "--against", &nothing.to_string_lossy()]);
    assert_eq!(blocked.code, Some(1), "{}{}", blocked.out, blocked.err);
    assert!(blocked.out.contains("blocked"), "{}", blocked.out);
}

#[test]
fn manifests_are_imported_as_a_project() {
    let manifests = folder(&[("all.yaml", MANIFESTS), ("policy.yml", POLICY)]);
    let project = path(&manifests, "shop.drawbridge.yaml");
    let imported = drawbridge(&["import", &path(&manifests, "all.yaml"), "-o", &project]);
    assert_eq!(imported.code, Some(0), "{}", imported.err);
    let text = fs::read_to_string(&project).expect("it wrote the project");
    assert!(text.starts_with("format: drawbridge/1\n"), "{text}");
    for value in ["'on'", "'1_000'", "'true'"] {
        let double = value.replace('\'', "\"");
        assert!(
            text.contains(value) || text.contains(&double),
            "{value} is no text in\n{text}"
        );
    }

    // Everything stays open, so there is nothing to generate; a default deny and a drawn flow change that.
    let nothing = drawbridge(&["generate", &project]);
    assert_eq!(nothing.code, Some(2), "{}{}", nothing.out, nothing.err);
    let open = drawbridge(&["list", &project, "-o", "json"]).connections();
    assert!(
        open.iter()
            .any(|c| c == "db > web TCP 1-65535 UDP 1-65535 SCTP 1-65535")
    );
    let denied = text.replace("base: none", "base: deny-all");
    assert_ne!(denied, text);
    let drawn = denied + "flows:\n- {from: shop/web, to: shop/db, ports: [TCP/5432]}\n";
    fs::write(&project, drawn).expect("there is room for a file");
    let list = drawbridge(&["list", &project, "-o", "json"]);
    assert_eq!(list.connections(), ["web > db TCP 5432-5432"]);
    let made = drawbridge(&["generate", &project]);
    assert!(
        made.out.contains("tls: \"true\"") || made.out.contains("tls: 'true'"),
        "{}",
        made.out
    );
}

#[test]
fn policies_are_adopted_as_flows_and_change_no_connection() {
    let manifests = folder(&[("all.yaml", MANIFESTS), ("policy.yml", POLICY)]);
    let inputs = [path(&manifests, "all.yaml"), path(&manifests, "policy.yml")];
    let list = |paths: &[&str]| {
        let list = drawbridge(&[&["list", "-o", "json"], paths].concat());
        assert_eq!(list.code, Some(0), "{}", list.err);
        list.connections()
    };
    let before = list(&[&inputs[0], &inputs[1]]);
    let project = path(&manifests, "shop.drawbridge.yaml");
    let adopted = drawbridge(&["adopt", &inputs[0], &inputs[1], "-o", &project]);
    assert_eq!(adopted.code, Some(0), "{}", adopted.err);
    assert!(adopted.out.contains(": adopted\n"), "{}", adopted.out);
    let text = fs::read_to_string(&project).expect("it wrote the project");
    assert!(!text.contains("policies:"), "{text}");
    assert!(
        text.contains("isolate: ") || text.contains("base: "),
        "{text}"
    );
    assert_eq!(list(&[&project]), before);
    let again = drawbridge(&["adopt", &inputs[0], "-o", &project]);
    assert_eq!(again.code, Some(2), "{}", again.out);
}

#[test]
fn a_folder_is_read_recursively_without_project_files() {
    let manifests = folder(&[
        ("all.yaml", MANIFESTS),
        ("policy.yml", POLICY),
        ("p.drawbridge.yaml", SENSITIVE),
    ]);
    let root = manifests.path().to_string_lossy().into_owned();
    let list = drawbridge(&["list", &root, "-o", "json"]);
    assert_eq!(list.code, Some(0), "{}", list.err);
    assert_eq!(
        list.connections(),
        [
            "db > web TCP 1-65535 UDP 1-65535 SCTP 1-65535",
            "web > db TCP 5432-5432"
        ]
    );
    assert!(list.err.contains("p.drawbridge.yaml"), "{}", list.err);
}

#[test]
fn a_dash_reads_standard_input() {
    let both = format!("{MANIFESTS}---\n{POLICY}");
    let list = drawbridge_with(&["list", "-", "-o", "json"], &both);
    assert_eq!(list.code, Some(0), "{}", list.err);
    assert!(
        list.connections()
            .contains(&"web > db TCP 5432-5432".to_owned())
    );
    let text = drawbridge_with(&["list", "-"], &both);
    assert!(
        text.out.contains("shop/web") && text.out.contains("5432"),
        "{}",
        text.out
    );
}

#[test]
fn lint_reports_what_the_server_rejects_and_where() {
    let wrong = POLICY.replace("{port: 5432}", "{port: 5432, endPort: 80}");
    let lint = drawbridge_with(&["lint", "-", "-o", "json"], &wrong);
    assert_eq!(lint.code, Some(1), "{}", lint.err);
    let json = lint.json();
    let finding = &json["findings"][0];
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["path"], "spec.ingress[0].ports[0].endPort");
    assert_eq!(finding["line"], 9);
    for key in ["code", "file", "column", "resource", "message"] {
        assert!(!finding[key].is_null(), "no `{key}` in {finding}");
    }
    let text = drawbridge_with(&["lint", "-"], &wrong);
    assert_eq!(text.code, Some(1));
    assert!(
        text.out.contains("spec.ingress[0].ports[0].endPort"),
        "{}",
        text.out
    );

    let clean = drawbridge_with(&["lint", "-"], POLICY);
    assert_eq!(clean.code, Some(0), "{}{}", clean.out, clean.err);
}

#[test]
fn partial_input_gives_partial_answers() {
    let broken = folder(&[
        ("all.yaml", MANIFESTS),
        ("policy.yml", POLICY),
        ("broken.yaml", "kind: Pod\n  metadata: [\n"),
    ]);
    let list = drawbridge(&["list", &broken.path().to_string_lossy(), "-o", "json"]);
    assert_eq!(list.code, Some(2), "{}", list.err);
    assert!(
        list.connections()
            .contains(&"web > db TCP 5432-5432".to_owned())
    );
    assert!(list.err.contains("broken.yaml:2"), "{}", list.err);
    let diagnostics = list.json()["diagnostics"].to_string();
    assert!(diagnostics.contains("broken.yaml"), "{diagnostics}");
}

#[test]
fn invalid_arguments_exit_with_two() {
    for arguments in [
        &["list"][..],
        &["list", "no-such-file.yaml"],
        &["generate", "no-such-file.drawbridge.yaml"],
        &["verify", "no-such-file.drawbridge.yaml"],
        &["list", "-", "--assume", "pod-addresses=perhaps"],
        &["list", "-", "-o", "poem"],
        &["completions", "tea"],
    ] {
        let answer = drawbridge(arguments);
        assert_eq!(
            answer.code,
            Some(2),
            "{arguments:?}: {}{}",
            answer.out,
            answer.err
        );
        assert!(!answer.err.is_empty(), "{arguments:?} says nothing");
    }
    let newer = folder(&[("p.drawbridge.yaml", "format: drawbridge/99\nname: x\n")]);
    let answer = drawbridge(&["generate", &path(&newer, "p.drawbridge.yaml")]);
    assert_eq!(answer.code, Some(2));
    assert!(answer.err.contains("drawbridge/99"), "{}", answer.err);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let platform = example("platform").to_string_lossy().into_owned();
    let shop = example("online-shop").to_string_lossy().into_owned();
    for arguments in [
        &["list", &platform][..],
        &["generate", &platform],
        &["completions", "bash"],
        &["list", &platform, "-o", "csv"],
        &["list", &platform, "-o", "md"],
        &["list", &platform, "-o", "dot"],
        &["list", &shop, "-o", "svg"],
        &["paths", &platform, "--from", "*"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the binary ends");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            !err.contains("panicked") && !err.contains("roken pipe"),
            "{arguments:?}: {err}"
        );
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
    }
}

#[test]
fn output_is_deterministic() {
    let platform = example("platform").to_string_lossy().into_owned();
    let shop = example("online-shop").to_string_lossy().into_owned();
    for arguments in [
        &["list", &platform, "-o", "json"][..],
        &["generate", &platform],
        &["list", &shop, "-o", "svg"],
        &["list", &platform, "-o", "dot"],
        &["paths", &platform, "--from", "0.0.0.0/0", "-o", "json"],
    ] {
        let first = drawbridge(arguments).out;
        assert!(first.len() > 1000);
        assert_eq!(drawbridge(arguments).out, first, "{arguments:?}");
    }
}

#[test]
fn completions_and_help_list_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = drawbridge(&["completions", shell]);
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        for word in ["generate", "paths"] {
            assert!(answer.out.contains(word), "{shell} does not know {word}");
        }
    }
    let help = drawbridge(&["--help"]);
    assert_eq!(help.code, Some(0));
    for command in [
        "import",
        "adopt",
        "generate",
        "verify",
        "list",
        "explain",
        "exposure",
        "diff",
        "paths",
        "render",
        "lint",
        "completions",
    ] {
        assert!(help.out.contains(command), "{}", help.out);
    }
    let version = drawbridge(&["--version"]);
    assert_eq!(
        version.out.trim(),
        format!("drawbridge {}", env!("CARGO_PKG_VERSION"))
    );
}
