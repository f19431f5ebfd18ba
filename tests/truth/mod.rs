//! Verdicts of real engines compared with what the program prints; and verdicts that follow from single
//! rules.

mod adopt;
mod enforcer_vectors;
mod import;
mod vectors;

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn folder(set: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/truth")
        .join(set)
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("the table is there");
    serde_json::from_str(&text).expect("the table is JSON")
}

/// The JSON that the program prints.
fn answer(arguments: &[&str], path: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args(arguments)
        .args(["-o", "json"])
        .arg(path)
        .output()
        .expect("the binary starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{path:?}: {error}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Whether this end of a printed connection is, or contains, the end in the table.
fn is_end(printed: &Value, name: &str) -> bool {
    let text = |key: &str| printed[key].as_str().unwrap_or_default();
    match name.split_once('/') {
        Some((namespace, pod)) => {
            text("type") == "workload" && text("namespace") == namespace && text("name") == pod
        }
        None => {
            let address: IpAddr = name.parse().expect("the table names an address");
            let bound = |index: usize| {
                printed["range"][index]
                    .as_str()
                    .and_then(|bound| bound.parse::<IpAddr>().ok())
            };
            match (bound(0), bound(1)) {
                (Some(first), Some(last)) => {
                    first.is_ipv4() == address.is_ipv4() && first <= address && address <= last
                }
                _ => false,
            }
        }
    }
}

/// Whether `list` allows the probe `PROTOCOL/PORT`.
fn lets_through(connections: &[&Value], probe: &str) -> bool {
    let (protocol, port) = probe.split_once('/').expect("a probe is PROTOCOL/PORT");
    let port: u64 = port.parse().expect("a probe has a port");
    let holds = |range: &Value| range[0].as_u64() <= Some(port) && Some(port) <= range[1].as_u64();
    connections
        .iter()
        .filter_map(|connection| connection["conn"][protocol].as_array())
        .any(|ranges| ranges.iter().any(holds))
}

/// Every pair at every probed port of every case of a set.
fn hold_set(set: &str, arguments: &[&str]) {
    let mut wrong = Vec::new();
    let mut asked = 0;
    let mut cases: Vec<PathBuf> = fs::read_dir(folder(set))
        .expect("the set is there")
        .map(|entry| entry.expect("the set is readable").path())
        .collect();
    cases.sort();
    for case in cases {
        let truth = read(&case.join("truth.json"));
        let list = answer(arguments, &case.join("manifests"));
        let connections = list["connections"]
            .as_array()
            .expect("`connections` is a list");
        for (pair, allowed) in truth["allowed"].as_object().expect("`allowed` is a map") {
            let (from, to) = pair
                .split_once(" > ")
                .expect("a pair is SOURCE > DESTINATION");
            let between: Vec<&Value> = connections
                .iter()
                .filter(|connection| {
                    is_end(&connection["src"], from) && is_end(&connection["dst"], to)
                })
                .collect();
            for probe in truth["probed"].as_array().expect("`probed` is a list") {
                let right = allowed
                    .as_array()
                    .is_some_and(|allowed| allowed.contains(probe));
                let probe = probe.as_str().expect("a probe is text");
                asked += 1;
                if lets_through(&between, probe) != right {
                    let verdict = if right { "allowed" } else { "denied" };
                    wrong.push(format!("{}: {pair} {probe} is {verdict}", case.display()));
                }
            }
        }
    }
    assert!(asked > 1000, "only {asked} questions were asked");
    assert!(
        wrong.is_empty(),
        "{} of {asked} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn network_policy() {
    hold_set("np1", &["list"]);
}

#[test]
fn network_policy_with_known_addresses() {
    hold_set("np1-ip", &["list", "--assume", "pod-addresses=known"]);
}

#[test]
fn admin_network_policy() {
    hold_set("anp", &["list", "--assume", "pod-addresses=outside"]);
}

/// CiliumNetworkPolicies, alone and with NetworkPolicies, and NetworkPolicies as Cilium reads them.
#[test]
fn cilium() {
    hold_set("cilium", &["list", "--enforcer", "cilium"]);
}

#[test]
fn cluster_network_policy() {
    hold_set("cnp2", &["list", "--assume", "pod-addresses=outside"]);
}

#[test]
fn cluster_network_policy_with_known_addresses() {
    hold_set("cnp2-ip", &["list", "--assume", "pod-addresses=known"]);
}

/// Whether a finding is about what the server takes: the L rules.
fn is_mistake(finding: &Value) -> bool {
    finding["code"]
        .as_str()
        .is_some_and(|code| code.starts_with('L'))
}

#[test]
fn lint_finds_what_the_server_rejects() {
    let expected = read(&folder("validation").join("expected.json"));
    let mut wrong = Vec::new();
    for (case, refusals) in expected.as_object().expect("it is a map") {
        let lint = answer(&["lint"], &folder("validation/cases").join(case));
        let errors: Vec<&Value> = lint["findings"]
            .as_array()
            .expect("`findings` is a list")
            .iter()
            .filter(|finding| finding["severity"] == "error" && !is_mistake(finding))
            .collect();
        let paths = |values: &[&Value]| {
            let mut paths: Vec<String> = values
                .iter()
                .map(|value| value["path"].to_string())
                .collect();
            paths.sort();
            paths.dedup();
            paths
        };
        let refusals: Vec<&Value> = refusals.as_array().expect("it is a list").iter().collect();
        let undecodable = refusals.iter().any(|refusal| refusal["type"] == "decode");
        let right = match undecodable {
            true => !errors.is_empty(),
            false => paths(&errors) == paths(&refusals),
        };
        if !right {
            wrong.push(format!(
                "{case}: want {:?}, got {:?}",
                paths(&refusals),
                paths(&errors)
            ));
        }
        let in_its_words = |refusal: &&Value| {
            let word = |key: &str| refusal[key].as_str().unwrap_or_default();
            errors.iter().any(|error| {
                let message = error["message"].as_str().unwrap_or_default();
                message.starts_with(word("type")) && message.contains(word("detail"))
            })
        };
        if !undecodable && !refusals.iter().all(in_its_words) {
            wrong.push(format!("{case}: not in the server's words: {errors:?}"));
        }
        if errors
            .iter()
            .any(|error| error["file"].is_null() || error["line"].is_null())
        {
            wrong.push(format!("{case}: an error without file or line"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a line is a diagnostic with its place: `FILE:LINE:COLUMN: SEVERITY: ...`.
fn is_placed(line: &str) -> bool {
    ["error", "warning", "info"].iter().any(|severity| {
        let place = line
            .split_once(&format!(": {severity}: "))
            .map(|(place, _)| place);
        let mut parts = place.unwrap_or_default().rsplit(':');
        let number =
            |part: Option<&str>| part.is_some_and(|p| p.parse::<u32>().is_ok_and(|n| n > 0));
        number(parts.next()) && number(parts.next()) && parts.next().is_some_and(|f| !f.is_empty())
    })
}

/// Cases that another tool rejects: each is reported with file and line, and the rest is analysed.
#[test]
fn bad_input_is_reported_and_the_rest_is_analysed() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    let cases = crate::corpus::cases();
    for case in &cases {
        let expected = case.join("expected_errors.json");
        let manifests = case.join("manifests");
        if !expected.is_file() || !manifests.is_dir() {
            continue;
        }
        // Diagnostics of a list that fails by itself; those of a diff may be about its other side, and
        // those about flags name the flag.
        let errors = read(&expected);
        let told = errors["errors"]
            .as_array()
            .expect("`errors` is a list")
            .iter();
        let about_input = |error: &&Value| {
            let text = error["contains"].to_string();
            let flags = text.contains("will be ignored");
            // What the other tool does not support is no fault of the input.
            let limits = error["severity"] == "warning" && text.contains("not supported");
            error["command"] == "list" && !flags && !limits
        };
        let wanted = told.filter(about_input).count() > 0;
        asked += usize::from(wanted);
        let output = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
            .args(["list", "-o", "json"])
            .arg(&manifests)
            .output()
            .expect("the binary starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let name = case.display();
        if stderr.contains("panicked") || output.status.code().is_none_or(|code| code > 2) {
            wrong.push(format!("{name}: it broke: {stderr}"));
        }
        let answer: Result<Value, _> = serde_json::from_slice(&output.stdout);
        if !answer.is_ok_and(|answer| answer["connections"].is_array()) {
            wrong.push(format!("{name}: no answer: {stderr}"));
        }
        let lines: Vec<&str> = stderr.lines().filter(|l| !l.starts_with(' ')).collect();
        if wanted && !lines.iter().any(|line| is_placed(line)) {
            wrong.push(format!("{name}: nothing is told: {stderr}"));
        }
    }
    assert!(
        cases.is_empty() || asked > 20,
        "only {asked} cases were asked"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
