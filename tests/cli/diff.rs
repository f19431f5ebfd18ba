//! `drawbridge diff`: what changed, and which side contains the other.

use super::{Answer, MANIFESTS, POLICY, drawbridge, folder, path};

fn diff(old: &str, new: &str, format: &str) -> Answer {
    let of = |policy: &str| format!("{MANIFESTS}---\n{policy}");
    let both = folder(&[("old.yaml", &of(old)), ("new.yaml", &of(new))]);
    let (old, new) = (path(&both, "old.yaml"), path(&both, "new.yaml"));
    drawbridge(&["diff", &old, &new, "-o", format])
}

#[test]
fn which_side_contains_the_other_is_told() {
    let wider = POLICY.replace("{port: 5432}", "{port: 5432}, {port: 5433}");
    let apart = POLICY.replace("port: 5432", "port: 5433");
    let split = POLICY.replace(
        "    ports: [{port: 5432}]\n",
        "    ports: [{port: 5432}]\n  - from: [{podSelector: {matchLabels: {app: web, canary: \"on\"}}}]\n    ports: [{port: 5432}]\n",
    );
    for (new, relation, policies) in [
        (POLICY, "equal", "equal"),
        (&split, "equal", "equal"),
        (&wider, "wider", "wider"),
        (&apart, "apart", "apart"),
    ] {
        let answer = diff(POLICY, new, "json");
        let json = answer.json();
        assert_eq!(json["relation"], relation);
        assert_eq!(json["policies"], policies);
        assert_eq!(json["equivalent"], relation == "equal");
        assert_eq!(answer.code, Some(i32::from(relation != "equal")));
    }
    assert_eq!(diff(&wider, POLICY, "json").json()["relation"], "narrower");
    let text = diff(POLICY, &wider, "txt");
    let sum = "1 change: the new one allows everything that the old one does, and more; assuming";
    assert!(text.out.contains(sum), "{}", text.out);
    assert!(
        text.out.contains("the new policies contain the old ones"),
        "{}",
        text.out
    );
}

#[test]
fn policies_may_differ_where_connections_do_not() {
    // Nobody has the label `app: batch` yet.
    let future = POLICY.replace(
        "{matchLabels: {app: web}}}]",
        "{matchLabels: {app: web}}}, {podSelector: {matchLabels: {app: batch}}}]",
    );
    let answer = diff(POLICY, &future, "json");
    assert_eq!(answer.code, Some(0), "{}", answer.out);
    let json = answer.json();
    assert_eq!(json["changes"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["relation"], "equal");
    assert_eq!(json["policies"], "wider");
    assert_eq!(json["equivalent"], false);
}

#[test]
fn a_review_comment_is_a_table() {
    let apart = POLICY.replace("port: 5432", "port: 5433");
    let answer = diff(POLICY, &apart, "md");
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let row = r"| changed | shop/web\[Deployment] | shop/db\[StatefulSet] | TCP 5432 | TCP 5433 |";
    assert!(answer.out.lines().any(|line| line == row), "{}", answer.out);
    assert!(answer.out.contains("| | From | To | Before | After |\n"));
    let same = diff(POLICY, POLICY, "md");
    assert_eq!(same.code, Some(0));
    assert!(!same.out.contains('|') && same.out.starts_with("no changes: "));
}
