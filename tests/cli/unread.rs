//! Files that are not read: every answer names them, and none is an all-clear; where there is no answer at all, there
//! is still a document.

use super::{MANIFESTS, POLICY, SENSITIVE, Value, drawbridge, folder, path};

const BROKEN: &str = "apiVersion: v1\nkind: {Pod\n";

#[test]
fn a_comparison_with_a_file_that_is_not_read_is_no_all_clear() {
    let folder = folder(&[
        ("old/all.yaml", MANIFESTS),
        ("new/all.yaml", MANIFESTS),
        ("new/broken.yaml", BROKEN),
    ]);
    let (old, new) = (path(&folder, "old"), path(&folder, "new"));
    let broken = path(&folder, "new/broken.yaml");
    let whole = drawbridge(&["diff", &old, &old, "-o", "md"]);
    assert!(whole.out.contains("✅ **Equal: "), "{}", whole.out);
    for output in ["md", "txt"] {
        let answer = drawbridge(&["diff", &old, &new, "-o", output]);
        assert_eq!(answer.code, Some(2));
        let words = "Equal as far as the files could be read: no connections opened or closed";
        assert!(answer.out.contains(words), "{}", answer.out);
        assert!(!answer.out.contains('✅'), "{}", answer.out);
        assert!(answer.out.contains("not read in full: "), "{}", answer.out);
        assert!(answer.out.contains("broken.yaml"), "{}", answer.out);
    }
    let json = drawbridge(&["diff", &old, &new, "-o", "json"]).json();
    assert_eq!(json["equivalent"], false);
    assert_eq!(json["notRead"], Value::from(vec![broken]));
    let nowhere = path(&folder, "nowhere");
    let answer = drawbridge(&["diff", &old, &nowhere, "-o", "md"]);
    assert!(answer.out.contains("nowhere"), "{}", answer.out);
}

#[test]
fn answers_name_the_files_that_are_not_read() {
    let folder = folder(&[("m/all.yaml", MANIFESTS), ("m/broken.yaml", BROKEN)]);
    let (input, broken) = (path(&folder, "m"), path(&folder, "m/broken.yaml"));
    let explain = [
        "explain", "--from", "shop/web", "--to", "shop/db", "--port", "TCP/1",
    ];
    let commands: [&[&str]; 6] = [
        &["list"],
        &["list", "--by", "namespace"],
        &["list", "--compare-enforcers", "kubernetes,cilium"],
        &["exposure"],
        &["paths", "--from", "shop/web"],
        &explain,
    ];
    for command in commands {
        let text = drawbridge(&[command, &[&input]].concat());
        let words = format!("not read in full: {broken}\n");
        assert!(text.out.contains(&words), "{command:?}: {}", text.out);
        let json = drawbridge(&[command, &[&input, "-o", "json"]].concat()).json();
        assert_eq!(json["notRead"][0], *broken, "{command:?}");
    }
    for command in [&["list"][..], &["list", "--by", "namespace"]] {
        let comment = drawbridge(&[command, &[&input, "-o", "md"]].concat());
        assert!(
            comment.out.contains("not read in full: "),
            "{}",
            comment.out
        );
    }
}

#[test]
fn verify_names_the_files_that_are_not_read() {
    let folder = folder(&[
        ("p.drawbridge.yaml", SENSITIVE),
        ("policies/broken.yaml", BROKEN),
    ]);
    let project = path(&folder, "p.drawbridge.yaml");
    let policies = path(&folder, "policies");
    drawbridge(&["generate", &project, "-o", &policies]);
    let run =
        |output: &str| drawbridge(&["verify", &project, "--against", &policies, "-o", output]);
    let comment = run("md");
    assert_eq!(comment.code, Some(2));
    assert!(
        comment.out.contains("⚠️ **Exact; not read in full: "),
        "{}",
        comment.out
    );
    let json = run("json").json();
    assert_eq!(json["notRead"].as_array().map(Vec::len), Some(1));
    assert!(
        json["summary"]
            .as_str()
            .is_some_and(|s| s.contains("broken.yaml"))
    );
    assert!(run("txt").out.contains("not read in full: "));
    assert!(run("junit").out.contains("<error type=\"syntax\""));
    assert!(run("sarif").out.contains("\"executionSuccessful\": false"));
}

#[test]
fn where_there_is_no_answer_there_is_a_document() {
    let wrong = SENSITIVE.replace("TCP/80", "TCP/70000");
    let folder = folder(&[
        ("p.drawbridge.yaml", &wrong),
        ("m.yaml", MANIFESTS),
        ("n.yaml", POLICY),
    ]);
    let (project, input) = (path(&folder, "p.drawbridge.yaml"), path(&folder, "m.yaml"));
    let verify = |output: &str| drawbridge(&["verify", &project, "-o", output]);
    let json = verify("json").json();
    assert_eq!(json["format"], "drawbridge/verify/1");
    assert_eq!(json["diagnostics"][0]["code"], "project-format");
    let junit = verify("junit").out;
    assert!(
        junit.contains("errors=\"1\"") && junit.contains("`70000` is not a port number"),
        "{junit}"
    );
    let sarif: Value = serde_json::from_str(&verify("sarif").out).expect("JSON");
    assert_eq!(
        sarif["runs"][0]["invocations"][0]["executionSuccessful"],
        false
    );
    assert_eq!(
        sarif["runs"][0]["results"],
        Value::from(Vec::<Value>::new())
    );
    let comment = verify("md").out;
    assert!(
        comment.contains("❌ **Not verified: ") && comment.contains("70000"),
        "{comment}"
    );

    let to = ["--to", "shop/db", "--port", "TCP/1"];
    let commands: [(&[&str], &str); 4] = [
        (&["list"], "list"),
        (&["list", "--by", "namespace"], "list-by-namespace"),
        (&[&["explain"], &to[..]].concat(), "explain"),
        (&["paths"], "paths"),
    ];
    for (command, format) in commands {
        let nobody = ["--from", "shop/nope", "-o", "json"];
        let answer = drawbridge(&[command, &[&input], &nobody].concat());
        assert_eq!(answer.code, Some(2));
        let json = answer.json();
        assert_eq!(json["format"], format!("drawbridge/{format}/1"));
        let question = json["diagnostics"].as_array().and_then(|all| all.last());
        assert_eq!(question.map(|d| &d["code"]), Some(&"question".into()));
    }
    for (command, format) in [
        ("list", "list"),
        ("exposure", "exposure"),
        ("suggest", "suggest"),
    ] {
        let json = drawbridge(&[command, &project, "-o", "json"]).json();
        assert_eq!(json["format"], format!("drawbridge/{format}/1"));
        assert_eq!(json["diagnostics"][0]["code"], "project-format");
    }
    let json = drawbridge(&["diff", &project, &input, "-o", "json"]).json();
    assert_eq!(json["diagnostics"][0]["code"], "project-format");
    let json = drawbridge(&["convert", &project, "--to", "cilium", "--report", "json"]).json();
    assert_eq!(json["diagnostics"][0]["code"], "project-format");
}
