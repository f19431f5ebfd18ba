//! What `generate -o` and `import` write, and what they leave alone.

use std::fs;
use std::path::Path;

use super::{MANIFESTS, SENSITIVE, drawbridge, folder, path};

#[test]
fn generate_says_what_it_does_and_asks_before_it_overwrites_an_edit() {
    let folder = folder(&[("p.drawbridge.yaml", SENSITIVE)]);
    let (project, out) = (path(&folder, "p.drawbridge.yaml"), path(&folder, "out"));
    let arguments = ["generate", &project, "-o", &out, "--kustomization"];
    let first = drawbridge(&arguments);
    assert_eq!(first.code, Some(0), "{}", first.err);
    assert!(first.out.contains("created ") && first.out.contains("/out/demo/deny-all.yaml\n"));
    assert!(
        first
            .out
            .ends_with("6 created, 0 changed, 0 deleted, 0 unchanged\n"),
        "{}",
        first.out
    );

    let edited = Path::new(&out).join("demo/deny-all.yaml");
    let ours = fs::read_to_string(&edited).expect("it was written");
    fs::write(&edited, ours.clone() + "# mine\n").expect("written");
    let again = drawbridge(&arguments);
    assert_eq!(again.code, Some(2), "{}", again.out);
    assert!(
        again.err.contains("was edited since the last export") && again.err.contains("--force")
    );
    assert!(
        fs::read_to_string(&edited)
            .expect("text")
            .ends_with("# mine\n")
    );
    let forced = drawbridge(&[&arguments[..], &["--force"]].concat());
    assert_eq!(forced.code, Some(0), "{}", forced.err);
    assert!(
        forced
            .out
            .ends_with("0 created, 1 changed, 0 deleted, 5 unchanged\n"),
        "{}",
        forced.out
    );
    assert_eq!(fs::read_to_string(&edited).expect("text"), ours);
}

#[test]
fn generate_deletes_only_what_this_project_wrote_and_keeps_the_kustomization() {
    let folder = folder(&[("p.drawbridge.yaml", SENSITIVE)]);
    let (project, out) = (path(&folder, "p.drawbridge.yaml"), path(&folder, "out"));
    let arguments = ["generate", &project, "-o", &out, "--kustomization"];
    assert_eq!(drawbridge(&arguments).code, Some(0));
    let own = Path::new(&out).join("demo/own.yaml");
    let text = fs::read_to_string(Path::new(&out).join("demo/deny-all.yaml")).expect("text");
    fs::write(&own, text.replace("deny-all", "own")).expect("written");
    let other = SENSITIVE.replace("TCP/80", "TCP/81");
    fs::write(
        &project,
        other.replace(
            "from: demo/sensitive, to: demo/auth",
            "from: demo/auth, to: demo/sensitive",
        ),
    )
    .expect("written");
    let second = drawbridge(&arguments[..4]);
    assert_eq!(second.code, Some(0), "{}", second.err);
    assert!(
        second.out.contains("deleted ") && second.out.contains("/demo/auth-from-sensitive.yaml\n")
    );
    assert!(
        second
            .err
            .contains("`demo/own.yaml` looks like a file of an export"),
        "{}",
        second.err
    );
    assert!(own.exists());
    let list = fs::read_to_string(Path::new(&out).join("kustomization.yaml")).expect("text");
    assert!(list.contains("- demo/auth-to-sensitive.yaml\n"), "{list}");
    assert!(!list.contains("auth-from-sensitive"), "{list}");
}

#[test]
fn names_that_the_server_refuses_are_not_written() {
    let text = SENSITIVE.replace("demo", "Demo");
    let folder = folder(&[("p.drawbridge.yaml", &text)]);
    let out = path(&folder, "out");
    let made = drawbridge(&["generate", &path(&folder, "p.drawbridge.yaml"), "-o", &out]);
    assert_eq!(made.code, Some(2), "{}{}", made.out, made.err);
    assert!(!Path::new(&out).exists());
}

#[test]
fn import_overwrites_no_input_and_writes_no_empty_project() {
    let folder = folder(&[
        ("all.yaml", MANIFESTS),
        ("none.yaml", "a: 1\n"),
        ("p.drawbridge.yaml", SENSITIVE),
    ]);
    let at = |name: &str| path(&folder, name);
    let whole = folder.path().to_string_lossy().into_owned();
    for input in [at("all.yaml"), whole] {
        let refused = drawbridge(&["import", &input, "-o", &at("all.yaml"), "--force"]);
        assert_eq!(refused.code, Some(2));
        assert!(
            refused.err.contains("is an input and the output"),
            "{}",
            refused.err
        );
    }
    assert_eq!(fs::read_to_string(at("all.yaml")).expect("text"), MANIFESTS);
    let empty = drawbridge(&[
        "import",
        &at("none.yaml"),
        "-o",
        &at("p.drawbridge.yaml"),
        "--force",
    ]);
    assert_eq!(empty.code, Some(2));
    assert!(empty.err.contains("no project is written"), "{}", empty.err);
    assert_eq!(
        fs::read_to_string(at("p.drawbridge.yaml")).expect("text"),
        SENSITIVE
    );
    let made = drawbridge(&[
        "import",
        &at("all.yaml"),
        "-o",
        &at("p.drawbridge.yaml"),
        "--force",
    ]);
    assert_eq!(made.code, Some(0), "{}", made.err);
}

#[test]
fn generate_finds_the_place_of_an_imported_policy_without_a_file() {
    let policy = "apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: p, namespace: shop}
    spec: {podSelector: {}, ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}";
    let text = format!(
        "format: drawbridge/1
name: p
namespaces: [{{name: shop}}]
workloads: [{{name: web, namespace: shop, labels: {{app: web}}}}]
policies:
- text: |
    {policy}
flows:
- {{from: shop/web, to: shop/web, ports: [TCP/443]}}
"
    );
    let folder = folder(&[("p.drawbridge.yaml", &text)]);
    let project = path(&folder, "p.drawbridge.yaml");
    let answer = drawbridge(&["generate", &project]);
    let place = format!("{project}:10:47: error: NetworkPolicy shop/p");
    assert!(answer.err.contains(&place), "{}", answer.err);
}
